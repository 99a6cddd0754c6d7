#include "rampart/transport/merge.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/report/report.hpp"
#include "rampart/sinks/json_file.hpp"
#include "transport/journals.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::shard_errc;
using rp::test_id;

rp::result named(std::string summary, rp::safety_status status = rp::safety_status::safe) {
    return {.status = status, .summary = std::move(summary)};
}
std::string payload_of(std::string const& test, std::vector<std::string> const& summaries) {
    rp::session s;
    std::vector<rp::result> results;
    for (auto const& summary : summaries) results.push_back(named(summary));
    s.absorb(test_id(test), {}, std::move(results));
    return *rp::serialize_worker_data(s);
}
using row = std::tuple<std::string, std::uint32_t, std::string, std::string>;
std::vector<row> rows(rp::session const& s) {
    auto records = s.records().to_vector();
    std::stable_sort(records.begin(), records.end(), [](auto const& a, auto const& b) { return report_order(a, b); });
    std::vector<row> made;
    for (auto const& r : records) made.emplace_back(r.test.str(), r.index, r.worker, r.value.summary);
    return made;
}

/// A result type of the user's own without a comparison.
struct opaque {
    int severity = 0;
};
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, opaque const& f) { out = f.severity; }
opaque tag_invoke(boost::json::value_to_tag<opaque>, boost::json::value const& v) {
    return {static_cast<int>(v.as_int64())};
}

/// A result type of the user's own, whose conversion can be told to throw.
struct finding {
    int severity = 0;
    friend bool operator==(finding const&, finding const&) = default;
};
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, finding const& f) { out = f.severity; }
finding tag_invoke(boost::json::value_to_tag<finding>, boost::json::value const& v) {
    if (v.as_int64() == 13) throw std::runtime_error("thirteen");
    return {static_cast<int>(v.as_int64())};
}

}  // namespace

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string_view summary(finding const&) { return "found"; }
    static std::string_view harm_category(finding const&) { return {}; }
};

template <>
struct rampart::result_traits<opaque> {
    static safety_status status(opaque const&) { return safety_status::safe; }
    static std::string_view summary(opaque const&) { return "found"; }
    static std::string_view harm_category(opaque const&) { return {}; }
};

TEST_CASE("two merges add up, and the same node id from two workers keeps both results [B79]") {
    rp::session hub;
    CHECK(rp::merge(hub, "gw0", payload_of("a", {"a0", "a1"})));
    CHECK(rp::merge(hub, "gw1", payload_of("b", {"b0"})));
    CHECK(rp::merge(hub, "gw2", payload_of("a", {"other"})));
    CHECK(rows(hub) ==
          std::vector<row>{
              {"a", 0, "gw0", "a0"}, {"a", 0, "gw2", "other"}, {"a", 1, "gw0", "a1"}, {"b", 0, "gw1", "b0"}});
    CHECK(hub.tests().size() == 3);
    CHECK_FALSE(hub.is_incomplete());
}

TEST_CASE("success tags each result with its worker, takes the trial specs, and leaves the run complete [B82]") {
    rp::session s;
    s.absorb(test_id("t[trial-0]"), {}, {named("x")}, {.outcome = rp::test_outcome::passed});
    s.register_trial_spec({test_id("t[trial-0]"), test_id("t"), 0.5});
    rp::session hub;
    REQUIRE(rp::merge(hub, "gw0", *rp::serialize_worker_data(s)));
    CHECK(hub.records().at(0).worker == "gw0");
    CHECK(hub.tests().at(0).worker == "gw0");
    CHECK(hub.tests().at(0).facts.outcome == rp::test_outcome::passed);
    CHECK(hub.trial_specs() == s.trial_specs());
    CHECK(hub.faults().empty());
}

