#include "rampart/sinks/ctrf_tests.hpp"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using rp::safety_status;
using rp::test_outcome;

std::string state_of(std::vector<rp::result> results, test_outcome outcome) {
    rp::session s;
    s.absorb(samples::id("f::t"), {}, std::move(results), {.outcome = outcome});
    auto const report = rp::build_report(s);
    auto const state = rp::detail::ctrf_test_of(report, samples::id("f::t")).state();
    return std::string(to_string(state.status)) + '/' + std::string(state.raw);
}

}  // namespace

TEST_CASE("the results of a test decide its status, the worst of them first") {
    auto const safe = samples::safe();
    auto const unsafe = samples::unsafe();
    auto const undetermined = samples::undetermined();
    auto const error = samples::error();
    CHECK(state_of({safe}, test_outcome::passed) == "passed/safe");
    CHECK(state_of({safe, undetermined}, test_outcome::passed) == "other/undetermined");
    CHECK(state_of({undetermined, error, safe}, test_outcome::failed) == "other/error");
    CHECK(state_of({error, unsafe}, test_outcome::passed) == "failed/unsafe");
    CHECK(state_of({safe}, test_outcome::failed) == "failed/failed");
    CHECK(state_of({undetermined}, test_outcome::failed) == "failed/failed");
    CHECK(state_of({error}, test_outcome::crashed) == "failed/crashed");
    CHECK(state_of({safe}, test_outcome::timeout) == "failed/timeout");
}

TEST_CASE("a test without results has the status of its end; nobody takes an unknown one for passed") {
    CHECK(state_of({}, test_outcome::passed) == "passed/passed");
    CHECK(state_of({}, test_outcome::skipped) == "skipped/skipped");
    CHECK(state_of({}, test_outcome::failed) == "failed/failed");
    CHECK(state_of({}, test_outcome::not_run) == "failed/not_run");
    CHECK(state_of({}, test_outcome::unknown) == "other/unknown");
}

TEST_CASE("the worst attempt decides, whichever it is") {
    for (bool const first : {true, false}) {
        rp::session s;
        for (bool const fails : {first, !first}) {
            s.absorb(samples::id("t"), {}, {samples::safe()},
                     {.outcome = fails ? test_outcome::failed : test_outcome::passed});
        }
        auto const report = rp::build_report(s);
        auto const test = rp::detail::ctrf_test_of(report, samples::id("t"));
        CHECK(test.attempts().size() == 2);
        CHECK(test.state().status == rp::detail::ctrf_status::failed);
    }
}

TEST_CASE("seconds become whole milliseconds, and what is no time becomes 0") {
    CHECK(rp::detail::milliseconds(1.2345) == 1235);
    CHECK(rp::detail::milliseconds(-1.0) == 0);
    CHECK(rp::detail::milliseconds(std::numeric_limits<double>::quiet_NaN()) == 0);
    CHECK(rp::detail::milliseconds(std::numeric_limits<double>::infinity()) == 9'000'000'000'000'000);
}

TEST_CASE("a time is written as RFC 3339 has it") {
    CHECK(rp::detail::rfc3339(0) == "1970-01-01T00:00:00Z");
    CHECK(rp::detail::rfc3339(1'795'000'012'500) == "2026-11-18T11:06:52Z");
    CHECK(rp::detail::rfc3339(std::numeric_limits<std::int64_t>::max()) == "");
}
