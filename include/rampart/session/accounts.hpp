#ifndef RAMPART_SESSION_ACCOUNTS_HPP
#define RAMPART_SESSION_ACCOUNTS_HPP

#include "rampart/session/fault.hpp"
#include "rampart/session/places.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/plan_rules.hpp"
#include "rampart/session/record.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What follows from plans: the tests of which nothing came, and what is wrong.
struct settlement {
    std::vector<test_entry> tests{};  ///< in report order
    std::vector<fault> faults{};      ///< sorted
};

namespace detail {

/// A test in the upper half, and a plan or a worker in the lower: a million of them are sorted as numbers.
using test_pairs = std::vector<std::uint64_t>;
inline constexpr unsigned test_shift = 32;
inline std::uint32_t other_of(std::uint64_t pair) noexcept { return static_cast<std::uint32_t>(pair); }

/// Numbers tests as they come. An open table, as with a million tests a node for each costs more than all rules.
class test_numbers {
public:
    explicit test_numbers(std::size_t expected) {
        std::size_t size = 16;
        while (size < 2 * expected) size *= 2;
        slots_.resize(size);
        ids_.reserve(expected);
    }
    std::uint32_t of(test_id const& id) {
        if (2 * (ids_.size() + 1) > slots_.size()) grow();
        auto const hash = (place_hash() << id.str()).value();
        auto const tag = static_cast<std::uint32_t>(hash >> 32U);
        std::size_t at = hash & (slots_.size() - 1);
        for (; slots_[at].next != 0; at = (at + 1) & (slots_.size() - 1)) {
            if (slots_[at].tag == tag && *ids_[slots_[at].next - 1] == id) return slots_[at].next - 1;
        }
        ids_.push_back(&id);
        slots_[at] = {tag, static_cast<std::uint32_t>(ids_.size())};
        return slots_[at].next - 1;
    }
    std::vector<test_id const*> const& ids() const noexcept { return ids_; }

private:
    struct slot {
        std::uint32_t tag = 0;
        std::uint32_t next = 0;  ///< the number after that of the test; 0: free
    };
    void grow() {
        test_numbers more(ids_.size() * 2);
        for (test_id const* id : ids_) more.of(*id);
        *this = std::move(more);
    }

