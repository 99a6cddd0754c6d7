#ifndef RAMPART_REPORT_ORDER_HPP
#define RAMPART_REPORT_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/record.hpp"

/// \file
/// An order of records that does not depend on the order of arrival, also where two records claim the same place.

namespace rampart::inline v1 {

namespace detail {

/// Everything of a value that can be told apart, as text. Only records that claim the same place are asked for it.
template <Result R>
[[nodiscard]] std::string fingerprint(R const& value) {
    auto text = brief(value) + '\n' + strategy_of(value) + '\n' + std::to_string(duration_of(value)) + '\n' +
                to_compact_json(metadata_of(value));
    if constexpr (boost::json::has_value_from<R>::value) {
        try {
            text += to_compact_json(boost::json::value_from(value));
        } catch (...) {
            // A conversion of the user's own that fails must not lose the report; it only orders these two.
        }
    } else if constexpr (requires(R & r) { result_traits<R>::for_each_text(r, [](std::string&) {}); }) {
        R copy = value;
        result_traits<R>::for_each_text(copy, [&text](std::string& part) { text += '\n' + part; });
    }
    return text;
}

/// Sorts by `report_order`, and what it leaves equal by `key`. Keys are made only there.
template <class T, class Key>
void sort_with_ties(std::vector<T>& list, Key key) {
    auto const before = [](T const& a, T const& b) { return report_order(a, b); };
    if (!std::is_sorted(list.begin(), list.end(), before)) {
        // Their places are sorted and each is moved once: a record is some hundred bytes, and there may be millions.
        std::vector<std::size_t> order(list.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        // Not range-v3's: from 257 elements on it moves one onto itself, which empties it (ericniebler/range-v3#1848).
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return before(list[a], list[b]); });
        std::vector<T> sorted;
        sorted.reserve(list.size());
        for (std::size_t const at : order) sorted.push_back(std::move(list[at]));
        list = std::move(sorted);
    }
    for (auto first = list.begin(); first != list.end();) {
        auto last = first + 1;
        while (last != list.end() && !before(*first, *last)) ++last;
        if (last - first > 1) {
            std::vector<std::pair<decltype(key(*first)), T>> tied;
            for (auto it = first; it != last; ++it) tied.emplace_back(key(*it), std::move(*it));
            std::ranges::stable_sort(tied, [](auto const& a, auto const& b) { return a.first < b.first; });
            for (auto& each : tied) *first++ = std::move(each.second);
        }
        first = last;
    }
}

}  // namespace detail

/// Sorts records by test id, index, attempt and worker (B41, wire format B10). Two records with all four equal, as
/// when two workers were given one name, are put in order by what they say.
template <Result R>
void sort_for_report(std::vector<basic_record<R>>& records) {
    detail::sort_with_ties(records, [](basic_record<R> const& r) {
        return std::tuple(r.test_name, r.harm_category, detail::fingerprint(r.value));
    });
}

/// The same for tests.
inline void sort_for_report(std::vector<test_entry>& tests) {
    detail::sort_with_ties(tests, [](test_entry const& t) {
        return std::tuple(t.results, t.facts.name, t.facts.outcome, t.facts.seconds, t.facts.file, t.facts.line,
                          t.facts.detail);
    });
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_ORDER_HPP
