#ifndef RAMPART_TRANSPORT_WIRE_FORMAT_HPP
#define RAMPART_TRANSPORT_WIRE_FORMAT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rampart/base/utf8.hpp"
#include "rampart/json/write.hpp"

namespace rampart::inline v1 {

/// How large a payload may be, when it is written and when it is read (wire format, B4 and B6).
struct wire_limits {
    std::size_t max_bytes = 67108864;         ///< of the whole payload as text, 64 MiB
    std::size_t max_record_bytes = 16777216;  ///< of one result as text, 16 MiB; less than 4096 counts as 4096
    std::size_t max_depth = 512;              ///< arrays and objects inside each other; more than 4096 counts as 4096
    std::size_t max_records = 1000000;  ///< results or tests in one payload, or in one line of a journal or stream
};

/// The `schema` of a worker's payload, shared with the Python package.
inline constexpr char wire_schema[] = "rampart.xdist.v1";

/// The `schema` of a streamed envelope and of the object that closes a stream, shared with the Python package.
inline constexpr char stream_schema[] = "rampart.xdist.v2";

/// The `schema` of a journal's first line.
inline constexpr char journal_schema[] = "rampart.journal.v1";

namespace detail {

// What Python keeps in a result's metadata and a record keeps beside its result (wire format, A.1.2).
inline constexpr std::string_view test_name_key = "_pytest_test_name";
inline constexpr std::string_view node_id_key = "_pytest_nodeid";
inline constexpr std::string_view index_key = "_rampart_result_index";
inline constexpr std::string_view worker_key = "_rampart_source_worker";

/// The strategy of a record that stands for one that could not be carried.
inline constexpr char transport_strategy[] = "xdist-transport";

inline constexpr std::size_t min_record_bytes = 4096;

/// How long a line of results may grow before another is begun: half of what a reader takes.
[[nodiscard]] constexpr std::size_t max_line_bytes(wire_limits const& limits) noexcept { return limits.max_bytes / 2; }

/// The beginning of a text that takes at most `max_bytes` as JSON, with `...` where something was cut off.
[[nodiscard]] inline std::string clip_to_json_bytes(std::string_view text, std::size_t max_bytes) {
    std::size_t bytes = 0;
    for (std::size_t at = 0; at < text.size();) {
        utf8_part const part = utf8_part_at(text, at);
        bool const plain = part.code < 0x80 && is_plain_json(static_cast<unsigned char>(part.code));
        bytes += plain ? 1 : part.code > 0xFFFF ? 12 : 6;
        if (bytes > max_bytes) {
            return std::string(text.substr(0, at)) + "...";
        }
        at += part.size;
    }
    return std::string(text);
}

}  // namespace detail

/// What a worker carries instead of a payload that is over its cap (wire format, A.1.6). Whoever merges it learns that
/// this worker's results are lost.
[[nodiscard]] inline std::string truncation_marker(std::uint64_t size_bytes, std::uint64_t limit_bytes) {
    std::string text;
    json_writer w(text);
    w.begin_object();
    w.member("schema", wire_schema);
    w.member("rampart_truncated", true);
    w.member("size_bytes", size_bytes);
    w.member("limit_bytes", limit_bytes);
    w.end_object();
    return text;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_FORMAT_HPP
