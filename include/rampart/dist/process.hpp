#ifndef RAMPART_DIST_PROCESS_HPP
#define RAMPART_DIST_PROCESS_HPP

#include "rampart/dist/events.hpp"
#include "rampart/dist/frame.hpp"
#include "rampart/dist/keeper.hpp"
#include "rampart/dist/pool_options.hpp"
#include "rampart/dist/spawn.hpp"
#include "rampart/dist/spec.hpp"
#include "rampart/dist/stop_signals.hpp"
#include "rampart/dist/worker_process.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/error_code.hpp>

/// \file
/// The one room that starts processes: the workers of a run, their channels, output, time limits and deaths. It has no
/// rules about tests; `controller.hpp` has these. Linux is what it is tested on; for macOS the same calls are compiled
/// where they exist, untested.

namespace rampart::inline v1::dist {

/// Worker processes and the loop that serves them. To be used from one thread, the program's first one where workers
/// end with their controller (Linux ends them with the thread that started them).
///
/// While it lives SIGPIPE is ignored, and SIGCHLD and the stop signals are its own; afterwards they are as before.
/// Children of the process that are not its own are left alone.
class worker_pool {
public:
    /// Throws std::system_error where the system has no room for another process or file.
    worker_pool(pool_options options, pool_handlers handlers)
        : options_(std::move(options)), handlers_(std::move(handlers)), keeper_(detail::random_cookie()), io_(1),
          children_(io_, SIGCHLD), timer_(io_) {
        cookie_ = keeper_.cookie();
        // A controller that is itself a worker is ended by its own controller's cookie.
        if (char const* const outer = std::getenv("RAMPART_COOKIE"); outer != nullptr && *outer != '\0') {
            cookie_ = outer + (":" + cookie_);
        }
        wait_for_children();
        if (options_.stop_signals) {
            stops_.emplace(io_, [this](std::string const& name, unsigned times) {
                if (handlers_.on_stop) handlers_.on_stop(name, times);
            });
        }
        if (options_.tick > 0) arm(next_tick_ = detail::seconds_from_now(options_.tick));
    }
    worker_pool(worker_pool const&) = delete;
    worker_pool& operator=(worker_pool const&) = delete;
    ~worker_pool() { close(); }

    /// Starts a worker, or does so in a while. Where that fails, `on_death` says why (`unstarted`). A number is a
    /// worker's for good: std::logic_error for one that is in use.
    void start(worker_number number, worker_spec spec, double after_seconds = 0.0) {
        auto const [at, is_new] = workers_.try_emplace(number, io_, number, std::move(spec), options_.capture);
        if (!is_new) throw std::logic_error("rampart: " + worker_name(number) + " is started twice");
        if (after_seconds > 0) {
            set_due(at->second, after_seconds);
        } else {
            launch(at->second);
        }
    }

    /// Sends what the worker's channel takes now, and the rest as it gets room. For a worker that is gone: nothing.
    void send(worker_number number, frame const& f) {
        worker* const w = find(number);
        if (w == nullptr || !w->control.is_open() || w->deaf) return;
        std::string bytes = encode(f);
        if (!w->unsent.empty()) {
            w->unsent += bytes;
            return;
        }
        std::size_t const sent = w->send_some(bytes);
        if (sent == bytes.size() || w->deaf) return;
        w->unsent.assign(bytes, sent);
        wait_for_room(*w);
    }

    /// `on_overdue` so many seconds from now, instead of any such order before; none: no more.
    void deadline(worker_number number, std::optional<double> seconds) {
        if (worker* const w = find(number)) {
            w->overdue = seconds ? detail::seconds_from_now(*seconds) : never;
            arm(w->overdue);
        }
    }

    /// Ends a worker and its process group: SIGTERM, the grace, SIGKILL; or SIGKILL `at_once`.
    void end(worker_number number, bool at_once) {
        if (worker* const w = find(number)) end(*w, at_once);
    }

    /// Ends a worker at once that sent a frame which makes no sense; `why` follows its name in the words of its death.
    void reject(worker_number number, std::string why) {
        worker* const w = find(number);
        if (w == nullptr || !w->over_limit.empty()) return;
        w->deaf = true;
        w->over_limit = std::move(why);
        end(*w, true);
    }

    /// What the worker has printed since the last time. Does not wait; what its processes have written so far is in it.
    [[nodiscard]] std::string take_output(worker_number number) {
        worker* const w = find(number);
        if (w == nullptr) return {};
        (void)w->read_output(buffer_, detail::most_pipe_bytes);
        return w->captured.take();
    }

    /// The process of a worker; none before its start and after its death.
    [[nodiscard]] std::optional<std::int64_t> pid(worker_number number) const {
        auto const at = workers_.find(number);
        if (at == workers_.end() || at->second.pid == 0) return std::nullopt;
        return at->second.pid;
    }
    /// How many workers there are whose death has not been told.
    [[nodiscard]] std::size_t size() const noexcept { return workers_.size(); }

