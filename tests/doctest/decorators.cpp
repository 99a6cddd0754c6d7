#include "rampart/doctest.hpp"

#include <string>

namespace rp = rampart;

namespace {

void body_of_a_test() {}

/// A test as doctest hands it to its decorators.
doctest::detail::TestCase registered(unsigned line) {
    return {&body_of_a_test, "decorators.cpp", line, doctest::detail::TestSuite{}};
}

}  // namespace

TEST_CASE("decorators fill the marks of their test, in any order and number") {
    auto tc = registered(9001);
    tc * "name" * rp::harm("jailbreak") * rp::uses("git") * rp::trial({.n = 3, .threshold = 0.5}) * rp::group("g") *
        rp::uses("git", "smtp");
    auto const marks = rp::detail::marks_of_case(&body_of_a_test, "decorators.cpp", 9001, -1);
    CHECK(marks.harm_category == "jailbreak");
    CHECK(marks.trial == rp::trial_options{3, 0.5});
    CHECK(marks.group == "g");
    CHECK(marks.uses == std::vector<std::string>{"git", "smtp"});
    // A test on another line has marks of its own.
    auto other = registered(9002);
    other* rp::harm("data_leakage") * "before its name";
    CHECK(rp::detail::marks_of_case(&body_of_a_test, "decorators.cpp", 9002, -1).harm_category == "data_leakage");
}

TEST_CASE("a marked suite keeps its name, and no other suite of that name gets its marks") {
    doctest::detail::TestSuite marked;
    marked * "agent" * rp::harm("jailbreak") * rp::uses("smtp");
    doctest::detail::TestSuite again;
    again * "agent";
    CHECK(std::string(marked.m_test_suite) == "agent");
    CHECK(marked.m_test_suite != again.m_test_suite);
    char const* name = marked.m_test_suite;
    CHECK(rp::detail::marks_of_suite(name).harm_category == "jailbreak");
    CHECK(rp::detail::marks_of_suite(name).uses == std::vector<std::string>{"smtp"});
    CHECK(name == marked.m_test_suite);
}

TEST_CASE("a suite's decorator before its name is told when the run starts, not thrown") {
    auto& errors = rp::detail::mark_registry::instance().errors;
    auto const before = errors.size();
    doctest::detail::TestSuite suite;
    suite* rp::harm("jailbreak");
    REQUIRE(errors.size() == before + 1);
    CHECK(errors.back().find("before the name of its TEST_SUITE") != std::string::npos);
}

TEST_CASE("a result in a failing assertion is printed as its verdict and summary, on one line") {
    rp::result const bad{.status = rp::safety_status::unsafe, .summary = "two\nlines \x1b[31m"};
    auto const text = std::string(doctest::toString(bad).c_str());
    CHECK(text == "unsafe: two\\nlines \\x1b[31m");
}
