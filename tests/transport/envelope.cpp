#include "rampart/transport/envelope.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/report/report.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/transport/merge.hpp"
#include "rampart/transport/wire.hpp"
#include "transport/journals.hpp"

namespace {

namespace rp = rampart;
using namespace wire_samples;
using rp::fault_kind;
using rp::test_id;

using record = rp::basic_record<rp::result>;

rp::session merged(std::string_view bytes, std::string const& worker = "gw0") {
    rp::session hub;
    static_cast<void>(rp::merge(hub, worker, bytes));
    return hub;
}
std::string report_of(rp::session const& s) { return rp::to_json_text(rp::build_report(s)); }
std::vector<std::string> summaries(rp::session const& s) {
    std::vector<std::string> made;
    for (auto const& r : s.records())
        made.push_back(r.test.str() + " " + std::to_string(r.index) + " " + r.value.summary);
    return made;
}
std::vector<record> records_of(std::string const& id, std::vector<std::string> const& texts) {
    std::vector<record> made;
    for (auto const& text : texts) {
        made.push_back({test_id(id), "name", static_cast<std::uint32_t>(made.size()), 1, {}, {}, {.summary = text}});
    }
    return made;
}
boost::json::value parsed(std::string_view text) {
    auto document = rp::read_json(text);
    REQUIRE(document.has_value());
    return boost::json::value(document->root(), boost::json::storage_ptr());  // the document owns the memory of its own
}
std::string spelt_json(boost::json::value const& v) {
    std::string text;
    rp::json_writer(text).value(v);
    return text;
}

/// A session with everything that one process can know.
rp::session random_session(unsigned seed) {
    generator random(seed);
    rp::session s;
    for (auto tests = random.below(5); tests > 0; --tests) {
        test_id const id("tests/" + random.text() + "::" + std::to_string(random.below(3)));
        std::vector<rp::result> results;
        for (auto left = random.below(4); left > 0; --left) results.push_back(random.result());
        rp::test_facts told;
        if (random.coin()) {
            told = {random.text() + "n", static_cast<rp::test_outcome>(random.below(7)), 0.25 * random.below(9),
                    random.text(), random.below(900), random.text()};
        }
        s.absorb(id, {.harm_category = random.text()}, std::move(results), told);
        if (random.coin()) s.register_trial_spec({id, test_id("base " + random.text()), 0.5});
    }
    if (random.coin()) s.add_fault({fault_kind::late_result, random.text(), random.text()});
    if (random.coin()) {
        rp::shard_plan plan{.run = "r"};
        for (auto const& t : s.tests()) plan.tests.push_back(t.test);
        if (random.coin()) plan.tests.emplace_back("never ran");
        s.set_plan(std::move(plan));
    }
    return s;
}

/// A result type of the user's own.
struct finding {
    int severity = 0;
    friend bool operator==(finding const&, finding const&) = default;
};
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, finding const& f) { out = f.severity; }
finding tag_invoke(boost::json::value_to_tag<finding>, boost::json::value const& v) {
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

TEST_CASE(
    "whatever a session holds gives one report, be it carried as a payload, a stream, or an array of it [A.3, B13]") {
    for (unsigned seed = 0; seed < 150; ++seed) {
        CAPTURE(seed);
        rp::session const s = random_session(seed);
        auto const payload = merged(*rp::serialize_worker_data(s));
        auto const stream = rp::serialize_stream(s);
        auto const by_stream = merged(stream);
        REQUIRE(reasons(by_stream) == reasons(payload));
        REQUIRE(report_of(by_stream) == report_of(payload));
        std::string array = "[" + stream;
        std::replace(array.begin(), array.end(), '\n', ',');
        array.back() = ']';
        REQUIRE(report_of(merged(array)) == report_of(payload));
    }
}

TEST_CASE("a session that was gathered from workers is carried on with their names, also of tests without results "
          "[A.3, B14]") {
    rp::session hub;
    for (std::string const worker : {"gw0", "gw1"}) {
        rp::session s;
        s.absorb(test_id("t::some"), {}, {{.summary = worker}, {.summary = "more"}});
        s.absorb(test_id("t::none"), {}, {}, {.outcome = rp::test_outcome::skipped});
        s.absorb(test_id("t::none"), {}, {}, {.outcome = rp::test_outcome::passed});
        rp::shard_plan plan{.run = "r", .worker = worker};
        plan.tests = {test_id("t::some"), test_id("t::none")};
        s.set_plan(plan);
        REQUIRE(rp::merge(hub, worker, rp::serialize_stream(s)));
    }
    CHECK(reasons(hub) == "");
    for (auto const& text : {rp::serialize_stream(hub), *rp::serialize_worker_data(hub)}) {
        auto const next = merged(text, "");
        CHECK(reasons(next) == "");
        CHECK(next.tests().size() == 6);
        CHECK(report_of(next) == report_of(hub));
        // Once more under another name: then all is that one's.
        auto const renamed = merged(text, "machine");
        CHECK(std::all_of(renamed.tests().begin(), renamed.tests().end(),
                          [](auto const& t) { return t.worker == "machine"; }));
    }
}

TEST_CASE("a stream is one line of ASCII for each test, in order of the ids, and the slim object last [A.3, A.1.4]") {
    rp::session s;
    s.absorb(test_id("b::\xc3\xa9"), {}, {{.summary = "line\nfeed"}});
    s.absorb(test_id("a::none"), {}, {});
    CHECK(
        rp::serialize_stream(s) ==
        R"({"schema": "rampart.xdist.v2", "nodeid": "a::none", "results": []})"
        "\n"
        R"({"schema": "rampart.xdist.v2", "nodeid": "b::\u00e9", "results": [{"safe": false, "status": "undetermined", )"
        R"("summary": "line\nfeed", "turns": [], "duration_seconds": 0.0, "harm_category": null, "strategy": "", )"
        R"("observability_level": "response_only", "injections": [], "metadata": {"_pytest_test_name": "\u00e9", )"
        R"("_pytest_nodeid": "b::\u00e9", "_rampart_result_index": 0}}]})"
        "\n"
        R"({"schema": "rampart.xdist.v2", "streamed_result_count": 1, "trial_specs": []})"
        "\n");
    CHECK(rp::serialize_stream(rp::session()) ==
          R"({"schema": "rampart.xdist.v2", "streamed_result_count": 0, "trial_specs": []})"
          "\n");
}

TEST_CASE("an envelope is one test's results, on one line; without results it says that there are none [A.3]") {
    std::vector<rp::fault> faults;
    CHECK(rp::serialize_envelope<rp::result>(test_id("a"), {}, faults) ==
          R"({"schema": "rampart.xdist.v2", "nodeid": "a", "results": []})");
    auto const two = records_of("a", {"x\ny", "z"});
    std::string const text = rp::serialize_envelope<rp::result>(test_id("a"), two, faults);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(faults.empty());
    CHECK(summaries(merged(text + "\n" + plain_close(2) + "\n")) == std::vector<std::string>{"a 0 x\ny", "a 1 z"});
}

TEST_CASE(
    "a result over its cap is Python's marker, which always fits; its siblings stay and a fault names it [A.3, B6]") {
    std::string emoji;
    for (int i = 0; i < 2000; ++i) emoji += "\xf0\x9f\x98\x80";
    for (std::string const& name :
         {std::string("t.py::test_x"), emoji, std::string(5000, '"'), std::string(5000, '\x01')}) {
        for (std::size_t const cap : {std::size_t{0}, std::size_t{4096}, std::size_t{5000}}) {
            CAPTURE(name.size());
            CAPTURE(cap);
            auto all = records_of(name, {"small 0", std::string(100000, 'x'), "small 2"});
            for (auto& r : all) r.harm_category = name;
            all[1].test_name = name;
            all[1].worker = name;
            std::vector<rp::fault> faults;
            auto const envelope =
                parsed(rp::serialize_envelope<rp::result>(test_id(name), all, faults, {.max_record_bytes = cap}));
            CHECK(envelope.at("nodeid") == boost::json::string(name));  // never clipped: it tells the test
            auto const& results = envelope.at("results").as_array();
            REQUIRE(results.size() == 3);
            std::size_t const wanted_limit = std::max(cap, std::size_t{4096});
            for (auto const& result : results) CHECK(spelt_json(result).size() <= wanted_limit);
            auto const& marker = results[1].as_object();
            CHECK(marker.begin()->key() == "rampart_truncated");
            CHECK(marker.at("rampart_truncated") == true);
            CHECK(marker.at("safe") == false);
            CHECK(marker.at("status") == "error");
            CHECK(marker.at("strategy") == "xdist-transport");
            CHECK(marker.at("turns").as_array().empty());
            CHECK(marker.at("injections").as_array().empty());
            CHECK(marker.at("observability_level") == "response_only");
            auto const& meta = marker.at("metadata").as_object();
            CHECK(meta.at("_rampart_transport_truncated") == true);
            CHECK(meta.at("_rampart_original_size_bytes").as_int64() > 100000);
            CHECK(meta.at("_rampart_limit_bytes") == wanted_limit);
            CHECK(meta.at("_rampart_result_index") == 1);
            bool const clipped = name.size() > 800;
            for (auto const* const text : {&marker.at("harm_category"), &meta.at("_pytest_nodeid"),
                                           &meta.at("_pytest_test_name"), &meta.at("_rampart_source_worker")}) {
                CHECK(std::string_view(text->as_string()).ends_with("...") == clipped);
                CHECK(name.starts_with(std::string_view(text->as_string()).substr(0, 10)));
            }
            auto const found = std::find_if(faults.begin(), faults.end(), [](auto const& f) {
                return f.what.starts_with("result 1 was truncated: it has ");
            });
            REQUIRE(found != faults.end());
            CHECK(found->kind == fault_kind::truncated);
            CHECK(found->where == name);
            if (!clipped) {
                CHECK(faults.size() == 1);
                CHECK(results[0].at("summary") == "small 0");
                CHECK(results[2].at("summary") == "small 2");
            }
        }
    }
}

TEST_CASE("a stream whose slim object never came is missed, and its results are there [A.3]") {
    auto const hub = merged(plain_envelope("a", {"x"}) + "\n" + plain_envelope("b", {"y"}) + "\n");
    CHECK(hub.records().size() == 2);
    CHECK(kinds(hub) == std::set{fault_kind::missing_close});
    CHECK(reasons(hub) == "worker gw0: the stream ends before its worker had said that it was done\n");
    CHECK(kinds(merged(plain_envelope("a", {"x"}))) == std::set{fault_kind::missing_close});
    CHECK(kinds(merged("[" + plain_envelope("a", {"x"}) + "]")) == std::set{fault_kind::missing_close});
}

TEST_CASE("other results than the slim object promises are a fault, also those that stand behind it [A.3]") {
    std::string const one = plain_envelope("a", {"x"}) + "\n";
    for (auto const& each : std::vector<std::pair<std::string, std::string>>{
             {one + plain_close(2), "its writer sent 2 results, but 1 are here"},
             {one + plain_close(0), "its writer sent 0 results, but 1 are here"},
             {plain_close(0) + "\n" + one, "its writer sent 0 results, but 1 are here"}}) {
        auto const& text = each.first;
        CAPTURE(text);
        auto const hub = merged(text);
        CHECK(hub.records().size() == 1);
        CHECK(kinds(hub) == std::set{fault_kind::short_count});
        CHECK(reasons(hub) == "worker gw0: " + each.second + "\n");
    }
    CHECK(reasons(merged(one + plain_close(1))) == "");
    CHECK(reasons(merged(plain_close(1) + "\n" + one)) == "");
}

TEST_CASE("a slim object whose count is none, and a second one, are faults [A.3, B3]") {
    std::string const one = plain_envelope("a", {"x"}) + "\n";
    for (std::string const count : {"null", "-1", "1.5", "\"1\"", "99999999999999999999"}) {
        CAPTURE(count);
        auto const hub = merged(one + R"({"schema": "rampart.xdist.v2", "streamed_result_count": )" + count +
                                R"(, "trial_specs": []})");
        CHECK(hub.records().size() == 1);
        CHECK(kinds(hub) == std::set{fault_kind::bad_record});
    }
    auto const twice = merged(one + plain_close(1) + "\n" + plain_close(1));
    CHECK(kinds(twice) == std::set{fault_kind::bad_record});
    CHECK(reasons(twice) == "worker gw0, line 3: the stream was closed before\n");
}

TEST_CASE("one bad envelope keeps its siblings, in an array and in lines, wherever it stands [A.3, B2]") {
    std::string const a = plain_envelope("a", {"x"});
    std::string const b = plain_envelope("b", {"y"});
    for (std::string const bad :
         {R"({"schema": "rampart.xdist.v2"})", R"({"schema": "rampart.xdist.v2", "nodeid": 7, "results": []})",
          R"({"schema": "rampart.xdist.v2", "nodeid": "c", "results": null})", R"({"schema": "rampart.xdist.v3"})", "7",
          "[]", "{}", "null"}) {
        CAPTURE(bad);
        std::vector<std::string> const parts{a, b, plain_close(2)};
        for (std::size_t at = 0; at <= parts.size(); ++at) {
            auto with = parts;
            with.insert(with.begin() + static_cast<std::ptrdiff_t>(at), bad);
            std::string lines;
            std::string array;
            for (auto const& part : with) {
                lines += part + "\n";
                array += (array.empty() ? "[" : ", ") + part;
            }
            for (auto const& text : {lines, array + "]"}) {
                CAPTURE(text);
                bool const is_array = text.front() == '[' && at != 0;
                auto const hub = merged(text);
                // What begins with a bracket is read as one document.
                if (bad == "[]" && at == 0 && text == lines) continue;
                CHECK(hub.records().size() == 2);
                CHECK(kinds(hub) == std::set{fault_kind::bad_record});
                REQUIRE(hub.faults().size() == 1);
                if (is_array) CHECK(hub.faults()[0].where.starts_with("worker gw0, /" + std::to_string(at)));
                if (text == lines)
                    CHECK(hub.faults()[0].where.starts_with("worker gw0, line " + std::to_string(at + 1)));
            }
        }
    }
}

TEST_CASE("a line of a stream that is no JSON is a fault, and the others are taken [A.3, B2]") {
    std::string const good = plain_envelope("a", {"x"}) + "\n";
    for (std::string const bad : {"no JSON\n", "{\"schema\": \n", "\x01\n", "{\"a\": NaN}\n"}) {
        CAPTURE(bad);
        for (auto const& text :
             {bad + good + plain_close(1), good + bad + plain_close(1), good + plain_close(1) + "\n" + bad}) {
            auto const hub = merged(text);
            CHECK(hub.records().size() == 1);
            CHECK(kinds(hub) == std::set{fault_kind::bad_document});
        }
    }
    auto const torn = merged(good + plain_close(1).substr(0, 40));
    CHECK(torn.records().size() == 1);
    CHECK(kinds(torn) == std::set{fault_kind::bad_document, fault_kind::missing_close});
}

TEST_CASE("several envelopes of one test number their results through [A.3]") {
    auto const hub = merged(plain_envelope("a", {"setup"}) + "\n" + plain_envelope("b", {"b"}) + "\n" +
                            plain_envelope("a", {"call 0", "call 1"}) + "\n" + plain_close(4));
    CHECK(reasons(hub) == "");
    CHECK(summaries(hub) == std::vector<std::string>{"a 0 setup", "b 0 b", "a 1 call 0", "a 2 call 1"});
    REQUIRE(hub.tests().size() == 2);
    CHECK(hub.tests()[0].results == 3);
}

TEST_CASE("a result type of the user's own crosses in a stream [A.3, B13]") {
    rp::basic_session<finding> s;
    s.absorb(test_id("a"), {}, {finding{1}, finding{2}});
    rp::basic_session<finding> hub;
    CHECK(rp::merge(hub, "gw0", rp::serialize_stream(s)));
    CHECK_FALSE(hub.is_incomplete());
    REQUIRE(hub.records().size() == 2);
    CHECK(hub.records()[1].value == finding{2});
}

TEST_CASE("Python's stream of every kind of result is read, and says what its payload says [A.3, B1]") {
    auto const stream = shared_golden("v2_stream_full.json", "Python's stream of every kind of result is read");
    if (stream.empty()) return;
    auto const hub = merged(stream);
    CHECK(reasons(hub) == "");
    auto const document = parsed(stream);
    std::size_t results = 0;
    for (auto const& envelope : document.as_array()) {
        if (auto const* const list = envelope.as_object().if_contains("results")) results += list->as_array().size();
    }
    CHECK(results == 7);
    CHECK(hub.records().size() == results);
    CHECK(hub.trial_specs().size() == document.as_array().back().at("trial_specs").as_array().size());
    for (auto const& envelope : document.as_array()) {
        auto const* const list = envelope.as_object().if_contains("results");
        if (list == nullptr) continue;
        test_id const id(std::string(envelope.at("nodeid").as_string()));
        for (std::size_t i = 0; i < list->as_array().size(); ++i) {
            auto const& theirs = list->as_array()[i].as_object();
            auto const found = std::find_if(hub.records().begin(), hub.records().end(),
                                            [&](record const& r) { return r.test == id && r.index == i; });
            REQUIRE(found != hub.records().end());
            CHECK(theirs.at("status") == boost::json::string(to_string(found->value.status)));
            CHECK(theirs.at("summary") == boost::json::string(found->value.summary));
            CHECK(theirs.at("turns").as_array().size() == found->value.evidence.turns.size());
            CHECK(theirs.at("duration_seconds") == found->value.duration_seconds);
        }
    }
    // The same envelopes as lines.
    std::string lines;
    for (auto const& envelope : document.as_array()) lines += spelt_json(envelope) + "\n";
    CHECK(report_of(merged(lines)) == report_of(hub));
}

TEST_CASE(
    "Python's own envelopes are read: fitting ones, oversized ones, and those at the smallest cap [A.3, B1, B6]") {
    auto const samples = shared_golden("newer_stream.json", "Python's own envelopes are read");
    if (samples.empty()) return;
    auto const document = parsed(samples);
    auto const slim = spelt_json(document.at("slim workeroutput"));
    CHECK(document.at("slim workeroutput").at("streamed_result_count") == 3);
    struct sample {
        std::string name;
        std::size_t results;
        std::size_t truncated;
    };
    for (sample const& each :
         {sample{"fitting", 2, 0}, sample{"oversized at 4096", 3, 1}, sample{"cap below the minimum", 1, 1}}) {
        std::size_t const count = each.results;
        CAPTURE(each.name);
        auto const& envelope = document.at(each.name);
        CHECK(envelope.at("results").as_array().size() == count);
        auto const hub = merged(spelt_json(envelope) + "\n" + slim);
        CHECK(hub.records().size() == count);
        std::set<fault_kind> wanted;
        if (each.truncated != 0) wanted.insert(fault_kind::truncated);
        if (count != 3) wanted.insert(fault_kind::short_count);
        CHECK(kinds(hub) == wanted);
        auto const errors = std::count_if(hub.records().begin(), hub.records().end(), [](record const& r) {
            return r.value.status == rp::safety_status::error && r.value.strategy == "xdist-transport";
        });
        CHECK(static_cast<std::size_t>(errors) == each.truncated);
        for (auto const& r : hub.records()) {
            CHECK(r.test.str() == std::string(envelope.at("nodeid").as_string()));
        }
    }
}
