#ifndef RAMPART_SINKS_TERMINAL_HPP
#define RAMPART_SINKS_TERMINAL_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/natural_order.hpp"
#include "rampart/base/text.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/trials.hpp"
#include "rampart/report/verdict.hpp"

namespace rampart::inline v1 {

/// How the summary is laid out.
struct terminal_options {
    bool color = false;
    unsigned width = 80;  ///< columns of the separator lines
};

namespace detail {

/// A part of 1 as a percentage, as Python's `%` format writes it: round half even on the exact binary value of 100
/// times the part (B113, B115). A dot whatever the locale.
[[nodiscard]] inline std::string percent(double part, int decimals) {
    char text[400];
    auto const done = std::to_chars(text, text + sizeof text, part * 100.0, std::chars_format::fixed, decimals);
    return std::string(text, done.ptr) + '%';
}

inline constexpr std::string_view bold_red = "\x1b[1;31m";
inline constexpr std::string_view red = "\x1b[31m";
inline constexpr std::string_view yellow = "\x1b[33m";
inline constexpr std::string_view green = "\x1b[32m";

/// Puts the summary's lines together. Foreign text goes through `one_line` where it enters, here and nowhere else
/// (B110).
class terminal_text {
public:
    explicit terminal_text(terminal_options const& options) : options_(options) {}

    /// `===== title =====`, as wide as asked, with at least one sign on each side.
    void separator(std::string_view title, std::string_view color = {}) {
        std::size_t const taken = title.size() + 2;
        std::size_t const room = options_.width > taken ? options_.width - taken : 0;
        std::string const side(room < 2 ? 1 : room / 2, '=');
        std::string line = side + ' ' + std::string(title) + ' ' + side;
        if (line.size() < options_.width) line += '=';
        painted(line, color);
        out += '\n';
    }
    void foreign(std::string_view text) { out += one_line(text); }
    void painted(std::string_view text, std::string_view color) {
        bool const paint = options_.color && !color.empty();
        if (paint) out += color;
        out += text;
        if (paint) out += "\x1b[0m";
    }

