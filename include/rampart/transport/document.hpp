#ifndef RAMPART_TRANSPORT_DOCUMENT_HPP
#define RAMPART_TRANSPORT_DOCUMENT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "rampart/base/text.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/read.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal_line.hpp"
#include "rampart/transport/journal_read.hpp"
#include "rampart/transport/plain_read.hpp"
#include "rampart/transport/wire_format.hpp"
#include "rampart/transport/wire_read.hpp"

/// \file
/// Tells payloads, streams and journals apart, and reads each of them into a shard.

namespace rampart::inline v1::detail {

/// Cuts bytes into lines.
class memory_lines {
public:
    memory_lines(std::string_view bytes, std::size_t max_line) : rest_(bytes), max_line_(max_line) {}

    /// The next line without its end; false when there is none. `whole`: its end was there.
    bool next(std::string_view& line, bool& whole) {
        if (rest_.empty()) return false;
        offset_ += passed_;
        auto const end = rest_.find('\n');
        whole = end != std::string_view::npos;
        line = rest_.substr(0, end);
        passed_ = whole ? end + 1 : rest_.size();
        rest_.remove_prefix(passed_);
        too_long_ = line.size() > max_line_;
        return true;
    }
    /// Whether the last line was longer than the limit.
    [[nodiscard]] bool too_long() const noexcept { return too_long_; }
    /// Where the last line begins.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

private:
    std::string_view rest_;
    std::size_t max_line_;
    std::size_t passed_ = 0;
    std::uint64_t offset_ = 0;
    bool too_long_ = false;
};

/// Cuts a file into lines, and holds no more of it than one line.
class file_lines {
public:
    file_lines(std::istream& in, std::size_t max_line) : in_(&in), max_line_(max_line) {}

