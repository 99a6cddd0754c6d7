#include "rampart/session/plan_rules.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/session/accounts.hpp"

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::fault_kind;
using plans = std::vector<rp::shard_plan>;
using texts = std::vector<std::string>;

/// Part `index` of `count` of the run r, which ended well.
rp::shard_plan part(std::uint32_t index, std::uint32_t count) {
    auto const name = std::to_string(index);
    return {.run = "r",
            .worker = "gw" + name,
            .index = index,
            .count = count,
            .process = "host " + name,
            .closed = true,
            .source = "gw" + name + ".jsonl"};
}
plans parts(std::uint32_t count) {
    plans made;
    for (std::uint32_t i = 0; i < count; ++i) made.push_back(part(i, count));
    return made;
}
/// `kind: where: what` of each fault, and the same for the plans in reverse.
texts said(plans const& list) {
    auto const of = [](plans const& some) {
        texts lines;
        for (auto const& f : rp::settle(some, {}).faults) {
            lines.push_back(std::string(rp::to_string(f.kind)) + ": " + rp::reason(f));
        }
        return lines;
    };
    auto const lines = of(list);
    CHECK(of({list.rbegin(), list.rend()}) == lines);
    return lines;
}

}  // namespace

TEST_CASE("parts that are all there, of one run and one list, say nothing") {
    CHECK(said({}).empty());
    CHECK(said({rp::shard_plan{.closed = true}}).empty());
    CHECK(said(parts(1)).empty());
    CHECK(said(parts(5)).empty());
    auto twice = parts(2);
    twice.push_back(twice.front());
    twice.back().source = "copy";
    CHECK(said(twice).empty());
}

TEST_CASE("parts of different runs are a fault that names both") {
    auto list = parts(1);
    list.push_back(part(0, 1));
    list.back().run = "s";
    CHECK(said(list) ==
          texts{"other_run: parts of different runs: run r (worker gw0, gw0.jsonl) and run s (worker gw0, "
                "gw0.jsonl)"});
    list.push_back(part(0, 1));
    list.back().run = "";
    CHECK(said(list) ==
          texts{"other_run: parts of different runs: a run without an id (worker gw0, gw0.jsonl) and run r "
                "(worker gw0, gw0.jsonl) (and 1 more)"});
}

TEST_CASE("a part that never came is named, and of many the first three and their number") {
    auto list = parts(4);
    list.erase(list.begin() + 2);
    CHECK(said(list) == texts{"missing_shard: run r: part 3 of 4 never came; part 1 of 4 did (worker gw0, gw0.jsonl)"});
    list.erase(list.begin());
    CHECK(said(list) ==
          texts{"missing_shard: run r: parts 1, 3 of 4 never came; part 2 of 4 did (worker gw1, gw1.jsonl)"});
    CHECK(said({part(1, 100), part(7, 100)}) ==
          texts{"missing_shard: run r: parts 1, 3, 4 and 95 more of 100 never came; part 2 of 100 did (worker gw1, "
                "gw1.jsonl)"});
    // As many as a number can say are counted, not gone through.
    auto const most = std::numeric_limits<std::uint32_t>::max();
    CHECK(said({part(most - 1, most)}) ==
          texts{"missing_shard: run r: parts 1, 2, 3 and 4294967291 more of 4294967295 never came; part 4294967295 of "
                "4294967295 did (worker gw4294967294, gw4294967294.jsonl)"});
}

TEST_CASE("a part that cannot be is a fault") {
    auto strange = part(1, 1);
    strange.worker = "gw0";
    CHECK(said({part(0, 1), strange}) == texts{"other_list: worker gw0, gw1.jsonl: there is no part 2 of 1"});
    // With such a part the others cannot be asked whether they are the list.
    auto list = parts(2);
    list.push_back(part(2, 2));
    for (auto& p : list) p.list_hash = rp::list_hash({"a"});
    CHECK(said(list).size() == 1);
    CHECK(said({part(0, 0)}) == texts{"other_list: worker gw0, gw0.jsonl: there is no part 1 of 0"});
}

TEST_CASE("parts cut into different numbers, or from different lists, are a fault that names two of them") {
    auto list = parts(2);
    list.push_back(part(0, 3));
    CHECK(said(list) ==
          texts{"missing_shard: run r: parts 2, 3 of 3 never came; part 1 of 3 did (worker gw0, gw0.jsonl)",
                "other_list: run r: the numbers of parts differ: 2 (worker gw0, gw0.jsonl) and 3 (worker "
                "gw0, gw0.jsonl)"});
    // One that was not cut at all is a list of its own.
    list.back() = part(0, 1);
    list.back().worker = "whole";
    CHECK(said(list).empty());
    auto lists = parts(3);
    for (auto& p : lists) p.list_hash = "h" + std::to_string(p.index % 2);
    CHECK(said(lists) == texts{"other_list: run r: cut from different lists of tests: part 1 of 3 (worker gw0, "
                               "gw0.jsonl) and part 2 of 3 (worker gw1, gw1.jsonl)"});
    for (auto& p : lists) p.list_hash = p.index == 0 ? rp::list_hash({}) : "";
    CHECK(said(lists).empty());
}

