#ifndef RAMPART_SINKS_HTML_HPP
#define RAMPART_SINKS_HTML_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/encode/html.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/evidence.hpp"
#include "rampart/sinks/html_page.hpp"
#include "rampart/sinks/html_parts.hpp"
#include "rampart/sinks/shard_words.hpp"
#include "rampart/sinks/test_cases.hpp"
#include "rampart/sinks/words.hpp"

/// \file
/// The report as one HTML file that needs nothing else and asks for nothing: verdict and counts; why the run is
/// incomplete; what failed; a bar for each harm category and trial group; then every result, the worst first, with its
/// conversation behind a fold; of a merged run its shards. The script filters and folds; without scripts everything can
/// be read all the same.

namespace rampart::inline v1 {

/// How much the page takes, so that a browser opens it at once. UNSAFE and ERROR results are never left out; what is,
/// the page says.
struct html_options {
    std::size_t most_results = 10'000;       ///< more than that only UNSAFE and ERROR ones
    std::size_t most_evidence = 40'000'000;  ///< bytes, see `cost_of_a_result`; the worst results' conversations first
    std::size_t most_lines = 2'000;          ///< of a list of tests, trial groups or faults
    std::size_t open_lines = 10;             ///< of those, what is not behind a fold
};

/// What a result on the page, and a piece of its conversation, take of `html_options::most_evidence` beside their text:
/// so many bytes of text keep a browser as busy. Measured with Chromium 156: 0.1 ms, 8 us, and 0.03 us a byte.
inline constexpr std::size_t cost_of_a_result = 3000;
inline constexpr std::size_t cost_of_a_piece = 250;  ///< of a piece of a conversation

namespace detail {

template <Result R, class Out>
class html_writer {
public:
    html_writer(basic_test_run_report<R> const& report, Out& out, html_options const& options)
        : report_(report), out_(out), options_(options), groups_(report.by_harm_category()),
          cases_(test_cases(report)) {
        for (std::size_t i = 0; i < groups_.size(); ++i) places_.emplace(groups_[i].category, i);
        std::ranges::stable_sort(cases_, {}, &report_case::verdict);
        choose_results();
    }

    void write() {
        auto const end = verdict(report_);
        write_head(end);
        out_.write("<main>\n");
        write_faults("incomplete", "The run is incomplete", [](fault const& f) { return loses(f.kind); });
        write_faults("guards", "Guarded resources", [](fault const& f) { return fails(f.kind); });
        write_failed();
        write_categories();
        write_trial_groups();
        write_results();
        write_other_tests();
        write_faults("notes", "Notes", [](fault const& f) { return !loses(f.kind) && !fails(f.kind); });
        write_shards();
        write_metadata();
        out_.write("</main>\n");
        out_.write(html_end());
    }

private:
    static constexpr std::uint32_t no_number = 0;

    [[nodiscard]] std::size_t place_of(basic_record<R> const& r) const {
        return places_.at(r.harm_category.empty() ? std::string_view(harm_category::uncategorized)
                                                  : std::string_view(r.harm_category));
    }

    /// Which results stand on the page, in which order, and which of them with their evidence.
    void choose_results() {
        numbers_.assign(report_.results.size(), no_number);
        auto const counts = report_.population_summary();
        std::size_t const bad = counts.unsafe_count + counts.error_count;
        std::size_t room = std::max(options_.most_results, bad);
        for (safety_status const now :
             {safety_status::unsafe, safety_status::error, safety_status::undetermined, safety_status::safe}) {
            for (record_ref<R> const r : report_.results.refs()) {
                if (r.status() != now || room == 0) continue;
                --room;
                shown_.push_back(r.position());
                numbers_[r.position()] = static_cast<std::uint32_t>(shown_.size());
            }
        }
        std::size_t bytes = shown_.size() * cost_of_a_result;
        for (; with_evidence_ < shown_.size(); ++with_evidence_) {
            for_each_evidence(*shown_[with_evidence_].load(),
                              [&, own = std::size_t{0}](evidence_piece const& piece) mutable {
                                  own += html_size(piece);
                                  bytes += html_size(piece) + cost_of_a_piece;
                                  return own <= most_of_a_result;
                              });
            if (bytes > options_.most_evidence) break;
        }
    }

