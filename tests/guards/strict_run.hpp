#ifndef RAMPART_TESTS_GUARDS_STRICT_RUN_HPP
#define RAMPART_TESTS_GUARDS_STRICT_RUN_HPP

#include "rampart/guards/strict.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guards/running.hpp"

/// \file
/// A filter is for life, so whatever starts a watch runs in a forked child. Nothing here waits without a bound.

namespace strict_run {

constexpr unsigned seconds = 30;

/// Ends a child and all that it left in its group.
class group_end {
public:
    explicit group_end(::pid_t pid) : pid_(pid) {}
    group_end(group_end const&) = delete;
    group_end& operator=(group_end const&) = delete;
    ~group_end() { ::kill(-pid_, SIGKILL); }

private:
    ::pid_t pid_;
};

/// Runs in a forked child. Gives what it says, and how it ended where that was not by coming to its end. `then` is done
/// when it has ended, before what it left is ended too.
inline std::string in_child(std::function<std::string()> const& what, std::function<void()> const& then = {}) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::fflush(nullptr);
    ::pid_t const pid = ::fork();
    if (pid == 0) {
        ::setpgid(0, 0);
        ::alarm(seconds);
        ::close(ends[0]);
        std::string text;
        try {
            text = what();
        } catch (std::exception const& failed) {
            text = std::string("(threw: ") + failed.what() + ")";
        }
        for (std::size_t at = 0; at < text.size();) {
            ::ssize_t const n = ::write(ends[1], text.data() + at, text.size() - at);
            if (n <= 0) break;
            at += static_cast<std::size_t>(n);
        }
        ::close(ends[1]);
        ::_exit(0);
    }
    ::setpgid(pid, pid);
    group_end const end(pid);
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    ::pollfd wait{ends[0], POLLIN, 0};
    for (bool is_open = true; is_open;) {
        if (::poll(&wait, 1, static_cast<int>(seconds + 5) * 1000) <= 0) {
            ::kill(pid, SIGKILL);
            text += "(took too long)";
            break;
        }
        ::ssize_t const n = ::read(ends[0], buffer, sizeof buffer);
        is_open = n > 0;
        if (is_open) text.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) text += "(died by signal " + std::to_string(WTERMSIG(status)) + ")";
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) text += "(exit " + std::to_string(WEXITSTATUS(status)) + ")";
    if (then) then();
    return text;
}

/// Whether there can be a watch here; says once why not.
inline bool can_watch() {
    static std::string const why = in_child([] {
        std::string words;
        auto const watch = rampart::strict_watch::start(
            {}, [](auto const&) { return true; }, words);
        return watch ? std::string() : words;
    });
    static bool const told = [] {
        if (!why.empty()) std::printf("SKIPPED: the tests that start strict mode: %s\n", why.c_str());
        return true;
    }();
    static_cast<void>(told);
    return why.empty();
}

/// A guard folder with two tests, and a guarded program beside it. The program ends with 42.
struct place {
    running::scratch folder{"rampart-strict"};
    std::string root = file("root");
    std::string tool = file("bin/tool");

    explicit place(std::string const& program = RAMPART_STRICT_CHILD) {
        std::filesystem::create_directories(root);
        std::filesystem::create_directories(file("bin"));
        std::filesystem::copy_file(program, tool);
        std::filesystem::permissions(tool, std::filesystem::perms(0755));
    }
    std::string file(std::string const& name) const { return folder.path() + "/" + name; }
    std::string case_dir(std::string const& name) const { return root + "/" + name; }
    /// As a runner does between two tests.
    void enter(std::string const& name) const {
        ::setenv("RAMPART_CASE_DIR", name.empty() ? "" : case_dir(name).c_str(), 1);
    }
    rampart::strict_rules rules(std::vector<rampart::strict_address> addresses = {}) const {
        return {{{"tool", tool}}, std::move(addresses), root};
    }
};

/// A watch that writes down what it sees, a line for each call.
class recorder {
public:
    explicit recorder(rampart::strict_rules rules, std::set<std::string> denied = {}) : denied_(std::move(denied)) {
        std::string why;
        watch_ = rampart::strict_watch::start(
            std::move(rules), [this](rampart::strict_call const& call) { return note(call); }, why);
        if (!watch_) throw std::runtime_error("no watch: " + why);
    }
    recorder(recorder const&) = delete;
    recorder& operator=(recorder const&) = delete;

