#include "rampart/transport/record_write.hpp"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/transport/wire.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::test_id;
using rp::detail::fits_depth;
using rp::detail::record_writer;

template <class R>
std::string written(rp::basic_record<R> const& r, std::size_t position, rp::wire_limits limits = {},
                    std::vector<rp::fault>* faults = nullptr) {
    record_writer<R> writer(limits, 3);
    std::string text;
    rp::json_writer w(text);
    writer.write(w, r, position);
    if (faults != nullptr) *faults = writer.faults;
    if (faults == nullptr) CHECK(writer.faults.empty());
    return text;
}
boost::json::value nested(std::size_t levels) {
    boost::json::value made = 1;
    for (std::size_t i = 0; i < levels; ++i) made = boost::json::array{std::move(made)};
    return made;
}

/// A result type whose conversion does what it is told.
struct finding {
    std::string what{};
    std::size_t levels = 0;
};
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, finding const& f) {
    if (f.what == "throw") throw std::runtime_error("no words\nfor it");
    if (f.what == "throw a number") throw 7;  // NOLINT: what a user may throw
    out = f.levels != 0 ? nested(f.levels) : boost::json::value(f.what);
}
finding tag_invoke(boost::json::value_to_tag<finding>, boost::json::value const& v) {
    return {std::string(v.as_string())};
}

}  // namespace

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const&) { return safety_status::unsafe; }
    static std::string_view summary(finding const&) { return "found"; }
    static std::string_view harm_category(finding const&) { return "custom"; }
};

TEST_CASE("a tree fits a depth by the arrays and objects inside each other, and no deeper is looked [B4]") {
    CHECK(fits_depth(1, 0));
    CHECK(fits_depth("text", 0));
    CHECK_FALSE(fits_depth(boost::json::array(), 0));
    CHECK(fits_depth(nested(5), 5));
    CHECK_FALSE(fits_depth(nested(6), 5));
    CHECK(fits_depth({{"a", {{"b", {1, 2}}}}, {"c", 1}}, 3));
    CHECK_FALSE(fits_depth({{"c", 1}, {"a", {{"b", {1, 2}}}}}, 2));
}

TEST_CASE("a record is Python's result, and says its attempt and index where its place does not [A.1.1, B13]") {
    rp::basic_record<rp::result> r{test_id("a::b"),
                                   "the name",
                                   0,
                                   1,
                                   {},
                                   "jailbreak",
                                   {.status = rp::safety_status::safe, .summary = "x", .duration_seconds = 0.25}};
    std::string const plain =
        R"({"safe": true, "status": "safe", "summary": "x", "turns": [], "duration_seconds": 0.25, "harm_category": "jailbreak", )"
        R"("strategy": "", "observability_level": "response_only", "injections": [], "metadata": {"_pytest_test_name": "the name", )"
        R"("_pytest_nodeid": "a::b", "_rampart_result_index": )";
    CHECK(written(r, 0) == plain + "0}}");
    CHECK(written(r, 3) == plain + "3}, \"rampart_index\": 0}");
    r.attempt = 2;
    CHECK(written(r, 0) == plain + "0}, \"rampart_attempt\": 2}");
    r.worker = "gw7";
    CHECK(written(r, 0) == plain + "0, \"_rampart_source_worker\": \"gw7\"}, \"rampart_attempt\": 2}");
}

TEST_CASE("a user's metadata of the transport's names is replaced at its place, once [A.1.2]") {
    rp::basic_record<rp::result> r{test_id("a"), "a", 0, 1, "gw0", {}, {}};
    r.value.meta = {{"_rampart_source_worker", "forged"}, {"x", 1}, {"_rampart_result_index", 99}};
    CHECK(written(r, 0).find(R"("metadata": {"_rampart_source_worker": "gw0", "x": 1, "_rampart_result_index": 0, )"
                             R"("_pytest_test_name": "a", "_pytest_nodeid": "a"})") != std::string::npos);
    r.worker.clear();
    // Nor does a user say which worker a record is from that has none.
    CHECK(written(r, 0).find("forged") == std::string::npos);
}

