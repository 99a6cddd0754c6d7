// A suite that declares and uses resources as the seed in RAMPART_TEST_PLAN says.
#include <rampart/doctest.hpp>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile/guards_plan.hpp"

namespace rp = rampart;
using hostile::form;
using hostile::means;

namespace {

std::array<hostile::planned_test, hostile::tests> const& plan() {
    static auto const made = [] {
        char const* const seed = std::getenv("RAMPART_TEST_PLAN");
        return hostile::plan_of(seed == nullptr ? 1U : static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10)));
    }();
    return made;
}

/// Children that wait for their test to be over.
struct late_children {
    std::vector<int> locks{};
    std::vector<::pid_t> pids{};

    static late_children& instance() {
        static late_children children;
        return children;
    }
    template <class F>
    void add(F f) {
        int pipe[2];
        REQUIRE(::pipe(pipe) == 0);
        ::pid_t const child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(pipe[1]);
            for (int const lock : locks) ::close(lock);
            char nothing = 0;
            (void)!::read(pipe[0], &nothing, 1);
            f();
            ::_exit(0);
        }
        ::close(pipe[0]);
        locks.push_back(pipe[1]);
        pids.push_back(child);
    }
    void let_go() {
        for (int const lock : locks) ::close(lock);
        for (::pid_t const pid : pids) ::waitpid(pid, nullptr, 0);
        locks.clear();
        pids.clear();
    }
};

/// Marks and kind of a test, as the plan says.
struct as_planned {
    std::size_t number;
    template <class Registered>
    void fill(Registered& to) const {
        hostile::planned_test const& t = plan()[number];
        for (std::string const& name : t.declared()) rp::uses(name).fill(to);
        if constexpr (requires { to.m_may_fail; }) {
            to.m_may_fail = t.is == form::may_fail;
            to.m_should_fail = t.is == form::should_fail;
        }
    }
};

void call_client() {
    try {
        rp::enforce("smtp");
    } catch (rp::guard_violation const&) {
    }
}
void run_tool(char const* name, bool by_shell) {
    if (by_shell) {
        (void)!std::system((std::string(name) + " 2>/dev/null").c_str());
        return;
    }
    char* words[] = {const_cast<char*>(name), const_cast<char*>("--quietly"), nullptr};
    ::pid_t pid = 0;
    ::posix_spawn_file_actions_t quiet;
    ::posix_spawn_file_actions_init(&quiet);
    ::posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    if (::posix_spawnp(&pid, name, &quiet, nullptr, words, environ) == 0) ::waitpid(pid, nullptr, 0);
    ::posix_spawn_file_actions_destroy(&quiet);
}
template <class F>
void in_child(F f) {
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        f();
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
}

void use(std::size_t resource, means how) {
    auto const it = [resource, how] {
        if (resource == hostile::is_client) {
            call_client();
        } else {
            run_tool(hostile::resources[resource], how != means::spawn);
        }
    };
    switch (how) {
    case means::none:
        return;
    case means::shell:
    case means::spawn:
        return it();
    case means::thread:
        return std::thread(it).join();
    case means::double_fork:
        return in_child([&] { in_child(it); });
    case means::late:
        return late_children::instance().add(it);
    }
}

void run_test(std::size_t number) {
    hostile::planned_test const& t = plan()[number];
    for (std::size_t r = 0; r < hostile::resources.size(); ++r) {
        if (t.is != form::trials || rp::trial_index() == t.uses[r].in_trial) use(r, t.uses[r].how);
    }
    rp::record_result({.status = rp::safety_status::safe});
    CHECK_FALSE(t.fails);
}

}  // namespace

RAMPART_GUARDS(guards) {
    guards.program("rampart-test-tool");
    guards.program("rampart.test+tool");
    guards.sdk(
        "smtp", [] {}, [] { late_children::instance().let_go(); });
}

TEST_CASE("test 0" * as_planned{0}) { run_test(0); }
TEST_CASE("test 1" * as_planned{1}) { run_test(1); }
TEST_CASE("test 2" * as_planned{2}) { run_test(2); }
TEST_CASE("test 3" * as_planned{3}) { run_test(3); }
TEST_CASE("test 4" * as_planned{4}) { run_test(4); }
TEST_CASE("test 5" * as_planned{5}) { run_test(5); }
TEST_CASE("test 6" * as_planned{6}) { run_test(6); }
TEST_CASE("test 7" * as_planned{7}) { run_test(7); }
TEST_CASE("test 8" * as_planned{8} * rp::trial(hostile::trials, 0.0)) { run_test(8); }
TEST_CASE("test 9" * as_planned{9} * rp::trial(hostile::trials, 0.0)) { run_test(9); }
