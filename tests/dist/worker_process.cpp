#include "rampart/dist/worker_process.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/dist/descriptor.hpp"

namespace {

using namespace rampart::dist;
using detail::worker_process;
using how = worker_death::how_it_was;

struct fixture {
    boost::asio::io_context io{};
    worker_process w{io, 0, {}, {}};
    std::unique_ptr<detail::read_buffer> buffer = std::make_unique<detail::read_buffer>();
};

}  // namespace

TEST_SUITE_BEGIN("worker_process");

TEST_CASE("a process that has ended keeps its number until it is reaped, and its status is read once") {
    fixture f;
    f.w.pid = ::fork();
    if (f.w.pid == 0) ::_exit(7);
    while (!f.w.has_ended()) {
    }
    CHECK(f.w.has_ended());
    auto const status = f.w.reap();
    REQUIRE(status);
    CHECK(f.w.death(true, status) == worker_death{how::exited, 7, "exited with status 7", ""});
    CHECK(f.w.pid == 0);
}

TEST_CASE("a status that something else took, and a process that does not end, are unreachable, not status 0") {
    fixture f;
    f.w.pid = ::fork();
    if (f.w.pid == 0) ::_exit(0);
    ::waitpid(f.w.pid, nullptr, 0);
    CHECK(f.w.has_ended());
    auto const taken = f.w.death(true, f.w.reap());
    CHECK(taken.how == how::unreachable);
    CHECK(taken.words == "has ended, but something else in the controller's process took its status");
    CHECK(f.w.death(false, std::nullopt).words == "is still there after SIGKILL, and was given up");
}

TEST_CASE("the loss of a connection is told for ssh only") {
    fixture f;
    CHECK(f.w.death(true, 255 << 8).words == "exited with status 255");
    f.w.spec.how = worker_spec::where::ssh;
    CHECK(f.w.death(true, 255 << 8).words == "exited with status 255 (ssh could not connect, or lost the connection)");
    CHECK(f.w.death(true, 1 << 8).words == "exited with status 1");
}

TEST_CASE("output is read up to a limit, and an empty pipe is not waited for") {
    fixture f;
    CHECK_FALSE(f.w.read_output(*f.buffer, 1));  // no pipe
    auto pipe = detail::make_pipe();
    REQUIRE(pipe.error == 0);
    REQUIRE(::fcntl(pipe.theirs.get(), F_SETPIPE_SZ, 1 << 20) > 0);
    f.w.output.assign(pipe.ours.release());
    CHECK(f.w.read_output(*f.buffer, 1 << 20));
    CHECK(f.w.captured.total() == 0);
    std::string const text(300000, 'x');
    REQUIRE(::write(pipe.theirs.get(), text.data(), text.size()) == 300000);
    CHECK(f.w.read_output(*f.buffer, 1));
    CHECK(f.w.captured.total() == f.buffer->size());
    CHECK(f.w.read_output(*f.buffer, 1 << 20));
    CHECK(f.w.captured.total() == text.size());
    pipe.theirs.close();
    CHECK_FALSE(f.w.read_output(*f.buffer, 1 << 20));
}

TEST_CASE("a channel takes what there is room for; its end is no signal") {
    fixture f;
    auto channel = detail::make_channel();
    REQUIRE(channel.error == 0);
    f.w.control.assign(channel.ours.release());
    std::string const much(std::size_t{4} << 20U, 'x');
    std::size_t const sent = f.w.send_some(much);
    CHECK(sent > 0);
    CHECK(sent < much.size());
    CHECK_FALSE(f.w.deaf);
    CHECK(f.w.read_control(*f.buffer) == worker_process::reading::nothing);
    std::string const bytes = encode({frame_kind::hello, "hi"});
    REQUIRE(::write(channel.theirs.get(), bytes.data(), bytes.size()) == static_cast<::ssize_t>(bytes.size()));
    CHECK(f.w.read_control(*f.buffer) == worker_process::reading::nothing);
    CHECK(f.w.frames.next() == frame{frame_kind::hello, "hi"});
    channel.theirs.close();
    CHECK(f.w.send_some("x") == 0);
    CHECK(f.w.deaf);
    // There was something unread at the other end, so this end is told of a reset first.
    CHECK(f.w.read_control(*f.buffer) == worker_process::reading::ended);
}

TEST_SUITE_END();
