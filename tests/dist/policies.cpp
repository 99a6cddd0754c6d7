#include "rampart/dist/policies.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dist/run_script.hpp"

namespace rd = rampart::dist;
using namespace dist_test;

namespace {

struct spec {
    char const* name;
    char const* suite = "";
    char const* group = "";
    char const* base = "";
    char const* file = "mail.cpp";
    std::optional<double> seconds{};
};
std::vector<rd::planned_test> tests_of(std::initializer_list<spec> specs) {
    std::vector<rd::planned_test> tests;
    for (spec const& s : specs) {
        tests.push_back({.id = rampart::test_id(s.name),
                         .file = s.file,
                         .suite = s.suite,
                         .group = s.group,
                         .base = rampart::test_id(s.base),
                         .seconds = s.seconds});
    }
    return tests;
}

/// A scheduler, its books, and workers that do what it says.
template <rd::Scheduler S>
class desk {
public:
    explicit desk(std::vector<rd::planned_test> tests, std::size_t slots, S s = S())
        : desk(std::move(tests), {}, slots, std::move(s)) {}
    desk(std::vector<rd::planned_test> tests, std::vector<rd::test_number> order, std::size_t slots, S s = S())
        : count_(tests.size()), scheduler_(std::move(s)),
          books_(std::move(tests), order.empty() ? in_order(count_) : std::move(order), slots,
                 rd::runs_in_each_slot(scheduler_)) {
        scheduler_.begin(books_);
        for (std::size_t i = 0; i < slots; ++i) join(i);
    }

    rd::worker_number join(std::size_t slot) {
        auto const w = books_.add_worker(slot);
        books_.become(w, rd::worker_state::idle);
        return w;
    }
    /// What the worker gets next, once what it has is done; `-`: nothing.
    std::string next(rd::worker_number w) {
        if (books_.worker(w).test) books_.end(w, rampart::test_outcome::passed);
        auto const t = scheduler_.next(books_, w);
        if (!t) return "-";
        if (!books_.can_send(w, *t)) return "one that is not waiting";
        books_.send(w, *t);
        return books_.test(*t).id.str();
    }
    /// All that a worker gets if it is alone from now on.
    std::string rest(rd::worker_number w) {
        std::string text;
        for (std::string t = next(w); t != "-"; t = next(w)) text += (text.empty() ? "" : " ") + t;
        return text;
    }
    enum class fate { crashed, not_begun, retried };
    void die(rd::worker_number w, fate f) {
        auto const t = books_.worker(w).test.value();
        if (f == fate::crashed) {
            books_.end(w, rampart::test_outcome::crashed);
        } else {
            books_.give_back(w, f == fate::retried);
            scheduler_.give_back(books_, w, t);
        }
        books_.become(w, rd::worker_state::gone);
        scheduler_.lost(books_, w);
    }

private:
    std::size_t count_;
    S scheduler_;
    rd::ledger books_;
};

}  // namespace

TEST_CASE("load hands out one queue, in the run's order where nothing is known") {
    desk<rd::load> d(tests_of({{"a"}, {"b"}, {"c"}, {"d"}}), {3, 1, 0, 2}, 2);
    CHECK(d.next(0) == "d");
    CHECK(d.next(1) == "b");
    CHECK(d.next(1) == "a");
    CHECK(d.next(1) == "c");
    CHECK(d.next(1) == "-");
    CHECK(d.next(0) == "-");
}

TEST_CASE("load begins with what nobody timed, then goes on with the longest") {
    desk<rd::load> d(tests_of({{.name = "short", .seconds = 0.1},
                               {.name = "new"},
                               {.name = "long", .seconds = 9.0},
                               {.name = "middle", .seconds = 1.0},
                               {.name = "strange", .seconds = -1.0},
                               {.name = "zero", .seconds = 0.0},
                               {.name = "as long", .seconds = 9.0}}),
                     1);
    CHECK(d.rest(0) == "new strange long as long middle short zero");
}

