#ifndef RAMPART_DIST_DESCRIPTOR_HPP
#define RAMPART_DIST_DESCRIPTOR_HPP

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/// \file
/// File descriptors with one owner, and the two kinds of pairs that tie a worker to its controller. Nothing here
/// throws; a failure is an errno.

namespace rampart::inline v1::dist::detail {

/// Closes its file descriptor.
class descriptor {
public:
    explicit descriptor(int fd = -1) noexcept : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        descriptor(std::move(other)).swap(*this);
        return *this;
    }
    ~descriptor() { close(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    void close() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    void swap(descriptor& other) noexcept { std::swap(fd_, other.fd_); }

private:
    int fd_;
};

struct descriptor_pair {
    descriptor ours{};
    descriptor theirs{};
    int error = 0;  ///< an errno; then there is no pair
};

/// From here on file descriptors are nobody's by convention. Below, the numbers are those that a worker's own are moved
/// to: a move onto the same number would leave the mark "close on exec", and a controller that was started with its
/// stdout closed would print into a worker's channel.
inline constexpr int first_free_descriptor = 10;

[[nodiscard]] inline descriptor_pair made_pair(int ours, int theirs) noexcept {
    descriptor_pair pair{descriptor(ours), descriptor(theirs), 0};
    for (descriptor* const end : {&pair.ours, &pair.theirs}) {
        if (end->get() < first_free_descriptor) {
            descriptor moved(::fcntl(end->get(), F_DUPFD_CLOEXEC, first_free_descriptor));
            if (!moved) return {descriptor(), descriptor(), errno};
            *end = std::move(moved);
        }
#ifndef __linux__
        if (::fcntl(end->get(), F_SETFD, FD_CLOEXEC) != 0) return {descriptor(), descriptor(), errno};
#endif
    }
    // The flag is of one end only, and theirs is to block as a program expects.
    int const flags = ::fcntl(pair.ours.get(), F_GETFL);
    if (flags < 0 || ::fcntl(pair.ours.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
        return {descriptor(), descriptor(), errno};
    }
    return pair;
}

/// Bytes from them to us, or with `we_write` from us to them. Our end does not block; no program inherits either.
[[nodiscard]] inline descriptor_pair make_pipe(bool we_write = false) noexcept {
    int fds[2] = {-1, -1};
#ifdef __linux__
    int const failed = ::pipe2(fds, O_CLOEXEC);
#else
    int const failed = ::pipe(fds);
#endif
    if (failed != 0) return {descriptor(), descriptor(), errno};
    return we_write ? made_pair(fds[1], fds[0]) : made_pair(fds[0], fds[1]);
}

/// Bytes in both directions. Our end does not block; no program inherits either.
[[nodiscard]] inline descriptor_pair make_channel() noexcept {
    int fds[2] = {-1, -1};
#ifdef __linux__
    int const failed = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
#else
    int const failed = ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
#endif
    if (failed != 0) return {descriptor(), descriptor(), errno};
    return made_pair(fds[0], fds[1]);
}

}  // namespace rampart::inline v1::dist::detail

#endif  // RAMPART_DIST_DESCRIPTOR_HPP