    /// `tool child case-1: tool -x`; the first word without its folders.
    std::string text() const {
        std::lock_guard const hold(mutex_);
        return text_;
    }
    std::set<::pid_t> callers() const {
        std::lock_guard const hold(mutex_);
        return callers_;
    }
    rampart::strict_watch const& watch() const { return *watch_; }
    void stop() { watch_.reset(); }

private:
    bool note(rampart::strict_call const& call) {
        std::lock_guard const hold(mutex_);
        callers_.insert(call.pid);
        text_ += call.resource + (call.is_own ? " own " : " child ");
        text_ += call.case_dir.empty() ? "-" : call.case_dir.substr(call.case_dir.rfind('/') + 1);
        text_ += ":";
        for (std::size_t i = 0; i < call.words.size(); ++i) {
            text_ += " " + (i == 0 ? call.words[i].substr(call.words[i].rfind('/') + 1) : call.words[i]);
        }
        text_ += "\n";
        return !denied_.contains(call.resource);
    }

    std::set<std::string> denied_;
    mutable std::mutex mutex_{};
    std::string text_{};
    std::set<::pid_t> callers_{};
    std::unique_ptr<rampart::strict_watch> watch_{};
};

/// The end of what all processes that are forked from here on have open: it comes when the last of them is gone.
class last_one {
public:
    last_one() {
        if (::pipe(ends_) != 0) throw std::runtime_error("no pipe");
        ::fcntl(ends_[0], F_SETFD, FD_CLOEXEC);
    }
    last_one(last_one const&) = delete;
    last_one& operator=(last_one const&) = delete;
    ~last_one() {
        leave();
        ::close(ends_[0]);
    }
    void leave() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }
    /// False when they take too long.
    bool wait() {
        leave();
        ::pollfd wait{ends_[0], POLLIN, 0};
        return ::poll(&wait, 1, static_cast<int>(seconds) * 1000) == 1;
    }

private:
    int ends_[2] = {-1, -1};
};

inline int status_of(::pid_t pid) {
    int status = -1;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
/// As a status of a shell's command.
inline int shell(std::string const& command) {
    int const status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
/// Its status; minus the errno where it could not be started.
inline int spawn(std::vector<std::string> words, char* const* environment = ::environ) {
    std::vector<char*> list;
    for (std::string& word : words) list.push_back(word.data());
    list.push_back(nullptr);
    ::pid_t pid = 0;
    int const error = ::posix_spawn(&pid, list[0], nullptr, nullptr, list.data(), environment);
    return error != 0 ? -error : status_of(pid);
}
/// The status of a forked child that does this.
inline int forked(std::function<int()> const& what) {
    ::pid_t const pid = ::fork();
    if (pid == 0) {
        ::alarm(seconds);
        ::_exit(what());
    }
    return status_of(pid);
}

/// A socket that listens on loopback, or at a path.
class server {
public:
    explicit server(int family) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        ::sockaddr_in6 six{};
        ::sockaddr_in four{};
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::socklen_t size = family == AF_INET6 ? sizeof six : sizeof four;
        void* const any = family == AF_INET6 ? static_cast<void*>(&six) : &four;
        auto* const at = static_cast<::sockaddr*>(any);
        is_there_ = fd_ >= 0 && ::bind(fd_, at, size) == 0 && ::listen(fd_, 64) == 0;
        ::getsockname(fd_, at, &size);
        port_ = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
    }
    explicit server(std::string const& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        ::sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        if (path[0] == '@') at.sun_path[0] = '\0';
        auto const size = path[0] == '@' ? offsetof(::sockaddr_un, sun_path) + path.size() : sizeof at;
        is_there_ = ::bind(fd_, reinterpret_cast<::sockaddr*>(&at), static_cast<::socklen_t>(size)) == 0 &&
                    ::listen(fd_, 64) == 0;
    }
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    ~server() { ::close(fd_); }

    bool is_there() const { return is_there_; }
    int port() const { return port_; }
    std::string port_text() const { return std::to_string(port_); }

private:
    int fd_;
    int port_ = 0;
    bool is_there_ = false;
};

/// 0 or the errno of a connection.
inline int connect_to(std::string const& host, int port) {
    ::sockaddr_storage to{};
    ::socklen_t size = 0;
    auto* const four = reinterpret_cast<::sockaddr_in*>(&to);
    auto* const six = reinterpret_cast<::sockaddr_in6*>(&to);
    if (::inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(static_cast<std::uint16_t>(port));
        size = sizeof *four;
    } else {
        ::inet_pton(AF_INET6, host.c_str(), &six->sin6_addr);
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(static_cast<std::uint16_t>(port));
        size = sizeof *six;
    }
    int const fd = ::socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const error = ::connect(fd, reinterpret_cast<::sockaddr*>(&to), size) == 0 ? 0 : errno;
    ::close(fd);
    return error;
}
inline int connect_to_path(std::string const& path) {
    ::sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    if (path[0] == '@') to.sun_path[0] = '\0';
    auto const size = path[0] == '@' ? offsetof(::sockaddr_un, sun_path) + path.size() : sizeof to;
    int const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const error =
        ::connect(fd, reinterpret_cast<::sockaddr*>(&to), static_cast<::socklen_t>(size)) == 0 ? 0 : errno;
    ::close(fd);
    return error;
}

}  // namespace strict_run

#endif
