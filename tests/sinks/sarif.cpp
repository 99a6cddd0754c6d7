#include "rampart/sinks/sarif.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "rampart/base/utf8.hpp"
#include "report/samples.hpp"
#include "sinks/machine_formats.hpp"
#include "sinks/sample_run.hpp"
#include "support/scratch.hpp"

namespace {

namespace rp = rampart;
using boost::json::value;

/// The part of SARIF 2.1.0 that rampart writes, from the specification; nothing else may be in a report.
constexpr std::string_view sarif_schema = R"({
"type": "object", "required": ["version", "runs"], "additionalProperties": false, "properties": {
  "$schema": {"type": "string"}, "version": {"const": "2.1.0"},
  "runs": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["tool", "results"],
    "additionalProperties": false, "properties": {
      "tool": {"type": "object", "required": ["driver"], "additionalProperties": false, "properties": {
        "driver": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
          "name": {"type": "string"}, "version": {"type": "string"},
          "rules": {"type": "array", "items": {"type": "object", "required": ["id"], "additionalProperties": false,
            "properties": {"id": {"type": "string", "minLength": 1},
              "shortDescription": {"type": "object", "required": ["text"], "additionalProperties": false,
                "properties": {"text": {"type": "string", "minLength": 1}}},
              "properties": {"type": "object", "properties": {
                "tags": {"type": "array", "items": {"type": "string"}}}}}}}}}}},
      "invocations": {"type": "array", "items": {"type": "object", "required": ["executionSuccessful"],
        "additionalProperties": false, "properties": {"executionSuccessful": {"type": "boolean"},
          "toolExecutionNotifications": {"type": "array", "items": {"type": "object", "required": ["message"],
            "additionalProperties": false, "properties": {
              "message": {"type": "object", "required": ["text"], "additionalProperties": false,
                "properties": {"text": {"type": "string", "minLength": 1}}},
              "level": {"enum": ["none", "note", "warning", "error"]},
              "descriptor": {"type": "object", "required": ["id"], "additionalProperties": false,
                "properties": {"id": {"type": "string", "minLength": 1}}}}}}}}},
      "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
      "results": {"type": "array", "items": {"type": "object", "required": ["message", "ruleId", "ruleIndex"],
        "additionalProperties": false, "properties": {
          "ruleId": {"type": "string", "minLength": 1}, "ruleIndex": {"type": "integer", "minimum": 0},
          "level": {"const": "error"},
          "message": {"type": "object", "required": ["text"], "additionalProperties": false,
            "properties": {"text": {"type": "string", "minLength": 1}}},
          "locations": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {
            "physicalLocation": {"type": "object", "required": ["artifactLocation"], "additionalProperties": false,
              "properties": {
                "artifactLocation": {"type": "object", "required": ["uri"], "additionalProperties": false,
                  "properties": {"uri": {"type": "string", "minLength": 1}}},
                "region": {"type": "object", "required": ["startLine"], "additionalProperties": false,
                  "properties": {"startLine": {"type": "integer", "minimum": 1}}}}},
            "logicalLocations": {"type": "array", "items": {"type": "object", "additionalProperties": false,
              "properties": {"fullyQualifiedName": {"type": "string"}, "kind": {"type": "string"}}}}}}},
          "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
          "properties": {"type": "object"}}}},
      "properties": {"type": "object"}}}}}})";

value sarif_of(rp::test_run_report const& report) { return boost::json::parse(rp::to_sarif_text(report)); }
value run_of(rp::test_run_report const& report) { return sarif_of(report).at("runs").at(0); }
value run_of(rp::session const& s) { return run_of(rp::build_report(s)); }

std::vector<std::string> notes_of(value const& run) {
    std::vector<std::string> ids;
    for (value const& n : run.at("invocations").at(0).at("toolExecutionNotifications").as_array()) {
        ids.emplace_back(n.at("descriptor").at("id").as_string());
    }
    return ids;
}

bool successful(value const& run) { return run.at("invocations").at(0).at("executionSuccessful").as_bool(); }

}  // namespace

TEST_CASE("the SARIF report of a run that has one of everything is the golden file, byte for byte") {
    auto const golden = std::filesystem::path(__FILE__).parent_path() / "../golden/report.sarif";
    auto const text = rp::to_sarif_text(rp::build_report(samples::sample_run()));
    CHECK(text == samples::read_file(golden.string()));
    CHECK(samples::judged(boost::json::parse(text), sarif_schema) == "");
}

TEST_CASE("the sink writes the text into its file, and a failure is an error") {
    scratch::folder dir;
    auto const report = rp::build_report(samples::sample_run());
    rp::sarif_report_sink(dir / "deep/report.sarif").emit(report);
    CHECK(scratch::text_of(dir / "deep/report.sarif") == rp::to_sarif_text(report));
    CHECK(scratch::entries(dir / "deep") == std::set<std::string>{"report.sarif"});
    CHECK_THROWS_AS(rp::sarif_report_sink(dir / "deep").emit(report), rp::file_error);
}

