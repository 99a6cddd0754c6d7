#ifndef RAMPART_TESTS_GUARDS_RUNNING_HPP
#define RAMPART_TESTS_GUARDS_RUNNING_HPP

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/// \file
/// Programs, folders and variables for the tests of guards.

namespace running {

/// A variable of the environment has this value, or none, as long as this lives.
class variable {
public:
    variable(char const* name, std::optional<std::string> const& value) : name_(name) {
        if (char const* const before = std::getenv(name)) before_ = before;
        set(value);
    }
    variable(variable const&) = delete;
    variable& operator=(variable const&) = delete;
    ~variable() { set(before_); }

    void set(std::optional<std::string> const& value) const {
        value ? ::setenv(name_, value->c_str(), 1) : ::unsetenv(name_);
    }

private:
    char const* name_;
    std::optional<std::string> before_{};
};

/// An empty folder, without links in its path, that is removed at the end. `name` is a part of its name.
class scratch {
public:
    explicit scratch(std::string const& name = "rampart-test") {
        auto const number = std::to_string(std::random_device{}()) + std::to_string(std::random_device{}());
        path_ = std::filesystem::canonical("/tmp") / (name + "-" + number);
        std::filesystem::create_directories(path_);
        std::filesystem::permissions(path_, std::filesystem::perms(0755));
    }
    scratch(scratch const&) = delete;
    scratch& operator=(scratch const&) = delete;
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path() const { return path_.string(); }
    std::string operator/(std::string const& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_{};
};

inline std::string text_of(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline bool exists(std::string const& path) {
    struct ::stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

inline void write(std::string const& path, std::string_view text, ::mode_t mode = 0644) {
    std::ofstream(path, std::ios::binary) << text;
    if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("cannot write " + path);
}

/// A program: a shell script of these lines.
inline std::string script(std::string const& path, std::string_view lines) {
    write(path, "#!/bin/sh\n" + std::string(lines) + "\n", 0755);
    return path;
}

struct ended {
    int status = -1;  ///< the exit status; of a killed one 1000 and the signal
    std::string out{};
    std::string err{};
};

inline int waited(::pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Starts a program (looked up on PATH) with this process's environment.
inline ::pid_t start(std::vector<std::string> words, std::string const& out = "/dev/null",
                     std::string const& err = "/dev/null", std::string const& in = "/dev/null") {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::pid_t pid = 0;
    int const error = ::posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot start " + words[0] + ": " + std::to_string(error));
    return pid;
}

/// Runs a program to its end.
inline ended run(std::vector<std::string> words, std::string_view input = "") {
    scratch const folder;
    write(folder / "in", input);
    ended end;
    end.status = waited(start(std::move(words), folder / "out", folder / "err", folder / "in"));
    end.out = text_of(folder / "out");
    end.err = text_of(folder / "err");
    return end;
}

/// Runs this in a forked child that ends without cleaning up; its exit status (9: it threw).
template <class Body>
int in_child(Body const& body) {
    ::pid_t const pid = ::fork();
    if (pid == 0) {
        int status = 9;
        try {
            status = body();
        } catch (...) {
        }
        ::_exit(status);
    }
    return waited(pid);
}

/// The same, as a user to whom file modes mean something: nobody, when this is root.
template <class Body>
int as_mere_user(Body const& body) {
    return in_child([&body] {
        if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0))
            return 8;
        return body();
    });
}

}  // namespace running

#endif  // RAMPART_TESTS_GUARDS_RUNNING_HPP
