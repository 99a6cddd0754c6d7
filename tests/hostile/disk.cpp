// A full disk is never silent: a suite whose journal or report does not fit ends with the status of an incomplete run,
// names the file, and still has all its results.
#include "hostile/suite_files.hpp"

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <string>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hostile;

namespace {

std::string const suite = RAMPART_KILL_SUITE;

/// Whether a small file system of our own can be mounted: it takes root, and some containers forbid it even then.
bool can_mount() {
    static bool const can = [] {
        scratch_folder probe;
        return run_program("unshare -m mount -t tmpfs -o size=64k tmpfs " + probe / ".").status == 0;
    }();
    if (!can) std::cout << "SKIPPED: a small file system (this user may not mount one)\n";
    return can;
}

/// Runs a line of the shell with a file system of this size, in KiB, in the folder `small`.
program_end run_on_small_disk(scratch_folder const& scratch, int size, std::string const& line) {
    auto const folder = scratch / "small";
    std::filesystem::create_directories(folder);
    return run_program("unshare -m sh -c 'mount -t tmpfs -o size=" + std::to_string(size) + "k tmpfs " + folder +
                       " && " + line + "'");
}

void check_all_results(seen_report const& report) {
    for (int n = first_case; n <= last_case; ++n) {
        auto const found = report.results.find(name_of_case(n));
        CHECK((found == report.results.end() ? 0 : found->second) == results_of_case(n));
    }
}

}  // namespace

TEST_CASE("a journal on a full disk makes the run incomplete and costs its report nothing") {
    if (!can_mount()) return;
    scratch_folder scratch;
    auto const end =
        run_on_small_disk(scratch, 256,
                          suite + " --rampart-journal=" + scratch / "small" +
                              " --rampart-json=" + scratch / "own.json" + "; echo its status is $?; " + suite +
                              " --rampart-merge=" + scratch / "small" + " --rampart-json=" + scratch / "merged.json");
    INFO(end.out);
    CHECK(end.says("its status is 3"));
    auto const own = seen(json_file(scratch / "own.json"));
    CHECK(own.incomplete);
    CHECK(own.fault_kinds.contains("journal_failed"));
    CHECK(own.reasons.find("small/") != std::string::npos);
    check_all_results(own);

    // What it could hold is there, and says that it is not all.
    CHECK(end.status == 3);
    auto const merged = seen(json_file(scratch / "merged.json"));
    CHECK(merged.incomplete);
    CHECK(!merged.results.empty());
    CHECK(merged.results.size() < own.results.size());
}

TEST_CASE("a journal whose file may not grow makes the run incomplete") {
    // The limit holds for every file of the process, so the report goes to the terminal alone.
    scratch_folder scratch;
    auto const end =
        run_program("trap \"\" XFSZ; ulimit -f 64; " + suite + " --rampart-journal=" + scratch / "journal");
    INFO(end.out);
    CHECK(end.status == 3);
    CHECK(end.says("journal"));
    CHECK(end.says(scratch / "journal"));
    auto const merged = run_program(suite + " --rampart-merge=" + scratch / "journal");
    CHECK(merged.status == 3);
}

TEST_CASE("a journal in a folder that cannot be made makes the run incomplete") {
    scratch_folder scratch;
    auto const end =
        run_program(": > " + scratch / "file" + "; " + suite + " --rampart-journal=" + scratch / "file/inside");
    INFO(end.out);
    CHECK(end.status == 3);
    CHECK(end.says(scratch / "file/inside"));
}

TEST_CASE("a report that the disk cannot hold fails the run and is named") {
    scratch_folder scratch;
    auto const end =
        run_program("trap \"\" XFSZ; ulimit -f 64; " + suite + " --rampart-json=" + scratch / "report.json");
    INFO(end.out);
    CHECK((end.status == 1 || end.status == 3));
    CHECK(end.says("report.json"));
    // Whole or not at all.
    CHECK(!std::filesystem::exists(scratch / "report.json"));
    if (!can_mount()) return;
    auto const full = run_on_small_disk(scratch, 256, suite + " --rampart-json=" + scratch / "small/report.json");
    INFO(full.out);
    CHECK((full.status == 1 || full.status == 3));
    CHECK(full.says("report.json"));
}
