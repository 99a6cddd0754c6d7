#ifndef RAMPART_TESTS_SUPPORT_PROCESSES_HPP
#define RAMPART_TESTS_SUPPORT_PROCESSES_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctest/no_engine.hpp"

/// \file
/// Programs under watch: started with a mark in their environment that all their children inherit, so that what they
/// leave behind can be found; never waited for without a bound.

namespace processes {

inline bool const no_engine = leave_engine();

using seconds = std::chrono::duration<double>;
inline double since(std::chrono::steady_clock::time_point began) {
    return seconds(std::chrono::steady_clock::now() - began).count();
}

/// Asks again and again, until the answer is yes or the time is over.
template <class Question>
bool within(double limit, Question const& is_so) {
    auto const began = std::chrono::steady_clock::now();
    while (!is_so()) {
        if (since(began) > limit) return false;
        ::timespec const a_moment{0, 2000000};
        ::nanosleep(&a_moment, nullptr);
    }
    return true;
}

/// A file of /proc; empty where the process is gone. (A stream would throw where it goes while it is read.)
inline std::string proc_text(::pid_t pid, std::string const& name) {
    std::string text;
    int const file = ::open(("/proc/" + std::to_string(pid) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return text;
    char buffer[4096];
    for (::ssize_t n = 0; (n = ::read(file, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    ::close(file);
    return text;
}

/// `R`, `S`, `T`, `Z` ...; a blank for a process that is gone. One that nobody has reaped yet is a `Z`, and dead.
inline char state_of(::pid_t pid) {
    auto const stat = proc_text(pid, "stat");
    auto const name = stat.rfind(')');  // which may hold anything
    return name == std::string::npos || name + 2 >= stat.size() ? ' ' : stat[name + 2];
}
inline bool lives(::pid_t pid) {
    char const state = state_of(pid);
    return state != ' ' && state != 'Z' && state != 'X';
}

/// The value that a process was started with; empty where there is none.
inline std::string variable_of(::pid_t pid, std::string_view name) {
    auto const environment = proc_text(pid, "environ");
    auto const wanted = std::string(name) + "=";
    for (std::size_t at = 0; at < environment.size();) {
        auto const end = std::min(environment.find('\0', at), environment.size());
        auto const entry = std::string_view(environment).substr(at, end - at);
        if (entry.starts_with(wanted)) return std::string(entry.substr(wanted.size()));
        at = end + 1;
    }
    return {};
}

/// Of a signal that waits to be delivered to a process.
inline bool is_pending(::pid_t pid, int signal) {
    auto const status = proc_text(pid, "status");
    auto const at = status.find("\nShdPnd:");
    if (at == std::string::npos) return false;
    auto const mask = std::strtoull(status.c_str() + at + 8, nullptr, 16);
    return ((mask >> (signal - 1)) & 1U) != 0;
}

struct process_end {
    int status = -1;  ///< -1: it died by a signal, or not in time
    int signal = 0;
    bool in_time = false;
    double seconds = 0.0;
    std::string out{};  ///< stdout and stderr together

    bool says(std::string_view text) const { return out.find(text) != std::string::npos; }
};

/// A program that runs, and whatever it starts.
class watched {
public:
    /// `command`: its path and its arguments; `environment`: `K=V`, on top of ours.
    explicit watched(std::vector<std::string> command, std::vector<std::string> const& environment = {}) {
        static unsigned number = 0;
        mark_ = std::to_string(::getpid()) + "-" + std::to_string(++number) + "-" +
                std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
        out_ = ::memfd_create("out", MFD_CLOEXEC);
        if (out_ < 0) throw std::runtime_error("no memory file for the output");
        ::fcntl(out_, F_SETFL, O_APPEND);
        std::vector<char*> words;
        for (std::string& word : command) words.push_back(word.data());
        words.push_back(nullptr);
        began_ = std::chrono::steady_clock::now();
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("cannot fork");
        if (pid_ == 0) {
            ::setpgid(0, 0);  // what a test does to its own group does not reach us
            // A shell without job control may have left them ignored.
            for (int const signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_DFL);
            int const nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            ::dup2(nothing, 0);
            ::dup2(out_, 1);
            ::dup2(out_, 2);
            ::setenv("RAMPART_TESTS_MARK", mark_.c_str(), 1);
            for (std::string const& entry : environment) {
                auto const at = entry.find('=');
                ::setenv(entry.substr(0, at).c_str(), entry.substr(at + 1).c_str(), 1);
            }
            ::execv(words[0], words.data());
            ::_exit(127);
        }
        handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
        if (handle_ < 0) throw std::runtime_error("cannot watch a process");
    }
    watched(watched const&) = delete;
    watched& operator=(watched const&) = delete;
    /// Nothing that it started stays.
    ~watched() {
        if (!reaped_) {
            ::kill(pid_, SIGKILL);
            while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
        within(5.0, [this] {
            auto const rest = left();
            for (::pid_t const pid : rest) ::kill(pid, SIGKILL);
            return rest.empty();
        });
        ::close(handle_);
        ::close(out_);
    }

    ::pid_t pid() const noexcept { return pid_; }
    void signal(int number) const { ::kill(pid_, number); }
    bool runs() const {
        ::pollfd wait{handle_, POLLIN, 0};
        return ::poll(&wait, 1, 0) == 0;
    }
    /// What it has printed so far.
    std::string out() const {
        struct ::stat facts {};
        ::fstat(out_, &facts);
        std::string text(static_cast<std::size_t>(facts.st_size), '\0');
        auto const got = ::pread(out_, text.data(), text.size(), 0);
        text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return text;
    }

    /// Waits for its end. One that takes longer than so many seconds is killed.
    process_end end(double limit) {
        ::pollfd wait{handle_, POLLIN, 0};
        auto const stop = began_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(seconds(limit));
        int ready = 0;
        for (;;) {
            auto const left =
                std::chrono::duration_cast<std::chrono::milliseconds>(stop - std::chrono::steady_clock::now()).count();
            ready = ::poll(&wait, 1, left < 0 ? 0 : static_cast<int>(left) + 1);
            if (ready > 0 || left < 0) break;
        }
        process_end made;
        made.in_time = ready > 0;
        if (!made.in_time) ::kill(pid_, SIGKILL);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        reaped_ = true;
        made.seconds = since(began_);
        if (WIFEXITED(status)) {
            if (made.in_time) made.status = WEXITSTATUS(status);
        } else {
            made.signal = WTERMSIG(status);
        }
        made.out = out();
        return made;
    }

    /// The living processes that it started, or that these started, and so on; without itself.
    std::vector<::pid_t> left() const {
        std::vector<::pid_t> found;
        std::error_code none;
        for (auto const& entry : std::filesystem::directory_iterator("/proc", none)) {
            auto const name = entry.path().filename().string();
            if (name.find_first_not_of("0123456789") != std::string::npos) continue;
            auto const pid = static_cast<::pid_t>(std::strtol(name.c_str(), nullptr, 10));
            if (pid == pid_ || variable_of(pid, "RAMPART_TESTS_MARK") != mark_ || !lives(pid)) continue;
            found.push_back(pid);
        }
        return found;
    }
    bool none_left_within(double limit) const {
        return within(limit, [this] { return left().empty(); });
    }
    /// What is left, for a failure's text.
    std::string left_in_words() const {
        std::string text;
        for (::pid_t const pid : left()) {
            auto words = proc_text(pid, "cmdline");
            for (char& c : words) c = c == '\0' ? ' ' : c;
            text += std::to_string(pid) + " (" + state_of(pid) + ", " + variable_of(pid, "RAMPART_WORKER") + ") " +
                    words + "\n";
        }
        return text;
    }
    /// The workers among its children that live now.
    std::vector<::pid_t> workers() const {
        std::vector<::pid_t> found;
        auto const task = std::to_string(pid_);
        std::istringstream in(proc_text(pid_, "task/" + task + "/children"));
        for (::pid_t pid = 0; in >> pid;) {
            if (variable_of(pid, "RAMPART_WORKER").starts_with("gw") && lives(pid)) found.push_back(pid);
        }
        return found;
    }

private:
    ::pid_t pid_ = -1;
    int handle_ = -1;
    int out_ = -1;
    bool reaped_ = false;
    std::string mark_{};
    std::chrono::steady_clock::time_point began_{};
};

/// Runs a program to its end, or for so long.
inline process_end run(std::vector<std::string> command, std::vector<std::string> const& environment = {},
                       double limit = 60.0) {
    watched program(std::move(command), environment);
    return program.end(limit);
}

}  // namespace processes

#endif
