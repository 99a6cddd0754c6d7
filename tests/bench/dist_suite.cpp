// A suite of as many equal tests as RAMPART_BENCH_TESTS says (1000), each of which sleeps RAMPART_BENCH_MICROSECONDS
// (0) and records a result of RAMPART_BENCH_BYTES, none where that is not set. Workers inherit the environment and so
// find the same tests. With RAMPART_BENCH_GUARDS a program and a client are guarded that no test uses.

#include <rampart/doctest.hpp>

#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <string>
#include <utility>

namespace {

long number_from(char const* variable, long otherwise) {
    char const* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

void body() {
    static long const bytes = number_from("RAMPART_BENCH_BYTES", -1);
    if (bytes >= 0) {
        rampart::result r{.status = rampart::safety_status::safe, .summary = "did as it was told"};
        r.evidence.turns.push_back(
            {.request = {.prompt = "go on"}, .response = {.text = std::string(static_cast<std::size_t>(bytes), 'x')}});
        rampart::record_result(std::move(r));
    }
    static long const microseconds = number_from("RAMPART_BENCH_MICROSECONDS", 0);
    if (microseconds <= 0) return;
    ::timespec const time{microseconds / 1000000, microseconds % 1000000 * 1000};
    ::nanosleep(&time, nullptr);
}

/// What TEST_CASE does, in a loop.
[[maybe_unused]] bool const registered = [] {
    static std::deque<std::string> names;  // doctest keeps pointers
    for (long i = 0, count = number_from("RAMPART_BENCH_TESTS", 1000); i < count; ++i) {
        names.push_back("test " + std::to_string(1000000 + i));
        doctest::detail::regTest(doctest::detail::TestCase(body, __FILE__, static_cast<unsigned>(1000 + i),
                                                           doctest_detail_test_suite_ns::getCurrentTestSuite()) *
                                 names.back().c_str());
    }
    return true;
}();

}  // namespace

RAMPART_GUARDS(guards) {
    if (std::getenv("RAMPART_BENCH_GUARDS") == nullptr) return;
    guards.program("true");
    guards.sdk("client");
}