    std::vector<slot> slots_{};
    std::vector<test_id const*> ids_{};
};

/// Plans, parts, runs, workers and tests by number. A plan's is its place in the list, so the plans of a part, and the
/// parts of a cut, are neighbours.
struct plan_book {
    plan_list plans{};
    std::vector<std::uint32_t> cut{};     ///< of each plan: of which list of tests it is a part
    std::vector<std::uint32_t> part{};    ///< of each plan
    std::vector<std::uint32_t> worker{};  ///< of each plan
    std::unordered_map<std::string_view, std::uint32_t> workers{};
    std::vector<std::vector<std::uint32_t>> plans_of{};  ///< of each worker
    std::vector<test_id const*> ids{};                   ///< of each test
    test_pairs planned{};                                ///< with plans
    test_pairs running{};                                ///< with plans, those whose end is open
    test_pairs seen{};                                   ///< with workers, those that have plans
    test_pairs begun{};                                  ///< the same of tests that only began there, see `only_began`
};

/// An entry of a test that was running when its process ended, with what it had recorded. It tells of the test, but
/// does not account for it: a later attempt of the part has to.
inline bool only_began(plan_book const& book, std::uint32_t worker, test_entry const& e) {
    if (e.facts.outcome != test_outcome::crashed && e.facts.outcome != test_outcome::unknown) return false;
    auto const& plans = book.plans_of[worker];
    return std::any_of(plans.begin(), plans.end(), [&](std::uint32_t p) {
        auto const& running = book.plans[p]->running;
        return std::find(running.begin(), running.end(), e.test) != running.end();
    });
}

inline plan_book book_of(plan_list plans, std::vector<bool> const& is_open, std::vector<test_entry> const& entries) {
    std::size_t planned = 0;
    for (shard_plan const* p : plans) planned += p->tests.size();
    test_numbers tests(planned);
    auto const pair = [&tests](test_id const& id, std::uint32_t other) {
        return std::uint64_t{tests.of(id)} << test_shift | other;
    };
    plan_book book;
    book.planned.reserve(planned);
    book.seen.reserve(entries.size());
    for (std::uint32_t i = 0; i < plans.size(); ++i) {
        shard_plan const& p = *plans[i];
        shard_plan const* const before = plans[i == 0 ? 0 : i - 1];
        book.cut.push_back(i == 0 ? 0U : book.cut.back() + (same_cut(before, &p) ? 0U : 1U));
        book.part.push_back(i == 0 ? 0U : book.part.back() + (same_part(before, &p) ? 0U : 1U));
        auto const worker = book.workers.try_emplace(p.worker, static_cast<std::uint32_t>(book.plans_of.size())).first;
        book.worker.push_back(worker->second);
        book.plans_of.resize(book.workers.size());
        book.plans_of[worker->second].push_back(i);
        for (test_id const& id : p.tests) book.planned.push_back(pair(id, i));
        if (!is_open[i]) continue;
        for (test_id const& id : p.running) book.running.push_back(pair(id, i));
    }
    book.plans = std::move(plans);
    for (test_entry const& e : entries) {
        auto const worker = book.workers.find(e.worker);
        if (worker == book.workers.end()) continue;
        auto& list = only_began(book, worker->second, e) ? book.begun : book.seen;
        list.push_back(pair(e.test, worker->second));
    }
    for (test_pairs* list : {&book.planned, &book.running, &book.seen, &book.begun}) {
        std::sort(list->begin(), list->end());
        list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    book.ids = tests.ids();
    return book;
}

/// Some tests of which one thing is to be said: how many, and the one that sorts first.
struct some_tests {
    std::size_t count = 0;
    test_id const* first = nullptr;
    shard_plan const* plan = nullptr;  ///< of the first

    void add(test_id const& id, shard_plan const* of) noexcept {
        ++count;
        if (first != nullptr && !(id < *first)) return;
        first = &id;
        plan = of;
    }
    std::string say(std::string const& what) const { return "test " + first->str() + what + and_more(count - 1); }
};

/// Goes through all tests, one by one, with those who planned it and those who saw it.
class test_audit {
public:
    /// `wanted`: of each cut the plan whose list hash is to be compared, or none.
    test_audit(plan_book const& book, std::vector<shard_plan const*> wanted, settlement& to)
        : book_(book), wanted_(std::move(wanted)), to_(to), seen_in_(book.part.back() + 1U, nobody),
          broken_in_(seen_in_), lost_(seen_in_.size()), unplanned_(book.plans_of.size()), hashes_(wanted_.size()) {}

    void run() {
        test_pairs::const_iterator planned = book_.planned.begin();
        test_pairs::const_iterator running = book_.running.begin();
        test_pairs::const_iterator seen = book_.seen.begin();
        test_pairs::const_iterator begun = book_.begun.begin();
        for (test_ = 0; test_ < book_.ids.size(); ++test_) {
            pairs const planners = take(planned, book_.planned);
            for (std::uint64_t const each : take(seen, book_.seen)) see(other_of(each), planners);
            pairs const told = take(begun, book_.begun);
            for (std::uint64_t const each : take(running, book_.running)) interrupt(other_of(each), told);
            account(planners);
        }
        tell();
    }

private:
    using pairs = std::span<std::uint64_t const>;
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    pairs take(test_pairs::const_iterator& at, test_pairs const& list) const {
        auto const first = at;
        while (at != list.end() && *at >> test_shift == test_) ++at;
        return {first, at};
    }
    test_id const& id() const { return *book_.ids[test_]; }
    shard_plan const& plan(std::uint32_t number) const { return *book_.plans[number]; }

    /// The test is accounted for in every part that the worker had a plan of. The shorter of two lists is gone
    /// through, as one worker may have a thousand plans, or one test be in a thousand.
    void see(std::uint32_t worker, pairs planners) {
        auto const& mine = book_.plans_of[worker];
        bool was_planned = false;
        if (mine.size() <= planners.size()) {
            for (std::uint32_t const p : mine) {
                seen_in_[book_.part[p]] = test_;
                auto const pair = std::uint64_t{test_} << test_shift | p;
                was_planned = was_planned || std::binary_search(planners.begin(), planners.end(), pair);
            }
        } else {
            for (std::uint64_t const each : planners) {
                std::uint32_t const part = book_.part[other_of(each)];
                was_planned = was_planned || book_.worker[other_of(each)] == worker;
                auto const at =
                    std::lower_bound(mine.begin(), mine.end(), part,
                                     [this](std::uint32_t p, std::uint32_t wanted) { return book_.part[p] < wanted; });
                if (at != mine.end() && book_.part[*at] == part) seen_in_[part] = test_;
            }
        }
        if (!was_planned) unplanned_[worker].add(id(), book_.plans[mine.front()]);
    }

    /// `told`: the workers that have an entry of it, as they had results of it.
    void interrupt(std::uint32_t number, pairs told) {
        std::uint32_t const part = book_.part[number];
        if (seen_in_[part] == test_) return;
        broken_in_[part] = test_;
        auto const entry = std::uint64_t{test_} << test_shift | book_.worker[number];
        if (!std::binary_search(told.begin(), told.end(), entry)) add(plan(number), test_outcome::crashed);
    }

    void account(pairs planners) {
        for (std::size_t i = 0, first_of_cut = 0; i < planners.size(); ++i) {
            std::uint32_t const number = other_of(planners[i]);
            std::uint32_t const part = book_.part[number];
            if (!same_cut(&plan(other_of(planners[first_of_cut])), &plan(number))) first_of_cut = i;
            if (i == 0 || book_.cut[other_of(planners[i - 1])] != book_.cut[number]) {
                std::uint32_t const cut = book_.cut[number];
                if (wanted_[cut] != nullptr) hashes_[cut].push_back(hash_of_id(id().str()));
            }
            // The last plan of the part, that of its last attempt, speaks for it.
            if (i + 1 < planners.size() && book_.part[other_of(planners[i + 1])] == part) continue;
            std::uint32_t const first_part = book_.part[other_of(planners[first_of_cut])];
            if (part != first_part) twice_[{first_part, part}].add(id(), &plan(number));
            if (seen_in_[part] == test_ || broken_in_[part] == test_) continue;
            add(plan(number), test_outcome::not_run);
            lost_[part].add(id(), &plan(number));
        }
    }

    void add(shard_plan const& of, test_outcome outcome) {
        to_.tests.push_back(
            {id(), of.attempt, of.worker, 0, {.name = std::string(short_name(id())), .outcome = outcome}});
    }
    void add(fault_kind kind, std::string where, std::string what) {
        to_.faults.push_back({kind, std::move(where), std::move(what)});
    }

    void tell() {
        for (some_tests const& tests : lost_) {
            if (tests.count == 0) continue;
            add(fault_kind::unaccounted_test, place_of(*tests.plan),
                tests.say(" was planned and nothing is known of it"));
        }
        for (some_tests const& tests : unplanned_) {
            if (tests.count == 0) continue;
            add(fault_kind::unplanned_test, place_of(*tests.plan), tests.say(" ran and was not planned"));
        }
        for (auto const& [parts, tests] : twice_) {
            auto const at = std::lower_bound(book_.part.begin(), book_.part.end(), parts.first);
            shard_plan const& other = plan(static_cast<std::uint32_t>(at - book_.part.begin()));
            add(fault_kind::other_list, place_of_run(other),
                tests.say(" is planned in " + part_text(other) + in_brackets(place_of(other)) + " and in " +
                          part_text(*tests.plan) + in_brackets(place_of(*tests.plan))));
        }
        for (std::size_t cut = 0; cut < wanted_.size(); ++cut) {
            if (wanted_[cut] == nullptr) continue;
            std::size_t const count = hashes_[cut].size();
            if (hash_of_hashes(std::move(hashes_[cut])) == wanted_[cut]->list_hash) continue;
            add(fault_kind::other_list, place_of_run(*wanted_[cut]),
                "the parts together are not the list they were cut from: " + std::to_string(count) +
                    " tests are planned" + in_brackets(place_of(*wanted_[cut])));
        }
    }

    plan_book const& book_;
    std::vector<shard_plan const*> wanted_;
    settlement& to_;
    std::uint32_t test_ = 0;
    std::vector<std::uint32_t> seen_in_;    ///< of each part the last test that it accounts for
    std::vector<std::uint32_t> broken_in_;  ///< the same of those that were interrupted
    std::vector<some_tests> lost_;          ///< of each part
    std::vector<some_tests> unplanned_;     ///< of each worker
    std::map<std::pair<std::uint32_t, std::uint32_t>, some_tests> twice_{};  ///< of two parts
    std::vector<std::vector<std::uint64_t>> hashes_;                         ///< of each cut
};

}  // namespace detail

/// Holds plans against the tests that came (wire format, C): every part of a run has to be there, cut from one list,
/// every planned test has to be accounted for, and nothing else may have run. It depends neither on the order of the
/// plans nor on that of the tests, and takes n log n time in both.
///
/// A planned test of which nothing is known is an entry with the outcome `not_run`, one that was running when its
/// process ended one with `crashed`.
inline settlement settle(std::vector<shard_plan> const& plans, std::vector<test_entry> const& tests) {
    settlement made;
    if (plans.empty()) return made;
    auto list = detail::sorted_plans(plans);
    detail::judge_runs(list, made.faults);
    detail::judge_outputs(list, made.faults);
    auto const is_open = detail::judge_ends(list, made.faults);
    std::vector<shard_plan const*> wanted;
    detail::for_each_group(detail::plan_span(list), detail::same_cut,
                           [&](detail::plan_span cut) { wanted.push_back(detail::judge_cut(cut, made.faults)); });
    auto const book = detail::book_of(std::move(list), is_open, tests);
    detail::test_audit(book, std::move(wanted), made).run();
    std::sort(made.faults.begin(), made.faults.end());
    std::sort(made.tests.begin(), made.tests.end(),
              [](test_entry const& a, test_entry const& b) { return report_order(a, b); });
    // Two outputs of one worker may break off in one test.
    made.tests.erase(std::unique(made.tests.begin(), made.tests.end()), made.tests.end());
    return made;
}

/// What follows from the plans that were merged into a session; nothing for a type of session that knows no plans.
template <class S>
settlement settlement_of(S const& session) {
    if constexpr (requires { session.plans(); }) {
        return settle(session.plans(), session.tests());
    } else {
        return {};
    }
}

}  // namespace rampart::inline v1

#endif
