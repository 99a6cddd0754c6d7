#include "rampart/transport/merge_path.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "rampart/report/report.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/transport/wire.hpp"
#include "transport/journals.hpp"

namespace {

namespace rp = rampart;
namespace fs = std::filesystem;
using namespace wire_samples;
using rp::fault_kind;
using rp::test_id;

std::string payload_of(std::string const& test, std::string const& summary) {
    rp::session s;
    s.absorb(test_id(test), {}, {{.summary = summary}});
    return *rp::serialize_worker_data(s);
}
std::string journal_of(std::string const& worker, std::string const& test) {
    return closed(begin_line({test}, worker) + test_lines(test, {"journal"}), 1);
}
std::string stream_of(std::string const& test) {
    return plain_envelope(test, {"stream"}) + "\n" + plain_close(1) + "\n";
}
rp::session merged(fs::path const& path, rp::wire_limits limits = {}) {
    rp::session hub;
    rp::merge_path(hub, path, limits);
    return hub;
}
std::set<std::string> workers(rp::session const& s) {
    std::set<std::string> found;
    for (auto const& r : s.records()) found.insert(r.test.str() + " by " + r.worker);
    return found;
}
std::string report_of(rp::session const& s) { return rp::to_json_text(rp::build_report(s)); }

/// Writes to a pipe from another thread, as a process would that is merged while it ends.
class pipe_writer {
public:
    pipe_writer(fs::path path, std::string bytes)
        : signal_(std::signal(SIGPIPE, SIG_IGN)), thread_([path = std::move(path), bytes = std::move(bytes)] {
              std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
          }) {}
    pipe_writer(pipe_writer const&) = delete;
    pipe_writer& operator=(pipe_writer const&) = delete;
    ~pipe_writer() {
        thread_.join();
        std::signal(SIGPIPE, signal_);
    }

private:
    void (*signal_)(int);  // of a reader that leaves early
    std::thread thread_;
};

}  // namespace

TEST_CASE(
    "a file is a payload, a stream or a journal, and its worker is what it says itself, else the file's stem [B14]") {
    folder const dir;
    CHECK(workers(merged(dir.file("gw7.payload.json", payload_of("t", "x")))) ==
          std::set<std::string>{"t by gw7.payload"});
    CHECK(workers(merged(dir.file("gw8.jsonl", stream_of("t")))) == std::set<std::string>{"t by gw8"});
    CHECK(workers(merged(dir.file("shard.jsonl", journal_of("gw3", "t")))) == std::set<std::string>{"t by gw3"});
    CHECK(workers(merged(dir.file("nameless.jsonl", journal_of("", "t")))) == std::set<std::string>{"t by nameless"});

    rp::session s;
    s.absorb(test_id("t"), {}, {{.summary = "x"}});
    s.set_plan({.run = "r", .worker = "gw5", .tests = {test_id("t")}});
    CHECK(workers(merged(dir.file("x.json", *rp::serialize_worker_data(s)))) == std::set<std::string>{"t by gw5"});
    CHECK(workers(merged(dir.file("y.json", rp::serialize_stream(s)))) == std::set<std::string>{"t by gw5"});
}

TEST_CASE("a payload of a session that gathered workers keeps their names [B14]") {
    folder const dir;
    rp::session hub;
    REQUIRE(rp::merge(hub, "gw0", payload_of("t", "x")));
    REQUIRE(rp::merge(hub, "gw1", payload_of("t", "y")));
    auto const file = dir.file("hub.json", *rp::serialize_worker_data(hub));
    CHECK(workers(merged(file)) == std::set<std::string>{"t by gw0", "t by gw1"});
    CHECK(report_of(merged(file)) == report_of(hub));
}

TEST_CASE("a folder is all its files and those of the folders in it; hidden ones are passed over [B14]") {
    folder const dir;
    dir.file("b/c/deep.json", payload_of("deep", "x"));
    dir.file("a.json", payload_of("a", "x"));
    dir.file("b/j.jsonl", journal_of("gw3", "j"));
    dir.file(".hidden.json", payload_of("hidden", "x"));
    dir.file(".git/x.json", payload_of("hidden too", "x"));
    dir.file("b/.cache/y.json", "no JSON");
    auto const hub = merged(dir.path());
    CHECK(workers(hub) == std::set<std::string>{"a by a", "deep by b/c/deep", "j by gw3"});
    CHECK(reasons(hub) == "");
    // In order of their names, so that two merges of one folder are alike in everything.
    CHECK(hub.records().at(0).test == test_id("a"));
    CHECK(hub.records().at(1).test == test_id("deep"));
}

