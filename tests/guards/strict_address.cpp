#include "rampart/guards/strict_address.hpp"

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

TEST_SUITE_BEGIN("strict_address");

#ifdef RAMPART_DETAIL_STRICT

using namespace rampart::detail;

namespace {

using list = std::vector<rampart::strict_address>;

strict_target four(char const* host, int port) {
    ::sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    REQUIRE(::inet_pton(AF_INET, host, &at.sin_addr) == 1);
    return strict_target::of({reinterpret_cast<char const*>(&at), sizeof at});
}
strict_target six(char const* host, int port) {
    ::sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_port = htons(static_cast<std::uint16_t>(port));
    REQUIRE(::inet_pton(AF_INET6, host, &at.sin6_addr) == 1);
    return strict_target::of({reinterpret_cast<char const*>(&at), sizeof at});
}
strict_target local(std::string_view path, bool is_whole = true) {
    ::sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path);
    auto const size = is_whole ? sizeof at : offsetof(::sockaddr_un, sun_path) + path.size();
    return strict_target::of({reinterpret_cast<char const*>(&at), size});
}
std::string name_of(strict_addresses const& all, strict_target const& target) {
    auto const* const name = all.match(::getpid(), target);
    return name == nullptr ? "" : *name;
}
std::string why_not(std::string const& where) {
    try {
        strict_addresses const all(list{{"x", where}});
    } catch (std::runtime_error const& failed) {
        return failed.what();
    }
    return "good";
}

}  // namespace

TEST_CASE("addresses are written as people write them") {
    CHECK(four("10.1.2.3", 25).text() == "10.1.2.3:25");
    CHECK(six("::1", 65535).text() == "[::1]:65535");
    CHECK(six("::ffff:10.1.2.3", 25).text() == "10.1.2.3:25");
    CHECK(four("0.0.0.0", 25).text() == "127.0.0.1:25");
    CHECK(six("::ffff:0.0.0.0", 25).text() == "127.0.0.1:25");
    CHECK(six("::", 25).text() == "[::1]:25");
    CHECK(local("/run/x").text() == "unix:/run/x");
    CHECK(local("/run/x", false).text() == "unix:/run/x");
    CHECK(local({"\0name", 5}, false).text() == "unix:@name");
}

TEST_CASE("bytes that are no address are nobody's") {
    strict_addresses const all(list{{"any", "*:1"}});
    for (std::size_t size = 0; size < 16; ++size) {
        ::sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(1);
        CHECK(name_of(all, strict_target::of({reinterpret_cast<char const*>(&at), size})) == "");
        at.sin_family = AF_INET6;
        CHECK(name_of(all, strict_target::of({reinterpret_cast<char const*>(&at), size})) == "");
        at.sin_family = AF_UNSPEC;  // takes a connection back
        CHECK(name_of(all, strict_target::of({reinterpret_cast<char const*>(&at), size})) == "");
    }
    CHECK(name_of(all, local("", false)) == "");
}

TEST_CASE("a target is found by host and port, by its path, or by its port on any host") {
    strict_addresses const all(list{{"any", "*:25"},
                                    {"mail", "127.0.0.1:25"},
                                    {"home", "localhost:80"},
                                    {"web", "[2001:db8::1]:http"},
                                    {"abstract", "unix:@name"}});
    CHECK(name_of(all, four("127.0.0.1", 25)) == "mail");
    CHECK(name_of(all, six("::ffff:127.0.0.1", 25)) == "mail");
    CHECK(name_of(all, four("127.0.0.2", 25)) == "any");
    CHECK(name_of(all, six("::1", 25)) == "any");
    CHECK(name_of(all, four("127.0.0.1", 26)) == "");
    CHECK(name_of(all, four("127.0.0.1", 80)) == "home");
    CHECK(name_of(all, six("::1", 80)) == "home");
    CHECK(name_of(all, six("2001:db8::1", 80)) == "web");
    CHECK(name_of(all, six("2001:db8::2", 80)) == "");
    CHECK(name_of(all, local({"\0name", 5}, false)) == "abstract");
    CHECK(name_of(all, local({"\0name2", 6}, false)) == "");
    CHECK(name_of(all, local("name")) == "");
}

TEST_CASE("a socket at a path is one socket, whatever the path to it") {
    running::scratch const folder;
    auto const path = folder.path() + "/socket";
    strict_addresses const all(list{{"db", "unix:" + path}});
    CHECK(name_of(all, local(folder.path() + "/./socket")) == "");  // there is none yet
    CHECK(name_of(all, local(path)) == "db");
    strict_run::server const server(path);
    REQUIRE(server.is_there());
    CHECK(name_of(all, local(folder.path() + "/./socket")) == "db");
    CHECK(name_of(all, local(folder.path() + "/other")) == "");
    CHECK(name_of(all, local({"\0x", 2}, false)) == "");
    CHECK(strict_run::forked([&] {
              ::chdir(folder.path().c_str());
              return name_of(all, local("socket")) == "db" ? 0 : 1;
          }) == 0);
}

TEST_CASE("an address that is none says what is wrong") {
    auto const form = "no address; it takes host:port, [v6]:port, *:port or unix:/path";
    for (std::string const where : {"", "host", ":25", "host:", "::1", "1:2:3", "[]:25"}) {
        CHECK(why_not(where) == "the net resource 'x' at '" + where + "': " + form);
    }
    for (std::string const where : {"127.0.0.1:0", "*:65536", "127.0.0.1:999999999999999999999"}) {
        CHECK(why_not(where) == "the net resource 'x' at '" + where + "': a port is 1 to 65535");
    }
    for (std::string const where : {"unix:", "unix:relative", "unix:/", "unix:@"}) {
        CHECK(why_not(where).find("comes after 'unix:'") != std::string::npos);
    }
    CHECK(why_not("127.0.0.1:no-such-service").starts_with("the net resource 'x' at '127.0.0.1:no-such-service': "));
    CHECK(why_not("*:25") == "good");
    CHECK(why_not("[::1]:25") == "good");
}

#else

TEST_CASE("no addresses are recognised on this system") { std::printf("SKIPPED: the addresses of strict mode\n"); }

#endif

TEST_SUITE_END();
