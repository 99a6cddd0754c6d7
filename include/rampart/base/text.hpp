#ifndef RAMPART_BASE_TEXT_HPP
#define RAMPART_BASE_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/utf8.hpp"

/// \file
/// What is done to foreign text (an agent's words, a payload, a name) so that it cannot act on a terminal.
///
/// Everything works on UTF-8 in bytes. That is exact: the byte C2 is never the tail of a code point, so C2 followed
/// by 80..9F is a C1 control wherever it stands, also between ill-formed bytes.

namespace rampart::inline v1 {

namespace detail {

inline constexpr char bel = '\x07';
inline constexpr char esc = '\x1b';
inline constexpr unsigned c1_lead = 0xC2;

[[nodiscard]] constexpr bool is_c1_tail(unsigned byte) noexcept { return byte >= 0x80 && byte <= 0x9F; }

/// The C1 control (U+0080..U+009F) at this place, or 0.
[[nodiscard]] constexpr unsigned c1_at(std::string_view text, std::size_t at) noexcept {
    if (byte_at(text, at) != c1_lead || at + 1 >= text.size()) {
        return 0;
    }
    unsigned const tail = byte_at(text, at + 1);
    return is_c1_tail(tail) ? tail : 0;
}

/// True at a control character: C0 (U+0000..U+001F), DEL or C1.
[[nodiscard]] constexpr bool is_control_at(std::string_view text, std::size_t at) noexcept {
    unsigned const byte = byte_at(text, at);
    return byte < 0x20 || byte == 0x7F || (byte == c1_lead && c1_at(text, at) != 0);
}

/// The first control character at or after `from` other than TAB, LF and (when `keep_cr`) CR, or the text's size.
[[nodiscard]] constexpr std::size_t first_control(std::string_view text, std::size_t from, bool keep_cr) noexcept {
    std::size_t at = from;
    for (; at < text.size(); ++at) {
        char const c = text[at];
        if (c == '\t' || c == '\n' || (keep_cr && c == '\r')) {
            continue;
        }
        if (is_control_at(text, at)) {
            break;
        }
    }
    return at;
}

/// Skips the bytes `low`..`high`, both included.
[[nodiscard]] constexpr std::size_t skip_range(std::string_view text, std::size_t from, char low, char high) noexcept {
    std::size_t at = from;
    while (at < text.size() && text[at] >= low && text[at] <= high) {
        ++at;
    }
    return at;
}

/// The end of `[ -/]*` and one final `low`..`~`, or `npos` when the final is missing.
[[nodiscard]] constexpr std::size_t end_of_escape(std::string_view text, std::size_t from, char low) noexcept {
    std::size_t const at = skip_range(text, from, ' ', '/');
    return at < text.size() && text[at] >= low && text[at] <= '~' ? at + 1 : std::string_view::npos;
}

/// The end of a CSI whose introducer ends at `from`, or `npos` when it is unfinished (B69 c).
[[nodiscard]] constexpr std::size_t end_of_csi(std::string_view text, std::size_t from) noexcept {
    return end_of_escape(text, skip_range(text, from, '0', '?'), '@');
}

/// The end of an OSC (`bel_ends`) or of a DCS, SOS, PM or APC whose introducer ends at `from` (B69 a and b).
///
/// Without a terminator the body ends before an ESC, before the end of the line, or with the text.
[[nodiscard]] constexpr std::size_t end_of_control_string(std::string_view text, std::size_t from,
                                                          bool bel_ends) noexcept {
    for (std::size_t at = from; at < text.size(); ++at) {
        char const c = text[at];
        if (c == '\n' || c == '\r') {
            return at;
        }
        if (c == esc) {
            return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
        }
        if (c == bel && bel_ends) {
            return at + 1;
        }
        if (c1_at(text, at) == 0x9C) {
            return at + 2;
        }
    }
    return text.size();
}

/// The end of what `strip_ansi` removes at a control character: a whole sequence, else the character alone.
[[nodiscard]] constexpr std::size_t end_of_removal(std::string_view text, std::size_t at) noexcept {
    if (text[at] == esc && at + 1 < text.size()) {
        char const next = text[at + 1];
        if (next == ']') {
            return end_of_control_string(text, at + 2, true);
        }
        if (next == 'P' || next == 'X' || next == '^' || next == '_') {
            return end_of_control_string(text, at + 2, false);
        }
        std::size_t end = next == '[' ? end_of_csi(text, at + 2) : std::string_view::npos;
        if (end == std::string_view::npos) {
            end = end_of_escape(text, at + 1, '0');
        }
        return end == std::string_view::npos ? at + 1 : end;
    }
    unsigned const c1 = c1_at(text, at);
    if (c1 == 0) {
        return at + 1;
    }
    if (c1 == 0x9D) {
        return end_of_control_string(text, at + 2, true);
    }
    if (c1 == 0x90 || c1 == 0x98 || c1 == 0x9E || c1 == 0x9F) {
        return end_of_control_string(text, at + 2, false);
    }
    std::size_t const end = c1 == 0x9B ? end_of_csi(text, at + 2) : std::string_view::npos;
    return end == std::string_view::npos ? at + 2 : end;
}

/// Appends a code point as visible text: `\x1b`, `\u202e` or `\U000e0041`.
inline void append_visible(std::string& out, char32_t code) {
    int digits = 8;
    if (code <= 0xFF) {
        out += "\\x";
        digits = 2;
    } else if (code <= 0xFFFF) {
        out += "\\u";
        digits = 4;
    } else {
        out += "\\U";
    }
    while (digits-- > 0) {
        out += "0123456789abcdef"[(code >> (4 * static_cast<unsigned>(digits))) & 0xFU];
    }
}

/// True for a code point that is not seen but changes what is seen: it reorders, joins, hides or breaks lines.
///
/// Bidi controls, zero-width characters, U+2028/2029, and the invisible format and tag characters in which text
/// can be smuggled past a reader (U+E0000..E0FFF). Variation selector 16 stays: emoji are written with it.
[[nodiscard]] constexpr bool is_invisible(char32_t code) noexcept {
    return code == 0x00AD || code == 0x061C || code == 0x180E || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE0FFF);
}

}  // namespace detail

