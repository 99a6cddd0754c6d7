#include "rampart/transport/journal_file.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "transport/journals.hpp"

namespace {

namespace rp = rampart;
namespace fs = std::filesystem;
using rp::journal_file;
using rp::journal_sync;
using wire_samples::file_size_limit;
using wire_samples::folder;
using wire_samples::read_file;

std::string line(char c, std::size_t bytes) { return std::string(bytes - 1, c) + "\n"; }

}  // namespace

TEST_CASE("a journal's name says which part, attempt, machine and process it is from [C]") {
    rp::shard_plan plan{.attempt = 2, .index = 2, .count = 8};
    CHECK(rp::journal_file_name(plan, "host.example", 4711) ==
          fs::path("shard-3-of-8.attempt-2.host.example.4711.jsonl"));
    plan.run = "nightly 12/3";
    CHECK(rp::journal_file_name(plan, "a b", 1) == fs::path("nightly_12_3/shard-3-of-8.attempt-2.a_b.1.jsonl"));
}

TEST_CASE("no text in a journal's name leads out of its folder or hides it [C]") {
    for (std::string const evil :
         {"..", ".", "../../etc/passwd", "/etc", ".hidden", "a/../b", "nul\0x", "\xff\xfe", ""}) {
        CAPTURE(evil);
        std::string const name = rp::detail::as_file_name(evil);
        CHECK(name.find('/') == std::string::npos);
        CHECK_FALSE(name.starts_with('.'));
        fs::path const path = rp::journal_file_name({.run = evil}, evil, 1);
        for (fs::path const& part : path) {
            CHECK(part != "..");
            CHECK_FALSE(part.string().starts_with('.'));
        }
        CHECK(path.is_relative());
        CHECK(path.lexically_normal() == path);
    }
    CHECK(rp::detail::as_file_name(std::string(5000, 'x')).size() == 100);
    CHECK(rp::detail::as_file_name("Az09.-_") == "Az09.-_");
}

TEST_CASE("a file that is there is never touched: the next one gets a number [C]") {
    folder const dir;
    auto const first = dir.file("j.jsonl", "somebody else's\n");
    journal_file second(dir.path(), "j.jsonl", journal_sync::none);
    journal_file third(dir.path(), "j.jsonl", journal_sync::none);
    CHECK(second.path() == dir.path() / "j-2.jsonl");
    CHECK(third.path() == dir.path() / "j-3.jsonl");
    CHECK_FALSE(second.append("two\n"));
    CHECK_FALSE(third.append("three\n"));
    CHECK(read_file(first.string()) == "somebody else's\n");
    CHECK(read_file(second.path().string()) == "two\n");
    CHECK(read_file(third.path().string()) == "three\n");
    // Neither is a link taken for a place to write to.
    fs::create_symlink(dir.path() / "elsewhere", dir.path() / "link.jsonl");
    journal_file const beside(dir.path(), "link.jsonl", journal_sync::none);
    CHECK(beside.path() == dir.path() / "link-2.jsonl");
    CHECK_FALSE(fs::exists(dir.path() / "elsewhere"));
}

TEST_CASE("the folders of a journal are made where they are missing [C]") {
    folder const dir;
    journal_file file(dir.path() / "a" / "b", fs::path("run") / "j.jsonl", journal_sync::each_test);
    CHECK(file.is_open());
    CHECK_FALSE(file.append("x\n"));
    CHECK(read_file((dir.path() / "a/b/run/j.jsonl").string()) == "x\n");
}

