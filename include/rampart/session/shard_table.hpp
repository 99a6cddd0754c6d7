#ifndef RAMPART_SESSION_SHARD_TABLE_HPP
#define RAMPART_SESSION_SHARD_TABLE_HPP

#include "rampart/core/status.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/session/accounts.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/plan_rules.hpp"
#include "rampart/session/record.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

/// \file
/// The processes behind a merged run, a row each.

namespace rampart::inline v1 {

/// How far a process came.
enum class shard_state : unsigned char {
    finished,     ///< it came to a clean end, and nothing of its part is left
    stopped,      ///< it came to a clean end before all tests of its part had run
    ended_early,  ///< it died, or its output was cut off
    superseded,   ///< it ended early, and a later attempt at its part came
    never_began,  ///< nothing of this part came
    unplanned,    ///< results came that no plan belongs to, as a Python worker's
};

[[nodiscard]] constexpr std::string_view to_string(shard_state s) noexcept {
    constexpr std::string_view names[] = {"finished",   "stopped",     "ended_early",
                                          "superseded", "never_began", "unplanned"};
    return names[static_cast<unsigned char>(s)];
}

/// One process; or parts that never began, those that are neighbours in one row.
struct shard_row {
    shard_state state = shard_state::finished;  ///< how far it came
    std::string run{};
    std::uint32_t index = 0;       ///< which part, from 0
    std::uint32_t last_index = 0;  ///< another than `index` where the row is several parts that never began
    std::uint32_t count = 0;       ///< of so many parts; 0: nobody said
    std::uint32_t attempt = 0;     ///< from 1; 0 where there was none
    std::string worker{};
    std::string host{};       ///< empty: unknown
    std::int64_t pid = 0;     ///< 0: unknown
    std::string started{};    ///< ISO 8601; empty: unknown
    std::size_t planned = 0;  ///< tests
    std::size_t not_run = 0;  ///< tests of its part that nothing is known of, where this is the part's last attempt
    std::optional<shard_tally> tally{};  ///< none: nobody counted
    friend bool operator==(shard_row const&, shard_row const&) = default;
};

/// How many parts or processes a row stands for.
[[nodiscard]] constexpr std::uint64_t size_of(shard_row const& r) noexcept {
    return std::uint64_t{r.last_index} - r.index + 1;
}

namespace detail {

[[nodiscard]] constexpr bool is_failed(test_outcome o) noexcept {
    return o == test_outcome::failed || o == test_outcome::crashed || o == test_outcome::timeout;
}

/// Counts the tests of one process. `each(f)` calls `f(test_entry const&)` with those that ended; it is called twice.
template <class Each>
void count_tests(shard_tally& to, std::vector<trial_spec> const& specs, Each each) {
    std::unordered_set<std::string_view> trials;
    for (trial_spec const& s : specs) trials.insert(s.clone.str());
    auto const failed = [&trials](test_entry const& e) {
        return is_failed(e.facts.outcome) && !trials.contains(e.test.str());
    };
    bool again = false;
    each([&](test_entry const& e) {
        again = again || e.attempt != 1;
        if (std::isfinite(e.facts.seconds)) to.seconds += e.facts.seconds;
    });
    if (!again) {
        each([&](test_entry const& e) {
            ++to.ran;
            to.failed += failed(e) ? 1U : 0U;
        });
        return;
    }
    std::map<std::string_view, bool> tests;  // whether it failed
    each([&](test_entry const& e) { tests[e.test.str()] |= failed(e); });
    to.ran += tests.size();
    for (auto const& each_test : tests) to.failed += each_test.second ? 1U : 0U;
}

inline void count_result(shard_tally& to, safety_status s) noexcept {
    ++to.results;
    to.unsafe += s == safety_status::unsafe ? 1U : 0U;
    to.errors += s == safety_status::error ? 1U : 0U;
}

/// Whether an entry only says that a test began: its process ended while it ran.
[[nodiscard]] inline bool was_running(shard_plan const& p, test_entry const& e) {
    if (e.facts.outcome != test_outcome::crashed && e.facts.outcome != test_outcome::unknown) return false;
    return std::find(p.running.begin(), p.running.end(), e.test) != p.running.end();
}

/// What the process of this plan did. `tests` are its own, and `count_results(f)` calls `f` for each of its results
/// with a function that gives the status.
template <class CountResults>
[[nodiscard]] shard_tally tally_of(shard_plan const& plan, std::vector<test_entry> const& tests,
                                   std::vector<trial_spec> const& specs, CountResults count_results) {
    shard_tally made;
    count_tests(made, specs, [&](auto f) {
        for (test_entry const& e : tests) {
            if (e.facts.outcome != test_outcome::not_run && !was_running(plan, e)) f(e);
        }
    });
    count_results([&made](auto status) {
        try {
            count_result(made, status());
        } catch (...) {
            // A foreign type's `result_traits` threw; the session says so when it takes the result.
        }
    });
    return made;
}

/// The plan of this session's own process, with what it did so far.
template <class Session>
[[nodiscard]] shard_plan counted_plan(Session const& s) {
    shard_plan made = *s.plan();
    if (made.tally) return made;
    // What it merged from others has their names, but for what it resumed, which is its own.
    bool const alone = s.plans().empty();
    std::vector<test_entry> mine;
    for (test_entry const& e : s.tests()) {
        if (alone || e.worker.empty()) mine.push_back(e);
    }
    made.tally = tally_of(made, mine, s.trial_specs(), [&](auto count) {
        for (std::size_t i = 0; i < s.records().size(); ++i) {
            if (alone || s.records().worker(i).empty()) count([&s, i] { return s.records().status(i); });
        }
    });
    return made;
}

/// `host pid started`, as a journal's reader puts it; whatever else it may be is passed over.
inline void read_process(std::string_view process, shard_row& to) {
    auto const second = process.rfind(' ');
    auto const first = second == 0 || second == std::string_view::npos ? second : process.rfind(' ', second - 1);
    if (first == std::string_view::npos || second == 0) return;
    auto const pid = process.substr(first + 1, second - first - 1);
    std::int64_t number = 0;
    auto const read = std::from_chars(pid.data(), pid.data() + pid.size(), number);
    if (read.ec != std::errc() || read.ptr != pid.data() + pid.size()) return;
    to.host = process.substr(0, first);
    to.pid = number;
    to.started = process.substr(second + 1);
}

/// The rows of one cut: a row for each plan, and those of the parts between them.
inline void add_rows(plan_span cut, std::vector<shard_row>& rows) {
    shard_plan const& any = *cut.front();
    std::uint32_t next = 0;  // the first part that has no row yet
    auto const missing = [&](std::uint32_t first, std::uint32_t end) {
        if (first >= end) return;
        rows.push_back({.state = shard_state::never_began,
                        .run = any.run,
                        .index = first,
                        .last_index = end - 1,
                        .count = any.count});
    };
    for_each_group(cut, same_part, [&](plan_span part) {
        missing(next, std::min(part.front()->index, any.count));
        next = part.front()->index + 1;
        for (shard_plan const* p : part) {
            shard_row row{.run = p->run,
                          .index = p->index,
                          .last_index = p->index,
                          .count = p->count,
                          .attempt = p->attempt,
                          .worker = p->worker,
                          .planned = p->tests.size(),
                          .tally = p->tally};
            if (!p->closed || p->torn || !p->running.empty()) {
                row.state = part.back()->attempt > p->attempt ? shard_state::superseded : shard_state::ended_early;
            }
            read_process(p->process, row);
            rows.push_back(std::move(row));
        }
    });
    missing(next, any.count);
}

/// A row for each worker that has tests and no plan.
template <class Records>
void add_unplanned(std::vector<shard_plan> const& plans, std::vector<test_entry> const& tests, Records const& records,
                   std::vector<trial_spec> const& specs, std::vector<shard_row>& rows) {
    std::unordered_set<std::string_view> planned;
    for (shard_plan const& p : plans) planned.insert(p.worker);
    std::map<std::string_view, std::vector<test_entry const*>> others;
    std::string_view last;  // of those that have a plan: neighbours mostly are one worker's
    for (test_entry const& e : tests) {
        if (e.worker.empty() || e.worker == last) continue;
        if (planned.contains(e.worker)) {
            last = e.worker;
        } else {
            others[e.worker].push_back(&e);
        }
    }
    if (others.empty()) return;
    std::map<std::string_view, shard_tally> tallies;
    for (auto& [worker, list] : others) {
        // In report order, so that the sum of the seconds is the same however they came.
        std::sort(list.begin(), list.end(), [](auto const* a, auto const* b) { return report_order(*a, *b); });
        auto const& mine = list;
        count_tests(tallies[worker], specs, [&mine](auto f) {
            for (test_entry const* e : mine) {
                if (e->facts.outcome != test_outcome::not_run) f(*e);
            }
        });
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto const at = tallies.find(records.worker(i));
        if (at != tallies.end()) count_result(at->second, records.status(i));
    }
    for (auto const& [worker, tally] : tallies) {
        rows.push_back({.state = shard_state::unplanned, .worker = std::string(worker), .tally = tally});
    }
}

}  // namespace detail

/// The processes behind a run whose plans were merged: by run, part and attempt, then those without a plan. Parts that
/// never began have rows. Empty without a plan; the order in which things came does not matter.
///
/// `settled` is what follows from the plans, `tests` and `records` what was merged.
template <class Records>
[[nodiscard]] std::vector<shard_row> shard_table(std::vector<shard_plan> const& plans, settlement const& settled,
                                                 std::vector<test_entry> const& tests, Records const& records,
                                                 std::vector<trial_spec> const& specs) {
    std::vector<shard_row> rows;
    if (plans.empty()) return rows;
    auto const list = detail::sorted_plans(plans);
    detail::for_each_group(detail::plan_span(list), detail::same_cut,
                           [&rows](detail::plan_span cut) { detail::add_rows(cut, rows); });

    // A test that is not accounted for stands under the last attempt at its part.
    std::map<std::pair<std::string_view, std::uint32_t>, shard_row*> last;
    for (shard_row& row : rows) {
        if (row.state != shard_state::never_began) last[{row.worker, row.attempt}] = &row;
    }
    test_entry const* before = nullptr;
    shard_row* row = nullptr;
    for (test_entry const& e : settled.tests) {
        if (e.facts.outcome != test_outcome::not_run) continue;
        if (before == nullptr || before->worker != e.worker || before->attempt != e.attempt) {
            auto const at = last.find({e.worker, e.attempt});
            row = at == last.end() ? nullptr : at->second;
            before = &e;
        }
        if (row == nullptr) continue;
        ++row->not_run;
        if (row->state == shard_state::finished) row->state = shard_state::stopped;
    }
    detail::add_unplanned(plans, tests, records, specs, rows);
    return rows;
}

}  // namespace rampart::inline v1

#endif