TEST_CASE("two files of one name in two folders are two workers: equal results of both stay [B14]") {
    folder const dir;
    dir.file("monday/gw0.json", payload_of("t", "x"));
    dir.file("tuesday/gw0.json", payload_of("t", "x"));
    auto const hub = merged(dir.path());
    CHECK(hub.records().size() == 2);
    CHECK(workers(hub) == std::set<std::string>{"t by monday/gw0", "t by tuesday/gw0"});
}

TEST_CASE("a folder that is merged twice, or one file of it again, changes nothing [C]") {
    folder const dir;
    dir.file("a.json", payload_of("a", "x"));
    dir.file("j.jsonl", begin_line({"j", "k"}, "gw3") + test_lines("j", {"x"}) + start_line("k"));
    dir.file("broken.json", "no JSON");
    auto hub = merged(dir.path());
    auto const once = report_of(hub);
    auto const why = reasons(hub);
    rp::merge_path(hub, dir.path());
    rp::merge_path(hub, dir.path() / "j.jsonl");
    rp::merge_path(hub, dir.path() / "broken.json");
    CHECK(report_of(hub) == once);
    CHECK(reasons(hub) == why);
    CHECK(hub.faults().size() == 1);
}

TEST_CASE("a file or folder that is missing, and a folder that is empty, is a fault that names it [B81]") {
    folder const dir;
    for (std::string const name : {"gone.json", "gone/", "gone/x.json"}) {
        auto const hub = merged(dir.path() / name);
        REQUIRE(hub.faults().size() == 1);
        CHECK(hub.faults()[0].kind == fault_kind::missing_worker);
        CHECK(hub.faults()[0].what == (dir.path() / name).string() + " cannot be read");
    }
    CHECK(merged("").is_incomplete());
    fs::create_directories(dir.path() / "empty/.hidden/x");
    auto const empty = merged(dir.path() / "empty");
    REQUIRE(empty.faults().size() == 1);
    CHECK(empty.faults()[0].kind == fault_kind::missing_worker);
    CHECK(empty.faults()[0].where == (dir.path() / "empty").string());
    CHECK(empty.faults()[0].what == "the folder holds no payload and no journal");
}

TEST_CASE("a folder where a file is meant is an error, not an empty file [B81]") {
    folder const dir;
    rp::session hub;
    auto const made = rp::merge_file(hub, dir.path());
    REQUIRE(made.has_error());
    CHECK(made.error().code == rp::shard_errc::missing_output);
    CHECK(hub.faults().size() == 1);
}

TEST_CASE("what cannot be read is a fault that names the file, and the others are merged [B81, B2]") {
    folder const dir;
    dir.file("a.json", payload_of("a", "x"));
    dir.file("b.json", "Traceback\n");
    dir.file("c.json", "");
    dir.file("d.json", rp::truncation_marker(5000, 100));
    dir.file("e.json", R"({"schema": "rampart.xdist.v9"})");
    fs::create_symlink(dir.path() / "nowhere", dir.path() / "f.json");
    auto const hub = merged(dir.path());
    CHECK(hub.records().size() == 1);
    REQUIRE(hub.faults().size() == 5);
    fault_kind const wanted[] = {fault_kind::bad_document, fault_kind::bad_document, fault_kind::truncated,
                                 fault_kind::unknown_schema, fault_kind::missing_worker};
    for (std::size_t i = 0; i < 5; ++i) {
        std::string const stem(1, static_cast<char>('b' + i));
        CHECK(hub.faults()[i].kind == wanted[i]);
        CHECK(hub.faults()[i].where == "worker " + stem);
        CHECK(hub.faults()[i].what.starts_with((dir.path() / (stem + ".json")).string()));
    }
    if (::geteuid() == 0) {
        std::cout << "SKIPPED: a file and a folder without permission to read: root may read everything\n";
        return;
    }
    folder const closed_dir;
    fs::permissions(closed_dir.file("x.json", payload_of("a", "x")), fs::perms::none);
    CHECK(kinds(merged(closed_dir.path())) == std::set{fault_kind::missing_worker});
    fs::permissions(closed_dir.path(), fs::perms::none);
    CHECK(kinds(merged(closed_dir.path())) == std::set{fault_kind::missing_worker});
    fs::permissions(closed_dir.path(), fs::perms::owner_all);
}

