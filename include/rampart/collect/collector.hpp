#ifndef RAMPART_COLLECT_COLLECTOR_HPP
#define RAMPART_COLLECT_COLLECTOR_HPP

#include "rampart/base/mutex.hpp"
#include "rampart/base/source_site.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/test_id.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// Something that takes results while a test runs.
template <class C, class R>
concept Collector = Result<R> && requires(C& c, R r) {
    { c.record(std::move(r)) } -> std::same_as<void>;
};

/// Keeps results in the order of recording (B19). Any number of threads may record at once.
template <Result R>
class basic_result_collector {
public:
    basic_result_collector() = default;
    basic_result_collector(basic_result_collector const&) = delete;
    basic_result_collector& operator=(basic_result_collector const&) = delete;

    /// Adds a result; from any thread.
    void record(R r) {
        detail::lock_guard const hold(mutex_);
        results_.push_back(std::move(r));
    }
    /// A copy of what has been recorded so far.
    std::vector<R> results() const {
        detail::lock_guard const hold(mutex_);
        return results_;
    }

private:
    mutable detail::mutex mutex_{};
    std::vector<R> results_{};
};
/// Of rampart's own results.
using result_collector = basic_result_collector<result>;

/// A result that was recorded inside a run and that no collector took. The run turns each into a fault.
struct lost_result {
    test_id test{};       ///< the test it came too late for; empty when it belongs to none
    source_site site{};   ///< where it was recorded
    std::string brief{};  ///< `unsafe: forwarded the inbox`
};

namespace detail {

/// Whether this process is in a run, and what got lost in it, of any result type: a result type that the run does not
/// collect must not vanish either.
struct run_log {
    // Changed under the mutex, and looked at without it: a call of record_result where no run is on costs no more than
    // that look.
    static inline int runs = 0;
    // Set where a run is made, like `taker` below, and by that before a run is on.
    static inline void (*keep_lost)(test_id, source_site, std::string) = nullptr;
    detail::mutex mutex{};
    std::vector<lost_result> lost{};

    /// Whether any run is on. What a thread does after it has heard of a run's first test sees that run here.
    static bool is_on() noexcept { return __atomic_load_n(&runs, __ATOMIC_ACQUIRE) > 0; }

    // Never destroyed, here and below: a detached thread may still record while the process ends.
    static run_log& instance() {
        static run_log* const log = new run_log;
        return *log;
    }
    /// False, always: what `record_result` answers then.
    template <class R>
    static bool lose(test_id test, source_site site, R const& r) {
        // The user's result_traits are asked outside of the lock.
        if (is_on()) __atomic_load_n(&keep_lost, __ATOMIC_ACQUIRE)(std::move(test), site, brief(r));
        return false;
    }
};

/// What this process is running, seen by `record_result` in every thread. One for each result type.
template <Result R>
struct run_state {
    detail::mutex mutex{};
    bool running = false;
    // Of the latest test; handles remember it, so that a late result is told from the next test's.
    std::uint64_t ordinal = 0;
    bool in_test = false;
    test_id current{};
    std::vector<R> results{};
    void (*on_record)(void*, R const&) = nullptr;
    void* listener = nullptr;

    static run_state& instance() {
        static run_state* const state = new run_state;
        return *state;
    }
};

/// Where a thread's results go: a collector, or a test of the run by its ordinal.
template <Result R>
struct destination {
    void* object = nullptr;
    /// The last says whether the result is given up, and may be moved from.
    void (*record)(void*, R const&, bool) = nullptr;
    std::uint64_t ordinal = 0;
    test_id test{};
    destination* outer = nullptr;
};

template <Result R>
destination<R>*& active_destination() noexcept {
    static thread_local destination<R>* top = nullptr;
    return top;
}

/// What `record_result` calls for a result that no collector takes; null until this process makes a run. The run sets
/// it, and so only the file that makes runs compiles how results are copied, moved and kept: most of what recording
/// one cost every test file.
template <Result R>
inline bool (*taker)(destination<R> const* top, R const& r, bool given_up, source_site site) = nullptr;

}  // namespace detail

template <Result R>
class basic_collector_scope;
template <Result R>
class basic_collector_handle;
template <Result R = result>
basic_collector_handle<R> active_collector();

