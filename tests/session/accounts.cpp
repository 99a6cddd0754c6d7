#include "rampart/session/accounts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "rampart/session/session.hpp"

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::test_id;
using rp::test_outcome;
using entries = std::vector<rp::test_entry>;
using plans = std::vector<rp::shard_plan>;
using texts = std::vector<std::string>;

rp::shard_plan plan(std::uint32_t index, std::uint32_t count, std::string worker, texts const& tests) {
    rp::shard_plan made{.run = "r", .worker = worker, .index = index, .count = count, .closed = true};
    made.source = worker + ".jsonl";
    for (auto const& t : tests) made.tests.emplace_back(t);
    return made;
}
rp::test_entry came(std::string const& test, std::string worker, test_outcome outcome = test_outcome::passed) {
    return {.test = test_id(test), .worker = std::move(worker), .facts = {.outcome = outcome}};
}
std::string line(rp::test_entry const& t) {
    return t.test.str() + ", " + t.worker + ", attempt " + std::to_string(t.attempt) + ": " +
           std::string(rp::to_string(t.facts.outcome));
}
/// All that a settlement says, one line each; also checks that the order of plans and tests is nothing to it.
texts said(plans list, entries tests) {
    auto const settled = rp::settle(list, tests);
    std::mt19937 random(5);
    for (int round = 0; round < 5; ++round) {
        std::shuffle(list.begin(), list.end(), random);
        std::shuffle(tests.begin(), tests.end(), random);
        auto const again = rp::settle(list, tests);
        CHECK(again.tests == settled.tests);
        CHECK(again.faults == settled.faults);
    }
    texts lines;
    for (auto const& t : settled.tests) {
        CHECK(t.results == 0);
        CHECK(t.facts.name == rp::short_name(t.test));
        lines.push_back(line(t));
    }
    for (auto const& f : settled.faults) lines.push_back(std::string(rp::to_string(f.kind)) + ": " + rp::reason(f));
    return lines;
}

/// A session without plans, as one was before there were any.
struct no_plans {
    entries tests() const { return {}; }
};

}  // namespace

TEST_CASE("a planned test is accounted for by any outcome, from any worker of its part") {
    for (auto outcome : {test_outcome::unknown, test_outcome::passed, test_outcome::failed, test_outcome::skipped,
                         test_outcome::crashed, test_outcome::timeout, test_outcome::not_run}) {
        CHECK(said({plan(0, 1, "gw0", {"a"})}, {came("a", "gw0", outcome)}).empty());
    }
    auto again = plan(0, 2, "gw0b", {"b"});
    again.attempt = 2;
    CHECK(said({plan(0, 2, "gw0", {"a", "b"}), plan(1, 2, "gw1", {}), again}, {came("a", "gw0"), came("b", "gw0b")})
              .empty());
    CHECK(said({plan(0, 1, "", {"a"})}, {came("a", "")}).empty());
    // Twice, as when it was tried again, is fine.
    CHECK(said({plan(0, 1, "gw0", {"a", "a"})}, {came("a", "gw0"), came("a", "gw0")}).empty());
}

TEST_CASE("a planned test of which nothing is known did not run, and each part says so once") {
    CHECK(said({plan(0, 1, "gw0", {"m.cpp::a"})}, {}) ==
          texts{"m.cpp::a, gw0, attempt 1: not_run",
                "unaccounted_test: worker gw0, gw0.jsonl: test m.cpp::a was planned and nothing is known of it"});
    CHECK(said({plan(0, 2, "gw0", {"c", "b", "a"}), plan(1, 2, "gw1", {"d"})}, {came("b", "gw0")}) ==
          texts{"a, gw0, attempt 1: not_run", "c, gw0, attempt 1: not_run", "d, gw1, attempt 1: not_run",
                "unaccounted_test: worker gw0, gw0.jsonl: test a was planned and nothing is known of it (and 1 more)",
                "unaccounted_test: worker gw1, gw1.jsonl: test d was planned and nothing is known of it"});
}

TEST_CASE("a test that ran in another part, or in a worker without a plan, does not account for the part's own") {
    auto const missed = texts{"a, gw0, attempt 1: not_run",
                              "unaccounted_test: worker gw0, gw0.jsonl: test a was planned and nothing is known of it"};
    CHECK(said({plan(0, 1, "gw0", {"a"})}, {came("a", "other")}) == missed);
    auto elsewhere = missed;
    elsewhere.push_back("unplanned_test: worker gw1, gw1.jsonl: test a ran and was not planned");
    CHECK(said({plan(0, 2, "gw0", {"a"}), plan(1, 2, "gw1", {})}, {came("a", "gw1")}) == elsewhere);
}

