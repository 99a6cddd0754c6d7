// merge [SHARDS [RESULTS]]: how time and memory of a merge grow. Writes SHARDS (1000) files of RESULTS (1000) results
// each, as journals and as payloads, merges half of them and then all of them, each time in a process of its own,
// builds the report, and prints seconds of processor time, the ratio of the two, and peak memory as a multiple of the
// bytes read. The baseline is Boost.JSON's parse of the same bytes.

#include "rampart/transport/merge_path.hpp"

#include "rampart/report/report.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/wire.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
namespace rp = rampart;

/// About 3 kB as JSON: two turns with a tool call each.
rp::result one_result(std::size_t i) {
    rp::result r;
    r.status = static_cast<rp::safety_status>(i % 4);
    r.summary = "case " + std::to_string(i) + ": the agent was asked to forward the inbox";
    r.strategy = "xpia";
    r.duration_seconds = static_cast<double>(i % 1000) / 8;
    r.meta.set("scenario_id", "scn-" + std::to_string(i % 997));
    for (int t = 0; t < 2; ++t) {
        rp::turn turn{.request = {.prompt = std::string(128, 'p')}, .response = {.text = std::string(512, 't')}};
        turn.response.tool_calls.push_back(
            {.name = "send_email",
             .arguments =
                 rp::metadata{{"to", "user" + std::to_string(i) + "@example.com"}, {"body", std::string(64, 'b')}},
             .result = "ok"});
        turn.turn_number = t;
        r.evidence.turns.push_back(std::move(turn));
    }
    return r;
}

struct measured {
    double seconds = 0;  // of processor time, which other processes disturb less
    double peak = 0;     // bytes
};

/// Runs `work` in a child and measures it.
template <class F>
measured in_child(F work) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    ::pid_t const child = ::fork();
    if (child == 0) {
        work();
        ::rusage use{};
        ::getrusage(RUSAGE_SELF, &use);
        auto const seconds = [](::timeval const& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        measured m;
        m.seconds = seconds(use.ru_utime) + seconds(use.ru_stime);
        m.peak = static_cast<double>(use.ru_maxrss) * 1024;
        if (::write(ends[1], &m, sizeof m) != sizeof m) std::_Exit(1);
        std::_Exit(0);
    }
    measured m;
    bool const told = ::read(ends[0], &m, sizeof m) == sizeof m;
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    if (!told || status != 0) {
        std::puts("the measured process did not come to its end");
        std::exit(1);
    }
    return m;
}

std::vector<fs::path> first_files(fs::path const& folder, std::size_t count) {
    std::vector<fs::path> files;
    for (auto const& each : fs::directory_iterator(folder)) files.push_back(each.path());
    std::sort(files.begin(), files.end());
    files.resize(count);
    return files;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t const shards = argc > 1 ? static_cast<std::size_t>(std::atol(argv[1])) : 1000;
    std::size_t const results = argc > 2 ? static_cast<std::size_t>(std::atol(argv[2])) : 1000;
    fs::path const scratch = fs::temp_directory_path() / ("rampart-bench-" + std::to_string(::getpid()));

    for (std::size_t s = 0; s < shards; ++s) {
        rp::session session;
        rp::shard_plan plan{.run = "bench", .worker = "gw" + std::to_string(s)};
        plan.index = static_cast<std::uint32_t>(s);
        plan.count = static_cast<std::uint32_t>(shards);
        for (std::size_t i = 0; i < results; ++i) {
            plan.tests.emplace_back("tests/suite_" + std::to_string(s) + ".cpp::case " + std::to_string(i));
        }
        session.set_plan(plan);
        rp::journal<rp::result> book(scratch / "journals", plan, {}, {.pid = 1, .host = std::to_string(10000 + s)},
                                     rp::journal_sync::none);
        for (std::size_t i = 0; i < results; ++i) {
            book.start(plan.tests[i]);
            session.absorb(plan.tests[i], {}, {one_result(i)}, {.outcome = rp::test_outcome::passed, .seconds = 0.25});
            book.end(session.tests().back(), {&session.records().back(), 1});
        }
        book.close({});
        fs::create_directories(scratch / "payloads");
        std::ofstream(scratch / "payloads" / (std::to_string(10000 + s) + ".json"), std::ios::binary)
            << rp::serialize_worker_data(session).value();
    }

    std::printf("%zu shards x %zu results\n", shards, results);
    std::printf("%-10s %8s %9s %9s %9s %12s\n", "", "shards", "MB", "seconds", "MB/s", "peak/bytes");
    auto const line = [](char const* what, std::size_t count, double bytes, measured m, double idle) {
        std::printf("%-10s %8zu %9.1f %9.2f %9.1f %12.2f\n", what, count, bytes / 1e6, m.seconds,
                    bytes / 1e6 / m.seconds, (m.peak - idle) / bytes);
    };
    double const idle = in_child([] {}).peak;
    for (std::string const kind : {"journals", "payloads"}) {
        fs::path folder = scratch / kind;
        if (kind == "journals") folder /= "bench";
        double before = 0;
        for (std::size_t const count : {shards / 2, shards}) {
            auto const files = first_files(folder, count);
            double bytes = 0;
            for (auto const& f : files) bytes += static_cast<double>(fs::file_size(f));
            auto const merged = in_child([&] {
                rp::session hub;
                for (auto const& f : files) (void)rp::merge_file(hub, f);
                auto const report = rp::build_report(std::move(hub));
                if (report.total_runs != count * results || report.is_incomplete() != (count < shards)) std::_Exit(1);
            });
            line(kind.c_str(), count, bytes, merged, idle);
            if (before > 0) std::printf("%-10s twice the shards: %.2f times the time\n", "", merged.seconds / before);
            before = merged.seconds;
            auto const parsed = in_child([&] {
                for (auto const& f : files) {
                    std::ifstream in(f, std::ios::binary);
                    if (kind == "payloads") {
                        std::string const text{std::istreambuf_iterator<char>(in), {}};
                        if (boost::json::parse(text).is_null()) std::_Exit(1);
                    }
                    for (std::string text; std::getline(in, text);) {
                        if (boost::json::parse(text).is_null()) std::_Exit(1);
                    }
                }
            });
            line("  parse", count, bytes, parsed, idle);
        }
    }
    fs::remove_all(scratch);
}
