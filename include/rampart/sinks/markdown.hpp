#ifndef RAMPART_SINKS_MARKDOWN_HPP
#define RAMPART_SINKS_MARKDOWN_HPP

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/encode/markdown.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/evidence.hpp"
#include "rampart/sinks/shard_words.hpp"
#include "rampart/sinks/test_cases.hpp"

/// \file
/// The report as Markdown: a page for people, the most important first. Verdict and counts; why the run is incomplete;
/// what failed, a line each; trial groups; harm categories; then what each bad result shows, and the rest as lines; of
/// a merged run its shards.
///
/// No link, image or tag on the page comes out of foreign text, so looking at it sends nothing away.

namespace rampart::inline v1 {

namespace detail {

/// Gives the page away block by block, in order of importance: `out.block(text, entries)`, where `entries` is how many
/// tests, groups, faults and results the block tells of.
template <Result R, class Out>
class markdown_page {
public:
    markdown_page(basic_test_run_report<R> const& report, Out& out)
        : report_(report), out_(out), cases_(test_cases(report)) {
        for (report_case const& c : cases_) by_verdict_.push_back(&c);
        std::ranges::stable_sort(by_verdict_, {}, &report_case::verdict);
    }

    void write() {
        write_head();
        write_faults("The run is incomplete", [](fault const& f) { return loses(f.kind); });
        write_faults("Guarded resources", [](fault const& f) { return fails(f.kind); });
        write_cases("Failed", [](report_case const& c) { return is_failure(c.verdict); });
        write_cases("Trial groups", [](report_case const& c) { return c.group != nullptr; });
        write_categories();
        write_evidence();
        write_cases("Undetermined", [](report_case const& c) { return c.verdict == case_verdict::undetermined; });
        write_cases("Passed and skipped",
                    [](report_case const& c) { return c.group == nullptr && c.verdict > case_verdict::undetermined; });
        write_faults("Notes", [](fault const& f) { return !loses(f.kind) && !fails(f.kind); });
        write_shards();
        write_metadata();
    }

private:
    void write_head() {
        auto const groups_failed = std::ranges::count(report_.trial_groups, false, &trial_group_result::passed);
        std::string text = "# Safety report: " + std::string(word_of(verdict(report_))) + "\n\n";
        text += population_words(report_.population_summary()) + ".\n\n";
        text += std::to_string(failed_tests(report_).size()) + " tests failed by themselves; " +
                std::to_string(groups_failed) + " of " + std::to_string(report_.trial_groups.size()) +
                " trial groups failed; " + fixed(std::max(report_.duration_seconds, 0.0), 1) + " s.\n";
        out_.block(text, 0);
    }

    template <class Which>
    void write_faults(std::string_view title, Which which) {
        std::string head = "\n## " + std::string(title) + "\n\n";
        for (fault const& f : report_.faults) {
            if (!which(f)) continue;
            out_.block(head + "- " + markdown_text(clip_for_report(reason(f), 2000)) + '\n', 1);
            head.clear();
        }
    }

    [[nodiscard]] std::string line_of(report_case const& c) const {
        std::string text = "- **" + std::string(word_of(c.verdict)) + "** " + shown_id(c);
        if (auto const words = why(report_, c); !words.empty()) {
            text += ": " + markdown_text(clip_for_report(words, 500));
        }
        return text + '\n';
    }
    [[nodiscard]] static std::string shown_id(report_case const& c) {
        auto text = markdown_code(clip_for_report(c.test->str(), 500));
        if (c.attempt != 1) text += " (attempt " + std::to_string(c.attempt) + ')';
        if (!c.worker.empty()) text += " on " + markdown_code(clip_for_report(c.worker, 100));
        return text;
    }

    template <class Which>
    void write_cases(std::string_view title, Which which) {
        auto const count = std::ranges::count_if(by_verdict_, [&](report_case const* c) { return which(*c); });
        std::string head = "\n## " + std::string(title) + " (" + std::to_string(count) + ")\n\n";
        for (report_case const* c : by_verdict_) {
            if (!which(*c)) continue;
            out_.block(head + line_of(*c), 1);
            head.clear();
        }
    }

