#include "rampart/collect/worker.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

TEST_CASE("outside of a distributed run the worker is the master") {
    ::unsetenv("RAMPART_WORKER");
    ::unsetenv("RAMPART_WORKER_COUNT");
    ::unsetenv("RAMPART_TESTRUNUID");
    CHECK(rampart::worker_id() == "master");
    CHECK_FALSE(rampart::is_worker());
    CHECK(rampart::worker_count() == 0);
    CHECK(rampart::testrun_uid().empty());
}

TEST_CASE("a worker knows its name, how many there are, and the run") {
    ::setenv("RAMPART_WORKER", "gw3", 1);
    ::setenv("RAMPART_WORKER_COUNT", "8", 1);
    ::setenv("RAMPART_TESTRUNUID", "a1b2", 1);
    CHECK(rampart::worker_id() == "gw3");
    CHECK(rampart::is_worker());
    CHECK(rampart::worker_count() == 8);
    CHECK(rampart::testrun_uid() == "a1b2");
    ::unsetenv("RAMPART_WORKER");
    ::unsetenv("RAMPART_WORKER_COUNT");
    ::unsetenv("RAMPART_TESTRUNUID");
}
