#include "rampart/doctest/test_ids.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

namespace rp = rampart;
using files = std::vector<std::string>;

TEST_CASE("files are named from the folder that they have in common: two checkouts agree") {
    files const here =
        rp::relative_files({"/home/ann/rampart/tests/mail.cpp", "/home/ann/rampart/tests/deep/chat.cpp"});
    files const there = rp::relative_files({"/builds/7/tests/mail.cpp", "/builds/7/tests/deep/chat.cpp"});
    files const relative = rp::relative_files({"../tests/mail.cpp", "../tests/deep/chat.cpp"});
    CHECK(here == files{"mail.cpp", "deep/chat.cpp"});
    CHECK(there == here);
    CHECK(relative == here);
}

TEST_CASE("one file alone is named by its name, and a root that is given wins") {
    CHECK(rp::relative_files({"/a/b/c.cpp"}) == files{"c.cpp"});
    CHECK(rp::relative_files({"c.cpp"}) == files{"c.cpp"});
    CHECK(rp::relative_files({}).empty());
    CHECK(rp::relative_files({"/a/b/c.cpp"}, "/a") == files{"b/c.cpp"});
    CHECK(rp::relative_files({"/a/b/c.cpp"}, "/a/") == files{"b/c.cpp"});
    CHECK(rp::relative_files({"/a/b/c.cpp"}, "/elsewhere") == files{"c.cpp"});
}

TEST_CASE("a path's spelling does not matter: dots, doubled slashes, backslashes") {
    CHECK(rp::relative_files({"/a/./b//c.cpp", "/a/x/../b/d.cpp"}) == files{"c.cpp", "d.cpp"});
    CHECK(rp::relative_files({"C:\\src\\a\\c.cpp", "C:\\src\\b\\d.cpp"}) == files{"a/c.cpp", "b/d.cpp"});
    // A file is never cut away whole, also when one path leads through another's name.
    CHECK(rp::relative_files({"/a/b", "/a/b/c.cpp"}) == files{"b", "b/c.cpp"});
}

TEST_CASE("a type is spelt alike for g++ and clang") {
    CHECK(rp::fold_type_spelling("std::__cxx11::basic_string<char>") ==
          rp::fold_type_spelling("std::basic_string<char>"));
    CHECK(rp::fold_type_spelling("long int") == "long");
    CHECK(rp::fold_type_spelling("long unsigned int") == "unsigned long");
    CHECK(rp::fold_type_spelling("long long unsigned int") == "unsigned long long");
    CHECK(rp::fold_type_spelling("std::vector<std::vector<int> >") == "std::vector<std::vector<int>>");
    CHECK(rp::fold_type_spelling("{anonymous}::thing") == rp::fold_type_spelling("(anonymous namespace)::thing"));
    CHECK(rp::fold_type_spelling("unsigned int") == "unsigned int");
}

TEST_CASE("ids join file, suite and name, and duplicates are counted from the second on") {
    std::vector<rp::test_id> ids;
    using parts = std::array<char const*, 2>;  // suite and name
    for (auto const& [suite, name] :
         {parts{"s", "x"}, parts{"", "x"}, parts{"s", "x"}, parts{"s", "x#2"}, parts{"s", "x"}}) {
        ids.push_back(rp::detail::plain_test_id("a.cpp", suite, name));
    }
    rp::detail::tell_apart(ids, [](rp::test_id& id) -> rp::test_id& { return id; });
    CHECK(ids[0].str() == "a.cpp::s::x");
    CHECK(ids[1].str() == "a.cpp::x");
    CHECK(ids[2].str() == "a.cpp::s::x#2");
    CHECK(ids[3].str() == "a.cpp::s::x#2#2");  // a test that really is called so is not mistaken for the twin
    CHECK(ids[4].str() == "a.cpp::s::x#3");
}
