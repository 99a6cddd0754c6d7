#include "rampart/guards/strict.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

using namespace strict_run;

namespace {

std::string number(int n) { return std::to_string(n); }

/// In case-1, with the tool refused or not: what the body gives, then what was seen.
std::string seen_in(place const& here, std::set<std::string> const& denied, std::function<std::string()> const& body) {
    return in_child([&] {
        here.enter("case-1");
        recorder seen(here.rules(), denied);
        auto const said = body();
        return said + "|" + seen.text();
    });
}
std::string seen_by(place const& here, std::function<std::string()> const& body) { return seen_in(here, {}, body); }

std::string const once = "42|tool child case-1: tool\n";

}  // namespace

TEST_SUITE_BEGIN("strict");

TEST_CASE("a guarded program is seen however it is started, and blamed on its test") {
    if (!can_watch()) return;
    place const here;
    auto const folder = here.folder.path();
    CHECK(seen_by(here, [&] { return number(shell(here.tool)); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("PATH=" + folder + "/bin tool")); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("cd " + folder + " && bin/tool")); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("cd " + folder + "/bin && .././bin//tool")); }) == once);
    CHECK(seen_by(here, [&] {
              std::FILE* const pipe = ::popen(here.tool.c_str(), "r");
              return number(WEXITSTATUS(::pclose(pipe)));
          }) == once);
    CHECK(seen_by(here, [&] { return number(spawn({here.tool})); }) == once);
    CHECK(seen_by(here, [&] {
              return number(forked([&] {
                  ::setenv("PATH", (folder + "/bin").c_str(), 1);
                  char name[] = "tool";
                  char* words[] = {name, nullptr};
                  ::execvp(name, words);
                  return 1;
              }));
          }) == once);
    CHECK(seen_by(here, [&] {
              ::pid_t const pid = ::vfork();
              if (pid == 0) {
                  ::execl(here.tool.c_str(), "tool", nullptr);
                  ::_exit(1);
              }
              return number(status_of(pid));
          }) == once);
}

TEST_CASE("links to a guarded program are the program") {
    if (!can_watch()) return;
    place const here;
    std::filesystem::create_symlink(here.tool, here.file("soft"));
    std::filesystem::create_symlink("soft", here.file("softer"));
    CHECK(seen_by(here, [&] { return number(shell(here.file("softer"))); }) == "42|tool child case-1: softer\n");
    // Made after the watch began: a file that had two names before says which program it is by the name in use.
    CHECK(seen_by(here, [&] {
              std::filesystem::create_hard_link(here.tool, here.file("hard"));
              return number(shell(here.file("hard")));
          }) == "42|tool child case-1: hard\n");
}

TEST_CASE("execveat, fexecve and /proc/self/fd lead to the file that they mean for their caller") {
    if (!can_watch()) return;
    place const here;
    char name[] = "tool";
    char* words[] = {name, nullptr};
    auto const by = [&](std::function<void(int)> const& execute) {
        return seen_by(here, [&] {
            return number(forked([&] {
                int const file = ::open(here.tool.c_str(), O_RDONLY | O_CLOEXEC);
                execute(::dup2(file, 77));
                return 1;
            }));
        });
    };
    CHECK(by([&](int fd) { ::fexecve(fd, words, ::environ); }) == once);
    CHECK(by([&](int fd) { ::syscall(SYS_execveat, fd, "", words, ::environ, AT_EMPTY_PATH); }) == once);
    CHECK(by([&](int) { ::execv("/proc/self/fd/77", words); }) == once);
    CHECK(by([&](int) { ::execv("/proc/thread-self/fd/77", words); }) == once);
    CHECK(by([&](int) { ::execv("//dev/./fd/77", words); }) == once);
    CHECK(by([&](int) {
              int const folder = ::open(here.file("bin").c_str(), O_PATH);
              ::syscall(SYS_execveat, folder, "tool", words, ::environ, 0);
          }) == once);
    CHECK(by([&](int) {
              ::chdir(here.file("bin").c_str());
              ::syscall(SYS_execveat, AT_FDCWD, "tool", words, ::environ, 0);
          }) == once);
    // Linux executes nothing then.
    CHECK(by([&](int fd) { ::syscall(SYS_execveat, fd, "", words, ::environ, 0); }) == "1|");
}

