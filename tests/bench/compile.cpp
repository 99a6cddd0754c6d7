// compile [--rounds=N] [--all=1]: what each door costs who includes it, without optimisation and without debug
// information: preprocessed lines, seconds of processor time of the compiler, and the size of the object. Beside them
// doctest alone, and other libraries of JSON where they are installed. Small files are compiled in turns, in N (3)
// rounds; main files once. --all=1 compiles rampart/doctest_listener.hpp as well, which costs what the main file does.

#include "bench/bench.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
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

constexpr char const* few_tests = R"(
TEST_CASE("adds") { CHECK(1 + 1 == 2); }
TEST_CASE("compares texts") { CHECK(std::string("a") < std::string("b")); }
TEST_CASE("holds a list") {
    std::vector<std::string> const list{"a", "b"};
    REQUIRE(list.size() == 2);
    CHECK(list[0] == "a");
}
)";
constexpr char const* few_results = R"(
TEST_CASE("records a result" * rampart::harm("prompt_injection") * rampart::trial({.n = 3, .threshold = 0.8})) {
    rampart::record_result({.status = rampart::safety_status::safe, .summary = "kept its secrets"});
}
TEST_CASE("asserts a result" * rampart::uses("mail")) {
    rampart::result const verdict{.status = rampart::safety_status::safe, .summary = "kept its secrets"};
    rampart::record_result(verdict);
    CHECK(verdict);
}
)";

words compiler(words more) {
    words line{RAMPART_BENCH_COMPILER, "-std=c++20", "-O0"};
    std::string_view folders = RAMPART_BENCH_INCLUDES;
    while (!folders.empty()) {
        auto const end = folders.find(':');
        line.push_back("-I" + std::string(folders.substr(0, end)));
        folders.remove_prefix(end == std::string_view::npos ? folders.size() : end + 1);
    }
    line.insert(line.end(), more.begin(), more.end());
    return line;
}

struct ran {
    bool good = false;
    double seconds = 0.0;  // of processor time
};
ran run(words line, bool quiet) {
    std::vector<char*> arguments;
    for (std::string& word : line) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (quiet) ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    ::pid_t pid = -1;
    int status = -1;
    // The compiler's own processes are in its parent's account when they have ended.
    ::rusage before{};
    ::rusage after{};
    ::getrusage(RUSAGE_CHILDREN, &before);
    if (::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) == 0) {
        ::waitpid(pid, &status, 0);
    }
    ::getrusage(RUSAGE_CHILDREN, &after);
    ::posix_spawn_file_actions_destroy(&actions);
    auto const seconds = [](::rusage const& u) {
        return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    };
    return {WIFEXITED(status) && WEXITSTATUS(status) == 0, seconds(after) - seconds(before)};
}

struct source {
    std::string name{};
    std::string text{};
    bool is_main = false;   // takes long: compiled once
    bool may_miss = false;  // another library, which need not be here
    std::size_t lines = 0;
    std::vector<double> seconds{};
    std::uintmax_t object = 0;
};

}  // namespace

int main(int argc, char** argv) {
    long const rounds = bench::option(argc, argv, "rounds", 3);
    bool const all = bench::option(argc, argv, "all", 0) != 0;
    fs::path const folder = fs::temp_directory_path() / ("rampart-bench-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    fs::path const file = folder / "file.cpp";

    std::string const plain =
        std::string("#include <string>\n#include <vector>\n#include <doctest/doctest.h>\n") + few_tests;
    std::vector<source> sources;
    auto const add = [&sources](std::string name, std::string text) -> source& {
        sources.push_back({.name = std::move(name), .text = std::move(text)});
        return sources.back();
    };
    add("<string>, <vector>, doctest.h and tests", plain);
    add("the same and rampart/doctest.hpp", "#include <rampart/doctest.hpp>\n" + plain);
    add("the same and tests that record", "#include <rampart/doctest.hpp>\n" + plain + few_results);
    add("nothing", "");
    add("<string> and <vector>", "#include <string>\n#include <vector>\n");
    add("doctest.h", "#include <doctest/doctest.h>\n");
    for (char const* const door : {"doctest.hpp", "execute.hpp", "fwd.hpp", "rampart.hpp"}) {
        add(std::string("rampart/") + door, std::string("#include <rampart/") + door + ">\n");
    }
    for (char const* const other : {"boost/json.hpp", "nlohmann/json.hpp"}) {
        add(other, std::string("#include <") + other + ">\n").may_miss = true;
    }
    add("doctest's main", "#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN\n#include <doctest/doctest.h>\n");
    add("boost/json/src.hpp", "#include <boost/json/src.hpp>\n").is_main = true;
    add("rampart/doctest_main.hpp", "#define RAMPART_DOCTEST_MAIN\n#include <rampart/doctest_main.hpp>\n").is_main =
        true;
    if (all) {
        add("rampart/doctest_listener.hpp",
            "#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN\n#include <doctest/doctest.h>\n#include <boost/json/src.hpp>\n"
            "#include <rampart/doctest_listener.hpp>\n")
            .is_main = true;
    }

    auto const compile = [&](source& s, bool is_first) {
        std::ofstream(file) << s.text;
        if (is_first) {
            bool const is_here = run(compiler({"-E", "-P", "-o", folder / "file.ii", file}), s.may_miss).good;
            if (!is_here && s.may_miss) return;
            std::ifstream in(folder / "file.ii", std::ios::binary);
            for (std::string line; std::getline(in, line);) ++s.lines;
        }
        auto const done = run(compiler({"-c", "-o", folder / "file.o", file}), false);
        if (!done.good) {
            std::fprintf(stderr, "compile: a file with %s does not compile\n", s.name.c_str());
            std::exit(1);
        }
        s.seconds.push_back(done.seconds);
        s.object = fs::file_size(folder / "file.o");
    };
    for (long round = 0; round < rounds; ++round) {
        for (source& s : sources) {
            bool const is_missing = round > 0 && s.seconds.empty();
            if (!is_missing && (round == 0 || !s.is_main)) compile(s, round == 0);
        }
    }
    fs::remove_all(folder);

    bench::table table("compile", {"s", 1.0});
    std::printf("%s -O0\n%-42s %9s %10s\n", RAMPART_BENCH_COMPILER, "", "lines", "object kB");
    for (source const& s : sources) {
        if (s.seconds.empty()) {
            std::printf("  %-40s is not installed\n", s.name.c_str());
        } else {
            std::printf("  %-40s %9zu %10.1f\n", s.name.c_str(), s.lines, static_cast<double>(s.object) / 1e3);
        }
    }
    table.heading("seconds to compile");
    double const baseline = bench::median(sources.front().seconds);
    for (source const& s : sources) {
        if (s.seconds.empty()) continue;
        double const seconds = bench::median(s.seconds);
        bool const is_base = &s == &sources.front();
        table.row(s.name, seconds, seconds / baseline, is_base ? "" : sources.front().name);
    }
    double const ratio = table.ratio_of("the same and tests that record");
    std::printf("  a test file with rampart/doctest.hpp: %.2f times one without, at most 1.60: %s\n", ratio,
                ratio <= 1.6 ? "met" : "NOT MET");
    table.print_json();
}
