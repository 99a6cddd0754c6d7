#include "rampart/report/trials.hpp"

#include <string>

#include <doctest/doctest.h>

#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using samples::id;

void add(rp::session& s, std::string const& base, std::string const& name, int number) {
    auto const ending = "[trial-" + std::to_string(number) + "]";
    s.register_trial_spec({.clone = id(base + ending), .base = id(base), .threshold = 1.0});
    s.absorb(id(base + ending), {}, {samples::safe()}, {.name = name.empty() ? "" : name + ending});
}

}  // namespace

TEST_CASE("a trial group has its test's own name, not a piece of the id [B32]") {
    rp::session s;
    add(s, "mail.cpp::suite::a::b", "a::b", 0);
    add(s, "mail.cpp::plain", "", 0);
    auto const facts = rp::facts_of_trial_groups(rp::build_report(s));
    REQUIRE(facts.size() == 2);
    CHECK(facts.at(id("mail.cpp::suite::a::b")).name == "a::b");
    CHECK(facts.at(id("mail.cpp::plain")).name == "plain");
}

TEST_CASE("the name is found though the first trials did not run, and is cut out of the id when none did [B32]") {
    rp::session s;
    s.register_trial_spec({.clone = id("f::a::b[trial-0]"), .base = id("f::a::b"), .threshold = 1.0});
    add(s, "f::a::b", "a::b", 1);
    s.register_trial_spec({.clone = id("f::c::d[trial-0]"), .base = id("f::c::d"), .threshold = 1.0});
    s.register_trial_spec({.clone = id("other name"), .base = id("f::odd"), .threshold = 1.0});
    s.absorb(id("other name"), {}, {samples::safe()}, {.name = "unlike its base"});
    auto const facts = rp::facts_of_trial_groups(rp::build_report(s));
    CHECK(facts.at(id("f::a::b")).name == "a::b");
    CHECK(facts.at(id("f::c::d")).name == "d");
    CHECK(facts.at(id("f::odd")).name == "odd");
}

TEST_CASE("a group knows all of its trials, also those that never ran [B52]") {
    rp::session s;
    add(s, "b", "b", 1);
    s.register_trial_spec({.clone = id("b[trial-0]"), .base = id("b"), .threshold = 1.0});
    auto const facts = rp::facts_of_trial_groups(rp::build_report(s));
    CHECK(facts.at(id("b")).clones == std::vector{id("b[trial-0]"), id("b[trial-1]")});
}

TEST_CASE("a group without specs, in a report made by hand, still has a name") {
    rp::test_run_report report;
    report.trial_groups.push_back({.base = id("f::by hand"), .total = 1});
    CHECK(rp::facts_of_trial_groups(report).at(id("f::by hand")).name == "by hand");
}
