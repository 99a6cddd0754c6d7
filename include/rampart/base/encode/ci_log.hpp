#ifndef RAMPART_BASE_ENCODE_CI_LOG_HPP
#define RAMPART_BASE_ENCODE_CI_LOG_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/encode/visible.hpp"

/// \file
/// Foreign text in what a CI system reads: its log, and its commands.
///
/// Systems that read commands from the log: GitHub (`::name::` at a line's start, blanks before it do not matter, and
/// `##[name]` anywhere in a line; actions/runner, ActionCommand.cs), Azure Pipelines (`##vso[`, `##[`), TeamCity
/// (`##teamcity[`), CTest (`<CTestMeasurement`, `<DartMeasurement` and others of the same beginning, anywhere in a
/// test's output). GitLab's and Travis's need a CR or ESC, which never get out.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] constexpr bool begins_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    if (text.size() < lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
        char const c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
    }
    return true;
}

/// What stands in a log in place of the character at this place, so that no command begins or ends with it; empty:
/// itself. It also holds when something of rampart's own stands before or behind the text.
[[nodiscard]] constexpr std::string_view ci_safe(std::string_view text, std::size_t at) noexcept {
    char const c = text[at];
    if (c == '#') {
        bool const follows = at == 0 || text[at - 1] == '#' || text[at - 1] == '\n';
        return follows ? std::string_view("\\x23") : std::string_view{};
    }
    if (c == ':') {
        // The runner cuts off every blank that Unicode knows; whatever is not ASCII counts as one here.
        while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || byte_at(text, at - 1) >= 0x80)) --at;
        return at == 0 || text[at - 1] == '\n' ? std::string_view("\\x3a") : std::string_view{};
    }
    if (c == '<') {
        auto rest = text.substr(at + 1);
        if (rest.substr(0, 1) == "/") rest.remove_prefix(1);
        bool const opens =
            rest.empty() || begins_with_ignoring_case(rest, "ctest") || begins_with_ignoring_case(rest, "dart");
        return opens ? std::string_view("\\x3c") : std::string_view{};
    }
    return {};
}

/// What `ci_safe` may replace.
struct ci_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return (byte == '#') | (byte == ':') | (byte == '<');
    }
};
struct github_special {
    static constexpr bool line_ends = true;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return ci_special{}(byte) | (byte == '%') | (byte == ',');
    }
};

/// How the runner takes a command apart again: `%` and line ends in what it says, in a property `:` and `,` too.
[[nodiscard]] inline std::string github_encode(std::string_view text, line_ends lines, bool is_property) {
    return encode(text, lines, github_special{}, [text, is_property](char c, std::size_t at) -> std::string_view {
        if (c == '%') return "%25";
        if (c == '\n') return "%0A";
        auto const safe = ci_safe(text, at);
        if (!safe.empty() || !is_property) return safe;
        return c == ':' ? "%3A" : c == ',' ? "%2C" : "";
    });
}

}  // namespace detail

/// A line of a log in which no CI system finds a command, see above; what would make one is visible text: `#\x23[`.
/// Always one line, like `one_line`.
[[nodiscard]] inline std::string ci_log_text(std::string_view text) {
    return detail::encode(text, line_ends::show, detail::ci_special{},
                          [text](char, std::size_t at) { return detail::ci_safe(text, at); });
}

/// What a workflow command of GitHub says, after the second `::` (actions/toolkit, command.ts, escapeData). Line ends
/// are kept, as `%0A`; what the system would find in the log is visible text here too.
[[nodiscard]] inline std::string github_data(std::string_view text) {
    return detail::github_encode(text, line_ends::keep, false);
}

/// The value of a workflow command's property, such as `title=` (actions/toolkit, command.ts, escapeProperty). One
/// line.
[[nodiscard]] inline std::string github_property(std::string_view text) {
    return detail::github_encode(text, line_ends::show, true);
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_CI_LOG_HPP
