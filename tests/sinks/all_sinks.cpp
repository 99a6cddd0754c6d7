#include "rampart/sinks/json_file.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/ctrf.hpp"
#include "rampart/sinks/github.hpp"
#include "rampart/sinks/html.hpp"
#include "rampart/sinks/junit.hpp"
#include "rampart/sinks/markdown.hpp"
#include "rampart/sinks/sarif.hpp"
#include "rampart/sinks/terminal.hpp"
#include "run_file.hpp"
#include "session/filed_values.hpp"
#include "shards.hpp"
#include "sinks/counts.hpp"
#include "sinks/foreign_run.hpp"
#include "sinks/machine_formats.hpp"
#include "sinks/sample_run.hpp"
#include "support/foreign.hpp"
#include "support/scratch.hpp"

#ifdef RAMPART_WITH_SQLITE
# include "rampart/sinks/sqlite.hpp"
#endif

namespace {

namespace rp = rampart;
using boost::json::parse;

/// What each sink tells, by the sink's name.
std::map<std::string, counts::told> told_by_all(rp::test_run_report const& report) {
    auto const text_by = [&report](auto write) {
        foreign::text_out out;
        write(report, out);
        return std::move(out.text);
    };
    return {
        {"ctrf", counts::of_ctrf(parse(rp::to_ctrf_text(report, {})))},
        {"github", counts::of_markdown(rp::to_github_summary(report))},
        {"html", counts::of_html(text_by([](auto const& r, auto& out) { rp::write_html(r, out); }))},
        {"json", counts::of_json(parse(rp::to_json_text(report)))},
        {"junit", counts::of_junit(text_by([](auto const& r, auto& out) { rp::write_junit(r, out); }))},
        {"markdown", counts::of_markdown(text_by([](auto const& r, auto& out) { rp::write_markdown(r, out); }))},
        {"sarif", counts::of_sarif(parse(rp::to_sarif_text(report)))},
        {"terminal", counts::of_terminal(rp::to_terminal_text(report, {.most_safe = 0, .most_bad = 0}))},
    };
}

void check_all(rp::test_run_report const& report) {
    auto const truth = counts::of(report);
    for (auto const& sink : told_by_all(report)) {
        CAPTURE(sink.first);
        CHECK(counts::differences(sink.second, truth) == "");
    }
    CHECK(rp::to_github_annotations(report).starts_with("::error ") == (rp::verdict(report) != rp::exit_status::good));
}

/// All that the sinks write, by name.
template <rp::Result R>
std::map<std::string, std::string> written_by_all(rp::basic_test_run_report<R> const& report) {
    auto const text_by = [&report](auto write) {
        foreign::text_out out;
        write(report, out);
        return std::move(out.text);
    };
    std::map<std::string, std::string> texts = {
        {"ctrf", rp::to_ctrf_text(report, {})},
        {"annotations", rp::to_github_annotations(report)},
        {"github", rp::to_github_summary(report)},
        {"short github", rp::to_github_summary(report, 3000)},
        {"html", text_by([](auto const& r, auto& out) { rp::write_html(r, out); })},
        {"short html", text_by([](auto const& r, auto& out) {
             rp::write_html(r, out, {.most_results = 3, .most_evidence = 20000, .most_lines = 5});
         })},
        {"json", rp::to_json_text(report)},
        {"json, written", text_by([](auto const& r, auto& out) { rp::write_json_report(r, out); })},
        {"junit", text_by([](auto const& r, auto& out) { rp::write_junit(r, out); })},
        {"markdown", text_by([](auto const& r, auto& out) { rp::write_markdown(r, out); })},
        {"sarif", rp::to_sarif_text(report)},
        {"terminal", rp::to_terminal_text(report, {.most_safe = 2, .most_bad = 3})},
        {"whole terminal", rp::to_terminal_text(report, {.most_safe = 0, .most_bad = 0})},
    };
#ifdef RAMPART_WITH_SQLITE
    rp::detail::for_each_row(report, true, [&texts](auto, auto const&... values) {
        rp::detail::content_hash hash;
        (hash.add(values), ...);
        texts["sqlite"] += hash.text() + '\n';
    });
    texts["sqlite hash"] = rp::detail::content_hash_of(report);
#endif
    return texts;
}

/// The same report with the results filed of which `which(place)` holds.
template <rp::Result R, class Which>
rp::basic_test_run_report<R> filed_report(rp::basic_test_run_report<R> const& report,
                                          std::shared_ptr<filed::values<R>> const& source, Which which) {
    auto other = report;
    other.results = filed::some_filed(report.results.to_vector(), source, which);
    return other;
}

/// Every sink writes the same bytes, whether the results are in memory or in files.
template <rp::Result R>
void check_filed(rp::basic_test_run_report<R> const& report) {
    auto const wanted = written_by_all(report);
    for (std::size_t const every : {1U, 2U}) {
        auto const source = std::make_shared<filed::values<R>>();
        auto const other = filed_report(report, source, [every](std::size_t i) { return i % every == 0; });
        for (auto const& written : written_by_all(other)) {
            std::string const& sink = written.first;
            CAPTURE(every);
            CAPTURE(sink);
            bool const same = written.second == wanted.at(sink);
            CHECK(same);
        }
    }
}

/// A result that knows how many of its kind there are.
struct counted {
    rp::safety_status status = rp::safety_status::safe;
    std::string summary{};
    std::shared_ptr<int> token{};
};

#ifdef RAMPART_WITH_SQLITE
/// A history of many runs, each under a number.
class history {
public:
    void check(rp::test_run_report report) {
        auto const id = std::to_string(++number_);
        report.meta.set("run_id", id);
        rp::sqlite_report_sink(dir_ / "history.db").emit(report);
        CHECK(counts::differences(counts::of_history(dir_ / "history.db", id), counts::of(report)) == "");
    }

private:
    scratch::folder dir_{};
    int number_ = 0;
};
#else
struct history {
    static void check(rp::test_run_report const&) {}
};
#endif

}  // namespace

