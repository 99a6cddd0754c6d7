#include "rampart/transport/journal_read.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/transport/document.hpp"
#include "rampart/transport/merge.hpp"
#include "transport/journals.hpp"

namespace {

namespace rp = rampart;
using namespace wire_samples;
using rp::fault_kind;
using rp::test_id;
using rp::test_outcome;

rp::session merged(std::string_view bytes, rp::wire_limits limits = {}) {
    rp::session hub;
    static_cast<void>(rp::merge(hub, "", bytes, limits));
    return hub;
}
rp::shard shard_of(std::string_view bytes) {
    auto read = rp::detail::read_document<rp::result>(bytes, {}, "j.jsonl");
    REQUIRE(read.has_value());
    return *read;
}
std::vector<std::string> summaries(rp::session const& s) {
    std::vector<std::string> made;
    for (auto const& r : s.records())
        made.push_back(r.test.str() + " " + std::to_string(r.index) + " " + r.value.summary);
    return made;
}
bool has_ended(rp::session const& s, std::string const& id) {
    return std::any_of(s.tests().begin(), s.tests().end(),
                       [&](auto const& t) { return t.test == test_id(id) && t.facts.outcome == test_outcome::passed; });
}
bool only(rp::session const& s, fault_kind kind) { return kinds(s) == std::set{kind}; }

/// Three tests, the second without a result.
std::vector<std::string> whole_lines() {
    std::vector<std::string> lines{begin_line({"t::a", "t::b", "t::c"}),
                                   start_line("t::a"),
                                   envelope_line("t::a", {"a0", "a1"}),
                                   end_line("t::a", 2),
                                   start_line("t::b"),
                                   envelope_line("t::b", {}),
                                   end_line("t::b", 0),
                                   start_line("t::c"),
                                   envelope_line("t::c", {"c0"}),
                                   end_line("t::c", 1)};
    std::string text;
    for (auto const& line : lines) text += line;
    lines.push_back(close_line(text, 3));
    return lines;
}
std::string joined(std::vector<std::string> const& lines) {
    std::string text;
    for (auto const& line : lines) text += line;
    return text;
}
std::string damaged(std::string line) {
    line[2] = line[2] == 'X' ? 'Y' : 'X';
    return line;
}
using row = std::tuple<std::string, std::uint32_t, std::string, std::uint32_t, std::string>;
/// What a report would be made of.
std::tuple<std::vector<row>, std::vector<rp::test_entry>, std::vector<rp::trial_spec>> content(rp::session const& s) {
    std::vector<row> rows;
    for (auto const& r : s.records()) rows.emplace_back(r.test.str(), r.index, r.worker, r.attempt, r.value.summary);
    return {rows, s.tests(), s.trial_specs()};
}

}  // namespace

TEST_CASE("a whole journal is a complete run: its plan, its tests as they ended, and their results [C]") {
    std::string text = begin_line({"a.cpp::one", "a.cpp::two"}, "gw3",
                                  R"("shard": {"index": 0, "count": 1}, "list_hash": ")" +
                                      rp::list_hash({"a.cpp::one", "a.cpp::two"}) + "\"");
    text += start_line("a.cpp::one") + envelope_line("a.cpp::one", {"x", "y"});
    text += rp::detail::seal(
        R"({"end": "a.cpp::one", "outcome": "failed", "seconds": 0.25, "name": "one", "results": 2, "file": "a.cpp", "line": 7})");
    text += test_lines("a.cpp::two", {});
    text = closed(text, 2);
    auto const s = shard_of(text);
    CHECK(s.worker == "gw3");
    REQUIRE(s.records.size() == 2);
    CHECK(s.records[0].test == test_id("a.cpp::one"));
    CHECK(s.records[1].index == 1);
    REQUIRE(s.tests.size() == 2);
    CHECK(s.tests[0] ==
          rp::test_entry{test_id("a.cpp::one"), 1, {}, 2, {"one", test_outcome::failed, 0.25, "a.cpp", 7}});
    CHECK(s.tests[1] == rp::test_entry{test_id("a.cpp::two"), 1, {}, 0, {"two", test_outcome::passed, 0.5, {}, 0}});
    CHECK(s.faults.empty());
    REQUIRE(s.plans.size() == 1);
    auto const& plan = s.plans[0];
    CHECK(plan.run == "r");
    CHECK(plan.worker == "gw3");
    CHECK(plan.tests == std::vector{test_id("a.cpp::one"), test_id("a.cpp::two")});
    CHECK(plan.process == "here 7 then");
    CHECK(plan.source == "j.jsonl");
    CHECK(plan.closed);
    CHECK_FALSE(plan.torn);
    CHECK(plan.running.empty());
    auto const hub = merged(text);
    CHECK(reasons(hub) == "");
    CHECK_FALSE(hub.is_incomplete());
    CHECK(hub.records().at(0).worker == "gw3");
}

