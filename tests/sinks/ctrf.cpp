#include "rampart/sinks/ctrf.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "rampart/base/utf8.hpp"
#include "report/samples.hpp"
#include "sinks/counts.hpp"
#include "sinks/machine_formats.hpp"
#include "sinks/sample_run.hpp"
#include "support/scratch.hpp"

namespace {

namespace rp = rampart;
using boost::json::value;

/// Written down from the specification of CTRF 1.0.0; keys that rampart never writes are left out, so that one which
/// slips in is noticed.
constexpr std::string_view ctrf_schema = R"({
"type": "object", "required": ["results", "reportFormat", "specVersion"], "additionalProperties": false,
"properties": {
  "reportFormat": {"const": "CTRF"}, "specVersion": {"const": "1.0.0"}, "timestamp": {"type": "string"},
  "generatedBy": {"type": "string"}, "extra": {"type": "object"},
  "results": {"type": "object", "required": ["tool", "summary", "tests"], "additionalProperties": false, "properties": {
    "tool": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
      "name": {"type": "string", "minLength": 1}, "version": {"type": "string"}}},
    "summary": {"type": "object", "additionalProperties": false,
      "required": ["tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"],
      "properties": {"tests": {"type": "integer"}, "passed": {"type": "integer"}, "failed": {"type": "integer"},
        "skipped": {"type": "integer"}, "pending": {"type": "integer"}, "other": {"type": "integer"},
        "start": {"type": "integer"}, "stop": {"type": "integer"}, "extra": {"type": "object"}}},
    "tests": {"type": "array", "items": {"type": "object", "required": ["name", "status", "duration"],
      "additionalProperties": false, "properties": {
        "name": {"type": "string", "minLength": 1},
        "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
        "duration": {"type": "integer", "minimum": 0},
        "suite": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "message": {"type": "string"}, "rawStatus": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}}, "filePath": {"type": "string"},
        "line": {"type": "integer"}, "retries": {"type": "integer"}, "threadId": {"type": "string"},
        "retryAttempts": {"type": "array", "items": {"type": "object", "required": ["attempt", "status"],
          "additionalProperties": false, "properties": {
            "attempt": {"type": "integer", "minimum": 1},
            "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
            "duration": {"type": "integer", "minimum": 0}, "message": {"type": "string"},
            "extra": {"type": "object"}}}},
        "extra": {"type": "object"}}}}}}}})";

constexpr rp::run_times times{.start_ms = 1'795'000'000'000, .stop_ms = 1'795'000'012'500};

value ctrf_of(rp::test_run_report const& report) { return boost::json::parse(rp::to_ctrf_text(report, times)); }
value ctrf_of(rp::session const& s) { return ctrf_of(rp::build_report(s)); }

value const& test_of(value const& document, std::string_view id) {
    for (value const& test : document.at("results").at("tests").as_array()) {
        auto const* const extra = test.as_object().if_contains("extra");
        if (extra != nullptr && extra->at("nodeid").as_string() == id) return test;
    }
    throw std::runtime_error("no test " + std::string(id));
}

std::string status_of(value const& document, std::string_view id) {
    auto const& test = test_of(document, id);
    return std::string(test.at("status").as_string()) + '/' + std::string(test.at("rawStatus").as_string());
}

}  // namespace

TEST_CASE("the CTRF report of a run that has one of everything is the golden file, byte for byte") {
    auto const golden = std::filesystem::path(__FILE__).parent_path() / "../golden/report.ctrf.json";
    auto const report = rp::build_report(samples::sample_run());
    auto const text = rp::to_ctrf_text(report, times);
    CHECK(text == samples::read_file(golden.string()));
    CHECK(samples::judged(boost::json::parse(text), ctrf_schema) == "");
    CHECK(text == rp::to_ctrf_text(report, times));
}

