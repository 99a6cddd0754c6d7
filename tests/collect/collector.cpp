#include "rampart/collect/collector.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::safety_status;

/// A result type of one's own, that no run here collects unless it says so.
struct finding {
    std::string text{};
};

rp::result named(std::string summary) { return {.status = safety_status::safe, .summary = std::move(summary)}; }
std::vector<std::string> names(std::vector<rp::result> const& results) {
    std::vector<std::string> found;
    for (auto const& r : results) found.push_back(r.summary);
    return found;
}
using texts = std::vector<std::string>;

/// A result type that knows how often its values were copied.
struct counted {
    static inline int copies = 0;
    counted() = default;
    counted(counted const&) { ++copies; }
    counted(counted&&) noexcept = default;
    counted& operator=(counted const&) {
        ++copies;
        return *this;
    }
    counted& operator=(counted&&) noexcept = default;
};

/// How many results the running test has.
std::size_t so_far(rp::collection_run const& run) {
    std::size_t count = 0;
    run.inspect([&count](std::vector<rp::result> const& results) { count = results.size(); });
    return count;
}

template <class F>
void in_a_thread(F f) {
    std::thread(f).join();
}

/// Counts, and refuses what it is told to refuse.
struct picky {
    int taken = 0;
    void record(rp::result r) {
        if (r.summary == "bad") throw std::invalid_argument("not this one");
        ++taken;
    }
};
struct wrong_name {
    void add(rp::result);
};
struct wrong_answer {
    bool record(rp::result);
};
struct wrong_argument {
    void record(int);
};

}  // namespace

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const&) { return safety_status::unsafe; }
    static std::string_view summary(finding const& f) { return f.text; }
    static std::string_view harm_category(finding const&) { return ""; }
};

template <>
struct rampart::result_traits<counted> {
    static safety_status status(counted const&) { return safety_status::safe; }
    static std::string_view summary(counted const&) { return "counted"; }
    static std::string_view harm_category(counted const&) { return ""; }
};

namespace {

// B18: a class with the right members conforms, one without is rejected.
static_assert(rp::Collector<rp::result_collector, rp::result> && rp::Collector<picky, rp::result>);
static_assert(rp::Collector<rp::basic_result_collector<finding>, finding>);
static_assert(!rp::Collector<rp::result_collector, finding> && !rp::Collector<rp::result_collector, int>);
static_assert(!rp::Collector<wrong_name, rp::result> && !rp::Collector<wrong_answer, rp::result>);
static_assert(!rp::Collector<wrong_argument, rp::result> && !rp::Collector<rp::result_collector const, rp::result>);
static_assert(!std::constructible_from<rp::collector_scope, wrong_name&>);
static_assert(!std::constructible_from<rp::collector_scope, rp::result_collector>);  // it would not outlive the scope
static_assert(!std::copyable<rp::collector_scope> && !std::copyable<rp::result_collector>);

}  // namespace

TEST_CASE("a collector keeps results in the order of recording, gives a copy, and begins empty [B19]") {
    rp::result_collector collector;
    CHECK(collector.results().empty());
    collector.record(named("one"));
    collector.record(named("two"));
    auto copy = collector.results();
    CHECK(names(copy) == texts{"one", "two"});
    copy.clear();
    CHECK(collector.results().size() == 2);
}

TEST_CASE("outside a run, recording without a collector does nothing and leaves no fault for a later run [B21]") {
    CHECK_FALSE(rp::record_result(named("nobody asks")));
    in_a_thread([] { CHECK_FALSE(rp::record_result(named("nobody asks"))); });
    rp::collection_run run;
    CHECK(run.take_lost().empty());
    run.begin_test(rp::test_id("t"));
    CHECK(run.end_test().empty());
}

TEST_CASE("a scope takes what this thread records, the inner one first, the outer one again afterwards [B21, B22]") {
    rp::result_collector outer;
    rp::result_collector inner;
    {
        rp::collector_scope const a{outer};
        CHECK(rp::record_result(named("before")));
        {
            rp::collector_scope const b{inner};
            CHECK(rp::record_result(named("inside")));
            rp::collector_scope const c{outer};
            CHECK(rp::record_result(named("deeper")));
        }
        CHECK(rp::record_result(named("after")));
    }
    CHECK_FALSE(rp::record_result(named("nowhere")));
    CHECK(names(outer.results()) == texts{"before", "deeper", "after"});
    CHECK(names(inner.results()) == texts{"inside"});
}

