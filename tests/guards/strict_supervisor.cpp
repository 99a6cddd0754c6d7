#include "rampart/guards/strict_supervisor.hpp"

#include <cstdio>
#include <fstream>
#include <string>

#include <grp.h>
#include <sys/prctl.h>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

TEST_SUITE_BEGIN("strict_supervisor");

#ifdef RAMPART_DETAIL_STRICT

using namespace strict_run;

namespace {

std::string open_files() {
    std::string all;
    for (int fd = 0; fd < 1024; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) all += std::to_string(fd) + " ";
    }
    return all;
}
std::string status_line(std::string const& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
    }
    return {};
}

}  // namespace

TEST_CASE("the process has no file of it, its thread none of the process, and no signal is for it") {
    if (!can_watch()) return;
    place const here;
    CHECK(in_child([&] {
              auto const before = open_files();
              int ends[2];
              static_cast<void>(::pipe(ends));
              recorder const seen(here.rules());
              // The reader sees the end although the supervisor was started while both were open.
              ::close(ends[1]);
              char c = 0;
              auto const got = ::read(ends[0], &c, 1);
              ::close(ends[0]);
              return std::to_string(got) + (open_files() == before ? " same" : " more");
          }) == "0 same");
}

TEST_CASE("the judge may open and write files, and its stderr is nobody's") {
    if (!can_watch()) return;
    place const here;
    CHECK(in_child([&] {
              std::string why;
              auto const watch = rampart::strict_watch::start(
                  here.rules(),
                  [&](rampart::strict_call const& call) {
                      std::fprintf(stderr, "this is not to be seen\n");
                      std::ofstream(here.file("seen"), std::ios::app) << call.resource << "\n";
                      return true;
                  },
                  why);
              spawn({here.tool});
              spawn({here.tool});
              std::ifstream file(here.file("seen"));
              return std::string(std::istreambuf_iterator<char>(file), {});
          }) == "tool\ntool\n");
}

TEST_CASE("a process that nobody may look at is let through, and counted") {
    if (!can_watch()) return;
    if (::getuid() == 0) {
        place const here;
        CHECK(in_child([&] {
                  static_cast<void>(::setgroups(0, nullptr));
                  if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) {
                      return std::string("cannot become nobody");
                  }
                  ::prctl(PR_SET_DUMPABLE, 1);
                  recorder seen(here.rules(), {"tool"});
                  auto said = status_line("NoNewPrivs") + " ";
                  said += std::to_string(spawn({here.tool})) + " ";
                  said += std::to_string(seen.watch().unreadable()) + " ";
                  said += std::to_string(forked([&] {
                              ::prctl(PR_SET_DUMPABLE, 0);
                              ::execl(here.tool.c_str(), "tool", nullptr);
                              return errno;
                          })) +
                          " ";
                  return said + std::to_string(seen.watch().unreadable());
              }) == "1 -13 0 42 1");
    } else {
        std::printf("SKIPPED: a process that nobody may look at (it takes root)\n");
    }
}

TEST_CASE("root keeps the programs that take on rights") {
    if (!can_watch()) return;
    place const here;
    auto const text = in_child([&] {
        recorder const seen(here.rules());
        return status_line("NoNewPrivs");
    });
    CHECK(text == (::getuid() == 0 ? "0" : "1"));
}

#else

TEST_CASE("there is no supervisor on this system") { std::printf("SKIPPED: the supervisor of strict mode\n"); }

#endif

TEST_SUITE_END();
