#include "rampart/session/shard_table.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/session/session.hpp"

namespace {

namespace rp = rampart;
using rp::shard_state;
using rp::test_id;
using rp::test_outcome;
using plans = std::vector<rp::shard_plan>;
using texts = std::vector<std::string>;

rp::shard_plan part(std::uint32_t index, std::uint32_t count, texts const& tests = {}, std::uint32_t attempt = 1) {
    auto const name = "shard-" + std::to_string(index + 1);
    rp::shard_plan made{.run = "r",
                        .worker = name,
                        .attempt = attempt,
                        .index = index,
                        .count = count,
                        .process = "east 7 2026-11-21T08:30:00+00:00",
                        .closed = true,
                        .source = name};
    for (auto const& id : tests) made.tests.emplace_back(id);
    return made;
}
rp::test_entry entry(std::string const& id, std::string const& worker, test_outcome outcome = test_outcome::passed,
                     double seconds = 0.0, std::uint32_t attempt = 1) {
    return {test_id(id), attempt, worker, 0, {.name = id, .outcome = outcome, .seconds = seconds}};
}
std::vector<rp::shard_row> rows_of(plans const& list, std::vector<rp::test_entry> const& tests = {},
                                   rp::record_list<rp::result> const& records = {}) {
    return rp::shard_table(list, rp::settle(list, tests), tests, records, {});
}
/// `part-last/count attempt state`
texts lines(std::vector<rp::shard_row> const& rows) {
    texts made;
    for (auto const& r : rows) {
        made.push_back(std::to_string(r.index) + "-" + std::to_string(r.last_index) + "/" + std::to_string(r.count) +
                       " " + std::to_string(r.attempt) + " " + std::string(to_string(r.state)));
    }
    return made;
}

}  // namespace

TEST_CASE("a run without plans has no rows") { CHECK(rows_of({}, {entry("a", "gw0")}).empty()); }

TEST_CASE("each process has a row by part and attempt, that says how far it came") {
    plans list{part(0, 5, {"a"}), part(1, 5, {"b"}), part(1, 5, {"b"}, 2), part(2, 5, {"c"}), part(3, 5, {"d"})};
    list[1].closed = false;
    list[3].torn = true;
    list[4].running = {test_id("d")};
    std::vector<rp::test_entry> const tests{entry("a", "shard-1"), entry("b", "shard-2"), entry("c", "shard-3")};
    texts const wanted{"0-0/5 1 finished",    "1-1/5 1 superseded",  "1-1/5 2 finished",
                       "2-2/5 1 ended_early", "3-3/5 1 ended_early", "4-4/5 0 never_began"};
    CHECK(lines(rows_of(list, tests)) == wanted);
    std::mt19937 random(7);
    auto const rows = rows_of(list, tests);
    for (int i = 0; i < 20; ++i) {
        std::shuffle(list.begin(), list.end(), random);
        CHECK(rows_of(list, tests) == rows);
    }
    CHECK(rows[0].planned == 1);
    CHECK(rows[0].host == "east");
    CHECK(rows[0].pid == 7);
    CHECK(rows[0].started == "2026-11-21T08:30:00+00:00");
    CHECK(rows[0].worker == "shard-1");
    CHECK(rows[0].run == "r");
}

TEST_CASE("parts that never began have rows, neighbours one, and as many as a number can say make no more") {
    CHECK(lines(rows_of({part(2, 8), part(6, 8)})) == texts{"0-1/8 0 never_began", "2-2/8 1 finished",
                                                            "3-5/8 0 never_began", "6-6/8 1 finished",
                                                            "7-7/8 0 never_began"});
    auto const most = std::numeric_limits<std::uint32_t>::max();
    auto const rows = rows_of({part(1, most)});
    REQUIRE(rows.size() == 3);
    CHECK(size_of(rows[0]) == 1);
    CHECK(size_of(rows[2]) == most - 2U);
    // Of a part that cannot be there is a row, and the others are counted as they should.
    CHECK(lines(rows_of({part(0, 2), part(1, 2), part(5, 2)})) ==
          texts{"0-0/2 1 finished", "1-1/2 1 finished", "5-5/2 1 finished"});
}

TEST_CASE("a process that closed its output before all its tests had run has stopped") {
    plans list{part(0, 2, {"a", "b", "c"}), part(1, 2, {"d", "e"})};
    auto const rows = rows_of(list, {entry("a", "shard-1"), entry("d", "shard-2"), entry("e", "shard-2")});
    CHECK(lines(rows) == texts{"0-0/2 1 stopped", "1-1/2 1 finished"});
    CHECK(rows[0].not_run == 2);
    CHECK(rows[1].not_run == 0);
    // A part that died says how many are left under its last attempt.
    plans again{part(0, 1, {"a", "b"}), part(0, 1, {"a", "b"}, 2)};
    for (auto& p : again) p.closed = false;
    auto const died = rows_of(again, {entry("a", "shard-1")});
    CHECK(lines(died) == texts{"0-0/1 1 superseded", "0-0/1 2 ended_early"});
    CHECK(died[0].not_run == 0);
    CHECK(died[1].not_run == 1);
}

