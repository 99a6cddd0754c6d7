#ifndef RAMPART_SINKS_TERMINAL_TEXT_HPP
#define RAMPART_SINKS_TERMINAL_TEXT_HPP

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/core/status.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/words.hpp"

/// \file
/// What the summary for people is written with: its options, colours, separators, lists with an end.

namespace rampart::inline v1 {

/// How the summary is laid out, and what its last line has to know. Where a list is cut, a line says of how many and
/// where they are.
struct terminal_options {
    bool color = false;
    unsigned width = 80;            ///< columns of the separator lines, see `terminal_width`
    std::size_t most_safe = 100;    ///< SAFE results of one harm category, and trial groups that passed; 0: all
    std::size_t most_bad = 1000;    ///< the same for each other status, failed trial groups and failed tests; 0: all
    std::size_t most_faults = 100;  ///< reasons why a run is incomplete, violated guards, notes: of each; 0: all
    std::size_t most_slow = 5;      ///< tests that are named as the slowest; 0: none
    std::size_t most_shards = 50;   ///< of many shards, those that did not simply finish; 0: all
    double slow_seconds = 1.0;      ///< what a test takes at least to be named
    verdict_policy policy{};        ///< that of the exit status, so that the last line says the same
    std::vector<sink_failure> failures{};  ///< sinks that failed already: the run is not good
};

/// Columns of the terminal that a descriptor is: what COLUMNS says, else what the terminal says. `otherwise` where it
/// is no terminal, so that a file looks the same wherever it was written.
[[nodiscard]] inline unsigned terminal_width(int descriptor, unsigned otherwise = 80) {
    if (::isatty(descriptor) == 0) return otherwise;
    if (char const* const columns = std::getenv("COLUMNS")) {
        std::string_view const text(columns);
        unsigned short asked = 0;
        auto const read = std::from_chars(text.data(), text.data() + text.size(), asked);
        if (read.ec == std::errc() && read.ptr == text.data() + text.size() && asked > 0) return asked;
    }
    ::winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

namespace detail {

/// A part of 1 as a percentage, as Python's `%` format writes it: round half even on the exact binary value of 100
/// times the part (B113, B115). A dot whatever the locale.
[[nodiscard]] inline std::string percent(double part, int decimals) {
    char text[400];
    auto const done = std::to_chars(text, text + sizeof text, part * 100.0, std::chars_format::fixed, decimals);
    return std::string(text, done.ptr) + '%';
}

/// `1 error`, `2 errors`
[[nodiscard]] inline std::string count_words(std::size_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

inline constexpr std::string_view bold_red = "\x1b[1;31m";
inline constexpr std::string_view red = "\x1b[31m";
inline constexpr std::string_view yellow = "\x1b[33m";
inline constexpr std::string_view green = "\x1b[32m";

/// Code points of foreign text that are shown at most. A text longer than that says how long it is.
inline constexpr std::size_t most_of_name = 300;
inline constexpr std::size_t most_of_reason = 600;

/// Puts the summary's lines together. Foreign text goes through one encoder where it enters, here and nowhere else
/// (B110): a summary is read by terminals, and by the CI systems in whose logs it stands.
class terminal_text {
public:
    terminal_text(bool color, unsigned width) : color_(color), width_(width) {}

    /// `===== title =====`, as wide as asked, with at least one sign on each side.
    void separator(std::string_view title, std::string_view color = {}) {
        std::size_t const taken = title.size() + 2;
        std::size_t const room = width_ > taken ? width_ - taken : 0;
        std::string const side(room < 2 ? 1 : room / 2, '=');
        std::string line = side + ' ' + std::string(title) + ' ' + side;
        if (line.size() < width_) line += '=';
        painted(line, color);
        out += '\n';
    }
    void foreign(std::string_view text, std::size_t most) { out += ci_log_text(clip_for_report(text, most)); }
    void painted(std::string_view text, std::string_view color) {
        bool const paint = color_ && !color.empty();
        if (paint) out += color;
        out += text;
        if (paint) out += "\x1b[0m";
    }
    /// The last line of a list whose end is left out. `what` says of which kind that is.
    void folded(std::string_view begin, std::size_t count, std::string_view what, std::string_view color = {}) {
        painted(std::string(begin) + "and " + std::to_string(count) + " more" + std::string(what) +
                    " (the JSON report has them)",
                color);
        out += '\n';
    }

    std::string out{};

private:
    bool color_;
    unsigned width_;
};

/// How many of a list are shown where at most so many are; 0: all.
[[nodiscard]] constexpr std::size_t shown_of(std::size_t count, std::size_t most) noexcept {
    return most == 0 || count < most ? count : most;
}

struct status_label {
    int rank;  ///< the worst first (B112)
    std::string_view text;
    std::string_view color;
};

[[nodiscard]] constexpr status_label label_of(safety_status status) noexcept {
    switch (status) {
    case safety_status::unsafe:
        return {0, "FAIL", bold_red};
    case safety_status::error:
        return {1, "ERR ", red};
    case safety_status::undetermined:
        return {2, "WARN", yellow};
    case safety_status::safe:
        break;
    }
    return {3, "PASS", green};
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_TERMINAL_TEXT_HPP
