#ifndef RAMPART_DIST_LEDGER_HPP
#define RAMPART_DIST_LEDGER_HPP

#include "rampart/dist/events.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// \file
/// The books of a distributed run: which tests there are, how far each is, which workers live and what each of them
/// has in hand. The controller writes them, a scheduler reads them.

namespace rampart::inline v1::dist {

/// How far a test is.
enum class test_state : unsigned char {
    left_out,  ///< in the list, but not of this run: another shard's, filtered out, or known from before
    waiting,
    sent,     ///< a worker has been told to run it
    started,  ///< the worker has said that it began
    ended,    ///< accounted for: by itself, by its worker's death, or as not run
};

/// Where one test stands. With a scheduler that runs everything in every slot there is one for each test and slot.
struct test_account {
    test_state state = test_state::left_out;       ///< how far it is
    test_outcome outcome = test_outcome::unknown;  ///< once it has ended
    std::uint8_t returned = 0;                     ///< how often a worker died that had it and had not begun
    std::uint32_t attempt = 1;                     ///< the running one, or the next
    std::uint32_t retries = 0;                     ///< how many of its attempts came because one broke off
};

/// What a worker is doing.
enum class worker_state : unsigned char {
    starting,   ///< told to start, not heard of yet
    listing,    ///< its tests are others than ours, and it has been asked for them
    idle,       ///< has nothing to do
    busy,       ///< has a test in flight
    finishing,  ///< told to finish, or on its way by itself: it is given nothing any more
    ending,     ///< it is being ended by force
    gone,
};
inline constexpr std::size_t worker_states = 7;  ///< how many there are

/// Where one worker stands.
struct worker_account {
    std::size_t slot = 0;  ///< which of the run's worker specs it is of
    worker_state state = worker_state::starting;  ///< what it is doing
    std::optional<test_number> test{};  ///< the one in flight
};

/// The books. The functions above the line read them, those below it are the controller's.
class ledger {
public:
    /// `tests`: all that every process of the run knows, by number. `order`: the numbers of those that are to be run,
    /// the first to be handed out first. `slots`: how many workers there are to be at one time. `each_slot`: every slot
    /// is to run every test. An order that names a test twice, or one that is none, throws std::invalid_argument, and
    /// so does a run without slots.
    ledger(std::vector<planned_test> tests, std::vector<test_number> order, std::size_t slots, bool each_slot = false)
        : tests_(std::move(tests)), order_(std::move(order)), slots_(slots), copies_(each_slot ? slots : 1),
          each_slot_(each_slot) {
        if (slots == 0) throw std::invalid_argument("rampart: a distributed run needs at least one worker");
        accounts_.resize(tests_.size() * copies_);
        waiting_in_.assign(copies_, order_.size());
        waiting_ = order_.size() * copies_;
        for (test_number const t : order_) {
            if (t >= tests_.size() || account(t).state != test_state::left_out) {
                throw std::invalid_argument("rampart: the order of a distributed run names test " + std::to_string(t) +
                                            (t < tests_.size() ? " twice" : ", and there is none of that number"));
            }
            for (std::size_t copy = 0; copy < copies_; ++copy) {
                test_account& a = at(t, copy);
                a.state = test_state::waiting;
                a.attempt = tests_[t].attempt;
            }
        }
    }

    /// All tests, by number; also those that are not of this run.
    [[nodiscard]] std::vector<planned_test> const& tests() const noexcept { return tests_; }
    [[nodiscard]] planned_test const& test(test_number t) const noexcept { return tests_[t]; }
    /// The tests of this run, in the order in which they were given.
    [[nodiscard]] std::vector<test_number> const& order() const noexcept { return order_; }
    /// How many workers there are to be at one time.
    [[nodiscard]] std::size_t slots() const noexcept { return slots_; }
    /// Whether every slot runs every test, so that each test has an account in each slot.
    [[nodiscard]] bool each_slot() const noexcept { return each_slot_; }

    /// Where a test stands; in this slot, if each slot has its own account.
    [[nodiscard]] test_account const& account(test_number t, std::size_t slot = 0) const noexcept {
        return accounts_[copy_of(slot) * tests_.size() + t];
    }
    [[nodiscard]] std::vector<worker_account> const& workers() const noexcept { return workers_; }
    [[nodiscard]] worker_account const& worker(worker_number w) const noexcept { return workers_[w]; }
    /// The worker's slot: which of the run's worker specs it is of.
    [[nodiscard]] std::size_t slot_of(worker_number w) const noexcept { return workers_[w].slot; }

