#ifndef RAMPART_TRANSPORT_JOURNAL_LINE_HPP
#define RAMPART_TRANSPORT_JOURNAL_LINE_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/crc.hpp>

#include "rampart/base/stable_hash.hpp"

/// \file
/// A line of a journal ends with `, "crc32": "xxxxxxxx"}`: the CRC-32 (the one of zip and Ethernet) of the line's bytes
/// before these, as 8 lower-case hexadecimal digits. The spelling is fixed, so that there is one way only to be right.

namespace rampart::inline v1::detail {

inline constexpr std::string_view seal_key = ", \"crc32\": \"";
inline constexpr std::size_t seal_bytes = seal_key.size() + 8 + 2;

[[nodiscard]] inline std::string crc_text(std::string_view bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return hash_text(crc.checksum()).substr(8);
}

/// Makes a line of an object's text.
[[nodiscard]] inline std::string seal(std::string object) {
    object.pop_back();
    auto const crc = crc_text(object);
    object.append(seal_key).append(crc).append("\"}\n");
    return object;
}

/// Whether a line (without its end) looks like one of a journal, be its checksum right or wrong.
[[nodiscard]] inline bool is_sealed(std::string_view line) noexcept {
    return line.size() > seal_bytes && line.substr(line.size() - seal_bytes, seal_key.size()) == seal_key &&
           line.substr(line.size() - 2) == "\"}";
}

/// Whether a line is what was written.
[[nodiscard]] inline bool seal_holds(std::string_view line) {
    return is_sealed(line) && crc_text(line.substr(0, line.size() - seal_bytes)) == line.substr(line.size() - 10, 8);
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_JOURNAL_LINE_HPP