TEST_CASE("without an environment the test is known all the same") {
    if (!can_watch()) return;
    place const here;
    std::string const child = RAMPART_STRICT_CHILD;
    CHECK(seen_by(here, [&] { return number(shell("env -i " + here.tool)); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("env -i sh -c 'env -i " + here.tool + "; exit $?'")); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("unset RAMPART_CASE_DIR; " + here.tool)); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("RAMPART_CASE_DIR=/elsewhere " + here.tool)); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("RAMPART_CASE_DIR= " + here.tool)); }) == once);
    CHECK(seen_by(here, [&] {
              char* nothing[] = {nullptr};
              return number(spawn({here.tool}, nothing));
          }) == once);
    CHECK(seen_by(here, [&] { return number(shell("env -i " + child + " bare " + here.tool)); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("env -i " + child + " thread " + here.tool)); }) == once);
}

TEST_CASE("an orphan in a session of its own, without an environment, is blamed on its test") {
    if (!can_watch()) return;
    place const here;
    std::string const child = RAMPART_STRICT_CHILD;
    for (std::string const& command :
         {child + " orphan " + here.tool, "env -i " + child + " orphan " + here.tool,
          "env -i sh -c 'setsid " + here.tool + " &'", "env -i sh -c '(" + here.tool + " &) &'",
          "env -i sh -c 'exec env -i sh -c \"sh -c " + here.tool + " &\"'"}) {
        CAPTURE(command);
        CHECK(seen_by(here, [&] {
                  last_one all;
                  shell(command);
                  here.enter("case-2");
                  all.wait();
                  return "42";
              }) == once);
    }
    // Forked from the test itself, without a program in between.
    CHECK(seen_by(here, [&] {
              last_one all;
              forked([&] {
                  ::setsid();
                  ::pid_t const parent = ::getpid();
                  if (::fork() != 0) return 0;
                  while (::getppid() == parent) ::sched_yield();
                  char* nothing[] = {nullptr};
                  ::execve(here.tool.c_str(), nothing, nothing);
                  return 1;
              });
              here.enter("case-2");
              all.wait();
              return "42";
          }) == once);
}

TEST_CASE("a late child is blamed on the test that made it, not on the one that runs") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        server const listener(AF_INET);
        here.enter("case-1");
        recorder seen(here.rules({{"mail", "127.0.0.1:" + listener.port_text()}}));
        int go[2];
        static_cast<void>(::pipe(go));
        last_one all;
        // A shell that waits, a forked copy of the test that waits, and one that has changed what it was told.
        std::FILE* const waiting = ::popen(("read line; env -i " + here.tool).c_str(), "w");
        for (bool const forgets : {false, true}) {
            if (::fork() == 0) {
                ::alarm(seconds);
                ::close(go[1]);
                char c = 0;
                static_cast<void>(::read(go[0], &c, 1));
                connect_to("127.0.0.1", listener.port());
                if (forgets) ::clearenv();
                ::execl(here.tool.c_str(), "tool", nullptr);
                ::_exit(1);
            }
        }
        here.enter("case-2");
        shell(here.tool + " second");
        here.enter("");
        std::fputs("go\n", waiting);
        ::pclose(waiting);
        auto const first = seen.text();
        ::close(go[0]);
        ::close(go[1]);
        here.enter("case-3");
        all.wait();
        return first + "|" + seen.text().substr(first.size());
    });
    CHECK(text.starts_with("tool child case-2: tool second\ntool child case-1: tool\n|"));
    std::vector<std::string> rest;
    std::istringstream lines(text.substr(text.find('|') + 1));
    for (std::string line; std::getline(lines, line);) rest.push_back(line);
    std::sort(rest.begin(), rest.end());
    REQUIRE(rest.size() == 4);
    CHECK(rest[0].starts_with("mail child case-1: connect 127.0.0.1:"));
    CHECK(rest[1].starts_with("mail child case-1: connect 127.0.0.1:"));
    CHECK(rest[2] == "tool child case-1: tool");
    CHECK(rest[3] == "tool child case-1: tool");
}

