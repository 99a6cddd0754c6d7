#include "rampart/report/order.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "report/samples.hpp"
#include "session/filed_values.hpp"

namespace {

namespace rp = rampart;
using records = std::vector<rp::basic_record<rp::result>>;

rp::basic_record<rp::result> record(std::string test, std::uint32_t index, std::uint32_t attempt, std::string worker,
                                    rp::result value = {}) {
    return {rp::test_id{std::move(test)}, {}, index, attempt, std::move(worker), {}, std::move(value)};
}

std::string place(rp::basic_record<rp::result> const& r) {
    return r.test.str() + '/' + std::to_string(r.index) + '/' + std::to_string(r.attempt) + '/' + r.worker;
}

}  // namespace

TEST_CASE("records are sorted by test id, index, attempt and worker, as bytes [B41, B42]") {
    std::vector<std::string> const wanted = {"B/0/1/",     "a/0/1/gw10",   "a/0/1/gw2",   "a/0/2/gw0",  "a/1/1/gw0",
                                             "a/10/1/gw0", "test_10/0/1/", "test_2/0/1/", "\u00e9/0/1/"};
    records list = {record("\u00e9", 0, 1, ""), record("test_2", 0, 1, ""), record("a", 10, 1, "gw0"),
                    record("a", 0, 2, "gw0"),   record("a", 0, 1, "gw2"),   record("B", 0, 1, ""),
                    record("a", 0, 1, "gw10"),  record("a", 1, 1, "gw0"),   record("test_10", 0, 1, "")};
    std::mt19937 random(41);
    for (int round = 0; round < 20; ++round) {
        std::ranges::shuffle(list, random);
        rp::sort_for_report(list);
        std::vector<std::string> found;
        for (auto const& r : list) found.push_back(place(r));
        CHECK(found == wanted);
    }
}

TEST_CASE("no record of a long list of two merged shards is lost in sorting [B41]") {
    constexpr unsigned count = 2000;
    auto const name = [](unsigned i) { return "a test with a long name, number " + std::to_string(10000 + i); };
    records list;
    for (unsigned shard : {0U, 1U}) {
        for (unsigned i = shard; i < count; i += 2) list.push_back(record(name(i), 0, 1, "", samples::safe()));
    }
    rp::sort_for_report(list);
    REQUIRE(list.size() == count);
    for (unsigned i = 0; i < count; ++i) {
        REQUIRE(list[i].test.str() == name(i));
        REQUIRE(list[i].value.summary == "safe");
    }
}

TEST_CASE("two records that claim one place are put in order by what they say, whichever came first [B41]") {
    records list;
    for (int score : {3, 1, 2}) {
        for (auto const& [status, summary] :
             {std::pair{rp::safety_status::safe, "b"}, std::pair{rp::safety_status::unsafe, "a"}}) {
            rp::result value = samples::make(status, summary);
            value.meta = {{"score", score}};
            list.push_back(record("same", 0, 1, "gw0", value));
            value.evidence.turns.push_back({.turn_number = score});
            list.push_back(record("same", 0, 1, "gw0", value));
        }
    }
    rp::sort_for_report(list);
    auto const wanted = list;
    std::mt19937 random(42);
    for (int round = 0; round < 20; ++round) {
        std::ranges::shuffle(list, random);
        rp::sort_for_report(list);
        int different = 0;
        for (std::size_t i = 0; i < list.size(); ++i) different += list[i].value == wanted[i].value ? 0 : 1;
        CHECK(different == 0);
    }
}

TEST_CASE("a result type that no JSON is known for has a determined order too [B41]") {
    using own = rp::basic_record<samples::finding>;
    std::vector<own> one = {own{{}, {}, 0, 1, {}, {}, {1, "a"}}, own{{}, {}, 0, 1, {}, {}, {1, "b"}}};
    std::vector<own> two = {one[1], one[0]};
    rp::sort_for_report(one);
    rp::sort_for_report(two);
    CHECK(one.front().value == two.front().value);
}

TEST_CASE("tests are sorted by id, attempt and worker, and equal ones by what is known of them [B41]") {
    std::vector<rp::test_entry> const wanted = {{rp::test_id{"a"}, 1, "gw0", 1, {}},
                                                {rp::test_id{"a"}, 1, "gw0", 2, {}},
                                                {rp::test_id{"a"}, 1, "gw1", 0, {}},
                                                {rp::test_id{"a"}, 2, "gw0", 0, {}},
                                                {rp::test_id{"b"}, 1, "", 0, {}}};
    auto list = wanted;
    std::mt19937 random(43);
    for (int round = 0; round < 20; ++round) {
        std::ranges::shuffle(list, random);
        rp::sort_for_report(list);
        CHECK(list == wanted);
    }
}

