#ifndef RAMPART_DIST_SPAWN_HPP
#define RAMPART_DIST_SPAWN_HPP

#include "rampart/base/shell_word.hpp"
#include "rampart/base/text.hpp"
#include "rampart/dist/descriptor.hpp"
#include "rampart/dist/spec.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __APPLE__
# include <crt_externs.h>
# include <cstdint>
# include <mach-o/dyld.h>
#endif

/// \file
/// Starts a program as a worker: in a session and a process group of its own, with signals as a program expects them, a
/// clean environment, and no file descriptor but those it is to have.
///
/// Own code on posix_spawn, because no library in a distribution does all of that (Boost.Process 1.81 closes the
/// child's stdio when it limits handles). The part for macOS is written after its manual and was never compiled there.

namespace rampart::inline v1::dist {

using environment_list = std::vector<std::pair<std::string, std::string>>;  ///< Variables and their values.

namespace detail {

/// What an engine tells the program that it started is not meant for that program's workers: they are no shards, and
/// the files are the controller's.
inline constexpr std::string_view controllers_variables[] = {"TEST_TOTAL_SHARDS",
                                                             "TEST_SHARD_INDEX",
                                                             "TEST_SHARD_STATUS_FILE",
                                                             "TEST_PREMATURE_EXIT_FILE",
                                                             "GTEST_TOTAL_SHARDS",
                                                             "GTEST_SHARD_INDEX",
                                                             "GTEST_SHARD_STATUS_FILE",
                                                             "XML_OUTPUT_FILE",
                                                             "RAMPART_TOTAL_SHARDS",
                                                             "RAMPART_SHARD_INDEX",
                                                             "RAMPART_ATTEMPT",
                                                             "GITHUB_STEP_SUMMARY",
                                                             "TEST_WARNINGS_OUTPUT_FILE",
                                                             "TEST_RUN_NUMBER",
                                                             "SLURM_ARRAY_TASK_ID",
                                                             "SLURM_ARRAY_TASK_COUNT",
                                                             "SLURM_ARRAY_TASK_MIN",
                                                             "SLURM_ARRAY_TASK_MAX",
                                                             "SLURM_ARRAY_TASK_STEP",
                                                             "SLURM_RESTART_COUNT",
                                                             "SLURM_PROCID",
                                                             "SLURM_NTASKS",
                                                             "CI_NODE_TOTAL",
                                                             "CI_NODE_INDEX"};

/// `NAME=VALUE` of each: the parent's, without what is not a worker's and what `own` sets, then `own`. Of two in `own`
/// the later one counts.
[[nodiscard]] inline std::vector<std::string> worker_environment(char const* const* parent,
                                                                 environment_list const& own) {
    std::vector<std::string> all;
    auto const is_in = [](auto const& names, std::string_view name) {
        return std::find(std::begin(names), std::end(names), name) != std::end(names);
    };
    auto const is_own = [&own](std::string_view name, std::size_t from) {
        for (; from < own.size(); ++from) {
            if (own[from].first == name) return true;
        }
        return false;
    };
    for (; parent != nullptr && *parent != nullptr; ++parent) {
        std::string_view const text = *parent;
        auto const name = text.substr(0, text.find('='));
        if (!is_in(controllers_variables, name) && !is_in(worker_variables, name) && !is_own(name, 0)) {
            all.emplace_back(text);
        }
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (!is_own(own[i].first, i + 1)) all.push_back(own[i].first + "=" + own[i].second);
    }
    return all;
}

/// A path for a shell: `~/` at its beginning is the home there, and no path is an option.
[[nodiscard]] inline std::string shell_path(std::string_view path) {
    if (path == "~") return "~";
    if (path.starts_with("~/"))
        return "~/" + (path.size() == 2 ? std::string() : rampart::detail::shell_word(path.substr(2)));
    return rampart::detail::shell_word(path.starts_with('-') ? "./" + std::string(path) : std::string(path));
}

/// The words that start a worker of an ssh spec. `arguments` are those of the program, without its name; of the
/// environment only `own` and the spec's goes along.
[[nodiscard]] inline std::vector<std::string> ssh_command(worker_spec const& spec, std::string const& program,
                                                          std::vector<std::string> const& arguments,
                                                          environment_list const& own) {
    std::string there;
    if (!spec.chdir.empty()) there += "cd " + shell_path(spec.chdir) + " && ";
    there += "exec ";
    if (spec.nice) there += "nice -n " + std::to_string(*spec.nice) + " ";
    there += "env";
    for (auto const& [name, value] : own) there += " " + rampart::detail::shell_word(name + "=" + value);
    for (auto const& [name, value] : spec.env) there += " " + rampart::detail::shell_word(name + "=" + value);
    // `env` would take such a path for a variable.
    if (program.find('=') != std::string::npos) there += R"( sh -c 'exec "$0" "$@"')";
    there += " " + shell_path(program);
    for (std::string const& argument : arguments) there += " " + rampart::detail::shell_word(argument);
    // No terminal, and no question for a password that nobody would answer.
    std::vector<std::string> words{"ssh", "-T", "-o", "BatchMode=yes"};
    words.insert(words.end(), spec.ssh.begin(), spec.ssh.end());
    words.push_back(std::move(there));
    return words;
}

[[nodiscard]] inline std::string error_words(int error) { return std::generic_category().message(error); }

/// The file of this process's program, to be started again: on Linux also where the file was replaced meanwhile.
[[nodiscard]] inline std::string own_program() {
#ifdef __APPLE__
    std::array<char, 4096> path{};
    auto size = static_cast<std::uint32_t>(path.size());
    return ::_NSGetExecutablePath(path.data(), &size) == 0 ? path.data() : "";
#else
    return "/proc/self/exe";
#endif
}

/// The path of this process's program, for people and other machines.
[[nodiscard]] inline std::string own_program_path() {
    std::string const program = own_program();
    std::array<char, 4096> path{};
    ::ssize_t const size = ::readlink(program.c_str(), path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : program;
}

[[nodiscard]] inline char const* const* own_environment() {
#ifdef __APPLE__
    return *::_NSGetEnviron();
#else
    return ::environ;
#endif
}

/// What is to be started.
struct launch {
    std::string program{};  ///< a path, or with `search` a name to be found in PATH
    bool search = false;
    std::vector<std::string> arguments{};    ///< its name included
    std::vector<std::string> environment{};  ///< NAME=VALUE
    std::string chdir{};
    std::optional<int> nice{};  ///< added to ours
    int control = -1;           ///< becomes fd 3, or with `on_stdio` fds 0 and 1
    int output = -1;            ///< becomes fds 1 and 2 (2 with `on_stdio`); -1: they are ours
    bool on_stdio = false;
};

struct launched {
    ::pid_t pid = 0;
    int error = 0;
    std::string words{};  ///< why there is no process
};

/// The attributes and actions of a posix_spawn. After a first failure nothing more is done.
class spawn_plan {
public:
    spawn_plan() {
        error_ = ::posix_spawnattr_init(&attributes_);
        has_attributes_ = error_ == 0;
        check(::posix_spawn_file_actions_init(&actions_));
        has_actions_ = error_ == 0;
    }
    spawn_plan(spawn_plan const&) = delete;
    spawn_plan& operator=(spawn_plan const&) = delete;
    ~spawn_plan() {
        if (has_actions_) ::posix_spawn_file_actions_destroy(&actions_);
        if (has_attributes_) ::posix_spawnattr_destroy(&attributes_);
    }

    void open_null(int fd, int flags) {
        act([&] { return ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", flags, 0); });
    }
    /// `from` is never `to`: see first_free_descriptor.
    void put(int from, int to) {
        act([&] { return ::posix_spawn_file_actions_adddup2(&actions_, from, to); });
    }
    void keep(int fd) {
#ifdef __APPLE__
        act([&] { return ::posix_spawn_file_actions_addinherit_np(&actions_, fd); });
#else
        (void)fd;
#endif
    }
    void change_directory(std::string const& to) {
        if (!to.empty()) act([&] { return ::posix_spawn_file_actions_addchdir_np(&actions_, to.c_str()); });
    }

    /// A session of its own is a process group of its own too, and has no terminal that could stop its processes.
    void detach(int first_closed) {
        ::sigset_t none;
        ::sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::sigdelset(&all, SIGKILL);
        ::sigdelset(&all, SIGSTOP);
        int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#ifdef POSIX_SPAWN_SETSID
        flags |= POSIX_SPAWN_SETSID;
#else
        flags |= POSIX_SPAWN_SETPGROUP;
        act([&] { return ::posix_spawnattr_setpgroup(&attributes_, 0); });
#endif
#ifdef __APPLE__
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
        (void)first_closed;
#elif defined(__GLIBC_PREREQ)
# if __GLIBC_PREREQ(2, 34)
        // What our own caller has left open by accident ends here.
        act([&] { return ::posix_spawn_file_actions_addclosefrom_np(&actions_, first_closed); });
# else
        (void)first_closed;
# endif
#else
        (void)first_closed;
#endif
        act([&] { return ::posix_spawnattr_setsigmask(&attributes_, &none); });
        act([&] { return ::posix_spawnattr_setsigdefault(&attributes_, &all); });
        act([&] { return ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags)); });
    }

    [[nodiscard]] int start(launch const& what, ::pid_t& pid) {
        if (error_ != 0) return error_;
        auto const pointers = [](std::vector<std::string> const& texts) {
            std::vector<char*> all;
            for (std::string const& text : texts) all.push_back(const_cast<char*>(text.c_str()));
            all.push_back(nullptr);
            return all;
        };
        auto const arguments = pointers(what.arguments);
        auto const environment = pointers(what.environment);
        auto const spawn = what.search ? ::posix_spawnp : ::posix_spawn;
        return spawn(&pid, what.program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
    }

private:
    template <class Step>
    void act(Step step) {
        if (error_ == 0) check(step());
    }
    void check(int error) {
        if (error_ == 0) error_ = error;
    }

    ::posix_spawnattr_t attributes_{};
    ::posix_spawn_file_actions_t actions_{};
    bool has_attributes_ = false;
    bool has_actions_ = false;
    int error_ = 0;
};

/// From the main thread: on Linux a worker may ask to end with the thread that started it.
[[nodiscard]] inline launched spawn(launch const& what) {
    spawn_plan plan;
    bool const stdio = what.on_stdio;
    if (stdio) {
        plan.put(what.control, 0);
        plan.put(what.control, 1);
    } else {
        plan.open_null(0, O_RDONLY);
        plan.put(what.control, 3);
    }
    for (int fd = stdio ? 2 : 1; fd <= 2; ++fd) {
        if (what.output >= 0) {
            plan.put(what.output, fd);
        } else if (::fcntl(fd, F_GETFD) < 0) {
            plan.open_null(fd, O_WRONLY);  // a closed one would become the first file that it opens
        } else {
            plan.keep(fd);
        }
    }
    plan.detach(stdio ? 3 : 4);
    plan.change_directory(what.chdir);
    launched result;
    result.error = plan.start(what, result.pid);
    if (result.error != 0) {
        result.pid = 0;
        descriptor const folder(what.chdir.empty() ? -1
                                                   : ::open(what.chdir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        bool const no_folder = !what.chdir.empty() && (!folder || ::access(what.chdir.c_str(), X_OK) != 0);
        std::string const& name = no_folder ? what.chdir : what.program;
        result.words = (no_folder ? "cannot change to the folder '" : "cannot start '") + one_line(name) +
                       "': " + error_words(result.error);
        return result;
    }
    if (what.nice) {
        errno = 0;
        int const ours = ::getpriority(PRIO_PROCESS, 0);
        int const nice = std::clamp(ours + *what.nice, -20, 19);
        // The whole group: it may have started another process already.
        if (::setpriority(PRIO_PGRP, static_cast<::id_t>(result.pid), nice) != 0) {
            result.error = errno;
            result.words = "cannot give it the niceness " + std::to_string(nice) + ": " + error_words(result.error);
            ::kill(-result.pid, SIGKILL);
            while (::waitpid(result.pid, nullptr, 0) < 0 && errno == EINTR) {
            }
            result.pid = 0;
        }
    }
    return result;
}

}  // namespace detail

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_SPAWN_HPP
