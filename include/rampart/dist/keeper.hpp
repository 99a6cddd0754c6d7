#ifndef RAMPART_DIST_KEEPER_HPP
#define RAMPART_DIST_KEEPER_HPP

#include "rampart/dist/descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
# include <sys/prctl.h>
# include <sys/syscall.h>
#else
# include <sys/random.h>
#endif

/// \file
/// The process that outlives the controller by a moment: whatever a run started is gone afterwards, also where the
/// controller was killed, and where a test left a daemon in a session of its own.

namespace rampart::inline v1::dist {

namespace detail {

inline void sleep_milliseconds(long n) noexcept {
    ::timespec const length{n / 1000, n % 1000 * 1000000L};
    ::nanosleep(&length, nullptr);
}

/// 32 hexadecimal digits that nobody else has; empty where the system gives no random bytes.
[[nodiscard]] inline std::string random_cookie() {
    std::array<unsigned char, 16> bytes{};
    if (::getentropy(bytes.data(), bytes.size()) != 0) return {};
    std::string digits;
    for (unsigned const byte : bytes) {
        digits += "0123456789abcdef"[byte >> 4U];
        digits += "0123456789abcdef"[byte & 0xFU];
    }
    return digits;
}

/// What the keeper does. The process is forked and executes no program, perhaps from one with several threads: hence
/// system calls only, and no memory from the heap.
class keeper_process {
public:
    keeper_process(int pipe, std::string_view cookie) noexcept : pipe_(pipe) {
        cookie_size_ = cookie.copy(cookie_.data(), cookie_.size());
    }

    [[noreturn]] void run() noexcept {
        settle();
        for (std::array<std::int32_t, 256> told{};;) {
            ::ssize_t const size = ::read(pipe_, told.data(), sizeof told);
            if (size < 0 && errno == EINTR) continue;
            if (size <= 0) break;  // nobody is left who could write
            // Numbers are written whole, and a pipe is read whole up to the room there is.
            for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof told[0]; ++i) note(told[i]);
        }
        ::_exit(end_all());
    }

private:
    /// In a session of its own, deaf to what ends a run, and without the controller's files: whoever waits for the end
    /// of its output does not wait for the keeper.
    void settle() noexcept {
        ::setsid();
        for (int number = 1; number < 32; ++number) {
            if (number != SIGKILL && number != SIGSTOP) {
                ::signal(number, number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM ||
                                         number == SIGPIPE || number == SIGUSR1 || number == SIGUSR2
                                     ? SIG_IGN
                                     : SIG_DFL);
            }
        }
        ::sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        if (::dup2(pipe_, 0) != 0) ::_exit(127);
        pipe_ = 0;
#ifdef __linux__
        ::prctl(PR_SET_NAME, "rampart-keeper", 0, 0, 0);
#endif
#ifdef SYS_close_range
        if (::syscall(SYS_close_range, 1U, ~0U, 0U) == 0) return;
#endif
        long const limit = ::sysconf(_SC_OPEN_MAX);
        for (int fd = 1; fd < (limit > 0 && limit < 65536 ? limit : 65536); ++fd) ::close(fd);
    }

    /// A worker's group, or minus one that has ended: its number may be a stranger's from now on.
    void note(std::int32_t group) noexcept {
        std::size_t at = 0;
        while (at < count_ && groups_[at] != (group < 0 ? -group : group)) ++at;
        if (group < 0) {
            if (at < count_) groups_[at] = groups_[--count_];
        } else if (at == count_ && count_ < groups_.size()) {
            groups_[count_++] = group;
        }
    }

    /// How many processes it had to end, at most 100.
    int end_all() noexcept {
        for (std::size_t i = 0; i < count_; ++i) ::kill(-groups_[i], SIGKILL);
        int ended = 0;
#ifdef __linux__
        // A process may fork while the list is read; and one that is ended is still there for a moment.
        for (int round = 0, clean = 0; round < 500 && clean < 2; ++round) {
            int const found = kill_by_cookie();
            ended += found;
            clean = found == 0 ? clean + 1 : 0;
            if (found != 0) sleep_milliseconds(2);
        }
#endif
        return ended < 100 ? ended : 100;
    }

#ifdef __linux__
    int kill_by_cookie() noexcept {
        int const proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (proc < 0 || cookie_size_ == 0) return 0;
        int found = 0;
        alignas(8) std::array<char, 8192> entries;
        for (long size = 0; (size = ::syscall(SYS_getdents64, proc, entries.data(), entries.size())) > 0;) {
            for (long at = 0; at < size;) {
                // struct linux_dirent64: inode and offset of 8 bytes, the record's length of 2, a type of 1, the name.
                std::uint16_t length = 0;
                std::memcpy(&length, entries.data() + at + 16, sizeof length);
                char const* const name = entries.data() + at + 19;
                ::pid_t pid = 0;
                for (char const* c = name; *c >= '0' && *c <= '9'; ++c) pid = pid * 10 + (*c - '0');
                if (pid > 1 && pid != ::getpid() && has_cookie(proc, name) && ::kill(pid, SIGKILL) == 0) ++found;
                at += length;
            }
        }
        ::close(proc);
        return found;
    }

