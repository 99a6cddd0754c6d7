#ifndef RAMPART_TRANSPORT_PLAIN_READ_HPP
#define RAMPART_TRANSPORT_PLAIN_READ_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "rampart/core/test_id.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/read.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/record_read.hpp"
#include "rampart/transport/record_value.hpp"
#include "rampart/transport/wire_format.hpp"
#include "rampart/transport/wire_read.hpp"

/// \file
/// Documents in which all is as it should be, read at a cursor: bytes to records without a tree in between, at two to
/// three times the speed. Whatever is not plain is left to the readers of trees, which say what is wrong with it; what
/// both take, both read alike, and a test holds them against each other.

namespace rampart::inline v1::detail {

/// Reads an array of results of one test, the first of which has the index `first`. When it fails, the shard holds what
/// was read so far.
template <PortableResult R>
bool read_plain_results(result_cursor& from_text, test_id const& test, std::uint32_t first, record_reader<R>& parts) {
    json_cursor& at = from_text.at;
    if constexpr (PlainlyReadable<R>) {
        std::uint32_t position = first;
        bool const good = at.array([&] {
            if (!parts.has_room()) return false;
            basic_record<R> head{test, {}, position++, 1, {}, {}, R{}};
            std::size_t const from = at.position();
            if (parts.leaves_next()) {
                if (!read_plain_record<false>(from_text, head)) return false;
                std::size_t const length = at.end_position() - from;
                if (length > std::numeric_limits<std::uint32_t>::max()) return false;  // no place can say that
                parts.count(test.str(), head.attempt, head.worker);
                parts.leave(std::move(head), from, length);
                return true;
            }
            static_cast<void>(at.met_odd_text());  // before this record
            auto& made = parts.shard().records.emplace_back(std::move(head));
            if (!read_plain_record<true>(from_text, made)) return false;
            parts.count(test.str(), made.attempt, made.worker);
            parts.hold(made.value, at.end_position() - from, at.met_odd_text());
            return true;
        });
        if (!good || position != first) return good;
        parts.count(test.str(), 1, {}, 0);
        return parts.has_room();
    } else {
        return at.fail();
    }
}

/// Reads a payload, once. Nothing when it is not plain.
template <PortableResult R>
class plain_payload_reader {
public:
    plain_payload_reader(std::string_view bytes, wire_limits const& limits, std::string source, reading<R> how)
        : limits_(limits), extras_(made_, limits, std::move(source)) {
        at_.restart(bytes, limits.max_depth);
        extras_.parts().set_reading(std::move(how));
    }

    [[nodiscard]] std::optional<basic_shard<R>> read() {
        rest_ = "{";
        std::string key;
        bool const good = at_.object([&] { return at_.key(key) && member(key); }) && at_.at_end();
        if (!good || !has_schema_) return std::nullopt;
        rest_ += "}";
        auto const rest = read_json(rest_, {limits_.max_bytes, limits_.max_depth});
        if (!rest || !rest->notes.empty()) return std::nullopt;
        if (!extras_.read(rest->root().get_object(), tests_)) return std::nullopt;
        extras_.parts().take_left();
        extras_.finish();
        return std::move(made_);
    }

private:
    bool member(std::string const& key) {
        if (key == "schema") {
            return !std::exchange(has_schema_, true) && at_.text(word_) && word_ == wire_schema;
        }
        if (key == "results_by_nodeid") {
            return !std::exchange(has_results_, true) && results();
        }
        std::size_t const from = at_.position();
        if (key == "rampart_tests") {
            if (!tests_.empty() || !at_.skip_value()) return false;
            tests_ = at_.text_from(from);
            return true;
        }
        // What there is little of is read as a tree.
        for (std::string_view const known : {"trial_specs", "rampart_faults", "rampart_plans", "rampart_worker"}) {
            if (key != known) continue;
            if (!at_.skip_value()) return false;
            rest_.append(rest_.size() > 1 ? ",\"" : "\"").append(key).append("\":").append(at_.text_from(from));
            return true;
        }
        return false;
    }
    bool results() {
        std::string id;
        std::string before;
        bool any = false;
        return at_.object([&] {
            if (!at_.key(id)) return false;
            // No id twice: in byte order, as our writer and Python's put them, that is seen without a table.
            in_order_ = in_order_ && (!any || before < id);
            if (!in_order_ && !is_new(id)) return false;
            any = true;
            before = id;
            return read_plain_results<R>(cursor_, test_id(id), 0, extras_.parts());
        });
    }
    bool is_new(std::string const& id) {
        if (ids_.empty()) {
            for (auto const& [where, count] : extras_.parts().found()) ids_.insert(where.test);
        }
        return ids_.insert(id).second;
    }

    wire_limits limits_;
    result_cursor cursor_{};
    json_cursor& at_ = cursor_.at;
    basic_shard<R> made_{};
    extras_reader<R> extras_;
    std::string rest_{};
    std::string_view tests_{};
    std::string word_{};
    std::unordered_set<std::string> ids_{};
    bool in_order_ = true;
    bool has_schema_ = false;
    bool has_results_ = false;
};

/// Reads a payload into an empty shard. False when it is not plain; then the shard is empty still.
template <PortableResult R>
[[nodiscard]] bool read_plain_payload(basic_shard<R>& to, std::string_view bytes, wire_limits const& limits,
                                      std::string const& source = {}, reading<R> how = {}) {
    if constexpr (PlainlyReadable<R>) {
        if (bytes.size() > limits.max_bytes) return false;
        auto read = plain_payload_reader<R>(bytes, limits, source, std::move(how)).read();
        if (read) to = std::move(*read);
        return read.has_value();
    } else {
        return false;
    }
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_PLAIN_READ_HPP