/// The text without ANSI escape sequences and control characters; TAB, LF and CR stay (B68, B69).
///
/// The algorithm is that of the Python package, code point by code point. One run is enough: it takes linear time
/// and leaves no control character. It can hide text: an unterminated OSC or DCS takes the rest of its line with it.
/// Bidi controls, zero-width characters and ill-formed bytes are not touched; only a byte 80..9F that would become a
/// C1 control because what stood between it and a byte C2 was removed goes as well.
[[nodiscard]] inline std::string strip_ansi(std::string_view utf8) {
    std::size_t at = detail::first_control(utf8, 0, true);
    if (at == utf8.size()) {
        return std::string(utf8);
    }
    std::string out;
    out.reserve(utf8.size());
    out.append(utf8.substr(0, at));
    while (at < utf8.size()) {
        std::size_t from = detail::end_of_removal(utf8, at);
        if (!out.empty() && detail::byte_at(out, out.size() - 1) == detail::c1_lead) {
            while (from < utf8.size() && detail::is_c1_tail(detail::byte_at(utf8, from))) {
                ++from;
            }
        }
        at = detail::first_control(utf8, from, true);
        out.append(utf8.substr(from, at - from));
    }
    return out;
}

/// The text with every C0 control but TAB and LF, DEL, CR and C1 as visible text `\x1b` (wire format, B7).
///
/// A C1 control is named by its code point: U+009B becomes `\x9b`. Nothing is removed, so one stray introducer hides
/// no line (B69). Idempotent, so a backslash stays as it is: a text that had `\x1b` spelt out looks the same.
[[nodiscard]] inline std::string escape(std::string_view utf8) {
    std::size_t at = detail::first_control(utf8, 0, false);
    if (at == utf8.size()) {
        return std::string(utf8);
    }
    std::string out;
    out.reserve(utf8.size() + 32);
    out.append(utf8.substr(0, at));
    while (at < utf8.size()) {
        unsigned const c1 = detail::c1_at(utf8, at);
        detail::append_visible(out, c1 != 0 ? c1 : detail::byte_at(utf8, at));
        std::size_t const from = at + (c1 != 0 ? 2 : 1);
        at = detail::first_control(utf8, from, false);
        out.append(utf8.substr(from, at - from));
    }
    return out;
}

/// The text on one line of a list for people: what a terminal is given of foreign text (B110).
///
/// Like `escape`, and TAB and LF become `\t` and `\n`, bidi controls, zero-width and other invisible characters and
/// U+2028/2029 become text such as `\u202e`, ill-formed UTF-8 is repaired. Idempotent.
[[nodiscard]] inline std::string one_line(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size() + 16);
    for (std::size_t at = 0; at < utf8.size();) {
        detail::utf8_part const part = detail::utf8_part_at(utf8, at);
        if (part.code == U'\t') {
            out += "\\t";
        } else if (part.code == U'\n') {
            out += "\\n";
        } else if (!part.well_formed) {
            out += "\xEF\xBF\xBD";
        } else if (detail::is_control_at(utf8, at) || detail::is_invisible(part.code)) {
            detail::append_visible(out, part.code);
        } else {
            out.append(utf8.substr(at, part.size));
        }
        at += part.size;
    }
    return out;
}

/// What a session does to foreign text when it takes a result in (wire format, B7).
enum class text_policy : unsigned char {
    escape,  ///< control characters become visible text; no evidence is lost
    strip,   ///< escape sequences and control characters are removed, as the Python package does
    keep,    ///< nothing is changed
};

/// The policy's name: "escape", "strip" or "keep".
[[nodiscard]] constexpr std::string_view to_string(text_policy policy) noexcept {
    switch (policy) {
    case text_policy::escape:
        return "escape";
    case text_policy::strip:
        return "strip";
    case text_policy::keep:
        return "keep";
    }
    return "unknown";
}

/// Reads a policy's name. Any other text, also another case, gives false and leaves `policy` as it was.
[[nodiscard]] constexpr bool parse_text_policy(std::string_view name, text_policy& policy) noexcept {
    for (text_policy const known : {text_policy::escape, text_policy::strip, text_policy::keep}) {
        if (name == to_string(known)) {
            policy = known;
            return true;
        }
    }
    return false;
}

/// Applies a policy in place. A text that has nothing to change is only read: no allocation, same buffer.
inline void apply(text_policy policy, std::string& text) {
    if (policy == text_policy::escape && detail::first_control(text, 0, false) != text.size()) {
        text = escape(text);
    } else if (policy == text_policy::strip && detail::first_control(text, 0, true) != text.size()) {
        text = strip_ansi(text);
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_TEXT_HPP
