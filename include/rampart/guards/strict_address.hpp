#ifndef RAMPART_GUARDS_STRICT_ADDRESS_HPP
#define RAMPART_GUARDS_STRICT_ADDRESS_HPP

#include "rampart/guards/strict_process.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef RAMPART_DETAIL_STRICT
# include <algorithm>
# include <array>
# include <cerrno>
# include <cstddef>
# include <cstdint>
# include <cstring>
# include <stdexcept>

# include <arpa/inet.h>
# include <netdb.h>
# include <netinet/in.h>
# include <sys/socket.h>
# include <sys/un.h>
#endif

/// \file
/// Which guarded address a socket goes to.

namespace rampart::inline v1 {

/// An address that tests may only connect to if they declare `name`.
struct strict_address {
    std::string name{};
    /// `host:port`, `[::1]:port`, `*:port` (any host), `unix:/path/of/a/socket` or `unix:@abstract`. The port is a
    /// number or a service's name. A host is looked up once, when strict mode starts.
    std::string where{};
};

#ifdef RAMPART_DETAIL_STRICT

namespace detail {

/// Where a socket goes. IPv4 inside of IPv6 is IPv4, and "any address" is this machine, as Linux takes it.
struct strict_target {
    int family = AF_UNSPEC;  ///< AF_INET, AF_INET6, AF_UNIX, or one that is not guarded
    std::array<unsigned char, 16> host{};
    std::uint16_t port = 0;
    std::string path{};  ///< of AF_UNIX; an abstract one begins with a NUL

    friend bool operator==(strict_target const&, strict_target const&) = default;

    /// Of the bytes of a sockaddr, which may be anything.
    static strict_target of(std::string_view bytes) {
        strict_target made;
        ::sa_family_t family = AF_UNSPEC;
        if (bytes.size() < sizeof family) return made;
        std::memcpy(&family, bytes.data(), sizeof family);
        if (family == AF_INET && bytes.size() >= sizeof(::sockaddr_in)) {
            ::sockaddr_in in{};
            std::memcpy(&in, bytes.data(), sizeof in);
            made.set_v4(&in.sin_addr);
            made.port = ntohs(in.sin_port);
        } else if (family == AF_INET6 && bytes.size() >= offsetof(::sockaddr_in6, sin6_scope_id)) {
            ::sockaddr_in6 in{};
            std::memcpy(&in, bytes.data(), std::min(bytes.size(), sizeof in));
            made.port = ntohs(in.sin6_port);
            if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
                made.set_v4(in.sin6_addr.s6_addr + 12);
            } else {
                made.family = AF_INET6;
                std::memcpy(made.host.data(), in.sin6_addr.s6_addr, 16);
                if (IN6_IS_ADDR_UNSPECIFIED(&in.sin6_addr)) made.host[15] = 1;
            }
        } else if (family == AF_UNIX && bytes.size() > sizeof family) {
            made.family = AF_UNIX;
            made.path = bytes.substr(sizeof family);
            if (made.path[0] != '\0') made.path.resize(std::min(made.path.find('\0'), made.path.size()));
        }
        return made;
    }
    /// `127.0.0.1:25`, `[::1]:25`, `unix:/run/x`, `unix:@x`.
    [[nodiscard]] std::string text() const {
        if (family == AF_UNIX) {
            return "unix:" + (path[0] == '\0' ? "@" + path.substr(1) : path);
        }
        char buffer[INET6_ADDRSTRLEN] = "";
        ::inet_ntop(family, host.data(), buffer, sizeof buffer);
        return (family == AF_INET6 ? "[" + std::string(buffer) + "]" : std::string(buffer)) + ":" +
               std::to_string(port);
    }

private:
    void set_v4(void const* four_bytes) {
        family = AF_INET;
        std::memcpy(host.data(), four_bytes, 4);
        if (std::all_of(host.begin(), host.begin() + 4, [](unsigned char c) { return c == 0; })) {
            host = {127, 0, 0, 1};
        }
    }
};

/// The guarded addresses.
class strict_addresses {
public:
    /// Looks the hosts up, which may take as long as that takes. Throws `std::runtime_error` that names what is wrong.
    explicit strict_addresses(std::vector<strict_address> const& addresses) {
        for (strict_address const& a : addresses) add(a);
    }
    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