TEST_CASE("an exception that leaves a scope ends it [B22]") {
    rp::result_collector collector;
    try {
        rp::collector_scope const scope{collector};
        throw std::runtime_error("out");
    } catch (std::runtime_error const&) {
    }
    CHECK_FALSE(rp::record_result(named("nowhere")));
    CHECK(collector.results().empty());
}

TEST_CASE("the active collector can be asked for: none, this very one, none again [B23]") {
    CHECK_FALSE(rp::active_collector());
    rp::result_collector collector;
    rp::result_collector other;
    {
        rp::collector_scope const scope{collector};
        auto const active = rp::active_collector();
        CHECK(active);
        CHECK(active.refers_to(collector));
        CHECK_FALSE(active.refers_to(other));
        {
            rp::collector_scope const inner{other};
            CHECK(rp::active_collector().refers_to(other));
        }
        CHECK(rp::active_collector().refers_to(collector));
    }
    CHECK_FALSE(rp::active_collector());
    rp::collection_run run;
    CHECK_FALSE(rp::active_collector());
    run.begin_test(rp::test_id("t"));
    CHECK(rp::active_collector());
    CHECK_FALSE(rp::active_collector().refers_to(collector));
    static_cast<void>(run.end_test());
    CHECK_FALSE(rp::active_collector());
}

TEST_CASE("a thread that is handed the collector records into it, and a scope is its thread's own [B24]") {
    rp::result_collector collector;
    rp::collector_scope const scope{collector};
    auto const here = rp::active_collector();
    in_a_thread([here] {
        CHECK_FALSE(rp::record_result(named("without a handle, outside a run")));
        rp::collector_scope const mine{here};
        CHECK(rp::record_result(named("with it")));
    });
    CHECK(names(collector.results()) == texts{"with it"});
}

TEST_CASE("a handle of nothing leaves things as they are") {
    rp::collector_handle const nothing;
    CHECK_FALSE(nothing);
    {
        rp::collector_scope const scope{nothing};
        CHECK_FALSE(rp::record_result(named("nowhere")));
        CHECK_FALSE(rp::active_collector());
    }
    rp::collection_run run;
    run.begin_test(rp::test_id("t"));
    {
        rp::collector_scope const scope{nothing};
        CHECK(rp::record_result(named("the running test's")));
    }
    CHECK(run.end_test().size() == 1);
}

TEST_CASE("a result in braces is rampart's own") {
    rp::result_collector collector;
    rp::collector_scope const scope{collector};
    CHECK(rp::record_result({.status = safety_status::unsafe, .summary = "leaked"}));
    CHECK(collector.results().front().status == safety_status::unsafe);
}

TEST_CASE("a collector of one's own takes results, and what it throws reaches the test [B18]") {
    picky collector;
    rp::collector_scope const scope{collector};
    CHECK(rp::record_result(named("good")));
    CHECK_THROWS_WITH_AS(rp::record_result(named("bad")), "not this one", std::invalid_argument);
    CHECK(rp::record_result(named("good")));
    CHECK(collector.taken == 2);
}

TEST_CASE("inside a run the running test takes what no scope takes, also from a plain thread (Python loses it) [B25]") {
    rp::collection_run run;
    run.begin_test(rp::test_id("a.cpp::first"));
    CHECK(rp::record_result(named("from the test")));
    in_a_thread([] { CHECK(rp::record_result(named("from a thread"))); });
    rp::result_collector own;
    {
        rp::collector_scope const scope{own};
        CHECK(rp::record_result(named("taken on the way")));
        in_a_thread([] { CHECK(rp::record_result(named("from a thread beside a scope"))); });
    }
    CHECK(so_far(run) == 3);
    CHECK(names(run.end_test()) == texts{"from the test", "from a thread", "from a thread beside a scope"});
    CHECK(own.results().size() == 1);
    run.begin_test(rp::test_id("a.cpp::second"));
    CHECK(run.end_test().empty());
    CHECK(run.take_lost().empty());
}

