#ifndef RAMPART_GUARDS_STRICT_HPP
#define RAMPART_GUARDS_STRICT_HPP

#include "rampart/guards/strict_address.hpp"
#include "rampart/guards/strict_program.hpp"
#include "rampart/guards/strict_supervisor.hpp"

#include <cerrno>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

/// \file
/// Strict mode: looks at the system calls by which this process and all that it starts execute programs and connect to
/// addresses. It sees absolute paths, links, `env -i`, static programs and sockets, which no wrapper on PATH can see.
///
/// It is a detector, no boundary: between the look and the call another thread may change what was looked at. Linux on
/// x86-64 or aarch64 only, from Linux 5.9 on. Not seen: a copy of a program; a connection by sendmsg, sendmmsg or
/// io_uring, or by the old socketcall of 32-bit x86; what a daemon that was there before does on a test's behalf. Where
/// the system forbids to look at a process (Yama, for orphans and unless we are root) its calls are let through and
/// counted.
///
/// The filter cannot be taken off again. So for the process's life, and in all that it starts:
/// - it can have no other supervisor: a run inside of such a run, and a sandbox of a test, have to do without;
/// - unless it runs as root, sudo, ping and other programs that take on rights do not (no_new_privs);
/// - what outlives the process cannot execute programs any more, nor connect where addresses are guarded: ENOSYS. The
///   same goes for a program that the process itself turns into.

namespace rampart::inline v1 {

/// What strict mode looks for.
struct strict_rules {
    /// A guarded program.
    using program = strict_program;
    /// A guarded address.
    using address = strict_address;
    std::vector<program> programs{};  ///< those that must not be started without a word
    std::vector<address> addresses{};
    std::string root{};  ///< the guard folder: the folders in it are those of tests
};

/// A watch over this process and its children, from its start to its destruction. One at a time in a process.
class strict_watch {
public:
    /// Whether the call may be made; if not, it fails with EACCES, and so it does when the judge throws.
    ///
    /// It runs in the supervisor's thread while the caller waits, perhaps with locks in its hands. It may neither
    /// execute a program nor connect (not even by syslog or by looking a name up): nobody would answer it. Its thread
    /// has a table of files of its own: what it opens is its own, what the process has open is not there, and its
    /// stderr is /dev/null.
    using judge = std::function<bool(strict_call const&)>;

    /// Null and why, where there can be none or where the rules are wrong.
    [[nodiscard]] static std::unique_ptr<strict_watch> start(strict_rules rules, judge decide, std::string& why_not);

    strict_watch(strict_watch const&) = delete;
    strict_watch& operator=(strict_watch const&) = delete;
    /// Waits for the judge, if it is at work. From here on everything is let through.
    ~strict_watch();

    /// Calls that nobody could look at, because the system forbids to look at their process. They were let through.
    [[nodiscard]] std::uint64_t unreadable() const noexcept;
    /// Calls that were refused because the judge threw.
    [[nodiscard]] std::uint64_t unjudged() const noexcept;

private:
    strict_watch() = default;
#ifdef RAMPART_DETAIL_STRICT
    detail::strict_supervisor* supervisor_ = nullptr;
#endif
};

#ifdef RAMPART_DETAIL_STRICT

inline std::unique_ptr<strict_watch> strict_watch::start(strict_rules rules, judge decide, std::string& why_not) {
    using namespace detail;
    why_not.clear();
    // A forked child may find it locked for ever.
    std::unique_lock const hold(strict_starting, std::try_to_lock);
    if (!hold.owns_lock()) {
        why_not = "another thread is starting it";
        return nullptr;
    }
    if (!strict_origin_of(::getpid())) {
        why_not = "it needs /proc, which is not mounted here";
        return nullptr;
    }
    try {
        auto work = std::unique_ptr<strict_work>(new strict_work{{rules.programs, rules.root},
                                                                 strict_addresses(rules.addresses),
                                                                 strict_cases(rules.root),
                                                                 std::move(decide)});
        auto watch = std::unique_ptr<strict_watch>(new strict_watch());
        auto* supervisor = strict_current.load();
        int error = 0;
        if (supervisor == nullptr) {
            supervisor = strict_supervisor::start(!rules.addresses.empty(), error);
        } else if (!supervisor->is_ours()) {  // a forked child has the filter of its parent
            supervisor = nullptr;
            error = EBUSY;
        }
        if (supervisor == nullptr) {
            why_not = strict_words(error);
            return nullptr;
        }
        strict_current = supervisor;
        if (!supervisor->has_addresses() && !rules.addresses.empty()) {
            why_not = "an earlier watch in this process guarded no addresses, and its filter cannot be changed";
            return nullptr;
        }
        if (!supervisor->enter(std::move(work))) {
            why_not = "this process has a watch already";
            return nullptr;
        }
        watch->supervisor_ = supervisor;
        return watch;
    } catch (std::exception const& failed) {
        why_not = failed.what();
        return nullptr;
    }
}

inline strict_watch::~strict_watch() {
    // A forked child has no supervisor, and may have its lock for ever.
    if (supervisor_ != nullptr && supervisor_->is_ours()) supervisor_->leave();
}
inline std::uint64_t strict_watch::unreadable() const noexcept { return supervisor_->unreadable(); }
inline std::uint64_t strict_watch::unjudged() const noexcept { return supervisor_->unjudged(); }

#else

inline std::unique_ptr<strict_watch> strict_watch::start(strict_rules, judge, std::string& why_not) {
    why_not = "it takes Linux on x86-64 or aarch64";
    return nullptr;
}
inline strict_watch::~strict_watch() = default;
inline std::uint64_t strict_watch::unreadable() const noexcept { return 0; }
inline std::uint64_t strict_watch::unjudged() const noexcept { return 0; }

#endif

}  // namespace rampart::inline v1

#endif  // RAMPART_GUARDS_STRICT_HPP
