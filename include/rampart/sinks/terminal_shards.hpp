#ifndef RAMPART_SINKS_TERMINAL_SHARDS_HPP
#define RAMPART_SINKS_TERMINAL_SHARDS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/session/shard_table.hpp"
#include "rampart/sinks/shard_words.hpp"
#include "rampart/sinks/terminal_text.hpp"

/// \file
/// The table of shards in the summary for people.

namespace rampart::inline v1::detail {

[[nodiscard]] constexpr std::string_view color_of(shard_state s) noexcept {
    switch (s) {
    case shard_state::finished:
        return {};
    case shard_state::superseded:
    case shard_state::unplanned:
        return yellow;
    case shard_state::stopped:
    case shard_state::ended_early:
    case shard_state::never_began:
        break;
    }
    return bold_red;
}

/// Rows with the same columns, under one heading.
class shard_lines {
public:
    shard_lines(terminal_text& to, bool narrow) : to_(to), narrow_(narrow) {
        add({"part", "state", "attempt", "tests", "failed", "unsafe", "seconds"});
    }

    void add(shard_row const& r) {
        add({part_words(r), std::string(word_of(r.state)), attempt_words(r), tests_words(r),
             counted_words(r, &shard_tally::failed), counted_words(r, &shard_tally::unsafe),
             counted_words(r, &shard_tally::seconds)});
        rows_.push_back(&r);
    }
    void write_heading() { write(0, {}, "process"); }
    /// Writes the next `count` rows.
    void write_rows(std::size_t count) {
        for (; count > 0; --count) {
            shard_row const& r = *rows_[written_++];
            write(written_, color_of(r.state), process_words(r));
        }
    }

private:
    static constexpr std::size_t columns = 7;
    static constexpr std::size_t state = 1;
    static constexpr std::size_t failed = 4;
    static constexpr std::size_t unsafe = 5;
    using cells = std::array<std::string, columns>;

    void add(cells row) {
        for (std::size_t i = 0; i < columns; ++i) width_[i] = std::max(width_[i], row[i].size());
        cells_.push_back(std::move(row));
    }
    void write(std::size_t row, std::string_view color, std::string_view process) {
        for (std::size_t i = 0; i < columns; ++i) {
            // A narrow terminal has room for what matters most.
            if (narrow_ && (i == failed || i == unsafe)) continue;
            std::string const& cell = cells_[row][i];
            std::string const gap(width_[i] - cell.size(), ' ');
            to_.out += i == state ? "  " : "  " + gap;
            to_.painted(cell, i == state ? color : "");
            if (i == state) to_.out += gap;
        }
        if (!process.empty()) to_.out += "  ";
        to_.foreign(process, most_of_name);
        to_.out += '\n';
    }

    terminal_text& to_;
    bool narrow_;
    std::vector<cells> cells_{};  // the heading's, then those of the rows
    std::array<std::size_t, columns> width_{};
    std::vector<shard_row const*> rows_{};
    std::size_t written_ = 0;
};

/// The processes behind a merged run: how many came how far, then all of a few, and of many those that did not simply
/// finish and the slowest others.
inline void write_shards(terminal_text& text, std::vector<shard_row> const& rows, terminal_options const& options) {
    if (!has_shards(rows)) return;
    text.out += "\nShards: " + shard_totals(rows) + '\n';
    auto const shown = choose_shards(rows, options.most_shards);
    shard_lines lines(text, options.width < 80);
    for (shard_row const* r : shown.rows) lines.add(*r);
    for (shard_row const* r : shown.slowest) lines.add(*r);
    if (!shown.rows.empty()) lines.write_heading();
    lines.write_rows(shown.rows.size());
    if (shown.left_out > 0) text.folded("  ", shown.left_out, " that did not simply finish", bold_red);
    if (shown.slowest.empty()) return;
    text.out += "  The slowest that finished:\n";
    if (shown.rows.empty()) lines.write_heading();
    lines.write_rows(shown.slowest.size());
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_SINKS_TERMINAL_SHARDS_HPP
