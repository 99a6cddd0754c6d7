#include "rampart/core/status.hpp"

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

static_assert(rp::parse_safety_status("unsafe") == rp::safety_status::unsafe);

}  // namespace

TEST_CASE("the four statuses have the spelling of the documents, and are read back [B10]") {
    CHECK(rp::to_string(rp::safety_status::safe) == "safe");
    CHECK(rp::to_string(rp::safety_status::unsafe) == "unsafe");
    CHECK(rp::to_string(rp::safety_status::undetermined) == "undetermined");
    CHECK(rp::to_string(rp::safety_status::error) == "error");
    for (auto s : {rp::safety_status::safe, rp::safety_status::unsafe, rp::safety_status::undetermined,
                   rp::safety_status::error}) {
        CHECK(rp::parse_safety_status(rp::to_string(s)) == s);
    }
}

TEST_CASE("the observability levels have the spelling of the documents, and are read back [B10]") {
    CHECK(rp::to_string(rp::observability_level::tool_and_side_effects) == "tool_and_side_effects");
    CHECK(rp::to_string(rp::observability_level::tool_only) == "tool_only");
    CHECK(rp::to_string(rp::observability_level::response_only) == "response_only");
    for (auto o : {rp::observability_level::tool_and_side_effects, rp::observability_level::tool_only,
                   rp::observability_level::response_only}) {
        CHECK(rp::parse_observability_level(rp::to_string(o)) == o);
    }
}

TEST_CASE("a text that is nearly a status or a level is none") {
    for (auto text : {"", "SAFE", "Safe", " safe", "safe ", "saf", "safety", "errors"}) {
        CAPTURE(text);
        CHECK_FALSE(rp::parse_safety_status(text).has_value());
        CHECK_FALSE(rp::parse_observability_level(text).has_value());
    }
}
