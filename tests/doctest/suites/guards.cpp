#include "guard_fixtures.hpp"

#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

// Tests that keep their word about resources, and tests that do not. The programs are scripts that the caller puts on
// PATH; the tests that are skipped end their process, and are asked for by name.

namespace rp = rampart;

RAMPART_GUARDS(guards) {
    guards.program("tool");
    guards.program("other");
    guards.program("my-tool");
    guards.program("not-to-be-found-anywhere");
    guards.sdk("smtp");
    guards.sdk("queue");
}

static void use_quietly(char const* resource) {
    try {
        rp::enforce(resource);
    } catch (...) {
    }
}
static void record_safe() { rp::record_result({.status = rp::safety_status::safe, .summary = "fine"}); }

TEST_SUITE_BEGIN("plain");

TEST_CASE("declares and uses" * rp::uses("tool")) { CHECK(run("tool a") == 0); }
TEST_CASE("does neither") { CHECK(true); }
TEST_CASE("uses without the mark") { run("tool --version"); }
TEST_CASE("expects the failure") { CHECK(run("tool") != 0); }
TEST_CASE("declares in vain" * rp::uses("tool")) { CHECK(true); }
TEST_CASE("uses without the mark and fails") {
    run("tool");
    CHECK_MESSAGE(false, "downstream failure");
}
TEST_CASE("fails before its use" * rp::uses("tool")) { CHECK_MESSAGE(false, "real failure"); }
TEST_CASE("everything is wrong" * rp::uses("smtp", "queue")) { run("other; tool"); }
TEST_CASE("hyphen declared" * rp::uses("my-tool")) { CHECK(run("my-tool") == 0); }
TEST_CASE("hyphen without the mark") { run("my-tool"); }
TEST_CASE("not installed" * rp::uses("not-to-be-found-anywhere")) { CHECK(run("not-to-be-found-anywhere") != 0); }
TEST_CASE("not installed and without the mark") { run("not-to-be-found-anywhere"); }

TEST_CASE("client declared" * rp::uses("smtp")) { rp::enforce("smtp"); }
TEST_CASE("client without the mark") { rp::enforce("smtp"); }
TEST_CASE("client swallowed") { use_quietly("smtp"); }
TEST_CASE("client in vain" * rp::uses("smtp")) { CHECK(true); }
TEST_CASE("client not registered") { use_quietly("not registered"); }
TEST_CASE("client in a thread") {
    std::thread([] { use_quietly("smtp"); }).join();
}
TEST_CASE("client in a child") {
    if (::pid_t const child = ::fork(); child == 0) {
        use_quietly("smtp");
        ::_exit(0);
    } else {
        ::waitpid(child, nullptr, 0);
    }
}

TEST_CASE("destructor declared" * rp::uses("tool")) {
    struct at_end {
        ~at_end() { run("tool"); }
    } const it;
}
TEST_CASE("destructor without the mark") {
    struct at_end {
        ~at_end() { run("tool"); }
    } const it;
}

TEST_CASE("may fail" * doctest::may_fail()) { run("tool"); }
TEST_CASE("may fail in vain" * doctest::may_fail() * rp::uses("tool")) {}
TEST_CASE("should fail" * doctest::should_fail()) {
    run("tool");
    CHECK(false);
}
TEST_CASE("should fail in vain" * doctest::should_fail() * rp::uses("tool")) { CHECK(false); }
TEST_CASE("expected failures" * doctest::expected_failures(1)) {
    run("tool");
    CHECK(false);
}
TEST_CASE("expected failures in vain" * doctest::expected_failures(1) * rp::uses("tool")) { CHECK(false); }

TEST_CASE("subcase that uses it" * rp::uses("tool")) {
    SUBCASE("a") { CHECK(true); }
    SUBCASE("b") { run("tool"); }
    SUBCASE("c") { CHECK(true); }
}
TEST_CASE("subcase without the mark") {
    SUBCASE("a") { CHECK(true); }
    SUBCASE("b") { run("tool"); }
    SUBCASE("c") { CHECK(true); }
}
TEST_CASE("subcases in vain" * rp::uses("tool")) {
    SUBCASE("a") { CHECK(true); }
    SUBCASE("b") { CHECK(true); }
}
TEST_CASE("other marks" * rp::harm("tool") * rp::group("tool") * doctest::description("tool")) { record_safe(); }
TEST_CASE("skipped in vain" * doctest::skip() * rp::uses("tool")) {}
TEST_CASE("skipped without the mark" * doctest::skip()) { run("tool"); }

