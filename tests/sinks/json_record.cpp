#include "rampart/sinks/json_record.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

std::string text_of(rp::basic_record<rp::result> const& r) {
    std::string text;
    rp::json_writer w(text, rp::json_style::compact);
    auto const nothing = [] {};
    rp::detail::write_record(w, r, nothing);
    return text;
}

}  // namespace

TEST_CASE(
    "a result is written with Python's keys first, and its bookkeeping replaces keys of the user's [A.1.2, B11]") {
    rp::basic_record<rp::result> r{
        rp::test_id("f::t"), "t", 3, 2, "gw1", "jailbreak", {.status = rp::safety_status::unsafe, .summary = "s"}};
    r.value.meta = {{"mine", 1}, {"_pytest_nodeid", "forged"}};
    CHECK(
        text_of(r) ==
        R"({"safe":false,"status":"unsafe","summary":"s","harm_category":"jailbreak","strategy":"","duration_seconds":0.0,)"
        R"("metadata":{"mine":1,"_pytest_nodeid":"f::t","_pytest_test_name":"t","_rampart_result_index":3,)"
        R"("_rampart_source_worker":"gw1"},"turns":[],"nodeid":"f::t","observability_level":"response_only",)"
        R"("injections":[],"attempt":2})");
}

TEST_CASE("an attachment that came through a payload is shown as the test gave it [B72]") {
    rp::basic_record<rp::result> r{rp::test_id("t"), "t", 0, 1, {}, {}, {.status = rp::safety_status::safe}};
    rp::turn t;
    t.request.attachments.push_back({.content = "c", .id = "i"});
    t.request.attachments[0].meta = {
        {"_rampart_worker_format", "pdf"}, {"_rampart_worker_artifact_path", "a.pdf"}, {"x", 1}};
    r.value.evidence.turns.push_back(t);
    CHECK(text_of(r).find(
              R"("attachments":[{"content":"c","id":"i","format":"pdf","artifact":"a.pdf","metadata":{"x":1}}])") !=
          std::string::npos);
}