TEST_CASE("the faults of a good document name worker, file, and place [B2, C]") {
    folder const dir;
    std::string bad = payload_of("t", "x");
    bad.replace(bad.find("\"undetermined\""), 14, "\"well\"");
    auto const payload = dir.file("gw0.json", bad);
    CHECK(reasons(merged(payload)) == "worker gw0, " + payload.string() +
                                          ", /results_by_nodeid/t/0/status: 'well' is the name of no safety status\n");
    auto const stream = dir.file("gw1.jsonl", stream_of("t") + "no JSON\n");
    CHECK(reasons(merged(stream)).starts_with("worker gw1, " + stream.string() + ", line 3"));
    auto const journal = dir.file("j.jsonl", begin_line({"t", "u"}, "gw2") + start_line("t"));
    std::string const place = "worker gw2, " + journal.string() + ": ";
    auto const why = reasons(merged(journal));
    CHECK(why.find(place + "test t was running when its process ended") != std::string::npos);
    CHECK(why.find(place + "its process ended before it had said that it was done") != std::string::npos);
    CHECK(why.find(place + "test u was planned and nothing is known of it") != std::string::npos);
}

TEST_CASE("a pipe is read to its end when it is named, and passed over with a fault where it lies in a folder [B81]") {
    folder const dir;
    auto const pipe = dir.path() / "gw4.json";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    dir.file("a.json", payload_of("a", "x"));
    auto const hub = merged(dir.path());  // nobody writes: a reader would wait for ever
    CHECK(workers(hub) == std::set<std::string>{"a by a"});
    REQUIRE(hub.faults().size() == 1);
    CHECK(hub.faults()[0].kind == fault_kind::missing_worker);
    CHECK(hub.faults()[0].what == pipe.string() + " is no regular file and was passed over");

    std::string const long_text(300000, 'x');
    rp::session named;
    {
        pipe_writer const writer(pipe, payload_of("t", long_text));
        rp::merge_path(named, pipe);
    }
    CHECK(workers(named) == std::set<std::string>{"t by gw4"});
    CHECK(named.records().at(0).value.summary == long_text);
}

TEST_CASE("a link to a file is that file; one to a folder is not followed, and said to be there [B81]") {
    folder const dir;
    folder const other;
    fs::create_symlink(other.file("real.json", payload_of("t", "x")), dir.path() / "link.json");
    CHECK(workers(merged(dir.path())) == std::set<std::string>{"t by link"});
    CHECK_FALSE(merged(dir.path()).is_incomplete());
    fs::create_directory_symlink(dir.path(), dir.path() / "loop");
    auto const hub = merged(dir.path());
    CHECK(hub.records().size() == 1);
    CHECK(kinds(hub) == std::set{fault_kind::missing_worker});
    CHECK(reasons(hub).find((dir.path() / "loop").string()) != std::string::npos);
    // Named itself it is a folder.
    fs::create_directory_symlink(other.path(), dir.path() / "named");
    CHECK(workers(merged(dir.path() / "named")) == std::set<std::string>{"t by real"});
}

TEST_CASE("a journal and a stream of lines over the limit of bytes are read line by line, a payload is not [B4]") {
    folder const dir;
    rp::wire_limits const small{.max_bytes = 600};
    std::vector<std::string> ids;
    std::string lines;
    for (int i = 0; i < 50; ++i) {
        ids.push_back("t" + std::to_string(i));
        lines += plain_envelope(ids.back(), {"x"}) + "\n";
    }
    std::string journal = begin_line(ids, "gw0");
    for (auto const& id : ids) journal += test_lines(id, {"x"});
    auto const j = dir.file("j.jsonl", closed(journal, ids.size()));
    auto const from_journal = merged(j, small);
    CHECK(reasons(from_journal) == "");
    CHECK(report_of(from_journal) == report_of(merged(j)));
    auto const s = dir.file("s.jsonl", lines + plain_close(50));
    CHECK(reasons(merged(s, small)) == "");
    CHECK(report_of(merged(s, small)) == report_of(merged(s)));

    auto const p = dir.file("p.json", payload_of("t", std::string(1000, 'x')));
    auto const over = merged(p, small);
    CHECK(kinds(over) == std::set{fault_kind::over_limit});
    CHECK(reasons(over).starts_with("worker p: " + p.string() + ": it is over the limit of 600 bytes"));
    CHECK(reasons(merged(p, {.max_bytes = fs::file_size(p)})) == "");
    CHECK(kinds(merged(p, {.max_bytes = fs::file_size(p) - 1})) == std::set{fault_kind::over_limit});

    // A pipe cannot be read from its start again.
    auto const pipe = dir.path() / "pipe.jsonl";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    rp::session hub;
    {
        pipe_writer const writer(pipe, closed(journal, ids.size()));
        rp::merge_path(hub, pipe, small);
    }
    CHECK(hub.is_incomplete());
    CHECK(hub.records().empty());
}

