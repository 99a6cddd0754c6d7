#ifndef RAMPART_DOCTEST_SUITE_RUN_HPP
#define RAMPART_DOCTEST_SUITE_RUN_HPP

#include "rampart/collect/collector.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/run_journal.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/durations.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
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
        progress_ = config_.progress == progress_style::lines ||
                    (config_.progress == progress_style::automatic && ::isatty(STDERR_FILENO) != 0);
    }

    /// Inside doctest's run, before it looks at its tests.
    void prepare() {
        if (!collected_) {
            cases_.collect(config_.trials, options_.root, errors_);
            widen_name_filters({"[trial-*]", " [trials]"});
            for (suite_case& c : cases_.all()) set_body(c.data, &suite_run::run_current_body);
            if (errors_.empty() && !is_query()) {
                journal_.note_list(cases_);
                if (config_.shard) keep_shard();
                if (errors_.empty() && config_.resume) journal_.resume(config_, cases_, errors_);
            }
            collected_ = true;
        } else {
            widen_name_filters({"[trial-*]", " [trials]"});
        }
        if (!errors_.empty()) run_nothing();
    }

    std::vector<std::string> const& errors() const noexcept { return errors_; }

    void start() {
        std::lock_guard const hold(mutex_);
        session_ = basic_session<suite_result>(config_.text);
        session_.set_report_metadata(config_.meta);
        report_.reset();
        selected_ = 0;
        done_ = 0;
        for (suite_case& c : cases_.all()) {
            auto const* const earlier = journal_.accounted(c);
            c.progress = earlier != nullptr ? case_progress::accounted : case_progress::waiting;
            c.tally = earlier != nullptr ? *earlier : clone_tally{};
            if (earlier == nullptr && c.kind != case_kind::verdict && passes_filters(*c.data)) ++selected_;
        }
        current_ = nullptr;
        crashed_ = false;
        ran_ = true;
        started_ = std::chrono::steady_clock::now();
        owner_ = ::getpid();
        collection_.emplace();
        phase_ = phase::testing;
        journal_.open(config_, cases_, session_);
        static bool const watching = [] {
            std::atexit([] { instance().process_ends(); });
            std::at_quick_exit([] { instance().process_ends(); });
            return true;
        }();
        (void)watching;
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
        collection_->begin_test(current_->id);
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
        // A clone may fail, so doctest calls it a success: its own assertions tell.
        bool const failed = c->kind == case_kind::clone
                                ? (stats.failure_flags & ~doctest::TestCaseFailureReason::CouldHaveFailedAndDid) != 0
                                : !stats.testCaseSuccess;
        take(*c, failed ? test_outcome::failed : test_outcome::passed, stats.seconds);
    }

    /// After the last test. Makes doctest's verdict agree with ours.
    void run_end() {
        if (crashed_) return;
        std::unique_lock hold(mutex_);
        settle("was selected but did not run; a test before it ended the run early");
        phase_ = phase::reporting;
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
        auto const failures = emit_report(*report_, session_, config_, options_, summary_to_stdout_);
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
        phase_ = phase::idle;
        if (status == 0 && doctest_status != 0) status = 1;
        // --no-exitcode asks that failed tests do not count; what was lost still does.
        if (ignores_failures_ && status == 1 && failures.empty()) status = 0;
        return status;
    }

    /// Whether doctest got as far as running tests, and whether it ran one.
    bool ran() const noexcept { return ran_; }
    bool ran_a_test() const noexcept { return done_ > 0 || journal_.knows_tests(); }
    bool shard_is_empty() const noexcept { return shard_is_empty_; }