TEST_CASE("what a run inside of a test starts is blamed on the outer test") {
    if (!can_watch()) return;
    place const here;
    CHECK(seen_by(here, [&] {
              return number(shell("sh -c 'RAMPART_CASE_DIR=/inner/run/case-7; export RAMPART_CASE_DIR; sh -c " +
                                  here.tool + "; exit $?'"));
          }) == once);
}

TEST_CASE("a refused call fails with EACCES, and its caller goes on") {
    if (!can_watch()) return;
    place const here;
    CHECK(seen_in(here, {"tool"}, [&] { return number(shell(here.tool + " 2>/dev/null; exit $?")); }) ==
          "126|tool child case-1: tool\n");
    CHECK(seen_in(here, {"tool"}, [&] { return number(spawn({here.tool})); }) ==
          number(-EACCES) + "|tool child case-1: tool\n");
    // The same one does something else afterwards.
    CHECK(seen_in(here, {"tool"}, [&] {
              return number(shell(here.tool + " 2>/dev/null || exec " RAMPART_STRICT_CHILD));
          }) == "42|tool child case-1: tool\n");
    // Of this very process.
    CHECK(seen_in(here, {"tool"}, [&] {
              ::execl(here.tool.c_str(), "tool", "own", nullptr);
              return number(errno);
          }) == number(EACCES) + "|tool own -: tool own\n");
}

TEST_CASE("other programs are not looked at") {
    if (!can_watch()) return;
    place const here;
    CHECK(seen_in(here, {"tool"}, [&] { return number(shell("true && ls / >/dev/null && env true")); }) == "0|");
    CHECK(seen_in(here, {"tool"}, [&] { return number(shell("no-such-program 2>/dev/null")); }) == "127|");
}

TEST_CASE("a copy of a guarded program is not seen") {
    if (!can_watch()) return;
    place const here;
    CHECK(seen_in(here, {"tool"}, [&] {
              return number(shell("cp " + here.tool + " " + here.file("copy") + " && " + here.file("copy")));
          }) == "42|");
}

