#include "rampart/transport/wire_format.hpp"

#include <string>

#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("the limits and the schema are those of the Python package [B64]") {
    rp::wire_limits const limits;
    CHECK(limits.max_bytes == 64U * 1024U * 1024U);
    CHECK(limits.max_record_bytes == 16U * 1024U * 1024U);
    CHECK(rp::wire_schema == std::string("rampart.xdist.v1"));
}

TEST_CASE("the truncation marker is Python's, byte for byte [A.1.6, B76]") {
    CHECK(rp::truncation_marker(5460, 100) ==
          R"({"schema": "rampart.xdist.v1", "rampart_truncated": true, "size_bytes": 5460, "limit_bytes": 100})");
    auto const golden = wire_samples::shared_golden("truncated.payload.json", "the truncation marker is Python's");
    if (golden.empty()) return;
    CHECK(rp::truncation_marker(5460, 100) == golden);
}

TEST_CASE("a name is clipped by what it takes as JSON, not inside a code point") {
    using rp::detail::clip_to_json_bytes;
    CHECK(clip_to_json_bytes("abc", 3) == "abc");
    CHECK(clip_to_json_bytes("abcd", 3) == "abc...");
    CHECK(clip_to_json_bytes("\xc3\xa9\xc3\xa9", 11) == "\xc3\xa9...");
    CHECK(clip_to_json_bytes("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 23) == "\xf0\x9f\x98\x80...");
    CHECK(clip_to_json_bytes("\x01\"\xff", 18) == "\x01\"\xff");
    CHECK(clip_to_json_bytes("\x01\"\xff", 17) == "\x01\"...");
}
