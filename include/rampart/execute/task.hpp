#ifndef RAMPART_EXECUTE_TASK_HPP
#define RAMPART_EXECUTE_TASK_HPP

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// What waits: an adapter, a surface or a judge that talks to something slow may answer with a `task<T>` in place of a
/// `T`. There is one code for both, so both give the same results; neither needs a thread.

namespace rampart::inline v1 {

template <class T>
class task;

namespace detail {

class all_tasks;

/// Where the one who waits and the one who brings the answer meet; who comes second goes on. (Handing over from
/// coroutine to coroutine without it needs a tail call, which g++ only makes when it optimises: a loop of a hundred
/// thousand answers that are there at once would overflow the stack.)
class meeting {
public:
    /// True for the second of the two.
    bool arrive() noexcept { return __atomic_exchange_n(&met_, true, __ATOMIC_ACQ_REL); }
    /// Whether one of them has arrived.
    bool has_one() const noexcept { return __atomic_load_n(&met_, __ATOMIC_ACQUIRE); }

private:
    bool met_ = false;
};

/// What stands behind a task until somebody takes it.
template <class T>
struct task_promise_base {
    std::variant<std::monostate, T, std::exception_ptr> outcome{};

    template <class U>
        requires std::constructible_from<T, U>
    void return_value(U&& value) { outcome.template emplace<1>(std::forward<U>(value)); }
    T take() {
        if (outcome.index() == 2) std::rethrow_exception(std::get<2>(outcome));
        return std::move(std::get<1>(outcome));
    }
};
template <>
struct task_promise_base<void> {
    std::variant<std::monostate, std::monostate, std::exception_ptr> outcome{};

    void return_void() noexcept {}
    void take() const {
        if (outcome.index() == 2) std::rethrow_exception(std::get<2>(outcome));
    }
};

}  // namespace detail

/// A piece of work that may have to wait; it begins when it is awaited or given to `run`, and is done once. A task that
/// is thrown away takes what it holds with it, also in the middle.
///
///     rampart::task<rampart::response> send(rampart::request const& r) {
///         co_return parse(co_await connection.ask(r));
///     }
///
/// Resumed by whoever it waits for, in whatever thread; only one at a time.
template <class T = void>
class [[nodiscard]] task {
public:
    /// For the compiler, of coroutines.
    struct promise_type : detail::task_promise_base<T> {
        std::coroutine_handle<> next = std::noop_coroutine();  ///< who waits for the end
        detail::meeting end{};
        bool has_begun = false;  ///< whether it was ever resumed

        task get_return_object() noexcept { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct go_on {
                bool await_ready() noexcept { return false; }
                // Not inlined: its variables must not end up in the frame, which may be gone before it returns.
                [[gnu::noinline]] void await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
                    auto const waiting = ended.promise().next;
                    if (ended.promise().end.arrive()) waiting.resume();
                }
                void await_resume() noexcept {}
            };
            return go_on{};
        }
        void unhandled_exception() {
            auto error = std::current_exception();
            if (!error) throw;  // a foreign one, such as the end of a thread: it cannot be kept
            this->outcome.template emplace<2>(std::move(error));
        }
    };

    task(task&& other) noexcept : work_(std::exchange(other.work_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            drop();
            work_ = std::exchange(other.work_, nullptr);
        }
        return *this;
    }
    ~task() { drop(); }

    /// Whether it has ended, or holds nothing.
    [[nodiscard]] bool done() const noexcept { return work_ == nullptr || work_.done(); }

    /// For `co_await`, once. Throws `std::logic_error` when the task was moved from, or awaited or run before.
    bool await_ready() {
        begin();
        return false;
    }
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> waiting) {
        promise_type& promise = work_.promise();
        promise.next = waiting;
        work_.resume();
        return !promise.end.arrive();
    }
    T await_resume() { return work_.promise().take(); }