TEST_CASE("scripts, and the programs that interpret them, are seen; so is what a loader is told to start") {
    if (!can_watch()) return;
    place const here;
    std::ofstream(here.file("script")) << "#!" << here.tool << " -x\n";
    std::filesystem::permissions(here.file("script"), std::filesystem::perms(0755));
    CHECK(seen_by(here, [&] { return number(shell(here.file("script"))); }) == "42|tool child case-1: script\n");

    std::ofstream(here.file("guarded")) << "#!/bin/sh\nexit 43\n";
    std::filesystem::permissions(here.file("guarded"), std::filesystem::perms(0755));
    CHECK(in_child([&] {
              here.enter("case-1");
              recorder seen({{{"script", here.file("guarded")}}, {}, here.root});
              auto const status = number(shell(here.file("guarded")));
              return status + "|" + seen.text();
          }) == "43|script child case-1: guarded\n");

    std::string loader;
    for (char const* const path : {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"}) {
        if (running::exists(path)) loader = path;
    }
    if (loader.empty()) {
        std::printf("SKIPPED: a program started by its loader (this system has another one)\n");
        return;
    }
    CHECK(seen_by(here, [&] { return number(shell(loader + " --argv0 x " + here.tool)); }) ==
          "42|tool child case-1: " + loader.substr(loader.rfind('/') + 1) + " --argv0 x " + here.tool + "\n");
    CHECK(seen_by(here, [&] { return number(shell(loader + " " RAMPART_STRICT_CHILD)); }) == "42|");
}

TEST_CASE("a program without libraries is seen, and what it starts") {
#ifdef RAMPART_STRICT_STATIC_CHILD
    if (!can_watch()) return;
    place const here;
    std::string const child = RAMPART_STRICT_STATIC_CHILD;
    CHECK(seen_by(here, [&] { return number(spawn({child, "exec", here.tool})); }) == once);
    CHECK(seen_by(here, [&] { return number(shell("env -i " + child + " bare " + here.tool)); }) == once);
    CHECK(seen_by(here, [&] {
              last_one all;
              shell("env -i " + child + " orphan " + here.tool);
              here.enter("case-2");
              all.wait();
              return "42";
          }) == once);
    CHECK(seen_in(here, {"tool"}, [&] {
              return number(spawn({child, "exec", here.tool}));
          }) == number(EACCES) + "|tool child case-1: tool\n");
    place const other(child);
    CHECK(seen_by(other, [&] { return number(spawn({other.tool})); }) == once);
#else
    std::printf("SKIPPED: a static program (none can be linked here)\n");
#endif
}

TEST_CASE("a program of the 32-bit kind is understood by its own numbers and pointers") {
    if (!can_watch()) return;
    place const here;
    std::string const child = RAMPART_STRICT_CHILD;
    if (in_child([&] { return number(spawn({child, "narrow", here.tool})); }) != "42") {
        std::printf("SKIPPED: calls of 32-bit programs (this system has none)\n");
        return;
    }
    CHECK(seen_by(here, [&] { return number(spawn({child, "narrow", here.tool})); }) == once);
    CHECK(seen_in(here, {"tool"}, [&] {
              return number(spawn({child, "narrow", here.tool}));
          }) == number(EACCES) + "|tool child case-1: tool\n");
}

TEST_CASE("threads, those from before too, and many at once") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        here.enter("case-1");
        int go[2];
        static_cast<void>(::pipe(go));
        int early = 0;
        std::thread before([&] {
            char c = 0;
            static_cast<void>(::read(go[0], &c, 1));
            early = spawn({here.tool, "before"});
        });
        recorder seen(here.rules());
        ::close(go[1]);
        before.join();
        auto first = number(early) + "|" + seen.text();

        std::atomic<int> good{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int k = 0; k < 50; ++k) good += spawn({here.tool}) == 42 ? 1 : 0;
            });
        }
        for (std::thread& t : threads) t.join();
        auto const all = seen.text().substr(first.size() - 3);
        return first + number(good) + " " + number(static_cast<int>(std::count(all.begin(), all.end(), '\n'))) + " " +
               number(static_cast<int>(seen.callers().size()));
    });
    // Process numbers may come again, but not so soon.
    CHECK(text == "42|tool child case-1: tool before\n400 400 401");
}

TEST_CASE("connections of this process are seen, whatever the family, and refused or not") {
    if (!can_watch()) return;
    place const here;
    for (bool const refused : {false, true}) {
        CAPTURE(refused);
        auto const text = in_child([&] {
            server const four(AF_INET);
            server const other(AF_INET);
            here.enter("case-1");
            recorder seen(here.rules({{"mail", "127.0.0.1:" + four.port_text()}}),
                          refused ? std::set<std::string>{"mail"} : std::set<std::string>());
            std::string said = number(connect_to("127.0.0.1", four.port())) + " ";
            said += number(connect_to("::ffff:127.0.0.1", four.port())) + " ";
            said += number(connect_to("0.0.0.0", four.port())) + " ";
            said += number(connect_to("127.0.0.1", other.port())) + "|";
            auto calls = seen.text();
            for (auto at = calls.find(four.port_text()); at != std::string::npos; at = calls.find(four.port_text())) {
                calls.replace(at, four.port_text().size(), "PORT");
            }
            return said + calls;
        });
        std::string const error = number(refused ? EACCES : 0) + " ";
        std::string const line = "mail own -: connect 127.0.0.1:PORT\n";
        CHECK(text == error + error + error + "0|" + line + line + line);
    }
}

