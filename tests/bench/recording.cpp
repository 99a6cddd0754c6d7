// recording: what record_result costs. Where no run is on: a result that is made and given up, and one that the caller
// keeps. In a run: results of the workload that the caller keeps, 100 in each test, against the same copies put into a
// bare std::vector; and what a session takes to absorb them.

#include "bench/bench.hpp"
#include "bench/workload.hpp"

#include "rampart/collect/collector.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace {

namespace rp = rampart;

constexpr std::size_t many = 10000;
constexpr std::size_t each_test = 100;

/// Has to be called, and does nothing else with it: what a call costs at least, with its loop.
[[gnu::noinline]] bool passed_on(rp::result const& r) {
    bench::do_not_optimize(r);
    return false;
}

}  // namespace

int main() {
    std::vector<rp::result> results;
    for (workload::u64 i = 0; i < each_test; ++i) results.push_back(workload::make_result(i));
    rp::result const& one = results.front();

    bench::table table("recording", {"ns", 1e-9});
    table.heading("no run is on");
    auto const calls = [](auto call) {
        return [call] {
            for (std::size_t i = 0; i < many; ++i) {
                bool taken = call();
                bench::do_not_optimize(taken);
            }
        };
    };
    table.race({
        {"a call that does nothing", many, calls([&one] { return passed_on(one); })},
        {"record_result of a result that stays", many, calls([&one] { return rp::record_result(one); })},
        {"an empty result, made and given to nobody", many, calls([] { return passed_on(rp::result{}); })},
        {"record_result(result{})", many, calls([] { return rp::record_result(rp::result{}); }),
         "an empty result, made and given to nobody"},
    });

    table.heading("in a run, results of the workload (M=2, T=512)");
    rp::collection_run run;
    rp::test_id const test{workload::nodeid(0)};
    table.race({
        {"push_back into a std::vector", each_test,
         [&] {
             std::vector<rp::result> bare;
             for (rp::result const& r : results) bare.push_back(r);
             bench::do_not_optimize(bare);
         }},
        {"record_result", each_test,
         [&] {
             run.begin_test(test);
             for (rp::result const& r : results) {
                 if (!rp::record_result(r)) std::abort();
             }
             auto const taken = run.end_test();
             bench::do_not_optimize(taken);
         }},
        {"record_result, and a session absorbs them", each_test,
         [&] {
             rp::session session;
             run.begin_test(test);
             for (rp::result const& r : results) {
                 if (!rp::record_result(r)) std::abort();
             }
             session.absorb(test, {}, run.end_test());
             bench::do_not_optimize(session);
         }},
    });
    double const ratio = table.ratio_of("record_result");
    std::printf("  in a run, times the copy: %.2f, at most 1.50: %s\n", ratio, ratio <= 1.5 ? "met" : "NOT MET");
    table.print_json();
}
