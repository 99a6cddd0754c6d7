#include "rampart/guard/guard.hpp"

#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "guards/running.hpp"

namespace {

namespace rp = rampart;
using rp::breach_kind;
using rp::guard_ledger;
using names = std::vector<std::string>;

/// One test of a run, in which this process is.
class one_test {
public:
    explicit one_test(names declared, names known = {"git", "smtp"}) {
        guard_ledger::instance().open(std::move(known));
        guard_ledger::instance().begin_test("the test", std::move(declared));
    }
    one_test(one_test const&) = delete;
    one_test& operator=(one_test const&) = delete;
    ~one_test() { guard_ledger::instance().close(); }
    static rp::guard_account end() { return guard_ledger::instance().end_test(); }
};

std::string words_of(rp::guard_account const& account) {
    std::string text;
    for (auto const& b : account.breaches) text += to_string(b) + "\n";
    return text;
}

/// A stream that is asked for its pieces one by one.
struct pieces {
    struct promise_type {
        int now = 0;
        std::exception_ptr thrown{};
        pieces get_return_object() { return pieces{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int piece) {
            now = piece;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { thrown = std::current_exception(); }
    };
    explicit pieces(std::coroutine_handle<promise_type> handle) : it(handle) {}
    pieces(pieces&& other) noexcept : it(std::exchange(other.it, nullptr)) {}
    pieces& operator=(pieces&&) = delete;
    ~pieces() {
        if (it) it.destroy();
    }
    std::optional<int> next() const {
        it.resume();
        if (it.promise().thrown) std::rethrow_exception(it.promise().thrown);
        return it.done() ? std::nullopt : std::optional(it.promise().now);
    }
    std::coroutine_handle<promise_type> it;
};

struct sdk {
    virtual ~sdk() = default;
    virtual int twice(int x) { return 2 * x; }
};
struct guarded_sdk : sdk {
    int twice(int x) override {
        rp::enforce("smtp");
        return sdk::twice(x);
    }
};
pieces stream() {
    rp::enforce("smtp");
    co_yield 1;
    co_yield 2;
}

}  // namespace

TEST_CASE("a use that the test does not declare throws what to do about it [G96, G101]") {
    one_test const test({});
    try {
        rp::enforce("smtp");
        FAIL("it was let through");
    } catch (rp::guard_violation const& e) {
        CHECK(e.resource() == "smtp");
        CHECK(std::string(e.what()).find("'smtp' is used where it is not declared; add rampart::uses(\"smtp\")") == 0);
        CHECK(std::string(e.what()).find("guard.cpp:") != std::string::npos);
    }
    CHECK(words_of(one_test::end()).find("(at ") != std::string::npos);
}

TEST_CASE("a use that the test declares goes through and counts as its use [G97, G100]") {
    one_test const test({"smtp"});
    CHECK_NOTHROW(rp::enforce("smtp"));
    CHECK(rp::touch("smtp"));
    auto const account = one_test::end();
    CHECK(account.used == names{"smtp"});
    CHECK(account.breaches.empty());
}

TEST_CASE("who catches everything hides nothing [G7, G102]") {
    one_test const test({});
    try {
        rp::enforce("smtp");
    } catch (...) {
    }
    CHECK(one_test::end().breaches.size() == 1);
}

TEST_CASE("touch says it without throwing, and it counts the same") {
    one_test const test({});
    CHECK_FALSE(rp::touch("smtp"));
    CHECK(one_test::end().breaches.size() == 1);
}

TEST_CASE("outside of tests a choke point does nothing [G98, G99]") {
    running::variable const none("RAMPART_CASE_DIR", std::nullopt);
    CHECK_NOTHROW(rp::enforce("smtp"));
    CHECK_NOTHROW(rp::enforce("nobody's"));
    { rp::scope_uses const nothing("smtp"); }
    CHECK(rp::active_guards().ordinal == 0);
}

TEST_CASE("a virtual client, a function object, a future and a stream are guarded where they work "
          "[G47, G48, G49, G50]") {
    guarded_sdk client;
    sdk& as_used = client;
    std::function<int(int)> const seam = [&client](int x) { return client.sdk::twice((rp::enforce("smtp"), x)); };
    SUBCASE("blocked") {
        one_test const test({});
        CHECK_THROWS_AS(as_used.twice(5), rp::guard_violation);
        CHECK_THROWS_AS(seam(5), rp::guard_violation);
        CHECK_THROWS_AS(std::async(std::launch::async, [&] { return as_used.twice(5); }).get(), rp::guard_violation);
        pieces const lazy = stream();  // nothing is used yet
        CHECK_THROWS_AS(lazy.next(), rp::guard_violation);
        CHECK(one_test::end().breaches.size() == 1);
    }
    SUBCASE("allowed") {
        one_test const test({"smtp"});
        CHECK(as_used.twice(5) == 10);
        CHECK(seam(5) == 10);
        CHECK(std::async(std::launch::async, [&] { return as_used.twice(5); }).get() == 10);
        pieces const lazy = stream();
        CHECK(lazy.next() == 1);
        CHECK(lazy.next() == 2);
        CHECK_FALSE(lazy.next());
        CHECK(one_test::end().breaches.empty());
    }
    SUBCASE("not asked") {
        one_test const test({"smtp"});
        pieces const lazy = stream();
        CHECK(one_test::end().used.empty());
    }
}

TEST_CASE("a scope knows where it stands and what it declares, be it several resources [G64, G65]") {
    one_test const test({"git", "smtp"});
    {
        rp::scope_uses const scope("git", std::string("smtp"));
        CHECK_NOTHROW(rp::enforce("git"));
        CHECK_NOTHROW(rp::enforce("smtp"));
    }
    CHECK(one_test::end().breaches.empty());
}

TEST_CASE("a scope that never uses what it declares is told with its place [G13, G25, G85, G88]") {
    one_test const test({"git", "smtp"});
    {
        rp::scope_uses const scope("git", "smtp");
        rp::enforce("git");
    }
    auto const text = words_of(one_test::end());
    CHECK(text.find("scope_uses at ") == 0);
    CHECK(text.find("guard.cpp:") != std::string::npos);
    CHECK(text.find("declares 'smtp' and never used it: remove it there") != std::string::npos);
    CHECK(text.find("'git'") == std::string::npos);
}

TEST_CASE("a scope is judged at its end and no sooner [G78, G79, G81, G83]") {
    one_test const test({"git"});
    {
        rp::scope_uses const scope("git");
        auto const so_far = rp::active_guards();
        CHECK(so_far.test == "the test");
        rp::enforce("git");
    }
    CHECK(one_test::end().breaches.empty());
}

TEST_CASE("a scope may not use what it does not declare, though the test does [G14, G80, G93]") {
    one_test const test({"git", "smtp"});
    {
        rp::scope_uses const scope("git");
        rp::enforce("git");
        CHECK_THROWS_AS(rp::enforce("smtp"), rp::guard_violation);
    }
    rp::enforce("smtp");
    auto const text = words_of(one_test::end());
    CHECK(text.find("used 'smtp'") != std::string::npos);
    CHECK(text.find("without declaring it: declare it there") != std::string::npos);
}

TEST_CASE("a scope that an exception ends is not asked to have used everything; what it did wrong stays, once "
          "[G82, G86, G87, G92, G94]") {
    one_test const test({"git"});
    try {
        rp::scope_uses const scope("git");
        rp::touch("smtp");
        rp::touch("smtp");
        throw std::runtime_error("the set-up's own reason");
    } catch (std::runtime_error const& e) {
        CHECK(std::string(e.what()) == "the set-up's own reason");
    }
    auto const account = one_test::end();
    REQUIRE(account.breaches.size() == 1);
    CHECK(account.breaches[0].kind == breach_kind::undeclared);
    CHECK(account.breaches[0].resource == "smtp");
}

TEST_CASE("a scope that ends while another exception is on its way is judged as ever") {
    one_test const test({"git"});
    struct at_end {
        ~at_end() { rp::scope_uses const scope("git"); }
    };
    try {
        at_end const judged;
        throw std::runtime_error("on its way");
    } catch (std::runtime_error const&) {
    }
    REQUIRE(one_test::end().breaches.size() == 1);
}

TEST_CASE("after a scope the test's own word holds again [G76, G77, G89, G90]") {
    one_test const test({"git"});
    {
        rp::scope_uses const scope("git");
        rp::enforce("git");
    }
    CHECK_NOTHROW(rp::enforce("git"));
    CHECK_THROWS_AS(rp::enforce("smtp"), rp::guard_violation);
    CHECK(words_of(one_test::end()).find("the test used 'smtp'") == 0);
}

TEST_CASE("a shared fixture may use one resource at its start and another at its end [G17, G18, G20, G30, G91]") {
    one_test const test({"git", "smtp"});
    {
        rp::shared_uses fixture("the server", "git", "smtp");
        {
            auto const start = fixture.enter();
            rp::enforce("git");
        }
        fixture.consume();
        auto const end = fixture.enter();
        rp::enforce("smtp");
    }
    auto const account = one_test::end();
    CHECK(account.breaches.empty());
    CHECK(account.used.size() == 2);
}

TEST_CASE("what a shared fixture never used is told at its end, by its own name [G21]") {
    one_test const test({"git", "smtp"});
    {
        rp::shared_uses fixture("the server", "git", "smtp");
        auto const end = fixture.enter();
        rp::enforce("git");
    }
    CHECK(words_of(one_test::end()).find("the server declares 'smtp' and never used it") == 0);
}

TEST_CASE("a shared fixture whose set-up failed is not asked to have used everything [G86, G92]") {
    one_test const test({"git"});
    {
        rp::shared_uses fixture("the server", "git");
        try {
            auto const start = fixture.enter();
            throw std::runtime_error("no room");
        } catch (std::runtime_error const&) {
        }
    }
    CHECK(one_test::end().breaches.empty());
}

TEST_CASE("who stands on a shared fixture needs its marks, and need not use the resources [G12, G15, G24, G32]") {
    rp::guard_account second;
    rp::guard_account third;
    {
        one_test const test({"git", "smtp"});
        rp::shared_uses fixture("the server", "git", "smtp");
        {
            auto const start = fixture.enter();
            rp::enforce("git");
            rp::enforce("smtp");
        }
        CHECK(one_test::end().breaches.empty());
        guard_ledger::instance().begin_test("second", {"git", "smtp"});
        fixture.consume();
        second = one_test::end();
        guard_ledger::instance().begin_test("third", {"git"});
        fixture.consume();
        third = one_test::end();
    }
    CHECK(second.breaches.empty());
    CHECK(second.used.size() == 2);
    REQUIRE(third.breaches.size() == 1);
    CHECK(third.breaches[0].kind == breach_kind::unmarked);
    CHECK(third.breaches[0].resource == "smtp");
    CHECK(third.breaches[0].scope == "the server");
}

TEST_CASE("a thread that works for a test stays on its account") {
    one_test const test({"git"});
    auto const here = rp::active_guards();
    one_test::end();
    guard_ledger::instance().begin_test("the next", {"smtp"});
    std::thread([here] {
        rp::guard_scope const mine(here);
        CHECK(rp::active_guards().test == "the test");
        CHECK_FALSE(rp::touch("smtp"));
        CHECK(rp::touch("git"));
        {
            rp::guard_scope const inner(rp::guard_handle{});
            CHECK(rp::touch("smtp"));
        }
        CHECK_FALSE(rp::touch("smtp"));
    }).join();
    auto const next = one_test::end();
    CHECK(next.breaches.empty());
    auto const late = guard_ledger::instance().take_late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].test == "the test");
}

TEST_CASE("scopes can neither be copied nor moved") {
    CHECK_FALSE(std::is_move_constructible_v<rp::scope_uses>);
    CHECK_FALSE(std::is_move_constructible_v<rp::shared_uses>);
    CHECK_FALSE(std::is_move_constructible_v<rp::guard_scope>);
    CHECK_FALSE(std::is_constructible_v<rp::shared_uses, char const*>);
}
