#ifndef RAMPART_DIST_CONTROLLER_HPP
#define RAMPART_DIST_CONTROLLER_HPP

#include "rampart/dist/events.hpp"
#include "rampart/dist/ledger.hpp"
#include "rampart/dist/list_diff.hpp"
#include "rampart/dist/policies.hpp"
#include "rampart/dist/run_state.hpp"
#include "rampart/dist/scheduler.hpp"
#include "rampart/session/fault.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// The rules of a distributed run: events come in, commands and notices go out. No clock, no process, no I/O.

namespace rampart::inline v1::dist {

/// Runs every test of the order once (in each slot, if the scheduler is of that kind), whatever happens to the workers.
///
/// - A worker has at most one test in flight.
/// - A test whose worker dies has crashed, or has run out of time if that was why. It gets another attempt only if
///   `retry_crashed` allows one. A test that had not begun when its worker died is run by another; the third worker
///   that dies so is its crash.
/// - A dead worker is replaced while tests wait and `max_restarts` allows it. A death that no test is to blame for is a
///   fault, as nobody knows what it touched.
/// - Two workers in a row that die before they are ready stop the run; so do a worker that finds other tests, too many
///   failures, a request to stop, and a scheduler that is wrong. A run that stops hands out nothing more and lets the
///   tests in flight end; a second request to stop ends them too. What never ran is accounted for as not run.
///
/// The one who obeys the commands owes an event `worker_lost` for every `start_worker`, also if the start failed or was
/// called off by `end_worker`; and should send `test_overdue` to a worker that takes too long not only for a test, but
/// also to be ready, to list its tests (`list_tests`), or to end (`finish_worker`). Then every run comes to its end.
template <Scheduler S = load>
class basic_controller : detail::run_state {
public:
    /// `tests`: all that every process of the run knows, by number; `order`: those that are to be run, the first to be
    /// handed out first. Throws std::invalid_argument for an order that is none, or without workers.
    basic_controller(std::vector<planned_test> tests, std::vector<test_number> order, run_rules rules, S s = S())
        : run_state(std::move(tests), std::move(order), std::move(rules), runs_in_each_slot(s)),
          scheduler_(std::move(s)) {}

    /// To be called once, before anything happens.
    [[nodiscard]] answer begin() {
        if (std::exchange(begun_, true)) throw std::logic_error("rampart: a distributed run begins once");
        tell(notice::run_started{books_.accounts(), rules_.workers, rules_.dist, rules_.run});
        scheduler_.begin(books_);
        // Fewer tests than slots need fewer workers; the rest are opened only if these can do nothing.
        std::size_t const needed = std::min(books_.slots(), books_.accounts());
        for (std::size_t s = 0; s < needed; ++s) start(s, 0.0);
        go_on();
        return std::exchange(answer_, {});
    }

    /// Something has happened; what is to be done, and to be told?
    [[nodiscard]] answer on(event e) {
        std::visit([this](auto& what) { this->take(what); }, e);
        go_on();
        return std::exchange(answer_, {});
    }

    /// Every test is accounted for, and no worker is left.
    [[nodiscard]] bool done() const noexcept { return done_; }
    /// Nothing more is handed out.
    [[nodiscard]] bool stopping() const noexcept { return stopping_; }
    /// Which test is where.
    [[nodiscard]] ledger const& books() const noexcept { return books_; }

private:
    // ---- what happened --------------------------------------------------------------------------------------------

    void take(worker_ready const& e) {
        if (!knows(e.worker)) return;
        worker_state const state = books_.worker(e.worker).state;
        if (std::exchange(workers_[e.worker].ready, true)) {
            return distrust(e.worker, "said more than once that it was ready");
        }
        deaths_in_a_row_ = 0;
        tell(notice::worker_ready{worker_name(e.worker), e.pid});
        if (state != worker_state::starting) return;  // it is being ended
        if (e.list_hash == rules_.list_hash && e.tests == books_.tests().size()) {
            become_idle(e.worker);
        } else if (other_) {
            bool const same = e.list_hash == other_->list_hash && e.tests == other_->tests;
            leave(fault_kind::other_list, e.worker,
                  "found other tests than the controller" + std::string(same ? ", as " : ", and others than ") +
                      worker_name(other_->worker));
            finish(e.worker);
        } else {
            other_ = e;
            books_.become(e.worker, worker_state::listing);
            ask(list_tests{e.worker});
            stop(worker_name(e.worker) + " found other tests than the controller");
        }
    }