TEST_CASE("IPv6, any host, datagrams and sockets of this machine") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        server const six(AF_INET6);
        server const four(AF_INET);
        server const path(here.file("socket"));
        auto const abstract = "@rampart-strict-" + number(::getpid());
        server const nameless(abstract);
        if (!six.is_there()) return std::string("no IPv6");
        here.enter("case-1");
        recorder seen(here.rules({{"any", "*:" + four.port_text()},
                                  {"six", "[::1]:" + six.port_text()},
                                  {"path", "unix:" + here.file("socket")},
                                  {"abstract", "unix:" + abstract},
                                  {"names", "127.0.0.1:9"}}),
                      {"any", "six", "path", "abstract"});
        std::string said;
        for (int const error :
             {connect_to("::1", six.port()), connect_to("::", six.port()), connect_to("127.0.0.1", four.port()),
              connect_to("127.0.0.2", four.port()), connect_to_path(here.file("socket")),
              connect_to_path(here.file("bin/../socket")), connect_to_path(abstract), forked([&] {
                  ::chdir(here.folder.path().c_str());
                  return connect_to_path("socket");
              }),
              connect_to_path(abstract + "x")}) {
            said += number(error) + " ";
        }
        // A datagram with an address; one without is a send.
        int const fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ::sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(9);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        static_cast<void>(::sendto(fd, "x", 1, 0, reinterpret_cast<::sockaddr*>(&to), sizeof to));
        static_cast<void>(::connect(fd, reinterpret_cast<::sockaddr*>(&to), sizeof to));
        static_cast<void>(::send(fd, "x", 1, 0));
        std::string names;
        std::istringstream lines(seen.text());
        for (std::string line; std::getline(lines, line);) {
            names += line.substr(0, line.find(':')) + "/" + line.substr(line.find(':') + 2, 7) + ",";
        }
        return said + "|" + names;
    });
    if (text == "no IPv6") {
        std::printf("SKIPPED: addresses of IPv6 (this machine has none)\n");
        return;
    }
    CHECK(text ==
          "13 13 13 13 13 13 13 13 111 |six own -/connect,six own -/connect,any own -/connect,any own -/connect,"
          "path own -/connect,path own -/connect,abstract own -/connect,path child case-1/connect,"
          "names own -/sendto ,names own -/connect,");
}

TEST_CASE("connections of threads, of forked children, of programs and of loaded libraries have their owner") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        server const four(AF_INET);
        here.enter("case-1");
        recorder seen(here.rules({{"mail", "localhost:" + four.port_text()}}), {"mail"});
        std::string said;
        std::thread([&] { said += number(connect_to("127.0.0.1", four.port())) + " "; }).join();
        said += number(forked([&] { return connect_to("127.0.0.1", four.port()); })) + " ";
        said += number(spawn({RAMPART_STRICT_CHILD, "connect", four.port_text()})) + " ";
        said += number(shell("env -i " RAMPART_STRICT_CHILD " connect " + four.port_text())) + " ";
        ::setenv("STRICT_LIBRARY_PORT", four.port_text().c_str(), 1);
        void* const library = ::dlopen(RAMPART_STRICT_LIBRARY, RTLD_NOW);
        if (library == nullptr) return std::string(::dlerror());
        auto* const call = reinterpret_cast<int (*)()>(::dlsym(library, "strict_library_connect"));
        said += number(call()) + "|";
        std::string names;
        std::istringstream lines(seen.text());
        for (std::string line; std::getline(lines, line);) names += line.substr(0, line.find(':')) + ",";
        return said + names;
    });
    CHECK(text == "13 13 13 13 13|mail own -,mail child case-1,mail child case-1,mail child case-1,mail own -,"
                  "mail own -,");
}

