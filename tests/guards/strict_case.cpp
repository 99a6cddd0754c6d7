#include "rampart/guards/strict_case.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

TEST_SUITE_BEGIN("strict_case");

#ifdef RAMPART_DETAIL_STRICT

using namespace rampart::detail;
using namespace strict_run;

namespace {

/// A forked child, or a program in its place that runs cat, that lives as long as this and has come to where it waits.
class waiting {
public:
    explicit waiting(std::function<void()> const& first, std::vector<std::string> program = {},
                     std::vector<std::string> const& environment = {}) {
        int ends[2];
        int ready[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::alarm(seconds);
            first();
            ::dup2(ends[0], 0);
            ::dup2(ready[1], 1);
            if (program.empty()) {
                static_cast<void>(::write(1, "x", 1));
                for (;;) ::pause();
            }
            std::vector<char*> variables;
            for (auto const& entry : environment) variables.push_back(const_cast<char*>(entry.c_str()));
            variables.push_back(nullptr);
            std::vector<char*> words;
            for (auto& word : program) words.push_back(word.data());
            words.push_back(nullptr);
            ::execve(words[0], words.data(), variables.data());
            ::_exit(1);
        }
        ::close(ends[0]);
        ::close(ready[1]);
        char c = 'x';
        if (!program.empty()) REQUIRE(::write(ends[1], &c, 1) == 1);  // it says so when it runs
        REQUIRE(::read(ready[0], &c, 1) == 1);
        ::close(ready[0]);
        to_ = ends[1];
    }
    waiting(waiting const&) = delete;
    waiting& operator=(waiting const&) = delete;
    ~waiting() {
        ::kill(pid_, SIGKILL);
        status_of(pid_);
        ::close(to_);
    }
    ::pid_t pid() const { return pid_; }

private:
    ::pid_t pid_;
    int to_;
};

}  // namespace

TEST_CASE("the newest entries are remembered, and the old ones that are asked for") {
    strict_recent<int, std::string, 4> some;
    CHECK(some.empty());
    for (int i = 0; i < 4; ++i) some.put(i, std::to_string(i));
    some.put(4, "4");
    CHECK(*some.find(0) == "0");
    for (int i = 5; i < 8; ++i) some.put(i, std::to_string(i));
    REQUIRE(some.find(0) != nullptr);
    CHECK(*some.find(0) == "0");
    CHECK(some.find(1) == nullptr);
    some.put(0, "new");
    CHECK(*some.find(0) == "new");
    CHECK_FALSE(some.empty());
}

TEST_CASE("a forked child has the test of its memory, a program that of its start, another run none") {
    ::setenv("RAMPART_CASE_DIR", "/guards/case-1", 1);
    strict_cases cases("/guards/");
    waiting const child([] {});
    waiting const moved([] { ::setenv("RAMPART_CASE_DIR", "/guards/case-2", 1); });
    waiting const foreign([] { ::setenv("RAMPART_CASE_DIR", "/guardsmen/case-2", 1); });
    waiting const program([] {}, {"/bin/cat"}, {"A=1", "RAMPART_CASE_DIR=/guards/case-3"});
    waiting const deep([] {}, {"/bin/cat"}, {"RAMPART_CASE_DIR=/guards/case-3/deeper"});
    waiting const bare([] {}, {"/bin/cat"});
    ::setenv("RAMPART_CASE_DIR", "/guards/case-9", 1);
    CHECK(cases.of_process(child.pid()) == "/guards/case-1");
    CHECK(cases.of_process(moved.pid()) == "/guards/case-2");
    CHECK(cases.of_process(foreign.pid()) == "");
    CHECK(cases.of_process(program.pid()) == "/guards/case-3");
    CHECK(cases.of_process(deep.pid()) == "");
    CHECK(cases.of_process(bare.pid()) == "");
    CHECK(cases.of_process(::getpid()) == "");
    CHECK(cases.of_process(1) == "");
    ::unsetenv("RAMPART_CASE_DIR");
}

TEST_CASE("what is about to be started has the test of its new environment, or else of who starts it") {
    ::setenv("RAMPART_CASE_DIR", "/guards/case-1", 1);
    strict_cases cases("/guards");
    char const* const other[] = {"RAMPART_CASE_DIR=/guards/case-2", nullptr};
    char const* const nothing[] = {nullptr};
    waiting const child([] {});
    strict_memory memory(child.pid());
    CHECK(cases.of_start(child.pid(), memory, reinterpret_cast<std::uintptr_t>(other)) == "/guards/case-2");
    CHECK(cases.of_start(child.pid(), memory, reinterpret_cast<std::uintptr_t>(nothing)) == "/guards/case-1");
    CHECK(cases.of_start(child.pid(), memory, 0) == "/guards/case-1");

    // This one was started when nobody was asked.
    waiting const bare([] {}, {"/bin/cat"});
    CHECK(cases.of_process(bare.pid()) == "");
    ::unsetenv("RAMPART_CASE_DIR");
}

TEST_CASE("a program of which nobody knows anything is of its parent's test") {
    ::unsetenv("RAMPART_CASE_DIR");
    strict_cases cases("/guards");
    waiting const shell([] {}, {"/bin/sh", "-c", "env -i cat; exit"}, {"PATH=/bin", "RAMPART_CASE_DIR=/guards/case-3"});
    auto const task = std::to_string(shell.pid());
    auto const child = strict_proc_text(shell.pid(), "task/" + task + "/children");
    if (child.empty()) {
        std::printf("SKIPPED: the test of a program's parent (/proc does not tell the children)\n");
        return;
    }
    CHECK(cases.of_process(static_cast<::pid_t>(std::atoi(child.c_str()))) == "/guards/case-3");
}

TEST_CASE("an orphan is nobody's, and so is who was there before") {
    strict_cases cases("/guards");
    CHECK(cases.of_process(::getppid()) == "");
    CHECK(cases.of_process(0) == "");
    CHECK(cases.of_process(-1) == "");
}

TEST_CASE("what a child was told when it was forked outlasts its environment") {
    if (!can_watch()) return;
    // The note is taken from the first watch on, in the child that starts it.
    CHECK(in_child([] {
              ::setenv("RAMPART_CASE_DIR", "/guards/case-1", 1);
              std::string why;
              auto const watch = rampart::strict_watch::start(
                  {}, [](auto const&) { return true; }, why);
              strict_cases cases("/guards");
              waiting const child([] { ::clearenv(); });
              ::pid_t grandchild = 0;
              int ends[2];
              static_cast<void>(::pipe(ends));
              waiting const parent([&] {
                  ::clearenv();
                  grandchild = ::fork();
                  if (grandchild == 0) {
                      ::alarm(seconds);
                      for (int fd = 0; fd < 64; ++fd) ::close(fd);
                      for (;;) ::pause();
                  }
                  static_cast<void>(::write(ends[1], &grandchild, sizeof grandchild));
              });
              static_cast<void>(::read(ends[0], &grandchild, sizeof grandchild));
              ::setenv("RAMPART_CASE_DIR", "", 1);
              waiting const between([] { ::clearenv(); });
              return cases.of_process(child.pid()) + " " + cases.of_process(grandchild) + " " +
                     cases.of_process(between.pid());
          }) == "/guards/case-1 /guards/case-1 ");
}

#else

TEST_CASE("nobody looks for the test of a process on this system") { std::printf("SKIPPED: cases of strict mode\n"); }

#endif

TEST_SUITE_END();
