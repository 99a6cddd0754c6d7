#include "rampart/transport/journal.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/transport/merge_path.hpp"
#include "transport/journals.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::test_id;
using wire_samples::file_size_limit;
using wire_samples::folder;
using wire_samples::read_file;

using book = rp::journal<rp::result>;
using records = std::vector<rp::basic_record<rp::result>>;

rp::shard_plan plan_of(std::vector<std::string> const& tests) {
    rp::shard_plan plan{
        .run = "r1", .worker = "gw0", .attempt = 2, .index = 1, .count = 3, .list_hash = "0123456789abcdef"};
    for (auto const& id : tests) plan.tests.emplace_back(id);
    return plan;
}
rp::journal_writer_facts const here{.pid = 12, .host = "here", .started = "2026-01-02T03:04:05+00:00"};

records results_of(std::string const& id, std::vector<std::string> const& summaries) {
    records made;
    for (auto const& summary : summaries) {
        made.push_back({test_id(id),
                        id,
                        static_cast<std::uint32_t>(made.size()),
                        1,
                        {},
                        "jailbreak",
                        {.status = rp::safety_status::unsafe, .summary = summary}});
    }
    return made;
}
rp::test_entry entry_of(std::string const& id, std::uint32_t results) {
    return {test_id(id), 1, {}, results, {"the name", rp::test_outcome::failed, 0.25, "a.cpp", 7}};
}
/// The lines of a file, each of which has to be whole and sealed, without their seals.
std::vector<std::string> lines_of(std::filesystem::path const& file) {
    std::string const text = read_file(file.string());
    std::vector<std::string> made;
    std::size_t at = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
        std::string const line = text.substr(at, end - at);
        REQUIRE(rp::detail::seal_holds(line));
        REQUIRE(rp::read_json(line).has_value());
        made.push_back(line.substr(0, line.size() - rp::detail::seal_bytes) + "}");
        at = end + 1;
    }
    REQUIRE(at == text.size());
    return made;
}

}  // namespace

TEST_CASE("every event is a line, in the file before the next one happens [C]") {
    folder const dir;
    book j(dir.path(), plan_of({"a::one", "a::two"}), {{test_id("a::one"), test_id("a"), 0.5}}, here);
    CHECK(j.path() == dir.path() / "r1" / "shard-2-of-3.attempt-2.here.12.jsonl");
    std::vector<std::string> wanted{
        R"({"schema": "rampart.journal.v1", "run": "r1", "worker": "gw0", "attempt": 2, "shard": {"index": 1, "count": 3}, )"
        R"("list_hash": "0123456789abcdef", "tests": ["a::one", "a::two"], "trial_specs": [{"clone_nodeid": "a::one", )"
        R"("base_nodeid": "a", "threshold": 0.5}], "pid": 12, "host": "here", "started": "2026-01-02T03:04:05+00:00"})"};
    CHECK(lines_of(j.path()) == wanted);

    j.start(test_id("a::one"));
    wanted.emplace_back(R"({"start": "a::one"})");
    CHECK(lines_of(j.path()) == wanted);

    j.end(entry_of("a::one", 1), results_of("a::one", {"x"}));
    wanted.emplace_back(
        R"({"schema": "rampart.xdist.v2", "nodeid": "a::one", "results": [{"safe": false, "status": "unsafe", "summary": "x", )"
        R"("turns": [], "duration_seconds": 0.0, "harm_category": "jailbreak", "strategy": "", )"
        R"("observability_level": "response_only", "injections": [], "metadata": {"_pytest_test_name": "a::one", )"
        R"("_pytest_nodeid": "a::one", "_rampart_result_index": 0}}]})");
    wanted.emplace_back(R"({"end": "a::one", "outcome": "failed", "seconds": 0.25, "name": "the name", "results": 1, )"
                        R"("file": "a.cpp", "line": 7})");
    CHECK(lines_of(j.path()) == wanted);

    j.note({fault_kind::late_result, "a.cpp:9", "came too late"});
    wanted.emplace_back(R"({"fault": {"kind": "late_result", "where": "a.cpp:9", "what": "came too late"}})");
    CHECK(lines_of(j.path()) == wanted);

    j.close({});
    wanted.emplace_back(
        R"({"schema": "rampart.xdist.v2", "streamed_result_count": 1, "trial_specs": [], "rampart_lines": 6})");
    CHECK(lines_of(j.path()) == wanted);
    CHECK(j.take_faults().empty());
}