TEST_CASE("a worker that is merged on is named by the last merge [A.1.7, B82]") {
    rp::session middle;
    REQUIRE(rp::merge(middle, "gw0", payload_of("a", {"x"})));
    auto const text = rp::serialize_worker_data(middle);
    CHECK(text->find(R"("_rampart_source_worker": "gw0")") != std::string::npos);
    CHECK(rp::deserialize_worker_data(*text)->records.at(0).worker == "gw0");
    rp::session hub;
    REQUIRE(rp::merge(hub, "machine-2", *text));
    CHECK(hub.records().at(0).worker == "machine-2");
    CHECK(hub.tests().size() == 1);
}

TEST_CASE("each way to fail leaves one fault of its own kind that names the worker, and takes nothing in [B81, B83]") {
    struct failure {
        std::string bytes;
        shard_errc code;
        fault_kind kind;
        rp::wire_limits limits = {};
    };
    failure const failures[] = {
        {"", shard_errc::not_json, fault_kind::bad_document},
        {"Traceback (most recent call last):", shard_errc::not_json, fault_kind::bad_document},
        {payload_of("a", {"x"}).substr(0, 100), shard_errc::not_json, fault_kind::bad_document},
        {"{\"a\": NaN}", shard_errc::non_finite, fault_kind::bad_document},
        {"{\"a\": 1e999}", shard_errc::number_overflow, fault_kind::bad_document},
        {"[7]", shard_errc::wrong_shape, fault_kind::bad_document},
        {"7", shard_errc::wrong_shape, fault_kind::bad_document},
        {"{\"schema\": \"rampart.xdist.v1\", \"results_by_nodeid\": []}", shard_errc::wrong_shape,
         fault_kind::bad_document},
        {"{}", shard_errc::missing_schema, fault_kind::unknown_schema},
        {"{\"schema\": \"rampart.xdist.v99\"}", shard_errc::unknown_schema, fault_kind::unknown_schema},
        {rp::truncation_marker(5460, 100), shard_errc::truncated, fault_kind::truncated},
        {std::string(10000, '['), shard_errc::too_deep, fault_kind::over_limit},
        {payload_of("a", {"x"}), shard_errc::too_large, fault_kind::over_limit, {.max_bytes = 10}},
    };
    for (auto const& f : failures) {
        CAPTURE(f.bytes.substr(0, 80));
        rp::session hub;
        auto const merged = rp::merge(hub, "gw2", f.bytes, f.limits);
        REQUIRE(merged.has_error());
        CHECK(merged.error().code == f.code);
        CHECK(hub.records().empty());
        CHECK(hub.tests().empty());
        REQUIRE(hub.faults().size() == 1);
        CHECK(hub.faults()[0].kind == f.kind);
        CHECK(hub.is_incomplete());
        REQUIRE(hub.incomplete_reasons().size() == 1);
        CHECK(hub.incomplete_reasons()[0] == "worker gw2: " + merged.error().message());
    }
}

TEST_CASE("a truncated worker is a reason that says truncated [B77]") {
    rp::session s;
    s.absorb(test_id("a"), {}, {named("x")});
    rp::session hub;
    CHECK_FALSE(rp::merge(hub, "gw0", rp::serialize_or_marker(s, {.max_bytes = 1})));
    REQUIRE(hub.incomplete_reasons().size() == 1);
    CHECK(hub.incomplete_reasons()[0].find("truncated") != std::string::npos);
}

TEST_CASE("a worker whose output never came is a fault with its reason [B80, B81, B84]") {
    rp::session hub;
    auto const missing = rp::merge_missing(hub, "gw3", "ended by signal 11");
    CHECK(missing.error().code == shard_errc::missing_output);
    CHECK_FALSE(rp::merge_missing(hub, "gw4", ""));
    REQUIRE(hub.faults().size() == 2);
    CHECK(hub.faults()[0].kind == fault_kind::missing_worker);
    CHECK(hub.incomplete_reasons() ==
          std::vector<std::string>{"worker gw3: ended by signal 11", "worker gw4: its output never came"});
}

