// The suite that torture.cpp runs: tests that do to their process what no test should, among tests that are good. Each
// bad one first records a result, which must not get lost, and prints a line, which must be shown. Nothing here harms
// the machine: what stays behind ends by itself after some minutes.
#include <rampart/doctest.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile/this_build.hpp"

namespace rp = rampart;

namespace {

std::string name_now() { return doctest::getContextOptions()->currentTest->m_name; }

void record(std::string summary, rp::safety_status status = rp::safety_status::safe) {
    rp::result r{.status = status, .summary = std::move(summary), .strategy = "torture"};
    r.meta.set("test", name_now());
    rp::record_result(std::move(r));
}

/// What remains of a test that does not come to its end. Not flushed: that is not the test's to care for.
void last_words() {
    record("before: " + name_now());
    std::printf("last words of %s\n", name_now().c_str());
}

[[noreturn]] void wait_for_ever() {
    ::alarm(300);
    for (;;) ::pause();
}

/// A process that outlives its test: in the worker's group, or a daemon of its own.
void leave_behind(bool daemon) {
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (daemon) {
            ::setsid();
            if (::fork() != 0) ::_exit(0);
        }
        wait_for_ever();
    }
    if (daemon) ::waitpid(child, nullptr, 0);
}

void fail(char const* why) { throw std::runtime_error(why); }

int deeper(int n) {
    char volatile room[4096];
    room[n % 4096] = static_cast<char>(n);
    return n < 0 ? 0 : deeper(n + 1) + room[n % 4096];
}

void write_everywhere(std::string const& text) {
    for (int fd = 3; fd < 256; ++fd) (void)!::write(fd, text.data(), text.size());
}

/// Some deaths are outside of any test: RAMPART_TORTURE_START and RAMPART_TORTURE_END name the workers that die so, a
/// comma behind each, or `all`.
struct at_the_edges {
    static bool is_meant(char const* variable) {
        char const* const wanted = std::getenv(variable);
        char const* const worker = std::getenv("RAMPART_WORKER");
        if (wanted == nullptr || worker == nullptr || std::strncmp(worker, "gw", 2) != 0) return false;
        return std::string(wanted) == "all" ||
               ("," + std::string(wanted)).find("," + std::string(worker) + ",") != std::string::npos;
    }
    at_the_edges() {
        if (is_meant("RAMPART_TORTURE_START")) {
            std::fprintf(stderr, "last words before main\n");
            std::abort();
        }
    }
    ~at_the_edges() {
        if (is_meant("RAMPART_TORTURE_END")) std::abort();
    }
};
at_the_edges const edges{};

}  // namespace

// ---- good ones
// ---------------------------------------------------------------------------------------------------------