TEST_CASE("an end line says its attempt and worker where they are not the plain ones [C, B12]") {
    folder const dir;
    book j(dir.path(), plan_of({"a"}), {}, here);
    j.end({test_id("a"), 3, "gw7", 0, {.name = "a", .outcome = rp::test_outcome::timeout}}, {});
    auto const lines = lines_of(j.path());
    REQUIRE(lines.size() == 3);
    CHECK(lines[1] == R"({"schema": "rampart.xdist.v2", "nodeid": "a", "results": []})");
    CHECK(
        lines[2] ==
        R"({"end": "a", "outcome": "timeout", "seconds": 0.0, "name": "a", "attempt": 3, "results": 0, "worker": "gw7"})");
}

TEST_CASE("what a test had recorded when its process had to end is kept, without an end [C]") {
    folder const dir;
    book j(dir.path(), plan_of({"a", "b"}), {}, here);
    j.start(test_id("a"));
    j.keep(entry_of("a", 0), {});
    CHECK(lines_of(j.path()).size() == 2);
    j.keep(entry_of("a", 2), results_of("a", {"x", "y"}));
    auto const lines = lines_of(j.path());
    REQUIRE(lines.size() == 3);
    CHECK(lines[2].starts_with(R"({"schema": "rampart.xdist.v2", "nodeid": "a")"));

    rp::session hub;
    REQUIRE(rp::merge(hub, "", read_file(j.path().string())));
    CHECK(hub.records().size() == 2);
    CHECK(wire_samples::kinds(hub) == std::set{fault_kind::missing_shard, fault_kind::missing_close,
                                               fault_kind::interrupted_test, fault_kind::unaccounted_test});
}

TEST_CASE("results that were kept as they came belong to the end that comes later, also between those of others [C]") {
    folder const dir;
    auto plan = plan_of({"a", "b"});
    plan.index = 0;
    plan.count = 1;
    plan.list_hash.clear();
    book j(dir.path(), plan, {}, here);
    auto const of_a = results_of("a", {"x", "y"});
    auto const of_b = results_of("b", {"z"});
    j.start(test_id("a"));
    j.keep(entry_of("a", 1), std::span(of_a).first(1));
    j.start(test_id("b"));
    j.keep(entry_of("b", 1), of_b);
    j.keep(entry_of("a", 2), std::span(of_a).last(1));
    auto crashed = entry_of("b", 1);
    crashed.facts.outcome = rp::test_outcome::crashed;
    crashed.facts.detail = "gw0 died by SIGSEGV";
    crashed.facts.unused = {"git", "smtp"};
    j.end(crashed, {});
    j.end(entry_of("a", 2), {});
    j.close({});
    CHECK(lines_of(j.path()).size() == 9);

    rp::session hub;
    REQUIRE(rp::merge(hub, "", read_file(j.path().string())));
    CHECK_FALSE(hub.is_incomplete());
    CHECK(hub.records().size() == 3);
    REQUIRE(hub.tests().size() == 2);
    CHECK(hub.tests()[0].facts == crashed.facts);
    CHECK(hub.tests()[1].results == 2);
}