    /// Serves workers until `stop_loop`. May be called again.
    void run() {
        io_.run();
        io_.restart();
    }
    /// Lets `run` return.
    void stop_loop() { io_.stop(); }

    /// Ends all workers at once without telling, and then whatever the run has left behind. Gives how many processes
    /// the latter were, as far as they are known by the cookie in their environment. The destructor does the same.
    int close() noexcept {
        if (owner_ != ::getpid()) return 0;  // a forked child's copy
        for (auto& [number, w] : workers_) {
            w.signal_group(SIGKILL);
        }
        for (auto& [number, w] : workers_) {
            for (int waited = 0; w.pid != 0 && !w.has_ended() && waited < 5000; ++waited) detail::sleep_milliseconds(1);
            w.signal_group(SIGKILL);
            if (w.pid != 0 && w.has_ended()) keeper_.remove(w.pid);
            if (w.pid != 0) (void)w.reap();
        }
        workers_.clear();
        return keeper_.end();
    }

private:
    using clock = std::chrono::steady_clock;
    using worker = detail::worker_process;
    using stage = detail::worker_stage;
    using descriptor = detail::loop_stream;
    static constexpr clock::time_point never = detail::never;

    // ---- start ------------------------------------------------------------------------------------------------------

    void launch(worker& w) {
        auto const ends = w.connect(!options_.live_output);
        if (ends.error != 0) return give_up(w, ends.error, ends.words);
        detail::launch what = detail::planned_launch(options_, w.spec, w.number, cookie_);
        what.control = ends.control.get();
        what.output = ends.output.get();
        detail::launched const process = detail::spawn(what);
        if (process.error != 0) return give_up(w, process.error, process.words);
        w.pid = process.pid;
        keeper_.add(w.pid);
        w.at = stage::starting;
        set_due(w, options_.start_limit);
        wait_for_frames(w);
        if (w.output.is_open()) wait_for_output(w);
    }

    /// The death is told from the loop, never from inside `start`.
    void give_up(worker& w, int error, std::string const& why) {
        w.close();
        w.at = stage::unstarted;
        w.due = never;
        w.not_started = {worker_death::how_it_was::unstarted, error,
                         "could not be started (" + one_line(w.spec.text) + "): " + why, ""};
        boost::asio::post(io_, [this, number = w.number] {
            worker* const found = find(number);
            if (found == nullptr) return;
            worker_death death = std::move(found->not_started);
            workers_.erase(number);
            if (handlers_.on_death) handlers_.on_death(number, std::move(death));
        });
    }

    // ---- the channel ------------------------------------------------------------------------------------------------

    void wait_for_frames(worker& w) {
        w.control.async_wait(descriptor::wait_read, [this, number = w.number](boost::system::error_code failed) {
            worker* const found = failed ? nullptr : find(number);
            if (found != nullptr && read_frames(*found, 16)) wait_for_frames(*found);
        });
    }

    /// Whether there may come more.
    bool read_frames(worker& w, int most_reads) {
        if (!w.control.is_open() || w.at == stage::silent || w.frames.broken()) return false;
        for (int reads = 0; reads < most_reads; ++reads) {
            auto const got = w.read_control(buffer_);
            while (auto f = w.frames.next()) take(w, std::move(*f));
            if (got == worker::reading::ended || w.frames.broken()) {
                lose(w);
                return false;
            }
            if (got == worker::reading::nothing) return true;
        }
        return true;
    }

    void take(worker& w, frame f) {
        if (w.at == stage::starting) {
            w.at = stage::running;
            w.due = never;
        }
        if (f.kind == frame_kind::bye && w.at == stage::running) {
            w.at = stage::leaving;
            set_due(w, options_.exit_limit);
        }
        if (handlers_.on_frame) handlers_.on_frame(w.number, std::move(f));
    }

    /// Nothing more can come from it. Most often it is about to end by itself, and its death says more.
    void lose(worker& w) {
        w.deaf = true;
        if (w.at != stage::starting && w.at != stage::running) return;
        w.at = stage::silent;
        set_due(w, options_.silence_limit);
    }

    void wait_for_room(worker& w) {
        w.control.async_wait(descriptor::wait_write, [this, number = w.number](boost::system::error_code failed) {
            worker* const found = failed ? nullptr : find(number);
            if (found == nullptr) return;
            found->unsent.erase(0, found->send_some(found->unsent));
            if (found->deaf) found->unsent.clear();
            if (!found->unsent.empty()) wait_for_room(*found);
        });
    }

    // ---- output -----------------------------------------------------------------------------------------------------

    void wait_for_output(worker& w) {
        w.output.async_wait(descriptor::wait_read, [this, number = w.number](boost::system::error_code failed) {
            worker* const found = failed ? nullptr : find(number);
            if (found != nullptr && found->read_output(buffer_, buffer_.size())) wait_for_output(*found);
        });
    }

