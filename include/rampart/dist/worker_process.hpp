#ifndef RAMPART_DIST_WORKER_PROCESS_HPP
#define RAMPART_DIST_WORKER_PROCESS_HPP

#include "rampart/dist/captured.hpp"
#include "rampart/dist/descriptor.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/frame.hpp"
#include "rampart/dist/signal_words.hpp"
#include "rampart/dist/spec.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

/// \file
/// One worker as its pool sees it: a process, a channel, and a pipe with what it prints. Nothing here waits.

namespace rampart::inline v1::dist::detail {

using steady_time = std::chrono::steady_clock::time_point;
inline constexpr steady_time never = steady_time::max();

[[nodiscard]] inline steady_time seconds_from_now(double seconds) {
    // A century is no limit, and a number that is none does not become one.
    double const length = seconds > 0 ? seconds < 3e9 ? seconds : 3e9 : 0;
    return std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(length));
}
[[nodiscard]] inline std::string limit_text(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", seconds);
    return text.data();
}

/// What bytes are read into. One for all workers: what is read is copied at once.
using read_buffer = std::array<char, std::size_t{64} << 10U>;

/// As much as a pipe may hold, if nobody who has privileges has made it larger.
inline constexpr std::size_t most_pipe_bytes = std::size_t{1} << 20U;

/// What is waited for next.
enum class worker_stage : unsigned char {
    waiting,    ///< to be started
    unstarted,  ///< it will not be; its death is about to be told
    starting,   ///< for the first frame
    running,    ///< for nothing
    leaving,    ///< it said goodbye; for its end
    silent,     ///< nothing more can come from it; for its end
    ending,     ///< after SIGTERM
    killed,     ///< after SIGKILL
};

/// The ends of a channel and a pipe that a process is to get.
struct worker_ends {
    descriptor control{};
    descriptor output{};  ///< none where nothing is captured
    int error = 0;        ///< an errno, and what is missing
    std::string words{};
};

using loop_stream = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

struct worker_process {
    worker_process(boost::asio::io_context& io, worker_number n, worker_spec how, capture_limits limits)
        : number(n), spec(std::move(how)), control(io), output(io), captured(limits) {}

    worker_number number;
    worker_spec spec;
    worker_stage at = worker_stage::waiting;
    steady_time due = never;      ///< of what is waited for
    steady_time overdue = never;  ///< of the test in flight
    ::pid_t pid = 0;              ///< until it is reaped
    loop_stream control;
    loop_stream output;
    frame_reader frames{};
    captured_output captured;
    std::string unsent{};
    bool deaf = false;         ///< nobody reads what is sent
    bool unreachable = false;  ///< nothing could come from it, and it was ended for that
    std::string over_limit{};  ///< which limit it was ended for
    worker_death not_started{};

    /// Makes the channel and, where its output is captured, the pipe. A failure leaves nothing open.
    [[nodiscard]] worker_ends connect(bool captures) {
        auto channel = make_channel();
        if (channel.error != 0) return no_ends("no channel: ", channel.error);
        auto pipe = captures ? make_pipe() : descriptor_pair{};
        if (pipe.error != 0) return no_ends("no pipe: ", pipe.error);
        int error = watch(control, channel.ours);
        if (error == 0 && pipe.ours) error = watch(output, pipe.ours);
        if (error == 0) return {std::move(channel.theirs), std::move(pipe.theirs), 0, {}};
        close();
        return no_ends("its channel cannot be watched: ", error);
    }
    void close() {
        boost::system::error_code ignored;
        control.close(ignored);
        output.close(ignored);
    }

