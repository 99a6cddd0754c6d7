#include "rampart/transport/wire_write.hpp"

#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/transport/wire.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::shard_errc;
using rp::test_id;

rp::result named(std::string summary, rp::safety_status status = rp::safety_status::safe) {
    return {.status = status, .summary = std::move(summary)};
}
std::string written(rp::session const& s, rp::wire_limits limits = {}) {
    auto text = rp::serialize_worker_data(s, limits);
    REQUIRE(text.has_value());
    return *text;
}
/// The record that a plain result makes, as Python spells it.
std::string plain_record(std::string const& id, std::string const& name, std::string const& summary, int position,
                         std::string const& more = {}) {
    return R"({"safe": true, "status": "safe", "summary": ")" + summary +
           R"(", "turns": [], "duration_seconds": 0.0, "harm_category": null, "strategy": "", )"
           R"("observability_level": "response_only", "injections": [], "metadata": {"_pytest_test_name": ")" +
           name + R"(", "_pytest_nodeid": ")" + id + R"(", "_rampart_result_index": )" + std::to_string(position) +
           "}" + more + "}";
}
/// A session without text policy that holds what a payload of Python holds.
rp::session read_raw(std::string_view text) {
    rp::session s{rp::text_policy::keep};
    auto read = rp::detail::read_payload<rp::result>(text, {}, rp::text_policy::keep);
    REQUIRE(read.has_value());
    read->faults.clear();
    s.merge_worker_results(std::move(*read));
    return s;
}

/// A result type that crosses by its own conversions, which can be told to throw.
struct finding {
    int severity = 0;
    std::string text{};
    double score = 0.5;
};
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, finding const& f) {
    if (f.text == "throw") throw std::runtime_error("this finding cannot be told");
    if (f.text == "throw a number") throw 7;  // NOLINT: what a user may throw
    if (f.text == "deep") {
        boost::json::value deep = 1;
        for (int i = 0; i < 600; ++i) deep = boost::json::array{std::move(deep)};
        out = std::move(deep);
        return;
    }
    out = {{"severity", f.severity}, {"text", f.text}, {"score", f.score}};
}
finding tag_invoke(boost::json::value_to_tag<finding>, boost::json::value const& v) {
    return {static_cast<int>(v.at("severity").as_int64()), std::string(v.at("text").as_string()), 0.0};
}

}  // namespace

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string summary(finding const& f) { return "finding: " + f.text; }
    static std::string_view harm_category(finding const&) { return "custom"; }
};

TEST_CASE("an empty session is Python's empty payload [B63]") {
    CHECK(written({}) == R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {}, "trial_specs": []})");
}