template <>
struct rampart::result_traits<counted> {
    static safety_status status(counted const& c) { return c.status; }
    static std::string_view summary(counted const& c) { return c.summary; }
    static std::string_view harm_category(counted const&) { return {}; }
};

TEST_CASE("every sink tells the same counts of a run that has one of everything") {
    auto const report = rp::build_report(samples::sample_run());
    check_all(report);
    history().check(report);
    // And that is all that there is to be told.
    std::string const results = "errors failed_tests groups groups_failed results safe undetermined unsafe verdict";
    std::string const without_tests = foreign::replaced(results, "failed_tests ", "");
    auto const told = told_by_all(report);
    for (auto const* const sink : {"github", "html", "json", "junit", "markdown"}) {
        CHECK(counts::names(told.at(sink)) == results);
    }
    for (auto const* const sink : {"ctrf", "terminal"}) CHECK(counts::names(told.at(sink)) == without_tests);
    CHECK(counts::names(told.at("sarif")) == "unsafe verdict");
}

TEST_CASE("every sink tells the same counts of random reports, good, failed and incomplete ones") {
    history kept;
    std::map<rp::exit_status, int> seen;
    for (unsigned seed = 0; seed < 150; ++seed) {
        for (auto const& report : {foreign::random_report(seed), samples::random_run(seed)}) {
            CAPTURE(seed);
            check_all(report);
            if (seed % 5 == 0) kept.check(report);
            ++seen[rp::verdict(report)];
        }
    }
    for (auto const each : {rp::exit_status::good, rp::exit_status::failed, rp::exit_status::incomplete}) {
        CHECK(seen[each] > 20);
    }
}

TEST_CASE("every sink tells the same counts of a report full of hostile text, and of an empty one") {
    check_all(foreign::hostile_report());
    for (std::string const& text : samples::hostile_texts()) check_all(samples::hostile_run(text));
    check_all(rp::test_run_report{});
}

TEST_CASE("every sink tells the same counts of 4,722 recorded runs of real agents (AgentDojo)") {
    auto const archive = samples::shared_file("data/agentdojo/runs.tar.zst", "the counts of AgentDojo in every sink");
    if (archive.empty() || !foreign::has_program("cmake", "the counts of AgentDojo in every sink")) return;
    scratch::folder const dir;
    auto const unpacked = foreign::run("cd '" + dir.path().string() + "' && cmake -E tar xf '" + archive + "'");
    REQUIRE_MESSAGE(unpacked.status == 0, unpacked.text);
    auto const runs = agentdojo::list_runs(dir / "runs");
    rp::session s;
    agentdojo::read_part(s, runs, 0, 1, agentdojo::mapping::strict);
    agentdojo::account_for(runs, s, agentdojo::mapping::strict);
    auto const report = rp::build_report(std::move(s));
    CHECK(report.total_runs == 4722);
    CHECK(report.trial_groups.size() > 400);
    for (auto const count : {report.passed, report.failed, report.undetermined, report.errors}) CHECK(count > 0);
    check_filed(report);
    check_all(report);
    history().check(report);
}

TEST_CASE("every sink writes the same bytes when results stayed in their files, all of them or every other one") {
    check_filed(rp::build_report(samples::sample_run()));
    for (unsigned seed = 0; seed < 150; ++seed) {
        CAPTURE(seed);
        check_filed(foreign::random_report(seed));
        check_filed(samples::random_run(seed));
    }
    check_filed(foreign::hostile_report());
    for (std::string const& text : samples::hostile_texts()) check_filed(samples::hostile_run(text));
}

