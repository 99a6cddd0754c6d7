#include "rampart/dist/signal_words.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include <signal.h>

using rampart::dist::signal_name;
using rampart::dist::signal_words;

TEST_SUITE_BEGIN("signal_words");

TEST_CASE("a signal has its name and words, whatever the locale") {
    CHECK(signal_name(SIGSEGV) == "SIGSEGV");
    CHECK(signal_words(SIGSEGV) == "SIGSEGV (Segmentation fault)");
    CHECK(signal_words(SIGABRT) == "SIGABRT (Aborted)");
}

TEST_CASE("every standard signal is known by the name that the system gives it") {
#if defined(__GLIBC_PREREQ)
# if __GLIBC_PREREQ(2, 32)
    for (int number = 1; number < 32; ++number) {
        CAPTURE(number);
        std::string const theirs = std::string("SIG") + ::sigabbrev_np(number);
        CHECK(signal_name(number) == (theirs == "SIGPOLL" ? "SIGIO" : theirs));  // one number, two names
    }
# endif
#endif
    CHECK(signal_name(SIGTERM) == "SIGTERM");
}

TEST_CASE("signals without a name are numbers") {
    CHECK(signal_words(0) == "signal 0");
    CHECK(signal_words(-3) == "signal -3");
    CHECK(signal_words(1000) == "signal 1000");
#ifdef SIGRTMIN
    CHECK(signal_words(SIGRTMIN + 2) == "SIGRTMIN+2");
#endif
}

TEST_SUITE_END();
