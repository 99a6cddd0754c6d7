#include "rampart/transport/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
using rp::test_id;

/// What a shard says, in an order of its own.
struct facts {
    std::vector<std::tuple<test_id, std::uint32_t, std::uint32_t, std::string, std::string>> places{};
    std::vector<rp::result> values{};
    std::vector<rp::test_entry> tests{};
    std::vector<rp::trial_spec> specs{};
    std::vector<rp::fault> faults{};
    friend bool operator==(facts const&, facts const&) = default;
};
facts facts_of(rp::shard s) {
    std::stable_sort(s.records.begin(), s.records.end(),
                     [](auto const& a, auto const& b) { return report_order(a, b); });
    std::stable_sort(s.tests.begin(), s.tests.end(), [](auto const& a, auto const& b) { return report_order(a, b); });
    facts made{.tests = s.tests, .specs = s.trial_specs, .faults = s.faults};
    for (auto& r : s.records) {
        made.places.emplace_back(r.test, r.index, r.attempt, r.test_name, r.harm_category);
        made.values.push_back(std::move(r.value));
    }
    return made;
}

rp::session random_session(unsigned seed) {
    wire_samples::generator random(seed);
    rp::session s{rp::text_policy::keep};
    for (auto tests = random.below(5); tests > 0; --tests) {
        test_id const id("tests/" + random.text() + "::" + std::to_string(random.below(3)));
        std::vector<rp::result> results;
        for (auto left = random.below(4); left > 0; --left) {
            results.push_back(random.result());
            // The envelope's category is the result's own, so that the value comes back as it was.
            if (results.back().harm_category.empty()) results.back().harm_category = "some";
        }
        rp::test_facts told;
        if (random.coin()) {
            told = {random.text() + "n",    static_cast<rp::test_outcome>(random.below(7)),
                    0.25 * random.below(9), random.text(),
                    random.below(900),      random.text()};
        }
        if (random.coin()) told.unused = {random.text(), "git"};
        s.absorb(id, {}, std::move(results), told);
        if (random.coin()) s.register_trial_spec({id, test_id("base " + random.text()), random.number()});
    }
    if (random.coin()) s.add_fault({rp::fault_kind::late_result, random.text(), random.text()});
    return s;
}

std::string in_words(rp::shard_error const& e) { return std::string(to_string(e.code)) + ": " + e.message(); }

}  // namespace

TEST_CASE("whatever a session holds comes back from its payload [B61, B63, B65, B13]") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        rp::session const s = random_session(seed);
        auto const text = rp::serialize_worker_data(s);
        REQUIRE(text.has_value());
        auto const read = rp::detail::read_payload<rp::result>(*text, {}, rp::text_policy::keep);
        REQUIRE_MESSAGE(read.has_value(), in_words(read.error()));
        REQUIRE(facts_of(*read) == facts_of(s.to_shard("")));
        // And the payload of what was read is the same again.
        rp::session again{rp::text_policy::keep};
        auto from = *read;
        from.faults.clear();
        again.merge_worker_results(std::move(from));
        for (auto const& f : read->faults) again.add_fault(f);
        REQUIRE(*rp::serialize_worker_data(again) == *text);
    }
}

TEST_CASE("a payload is ASCII and one line, without NaN [B61, A.1.4]") {
    for (unsigned seed = 300; seed < 340; ++seed) {
        auto const text = rp::serialize_worker_data(random_session(seed));
        REQUIRE(text.has_value());
        for (char const c : *text) REQUIRE((c >= 0x20 && c < 0x7F));
        boost::json::error_code ec;
        boost::json::parse_options deep;
        deep.max_depth = 100;
        static_cast<void>(boost::json::parse(*text, ec, {}, deep));
        REQUIRE_FALSE(ec);
    }
}

TEST_CASE("our own samples are read, and written again with the same bytes [A.1]") {
    for (std::string const name : {"plain", "rich"}) {
        CAPTURE(name);
        auto const text = wire_samples::read_file(wire_samples::own_golden(name + ".payload.json"));
        auto read = rp::detail::read_payload<rp::result>(text, {}, rp::text_policy::keep);
        REQUIRE(read.has_value());
        rp::session s{rp::text_policy::keep};
        auto const faults = std::exchange(read->faults, {});
        s.merge_worker_results(std::move(*read));
        for (auto const& f : faults) s.add_fault(f);
        CHECK(*rp::serialize_worker_data(s) + "\n" == text);
    }
}

