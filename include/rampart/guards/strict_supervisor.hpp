#ifndef RAMPART_GUARDS_STRICT_SUPERVISOR_HPP
#define RAMPART_GUARDS_STRICT_SUPERVISOR_HPP

#include "rampart/guards/strict_address.hpp"
#include "rampart/guards/strict_case.hpp"
#include "rampart/guards/strict_program.hpp"

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#ifdef RAMPART_DETAIL_STRICT
# include <algorithm>
# include <atomic>
# include <cerrno>
# include <condition_variable>
# include <cstddef>
# include <cstdint>
# include <cstring>
# include <memory>
# include <mutex>
# include <system_error>
# include <thread>
# include <utility>

# include <linux/audit.h>
# include <pthread.h>
# include <signal.h>
# include <sys/ioctl.h>
# include <sys/prctl.h>
# include <unistd.h>
#endif

/// \file
/// The thread that looks at each call which the filter reports, and lets it through or not.

namespace rampart::inline v1 {

/// A use of a guarded resource, before it happens.
struct strict_call {
    std::string resource{};
    ::pid_t pid = 0;                   ///< the process that calls
    bool is_own = false;               ///< this very process
    std::vector<std::string> words{};  ///< argv, or {"connect", "127.0.0.1:25"}; the first 64, each cut to 1024 bytes
    std::string case_dir{};            ///< the folder of its test; empty of this process, and where nobody knows it
};

#ifdef RAMPART_DETAIL_STRICT

namespace detail {

/// What one watch looks for.
struct strict_work {
    strict_programs programs;
    strict_addresses addresses;
    strict_cases cases;
    std::function<bool(strict_call const&)> judge;
};

/// One per process, and for its life, as the filter is: without a listener each call of exec would fail. Between two
/// watches it lets everything through.
///
/// Its thread has a table of files of its own. The listener is only in there: a forked child cannot hold it, and so
/// keep calls waiting for a supervisor that is dead.
class strict_supervisor {
public:
    /// Null and an errno.
    static strict_supervisor* start(bool with_addresses, int& error) {
        auto made = std::unique_ptr<strict_supervisor>(new strict_supervisor(with_addresses));
        ::sigset_t all;
        ::sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the threads of the program
        std::thread thread;
        try {
            thread = std::thread([&supervisor = *made] { supervisor.run(); });
        } catch (std::system_error const& failed) {
            error = failed.code().value();
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (!thread.joinable()) return nullptr;
        {
            std::unique_lock hold(made->mutex_);
            made->changed_.wait(hold, [&made] { return made->is_ready_; });
            error = made->error_;
        }
        if (error != 0) {
            thread.join();
            return nullptr;
        }
        thread.detach();
        return made.release();
    }

    /// Whether this process is the one that it watches: a forked child has no supervisor.
    [[nodiscard]] bool is_ours() const noexcept { return owner_ == ::getpid(); }
    [[nodiscard]] bool has_addresses() const noexcept { return with_addresses_; }

    /// False when there is a watch.
    [[nodiscard]] bool enter(std::unique_ptr<strict_work> work) {
        std::lock_guard const hold(mutex_);
        if (work_) return false;
        work_ = std::move(work);
        unreadable_ = 0;
        unjudged_ = 0;
        return true;
    }
    /// Waits for the judge, if it is at work.
    void leave() {
        std::lock_guard const hold(mutex_);
        work_.reset();
    }

    [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }
    [[nodiscard]] std::uint64_t unjudged() const noexcept { return unjudged_; }

private:
    explicit strict_supervisor(bool with_addresses) noexcept : with_addresses_(with_addresses) {}

    void run() noexcept {
        ::prctl(PR_SET_NAME, "rampart-strict", 0, 0, 0);
        int const failed = install();
        {
            std::lock_guard const hold(mutex_);
            is_ready_ = true;
            error_ = failed;
            changed_.notify_all();
            if (failed != 0) return;
        }
        // The kernel's structures may be larger than those of our headers.
        std::vector<char> asked(std::max(sizeof(::seccomp_notif), std::size_t{sizes_.seccomp_notif}));
        std::vector<char> answer(std::max(sizeof(::seccomp_notif_resp), std::size_t{sizes_.seccomp_notif_resp}));
        for (;;) {
            std::fill(asked.begin(), asked.end(), '\0');  // or the kernel refuses it
            if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, asked.data()) != 0) {
                if (errno == EINTR || errno == ENOENT) continue;  // the caller died before it was asked for
                listener_ = strict_file();
                return;  // calls fail from now on, none waits
            }
            ::seccomp_notif call{};
            std::memcpy(&call, asked.data(), sizeof call);
            bool const is_let = look_at(call);
            ::seccomp_notif_resp response{};
            response.id = call.id;
            response.error = is_let ? 0 : -EACCES;
            response.flags = is_let ? strict_continue : 0;
            std::fill(answer.begin(), answer.end(), '\0');
            std::memcpy(answer.data(), &response, sizeof response);
            ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, answer.data());  // fails where the caller has died
        }
    }

