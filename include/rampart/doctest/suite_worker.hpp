#ifndef RAMPART_DOCTEST_SUITE_WORKER_HPP
#define RAMPART_DOCTEST_SUITE_WORKER_HPP

#include "rampart/base/text.hpp"
#include "rampart/collect/worker.hpp"
#include "rampart/dist/messages.hpp"
#include "rampart/dist/worker.hpp"
#include "rampart/dist/worker_link.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/finish.hpp"
#include "rampart/doctest/guards.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/registry.hpp"
#include "rampart/doctest/running.hpp"
#include "rampart/doctest/selection.hpp"
#include "rampart/doctest/silent_listener.hpp"
#include "rampart/doctest/standard_streams.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/transport/envelope.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace rampart::inline v1::detail {

/// The tests of this process for a controller that says which to run: each is one run of doctest's with nothing but
/// that test in its registry. A process has one, because doctest calls test bodies through plain functions.
class suite_worker {
public:
    static suite_worker& instance() {
        static suite_worker worker;
        return worker;
    }

    /// The whole life of a worker's process. Gives the status to end with.
    int serve(int argc, char const* const* argv, run_config config, run_options options,
              std::unique_ptr<dist::worker_link> link) {
        config_ = std::move(config);
        options_ = std::move(options);
        link_ = std::move(link);
        // What is in a buffer is lost when a test crashes.
        std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
        streams_.emplace();
        context_.emplace(argc, argv);
        context_->addFilter("reporters", worker_console_name);
        context_->run();  // finds the tests and runs none
        if (!chosen_.errors.empty()) {
            for (std::string const& error : chosen_.errors) std::cerr << "rampart: " << error << '\n';
            return static_cast<int>(exit_status::usage);
        }
        if (!found_) return static_cast<int>(exit_status::usage);  // --help and the like are no worker's
        auto guards = suite_guard_list(chosen_.cases, chosen_.errors);
        std::string const why = guards_.start(std::move(guards), config_.strict_guards, worker_id(), true);
        if (!why.empty()) {
            std::cerr << "rampart: " << why << '\n';
            return static_cast<int>(exit_status::usage);
        }
        collection_.emplace();
        collection_->on_record([](void* self, auto const& r) { static_cast<suite_worker*>(self)->recorded(r); }, this);
        if (!set_up()) return 1;

        auto const send = [this](dist::frame const& f) {
            if (!link_->send(f)) sent_ = false;
        };
        dist::worker work(*this, send);
        work.greet();
        while (sent_) {
            auto const f = link_->receive();
            if (!f) return 1;  // the controller is gone
            if (work.take(*f)) continue;
            if (work.why().empty()) return sent_ ? 0 : 1;
            std::cerr << "rampart: " << work.why() << '\n';
            return 1;
        }
        std::cerr << "rampart: nothing can be written to the control channel any more; a test that closes descriptors "
                     "must leave those that are not its own\n";
        return 1;
    }

    // ---- what `dist::worker` asks for

    dist::hello_message hello() {
        return {.list_hash = list_hash_,
                .tests = static_cast<std::uint32_t>(by_number_.size()),
                .pid = ::getpid(),
                .remarks = guards_.take_remarks()};
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> all;
        for (suite_case const* c : by_number_) all.push_back(c->id.str());
        return all;
    }
    template <class Started>
    dist::end_message run(dist::run_message const& which, Started started) {
        dist::end_message end{.test = which.test, .outcome = test_outcome::not_run};
        if (which.test >= by_number_.size()) return end;
        running_ = by_number_[which.test];
        attempt_ = which.attempt;
        results_ = 0;
        outcome_ = test_outcome::not_run;
        collection_->begin_test(running_->id);
        guards_.begin(*running_, which.test, attempt_);
        found_by_guards_ = {};
        started();
        parked_.show(which.test, [this] { context_->run(); });
        // A child that the test forked has come back out of its body: it is not the worker.
        if (!link_->is_mine()) ::_exit(0);
        streams_->open_again();
        collection_->end_test();
        auto const* const c = std::exchange(running_, nullptr);
        note_missing_result(*c, outcome_, results_);
        std::cout.flush();
        std::fflush(nullptr);
        end.outcome = outcome_;
        end.seconds = seconds_;
        end.results = results_;
        end.detail = found_by_guards_.words;
        // A group's threshold must not hide it.
        if (!end.detail.empty() && c->kind == case_kind::clone) faults_.push_back(guard_fault(c->id.str(), end.detail));
        end.unused = std::move(found_by_guards_.unused);
        end.faults = take_faults();
        return end;
    }
    dist::bye_message finish() {
        if (options_.worker_teardown) {
            guarded("worker_teardown", [this] { options_.worker_teardown(about_); });
        }
        auto remarks = guards_.take_remarks();
        auto left = guards_.stop([this](std::size_t number) {
            return number < by_number_.size() ? by_number_[number]->id.str() : std::string();
        });
        for (fault& f : left) faults_.push_back(std::move(f));
        std::cout.flush();
        std::fflush(nullptr);
        return {.faults = take_faults(), .output = about_.output, .remarks = std::move(remarks)};
    }

