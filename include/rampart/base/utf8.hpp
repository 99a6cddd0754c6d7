#ifndef RAMPART_BASE_UTF8_HPP
#define RAMPART_BASE_UTF8_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "rampart/base/scan.hpp"

/// \file
/// UTF-8 as the Unicode Standard defines it (chapter 3, table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF. Ill-formed text is never an error here: it is foreign text, so it is named, counted or repaired.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] constexpr unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

/// What stands at one place of a text: a code point, or a maximal ill-formed part.
struct utf8_part {
    char32_t code = 0xFFFD;  ///< the code point; U+FFFD where the bytes are ill-formed
    std::size_t size = 1;    ///< bytes, at least 1
    bool well_formed = false;
};

/// Reads the part that begins at `at`, which must be inside `text`.
///
/// An ill-formed part is as long as the "maximal subpart" practice of the Unicode Standard (section 3.9) and of the
/// WHATWG decoder says: the longest beginning of a code point, else one byte.
[[nodiscard]] constexpr utf8_part utf8_part_at(std::string_view text, std::size_t at) noexcept {
    unsigned const lead = byte_at(text, at);
    if (lead < 0x80) {
        return {static_cast<char32_t>(lead), 1, true};
    }
    std::size_t size = 0;
    char32_t code = 0;
    // Only the second byte's range depends on the lead; this is where overlong forms, surrogates and numbers
    // above U+10FFFF are kept out.
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
        code = lead & 0x1FU;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        code = lead & 0x0FU;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        code = lead & 0x07U;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        return {};
    }
    for (std::size_t done = 1; done < size; ++done) {
        if (at + done >= text.size()) {
            return {0xFFFD, done, false};
        }
        unsigned const tail = byte_at(text, at + done);
        if (tail < low || tail > high) {
            return {0xFFFD, done, false};
        }
        code = (code << 6U) | (tail & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    return {code, size, true};
}

/// Where the code point or ill-formed part begins in which `stop_at_ill_formed` stopped at `at`, or in whose middle the
/// text ends there: `at` itself, or up to 3 bytes before it. What stands from `from` to there is well-formed.
[[nodiscard]] constexpr std::size_t end_of_well_formed(std::string_view text, std::size_t from,
                                                       std::size_t at) noexcept {
    for (std::size_t back = 1; back <= 3 && from + back <= at; ++back) {
        unsigned const byte = byte_at(text, at - back);
        if ((byte & 0xC0U) == 0x80) continue;
        std::size_t const size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
        return size > back ? at - back : at;
    }
    return at;
}

/// The place of the first ill-formed part at or after `from`, or the text's size. `from` is where a code point begins.
[[nodiscard]] constexpr std::size_t first_ill_formed(std::string_view text, std::size_t from = 0) noexcept {
    std::size_t at = first_stop(text, from, stop_at_non_ascii{});
    if (!std::is_constant_evaluated() && text.size() - at >= 16) {
        return end_of_well_formed(text, at, first_stop(text, at, stop_at_ill_formed{}));
    }
    while (at < text.size()) {
        if (byte_at(text, at) < 0x80) {
            ++at;
            continue;
        }
        utf8_part const part = utf8_part_at(text, at);
        if (!part.well_formed) {
            break;
        }
        at += part.size;
    }
    return at;
}

}  // namespace detail

/// True when the text is well-formed UTF-8. An empty text is; U+0000 is a code point like any other.
[[nodiscard]] constexpr bool is_valid_utf8(std::string_view text) noexcept {
    return detail::first_ill_formed(text) == text.size();
}

/// The text with each maximal ill-formed part replaced by one U+FFFD (wire format, B4).
///
/// Well-formed text comes back as it is; the result is always well-formed. A caller that must note the repair asks
/// `is_valid_utf8` first.
[[nodiscard]] inline std::string repair_utf8(std::string_view text) {
    std::size_t bad = detail::first_ill_formed(text);
    if (bad == text.size()) {
        return std::string(text);
    }
    std::string out;
    out.reserve(text.size() + 16);
    std::size_t kept = 0;
    while (bad < text.size()) {
        out.append(text.substr(kept, bad - kept));
        out.append("\xEF\xBF\xBD");
        kept = bad + detail::utf8_part_at(text, bad).size;
        bad = detail::first_ill_formed(text, kept);
    }
    out.append(text.substr(kept));
    return out;
}

/// The text itself when it has at most `max_code_points` code points, else that many of them and `tail`.
///
/// Never cuts inside a code point; a maximal ill-formed part counts as one and stays as it is. The tail is not
/// counted: 200 code points and "..." is the display text of a payload (B3).
[[nodiscard]] inline std::string clip(std::string_view text, std::size_t max_code_points,
                                      std::string_view tail = "...") {
    std::size_t at = 0;
    for (std::size_t count = 0; count < max_code_points && at < text.size(); ++count) {
        at += detail::utf8_part_at(text, at).size;
    }
    std::string out(text.substr(0, at));
    if (at < text.size()) {
        out.append(tail);
    }
    return out;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_UTF8_HPP
