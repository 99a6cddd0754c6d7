#ifndef RAMPART_DIST_RUN_STATE_HPP
#define RAMPART_DIST_RUN_STATE_HPP

#include "rampart/dist/events.hpp"
#include "rampart/dist/ledger.hpp"
#include "rampart/session/fault.hpp"

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// What a distributed run is to follow (`run_rules`), what follows from an event (`answer`), and what the controller
/// knows and does that has nothing to do with scheduling.

namespace rampart::inline v1::dist {

/// What the run is to follow.
struct run_rules {
    std::size_t workers = 1;                    ///< how many at one time: one for each slot
    std::optional<std::size_t> max_restarts{};  ///< replacements for dead workers in all; none given: 4 x workers
    unsigned retry_crashed = 0;                 ///< further attempts of a test that crashed or ran out of time
    std::size_t max_failures = 0;               ///< so many failed tests stop the run; 0: no number does
    std::optional<double> timeout{};            ///< the seconds that a test has, if a message should say them
    std::string list_hash{};                    ///< of the controller's own tests; every worker must have it
    std::string dist = "load";                  ///< the scheduler's name, for people
    std::string run{};                          ///< the run's id; may be empty
    std::vector<std::string> specs{};           ///< by slot, for people; may be shorter
};

/// What follows from an event. The commands are to be obeyed in their order, each once.
struct answer {
    std::vector<command> commands{};  ///< to be obeyed
    std::vector<any_notice> notices{};  ///< for the observers
};

namespace detail {

/// `0.31 s`
[[nodiscard]] inline std::string seconds_text(double seconds, char const* format = "%.2f s") {
    char text[400];  // the largest double has 309 digits
    std::snprintf(text, sizeof text, format, seconds);
    return text;
}

/// `; the end of its output: ...`, whole lines if it can be, at most about 600 bytes.
[[nodiscard]] inline std::string output_tail(std::string_view output) {
    constexpr std::size_t most = 600;
    while (!output.empty() && (output.back() == '\n' || output.back() == '\r')) output.remove_suffix(1);
    if (output.empty()) return {};
    bool const cut = output.size() > most;
    if (cut) {
        output.remove_prefix(output.size() - most);
        auto const line = output.find('\n');
        if (line != std::string_view::npos) output.remove_prefix(line + 1);
        while (!output.empty() && (static_cast<unsigned char>(output.front()) & 0xC0U) == 0x80) output.remove_prefix(1);
    }
    return "; the end of its output: " + std::string(cut ? "... " : "") + std::string(output);
}

/// The part of the controller that needs no scheduler.
class run_state {
protected:
    struct slot_facts {
        std::optional<worker_number> latest{};
        bool vacant = false;  // it had a worker, and that is gone
    };
    struct worker_facts {
        bool ready = false;
        bool overdue = false;  // with its test
        bool goodbye = false;
        std::string complaint{};  // why it is being ended, where that is its own fault
    };

    run_state(std::vector<planned_test> tests, std::vector<test_number> order, run_rules rules, bool each_slot)
        : rules_(std::move(rules)), books_(std::move(tests), std::move(order), rules_.workers, each_slot),
          max_restarts_(rules_.max_restarts.value_or(4 * rules_.workers)), slots_(rules_.workers) {}

    // ---- the run --------------------------------------------------------------------------------------------------

    /// The dead worker of this slot has no successor.
    void give_up(std::size_t s) {
        slots_[s].vacant = false;
        tell(notice::remark{worker_name(*slots_[s].latest) + " is not replaced: " + limit_words()});
        if (!books_.each_slot()) return;
        because(limit_words());
        pass_over_all(s);
    }

    void stop(std::string const& words) {
        if (std::exchange(stopping_, true)) return;
        because(words);
        std::size_t const left = books_.in_flight();
        tell(notice::remark{"the run stops: " + words +
                            (left == 0   ? ""
                             : left == 1 ? "; one test is still running"
                                         : "; " + std::to_string(left) + " tests are still running")});
        for (std::size_t s = 0; s < (books_.each_slot() ? books_.slots() : 1); ++s) pass_over_all(s);
    }

    void wind_down() {
        for (worker_number const w : std::exchange(idle_, {})) finish(w);
        if (books_.workers_that_are(worker_state::starting) == 0) return;
        for (worker_number w = 0; w < workers_.size(); ++w) {
            if (books_.worker(w).state == worker_state::starting) force(w, false);
        }
    }

    // ---- tests ----------------------------------------------------------------------------------------------------

