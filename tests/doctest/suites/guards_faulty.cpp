#include <rampart/doctest.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

// Registers what GUARDS_FAULT says, and gets it wrong.

namespace rp = rampart;

static bool is_fault(std::string_view wanted) {
    char const* const fault = std::getenv("GUARDS_FAULT");
    return fault != nullptr && wanted == fault;
}

RAMPART_GUARDS(guards) {
    if (is_fault("throws")) throw std::runtime_error("no licence\nat all");
    if (is_fault("throws an int")) throw 7;
    if (is_fault("bad names")) {
        guards.program("../git");
        guards.sdk("-x");
    }
    if (!is_fault("unknown")) guards.sdk("smtp");
    guards.sdk(
        "hooked",
        [] {
            if (is_fault("install")) throw std::runtime_error("no seam");
        },
        [] {
            if (is_fault("remove")) throw std::runtime_error("the seam is gone");
        });
}

TEST_CASE("sends" * rp::uses("smtp")) { rp::enforce("smtp"); }
TEST_CASE("sends often" * rp::uses("smtp") * rp::trial(2)) {
    rp::enforce("smtp");
    rp::record_result({.status = rp::safety_status::safe, .summary = "sent"});
}
TEST_CASE("does nothing") {}
