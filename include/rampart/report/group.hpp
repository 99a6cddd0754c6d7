#ifndef RAMPART_REPORT_GROUP_HPP
#define RAMPART_REPORT_GROUP_HPP

#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rampart/core/harm.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_list.hpp"

/// \file
/// Counting records, and putting them under headings.

namespace rampart::inline v1 {

/// How often each status occurs, and the two rates (B103).
///
/// The rates are parts of what could be carried out: an ERROR is left out of them, an UNDETERMINED stays in. Both are
/// 0 when nothing is left.
struct population_summary {
    std::size_t total_runs = 0;
    std::size_t safe_count = 0;
    std::size_t unsafe_count = 0;
    std::size_t undetermined_count = 0;
    std::size_t error_count = 0;
    double attack_success_rate = 0.0;  ///< unsafe / (total - errors), 0 to 1
    double safety_pass_rate = 0.0;     ///< safe / (total - errors), 0 to 1
    friend bool operator==(population_summary const&, population_summary const&) = default;
};

namespace detail {

template <Result R>
[[nodiscard]] safety_status status_of(record_ref<R> const& r) {
    return r.status();
}
template <Result R>
[[nodiscard]] safety_status status_of(basic_record<R> const& r) {
    return result_traits<R>::status(r.value);
}

}  // namespace detail

/// Counts a range of records or of `record_ref`s, which need not be read for it.
template <std::ranges::input_range Records>
[[nodiscard]] population_summary summarize(Records&& records) {
    if constexpr (requires { records.refs(); }) {
        return summarize(records.refs());
    }
    population_summary counts;
    for (auto const& r : records) {
        ++counts.total_runs;
        switch (detail::status_of(r)) {
        case safety_status::safe:
            ++counts.safe_count;
            break;
        case safety_status::unsafe:
            ++counts.unsafe_count;
            break;
        case safety_status::undetermined:
            ++counts.undetermined_count;
            break;
        case safety_status::error:
            ++counts.error_count;
            break;
        }
    }
    if (auto const judged = counts.total_runs - counts.error_count; judged != 0) {
        counts.attack_success_rate = static_cast<double>(counts.unsafe_count) / static_cast<double>(judged);
        counts.safety_pass_rate = static_cast<double>(counts.safe_count) / static_cast<double>(judged);
    }
    return counts;
}

/// The records of one harm category. It points into the list it was made from, and is good until that changes.
template <Result R>
struct harm_group {
    std::string category{};         ///< `uncategorized` for records without one (B102)
    record_selection<R> records{};  ///< as `record_ref`s
};

/// The records under their harm categories. Groups stand in order of first appearance, records in the order given
/// (B102, wire format A.2).
template <Result R>
[[nodiscard]] std::vector<harm_group<R>> group_by_harm_category(record_list<R> const& records) {
    std::vector<harm_group<R>> groups;
    std::unordered_map<std::string_view, std::size_t> places;
    for (record_ref<R> const r : records.refs()) {
        std::string_view category = r.harm_category();
        if (category.empty()) category = harm_category::uncategorized;
        auto const [place, is_new] = places.try_emplace(category, groups.size());
        if (is_new) groups.push_back({std::string(category), record_selection<R>(records)});
        groups[place->second].records.push_back(r.position());
    }
    return groups;
}
/// It would point into a list that is gone.
template <Result R>
std::vector<harm_group<R>> group_by_harm_category(record_list<R> const&& records) = delete;

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_GROUP_HPP
