#define RAMPART_DOCTEST_MAIN
#include <rampart/doctest_main.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

// Does on demand what the tests of the runner want to see.
struct scenario_sink {
    void emit(rampart::test_run_report const& report) {
        if (char const* const log = std::getenv("SCENARIO_SINK_LOG")) {
            std::ofstream(log, std::ios::app) << report.total_runs << " results in " << report.duration_seconds << '\n';
        }
        if (std::getenv("SCENARIO_SINK_FAILS") != nullptr) throw std::runtime_error("disk on fire");
        if (std::getenv("SCENARIO_SINK_RECORDS") != nullptr) {
            rampart::record_result({.status = rampart::safety_status::unsafe, .summary = "while sinks work"});
        }
        if (std::getenv("SCENARIO_SINK_EXITS") != nullptr) std::exit(0);
    }
};
RAMPART_SINKS(config) { return {scenario_sink{}}; }
