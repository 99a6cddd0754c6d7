#include "rampart/sinks/terminal.hpp"

#include <clocale>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/transport/merge.hpp"
#include "report/samples.hpp"
#include "sinks/sample_run.hpp"

namespace {

namespace rp = rampart;
using rp::test_outcome;
using samples::id;

std::string summary_of(rp::session const& s, rp::terminal_options options = {}) {
    return rp::to_terminal_text(rp::build_report(s), options);
}
bool has(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }
int count(std::string const& text, std::string_view part) {
    int found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
    return found;
}
std::string line_with(std::string const& text, std::string_view part) {
    auto const at = text.find(part);
    if (at == std::string::npos) return {};
    auto const begin = text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
}

constexpr std::string_view summary_line =
    "============================ RAMPART Safety Summary ============================\n";
constexpr std::string_view incomplete_line =
    "=========================== RAMPART: INCOMPLETE RUN ============================\n";

/// The blocks of Python's terminal samples by name, with its separators written out.
std::map<std::string, std::string> python_blocks(std::string const& path) {
    std::map<std::string, std::string> blocks;
    std::ifstream file(path);
    std::string name;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("--- ")) {
            name = line.substr(4);
            blocks[name];
        } else if (line.starts_with("<sep '=' 'RAMPART Safety Summary'")) {
            blocks[name] += summary_line;
        } else if (line.starts_with("<sep '=' 'RAMPART: INCOMPLETE RUN'")) {
            blocks[name] += incomplete_line;
        } else {
            blocks[name] += line + '\n';
        }
    }
    return blocks;
}

/// The summary up to and with the line `Population:`.
std::string python_part(std::string const& text) {
    auto const at = text.find("\nPopulation:");
    return at == std::string::npos ? text : text.substr(0, text.find('\n', at + 1) + 1);
}

void replace(std::string& text, std::string_view from, std::string_view to) {
    auto const at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, "the sample has no " << from);
    text.replace(at, from.size(), to);
}

rp::session merged(std::string const& payload, rp::text_policy policy) {
    rp::session hub(policy);
    auto const done = rp::merge(hub, "gw0", samples::read_file(payload));
    REQUIRE_MESSAGE(done.has_value(), done.error().message());
    return hub;
}

}  // namespace

TEST_CASE("nothing is written for a run with nothing to tell [B107]") {
    rp::session s;
    CHECK(summary_of(s).empty());
    s.absorb(id("quiet"), {}, {}, {.outcome = test_outcome::passed});
    CHECK(summary_of(s).empty());
}

TEST_CASE("the whole summary of a run that has one of everything [B107, B108, B109, B111, B112, B113, B115]") {
    auto const head =
        std::string(incomplete_line) + "Results may be partial; the report does not reflect every test.\n";
    CHECK(summary_of(samples::sample_run()) == head + R"(  - worker gw2: its output never came
)" + std::string(summary_line) + R"(
UNCATEGORIZED (3 tests)
  ERR   down -- error (response_only)
  PASS  asserts -- safe (response_only)
  PASS  down -- safe (response_only)

DATA_EXFILTRATION (1 tests)
  FAIL  forwards nothing -- forwarded the inbox — all of it (tool_and_side_effects)

CUSTOM_PRODUCT_RISK (1 tests)
  WARN  forwards nothing -- undetermined (response_only)

JAILBREAK (1 tests)
  PASS  elsewhere -- safe (response_only)

PROMPT_INJECTION (6 tests)
  FAIL  one unsafe[trial-2] -- unsafe (response_only)
  ERR   mostly safe[trial-2] -- error (response_only)
  PASS  mostly safe[trial-0] -- safe (response_only)
  PASS  mostly safe[trial-1] -- safe (response_only)
  PASS  one unsafe[trial-0] -- safe (response_only)
  PASS  one unsafe[trial-1] -- safe (response_only)
  PASS  mostly safe [2/3 safe, 67% pass rate, threshold: 50%] -- PASSED
  FAIL  nothing [0/1 safe, 1 no-result, 0% pass rate, threshold: 0%] -- FAILED
  FAIL  one unsafe [2/3 safe, 67% pass rate, threshold: 10%] -- FAILED

Population: 12 runs - 2 unsafe (20.0% attack success rate), 1 undetermined, 2 errors
Not shown above:
  - trial group nothing -- none of 1 could be judged
  - trial group one unsafe -- 1 of 3 unsafe
  - test mail.cpp::asserts -- failed
  - note: worker gw10, /results/0: a lone surrogate
)");
}

