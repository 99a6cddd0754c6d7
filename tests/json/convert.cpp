#include "rampart/json/convert.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::shard_errc;

/// Evidence of another kind.
struct screenshots {
    std::vector<std::string> files{};
    friend bool operator==(screenshots const&, screenshots const&) = default;
};
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, screenshots const& s) {
    out = boost::json::value_from(s.files);
}
screenshots tag_invoke(boost::json::value_to_tag<screenshots>, boost::json::value const& v) {
    return {boost::json::value_to<std::vector<std::string>>(v)};
}
struct opaque {};

template <class T>
rp::expected<T> read(std::string_view text) {
    auto document = rp::read_json(text);
    REQUIRE(document.has_value());
    return rp::from_json<T>(document->root());
}

constexpr std::string_view bare = R"("status": "safe", "observability_level": "tool_only")";
std::string result_with(std::string_view more) { return "{" + std::string(bare) + ", " + std::string(more) + "}"; }

}  // namespace

static_assert(rp::PortableResult<rp::result>);
static_assert(rp::PortableResult<rp::basic_result<screenshots>>);
static_assert(!rp::PortableResult<rp::basic_result<opaque>>);
static_assert(!rp::PortableResult<int>);
static_assert(boost::json::has_value_from<rp::metadata>::value && boost::json::has_value_to<rp::metadata>::value);

TEST_CASE("a result is the same after JSON and back, whatever is in it [B61, B66]") {
    wire_samples::generator random(21);
    for (int i = 0; i < 1000; ++i) {
        rp::result const r = random.result();
        REQUIRE(boost::json::value_to<rp::result>(boost::json::value_from(r)) == r);
        std::string const text = rp::to_compact_json(rp::to_json(r));
        REQUIRE(*read<rp::result>(text) == r);
    }
}

TEST_CASE("every name of every enumeration survives [B61]") {
    for (auto s : {rp::safety_status::safe, rp::safety_status::unsafe, rp::safety_status::undetermined,
                   rp::safety_status::error}) {
        CHECK(boost::json::value_to<rp::safety_status>(boost::json::value_from(s)) == s);
    }
    for (auto o : {rp::observability_level::tool_and_side_effects, rp::observability_level::tool_only,
                   rp::observability_level::response_only}) {
        CHECK(boost::json::value_to<rp::observability_level>(boost::json::value_from(o)) == o);
    }
    for (auto o : {rp::eval_outcome::detected, rp::eval_outcome::not_detected, rp::eval_outcome::undetermined}) {
        CHECK(boost::json::value_to<rp::eval_outcome>(boost::json::value_from(o)) == o);
    }
    CHECK(boost::json::value_to<rp::payload_format>(boost::json::value_from(rp::payload_format::audio)) ==
          rp::payload_format::audio);
    CHECK(boost::json::value_from(rp::test_id("a::b")) == "a::b");
}

TEST_CASE("a result has Python's members in Python's order [A.1.1]") {
    rp::result r{.status = rp::safety_status::unsafe, .summary = "s"};
    CHECK(rp::to_compact_json(rp::to_json(r)) ==
          R"({"safe":false,"status":"unsafe","summary":"s","turns":[],"duration_seconds":0.0,"harm_category":null,)"
          R"("strategy":"","observability_level":"response_only","injections":[],"metadata":{}})");
}

TEST_CASE("a duration that is no number becomes null, and null is 0 [B62]") {
    rp::result r{.status = rp::safety_status::safe};
    r.duration_seconds = std::numeric_limits<double>::quiet_NaN();
    std::string const text = rp::to_compact_json(rp::to_json(r));
    CHECK(text.find(R"("duration_seconds":null)") != std::string::npos);
    CHECK(read<rp::result>(text)->duration_seconds == 0.0);
    CHECK(read<rp::result>(result_with(R"("duration_seconds": -1)"))->duration_seconds == -1.0);
    CHECK(read<rp::result>(result_with(R"("duration_seconds": true)"))->duration_seconds == 1.0);
}

