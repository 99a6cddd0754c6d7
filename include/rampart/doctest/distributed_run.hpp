#ifndef RAMPART_DOCTEST_DISTRIBUTED_RUN_HPP
#define RAMPART_DOCTEST_DISTRIBUTED_RUN_HPP

#include "rampart/base/text.hpp"
#include "rampart/dist/controller.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/messages.hpp"
#include "rampart/dist/policies.hpp"
#include "rampart/dist/process.hpp"
#include "rampart/dist/spec.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/flight.hpp"
#include "rampart/doctest/guards.hpp"
#include "rampart/doctest/numbered_tests.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/process_end.hpp"
#include "rampart/doctest/registry.hpp"
#include "rampart/doctest/running.hpp"
#include "rampart/doctest/selection.hpp"
#include "rampart/doctest/watching.hpp"
#include "rampart/doctest/worker_plan.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/session/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <unistd.h>

namespace rampart::inline v1::detail {

/// One run of the suite in many processes: the rules are `dist::basic_controller`'s, the processes
/// `dist::worker_pool`'s; here their results come together in a session, in the journal and before the observers.
class distributed_run {
public:
    static distributed_run& instance() {
        static distributed_run run;
        return run;
    }
    void configure(run_config config, run_options options) {
        config_ = std::move(config);
        options_ = std::move(options);
    }
    /// Inside doctest's run, which runs no test: finds the tests.
    void prepare() {
        if (found_) return run_nothing();
        chosen_.collect(config_, options_);
        guard_list_ = suite_guard_list(chosen_.cases, chosen_.errors);
        if (is_query()) return;
        run_nothing();
        for (std::string& words : not_for_workers()) chosen_.errors.push_back(std::move(words));
        if (!chosen_.errors.empty()) return;

        tests_.list(chosen_.cases);
        chosen_.cut(config_);
        if (!chosen_.errors.empty()) return;
        tests_.plan(chosen_, config_);

        session_ = basic_session<suite_result>(config_.text);
        session_.set_report_metadata(config_.meta);
        chosen_.journal.open(config_, chosen_.cases, session_);
        for (suite_case const& c : chosen_.cases.all()) {
            if (c.kind == case_kind::clone && passes_filters(*c.data)) session_.register_trial_spec(spec_of(c));
        }
        ignores_failures_ = ignores_failures();
        summary_to_stdout_ = stdout_is_for_people();
        found_ = true;
    }
    std::vector<std::string> const& errors() const noexcept { return chosen_.errors; }
    /// Whether there is something to run, and not only to list.
    bool found() const noexcept { return found_; }
    bool knows_tests() const noexcept { return !tests_.order.empty() || chosen_.journal.knows_tests(); }
    bool shard_is_empty() const noexcept { return chosen_.shard_is_empty; }

    /// Runs the tests and gives the report to the sinks. Gives the status to end with. `arguments` are those of a
    /// worker, the program's name first.
    int run(std::vector<std::string> arguments) {
        auto specs = worker_specs(config_, chosen_.errors);
        if (auto const why = guards_.start(guard_list_); !why.empty()) chosen_.errors.push_back(why);
        if (!chosen_.errors.empty()) return static_cast<int>(exit_status::usage);
        auto const started = std::chrono::steady_clock::now();
        phase_ = run_phase::testing;
        owner_ = ::getpid();
        at_process_end<&distributed_run::process_ends>();
        watching_.begin(config_, options_, specs.size());
        accounted_.assign(tests_.cases.size(), false);
        if (!tests_.order.empty()) {
            try {
                run_in_workers(std::move(arguments), std::move(specs));
            } catch (std::exception const& e) {
                pool_.reset();
                add_fault({fault_kind::incomplete, "controller", one_line(e.what())});
                keep_what_came();
            }
            account_for_the_rest();
        }
        stop_guards();
        session_.set_duration(seconds_since(started));
        phase_ = run_phase::reporting;
        int const status = finish();
        phase_ = run_phase::idle;
        return status;
    }

private:
    using controller = dist::basic_controller<dist::any_scheduler>;
    distributed_run() = default;