TEST_CASE("trial specs are taken from the first and the last line [C]") {
    std::string text = rp::detail::seal(
        R"({"schema": "rampart.journal.v1", "run": "", "worker": "g", "shard": {"index": 0, "count": 1}, "list_hash": "", )"
        R"("tests": [], "trial_specs": [{"clone_nodeid": "a", "base_nodeid": "x", "threshold": 0.5}]})");
    text += rp::detail::seal(
        R"({"schema": "rampart.xdist.v2", "streamed_result_count": 0, "trial_specs": [{"clone_nodeid": "b", )"
        R"("base_nodeid": "x", "threshold": 1}], "rampart_lines": 2})");
    auto const hub = merged(text);
    CHECK(hub.trial_specs() ==
          std::vector<rp::trial_spec>{{test_id("a"), test_id("x"), 0.5}, {test_id("b"), test_id("x"), 1.0}});
    CHECK_FALSE(hub.is_incomplete());
}

TEST_CASE("a journal cut off at any byte keeps every test that had ended, and calls itself complete only when it is "
          "[C, B4]") {
    auto const lines = whole_lines();
    std::string const text = joined(lines);
    std::size_t const begun = lines[0].size() - 1;
    // Where the line that ends a test is whole, its own end aside; and where its start is.
    std::vector<std::pair<std::size_t, std::string>> ends;
    std::vector<std::pair<std::size_t, std::string>> starts;
    std::size_t at = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        at += lines[i].size();
        std::string const id = i < 4 ? "t::a" : i < 7 ? "t::b" : "t::c";
        if (i % 3 == 0 && i != 0) ends.emplace_back(at - 1, id);
        if (i % 3 == 1 && i < 10) starts.emplace_back(at - 1, id);
    }
    REQUIRE(ends.size() == 3);
    REQUIRE(starts.size() == 3);
    std::size_t const results[] = {2, 0, 1};
    for (std::size_t n = 0; n <= text.size(); ++n) {
        CAPTURE(n);
        rp::session const hub = merged(std::string_view(text).substr(0, n));
        bool const complete = n + 1 >= text.size();
        REQUIRE(hub.is_incomplete() == !complete);
        REQUIRE(reasons(hub).empty() == complete);
        std::size_t wanted = 0;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            bool const ended = n >= ends[i].first;
            REQUIRE(has_ended(hub, ends[i].second) == ended);
            if (ended) wanted += results[i];
            bool const running = n >= starts[i].first && !ended;
            bool const named = reasons(hub).find("test " + ends[i].second + " was running when its process ended") !=
                               std::string::npos;
            REQUIRE(named == running);
        }
        REQUIRE(hub.records().size() >= wanted);  // those of the running test may be there too
        if (n >= begun && !complete) {
            REQUIRE(kinds(hub).contains(fault_kind::missing_close));
            bool const between = n == 0 || text[n - 1] == '\n' || text[n] == '\n';
            REQUIRE(kinds(hub).contains(fault_kind::torn_tail) == !between);
        }
    }
}