TEST_CASE("a group is a unit: it stays with its worker while that lives, in load and in worksteal") {
    auto const tests = tests_of({{"a", "", "db"}, {"b"}, {"c", "", "db"}, {"d"}, {"e", "", "db"}});
    desk<rd::load> d(tests, 2);
    CHECK(d.next(0) == "a");  // three tests: the largest unit
    CHECK(d.next(1) == "b");
    CHECK(d.next(1) == "d");
    CHECK(d.next(1) == "-");
    CHECK(d.rest(0) == "c e");

    desk<rd::worksteal> w(tests, 2);
    CHECK(w.next(0) == "a");
    CHECK(w.next(1) == "b");
    CHECK(w.next(1) == "d");
    CHECK(w.next(1) == "-");
    CHECK(w.rest(0) == "c e");
}

TEST_CASE("after a crash the rest of a unit goes to whoever is free next, without the crasher") {
    desk<rd::loadfile> d(tests_of({{.name = "a", .file = "f"},
                                   {.name = "b", .file = "f"},
                                   {.name = "c", .file = "f"},
                                   {.name = "d", .file = "g"},
                                   {.name = "e", .file = "h"}}),
                         2);
    CHECK(d.next(0) == "a");
    CHECK(d.next(0) == "b");
    CHECK(d.next(1) == "d");
    d.die(0, desk<rd::loadfile>::fate::crashed);
    CHECK(d.next(1) == "c");
    CHECK(d.next(1) == "e");
    CHECK(d.next(1) == "-");
}

TEST_CASE("a test that had not begun comes first again, a further attempt last") {
    desk<rd::loadfile> d(tests_of({{.name = "a", .file = "f"},
                                   {.name = "b", .file = "f"},
                                   {.name = "c", .file = "f"},
                                   {.name = "d", .file = "g"}}),
                         1);
    using fate = desk<rd::loadfile>::fate;
    CHECK(d.next(0) == "a");
    d.die(0, fate::retried);
    auto const second = d.join(0);
    CHECK(d.next(second) == "b");
    d.die(second, fate::not_begun);
    auto const third = d.join(0);
    CHECK(d.next(third) == "b");
    CHECK(d.next(third) == "c");
    CHECK(d.next(third) == "a");
    d.die(third, fate::retried);  // all that is left of its unit
    CHECK(d.rest(d.join(0)) == "d a");
}

TEST_CASE("a worker that dies in the last test of its unit leaves nothing behind") {
    desk<rd::loadfile> d(tests_of({{.name = "a", .file = "f"}, {.name = "b", .file = "g"}}), 1);
    CHECK(d.next(0) == "a");
    d.die(0, desk<rd::loadfile>::fate::crashed);
    CHECK(d.rest(d.join(0)) == "b");
}

TEST_CASE("loadscope keeps suites together, also over files, and what is in no suite by its file; largest first") {
    desk<rd::loadscope> d(tests_of({{.name = "a", .file = "f"},
                                    {.name = "b", .suite = "s", .file = "f"},
                                    {.name = "c", .suite = "s", .file = "g"},
                                    {.name = "d", .file = "f"},
                                    {.name = "e", .suite = "s", .file = "f"},
                                    {.name = "h", .file = "g"}}),
                          3);
    CHECK(d.next(0) == "b");
    CHECK(d.next(1) == "a");
    CHECK(d.next(2) == "h");
    CHECK(d.next(2) == "-");
    CHECK(d.rest(1) == "d");
    CHECK(d.rest(0) == "c e");
}

TEST_CASE("loadfile keeps files together; a group that spans files joins them, and so on") {
    auto const tests = [](char const* last_group) {
        return tests_of({{.name = "a", .file = "f"},
                         {.name = "b", .group = "x", .file = "f"},
                         {.name = "c", .group = "x", .file = "g"},
                         {.name = "d", .group = last_group, .file = "h"},
                         {.name = "e", .group = "y", .file = "g"}});
    };
    desk<rd::loadfile> d(tests(""), 2);
    CHECK(d.next(0) == "a");
    CHECK(d.rest(1) == "d");
    CHECK(d.rest(0) == "b c e");
    desk<rd::loadfile> all(tests("y"), 2);  // f and g by x, g and h by y
    CHECK(all.next(0) == "a");
    CHECK(all.next(1) == "-");
    CHECK(all.rest(0) == "b c d e");
}

