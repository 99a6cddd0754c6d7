#ifndef RAMPART_SINKS_TEST_CASES_HPP
#define RAMPART_SINKS_TEST_CASES_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "rampart/base/natural_order.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/trials.hpp"
#include "rampart/sinks/words.hpp"

/// \file
/// A report as the formats see it that know test cases only, each with one verdict: a case for each test and attempt,
/// and one for each trial group. All such sinks count the same, because they count these.

namespace rampart::inline v1 {

/// How a case ended, the worst first.
enum class case_verdict : unsigned char {
    unsafe,        ///< an UNSAFE result, or a trial group with one
    crashed,       ///< the test's process died
    timeout,       ///< it took too long
    error,         ///< an ERROR result, or a trial group of which nothing could be judged
    failed,        ///< an assertion failed, or a trial group is below its threshold
    not_run,       ///< planned, and never ran
    undetermined,  ///< nothing worse than an UNDETERMINED result
    skipped,
    passed,
};

/// `not_run`, ...
[[nodiscard]] constexpr std::string_view to_string(case_verdict v) noexcept {
    constexpr std::string_view names[] = {"unsafe",  "crashed",      "timeout", "error", "failed",
                                          "not_run", "undetermined", "skipped", "passed"};
    return names[static_cast<unsigned char>(v)];
}

/// Whether the case makes the run fail; an UNDETERMINED result alone does not, see `verdict`.
[[nodiscard]] constexpr bool is_failure(case_verdict v) noexcept { return v < case_verdict::undetermined; }

/// A case of a report. It points into the report, and lives no longer.
struct report_case {
    test_id const* test = nullptr;  ///< of a group: its base
    std::string name{};             ///< for people, with the attempt and, where it takes that, the worker
    std::uint32_t attempt = 1;
    std::string_view worker{};
    test_entry const* entry = nullptr;          ///< null for a group, and for results of a test that nobody told of
    trial_group_result const* group = nullptr;  ///< null for a test
    std::vector<test_id> clones{};              ///< of a group, in natural order
    bool has_results = true;                    ///< false for the second of two entries that claim one place
    case_verdict verdict = case_verdict::passed;  ///< how it ended
};

namespace detail {

template <class F, Result R>
void give(F& f, record_ref<R> const& r) {
    if constexpr (std::invocable<F&, record_ref<R> const&>) {
        f(r);
    } else {
        f(*r.load());
    }
}

}  // namespace detail

/// Calls `f(record_ref<R>)` for each result of a test, over all its attempts and workers, in report order. An `f` that
/// wants a `basic_record<R> const&` has each read.
template <Result R, class F>
void for_each_result(basic_test_run_report<R> const& report, test_id const& test, F f) {
    for (record_ref<R> const r : report.results.of(test)) detail::give(f, r);
}

/// The same for each result of a case: of a group, for those of its trials, one trial after the other.
template <Result R, class F>
void for_each_result(basic_test_run_report<R> const& report, report_case const& c, F f) {
    if (c.group != nullptr) {
        for (test_id const& clone : c.clones) for_each_result(report, clone, std::ref(f));
    } else if (c.has_results) {
        for_each_result(report, *c.test, [&](record_ref<R> const& r) {
            if (r.attempt() == c.attempt && r.worker() == c.worker) detail::give(f, r);
        });
    }
}

namespace detail {

[[nodiscard]] constexpr std::string_view word_of(case_verdict v) noexcept {
    constexpr std::string_view words[] = {"UNSAFE",  "CRASHED",      "TIMEOUT", "ERROR", "FAILED",
                                          "NOT RUN", "UNDETERMINED", "SKIPPED", "PASSED"};
    return words[static_cast<unsigned char>(v)];
}

[[nodiscard]] constexpr case_verdict verdict_of(trial_group_result const& g) noexcept {
    if (g.passed) return case_verdict::passed;
    if (g.unsafe > 0) return case_verdict::unsafe;
    return g.safe + g.undetermined == 0 ? case_verdict::error : case_verdict::failed;
}

[[nodiscard]] constexpr case_verdict verdict_of(test_outcome outcome) noexcept {
    switch (outcome) {
    case test_outcome::failed:
        return case_verdict::failed;
    case test_outcome::crashed:
        return case_verdict::crashed;
    case test_outcome::timeout:
        return case_verdict::timeout;
    case test_outcome::not_run:
        return case_verdict::not_run;
    case test_outcome::skipped:
        return case_verdict::skipped;
    case test_outcome::unknown:
    case test_outcome::passed:
        break;
    }
    return case_verdict::passed;
}

[[nodiscard]] constexpr case_verdict verdict_of(safety_status status) noexcept {
    switch (status) {
    case safety_status::unsafe:
        return case_verdict::unsafe;
    case safety_status::error:
        return case_verdict::error;
    case safety_status::undetermined:
        return case_verdict::undetermined;
    case safety_status::safe:
        break;
    }
    return case_verdict::passed;
}

}  // namespace detail

/// The cases of a report: the tests that are no trials in report order, then the trial groups. A result whose test is
/// not among the report's tests has a case too.
template <Result R>
[[nodiscard]] std::vector<report_case> test_cases(basic_test_run_report<R> const& report) {
    using key = std::tuple<test_id const&, std::uint32_t, std::string_view>;
    std::vector<report_case> cases;
    for (test_entry const& t : report.tests) {
        if (report.is_trial(t.test)) continue;
        report_case c{.test = &t.test, .name = t.facts.name, .attempt = t.attempt, .worker = t.worker, .entry = &t};
        c.verdict = detail::verdict_of(t.facts.outcome);
        cases.push_back(std::move(c));
    }
    auto const key_of = [](report_case const& c) { return key(*c.test, c.attempt, c.worker); };
    std::ranges::stable_sort(cases, {}, key_of);
    auto const known = static_cast<std::ptrdiff_t>(cases.size());
    std::set<key> untold;
    for (record_ref<R> const r : report.results.refs()) {
        if (report.is_trial(r.test())) continue;
        key const place(r.test(), r.attempt(), r.worker());
        auto const at = std::ranges::lower_bound(cases.begin(), cases.begin() + known, place, {}, key_of);
        bool const told = at != cases.begin() + known && key_of(*at) == place;
        if (told || !untold.insert(place).second) continue;
        cases.push_back({.test = &r.test(),
                         .name = std::string(r.test_name()),
                         .attempt = r.attempt(),
                         .worker = r.worker()});
    }
    std::ranges::stable_sort(cases, {}, key_of);

    for (std::size_t i = 0; i < cases.size(); ++i) {
        report_case& c = cases[i];
        c.has_results = i == 0 || key_of(cases[i - 1]) != key_of(c);
        for_each_result(report, c, [&c](record_ref<R> const& r) {
            c.verdict = std::min(c.verdict, detail::verdict_of(r.status()));
            if (c.name.empty()) c.name = r.test_name();
        });
        if (c.name.empty()) c.name = std::string(short_name(*c.test));
        if (c.attempt != 1) c.name += " (attempt " + std::to_string(c.attempt) + ')';
        auto const is_other = [&](std::size_t at) {
            return at < cases.size() && *cases[at].test == *c.test && cases[at].attempt == c.attempt;
        };
        if ((i > 0 && is_other(i - 1)) || is_other(i + 1)) {
            c.name += c.worker.empty() ? " (this process)" : " (worker " + std::string(c.worker) + ')';
        }
    }
    auto facts = facts_of_trial_groups(report);
    for (trial_group_result const& g : report.trial_groups) {
        auto& [name, clones] = facts[g.base];
        std::ranges::stable_sort(clones,
                                 [](test_id const& a, test_id const& b) { return natural_less(a.str(), b.str()); });
        cases.push_back({.test = &g.base,
                         .name = std::move(name),
                         .group = &g,
                         .clones = std::move(clones),
                         .verdict = detail::verdict_of(g)});
    }
    return cases;
}

/// How long a case took: what its tests took, or, where nobody told, its results.
template <Result R>
[[nodiscard]] double seconds_of(basic_test_run_report<R> const& report, report_case const& c) {
    auto const good = [](double seconds) { return std::isfinite(seconds) && seconds > 0.0 ? seconds : 0.0; };
    if (c.entry != nullptr) return good(c.entry->facts.seconds);
    double told = 0.0;
    for (test_id const& clone : c.clones) {
        auto at = std::lower_bound(report.tests.begin(), report.tests.end(), clone,
                                   [](test_entry const& t, test_id const& id) { return t.test < id; });
        for (; at != report.tests.end() && at->test == clone; ++at) told += good(at->facts.seconds);
    }
    if (told > 0.0) return told;
    for_each_result(report, c, [&](basic_record<R> const& r) { told += good(duration_of(r.value)); });
    return told;
}

/// Why the case has its verdict, in foreign words: the summary of the first result that has it, or how the test ended.
template <Result R>
[[nodiscard]] std::string why(basic_test_run_report<R> const& report, report_case const& c) {
    if (c.group != nullptr) return group_words(*c.group);
    std::string words;
    bool found = false;
    for_each_result(report, c, [&](record_ref<R> const& r) {
        if (found || detail::verdict_of(r.status()) != c.verdict) return;
        words = std::string(std::string_view(result_traits<R>::summary(r.load()->value)));
        found = true;
    });
    if (found && c.verdict != case_verdict::passed) return words;
    if (c.entry != nullptr && !c.entry->facts.detail.empty()) return c.entry->facts.detail;
    switch (c.verdict) {
    case case_verdict::crashed:
        return "its process died";
    case case_verdict::timeout:
        return "it took too long";
    case case_verdict::failed:
        return "an assertion failed, or an exception left the test";
    case case_verdict::not_run:
        return "it was planned and did not run";
    default:
        return words;
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_TEST_CASES_HPP
