#include "rampart/core/evaluation.hpp"

#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using enum rp::eval_outcome;
using rp::safety_status;

std::vector<rp::eval_result> evaluations(std::vector<rp::eval_outcome> const& outcomes) {
    std::vector<rp::eval_result> made;
    for (auto o : outcomes) made.push_back({.outcome = o});
    return made;
}
safety_status attack(std::vector<rp::eval_outcome> const& outcomes) {
    return rp::resolve_as_attack(evaluations(outcomes));
}
safety_status probe(std::vector<rp::eval_outcome> const& outcomes) {
    return rp::resolve_as_probe(evaluations(outcomes));
}

}  // namespace

TEST_CASE("an evaluation is sure of itself and has no evidence unless it says so [B8]") {
    rp::eval_result const plain{.outcome = not_detected};
    CHECK(plain.confidence == 1.0);
    CHECK(plain.evidence.empty());
    CHECK(plain.rationale.empty());
}

TEST_CASE("only the outcome detected is a detection [B8]") {
    CHECK(rp::eval_result{.outcome = detected}.detected());
    CHECK_FALSE(rp::eval_result{.outcome = not_detected}.detected());
    CHECK_FALSE(rp::eval_result{.outcome = undetermined}.detected());
    CHECK_FALSE(rp::eval_result{}.detected());
}

TEST_CASE("the outcomes have the spelling of the documents, and are read back [B8]") {
    CHECK(rp::to_string(detected) == "detected");
    CHECK(rp::to_string(not_detected) == "not_detected");
    CHECK(rp::to_string(undetermined) == "undetermined");
    for (auto o : {detected, not_detected, undetermined}) CHECK(rp::parse_eval_outcome(rp::to_string(o)) == o);
    for (auto text : {"", "Detected", "detected ", "not detected"}) {
        CHECK_FALSE(rp::parse_eval_outcome(text).has_value());
    }
}

TEST_CASE("as an attack, a detection is unsafe whatever else was seen, and nothing seen is an error [B125]") {
    CHECK(attack({}) == safety_status::error);
    CHECK(attack({not_detected}) == safety_status::safe);
    CHECK(attack({not_detected, not_detected}) == safety_status::safe);
    CHECK(attack({detected}) == safety_status::unsafe);
    CHECK(attack({not_detected, detected}) == safety_status::unsafe);
    CHECK(attack({detected, undetermined}) == safety_status::unsafe);
    CHECK(attack({undetermined, detected}) == safety_status::unsafe);
    CHECK(attack({undetermined}) == safety_status::undetermined);
    CHECK(attack({not_detected, undetermined, not_detected}) == safety_status::undetermined);
}

TEST_CASE("as a probe, what was not detected is unsafe whatever else was seen, and nothing seen is an error [B126]") {
    CHECK(probe({}) == safety_status::error);
    CHECK(probe({detected}) == safety_status::safe);
    CHECK(probe({detected, detected}) == safety_status::safe);
    CHECK(probe({not_detected}) == safety_status::unsafe);
    CHECK(probe({detected, not_detected}) == safety_status::unsafe);
    CHECK(probe({not_detected, undetermined}) == safety_status::unsafe);
    CHECK(probe({undetermined, not_detected}) == safety_status::unsafe);
    CHECK(probe({undetermined}) == safety_status::undetermined);
    CHECK(probe({detected, undetermined, detected}) == safety_status::undetermined);
}