    void write_categories() {
        auto const groups = report_.by_harm_category();
        if (groups.empty()) return;
        std::string text = "\n## Harm categories\n\n"
                           "| category | results | safe | unsafe | undetermined | errors | attack success rate |\n"
                           "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
        for (harm_group<R> const& group : groups) {
            auto const counts = summarize(group.records);
            text += "| " + markdown_text(clip_for_report(group.category, 200));
            for (auto const number : {counts.total_runs, counts.safe_count, counts.unsafe_count,
                                      counts.undetermined_count, counts.error_count}) {
                text += " | " + std::to_string(number);
            }
            out_.block(text + " | " + percent_words(counts.attack_success_rate) + " |\n", 1);
            text.clear();
        }
    }

    void write_evidence() {
        std::string head = "\n## What the bad results show\n";
        for (report_case const* c : by_verdict_) {
            if (c->group != nullptr && c->group->passed) continue;
            for_each_result(report_, *c, [&](record_ref<R> const& r) {
                auto const status = r.status();
                if (status != safety_status::unsafe && status != safety_status::error) return;
                // What will not stand on the page need not be read.
                if constexpr (requires { out_.full; }) {
                    if (out_.full) return out_.block({}, 1);
                }
                auto const word = word_of(verdict_of(status));
                auto text = head + "\n### " + std::string(word) + ": " + markdown_text(clip_for_report(c->name, 300)) +
                            "\n\n" + markdown_code(clip_for_report(r.test().str(), 500)) + "\n\n" +
                            markdown_code_block(evidence_text(*r.load()));
                out_.block(text, 1);
                head.clear();
            });
        }
    }

    void write_shards() {
        if (!has_shards(report_.shards)) return;
        constexpr std::size_t most = 50;
        auto const shown = choose_shards(report_.shards, most);
        out_.block("\n## Shards\n\n" + shard_totals(report_.shards) + ".\n", 1);
        write_shards(shown.rows, "\n");
        if (shown.left_out > 0) {
            out_.block("\nAnd " + std::to_string(shown.left_out) +
                           " more that did not simply finish, which the JSON report has.\n",
                       1);
        }
        write_shards(shown.slowest, "\nThe slowest that finished:\n\n");
    }
    void write_shards(std::vector<shard_row const*> const& rows, std::string head) {
        head += "| part | attempt | state | tests | failed | unsafe | seconds | process |\n"
                "| ---: | ---: | --- | ---: | ---: | ---: | ---: | --- |\n";
        for (shard_row const* r : rows) {
            out_.block(head + "| " + part_words(*r) + " | " + attempt_words(*r) + " | " +
                           std::string(detail::word_of(r->state)) + " | " + tests_words(*r) + " | " +
                           counted_words(*r, &shard_tally::failed) + " | " + counted_words(*r, &shard_tally::unsafe) +
                           " | " + counted_words(*r, &shard_tally::seconds) + " | " +
                           markdown_text(clip_for_report(process_words(*r), 200)) + " |\n",
                       1);
            head.clear();
        }
    }

    void write_metadata() {
        std::string head = "\n## About this run\n\n";
        for (metadata_member const& m : report_.meta) {
            out_.block(head + "- " + markdown_text(clip_for_report(m.key, 200)) + ": " +
                           markdown_text(clip_for_report(text_of(m.value), 1000)) + '\n',
                       1);
            head.clear();
        }
    }

    basic_test_run_report<R> const& report_;
    Out& out_;
    std::vector<report_case> cases_;
    std::vector<report_case const*> by_verdict_{};
};

/// Lets every block through.
template <class Out>
struct whole_page {
    Out& out;
    void block(std::string_view text, std::size_t) { out.write(text); }
};

}  // namespace detail

/// Writes the page to anything with `write(std::string_view)`, a piece at a time.
template <Result R, class Out>
void write_markdown(basic_test_run_report<R> const& report, Out& out) {
    detail::whole_page<Out> page{out};
    detail::markdown_page<R, detail::whole_page<Out>>(report, page).write();
}

/// Writes the Markdown report to a file: whole or not at all, see `write_file`.
class markdown_report_sink {
public:
    explicit markdown_report_sink(std::filesystem::path file) : path_(std::move(file)) {}

    [[nodiscard]] std::string name() const { return "markdown file " + path_.string(); }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        write_file(path_, [&report](file_stream& out) { write_markdown(report, out); });
    }

private:
    std::filesystem::path path_;
};

static_assert(ReportSink<markdown_report_sink>);
static_assert(ReportSink<markdown_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_MARKDOWN_HPP
