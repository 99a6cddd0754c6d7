#include "rampart/json/big_integer.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("an integer beyond 64 bits is carried digit by digit") {
    std::string const digits = "-" + std::string(400, '7');
    auto const document = rp::read_json(digits);
    REQUIRE(document.has_value());
    CHECK(rp::is_big_integer(document->root()));
    CHECK(rp::to_compact_json(document->root()) == digits);
    CHECK_FALSE(rp::is_big_integer(boost::json::value(7)));
}

TEST_CASE("no document can spell the key that stands for a big integer [B4]") {
    for (std::string const text :
         {"{\"\xffinteger\": \"5\"}", "{\"\\u00ffinteger\": \"5\"}", "{\"\\udcffinteger\": \"5\"}"}) {
        auto const document = rp::read_json(text);
        REQUIRE(document.has_value());
        CHECK_FALSE(rp::is_big_integer(document->root()));
    }
}

TEST_CASE("only an integer as JSON spells it is written bare") {
    for (std::string_view const good : {"0", "-0", "7", "-18446744073709551616"})
        CHECK(rp::detail::is_integer_text(good));
    for (std::string_view const bad : {"", "-", "007", "-01", "1.0", "1e3", "+1", " 1", "x"}) {
        CHECK_FALSE(rp::detail::is_integer_text(bad));
    }
    std::string text;
    rp::json_writer(text).value(rp::metadata{{"a", rp::big_integer{"1, \"b\": 2"}}, {"c", rp::big_integer{"12"}}});
    CHECK(text == R"({"a": "1, \"b\": 2", "c": 12})");
}
