#include "rampart/json/conversation.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "rampart/json/convert.hpp"

namespace {

namespace rp = rampart;
using rp::shard_errc;

template <class T>
rp::expected<T> read(std::string_view text) {
    auto document = rp::read_json(text);
    REQUIRE(document.has_value());
    return rp::from_json<T>(document->root());
}
template <class T>
shard_errc refused(std::string_view text) {
    auto const made = read<T>(text);
    CAPTURE(std::string(text));
    REQUIRE(made.has_error());
    return made.error().code;
}
template <class T>
std::string written(T const& v) {
    std::string text;
    rp::json_writer w(text);
    rp::detail::write_json(w, v);
    return text;
}

constexpr std::string_view bare_turn = R"({"request": {}, "response": {}})";

}  // namespace

TEST_CASE("a turn has Python's members in Python's order [A.1.1, B61]") {
    rp::turn t;
    t.request = {.prompt = "hi", .attachments = {{.content = "c", .id = "i", .meta = {{"k", 1}}}}};
    t.response.text = "there";
    t.response.tool_calls = {{.name = "f", .arguments = {{"x", 0.5}}, .timestamp = "2026-03-19T21:30:05+00:00"}};
    t.response.side_effects = {{.kind = "http", .details = {{"status", 204}}}};
    t.evaluation =
        rp::eval_result{.outcome = rp::eval_outcome::detected, .confidence = 1.0, .evidence = {"e"}, .rationale = "r"};
    CHECK(
        written(t) ==
        R"({"request": {"prompt": "hi", "attachments": [{"content": "c", "id": "i", "format": "text", "artifact": null, )"
        R"("metadata": {"k": 1}}]}, "response": {"text": "there", "tool_calls": [{"name": "f", "arguments": {"x": 0.5}, )"
        R"("result": null, "timestamp": "2026-03-19T21:30:05+00:00"}], "side_effects": [{"kind": "http", )"
        R"("details": {"status": 204}}], "metadata": {}}, "eval_result": {"outcome": "detected", "confidence": 1.0, )"
        R"("evidence": ["e"], "rationale": "r"}, "turn_number": 0, "timestamp": null, "driver_reasoning": ""})");
    CHECK(*read<rp::turn>(written(t)) == t);
}

TEST_CASE("what is missing takes its default, unknown keys are passed over [A.1.7]") {
    auto const t = read<rp::turn>(R"({"request": {}, "response": {}, "later": [1]})");
    REQUIRE(t.has_value());
    CHECK(t->request.prompt == "");
    CHECK_FALSE(t->evaluation.has_value());
    CHECK(t->turn_number == 0);
    CHECK(read<rp::tool_call>("{}")->name.empty());
    CHECK_FALSE(read<rp::tool_call>("{}")->result.has_value());
    CHECK(read<rp::payload>("{}")->id.empty());
    CHECK_FALSE(read<rp::injection_record>("{}")->payload_id.has_value());
    CHECK(read<rp::side_effect>("{}")->details.empty());
    CHECK(read<rp::eval_result>(R"({"outcome": "detected"})")->confidence == 0.0);
    CHECK(read<rp::eval_result>(R"({"outcome": "detected", "confidence": null})")->confidence == 0.0);
    CHECK(read<rp::eval_result>(R"({"outcome": "detected", "confidence": -3})")->confidence == -3.0);
    CHECK(read<rp::turn>(R"({"request": {}, "response": {}, "turn_number": -3})")->turn_number == -3);
    CHECK(read<rp::turn>(R"({"request": {}, "response": {}, "turn_number": true})")->turn_number == 1);
}

