#include "rampart/guard/evidence.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "guards/running.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace rampart::detail;
using words = std::vector<std::string>;

std::string record(std::string_view pid, std::string_view name, std::vector<std::string_view> const& rest) {
    std::string text;
    for (std::string_view const field : {pid, name}) text += std::string(field) + '\0';
    text += std::to_string(rest.size()) + '\0';
    for (std::string_view const word : rest) text += std::string(word) + '\0';
    return text;
}

}  // namespace

TEST_CASE("a resource's name is one that a file, a script and a label can bear") {
    for (char const* const good : {"git", "my-tool", "g++", "a.out", "_x", "7z", "blocked.x"}) {
        CAPTURE(good);
        CHECK(is_guard_name(good));
    }
    for (char const* const bad : {"", "-x", ".x", "a b", "a/b", "a:b", "a\nb", "a'b", "a$b", "ä", "a*"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_guard_name(bad));
    }
    CHECK(is_guard_name("localhost:80", true));
    CHECK_FALSE(is_guard_name("[::1]:80", true));
    CHECK(is_guard_name(std::string(200, 'x')));
    CHECK_FALSE(is_guard_name(std::string(201, 'x')));
}

TEST_CASE("what is written comes back, with who did it and how [G71, G75]") {
    running::scratch const root;
    auto const dir = root / "case-1";
    REQUIRE(write_evidence(dir, "git", false, {"git", "commit", "-m", "a b"}, ::getpid()));
    REQUIRE(write_evidence(dir, "git", true, {"git"}, ::getpid()));
    auto uses = take_evidence(dir);
    REQUIRE(uses.size() == 2);
    if (uses[0].allowed) std::swap(uses[0], uses[1]);
    CHECK(uses[0].resource == "git");
    CHECK_FALSE(uses[0].allowed);
    CHECK(uses[0].how == "git commit -m a b");
    CHECK(uses[0].by == name_of_process(::getpid()) + " (pid " + std::to_string(::getpid()) + ")");
    CHECK_FALSE(name_of_process(::getpid()).empty());
    CHECK(uses[1].allowed);
    CHECK(uses[1].how == "git");
}

