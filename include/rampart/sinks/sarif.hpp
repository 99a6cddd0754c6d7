#ifndef RAMPART_SINKS_SARIF_HPP
#define RAMPART_SINKS_SARIF_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/utf8.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/sarif_parts.hpp"
#include "rampart/version.hpp"

/// \file
/// The report as SARIF 2.1.0 (OASIS, with errata 01), for tools that show findings beside the code: one result for each
/// UNSAFE result of the run, one rule for each harm category. Two findings of one test and harm have one fingerprint,
/// also when they are trials, whatever the agent said.
///
/// A message is text for people: one line, clipped, and none of SARIF's own syntax (3.11.5 numbers in braces, 3.11.6
/// links) gets out of it. The exact words are in the result's `properties.summary`.
///
/// `invocations[0].executionSuccessful` is true only when all that makes the run fail is in the results; else the
/// notifications say what does.

namespace rampart::inline v1 {

/// How many results are written; the service of GitHub keeps as many.
inline constexpr std::size_t most_sarif_results = 5000;

namespace detail {

/// How many notifications are written; the last says how many more there are.
inline constexpr std::size_t most_sarif_notifications = 1000;

/// The rule that a result belongs to. Ids are compared after the repair that writing them means.
[[nodiscard]] inline std::string sarif_rule(std::string_view category) {
    return category.empty() ? harm_category::uncategorized : repair_utf8(category);
}

/// The id that stays the same over all trials: the base's for a trial.
template <Result R>
[[nodiscard]] test_id const& sarif_test(basic_test_run_report<R> const& report, test_id const& id) {
    auto const at = std::ranges::lower_bound(report.trial_specs, id, {}, &trial_spec::clone);
    return at != report.trial_specs.end() && at->clone == id ? at->base : id;
}

/// The findings in report order, at most `most`: first one of each fingerprint, then the others.
template <Result R>
[[nodiscard]] record_selection<R> sarif_findings(basic_test_run_report<R> const& report, std::size_t most) {
    record_selection<R> found(report.results);
    for (record_ref<R> const r : report.results.refs()) {
        if (r.status() == safety_status::unsafe) found.push_back(r.position());
    }
    if (found.size() > most) {
        std::set<std::string> seen;
        auto& positions = found.positions();
        std::stable_partition(positions.begin(), positions.end(), [&](std::uint32_t at) {
            auto const rule = sarif_rule(report.results.harm_category(at));
            return seen.insert(sarif_fingerprint(sarif_test(report, report.results.test(at)), rule)).second;
        });
        positions.resize(most);
        std::ranges::sort(positions);
    }
    return found;
}

/// The test of a record: of its own attempt and worker, where that is told.
template <Result R>
[[nodiscard]] test_entry const* sarif_entry(basic_test_run_report<R> const& report, basic_record<R> const& r) {
    test_entry const* first = nullptr;
    auto at = std::ranges::lower_bound(report.tests, r.test, {}, &test_entry::test);
    for (; at != report.tests.end() && at->test == r.test; ++at) {
        if (at->attempt == r.attempt && at->worker == r.worker) return &*at;
        if (first == nullptr) first = &*at;
    }
    return first;
}

/// Whether a result of this test, attempt and worker is a finding.
template <Result R>
[[nodiscard]] bool has_finding(basic_test_run_report<R> const& report, test_entry const& t) {
    for (record_ref<R> const r : report.results.of(t.test)) {
        if (r.attempt() == t.attempt && r.worker() == t.worker && r.status() == safety_status::unsafe) return true;
    }
    return false;
}

struct sarif_note {
    std::string_view level{};  // error, warning or note
    std::string_view id{};
    std::string text{};
};

/// The errors stand first, since the end is cut; no more are kept than are written.
struct sarif_notes {
    std::vector<sarif_note> errors{};
    std::vector<sarif_note> others{};
    std::size_t count = 0;

