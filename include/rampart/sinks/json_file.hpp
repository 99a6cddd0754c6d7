#ifndef RAMPART_SINKS_JSON_FILE_HPP
#define RAMPART_SINKS_JSON_FILE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rampart/base/utf8.hpp"
#include "rampart/json/conversation.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/trials.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/json_record.hpp"
#include "rampart/sinks/shard_words.hpp"

/// \file
/// The JSON report: the Python package's keys first, in its order and spelling, then keys of our own (wire format,
/// A.2 and B11). Of the run, after `by_harm_category`:
///
///     schema        "rampart.report.v1"
///     trial_groups  [{base_nodeid, total, safe, unsafe, errors, undetermined, no_result, threshold, pass_rate, passed,
///                     clone_nodeids}], by base_nodeid
///     faults        [{kind, where, what, loses}], sorted; with one that loses, the run's `metadata` has
///                     `incomplete` and `incomplete_reasons`
///     tests         [{nodeid, name, attempt, worker?, outcome, seconds, results, file?, line?, detail?}], also those
///                     that recorded nothing
///     shards?       [{state, part?, last_part?, parts?, attempt?, run?, worker?, host?, pid?, started?, planned?,
///                     not_run?, ran?, failed?, results?, unsafe?, errors?, seconds?}], of a run that was merged from
///                     several processes, by part and attempt; see `shard_row`. Parts count from 1, and `last_part` is
///                     there where a row is several that never began.
///
/// Of a result, after `turns`: `nodeid`, `observability_level` (null for a result without a transcript),
/// `injections`, `attempt` where it is not 1, and `value` for a result type without a transcript that Boost.JSON can
/// convert. Of a turn: `attachments`, `timestamp` and `eval_evidence` where there are any; of a tool call
/// `timestamp`. A `?` above also means: only where there is one.

