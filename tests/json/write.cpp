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

TEST_CASE("texts of any length are written, whatever they are written behind") {
    // So that pieces of them end wherever the writer's own memory ends.
    for (std::size_t size = 0; size <= 200; ++size) {
        for (std::string_view const special : {"", "\n", "\"", "\x7f", "\u00e9", "\U0001f600", "\xff"}) {
            std::string const value =
                std::string(size / 2, 'v') + std::string(special) + std::string(size - size / 2, 'w');
            std::string text;
            std::string wanted = "[";
            rp::json_writer w(text);
            w.begin_array();
            for (std::size_t i = 0; i < 12; ++i) {
                w.string(value);
                wanted += (i == 0 ? "" : ", ") + slowly(value);
            }
            w.end_array();
            REQUIRE(text == wanted + "]");
        }
    }
    for (unsigned const size : {900U, 1000U, 1023U, 1024U, 1025U, 2048U, 5000U, 100000U}) {
        for (std::string const unit : {"x", "\n", "\U0001f600", "x\n", "plain text and an end of line\n"}) {
            std::string value;
            while (value.size() < size) value += unit;
            REQUIRE(as_string(value) == slowly(value));
            std::string text;
            rp::json_writer w(text);
            w.begin_object();
            w.member(value, value);
            w.end_object();
            REQUIRE(text == "{" + slowly(value) + ": " + slowly(value) + "}");
        }
    }
}

TEST_CASE("indentation of any depth is two blanks a level") {
    for (unsigned const depth : {1U, 2U, 15U, 16U, 17U, 40U, 700U}) {
        std::string text;
        std::string wanted;
        rp::json_writer w(text, rp::json_style::indented);
        for (std::size_t i = 0; i < depth; ++i) {
            w.begin_array();
            wanted += "[\n" + std::string(2 * (i + 1), ' ');
        }
        w.integer(7);
        wanted += '7';
        for (std::size_t i = depth; i-- > 0;) {
            w.end_array();
            wanted += "\n" + std::string(2 * i, ' ') + "]";
        }
        CHECK(text == wanted);
    }
}

TEST_CASE("the text is there when the outermost value ends, when it is asked for, and when the writer goes") {
    std::string text;
    {
        rp::json_writer w(text);
        w.integer(1);
        CHECK(text == "1");
        w.begin_array();
        w.integer(2);
        w.flush();
        CHECK(text == "1[2");
        text.clear();  // as one who writes a file piece by piece
        w.integer(3);
        w.end_array();
        CHECK(text == ", 3]");
        w.begin_object();
        w.key("a");
    }
    CHECK(text == ", 3]{\"a\": ");
}

TEST_CASE("a value can be taken back, also one that was not ended, and tells its size") {
    for (auto const style : {rp::json_style::python, rp::json_style::indented, rp::json_style::compact}) {
        for (unsigned const size : {1U, 30U, 500U, 3000U}) {
            std::string with;
            std::string without;
            rp::json_writer a(with, style);
            rp::json_writer b(without, style);
            for (rp::json_writer* w : {&a, &b}) {
                w->begin_object();
                w->key("list");
                w->begin_array();
                for (int i = 0; i < 3; ++i) {
                    auto const before = w->here();
                    w->string(std::string(size, 's'));
                    CHECK(w->bytes_since(before) == size + 2);
                    if (w == &a) {
                        auto const here = w->here();
                        w->begin_object();
                        w->member("gone", std::string(size, 'g'));
                        w->key("open");
                        w->begin_array();
                        w->take_back(here);
                    }
                }
                w->end_array();
                w->end_object();
            }
            CHECK(with == without);
        }
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
