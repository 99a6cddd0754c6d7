#include "rampart/core/test_id.hpp"

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

// A text does not become an id by accident.
static_assert(!std::convertible_to<std::string, rp::test_id>);
static_assert(!std::convertible_to<char const*, rp::test_id>);
static_assert(std::constructible_from<rp::test_id, std::string_view>);

}  // namespace

TEST_CASE("ids compare as bytes, so that documents of every process have one order [B42]") {
    std::vector<rp::test_id> ids;
    for (auto text : {"\xc3\xa9", "gw2", "gw10", "a b", "a", "Z", "\xf0\x9f\x98\x80", ""}) ids.emplace_back(text);
    std::sort(ids.begin(), ids.end());
    std::vector<std::string> texts;
    for (auto const& id : ids) texts.push_back(id.str());
    CHECK(texts == std::vector<std::string>{"", "Z", "a", "a b", "gw10", "gw2", "\xc3\xa9", "\xf0\x9f\x98\x80"});
    CHECK(rp::test_id("a") == rp::test_id(std::string("a")));
    CHECK((rp::test_id("a") <=> rp::test_id("b")) < 0);
    CHECK(rp::test_id(std::string("a\0b", 3)) != rp::test_id("a"));
    CHECK(rp::test_id().empty());
}

TEST_CASE("the short name of an id is what follows the last double colon, or all of it [B32]") {
    CHECK(rp::short_name(rp::test_id("tests/mail.cpp::suite::forwards nothing")) == "forwards nothing");
    CHECK(rp::short_name(rp::test_id("alone")) == "alone");
    CHECK(rp::short_name(rp::test_id("")) == "");
    CHECK(rp::short_name(rp::test_id("a::")) == "");
    CHECK(rp::short_name(rp::test_id("a:b")) == "a:b");
    // Only a guess, as in Python; the session keeps a name that it was told.
    CHECK(rp::short_name(rp::test_id("t.cpp::x[a::b]")) == "b]");
}
