#ifndef RAMPART_SINKS_SHARD_WORDS_HPP
#define RAMPART_SINKS_SHARD_WORDS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rampart/session/shard_table.hpp"
#include "rampart/sinks/words.hpp"

/// \file
/// What sinks for people say alike of the processes behind a merged run.

namespace rampart::inline v1::detail {

/// A run of one process has no table.
[[nodiscard]] inline bool has_shards(std::vector<shard_row> const& rows) noexcept { return rows.size() > 1; }

[[nodiscard]] constexpr std::string_view word_of(shard_state s) noexcept {
    constexpr std::string_view words[] = {"finished", "stopped", "ended early", "superseded", "never began", "no plan"};
    return words[static_cast<unsigned char>(s)];
}

/// `4 parts: 3 finished, 1 ended early, 1 superseded`
[[nodiscard]] inline std::string shard_totals(std::vector<shard_row> const& rows) {
    std::array<std::uint64_t, 6> by_state{};
    std::uint64_t parts = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        shard_row const& r = rows[i];
        by_state[static_cast<std::size_t>(r.state)] += size_of(r);
        if (r.state == shard_state::unplanned) continue;
        shard_row const* const before = i == 0 ? nullptr : &rows[i - 1];
        bool const again = before != nullptr && before->run == r.run && before->count == r.count &&
                           before->index == r.index && (r.count > 1 || before->worker == r.worker);
        if (!again) parts += size_of(r);
    }
    std::string text = std::to_string(parts) + (parts == 1 ? " part" : " parts");
    std::string_view between = ": ";
    for (std::size_t s = 0; s < by_state.size(); ++s) {
        if (by_state[s] == 0) continue;
        text += std::string(between) + std::to_string(by_state[s]) + ' ' +
                std::string(word_of(static_cast<shard_state>(s)));
        between = ", ";
    }
    return text;
}

/// `3 of 8`, `5 to 7 of 8`; people count from 1.
[[nodiscard]] inline std::string part_words(shard_row const& r) {
    if (r.count == 0) return "-";
    auto text = std::to_string(r.index + std::uint64_t{1});
    if (r.last_index != r.index) text += " to " + std::to_string(r.last_index + std::uint64_t{1});
    return text + " of " + std::to_string(r.count);
}
[[nodiscard]] inline std::string attempt_words(shard_row const& r) {
    return r.attempt == 0 ? "-" : std::to_string(r.attempt);
}
/// How many tests ended, of those that were planned.
[[nodiscard]] inline std::string tests_words(shard_row const& r) {
    if (r.state == shard_state::never_began) return "-";
    auto const ran = r.tally ? std::to_string(r.tally->ran) : "?";
    return r.count == 0 ? ran : ran + " of " + std::to_string(r.planned);
}
/// A number that was counted, or that nobody did.
template <class Number>
[[nodiscard]] std::string counted_words(shard_row const& r, Number shard_tally::*which) {
    if (!r.tally) return r.state == shard_state::never_began ? "-" : "?";
    if constexpr (std::is_floating_point_v<Number>) {
        return fixed(*r.tally.*which, 2);
    } else {
        return std::to_string(*r.tally.*which);
    }
}
/// `node7, pid 4711`, or the worker where the host is not known. Foreign text.
[[nodiscard]] inline std::string process_words(shard_row const& r) {
    if (r.host.empty()) return r.worker;
    return r.pid == 0 ? r.host : r.host + ", pid " + std::to_string(r.pid);
}

/// Which rows a short table has.
struct shown_shards {
    std::vector<shard_row const*> rows{};     ///< all of a few; else those that did not simply finish
    std::size_t left_out = 0;                 ///< so many more of these
    std::vector<shard_row const*> slowest{};  ///< some of the others
};

/// Up to 16 rows are shown. Of more, those that did not simply finish, up to `most` (0: all), and the slowest others.
[[nodiscard]] inline shown_shards choose_shards(std::vector<shard_row> const& rows, std::size_t most) {
    constexpr std::size_t few = 16;
    constexpr std::size_t most_slow = 10;
    shown_shards made;
    for (shard_row const& r : rows) {
        if (rows.size() <= few || r.state != shard_state::finished) {
            made.rows.push_back(&r);
        } else if (r.tally) {
            made.slowest.push_back(&r);
        }
    }
    if (rows.size() > few && most != 0 && made.rows.size() > most) {
        made.left_out = made.rows.size() - most;
        made.rows.resize(most);
    }
    std::ranges::stable_sort(made.slowest, std::ranges::greater{},
                             [](shard_row const* r) { return r->tally->seconds; });
    made.slowest.resize(std::min(made.slowest.size(), most_slow));
    return made;
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_SINKS_SHARD_WORDS_HPP
