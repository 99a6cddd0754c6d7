#include "rampart/core/metadata.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::metadata;
using rp::metadata_value;

// What would turn into something else without a word is no value.
enum old_enum { one };
static_assert(!std::constructible_from<metadata_value, char>);
static_assert(!std::constructible_from<metadata_value, wchar_t>);
static_assert(!std::constructible_from<metadata_value, char8_t const*>);
static_assert(!std::constructible_from<metadata_value, void*>);
static_assert(!std::constructible_from<metadata_value, int*>);
static_assert(!std::constructible_from<metadata_value, old_enum>);
__extension__ using wide_integer = __int128;
static_assert(!std::constructible_from<metadata_value, wide_integer>);
static_assert(!std::constructible_from<metadata_value, std::vector<int>>);
template <class M>
concept indexed_by_zero = requires(M& m) {
    m[0];
};
static_assert(!indexed_by_zero<metadata> && !indexed_by_zero<metadata const>);

static_assert(std::is_nothrow_move_constructible_v<metadata> && std::is_nothrow_move_assignable_v<metadata>);
static_assert(std::is_nothrow_move_constructible_v<metadata_value>);
static_assert(std::is_nothrow_move_assignable_v<metadata_value>);
static_assert(std::regular<metadata> && std::regular<metadata_value>);

std::vector<std::string> keys(metadata const& m) {
    std::vector<std::string> found;
    for (auto const& member : m) found.push_back(member.key);
    return found;
}
using texts = std::vector<std::string>;

bool same(metadata_value const& a, metadata_value const& b) { return a == b; }

}  // namespace

TEST_CASE("every kind of value keeps its kind and its value [B61]") {
    metadata const m{{"null", nullptr},
                     {"yes", true},
                     {"int", -2},
                     {"big", std::numeric_limits<std::uint64_t>::max()},
                     {"half", 0.5},
                     {"text", "words"},
                     {"list", metadata::array{1, "two", nullptr}},
                     {"object", {{"inner", 1}}},
                     {"huge", rp::big_integer{"-1180591620717411303424"}}};
    CHECK(m["null"].is_null());
    CHECK(m["yes"].as_bool());
    CHECK(m["int"].as_int64() == -2);
    CHECK(m["big"].as_uint64() == std::numeric_limits<std::uint64_t>::max());
    CHECK(m["half"].as_double() == 0.5);
    CHECK(m["text"].as_string() == "words");
    CHECK(m["list"].as_array() == metadata::array{1, "two", nullptr});
    CHECK(m["object"].as_object()["inner"] == 1);
    CHECK(m["huge"].as_big_integer().digits == "-1180591620717411303424");
    CHECK(m["huge"].is_big_integer());
    REQUIRE(m["huge"].if_big_integer() != nullptr);
    CHECK(*m["huge"].if_big_integer() == m["huge"].as_big_integer());
    CHECK(rp::metadata_value(1).if_big_integer() == nullptr);
    CHECK(keys(m) == texts{"null", "yes", "int", "big", "half", "text", "list", "object", "huge"});
}

TEST_CASE("equal integers are equal whatever their C++ type, and can be asked for as unsigned again") {
    CHECK(same(5, 5U));
    CHECK(same(5, std::size_t{5}));
    CHECK(same(static_cast<short>(5), 5LL));
    CHECK(same(static_cast<unsigned char>(5), 5));
    CHECK(metadata_value(std::uint64_t{5}).as_uint64() == 5);
    CHECK(metadata_value(0).as_uint64() == 0);
    CHECK_THROWS_AS(metadata_value(-1).as_uint64(), std::invalid_argument);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    CHECK(metadata_value(most).is_int64());
    CHECK(metadata_value(most + 1).is_uint64());
    CHECK(metadata_value(std::numeric_limits<std::int64_t>::min()).as_int64() ==
          std::numeric_limits<std::int64_t>::min());
    // Values of two kinds differ.
    CHECK_FALSE(same(1, 1.0));
    CHECK_FALSE(same(1, true));
    CHECK_FALSE(same("", nullptr));
}

TEST_CASE("asking for another kind throws and names the kind; asking politely gives null") {
    metadata_value const text = "words";
    CHECK_THROWS_WITH_AS(text.as_int64(), "rampart::metadata_value: this value is not an int64", std::invalid_argument);
    CHECK_THROWS_AS(text.as_bool(), std::invalid_argument);
    CHECK_THROWS_AS(text.as_uint64(), std::invalid_argument);
    CHECK_THROWS_AS(text.as_double(), std::invalid_argument);
    CHECK_THROWS_AS(text.as_array(), std::invalid_argument);
    CHECK_THROWS_AS(text.as_object(), std::invalid_argument);
    CHECK_THROWS_AS(text.as_big_integer(), std::invalid_argument);
    CHECK_THROWS_AS(metadata_value(1).as_string(), std::invalid_argument);
    CHECK(text.if_int64() == nullptr);
    CHECK(text.is_string());
    CHECK_FALSE(text.is_null());
    CHECK(*text.if_string() == "words");
}

TEST_CASE("in an initializer the later value of a key wins, at the place of the earlier one") {
    metadata const m{{"a", 1}, {"b", 2}, {"a", 3}};
    CHECK(keys(m) == texts{"a", "b"});
    CHECK(m["a"] == 3);
}

TEST_CASE("a key is put in by name, keeps its place, and can be taken out") {
    metadata m;
    CHECK(m.empty());
    m["score"] = 0.5;
    m.set("name", "mail-001");
    m["score"] = 1;
    CHECK(keys(m) == texts{"score", "name"});
    CHECK(m["score"] == 1);
    CHECK(m["name"] == "mail-001");
    CHECK(m.size() == 2);
    CHECK(m.erase("score"));
    CHECK_FALSE(m.erase("score"));
    CHECK(keys(m) == texts{"name"});
    CHECK_FALSE(m.contains("score"));
    m[""] = "an empty key is a key";
    CHECK(m.contains(""));
    CHECK(m.contains(std::string_view{}));
}

