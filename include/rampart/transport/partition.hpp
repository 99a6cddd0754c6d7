#ifndef RAMPART_TRANSPORT_PARTITION_HPP
#define RAMPART_TRANSPORT_PARTITION_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace rampart::inline v1 {

/// Part `index` (from 0) of `count` parts.
struct shard_part {
    unsigned index = 0;
    unsigned count = 1;
    friend bool operator==(shard_part const&, shard_part const&) = default;
};

/// Which tests belong to a part. `units` names for each test what it must stay together with (its group, its trial
/// group, or itself); the units, sorted as bytes, are dealt out by stride. Every process that knows the same tests
/// deals alike, and the parts together are all tests, each once.
inline std::vector<bool> deal_by_stride(std::vector<std::string> const& units, shard_part part) {
    std::vector<std::string> sorted = units;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::vector<bool> mine;
    mine.reserve(units.size());
    for (std::string const& unit : units) {
        auto const rank =
            static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), unit) - sorted.begin());
        mine.push_back(rank % part.count == part.index);
    }
    return mine;
}

}  // namespace rampart::inline v1

#endif