TEST_CASE("a test that started and did not end is named, and counts as crashed [C]") {
    std::string const text = begin_line({"t::a", "t::b"}) + test_lines("t::a", {"x"}) + start_line("t::b");
    auto const hub = merged(text);
    CHECK(kinds(hub) == std::set{fault_kind::missing_close, fault_kind::interrupted_test});
    CHECK(reasons(hub).find("worker gw0: test t::b was running when its process ended") != std::string::npos);
    auto const settled = rp::settlement_of(hub);
    REQUIRE(settled.tests.size() == 1);
    CHECK(settled.tests[0].test == test_id("t::b"));
    CHECK(settled.tests[0].facts.outcome == test_outcome::crashed);
    CHECK(hub.records().size() == 1);
}

TEST_CASE("a journal without its first line keeps its results, and nobody knows what was planned [C]") {
    auto lines = whole_lines();
    SUBCASE("it is not there") {
        lines.erase(lines.begin());
        auto const hub = merged(joined(lines));
        CHECK(hub.records().size() == 3);
        CHECK(hub.tests().size() == 3);
        CHECK(kinds(hub) == std::set{fault_kind::bad_document, fault_kind::short_count});
        CHECK(reasons(hub).find("no readable first line") != std::string::npos);
    }
    SUBCASE("it is damaged") {
        lines[0] = damaged(lines[0]);
        auto const hub = merged(joined(lines));
        CHECK(hub.records().size() == 3);
        CHECK(hub.tests().size() == 3);
        CHECK(kinds(hub) == std::set{fault_kind::bad_document, fault_kind::bad_checksum});
        CHECK(reasons(hub).starts_with("line 1: this line is not what was written"));
        lines[0].pop_back();  // and nothing else is there
        CHECK(kinds(merged(lines[0])) == std::set{fault_kind::bad_document, fault_kind::bad_checksum});
    }
    SUBCASE("it says what cannot be") {
        for (std::string const more :
             {R"("shard": {"index": 1, "count": 1}, "list_hash": "")",
              R"("shard": {"index": 0, "count": 0}, "list_hash": "")",
              R"("shard": {"index": -1, "count": 1}, "list_hash": "")", R"("shard": 7, "list_hash": "")",
              R"("list_hash": "")", R"("shard": {"index": 0, "count": 1}, "list_hash": 7)"}) {
            CAPTURE(more);
            lines[0] = begin_line({"t::a"}, "gw0", more);
            auto const hub = merged(joined(lines));
            CHECK(hub.records().size() == 3);
            CHECK(hub.plans().empty());
            CHECK(kinds(hub) == std::set{fault_kind::bad_document, fault_kind::bad_record});
        }
    }
}

TEST_CASE("a second first line is a fault, and the first one stays [C]") {
    auto lines = whole_lines();
    lines.pop_back();
    lines.insert(lines.begin() + 4, begin_line({"t::other"}, "gw9"));
    auto const hub = merged(closed(joined(lines), 3));
    CHECK(only(hub, fault_kind::bad_record));
    CHECK(reasons(hub) == "worker gw0, line 5: a second first line\n");
    REQUIRE(hub.plans().size() == 1);
    CHECK(hub.plans()[0].tests.size() == 3);
}

TEST_CASE("a test that ends without a start, or starts twice, is a fault that names it [C]") {
    auto const unstarted = merged(closed(begin_line({"t"}) + envelope_line("t", {"x"}) + end_line("t", 1), 1));
    CHECK(reasons(unstarted) == "worker gw0, line 3: 't' ends without having started\n");
    CHECK(unstarted.records().size() == 1);
    auto const again = merged(
        closed(begin_line({"t"}) + start_line("t") + start_line("t") + envelope_line("t", {}) + end_line("t", 0), 0));
    CHECK(reasons(again) == "worker gw0, line 3: 't' starts again before it has ended\n");
    auto const neither = merged(closed(begin_line({}) + envelope_line("t", {"x"}), 1));
    CHECK(reasons(neither).starts_with("worker gw0: 't' has results and neither started nor ended\n"));
    CHECK(neither.records().size() == 1);
}

