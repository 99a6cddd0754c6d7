#include "rampart/base/natural_order.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using texts = std::vector<std::string>;

texts sorted(texts list) {
    std::sort(list.begin(), list.end(), [](auto const& a, auto const& b) { return rp::natural_less(a, b); });
    return list;
}

}  // namespace

TEST_CASE("numbers in a text compare as numbers, so that worker 2 stands before worker 10 [B42]") {
    CHECK(sorted({"gw10", "gw2", "gw1"}) == texts{"gw1", "gw2", "gw10"});
    CHECK(sorted({"t[trial-10]", "t[trial-9]", "t[trial-0]"}) == texts{"t[trial-0]", "t[trial-9]", "t[trial-10]"});
    CHECK(sorted({"a10b2", "a10b10", "a9b99"}) == texts{"a9b99", "a10b2", "a10b10"});
    CHECK(sorted({"b1", "a2", "a"}) == texts{"a", "a2", "b1"});
    CHECK(sorted({"", "0", "a"}) == texts{"", "0", "a"});
}

TEST_CASE("numbers too long for any integer compare too, and leading zeros count last") {
    std::string const nines(40, '9');
    CHECK(sorted({"g1" + std::string(40, '0'), "g" + nines}) == texts{"g" + nines, "g1" + std::string(40, '0')});
    CHECK(sorted({"a1", "a01", "a001", "a2", "a0", "a00"}) == texts{"a0", "a00", "a001", "a01", "a1", "a2"});
    CHECK(sorted({"a1c", "a01b"}) == texts{"a01b", "a1c"});
    CHECK(rp::natural_less("x0", "x00"));
    CHECK_FALSE(rp::natural_less("x00", "x0"));
}

TEST_CASE("other characters compare as unsigned bytes") {
    CHECK(rp::natural_less("z", "\xc3\xa9"));
    CHECK_FALSE(rp::natural_less("\xc3\xa9", "z"));
    CHECK(rp::natural_less("a-", "a1"));
    CHECK(rp::natural_less("a9", "a:"));
}

TEST_CASE("the order is total: any three texts agree about it") {
    std::mt19937 random(20240607);
    std::string const letters = "0012a9-\xc3[";
    std::vector<std::string> list;
    for (int i = 0; i < 120; ++i) {
        std::string text;
        for (auto left = random() % 6; left > 0; --left) text += letters[random() % letters.size()];
        list.push_back(text);
    }
    int wrong = 0;
    for (auto const& a : list) {
        for (auto const& b : list) {
            bool const less = rp::natural_less(a, b);
            wrong += (a == b ? less || rp::natural_less(b, a) : less == rp::natural_less(b, a)) ? 1 : 0;
            for (auto const& c : list) {
                wrong += less && rp::natural_less(b, c) && !rp::natural_less(a, c) ? 1 : 0;
            }
        }
    }
    CHECK(wrong == 0);
}
