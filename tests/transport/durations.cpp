#include "rampart/transport/durations.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "rampart/core/test_id.hpp"
#include "rampart/json/error.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/wire.hpp"
#include "transport/samples.hpp"

namespace rp = rampart;

namespace {

/// A folder of one test's own, removed at its end.
class folder {
public:
    folder() {
        static int n = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("rampart-durations-" + std::to_string(::getpid()) + "-" + std::to_string(n++));
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    folder(folder const&) = delete;
    folder& operator=(folder const&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }

    std::filesystem::path path() const { return path_; }
    std::filesystem::path file(std::string const& name, std::string_view bytes) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

rp::session timed(std::initializer_list<std::pair<char const*, double>> tests) {
    rp::session s;
    for (auto const& [id, seconds] : tests) {
        s.absorb(rp::test_id(id), {}, {}, {.outcome = rp::test_outcome::passed, .seconds = seconds});
    }
    return s;
}
std::string report(std::string const& tests) {
    return R"({"total_runs": 0, "by_harm_category": {}, "schema": "rampart.report.v1", "tests": [)" + tests + "]}";
}
std::string test(std::string const& id, std::string const& outcome, std::string const& seconds) {
    return R"({"nodeid": ")" + id + R"(", "name": "n", "attempt": 1, "outcome": ")" + outcome + R"(", "seconds": )" +
           seconds + R"(, "results": 0})";
}
template <class Expected>
bool fails(Expected const& made, rp::shard_errc code, std::string const& words) {
    if (made) return false;
    CHECK(made.error().code == code);
    if (made.error().message().find(words) != std::string::npos) return true;
    MESSAGE("'", words, "' is missing in: ", made.error().message());
    return false;
}

}  // namespace

TEST_CASE("durations of a session: of each test that passed or failed the longest of its attempts and workers") {
    rp::session s;
    auto const add = [&s](char const* id, rp::test_outcome outcome, double seconds) {
        s.absorb(rp::test_id(id), {}, {}, {.outcome = outcome, .seconds = seconds});
    };
    add("again", rp::test_outcome::failed, 2.0);
    add("again", rp::test_outcome::passed, 3.0);
    add("again", rp::test_outcome::passed, 1.0);
    add("again", rp::test_outcome::timeout, 60.0);
    add("crashed", rp::test_outcome::crashed, 5.0);
    add("not run", rp::test_outcome::not_run, 0.0);
    add("skipped", rp::test_outcome::skipped, 0.0);
    add("unknown", rp::test_outcome::unknown, 4.0);
    add("failed", rp::test_outcome::failed, 0.5);
    add("no number", rp::test_outcome::passed, std::numeric_limits<double>::quiet_NaN());
    add("endless", rp::test_outcome::passed, std::numeric_limits<double>::infinity());
    add("before it began", rp::test_outcome::passed, -1.0);
    CHECK(rp::durations_of(s) == rp::test_durations{{rp::test_id("again"), 3.0}, {rp::test_id("failed"), 0.5}});

    rp::session hub;
    hub.merge_worker_results(timed({{"a", 1.0}, {"b", 9.0}}).to_shard("gw0"));
    hub.merge_worker_results(timed({{"a", 2.0}}).to_shard("gw1"));
    CHECK(rp::durations_of(hub) == rp::test_durations{{rp::test_id("a"), 2.0}, {rp::test_id("b"), 9.0}});
}

TEST_CASE("durations of a JSON report, as this version writes it") {
    auto const read = rp::durations_of_report(wire_samples::read_file(wire_samples::own_golden("report.json")));
    REQUIRE(read.has_value());
    CHECK_FALSE(read->empty());

    auto const own = rp::durations_of_report(
        report(test("a::b", "passed", "1.5") + "," + test("a::b", "failed", "2") + "," + test("x", "crashed", "7") + "," +
               test("null", "passed", "null") + "," + test("minus", "passed", "-3") + "," +
               test("huge", "passed", "123456789012345678901234567890")));
    REQUIRE(own.has_value());
    CHECK(*own == rp::test_durations{{rp::test_id("a::b"), 2.0}, {rp::test_id("huge"), 1.2345678901234568e29}});
}

TEST_CASE("a report that is none, or another, is an error that says where") {
    using enum rp::shard_errc;
    auto const read = [](std::string const& text) { return rp::durations_of_report(text); };
    CHECK(fails(read(""), not_json, "empty"));
    CHECK(fails(read("{\"tests\": ["), not_json, "ends"));
    CHECK(fails(read("[]"), wrong_type, "an object is expected"));
    CHECK(fails(read(R"({"total_runs": 0, "by_harm_category": {}})"), missing_schema, "no list of tests"));
    CHECK(fails(read(R"({"schema": "rampart.report.v9", "tests": []})"), unknown_schema, "'rampart.report.v9'"));
    CHECK(fails(read(R"({"schema": 1, "tests": []})"), wrong_type, "/schema"));
    CHECK(fails(read(R"({"schema": "rampart.report.v1", "tests": {}})"), wrong_type, "/tests"));
    CHECK(fails(read(report("7")), wrong_type, "/tests/0"));
    CHECK(fails(read(report("{}")), missing_field, "/tests/0"));
    CHECK(fails(read(report(R"({"nodeid": 1, "outcome": "passed", "seconds": 1})")), wrong_type, "/tests/0/nodeid"));
    CHECK(fails(read(report(test("a", "splendid", "1"))), unknown_value, "/tests/0/outcome"));
    CHECK(fails(read(report(test("a", "passed", "1") + "," + test("b", "passed", "\"2\""))), wrong_type,
                "/tests/1/seconds"));
    CHECK(fails(read(report(test("a", "passed", "1e999"))), number_overflow, "number"));
    CHECK(fails(read(std::string(100000, '[')), too_deep, "512"));
    CHECK(fails(rp::durations_of_report(report(""), {.max_bytes = 10}), too_large, "limit of 10"));
}

TEST_CASE("recorded durations come from a report, a payload, a journal, or a folder of all of them") {
    folder const dir;
    rp::test_durations const want{{rp::test_id("a"), 2.0}, {rp::test_id("b"), 0.25}};

    auto const from_report =
        rp::recorded_durations(dir.file("r.json", report(test("a", "passed", "2") + "," + test("b", "failed", "0.25"))));
    REQUIRE(from_report.has_value());
    CHECK(*from_report == want);

    auto const bytes = rp::serialize_worker_data(timed({{"a", 2.0}, {"b", 0.25}}));
    REQUIRE(bytes.has_value());
    auto const from_payload = rp::recorded_durations(dir.file("p.json", *bytes));
    REQUIRE(from_payload.has_value());
    CHECK(*from_payload == want);

    // The journal of a process that was killed: what it had finished is worth knowing.
    std::filesystem::create_directories(dir.path() / "journals");
    {
        rp::shard_plan plan{.worker = "gw0"};
        for (char const* const id : {"a", "b", "c"}) plan.tests.emplace_back(id);
        rp::journal<rp::result> book(dir.path() / "journals", plan, {}, rp::this_process());
        auto const s = timed({{"a", 2.0}, {"b", 0.25}});
        for (rp::test_entry const& t : s.tests()) {
            book.start(t.test);
            book.end(t, {});
        }
        book.start(rp::test_id("c"));
    }
    auto const from_journal = rp::recorded_durations(dir.path() / "journals");
    REQUIRE(from_journal.has_value());
    CHECK(*from_journal == want);

    auto const other = rp::serialize_worker_data(timed({{"b", 4.0}, {"c", 1.0}}));
    REQUIRE(other.has_value());
    dir.file("deep/gw1.json", *other);
    dir.file(".hidden", "no payload");
    auto const all = rp::recorded_durations(dir.path());
    REQUIRE(all.has_value());
    CHECK(*all == rp::test_durations{{rp::test_id("a"), 2.0}, {rp::test_id("b"), 4.0}, {rp::test_id("c"), 1.0}});
}

TEST_CASE("a payload that speaks of reports is a payload") {
    folder const dir;
    auto s = timed({{"a", 2.0}});
    s.set_report_metadata({{"by_harm_category", "rampart.report.v1"}});
    s.absorb(rp::test_id("b"), {},
             {{.status = rp::safety_status::safe, .meta = {{"by_harm_category", "rampart.report.v1"}}}},
             {.outcome = rp::test_outcome::passed, .seconds = 3.0});
    auto const bytes = rp::serialize_worker_data(s);
    REQUIRE(bytes.has_value());
    REQUIRE(bytes->find("\"by_harm_category\"") != std::string::npos);
    auto const read = rp::recorded_durations(dir.file("p.json", *bytes));
    REQUIRE(read.has_value());
    CHECK(*read == rp::test_durations{{rp::test_id("a"), 2.0}, {rp::test_id("b"), 3.0}});
}

TEST_CASE("a file of durations that cannot be used is an error with its name, never no durations") {
    using enum rp::shard_errc;
    folder const dir;
    auto const missing = dir.path() / "nowhere";
    CHECK(fails(rp::recorded_durations(missing), missing_output, missing.string() + " does not exist"));
    CHECK(fails(rp::recorded_durations(dir.file("e", "")), not_json, "/e: "));
    CHECK(fails(rp::recorded_durations(dir.file("t", "{\"total_runs\": 1, \"by_harm_category\"")), not_json, "/t: "));
    CHECK(fails(rp::recorded_durations(dir.file("x", "{}")), missing_schema, "/x: "));
    CHECK(fails(rp::recorded_durations(dir.file("python.json", R"({"total_runs": 0, "by_harm_category": {}})")),
                missing_schema, "python.json: this report has no list of tests"));
    CHECK(fails(rp::recorded_durations(dir.file("w", report("7"))), wrong_type, "/w: /tests/0: "));
    CHECK(fails(rp::recorded_durations(dir.file("none", report(""))), missing_field, "none holds no test"));
    CHECK(fails(rp::recorded_durations(dir.file("crash", report(test("a", "crashed", "2")))), missing_field,
                "crash holds no test that passed or failed"));
    CHECK(fails(rp::recorded_durations(dir.file("big", report(test("a", "passed", "2"))), {.max_bytes = 20}), too_large,
                "/big"));
    // One bad file of a folder is enough: on another machine it may be a good one.
    dir.file("mixed/good.json", report(test("a", "passed", "2")));
    dir.file("mixed/torn.json", report(test("a", "passed", "2")).substr(0, 50));
    CHECK(fails(rp::recorded_durations(dir.path() / "mixed"), not_json, "torn.json"));
    std::filesystem::create_directories(dir.path() / "empty");
    CHECK(fails(rp::recorded_durations(dir.path() / "empty"), missing_field, "empty holds no test"));
}

TEST_CASE("a report of the Python package, which does not list its tests, is told apart") {
    auto const text = wire_samples::shared_golden("basic.report.json", "durations of a Python report");
    if (text.empty()) return;
    folder const dir;
    CHECK(fails(rp::recorded_durations(dir.file("r.json", text)), rp::shard_errc::missing_schema, "no list of tests"));
}