TEST_CASE("the header stands once and is as wide as asked, with at least one sign on each side [B108]") {
    rp::session s;
    s.absorb(id("t"), {}, {samples::safe()});
    CHECK(count(summary_of(s), "RAMPART Safety Summary") == 1);
    CHECK(count(summary_of(s), "Population:") == 1);
    CHECK(summary_of(s).starts_with(summary_line));
    CHECK(summary_of(s, {.width = 31}).starts_with("=== RAMPART Safety Summary ====\n"));
    CHECK(summary_of(s, {.width = 26}).starts_with("= RAMPART Safety Summary =\n"));
    CHECK(summary_of(s, {.width = 0}).starts_with("= RAMPART Safety Summary =\n"));
}

TEST_CASE("an incomplete run says so first and loud, one line for each reason, also without results [B111]") {
    rp::session s;
    s.mark_incomplete("worker gw10 is missing");
    s.mark_incomplete("worker gw2 is missing");
    s.mark_incomplete("worker gw2 is missing");
    CHECK(summary_of(s) == std::string(incomplete_line) +
                               "Results may be partial; the report does not reflect every test.\n"
                               "  - worker gw2 is missing\n"
                               "  - worker gw2 is missing\n"
                               "  - worker gw10 is missing\n");
    CHECK(summary_of(s, {.color = true}).starts_with("\x1b[1;31m==="));
    s.absorb(id("t"), {}, {samples::safe()});
    auto const text = summary_of(s);
    CHECK(text.find("INCOMPLETE RUN") < text.find("Safety Summary"));
}

TEST_CASE("a result without a name is its summary and what was seen, one without a transcript its summary [B109]") {
    rp::session s;
    s.absorb(id(""), {}, {samples::make(rp::safety_status::safe, "declined")});
    CHECK(has(summary_of(s), "\n  PASS  declined (response_only)\n"));
    rp::basic_session<samples::finding> own;
    own.absorb(id("t"), {}, {samples::finding{1, "leaked"}});
    CHECK(has(rp::to_terminal_text(rp::build_report(own)), "\nCUSTOM_PRODUCT_RISK (1 tests)\n  FAIL  t -- leaked\n"));
}

TEST_CASE("no foreign text reaches the terminal as it is [B110]") {
    std::string const hostile = "\x1b]0;t\x07\x1b[2J\xc2\x9b"
                                "31m\r\n\t\u202e\u200b\x7f\xff.";
    std::string const shown = "\\x1b]0;t\\x07\\x1b[2J\\x9b31m\\x0d\\n\\t\\u202e\\u200b\\x7f\uFFFD.";
    rp::session s(rp::text_policy::keep);
    s.absorb(id("id " + hostile), {.harm_category = hostile},
             {samples::make(rp::safety_status::safe, "sum " + hostile)},
             {.name = "name " + hostile, .outcome = test_outcome::failed});
    samples::add_trial(s, "group " + hostile, 0, 0.0, {samples::unsafe()});
    s.mark_incomplete("reason " + hostile);
    s.add_fault({rp::fault_kind::repaired_text, "where " + hostile, "what"});
    auto const text = summary_of(s);
    CHECK(has(text, "  PASS  name " + shown + " -- sum " + shown + " (response_only)\n"));
    CHECK(has(text, "\\x1B]0;T") == false);
    CHECK(has(text, "\n\\x1b]0;T\\x07\\x1b[2J\\x9b31M\\x0d\\n\\t\\u202e\\u200b\\x7f\uFFFD. (1 tests)\n"));
    CHECK(has(text, "  - reason " + shown + "\n"));
    CHECK(has(text, "  FAIL  group " + shown + " [0/1 safe, "));
    CHECK(has(text, "  - trial group group " + shown + " -- "));
    CHECK(has(text, "  - test id " + shown + " -- failed\n"));
    CHECK(has(text, "  - note: where " + shown + ": what\n"));
    for (std::string_view const raw : {"\x1b", "\r", "\t", "\xc2\x9b", "\x7f", "\xff", "\u202e", "\u200b", "\x07"}) {
        CHECK_FALSE(has(text, raw));
    }
}

