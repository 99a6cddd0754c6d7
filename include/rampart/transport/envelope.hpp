#ifndef RAMPART_TRANSPORT_ENVELOPE_HPP
#define RAMPART_TRANSPORT_ENVELOPE_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/core/trial.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/plain_read.hpp"
#include "rampart/transport/record_read.hpp"
#include "rampart/transport/record_write.hpp"
#include "rampart/transport/wire_format.hpp"
#include "rampart/transport/wire_read.hpp"
#include "rampart/transport/wire_write.hpp"

/// \file
/// The streamed format `rampart.xdist.v2`: an envelope for each test as it ends, and one slim object when the worker is
/// done (wire format, A.3). A stream is a file of such objects, one a line, or a JSON array of them.

namespace rampart::inline v1 {

/// Writes the results of one test as an envelope, one line without its end. A result that is over its cap, or cannot be
/// written, is replaced by an ERROR record, and adds a fault to `faults`; its siblings are kept.
///
/// `records` are those of one test; an empty list says that the test recorded nothing.
template <PortableResult R>
[[nodiscard]] std::string serialize_envelope(test_id const& test, std::span<basic_record<R> const> records,
                                             std::vector<fault>& faults, wire_limits limits = {}) {
    // The value of a record stands inside the envelope, the list and the record.
    detail::record_writer<R> writer(limits, 3);
    std::string text;
    detail::write_envelopes(
        text, writer, test, records.size(), [records](std::size_t i) -> auto const& { return records[i]; },
        detail::numbered::anew, static_cast<std::size_t>(-1), [](std::size_t) {});
    for (fault& f : writer.faults) faults.push_back(std::move(f));
    return text;
}

/// Writes what a session knows as a stream, one object a line. What the format has no place for stands in the slim
/// object, under keys that begin with `rampart_` and that Python passes over (wire format, B13).
template <PortableResult R>
[[nodiscard]] std::string serialize_stream(basic_session<R> const& from, wire_limits limits = {}) {
    return detail::payload_writer<R>(from, limits).write_stream();
}

namespace detail {

/// Reads the objects of a stream into a shard.
template <PortableResult R>
class stream_reader {
public:
    explicit stream_reader(basic_shard<R>& to, wire_limits const& limits, std::string source = {})
        : shard_(&to), max_depth_(limits.max_depth), extras_(to, limits, std::move(source)) {}

