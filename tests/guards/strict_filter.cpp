#include "rampart/guards/strict_filter.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

TEST_SUITE_BEGIN("strict_filter");

#ifdef RAMPART_DETAIL_STRICT

using namespace rampart::detail;

namespace {

/// What the kernel would do with the call: the few instructions that the filter uses.
std::uint32_t verdict(std::vector<::sock_filter> const& program, std::uint32_t arch, std::uint32_t nr,
                      std::uint64_t address = 0) {
    ::seccomp_data call{};
    call.nr = static_cast<int>(nr);
    call.arch = arch;
    call.args[4] = address;
    std::uint32_t value = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        auto const& line = program[at];
        if (line.code == (BPF_LD | BPF_W | BPF_ABS)) {
            REQUIRE(line.k + sizeof value <= sizeof call);
            std::memcpy(&value, reinterpret_cast<char const*>(&call) + line.k, sizeof value);
        } else if (line.code == (BPF_JMP | BPF_JEQ | BPF_K)) {
            at += value == line.k ? line.jt : line.jf;
        } else {
            REQUIRE(line.code == (BPF_RET | BPF_K));
            return line.k;
        }
    }
    FAIL("the program has no end");
    return 0;
}

}  // namespace

TEST_CASE("each way to call the kernel has its own numbers, and no other call is reported") {
    auto const program = strict_filter(true);
    int reported = 0;
    for (strict_abi const& abi : strict_abis) {
        for (std::uint32_t nr = 0; nr < 600; ++nr) {
            for (std::uint32_t const number : {nr, nr | 0x40000000U}) {
                CAPTURE(abi.arch);
                CAPTURE(number);
                auto const meant = strict_number_of(abi.arch, static_cast<int>(number));
                // An address, so that sendto is one of them.
                bool const is_reported = verdict(program, abi.arch, number, 4096) == SECCOMP_RET_USER_NOTIF;
                CHECK(is_reported == (meant.kind != strict_kind::none));
                if (is_reported) ++reported;
            }
        }
    }
# if defined(__x86_64__)
    CHECK(reported == 2 * (5 + 5) + 5);  // x86-64 and x32 have one name, and each is asked for both
    CHECK(strict_number_of(AUDIT_ARCH_X86_64, 59).kind == strict_kind::execve);
    CHECK(strict_number_of(AUDIT_ARCH_X86_64, 59).pointer == 8);
    CHECK(strict_number_of(AUDIT_ARCH_X86_64, 11).kind == strict_kind::none);  // munmap
    CHECK(strict_number_of(AUDIT_ARCH_I386, 11).kind == strict_kind::execve);
    CHECK(strict_number_of(AUDIT_ARCH_I386, 11).pointer == 4);
    CHECK(strict_number_of(AUDIT_ARCH_I386, 59).kind == strict_kind::none);  // olduname
    CHECK(strict_number_of(AUDIT_ARCH_X86_64, 0x40000000 + 520).pointer == 4);
# else
    CHECK(reported == 5 + 5);
    CHECK(strict_number_of(AUDIT_ARCH_AARCH64, 221).kind == strict_kind::execve);
    CHECK(strict_number_of(AUDIT_ARCH_ARM, 11).kind == strict_kind::execve);
# endif
    CHECK(verdict(program, AUDIT_ARCH_PPC64, 11) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a send without an address stays as it is, and without guarded addresses so do all sockets") {
    auto const native = strict_abis[0];
    auto const with = strict_filter(true);
    CHECK(verdict(with, native.arch, native.sendto, 0) == SECCOMP_RET_ALLOW);
    CHECK(verdict(with, native.arch, native.sendto, 1) == SECCOMP_RET_USER_NOTIF);
    CHECK(verdict(with, native.arch, native.sendto, 0x100000000) == SECCOMP_RET_USER_NOTIF);
    auto const without = strict_filter(false);
    CHECK(verdict(without, native.arch, native.connect) == SECCOMP_RET_ALLOW);
    CHECK(verdict(without, native.arch, native.sendto, 1) == SECCOMP_RET_ALLOW);
    CHECK(verdict(without, native.arch, native.execve) == SECCOMP_RET_USER_NOTIF);
    CHECK(verdict(without, native.arch, native.set_tid_address) == SECCOMP_RET_USER_NOTIF);
}

TEST_CASE("there is one listener for a process and its children; a second one is an error with words") {
    if (!strict_run::can_watch()) return;
    CHECK(strict_run::in_child([] {
              auto const first = install_strict_filter(strict_filter(false));
              auto const second = install_strict_filter(strict_filter(false));
              auto const errors = std::to_string(first.error) + " " + std::to_string(second.error) + " ";
              return errors + strict_words(second.error);
          }) == "0 16 this process runs under a supervisor already, of an outer run or a sandbox, and Linux allows one "
                "(EBUSY)");
    CHECK(strict_words(ENOSYS).find("it takes Linux 5.9 (") != std::string::npos);
    CHECK(strict_words(EPERM) == "the seccomp filter cannot be installed (Operation not permitted)");
}

#else

TEST_CASE("there is no filter on this system") { std::printf("SKIPPED: the filter of strict mode\n"); }

#endif

TEST_SUITE_END();