TEST_CASE("the Python package's own order is met where its ids and indexes are well formed [B41, B42]") {
    auto const path = samples::shared_file("golden/order.json", "the Python package's own order [B41, B42]");
    if (path.empty()) return;
    auto const document = boost::json::parse(samples::read_file(path));
    auto const& vectors = document.at("vectors");
    auto const& arrivals = vectors.at("metadata in arrival order").as_array();
    auto const well_formed = [&](boost::json::value const& number) {
        auto const& meta = arrivals.at(static_cast<std::size_t>(number.as_int64())).as_object();
        auto const* node = meta.if_contains("_pytest_nodeid");
        auto const* index = meta.if_contains("_rampart_result_index");
        return node != nullptr && node->is_string() && index != nullptr && index->is_int64();
    };
    records list;
    std::vector<std::string> wanted;
    auto const as_record = [&](std::size_t number) {
        auto const& meta = arrivals.at(number).as_object();
        auto const* worker = meta.if_contains("_rampart_source_worker");
        return record(std::string(meta.at("_pytest_nodeid").as_string()),
                      static_cast<std::uint32_t>(meta.at("_rampart_result_index").as_int64()), 1,
                      worker == nullptr ? std::string() : std::string(worker->as_string()));
    };
    for (boost::json::value const& number : vectors.at("report order (arrival numbers)").as_array()) {
        if (well_formed(number)) wanted.push_back(place(as_record(static_cast<std::size_t>(number.as_int64()))));
    }
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        if (well_formed(static_cast<std::int64_t>(i))) list.push_back(as_record(i));
    }
    REQUIRE(list.size() == 56);
    rp::sort_for_report(list);
    std::vector<std::string> found;
    for (auto const& r : list) found.push_back(place(r));
    CHECK(found == wanted);
}

TEST_CASE("filed records are sorted as held ones are, and only those are read that claim the place of another [B41]") {
    std::mt19937 random(44);
    for (unsigned round = 0; round < 60; ++round) {
        CAPTURE(round);
        records list;
        for (unsigned i = 0; i < 40; ++i) {
            list.push_back(record(std::to_string(random() % 6), static_cast<std::uint32_t>(random() % 3), 1,
                                  random() % 2 == 0 ? "gw0" : "gw1",
                                  samples::make(rp::safety_status::safe, std::to_string(random() % 3))));
        }
        list.push_back(record("alone", 0, 1, "gw0", samples::make(rp::safety_status::safe, "alone")));
        auto const source = std::make_shared<filed::values<rp::result>>();
        auto filed = filed::some_filed(list, source, [&](std::size_t) { return round % 2 == 0 || random() % 2 == 0; });
        std::size_t read_alone = 0;
        source->unreadable = [&](std::size_t i) {
            read_alone += source->kept[i].summary == "alone" ? 1 : 0;
            return false;
        };
        rp::sort_for_report(list);
        rp::sort_for_report(filed);
        CHECK(read_alone == 0);
        int different = 0;
        for (std::size_t i = 0; i < list.size(); ++i) {
            different += place(filed[i]) == place(list[i]) && filed[i].value == list[i].value ? 0 : 1;
        }
        CHECK(different == 0);
    }
}

TEST_CASE("records that cannot be read again are sorted by what is known of them, and no report is lost") {
    records const list = {record("same", 0, 1, "gw0", samples::make(rp::safety_status::safe, "b")),
                          record("same", 0, 1, "gw0", samples::make(rp::safety_status::safe, "a")),
                          record("before", 0, 1, "gw0")};
    auto const source = std::make_shared<filed::values<rp::result>>();
    auto filed = filed::all_filed(list, source);
    source->unreadable = [](std::size_t) { return true; };
    rp::sort_for_report(filed);
    CHECK(filed.test(0).str() == "before");
    CHECK(filed.size() == 3);
}

TEST_CASE(
    "texts of any bytes and lengths are sorted as bytes, those that begin alike, that end early and hold NULs too") {
    std::mt19937 random(45);
    auto const below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::vector<std::string> const parts = {"a", "b", std::string(1, '\0'), "tests/in", "box/mail", "\xff", "\x80", ""};
    for (unsigned round = 0; round < 300; ++round) {
        CAPTURE(round);
        std::vector<std::string> texts(below(round % 10 == 0 ? 1500 : 60));
        std::string const prefix(below(20), 'p');
        for (std::string& text : texts) {
            text = prefix;
            for (auto more = below(5); more > 0; --more) text += parts[below(parts.size())];
        }
        // Equal texts are told apart by what comes behind them, downwards here.
        auto const before = [&texts](std::uint32_t a, std::uint32_t b) {
            return texts[a] != texts[b] ? texts[a] < texts[b] : a % 7 > b % 7;
        };
        std::vector<std::uint32_t> wanted(texts.size());
        std::iota(wanted.begin(), wanted.end(), 0U);
        std::stable_sort(wanted.begin(), wanted.end(), before);
        rp::detail::text_order sorted(before);
        for (std::string const& text : texts) sorted.add(text);
        CHECK(sorted.take() == wanted);
    }
}
