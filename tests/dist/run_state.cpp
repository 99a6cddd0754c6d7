#include "rampart/dist/run_state.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

namespace rd = rampart::dist;

TEST_CASE("seconds are written for people") {
    CHECK(rd::detail::seconds_text(0.314) == "0.31 s");
    CHECK(rd::detail::seconds_text(7261.0) == "7261.00 s");
    CHECK(rd::detail::seconds_text(2.0, "%g s") == "2 s");
    CHECK(rd::detail::seconds_text(std::numeric_limits<double>::max()).size() == 314);
}

TEST_CASE("the end of an output is short, in whole lines where it can be, and never cuts a character") {
    CHECK(rd::detail::output_tail("") == "");
    CHECK(rd::detail::output_tail("\r\n\n") == "");
    CHECK(rd::detail::output_tail("a\nb\n") == "; the end of its output: a\nb");
    std::string const line(97, 'x');  // of a seventh line there is room for a part only
    std::string lines;
    for (int i = 0; i < 50; ++i) lines += line + "\n";
    std::string six = line;
    for (int i = 0; i < 5; ++i) six += "\n" + line;
    CHECK(rd::detail::output_tail(lines) == "; the end of its output: ... " + six);
    std::string euros;
    for (int i = 0; i < 500; ++i) euros += "\xE2\x82\xAC";
    CHECK(rd::detail::output_tail(euros + "!") == "; the end of its output: ... " + euros.substr(0, 597) + "!");
}

TEST_CASE("the rules of a run have xdist's defaults") {
    rd::run_rules const rules;
    CHECK(rules.workers == 1);
    CHECK_FALSE(rules.max_restarts.has_value());
    CHECK(rules.retry_crashed == 0);
    CHECK(rules.max_failures == 0);
    CHECK_FALSE(rules.timeout.has_value());
    CHECK(rules.dist == "load");
}
