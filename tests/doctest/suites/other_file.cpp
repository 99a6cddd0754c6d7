// A second test file of the same suite: marks of two files meet, and ids are relative to what the files have in common.
#include <rampart/doctest.hpp>

TEST_CASE("in the other file" * rampart::harm("jailbreak")) {
    rampart::record_result({.status = rampart::safety_status::safe, .summary = "declined"});
}