    bool next(std::string_view& line, bool& whole) {
        line_.clear();
        offset_ = next_;
        too_long_ = false;
        whole = false;
        bool any = false;
        while (!whole) {
            if (at_ == block_.size()) {
                block_.resize(block_bytes);
                in_->read(block_.data(), static_cast<std::streamsize>(block_.size()));
                block_.resize(static_cast<std::size_t>(in_->gcount()));
                at_ = 0;
                if (block_.empty()) break;
            }
            any = true;
            auto const end = block_.find('\n', at_);
            whole = end != std::string::npos;
            auto const part = std::string_view(block_).substr(at_, whole ? end - at_ : std::string_view::npos);
            at_ += part.size() + (whole ? 1 : 0);
            next_ += part.size() + (whole ? 1 : 0);
            // The end of a line that is too long is read and thrown away.
            too_long_ = too_long_ || part.size() > max_line_ - line_.size();
            if (!too_long_) line_ += part;
        }
        line = line_;
        return any;
    }
    /// Whether the last line was longer than the limit; then it is not whole.
    [[nodiscard]] bool too_long() const noexcept { return too_long_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

private:
    static constexpr std::size_t block_bytes = 65536;
    std::istream* in_;
    std::size_t max_line_;
    std::string block_{};
    std::string line_{};
    std::size_t at_ = 0;
    std::uint64_t offset_ = 0;
    std::uint64_t next_ = 0;
    bool too_long_ = false;
};

[[nodiscard]] inline bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Whether these are the first lines of a journal. One line of the first two is enough, so that a damaged one does not
/// make it something else.
[[nodiscard]] inline bool begins_journal(std::string_view bytes) {
    memory_lines lines(bytes, bytes.size());
    std::string_view line;
    bool whole = false;
    for (int i = 0; i < 2 && lines.next(line, whole); ++i) {
        if (is_sealed(line)) return true;
    }
    return false;
}

template <PortableResult R, class Lines>
void read_journal(basic_shard<R>& made, Lines lines, wire_limits const& limits, std::string const& source,
                  reading<R> const& how) {
    journal_reader<R> reader(made, limits, source);
    reader.set_reading(how);
    std::string_view line;
    for (bool whole = false; lines.next(line, whole);) {
        if (lines.too_long()) {
            reader.pass_over_line();
        } else {
            reader.take(line, whole, lines.offset());
        }
    }
    reader.finish();
}

/// A stream of one object a line. A line that is none is a fault, and the others are taken.
template <PortableResult R, class Lines>
void read_stream_lines(basic_shard<R>& made, Lines lines, wire_limits const& limits, std::string const& source,
                       reading<R> const& how) {
    stream_reader<R> reader(made, limits, source);
    reader.parts().set_reading(how);
    std::string_view line;
    std::size_t number = 0;
    for (bool whole = false; lines.next(line, whole);) {
        reader.parts().at_line(++number, lines.offset());
        if (lines.too_long()) {
            reader.parts().bad(fault_kind::over_limit, {},
                               "this line is over the limit of " + std::to_string(limits.max_bytes) + " bytes");
            continue;
        }
        if (is_blank(line) || reader.take_plain(line, numbered::through)) continue;
        auto document = read_json(line, {limits.max_bytes, limits.max_depth});
        if (!document) {
            reader.parts().bad(fault_kind::bad_document, document.error().pointer, document.error().detail);
            continue;
        }
        for (fault& note : document->notes) {
            note.where = reader.parts().where(note.where);
            made.faults.push_back(std::move(note));
        }
        if (!reader.take(document->root())) reader.parts().bad(reader.error);
    }
    reader.finish();
}

inline bool has_schema(boost::json::value const& root, std::string_view wanted) {
    auto const* const object = is_big_integer(root) ? nullptr : root.if_object();
    auto const* const schema = object == nullptr ? nullptr : object->if_contains("schema");
    return schema != nullptr && schema->is_string() && view(schema->get_string()) == wanted;
}

/// Whether these are the first lines of a stream, by the same rule as for a journal. One line alone is none: that is a
/// document like any other.
inline bool begins_stream(std::string_view bytes, wire_limits const& limits) {
    constexpr std::string_view blanks = " \t\r\n";
    auto const first = bytes.find_first_not_of(blanks);
    if (first == std::string_view::npos || bytes[first] == '[') return false;
    bytes = bytes.substr(first, bytes.find_last_not_of(blanks) + 1 - first);
    if (bytes.find('\n') == std::string_view::npos) return false;
    memory_lines lines(bytes, limits.max_bytes);
    std::string_view line;
    bool whole = false;
    for (int i = 0; i < 2 && lines.next(line, whole); ++i) {
        if (lines.too_long()) continue;
        auto const document = read_json(line, {limits.max_bytes, limits.max_depth});
        if (document && has_schema(document->root(), stream_schema)) return true;
    }
    return false;
}

/// Reads one JSON document: a payload, a whole stream as an array, or one object of a stream.
template <PortableResult R>
[[nodiscard]] expected<basic_shard<R>> read_whole(json_document document, wire_limits const& limits,
                                                  std::string const& source, reading<R> const& how = {}) {
    basic_shard<R> made;
    boost::json::value const& root = document.root();
    auto const* const list = root.if_array();
    if (list != nullptr || has_schema(root, stream_schema)) {
        stream_reader<R> reader(made, limits, source);
        reader.parts().set_reading(how);
        if (list == nullptr) {
            if (!reader.take(root)) return std::move(reader.error);
        } else {
            bool const is_stream = list->empty() || std::any_of(list->begin(), list->end(), [](auto const& each) {
                                       return has_schema(each, stream_schema);
                                   });
            for (std::size_t i = 0; i < list->size(); ++i) {
                if (reader.take((*list)[i], "/" + std::to_string(i))) continue;
                if (!is_stream) return std::move(reader.error);
                reader.parts().bad(reader.error);
            }
        }
        reader.finish();
    } else {
        payload_reader<R> reader(made, limits, source, how);
        if (!reader.read(root)) return std::move(reader.error);
    }
    for (fault& note : document.notes) {
        if (!source.empty()) note.where = source + (note.where.empty() ? "" : ", ") + note.where;
        made.faults.push_back(std::move(note));
    }
    return made;
}

/// Reads a payload, a stream or a journal; `source` is its file, for the faults, and `how` says what becomes of the
/// results. The shard's worker is what the bytes say, and empty where they say nothing.
///
/// Errors: what is none of these three. Only a journal and a stream of lines may be longer than `max_bytes`.
template <PortableResult R>
[[nodiscard]] expected<basic_shard<R>> read_document(std::string_view bytes, wire_limits const& limits,
                                                     std::string const& source = {}, reading<R> const& how = {}) {
    basic_shard<R> made;
    if (begins_journal(bytes)) {
        read_journal(made, memory_lines(bytes, limits.max_bytes), limits, source, how);
        return made;
    }
    if (begins_stream(bytes, limits)) {
        read_stream_lines(made, memory_lines(bytes, limits.max_bytes), limits, source, how);
        return made;
    }
    if (read_plain_payload(made, bytes, limits, source, how)) return made;
    auto document = read_json(bytes, {limits.max_bytes, limits.max_depth}, "results_by_nodeid");
    if (!document) return std::move(document).error();
    return read_whole<R>(std::move(*document), limits, source, how);
}

/// The same for a file that is over `max_bytes`, of which only one line is held at a time. `head` is its beginning.
template <PortableResult R>
[[nodiscard]] expected<basic_shard<R>> read_long_document(std::istream& in, std::string_view head,
                                                          wire_limits const& limits, std::string const& source,
                                                          reading<R> const& how = {}) {
    basic_shard<R> made;
    if (begins_journal(head)) {
        read_journal(made, file_lines(in, limits.max_bytes), limits, source, how);
        return made;
    }
    if (begins_stream(head, limits)) {
        read_stream_lines(made, file_lines(in, limits.max_bytes), limits, source, how);
        return made;
    }
    return shard_error{shard_errc::too_large,
                       {},
                       "it is over the limit of " + std::to_string(limits.max_bytes) +
                           " bytes, and neither a journal nor a stream of lines, which may be longer"};
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_DOCUMENT_HPP
