// guards SUITE [ROUNDS]: what resource guards cost. SUITE is that of dist_suite.cpp. First the start of a program, from
// posix_spawn to its end: as it is, behind a wrapper that lets it through, behind one that refuses it, under strict
// mode. Then a test that uses nothing, in a suite with guards and in the same suite without: whole processes, in turns,
// in ROUNDS (7) rounds. Medians count.

#include "rampart/guards/guard_session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX names it

namespace {

using clock_type = std::chrono::steady_clock;
double since(clock_type::time_point began) { return std::chrono::duration<double>(clock_type::now() - began).count(); }

/// Seconds from the start of a program to its end.
double start(std::vector<std::string> line, int expected) {
    std::vector<char*> words;
    for (std::string& each : line) words.push_back(each.data());
    words.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    auto const began = clock_type::now();
    ::pid_t pid = -1;
    int status = -1;
    if (::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ) == 0) ::waitpid(pid, &status, 0);
    double const seconds = since(began);
    ::posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
        std::printf("%s ended with wait status %d\n", line[0].c_str(), status);
        std::exit(1);
    }
    return seconds;
}
double median(std::vector<double> all) {
    std::ranges::sort(all);
    return all[all.size() / 2];
}
void line(char const* what, double seconds, double baseline) {
    std::printf("%-44s %8.3f ms   %5.2f x   %+8.3f ms\n", what, seconds * 1e3, seconds / baseline,
                (seconds - baseline) * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::puts("guards SUITE [ROUNDS]");
        return 2;
    }
    int const rounds = argc > 2 ? std::atoi(argv[2]) : 7;

    constexpr int starts = 200;
    std::vector<double> plain, allowed, refused, strict;
    for (int i = 0; i < starts; ++i) plain.push_back(start({"true"}, 0));
    {
        rampart::guard_list list;
        list.program("true");
        rampart::guard_session session(std::move(list));
        session.begin_test("allowed", {"true"}, "case-bench-0-1");
        for (int i = 0; i < starts; ++i) allowed.push_back(start({"true"}, 0));
        (void)session.end_test(true);
        session.begin_test("refused", {}, "case-bench-1-1");
        for (int i = 0; i < starts; ++i) refused.push_back(start({"true"}, 127));
        (void)session.end_test(true);
    }
    std::printf("start of a program (%d times each, medians)\n", starts);
    line("  unguarded", median(plain), median(plain));
    line("  let through by its wrapper", median(allowed), median(plain));
    line("  refused by its wrapper", median(refused), median(plain));

    std::string const suite = argv[1];
    constexpr int tests = 20000;
    ::setenv("RAMPART_BENCH_TESTS", std::to_string(tests).c_str(), 1);
    std::vector<double> without, with, under_strict;
    for (int i = 0; i < rounds; ++i) {
        ::unsetenv("RAMPART_BENCH_GUARDS");
        without.push_back(start({suite}, 0));
        ::setenv("RAMPART_BENCH_GUARDS", "1", 1);
        with.push_back(start({suite}, 0));
        under_strict.push_back(start({suite, "--rampart-guards=strict"}, 0));
    }
    double const each = 1e6 / tests;
    std::printf("a test that uses nothing, in a suite of %d (%d rounds, medians)\n", tests, rounds);
    std::printf("  without guards    %7.2f us\n", median(without) * each);
    std::printf("  with guards       %7.2f us   %5.2f x   %+6.2f us\n", median(with) * each,
                median(with) / median(without), (median(with) - median(without)) * each);
    std::printf("  in strict mode    %7.2f us   %5.2f x   %+6.2f us\n", median(under_strict) * each,
                median(under_strict) / median(without), (median(under_strict) - median(without)) * each);

    // Last, because strict mode is for the rest of this process's life.
    {
        rampart::guard_list list;
        list.program("true");
        rampart::guard_session session(std::move(list), {.strict = true, .inherited = {}});
        for (std::string const& remark : session.take_remarks()) std::printf("%s\n", remark.c_str());
        session.begin_test("strict", {"true"}, "case-bench-2-1");
        for (int i = 0; i < starts; ++i) strict.push_back(start({"/bin/true"}, 0));
        (void)session.end_test(true);
    }
    std::puts("start of a program by its absolute path");
    line("  let through by strict mode", median(strict), median(plain));
    return 0;
}
