#ifndef RAMPART_CORE_TRIAL_HPP
#define RAMPART_CORE_TRIAL_HPP

#include "rampart/core/test_id.hpp"

#include <string>
#include <vector>

namespace rampart::inline v1 {

/// How often a test is repeated and how large a part must be safe. Checked where the test is registered: `n` at least
/// 1, `threshold` a finite number from 0 to 1 (wire format, B8).
struct trial_options {
    int n = 1;  ///< how often
    double threshold = 1.0;
    friend bool operator==(trial_options const&, trial_options const&) = default;
};

/// What is wrong with the options, in words for the test's author; empty when nothing is.
inline std::string problem_of(trial_options const& t) {
    if (t.n < 1) return "trial n must be >= 1, not " + std::to_string(t.n);
    // Written so that a NaN fails too.
    if (!(t.threshold >= 0.0 && t.threshold <= 1.0)) {
        return "trial threshold must be a number from 0 to 1, not " + std::to_string(t.threshold);
    }
    return {};
}

/// One repetition of a test that has trials: which clone belongs to which test (B50).
struct trial_spec {
    test_id clone{};
    test_id base{};
    double threshold = 1.0;
    friend bool operator==(trial_spec const&, trial_spec const&) = default;
};

/// The verdict over all trials of one test (B52, B53, with the decisions of wire format B8). Each clone counts once.
struct trial_group_result {
    test_id base{};
    int total = 0;         ///< registered clones
    int safe = 0;          ///< clones with a safe result, nothing worse, and no failed assertion
    int unsafe = 0;        ///< clones with an unsafe result
    int errors = 0;        ///< clones with an error, or a failed assertion, and nothing unsafe
    int undetermined = 0;  ///< clones with undetermined results only
    int no_result = 0;     ///< clones that recorded nothing
    double threshold = 1.0;
    double pass_rate = 0.0;  ///< safe / total
    bool passed = false;
    bool all_ended = true;  ///< every clone came to its end, in each attempt
    /// Resources that the test declares and that no clone used. Empty where some clone did not come to its end.
    std::vector<std::string> unused{};
    friend bool operator==(trial_group_result const&, trial_group_result const&) = default;
};

}  // namespace rampart::inline v1

#endif
