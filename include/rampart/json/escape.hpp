#ifndef RAMPART_JSON_ESCAPE_HPP
#define RAMPART_JSON_ESCAPE_HPP

#include <cstddef>
#include <string_view>

#include "rampart/base/utf8.hpp"

/// \file
/// How a writer spells what cannot stand in a JSON text as it is: ASCII only (wire format, A.1.4).

namespace rampart::inline v1 {

namespace detail {

/// A byte that stands in a JSON text as it is.
[[nodiscard]] constexpr bool is_plain_json(unsigned char c) noexcept {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

[[nodiscard]] inline char* put_hex_escape(char* to, char32_t unit) noexcept {
    constexpr char digits[] = "0123456789abcdef";
    *to++ = '\\';
    *to++ = 'u';
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        *to++ = digits[(unit >> shift) & 0xFU];
    }
    return to;
}

/// A code point takes at most so many bytes in a JSON text: two escapes.
inline constexpr std::size_t json_escape_bytes = 12;

/// The letter behind the backslash of the characters that have a short escape, by their code; 0 for the others.
inline constexpr auto short_json_escapes = [] {
    struct {
        char letter[128];
    } made{};
    constexpr std::string_view of = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    for (std::size_t i = 0; i < of.size(); ++i) made.letter[static_cast<unsigned char>(of[i])] = letters[i];
    return made;
}();

/// Writes the escape of what stands at `at` and cannot stand in a JSON text as it is, and gives its end. `at` moves
/// behind it.
[[nodiscard]] inline char* put_json_escape(char* to, std::string_view text, std::size_t& at) noexcept {
    unsigned const byte = byte_at(text, at);
    if (byte < 0x80) {
        ++at;
        char const letter = short_json_escapes.letter[byte];
        if (letter == 0) return put_hex_escape(to, byte);
        to[0] = '\\';
        to[1] = letter;
        return to + 2;
    }
    utf8_part const part = utf8_part_at(text, at);
    at += part.size;
    if (part.code <= 0xFFFF) return put_hex_escape(to, part.code);
    char32_t const rest = part.code - 0x10000;
    return put_hex_escape(put_hex_escape(to, 0xD800 + (rest >> 10U)), 0xDC00 + (rest & 0x3FFU));
}

}  // namespace detail

/// A key that the compiler has looked at: it is written as it is.
struct json_key {
    std::string_view text;
    consteval json_key(char const* name) : text(name) {
        for (char const c : text) {
            if (!detail::is_plain_json(static_cast<unsigned char>(c)) || text.size() > 32) throw "no plain short key";
        }
    }
};

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_ESCAPE_HPP
