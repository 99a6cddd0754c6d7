#include "rampart/dist/stop_signals.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <signal.h>
#include <unistd.h>

namespace {

using namespace rampart::dist::detail;

bool ignored(int number) {
    struct ::sigaction now {};
    return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}
bool by_default(int number) {
    struct ::sigaction now {};
    return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
}
bool blocked(int number) {
    ::sigset_t now;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
    return ::sigismember(&now, number) == 1;
}

}  // namespace

TEST_SUITE_BEGIN("stop_signals");

TEST_CASE("signals are as they were afterwards; in between SIGPIPE is ignored and SIGCHLD comes through") {
    kept_signals const outer;  // puts back what this test does
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGTERM, SIG_IGN);
    ::sigset_t some;
    ::sigemptyset(&some);
    ::sigaddset(&some, SIGCHLD);
    ::pthread_sigmask(SIG_BLOCK, &some, nullptr);
    {
        kept_signals const inner;
        CHECK(ignored(SIGPIPE));
        CHECK_FALSE(blocked(SIGCHLD));
        ::signal(SIGTERM, SIG_DFL);
    }
    CHECK(by_default(SIGPIPE));
    CHECK(ignored(SIGTERM));
    CHECK(blocked(SIGCHLD));
}

TEST_CASE("what the caller ignores stays ignored; after the second signal all have their usual effect again") {
    kept_signals const kept;
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    boost::asio::io_context io;
    std::vector<std::string> asked;
    auto const begin = std::chrono::steady_clock::now();
    stop_signals stops(
        io, [&](std::string const& name, unsigned times) { asked.push_back(name + " " + std::to_string(times)); });
    CHECK(ignored(SIGHUP));
    CHECK_FALSE(by_default(SIGINT));
    ::raise(SIGHUP);
    // Again and again: those within the same moment as the first are one wish with it.
    for (int i = 0; i < 100000 && asked.size() < 2; ++i) {
        ::raise(i == 0 ? SIGINT : SIGTERM);
        io.run_one_for(std::chrono::milliseconds(5));
    }
    CHECK(asked == std::vector<std::string>{"SIGINT 1", "SIGTERM 2"});
    CHECK(std::chrono::steady_clock::now() - begin >= stop_signals::one_wish);
    CHECK(by_default(SIGINT));
    CHECK(by_default(SIGTERM));
    CHECK(ignored(SIGHUP));
}

TEST_SUITE_END();
