// merge [--results=N] [--text=BYTES] [--shards=N] [--folder=DIR] [--hold=BYTES] [--files-only=1]: shards to the JSON
// report. Writes N (200,000) results with BYTES of text (64: about 1 kB as JSON) into 100 files, payloads and journals
// by turns, below DIR; merges the half of the files and all of them, with all results in memory and with those that are
// over the limit (64 MiB, or --hold) left in their files, and writes the report as JSON. Each in a process of its own.
// In GB/s of the shards by processor time; the baseline is reading the same shards into a session. Says how time grows
// with twice the input, and what memory each took at its peak.

#include "rampart/transport/merge_path.hpp"

#include "rampart/report/report.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/wire.hpp"

#include "bench/bench.hpp"
#include "bench/workload.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
namespace rp = rampart;

constexpr auto all = static_cast<std::size_t>(-1);

struct measured {
    double seconds = 0.0;
    double peak_mb = 0.0;
};

/// Processor time and peak memory of `work` in a process of its own.
template <class F>
measured in_a_process(F work) {
    std::fflush(nullptr);
    ::pid_t const child = ::fork();
    if (child < 0) std::abort();
    if (child == 0) {
        try {
            work();
            std::_Exit(0);
        } catch (std::exception const& e) {
            std::fprintf(stderr, "merge: %s\n", e.what());
        }
        std::_Exit(1);
    }
    int status = 0;
    ::rusage used{};
    if (::wait4(child, &status, 0, &used) != child || status != 0) std::abort();
    auto const seconds = [](::timeval const& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return {seconds(used.ru_utime) + seconds(used.ru_stime), static_cast<double>(used.ru_maxrss) / 1e3};
}

void write_shard(fs::path const& folder, workload::sizes const& s, std::uint64_t number, std::uint64_t first,
                 std::uint64_t last) {
    rp::wire_limits const limits{.max_bytes = std::size_t{1} << 32U};
    auto const session = workload::make_session(s, first, last);
    auto const worker = "gw" + std::to_string(number);
    if (number % 2 == 0) {
        std::ofstream(folder / (worker + ".json"), std::ios::binary)
            << rp::serialize_worker_data(session, limits).value();
        return;
    }
    rp::shard_plan plan{.run = "bench", .worker = worker, .index = static_cast<unsigned>(number), .count = 1000000};
    for (auto const& t : session.tests()) plan.tests.push_back(t.test);
    rp::journal<rp::result> book(folder, plan, session.trial_specs(), {.pid = 1, .host = "h"}, rp::journal_sync::none);
    for (std::size_t i = 0; i < session.tests().size(); ++i) {
        book.start(session.tests()[i].test);
        book.end(session.tests()[i], session.records().held(i).first(1));
    }
    book.close(session.trial_specs());
    if (!book.take_faults().empty()) std::abort();
}

double gigabytes_below(fs::path const& folder) {
    double bytes = 0.0;
    for (auto const& each : fs::recursive_directory_iterator(folder)) {
        if (each.is_regular_file()) bytes += static_cast<double>(each.file_size());
    }
    return bytes / 1e9;
}

rp::session merged(fs::path const& folder, std::size_t hold, std::size_t results) {
    rp::session s;
    s.hold_at_most(hold);
    rp::merge_path(s, folder, {.max_bytes = std::size_t{1} << 28U});
    if (s.records().size() != results) throw std::runtime_error("results are missing");
    return s;
}

int run(int argc, char** argv) {
    auto const word = [&](char const* name, long otherwise) {
        return static_cast<std::uint64_t>(bench::option(argc, argv, name, otherwise));
    };
    workload::sizes const s{word("results", 200000), 1, word("text", 64), 0};
    auto const shards = word("shards", 100);
    auto const hold = static_cast<std::size_t>(word("hold", 64L << 20));
    bool const files_only = word("files-only", 0) != 0;
    fs::path root = fs::temp_directory_path();
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]).starts_with("--folder=")) root = argv[i] + 9;
    }
    root /= "rampart-bench-merge-" + std::to_string(::getpid());
    fs::create_directories(root / "half");
    fs::create_directories(root / "rest");
    (void)in_a_process([&] {
        for (std::uint64_t i = 0; i < shards; ++i) {
            write_shard(root / (i < shards / 2 ? "half" : "rest"), s, i, s.results * i / shards,
                        s.results * (i + 1) / shards);
        }
    });
    double const half_size = gigabytes_below(root / "half");
    double const size = half_size + gigabytes_below(root / "rest");
    auto const half_results = static_cast<std::size_t>(s.results * (shards / 2) / shards);
    auto const results = static_cast<std::size_t>(s.results);

    bench::table table("merge", {"GB/s", 1e9, true});
    char text[200];
    std::snprintf(text, sizeof text, "%zu results of %.0f bytes in %zu shards, %.2f GB", results,
                  size * 1e9 / static_cast<double>(results), static_cast<std::size_t>(shards), size);
    table.heading(text);
    double rate = 0.0;
    auto const report_of = [&](bool whole, std::size_t most) {
        return in_a_process([&] {
            auto const report =
                rp::build_report(merged(whole ? root : root / "half", most, whole ? results : half_results));
            rp::json_file_report_sink::to_file(root.string() + ".report.json").emit(report);
            std::_Exit(0);  // memory is not given back piece by piece by a program that ends
        });
    };
    auto const lines = [&](char const* name, std::size_t most, bool with_half) {
        auto const of_all = report_of(true, most);
        std::string const how = std::string("to the JSON report, ") + name;
        rate == 0.0 ? table.row(how, size / of_all.seconds)
                    : table.row(how, size / of_all.seconds, size / of_all.seconds / rate, "reading into a session");
        std::printf("    %.2f s, peak %.0f MB", of_all.seconds, of_all.peak_mb);
        if (with_half) {
            auto const of_half = report_of(false, most);
            std::printf("; the half of it (%.2f GB) %.2f s, so twice the bytes take %.2f times as long", half_size,
                        of_half.seconds, of_all.seconds / of_half.seconds);
            std::printf("\n");
            table.row(how + ", the half of it", half_size / of_half.seconds, of_all.seconds / of_half.seconds, how);
        } else {
            std::printf("\n");
        }
    };
    if (!files_only) {
        auto const reading = in_a_process([&] {
            auto const session = merged(root, all, results);
            bench::do_not_optimize(session);
            std::_Exit(0);
        });
        rate = size / reading.seconds;
        table.row("reading into a session", rate);
        std::printf("    %.2f s, peak %.0f MB\n", reading.seconds, reading.peak_mb);
        lines("all in memory", all, true);
    }
    lines("results stay in their files", hold, !files_only);
    fs::remove_all(root);
    fs::remove(root.string() + ".report.json");
    table.print_json();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "merge: %s\n", e.what());
        return 1;
    }
}