TEST_CASE("reading a constant object puts nothing in") {
    metadata const m{{"a", 1}};
    CHECK(m["b"].is_null());
    CHECK(m.size() == 1);
    CHECK(m.find("b") == nullptr);
}

TEST_CASE("braces: one string is the string, a pair of pairs an object, an array is spelt out") {
    CHECK(metadata{{"k", {"v"}}}["k"] == "v");
    CHECK(metadata{{"k", {{"a", "b"}}}}["k"] == metadata{{"a", "b"}});
    CHECK(metadata{{"k", {{"a", "b"}, {"c", "d"}}}}["k"].as_object().size() == 2);
    CHECK(metadata{{"k", {}}}["k"].is_null());
    CHECK(metadata{{"k", metadata{}}}["k"].is_object());
    CHECK(metadata{{"k", metadata::array{}}}["k"].is_array());
    CHECK(metadata{{"k", metadata::array{"v"}}}["k"].as_array().size() == 1);
    metadata const one{{"a", "b"}};  // one member, not a range of characters
    CHECK(one.size() == 1);
    CHECK(one["a"] == "b");
    metadata const copy{one};
    CHECK(copy == one);
    metadata const two = {{"a", "b"}, {"c", "d"}};
    CHECK(two.size() == 2);
}

TEST_CASE("an object can be put into itself, and copied and moved onto itself") {
    metadata m{{"a", 1}, {"b", "a text that is too long for the small buffer of a string"}};
    m["self"] = m;
    CHECK(m["self"].as_object().size() == 2);
    CHECK(m.size() == 3);
    m.set("again", m["self"]);
    CHECK(m["again"] == m["self"]);
    metadata const before = m;
    auto& same = m;
    m = same;
    CHECK(m == before);
    m["b"] = m["b"];
    CHECK(m == before);
    m = std::move(same);
    same = before;
    CHECK(m == before);
    // The inner object becomes the whole.
    m = metadata(m["self"].as_object());
    CHECK(m.size() == 2);
    metadata_value value = metadata::array{1, metadata::array{2}};
    value = metadata_value(value.as_array()[1]);
    CHECK(value == metadata::array{2});
}

TEST_CASE("a copy is a copy, and what was moved from can be used again") {
    metadata m{{"a", {{"b", 1}}}};
    metadata copy = m;
    copy["a"] = 2;
    CHECK(m["a"].as_object()["b"] == 1);
    metadata const moved = std::move(m);
    m = {{"c", 3}};
    CHECK(m["c"] == 3);
    CHECK(moved["a"].is_object());
}

TEST_CASE("objects are equal when they hold the same members in the same order") {
    CHECK(metadata{{"a", 1}, {"b", 2}} == metadata{{"a", 1}, {"b", 2}});
    CHECK(metadata{{"a", 1}, {"b", 2}} != metadata{{"b", 2}, {"a", 1}});
    CHECK(metadata{{"a", 1}} != metadata{{"a", 2}});
    CHECK(metadata{{"a", 1}} != metadata{});
}

TEST_CASE("a null pointer to characters is an empty text, and bytes of zero stay") {
    char const* const nothing = nullptr;
    CHECK(same(nothing, ""));
    std::string const zeros("a\0b", 3);
    metadata m;
    m[zeros] = zeros;
    CHECK(m[zeros].as_string().size() == 3);
    CHECK_FALSE(m.contains("a"));
}

TEST_CASE("keys that a change makes equal stay apart, and no value is lost") {
    auto const lower = [](std::string& text) {
        for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    metadata m{{"KEY", 1}, {"key", 2}, {"Key", 3}, {"other", 4}, {"kEY", 5}};
    m.transform_keys(lower);
    // The key that was there as it is keeps its text.
    CHECK(m == metadata{{"key (2)", 1}, {"key", 2}, {"key (3)", 3}, {"other", 4}, {"key (4)", 5}});
    auto const before = m;
    m.transform_keys(lower);
    CHECK(m == before);

    SUBCASE("also when the text with the number is taken") {
        metadata n{{"A", 1}, {"a", 2}, {"a (2)", 3}, {"A (2)", 4}};
        n.transform_keys(lower);
        CHECK(n == metadata{{"a (3)", 1}, {"a", 2}, {"a (2)", 3}, {"a (2) (2)", 4}});
    }
    SUBCASE("also when all were changed") {
        metadata n{{"AB", 1}, {"Ab", 2}, {"aB", 3}};
        n.transform_keys(lower);
        CHECK(n == metadata{{"ab", 1}, {"ab (2)", 2}, {"ab (3)", 3}});
    }
    SUBCASE("and a change that makes nothing equal is only the change") {
        metadata n{{"A", 1}, {"B", 2}};
        n.transform_keys(lower);
        CHECK(n == metadata{{"a", 1}, {"b", 2}});
    }
}

TEST_CASE("an object of very many members is made, and its keys changed, in linear time") {
    std::vector<rp::metadata_member> members;
    int const count = 200000;
    for (int i = 0; i < count; ++i) members.push_back({std::to_string(i), i});
    auto m = metadata::from_unique(std::move(members));
    CHECK(m.size() == static_cast<std::size_t>(count));
    CHECK(m["199999"] == 199999);
    m.transform_keys([](std::string& key) { key = "the same"; });
    CHECK(m.begin()->key == "the same");
    CHECK((m.end() - 1)->key == "the same (200000)");
    CHECK((m.end() - 1)->value == 199999);
}
