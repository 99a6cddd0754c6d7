#include "rampart/guard/guard_list.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using names = std::vector<std::string>;

/// A guard of one's own, which can only be moved.
struct own_guard {
    std::string resource{};
    names* log = nullptr;
    std::unique_ptr<int> only_moved = std::make_unique<int>(1);
    std::string_view name() const { return resource; }
    int install() {
        log->push_back("+" + resource);
        return *only_moved;
    }
    void remove() { log->push_back("-" + resource); }
};
static_assert(rp::ResourceGuard<own_guard>);
static_assert(!rp::ResourceGuard<int>);

struct no_remove {
    std::string_view name() const { return "x"; }
    void install() {}
};
static_assert(!rp::ResourceGuard<no_remove>);

}  // namespace

RAMPART_GUARDS(guards) { guards.program("git"); }

TEST_CASE("programs, clients and addresses are registered by name, each once [G38, G39, G42]") {
    rp::guard_list guards;
    guards.program("git");
    guards.sdk(
        "smtp", [] {}, [] {});
    guards.program("git");
    guards.sdk(
        "smtp", [] {}, [] {});
    guards.sdk("plain");
    guards.net("database", "localhost:5432");
    guards.net("localhost:25");
    CHECK(guards.names() == names{"git", "smtp", "plain", "database", "localhost:25"});
    CHECK(guards.programs() == names{"git"});
    CHECK(guards.errors().empty());
    REQUIRE(guards.addresses().size() == 2);
    CHECK(guards.addresses()[0].where == "localhost:5432");
    CHECK(guards.addresses()[1].name == "localhost:25");
}

TEST_CASE("a client library is no program: nothing on PATH is shadowed by its name [G43]") {
    rp::guard_list guards;
    guards.sdk("docker");
    guards.sdk(
        "modal", [] {}, [] {});
    CHECK(guards.programs().empty());
    guards.program("modal");
    CHECK(guards.programs() == names{"modal"});
    CHECK(guards.names() == names{"docker", "modal"});
}

TEST_CASE("hooks and guards of one's own are kept in order and do what they were given [G40, G41]") {
    rp::guard_list guards;
    names log;
    guards.sdk(
        "a", [&log] { log.emplace_back("+a"); }, [&log] { log.emplace_back("-a"); });
    guards.add(own_guard{"b", &log});
    guards.add(own_guard{"b", &log});
    rp::guard_list moved = std::move(guards);
    REQUIRE(moved.hooks().size() == 3);
    CHECK(moved.hooks()[0].name() == "a");
    CHECK(moved.hooks()[2].name() == "b");
    for (auto& hook : moved.hooks()) hook.install();
    for (auto& hook : moved.hooks()) hook.remove();
    CHECK(log == names{"+a", "+b", "+b", "-a", "-b", "-b"});
}

TEST_CASE("a guard of any kind can be moved about and is destroyed once") {
    auto const alive = std::make_shared<int>(0);
    struct counted {
        std::shared_ptr<int> alive;
        std::string name() const { return "x"; }
        void install() {}
        void remove() {}
    };
    {
        rp::any_guard a(counted{alive});
        rp::any_guard b(counted{alive});
        CHECK(alive.use_count() == 3);
        a = std::move(b);
        rp::any_guard const c(std::move(a));
        CHECK(c.name() == "x");
    }
    CHECK(alive.use_count() == 1);
}

TEST_CASE("a name that nobody could bear is told with the call, and is not registered") {
    rp::guard_list guards;
    guards.program("../git");
    guards.sdk("-x");
    guards.add(own_guard{"", nullptr});
    guards.net("a b");
    guards.net("[::1]:80");
    guards.net("six", "[::1]:80");
    REQUIRE(guards.errors().size() == 5);
    CHECK(guards.errors()[0].find("guards.program(\"../git\"): a resource's name is made of") == 0);
    CHECK(guards.errors()[1].find("guards.sdk(\"-x\")") == 0);
    CHECK(guards.errors()[4].find("give the address a name") != std::string::npos);
    CHECK(guards.names() == names{"six"});
    CHECK(guards.programs().empty());
    CHECK(guards.hooks().empty());
}

TEST_CASE("an address is only watched in strict mode, unless a program or a client has its name") {
    rp::guard_list guards;
    guards.program("git");
    guards.sdk("smtp");
    guards.net("database", "localhost:5432");
    guards.net("smtp", "localhost:25");
    for (bool const strict : {false, true}) {
        CHECK(guards.is_watched("git", strict));
        CHECK(guards.is_watched("smtp", strict));
        CHECK(guards.is_watched("database", strict) == strict);
        CHECK_FALSE(guards.is_watched("nobody's", strict));
    }
}

TEST_CASE("what RAMPART_GUARDS defines is registered before main [G45, G46]") {
    REQUIRE(rp::detail::guards_functions().size() == 1);
    rp::guard_list guards;
    for (auto const function : rp::detail::guards_functions()) function(guards);
    for (auto const function : rp::detail::guards_functions()) function(guards);
    CHECK(guards.names() == names{"git"});
}
