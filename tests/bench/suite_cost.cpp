// suite_cost PLAIN RAMPART [--rounds=N] [--tests=N]: what rampart costs a test that does nothing. Both programs are
// empty_suite.cpp; PLAIN has doctest's own main, RAMPART that of rampart/doctest_main.hpp. They are run in turns, with
// their output to /dev/null and to a file. Processor time of whole processes counts.

#include "bench/bench.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX names it

namespace {

/// Seconds of processor time of a program that has to end with status 0.
double run(std::string program, std::string const& output) {
    char* words[] = {program.data(), nullptr};
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    ::pid_t pid = -1;
    int status = -1;
    ::rusage use{};
    if (::posix_spawn(&pid, words[0], &actions, nullptr, words, environ) == 0) ::wait4(pid, &status, 0, &use);
    ::posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "suite_cost: %s ended with wait status %d\n", program.c_str(), status);
        std::exit(1);
    }
    auto const seconds = [](::timeval const& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: suite_cost PLAIN RAMPART [--rounds=N] [--tests=N]\n", stderr);
        return 2;
    }
    long const rounds = bench::option(argc, argv, "rounds", 9);
    long const tests = bench::option(argc, argv, "tests", 100000);
    std::string const file = std::filesystem::temp_directory_path() / ("rampart-bench-" + std::to_string(::getpid()));

    bench::table table("suite_cost", {"ns/test", 1e-9});
    std::printf("%ld empty tests, %ld rounds\n", tests, rounds);
    ::setenv("RAMPART_BENCH_TESTS", std::to_string(tests).c_str(), 1);
    for (std::string const& output : {std::string("/dev/null"), file}) {
        table.heading(output == file ? "output to a file" : "output to /dev/null");
        std::vector<double> plain, with, ratios;
        for (long i = 0; i < rounds; ++i) {
            plain.push_back(run(argv[1], output) * 1e9 / static_cast<double>(tests));
            with.push_back(run(argv[2], output) * 1e9 / static_cast<double>(tests));
            ratios.push_back(with.back() / plain.back());
        }
        table.row("doctest's main", bench::median(plain));
        double const ratio = table.row("rampart's main", bench::median(with), bench::median(ratios), "doctest's main");
        std::printf("  rampart adds %.0f %%, %.0f ns a test; at most 25 %%: %s\n", (ratio - 1) * 100,
                    bench::median(with) - bench::median(plain), ratio <= 1.25 ? "met" : "NOT MET");
    }
    std::filesystem::remove(file);
    table.print_json();
}