/// Names the collector that is active somewhere, to be handed to another thread or a coroutine:
///
///     auto const here = rampart::active_collector();
///     std::thread([here] { rampart::collector_scope const scope{here}; ... rampart::record_result(r); });
///
/// A handle of a test stays valid after the test; what is recorded through it then is late, and becomes a fault. A
/// handle of a collector of your own is valid as long as that collector.
template <Result R>
class basic_collector_handle {
public:
    basic_collector_handle() = default;
    /// False where no collector was active.
    explicit operator bool() const noexcept { return to_.object != nullptr || to_.ordinal != 0; }
    /// Whether results go to this very object (B23).
    template <Collector<R> C>
    bool refers_to(C const& c) const noexcept {
        return to_.object == static_cast<void const*>(&c);
    }

private:
    friend class basic_collector_scope<R>;
    friend basic_collector_handle active_collector<R>();
    detail::destination<R> to_{};
};

/// While it lives, this thread's results go to the given collector. Scopes nest (B22) and belong to the thread that
/// made them; end them there, in reverse order.
template <Result R>
class basic_collector_scope {
public:
    template <Collector<R> C>
    explicit basic_collector_scope(C& collector) {
        to_.object = &collector;
        to_.record = [](void* object, R const& r, bool given_up) {
            if (given_up) return static_cast<C*>(object)->record(std::move(const_cast<R&>(r)));
            static_cast<C*>(object)->record(R(r));
        };
        push();
    }
    explicit basic_collector_scope(basic_collector_handle<R> const& handle) : to_(handle.to_) { push(); }
    basic_collector_scope(basic_collector_scope const&) = delete;
    basic_collector_scope& operator=(basic_collector_scope const&) = delete;
    ~basic_collector_scope() { detail::active_destination<R>() = to_.outer; }

private:
    void push() noexcept {
        to_.outer = detail::active_destination<R>();
        detail::active_destination<R>() = &to_;
    }
    detail::destination<R> to_{};
};
/// Of rampart's own results.
using collector_scope = basic_collector_scope<result>;
/// Of rampart's own results.
using collector_handle = basic_collector_handle<result>;

/// The collector that `record_result` would use here and now (B23).
template <Result R>
basic_collector_handle<R> active_collector() {
    basic_collector_handle<R> handle;
    if (auto const* top = detail::active_destination<R>()) {
        handle.to_ = *top;
        handle.to_.outer = nullptr;
        return handle;
    }
    auto& state = detail::run_state<R>::instance();
    detail::lock_guard const hold(state.mutex);
    if (state.in_test) {
        handle.to_.ordinal = state.ordinal;
        handle.to_.test = state.current;
    }
    return handle;
}

namespace detail {

/// Whether a result that is recorded here and now can be taken, or can get lost.
template <Result R>
bool somebody_collects() noexcept {
    return active_destination<R>() != nullptr || run_log::is_on();
}

/// `given_up`: the result is not const, and may be moved from when it is taken.
template <Result R>
bool hand_over(R const& r, bool given_up, source_site site) {
    auto const* const top = active_destination<R>();
    if (top != nullptr && top->record != nullptr) {
        top->record(top->object, r, given_up);
        return true;
    }
    auto const take = __atomic_load_n(&taker<R>, __ATOMIC_ACQUIRE);
    // Without one a run of other results is on, and none that a handle of this thread's could name.
    return take != nullptr ? take(top, r, given_up, site) : run_log::lose(test_id{}, site, r);
}

// What a run puts into `taker` and `run_log::keep_lost`.

template <Result R>
bool take_for_run(destination<R> const* top, R&& r, source_site site) {
    bool const for_a_test = top != nullptr && top->ordinal != 0;
    auto& state = run_state<R>::instance();
    {
        lock_guard const hold(state.mutex);
        if (state.in_test && (!for_a_test || top->ordinal == state.ordinal)) {
            state.results.push_back(std::move(r));
            if (state.on_record != nullptr) state.on_record(state.listener, state.results.back());
            return true;
        }
    }
    return run_log::lose(for_a_test ? top->test : test_id{}, site, r);
}
template <Result R>
bool take_or_copy_for_run(destination<R> const* top, R const& r, bool given_up, source_site site) {
    if (given_up) return take_for_run(top, std::move(const_cast<R&>(r)), site);
    // The copy is made before any lock is taken: others record meanwhile.
    return take_for_run(top, R(r), site);
}
template <class = void>
void keep_lost_result(test_id test, source_site site, std::string text) {
    run_log& log = run_log::instance();
    lock_guard const hold(log.mutex);
    if (run_log::runs > 0) log.lost.push_back({std::move(test), site, std::move(text)});
}

}  // namespace detail