TEST_CASE("a bad record leaves a fault that names worker and place, and the rest is merged [B2, B85]") {
    std::string text = payload_of("a", {"first", "second", "third"});
    std::string const from = R"("status": "safe", "summary": "second")";
    text.replace(text.find(from), from.size(), R"("status": "fine", "summary": "second")");
    rp::session hub;
    CHECK(rp::merge(hub, "gw0", text));
    REQUIRE(hub.records().size() == 3);
    CHECK(hub.records()[0].value.summary == "first");
    CHECK(hub.records()[1].value.status == rp::safety_status::error);
    CHECK(hub.records()[2].value.summary == "third");
    CHECK(
        hub.incomplete_reasons() ==
        std::vector<std::string>{"worker gw0, /results_by_nodeid/a/1/status: 'fine' is the name of no safety status"});
}

TEST_CASE("a lone surrogate costs no worker: it is repaired, noted, and the run stays complete [B86]") {
    std::string text = payload_of("a", {"lone X"});
    text.replace(text.find("lone X") + 5, 1, "\\ud800");
    rp::session hub;
    CHECK(rp::merge(hub, "gw0", text));
    CHECK(hub.records().at(0).value.summary == "lone \xef\xbf\xbd");
    CHECK_FALSE(hub.is_incomplete());
    REQUIRE(hub.faults().size() == 1);
    CHECK(hub.faults()[0].kind == fault_kind::repaired_text);
    CHECK(hub.faults()[0].where == "worker gw0");
}

TEST_CASE("faults that a worker brings along make the run incomplete here too [B13, B83]") {
    rp::session s;
    s.absorb(test_id("a"), {}, {named("x")});
    s.mark_incomplete("the agent's log is gone");
    rp::session hub;
    CHECK(rp::merge(hub, "gw0", *rp::serialize_worker_data(s)));
    CHECK(hub.incomplete_reasons() == std::vector<std::string>{"worker gw0: the agent's log is gone"});
}

TEST_CASE("the session's text policy decides, not the reader's [B7]") {
    rp::session s{rp::text_policy::keep};
    s.absorb(test_id("a"), {}, {named("\x1b[31mred\x1b[0m")});
    auto const text = *rp::serialize_worker_data(s);
    for (auto const& [policy, wanted] :
         {std::pair{rp::text_policy::escape, "\\x1b[31mred\\x1b[0m"}, std::pair{rp::text_policy::strip, "red"},
          std::pair{rp::text_policy::keep, "\x1b[31mred\x1b[0m"}}) {
        rp::session hub{policy};
        REQUIRE(rp::merge(hub, "gw0", text));
        CHECK(hub.records().at(0).value.summary == std::string(wanted));
    }
}

TEST_CASE("a result type of the user's own is merged; one that throws is a fault, its siblings stay [B2, B13]") {
    rp::basic_session<finding> s;
    s.absorb(test_id("a"), {}, {finding{1}, finding{13}, finding{2}});
    rp::basic_session<finding> hub;
    CHECK(rp::merge(hub, "gw0", *rp::serialize_worker_data(s)));
    REQUIRE(hub.records().size() == 2);
    CHECK(hub.records()[0].value == finding{1});
    CHECK(hub.records()[1].value == finding{2});
    CHECK(hub.records()[1].index == 2);
    CHECK(hub.tests().at(0).results == 3);
    CHECK(hub.incomplete_reasons() ==
          std::vector<std::string>{"worker gw0, /results_by_nodeid/a/1/rampart_value: the conversion threw: thirteen"});
    // A payload from Python holds no such value.
    rp::basic_session<finding> other;
    CHECK(rp::merge(other, "gw1", payload_of("a", {"x"})));
    CHECK(other.is_incomplete());
}

TEST_CASE("workers in any order give the same records [B41, B42, B79]") {
    std::string const a = payload_of("z.py::test_z", {"z0", "z1"});
    std::string const b = payload_of("a.py::test_a", {"a0"});
    std::string const c = payload_of("same.py::t", {"same"});
    rp::session one;
    rp::session two;
    for (auto const& [worker, text] :
         {std::pair{"gw10", a}, std::pair{"gw2", b}, std::pair{"gw1", c}, std::pair{"gw3", c}})
        REQUIRE(rp::merge(one, worker, text));
    for (auto const& [worker, text] :
         {std::pair{"gw3", c}, std::pair{"gw2", b}, std::pair{"gw1", c}, std::pair{"gw10", a}})
        REQUIRE(rp::merge(two, worker, text));
    CHECK(rows(one) == rows(two));
    CHECK(rows(one).size() == 5);
}