private:
    template <class U, class Pump>
    friend U run(task<U> work, Pump&& pump);
    friend class detail::all_tasks;

    explicit task(std::coroutine_handle<promise_type> work) noexcept : work_(work) {}
    void begin() {
        if (work_ == nullptr) throw std::logic_error("rampart::task: this task was moved from");
        if (std::exchange(work_.promise().has_begun, true)) {
            throw std::logic_error("rampart::task: this task was awaited or run before; a task is done once");
        }
    }
    void drop() noexcept {
        if (work_ != nullptr) std::exchange(work_, nullptr).destroy();
    }
    std::coroutine_handle<promise_type> work_;
};

/// Runs a task to its end. `pump()` is called while the task waits: it lets others go on, such as an event loop for one
/// step, and says whether anything happened. Gives what the task gives and throws what it throws;
/// `std::logic_error` when the task waits and nothing happens any more; the task is thrown away then.
///
///     rampart::run(attack.execute_async(agent), [&] { return io.run_one() != 0; });
template <class T, class Pump>
T run(task<T> work, Pump&& pump) {
    work.begin();
    work.work_.resume();
    while (!work.work_.promise().end.has_one()) {
        if (!pump())
            throw std::logic_error("rampart::run: the task waits, and there is nothing that it could wait for");
    }
    return work.work_.promise().take();
}

/// The same for a task that never has to wait.
template <class T>
T run(task<T> work) {
    return run(std::move(work), [] { return false; });
}

namespace detail {

template <class X>
struct settled {
    using type = X;
    static constexpr bool waits = false;
};
template <class T>
struct settled<task<T>> {
    using type = T;
    static constexpr bool waits = true;
};

/// `co_await ready(x)` for what a plain function gave.
template <class T>
struct ready_value {
    T value;
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() { return std::move(value); }
};

/// Calls `f(args...)`, whose answer may be a task, and makes something of it that can be awaited.
template <class F, class... Args>
auto settle(F&& f, Args&&... args) {
    using answer = std::invoke_result_t<F, Args...>;
    if constexpr (settled<std::remove_cvref_t<answer>>::waits) {
        return f(std::forward<Args>(args)...);
    } else if constexpr (std::is_void_v<answer>) {
        f(std::forward<Args>(args)...);
        return std::suspend_never{};
    } else {
        return ready_value<std::remove_cvref_t<answer>>{f(std::forward<Args>(args)...)};
    }
}

/// Begins tasks one after the other, so that they wait at the same time; awaited, it goes on when all have ended.
class all_tasks {
public:
    explicit all_tasks(std::vector<task<>> all) : left_(all.size() + 1), errors_(all.size()) {
        work_.reserve(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) work_.push_back(run_one(std::move(all[i]), *this, i));
    }
    all_tasks(all_tasks const&) = delete;
    all_tasks& operator=(all_tasks const&) = delete;
    ~all_tasks() = default;

    bool await_ready() const noexcept { return work_.empty(); }
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        for (task<>& each : work_) each.work_.resume();
        return !is_last();
    }
    /// The first error, in the order of the tasks.
    void await_resume() const {
        for (std::exception_ptr const& each : errors_) {
            if (each) std::rethrow_exception(each);
        }
    }

private:
    /// Of the tasks, and of him who begins them all.
    bool is_last() noexcept { return __atomic_sub_fetch(&left_, std::size_t{1}, __ATOMIC_ACQ_REL) == 0; }
    /// The last one wakes who waits; it is suspended then, so that it may be destroyed.
    struct one_less {
        all_tasks& all;
        bool await_ready() noexcept { return !all.is_last(); }
        [[gnu::noinline]] void await_suspend(std::coroutine_handle<>) noexcept { all.waiting_.resume(); }
        void await_resume() const noexcept {}
    };
    static task<> run_one(task<> work, all_tasks& all, std::size_t number) {
        try {
            co_await work;
        } catch (...) {
            all.errors_[number] = std::current_exception();
        }
        co_await one_less{all};
    }

