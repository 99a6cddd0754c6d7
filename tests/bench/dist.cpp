// dist SUITE POLL_LOOP [ROUNDS]: what the distributed session costs. SUITE is that of dist_suite.cpp, POLL_LOOP the
// program of poll_loop.cpp, which does the same exchange with the same workers and nothing else. Whole processes are
// timed, from their start to their end, in turns, in ROUNDS (7) rounds. The median of each counts, and the best is
// shown beside it: which processor a process is woken on makes single runs a third shorter or longer. pytest-xdist,
// where it is installed, runs as many tests that do the same.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX names it

namespace {

namespace fs = std::filesystem;
using words = std::vector<std::string>;

struct measured {
    double seconds = std::numeric_limits<double>::infinity();
    double processor = 0.0;  ///< seconds, of the process and all below it
    double peak = 0.0;       ///< MB, of the process or of the greatest below it
    double own_peak = 0.0;   ///< MB, of the process, as far as it was seen
};

/// The high water mark of a process that runs, in MB.
double high_water(::pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) * 1024 / 1e6;
    }
    return 0.0;
}

::pid_t spawn(words line) {
    std::vector<char*> arguments;
    for (std::string& each : line) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    ::pid_t pid = -1;
    int const error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? pid : -1;
}

/// Runs it to its end. It must end with status 0: figures of something that failed are of no use.
measured timed(words const& line, bool watch_memory = false) {
    auto const start = std::chrono::steady_clock::now();
    ::pid_t const pid = spawn(line);
    int status = -1;
    ::rusage use{};
    measured m;
    if (pid > 0) {
        while (watch_memory && ::wait4(pid, &status, WNOHANG, &use) == 0) {
            m.own_peak = std::max(m.own_peak, high_water(pid));
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        if (!watch_memory) ::wait4(pid, &status, 0, &use);
    }
    m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (status != 0) {
        std::printf("this did not end with status 0, but with wait status %d:", status);
        for (std::string const& each : line) std::printf(" %s", each.c_str());
        std::puts("");
        std::exit(1);
    }
    auto const seconds = [](::timeval t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    m.processor = seconds(use.ru_utime) + seconds(use.ru_stime);
    m.peak = static_cast<double>(use.ru_maxrss) * 1024 / 1e6;
    return m;
}

void set_suite(long tests, long microseconds) {
    ::setenv("RAMPART_BENCH_TESTS", std::to_string(tests).c_str(), 1);
    ::setenv("RAMPART_BENCH_MICROSECONDS", std::to_string(microseconds).c_str(), 1);
}

/// A program of a comparison and what it did.
struct contender {
    std::string name{};
    words line{};
    int runs = 1;  ///< a round; what is short is soon disturbed, and cheap
    std::vector<measured> all{};

    double best() const { return std::ranges::min(all, {}, &measured::seconds).seconds; }
    measured median() const {
        auto sorted = all;
        std::ranges::sort(sorted, {}, &measured::seconds);
        return sorted[sorted.size() / 2];
    }
};
/// How often `a` takes as long as `b`, by their medians.
double ratio(contender const& a, contender const& b) { return a.median().seconds / b.median().seconds; }

/// All of them in turns, because a machine is not the same for long.
void race(std::vector<contender>& all, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        int const most = std::ranges::max(all, {}, &contender::runs).runs;
        for (int run = 0; run < most; ++run) {
            for (contender& each : all) {
                if (run >= each.runs) continue;
                each.all.push_back(timed(each.line));
            }
        }
    }
}

void print_table(char const* title, std::vector<contender> const& all, std::size_t baseline) {
    std::printf("\n%s\n%-34s %9s %9s %9s %9s %9s\n", title, "", "median s", "best s", "cpu s", "peak MB", "ratio");
    for (contender const& each : all) {
        measured const m = each.median();
        std::printf("  %-32s %9.3f %9.3f %9.3f %9.1f %9.2f%s\n", each.name.c_str(), m.seconds, each.best(), m.processor,
                    m.peak, ratio(each, all[baseline]), &each == &all[baseline] ? "  <- baseline" : "");
    }
}
void print_limit(char const* what, double have, double limit, bool at_most) {
    bool const met = at_most ? have <= limit : have >= limit;
    std::printf("  %s: %.2f, %s %.2f: %s\n", what, have, at_most ? "at most" : "at least", limit,
                met ? "met" : "NOT MET");
}

/// That the workers run all of the tests, each once: a number that is too good has to be true.
void check_all_run(std::string const& suite, fs::path const& scratch, std::size_t tests) {
    auto const events = scratch / "events.jsonl";
    timed({suite, "--rampart-workers=2", "--rampart-events=" + events.string()});
    std::set<std::string> passed;
    std::size_t ends = 0;
    std::ifstream in(events);
    for (std::string line; std::getline(in, line);) {
        if (line.find("\"event\": \"test_ended\"") == std::string::npos) continue;
        ++ends;
        auto const at = line.find("\"test\": ");
        if (line.find("\"outcome\": \"passed\"") != std::string::npos) {
            passed.insert(line.substr(at, line.find(", \"attempt\"", at) - at));
        }
    }
    std::printf("%zu tests ended, %zu different ones passed\n", ends, passed.size());
    if (ends != tests || passed.size() != tests) std::exit(1);
}

void write_python_suite(fs::path const& file, std::size_t tests, bool sleeps) {
    std::ofstream out(file);
    out << "import time\n";
    for (std::size_t i = 0; i < tests; ++i) {
        out << "\ndef test_" << 1000000 + i << "():\n    " << (sleeps ? "time.sleep(0.002)" : "pass") << '\n';
    }
}
/// pytest with the plug-in alone, as bare as it can be started.
words pytest(std::string const& python, fs::path const& file, int workers) {
    return {python,       "-m",
            "pytest",     "-q",
            "-c",         "/dev/null",
            "--rootdir",  file.parent_path().string(),
            "-p",         "no:cacheprovider",
            "-n",         std::to_string(workers),
            file.string()};
}
/// A Python that has it; empty: none. The system's packages need not be those of the first one in the path.
std::string python_with_xdist() {
    for (std::string const each : {"python3", "/usr/bin/python3"}) {
        ::pid_t const pid = spawn({each, "-c", "import pytest, xdist"});
        int status = -1;
        if (pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0) return each;
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: dist SUITE POLL_LOOP [ROUNDS]\n", stderr);
        return 2;
    }
    std::string const suite = argv[1];
    std::string const loop = argv[2];
    int const rounds = argc > 3 ? std::atoi(argv[3]) : 7;
    fs::path const scratch = fs::temp_directory_path() / ("rampart-bench-" + std::to_string(::getpid()));
    fs::create_directories(scratch);
    std::string const python = python_with_xdist();
    if (python.empty()) std::puts("SKIPPED: pytest-xdist (python3 -c 'import pytest, xdist' fails)");
    double load = 0.0;
    (void)::getloadavg(&load, 1);
    std::printf("%u processors, %d rounds, load before: %.1f%s\n", std::thread::hardware_concurrency(), rounds, load,
                load > 0.5 ? " (others are at work: two workers do not get two processors)" : "");

    set_suite(1000, 0);
    check_all_run(suite, scratch, 1000);
    std::vector<contender> empty{{"poll loop, 2 workers", {loop, suite, "2"}, 10},
                                 {"rampart, 2 workers", {suite, "--rampart-workers=2"}, 10},
                                 {"rampart, one process", {suite, "--rampart-workers=0"}, 10}};
    if (!python.empty()) {
        write_python_suite(scratch / "test_empty.py", 1000, false);
        empty.push_back({"pytest-xdist -n 2", pytest(python, scratch / "test_empty.py", 2)});
        empty.push_back({"pytest, one process", pytest(python, scratch / "test_empty.py", 0)});
    }
    race(empty, rounds);
    print_table("1,000 empty tests", empty, 0);
    print_limit("seconds with 2 workers", empty[1].median().seconds, 0.25, true);
    print_limit("times the poll loop", ratio(empty[1], empty[0]), 1.5, true);
    print_limit("the same of the best runs", empty[1].best() / empty[0].best(), 1.5, true);

    set_suite(1000, 2000);
    std::vector<contender> slow{{"rampart, one process", {suite, "--rampart-workers=0"}},
                                {"rampart, 2 workers", {suite, "--rampart-workers=2"}},
                                {"poll loop, 2 workers", {loop, suite, "2"}}};
    if (!python.empty()) {
        write_python_suite(scratch / "test_slow.py", 1000, true);
        slow.push_back({"pytest-xdist -n 2", pytest(python, scratch / "test_slow.py", 2)});
        slow.push_back({"pytest, one process", pytest(python, scratch / "test_slow.py", 0)});
    }
    race(slow, std::max(1, rounds / 2));
    print_table("1,000 tests of 2 ms", slow, 0);
    print_limit("times as fast as one process", ratio(slow[0], slow[1]), 1.9, false);

    std::printf("\nmany empty tests, 2 workers\n%-34s %9s %9s %9s %9s\n", "", "seconds", "us/test", "peak MB",
                "own MB");
    double half = 0.0;
    for (long const tests : {50000L, 100000L}) {
        set_suite(tests, 0);
        measured best;
        for (int round = 0; round < 2; ++round) {
            auto const m = timed({suite, "--rampart-workers=2"}, true);
            if (m.seconds < best.seconds) best = m;
        }
        std::printf("  %-32ld %9.2f %9.1f %9.1f %9.1f\n", tests, best.seconds,
                    best.seconds / static_cast<double>(tests) * 1e6, best.peak, best.own_peak);
        if (half > 0.0) {
            print_limit("times the time of half as many", best.seconds / half, 2.5, true);
            // The greatest of controller and workers: the controller cannot be above it.
            print_limit("peak MB", best.peak, 200.0, true);
        }
        half = best.seconds;
    }
    fs::remove_all(scratch);
}