TEST_CASE("a judge that throws has not allowed it: the call is refused, and counted") {
    if (!can_watch()) return;
    place const here;
    CHECK(in_child([&] {
              std::string why;
              auto const watch = rampart::strict_watch::start(
                  here.rules(), [](rampart::strict_call const&) -> bool { throw std::runtime_error("no disk"); }, why);
              int const status = spawn({here.tool});
              int const other = spawn({"/bin/true"});
              return number(status) + " " + number(static_cast<int>(watch->unjudged())) + " " + number(other);
          }) == number(-EACCES) + " 1 0");
}

TEST_CASE("a run under a watch has none of its own, and is told why") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        recorder seen(here.rules());
        std::string why;
        auto const second = rampart::strict_watch::start(
            {}, [](auto const&) { return true; }, why);
        if (second) return std::string("a second one");
        auto const inner = [&] {
            std::string words;
            auto const watch = rampart::strict_watch::start(
                {}, [](auto const&) { return true; }, words);
            bool const is_right = !watch && words.find("EBUSY") != std::string::npos;
            // Nor does its attempt harm it.
            return is_right && spawn({here.tool}) == 42 ? 7 : 1;
        };
        auto said = why + "|" + number(forked(inner));
#if !defined(__SANITIZE_THREAD__)  // which takes no new threads in a fork
        said += number(forked([&] {
            rampart::detail::strict_current = nullptr;  // as in another program
            return inner();
        }));
#else
        said += "7";
#endif
        return said;
    });
    CHECK(text == "this process has a watch already|77");
}

TEST_CASE("when a watch is over everything is let through; another may begin") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        here.enter("case-1");
        std::string said;
        {
            recorder seen(here.rules(), {"tool"});
            said += number(spawn({here.tool})) + " ";
            // The child's copy of it ends, which is not our end.
            said += number(forked([&] {
                        seen.stop();
                        return 5;
                    })) +
                    " ";
            said += number(spawn({here.tool})) + " ";
        }
        said += number(spawn({here.tool})) + " ";
        said += number(shell("env -i " + here.tool)) + " ";
        {
            recorder again(here.rules(), {"tool"});
            said += number(spawn({here.tool})) + " ";
        }
        std::string why;
        auto const wider = rampart::strict_watch::start(
            here.rules({{"mail", "*:25"}}), [](auto const&) { return true; }, why);
        return said + (wider ? "wider" : why);
    });
    CHECK(text == "-13 5 -13 42 42 -13 an earlier watch in this process guarded no addresses, and its filter cannot be "
                  "changed");
}

TEST_CASE("a child that is forked while the judge is at work can drop its copy of the watch") {
    if (!can_watch()) return;
    place const here;
    CHECK(in_child([&] {
              std::atomic<bool> has_begun{false};
              std::atomic<bool> is_over{false};
              std::string why;
              auto watch = rampart::strict_watch::start(
                  here.rules(),
                  [&](rampart::strict_call const&) {
                      has_begun = true;
                      while (!is_over) ::sched_yield();
                      return true;
                  },
                  why);
              int status = 0;
              std::thread caller([&] { status = spawn({here.tool}); });
              while (!has_begun) ::sched_yield();
              int const child = forked([&] {
                  ::alarm(5);
                  watch.reset();
                  return 5;
              });
              is_over = true;
              caller.join();
              return number(child) + " " + number(status);
          }) == "5 42");
}

TEST_CASE("wrong rules are no watch, and say what is wrong") {
    auto const why_not = [](rampart::strict_rules rules) {
        std::string why;
        auto const watch = rampart::strict_watch::start(
            std::move(rules), [](auto const&) { return true; }, why);
        return watch ? "a watch" : why;
    };
#ifdef RAMPART_DETAIL_STRICT
    CHECK(why_not({{}, {{"mail", "nonsense"}}, "/"}) ==
          "the net resource 'mail' at 'nonsense': no address; it takes host:port, [v6]:port, *:port or unix:/path");
    CHECK(why_not({{}, {{"mail", "no-such-host.invalid:25"}}, "/"})
              .starts_with("the net resource 'mail' at 'no-such-host.invalid:25': "));
#else
    CHECK(why_not({}) == "it takes Linux on x86-64 or aarch64");
#endif
}