TEST_CASE("a damaged start is told once: the end that lacks it is no second fault [C]") {
    auto lines = whole_lines();
    lines[1] = damaged(lines[1]);
    auto const hub = merged(joined(lines));
    CHECK(only(hub, fault_kind::bad_checksum));
    CHECK(reasons(hub) == "worker gw0, line 2: this line is not what was written; nothing of it was taken\n");
    CHECK(hub.records().size() == 3);
    CHECK(hub.tests().size() == 3);
}

TEST_CASE("a damaged envelope or end is a fault with its line; what it told is missed by name, the rest is there [C]") {
    auto lines = whole_lines();
    SUBCASE("an envelope") {
        lines[2] = damaged(lines[2]);
        auto const hub = merged(joined(lines));
        CHECK(kinds(hub) == std::set{fault_kind::bad_checksum, fault_kind::short_count});
        CHECK(reasons(hub).find("worker gw0, line 3: ") != std::string::npos);
        CHECK(reasons(hub).find("'t::a' recorded 2 results, but 0 are here") != std::string::npos);
        CHECK(summaries(hub) == std::vector<std::string>{"t::c 0 c0"});
        CHECK(hub.tests().size() == 3);
    }
    SUBCASE("an end") {
        lines[3] = damaged(lines[3]);
        auto const hub = merged(joined(lines));
        CHECK(kinds(hub) == std::set{fault_kind::bad_checksum, fault_kind::interrupted_test});
        CHECK(hub.records().size() == 3);
        CHECK_FALSE(has_ended(hub, "t::a"));
        CHECK(has_ended(hub, "t::b"));
        CHECK(has_ended(hub, "t::c"));
    }
    SUBCASE("the last line") {
        lines.back() = damaged(lines.back());
        auto const hub = merged(joined(lines));
        CHECK(kinds(hub) == std::set{fault_kind::bad_checksum, fault_kind::missing_close});
        CHECK(hub.records().size() == 3);
    }
}

TEST_CASE("each line that is missing or stands twice makes the run incomplete [C]") {
    auto const lines = whole_lines();
    auto const whole = content(merged(joined(lines)));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        CAPTURE(i);
        auto less = lines;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK(merged(joined(less)).is_incomplete());
        auto more = lines;
        more.insert(more.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
        auto const doubled = merged(joined(more));
        CHECK(doubled.is_incomplete());
        CHECK(std::get<0>(content(doubled)) == std::get<0>(whole));  // no result counts twice
    }
}

TEST_CASE("any byte that is changed, removed or doubled: the same content, or incomplete with a reason [C, B4]") {
    std::string const text = joined(whole_lines());
    auto const whole = content(merged(text));
    for (std::size_t at = 0; at < text.size(); ++at) {
        CAPTURE(at);
        std::vector<std::string> variants{std::string(text).erase(at, 1), std::string(text).insert(at, 1, text[at])};
        for (char const mask : {'\x01', '\x20', '\x80'}) {
            variants.push_back(text);
            variants.back()[at] = static_cast<char>(variants.back()[at] ^ mask);
        }
        variants.push_back(text);
        variants.back()[at] = '\n';
        for (auto const& variant : variants) {
            rp::session const hub = merged(variant);
            if (hub.is_incomplete()) {
                REQUIRE_FALSE(reasons(hub).empty());
            } else {
                REQUIRE(content(hub) == whole);
            }
        }
    }
}

