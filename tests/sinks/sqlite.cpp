#include "rampart/sinks/sqlite.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

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
using rp::detail::sqlite_file;
using rp::detail::sqlite_statement;

constexpr std::chrono::milliseconds at_once{20};

/// A look into a history, which is sound at every look.
class history {
public:
    explicit history(std::filesystem::path const& path) : file_(path, std::chrono::seconds(10)) {
        CHECK(text("PRAGMA integrity_check") == "ok");
        sqlite_statement violations(file_, "PRAGMA foreign_key_check", "asking");
        CHECK_FALSE(violations());
    }
    template <class... T>
    std::string text(std::string const& sql, T const&... values) const {
        sqlite_statement question(file_, sql, "asking");
        REQUIRE(question(values...));
        return question.text(0);
    }
    template <class... T>
    std::int64_t number(std::string const& sql, T const&... values) const {
        sqlite_statement question(file_, sql, "asking");
        REQUIRE(question(values...));
        return question.integer(0);
    }
    std::vector<std::string> column(std::string const& sql) const {
        std::vector<std::string> found;
        sqlite_statement question(file_, sql + " LIMIT 1 OFFSET ?", "asking");
        for (int i = 0; question(i); ++i) found.push_back(question.text(0));
        return found;
    }
    std::int64_t rows(std::string const& table) const { return number("SELECT count(*) FROM " + table); }

private:
    sqlite_file file_;
};

rp::test_run_report run_named(std::string const& run_id, int results) {
    rp::session s;
    if (!run_id.empty()) s.set_report_metadata({{"run_id", run_id}});
    for (int i = 0; i < results; ++i) {
        s.absorb(samples::id("f::t" + std::to_string(i)), {}, {samples::unsafe("leak")},
                 {.outcome = rp::test_outcome::failed});
    }
    return rp::build_report(s);
}

}  // namespace

TEST_CASE("a report is in the history with its run, tests, results, trial groups and faults") {
    scratch::folder dir;
    auto const report = rp::build_report(samples::sample_run());
    rp::sqlite_report_sink sink(dir / "made/history.db", {.recorded_ms = 1'795'000'000'000});
    sink.emit(report);
    CHECK(sink.added());
    history const h(dir / "made/history.db");
    CHECK(h.number("PRAGMA user_version") == rp::sqlite_schema_version);
    CHECK(h.rows("runs") == 1);
    CHECK(h.number("SELECT recorded_ms FROM runs") == 1'795'000'000'000);
    CHECK(h.number("SELECT exit_code FROM runs") == 3);
    CHECK(h.number("SELECT incomplete FROM runs") == 1);
    CHECK(h.text("SELECT duration_seconds FROM runs") == "12.5");
    CHECK(h.text("SELECT json_extract(metadata, '$.commit') FROM runs") == "abc123");
    CHECK(h.rows("results") == static_cast<std::int64_t>(report.results.size()));
    CHECK(h.rows("tests") == static_cast<std::int64_t>(report.tests.size()));
    CHECK(h.rows("faults") == static_cast<std::int64_t>(report.faults.size()));
    CHECK(h.rows("trial_groups") == 3);
    CHECK(h.number("SELECT count(*) FROM results WHERE trial_of = 'trial.cpp::one unsafe'") == 3);
    CHECK(h.text("SELECT summary FROM results WHERE harm_category = 'data_exfiltration'") ==
          "forwarded the inbox \u2014 all of it");
    CHECK(h.text("SELECT json_extract(evidence, '$.turns[0].response.tool_calls[0].name') FROM results "
                 "WHERE harm_category = 'data_exfiltration'") == "send_email");
    CHECK(h.number("SELECT line FROM tests WHERE file = 'mail.cpp'") == 12);
    CHECK(h.number("SELECT passed FROM trial_groups WHERE base_nodeid = 'trial.cpp::mostly safe'") == 1);
}

TEST_CASE("conversations are left out on demand, nothing else") {
    scratch::folder dir;
    auto const report = rp::build_report(samples::sample_run());
    rp::sqlite_report_sink(dir / "h", {.evidence = false}).emit(report);
    history const h(dir / "h");
    CHECK(h.number("SELECT count(*) FROM results WHERE evidence IS NOT NULL") == 0);
    CHECK(h.rows("results") == static_cast<std::int64_t>(report.results.size()));
}

TEST_CASE("the same run twice is there once, by its run id or by what it says; another run is added") {
    scratch::folder dir;
    rp::sqlite_report_sink sink(dir / "h");
    for (std::string const& name : {std::string("ci-1"), std::string()}) {
        sink.emit(run_named(name, 2));
        CHECK(sink.added());
        sink.emit(run_named(name, 2));
        CHECK_FALSE(sink.added());
    }
    sink.emit(run_named("ci-2", 2));
    sink.emit(run_named("", 3));
    history const h(dir / "h");
    CHECK(h.rows("runs") == 4);
    CHECK(h.rows("results") == 9);
}