private:
    enum class phase : unsigned char { idle, testing, reporting };

    suite_run() = default;

    void keep_shard() {
        bool const something = !cases_.selected_ids().empty();
        test_durations durations;
        if (config_.durations) {
            auto read = recorded_durations<suite_result>(*config_.durations, config_.limits);
            if (!read) {
                errors_.push_back("--rampart-durations: " + one_line(read.error().message()));
                return;
            }
            durations = std::move(*read);
        }
        cases_.keep_only(*config_.shard, config_.partition.value_or(shard_partition::stride),
                         config_.durations ? &durations : nullptr);
        if (!config_.shard_source.empty() && config_.shard->count > 1) {
            std::cerr << "rampart: this process runs part " << config_.shard->index + 1 << " of "
                      << config_.shard->count << ", as " << config_.shard_source << " say\n";
        }
        shard_is_empty_ = something && cases_.selected_ids().empty();
    }

    /// Stands for every test's body, so that what has to be checked is checked while doctest still counts.
    static void run_current_body() { instance().body(); }
    void body() {
        suite_case* const c = current_;
        if (c == nullptr) return;
        if (c->kind == case_kind::verdict) return check_group(*c);
        std::size_t before = 0;  // a test with subcases comes here once for each
        collection_->inspect([&before](auto const& results) { before = results.size(); });
        c->body();
        if (c->kind == case_kind::clone || failed_assertions_now() > 0) return;
        std::string bad;
        collection_->inspect([&](auto const& results) {
            for (std::size_t i = before; i < results.size() && bad.empty(); ++i) {
                auto const status = result_traits<suite_result>::status(results[i]);
                if ((status == safety_status::unsafe && options_.policy.unsafe_is_failure) ||
                    (status == safety_status::error && options_.policy.error_is_failure)) {
                    bad = one_line(brief(results[i]));
                }
            }
        });
        if (!bad.empty()) {
            check(false, c->data->m_file.c_str(), c->line, "every recorded result is neither unsafe nor an error", bad);
        }
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
    }

    void take(suite_case& c, test_outcome outcome, double seconds) {
        auto results = collection_->end_test();
        for (auto const& r : results) c.tally.add(result_traits<suite_result>::status(r));
        c.tally.add(outcome);
        ++done_;
        if (results.empty() && !c.marks.harm_category.empty() && outcome == test_outcome::passed) {
            std::fprintf(stderr, "rampart: note: test '%s' has a harm mark but recorded no result\n",
                         one_line(c.id.str()).c_str());
        }
        if (progress_) {
            std::fprintf(stderr, "[%zu/%zu] %-6s %s (%.2f s, %zu result%s)\n", done_, selected_,
                         std::string(to_string(outcome)).c_str(), one_line(c.id.str()).c_str(), seconds, results.size(),
                         results.size() == 1 ? "" : "s");
        }
        auto const first = session_.records().size();
        session_.absorb(c.id, c.marks, std::move(results),
                        {.name = c.name, .outcome = outcome, .seconds = seconds, .file = c.file, .line = c.line});
        journal_.take(session_, first, !ended_early_);
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
            session_.absorb(c.id, c.marks, {},
                            {.name = c.name, .outcome = test_outcome::not_run, .file = c.file, .line = c.line});
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
        if (config_.shard && config_.shard->count > 1) {
            session_.set_report_metadata(
                {{"shard", std::to_string(config_.shard->index + 1) + "/" + std::to_string(config_.shard->count)}});
        }
        report_ = build_report(session_);
    }
    /// Each becomes a fault. Gives how many there were.
    std::size_t add_lost_results() {
        auto const all = collection_->take_lost();
        for (lost_result const& lost : all) {
            auto const site = std::string(lost.site.file) + ":" + std::to_string(lost.site.line);
            if (lost.test.empty()) {
                session_.add_fault({fault_kind::unclaimed_result, site,
                                    "a result was recorded while no test was running, or of a type that this suite "
                                    "does not collect: " +
                                        lost.brief});
            } else {
                session_.add_fault({fault_kind::late_result, "test " + lost.test.str(),
                                    "a result was recorded after the test had ended, at " + site + ": " + lost.brief});
            }
        }
        return all.size();
    }

    /// exit and quick_exit come here. A run that has not finished must not end with status 0: what is known is written,
    /// and the status becomes 3.
    void process_ends() {
        // A child that a test forked ends for itself.
        if (phase_ == phase::idle || crashed_ || ::getpid() != owner_) return;
        mutex_.lock();  // never given back: a test may still be running in another thread
        if (phase_ == phase::reporting) {
            std::fprintf(stderr, "rampart: a report sink ended the process; the run counts as incomplete\n");
        } else {
            ended_early_ = true;
            if (suite_case* const c = std::exchange(current_, nullptr); c != nullptr && c->kind != case_kind::verdict) {
                c->progress = case_progress::finished;
                take(*c, test_outcome::crashed, 0.0);
                session_.add_fault({fault_kind::early_exit, "test " + c->id.str(),
                                    "the process ended (exit was called) while this test was running"});
            } else {
                session_.add_fault({fault_kind::early_exit, {}, "the process ended (exit was called) inside the run"});
            }
            journal_.pass_over_faults(session_);  // it says so by having no end
            settle("did not run; the process ended before");
            phase_ = phase::reporting;
            summary_to_stdout_ = stdout_is_for_people();
            std::fprintf(stderr, "rampart: the process ended inside the run; the status becomes 3\n");
            (void)finish(1);
        }
        std::cout.flush();
        std::fflush(nullptr);
        std::_Exit(static_cast<int>(exit_status::incomplete));
    }

    run_config config_{};
    run_options options_{};
    bool managed_ = false;
    bool progress_ = false;
    bool collected_ = false;
    bool shard_is_empty_ = false;
    std::vector<std::string> errors_{};
    suite_cases cases_{};

    std::recursive_mutex mutex_{};  // doctest is one thread, but exit may be called by another
    basic_session<suite_result> session_{};
    std::optional<basic_collection_run<suite_result>> collection_{};
    run_journal journal_{};
    std::optional<basic_test_run_report<suite_result>> report_{};
    std::chrono::steady_clock::time_point started_{};
    suite_case* current_ = nullptr;
    std::size_t selected_ = 0;
    std::size_t done_ = 0;
    ::pid_t owner_ = 0;
    phase phase_ = phase::idle;
    bool crashed_ = false;
    bool ended_early_ = false;
    bool ran_ = false;
    bool ignores_failures_ = false;
    bool summary_to_stdout_ = true;
};

}  // namespace rampart::inline v1::detail

#endif
