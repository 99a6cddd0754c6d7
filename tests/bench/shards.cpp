// shards SUITE [SHARDS [TESTS [BYTES]]]: what merging many shards costs. SUITE is that of dist_suite.cpp. It is run in
// SHARDS (1000) parts of TESTS (200) tests with a result of BYTES (1000), eight processes at a time, each of which
// writes a journal; then a quarter, a half and all of the journals are merged to a JSON report, in turns, three times
// each. Of the seconds of processor time the fewest count, as what else runs on the machine only adds to them. Ends
// with status 1 when a GB costs over 25 % more or less in a quarter or in all of them than in a half, when a merge is
// not whole, or when the table of shards is not short.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.hpp"

extern char** environ;  // NOLINT: POSIX names it

namespace {

namespace fs = std::filesystem;

struct cost {
    int status = -1;
    double wall = 0.0;
    double processor = 0.0;
    double peak = 0.0;  ///< MB
};

double wall_seconds() {
    ::timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Runs a program; what it prints goes to `out`.
cost run(std::vector<std::string> words, std::string const& out) {
    std::vector<char*> arguments;
    for (std::string& each : words) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    double const began = wall_seconds();
    ::pid_t pid = -1;
    int const error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    cost c;
    if (error != 0) return c;
    ::rusage used{};
    int status = 0;
    ::wait4(pid, &status, 0, &used);
    c.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    c.wall = wall_seconds() - began;
    auto const of = [](::timeval const& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    c.processor = of(used.ru_utime) + of(used.ru_stime);
    c.peak = static_cast<double>(used.ru_maxrss) * 1024 / 1e6;
    return c;
}

double size_of(fs::path const& folder) {
    double bytes = 0.0;
    for (auto const& each : fs::recursive_directory_iterator(folder)) {
        if (each.is_regular_file()) bytes += static_cast<double>(each.file_size());
    }
    return bytes / 1e6;
}

std::string text_of(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct merge_of {
    std::string name{};
    std::vector<std::string> folders{};
    double megabytes = 0.0;
    std::vector<double> seconds{};
    std::vector<double> walls{};
    double peak = 0.0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: shards SUITE [SHARDS [TESTS [BYTES]]]\n", stderr);
        return 2;
    }
    std::string const suite = fs::absolute(argv[1]).string();
    auto const number = [&](int at, long otherwise) {
        return argc > at ? std::strtol(argv[at], nullptr, 10) : otherwise;
    };
    long const shards = std::max(number(2, 1000), 4L);
    long const tests = std::max(number(3, 200), 1L);
    long const bytes = std::max(number(4, 1000), 0L);
    std::string folder = (fs::temp_directory_path() / "rampart-shards-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror("a folder for the journals");
        return 1;
    }

    ::setenv("RAMPART_BENCH_TESTS", std::to_string(shards * tests).c_str(), 1);
    ::setenv("RAMPART_BENCH_BYTES", std::to_string(bytes).c_str(), 1);
    ::setenv("RAMPART_TESTRUNUID", "bench", 1);
    for (char const* name : {"a", "b", "c"}) fs::create_directories(fs::path(folder) / name);
    auto const part = [&](long n) { return n <= shards / 4 ? "a" : n <= shards / 2 ? "b" : "c"; };
    std::ofstream words(folder + "/words");
    for (long n = 1; n <= shards; ++n) {
        words << "--rampart-shard=" << n << '/' << shards << " --rampart-journal=" << folder << '/' << part(n) << '\n';
    }
    words.close();
    auto const made = run(
        {"sh", "-c", "xargs -P 8 -L 1 \"$0\" --rampart-progress=none < \"$1/words\" 2>&1 | tail -n 1", suite, folder},
        folder + "/made.txt");
    std::printf("%ld shards of %ld tests, 8 at a time: %.1f s, %.1f s of processor time\n", shards, tests, made.wall,
                made.processor);

    std::vector<merge_of> merges{{std::to_string(shards / 4) + " shards", {"a"}},
                                 {std::to_string(shards / 2) + " shards", {"a", "b"}},
                                 {std::to_string(shards) + " shards", {"a", "b", "c"}}};
    ::setenv("RAMPART_BENCH_TESTS", "1", 1);  // a merge asks for none
    bool good = made.status == 0;
    for (int round = 0; round < 3; ++round) {
        for (merge_of& m : merges) {
            std::vector<std::string> line{suite, "--rampart-progress=none",
                                          "--rampart-json=" + folder + "/report.json"};
            m.megabytes = 0.0;
            for (std::string const& each : m.folders) {
                line.push_back("--rampart-merge=" + folder + "/" + each);
                m.megabytes += size_of(folder + "/" + each);
            }
            auto const c = run(line, folder + "/merged.txt");
            m.seconds.push_back(c.processor);
            m.walls.push_back(c.wall);
            m.peak = std::max(m.peak, c.peak);
            bool const whole = m.folders.size() == 3;
            if (c.status != (whole ? 0 : 3)) {
                std::fprintf(stderr, "%s: status %d\n", m.name.c_str(), c.status);
                good = false;
            }
        }
    }

    bench::table table("shards", {"s/GB", 1e-3});
    table.heading("merge to a JSON report, processor time");
    auto const best = [](merge_of const& m) { return *std::ranges::min_element(m.seconds); };
    for (merge_of const& m : merges) {
        std::printf("  %s: %.0f MB, %.2f s of processor time, %.2f s by the clock, peak %.0f MB\n", m.name.c_str(),
                    m.megabytes, best(m), *std::ranges::min_element(m.walls), m.peak);
    }
    auto const price = [&best](merge_of const& m) { return best(m) / m.megabytes * 1e3; };
    merge_of const& half = merges[1];
    table.row(half.name, price(half));
    for (merge_of const* m : {&merges[0], &merges[2]}) {
        double const ratio = table.row(m->name, price(*m), price(*m) / price(half), half.name);
        if (ratio >= 0.75 && ratio <= 1.25) continue;
        std::fprintf(stderr, "%s: a GB costs %.2f times what it costs in half of them\n", m->name.c_str(), ratio);
        good = false;
    }
    auto const text = text_of(folder + "/merged.txt");
    auto const from = text.find("Shards: ");
    auto const lines =
        from == std::string::npos ? 0 : std::count(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), '\n');
    std::printf("\n%s", from == std::string::npos ? "there is no table of shards\n" : text.c_str() + from);
    if (lines == 0 || lines > 20) {
        std::fprintf(stderr, "the table of shards has %td lines\n", lines);
        good = false;
    }
    table.print_json();
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return good ? 0 : 1;
}
