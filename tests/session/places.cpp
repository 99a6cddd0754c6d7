#include "rampart/session/places.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

rp::test_entry entry(char const* test, unsigned attempt = 1, char const* worker = "", unsigned results = 0) {
    return {.test = rp::test_id(test), .attempt = attempt, .worker = worker, .results = results};
}
rp::fault said(char const* what) { return {rp::fault_kind::incomplete, "", what}; }

struct no_equality {};

}  // namespace

template <>
struct rampart::result_traits<no_equality> {
    static safety_status status(no_equality) { return safety_status::safe; }
    static std::string_view summary(no_equality) { return {}; }
    static std::string_view harm_category(no_equality) { return {}; }
};

TEST_CASE("results are the same by their ==, and those of a type without one never") {
    rp::equal_results const same;
    CHECK(same(rp::result{.summary = "a"}, rp::result{.summary = "a"}));
    CHECK_FALSE(same(rp::result{.summary = "a"}, rp::result{.summary = "b"}));
    CHECK_FALSE(same(no_equality{}, no_equality{}));
}

TEST_CASE("a list takes an equal item once, and says which claims the place of another") {
    std::vector<rp::test_entry> list;
    rp::detail::place_index places;
    auto const disputed = [&](rp::test_entry e) {
        return rp::detail::take_once(std::move(e), list, places, std::equal_to<rp::test_entry>());
    };
    CHECK_FALSE(disputed(entry("a")));
    CHECK_FALSE(disputed(entry("a")));
    CHECK(list.size() == 1);
    CHECK_FALSE(disputed(entry("a", 2)));
    CHECK_FALSE(disputed(entry("a", 1, "gw0")));
    CHECK_FALSE(disputed(entry("b")));
    CHECK(list.size() == 4);
    CHECK(disputed(entry("a", 1, "", 7)));
    CHECK_FALSE(disputed(entry("a", 1, "", 7)));
    CHECK_FALSE(disputed(entry("a")));
    CHECK(list.size() == 5);
    // What came to the list by another way is known too, and a list that was moved away is forgotten.
    list.push_back(entry("c"));
    CHECK_FALSE(disputed(entry("c")));
    CHECK(list.size() == 6);
    list.clear();
    places.clear();
    CHECK_FALSE(disputed(entry("a")));
    CHECK(list.size() == 1);
}

TEST_CASE("of equal faults those are new that the list has too few of, in order of arrival [B83]") {
    std::vector<rp::fault> const list{said("x"), said("y"), said("x")};
    rp::detail::place_index places;
    std::vector<rp::fault> const more{said("z"), said("x"), said("y"), said("x"), said("y"), said("x")};
    CHECK(rp::detail::which_are_new(more, list, places) == std::vector<bool>{true, false, false, false, true, true});
}
