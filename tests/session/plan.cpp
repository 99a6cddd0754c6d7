#include "rampart/session/plan.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using ids = std::vector<std::string_view>;

}  // namespace

TEST_CASE("the hash of a list does not depend on its order, nor on an id that stands there twice") {
    ids list{"a.cpp::x", "b.cpp::y", "c.cpp::z"};
    auto const hash = rp::list_hash(list);
    CHECK(hash.size() == 16);
    do CHECK(rp::list_hash(list) == hash);
    while (std::next_permutation(list.begin(), list.end()));
    CHECK(rp::list_hash({"c.cpp::z", "a.cpp::x", "b.cpp::y", "a.cpp::x"}) == hash);
}

TEST_CASE("the hash of a list tells lists apart, also where the same bytes stand in other ids") {
    auto const hash = rp::list_hash({"a", "b"});
    for (ids const& other : {ids{}, ids{"a"}, ids{"b"}, ids{"ab"}, ids{"a\nb"}, ids{"a", "b", ""}, ids{"a", "c"},
                             ids{"a", "b", "c"}, ids{"", "ab"}}) {
        CHECK(rp::list_hash(other) != hash);
    }
}

TEST_CASE("the hash of a list stands in files, so it is the same for ever") {
    CHECK(rp::list_hash({}) == "cbf29ce484222325");
    CHECK(rp::list_hash({"a.cpp::x", "b.cpp::y"}) == "638aa76eaebd831b");
}

TEST_CASE("an id that a session made visible has the hash of the one that the test program knew") {
    CHECK(rp::list_hash({"a\x1b[31m", "b"}) == rp::list_hash({"a\\x1b[31m", "b"}));
    CHECK(rp::list_hash({"a\tb\n"}) != rp::list_hash({"a\\tb\\n"}));
}

TEST_CASE("two plans are equal wherever they were read, and every other member tells them apart") {
    rp::shard_plan const plan{.run = "r", .worker = "w", .list_hash = "h", .tests = {rp::test_id("t")}};
    auto const differs = [&plan](auto change) {
        auto other = plan;
        change(other);
        return !rp::equal_but_source(plan, other) && !rp::equal_but_source(other, plan);
    };
    CHECK(rp::equal_but_source(plan, plan));
    CHECK_FALSE(differs([](rp::shard_plan& p) { p.source = "other"; }));
    CHECK(differs([](rp::shard_plan& p) { p.run = "other"; }));
    CHECK(differs([](rp::shard_plan& p) { p.worker = "other"; }));
    CHECK(differs([](rp::shard_plan& p) { p.attempt = 2; }));
    CHECK(differs([](rp::shard_plan& p) { p.index = 1; }));
    CHECK(differs([](rp::shard_plan& p) { p.count = 2; }));
    CHECK(differs([](rp::shard_plan& p) { p.list_hash = "other"; }));
    CHECK(differs([](rp::shard_plan& p) { p.tests.clear(); }));
    CHECK(differs([](rp::shard_plan& p) { p.process = "other"; }));
    CHECK(differs([](rp::shard_plan& p) { p.running = p.tests; }));
    CHECK(differs([](rp::shard_plan& p) { p.torn = true; }));
    CHECK(differs([](rp::shard_plan& p) { p.closed = true; }));
}
