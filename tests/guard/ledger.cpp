#include "rampart/guard/ledger.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "guards/running.hpp"

namespace {

using rampart::breach_kind;
using rampart::guard_breach;
using rampart::guard_ledger;
using answer = guard_ledger::answer;
using names = std::vector<std::string>;

guard_ledger& ledger() { return guard_ledger::instance(); }

/// This process is in a run, while it lives.
struct open_run {
    explicit open_run(names known = {"git", "smtp"}, rampart::guard_places* places = nullptr) {
        ledger().open(std::move(known), places);
    }
    open_run(open_run const&) = delete;
    open_run& operator=(open_run const&) = delete;
    ~open_run() { ledger().close(); }
};

guard_breach breach(breach_kind kind, std::string resource, std::string scope = {}, std::string how = {}) {
    return {kind, std::move(resource), std::move(scope), std::move(how), {}};
}

/// What the ledger says to whoever keeps folders.
struct told_places final : rampart::guard_places {
    void enter(std::uint64_t scope, names const& declared) override {
        if (throws) throw std::runtime_error("no room");
        lines.push_back("enter " + std::to_string(scope) + " " + declared.front());
    }
    std::vector<rampart::guard_use> leave(std::uint64_t scope, std::uint64_t then) override {
        lines.push_back("leave " + std::to_string(scope) + " then " + std::to_string(then));
        return std::exchange(found, {});
    }
    void refused(rampart::guard_use const& use) override { lines.push_back("refused " + use.resource + " " + use.how); }
    names lines{};
    std::vector<rampart::guard_use> found{};
    bool throws = false;
};

}  // namespace

TEST_CASE("a use that the test declares is allowed, another one is refused and remembered [G71, G96, G97]") {
    open_run const run;
    ledger().begin_test("a", {"git"});
    CHECK(ledger().use("git", "here") == answer::allowed);
    CHECK(ledger().use("smtp", "there") == answer::refused);
    auto const account = ledger().end_test();
    CHECK(account.test == "a");
    CHECK(account.declared == names{"git"});
    CHECK(account.used == names{"git"});
    CHECK(account.breaches == std::vector{breach(breach_kind::undeclared, "smtp", "", "there")});
}

TEST_CASE("every resource is told, each once, with its first use") {
    open_run const run;
    ledger().begin_test("a", {});
    ledger().use("smtp", "1");
    ledger().use("git", "2");
    ledger().use("smtp", "3");
    CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::undeclared, "smtp", "", "1"),
                                                      breach(breach_kind::undeclared, "git", "", "2")});
}

TEST_CASE("a resource that nobody registers is refused as such") {
    open_run const run;
    ledger().begin_test("a", {});
    CHECK(ledger().use("nobody's", "x") == answer::refused);
    CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::unregistered, "nobody's", "", "x")});
}

TEST_CASE("outside of a test, and outside of a run, uses are nobody's business [G98, G99]") {
    running::variable const none("RAMPART_CASE_DIR", "");
    CHECK(ledger().use("git", "x") == answer::outside);
    open_run const run;
    CHECK(ledger().use("git", "x") == answer::outside);
    ledger().begin_test("a", {});
    ledger().end_test();
    CHECK(ledger().use("git", "x") == answer::outside);
    CHECK(ledger().take_late().empty());
}

TEST_CASE("one test's account says nothing of another's") {
    open_run const run;
    ledger().begin_test("a", {"git"});
    ledger().use("git", "");
    ledger().use("smtp", "");
    ledger().end_test();
    ledger().begin_test("b", {"smtp"});
    auto const account = ledger().end_test();
    CHECK(account.test == "b");
    CHECK(account.used.empty());
    CHECK(account.breaches.empty());
}

TEST_CASE("a process is in one run at a time, and the second that asks leaves the first whole [G37]") {
    open_run const run;
    ledger().begin_test("a", {"git"});
    CHECK_THROWS_AS(ledger().open({}), std::logic_error);
    CHECK(ledger().use("git", "") == answer::allowed);
    CHECK(ledger().end_test().used == names{"git"});
}

TEST_CASE("after a run another one can be opened, and knows nothing of it") {
    {
        open_run const run;
        ledger().begin_test("a", {});
        rampart::guard_handle const gone{ledger().running().ordinal + 7, "gone", {}};
        ledger().use("git", "", &gone);
    }
    open_run const run;
    CHECK(ledger().take_late().empty());
    CHECK(ledger().running().ordinal == 0);
}

