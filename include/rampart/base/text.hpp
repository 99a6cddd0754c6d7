#ifndef RAMPART_BASE_TEXT_HPP
#define RAMPART_BASE_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "rampart/base/growing_text.hpp"
#include "rampart/base/scan.hpp"
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
    std::size_t const at =
        keep_cr ? first_stop(text, from, stop_at_control<true>{}) : first_stop(text, from, stop_at_control<false>{});
    // The scan stops at the second byte of a C1 control.
    return at < text.size() && byte_at(text, at) >= 0x80 ? at - 1 : at;
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

/// Does what `strip_ansi` does from the first control character on, which stands at `at`. `out` holds what stands
/// before it, and has room for all of the text; it may be the text itself. Gives the bytes that `out` then holds.
[[nodiscard]] inline std::size_t strip_from(std::string_view text, std::size_t at, char* out) noexcept {
    std::size_t used = at;
    while (at < text.size()) {
        std::size_t from = end_of_removal(text, at);
        if (used > 0 && static_cast<unsigned char>(out[used - 1]) == c1_lead) {
            while (from < text.size() && is_c1_tail(byte_at(text, from))) {
                ++from;
            }
        }
        at = first_control(text, from, true);
        std::memmove(out + used, text.data() + from, at - from);
        used += at - from;
    }
    return used;
}

/// Appends a code point as visible text: `\x1b`, `\u202e` or `\U000e0041`.
inline void put_visible(growing_text& out, char32_t code) {
    unsigned digits = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
    char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
    for (char* to = text + 2; digits-- > 0;) {
        *to++ = "0123456789abcdef"[(code >> (4 * digits)) & 0xFU];
    }
    out.put(std::string_view(text, code <= 0xFF ? 4 : code <= 0xFFFF ? 6 : 10));
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

/// No character of a text's own is special. What is: `special(byte)` is written as what a stop says, and true for
/// printable ASCII only; `line_ends` says whether TAB and LF are special too.
struct nothing_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return byte == 0x7F;  // is looked at in any case
    }
};

/// True for C0, but for TAB and LF where they are kept, and for DEL.
template <bool KeepLines, class Byte>
[[nodiscard]] constexpr auto is_ascii_control(Byte const& byte) noexcept {
    if constexpr (KeepLines) {
        return ((byte < 0x20) ^ ((byte == '\t') | (byte == '\n'))) | (byte == 0x7F);
    } else {
        return (byte < 0x20) | (byte == 0x7F);
    }
}

/// Any byte that is not ASCII, control characters, and what is special of the others.
template <bool KeepLines, class Special>
struct stop_at_special {
    static constexpr std::size_t look_behind = 0;
    Special special{};
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        return is_ascii_control<KeepLines>(byte) | (byte >= 0x80) | special(byte);
    }
};

/// The same for UTF-8: what is ill-formed, and a byte with which a code point may begin that is a control, invisible,
/// or no character at all (see `is_invisible`). Most letters begin with another.
template <bool KeepLines, class Special>
struct stop_at_unusual {
    static constexpr std::size_t look_behind = 3;
    Special special{};
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const lead =
            (byte == 0xC2) | (byte == 0xD8) | (byte == 0xE0) | (byte == 0xE1) | (byte == 0xE2) | (byte >= 0xEF);
        return is_ascii_control<KeepLines>(byte) | special(byte) | lead | stop_at_ill_formed{}(w);
    }
};

/// Appends a text as far as nothing in it needs a closer look, again and again.
template <bool KeepLines, class Special>
class usual_text {
public:
    explicit usual_text(Special special) : special_(special) {}

    /// Appends the text from `from` on, and gives the place where something may need one.
    [[nodiscard]] std::size_t put(growing_text& out, std::string_view text, std::size_t from) {
        std::size_t at = from;
        if (is_ascii_) {
            at = put_to_stop(out, text, from, stop_at_special<KeepLines, Special>{special_});
            if (at == text.size() || byte_at(text, at) < 0x80) return at;
        }
        std::size_t const stop = put_to_stop(out, text, at, stop_at_unusual<KeepLines, Special>{special_});
        std::size_t const end = end_of_well_formed(text, at, stop);
        out.take_back(stop - end);
        is_ascii_ = end - at < 32;  // in a text of other letters there will be more of them
        return end;
    }

private:
    Special special_;
    bool is_ascii_ = true;  // looking for other letters costs more than looking for ASCII
};

}  // namespace detail

/// The text without ANSI escape sequences and control characters; TAB, LF and CR stay (B68, B69).
///
/// The algorithm is that of the Python package, code point by code point. One run is enough: it takes linear time
/// and leaves no control character. It can hide text: an unterminated OSC or DCS takes the rest of its line with it.
/// Bidi controls, zero-width characters and ill-formed bytes are not touched; only a byte 80..9F that would become a
/// C1 control because what stood between it and a byte C2 was removed goes as well.
[[nodiscard]] inline std::string strip_ansi(std::string_view utf8) {
    std::string out(utf8);
    if (std::size_t const at = detail::first_control(utf8, 0, true); at != utf8.size()) {
        out.resize(detail::strip_from(utf8, at, out.data()));
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
    detail::growing_text out(utf8.size() + utf8.size() / 4 + 32);
    out.put(utf8.substr(0, at));
    while (at < utf8.size()) {
        unsigned const c1 = detail::c1_at(utf8, at);
        detail::put_visible(out, c1 != 0 ? c1 : detail::byte_at(utf8, at));
        at = detail::put_to_stop(out, utf8, at + (c1 != 0 ? 2 : 1), detail::stop_at_control<false>{});
        if (at < utf8.size() && detail::byte_at(utf8, at) >= 0x80) {
            out.take_back(1);  // the scan stops at the second byte of a C1 control
            --at;
        }
    }
    return out.take();
}

/// The text on one line of a list for people: what a terminal is given of foreign text (B110).
///
/// Like `escape`, and TAB and LF become `\t` and `\n`, bidi controls, zero-width and other invisible characters and
/// U+2028/2029 become text such as `\u202e`, ill-formed UTF-8 is repaired. Idempotent.
[[nodiscard]] inline std::string one_line(std::string_view utf8) {
    detail::growing_text out(utf8.size() + 16);
    detail::usual_text<false, detail::nothing_special> usual({});
    for (std::size_t at = 0; at < utf8.size();) {
        at = usual.put(out, utf8, at);
        if (at == utf8.size()) {
            break;
        }
        detail::utf8_part const part = detail::utf8_part_at(utf8, at);
        if (part.code == U'\t') {
            out.put("\\t");
        } else if (part.code == U'\n') {
            out.put("\\n");
        } else if (!part.well_formed) {
            out.put("\xEF\xBF\xBD");
        } else if (detail::is_control_at(utf8, at) || detail::is_invisible(part.code)) {
            detail::put_visible(out, part.code);
        } else {
            out.put(utf8.substr(at, part.size));
        }
        at += part.size;
    }
    return out.take();
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
    if (policy == text_policy::escape) {
        if (detail::first_control(text, 0, false) != text.size()) text = escape(text);
    } else if (policy == text_policy::strip) {
        std::size_t const at = detail::first_control(text, 0, true);
        if (at != text.size()) text.resize(detail::strip_from(text, at, text.data()));
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_TEXT_HPP
