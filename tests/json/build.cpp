#include "rampart/json/build.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "rampart/json/convert.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("a tree says the same as the text that a writer makes of the same calls") {
    wire_samples::generator random(11);
    for (int i = 0; i < 300; ++i) {
        rp::result const r = random.result();
        std::string text;
        rp::json_writer w(text, rp::json_style::compact);
        rp::detail::write_json(w, r);
        rp::detail::json_builder builder;
        rp::detail::write_json(builder, r);
        REQUIRE(rp::to_compact_json(builder.take()) == text);
    }
}

TEST_CASE("a tree has null for what is no number") {
    rp::detail::json_builder b;
    b.begin_array();
    b.number(std::numeric_limits<double>::quiet_NaN());
    b.number(std::numeric_limits<double>::infinity());
    b.number(0.5);
    b.integer(rp::big_integer{"123456789012345678901234567890"});
    b.integer(rp::big_integer{"no digits"});
    b.end_array();
    CHECK(rp::to_compact_json(b.take()) == R"([null,null,0.5,123456789012345678901234567890,"no digits"])");
}
