#ifndef RAMPART_DOCTEST_STARTING_HPP
#define RAMPART_DOCTEST_STARTING_HPP

#include "rampart/doctest/engine_files.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/engine.hpp"

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

/// \file
/// What a suite's program does before its tests, or instead of them, whose main function ever it has.

namespace rampart::inline v1::detail {

/// Says what is wrong with the command line or the marks, and gives the status.
inline int usage_error(std::vector<std::string> const& errors) {
    for (std::string const& error : errors) std::cerr << "rampart: " << error << '\n';
    std::cerr << "rampart: nothing was run\n";
    return static_cast<int>(exit_status::usage);
}

/// The options among the program's arguments, and in the variable RAMPART_ARGS (separated by blanks). Before them come
/// the files by which an engine watches the process.
inline parsed_options options_of_process(std::vector<std::string> arguments) {
    std::vector<std::string> errors;
    touch_shard_status_file(errors);
    premature_exit_file::instance().make(errors);
    std::string word;
    for (char const c : environment("RAMPART_ARGS").value_or("") + " ") {
        if (c != ' ') {
            word += c;
        } else if (!word.empty()) {
            arguments.push_back(std::exchange(word, {}));
        }
    }
    auto parsed = parse_options(arguments);
    parsed.errors.insert(parsed.errors.begin(), errors.begin(), errors.end());
    // Tests may ask which worker they run on; outside a distributed run it is the master.
    ::setenv("RAMPART_WORKER", "master", 0);
    return parsed;
}

inline int merge_and_report(run_config const& config, run_options const& options) {
    basic_session<suite_result> session(config.text);
    session.set_report_metadata(config.meta);
    std::vector<std::string> errors;
    merge_paths(session, config, errors);
    if (!errors.empty()) return usage_error(errors);
    auto const report = report_of(session, config.payload_file.has_value());
    auto const failures = emit_report(report, session, config, options, true);
    int const status = exit_code(report, failures, options.policy);
    if (status == 0 && report.tests.empty() && report.results.empty()) {
        std::cerr << "rampart: the merged payloads hold no test\n";
        return static_cast<int>(exit_status::usage);
    }
    return status;
}

}  // namespace rampart::inline v1::detail

#endif
