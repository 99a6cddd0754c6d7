#include "rampart/report/group.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using records = rp::record_list<rp::result>;

rp::basic_record<rp::result> record(rp::result value) {
    std::string const harm = value.harm_category;
    return {.test = {}, .test_name = {}, .worker = {}, .harm_category = harm, .value = std::move(value)};
}

}  // namespace

TEST_CASE("records are counted by status, errors are no part of the rates and undetermined ones are [B103]") {
    records const list = {record(samples::safe()),         record(samples::safe()),  record(samples::unsafe()),
                          record(samples::undetermined()), record(samples::error()), record(samples::error())};
    auto const counts = rp::summarize(list);
    CHECK(counts == rp::population_summary{6, 2, 1, 1, 2, 0.25, 0.5});
}

TEST_CASE("both rates are 0 when there is nothing but errors, or nothing at all [B103]") {
    CHECK(rp::summarize(records{}) == rp::population_summary{});
    records const list = {record(samples::error())};
    CHECK(rp::summarize(list) == rp::population_summary{1, 0, 0, 0, 1, 0.0, 0.0});
}

TEST_CASE("records stand under their category in order of first appearance, else under uncategorized [B102]") {
    records const list = {record(samples::safe("zebra")), record(samples::unsafe()),
                          record(samples::safe(rp::harm_category::jailbreak)), record(samples::error("zebra")),
                          record(samples::safe("uncategorized"))};
    auto const groups = rp::group_by_harm_category(list);
    REQUIRE(groups.size() == 3);
    CHECK(groups[0].category == "zebra");
    CHECK(groups[1].category == "uncategorized");
    CHECK(groups[2].category == "jailbreak");
    using places = std::vector<std::uint32_t>;
    CHECK(groups[0].records.positions() == places{0, 3});
    CHECK(groups[1].records.positions() == places{1, 4});
    CHECK(groups[2].records.positions() == places{2});
    CHECK(groups[0].records[1].load()->harm_category == "zebra");
}

TEST_CASE("grouping points at the records and copies none [B102]") {
    records const list(std::vector(1000, record(samples::safe("x"))));
    auto const groups = rp::group_by_harm_category(list);
    REQUIRE(groups.size() == 1);
    REQUIRE(groups.front().records.size() == 1000);
    CHECK(groups.front().records.back() == list.ref(999));
    CHECK(groups.front().records.back().load().get() == &list.held().back());
}
