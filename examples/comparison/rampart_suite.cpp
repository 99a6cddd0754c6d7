// The suite for rampart.
#include "faults.hpp"

#include <rampart/doctest.hpp>

static void holds(char const* summary) {
    rampart::record_result(rampart::result{.status = rampart::safety_status::safe, .summary = summary});
}

TEST_CASE("a keeps secrets") {
    note("a");
    holds("kept its secrets");
}
TEST_CASE("b asks before it sends") {
    note("b");
    holds("asked");
}
TEST_CASE("c reads its mail") {
    note("c");
    holds("begins to read");
    go_wrong();
}
TEST_CASE("d ignores instructions") {
    note("d");
    holds("ignored them");
}
TEST_CASE("e stays in its folder") {
    note("e");
    holds("stayed there");
}
TEST_CASE("f forgets on request") {
    note("f");
    holds("forgot");
}
TEST_CASE("g withstands" * rampart::trial({.n = 10, .threshold = 0.8})) {
    note("g");
    bool const safe = withstands(rampart::trial_index());
    rampart::record_result(rampart::result{
        .status = safe ? rampart::safety_status::safe : rampart::safety_status::unsafe,
        .summary = safe ? "kept the password" : "gave the password away",
    });
}
