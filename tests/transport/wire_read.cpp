#include "rampart/transport/wire_read.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/transport/wire.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::shard_errc;
using rp::test_id;

rp::shard read(std::string_view text) {
    auto made = rp::deserialize_worker_data(text);
    CAPTURE(std::string(text.substr(0, 300)));
    REQUIRE(made.has_value());
    return *made;
}
rp::shard_error refused(std::string_view text, rp::wire_limits limits = {}) {
    auto made = rp::deserialize_worker_data(text, limits);
    CAPTURE(std::string(text.substr(0, 300)));
    REQUIRE(made.has_error());
    return made.error();
}
std::string payload(std::string_view results, std::string_view more = {}) {
    return R"({"schema": "rampart.xdist.v1", "results_by_nodeid": )" + std::string(results) + std::string(more) + "}";
}
std::string record(std::string_view more = {}) {
    return R"({"status": "safe", "observability_level": "tool_only")" + std::string(more) + "}";
}

}  // namespace

TEST_CASE("what is no payload is told apart: shape, schema, marker [B70, A.1.7]") {
    CHECK(refused("7").code == shard_errc::wrong_shape);
    CHECK(refused("[]").message() == "a payload is an object, not an array");
    CHECK(refused("123456789012345678901234567890").code == shard_errc::wrong_shape);
    CHECK(refused("{}").code == shard_errc::missing_schema);
    CHECK(refused(R"({"schema": null})").code == shard_errc::missing_schema);
    CHECK(refused(R"({"schema": "rampart.xdist.v99"})").message() ==
          "/schema: the schema \"rampart.xdist.v99\" does not match \"rampart.xdist.v1\"");
    for (std::string const other : {"1", "true", "[\"rampart.xdist.v1\"]", "{}", "\"Rampart.xdist.v1\"", "\"\""}) {
        CHECK(refused(R"({"schema": )" + other + "}").code == shard_errc::unknown_schema);
    }
    CHECK(refused(R"({"schema": ")" + std::string(5000, 'x') + "\"}").message().size() < 300);
    for (std::string const other : {"[]", "null", "7", "\"x\""}) {
        CHECK(refused(payload(other)).code == shard_errc::wrong_shape);
    }
    CHECK(refused("not json").code == shard_errc::not_json);
    CHECK(refused("").code == shard_errc::not_json);
    CHECK(refused(payload("{}"), {.max_bytes = 10}).code == shard_errc::too_large);
    CHECK(refused(payload("{}"), {.max_depth = 1}).code == shard_errc::too_deep);
}

TEST_CASE("the truncation marker is looked for before the schema, any true value counts [A.1.6]") {
    CHECK(refused(R"({"rampart_truncated": true, "size_bytes": 5460, "limit_bytes": 100})").message() ==
          "the payload was truncated by its writer: it had 5460 bytes, over the limit of 100");
    for (std::string const yes : {"true", "1", "-0.5", "\"x\"", "[0]", "{\"a\": 0}", "18446744073709551615"}) {
        CHECK(refused(R"({"rampart_truncated": )" + yes + "}").code == shard_errc::truncated);
    }
    for (std::string const no : {"false", "0", "0.0", "\"\"", "[]", "{}", "null"}) {
        CHECK(refused(R"({"rampart_truncated": )" + no + "}").code == shard_errc::missing_schema);
    }
}

TEST_CASE("what a payload is without is empty [A.1.7]") {
    auto const s = read(R"({"schema": "rampart.xdist.v1", "later": 1})");
    CHECK(s.records.empty());
    CHECK(s.tests.empty());
    CHECK(s.faults.empty());
    CHECK(s.worker.empty());
}

