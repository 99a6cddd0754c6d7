#ifndef RAMPART_BASE_ENCODE_HTML_HPP
#define RAMPART_BASE_ENCODE_HTML_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/encode/visible.hpp"
#include "rampart/base/encode/xml.hpp"

/// \file
/// Foreign text in HTML (WHATWG HTML, section 13.1, and OWASP's Cross Site Scripting Prevention Cheat Sheet).
///
/// Only for text and for quoted attributes that hold text. No encoding makes foreign text safe as an address, a style,
/// a handler (`onclick`), a tag's or an attribute's name, in a comment, or inside `script` and `style`.

namespace rampart::inline v1 {

namespace detail {

/// What XML escapes, and a quote to some old browsers.
[[nodiscard]] constexpr std::string_view html_markup_or_quote(char c) noexcept {
    return c == '`' ? std::string_view("&#96;") : xml_markup_or_quote(c);
}

}  // namespace detail

/// The text of an element. Three characters are markup there; what a document must not have is visible text, see
/// `visible`. TAB and LF stay.
[[nodiscard]] inline std::string html_text(std::string_view text) {
    return detail::encode(text, line_ends::keep, detail::xml_special{},
                          [](char c, std::size_t) { return detail::xml_markup(c); });
}

/// The value of an attribute, between quotes of either kind, which are not part of what comes back.
[[nodiscard]] inline std::string html_attribute(std::string_view text) {
    return detail::encode(text, line_ends::keep, detail::attribute_special{},
                          [](char c, std::size_t) { return detail::html_markup_or_quote(c); });
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_HTML_HPP
