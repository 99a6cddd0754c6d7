#include "rampart/json/write.hpp"

#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using namespace std::string_literals;

std::string as_string(std::string_view text) {
    std::string out;
    rp::json_writer(out).string(text);
    return out;
}

/// The rule of A.1.4 once more, byte by byte and without a run.
std::string slowly(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        auto const part = rp::detail::utf8_part_at(text, at);
        at += part.size;
        auto const code = static_cast<unsigned>(part.code);
        char buffer[16];
        if (code == '"' || code == '\\') {
            out += {'\\', static_cast<char>(code)};
        } else if (code >= 0x20 && code < 0x7F) {
            out += static_cast<char>(code);
        } else if (auto const named = "\b\f\n\r\t"s.find(static_cast<char>(code));
                   code < 0x20 && named != std::string::npos) {
            out += {'\\', "bfnrt"[named]};
        } else if (code <= 0xFFFF) {
            std::snprintf(buffer, sizeof buffer, "\\u%04x", code);
            out += buffer;
        } else {
            std::snprintf(buffer, sizeof buffer, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10U),
                          0xDC00 + ((code - 0x10000) & 0x3FFU));
            out += buffer;
        }
    }
    return out + '"';
}

}  // namespace

TEST_CASE("text is ASCII, escaped as Python escapes it [A.1.4]") {
    CHECK(as_string("plain /slash") == R"("plain /slash")");
    CHECK(as_string("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
    CHECK(as_string("\x01\x1f\x7f") == R"("\u0001\u001f\u007f")");
    CHECK(as_string("\0"s) == R"("\u0000")");
    CHECK(as_string("\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80") == R"("\u00e9\u2028\ud83d\ude00")");
    CHECK(as_string("a\xff\xc3z") == R"("a\ufffd\ufffdz")");
}

TEST_CASE("a byte that needs an escape is found wherever it stands in a run") {
    for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t before = 0; before < 20; ++before) {
            std::string text = std::string(before, 'a') + static_cast<char>(byte) + std::string(19 - before, '~');
            REQUIRE(as_string(text) == slowly(text));
        }
    }
    wire_samples::generator random(3);
    for (int i = 0; i < 5000; ++i) {
        std::string const text = random.text() + random.text() + random.text();
        REQUIRE(as_string(text) == slowly(text));
    }
}

TEST_CASE("the three layouts differ in blanks only [A.1.4, A.2]") {
    rp::metadata const m{
        {"a", 1}, {"b", rp::metadata::array{true, nullptr, rp::metadata{}}}, {"c", rp::metadata::array{}}};
    std::string python;
    std::string indented;
    std::string compact;
    rp::json_writer(python).value(m);
    rp::json_writer(indented, rp::json_style::indented).value(m);
    rp::json_writer(compact, rp::json_style::compact).value(m);
    CHECK(python == R"({"a": 1, "b": [true, null, {}], "c": []})");
    CHECK(compact == R"({"a":1,"b":[true,null,{}],"c":[]})");
    CHECK(indented == "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null,\n    {}\n  ],\n  \"c\": []\n}");
}

TEST_CASE("a member takes every simple kind") {
    std::string text;
    rp::json_writer w(text);
    w.begin_object();
    w.member("int", -3);
    w.member("max", std::numeric_limits<std::uint64_t>::max());
    w.member("min", std::numeric_limits<std::int64_t>::min());
    w.member("bool", true);
    w.member("double", 0.5);
    w.member("text", "t");
    w.member("view", std::string_view("v"));
    w.member("string", "s"s);
    w.member("null", nullptr);
    w.member("none", std::optional<std::string>{});
    w.member("some", std::optional<int>{4});
    w.member("metadata", rp::metadata{{"k", 1.0}});
    w.member("value", rp::metadata_value{7});
    w.member("tree", boost::json::value{{"x", {1, 2.0, nullptr, true, "t"}}});
    w.key("raw");
    w.raw("[1]");
    w.end_object();
    CHECK(text ==
          R"({"int": -3, "max": 18446744073709551615, "min": -9223372036854775808, "bool": true, "double": 0.5, )"
          R"("text": "t", "view": "v", "string": "s", "null": null, "none": null, "some": 4, )"
          R"("metadata": {"k": 1.0}, "value": 7, "tree": {"x": [1, 2.0, null, true, "t"]}, "raw": [1]})");
}