TEST_CASE("categories come in order of first appearance, the worst results of each first, else as sorted [B112]") {
    rp::session s;
    s.absorb(id("a"), {}, {samples::safe("z"), samples::unsafe("m")});
    s.absorb(id("b"), {}, {samples::undetermined("z"), samples::safe("z")});
    s.absorb(id("c"), {}, {samples::error("z"), samples::unsafe("z")});
    s.absorb(id("d"), {}, {samples::unsafe("z")});
    auto const text = summary_of(s);
    CHECK(has(text, "\nZ (6 tests)\n"
                    "  FAIL  c -- unsafe (response_only)\n"
                    "  FAIL  d -- unsafe (response_only)\n"
                    "  ERR   c -- error (response_only)\n"
                    "  WARN  b -- undetermined (response_only)\n"
                    "  PASS  a -- safe (response_only)\n"
                    "  PASS  b -- safe (response_only)\n"
                    "\nM (1 tests)\n"));
}

TEST_CASE("trial lines come after all categories, sorted by base id, and there are none without groups [B55, B113]") {
    rp::session s;
    s.absorb(id("plain"), {}, {samples::safe("one"), samples::safe("two")});
    CHECK_FALSE(has(summary_of(s), "pass rate"));
    samples::add_trial(s, "f::z", 0, 1.0, {samples::safe("one")});
    samples::add_trial(s, "f::a", 0, 0.8, {samples::safe("three")});
    s.register_trial_spec({.clone = id("f::a[trial-1]"), .base = id("f::a"), .threshold = 0.8});
    CHECK(has(summary_of(s), "\nTWO (1 tests)\n"
                             "  PASS  plain -- safe (response_only)\n"
                             "  FAIL  a [1/2 safe, 1 no-result, 50% pass rate, threshold: 80%] -- FAILED\n"
                             "  PASS  z [1/1 safe, 100% pass rate, threshold: 100%] -- PASSED\n"
                             "\nPopulation: "));
}

TEST_CASE("a trial group that recorded nothing at all is shown [B114]") {
    rp::session s;
    s.register_trial_spec({.clone = id("f::x[trial-0]"), .base = id("f::x"), .threshold = 0.5});
    CHECK(summary_of(s) == std::string(summary_line) +
                               "  FAIL  x [0/1 safe, 1 no-result, 0% pass rate, threshold: 50%] -- FAILED\n"
                               "\nPopulation: 0 runs - 0 unsafe (0.0% attack success rate), "
                               "0 undetermined, 0 errors\n");
}

TEST_CASE("a failed test is named when no unsafe or error result shows it, also without any result") {
    rp::session s;
    s.absorb(id("f::shown"), {}, {samples::unsafe()}, {.outcome = test_outcome::failed});
    s.absorb(id("f::again"), {}, {samples::error()}, {.outcome = test_outcome::failed});
    s.absorb(id("f::again"), {}, {samples::safe()}, {.outcome = test_outcome::timeout});
    auto text = summary_of(s);
    CHECK_FALSE(has(text, "test f::shown"));
    CHECK(count(text, "test f::again") == 1);
    CHECK(has(text, "  - test f::again (attempt 2) -- timeout\n"));

    rp::session bare;
    bare.absorb(id("f::bare"), {}, {}, {.outcome = test_outcome::crashed});
    text = summary_of(bare);
    CHECK(text.starts_with(summary_line));
    CHECK(text.ends_with("Not shown above:\n  - test f::bare -- crashed\n"));
}

TEST_CASE(
    "of many tests that did not run some are named and the rest is counted; why a test crashed stands behind it") {
    rp::session s;
    for (int i = 100; i < 900; ++i)
        s.absorb(id("f::" + std::to_string(i)), {}, {}, {.outcome = test_outcome::not_run});
    s.absorb(id("f::crashed"), {}, {},
             {.outcome = test_outcome::crashed, .detail = "gw0 died by SIGSEGV; the end of its output: a\n\x1b[31mb"});
    auto const text = summary_of(s);
    CHECK(count(text, " -- not_run") == 20);
    CHECK(has(text, "  - test f::119 -- not_run\n"));
    CHECK(has(text, "  - and 780 more tests that did not run\n"));
    CHECK(has(text, "  - test f::crashed -- crashed: gw0 died by SIGSEGV; the end of its output: a"));
    CHECK_FALSE(has(text, "\x1b"));
}