namespace rampart::inline v1 {

namespace detail {

/// The faults, as reports in JSON have them; `drain` is called after each.
template <class Drain>
void write_reported_faults(json_writer& w, std::vector<fault> const& faults, Drain& drain) {
    w.key("faults");
    w.begin_array();
    for (fault const& f : faults) {
        w.begin_object();
        w.member("kind", to_string(f.kind));
        w.member("where", f.where);
        w.member("what", f.what);
        w.member("loses", loses(f.kind));
        w.end_object();
        drain();
    }
    w.end_array();
}

inline void write_population(json_writer& w, population_summary const& counts) {
    w.begin_object();
    w.member("total_runs", counts.total_runs);
    w.member("safe_count", counts.safe_count);
    w.member("unsafe_count", counts.unsafe_count);
    w.member("undetermined_count", counts.undetermined_count);
    w.member("error_count", counts.error_count);
    w.member("attack_success_rate", counts.attack_success_rate);
    w.member("safety_pass_rate", counts.safety_pass_rate);
    w.end_object();
}

inline void write_group(json_writer& w, trial_group_result const& g, std::vector<test_id> const& clones) {
    w.begin_object();
    w.member("base_nodeid", g.base.str());
    w.member("total", g.total);
    w.member("safe", g.safe);
    w.member("unsafe", g.unsafe);
    w.member("errors", g.errors);
    w.member("undetermined", g.undetermined);
    w.member("no_result", g.no_result);
    w.member("threshold", g.threshold);
    w.member("pass_rate", g.pass_rate);
    w.member("passed", g.passed);
    w.key("clone_nodeids");
    w.begin_array();
    for (test_id const& clone : clones) w.string(clone.str());
    w.end_array();
    w.end_object();
}

inline void write_test(json_writer& w, test_entry const& t) {
    w.begin_object();
    w.member("nodeid", t.test.str());
    w.member("name", t.facts.name);
    w.member("attempt", t.attempt);
    if (!t.worker.empty()) w.member("worker", t.worker);
    w.member("outcome", to_string(t.facts.outcome));
    w.member("seconds", t.facts.seconds);
    w.member("results", t.results);
    if (!t.facts.file.empty()) w.member("file", t.facts.file);
    if (t.facts.line != 0) w.member("line", t.facts.line);
    if (!t.facts.detail.empty()) w.member("detail", t.facts.detail);
    w.end_object();
}

inline void write_shard(json_writer& w, shard_row const& r) {
    w.begin_object();
    w.member("state", to_string(r.state));
    if (r.count != 0) {
        w.member("part", r.index + std::uint64_t{1});
        if (r.last_index != r.index) w.member("last_part", r.last_index + std::uint64_t{1});
        w.member("parts", r.count);
    }
    if (r.attempt != 0) w.member("attempt", r.attempt);
    if (!r.run.empty()) w.member("run", r.run);
    if (!r.worker.empty()) w.member("worker", r.worker);
    if (!r.host.empty()) w.member("host", r.host);
    if (r.pid != 0) w.member("pid", r.pid);
    if (!r.started.empty()) w.member("started", r.started);
    if (r.attempt != 0) w.member("planned", r.planned);
    if (r.not_run != 0) w.member("not_run", r.not_run);
    if (r.tally) {
        w.member("ran", r.tally->ran);
        w.member("failed", r.tally->failed);
        w.member("results", r.tally->results);
        w.member("unsafe", r.tally->unsafe);
        w.member("errors", r.tally->errors);
        w.member("seconds", r.tally->seconds);
    }
    w.end_object();
}

/// The results under their harm categories as the file spells these: of two lists under one key, readers lose one, so
/// categories that differ in broken UTF-8 only have one list.
template <Result R>
[[nodiscard]] std::vector<harm_group<R>> groups_as_written(basic_test_run_report<R> const& report) {
    std::vector<harm_group<R>> groups;
    std::unordered_map<std::string, std::size_t> places;
    for (harm_group<R>& each : report.by_harm_category()) {
        each.category = repair_utf8(each.category);
        auto const [place, is_new] = places.try_emplace(each.category, groups.size());
        if (is_new) {
            groups.push_back(std::move(each));
            continue;
        }
        auto& positions = groups[place->second].records.positions();
        positions.insert(positions.end(), each.records.positions().begin(), each.records.positions().end());
        std::ranges::sort(positions);  // report order
    }
    return groups;
}

/// `drain` is called after each thing that may be long: the text so far may be taken away.
template <Result R, class Drain>
void write_report(json_writer& w, basic_test_run_report<R> const& report, Drain drain) {
    w.begin_object();
    w.member("total_runs", report.total_runs);
    w.member("passed", report.passed);
    w.member("failed", report.failed);
    w.member("undetermined", report.undetermined);
    w.member("errors", report.errors);
    w.member("duration_seconds", report.duration_seconds);
    auto run = report.meta;
    if (report.is_incomplete()) {
        metadata::array reasons;
        for (std::string& line : report.incomplete_reasons()) reasons.emplace_back(std::move(line));
        run.set("incomplete", true);
        run.set("incomplete_reasons", std::move(reasons));
    }
    write_metadata(w, "metadata", run);
    w.key("population_summary");
    write_population(w, report.population_summary());
    w.key("by_harm_category");
    w.begin_object();
    for (harm_group<R> const& group : groups_as_written(report)) {
        w.key(group.category);
        w.begin_array();
        for (record_ref<R> const r : group.records) {
            write_record(w, *r.load(), drain);
            drain();
        }
        w.end_array();
    }
    w.end_object();

    w.member("schema", "rampart.report.v1");
    w.key("trial_groups");
    w.begin_array();
    auto const groups = facts_of_trial_groups(report);
    for (trial_group_result const& g : report.trial_groups) {
        write_group(w, g, groups.at(g.base).clones);
        drain();
    }
    w.end_array();
    write_reported_faults(w, report.faults, drain);
    w.key("tests");
    w.begin_array();
    for (test_entry const& t : report.tests) {
        write_test(w, t);
        drain();
    }
    w.end_array();
    if (has_shards(report.shards)) {
        w.key("shards");
        w.begin_array();
        for (shard_row const& r : report.shards) {
            write_shard(w, r);
            drain();
        }
        w.end_array();
    }
    w.end_object();
}

}  // namespace detail

/// Writes the JSON report to anything with `write(std::string_view)`, a piece at a time: ASCII, two blanks a level, no
/// line end at the end. NaN and infinities are null. A piece is little over 64 kB, or as long as what one turn or tool
/// call says.
template <Result R, class Out>
void write_json_report(basic_test_run_report<R> const& report, Out& out) {
    constexpr std::size_t enough = 65536;
    std::string text;
    json_writer w(text, json_style::indented);
    detail::write_report(w, report, [&] {
        if (text.size() < enough) return;
        out.write(text);
        text.clear();
    });
    out.write(text);
}

/// The same as a text.
template <Result R>
[[nodiscard]] std::string to_json_text(basic_test_run_report<R> const& report) {
    std::string text;
    json_writer w(text, json_style::indented);
    detail::write_report(w, report, [] {});
    return text;
}

/// Writes the JSON report to a file: whole or not at all, see `write_file`.
///
///     rampart::json_file_report_sink{"reports"}                         // reports/run_report_2026-11-21T08-30-00.json
///     rampart::json_file_report_sink::to_file("build/rampart.json")     // this file, replaced by each report
class json_file_report_sink {
public:
    /// Each report becomes a new file of this folder, `run_report_YYYY-MM-DDTHH-MM-SS.json` (UTC), or `..._2.json`
    /// and so on where that exists. The folder and its parents are made when a report comes.
    explicit json_file_report_sink(std::filesystem::path folder) : path_(std::move(folder)) {}

    /// Into exactly this file.
    [[nodiscard]] static json_file_report_sink to_file(std::filesystem::path file) {
        json_file_report_sink sink(std::move(file));
        sink.is_file_ = true;
        return sink;
    }

    [[nodiscard]] std::string name() const { return "json file " + path_.string(); }

    /// The file of the latest report; empty before the first.
    [[nodiscard]] std::filesystem::path const& last_file() const noexcept { return last_; }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        auto const writer = [&report](file_stream& out) { write_json_report(report, out); };
        if (is_file_) {
            write_file(path_, writer);
            last_ = path_;
        } else {
            last_ = write_new_file(path_, "run_report_" + file_time(std::chrono::system_clock::now()), ".json", writer);
        }
    }

private:
    std::filesystem::path path_;
    std::filesystem::path last_{};
    bool is_file_ = false;
};

static_assert(ReportSink<json_file_report_sink>);
static_assert(ReportSink<json_file_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_JSON_FILE_HPP
