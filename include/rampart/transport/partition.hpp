#ifndef RAMPART_TRANSPORT_PARTITION_HPP
#define RAMPART_TRANSPORT_PARTITION_HPP

#include "rampart/base/stable_hash.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Which tests belong to a part. `units` names for each test what it must stay together with (its group, its trial
/// group, or itself): equal units always go to one part. Every process that knows the same tests deals alike, in
/// whatever order it lists them, and the parts together are all tests, each once. A part that is none (an index that
/// is not below the count) throws std::invalid_argument.

namespace rampart::inline v1 {

/// Part `index` (from 0) of `count` parts.
struct shard_part {
    unsigned index = 0;
    unsigned count = 1;  ///< at least 1
    friend bool operator==(shard_part const&, shard_part const&) = default;
};

/// How tests are dealt out when nobody knows how long they take.
enum class shard_partition : unsigned char {
    stride,  ///< over the sorted list: parts of equal size; one more test moves all that sort behind it
    hash,    ///< by the name alone: parts of nearly equal size; a test stays in its part when others come or go
};

namespace detail {

inline void check_part(shard_part part) {
    if (part.index < part.count) return;
    throw std::invalid_argument("rampart: there is no part with index " + std::to_string(part.index) + " of " +
                                std::to_string(part.count) + " parts");
}

/// FNV-1a's low bits depend on little of the text; this mixes all of them (the last steps of SplitMix64).
[[nodiscard]] constexpr std::uint64_t avalanche(std::uint64_t hash) noexcept {
    hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9U;
    hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBU;
    return hash ^ (hash >> 31U);
}

/// Whole microseconds, because sums of these do not depend on the order: at least 1, so that tests without length are
/// spread too, and at most a year. Nothing for what is no length of time.
[[nodiscard]] inline std::optional<std::uint64_t> microseconds(std::optional<double> seconds) noexcept {
    constexpr double year = 366 * 86400.0;
    if (!seconds || !(*seconds >= 0)) return std::nullopt;
    return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::min(*seconds, year) * 1e6));
}

}  // namespace detail

/// The units, sorted as bytes, are dealt out like cards.
[[nodiscard]] inline std::vector<bool> deal_by_stride(std::vector<std::string> const& units, shard_part part) {
    detail::check_part(part);
    std::vector<std::string_view> sorted(units.begin(), units.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::vector<bool> mine;
    mine.reserve(units.size());
    for (std::string const& unit : units) {
        auto const rank = static_cast<std::size_t>(
            std::lower_bound(sorted.begin(), sorted.end(), std::string_view(unit)) - sorted.begin());
        mine.push_back(rank % part.count == part.index);
    }
    return mine;
}

/// The hash of a unit's name alone says its part, so that it stays there when tests are added or taken away.
[[nodiscard]] inline std::vector<bool> deal_by_hash(std::vector<std::string> const& units, shard_part part) {
    detail::check_part(part);
    std::vector<bool> mine;
    mine.reserve(units.size());
    for (std::string const& unit : units) {
        mine.push_back(detail::avalanche(stable_hash(unit)) % part.count == part.index);
    }
    return mine;
}

/// The longest unit first, each to the part that has the least to do so far (of equal ones: the unit whose name is
/// less, the part whose index is less).
///
/// `seconds` has for each test how long it took, if that is known; those of a unit add up. A test that nobody timed,
/// or whose time is NaN or below 0, counts as the median of the others, or as one second when there are none. Processes
/// with other `seconds` deal otherwise.
[[nodiscard]] inline std::vector<bool> deal_by_duration(std::vector<std::string> const& units,
                                                        std::vector<std::optional<double>> const& seconds,
                                                        shard_part part) {
    detail::check_part(part);
    if (seconds.size() != units.size()) {
        throw std::invalid_argument("rampart: " + std::to_string(units.size()) + " tests, but " +
                                    std::to_string(seconds.size()) + " durations");
    }
    std::vector<std::uint64_t> known;
    for (auto const& each : seconds) {
        if (auto const time = detail::microseconds(each)) known.push_back(*time);
    }
    std::uint64_t usual = 1000000;
    if (!known.empty()) {
        auto const middle = known.begin() + static_cast<std::ptrdiff_t>((known.size() - 1) / 2);
        std::nth_element(known.begin(), middle, known.end());
        usual = *middle;
    }

    std::map<std::string_view, std::uint64_t> lengths;
    for (std::size_t i = 0; i < units.size(); ++i) {
        lengths[units[i]] += detail::microseconds(seconds[i]).value_or(usual);
    }
    std::vector<std::pair<std::string_view, std::uint64_t>> longest(lengths.begin(), lengths.end());
    std::stable_sort(longest.begin(), longest.end(), [](auto const& a, auto const& b) { return a.second > b.second; });

    // Each unit has a length, so that a part behind as many as there are units never gets one.
    auto const parts = static_cast<unsigned>(std::min<std::size_t>(part.count, longest.size()));
    using load = std::pair<std::uint64_t, unsigned>;  // and its part
    std::priority_queue<load, std::vector<load>, std::greater<>> loads;
    for (unsigned p = 0; p < parts; ++p) loads.emplace(0, p);
    std::map<std::string_view, unsigned> part_of;
    for (auto const& [unit, length] : longest) {
        auto const [least, p] = loads.top();
        loads.pop();
        loads.emplace(least + length, p);
        part_of[unit] = p;
    }
    std::vector<bool> mine;
    mine.reserve(units.size());
    for (std::string const& unit : units) mine.push_back(part_of[unit] == part.index);
    return mine;
}

}  // namespace rampart::inline v1

#endif
