#include "rampart/sinks/html.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "sinks/foreign_run.hpp"
#include "sinks/sample_run.hpp"
#include "sinks/sharded_run.hpp"
#include "support/foreign.hpp"
#include "support/scratch.hpp"

namespace {

namespace rp = rampart;
using foreign::count;
using foreign::has;
using samples::id;

template <rp::Result R>
std::string page_of(rp::basic_test_run_report<R> const& report, rp::html_options options = {}) {
    foreign::text_out out;
    rp::write_html(report, out, options);
    return out.text;
}

/// The text between the two, from a place on; empty where they are not there.
std::string_view between(std::string_view page, std::string_view before, std::string_view after) {
    auto const from = page.find(before);
    if (from == std::string_view::npos) return {};
    page.remove_prefix(from + before.size());
    return page.substr(0, page.find(after));
}
std::string_view section(std::string_view page, std::string const& name) {
    return between(page, "<section id=\"" + name + "\"", "</section>");
}

/// Every tag as it stands there, `<code>`, `</p>`, without those in the script and the style, where there are none.
std::vector<std::string> tags_of(std::string_view page) {
    std::vector<std::string> tags;
    for (std::size_t at = 0; (at = page.find('<', at)) != std::string_view::npos;) {
        auto const end = page.find('>', at);
        tags.emplace_back(page.substr(at, end - at + 1));
        bool const is_raw = tags.back() == "<style>" || tags.back() == "<script>";
        at = is_raw ? page.find("</", end) : end;
    }
    return tags;
}
std::string name_of(std::string const& tag) {
    auto const from = tag.starts_with("</") ? std::size_t{2} : std::size_t{1};
    return tag.substr(from, tag.find_first_of(" />", from) - from);
}

void check_counts(rp::test_run_report const& report) {
    auto const page = page_of(report);
    auto const results = report.population_summary();
    CHECK(between(page, "<p id=\"counts\">", "</p>") == rp::detail::population_words(results) + ".");
    auto const groups_failed = std::ranges::count(report.trial_groups, false, &rp::trial_group_result::passed);
    CHECK(has(page, "<p>" + std::to_string(rp::failed_tests(report).size()) + " tests failed by themselves; " +
                        std::to_string(groups_failed) + " of " + std::to_string(report.trial_groups.size()) +
                        " trial groups failed; "));
    auto const list = section(page, "results");
    CHECK(count(list, "data-status=\"safe\"") == results.safe_count);
    CHECK(count(list, "data-status=\"unsafe\"") == results.unsafe_count);
    CHECK(count(list, "data-status=\"undetermined\"") == results.undetermined_count);
    CHECK(count(list, "data-status=\"error\"") == results.error_count);
    CHECK(count(section(page, "categories"), "<tr><td>") == report.by_harm_category().size());
    CHECK(count(section(page, "groups"), "<tr><td ") == report.trial_groups.size());
    CHECK(count(section(page, "incomplete"), "<li>") + count(section(page, "guards"), "<li>") +
              count(section(page, "notes"), "<li>") ==
          report.faults.size());
    auto const cases = rp::test_cases(report);
    auto const failed = std::ranges::count_if(cases, [](auto const& c) { return is_failure(c.verdict); });
    CHECK(count(section(page, "failed"), "<li ") == static_cast<std::size_t>(failed));
    CHECK(has(page, "class=\"passed\">Safety report: PASSED</h1>") == (rp::verdict(report) == rp::exit_status::good));
    CHECK(has(page, "class=\"incomplete\">Safety report: INCOMPLETE</h1>") == report.is_incomplete());
}

/// So many results, one in ten UNSAFE and one in ten an ERROR, each with a conversation of so many bytes.
rp::test_run_report long_run(int results, std::size_t bytes) {
    rp::session s;
    for (int i = 0; i < results; ++i) {
        auto const status = i % 10 == 3   ? rp::safety_status::unsafe
                            : i % 10 == 6 ? rp::safety_status::error
                            : i % 10 == 8 ? rp::safety_status::undetermined
                                          : rp::safety_status::safe;
        auto r = samples::make(status, "number " + std::to_string(i), "prompt_injection");
        r.evidence.turns = {rp::turn{.request = {.prompt = "said"}, .response = {.text = std::string(bytes, 'w')}}};
        s.absorb(id("a.cpp::t" + std::to_string(i)), {}, {std::move(r)}, {.outcome = rp::test_outcome::passed});
    }
    return rp::build_report(s);
}

}  // namespace

