#include "rampart/core/trial.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("a test with trials runs once and must be safe unless it says otherwise (Python: threshold 0) [B45, B49]") {
    CHECK(rp::trial_options{}.n == 1);
    CHECK(rp::trial_options{}.threshold == 1.0);
    CHECK(rp::trial_spec{}.threshold == 1.0);
    CHECK(rp::problem_of(rp::trial_options{}).empty());
}

TEST_CASE("a number of trials below 1 is a problem that names the number [B45]") {
    CHECK(rp::problem_of({.n = 1}).empty());
    CHECK(rp::problem_of({.n = 1000000}).empty());
    for (int n : {0, -1, std::numeric_limits<int>::min()}) {
        auto const problem = rp::problem_of({.n = n});
        CHECK(problem.find("must be >= 1") != std::string::npos);
        CHECK(problem.find(std::to_string(n)) != std::string::npos);
    }
}

TEST_CASE("a threshold outside of 0 to 1 or no number is a problem (Python takes it as it is) [B49]") {
    for (double good : {0.0, -0.0, 0.5, 1.0}) CHECK(rp::problem_of({.threshold = good}).empty());
    double const infinity = std::numeric_limits<double>::infinity();
    double const nan = std::numeric_limits<double>::quiet_NaN();
    for (double bad : {-0.01, 1.01, 80.0, infinity, -infinity, nan, -nan}) {
        CAPTURE(bad);
        CHECK(rp::problem_of({.threshold = bad}).find("from 0 to 1") != std::string::npos);
    }
}
