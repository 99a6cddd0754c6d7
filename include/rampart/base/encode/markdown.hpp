#ifndef RAMPART_BASE_ENCODE_MARKDOWN_HPP
#define RAMPART_BASE_ENCODE_MARKDOWN_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/base/encode/visible.hpp"

/// \file
/// Foreign text in Markdown: CommonMark 0.31 with what GitHub and GitLab add (tables, strikethrough, autolinks,
/// mentions, references, mathematics, emoji).
///
/// An image or a link whose address the agent chose sends data away when the page is looked at, so none may come out of
/// foreign text. A backslash takes its meaning from a sign of CommonMark (section 2.4). What a platform looks for in
/// the finished page (`@name`, `#12`, `https://`, `www.`, `:name:`, `$x$`) is parted by an empty comment, since there
/// no escape is left.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n'; }

/// Whether the text up to this place is what a list, a heading's underline or a rule begins with.
[[nodiscard]] constexpr bool is_block_start(std::string_view text, std::size_t at) noexcept {
    char const c = text[at];
    if (c == '-' || c == '+' || c == '=' || c == ':') return text.find_first_not_of(' ') == at;
    if (c != '.' && c != ')') return false;
    std::size_t const from = text.find_first_not_of(' ');
    // Nine digits are the longest number of a list (section 5.2), so no more are looked at.
    if (from >= at || at - from > 9) return false;
    for (std::size_t i = from; i < at; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
    }
    return true;
}

[[nodiscard]] constexpr std::string_view markdown_safe(std::string_view text, std::size_t at) noexcept {
    bool const is_last = at + 1 == text.size();
    switch (text[at]) {
    case ' ':
        return at == 0 || is_last ? "&#32;" : "";
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '|':
        return "&#124;";
    case '@':
        return "&#64;<!-- -->";
    case '#':
        return "&#35;<!-- -->";
    case '$':
        return "&#36;<!-- -->";
    case ':':
        return is_last || !is_blank(text[at + 1]) || at == 0 ? "&#58;<!-- -->" : "";
    case '.':
        if (at >= 3 && begins_with_ignoring_case(text.substr(at - 3), "www")) return "&#46;<!-- -->";
        return is_block_start(text, at) ? "\\." : "";
    case ')':
        return is_block_start(text, at) ? "\\)" : "";
    case '-':
        return is_block_start(text, at) ? "\\-" : "";
    case '+':
        return is_block_start(text, at) ? "\\+" : "";
    case '=':
        return is_block_start(text, at) ? "\\=" : "";
    case '\\':
        return "\\\\";
    case '`':
        return "\\`";
    case '*':
        return "\\*";
    case '_':
        return "\\_";
    case '~':
        return "\\~";
    case '^':
        return "\\^";
    case '[':
        return "\\[";
    case ']':
        return "\\]";
    case '{':
        return "\\{";
    case '}':
        return "\\}";
    case '!':
        return "\\!";
    default:
        return "";
    }
}

/// All but letters, digits, comma and blank, which `markdown_safe` replaces at the text's ends only.
struct markdown_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        auto const lower = byte | 0x20;
        return (byte < 0x80) & (byte != ',') & (byte != ' ') & ((lower < 'a') | (lower > 'z')) &
               ((byte < '0') | (byte > '9'));
    }
};

/// A run of backticks longer than any in the text, and at least `least`.
[[nodiscard]] inline std::string fence_for(std::string_view text, std::size_t least) {
    std::size_t run = 0;
    for (char const c : text) {
        run = c == '`' ? run + 1 : 0;
        if (run >= least) least = run + 1;
    }
    return std::string(least, '`');
}

}  // namespace detail

/// The text in a paragraph, a heading, an item of a list or a cell of a table: one line, read as it stands. No link,
/// image, tag, autolink, mention, emphasis or end of a cell comes out of it, and at a line's start no block.
[[nodiscard]] inline std::string markdown_text(std::string_view text) {
    return detail::encode(text, line_ends::show, detail::markdown_special{},
                          [text](char, std::size_t at) { return detail::markdown_safe(text, at); });
}

/// The text as code inside a line (section 6.1): nothing in it means anything, so it is what names and ids are written
/// with. Not for the cell of a table, where a `|` would end the cell; an empty text is a blank.
[[nodiscard]] inline std::string markdown_code(std::string_view text) {
    std::string const shown = visible(text, line_ends::show);
    if (shown.find_first_not_of(' ') == std::string::npos) return "`" + (shown.empty() ? " " : shown) + "`";
    auto const fence = detail::fence_for(shown, 1);
    auto const is_edge = [](char c) { return c == ' ' || c == '`'; };
    std::string const pad = is_edge(shown.front()) || is_edge(shown.back()) ? " " : "";
    return fence + pad + shown + pad + fence;
}

/// The text as a block of code with its lines (section 4.5), at the beginning of a line. The fence is longer than any
/// run of backticks in the text, so nothing in it is the end. It ends with a line end.
[[nodiscard]] inline std::string markdown_code_block(std::string_view text) {
    std::string const shown = visible(text);
    auto const fence = detail::fence_for(shown, 3);
    return fence + "text\n" + shown + (shown.empty() || shown.back() != '\n' ? "\n" : "") + fence + "\n";
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_MARKDOWN_HPP
