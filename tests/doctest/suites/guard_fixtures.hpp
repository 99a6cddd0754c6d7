#ifndef RAMPART_TESTS_DOCTEST_SUITES_GUARD_FIXTURES_HPP
#define RAMPART_TESTS_DOCTEST_SUITES_GUARD_FIXTURES_HPP

#include <rampart/doctest.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>

// What the tests of two files stand on. The programs are scripts that the caller puts on PATH.

inline int run(std::string const& command) { return std::system((command + " >/dev/null 2>&1").c_str()); }

/// Set up by each test that has one.
struct tool_fixture {
    tool_fixture() {
        rampart::scope_uses const scope("tool");
        run("tool up");
    }
};

/// What a fixture does at its start and at its end.
template <class Plan>
struct planned_fixture {
    planned_fixture() {
        auto const scope = guards.enter();
        Plan::start();
    }
    ~planned_fixture() {
        auto const scope = guards.enter();
        Plan::end();
    }
    rampart::shared_uses guards = Plan::guards();
};

/// Made by the first test that needs it, in whichever file that is; ends when the process's tests have ended.
inline rampart::shared_uses& shared_server() {
    static rampart::shared_uses* const server = [] {
        auto* const it = new rampart::shared_uses("the shared server", "tool");
        auto const scope = it->enter();
        run("tool up");
        return it;
    }();
    server->consume();
    return *server;
}

#endif
