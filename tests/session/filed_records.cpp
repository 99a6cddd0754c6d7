#include "rampart/session/filed_records.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("each text has one number, also when the table was given back or a text was replaced") {
    rp::detail::text_numbers numbers;
    CHECK(numbers.of("") == 0);
    std::vector<std::uint32_t> known;
    for (int i = 0; i < 5000; ++i) {
        known.push_back(numbers.of("text " + std::to_string(i)));
        if (i % 1000 == 999) numbers.forget_numbers();
    }
    CHECK(numbers.size() == 5001);
    int wrong = 0;
    rp::test_id const* const first = &numbers[known[0]];
    for (int i = 0; i < 5000; ++i) {
        auto const text = "text " + std::to_string(i);
        wrong += numbers.of(text) == known[static_cast<std::size_t>(i)] &&
                         numbers[known[static_cast<std::size_t>(i)]].str() == text
                     ? 0
                     : 1;
    }
    CHECK(wrong == 0);
    CHECK(numbers.size() == 5001);
    numbers.replace(known[3], "three");
    CHECK(numbers.of("three") == known[3]);
    CHECK(numbers.of("text 3") == 5001);
    CHECK(&numbers[known[0]] == first);
}

TEST_CASE("a list is put in any order in place, with elements that can only be moved") {
    std::mt19937 random(11);
    for (std::uint32_t size = 0; size < 60; ++size) {
        std::vector<std::uint32_t> order(size);
        std::iota(order.begin(), order.end(), 0U);
        std::shuffle(order.begin(), order.end(), random);
        std::vector<std::unique_ptr<std::uint32_t>> list;
        for (std::uint32_t i = 0; i < size; ++i) list.push_back(std::make_unique<std::uint32_t>(i));
        rp::detail::put_in_order(list, order);
        for (std::uint32_t i = 0; i < size; ++i) {
            REQUIRE(list[i] != nullptr);
            CHECK(*list[i] == order[i]);
        }
    }
}

TEST_CASE("a filed record takes 48 bytes beside its texts, and each text stands once") {
    struct nothing final : rp::record_source<rp::result> {
        rp::result read(rp::record_place const&) override { return {}; }
    };
    rp::detail::filed_records<rp::result> records;
    auto const source = std::make_shared<nothing>();
    for (unsigned i = 0; i < 1000; ++i) {
        rp::test_id const id("a.cpp::case " + std::to_string(i % 10));
        records.add({id, rp::short_name(id), "gw1", "jailbreak", i}, source, {1, 2, i});
    }
    CHECK(sizeof(records.slots[0]) == 48);
    CHECK(records.sources.size() == 1);
    CHECK(records.texts.size() == 1 + 10 + 2);
}