TEST_CASE("parts of one out of one are whole in themselves: those of several suites may be merged") {
    auto list = parts(2);
    for (auto& p : list) {
        p.count = 1;
        p.index = 0;
        p.list_hash = rp::list_hash({p.worker});
        p.tests = {rp::test_id(p.worker)};
    }
    std::vector<rp::test_entry> const came{{.test = rp::test_id("gw0"), .worker = "gw0"},
                                           {.test = rp::test_id("gw1"), .worker = "gw1"}};
    CHECK(rp::settle(list, came).faults.empty());
    list[1].tests.clear();  // but each has to be its own list
    auto const faults = rp::settle(list, {came[0]}).faults;
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].kind == fault_kind::other_list);
}

TEST_CASE("two outputs of one part out of several are a fault, whatever their workers are called") {
    auto list = parts(2);
    list.push_back(list[1]);
    list.back().worker = "gw7";
    list.back().source = "gw7.jsonl";
    CHECK(said(list) == texts{"second_output: worker gw1: different outputs of part 2 of 2, attempt 1: gw1.jsonl and "
                              "gw7.jsonl"});
}

TEST_CASE("the parts together have to be the list that they were cut from") {
    auto list = parts(2);
    list[0].tests = {rp::test_id("a"), rp::test_id("c")};
    list[1].tests = {rp::test_id("b")};
    std::vector<rp::test_entry> const came{{.test = rp::test_id("a"), .worker = "gw0"},
                                           {.test = rp::test_id("b"), .worker = "gw1"},
                                           {.test = rp::test_id("c"), .worker = "gw0"}};
    for (auto& p : list) p.list_hash = rp::list_hash({"c", "b", "a"});
    CHECK(rp::settle(list, came).faults.empty());
    for (auto& p : list) p.list_hash = rp::list_hash({"a", "b", "c", "d"});
    auto const faults = rp::settle(list, came).faults;
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].kind == fault_kind::other_list);
    CHECK(rp::reason(faults[0]) == "run r: the parts together are not the list they were cut from: 3 tests are planned "
                                   "(worker gw0, gw0.jsonl)");
    // While a part is missing they cannot be it.
    list.pop_back();
    auto const fewer = rp::settle(list, came).faults;
    REQUIRE(fewer.size() == 1);
    CHECK(fewer[0].kind == fault_kind::missing_shard);
}

TEST_CASE("two different outputs of one worker, part and attempt are a fault that names both") {
    auto list = parts(1);
    list.push_back(list[0]);
    list.back().process = "host again";
    list.back().source = "a.jsonl";
    CHECK(said(list) ==
          texts{"second_output: worker gw0: different outputs of part 1 of 1, attempt 1: a.jsonl and gw0.jsonl"});
    list.push_back(list[0]);
    list.back().process.clear();
    list.back().source.clear();
    CHECK(said(list) == texts{"second_output: worker gw0: different outputs of part 1 of 1, attempt 1: a.jsonl and "
                              "gw0.jsonl (and 1 more)"});
    list[1].attempt = 2;
    list[2].worker = "gw7";
    CHECK(said(list).empty());
}

TEST_CASE("a process that ended early says how, and a later attempt of its part makes it good") {
    auto list = parts(2);
    list[1].torn = true;
    list[1].closed = false;
    CHECK(said(list) == texts{"torn_tail: worker gw1, gw1.jsonl: the last line was cut off",
                              "missing_close: worker gw1, gw1.jsonl: its process ended before it had said that it was "
                              "done"});
    list.push_back(part(1, 2));
    list.back().attempt = 2;
    list.back().worker = "gw1b";
    CHECK(said(list) == texts{"superseded: worker gw1, gw1.jsonl: attempt 1 of part 2 of 2 ended early; attempt 2 came "
                              "after it (worker gw1b, gw1.jsonl)"});
    CHECK_FALSE(rp::loses(rp::settle(list, {}).faults.front().kind));
    // A line that was cut off behind the end is one all the same.
    auto tail = parts(1);
    tail[0].torn = true;
    CHECK(said(tail) == texts{"torn_tail: worker gw0, gw0.jsonl: the last line was cut off"});
    // Only one of the same part, and one of a higher attempt.
    list.back().attempt = 1;
    CHECK(said(list).size() == 3);  // a second output besides
    list.back().attempt = 2;
    list.back().index = 0;
    CHECK(said(list).size() == 2);
    auto other_part = parts(2);
    other_part[0].closed = false;
    other_part[1].attempt = 2;
    CHECK(said(other_part) ==
          texts{"missing_close: worker gw0, gw0.jsonl: its process ended before it had said that it "
                "was done"});
    list.back().index = 1;
    list.back().closed = false;
    CHECK(said(list) == texts{"missing_close: worker gw1b, gw1.jsonl: its process ended before it had said that it was "
                              "done",
                              "superseded: worker gw1, gw1.jsonl: attempt 1 of part 2 of 2 ended early; attempt 2 came "
                              "after it (worker gw1b, gw1.jsonl)"});
}