TEST_CASE("other results or lines than the last line promises are a fault [C]") {
    std::string const before = begin_line({"t"}) + test_lines("t", {"x"});
    auto const close = [](std::string const& more, std::size_t results) {
        return rp::detail::seal(plain_close(results, more));
    };
    CHECK(reasons(merged(before + close(", \"rampart_lines\": 5", 1))) == "");
    CHECK(reasons(merged(before + close(", \"rampart_lines\": 5", 2))) ==
          "worker gw0, line 5: its writer sent 2 results, but 1 are here\n");
    CHECK(reasons(merged(before + close(", \"rampart_lines\": 5", 0))) ==
          "worker gw0, line 5: its writer sent 0 results, but 1 are here\n");
    CHECK(reasons(merged(before + close(", \"rampart_lines\": 6", 1))) ==
          "worker gw0, line 5: its writer sent 6 lines, but 5 are here\n");
    for (std::string const none :
         {"", ", \"rampart_lines\": null", ", \"rampart_lines\": -1", ", \"rampart_lines\": \"5\""}) {
        CAPTURE(none);
        CHECK(only(merged(before + close(none, 1)), fault_kind::bad_record));
    }
}

TEST_CASE("an end line that promises other results than its envelope has is a fault that names the test [C]") {
    auto const hub =
        merged(closed(begin_line({"t"}) + start_line("t") + envelope_line("t", {"x"}) + end_line("t", 3), 1));
    CHECK(only(hub, fault_kind::short_count));
    CHECK(reasons(hub) == "worker gw0, line 4: 't' recorded 3 results, but 1 are here\n");
}

TEST_CASE("lines behind the last one are a fault each, and are not believed [C]") {
    auto const hub = merged(joined(whole_lines()) + test_lines("t::late", {"x"}));
    CHECK(only(hub, fault_kind::bad_record));
    CHECK(hub.faults().size() == 3);
    CHECK(reasons(hub).starts_with("worker gw0, line 12: this line stands behind the journal's last one"));
    CHECK(hub.records().size() == 3);
}

TEST_CASE("fault lines are taken along, also of a kind that only a later version knows [C, B13]") {
    std::string const before =
        begin_line({}) + rp::detail::seal(R"({"fault": {"kind": "late_result", "where": "a.cpp:9", "what": "late"}})") +
        rp::detail::seal(R"({"fault": {"kind": "of a later version", "where": "", "what": "x"}})") +
        rp::detail::seal(R"({"fault": {"kind": 7}})") + rp::detail::seal(R"({"fault": "x"})");
    auto const hub = merged(closed(before, 0));
    REQUIRE(hub.faults().size() == 4);
    CHECK(hub.faults()[0] == rp::fault{fault_kind::late_result, "worker gw0, a.cpp:9", "late"});
    CHECK(hub.faults()[1] == rp::fault{fault_kind::incomplete, "worker gw0", "(of a later version) x"});
    CHECK(hub.faults()[2].where == "worker gw0, line 4, /fault/kind");
    CHECK(hub.faults()[3].where == "worker gw0, line 5, /fault");
}

TEST_CASE("a line over the limit costs itself only [C, B4]") {
    std::string before = begin_line({"t::a", "t::b"}) + test_lines("t::a", {std::string(2000, 'x')});
    before += test_lines("t::b", {"small"});
    auto const hub = merged(closed(before, 2), {.max_bytes = 1000});
    CHECK(kinds(hub) == std::set{fault_kind::over_limit, fault_kind::short_count});
    CHECK(reasons(hub).find("worker gw0, line 3: this line is over the limit of 1000 bytes") != std::string::npos);
    CHECK(summaries(hub) == std::vector<std::string>{"t::b 0 small"});
    CHECK(hub.tests().size() == 2);
}

TEST_CASE("a line of an unknown kind, and one that is no object, is a fault [C]") {
    for (std::string const object :
         {R"({"later": 1})", R"({})", R"({"schema": "rampart.xdist.v9"})", R"({"schema": 7})"}) {
        CAPTURE(object);
        std::string const line = object == "{}" ? rp::detail::seal(R"({"": 0})") : rp::detail::seal(object);
        auto const hub = merged(closed(begin_line({}) + line, 0));
        CHECK(reasons(hub) == "worker gw0, line 2: a line of a kind that this version does not know\n");
    }
    // Sealed, but no JSON: what it holds stands before the seal.
    auto const hub = merged(closed(begin_line({}) + rp::detail::seal("no JSON}"), 0));
    CHECK(only(hub, fault_kind::bad_record));
    CHECK(reasons(hub).starts_with("worker gw0, line 2"));
}

