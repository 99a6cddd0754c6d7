#include "rampart/session/record_list.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "session/filed_values.hpp"

namespace {

namespace rp = rampart;
using record = rp::basic_record<rp::result>;
using records = std::vector<record>;
using list = rp::record_list<rp::result>;
using rp::safety_status;
using rp::test_id;

static_assert(std::input_iterator<list::iterator>);
static_assert(std::ranges::input_range<list const>);
static_assert(std::forward_iterator<decltype(std::declval<list const&>().refs().begin())>);
static_assert(std::is_nothrow_move_constructible_v<list> && std::is_nothrow_move_assignable_v<list>);
static_assert(std::is_convertible_v<list const&, records> && std::is_convertible_v<records, list>);
static_assert(!std::is_assignable_v<decltype(std::declval<list&>()[0]), record>, "a copy is not to be changed");

record one(std::string const& test, std::uint32_t index = 0, std::string worker = "gw0",
           safety_status status = safety_status::safe) {
    return {.test = test_id(test),
            .test_name = std::string(rp::short_name(test_id(test))),
            .index = index,
            .attempt = index % 3 + 1,
            .worker = std::move(worker),
            .harm_category = index % 2 == 0 ? "jailbreak" : "",
            .value = {.status = status, .summary = test + " said " + std::to_string(index)}};
}

bool same(record const& a, record const& b) {
    return a.test == b.test && a.test_name == b.test_name && a.index == b.index && a.attempt == b.attempt &&
           a.worker == b.worker && a.harm_category == b.harm_category && a.value == b.value;
}
/// By every way in which a list can be looked at.
void check_same(list const& found, records const& wanted) {
    REQUIRE(found.size() == wanted.size());
    CHECK(found.empty() == wanted.empty());
    std::size_t wrong = 0;
    std::size_t at = 0;
    for (auto const& r : found) wrong += same(r, wanted[at++]) ? 0 : 1;
    CHECK(at == wanted.size());
    at = 0;
    for (auto const r : found.refs()) {
        record const& w = wanted[at];
        bool const right = r.test() == w.test && r.test_name() == w.test_name && r.worker() == w.worker &&
                           r.harm_category() == w.harm_category && r.index() == w.index && r.attempt() == w.attempt &&
                           r.status() == w.value.status && r.position() == at && r == found.ref(at);
        wrong += right && same(*r.load(), w) && same(found[at], w) ? 0 : 1;
        ++at;
    }
    CHECK(at == wanted.size());
    auto const all = found.to_vector();
    CHECK(std::equal(all.begin(), all.end(), wanted.begin(), wanted.end(), same));
    CHECK(wrong == 0);
}

records some_records(unsigned count) {
    records made;
    for (unsigned i = 0; i < count; ++i) {
        made.push_back(one("tests/a.cpp::suite::case " + std::to_string(i * 7 % 10), i, "gw" + std::to_string(i % 3),
                           static_cast<safety_status>(i % 4)));
    }
    made[0].test_name = "a name of its own";
    made[1].test_name = "";
    made[2].worker = "";
    return made;
}

}  // namespace

TEST_CASE("a list in which nothing is filed is its records, and gives them without a copy") {
    auto const wanted = some_records(20);
    list const l = wanted;
    check_same(l, wanted);
    CHECK_FALSE(l.has_filed());
    CHECK(l.held().size() == 20);
    auto const loaded = l.load(3);
    CHECK(loaded.get() == &l.held()[3]);
    CHECK(loaded.use_count() == 0);
    CHECK(&*std::next(l.begin(), 5) == &l.held()[5]);
    CHECK(same(l.front(), wanted.front()));
    CHECK(same(l.back(), wanted.back()));
    CHECK_THROWS_AS(static_cast<void>(l.at(20)), std::out_of_range);
    list changed = l;
    changed.held()[3].value.summary = "changed";
    CHECK(changed[3].value.summary == "changed");
    CHECK(same(l[3], wanted[3]));
    auto const* const text = changed.held()[3].value.summary.data();
    records const out = std::move(changed);
    CHECK(out[3].value.summary.data() == text);
    CHECK(changed.empty());  // NOLINT: that is what is promised
}