TEST_CASE("a handle of the running test takes results past a scope, in this thread and in another [B24]") {
    rp::collection_run run;
    run.begin_test(rp::test_id("t"));
    auto const test = rp::active_collector();
    rp::result_collector own;
    {
        rp::collector_scope const scope{own};
        in_a_thread([test] {
            rp::collector_scope const mine{test};
            CHECK(rp::active_collector());
            CHECK(rp::record_result(named("thread")));
        });
        rp::collector_scope const past{test};
        CHECK(rp::record_result(named("here")));
    }
    CHECK(own.results().empty());
    CHECK(names(run.end_test()) == texts{"thread", "here"});
}

TEST_CASE("a result that comes after its test is refused and leaves a trace, and is not the next test's [B25]") {
    rp::collection_run run;
    run.begin_test(rp::test_id("a.cpp::first"));
    auto const first = rp::active_collector();
    static_cast<void>(run.end_test());
    in_a_thread([first] {
        rp::collector_scope const scope{first};
        CHECK_FALSE(rp::record_result({.status = safety_status::unsafe, .summary = "between"}));
    });
    run.begin_test(rp::test_id("a.cpp::second"));
    unsigned line = 0;
    in_a_thread([first, &line] {
        rp::collector_scope const scope{first};
        line = __LINE__ + 1;
        CHECK_FALSE(rp::record_result(named("during the next")));
    });
    CHECK(run.end_test().empty());

    auto const lost = run.take_lost();
    REQUIRE(lost.size() == 2);
    CHECK(lost[0].test == rp::test_id("a.cpp::first"));
    CHECK(lost[0].brief == "unsafe: between");
    CHECK(lost[1].test == rp::test_id("a.cpp::first"));
    CHECK(lost[1].brief == "safe: during the next");
    CHECK(std::string(lost[1].site.file).find("collector.cpp") != std::string::npos);
    CHECK(lost[1].site.line == line);
    CHECK(run.take_lost().empty());
}

TEST_CASE("a result that comes while no test runs belongs to nobody, is refused and leaves a trace [B25]") {
    rp::collection_run run;
    CHECK_FALSE(rp::record_result(named("before the first")));
    run.begin_test(rp::test_id("t"));
    static_cast<void>(run.end_test());
    CHECK_FALSE(rp::record_result(named("after the last")));
    auto const lost = run.take_lost();
    REQUIRE(lost.size() == 2);
    CHECK(lost[0].test.empty());
    CHECK(lost[0].brief == "safe: before the first");
    CHECK(lost[1].test.empty());
}

TEST_CASE("a handle that outlives its run is late in the next run too [B25]") {
    std::optional<rp::collector_handle> old;
    {
        rp::collection_run run;
        run.begin_test(rp::test_id("old"));
        old = rp::active_collector();
        static_cast<void>(run.end_test());
    }
    rp::collector_scope const scope{*old};
    CHECK_FALSE(rp::record_result(named("outside any run")));
    rp::collection_run run;
    run.begin_test(rp::test_id("new"));
    CHECK_FALSE(rp::record_result(named("late")));
    CHECK(run.end_test().empty());
    auto const lost = run.take_lost();
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].test == rp::test_id("old"));
}

TEST_CASE("a test that its runner forgot to end loses its results loudly") {
    rp::collection_run run;
    run.begin_test(rp::test_id("forgotten"));
    CHECK(rp::record_result(named("one")));
    run.begin_test(rp::test_id("next"));
    CHECK(rp::record_result(named("two")));
    CHECK(names(run.end_test()) == texts{"two"});
    auto const lost = run.take_lost();
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].test == rp::test_id("forgotten"));
    CHECK(lost[0].brief == "safe: one");
}

