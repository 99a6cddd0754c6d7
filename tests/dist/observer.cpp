#include "rampart/dist/observer.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/report/verdict.hpp"

namespace {

namespace rp = rampart;
namespace dist = rampart::dist;
namespace notice = rampart::dist::notice;
using words = std::vector<std::string>;

/// Cares for two kinds.
struct two_handlers {
    std::shared_ptr<words> heard = std::make_shared<words>();
    void on(notice::test_started const& n) { heard->push_back("start " + n.test.str()); }
    void on(notice::test_ended const& n) { heard->push_back("end " + n.test.str()); }
};
/// Cares for all of them.
struct everything {
    std::shared_ptr<std::size_t> count = std::make_shared<std::size_t>(0);
    void on(auto const& /*n*/) { ++*count; }
    static std::string_view name() { return "everything"; }
};
/// Throws at the notice of this number, from 1.
template <class Thrown>
struct thrower {
    Thrown what;
    std::shared_ptr<int> told = std::make_shared<int>(0);
    int at = 1;
    void on(notice::remark const&) {
        if (++*told == at) throw what;
    }
    static char const* name() { return "thrower\x1b[31m"; }
};
struct deaf {};
struct wrong_handler {
    void on(int);
};
struct hidden_handler {
private:
    void on(notice::remark const&);
};
struct unmovable {
    unmovable() = default;
    unmovable(unmovable&&) = delete;
    void on(notice::remark const&) {}
};

static_assert(dist::Observer<two_handlers>);
static_assert(dist::Observer<everything>);
static_assert(!dist::Observer<deaf>);
static_assert(!dist::Observer<wrong_handler>);
static_assert(!dist::Observer<hidden_handler>);
static_assert(!dist::Observer<unmovable>);
static_assert(dist::Handles<two_handlers, notice::test_started>);
static_assert(!dist::Handles<two_handlers, notice::run_ended>);
static_assert(std::constructible_from<dist::any_observer, two_handlers>);
static_assert(!std::constructible_from<dist::any_observer, deaf>);

std::vector<dist::any_notice> one_of_each() {
    return {notice::run_started{},     notice::worker_started{}, notice::worker_ready{}, notice::test_started{},
            notice::result_recorded{}, notice::test_ended{},     notice::worker_ended{}, notice::remark{},
            notice::fault_left{},      notice::run_ended{}};
}

}  // namespace

TEST_CASE("an observer is told what it has handlers for, in order, and the rest passes it over") {
    two_handlers some;
    everything all;
    dist::observers watching;
    CHECK(watching.empty());
    watching.add(some);
    watching.add(all);
    CHECK(!watching.empty());
    for (auto const& each : one_of_each()) watching.tell(each);
    watching.tell(notice::test_started{.test = rp::test_id("b")});
    watching.tell(notice::test_ended{.test = rp::test_id("b")});
    CHECK(*some.heard == words{"start ", "end ", "start b", "end b"});
    CHECK(*all.count == one_of_each().size() + 2);
    CHECK(watching.failures().empty());
}

TEST_CASE("an observer that throws is named once and told nothing more; the others and the run go on") {
    words said;
    dist::observers watching([&said](std::string const& line) { said.push_back(line); });
    everything before;
    everything after;
    thrower<std::runtime_error> thrower_of{std::runtime_error("the disk\nis full"), std::make_shared<int>(0), 2};
    watching.add(before);
    watching.add(thrower_of);
    watching.add(after);
    for (int i = 0; i < 5; ++i) watching.tell(notice::remark{"x"});

    CHECK(*before.count == 5);
    CHECK(*after.count == 5);
    CHECK(*thrower_of.told == 2);
    REQUIRE(said.size() == 1);
    CHECK(said[0] == "rampart: the observer 'thrower\\x1b[31m' failed: the disk\\nis full; it is told nothing more, "
                     "and the run is not green");
    CHECK(watching.failures() == std::vector<rp::sink_failure>{{"thrower\x1b[31m", "the disk\nis full"}});
    // A run whose events did not get out is not green.
    CHECK(rp::exit_code(rp::test_run_report{}, watching.failures()) == 1);
}

TEST_CASE("whatever an observer throws is taken") {
    words said;
    dist::observers watching([&said](std::string const& line) { said.push_back(line); });
    everything last;
    watching.add(thrower<std::string>{"a text"});
    watching.add(thrower<char const*>{"a literal"});
    watching.add(thrower<char const*>{nullptr});
    watching.add(thrower<int>{7});
    watching.add(last);
    watching.tell(notice::remark{});
    words what;
    for (auto const& f : watching.failures()) what.push_back(f.what);
    CHECK(what ==
          words{"a text", "a literal", "a null pointer was thrown", "something was thrown that is no std::exception"});
    CHECK(said.size() == 4);
    CHECK(*last.count == 1);
    watching.tell(notice::remark{});
    CHECK(said.size() == 4);
    CHECK(*last.count == 2);
}

TEST_CASE("an observer is named by itself or after its type, and can be asked for again") {
    dist::any_observer named{everything{}};
    dist::any_observer unnamed{two_handlers{}};
    CHECK(named.name() == "everything");
    CHECK(unnamed.name().find("two_handlers") != std::string::npos);
    CHECK(named.target<everything>() != nullptr);
    CHECK(named.target<two_handlers>() == nullptr);
}

TEST_CASE("an observer of somebody else's is watched through a reference") {
    two_handlers mine;
    dist::observers watching;
    watching.add(dist::observer_ref(mine));
    mine.heard = std::make_shared<words>();  // what is told goes to this object, not to a copy
    watching.tell(notice::test_ended{.test = rp::test_id("a")});
    watching.tell(notice::remark{"x"});
    CHECK(*mine.heard == words{"end a"});
    everything all;
    CHECK(dist::any_observer(dist::observer_ref(all)).name() == "everything");
}

TEST_CASE("an observer may add another one, which is told from the next notice on") {
    struct adder {
        dist::observers* to;
        everything other;
        void on(notice::run_started const&) { to->add(other); }
    };
    dist::observers watching;
    everything other;
    watching.add(adder{&watching, other});
    watching.tell(notice::run_started{});
    CHECK(*other.count == 0);
    watching.tell(notice::run_ended{});
    CHECK(*other.count == 1);
}

TEST_CASE("a moved-from observer says so") {
    dist::any_observer first{everything{}};
    dist::any_observer second = std::move(first);
    CHECK_THROWS_WITH_AS(first.tell(notice::remark{}),  // NOLINT: this is what is tested
                         "rampart::dist::any_observer: it was moved from and has no observer", std::logic_error);
    second.tell(notice::remark{});
    CHECK(*second.target<everything>()->count == 1);
}
