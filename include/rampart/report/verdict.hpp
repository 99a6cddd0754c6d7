#ifndef RAMPART_REPORT_VERDICT_HPP
#define RAMPART_REPORT_VERDICT_HPP

#include <algorithm>
#include <vector>

#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"

namespace rampart::inline v1 {

/// The exit status of a suite's program (wire format, B9). A stronger one is never hidden by a weaker one.
enum class exit_status : int {
    good = 0,
    failed = 1,      ///< a test, a trial group or a report sink
    usage = 2,       ///< the command line, or nothing was selected: a runner's to find
    incomplete = 3,  ///< something was lost, or may have been
};

/// What makes a run fail, beside failed tests and failed trial groups.
struct verdict_policy {
    bool unsafe_is_failure = true;  ///< an UNSAFE result outside trials fails the run, asserted or not (B117)
    bool error_is_failure = true;   ///< the same for ERROR: a run in which nothing could be judged is not green
};

/// Whether a test did not end as it should. A test that was planned and never ran counts, so that it cannot hide.
[[nodiscard]] constexpr bool is_failure(test_outcome outcome) noexcept {
    switch (outcome) {
    case test_outcome::failed:
    case test_outcome::crashed:
    case test_outcome::timeout:
    case test_outcome::not_run:
        return true;
    case test_outcome::unknown:
    case test_outcome::passed:
    case test_outcome::skipped:
        break;
    }
    return false;
}

/// The tests that failed by themselves, in report order. A failed trial counts for its group and is not among them
/// (wire format, B8). Every attempt counts: a later one that passes does not undo a failure.
template <Result R>
[[nodiscard]] std::vector<test_entry const*> failed_tests(basic_test_run_report<R> const& report) {
    std::vector<test_entry const*> found;
    for (test_entry const& t : report.tests) {
        if (is_failure(t.facts.outcome) && !report.is_trial(t.test)) found.push_back(&t);
    }
    return found;
}

/// The run's verdict: incomplete before failed before good. A failed trial group, a failed test that is no trial, a
/// fault that is a failure, a sink whose report did not get out, and, as the policy says, an UNSAFE or ERROR result
/// outside trials fail the run.
///
/// An empty report is good: that nothing was selected is known to the runner only.
template <Result R>
[[nodiscard]] exit_status verdict(basic_test_run_report<R> const& report,
                                  std::vector<sink_failure> const& failures = {}, verdict_policy policy = {}) {
    if (report.is_incomplete()) return exit_status::incomplete;
    auto const counts_as_failure = [&](record_ref<R> const& r) {
        auto const status = r.status();
        bool const bad = (status == safety_status::unsafe && policy.unsafe_is_failure) ||
                         (status == safety_status::error && policy.error_is_failure);
        return bad && !report.is_trial(r.test());
    };
    bool const any_fault = std::ranges::any_of(report.faults, [](fault const& f) { return fails(f.kind); });
    bool const any_group =
        std::ranges::any_of(report.trial_groups, [](trial_group_result const& g) { return !g.passed; });
    bool const failed = !failures.empty() || !failed_tests(report).empty() || any_fault || any_group ||
                        std::ranges::any_of(report.results.refs(), counts_as_failure);
    return failed ? exit_status::failed : exit_status::good;
}

/// The verdict as the number that a program ends with: 0, 1 or 3.
///
///     return rampart::exit_code(report, rampart::emit_all(report, sinks));
template <Result R>
[[nodiscard]] int exit_code(basic_test_run_report<R> const& report, std::vector<sink_failure> const& failures = {},
                            verdict_policy policy = {}) {
    return static_cast<int>(verdict(report, failures, policy));
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_VERDICT_HPP
