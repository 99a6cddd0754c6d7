#ifndef RAMPART_SINKS_TEST_CASES_HPP
#define RAMPART_SINKS_TEST_CASES_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "rampart/base/natural_order.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/trials.hpp"

/// \file
/// A report as the formats see it that know test cases only, each with one verdict: a case for each test and attempt,
/// and one for each trial group. All such sinks count the same, because they count these.

namespace rampart::inline v1 {

/// How a case ended, the worst first.
enum class case_verdict : unsigned char {
    unsafe,        ///< an UNSAFE result, or a trial group with one
    crashed,       ///< the test's process died
    timeout,       ///< it took too long
    error,         ///< an ERROR result, or a trial group of which nothing could be judged
    failed,        ///< an assertion failed, or a trial group is below its threshold
    not_run,       ///< planned, and never ran
    undetermined,  ///< nothing worse than an UNDETERMINED result
    skipped,
    passed,
};

[[nodiscard]] constexpr std::string_view to_string(case_verdict v) noexcept {
    constexpr std::string_view names[] = {"unsafe",  "crashed",      "timeout", "error", "failed",
                                          "not_run", "undetermined", "skipped", "passed"};
    return names[static_cast<unsigned char>(v)];
}

/// Whether the case makes the run fail; an UNDETERMINED result alone does not, see `verdict`.
[[nodiscard]] constexpr bool is_failure(case_verdict v) noexcept { return v < case_verdict::undetermined; }

/// A case of a report. It points into the report, and lives no longer.
struct report_case {
    test_id const* test = nullptr;  ///< of a group: its base
    std::string name{};             ///< for people, with the attempt and, where it takes that, the worker
    std::uint32_t attempt = 1;
    std::string_view worker{};
    test_entry const* entry = nullptr;          ///< null for a group, and for results of a test that nobody told of
    trial_group_result const* group = nullptr;  ///< null for a test
    std::vector<test_id> clones{};              ///< of a group, in natural order
    bool has_results = true;                    ///< false for the second of two entries that claim one place
    case_verdict verdict = case_verdict::passed;
};

/// Calls `f(record)` for each result of a test, over all its attempts and workers, in report order.
template <Result R, class F>
void for_each_result(basic_test_run_report<R> const& report, test_id const& test, F f) {
    auto at = std::lower_bound(report.results.begin(), report.results.end(), test,
                               [](basic_record<R> const& r, test_id const& id) { return r.test < id; });
    for (; at != report.results.end() && at->test == test; ++at) f(*at);
}

/// Calls `f(record)` for each result of a case: of a group, for those of its trials, one trial after the other.
template <Result R, class F>
void for_each_result(basic_test_run_report<R> const& report, report_case const& c, F f) {
    if (c.group != nullptr) {
        for (test_id const& clone : c.clones) for_each_result(report, clone, f);
    } else if (c.has_results) {
        for_each_result(report, *c.test, [&](basic_record<R> const& r) {
            if (r.attempt == c.attempt && r.worker == c.worker) f(r);
        });
    }
}

namespace detail {

[[nodiscard]] constexpr case_verdict verdict_of(trial_group_result const& g) noexcept {
    if (g.passed) return case_verdict::passed;
    if (g.unsafe > 0) return case_verdict::unsafe;
    return g.safe + g.undetermined == 0 ? case_verdict::error : case_verdict::failed;
}

[[nodiscard]] constexpr case_verdict verdict_of(test_outcome outcome) noexcept {
    switch (outcome) {
    case test_outcome::failed:
        return case_verdict::failed;
    case test_outcome::crashed:
        return case_verdict::crashed;
    case test_outcome::timeout:
        return case_verdict::timeout;
    case test_outcome::not_run:
        return case_verdict::not_run;
    case test_outcome::skipped:
        return case_verdict::skipped;
    case test_outcome::unknown:
    case test_outcome::passed:
        break;
    }
    return case_verdict::passed;
}

[[nodiscard]] constexpr case_verdict verdict_of(safety_status status) noexcept {
    switch (status) {
    case safety_status::unsafe:
        return case_verdict::unsafe;
    case safety_status::error:
        return case_verdict::error;
    case safety_status::undetermined:
        return case_verdict::undetermined;
    case safety_status::safe:
        break;
    }
    return case_verdict::passed;
}

/// A number with a dot and that many decimals, whatever the locale; `0` for what is no finite number.
[[nodiscard]] inline std::string fixed(double number, int decimals) {
    char text[400];
    auto const done = std::to_chars(text, text + sizeof text, std::isfinite(number) ? number : 0.0,
                                    std::chars_format::fixed, decimals);
    return std::string(text, done.ptr);
}

/// Clipped, with a word on what was left out and where it is.
[[nodiscard]] inline std::string clip_for_report(std::string_view text, std::size_t most) {
    auto shown = clip(text, most, "");
    if (shown.size() == text.size()) return shown;
    auto const left = text.size() - shown.size();
    return shown + "... (" + std::to_string(left) + " more bytes; the JSON report has them)";
}

[[nodiscard]] inline std::string text_of(metadata_value const& v) {
    if (auto const* const text = v.if_string()) return *text;
    metadata wrapped;
    wrapped.set("", v);
    // {"":...}: the value without what stands around it.
    auto const json = to_compact_json(wrapped);
    auto const from = json.find(':') + 1;
    return json.substr(from, json.size() - from - 1);
}

}  // namespace detail

/// The cases of a report: the tests that are no trials in report order, then the trial groups. A result whose test is
/// not among the report's tests has a case too.
template <Result R>
[[nodiscard]] std::vector<report_case> test_cases(basic_test_run_report<R> const& report) {
    using key = std::tuple<test_id const&, std::uint32_t, std::string_view>;
    std::vector<report_case> cases;
    for (test_entry const& t : report.tests) {
        if (report.is_trial(t.test)) continue;
        report_case c{.test = &t.test, .name = t.facts.name, .attempt = t.attempt, .worker = t.worker, .entry = &t};
        c.verdict = detail::verdict_of(t.facts.outcome);
        cases.push_back(std::move(c));
    }
    auto const key_of = [](auto const& c) {
        if constexpr (requires { c.entry; }) {
            return key(*c.test, c.attempt, c.worker);
        } else {
            return key(c.test, c.attempt, c.worker);
        }
    };
    auto const before = [&](auto const& a, auto const& b) { return key_of(a) < key_of(b); };
    std::ranges::stable_sort(cases, before);
    auto const known = cases.size();
    std::set<key> untold;
    for (basic_record<R> const& r : report.results) {
        if (report.is_trial(r.test)) continue;
        auto const at = std::lower_bound(cases.begin(), cases.begin() + static_cast<std::ptrdiff_t>(known), r, before);
        bool const told = at != cases.begin() + static_cast<std::ptrdiff_t>(known) && key_of(*at) == key_of(r);
        if (told || !untold.insert(key_of(r)).second) continue;
        cases.push_back({.test = &r.test, .name = r.test_name, .attempt = r.attempt, .worker = r.worker});
    }
    std::ranges::stable_sort(cases, before);

    for (std::size_t i = 0; i < cases.size(); ++i) {
        report_case& c = cases[i];
        c.has_results = i == 0 || key_of(cases[i - 1]) != key_of(c);
        for_each_result(report, c, [&c](basic_record<R> const& r) {
            c.verdict = std::min(c.verdict, detail::verdict_of(result_traits<R>::status(r.value)));
            if (c.name.empty()) c.name = r.test_name;
        });
        if (c.name.empty()) c.name = std::string(short_name(*c.test));
        if (c.attempt != 1) c.name += " (attempt " + std::to_string(c.attempt) + ')';
        auto const is_other = [&](std::size_t at) {
            return at < cases.size() && *cases[at].test == *c.test && cases[at].attempt == c.attempt;
        };
        if ((i > 0 && is_other(i - 1)) || is_other(i + 1)) {
            c.name += c.worker.empty() ? " (this process)" : " (worker " + std::string(c.worker) + ')';
        }
    }
    auto facts = facts_of_trial_groups(report);
    for (trial_group_result const& g : report.trial_groups) {
        auto& [name, clones] = facts[g.base];
        std::ranges::stable_sort(clones,
                                 [](test_id const& a, test_id const& b) { return natural_less(a.str(), b.str()); });
        cases.push_back({.test = &g.base,
                         .name = std::move(name),
                         .group = &g,
                         .clones = std::move(clones),
                         .verdict = detail::verdict_of(g)});
    }
    return cases;
}

/// How long a case took: what its tests took, or, where nobody told, its results.
template <Result R>
[[nodiscard]] double seconds_of(basic_test_run_report<R> const& report, report_case const& c) {
    auto const good = [](double seconds) { return std::isfinite(seconds) && seconds > 0.0 ? seconds : 0.0; };
    if (c.entry != nullptr) return good(c.entry->facts.seconds);
    double told = 0.0;
    for (test_id const& clone : c.clones) {
        auto at = std::lower_bound(report.tests.begin(), report.tests.end(), clone,
                                   [](test_entry const& t, test_id const& id) { return t.test < id; });
        for (; at != report.tests.end() && at->test == clone; ++at) told += good(at->facts.seconds);
    }
    if (told > 0.0) return told;
    for_each_result(report, c, [&](basic_record<R> const& r) { told += good(duration_of(r.value)); });
    return told;
}

/// `9 of 10 safe, 1 without a result; pass rate 0.900, threshold 0.800`
[[nodiscard]] inline std::string group_words(trial_group_result const& g) {
    auto text = std::to_string(g.safe) + " of " + std::to_string(g.total) + " safe";
    auto const add = [&text](int count, std::string_view what) {
        if (count > 0) text += ", " + std::to_string(count) + std::string(what);
    };
    add(g.unsafe, " unsafe");
    add(g.errors, " errors");
    add(g.undetermined, " undetermined");
    add(g.no_result, " without a result");
    return text + "; pass rate " + detail::fixed(g.pass_rate, 3) + ", threshold " + detail::fixed(g.threshold, 3);
}

/// Why the case has its verdict, in foreign words: the summary of the first result that has it, or how the test ended.
template <Result R>
[[nodiscard]] std::string why(basic_test_run_report<R> const& report, report_case const& c) {
    if (c.group != nullptr) return group_words(*c.group);
    std::string words;
    bool found = false;
    for_each_result(report, c, [&](basic_record<R> const& r) {
        if (found || detail::verdict_of(result_traits<R>::status(r.value)) != c.verdict) return;
        words = std::string(std::string_view(result_traits<R>::summary(r.value)));
        found = true;
    });
    if (found && c.verdict != case_verdict::passed) return words;
    if (c.entry != nullptr && !c.entry->facts.detail.empty()) return c.entry->facts.detail;
    switch (c.verdict) {
    case case_verdict::crashed:
        return "its process died";
    case case_verdict::timeout:
        return "it took too long";
    case case_verdict::failed:
        return "an assertion failed, or an exception left the test";
    case case_verdict::not_run:
        return "it was planned and did not run";
    default:
        return words;
    }
}

/// What a result shows, as lines for people: its verdict and, for a transcript, the conversation. Foreign text; each
/// part is clipped, and the whole near 200 kB, with a word where the rest is: the JSON report has everything.
template <Result R>
[[nodiscard]] std::string evidence_text(basic_record<R> const& r) {
    constexpr std::size_t most = 4000;
    constexpr std::size_t most_in_all = 200'000;
    using detail::clip_for_report;
    std::string text;
    bool full = false;
    auto const line = [&](std::string_view what, std::string_view words) {
        full = full || text.size() > most_in_all;
        if (words.empty() || full) return;
        text += what;
        text += ": ";
        text += clip_for_report(words, most);
        text += '\n';
    };
    auto const status = to_string(result_traits<R>::status(r.value));
    line(status, std::string_view(result_traits<R>::summary(r.value)));
    if (text.empty()) text = std::string(status) + '\n';
    line("harm category", r.harm_category);
    line("strategy", strategy_of(r.value));
    if (auto const meta = metadata_of(r.value); !meta.empty()) line("metadata", to_compact_json(meta));
    transcript const* const seen = transcript_of(r.value);
    if (seen == nullptr) return text;
    line("seen", to_string(seen->observability));
    for (injection_record const& i : seen->injections) {
        line("injected into " + clip_for_report(i.surface_name, most), i.payload_id.value_or("(no id)"));
    }
    for (turn const& t : seen->turns) {
        if (full) break;
        text += "--- turn " + std::to_string(t.turn_number) + '\n';
        if (t.request.prompt) line("prompt", *t.request.prompt);
        for (payload const& p : t.request.attachments) line("attachment " + clip_for_report(p.id, most), p.content);
        line("driver", t.driver_reasoning);
        for (tool_call const& call : t.response.tool_calls) {
            if (full) break;
            line("tool call " + clip_for_report(call.name, most), to_compact_json(call.arguments));
            if (call.result) line("tool result", *call.result);
        }
        for (side_effect const& effect : t.response.side_effects) {
            if (full) break;
            line("side effect " + clip_for_report(effect.kind, most), to_compact_json(effect.details));
        }
        line("response", t.response.text);
        if (t.evaluation) {
            line("evaluation", std::string(to_string(t.evaluation->outcome)) + ", " +
                                   detail::fixed(t.evaluation->confidence, 3) + ": " + t.evaluation->rationale);
        }
    }
    if (full) text += "(clipped here; the JSON report has the rest)\n";
    return text;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_TEST_CASES_HPP
