#ifndef RAMPART_TRANSPORT_JOURNAL_LINE_HPP
#define RAMPART_TRANSPORT_JOURNAL_LINE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// \file
/// A line of a journal ends with `, "crc32": "xxxxxxxx"}`: the CRC-32 (the one of zip and Ethernet) of the line's bytes
/// before these, as 8 lower-case hexadecimal digits. The spelling is fixed, so that there is one way only to be right.

namespace rampart::inline v1::detail {

inline constexpr std::string_view seal_key = ", \"crc32\": \"";
inline constexpr std::size_t seal_bytes = seal_key.size() + 8 + 2;

/// For each byte, and each number of zero bytes behind it, what it adds to the sum.
using crc_tables = std::array<std::array<std::uint32_t, 256>, 16>;
[[nodiscard]] constexpr crc_tables make_crc_tables() noexcept {
    crc_tables made{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
        made[0][byte] = sum;
    }
    for (std::size_t behind = 1; behind < made.size(); ++behind) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            std::uint32_t const sum = made[behind - 1][byte];
            made[behind][byte] = (sum >> 8U) ^ made[0][sum & 0xFFU];
        }
    }
    return made;
}
inline constexpr crc_tables crc_of = make_crc_tables();

/// The CRC-32 of these bytes. Own code, sixteen bytes a step: Boost.CRC goes byte by byte, and took longer than all
/// else that reading a journal does. A test holds it against Boost's.
[[nodiscard]] inline std::uint32_t crc32(std::string_view bytes) noexcept {
    std::uint32_t sum = 0xFFFFFFFFU;
    char const* at = bytes.data();
    std::size_t left = bytes.size();
    if constexpr (std::endian::native == std::endian::little) {
        for (; left >= 16; left -= 16, at += 16) {
            std::uint64_t low = 0;
            std::uint64_t high = 0;
            std::memcpy(&low, at, 8);
            std::memcpy(&high, at + 8, 8);
            low ^= sum;
            sum = 0;
            for (unsigned byte = 0; byte < 8; ++byte) {
                sum ^= crc_of[15 - byte][(low >> (8 * byte)) & 0xFFU] ^ crc_of[7 - byte][(high >> (8 * byte)) & 0xFFU];
            }
        }
    }
    for (; left > 0; --left, ++at) sum = (sum >> 8U) ^ crc_of[0][(sum ^ static_cast<unsigned char>(*at)) & 0xFFU];
    return ~sum;
}

/// A sum as it stands in a line.
struct crc_digits {
    char text[8];
    explicit crc_digits(std::string_view bytes) noexcept {
        std::uint32_t const sum = crc32(bytes);
        for (unsigned i = 0; i < 8; ++i) text[i] = "0123456789abcdef"[(sum >> (28 - 4 * i)) & 0xFU];
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text, sizeof text}; }
};

/// Makes a line of the object that is the text from `from` on.
inline void seal(std::string& text, std::size_t from) {
    text.pop_back();
    crc_digits const crc(std::string_view(text).substr(from));
    text.append(seal_key).append(crc.view()).append("\"}\n");
}
/// Makes a line of an object's text.
[[nodiscard]] inline std::string seal(std::string object) {
    seal(object, 0);
    return object;
}

/// Whether a line (without its end) looks like one of a journal, be its checksum right or wrong.
[[nodiscard]] inline bool is_sealed(std::string_view line) noexcept {
    return line.size() > seal_bytes && line.substr(line.size() - seal_bytes, seal_key.size()) == seal_key &&
           line.substr(line.size() - 2) == "\"}";
}

/// Whether a line is what was written.
[[nodiscard]] inline bool seal_holds(std::string_view line) {
    return is_sealed(line) &&
           crc_digits(line.substr(0, line.size() - seal_bytes)).view() == line.substr(line.size() - 10, 8);
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_JOURNAL_LINE_HPP
