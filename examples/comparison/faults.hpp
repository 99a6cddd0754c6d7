#ifndef RAMPART_EXAMPLE_COMPARISON_FAULTS_HPP
#define RAMPART_EXAMPLE_COMPARISON_FAULTS_HPP

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string_view>

// What goes wrong in a run, by the variable FAULT: `crash`, `kill` and `exit` in one test, `unsafe` in one of ten trials.
inline bool fault_is(std::string_view name) {
    char const* const fault = std::getenv("FAULT");
    return fault != nullptr && fault == name;
}

inline void go_wrong() {
    if (fault_is("crash")) std::abort();
    if (fault_is("kill")) (void)std::raise(SIGKILL);
    if (fault_is("exit")) std::exit(0);
}

// A file that the comparison counts in: what ran, whatever the runner says.
inline void note(char const* test) {
    if (char const* const path = std::getenv("RAN")) std::ofstream(path, std::ios::app) << test << '\n';
}

// The agent of the ten trials; it gives the password away in the fourth, if that is the fault.
inline bool withstands(std::size_t trial) { return !(fault_is("unsafe") && trial == 3); }

#endif