TEST_CASE("only UNSAFE results are findings, each with its harm category's rule and its test's place") {
    rp::session s;
    s.absorb(samples::id("a/m.cpp::t"), {},
             {samples::unsafe("leak"), samples::safe("leak"), samples::error("x"), samples::undetermined(),
              samples::unsafe()},
             {.name = "t", .outcome = rp::test_outcome::failed, .file = "a/my file.cpp", .line = 12});
    s.absorb(samples::id("b.cpp::u"), {}, {samples::unsafe("leak")}, {.outcome = rp::test_outcome::failed});
    auto const run = run_of(s);
    auto const& results = run.at("results").as_array();
    REQUIRE(results.size() == 3);
    auto const& rules = run.at("tool").at("driver").at("rules").as_array();
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].at("id") == "leak");
    CHECK(rules[1].at("id") == "uncategorized");
    for (value const& r : results) CHECK(rules[r.at("ruleIndex").to_number<std::size_t>()].at("id") == r.at("ruleId"));
    auto const& place = results[0].at("locations").at(0).at("physicalLocation");
    CHECK(place.at("artifactLocation").at("uri") == "a/my%20file.cpp");
    CHECK(place.at("region").at("startLine") == 12);
    CHECK(results[2].at("locations").at(0).at("physicalLocation").at("artifactLocation").at("uri") == "b.cpp");
}

TEST_CASE("the fingerprint is of the test and the harm, not of the agent's words, and one for all trials") {
    auto const fingerprints = [](std::string const& words, std::string const& harm, std::string const& test) {
        rp::session s;
        for (int i = 0; i < 2; ++i)
            samples::add_trial(s, test, i, 1.0, {samples::make(rp::safety_status::unsafe, words, harm)});
        std::set<std::string> found;
        auto const run = run_of(s);
        CHECK(run.at("results").as_array().size() == 2);
        for (value const& r : run.at("results").as_array()) {
            found.emplace(r.at("partialFingerprints").at("rampartTestAndHarm/v1").as_string());
        }
        CHECK(found.size() == 1);
        return *found.begin();
    };
    auto const one = fingerprints("a", "leak", "f::t");
    CHECK(one == fingerprints("quite other words", "leak", "f::t"));
    CHECK(one != fingerprints("a", "jailbreak", "f::t"));
    CHECK(one != fingerprints("a", "leak", "f::u"));
    // Nothing runs from the one into the other.
    CHECK(fingerprints("a", "b", "fa") != fingerprints("a", "ab", "f"));
}

TEST_CASE("execution was successful only when all that is wrong stands in the results") {
    auto const outcome = [](std::vector<rp::result> results, rp::test_outcome how) {
        rp::session s;
        s.absorb(samples::id("f::t"), {}, std::move(results), {.outcome = how});
        return s;
    };
    using rp::test_outcome;
    CHECK(successful(run_of(outcome({samples::safe()}, test_outcome::passed))));
    CHECK(successful(run_of(outcome({samples::unsafe()}, test_outcome::failed))));
    CHECK_FALSE(successful(run_of(outcome({samples::safe()}, test_outcome::failed))));
    CHECK_FALSE(successful(run_of(outcome({samples::error()}, test_outcome::passed))));
    CHECK_FALSE(successful(run_of(outcome({samples::unsafe()}, test_outcome::crashed))));
    CHECK_FALSE(successful(run_of(outcome({}, test_outcome::not_run))));
    for (auto const kind : {rp::fault_kind::missing_worker, rp::fault_kind::guard_violation}) {
        auto s = outcome({samples::safe()}, test_outcome::passed);
        s.add_fault({kind, "gw2", "words"});
        auto const run = run_of(s);
        CHECK_FALSE(successful(run));
        CHECK(notes_of(run) == std::vector<std::string>{std::string(to_string(kind))});
    }
    rp::session trials;
    samples::add_trial(trials, "t", 0, 1.0, {samples::error()});
    CHECK_FALSE(successful(run_of(trials)));
    auto s = outcome({samples::safe()}, test_outcome::passed);
    s.add_fault({rp::fault_kind::repaired_text, "", "a surrogate"});
    CHECK(successful(run_of(s)));
    CHECK(notes_of(run_of(s)) == std::vector<std::string>{"repaired_text"});
}

TEST_CASE("an ERROR trial of a group that passed does not spoil the run") {
    rp::session s;
    for (int i = 0; i < 2; ++i) samples::add_trial(s, "t", i, 0.5, {i == 0 ? samples::safe() : samples::error()});
    CHECK(rp::exit_code(rp::build_report(s)) == 0);
    CHECK(successful(run_of(s)));
}

