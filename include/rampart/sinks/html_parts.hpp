#ifndef RAMPART_SINKS_HTML_PARTS_HPP
#define RAMPART_SINKS_HTML_PARTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/encode/html.hpp"
#include "rampart/core/status.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/report/group.hpp"
#include "rampart/session/shard_table.hpp"
#include "rampart/sinks/evidence.hpp"
#include "rampart/sinks/shard_words.hpp"
#include "rampart/sinks/test_cases.hpp"
#include "rampart/sinks/words.hpp"

/// \file
/// The small parts that an HTML report is put together from.

namespace rampart::inline v1::detail {

[[nodiscard]] inline std::string html_foreign(std::string_view text, std::size_t most) {
    return html_text(clip_for_report(text, most));
}

[[nodiscard]] inline std::string html_status(case_verdict v) {
    return "<span class=\"status\">" + std::string(word_of(v)) + "</span>";
}
/// The test's id, with attempt and worker where they say something.
[[nodiscard]] inline std::string html_where(test_id const& id, std::uint32_t attempt, std::string_view worker) {
    auto text = "<code>" + html_foreign(id.str(), 500) + "</code>";
    if (attempt != 1) text += " (attempt " + std::to_string(attempt) + ')';
    if (!worker.empty()) text += " on <code>" + html_foreign(worker, 100) + "</code>";
    return text;
}

struct bar_part {
    std::string_view kind;
    std::size_t count;
};
/// A bar of parts; `mark` is a place on it between 0 and 1, negative for none.
[[nodiscard]] inline std::string html_bar(std::initializer_list<bar_part> parts, std::size_t total,
                                          double mark = -1.0) {
    std::string words;
    std::string rects;
    double at = 0.0;
    for (bar_part const& p : parts) {
        if (p.count == 0 || total == 0) continue;
        double const width = 100.0 * static_cast<double>(p.count) / static_cast<double>(total);
        rects += "<rect class=\"" + std::string(p.kind) + "\" x=\"" + fixed(at, 3) + "\" width=\"" + fixed(width, 3) +
                 "\" height=\"8\"/>";
        at += width;
        words += (words.empty() ? "" : ", ") + std::to_string(p.count) + ' ' +
                 (p.kind == "none" ? "without a result" : std::string(p.kind));
    }
    if (mark >= 0.0) {
        rects += "<rect class=\"mark\" x=\"" + fixed(std::min(mark, 1.0) * 99.0, 3) + "\" width=\"1\" height=\"8\"/>";
    }
    return "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" + words +
           "\">" + rects + "</svg>";
}
[[nodiscard]] inline std::string html_number(std::string_view number) {
    return "<td class=\"n\">" + std::string(number) + "</td>";
}

[[nodiscard]] constexpr std::string_view html_class(evidence_kind k) noexcept {
    constexpr std::string_view names[] = {"verdict",   "about",       "turn",        "prompt",   "attachment", "driver",
                                          "tool_call", "tool_result", "side_effect", "response", "evaluation"};
    return names[static_cast<unsigned char>(k)];
}
[[nodiscard]] inline std::string upper_case(std::string text) {
    for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
    return text;
}

/// How many bytes of a piece stand on the page, at most.
[[nodiscard]] inline std::size_t html_size(evidence_piece const& piece) {
    return std::min(piece.name.size(), most_of_a_piece) + std::min(piece.words.size(), most_of_a_piece);
}
/// What a result shows, piece by piece, without line ends between them.
template <Result R, class Out>
void write_html_evidence(basic_record<R> const& r, Out& out) {
    std::size_t written = 0;
    for_each_evidence(r, [&](evidence_piece const& piece) {
        if (written > most_of_a_result) {
            out.write("<p class=\"dim\">Clipped here; the JSON report has the rest.</p>");
            return false;
        }
        written += html_size(piece);
        auto const name = piece.name.empty() ? "" : ' ' + html_foreign(piece.name, most_of_a_piece);
        if (piece.kind == evidence_kind::turn) {
            out.write("<p class=\"turn\">turn" + name + "</p>");
        } else if (!piece.words.empty()) {
            // The parser of HTML takes one line end away behind <pre>.
            out.write("<div class=\"piece " + std::string(html_class(piece.kind)) + "\"><div class=\"label\">" +
                      std::string(piece.label) + name + "</div><pre>\n" + html_foreign(piece.words, most_of_a_piece) +
                      "</pre></div>");
        }
        return true;
    });
}

/// The form by which results are filtered, with a choice for each of the first `most` categories. It has no use without
/// the script, which shows it.
template <Result R>
[[nodiscard]] std::string html_filter(std::vector<harm_group<R>> const& groups, std::size_t most) {
    std::string text = "<form id=\"filter\" hidden>\n<fieldset><legend>status</legend>\n";
    for (safety_status const each :
         {safety_status::unsafe, safety_status::error, safety_status::undetermined, safety_status::safe}) {
        std::string const name(to_string(each));
        text +=
            "<label><input type=\"checkbox\" name=\"status\" value=\"" + name + "\" checked> " + name + "</label>\n";
    }
    text += "</fieldset>\n<label>category <select name=\"category\">\n<option value=\"\">all</option>\n";
    for (std::size_t i = 0; i < groups.size() && i < most; ++i) {
        text += "<option value=\"" + std::to_string(i) + "\">" + html_foreign(groups[i].category, 100) + "</option>\n";
    }
    return text + "</select></label>\n"
                  "<input type=\"search\" name=\"text\" aria-label=\"text\" placeholder=\"text (press / )\" "
                  "autocomplete=\"off\">\n"
                  "<output id=\"shown\"></output>\n"
                  "<button type=\"button\" id=\"clear\">clear</button>\n"
                  "<button type=\"button\" id=\"open-all\">open all</button>\n"
                  "<button type=\"button\" id=\"close-all\">close all</button>\n</form>\n";
}

/// A row of the table of harm categories.
[[nodiscard]] inline std::string html_category(std::string_view category, population_summary const& counts) {
    auto text = "<tr><td>" + html_foreign(category, 200) + "</td><td class=\"wide\">" +
                html_bar({{"unsafe", counts.unsafe_count},
                          {"error", counts.error_count},
                          {"undetermined", counts.undetermined_count},
                          {"safe", counts.safe_count}},
                         counts.total_runs) +
                "</td>";
    for (auto const number :
         {counts.total_runs, counts.safe_count, counts.unsafe_count, counts.undetermined_count, counts.error_count}) {
        text += html_number(std::to_string(number));
    }
    return text + html_number(percent_words(counts.attack_success_rate)) + "</tr>\n";
}

/// The head of the table of shards.
inline constexpr std::string_view html_shard_table =
    "<div class=\"scroll\"><table>\n<thead><tr><th>part</th><th>state</th><th class=\"n\">attempt</th>"
    "<th class=\"n\">tests</th><th class=\"n\">failed</th><th class=\"n\">results</th>"
    "<th class=\"n\">unsafe</th><th class=\"n\">errors</th><th class=\"n\">seconds</th>"
    "<th>process</th></tr></thead>\n<tbody>\n";

/// How the page's style colours a state.
[[nodiscard]] constexpr std::string_view html_class(shard_state s) noexcept {
    switch (s) {
    case shard_state::finished:
        return "passed";
    case shard_state::superseded:
    case shard_state::unplanned:
        return "undetermined";
    case shard_state::stopped:
    case shard_state::ended_early:
    case shard_state::never_began:
        break;
    }
    return "failed";
}

/// A row of that table.
[[nodiscard]] inline std::string html_shard(shard_row const& r) {
    return "<tr><td>" + part_words(r) + "</td><td class=\"" + std::string(html_class(r.state)) +
           "\"><span class=\"status\">" + std::string(word_of(r.state)) + "</span></td>" +
           html_number(attempt_words(r)) + html_number(tests_words(r)) +
           html_number(counted_words(r, &shard_tally::failed)) + html_number(counted_words(r, &shard_tally::results)) +
           html_number(counted_words(r, &shard_tally::unsafe)) + html_number(counted_words(r, &shard_tally::errors)) +
           html_number(counted_words(r, &shard_tally::seconds)) + "<td>" + html_foreign(process_words(r), 200) +
           "</td></tr>\n";
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_SINKS_HTML_PARTS_HPP
