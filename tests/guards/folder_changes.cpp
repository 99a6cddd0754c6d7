#include "rampart/guards/folder_changes.hpp"

#include "guards/running.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

namespace rp = rampart;
using running::scratch;

TEST_CASE("whatever is done to a folder or in it is noticed once, and what happens deeper is not") {
    scratch const place;
    std::filesystem::path const root = place.path();
    std::filesystem::create_directory(root / "bin");
    std::ofstream(root / "bin/tool") << "one";
    rp::folder_changes changes({root.string(), (root / "bin").string()});
    CHECK_FALSE(changes.any());

    std::filesystem::create_directory(root / "case-1");
    CHECK(changes.any());
    CHECK_FALSE(changes.any());
    std::ofstream(root / "case-1/used.git") << "x";
    CHECK_FALSE(changes.any());
    std::ofstream(root / "bin/tool") << "two";
    CHECK(changes.any());
    ::chmod((root / "bin/tool").c_str(), 0600);
    CHECK(changes.any());
    std::filesystem::rename(root / "bin/tool", root / "bin/other");
    CHECK(changes.any());
    std::filesystem::remove(root / "bin/other");
    CHECK(changes.any());
    ::chmod((root / "bin").c_str(), 0755);
    CHECK(changes.any());
    CHECK_FALSE(changes.any());
    std::filesystem::remove_all(root);
    CHECK(changes.any());
}

TEST_CASE("many changes are one answer") {
    scratch const place;
    std::filesystem::path const root = place.path();
    rp::folder_changes changes({root.string()});
    for (int i = 0; i < 2000; ++i) std::ofstream(root / std::to_string(i)) << i;
    CHECK(changes.any());
    CHECK_FALSE(changes.any());
}

TEST_CASE("a folder that cannot be watched is always changed") {
    rp::folder_changes changes({"/nowhere/at/all"});
    CHECK(changes.any());
    CHECK(changes.any());
}