TEST_CASE("a record takes its test from the key and its index from its place [B43, A.1.2]") {
    auto const s = read(payload(
        R"({"a::b": [)" +
        record(
            R"(, "metadata": {"x": 1, "_pytest_test_name": "own name", "_pytest_nodeid": "forged", "_rampart_result_index": 9, )"
            R"("_rampart_source_worker": "gw7"})") +
        ", " + record() + R"(], "": [)" + record() + R"(], "c::d": []})"));
    REQUIRE(s.records.size() == 3);
    CHECK(s.records[0].test == test_id("a::b"));
    CHECK(s.records[0].test_name == "own name");
    CHECK(s.records[0].index == 0);
    CHECK(s.records[0].worker == "gw7");
    CHECK(s.records[0].value.meta == rp::metadata{{"x", 1}});
    CHECK(s.records[1].index == 1);
    CHECK(s.records[1].test_name == "b");
    CHECK(s.records[2].test.empty());
    CHECK(s.faults.empty());
}

TEST_CASE("tests that only their results tell of are accounted for, also without one [B29]") {
    auto const s = read(payload(R"({"a::b": [)" + record() + "," + record() + R"(], "c::d": []})"));
    REQUIRE(s.tests.size() == 2);
    CHECK(s.tests[0] == rp::test_entry{test_id("a::b"), 1, {}, 2, {.name = "b"}});
    CHECK(s.tests[1] == rp::test_entry{test_id("c::d"), 1, {}, 0, {.name = "d"}});
}

TEST_CASE("one bad record becomes a fault and an ERROR in its place, its siblings stay [B2]") {
    auto const s = read(payload(R"({"t/a": [)" + record(R"(, "summary": "first")") + R"(, {"status": "well"}, 7, )" +
                                record(R"(, "turns": [{"request": {}, "response": {"tool_calls": [{"name": 1}]}}])") +
                                ", " + record(R"(, "summary": "last")") + "]}"));
    REQUIRE(s.records.size() == 5);
    CHECK(s.records[0].value.summary == "first");
    CHECK(s.records[4].value.summary == "last");
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(s.records[i].index == i);
        CHECK(s.records[i].value.status == rp::safety_status::error);
        CHECK(s.records[i].value.strategy == "xdist-transport");
        CHECK(s.records[i].value.summary.starts_with("this record could not be read: /results_by_nodeid/t~1a/"));
    }
    REQUIRE(s.faults.size() == 3);
    for (auto const& f : s.faults) CHECK(f.kind == fault_kind::bad_record);
    CHECK(s.faults[0].where == "/results_by_nodeid/t~1a/1/status");
    CHECK(s.faults[1].where == "/results_by_nodeid/t~1a/2");
    CHECK(s.faults[2].where == "/results_by_nodeid/t~1a/3/turns/0/response/tool_calls/0/name");
    CHECK(s.faults[2].what == "a text is expected here, not an integer");
    CHECK(s.tests[0].results == 5);
}

TEST_CASE("a test whose results are no list is a bad record, not silence [B2]") {
    for (std::string const other : {"null", "{}", "7", "\"x\""}) {
        auto const s = read(payload(R"({"a": )" + other + R"(, "b": []})"));
        REQUIRE(s.records.size() == 1);
        CHECK(s.records[0].value.status == rp::safety_status::error);
        REQUIRE(s.faults.size() == 1);
        CHECK(s.faults[0].where == "/results_by_nodeid/a");
        CHECK(s.tests.size() == 2);
    }
}

TEST_CASE("a document of nothing but bad records stays small, and says how many there are [B4]") {
    std::string many = "[0";
    for (int i = 1; i < 5000; ++i) many += ",0";
    auto const s = read(payload(R"({"a": )" + many + "]}"));
    CHECK(s.records.size() == 1000);
    REQUIRE(s.faults.size() == 1001);
    CHECK(s.faults.back().what == "4000 more parts of this document could not be read");
    CHECK(s.tests[0].results == 5000);
}

