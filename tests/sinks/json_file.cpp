#include "rampart/sinks/json_file.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
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
#include "sinks/foreign_run.hpp"
#include "sinks/sample_run.hpp"
#include "sinks/sharded_run.hpp"
#include "support/foreign.hpp"
#include "support/scratch.hpp"

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

/// Takes a report in pieces and remembers how long they were.
struct pieces {
    std::string text{};
    std::size_t longest = 0;
    std::size_t count = 0;
    void write(std::string_view more) {
        longest = std::max(longest, more.size());
        ++count;
        text += more;
    }
};

/// The report of a session in which this text stands everywhere, and what is found in it at all these places.
struct everywhere {
    value document;
    std::vector<std::string> found{};
};
everywhere text_everywhere(rp::text_policy policy, std::string const& text, std::string const& key) {
    rp::session s(policy);
    s.set_report_metadata({{text, text}, {"in", rp::metadata{{text, text}}}});
    s.absorb(id("t/" + text), {.harm_category = "h/" + text}, {foreign::result_of(rp::safety_status::unsafe, text)},
             {.name = "n/" + text, .outcome = rp::test_outcome::failed, .file = text + ".", .detail = text + "."});
    samples::add_trial(s, "g/" + text, 0, 1.0, {samples::safe()});
    s.add_fault({rp::fault_kind::incomplete, text, text});
    everywhere all{json_of(s)};
    auto const& run = all.document;
    auto const add = [&all](value const& v) { all.found.emplace_back(v.as_string()); };
    // What has a text around it is looked at without that.
    auto const add_part = [&all](std::string_view whole, std::string_view before, std::string_view after = {}) {
        REQUIRE(whole.starts_with(before));
        REQUIRE(whole.ends_with(after));
        all.found.emplace_back(whole.substr(before.size(), whole.size() - before.size() - after.size()));
    };
    auto const add_object = [&](value const& object) {
        add(object.at(key));
        add(object.at("in " + key).at(key).at(0));
    };
    add(run.at("metadata").at(key));
    add(run.at("metadata").at("in").at(key));
    add(run.at("faults").at(0).at("where"));
    add(run.at("faults").at(0).at("what"));
    auto const& group = run.at("trial_groups").at(0);
    add_part(group.at("base_nodeid").as_string(), "g/");
    add_part(group.at("clone_nodeids").at(0).as_string(), "g/", "[trial-0]");
    auto const& test = run.at("tests").at(1);
    add_part(test.at("nodeid").as_string(), "t/");
    add_part(test.at("name").as_string(), "n/");
    add_part(test.at("file").as_string(), "", ".");
    add_part(test.at("detail").as_string(), "", ".");
    auto const& result = run.at("by_harm_category").at("h/" + key).at(0);
    add(result.at("summary"));
    add(result.at("strategy"));
    add_part(result.at("harm_category").as_string(), "h/");
    add_part(result.at("nodeid").as_string(), "t/");
    add_part(result.at("metadata").at("_pytest_test_name").as_string(), "n/");
    add_part(result.at("metadata").at("_pytest_nodeid").as_string(), "t/");
    add_object(result.at("metadata"));
    add(result.at("injections").at(0).at("payload_id"));
    add(result.at("injections").at(0).at("surface_name"));
    auto const& turn = result.at("turns").at(0);
    add(turn.at("prompt"));
    add(turn.at("response_text"));
    add_object(turn.at("response_metadata"));
    add(turn.at("tool_calls").at(0).at("name"));
    add(turn.at("tool_calls").at(0).at("result"));
    add_object(turn.at("tool_calls").at(0).at("arguments"));
    add(turn.at("side_effects").at(0).at("kind"));
    add_object(turn.at("side_effects").at(0).at("details"));
    add(turn.at("eval_rationale"));
    add(turn.at("eval_evidence").at(0));
    if (!text.empty()) add(turn.at("driver_reasoning"));
    add(turn.at("attachments").at(0).at("content"));
    add(turn.at("attachments").at(0).at("id"));
    add_object(turn.at("attachments").at(0).at("metadata"));
    add(turn.at("timestamp"));
    return all;
}

