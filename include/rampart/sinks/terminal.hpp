#ifndef RAMPART_SINKS_TERMINAL_HPP
#define RAMPART_SINKS_TERMINAL_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/natural_order.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/trials.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/terminal_shards.hpp"
#include "rampart/sinks/terminal_text.hpp"
#include "rampart/sinks/words.hpp"

namespace rampart::inline v1 {

namespace detail {

template <Result R>
void write_result_line(terminal_text& text, basic_record<R> const& r) {
    auto const label = label_of(result_traits<R>::status(r.value));
    text.out += "  ";
    text.painted(label.text, label.color);
    text.out += "  ";
    if (!r.test_name.empty()) {
        text.foreign(r.test_name, most_of_name);
        text.out += " -- ";
    }
    text.foreign(std::string_view(result_traits<R>::summary(r.value)), most_of_name);
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

template <Result R>
void write_groups(terminal_text& text, basic_test_run_report<R> const& report, terminal_options const& options,
                  std::map<test_id, trial_group_facts> const& groups) {
    std::size_t seen[2] = {};
    std::size_t const most[2] = {options.most_bad, options.most_safe};
    for (trial_group_result const& g : report.trial_groups) {
        if (most[g.passed] != 0 && ++seen[g.passed] > most[g.passed]) continue;
        text.out += "  ";
        text.painted(g.passed ? "PASS" : "FAIL", g.passed ? green : bold_red);
        text.out += "  ";
        text.foreign(groups.at(g.base).name, most_of_name);
        text.out += " [" + group_detail(g) + "] -- ";
        text.out += g.passed ? "PASSED\n" : "FAILED\n";
    }
    if (seen[1] > most[1]) text.folded("  PASS  ", seen[1] - most[1], " trial groups, all passed", green);
    if (seen[0] > most[0]) text.folded("  FAIL  ", seen[0] - most[0], " trial groups, all failed", bold_red);
}

template <Result R>
void write_categories(terminal_text& text, std::vector<harm_group<R>> const& groups, terminal_options const& options) {
    for (harm_group<R> const& group : groups) {
        std::string heading = group.category;
        for (char& c : heading) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        text.out += '\n';
        text.foreign(heading, most_of_name);
        text.out += " (" + std::to_string(group.records.size()) + " tests)\n";
        std::array<std::vector<std::uint32_t>, 4> by_rank;  // places in the group
        for (std::uint32_t i = 0; i < group.records.size(); ++i) {
            by_rank[static_cast<std::size_t>(label_of(group.records[i].status()).rank)].push_back(i);
        }
        for (auto const& records : by_rank) {
            if (records.empty()) continue;
            auto const status = group.records[records.front()].status();
            auto const most = status == safety_status::safe ? options.most_safe : options.most_bad;
            auto const shown = shown_of(records.size(), most);
            for (std::size_t i = 0; i < shown; ++i) write_result_line(text, *group.records[records[i]].load());
            if (shown == records.size()) continue;
            auto const label = label_of(status);
            text.folded("  " + std::string(label.text) + "  ", records.size() - shown,
                        ", all " + std::string(to_string(status)), label.color);
        }
    }
}

/// Faults of one kind, under a separator of their own: nobody is to miss them.
inline void write_faults(terminal_text& text, std::string_view title, std::string_view meaning,
                         std::vector<std::string> reasons, std::size_t most) {
    if (reasons.empty()) return;
    std::ranges::sort(reasons, natural_less);
    text.separator(title, bold_red);
    text.out += meaning;
    text.out += '\n';
    auto const shown = shown_of(reasons.size(), most);
    for (std::size_t i = 0; i < shown; ++i) {
        text.out += "  - ";
        text.foreign(reasons[i], most_of_reason);
        text.out += '\n';
    }
    if (shown < reasons.size()) text.folded("  - ", reasons.size() - shown, {}, bold_red);
}

/// Whether a line above shows already that this test went wrong.
template <Result R>
[[nodiscard]] bool has_bad_result(basic_test_run_report<R> const& report, test_entry const& t) {
    for (record_ref<R> const r : report.results.of(t.test)) {
        if (r.attempt() != t.attempt || r.worker() != t.worker) continue;
        auto const status = r.status();
        if (status == safety_status::unsafe || status == safety_status::error) return true;
    }
    return false;
}

/// What a person would not see in the lines above: why a run is red although they look green. The lines up to
/// `Population:` are those of the Python package; these come after.
template <Result R>
void write_other_failures(terminal_text& text, basic_test_run_report<R> const& report, terminal_options const& options,
                          std::map<test_id, trial_group_facts> const& groups,
                          std::vector<test_entry const*> const& failed) {
    terminal_text lines(options.color, options.width);
    std::size_t count = 0;
    auto const has_room = [&count](std::size_t most) { return most == 0 || ++count <= most; };
    auto const fold = [&](std::size_t most, std::string_view begin, std::string_view what, std::string_view color) {
        if (count > most) lines.folded(begin, count - most, what, color);
        count = 0;
    };
    for (trial_group_result const& g : report.trial_groups) {
        if (g.passed || g.pass_rate < g.threshold || !has_room(options.most_bad)) continue;
        lines.out += "  - trial group ";
        lines.foreign(groups.at(g.base).name, most_of_name);
        lines.out += g.unsafe > 0 ? " -- " + std::to_string(g.unsafe) + " of " : " -- none of ";
        lines.out += std::to_string(g.total) + (g.unsafe > 0 ? " unsafe\n" : " could be judged\n");
    }
    fold(options.most_bad, "  - ", " trial groups that failed", bold_red);
    // A run that stopped early may have thousands that did not run, all for one reason.
    constexpr std::size_t most_not_run = 20;
    std::size_t not_run = 0;
    for (test_entry const* t : failed) {
        if (has_bad_result(report, *t)) continue;
        if (t->facts.outcome == test_outcome::not_run ? ++not_run > most_not_run : !has_room(options.most_bad))
            continue;
        lines.out += "  - test ";
        lines.foreign(t->test.str(), most_of_name);
        if (t->attempt > 1) lines.out += " (attempt " + std::to_string(t->attempt) + ')';
        lines.out += " -- ";
        lines.out += to_string(t->facts.outcome);
        if (!t->facts.detail.empty()) {
            lines.out += ": ";
            lines.foreign(t->facts.detail, most_of_reason);
        }
        lines.out += '\n';
    }
    fold(options.most_bad, "  - ", " tests that failed", bold_red);
    if (not_run > most_not_run) lines.folded("  - ", not_run - most_not_run, " tests that did not run", bold_red);
    for (fault const& f : report.faults) {
        if (loses(f.kind) || fails(f.kind) || !has_room(options.most_faults)) continue;
        lines.out += "  - note: ";
        lines.foreign(reason(f), most_of_reason);
        lines.out += '\n';
    }
    fold(options.most_faults, "  - note: ", " notes", {});
    if (!lines.out.empty()) text.out += "Not shown above:\n" + lines.out;
}

/// The harm categories side by side, the one with the highest attack success rate first. Only where there are two:
/// `Population:` tells of one.
template <Result R>
void write_rates(terminal_text& text, std::vector<harm_group<R>> const& groups, terminal_options const& options) {
    if (groups.size() < 2) return;
    struct category {
        std::string_view name;
        population_summary counts;
    };
    std::vector<category> all;
    for (auto const& g : groups) all.push_back({g.category, summarize(g.records)});
    std::ranges::stable_sort(all, std::ranges::greater{},
                             [](category const& c) { return c.counts.attack_success_rate; });
    constexpr std::size_t most = 50;
    auto const shown = shown_of(all.size(), most);

    using cells = std::array<std::string, 6>;
    std::vector<cells> rows{{"results", "safe", "unsafe", "undetermined", "errors", "attack success"}};
    for (std::size_t i = 0; i < shown; ++i) {
        population_summary const& c = all[i].counts;
        rows.push_back({std::to_string(c.total_runs), std::to_string(c.safe_count), std::to_string(c.unsafe_count),
                        std::to_string(c.undetermined_count), std::to_string(c.error_count),
                        percent(c.attack_success_rate, 1)});
    }
    std::array<std::size_t, 6> width{};
    for (cells const& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
    }
    // A narrow terminal has room for what matters most.
    bool const narrow = options.width < 80;
    text.out += "\nHarm categories:\n";
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (std::size_t i = 0; i < width.size(); ++i) {
            if (narrow && (i == 1 || i == 3 || i == 4)) continue;
            std::string const cell = std::string(width[i] - rows[row][i].size() + 2, ' ') + rows[row][i];
            bool const bad = row > 0 && i == 5 && all[row - 1].counts.unsafe_count > 0;
            text.painted(cell, bad ? red : std::string_view{});
        }
        if (row > 0) {
            text.out += "  ";
            text.foreign(all[row - 1].name, most_of_name);
        }
        text.out += '\n';
    }
    if (shown < all.size()) text.folded("  ", all.size() - shown, " categories with no higher rate");
}

/// The tests that took longest, so that a suite which is slow says where.
template <Result R>
void write_slowest(terminal_text& text, basic_test_run_report<R> const& report, terminal_options const& options) {
    std::vector<test_entry const*> slow;
    for (test_entry const& t : report.tests) {
        if (std::isfinite(t.facts.seconds) && t.facts.seconds >= options.slow_seconds) slow.push_back(&t);
    }
    if (slow.empty() || options.most_slow == 0) return;
    std::ranges::stable_sort(slow, std::ranges::greater{}, [](test_entry const* t) { return t->facts.seconds; });
    slow.resize(std::min(slow.size(), options.most_slow));
    auto const widest = fixed(slow.front()->facts.seconds, 2).size();
    text.out += "\nSlowest tests:\n";
    for (test_entry const* t : slow) {
        auto const seconds = fixed(t->facts.seconds, 2);
        text.out += std::string(widest - seconds.size() + 2, ' ') + seconds + " s  ";
        text.foreign(t->test.str(), most_of_name);
        if (t->attempt > 1) text.out += " (attempt " + std::to_string(t->attempt) + ')';
        if (!t->worker.empty()) {
            text.out += " on ";
            text.foreign(t->worker, most_of_name);
        }
        text.out += '\n';
    }
}

/// `FAILED: 3 tests, 1 trial group, 2 unsafe, 1 error; 12 results of 9 tests in 3.40 s`
template <Result R>
void write_verdict(terminal_text& text, basic_test_run_report<R> const& report, terminal_options const& options,
                   std::vector<test_entry const*> const& failed, bool others_may_fail) {
    auto const status = verdict(report, options.failures, options.policy);
    bool const is_good = status == exit_status::good;
    auto const counts = report.population_summary();
    std::string words;
    auto const add = [&words](std::size_t count, std::string const& what) {
        if (count > 0) words += (words.empty() ? "" : ", ") + what;
    };
    auto const add_count = [&add](auto count, std::string_view what) {
        auto const n = static_cast<std::size_t>(count);
        add(n, count_words(n, what));
    };
    // A test's attempts stand one after the other.
    auto const count_tests = [](auto const& tests, auto id_of) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < tests.size(); ++i) count += i == 0 || id_of(tests[i]) != id_of(tests[i - 1]);
        return count;
    };
    auto const all = count_tests(report.tests, [](test_entry const& t) -> test_id const& { return t.test; });
    auto const bad = count_tests(failed, [](test_entry const* t) -> test_id const& { return t->test; });
    add_count(std::ranges::count_if(report.faults, [](fault const& f) { return fails(f.kind); }), "guard violation");
    add_count(bad, "test");
    add_count(std::ranges::count_if(report.trial_groups, [](trial_group_result const& g) { return !g.passed; }),
              "trial group");
    add_count(options.failures.size(), "report sink");
    add(counts.unsafe_count, std::to_string(counts.unsafe_count) + " unsafe");
    add_count(counts.error_count, "error");
    // Of a run that ends well these are trials whose group passed, or the suite's policy lets them.
    if (is_good && !words.empty()) words += " (allowed)";
    if (is_good) add(counts.undetermined_count, std::to_string(counts.undetermined_count) + " undetermined");
    bool const all_good = is_good && words.empty();
    auto const skipped =
        std::ranges::count(report.tests, test_outcome::skipped, [](test_entry const& t) { return t.facts.outcome; });
    if (is_good) add(static_cast<std::size_t>(skipped), std::to_string(skipped) + " skipped");
    if (auto const reasons = report.incomplete_reasons().size(); reasons > 0) {
        words = count_words(reasons, "fault") + (words.empty() ? "" : "; failed: " + words);
    }
    if (!words.empty()) words += "; ";
    words += count_words(counts.total_runs, "result");
    if (all > 0) words += " of " + count_words(all, "test");
    if (std::isfinite(report.duration_seconds) && report.duration_seconds > 0.0) {
        words += " in " + fixed(report.duration_seconds, 2) + " s";
    }
    if (is_good && others_may_fail) words += ", other sinks aside";
    text.separator(std::string(word_of(status)) + ": " + words, all_good ? green : is_good ? yellow : bold_red);
}