TEST_CASE("tests stand in the byte order of their ids, also those without a result [B65, A.1.1]") {
    rp::session s;
    s.absorb(test_id("b::two"), {}, {named("x"), named("y")});
    s.absorb(test_id("a::none"), {}, {});
    s.absorb(test_id("B::one"), {}, {named("z")});
    s.register_trial_spec({test_id("b::two"), test_id("b"), 0.5});
    CHECK(written(s) ==
          R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {"B::one": [)" +
              plain_record("B::one", "one", "z", 0) + R"(], "a::none": [], "b::two": [)" +
              plain_record("b::two", "two", "x", 0) + ", " + plain_record("b::two", "two", "y", 1) +
              R"(]}, "trial_specs": [{"clone_nodeid": "b::two", "base_nodeid": "b", "threshold": 0.5}]})");
}

TEST_CASE(
    "what rampart knows of a record goes behind the user's metadata, at the place of a key of that name [A.1.2]") {
    rp::session s;
    rp::result r = named("x");
    r.meta = {{"user", 1}, {"_pytest_nodeid", "forged"}, {"more", 2}};
    s.absorb(test_id("a::b"), {.harm_category = "jailbreak"}, {r});
    auto const text = written(s);
    CHECK(
        text.find(
            R"("metadata": {"user": 1, "_pytest_nodeid": "a::b", "more": 2, "_pytest_test_name": "b", "_rampart_result_index": 0})") !=
        std::string::npos);
    CHECK(text.find(R"("harm_category": "jailbreak")") != std::string::npos);
}

TEST_CASE("attempts follow each other and are told apart by keys that Python passes over [B13]") {
    rp::session s;
    s.absorb(test_id("a"), {}, {named("1a"), named("1b")});
    s.absorb(test_id("a"), {}, {named("2a")});
    auto const text = written(s);
    CHECK(text.find(R"("results_by_nodeid": {"a": [)" + plain_record("a", "a", "1a", 0) + ", " +
                    plain_record("a", "a", "1b", 1) + ", " +
                    plain_record("a", "a", "2a", 2, R"(, "rampart_attempt": 2, "rampart_index": 0)") + "]}") !=
          std::string::npos);
    CHECK(text.ends_with(
        R"("trial_specs": [], "rampart_tests": [{"nodeid": "a", "name": "a", "attempt": 1, "outcome": "unknown", )"
        R"("seconds": 0.0, "file": "", "line": 0, "results": 2}, {"nodeid": "a", "name": "a", "attempt": 2, )"
        R"("outcome": "unknown", "seconds": 0.0, "file": "", "line": 0, "results": 1}]})"));
}

TEST_CASE("what a runner knows of a test, and the faults, come last [B13]") {
    rp::session s;
    s.absorb(test_id("a::b::c"), {}, {named("x")},
             {.name = "b::c", .outcome = rp::test_outcome::failed, .seconds = 0.25, .file = "a.cpp", .line = 7});
    s.add_fault({rp::fault_kind::late_result, "a.cpp:9", "came too late"});
    CHECK(written(s).ends_with(
        R"("trial_specs": [], "rampart_tests": [{"nodeid": "a::b::c", "name": "b::c", "attempt": 1, "outcome": "failed", )"
        R"("seconds": 0.25, "file": "a.cpp", "line": 7, "results": 1}], )"
        R"("rampart_faults": [{"kind": "late_result", "where": "a.cpp:9", "what": "came too late"}]})"));
}

TEST_CASE("what Python wrote is written again with the same bytes [A.1, B61, B65]") {
    for (std::string const name : {"basic", "empty", "ansi", "coerced", "nesting"}) {
        auto const text = wire_samples::shared_golden(name + ".payload.json", "what Python wrote is written again");
        if (text.empty()) return;
        CAPTURE(name);
        CHECK(written(read_raw(text)) == text);
    }
    SUBCASE("numbers: a bool and an integer become the doubles that they stand for, a null becomes the 0 that it reads "
            "as") {
        auto text = wire_samples::shared_golden("numbers.payload.json", "numbers");
        std::string const same[][2] = {{R"("duration_seconds": null)", R"("duration_seconds": 0.0)"},
                                       {R"("duration_seconds": 7,)", R"("duration_seconds": 7.0,)"},
                                       {R"("duration_seconds": true)", R"("duration_seconds": 1.0)"},
                                       {R"("confidence": null)", R"("confidence": 0.0)"},
                                       {R"("confidence": 1,)", R"("confidence": 1.0,)"}};
        for (auto const& [from, to] : same) {
            for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from))
                text.replace(at, from.size(), to);
        }
        CHECK(written(read_raw(wire_samples::shared_golden("numbers.payload.json", "numbers"))) == text);
    }
    SUBCASE("full: an attachment of another format comes back as text, with its format in its metadata (B72)") {
        auto text = wire_samples::shared_golden("full.payload.json", "full");
        std::string const from =
            R"("format": "html", "artifact": null, "metadata": {"persona": "mallory", "variant": 3})";
        std::string const to =
            R"("format": "text", "artifact": null, "metadata": {"persona": "mallory", "variant": 3, "_rampart_worker_format": "html"})";
        REQUIRE(text.find(from) != std::string::npos);
        text.replace(text.find(from), from.size(), to);
        CHECK(written(read_raw(wire_samples::shared_golden("full.payload.json", "full"))) == text);
    }
    SUBCASE("trials: Python lists the tests as they ran, here they are sorted") {
        auto const text = wire_samples::shared_golden("trials.payload.json", "trials");
        auto const ours = written(read_raw(text));
        CHECK(ours.size() == text.size());
        auto const theirs = rp::read_json(text);
        auto const again = rp::read_json(ours);
        bool const same_results = theirs->root().at("results_by_nodeid") == again->root().at("results_by_nodeid");
        CHECK(same_results);
        auto const by_clone = [](boost::json::value const& document) {
            boost::json::object made;
            for (auto const& spec : document.at("trial_specs").as_array()) {
                made.emplace(spec.at("clone_nodeid").as_string(), spec);
            }
            return made;
        };
        bool const same_specs = by_clone(theirs->root()) == by_clone(again->root());
        CHECK(same_specs);
    }
    SUBCASE("unicode: a lone surrogate has become U+FFFD") {
        auto text = wire_samples::shared_golden("unicode.payload.json", "unicode");
        for (std::string const lone : {R"(\ud800 )", R"(\udfff")"}) {
            REQUIRE(text.find(lone) != std::string::npos);
            text.replace(text.find(lone), 6, R"(\ufffd)");
        }
        CHECK(written(read_raw(wire_samples::shared_golden("unicode.payload.json", "unicode"))) == text);
    }
}

