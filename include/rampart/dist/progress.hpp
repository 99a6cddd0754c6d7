#ifndef RAMPART_DIST_PROGRESS_HPP
#define RAMPART_DIST_PROGRESS_HPP

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/core/status.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/observer.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/record.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/// \file
/// What the person who started the run sees of it while it goes on, on stderr.

namespace rampart::inline v1::dist {

/// A test in flight.
struct running_test {
    std::string worker{};
    test_id test{};
    double since = 0.0;  ///< seconds, by the clock of whoever calls `note`
};

/// What is known of a run in numbers. `note` keeps it.
struct progress_state {
    std::size_t tests = 0;  ///< accounts that the run is to end with; with `each` a test has one per worker
    std::size_t workers = 0;
    std::size_t done = 0;                     ///< tests that are accounted for, those that will not run among them
    std::array<std::size_t, 7> by_outcome{};  ///< by `test_outcome`; a failed trial is not here: its group decides
    std::size_t unsafe = 0;                   ///< results
    std::size_t errors = 0;
    std::vector<running_test> running{};  ///< longest first
    double began = -1.0;                  ///< when the first test started; negative: none did

    /// How many tests ended so.
    [[nodiscard]] std::size_t of(test_outcome o) const noexcept { return by_outcome[static_cast<std::size_t>(o)]; }
};

/// Takes a notice in. `now`: seconds by any steady clock.
inline void note(progress_state& s, any_notice const& news, double now) {
    auto const ends = [&s](std::string const& worker) {
        std::erase_if(s.running, [&worker](running_test const& t) { return t.worker == worker; });
    };
    if (auto const* const run = std::get_if<notice::run_started>(&news)) {
        s = {};
        s.workers = run->workers;
        s.tests = run->tests;
    } else if (auto const* const start = std::get_if<notice::test_started>(&news)) {
        ends(start->worker);
        s.running.push_back({start->worker, start->test, now});
        if (s.began < 0.0) s.began = now;
    } else if (auto const* const r = std::get_if<notice::result_recorded>(&news)) {
        if (r->status == safety_status::unsafe) ++s.unsafe;
        if (r->status == safety_status::error) ++s.errors;
    } else if (auto const* const end = std::get_if<notice::test_ended>(&news)) {
        if (!end->worker.empty() || s.workers == 0) ends(end->worker);
        if (!end->again) ++s.done;
        if (!end->is_trial || end->outcome != test_outcome::failed) {
            ++s.by_outcome[static_cast<std::size_t>(end->outcome)];
        }
    } else if (auto const* const gone = std::get_if<notice::worker_ended>(&news)) {
        ends(gone->worker);
    }
}

namespace detail {

using namespace rampart::detail;  // utf8_part_at

/// With so many decimals, and a dot whatever the locale.
[[nodiscard]] inline std::string fixed_number(double x, int decimals) {
    char text[400];
    auto const made = std::to_chars(text, text + sizeof text, x, std::chars_format::fixed, decimals);
    return {text, made.ptr};
}

/// `0:41`, `12:05`, `1:02:03`
[[nodiscard]] inline std::string clock_text(double seconds) {
    if (!(seconds < 360000.0)) return "100 h or more";
    auto const all = static_cast<long>(std::ceil(std::max(seconds, 0.0)));
    auto const two = [](long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    if (all < 3600) return std::to_string(all / 60) + ':' + two(all % 60);
    return std::to_string(all / 3600) + ':' + two(all / 60 % 60) + ':' + two(all % 60);
}

[[nodiscard]] inline std::string rate_text(double per_second) {
    if (per_second < 0.1) return fixed_number(per_second * 60, 1) + "/min";
    return fixed_number(per_second, per_second < 100.0 ? 1 : 0) + "/s";
}

/// Columns that a terminal gives a code point. Only what is wide for sure is told apart: a line that comes out too
/// short does no harm, one that wraps does.
[[nodiscard]] constexpr std::size_t columns_of(char32_t c) noexcept {
    bool const wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                      (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                      (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x2600 && c <= 0x27BF) || c >= 0x1F000;
    return wide ? 2 : 1;
}

/// As much of a line as so many columns hold.
[[nodiscard]] inline std::string_view cut_to_columns(std::string_view line, std::size_t columns) noexcept {
    std::size_t at = 0;
    for (std::size_t used = 0; at < line.size();) {
        auto const part = utf8_part_at(line, at);
        used += columns_of(part.code);
        if (used > columns) break;
        at += part.size;
    }
    return line.substr(0, at);
}

/// What stands in place of the character at this place, so that a CI system finds no command in a line that nothing of
/// ours follows; empty: itself. (`ci_log_text` cannot know what follows, and is stricter.)
[[nodiscard]] inline std::string_view ci_safe_in_line(std::string_view line, std::size_t at) noexcept {
    auto const rest = line.substr(at);
    if (rest.front() == '#') {
        bool const begins = rest.starts_with("##[") || begins_with_ignoring_case(rest, "##vso[") ||
                            begins_with_ignoring_case(rest, "##teamcity[");
        return begins ? "\\x23" : "";
    }
    if (rest.front() == ':' && !rest.starts_with("::")) return {};
    return ci_safe(line, at);
}

/// Foreign text over several lines; nothing in it acts on a terminal or on the CI system whose log this is. Ends with
/// the end of a line, or is empty.
[[nodiscard]] inline std::string shown_lines(std::string_view foreign) {
    std::string_view text = foreign;
    std::string out;
    while (!text.empty()) {
        auto const end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        // A TAB only moves on.
        out += rampart::detail::encode(line, line_ends::keep, rampart::detail::ci_special{},
                                       [line](char, std::size_t at) { return ci_safe_in_line(line, at); });
        out += '\n';
    }
    return out;
}

[[nodiscard]] inline std::string_view word_of(test_outcome o) noexcept {
    return o == test_outcome::timeout ? "timed out" : o == test_outcome::not_run ? "not run" : to_string(o);
}

}  // namespace detail

/// `[3/20] passed mail.cpp::a (0.02 s, 1 result) gw0`, without an end of line: a test that has ended, after `note` took
/// it in.
[[nodiscard]] inline std::string progress_line(progress_state const& s, notice::test_ended const& t) {
    auto text = '[' + std::to_string(s.done) + '/' + std::to_string(s.tests) + "] ";
    std::string outcome{to_string(t.outcome)};
    outcome.resize(std::max<std::size_t>(outcome.size(), 6), ' ');
    text += outcome + ' ' + ci_log_text(t.test.str()) + " (" + detail::fixed_number(t.seconds, 2) + " s, " +
            std::to_string(t.results) + (t.results == 1 ? " result)" : " results)");
    if (!t.worker.empty()) text += ' ' + ci_log_text(t.worker);
    if (t.attempt != 1) text += ", attempt " + std::to_string(t.attempt);
    if (t.again) text += ", to be run again";
    return text;
}

/// The bar's line: how far the run is, what is wrong so far, how long it will take, and the tests that run longest. At
/// most `width` columns.
[[nodiscard]] inline std::string progress_bar_text(progress_state const& s, std::size_t width, double now) {
    std::string text;
    if (width >= 60) {
        constexpr std::size_t cells = 12;
        std::size_t const full = s.tests == 0 ? 0 : std::min(s.done, s.tests) * cells / s.tests;
        text = '[' + std::string(full, '#') + std::string(cells - full, '.') + "] ";
    }
    text += std::to_string(s.done) + '/' + std::to_string(s.tests);
    auto const add = [&text](std::size_t n, std::string_view what) {
        if (n > 0) text += ", " + std::to_string(n) + ' ' + std::string(what);
    };
    add(s.unsafe, "unsafe");
    add(s.errors, s.errors == 1 ? "error" : "errors");
    for (auto const o : {test_outcome::failed, test_outcome::crashed, test_outcome::timeout, test_outcome::not_run}) {
        add(s.of(o), detail::word_of(o));
    }
    if (s.began < 0.0) {
        if (s.done < s.tests) text += ", workers are starting";
        return std::string(detail::cut_to_columns(text, width));
    }
    double const seconds = now - s.began;
    std::size_t const ran = s.done - std::min(s.done, s.of(test_outcome::not_run));
    if (ran > 0 && seconds > 0.0) {
        double const rate = static_cast<double>(ran) / seconds;
        text += ", " + detail::rate_text(rate);
        if (s.done < s.tests) text += ", " + detail::clock_text(static_cast<double>(s.tests - s.done) / rate) + " left";
    }
    // What is over in a moment cannot be read.
    constexpr double long_enough = 1.0;
    constexpr std::size_t most = 3;
    std::size_t shown = 0;
    for (running_test const& t : s.running) {
        double const so_far = now - t.since;
        if (so_far < long_enough || shown == most) break;
        text += shown++ == 0 ? " | " : ", ";
        text += clip(ci_log_text(t.test.str()), 60) + ' ' + detail::clock_text(std::floor(so_far));
        if (!t.worker.empty()) text += ' ' + ci_log_text(t.worker);
    }
    return std::string(detail::cut_to_columns(text, width));
}

/// What a person is shown of a test that failed, crashed or ran out of time: a line with all that is known of it, and
/// below it what it printed. Empty for other outcomes.
[[nodiscard]] inline std::string failure_text(notice::test_ended const& t) {
    if (t.outcome != test_outcome::failed && t.outcome != test_outcome::crashed && t.outcome != test_outcome::timeout) {
        return {};
    }
    auto text = "rampart: " + ci_log_text(t.test.str()) + ' ' + std::string(detail::word_of(t.outcome));
    if (!t.worker.empty()) text += " on " + ci_log_text(t.worker);
    text += " (" + detail::fixed_number(t.seconds, 2) + " s";
    if (t.attempt != 1) text += ", attempt " + std::to_string(t.attempt);
    text += t.is_trial ? ", a trial)" : ")";
    if (t.again) text += ", to be run again";
    if (t.detail.empty()) {
        text += '\n';
    } else {
        text += ": " + detail::shown_lines(t.detail);
    }
    return text + detail::shown_lines(t.output);
}

/// Whether a bar can be drawn there: a terminal that understands `erase to the end of the line`.
[[nodiscard]] inline bool can_redraw(int descriptor) noexcept {
    char const* const kind = std::getenv("TERM");
    return ::isatty(descriptor) != 0 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

/// How a run is shown. What went wrong is, whatever the form.
enum class progress_form : unsigned char {
    none,
    lines,  ///< a line for each test that has ended
    bar,    ///< one line, drawn again and again; for terminals
};

/// An observer that shows a run: its progress, what failing tests printed, remarks, and what went missing. It owns the
/// terminal while the run lasts: others print through `print`. A terminal that is gone does not disturb the run.
class progress_display {
public:
    /// `clock` gives seconds; without one it is the steady clock.
    explicit progress_display(progress_form form, int descriptor = STDERR_FILENO, std::function<double()> clock = {})
        : form_(form), descriptor_(descriptor), clock_(std::move(clock)) {}
    progress_display(progress_display&&) noexcept = default;
    progress_display& operator=(progress_display&&) noexcept = default;
    ~progress_display() { clear(); }

    [[nodiscard]] std::string name() const { return "progress"; }
    /// How far the run is.
    [[nodiscard]] progress_state const& state() const noexcept { return state_; }

    template <class Notice>
        requires std::constructible_from<any_notice, Notice const&>
    void on(Notice const& news) {
        double const now = time();
        note(state_, news, now);
        if constexpr (std::same_as<Notice, notice::test_ended>) {
            // Thousands of tests may not run for one reason, and that is told.
            bool const has_line = form_ == progress_form::lines && news.outcome != test_outcome::not_run;
            write_above((has_line ? progress_line(state_, news) + '\n' : std::string()) + failure_text(news), now);
        } else if constexpr (std::same_as<Notice, notice::remark>) {
            write_above("rampart: " + detail::shown_lines(news.words), now);
        } else if constexpr (std::same_as<Notice, notice::fault_left>) {
            write_above((loses(news.what.kind)   ? "rampart: incomplete: "
                         : fails(news.what.kind) ? "rampart: failure: "
                                                 : "rampart: note: ") +
                            detail::shown_lines(reason(news.what)),
                        now);
        } else if constexpr (std::same_as<Notice, notice::run_ended>) {
            clear();
        }
        if constexpr (!std::same_as<Notice, notice::run_ended>) draw_if_due(now);
    }

    /// Draws the bar again when it is time to, so that its seconds go on while no test ends. To be called a few times a
    /// second.
    void tick() { draw_if_due(time()); }

    /// Prints lines of somebody's own, above the bar. The text is printed as it is.
    void print(std::string_view text) { write_above(std::string(text), time()); }

    /// Takes the bar off. It comes back with the next notice or tick.
    void clear() {
        if (!std::exchange(drawn_.text, {}).empty()) put(erase);
    }

private:
    /// What stands in the terminal's last line; empty: no bar. Who was moved from has none.
    struct bar_line {
        bar_line() = default;
        bar_line(bar_line&& other) noexcept : text(std::exchange(other.text, {})) {}
        bar_line& operator=(bar_line&& other) noexcept {
            text = std::exchange(other.text, {});
            return *this;
        }
        ~bar_line() = default;
        std::string text{};
    };
    static constexpr std::string_view erase = "\r\x1b[K";
    static constexpr double between_draws = 0.1;

    double time() const {
        if (clock_) return clock_();
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    void draw_if_due(double now) {
        if (form_ != progress_form::bar || is_gone_ || state_.tests == 0) return;
        if (!drawn_.text.empty() && now - drawn_at_ < between_draws) return;
        auto text = progress_bar_text(state_, width(), now);
        drawn_at_ = now;
        if (text == drawn_.text) return;
        drawn_.text = std::move(text);
        put(bar());
    }
    /// The terminal must not wrap a line whose columns it counts in another way.
    std::string bar() const { return "\r\x1b[?7l" + drawn_.text + "\x1b[K\x1b[?7h"; }

    void write_above(std::string text, double now) {
        if (text.empty()) return;
        if (!text.ends_with('\n')) text += '\n';
        if (drawn_.text.empty()) return put(text);
        drawn_.text = progress_bar_text(state_, width(), now);
        drawn_at_ = now;
        put(std::string(erase) + text + bar());
    }

    std::size_t width() const noexcept {
        ::winsize size{};
        bool const known = ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
        return known ? size.ws_col - 1U : 79U;  // some terminals wrap as soon as the last column is used
    }

    void put(std::string_view bytes) {
        while (!bytes.empty() && !is_gone_) {
            ::ssize_t const written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(written));
            } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                // Somebody made it not block. It has a while to go on.
                ::pollfd ask{.fd = descriptor_, .events = POLLOUT, .revents = 0};
                if (::poll(&ask, 1, 2000) == 0) is_gone_ = true;
            } else if (written == 0 || errno != EINTR) {
                is_gone_ = true;
            }
        }
    }

    progress_form form_;
    int descriptor_;
    std::function<double()> clock_;
    progress_state state_{};
    bar_line drawn_{};
    double drawn_at_ = 0.0;
    bool is_gone_ = false;
};

static_assert(Observer<progress_display>);

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_PROGRESS_HPP
