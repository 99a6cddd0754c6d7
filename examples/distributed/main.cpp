// One suite over many processes, and what a suite can do about it: see suite.cpp for the tests.
//
//     ./distributed --rampart-workers=auto

#define DOCTEST_CONFIG_IMPLEMENT
#include <rampart/doctest_main.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "workers.hpp"

namespace {

/// Watches the run from the process that was started: any type with handlers for what it cares about.
struct what_workers_did {
    long tests = 0;
    long told = 0;
    bool all_had_a_port = true;
    std::string run{};

    void on(rampart::dist::notice::run_started const& started) { run = started.run; }
    void on(rampart::dist::notice::test_ended const&) { ++tests; }
    void on(rampart::dist::notice::worker_ended const& w) {
        if (auto const* const n = w.output.find("tests")) told += static_cast<long>(n->as_int64());
        if (auto const* const port = w.output.find("port")) all_had_a_port = all_had_a_port && port->as_string() != "";
    }
    void on(rampart::dist::notice::run_ended const&) const {
        forget_knowledge(run);  // what the workers shared
        std::printf("the workers say that they ran %ld tests, the controller counted %ld; ports: %s\n", told, tests,
                    all_had_a_port ? "yes" : "no");
    }
};

}  // namespace

int main(int argc, char** argv) {
    rampart::run_options options;

    // In the controller, before a worker starts: what it needs for itself goes into its environment. A replacement of
    // a worker that died has that one's slot, and so its port.
    options.configure_worker = [](rampart::worker_launch& worker) {
        worker.env.emplace_back("AGENT_PORT", std::to_string(8100 + worker.slot));
    };
    // In each process that runs tests, before its first test: a log file of its own.
    options.worker_setup = [](rampart::worker_context& worker) {
        log_of_worker().open("distributed-" + worker.worker + ".log");
        log_of_worker() << worker.worker << " of " << worker.count << " begins\n";
    };
    // And after its last one: what it hands to the controller's observers.
    options.worker_teardown = [](rampart::worker_context& worker) {
        char const* const port = std::getenv("AGENT_PORT");
        worker.output = {{"tests", tests_of_worker()}, {"port", port == nullptr ? "" : port}};
    };
    options.observers = [](rampart::run_config const&) {
        std::vector<rampart::dist::any_observer> all;
        all.emplace_back(what_workers_did{});
        return all;
    };
    return rampart::run_doctest(argc, argv, options);
}
