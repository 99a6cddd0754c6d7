#include "rampart/report/verdict.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using rp::test_outcome;
using samples::id;

rp::test_run_report one_test(std::vector<rp::result> results, test_outcome outcome = test_outcome::passed) {
    rp::session s;
    s.absorb(id("t"), {}, std::move(results), {.outcome = outcome});
    return rp::build_report(std::move(s));
}

rp::test_run_report trials(double threshold, std::vector<std::vector<rp::result>> results,
                           test_outcome outcome = test_outcome::passed) {
    rp::session s;
    int number = 0;
    for (auto& each : results) samples::add_trial(s, "base", number++, threshold, std::move(each), outcome);
    return rp::build_report(std::move(s));
}

}  // namespace

TEST_CASE("a run of safe results whose tests passed ends with 0, and so does an empty one [B105]") {
    CHECK(rp::exit_code(one_test({samples::safe()})) == 0);
    CHECK(rp::exit_code(one_test({samples::safe(), samples::undetermined()})) == 0);
    CHECK(rp::exit_code(one_test({}, test_outcome::skipped)) == 0);
    CHECK(rp::exit_code(rp::test_run_report{}) == 0);
}

TEST_CASE("an unsafe result that no assertion caught fails the run, unless the suite asks otherwise [B117]") {
    CHECK(rp::exit_code(one_test({samples::safe(), samples::unsafe()})) == 1);
    CHECK(rp::exit_code(one_test({samples::unsafe()}), {}, {.unsafe_is_failure = false}) == 0);
    CHECK(rp::exit_code(one_test({samples::unsafe()}), {}, {.error_is_failure = false}) == 1);
}

TEST_CASE("a run in which nothing could be judged is not green [B117]") {
    CHECK(rp::exit_code(one_test({samples::error()})) == 1);
    CHECK(rp::exit_code(one_test({samples::error()}), {}, {.error_is_failure = false}) == 0);
    CHECK(rp::exit_code(one_test({samples::error()}), {}, {.unsafe_is_failure = false}) == 1);
}

TEST_CASE("a test that failed, crashed, timed out or never ran fails the run without any result [B117]") {
    for (test_outcome const outcome :
         {test_outcome::failed, test_outcome::crashed, test_outcome::timeout, test_outcome::not_run}) {
        CAPTURE(rp::to_string(outcome));
        CHECK(rp::exit_code(one_test({}, outcome)) == 1);
        CHECK(rp::exit_code(one_test({samples::safe()}, outcome), {}, {.unsafe_is_failure = false}) == 1);
        CHECK(rp::failed_tests(one_test({}, outcome)).size() == 1);
    }
    for (test_outcome const outcome : {test_outcome::unknown, test_outcome::passed, test_outcome::skipped}) {
        CAPTURE(rp::to_string(outcome));
        CHECK(rp::exit_code(one_test({samples::safe()}, outcome)) == 0);
    }
}

TEST_CASE("an attempt that failed counts although a later one passed [B33]") {
    rp::session s;
    s.absorb(id("t"), {}, {}, {.outcome = test_outcome::failed});
    s.absorb(id("t"), {}, {samples::safe()}, {.outcome = test_outcome::passed});
    CHECK(rp::exit_code(rp::build_report(s)) == 1);
}

TEST_CASE("a failed trial group fails the run, whatever the policy for single results [B56]") {
    CHECK(rp::exit_code(trials(0.75, {{samples::safe()}, {samples::undetermined()}})) == 1);
    CHECK(rp::exit_code(trials(0.0, {{samples::unsafe()}, {samples::safe()}}), {}, {false, false}) == 1);
    CHECK(rp::exit_code(trials(0.0, {{samples::error()}, {}}), {}, {false, false}) == 1);
}

