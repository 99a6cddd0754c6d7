#include "rampart/sinks/json_file.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "rampart/report/sink.hpp"
#include "rampart/transport/merge.hpp"
#include "rampart/transport/wire.hpp"
#include "report/samples.hpp"
#include "sinks/sample_run.hpp"
#include "sinks/scratch.hpp"

namespace {

namespace rp = rampart;
using boost::json::object;
using boost::json::value;
using samples::id;

/// Evidence of one's own: with it the result has no transcript.
struct score {
    double points = 0.0;
};
void tag_invoke(boost::json::value_from_tag, value& out, score const& s) { out = {{"points", s.points}}; }
[[maybe_unused]] score tag_invoke(boost::json::value_to_tag<score>, value const& v) {
    return {v.at("points").as_double()};
}

/// A result type whose conversion fails for one value.
struct fragile {
    int number = 0;
};
void tag_invoke(boost::json::value_from_tag, value& out, fragile const& f) {
    if (f.number == 2) throw std::runtime_error("two is not to be had");
    if (f.number == 3) throw 3;
    out = f.number;
}

value json_of(auto const& session) { return boost::json::parse(rp::to_json_text(rp::build_report(session))); }

value only_result(rp::result r) {
    rp::session s;
    s.absorb(id("t"), {}, {std::move(r)});
    return json_of(s).at("by_harm_category").as_object().begin()->value().at(0);
}

std::vector<std::string> keys(value const& v) {
    std::vector<std::string> names;
    for (auto const& member : v.as_object()) names.emplace_back(std::string_view(member.key()));
    return names;
}

using strings = std::vector<std::string>;

}  // namespace

template <>
struct rampart::result_traits<fragile> {
    static safety_status status(fragile const&) { return safety_status::safe; }
    static std::string_view summary(fragile const&) { return "s"; }
    static std::string_view harm_category(fragile const&) { return ""; }
};

TEST_CASE("the report of a run that has one of everything is the golden file, byte for byte [B97, B98, B100, B101]") {
    auto const path = std::filesystem::path(__FILE__).parent_path() / "../golden/report.json";
    std::string const wanted = samples::read_file(path.string());
    std::string const found = rp::to_json_text(rp::build_report(samples::sample_run()));
    auto const at = std::mismatch(wanted.begin(), wanted.end(), found.begin(), found.end()).first - wanted.begin();
    auto const from = static_cast<std::size_t>(std::max<std::ptrdiff_t>(at - 40, 0));
    CHECK_MESSAGE(found == wanted, "differs at byte " << at << ": " << found.substr(from, 80));
}

TEST_CASE("Python's keys stand first, in its order, ours after them [B101]") {
    auto const document = json_of(samples::sample_run());
    CHECK(keys(document) == strings{"total_runs", "passed", "failed", "undetermined", "errors", "duration_seconds",
                                    "metadata", "population_summary", "by_harm_category", "schema", "trial_groups",
                                    "faults", "tests"});
    CHECK(keys(document.at("population_summary")) == strings{"total_runs", "safe_count", "unsafe_count",
                                                             "undetermined_count", "error_count", "attack_success_rate",
                                                             "safety_pass_rate"});
    auto const& result = document.at("by_harm_category").at("data_exfiltration").at(0);
    CHECK(keys(result) == strings{"safe", "status", "summary", "harm_category", "strategy", "duration_seconds",
                                  "metadata", "turns", "nodeid", "observability_level", "injections"});
    CHECK(keys(result.at("turns").at(0)) == strings{"turn_number", "prompt", "response_text", "response_metadata",
                                                    "tool_calls", "side_effects", "eval_outcome", "eval_confidence",
                                                    "eval_rationale", "driver_reasoning", "attachments", "timestamp",
                                                    "eval_evidence"});
    CHECK(document.at("schema") == "rampart.report.v1");
}

TEST_CASE("a turn has its optional keys only when there is something to say [B98]") {
    rp::result r = samples::safe();
    r.evidence.turns = {rp::turn{.request = {.prompt = "p"}, .response = {.text = "r"}, .turn_number = 4},
                        rp::turn{.evaluation = rp::eval_result{}}};
    auto const turns = only_result(r).at("turns");
    CHECK(keys(turns.at(0)) == strings{"turn_number", "prompt", "response_text", "response_metadata"});
    CHECK(turns.at(0).at("turn_number") == 4);
    CHECK(keys(turns.at(1)) == strings{"turn_number", "prompt", "response_text", "response_metadata", "eval_outcome",
                                       "eval_confidence", "eval_rationale"});
    CHECK(turns.at(1).at("prompt").is_null());
}

TEST_CASE("run metadata is in the report; an incomplete run says so and why, a complete empty one has {} [B83, B100]") {
    rp::session s;
    CHECK(json_of(s).at("metadata") == object{});
    s.set_report_metadata({{"commit", "abc"}});
    s.mark_incomplete("worker gw1 is missing");
    s.mark_incomplete("a disk was lost");
    CHECK(json_of(s).at("metadata") == value{{"commit", "abc"},
                                             {"incomplete", true},
                                             {"incomplete_reasons", {"a disk was lost", "worker gw1 is missing"}}});
    CHECK(json_of(s).at("faults").as_array().size() == 2);
}

