#include "rampart/transport/shard_files.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/report/report.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/merge_path.hpp"
#include "transport/journals.hpp"
#include "transport/samples.hpp"

namespace {

namespace fs = std::filesystem;
namespace rp = rampart;
using report = rp::test_run_report;

constexpr auto all = static_cast<std::size_t>(-1);

/// What a report says of its records, tests and faults.
std::string told(report const& of) {
    std::string text;
    rp::json_writer w(text, rp::json_style::indented);
    w.begin_array();
    for (auto const& r : of.results) {
        for (std::string_view const part : {std::string_view(r.test.str()), std::string_view(r.test_name),
                                            std::string_view(r.worker), std::string_view(r.harm_category)}) {
            w.string(part);
        }
        w.integer(r.index);
        w.integer(r.attempt);
        rp::detail::write_json(w, r.value);
    }
    for (auto const& t : of.tests) w.string(t.test.str() + '/' + t.worker + '/' + std::to_string(t.results));
    for (auto const& f : of.faults) w.string(rp::reason(f));
    w.end_array();
    return text;
}

report merged(fs::path const& folder, std::size_t hold, rp::wire_limits const& limits = {}) {
    rp::session s;
    s.hold_at_most(hold);
    rp::merge_path(s, folder, limits);
    return rp::build_report(std::move(s));
}
std::size_t filed(report const& of) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < of.results.size(); ++i) count += of.results.is_filed(i) ? 1U : 0U;
    return count;
}

rp::session some_results(wire_samples::generator& make, std::string const& prefix, int tests) {
    rp::session s(rp::text_policy::keep);
    for (int i = 0; i < tests; ++i) {
        std::vector<rp::result> results(1 + make.below(3));
        for (auto& r : results) r = make.result();
        s.absorb(rp::test_id(prefix + std::to_string(i)), {}, std::move(results));
    }
    return s;
}
std::string journal_of(rp::session const& from) {
    wire_samples::folder const room;
    rp::journal<rp::result> book(room.path(), {.run = "r", .worker = "gw7"}, {}, {.pid = 1, .host = "h"});
    auto const shard = from.to_shard({});
    std::size_t at = 0;
    for (auto const& t : shard.tests) {
        book.start(t.test);
        book.end(t, {&shard.records[at], t.results});
        at += t.results;
    }
    book.close({});
    return wire_samples::read_file(book.path().string());
}

}  // namespace

TEST_CASE("results that stay in their files are reported as if they were in memory, from every format [C, B7]") {
    wire_samples::generator make(11);
    wire_samples::folder const room;
    room.file("a.json", rp::serialize_worker_data(some_results(make, "v1/", 20)).value());
    room.file("b.jsonl", rp::serialize_stream(some_results(make, "v2/", 20)));
    room.file("c.journal", journal_of(some_results(make, "journal/", 20)));
    // The same tests once more, from another worker, and the very same bytes under the same name elsewhere.
    room.file("d.json", wire_samples::read_file((room.path() / "a.json").string()));
    auto const held = merged(room.path(), all);
    REQUIRE(held.results.size() > 60);
    REQUIRE(filed(held) == 0);
    auto const wanted = told(held);
    auto const in_files = merged(room.path(), 0);
    CHECK(filed(in_files) > held.results.size() * 9 / 10);  // those with odd numbers are held
    CHECK(told(in_files) == wanted);
    auto const some = merged(room.path(), 40000);
    CHECK(filed(some) > 0);
    CHECK(filed(some) < filed(in_files));
    CHECK(told(some) == wanted);
    CHECK(in_files.total_runs == held.total_runs);
    CHECK(in_files.population_summary() == held.population_summary());
}

TEST_CASE("lines of files that are longer than a document may be stay there too [B4, C]") {
    wire_samples::generator make(12);
    wire_samples::folder const room;
    room.file("a.jsonl", rp::serialize_stream(some_results(make, "v2/", 40)));
    room.file("b.journal", journal_of(some_results(make, "journal/", 40)));
    rp::wire_limits const small{.max_bytes = 60000};
    REQUIRE(fs::file_size(room.path() / "a.jsonl") > small.max_bytes);
    REQUIRE(fs::file_size(room.path() / "b.journal") > small.max_bytes);
    auto const in_files = merged(room.path(), 0, small);
    CHECK(filed(in_files) > 60);
    CHECK(told(in_files) == told(merged(room.path(), all, small)));
}