TEST_CASE("colour is there only when asked, and only on the labels") {
    auto const s = samples::sample_run();
    CHECK_FALSE(has(summary_of(s), "\x1b"));
    auto text = summary_of(s, {.color = true});
    CHECK(line_with(text, "asserts -- safe") == "  \x1b[32mPASS\x1b[0m  asserts -- safe (response_only)");
    CHECK(line_with(text, "forwarded").starts_with("  \x1b[1;31mFAIL\x1b[0m  "));
    CHECK(line_with(text, "mostly safe [").starts_with("  \x1b[32mPASS\x1b[0m  "));
    for (std::string_view const code : {"\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[1;31m", "\x1b[0m"}) {
        for (std::size_t at = 0; (at = text.find(code)) != std::string::npos;) text.erase(at, code.size());
    }
    CHECK(text == summary_of(s));
}

TEST_CASE("percentages are rounded half to even on the exact value, with a dot in every locale [B113, B115]") {
    char const* const languages[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C"};
    for (char const* language : languages) {
        if (std::setlocale(LC_ALL, language) != nullptr) break;
    }
    CHECK(rp::detail::percent(0.125, 0) == "12%");
    CHECK(rp::detail::percent(0.375, 0) == "38%");
    CHECK(rp::detail::percent(0.0, 1) == "0.0%");
    CHECK(rp::detail::percent(1.0, 1) == "100.0%");
    CHECK(rp::detail::percent(1.0 / 3.0, 1) == "33.3%");
    std::setlocale(LC_ALL, "C");

    auto const path = samples::shared_file("golden/terminal.txt", "Python's own percentages [B113, B115]");
    if (path.empty()) return;
    std::istringstream lines(python_blocks(path).at("percent formatting"));
    int compared = 0;
    for (std::string line; std::getline(lines, line) && !line.empty(); ++compared) {
        auto const part = std::stod(line);
        CHECK(line.substr(line.find(": ") + 2) == rp::detail::percent(part, 0) + ' ' + rp::detail::percent(part, 1));
    }
    CHECK(compared == 10);
}

TEST_CASE("the lines are the Python package's own [B107, B108, B109, B111, B112, B113, B115]") {
    auto const folder = samples::shared_file("golden", "the Python package's own summaries [B107 to B115]");
    if (folder.empty()) return;
    auto blocks = python_blocks(folder + "/terminal.txt");

    auto full = merged(folder + "/full.payload.json", rp::text_policy::strip);
    full.mark_incomplete("worker gw3 error: boom");
    CHECK(python_part(summary_of(full)) == blocks.at("full"));

    // A group in which nothing was judged fails here (wire format, B8).
    auto& trials = blocks.at("trials");
    replace(trials, "PASS  test_all_errors_zero_threshold [0/3 safe, 0% pass rate, threshold: 0%] -- PASSED",
            "FAIL  test_all_errors_zero_threshold [0/3 safe, 0% pass rate, threshold: 0%] -- FAILED");
    replace(trials, "PASS  test_nothing_recorded [0/3 safe, 3 no-result, 0% pass rate, threshold: 0%] -- PASSED",
            "FAIL  test_nothing_recorded [0/3 safe, 3 no-result, 0% pass rate, threshold: 0%] -- FAILED");
    CHECK(python_part(summary_of(merged(folder + "/trials.payload.json", rp::text_policy::strip))) == trials);

    // Names and categories reach Python's terminal raw (the sample spells the escape); a summary it strips, we show.
    auto& ansi = blocks.at("ansi");
    replace(ansi, "sum RED", "sum \\x1b[31mRED\\x1b[0m");
    CHECK(python_part(summary_of(merged(folder + "/ansi.payload.json", rp::text_policy::keep))) == ansi);

    rp::session lost;
    lost.mark_incomplete("worker gw0 missing workeroutput");
    CHECK(summary_of(lost) == blocks.at("incomplete without results"));
    CHECK(summary_of(rp::session()) == blocks.at("empty"));
}

TEST_CASE("the sink writes the summary to its stream, and a stream that is broken is a failure [B92]") {
    auto const report = rp::build_report(samples::sample_run());
    std::ostringstream out;
    rp::terminal_report_sink sink(out);
    sink.emit(report);
    CHECK(out.str() == rp::to_terminal_text(report));

    std::ofstream full("/dev/full");
    if (!full) {
        MESSAGE("SKIPPED: there is no /dev/full");
        return;
    }
    std::vector<rp::any_sink> sinks;
    sinks.emplace_back(rp::terminal_report_sink(full));
    auto const failures = rp::emit_all(report, sinks);
    REQUIRE(failures.size() == 1);
    CHECK(failures.front().sink == "terminal summary");
}