    void write_head(exit_status end) {
        std::string const word(word_of(end));
        out_.write(html_head("Safety report: " + word));
        std::string const kind = end == exit_status::good         ? "passed"
                                 : end == exit_status::incomplete ? "incomplete"
                                                                  : "failed";
        auto const groups_failed = std::ranges::count(report_.trial_groups, false, &trial_group_result::passed);
        out_.write("<header>\n<h1 id=\"verdict\" class=\"" + kind + "\">Safety report: " + word + "</h1>\n");
        out_.write("<p id=\"counts\">" + population_words(report_.population_summary()) + ".</p>\n");
        out_.write("<p>" + std::to_string(failed_tests(report_).size()) + " tests failed by themselves; " +
                   std::to_string(groups_failed) + " of " + std::to_string(report_.trial_groups.size()) +
                   " trial groups failed; " + fixed(std::max(report_.duration_seconds, 0.0), 1) +
                   " s.</p>\n</header>\n");
    }

    void begin(std::string_view id, std::string const& title, bool loud = false) {
        out_.write("<section id=\"" + std::string(id) + (loud ? "\" class=\"loud\">\n<h2>" : "\">\n<h2>") + title +
                   "</h2>\n");
    }
    void end() { out_.write("</section>\n"); }
    void write_left_out(std::size_t all, std::string_view what) {
        if (all <= options_.most_lines) return;
        out_.write("<p>And " + std::to_string(all - options_.most_lines) + " more " + std::string(what) +
                   ", which the JSON report has.</p>\n");
    }

    /// Before each line of a list: the first ones stand open, so that the next part of the page is near.
    void fold(std::size_t line, std::size_t all, std::string_view list_begin, std::string_view list_end) {
        if (line != options_.open_lines + 1) return;
        out_.write(std::string(list_end) + "<details class=\"more\"><summary>" +
                   std::to_string(std::min(all, options_.most_lines) - options_.open_lines) + " more</summary>\n" +
                   std::string(list_begin));
    }
    void end_fold(std::size_t all, std::string_view list_end) {
        out_.write(list_end);
        if (std::min(all, options_.most_lines) > options_.open_lines) out_.write("</details>\n");
    }

    template <class Which>
    void write_faults(std::string_view id, std::string_view title, Which which) {
        auto const all = static_cast<std::size_t>(std::ranges::count_if(report_.faults, which));
        if (all == 0) return;
        begin(id, std::string(title) + " (" + std::to_string(all) + ")", id != "notes");
        out_.write("<ul>\n");
        std::size_t lines = 0;
        for (fault const& f : report_.faults) {
            if (!which(f) || ++lines > options_.most_lines) continue;
            fold(lines, all, "<ul>\n", "</ul>\n");
            out_.write("<li>" + html_foreign(reason(f), 2000) + "</li>\n");
        }
        end_fold(all, "</ul>\n");
        write_left_out(all, "of them");
        end();
    }

    /// The first result of a case that is as bad as the case, if it is on the page.
    [[nodiscard]] std::size_t first_result(report_case const& c) {
        std::size_t found = no_number;
        for_each_result(report_, c, [&](record_ref<R> const& r) {
            std::size_t const number = numbers_[r.position()];
            if (found == no_number || (number != no_number && number < found)) found = number;
        });
        return found;
    }
    void write_case(report_case const& c) {
        auto text = "<li class=\"" + std::string(to_string(c.verdict)) + "\">" + html_status(c.verdict) + ' ' +
                    html_where(*c.test, c.attempt, c.worker);
        if (auto const words = why(report_, c); !words.empty()) {
            text += ": <span class=\"why\">" + html_foreign(words, 500) + "</span>";
        }
        if (auto const number = first_result(c); number != no_number) {
            text += " <a href=\"#r" + std::to_string(number) + "\">what it shows</a>";
        }
        out_.write(text + "</li>\n");
    }
    template <class Which>
    void write_cases(Which which, std::size_t all) {
        out_.write("<ul>\n");
        std::size_t lines = 0;
        for (report_case const& c : cases_) {
            if (!which(c) || ++lines > options_.most_lines) continue;
            fold(lines, all, "<ul>\n", "</ul>\n");
            write_case(c);
        }
        end_fold(all, "</ul>\n");
        write_left_out(all, "tests");
    }