TEST_CASE("what Python wrote merges like what we wrote [B1, B79, B82]") {
    for (std::string const name :
         {"basic", "full", "trials", "empty", "ansi", "numbers", "nesting", "coerced", "unicode"}) {
        auto const text =
            wire_samples::shared_golden(name + ".payload.json", "what Python wrote merges like what we wrote");
        if (text.empty()) return;
        CAPTURE(name);
        rp::session hub;
        CHECK(rp::merge(hub, "gw0", text));
        CHECK_FALSE(hub.is_incomplete());
    }
    rp::session hub;
    CHECK_FALSE(rp::merge(hub, "gw0", wire_samples::shared_golden("truncated.payload.json", "truncated")));
    CHECK(hub.incomplete_reasons().at(0).find("truncated") != std::string::npos);
}

TEST_CASE("a shard that is at hand already is merged under the worker's name [B82]") {
    rp::session s;
    s.absorb(test_id("a"), {}, {named("x")});
    rp::session hub;
    rp::merge(hub, "gw5", s.to_shard("other name"));
    CHECK(hub.records().at(0).worker == "gw5");
}

namespace {

std::string report_of(rp::session const& s) { return rp::to_json_text(rp::build_report(s)); }

/// Every kind of output, good and bad, of several workers; some name themselves.
std::vector<std::pair<std::string, std::string>> outputs() {
    using namespace wire_samples;
    std::string bad_record = payload_of("bad", {"x", "y"});
    bad_record.replace(bad_record.find("\"safe\", "), 6, "\"well\"");
    std::string const torn =
        begin_line({"j::a", "j::b", "j::c"}, "gw5") + test_lines("j::a", {"x"}) + start_line("j::b");
    return {{"gw0", payload_of("a", {"a0", "a1"})},
            {"gw1", payload_of("a", {"a0", "a1"})},
            {"gw2", bad_record},
            {"gw3", plain_envelope("s", {"x"}) + "\n" + plain_close(2)},
            {"gw4", closed(begin_line({"j::a"}, "gw4") + test_lines("j::a", {"x"}), 1)},
            {"gw5", torn},
            {"gw6", "no JSON"},
            {"gw6", "no JSON at all"},
            {"gw7", payload_of("a", {"one"})},
            {"gw7", payload_of("a", {"other"})},
            {"gw8", rp::truncation_marker(5000, 100)},
            {"gw9", plain_envelope("lone", {"\\ud800"}) + "\n" + plain_close(1)}};
}

}  // namespace

TEST_CASE("the same bytes once more change nothing: records, tests, plans, faults, or the one fault of a broken "
          "document [C]") {
    rp::session hub;
    for (auto const& output : outputs()) {
        auto const& worker = output.first;
        auto const& bytes = output.second;
        CAPTURE(worker);
        auto const first = rp::merge(hub, worker, bytes);
        auto const report = report_of(hub);
        auto const why = wire_samples::reasons(hub);
        auto const again = rp::merge(hub, worker, bytes);
        CHECK(again.has_value() == first.has_value());
        CHECK(report_of(hub) == report);
        CHECK(wire_samples::reasons(hub) == why);
    }
    auto const report = report_of(hub);
    auto const why = wire_samples::reasons(hub);
    for (auto const& [worker, bytes] : outputs()) static_cast<void>(rp::merge(hub, worker, bytes));
    CHECK(report_of(hub) == report);
    CHECK(wire_samples::reasons(hub) == why);
}

