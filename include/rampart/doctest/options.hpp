#ifndef RAMPART_DOCTEST_OPTIONS_HPP
#define RAMPART_DOCTEST_OPTIONS_HPP

#include "rampart/base/text.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/dist/cpus.hpp"
#include "rampart/dist/policies.hpp"
#include "rampart/doctest/run_config.hpp"
#include "rampart/doctest/worker_options.hpp"
#include "rampart/transport/engine.hpp"
#include "rampart/transport/journal_file.hpp"
#include "rampart/transport/partition.hpp"
#include "rampart/transport/wire.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

namespace detail {

inline std::optional<shard_part> parse_shard(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto const index = whole_number<unsigned>(text.substr(0, slash));
    auto const count = whole_number<unsigned>(text.substr(slash + 1));
    if (!index || !count || *index < 1 || *index > *count) return std::nullopt;
    return shard_part{*index - 1, *count};
}

/// One option: its row in the help, and how its value is read into the configuration. `read` gives what is wrong, or
/// nothing. A new option is a new row.
struct option_row {
    std::string_view name;
    std::string_view takes;  // empty: no value
    std::string_view meaning;
    std::string (*read)(run_config&, std::string_view value);
    bool again = false;  // may be given several times
};

inline std::string not_this(std::string_view takes, std::string_view value) {
    return "takes " + std::string(takes) + ", not '" + one_line(value) + "'";
}

template <class Enum>
struct named {
    std::string_view name;
    Enum value;
};
/// Reads one of a few words.
template <class Enum, std::size_t N>
std::string read_word(Enum& to, std::string_view value, named<Enum> const (&words)[N]) {
    std::string takes;
    for (named<Enum> const& word : words) {
        if (word.name == value) {
            to = word.value;
            return {};
        }
        takes += (takes.empty() ? "" : "|") + std::string(word.name);
    }
    return not_this(takes, value);
}

/// An option that names a file.
template <std::optional<std::filesystem::path> run_config::*File>
std::string take_file(run_config& c, std::string_view v) {
    c.*File = std::string(v);
    return {};
}

// Own code rather than CLI11: doctest reads the same command line and skips what it does not know, so all that is
// needed is a table of `--rampart-name=value`; a dependency for every user's main file would cost more than it saves.
inline constexpr option_row option_table[] = {
    {"shard", "I/N",
     "run part I (from 1) of N; or RAMPART_SHARD_INDEX (from 0) and RAMPART_TOTAL_SHARDS, or an engine's",
     [](run_config& c, std::string_view v) {
         c.shard = parse_shard(v);
         return c.shard ? std::string() : not_this("I/N with I from 1 to N", v);
     }},
    {"partition", "stride|hash", "how tests are dealt to the parts; hash: a test stays in its part (stride)",
     [](run_config& c, std::string_view v) {
         shard_partition how{};
         auto problem = read_word(how, v, {{"stride", shard_partition::stride}, {"hash", shard_partition::hash}});
         if (problem.empty()) c.partition = how;
         return problem;
     }},
    {"durations", "PATH", "parts of equal length: how long tests took says this report, payload or journal",
     [](run_config& c, std::string_view v) {
         c.durations = std::string(v);
         return std::string();
     }},
    {"journal", "DIR",
     "write a journal of this process into DIR, line by line, for --rampart-merge and --rampart-resume",
     [](run_config& c, std::string_view v) {
         c.journal_dir = std::string(v);
         return std::string();
     }},
    {"journal-sync", "none|each_test|at_end",
     "when the journal is forced to the disk; a killed process loses nothing whatever is said here (at_end)",
     [](run_config& c, std::string_view v) {
         return read_word(
             c.journal_sync, v,
             {{"none", journal_sync::none}, {"each_test", journal_sync::each_test}, {"at_end", journal_sync::at_end}});
     }},
    {"resume", "DIR", "do not run again what a journal in DIR accounts for; the report covers both",
     [](run_config& c, std::string_view v) {
         c.resume = std::string(v);
         return std::string();
     }},
    {"merge", "PATH",
     "run nothing: merge these journals, payloads or folders of them, report, and exit as the run would (again)",
     [](run_config& c, std::string_view v) {
         c.merge.emplace_back(std::string(v));
         return std::string();
     },
     true},
    {"test", "ID", "run this test alone, with all its trials, if doctest's filters select it too (again)",
     [](run_config& c, std::string_view v) {
         c.tests.emplace_back(v);
         return std::string();
     },
     true},
    {"list", "FILE", "run nothing: write the selected tests and their marks to FILE (-: stdout), as JSON",
     &take_file<&run_config::list_file>},
    {"payload", "FILE", "write what this process learnt, for --rampart-merge elsewhere",
     &take_file<&run_config::payload_file>},
    {"trials", "N", "N trials instead of each test's own n",
     [](run_config& c, std::string_view v) {
         c.trials = whole_number<int>(v);
         return c.trials && *c.trials >= 1 ? std::string() : not_this("a number of trials, at least 1", v);
     }},
    {"report-dir", "DIR", "the JSON report goes there, under a name of its own (rampart-report)",
     [](run_config& c, std::string_view v) {
         c.report_dir = std::string(v);
         c.report_dir_given = true;
         return std::string();
     }},
    {"json", "FILE", "the JSON report, to this file", &take_file<&run_config::json_file>},
    {"junit", "FILE", "a JUnit XML report, as Jenkins and GitLab read it", &take_file<&run_config::junit_file>},
    {"html", "FILE", "a page with everything in it, for a browser", &take_file<&run_config::html_file>},
    {"markdown", "FILE", "a report in Markdown", &take_file<&run_config::markdown_file>},
    {"sarif", "FILE", "the UNSAFE results as SARIF 2.1.0", &take_file<&run_config::sarif_file>},
    {"ctrf", "FILE", "a CTRF 1.0.0 report", &take_file<&run_config::ctrf_file>},
    {"sqlite", "FILE", "add this run to a SQLite file of all runs; needs a program built with rampart::sqlite",
     &take_file<&run_config::sqlite_file>},
    {"github", "", "GitHub's annotations and step summary (on by itself where GITHUB_ACTIONS is true)",
     [](run_config& c, std::string_view) {
         c.github = true;
         return std::string();
     }},
    {"max-result-bytes", "N", "cap of one result in a payload or journal, at least 4096 (16777216)",
     [](run_config& c, std::string_view v) {
         auto const n = whole_number<std::size_t>(v);
         c.limits.max_record_bytes = n.value_or(0);
         return n && *n >= 4096 ? std::string() : not_this("a number of bytes, at least 4096", v);
     }},
    {"text", "escape|strip|keep", "what becomes of control characters in foreign text (escape)",
     [](run_config& c, std::string_view v) {
         return read_word(
             c.text, v, {{"escape", text_policy::escape}, {"strip", text_policy::strip}, {"keep", text_policy::keep}});
     }},
    {"progress", "auto|bar|lines|none",
     "how far the run is, to stderr: one line, or one for each test (auto: on a terminal)",
     [](run_config& c, std::string_view v) {
         return read_word(c.progress, v,
                          {{"auto", progress_style::automatic},
                           {"bar", progress_style::bar},
                           {"lines", progress_style::lines},
                           {"none", progress_style::none}});
     }},
    {"events", "FILE", "what happens as it happens, one JSON object a line", &take_file<&run_config::events_file>},
    {"color", "auto|always|never", "colour in the summary (auto: on a terminal)",
     [](run_config& c, std::string_view v) {
         return read_word(
             c.color, v,
             {{"auto", color_choice::automatic}, {"always", color_choice::always}, {"never", color_choice::never}});
     }},
    {"metadata", "K=V", "run metadata for the report (again)",
     [](run_config& c, std::string_view v) {
         auto const at = v.find('=');
         if (at == std::string_view::npos || at == 0) return not_this("K=V", v);
         c.meta.set(v.substr(0, at), v.substr(at + 1));
         return std::string();
     },
     true},
    {"workers", "N|auto", "run the tests in N processes of this program; auto: one for each processor (0)",
     [](run_config& c, std::string_view v) {
         auto const n = whole_number<std::size_t>(v);
         if (v != "auto" && (!n || *n > dist::max_workers))
             return not_this("a number of processes, at most 1024, or `auto`", v);
         c.workers = std::string(v);
         return std::string();
     }},
    {"dist", "load|worksteal|loadscope|loadfile|loadgroup|each|no",
     "how tests are given to workers; no: in this process (load)",
     [](run_config& c, std::string_view v) {
         if (v != "no" && !dist::scheduler_named(v)) {
             std::string takes;
             for (std::string_view const name : dist::scheduler_names) takes += std::string(name) + ", ";
             return not_this(takes + "or no", v);
         }
         c.dist = std::string(v);
         return std::string();
     }},
    {"tx", "SPEC", "workers by their specs, as in 2*popen//env:K=V//chdir=DIR or ssh=HOST//chdir=DIR (again)",
     [](run_config& c, std::string_view v) {
         c.tx.emplace_back(v);
         return std::string();
     },
     true},
    {"max-worker-restart", "N", "so many workers that died are replaced, all together (4 for each worker)",
     [](run_config& c, std::string_view v) {
         c.max_worker_restart = whole_number<std::size_t>(v);
         return c.max_worker_restart ? std::string() : not_this("a number", v);
     }},
    {"timeout", "SECONDS", "a test that runs longer is ended and named; needs workers",
     [](run_config& c, std::string_view v) {
         double seconds = 0.0;
         auto const read = std::from_chars(v.data(), v.data() + v.size(), seconds);
         // A year is as good as never, and every clock can hold it.
         bool const good = read.ec == std::errc() && read.ptr == v.data() + v.size() && seconds > 0.0 && seconds <= 3e7;
         c.timeout = seconds;
         return good ? std::string() : not_this("a number of seconds above 0", v);
     }},
    {"maxfail", "N", "nothing more is run after N failures",
     [](run_config& c, std::string_view v) {
         c.maxfail = whole_number<std::size_t>(v).value_or(0);
         return c.maxfail > 0 ? std::string() : not_this("a number of failures, at least 1", v);
     }},
    {"retry-crashed", "N", "a test that crashed is run again, up to N times; it stays a failure (0)",
     [](run_config& c, std::string_view v) {
         c.retry_crashed = whole_number<unsigned>(v);
         return c.retry_crashed && *c.retry_crashed <= 1000 ? std::string() : not_this("a number, at most 1000", v);
     }},
    {"output", "failed|all|live",
     "what tests print in workers: shown with those that failed, with all, or printed as it comes (failed)",
     [](run_config& c, std::string_view v) {
         output_choice which{};
         auto problem = read_word(
             which, v, {{"failed", output_choice::failed}, {"all", output_choice::all}, {"live", output_choice::live}});
         c.output = which;
         return problem;
     }},
    {"guards", "on|strict",
     "how uses of guarded resources are noticed; strict: also by the calls of the system, on Linux (on)",
     [](run_config& c, std::string_view v) {
         return read_word(c.strict_guards, v, {{"on", false}, {"strict", true}});
     }},
    {"help", "", "this list",
     [](run_config& c, std::string_view) {
         c.help = true;
         return std::string();
     }},
};

/// The part that this process runs, and which attempt at it this is, where the command line leaves it to the
/// environment. `shard_option` says that the command line names a part, be it a bad one.
inline void ask_environment(parsed_options& parsed, bool shard_option) {
    run_config& config = parsed.config;
    auto process = process_of_engine();
    config.attempt = process.attempt;
    config.run = std::move(process.run);
    if (!process.error.empty()) parsed.errors.push_back(std::move(process.error));

    // Help and merges run no test, so that there is no part to ask for.
    if (config.help || !config.merge.empty()) return;
    config.engine_filter = std::move(process.filter);
    // A test of Bazel's takes no options that know where its outputs go. (With `each` a journal cannot be.)
    bool const may_keep = !config.journal_dir && !config.resume && !config.list_file && config.dist != "each";
    if (may_keep && !process.outputs_folder.empty()) {
        config.journal_dir = std::filesystem::path(std::move(process.outputs_folder)) / "rampart-journal";
    }
    if (!shard_option) {
        auto shard = shard_of_engine();
        config.shard = shard.part;
        config.shard_source = std::move(shard.source);
        if (!shard.error.empty()) {
            parsed.errors.push_back(std::move(shard.error));
            return;
        }
    }
    // Who says how to cut means to run a part. To run everything instead would be what nobody asked for. Workers take
    // the durations too: what takes longest begins first.
    bool const says_how = config.partition || (config.durations && !wants_workers(config));
    if (config.shard || shard_option || !says_how) return;
    parsed.errors.push_back(std::string(config.partition ? "--rampart-partition" : "--rampart-durations") +
                            " says how to cut the tests into parts, but nothing says which part to run; give "
                            "--rampart-shard=I/N too (1/1 is everything), or set RAMPART_TOTAL_SHARDS and "
                            "RAMPART_SHARD_INDEX");
}

/// What somebody may have meant who says `--rampart-worker`.
inline std::string near_option(std::string_view name) {
    for (option_row const& row : option_table) {
        bool const is_near = !name.empty() && (row.name.starts_with(name) || name.starts_with(row.name));
        if (is_near) return "did you mean --rampart-" + std::string(row.name) + "? ";
    }
    return {};
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

/// Reads the `--rampart-` options among `arguments`; others are doctest's and are passed over. Where they name no
/// part, the environment may (`shard_of_engine`).
inline parsed_options parse_options(std::vector<std::string> const& arguments) {
    constexpr std::string_view prefix = "--rampart-";
    parsed_options parsed;
    std::vector<detail::option_row const*> seen;
    for (std::string const& argument : arguments) {
        std::string_view rest = argument;
        if (!rest.starts_with(prefix)) continue;
        rest.remove_prefix(prefix.size());
        auto const equals = rest.find('=');
        auto const name = rest.substr(0, equals);
        auto const value = equals == std::string_view::npos ? std::string_view{} : rest.substr(equals + 1);
        auto const full = std::string(prefix) + one_line(name);

        auto const row = std::find_if(std::begin(detail::option_table), std::end(detail::option_table),
                                      [name](detail::option_row const& each) { return each.name == name; });
        std::string problem;
        if (row == std::end(detail::option_table)) {
            problem = "is no option of this version; " + detail::near_option(name) + "--rampart-help lists them";
        } else if (row->takes.empty() && equals != std::string_view::npos) {
            problem = "takes no value";
        } else if (!row->takes.empty() && value.empty()) {
            problem = "takes a value: " + full + "=" + std::string(row->takes);
        } else if (!row->again && std::find(seen.begin(), seen.end(), row) != seen.end()) {
            problem = "is given twice";
        } else {
            seen.push_back(row);
            problem = row->read(parsed.config, value);
        }
        if (!problem.empty()) parsed.errors.push_back(full + " " + problem);
    }
    if (parsed.config.partition && parsed.config.durations) {
        parsed.errors.push_back(
            "--rampart-partition and --rampart-durations are two ways to cut the tests into parts; give one of them");
    }
    if (!parsed.config.merge.empty() && (parsed.config.list_file || !parsed.config.tests.empty())) {
        parsed.errors.push_back(std::string(parsed.config.list_file ? "--rampart-list" : "--rampart-test") +
                                " asks for tests of this program, and --rampart-merge runs none; give one of them");
    }
#if !defined(RAMPART_WITH_SQLITE)
    if (parsed.config.sqlite_file) {
        parsed.errors.push_back(
            "--rampart-sqlite: this program was built without SQLite; link rampart::sqlite in CMake, or define "
            "RAMPART_WITH_SQLITE for its main file and link libsqlite3");
    }
#endif
    detail::check_worker_options(parsed);
    auto const is_given = [&arguments](std::string_view option) {
        return std::ranges::any_of(arguments, [option](std::string const& a) { return a.starts_with(option); });
    };
    detail::ask_environment(parsed, is_given("--rampart-shard"));
    if (is_given("--rampart-journal-sync=") && !parsed.config.journal_dir && !parsed.config.resume) {
        parsed.errors.push_back(
            "--rampart-journal-sync is about a journal, and there is none; give --rampart-journal too");
    }
    return parsed;
}

/// Whether to use colour on a stream: as asked, else as NO_COLOR (no-color.org), CLICOLOR_FORCE and CLICOLOR
/// (bixense.com/clicolors) say in this order, else on a terminal that is not `dumb`. A variable that is empty counts as
/// unset, and so does CLICOLOR_FORCE=0.
inline bool use_color(color_choice choice, bool is_terminal) {
    if (choice != color_choice::automatic) return choice == color_choice::always;
    auto const value = [](char const* name) { return detail::environment(name).value_or(""); };
    if (!value("NO_COLOR").empty()) return false;
    if (auto const force = value("CLICOLOR_FORCE"); !force.empty() && force != "0") return true;
    return is_terminal && value("CLICOLOR") != "0" && value("TERM") != "dumb";
}

}  // namespace rampart::inline v1

#endif
