#include "rampart/json/fields.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/value_from.hpp>
#include <doctest/doctest.h>

#include "rampart/json/write.hpp"

namespace {

namespace rp = rampart;
using rp::shard_errc;
using rp::detail::field_reader;

boost::json::value parse(std::string_view text) {
    auto document = rp::read_json(text);
    REQUIRE(document.has_value());
    return boost::json::value(std::as_const(*document).root(), boost::json::storage_ptr());
}

/// A type whose conversion is told by the document what to do.
struct picky {
    double number = 0.0;
};
picky tag_invoke(boost::json::value_to_tag<picky>, boost::json::value const& v) {
    if (v.is_string()) throw std::runtime_error("I take no texts");
    if (v.is_null()) throw 7;  // NOLINT: what a user may throw
    return {v.is_array() ? v.as_array().at(0).as_double() : v.as_double()};
}

/// A type that keeps a part of what it was made from.
struct keeper {
    boost::json::value kept{};
};
keeper tag_invoke(boost::json::value_to_tag<keeper>, boost::json::value const& v) { return {v.at("a")}; }

}  // namespace

TEST_CASE("a field of another type is an error with its pointer, and nothing is turned into text [B3]") {
    auto const document = parse(R"({"list": [{"text": 7}], "b": "x"})");
    field_reader r("/base");
    std::string text = "as it was";
    auto const& list = document.as_object().at("list");
    CHECK_FALSE(r.if_there(document.as_object(), "list", [&](auto const& l) {
        return r.each(l, [&](auto const& e) { return r.text_field(*r.object(e), "text", text); });
    }));
    CHECK(r.error.code == shard_errc::wrong_type);
    CHECK(r.error.message() == "/base/list/0/text: a text is expected here, not an integer");
    CHECK(text == "as it was");
    CHECK_FALSE(field_reader().text(list, text));
    CHECK(r.text_field(document.as_object(), "not there", text));
}

TEST_CASE("what a Python writer really writes for a number is a number [B3]") {
    auto const number = [](std::string_view json) {
        double d = -1.0;
        field_reader r;
        REQUIRE(r.number(parse(json), d));
        return d;
    };
    CHECK(number("7") == 7.0);
    CHECK(number("0.5") == 0.5);
    CHECK(number("18446744073709551615") == 18446744073709551615.0);
    CHECK(number("100000000000000000000000") == 1e23);
    CHECK(number("true") == 1.0);
    CHECK(number("false") == 0.0);
    CHECK(number("null") == 0.0);
    for (std::string_view const bad : {"\"1.0\"", "[1]", "{}"}) {
        double d = -1.0;
        field_reader r;
        CHECK_FALSE(r.number(parse(bad), d));
        CHECK(r.error.code == shard_errc::wrong_type);
    }
    double d = 0.0;
    field_reader r;
    CHECK_FALSE(r.number(parse("1" + std::string(400, '0')), d));
    CHECK(r.error.code == shard_errc::number_overflow);
}

TEST_CASE("an integer has to be one, and to fit") {
    int i = 7;
    unsigned u = 7;
    field_reader r;
    CHECK(r.integer(parse("-3"), i));
    CHECK(i == -3);
    CHECK(r.integer(parse("true"), i));
    CHECK(i == 1);
    CHECK(r.integer(parse("4294967295"), u));
    CHECK(u == 4294967295U);
    for (std::string_view const bad : {"2147483648", "-2147483649", "18446744073709551615", "99999999999999999999"}) {
        CHECK_FALSE(r.integer(parse(bad), i));
        CHECK(r.error.code == shard_errc::out_of_range);
    }
    CHECK_FALSE(r.integer(parse("-1"), u));
    CHECK_FALSE(r.integer(parse("0"), u, 1));
    for (std::string_view const bad : {"1.0", "\"1\"", "null", "[]"}) {
        CHECK_FALSE(r.integer(parse(bad), i));
        CHECK(r.error.code == shard_errc::wrong_type);
    }
}

TEST_CASE("what a user's conversion throws becomes an error") {
    field_reader r("/value");
    std::optional<picky> made;
    CHECK(rp::detail::convert_user_type(r, parse("1.5"), made));
    CHECK(made->number == 1.5);
    CHECK_FALSE(rp::detail::convert_user_type(r, parse("\"x\""), made));
    CHECK(r.error.message() == "/value: the conversion threw: I take no texts");
    CHECK(r.error.code == shard_errc::conversion_failed);
    CHECK_FALSE(rp::detail::convert_user_type(r, parse("null"), made));
    CHECK(r.error.message() == "/value: the conversion threw something that is no std::exception");
    CHECK_FALSE(rp::detail::convert_user_type(r, parse("true"), made));
    CHECK(r.error.code == shard_errc::conversion_failed);
}

TEST_CASE("what a user's conversion keeps of the document outlives it") {
    std::optional<keeper> made;
    {
        auto const document =
            rp::read_json(R"({"a": ["a text that is long enough to be stored elsewhere", {"b": 1}]})");
        REQUIRE(document.has_value());
        field_reader r;
        REQUIRE(rp::detail::convert_user_type(r, document->root(), made));
    }
    CHECK(*made->kept.storage() == *boost::json::storage_ptr());
    CHECK(rp::to_compact_json(made->kept) == R"(["a text that is long enough to be stored elsewhere",{"b":1}])");
}

TEST_CASE("an integer beyond 64 bits reaches a user's conversion as the nearest double") {
    field_reader r;
    std::optional<picky> made;
    REQUIRE(rp::detail::convert_user_type(r, parse("[100000000000000000000000]"), made));
    CHECK(made->number == 1e23);
    CHECK_FALSE(rp::detail::convert_user_type(r, parse("[1" + std::string(400, '0') + "]"), made));
    CHECK(r.error.code == shard_errc::number_overflow);
}
