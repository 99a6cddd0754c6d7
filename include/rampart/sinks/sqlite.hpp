#ifndef RAMPART_SINKS_SQLITE_HPP
#define RAMPART_SINKS_SQLITE_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "rampart/base/stable_hash.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/sinks/sqlite_file.hpp"
#include "rampart/version.hpp"

/// \file
/// A history of runs in one SQLite file. It needs libsqlite3 (`-lsqlite3`), and is not part of `rampart/rampart.hpp`.
///
/// Tables: `runs`, and for each run its `tests`, `results`, `trial_groups` and `faults`, in report order by `position`.
/// The columns are those of the JSON report. A text is TEXT, byte for byte; a text with a NUL or with bytes that are no
/// UTF-8 is a BLOB of the same bytes, since SQLite promises little for such a TEXT. `metadata` and `evidence` are JSON.
/// A number that is no number is NULL.
///
/// A report is one transaction. Its key is the run's metadata `run_id`, else a hash of what it says; a run that is
/// there already is left alone. The file has the application id 0x52414D50 ("RAMP") and the schema's version as its
/// `user_version`; an older file is brought up to date, a newer one or another program's is refused.

namespace rampart::inline v1 {

/// The version of the tables that this header writes.
inline constexpr int sqlite_schema_version = 1;

/// How a history is written.
struct sqlite_options {
    /// How long to wait while another process writes.
    std::chrono::milliseconds busy_timeout = std::chrono::minutes(1);
    /// Whether the conversations are kept. They are most of a history's size, and the JSON report has them too.
    bool evidence = true;
    /// When the run was recorded, in milliseconds since 1970-01-01 UTC; else it is now.
    std::optional<std::int64_t> recorded_ms{};
};

namespace detail {

/// What leads from each version to the next; the first makes the tables in an empty file.
inline constexpr std::array<char const*, sqlite_schema_version> sqlite_migrations = {R"(
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, run_key TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL, recorded_ms INTEGER NOT NULL,
    rampart_version TEXT NOT NULL, exit_code INTEGER NOT NULL, incomplete INTEGER NOT NULL,
    duration_seconds REAL, total_runs INTEGER NOT NULL, safe INTEGER NOT NULL, unsafe INTEGER NOT NULL,
    undetermined INTEGER NOT NULL, errors INTEGER NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE tests (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    nodeid TEXT NOT NULL, trial_of TEXT, attempt INTEGER NOT NULL, worker TEXT NOT NULL, name TEXT NOT NULL,
    outcome TEXT NOT NULL, seconds REAL, results INTEGER NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
    detail TEXT NOT NULL, PRIMARY KEY (run_id, position));
CREATE TABLE results (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    nodeid TEXT NOT NULL, trial_of TEXT, attempt INTEGER NOT NULL, worker TEXT NOT NULL, test_name TEXT NOT NULL,
    result_index INTEGER NOT NULL, harm_category TEXT NOT NULL, status TEXT NOT NULL, summary TEXT NOT NULL,
    strategy TEXT NOT NULL, duration_seconds REAL, metadata TEXT NOT NULL, evidence TEXT,
    PRIMARY KEY (run_id, position));
CREATE TABLE trial_groups (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    base_nodeid TEXT NOT NULL, total INTEGER NOT NULL, safe INTEGER NOT NULL, unsafe INTEGER NOT NULL,
    errors INTEGER NOT NULL, undetermined INTEGER NOT NULL, no_result INTEGER NOT NULL, threshold REAL,
    pass_rate REAL, passed INTEGER NOT NULL, PRIMARY KEY (run_id, position));
CREATE TABLE faults (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    kind TEXT NOT NULL, place TEXT NOT NULL, what TEXT NOT NULL, loses INTEGER NOT NULL, fails INTEGER NOT NULL,
    PRIMARY KEY (run_id, position));
CREATE INDEX runs_by_time ON runs (recorded_ms);
CREATE INDEX tests_by_id ON tests (nodeid, run_id);
CREATE INDEX results_by_id ON results (nodeid, run_id);
CREATE INDEX results_by_harm ON results (harm_category, status, run_id);
CREATE INDEX trial_groups_by_id ON trial_groups (base_nodeid, run_id);
CREATE INDEX faults_by_kind ON faults (kind, run_id);
)"};

/// What a result proves itself with, as JSON; empty where there is nothing.
template <Result R>
[[nodiscard]] std::optional<std::string> evidence_json(R const& value) {
    std::string text;
    json_writer w(text, json_style::compact);
    if (transcript const* const evidence = transcript_of(value)) {
        write_json(w, *evidence);
        return text;
    }
    if constexpr (boost::json::has_value_from<R>::value) {
        w.begin_object();
        write_own_value(w, value);
        w.end_object();
        return text;
    } else {
        return std::nullopt;
    }
}

[[nodiscard]] inline std::string metadata_json(metadata const& object) {
    std::string text;
    json_writer w(text, json_style::compact);
    write_json(w, object);
    return text;
}

enum class sqlite_table : unsigned char { tests, results, trial_groups, faults };
inline constexpr std::string_view sqlite_inserts[] = {"tests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                                      "results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                                      "trial_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                                      "faults VALUES (?, ?, ?, ?, ?, ?, ?)"};

/// Calls `put(table, position, values...)` for each row of a report, in the order of the table's columns.
template <Result R, class Put>
void for_each_row(basic_test_run_report<R> const& report, bool evidence, Put put) {
    auto const base_of = [&report](test_id const& id) -> std::optional<std::string_view> {
        auto const at = std::ranges::lower_bound(report.trial_specs, id, {}, &trial_spec::clone);
        if (at == report.trial_specs.end() || at->clone != id) return std::nullopt;
        return at->base.str();
    };
    std::size_t place = 0;
    for (trial_group_result const& g : report.trial_groups) {
        put(sqlite_table::trial_groups, place++, g.base.str(), g.total, g.safe, g.unsafe, g.errors, g.undetermined,
            g.no_result, g.threshold, g.pass_rate, g.passed);
    }
    place = 0;
    for (test_entry const& t : report.tests) {
        put(sqlite_table::tests, place++, t.test.str(), base_of(t.test), t.attempt, t.worker, t.facts.name,
            to_string(t.facts.outcome), t.facts.seconds, t.results, t.facts.file, t.facts.line, t.facts.detail);
    }
    place = 0;
    for (basic_record<R> const& r : report.results) {
        put(sqlite_table::results, place++, r.test.str(), base_of(r.test), r.attempt, r.worker, r.test_name, r.index,
            r.harm_category, to_string(result_traits<R>::status(r.value)),
            std::string_view(result_traits<R>::summary(r.value)), strategy_of(r.value), duration_of(r.value),
            metadata_json(metadata_of(r.value)), evidence ? evidence_json(r.value) : std::nullopt);
    }
    place = 0;
    for (fault const& f : report.faults) {
        put(sqlite_table::faults, place++, to_string(f.kind), f.where, f.what, loses(f.kind), fails(f.kind));
    }
}

/// A hash of values one after the other, which cannot run into each other.
class content_hash {
public:
    template <class T>
    void add(T const& v) {
        if constexpr (std::floating_point<T>) {
            number(std::bit_cast<std::uint64_t>(static_cast<double>(v)));
        } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
            number(static_cast<std::uint64_t>(v));
        } else if constexpr (std::convertible_to<T const&, std::string_view>) {
            std::string_view const text = v;
            number(text.size());
            hash_ = stable_hash(text, hash_);
            bytes_ += text.size();
        } else {
            number(v.has_value());
            if (v) add(*v);
        }
    }
    [[nodiscard]] std::string text() const { return hash_text(hash_) + "-" + std::to_string(bytes_); }

private:
    void number(std::uint64_t n) {
        char bytes[8];
        for (char& b : bytes) {
            b = static_cast<char>(n & 0xFFU);
            n >>= 8U;
        }
        hash_ = stable_hash(std::string_view(bytes, sizeof bytes), hash_);
    }
    std::uint64_t hash_ = stable_hash_seed;
    std::uint64_t bytes_ = 0;
};

template <Result R>
[[nodiscard]] std::string content_hash_of(basic_test_run_report<R> const& report) {
    content_hash hash;
    hash.add(report.duration_seconds);
    hash.add(metadata_json(report.meta));
    for_each_row(report, true, [&hash](auto const&... values) { (hash.add(values), ...); });
    return hash.text();
}

}  // namespace detail

/// Adds each report to the history in this file, which is made where it is missing.
class sqlite_report_sink {
public:
    explicit sqlite_report_sink(std::filesystem::path file, sqlite_options options = {})
        : path_(std::move(file)), options_(options) {}

