#ifndef RAMPART_DIST_EVENTS_FILE_HPP
#define RAMPART_DIST_EVENTS_FILE_HPP

#include "rampart/core/status.hpp"
#include "rampart/dist/descriptor.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/observer.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/record.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rampart::inline v1::dist {

inline constexpr std::string_view events_schema = "rampart.events.v1";  ///< what the first line of the file says it is

namespace detail {

/// To the microsecond: what is behind it is noise, and long.
[[nodiscard]] inline double to_microseconds(double seconds) noexcept { return std::round(seconds * 1e6) / 1e6; }

/// The members of each event, `event` and `at` first.
class event_members {
public:
    event_members(json_writer& out, double at) : out_(out), at_(at) {}

    void operator()(notice::run_started const& n) const {
        head("run_started");
        out_.member("tests", n.tests);
        out_.member("workers", n.workers);
        out_.member("dist", n.dist);
        out_.member("run", n.run);
    }
    void operator()(notice::worker_started const& n) const {
        head("worker_started");
        out_.member("worker", n.worker);
        out_.member("spec", n.spec);
    }
    void operator()(notice::worker_ready const& n) const {
        head("worker_ready");
        out_.member("worker", n.worker);
        out_.member("pid", n.pid);
    }
    void operator()(notice::test_started const& n) const {
        head("test_started");
        test(n);
    }
    void operator()(notice::result_recorded const& n) const {
        head("result_recorded");
        test(n);
        out_.member("index", n.index);
        out_.member("status", to_string(n.status));
        out_.member("brief", n.brief);
    }
    void operator()(notice::test_ended const& n) const {
        head("test_ended");
        test(n);
        out_.member("number", n.number);
        out_.member("outcome", to_string(n.outcome));
        out_.member("seconds", to_microseconds(n.seconds));
        out_.member("results", n.results);
        out_.member("detail", n.detail);
        out_.member("output", n.output);
        out_.member("trial", n.is_trial);
        out_.member("again", n.again);
    }
    void operator()(notice::worker_ended const& n) const {
        head("worker_ended");
        out_.member("worker", n.worker);
        out_.member("words", n.words);
        out_.member("as_told", n.as_told);
        if (!n.output.empty()) {
            out_.key("output");
            write_json(out_, n.output);
        }
    }
    void operator()(notice::remark const& n) const {
        head("remark");
        out_.member("words", n.words);
    }
    void operator()(notice::fault_left const& n) const {
        head("fault_left");
        out_.member("kind", to_string(n.what.kind));
        out_.member("where", n.what.where);
        out_.member("what", n.what.what);
        out_.member("loses", loses(n.what.kind));
    }
    void operator()(notice::run_ended const& n) const {
        head("run_ended");
        out_.member("seconds", to_microseconds(n.seconds));
        out_.member("status", n.status);
    }

private:
    void head(std::string_view name) const {
        out_.member("event", name);
        out_.member("at", to_microseconds(at_));
    }
    template <class Notice>
    void test(Notice const& n) const {
        out_.member("worker", n.worker);
        out_.member("test", n.test.str());
        out_.member("attempt", n.attempt);
    }

    json_writer& out_;
    double at_;
};

/// SIGPIPE kept from this thread while a pipe is written to: its reader may go at any time, and the run must not die of
/// it, whether somebody ignores the signal or not.
class no_sigpipe {
public:
    no_sigpipe() noexcept {
        ::sigemptyset(&only_);
        ::sigaddset(&only_, SIGPIPE);
        ::sigset_t pending;
        ::sigpending(&pending);
        was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
        ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
    }
    no_sigpipe(no_sigpipe const&) = delete;
    no_sigpipe& operator=(no_sigpipe const&) = delete;
    ~no_sigpipe() {
        int const error = errno;
        ::sigset_t pending;
        ::sigpending(&pending);
        // One that came meanwhile is ours: it is sent to the thread that wrote.
        if (int taken = 0; !was_pending_ && ::sigismember(&pending, SIGPIPE) == 1) (void)::sigwait(&only_, &taken);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = error;
    }

private:
    ::sigset_t only_{};
    ::sigset_t before_{};
    bool was_pending_ = false;
};

}  // namespace detail

/// An event as a line of the stream, its end included. `at`: seconds since the stream began. The first line of a
/// stream also names the schema.
[[nodiscard]] inline std::string event_line(any_notice const& notice, double at, bool first = false) {
    std::string line;
    json_writer out(line);
    out.begin_object();
    if (first) out.member("schema", events_schema);
    std::visit(detail::event_members(out, at), notice);
    out.end_object();
    line += '\n';
    return line;
}

/// How long an events file waits for others.
struct events_file_limits {
    std::chrono::milliseconds reader{5000};  ///< until somebody opens a FIFO to read it
    std::chrono::milliseconds room{30000};   ///< until the reader of a full pipe goes on
};

/// An observer that writes the run's events to a file, a line of JSON each, as they happen: one call of the system a
/// line, so that whoever reads along sees whole lines, and a controller that dies loses none.
///
/// The path may name a file, which is made anew, a FIFO, a terminal, or an open descriptor: `/dev/stderr`, `/dev/fd/3`.
/// A handler throws `std::runtime_error` that names the path, the step and the system's reason: disk full, reader gone,
/// reader asleep. A child that was forked writes nothing.
class events_file {
public:
    /// Opens the file; its folder has to be there. What is wrong is `error()`, and the first handler throws it.
    explicit events_file(std::filesystem::path path, events_file_limits limits = {})
        : path_(std::move(path)), limits_(limits), owner_(::getpid()), began_(std::chrono::steady_clock::now()) {
        try {
            open();
        } catch (std::runtime_error const& e) {
            error_ = e.what();
        }
    }

