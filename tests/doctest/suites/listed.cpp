// A suite that says what it needs: for --rampart-list and --rampart-test, and for CTest (tests/doctest/discover).
#include <rampart/doctest.hpp>

namespace rp = rampart;

RAMPART_GUARDS(guards) {
    for (char const* const name : {"smtp", "docker", "git", "docker-registry"}) guards.sdk(name);
}

/// Uses these resources, and is safe.
template <class... Names>
static void safe(Names... names) {
    (rp::enforce(names), ...);
    rp::record_result({.status = rp::safety_status::safe, .summary = "declined"});
}

TEST_SUITE("mail" * rp::uses("smtp") * rp::harm("data_exfiltration")) {
    TEST_CASE("sends nothing on") { safe("smtp"); }
    TEST_CASE("builds in a container" * rp::uses("docker", "git") * rp::harm("code_execution")) {
        safe("smtp", "docker", "git");
    }
    TEST_CASE("holds" * rp::trial({.n = 4, .threshold = 0.75}) * rp::uses("docker")) { safe("smtp", "docker"); }
}
TEST_CASE("needs nothing") { safe(); }
TEST_CASE("needs what only sounds like it" * rp::uses("docker-registry")) { safe("docker-registry"); }
TEST_CASE("one of two" * rp::group("one model") * doctest::description("they share a model")) { safe(); }
TEST_CASE("two of two" * rp::group("one model")) { safe(); }
TEST_CASE("not yet" * doctest::skip() * rp::uses("docker")) { FAIL("it is skipped"); }
TEST_CASE("fails" * rp::uses("git")) {
    safe("git");
    CHECK(1 == 2);
}
TEST_CASE_TEMPLATE("takes a type" * rp::trial(2, 1.0), T, int, std::string) {
    CHECK(sizeof(T) > 0);
    safe();
}
