#include "rampart/base/stable_hash.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace rp = rampart;

TEST_CASE("the hash is FNV-1a: its published values come out") {
    CHECK(rp::stable_hash("") == 0xCBF29CE484222325U);
    CHECK(rp::stable_hash("a") == 0xAF63DC4C8601EC8CU);
    CHECK(rp::stable_hash("foobar") == 0x85944171F73967E8U);
    static_assert(rp::stable_hash("a") == 0xAF63DC4C8601EC8CU);
}

TEST_CASE("a hash made in steps is that of the whole text, bytes above 127 and NUL included") {
    std::string const text("caf\xC3\xA9\0b", 7);
    auto const first = rp::stable_hash(std::string_view(text).substr(0, 4));
    CHECK(rp::stable_hash(std::string_view(text).substr(4), first) == rp::stable_hash(text));
    CHECK(rp::stable_hash(text) != rp::stable_hash("caf\xC3\xA9"));
}

TEST_CASE("a hash is written as 16 digits, zeros in front included") {
    CHECK(rp::hash_text(0) == "0000000000000000");
    CHECK(rp::hash_text(0xABCU) == "0000000000000abc");
    CHECK(rp::hash_text(0x85944171F73967E8U) == "85944171f73967e8");
}
