#ifndef RAMPART_DIST_POOL_OPTIONS_HPP
#define RAMPART_DIST_POOL_OPTIONS_HPP

#include "rampart/dist/captured.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/frame.hpp"
#include "rampart/dist/spawn.hpp"
#include "rampart/dist/spec.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

/// \file
/// What a pool of workers is told: how they are started, how long they have, and who hears of them.

namespace rampart::inline v1::dist {

/// How workers are started, and how long they have for what. Lengths are in seconds.
struct pool_options {
    std::string program{};                 ///< of `popen`; empty: this process's own
    std::vector<std::string> arguments{};  ///< for the workers, the program's name first
    std::size_t workers = 1;               ///< RAMPART_WORKER_COUNT
    std::string run{};                     ///< RAMPART_TESTRUNUID
    environment_list environment{};        ///< more variables for all workers
    bool live_output = false;              ///< workers print where the controller does; nothing is captured
    capture_limits capture{};              ///< of what a worker prints during one test
    double start_limit = 120.0;  ///< for a worker's first frame
    double grace = 2.0;          ///< between SIGTERM and SIGKILL
    double exit_limit = 30.0;    ///< for the end of the process after its goodbye
    double silence_limit = 0.5;  ///< for the end of a process that closed its channel or broke it
    double kill_limit = 5.0;     ///< for the end after SIGKILL; then the process is given up
    double tick = 0.0;           ///< between two `on_tick`; 0: none
    bool stop_signals = true;    ///< whether SIGINT, SIGTERM and SIGHUP become `on_stop`
};

/// Who is told. What is empty is passed over; what one throws comes out of `run`. All are called from `run` only, and
/// may call the pool.
struct pool_handlers {
    /// A worker has sent a frame.
    std::function<void(worker_number, frame)> on_frame{};
    /// The last that is heard of a worker: the process is gone, and its frames have all been handed over.
    std::function<void(worker_number, worker_death)> on_death{};
    /// The deadline has passed; it is cleared. Nothing is done to the worker.
    std::function<void(worker_number)> on_overdue{};
    /// The signal's name, and how many have come.
    std::function<void(std::string const&, unsigned)> on_stop{};
    /// Every `tick` seconds.
    std::function<void()> on_tick{};
};

namespace detail {

/// How a worker of this spec is started, but for its channel. `cookie`: see keeper.hpp.
[[nodiscard]] inline launch planned_launch(pool_options const& options, worker_spec const& spec, worker_number number,
                                           std::string const& cookie) {
    launch plan;
    environment_list own = options.environment;
    own.emplace_back("RAMPART_WORKER", worker_name(number));
    own.emplace_back("RAMPART_WORKER_COUNT", std::to_string(options.workers));
    own.emplace_back("RAMPART_TESTRUNUID", options.run);
    own.emplace_back("RAMPART_COOKIE", cookie);
    if (spec.how == worker_spec::where::ssh) {
        own.emplace_back("RAMPART_CONTROL", "stdio");
        std::vector<std::string> words = options.arguments;
        if (!words.empty()) words.erase(words.begin());
        std::string const here = options.program.empty() ? own_program_path() : options.program;
        plan.program = "ssh";
        plan.search = true;
        plan.on_stdio = true;
        plan.arguments = ssh_command(spec, spec.program.empty() ? here : spec.program, words, own);
        own = {{"RAMPART_COOKIE", cookie}};  // of the client
    } else {
        own.emplace_back("RAMPART_CONTROL", "3");
        own.emplace_back("RAMPART_PARENT", std::to_string(::getpid()));
        own.insert(own.end(), spec.env.begin(), spec.env.end());
        plan.program = options.program.empty() ? own_program() : options.program;
        plan.arguments = options.arguments;
        if (plan.arguments.empty()) plan.arguments.push_back(plan.program);
        plan.chdir = spec.chdir;
        plan.nice = spec.nice;
    }
    plan.environment = worker_environment(own_environment(), own);
    return plan;
}

}  // namespace detail

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_POOL_OPTIONS_HPP
