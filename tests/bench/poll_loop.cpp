// poll_loop SUITE [WORKERS]: the least that a controller can do. Starts WORKERS (2) processes of a suite, gives each of
// them a test whenever it has none, and waits for their ends: poll(2), read(2), write(2), no rules, no report, nothing
// kept. It is the baseline of dist.cpp. Status 0 when every test has ended once.

#include "rampart/dist/frame.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX names it

namespace {

namespace dist = rampart::dist;

struct worker {
    ::pid_t pid = -1;
    int channel = -1;
    dist::frame_reader reader{};
    bool said_goodbye = false;
};

[[noreturn]] void fail(char const* what) {
    std::perror(what);
    std::exit(1);
}

worker start(char* suite, int number, int workers) {
    worker made;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
    made.channel = ends[0];
    // Onto itself it would keep close-on-exec.
    int const theirs = ::fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
    ::close(ends[1]);
    std::vector<std::string> words{"RAMPART_CONTROL=3", "RAMPART_WORKER=gw" + std::to_string(number),
                                   "RAMPART_WORKER_COUNT=" + std::to_string(workers), "RAMPART_TESTRUNUID=bench",
                                   "RAMPART_PARENT=" + std::to_string(::getpid())};
    std::vector<char*> environment;
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    for (std::string& each : words) environment.push_back(each.data());
    environment.push_back(nullptr);
    char* arguments[] = {suite, nullptr};
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs, 3);
    if (int const error = ::posix_spawn(&made.pid, suite, &actions, nullptr, arguments, environment.data())) {
        errno = error;
        fail(suite);
    }
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(theirs);
    return made;
}

void send(worker const& to, dist::frame_kind kind, std::string payload) {
    std::string const bytes = dist::encode({kind, std::move(payload)});
    if (::write(to.channel, bytes.data(), bytes.size()) != static_cast<::ssize_t>(bytes.size())) fail("write");
}

std::size_t tests_of(std::string_view hello) {
    constexpr std::string_view key = "\"tests\":";
    auto const at = hello.find(key);
    return at == std::string_view::npos ? 0 : std::strtoul(hello.data() + at + key.size(), nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: poll_loop SUITE [WORKERS]\n", stderr);
        return 2;
    }
    int const count = argc > 2 ? std::atoi(argv[2]) : 2;
    std::vector<worker> workers;
    std::vector<::pollfd> channels;
    for (int i = 0; i < count; ++i) {
        workers.push_back(start(argv[1], i, count));
        channels.push_back({workers.back().channel, POLLIN, 0});
    }
    std::size_t tests = 0;
    std::size_t given = 0;
    std::size_t ended = 0;
    auto const give = [&](worker& w) {
        if (given < tests) {
            send(w, dist::frame_kind::run, "{\"test\":" + std::to_string(given++) + ",\"attempt\":1}");
        } else {
            send(w, dist::frame_kind::finish, {});
        }
    };
    for (int open = count; open > 0;) {
        if (::poll(channels.data(), channels.size(), -1) < 0) fail("poll");
        for (std::size_t i = 0; i < workers.size(); ++i) {
            if (channels[i].revents == 0) continue;
            worker& w = workers[i];
            char buffer[65536];
            ::ssize_t const n = ::read(w.channel, buffer, sizeof buffer);
            if (n < 0) fail("read");
            if (n == 0) {
                channels[i].fd = -1;
                --open;
                continue;
            }
            w.reader.feed({buffer, static_cast<std::size_t>(n)});
            while (auto const f = w.reader.next()) {
                if (f->kind == dist::frame_kind::hello) {
                    tests = tests_of(f->payload);
                    give(w);
                } else if (f->kind == dist::frame_kind::end) {
                    ++ended;
                    give(w);
                } else if (f->kind == dist::frame_kind::bye) {
                    w.said_goodbye = true;
                }
            }
        }
    }
    bool good = tests > 0 && ended == tests;
    for (worker const& w : workers) {
        int status = -1;
        good = ::waitpid(w.pid, &status, 0) == w.pid && status == 0 && w.said_goodbye && good;
    }
    std::printf("%zu of %zu tests\n", ended, tests);
    return good ? 0 : 1;
}