TEST_CASE("outputs in any order give one report, and so do sessions that are merged into each other [C]") {
    auto list = outputs();
    rp::session flat;
    for (auto const& [worker, bytes] : list) static_cast<void>(rp::merge(flat, worker, bytes));
    std::string const wanted = report_of(flat);
    for (std::size_t turn = 0; turn < list.size(); ++turn) {
        std::rotate(list.begin(), list.begin() + 1, list.end());
        if (turn % 3 == 2) std::reverse(list.begin(), list.end());
        rp::session other;
        for (auto const& [worker, bytes] : list) static_cast<void>(rp::merge(other, worker, bytes));
        REQUIRE(report_of(other) == wanted);
        // Two sessions gather the halves, and a third takes their payload and their stream under no name.
        rp::session halves[2];
        for (std::size_t i = 0; i < list.size(); ++i) {
            static_cast<void>(rp::merge(halves[i * 2 / list.size()], list[i].first, list[i].second));
        }
        rp::session top;
        REQUIRE(rp::merge(top, "", *rp::serialize_worker_data(halves[0])));
        REQUIRE(rp::merge(top, "", rp::serialize_stream(halves[1])));
        REQUIRE(report_of(top) == wanted);
        REQUIRE(rp::merge(top, "", *rp::serialize_worker_data(halves[1])));
        REQUIRE(report_of(top) == wanted);
    }
}

TEST_CASE("different content at one place is kept beside it, and one fault names worker, test and result [C, B79]") {
    rp::session hub;
    REQUIRE(rp::merge(hub, "gw7", payload_of("a", {"same", "one"})));
    REQUIRE(rp::merge(hub, "gw7", payload_of("a", {"same", "other"})));
    CHECK(hub.records().size() == 3);
    REQUIRE(hub.faults().size() == 1);
    CHECK(hub.faults()[0] == rp::fault{fault_kind::duplicate_record, "worker gw7, a",
                                       "attempt 1, result 1 stands more than once, and differs"});
}

TEST_CASE("results of a type without == are compared as they are written, so that the same bytes are the same [C]") {
    rp::basic_session<opaque> s;
    s.absorb(test_id("a"), {}, {opaque{1}});
    auto const text = *rp::serialize_worker_data(s);
    rp::basic_session<opaque> hub;
    CHECK(rp::merge(hub, "gw0", text));
    CHECK(rp::merge(hub, "gw0", text));
    CHECK(hub.records().size() == 1);
    CHECK_FALSE(hub.is_incomplete());
}

TEST_CASE("texts go through the session's policy whichever reader takes them, plain or not [B7]") {
    std::string const record = R"({"status": "safe", "observability_level": "tool_only", "summary": "a\u001b[1mb", )"
                               R"("metadata": {"k\u0007": "\u007f", "n": ["\u0085"]}})";
    std::string const payload = R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {"t": [)" + record + "]";
    std::string const envelope = R"({"schema": "rampart.xdist.v2", "nodeid": "t", "results": [)" + record + "]";
    std::string const slim = R"({"schema": "rampart.xdist.v2", "streamed_result_count": 1, "trial_specs": []})";
    std::string const lone = R"("\ud800")";  // what a plain reader leaves to the other
    for (auto const policy : {rp::text_policy::escape, rp::text_policy::strip, rp::text_policy::keep}) {
        std::set<std::string> outcomes;
        for (std::string const& bytes :
             {payload + "}}", payload + R"(, "u": [)" + "]}, \"more\": " + lone + "}", envelope + "}\n" + slim + "\n",
              envelope + ", \"more\": " + lone + "}\n" + slim + "\n", "[" + envelope + "}, " + slim + "]"}) {
            CAPTURE(bytes);
            rp::session hub(policy);
            REQUIRE(rp::merge(hub, "gw0", bytes));
            REQUIRE(hub.records().size() == 1);
            outcomes.insert(rp::to_compact_json(boost::json::value_from(hub.records()[0].value)));
        }
        CHECK(outcomes.size() == 1);
        bool const is_as_it_came = outcomes.begin()->find("\\u001b[1m") != std::string::npos;
        CHECK(is_as_it_came == (policy == rp::text_policy::keep));
    }
}
