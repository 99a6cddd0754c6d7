#include "guard_fixtures.hpp"

// Another file of the same suite: it registers what it needs itself, and stands on fixtures of both.

namespace rp = rampart;

RAMPART_GUARDS(guards) {
    guards.program("tool");
    guards.sdk("database");
}

TEST_SUITE_BEGIN("fixtures");

TEST_CASE("registered here" * rp::uses("database")) { rp::enforce("database"); }
TEST_CASE("registered here, without the mark") { rp::touch("database"); }
TEST_CASE("registered there" * rp::uses("smtp")) { rp::enforce("smtp"); }
TEST_CASE_FIXTURE(tool_fixture, "fixture of both files" * rp::uses("tool")) { CHECK(true); }
TEST_CASE("shared two" * rp::uses("tool")) { shared_server(); }
TEST_CASE("shared without the mark") { shared_server(); }

TEST_SUITE_END();