    // ---- what doctest says

    /// A run of doctest's begins. The first one finds the tests.
    void prepare() {
        if (found_) return run_nothing(false);
        chosen_.collect(config_, options_);
        if (is_query()) return;
        run_nothing();
        std::vector<suite_case*> selected;
        for (suite_case& c : chosen_.cases.all()) {
            set_body(c.data, &suite_worker::run_current_body);
            if (c.kind != case_kind::verdict && passes_filters(*c.data)) by_number_.push_back(&c);
        }
        std::sort(by_number_.begin(), by_number_.end(),
                  [](suite_case const* a, suite_case const* b) { return a->id < b->id; });
        std::vector<doctest_case const*> numbered;
        for (suite_case const* c : by_number_) numbered.push_back(c->data);
        list_hash_ = list_hash(chosen_.cases.selected_ids());
        parked_.park(numbered);
        guards_.count_trials(chosen_.cases);
        found_ = true;
    }
    void end(doctest::CurrentTestCaseStats const& stats) {
        if (running_ == nullptr) return;
        outcome_ = outcome_of(*running_, stats);
        seconds_ = stats.seconds;
        found_by_guards_ = guards_.end(*running_, outcome_ == test_outcome::passed);
        if (found_by_guards_.words.empty()) return;
        fail_for_guards(*running_, found_by_guards_.words);
        outcome_ = test_outcome::failed;
    }

private:
    suite_worker() = default;

    static void run_current_body() {
        suite_worker& self = instance();
        // The controller sees how this process dies.
        take_out_signal_handlers();
        run_body(*self.running_, *self.collection_, self.options_.policy);
    }

    bool set_up() {
        about_ = {.worker = worker_id(), .count = worker_count(), .run = testrun_uid()};
        return !options_.worker_setup || guarded("worker_setup", [this] { options_.worker_setup(about_); });
    }
    template <class F>
    bool guarded(char const* what, F f) {
        try {
            f();
            return true;
        } catch (std::exception const& e) {
            complain(what, e.what());
        } catch (...) {
            complain(what, "something that is no std::exception");
        }
        return false;
    }
    void complain(std::string const& what, std::string_view thrown) {
        auto const words = what + " threw: " + one_line(thrown);
        std::cerr << "rampart: " << words << '\n';
        faults_.push_back({fault_kind::worker_died, "worker " + about_.worker, words});
    }

    /// A result goes to the controller at once: if the test crashes, it is there already.
    void recorded(suite_result const& r) {
        if (running_ == nullptr || !link_->is_mine()) return;
        std::uint32_t const index = results_++;
        try {
            std::string harm{std::string_view(result_traits<suite_result>::harm_category(r))};
            if (harm.empty()) harm = running_->marks.harm_category;
            basic_record<suite_result> const made{running_->id, running_->name,  index, attempt_,
                                                  {},           std::move(harm), r};
            dist::frame const f{dist::frame_kind::result,
                                serialize_envelope<suite_result>(made.test, {&made, 1}, faults_, config_.limits)};
            if (!link_->send(f)) sent_ = false;
        } catch (std::exception const& e) {
            faults_.push_back({fault_kind::bad_record, running_->id.str(),
                               "result " + std::to_string(index) + " could not be sent: " + one_line(e.what())});
        } catch (...) {
            faults_.push_back({fault_kind::bad_record, running_->id.str(),
                               "result " + std::to_string(index) +
                                   " could not be sent: something was thrown that is no std::exception"});
        }
    }

    std::vector<fault> take_faults() {
        auto faults = lost_results(*collection_);
        faults.insert(faults.begin(), faults_.begin(), faults_.end());
        for (fault& f : suite_guards::take_late()) faults.push_back(std::move(f));
        faults_.clear();
        return faults;
    }

    run_config config_{};
    run_options options_{};
    std::unique_ptr<dist::worker_link> link_{};
    std::optional<standard_streams> streams_{};
    std::optional<doctest::Context> context_{};
    suite_selection chosen_{};
    std::string list_hash_{};
    std::vector<suite_case*> by_number_{};
    parked_cases parked_{};
    std::optional<suite_collection> collection_{};
    suite_guards guards_{};
    suite_guards::findings found_by_guards_{};  // in the running test
    worker_context about_{};
    std::vector<fault> faults_{};
    bool found_ = false;
    std::atomic<bool> sent_{true};

    suite_case* running_ = nullptr;
    std::uint32_t attempt_ = 1;
    std::uint32_t results_ = 0;
    test_outcome outcome_ = test_outcome::unknown;
    double seconds_ = 0.0;
};

/// Hands doctest's callbacks to the worker. doctest makes a new one for each of its runs.
struct worker_listener final : silent_listener {
    explicit worker_listener(doctest::ContextOptions const&) { suite_worker::instance().prepare(); }
    void test_case_end(doctest::CurrentTestCaseStats const& stats) override { suite_worker::instance().end(stats); }
};

}  // namespace rampart::inline v1::detail

#endif
