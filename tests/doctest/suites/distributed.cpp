// What distributed.cpp runs with workers: tests that tell where they are, print, fail, wait, and crash once.
#include <rampart/doctest.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fs = std::filesystem;
namespace rp = rampart;

namespace {

std::string variable(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr ? "(none)" : value;
}

/// Its name may be another one in one of the workers.
char const* name_of_the_odd_one() {
    static std::string const name =
        variable("RAMPART_TESTS_ODD_WORKER") == variable("RAMPART_WORKER") ? "in another list" : "in the list";
    return name.c_str();
}

}  // namespace

TEST_CASE("tells where it is") {
    rp::result seen{.status = rp::safety_status::safe, .summary = "seen"};
    for (char const* const name :
         {"RAMPART_WORKER", "RAMPART_WORKER_COUNT", "RAMPART_TESTRUNUID", "RAMPART_TOTAL_SHARDS", "RAMPART_SHARD_INDEX",
          "TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TEST_SHARD_STATUS_FILE", "TEST_PREMATURE_EXIT_FILE",
          "XML_OUTPUT_FILE", "GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "GITHUB_STEP_SUMMARY", "RAMPART_TESTS_OWN"}) {
        seen.meta.set(name, variable(name));
    }
    seen.meta.set("folder", fs::current_path().string());
    seen.meta.set("nice", ::getpriority(PRIO_PROCESS, 0));
    seen.meta.set("group", ::getpgrp() == ::getpid() ? "its own" : "another's");
    seen.meta.set("stdin", fs::read_symlink("/proc/self/fd/0").string());
    std::string open;
    for (auto const& entry : fs::directory_iterator("/proc/self/fd")) {
        auto const fd = entry.path().filename().string();
        // That of this loop is none of the process's own; those that rampart keeps are out of the way.
        std::error_code gone;
        auto const what = fs::read_symlink(entry.path(), gone).string();
        if (!gone && what.find("/fd") == std::string::npos && std::stoi(fd) < 200) open += fd + " ";
    }
    seen.meta.set("open", open);
    ::sigset_t blocked{};
    ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
    struct ::sigaction pipe {};
    ::sigaction(SIGPIPE, nullptr, &pipe);
    seen.meta.set("signals", ::sigismember(&blocked, SIGTERM) == 0 && ::sigismember(&blocked, SIGCHLD) == 0 &&
                                     pipe.sa_handler == SIG_DFL
                                 ? "as usual"
                                 : "changed");
    rp::record_result(seen);
}

TEST_SUITE("output") {
    TEST_CASE("prints and passes") {
        std::printf("printed by the one that passes\n");
        std::cerr << "on stderr by the one that passes\n";
    }
    TEST_CASE("prints and fails") {
        std::printf("printed by the one that fails\n");
        std::cerr << "on stderr by the one that fails\n";
        std::cout << "and no end of the line";
        CHECK_MESSAGE(1 == 2, "why it failed");
    }
    TEST_CASE("prints a lot and fails") {
        std::printf("the first line\n");
        for (int i = 0; i < 20000; ++i) std::printf("line %d of many\n", i);
        std::printf("the last line\n");
        CHECK(1 == 3);
    }
    TEST_CASE("prints what a terminal obeys, and fails") {
        std::printf("\x1b]0;taken over\x07\x1b[31mred\n\xff\xfe\n");
        CHECK(1 == 4);
    }
}

#define FAILS(n) \
 TEST_CASE("fails " #n) { CHECK(n == 0); }
#define TEN(n) FAILS(n##0) FAILS(n##1) FAILS(n##2) FAILS(n##3) FAILS(n##4) FAILS(n##5) FAILS(n##6) FAILS(n##7)
TEST_SUITE("failing"){TEN(1) TEN(2) TEN(3)}

TEST_SUITE("slow") {
    TEST_CASE("takes a minute") { std::this_thread::sleep_for(std::chrono::minutes(1)); }
    TEST_CASE("takes no time") { CHECK(true); }
    TEST_CASE("takes no time either") { CHECK(true); }
}

TEST_SUITE("crashing") {
    TEST_CASE("crashes the first time") {
        rp::record_result({.status = rp::safety_status::safe, .summary = "in each attempt"});
        auto const mark = variable("RAMPART_TESTS_ONCE");
        if (!fs::exists(mark)) {
            std::ofstream(mark) << "here";
            std::abort();
        }
    }
    TEST_CASE("crashes each time") { std::abort(); }
    TEST_CASE("does not crash") { CHECK(true); }
}

TEST_SUITE("list") {
    TEST_CASE(name_of_the_odd_one()) { CHECK(true); }
    TEST_CASE("beside it") { CHECK(true); }
}

#define TIMED(n) \
 TEST_CASE("timed " #n) { CHECK(n >= 0); }
TEST_SUITE("timed"){TIMED(1) TIMED(2) TIMED(3) TIMED(4) TIMED(5) TIMED(6)}

TEST_SUITE("filtered") {
    TEST_CASE("with parts") {
        SUBCASE("one") { rp::record_result({.status = rp::safety_status::safe, .summary = "part one"}); }
        SUBCASE("two") { rp::record_result({.status = rp::safety_status::safe, .summary = "part two"}); }
    }
    TEST_CASE("skipped" * doctest::skip()) { rp::record_result({.summary = "skipped"}); }
    TEST_CASE("may fail" * doctest::may_fail()) { CHECK(1 == 5); }
    TEST_CASE("should fail" * doctest::should_fail()) { CHECK(1 == 6); }
}