TEST_CASE("a scope's uses are its own, and the test that enters it has to declare the same [G11, G12, G57, G59, G67]") {
    open_run const run;
    rampart::detail::guard_scope_state state{"fixture", {"git"}, {}};
    SUBCASE("declared by both") {
        ledger().begin_test("a", {"git"});
        auto const entry = ledger().enter(state);
        CHECK(ledger().use("git", "") == answer::allowed);
        ledger().leave(entry, true);
        auto const account = ledger().end_test();
        CHECK(account.used == names{"git"});
        CHECK(account.breaches.empty());
    }
    SUBCASE("not declared by the test") {
        ledger().begin_test("a", {});
        auto const entry = ledger().enter(state);
        CHECK(ledger().use("git", "") == answer::allowed);
        ledger().leave(entry, true);
        CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::unmarked, "git", "fixture")});
    }
    SUBCASE("declared by the test only") {
        ledger().begin_test("a", {"git", "smtp"});
        auto const entry = ledger().enter(state);
        CHECK(ledger().use("smtp", "x") == answer::refused);
        ledger().leave(entry, true);
        CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::undeclared, "smtp", "fixture", "x"),
                                                          breach(breach_kind::unused, "git", "fixture")});
    }
}

TEST_CASE("of nested scopes the inner one counts, and all of them are the test's to declare [G28]") {
    open_run const run;
    rampart::detail::guard_scope_state outer{"outer", {"git"}, {}};
    rampart::detail::guard_scope_state inner{"inner", {"smtp"}, {}};
    ledger().begin_test("a", {"git", "smtp"});
    auto const first = ledger().enter(outer);
    auto const second = ledger().enter(inner);
    CHECK(ledger().use("git", "too deep") == answer::refused);
    CHECK(ledger().use("smtp", "") == answer::allowed);
    ledger().leave(second, true);
    CHECK(ledger().use("git", "") == answer::allowed);
    ledger().leave(first, true);
    auto const account = ledger().end_test();
    CHECK(account.used == names{"git", "smtp"});
    CHECK(account.breaches == std::vector{breach(breach_kind::undeclared, "git", "inner", "too deep")});
}

TEST_CASE("scopes may end in any order") {
    open_run const run;
    rampart::detail::guard_scope_state a{"a", {"git"}, {}};
    rampart::detail::guard_scope_state b{"b", {"smtp"}, {}};
    ledger().begin_test("t", {"git", "smtp"});
    auto const first = ledger().enter(a);
    auto const second = ledger().enter(b);
    ledger().leave(first, false);
    CHECK(ledger().use("smtp", "") == answer::allowed);
    CHECK(ledger().use("git", "") == answer::refused);
    ledger().leave(second, false);
    CHECK(ledger().use("git", "") == answer::allowed);
    CHECK(ledger().end_test().breaches.size() == 1);
}

TEST_CASE("a scope that its test leaves open ends with it, is told, and its end finds nothing") {
    open_run const run;
    rampart::detail::guard_scope_state state{"fixture", {"git"}, {}};
    ledger().begin_test("a", {"git"});
    auto const entry = ledger().enter(state);
    ledger().use("git", "");
    CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::left_open, "", "fixture")});
    ledger().begin_test("b", {});
    ledger().leave(entry, true);
    CHECK(ledger().use("git", "x") == answer::refused);
    CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::undeclared, "git", "", "x")});
}

TEST_CASE("a scope outside of tests sleeps while a test runs, and what it does wrong is nobody's test's") {
    open_run const run;
    rampart::detail::guard_scope_state state{"worker_setup", {"git"}, {}};
    auto const entry = ledger().enter(state);
    CHECK(ledger().use("git", "") == answer::allowed);
    CHECK(ledger().use("smtp", "x") == answer::refused);
    ledger().begin_test("a", {"smtp"});
    CHECK(ledger().use("smtp", "") == answer::allowed);
    CHECK(ledger().use("git", "y") == answer::refused);
    CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::undeclared, "git", "", "y")});
    CHECK(ledger().use("git", "") == answer::allowed);
    ledger().leave(entry, true);
    CHECK(ledger().use("git", "") == answer::outside);
    auto const late = ledger().take_late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].test.empty());
    CHECK(late[0].breach == breach(breach_kind::undeclared, "smtp", "worker_setup", "x"));
}

TEST_CASE("a thread that knows its test is held to that test's word, also when another one runs") {
    open_run const run;
    ledger().begin_test("first", {"git"});
    auto const first = ledger().running();
    CHECK(first.test == "first");
    CHECK(ledger().use("git", "", &first) == answer::allowed);
    ledger().end_test();
    CHECK(ledger().use("smtp", "between", &first) == answer::refused);
    ledger().begin_test("second", {"smtp"});
    CHECK(ledger().use("smtp", "again", &first) == answer::refused);
    CHECK(ledger().use("git", "declared, and late", &first) == answer::allowed);
    auto const second = ledger().end_test();
    CHECK(second.breaches.empty());
    CHECK(second.used.empty());
    auto const late = ledger().take_late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].test == "first");
    CHECK(late[0].breach == breach(breach_kind::late, "smtp", "", "between"));
    CHECK(ledger().take_late().empty());
}

TEST_CASE("uses of many threads are all counted") {
    open_run const run({"a", "b", "c", "d"});
    ledger().begin_test("t", {"a", "b"});
    std::vector<std::thread> threads;
    for (char const* const name : {"a", "b", "c", "d"}) {
        threads.emplace_back([name] {
            for (int i = 0; i < 2000; ++i) ledger().use(name, name);
        });
    }
    for (std::thread& each : threads) each.join();
    auto const account = ledger().end_test();
    CHECK(account.used.size() == 2);
    CHECK(account.breaches.size() == 2);
}