TEST_CASE("the HTML report of a run that has one of everything is the golden file, byte for byte") {
    auto const path = std::filesystem::path(__FILE__).parent_path() / "../golden/report.html";
    auto const report = rp::build_report(samples::sample_run());
    auto const page = page_of(report);
    CHECK(page == samples::read_file(path.string()));
    CHECK(page == page_of(report));
    check_counts(report);
}

TEST_CASE("no tag and no attribute comes out of hostile text in any field") {
    auto const report = foreign::hostile_report();
    auto const page = page_of(report);
    CHECK(foreign::is_visible(page, true));
    check_counts(report);
    std::set<std::string> const ours{
        "!DOCTYPE", "html",  "head",     "meta", "title",  "style",  "body",    "header",  "main", "section", "h1",
        "h2",       "p",     "ul",       "li",   "span",   "code",   "a",       "div",     "pre",  "table",   "thead",
        "tbody",    "tr",    "th",       "td",   "svg",    "rect",   "details", "summary", "form", "script",  "legend",
        "label",    "input", "fieldset", "text", "select", "option", "output",  "button"};
    auto const tags = tags_of(page);
    std::size_t scripts = 0;
    for (std::string const& tag : tags) {
        CAPTURE(tag);
        CHECK(ours.contains(name_of(tag)));
        // Nothing in a tag is foreign: no address but a place on the page, no handler, no style.
        for (auto const part : {" on", "evil", "javascript", "alert", "style=", "src=", "srcset=", "action="}) {
            CHECK_FALSE(has(tag, part));
        }
        if (has(tag, "href=")) CHECK(tag.starts_with("<a href=\"#r"));
        scripts += tag == "<script>" ? 1 : 0;
    }
    CHECK(scripts == 1);
    CHECK(count(page, "<style>") == 1);
    // Each tag is closed, and as often as the report wants it.
    for (std::string const name : {"details", "pre", "div", "section", "li", "span", "table", "p", "code"}) {
        CAPTURE(name);
        auto const opened = std::ranges::count_if(
            tags, [&](auto const& tag) { return name_of(tag) == name && !tag.starts_with("</"); });
        CHECK(opened == std::ranges::count(tags, "</" + name + ">"));
    }
    std::size_t pieces = 0;
    for (auto const& r : report.results) {
        rp::for_each_evidence(r, [&](rp::evidence_piece const& piece) {
            pieces += piece.words.empty() ? 0 : 1;
            return true;
        });
    }
    CHECK(count(page, "<pre>") == pieces);
    for (std::string const& attack : foreign::attacks()) {
        if (!attack.empty()) CHECK(has(page, ">prompt</div><pre>\n" + rp::html_text(attack) + "</pre>"));
    }
}

