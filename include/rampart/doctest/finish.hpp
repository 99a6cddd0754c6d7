#ifndef RAMPART_DOCTEST_FINISH_HPP
#define RAMPART_DOCTEST_FINISH_HPP

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/dist/observer.hpp"
#include "rampart/dist/scheduler.hpp"
#include "rampart/doctest/merge_screen.hpp"
#include "rampart/doctest/sinks.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/session/session.hpp"
#include "rampart/sinks/ctrf.hpp"
#include "rampart/sinks/github.hpp"
#include "rampart/sinks/html.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/sinks/junit.hpp"
#include "rampart/sinks/markdown.hpp"
#include "rampart/sinks/sarif.hpp"
#include "rampart/sinks/terminal.hpp"
#if defined(RAMPART_WITH_SQLITE)
# include "rampart/sinks/sqlite.hpp"
#endif
#include "rampart/transport/engine.hpp"
#include "rampart/transport/merge_path.hpp"
#include "rampart/transport/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

namespace rampart::inline v1 {

/// A process that runs tests, as its hooks see it.
struct worker_context {
    std::string worker{};  ///< `gw0`, ...; `master` where tests run in the process that was started
    unsigned count = 0;    ///< of workers that the run was started with; 0 without workers
    std::string run{};     ///< the run's id, see `testrun_uid`
    metadata output{};     ///< for the controller's observers, when the worker has ended (`notice::worker_ended`)
};

/// A worker that is about to be started, as the controller's hook sees it.
struct worker_launch {
    std::string worker{};
    std::size_t slot = 0;  ///< from 0; a replacement has the slot of the worker that it replaces
    std::vector<std::pair<std::string, std::string>> env{};  ///< to be added to its environment
};

/// What a suite's program asks of `run_doctest`, beside its command line.
struct run_options {
    verdict_policy policy{};  ///< what makes the run fail
    std::string root{};  ///< folder that test ids are relative to; empty: what all test files have in common
    /// Further sinks, beside those of RAMPART_SINKS. Called once, in the process that holds the whole report.
    std::function<sink_list(run_config const&)> sinks{};
    /// Watch the run as it goes; called once, in the process that was started.
    std::function<std::vector<dist::any_observer>(run_config const&)> observers{};
    /// Called in each process that runs tests, before its first one. A worker whose set-up throws ends, and the run
    /// with it.
    std::function<void(worker_context&)> worker_setup{};
    /// As `worker_setup`, after the last test.
    std::function<void(worker_context&)> worker_teardown{};
    /// Called in the controller, before a worker is started.
    std::function<void(worker_launch&)> configure_worker{};
    /// Who runs what, by a `dist::Scheduler` of the program's own; called once, in the controller. `--rampart-dist`
    /// goes before it.
    std::function<dist::any_scheduler(run_config const&)> scheduler{};
};

namespace detail {

/// Every sink that the program, the macro and the command line ask for. A function of the user's that throws is a
/// failure like that of a sink.
inline std::vector<basic_any_sink<suite_result>> gather_sinks(run_config const& config, run_options const& options,
                                                              std::vector<sink_failure>& failures) {
    std::vector<basic_any_sink<suite_result>> sinks;
    auto const add_from = [&](auto const& function) {
        try {
            sink_list list = function(config);
            for (auto& sink : list.sinks()) sinks.push_back(std::move(sink));
        } catch (std::exception const& e) {
            failures.push_back({"RAMPART_SINKS", e.what()});
        } catch (...) {
            failures.push_back({"RAMPART_SINKS", "something was thrown that is no std::exception"});
        }
    };
    if (options.sinks) add_from(options.sinks);
    for (sink_function const function : sink_functions()) add_from(function);
    if (config.report_dir_given) {
        // --rampart-report-dir wants a JSON report there; the suite's own sinks may already see to it.
        bool there = false;
        for (auto const& sink : sinks) there = there || sink.template target<json_file_report_sink>() != nullptr;
        if (!there) sinks.emplace_back(json_file_report_sink{config.report_dir});
    }
    if (config.json_file) sinks.emplace_back(json_file_report_sink::to_file(*config.json_file));
    if (config.junit_file) sinks.emplace_back(junit_report_sink(*config.junit_file));
    // Bazel's test rules ask for a JUnit file here.
    if (auto const file = environment("XML_OUTPUT_FILE"); file && !file->empty() && !config.junit_file) {
        sinks.emplace_back(junit_report_sink(*file));
    }
    if (config.html_file) sinks.emplace_back(html_report_sink(*config.html_file));
    if (config.markdown_file) sinks.emplace_back(markdown_report_sink(*config.markdown_file));
    if (config.sarif_file) sinks.emplace_back(sarif_report_sink(*config.sarif_file));
    if (config.ctrf_file) sinks.emplace_back(ctrf_report_sink(*config.ctrf_file));
#if defined(RAMPART_WITH_SQLITE)
    if (config.sqlite_file) sinks.emplace_back(sqlite_report_sink(*config.sqlite_file));
#endif
    if (config.github || environment("GITHUB_ACTIONS").value_or("") == "true") {
        sinks.emplace_back(github_report_sink{});
    }
    return sinks;
}

/// The report of a session. Unless the session goes on, as a payload or to the end of a journal, it is given up for it:
/// there may not be room for both.
inline basic_test_run_report<suite_result> report_of(basic_session<suite_result>& session, bool goes_on) {
    if (!goes_on) return build_report(std::move(session));
    auto copy = session;
    return build_report(std::move(copy));
}

/// Gives the report to all sinks, writes the payload, prints the summary, and names what failed. `failures` are those
/// of observers, which were told of; they come back with the others, so that the summary does not say other than the
/// status.
inline std::vector<sink_failure> emit_report(basic_test_run_report<suite_result> const& report,
                                             basic_session<suite_result> const& session, run_config const& config,
                                             run_options const& options, bool summary_to_stdout,
                                             std::vector<sink_failure> failures = {}) {
    std::size_t const told_already = failures.size();
    auto sinks = gather_sinks(config, options, failures);
    for (sink_failure& f : emit_all(report, sinks)) failures.push_back(std::move(f));
    if (config.payload_file) {
        try {
            auto const payload = serialize_worker_data(session, config.limits);
            write_file(*config.payload_file, payload ? *payload : serialize_or_marker(session, config.limits));
            // The marker makes the merge incomplete; the process that lost its results says so too.
            if (!payload) failures.push_back({"payload file", payload.error().message()});
        } catch (std::exception const& e) {
            failures.push_back({"payload file", e.what()});
        }
    }
    std::ostream& out = summary_to_stdout ? std::cout : std::cerr;
    int const descriptor = summary_to_stdout ? STDOUT_FILENO : STDERR_FILENO;
    out << to_terminal_text(report, {.color = use_color(config.color, ::isatty(descriptor) != 0),
                                     .width = terminal_width(descriptor),
                                     .policy = options.policy,
                                     .failures = failures})
        << std::flush;
    for (std::size_t i = told_already; i < failures.size(); ++i) {
        std::cerr << "rampart: " << ci_log_text(to_string(failures[i])) << '\n';
    }
    return failures;
}

/// Which part of the run this is, for the report.
inline void name_shard(basic_session<suite_result>& session, run_config const& config) {
    if (!config.shard || config.shard->count < 2) return;
    session.set_report_metadata(
        {{"shard", std::to_string(config.shard->index + 1) + "/" + std::to_string(config.shard->count)}});
}

/// Merges what the command line names. A path that is not there goes to `errors`, and nothing is merged.
inline void merge_paths(basic_session<suite_result>& session, run_config const& config,
                        std::vector<std::string>& errors) {
    std::error_code failure;
    // Two files of one name are two workers, which then go by their paths; one file named twice is one.
    std::map<std::string, std::set<std::filesystem::path>> by_stem;
    for (std::filesystem::path const& path : config.merge) {
        by_stem[path.stem().string()].insert(std::filesystem::weakly_canonical(path, failure));
    }
    std::size_t files = 0;
    for (std::filesystem::path const& path : config.merge) {
        if (std::filesystem::exists(path, failure)) {
            files += files_to_merge(path);
        } else {
            errors.push_back("--rampart-merge: '" + one_line(path.string()) + "' does not exist");
        }
    }
    if (!errors.empty()) return;
    merge_screen screen(config.progress, files, std::cerr, ::isatty(STDERR_FILENO) != 0);
    for (std::filesystem::path const& path : config.merge) {
        if (std::filesystem::is_directory(path, failure)) {
            merge_path(session, path, config.limits,
                       [&screen](std::filesystem::path const&, std::uint64_t bytes) { screen.note(bytes); });
        } else {
            bool const is_alone = by_stem[path.stem().string()].size() == 1;
            (void)merge_file(session, path, config.limits,
                             is_alone ? std::string() : (path.parent_path() / path.stem()).generic_string());
            auto const size = std::filesystem::file_size(path, failure);
            screen.note(failure ? 0 : size);
        }
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
