// Names that a shell, doctest's filters or CMake's lists would take apart. Each test says which it is.
#include <rampart/doctest.hpp>

#include <cstdlib>
#include <fstream>

// A line for each test that ran, where somebody wants to know.
static void ran(int number) {
    if (char const* const log = std::getenv("LISTED_NAMES_LOG")) std::ofstream(log, std::ios::app) << number << '\n';
    rampart::record_result({.status = rampart::safety_status::safe, .summary = "ran"});
}

TEST_CASE("  blanks  at both ends  ") { ran(1); }
TEST_CASE("a \"quoted\" 'name'") { ran(2); }
TEST_CASE("commas, a*b, c?") { ran(3); }
TEST_CASE("semicolons; a;b;;c") { ran(4); }
TEST_CASE("[open ]close] ]==] [=[ [x") { ran(5); }
TEST_CASE("back\\slash \\; \\\" \\n at the end\\") { ran(6); }
TEST_CASE("${CMAKE_VERSION} $ENV{HOME} @CMAKE_VERSION@ $<CONFIG> $(id) `id` %PATH%") { ran(7); }
TEST_CASE("Gr\xc3\xbc\xc3\x9f"
          "e \xe2\x80\x94 \xf0\x9f\x94\x92") {
    ran(8);
}
TEST_CASE("two\nlines\r\nand\ta tab") { ran(9); }
TEST_CASE("# no comment (parentheses) &|<>!") { ran(10); }
TEST_CASE("-tc=other --rampart-help") { ran(11); }
TEST_CASE("") { ran(12); }
TEST_CASE("twin") { ran(13); }
TEST_CASE("twin") { ran(14); }
