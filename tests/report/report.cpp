#include "rampart/report/report.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/session/shard.hpp"
#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using samples::id;

rp::session mixed() {
    rp::session s;
    s.absorb(id("b"), {.harm_category = "jailbreak"}, {samples::safe(), samples::unsafe("data_leakage")});
    s.absorb(id("a"), {}, {samples::undetermined(), samples::error(), samples::safe("custom")});
    s.absorb(id("c"), {}, {});
    return s;
}

/// A session of the least that the concept asks for, which gives its lists by value.
struct small_session {
    using result_type = samples::finding;
    std::vector<rp::basic_record<samples::finding>> records() const { return {{{}, "n", 0, 1, {}, {}, {1, "x"}}}; }
    std::vector<rp::test_entry> tests() const { return {}; }
    std::vector<rp::trial_spec> trial_specs() const { return {}; }
    std::vector<rp::fault> faults() const { return {}; }
    rp::metadata report_metadata() const { return {}; }
    double duration_seconds() const { return 2.0; }
};

}  // namespace

TEST_CASE("a report counts its results by status [B29]") {
    auto const report = rp::build_report(mixed());
    CHECK(report.total_runs == 5);
    CHECK(report.passed == 2);
    CHECK(report.failed == 1);
    CHECK(report.undetermined == 1);
    CHECK(report.errors == 1);
    CHECK(report.results.size() == 5);
    CHECK(report.tests.size() == 3);
    CHECK(report.has_failures());
    CHECK_FALSE(report.is_clean_run());
}

TEST_CASE("the report of an empty session is empty and clean [B30, B106]") {
    auto const report = rp::build_report(rp::session());
    CHECK(report.total_runs == 0);
    CHECK(report.passed + report.failed + report.undetermined + report.errors == 0);
    CHECK(report.duration_seconds == 0.0);
    CHECK(report.meta.empty());
    CHECK(report.results.empty());
    CHECK(report.by_harm_category().empty());
    CHECK(report.population_summary() == rp::population_summary{});
    CHECK_FALSE(report.has_failures());
    CHECK(report.is_clean_run());
    CHECK_FALSE(report.is_incomplete());
}

TEST_CASE("a run is clean without unsafe, undetermined and error results, and has failures with unsafe ones [B105]") {
    auto const report_of = [](rp::result r) {
        rp::session s;
        s.absorb(id("t"), {}, {samples::safe(), std::move(r)});
        return rp::build_report(std::move(s));
    };
    CHECK(report_of(samples::safe()).is_clean_run());
    CHECK_FALSE(report_of(samples::undetermined()).is_clean_run());
    CHECK_FALSE(report_of(samples::error()).is_clean_run());
    CHECK_FALSE(report_of(samples::unsafe()).is_clean_run());
    CHECK_FALSE(report_of(samples::error()).has_failures());
    CHECK_FALSE(report_of(samples::undetermined()).has_failures());
    CHECK(report_of(samples::unsafe()).has_failures());
}

TEST_CASE("a set duration and the run's metadata are in the report [B36, B38]") {
    rp::session s;
    s.set_duration(1.5);
    s.set_report_metadata({{"commit", "abc"}, {"host", "one"}});
    s.set_report_metadata({{"host", "two"}});
    auto const report = rp::build_report(s);
    CHECK(report.duration_seconds == 1.5);
    CHECK(report.meta == rp::metadata{{"commit", "abc"}, {"host", "two"}});
}

TEST_CASE("a report shows the session as it is when it is built, whatever came since the last one [B37]") {
    rp::session s;
    s.absorb(id("a"), {}, {samples::safe()});
    auto const before = rp::build_report(s);
    s.absorb(id("b"), {}, {samples::safe()});
    CHECK(rp::build_report(s).total_runs == 2);
    s.merge_worker_results({.worker = "gw0", .records = before.results});
    CHECK(rp::build_report(s).total_runs == 3);
    s.mark_incomplete("a disk was lost");
    CHECK(rp::build_report(s).is_incomplete());
    s.set_report_metadata({{"k", 1}});
    CHECK(rp::build_report(s).meta.size() == 1);
    CHECK(before.total_runs == 1);
}

TEST_CASE("results stand in report order and are grouped in it [B41, B102]") {
    auto const report = rp::build_report(mixed());
    CHECK(report.results.front().test == id("a"));
    CHECK(report.results.back().test == id("b"));
    auto const groups = report.by_harm_category();
    REQUIRE(groups.size() == 4);
    CHECK(groups[0].category == "uncategorized");
    CHECK(groups[0].records.size() == 2);
    CHECK(groups[1].category == "custom");
    CHECK(groups[2].category == "jailbreak");
    CHECK(groups[3].category == "data_leakage");
}

