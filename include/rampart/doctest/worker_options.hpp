#ifndef RAMPART_DOCTEST_WORKER_OPTIONS_HPP
#define RAMPART_DOCTEST_WORKER_OPTIONS_HPP

#include "rampart/dist/spec.hpp"
#include "rampart/doctest/run_config.hpp"

#include <string>
#include <utility>

namespace rampart::inline v1::detail {

/// Whether tests run in other processes than this one.
inline bool wants_workers(run_config const& c) {
    if (c.dist == "no") return false;
    return c.workers ? *c.workers != "0" : !c.tx.empty();
}

/// What makes no sense about workers.
inline void check_worker_options(parsed_options& parsed) {
    run_config const& c = parsed.config;
    auto const add = [&parsed](std::string words) { parsed.errors.push_back("--rampart-" + std::move(words)); };
    if (c.workers && !c.tx.empty()) {
        add("workers and --rampart-tx both say which workers there are; give one of them (N*popen//... is N workers)");
    }
    if (auto const read = dist::parse_worker_specs(c.tx); !read.error.empty()) add("tx: " + read.error);
    if (!wants_workers(c)) {
        constexpr auto needs = " needs workers: give --rampart-workers=N too";
        if (c.dist && c.dist != "no" && !c.workers) add("dist=" + *c.dist + needs);
        if (c.timeout) add(std::string("timeout") + needs);
        if (c.retry_crashed) add(std::string("retry-crashed") + needs);
        if (c.max_worker_restart) add(std::string("max-worker-restart") + needs);
        if (c.output) add(std::string("output") + needs);
        if (c.progress == progress_style::bar) add(std::string("progress=bar") + needs);
    } else if (c.dist == "each") {
        constexpr auto why = " has one place for each test, and with --rampart-dist=each every worker runs it";
        if (c.journal_dir) add(std::string("journal") + why);
        if (c.resume) add(std::string("resume") + why);
        if (c.payload_file) add(std::string("payload") + why);
    }
}

}  // namespace rampart::inline v1::detail

#endif
