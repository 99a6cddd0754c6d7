#define RAMPART_DOCTEST_MAIN
#include <rampart/doctest_main.hpp>

#include <stdexcept>

// What the sinks see of the command line, and one that fails on demand.
struct failing_sink {
    void emit(rampart::test_run_report const&) {
        if (std::getenv("SCENARIO_SINK_FAILS") != nullptr) throw std::runtime_error("disk on fire");
        if (std::getenv("SCENARIO_SINK_EXITS") != nullptr) std::exit(0);
    }
};
RAMPART_SINKS(config) { return {failing_sink{}}; }
