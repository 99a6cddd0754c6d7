#ifndef RAMPART_DOCTEST_LISTENER_HPP
#define RAMPART_DOCTEST_LISTENER_HPP

#include "rampart/doctest/silent_listener.hpp"
#include "rampart/doctest/suite_run.hpp"

#include <doctest/doctest.h>

namespace rampart::inline v1::detail {

/// Hands doctest's callbacks to the run. doctest makes a new one for each of its runs, and makes it before it looks at
/// its tests: that is where the trials are registered. What it knows lives in `suite_run`.
struct doctest_listener : silent_listener {
    explicit doctest_listener(doctest::ContextOptions const&) { suite_run::instance().prepare(); }

    void test_run_start() override { suite_run::instance().start(); }
    void test_run_end(doctest::TestRunStats const&) override { suite_run::instance().run_end(); }
    void test_case_start(doctest::TestCaseData const& tc) override { suite_run::instance().begin(tc); }
    void test_case_end(doctest::CurrentTestCaseStats const& stats) override { suite_run::instance().end(stats); }
    void test_case_exception(doctest::TestCaseException const& e) override { suite_run::instance().exception(e); }
    void test_case_skipped(doctest::TestCaseData const& tc) override { suite_run::instance().skipped(tc); }
};

/// Registers the listener with doctest, once a process. Its number is the lowest, so that it hears of everything last
/// but one: doctest calls the listeners in the order of their numbers, from the highest, and its reporters after them.
inline void register_listener() {
    static int const registered = doctest::registerReporter<doctest_listener>("rampart", 0, false);
    (void)registered;
}

}  // namespace rampart::inline v1::detail

#endif
