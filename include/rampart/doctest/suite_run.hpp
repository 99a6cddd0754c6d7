#ifndef RAMPART_DOCTEST_SUITE_RUN_HPP
#define RAMPART_DOCTEST_SUITE_RUN_HPP

#include "rampart/collect/collector.hpp"
#include "rampart/collect/worker.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/guards.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/process_end.hpp"
#include "rampart/doctest/run_journal.hpp"
#include "rampart/doctest/running.hpp"
#include "rampart/doctest/selection.hpp"
#include "rampart/doctest/watching.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/session/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace rampart::inline v1::detail {

/// One run of the suite in this process: doctest's callbacks come in, a session and its verdict come out. A process has
/// one, because doctest calls test bodies through plain functions.
class suite_run {
public:
    static suite_run& instance() {
        static suite_run run;
        return run;
    }

    /// What to do, before doctest starts. `managed`: somebody calls `finish` afterwards; otherwise the run finishes
    /// itself inside doctest's.
    void configure(run_config config, run_options options, bool managed) {
        config_ = std::move(config);
        options_ = std::move(options);
        managed_ = managed;
    }

    /// Inside doctest's run, before it looks at its tests.
    void prepare() {
        guard_list list;
        if (!collected_) {
            chosen_.collect(config_, options_);
            for (suite_case& c : cases_.all()) set_body(c.data, &suite_run::run_current_body);
            list = suite_guard_list(cases_, chosen_.errors);
            if (chosen_.errors.empty() && !is_query()) chosen_.cut(config_);
            collected_ = true;
        } else {
            list = suite_guard_list(cases_, chosen_.errors);
            suite_selection::widen_name_filters();
        }
        if (chosen_.errors.empty() && !is_query() && !config_.list_file && !guards_.is_on()) {
            guards_.count_trials(cases_);
            auto const why = guards_.start(std::move(list), config_.strict_guards, "master", false);
            if (!why.empty()) chosen_.errors.push_back(why);
            tell_remarks();
        }
        if (!chosen_.errors.empty()) run_nothing();
    }

    std::vector<std::string> const& errors() const noexcept { return chosen_.errors; }

    void start() {
        std::lock_guard const hold(mutex_);
        about_ = {.worker = "master", .count = 0, .run = testrun_uid()};
        call_hook("worker_setup", options_.worker_setup);
        session_ = basic_session<suite_result>(config_.text);
        session_.set_report_metadata(config_.meta);
        report_.reset();
        done_ = 0;
        for (suite_case& c : cases_.all()) {
            auto const* const earlier = journal_.accounted(c);
            c.progress = earlier != nullptr ? case_progress::accounted : case_progress::waiting;
            c.tally = earlier != nullptr ? *earlier : clone_tally{};
        }
        session_.expect_tests(cases_.all().size());
        current_ = nullptr;
        crashed_ = false;
        ran_ = true;
        started_ = std::chrono::steady_clock::now();
        owner_ = ::getpid();
        collection_.emplace();
        phase_ = run_phase::testing;
        journal_.open(config_, cases_, session_);
        for (fault& f : hook_faults_) session_.add_fault(std::move(f));
        hook_faults_.clear();
        failures_ = 0;
        watching_.begin(config_, options_, 0);
        if (watching_.watched())
            watching_.tell(dist::notice::run_started{cases_.count_waiting(), 0, "no", config_.run});
        at_process_end<&suite_run::exit_was_called>();
    }

    void skipped(doctest_case const& tc) {
        std::lock_guard const hold(mutex_);
        if (suite_case* const c = cases_.find(tc)) c->progress = case_progress::skipped;
    }

    void begin(doctest_case const& tc) {
        std::lock_guard const hold(mutex_);
        current_ = cases_.find(tc);
        if (current_ == nullptr) return;
        current_->progress = case_progress::running;
        if (current_->kind == case_kind::verdict) return;
        journal_.start(current_->id);
        // Looking the attempt up is for who asks: a test that does nothing takes about as long.
        bool const is_asked = watching_.watched() || guards_.names_cases();
        auto const attempt = is_asked ? session_.next_attempt(current_->id) : 1U;
        if (watching_.watched()) watching_.tell(dist::notice::test_started{"master", current_->id, attempt});
        collection_->begin_test(current_->id);
        guards_.begin(*current_, static_cast<std::size_t>(current_ - cases_.all().data()), attempt);
    }

