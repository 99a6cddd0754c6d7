// A library for the tests of strict mode: connects while it is being loaded, and when it is called.
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

extern "C" int strict_library_connect() {
    char const* const port = std::getenv("STRICT_LIBRARY_PORT");
    ::sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port == nullptr ? 0 : std::atoi(port)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const fd = ::socket(AF_INET, SOCK_STREAM, 0);
    int const error = ::connect(fd, reinterpret_cast<::sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
    ::close(fd);
    return error;
}

namespace {
[[maybe_unused]] int const at_load = strict_library_connect();
}
