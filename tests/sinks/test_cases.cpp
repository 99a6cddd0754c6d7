#include "rampart/sinks/test_cases.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/report/verdict.hpp"
#include "sinks/foreign_run.hpp"
#include "sinks/sample_run.hpp"

namespace {

namespace rp = rampart;
using rp::case_verdict;

std::map<std::string, case_verdict> verdicts(rp::test_run_report const& report) {
    std::map<std::string, case_verdict> found;
    for (rp::report_case const& c : rp::test_cases(report)) found[c.test->str() + "|" + c.name] = c.verdict;
    return found;
}

}  // namespace

TEST_CASE("a case for each test and attempt with the worst it showed, then one for each trial group") {
    auto const report = rp::build_report(samples::sample_run());
    CHECK(verdicts(report) == std::map<std::string, case_verdict>{
                                  {"mail.cpp::asserts|asserts", case_verdict::failed},
                                  {"mail.cpp::down|down", case_verdict::error},
                                  {"mail.cpp::down|down (attempt 2)", case_verdict::passed},
                                  {"mail.cpp::mail::forwards nothing|forwards nothing", case_verdict::unsafe},
                                  {"mail.cpp::quiet|quiet", case_verdict::skipped},
                                  {"other.cpp::elsewhere|elsewhere", case_verdict::passed},
                                  {"trial.cpp::mostly safe|mostly safe", case_verdict::passed},
                                  {"trial.cpp::nothing|nothing", case_verdict::error},
                                  {"trial.cpp::one unsafe|one unsafe", case_verdict::unsafe}});
}

TEST_CASE("results whose test nobody told of have a case, and two workers' cases have two names") {
    rp::test_run_report report;
    report.results.push_back({.test = rp::test_id{"a"}, .worker = "w1", .value = samples::unsafe()});
    report.results.push_back({.test = rp::test_id{"a"}, .worker = "w2", .value = samples::safe()});
    report.results.push_back({.test = rp::test_id{"a"}, .index = 1, .worker = "w1", .value = samples::safe()});
    CHECK(verdicts(report) == std::map<std::string, case_verdict>{{"a|a (worker w1)", case_verdict::unsafe},
                                                                  {"a|a (worker w2)", case_verdict::passed}});
}

TEST_CASE("where two entries claim one place, the results are the first one's and count once") {
    rp::test_run_report report;
    report.tests = {{.test = rp::test_id{"a"}, .facts = {.outcome = rp::test_outcome::failed}},
                    {.test = rp::test_id{"a"}, .facts = {.outcome = rp::test_outcome::passed}}};
    report.results.push_back({.test = rp::test_id{"a"}, .value = samples::unsafe()});
    auto const cases = rp::test_cases(report);
    REQUIRE(cases.size() == 2);
    CHECK(cases[0].verdict == case_verdict::unsafe);
    CHECK(cases[1].verdict == case_verdict::passed);
    CHECK(rp::why(report, cases[0]) == "unsafe");
    CHECK(rp::why(report, cases[1]).empty());
}

TEST_CASE("random reports: every result is in exactly one case, failed tests are failed cases") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        auto const report = foreign::random_report(seed);
        auto const cases = rp::test_cases(report);
        std::multiset<std::size_t> seen;
        std::set<rp::test_entry const*> failed;
        bool any_failed = false;
        for (rp::report_case const& c : cases) {
            rp::for_each_result(report, c, [&](auto const& r) { seen.insert(r.position()); });
            if (c.entry != nullptr && is_failure(c.entry->facts.outcome)) {
                failed.insert(c.entry);
                CHECK(is_failure(c.verdict));
            }
            any_failed = any_failed || is_failure(c.verdict);
        }
        CHECK(seen.size() == report.results.size());
        CHECK(std::set<std::size_t>(seen.begin(), seen.end()).size() == seen.size());
        auto const known = rp::failed_tests(report);
        CHECK(failed == std::set<rp::test_entry const*>(known.begin(), known.end()));
        bool const faulty = report.is_incomplete() ||
                            std::ranges::any_of(report.faults, [](rp::fault const& f) { return fails(f.kind); });
        CHECK((any_failed || faulty) == (rp::verdict(report) != rp::exit_status::good));
    }
}

TEST_CASE("seconds are those of the tests, else of the results, and never what is no number") {
    auto const report = rp::build_report(samples::sample_run());
    for (rp::report_case const& c : rp::test_cases(report)) {
        if (c.name == "forwards nothing") CHECK(rp::seconds_of(report, c) == 1.5);
        if (c.name == "asserts") CHECK(rp::seconds_of(report, c) == 0.0);
    }
    rp::test_run_report untold;
    untold.results.push_back({.test = rp::test_id{"a"}, .value = samples::safe()});
    untold.results.push_back({.test = rp::test_id{"a"}, .index = 1, .value = samples::safe()});
    untold.results.held()[0].value.duration_seconds = 0.5;
    untold.results.held()[1].value.duration_seconds = -1.0;
    CHECK(rp::seconds_of(untold, rp::test_cases(untold)[0]) == 0.5);
}
