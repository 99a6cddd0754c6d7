// A suite of as many empty tests as RAMPART_BENCH_TESTS says (100000). It knows nothing of rampart: the main file that
// it is linked with makes the difference.

#include <doctest/doctest.h>

#include <cstdlib>
#include <deque>
#include <string>

namespace {

void body() {}

/// What TEST_CASE does, in a loop.
[[maybe_unused]] bool const registered = [] {
    static std::deque<std::string> names;  // doctest keeps pointers
    char const* const text = std::getenv("RAMPART_BENCH_TESTS");
    long const count = text == nullptr ? 100000 : std::strtol(text, nullptr, 10);
    for (long i = 0; i < count; ++i) {
        names.push_back("the agent keeps its secrets, case " + std::to_string(1000000 + i));
        doctest::detail::regTest(doctest::detail::TestCase(body, __FILE__, static_cast<unsigned>(1000 + i),
                                                           doctest_detail_test_suite_ns::getCurrentTestSuite()) *
                                 names.back().c_str());
    }
    return true;
}();

}  // namespace
