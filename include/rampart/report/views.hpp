#ifndef RAMPART_REPORT_VIEWS_HPP
#define RAMPART_REPORT_VIEWS_HPP

#include <string>
#include <utility>

#include <range/v3/range/concepts.hpp>
#include <range/v3/view/filter.hpp>

#include "rampart/core/harm.hpp"
#include "rampart/core/status.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/session/record_ref.hpp"

/// \file
/// Parts of a run's records as views of range-v3, for who counts or lists them in a sink or a tool of their own:
///
///     auto const all = report.results.refs();
///     auto bad = all | rampart::views::with_status(rampart::safety_status::unsafe);
///     auto s = rampart::summarize(bad | rampart::views::in_harm_category("jailbreak"));
///
/// Nothing is read or copied for that; a view is good until the list of records changes. The one header of rampart that
/// takes range-v3, and no other reaches it: link rampart::ranges.

// A range of references is two words and may be copied.
template <class R>
inline constexpr bool ranges::enable_view<rampart::v1::record_range<R>> = true;

namespace rampart::inline v1::views {

/// The records with this status.
[[nodiscard]] inline auto with_status(safety_status wanted) {
    return ::ranges::views::filter([wanted](auto const& r) { return r.status() == wanted; });
}

/// The records of this harm category; `uncategorized` are those that name none (B102).
[[nodiscard]] inline auto in_harm_category(std::string wanted) {
    return ::ranges::views::filter([wanted = std::move(wanted)](auto const& r) {
        auto const category = r.harm_category();
        return category.empty() ? wanted == harm_category::uncategorized : category == wanted;
    });
}

/// The records of this test, from all workers and attempts.
[[nodiscard]] inline auto of_test(test_id wanted) {
    return ::ranges::views::filter([wanted = std::move(wanted)](auto const& r) { return r.test() == wanted; });
}

}  // namespace rampart::inline v1::views

#endif  // RAMPART_REPORT_VIEWS_HPP
