#ifndef RAMPART_DOCTEST_PROCESS_END_HPP
#define RAMPART_DOCTEST_PROCESS_END_HPP

#include "rampart/report/verdict.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

/// \file
/// A test, a sink or an observer may call exit. A run that has not finished must not end with status 0.

namespace rampart::inline v1::detail {

/// Where a run is, when its process ends.
enum class run_phase : unsigned char { idle, testing, reporting };

inline constexpr char ended_by_a_sink[] = "rampart: a report sink ended the process; the run counts as incomplete\n";
inline constexpr char ended_inside_the_run[] = "rampart: the process ended inside the run; the status becomes 3\n";

/// Has this called when the process ends by exit or quick_exit; once, however often it is asked for.
template <void (*F)()>
void at_process_end() {
    static bool const watching = std::atexit(F) == 0 && std::at_quick_exit(F) == 0;
    (void)watching;
}

/// Ends the process at once with the status of an incomplete run; what was printed gets out.
[[noreturn]] inline void end_as_incomplete() {
    std::cout.flush();
    std::fflush(nullptr);
    std::_Exit(static_cast<int>(exit_status::incomplete));
}

}  // namespace rampart::inline v1::detail

#endif
