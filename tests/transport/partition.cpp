#include "rampart/transport/partition.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace rp = rampart;

namespace {

using units = std::vector<std::string>;
using times = std::vector<std::optional<double>>;

/// The part of each test, as the processes of all parts see it; -1 where it is none's, or more than one's.
template <class Deal>
std::vector<int> parts_of(Deal deal, std::size_t tests, unsigned count) {
    std::vector<int> parts(tests, -1);
    std::vector<int> claims(tests, 0);
    for (unsigned index = 0; index < count; ++index) {
        std::vector<bool> const mine = deal(rp::shard_part{index, count});
        REQUIRE(mine.size() == tests);
        for (std::size_t i = 0; i < tests; ++i) {
            if (!mine[i]) continue;
            ++claims[i];
            parts[i] = static_cast<int>(index);
        }
    }
    for (std::size_t i = 0; i < tests; ++i) {
        if (claims[i] != 1) parts[i] = -1;
    }
    return parts;
}

double load_of(std::vector<bool> const& mine, std::vector<double> const& seconds) {
    double sum = 0;
    for (std::size_t i = 0; i < mine.size(); ++i) sum += mine[i] ? seconds[i] : 0.0;
    return sum;
}

}  // namespace

TEST_CASE("the parts together are all tests, each once, units whole, however they are dealt [B58]") {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        units all;
        times seconds;
        for (auto left = random() % 120; left > 0; --left) {
            all.push_back("unit " + std::to_string(random() % 80));
            switch (random() % 6) {
            case 0:
                seconds.emplace_back();
                break;
            case 1:
                seconds.emplace_back(std::numeric_limits<double>::quiet_NaN());
                break;
            case 2:
                seconds.emplace_back(random() % 2 == 0 ? -1.0 : std::numeric_limits<double>::infinity());
                break;
            default:
                seconds.emplace_back(static_cast<double>(random() % 1000) / 7);
            }
        }
        for (unsigned const count : {1U, 2U, 3U, 7U, 40U, 150U}) {
            CAPTURE(count);
            auto const check = [&](auto deal) {
                auto const parts = parts_of(deal, all.size(), count);
                std::map<std::string, int> part_of_unit;
                for (std::size_t i = 0; i < all.size(); ++i) {
                    REQUIRE(parts[i] >= 0);
                    REQUIRE(part_of_unit.emplace(all[i], parts[i]).first->second == parts[i]);
                }
            };
            check([&](rp::shard_part part) { return rp::deal_by_stride(all, part); });
            check([&](rp::shard_part part) { return rp::deal_by_hash(all, part); });
            check([&](rp::shard_part part) { return rp::deal_by_duration(all, seconds, part); });
        }
    }
}

TEST_CASE("the order in which a process lists its tests does not matter") {
    std::mt19937 random(7);
    units all;
    times seconds;
    for (int i = 0; i < 50; ++i) {
        all.push_back("test " + std::to_string(i / 2));
        // Sums of such numbers depend on their order where they are sums of doubles.
        seconds.emplace_back(i % 5 == 0 ? std::nullopt : std::optional(0.1 * static_cast<double>(random() % 9) + 1e-3));
    }
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (int round = 0; round < 20; ++round) {
        std::shuffle(order.begin(), order.end(), random);
        units mixed;
        times mixed_seconds;
        for (std::size_t const i : order) {
            mixed.push_back(all[i]);
            mixed_seconds.push_back(seconds[i]);
        }
        for (unsigned index = 0; index < 3; ++index) {
            rp::shard_part const part{index, 3};
            auto const compare = [&](std::vector<bool> const& one, std::vector<bool> const& other) {
                for (std::size_t i = 0; i < order.size(); ++i) REQUIRE(one[order[i]] == other[i]);
            };
            compare(rp::deal_by_stride(all, part), rp::deal_by_stride(mixed, part));
            compare(rp::deal_by_hash(all, part), rp::deal_by_hash(mixed, part));
            compare(rp::deal_by_duration(all, seconds, part), rp::deal_by_duration(mixed, mixed_seconds, part));
        }
    }
}

TEST_CASE("by stride, parts differ by at most one unit, in the order of the names") {
    units const all{"b", "a", "b", "c", "a", "d", "b"};
    auto const first = rp::deal_by_stride(all, {.index = 0, .count = 2});
    CHECK(first ==
          std::vector<bool>{false, true, false, true, true, false, false});  // a and c; b and d are the other's
}