    void take(tests_listed const& e) {
        if (!knows(e.worker)) return;
        if (books_.worker(e.worker).state != worker_state::listing) {
            return distrust(e.worker, "listed its tests without having been asked to");
        }
        std::vector<std::string_view> ours;
        ours.reserve(books_.tests().size());
        for (planned_test const& t : books_.tests()) ours.push_back(t.id.str());
        auto const difference = compare_lists(std::move(ours), worker_name(e.worker), {e.ids.begin(), e.ids.end()});
        other_is_told_ = true;
        leave(fault_kind::other_list, e.worker, "found other tests than the controller: " + difference.brief);
        tell(notice::remark{worker_name(e.worker) + " found other tests than the controller:\n" + difference.lines});
        finish(e.worker);
    }

    void take(test_started const& e) {
        if (!has_in_hand(e.worker, e.test)) return;
        if (account_of(e.worker).state == test_state::started) return distrust(e.worker, "began one test twice");
        has_begun(e.worker);
    }

    void take(test_finished& e) {
        if (!has_in_hand(e.worker, e.test)) return;
        if (account_of(e.worker).state == test_state::sent) has_begun(e.worker);
        std::string detail = std::move(e.detail);
        if (workers_[e.worker].overdue) {
            detail = its_time() + " was over before it came to its end";
            e.outcome = test_outcome::timeout;
        } else if (e.outcome == test_outcome::unknown || e.outcome == test_outcome::not_run) {
            detail = worker_name(e.worker) + " ran it and told that it ended as " + std::string(to_string(e.outcome));
            e.outcome = test_outcome::failed;
        }
        account_for(e.worker, {.outcome = e.outcome,
                               .seconds = e.seconds,
                               .results = e.results,
                               .detail = std::move(detail),
                               .output = std::move(e.output)});
        if (books_.worker(e.worker).state == worker_state::busy) become_idle(e.worker);
    }

    void take(worker_finished const& e) {
        if (!knows(e.worker)) return;
        workers_[e.worker].goodbye = true;
        worker_state const state = books_.worker(e.worker).state;
        if (state == worker_state::finishing || state == worker_state::ending) return;
        distrust(e.worker, "said goodbye without having been told to");
    }

    void take(test_overdue const& e) {
        if (!knows(e.worker)) return;
        worker_facts& facts = workers_[e.worker];
        switch (books_.worker(e.worker).state) {
        case worker_state::busy:
            facts.overdue = true;
            break;
        case worker_state::starting:
            facts.complaint = "took too long to be ready";
            break;
        case worker_state::listing:
            facts.complaint = "took too long to list its tests";
            break;
        case worker_state::finishing:
            facts.complaint = "took too long to end when it had been told to";
            break;
        default:  // what was overdue has come in the meantime, or the worker is being ended already
            return;
        }
        force(e.worker, false);
    }

    void take(stop_asked const& e) {
        stop("the run was stopped by " + e.by);
        if (e.times < 2) return;
        tell(notice::remark{"a second signal to stop (" + e.by + "): all workers are ended"});
        forced_ = "was ended by the second signal to stop (" + e.by + ")";
        for (worker_number w = 0; w < workers_.size(); ++w) {
            if (books_.worker(w).state != worker_state::gone) force(w, true);
        }
    }

    void take(worker_lost& e) {
        if (!knows(e.worker)) return;
        worker_number const w = e.worker;
        worker_state const state = books_.worker(w).state;
        bool const called_off = state == worker_state::ending && workers_[w].complaint.empty();
        bool const as_told = state == worker_state::finishing && workers_[w].goodbye &&
                             e.death.how == worker_death::how_it_was::exited && e.death.number == 0;
        std::string const words = how_it_ended(w, e.death);
        if (books_.worker(w).test) {
            break_off(e, words);
        } else if (other_ && other_->worker == w && !std::exchange(other_is_told_, true)) {
            leave(fault_kind::other_list, w,
                  "found other tests than the controller, and " + words + " before it had listed them");
        } else if (!as_told && !called_off) {
            leave(fault_kind::worker_died, w, words + when(w, e.death) + detail::output_tail(e.death.output));
        }
        bool const too_early = !workers_[w].ready && !called_off;
        std::erase(idle_, w);
        books_.become(w, worker_state::gone);
        slots_[books_.slot_of(w)].vacant = true;
        vacant_ = true;
        scheduler_.lost(books_, w);
        tell(notice::worker_ended{worker_name(w), std::move(e.death.words), as_told});
        pause_ = too_early ? 0.5 : 0.0;
        if (too_early && ++deaths_in_a_row_ == 2) stop("two workers in a row died before they were ready");
    }

