#ifndef RAMPART_DOCTEST_OPTIONS_HPP
#define RAMPART_DOCTEST_OPTIONS_HPP

#include "rampart/base/text.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/transport/partition.hpp"
#include "rampart/transport/wire.hpp"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

enum class progress_style : unsigned char { none, lines };

/// What the command line and the environment ask of a run. The names are those of the options.
struct run_config {
    std::filesystem::path report_dir = "rampart-report";
    bool report_dir_given = false;                     ///< then a JSON report is wanted there
    std::optional<std::filesystem::path> json_file{};  ///< a JSON report to this file
    std::optional<std::filesystem::path>
        payload_file{};                          ///< this process's rampart.xdist.v1 payload, for a later merge
    std::vector<std::filesystem::path> merge{};  ///< run nothing, merge these
    std::optional<shard_part> shard{};
    std::optional<int> trials{};
    rampart::text_policy text = rampart::text_policy::escape;
    progress_style progress = progress_style::none;
    bool color = false;  ///< for the terminal summary
    metadata meta{};
    wire_limits limits{};
    bool help = false;
};

/// What was asked, and what of it makes no sense. With an error nothing runs, and the status is 2.
struct parsed_options {
    run_config config{};
    std::vector<std::string> errors{};
};

namespace detail {

struct option_row {
    std::string_view name;
    std::string_view takes;  // empty: no value
    std::string_view meaning;
};

// Own code rather than CLI11: doctest reads the same command line and skips what it does not know, so all that is
// needed is a table of `--rampart-name=value`; a dependency for every user's main file would cost more than it saves.
inline constexpr option_row option_table[] = {
    {"shard", "I/N", "run part I (from 1) of N; or RAMPART_SHARD_INDEX (from 0) and RAMPART_TOTAL_SHARDS"},
    {"merge", "PATH",
     "run nothing: merge this payload, or all of this folder, report, and exit as the run would (again)"},
    {"payload", "FILE", "write what this process learnt, for --rampart-merge elsewhere"},
    {"trials", "N", "N trials instead of each test's own n"},
    {"report-dir", "DIR", "the JSON report goes there, under a name of its own (rampart-report)"},
    {"json", "FILE", "the JSON report, to this file"},
    {"max-result-bytes", "N", "cap of one result in a payload, at least 4096 (16777216)"},
    {"text", "escape|strip|keep", "what becomes of control characters in foreign text (escape)"},
    {"progress", "auto|lines|none", "a line for each finished test, to stderr (auto: on a terminal)"},
    {"color", "auto|always|never", "colour in the summary (auto: on a terminal)"},
    {"metadata", "K=V", "run metadata for the report (again)"},
    {"workers", "0", "worker processes; this version runs in this process only"},
    {"dist", "no", "how tests are given to workers; without workers only `no`"},
    {"help", "", "this list"},
};

inline std::optional<std::string> environment(char const* name) {
    char const* const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number n{};
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failed != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return n;
}

inline std::optional<shard_part> parse_shard(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto const index = whole_number<unsigned>(text.substr(0, slash));
    auto const count = whole_number<unsigned>(text.substr(slash + 1));
    if (!index || !count || *index < 1 || *index > *count) return std::nullopt;
    return shard_part{*index - 1, *count};
}

/// The shard that the environment asks for: rampart's own variables, else Bazel's, else GoogleTest's. A total without a
/// usable index is an error: a bad value must never mean "run everything".
inline std::optional<shard_part> shard_from_environment(std::vector<std::string>& errors) {
    struct pair {
        char const* total;
        char const* index;
    };
    static constexpr pair protocols[] = {{"RAMPART_TOTAL_SHARDS", "RAMPART_SHARD_INDEX"},
                                         {"TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX"},
                                         {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"}};
    for (pair const& names : protocols) {
        auto const total = environment(names.total);
        auto const index = environment(names.index);
        if (!total && !index) continue;
        auto const count = total ? whole_number<unsigned>(*total) : std::nullopt;
        auto const part = index ? whole_number<unsigned>(*index) : std::nullopt;
        if (!count || !part || *count < 1 || *part >= *count) {
            errors.push_back(std::string(names.total) + "='" + one_line(total.value_or("")) + "' and " + names.index +
                             "='" + one_line(index.value_or("")) +
                             "' must be a number of shards and an index from 0 below it");
            return std::nullopt;
        }
        return shard_part{*part, *count};
    }
    return std::nullopt;
}

}  // namespace detail

/// The text of `--rampart-help`.
inline std::string options_help() {
    std::string text = "rampart's options, beside doctest's own (--help):\n";
    for (detail::option_row const& row : detail::option_table) {
        std::string left = "  --rampart-" + std::string(row.name);
        if (!row.takes.empty()) left += "=" + std::string(row.takes);
        if (left.size() < 42) left.resize(42, ' ');
        text += left + "  " + std::string(row.meaning) + "\n";
    }
    text += "Exit status: 0 good, 1 a test, gate or sink failed, 2 usage or nothing selected, 3 incomplete.\n";
    return text;
}

/// Reads the `--rampart-` options among `arguments`; others are doctest's and are passed over. `on_terminal` says
/// whether stderr is a terminal, for the values `auto`.
inline parsed_options parse_options(std::vector<std::string> const& arguments, bool on_terminal) {
    constexpr std::string_view prefix = "--rampart-";
    parsed_options parsed;
    run_config& config = parsed.config;
    std::string progress = "auto";
    std::string color = "auto";
    std::vector<std::string_view> seen;

    for (std::string const& argument : arguments) {
        std::string_view rest = argument;
        if (!rest.starts_with(prefix)) continue;
        rest.remove_prefix(prefix.size());
        auto const equals = rest.find('=');
        auto const name = rest.substr(0, equals);
        auto const value = equals == std::string_view::npos ? std::string_view{} : rest.substr(equals + 1);
        auto const full = std::string(prefix) + one_line(name);

        detail::option_row const* row = nullptr;
        for (detail::option_row const& each : detail::option_table) {
            if (each.name == name) row = &each;
        }
        auto const fail = [&parsed, &full](std::string const& why) { parsed.errors.push_back(full + " " + why); };
        if (row == nullptr) {
            fail("is no option of this version; --rampart-help lists them");
            continue;
        }
        bool const wants_value = !row->takes.empty();
        if (wants_value != (equals != std::string_view::npos) || (wants_value && value.empty())) {
            fail(wants_value ? "takes a value: " + full + "=" + std::string(row->takes) : "takes no value");
            continue;
        }
        if (name != "merge" && name != "metadata") {
            bool again = false;
            for (std::string_view const before : seen) again = again || before == name;
            if (again) {
                fail("is given twice");
                continue;
            }
            seen.push_back(row->name);
        }
        auto const bad_value = [&fail, &value, row] {
            fail("takes " + std::string(row->takes) + ", not '" + one_line(value) + "'");
        };

        if (name == "shard") {
            if (auto const part = detail::parse_shard(value)) {
                config.shard = *part;
            } else {
                fail("takes I/N with I from 1 to N, not '" + one_line(value) + "'");
            }
        } else if (name == "merge") {
            config.merge.emplace_back(std::string(value));
        } else if (name == "payload") {
            config.payload_file = std::string(value);
        } else if (name == "trials") {
            auto const n = detail::whole_number<int>(value);
            if (n && *n >= 1) {
                config.trials = *n;
            } else {
                fail("takes a number of trials, at least 1, not '" + one_line(value) + "'");
            }
        } else if (name == "report-dir") {
            config.report_dir = std::string(value);
            config.report_dir_given = true;
        } else if (name == "json") {
            config.json_file = std::string(value);
        } else if (name == "max-result-bytes") {
            auto const n = detail::whole_number<std::size_t>(value);
            if (n && *n >= 4096) {
                config.limits.max_record_bytes = *n;
            } else {
                fail("takes a number of bytes, at least 4096, not '" + one_line(value) + "'");
            }
        } else if (name == "text") {
            if (!parse_text_policy(value, config.text)) bad_value();
        } else if (name == "progress") {
            if (value == "auto" || value == "lines" || value == "none") {
                progress = value;
            } else {
                bad_value();
            }
        } else if (name == "color") {
            if (value == "auto" || value == "always" || value == "never") {
                color = value;
            } else {
                bad_value();
            }
        } else if (name == "metadata") {
            auto const at = value.find('=');
            if (at == std::string_view::npos || at == 0) {
                bad_value();
            } else {
                config.meta.set(value.substr(0, at), value.substr(at + 1));
            }
        } else if (name == "workers") {
            if (value != "0") bad_value();
        } else if (name == "dist") {
            if (value != "no") bad_value();
        } else {
            config.help = true;
        }
    }

    if (!config.shard) config.shard = detail::shard_from_environment(parsed.errors);
    config.progress =
        progress == "lines" || (progress == "auto" && on_terminal) ? progress_style::lines : progress_style::none;
    auto const forced = detail::environment("CLICOLOR_FORCE").value_or("0");
    auto const refused = detail::environment("NO_COLOR").value_or("");
    config.color = color == "always" || (color == "auto" && (forced != "0" || (on_terminal && refused.empty())));
    return parsed;
}

}  // namespace rampart::inline v1

#endif