    void run_in_workers(std::vector<std::string> arguments, std::vector<dist::worker_spec> specs) {
        specs_ = std::move(specs);
        is_each_ = config_.dist == "each";
        std::string const run = config_.run.empty() ? random_run_id() : config_.run;
        controller_.emplace(std::move(tests_.planned), tests_.order, rules_of(config_, specs_, tests_.hash, run),
                            scheduler());
        dist::pool_handlers handlers;
        handlers.on_frame = [this](dist::worker_number w, dist::frame const& f) { heard(w, f); };
        handlers.on_death = [this](dist::worker_number w, dist::worker_death d) { died(w, std::move(d)); };
        handlers.on_overdue = [this](dist::worker_number w) { happened(dist::test_overdue{w}); };
        handlers.on_stop = [this](std::string const& by, unsigned times) { happened(dist::stop_asked{by, times}); };
        handlers.on_tick = [this] { watching_.tick(); };
        pool_.emplace(pool_options_of(config_, specs_.size(), run, std::move(arguments)), std::move(handlers));
        act(controller_->begin());
        if (!controller_->done()) pool_->run();
        pool_.reset();
    }
    dist::any_scheduler scheduler() const {
        if (!config_.dist && options_.scheduler) return options_.scheduler(config_);
        return *dist::scheduler_named(config_.dist.value_or("load"));
    }
    static void process_ends() {
        auto& self = instance();
        if (self.phase_ == run_phase::idle || ::getpid() != self.owner_) return;
        std::fputs(self.phase_ == run_phase::reporting ? ended_by_a_sink : ended_inside_the_run, stderr);
        (void)self.guards_.stop([](std::size_t) { return std::string(); });  // nothing of ours stays behind
        end_as_incomplete();
    }

    void stop_guards() {
        auto faults = guards_.stop([this](std::size_t number) { return tests_.id_of(number); });
        for (fault& f : faults) add_fault(std::move(f));
    }

    /// The controller could not go on. What the tests that were running have recorded stays.
    void keep_what_came() {
        for (auto& [w, now] : flights_) {
            if (!now.running || accounted_[now.test]) continue;
            test_id const& id = tests_.cases[now.test]->id;
            dist::notice::test_ended n{.worker = dist::worker_name(w),
                                       .test = id,
                                       .attempt = chosen_.journal.next_attempt(config_, id),
                                       .outcome = test_outcome::crashed,
                                       .results = now.results,
                                       .detail = "the controller could not go on while it was running",
                                       .number = now.test};
            closing_ = std::move(now);
            note(n);
        }
    }
    /// What no rule provides for, such as a system that has no room for another process: nothing of the run is lost but
    /// what did not run.
    void account_for_the_rest() {
        std::size_t missing = 0;
        for (dist::test_number const t : tests_.order) {
            if (accounted_[t]) continue;
            suite_case const& c = *tests_.cases[t];
            session_.absorb(c.id, c.marks, {}, facts_of(c, test_outcome::not_run));
            ++missing;
        }
        if (missing > 0) {
            session_.add_fault({fault_kind::incomplete, "not run", std::to_string(missing) + " tests did not run"});
        }
    }

    // ---- what comes from the workers

    void happened(dist::event e) { act(controller_->on(std::move(e))); }