/// `\x1b` and its like as the characters that they stand for.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at, 2) != "\\x") {
            out += text[at++];
            continue;
        }
        auto const code = std::stoul(std::string(text.substr(at + 2, 2)), nullptr, 16);
        if (code >= 0x80) out += '\xc2';
        out += static_cast<char>(code);
        at += 4;
    }
    return out;
}

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

TEST_CASE("whatever was recorded, in whatever field, comes back byte for byte when the text is kept") {
    for (std::string const& text : foreign::attacks()) {
        CAPTURE(text);
        // JSON is Unicode: bytes that are no UTF-8 cannot stand in it, and each such part is one U+FFFD.
        auto const kept = rp::repair_utf8(text);
        auto const all = text_everywhere(rp::text_policy::keep, text, kept);
        CHECK(all.found.size() >= 34);
        for (std::string const& found : all.found) CHECK(found == kept);
    }
}

TEST_CASE("and when it is escaped, each control character is there as text, so nothing of it is lost") {
    std::size_t changed = 0;
    for (std::string const& text : foreign::attacks()) {
        CAPTURE(text);
        auto const kept = rp::repair_utf8(rp::escape(text));
        auto const all = text_everywhere(rp::text_policy::escape, text, kept);
        for (std::string const& found : all.found) {
            CHECK(found == kept);
            CHECK(rp::escape(found) == found);
            // A text that has such words of its own cannot be told from them.
            if (!foreign::has(text, "\\x")) CHECK(unescaped(found) == rp::repair_utf8(text));
        }
        changed += kept != rp::repair_utf8(text) ? 1 : 0;
    }
    CHECK(changed > 10);
}

TEST_CASE("harm categories that differ in broken UTF-8 only are one list, so that no reader loses a result") {
    rp::session s(rp::text_policy::keep);
    s.absorb(id("a"), {.harm_category = "\xc3"}, {samples::safe()});
    s.absorb(id("b"), {.harm_category = "plain"}, {samples::safe()});
    s.absorb(id("c"), {.harm_category = "\xe2\x82"}, {samples::unsafe()});
    s.absorb(id("d"), {.harm_category = "\xc3"}, {samples::error()});
    auto const groups = json_of(s).at("by_harm_category");
    CHECK(keys(groups) == strings{"\xef\xbf\xbd", "plain"});
    strings ids;
    for (value const& r : groups.at("\xef\xbf\xbd").as_array()) ids.emplace_back(r.at("nodeid").as_string());
    CHECK(ids == strings{"a", "c", "d"});
}

