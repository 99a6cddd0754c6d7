#include "rampart/transport/record_read.hpp"

#include <cstddef>
#include <string>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"
#include "rampart/transport/record_write.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::test_id;
using rp::detail::field_reader;
using rp::detail::record_reader;

/// A document with its tree.
class tree {
public:
    explicit tree(std::string_view text) : document_(rp::read_json(text)) { REQUIRE(document_.has_value()); }
    boost::json::value const& root() const { return document_->root(); }
    boost::json::object const& object() const { return document_->root().as_object(); }

private:
    rp::expected<rp::json_document> document_;
};
std::string record(std::string_view more = {}) {
    return R"({"status": "safe", "observability_level": "tool_only")" + std::string(more) + "}";
}
/// What the results of test `t` become.
rp::shard read(std::string const& list, rp::wire_limits limits = {}, std::uint32_t first = 0,
               std::string const& source = {}) {
    rp::shard s;
    record_reader<rp::result> reader(s, limits, source);
    reader.read_results("f::t", tree(list).root(), "/results", first);
    reader.finish();
    return s;
}

}  // namespace

TEST_CASE("results are numbered from the first one's index, unless they say their own [A.3, B13]") {
    auto const s =
        read("[" + record() + ", " + record(R"(, "rampart_index": 7, "rampart_attempt": 2)") + ", " + record() + "]",
             {}, 10);
    REQUIRE(s.records.size() == 3);
    CHECK(s.records[0].index == 10);
    CHECK(s.records[1].index == 7);
    CHECK(s.records[1].attempt == 2);
    CHECK(s.records[2].index == 12);
    CHECK(s.records[2].test == test_id("f::t"));
    CHECK(s.records[2].test_name == "t");
    CHECK(s.faults.empty());
}

TEST_CASE("a fault says its file, line and pointer, as far as there are any [B2]") {
    CHECK(read("[7]").faults.at(0).where == "/results/0");
    CHECK(read("[7]", {}, 0, "gw0.json").faults.at(0).where == "gw0.json, /results/0");
    rp::shard s;
    record_reader<rp::result> reader(s, {}, "j.jsonl");
    CHECK(reader.where() == "j.jsonl");
    CHECK(reader.source() == "j.jsonl");
    reader.at_line(12);
    CHECK(reader.where() == "j.jsonl, line 12");
    CHECK(reader.where("/results/0") == "j.jsonl, line 12, /results/0");
    reader.at_end();
    CHECK(reader.where("/x") == "j.jsonl, /x");
    CHECK(reader.bad(fault_kind::bad_document, std::string(5000, '/'), "long"));
    CHECK(s.faults.at(0).where.size() < 500);
}

TEST_CASE(
    "an ERROR stands where a bad record stood: at its attempt, index and worker as far as they can be read [B2]") {
    auto const s = read(
        R"([{"status": "well", "rampart_attempt": 2, "rampart_index": 5, "metadata": {"_rampart_source_worker": "gw4"}}, )"
        R"({"status": "well", "rampart_attempt": "2"}, {"status": "well", "metadata": 7}])");
    REQUIRE(s.records.size() == 3);
    CHECK(s.records[0].attempt == 2);
    CHECK(s.records[0].index == 5);
    CHECK(s.records[0].worker == "gw4");
    CHECK(s.records[1].attempt == 1);
    CHECK(s.records[1].index == 1);
    CHECK(s.records[2].worker.empty());
    for (auto const& r : s.records) {
        CHECK(r.value.status == rp::safety_status::error);
        CHECK(r.value.strategy == "xdist-transport");
    }
    CHECK(s.faults.size() == 3);
}

TEST_CASE("more records than the limit are counted, and one fault says so; each line has the limit anew [B4]") {
    std::string const five = "[" + record() + "," + record() + "," + record() + "," + record() + "," + record() + "]";
    rp::shard s;
    record_reader<rp::result> reader(s, {.max_records = 3}, {});
    reader.at_line(1);
    reader.read_results("t", tree(five).root(), "/results");
    CHECK(s.records.size() == 3);
    REQUIRE(s.faults.size() == 1);
    CHECK(s.faults[0].kind == fault_kind::over_limit);
    CHECK(s.faults[0].where == "line 1, /results/3");
    REQUIRE(reader.found().size() == 1);
    CHECK(reader.found()[0].first == record_reader<rp::result>::place{"t", 1, {}});
    CHECK(reader.found()[0].second == 5);
    reader.at_line(2);
    reader.read_results("u", tree("[" + record() + "]").root(), "/results");
    CHECK(s.records.size() == 4);
    CHECK(s.faults.size() == 1);
}

