#include "rampart/dist/keeper.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dist/pool_run.hpp"

namespace {

using namespace pool_test;

/// A child that stays, in a group of its own, with a cookie in its environment if one is given.
::pid_t stays(std::string const& cookie = {}) {
    ::pid_t const pid = ::fork();
    if (pid == 0) {
        ::setpgid(0, 0);
        if (!cookie.empty()) ::setenv("RAMPART_COOKIE", cookie.c_str(), 1);
        ::execl(RAMPART_DIST_CHILD, RAMPART_DIST_CHILD, "mute", nullptr);
        ::_exit(1);
    }
    ::setpgid(pid, pid);
    return pid;
}
/// The signal that ended a child; 0: it still ran, and is ended here.
int end_of(::pid_t pid) {
    int status = 0;
    ::pid_t const done = ::waitpid(pid, &status, WNOHANG);
    if (done == 0) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, &status, 0);
        return 0;
    }
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

}  // namespace

TEST_SUITE_BEGIN("keeper");

TEST_CASE("the end of the keeper ends the groups it knows, and no other") {
    ::pid_t const known = stays();
    ::pid_t const removed = stays();
    ::pid_t const unknown = stays();
    keeper k(detail::random_cookie());
    k.add(known);
    k.add(removed);
    k.remove(removed);
    ::pid_t const process = k.pid();
    CHECK(k.end() == 0);  // nothing was found by the cookie
    CHECK(is_gone(process));
    CHECK(ends_within(known, 5000));
    CHECK(end_of(known) == SIGKILL);
    CHECK(end_of(removed) == 0);
    CHECK(end_of(unknown) == 0);
    CHECK(k.end() == 0);  // again: nothing to do
}

TEST_CASE("a process with the cookie is ended wherever it is, also where it is one of several cookies") {
    std::string const cookie = detail::random_cookie();
    REQUIRE(cookie.size() == 32);
    CHECK(cookie != detail::random_cookie());
    keeper k(cookie);
    ::pid_t const inner = stays("outer:" + cookie);
    ::pid_t const other = stays(detail::random_cookie());
    // The cookie is there when the program runs: it has to be in the environment that the system shows.
    std::string shown;
    while (shown.find(cookie) == std::string::npos && !is_gone(inner)) {
        std::ifstream in("/proc/" + std::to_string(inner) + "/environ");
        shown.assign(std::istreambuf_iterator<char>(in), {});
    }
    CHECK(k.end() >= 1);
    CHECK(ends_within(inner, 5000));
    CHECK(end_of(inner) == SIGKILL);
    CHECK(end_of(other) == 0);
}

TEST_CASE("the keeper survives what ends a controller from its terminal, and holds none of its files") {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    keeper k(detail::random_cookie());
    ::close(pipe[1]);
    char byte = 0;
    CHECK(::read(pipe[0], &byte, 1) == 0);  // would wait for ever
    ::close(pipe[0]);
    for (int const number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::kill(k.pid(), number);
    CHECK_FALSE(ends_within(k.pid(), 50));
    CHECK(::getsid(k.pid()) == k.pid());
}

TEST_CASE("a keeper that was killed or stopped holds nothing up") {
    ::signal(SIGPIPE, SIG_IGN);
    SUBCASE("killed") {
        keeper k(detail::random_cookie());
        ::kill(k.pid(), SIGKILL);
        REQUIRE(ends_within(k.pid(), 5000));
        k.add(12345);
        CHECK(k.end() == 0);
    }
    SUBCASE("stopped, and told more than the pipe holds") {
        keeper k(detail::random_cookie());
        ::kill(k.pid(), SIGSTOP);
        for (int i = 0; i < 40000; ++i) k.remove(1);
        ::kill(k.pid(), SIGCONT);
        CHECK(k.end() == 0);
    }
    ::signal(SIGPIPE, SIG_DFL);
}

TEST_SUITE_END();