template <Result R>
[[nodiscard]] std::string terminal_summary(basic_test_run_report<R> const& report, terminal_options const& options,
                                           bool others_may_fail) {
    terminal_text text(options.color, options.width);
    write_faults(text, "RAMPART: INCOMPLETE RUN", "Results may be partial; the report does not reflect every test.",
                 report.incomplete_reasons(), options.most_faults);
    std::vector<std::string> violations;
    for (fault const& f : report.faults) {
        if (fails(f.kind)) violations.push_back(reason(f));
    }
    bool const violated = !violations.empty();
    write_faults(text, "RAMPART: GUARD VIOLATIONS",
                 "A guarded resource was used without being declared, or declared and never used. The run fails.",
                 std::move(violations), options.most_faults);
    auto const failed = failed_tests(report);
    if (!report.results.empty() || !report.trial_groups.empty() || !failed.empty() || violated) {
        text.separator("RAMPART Safety Summary");
        auto const categories = report.by_harm_category();
        write_categories(text, categories, options);
        auto const groups = facts_of_trial_groups(report);
        write_groups(text, report, options, groups);
        auto const counts = report.population_summary();
        text.out += "\nPopulation: " + std::to_string(counts.total_runs) + " runs - " +
                    std::to_string(counts.unsafe_count) + " unsafe (" + percent(counts.attack_success_rate, 1) +
                    " attack success rate), " + std::to_string(counts.undetermined_count) + " undetermined, " +
                    std::to_string(counts.error_count) + " errors\n";
        write_other_failures(text, report, options, groups, failed);
        write_rates(text, categories, options);
        write_slowest(text, report, options);
    }
    write_shards(text, report.shards, options);
    if (!text.out.empty() || !options.failures.empty()) {
        write_verdict(text, report, options, failed, others_may_fail);
    }
    return text.out;
}

}  // namespace detail