/// Hands a result to the active collector: the innermost `collector_scope` of this thread, else the test that this
/// process is running, whichever thread asks (B21, B24, B25).
///
/// True when it was taken. False, and nothing kept, when no test runs; then a call costs a few nanoseconds and copies
/// nothing, so that code may record wherever it runs. Inside a run a result that nobody takes leaves a fault: it came
/// after its test had ended, or between two tests.
template <Result R>
bool record_result(R const& r, source_site site = source_site::current()) {
    return detail::somebody_collects<R>() && detail::hand_over(r, false, site);
}
/// The same for a result that is given up, or written down in place: `record_result({.summary = "..."})`.
template <Result R = result>
bool record_result(R&& r, source_site site = source_site::current()) {
    // An lvalue's R would be a reference, which is no Result: it goes to the function above.
    return detail::somebody_collects<R>() && detail::hand_over(r, true, site);
}

/// While it lives, this process is in a run: a test runner makes one, and says when a test begins and ends. One at a
/// time.
///
///     rampart::collection_run run;
///     run.begin_test(id);  body();  session.absorb(id, marks, run.end_test());
template <Result R>
class basic_collection_run {
public:
    /// Throws `std::logic_error` when a run is on already.
    basic_collection_run() {
        auto& state = detail::run_state<R>::instance();
        detail::lock_guard const hold(state.mutex);
        if (state.running) throw std::logic_error("rampart::collection_run: this process is in a run already");
        state.running = true;
        __atomic_store_n(&detail::taker<R>, &detail::take_or_copy_for_run<R>, __ATOMIC_RELEASE);
        __atomic_store_n(&detail::run_log::keep_lost, &detail::keep_lost_result<>, __ATOMIC_RELEASE);
        auto& log = detail::run_log::instance();
        detail::lock_guard const hold_log(log.mutex);
        __atomic_add_fetch(&log.runs, 1, __ATOMIC_RELEASE);
    }
    basic_collection_run(basic_collection_run const&) = delete;
    basic_collection_run& operator=(basic_collection_run const&) = delete;
    ~basic_collection_run() {
        auto& state = detail::run_state<R>::instance();
        detail::lock_guard const hold(state.mutex);
        state.running = false;
        state.in_test = false;
        state.results.clear();
        state.on_record = nullptr;
        auto& log = detail::run_log::instance();
        detail::lock_guard const hold_log(log.mutex);
        if (__atomic_sub_fetch(&log.runs, 1, __ATOMIC_RELEASE) == 0) log.lost.clear();
    }

    /// What an earlier test recorded is lost, as if it were late, when `end_test` was not called for it.
    void begin_test(test_id const& id) {
        auto& state = detail::run_state<R>::instance();
        test_id left{};
        std::vector<R> unclaimed;
        {
            detail::lock_guard const hold(state.mutex);
            ++state.ordinal;
            if (!state.results.empty()) {
                left = state.current;
                unclaimed = std::exchange(state.results, {});
            }
            state.current = id;
            state.in_test = true;
        }
        for (R const& r : unclaimed) detail::run_log::lose(left, source_site{}, r);
    }
    /// What the test recorded. Results that still come for it are late from here on.
    std::vector<R> end_test() {
        auto& state = detail::run_state<R>::instance();
        detail::lock_guard const hold(state.mutex);
        state.in_test = false;
        return std::exchange(state.results, {});
    }
    /// Calls `look(std::vector<R> const&)` with the results so far of the test that is running. It must not record.
    template <class F>
    void inspect(F look) const {
        auto& state = detail::run_state<R>::instance();
        detail::lock_guard const hold(state.mutex);
        look(std::as_const(state.results));
    }
    /// From now on `heard(listener, r)` is called for each result as it is recorded, by the thread that records it and
    /// one at a time. It must neither record nor throw.
    void on_record(void (*heard)(void*, R const&), void* listener) {
        auto& state = detail::run_state<R>::instance();
        detail::lock_guard const hold(state.mutex);
        state.on_record = heard;
        state.listener = listener;
    }
    /// Results, of any type, that nobody took since the last call.
    std::vector<lost_result> take_lost() {
        auto& log = detail::run_log::instance();
        detail::lock_guard const hold(log.mutex);
        return std::exchange(log.lost, {});
    }
};
/// Of rampart's own results.
using collection_run = basic_collection_run<result>;

}  // namespace rampart::inline v1

#endif
