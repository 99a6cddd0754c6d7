#include "rampart/sinks/markdown.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "sinks/counts.hpp"
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

using foreign::text_out;
template <rp::Result R>
std::string page_of(rp::basic_test_run_report<R> const& report) {
    text_out out;
    rp::write_markdown(report, out);
    return out.text;
}

std::string rendered(std::string const& renderer, std::string const& page) {
    scratch::folder const dir;
    rp::write_file(dir / "p.md", page);
    return foreign::run(renderer + " " + (dir / "p.md").string()).text;
}

std::size_t cases_in(std::string const& page, std::string const& section) {
    auto const at = page.find("\n## " + section + " (");
    return at == std::string::npos ? 0 : std::stoul(page.substr(at + section.size() + 6));
}

void check_counts(rp::test_run_report const& report) {
    auto const page = page_of(report);
    CHECK(counts::differences(counts::of_markdown(page), counts::of(report)) == "");
    std::size_t failed = 0;
    std::size_t undetermined = 0;
    std::size_t others = 0;
    for (rp::report_case const& c : rp::test_cases(report)) {
        failed += is_failure(c.verdict) ? 1 : 0;
        undetermined += c.verdict == rp::case_verdict::undetermined ? 1 : 0;
        others += c.group == nullptr && c.verdict > rp::case_verdict::undetermined ? 1 : 0;
    }
    CHECK(cases_in(page, "Failed") == failed);
    CHECK(cases_in(page, "Trial groups") == report.trial_groups.size());
    CHECK(cases_in(page, "Undetermined") == undetermined);
    CHECK(cases_in(page, "Passed and skipped") == others);
}

}  // namespace

TEST_CASE("the Markdown report of a run that has one of everything is the golden file, byte for byte") {
    auto const path = std::filesystem::path(__FILE__).parent_path() / "../golden/report.md";
    auto const report = rp::build_report(samples::sample_run());
    CHECK(page_of(report) == samples::read_file(path.string()));
    check_counts(report);
}

TEST_CASE("no link, image, tag or other structure comes out of hostile text in any field") {
    auto const report = foreign::hostile_report();
    auto const page = page_of(report);
    CHECK(foreign::is_visible(page, true));
    check_counts(report);
    if (!foreign::has_program("cmark", "no link, image or tag comes out of hostile text (cmark)")) return;
    auto const check = [&](std::string const& html) {
        for (auto const tag :
             {"<a ", "<img", "<em>", "<del>", "<script", "<svg", "<blockquote", "<ol", "<hr", "<input"}) {
            CAPTURE(tag);
            CHECK(count(html, tag) == 0);
        }
        // Every bit of structure is one that the page means.
        auto const cases = rp::test_cases(report);
        std::size_t bad = 0;
        for (rp::report_case const& c : cases) {
            rp::for_each_result(report, c, [&](auto const& r) {
                auto const status = r.status();
                bad += status == rp::safety_status::unsafe || status == rp::safety_status::error ? 1 : 0;
            });
        }
        CHECK(count(html, "<h1>") == 1);
        CHECK(count(html, "<h3>") == bad);
        CHECK(count(html, "<pre>") == bad);
        // A group that failed stands in two lists, every other case in one.
        CHECK(count(html, "<li>") ==
              cases.size() + report.trial_groups.size() + report.faults.size() + report.meta.size());
        CHECK(count(html, "<strong>") == cases.size() + report.trial_groups.size());
        // What an agent said is there to be read.
        for (std::string const& attack : foreign::attacks()) {
            auto wanted = rp::visible(attack);
            for (auto const& [from, to] : {std::pair{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}}) {
                wanted = foreign::replaced(std::move(wanted), from, to);
            }
            if (!wanted.empty()) CHECK(has(html, "prompt: " + wanted + "\n"));
        }
    };
    check(rendered("cmark", page));
    check(rendered("cmark --unsafe", page));
    if (!foreign::has_program("cmark-gfm", "no link, image or tag comes out of hostile text (GitHub's)")) return;
    auto const html = rendered("cmark-gfm --unsafe -e table -e autolink -e strikethrough", page);
    check(html);
    CHECK(count(html, "<table>") == 1);
    CHECK(count(html, "<td") == 7 * report.by_harm_category().size());
}

TEST_CASE("random reports: counts agree with the report, and the page says passed exactly when the run did") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        check_counts(foreign::random_report(seed));
    }
}

TEST_CASE("the most important stands first") {
    auto const page = page_of(rp::build_report(samples::sample_run()));
    std::size_t last = 0;
    for (auto const part : {"# Safety report: INCOMPLETE", "12 results:", "## The run is incomplete", "## Failed (5)",
                            "**UNSAFE**", "**ERROR**", "**FAILED**", "## Trial groups (3)", "## Harm categories",
                            "## What the bad results show", "## Passed and skipped (3)", "## Notes"}) {
        auto const at = page.find(part, last);
        CHECK_MESSAGE(at != std::string::npos, part);
        last = at == std::string::npos ? last : at;
    }
}

TEST_CASE("the page is written whole, with its folder, for a result type of one's own too") {
    scratch::folder const dir;
    rp::basic_session<samples::finding> s;
    s.absorb(id("a.cpp::t"), {}, {samples::finding{.severity = 1, .text = "found ![it](http://evil.example)"}});
    rp::markdown_report_sink sink{dir / "new/report.md"};
    sink.emit(rp::build_report(s));
    CHECK(has(scratch::text_of(dir / "new/report.md"), "found \\!\\[it\\](http&#58;<!-- -->//evil.example)"));
    CHECK(scratch::entries(dir / "new") == std::set<std::string>{"report.md"});
    rp::markdown_report_sink blocked{dir / "new/report.md/below.md"};
    CHECK_THROWS_AS(blocked.emit(rp::build_report(s)), rp::file_error);
}

TEST_CASE("the page of a merged run has a table of its shards, of many of those that matter") {
    CHECK_FALSE(has(page_of(rp::build_report(samples::sample_run())), "## Shards"));
    auto const few = page_of(samples::sharded_report());
    CHECK(has(few, "\n## Shards\n\n4 parts: 2 finished, 1 ended early, 1 superseded, 1 never began.\n\n| part | "));
    CHECK(has(few, "| 2 of 4 | 1 | superseded | 1 of 2 | 0 | 0 | 0.50 | east, pid 12 |\n"));
    CHECK(has(few, "| 3 of 4 | - | never began | - | - | - | - |  |\n"));
    CHECK_FALSE(has(few, "The slowest"));
    auto const many = page_of(samples::thousand_shards(60));
    CHECK(has(many, "\nAnd 11 more that did not simply finish, which the JSON report has.\n"));
    CHECK(has(many, "\nThe slowest that finished:\n\n| part | "));
    CHECK(count(many, " of 1000 | ") == 60);
    auto hostile = samples::sharded_report();
    hostile.shards[0].host = "a|b<i>";
    CHECK_FALSE(has(page_of(hostile), "a|b<i>"));
}
