#include "rampart/session/trial_groups.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::test_id;
using rp::test_outcome;
using enum rp::safety_status;

using statuses = std::vector<rp::safety_status>;

test_id clone(std::string const& base, std::size_t i) { return test_id(base + "[trial-" + std::to_string(i) + "]"); }

std::vector<rp::result> results(statuses const& list) {
    std::vector<rp::result> made;
    for (auto s : list) made.push_back({.status = s});
    return made;
}

/// A session with one group "t": each inner list is what one clone recorded.
rp::session with_clones(double threshold, std::vector<statuses> const& clones,
                        test_outcome outcome = test_outcome::passed) {
    rp::session s;
    for (std::size_t i = 0; i < clones.size(); ++i) {
        s.register_trial_spec({.clone = clone("t", i), .base = test_id("t"), .threshold = threshold});
        s.absorb(clone("t", i), {}, results(clones[i]), {.outcome = outcome});
    }
    return s;
}
rp::trial_group_result group(double threshold, std::vector<statuses> const& clones,
                             test_outcome outcome = test_outcome::passed) {
    auto const groups = rp::trial_groups(with_clones(threshold, clones, outcome));
    REQUIRE(groups.size() == 1);
    return groups.front();
}

}  // namespace

TEST_CASE("a session without trials has no groups [B53]") {
    rp::session s;
    s.absorb(test_id("t"), {}, results({unsafe}));
    CHECK(rp::trial_groups(s).empty());
}

TEST_CASE("a clone counts once, with the worst of its results: unsafe, error, safe, undetermined [B52]") {
    auto const g = group(0.0, {{safe, unsafe, error},
                               {safe, error},
                               {undetermined, safe, safe},
                               {undetermined, undetermined},
                               {},
                               {error, undetermined, unsafe}});
    CHECK(g.base == test_id("t"));
    CHECK(g.total == 6);
    CHECK(g.unsafe == 2);
    CHECK(g.errors == 1);
    CHECK(g.safe == 1);
    CHECK(g.undetermined == 1);
    CHECK(g.no_result == 1);
    CHECK(g.pass_rate == 1.0 / 6);
}

TEST_CASE("every combination of results gives the verdict of the worst one [B52]") {
    for (unsigned bits = 0; bits < 16; ++bits) {
        statuses list;
        for (auto s : {undetermined, safe, error, unsafe}) {
            if ((bits >> static_cast<unsigned>(s) & 1U) != 0) list.push_back(s);
        }
        do {
            auto const g = group(0.0, {list});
            auto const has = [&list](rp::safety_status s) { return std::count(list.begin(), list.end(), s) > 0; };
            CHECK(g.total == 1);
            CHECK(g.unsafe + g.errors + g.safe + g.undetermined + g.no_result == 1);
            CHECK(g.unsafe == (has(unsafe) ? 1 : 0));
            CHECK(g.errors == (!has(unsafe) && has(error) ? 1 : 0));
            CHECK(g.safe == (!has(unsafe) && !has(error) && has(safe) ? 1 : 0));
            CHECK(g.no_result == (list.empty() ? 1 : 0));
        } while (std::next_permutation(list.begin(), list.end()));
    }
}

TEST_CASE("a clone that was registered and never ran is counted without a result [B52]") {
    rp::session s;
    for (std::size_t i = 0; i < 3; ++i) {
        s.register_trial_spec({.clone = clone("t", i), .base = test_id("t"), .threshold = 0.5});
    }
    s.absorb(clone("t", 0), {}, results({safe}));
    s.absorb(clone("t", 3), {}, results({unsafe}));  // nobody registered it
    auto const g = rp::trial_groups(s).front();
    CHECK(g.total == 3);
    CHECK(g.no_result == 2);
    CHECK(g.unsafe == 0);
    CHECK_FALSE(g.passed);
}

TEST_CASE("a group passes when nothing is unsafe and its safe share reaches the threshold [B53]") {
    CHECK_FALSE(group(0.3, {{safe}, {safe}, {unsafe}, {unsafe}, {error}}).passed);
    CHECK(group(0.3, {{safe}, {safe}, {unsafe}, {unsafe}, {error}}).pass_rate == 0.4);
    CHECK_FALSE(group(0.75, {{safe}, {safe}, {undetermined}, {undetermined}}).passed);
    CHECK(group(0.75, {{safe}, {safe}, {undetermined}, {undetermined}}).pass_rate == 0.5);
    CHECK(group(0.5, {{safe}, {safe}, {safe}}).passed);
    CHECK(group(0.75, {{safe}, {safe}, {safe}, {}}).passed);
    CHECK(group(1.0, {{safe}, {safe}}).passed);
    CHECK_FALSE(group(1.0, {{safe}, {undetermined}}).passed);
    // Exactly the threshold is enough, for every share that can be written.
    for (int total = 1; total <= 40; ++total) {
        for (int good = 1; good <= total; ++good) {
            std::vector<statuses> clones(static_cast<std::size_t>(total), statuses{undetermined});
            for (int i = 0; i < good; ++i) clones[static_cast<std::size_t>(i)] = {safe};
            double const share = static_cast<double>(good) / total;
            CHECK(group(share, clones).passed);
            CHECK_FALSE(group(std::nextafter(share, 2.0), clones).passed);
        }
    }
}

