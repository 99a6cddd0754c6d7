#ifndef RAMPART_REPORT_TRIALS_HPP
#define RAMPART_REPORT_TRIALS_HPP

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/report/report.hpp"

namespace rampart::inline v1 {

/// What a trial group is called, and its trials.
struct trial_group_facts {
    std::string name{};             ///< the test's own name (B32); cut out of the id where no trial told its name
    std::vector<test_id> clones{};  ///< as bytes
};

namespace detail {

/// The base's name, when `clone` is called after its base with something at the end, and `name` has the same end.
[[nodiscard]] inline std::optional<std::string> name_of_base(trial_spec const& spec, std::string_view name) {
    std::string_view const clone = spec.clone.str();
    if (!clone.starts_with(spec.base.str())) return std::nullopt;
    auto const ending = clone.substr(spec.base.str().size());
    if (!name.ends_with(ending) || name.size() == ending.size()) return std::nullopt;
    return std::string(name.substr(0, name.size() - ending.size()));
}

}  // namespace detail

/// The facts of each trial group, under the groups' base ids. Every group of the report has an entry.
template <Result R>
[[nodiscard]] std::map<test_id, trial_group_facts> facts_of_trial_groups(basic_test_run_report<R> const& report) {
    std::map<test_id, trial_group_facts> groups;
    for (trial_group_result const& g : report.trial_groups) groups[g.base];
    auto const name_of_clone = [&report](test_id const& clone) -> std::string_view {
        auto const at = std::ranges::lower_bound(report.tests, clone, {}, &test_entry::test);
        if (at != report.tests.end() && at->test == clone && !at->facts.name.empty()) return at->facts.name;
        auto const first = report.results.first_of(clone);
        bool const found = first < report.results.size() && report.results.test(first) == clone;
        return found ? report.results.test_name(first) : std::string_view{};
    };
    for (trial_spec const& spec : report.trial_specs) {
        trial_group_facts& group = groups[spec.base];
        group.clones.push_back(spec.clone);
        if (!group.name.empty()) continue;
        if (auto const base = detail::name_of_base(spec, name_of_clone(spec.clone))) group.name = *base;
    }
    for (auto& [base, group] : groups) {
        if (group.name.empty()) group.name = std::string(short_name(base));
    }
    return groups;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_TRIALS_HPP
