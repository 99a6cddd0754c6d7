// Random runs of several parts, whose processes die at any line and are started again, against a model that knows what
// each of them had written: what a merge of their journals accounts for, and whether it calls itself complete.
#include "rampart/transport/journal.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "doctest/run_program.hpp"
#include "fuzz/invariants.hpp"
#include "hostile/generators.hpp"
#include "hostile/this_build.hpp"
#include "rampart/report/report.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/merge.hpp"
#include "rampart/transport/wire.hpp"

namespace rp = rampart;
using hostile::generator;

namespace {

/// What a line of a journal says.
struct line_event {
    enum kind : unsigned char { first, start, results, end, close } is{};
    std::size_t test = 0;
    std::uint32_t attempt = 1;
    std::uint32_t count = 0;
};

/// A file of a process that died, or did not, and what it still says.
struct output {
    std::string bytes{};
    std::vector<line_event> events{};  ///< of its whole lines
    bool torn = false;                 ///< and a part of one more
};

/// What is known of a test.
struct known_test {
    std::map<std::uint32_t, std::uint32_t> results{};  ///< by attempt
    bool ended = false;
    bool interrupted = false;  ///< by the end of the last process of its part
};

class journal_run {
public:
    explicit journal_run(generator& g) : g_(g), count_(static_cast<std::uint32_t>(1 + g.below(3))) {
        for (std::size_t n = 1 + g.below(7); n > 0; --n) {
            ids_.emplace_back("a.cpp::case " + std::to_string(ids_.size()));
            facts_.push_back({.name = "case",
                              .outcome = g.coin() ? rp::test_outcome::passed : rp::test_outcome::failed,
                              .seconds = static_cast<double>(g.below(4)) / 4.0,
                              .file = "a.cpp",
                              .line = 3});
            results_.emplace_back();
            for (auto left = g.below(4); left > 0; --left) results_.back().push_back(g.result());
        }
        tests.resize(ids_.size());
        std::vector<std::string_view> names;
        for (rp::test_id const& id : ids_) names.push_back(id.str());
        list_hash_ = rp::list_hash(names);
        // A part that is started again goes on where it was, as a resume does, or begins from the start.
        resumes_ = g.coin();
        complete = true;
        for (std::uint32_t part = 0; part < count_; ++part) {
            if (count_ > 1 && g.one_in(12)) {
                complete = false;
                never_came(part);
            } else {
                run_part(part);
            }
        }
        for (std::size_t test = 0; test < tests.size(); ++test) complete = complete && tests[test].ended;
    }

    [[nodiscard]] std::string const& id(std::size_t test) const { return ids_[test].str(); }
    [[nodiscard]] std::size_t results_of(std::size_t test) const { return results_[test].size(); }
    [[nodiscard]] rp::test_outcome outcome_of(std::size_t test) const { return facts_[test].outcome; }

    std::vector<output> outputs{};
    std::vector<known_test> tests{};
    std::set<std::size_t> missing{};  ///< tests of parts that never came
    std::set<std::string> torn{};     ///< workers whose last file ends inside a line
    bool complete = false;

private:
    void never_came(std::uint32_t part) {
        for (std::size_t test = part; test < ids_.size(); test += count_) missing.insert(test);
    }
    void run_part(std::uint32_t part) {
        bool closed = false;
        bool known = false;
        std::uint32_t attempt = 1;
        for (auto left = 1 + g_.below(3); left > 0 && !(closed && resumes_); --left) {
            output out = write(part, attempt);
            closed = cut(out);
            if (out.events.empty()) {
                complete = false;  // nobody knows whose file it was
            } else {
                known = true;
                learn(out, part);
                if (out.torn) {
                    torn.insert("worker gw" + std::to_string(part));
                } else {
                    torn.erase("worker gw" + std::to_string(part));
                }
            }
            // A resume goes by the plans that it finds, whoever starts a part again by his own count.
            if (!out.events.empty() || !resumes_) ++attempt;
            outputs.push_back(std::move(out));
        }
        complete = complete && closed;
        if (!known) never_came(part);
    }

    /// One process.
    output write(std::uint32_t part, std::uint32_t attempt) {
        scratch_folder scratch;
        output out;
        rp::shard_plan plan{.run = "r", .worker = "gw" + std::to_string(part), .attempt = attempt};
        plan.index = part;
        plan.count = count_;
        plan.list_hash = list_hash_;
        for (std::size_t test = part; test < ids_.size(); test += count_) plan.tests.push_back(ids_[test]);
        rp::journal<rp::result> book(scratch / "j", plan, {},
                                     {static_cast<std::int64_t>(outputs.size()), "host", "2026-03-19T21:30:05Z"},
                                     rp::journal_sync::none);
        out.events.push_back({line_event::first});
        for (std::size_t test = part; test < ids_.size(); test += count_) {
            if (resumes_ && tests[test].ended) continue;
            auto const& before = tests[test].results;
            // A process that leaves one out and says that it has done everything.
            if (g_.one_in(20)) continue;
            std::uint32_t const again = !resumes_ ? attempt : before.empty() ? 1 : before.rbegin()->first + 1;
            auto const count = static_cast<std::uint32_t>(results_[test].size());
            std::vector<rp::basic_record<rp::result>> records;
            for (rp::result const& r : results_[test]) {
                auto const index = static_cast<std::uint32_t>(records.size());
                records.push_back({ids_[test], "case", index, again, {}, r.harm_category, r});
            }
            book.start(ids_[test]);
            book.end({ids_[test], again, {}, count, facts_[test]}, records);
            out.events.push_back({line_event::start, test});
            out.events.push_back({line_event::results, test, again, count});
            out.events.push_back({line_event::end, test, again, count});
        }
        book.close({});
        out.events.push_back({line_event::close});
        REQUIRE(book.take_faults().empty());
        out.bytes = file_text(book.path().string());
        REQUIRE(static_cast<std::size_t>(std::count(out.bytes.begin(), out.bytes.end(), '\n')) == out.events.size());
        return out;
    }

