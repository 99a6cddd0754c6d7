// What holds for every session: it can be carried and arrives, and merging knows no order.
#include "rampart/transport/merge.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "fuzz/invariants.hpp"
#include "hostile/generators.hpp"
#include "hostile/this_build.hpp"
#include "rampart/report/report.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/wire.hpp"

namespace rp = rampart;
using hostile::generator;

namespace {

enum class format { payload, stream };
constexpr format all_formats[] = {format::payload, format::stream};

std::string write(format f, rp::session const& s) {
    return f == format::payload ? rp::serialize_or_marker(s, invariants::wide_limits())
                                : rp::serialize_stream(s, invariants::wide_limits());
}
void take(rp::session& into, std::string const& worker, std::string const& bytes) {
    auto const read = rp::merge(into, worker, bytes, invariants::wide_limits());
    REQUIRE(read.has_value());
}
/// A session as it is behind one transport: its texts repaired, its metadata no deeper than they may be.
rp::session arrived(format f, rp::session const& s, std::string const& worker) {
    rp::session made;
    take(made, worker, write(f, s));
    return made;
}

/// Calls `f(generator&, round)` with a seed of its own each time, and says how to get there again.
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

}  // namespace

TEST_CASE("a session that is carried arrives with every record, test, trial and fault") {
    for_all(150, [](generator& g) {
        rp::session const s = g.session();
        for (format const f : all_formats) {
            rp::session const there = arrived(f, s, "gw0");
            CHECK_NOTHROW(invariants::check_session(there));
            REQUIRE(there.records().size() == s.records().size());
            CHECK(there.trial_specs().size() == s.trial_specs().size());
            std::string reasons;
            for (std::string const& each : there.incomplete_reasons()) reasons += each + "\n";
            INFO(reasons);
            CHECK(there.is_incomplete() == s.is_incomplete());
            std::size_t by_status[2][4] = {};
            for (auto const& r : s.records()) ++by_status[0][static_cast<unsigned>(r.value.status)];
            for (auto const& r : there.records()) {
                ++by_status[1][static_cast<unsigned>(r.value.status)];
                CHECK(r.worker == "gw0");
            }
            for (int i = 0; i < 4; ++i) CHECK(by_status[0][i] == by_status[1][i]);
        }
    });
}

TEST_CASE("what was carried once is carried on unchanged") {
    for_all(150, [](generator& g) {
        for (bool const planned : {false, true}) {
            rp::session const s = g.session(planned);
            for (format const f : all_formats) {
                rp::session const there = arrived(f, s, "gw0");
                auto const outcome = invariants::outcome_of(there);
                for (format const next : all_formats) {
                    rp::session const hub = arrived(next, there, "");
                    CHECK(invariants::difference(outcome, invariants::outcome_of(hub)) == "");
                    CHECK(invariants::difference(write(next, there), write(next, hub)) == "");
                }
            }
        }
    });
}

TEST_CASE("text that came in is not changed again by its policy") {
    for_all(150, [](generator& g) {
        for (auto const policy : {rp::text_policy::escape, rp::text_policy::strip, rp::text_policy::keep}) {
            rp::session once(policy);
            take(once, g.coin() ? "gw0" : "", write(format::payload, g.session(g.coin())));
            CHECK_NOTHROW(invariants::check_session(once));
            rp::session twice(policy);
            take(twice, "", write(format::payload, once));
            CHECK(invariants::difference(invariants::outcome_of(once), invariants::outcome_of(twice)) == "");
        }
    });
}

TEST_CASE("merging knows no order, counts nothing twice, and can go through hubs") {
    for_all(60, [](generator& g) {
        std::vector<std::pair<std::string, std::string>> parts;
        for (std::size_t i = 0; i < 4; ++i) {
            // Two of one name, so that their places meet.
            parts.emplace_back("gw" + std::to_string(i / 2 * 2), write(all_formats[i % 2], g.session(g.coin())));
        }
        rp::session straight;
        for (auto const& [worker, bytes] : parts) take(straight, worker, bytes);
        auto const wanted = invariants::outcome_of(straight);

        rp::session mixed;
        for (std::size_t n = 0; n < 12; ++n) {
            auto const& [worker, bytes] = parts[n < 8 ? g.below(4) : n - 8];
            take(mixed, worker, bytes);
        }
        CHECK(invariants::difference(wanted, invariants::outcome_of(mixed)) == "");

        rp::session left;
        rp::session right;
        rp::session top;
        for (std::size_t i = 0; i < 4; ++i) take(i == 1 || i == 3 ? left : right, parts[i].first, parts[i].second);
        take(top, "", write(format::payload, right));
        top.merge_worker_results(left.to_shard(""));
        CHECK(invariants::difference(wanted, invariants::outcome_of(top)) == "");
    });
}

TEST_CASE("damaged bytes of any session break no rule") {
    for_all(150, [](generator& g) {
        std::string bytes = write(g.coin() ? format::payload : format::stream, g.session(g.coin()));
        for (auto left = 1 + g.below(3); left > 0; --left) bytes = g.damaged(std::move(bytes));
        INFO(bytes);
        CHECK_NOTHROW(invariants::check_all(bytes));
    });
}
