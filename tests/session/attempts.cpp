#include "rampart/session/attempts.hpp"

#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

rp::test_entry entry(char const* id, std::uint32_t attempt, char const* worker = "") {
    return {rp::test_id(id), attempt, worker, 0, {}};
}

}  // namespace

TEST_CASE("the latest attempt is that of the last own entry, or what others told, whichever is more [B33]") {
    rp::detail::attempt_book book;
    std::vector<rp::test_entry> tests;
    rp::test_id const a("a");
    CHECK(book.last(a, tests) == 0);
    tests.push_back(entry("a", 1));
    tests.push_back(entry("b", 7));
    CHECK(book.last(a, tests) == 1);
    tests.push_back(entry("a", 2));
    CHECK(book.last(a, tests) == 2);
    // A worker's entry is another process's.
    tests.push_back(entry("a", 9, "gw0"));
    CHECK(book.last(a, tests) == 2);
    book.tell(a, 5);
    CHECK(book.told(a) == 5);
    CHECK(book.last(a, tests) == 5);
    CHECK(book.told(rp::test_id("b")) == 0);
    // The list was moved away and begins anew.
    tests.clear();
    book.forget_places();
    CHECK(book.last(rp::test_id("b"), tests) == 0);
    tests.push_back(entry("b", 3));
    CHECK(book.last(rp::test_id("b"), tests) == 3);
}
