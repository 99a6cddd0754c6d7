#ifndef RAMPART_TRANSPORT_ENGINE_HPP
#define RAMPART_TRANSPORT_ENGINE_HPP

#include "rampart/base/text.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/transport/partition.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// \file
/// What the engine that started this process says about it in environment variables: a shell's loop, Bazel,
/// GoogleTest's protocol, Slurm, GitLab CI. Which part of the run it has (docs/sharding.md), and which attempt at it
/// this is.
///
/// What an engine says is taken or refused, never passed over: a part that nobody runs, or a whole run where a part was
/// meant, would show nowhere. Numbers are plain decimals.

namespace rampart::inline v1 {

/// Which part of the run the environment asks for. Without a part and without an error, it asks for none: run all.
struct engine_shard {
    std::optional<shard_part> part{};
    std::string source{};  ///< the variables that say so: "SLURM_PROCID and SLURM_NTASKS"
    std::string error{};   ///< which variables make no sense, their values, and what to do; then there is no part
};

/// What the environment says about this process, whatever its part.
struct engine_process {
    std::uint32_t attempt = 1;     ///< of this part, from 1
    std::string run{};             ///< the id that all processes of the run share; empty: nobody gave one
    std::string filter{};          ///< run only the tests that this selects; empty: nobody asks for that
    std::string outputs_folder{};  ///< what is left there is kept with the run; empty: there is none
    std::string error{};
};

namespace detail {

inline std::optional<std::string> environment(char const* name) {
    char const* const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

/// The whole text as a number; no blanks, no plus sign, and no sign at all for an unsigned type.
template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number n{};
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failed != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return n;
}

/// One environment variable that may hold a number.
struct engine_variable {
    char const* name;
    std::optional<std::string> text{};
    std::optional<unsigned> number{};

    bool is_set() const noexcept { return text.has_value(); }
    /// `NAME='value'`, or that it is not set.
    std::string shown() const {
        if (!text) return std::string(name) + " (not set)";
        return std::string(name) + "='" + clip(one_line(*text), 80) + "'";
    }
};

inline constexpr char say_total_and_index[] =
    "; set RAMPART_TOTAL_SHARDS and RAMPART_SHARD_INDEX (from 0), or give --rampart-shard=I/N";

template <class Get>
class engine_reader {
public:
    explicit engine_reader(Get const& get) : get_(get) {}

    engine_shard shard() const {
        auto const total = variable("RAMPART_TOTAL_SHARDS");
        auto const index = variable("RAMPART_SHARD_INDEX");
        if (total.is_set()) return of_total(total);
        if (index.is_set()) return refused({index, total}, "an index is no part without the number of parts");
        for (auto const& names : {pair_names{"TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX"},
                                  pair_names{"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"}}) {
            auto const pair_total = variable(names.total);
            auto const pair_index = variable(names.index);
            if (pair_total.is_set() || pair_index.is_set()) return of_pair(pair_total, pair_index, 0);
        }
        if (auto found = slurm()) return std::move(*found);
        return gitlab();
    }

    engine_process process() const {
        engine_process found;
        auto const own = variable("RAMPART_ATTEMPT");
        auto const restarts = variable("SLURM_RESTART_COUNT");
        auto const run_number = variable("TEST_RUN_NUMBER");
        auto const bad = [&found](engine_variable const& v, std::string const& words) {
            found.error = v.shown() + " " + words + "; correct it, or set RAMPART_ATTEMPT (from 1)";
        };
        if (own.is_set() || (!restarts.is_set() && run_number.is_set())) {
            auto const& attempt = own.is_set() ? own : run_number;
            if (attempt.number.value_or(0) >= 1) {
                found.attempt = *attempt.number;
            } else {
                bad(attempt, "has to be the number of this attempt, from 1");
            }
        } else if (restarts.is_set()) {
            if (restarts.number && *restarts.number < std::numeric_limits<std::uint32_t>::max()) {
                found.attempt = *restarts.number + 1;
            } else {
                bad(restarts, "has to be how often the job was started again");
            }
        }
        // Not Slurm's job id: it is another one when a single part is submitted again.
        if (std::optional<std::string> run = get_("RAMPART_TESTRUNUID")) {
            if (run->empty()) {
                found.error += (found.error.empty() ? "" : "; ") +
                               std::string("RAMPART_TESTRUNUID='' is no name of a run; give one, or unset it");
            }
            found.run = std::move(*run);
        }
        found.filter = get_("TESTBRIDGE_TEST_ONLY").value_or("");
        found.outputs_folder = get_("TEST_UNDECLARED_OUTPUTS_DIR").value_or("");
        return found;
    }

private:
    struct pair_names {
        char const* total;
        char const* index;
    };