TEST_CASE("a result of a type that the run does not collect leaves a trace; a scope of its type takes it") {
    rp::collection_run run;
    run.begin_test(rp::test_id("t"));
    CHECK_FALSE(rp::record_result(finding{"leaked"}));
    rp::basic_result_collector<finding> own;
    {
        rp::basic_collector_scope<finding> const scope{own};
        CHECK(rp::record_result(finding{"taken"}));
        CHECK(rp::record_result(named("the test's")));
    }
    CHECK(run.end_test().size() == 1);
    CHECK(own.results().size() == 1);
    auto const lost = run.take_lost();
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].brief == "unsafe: leaked");

    rp::basic_collection_run<finding> beside;
    beside.begin_test(rp::test_id("t"));
    CHECK(rp::record_result(finding{"now it has a run"}));
    CHECK(beside.end_test().size() == 1);
}

TEST_CASE("one process is in one run at a time, and in none when it is over") {
    {
        rp::collection_run const run;
        CHECK_THROWS_AS(rp::collection_run{}, std::logic_error);
        // The one that failed did not end the first.
        CHECK_FALSE(rp::record_result(named("unclaimed")));
    }
    CHECK_NOTHROW(rp::collection_run{});
    rp::collection_run run;
    CHECK(run.take_lost().empty());
}

namespace {

constexpr int thread_count = 8;

/// Runs `work(thread number)` in eight threads that begin together; `meanwhile` runs here beside them.
template <class Work, class Meanwhile>
void together(Work work, Meanwhile meanwhile) {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i) {
        threads.emplace_back([&ready, &work, i] {
            ++ready;
            while (ready < thread_count) std::this_thread::yield();
            work(i);
        });
    }
    meanwhile();
    for (auto& t : threads) t.join();
}

}  // namespace

TEST_CASE("eight threads record through scopes, handles and bare, and nothing is lost or in two places [B19, B25]") {
    constexpr int each = 200;
    rp::collection_run run;
    run.begin_test(rp::test_id("busy"));
    auto const test = rp::active_collector();
    rp::result_collector shared;
    std::array<rp::result_collector, thread_count> own;
    std::atomic<int> refused{0};
    std::atomic<bool> over{false};
    std::size_t most_seen = 0;
    together(
        [&](int i) {
            auto const record = [&](char const* how, int n) {
                refused += rp::record_result(named(how + std::to_string(i) + "/" + std::to_string(n))) ? 0 : 1;
            };
            for (int n = 0; n < each; ++n) {
                {
                    rp::collector_scope const scope{shared};
                    record("shared ", n);
                    rp::collector_scope const inner{own[static_cast<std::size_t>(i)]};
                    record("own ", n);
                    rp::collector_scope const handle{test};
                    record("handle ", n);
                }
                record("bare ", n);
            }
            over = true;
        },
        [&] {
            // Reading while others write gives a whole copy.
            do {
                most_seen = std::max({most_seen, shared.results().size(), so_far(run)});
            } while (!over);
        });
    auto const of_the_test = run.end_test();
    CHECK(refused == 0);
    CHECK(most_seen <= 2 * thread_count * each);
    CHECK(shared.results().size() == thread_count * each);
    CHECK(of_the_test.size() == 2 * thread_count * each);
    std::set<std::string> distinct;
    for (auto const& r : of_the_test) distinct.insert(r.summary);
    for (auto const& r : shared.results()) distinct.insert(r.summary);
    for (std::size_t i = 0; i < own.size(); ++i) {
        auto const mine = names(own[i].results());
        REQUIRE(mine.size() == each);
        // In one thread the order of recording is the order of the list.
        for (int n = 0; n < each; ++n) {
            CHECK(mine[static_cast<std::size_t>(n)] == "own " + std::to_string(i) + "/" + std::to_string(n));
        }
        distinct.insert(mine.begin(), mine.end());
    }
    CHECK(distinct.size() == 4 * thread_count * each);
    CHECK(run.take_lost().empty());
}

