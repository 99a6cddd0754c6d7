#ifndef RAMPART_TESTS_DIST_POOL_RUN_HPP
#define RAMPART_TESTS_DIST_POOL_RUN_HPP

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rampart/dist/process.hpp"

namespace pool_test {

using namespace rampart::dist;

inline pool_options options_for(std::vector<std::string> words) {
    pool_options options;
    options.program = RAMPART_DIST_CHILD;
    options.arguments = std::move(words);
    options.arguments.insert(options.arguments.begin(), RAMPART_DIST_CHILD);
    options.tick = 0.5;
    return options;
}

/// What a pool told, with a bound: a run that takes longer than 60 s throws.
struct told {
    std::vector<std::pair<worker_number, frame>> frames{};
    std::map<worker_number, worker_death> deaths{};
    std::vector<worker_number> overdue{};

    std::string first(frame_kind kind) const {
        for (auto const& [number, f] : frames) {
            if (f.kind == kind) return f.payload;
        }
        return {};
    }
};

/// Runs until a worker's death, and after `workers` deaths stops. `on_frame` may use the pool.
class pool_run {
public:
    explicit pool_run(pool_options options, std::size_t deaths = 1)
        : deaths_(deaths), pool_(std::move(options), handlers()) {}

    std::function<void(worker_pool&, worker_number, frame const&)> on_frame{};
    std::function<void(worker_pool&, worker_number)> on_overdue{};

    worker_pool& pool() { return pool_; }
    told const& go() {
        pool_.run();
        return told_;
    }
    told const& go(worker_spec spec) {
        pool_.start(0, std::move(spec));
        return go();
    }

private:
    pool_handlers handlers() {
        pool_handlers all;
        all.on_frame = [this](worker_number w, frame f) {
            told_.frames.emplace_back(w, f);
            if (on_frame) on_frame(pool_, w, told_.frames.back().second);
        };
        all.on_death = [this](worker_number w, worker_death death) {
            if (!told_.deaths.emplace(w, std::move(death)).second)
                throw std::logic_error("a second death of one worker");
            if (told_.deaths.size() == deaths_) pool_.stop_loop();
        };
        all.on_overdue = [this](worker_number w) {
            told_.overdue.push_back(w);
            if (on_overdue) on_overdue(pool_, w);
        };
        all.on_tick = [this] {
            if (++ticks_ > 120) throw std::runtime_error("the pool hangs");
        };
        return all;
    }

    std::size_t deaths_;
    unsigned ticks_ = 0;
    told told_{};
    worker_pool pool_;
};

/// The letter of a process in /proc/PID/stat; 'X' when there is none. PID 1 may reap slowly: 'Z' has ended too.
inline char process_state(long pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string const text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    auto const at = text.rfind(") ");
    return at == std::string::npos || at + 2 >= text.size() ? 'X' : text[at + 2];
}
inline bool is_gone(long pid) { return process_state(pid) == 'X' || process_state(pid) == 'Z'; }

/// Waits for the end of any process, for at most so many milliseconds.
inline bool ends_within(long pid, int milliseconds) {
    int const file = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<::pid_t>(pid), 0));
    if (file < 0) return is_gone(pid);
    ::pollfd end{file, POLLIN, 0};
    bool const ended = ::poll(&end, 1, milliseconds) == 1;
    ::close(file);
    return ended;
}

inline std::size_t open_files() {
    std::size_t n = 0;
    for (int fd = 0; fd < 1024; ++fd) n += ::fcntl(fd, F_GETFD) >= 0 ? 1U : 0U;
    return n;
}

}  // namespace pool_test

#endif
