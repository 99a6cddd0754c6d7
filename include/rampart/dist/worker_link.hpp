#ifndef RAMPART_DIST_WORKER_LINK_HPP
#define RAMPART_DIST_WORKER_LINK_HPP

#include "rampart/base/mutex.hpp"
#include "rampart/dist/frame.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__linux__)
# include <sys/prctl.h>
#endif

namespace rampart::inline v1::dist {

/// A worker's end of the channel to its controller. It lies on a high descriptor of its own, apart from stdin, stdout
/// and stderr, so that a test may print, and close or write to small numbers, as it likes.
///
/// A process whose controller is gone does not live on: on Linux the system ends it (SIGKILL), elsewhere and over ssh a
/// thread watches the channel and ends the process group.
class worker_link {
public:
    /// What the environment hands to a worker (RAMPART_CONTROL, RAMPART_PARENT); null in any other process. The
    /// variables are taken out, so that programs which a test starts are no workers. `error` says what is wrong with
    /// them.
    static std::unique_ptr<worker_link> from_environment(std::string& error) {
        char const* const control = std::getenv("RAMPART_CONTROL");
        if (control == nullptr) return nullptr;
        std::string const text = control;
        char const* const parent = std::getenv("RAMPART_PARENT");
        std::string const parent_text = parent != nullptr ? parent : "";
        ::unsetenv("RAMPART_CONTROL");
        ::unsetenv("RAMPART_PARENT");

        std::unique_ptr<worker_link> link(new worker_link);
        if (text == "stdio") {
            if (!link->take_stdio()) return fail(error, "stdin and stdout are not to be had");
            link->close_in_children();
            link->watch();
            return link;
        }
        int number = -1;
        auto const end = text.data() + text.size();
        if (auto const read = std::from_chars(text.data(), end, number); read.ptr != end || number < 0) {
            return fail(error, "RAMPART_CONTROL='" + text + "' names no descriptor");
        }
        link->in_ = link->out_ = moved_up(number);
        if (link->in_ < 0) return fail(error, "RAMPART_CONTROL=" + text + " is not open: " + std::strerror(errno));
        link->close_in_children();
        link->die_with_parent(parent_text);
        return link;
    }

    worker_link(worker_link const&) = delete;
    worker_link& operator=(worker_link const&) = delete;
    // The watching thread may still look at the descriptors while the process ends.
    ~worker_link() = default;

    /// Whether this is the worker itself, and not a child that a test forked.
    [[nodiscard]] bool is_mine() const noexcept { return ::getpid() == owner_; }

    /// False when the controller cannot be reached. Any thread may send.
    bool send(frame const& f) {
        if (!is_mine()) return false;
        rampart::detail::lock_guard const hold(mutex_);
        std::string const bytes = encode(f);
        for (std::string_view rest = bytes; !rest.empty();) {
            ::ssize_t const n = write_some(rest);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    /// The next frame; none when the controller has closed the channel, or sent what is no frame.
    [[nodiscard]] std::optional<frame> receive() {
        for (;;) {
            if (auto f = reader_.next()) return f;
            if (reader_.broken()) return std::nullopt;
            char buffer[4096];
            ::ssize_t const n = ::read(in_, buffer, sizeof buffer);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return std::nullopt;
            reader_.feed({buffer, static_cast<std::size_t>(n)});
        }
    }

private:
    worker_link() : owner_(::getpid()) {}

    static std::unique_ptr<worker_link> fail(std::string& error, std::string words) {
        error = std::move(words);
        return nullptr;
    }
    /// The same file under a high number, or as high as the process may have, which programs that a test starts do not
    /// inherit.
    static int copied_up(int number) noexcept {
        for (int const from : {200, 100, 50, 20}) {
            int const high = ::fcntl(number, F_DUPFD_CLOEXEC, from);
            if (high >= 0 || errno != EINVAL) return high;
        }
        return ::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    static int moved_up(int number) noexcept {
        int const high = copied_up(number);
        if (high >= 0) ::close(number);
        return high;
    }
    /// Takes stdin and stdout for the channel: what tests print goes to stderr.
    bool take_stdio() noexcept {
        in_ = copied_up(STDIN_FILENO);
        out_ = copied_up(STDOUT_FILENO);
        int const null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        bool const good = in_ >= 0 && out_ >= 0 && null >= 0 && ::dup2(null, STDIN_FILENO) >= 0 &&
                          ::dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
        if (null >= 0) ::close(null);
        return good;
    }
    /// What a test forks and leaves behind must not hold the channel open: if the test then executes another program,
    /// the end of the channel is all that the controller gets to see.
    void close_in_children() const {
        static int ends[2] = {-1, -1};
        ends[0] = in_;
        ends[1] = out_ == in_ ? -1 : out_;
        static int const known = ::pthread_atfork(nullptr, nullptr, [] {
            for (int const end : ends) {
                if (end >= 0) ::close(end);
            }
        });
        (void)known;
    }
    ::ssize_t write_some(std::string_view bytes) const noexcept {
#if defined(MSG_NOSIGNAL)
        ::ssize_t const n = ::send(out_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n >= 0 || errno != ENOTSOCK) return n;
#endif
        return ::write(out_, bytes.data(), bytes.size());
    }

    void die_with_parent([[maybe_unused]] std::string const& parent) {
#if defined(__linux__)
        if (!parent.empty() && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) {
            // It may have died before that.
            if (std::to_string(::getppid()) != parent) ::_exit(1);
            return;
        }
#endif
        watch();
    }
    /// Ends the process group when the other end of the channel is closed, also in the middle of a test.
    void watch() {
        std::thread([in = in_] {
            sigset_t all;
            sigfillset(&all);
            ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
            ::pollfd channel{in, 0, 0};
            while (::poll(&channel, 1, -1) < 0 && errno == EINTR) {
            }
            if (::getpgrp() == ::getpid()) ::kill(0, SIGKILL);
            ::_exit(1);
        }).detach();
    }

    ::pid_t owner_;
    int in_ = -1;
    int out_ = -1;
    frame_reader reader_{};
    rampart::detail::mutex mutex_{};
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_WORKER_LINK_HPP