TEST_SUITE_END();

TEST_SUITE("marked" * rp::uses("smtp")) {
    TEST_CASE("suite and case" * rp::uses("tool")) {
        rp::enforce("smtp");
        run("tool");
    }
    TEST_CASE("only the suite") { rp::enforce("smtp"); }
    TEST_CASE("suite in vain" * rp::uses("tool")) { run("tool"); }
    TEST_CASE("several marks" * rp::uses("tool") * rp::uses("tool", "queue") * rp::uses("smtp")) {
        rp::enforce("smtp");
        rp::enforce("queue");
        run("tool");
    }
}

TEST_SUITE_BEGIN("trials");

TEST_CASE("one of three uses it" * rp::uses("tool") * rp::trial(3)) {
    record_safe();
    if (rp::trial_index() == 1) run("tool");
}
TEST_CASE("none of three uses it" * rp::uses("tool") * rp::trial(3)) { record_safe(); }
TEST_CASE("one of three without the mark" * rp::trial(3, 0.5)) {
    record_safe();
    if (rp::trial_index() == 1) run("tool");
}
TEST_CASE("failing group in vain" * rp::uses("tool") * rp::trial(3)) {
    record_safe();
    CHECK(rp::trial_index() != 1);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("fixtures");

TEST_CASE_FIXTURE(tool_fixture, "set-up declared" * rp::uses("tool")) { CHECK(true); }
TEST_CASE_FIXTURE(tool_fixture, "set-up without the mark") { CHECK(true); }
TEST_CASE_FIXTURE(tool_fixture, "set-up and own use" * rp::uses("tool")) { CHECK(run("tool") == 0); }
TEST_CASE_TEMPLATE("set-up of each type" * rp::uses("tool"), T, int, float) {
    tool_fixture const fixture;
    CHECK(sizeof(T) > 0);
}

struct empty_plan {
    static rp::shared_uses guards() { return rp::shared_uses("the empty fixture", "tool"); }
    static void start() {}
    static void end() {}
};
TEST_CASE_FIXTURE(planned_fixture<empty_plan>, "fixture in vain" * rp::uses("tool")) { CHECK(true); }

struct wrong_plan : empty_plan {
    static rp::shared_uses guards() { return rp::shared_uses("the wrong fixture", "other"); }
    static void start() { run("tool; other"); }
};
TEST_CASE_FIXTURE(planned_fixture<wrong_plan>, "fixture uses another" * rp::uses("other", "tool")) { run("tool"); }

struct end_plan : empty_plan {
    static rp::shared_uses guards() { return rp::shared_uses("the late fixture", "tool"); }
    static void end() { run("tool down"); }
};
TEST_CASE_FIXTURE(planned_fixture<end_plan>, "fixture uses it at its end" * rp::uses("tool")) { CHECK(true); }

struct wrong_end_plan : empty_plan {
    static rp::shared_uses guards() { return rp::shared_uses("the careless fixture", "tool"); }
    static void start() { run("tool up"); }
    static void end() { run("other"); }
};
TEST_CASE_FIXTURE(planned_fixture<wrong_end_plan>, "fixture uses another at its end" * rp::uses("tool")) {
    CHECK(true);
}

struct split_plan : empty_plan {
    static rp::shared_uses guards() { return rp::shared_uses("the split fixture", "tool", "other"); }
    static void start() { run("tool up"); }
    static void end() { run("other down"); }
};
TEST_CASE_FIXTURE(planned_fixture<split_plan>, "fixture of two" * rp::uses("tool", "other")) { CHECK(true); }
TEST_CASE_FIXTURE(planned_fixture<split_plan>, "fixture of two, one mark" * rp::uses("tool")) { CHECK(true); }

struct partial_plan : empty_plan {
    static rp::shared_uses guards() { return rp::shared_uses("the partial fixture", "tool", "other"); }
    static void end() { run("tool down"); }
};
TEST_CASE_FIXTURE(planned_fixture<partial_plan>, "fixture of two, one use" * rp::uses("tool", "other")) { CHECK(true); }

static void use_client_in_scope() {
    rp::scope_uses const scope("smtp");
    rp::enforce("smtp");
}
TEST_CASE_FIXTURE(tool_fixture, "two fixtures" * rp::uses("tool", "smtp")) { use_client_in_scope(); }
TEST_CASE_FIXTURE(tool_fixture, "two fixtures, one mark" * rp::uses("tool")) { use_client_in_scope(); }
TEST_CASE_FIXTURE(tool_fixture, "two fixtures, no mark") { use_client_in_scope(); }
TEST_CASE("nested fixtures" * rp::uses("tool", "smtp")) {
    rp::scope_uses const outer("smtp");
    tool_fixture const inner;
    rp::enforce("smtp");
}
TEST_CASE_FIXTURE(tool_fixture, "use beside the fixture") { run("other"); }

static void fail_in_set_up() {
    rp::scope_uses const scope("tool");
    run("other");
    throw std::runtime_error("set-up's own failure");
}
TEST_CASE("set-up that fails" * rp::uses("tool")) { fail_in_set_up(); }
TEST_CASE("set-up left open" * rp::uses("tool")) {
    static auto* const left = new rp::scope_uses("tool");
    CHECK(left != nullptr);
    run("tool");
}
TEST_CASE("shared one" * rp::uses("tool")) { shared_server(); }

TEST_SUITE_END();

TEST_SUITE_BEGIN("ends" * doctest::skip());

TEST_CASE("crashes after a use") {
    run("tool");
    use_quietly("smtp");
    std::raise(SIGSEGV);
}
TEST_CASE("crashes in a scope" * rp::uses("smtp")) {
    rp::scope_uses const scope("smtp");
    run("tool");
    std::raise(SIGSEGV);
}
TEST_CASE("crashes once") {
    if (std::getenv("GUARDS_CALM") == nullptr) std::raise(SIGSEGV);
}
TEST_CASE("hangs after a use") {
    run("tool");
    for (;;) ::pause();
}
TEST_CASE("exits after a use") {
    run("tool");
    std::exit(0);
}
TEST_CASE("takes the guards away") { run("rm -rf \"$(dirname \"$RAMPART_CASE_DIR\")\""); }
TEST_CASE("takes the guards away, and the next" * rp::uses("tool")) { run("tool"); }
TEST_CASE("changes PATH" * rp::group("PATH")) { ::setenv("PATH", "/usr/bin:/bin", 1); }
TEST_CASE("changes PATH, and the next" * rp::group("PATH")) { run("tool"); }

// The child of the first test waits for the second one, which lets it go and sees it end.
static int gate[2] = {-1, -1};
static ::pid_t late_child = 0;
TEST_CASE("late, and its test" * rp::group("late")) {
    REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
    late_child = ::fork();
    if (late_child == 0) {
        char c = 0;
        ::close(gate[1]);
        (void)!::read(gate[0], &c, 1);
        ::execlp("tool", "tool", "late", nullptr);
        ::_exit(1);
    }
}
TEST_CASE("late, and the next" * rp::group("late") * rp::uses("tool")) {
    run("tool mine");
    ::close(gate[1]);
    ::waitpid(late_child, nullptr, 0);
}
static std::thread late_thread;
TEST_CASE("thread, and its test" * rp::group("thread")) {
    REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
    late_thread = std::thread([here = rp::active_guards()] {
        rp::guard_scope const mine(here);
        char c = 0;
        (void)!::read(gate[0], &c, 1);
        use_quietly("smtp");
    });
}
TEST_CASE("thread, and the next" * rp::group("thread") * rp::uses("smtp")) {
    rp::enforce("smtp");
    ::close(gate[1]);
    late_thread.join();
}

TEST_SUITE_END();