TEST_CASE("a payload over its cap is an error that says by how much, and a marker to carry [B76, A.1.6]") {
    rp::session s;
    s.absorb(test_id("a"), {}, {named("x")});
    std::size_t const size = written(s).size();
    CHECK(rp::serialize_worker_data(s, {.max_bytes = size}).has_value());
    auto const refused = rp::serialize_worker_data(s, {.max_bytes = size - 1});
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == shard_errc::payload_too_large);
    CHECK(refused.error().message() ==
          "the payload has " + std::to_string(size) + " bytes, over the limit of " + std::to_string(size - 1));
    CHECK(rp::serialize_or_marker(s) == written(s));
    CHECK(rp::serialize_or_marker(s, {.max_bytes = 100}) == rp::truncation_marker(size, 100));
}

TEST_CASE("a result over its cap becomes a marker that fits, its siblings stay, and a fault names the test [B6, A.3]") {
    rp::session s;
    std::string emoji;
    for (int i = 0; i < 2000; ++i) emoji += "\xf0\x9f\x98\x80";
    s.absorb(test_id("t::" + emoji), {.harm_category = emoji},
             {named("small"), named(std::string(10000, 'x'), rp::safety_status::unsafe), named("small too")},
             {.name = emoji});
    auto const text = written(s, {.max_record_bytes = 1});
    auto const document = rp::read_json(text);
    REQUIRE(document.has_value());
    auto const& records = document->root().at("results_by_nodeid").as_object().begin()->value().as_array();
    REQUIRE(records.size() == 3);
    // Names of 12 bytes a letter make even the small ones too large for the smallest cap; they are all marked.
    auto const& marker = records[1].as_object();
    std::string spelt;
    rp::json_writer(spelt).value(records[1]);
    CHECK(spelt.size() <= 4096);
    CHECK(marker.begin()->key() == "rampart_truncated");
    CHECK(marker.at("rampart_truncated").as_bool());
    CHECK_FALSE(marker.at("safe").as_bool());
    CHECK(marker.at("status") == "error");
    CHECK(marker.at("strategy") == "xdist-transport");
    auto const& meta = marker.at("metadata").as_object();
    CHECK(meta.at("_rampart_transport_truncated").as_bool());
    CHECK(meta.at("_rampart_original_size_bytes").as_int64() > 10000);
    CHECK(meta.at("_rampart_limit_bytes").as_int64() == 4096);
    CHECK(meta.at("_rampart_result_index").as_int64() == 1);

    rp::session plain;
    plain.absorb(test_id("t"), {}, {named("small"), named(std::string(5000, 'x')), named("small too")});
    auto const read = rp::deserialize_worker_data(written(plain, {.max_record_bytes = 4096}));
    REQUIRE(read.has_value());
    REQUIRE(read->records.size() == 3);
    CHECK(read->records[0].value.summary == "small");
    CHECK(read->records[1].value.status == rp::safety_status::error);
    CHECK(read->records[2].value.summary == "small too");
    REQUIRE(read->faults.size() == 1);
    CHECK(read->faults[0].kind == rp::fault_kind::truncated);
    CHECK(read->faults[0].where == "t");
    CHECK(read->faults[0].what.find("result 1") != std::string::npos);
}

TEST_CASE("a conversion that throws loses its own result only, by name [B2]") {
    rp::basic_session<finding> s;
    s.absorb(
        test_id("t"), {},
        {finding{1, "one"}, finding{2, "throw"}, finding{2, "throw a number"}, finding{2, "deep"}, finding{0, "two"}});
    auto const text = rp::serialize_worker_data(s);
    REQUIRE(text.has_value());
    CHECK(text->find("this finding cannot be told") != std::string::npos);
    auto const read = rp::deserialize_worker_data<finding>(*text);
    REQUIRE(read.has_value());
    REQUIRE(read->records.size() == 2);
    CHECK(read->records[0].value.text == "one");
    CHECK(read->records[1].value.text == "two");
    CHECK(read->records[1].index == 4);
    // Each is named by the writer, and by the reader that found a marker where a finding was meant.
    CHECK(read->faults.size() == 6);
    for (auto const& f : read->faults) CHECK(f.kind == rp::fault_kind::bad_record);
}

TEST_CASE("a result type of the user's own is readable for Python and whole for us [B13]") {
    rp::basic_session<finding> s;
    finding f{3, "leaked"};
    f.score = std::numeric_limits<double>::quiet_NaN();
    s.absorb(test_id("t"), {}, {f});
    auto const text = rp::serialize_worker_data(s);
    REQUIRE(text.has_value());
    CHECK(
        *text ==
        R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {"t": [{"safe": false, "status": "unsafe", )"
        R"("summary": "finding: leaked", "turns": [], "duration_seconds": 0.0, "harm_category": "custom", "strategy": "", )"
        R"("observability_level": "response_only", "injections": [], "metadata": {"_pytest_test_name": "t", )"
        R"("_pytest_nodeid": "t", "_rampart_result_index": 0}, "rampart_value": {"severity": 3, "text": "leaked", )"
        R"("score": null}}]}, "trial_specs": []})");
}