TEST_CASE("two outputs of one part and attempt have a row each, and two copies of one have one") {
    plans list{part(0, 1), part(0, 1), part(0, 1)};
    list[1].source = "copy";
    list[2].process = "west 8 then";
    auto const rows = rows_of(list);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].host == "east");
    CHECK(rows[1].host == "west");
}

TEST_CASE("a worker that no plan belongs to has a row after the others, with what it did") {
    rp::record_list<rp::result> records;
    records.push_back({test_id("y"), "y", 0, 1, "python", {}, {.status = rp::safety_status::unsafe}});
    records.push_back({test_id("y"), "y", 1, 1, "python", {}, {.status = rp::safety_status::error}});
    records.push_back({test_id("a"), "a", 0, 1, "shard-1", {}, {.status = rp::safety_status::unsafe}});
    auto const rows = rows_of({part(0, 1, {"a"})},
                              {entry("y", "python", test_outcome::failed, 0.25), entry("a", "shard-1"),
                               entry("x", "python", test_outcome::passed, 0.5), entry("own", "")},
                              records);
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].state == shard_state::unplanned);
    CHECK(rows[1].worker == "python");
    CHECK(rows[1].count == 0);
    CHECK(rows[1].tally ==
          rp::shard_tally{.ran = 2, .failed = 1, .results = 2, .unsafe = 1, .errors = 1, .seconds = 0.75});
    CHECK_FALSE(rows[0].tally);
}

TEST_CASE("a process counts tests once however often they ran, and not those that were running at its end") {
    auto plan = part(0, 1);
    plan.running = {test_id("r")};
    std::vector<rp::test_entry> tests{
        entry("a", "", test_outcome::passed, 0.25), entry("b", "", test_outcome::failed, 0.5),
        entry("c", "", test_outcome::skipped),      entry("d", "", test_outcome::not_run),
        entry("r", "", test_outcome::crashed, 8.0), entry("t[0]", "", test_outcome::failed),
        entry("e", "", test_outcome::timeout)};
    auto const count = [](auto f) { f([] { return rp::safety_status::safe; }); };
    std::vector<rp::trial_spec> const specs{{.clone = test_id("t[0]"), .base = test_id("t"), .threshold = 0.5}};
    rp::shard_tally wanted{.ran = 5, .failed = 2, .results = 1, .seconds = 0.75};
    CHECK(rp::detail::tally_of(plan, tests, specs, count) == wanted);
    tests.push_back(entry("b", "", test_outcome::passed, 0.25, 2));
    tests.push_back(entry("a", "", test_outcome::crashed, 0.0, 2));
    wanted.failed = 3;
    wanted.seconds = 1.0;
    CHECK(rp::detail::tally_of(plan, tests, specs, count) == wanted);
    // A status that cannot be had does not stop the count.
    auto const throws = [](auto f) { f([]() -> rp::safety_status { throw 1; }); };
    CHECK(rp::detail::tally_of(plan, {}, specs, throws) == rp::shard_tally{});
}

TEST_CASE("what names a process may be anything") {
    for (std::string const process :
         {"", " ", "one", "one two", " 7 then", "host x then", "host  then", "a b 7 then"}) {
        CAPTURE(process);
        auto plan = part(0, 1);
        plan.process = process;
        auto const row = rows_of({plan}).front();
        CHECK(row.pid == (process == " 7 then" || process == "a b 7 then" ? 7 : 0));
        CHECK(row.host == (process == "a b 7 then" ? "a b" : ""));
    }
}

TEST_CASE("a session carries what its own process did, and copies of a plan share what was counted") {
    rp::session s;
    s.set_plan({.run = "r", .worker = "gw0", .tests = {test_id("a"), test_id("b")}, .closed = true});
    s.absorb(test_id("a"), {}, {{.status = rp::safety_status::unsafe}}, {.outcome = test_outcome::failed});
    auto const shard = s.to_shard("gw0");
    REQUIRE(shard.plans.size() == 1);
    CHECK(shard.plans[0].tally == rp::shard_tally{.ran = 1, .failed = 1, .results = 1, .unsafe = 1});

    auto uncounted = shard;
    uncounted.plans[0].tally.reset();
    for (bool const first : {true, false}) {
        rp::session hub;
        hub.merge_worker_results(first ? shard : uncounted);
        hub.merge_worker_results(first ? uncounted : shard);
        REQUIRE(hub.plans().size() == 1);
        CHECK(hub.plans()[0].tally == shard.plans[0].tally);
    }
}
