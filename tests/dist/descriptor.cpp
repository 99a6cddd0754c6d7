#include "rampart/dist/descriptor.hpp"

#include <doctest/doctest.h>

#include <vector>

#include <sys/resource.h>

namespace {

using namespace rampart::dist::detail;

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_SUITE_BEGIN("descriptor");

TEST_CASE("a descriptor is closed once, by its last owner") {
    int raw = -1;
    {
        descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        raw = first.get();
        descriptor second(std::move(first));
        CHECK_FALSE(first);
        CHECK(is_open(raw));
        first = std::move(second);
        CHECK(is_open(raw));
    }
    CHECK_FALSE(is_open(raw));
}

TEST_CASE("both ends are no program's, lie above stdio, and only ours does not block") {
    descriptor_pair pairs[] = {make_pipe(), make_pipe(true), make_channel()};
    for (auto const& pair : pairs) {
        REQUIRE(pair.error == 0);
        for (int const fd : {pair.ours.get(), pair.theirs.get()}) {
            CHECK(fd >= first_free_descriptor);
            CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        }
        CHECK((::fcntl(pair.ours.get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(pair.theirs.get(), F_GETFL) & O_NONBLOCK) == 0);
    }
    char byte = 0;
    CHECK(::write(pairs[0].theirs.get(), "a", 1) == 1);
    CHECK(::read(pairs[0].ours.get(), &byte, 1) == 1);
    CHECK(::write(pairs[1].ours.get(), "b", 1) == 1);
    CHECK(::read(pairs[1].theirs.get(), &byte, 1) == 1);
    CHECK(::write(pairs[2].theirs.get(), "c", 1) == 1);
    CHECK(::read(pairs[2].ours.get(), &byte, 1) == 1);
    CHECK(byte == 'c');
}

TEST_CASE("without room for a pair there is an errno, and nothing stays open") {
    ::rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    ::rlimit lower = before;
    lower.rlim_cur = 40;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
    std::vector<descriptor> filled;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) filled.emplace_back(fd);
    CHECK(make_pipe().error == EMFILE);
    CHECK(make_channel().error == EMFILE);
    filled.pop_back();
    CHECK(make_pipe().error == EMFILE);
    // Room for two, but not above stdio.
    lower.rlim_cur = 10;
    filled.clear();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
    CHECK(make_pipe().error != 0);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    int const next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    auto const pair = make_pipe();
    CHECK(pair.error == 0);
    CHECK(next < 10);
}

TEST_SUITE_END();