TEST_CASE("the same results merged twice are there once, and others at one place are both kept [B79, C]") {
    wire_samples::generator make(13);
    wire_samples::folder const room;
    auto const bytes = rp::serialize_worker_data(some_results(make, "t/", 5)).value();
    auto const other = rp::serialize_worker_data(some_results(make, "t/", 5)).value();
    auto const twice = [&](std::size_t hold) {
        rp::session s;
        s.hold_at_most(hold);
        for (auto const& [name, text] :
             {std::pair("one.json", &bytes), std::pair("two.json", &bytes), std::pair("three.json", &other)}) {
            REQUIRE(rp::merge_file(s, room.file(name, *text), {}, "gw0"));
        }
        return rp::build_report(std::move(s));
    };
    auto const held = twice(all);
    CHECK(told(twice(0)) == told(held));
    CHECK(held.is_incomplete());
}

TEST_CASE("a file that changes after it was merged is an error that names it, and never another's result") {
    wire_samples::generator make(14);
    auto const bytes = rp::serialize_worker_data(some_results(make, "t/", 3)).value();
    auto const complaint = [&](auto change) {
        wire_samples::folder const room;
        auto const file = room.file("a.json", bytes);
        auto const of = merged(room.path(), 0);
        REQUIRE(filed(of) > 0);
        change(file);
        std::size_t at = 0;
        while (!of.results.is_filed(at)) ++at;
        try {
            (void)of.results.load(at);
        } catch (std::runtime_error const& e) {
            CHECK(std::string(e.what()).find(file.string()) != std::string::npos);
            return std::string(e.what());
        }
        return std::string();
    };
    CHECK(complaint([](fs::path const&) {}).empty());
    CHECK(complaint([](fs::path const& file) { fs::remove(file); }).find("No such file") != std::string::npos);
    CHECK(complaint([](fs::path const& file) { fs::resize_file(file, 10); }).find("written to") != std::string::npos);
    CHECK(complaint([&](fs::path const& file) {
              fs::remove(file);
              std::ofstream(file) << bytes;
          }).find("another file") != std::string::npos);
    // As long as before and at the old time, but with other words.
    CHECK(complaint([&](fs::path const& file) {
              auto const time = fs::last_write_time(file);
              std::ofstream out(file, std::ios::in | std::ios::out);
              out << std::string(bytes.size(), ' ');
              out.close();
              fs::last_write_time(file, time);
          }).find("something else") != std::string::npos);
}

TEST_CASE("more files than may be open at once are read in any order") {
    wire_samples::generator make(15);
    wire_samples::folder const room;
    constexpr int files = 150;
    for (int i = 0; i < files; ++i) {
        room.file("f" + std::to_string(i) + ".json",
                  rp::serialize_worker_data(some_results(make, "t" + std::to_string(i % 7) + "/", 2)).value());
    }
    auto const held = told(merged(room.path(), all));
    ::rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    ::rlimit const few{100, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    auto const of = merged(room.path(), 0);
    auto const in_files = told(of);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(filed(of) > 0);
    CHECK(in_files == held);
}

TEST_CASE("what can be read once only stays in memory") {
    wire_samples::folder const room;
    REQUIRE(::mkfifo((room.path() / "pipe").c_str(), 0600) == 0);
    rp::detail::shard_files<rp::result> files;
    std::uint32_t number = 0;
    CHECK_FALSE(files.add(room.path() / "pipe", number));
    CHECK_FALSE(files.add(room.path() / "nothing", number));
    CHECK_FALSE(files.add(room.path(), number));
    CHECK(files.add(room.file("a.json", "{}"), number));
    CHECK(number == 0);
    CHECK(files.add(room.path() / "a.json", number));
    CHECK(number == 1);
}
