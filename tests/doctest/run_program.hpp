#ifndef RAMPART_TESTS_DOCTEST_RUN_PROGRAM_HPP
#define RAMPART_TESTS_DOCTEST_RUN_PROGRAM_HPP

#include <boost/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "doctest/no_engine.hpp"

inline bool const suites_have_no_engine = leave_engine();

/// How a suite's program ended, and what it printed on stdout and stderr together.
struct program_end {
    int status = -1;  ///< -1: it died by a signal
    int signal = 0;
    std::string out{};

    bool says(std::string const& text) const { return out.find(text) != std::string::npos; }
};

inline program_end run_program(std::string const& command) {
    std::FILE* const pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
    program_end end;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) end.out.append(buffer, n);
    int const status = ::pclose(pipe);
    if (WIFEXITED(status)) {
        end.status = WEXITSTATUS(status);
        // The shell's word for a child that died by a signal.
        if (end.status > 128) {
            end.signal = end.status - 128;
            end.status = -1;
        }
    } else {
        end.signal = WTERMSIG(status);
    }
    return end;
}

/// A folder of this test's own, removed at its end.
class scratch_folder {
public:
    scratch_folder() {
        static int n = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("rampart-doctest-" + std::to_string(::getpid()) + "-" + std::to_string(n++));
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;
    ~scratch_folder() { std::filesystem::remove_all(path_); }
    std::string operator/(std::string const& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

inline std::string file_text(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline boost::json::value json_file(std::string const& path) { return boost::json::parse(file_text(path)); }

/// All results of a JSON report, as `nodeid` -> the result (the last, for several of one test).
inline boost::json::object results_by_id(boost::json::value const& report) {
    boost::json::object found;
    for (auto const& category : report.at("by_harm_category").as_object()) {
        for (auto const& r : category.value().as_array()) found[r.at("nodeid").as_string()] = r;
    }
    return found;
}

#endif
