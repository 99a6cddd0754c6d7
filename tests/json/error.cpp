#include "rampart/json/error.hpp"

#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

rp::expected<int> half(int n) {
    if (n % 2 != 0) return rp::shard_error{rp::shard_errc::out_of_range, "/n", "is odd"};
    return n / 2;
}

}  // namespace

TEST_CASE("every failure has a code, and every code a name of its own") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(rp::shard_errc::missing_output); ++i) {
        auto const name = to_string(static_cast<rp::shard_errc>(i));
        CHECK_FALSE(name.empty());
        names.insert(name);
    }
    CHECK(names.size() == static_cast<std::size_t>(rp::shard_errc::missing_output) + 1);
    CHECK(to_string(rp::shard_errc::not_json) == "not_json");
    CHECK(to_string(rp::shard_errc::missing_output) == "missing_output");
}

TEST_CASE("an error says where and what") {
    CHECK(half(3).error().message() == "/n: is odd");
    CHECK(rp::shard_error{rp::shard_errc::not_json, "", "the text ends at byte 3"}.message() ==
          "the text ends at byte 3");
}

TEST_CASE("an expected value is used as a bool, by value, or throws with the error's words") {
    CHECK(half(4));
    std::ostringstream out;
    out << half(3);
    CHECK(out.str() == "error:/n: is odd");
    CHECK(*half(4) == 2);
    CHECK_FALSE(half(3));
    try {
        static_cast<void>(half(3).value());
        FAIL("value() of an error has to throw");
    } catch (rp::shard_exception const& e) {
        CHECK(std::string(e.what()) == "rampart: /n: is odd");
        CHECK(e.error().code == rp::shard_errc::out_of_range);
    }
}
