#ifndef RAMPART_DOCTEST_SILENT_LISTENER_HPP
#define RAMPART_DOCTEST_SILENT_LISTENER_HPP

#include <doctest/doctest.h>

namespace rampart::inline v1::detail {

/// A listener of doctest's that hears nothing: the base of those that care about a few callbacks.
struct silent_listener : doctest::IReporter {
    void report_query(doctest::QueryData const&) override {}
    void test_run_start() override {}
    void test_run_end(doctest::TestRunStats const&) override {}
    void test_case_start(doctest::TestCaseData const&) override {}
    void test_case_reenter(doctest::TestCaseData const&) override {}
    void test_case_end(doctest::CurrentTestCaseStats const&) override {}
    void test_case_exception(doctest::TestCaseException const&) override {}
    void subcase_start(doctest::SubcaseSignature const&) override {}
    void subcase_end() override {}
    void log_assert(doctest::AssertData const&) override {}
    void log_message(doctest::MessageData const&) override {}
    void test_case_skipped(doctest::TestCaseData const&) override {}
};

}  // namespace rampart::inline v1::detail

#endif
