#ifndef RAMPART_BASE_ENCODE_CSV_HPP
#define RAMPART_BASE_ENCODE_CSV_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/encode/visible.hpp"

namespace rampart::inline v1 {

namespace detail {

/// Whether a spreadsheet would take the field for a formula: `=`, `+`, `-` or `@` first, also in full width. Blanks
/// before it do not count, since some programs cut them off.
[[nodiscard]] constexpr bool is_formula(std::string_view text) noexcept {
    std::size_t const at = text.find_first_not_of(" \t\r\n\v\f");
    if (at == std::string_view::npos) return false;
    char32_t const first = utf8_part_at(text, at).code;
    for (char32_t const sign : {U'=', U'+', U'-', U'@', U'\uFF1D', U'\uFF0B', U'\uFF0D', U'\uFF20'}) {
        if (first == sign) return true;
    }
    return false;
}

struct csv_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return byte == '"';
    }
};

}  // namespace detail

/// A field of a CSV file with its quotes; a quote inside is doubled (RFC 4180, section 2). Always one line: LF and TAB
/// become `\n` and `\t`, other things that cannot be seen as in `visible`.
///
/// A field that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV Injection). So does `-1`:
/// this is for text, a number of one's own is written without it.
[[nodiscard]] inline std::string csv_field(std::string_view text) {
    std::string const start = detail::is_formula(text) ? "\"'" : "\"";
    return start +
           detail::encode(
               text, line_ends::show, detail::csv_special{},
               [](char c, std::size_t) { return c == '"' ? std::string_view("\"\"") : std::string_view{}; }) +
           '"';
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_CSV_HPP