TEST_CASE("eight threads record while tests end and begin: each result is taken once or leaves a trace [B25]") {
    constexpr int each = 300;
    rp::collection_run run;
    run.begin_test(rp::test_id("first"));
    auto const first = rp::active_collector();
    std::atomic<int> taken{0};
    std::atomic<int> refused{0};
    std::atomic<int> done{0};
    std::vector<rp::result> of_first;
    std::vector<rp::result> of_others;
    auto const append = [](std::vector<rp::result>& to, std::vector<rp::result> const& more) {
        to.insert(to.end(), more.begin(), more.end());
    };
    together(
        [&](int i) {
            for (int n = 0; n < each; ++n) {
                std::string const number = std::to_string(i) + "/" + std::to_string(n);
                {
                    rp::collector_scope const scope{first};
                    ++(rp::record_result(named("handle " + number)) ? taken : refused);
                }
                ++(rp::record_result(named("bare " + number)) ? taken : refused);
            }
            ++done;
        },
        [&] {
            while (taken == 0) std::this_thread::yield();
            append(of_first, run.end_test());
            do {
                run.begin_test(rp::test_id("another"));
                std::this_thread::yield();
                append(of_others, run.end_test());
            } while (done < thread_count);
        });
    auto const lost = run.take_lost();
    CHECK(taken + refused == 2 * thread_count * each);
    CHECK(of_first.size() + of_others.size() == static_cast<std::size_t>(taken));
    CHECK(lost.size() == static_cast<std::size_t>(refused));
    std::set<std::string> distinct;
    for (auto const& r : of_first) distinct.insert(r.summary);
    int astray = 0;
    for (auto const& r : of_others) {
        distinct.insert(r.summary);
        astray += r.summary.starts_with("bare ") ? 0 : 1;  // the first test's handle reaches no other test
    }
    for (auto const& l : lost) {
        distinct.insert(l.brief.substr(std::string("safe: ").size()));
        astray += l.test == rp::test_id(l.brief.find("handle") != std::string::npos ? "first" : "") ? 0 : 1;
    }
    CHECK(astray == 0);
    CHECK(distinct.size() == 2 * thread_count * each);
}

TEST_CASE("a thread takes its test's collector along, as the documentation shows") {
    rampart::collection_run run;
    run.begin_test(rampart::test_id{"a.cpp::starts a thread"});
    auto const here = rampart::active_collector();
    std::thread worker([here] {
        rampart::collector_scope const scope{here};
        rampart::record_result({.status = rampart::safety_status::safe, .summary = "from a thread"});
    });
    worker.join();
    auto const results = run.end_test();
    REQUIRE(results.size() == 1);
    CHECK(results.front().summary == "from a thread");
}

TEST_CASE("recording copies a result once, one that is given up never, and none where nobody collects [B21]") {
    counted kept;
    counted const constant;
    auto const copies_of = [](auto record) {
        counted::copies = 0;
        bool const taken = record();
        return std::pair(taken, counted::copies);
    };
    auto const lvalue = [&kept] { return rp::record_result(kept); };
    auto const const_lvalue = [&constant] { return rp::record_result(constant); };
    auto const rvalue = [&kept] { return rp::record_result(std::move(kept)); };
    auto const in_place = [] { return rp::record_result(counted{}); };

    for (auto const& seen : {copies_of(lvalue), copies_of(const_lvalue), copies_of(rvalue), copies_of(in_place)}) {
        CHECK(seen == std::pair(false, 0));
    }
    {
        rp::basic_collection_run<counted> run;
        run.begin_test(rp::test_id("t"));
        CHECK(copies_of(lvalue) == std::pair(true, 1));
        (void)run.end_test();
        run.begin_test(rp::test_id("constant"));
        CHECK(copies_of(const_lvalue) == std::pair(true, 1));
        (void)run.end_test();
        run.begin_test(rp::test_id("moved"));
        CHECK(copies_of(rvalue) == std::pair(true, 0));
        CHECK(copies_of(in_place) == std::pair(true, 0));
        CHECK(run.end_test().size() == 2);
    }
    rp::basic_result_collector<counted> own;
    rp::basic_collector_scope<counted> const scope{own};
    CHECK(copies_of(lvalue) == std::pair(true, 1));
    CHECK(copies_of(const_lvalue) == std::pair(true, 1));
    CHECK(copies_of(in_place).first);
    CHECK(own.results().size() == 3);
}

TEST_CASE("what one record_result leaves untaken stays with who recorded it") {
    auto r = named("mine");
    CHECK_FALSE(rp::record_result(std::move(r)));
    CHECK(r.summary == "mine");  // NOLINT(bugprone-use-after-move): nothing was kept
}
