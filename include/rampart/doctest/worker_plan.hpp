#ifndef RAMPART_DOCTEST_WORKER_PLAN_HPP
#define RAMPART_DOCTEST_WORKER_PLAN_HPP

#include "rampart/base/stable_hash.hpp"
#include "rampart/base/text.hpp"
#include "rampart/dist/cpus.hpp"
#include "rampart/dist/pool_options.hpp"
#include "rampart/dist/run_state.hpp"
#include "rampart/dist/spec.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/session/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

/// \file
/// What the command line asks of workers, as the rules and the process room take it.

namespace rampart::inline v1::detail {

/// Seconds for a worker to list its tests, or to say goodbye: a hook of the suite's may never come back.
inline constexpr double answer_limit = 60.0;

/// The workers that the command line asks for. What makes no sense about `auto` goes to `errors`.
inline std::vector<dist::worker_spec> worker_specs(run_config const& config, std::vector<std::string>& errors) {
    if (!config.tx.empty()) return dist::parse_worker_specs(config.tx).specs;
    if (config.workers != "auto") {
        return std::vector<dist::worker_spec>(whole_number<std::size_t>(*config.workers).value_or(1));
    }
    auto const found = dist::count_auto_workers();
    if (!found.error.empty()) errors.push_back(found.error);
    return std::vector<dist::worker_spec>(found.workers);
}

/// A run's id, where nobody gave one.
inline std::string random_run_id() {
    std::random_device random;
    return hash_text(std::uint64_t{random()} << 32U | random());
}

/// Has the suite's own hook look at a worker before it is started. One that throws is a fault, and the worker is
/// started all the same.
inline std::optional<fault> ask_configure_worker(dist::worker_spec& spec, run_options const& options,
                                                 std::string worker, std::size_t slot) {
    if (!options.configure_worker) return std::nullopt;
    worker_launch launch{.worker = std::move(worker), .slot = slot};
    std::string wrong;
    try {
        options.configure_worker(launch);
    } catch (std::exception const& e) {
        wrong = one_line(e.what());
    } catch (...) {
        wrong = "something that is no std::exception";
    }
    for (auto& each : launch.env) spec.env.push_back(std::move(each));
    if (wrong.empty()) return std::nullopt;
    return fault{fault_kind::worker_died, "worker " + launch.worker, "configure_worker threw: " + wrong};
}

inline dist::run_rules rules_of(run_config const& config, std::vector<dist::worker_spec> const& specs,
                                std::string const& list, std::string const& run) {
    std::vector<std::string> names;
    for (dist::worker_spec const& spec : specs) names.push_back(spec.id.empty() ? spec.text : spec.id);
    return {.workers = specs.size(),
            .max_restarts = config.max_worker_restart,
            .retry_crashed = config.retry_crashed.value_or(0),
            .max_failures = config.maxfail,
            .timeout = config.timeout,
            .list_hash = list,
            .dist = config.dist.value_or("load"),
            .run = run,
            .specs = std::move(names)};
}

inline dist::pool_options pool_options_of(run_config const& config, std::size_t workers, std::string const& run,
                                          std::vector<std::string> arguments) {
    dist::pool_options pool;
    pool.arguments = std::move(arguments);
    pool.workers = workers;
    pool.run = run;
    pool.live_output = config.output == output_choice::live;
    pool.tick = 0.1;
    return pool;
}

}  // namespace rampart::inline v1::detail

#endif