    /// The name of the resource that a thread reaches there; null when there is none. One whose host is given goes
    /// before "any host".
    [[nodiscard]] std::string const* match(::pid_t thread, strict_target const& target) const {
        std::string const* any = nullptr;
        for (known const& one : all_) {
            if (one.is_any_host) {
                bool const is_net = target.family == AF_INET || target.family == AF_INET6;
                if (is_net && one.target.port == target.port && any == nullptr) any = &one.name;
            } else if (one.target == target || is_same_socket(one.target, thread, target)) {
                return &one.name;
            }
        }
        return any;
    }

private:
    struct known {
        std::string name;
        strict_target target;
        bool is_any_host;
    };

    static bool is_path(strict_target const& t) { return t.family == AF_UNIX && !t.path.empty() && t.path[0] == '/'; }
    /// By another path. The socket may be newer than the watch, so it is looked for now.
    static bool is_same_socket(strict_target const& ours, ::pid_t thread, strict_target const& theirs) {
        if (!is_path(ours) || theirs.family != AF_UNIX || theirs.path.empty() || theirs.path[0] == '\0') return false;
        struct ::stat here {};
        struct ::stat there {};
        return ::stat(ours.path.c_str(), &here) == 0 && strict_open_as(thread, AT_FDCWD, theirs.path).facts(there) &&
               here.st_dev == there.st_dev && here.st_ino == there.st_ino;
    }

    void add(strict_address const& a) {
        std::string_view const where = a.where;
        auto const fail = [&a](std::string const& why) -> std::runtime_error {
            return std::runtime_error("the net resource '" + a.name + "' at '" + a.where + "': " + why);
        };
        if (where.starts_with("unix:")) {
            strict_target target{AF_UNIX, {}, 0, std::string(where.substr(5))};
            if (target.path.size() < 2 || (target.path[0] != '/' && target.path[0] != '@')) {
                throw fail("a path that begins with '/' or an abstract name that begins with '@' comes after 'unix:'");
            }
            if (target.path[0] == '@') target.path[0] = '\0';
            all_.push_back({a.name, std::move(target), false});
            return;
        }
        auto const colon = where.rfind(':');
        auto host = std::string(where.substr(0, colon));
        auto const port = colon == std::string_view::npos ? std::string() : std::string(where.substr(colon + 1));
        bool const is_bracketed = host.size() > 1 && host.front() == '[' && host.back() == ']';
        if (is_bracketed) host = host.substr(1, host.size() - 2);
        if (host.empty() || port.empty() || (!is_bracketed && host.find(':') != std::string::npos)) {
            throw fail("no address; it takes host:port, [v6]:port, *:port or unix:/path");
        }
        if (host == "*") {
            all_.push_back({a.name, lookup("127.0.0.1", port, fail).front(), true});
            return;
        }
        auto targets = lookup(host, port, fail);
        if (host == "localhost") {  // whatever this machine's list of hosts says
            for (char const* const loopback : {"127.0.0.1", "::1"}) {
                for (auto& t : lookup(loopback, port, fail)) targets.push_back(std::move(t));
            }
        }
        for (auto& target : targets) all_.push_back({a.name, std::move(target), false});
    }
    template <class Fail>
    static std::vector<strict_target> lookup(std::string const& host, std::string const& port, Fail const& fail) {
        if (port.find_first_not_of("0123456789") == std::string::npos &&
            (port.size() > 5 || std::stoul(port) == 0 || std::stoul(port) > 65535)) {
            throw fail("a port is 1 to 65535");
        }
        ::addrinfo hints{};
        ::addrinfo* list = nullptr;
        hints.ai_socktype = SOCK_STREAM;
        int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
        if (failed == EAI_SERVICE) {
            hints.ai_socktype = SOCK_DGRAM;
            failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
        }
        if (failed != 0) throw fail(failed == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(failed));
        std::vector<strict_target> found;
        for (auto const* each = list; each != nullptr; each = each->ai_next) {
            found.push_back(strict_target::of({reinterpret_cast<char const*>(each->ai_addr), each->ai_addrlen}));
        }
        ::freeaddrinfo(list);
        return found;
    }

    std::vector<known> all_{};
};

}  // namespace detail

#endif  // RAMPART_DETAIL_STRICT

}  // namespace rampart::inline v1

#endif  // RAMPART_GUARDS_STRICT_ADDRESS_HPP
