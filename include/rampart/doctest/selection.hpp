#ifndef RAMPART_DOCTEST_SELECTION_HPP
#define RAMPART_DOCTEST_SELECTION_HPP

#include "rampart/base/text.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/guards.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/run_journal.hpp"
#include "rampart/doctest/sinks.hpp"
#include "rampart/doctest/test_list.hpp"
#include "rampart/transport/durations.hpp"
#include "rampart/transport/partition.hpp"

#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace rampart::inline v1::detail {

/// Which tests this process has to see to: what doctest has registered, with the trials; of these the part that is this
/// process's; and of these what no earlier journal accounts for. Made inside doctest's run, which knows the filters.
struct suite_selection {
    suite_cases cases{};
    run_journal journal{};
    test_durations durations{};  ///< of an earlier run, if the command line names one
    bool shard_is_empty = false;
    std::vector<std::string> errors{};

    /// Registers the trials with doctest. Once a process.
    void collect(run_config const& config, run_options const& options) {
        cases.collect(config.trials, options.root, config.text, errors);
        auto wanted = config.tests;
        for (std::string& id : wanted) apply(config.text, id);
        if (errors.empty() && !wanted.empty()) cases.keep_named(wanted, errors);
        if (errors.empty() && !config.engine_filter.empty()) cases.keep_matching(config.engine_filter);
        if (config.list_file && is_query()) {
            errors.push_back("--rampart-list and what doctest only tells are two questions; ask one of them");
        }
        widen_name_filters();
    }
    /// doctest forgets between two runs what was added to its filters.
    static void widen_name_filters() { detail::widen_name_filters({"[trial-*]", " [trials]"}); }

    /// Cuts out this process's part, and hides what is done already. May change where the journal goes. Where a list of
    /// the tests is all that is wanted, writes it and leaves nothing to run.
    void cut(run_config& config) {
        if (!config.engine_filter.empty()) {
            std::cerr << "rampart: only tests that match '" << clip(one_line(config.engine_filter), 80)
                      << "' are selected, as TESTBRIDGE_TEST_ONLY says\n";
        }
        if (config.shard || config.resume) journal.note_list(cases);
        if (config.durations) read_durations(config);
        if (errors.empty() && config.shard) keep_shard(config);
        if (errors.empty() && config.resume) journal.resume(config, cases, errors);
        if (errors.empty() && config.list_file) list(*config.list_file);
    }

private:
    void list(std::filesystem::path const& file) {
        (void)suite_guard_list(cases, errors);
        auto const is_done = [this](suite_case const& c) { return journal.accounted(c) != nullptr; };
        if (errors.empty()) write_list(list_to_json(cases, is_done), file, errors);
        cases.hide_all();
        run_nothing();
    }
    void read_durations(run_config const& config) {
        if (auto read = recorded_durations<suite_result>(*config.durations, config.limits)) {
            durations = std::move(*read);
        } else {
            errors.push_back("--rampart-durations: " + one_line(read.error().message()));
        }
    }
    void keep_shard(run_config const& config) {
        bool const something = !cases.selected_ids().empty();
        cases.keep_only(*config.shard, config.partition.value_or(shard_partition::stride),
                        config.durations ? &durations : nullptr);
        if (!config.shard_source.empty() && config.shard->count > 1) {
            std::cerr << "rampart: this process runs part " << config.shard->index + 1 << " of " << config.shard->count
                      << ", as " << config.shard_source << " say\n";
        }
        shard_is_empty = something && cases.selected_ids().empty();
    }
};

}  // namespace rampart::inline v1::detail

#endif