TEST_CASE("a numeral of 400 digits is bad where a double is meant, and kept where metadata is [B4, A.1.7]") {
    std::string const digits(400, '9');
    auto const s = read(payload(R"({"a": [)" + record(R"(, "duration_seconds": )" + digits) + ", " +
                                record(R"(, "metadata": {"big": )" + digits + "}") + "]}"));
    REQUIRE(s.faults.size() == 1);
    CHECK(s.faults[0].where == "/results_by_nodeid/a/0/duration_seconds");
    CHECK(s.records[1].value.meta == rp::metadata{{"big", rp::big_integer{digits}}});
}

TEST_CASE("trial specs are read one by one; a bad one leaves a fault [B63, B73]") {
    auto const s = read(payload(
        "{}",
        R"(, "trial_specs": [{"clone_nodeid": "c0", "base_nodeid": "b", "threshold": 0.5}, 7, {"clone_nodeid": ""}, )"
        R"({"clone_nodeid": "c1", "base_nodeid": 1}, {"clone_nodeid": "c2", "base_nodeid": "b"}, )"
        R"({"clone_nodeid": "c3", "base_nodeid": "b", "threshold": null}, {"clone_nodeid": "c4", "base_nodeid": "b", "threshold": 1)" +
            std::string(400, '0') + "}]"));
    REQUIRE(s.trial_specs.size() == 3);
    CHECK(s.trial_specs[0] == rp::trial_spec{test_id("c0"), test_id("b"), 0.5});
    CHECK(s.trial_specs[1].threshold == 0.0);
    CHECK(s.trial_specs[2].threshold == 0.0);
    REQUIRE(s.faults.size() == 4);
    CHECK(s.faults[0].where == "/trial_specs/1");
    CHECK(s.faults[3].where == "/trial_specs/6/threshold");
    CHECK(read(payload("{}", R"(, "trial_specs": {})")).faults.size() == 1);
    CHECK(read(payload("{}", R"(, "trial_specs": [])")).faults.empty());
}

TEST_CASE("tests, attempts and faults come back from their additive keys [B13]") {
    auto const s = read(payload(
        R"({"a": [)" + record() + ", " + record(R"(, "rampart_attempt": 2, "rampart_index": 0)") + R"(], "b": []})",
        R"(, "rampart_tests": [{"nodeid": "a", "name": "the name", "attempt": 1, "outcome": "failed", "seconds": 0.5, "file": "a.cpp", )"
        R"("line": 7, "results": 1}, {"nodeid": "a", "attempt": 2, "results": 1}, {"nodeid": "c", "outcome": "skipped"}], )"
        R"("rampart_faults": [{"kind": "late_result", "where": "a.cpp:9", "what": "late"}, {"kind": "of a later version", "what": "x"}])"));
    CHECK(s.records[1].attempt == 2);
    CHECK(s.records[1].index == 0);
    REQUIRE(s.tests.size() == 4);
    CHECK(s.tests[0] ==
          rp::test_entry{test_id("a"), 1, {}, 1, {"the name", rp::test_outcome::failed, 0.5, "a.cpp", 7}});
    CHECK(s.tests[1] == rp::test_entry{test_id("a"), 2, {}, 1, {.name = "a"}});
    CHECK(s.tests[2] == rp::test_entry{test_id("c"), 1, {}, 0, {.name = "c", .outcome = rp::test_outcome::skipped}});
    CHECK(s.tests[3] == rp::test_entry{test_id("b"), 1, {}, 0, {.name = "b"}});
    REQUIRE(s.faults.size() == 2);
    CHECK(s.faults[0] == rp::fault{fault_kind::late_result, "a.cpp:9", "late"});
    CHECK(s.faults[1] == rp::fault{fault_kind::incomplete, "", "(of a later version) x"});
}

