#include "rampart/sinks/terminal_shards.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/sinks/terminal.hpp"
#include "sinks/sharded_run.hpp"
#include "support/foreign.hpp"

namespace {

namespace rp = rampart;
using foreign::has;

/// The table alone, as it stands in the summary.
std::string table_of(rp::test_run_report const& report, rp::terminal_options const& options = {}) {
    auto const text = rp::to_terminal_text(report, options);
    auto const from = text.find("\nShards: ");
    if (from == std::string::npos) return {};
    return text.substr(from + 1, text.rfind('\n', text.size() - 2) - from);
}

}  // namespace

TEST_CASE("the summary of a merged run shows a few shards, how far each came, and where it ran") {
    CHECK(table_of(samples::sharded_report()) ==
          "Shards: 4 parts: 2 finished, 1 ended early, 1 superseded, 1 never began\n"
          "    part  state        attempt   tests  failed  unsafe  seconds  process\n"
          "  1 of 4  finished           1  3 of 3       1       1     1.50  east, pid 11\n"
          "  2 of 4  superseded         1  1 of 2       0       0     0.50  east, pid 12\n"
          "  2 of 4  finished           2  1 of 2       0       0     0.50  west, pid 21\n"
          "  3 of 4  never began        -       -       -       -        -\n"
          "  4 of 4  ended early        1  1 of 3       0       0     0.50  west, pid 22\n");
}

TEST_CASE("of a thousand shards it shows the totals, those that did not finish, and the ten slowest") {
    auto const text = table_of(samples::thousand_shards(3));
    CHECK(has(text, "Shards: 1000 parts: 996 finished, 3 ended early, 1 never began\n"));
    CHECK(has(text, "\n     7 of 1000  ended early        1  1 of 1  "));
    CHECK(has(text, "\n   500 of 1000  never began "));
    CHECK(has(text,
              "  The slowest that finished:\n  1000 of 1000  finished           1  1 of 1       0       0     1.00  "
              "node5, pid 1999\n   999 of 1000  "));
    CHECK(std::ranges::count(text, '\n') == 1 + 1 + 4 + 1 + 10);

    // All went well.
    auto fine = samples::thousand_shards(0);
    std::erase_if(fine.shards, [](rp::shard_row const& r) { return r.state != rp::shard_state::finished; });
    CHECK(table_of(fine).starts_with(
        "Shards: 999 parts: 999 finished\n  The slowest that finished:\n          part  state  "));

    // When most of them died, the table ends somewhere too.
    auto const worse = table_of(samples::thousand_shards(300));
    CHECK(has(worse, "\n  and 251 more that did not simply finish (the JSON report has them)\n"));
    CHECK(std::ranges::count(worse, '\n') == 1 + 1 + 50 + 1 + 1 + 10);
}

TEST_CASE("a narrow terminal gets what matters most, and colours are for what did not go well") {
    auto const narrow = table_of(samples::sharded_report(), {.width = 60});
    CHECK(has(narrow, "    part  state        attempt   tests  seconds  process\n"));
    auto const painted = table_of(samples::sharded_report(), {.color = true});
    CHECK(has(painted, "\x1b[1;31mended early\x1b[0m"));
    CHECK(has(painted, "\x1b[1;31mnever began\x1b[0m"));
    CHECK(has(painted, "\x1b[33msuperseded\x1b[0m"));
    CHECK(has(painted, "  finished     "));
}

TEST_CASE("a run of one process has no table, nor has one without plans") {
    rp::session s;
    s.absorb(rp::test_id("a"), {}, {{.status = rp::safety_status::safe}});
    CHECK(table_of(rp::build_report(s)).empty());
    rp::session hub;
    hub.merge_worker_results(s.to_shard("gw0"));
    hub.merge_worker_results(s.to_shard("gw1"));
    CHECK(table_of(rp::build_report(hub)).empty());
    s.set_plan({.run = "r", .tests = {rp::test_id("a")}, .closed = true});
    rp::session one;
    one.merge_worker_results(s.to_shard("gw0"));
    CHECK(table_of(rp::build_report(one)).empty());
}

TEST_CASE("the name of a host cannot act on the terminal [B110]") {
    auto report = samples::sharded_report();
    report.shards[0].host = "\x1b[2Jeast\n::error::x";
    auto const text = table_of(report);
    CHECK(has(text, "\\x1b[2Jeast"));
    CHECK_FALSE(has(text, "\x1b"));
    CHECK_FALSE(has(text, "\n::error"));
}