TEST_CASE("another report under a run id that is there is refused, since ignoring it would lose it") {
    scratch::folder dir;
    rp::sqlite_report_sink sink(dir / "h");
    sink.emit(run_named("ci-1", 2));
    CHECK_THROWS_WITH_AS(sink.emit(run_named("ci-1", 3)),
                         doctest::Contains("another run has the run_id 'ci-1' already"), rp::sqlite_error);
    CHECK(history(dir / "h").rows("results") == 2);
}

TEST_CASE("every field of a report counts for what a run says") {
    auto const base = rp::build_report(samples::sample_run());
    auto const hash = rp::detail::content_hash_of(base);
    CHECK(hash == rp::detail::content_hash_of(rp::build_report(samples::sample_run())));
    auto const differs = [&](auto change) {
        auto other = base;
        change(other);
        return rp::detail::content_hash_of(other) != hash;
    };
    CHECK(differs([](auto& r) { r.duration_seconds += 1.0; }));
    CHECK(differs([](auto& r) { r.meta.set("k", 1); }));
    CHECK(differs([](auto& r) { r.results.held()[0].value.summary += "x"; }));
    CHECK(differs([](auto& r) { r.results.held()[0].value.status = rp::safety_status::error; }));
    CHECK(differs([](auto& r) { r.results.held().back().value.evidence.turns.push_back({}); }));
    CHECK(differs([](auto& r) { r.tests[0].facts.detail = "d"; }));
    CHECK(differs([](auto& r) { r.faults[0].what += "x"; }));
    CHECK(differs([](auto& r) { r.trial_groups[0].safe += 1; }));
    CHECK(differs([](auto& r) { std::swap(r.results.held()[0].worker, r.results.held()[0].test_name); }));
}

TEST_CASE("an own result type without a transcript has its row; what Boost.JSON cannot convert has no evidence") {
    scratch::folder dir;
    rp::basic_session<samples::finding> s;
    s.absorb(samples::id("f::t"), {}, {samples::finding{.severity = 2, .text = "leaks"}});
    rp::sqlite_report_sink(dir / "h").emit(rp::build_report(s));
    history const h(dir / "h");
    CHECK(h.text("SELECT summary FROM results") == "leaks");
    CHECK(h.number("SELECT evidence IS NULL FROM results") == 1);
}

TEST_CASE("hostile text in every field is read back byte for byte, and the file is sound") {
    scratch::folder dir;
    int number = 0;
    for (std::string const& text : samples::hostile_texts()) {
        CAPTURE(text);
        auto const report = samples::hostile_run(text);
        auto const path = dir / std::to_string(number++);
        rp::sqlite_report_sink(path).emit(report);
        history const h(path);
        std::vector<std::string> nodeids, summaries, names, workers, harms, strategies, files, details, places, whats;
        for (auto const& r : report.results) {
            nodeids.push_back(r.test.str());
            summaries.push_back(r.value.summary);
            names.push_back(r.test_name);
            workers.push_back(r.worker);
            harms.push_back(r.harm_category);
            strategies.push_back(r.value.strategy);
        }
        CHECK(h.column("SELECT nodeid FROM results ORDER BY position") == nodeids);
        CHECK(h.column("SELECT summary FROM results ORDER BY position") == summaries);
        CHECK(h.column("SELECT test_name FROM results ORDER BY position") == names);
        CHECK(h.column("SELECT worker FROM results ORDER BY position") == workers);
        CHECK(h.column("SELECT harm_category FROM results ORDER BY position") == harms);
        CHECK(h.column("SELECT strategy FROM results ORDER BY position") == strategies);
        CHECK(summaries[0] == text);
        for (auto const& t : report.tests) {
            files.push_back(t.facts.file);
            details.push_back(t.facts.detail);
        }
        CHECK(h.column("SELECT file FROM tests ORDER BY position") == files);
        CHECK(h.column("SELECT detail FROM tests ORDER BY position") == details);
        for (auto const& f : report.faults) {
            places.push_back(f.where);
            whats.push_back(f.what);
        }
        CHECK(h.column("SELECT place FROM faults ORDER BY position") == places);
        CHECK(h.column("SELECT what FROM faults ORDER BY position") == whats);
        CHECK(h.text("SELECT base_nodeid FROM trial_groups") == "t::" + text);
        CHECK(h.number("SELECT count(*) FROM results WHERE trial_of = (SELECT base_nodeid FROM trial_groups)") == 2);
        auto const kept = rp::repair_utf8(text);
        boost::json::value const word(kept);
        CHECK(boost::json::parse(h.text("SELECT metadata FROM runs")).at(kept) == word);
        auto const list = "SELECT evidence FROM results WHERE nodeid = ?";
        auto const evidence = boost::json::parse(h.text(list, std::string_view(report.results[0].test.str())));
        CHECK(evidence.is_object());
        for (auto const& json : h.column("SELECT metadata FROM results WHERE status = 'error' ORDER BY position")) {
            CHECK(boost::json::parse(json).at(kept) == word);
        }
        for (auto const& json : h.column("SELECT evidence FROM results WHERE status = 'error' ORDER BY position")) {
            CHECK(boost::json::parse(json).at("turns").at(0).at("response").at("text") == word);
        }
    }
}