TEST_CASE("the folder of a test that declares nothing is made by who writes first, for this user alone") {
    running::scratch const root;
    auto const dir = root / "case-1";
    CHECK(take_evidence(dir).empty());
    CHECK_FALSE(running::exists(dir));
    REQUIRE(write_evidence(dir, "git", false, {}, 1));
    struct ::stat info {};
    REQUIRE(::stat(dir.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0700U);
    REQUIRE(::stat((dir + "/blocked.git").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600U);
}

TEST_CASE("evidence that cannot be written is told, so that the use can be refused, and errno stays") {
    running::scratch const root;
    errno = E2BIG;
    CHECK_FALSE(write_evidence(root / "gone/case-1", "git", true, {"git"}, 1));
    CHECK(errno == E2BIG);
    running::write(root / "file", "no folder");
    CHECK_FALSE(write_evidence(root / "file", "git", true, {"git"}, 1));
    CHECK(errno == E2BIG);
    REQUIRE(write_evidence(root / "case-1", "git", true, {"git"}, 1));
    CHECK(errno == E2BIG);
}

TEST_CASE("evidence is told once, and what comes later is told later") {
    running::scratch const root;
    auto const dir = root / "case-1";
    REQUIRE(write_evidence(dir, "git", false, {"first"}, 1));
    CHECK(take_evidence(dir).size() == 1);
    CHECK(take_evidence(dir).empty());
    REQUIRE(write_evidence(dir, "git", false, {"second"}, 1));
    auto const later = take_evidence(dir);
    REQUIRE(later.size() == 1);
    CHECK(later[0].how == "second");
}

TEST_CASE("a resource that is called like a file of evidence is not taken for another's") {
    running::scratch const root;
    auto const dir = root / "case-1";
    for (char const* const name : {"blocked.x", "used.x", "allow.x", "told.x", "x"}) {
        CHECK_FALSE(is_allowed(dir, name));
        REQUIRE(write_evidence(dir, name, false, {name}, 1));
    }
    running::write(dir + "/allow.blocked.x", "");
    CHECK(is_allowed(dir, "blocked.x"));
    CHECK_FALSE(is_allowed(dir, "x"));
    std::vector<std::string> names;
    for (auto const& use : take_evidence(dir)) {
        CHECK_FALSE(use.allowed);
        CHECK(use.how == use.resource);
        names.push_back(use.resource);
    }
    std::sort(names.begin(), names.end());
    CHECK(names == words{"allow.x", "blocked.x", "told.x", "used.x", "x"});
    CHECK(take_evidence(dir).empty());
}

TEST_CASE("a test's word holds name by name [G51]") {
    running::scratch const root;
    running::write(root / "allow.git", "");
    CHECK(is_allowed(root.path(), "git"));
    CHECK_FALSE(is_allowed(root.path(), "gi"));
    CHECK_FALSE(is_allowed(root.path(), "git2"));
    CHECK_FALSE(is_allowed(root / "case-none", "git"));
}

TEST_CASE("long commands are cut, so that one write holds them") {
    running::scratch const root;
    auto const dir = root / "case-1";
    words many(40, std::string(1000, 'y'));
    many[1] = std::string("a\0b", 3);
    many[2] = "c\nd";
    REQUIRE(write_evidence(dir, "git", false, many, 1));
    CHECK(running::text_of(dir + "/blocked.git").size() < 4096);
    auto const uses = take_evidence(dir);
    REQUIRE(uses.size() == 1);
    CHECK(uses[0].how.starts_with(std::string(200, 'y') + " a c\nd yyy"));
    CHECK(uses[0].how.size() == 14 * 200 + 1 + 3 + 15);
}

TEST_CASE("records that many processes append at once stay whole") {
    running::scratch const root;
    auto const dir = root / "case-1";
    std::vector<::pid_t> children;
    for (int c = 0; c < 8; ++c) {
        ::pid_t const pid = ::fork();
        if (pid == 0) {
            bool good = true;
            for (int i = 0; i < 50; ++i) {
                std::string const filler(150, 'y');
                good = write_evidence(dir, "git", false, {"child", std::to_string(c), filler}, ::getpid()) && good;
            }
            ::_exit(good ? 0 : 1);
        }
        children.push_back(pid);
    }
    for (auto const pid : children) CHECK(running::waited(pid) == 0);
    std::vector<int> of(8, 0);
    for (auto const& use : take_evidence(dir)) {
        REQUIRE(use.how.size() == 6 + 2 + 150);
        REQUIRE(use.how.ends_with(" " + std::string(150, 'y')));
        ++of[static_cast<std::size_t>(use.how[6] - '0')];
    }
    CHECK(of == std::vector<int>(8, 50));
}

TEST_CASE("an empty file and a record that is cut off count: that the resource was used is known") {
    auto const none = read_evidence("git", false, "");
    REQUIRE(none.size() == 1);
    CHECK(none[0] == rampart::guard_use{"git", false, "", ""});
    auto const whole = record("12", "sh", {"git", "status"});
    CHECK(read_evidence("git", true, whole) ==
          std::vector<rampart::guard_use>{{"git", true, "git status", "sh (pid 12)"}});
    for (std::size_t n = 0; n < whole.size(); ++n) {
        CAPTURE(n);
        CHECK(read_evidence("git", true, whole.substr(0, n)).size() == 1);
        CHECK(read_evidence("git", true, whole + whole.substr(0, n)).size() == (n == 0 ? 1 : 2));
    }
    CHECK(read_evidence("git", true, record("12", "", {"a"}))[0].by == "pid 12");
    CHECK(read_evidence("git", true, record("", "", {"a"}))[0].by.empty());
}

TEST_CASE("evidence that is no evidence counts as a use and does no harm") {
    std::string noise;
    unsigned seed = 7;
    for (int i = 0; i < 20000; ++i) {
        seed = seed * 1103515245U + 12345U;
        noise += static_cast<char>(seed >> 16U);
        if (i % 7 == 0) noise += '\0';
    }
    CHECK(read_evidence("git", false, noise).size() >= 1);
    CHECK(read_evidence("git", false, std::string(1000, '\0')).size() >= 1);
    // A count that no record has does not eat the records behind it without end.
    std::string huge("1\0sh\0"
                     "99999999999999999999\0a\0",
                     27);
    CHECK(read_evidence("git", false, huge).size() == 1);
}

TEST_CASE("a process knows its test by one variable, and an empty one is none") {
    running::variable const variable("RAMPART_CASE_DIR", "/x/case-1");
    CHECK(case_dir_of_environment() == "/x/case-1");
    variable.set("");
    CHECK(case_dir_of_environment().empty());
    variable.set(std::nullopt);
    CHECK(case_dir_of_environment().empty());
}
