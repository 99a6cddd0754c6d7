#ifndef RAMPART_DOCTEST_STANDARD_STREAMS_HPP
#define RAMPART_DOCTEST_STANDARD_STREAMS_HPP

#include <cstdio>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

namespace rampart::inline v1::detail {

/// stdin, stdout and stderr of a process that runs one test after the other. One that a test closed is opened again for
/// the next, which else would print into whatever takes its number.
class standard_streams {
public:
    standard_streams() noexcept {
        for (int fd = 0; fd < 3; ++fd) copies_[fd] = ::fcntl(fd, F_DUPFD_CLOEXEC, 200);
    }
    standard_streams(standard_streams const&) = delete;
    standard_streams& operator=(standard_streams const&) = delete;
    ~standard_streams() {
        for (int const fd : copies_) {
            if (fd >= 0) ::close(fd);
        }
    }

    void open_again() const {
        bool any = false;
        for (int fd = 0; fd < 3; ++fd) {
            if (::fcntl(fd, F_GETFD) < 0 && copies_[fd] >= 0) any = ::dup2(copies_[fd], fd) >= 0 || any;
        }
        if (!any) return;
        // They remember that they could not be written to.
        std::clearerr(stdout);
        std::clearerr(stderr);
        for (std::ostream* stream : {&std::cout, &std::cerr, &std::clog}) stream->clear();
    }

private:
    int copies_[3];
};

}  // namespace rampart::inline v1::detail

#endif