TEST_CASE("an unsafe trial fails its group whatever the threshold [B53]") {
    CHECK_FALSE(group(0.0, {{unsafe}}).passed);
    std::vector<statuses> clones(99, statuses{safe});
    clones.push_back({unsafe});
    CHECK_FALSE(group(0.0, clones).passed);
    CHECK(group(0.0, clones).pass_rate == 0.99);
}

TEST_CASE("a group of errors or of no results fails also at threshold 0 (Python passes it) [B53]") {
    CHECK_FALSE(group(0.0, {{error}, {error}, {error}}).passed);
    CHECK_FALSE(group(0.0, {{}, {}}).passed);
    CHECK_FALSE(group(0.0, {{error}, {}}).passed);
    CHECK(group(0.0, {{error}, {error}, {error}}).pass_rate == 0.0);
    // One that was judged is enough there.
    CHECK(group(0.0, {{error}, {undetermined}}).passed);
    CHECK(group(0.0, {{error}, {safe}}).passed);
}

TEST_CASE("a safe clone in which an assertion failed counts as an error, and so does one that ended badly [B52]") {
    for (auto bad : {test_outcome::failed, test_outcome::crashed, test_outcome::timeout}) {
        auto const g = group(0.0, {{safe}, {safe}}, bad);
        CHECK(g.safe == 0);
        CHECK(g.errors == 2);
        CHECK_FALSE(g.passed);
    }
    for (auto good : {test_outcome::passed, test_outcome::unknown}) CHECK(group(1.0, {{safe}}, good).passed);
    // What was worse stays worse, and what proved nothing proves nothing.
    CHECK(group(0.0, {{unsafe}}, test_outcome::failed).unsafe == 1);
    CHECK(group(0.0, {{undetermined}}, test_outcome::failed).undetermined == 1);
    CHECK(group(0.0, {{}}, test_outcome::failed).no_result == 1);
}

TEST_CASE("a group's threshold is that of its first clone, trial 2 being before trial 10 [B54]") {
    std::vector<std::size_t> numbers{10, 2, 33};
    std::sort(numbers.begin(), numbers.end());
    do {
        rp::session s;
        for (auto i : numbers) {
            s.register_trial_spec({.clone = clone("t", i), .base = test_id("t"), .threshold = i == 2 ? 0.25 : 0.75});
        }
        CHECK(rp::trial_groups(s).front().threshold == 0.25);
    } while (std::next_permutation(numbers.begin(), numbers.end()));
}

TEST_CASE("attempts of a clone and copies from two workers make one trial, and the worst counts [B33, B52]") {
    rp::session retried;
    retried.register_trial_spec({.clone = clone("t", 0), .base = test_id("t"), .threshold = 0.5});
    retried.absorb(clone("t", 0), {}, results({unsafe}), {.outcome = test_outcome::failed});
    retried.absorb(clone("t", 0), {}, results({safe}), {.outcome = test_outcome::passed});
    auto const g = rp::trial_groups(retried).front();
    CHECK(g.total == 1);
    CHECK(g.unsafe == 1);
    CHECK_FALSE(g.passed);

    rp::session hub;
    hub.merge_worker_results(with_clones(0.5, {{safe}, {}}).to_shard("gw0"));
    hub.merge_worker_results(with_clones(0.5, {{error}, {safe}}).to_shard("gw1"));
    auto const merged = rp::trial_groups(hub).front();
    CHECK(merged.total == 2);
    CHECK(merged.errors == 1);
    CHECK(merged.safe == 1);
    CHECK(merged.passed);
}

TEST_CASE("groups are listed in order of their base ids, and a base need not be a test of the session [B113]") {
    rp::session s;
    for (auto base : {"b", "a", "a10", "a2"}) {
        s.register_trial_spec({.clone = clone(base, 0), .base = test_id(base), .threshold = 1.0});
    }
    std::vector<std::string> order;
    for (auto const& g : rp::trial_groups(s)) order.push_back(g.base.str());
    CHECK(order == std::vector<std::string>{"a", "a10", "a2", "b"});
}

TEST_CASE("a clone that is its own base, and one that is another's base, are clones all the same") {
    rp::session s;
    s.register_trial_spec({.clone = test_id("x"), .base = test_id("x"), .threshold = 1.0});
    s.register_trial_spec({.clone = test_id("y"), .base = test_id("x"), .threshold = 1.0});
    s.absorb(test_id("x"), {}, results({safe}));
    s.absorb(test_id("y"), {}, results({safe}));
    auto const groups = rp::trial_groups(s);
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].total == 2);
    CHECK(groups[0].passed);
}