    void exception(doctest::TestCaseException const& e) {
        if (!e.is_crash) return;
        // A signal handler runs this. The process dies by its signal, so that its status is not 0; nothing may be
        // allocated.
        crashed_ = true;
        static constexpr char message[] =
            "rampart: the process crashed inside the test above; what the tests before it recorded was not reported\n";
        static constexpr char kept[] =
            "rampart: the process crashed inside the test above; what the tests before it recorded is in the journal\n";
        bool const is_kept = journal_.is_open();
        (void)!::write(STDERR_FILENO, is_kept ? kept : message, (is_kept ? sizeof kept : sizeof message) - 1);
    }

    void end(doctest::CurrentTestCaseStats const& stats) {
        if (crashed_) return;
        std::lock_guard const hold(mutex_);
        suite_case* const c = std::exchange(current_, nullptr);
        if (c == nullptr) return;
        c->progress = case_progress::finished;
        if (c->kind == case_kind::verdict) return;
        auto outcome = outcome_of(*c, stats);
        auto found = guards_.end(*c, outcome == test_outcome::passed);
        if (!found.words.empty()) {
            fail_for_guards(*c, found.words);
            outcome = test_outcome::failed;
        }
        take(*c, outcome, stats.seconds, std::move(found));
    }

    /// After the last test. Makes doctest's verdict agree with ours.
    void run_end() {
        if (crashed_) return;
        std::unique_lock hold(mutex_);
        call_hook("worker_teardown", options_.worker_teardown);
        watching_.tell(dist::notice::worker_ended{
            .worker = "master", .words = "is done", .as_told = true, .output = about_.output});
        for (fault& f : hook_faults_) session_.add_fault(std::move(f));
        hook_faults_.clear();
        stop_guards();
        settle("was selected but did not run; a test before it ended the run early");
        phase_ = run_phase::reporting;
        ignores_failures_ = ignores_failures();
        summary_to_stdout_ = stdout_is_for_people();
        bool const failed = verdict(*report_, {}, options_.policy) != exit_status::good;
        if (failed && doctest::detail::g_cs->numTestCasesFailed == 0) fail_run();
        hold.unlock();
        if (!managed_ && finish(0) != 0 && doctest::detail::g_cs->numTestCasesFailed == 0) fail_run();
    }

    /// Gives the report to the sinks, prints the summary, and says the status to end with.
    int finish(int doctest_status) {
        if (!report_ || !collection_) return doctest_status;
        auto const failures =
            emit_report(*report_, session_, config_, options_, summary_to_stdout_, watching_.failures());
        int status = exit_code(*report_, failures, options_.policy);
        // A thread may have recorded while the sinks were at work: too late for the report, but not to be told.
        if (auto const late = add_lost_results(); late > 0) {
            for (std::size_t i = session_.faults().size() - late; i < session_.faults().size(); ++i) {
                std::cerr << "rampart: too late for the report: " << one_line(reason(session_.faults()[i])) << '\n';
            }
            status = static_cast<int>(exit_status::incomplete);
        }
        // A process that did not come to its end must not look as if it had.
        if (!ended_early_ && !journal_.close(session_)) status = static_cast<int>(exit_status::incomplete);
        collection_.reset();
        phase_ = run_phase::idle;
        if (status == 0 && doctest_status != 0) status = 1;
        // --no-exitcode asks that failed tests do not count; what was lost still does.
        if (ignores_failures_ && status == 1 && failures.empty()) status = 0;
        return watching_.end(session_.duration_seconds(), status);
    }

    /// Whether doctest got as far as running tests, and whether it ran one.
    bool ran() const noexcept { return ran_; }
    bool ran_a_test() const noexcept { return done_ > 0 || journal_.knows_tests(); }
    bool shard_is_empty() const noexcept { return chosen_.shard_is_empty; }

private:
    suite_run() = default;