TEST_CASE("the bookkeeping keys stand after the user's, and replace a user's key at its place [B31, B97]") {
    rp::result r = samples::safe();
    r.meta = {{"_pytest_nodeid", "a lie"}, {"mine", 1}};
    rp::session worker;
    worker.absorb(id("f::real"), {}, {r}, {.name = "real"});
    rp::session hub;
    hub.merge_worker_results(worker.to_shard("gw3"));
    auto const meta = json_of(hub).at("by_harm_category").at("uncategorized").at(0).at("metadata");
    CHECK(keys(meta) ==
          strings{"_pytest_nodeid", "mine", "_pytest_test_name", "_rampart_result_index", "_rampart_source_worker"});
    CHECK(meta.at("_pytest_nodeid") == "f::real");
    CHECK(meta.at("_pytest_test_name") == "real");
    CHECK(meta.at("_rampart_source_worker") == "gw3");
    CHECK_FALSE(json_of(worker)
                    .at("by_harm_category")
                    .at("uncategorized")
                    .at(0)
                    .at("metadata")
                    .as_object()
                    .contains("_rampart_source_worker"));
}

TEST_CASE("a result without a category stands under uncategorized, and its own category is null [B102]") {
    CHECK(only_result(samples::safe()).at("harm_category").is_null());
    CHECK(only_result(samples::safe("x")).at("harm_category") == "x");
}

TEST_CASE("numbers that JSON has not are null, everywhere") {
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    rp::result r = samples::safe();
    r.duration_seconds = nan;
    r.meta = {{"inf", std::numeric_limits<double>::infinity()}, {"deep", rp::metadata::array{nan}}};
    r.evidence.turns = {rp::turn{.evaluation = rp::eval_result{.confidence = nan}}};
    auto const found = only_result(r);
    CHECK(found.at("duration_seconds").is_null());
    CHECK(found.at("metadata").at("inf").is_null());
    CHECK(found.at("metadata").at("deep").at(0).is_null());
    CHECK(found.at("turns").at(0).at("eval_confidence").is_null());
}

TEST_CASE("a report is ASCII, whatever bytes an agent sent, and has no line end at its end [B101]") {
    rp::session s(rp::text_policy::keep);
    s.absorb(id("caf\xc3\xa9\xff"), {.harm_category = "\xed\xa0\x80"},
             {samples::make(rp::safety_status::safe, "\x1b[31m\xc2\x9b \xf0\x9f\x98\x80 \xe2\x80\xa8 \"\\/")});
    auto const text = rp::to_json_text(rp::build_report(s));
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c < 127); }));
    CHECK(text.find("\\u001b[31m\\u009b \\ud83d\\ude00 \\u2028 \\\"\\\\/") != std::string::npos);
    CHECK(text.find("caf\\u00e9\\ufffd") != std::string::npos);
    CHECK(text.back() == '}');
}

TEST_CASE("a result type of one's own is written by its traits, with its own JSON as value") {
    rp::basic_session<rp::basic_result<score>> s;
    rp::basic_result<score> r{.status = rp::safety_status::unsafe, .summary = "low", .evidence = {0.25}};
    r.strategy = "exam";
    r.meta = {{"k", 1}};
    s.absorb(id("t"), {.harm_category = "h"}, {r});
    auto const found = json_of(s).at("by_harm_category").at("h").at(0);
    CHECK(keys(found) == strings{"safe", "status", "summary", "harm_category", "strategy", "duration_seconds",
                                 "metadata", "turns", "nodeid", "observability_level", "injections", "value"});
    CHECK(found.at("strategy") == "exam");
    CHECK(found.at("metadata").at("k") == 1);
    CHECK(found.at("turns") == boost::json::array{});
    CHECK(found.at("observability_level").is_null());
    CHECK(found.at("value").at("rampart_evidence").at("points") == 0.25);
}

TEST_CASE("a result type that no JSON is known for is written without a value") {
    rp::basic_session<samples::finding> s;
    s.absorb(id("t"), {}, {samples::finding{1, "leaked"}});
    auto const found = json_of(s).at("by_harm_category").at("custom_product_risk").at(0);
    CHECK(found.at("status") == "unsafe");
    CHECK(found.at("summary") == "leaked");
    CHECK_FALSE(found.as_object().contains("value"));
}

TEST_CASE("a conversion of the user's own that throws costs one key, not the report [B92]") {
    rp::basic_session<fragile> s;
    s.absorb(id("t"), {}, {fragile{1}, fragile{2}, fragile{3}});
    auto const found = json_of(s).at("by_harm_category").at("uncategorized");
    CHECK(found.at(0).at("value") == 1);
    CHECK(found.at(1).at("value_error") == "the conversion threw: two is not to be had");
    CHECK(found.at(2).at("value_error") == "the conversion threw something that is no std::exception");
}

