#ifndef RAMPART_DOCTEST_ENGINE_FILES_HPP
#define RAMPART_DOCTEST_ENGINE_FILES_HPP

#include "rampart/base/text.hpp"
#include "rampart/transport/engine.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace rampart::inline v1::detail {

/// Makes the file if it is not there. Gives what went wrong, or nothing.
inline std::string touch(std::string const& file) {
    if (std::FILE* const touched = std::fopen(file.c_str(), "ab")) {
        std::fclose(touched);
        return {};
    }
    return "'" + one_line(file) + "' cannot be written: " + std::strerror(errno);
}

/// The engine asks by TEST_SHARD_STATUS_FILE whether a program knows about shards (Bazel, GoogleTest). To be answered
/// before anything else: without the file it takes the status for that of a program that ran everything.
inline void touch_shard_status_file(std::vector<std::string>& errors) {
    auto const file = environment("TEST_SHARD_STATUS_FILE");
    if (!file || file->empty()) return;
    if (auto const problem = touch(*file); !problem.empty()) errors.push_back("TEST_SHARD_STATUS_FILE=" + problem);
}

/// The file that TEST_PREMATURE_EXIT_FILE names is there while tests run: an engine that finds it afterwards knows that
/// the process ended inside, whatever its status says, be it by `_exit(0)` (Bazel, GoogleTest).
class premature_exit_file {
public:
    static premature_exit_file& instance() {
        static premature_exit_file file;
        return file;
    }

    void make(std::vector<std::string>& errors) {
        if (auto named = environment("TEST_PREMATURE_EXIT_FILE"); named && !named->empty()) {
            path_ = std::move(*named);
            // The programs that a test starts would take the file away at their own end.
            ::unsetenv("TEST_PREMATURE_EXIT_FILE");
        }
        if (path_.empty()) return;
        owner_ = ::getpid();
        if (auto const problem = touch(path_); !problem.empty()) {
            errors.push_back("TEST_PREMATURE_EXIT_FILE=" + problem);
            path_.clear();
        }
    }

    /// At the proper end, and not in a child that a test forked.
    void remove() const {
        if (path_.empty() || ::getpid() != owner_) return;
        if (std::remove(path_.c_str()) != 0 && errno != ENOENT) {
            std::fprintf(stderr, "rampart: TEST_PREMATURE_EXIT_FILE='%s' cannot be removed: %s\n",
                         one_line(path_).c_str(), std::strerror(errno));
        }
    }

private:
    premature_exit_file() = default;

    std::string path_{};
    ::pid_t owner_ = 0;
};

}  // namespace rampart::inline v1::detail

#endif