TEST_CASE("a report of merged shards is the same whether their results stayed in their files or not [B41]") {
    for (unsigned seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        rp::session held;
        rp::session filed_session;
        auto const source = std::make_shared<filed::values<rp::result>>();
        // The second shard comes twice, and the third claims the places of the first.
        auto const reports = {foreign::random_report(seed), foreign::random_report(seed + 1000),
                              foreign::random_report(seed + 1000), foreign::random_report(seed + 2000)};
        unsigned number = 0;
        for (auto const& report : reports) {
            rp::basic_shard<rp::result> shard{.worker = number == 0 || number == 3 ? "gw0" : "gw1"};
            shard.tests = report.tests;
            shard.trial_specs = report.trial_specs;
            shard.faults = report.faults;
            auto other = shard;
            shard.records = report.results.to_vector();
            other.filed = filed::some_filed(shard.records, source, [&](std::size_t i) { return (i + seed) % 3 != 0; });
            held.merge_worker_results(std::move(shard));
            filed_session.merge_worker_results(std::move(other));
            ++number;
        }
        auto const wanted = rp::to_json_text(rp::build_report(held));
        CHECK(rp::to_json_text(rp::build_report(filed_session)) == wanted);
        CHECK(rp::to_json_text(rp::build_report(std::move(filed_session))) == wanted);
    }
}

TEST_CASE("no sink has more than a few results in memory at a time") {
    rp::basic_test_run_report<counted> report;
    auto const source = std::make_shared<filed::values<counted>>();
    auto const token = std::make_shared<int>();
    long most = 0;
    source->unreadable = [&](std::size_t) {
        most = std::max(most, token.use_count());
        return false;
    };
    constexpr long count = 400;
    for (unsigned i = 0; i < count; ++i) {
        rp::test_id const test("t::" + std::to_string(1000 + i / 4));
        counted value{static_cast<rp::safety_status>(i % 4), "result " + std::to_string(i), token};
        rp::basic_record<counted> const r{test, "name", i % 4, 1, {}, {}, value};
        report.results.push_back(filed::head_of(r), source, source->keep(std::move(value)));
        if (i % 4 == 0) report.tests.push_back({.test = test, .results = 4});
    }
    static_cast<void>(written_by_all(report));
    CHECK(source->reads > count);
    CHECK(most <= count + 1 + 4);
}

TEST_CASE("a result that cannot be read again makes the sinks fail that need it, and no other") {
    scratch::folder const dir;
    auto const whole = rp::build_report(samples::sample_run());
    auto const source = std::make_shared<filed::values<rp::result>>();
    auto report = filed_report(whole, source, [](std::size_t) { return true; });
    // The findings and the annotations are of what went wrong; all others show every result, or why it passed.
    source->unreadable = [&](std::size_t i) { return source->kept[i].status == rp::safety_status::safe; };
    auto const same = [&](std::string_view name, auto write) {
        CAPTURE(name);
        foreign::text_out now;
        foreign::text_out then;
        write(report, now);
        write(whole, then);
        CHECK(now.text == then.text);
    };
    same("sarif", [](auto const& r, auto& out) { out.write(rp::to_sarif_text(r)); });
    same("annotations", [](auto const& r, auto& out) { out.write(rp::to_github_annotations(r)); });
    std::vector<rp::any_sink> sinks;
    std::ostringstream log;
    sinks.emplace_back(rp::json_file_report_sink::to_file(dir / "r.json"));
    sinks.emplace_back(rp::sarif_report_sink(dir / "r.sarif"));
    sinks.emplace_back(rp::ctrf_report_sink(dir / "r.ctrf.json", rp::run_times{}));
    sinks.emplace_back(rp::html_report_sink(dir / "r.html"));
    sinks.emplace_back(rp::junit_report_sink(dir / "r.xml"));
    sinks.emplace_back(rp::terminal_report_sink(log));
#ifdef RAMPART_WITH_SQLITE
    sinks.emplace_back(rp::sqlite_report_sink(dir / "r.db"));
#endif
    sinks.emplace_back(rp::github_report_sink(log, dir / "summary.md"));
    auto const failures = rp::emit_all(report, sinks);
    std::vector<std::string> failed;
    for (auto const& f : failures) {
        failed.push_back(f.sink.substr(0, f.sink.find(' ')));
        CHECK(f.what == "values.json has changed since it was read");
    }
    std::vector<std::string> wanted = {"json", "CTRF", "html", "junit", "terminal", "SQLite", "github"};
#ifndef RAMPART_WITH_SQLITE
    std::erase(wanted, "SQLite");
#endif
    CHECK(failed == wanted);
    for (auto const* const name : {"r.json", "r.ctrf.json", "r.html", "r.xml"}) {
        CHECK_FALSE(std::filesystem::exists(dir / name));
    }
    CHECK(samples::read_file((dir / "r.sarif").string()) == rp::to_sarif_text(whole));
    CHECK_FALSE(std::filesystem::exists(dir / "summary.md"));
    CHECK(rp::exit_code(report, failures) == rp::exit_code(whole, failures));
    CHECK(rp::exit_code(report) == rp::exit_code(whole));
}
