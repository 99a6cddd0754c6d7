#include "rampart/transport/plain_read.hpp"

#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/document.hpp"
#include "rampart/transport/journal_line.hpp"
#include "rampart/transport/wire.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace rp = rampart;
namespace detail = rampart::detail;
using shard = rp::basic_shard<rp::result>;

/// All that a shard says, as text.
std::string told(shard const& s) {
    std::string text;
    rp::json_writer w(text, rp::json_style::indented);
    w.begin_array();
    w.string(s.worker);
    for (auto const& r : s.records) {
        w.begin_array();
        for (std::string_view const part : {std::string_view(r.test.str()), std::string_view(r.test_name),
                                            std::string_view(r.worker), std::string_view(r.harm_category)}) {
            w.string(part);
        }
        w.integer(r.index);
        w.integer(r.attempt);
        detail::write_json(w, r.value);
        w.end_array();
    }
    for (auto const& t : s.tests) {
        w.begin_array();
        for (std::string const* part : {&t.test.str(), &t.worker, &t.facts.name, &t.facts.file, &t.facts.detail})
            w.string(*part);
        for (std::string const& name : t.facts.unused) w.string(name);
        w.integer(t.attempt);
        w.integer(t.results);
        w.integer(t.facts.line);
        w.number(t.facts.seconds);
        w.string(to_string(t.facts.outcome));
        w.end_array();
    }
    for (auto const& spec : s.trial_specs) detail::write_json(w, spec);
    for (auto const& f : s.faults) {
        w.string(to_string(f.kind));
        w.string(f.where);
        w.string(f.what);
    }
    for (auto const& p : s.plans) {
        w.begin_object();
        detail::write_plan_members(w, p);
        w.member("closed", p.closed);
        w.member("torn", p.torn);
        w.member("source", p.source);
        for (auto const& id : p.running) w.member("running", id.str());
        w.end_object();
    }
    w.end_array();
    return text;
}

std::optional<std::string> plainly(std::string_view bytes, rp::wire_limits const& limits = {}) {
    shard made;
    if (!detail::read_plain_payload(made, bytes, limits, "a.json")) return std::nullopt;
    return told(made);
}
/// By the reader of trees alone.
std::optional<std::string> by_tree(std::string_view bytes, rp::wire_limits const& limits = {}) {
    auto const document = rp::read_json(bytes, {limits.max_bytes, limits.max_depth}, "results_by_nodeid");
    if (!document) return std::nullopt;
    shard made;
    detail::payload_reader<rp::result> reader(made, limits, "a.json");
    if (!reader.read(document->root())) return std::nullopt;
    for (auto const& note : document->notes) made.faults.push_back(note);
    return told(made);
}

/// A session with all that a payload can say.
rp::session some_session(wire_samples::generator& make) {
    rp::session s(rp::text_policy::keep);
    shard from;
    for (auto tests = make.below(5); tests > 0; --tests) {
        rp::test_id const id("tests/" + std::to_string(make.below(4)) + make.text());
        for (std::uint32_t attempt = 1; attempt <= 1 + make.below(2); ++attempt) {
            std::string const worker = make.coin() ? "" : "gw" + std::to_string(make.below(3));
            std::uint32_t const results = make.below(3);
            for (std::uint32_t i = 0; i < results; ++i) {
                auto const r = make.result();
                from.records.push_back({id, make.coin() ? make.text() : std::string(rp::short_name(id)), i, attempt,
                                        worker, r.harm_category, r});
            }
            if (make.below(3) == 0) continue;
            from.tests.push_back({id, attempt, worker, results, {.name = std::string(rp::short_name(id))}});
            if (make.coin()) continue;
            rp::test_facts& facts = from.tests.back().facts;
            facts = {make.text(), static_cast<rp::test_outcome>(make.below(7)), 0.25, make.text(), make.below(100),
                     make.text()};
            if (make.coin()) facts.unused = {"docker", make.text()};
        }
        if (make.coin()) from.trial_specs.push_back({id, rp::test_id("base" + make.text()), 0.5});
    }
    if (make.coin()) from.faults.push_back({rp::fault_kind::incomplete, make.text(), make.text()});
    if (make.coin())
        from.plans.push_back({.run = "r", .worker = "gw1", .list_hash = "h", .tests = {rp::test_id("tests/1")}});
    s.merge_worker_results(std::move(from));
    if (make.coin()) s.set_plan({.run = "r", .worker = make.coin() ? "" : "gw9"});
    return s;
}

}  // namespace

TEST_CASE("a payload that our writer wrote is plain, and says what the reader of trees finds [A.1]") {
    wire_samples::generator make(1);
    int plain = 0;
    for (int round = 0; round < 400; ++round) {
        auto const bytes = rp::serialize_worker_data(some_session(make)).value();
        CAPTURE(bytes);
        auto const tree = by_tree(bytes);
        REQUIRE(tree.has_value());
        auto const read = plainly(bytes);
        plain += read ? 1 : 0;
        if (read) REQUIRE(*read == *tree);
        // Whichever way it is taken, the result is the same.
        auto const taken = detail::read_document<rp::result>(bytes, {}, "a.json");
        REQUIRE(taken.has_value());
        REQUIRE(told(*taken) == *tree);
    }
    // What is left to the tree: a test of which entry and results disagree, numbers at the edge of what doubles hold.
    CHECK(plain > 250);
}

TEST_CASE("the samples of the Python package are plain, and say what the reader of trees finds [A.1]") {
    for (char const* const name : {"plain.payload.json", "rich.payload.json"}) {
        auto const bytes = wire_samples::read_file(wire_samples::own_golden(name));
        CAPTURE(name);
        auto const read = plainly(bytes);
        REQUIRE(read.has_value());
        CHECK(*read == by_tree(bytes));
    }
}

