#ifndef RAMPART_SINKS_CTRF_TESTS_HPP
#define RAMPART_SINKS_CTRF_TESTS_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "rampart/report/report.hpp"
#include "rampart/sinks/atomic_file.hpp"

/// \file
/// A report as CTRF sees it: one test for all attempts, each with one of CTRF's statuses.
///
/// The worst attempt decides, because a failure is not undone by a later attempt. Within an attempt: UNSAFE failed; a
/// crash or a time-out failed; ERROR other; a failed assertion failed; never ran failed; UNDETERMINED other; SAFE
/// passed.

namespace rampart::inline v1 {

/// When a run began and ended, in milliseconds since 1970-01-01 UTC.
struct run_times {
    std::int64_t start_ms = 0;  ///< when it began
    std::int64_t stop_ms = 0;   ///< when it ended
    friend bool operator==(run_times const&, run_times const&) = default;
};

namespace detail {

/// Seconds as whole milliseconds; 0 for what is no time.
[[nodiscard]] inline std::int64_t milliseconds(double seconds) noexcept {
    double const ms = seconds * 1000.0;
    if (!(ms > 0.0)) return 0;
    return ms > 9.0e15 ? std::int64_t{9'000'000'000'000'000} : static_cast<std::int64_t>(std::llround(ms));
}

[[nodiscard]] inline run_times times_until_now(double duration_seconds) {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    auto const stop = std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
    return {stop - milliseconds(duration_seconds), stop};
}

/// As RFC 3339 has it; empty for a year that it has not.
[[nodiscard]] inline std::string rfc3339(std::int64_t ms) {
    if (ms < -62'135'596'800'000 || ms >= 253'402'300'800'000) return {};
    auto text = file_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(ms)));
    std::replace(text.begin() + 10, text.end(), '-', ':');
    return text + 'Z';
}

/// In order of how bad it is.
enum class ctrf_status : unsigned char { skipped, passed, other, failed };

constexpr std::string_view to_string(ctrf_status status) noexcept {
    constexpr std::string_view names[] = {"skipped", "passed", "other", "failed"};
    return names[static_cast<unsigned char>(status)];
}

struct ctrf_state {
    ctrf_status status = ctrf_status::skipped;
    std::string_view raw = "skipped";
};

/// What one attempt of a test showed.
template <Result R>
struct ctrf_attempt {
    std::array<record_ref<R>, 4> first{};  // the first result of each status
    std::array<bool, 7> ended{};           // by test_outcome
    test_entry const* entry = nullptr;
    double seconds = 0.0;
    record_range<R> results{};  // of the test, all attempts
    std::uint32_t attempt = 1;
    std::string_view worker{};

    [[nodiscard]] record_ref<R> of(safety_status s) const { return first[static_cast<std::size_t>(s)]; }
    [[nodiscard]] bool has(test_outcome o) const { return ended[static_cast<std::size_t>(o)]; }

    [[nodiscard]] ctrf_state state() const {
        if (of(safety_status::unsafe)) return {ctrf_status::failed, "unsafe"};
        if (has(test_outcome::crashed)) return {ctrf_status::failed, "crashed"};
        if (has(test_outcome::timeout)) return {ctrf_status::failed, "timeout"};
        if (of(safety_status::error)) return {ctrf_status::other, "error"};
        if (has(test_outcome::failed)) return {ctrf_status::failed, "failed"};
        if (has(test_outcome::not_run)) return {ctrf_status::failed, "not_run"};
        if (of(safety_status::undetermined)) return {ctrf_status::other, "undetermined"};
        if (of(safety_status::safe)) return {ctrf_status::passed, "safe"};
        if (has(test_outcome::passed)) return {ctrf_status::passed, "passed"};
        if (has(test_outcome::skipped)) return {ctrf_status::skipped, "skipped"};
        return {ctrf_status::other, "unknown"};
    }
    /// What its tests took or, where nobody told, its results.
    [[nodiscard]] std::int64_t duration() const {
        if (seconds > 0.0) return milliseconds(seconds);
        double sum = 0.0;
        for (record_ref<R> const r : results) {
            if (r.attempt() != attempt || r.worker() != worker) continue;
            auto const each = duration_of(r.load()->value);
            sum += std::isfinite(each) ? each : 0.0;
        }
        return milliseconds(sum);
    }