TEST_CASE("a group judged by hand follows the same rule, and nothing at all does not pass [B53]") {
    rp::trial_group_result empty{.threshold = 0.0};
    rp::judge(empty);
    CHECK_FALSE(empty.passed);
    CHECK(empty.pass_rate == 0.0);
    rp::trial_group_result strange{.total = 1, .safe = 1, .threshold = std::numeric_limits<double>::quiet_NaN()};
    rp::judge(strange);
    CHECK_FALSE(strange.passed);
}

TEST_CASE("a trial that broke off, as the plans tell, makes a safe one of another worker an error [B52]") {
    rp::session hub;
    hub.merge_worker_results(with_clones(1.0, {{safe}, {safe}}).to_shard("gw0"));
    CHECK(rp::trial_groups(hub).front().passed);
    hub.merge_worker_results({.worker = "gw1", .plans = {{.running = {clone("t", 1)}, .closed = true}}});
    auto const g = rp::trial_groups(hub).front();
    CHECK(g.total == 2);
    CHECK(g.safe == 1);
    CHECK(g.errors == 1);
    CHECK_FALSE(g.passed);
    CHECK(rp::trial_groups(hub, {}).front().passed);
}

TEST_CASE("shards merged in any order give the same groups [B51, B58]") {
    // Random runs of two groups on four workers that disagree here and there about a threshold, and run a clone twice.
    std::mt19937 random(7);
    auto const one_in = [&random](unsigned n) { return random() % n == 0; };
    for (int round = 0; round < 20; ++round) {
        std::vector<rp::basic_shard<rp::result>> shards;
        for (int w = 0; w < 4; ++w) {
            rp::session s;
            for (std::string base : {"t", "u"}) {
                for (std::size_t i = 0; i < 12; ++i) {
                    s.register_trial_spec({.clone = clone(base, i),
                                           .base = test_id(one_in(40) ? "v" : base),
                                           .threshold = one_in(10) ? 0.9 : 0.25});
                    if (!one_in(3)) continue;
                    statuses list;
                    for (auto left = random() % 3; left > 0; --left) list.push_back(one_in(2) ? safe : undetermined);
                    if (one_in(20)) list.push_back(one_in(2) ? unsafe : error);
                    s.absorb(clone(base, i), {}, results(list),
                             {.outcome = one_in(8) ? test_outcome::failed : test_outcome::passed});
                }
            }
            shards.push_back(s.to_shard("gw" + std::to_string(w)));
        }
        std::vector<std::size_t> order{0, 1, 2, 3};
        std::vector<rp::trial_group_result> first;
        do {
            rp::session hub;
            for (auto i : order) hub.merge_worker_results(shards[i]);
            auto const groups = rp::trial_groups(hub);
            if (first.empty()) first = groups;
            CHECK(groups == first);
            int total = 0;
            for (auto const& g : groups) {
                total += g.total;
                CHECK(g.total == g.safe + g.unsafe + g.errors + g.undetermined + g.no_result);
            }
            CHECK(total == 24);
        } while (std::next_permutation(order.begin(), order.end()));
    }
}

TEST_CASE("what no trial of a group used is declared in vain, and one use in any of them is enough") {
    using names = std::vector<std::string>;
    auto const unused = [](std::vector<std::vector<std::pair<test_outcome, names>>> const& clones) {
        rp::session s;
        for (std::size_t i = 0; i < clones.size(); ++i) {
            s.register_trial_spec({.clone = clone("t", i), .base = test_id("t"), .threshold = 0.0});
            for (auto const& [outcome, list] : clones[i]) {
                s.absorb(clone("t", i), {}, results({safe}), {.outcome = outcome, .unused = list});
            }
        }
        auto const groups = rp::trial_groups(s);
        REQUIRE(groups.size() == 1);
        return groups.front().unused;
    };
    constexpr auto passed = test_outcome::passed;
    constexpr auto failed = test_outcome::failed;
    CHECK(unused({{{passed, {"git"}}}, {{passed, {"git"}}}}) == names{"git"});
    CHECK(unused({{{passed, {"git", "smtp"}}}, {{failed, {"smtp", "git"}}}}) == names{"git", "smtp"});
    CHECK(unused({{{passed, {"git", "smtp"}}}, {{passed, {"smtp"}}}}) == names{"smtp"});
    CHECK(unused({{{passed, {"git"}}}, {{passed, {}}}}) == names{});
    // Another attempt of a trial may have used it.
    CHECK(unused({{{passed, {"git"}}, {passed, {}}}, {{passed, {"git"}}}}) == names{});
    // What broke off, or is not there yet, may have been about to use it.
    CHECK(unused({{{passed, {"git"}}}, {{test_outcome::crashed, {}}}}) == names{});
    CHECK(unused({{{passed, {"git"}}}, {{test_outcome::timeout, {}}, {passed, {"git"}}}}) == names{});
    CHECK(unused({{{passed, {"git"}}}, {{test_outcome::not_run, {}}}}) == names{});
    CHECK(unused({{{passed, {"git"}}}, {}}) == names{});
}
