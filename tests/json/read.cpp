#include "rampart/json/read.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/json/write.hpp"

namespace {

namespace rp = rampart;
using rp::shard_errc;
using namespace std::string_literals;

/// The document again as compact text, or the error as `code pointer: words`.
std::string read(std::string_view text, rp::read_limits limits = {}) {
    auto const document = rp::read_json(text, limits);
    if (!document) return std::string(to_string(document.error().code)) + " " + document.error().message();
    return rp::to_compact_json(document->root());
}
std::vector<rp::fault> notes(std::string_view text, std::string_view kept_both = {}) {
    auto document = rp::read_json(text, {}, kept_both);
    REQUIRE(document.has_value());
    return document->notes;
}
shard_errc code(std::string_view text, rp::read_limits limits = {}) {
    auto const document = rp::read_json(text, limits);
    REQUIRE(document.has_error());
    return document.error().code;
}

}  // namespace

TEST_CASE("integers are exact at any size [B4]") {
    auto const document = rp::read_json("[0, -0, 9223372036854775807, -9223372036854775808, 9223372036854775808, "
                                        "18446744073709551615, 18446744073709551616, -9223372036854775809]");
    REQUIRE(document.has_value());
    auto const& list = document->root().as_array();
    CHECK(list[0].as_int64() == 0);
    CHECK(list[1].as_int64() == 0);
    CHECK(list[2].as_int64() == std::numeric_limits<std::int64_t>::max());
    CHECK(list[3].as_int64() == std::numeric_limits<std::int64_t>::min());
    CHECK(list[4].as_uint64() == 9223372036854775808U);
    CHECK(list[5].as_uint64() == std::numeric_limits<std::uint64_t>::max());
    CHECK(rp::is_big_integer(list[6]));
    CHECK(rp::is_big_integer(list[7]));
    CHECK(read("[" + std::string(400, '9') + "]") == "[" + std::string(400, '9') + "]");
    CHECK(read("[" + std::string(100000, '9') + "]") == "[" + std::string(100000, '9') + "]");
}

TEST_CASE("doubles are the nearest to their text [B4]") {
    std::mt19937_64 random(2);
    std::string text = "[";
    std::vector<double> wanted;
    while (wanted.size() < 20000) {
        double const d = wanted.size() % 2 == 0 ? std::bit_cast<double>(random())
                                                : static_cast<double>(random()) / 18446744073709551616.0;
        if (!std::isfinite(d)) continue;
        text += wanted.empty() ? "" : ",";
        rp::json_writer(text).number(d);
        wanted.push_back(d);
    }
    auto const document = rp::read_json(text + "]");
    REQUIRE(document.has_value());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        REQUIRE(std::bit_cast<std::uint64_t>(document->root().as_array()[i].as_double()) ==
                std::bit_cast<std::uint64_t>(wanted[i]));
    }
    CHECK(read("[1E5, 1e+5, 1.50, -0.0, 1e-400]") == "[100000.0,100000.0,1.5,-0.0,0.0]");
}

TEST_CASE("a number that no double can hold is an error with a pointer, not infinity [B4]") {
    CHECK(read(R"({"x": {"y~/": [0, 93e99279]}})") ==
          "number_overflow /x/y~0~1/1: a number that no double can hold, at byte 26");
    CHECK(code("1e400") == shard_errc::number_overflow);
    CHECK(code("[-1e309]") == shard_errc::number_overflow);
    CHECK(code("1e99999999999999") == shard_errc::number_overflow);
    CHECK(code(std::string(400, '9') + ".5") == shard_errc::number_overflow);
}

TEST_CASE("NaN and Infinity are refused by name") {
    CHECK(read("[1, NaN]") == "non_finite /1: NaN at byte 4 is no JSON; Python writes it, null stands for it here");
    CHECK(read(R"({"a": -Infinity})").starts_with("non_finite /a: -Infinity"));
    CHECK(read("Infinity").starts_with("non_finite Infinity at byte 0"));
}

TEST_CASE("what is no JSON is named with its place [B4]") {
    CHECK(read("") == "not_json the document is empty");
    CHECK(read(" \n ") == "not_json the document is empty");
    CHECK(read("\xEF\xBB\xBF") == "not_json the document is empty");
    CHECK(read(R"({"a": 1)") == "not_json the text ends at byte 7, inside the document");
    CHECK(read("{} x") == "not_json the document has ended, but text follows at byte 3");
    CHECK(read("{}{}").starts_with("not_json"));
    CHECK(read(R"({"a": [1 2]})").starts_with("not_json /a/1: no JSON"));
    for (std::string_view const bad : {"[1,]", "{\"a\" 1}", "{a: 1}", "'a'", "tru", "01", "1.", "+1", ".5", "[", "\"",
                                       "\"\x01\"", "\"\\x\"", "\"\\u12\"", "// c\n1", "[1]]", "nul", "-"}) {
        CAPTURE(std::string(bad));
        CHECK(code(bad) == shard_errc::not_json);
    }
}

