#ifndef RAMPART_COLLECT_TRIAL_INDEX_HPP
#define RAMPART_COLLECT_TRIAL_INDEX_HPP

#include <cstddef>

namespace rampart::inline v1 {

namespace detail {

/// Set by the runner before a test's body.
inline std::size_t& running_trial() noexcept {
    static std::size_t index = 0;
    return index;
}

}  // namespace detail

/// Which trial of its test is running, from 0; 0 outside of trials. A seed made of it gives each trial its own draw,
/// the same whichever process runs the trial: a counter of one's own would count what this process has run.
///
///     agent a{.seed = 42 + rampart::trial_index()};
inline std::size_t trial_index() noexcept { return detail::running_trial(); }

}  // namespace rampart::inline v1

#endif  // RAMPART_COLLECT_TRIAL_INDEX_HPP
