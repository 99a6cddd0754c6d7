#include "rampart/transport/entry_read.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"
#include "rampart/transport/record_write.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::test_id;
using rp::detail::field_reader;

/// A document with its tree.
class tree {
public:
    explicit tree(std::string_view text) : document_(rp::read_json(text)) { REQUIRE(document_.has_value()); }
    boost::json::value const& root() const { return document_->root(); }
    boost::json::object const& object() const { return document_->root().as_object(); }

private:
    rp::expected<rp::json_document> document_;
};

}  // namespace

TEST_CASE("every kind of fault is read by its name, and one of a later version is kept as a loss [B13]") {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(fault_kind::repaired_text); ++i) {
        auto const kind = static_cast<fault_kind>(i);
        std::string text;
        rp::json_writer w(text);
        rp::detail::write_fault(w, {kind, "here", "so"});
        field_reader reader;
        rp::fault f;
        REQUIRE(rp::detail::read_fault(reader, tree(text).root(), f));
        CHECK(f == rp::fault{kind, "here", "so"});
    }
    field_reader reader;
    rp::fault f;
    REQUIRE(rp::detail::read_fault(reader, tree(R"({"kind": "eaten", "where": "here", "what": "so"})").root(), f));
    CHECK(f == rp::fault{fault_kind::incomplete, "here", "(eaten) so"});
    CHECK_FALSE(rp::detail::parse_fault_kind("Late_result").has_value());
}

TEST_CASE("a plan comes back as it was written, and one that cannot be is refused with its place [C, B3]") {
    rp::shard_plan const plan{.run = "r",
                              .worker = "gw0",
                              .attempt = 3,
                              .index = 1,
                              .count = 2,
                              .list_hash = "00ff",
                              .tests = {test_id("a"), test_id("\xc3\xa9\n\"")}};
    std::string text;
    rp::json_writer w(text);
    w.begin_object();
    rp::detail::write_plan_members(w, plan);
    w.end_object();
    field_reader reader;
    rp::shard_plan back;
    REQUIRE(rp::detail::read_plan_members(reader, tree(text).object(), back));
    CHECK(back == plan);
    // What it may leave out.
    rp::shard_plan least;
    REQUIRE(rp::detail::read_plan_members(reader, tree(R"({"shard": {"index": 0, "count": 1}})").object(), least));
    CHECK(least == rp::shard_plan{});

    struct bad {
        std::string text;
        std::string message;
    };
    for (bad const& each :
         {bad{"{}", "there is no 'shard'"}, bad{R"({"shard": {}})", "/shard: there is no 'index'"},
          bad{R"({"shard": {"index": 2, "count": 2}})", "/shard: the index of a part is below their count"},
          bad{R"({"shard": {"index": 0, "count": 0}})", "/shard/count: an integer that does not fit here"},
          bad{R"({"shard": {"index": 0, "count": 4294967296}})", "/shard/count: an integer that does not fit here"},
          bad{R"({"attempt": 0, "shard": {"index": 0, "count": 1}})", "/attempt: an integer that does not fit here"},
          bad{R"({"run": 7, "shard": {"index": 0, "count": 1}})", "/run: a text is expected here, not an integer"},
          bad{R"({"shard": {"index": 0, "count": 1}, "tests": {}})",
              "/tests: an array of test ids is expected here, not an object"},
          bad{R"({"shard": {"index": 0, "count": 1}, "tests": ["a", 7]})",
              "a text is expected here, not an integer"}}) {
        CAPTURE(each.text);
        field_reader own;
        rp::shard_plan p;
        REQUIRE_FALSE(rp::detail::read_plan_members(own, tree(each.text).object(), p));
        CHECK(own.error.message().ends_with(each.message));
    }
}

TEST_CASE("a test's entry is read under the key that its format has for the id [B13, C]") {
    for (std::string const key : {"nodeid", "end"}) {
        field_reader reader;
        rp::test_entry t;
        REQUIRE(rp::detail::read_test_entry(
            reader,
            tree("{\"" + key +
                 R"(": "f::t", "outcome": "timeout", "seconds": 2, "results": 3, "attempt": 4, "worker": "gw0", )" +
                 R"("file": "f", "line": 9})")
                .object(),
            key, t));
        CHECK(t == rp::test_entry{test_id("f::t"), 4, "gw0", 3, {"t", rp::test_outcome::timeout, 2.0, "f", 9}});
        CHECK_FALSE(rp::detail::read_test_entry(reader, tree("{}").object(), key, t));
    }
}

TEST_CASE("an entry that is plain is the same at a cursor; any other is left to the tree [B13, C]") {
    auto const at_cursor = [](std::string_view text, std::string_view beside, rp::test_entry& t) {
        rp::detail::json_cursor at(text);
        return rp::detail::read_plain_entry(at, "nodeid", beside, t) && at.at_end();
    };
    std::string const all =
        R"({"nodeid": "f::t", "name": "n", "attempt": 4, "outcome": "timeout", "seconds": 2, "file": "f", "line": 9, )"
        R"("results": 3, "worker": "gw0", "detail": "d", "unused": ["docker", "net"]})";
    for (std::string const& text :
         std::vector<std::string>{all, R"({"nodeid": "a::b"})", R"({"nodeid": "a", "seconds": null})"}) {
        CAPTURE(text);
        rp::test_entry plain;
        rp::test_entry by_tree;
        field_reader reader;
        REQUIRE(at_cursor(text, {}, plain));
        REQUIRE(rp::detail::read_test_entry(reader, tree(text).object(), "nodeid", by_tree));
        CHECK(plain == by_tree);
    }
    for (std::string const& text :
         std::vector<std::string>{"{}", R"({"nodeid": 1})", R"({"nodeid": "a", "attempt": 0})",
                                  R"({"nodeid": "a", "results": -1})", R"({"nodeid": "a", "results": true})",
                                  R"({"nodeid": "a", "line": 4294967296})", R"({"nodeid": "a", "outcome": "fine"})",
                                  R"({"nodeid": "a", "held": 1})", R"({"nodeid": "a", "unused": "docker"})",
                                  R"({"nodeid": "a", "crc32": "00000000"})", R"({"nodeid": "a"} 1)"}) {
        CAPTURE(text);
        rp::test_entry t;
        CHECK_FALSE(at_cursor(text, {}, t));
    }
    rp::test_entry t;
    CHECK(at_cursor(R"({"nodeid": "a", "crc32": "00000000"})", "crc32", t));
    CHECK(t.test == test_id("a"));
    CHECK_FALSE(at_cursor(R"({"nodeid": "a", "crc32": 1})", "crc32", t));
}

TEST_CASE(
    "what a process did comes back as it was counted, and numbers that cannot be are refused with their place [C]") {
    rp::shard_tally const tally{.ran = 1, .failed = 2, .results = 3, .unsafe = 4, .errors = 5, .seconds = 0.1};
    std::string text;
    rp::json_writer w(text);
    rp::detail::write_tally(w, tally);
    field_reader reader;
    rp::shard_tally back;
    REQUIRE(rp::detail::read_tally(reader, tree(text).root(), back));
    CHECK(back == tally);
    rp::shard_tally none;
    REQUIRE(rp::detail::read_tally(reader, tree("{}").root(), none));
    CHECK(none == rp::shard_tally{});
    for (std::string const bad : {R"({"ran": -1})", R"({"failed": "2"})", R"({"seconds": "0"})", "[]"}) {
        CAPTURE(bad);
        field_reader fails;
        CHECK_FALSE(rp::detail::read_tally(fails, tree(bad).root(), none));
        CHECK_FALSE(fails.error.message().empty());
    }
}
