#ifndef RAMPART_DOCTEST_LISTENER_DOOR_HPP
#define RAMPART_DOCTEST_LISTENER_DOOR_HPP

/// For a program that keeps doctest's own main. Include it in the file that has doctest's implementation, after
/// doctest:
///
///     #define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
///     #include <doctest/doctest.h>
///     #include <rampart/doctest_listener.hpp>
///
/// Trials, marks, sinks and rampart's options work as with rampart's main; the options are also read from the variable
/// RAMPART_ARGS. doctest's main knows the statuses 0 and 1 only: what would be 3 (incomplete) ends with 1 there, a
/// usage error with 2. Boost.JSON's implementation comes from elsewhere: link it, or have its source in one file.

#include "rampart/doctest.hpp"
#include "rampart/doctest/listener.hpp"
#include "rampart/doctest/starting.hpp"
#include "rampart/doctest/worker_options.hpp"
#include "rampart/rampart.hpp"

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace rampart::inline v1::detail {

/// Where glibc and Apple's libc leave the program's arguments: both hand them to constructors.
inline std::vector<std::string>& process_arguments() {
    static std::vector<std::string> arguments;
    return arguments;
}
#if defined(__GLIBC__) || defined(__APPLE__)
[[gnu::constructor]] static void keep_process_arguments(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) process_arguments().emplace_back(argv[i]);
}
#endif

/// doctest makes it inside its run: the arguments are read then.
struct standalone_listener final : doctest_listener {
    explicit standalone_listener(doctest::ContextOptions const& in) : doctest_listener(configured(in)) {
        auto const& errors = suite_run::instance().errors();
        if (!errors.empty()) std::exit(usage_error(errors));
    }

private:
    static doctest::ContextOptions const& configured(doctest::ContextOptions const& in) {
        auto const [config, errors] = options_of_process(process_arguments());
        // A run that has not finished ends before this is called: `suite_run` watches exit too, from a later start.
        std::atexit([] { premature_exit_file::instance().remove(); });
        if (!errors.empty()) std::exit(usage_error(errors));
        if (wants_workers(config)) {
            std::exit(usage_error({"workers need a main of rampart's: RAMPART_DOCTEST_MAIN, or one that calls "
                                   "rampart::run_doctest; this program has doctest's"}));
        }
        if (config.help) {
            std::cout << options_help();
            std::exit(0);
        }
        if (!config.merge.empty()) std::exit(merge_and_report(config, {}));
        suite_run::instance().configure(config, {}, false);
        return in;
    }
};
[[maybe_unused]] static int const standalone_listener_registered =
    doctest::registerReporter<standalone_listener>("rampart", 0, false);

}  // namespace rampart::inline v1::detail

#endif
