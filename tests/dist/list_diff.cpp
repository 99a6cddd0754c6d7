#include "rampart/dist/list_diff.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace rd = rampart::dist;

TEST_CASE("two lists are told apart in both directions") {
    auto const d = rd::compare_lists({"a", "b", "c"}, "gw1", {"a", "c", "d", "e"});
    CHECK(d.brief == "1 test is missing, 2 tests are not ours: -b +d");
    CHECK(d.lines == "--- the controller, 3 tests\n+++ gw1, 4 tests\n-b\n+d\n+e");
    CHECK(rd::compare_lists({"a", "b"}, "gw1", {"a"}).brief == "1 test is missing: -b");
    CHECK(rd::compare_lists({"a"}, "gw1", {"a", "b"}).brief == "1 test is not ours: +b");
    CHECK(rd::compare_lists({"a", "b"}, "gw1", {}).brief == "2 tests are missing: -a");
    CHECK(rd::compare_lists({}, "gw1", {"x"}).lines == "--- the controller, 0 tests\n+++ gw1, 1 test\n+x");
}

TEST_CASE("lists that differ only in their order, or in how often an id stands there, are said to") {
    CHECK(rd::compare_lists({"a", "b"}, "gw1", {"b", "a"}).brief == "the ids are the same, in another order");
    CHECK(rd::compare_lists({"a", "b"}, "gw1", {"b", "a", "a"}).brief ==
          "the ids are the same, but not how often each stands there: +a (stands there more often)");
    CHECK(rd::compare_lists({"a", "a", "b"}, "gw1", {"a", "b"}).brief ==
          "the ids are the same, but not how often each stands there: -a (stands here more often)");
    auto const same = rd::compare_lists({"a", "b"}, "gw1", {"a", "b"});
    CHECK(same.brief == "the ids are the same, yet their hash is not: is it the same program?");
    CHECK(same.lines == "--- the controller, 2 tests\n+++ gw1, 2 tests\n"
                        "(the ids are the same, yet their hash is not: is it the same program?)");
}

TEST_CASE("a long difference is cut, the same on both sides, and foreign text stays on its line") {
    std::vector<std::string> const names = [] {
        std::vector<std::string> made;
        for (int i = 1000; i < 3000; ++i) made.push_back("t" + std::to_string(i));
        return made;
    }();
    std::vector<std::string_view> const all(names.begin(), names.end());
    auto const d = rd::compare_lists({all.begin(), all.begin() + 1000}, "gw1", {all.begin() + 1000, all.end()});
    CHECK(d.brief == "1000 tests are missing, 1000 tests are not ours: -t1000 +t2000");
    CHECK(std::count(d.lines.begin(), d.lines.end(), '\n') + 1 == 40);
    CHECK(d.lines.find("\n-... and 982 more\n+... and 982 more") != std::string::npos);
    CHECK(rd::compare_lists({}, "gw1", {"x\n\x1b[2J"}).brief == "1 test is not ours: +x\\n\\x1b[2J");
}