    /// Takes a line that is an envelope and plain, `transport/plain_read.hpp`. False, and nothing taken, for any other.
    [[nodiscard]] bool take_plain(std::string_view line, numbered how) {
        static constexpr std::string_view names[] = {"schema", "nodeid", "results", "crc32"};
        json_cursor& at = cursor_.at;
        at.restart(line, max_depth_);
        auto& records = shard_->records;
        auto const before = static_cast<std::ptrdiff_t>(records.size());
        auto const counted = parts().counted_so_far();
        test_id test;
        std::uint32_t* next = nullptr;
        std::uint32_t seen = 0;
        bool const good = at.members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0:
                return at.text(word_) && word_ == stream_schema;
            case 1:
                if (!at.text(word_)) return false;
                test = test_id(word_);
                if (how == numbered::through) next = &next_[word_];
                return true;
            case 2:
                return (seen & 2U) != 0 && read_plain_results<R>(cursor_, test, next == nullptr ? 0 : *next, parts());
            default:
                return at.skip_text();
            }
        });
        if (!good || (seen & 7U) != 7U || !at.at_end()) {
            records.erase(records.begin() + before, records.end());
            parts().line_again(counted);
            return false;
        }
        auto const count = records.size() - static_cast<std::size_t>(before) + parts().take_left();
        if (next != nullptr) *next += static_cast<std::uint32_t>(count);
        streamed_ += count;
        return true;
    }

    /// Takes one object. False when it is none of a stream; see `error`.
    [[nodiscard]] bool take(boost::json::value const& root, std::string const& pointer = {}) {
        auto const* const object = is_big_integer(root) ? nullptr : root.if_object();
        if (object == nullptr) {
            return fail(shard_errc::wrong_shape, pointer,
                        "an envelope is an object, not " + std::string(kind_name(root)));
        }
        auto const* const schema = object->if_contains("schema");
        if (schema == nullptr || schema->is_null()) {
            return fail(shard_errc::missing_schema, pointer,
                        std::string("there is no schema; an envelope says \"schema\": \"") + stream_schema + "\"");
        }
        if (!schema->is_string() || view(schema->get_string()) != stream_schema) {
            return fail(shard_errc::unknown_schema, pointer + "/schema",
                        "the schema " + shown(*schema) + " does not match \"" + stream_schema + "\"");
        }
        if (object->contains("streamed_result_count")) return take_slim(*object, pointer);
        return take_envelope(*object, pointer, numbered::through);
    }

    /// Takes the results of an envelope. False when there are none to take; see `error`.
    [[nodiscard]] bool take_envelope(boost::json::object const& object, std::string const& pointer, numbered how) {
        field_reader reader(pointer);
        test_id test;
        boost::json::value const* results = nullptr;
        if (!reader.required(object, "nodeid", [&](auto const& f) { return read_json_value(reader, f, test); }) ||
            !reader.required(object, "results", [&](auto const& f) {
                results = &f;
                return f.is_array() || reader.wrong_type("an array of results", f);
            })) {
            error = std::move(reader.error);
            return false;
        }
        auto const count = static_cast<std::uint32_t>(results->get_array().size());
        std::uint32_t first = 0;
        if (how == numbered::through) {
            std::uint32_t& next = next_[test.str()];
            first = std::exchange(next, next + count);
        }
        parts().read_results(test.str(), *results, pointer + "/results", first);
        streamed_ += count;
        return true;
    }

    /// The number of results that came in envelopes, bad ones included.
    [[nodiscard]] std::uint64_t streamed() const noexcept { return streamed_; }
    [[nodiscard]] record_reader<R>& parts() noexcept { return extras_.parts(); }

    /// Compares a promise with what came; a difference is a fault.
    void compare(boost::json::object const& object, std::string_view key, std::uint64_t held,
                 std::string_view of_what) {
        if (auto const promised = promise(object, key)) compare(*promised, held, of_what);
    }

    /// To be called at the stream's end.
    void finish() {
        parts().at_end();
        if (!closed_) {
            parts().bad(fault_kind::missing_close, {}, "the stream ends before its worker had said that it was done");
        } else if (promised_) {
            compare(*promised_, streamed_, "results");
        }
        extras_.finish();
    }

    shard_error error{};

private:
    bool fail(shard_errc code, std::string pointer, std::string words) {
        error = {code, std::move(pointer), std::move(words)};
        return false;
    }

    [[nodiscard]] std::optional<std::uint64_t> promise(boost::json::object const& object, std::string_view key) {
        field_reader reader;
        std::int64_t promised = 0;
        if (reader.required(object, key, [&](auto const& f) { return reader.integer(f, promised, 0); })) {
            return static_cast<std::uint64_t>(promised);
        }
        parts().bad(reader.error);
        return std::nullopt;
    }
    void compare(std::uint64_t promised, std::uint64_t held, std::string_view of_what) {
        if (promised == held) return;
        parts().bad(fault_kind::short_count, {},
                    "its writer sent " + std::to_string(promised) + " " + std::string(of_what) + ", but " +
                        std::to_string(held) + " are here");
    }

    [[nodiscard]] bool take_slim(boost::json::object const& object, std::string const& pointer) {
        if (closed_) {
            return fail(shard_errc::wrong_shape, pointer, "the stream was closed before");
        }
        closed_ = true;
        promised_ = promise(object, "streamed_result_count");
        static_cast<void>(extras_.read(object));
        return true;
    }

    basic_shard<R>* shard_;
    std::size_t max_depth_;
    extras_reader<R> extras_;
    result_cursor cursor_{};
    std::string word_{};
    std::map<std::string, std::uint32_t> next_{};
    std::uint64_t streamed_ = 0;
    std::optional<std::uint64_t> promised_{};
    bool closed_ = false;
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_ENVELOPE_HPP
