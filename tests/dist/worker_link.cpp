#include "rampart/dist/worker_link.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dist = rampart::dist;

namespace {

struct pair_of_ends {
    int ours = -1;
    int theirs = -1;
};
pair_of_ends make_channel() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    return {ends[0], ends[1]};
}
pair_of_ends make_pipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    return {ends[0], ends[1]};
}

/// Runs `body` in a child, which ends with what it gives.
template <class F>
::pid_t in_child(F body) {
    ::pid_t const pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) ::_exit(body());
    return pid;
}
int end_of(::pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
    }
    return status;
}
int exit_status_of(::pid_t pid) {
    int const status = end_of(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
/// Blocks until everybody has closed the other end; gives what came.
std::string read_to_end(int fd) {
    std::string text;
    std::array<char, 256> buffer{};
    ::ssize_t n = 0;
    while ((n = ::read(fd, buffer.data(), buffer.size())) > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
}

/// A link as a worker's process makes it; ends the child where there is none.
std::unique_ptr<dist::worker_link> link_of(std::string const& control, ::pid_t parent) {
    ::setenv("RAMPART_CONTROL", control.c_str(), 1);
    ::setenv("RAMPART_PARENT", std::to_string(parent).c_str(), 1);
    std::string error;
    auto link = dist::worker_link::from_environment(error);
    if (!link) ::_exit(99);
    return link;
}

}  // namespace

TEST_CASE("a process that no controller started has no link") {
    ::unsetenv("RAMPART_CONTROL");
    std::string error;
    CHECK(dist::worker_link::from_environment(error) == nullptr);
    CHECK(error.empty());
}

TEST_CASE("a link that the environment cannot mean is an error that names it") {
    for (std::string const text : {"", "three", "-1", "3x", "99999"}) {
        CAPTURE(text);
        ::setenv("RAMPART_CONTROL", text.c_str(), 1);
        std::string error;
        CHECK(dist::worker_link::from_environment(error) == nullptr);
        CHECK(error.find("RAMPART_CONTROL") != std::string::npos);
        CHECK(std::getenv("RAMPART_CONTROL") == nullptr);
    }
}

TEST_CASE("frames go both ways, and no small descriptor leads to the controller") {
    auto const channel = make_channel();
    ::pid_t const child = in_child([&] {
        ::close(channel.ours);
        auto const link = link_of(std::to_string(channel.theirs), ::getppid());
        // A test that closes or writes to the numbers it finds below does no harm.
        if (::fcntl(channel.theirs, F_GETFD) != -1) return 10;
        for (int fd = 3; fd < 100; ++fd) ::close(fd);
        if (std::getenv("RAMPART_CONTROL") != nullptr || std::getenv("RAMPART_PARENT") != nullptr) return 11;
        auto f = link->receive();
        if (!f) return 12;
        f->payload += " back";
        if (!link->send(*f)) return 13;
        return link->receive() ? 14 : 0;  // the controller has gone
    });
    ::close(channel.theirs);
    auto const sent = dist::encode({dist::frame_kind::run, std::string(100000, 'x')});
    REQUIRE(::send(channel.ours, sent.data(), sent.size(), 0) == static_cast<::ssize_t>(sent.size()));
    ::shutdown(channel.ours, SHUT_WR);
    dist::frame_reader reader;
    reader.feed(read_to_end(channel.ours));
    CHECK(exit_status_of(child) == 0);
    auto const back = reader.next();
    REQUIRE(back);
    CHECK(back->payload == std::string(100000, 'x') + " back");
    ::close(channel.ours);
}

TEST_CASE("a child that a test forks cannot speak for the worker") {
    auto const channel = make_channel();
    ::pid_t const child = in_child([&] {
        ::close(channel.ours);
        auto const link = link_of(std::to_string(channel.theirs), ::getppid());
        ::pid_t const grandchild = in_child([&] {
            return link->is_mine() || link->send({dist::frame_kind::bye, "{}"}) ? 1 : 0;
        });
        return exit_status_of(grandchild);
    });
    ::close(channel.theirs);
    CHECK(exit_status_of(child) == 0);
    CHECK(read_to_end(channel.ours).empty());
    ::close(channel.ours);
}

TEST_CASE("a program that a test starts does not inherit the channel") {
    auto const channel = make_channel();
    ::pid_t const child = in_child([&]() -> int {
        ::close(channel.ours);
        auto const link = link_of(std::to_string(channel.theirs), ::getppid());
        (void)link;
        ::execl("/bin/sh", "sh", "-c", "for f in /proc/self/fd/2??; do [ -S \"$f\" ] && exit 1; done; exit 0", nullptr);
        return 98;
    });
    ::close(channel.theirs);
    CHECK(read_to_end(channel.ours).empty());  // an end: exec has closed it
    CHECK(exit_status_of(child) == 0);
    ::close(channel.ours);
}

#if defined(__linux__)
TEST_CASE("a worker ends with its controller, also in the middle of a test") {
    auto const channel = make_channel();
    auto const alive = make_pipe();
    ::pid_t const controller = in_child([&]() -> int {
        ::pid_t const me = ::getpid();
        in_child([&]() -> int {
            ::close(alive.ours);
            auto const link = link_of(std::to_string(channel.theirs), me);
            (void)!::write(alive.theirs, "r", 1);
            for (;;) ::pause();
        });
        for (;;) ::pause();
    });
    ::close(alive.theirs);
    char ready = 0;
    REQUIRE(::read(alive.ours, &ready, 1) == 1);
    ::kill(controller, SIGKILL);
    end_of(controller);
    CHECK(read_to_end(alive.ours).empty());  // ends when nobody holds the other end
    for (int const fd : {channel.ours, channel.theirs, alive.ours}) ::close(fd);
}

TEST_CASE("a worker whose controller had gone before it could look ends at once") {
    auto const channel = make_channel();
    ::pid_t const child = in_child([&] {
        link_of(std::to_string(channel.theirs), ::getpid());  // not the parent
        return 0;
    });
    CHECK(exit_status_of(child) == 1);
    for (int const fd : {channel.ours, channel.theirs}) ::close(fd);
}
#endif

TEST_CASE("over stdin and stdout the channel is apart from what tests print, and its end is the worker's") {
    auto const channel = make_channel();
    auto const errors = make_pipe();
    ::pid_t const child = in_child([&]() -> int {
        ::setpgid(0, 0);
        ::dup2(channel.theirs, STDIN_FILENO);
        ::dup2(channel.theirs, STDOUT_FILENO);
        ::dup2(errors.theirs, STDERR_FILENO);
        for (int const fd : {channel.ours, channel.theirs, errors.ours, errors.theirs}) ::close(fd);
        auto const link = link_of("stdio", ::getppid());
        (void)!::write(STDOUT_FILENO, "printed", 7);
        if (!link->send({dist::frame_kind::hello, "{}"})) return 20;
        for (;;) ::pause();  // a test that would go on for ever
    });
    ::close(channel.theirs);
    ::close(errors.theirs);
    dist::frame_reader reader;
    std::optional<dist::frame> hello;
    while (!hello) {
        char byte = 0;
        REQUIRE(::read(channel.ours, &byte, 1) == 1);
        reader.feed({&byte, 1});
        REQUIRE_FALSE(reader.broken());
        hello = reader.next();
    }
    CHECK(hello->kind == dist::frame_kind::hello);
    ::close(channel.ours);
    CHECK(read_to_end(errors.ours) == "printed");
    CHECK(end_of(child) != 0);
    ::close(errors.ours);
}
