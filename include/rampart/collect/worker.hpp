#ifndef RAMPART_COLLECT_WORKER_HPP
#define RAMPART_COLLECT_WORKER_HPP

#include <cstdlib>
#include <string>

namespace rampart::inline v1 {

/// The name of the worker process that the test runs in: `gw0`, `gw1`, ...; `master` where tests run in the process
/// that was started. Use it for what each worker needs for itself: a port, a database, a log file.
inline std::string worker_id() {
    char const* const name = std::getenv("RAMPART_WORKER");
    return name != nullptr && *name != '\0' ? name : "master";
}

/// Whether this process is a worker of a distributed run.
inline bool is_worker() { return worker_id() != "master"; }

/// How many workers the run was started with; 0 outside of a distributed run.
inline unsigned worker_count() {
    char const* const count = std::getenv("RAMPART_WORKER_COUNT");
    return count != nullptr ? static_cast<unsigned>(std::strtoul(count, nullptr, 10)) : 0U;
}

/// What all processes of one run have in common and no other run has; empty outside of a distributed run, unless
/// RAMPART_TESTRUNUID was set by somebody.
inline std::string testrun_uid() {
    char const* const id = std::getenv("RAMPART_TESTRUNUID");
    return id != nullptr ? id : "";
}

}  // namespace rampart::inline v1

#endif  // RAMPART_COLLECT_WORKER_HPP
