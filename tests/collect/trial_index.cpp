#include "rampart/collect/trial_index.hpp"

#include <doctest/doctest.h>

TEST_CASE("the trial that runs is known by its number, and is 0 where there are no trials") {
    CHECK(rampart::trial_index() == 0);
    rampart::detail::running_trial() = 7;
    CHECK(rampart::trial_index() == 7);
    rampart::detail::running_trial() = 0;
}
