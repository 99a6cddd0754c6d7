#ifndef RAMPART_REPORT_REPORT_HPP
#define RAMPART_REPORT_REPORT_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rampart/core/metadata.hpp"
#include "rampart/report/group.hpp"
#include "rampart/report/order.hpp"
#include "rampart/session/accounts.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_list.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/shard_table.hpp"
#include "rampart/session/trial_groups.hpp"

namespace rampart::inline v1 {

/// What a run showed: a plain value, sorted and counted, the same whatever order its shards came in (B41). Results
/// that were merged from files may have stayed there: each is read when it is looked at, see `record_list`. No other
/// member reads any.
///
/// `total_runs` and the four counts beside it count results, not tests.
template <Result R>
struct basic_test_run_report {
    using result_type = R;

    std::size_t total_runs = 0;
    std::size_t passed = 0;  ///< SAFE
    std::size_t failed = 0;  ///< UNSAFE
    std::size_t undetermined = 0;
    std::size_t errors = 0;
    double duration_seconds = 0.0;                   ///< wall time of the run
    metadata meta{};                                 ///< of the run
    record_list<R> results{};                        ///< in report order; their values may be in files
    std::vector<test_entry> tests{};                 ///< in report order; also tests that recorded nothing
    std::vector<trial_spec> trial_specs{};           ///< in order of the clones' ids
    std::vector<trial_group_result> trial_groups{};  ///< in order of their base ids
    std::vector<fault> faults{};                     ///< sorted
    std::vector<shard_row> shards{};  ///< the processes behind a merged run, see `shard_table`; empty without plans

    /// Counts and rates over all results (B103).
    [[nodiscard]] rampart::population_summary population_summary() const { return summarize(results); }

    /// The same over the results of one harm category; all zeros when there are none. The category itself is
    /// compared, so the heading `uncategorized` finds nothing (B104); an empty text finds the results without a
    /// category.
    [[nodiscard]] rampart::population_summary population_summary(std::string_view category) const {
        std::vector<record_ref<R>> found;
        std::ranges::copy_if(results.refs(), std::back_inserter(found),
                             [category](record_ref<R> const& r) { return r.harm_category() == category; });
        return summarize(found);
    }

    /// The results under their harm categories, see `group_by_harm_category`. The groups point into this report.
    [[nodiscard]] std::vector<harm_group<R>> by_harm_category() const { return group_by_harm_category(results); }

    /// Any UNSAFE result (B105).
    [[nodiscard]] bool has_failures() const noexcept { return failed > 0; }

    /// No UNSAFE, no UNDETERMINED and no ERROR result; so an empty run is clean (B105). It says nothing of faults,
    /// trial groups or assertions: whether a run may end green is `exit_code`'s to say.
    [[nodiscard]] bool is_clean_run() const noexcept { return failed == 0 && undetermined == 0 && errors == 0; }

    /// Whether something was lost, or may have been.
    [[nodiscard]] bool is_incomplete() const noexcept {
        return std::ranges::any_of(faults, [](fault const& f) { return loses(f.kind); });
    }

    /// One line for each fault that lost something, sorted as bytes; equal ones stay (B83).
    [[nodiscard]] std::vector<std::string> incomplete_reasons() const {
        std::vector<std::string> reasons;
        for (fault const& f : faults) {
            if (loses(f.kind)) reasons.push_back(reason(f));
        }
        std::ranges::sort(reasons);
        return reasons;
    }

    /// Whether this test is a trial; then it counts through its group only (wire format, B8).
    [[nodiscard]] bool is_trial(test_id const& test) const noexcept {
        auto const at = std::lower_bound(trial_specs.begin(), trial_specs.end(), test,
                                         [](trial_spec const& s, test_id const& id) { return s.clone < id; });
        return at != trial_specs.end() && at->clone == test;
    }
};
/// Of rampart's own results.
using test_run_report = basic_test_run_report<result>;

/// Builds the report of a session, with what follows from its plans: the tests of which nothing came, and the faults
/// that this is, `settlement_of`. A session that is given up, `build_report(std::move(s))`, hands its lists over
/// instead of having them copied, and is empty then.
template <class S>
    requires Session<std::remove_cvref_t<S>>
[[nodiscard]] auto build_report(S&& s) {
    using R = typename std::remove_cvref_t<S>::result_type;
    basic_test_run_report<R> report;
    report.duration_seconds = s.duration_seconds();
    report.trial_specs = s.trial_specs();
    std::ranges::sort(report.trial_specs, {}, &trial_spec::clone);
    // Of a session that is given up each list is moved, and what only the session needs of it is gone, before there is
    // more: with a million tests each is some hundred MB.
    report.meta = std::forward<S>(s).report_metadata();
    report.results = detail::records_of(std::forward<S>(s));
    report.tests = std::forward<S>(s).tests();
    report.faults = std::forward<S>(s).faults();
    settlement settled;
    if constexpr (requires { s.plans(); }) {
        auto&& plans = std::forward<S>(s).plans();
        settled = settle(plans, report.tests);
        report.shards = shard_table(plans, settled, report.tests, report.results, report.trial_specs);
    }
    report.trial_groups = detail::trial_groups_of(report.results, report.trial_specs, report.tests, settled);
    report.tests.reserve(report.tests.size() + settled.tests.size());
    std::ranges::move(settled.tests, std::back_inserter(report.tests));
    sort_for_report(report.tests);
    std::ranges::move(settled.faults, std::back_inserter(report.faults));
    for (trial_group_result const& g : report.trial_groups) {
        auto words = declared_in_vain(g);
        if (!words.empty())
            report.faults.push_back({fault_kind::guard_violation, "test " + g.base.str(), std::move(words)});
    }
    std::ranges::sort(report.faults);
    report.results.compact();
    sort_for_report(report.results);

    auto const counts = summarize(report.results);
    report.total_runs = counts.total_runs;
    report.passed = counts.safe_count;
    report.failed = counts.unsafe_count;
    report.undetermined = counts.undetermined_count;
    report.errors = counts.error_count;
    return report;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_REPORT_HPP