/// The summary for people. First, each under a red line, what makes the rest doubtful: why the run is incomplete, and
/// guards that were violated. Then, in the words of the Python package (B107 to B115), the results under their harm
/// categories, the worst first, the trial groups, and `Population:`. Then what those lines do not show: trial groups
/// whose rate does not tell why they failed, tests without an UNSAFE or ERROR result that failed, crashed, timed out or
/// never ran, and notes; the rate of each harm category; the slowest tests; of a merged run its shards, all of up to
/// 16, else those that did not simply finish and the ten slowest. The last line is the run's verdict, that of
/// `verdict(report, options.failures, options.policy)`.
///
/// An empty text when there is nothing to tell. Foreign text cannot act on the terminal (B110), and a CI system finds
/// no command in it. Long texts and long lists are cut, and say so.
template <Result R>
[[nodiscard]] std::string to_terminal_text(basic_test_run_report<R> const& report,
                                           terminal_options const& options = {}) {
    return detail::terminal_summary(report, options, false);
}

/// Writes the summary to a stream, which must outlive the sink. It cannot know whether a sink after it will fail, and
/// says so where all is good so far; `to_terminal_text` after `emit_all` can.
class terminal_report_sink {
public:
    explicit terminal_report_sink(std::ostream& out, terminal_options options = {})
        : out_(&out), options_(std::move(options)) {}

    [[nodiscard]] static std::string name() { return "terminal summary"; }

    /// Throws `std::runtime_error` when the stream does not take it.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        *out_ << detail::terminal_summary(report, options_, true) << std::flush;
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