    /// Stands for every test's body, so that what has to be checked is checked while doctest still counts.
    static void run_current_body() { instance().body(); }
    void body() {
        suite_case* const c = current_;
        if (c == nullptr) return;
        if (c->kind == case_kind::verdict) return check_group(*c);
        run_body(*c, *collection_, options_.policy);
    }

    void check_group(suite_case const& c) {
        trial_group_result group{.base = c.base, .threshold = c.marks.trial->threshold};
        bool waiting = false;
        // The clones stand right before their verdict.
        for (suite_case const* clone = &c; clone != cases_.all().data();) {
            --clone;
            if (clone->kind != case_kind::clone || clone->base != c.base) break;
            if (clone->progress == case_progress::skipped) continue;
            waiting = waiting || clone->progress == case_progress::waiting;
            count(group, clone->tally);
        }
        // With --order-by=rand trials may still come; the end of the run judges then.
        if (waiting) return;
        judge(group);
        check(group.passed, c.data->m_file.c_str(), c.line, "the trial group passes", group_detail(group));
        auto const in_vain = declared_in_vain(group);
        if (in_vain.empty()) return;
        check(false, c.data->m_file.c_str(), c.line, "the trials use what the test declares", in_vain);
    }

    /// All tests are over. What comes from them now, nobody sees.
    void stop_guards() {
        tell_remarks();
        auto faults = guards_.stop([this](std::size_t number) {
            return number < cases_.all().size() ? cases_.all()[number].id.str() : std::string();
        });
        for (fault& f : faults) session_.add_fault(std::move(f));
    }
    void tell_remarks() {
        for (std::string const& words : guards_.take_remarks()) std::cerr << "rampart: " << words << '\n';
    }

    void take(suite_case& c, test_outcome outcome, double seconds, suite_guards::findings found) {
        auto results = collection_->end_test();
        for (auto const& r : results) c.tally.add(result_traits<suite_result>::status(r));
        ++done_;
        note_missing_result(c, outcome, results.size());
        auto const first = session_.records().size();
        // A group's threshold must not hide it.
        if (!found.words.empty() && c.kind == case_kind::clone)
            session_.add_fault(guard_fault(c.id.str(), found.words));
        auto facts = facts_of(c, outcome, seconds, std::move(found.words), std::move(found.unused));
        c.tally.add(facts);
        session_.absorb_first(c.id, c.marks, std::move(results), std::move(facts));
        journal_.take(session_, first, !ended_early_);
        if (watching_.watched()) tell_of(first, c.kind == case_kind::clone);
        if (c.kind != case_kind::clone && is_failure(outcome) && ++failures_ == config_.maxfail) run_no_more();
    }
    /// The session's last test, with its records from `first` on.
    void tell_of(std::size_t first, bool is_trial) {
        test_entry const& t = session_.tests().back();
        for (std::size_t i = first; i < session_.records().size(); ++i) {
            watching_.tell_of("master", session_.records()[i]);
        }
        watching_.tell(dist::notice::test_ended{.worker = "master",
                                                .test = t.test,
                                                .attempt = t.attempt,
                                                .outcome = t.facts.outcome,
                                                .seconds = t.facts.seconds,
                                                .results = t.results,
                                                .is_trial = is_trial});
    }