    std::size_t left_;
    std::vector<std::exception_ptr> errors_;
    std::vector<task<>> work_{};
    std::coroutine_handle<> waiting_{};
};

}  // namespace detail

/// Lets tasks wait at the same time, and ends when all have ended. Of several errors it throws that of the first task.
[[nodiscard]] inline task<> when_all(std::vector<task<>> all) {
    detail::all_tasks together(std::move(all));
    co_await together;
}

/// What a call gives that may be a `T` or a `task<T>`.
template <class X>
using settled_t = typename detail::settled<std::remove_cvref_t<X>>::type;

/// True when it is a task.
template <class X>
inline constexpr bool waits = detail::settled<std::remove_cvref_t<X>>::waits;

namespace detail {

/// What an awaiter and the copies of its `done` share; it ends with the last of them.
template <class T>
struct callback_state {
    unsigned holders = 1;
    bool is_called = false;
    bool is_abandoned = false;
    meeting answer{};
    std::optional<T> value{};
    std::coroutine_handle<> waiting{};

    void hold() noexcept { __atomic_add_fetch(&holders, 1U, __ATOMIC_RELAXED); }
    void release() noexcept {
        if (__atomic_sub_fetch(&holders, 1U, __ATOMIC_ACQ_REL) == 0) delete this;
    }
};

}  // namespace detail

/// Waits for one call of a callback, which may come at once or later, from whatever thread: `co_await
/// callback<T>(begin)` calls `begin(done)`, and goes on with `value` when somebody calls `done(value)`, within that
/// call. Further calls do nothing, and neither does one for a task that has been thrown away.
///
///     auto answer = co_await rampart::callback<std::string>([&](auto done) { client.ask(prompt, done); });
///
/// What `begin` throws is thrown to who waits.
template <class T, class Begin>
class callback_awaiter {
public:
    explicit callback_awaiter(Begin begin) : begin_(std::move(begin)) {}
    callback_awaiter(callback_awaiter const&) = delete;
    callback_awaiter& operator=(callback_awaiter const&) = delete;
    ~callback_awaiter() {
        __atomic_store_n(&state_->is_abandoned, true, __ATOMIC_RELEASE);
        state_->release();
    }

    /// What `begin` gets; it can be copied, and kept for as long as one likes.
    class done {
    public:
        explicit done(detail::callback_state<T>& state) noexcept : state_(&state) { state_->hold(); }
        done(done const& other) noexcept : state_(other.state_) { state_->hold(); }
        done& operator=(done const& other) noexcept {
            other.state_->hold();
            std::exchange(state_, other.state_)->release();
            return *this;
        }
        ~done() { state_->release(); }

        /// Hands the value over, from any thread; the first one counts.
        void operator()(T value) const {
            if (__atomic_exchange_n(&state_->is_called, true, __ATOMIC_ACQ_REL)) return;
            if (__atomic_load_n(&state_->is_abandoned, __ATOMIC_ACQUIRE)) return;
            state_->value.emplace(std::move(value));
            if (state_->answer.arrive()) state_->waiting.resume();
        }

    private:
        detail::callback_state<T>* state_;
    };

    bool await_ready() const noexcept { return false; }
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> waiting) {
        detail::callback_state<T>& state = *state_;
        state.waiting = waiting;
        begin_(done(state));
        return !state.answer.arrive();
    }
    T await_resume() { return std::move(*state_->value); }

private:
    Begin begin_;
    detail::callback_state<T>* state_ = new detail::callback_state<T>;
};
/// The awaiter of an operation that `begin` starts and that calls `done` when it has a `T`.
template <class T, class Begin>
[[nodiscard]] callback_awaiter<T, Begin> callback(Begin begin) {
    return callback_awaiter<T, Begin>(std::move(begin));
}

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_TASK_HPP