namespace {

/// The journal of a part: its tests ran, and it came to a clean end.
std::string part(std::string const& worker, std::string const& shard, std::vector<std::string> const& tests,
                 std::string const& run = "r") {
    std::string text = begin_line(tests, worker, shard);
    if (run != "r") {
        std::string object = text.substr(0, text.size() - 1 - rp::detail::seal_bytes) + "}";
        object.replace(object.find("\"run\": \"r\""), 10, "\"run\": \"" + run + "\"");
        text = rp::detail::seal(object);
    }
    for (auto const& id : tests) text += test_lines(id, {"x"});
    return closed(text, tests.size());
}
std::string shard(unsigned index, unsigned count, std::vector<std::string_view> const& list) {
    return R"("shard": {"index": )" + std::to_string(index) + R"(, "count": )" + std::to_string(count) +
           R"(}, "list_hash": ")" + rp::list_hash(list) + "\"";
}

}  // namespace

TEST_CASE("parts that are all there are complete; each way that they can disagree has its kind, and names worker and "
          "file [C]") {
    folder const dir;
    std::vector<std::string_view> const list{"t::a", "t::b", "t::c"};
    auto const one = dir.file("one.jsonl", part("gw0", shard(0, 2, list), {"t::a", "t::c"}));
    auto const names = [](rp::session const& s, std::string const& worker, fs::path const& file) {
        auto const why = reasons(s);
        CAPTURE(why);
        CHECK(why.find("worker " + worker) != std::string::npos);
        CHECK(why.find(file.string()) != std::string::npos);
    };
    SUBCASE("nothing is wrong") {
        dir.file("two.jsonl", part("gw1", shard(1, 2, list), {"t::b"}));
        CHECK(reasons(merged(dir.path())) == "");
        CHECK(merged(dir.path()).records().size() == 3);
    }
    SUBCASE("a part is missing") {
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::missing_shard});
        CHECK(reasons(hub).find("part 2 of 2 never came") != std::string::npos);
        CHECK(reasons(hub).find(one.string()) != std::string::npos);
    }
    SUBCASE("another list") {
        auto const two = dir.file("two.jsonl", part("gw1", shard(1, 2, {"t::a", "t::b"}), {"t::b"}));
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::other_list});
        names(hub, "gw1", two);
    }
    SUBCASE("another run") {
        auto const two = dir.file("two.jsonl", part("gw1", shard(1, 2, list), {"t::b"}, "yesterday"));
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::other_run, fault_kind::missing_shard});
        names(hub, "gw1", two);
    }
    SUBCASE("a second output of one part") {
        dir.file("two.jsonl", part("gw1", shard(1, 2, list), {"t::b"}));
        std::string text = part("gw1", shard(1, 2, list), {"t::b"});
        std::string begin = text.substr(0, text.find('\n') - rp::detail::seal_bytes) + "}";
        begin.replace(begin.find("\"pid\": 7"), 8, "\"pid\": 8");
        auto const three = dir.file("three.jsonl", rp::detail::seal(begin) + text.substr(text.find('\n') + 1));
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::second_output});
        names(hub, "gw1", three);
    }
    SUBCASE("other content at one place") {
        auto const two = dir.file("two.jsonl", part("gw1", shard(1, 2, list), {"t::b"}));
        std::string text = part("gw1", shard(1, 2, list), {});
        text = text.substr(0, text.find('\n') + 1);
        text = begin_line({"t::b"}, "gw1", shard(1, 2, list)) + test_lines("t::b", {"another"});
        dir.file("three.jsonl", closed(text, 1));
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::duplicate_record});
        CHECK(reasons(hub) == "worker gw1, t::b: attempt 1, result 0 stands more than once, and differs\n");
        CHECK(hub.records().size() == 4);
    }
    SUBCASE("a part that holds a test of another") {
        auto const two = dir.file("two.jsonl", part("gw1", shard(1, 2, list), {"t::b", "t::c"}));
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::other_list});
        CHECK(reasons(hub).find("t::c") != std::string::npos);
        names(hub, "gw1", two);
    }
    SUBCASE("a test between the parts") {
        dir.file("two.jsonl", part("gw1", shard(1, 2, list), {}));
        auto const hub = merged(dir.path());
        CHECK(kinds(hub) == std::set{fault_kind::other_list});
        CHECK(reasons(hub).find("the parts together are not the list they were cut from") != std::string::npos);
    }
}
