#ifndef RAMPART_DOCTEST_RESUME_HPP
#define RAMPART_DOCTEST_RESUME_HPP

#include "rampart/base/text.hpp"
#include "rampart/doctest/sinks.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/session/trial_groups.hpp"
#include "rampart/transport/merge_path.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rampart::inline v1::detail {

/// What earlier journals say about the tests of a process that takes a run up again.
struct earlier_run {
    /// The tests that are accounted for, with what they recorded; and what a test that has to run again had recorded.
    basic_shard<suite_result> known{};
    std::unordered_map<std::string, clone_tally> accounted{};
    std::unordered_map<std::string, std::uint32_t> next_attempt{};  ///< of tests that have to run again, if not 1
    std::vector<test_id> interrupted{};  ///< was running when a process ended, and has to run again
    std::uint32_t attempt = 1;           ///< the number of this process among those of its part
    std::string run{};
};

/// Whether a test need not run again: it ended by itself. One that crashed, ran out of time or never ran has to.
[[nodiscard]] constexpr bool ended(test_outcome o) noexcept {
    return o == test_outcome::passed || o == test_outcome::failed || o == test_outcome::skipped;
}

/// Reads the journals of a folder for a process with this plan. Journals of another list of tests or another run are
/// errors: what they account for is not what was asked for.
inline earlier_run read_earlier_run(std::filesystem::path const& folder, shard_plan const& mine, text_policy text,
                                    wire_limits const& limits, std::vector<std::string>& errors) {
    earlier_run earlier;
    earlier.run = mine.run;
    earlier.attempt = mine.attempt;
    auto const wrong = [&](std::string const& words) { errors.push_back("--rampart-resume: " + one_line(words)); };
    std::error_code failure;
    if (!std::filesystem::exists(folder, failure)) {
        wrong("'" + folder.string() + "' does not exist");
        return earlier;
    }
    if (std::filesystem::is_directory(folder, failure) && std::filesystem::is_empty(folder, failure)) return earlier;

    basic_session<suite_result> read(text);
    merge_path(read, folder, limits);

    std::set<std::string> const wanted = [&] {
        std::set<std::string> ids;
        for (test_id const& id : mine.tests) ids.insert(id.str());
        return ids;
    }();
    std::set<std::string, std::less<>> workers;
    std::set<test_id> running;
    for (shard_plan const& plan : read.plans()) {
        if (plan.list_hash != mine.list_hash) {
            wrong("'" + plan.source + "' was written by a run of other tests; the suite or its options have changed");
            return earlier;
        }
        if (earlier.run.empty()) earlier.run = plan.run;
        if (plan.run != earlier.run) {
            wrong("'" + plan.source + "' is of the run '" + plan.run + "', not of '" + earlier.run + "'");
            return earlier;
        }
        workers.insert(plan.worker);
        running.insert(plan.running.begin(), plan.running.end());
        if (plan.index == mine.index && plan.count == mine.count) {
            earlier.attempt = std::max(earlier.attempt, plan.attempt + 1);
        }
    }

    auto const is_mine = [&](test_id const& test, std::string_view worker) {
        return workers.contains(worker) && wanted.contains(test.str());
    };
    std::map<std::tuple<std::string_view, std::uint32_t, std::string_view>, std::uint32_t> held;
    for (auto const r : read.records().refs()) ++held[{r.test().str(), r.attempt(), r.worker()}];
    for (test_entry const& t : read.tests()) {
        if (!is_mine(t.test, t.worker)) continue;
        // A test that did not end, or lost a result on the way, has to run again; what it left is kept.
        auto const here = held.find({t.test.str(), t.attempt, t.worker});
        std::uint32_t const results = here == held.end() ? 0 : here->second;
        bool const whole = ended(t.facts.outcome) && t.results == results;
        if (!whole && results == 0) continue;
        if (whole) earlier.accounted[t.test.str()].add(t.facts);
        earlier.known.tests.push_back(t);
        earlier.known.tests.back().worker.clear();
    }
    for (auto const r : read.records().refs()) {
        if (!is_mine(r.test(), r.worker())) continue;
        if (auto const known = earlier.accounted.find(r.test().str()); known != earlier.accounted.end()) {
            known->second.add(r.status());
        } else {
            auto& next = earlier.next_attempt[r.test().str()];
            next = std::max(next, r.attempt() + 1);
        }
        earlier.known.filed.push_back(read.records(), r.position());
    }
    earlier.known.filed.set_worker({});
    earlier.known.faults = read.faults();
    for (test_id const& id : running) {
        if (wanted.contains(id.str()) && !earlier.accounted.contains(id.str())) earlier.interrupted.push_back(id);
    }
    return earlier;
}

}  // namespace rampart::inline v1::detail

#endif