TEST_CASE("whatever the policy, the bytes are there at once, and the same [C]") {
    folder const dir;
    std::vector<std::string> texts;
    for (auto const sync : {journal_sync::none, journal_sync::each_test, journal_sync::at_end}) {
        auto const name = "j" + std::to_string(static_cast<int>(sync)) + ".jsonl";
        journal_file file(dir.path(), name, sync);
        CHECK_FALSE(file.append("one\n"));
        file.after_test();
        CHECK(read_file(file.path().string()) == "one\n");
        CHECK_FALSE(file.append("two\nthree\n"));
        file.after_test();
        CHECK(read_file(file.path().string()) == "one\ntwo\nthree\n");
        CHECK_FALSE(file.close());
        CHECK_FALSE(file.is_open());
        texts.push_back(read_file(file.path().string()));
        // Nothing is written behind its end, and that is said.
        CHECK(file.append("four\n") == std::errc::bad_file_descriptor);
        CHECK(read_file(file.path().string()) == texts.back());
    }
    CHECK(texts[0] == texts[1]);
    CHECK(texts[0] == texts[2]);
}

TEST_CASE("a forked child writes nothing, and takes nothing from its parent [C]") {
    folder const dir;
    journal_file file(dir.path(), "j.jsonl", journal_sync::each_test);
    CHECK_FALSE(file.append("before\n"));
    ::pid_t const child = ::fork();
    if (child == 0) {
        bool const silent = !file.append("the child's\n");
        file.after_test();
        bool const closed = !file.close();
        ::_exit(silent && closed ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK_FALSE(file.append("after\n"));
    CHECK_FALSE(file.close());
    CHECK(read_file(file.path().string()) == "before\nafter\n");
}

TEST_CASE("a file that may not grow ends with its last whole line, and goes on when there is room [C]") {
    folder const dir;
    journal_file file(dir.path(), "j.jsonl", journal_sync::none);
    auto const path = file.path().string();
    std::vector<std::error_code> said;
    std::vector<std::string> texts;
    {
        file_size_limit const limit(100);
        for (auto const& text : {line('a', 60), line('b', 60), line('c', 30), line('d', 10), line('e', 1)}) {
            said.push_back(file.append(text));
            texts.push_back(read_file(path));
        }
    }
    said.push_back(file.append(line('f', 60)));
    CHECK_FALSE(said[0]);
    CHECK(said[1] == std::errc::file_too_large);
    CHECK(texts[1] == line('a', 60));  // of the 40 bytes that did fit nothing is left
    CHECK_FALSE(said[2]);
    CHECK(texts[2] == line('a', 60) + line('c', 30));
    CHECK_FALSE(said[3]);
    CHECK(said[4] == std::errc::file_too_large);
    CHECK_FALSE(said[5]);
    CHECK(read_file(path) == line('a', 60) + line('c', 30) + line('d', 10) + line('f', 60));
    CHECK_FALSE(file.close());
}

TEST_CASE("lines of one event are written whole or not at all [C]") {
    folder const dir;
    journal_file file(dir.path(), "j.jsonl", journal_sync::none);
    std::error_code said;
    {
        file_size_limit const limit(100);
        said = file.append(line('a', 60) + line('b', 60));
    }
    CHECK(said == std::errc::file_too_large);
    CHECK(read_file(file.path().string()).empty());
}

TEST_CASE("a journal that cannot be made says so with its first line, and with each further one [C]") {
    folder const dir;
    auto const in_the_way = dir.file("file", "x");
    journal_file file(in_the_way, "j.jsonl", journal_sync::each_test);
    CHECK_FALSE(file.is_open());
    CHECK(file.append("a\n") == std::errc::not_a_directory);
    CHECK(file.append("b\n") == std::errc::not_a_directory);
    file.after_test();
    CHECK_FALSE(file.close());
    CHECK(read_file(in_the_way.string()) == "x");
    if (::geteuid() == 0) {
        std::cout << "SKIPPED: a folder without permission to write: root may write everywhere\n";
        return;
    }
    fs::create_directory(dir.path() / "closed");
    fs::permissions(dir.path() / "closed", fs::perms::owner_read | fs::perms::owner_exec);
    journal_file refused(dir.path() / "closed", "j.jsonl", journal_sync::none);
    CHECK(refused.append("a\n") == std::errc::permission_denied);
}
