#ifndef RAMPART_SESSION_PLACES_HPP
#define RAMPART_SESSION_PLACES_HPP

#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_list.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// What a session needs to know an item that it has already: which place an item claims, and where its list holds it.

namespace rampart::inline v1 {

/// Whether two results are the same, by their `==`. Those of a type that has none are never the same: then a result
/// that is merged twice is kept twice, and a fault says so.
struct equal_results {
    /// Whether they are the same.
    template <Result R>
    bool operator()(R const& a, R const& b) const {
        if constexpr (std::equality_comparable<R>) {
            return a == b;
        } else {
            return false;
        }
    }
};

namespace detail {

/// Of this process only: it may differ from one to the next.
class place_hash {
public:
    place_hash& operator<<(std::uint64_t part) noexcept {
        sum_ = (sum_ ^ part) * 0x9E3779B97F4A7C15U;
        sum_ ^= sum_ >> 32U;
        return *this;
    }
    place_hash& operator<<(std::string_view part) noexcept { return *this << std::hash<std::string_view>()(part); }
    std::uint64_t value() const noexcept { return sum_; }

private:
    std::uint64_t sum_ = 0;
};

/// Of a record: which test, by whom, which attempt, and which of its results.
struct record_key {
    std::string_view test;
    std::string_view worker;
    std::uint32_t attempt;
    std::uint32_t index;
    friend bool operator==(record_key const&, record_key const&) = default;
};
template <Result R>
record_key key_of(basic_record<R> const& r) noexcept {
    return {r.test.str(), r.worker, r.attempt, r.index};
}
template <Result R>
record_key key_of(record_list<R> const& list, std::size_t i) noexcept {
    return {list.test(i).str(), list.worker(i), list.attempt(i), list.index(i)};
}
inline std::uint64_t hash_of_place(record_key const& key) noexcept {
    return (place_hash() << key.test << key.worker << key.attempt << key.index).value();
}
inline std::uint64_t hash_of_place(test_entry const& t) noexcept {
    return (place_hash() << t.test.str() << t.worker << t.attempt).value();
}
inline std::uint64_t hash_of_place(fault const& f) noexcept {
    return (place_hash() << static_cast<std::uint64_t>(f.kind) << f.where << f.what).value();
}
inline std::uint64_t hash_of_place(shard_plan const& p) noexcept {
    return (place_hash() << p.run << p.worker << p.process << p.attempt << p.index).value();
}

inline bool same_place(test_entry const& a, test_entry const& b) noexcept {
    return a.attempt == b.attempt && a.test == b.test && a.worker == b.worker;
}

/// Positions in a list that only grows, by the hash of what stands there. It holds no text, and is filled when it is
/// asked: a session that merges nothing pays nothing. About 16 bytes an item, in two blocks: a node for each took
/// longer than all else that a merge does.
class place_index {
public:
    template <class T>
    void catch_up(std::vector<T> const& list) {
        // Counted by what is in it, so that it starts anew where list and index were moved away.
        while (items_.size() < list.size()) add(hash_of_place(list[items_.size()]));
    }
    /// The same by a hash of the caller's own.
    template <class T, class Hash>
    void catch_up(std::vector<T> const& list, Hash hash) {
        while (items_.size() < list.size()) add(hash(list[items_.size()]));
    }
    template <Result R>
    void catch_up(record_list<R> const& list) {
        while (items_.size() < list.size()) add(hash_of_place(key_of(list, items_.size())));
    }
    /// Whether `is` holds for one of the positions that may stand for this hash.
    template <class F>
    bool any(std::uint64_t hash, F is) const {
        if (heads_.empty()) return false;
        auto const wanted = static_cast<std::uint32_t>(hash);
        for (std::uint32_t at = heads_[bucket(wanted)]; at != none; at = items_[at].next) {
            if (items_[at].hash == wanted && is(std::size_t{at})) return true;
        }
        return false;
    }
    void clear() noexcept {
        // `= {}` would keep the memory.
        items_ = std::vector<item>();
        heads_ = std::vector<std::uint32_t>();
    }

private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    struct item {
        std::uint32_t hash = 0;     ///< half of it: who asks compares the items themselves
        std::uint32_t next = none;  ///< the item before it in the same bucket
    };

    std::size_t bucket(std::uint32_t hash) const noexcept { return hash & (heads_.size() - 1); }
    void add(std::uint64_t hash) {
        items_.push_back({static_cast<std::uint32_t>(hash), none});
        if (items_.size() <= heads_.size()) return link(items_.size() - 1);
        heads_.assign(heads_.empty() ? 16 : 2 * heads_.size(), none);
        for (std::size_t at = 0; at < items_.size(); ++at) link(at);
    }
    void link(std::size_t at) noexcept {
        std::uint32_t& head = heads_[bucket(items_[at].hash)];
        items_[at].next = std::exchange(head, static_cast<std::uint32_t>(at));
    }

    std::vector<item> items_{};           ///< by position
    std::vector<std::uint32_t> heads_{};  ///< the last item of each bucket; a power of two
};

/// With so many others that claim its place an item is compared. No honest run has as many, and a hostile document with
/// a million different ones must not make a million times a million comparisons; it is incomplete as it is.
inline constexpr std::size_t most_compared = 64;

/// What is known of an item that asks to be taken.
struct place_claim {
    bool known = false;     ///< an equal one is there
    bool disputed = false;  ///< its place is claimed by others, and none of them is equal
};

/// Looks for an item among those that are there: `same_place(at)` and `same(at)` compare it with the one at a position.
template <class SamePlace, class SameItem>
place_claim claim_place(place_index const& places, std::uint64_t hash, SamePlace same_place, SameItem same) {
    std::size_t compared = 0;
    bool known = false;
    places.any(hash, [&](std::size_t at) {
        if (!same_place(at)) return false;
        known = same(at);
        return known || ++compared == most_compared;
    });
    return {known, !known && compared > 0};
}

/// Takes an item unless an equal one is there. True if it has to stand beside another that claims its place.
template <class T, class Same>
bool take_once(T item, std::vector<T>& list, place_index& places, Same same) {
    places.catch_up(list);
    auto const claim = claim_place(
        places, hash_of_place(item), [&](std::size_t at) { return same_place(list[at], item); },
        [&](std::size_t at) { return same(list[at], item); });
    if (!claim.known) list.push_back(std::move(item));
    return claim.disputed;
}

/// Of `more` those that the list lacks, when of equal faults as many are to be there as on the side that has more.
inline std::vector<bool> which_are_new(std::vector<fault> const& more, std::vector<fault> const& list,
                                       place_index& places) {
    places.catch_up(list);
    std::vector<std::size_t> order(more.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&more](std::size_t a, std::size_t b) { return more[a] < more[b]; });
    std::vector<bool> is_new(more.size());
    for (std::size_t at = 0; at < order.size();) {
        fault const& f = more[order[at]];
        std::size_t there = 0;
        places.any(hash_of_place(f), [&](std::size_t known) {
            if (list[known] == f) ++there;
            return false;
        });
        for (std::size_t nth = 0; at < order.size() && more[order[at]] == f; ++at) is_new[order[at]] = nth++ >= there;
    }
    return is_new;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
