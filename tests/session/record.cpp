#include "rampart/session/record.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using record = rp::basic_record<rp::result>;
using rp::test_outcome;

record of(char const* test, std::uint32_t index, std::uint32_t attempt, char const* worker) {
    return {.test = rp::test_id(test), .index = index, .attempt = attempt, .worker = worker, .value = {}};
}

}  // namespace

TEST_CASE("records are ordered by test, index, attempt and worker, as bytes [B41, B42]") {
    std::vector<record> const wanted{of("a", 0, 1, "gw10"),  of("a", 0, 1, "gw2"),    of("a", 0, 2, "gw0"),
                                     of("a", 1, 1, "gw0"),   of("a", 10, 1, ""),      of("test_10", 0, 1, ""),
                                     of("test_2", 0, 1, ""), of("\xc3\xa9", 0, 1, "")};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (std::size_t j = 0; j < wanted.size(); ++j) {
            CAPTURE(i);
            CAPTURE(j);
            CHECK(rp::report_order(wanted[i], wanted[j]) == (i < j));
        }
    }
}

TEST_CASE("a record is the first result of the first attempt in this process unless it says otherwise") {
    record const r{.value = {}};
    CHECK(r.index == 0);
    CHECK(r.attempt == 1);
    CHECK(r.worker.empty());
    CHECK(r.harm_category.empty());
}

TEST_CASE("tests are ordered by id, attempt and worker") {
    auto const entry = [](char const* test, std::uint32_t attempt, char const* worker) {
        return rp::test_entry{.test = rp::test_id(test), .attempt = attempt, .worker = worker};
    };
    std::vector<rp::test_entry> const wanted{entry("a", 1, "gw10"), entry("a", 1, "gw2"), entry("a", 2, ""),
                                             entry("b", 1, "")};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (std::size_t j = 0; j < wanted.size(); ++j) CHECK(rp::report_order(wanted[i], wanted[j]) == (i < j));
    }
}

TEST_CASE("every outcome of a test has a name of its own, which is read back") {
    std::set<std::string_view> names;
    for (auto o : {test_outcome::unknown, test_outcome::passed, test_outcome::failed, test_outcome::skipped,
                   test_outcome::crashed, test_outcome::timeout, test_outcome::not_run}) {
        names.insert(rp::to_string(o));
        CHECK(rp::parse_test_outcome(rp::to_string(o)) == o);
    }
    CHECK(names ==
          std::set<std::string_view>{"unknown", "passed", "failed", "skipped", "crashed", "timeout", "not_run"});
    CHECK_FALSE(rp::parse_test_outcome("").has_value());
    CHECK_FALSE(rp::parse_test_outcome("Passed").has_value());
    CHECK(rp::test_facts{}.outcome == test_outcome::unknown);
}
