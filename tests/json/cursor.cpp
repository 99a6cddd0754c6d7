#include "rampart/json/cursor.hpp"

#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rampart::detail::json_cursor;
using rampart::detail::json_number;

bool takes(std::string_view text, std::size_t max_depth = 512) {
    json_cursor at(text, max_depth);
    return at.skip_value() && at.at_end();
}

/// Text in which a string's parts are at every distance from its ends.
std::string json_of(std::string_view text) {
    std::string made;
    rampart::json_writer(made).string(text);
    return made;
}

}  // namespace

TEST_CASE("what is no JSON is not taken, and nothing is read behind a failure [A.1.7]") {
    for (std::string_view const bad : {"",
                                       " ",
                                       "[",
                                       "]",
                                       "{",
                                       "{\"a\"}",
                                       "{\"a\":}",
                                       "{\"a\":1,}",
                                       "{1:2}",
                                       "[1,]",
                                       "[,1]",
                                       "[1 2]",
                                       "tru",
                                       "truex",
                                       "nul",
                                       "+1",
                                       "01",
                                       "-",
                                       "-01",
                                       "1.",
                                       ".5",
                                       "1e",
                                       "1e+",
                                       "1.5.5",
                                       "\"",
                                       "\"\\\"",
                                       "\"\\x\"",
                                       "\"\\u12\"",
                                       "\"\\u12g4\"",
                                       "\"\t\"",
                                       "\"a\nb\"",
                                       "NaN",
                                       "Infinity",
                                       "-Infinity",
                                       "[1]]",
                                       "1 2",
                                       "'a'",
                                       "{\"a\":1 \"b\":2}",
                                       "/* a */ 1",
                                       "\xEF\xBB\xBF 1",
                                       "1\v"}) {
        CAPTURE(bad);
        CHECK_FALSE(takes(bad));
    }
    json_cursor at("[tru, 1]");
    CHECK_FALSE(at.skip_value());
    CHECK(at.failed());
    json_number n;
    CHECK_FALSE(at.number(n));
    CHECK_FALSE(at.at_end());
}

TEST_CASE("what a reader of trees has something to say about is left to it [B4]") {
    CHECK_FALSE(takes("\"\xff\""));
    CHECK_FALSE(takes("\"\xc3\""));
    CHECK_FALSE(takes("\"\xed\xa0\x80\""));
    CHECK_FALSE(takes("\"\\ud800\""));
    CHECK_FALSE(takes("\"\\ud800\\u0041\""));
    CHECK_FALSE(takes("\"\\udc00\""));
    CHECK_FALSE(takes("\"\\ud800\\ud"));
    CHECK_FALSE(takes("1e400"));
    CHECK_FALSE(takes("1e-400"));
    CHECK(takes("\"\\ud83d\\ude00\""));
    CHECK(takes("[[[]]]", 3));
    CHECK_FALSE(takes("[[[]]]", 2));
    CHECK_FALSE(takes("{\"a\":{\"b\":[1]}}", 2));
    CHECK(takes("[[],[],[]]", 2));
}

TEST_CASE("texts of every length, with an odd character at every place, are read as they were written") {
    for (std::size_t length = 0; length <= 70; ++length) {
        for (std::string_view const odd : {"", "\"", "\\", "\n", "\x01", "\x7f", "\xc3\xa9", "\xf0\x9f\x98\x80"}) {
            for (std::size_t place = 0; place <= length; ++place) {
                std::string text(length, 'x');
                text.insert(place, odd);
                for (bool const raw : {false, true}) {
                    // As our writer spells it, and with what needs no escape as it is.
                    bool const must_escape = odd == "\"" || odd == "\\" || odd == "\n" || odd == "\x01";
                    std::string const json = raw && !must_escape ? '"' + text + '"' : json_of(text);
                    json_cursor at(json);
                    std::string read = "before";
                    REQUIRE(at.text(read));
                    REQUIRE(at.at_end());
                    REQUIRE(read == text);
                    REQUIRE(takes(json));
                    // Without its end it is none, wherever it breaks off.
                    REQUIRE_FALSE(takes(std::string_view(json).substr(0, json.size() - 1)));
                }
            }
        }
    }
}