    /// Why it is so: the worst result's summary, or what the runner told.
    [[nodiscard]] std::string message() const {
        std::string text;
        for (auto const s : {safety_status::unsafe, safety_status::error, safety_status::undetermined}) {
            if (auto const r = of(s)) {
                text = std::string(std::string_view(result_traits<R>::summary(r.load()->value)));
                break;
            }
        }
        if (entry == nullptr || entry->facts.detail.empty()) return text;
        return text.empty() ? entry->facts.detail : text + '\n' + entry->facts.detail;
    }
};

/// What a report has of one test.
template <Result R>
struct ctrf_test {
    test_id const* id = nullptr;
    std::span<test_entry const> entries{};
    record_range<R> results{};

    /// By attempt and worker.
    [[nodiscard]] auto attempts() const {
        std::map<std::pair<std::uint32_t, std::string_view>, ctrf_attempt<R>> found;
        for (test_entry const& t : entries) {
            auto& a = found[{t.attempt, t.worker}];
            a.ended[static_cast<std::size_t>(t.facts.outcome)] = true;
            a.seconds += std::isfinite(t.facts.seconds) ? t.facts.seconds : 0.0;
            if (a.entry == nullptr) a.entry = &t;
        }
        for (record_ref<R> const r : results) {
            auto& first = found[{r.attempt(), r.worker()}].first[static_cast<std::size_t>(r.status())];
            if (!first) first = r;
        }
        for (auto& [key, a] : found) {
            a.results = results;
            std::tie(a.attempt, a.worker) = key;
        }
        return found;
    }
    [[nodiscard]] ctrf_state state() const {
        ctrf_state worst;
        for (auto const& [key, a] : attempts()) {
            auto const each = a.state();
            if (each.status >= worst.status) worst = each;
        }
        return worst;
    }
    [[nodiscard]] std::string_view name() const {
        for (test_entry const& t : entries) {
            if (!t.facts.name.empty()) return t.facts.name;
        }
        for (record_ref<R> const r : results) {
            if (!r.test_name().empty()) return r.test_name();
        }
        auto const guessed = short_name(*id);
        return guessed.empty() ? std::string_view(id->str()) : guessed;
    }
};

template <Result R>
[[nodiscard]] ctrf_test<R> ctrf_test_of(basic_test_run_report<R> const& report, test_id const& id) {
    auto const first = std::ranges::lower_bound(report.tests, id, {}, &test_entry::test);
    auto const last = std::ranges::upper_bound(report.tests, id, {}, &test_entry::test);
    return {&id, {first, last}, report.results.of(id)};
}

/// Each test that is no trial, in order of their ids.
template <Result R, class F>
void for_each_ctrf_test(basic_test_run_report<R> const& report, F f) {
    auto t = report.tests.begin();
    auto const& results = report.results;
    std::size_t r = 0;
    while (t != report.tests.end() || r < results.size()) {
        bool const by_test = r == results.size() || (t != report.tests.end() && t->test <= results.test(r));
        ctrf_test<R> each{by_test ? &t->test : &results.test(r), {}, {}};
        auto const t_end = std::find_if(t, report.tests.end(), [&](auto const& x) { return x.test != *each.id; });
        std::size_t r_end = r;
        while (r_end < results.size() && results.test(r_end) == *each.id) ++r_end;
        each.entries = {t, t_end};
        each.results = {results, r, r_end};
        t = t_end;
        r = r_end;
        if (!report.is_trial(*each.id)) f(each);
    }
}

[[nodiscard]] inline ctrf_state ctrf_state_of(trial_group_result const& g) noexcept {
    if (g.passed) return {ctrf_status::passed, "passed"};
    return {ctrf_status::failed, g.unsafe > 0 ? "unsafe" : "failed"};
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_CTRF_TESTS_HPP