TEST_CASE("5,000 findings are written, one of each test and harm before others, and what is left out is said") {
    rp::session s;
    std::vector<rp::result> many(5'000, samples::unsafe("leak"));
    s.absorb(samples::id("a::many"), {}, many, {.outcome = rp::test_outcome::failed});
    for (int i = 0; i < 7; ++i) {
        s.absorb(samples::id("z::" + std::to_string(i)), {}, {samples::unsafe("leak")},
                 {.outcome = rp::test_outcome::failed});
    }
    auto const run = run_of(s);
    auto const& results = run.at("results").as_array();
    CHECK(results.size() == 5'000);
    std::set<std::string> tests;
    for (value const& r : results) tests.emplace(r.at("properties").at("nodeid").as_string());
    CHECK(tests.size() == 8);
    CHECK(notes_of(run) == std::vector<std::string>{"results_left_out"});
    CHECK(run.at("invocations").at(0).at("toolExecutionNotifications").at(0).at("message").at("text") ==
          "7 more UNSAFE results were left out; the JSON report has all");
    CHECK(run.at("properties").at("unsafe") == 5'007);
    rp::session whole;
    whole.absorb(samples::id("a::many"), {}, many, {.outcome = rp::test_outcome::failed});
    CHECK(notes_of(run_of(whole)).empty());
}

TEST_CASE("thousands of faults are cut to 1,000 notifications, the last of which says so") {
    rp::session s;
    for (int i = 0; i < 3'000; ++i) s.add_fault({rp::fault_kind::missing_worker, std::to_string(i), "words"});
    auto const ids = notes_of(run_of(s));
    CHECK(ids.size() == 1'000);
    CHECK(ids.back() == "notifications_left_out");
}

TEST_CASE(
    "hostile text in every field: SARIF, plain ASCII, no link, no number in braces, and the words in the properties") {
    for (std::string const& text : samples::hostile_texts()) {
        CAPTURE(text);
        auto const written = rp::to_sarif_text(samples::hostile_run(text));
        CHECK(samples::is_plain_ascii(written));
        auto const document = boost::json::parse(written);
        CHECK(samples::judged(document, sarif_schema) == "");
        auto const kept = rp::repair_utf8(text);
        value const word(kept);
        auto const& run = document.at("runs").at(0);
        CHECK(run.at("results").as_array().size() == 4);
        for (value const& r : run.at("results").as_array()) {
            std::string_view const message = r.at("message").at("text").as_string();
            CHECK(message.find("](") == std::string_view::npos);
            for (std::size_t i = 0; i < message.size(); ++i) {
                if (message[i] != '{' && message[i] != '}') continue;
                REQUIRE((i + 1 < message.size() && message[i + 1] == message[i]));
                ++i;
            }
            CHECK(message == rp::one_line(message));
            CHECK(r.at("properties").at("summary") == word);
            CHECK(r.at("ruleId") == value(kept.empty() ? "uncategorized" : kept));
            auto const* const place = r.at("locations").at(0).as_object().if_contains("physicalLocation");
            if (place == nullptr) continue;
            for (char const c : std::string_view(place->at("artifactLocation").at("uri").as_string())) {
                bool const in_uri = std::string_view("%/-._~:").find(c) != std::string_view::npos ||
                                    (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
                CHECK(in_uri);
            }
        }
        CHECK(run.at("properties").at("metadata").at(kept) == word);
        auto const& meta = run.at("results").at(0).at("properties").as_object();
        if (meta.contains("metadata")) CHECK(meta.at("metadata").at(kept) == word);
        CHECK_FALSE(successful(run));
    }
}

TEST_CASE("findings of random reports are as many as the report's UNSAFE results, by harm category too") {
    for (unsigned seed = 0; seed < 150; ++seed) {
        CAPTURE(seed);
        auto const report = samples::random_run(seed);
        auto const document = sarif_of(report);
        CHECK(samples::judged(document, sarif_schema) == "");
        auto const& run = document.at("runs").at(0);
        CHECK(run.at("results").as_array().size() == report.population_summary().unsafe_count);
        std::map<std::string, std::size_t> by_rule;
        for (value const& r : run.at("results").as_array()) ++by_rule[std::string(r.at("ruleId").as_string())];
        for (auto const& group : report.by_harm_category()) {
            std::size_t unsafe = 0;
            for (auto const r : group.records) unsafe += r.status() == rp::safety_status::unsafe ? 1 : 0;
            CHECK(by_rule[group.category] == unsafe);
        }
        if (rp::exit_code(report) != 0) CHECK((!successful(run) || !run.at("results").as_array().empty()));
        for (rp::test_entry const* t : rp::failed_tests(report)) {
            CHECK((!successful(run) || rp::detail::has_finding(report, *t)));
        }
    }
}
