#ifndef RAMPART_SESSION_TRIAL_GROUPS_HPP
#define RAMPART_SESSION_TRIAL_GROUPS_HPP

#include "rampart/base/natural_order.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/session/session.hpp"

#include <map>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// The verdict of a group from its counts: passed means no unsafe trial, a pass rate of at least the threshold, and at
/// least one trial that was judged at all. A group whose trials all gave no result or an error fails, also at threshold 0
/// (B53, wire format B8).
inline void judge(trial_group_result& g) noexcept {
    g.pass_rate = g.total == 0 ? 0.0 : static_cast<double>(g.safe) / g.total;
    g.passed = g.unsafe == 0 && g.safe + g.undetermined > 0 && g.pass_rate >= g.threshold;
}

/// The trial groups of a session, in order of their base ids. A clone counts once, with the worst of all its results from
/// every attempt and worker: unsafe, error, safe, undetermined (B52); a safe clone in which an assertion failed counts as
/// an error. A group's threshold is that of its first clone, in the clones' natural order (B54).
template <Session S>
std::vector<trial_group_result> trial_groups(S const& s) {
    struct clone_facts {
        trial_spec const* spec = nullptr;
        bool seen[4] = {};  // by safety_status
        bool failed = false;
    };
    auto const specs = s.trial_specs();
    std::map<std::string_view, clone_facts> clones;
    for (trial_spec const& spec : specs) clones[spec.clone.str()].spec = &spec;
    for (auto const& r : s.records()) {
        auto const found = clones.find(r.test.str());
        if (found == clones.end()) continue;
        found->second.seen[static_cast<int>(result_traits<typename S::result_type>::status(r.value))] = true;
    }
    for (test_entry const& t : s.tests()) {
        auto const found = clones.find(t.test.str());
        if (found == clones.end()) continue;
        auto const o = t.facts.outcome;
        if (o == test_outcome::failed || o == test_outcome::crashed || o == test_outcome::timeout) {
            found->second.failed = true;
        }
    }

    struct group_facts {
        trial_group_result counts{};
        std::string_view first{};
    };
    std::map<test_id, group_facts> groups;
    for (auto const& [name, clone] : clones) {
        group_facts& g = groups[clone.spec->base];
        if (g.counts.total++ == 0 || natural_less(name, g.first)) {
            g.first = name;
            g.counts.threshold = clone.spec->threshold;
        }
        auto const has = [&seen = clone.seen](safety_status status) { return seen[static_cast<int>(status)]; };
        if (has(safety_status::unsafe)) {
            ++g.counts.unsafe;
        } else if (has(safety_status::error)) {
            ++g.counts.errors;
        } else if (has(safety_status::safe)) {
            ++(clone.failed ? g.counts.errors : g.counts.safe);
        } else if (has(safety_status::undetermined)) {
            ++g.counts.undetermined;
        } else {
            ++g.counts.no_result;
        }
    }
    std::vector<trial_group_result> list;
    list.reserve(groups.size());
    for (auto& [base, g] : groups) {
        g.counts.base = base;
        judge(g.counts);
        list.push_back(g.counts);
    }
    return list;
}

}  // namespace rampart::inline v1

#endif