TEST_CASE("a payload that was damaged is left to the reader of trees, or says what that finds [B2]") {
    wire_samples::generator make(2);
    std::mt19937_64 random(3);
    std::vector<std::string> documents;
    for (int i = 0; i < 30; ++i) documents.push_back(rp::serialize_worker_data(some_session(make)).value());
    int taken = 0;
    for (int round = 0; round < 6000; ++round) {
        std::string bytes = documents[random() % documents.size()];
        static constexpr std::string_view odd = "{}[],:\"\\ 0179.eE+-truefalsn/ud\n\x80\xc3\xa9\x01";
        std::size_t const at = random() % bytes.size();
        switch (random() % 4) {
        case 0:
            bytes[at] = odd[random() % odd.size()];
            break;
        case 1:
            bytes.erase(at, 1 + random() % 20);
            break;
        case 2:
            bytes.insert(at, 1, odd[random() % odd.size()]);
            break;
        default:
            bytes.insert(random() % bytes.size(), std::string(bytes, at, 1 + random() % 80));
        }
        CAPTURE(bytes);
        auto const read = plainly(bytes);
        if (!read) continue;
        ++taken;
        REQUIRE(read == by_tree(bytes));
    }
    CHECK(taken > 500);
}

TEST_CASE("a limit that a document is over is for the reader of trees to name [B4]") {
    rp::session s;
    for (int i = 0; i < 5; ++i) s.absorb(rp::test_id("t" + std::to_string(i)), {}, {rp::result{}, rp::result{}});
    auto const bytes = rp::serialize_worker_data(s).value();
    CHECK(plainly(bytes, {.max_bytes = bytes.size()}).has_value());
    CHECK_FALSE(plainly(bytes, {.max_bytes = bytes.size() - 1}).has_value());
    CHECK(plainly(bytes, {.max_records = 10}).has_value());
    CHECK_FALSE(plainly(bytes, {.max_records = 9}).has_value());
    CHECK_FALSE(plainly(bytes, {.max_depth = 4}).has_value());
}

TEST_CASE("tests that stand twice are noticed in any order; both lists are kept by the reader of trees [B4]") {
    auto const document = [](std::string const& members) {
        return R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {)" + members + "}}";
    };
    std::string const one = R"([{"status": "safe", "observability_level": "tool_only"}])";
    CHECK(plainly(document("\"b\": " + one + ", \"a\": " + one + ", \"c\": []")) ==
          by_tree(document("\"b\": " + one + ", \"a\": " + one + ", \"c\": []")));
    for (std::string const& twice : std::vector<std::string>{
             "\"a\": " + one + ", \"a\": " + one, "\"a\": [], \"b\": [], \"a\": " + one,
             "\"b\": [], \"a\": [], \"b\": []", "\"c\": [], \"a\": [], \"b\": [], \"\\u0061\": []"}) {
        CAPTURE(twice);
        CHECK_FALSE(plainly(document(twice)).has_value());
        CHECK(by_tree(document(twice)).has_value());
    }
}

TEST_CASE("streams and journals say the same whether their lines are plain or not [A.3, C]") {
    wire_samples::generator make(4);
    for (int round = 0; round < 150; ++round) {
        auto const session = some_session(make);
        auto const stream = rp::serialize_stream(session);
        // A key that nobody knows makes a line one for the reader of trees, and says nothing.
        std::string odd;
        for (std::size_t at = 0; at < stream.size();) {
            auto const end = stream.find('\n', at);
            odd.append(R"({"unknown": 1, )").append(stream, at + 1, end - at);
            at = end + 1;
        }
        CAPTURE(stream);
        auto const read = [](std::string const& bytes) {
            auto made = detail::read_document<rp::result>(bytes, {}, "a.jsonl");
            REQUIRE(made.has_value());
            return told(*made);
        };
        REQUIRE(read(stream) == read(odd));
    }
    for (int round = 0; round < 150; ++round) {
        std::string journal;
        std::string odd;
        auto const add = [&](std::string const& object) {
            journal += detail::seal(object);
            odd += detail::seal(R"({"unknown": 1, )" + object.substr(1));
        };
        add(R"({"schema": "rampart.journal.v1", "run": "r", "worker": "gw0", "shard": {"index": 0, "count": 1}, "tests": ["a", "b"]})");
        for (auto lines = make.below(12); lines > 0; --lines) {
            std::string const id = make.coin() ? "a" : "b";
            switch (make.below(4)) {
            case 0:
                add("{\"start\": \"" + id + "\"}");
                break;
            case 1: {
                std::vector<rp::fault> faults;
                auto const r = make.result();
                std::vector<rp::basic_record<rp::result>> const records(make.below(3),
                                                                        {rp::test_id(id), id, 0, 1, "", "", r});
                add(rp::serialize_envelope<rp::result>(rp::test_id(id), records, faults));
                break;
            }
            case 2:
                add("{\"end\": \"" + id + R"(", "outcome": "passed", "seconds": 0.5, "results": )" +
                    std::to_string(make.below(3)) + R"(, "file": "f.cpp", "line": 3, "unused": ["docker"]})");
                break;
            default:
                // No entry, with a number where a text belongs, or of an envelope without results.
                add(make.coin() ? R"({"end": "a", "outcome": 1})" : R"({"schema": "rampart.xdist.v2", "nodeid": "a"})");
            }
        }
        CAPTURE(journal);
        auto const read = [](std::string const& bytes) {
            auto made = detail::read_document<rp::result>(bytes, {}, "a.journal");
            REQUIRE(made.has_value());
            return told(*made);
        };
        REQUIRE(read(journal) == read(odd));
    }
}
