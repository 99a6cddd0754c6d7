#include "rampart/dist/spawn.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "dist/pool_run.hpp"

namespace {

using namespace pool_test;
using detail::launch;

/// What the child tells of itself, and its end.
std::string state_of(launch what) {
    auto channel = detail::make_channel();
    REQUIRE(channel.error == 0);
    what.control = channel.theirs.get();
    auto const started = detail::spawn(what);
    REQUIRE(started.words == "");
    channel.theirs.close();
    ::fcntl(channel.ours.get(), F_SETFL, 0);
    frame_reader reader;
    std::array<char, 65536> buffer{};
    for (::ssize_t n = 0; (n = ::read(channel.ours.get(), buffer.data(), buffer.size())) > 0;) {
        reader.feed({buffer.data(), static_cast<std::size_t>(n)});
    }
    ::waitpid(started.pid, nullptr, 0);
    auto const hello = reader.next();
    return hello ? hello->payload : reader.why();
}
launch state_child() {
    launch what;
    what.program = RAMPART_DIST_CHILD;
    what.arguments = {RAMPART_DIST_CHILD, "state"};
    return what;
}
std::string value(std::string const& state, std::string const& name) {
    auto const at = ("\n" + state).find("\n" + name + " ");
    if (at == std::string::npos) return "(none)";
    auto const from = at + name.size() + 1;
    return state.substr(from, state.find('\n', from) - from);
}
std::string printed(std::string const& command) {
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    ::pclose(pipe);
    return text;
}

}  // namespace

TEST_SUITE_BEGIN("spawn");

TEST_CASE("a program starts in a group and a session of its own, in its folder, with its environment") {
    auto what = state_child();
    what.chdir = "/usr";
    what.environment = {"A=1", "B=two words"};
    auto const state = state_of(what);
    CHECK(value(state, "files") == "0 1 2 3 ");
    CHECK(value(state, "group") == value(state, "pid"));
    CHECK(value(state, "session") == value(state, "pid"));
    CHECK(value(state, "folder") == "/usr");
    CHECK(state.find("env A=1\nenv B=two words\n") != std::string::npos);
}

TEST_CASE("niceness is added to ours") {
    auto what = state_child();
    int const ours = ::getpriority(PRIO_PROCESS, 0);
    what.nice = 3;
    // It is given after the start: the program waits for its first byte here.
    auto channel = detail::make_channel();
    what.arguments = {RAMPART_DIST_CHILD, "mute"};
    what.control = channel.theirs.get();
    auto const started = detail::spawn(what);
    CHECK(::getpriority(PRIO_PROCESS, static_cast<::id_t>(started.pid)) == std::min(ours + 3, 19));
    ::kill(started.pid, SIGKILL);
    ::waitpid(started.pid, nullptr, 0);
}

TEST_CASE("a program whose output goes where ours does finds its stdout open, also where ours is closed") {
    int const kept = ::fcntl(1, F_DUPFD_CLOEXEC, 100);
    ::close(1);
    auto const state = state_of(state_child());
    ::dup2(kept, 1);
    ::close(kept);
    CHECK(value(state, "files") == "0 1 2 3 ");
}

TEST_CASE("what cannot be started is an error that names it, and no process") {
    launch what;
    auto channel = detail::make_channel();
    what.control = channel.theirs.get();
    what.program = "/etc/passwd";
    what.arguments = {"passwd"};
    CHECK(detail::spawn(what).words == "cannot start '/etc/passwd': Permission denied");
    what.program = "no-such-program-anywhere";
    what.search = true;
    CHECK(detail::spawn(what).words == "cannot start 'no-such-program-anywhere': No such file or directory");
    what.chdir = "/etc/passwd";
    CHECK(detail::spawn(what).words == "cannot change to the folder '/etc/passwd': Not a directory");
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a worker's environment is the parent's without what is the controller's, and its own") {
    char const* const parent[] = {"PATH=/bin",
                                  "SLURM_ARRAY_TASK_ID=2",
                                  "SLURM_ARRAY_TASK_COUNT=1",
                                  "SLURM_PROCID=1",
                                  "SLURM_NTASKS=2",
                                  "CI_NODE_TOTAL=3",
                                  "CI_NODE_INDEX=1",
                                  "TEST_TOTAL_SHARDS=4",
                                  "TEST_SHARD_INDEX=1",
                                  "GTEST_SHARD_INDEX=1",
                                  "XML_OUTPUT_FILE=/x",
                                  "LANG=C",
                                  "RAMPART_WORKER=gw7",
                                  "RAMPART_COOKIE=outer",
                                  "TEST_SHARD=kept",
                                  "odd",
                                  nullptr};
    CHECK(detail::worker_environment(parent, {{"LANG", "de"}, {"A", "1"}, {"A", "2"}}) ==
          std::vector<std::string>{"PATH=/bin", "TEST_SHARD=kept", "odd", "LANG=de", "A=2"});
    CHECK(detail::worker_environment(nullptr, {}).empty());
}

TEST_CASE("a path for a shell may begin at home, and is no option") {
    CHECK(printed("printf '%s' " + detail::shell_path("~/a b")) == std::string(std::getenv("HOME")) + "/a b");
    CHECK(detail::shell_path("-x") == "./-x");
}

TEST_CASE("the words for ssh: its options, no questions, and one command that a shell there understands") {
    worker_spec spec;
    spec.how = worker_spec::where::ssh;
    spec.ssh = {"-p", "22", "host"};
    spec.chdir = "/usr";
    spec.env = {{"A", "two words"}};
    spec.nice = 0;
    auto const words = detail::ssh_command(spec, "printenv", {"A"}, {{"B", "2"}});
    REQUIRE(words.size() == 8);
    CHECK(std::vector<std::string>(words.begin(), words.begin() + 7) ==
          std::vector<std::string>{"ssh", "-T", "-o", "BatchMode=yes", "-p", "22", "host"});
    CHECK(words[7] == "cd /usr && exec nice -n 0 env B=2 'A=two words' printenv A");
    CHECK(printed(words[7]) == "two words\n");
    spec.chdir = "/";
    CHECK(detail::ssh_command(spec, "a=b/suite", {}, {}).back().find(R"(sh -c 'exec "$0" "$@"' a=b/suite)") !=
          std::string::npos);
}

TEST_SUITE_END();