    /// Sends what there is room for. Gives how many bytes these are.
    std::size_t send_some(std::string_view bytes) {
#ifdef MSG_NOSIGNAL
        constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
        constexpr int flags = MSG_DONTWAIT;
#endif
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            ::ssize_t const n = ::send(control.native_handle(), bytes.data() + sent, bytes.size() - sent, flags);
            if (n < 0 && errno == EINTR) continue;
            // Its death, or the end of its channel, is told in its own time.
            if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) deaf = true;
            if (n <= 0) break;
            sent += static_cast<std::size_t>(n);
        }
        return sent;
    }

    enum class reading : unsigned char { more, nothing, ended };

    /// Reads from the channel once.
    reading read_control(read_buffer& buffer) {
        ::ssize_t n = 0;
        do {
            n = ::recv(control.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return reading::nothing;
        if (n <= 0) return reading::ended;
        auto const size = static_cast<std::size_t>(n);
        frames.feed({buffer.data(), size});
        return size == buffer.size() ? reading::more : reading::nothing;
    }

    /// Reads what has been printed; false when no more can come. Never waits for the end of the pipe: a process that a
    /// test left holds it open, and may write for ever, so there is a limit too.
    bool read_output(read_buffer& buffer, std::size_t most) {
        if (!output.is_open()) return false;
        for (std::size_t done = 0; done < most;) {
            ::ssize_t const n = ::read(output.native_handle(), buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
            if (n == 0) return false;
            auto const size = static_cast<std::size_t>(n);
            captured.append({buffer.data(), size});
            done += size;
            if (size < buffer.size()) break;  // that was all there is
        }
        return true;
    }

    /// To its process group. Only until it is reaped: afterwards the number may be another's.
    void signal_group(int signal) const noexcept {
        if (pid != 0 && ::kill(-pid, signal) != 0) ::kill(pid, signal);
    }

    /// Whether the process has ended. It stays a zombie, so that its number stays its own.
    [[nodiscard]] bool has_ended() const noexcept {
        ::siginfo_t info{};
        int failed = 0;
        do {
            failed = ::waitid(P_PID, static_cast<::id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
        } while (failed != 0 && errno == EINTR);
        return failed != 0 || info.si_pid != 0;
    }

    /// Takes the process from the system if it has ended. Its status as waitpid gives it.
    std::optional<int> reap() noexcept {
        int status = 0;
        ::pid_t done = 0;
        do {
            done = ::waitpid(pid, &status, WNOHANG);
        } while (done < 0 && errno == EINTR);
        pid = 0;
        return done > 0 ? std::optional(status) : std::nullopt;
    }

    /// How it ended, in words. `has_ended` and `status`: as asked before, and from `reap`.
    [[nodiscard]] worker_death death(bool had_ended, std::optional<int> status) const {
        using how_it_was = worker_death::how_it_was;
        std::string const broken = "wrote what is no frame into the control channel (" + frames.why() + ")";
        if (!status) {
            return {how_it_was::unreachable,
                    0,
                    had_ended ? "has ended, but something else in the controller's process took its status"
                              : "is still there after SIGKILL, and was given up",
                    {}};
        }
        if (unreachable) {
            return {how_it_was::unreachable,
                    0,
                    frames.broken() ? broken
                                    : "closed its end of the control channel without ending (it executes another "
                                      "program, or closed files that were not its own)",
                    {}};
        }
        worker_death told;
        if (WIFSIGNALED(*status)) {
            told.how = how_it_was::signalled;
            told.number = WTERMSIG(*status);
            told.words = "died by " + signal_words(told.number);
        } else {
            told.number = WEXITSTATUS(*status);
            told.words = "exited with status " + std::to_string(told.number);
            if (spec.how == worker_spec::where::ssh && told.number == 255) {
                told.words += " (ssh could not connect, or lost the connection)";
            }
        }
        if (!over_limit.empty()) told.words = over_limit + ", was ended and " + told.words;
        if (frames.broken()) told.words += "; before that it " + broken;
        return told;
    }

private:
    static int watch(loop_stream& stream, descriptor& end) {
        boost::system::error_code failed;
        (void)stream.assign(end.get(), failed);
        if (!failed) (void)end.release();
        return failed.value();
    }
    static worker_ends no_ends(std::string const& words, int error) {
        return {descriptor(), descriptor(), error, words + std::generic_category().message(error)};
    }
};

}  // namespace rampart::inline v1::dist::detail

#endif  // RAMPART_DIST_WORKER_PROCESS_HPP