    /// How many accounts there are to settle: tests, or tests times slots.
    [[nodiscard]] std::size_t accounts() const noexcept { return order_.size() * copies_; }
    /// How many accounts wait for a worker.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// What this slot may still be given.
    [[nodiscard]] std::size_t waiting_in(std::size_t slot) const noexcept { return waiting_in_[copy_of(slot)]; }
    /// How many accounts a worker has in hand.
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    /// How many accounts are settled.
    [[nodiscard]] std::size_t ended() const noexcept { return accounts() - waiting_ - in_flight_; }
    /// How many accounts are settled with this outcome.
    [[nodiscard]] std::size_t ended(test_outcome o) const noexcept { return ended_[static_cast<std::size_t>(o)]; }
    /// How many workers are in this state.
    [[nodiscard]] std::size_t workers_that_are(worker_state s) const noexcept {
        return workers_by_state_[static_cast<std::size_t>(s)];
    }
    /// Workers whose process is there, or is to be.
    [[nodiscard]] std::size_t workers_alive() const noexcept {
        return workers_.size() - workers_that_are(worker_state::gone);
    }

    // ---- the controller writes ------------------------------------------------------------------------------------

    /// Opens the account of a worker that is to be started, and numbers it.
    worker_number add_worker(std::size_t slot) {
        workers_.push_back({slot, worker_state::starting, std::nullopt});
        ++workers_by_state_[static_cast<std::size_t>(worker_state::starting)];
        return static_cast<worker_number>(workers_.size() - 1);
    }
    /// Puts a worker into another state.
    void become(worker_number w, worker_state s) noexcept {
        --workers_by_state_[static_cast<std::size_t>(workers_[w].state)];
        ++workers_by_state_[static_cast<std::size_t>(s)];
        workers_[w].state = s;
    }
    /// Whether the worker may be given this test.
    [[nodiscard]] bool can_send(worker_number w, test_number t) const noexcept {
        return t < tests_.size() && account(t, slot_of(w)).state == test_state::waiting;
    }
    /// Books that the worker is given the test; `can_send` has to hold.
    void send(worker_number w, test_number t) noexcept {
        at(t, copy_of(slot_of(w))).state = test_state::sent;
        leave_queue(slot_of(w));
        ++in_flight_;
        workers_[w].test = t;
        become(w, worker_state::busy);
    }
    /// The worker's test has begun.
    void start(worker_number w) noexcept { in_hand(w).state = test_state::started; }
    /// The worker's test has its last attempt behind it.
    void end(worker_number w, test_outcome o) noexcept {
        settle(in_hand(w), o);
        drop(w);
    }
    /// The worker's test waits again: because it had not begun, or for another attempt.
    void give_back(worker_number w, bool retry) noexcept {
        test_account& a = in_hand(w);
        a.state = test_state::waiting;
        if (retry) {
            ++a.attempt;
            ++a.retries;
            a.returned = 0;
        } else {
            ++a.returned;
        }
        ++waiting_in_[copy_of(slot_of(w))];
        ++waiting_;
        drop(w);
    }
    /// A waiting test will never run.
    void pass_over(test_number t, std::size_t slot) noexcept {
        settle(at(t, copy_of(slot)), test_outcome::not_run);
        leave_queue(slot);
    }

private:
    [[nodiscard]] std::size_t copy_of(std::size_t slot) const noexcept { return copies_ == 1 ? 0 : slot; }
    test_account& at(test_number t, std::size_t copy) noexcept { return accounts_[copy * tests_.size() + t]; }
    test_account& in_hand(worker_number w) noexcept { return at(*workers_[w].test, copy_of(slot_of(w))); }
    void drop(worker_number w) noexcept {
        workers_[w].test.reset();
        --in_flight_;
    }
    void leave_queue(std::size_t slot) noexcept {
        --waiting_in_[copy_of(slot)];
        --waiting_;
    }
    void settle(test_account& a, test_outcome o) noexcept {
        a.state = test_state::ended;
        a.outcome = o;
        ++ended_[static_cast<std::size_t>(o)];
    }

    std::vector<planned_test> tests_;
    std::vector<test_number> order_;
    std::size_t slots_;
    std::size_t copies_;  // accounts of each test
    bool each_slot_;
    std::vector<test_account> accounts_{};  // by slot, then by number
    std::vector<worker_account> workers_{};
    std::vector<std::size_t> waiting_in_{};
    std::size_t waiting_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t ended_[static_cast<std::size_t>(test_outcome::not_run) + 1] = {};
    std::size_t workers_by_state_[worker_states] = {};
};

}  // namespace rampart::inline v1::dist

#endif
