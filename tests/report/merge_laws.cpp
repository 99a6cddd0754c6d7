#include "rampart/report/report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using samples::id;

/// Makes outputs of workers that have everything a merge can meet: tests that several claim, with equal and with other
/// results, plans of several runs, cuts, lists and attempts that fit together or do not, trials, equal faults.
class generator {
public:
    explicit generator(std::uint32_t seed) : random_(seed) {}

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    std::string one_of(std::string const& prefix, std::uint32_t n) { return prefix + std::to_string(below(n)); }

    rp::result result() {
        return samples::make(static_cast<rp::safety_status>(below(4)), one_of("summary ", 2), one_of("h", 2));
    }
    rp::shard_plan plan(std::string const& worker) {
        rp::shard_plan p{.run = one_in(6) ? "s" : "r", .worker = worker, .attempt = 1 + below(2)};
        p.count = one_in(6) ? 2 : 3;
        p.index = below(p.count);
        std::vector<std::string> list;
        for (std::uint32_t t = 0; t < 6; ++t) {
            list.push_back("t" + std::to_string(t));
            if (t % 3 == p.index || one_in(8)) p.tests.push_back(id(list.back()));
        }
        if (!one_in(4)) p.list_hash = rp::list_hash({list.begin(), list.end() - (one_in(6) ? 1 : 0)});
        if (one_in(4)) p.running.push_back(id(one_of("t", 6)));
        p.closed = !one_in(4);
        p.torn = one_in(8);
        p.process = one_of("host ", 2);
        p.source = one_of("file ", 3);
        if (!one_in(3)) p.tally = rp::shard_tally{.ran = below(3), .seconds = below(8) / 8.0};
        return p;
    }
    rp::shard shard() {
        rp::shard s{.worker = one_of("gw", 4)};
        for (auto n = below(5); n > 0; --n) {
            auto const test = id(one_of("t", 8));
            auto const attempt = 1 + below(2);
            auto const results = below(3);
            for (std::uint32_t i = 0; i < results; ++i) {
                s.records.push_back({test, "name", i, attempt, {}, one_of("h", 2), result()});
            }
            auto const outcome = static_cast<rp::test_outcome>(below(4));
            s.tests.push_back({test, attempt, {}, results, {.name = "name", .outcome = outcome}});
        }
        for (auto n = below(3); n > 0; --n) s.plans.push_back(plan(one_of("gw", 4)));
        for (auto n = below(3); n > 0; --n) {
            s.trial_specs.push_back({id(one_of("t", 6)), id(one_of("base", 2)), one_in(4) ? 0.75 : 0.5});
        }
        for (auto n = below(4); n > 0; --n) {
            s.faults.push_back({one_in(3) ? rp::fault_kind::repaired_text : rp::fault_kind::late_result, one_of("t", 2),
                                one_of("words ", 2)});
        }
        return s;
    }
    std::vector<std::size_t> order(std::size_t n) {
        std::vector<std::size_t> list(n);
        std::iota(list.begin(), list.end(), std::size_t{0});
        std::shuffle(list.begin(), list.end(), random_);
        return list;
    }

private:
    std::mt19937 random_;
};

void check_equal(rp::test_run_report const& a, rp::test_run_report const& b) {
    auto const row = [](rp::basic_record<rp::result> const& r) {
        return std::tie(r.test, r.test_name, r.index, r.attempt, r.worker, r.harm_category);
    };
    CHECK(std::ranges::equal(a.results, b.results,
                             [row](auto const& x, auto const& y) { return row(x) == row(y) && x.value == y.value; }));
    CHECK(a.tests == b.tests);
    CHECK(a.faults == b.faults);
    CHECK(a.trial_specs == b.trial_specs);
    CHECK(a.trial_groups == b.trial_groups);
    CHECK(a.shards == b.shards);
    CHECK(a.is_incomplete() == b.is_incomplete());
}

}  // namespace

TEST_CASE("shards merged in any order, several times, or through other sessions give one report [B41, B79]") {
    bool seen[64] = {};
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        generator make(seed);
        std::vector<rp::shard> shards;
        for (auto n = 2 + make.below(6); n > 0; --n) shards.push_back(make.shard());
        rp::session plain;
        for (auto const& s : shards) plain.merge_worker_results(s);
        auto const expected = rp::build_report(plain);
        CHECK(expected.is_incomplete() == plain.is_incomplete());
        for (auto const& f : expected.faults) seen[static_cast<std::size_t>(f.kind)] = true;

        rp::session shuffled;
        for (auto i : make.order(shards.size())) shuffled.merge_worker_results(shards[i]);
        check_equal(rp::build_report(shuffled), expected);

        for (auto i : make.order(shards.size())) shuffled.merge_worker_results(shards[i]);
        check_equal(rp::build_report(shuffled), expected);

        // Each shard goes to one of three sessions or to two of them, and these into one another.
        std::vector<rp::session> hubs(3);
        for (auto i : make.order(shards.size())) {
            hubs[make.below(3)].merge_worker_results(shards[i]);
            if (make.one_in(2)) hubs[make.below(3)].merge_worker_results(shards[i]);
        }
        hubs[1].merge_worker_results(hubs[0].to_shard(""));
        rp::session top;
        for (auto i : make.order(hubs.size())) top.merge_worker_results(hubs[i].to_shard(""));
        top.merge_worker_results(top.to_shard(""));
        check_equal(rp::build_report(top), expected);
        check_equal(rp::build_report(std::move(top)), expected);
    }
    // A law that holds of nothing proves nothing.
    using enum rp::fault_kind;
    for (auto kind :
         {trial_conflict, missing_shard, other_list, other_run, second_output, torn_tail, interrupted_test,
          missing_close, duplicate_record, unaccounted_test, unplanned_test, superseded, late_result, repaired_text}) {
        CAPTURE(rp::to_string(kind));
        CHECK(seen[static_cast<std::size_t>(kind)]);
    }
}
