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

/// The text as `visible` gives it, with `replace(c)` in place of each printable ASCII character `c` of the text's own
/// for which that is not empty. `replace` also gets the TAB and LF that are kept, and the character's place.
template <class Replace>
[[nodiscard]] std::string encode(std::string_view text, line_ends lines, Replace replace) {
    std::string out;
    out.reserve(text.size() + text.size() / 8 + 16);
    auto const put = [&](std::size_t at) {
        std::string_view const instead = replace(text[at], at);
        instead.empty() ? out += text[at] : out += instead;
    };
    for (std::size_t at = 0; at < text.size();) {
        unsigned const byte = byte_at(text, at);
        if (byte >= 0x20 && byte < 0x7F) {
            put(at++);
            continue;
        }
        utf8_part const part = utf8_part_at(text, at);
        if (byte == '\t' || byte == '\n') {
            if (lines == line_ends::keep) {
                put(at);
            } else {
                out += byte == '\t' ? "\\t" : "\\n";
            }
        } else if (!part.well_formed) {
            out += "\xEF\xBF\xBD";
        } else if (is_control_at(text, at) || is_invisible(part.code) || is_noncharacter(part.code)) {
            append_visible(out, part.code);
        } else {
            out.append(text.substr(at, part.size));
        }
        at += part.size;
    }
    return out;
}

}  // namespace detail

/// The text with all that cannot be seen as visible text, `\x1b` or `\u202e`, in the spelling of `escape` and
/// `one_line`: control characters, bidi controls, zero-width and other invisible characters, U+2028/2029 and the
/// noncharacters. Ill-formed UTF-8 is repaired as `repair_utf8` does it. Idempotent.
[[nodiscard]] inline std::string visible(std::string_view text, line_ends lines = line_ends::keep) {
    return detail::encode(text, lines, [](char, std::size_t) { return std::string_view{}; });
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_VISIBLE_HPP