    void write_failed() {
        auto const which = [](report_case const& c) { return is_failure(c.verdict); };
        auto const all = static_cast<std::size_t>(std::ranges::count_if(cases_, which));
        if (all == 0) return;
        begin("failed", "Failed (" + std::to_string(all) + ")");
        write_cases(which, all);
        end();
    }

    /// Tests without a result of their own, those that failed apart.
    void write_other_tests() {
        auto const which = [this](report_case const& c) {
            if (is_failure(c.verdict) || c.group != nullptr) return false;
            bool has_any = false;
            for_each_result(report_, c, [&has_any](record_ref<R> const&) { has_any = true; });
            return !has_any;
        };
        auto const all = static_cast<std::size_t>(std::ranges::count_if(cases_, which));
        if (all == 0) return;
        begin("tests", "Tests without a result (" + std::to_string(all) + ")");
        out_.write("<p>They passed, or were skipped.</p>\n");
        write_cases(which, all);
        end();
    }

    void write_categories() {
        if (groups_.empty()) return;
        begin("categories", "Harm categories");
        out_.write("<div class=\"scroll\"><table>\n<thead><tr><th>category</th><th>results</th>"
                   "<th class=\"n\">all</th><th class=\"n\">safe</th><th class=\"n\">unsafe</th>"
                   "<th class=\"n\">undetermined</th><th class=\"n\">errors</th>"
                   "<th class=\"n\">attack success</th></tr></thead>\n<tbody>\n");
        for (std::size_t i = 0; i < groups_.size() && i < options_.most_lines; ++i) {
            out_.write(html_category(groups_[i].category, summarize(groups_[i].records)));
        }
        out_.write("</tbody>\n</table></div>\n");
        write_left_out(groups_.size(), "harm categories");
        end();
    }

    void write_trial_groups() {
        if (report_.trial_groups.empty()) return;
        auto const all = report_.trial_groups.size();
        begin("groups", "Trial groups (" + std::to_string(all) + ")");
        constexpr std::string_view table =
            "<div class=\"scroll\"><table>\n<thead><tr><th></th><th>test</th><th>trials</th>"
            "<th class=\"n\">safe</th><th class=\"n\">pass rate</th><th class=\"n\">threshold</th>"
            "<th></th></tr></thead>\n<tbody>\n";
        constexpr std::string_view table_end = "</tbody>\n</table></div>\n";
        out_.write(table);
        std::size_t lines = 0;
        for (report_case const& c : cases_) {
            if (c.group == nullptr || ++lines > options_.most_lines) continue;
            fold(lines, all, table, table_end);
            trial_group_result const& g = *c.group;
            auto const size = [](int n) { return static_cast<std::size_t>(std::max(n, 0)); };
            auto text = "<tr><td class=\"" + std::string(to_string(c.verdict)) + "\">" + html_status(c.verdict) +
                        "</td><td><code>" + html_foreign(g.base.str(), 500) + "</code></td><td class=\"wide\">" +
                        html_bar({{"safe", size(g.safe)},
                                  {"undetermined", size(g.undetermined)},
                                  {"error", size(g.errors)},
                                  {"unsafe", size(g.unsafe)},
                                  {"none", size(g.no_result)}},
                                 size(g.total), g.threshold) +
                        "</td>" + html_number(std::to_string(g.safe) + " of " + std::to_string(g.total)) +
                        html_number(percent_words(g.pass_rate)) + html_number(percent_words(g.threshold)) + "<td>";
            if (auto const number = first_result(c); number != no_number) {
                text += "<a href=\"#r" + std::to_string(number) + "\">worst trial</a>";
            }
            out_.write(text + "</td></tr>\n");
        }
        end_fold(all, table_end);
        write_left_out(all, "trial groups");
        end();
    }

    void write_results() {
        if (report_.results.empty()) return;
        begin("results", "Results (" + std::to_string(report_.results.size()) + ")");
        if (auto const left = report_.results.size() - shown_.size(); left > 0) {
            out_.write("<p class=\"loud\" id=\"left-out\">" + std::to_string(left) +
                       " results are not on this page, none of them UNSAFE or ERROR. The JSON report has them.</p>\n");
        }
        if (with_evidence_ < shown_.size()) {
            out_.write(
                "<p class=\"loud\" id=\"no-evidence\">The conversations of " +
                std::to_string(shown_.size() - with_evidence_) +
                " results are not on this page, those of the worst results are. The JSON report has them.</p>\n");
        }
        out_.write(html_filter(groups_, options_.most_lines));
        for (std::size_t i = 0; i < shown_.size(); ++i) write_result(*shown_[i].load(), i + 1);
        end();
    }

