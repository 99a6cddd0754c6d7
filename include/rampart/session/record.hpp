#ifndef RAMPART_SESSION_RECORD_HPP
#define RAMPART_SESSION_RECORD_HPP

#include "rampart/core/result.hpp"
#include "rampart/core/test_id.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace rampart::inline v1 {

/// A result in its envelope. The result stays as the test recorded it (text policy aside); what rampart knows about it
/// stands around it.
template <Result R>
struct basic_record {
    test_id test{};
    std::string test_name{};      ///< the test's own name, for people (B32)
    std::uint32_t index = 0;      ///< among the results of this test and attempt, from 0
    std::uint32_t attempt = 1;    ///< from 1; a test that ran again keeps its earlier records (B33)
    std::string worker{};         ///< empty: this process
    std::string harm_category{};  ///< the result's own, else the test's mark; empty: none
    R value;
};

/// Report order: test id, index, attempt, worker, as UTF-8 bytes (B41, wire format B10).
template <Result R>
bool report_order(basic_record<R> const& a, basic_record<R> const& b) noexcept {
    return std::tie(a.test, a.index, a.attempt, a.worker) < std::tie(b.test, b.index, b.attempt, b.worker);
}

/// How a test ended, apart from what it recorded.
enum class test_outcome : unsigned char {
    unknown,  ///< nobody told: a payload from Python, or a session filled by hand
    passed,
    failed,  ///< an assertion failed, or an exception left the test
    skipped,
    crashed,
    timeout,
    not_run,
};

constexpr std::string_view to_string(test_outcome o) noexcept {
    constexpr std::string_view names[] = {"unknown", "passed", "failed", "skipped", "crashed", "timeout", "not_run"};
    return names[static_cast<unsigned char>(o)];
}

constexpr std::optional<test_outcome> parse_test_outcome(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(test_outcome::not_run); ++i) {
        if (to_string(static_cast<test_outcome>(i)) == text) return static_cast<test_outcome>(i);
    }
    return std::nullopt;
}

/// What a runner knows of a test that ran, beside its marks and its results.
struct test_facts {
    std::string name{};  ///< the test's own name; empty: guessed from the id
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::string file{};  ///< where the test stands, relative as in its id; may be empty
    unsigned line = 0;
    std::string detail{};  ///< why, where it did not end by itself: how its process died, what it printed last
    /// Of a trial: guarded resources that it declares and did not use. Its group is at fault only when no trial did.
    std::vector<std::string> unused{};
    friend bool operator==(test_facts const&, test_facts const&) = default;
};

/// One test, one attempt, one worker: it is accounted for, also when it recorded nothing.
struct test_entry {
    test_id test{};
    std::uint32_t attempt = 1;
    std::string worker{};
    std::uint32_t results = 0;  ///< how many it recorded, lost ones included
    test_facts facts{};
    friend bool operator==(test_entry const&, test_entry const&) = default;
};

/// The order of tests in a report: by test, attempt and worker.
inline bool report_order(test_entry const& a, test_entry const& b) noexcept {
    return std::tie(a.test, a.attempt, a.worker) < std::tie(b.test, b.attempt, b.worker);
}

}  // namespace rampart::inline v1

#endif
