#ifndef RAMPART_SESSION_ATTEMPTS_HPP
#define RAMPART_SESSION_ATTEMPTS_HPP

#include "rampart/core/test_id.hpp"
#include "rampart/session/places.hpp"
#include "rampart/session/record.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace rampart::inline v1::detail {

/// Which attempt at a test came last. What this process absorbed itself stands in its list of tests, where the last
/// entry of a test knows the most; what others told stands here.
class attempt_book {
public:
    /// The latest attempt that others told of; 0: none.
    std::uint32_t told(test_id const& id) const {
        auto const known = told_.find(id.str());
        return known == told_.end() ? 0U : known->second;
    }
    void tell(test_id const& id, std::uint32_t attempt) { told_[id.str()] = attempt; }
    /// The latest of all at a test that this process runs; 0: none.
    std::uint32_t last(test_id const& id, std::vector<test_entry> const& tests) const {
        auto const hash = [](test_id const& of) { return (place_hash() << of.str()).value(); };
        std::uint32_t latest = told(id);
        places_.catch_up(tests, [&hash](test_entry const& t) { return hash(t.test); });
        places_.any(hash(id), [&](std::size_t at) {
            test_entry const& t = tests[at];
            bool const is_it = t.worker.empty() && t.test == id;
            if (is_it) latest = std::max(latest, t.attempt);
            return is_it;
        });
        return latest;
    }
    /// The list of tests was moved away.
    void forget_places() noexcept { places_.clear(); }

private:
    mutable place_index places_{};
    std::unordered_map<std::string, std::uint32_t> told_{};
};

}  // namespace rampart::inline v1::detail

#endif
