#ifndef RAMPART_DOCTEST_RUN_JOURNAL_HPP
#define RAMPART_DOCTEST_RUN_JOURNAL_HPP

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/resume.hpp"
#include "rampart/doctest/sinks.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1::detail {

/// What a run plans, what earlier journals know of it, and its own journal, if one is wanted.
class run_journal {
public:
    /// Before the list of tests is cut into parts: remembers what it is.
    void note_list(suite_cases const& cases) { list_hash_ = list_hash(cases.selected_ids()); }

    /// Reads what earlier journals account for and hides it from doctest. The run then writes a journal beside them,
    /// unless another place is asked for.
    void resume(run_config& config, suite_cases const& cases, std::vector<std::string>& errors) {
        earlier_ = read_earlier_run(*config.resume, plan_of(config, cases), config.text, config.limits, errors);
        if (!errors.empty()) return;
        std::vector<doctest_case const*> done;
        for (suite_case const& c : cases.all()) {
            if (accounted(c) != nullptr) done.push_back(c.data);
        }
        hide_cases(done);
        if (!config.journal_dir) config.journal_dir = config.resume;
    }

    /// What the trials of an earlier process showed, if this test need not run again; else null.
    clone_tally const* accounted(suite_case const& c) const {
        auto const found = earlier_.accounted.find(c.id.str());
        return found == earlier_.accounted.end() || c.kind == case_kind::verdict ? nullptr : &found->second;
    }
    /// Which attempt the next run of this test is.
    std::uint32_t next_attempt(run_config const& config, test_id const& id) const {
        auto const known = earlier_.next_attempt.find(id.str());
        // A resumed run knows which tests ran before. Another one only knows that its part was begun before.
        return known != earlier_.next_attempt.end() ? known->second : config.resume ? 1U : config.attempt;
    }
    bool knows_tests() const noexcept { return !earlier_.accounted.empty(); }

    /// At the start of a run: gives the session what is known and planned, and begins the journal.
    void open(run_config const& config, suite_cases const& cases, basic_session<suite_result>& session) {
        pages_.reset();
        noted_ = session.faults().size();
        // The plan is for who merges what this process leaves behind. A run that leaves nothing needs none.
        if (!config.resume && !config.journal_dir && !config.payload_file && config.attempt == 1) return;
        if (!config.shard) note_list(cases);  // a second run of the process may have other filters
        auto mine = plan_of(config, cases);
        if (config.resume) {
            mine.attempt = earlier_.attempt;
            mine.run = earlier_.run;
            session.merge_worker_results(earlier_.known);
            metadata::array again;
            for (test_id const& id : earlier_.interrupted) again.emplace_back(id.str());
            session.set_report_metadata(
                {{"resumed", metadata{{"tests", earlier_.accounted.size()}, {"interrupted", std::move(again)}}}});
        }
        for (test_id const& id : mine.tests) session.expect_attempt(id, next_attempt(config, id));
        noted_ = session.faults().size();
        auto const name = environment("RAMPART_WORKER").value_or("");
        if (name != "master") mine.worker = name;
        session.set_plan(mine);
        if (!config.journal_dir) return;
        if (mine.worker.empty()) {
            mine.worker = mine.count == 1
                              ? "master"
                              : "shard-" + std::to_string(mine.index + 1) + "-of-" + std::to_string(mine.count);
        }
        std::vector<trial_spec> specs;
        for (suite_case const& c : cases.all()) {
            if (c.kind == case_kind::clone && passes_filters(*c.data)) specs.push_back(spec_of(c));
        }
        pages_.emplace(*config.journal_dir, std::move(mine), specs, this_process(), config.journal_sync, config.limits);
    }
    bool is_open() const noexcept { return pages_.has_value(); }

    void start(test_id const& test) {
        if (pages_) pages_->start(test);
    }

    /// The session's last test, with its records from `first` on. `ended`: it came to its end, and its process did not
    /// leave inside it.
    void take(basic_session<suite_result>& session, std::size_t first, bool ended) {
        if (!pages_) return;
        note_faults(session);
        auto const recorded = session.records().held(first);  // of this process, whatever it resumed
        if (ended) {
            pages_->end(session.tests().back(), recorded);
        } else {
            pages_->keep(session.tests().back(), recorded);
        }
        take_failures(session);
    }

    /// A result of a test that is still running, as it comes from a worker.
    void keep(basic_record<suite_result> const& r) {
        if (pages_) pages_->keep({.test = r.test, .attempt = r.attempt}, {&r, 1});
    }
    /// A test whose results were kept as they came has ended.
    void end(basic_session<suite_result>& session, test_entry const& test) {
        if (!pages_) return;
        note_faults(session);
        pages_->end(test, {});
        take_failures(session);
    }

    /// Writes what the session has lost since the last call.
    void note_faults(basic_session<suite_result> const& session) {
        if (!pages_) return;
        for (; noted_ < session.faults().size(); ++noted_) pages_->note(session.faults()[noted_]);
    }
    /// What is not for the journal: a merge sees it by the plan, and a later attempt may make it good.
    void pass_over_faults(basic_session<suite_result> const& session) { noted_ = session.faults().size(); }

    /// What the journal could not hold makes the run incomplete.
    void take_failures(basic_session<suite_result>& session) {
        if (!pages_) return;
        for (fault& f : pages_->take_faults()) session.add_fault(std::move(f));
        pass_over_faults(session);  // it cannot tell of itself
    }

    /// A clean end. False when the journal could not be brought to it.
    bool close(basic_session<suite_result> const& session) {
        if (!pages_) return true;
        note_faults(session);
        pages_->close(session.trial_specs());
        auto const failures = pages_->take_faults();
        for (fault const& f : failures) std::cerr << "rampart: " << ci_log_text(reason(f)) << '\n';
        pages_.reset();
        return failures.empty();
    }

private:
    /// Which part of which run this process has.
    shard_plan plan_of(run_config const& config, suite_cases const& cases) const {
        shard_plan mine{.run = config.run, .attempt = config.attempt, .list_hash = list_hash_};
        if (config.shard) {
            mine.index = config.shard->index;
            mine.count = config.shard->count;
        }
        for (std::string_view const id : cases.selected_ids()) mine.tests.emplace_back(id);
        return mine;
    }

    std::string list_hash_{};
    earlier_run earlier_{};
    std::optional<journal<suite_result>> pages_{};
    std::size_t noted_ = 0;  // so many of the session's faults are written, or not for the journal
};

}  // namespace rampart::inline v1::detail

#endif