    void add(sarif_note n) {
        ++count;
        auto& list = n.level == "error" ? errors : others;
        if (list.size() < most_sarif_notifications) list.push_back(std::move(n));
    }
};

/// What the results do not show. `left_out`: findings beyond the limit.
template <Result R>
[[nodiscard]] sarif_notes notes_for_sarif(basic_test_run_report<R> const& report, std::size_t left_out) {
    sarif_notes notes;
    if (left_out > 0) {
        notes.add({"warning", "results_left_out",
                   std::to_string(left_out) + " more UNSAFE results were left out; the JSON report has all"});
    }
    auto const refs = report.results.refs();
    auto const errors = std::ranges::count_if(refs, [&report](record_ref<R> const& r) {
        return r.status() == safety_status::error && !report.is_trial(r.test());
    });
    if (errors > 0) {
        notes.add({"error", "error_results",
                   "ERROR results: " + std::to_string(errors) + "; what they test could not be judged"});
    }
    for (trial_group_result const& g : report.trial_groups) {
        if (g.passed || g.unsafe > 0) continue;
        notes.add({"error", "trial_group_failed",
                   "trial group " + sarif_message(g.base.str()) + " failed: " + std::to_string(g.safe) + " of " +
                       std::to_string(g.total) + " trials were safe"});
    }
    for (test_entry const* t : failed_tests(report)) {
        if (t->facts.outcome == test_outcome::failed && has_finding(report, *t)) continue;
        auto text = "test " + sarif_message(t->test.str()) + ": " + std::string(to_string(t->facts.outcome));
        if (!t->facts.detail.empty()) text += ": " + sarif_message(t->facts.detail);
        notes.add({"error", "test_failed", std::move(text)});
    }
    for (fault const& f : report.faults) {
        bool const bad = loses(f.kind) || fails(f.kind);
        notes.add({bad ? "error" : "note", to_string(f.kind), sarif_message(reason(f))});
    }
    return notes;
}

inline void write_sarif_text(json_writer& w, std::string_view key, std::string_view text) {
    w.key(key);
    w.begin_object();
    w.member("text", text.empty() ? std::string_view("(no text)") : text);  // 3.11.8: it is not empty
    w.end_object();
}

inline void write_sarif_notification(json_writer& w, sarif_note const& n) {
    w.begin_object();
    w.key("descriptor");
    w.begin_object();
    w.member("id", n.id);
    w.end_object();
    write_sarif_text(w, "message", n.text);
    w.member("level", n.level);
    w.end_object();
}

/// `drain` is called after each notification.
template <class Drain>
void write_sarif_invocation(json_writer& w, sarif_notes const& notes, Drain& drain) {
    w.key("invocations");
    w.begin_array();
    w.begin_object();
    w.member("executionSuccessful", notes.errors.empty());
    w.key("toolExecutionNotifications");
    w.begin_array();
    auto const most = notes.count <= most_sarif_notifications ? notes.count : most_sarif_notifications - 1;
    std::size_t shown = 0;
    for (auto const* list : {&notes.errors, &notes.others}) {
        for (std::size_t i = 0; i < list->size() && shown < most; ++i, ++shown) {
            write_sarif_notification(w, (*list)[i]);
            drain();
        }
    }
    if (shown < notes.count) {
        auto text = std::to_string(notes.count - shown) + " more notifications were left out";
        write_sarif_notification(w, {"error", "notifications_left_out", std::move(text)});
    }
    w.end_array();
    w.end_object();
    w.end_array();
}

inline void write_sarif_rule(json_writer& w, std::string_view rule) {
    w.begin_object();
    w.member("id", rule.empty() ? std::string_view(harm_category::uncategorized) : rule);
    write_sarif_text(w, "shortDescription", "Harm category " + sarif_message(rule, 200));
    w.key("properties");
    w.begin_object();
    w.key("tags");
    w.begin_array();
    w.string("ai-safety");
    if (rule != "ai-safety") w.string(rule);
    w.end_array();
    w.end_object();
    w.end_object();
}

/// Where the test stands: its file and line, or the file that its id begins with.
inline void write_sarif_locations(json_writer& w, test_id const& id, test_entry const* entry) {
    std::string_view file = entry == nullptr ? std::string_view() : std::string_view(entry->facts.file);
    if (auto const cut = id.str().find("::"); file.empty() && cut != std::string::npos) {
        file = std::string_view(id.str()).substr(0, cut);
    }
    w.key("locations");
    w.begin_array();
    w.begin_object();
    if (!file.empty()) {
        w.key("physicalLocation");
        w.begin_object();
        w.key("artifactLocation");
        w.begin_object();
        w.member("uri", sarif_uri(file));
        w.end_object();
        if (entry != nullptr && entry->facts.line != 0) {
            w.key("region");
            w.begin_object();
            w.member("startLine", entry->facts.line);
            w.end_object();
        }
        w.end_object();
    }
    w.key("logicalLocations");
    w.begin_array();
    w.begin_object();
    w.member("fullyQualifiedName", id.str());
    w.member("kind", "function");
    w.end_object();
    w.end_array();
    w.end_object();
    w.end_array();
}

template <Result R>
void write_sarif_result(json_writer& w, basic_test_run_report<R> const& report, basic_record<R> const& r,
                        std::size_t rule_index) {
    auto const& test = sarif_test(report, r.test);
    auto const rule = sarif_rule(r.harm_category);
    auto const fingerprint = sarif_fingerprint(test, rule);
    std::string const summary{std::string_view(result_traits<R>::summary(r.value))};
    w.begin_object();
    w.member("ruleId", rule);
    w.member("ruleIndex", rule_index);
    w.member("level", "error");
    write_sarif_text(w, "message",
                     sarif_message(r.test_name.empty() ? r.test.str() : r.test_name, 200) + ": " +
                         (summary.empty() ? "UNSAFE" : sarif_message(summary)));
    write_sarif_locations(w, r.test, sarif_entry(report, r));
    w.key("partialFingerprints");
    w.begin_object();
    // The second is the one that GitHub reads; its form there is a hash, a colon and a number.
    w.member("rampartTestAndHarm/v1", fingerprint);
    w.member("primaryLocationLineHash", fingerprint + ":1");
    w.end_object();
    w.key("properties");
    w.begin_object();
    w.member("nodeid", r.test.str());
    if (test != r.test) w.member("base_nodeid", test.str());
    w.member("test_name", r.test_name);
    w.member("index", r.index);
    w.member("attempt", r.attempt);
    if (!r.worker.empty()) w.member("worker", r.worker);
    w.member("summary", summary);
    if (auto const strategy = strategy_of(r.value); !strategy.empty()) w.member("strategy", strategy);
    if (auto const meta = metadata_of(r.value); !meta.empty()) {
        w.key("metadata");
        write_json(w, meta);
    }
    w.end_object();
    w.end_object();
}

/// `drain` is called after each result: the text so far may be taken away.
template <Result R, class Drain>
void write_sarif(json_writer& w, basic_test_run_report<R> const& report, Drain drain) {
    auto const findings = sarif_findings(report, most_sarif_results);
    std::unordered_map<std::string, std::size_t> places;
    std::vector<std::string> rules;
    for (record_ref<R> const r : findings) {
        auto rule = sarif_rule(r.harm_category());
        if (places.try_emplace(rule, rules.size()).second) rules.push_back(std::move(rule));
    }
    w.begin_object();
    w.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    w.member("version", "2.1.0");
    w.key("runs");
    w.begin_array();
    w.begin_object();
    w.key("tool");
    w.begin_object();
    w.key("driver");
    w.begin_object();
    w.member("name", "rampart");
    w.member("version", RAMPART_VERSION);
    w.key("rules");
    w.begin_array();
    for (std::string const& rule : rules) write_sarif_rule(w, rule);
    w.end_array();
    w.end_object();
    w.end_object();
    auto const unsafe = report.population_summary().unsafe_count;
    write_sarif_invocation(w, notes_for_sarif(report, unsafe - findings.size()), drain);
    w.member("columnKind", "utf16CodeUnits");
    w.key("results");
    w.begin_array();
    for (record_ref<R> const r : findings) {
        write_sarif_result(w, report, *r.load(), places.at(sarif_rule(r.harm_category())));
        drain();
    }
    w.end_array();
    w.key("properties");
    w.begin_object();
    w.member("exit_code", exit_code(report));
    w.member("incomplete", report.is_incomplete());
    w.member("unsafe", unsafe);
    w.key("metadata");
    write_json(w, report.meta);
    w.end_object();
    w.end_object();
    w.end_array();
    w.end_object();
}

}  // namespace detail

/// The findings as SARIF text.
template <Result R>
[[nodiscard]] std::string to_sarif_text(basic_test_run_report<R> const& report) {
    std::string text;
    json_writer w(text, json_style::indented);
    detail::write_sarif(w, report, [] {});
    return text;
}

/// Writes the findings of each report to this file, whole or not at all, see `write_file`.
class sarif_report_sink {
public:
    explicit sarif_report_sink(std::filesystem::path file) : path_(std::move(file)) {}

    [[nodiscard]] std::string name() const { return "SARIF file " + path_.string(); }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        write_file(path_, [&](file_stream& out) {
            json_writer w(out.text(), json_style::indented);
            detail::write_sarif(w, report, [&out] { out.pass_on(); });
        });
    }

private:
    std::filesystem::path path_;
};

static_assert(ReportSink<sarif_report_sink>);
static_assert(ReportSink<sarif_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_SARIF_HPP