    /// Gives what is wrong with a frame, or nothing.
    template <class Message, class Then>
    static std::string read(dist::frame const& f, Then then) {
        Message m;
        auto wrong = dist::read_frame(f, m);
        if (wrong.empty()) then(m);
        return wrong;
    }
    void heard(dist::worker_number w, dist::frame const& f) {
        std::string wrong;
        switch (f.kind) {
        case dist::frame_kind::hello:
            wrong = read<dist::hello_message>(f, [&](auto& m) {
                watching_.tell_once(m.remarks);
                (void)pool_->take_output(w);  // what a process prints before its first test is none's
                happened(dist::worker_ready{w, std::move(m.list_hash), m.tests, m.pid});
            });
            break;
        case dist::frame_kind::ids:
            wrong = read<dist::ids_message>(f, [&](auto& m) { happened(dist::tests_listed{w, std::move(m.ids)}); });
            break;
        case dist::frame_kind::start:
            wrong = read<dist::start_message>(f, [&](auto const& m) { happened(dist::test_started{w, m.test}); });
            break;
        case dist::frame_kind::result:
            wrong = take_result(w, f);
            break;
        case dist::frame_kind::end:
            wrong = take_end(w, f);
            break;
        case dist::frame_kind::bye:
            wrong = read<dist::bye_message>(f, [&](auto& m) {
                for (fault& each : m.faults) add_fault(std::move(each));
                watching_.tell_once(m.remarks);
                outputs_[dist::worker_name(w)] = std::move(m.output);
                happened(dist::worker_finished{w});
            });
            break;
        case dist::frame_kind::list:
        case dist::frame_kind::run:
        case dist::frame_kind::finish:
            wrong = "a frame that only the controller sends";
            break;
        }
        if (!wrong.empty()) pool_->reject(w, "sent what makes no sense: " + wrong);
    }

    std::string take_result(dist::worker_number w, dist::frame const& f) {
        flight& now = flights_[w];
        if (!now.running) return "a result while no test is running";
        std::size_t const before = now.shard.records.size();
        auto wrong = now.take_result(f, controller_->books().test(now.test).id, config_.limits);
        for (std::size_t i = before; i < now.shard.records.size(); ++i) {
            auto& r = now.shard.records[i];
            if (is_each_) r.worker = dist::worker_name(w);
            chosen_.journal.keep(r);
            watching_.tell_of(dist::worker_name(w), r);
        }
        return wrong;
    }
    std::string take_end(dist::worker_number w, dist::frame const& f) {
        dist::end_message m;
        auto wrong = dist::read_frame(f, m);
        if (!wrong.empty()) return wrong;
        flight& now = flights_[w];
        if (!now.running || m.test != now.test) return "the end of a test that is not running";
        now.take_end(m, controller_->books().test(m.test).id, dist::worker_name(w));
        close(w);
        pool_->deadline(w, std::nullopt);
        happened(dist::test_finished{w, m.test, m.outcome, m.seconds, m.results, pool_->take_output(w),
                                     std::move(m.detail)});
        return {};
    }
    void died(dist::worker_number w, dist::worker_death death) {
        bool const running = flights_[w].running;
        close(w);
        happened(dist::worker_lost{w, std::move(death), running ? seconds_since(closing_.sent) : 0.0,
                                   running ? closing_.results : 0});
        flights_.erase(w);
    }
    /// Nothing more comes of the test that the worker had.
    void close(dist::worker_number w) { closing_ = std::exchange(flights_[w], {}); }

    // ---- what the controller says

    void act(dist::answer const& what) {
        // A worker need not wait until everything has been told. But what ended has to be in the journal before the
        // next test begins: if this process is killed, what runs again is what was running.
        bool const told_first = chosen_.journal.is_open();
        if (told_first) note_all(what);
        for (dist::command const& c : what.commands) {
            std::visit([this](auto const& each) { obey(each); }, c);
        }
        if (!told_first) note_all(what);
        if (controller_->done()) pool_->stop_loop();
    }
    void note_all(dist::answer const& what) {
        for (dist::any_notice const& n : what.notices) {
            std::visit([this](auto const& each) { note(each); }, n);
        }
    }
    void obey(dist::start_worker const& c) {
        auto spec = specs_[c.slot];
        auto wrong = ask_configure_worker(spec, options_, dist::worker_name(c.worker), c.slot);
        if (wrong) add_fault(std::move(*wrong));
        pool_->start(c.worker, spec, c.after_seconds);
    }
    void obey(dist::list_tests const& c) {
        pool_->send(c.worker, {dist::frame_kind::list, {}});
        pool_->deadline(c.worker, answer_limit);
    }
    void obey(dist::finish_worker const& c) {
        pool_->send(c.worker, {dist::frame_kind::finish, {}});
        pool_->deadline(c.worker, answer_limit);
    }
    void obey(dist::end_worker const& c) { pool_->end(c.worker, c.at_once); }
    void obey(dist::run_test const& c) {
        flights_[c.worker] = {.test = c.test, .sent = std::chrono::steady_clock::now(), .running = true};
        pool_->send(c.worker, dist::to_frame(dist::run_message{c.test, c.attempt}));
        pool_->deadline(c.worker, config_.timeout);
    }