TEST_CASE("a forked child has no ledger: what it does stands in the folder of its test") {
    running::scratch const root;
    auto const dir = root / "case-1";
    running::variable const variable("RAMPART_CASE_DIR", dir);
    open_run const run;
    ledger().begin_test("a", {"git"});
    CHECK(running::in_child([] {
              rampart::detail::guard_scope_state state{"s", {"git"}, {}};
              bool const as_it_should = ledger().use("smtp", "in the child") == answer::refused &&
                                        ledger().enter(state) == 0 && ledger().running().ordinal == 0;
              return as_it_should ? 0 : 1;
          }) == 0);
    running::write(dir + "/allow.git", "");
    CHECK(running::in_child([] { return ledger().use("git", "x") == answer::allowed ? 0 : 1; }) == 0);
    CHECK(ledger().end_test().breaches.empty());
    std::size_t blocked = 0;
    auto const uses = rampart::detail::take_evidence(dir);
    for (auto const& use : uses) {
        if (use.allowed) continue;
        ++blocked;
        CHECK(use.resource == "smtp");
        CHECK(use.how == "in the child");
    }
    CHECK(uses.size() == 2);
    CHECK(blocked == 1);
}

TEST_CASE("a child whose use cannot be written down is refused it") {
    running::scratch const root;
    running::variable const variable("RAMPART_CASE_DIR", root / "gone/case-1");
    CHECK(ledger().use("git", "x") == answer::refused);
}

TEST_CASE("who keeps the folders is told what comes and goes, and of each refusal once") {
    told_places places;
    {
        open_run const run({"git", "smtp"}, &places);
        rampart::detail::guard_scope_state state{"fixture", {"git"}, {}};
        ledger().begin_test("a", {"git"});
        auto const entry = ledger().enter(state);
        auto const number = std::to_string(entry);
        ledger().use("smtp", "1");
        ledger().use("smtp", "2");
        places.found = {{"git", true, "git status", "sh"}, {"smtp", false, "nc", "sh"}};
        ledger().leave(entry, true);
        ledger().use("smtp", "3");
        CHECK(places.lines ==
              names{"enter " + number + " git", "refused smtp 1", "leave " + number + " then 0", "refused smtp 3"});
        auto const account = ledger().end_test();
        CHECK(account.breaches == std::vector{breach(breach_kind::undeclared, "smtp", "fixture", "1"),
                                              breach(breach_kind::undeclared, "smtp", "", "3")});
    }
    places.lines.clear();
    open_run const run;
    ledger().begin_test("a", {});
    ledger().use("smtp", "");
    ledger().end_test();
    CHECK(places.lines.empty());
}

TEST_CASE("a scope that has no folder is none: what it would have allowed is refused") {
    told_places places;
    open_run const run({"git", "smtp"}, &places);
    ledger().begin_test("a", {"git"});
    {
        rampart::detail::guard_scope_state state{"fixture", {"git"}, {}};
        places.throws = true;
        CHECK_THROWS_AS(ledger().enter(state), std::runtime_error);
    }
    CHECK(ledger().use("smtp", "x") == answer::refused);
    CHECK(ledger().end_test().breaches == std::vector{breach(breach_kind::undeclared, "smtp", "", "x")});
}

TEST_CASE("every breach names the resource and the two ways out [G3]") {
    guard_breach b{breach_kind::undeclared, "git", "", "git status", "sh (pid 3)"};
    CHECK(to_string(b) ==
          "the test used 'git' (git status, by sh (pid 3)) without rampart::uses(\"git\"): add it, or remove the use");
    b.by.clear();
    CHECK(to_string(b) == "the test used 'git' (git status) without rampart::uses(\"git\"): add it, or remove the use");
    b.how.clear();
    b.scope = "scope_uses at a.cpp:3";
    CHECK(to_string(b) == "scope_uses at a.cpp:3 used 'git' without declaring it: declare it there, or remove the use");
    b.kind = breach_kind::unmarked;
    CHECK(to_string(b).find("without rampart::uses(\"git\"): add it, or do without the scope") != std::string::npos);
    b = {breach_kind::unused, "git", "", "", ""};
    CHECK(to_string(b) == "the test declares 'git' and never used it: remove rampart::uses(\"git\"), or exercise it");
    b.kind = breach_kind::late;
    CHECK(to_string(b).find("after the test had ended") != std::string::npos);
    b.kind = breach_kind::unregistered;
    CHECK(to_string(b).find("no guard of that name is registered: add it to RAMPART_GUARDS") != std::string::npos);
    b.kind = breach_kind::left_open;
    CHECK(to_string(b).find("still open when its test ended") != std::string::npos);
    b = {breach_kind::unknowable, "", "", "the folder is gone", ""};
    CHECK(to_string(b) == "what the test used cannot be known: the folder is gone");
}
