#include "rampart/session/shard.hpp"

#include <concepts>
#include <string>
#include <vector>

#include "rampart/session/session.hpp"

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::test_id;

static_assert(std::copyable<rp::shard>);

}  // namespace

TEST_CASE("a shard is a copy of all that a session knows, and the session goes on [B82]") {
    rp::session s;
    s.absorb(test_id("t"), {.harm_category = "jailbreak"}, {{.status = rp::safety_status::unsafe}});
    s.register_trial_spec({.clone = test_id("c"), .base = test_id("t"), .threshold = 0.5});
    s.mark_incomplete("lost");
    auto const shard = s.to_shard("gw0");
    s.absorb(test_id("u"), {}, {{.status = rp::safety_status::safe}});
    s.mark_incomplete("lost again");

    CHECK(shard.worker == "gw0");
    REQUIRE(shard.records.size() == 1);
    CHECK(shard.records[0].harm_category == "jailbreak");
    CHECK(shard.tests.size() == 1);
    CHECK(shard.trial_specs == s.trial_specs());
    CHECK(shard.faults.size() == 1);
    CHECK(s.records().size() == 2);
}

TEST_CASE("a shard is a plain value: one that is filled by hand, or empty, merges like any other [B79]") {
    rp::session hub;
    hub.merge_worker_results(rp::shard{.worker = "silent"});
    CHECK(hub.records().empty());
    CHECK_FALSE(hub.is_incomplete());
    rp::shard made{.worker = "gw1"};
    made.records.push_back({.test = test_id("t"), .test_name = "t", .value = {.status = rp::safety_status::safe}});
    hub.merge_worker_results(made);
    REQUIRE(hub.records().size() == 1);
    CHECK(hub.records()[0].worker == "gw1");
    CHECK(hub.results_by_nodeid().at(test_id("t")).size() == 1);
    CHECK(made.records.size() == 1);
}

TEST_CASE("a shard carries its process's own plan under the shard's name, and the plans that were merged as they are") {
    rp::session s;
    CHECK_FALSE(s.plan().has_value());
    s.merge_worker_results({.worker = "gw7", .plans = {{.run = "r", .closed = true}}});
    s.set_plan({.run = "r", .worker = "whoever", .index = 1, .count = 2, .tests = {test_id("t\x1b")}});
    REQUIRE(s.plan().has_value());
    CHECK(s.plan()->tests == std::vector{test_id("t\\x1b")});
    auto const shard = s.to_shard("gw0");
    REQUIRE(shard.plans.size() == 2);
    CHECK(shard.plans[0].worker == "gw7");
    CHECK(shard.plans[1].worker == "gw0");
    CHECK(shard.plans[1].tests == s.plan()->tests);
    CHECK(shard.plans[1].count == 2);
    CHECK(s.plan()->worker == "whoever");
    // A plan of its own is a promise, which others judge.
    CHECK(s.plans().size() == 1);
    CHECK_FALSE(s.is_incomplete());
    rp::session hub;
    hub.merge_worker_results(shard);
    CHECK(hub.plans().size() == 2);
    CHECK(hub.plans()[0].worker == "gw0");
    CHECK(hub.is_incomplete());
}