    engine_variable variable(char const* name) const {
        engine_variable v{name, get_(name)};
        if (v.text) v.number = whole_number<unsigned>(*v.text);
        return v;
    }

    static engine_shard refused(std::initializer_list<engine_variable> variables, std::string const& why,
                                std::string const& what_to_do = say_total_and_index) {
        std::string shown;
        for (engine_variable const& v : variables) shown += (shown.empty() ? "" : ", ") + v.shown();
        return {.error = shown + ": " + why + what_to_do};
    }

    static engine_shard of_pair(engine_variable const& total, engine_variable const& index, unsigned first) {
        unsigned const count = total.number.value_or(0);
        if (index.number && *index.number >= first && *index.number - first < count) {
            return {.part = shard_part{*index.number - first, count},
                    .source = std::string(index.name) + " and " + total.name};
        }
        return refused({total, index}, first == 0
                                           ? "these have to be the number of parts and an index from 0 below it"
                                           : "these have to be the number of parts and an index from 1 up to it");
    }

    /// The total is the user's own, the index may be the engine's.
    engine_shard of_total(engine_variable const& total) const {
        for (char const* const name : {"RAMPART_SHARD_INDEX", "TEST_SHARD_INDEX", "GTEST_SHARD_INDEX",
                                       "SLURM_ARRAY_TASK_ID", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"}) {
            if (auto const index = variable(name); index.is_set()) return of_pair(total, index, 0);
        }
        return refused({total}, "nothing says which part this is",
                       "; set RAMPART_SHARD_INDEX (from 0), or start it by an engine that sets TEST_SHARD_INDEX, "
                       "GTEST_SHARD_INDEX, SLURM_ARRAY_TASK_ID, SLURM_PROCID or OMPI_COMM_WORLD_RANK");
    }

    std::optional<engine_shard> slurm() const {
        auto const id = variable("SLURM_ARRAY_TASK_ID");
        auto const count = variable("SLURM_ARRAY_TASK_COUNT");
        auto const min = variable("SLURM_ARRAY_TASK_MIN");
        auto const max = variable("SLURM_ARRAY_TASK_MAX");
        auto const step = variable("SLURM_ARRAY_TASK_STEP");
        auto const rank = variable("SLURM_PROCID");
        auto const tasks = variable("SLURM_NTASKS");
        bool const array = id.is_set() || count.is_set() || min.is_set() || max.is_set() || step.is_set();
        if (tasks.is_set() && tasks.number.value_or(0) < 1) {
            return refused({tasks}, "this has to be the number of Slurm's tasks");
        }
        bool const many_tasks = tasks.number.value_or(0) > 1;
        if (array && many_tasks) {
            return refused({id, tasks, rank}, "a Slurm array of jobs that have several tasks can be cut in many ways");
        }
        if (array) return slurm_array(id, count, min, max, step);
        if (many_tasks) return slurm_tasks(rank, tasks);
        // A batch job without -n has a rank and no number of tasks.
        if (rank.is_set() && rank.number != 0U) {
            return refused({rank, tasks}, "a task of Slurm's that is not the first of one");
        }
        return std::nullopt;
    }

    /// An array's size is only known from inside when it is whole: a job that is submitted again for one index, or for
    /// a list of indices, sees an array of just these.
    static engine_shard slurm_array(engine_variable const& id, engine_variable const& count, engine_variable const& min,
                                    engine_variable const& max, engine_variable const& step) {
        unsigned const by = step.is_set() ? step.number.value_or(0) : 1;
        if (!id.number || !count.number || !min.number || !max.number || by == 0) {
            return refused({id, count, min, max, step}, "these have to be the numbers of a Slurm array");
        }
        bool const whole = *min.number == 0 && *count.number > 1 && *count.number - 1 == *max.number / by &&
                           *id.number % by == 0 && *id.number <= *max.number;
        if (whole) {
            return {.part = shard_part{*id.number / by, *count.number},
                    .source = "SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT"};
        }
        return refused({id, count, min, max, step},
                       "this is no whole Slurm array 0-N, so that it does not say how many parts there are",
                       "; set RAMPART_TOTAL_SHARDS to the number of parts (the index is SLURM_ARRAY_TASK_ID then, from "
                       "0, or RAMPART_SHARD_INDEX), or to 1 with RAMPART_SHARD_INDEX=0 to run everything here");
    }

    engine_shard slurm_tasks(engine_variable const& rank, engine_variable const& tasks) const {
        auto const job = variable("SLURM_JOB_ID");
        auto const in_step = variable("SLURM_STEP_ID");
        if (job.is_set() && !in_step.is_set()) {
            // The script of a batch job calls itself task 0 of all; it would run the first part and nobody the others.
            return refused({rank, tasks, in_step}, "this is a Slurm job's script and no task of it",
                           "; start the program with srun, or give --rampart-shard=1/1 to run everything here");
        }
        return of_pair(tasks, rank, 0);
    }

    engine_shard gitlab() const {
        auto const total = variable("CI_NODE_TOTAL");
        auto const index = variable("CI_NODE_INDEX");
        if (!total.is_set() && !index.is_set()) return {};
        if (!index.is_set() && total.number == 1U) return {};  // GitLab sets it in every job
        return of_pair(total, index, 1);
    }

    Get const& get_;
};

}  // namespace detail

/// Reads the part from environment variables; `get` gives the value of a variable by its name, if it is set:
/// `std::optional<std::string> get(char const* name)`. The first of these counts, and when it is bad it is an error:
///
/// - RAMPART_TOTAL_SHARDS, with the index (from 0) from RAMPART_SHARD_INDEX, else from an engine: TEST_SHARD_INDEX,
///   GTEST_SHARD_INDEX, SLURM_ARRAY_TASK_ID, SLURM_PROCID, OMPI_COMM_WORLD_RANK;
/// - TEST_TOTAL_SHARDS and TEST_SHARD_INDEX (Bazel), GTEST_TOTAL_SHARDS and GTEST_SHARD_INDEX (GoogleTest);
/// - a whole Slurm array 0-N, also with a step, whose jobs have one task each; the tasks of one Slurm step;
/// - CI_NODE_TOTAL and CI_NODE_INDEX, which counts from 1 (GitLab CI).
///
/// Ranks of MPI alone say nothing about tests.
template <class Get>
[[nodiscard]] engine_shard shard_of_engine(Get const& get) {
    return detail::engine_reader<Get>(get).shard();
}

/// Reads the attempt from RAMPART_ATTEMPT (from 1), else from SLURM_RESTART_COUNT (absent at first, then from 1), else
/// from TEST_RUN_NUMBER (Bazel); the run's id from RAMPART_TESTRUNUID; the filter and the folder of outputs from
/// TESTBRIDGE_TEST_ONLY and TEST_UNDECLARED_OUTPUTS_DIR (Bazel).
template <class Get>
[[nodiscard]] engine_process process_of_engine(Get const& get) {
    return detail::engine_reader<Get>(get).process();
}

/// What the environment of this process says.
[[nodiscard]] inline engine_shard shard_of_engine() {
    return shard_of_engine([](char const* name) { return detail::environment(name); });
}
/// What the environment of this process says.
[[nodiscard]] inline engine_process process_of_engine() {
    return process_of_engine([](char const* name) { return detail::environment(name); });
}

}  // namespace rampart::inline v1

#endif
