#ifndef RAMPART_SINKS_CTRF_HPP
#define RAMPART_SINKS_CTRF_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/trials.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/ctrf_tests.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/version.hpp"

/// \file
/// The report in the Common Test Report Format, CTRF 1.0.0 (https://ctrf.io, schema/ctrf.schema.json). A test with
/// trials is one test with its group's verdict. What CTRF has no key for stands under `extra`, and `rawStatus` has
/// rampart's own word. An incomplete run and a guard violation are failed tests of their own, called `rampart: ...`, so
/// that nobody who only counts takes the run for green; `summary.extra.run_checks` counts these.

namespace rampart::inline v1 {

namespace detail {

/// `suite`: what stands before the name in the id, from the outside in. It has no empty form.
inline void write_ctrf_suite(json_writer& w, std::string_view id, std::string_view name) {
    auto const cut = id.ends_with(name) ? id.size() - name.size() : id.rfind("::") + 2;
    if (cut < 3 || cut > id.size() || id.substr(cut - 2, 2) != "::") return;
    w.key("suite");
    w.begin_array();
    for (auto rest = id.substr(0, cut); !rest.empty(); rest.remove_prefix(rest.find("::") + 2)) {
        w.string(rest.substr(0, rest.find("::")));
    }
    w.end_array();
}

template <Result R, class Drain>
void write_ctrf_results(json_writer& w, record_range<R> results, Drain& drain) {
    w.key("results");
    w.begin_array();
    for (record_ref<R> const each : results) {
        auto const loaded = each.load();
        basic_record<R> const& r = *loaded;
        w.begin_object();
        w.member("status", to_string(result_traits<R>::status(r.value)));
        w.member("summary", std::string_view(result_traits<R>::summary(r.value)));
        if (!r.harm_category.empty()) w.member("harm_category", r.harm_category);
        if (auto const strategy = strategy_of(r.value); !strategy.empty()) w.member("strategy", strategy);
        w.member("duration", milliseconds(duration_of(r.value)));
        w.member("attempt", r.attempt);
        if (!r.worker.empty()) w.member("worker", r.worker);
        if (auto const meta = metadata_of(r.value); !meta.empty()) {
            w.key("metadata");
            write_json(w, meta);
        }
        w.end_object();
        drain();
    }
    w.end_array();
}

template <Result R>
void write_ctrf_tags(json_writer& w, std::span<ctrf_test<R> const> tests) {
    std::set<std::string_view> tags;
    for (auto const& test : tests) {
        for (record_ref<R> const r : test.results) tags.insert(r.harm_category());
    }
    tags.erase("");
    if (tags.empty()) return;
    w.key("tags");
    w.begin_array();
    for (std::string_view const tag : tags) w.string(tag);
    w.end_array();
}

template <Result R>
void write_ctrf_place(json_writer& w, ctrf_test<R> const& test) {
    for (test_entry const& t : test.entries) {
        if (t.facts.file.empty()) continue;
        w.member("filePath", t.facts.file);
        if (t.facts.line != 0) w.member("line", t.facts.line);
        return;
    }
}

/// The keys that every test has. A name has at least one character.
inline void begin_ctrf_test(json_writer& w, std::string_view name, ctrf_state state, std::int64_t ms) {
    w.begin_object();
    w.member("name", name.empty() ? std::string_view("(no name)") : name);
    w.member("status", to_string(state.status));
    w.member("duration", ms);
    w.member("rawStatus", state.raw);
}

template <Result R, class Drain>
void write_ctrf_test(json_writer& w, ctrf_test<R> const& test, Drain& drain) {
    auto const attempts = test.attempts();
    ctrf_attempt<R> const* worst = nullptr;
    std::int64_t ms = 0;
    std::uint32_t last = 1;
    for (auto const& [key, a] : attempts) {
        ms += a.duration();
        last = std::max(last, key.first);
        if (worst == nullptr || a.state().status >= worst->state().status) worst = &a;
    }
    begin_ctrf_test(w, test.name(), worst->state(), ms);
    write_ctrf_suite(w, test.id->str(), test.name());
    if (auto const text = worst->message(); !text.empty()) w.member("message", text);
    write_ctrf_tags<R>(w, {&test, 1});
    write_ctrf_place(w, test);
    if (last > 1) w.member("retries", last - 1);
    if (attempts.size() > 1) {
        w.key("retryAttempts");
        w.begin_array();
        for (auto const& [key, a] : attempts) {
            w.begin_object();
            w.member("attempt", std::max(key.first, std::uint32_t{1}));
            w.member("status", to_string(a.state().status));
            w.member("duration", a.duration());
            if (auto const text = a.message(); !text.empty()) w.member("message", text);
            w.key("extra");
            w.begin_object();
            w.member("rawStatus", a.state().raw);
            if (!key.second.empty()) w.member("worker", key.second);
            w.end_object();
            w.end_object();
        }
        w.end_array();
    } else if (!attempts.begin()->first.second.empty()) {
        w.member("threadId", attempts.begin()->first.second);
    }
    w.key("extra");
    w.begin_object();
    w.member("nodeid", test.id->str());
    if (worst->entry != nullptr) w.member("outcome", to_string(worst->entry->facts.outcome));
    write_ctrf_results(w, test.results, drain);
    w.end_object();
    w.end_object();
}

/// A test with trials.
template <Result R, class Drain>
void write_ctrf_group(json_writer& w, basic_test_run_report<R> const& report, trial_group_result const& g,
                      trial_group_facts const& facts, Drain& drain) {
    std::vector<ctrf_test<R>> trials;
    for (test_id const& clone : facts.clones) trials.push_back(ctrf_test_of(report, clone));
    std::int64_t ms = 0;
    for (auto const& trial : trials) {
        for (auto const& [key, a] : trial.attempts()) ms += a.duration();
    }
    begin_ctrf_test(w, facts.name, ctrf_state_of(g), ms);
    write_ctrf_suite(w, g.base.str(), facts.name);
    w.member("message", std::to_string(g.safe) + " of " + std::to_string(g.total) + " trials safe, " +
                            std::to_string(g.unsafe) + " unsafe, " + std::to_string(g.errors) + " errors, " +
                            std::to_string(g.undetermined) + " undetermined, " + std::to_string(g.no_result) +
                            " without a result");
    write_ctrf_tags<R>(w, trials);
    for (auto const& trial : trials) {
        if (trial.entries.empty() || trial.entries[0].facts.file.empty()) continue;
        write_ctrf_place(w, trial);
        break;
    }
    w.key("extra");
    w.begin_object();
    w.member("nodeid", g.base.str());
    w.member("threshold", g.threshold);
    w.member("pass_rate", g.pass_rate);
    for (auto const& [key, count] : {std::pair{"total", g.total}, std::pair{"safe", g.safe},
                                     std::pair{"unsafe", g.unsafe}, std::pair{"errors", g.errors},
                                     std::pair{"undetermined", g.undetermined}, std::pair{"no_result", g.no_result}}) {
        w.member(key, count);
    }
    w.key("trials");
    w.begin_array();
    for (auto const& trial : trials) {
        w.begin_object();
        w.member("nodeid", trial.id->str());
        w.member("rawStatus", trial.attempts().empty() ? std::string_view("unknown") : trial.state().raw);
        write_ctrf_results(w, trial.results, drain);
        w.end_object();
        drain();
    }
    w.end_array();
    w.end_object();
    w.end_object();
}

/// The checks of the whole run that it did not pass, as failed tests.
struct ctrf_run_check {
    std::string_view name{};
    std::string_view raw{};
    std::string message{};
};

template <Result R>
[[nodiscard]] std::vector<ctrf_run_check> ctrf_run_checks(basic_test_run_report<R> const& report) {
    constexpr std::size_t most = 20;
    std::vector<ctrf_run_check> checks;
    auto const add = [&](std::string_view name, std::string_view raw, auto const& concerns) {
        std::size_t count = 0;
        std::string message;
        for (fault const& f : report.faults) {
            if (!concerns(f.kind) || ++count > most) continue;
            message += (count > 1 ? "\n" : "") + reason(f);
        }
        if (count > most) message += "\nand " + std::to_string(count - most) + " more, see extra.faults";
        if (count > 0) checks.push_back({name, raw, std::move(message)});
    };
    add("rampart: the run is complete", "incomplete", [](fault_kind k) { return loses(k); });
    add("rampart: guarded resources are used as declared", "guard_violation", [](fault_kind k) { return fails(k); });
    return checks;
}

template <Result R>
void write_ctrf_summary(json_writer& w, basic_test_run_report<R> const& report, run_times times,
                        std::size_t run_checks) {
    std::array<std::size_t, 4> counts{};
    auto const add = [&counts](ctrf_state s) { ++counts[static_cast<std::size_t>(s.status)]; };
    for_each_ctrf_test(report, [&](ctrf_test<R> const& test) { add(test.state()); });
    for (trial_group_result const& g : report.trial_groups) add(ctrf_state_of(g));
    counts[static_cast<std::size_t>(ctrf_status::failed)] += run_checks;
    auto const of = [&counts](ctrf_status s) { return counts[static_cast<std::size_t>(s)]; };
    w.key("summary");
    w.begin_object();
    w.member("tests", counts[0] + counts[1] + counts[2] + counts[3]);
    w.member("passed", of(ctrf_status::passed));
    w.member("failed", of(ctrf_status::failed));
    w.member("pending", 0);
    w.member("skipped", of(ctrf_status::skipped));
    w.member("other", of(ctrf_status::other));
    w.member("start", times.start_ms);
    w.member("stop", times.stop_ms);
    w.key("extra");
    w.begin_object();
    w.member("exit_code", exit_code(report));
    w.member("incomplete", report.is_incomplete());
    w.member("run_checks", run_checks);
    w.member("results", report.total_runs);
    w.member("safe", report.passed);
    w.member("unsafe", report.failed);
    w.member("undetermined", report.undetermined);
    w.member("errors", report.errors);
    w.end_object();
    w.end_object();
}

/// `drain` is called after each result and each test: the text so far may be taken away.
template <Result R, class Drain>
void write_ctrf(json_writer& w, basic_test_run_report<R> const& report, run_times times, Drain drain) {
    auto const checks = ctrf_run_checks(report);
    w.begin_object();
    w.member("reportFormat", "CTRF");
    w.member("specVersion", "1.0.0");
    if (auto const time = rfc3339(times.stop_ms); !time.empty()) w.member("timestamp", time);
    w.member("generatedBy", "rampart " RAMPART_VERSION);
    w.key("results");
    w.begin_object();
    w.key("tool");
    w.begin_object();
    w.member("name", "rampart");
    w.member("version", RAMPART_VERSION);
    w.end_object();
    write_ctrf_summary(w, report, times, checks.size());
    w.key("tests");
    w.begin_array();
    for (ctrf_run_check const& check : checks) {
        begin_ctrf_test(w, check.name, {ctrf_status::failed, check.raw}, 0);
        w.member("message", check.message);
        w.end_object();
    }
    for_each_ctrf_test(report, [&](ctrf_test<R> const& test) {
        write_ctrf_test(w, test, drain);
        drain();
    });
    auto const groups = facts_of_trial_groups(report);
    for (trial_group_result const& g : report.trial_groups) write_ctrf_group(w, report, g, groups.at(g.base), drain);
    w.end_array();
    w.end_object();
    w.key("extra");
    w.begin_object();
    w.key("metadata");
    write_json(w, report.meta);
    write_reported_faults(w, report.faults, drain);
    w.end_object();
    w.end_object();
}

}  // namespace detail

/// The report as CTRF text. The same report and times give the same text.
template <Result R>
[[nodiscard]] std::string to_ctrf_text(basic_test_run_report<R> const& report, run_times times) {
    std::string text;
    json_writer w(text, json_style::indented);
    detail::write_ctrf(w, report, times, [] {});
    return text;
}

/// Writes each report to this file, whole or not at all, see `write_file`. The text is written piece by piece, so that
/// a big report is not in memory twice.
class ctrf_report_sink {
public:
    /// Without times, a run ended when its report is written, and began its duration earlier.
    explicit ctrf_report_sink(std::filesystem::path file, std::optional<run_times> times = {})
        : path_(std::move(file)), times_(times) {}

    [[nodiscard]] std::string name() const { return "CTRF file " + path_.string(); }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        auto const times = times_ ? *times_ : detail::times_until_now(report.duration_seconds);
        write_file(path_, [&](file_stream& out) {
            json_writer w(out.text(), json_style::indented);
            detail::write_ctrf(w, report, times, [&out] { out.pass_on(); });
        });
    }

private:
    std::filesystem::path path_;
    std::optional<run_times> times_;
};

static_assert(ReportSink<ctrf_report_sink>);
static_assert(ReportSink<ctrf_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_CTRF_HPP
