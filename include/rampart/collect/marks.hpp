#ifndef RAMPART_COLLECT_MARKS_HPP
#define RAMPART_COLLECT_MARKS_HPP

#include "rampart/core/trial.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rampart::inline v1 {

/// What a test says of itself beside its body. In a doctest suite the decorators fill it.
struct test_marks {
    std::string harm_category{};           ///< for results that name none of their own (B31)
    std::optional<trial_options> trial{};  ///< the test is repeated
    std::string group{};                   ///< tests of one group stay on one worker
    std::vector<std::string> uses{};       ///< guarded resources the test declares
    friend bool operator==(test_marks const&, test_marks const&) = default;
};

}  // namespace rampart::inline v1

#endif
