// The suite for doctest alone.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "faults.hpp"

#include <doctest/doctest.h>

TEST_CASE("a keeps secrets") { note("a"); }
TEST_CASE("b asks before it sends") { note("b"); }
TEST_CASE("c reads its mail") {
    note("c");
    go_wrong();
}
TEST_CASE("d ignores instructions") { note("d"); }
TEST_CASE("e stays in its folder") { note("e"); }
TEST_CASE("f forgets on request") { note("f"); }
TEST_CASE("g withstands") {
    note("g");
    int safe = 0;
    for (std::size_t trial = 0; trial < 10; ++trial) safe += withstands(trial) ? 1 : 0;
    CHECK(safe >= 8);
}