TEST_CASE("what happens in a trial counts through its group only [B56]") {
    // 2 of 4 are safe; one could not be carried out, in one an assertion failed.
    rp::session s;
    samples::add_trial(s, "base", 0, 0.5, {samples::safe()});
    samples::add_trial(s, "base", 1, 0.5, {samples::safe()});
    samples::add_trial(s, "base", 2, 0.5, {samples::error()}, test_outcome::failed);
    samples::add_trial(s, "base", 3, 0.5, {samples::safe()}, test_outcome::failed);
    auto const report = rp::build_report(s);
    CHECK(rp::failed_tests(report).empty());
    CHECK(rp::exit_code(report) == 0);

    s.absorb(id("base"), {}, {samples::safe()}, {.outcome = test_outcome::failed});  // no trial, though named alike
    CHECK(rp::exit_code(rp::build_report(s)) == 1);
}

TEST_CASE("an incomplete run ends with 3, also when everything it knows of passed or failed [B116]") {
    for (bool const fails : {false, true}) {
        rp::session s;
        s.absorb(id("t"), {}, {fails ? samples::unsafe() : samples::safe()},
                 {.outcome = fails ? test_outcome::failed : test_outcome::passed});
        s.mark_incomplete("worker gw1 is missing");
        auto const report = rp::build_report(s);
        CHECK(rp::exit_code(report) == 3);
        CHECK(rp::exit_code(report, {{"json file", "disk full"}}) == 3);
        CHECK(rp::verdict(report, {}, {false, false}) == rp::exit_status::incomplete);
    }
    rp::session repaired;
    repaired.add_fault({rp::fault_kind::repaired_text, "gw0", "a broken byte"});
    CHECK(rp::exit_code(rp::build_report(repaired)) == 0);
}

TEST_CASE("a report that did not get out makes a good run fail [B92]") {
    CHECK(rp::exit_code(one_test({samples::safe()}), {{"json file", "disk full"}}) == 1);
    CHECK(rp::exit_code(rp::test_run_report{}, {{"json file", "disk full"}}) == 1);
}

TEST_CASE("a result type of one's own is judged by its traits") {
    rp::basic_session<samples::finding> s;
    s.absorb(id("t"), {}, {samples::finding{0, "fine"}});
    CHECK(rp::exit_code(rp::build_report(s)) == 0);
    s.absorb(id("u"), {}, {samples::finding{2, "leaked"}});
    CHECK(rp::exit_code(rp::build_report(s)) == 1);
}

TEST_CASE("a guard's finding fails the run, in a trial group that passed too, and loses nothing") {
    rp::session s;
    s.absorb(id("t"), {}, {samples::safe()}, {.outcome = test_outcome::passed});
    CHECK(rp::exit_code(rp::build_report(s)) == 0);
    s.add_fault({rp::fault_kind::guard_violation, "test t", "used 'git' after it had ended"});
    CHECK(rp::exit_code(rp::build_report(s)) == 1);
    CHECK_FALSE(rp::build_report(s).is_incomplete());

    auto const group = [](std::vector<std::string> unused, rp::result verdict) {
        rp::session trials;
        for (int i = 0; i < 2; ++i) {
            auto const clone = id("base[trial-" + std::to_string(i) + "]");
            trials.register_trial_spec({.clone = clone, .base = id("base"), .threshold = 0.5});
            trials.absorb(clone, {}, {verdict}, {.outcome = test_outcome::passed, .unused = unused});
        }
        return rp::build_report(std::move(trials));
    };
    CHECK(rp::exit_code(group({}, samples::safe())) == 0);
    auto const in_vain = group({"git"}, samples::safe());
    CHECK(rp::exit_code(in_vain) == 1);
    REQUIRE(in_vain.faults.size() == 1);
    CHECK(rp::reason(in_vain.faults[0]) ==
          "test " + id("base").str() +
              ": RESOURCE GUARD: the test declares 'git' and never used it: remove rampart::uses(\"git\"), or exercise "
              "it (in none of its 2 trials)");
    // A group that failed anyhow is not asked for more.
    CHECK(group({"git"}, samples::unsafe()).faults.empty());
}