namespace {

/// The differences between Python's reading and ours that are decided (wire format, B): a confidence that is missing or
/// null is 0 and not 1 (B3), and what is nested to the limit is kept (B5).
struct comparison {
    std::string where{};
    std::vector<std::string> differences{};

    void same(std::string const& what, boost::json::value const& python, boost::json::value const& ours) {
        if (python == ours) return;
        differences.push_back(where + " " + what + ": " + rp::to_compact_json(python) + " is here " +
                              rp::to_compact_json(ours));
    }
};

boost::json::value text_or_null(std::optional<std::string> const& t) {
    return t ? boost::json::value(*t) : boost::json::value(nullptr);
}
boost::json::value plain(rp::metadata const& m) { return rp::to_json(m); }

void compare(comparison& c, boost::json::object const& python, rp::basic_record<rp::result> const& r) {
    rp::result const& v = r.value;
    c.same("safe", python.at("safe"), v.safe());
    c.same("status", python.at("status"), boost::json::string(to_string(v.status)));
    c.same("summary", python.at("summary"), boost::json::string(v.summary));
    c.same("harm", python.at("harm_category"),
           r.harm_category.empty() ? boost::json::value(nullptr) : boost::json::value(r.harm_category));
    c.same("strategy", python.at("strategy"), boost::json::string(v.strategy));
    c.same("observability", python.at("observability_level"), boost::json::string(to_string(v.evidence.observability)));
    c.same("duration", python.at("duration_seconds"), v.duration_seconds);
    c.same("injections", python.at("injections"), rp::to_json(v.evidence).at("injections"));
    boost::json::object meta = plain(v.meta).as_object();
    meta["_pytest_test_name"] = r.test_name;
    meta["_pytest_nodeid"] = r.test.str();
    meta["_rampart_result_index"] = r.index;
    meta["_rampart_source_worker"] = "gw0";
    c.same("metadata", python.at("metadata"), meta);
    auto const& turns = python.at("turns").as_array();
    c.same("turn count", turns.size(), v.evidence.turns.size());
    if (turns.size() != v.evidence.turns.size()) return;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        auto const& p = turns[i].as_object();
        rp::turn const& t = v.evidence.turns[i];
        c.same("prompt", p.at("prompt"), text_or_null(t.request.prompt));
        c.same("text", p.at("text"), boost::json::string(t.response.text));
        c.same("turn_number", p.at("turn_number"), t.turn_number);
        c.same("driver_reasoning", p.at("driver_reasoning"), boost::json::string(t.driver_reasoning));
        c.same("timestamp", p.at("timestamp"), text_or_null(t.timestamp));
        c.same("response metadata", p.at("metadata"), plain(t.response.meta));
        boost::json::array attachments;
        for (auto const& a : t.request.attachments) attachments.push_back(rp::to_json(a));
        c.same("attachments", p.at("attachments"), attachments);
        boost::json::array calls;
        for (auto const& call : t.response.tool_calls) calls.push_back(rp::to_json(call));
        c.same("tool calls", p.at("tool_calls"), calls);
        boost::json::array effects;
        for (auto const& effect : t.response.side_effects) effects.push_back(rp::to_json(effect));
        c.same("side effects", p.at("side_effects"), effects);
        c.same("evaluation", p.at("eval_result"),
               t.evaluation ? rp::to_json(*t.evaluation) : boost::json::value(nullptr));
    }
}

}  // namespace

