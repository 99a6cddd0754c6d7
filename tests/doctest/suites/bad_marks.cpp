// Marks that make no sense: a usage error when the program starts, naming the tests.
#include <rampart/doctest.hpp>

#include <cmath>

TEST_CASE("no trials" * rampart::trial(0, 0.5)) {}
TEST_CASE("threshold above one" * rampart::trial(3, 1.5)) {}
TEST_CASE("threshold that is no number" * rampart::trial(3, std::nan(""))) {}
TEST_CASE("both ways" * rampart::trial(3, 0.5) * doctest::should_fail()) {}
TEST_CASE("fine") { rampart::record_result({.status = rampart::safety_status::safe}); }