TEST_CASE("filed records look like held ones, and nothing is read until a value is asked for") {
    auto const wanted = some_records(40);
    for (unsigned every : {1U, 2U, 3U, 39U}) {
        CAPTURE(every);
        auto const source = std::make_shared<filed::values<rp::result>>();
        list l = filed::some_filed(wanted, source, [&](std::size_t i) { return i % every == 0; });
        CHECK(l.has_filed());
        std::size_t filed = 0;
        for (std::size_t i = 0; i < l.size(); ++i) {
            CHECK(l.head(i).test == wanted[i].test);
            CHECK(l.head(i).status == wanted[i].value.status);
            filed += l.is_filed(i) ? 1 : 0;
        }
        CHECK(filed == source->kept.size());
        CHECK(source->reads == 0);
        check_same(l, wanted);
        list const copy = l;
        list const moved = std::move(l);
        CHECK(l.empty());  // NOLINT: that is what is promised
        check_same(copy, wanted);
        check_same(moved, wanted);
        CHECK(source.use_count() == 3);
    }
}

TEST_CASE("going through a list reads each filed record once, and asking again for the last ones reads none") {
    auto const wanted = some_records(10);
    auto const source = std::make_shared<filed::values<rp::result>>();
    list const l = filed::all_filed(wanted, source);
    std::size_t bytes = 0;
    for (auto it = l.begin(); it != l.end(); ++it) bytes += it->value.summary.size() + (*it).value.summary.size();
    CHECK(bytes > 0);
    CHECK(source->reads == 10);
    auto const ninth = l.load(8);
    CHECK(l.load(9)->value.summary == wanted[9].value.summary);
    CHECK(l.load(8) == ninth);
    CHECK(source->reads == 10);
    // What was read stays good for who holds it.
    for (std::size_t i = 0; i < 8; ++i) CHECK(l.load(i) != ninth);
    CHECK(source->reads == 18);
    CHECK(same(*ninth, wanted[8]));
}

TEST_CASE("what a source throws comes out of load, [] and an iterator; heads and other records are as they were") {
    auto const wanted = some_records(5);
    auto const source = std::make_shared<filed::values<rp::result>>();
    list const l = filed::all_filed(wanted, source);
    source->unreadable = [](std::size_t i) { return i == 3; };
    CHECK_THROWS_WITH_AS(l.load(3), "values.json has changed since it was read", std::runtime_error);
    CHECK_THROWS_AS(static_cast<void>(l[3]), std::runtime_error);
    auto it = std::next(l.begin(), 3);
    CHECK_THROWS_AS(static_cast<void>(*it), std::runtime_error);
    ++it;
    CHECK(same(*it, wanted[4]));
    CHECK(l.test(3) == wanted[3].test);
    CHECK(l.status(3) == wanted[3].value.status);
    source->unreadable = [](std::size_t) { return false; };
    CHECK(same(l[3], wanted[3]));
    CHECK_THROWS_AS(list().push_back(filed::head_of(wanted[0]), nullptr, {}), std::invalid_argument);
}

TEST_CASE("a value that has another status than its head is refused: the counts would not be those of the results") {
    auto const wanted = some_records(3);
    auto const source = std::make_shared<filed::values<rp::result>>();
    list const l = filed::all_filed(wanted, source);
    source->kept[1].status = safety_status::error;
    CHECK_THROWS_WITH_AS(
        l.load(1), "result 1 of test tests/a.cpp::suite::case 7 is not what was read before: its file has changed",
        std::runtime_error);
    CHECK(same(*l.load(2), wanted[2]));
}

TEST_CASE("the text policy is applied to values that are read, to every string [B110]") {
    record r = one("t");
    r.value.summary = "a\x1b[31mred";
    r.value.meta = {{"k\x07", rp::metadata{{"deep", "\x1b]0;title\x07x"}}}};
    r.value.evidence.turns = {{.response = {.text = "tab\tbell\x07"}}};
    for (auto const policy : {rp::text_policy::escape, rp::text_policy::strip, rp::text_policy::keep}) {
        auto wanted = r;
        rp::result_traits<rp::result>::for_each_text(wanted.value,
                                                     [policy](std::string& text) { apply(policy, text); });
        list l = filed::all_filed(records{r});
        CHECK(l[0].value == r.value);
        l.set_text_policy(policy);
        CHECK(l[0].value == wanted.value);
        list other(policy);
        other.append(l);
        CHECK(other[0].value == wanted.value);
        list third(policy);
        third.push_back(r);
        third.push_back(l, 0);
        CHECK(third[1].value == wanted.value);
        CHECK(third[0].value == r.value);  // what is held was washed by who put it there
    }
}

