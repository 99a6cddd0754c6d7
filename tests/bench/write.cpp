// write [--results=N] [--turns=N] [--text=N] [--calls=N] [--fresh=1]: results to text, in GB/s of the text that comes
// out, against boost::json::serialize of ready values of the same records in the same run. The journal also into a file
// in memory.

#include "rampart/transport/wire.hpp"

#include "rampart/report/report.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/journal_line.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "bench/bench.hpp"
#include "bench/workload.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
namespace rp = rampart;

/// Calls of operator new so far.
std::size_t allocations = 0;

/// Takes a report's pieces and keeps none.
struct counting_out {
    std::size_t bytes = 0;
    void write(std::string_view text) {
        bytes += text.size();
        bench::do_not_optimize(text);
    }
};

/// A folder in memory where the system has one.
fs::path scratch() {
    std::error_code none;
    fs::path const memory = "/dev/shm";
    fs::path const root = fs::is_directory(memory, none) ? memory : fs::temp_directory_path();
    return root / ("rampart-bench-" + std::to_string(::getpid()));
}

void write_journal(fs::path const& folder, rp::session const& from,
                   std::vector<rp::basic_record<rp::result>> const& records) {
    rp::journal<rp::result> book(folder, {.run = "bench"}, {}, {.pid = 1, .host = "here"}, rp::journal_sync::none);
    for (std::size_t i = 0; i < records.size(); ++i) {
        book.start(from.tests()[i].test);
        book.end(from.tests()[i], {&records[i], 1});
    }
    book.close({});
    if (!book.take_faults().empty()) std::abort();
    fs::remove(book.path());
}

/// Allocations for each record that a journal writes after the first few: there are to be none.
double allocations_a_record(fs::path const& folder, rp::session const& from,
                            std::vector<rp::basic_record<rp::result>> const& records) {
    rp::journal<rp::result> book(folder, {.run = "bench"}, {}, {.pid = 1, .host = "here"}, rp::journal_sync::none);
    std::size_t const first = records.size() / 10;
    std::size_t before = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (i == first) before = allocations;
        book.start(from.tests()[i].test);
        book.end(from.tests()[i], {&records[i], 1});
    }
    double const made = static_cast<double>(allocations - before);
    book.close({});
    fs::remove(book.path());
    return made / static_cast<double>(records.size() - first);
}

double size_of(std::string const& text) { return static_cast<double>(text.size()); }

}  // namespace

// Not inline: else the compiler sees memory of `new` go to `free`.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

int main(int argc, char** argv) {
    // Else the ratios depend on which of the big texts the allocator happens to give back to the system: getting pages
    // takes as long as writing them. `--fresh=1` leaves that to the system.
    if (bench::option(argc, argv, "fresh", 0) == 0) {
        ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
        ::mallopt(M_TRIM_THRESHOLD, 2147483647);
    }
    auto const number = [&](char const* name, workload::u64 otherwise) {
        return static_cast<workload::u64>(bench::option(argc, argv, name, static_cast<long>(otherwise)));
    };
    workload::sizes s;
    s.results = number("results", 4000);
    s.turns = number("turns", s.turns);
    s.text = number("text", s.text);
    s.calls = number("calls", s.calls);
    auto const folder = scratch();
    rp::session const session = workload::make_session(s);
    std::vector<rp::basic_record<rp::result>> const records(session.records().begin(), session.records().end());
    auto const report = rp::build_report(workload::make_session(s));
    rp::wire_limits const no_limit{.max_bytes = static_cast<std::size_t>(-1) / 4};

    auto const payload = rp::serialize_worker_data(session, no_limit).value();
    auto const value = boost::json::parse(payload);
    // Its results stand in memory as a reader puts them, one after the other; those of a test as it happened to make
    // them.
    rp::session hub;
    hub.merge_worker_results(rp::deserialize_worker_data(payload, no_limit).value());
    auto const stream = rp::serialize_stream(session, no_limit);
    auto const json = rp::to_json_text(report);
    // What the journal's file holds, and the time that its checksums take.
    double journal_bytes = 0;
    std::vector<std::string> lines;
    {
        rp::journal<rp::result> book(folder, {.run = "bench"}, {}, {.pid = 1, .host = "here"}, rp::journal_sync::none);
        for (std::size_t i = 0; i < records.size(); ++i) {
            book.start(session.tests()[i].test);
            book.end(session.tests()[i], {&records[i], 1});
        }
        book.close({});
        journal_bytes = static_cast<double>(fs::file_size(book.path()));
        std::ifstream in(book.path());
        for (std::string line; std::getline(in, line);) lines.push_back(line);
    }

    bench::table t("write", {"GB/s", 1e9, true});
    std::printf("%zu results, %.1f MB as v1\n", records.size(), size_of(payload) / 1e6);
    t.race(
        {
            {"boost::json::serialize of ready values", size_of(boost::json::serialize(value)),
             [&] {
                 auto const text = boost::json::serialize(value);
                 bench::do_not_optimize(text);
             }},
            {"v1, serialize_worker_data", size_of(payload),
             [&] {
                 auto const text = rp::serialize_worker_data(session, no_limit);
                 bench::do_not_optimize(text);
             }},
            {"v1 of a session that was merged", size_of(payload),
             [&] {
                 auto const text = rp::serialize_worker_data(hub, no_limit);
                 bench::do_not_optimize(text);
             }},
            {"v2, serialize_stream", size_of(stream),
             [&] {
                 auto const text = rp::serialize_stream(session, no_limit);
                 bench::do_not_optimize(text);
             }},
            {"journal's lines as text", journal_bytes,
             [&] {
                 std::vector<rp::fault> faults;
                 for (auto const& r : records) {
                     auto text = rp::serialize_envelope<rp::result>(r.test, {&r, 1}, faults);
                     text = rp::detail::seal(std::move(text));
                     bench::do_not_optimize(text);
                 }
             }},
            {"  of that, checksums", journal_bytes,
             [&] {
                 for (std::string const& line : lines) {
                     bool const holds = rp::detail::seal_holds(line);
                     bench::do_not_optimize(holds);
                 }
             }},
            {"journal into a file", journal_bytes, [&] { write_journal(folder, session, records); }},
            {"write of as many bytes into a file", journal_bytes,
             [&] {
                 auto const path = folder / "plain";
                 std::FILE* const file = std::fopen(path.c_str(), "wb");
                 if (file == nullptr) std::abort();
                 std::setvbuf(file, nullptr, _IONBF, 0);
                 for (std::string const& line : lines) {
                     if (std::fwrite(line.data(), 1, line.size(), file) != line.size()) std::abort();
                 }
                 std::fclose(file);
                 fs::remove(path);
             }},
            {"JSON report, in pieces", size_of(json),
             [&] {
                 counting_out out;
                 rp::write_json_report(report, out);
                 bench::do_not_optimize(out);
             }},
            {"JSON report as one text", size_of(json),
             [&] {
                 auto const text = rp::to_json_text(report);
                 bench::do_not_optimize(text);
             }},
        },
        6.0);
    double const made = allocations_a_record(folder, session, records);
    std::printf("\nallocations for each record in the journal, after the first few: %.3f\n", made);
    t.print_json();
    fs::remove_all(folder);
    return made < 0.01 ? 0 : 1;
}
