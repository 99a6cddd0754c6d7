#include "rampart/dist/events.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <variant>

namespace dist = rampart::dist;

TEST_CASE("workers are named as in xdist, and an event, a command and a notice are plain values") {
    CHECK(dist::worker_name(0) == "gw0");
    CHECK(dist::worker_name(4294967295U) == "gw4294967295");
    static_assert(std::is_copy_constructible_v<dist::event> && std::is_copy_constructible_v<dist::command> &&
                  std::is_copy_constructible_v<dist::any_notice>);
    dist::event const e = dist::worker_lost{.worker = 3, .death = {.number = 11, .words = "died by SIGSEGV"}};
    REQUIRE(std::holds_alternative<dist::worker_lost>(e));
    CHECK(std::get<dist::worker_lost>(e).death ==
          dist::worker_death{dist::worker_death::how_it_was::exited, 11, "died by SIGSEGV", {}});
}
