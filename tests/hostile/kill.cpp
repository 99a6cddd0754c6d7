// A worker that dies costs at most the test that was running: a suite that writes a journal is killed at random
// moments, and what the journal gives is held against what the tests themselves said when they began.
//
//     rampart_hostile_kill [--rounds=100]
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile/generators.hpp"
#include "hostile/suite_files.hpp"
#include "hostile/this_build.hpp"

namespace fs = std::filesystem;
using namespace hostile;

namespace {

std::size_t rounds = hostile::sanitized ? 20 : 100;

/// Starts the suite and kills it after so many microseconds. Gives its exit status where it was faster, else -1.
int start_and_kill(std::string const& journal, std::string const& oracle, long long microseconds) {
    std::string const option = "--rampart-journal=" + journal;
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::setenv("RAMPART_SUITE_ORACLE", oracle.c_str(), 1);
        if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
        ::execl(RAMPART_KILL_SUITE, RAMPART_KILL_SUITE, option.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    auto const handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    REQUIRE(handle >= 0);
    ::pollfd wait{handle, POLLIN, 0};
    ::timespec const delay{microseconds / 1000000, static_cast<long>(microseconds % 1000000) * 1000};
    ::ppoll(&wait, 1, &delay, nullptr);
    ::kill(child, SIGKILL);
    ::close(handle);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> lines_of(std::string const& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// The text of the one journal in a folder; empty where there is none yet.
std::string journal_text(std::string const& folder) {
    std::string text;
    std::error_code none;
    for (auto const& entry : fs::recursive_directory_iterator(folder, none)) {
        if (entry.is_regular_file()) text += file_text(entry.path().string());
    }
    return text;
}

}  // namespace

TEST_CASE("a suite that is killed at any moment loses the test that was running and nothing else") {
    auto const seed = seed_of_this_run();
    generator g(seed);
    scratch_folder scratch;

    // How long it takes when it is left alone.
    auto const began = std::chrono::steady_clock::now();
    REQUIRE(start_and_kill(scratch / "whole", scratch / "whole.oracle", 600000000) == 0);
    auto const whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    REQUIRE(lines_of(scratch / "whole.oracle").size() == last_case - first_case + 1);

    std::size_t interrupted = 0;
    std::size_t closed = 0;
    std::size_t before_first_line = 0;
    std::size_t kept = 0;
    std::size_t unfinished_complete = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        INFO(again(seed, round));
        std::string const folder = scratch / ("journal" + std::to_string(round));
        std::string const oracle = scratch / ("oracle" + std::to_string(round));
        std::string const json = scratch / "merged.json";
        fs::remove(json);
        fs::create_directories(folder);  // as whoever collects journals does
        auto const delay = static_cast<long long>(g.below(static_cast<std::size_t>(whole.count()) + 1));
        int const own_status = start_and_kill(folder, oracle, delay);

        auto const written = journal_text(folder);
        bool const is_closed =
            written.ends_with("\n") && written.find("\"streamed_result_count\"") != std::string::npos;
        auto const merged =
            run_program(std::string(RAMPART_KILL_SUITE) + " --rampart-merge=" + folder + " --rampart-json=" + json);
        INFO(merged.out);
        REQUIRE(fs::exists(json));
        auto const report = seen(json_file(json));

        // Before a test began, all that began earlier had ended.
        auto began_tests = lines_of(oracle);
        std::string const last = began_tests.empty() ? std::string() : began_tests.back();
        auto const is_whole = [&](std::string const& name) {
            auto const found = report.results.find(name);
            std::size_t const count = found == report.results.end() ? 0 : found->second;
            auto const outcome = report.outcomes.find(name);
            return outcome != report.outcomes.end() && outcome->second == "passed" &&
                   count == results_of_case(std::stoi(name.substr(5)));
        };
        if (!began_tests.empty()) began_tests.pop_back();
        for (std::string const& name : began_tests) {
            INFO(name);
            CHECK(is_whole(name));
            ++kept;
        }
        if (!is_closed) {
            CHECK(merged.status == 3);
            CHECK(report.incomplete);
            if (merged.status != 3 || !report.incomplete) ++unfinished_complete;
            if (!last.empty() && !is_whole(last)) {
                ++interrupted;
                // It is named, and in the list it is the test that broke off.
                CHECK(report.reasons.find(last) != std::string::npos);
                CHECK(report.outcomes.at(last) == "crashed");
            }
            if (report.outcomes.empty()) {
                ++before_first_line;
                CHECK(last.empty());
            } else {
                CHECK(report.outcomes.size() == last_case - first_case + 1);
            }
        } else {
            ++closed;
            CHECK(merged.status == 0);
            CHECK(!report.incomplete);
            CHECK((own_status == 0 || own_status == -1));
            CHECK((last.empty() || is_whole(last)));
            CHECK(report.outcomes.size() == last_case - first_case + 1);
        }
        fs::remove_all(folder);
        fs::remove(oracle);
    }
    MESSAGE(rounds << " kills within " << whole.count() / 1000 << " ms: " << interrupted << " inside a test, "
                   << before_first_line << " before the journal's first line, " << closed << " after its last; " << kept
                   << " ended tests, all there; " << unfinished_complete << " reports that hid it");
    CHECK(unfinished_complete == 0);
    // Else this test has seen nothing.
    CHECK(interrupted > 0);
}

int main(int count, char** words) {
    for (int i = 1; i < count; ++i) {
        std::string_view const word = words[i];
        if (word.starts_with("--rounds=")) rounds = std::strtoull(words[i] + 9, nullptr, 10);
    }
    return doctest::Context(count, words).run();
}