TEST_CASE("a field of the wrong type, or one that has no default, is an error [B3, A.1.7]") {
    for (std::string_view const text :
         {R"({"request": [], "response": {}})", R"({"request": {}, "response": 7})",
          R"({"request": {"prompt": 1}, "response": {}})", R"({"request": {"attachments": {}}, "response": {}})",
          R"({"request": {"attachments": [7]}, "response": {}})", R"({"request": {}, "response": {"text": null}})",
          R"({"request": {}, "response": {"tool_calls": [null]}})",
          R"({"request": {}, "response": {"tool_calls": [{"result": false}]}})",
          R"({"request": {}, "response": {"tool_calls": [{"arguments": []}]}})",
          R"({"request": {}, "response": {"side_effects": "x"}})", R"({"request": {}, "response": {"metadata": null}})",
          R"({"request": {}, "response": {}, "eval_result": []})",
          R"({"request": {}, "response": {}, "eval_result": {"outcome": 1}})",
          R"({"request": {}, "response": {}, "eval_result": {"outcome": "detected", "evidence": [1]}})",
          R"({"request": {}, "response": {}, "eval_result": {"outcome": "detected", "confidence": "1"}})",
          R"({"request": {}, "response": {}, "turn_number": 1.0})",
          R"({"request": {}, "response": {}, "turn_number": "1"})",
          R"({"request": {}, "response": {}, "timestamp": 7})",
          R"({"request": {}, "response": {}, "driver_reasoning": null})"}) {
        CHECK(refused<rp::turn>(text) == shard_errc::wrong_type);
    }
    CHECK(refused<rp::turn>(R"({"response": {}})") == shard_errc::missing_field);
    CHECK(refused<rp::turn>(R"({"request": {}})") == shard_errc::missing_field);
    CHECK(refused<rp::eval_result>("{}") == shard_errc::missing_field);
    CHECK(refused<rp::eval_result>(R"({"outcome": "DETECTED"})") == shard_errc::unknown_value);
    CHECK(refused<rp::turn>(R"({"request": {}, "response": {}, "turn_number": 2147483648})") ==
          shard_errc::out_of_range);
    CHECK(read<rp::turn>(R"({"request": {"attachments": [{}, {"id": 1}]}, "response": {}})").error().pointer ==
          "/request/attachments/1/id");
}

TEST_CASE("an attachment becomes text without a file, and its metadata says what it was [B72]") {
    auto const p = read<rp::payload>(
        R"({"content": "a cat", "id": "p", "format": "image", "artifact": "/tmp/cat.png", "metadata": {"k": 1}})");
    REQUIRE(p.has_value());
    CHECK(p->format == rp::payload_format::text);
    CHECK_FALSE(p->artifact.has_value());
    CHECK(p->content == "a cat");
    CHECK(p->meta == rp::metadata{{"k", 1},
                                  {"_rampart_worker_format", "image"},
                                  {"_rampart_worker_artifact_path", "/tmp/cat.png"}});
    // A second passage keeps what the first one wrote.
    CHECK(*read<rp::payload>(written(*p)) == *p);
    CHECK(read<rp::payload>(R"({"format": "html", "metadata": {"_rampart_worker_format": "pdf"}})")->meta ==
          rp::metadata{{"_rampart_worker_format", "pdf"}});
    CHECK(read<rp::payload>(R"({"format": "text"})")->meta.empty());
    CHECK(refused<rp::payload>(R"({"format": null})") == shard_errc::wrong_type);
    CHECK(refused<rp::payload>(R"({"artifact": 1})") == shard_errc::wrong_type);
}

TEST_CASE("a request without prompt and attachment has an empty prompt [A.1.7]") {
    CHECK(read<rp::request>(R"({"prompt": null, "attachments": []})")->prompt == "");
    CHECK_FALSE(read<rp::request>(R"({"prompt": null, "attachments": [{}]})")->prompt.has_value());
}

TEST_CASE("a timestamp stays as it is spelt; what is none goes beside it and comes back [A.1.5, B61]") {
    for (std::string const good : {"2026-03-19T23:30:00.000001+05:30", "2026-W12-4 21Z"}) {
        auto const t = read<rp::turn>(R"({"request": {}, "response": {}, "timestamp": ")" + good + "\"}");
        REQUIRE(t.has_value());
        CHECK(t->timestamp == good);
    }
    CHECK(refused<rp::turn>(R"({"request": {}, "response": {}, "timestamp": "yesterday"})") ==
          shard_errc::bad_timestamp);
    CHECK(refused<rp::tool_call>(R"({"timestamp": ""})") == shard_errc::bad_timestamp);

    rp::turn t = *read<rp::turn>(bare_turn);
    t.timestamp = "yesterday";
    t.response.tool_calls = {{.name = "f", .timestamp = "12:30"}};
    auto const text = written(t);
    CHECK(text.ends_with(R"("timestamp": null, "driver_reasoning": "", "rampart_timestamp": "yesterday"})"));
    CHECK(text.find(R"("result": null, "timestamp": null, "rampart_timestamp": "12:30"})") != std::string::npos);
    CHECK(*read<rp::turn>(text) == t);
}