    /// Whether a process was started with the cookie. That of one that has ended is empty.
    [[nodiscard]] bool has_cookie(int proc, char const* pid) noexcept {
        std::array<char, 32> path{};
        std::size_t const size = std::strlen(pid);
        if (size > 16) return false;
        std::memcpy(path.data(), pid, size);
        std::memcpy(path.data() + size, "/environ", 9);
        int const file = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return false;
        std::size_t kept = 0;
        bool found = false;
        for (::ssize_t n = 0; !found && (n = ::read(file, buffer_.data() + kept, buffer_.size() - kept)) > 0;) {
            std::size_t const filled = kept + static_cast<std::size_t>(n);
            std::string_view const text(buffer_.data(), filled);
            found = text.find(std::string_view(cookie_.data(), cookie_size_)) != std::string_view::npos;
            kept = filled < cookie_size_ ? filled : cookie_size_;  // it may stand across two reads
            std::memmove(buffer_.data(), buffer_.data() + filled - kept, kept);
        }
        ::close(file);
        return found;
    }
#endif

    int pipe_;
    std::array<char, 64> cookie_{};
    std::size_t cookie_size_ = 0;
    std::array<std::int32_t, 4096> groups_{};
    std::size_t count_ = 0;
    std::array<char, 16384> buffer_{};
};

}  // namespace detail

/// Knows the process groups of the workers. Its end, and that of the controller by whatever cause, ends what is left of
/// them, and (on Linux) every process that has the cookie in its environment, in whatever group or session. Who takes
/// the cookie out of the environment and leaves the session as well escapes it.
class keeper {
public:
    /// Forks. Throws std::system_error where that is impossible.
    explicit keeper(std::string cookie) : cookie_(std::move(cookie)) {
        auto pipe = detail::make_pipe(true);
        if (pipe.error != 0) fail(pipe.error, "rampart: no pipe to the process that ends what a run leaves");
        auto process = detail::keeper_process(pipe.theirs.get(), cookie_);
        ::sigset_t all;
        ::sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);  // a handler of the controller is not to run in the child
        pid_ = ::fork();
        if (pid_ == 0) {
            pipe.ours.close();
            process.run();
        }
        int const failure = errno;
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (pid_ < 0) fail(failure, "rampart: cannot fork the process that ends what a run leaves");
        pipe_ = std::move(pipe.ours);
        owner_ = ::getpid();
    }
    keeper(keeper const&) = delete;
    keeper& operator=(keeper const&) = delete;
    ~keeper() { end(); }

    /// The mark that all processes of the run have in their environment.
    [[nodiscard]] std::string const& cookie() const noexcept { return cookie_; }
    [[nodiscard]] ::pid_t pid() const noexcept { return pid_; }

    /// Tells it of a process group of the run.
    void add(::pid_t group) noexcept { tell(group); }
    /// To be called before the group's leader is reaped: from then on its number may be given to another.
    void remove(::pid_t group) noexcept { tell(-group); }

    /// Ends what is left, and says how many processes it found by the cookie (at most 100). Takes some milliseconds,
    /// and at most five seconds.
    int end() noexcept {
        if (pid_ <= 0 || owner_ != ::getpid()) return 0;
        pipe_.close();
        int status = 0;
        ::pid_t gone = 0;
        for (int waited = 0; waited < 5000 && gone == 0; ++waited) {
            while ((gone = ::waitpid(pid_, &status, WNOHANG)) < 0 && errno == EINTR) {
            }
            if (gone == 0) detail::sleep_milliseconds(1);
        }
        if (gone == 0) {
            ::kill(pid_, SIGKILL);
            while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
            }
        }
        pid_ = 0;
        return gone > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }

private:
    [[noreturn]] static void fail(int error, char const* words) {
        throw std::system_error(error, std::generic_category(), words);
    }
    /// The pipe does not block. Should it be full, because the keeper was stopped, the cookie still finds the rest.
    void tell(std::int32_t group) noexcept {
        if (pipe_) (void)!::write(pipe_.get(), &group, sizeof group);
    }

    std::string cookie_;
    detail::descriptor pipe_{};
    ::pid_t pid_ = 0;
    ::pid_t owner_ = 0;
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_KEEPER_HPP
