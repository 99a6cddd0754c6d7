#ifndef RAMPART_BASE_ENCODE_VISIBLE_HPP
#define RAMPART_BASE_ENCODE_VISIBLE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/text.hpp"

/// \file
/// What all encoders begin with: foreign bytes as well-formed UTF-8 in which everything can be seen.
///
/// Foreign text reaches a document only through the encoder of the place where it stands: `xml_text`, `html_attribute`,
/// `markdown_text` and so on, each in the header of its format. For a terminal that is `one_line` (`base/text.hpp`),
/// for JSON `json_writer` (`json/write.hpp`).

namespace rampart::inline v1 {

/// What becomes of TAB and LF.
enum class line_ends : unsigned char {
    keep,  ///< they stay
    show,  ///< they become `\t` and `\n`
};

namespace detail {

/// True for a code point that no document takes as it is, beside `is_invisible`: the noncharacters of the Unicode
/// Standard (section 23.7). U+FFFE and U+FFFF are forbidden in XML 1.0, all of them are parse errors in HTML.
[[nodiscard]] constexpr bool is_noncharacter(char32_t code) noexcept {
    return (code & 0xFFFEU) == 0xFFFEU || (code >= 0xFDD0 && code <= 0xFDEF);
}

template <bool KeepLines, class Special, class Replace>
[[nodiscard]] std::string encode_lines(std::string_view text, line_ends lines, Special special, Replace replace) {
    growing_text out(text.size() + text.size() / 8 + 16);
    usual_text<KeepLines, Special> usual(special);
    for (std::size_t at = 0; at < text.size();) {
        if (at > 0 && at + 1 < text.size()) at = usual.put(out, text.substr(0, text.size() - 1), at);
        unsigned const byte = byte_at(text, at);
        bool const is_line_end = byte == '\t' || byte == '\n';
        if ((byte >= 0x20 && byte < 0x7F) || (is_line_end && lines == line_ends::keep)) {
            std::string_view const instead = replace(text[at], at);
            instead.empty() ? out.put(text[at]) : out.put(instead);
            ++at;
            continue;
        }
        utf8_part const part = utf8_part_at(text, at);
        if (is_line_end) {
            out.put(byte == '\t' ? "\\t" : "\\n");
        } else if (!part.well_formed) {
            out.put("\xEF\xBF\xBD");
        } else if (is_control_at(text, at) || is_invisible(part.code) || is_noncharacter(part.code)) {
            put_visible(out, part.code);
        } else {
            out.put(text.substr(at, part.size));
        }
        at += part.size;
    }
    return out.take();
}

/// The text as `visible` gives it, with `replace(c, at)` in place of each printable ASCII character `c` of the text's
/// own for which that is not empty; `at` is its place. It is asked for the characters that `special` names (see
/// `nothing_special`), TAB and LF among them where they are kept, and for the first and the last whatever they are. It
/// may also be asked for others.
template <class Special, class Replace>
[[nodiscard]] std::string encode(std::string_view text, line_ends lines, Special special, Replace replace) {
    return lines == line_ends::keep && !Special::line_ends ? encode_lines<true>(text, lines, special, replace)
                                                           : encode_lines<false>(text, lines, special, replace);
}

}  // namespace detail

/// The text with all that cannot be seen as visible text, `\x1b` or `\u202e`, in the spelling of `escape` and
/// `one_line`: control characters, bidi controls, zero-width and other invisible characters, U+2028/2029 and the
/// noncharacters. Ill-formed UTF-8 is repaired as `repair_utf8` does it. Idempotent.
[[nodiscard]] inline std::string visible(std::string_view text, line_ends lines = line_ends::keep) {
    return detail::encode(text, lines, detail::nothing_special{}, [](char, std::size_t) { return std::string_view{}; });
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_VISIBLE_HPP