TEST_CASE("a result over its cap is a marker in its envelope and a fault line, its siblings stay [A.3, B6]") {
    folder const dir;
    rp::shard_plan plan = plan_of({"a"});
    plan.index = 0;
    plan.count = 1;
    plan.list_hash = rp::list_hash({"a"});
    book j(dir.path(), plan, {}, here, rp::journal_sync::none, {.max_record_bytes = 4096});
    j.start(test_id("a"));
    j.end(entry_of("a", 3), results_of("a", {"one", std::string(9000, 'x'), "three"}));
    j.close({});
    CHECK(j.take_faults().empty());  // the journal as such is whole
    auto const lines = lines_of(j.path());
    REQUIRE(lines.size() == 6);
    CHECK(lines[2].starts_with(R"({"fault": {"kind": "truncated", "where": "a", "what": "result 1 was truncated)"));
    CHECK(lines[3].size() < 3 * 4096);
    CHECK(lines[5].find(R"("streamed_result_count": 3)") != std::string::npos);

    rp::session hub;
    REQUIRE(rp::merge(hub, "", read_file(j.path().string())));
    REQUIRE(hub.records().size() == 3);
    CHECK(hub.records()[0].value.summary == "one");
    CHECK(hub.records()[1].value.status == rp::safety_status::error);
    CHECK(hub.records()[2].value.summary == "three");
    REQUIRE(hub.incomplete_reasons().size() == 1);
    CHECK(hub.incomplete_reasons()[0].starts_with("worker gw0, a: result 1 was truncated"));
}

TEST_CASE("what the disk refuses is a fault each, and the file that is left says that it lacks something [C]") {
    folder const dir;
    rp::shard_plan plan = plan_of({"a", "b"});
    plan.index = 0;
    plan.count = 1;
    plan.list_hash = {};
    book j(dir.path(), plan, {}, here);
    auto const begin = std::filesystem::file_size(j.path());
    {
        file_size_limit const limit(begin + 200);
        j.start(test_id("a"));
        j.end(entry_of("a", 1), results_of("a", {std::string(500, 'x')}));
    }
    j.start(test_id("b"));
    j.end(entry_of("b", 1), results_of("b", {"fine"}));
    j.close({});
    auto const faults = j.take_faults();
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].kind == fault_kind::journal_failed);
    CHECK(faults[0].where == j.path().string());
    CHECK(faults[0].what == "writing the results of test a failed: File too large");
    CHECK(j.take_faults().empty());
    CHECK(lines_of(j.path()).size() == 6);

    rp::session hub;
    REQUIRE(rp::merge(hub, "", read_file(j.path().string())));
    CHECK(hub.records().size() == 1);
    CHECK(hub.records().at(0).value.summary == "fine");
    CHECK(wire_samples::kinds(hub).contains(fault_kind::short_count));
    CHECK(wire_samples::kinds(hub).contains(fault_kind::interrupted_test));
}

TEST_CASE("a disk that stays full is named twenty times and then counted [C]") {
    folder const dir;
    book j(dir.path(), plan_of({"a"}), {}, here);
    {
        file_size_limit const limit(std::filesystem::file_size(j.path()));
        for (int i = 0; i < 100; ++i) j.start(test_id("a"));
    }
    auto const faults = j.take_faults();
    REQUIRE(faults.size() == 21);
    CHECK(faults[0].what == "writing the start of test a failed: File too large");
    CHECK(faults[20].what == "more could not be written");
}

TEST_CASE("a journal that cannot be made is one fault that names its path, and costs nothing else [C]") {
    folder const dir;
    book j(dir.file("in the way", "x"), plan_of({"a"}), {}, here);
    j.start(test_id("a"));
    j.end(entry_of("a", 1), results_of("a", {"x"}));
    j.close({});
    auto const faults = j.take_faults();
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].kind == fault_kind::journal_failed);
    CHECK(faults[0].where == (dir.path() / "in the way/r1/shard-2-of-3.attempt-2.here.12.jsonl").string());
    CHECK(faults[0].what == "writing its first line failed: Not a directory");
}