TEST_CASE("by hash, a test stays in its part when others come and go, and this is so in every version") {
    units all;
    for (int i = 0; i < 100; ++i) all.push_back("suite.cpp::test " + std::to_string(i));
    auto const before = rp::deal_by_hash(all, {2, 5});
    units more{"added in front"};
    more.insert(more.end(), all.begin(), all.end());
    auto after = rp::deal_by_hash(more, {2, 5});
    after.erase(after.begin());
    CHECK(after == before);
    // By stride nearly all move.
    auto moved = rp::deal_by_stride(more, {2, 5});
    moved.erase(moved.begin());
    CHECK(moved != rp::deal_by_stride(all, {2, 5}));

    // These may not change: machines of one run may have been built from two versions.
    CHECK(rp::detail::avalanche(0x9E3779B97F4A7C15U) == 0xE220A8397B1DCDAFU);  // SplitMix64's first, from seed 0
    CHECK(rp::detail::avalanche(rp::stable_hash("a")) == 0x02C0BDBF481420F8U);
    auto const parts = parts_of(
        [](rp::shard_part p) {
            return rp::deal_by_hash({"a", "b", "c", "d", "e", "f"}, p);
        },
        6, 4);
    CHECK(parts == std::vector<int>{0, 1, 2, 1, 3, 1});
}

TEST_CASE("by hash, parts are balanced also when the names differ in one digit and the count is a power of two") {
    for (unsigned const count : {2U, 4U, 8U, 10U, 64U}) {
        CAPTURE(count);
        units all;
        unsigned const each = 400;
        for (unsigned i = 0; i < each * count; ++i) all.push_back("agent.cpp::mail[trial-" + std::to_string(i) + "]");
        auto const parts = parts_of([&](rp::shard_part p) { return rp::deal_by_hash(all, p); }, all.size(), count);
        std::vector<int> sizes(count, 0);
        for (int const p : parts) ++sizes[static_cast<std::size_t>(p)];
        // Five standard deviations of a fair deal.
        CHECK(*std::min_element(sizes.begin(), sizes.end()) > 300);
        CHECK(*std::max_element(sizes.begin(), sizes.end()) < 500);
    }
}

TEST_CASE("by duration, the longest unit is dealt first, each to the part with the least to do") {
    units const all{"a", "b", "c", "d", "e"};
    times const seconds{3.0, 8.0, 5.0, 4.0, 4.0};
    // b 8 | c 5; d 4 -> second (9); e 4 -> first (12); a 3 -> second (12)
    auto const first = rp::deal_by_duration(all, seconds, {0, 2});
    CHECK(first == std::vector<bool>{false, true, false, false, true});
}

TEST_CASE("by duration, the seconds of a unit add up") {
    units const all{"pair", "single", "pair", "other"};
    times const seconds{3.0, 5.0, 3.0, 1.0};
    // The pair has 6 and comes first; single 5 and other 1 make up the second part.
    CHECK(rp::deal_by_duration(all, seconds, {0, 2}) == std::vector<bool>{true, false, true, false});
}

TEST_CASE("by duration, equal units go by their names to the lowest part") {
    units const all{"d", "b", "a", "c"};
    times const seconds{1.0, 1.0, 1.0, 1.0};
    auto const parts = parts_of([&](rp::shard_part p) { return rp::deal_by_duration(all, seconds, p); }, all.size(), 3);
    CHECK(parts == std::vector<int>{0, 1, 0, 2});

    units many;
    for (int i = 0; i < 60; ++i) many.push_back("test " + std::to_string(100 + i));
    auto const dealt = parts_of([&](rp::shard_part p) { return rp::deal_by_duration(many, times(60), p); }, 60, 4);
    for (int i = 0; i < 60; ++i) CHECK(dealt[static_cast<std::size_t>(i)] == i % 4);
}

