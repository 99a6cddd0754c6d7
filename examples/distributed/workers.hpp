#ifndef EXAMPLES_DISTRIBUTED_WORKERS_HPP
#define EXAMPLES_DISTRIBUTED_WORKERS_HPP

#include <filesystem>
#include <fstream>
#include <string>

/// The log file of this process.
inline std::ofstream& log_of_worker() {
    static std::ofstream log;
    return log;
}
/// How many tests this process has run.
inline int& tests_of_worker() {
    static int tests = 0;
    return tests;
}

/// Where the workers of one run find what one of them has made.
inline std::filesystem::path path_of_knowledge(std::string const& run) {
    return std::filesystem::temp_directory_path() / ("rampart-example-" + run + ".txt");
}
inline void forget_knowledge(std::string const& run) {
    std::filesystem::remove(path_of_knowledge(run));
    std::filesystem::remove(path_of_knowledge(run).string() + ".lock");
}

#endif