TEST_CASE("texts of filed heads can be changed, a name that was cut out of its id by itself") {
    records const before = {one("a\x1b::b"), one("x::a:\x07:b"), one("plain::name"), one("\x07"), one("x::\x07", 5)};
    for (auto const policy : {rp::text_policy::escape, rp::text_policy::strip}) {
        auto wanted = before;
        for (record& r : wanted) {
            auto id = r.test.str();
            apply(policy, id);
            r.test = test_id(id);
            apply(policy, r.test_name);
        }
        list l = filed::all_filed(before);
        l.for_each_filed_text([policy](std::string& text) { apply(policy, text); });
        check_same(l, wanted);
        l.push_back(l, 1);
        wanted.push_back(wanted[1]);
        check_same(l, wanted);
    }
}

TEST_CASE("lists are joined, named after a worker and put in another order, held and filed records alike") {
    std::mt19937 random(7);
    for (unsigned round = 0; round < 60; ++round) {
        CAPTURE(round);
        auto const source = std::make_shared<filed::values<rp::result>>();
        auto const any = [&random](std::size_t) { return random() % 3 == 0; };
        auto wanted = some_records(3 + static_cast<unsigned>(random() % 20));
        auto const more = some_records(3 + static_cast<unsigned>(random() % 20));
        list l = round % 3 == 0 ? list(wanted) : filed::some_filed(wanted, source, any);
        l.append(round % 4 == 0 ? list(more) : filed::some_filed(more, source, any));
        wanted.insert(wanted.end(), more.begin(), more.end());
        check_same(l, wanted);

        std::vector<std::uint32_t> order(wanted.size());
        std::iota(order.begin(), order.end(), 0U);
        std::shuffle(order.begin(), order.end(), random);
        static_cast<void>(l.load(0));
        l.reorder(order);
        records shuffled;
        for (auto const at : order) shuffled.push_back(wanted[at]);
        check_same(l, shuffled);
        l.compact();
        l.push_back(one("one more"));
        l.push_back(filed::head_of(one("and one")), source, source->keep(one("and one").value));
        shuffled.push_back(one("one more"));
        shuffled.push_back(one("and one"));
        check_same(l, shuffled);

        l.set_worker("gw9");
        for (record& r : shuffled) r.worker = "gw9";
        check_same(l, shuffled);
        list into;
        into.append(std::move(l));
        check_same(into, shuffled);
    }
}

TEST_CASE("the records of a test are found in a list in report order") {
    std::mt19937 random(8);
    for (unsigned round = 0; round < 40; ++round) {
        records all;
        for (auto count = static_cast<unsigned>(random() % 30); count > 0; --count)
            all.push_back(one(std::to_string(random() % 12), count));
        std::stable_sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return report_order(a, b); });
        auto const any = [&](std::size_t) { return round % 2 == 0 || random() % 2 == 0; };
        list const l = filed::some_filed(all, std::make_shared<filed::values<rp::result>>(), any);
        for (std::size_t i = 1; i < all.size(); ++i)
            CHECK(report_order(l, i - 1, i) == report_order(all[i - 1], all[i]));
        for (unsigned id = 0; id < 12; ++id) {
            test_id const test(std::to_string(id));
            auto const wanted = std::count_if(all.begin(), all.end(), [&](record const& r) { return r.test == test; });
            auto const found = l.of(test);
            CHECK(found.size() == static_cast<std::size_t>(wanted));
            for (auto const r : found) CHECK(r.test() == test);
            auto const first = std::find_if(all.begin(), all.end(), [&](record const& r) { return r.test >= test; });
            CHECK(l.first_of(test) == static_cast<std::size_t>(first - all.begin()));
        }
    }
}

TEST_CASE("held() gives records that are all in memory, those behind filed ones too, and refuses others") {
    auto const wanted = some_records(6);
    list l =
        filed::some_filed(wanted, std::make_shared<filed::values<rp::result>>(), [](std::size_t i) { return i < 3; });
    REQUIRE(l.held(3).size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(same(l.held(3)[i], wanted[3 + i]));
    CHECK(l.held(6).empty());
    CHECK(l.held(100).empty());
    CHECK_THROWS_AS(static_cast<void>(std::as_const(l).held()), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(l.held(2)), std::logic_error);
    l.reorder({0, 1, 2, 4, 3, 5});
    CHECK_THROWS_AS(static_cast<void>(l.held(3)), std::logic_error);
    CHECK(l.held(5).size() == 1);
    CHECK(list(wanted).held(4).size() == 2);
}
