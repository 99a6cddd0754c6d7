#ifndef RAMPART_DIST_WORKER_HPP
#define RAMPART_DIST_WORKER_HPP

#include "rampart/dist/frame.hpp"
#include "rampart/dist/messages.hpp"

#include <concepts>
#include <string>
#include <utility>
#include <vector>

namespace rampart::inline v1::dist {

/// The tests of a worker's process, numbered by their ids, sorted.
///
/// `run` runs one of them to its end: it sends its results by itself as they are recorded, and calls `started` right
/// before the test's body may run. `finish` is called once, after the last test.
template <class S>
concept WorkerSuite = requires(S& s, run_message const& which, void (*started)()) {
    { s.hello() } -> std::same_as<hello_message>;
    { s.ids() } -> std::same_as<std::vector<std::string>>;
    { s.run(which, started) } -> std::same_as<end_message>;
    { s.finish() } -> std::same_as<bye_message>;
};

/// What a worker does with the frames that it gets. No I/O: `send` is a function that takes a frame.
///
///     worker w(suite, [&](frame const& f) { link.send(f); });
///     w.greet();
///     while (auto f = link.receive()) if (!w.take(*f)) break;
template <class Suite, class Send>
class worker {
public:
    worker(Suite& suite, Send send) : suite_(suite), send_(std::move(send)) {}

    /// Says hello, when the tests are found.
    void greet() { send_(to_frame(suite_.hello())); }

    /// False when nothing more is to be done: goodbye has been said, or the frame makes no sense (see `why`).
    bool take(frame const& f) {
        switch (f.kind) {
        case frame_kind::list:
            send_(to_frame(ids_message{suite_.ids()}));
            return true;
        case frame_kind::run:
            return run(f);
        case frame_kind::finish:
            send_(to_frame(suite_.finish()));
            return false;
        case frame_kind::hello:
        case frame_kind::ids:
        case frame_kind::start:
        case frame_kind::result:
        case frame_kind::end:
        case frame_kind::bye:
            break;
        }
        why_ = "the controller sent a frame that only a worker sends";
        return false;
    }
    /// What was wrong with the last frame; empty: nothing.
    [[nodiscard]] std::string const& why() const noexcept { return why_; }

private:
    bool run(frame const& f) {
        run_message which;
        why_ = read_frame(f, which);
        if (!why_.empty()) return false;
        send_(to_frame(suite_.run(which, [&] { send_(to_frame(start_message{which.test})); })));
        return true;
    }

    Suite& suite_;
    Send send_;
    std::string why_{};
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_WORKER_HPP
