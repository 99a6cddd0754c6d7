#include "rampart/guards/hook.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "guards/running.hpp"

using rampart::hook;
using rampart::hook_guards;

namespace {

using lines = std::vector<std::string>;

hook told(lines& log, std::string const& name) {
    return {name, [&log, name] { log.push_back("+" + name); }, [&log, name] { log.push_back("-" + name); }};
}

std::vector<hook> three(lines& log) { return {told(log, "a"), told(log, "b"), told(log, "c")}; }

}  // namespace

TEST_CASE("hooks are installed in order and removed in the opposite order") {
    lines log;
    {
        hook_guards const guards(three(log));
        CHECK(log == lines{"+a", "+b", "+c"});
    }
    CHECK(log == lines{"+a", "+b", "+c", "-c", "-b", "-a"});
}

TEST_CASE("without hooks there is nothing to do") {
    hook_guards guards({});
    CHECK(guards.remove().empty());
}

TEST_CASE("two hooks may guard one resource") {
    lines log;
    { hook_guards const guards({told(log, "a"), told(log, "a")}); }
    CHECK(log == lines{"+a", "+a", "-a", "-a"});
}

TEST_CASE("when a hook cannot be installed, those before it are removed and the guard is named") {
    lines log;
    auto hooks = three(log);
    hooks[2].install = [] { throw std::out_of_range("no such client"); };
    std::string outer;
    std::string inner;
    try {
        hook_guards const guards(hooks);
    } catch (std::runtime_error const& failure) {
        outer = failure.what();
        try {
            std::rethrow_if_nested(failure);
        } catch (std::out_of_range const& cause) {
            inner = cause.what();
        }
    }
    CHECK(outer == "resource guards: guard 'c' could not be installed: no such client");
    CHECK(inner == "no such client");
    CHECK(log == lines{"+a", "+b", "-b", "-a"});
}

TEST_CASE("what goes wrong while a failed installation is undone is told too") {
    lines log;
    auto hooks = three(log);
    hooks[1].remove = [] { throw std::runtime_error("stuck"); };
    hooks[2].install = [] { throw 7; };
    std::string outer;
    try {
        hook_guards const guards(hooks);
    } catch (std::runtime_error const& failure) {
        outer = failure.what();
    }
    CHECK(outer == "resource guards: guard 'c' could not be installed: something that is no std::exception was thrown; "
                   "guard 'b' could not be removed: stuck");
    CHECK(log == lines{"+a", "+b", "-a"});
}

TEST_CASE("a hook that cannot be removed keeps no other from being removed, and is told") {
    lines log;
    auto hooks = three(log);
    hooks[1].remove = [] { throw std::runtime_error("stuck"); };
    hooks[0].remove = [] { throw 7; };
    hook_guards guards(hooks);
    CHECK(guards.remove() == lines{"guard 'b' could not be removed: stuck",
                                   "guard 'a' could not be removed: something that is no std::exception was thrown"});
    CHECK(log == lines{"+a", "+b", "+c", "-c"});
}

TEST_CASE("a destructor swallows what removals throw") {
    lines log;
    auto hooks = three(log);
    hooks[1].remove = [] { throw std::runtime_error("stuck"); };
    { hook_guards const guards(hooks); }
    CHECK(log == lines{"+a", "+b", "+c", "-c", "-a"});
}

TEST_CASE("hooks are removed once") {
    lines log;
    {
        hook_guards guards(three(log));
        CHECK(guards.remove().empty());
        CHECK(log.size() == 6);
        CHECK(guards.remove().empty());
    }
    CHECK(log.size() == 6);
}

TEST_CASE("a hook without an install is refused before any other is installed") {
    lines log;
    auto hooks = three(log);
    hooks[2].install = nullptr;
    CHECK_THROWS_WITH_AS(hook_guards{hooks}, "resource guards: guard 'c' has nothing to install",
                         std::invalid_argument);
    CHECK(log.empty());
}

TEST_CASE("a hook need not have anything to undo") {
    lines log;
    auto hooks = three(log);
    hooks[1].remove = nullptr;
    hook_guards guards(hooks);
    CHECK(guards.remove().empty());
    CHECK(log == lines{"+a", "+b", "+c", "-c", "-a"});
}

TEST_CASE("a forked child removes nothing, and its parent does") {
    lines log;
    auto guards = std::make_unique<hook_guards>(three(log));
    CHECK(running::in_child([&] {
              bool const nothing = guards->remove().empty();
              guards.reset();
              return nothing && log.size() == 3 ? 0 : 1;
          }) == 0);
    guards.reset();
    CHECK(log == lines{"+a", "+b", "+c", "-c", "-b", "-a"});
}

TEST_CASE("a hook stands in the way of a client only while it is installed") {
    std::function<std::string()> client = [] { return std::string("sent"); };
    auto const original = client;
    {
        hook_guards const guards({{"mail", [&client] { client = [] { return std::string("refused"); }; },
                                   [&client, &original] { client = original; }}});
        CHECK(client() == "refused");
    }
    CHECK(client() == "sent");
}