    [[nodiscard]] std::string name() const { return "SQLite history " + path_.string(); }

    /// Whether the latest report was added; false when its run was there already.
    [[nodiscard]] bool added() const noexcept { return added_; }

    /// Throws `sqlite_error`, and `file_error` when the folder cannot be made. Nothing of the report is kept then.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        added_ = false;
        detail::make_folder_of(path_);
        auto const hash = detail::content_hash_of(report);
        auto const* const id = report.meta["run_id"].if_string();
        auto const key = id != nullptr && !id->empty() ? "id:" + *id : "content:" + hash;

        detail::sqlite_file const file(path_, options_.busy_timeout);
        detail::sqlite_transaction transaction(file);
        detail::migrate(file, detail::sqlite_migrations);
        {
            detail::sqlite_statement known(file, "SELECT content_hash FROM runs WHERE run_key = ?",
                                           "looking for the run");
            if (known(key)) {
                if (known.text(0) == hash) {
                    known.reset();
                    transaction.commit();
                    return;
                }
                throw sqlite_error(path_, "adding the run",
                                   "another run has the run_id '" + *id + "' already; give each run an id of its own");
            }
        }
        auto const now = std::chrono::system_clock::now().time_since_epoch();
        auto const recorded = options_.recorded_ms.value_or(
            std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()});
        detail::sqlite_statement run(file, "INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                     "adding the run");
        run(key, hash, recorded, RAMPART_VERSION, exit_code(report), report.is_incomplete(), report.duration_seconds,
            report.total_runs, report.passed, report.failed, report.undetermined, report.errors,
            detail::metadata_json(report.meta));
        auto const run_id = sqlite3_last_insert_rowid(file.get());
        std::vector<detail::sqlite_statement> inserts;
        for (auto const words : detail::sqlite_inserts) {
            inserts.emplace_back(file, "INSERT INTO " + std::string(words), "adding the run");
        }
        detail::for_each_row(report, options_.evidence, [&](detail::sqlite_table table, auto const&... values) {
            inserts[static_cast<std::size_t>(table)](run_id, values...);
        });
        for (auto& insert : inserts) insert.reset();
        run.reset();
        transaction.commit();
        added_ = true;
    }

private:
    std::filesystem::path path_;
    sqlite_options options_;
    bool added_ = false;
};

static_assert(ReportSink<sqlite_report_sink>);
static_assert(ReportSink<sqlite_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_SQLITE_HPP