TEST_CASE("the sink writes the text into its file, with folders made, and a failure leaves nothing behind") {
    scratch::folder dir;
    auto const report = rp::build_report(samples::sample_run());
    rp::ctrf_report_sink(dir / "a/b/ctrf.json", times).emit(report);
    CHECK(scratch::text_of(dir / "a/b/ctrf.json") == rp::to_ctrf_text(report, times));
    CHECK(scratch::entries(dir / "a/b") == std::set<std::string>{"ctrf.json"});
    std::filesystem::create_directory(dir / "folder");
    CHECK_THROWS_AS(rp::ctrf_report_sink(dir / "folder", times).emit(report), rp::file_error);
    CHECK_THROWS_AS(rp::ctrf_report_sink(dir / "a/b/ctrf.json/below", times).emit(report), rp::file_error);
}

TEST_CASE("a report of megabytes, written piece by piece, is the same text") {
    rp::session s;
    for (int i = 0; i < 300; ++i) {
        s.absorb(samples::id("f::t" + std::to_string(i)), {},
                 {samples::make(rp::safety_status::unsafe, std::string(10'000, 'x'), "harm")});
    }
    auto const report = rp::build_report(s);
    scratch::folder dir;
    rp::ctrf_report_sink(dir / "big.json", times).emit(report);
    auto const text = scratch::text_of(dir / "big.json");
    CHECK(text.size() > 3'000'000);
    CHECK((text == rp::to_ctrf_text(report, times)));
}

TEST_CASE("one test with thousands of results is written in pieces as well") {
    rp::session s;
    std::vector<rp::result> many(5'000, samples::make(rp::safety_status::safe, std::string(1'000, 'x'), "harm"));
    s.absorb(samples::id("f::many"), {}, many);
    samples::add_trial(s, "f::trials", 0, 1.0, many);
    std::string text;
    std::size_t longest = 0;
    std::size_t all = 0;
    rp::json_writer w(text, rp::json_style::indented);
    rp::detail::write_ctrf(w, rp::build_report(s), times, [&] {
        longest = std::max(longest, text.size());
        all += text.size();
        text.clear();
    });
    CHECK(all > 10'000'000);
    CHECK(longest < 10'000);
}

TEST_CASE("without times a run ended just now and began its duration earlier") {
    rp::session s;
    s.set_duration(2.5);
    scratch::folder dir;
    auto const now = [] {
        auto const since = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    };
    auto const before = now();
    rp::ctrf_report_sink(dir / "f").emit(rp::build_report(s));
    auto const summary = boost::json::parse(scratch::text_of(dir / "f")).at("results").at("summary");
    auto const stop = summary.at("stop").as_int64();
    CHECK((stop >= before && stop <= now()));
    CHECK(stop - summary.at("start").as_int64() == 2500);
}

TEST_CASE("a test with trials is one test with its group's verdict, and the trials are in extra") {
    auto const document = ctrf_of(samples::sample_run());
    CHECK(status_of(document, "trial.cpp::mostly safe") == "passed/passed");
    CHECK(status_of(document, "trial.cpp::one unsafe") == "failed/unsafe");
    CHECK(status_of(document, "trial.cpp::nothing") == "failed/failed");
    auto const& extra = test_of(document, "trial.cpp::one unsafe").at("extra");
    CHECK(extra.at("total") == 3);
    CHECK(extra.at("unsafe") == 1);
    CHECK(extra.at("trials").as_array().size() == 3);
    CHECK(extra.at("trials").at(2).at("results").at(0).at("status") == "unsafe");
    CHECK_THROWS(test_of(document, "trial.cpp::one unsafe[trial-0]"));
}

TEST_CASE("attempts are in retryAttempts, and a later one that passes does not undo a failure") {
    auto const document = ctrf_of(samples::sample_run());
    auto const& test = test_of(document, "mail.cpp::down");
    CHECK(test.at("status") == "other");
    CHECK(test.at("rawStatus") == "error");
    CHECK(test.at("retries") == 1);
    CHECK(test.at("retryAttempts").at(0).at("status") == "other");
    CHECK(test.at("retryAttempts").at(1).at("status") == "passed");
    CHECK(test.at("retryAttempts").at(1).at("attempt") == 2);
}

TEST_CASE("an incomplete run and a guard violation are failed tests, also when all tests passed") {
    for (auto const kind : {rp::fault_kind::missing_worker, rp::fault_kind::guard_violation}) {
        rp::session s;
        s.absorb(samples::id("f::fine"), {}, {samples::safe()}, {.outcome = rp::test_outcome::passed});
        CHECK(ctrf_of(s).at("results").at("summary").at("failed") == 0);
        s.add_fault({kind, "gw2", "its output never came"});
        auto const results = ctrf_of(s).at("results");
        CHECK(results.at("summary").at("failed") == 1);
        CHECK(results.at("summary").at("extra").at("exit_code") == (rp::loses(kind) ? 3 : 1));
        CHECK(results.at("tests").at(0).at("status") == "failed");
        CHECK(results.at("tests").at(0).at("message") == "gw2: its output never came");
    }
    rp::session s;
    s.add_fault({rp::fault_kind::repaired_text, "gw2", "a lone surrogate"});
    CHECK(ctrf_of(s).at("results").at("summary").at("tests") == 0);
    CHECK(ctrf_of(s).at("extra").at("faults").as_array().size() == 1);
}

TEST_CASE("an own result type without a transcript has its report too") {
    rp::basic_session<samples::finding> s;
    s.absorb(samples::id("f::t"), {}, {samples::finding{.severity = 2, .text = "leaks"}});
    auto const document = boost::json::parse(rp::to_ctrf_text(rp::build_report(s), times));
    CHECK(samples::judged(document, ctrf_schema) == "");
    CHECK(status_of(document, "f::t") == "failed/unsafe");
    CHECK(test_of(document, "f::t").at("message") == "leaks");
}

TEST_CASE("hostile text in every field: the document is CTRF, plain ASCII, and gives every text back") {
    for (std::string const& text : samples::hostile_texts()) {
        CAPTURE(text);
        auto const report = samples::hostile_run(text);
        auto const written = rp::to_ctrf_text(report, times);
        CHECK(samples::is_plain_ascii(written));
        auto const document = boost::json::parse(written);
        CHECK(samples::judged(document, ctrf_schema) == "");
        auto const kept = rp::repair_utf8(text);
        value const word(kept);
        auto const& test = test_of(document, kept + "::u");
        CHECK(test.at("name") == value(kept.empty() ? "u" : kept));

        auto const& result = test.at("extra").at("results").at(0);
        CHECK(result.at("summary") == word);
        CHECK(result.at("metadata").at(kept) == word);
        CHECK(result.at("metadata").at("nested").at(kept) == word);
        CHECK(document.at("extra").at("metadata").at(kept) == word);
        CHECK(document.at("extra").at("faults").at(0).at("where") == word);
        CHECK(document.at("extra").at("faults").at(0).at("what") == word);
        if (!kept.empty()) {
            CHECK(test.at("message") == value(kept + '\n' + kept));
            CHECK(test.at("filePath") == word);
            CHECK(test.at("tags").at(0) == word);
            CHECK(result.at("strategy") == word);
            CHECK(test_of(document, "w::" + kept).at("threadId") == word);
        }
    }
}

TEST_CASE("the counts of random reports agree with the report's own") {
    for (unsigned seed = 0; seed < 150; ++seed) {
        CAPTURE(seed);
        auto const report = samples::random_run(seed);
        auto const document = ctrf_of(report);
        CHECK(samples::judged(document, ctrf_schema) == "");
        CHECK(counts::differences(counts::of_ctrf(document), counts::of(report)) == "");
        std::size_t failed = 0;
        std::size_t other = 0;
        for (value const& test : document.at("results").at("tests").as_array()) {
            failed += test.at("status") == "failed" ? 1 : 0;
            other += test.at("status") == "other" ? 1 : 0;
            auto const* const extra = test.as_object().if_contains("extra");
            if (extra == nullptr || !extra->as_object().contains("results")) continue;
            for (value const& r : extra->at("results").as_array()) {
                if (r.at("status") == "unsafe") CHECK(test.at("status") == "failed");
            }
        }
        for (rp::test_entry const* t : rp::failed_tests(report)) {
            auto const status = status_of(document, t->test.str());
            // Of a test whose first attempt ended in an error, and whose second nobody saw end, the second one speaks.
            CHECK((status.starts_with("failed/") || status == "other/error" || status == "other/unknown"));
        }
        // Where the run is not green, something here is not either.
        if (rp::exit_code(report) != 0) CHECK(failed + other > 0);
        if (rp::exit_code(report) == 0) CHECK(failed == 0);
    }
}