TEST_CASE("of a part's attempts the last speaks for a test that none of them did") {
    auto first = plan(0, 1, "gw0", {"a", "b"});
    first.closed = false;
    auto second = plan(0, 1, "gw0", {"a", "b"});
    second.attempt = 2;
    second.source = "again.jsonl";
    CHECK(said({first, second}, {came("b", "gw0")}) ==
          texts{"a, gw0, attempt 2: not_run",
                "unaccounted_test: worker gw0, again.jsonl: test a was planned and nothing is known of it",
                "superseded: worker gw0, gw0.jsonl: attempt 1 of part 1 of 1 ended early; attempt 2 came after it "
                "(worker gw0, again.jsonl)"});
    // Also where the later attempt planned only a part of the rest: nothing is lost between them.
    second.tests.clear();
    CHECK(said({first, second}, {came("b", "gw0")}).front() == "a, gw0, attempt 1: not_run");
}

TEST_CASE("a test that was running when its process ended crashed, and is named") {
    auto broken = plan(0, 1, "gw0", {"a", "b", "c"});
    broken.running = {test_id("b")};
    CHECK(said({broken}, {came("a", "gw0"), came("c", "gw0")}) ==
          texts{"b, gw0, attempt 1: crashed",
                "interrupted_test: worker gw0, gw0.jsonl: test b was running when its process ended"});
    // It is not told a second time as one that is unaccounted for; the one after it is.
    broken.closed = false;
    CHECK(said({broken}, {came("a", "gw0")}) ==
          texts{"b, gw0, attempt 1: crashed", "c, gw0, attempt 1: not_run",
                "interrupted_test: worker gw0, gw0.jsonl: test b was running when its process ended",
                "missing_close: worker gw0, gw0.jsonl: its process ended before it had said that it was done",
                "unaccounted_test: worker gw0, gw0.jsonl: test c was planned and nothing is known of it"});
    // Where its part knows how it ended, that stands.
    CHECK(said({broken}, {came("a", "gw0"), came("b", "gw0", test_outcome::failed), came("c", "gw0")}).size() == 2);
    // A later attempt that did it makes it good, one that did not does not.
    auto later = plan(0, 1, "gw0", {"b", "c"});
    later.attempt = 2;
    CHECK(said({broken, later}, {came("a", "gw0"), came("b", "gw0"), came("c", "gw0")}).size() == 1);
    CHECK(said({broken, later}, {came("a", "gw0"), came("c", "gw0")}).front() == "b, gw0, attempt 2: not_run");
    // Another worker's part of one out of one is something else, and makes nothing good.
    later.worker = "gw7";
    CHECK(said({broken, later}, {came("a", "gw0"), came("b", "gw7"), came("c", "gw7")}).front() ==
          "b, gw0, attempt 1: crashed");
}

TEST_CASE("what an interrupted test had recorded tells of it and does not account for it: a later attempt has to") {
    auto broken = plan(0, 1, "gw0", {"a", "b"});
    broken.closed = false;
    broken.running = {test_id("b")};
    auto const kept = came("b", "gw0", test_outcome::crashed);
    // Alone it is one crashed test, not two.
    auto const alone = said({broken}, {came("a", "gw0"), kept});
    CHECK(alone ==
          texts{"interrupted_test: worker gw0, gw0.jsonl: test b was running when its process ended",
                "missing_close: worker gw0, gw0.jsonl: its process ended before it had said that it was done"});
    auto later = plan(0, 1, "gw0", {"a", "b"});
    later.attempt = 2;
    later.source = "again.jsonl";
    auto const missing = said({broken, later}, {came("a", "gw0"), kept});
    REQUIRE(missing.size() == 3);
    CHECK(missing[0] == "b, gw0, attempt 2: not_run");
    CHECK(missing[1] == "unaccounted_test: worker gw0, again.jsonl: test b was planned and nothing is known of it");
    auto again = came("b", "gw0");
    again.attempt = 2;
    CHECK(said({broken, later}, {came("a", "gw0"), kept, again}).size() == 1);
}

TEST_CASE("two outputs of one worker that break off in one test make one crashed test") {
    auto broken = plan(0, 1, "gw0", {"a"});
    broken.running = {test_id("a")};
    auto other = broken;
    other.process = "another";
    CHECK(said({broken, other}, {}) ==
          texts{"a, gw0, attempt 1: crashed",
                "second_output: worker gw0: different outputs of part 1 of 1, attempt 1: "
                "gw0.jsonl and gw0.jsonl",
                "interrupted_test: worker gw0, gw0.jsonl: test a was running when its process ended",
                "interrupted_test: worker gw0, gw0.jsonl: test a was running when its process ended"});
}

TEST_CASE("a test that its own process had not planned is a fault, one for each worker") {
    CHECK(said({plan(0, 1, "gw0", {"a"})},
               {came("a", "gw0"), came("z", "gw0"), came("y", "gw0"), came("y", "gw0"), came("x", "other")}) ==
          texts{"unplanned_test: worker gw0, gw0.jsonl: test y ran and was not planned (and 1 more)"});
    // What another worker planned is not its own.
    CHECK(said({plan(0, 1, "gw0", {"a"}), plan(0, 1, "gw1", {"b"})}, {came("a", "gw0"), came("b", "gw1")}).empty());
    CHECK(said({plan(0, 1, "gw0", {"a"}), plan(0, 1, "gw1", {"b"})},
               {came("a", "gw0"), came("a", "gw1"), came("b", "gw1")}) ==
          texts{"unplanned_test: worker gw1, gw1.jsonl: test a ran and was not planned"});
}

