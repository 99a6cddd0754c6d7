#ifndef RAMPART_TESTS_HOSTILE_GUARDS_PLAN_HPP
#define RAMPART_TESTS_HOSTILE_GUARDS_PLAN_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

/// \file
/// A random suite of tests that declare resources and use some, as its seed says: guards_suite.cpp does it, guards.cpp
/// knows what has to come of it.

namespace hostile {

/// Two programs, which the test has made for this, and a client library.
inline constexpr std::array<char const*, 3> resources{"rampart-test-tool", "rampart.test+tool", "smtp"};
inline constexpr std::size_t is_client = 2;

/// How a test uses a resource. A client: called in the test, in a thread, in a forked child; the exception is
/// swallowed.
enum class means : unsigned char { none, shell, spawn, thread, double_fork, late };
inline constexpr int all_means = 6;

enum class form : unsigned char { plain, may_fail, should_fail, trials };

struct planned_use {
    bool declared = false;
    means how = means::none;
    std::size_t in_trial = 0;  ///< of tests with trials: the only one that uses it
    friend bool operator==(planned_use const&, planned_use const&) = default;
};
struct planned_test {
    form is = form::plain;
    bool fails = false;  ///< by an assertion, at its end
    std::array<planned_use, resources.size()> uses{};

    std::vector<std::string> declared() const {
        std::vector<std::string> names;
        for (std::size_t r = 0; r < resources.size(); ++r) {
            if (uses[r].declared) names.emplace_back(resources[r]);
        }
        return names;
    }
};

inline constexpr std::size_t tests = 10;
inline constexpr std::size_t trials = 3;

inline std::array<planned_test, tests> plan_of(std::uint32_t seed) {
    std::mt19937 random(seed);
    auto const below = [&random](std::uint32_t n) { return random() % n; };
    std::array<planned_test, tests> plan{};
    // Most marks are right, or no test would ever pass; and some suites have nothing wrong at all.
    bool const is_good = below(4) == 0;
    for (std::size_t i = 0; i < tests; ++i) {
        planned_test& t = plan[i];
        // Which tests have trials is part of their decorators' types, and the same in every suite.
        t.is = i >= tests - 2 ? form::trials : static_cast<form>(below(8) < 5 ? 0 : 1 + below(2));
        t.fails = t.is == form::should_fail || (t.is != form::trials && !is_good && below(6) == 0);
        for (planned_use& u : t.uses) {
            bool const is_used = below(10) < 4;
            u.declared = is_good || below(10) < 8 ? is_used : !is_used;
            u.how = is_used ? static_cast<means>(1 + below(is_good ? all_means - 2 : all_means - 1)) : means::none;
            u.in_trial = below(trials);
        }
    }
    return plan;
}

}  // namespace hostile

#endif