TEST_CASE("a thousand bad parts are named, and the rest is counted [B4]") {
    std::string many = "[0";
    for (int i = 1; i < 1500; ++i) many += ",0";
    auto const s = read(many + "]", {}, 0, "x.json");
    CHECK(s.records.size() == 1000);
    REQUIRE(s.faults.size() == 1001);
    CHECK(s.faults.back() ==
          rp::fault{fault_kind::bad_record, "x.json", "500 more parts of this document could not be read"});
}

TEST_CASE("a result that its writer truncated is one fault a test, unless the writer said so itself [A.3, B6]") {
    std::string const mark =
        R"({"rampart_truncated": true, "status": "error", "observability_level": "response_only"})";
    auto const silent = read("[" + mark + ", " + mark + "]", {}, 0, "gw0.json");
    CHECK(silent.records.size() == 2);
    REQUIRE(silent.faults.size() == 1);
    CHECK(silent.faults[0] ==
          rp::fault{fault_kind::truncated, "gw0.json, f::t", "result 0 was truncated by its writer"});

    rp::shard s;
    record_reader<rp::result> reader(s, {}, {});
    reader.read_results("f::t", tree("[" + mark + "]").root(), "/results");
    field_reader fields;
    tree const told(R"({"kind": "truncated", "where": "f::t", "what": "its writer's words"})");
    CHECK(reader.take_fault(fields, told.root()));
    reader.finish();
    REQUIRE(s.faults.size() == 1);
    CHECK(s.faults[0].what == "its writer's words");
    // Any other value is no mark.
    CHECK(read("[" + record(R"(, "rampart_truncated": 1)") + "]").faults.empty());
}

TEST_CASE("a list of a payload is read element by element up to the limit; what is no list is a fault [B2, B4]") {
    rp::shard s;
    record_reader<rp::result> reader(s, {.max_records = 2}, {});
    std::vector<std::string> seen;
    auto const take = [&](field_reader& fields, boost::json::value const& v) {
        std::string text;
        if (!fields.text(v, text)) return false;
        seen.push_back(text);
        return true;
    };
    tree const document(R"({"list": [7, "a", "b"], "none": 7})");
    reader.each_of(document.object(), "list", take);
    reader.each_of(document.object(), "none", take);
    reader.each_of(document.object(), "absent", take);
    CHECK(seen == std::vector<std::string>{"a"});
    REQUIRE(s.faults.size() == 3);
    CHECK(s.faults[0].where == "/list/0");
    CHECK(s.faults[1].where == "/list/2");
    CHECK(s.faults[1].kind == fault_kind::over_limit);
    CHECK(s.faults[2].where == "/none");
}

TEST_CASE("results are counted by test, attempt and worker, in order, however they come [B13]") {
    rp::shard s;
    record_reader<rp::result> reader(s, {}, {});
    using place = record_reader<rp::result>::place;
    for (char const* const id : {"b", "a", "b", "a", "a"}) reader.count(id, 1, "gw0");
    reader.count("a", 2, "gw0");
    reader.count("a", 1, "");
    reader.count("c", 1, "", 0);
    using counts = std::vector<std::pair<place, std::uint32_t>>;
    counts const wanted{{{"a", 1, ""}, 1}, {{"a", 1, "gw0"}, 3}, {{"a", 2, "gw0"}, 1}, {{"b", 1, "gw0"}, 2}, {{"c", 1, ""}, 0}};
    CHECK((reader.found() == wanted));
    reader.count("b", 1, "gw0");
    CHECK(reader.found()[3].second == 3);
    CHECK(reader.found().size() == 5);
    reader.forget_found();
    CHECK(reader.found().empty());
}