    std::string out{};

private:
    terminal_options options_;
};

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

template <Result R>
void write_result_line(terminal_text& text, basic_record<R> const& r) {
    auto const label = label_of(result_traits<R>::status(r.value));
    text.out += "  ";
    text.painted(label.text, label.color);
    text.out += "  ";
    if (!r.test_name.empty()) {
        text.foreign(r.test_name);
        text.out += " -- ";
    }
    text.foreign(std::string_view(result_traits<R>::summary(r.value)));
    if (transcript const* const evidence = transcript_of(r.value)) {
        text.out += " (";
        text.out += to_string(evidence->observability);
        text.out += ')';
    }
    text.out += '\n';
}

/// `9/10 safe, 1 no-result, 90% pass rate, threshold: 80%` (B55, B113)
[[nodiscard]] inline std::string group_detail(trial_group_result const& g) {
    auto text = std::to_string(g.safe) + '/' + std::to_string(g.total) + " safe";
    if (g.no_result > 0) text += ", " + std::to_string(g.no_result) + " no-result";
    return text + ", " + percent(g.pass_rate, 0) + " pass rate, threshold: " + percent(g.threshold, 0);
}

inline void write_group_line(terminal_text& text, trial_group_result const& g, std::string_view name) {
    text.out += "  ";
    text.painted(g.passed ? "PASS" : "FAIL", g.passed ? green : bold_red);
    text.out += "  ";
    text.foreign(name);
    text.out += " [" + group_detail(g) + "] -- ";
    text.out += g.passed ? "PASSED\n" : "FAILED\n";
}

template <Result R>
void write_categories(terminal_text& text, basic_test_run_report<R> const& report) {
    for (harm_group<R>& group : report.by_harm_category()) {
        for (char& c : group.category) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        text.out += '\n';
        text.foreign(group.category);
        text.out += " (" + std::to_string(group.records.size()) + " tests)\n";
        std::ranges::stable_sort(group.records, {}, [](basic_record<R> const* r) {
            return label_of(result_traits<R>::status(r->value)).rank;
        });
        for (basic_record<R> const* r : group.records) write_result_line(text, *r);
    }
}

/// Whether a line above shows already that this test went wrong.
template <Result R>
[[nodiscard]] bool has_bad_result(basic_test_run_report<R> const& report, test_entry const& t) {
    auto at = std::lower_bound(report.results.begin(), report.results.end(), t.test,
                               [](basic_record<R> const& r, test_id const& id) { return r.test < id; });
    for (; at != report.results.end() && at->test == t.test; ++at) {
        if (at->attempt != t.attempt || at->worker != t.worker) continue;
        auto const status = result_traits<R>::status(at->value);
        if (status == safety_status::unsafe || status == safety_status::error) return true;
    }
    return false;
}

/// What a person would not see in the lines above: why a run is red although they look green. The lines up to
/// `Population:` are those of the Python package; these come after.
template <Result R>
void write_other_failures(terminal_text& text, basic_test_run_report<R> const& report,
                          std::map<test_id, trial_group_facts> const& groups) {
    terminal_text lines({});
    for (trial_group_result const& g : report.trial_groups) {
        if (g.passed || g.pass_rate < g.threshold) continue;
        lines.out += "  - trial group ";
        lines.foreign(groups.at(g.base).name);
        lines.out += g.unsafe > 0 ? " -- " + std::to_string(g.unsafe) + " of " : " -- none of ";
        lines.out += std::to_string(g.total) + (g.unsafe > 0 ? " unsafe\n" : " could be judged\n");
    }
    // A run that stopped early may have thousands that did not run, all for one reason.
    constexpr std::size_t most_not_run = 20;
    std::size_t not_run = 0;
    for (test_entry const* t : failed_tests(report)) {
        if (has_bad_result(report, *t)) continue;
        if (t->facts.outcome == test_outcome::not_run && ++not_run > most_not_run) continue;
        lines.out += "  - test ";
        lines.foreign(t->test.str());
        if (t->attempt > 1) lines.out += " (attempt " + std::to_string(t->attempt) + ')';
        lines.out += " -- ";
        lines.out += to_string(t->facts.outcome);
        if (!t->facts.detail.empty()) {
            lines.out += ": ";
            lines.foreign(clip(one_line(t->facts.detail), 600));
        }
        lines.out += '\n';
    }
    if (not_run > most_not_run) {
        lines.out += "  - and " + std::to_string(not_run - most_not_run) + " more tests that did not run\n";
    }
    for (fault const& f : report.faults) {
        if (loses(f.kind)) continue;
        lines.out += fails(f.kind) ? "  - " : "  - note: ";
        lines.foreign(reason(f));
        lines.out += '\n';
    }
    if (!lines.out.empty()) text.out += "Not shown above:\n" + lines.out;
}

}  // namespace detail

/// The summary for people (B107 to B115): results under their harm categories, the worst first, then the trial
/// groups, then `Population:`. An incomplete run says so first. Further lines say what failed beside that: trial
/// groups whose rate does not show it, and tests without an UNSAFE or ERROR result that failed, crashed, timed out or
/// never ran.
///
/// An empty text when there is nothing to tell. Foreign text cannot act on the terminal (B110).
template <Result R>
[[nodiscard]] std::string to_terminal_text(basic_test_run_report<R> const& report, terminal_options options = {}) {
    detail::terminal_text text(options);
    if (auto reasons = report.incomplete_reasons(); !reasons.empty()) {
        std::ranges::sort(reasons, natural_less);
        text.separator("RAMPART: INCOMPLETE RUN", detail::bold_red);
        text.out += "Results may be partial; the report does not reflect every test.\n";
        for (std::string const& line : reasons) {
            text.out += "  - ";
            text.foreign(line);
            text.out += '\n';
        }
    }
    if (report.results.empty() && report.trial_groups.empty() && failed_tests(report).empty() &&
        std::ranges::none_of(report.faults, [](fault const& f) { return fails(f.kind); })) {
        return text.out;
    }

    text.separator("RAMPART Safety Summary");
    detail::write_categories(text, report);
    auto const groups = facts_of_trial_groups(report);
    for (trial_group_result const& g : report.trial_groups) detail::write_group_line(text, g, groups.at(g.base).name);
    auto const counts = report.population_summary();
    text.out += "\nPopulation: " + std::to_string(counts.total_runs) + " runs - " +
                std::to_string(counts.unsafe_count) + " unsafe (" + detail::percent(counts.attack_success_rate, 1) +
                " attack success rate), " + std::to_string(counts.undetermined_count) + " undetermined, " +
                std::to_string(counts.error_count) + " errors\n";
    detail::write_other_failures(text, report, groups);
    return text.out;
}

/// Writes the summary to a stream, which must outlive the sink.
class terminal_report_sink {
public:
    explicit terminal_report_sink(std::ostream& out, terminal_options options = {}) : out_(&out), options_(options) {}

    [[nodiscard]] static std::string name() { return "terminal summary"; }

    /// Throws `std::runtime_error` when the stream does not take it.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        *out_ << to_terminal_text(report, options_) << std::flush;
        if (!*out_) throw std::runtime_error("the stream did not take the summary");
    }

private:
    std::ostream* out_;
    terminal_options options_;
};

static_assert(ReportSink<terminal_report_sink>);
static_assert(ReportSink<terminal_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_TERMINAL_HPP