    // ---- end --------------------------------------------------------------------------------------------------------

    void end(worker& w, bool at_once) {
        if (w.at == stage::waiting) return give_up(w, 0, "the run ended before");
        if (w.pid == 0 || w.at == stage::killed || (w.at == stage::ending && !at_once)) return;
        w.at = at_once ? stage::killed : stage::ending;
        set_due(w, at_once ? options_.kill_limit : options_.grace);
        w.signal_group(at_once ? SIGKILL : SIGTERM);
        if (!at_once) w.signal_group(SIGCONT);  // one that is stopped could not even end
    }

    void wait_for_children() {
        children_.async_wait([this](boost::system::error_code failed, int) {
            if (failed) return;
            wait_for_children();
            std::vector<worker_number> ended;
            for (auto const& [number, w] : workers_) {
                if (w.pid != 0 && w.has_ended()) ended.push_back(number);
            }
            for (worker_number const number : ended) bury(number);
        });
    }

    void bury(worker_number number) {
        worker* const w = find(number);
        if (w == nullptr) return;
        w->signal_group(SIGKILL);
        (void)read_frames(*w, 256);  // what it said before comes before its death
        (void)w->read_output(buffer_, detail::most_pipe_bytes);
        bool const has_ended = w->has_ended();
        if (has_ended) keeper_.remove(w->pid);
        auto const status = w->reap();
        worker_death death = w->death(has_ended, status);
        death.output = w->captured.take();
        workers_.erase(number);
        if (handlers_.on_death) handlers_.on_death(number, std::move(death));
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    void set_due(worker& w, double seconds) { arm(w.due = detail::seconds_from_now(seconds)); }

    /// One timer for all. It is set again only for what comes earlier, so that a deadline for each test costs nothing;
    /// when it goes off too early it is set anew.
    void arm(clock::time_point time) {
        if (time >= armed_) return;
        armed_ = time;
        timer_.expires_at(time);
        timer_.async_wait([this](boost::system::error_code failed) {
            if (!failed) on_time();
        });
    }

    void on_time() {
        armed_ = never;
        auto const now = clock::now();
        std::vector<worker_number> numbers;
        for (auto const& [number, w] : workers_) numbers.push_back(number);
        for (worker_number const number : numbers) {
            if (is_late(number, now, &worker::due)) step(*find(number));
            if (!is_late(number, now, &worker::overdue)) continue;
            // The end of the test may have come while we did other things.
            (void)read_frames(*find(number), 16);
            if (!is_late(number, now, &worker::overdue)) continue;
            find(number)->overdue = never;
            if (handlers_.on_overdue) handlers_.on_overdue(number);
        }
        if (next_tick_ <= now) {
            next_tick_ = detail::seconds_from_now(options_.tick);
            if (handlers_.on_tick) handlers_.on_tick();
        }
        auto earliest = next_tick_;
        for (auto const& [number, w] : workers_) earliest = std::min({earliest, w.due, w.overdue});
        arm(earliest);
    }

    [[nodiscard]] bool is_late(worker_number number, clock::time_point now, clock::time_point worker::*time) {
        worker* const w = find(number);
        return w != nullptr && w->*time <= now;
    }

    /// The time of what was waited for has passed.
    void step(worker& w) {
        w.due = never;
        if (w.pid != 0 && w.has_ended()) return bury(w.number);
        switch (w.at) {
        case stage::waiting:
            launch(w);
            break;
        case stage::starting:
            w.over_limit = "sent nothing within " + detail::limit_text(options_.start_limit) + " s after its start";
            end(w, false);
            break;
        case stage::leaving:
            w.over_limit = "did not end within " + detail::limit_text(options_.exit_limit) + " s after its goodbye";
            end(w, false);
            break;
        case stage::silent:
            w.unreachable = true;
            end(w, true);
            break;
        case stage::ending:
            end(w, true);
            break;
        case stage::killed:
            bury(w.number);
            break;
        case stage::unstarted:
        case stage::running:
            break;
        }
    }
    [[nodiscard]] worker* find(worker_number number) {
        auto const at = workers_.find(number);
        return at == workers_.end() ? nullptr : &at->second;
    }

    pool_options options_;
    pool_handlers handlers_;
    detail::kept_signals kept_{};
    keeper keeper_;
    std::string cookie_{};
    ::pid_t owner_ = ::getpid();
    boost::asio::io_context io_;
    detail::loop_signals children_;
    std::optional<detail::stop_signals> stops_{};
    detail::loop_timer timer_;
    clock::time_point armed_ = never;
    clock::time_point next_tick_ = never;
    std::map<worker_number, worker> workers_{};
    std::array<char, std::size_t{64} << 10U> buffer_{};
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_PROCESS_HPP
