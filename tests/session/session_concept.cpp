#include "rampart/session/session_concept.hpp"

#include <vector>

#include <doctest/doctest.h>

#include "rampart/report/report.hpp"
#include "rampart/session/session.hpp"

namespace {

namespace rp = rampart;

/// One that lacks what a report asks for.
struct half_a_session {
    using result_type = rp::result;
    std::vector<rp::basic_record<rp::result>> records() const;
    std::vector<rp::test_entry> tests() const;
};
struct own_session : half_a_session {
    std::vector<rp::trial_spec> trial_specs() const;
    std::vector<rp::fault> faults() const;
    rp::metadata report_metadata() const;
    float duration_seconds() const;
};
struct session_of_int : own_session {
    using result_type = int;
};

// B18: a class with the right members conforms, one without is rejected.
static_assert(rp::Session<rp::session> && rp::Session<own_session>);
static_assert(!rp::Session<half_a_session> && !rp::Session<session_of_int> && !rp::Session<int>);

/// The least that has everything.
struct small_session {
    using result_type = rp::result;
    std::vector<rp::basic_record<rp::result>> held{};
    std::vector<rp::basic_record<rp::result>> records() const { return held; }
    std::vector<rp::test_entry> tests() const { return {}; }
    std::vector<rp::trial_spec> trial_specs() const { return {}; }
    std::vector<rp::fault> faults() const { return {}; }
    rp::metadata report_metadata() const { return {{"mine", true}}; }
    double duration_seconds() const { return 2.5; }
};

}  // namespace

TEST_CASE("a report can be built from any class with a session's members [B18]") {
    small_session s;
    s.held.push_back({rp::test_id("b"), "b", 0, 1, {}, {}, {.status = rp::safety_status::unsafe}});
    s.held.push_back({rp::test_id("a"), "a", 0, 1, {}, {}, {.status = rp::safety_status::safe}});
    auto const report = rp::build_report(s);
    CHECK(report.total_runs == 2);
    CHECK(report.failed == 1);
    CHECK(report.duration_seconds == 2.5);
    CHECK(report.meta == rp::metadata{{"mine", true}});
    CHECK(report.results[0].test == rp::test_id("a"));
}
