#ifndef RAMPART_SESSION_PLAN_RULES_HPP
#define RAMPART_SESSION_PLAN_RULES_HPP

#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// What plans say against each other, before any test is looked at (wire format, C).

namespace rampart::inline v1::detail {

/// By run, cut, part and attempt; each plan once, the copy with the smallest source.
using plan_list = std::vector<shard_plan const*>;
using plan_span = std::span<shard_plan const* const>;

/// A plan of one part out of one is whole in itself: another worker's is another list, maybe of another suite.
inline std::string_view worker_of_cut(shard_plan const& p) noexcept {
    return p.count == 1 ? std::string_view(p.worker) : std::string_view();
}

inline plan_list sorted_plans(std::vector<shard_plan> const& plans) {
    plan_list list;
    for (shard_plan const& p : plans) list.push_back(&p);
    auto const key = [](shard_plan const* p) {
        return std::tuple(
            std::string_view(p->run), p->count, worker_of_cut(*p), p->index, p->attempt,
            std::tie(p->worker, p->process, p->closed, p->torn, p->list_hash, p->running, p->tests, p->source));
    };
    std::sort(list.begin(), list.end(), [key](auto const* a, auto const* b) { return key(a) < key(b); });
    auto const is_copy = [](auto const* a, auto const* b) { return equal_but_source(*a, *b); };
    list.erase(std::unique(list.begin(), list.end(), is_copy), list.end());
    return list;
}

inline bool same_run(shard_plan const* a, shard_plan const* b) noexcept { return a->run == b->run; }
/// Whether two plans are parts of one list.
inline bool same_cut(shard_plan const* a, shard_plan const* b) noexcept {
    return a->run == b->run && a->count == b->count && worker_of_cut(*a) == worker_of_cut(*b);
}
inline bool same_part(shard_plan const* a, shard_plan const* b) noexcept {
    return a->index == b->index && same_cut(a, b);
}

/// Calls `f` with each group of neighbours that are `same` as the first of them.
template <class Same, class F>
void for_each_group(plan_span list, Same same, F f) {
    for (std::size_t first = 0, last = 0; first < list.size(); first = last) {
        while (last < list.size() && same(list[first], list[last])) ++last;
        f(list.subspan(first, last - first));
    }
}

inline std::string place_of(shard_plan const& p) { return place_in_worker(p.worker, p.source); }
inline std::string place_of_run(shard_plan const& p) { return p.run.empty() ? std::string() : "run " + p.run; }
inline std::string in_brackets(std::string const& text) { return text.empty() ? text : " (" + text + ")"; }
inline std::string and_more(std::size_t more) {
    return more == 0 ? std::string() : " (and " + std::to_string(more) + " more)";
}
/// People count from 1.
inline std::string part_text(shard_plan const& p) {
    return "part " + std::to_string(p.index + std::uint64_t{1}) + " of " + std::to_string(p.count);
}

/// What is wrong when plans differ in something that all should share. `name` says what one of them has.
template <class Name>
std::string disagreement(plan_list const& sides, Name name) {
    return name(*sides[0]) + in_brackets(place_of(*sides[0])) + " and " + name(*sides[1]) +
           in_brackets(place_of(*sides[1])) + and_more(sides.size() - 2);
}
/// Of each value of `key` the first plan that has it, in order of the values.
template <class Key>
plan_list one_of_each(plan_span plans, Key key) {
    std::map<std::remove_cvref_t<decltype(key(*plans.front()))>, shard_plan const*> found;
    for (shard_plan const* p : plans) found.try_emplace(key(*p), p);
    plan_list list;
    for (auto const& each : found) list.push_back(each.second);
    return list;
}

inline void judge_runs(plan_list const& plans, std::vector<fault>& faults) {
    for_each_group(plan_span(plans), same_run, [&faults](plan_span run) {
        plan_list cut;
        for (shard_plan const* p : run) {
            if (p->count > 1) cut.push_back(p);
        }
        auto const counts = one_of_each(cut, [](shard_plan const& p) { return p.count; });
        if (counts.size() < 2) return;
        auto const count_of = [](shard_plan const& p) { return std::to_string(p.count); };
        faults.push_back({fault_kind::other_list, place_of_run(*run.front()),
                          "the numbers of parts differ: " + disagreement(counts, count_of)});
    });
    auto const runs = one_of_each(plans, [](shard_plan const& p) { return p.run; });
    if (runs.size() < 2) return;
    auto const name = [](shard_plan const& p) { return p.run.empty() ? "a run without an id" : "run " + p.run; };
    faults.push_back({fault_kind::other_run, {}, "parts of different runs: " + disagreement(runs, name)});
}

/// Two outputs that claim to be of one part and attempt.
inline void judge_outputs(plan_list const& plans, std::vector<fault>& faults) {
    auto const same = [](auto const* a, auto const* b) { return same_part(a, b) && a->attempt == b->attempt; };
    for_each_group(plan_span(plans), same, [&faults](plan_span outputs) {
        if (outputs.size() < 2) return;
        std::vector<std::string> names;
        for (shard_plan const* p : outputs) {
            names.push_back(!p->source.empty() ? p->source : p->process.empty() ? "one without a name" : p->process);
        }
        std::sort(names.begin(), names.end());
        shard_plan const& p = *outputs.front();
        faults.push_back({fault_kind::second_output, place_in_worker(p.worker),
                          "different outputs of " + part_text(p) + ", attempt " + std::to_string(p.attempt) + ": " +
                              names[0] + " and " + names[1] + and_more(names.size() - 2)});
    });
}

/// Whether all parts of one cut are there; what is missing is told.
inline bool judge_parts(plan_span cut, std::vector<fault>& faults) {
    std::uint32_t const count = cut.front()->count;
    std::uint32_t next = 0;  // the first index that is not accounted for yet
    std::uint64_t missing = 0;
    std::string some;
    auto const is_missing = [&](std::uint32_t first, std::uint32_t last) {
        for (std::uint32_t i = first; i < last && missing + (i - first) < 3; ++i) {
            some += (some.empty() ? "" : ", ") + std::to_string(i + std::uint64_t{1});
        }
        missing += last - first;
    };
    bool strange = false;
    for (shard_plan const* p : cut) {
        if (p->index >= count) {
            strange = true;
            faults.push_back({fault_kind::other_list, place_of(*p), "there is no " + part_text(*p)});
        } else if (p->index >= next) {
            is_missing(next, p->index);
            next = p->index + 1;
        }
    }
    is_missing(next, count);
    if (missing != 0) {
        faults.push_back({fault_kind::missing_shard, place_of_run(*cut.front()),
                          (missing == 1 ? "part " : "parts ") + some +
                              (missing > 3 ? " and " + std::to_string(missing - 3) + " more" : std::string()) + " of " +
                              std::to_string(count) + " never came; " + part_text(*cut.front()) + " did" +
                              in_brackets(place_of(*cut.front()))});
    }
    return missing == 0 && !strange;
}

/// The plan that knows the hash which all tests of this cut together should have, if they can be asked for it.
inline shard_plan const* judge_cut(plan_span cut, std::vector<fault>& faults) {
    bool const complete = judge_parts(cut, faults);
    plan_list hashed;
    for (shard_plan const* p : cut) {
        if (!p->list_hash.empty()) hashed.push_back(p);
    }
    if (hashed.empty()) return nullptr;
    auto const lists = one_of_each(hashed, [](shard_plan const& p) { return p.list_hash; });
    if (lists.size() > 1) {
        faults.push_back({fault_kind::other_list, place_of_run(*cut.front()),
                          "cut from different lists of tests: " + disagreement(lists, part_text)});
    }
    return complete && lists.size() == 1 ? lists.front() : nullptr;
}

/// How each process ended. Gives which ended early, with no later attempt to make it good.
inline std::vector<bool> judge_ends(plan_list const& plans, std::vector<fault>& faults) {
    auto const judge = [&](shard_plan const& p, shard_plan const& last) {
        auto const add = [&](fault_kind kind, std::string what) {
            faults.push_back({kind, place_of(p), std::move(what)});
        };
        if (p.closed && !p.torn && p.running.empty()) return false;
        if (last.attempt > p.attempt) {
            add(fault_kind::superseded, "attempt " + std::to_string(p.attempt) + " of " + part_text(p) +
                                            " ended early; attempt " + std::to_string(last.attempt) + " came after it" +
                                            in_brackets(place_of(last)));
            return false;
        }
        if (p.torn) add(fault_kind::torn_tail, "the last line was cut off");
        if (!p.closed) add(fault_kind::missing_close, "its process ended before it had said that it was done");
        for (test_id const& id : p.running) {
            add(fault_kind::interrupted_test, "test " + id.str() + " was running when its process ended");
        }
        return true;
    };
    std::vector<bool> is_open;
    for_each_group(plan_span(plans), same_part, [&](plan_span part) {
        for (shard_plan const* p : part) is_open.push_back(judge(*p, *part.back()));
    });
    return is_open;
}

}  // namespace rampart::inline v1::detail

#endif
