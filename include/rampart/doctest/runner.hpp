#ifndef RAMPART_DOCTEST_RUNNER_HPP
#define RAMPART_DOCTEST_RUNNER_HPP

#include "rampart/dist/worker_link.hpp"
#include "rampart/doctest/distributed_run.hpp"
#include "rampart/doctest/engine_files.hpp"
#include "rampart/doctest/listener.hpp"
#include "rampart/doctest/silent_listener.hpp"
#include "rampart/doctest/starting.hpp"
#include "rampart/doctest/suite_worker.hpp"
#include "rampart/report/verdict.hpp"

#include <doctest/doctest.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

namespace detail {

/// Lets the controller find the tests, inside doctest's run.
struct controller_listener final : silent_listener {
    explicit controller_listener(doctest::ContextOptions const&) { distributed_run::instance().prepare(); }
};

/// What to end with when no test ran, and why.
inline int nothing_ran(bool shard_is_empty) {
    if (shard_is_empty) {
        std::cerr << "rampart: this shard has no test of those selected\n";
        return 0;
    }
    std::cerr << "rampart: no test was selected; see --list-test-cases\n";
    return static_cast<int>(exit_status::usage);
}

/// The tests run in this process.
inline int run_here(int argc, char const* const* argv, run_config const& config, run_options options) {
    auto& run = suite_run::instance();
    run.configure(config, std::move(options), true);
    register_listener();
    ::doctest::Context context(argc, argv);
    int const doctest_status = context.run();
    if (!run.errors().empty()) return usage_error(run.errors());
    if (!run.ran()) return doctest_status;  // --help, --list-test-cases and the like
    int const status = run.finish(doctest_status);
    return status == 0 && !run.ran_a_test() ? nothing_ran(run.shard_is_empty()) : status;
}

/// The tests run in workers, which are processes of this program.
inline int run_in_workers(int argc, char const* const* argv, run_config const& config, run_options options) {
    auto& run = distributed_run::instance();
    run.configure(config, std::move(options));
    doctest::registerReporter<controller_listener>("rampart", 0, false);
    ::doctest::Context context(argc, argv);
    int const doctest_status = context.run();
    if (!run.errors().empty()) return usage_error(run.errors());
    if (!run.found()) return doctest_status;
    bool const something = run.knows_tests();
    int const status = run.run({argv, argv + argc});
    if (!run.errors().empty()) return usage_error(run.errors());
    return status == 0 && !something ? nothing_ran(run.shard_is_empty()) : status;
}

inline int run_suite(int argc, char const* const* argv, run_options options) {
    std::string error;
    auto link = dist::worker_link::from_environment(error);
    if (!error.empty()) return usage_error({error});
    auto const [config, errors] = options_of_process({argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!errors.empty()) return usage_error(errors);
    if (link) {
        doctest::registerReporter<worker_listener>("rampart", 0, false);
        register_worker_console();
        return suite_worker::instance().serve(argc, argv, config, std::move(options), std::move(link));
    }
    if (config.help) {
        std::cout << options_help();
        return 0;
    }
    if (!config.merge.empty()) return merge_and_report(config, options);
    if (wants_workers(config) && !config.list_file) return run_in_workers(argc, argv, config, std::move(options));
    if (config.dist == "no" && (config.workers.value_or("0") != "0" || !config.tx.empty())) {
        std::cerr << "rampart: --rampart-dist=no: the tests run in this process, not in workers\n";
    }
    return run_here(argc, argv, config, std::move(options));
}

}  // namespace detail

/// Runs the suite of this program: doctest with its own options, and rampart's (`--rampart-help`). Gives the status to
/// end with: 0 good, 1 a test, gate or sink failed, 2 usage or nothing selected, 3 incomplete (wire format, B9).
///
///     int main(int argc, char** argv) { return rampart::run_doctest(argc, argv); }
inline int run_doctest(int argc, char const* const* argv, run_options options = {}) {
    int const status = detail::run_suite(argc, argv, std::move(options));
    detail::premature_exit_file::instance().remove();
    return status;
}

}  // namespace rampart::inline v1

#endif