TEST_CASE("four shards give the same bytes in whatever order they are merged [B41]") {
    std::vector<rp::shard> shards;
    for (int worker = 0; worker < 4; ++worker) {
        rp::session s;
        s.absorb(id("shared"), {}, {samples::make(rp::safety_status::safe, "by " + std::to_string(worker))});
        s.absorb(id("own " + std::to_string(worker)), {.harm_category = "h" + std::to_string(worker % 2)},
                 {samples::unsafe(), samples::error()});
        samples::add_trial(s, "base", worker, 0.5, {samples::safe()});
        s.mark_incomplete("trouble " + std::to_string(worker / 2));
        shards.push_back(s.to_shard("gw" + std::to_string(worker % 3)));  // two workers were given one name
    }
    std::vector<std::size_t> order = {0, 1, 2, 3};
    std::vector<std::string> texts;
    do {
        rp::session hub;
        for (std::size_t i : order) hub.merge_worker_results(shards[i]);
        texts.push_back(rp::to_json_text(rp::build_report(hub)));
    } while (std::next_permutation(order.begin(), order.end()));
    REQUIRE(texts.size() == 24);
    CHECK(std::count(texts.begin(), texts.end(), texts.front()) == 24);
}

TEST_CASE("one emission writes one run_report file with the report in it, two write two [B99]") {
    scratch::folder const dir;
    auto const report = rp::build_report(samples::sample_run());
    rp::json_file_report_sink sink{dir / "a/b"};
    CHECK(sink.last_file().empty());
    auto const before = rp::file_time(std::chrono::system_clock::now());
    sink.emit(report);
    auto const first = sink.last_file();
    sink.emit(report);
    auto const after = rp::file_time(std::chrono::system_clock::now());
    CHECK(scratch::entries(dir / "a/b").size() == 2);
    CHECK(sink.last_file() != first);
    CHECK(scratch::text_of(first) == rp::to_json_text(report));
    CHECK(scratch::text_of(sink.last_file()) == rp::to_json_text(report));
    auto const name = first.filename().string();
    CHECK(name >= "run_report_" + before + ".json");
    CHECK(name <= "run_report_" + after + ".json");
}

TEST_CASE("a sink for one file replaces it with each report [B99]") {
    scratch::folder const dir;
    auto sink = rp::json_file_report_sink::to_file(dir / "new/rampart.json");
    sink.emit(rp::build_report(rp::session()));
    auto const report = rp::build_report(samples::sample_run());
    sink.emit(report);
    CHECK(scratch::entries(dir / "new") == std::set<std::string>{"rampart.json"});
    CHECK(scratch::text_of(dir / "new/rampart.json") == rp::to_json_text(report));
    CHECK(sink.last_file() == dir / "new/rampart.json");
}

TEST_CASE("a report that cannot be written is a failure that names the sink and the file [B92]") {
    scratch::folder const dir;
    rp::write_file(dir / "file", "x");
    std::vector<rp::any_sink> sinks;
    sinks.emplace_back(rp::json_file_report_sink{dir / "file"});
    sinks.emplace_back(rp::json_file_report_sink::to_file(dir / "good.json"));
    auto const failures = rp::emit_all(rp::build_report(rp::session()), sinks);
    REQUIRE(failures.size() == 1);
    CHECK(failures.front().sink == "json file " + (dir / "file").string());
    CHECK(failures.front().what.find("Not a directory") != std::string::npos);
    CHECK(std::filesystem::exists(dir / "good.json"));
}

TEST_CASE("one process and a merged payload give the same bytes, attachments and deep metadata included [B72, B96]") {
    rampart::result r{.status = rampart::safety_status::safe, .summary = "declined \x1b[31m\r\n"};
    r.meta = {{"deep", {{"a", {{"b", {{"c", {{"d", {{"e", {{"f", {{"g", 1}}}}}}}}}}}}}}}};
    r.evidence.turns = {rampart::turn{
        .request = {.prompt = "read this",
                    .attachments = {{.content = "<p>", .id = "a", .format = rampart::payload_format::html},
                                    {.id = "b", .format = rampart::payload_format::pdf, .artifact = "/tmp/x.pdf"},
                                    {.content = "plain", .id = "c", .meta = {{"persona", "eve"}}}}},
        .response = {.text = "no"}}};
    rampart::session serial;
    serial.absorb(rampart::test_id{"a.cpp::reads"}, {.harm_category = "jailbreak"}, {r});
    rampart::session hub;
    REQUIRE(rampart::merge(hub, "", rampart::serialize_or_marker(serial)).has_value());
    auto const text = rampart::to_json_text(rampart::build_report(serial));
    CHECK(rampart::to_json_text(rampart::build_report(hub)) == text);
    CHECK(text.find("\"format\": \"html\"") != std::string::npos);
    CHECK(text.find("/tmp/x.pdf") != std::string::npos);
    CHECK(text.find("_rampart_worker_format") == std::string::npos);
}
