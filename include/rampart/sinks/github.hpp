#ifndef RAMPART_SINKS_GITHUB_HPP
#define RAMPART_SINKS_GITHUB_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/markdown.hpp"
#include "rampart/sinks/test_cases.hpp"

/// \file
/// What GitHub Actions shows of a run: the step's summary, and annotations.

namespace rampart::inline v1 {

/// GitHub drops a step's whole summary when its file is over 1 MiB; this stays below it.
inline constexpr std::size_t github_summary_limit = 1'000'000;

namespace detail {

/// Lets blocks through until one does not fit, and none behind it: what is left out is the least important.
struct short_page {
    std::size_t limit;
    std::string text{};
    std::size_t left_out = 0;
    bool full = false;

    void block(std::string_view more, std::size_t entries) {
        full = full || text.size() + more.size() > limit;
        full ? static_cast<void>(left_out += entries) : static_cast<void>(text += more);
    }
};

/// Room for the line that says what was cut.
inline constexpr std::size_t room_for_cut = 300;

}  // namespace detail

/// The Markdown report in at most `limit` bytes (at least 2,000): the most important first, and at the end how many
/// entries (tests, groups, faults, results) were left out.
template <Result R>
[[nodiscard]] std::string to_github_summary(basic_test_run_report<R> const& report,
                                            std::size_t limit = github_summary_limit) {
    if (limit < 2000) throw std::invalid_argument("rampart::to_github_summary: the limit has to be 2,000 or more");
    detail::short_page page{.limit = limit - detail::room_for_cut};
    detail::markdown_page<R, detail::short_page>(report, page).write();
    if (page.full) {
        page.text += "\n---\n\n**This summary was cut: " + std::to_string(page.left_out) +
                     " entries of less importance are left out, for want of room. The JSON report has them.**\n";
    }
    return std::move(page.text);
}

/// The annotations of a run as workflow commands, a line each: at most 10 errors and 10 warnings, as many as GitHub
/// keeps of a step. Of a test or trial group there is one at most. When there are more, the tenth says how many.
template <Result R>
[[nodiscard]] std::string to_github_annotations(basic_test_run_report<R> const& report) {
    struct kind {
        std::string_view command;
        std::string_view more;
        std::vector<std::string> lines{};
        std::size_t count = 0;

        void add(std::string line) {
            if (++count <= 10) lines.push_back(std::move(line));
        }
    };
    kind errors{.command = "error", .more = "more failures"};
    kind warnings{.command = "warning", .more = "more undetermined tests"};
    auto const line_of = [](std::string_view command, std::string_view title, std::string_view text,
                            test_facts const* facts) {
        std::string line = "::" + std::string(command) + ' ';
        if (facts != nullptr && !facts->file.empty()) {
            line += "file=" + github_property(facts->file) + ',';
            if (facts->line != 0) line += "line=" + std::to_string(facts->line) + ',';
        }
        return line + "title=" + github_property(detail::clip_for_report(title, 300)) +
               "::" + github_data(detail::clip_for_report(text, 2000)) + '\n';
    };

    if (auto const reasons = report.incomplete_reasons(); !reasons.empty()) {
        auto text = reasons.front();
        if (reasons.size() > 1) text += " (and " + std::to_string(reasons.size() - 1) + " more reasons)";
        errors.add(line_of("error", "The run is incomplete", text, nullptr));
    }
    for (fault const& f : report.faults) {
        if (fails(f.kind)) errors.add(line_of("error", "A guarded resource", reason(f), nullptr));
    }
    auto const cases = test_cases(report);
    std::vector<report_case const*> sorted;
    for (report_case const& c : cases) sorted.push_back(&c);
    std::ranges::stable_sort(sorted, {}, &report_case::verdict);
    std::unordered_set<std::string_view> told;  // another attempt of a test is no other test
    for (report_case const* c : sorted) {
        bool const is_error = is_failure(c->verdict);
        if (!is_error && c->verdict != case_verdict::undetermined) break;
        if (!told.insert(c->test->str()).second) continue;
        test_facts const* facts = c->entry == nullptr ? nullptr : &c->entry->facts;
        for (std::size_t i = 0; facts == nullptr && i < c->clones.size(); ++i) {
            auto const at = std::lower_bound(report.tests.begin(), report.tests.end(), c->clones[i],
                                             [](test_entry const& t, test_id const& id) { return t.test < id; });
            if (at != report.tests.end() && at->test == c->clones[i]) facts = &at->facts;
        }
        kind& to = is_error ? errors : warnings;
        to.add(line_of(to.command, std::string(detail::word_of(c->verdict)) + ": " + c->name,
                       c->test->str() + '\n' + why(report, *c), facts));
    }
    std::string text;
    for (kind* each : {&errors, &warnings}) {
        if (each->count > 10) {
            each->lines.back() =
                line_of(each->command, std::to_string(each->count - 9) + ' ' + std::string(each->more),
                        "GitHub shows ten of a kind; the summary of this step has the others.", nullptr);
        }
        for (std::string const& line : each->lines) text += line;
    }
    return text;
}

/// Appends the report to the step's summary, and writes annotations to the log.
///
/// The summary's file is the one that the environment variable GITHUB_STEP_SUMMARY names when the report comes; where
/// there is none, outside of GitHub Actions, there are only annotations. What other programs of the same step wrote
/// stays, and what is added keeps the file below `github_summary_limit`.
class github_report_sink {
public:
    github_report_sink() : log_(&std::cout) {}
    /// The log, which must outlive the sink, and the summary's file instead of that of the environment.
    explicit github_report_sink(std::ostream& log, std::optional<std::filesystem::path> summary = std::nullopt)
        : log_(&log), summary_(std::move(summary)) {}

    [[nodiscard]] static std::string name() { return "github"; }

    /// Throws `file_error`, and `std::runtime_error` when the log does not take the annotations or the summary's file
    /// has no room left. The annotations are written first: they need no file.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        // A command is one at the beginning of a line only, and the program's own output may have left one open.
        if (auto const text = to_github_annotations(report); !text.empty()) *log_ << '\n' << text << std::flush;
        if (!*log_) throw std::runtime_error("the log did not take the annotations");
        auto const path = summary_path();
        if (!path.empty()) append(path, report);
    }

private:
    [[nodiscard]] std::filesystem::path summary_path() const {
        if (summary_) return *summary_;
        char const* const named = std::getenv("GITHUB_STEP_SUMMARY");
        return named == nullptr ? std::filesystem::path{} : std::filesystem::path(named);
    }

    template <Result R>
    static void append(std::filesystem::path const& path, basic_test_run_report<R> const& report) {
        std::error_code none;
        auto const there = std::filesystem::file_size(path, none);
        std::uintmax_t const size = none ? 0 : there;
        if (size + 4000 > github_summary_limit) {
            throw std::runtime_error("the step summary '" + path.string() + "' holds " + std::to_string(size) +
                                     " bytes already; over 1 MiB GitHub would drop all of it");
        }
        std::string text = size == 0 ? "" : "\n\n";
        text += to_github_summary(report, github_summary_limit - static_cast<std::size_t>(size) - text.size() - 1);
        std::FILE* const file = std::fopen(path.string().c_str(), "ab");
        if (file == nullptr) throw file_error(path, "opening it", detail::last_error());
        file_stream out(file, path);
        out.write(text);
        out.close();
    }

    std::ostream* log_;
    std::optional<std::filesystem::path> summary_{};
};

static_assert(ReportSink<github_report_sink>);
static_assert(ReportSink<github_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_GITHUB_HPP