TEST_CASE("a value that is too deep, or throws, is an ERROR in its place and a fault that names it [B2, B4]") {
    struct sample {
        finding value;
        std::string why;
    };
    for (auto const& [value, why] :
         {sample{{"throw"}, "its conversion to JSON threw: no words"},
          sample{{"throw a number"}, "its conversion to JSON threw something that is no std::exception"},
          sample{{"", 600}, "its value is nested deeper than the limit"}}) {
        std::vector<rp::fault> faults;
        auto const text = written<finding>({test_id("t"), "t", 4, 1, {}, "custom", value}, 4, {}, &faults);
        CAPTURE(text);
        auto const document = rp::read_json(text);
        REQUIRE(document.has_value());
        auto const& marker = document->root().as_object();
        CHECK(marker.at("status") == "error");
        CHECK(marker.at("strategy") == "xdist-transport");
        CHECK_FALSE(marker.contains("rampart_truncated"));
        CHECK_FALSE(marker.contains("rampart_value"));
        CHECK(
            std::string_view(marker.at("summary").as_string()).starts_with("this result could not be written: " + why));
        REQUIRE(faults.size() == 1);
        CHECK(faults[0].kind == fault_kind::bad_record);
        CHECK(faults[0].where == "t");
        CHECK(faults[0].what.starts_with("result 4 could not be written: " + why));
    }
    CHECK(boost::json::value_to<finding>(boost::json::value("said")).what == "said");
    // What is written can be read: at the limit, the levels around it counted.
    for (std::size_t const limit : {std::size_t{8}, std::size_t{512}}) {
        std::vector<rp::fault> faults;
        auto const fits =
            written<finding>({test_id("t"), "t", 0, 1, {}, {}, {"", limit - 3}}, 0, {.max_depth = limit}, &faults);
        CHECK(faults.empty());
        CHECK(rp::read_json("[[" + fits + "]]", {1000000, limit}).has_value());
        static_cast<void>(
            written<finding>({test_id("t"), "t", 0, 1, {}, {}, {"", limit - 2}}, 0, {.max_depth = limit}, &faults));
        CHECK(faults.size() == 1);
    }
}

TEST_CASE("a record at its cap is written, and one byte more is a marker with the size that it had [B6, A.3]") {
    rp::basic_record<rp::result> r{test_id("t"), "t", 0, 2, "gw0", {}, {.summary = std::string(6000, 'x')}};
    std::size_t const size = written(r, 0).size();
    CHECK(written(r, 0, {.max_record_bytes = size}).size() == size);
    std::vector<rp::fault> faults;
    auto const marker = written(r, 0, {.max_record_bytes = size - 1}, &faults);
    CHECK(marker.size() < 4096);
    CHECK(marker.find("\"_rampart_original_size_bytes\": " + std::to_string(size)) != std::string::npos);
    CHECK(marker.find("\"rampart_attempt\": 2") != std::string::npos);
    CHECK(marker.find("\"_rampart_source_worker\": \"gw0\"") != std::string::npos);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0] == rp::fault{fault_kind::truncated, "t",
                                 "result 0 was truncated: it has " + std::to_string(size) +
                                     " bytes, over the limit of " + std::to_string(size - 1)});
}

TEST_CASE("a plan and a fault are written with all their members [B13, C]") {
    std::string text;
    rp::json_writer w(text);
    w.begin_object();
    rp::detail::write_plan_members(w, {.run = "r",
                                       .worker = "gw0",
                                       .attempt = 3,
                                       .index = 1,
                                       .count = 2,
                                       .list_hash = "00ff",
                                       .tests = {test_id("a")}});
    w.end_object();
    CHECK(text ==
          R"({"run": "r", "worker": "gw0", "attempt": 3, "shard": {"index": 1, "count": 2}, "list_hash": "00ff", )"
          R"("tests": ["a"]})");
    std::string told;
    rp::json_writer f(told);
    rp::detail::write_fault(f, {fault_kind::other_run, "here", "so"});
    CHECK(told == R"({"kind": "other_run", "where": "here", "what": "so"})");
}