    /// Why the file could not be opened; empty: it could. For those who would rather not start such a run.
    [[nodiscard]] std::string const& error() const noexcept { return error_; }
    [[nodiscard]] std::string name() const { return "events file"; }
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

    template <class Notice>
        requires std::constructible_from<any_notice, Notice const&>
    void on(Notice const& notice) {
        if (::getpid() != owner_) return;
        if (!error_.empty()) throw std::runtime_error(error_);
        double const at = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
        write(event_line(notice, at, std::exchange(is_first_, false)));
        // Nothing comes after it. Some file systems say only now that there was no room.
        if constexpr (std::same_as<Notice, notice::run_ended>) {
            if (::close(file_.release()) != 0) fail("closing it", last_error());
        }
    }

private:
    static std::error_code last_error() noexcept { return {errno, std::generic_category()}; }
    [[noreturn]] void fail(std::string_view step, std::string const& reason) const {
        throw std::runtime_error("cannot write '" + path_.string() + "': " + std::string(step) + ": " + reason);
    }
    [[noreturn]] void fail(std::string_view step, std::error_code reason) const { fail(step, reason.message()); }
    [[noreturn]] void fail_open() const { fail("opening it", last_error()); }

    void open() {
        open_path();
        struct ::stat about {};
        if (::fstat(file_.get(), &about) != 0) fail_open();
        is_file_ = S_ISREG(about.st_mode);
        is_socket_ = S_ISSOCK(about.st_mode);
        // What a descriptor stands for belongs to whoever opened it.
        if (is_file_ && !is_device_ && ::ftruncate(file_.get(), 0) != 0) fail_open();
    }
    void open_path() {
        std::string const text = path_.string();
        is_device_ = text.starts_with("/dev/") || text.starts_with("/proc/");
        auto const deadline = began_ + limits_.reader;
        while (true) {
            // Not blocking: neither a FIFO that nobody reads nor a reader that has stopped may hold the run up for
            // ever.
            constexpr int how = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
            file_ = detail::descriptor(::open(text.c_str(), how));
            // A FIFO in a folder for everybody may be opened, but not with O_CREAT.
            if (!file_ && errno == ENOENT) file_ = detail::descriptor(::open(text.c_str(), how | O_CREAT, 0666));
            if (file_) return;
            if (errno == EINTR) continue;
            if (errno != ENXIO) fail_open();
            if (is_device_) break;
            if (std::chrono::steady_clock::now() >= deadline) fail("opening it", "nobody has opened it to read");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        // A socket cannot be opened by its name, but its descriptor can be shared.
        int const number = descriptor_of(text);
        if (number >= 0) file_ = detail::descriptor(::fcntl(number, F_DUPFD_CLOEXEC, detail::first_free_descriptor));
        if (!file_) fail_open();
    }
    static int descriptor_of(std::string_view path) noexcept {
        if (path == "/dev/stdout") return STDOUT_FILENO;
        if (path == "/dev/stderr") return STDERR_FILENO;
        for (std::string_view const folder : {"/dev/fd/", "/proc/self/fd/"}) {
            if (!path.starts_with(folder)) continue;
            int number = -1;
            auto const digits = path.substr(folder.size());
            auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
            if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) return number;
        }
        errno = ENXIO;
        return -1;
    }

    void write(std::string_view line) {
        if (!file_) throw std::logic_error("rampart::dist::events_file: an event came after the run's end");
        while (!line.empty()) {
            ::ssize_t const written = write_some(line);
            if (written > 0) {
                line.remove_prefix(static_cast<std::size_t>(written));
            } else if (written == 0) {
                fail("writing an event", std::make_error_code(std::errc::no_space_on_device));
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                wait_for_room();
            } else if (errno != EINTR) {
                fail("writing an event", last_error());
            }
        }
    }
    ::ssize_t write_some(std::string_view bytes) const {
        if (is_file_) return ::write(file_.get(), bytes.data(), bytes.size());
        detail::no_sigpipe const calm;
        if (is_socket_) return ::send(file_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        return ::write(file_.get(), bytes.data(), bytes.size());
    }
    void wait_for_room() const {
        ::pollfd ask{.fd = file_.get(), .events = POLLOUT, .revents = 0};
        auto const deadline = std::chrono::steady_clock::now() + limits_.room;
        while (true) {
            auto const left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
            int const ready = left > 0 ? ::poll(&ask, 1, static_cast<int>(left)) : 0;
            if (ready > 0) return;
            if (ready < 0 && errno != EINTR) fail("waiting for its reader", last_error());
            if (ready == 0) {
                fail("writing an event",
                     "its reader has not read for " + std::to_string(limits_.room.count()) + " milliseconds");
            }
        }
    }

    std::filesystem::path path_;
    events_file_limits limits_;
    ::pid_t owner_;
    std::chrono::steady_clock::time_point began_;
    detail::descriptor file_{};
    std::string error_{};
    bool is_device_ = false;  // the path names what is there already
    bool is_file_ = false;
    bool is_socket_ = false;
    bool is_first_ = true;
};

static_assert(Observer<events_file>);

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_EVENTS_FILE_HPP