    [[nodiscard]] test_account const& account_of(worker_number w) const noexcept {
        return books_.account(*books_.worker(w).test, books_.slot_of(w));
    }
    void has_begun(worker_number w) {
        books_.start(w);
        tell(notice::test_started{worker_name(w), books_.test(*books_.worker(w).test).id, account_of(w).attempt});
    }
    /// The test that `w` has in flight has ended, as `n` says. `again`: it waits for a further attempt.
    void account_for(worker_number w, notice::test_ended n, bool again = false) {
        test_number const t = *books_.worker(w).test;
        planned_test const& test = books_.test(t);
        n.worker = worker_name(w);
        n.test = test.id;
        n.attempt = account_of(w).attempt;
        n.is_trial = !test.base.empty();
        n.again = again;
        n.number = t;
        bool const failed = n.outcome == test_outcome::failed || n.outcome == test_outcome::crashed ||
                            n.outcome == test_outcome::timeout;
        bool const counts = failed && !again && !n.is_trial;
        again ? books_.give_back(w, true) : books_.end(w, n.outcome);
        tell(std::move(n));
        if (counts && ++failures_ == rules_.max_failures) {
            stop((failures_ == 1 ? "a test" : std::to_string(failures_) + " tests") +
                 " failed (--rampart-maxfail=" + std::to_string(failures_) + ")");
        }
    }
    void pass_over(test_number t, std::size_t slot) {
        books_.pass_over(t, slot);
        if (passed_over_++ == 0) first_passed_over_ = t;
        planned_test const& test = books_.test(t);
        tell(notice::test_ended{.worker = books_.each_slot() && slots_[slot].latest ? worker_name(*slots_[slot].latest)
                                                                                    : std::string(),
                                .test = test.id,
                                .attempt = books_.account(t, slot).attempt,
                                .outcome = test_outcome::not_run,
                                .detail = why_,
                                .is_trial = !test.base.empty(),
                                .number = t});
    }
    void pass_over_all(std::size_t slot) {
        for (test_number const t : books_.order()) {
            if (books_.account(t, slot).state == test_state::waiting) pass_over(t, slot);
        }
    }

    // ---- workers --------------------------------------------------------------------------------------------------

    void start(std::size_t s, double pause) {
        worker_number const w = books_.add_worker(s);
        workers_.emplace_back();
        if (slots_[s].latest) {
            tell(notice::remark{worker_name(w) + " takes the place of " + worker_name(*slots_[s].latest)});
        }
        slots_[s] = {w, false};
        tell(notice::worker_started{worker_name(w), s < rules_.specs.size() ? rules_.specs[s] : std::string()});
        ask(start_worker{w, s, pause});
    }
    void become_idle(worker_number w) {
        books_.become(w, worker_state::idle);
        idle_.push_back(w);
    }
    void finish(worker_number w) {
        books_.become(w, worker_state::finishing);
        ask(finish_worker{w});
    }
    void force(worker_number w, bool at_once) {
        std::erase(idle_, w);
        books_.become(w, worker_state::ending);
        ask(end_worker{w, at_once});
    }
    /// The worker does what no worker of ours does: something of it, or in it, is broken.
    void distrust(worker_number w, std::string words) {
        if (workers_[w].complaint.empty()) workers_[w].complaint = std::move(words);
        if (books_.worker(w).state != worker_state::ending) force(w, true);
    }
    [[nodiscard]] bool knows(worker_number w) {
        if (w < workers_.size() && books_.worker(w).state != worker_state::gone) return true;
        leave(fault_kind::incomplete, w, "was heard of while there was no such worker");
        return false;
    }
    [[nodiscard]] bool has_in_hand(worker_number w, test_number t) {
        if (!knows(w)) return false;
        if (books_.worker(w).test == t) return true;
        distrust(w, "told of test number " + std::to_string(t) + ", which it had not been given");
        return false;
    }

    // ---- words ----------------------------------------------------------------------------------------------------

    /// Follows the worker's name.
    [[nodiscard]] std::string how_it_ended(worker_number w, worker_death const& death) const {
        worker_facts const& facts = workers_[w];
        std::string const before = !facts.complaint.empty() ? facts.complaint + ", was ended"
                                   : facts.overdue          ? "was ended"
                                                            : forced_;
        return before.empty() ? death.words : before + " and " + death.words;
    }
    /// At what point of its life a worker without a test died.
    [[nodiscard]] std::string when(worker_number w, worker_death const& death) const {
        switch (books_.worker(w).state) {
        case worker_state::idle:
            return " while no test was running";
        case worker_state::starting:
            return death.how == worker_death::how_it_was::unstarted ? "" : " before it was ready";
        case worker_state::finishing:
            return workers_[w].goodbye ? " after it had said goodbye" : " before it had said goodbye";
        default:
            return "";
        }
    }
    [[nodiscard]] std::string its_time() const {
        return "its time" + (rules_.timeout ? " of " + seconds_text(*rules_.timeout, "%g s") : std::string());
    }
    [[nodiscard]] std::string limit_words() const {
        if (max_restarts_ == 0) return "dead workers are not replaced (--rampart-max-worker-restart=0)";
        std::string const limit = std::to_string(max_restarts_);
        return "the limit of " + limit + (max_restarts_ == 1 ? " replacement" : " replacements") +
               " for dead workers is used up (--rampart-max-worker-restart=" + limit + ")";
    }
    void because(std::string const& words) {
        if (why_.find(words) == std::string::npos) why_ += (why_.empty() ? "" : "; ") + words;
    }

    template <class Notice>
    void tell(Notice n) {
        answer_.notices.emplace_back(std::move(n));
    }
    template <class Command>
    void ask(Command c) {
        answer_.commands.emplace_back(c);
    }
    void leave(fault_kind kind, worker_number w, std::string what) {
        tell(notice::fault_left{{kind, place_in_worker(worker_name(w)), std::move(what)}});
    }

    run_rules rules_;
    ledger books_;
    std::size_t max_restarts_;
    std::vector<slot_facts> slots_;
    std::vector<worker_facts> workers_{};
    std::vector<worker_number> idle_{};  // in the order in which they became so
    answer answer_{};
    bool stopping_ = false;
    std::string why_{};     // tests do not run
    std::string forced_{};  // what is said of workers that a second signal ended
    std::size_t restarts_ = 0;
    std::size_t failures_ = 0;
    std::size_t passed_over_ = 0;
    test_number first_passed_over_ = 0;
};

}  // namespace detail

}  // namespace rampart::inline v1::dist

#endif