TEST_CASE("by duration, a test that nobody timed counts as the median, or as a second when none was timed") {
    // The median of 1, 1, 10 is 1, the mean would be 4: new goes last, to the part that has less.
    units const all{"a", "b", "c", "new"};
    CHECK(parts_of(
              [&](rp::shard_part p) {
                  return rp::deal_by_duration(all, {1.0, 1.0, 10.0, {}}, p);
              },
              4, 2) == std::vector<int>{1, 1, 0, 1});
    CHECK(parts_of(
              [&](rp::shard_part p) {
                  return rp::deal_by_duration(all, {4.0, 4.0, 4.0, {}}, p);
              },
              4, 2) == std::vector<int>{0, 1, 0, 1});
    // Nothing known: as many in each part.
    CHECK(parts_of(
              [&](rp::shard_part p) {
                  return rp::deal_by_duration(all, {{}, {}, {}, {}}, p);
              },
              4, 2) == std::vector<int>{0, 1, 0, 1});
    // A second, beside a unit of three tests.
    units const grouped{"g", "g", "g", "x", "y"};
    CHECK(parts_of([&](rp::shard_part p) { return rp::deal_by_duration(grouped, times(5), p); }, 5, 2) ==
          std::vector<int>{0, 0, 0, 1, 1});
}

TEST_CASE("by duration, what is no length of time counts as not known, and no length is too much") {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    double const most = std::numeric_limits<double>::max();
    units const all{"a", "b", "c", "d"};
    auto const deal = [&all](times const& seconds) {
        return parts_of([&](rp::shard_part p) { return rp::deal_by_duration(all, seconds, p); }, 4, 2);
    };
    CHECK(deal({nan, -1.0, 6.0, 5.0}) == deal({{}, {}, 6.0, 5.0}));
    CHECK(deal({nan, -1.0, 6.0, 5.0}) != deal({0.0, 0.0, 6.0, 5.0}));
    CHECK(deal({most, most, 1.0, 1.0}) == std::vector<int>{0, 1, 0, 1});
    CHECK(deal({std::numeric_limits<double>::infinity(), 1.0, 1.0, 1.0}) == std::vector<int>{0, 1, 1, 1});
    CHECK(deal({0.0, 0.0, 0.0, -0.0}) == std::vector<int>{0, 1, 0, 1});  // nothing to do is spread too
}

TEST_CASE("by duration, parts are of nearly equal length where a stride is not") {
    std::mt19937 random(11);
    units all;
    times known;
    std::vector<double> seconds;
    for (int i = 0; i < 400; ++i) {
        all.push_back("test " + std::to_string(1000 + i));
        seconds.push_back(std::exp(static_cast<double>(random() % 1000) / 200));  // 1 to 148 seconds
        known.emplace_back(seconds.back());
    }
    double least = 1e9;
    double most = 0;
    double most_by_stride = 0;
    for (unsigned index = 0; index < 8; ++index) {
        double const load = load_of(rp::deal_by_duration(all, known, {index, 8}), seconds);
        least = std::min(least, load);
        most = std::max(most, load);
        most_by_stride = std::max(most_by_stride, load_of(rp::deal_by_stride(all, {index, 8}), seconds));
    }
    CHECK(most / least < 1.01);
    CHECK(most_by_stride / most > 1.02);
}

TEST_CASE("more parts than memory could hold are no trouble: those behind the last unit are empty") {
    units const all{"a", "b"};
    rp::shard_part const last{4294967294U, 4294967295U};
    CHECK(rp::deal_by_stride(all, last) == std::vector<bool>{false, false});
    CHECK(rp::deal_by_duration(all, times(2), last) == std::vector<bool>{false, false});
    CHECK(rp::deal_by_duration(all, times(2), {1, 4294967295U}) == std::vector<bool>{false, true});
    CHECK(rp::deal_by_hash(all, last) == std::vector<bool>{false, false});
    CHECK(rp::deal_by_duration({}, {}, {0, 3}).empty());
}

TEST_CASE("a part that is none is a misuse, never an empty or a whole one") {
    for (rp::shard_part const bad : {rp::shard_part{0, 0}, rp::shard_part{2, 2}, rp::shard_part{7, 2}}) {
        CHECK_THROWS_AS((void)rp::deal_by_stride({"a"}, bad), std::invalid_argument);
        CHECK_THROWS_AS((void)rp::deal_by_hash({"a"}, bad), std::invalid_argument);
        CHECK_THROWS_AS((void)rp::deal_by_duration({"a"}, times(1), bad), std::invalid_argument);
    }
    CHECK_THROWS_AS((void)rp::deal_by_duration({"a"}, times(2), {}), std::invalid_argument);
}