TEST_CASE("the sync policies write the same journal [C]") {
    std::vector<std::string> texts;
    for (auto const sync : {rp::journal_sync::none, rp::journal_sync::each_test, rp::journal_sync::at_end}) {
        folder const dir;
        book j(dir.path(), plan_of({"a"}), {}, here, sync);
        j.start(test_id("a"));
        j.end(entry_of("a", 1), results_of("a", {"x"}));
        j.close({});
        CHECK(j.take_faults().empty());
        texts.push_back(read_file(j.path().string()));
    }
    CHECK(texts[0] == texts[1]);
    CHECK(texts[0] == texts[2]);
}

TEST_CASE("this process is named by its id, machine and time, in UTC [C]") {
    auto const me = rp::this_process();
    CHECK(me.pid == ::getpid());
    CHECK_FALSE(me.host.empty());
    CHECK(me.started.size() == std::string_view("2026-01-02T03:04:05+00:00").size());
    CHECK(me.started.ends_with("+00:00"));
}

TEST_CASE("a runner of one's own writes a journal in a few lines") {
    folder const dir;
    auto const& out = dir.path();
    rp::session session;
    rp::result fine;
    fine.status = rp::safety_status::safe;
    session.absorb(test_id("a::b"), {}, {fine}, {.outcome = rp::test_outcome::passed});
    rp::test_entry const entry = session.tests().back();
    records const records_of_it = session.records();
    std::vector<rp::trial_spec> const specs{};
    rp::shard_plan const plan{.worker = "gw0", .tests = {entry.test}};

    rp::journal<rp::result> pages(out, plan, specs, rp::this_process());
    pages.start(entry.test);
    pages.end(entry, records_of_it);
    pages.close(specs);
    for (rp::fault& f : pages.take_faults()) session.add_fault(std::move(f));

    CHECK(session.faults().empty());
    rp::session hub;
    rp::merge_path(hub, out);
    CHECK_FALSE(hub.is_incomplete());
    CHECK(hub.records().size() == 1);
}

TEST_CASE("results that would make a line too long for a reader stand in several lines, and come back as they were") {
    folder const dir;
    rp::wire_limits const small{.max_bytes = 20000, .max_record_bytes = 1000000};
    rp::session session;
    std::vector<rp::result> results;
    for (std::size_t i = 0; i < 40; ++i) {
        auto& r = results.emplace_back();
        r.status = rp::safety_status::safe;
        r.summary = std::string(100 * i, 'x') + std::to_string(i);
    }
    session.absorb(test_id("a::b"), {}, results, {.outcome = rp::test_outcome::passed});
    session.absorb(test_id("a::b"), {}, results, {.outcome = rp::test_outcome::passed});
    std::span<rp::basic_record<rp::result> const> const all = session.records().held();
    book j(dir.path(), {.worker = "gw0", .tests = {test_id("a::b")}}, {}, here, rp::journal_sync::none, small);
    for (std::size_t const attempt : {std::size_t{0}, std::size_t{1}}) {
        j.start(test_id("a::b"));
        j.end(session.tests()[attempt], all.subspan(40 * attempt, 40));
    }
    j.close({});
    rp::session from_journal;
    rp::merge_path(from_journal, dir.path(), small);
    CHECK_FALSE(from_journal.is_incomplete());
    auto const stream = rp::serialize_stream(session, small);
    CHECK(std::count(stream.begin(), stream.end(), '\n') > 10);
    rp::session from_stream;
    CHECK(rp::merge(from_stream, "gw0", stream, small));
    CHECK_FALSE(from_stream.is_incomplete());
    REQUIRE(from_journal.records().size() == 80);
    REQUIRE(from_stream.records().size() == 80);
    for (std::size_t i = 0; i < 80; ++i) {
        CHECK(from_journal.records()[i].index == i % 40);
        CHECK(from_journal.records()[i].attempt == i / 40 + 1);
        CHECK(from_journal.records()[i].value == from_stream.records()[i].value);
        CHECK(from_journal.records()[i].index == from_stream.records()[i].index);
        CHECK(from_journal.records()[i].attempt == from_stream.records()[i].attempt);
    }
}
