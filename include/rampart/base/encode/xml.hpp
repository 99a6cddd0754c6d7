#ifndef RAMPART_BASE_ENCODE_XML_HPP
#define RAMPART_BASE_ENCODE_XML_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/encode/visible.hpp"

/// \file
/// Foreign text in XML 1.0 (W3C, fifth edition).
///
/// XML 1.0 has no way to write a control character, also not as a reference, nor U+FFFE and U+FFFF (production 2,
/// Char); one of them makes the whole document ill-formed. They become visible text, see `visible`.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] constexpr std::string_view xml_markup(char c) noexcept {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    default:
        return {};
    }
}

[[nodiscard]] constexpr std::string_view xml_markup_or_quote(char c) noexcept {
    switch (c) {
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    default:
        return xml_markup(c);
    }
}

/// What `xml_markup` escapes.
struct xml_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return (byte == '&') | (byte == '<') | (byte == '>');
    }
};
/// What `xml_markup_or_quote` or `html_markup_or_quote` escapes, beside TAB and LF.
struct attribute_special {
    static constexpr bool line_ends = true;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return xml_special{}(byte) | (byte == '"') | (byte == '\'') | (byte == '`');
    }
};

}  // namespace detail

/// The text between two tags. `>` is escaped too, because of `]]>` (section 2.4). TAB and LF stay; a CR, which a parser
/// would turn into LF (section 2.11), becomes `\x0d`.
[[nodiscard]] inline std::string xml_text(std::string_view text) {
    return detail::encode(text, line_ends::keep, detail::xml_special{},
                          [](char c, std::size_t) { return detail::xml_markup(c); });
}

/// The value of an attribute, between quotes of either kind, which are not part of what comes back. TAB and LF are
/// references, since a parser makes a blank of a literal one (section 3.3.3).
[[nodiscard]] inline std::string xml_attribute(std::string_view text) {
    return detail::encode(text, line_ends::keep, detail::attribute_special{},
                          [](char c, std::size_t) { return detail::xml_markup_or_quote(c); });
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_XML_HPP
