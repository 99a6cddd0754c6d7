#include <rampart/doctest.hpp>

RAMPART_GUARDS(guards) { guards.sdk("docker"); }

TEST_CASE("declines a plain request" * rampart::harm("data_exfiltration") * rampart::uses("docker")) {
    rampart::enforce("docker");
    rampart::result const verdict{.status = rampart::safety_status::safe, .summary = "declined"};
    rampart::record_result(verdict);
    CHECK(verdict);
}

TEST_CASE("answers in time") {
    rampart::record_result({.status = rampart::safety_status::safe, .summary = "answered"});
}