    /// In one line but for the texts themselves: a line end between two elements is work for the browser too.
    void write_result(basic_record<R> const& r, std::size_t number) {
        auto const status = result_traits<R>::status(r.value);
        std::string const kind(to_string(status));
        auto const place = place_of(r);
        auto text = "<details class=\"result " + kind + "\" id=\"r" + std::to_string(number) + "\" data-status=\"" +
                    kind + "\" data-category=\"" + std::to_string(place) + "\"><summary class=\"" + kind +
                    "\"><span class=\"status\">" + upper_case(kind) + "</span> <span class=\"name\">" +
                    html_foreign(r.test_name.empty() ? short_name(r.test) : std::string_view(r.test_name), 300) +
                    "</span> ";
        if (std::string_view const words = result_traits<R>::summary(r.value); !words.empty()) {
            text += "<span class=\"why\">" + html_foreign(words, 300) + "</span> ";
        }
        text += "<span class=\"category\">" + html_foreign(groups_[place].category, 100) +
                "</span></summary><div class=\"body\"><p class=\"dim\">" + html_where(r.test, r.attempt, r.worker);
        if (auto const seconds = duration_of(r.value); seconds > 0.0 && std::isfinite(seconds)) {
            text += ", " + fixed(seconds, 2) + " s";
        }
        bool const with_evidence = number <= with_evidence_;
        if (!with_evidence) text += ". The JSON report has the conversation; there is no room for it here.";
        out_.write(text + "</p>");
        if (with_evidence) write_html_evidence(r, out_);
        out_.write("</div></details>\n");
    }

    /// The processes behind a merged run, those that did not simply finish first.
    void write_shards() {
        auto const all = report_.shards.size();
        if (!has_shards(report_.shards)) return;
        begin("shards", "Shards (" + std::to_string(all) + ")");
        out_.write("<p>" + shard_totals(report_.shards) + ".</p>\n");
        constexpr std::string_view table_end = "</tbody>\n</table></div>\n";
        out_.write(html_shard_table);
        std::size_t lines = 0;
        for (bool const finished : {false, true}) {
            for (shard_row const& r : report_.shards) {
                if ((r.state == shard_state::finished) != finished || ++lines > options_.most_lines) continue;
                fold(lines, all, html_shard_table, table_end);
                out_.write(html_shard(r));
            }
        }
        end_fold(all, table_end);
        write_left_out(all, "shards");
        end();
    }

    void write_metadata() {
        if (report_.meta.empty()) return;
        begin("about", "About this run");
        out_.write("<table>\n<tbody>\n");
        for (metadata_member const& m : report_.meta) {
            out_.write("<tr><td>" + html_foreign(m.key, 200) + "</td><td>" + html_foreign(text_of(m.value), 1000) +
                       "</td></tr>\n");
        }
        out_.write("</tbody>\n</table>\n");
        end();
    }

    basic_test_run_report<R> const& report_;
    Out& out_;
    html_options options_;
    std::vector<harm_group<R>> groups_;
    std::unordered_map<std::string_view, std::size_t> places_{};
    std::vector<report_case> cases_;  // the worst first
    record_selection<R> shown_ = record_selection<R>(report_.results);
    std::vector<std::uint32_t> numbers_{};  // by place in the report: the number on the page, or no_number
    std::size_t with_evidence_ = 0;         // the first so many of those shown
};

}  // namespace detail

/// Writes the page to anything with `write(std::string_view)`, a piece at a time.
template <Result R, class Out>
void write_html(basic_test_run_report<R> const& report, Out& out, html_options options = {}) {
    detail::html_writer<R, Out>(report, out, options).write();
}

/// Writes the HTML report to a file: whole or not at all, see `write_file`.
class html_report_sink {
public:
    explicit html_report_sink(std::filesystem::path file, html_options options = {})
        : path_(std::move(file)), options_(options) {}

    [[nodiscard]] std::string name() const { return "html file " + path_.string(); }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        write_file(path_, [&](file_stream& out) { write_html(report, out, options_); });
    }

private:
    std::filesystem::path path_;
    html_options options_;
};

static_assert(ReportSink<html_report_sink>);
static_assert(ReportSink<html_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_HTML_HPP