    template <class Notice>
    void note(Notice const& n) {
        watching_.tell(n);
    }
    void note(dist::notice::test_started const& n) {
        chosen_.journal.start(n.test);
        watching_.tell(n);
    }
    void note(dist::notice::worker_ended const& n) {
        auto told = n;
        if (auto const found = outputs_.find(n.worker); found != outputs_.end()) told.output = std::move(found->second);
        watching_.tell(told);
    }
    void note(dist::notice::fault_left const& n) {
        add_fault(n.what);
        watching_.tell(n);
    }
    void note(dist::notice::test_ended const& n) {
        accounted_[n.number] = true;
        suite_case const& c = *tests_.cases[n.number];
        test_entry entry{.test = n.test,
                         .attempt = n.attempt,
                         .worker = is_each_ ? n.worker : std::string(),
                         .results = n.results,
                         .facts = facts_of(c, n.outcome, n.seconds, n.detail)};
        if (n.outcome == test_outcome::crashed || n.outcome == test_outcome::timeout) {
            auto const breaches = guards_.of_lost_test(case_name(n.worker, n.number, n.attempt));
            if (!breaches.empty()) entry.facts.detail += "; " + breaches;
        }
        basic_shard<suite_result> shard;
        if (!n.worker.empty() && closing_.test == n.number) {
            entry.facts.unused = std::move(closing_.unused);
            shard = std::exchange(closing_, {}).shard;
        }
        shard.tests.push_back(entry);
        session_.merge_worker_results(std::move(shard));
        // A test that never ran is not in the journal: a later run may take it up.
        if (n.outcome != test_outcome::not_run) chosen_.journal.end(session_, entry);
        note_missing_result(c, n.outcome, n.results);
        watching_.tell(n);
    }

    void add_fault(fault f) {
        session_.add_fault(std::move(f));
        chosen_.journal.note_faults(session_);
    }

    int finish() {
        auto& journal = chosen_.journal;
        journal.note_faults(session_);
        journal.take_failures(session_);
        name_shard(session_, config_);
        watching_.clear();
        controller_.reset();  // its books are as large as the report
        auto const report = report_of(session_, config_.payload_file || journal.is_open());
        auto const failures =
            emit_report(report, session_, config_, options_, summary_to_stdout_, watching_.failures());
        int status = exit_code(report, failures, options_.policy);
        if (ignores_failures_ && status == 1 && failures.empty()) status = 0;
        if (!journal.close(session_)) status = static_cast<int>(exit_status::incomplete);
        return watching_.end(session_.duration_seconds(), status);
    }

    run_config config_{};
    run_options options_{};
    suite_selection chosen_{};
    basic_session<suite_result> session_{};
    numbered_tests tests_{};
    std::vector<bool> accounted_{};  // by number
    std::vector<dist::worker_spec> specs_{};
    std::optional<controller> controller_{};
    guard_list guard_list_{};
    guards_for_workers guards_{};
    std::optional<dist::worker_pool> pool_{};
    std::map<dist::worker_number, flight> flights_{};
    flight closing_{};
    std::map<std::string, metadata> outputs_{};  // of workers that have said goodbye
    run_watching watching_{};
    ::pid_t owner_ = 0;
    run_phase phase_ = run_phase::idle;
    bool is_each_ = false;
    bool found_ = false;
    bool ignores_failures_ = false;
    bool summary_to_stdout_ = true;
};

}  // namespace rampart::inline v1::detail

#endif