TEST_CASE("a big report is written in pieces: of 20 MB no more than 80 kB are ever together") {
    rp::test_run_report report;
    for (int i = 0; i < 2000; ++i) {
        auto r = samples::make(static_cast<rp::safety_status>(i % 4), "s", "h" + std::to_string(i % 3));
        r.evidence.turns.resize(
            2, rp::turn{.request = {.prompt = std::string(1000, 'p')}, .response = {.text = std::string(4000, 't')}});
        auto const test = id("f::" + std::to_string(10'000 + i));
        report.tests.push_back({.test = test, .results = 1});
        report.results.push_back({.test = test, .harm_category = r.harm_category, .value = std::move(r)});
        report.faults.push_back({rp::fault_kind::incomplete, "w", std::to_string(10'000 + i)});
    }
    pieces out;
    rp::write_json_report(report, out);
    CHECK(out.text.size() > 20'000'000);
    CHECK(out.longest < 80'000);
    CHECK(out.count > 200);
    CHECK((out.text == rp::to_json_text(report)));

    // The sink as well: a device that is full refuses the first piece, and the error says how much was written by then.
    if (!std::filesystem::exists("/dev/full")) {
        MESSAGE("SKIPPED: there is no /dev/full");
        return;
    }
    auto sink = rp::json_file_report_sink::to_file("/dev/full");
    try {
        sink.emit(report);
        FAIL("nothing was refused");
    } catch (rp::file_error const& e) {
        std::string const words = e.what();
        auto const at = words.find("writing ");
        REQUIRE(at != std::string::npos);
        CHECK(std::stoul(words.substr(at + 8)) < 80'000);
    }
}

TEST_CASE("one result of 16 MB is written in pieces too, between its turns and between a turn's tool calls") {
    rp::test_run_report report;
    auto r = samples::unsafe("h");
    rp::turn const small{.response = {.text = std::string(8000, 't')}};
    r.evidence.turns.resize(1000, small);
    r.evidence.turns[500].response.tool_calls.resize(1000, {.name = "read", .result = std::string(8000, 'r')});
    report.results.push_back({.test = id("t"), .harm_category = "h", .value = std::move(r)});
    pieces out;
    rp::write_json_report(report, out);
    CHECK(out.text.size() > 16'000'000);
    CHECK(out.longest < 80'000);
}

namespace {
object parsed(rp::test_run_report const& report) { return boost::json::parse(rp::to_json_text(report)).as_object(); }
}  // namespace

TEST_CASE("the shards of a merged run stand last, and a run of one process has none") {
    auto const report = parsed(rp::build_report(samples::sample_run()));
    CHECK_FALSE(report.contains("shards"));
    auto const merged = parsed(samples::sharded_report());
    CHECK(std::prev(merged.end())->key() == "shards");
    CHECK(merged.at("shards").as_array()[1] == boost::json::parse(R"({
        "state": "superseded", "part": 2, "parts": 4, "attempt": 1, "run": "night", "worker": "shard-2-of-4",
        "host": "east", "pid": 12, "started": "2026-11-21T08:30:00+00:00", "planned": 2, "ran": 1, "failed": 0,
        "results": 1, "unsafe": 0, "errors": 0, "seconds": 0.5})"));
    CHECK(merged.at("shards").as_array()[3] ==
          boost::json::parse(R"({"state": "never_began", "part": 3, "parts": 4, "run": "night"})"));
    CHECK(merged.at("shards").as_array()[4].at("not_run") == 2);
    // Parts that never began and are neighbours have one row.
    rp::session hub;
    hub.merge_worker_results({.worker = "w", .plans = {{.run = "r", .index = 0, .count = 9, .closed = true}}});
    CHECK(parsed(rp::build_report(hub)).at("shards").as_array()[1] ==
          boost::json::parse(R"({"state": "never_began", "part": 2, "last_part": 9, "parts": 9, "run": "r"})"));
}

TEST_CASE("journals give the same report in whatever order they come, twice, and as one payload [B41, C]") {
    scratch::folder const dir;
    auto files = samples::write_sharded_run(dir / "journals");
    auto const wanted = rp::to_json_text(samples::sharded_report());
    std::sort(files.begin(), files.end());
    auto const places_apart = [&dir](std::string text) {
        // The journals of the other report lay in another folder.
        return foreign::replaced(std::move(text), dir.path().string(), "");
    };
    std::string first;
    do {
        rp::session hub;
        for (auto const& file : files) CHECK(rp::merge_file(hub, file));
        for (auto const& file : files) CHECK(rp::merge_file(hub, file));
        auto const text = places_apart(rp::to_json_text(rp::build_report(hub)));
        if (first.empty()) first = text;
        CHECK(text == first);
        rp::session top;
        CHECK(rp::merge(top, "", *rp::serialize_worker_data(hub)));
        auto const shards = [](std::string const& report) { return report.substr(report.find("\"shards\"")); };
        CHECK(shards(rp::to_json_text(rp::build_report(top))) == shards(wanted));
        CHECK(shards(text) == shards(wanted));
    } while (std::next_permutation(files.begin(), files.end()));
}