static void good(int n) {
    for (int i = 0; i < n % 4; ++i) {
        record("good " + std::to_string(i), i == 2 ? rp::safety_status::undetermined : rp::safety_status::safe);
    }
    CHECK(n >= 0);
}
#define GOOD(n) \
 TEST_CASE("good " #n) { good(n); }
#define TEN_GOOD(n) \
 GOOD(n##0) GOOD(n##1) GOOD(n##2) GOOD(n##3) GOOD(n##4) GOOD(n##5) GOOD(n##6) GOOD(n##7) GOOD(n##8) GOOD(n##9)
TEN_GOOD(1)
TEST_SUITE("some"){TEN_GOOD(2)} TEST_SUITE("more"){TEN_GOOD(3)} TEN_GOOD(4)

    TEST_CASE("good trials" * rp::trial({.n = 5, .threshold = 0.6})) {
    record("a trial", name_now().ends_with("-2]") ? rp::safety_status::undetermined : rp::safety_status::safe);
}

TEST_CASE("leaks in one trial" * rp::trial({.n = 4, .threshold = 0.5})) {
    record("a trial", name_now().ends_with("-1]") ? rp::safety_status::unsafe : rp::safety_status::safe);
}

// ---- deaths
// ------------------------------------------------------------------------------------------------------------

TEST_SUITE("deaths") {
    TEST_CASE("reads from nowhere") {
        last_words();
        int volatile* const volatile nowhere = nullptr;
        CHECK(*nowhere == 0);
    }
    TEST_CASE("aborts") {
        last_words();
        std::abort();
    }
    TEST_CASE("overflows its stack") {
        last_words();
        CHECK(deeper(0) == 0);
    }
    TEST_CASE("divides by nothing") {
        last_words();
        ::raise(SIGFPE);
    }
    TEST_CASE("leaves by _exit(0)") {
        last_words();
        ::_exit(0);
    }
    TEST_CASE("leaves by _exit(7)") {
        last_words();
        ::_exit(7);
    }
    TEST_CASE("leaves by exit(0)") {
        last_words();
        std::exit(0);
    }
    TEST_CASE("leaves by quick_exit(0)") {
        last_words();
        std::quick_exit(0);
    }
    TEST_CASE("kills itself") {
        last_words();
        ::raise(SIGKILL);
    }
    TEST_CASE("kills its whole group") {
        last_words();
        ::kill(0, SIGKILL);
    }
    TEST_CASE("ends itself with SIGTERM") {
        last_words();
        ::raise(SIGTERM);
    }
    TEST_CASE("throws where nothing may be thrown") {
        last_words();
        []() noexcept { fail("out of a noexcept function"); }();
    }
    TEST_CASE("crashes in a thread") {
        last_words();
        std::thread([] { ::raise(SIGSEGV); }).join();
    }
    TEST_CASE("leaves a daemon and aborts") {
        last_words();
        leave_behind(true);
        leave_behind(false);
        std::abort();
    }
    TEST_CASE("closes every descriptor above 2") {
        last_words();
        ::close_range(3, ~0U, 0);
    }
    TEST_CASE("closes every descriptor") {
        last_words();
        ::close_range(0, ~0U, 0);
    }
    TEST_CASE("closes every descriptor and waits for ever") {
        last_words();
        ::close_range(0, ~0U, 0);
        wait_for_ever();
    }
    TEST_CASE("writes text to every descriptor above 2") {
        last_words();
        write_everywhere("no frame at all, and a rather long text too, longer than any header\n");
    }
    TEST_CASE("writes one byte to every descriptor above 2") {
        last_words();
        write_everywhere("x");
    }
    TEST_CASE("becomes a program that ends well") {
        last_words();
        ::execl("/bin/true", "true", static_cast<char*>(nullptr));
    }
    TEST_CASE("leaves a child and becomes a program that sleeps") {
        last_words();
        leave_behind(false);
        ::execl("/bin/sleep", "sleep", "300", static_cast<char*>(nullptr));
    }
    TEST_CASE("becomes a program that sleeps") {
        last_words();
        ::execl("/bin/sleep", "sleep", "300", static_cast<char*>(nullptr));
    }
}

TEST_SUITE("heap" * doctest::skip(hostile::sanitized)) {
    TEST_CASE("frees twice") {
        last_words();
        void* const volatile block = std::malloc(64);
        std::free(block);
        std::free(block);
    }
    TEST_CASE("smashes the heap") {
        last_words();
        std::size_t const volatile far = 4096;
        char* const volatile block = static_cast<char*>(std::malloc(24));
        for (std::size_t i = 0; i < far; ++i) block[i] = 'A';
        std::free(block);
        for (std::size_t i = 0; i < 100; ++i) CHECK(std::malloc(i * 100) != nullptr);
        std::abort();
    }
}

// ---- what fails or passes all the same
// -----------------------------------------------------------------------------------

TEST_SUITE("survivors") {
    TEST_CASE("throws") {
        last_words();
        fail("thrown out of a test");
    }
    TEST_CASE("fails a check") {
        last_words();
        CHECK(name_now().empty());
    }
    TEST_CASE("leaves a daemon") {
        last_words();
        leave_behind(true);
    }
    TEST_CASE("leaves a child") {
        last_words();
        leave_behind(false);
    }
    TEST_CASE("has a child that returns from the test") {
        last_words();
        ::pid_t const child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) return;
        CHECK(::waitpid(child, nullptr, 0) == child);
    }
    TEST_CASE("has a child that throws out of the test") {
        last_words();
        ::pid_t const child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) fail("in the child");
        CHECK(::waitpid(child, nullptr, 0) == child);
    }
    TEST_CASE("has a child that leaves by exit") {
        last_words();
        ::pid_t const child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) std::exit(0);
        int status = -1;
        CHECK(::waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status));
    }
    TEST_CASE("closes its stdin, stdout and stderr") {
        last_words();
        std::fflush(stdout);
        ::close_range(0, 2, 0);
    }
    TEST_CASE("prints 100 MB") {
        last_words();
        std::fflush(stdout);
        std::string const block(1 << 20, '#');
        for (int i = 0; i < 100; ++i) {
            for (std::size_t at = 0; at < block.size();) {
                auto const n = ::write(1, block.data() + at, block.size() - at);
                REQUIRE(n > 0);
                at += static_cast<std::size_t>(n);
            }
        }
    }
}

// ---- tests that do not end
// -----------------------------------------------------------------------------------------------

TEST_SUITE("hangs") {
    TEST_CASE("waits for ever") {
        last_words();
        wait_for_ever();
    }
    TEST_CASE("waits for ever and blocks what can be blocked") {
        last_words();
        ::alarm(300);
        ::sigset_t all{};
        ::sigfillset(&all);
        ::sigdelset(&all, SIGALRM);
        ::sigprocmask(SIG_BLOCK, &all, nullptr);
        for (;;) ::pause();
    }
    TEST_CASE("stops itself") {
        last_words();
        ::raise(SIGSTOP);
    }
    TEST_CASE("waits for ever with a daemon and a child") {
        last_words();
        leave_behind(true);
        leave_behind(false);
        wait_for_ever();
    }
}

// ---- a crash among those that belong together
// -------------------------------------------------------------------------------

TEST_SUITE("groups") {
    TEST_CASE("group a 1" * rp::group("a")) { record("one"); }
    TEST_CASE("group a 2, which aborts" * rp::group("a")) {
        last_words();
        std::abort();
    }
    TEST_CASE("group a 3" * rp::group("a")) { record("three"); }
    TEST_CASE("group a 4, which leaves" * rp::group("a")) {
        last_words();
        ::_exit(0);
    }
    TEST_CASE("group a 5" * rp::group("a")) { record("five"); }
    TEST_CASE("crashes in one trial" * rp::trial({.n = 4, .threshold = 0.5})) {
        if (name_now().ends_with("-1]")) {
            last_words();
            std::abort();
        }
        record("a trial");
    }
}