TEST_CASE("what outlives the process does not hang: it cannot execute any more") {
    if (!can_watch()) return;
    place const here;
    for (bool const is_killed : {false, true}) {
        CAPTURE(is_killed);
        int answer[2];
        REQUIRE(::pipe2(answer, O_CLOEXEC) == 0);
        int error = 0;
        ::ssize_t size = 0;
        auto const text = in_child(
            [&] {
                here.enter("case-1");
                recorder seen(here.rules());
                ::pid_t const process = ::getpid();
                if (::fork() == 0) {
                    ::alarm(seconds);
                    while (::getppid() == process) ::sched_yield();
                    int const failed = spawn({here.tool});
                    static_cast<void>(::write(answer[1], &failed, sizeof failed));
                    ::_exit(0);
                }
                if (is_killed) ::raise(SIGKILL);
                return std::string("gone");
            },
            [&] {
                ::close(answer[1]);
                ::pollfd wait{answer[0], POLLIN, 0};
                if (::poll(&wait, 1, static_cast<int>(seconds) * 1000) == 1) {
                    size = ::read(answer[0], &error, sizeof error);
                }
            });
        ::close(answer[0]);
        CHECK(text == (is_killed ? "(died by signal 9)" : "gone"));
        CHECK(size == sizeof error);
        CHECK(error == -ENOSYS);
    }
}

TEST_CASE("the process ends at once while calls wait for an answer") {
    if (!can_watch()) return;
    place const here;
    last_one all;
    bool are_gone = false;
    auto const body = [&] {
        std::atomic<bool> has_begun{false};
        std::string why;
        auto* const watch = rampart::strict_watch::start(
                                here.rules(),
                                [&](rampart::strict_call const&) {
                                    has_begun = true;
                                    for (;;) ::pause();
                                    return true;
                                },
                                why)
                                .release();
        if (watch == nullptr) return why;
        std::thread([&] { spawn({here.tool}); }).detach();
        std::thread([&] { spawn({here.tool}); }).detach();
        while (!has_begun) ::sched_yield();  // the alarm is the bound
        return std::string("gone");
    };
    CHECK(in_child(body, [&] { are_gone = all.wait(); }) == "gone");
    CHECK(are_gone);  // nobody else holds the listener
}

TEST_CASE("a stopped child, a dead child and huge words disturb nobody") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        here.enter("case-1");
        recorder seen(here.rules());
        // Killed at any moment of their starts.
        for (int i = 0; i < 100; ++i) {
            ::pid_t const child = ::fork();
            if (child == 0) {
                ::execl("/bin/true", "true", nullptr);
                ::_exit(1);
            }
            ::kill(child, i % 2 == 0 ? SIGKILL : SIGSTOP);
            ::kill(child, SIGCONT);
            status_of(child);
        }
        std::string const huge(100000, 'x');
        std::vector<std::string> words{here.tool};
        for (int i = 0; i < 10; ++i) words.push_back(huge);
        int const status = spawn(words);
        auto const line = seen.text();
        // Wrong addresses are their caller's business.
        errno = 0;
        ::syscall(SYS_execve, 1, nullptr, nullptr);
        std::string const errors = number(errno) + " ";
        ::execve(here.tool.c_str(), reinterpret_cast<char* const*>(8), ::environ);
        return number(status) + " " + std::to_string(line.size()) + " " + errors + number(errno) + " " +
               std::to_string(seen.watch().unreadable());
    });
    CHECK(text == "42 " + std::to_string(std::string("tool child case-1: tool\n").size() + 10 * 1025) + " 14 14 0");
}

TEST_SUITE_END();
