#ifndef RAMPART_DIST_STOP_SIGNALS_HPP
#define RAMPART_DIST_STOP_SIGNALS_HPP

#include "rampart/dist/signal_words.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

/// \file
/// The signals by which somebody wants a run to end, and the state of signals that a run changes and puts back.

namespace rampart::inline v1::dist::detail {

/// What the process did with the signals of a run before it. From here to its end SIGPIPE is ignored (a reader of our
/// output that goes away is an error of a write), and none of these is blocked: a caller that blocks SIGCHLD would hide
/// the deaths of workers.
class kept_signals {
public:
    kept_signals() {
        ::sigset_t some;
        ::sigemptyset(&some);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            ::sigaction(numbers[i], nullptr, &before_[i]);
            ::sigaddset(&some, numbers[i]);
        }
        ::pthread_sigmask(SIG_UNBLOCK, &some, &mask_);
        ::signal(SIGPIPE, SIG_IGN);
    }
    kept_signals(kept_signals const&) = delete;
    kept_signals& operator=(kept_signals const&) = delete;
    ~kept_signals() {
        for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }

private:
    static constexpr std::array<int, 5> numbers{SIGCHLD, SIGPIPE, SIGINT, SIGTERM, SIGHUP};
    std::array<struct ::sigaction, 5> before_{};
    ::sigset_t mask_{};
};

// Here and in the process room Asio's objects know their executor. With any executor, as by default, a main file takes
// a twentieth longer to compile.
using loop_signals = boost::asio::basic_signal_set<boost::asio::io_context::executor_type>;
using loop_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>;

/// Calls back for SIGINT, SIGTERM and SIGHUP with the name and how many have come, all together. After the second they
/// have their usual effect again: a third ends the controller. One that the caller ignores, as nohup does SIGHUP, stays
/// ignored.
class stop_signals {
public:
    /// `timeout` sends its signal to the program and to its group; two within this time are one.
    static constexpr std::chrono::milliseconds one_wish{50};

    stop_signals(boost::asio::io_context& io, std::function<void(std::string const&, unsigned)> on_stop)
        : signals_(io), on_stop_(std::move(on_stop)) {
        for (int const number : {SIGINT, SIGTERM, SIGHUP}) {
            struct ::sigaction now {};
            if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
            signals_.add(number);
        }
        wait();
    }

private:
    void wait() {
        signals_.async_wait([this](boost::system::error_code failed, int number) {
            if (failed) return;
            auto const now = std::chrono::steady_clock::now();
            if (times_ != 0 && now - last_ < one_wish) return wait();
            last_ = now;
            ++times_;
            if (times_ < 2) {
                wait();
            } else {
                signals_.clear();
            }
            on_stop_(signal_name(number), times_);
        });
    }

    loop_signals signals_;
    std::function<void(std::string const&, unsigned)> on_stop_;
    std::chrono::steady_clock::time_point last_{};
    unsigned times_ = 0;
};

}  // namespace rampart::inline v1::dist::detail

#endif  // RAMPART_DIST_STOP_SIGNALS_HPP
