#ifndef RAMPART_TESTS_SINKS_FOREIGN_RUN_HPP
#define RAMPART_TESTS_SINKS_FOREIGN_RUN_HPP

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rampart/report/report.hpp"
#include "report/samples.hpp"
#include "support/foreign.hpp"

/// \file
/// Reports that the sinks of formats are tested with: one full of hostile text, and random ones.

namespace foreign {

namespace rp = rampart;

/// A result with the text in every string it has, keys of metadata included.
inline rp::result result_of(rp::safety_status status, std::string const& text) {
    rp::metadata const meta{{text, text}, {"in " + text, rp::metadata{{text, rp::metadata::array{text, 1}}}}};
    rp::result r{.status = status, .summary = text, .strategy = text, .duration_seconds = 0.5, .meta = meta};
    r.evidence.injections = {{.payload_id = text, .surface_name = text}};
    r.evidence.turns = {rp::turn{
        .request = {.prompt = text, .attachments = {{.content = text, .id = text, .meta = meta}}},
        .response = {.text = text,
                     .tool_calls = {{.name = text, .arguments = meta, .result = text}},
                     .side_effects = {{.kind = text, .details = meta}},
                     .meta = meta},
        .evaluation = rp::eval_result{.outcome = rp::eval_outcome::detected, .evidence = {text}, .rationale = text},
        .turn_number = 1,
        .timestamp = text,
        .driver_reasoning = text,
    }};
    return r;
}

/// Of each attack a test of each status, a failed trial group, a fault of each kind that matters, and metadata of the
/// run; the text stands in every field. Built by hand, since a session would refuse or mend some of it.
inline rp::test_run_report hostile_report() {
    using rp::safety_status;
    rp::test_run_report report;
    report.duration_seconds = 3.0;
    std::uint32_t number = 0;
    for (std::string const& text : attacks()) {
        for (auto const status :
             {safety_status::safe, safety_status::unsafe, safety_status::undetermined, safety_status::error}) {
            auto const outcome = static_cast<rp::test_outcome>(number++ % 7);
            rp::test_id const id{text + "/" + text + ".cpp::" + text + "::" + std::string(to_string(status))};
            report.tests.push_back(
                {.test = id,
                 .worker = text,
                 .results = 1,
                 .facts = {
                     .name = text, .outcome = outcome, .seconds = 0.25, .file = text, .line = 7, .detail = text}});
            report.results.push_back({.test = id,
                                      .test_name = text,
                                      .worker = text,
                                      .harm_category = text,
                                      .value = result_of(status, text)});
        }
        rp::test_id const base{text};
        rp::test_id const clone{text + "[trial-0]"};
        report.trial_specs.push_back({.clone = clone, .base = base, .threshold = 1.0});
        report.tests.push_back({.test = clone, .facts = {.name = text + "[trial-0]", .file = text, .line = 1}});
        report.results.push_back({.test = clone, .test_name = text, .value = result_of(safety_status::unsafe, text)});
        report.trial_groups.push_back({.base = base, .total = 1, .unsafe = 1});
        for (auto const kind :
             {rp::fault_kind::incomplete, rp::fault_kind::guard_violation, rp::fault_kind::repaired_text}) {
            report.faults.push_back({kind, text, text});
        }
        report.meta.set(text, text);
        report.meta.set("nested " + text, rp::metadata{{text, text}});
    }
    std::ranges::sort(report.trial_specs, {}, &rp::trial_spec::clone);
    std::ranges::sort(report.trial_groups, {}, &rp::trial_group_result::base);
    std::ranges::sort(report.faults);
    rp::sort_for_report(report.tests);
    rp::sort_for_report(report.results);
    auto const counts = report.population_summary();
    report.total_runs = counts.total_runs;
    report.passed = counts.safe_count;
    report.failed = counts.unsafe_count;
    report.undetermined = counts.undetermined_count;
    report.errors = counts.error_count;
    return report;
}

/// A report of a random session: tests with none to three results, later attempts, trials, faults.
inline rp::test_run_report random_report(unsigned seed) {
    std::mt19937 random(seed);
    auto const below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
    rp::session s;
    s.set_duration(below(1000) / 10.0);
    auto const results = [&] {
        std::vector<rp::result> list;
        for (auto n = below(3); n > 0; --n) {
            // Often all of them safe, so that some of the runs are good.
            bool const calm = seed % 3 == 0;
            list.push_back(samples::make(static_cast<rp::safety_status>(calm ? 0 : below(4)), "s",
                                         below(2) == 0 ? "" : "harm" + std::to_string(below(3))));
        }
        return list;
    };
    auto const outcome = [&] {
        constexpr rp::test_outcome calm[] = {rp::test_outcome::passed, rp::test_outcome::unknown,
                                             rp::test_outcome::skipped};
        return seed % 3 == 0 ? calm[below(3)] : static_cast<rp::test_outcome>(below(7));
    };
    for (auto n = below(12); n > 0; --n) {
        s.absorb(samples::id("f" + std::to_string(below(3)) + ".cpp::t" + std::to_string(below(6))), {}, results(),
                 {.outcome = outcome(), .seconds = below(100) / 50.0});
    }
    for (auto n = below(4); n > 0; --n) {
        auto const trials = static_cast<int>(below(4)) + 1;
        for (int i = 0; i < trials; ++i) {
            auto list = results();
            if (seed % 3 == 0) list = {samples::safe()};
            samples::add_trial(s, "g.cpp::g" + std::to_string(n), i, below(3) / 2.0, std::move(list),
                               seed % 3 == 0 ? rp::test_outcome::passed : outcome());
        }
    }
    if (seed % 5 == 1) s.add_fault({rp::fault_kind::missing_worker, "worker gw1", "gone"});
    if (seed % 5 == 2) s.add_fault({rp::fault_kind::guard_violation, "test a", "network"});
    if (seed % 5 == 3) s.add_fault({rp::fault_kind::repaired_text, "/results/0", "a lone surrogate"});
    return rp::build_report(s);
}

}  // namespace foreign

#endif  // RAMPART_TESTS_SINKS_FOREIGN_RUN_HPP
