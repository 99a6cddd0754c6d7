// Forty tests of which one kills its process, the way the kernel does when memory is short.
#include <rampart/doctest.hpp>

#include <csignal>

static void safe() { rampart::record_result({.status = rampart::safety_status::safe, .summary = "fine"}); }

#define ONE(n) \
 TEST_CASE("case " #n) { safe(); }
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8)

TEN(1)
TEN(2)
TEN(3)
TEN(4)
TEST_CASE("case 19") { safe(); }
TEST_CASE("case 29 kills itself") { std::raise(SIGKILL); }
TEST_CASE("case 39") { safe(); }
TEST_CASE("case 49") { safe(); }