TEST_CASE("a population can be that of one category; an unknown one and uncategorized find nothing [B104]") {
    auto const report = rp::build_report(mixed());
    CHECK(report.population_summary() == rp::population_summary{5, 2, 1, 1, 1, 0.25, 0.5});
    CHECK(report.population_summary("data_leakage") == rp::population_summary{1, 0, 1, 0, 0, 1.0, 0.0});
    CHECK(report.population_summary(rp::harm_category::jailbreak).safe_count == 1);
    CHECK(report.population_summary("nothing like it") == rp::population_summary{});
    CHECK(report.population_summary("uncategorized") == rp::population_summary{});
    CHECK(report.population_summary("").total_runs == 2);
}

TEST_CASE("four shards give one report, in whatever order they are merged [B41, B79]") {
    std::vector<rp::shard> shards;
    for (int worker = 0; worker < 4; ++worker) {
        rp::session s;
        s.absorb(id("shared"), {}, {samples::make(rp::safety_status::safe, "by " + std::to_string(worker))});
        s.absorb(id("own " + std::to_string(worker)), {.harm_category = "h" + std::to_string(worker % 2)},
                 {samples::unsafe(), samples::error()});
        samples::add_trial(s, "base", worker, 0.5, {samples::safe()});
        // Two processes that say different things of one trial.
        s.register_trial_spec({.clone = id("disputed"), .base = id("base"), .threshold = worker == 2 ? 0.9 : 0.1});
        if (worker != 1) s.mark_incomplete("worker had trouble " + std::to_string(worker / 2));
        shards.push_back(s.to_shard("gw" + std::to_string(worker % 3)));  // two workers were given one name
    }
    std::vector<std::size_t> order = {0, 1, 2, 3};
    auto const report_in_order = [&] {
        rp::session hub;
        for (std::size_t i : order) hub.merge_worker_results(shards[i]);
        return rp::build_report(hub);
    };
    auto const first = report_in_order();
    CHECK(first.total_runs == 4 + 8 + 4);
    CHECK(first.incomplete_reasons().size() >= 3);
    int permutations = 0;
    do {
        auto const other = report_in_order();
        REQUIRE(other.results.size() == first.results.size());
        int different = 0;
        for (std::size_t i = 0; i < first.results.size(); ++i) {
            different += first.results[i].value == other.results[i].value ? 0 : 1;
            different += first.results[i].test == other.results[i].test ? 0 : 1;
        }
        CHECK(different == 0);
        CHECK(other.tests == first.tests);
        CHECK(other.trial_specs == first.trial_specs);
        CHECK(other.faults == first.faults);
        CHECK(other.trial_groups == first.trial_groups);
        ++permutations;
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(permutations == 24);
}

TEST_CASE("reasons of incompleteness are sorted and none is dropped; a repaired text is no reason [B83]") {
    rp::session s;
    s.mark_incomplete("z");
    s.mark_incomplete("a");
    s.mark_incomplete("z");
    s.add_fault({rp::fault_kind::missing_worker, "gw1", "no output"});
    s.add_fault({rp::fault_kind::repaired_text, "gw0", "a broken byte"});
    auto const report = rp::build_report(s);
    CHECK(report.is_incomplete());
    CHECK(report.incomplete_reasons() == std::vector<std::string>{"a", "gw1: no output", "z", "z"});
    CHECK(report.faults.size() == 5);

    rp::session repaired;
    repaired.add_fault({rp::fault_kind::repaired_text, "gw0", "a broken byte"});
    CHECK_FALSE(rp::build_report(repaired).is_incomplete());
    CHECK(rp::build_report(repaired).incomplete_reasons().empty());
}

TEST_CASE("no record, test, trial or fault of a long run is lost between session and report [B41, B83]") {
    constexpr int count = 3000;
    rp::session hub;
    for (int worker : {1, 0}) {
        rp::session s;
        for (int i = worker; i < count; i += 2) {
            samples::add_trial(s, "a base with a long name, number " + std::to_string(10000 + i), 0, 1.0,
                               {samples::make(rp::safety_status::safe, "a summary that no small buffer holds")});
            s.mark_incomplete("a reason that no small buffer holds, number " + std::to_string(10000 + i));
        }
        hub.merge_worker_results(s.to_shard(""));
    }
    auto const report = rp::build_report(hub);
    auto const reasons = report.incomplete_reasons();
    REQUIRE(report.results.size() == count);
    REQUIRE(report.tests.size() == count);
    REQUIRE(report.trial_specs.size() == count);
    REQUIRE(reasons.size() == count);
    int wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
        auto const number = std::to_string(10000 + i);
        auto const clone = id("a base with a long name, number " + number + "[trial-0]");
        wrong += report.results[i].test == clone && report.results[i].value.summary.size() == 36 ? 0 : 1;
        wrong += report.tests[i].test == clone && report.trial_specs[i].clone == clone ? 0 : 1;
        wrong += reasons[i].ends_with("no small buffer holds, number " + number) ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("trial groups are in the report with their verdicts, and a trial is known as one [B52, B53]") {
    rp::session s;
    samples::add_trial(s, "t::x", 0, 0.5, {samples::safe()});
    samples::add_trial(s, "t::x", 1, 0.5, {samples::error()});
    samples::add_trial(s, "t::a", 0, 0.0, {samples::unsafe(), samples::safe()});
    auto const report = rp::build_report(s);
    REQUIRE(report.trial_groups.size() == 2);
    CHECK(report.trial_groups[0].base == id("t::a"));
    CHECK_FALSE(report.trial_groups[0].passed);
    CHECK(report.trial_groups[1].pass_rate == 0.5);
    CHECK(report.trial_groups[1].passed);
    CHECK(report.is_trial(id("t::x[trial-0]")));
    CHECK(report.is_trial(id("t::x[trial-1]")));
    CHECK_FALSE(report.is_trial(id("t::x")));
    CHECK_FALSE(report.is_trial(id("t::x[trial-2]")));
}

TEST_CASE(
    "what follows from the plans is in the report: tests that did not run or broke off, and the faults [B79, B83]") {
    rp::session worker;
    worker.absorb(id("m.cpp::did"), {}, {samples::safe()}, {.outcome = rp::test_outcome::passed});
    worker.register_trial_spec({.clone = id("m.cpp::broke"), .base = id("m.cpp::group"), .threshold = 0.5});
    worker.set_plan({.run = "r",
                     .tests = {id("m.cpp::did"), id("m.cpp::broke"), id("m.cpp::did not")},
                     .running = {id("m.cpp::broke")},
                     .closed = true,
                     .source = "w.jsonl"});
    CHECK_FALSE(rp::build_report(worker).is_incomplete());
    rp::session hub;
    hub.mark_incomplete("a disk was lost");
    hub.merge_worker_results(worker.to_shard("gw0"));
    auto const report = rp::build_report(hub);
    REQUIRE(report.tests.size() == 3);
    CHECK(report.tests[0].test == id("m.cpp::broke"));
    CHECK(report.tests[0].facts.outcome == rp::test_outcome::crashed);
    CHECK(report.tests[0].facts.name == "broke");
    CHECK(report.tests[1].facts.outcome == rp::test_outcome::passed);
    CHECK(report.tests[2].facts.outcome == rp::test_outcome::not_run);
    CHECK(report.tests[2].worker == "gw0");
    CHECK(report.is_incomplete());
    CHECK(std::ranges::is_sorted(report.faults));
    CHECK(report.incomplete_reasons() ==
          std::vector<std::string>{"a disk was lost",
                                   "worker gw0, w.jsonl: test m.cpp::broke was running when its process ended",
                                   "worker gw0, w.jsonl: test m.cpp::did not was planned and nothing is known of it"});
    CHECK(report.total_runs == 1);
    REQUIRE(report.trial_groups.size() == 1);
    CHECK(report.trial_groups[0].no_result == 1);
}

TEST_CASE("a session that is given up hands its results over, one that is kept has them copied") {
    rp::session s;
    s.absorb(id("a"), {}, {samples::make(rp::safety_status::safe, std::string(1000, 'x'))});
    auto const* const text = s.records().held().front().value.summary.data();
    auto const copy = rp::build_report(s);
    CHECK(copy.results.held().front().value.summary.data() != text);
    CHECK(s.records().size() == 1);
    auto const taken = rp::build_report(std::move(s));
    CHECK(taken.results.held().front().value.summary.data() == text);
}

TEST_CASE("a report is built from anything that is a session, of any type of result") {
    static_assert(rp::Session<small_session>);
    auto const report = rp::build_report(small_session{});
    CHECK(report.failed == 1);
    CHECK(report.duration_seconds == 2.0);
}
