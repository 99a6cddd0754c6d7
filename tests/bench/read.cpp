// read [--results=N] [--turns=N] [--text=N] [--calls=N] [--seconds=N]: from bytes into a session, in GB/s of the bytes,
// against boost::json::parse of the same bytes to a value with its default resource in the same run; and what a reader
// over trees, and one over a tree in a monotonic resource, make of them.

#include "rampart/transport/merge.hpp"

#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/journal_line.hpp"
#include "rampart/transport/merge_path.hpp"
#include "rampart/transport/wire.hpp"

#include <boost/crc.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include "bench/bench.hpp"
#include "bench/workload.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace {

namespace fs = std::filesystem;
namespace rp = rampart;

std::string journal_of(rp::session const& from) {
    auto const folder = fs::temp_directory_path() / ("rampart-bench-" + std::to_string(::getpid()));
    rp::shard_plan plan{.run = "bench"};
    for (rp::test_entry const& t : from.tests()) plan.tests.push_back(t.test);
    rp::journal<rp::result> book(folder, plan, from.trial_specs(), {.pid = 1, .host = "here"}, rp::journal_sync::none);
    auto const shard = from.to_shard({});
    for (std::size_t i = 0; i < shard.records.size(); ++i) {
        book.start(shard.tests[i].test);
        book.end(shard.tests[i], {&shard.records[i], 1});
    }
    book.close(from.trial_specs());
    std::ifstream in(book.path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    fs::remove_all(folder);
    if (text.empty() || !book.take_faults().empty()) std::abort();
    return text;
}

/// All lines of a text as trees, which are kept as long as a session would be.
void parse_lines(std::string_view text) {
    std::vector<boost::json::value> all;
    while (!text.empty()) {
        auto const end = text.find('\n');
        auto const line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty()) all.push_back(boost::json::parse(line));
    }
    bench::do_not_optimize(all);
}

}  // namespace

int main(int argc, char** argv) {
    auto const word = [&](char const* name, std::uint64_t otherwise) {
        return static_cast<std::uint64_t>(bench::option(argc, argv, name, static_cast<long>(otherwise)));
    };
    workload::sizes const s{word("results", 10000), word("turns", workload::usual.turns),
                            word("text", workload::usual.text), word("calls", workload::usual.calls)};
    auto const seconds = static_cast<double>(word("seconds", 4));
    rp::wire_limits const limits{.max_bytes = std::size_t{1} << 30U};

    bench::table table("read", {"GB/s", 1e9, true});
    auto const of_python = workload::make_session(s);
    auto const into_session = [&](std::string const& bytes) {
        rp::session into;
        if (!rp::merge(into, "gw0", bytes, limits) || into.records().size() != s.results) std::abort();
        bench::do_not_optimize(into);
    };
    auto const race = [&](char const* heading, std::string const& bytes, std::vector<bench::subject> more) {
        auto const amount = static_cast<double>(bytes.size());
        table.heading(std::string(heading) + ", " + std::to_string(bytes.size() / 1000000) + " MB");
        std::vector<bench::subject> subjects{
            {"boost::json::parse to values", amount, [&] { parse_lines(bytes); }},
            {"rampart, into a session", amount, [&] { into_session(bytes); }},
        };
        for (auto& each : more) subjects.push_back(std::move(each));
        table.race(subjects, seconds);
    };

    auto const v1 = rp::serialize_worker_data(of_python, limits).value();
    auto const size = static_cast<double>(v1.size());
    race("v1", v1,
         {{"boost::json::parse, monotonic resource", size,
           [&] {
               boost::json::monotonic_resource all;
               bench::do_not_optimize(boost::json::parse(v1, &all));
           }},
          {"rampart, the reader of trees alone", size,
           [&] {
               auto document = rp::read_json(v1, {limits.max_bytes, limits.max_depth}, "results_by_nodeid");
               rp::basic_shard<rp::result> made;
               rp::detail::payload_reader<rp::result> reader(made, limits);
               if (!reader.read(document->root())) std::abort();
               rp::session into;
               made.worker = "gw0";
               into.merge_worker_results(std::move(made));
               bench::do_not_optimize(into);
           }},
          {"rampart, only looked at (the first pass of two)", size, [&] {
               rp::detail::json_cursor at(v1);
               if (!at.skip_value()) std::abort();
           }}});
    race("v2, lines", rp::serialize_stream(of_python, limits), {});

    // A runner's own session knows how each test ended.
    rp::session of_runner;
    {
        auto shard = of_python.to_shard("gw0");
        for (rp::test_entry& t : shard.tests) {
            t.facts.outcome = rp::test_outcome::passed;
            t.facts.seconds = 0.25;
            t.facts.file = "tests/suite.cpp";
            t.facts.line = 12;
        }
        of_runner.merge_worker_results(std::move(shard));
    }
    race("v1 of a runner, with its tests' outcomes", rp::serialize_worker_data(of_runner, limits).value(), {});
    auto const journal = journal_of(of_python);
    race("journal", journal,
         {{"its checksums alone", static_cast<double>(journal.size()),
           [&] { bench::do_not_optimize(rp::detail::crc32(journal)); }},
          {"its checksums with Boost.CRC", static_cast<double>(journal.size()), [&] {
               boost::crc_32_type crc;
               crc.process_bytes(journal.data(), journal.size());
               bench::do_not_optimize(crc.checksum());
           }}});
    table.print_json();
    return 0;
}
