#ifndef RAMPART_GUARDS_STRICT_FILTER_HPP
#define RAMPART_GUARDS_STRICT_FILTER_HPP

#if defined(__linux__) && ((defined(__x86_64__) && !defined(__ILP32__)) || defined(__aarch64__))
# include <linux/seccomp.h>
# ifdef SECCOMP_RET_USER_NOTIF
#  define RAMPART_DETAIL_STRICT 1
# endif
#endif

#ifdef RAMPART_DETAIL_STRICT

# include <cerrno>
# include <cstddef>
# include <cstdint>
# include <cstring>
# include <string>
# include <vector>

# include <fcntl.h>
# include <linux/audit.h>
# include <linux/filter.h>
# include <sys/ioctl.h>
# include <sys/prctl.h>
# include <sys/syscall.h>
# include <unistd.h>

/// \file
/// The seccomp filter of strict mode: which system calls it hands to the supervisor, and how it is installed.
///
/// Everything of strict mode that needs Linux on x86-64 or aarch64 stands under RAMPART_DETAIL_STRICT.

namespace rampart::inline v1::detail {

/// What a call that the filter reports wants.
enum class strict_kind {
    none,
    execve,
    execveat,
    connect,
    sendto,  ///< with an address: a datagram without a connect before it
    started  ///< the first call of a new program, by which its C library asks for its thread's number
};

/// The system calls of one way to call the kernel. A program of 32 bits has other numbers, and pointers of 4 bytes.
struct strict_abi {
    std::uint32_t arch = 0;
    unsigned pointer = 0;  ///< bytes of a pointer in argv and envp
    std::uint32_t execve = 0;
    std::uint32_t execveat = 0;
    std::uint32_t connect = 0;
    std::uint32_t sendto = 0;
    std::uint32_t set_tid_address = 0;
};

# if defined(__x86_64__)
/// Itself, x32, and i386, where only the old socketcall(2) of programs from before Linux 4.3 is not seen.
inline constexpr strict_abi strict_abis[] = {
    {AUDIT_ARCH_X86_64, 8, __NR_execve, __NR_execveat, __NR_connect, __NR_sendto, __NR_set_tid_address},
    {AUDIT_ARCH_X86_64, 4, 0x40000000 + 520, 0x40000000 + 545, 0x40000000 + 42, 0x40000000 + 44, 0x40000000 + 218},
    {AUDIT_ARCH_I386, 4, 11, 358, 362, 369, 258},
};
# else
/// Itself, and ARM of 32 bits.
inline constexpr strict_abi strict_abis[] = {
    {AUDIT_ARCH_AARCH64, 8, __NR_execve, __NR_execveat, __NR_connect, __NR_sendto, __NR_set_tid_address},
    {AUDIT_ARCH_ARM, 4, 11, 387, 283, 290, 256},
};
# endif

struct strict_number {
    strict_kind kind = strict_kind::none;
    unsigned pointer = 0;  ///< bytes
};

/// What a number means to a caller of that architecture.
[[nodiscard]] inline strict_number strict_number_of(std::uint32_t arch, int number) noexcept {
    auto const nr = static_cast<std::uint32_t>(number);
    for (strict_abi const& abi : strict_abis) {
        if (abi.arch != arch) continue;
        if (nr == abi.execve) return {strict_kind::execve, abi.pointer};
        if (nr == abi.execveat) return {strict_kind::execveat, abi.pointer};
        if (nr == abi.connect) return {strict_kind::connect, abi.pointer};
        if (nr == abi.sendto) return {strict_kind::sendto, abi.pointer};
        if (nr == abi.set_tid_address) return {strict_kind::started, abi.pointer};
    }
    return {};
}

/// The filter's program. `with_addresses`: connect and sendto too, which otherwise cost nothing.
[[nodiscard]] inline std::vector<::sock_filter> strict_filter(bool with_addresses) {
    auto const line = [](unsigned code, std::size_t k, unsigned yes = 0, unsigned no = 0) {
        return ::sock_filter{static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(yes),
                             static_cast<std::uint8_t>(no), static_cast<std::uint32_t>(k)};
    };
    auto const load = [&line](std::size_t offset) { return line(BPF_LD | BPF_W | BPF_ABS, offset); };
    auto const unless_equal_skip = [&line](std::size_t k, unsigned lines) {
        return line(BPF_JMP | BPF_JEQ | BPF_K, k, 0, lines);
    };
    auto const notify = line(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    auto const allow = line(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    auto const address = offsetof(::seccomp_data, args) + 4 * sizeof(std::uint64_t);

    std::vector<::sock_filter> program;
    for (strict_abi const& abi : strict_abis) {
        std::vector<::sock_filter> part{load(offsetof(::seccomp_data, nr))};
        for (auto const number : {abi.execve, abi.execveat, abi.set_tid_address}) {
            part.push_back(unless_equal_skip(number, 1));
            part.push_back(notify);
        }
        if (with_addresses) {
            part.push_back(unless_equal_skip(abi.connect, 1));
            part.push_back(notify);
            // send() is a sendto without an address: it stays as quick as it is.
            part.push_back(unless_equal_skip(abi.sendto, 6));
            part.push_back(load(address));
            part.push_back(unless_equal_skip(0, 3));
            part.push_back(load(address + 4));
            part.push_back(unless_equal_skip(0, 1));
            part.push_back(allow);
            part.push_back(notify);
        }
        program.push_back(load(offsetof(::seccomp_data, arch)));
        program.push_back(unless_equal_skip(abi.arch, static_cast<unsigned>(part.size())));
        program.insert(program.end(), part.begin(), part.end());
    }
    program.push_back(allow);
    return program;
}

// Newer than the headers of some systems.
inline constexpr unsigned long strict_tsync = 1UL << 0;
inline constexpr unsigned long strict_new_listener = 1UL << 3;
inline constexpr unsigned long strict_tsync_esrch = 1UL << 4;
inline constexpr unsigned long strict_wait_killable = 1UL << 5;
inline constexpr std::uint32_t strict_continue = 1;
inline constexpr std::uint64_t strict_sync_wake_up = 1;
inline constexpr unsigned long strict_set_flags = SECCOMP_IOW(4, std::uint64_t);

/// A file descriptor from which the reported calls are read, or an errno.
struct strict_listener {
    int fd = -1;
    int error = 0;
};

/// Installs the filter for all threads of this process, those that there are too. It cannot be taken back. The
/// listener belongs to the calling thread's table of files.
[[nodiscard]] inline strict_listener install_strict_filter(std::vector<::sock_filter> program) noexcept {
    ::sock_fprog const whole{static_cast<unsigned short>(program.size()), program.data()};
    unsigned long flags = strict_tsync | strict_tsync_esrch | strict_new_listener | strict_wait_killable;
    for (;;) {
        long const made = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
        if (made >= 0) return {static_cast<int>(made), 0};
        if (errno == EINVAL && (flags & strict_wait_killable) != 0) {  // Linux 5.19: a signal does not ask again
            flags &= ~strict_wait_killable;
        } else if (errno == EACCES && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) {
            // Only root may do without; for its tests sudo and the like go on working.
            if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {-1, errno};
        } else {
            return {-1, errno};
        }
    }
}

/// Why there is no listener, for people.
[[nodiscard]] inline std::string strict_words(int error) {
    auto const reason = std::string(" (") + std::strerror(error) + ")";
    switch (error) {
    case EBUSY:
        return "this process runs under a supervisor already, of an outer run or a sandbox, and Linux allows one "
               "(EBUSY)";
    case EINVAL:
    case ENOSYS:
        return "this kernel or sandbox has no seccomp user notification; it takes Linux 5.9" + reason;
    case ESRCH:
        return "a thread of this process has a seccomp filter of its own" + reason;
    default:
        return "the seccomp filter cannot be installed" + reason;
    }
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_DETAIL_STRICT

#endif  // RAMPART_GUARDS_STRICT_FILTER_HPP