TEST_CASE("every beginning of a document is an error, and the whole is none") {
    std::string const text =
        R"({"a": [1, -2.5e3, "x\ud83d\ude00\n", null, true, false, {"b": {}}], "c": 184467440737095516160})";
    CHECK(rp::read_json(text).has_value());
    for (std::size_t n = 0; n < text.size(); ++n) REQUIRE_FALSE(rp::read_json(text.substr(0, n)).has_value());
}

TEST_CASE("limits come before the work [B4]") {
    CHECK(read("[1, 2]", {.max_bytes = 5}) == "too_large the document has 6 bytes, over the limit of 5");
    CHECK(read("[1, 2]", {.max_bytes = 6}) == "[1,2]");
    CHECK(read("[[1]]", {.max_depth = 1}).starts_with("too_deep nested deeper than 1 at byte"));
    CHECK(read("[[1]]", {.max_depth = 2}) == "[[1]]");
    std::string const at_limit = std::string(512, '[') + std::string(512, ']');
    CHECK(read(at_limit) == at_limit);
    CHECK(code("[" + at_limit + "]") == shard_errc::too_deep);
    CHECK(code(std::string(100000, '[') + std::string(100000, ']')) == shard_errc::too_deep);
    std::string objects;
    for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
    CHECK(code(objects) == shard_errc::too_deep);
    CHECK(code(std::string(64U << 20U, '[')) == shard_errc::too_deep);
    CHECK(code(std::string(100000, '['), {.max_depth = static_cast<std::size_t>(-1)}) == shard_errc::too_deep);
}

TEST_CASE("a byte order mark is skipped") {
    CHECK(read("\xEF\xBB\xBF[1]") == "[1]");
    CHECK(read("\xEF\xBB\xBF[1") == "not_json the text ends at byte 5, inside the document");
    CHECK(notes("\xEF\xBB\xBF[1]").empty());
}

TEST_CASE("broken text is repaired, and a note that loses nothing says so [B4, B86]") {
    auto const found = notes("[\"\\ud800\", \"a\xff\"]");
    REQUIRE(found.size() == 1);
    CHECK(found[0].kind == rp::fault_kind::repaired_text);
    CHECK_FALSE(loses(found[0].kind));
    CHECK(found[0].what.find("at byte 2") != std::string::npos);
    CHECK(read("[\"\\ud800\", \"a\xff\"]") == R"(["\ufffd","a\ufffd"])");
    CHECK(read("{\"k\xff\": 1}") == R"({"k\ufffd":1})");
}

TEST_CASE("of a key that stands twice the last value is kept, and a note names it [B4]") {
    CHECK(read(R"({"a": 1, "b": 2, "a": {"c": 3}})") == R"({"a":{"c":3},"b":2})");
    auto const found = notes(R"([{"a/b": 1, "l": [0, {"z": 1, "z": 2}], "a/b": 2}])");
    REQUIRE(found.size() == 2);
    CHECK(found[0].where == "/0/l/1/z");
    CHECK(found[1].where == "/0/a~1b");
    for (auto const& note : found) CHECK(note.kind == rp::fault_kind::duplicate_key);
    CHECK(notes(R"({"a": {"x": 1}, "b": {"x": 1}})").empty());

    std::string many = "{";
    for (int i = 0; i < 1000; ++i) many += "\"a\": 1, ";
    auto const capped = notes(many + "\"b\": 2}");
    REQUIRE(capped.size() == 101);
    CHECK(capped.back().what == "899 more keys stand twice");
}

TEST_CASE("where both values of a key are wanted, two lists become one [B4]") {
    std::string const text =
        R"({"r": {"a": [1], "b": [2], "a": [3]}, "x": {"a": [1], "a": [2]}, "r": {"b": [4], "c": [5]}})";
    auto const document = rp::read_json(text, {}, "r");
    REQUIRE(document.has_value());
    CHECK(rp::to_compact_json(document->root()) == R"({"r":{"a":[1,3],"b":[2,4],"c":[5]},"x":{"a":[2]}})");
    CHECK(document->notes.size() == 3);
    CHECK(document->notes[0].what.find("both are kept") != std::string::npos);
    CHECK(document->notes[1].what.find("only the last") != std::string::npos);
}
