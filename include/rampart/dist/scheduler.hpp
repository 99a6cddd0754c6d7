#ifndef RAMPART_DIST_SCHEDULER_HPP
#define RAMPART_DIST_SCHEDULER_HPP

#include "rampart/dist/events.hpp"
#include "rampart/dist/ledger.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

/// \file
/// What decides which worker runs which test. A scheduler only chooses: the books, deaths, limits and the end of a run
/// are the controller's, which also checks every choice.

namespace rampart::inline v1::dist {

/// - `begin(books)`: once, before any worker is there. The tests, their order and the number of slots are known.
/// - `next(books, w)`: `w` has nothing to do; what is it to run now? None: nothing for it at the moment. It is asked
///   again after whatever happens next. A test that is not waiting must not be given; the run stops at one.
/// - `give_back(books, w, t)`: `t`, the last that `w` was given, is to be run again: it had not begun when `w` died, or
///   it gets another attempt (`books.account(t, slot).retries` is not 0).
/// - `lost(books, w)`: `w` is gone (after its `give_back`, if there is one); what was kept for it is free.
///
/// A scheduler with a member `each_slot()` that gives true is one that runs every test in every slot.
template <class S>
concept Scheduler = std::movable<S> && requires(S& s, ledger const& books, worker_number w, test_number t) {
    {s.begin(books)};
    { s.next(books, w) } -> std::same_as<std::optional<test_number>>;
    {s.give_back(books, w, t)};
    {s.lost(books, w)};
};

/// Whether this scheduler runs every test in every slot.
template <Scheduler S>
[[nodiscard]] bool runs_in_each_slot(S const& s) {
    if constexpr (requires {
                      { s.each_slot() } -> std::convertible_to<bool>;
                  }) {
        return s.each_slot();
    } else {
        return false;
    }
}

/// Any scheduler, chosen while the program runs.
class any_scheduler {
public:
    template <class S>
        requires(!std::same_as<std::remove_cvref_t<S>, any_scheduler> && Scheduler<std::remove_cvref_t<S>>)
    explicit any_scheduler(S&& s) : held_(std::make_unique<box<std::remove_cvref_t<S>>>(std::forward<S>(s))) {}

    void begin(ledger const& books) { held_->begin(books); }
    [[nodiscard]] std::optional<test_number> next(ledger const& books, worker_number w) {
        return held_->next(books, w);
    }
    void give_back(ledger const& books, worker_number w, test_number t) { held_->give_back(books, w, t); }
    void lost(ledger const& books, worker_number w) { held_->lost(books, w); }
    [[nodiscard]] bool each_slot() const { return held_->each_slot(); }

private:
    struct interface {
        interface() = default;
        interface(interface const&) = delete;
        interface& operator=(interface const&) = delete;
        virtual ~interface() = default;
        virtual void begin(ledger const& books) = 0;
        virtual std::optional<test_number> next(ledger const& books, worker_number w) = 0;
        virtual void give_back(ledger const& books, worker_number w, test_number t) = 0;
        virtual void lost(ledger const& books, worker_number w) = 0;
        virtual bool each_slot() const = 0;
    };
    template <Scheduler S>
    struct box final : interface {
        template <class T>
        explicit box(T&& s) : held(std::forward<T>(s)) {}
        void begin(ledger const& books) override { held.begin(books); }
        std::optional<test_number> next(ledger const& books, worker_number w) override { return held.next(books, w); }
        void give_back(ledger const& books, worker_number w, test_number t) override { held.give_back(books, w, t); }
        void lost(ledger const& books, worker_number w) override { held.lost(books, w); }
        bool each_slot() const override { return runs_in_each_slot(held); }
        S held;
    };

    std::unique_ptr<interface> held_;
};

static_assert(Scheduler<any_scheduler>);

}  // namespace rampart::inline v1::dist

#endif