TEST_CASE("loadgroup keeps the trials of a test together, and groups; all else goes by itself") {
    desk<rd::loadgroup> d(tests_of({{.name = "t1", .base = "t"},
                                    {.name = "a"},
                                    {.name = "t2", .base = "t"},
                                    {.name = "b", .group = "x"},
                                    {.name = "c", .group = "x"},
                                    {.name = "t3", .base = "t"}}),
                          2);
    CHECK(d.next(0) == "t1");
    CHECK(d.next(1) == "b");
    CHECK(d.next(1) == "c");
    CHECK(d.next(1) == "a");
    CHECK(d.next(1) == "-");
    CHECK(d.rest(0) == "t2 t3");
}

TEST_CASE("units are compared by the time of all their tests, and one that is not known whole comes before them") {
    desk<rd::loadfile> d(tests_of({{.name = "a1", .file = "a", .seconds = 1.0},
                                   {.name = "a2", .file = "a", .seconds = 1.0},
                                   {.name = "b1", .file = "b", .seconds = 3.0},
                                   {.name = "c1", .file = "c", .seconds = 0.1},
                                   {.name = "c2", .file = "c"}}),
                         1);
    CHECK(d.rest(0) == "c1 c2 b1 a1 a2");
}

TEST_CASE("worksteal gives each slot its even share in order; an empty one takes the rear half of the longest") {
    desk<rd::worksteal> d(tests_of({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}, {"h"}}), 2);
    CHECK(d.next(0) == "a");
    CHECK(d.next(1) == "e");
    CHECK(d.next(1) == "f");
    CHECK(d.next(1) == "g");
    CHECK(d.next(1) == "h");
    CHECK(d.next(1) == "c");  // of b c d
    CHECK(d.next(1) == "d");
    CHECK(d.next(1) == "b");  // of b alone
    CHECK(d.next(1) == "-");
    CHECK(d.next(0) == "-");
}

TEST_CASE("worksteal: what a dead worker leaves is its slot's, for the replacement or for a thief") {
    desk<rd::worksteal> d(tests_of({{"a"}, {"b"}, {"c"}, {"d"}}), 2);
    using fate = desk<rd::worksteal>::fate;
    CHECK(d.next(0) == "a");
    d.die(0, fate::not_begun);
    auto const second = d.join(0);
    CHECK(d.next(second) == "a");
    d.die(second, fate::retried);
    CHECK(d.rest(1) == "c d a b");
    CHECK(d.next(d.join(0)) == "-");
}

TEST_CASE("worksteal: more slots than tests are no trouble") {
    desk<rd::worksteal> d(tests_of({{"a"}, {"b"}}), 5);
    CHECK(d.next(4) == "a");
    CHECK(d.next(3) == "b");
    CHECK(d.next(0) == "-");
}

TEST_CASE("each runs everything in every slot, in order; a replacement goes on there") {
    desk<rd::each> d(tests_of({{"a"}, {"b"}, {"c"}}), {2, 0, 1}, 2);
    using fate = desk<rd::each>::fate;
    CHECK(d.next(0) == "c");
    CHECK(d.rest(1) == "c a b");
    d.die(0, fate::not_begun);
    auto const second = d.join(0);
    CHECK(d.next(second) == "c");
    d.die(second, fate::retried);
    auto const third = d.join(0);
    CHECK(d.next(third) == "a");
    d.die(third, fate::crashed);
    CHECK(d.rest(d.join(0)) == "b c");
}

TEST_CASE("schedulers are known by name, and no other name is one") {
    for (std::string_view const name : rd::scheduler_names) {
        CAPTURE(name);
        auto s = rd::scheduler_named(name);
        REQUIRE(s.has_value());
        CHECK(s->each_slot() == (name == "each"));
        desk<rd::any_scheduler> d(tests_of({{"a"}, {"b"}}), 1, std::move(*s));
        CHECK(d.rest(0) == "a b");
    }
    CHECK_FALSE(rd::scheduler_named("no").has_value());
    CHECK_FALSE(rd::scheduler_named("").has_value());
    CHECK_FALSE(rd::scheduler_named("Load").has_value());
}

TEST_CASE("no scheduler minds a run without tests") {
    for (std::string_view const name : rd::scheduler_names) {
        CAPTURE(name);
        desk<rd::any_scheduler> d({}, 3, *rd::scheduler_named(name));
        CHECK(d.next(1) == "-");
    }
}
