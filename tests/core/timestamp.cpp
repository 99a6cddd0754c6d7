#include "rampart/core/timestamp.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using namespace std::string_view_literals;

}  // namespace

TEST_CASE("a timestamp is what Python's fromisoformat takes [A.1.5]") {
    for (std::string_view const text : {"2026-03-19T21:30:05.250000+00:00"sv,
                                        "2026-03-19T21:30:00+00:00"sv,
                                        "2026-01-01T00:00:00"sv,
                                        "2026-03-19"sv,
                                        "20260319"sv,
                                        "20260319T213005"sv,
                                        "2026-03-19 21:30"sv,
                                        "2026-03-19x21"sv,
                                        "2026-03-19\xc3\xa9"
                                        "21:30"sv,
                                        "20260319\xf0\x9f\x98\x80"
                                        "2130"sv,
                                        "2026-W31-5"sv,
                                        "2026-W31"sv,
                                        "2026W315"sv,
                                        "2026W31"sv,
                                        "2020-W53-7"sv,
                                        "9999-W52-5"sv,
                                        "2026-W31-12"sv,
                                        "2026W31T12"sv,
                                        "2026-03-19T21:30:05,25"sv,
                                        "2026-03-19T21:30:05.1"sv,
                                        "2026-03-19T21:30:05.123456789"sv,
                                        "2026-03-19T21:30:05Z"sv,
                                        "2026-03-19T21:30+05:30:15.5"sv,
                                        "2026-03-19T21:30-23:59:59"sv,
                                        "2024-02-29"sv,
                                        "2000-02-29"sv,
                                        "0001-01-01"sv,
                                        "9999-12-31T23:59:59.999999"sv}) {
        CAPTURE(std::string(text));
        CHECK(rp::is_timestamp(text));
    }
}

TEST_CASE("a text that Python's fromisoformat refuses is no timestamp [A.1.5]") {
    for (std::string_view const text : {""sv,
                                        " 2026-03-19"sv,
                                        "2026-03-19 "sv,
                                        "2026-03-19T"sv,
                                        "2026-03-19T24:00"sv,
                                        "2026-03-19T21:30:60"sv,
                                        "2026-03-19T21:60"sv,
                                        "2026-13-01"sv,
                                        "2026-00-01"sv,
                                        "2026-02-29"sv,
                                        "2026-04-31"sv,
                                        "1900-02-29"sv,
                                        "0000-01-01"sv,
                                        "2025-W53-1"sv,
                                        "2026-W00-1"sv,
                                        "2026-W31-8"sv,
                                        "2026-W31-0"sv,
                                        "9999-W52-6"sv,
                                        "9999-W52-7"sv,
                                        "2026-3-19"sv,
                                        "2026-0319"sv,
                                        "202603-19"sv,
                                        "2026-03"sv,
                                        "2026"sv,
                                        "1789034400"sv,
                                        "2026-03-19T21:30:05."sv,
                                        "2026-03-19T21:3"sv,
                                        "2026-03-19T2130:05"sv,
                                        "2026-03-19T21:30+24:00"sv,
                                        "2026-03-19T21:30+1"sv,
                                        "2026-03-19T21:30Z+00:00"sv,
                                        "2026-03-19T21:30z"sv,
                                        "2026-W31-"sv,
                                        "\xff"
                                        "2026-03-19"sv,
                                        "2026-03-19\xff"
                                        "21:30"sv,
                                        "tomorrow"sv,
                                        "-026-03-19"sv,
                                        "+2026-03-19"sv,
                                        "2026\0"
                                        "03-19"sv}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(rp::is_timestamp(text));
    }
}