TEST_CASE("the counts of random reports agree with the report's own") {
    scratch::folder dir;
    rp::sqlite_report_sink sink(dir / "h", {.recorded_ms = 1});
    for (unsigned seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        auto report = samples::random_run(seed);
        report.meta.set("run_id", std::to_string(seed));
        sink.emit(report);
        CHECK(counts::differences(counts::of_history(dir / "h", std::to_string(seed)), counts::of(report)) == "");
    }
    CHECK(history(dir / "h").rows("runs") == 40);
}

TEST_CASE("processes that write at once all get in, each run whole and once") {
    scratch::folder dir;
    constexpr int writers = 4;
    constexpr int runs = 5;
    std::vector<pid_t> children;
    for (int w = 0; w < writers; ++w) {
        pid_t const child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            int status = 0;
            try {
                rp::sqlite_report_sink sink(dir / "h");
                // Two writers have the same runs.
                for (int i = 0; i < runs; ++i)
                    sink.emit(run_named(std::to_string(w / 2) + "-" + std::to_string(i), 20));
            } catch (...) {
                status = 1;
            }
            ::_exit(status);
        }
        children.push_back(child);
    }
    for (pid_t const child : children) {
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    history const h(dir / "h");
    CHECK(h.rows("runs") == writers / 2 * runs);
    CHECK(h.rows("results") == writers / 2 * runs * 20);
}

TEST_CASE("a locked, unwritable, corrupt or newer file is a failure of this sink alone, and the file stays as it is") {
    scratch::folder dir;
    auto const report = run_named("r", 3);
    auto const failure_of = [&](std::filesystem::path const& path) {
        std::vector<rp::any_sink> sinks;
        sinks.emplace_back(rp::sqlite_report_sink(path, {.busy_timeout = at_once}));
        sinks.emplace_back(rp::sqlite_report_sink(dir / ("good" + path.filename().string())));
        auto const failures = rp::emit_all(report, sinks);
        REQUIRE(failures.size() == 1);
        CHECK(failures[0].sink == "SQLite history " + path.string());
        CHECK(history(dir / ("good" + path.filename().string())).rows("results") == 3);
        CHECK(rp::exit_code(report, failures) != 0);
        return failures[0].what;
    };
    auto const has = [](std::string const& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    {
        sqlite_file const other(dir / "locked", at_once);
        rp::detail::sqlite_transaction const held(other);
        CHECK(has(failure_of(dir / "locked"), "database is locked"));
    }
    std::ofstream(dir / "corrupt") << std::string(8192, 'x');
    CHECK(has(failure_of(dir / "corrupt"), "file is not a database"));
    CHECK(scratch::text_of(dir / "corrupt") == std::string(8192, 'x'));

    rp::sqlite_report_sink(dir / "damaged").emit(run_named("before", 200));
    {
        // The pages behind the first are overwritten: the header is sound, the tables are not.
        std::fstream file(dir / "damaged", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        file << std::string(std::filesystem::file_size(dir / "damaged") - 4096, '\xAA');
    }
    CHECK(has(failure_of(dir / "damaged"), "malformed"));

    std::filesystem::create_directory(dir / "folder");
    CHECK(has(failure_of(dir / "folder"), "unable to open database file"));
    std::ofstream(dir / "file") << "x";
    CHECK(has(failure_of(dir / "file/below"), "making the folder"));
    {
        sqlite_file const newer(dir / "newer", at_once);
        newer.run("PRAGMA application_id = 0x52414D50; PRAGMA user_version = 2", "test");
    }
    CHECK(has(failure_of(dir / "newer"), "its schema has version 2"));
}

TEST_CASE("a file of version 0 is brought up to date and keeps what it has") {
    scratch::folder dir;
    {
        sqlite_file const old(dir / "h", at_once);
        old.run("PRAGMA application_id = 0x52414D50; CREATE TABLE notes (n); INSERT INTO notes VALUES (7)", "test");
    }
    rp::sqlite_report_sink(dir / "h").emit(run_named("r", 2));
    history const h(dir / "h");
    CHECK(h.number("PRAGMA user_version") == 1);
    CHECK(h.number("SELECT n FROM notes") == 7);
    CHECK(h.rows("results") == 2);
}

TEST_CASE("to delete a run is to delete all that belongs to it, and what is looked for has an index") {
    scratch::folder dir;
    rp::sqlite_report_sink(dir / "h").emit(rp::build_report(samples::sample_run()));
    sqlite_file const file(dir / "h", at_once);
    sqlite_statement plan(file, "EXPLAIN QUERY PLAN SELECT status FROM results WHERE nodeid = 'x' ORDER BY run_id",
                          "asking");
    REQUIRE(plan());
    CHECK(plan.text(3).find("USING INDEX results_by_id") != std::string::npos);
    plan.reset();
    file.run("DELETE FROM runs", "test");
    history const h(dir / "h");
    for (char const* table : {"runs", "tests", "results", "trial_groups", "faults"}) CHECK(h.rows(table) == 0);
}