    /// The worker of a test in flight is gone.
    void break_off(worker_lost& e, std::string const& words) {
        worker_number const w = e.worker;
        test_account const& account = account_of(w);
        test_number const t = *books_.worker(w).test;
        bool const overdue = workers_[w].overdue;
        bool const begun = account.state == test_state::started || e.results != 0;
        if (!begun && !overdue && (stopping_ || account.returned < 2)) {
            if (forced_.empty()) {
                leave(fault_kind::worker_died, w,
                      words + " before test " + books_.test(t).id.str() + ", which it had been given, had begun" +
                          detail::output_tail(e.death.output));
            }
            books_.give_back(w, false);
            if (stopping_) return pass_over(t, books_.slot_of(w));
            return scheduler_.give_back(books_, w, t);
        }
        std::string detail =
            (overdue ? its_time() + " was over: " : std::string()) + worker_name(w) + " " + words +
            (begun ? " " + detail::seconds_text(e.seconds) + " into the test" : " before the test had begun");
        if (!begun && !overdue) detail += ", as two workers before it";
        detail += detail::output_tail(e.death.output);
        bool const again = !stopping_ && account.retries < rules_.retry_crashed;
        account_for(w,
                    {.outcome = overdue ? test_outcome::timeout : test_outcome::crashed,
                     .seconds = e.seconds,
                     .results = e.results,
                     .detail = std::move(detail),
                     .output = std::move(e.death.output)},
                    again);
        if (again) scheduler_.give_back(books_, w, t);
    }

    // ---- what follows ---------------------------------------------------------------------------------------------

    void go_on() {
        if (!stopping_) hand_out();
        if (!stopping_ && vacant_) replace();
        if (!stopping_ && books_.waiting() != 0 && books_.workers_alive() == idle_.size()) help_out();
        if (stopping_ || books_.waiting() + books_.in_flight() == 0) wind_down();
        if (done_ || books_.workers_alive() + books_.waiting() != 0) return;
        done_ = true;
        if (passed_over_ == 0) return;
        tell(notice::fault_left{
            {fault_kind::incomplete, "not run",
             "test " + books_.test(first_passed_over_).id.str() + " did not run: " + why_ +
                 (passed_over_ == 1 ? std::string() : " (and " + std::to_string(passed_over_ - 1) + " more)")}});
    }

    void hand_out() {
        for (std::size_t i = 0; i < idle_.size() && books_.waiting() != 0;) {
            worker_number const w = idle_[i];
            std::size_t const slot = books_.slot_of(w);
            auto const t = books_.waiting_in(slot) == 0 ? std::nullopt : scheduler_.next(books_, w);
            if (t && !books_.can_send(w, *t)) {
                return stop("the scheduler gave " + worker_name(w) + " test number " + std::to_string(*t) +
                            ", which is not waiting");
            }
            if (!t && books_.waiting_in(slot) != 0) {
                ++i;
                continue;
            }
            idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
            if (t) {
                books_.send(w, *t);
                ask(run_test{w, *t, account_of(w).attempt});
            } else {  // each slot runs everything, and this one has
                finish(w);
            }
        }
    }

    /// Starts workers where some have died and tests wait.
    void replace() {
        vacant_ = false;
        for (std::size_t s = 0; s < slots_.size(); ++s) {
            if (!slots_[s].vacant) continue;
            if (books_.each_slot() ? books_.waiting_in(s) == 0
                                   : books_.waiting() <= books_.workers_that_are(worker_state::starting)) {
                continue;
            }
            if (restarts_ < max_restarts_) {
                ++restarts_;
                start(s, pause_);
            } else {
                give_up(s);
            }
        }
    }

    /// Tests wait, and no worker that lives can do anything for them.
    void help_out() {
        for (std::size_t s = 0; s < slots_.size(); ++s) {
            bool const restart = slots_[s].latest.has_value();
            if (restart && (!slots_[s].vacant || restarts_ == max_restarts_)) continue;
            restarts_ += restart ? 1 : 0;
            return start(s, 0.0);
        }
        stop(idle_.empty() ? "no worker is left, and " + limit_words()
                           : "the scheduler has nothing for any worker, though tests wait");
    }

    S scheduler_;
    std::optional<worker_ready> other_{};  // the first worker that found other tests
    bool other_is_told_ = false;           // how they differ
    bool begun_ = false;
    bool done_ = false;
    bool vacant_ = false;              // a slot may need another worker
    double pause_ = 0.0;               // before it is started
    std::size_t deaths_in_a_row_ = 0;  // of workers before they were ready
};

/// Its scheduler is chosen by name.
using controller = basic_controller<any_scheduler>;

}  // namespace rampart::inline v1::dist

#endif
