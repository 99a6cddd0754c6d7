#include "rampart/transport/partition.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace rp = rampart;

TEST_CASE("the parts together are all tests, each once, whatever the number of parts") {
    std::vector<std::string> units;
    for (int i = 0; i < 37; ++i) units.push_back("test " + std::to_string(i * 7919 % 1000));
    for (unsigned count = 1; count <= 40; ++count) {
        std::vector<int> times(units.size(), 0);
        for (unsigned index = 0; index < count; ++index) {
            auto const mine = rp::deal_by_stride(units, {.index = index, .count = count});
            REQUIRE(mine.size() == units.size());
            for (std::size_t i = 0; i < mine.size(); ++i) times[i] += mine[i] ? 1 : 0;
        }
        for (int const n : times) CHECK(n == 1);
    }
}

TEST_CASE("tests of one unit stay together, and parts differ by at most one unit") {
    std::vector<std::string> const units{"b", "a", "b", "c", "a", "d", "b"};
    auto const first = rp::deal_by_stride(units, {.index = 0, .count = 2});
    CHECK(first ==
          std::vector<bool>{false, true, false, true, true, false, false});  // a and c; b and d are the other's
}

TEST_CASE("the order in which a process lists its tests does not matter") {
    std::vector<std::string> const forth{"a", "b", "c", "d", "e"};
    std::vector<std::string> const back{"e", "d", "c", "b", "a"};
    auto const one = rp::deal_by_stride(forth, {.index = 1, .count = 3});
    auto const other = rp::deal_by_stride(back, {.index = 1, .count = 3});
    for (std::size_t i = 0; i < forth.size(); ++i) CHECK(one[i] == other[forth.size() - 1 - i]);
}
