#ifndef RAMPART_SESSION_TRIAL_GROUPS_HPP
#define RAMPART_SESSION_TRIAL_GROUPS_HPP

#include "rampart/base/natural_order.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/guard/ledger.hpp"
#include "rampart/session/accounts.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_list.hpp"
#include "rampart/session/session.hpp"

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// The verdict of a group from its counts: passed means no unsafe trial, a pass rate of at least the threshold, and at
/// least one trial that was judged at all. A group whose trials all gave no result or an error fails, also at threshold
/// 0 (B53, wire format B8).
inline void judge(trial_group_result& g) noexcept {
    g.pass_rate = g.total == 0 ? 0.0 : static_cast<double>(g.safe) / g.total;
    g.passed = g.unsafe == 0 && g.safe + g.undetermined > 0 && g.pass_rate >= g.threshold;
    if (!g.all_ended) g.unused.clear();
}

/// What a group that passed declares in vain, in words; empty when nothing. A trial may do without a resource: an agent
/// does not always take its tools. When none of them uses it, the mark is superfluous.
inline std::string declared_in_vain(trial_group_result const& g) {
    if (!g.passed || g.unused.empty()) return {};
    std::vector<guard_breach> breaches;
    for (std::string const& name : g.unused) breaches.push_back({breach_kind::unused, name, {}, {}, {}});
    return to_string(breaches) + " (in none of its " + std::to_string(g.total) + " trials)";
}

namespace detail {

inline std::vector<std::string> in_both(std::vector<std::string> const& a, std::vector<std::string> const& b) {
    std::vector<std::string> found;
    for (std::string const& name : a) {
        if (contains(b, name)) found.push_back(name);
    }
    return found;
}

}  // namespace detail

/// What the runs of one clone showed, over all its results, attempts and workers.
struct clone_tally {
    bool seen[4] = {};    ///< by safety_status
    bool failed = false;  ///< an assertion failed, or it did not end
    bool ended = false;   ///< some attempt came to its end
    bool broke_off = false;             ///< some attempt did not
    std::vector<std::string> unused{};  ///< resources that it declares and used in no attempt

    /// Counts a result of the clone.
    void add(safety_status status) noexcept { seen[static_cast<int>(status)] = true; }
    /// Counts how an attempt ended.
    void add(test_facts const& f) {
        bool const broke = f.outcome == test_outcome::crashed || f.outcome == test_outcome::timeout;
        broke_off = broke_off || broke;
        failed = failed || broke || f.outcome == test_outcome::failed;
        if (f.outcome != test_outcome::passed && f.outcome != test_outcome::failed) return;
        unused = ended ? detail::in_both(unused, f.unused) : f.unused;
        ended = true;
    }
};

/// Counts one clone, with the worst it showed: unsafe, error, safe, undetermined (B52). A safe clone in which an
/// assertion failed counts as an error (wire format, B8).
inline void count(trial_group_result& g, clone_tally const& clone) {
    auto const has = [&clone](safety_status status) { return clone.seen[static_cast<int>(status)]; };
    g.unused = g.total == 0 ? clone.unused : detail::in_both(g.unused, clone.unused);
    g.all_ended = g.all_ended && clone.ended && !clone.broke_off;
    ++g.total;
    if (has(safety_status::unsafe)) {
        ++g.unsafe;
    } else if (has(safety_status::error)) {
        ++g.errors;
    } else if (has(safety_status::safe)) {
        ++(clone.failed ? g.errors : g.safe);
    } else if (has(safety_status::undetermined)) {
        ++g.undetermined;
    } else {
        ++g.no_result;
    }
}

namespace detail {

/// The records of any session as a list; a session that is given up hands its own over.
template <class S>
decltype(auto) records_of(S&& s) {
    using R = typename std::remove_cvref_t<S>::result_type;
    using given = decltype(std::forward<S>(s).records());
    if constexpr (std::is_same_v<given, record_list<R> const&>) {
        return std::forward<S>(s).records();
    } else if constexpr (std::convertible_to<given, record_list<R>>) {
        return record_list<R>(std::forward<S>(s).records());
    } else {
        return record_list<R>(static_cast<std::vector<basic_record<R>>>(std::forward<S>(s).records()));
    }
}

/// See `trial_groups`.
template <Result R>
std::vector<trial_group_result> trial_groups_of(record_list<R> const& records, std::vector<trial_spec> const& specs,
                                                std::vector<test_entry> const& tests, settlement const& settled) {
    struct clone_facts {
        trial_spec const* spec = nullptr;
        clone_tally tally{};
    };
    std::map<std::string_view, clone_facts> clones;
    for (trial_spec const& spec : specs) clones[spec.clone.str()].spec = &spec;
    if (clones.empty()) return {};
    for (auto const r : records.refs()) {
        auto const found = clones.find(r.test().str());
        if (found != clones.end()) found->second.tally.add(r.status());
    }
    auto const count_ends = [&clones](std::vector<test_entry> const& entries) {
        for (test_entry const& t : entries) {
            auto const found = clones.find(t.test.str());
            if (found != clones.end()) found->second.tally.add(t.facts);
        }
    };
    count_ends(tests);
    count_ends(settled.tests);

    struct group_facts {
        trial_group_result counts{};
        std::string_view first{};
    };
    std::map<test_id, group_facts> groups;
    for (auto const& [name, clone] : clones) {
        group_facts& g = groups[clone.spec->base];
        if (g.counts.total == 0 || natural_less(name, g.first)) {
            g.first = name;
            g.counts.threshold = clone.spec->threshold;
        }
        count(g.counts, clone.tally);
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

}  // namespace detail

/// The trial groups of a session, in order of their base ids. Each clone counts once. A group's threshold is that of
/// its first clone, in the clones' natural order (B54). `settled` is what follows from the session's plans: a trial
/// that broke off counts as one.
template <Session S>
std::vector<trial_group_result> trial_groups(S const& s, settlement const& settled) {
    return detail::trial_groups_of<typename S::result_type>(detail::records_of(s), s.trial_specs(), s.tests(), settled);
}

/// The same with what follows from the session's own plans.
template <Session S>
std::vector<trial_group_result> trial_groups(S const& s) {
    return trial_groups(s, settlement_of(s));
}

}  // namespace rampart::inline v1

#endif