TEST_CASE("what Python reads from its own payloads is what is read here [A.1.7, B1, B61, B62, B66, B67, B70, B72]") {
    struct sample {
        std::string name;
        std::vector<std::string> decided;  // how each expected difference begins
    };
    sample const samples[] = {
        {"basic", {}},
        {"full", {}},
        {"trials", {}},
        {"empty", {}},
        {"coerced", {}},
        {"numbers", {"t/test_n.py::test_numbers 0 evaluation", "t/test_n.py::test_numbers 1 evaluation"}},
        {"unicode", {}},  // lone surrogates become U+FFFD in both documents as they are read
        {"nesting",
         {"t/test_deep.py::test_nesting 0 metadata", "t/test_deep.py::test_nesting 0 response metadata",
          "t/test_deep.py::test_nesting 0 tool calls", "t/test_deep.py::test_nesting 0 side effects"}},
        // Ids, keys, names and categories are stripped here too (B7); Python leaves them as they are.
        {"ansi",
         {"ids", "t/test_a.py::test_ansi[RED] 0 harm", "t/test_a.py::test_ansi[RED] 0 strategy",
          "t/test_a.py::test_ansi[RED] 0 injections", "t/test_a.py::test_ansi[RED] 0 metadata",
          "t/test_a.py::test_ansi[RED] 0 attachments", "t/test_a.py::test_ansi[RED] 0 tool calls",
          "t/test_a.py::test_ansi[RED] 0 side effects"}},
    };
    for (sample const& each : samples) {
        std::string const& name = each.name;
        std::vector<std::string> const& decided = each.decided;
        auto const text =
            wire_samples::shared_golden(name + ".payload.json", "what Python reads from its own payloads");
        if (text.empty()) return;
        CAPTURE(name);
        auto const read = rp::deserialize_worker_data(text);
        REQUIRE(read.has_value());
        auto const summary = rp::read_json(wire_samples::shared_golden(name + ".summary.json", "summary"));
        REQUIRE(summary.has_value());
        auto const& python = summary->root().as_object();

        comparison c;
        std::size_t records = 0;
        for (auto const& member : python.at("nodeids").as_object()) {
            auto const id = test_id(rp::strip_ansi(std::string_view(member.key())));
            if (id.str() != std::string_view(member.key())) c.differences.push_back("ids");
            std::size_t index = 0;
            for (auto const& result : member.value().as_array()) {
                auto const found = std::find_if(read->records.begin(), read->records.end(),
                                                [&](auto const& r) { return r.test == id && r.index == index; });
                REQUIRE(found != read->records.end());
                c.where = id.str() + " " + std::to_string(index);
                compare(c, result.as_object(), *found);
                ++index;
                ++records;
            }
        }
        CHECK(records == read->records.size());
        // Trial specs, in any order.
        auto const& specs = python.at("trial_specs").as_object();
        CHECK(specs.size() == read->trial_specs.size());
        for (auto const& spec : read->trial_specs) {
            auto const& theirs = specs.at(spec.clone.str()).as_object();
            CHECK(theirs.at("base_nodeid") == boost::json::string(spec.base.str()));
            CHECK(theirs.at("threshold") == spec.threshold);
        }
        REQUIRE(c.differences.size() == decided.size());
        for (std::size_t i = 0; i < decided.size(); ++i) {
            CAPTURE(c.differences[i]);
            CHECK(c.differences[i].starts_with(decided[i]));
        }
    }
}

TEST_CASE("every beginning of a payload is an error, none a crash [B4]") {
    std::string text = *rp::serialize_worker_data(random_session(7));
    for (unsigned seed = 8; text.size() < 1500; ++seed) text = *rp::serialize_worker_data(random_session(seed));
    for (std::size_t n = 0; n < text.size(); ++n) {
        auto const read = rp::deserialize_worker_data(std::string_view(text).substr(0, n));
        REQUIRE(read.has_error());
        REQUIRE_FALSE(read.error().message().empty());
    }
    CHECK(rp::deserialize_worker_data(text).has_value());
}

TEST_CASE("a flipped byte is an error, a fault, or another value, never a crash [B4]") {
    std::mt19937 random(99);
    int refused = 0;
    int faulty = 0;
    std::vector<std::string> texts;
    for (unsigned seed = 40; seed < 60; ++seed) texts.push_back(*rp::serialize_worker_data(random_session(seed)));
    for (int i = 0; i < 2000; ++i) {
        std::string text = texts[random() % texts.size()];
        for (auto flips = 1 + random() % 3; flips > 0; --flips) {
            text[random() % text.size()] ^= static_cast<char>(1U << (random() % 8));
        }
        auto const read = rp::deserialize_worker_data(text);
        if (read.has_error()) {
            ++refused;
            REQUIRE_FALSE(read.error().message().empty());
        } else {
            faulty += read->faults.empty() ? 0 : 1;
        }
    }
    CHECK(refused > 200);
    CHECK(faulty > 50);
}

TEST_CASE("nesting and brackets without end are refused at once [B4]") {
    for (std::string const& open : {std::string("["), std::string("{\"a\":")}) {
        std::string text =
            R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {"a": [{"status": "safe", "metadata": )";
        for (int i = 0; i < 100000; ++i) text += open;
        CHECK(rp::deserialize_worker_data(text).error().code == rp::shard_errc::too_deep);
    }
    CHECK(rp::deserialize_worker_data(std::string(64U << 20U, '[')).error().code == rp::shard_errc::too_deep);
    CHECK(rp::deserialize_worker_data(std::string((64U << 20U) + 1, '[')).error().code == rp::shard_errc::too_large);
}