TEST_CASE("the policy that forbids everything else stands before any text, and nothing on the page breaks it") {
    auto const page = page_of(foreign::hostile_report());
    auto const policy = page.find("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                                  "style-src 'sha256-");
    CHECK(policy < page.find("<title>"));
    CHECK(has(page.substr(0, page.find("<title>")), "base-uri 'none'; form-action 'none'\">"));
    CHECK(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"));
}

TEST_CASE("a parser of HTML finds nothing wrong with the page of hostile text") {
    if (!foreign::has_program("xmllint", "a parser of HTML finds nothing wrong with the page of hostile text")) return;
    scratch::folder const dir;
    rp::write_file(dir / "p.html", page_of(foreign::hostile_report()));
    auto const judged = foreign::run("xmllint --html --huge --noout '" + (dir / "p.html").string() + "'");
    CHECK(judged.status == 0);
    for (auto const& line : foreign::lines_of(judged.text)) {
        // It knows HTML 4, and no elements that are newer.
        bool const is_newer = has(line, " error : Tag ") && line.ends_with(" invalid");
        if (!is_newer) CHECK_FALSE_MESSAGE(has(line, " error : "), line);
    }
}

TEST_CASE("random reports: counts agree with the report, and the page says passed exactly when the run did") {
    for (unsigned seed = 0; seed < 150; ++seed) {
        CAPTURE(seed);
        check_counts(foreign::random_report(seed));
    }
}

TEST_CASE("the most important stands first") {
    auto const page = page_of(rp::build_report(samples::sample_run()));
    std::size_t last = 0;
    for (auto const part :
         {"id=\"verdict\"", "id=\"counts\"", "id=\"incomplete\"", "id=\"failed\"", "id=\"categories\"", "id=\"groups\"",
          "id=\"results\"", "data-status=\"unsafe\"", "data-status=\"error\"", "data-status=\"undetermined\"",
          "data-status=\"safe\"", "id=\"tests\"", "id=\"notes\"", "id=\"about\""}) {
        auto const at = page.find(part, last);
        CHECK_MESSAGE(at != std::string::npos, part);
        last = at == std::string::npos ? last : at;
    }
}

TEST_CASE("a run with nothing in it has a page, with no part that is empty") {
    rp::session const nothing;
    auto const page = page_of(rp::build_report(nothing));
    CHECK(has(page, "<p id=\"counts\">0 results: "));
    CHECK(count(page, "<section") == 0);
}

TEST_CASE("a result that took no finite time is not said to have taken none") {
    auto const page = page_of(rp::build_report(samples::sample_run()));
    CHECK(has(page, "<code>mail.cpp::mail::forwards nothing</code>, 0.25 s</p>"));
    CHECK_FALSE(has(page, ", 0.00 s</p>"));
}

TEST_CASE("of more results than a page takes every UNSAFE and ERROR one stays, and it says how many are left out") {
    auto const report = long_run(10'050, 10);
    auto const page = page_of(report);
    CHECK(count(page, "<details class=\"result") == 10'000);
    CHECK(count(page, "data-status=\"unsafe\"") == 1005);
    CHECK(count(page, "data-status=\"error\"") == 1005);
    CHECK(count(page, "data-status=\"undetermined\"") == 1005);
    CHECK(count(page, "data-status=\"safe\"") == 6985);
    CHECK(has(page, "<h2>Results (10050)</h2>"));
    CHECK(between(page, "id=\"left-out\">", "</p>") ==
          "50 results are not on this page, none of them UNSAFE or ERROR. The JSON report has them.");
    CHECK(between(page, "<p id=\"counts\">", "</p>") ==
          rp::detail::population_words(report.population_summary()) + ".");

    auto const less = page_of(report, {.most_results = 100});
    CHECK(count(less, "<details class=\"result") == 2010);
    CHECK(count(less, "data-status=\"unsafe\"") == 1005);
    CHECK(count(less, "data-status=\"error\"") == 1005);
    CHECK(has(less, "id=\"left-out\">8040 results are not"));
    CHECK_FALSE(has(page_of(long_run(20, 10)), "left-out"));
}

TEST_CASE("conversations that do not fit are left out from the end, the page says of how many, and each says so too") {
    auto const report = long_run(100, 3000);
    auto const page = page_of(report, {.most_evidence = 400'000});
    CHECK(count(page, "<details class=\"result") == 100);
    auto const shown = count(page, "<div class=\"piece response\">");
    CHECK(shown >= 20);  // all of the bad ones
    CHECK(shown <= 33);  // the results as such have taken 300,000
    CHECK(count(page, "there is no room for it here.</p>") == 100 - shown);
    CHECK(has(page, "id=\"no-evidence\">The conversations of " + std::to_string(100 - shown) + " results are not"));
    auto const last = page.rfind("<div class=\"piece response\">");
    CHECK(last < page.find("there is no room for it here.</p>"));
    CHECK_FALSE(has(page_of(report), "no-evidence"));
}

TEST_CASE("a long text and a long conversation are clipped, and say by how much and where the rest is") {
    rp::session s;
    auto one = samples::make(rp::safety_status::unsafe, std::string(5000, 's'));
    one.evidence.turns = {rp::turn{.response = {.text = std::string(5000, 'r')}}};
    auto many = samples::unsafe();
    for (int i = 0; i < 100; ++i) {
        many.evidence.turns.push_back(rp::turn{.response = {.text = std::string(3900, 'm')}, .turn_number = i});
    }
    s.absorb(id("a.cpp::one"), {}, {std::move(one)}, {});
    s.absorb(id("a.cpp::two"), {}, {std::move(many)}, {});
    auto const page = page_of(rp::build_report(s));
    CHECK(has(page, std::string(4000, 'r') + "... (1000 more bytes; the JSON report has them)</pre>"));
    CHECK(has(page, std::string(300, 's') + "... (4700 more bytes; the JSON report has them)</span>"));
    CHECK(count(page, "Clipped here; the JSON report has the rest.") == 1);
    CHECK(count(page, "<pre>\nmmm") == 52);  // 200 kB of 3.9 kB each, and the one that passes the bound
}

TEST_CASE("a list of more lines than a page takes says how many more there are") {
    rp::session s;
    for (int i = 0; i < 30; ++i) {
        s.absorb(id("a.cpp::t" + std::to_string(i)), {}, {samples::unsafe()}, {});
        s.absorb(id("a.cpp::skipped" + std::to_string(i)), {}, {}, {.outcome = rp::test_outcome::skipped});
        samples::add_trial(s, "g.cpp::g" + std::to_string(i), 0, 0.5, {samples::safe()});
        s.add_fault({rp::fault_kind::missing_worker, "worker gw" + std::to_string(i), "gone"});
    }
    auto const page = page_of(rp::build_report(s), {.most_lines = 10});
    for (auto const& [name, title] : {std::pair<std::string, std::string>{"incomplete", "The run is incomplete (30)"},
                                      {"failed", "Failed (30)"},
                                      {"groups", "Trial groups (30)"},
                                      {"tests", "Tests without a result (30)"}}) {
        auto const part = section(page, name);
        CAPTURE(part);
        CHECK(has(part, title));
        CHECK(count(part, "<li") + count(part, "<tr><td ") == 10);
        CHECK(has(part, "<p>And 20 more "));
        CHECK_FALSE(has(part, "class=\"more\""));
    }
    auto const folded = page_of(rp::build_report(s), {.most_lines = 20, .open_lines = 4});
    for (std::string const name : {"incomplete", "failed", "groups", "tests"}) {
        auto const part = section(folded, name);
        CAPTURE(part);
        auto const fold = part.find("<details class=\"more\"><summary>16 more</summary>");
        auto const open = part.substr(0, fold);
        CHECK(count(open, "<li") + count(open, "<tr><td ") == 4);
        CHECK(count(part, "<li") + count(part, "<tr><td ") == 20);
        CHECK(count(part, "<details") == count(part, "</details>"));
        CHECK(has(part, "<p>And 10 more "));
    }
}

TEST_CASE("the HTML page is written whole, with its folder, for a result type of one's own too") {
    scratch::folder const dir;
    rp::basic_session<samples::finding> s;
    s.absorb(id("a.cpp::t"), {}, {samples::finding{.severity = 1, .text = "found <img src=http://evil.example>"}});
    rp::html_report_sink sink{dir / "new/report.html"};
    sink.emit(rp::build_report(s));
    auto const page = scratch::text_of(dir / "new/report.html");
    CHECK(has(page, "<span class=\"why\">found &lt;img src=http://evil.example&gt;</span>"));
    CHECK(has(page, "<pre>\nfound &lt;img src=http://evil.example&gt;</pre>"));
    CHECK(page.ends_with("</html>\n"));
    CHECK(scratch::entries(dir / "new") == std::set<std::string>{"report.html"});
    CHECK(has(sink.name(), "report.html"));
    rp::html_report_sink blocked{dir / "new/report.html/below.html"};
    CHECK_THROWS_AS(blocked.emit(rp::build_report(s)), rp::file_error);
    CHECK(scratch::text_of(dir / "new/report.html") == page);
}

TEST_CASE("the shards of a merged run have a table, those that did not finish first, the others behind a fold") {
    CHECK(section(page_of(rp::build_report(samples::sample_run())), "shards").empty());
    auto const page = page_of(samples::sharded_report());
    auto const few = std::string(section(page, "shards"));
    CHECK(has(few, "<h2>Shards (5)</h2>"));
    CHECK(has(few, "<p>4 parts: 2 finished, 1 ended early, 1 superseded, 1 never began.</p>"));
    CHECK(count(few, "<tr><td>") == 5);
    CHECK(has(few, "<tr><td>2 of 4</td><td class=\"undetermined\"><span class=\"status\">superseded</span></td>"
                   "<td class=\"n\">1</td><td class=\"n\">1 of 2</td><td class=\"n\">0</td><td class=\"n\">1</td>"
                   "<td class=\"n\">0</td><td class=\"n\">0</td><td class=\"n\">0.50</td><td>east, pid 12</td></tr>"));
    CHECK(few.find("never began</span>") < few.find("finished</span>"));

    auto const many = page_of(samples::thousand_shards(3));
    auto const table = std::string(section(many, "shards"));
    CHECK(count(table, "<tr><td>") == 1000);
    auto const folded = table.find("<details class=\"more\"><summary>990 more</summary>");
    REQUIRE(folded != std::string::npos);
    CHECK(count(table.substr(0, folded), "<tr><td>") == 10);
    CHECK(table.find("500 of 1000") < folded);

    auto hostile = samples::sharded_report();
    hostile.shards[0].host = "<b>east";
    CHECK(has(page_of(hostile), "<td>&lt;b&gt;east, pid 11</td>"));
}