    /// The process dies, between two lines or inside one. True when it had said its last word.
    bool cut(output& out) {
        if (g_.one_in(3)) return true;
        std::size_t const whole = g_.below(out.events.size() + 1);
        std::size_t at = 0;
        for (std::size_t i = 0; i < whole; ++i) at = out.bytes.find('\n', at) + 1;
        bool const all = whole == out.events.size();
        out.events.resize(whole);
        std::size_t const more = all || g_.coin() ? 0 : g_.below(out.bytes.find('\n', at) - at);
        out.torn = more > 0;
        out.bytes.resize(at + more);
        return all;
    }

    void learn(output const& out, std::uint32_t part) {
        for (std::size_t test = part; test < ids_.size(); test += count_) tests[test].interrupted = false;
        for (line_event const& e : out.events) {
            if (e.is == line_event::start) tests[e.test].interrupted = true;
            if (e.is == line_event::results && e.count > 0) tests[e.test].results[e.attempt] = e.count;
            if (e.is == line_event::end) {
                tests[e.test].ended = true;
                tests[e.test].interrupted = false;
            }
        }
    }

    generator& g_;
    std::uint32_t count_;
    bool resumes_ = false;
    std::vector<rp::test_id> ids_{};
    std::vector<rp::test_facts> facts_{};
    std::vector<std::vector<rp::result>> results_{};
    std::string list_hash_{};
};

/// Holds a merged session against what its journals said.
void check_account(journal_run const& run, rp::session const& merged) {
    auto const report = rp::build_report(merged);
    std::string reasons;
    for (std::string const& each : merged.incomplete_reasons()) reasons += each + "\n";
    INFO(reasons);
    CHECK(merged.is_incomplete() == !run.complete);
    CHECK(report.is_incomplete() == !run.complete);
    std::set<std::string> torn;
    for (rp::fault const& f : report.faults) {
        if (f.kind == rp::fault_kind::torn_tail && !f.where.empty()) torn.insert(f.where);
    }
    CHECK(torn == run.torn);

    std::map<std::string, std::map<std::uint32_t, std::uint32_t>> held;
    for (auto const& r : merged.records()) ++held[r.test.str()][r.attempt];
    for (std::size_t test = 0; test < run.tests.size(); ++test) {
        known_test const& known = run.tests[test];
        INFO(run.id(test));
        CHECK(held[run.id(test)] == known.results);
        std::set<rp::test_outcome> outcomes;
        for (rp::test_entry const& t : report.tests) {
            if (t.test.str() != run.id(test)) continue;
            outcomes.insert(t.facts.outcome);
            if (t.facts.outcome == run.outcome_of(test)) CHECK(t.results == run.results_of(test));
        }
        // Planned in a part that never came, it is not known by name.
        CHECK(outcomes.empty() == run.missing.contains(test));
        CHECK(outcomes.contains(run.outcome_of(test)) == known.ended);
        if (known.interrupted) CHECK(reasons.find("test " + run.id(test) + " was running") != std::string::npos);
    }
}

/// Calls `f(generator&)` with a seed of its own each time, and says how to get there again.
template <class F>
void for_all(std::size_t rounds, F f) {
    auto const seed = hostile::seed_of_this_run();
    if (hostile::sanitized) rounds /= 5;
    for (std::size_t round = 0; round < rounds; ++round) {
        INFO(hostile::again(seed, round));
        generator g(seed + round * 1000003);
        f(g);
    }
}

void take(rp::session& into, std::string const& bytes) { (void)rp::merge(into, "", bytes); }

}  // namespace

TEST_CASE("of processes that died at any line, all that they had written is accounted for, and no more") {
    std::size_t complete = 0;
    std::size_t all = 0;
    for_all(400, [&](generator& g) {
        journal_run const run(g);
        rp::session merged;
        for (output const& out : run.outputs) take(merged, out.bytes);
        CHECK_NOTHROW(invariants::check_session(merged));
        if (run.outputs.empty()) return;
        check_account(run, merged);
        ++all;
        if (run.complete) ++complete;
    });
    // Else one of the two has not been seen.
    CHECK(complete * 20 > all);
    CHECK(complete * 20 < all * 19);
}

TEST_CASE("journals give one report in any order, twice, and through hubs") {
    for_all(100, [](generator& g) {
        journal_run const run(g);
        auto const& outputs = run.outputs;
        if (outputs.empty()) return;
        rp::session straight;
        for (output const& out : outputs) take(straight, out.bytes);
        auto const wanted = invariants::outcome_of(straight);

        rp::session mixed;
        for (std::size_t n = 0; n < 3 * outputs.size(); ++n) {
            take(mixed, outputs[n < 2 * outputs.size() ? g.below(outputs.size()) : n % outputs.size()].bytes);
        }
        CHECK(invariants::difference(wanted, invariants::outcome_of(mixed)) == "");

        rp::session hubs[2];
        for (output const& out : outputs) take(hubs[g.below(2)], out.bytes);
        rp::session top;
        for (rp::session const& hub : hubs) {
            take(top, g.coin() ? rp::serialize_or_marker(hub, invariants::wide_limits())
                               : rp::serialize_stream(hub, invariants::wide_limits()));
        }
        take(top, g.pick(outputs).bytes);
        CHECK(invariants::difference(wanted, invariants::outcome_of(top)) == "");
    });
}