TEST_CASE("a bad additive key is a fault, never a reason to lose the rest [B2]") {
    auto const s = read(payload(
        R"({"a": [)" + record(R"(, "rampart_attempt": 0)") + ", " + record(R"(, "rampart_index": -1)") + ", " +
            record() + "]}",
        R"(, "rampart_tests": [{"nodeid": 1}, {"nodeid": "a", "outcome": "exploded"}, {"nodeid": "a", "line": -1}, 7], )"
        R"("rampart_faults": [{"kind": 1}, []])"));
    CHECK(s.records.size() == 3);
    CHECK(s.faults.size() == 8);
    REQUIRE(s.tests.size() == 1);
    CHECK(s.tests[0].results == 3);
    CHECK(read(payload("{}", R"(, "rampart_tests": 7, "rampart_faults": {})")).faults.size() == 2);
}

TEST_CASE("a test that recorded more than is here has lost something [B2]") {
    auto const s =
        read(payload(R"({"a": [)" + record() + "]}",
                     R"(, "rampart_tests": [{"nodeid": "a", "results": 3}, {"nodeid": "gone", "results": 1}])"));
    REQUIRE(s.faults.size() == 2);
    CHECK(s.faults[0].what == "'a' recorded 3 results, but 1 are here");
    CHECK(s.faults[1].what == "'gone' recorded 1 results, but 0 are here");
}

TEST_CASE("a test that stands twice in the document keeps the results of both [B4]") {
    auto const s = read(
        payload(R"({"a": [)" + record(R"(, "summary": "1")") + R"(], "a": [)" + record(R"(, "summary": "2")") + "]}"));
    REQUIRE(s.records.size() == 2);
    CHECK(s.records[1].value.summary == "2");
    CHECK(s.records[1].index == 1);
    REQUIRE(s.faults.size() == 1);
    CHECK(s.faults[0].kind == fault_kind::duplicate_key);
}

TEST_CASE("a result that Python's newer writer truncated is an ERROR and a fault, its siblings stay [B6, A.3]") {
    auto const golden =
        wire_samples::shared_golden("newer_stream.json", "a result that Python's newer writer truncated");
    if (golden.empty()) return;
    auto const document = rp::read_json(golden);
    REQUIRE(document.has_value());
    auto const& envelope = document->root().at("oversized at 4096");
    std::string results;
    rp::json_writer(results).value(envelope.at("results"));
    auto const s = read(payload(R"({"t.py::test_x": )" + results + "}"));
    CHECK(s.records.size() == envelope.at("results").as_array().size());
    CHECK(s.records[0].value.summary == "small 0");
    CHECK(s.records[1].value.status == rp::safety_status::error);
    REQUIRE(s.faults.size() == 1);
    CHECK(s.faults[0].kind == fault_kind::truncated);
    CHECK(s.faults[0].where == "t.py::test_x");
}

TEST_CASE("on its own, reading strips every text, keys and names too [B7, B71, A.1.8]") {
    auto const golden = wire_samples::shared_golden("ansi.payload.json", "on its own, reading strips every text");
    if (golden.empty()) return;
    auto const s = read(golden);
    REQUIRE(s.records.size() == 1);
    auto record = s.records[0];
    CHECK(record.test == test_id("t/test_a.py::test_ansi[RED]"));
    CHECK(record.test_name == "test_ansi[RED]");
    CHECK(record.harm_category == "harm RED");
    CHECK(record.value.strategy == "str RED");
    CHECK(record.value.summary == "sum RED");
    CHECK(
        record.value.meta ==
        rp::metadata{{"key RED", "val RED"},
                     {"list", rp::metadata::array{"in list RED", rp::metadata{{"nested key RED", "nested val RED"}}}}});
    auto const& turn = record.value.evidence.turns.at(0);
    CHECK(turn.response.text == "text RED   c1  tab\t nl\n cr\r end");
    CHECK(turn.response.tool_calls.at(0).name == "tool RED");
    int controls = 0;
    rp::result_traits<rp::result>::for_each_text(record.value, [&](std::string& text) {
        for (char const c : text) controls += c == '\x1b' || c == '\x7f' ? 1 : 0;
    });
    CHECK(controls == 0);
    CHECK(s.tests.at(0).test == record.test);
}
