#include "rampart/sinks/shard_words.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sinks/sharded_run.hpp"

namespace {

namespace rp = rampart;
namespace detail = rampart::detail;
using rp::shard_state;
using rows = std::vector<rp::shard_row>;

}  // namespace

TEST_CASE("one process makes no table, two do") {
    CHECK_FALSE(detail::has_shards({}));
    CHECK_FALSE(detail::has_shards(rows(1)));
    CHECK(detail::has_shards(rows(2)));
}

TEST_CASE("the totals count parts once and processes by state") {
    CHECK(detail::shard_totals(samples::sharded_report().shards) ==
          "4 parts: 2 finished, 1 ended early, 1 superseded, 1 never began");
    CHECK(detail::shard_totals(samples::thousand_shards(3).shards) ==
          "1000 parts: 996 finished, 3 ended early, 1 never began");
    rows other{{.index = 0, .count = 1, .worker = "a"},
               {.index = 0, .count = 1, .worker = "b"},
               {.state = shard_state::stopped, .index = 0, .count = 1, .attempt = 2, .worker = "b"},
               {.state = shard_state::unplanned, .worker = "python"}};
    CHECK(detail::shard_totals(other) == "2 parts: 2 finished, 1 stopped, 1 no plan");
    CHECK(detail::shard_totals({{.count = 1}}) == "1 part: 1 finished");
}

TEST_CASE("a row says what is known, and that it is not known") {
    rp::shard_row r{.index = 2,
                    .last_index = 2,
                    .count = 8,
                    .attempt = 2,
                    .worker = "shard-3-of-8",
                    .host = "east",
                    .pid = 7,
                    .planned = 25,
                    .tally = rp::shard_tally{.ran = 24, .failed = 3, .seconds = 1.5}};
    CHECK(detail::part_words(r) == "3 of 8");
    CHECK(detail::attempt_words(r) == "2");
    CHECK(detail::tests_words(r) == "24 of 25");
    CHECK(detail::counted_words(r, &rp::shard_tally::failed) == "3");
    CHECK(detail::counted_words(r, &rp::shard_tally::seconds) == "1.50");
    CHECK(detail::process_words(r) == "east, pid 7");
    r.pid = 0;
    CHECK(detail::process_words(r) == "east");
    r.host.clear();
    CHECK(detail::process_words(r) == "shard-3-of-8");
    r.tally.reset();
    CHECK(detail::tests_words(r) == "? of 25");
    CHECK(detail::counted_words(r, &rp::shard_tally::failed) == "?");

    rp::shard_row const missing{.state = shard_state::never_began, .index = 4, .last_index = 6, .count = 8};
    CHECK(detail::part_words(missing) == "5 to 7 of 8");
    CHECK(detail::attempt_words(missing) == "-");
    CHECK(detail::tests_words(missing) == "-");
    CHECK(detail::counted_words(missing, &rp::shard_tally::seconds) == "-");
    CHECK(detail::process_words(missing).empty());

    rp::shard_row const unplanned{.state = shard_state::unplanned, .tally = rp::shard_tally{.ran = 4}};
    CHECK(detail::part_words(unplanned) == "-");
    CHECK(detail::tests_words(unplanned) == "4");
}

TEST_CASE("of a few shards all are shown; of many those that did not finish, as many as asked, and the slowest") {
    auto const few = samples::sharded_report();
    auto const all = detail::choose_shards(few.shards, 1);
    CHECK(all.rows.size() == few.shards.size());
    CHECK(all.left_out == 0);
    CHECK(all.slowest.empty());

    auto const many = samples::thousand_shards(40);
    auto const some = detail::choose_shards(many.shards, 30);
    CHECK(some.rows.size() == 30);
    CHECK(some.left_out == 11);
    for (auto const* r : some.rows) CHECK(r->state != shard_state::finished);
    REQUIRE(some.slowest.size() == 10);
    // Part 1000 ended well and took longest.
    CHECK(some.slowest.front()->index == 999);
    CHECK(some.slowest.back()->index == 990);
    CHECK(detail::choose_shards(many.shards, 0).rows.size() == 41);
}
