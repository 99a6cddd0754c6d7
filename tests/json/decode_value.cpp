#include "rampart/json/decode_value.hpp"

#include "rampart/json/convert.hpp"
#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace detail = rampart::detail;

template <class T>
std::optional<T> decoded(std::string_view text) {
    detail::json_cursor at(text);
    detail::value_decoder<true> from(at);
    T made{};
    if (!from.read(made) || !at.at_end()) return std::nullopt;
    return made;
}
bool passed_over(std::string_view text) {
    detail::json_cursor at(text);
    detail::value_decoder<false> from(at);
    rampart::metadata none;
    return from.read(none) && at.at_end() && none.empty();
}

}  // namespace

TEST_CASE("metadata of every shape is what the reader of trees makes of it, to the depth that travels [B5]") {
    wire_samples::generator make(21);
    for (int round = 0; round < 2000; ++round) {
        auto const object = make.object(6);
        std::string text;
        rampart::json_writer w(text);
        detail::write_json(w, object);
        auto const tree = rampart::from_json<rampart::metadata>(rampart::read_json(text)->root());
        auto const direct = decoded<rampart::metadata>(text);
        CAPTURE(text);
        REQUIRE(passed_over(text) == direct.has_value());
        if (direct) REQUIRE(*direct == *tree);
    }
    std::string deep = "1";
    for (int i = 0; i < 7; ++i) deep = "[" + deep + "]";
    CHECK(decoded<rampart::metadata>("{\"a\": " + deep + "}").has_value());
    CHECK_FALSE(decoded<rampart::metadata>("{\"a\": [" + deep + "]}").has_value());
    CHECK_FALSE(passed_over("{\"a\": [" + deep + "]}"));
}

TEST_CASE("a key that stands twice in an object is a failure, at any depth and however it is spelt [B4]") {
    for (std::string_view const bad :
         {R"({"a": 1, "a": 1})", R"({"a": 1, "b": 2, "\u0061": 3})", R"({"x": {"a": 1, "b": {}, "a": 2}})",
          R"({"x": [{"a": 1}, {"a": 1, "a": 2}]})"}) {
        CAPTURE(bad);
        CHECK_FALSE(decoded<rampart::metadata>(bad).has_value());
        CHECK_FALSE(passed_over(bad));
    }
    CHECK(decoded<rampart::metadata>(R"({"x": {"a": 1}, "y": {"a": 1}, "a": 2})").has_value());
    CHECK(passed_over(R"({"x": {"a": 1}, "y": {"a": 1}, "a": 2})"));
    // Each is compared with all others, so there is an end.
    std::string many = "{";
    for (int i = 0; i < 65; ++i) many += (i == 0 ? "\"" : ", \"") + std::to_string(i) + "\": 1";
    CHECK_FALSE(decoded<rampart::metadata>(many + "}").has_value());
    CHECK_FALSE(passed_over(many + "}"));
}

TEST_CASE("an integer has to fit, and a timestamp has to be one [A.1.5, B3]") {
    auto const integer = [](std::string_view text, auto to, std::int64_t low) {
        detail::json_cursor at(text);
        return detail::value_decoder<true>(at).integer(to, low) && at.at_end();
    };
    CHECK(integer("2147483647", int{}, -5));
    CHECK_FALSE(integer("2147483648", int{}, -5));
    CHECK_FALSE(integer("-6", int{}, -5));
    CHECK(integer("4294967295", std::uint32_t{}, 0));
    CHECK_FALSE(integer("4294967296", std::uint32_t{}, 0));
    CHECK_FALSE(integer("1.0", int{}, 0));
    CHECK_FALSE(integer("true", int{}, 0));
    auto const timestamp = [](std::string_view text, std::optional<std::string> before = std::nullopt) {
        detail::json_cursor at(text);
        if (!detail::value_decoder<true>(at).timestamp(before) || !at.at_end()) return std::string("bad");
        return before.value_or("none");
    };
    CHECK(timestamp("\"2026-03-19T21:30:05+00:00\"") == "2026-03-19T21:30:05+00:00");
    CHECK(timestamp("null") == "none");
    CHECK(timestamp("null", "odd") == "odd");
    CHECK(timestamp("\"soon\"") == "bad");
    CHECK(timestamp("5") == "bad");
}
