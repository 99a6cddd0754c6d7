#ifndef RAMPART_DOCTEST_MERGE_SCREEN_HPP
#define RAMPART_DOCTEST_MERGE_SCREEN_HPP

#include "rampart/doctest/run_config.hpp"
#include "rampart/transport/merge_progress.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>

namespace rampart::inline v1::detail {

/// Seconds of a clock that only goes forward.
inline double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What the person who started a merge of many files sees while it goes on: on a terminal a line that changes,
/// elsewhere a line every five seconds, and nothing of a merge that is quicker.
class merge_screen {
public:
    merge_screen(progress_style style, std::size_t files, std::ostream& out, bool is_terminal,
                 double (*now)() = &steady_seconds)
        : out_(out), now_(now),
          in_place_(style == progress_style::bar || (style == progress_style::automatic && is_terminal)) {
        if (style != progress_style::none) progress_.emplace(files, now_(), in_place_ ? 0.1 : 5.0);
    }
    merge_screen(merge_screen const&) = delete;
    merge_screen& operator=(merge_screen const&) = delete;
    ~merge_screen() {
        if (is_shown_) out_ << "\r\x1b[K" << std::flush;
    }

    /// A file of so many bytes has been read.
    void note(std::uint64_t bytes) {
        if (!progress_) return;
        auto const line = progress_->note(bytes, now_());
        if (!line) return;
        if (in_place_) {
            out_ << '\r' << *line << "\x1b[K" << std::flush;
            is_shown_ = true;
        } else {
            out_ << "rampart: " << *line << std::endl;
        }
    }

private:
    std::ostream& out_;
    double (*now_)();
    bool in_place_;
    bool is_shown_ = false;
    std::optional<merge_progress> progress_{};
};

}  // namespace rampart::inline v1::detail

#endif