    /// Accounts for every selected test and builds the report. `why`: what to say of tests that did not run.
    void settle(std::string_view why) {
        std::size_t missing = 0;
        test_id first;
        for (suite_case const& c : cases_.all()) {
            if (c.kind == case_kind::verdict || c.progress == case_progress::skipped) continue;
            bool const waiting = c.progress == case_progress::waiting;
            if (waiting && !passes_filters(*c.data)) continue;
            if (c.kind == case_kind::clone) {
                session_.register_trial_spec(spec_of(c));
            }
            if (!waiting) continue;
            if (missing++ == 0) first = c.id;
            session_.absorb_first(c.id, c.marks, {}, facts_of(c, test_outcome::not_run));
        }
        add_lost_results();
        journal_.note_faults(session_);
        if (missing > 0) {
            auto text = "test " + first.str() + " " + std::string(why);
            if (missing > 1) text += " (and " + std::to_string(missing - 1) + " more)";
            session_.add_fault({fault_kind::incomplete, "not run", std::move(text)});
            journal_.pass_over_faults(session_);
        }
        journal_.take_failures(session_);
        session_.set_duration(std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count());
        name_shard(session_, config_);
        report_ = report_of(session_, config_.payload_file || journal_.is_open());
    }
    /// Each becomes a fault. Gives how many there were.
    std::size_t add_lost_results() {
        auto all = lost_results(*collection_);
        for (fault& f : all) session_.add_fault(std::move(f));
        return all.size();
    }

    /// A hook of the suite's, around its tests. One that throws makes the run incomplete.
    void call_hook(char const* name, std::function<void(worker_context&)> const& hook) {
        if (!hook) return;
        auto const add = [&](std::string_view thrown) {
            auto words = std::string(name) + " threw: " + one_line(thrown);
            std::cerr << "rampart: " << words << '\n';
            hook_faults_.push_back({fault_kind::incomplete, "worker master", std::move(words)});
        };
        try {
            hook(about_);
        } catch (std::exception const& e) {
            add(e.what());
        } catch (...) {
            add("something that is no std::exception");
        }
    }

    /// exit and quick_exit come here. A run that has not finished must not end with status 0: what is known is written,
    /// and the status becomes 3.
    static void exit_was_called() { instance().process_ends(); }
    void process_ends() {
        // A child that a test forked ends for itself.
        if (phase_ == run_phase::idle || crashed_ || ::getpid() != owner_) return;
        mutex_.lock();  // never given back: a test may still be running in another thread
        if (phase_ == run_phase::reporting) {
            std::fputs(ended_by_a_sink, stderr);
        } else {
            ended_early_ = true;
            if (suite_case* const c = std::exchange(current_, nullptr); c != nullptr && c->kind != case_kind::verdict) {
                c->progress = case_progress::finished;
                take(*c, test_outcome::crashed, 0.0, guards_.end(*c, false));
                session_.add_fault({fault_kind::early_exit, "test " + c->id.str(),
                                    "the process ended (exit was called) while this test was running"});
            } else {
                session_.add_fault({fault_kind::early_exit, {}, "the process ended (exit was called) inside the run"});
            }
            stop_guards();
            journal_.pass_over_faults(session_);  // it says so by having no end
            settle("did not run; the process ended before");
            phase_ = run_phase::reporting;
            summary_to_stdout_ = stdout_is_for_people();
            std::fputs(ended_inside_the_run, stderr);
            (void)finish(1);
        }
        end_as_incomplete();
    }

    run_config config_{};
    run_options options_{};
    bool managed_ = false;
    bool collected_ = false;
    // Never given back, this and the two below: the process ends right behind, and with many tests that takes long.
    suite_selection& chosen_ = *new suite_selection;
    suite_cases& cases_ = chosen_.cases;
    run_journal& journal_ = chosen_.journal;

    std::recursive_mutex mutex_{};  // doctest is one thread, but exit may be called by another
    basic_session<suite_result>& session_ = *new basic_session<suite_result>;
    std::optional<suite_collection> collection_{};
    std::optional<basic_test_run_report<suite_result>>& report_ =
        *new std::optional<basic_test_run_report<suite_result>>;
    std::chrono::steady_clock::time_point started_{};
    run_watching watching_{};
    suite_guards guards_{};
    worker_context about_{};
    std::vector<fault> hook_faults_{};
    suite_case* current_ = nullptr;
    std::size_t failures_ = 0;
    std::size_t done_ = 0;
    ::pid_t owner_ = 0;
    run_phase phase_ = run_phase::idle;
    bool crashed_ = false;
    bool ended_early_ = false;
    bool ran_ = false;
    bool ignores_failures_ = false;
    bool summary_to_stdout_ = true;
};

}  // namespace rampart::inline v1::detail

#endif