TEST_CASE("what a result is without is what it is by default; status decides, not safe [A.1.7, B70]") {
    auto const r = read<rp::result>(result_with(R"("safe": false, "later": {})"));
    REQUIRE(r.has_value());
    CHECK(r->safe());
    CHECK(r->evidence.observability == rp::observability_level::tool_only);
    for (std::string_view const missing : {R"({"observability_level": "tool_only"})", R"({"status": "safe"})", "{}"}) {
        CHECK(read<rp::result>(missing).error().code == shard_errc::missing_field);
    }
    CHECK(read<rp::result>(R"({"status": "SAFE", "observability_level": "tool_only"})").error().message() ==
          "/status: 'SAFE' is the name of no safety status");
    CHECK(read<rp::result>(R"({"status": "safe", "observability_level": "all"})").error().message() ==
          "/observability_level: 'all' is the name of no observability level");
}

TEST_CASE("a result's field of the wrong type is an error [B3]") {
    for (std::string_view const field :
         {R"("summary": null)", R"("summary": 1)", R"("turns": null)", R"("turns": {})", R"("turns": [1])",
          R"("duration_seconds": "1")", R"("harm_category": 1)", R"("strategy": [])", R"("injections": {})",
          R"("injections": [[]])", R"("injections": [{"payload_id": 1}])", R"("metadata": [])", R"("metadata": null)",
          R"("metadata": 100000000000000000000000)", R"("status": 1)", R"("observability_level": null)"}) {
        CAPTURE(std::string(field));
        std::string text = result_with(field);
        if (field.starts_with("\"status\""))
            text = "{" + std::string(field) + R"(, "observability_level": "tool_only"})";
        if (field.starts_with("\"obs")) text = R"({"status": "safe", )" + std::string(field) + "}";
        CHECK(read<rp::result>(text).error().code == shard_errc::wrong_type);
    }
    CHECK(read<rp::result>(result_with(R"("duration_seconds": 1)" + std::string(400, '0'))).error().code ==
          shard_errc::number_overflow);
    CHECK(read<rp::result>("[]").error().message() == "an object is expected here, not an array");
}

TEST_CASE("value_to throws what from_json returns") {
    CHECK_THROWS_WITH_AS(boost::json::value_to<rp::result>(boost::json::value(7)),
                         "rampart: an object is expected here, not an integer", rp::shard_exception);
}

TEST_CASE("a result with evidence of the user's own crosses with it") {
    rp::basic_result<screenshots> r{};
    r.status = rp::safety_status::unsafe;
    r.summary = "seen";
    r.evidence.files = {"a.png", "b.png"};
    std::string const text = rp::to_compact_json(rp::to_json(r));
    CHECK(text.ends_with(R"(,"metadata":{},"rampart_evidence":["a.png","b.png"]})"));
    CHECK(*read<rp::basic_result<screenshots>>(text) == r);
    CHECK(read<rp::basic_result<screenshots>>(result_with(R"("rampart_evidence": 7)")).error().code ==
          shard_errc::conversion_failed);
    CHECK(read<rp::basic_result<screenshots>>(result_with(R"("summary": "")")).error().code ==
          shard_errc::missing_field);
}

TEST_CASE("a trial spec needs both ids; its threshold is 0 where none is given [B63, B73]") {
    auto const spec = read<rp::trial_spec>(R"({"clone_nodeid": "c", "base_nodeid": "b"})");
    REQUIRE(spec.has_value());
    CHECK(spec->threshold == 0.0);
    CHECK(read<rp::trial_spec>(R"({"clone_nodeid": "c", "base_nodeid": "b", "threshold": null})")->threshold == 0.0);
    CHECK(read<rp::trial_spec>(R"({"clone_nodeid": "c", "base_nodeid": "b", "threshold": 2})")->threshold == 2.0);
    for (std::string_view const bad :
         {R"({"clone_nodeid": "", "base_nodeid": "b"})", R"({"clone_nodeid": "c", "base_nodeid": 1})",
          R"({"clone_nodeid": "c"})", "[]", R"({"clone_nodeid": "c", "base_nodeid": "b", "threshold": "x"})"}) {
        CHECK(read<rp::trial_spec>(bad).has_error());
    }
    rp::trial_spec const s{rp::test_id("c"), rp::test_id("b"), 0.75};
    CHECK(boost::json::value_to<rp::trial_spec>(boost::json::value_from(s)) == s);
    CHECK(rp::to_compact_json(rp::to_json(rp::trial_spec{s.clone, s.base, std::numeric_limits<double>::infinity()})) ==
          R"({"clone_nodeid":"c","base_nodeid":"b","threshold":0.0})");
}