TEST_CASE("starts, ends and envelopes with members of other types are faults with their place [C, B3]") {
    std::string const bad[] = {R"({"start": 7})",
                               R"({"end": null})",
                               R"({"end": "t", "outcome": "exploded"})",
                               R"({"schema": "rampart.xdist.v2", "nodeid": 7, "results": []})",
                               R"({"schema": "rampart.xdist.v2", "nodeid": "t", "results": {}})",
                               R"({"schema": "rampart.xdist.v2", "nodeid": "t"})"};
    for (auto const& object : bad) {
        CAPTURE(object);
        auto const hub = merged(closed(begin_line({}) + rp::detail::seal(object), 0));
        CHECK(only(hub, fault_kind::bad_record));
        CHECK(reasons(hub).starts_with("worker gw0, line 2"));
    }
}

TEST_CASE("one bad result in an envelope keeps its siblings, and its fault names worker, line and place [C, B2]") {
    std::string const envelope = rp::detail::seal(
        R"({"schema": "rampart.xdist.v2", "nodeid": "t", "results": [{"status": "safe", "observability_level": "tool_only"}, )"
        R"({"status": "well"}, {"status": "unsafe", "observability_level": "tool_only"}]})");
    auto const hub = merged(closed(begin_line({"t"}) + start_line("t") + envelope + end_line("t", 3), 3));
    REQUIRE(hub.records().size() == 3);
    CHECK(hub.records()[1].value.status == rp::safety_status::error);
    CHECK(hub.records()[2].value.status == rp::safety_status::unsafe);
    CHECK(reasons(hub) == "worker gw0, line 3, /results/1/status: 'well' is the name of no safety status\n");
}

TEST_CASE("further attempts of a test in one journal are kept apart [C, B12]") {
    std::string before = begin_line({"t"}) + test_lines("t", {"first"}) + start_line("t");
    before += rp::detail::seal(
        R"({"schema": "rampart.xdist.v2", "nodeid": "t", "results": [{"status": "safe", "observability_level": "tool_only", )"
        R"("summary": "second", "rampart_attempt": 2}]})");
    before += rp::detail::seal(R"({"end": "t", "outcome": "passed", "seconds": 0, "attempt": 2, "results": 1})");
    auto const hub = merged(closed(before, 2));
    CHECK(reasons(hub) == "");
    REQUIRE(hub.records().size() == 2);
    CHECK(hub.records()[0].attempt == 1);
    CHECK(hub.records()[1].attempt == 2);
    CHECK(hub.records()[1].index == 0);
    CHECK(hub.tests().size() == 2);
}

TEST_CASE("blank lines are nothing, and a text that was repaired is noted with its line [C, B86]") {
    auto lines = whole_lines();
    for (auto& line : lines) line += "\n";
    CHECK(reasons(merged("\n" + joined(lines))) == "");
    auto const hub = merged(closed(begin_line({"t"}) + test_lines("t", {R"(lone \ud800)"}), 1));
    CHECK_FALSE(hub.is_incomplete());
    REQUIRE(hub.faults().size() == 1);
    CHECK(hub.faults()[0].kind == fault_kind::repaired_text);
    CHECK(hub.faults()[0].where == "worker gw0, line 3");
    CHECK(hub.records().at(0).value.summary == "lone \xef\xbf\xbd");
}

TEST_CASE("a journal's faults name its file [C]") {
    auto lines = whole_lines();
    lines[4] = damaged(lines[4]);
    auto const s = shard_of(joined(lines));
    REQUIRE(s.faults.size() == 1);
    CHECK(s.faults[0].where == "j.jsonl, line 5");
    lines.pop_back();
    rp::session hub;
    hub.merge_worker_results(shard_of(joined(lines)));
    CHECK(reasons(hub).find("worker gw0, j.jsonl: its process ended before it had said that it was done") !=
          std::string::npos);
}
