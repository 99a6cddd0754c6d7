#include "rampart/report/views.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>

#include "rampart/report/group.hpp"
#include "report/samples.hpp"

namespace {

namespace rp = rampart;
namespace views = rampart::views;
using rp::safety_status;

rp::basic_record<rp::result> record(std::string const& test, rp::result value) {
    std::string const harm = value.harm_category;
    return {.test = samples::id(test), .test_name = {}, .worker = {}, .harm_category = harm, .value = std::move(value)};
}

rp::record_list<rp::result> some_records() {
    return {record("a", samples::safe("x")), record("a", samples::unsafe()), record("b", samples::unsafe("x")),
            record("b", samples::unsafe("y")), record("c", samples::error("x"))};
}

template <class View>
std::vector<std::size_t> places(View&& view) {
    return std::forward<View>(view) | ranges::views::transform([](auto const& r) { return r.position(); }) |
           ranges::to<std::vector<std::size_t>>();
}

using found = std::vector<std::size_t>;

}  // namespace

TEST_CASE("records are picked by status, category and test, one after the other") {
    auto const list = some_records();
    CHECK(places(list.refs() | views::with_status(safety_status::unsafe)) == found{1, 2, 3});
    CHECK(places(list.refs() | views::in_harm_category("x")) == found{0, 2, 4});
    CHECK(places(list.refs() | views::of_test(samples::id("b"))) == found{2, 3});
    CHECK(places(list.refs() | views::with_status(safety_status::unsafe) | views::in_harm_category("x")) == found{2});
    CHECK(places(list.refs() | views::with_status(safety_status::undetermined)).empty());
}

TEST_CASE("records without a category are those of uncategorized, as in a report's groups [B102]") {
    auto const list = some_records();
    CHECK(places(list.refs() | views::in_harm_category("uncategorized")) == found{1});
    CHECK(places(list.refs() | views::in_harm_category("")).empty());
    for (auto const& group : rp::group_by_harm_category(list)) {
        CHECK(places(list.refs() | views::in_harm_category(group.category)) == places(group.records));
    }
}

TEST_CASE("a view is counted as the records that it shows [B103]") {
    auto const list = some_records();
    CHECK(rp::summarize(list.refs() | views::in_harm_category("x")) == rp::population_summary{3, 1, 1, 0, 1, 0.5, 0.5});
}

TEST_CASE("a selection is looked through like the whole list, in its own order") {
    auto const list = some_records();
    rp::record_selection<rp::result> chosen(list);
    chosen.push_back(4);
    chosen.push_back(2);
    chosen.push_back(1);
    CHECK(places(chosen | views::in_harm_category("x")) == found{4, 2});
}