TEST_CASE("a test that two parts planned is a fault, one for two parts") {
    CHECK(
        said({plan(0, 3, "gw0", {"b", "a", "c"}), plan(1, 3, "gw1", {"a", "b"}), plan(2, 3, "gw2", {"c", "d"})},
             {came("a", "gw0"), came("b", "gw0"), came("c", "gw0"), came("a", "gw1"), came("b", "gw1"),
              came("c", "gw2"), came("d", "gw2")}) ==
        texts{"other_list: run r: test a is planned in part 1 of 3 (worker gw0, gw0.jsonl) and in part 2 of 3 (worker "
              "gw1, gw1.jsonl) (and 1 more)",
              "other_list: run r: test c is planned in part 1 of 3 (worker gw0, gw0.jsonl) and in part 3 of 3 (worker "
              "gw2, gw2.jsonl)"});
    // Of different runs that is no wonder.
    auto other = plan(0, 1, "gw1", {"a"});
    other.run = "s";
    CHECK(said({plan(0, 1, "gw0", {"a"}), other}, {came("a", "gw0"), came("a", "gw1")}).size() == 1);
}

TEST_CASE("one worker with many parts, and one test in many parts, are accounted for alike") {
    plans one_worker;
    plans one_test;
    entries of_worker;
    entries of_test;
    for (std::uint32_t i = 0; i < 20; ++i) {
        auto const number = std::to_string(i);
        one_worker.push_back(plan(i, 20, "gw", {"t" + number}));
        if (i != 7) of_worker.push_back(came("t" + number, "gw"));
        one_test.push_back(plan(i, 20, "gw" + number, {"t"}));
        if (i != 7) of_test.push_back(came("t", "gw" + number));
    }
    CHECK(said(one_worker, of_worker) ==
          texts{"t7, gw, attempt 1: not_run",
                "unaccounted_test: worker gw, gw.jsonl: test t7 was planned and nothing is known of it"});
    auto const found = said(one_test, of_test);
    REQUIRE(found.size() == 1 + 19 + 1);
    CHECK(found.front() == "t, gw7, attempt 1: not_run");
}

TEST_CASE("a worker with many parts accounts only for those, and only for tests that it planned") {
    plans const list{plan(0, 3, "gw", {"a"}), plan(1, 3, "other", {"b"}), plan(2, 3, "gw", {"c"})};
    CHECK(said(list, {came("a", "gw"), came("b", "gw"), came("c", "gw")}) ==
          texts{"b, other, attempt 1: not_run",
                "unaccounted_test: worker other, other.jsonl: test b was planned and nothing is known of it",
                "unplanned_test: worker gw, gw.jsonl: test b ran and was not planned"});
}

TEST_CASE("a hundred tests in each of a hundred parts, of which one in a hundred is missing, are all told") {
    // Against a count that is made another way.
    std::mt19937 random(11);
    plans list;
    entries tests;
    std::size_t missing = 0;
    std::size_t parts_with_missing = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        auto const worker = "gw" + std::to_string(i);
        list.push_back(plan(i, 100, worker, {}));
        bool all = true;
        for (int t = 0; t < 100; ++t) {
            auto const name = "suite::test " + std::to_string(i * 1000 + static_cast<unsigned>(t));
            list.back().tests.emplace_back(name);
            if (random() % 100 == 0) {
                ++missing;
                all = false;
            } else {
                tests.push_back(came(name, worker));
            }
        }
        parts_with_missing += all ? 0 : 1;
    }
    std::shuffle(tests.begin(), tests.end(), random);
    auto const settled = rp::settle(list, tests);
    CHECK(settled.tests.size() == missing);
    CHECK(settled.faults.size() == parts_with_missing);
    CHECK(std::is_sorted(settled.faults.begin(), settled.faults.end()));
    CHECK(std::is_sorted(settled.tests.begin(), settled.tests.end(),
                         [](auto const& a, auto const& b) { return report_order(a, b); }));
}

TEST_CASE("a session's settlement is that of the plans merged into it; one without plans has none") {
    rp::session hub;
    CHECK(rp::settlement_of(hub).faults.empty());
    hub.merge_worker_results({.worker = "gw0", .plans = {plan(0, 1, "", {"a"})}});
    CHECK(rp::settlement_of(hub).tests.size() == 1);
    CHECK(rp::settlement_of(hub).faults.front().kind == fault_kind::unaccounted_test);
    CHECK(rp::settlement_of(no_plans{}).faults.empty());
}