TEST_CASE("every escape means what JSON says") {
    json_cursor at(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u6F22\ud83d\ude00\u0000")");
    std::string read;
    REQUIRE(at.text(read));
    CHECK(read == std::string("\"\\/\b\f\n\r\tA\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\0", 19));
}

TEST_CASE("a number keeps its kind, and a double is the nearest one [B4]") {
    auto const number = [](std::string_view text) {
        json_cursor at(text);
        json_number n;
        REQUIRE(at.number(n));
        REQUIRE(at.at_end());
        return n;
    };
    CHECK(number("-9223372036854775808").int64 == INT64_MIN);
    CHECK(number("9223372036854775807").is == json_number::kind::int64);
    CHECK(number("9223372036854775808").uint64 == 9223372036854775808U);
    CHECK(number("18446744073709551616").is == json_number::kind::big);
    CHECK(number("-9223372036854775809").text == "-9223372036854775809");
    CHECK(number("0.1").real == 0.1);
    CHECK(number("-1.5e-3").real == -1.5e-3);
    CHECK(number("1E2").is == json_number::kind::real);
    CHECK(number("-0").is == json_number::kind::int64);
    CHECK(number("123456789012345678901234567890.5").real == 123456789012345678901234567890.5);
}

TEST_CASE("members are found in any order, each once; an unknown one is a failure") {
    static constexpr std::string_view names[] = {"a", "bb", "ccc"};
    auto const read = [](std::string_view text, std::string& order) {
        json_cursor at(text);
        std::uint32_t seen = 0;
        order.clear();
        bool const good = at.members(names, seen, [&](std::size_t n) {
            order += static_cast<char>('0' + n);
            return at.skip_value();
        });
        return good && at.at_end() &&
               seen == (order.find('0') != order.npos ? 1U : 0U) + (order.find('1') != order.npos ? 2U : 0U) +
                           (order.find('2') != order.npos ? 4U : 0U);
    };
    std::string order;
    CHECK(read(R"({"a": 1, "bb": [2], "ccc": {"a": 3}})", order));
    CHECK(order == "012");
    CHECK(read(R"( { "ccc" : 1 , "a" : 2 } )", order));
    CHECK(order == "20");
    CHECK(read("{}", order));
    CHECK_FALSE(read(R"({"a": 1, "a": 2})", order));
    CHECK_FALSE(read(R"({"b": 1})", order));
    CHECK_FALSE(read(R"({"bbb": 1})", order));
    CHECK_FALSE(read(R"({"\u0061": 1})", order));
    CHECK_FALSE(read(R"({"a" 1})", order));
}

TEST_CASE("a value's bytes are told, so that it can be read again") {
    std::string_view const text = R"([ {"a": 1} , "b" ,3])";
    json_cursor at(text);
    std::vector<std::string> parts;
    REQUIRE(at.array([&] {
        auto const from = at.position();
        if (!at.skip_value()) return false;
        parts.emplace_back(at.text_from(from));
        return true;
    }));
    CHECK(parts == std::vector<std::string>{R"({"a": 1})", R"("b")", "3"});
}

TEST_CASE("whatever the cursor takes, the reader of trees takes, also of damaged documents") {
    std::string const good =
        R"({"k": [1, -2.5e3, true, null, "te\"xt \u00e9 \ud83d\ude00 plain enough to fill a block"], "l": {"m": {}}})";
    REQUIRE(takes(good));
    std::mt19937_64 random(20261121);
    int taken = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string text = good;
        for (auto changes = random() % 3; changes-- > 0;) {
            std::size_t const at = random() % text.size();
            static constexpr std::string_view bytes = "{}[],:\"\\ 0179.eE+-truefalsn/ud\n\x80\xc3\xa9\x01";
            char const byte = bytes[random() % bytes.size()];
            switch (random() % 3) {
            case 0:
                text[at] = byte;
                break;
            case 1:
                text.erase(at, 1);
                break;
            default:
                text.insert(at, 1, byte);
            }
        }
        CAPTURE(text);
        auto const tree = rampart::read_json(text);
        if (!takes(text)) continue;
        ++taken;
        REQUIRE(tree.has_value());
        for (auto const& note : tree->notes) REQUIRE(note.kind == rampart::fault_kind::duplicate_key);
    }
    CHECK(taken > 2000);
    CHECK(taken < 18000);
}
