#include "rampart/json/number.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

std::string spelt(double d) {
    std::string text;
    rp::detail::append_json_number(text, d);
    return text;
}

}  // namespace

TEST_CASE("doubles are spelt as Python's repr spells them [A.1.4]") {
    std::pair<double, std::string_view> const table[] = {{0.0, "0.0"},
                                                         {-0.0, "-0.0"},
                                                         {1.0, "1.0"},
                                                         {-2.5, "-2.5"},
                                                         {0.1, "0.1"},
                                                         {100.0, "100.0"},
                                                         {123.456, "123.456"},
                                                         {1.0 / 3.0, "0.3333333333333333"},
                                                         {0.0001, "0.0001"},
                                                         {0.00012345, "0.00012345"},
                                                         {0.00001, "1e-05"},
                                                         {1e-7, "1e-07"},
                                                         {1.5e-10, "1.5e-10"},
                                                         {1e15, "1000000000000000.0"},
                                                         {9007199254740994.0, "9007199254740994.0"},
                                                         {1e16, "1e+16"},
                                                         {1.2345678901234568e17, "1.2345678901234568e+17"},
                                                         {1e22, "1e+22"},
                                                         {1e100, "1e+100"},
                                                         {5e-324, "5e-324"},
                                                         {1.7976931348623157e308, "1.7976931348623157e+308"}};
    for (auto const& [number, text] : table) CHECK(spelt(number) == text);
}

TEST_CASE("NaN and infinities are null, because JSON has no such numbers [B62]") {
    CHECK(spelt(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(spelt(std::numeric_limits<double>::infinity()) == "null");
    CHECK(spelt(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("every double comes back from its text, bit by bit") {
    std::mt19937_64 random(1);
    for (int i = 0; i < 200000; ++i) {
        double const d = std::bit_cast<double>(random());
        if (spelt(d) == "null") continue;
        double back = 0.0;
        REQUIRE(rp::detail::exact_double(spelt(d), back));
        REQUIRE(std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(d));
    }
}

TEST_CASE("a decimal of few places is spelt as the shortest text that comes back as it") {
    auto const agrees = [](double d) {
        char text[64];
        auto const end = std::to_chars(text, text + sizeof text, d, std::chars_format::fixed).ptr;
        std::string wanted(text, end);
        if (wanted.find('.') == std::string::npos) wanted += ".0";
        return spelt(d) == wanted;
    };
    int wrong = 0;
    for (int n = 0; n < 200000; ++n) {
        double const thousandths = n / 1000.0;
        wrong += agrees(thousandths) && agrees(-thousandths) && agrees(n / 101.0) ? 0 : 1;
    }
    std::mt19937_64 random(6);
    for (int i = 0; i < 200000; ++i) {
        // From 1e-4 to 1e16 with any number of places, and the neighbours of short ones, which are not short.
        double const d = static_cast<double>(random() % 1000000000000000) / std::pow(10.0, random() % 12);
        for (double const near : {d, std::nextafter(d, 0.0), std::nextafter(d, 1e300)}) {
            if (near >= 1e-4) wrong += agrees(near) && agrees(-near) ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a number too large for a double is refused, one too small is zero") {
    double d = 7.0;
    for (std::string_view const huge : {"1e400", "-1e309", "93e99279", "1e99999999999999999999", "0.001e312"}) {
        CAPTURE(std::string(huge));
        CHECK_FALSE(rp::detail::exact_double(huge, d));
    }
    CHECK_FALSE(rp::detail::exact_double("1" + std::string(400, '0'), d));
    for (std::string_view const tiny : {"1e-400", "0.0e999", "1e-99999999999999999999", "0e400"}) {
        CAPTURE(std::string(tiny));
        d = 7.0;
        CHECK(rp::detail::exact_double(tiny, d));
        CHECK(d == 0.0);
    }
    CHECK(rp::detail::exact_double("-1e-400", d));
    CHECK(std::signbit(d));
    CHECK(rp::detail::exact_double("0." + std::string(400, '0') + "1", d));
    CHECK(d == 0.0);
    CHECK(rp::detail::exact_double("1" + std::string(400, '0') + "e-400", d));
    CHECK(d == 1.0);
}