    /// An errno, or 0.
    int install() noexcept {
        static int const noted = ::pthread_atfork(nullptr, nullptr, strict_note_fork);
        if (noted != 0) return noted;
        // close_range(2) and CLOSE_RANGE_UNSHARE, which not all headers know. Both architectures have the number.
        if (::syscall(436, 0U, ~0U, 1U << 1U) != 0) return errno;
        // What this thread opens is not to be taken for the standard streams.
        for (int i = 0; i < 3; ++i) ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
        if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes_) != 0) return errno;
        auto const made = install_strict_filter(strict_filter(with_addresses_));
        listener_ = strict_file(made.fd);
        // Caller and supervisor take turns, so one processor is best for both. (Linux 6.6; before, it takes longer.)
        if (listener_) ::ioctl(listener_.get(), strict_set_flags, strict_sync_wake_up);
        return made.error;
    }

    bool look_at(::seccomp_notif const& call) noexcept {
        try {
            auto const number = strict_number_of(call.data.arch, call.data.nr);
            std::lock_guard const hold(mutex_);
            if (!work_) return true;
            switch (number.kind) {
            case strict_kind::execve:
            case strict_kind::execveat:
                return look_at_start(call, number);
            case strict_kind::connect:
                return look_at_address(call, "connect", 1);
            case strict_kind::sendto:
                return look_at_address(call, "sendto", 4);
            case strict_kind::started:
                work_->cases.started(static_cast<::pid_t>(call.pid));
                return true;
            case strict_kind::none:
                break;
            }
        } catch (...) {  // no memory
            ++unreadable_;
        }
        return true;
    }

    bool look_at_start(::seccomp_notif const& call, strict_number number) {
        auto const thread = static_cast<::pid_t>(call.pid);
        bool const is_at = number.kind == strict_kind::execveat;
        auto const* const args = call.data.args + (is_at ? 1 : 0);
        strict_memory memory(thread, number.pointer);
        auto const path = memory.text(args[0], 4096);
        auto words = memory.words(args[1], 64, 1024);
        if (!path) {
            // A wrong address is the caller's business, and so is its end.
            if (memory.is_closed()) ++unreadable_;
            return true;
        }
        if (path->empty() && !(is_at && (args[3] & AT_EMPTY_PATH) != 0)) return true;
        auto const process = strict_process_of(thread);
        bool const is_own = process == owner_;
        auto folder = is_own ? std::string() : work_->cases.of_start(process, memory, args[2]);
        auto const file = strict_open_as(thread, is_at ? static_cast<int>(call.data.args[0]) : AT_FDCWD, *path);
        auto const* const name = work_->programs.match(thread, file, *path, words);
        if (name == nullptr) return true;
        if (words.empty()) words.push_back(*path);
        return judge(call, {*name, process, is_own, std::move(words), std::move(folder)});
    }

    /// `first`: which argument is the address; its size is the next.
    bool look_at_address(::seccomp_notif const& call, char const* how, std::size_t first) {
        auto const address = call.data.args[first];
        auto const size = call.data.args[first + 1];
        if (work_->addresses.empty() || size > sizeof(::sockaddr_storage)) return true;
        auto const thread = static_cast<::pid_t>(call.pid);
        strict_memory memory(thread);
        std::string bytes(static_cast<std::size_t>(size), '\0');
        if (!memory.read(address, bytes.data(), bytes.size())) {
            if (memory.is_closed()) ++unreadable_;
            return true;
        }
        auto const target = strict_target::of(bytes);
        auto const* const name = work_->addresses.match(thread, target);
        if (name == nullptr) return true;
        auto const process = strict_process_of(thread);
        bool const is_own = process == owner_;
        auto folder = is_own ? std::string() : work_->cases.of_process(process);
        return judge(call, {*name, process, is_own, {how, target.text()}, std::move(folder)});
    }

    bool judge(::seccomp_notif const& call, strict_call const& seen) {
        std::uint64_t id = call.id;
        // The caller may have died meanwhile, and its number be another's: then what was read is not about it.
        if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) return true;
        try {
            return work_->judge(seen);
        } catch (...) {  // who cannot say yes has not said it
            ++unjudged_;
            return false;
        }
    }

    bool with_addresses_;
    ::pid_t owner_ = ::getpid();
    ::seccomp_notif_sizes sizes_{};
    strict_file listener_{};
    std::mutex mutex_{};
    std::condition_variable changed_{};
    bool is_ready_ = false;
    int error_ = 0;
    std::unique_ptr<strict_work> work_{};
    std::atomic<std::uint64_t> unreadable_{0};
    std::atomic<std::uint64_t> unjudged_{0};
};

/// The supervisor of this process, or of the one that it was forked from.
inline std::atomic<strict_supervisor*> strict_current{nullptr};
inline std::mutex strict_starting;

}  // namespace detail

#endif  // RAMPART_DETAIL_STRICT

}  // namespace rampart::inline v1

#endif  // RAMPART_GUARDS_STRICT_SUPERVISOR_HPP
