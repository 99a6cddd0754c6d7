#ifndef RAMPART_EXECUTE_EXECUTION_HPP
#define RAMPART_EXECUTE_EXECUTION_HPP

#include <concepts>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "rampart/base/mutex.hpp"
#include "rampart/base/text.hpp"
#include "rampart/collect/collector.hpp"
#include "rampart/core/result.hpp"
#include "rampart/execute/agent.hpp"
#include "rampart/execute/error_words.hpp"
#include "rampart/execute/owned.hpp"
#include "rampart/execute/task.hpp"

/// \file
/// The life cycle that every execution goes through, whatever its strategy: before, run, after, and error (B119 to
/// B123).

namespace rampart::inline v1 {

/// The stations of an execution.
enum class execution_event : unsigned char {
    pre_execute,   ///< before the strategy begins
    post_execute,  ///< there is a result, also after an error
    error,         ///< the strategy threw; the result comes with `post_execute`
};

/// `pre_execute`, ...
[[nodiscard]] constexpr std::string_view to_string(execution_event e) noexcept {
    switch (e) {
    case execution_event::pre_execute:
        return "pre_execute";
    case execution_event::post_execute:
        return "post_execute";
    case execution_event::error:
        break;
    }
    return "error";
}

/// What a handler is told. It points to what the execution owns, and lives no longer than the call.
struct execution_event_data {
    execution_event event = execution_event::pre_execute;  ///< which station
    rampart::agent const* agent = nullptr;
    rampart::result const* result = nullptr;  ///< with `post_execute` only
    std::exception_ptr error{};               ///< with `error` only
    double elapsed_seconds = 0.0;             ///< since the execution began
};

namespace detail {

// The shape alone: whether a type can be moved may depend on whether an any_event_handler can be made of it.
template <class H>
concept Hears = requires(H& handler, execution_event_data const& data) {
    { handler.on_event(data) } -> std::same_as<void>;
};

}  // namespace detail

/// Watches executions: `on_event(data)`. One that throws is named on stderr, by its type, and passed over; the others
/// still hear of everything (B122).
template <class H>
concept ExecutionEventHandler = std::move_constructible<H> && detail::Hears<H>;

/// Any handler, owned.
class any_event_handler {
public:
    template <class H>
        requires(!std::same_as<H, any_event_handler> && detail::Hears<H>)
    any_event_handler(H handler) : held_(detail::owned<base>::make<holder<H>>(std::move(handler))) {}

    void on_event(execution_event_data const& data) { held_->on_event(data); }
    /// The type of the handler, as people write it.
    [[nodiscard]] std::string type_name() const { return held_->type_name(); }

private:
    struct base : detail::interface {
        virtual void on_event(execution_event_data const& data) = 0;
        virtual std::string type_name() const = 0;
    };
    template <class H>
    struct holder final : base {
        explicit holder(H h) : handler(std::move(h)) {}
        void on_event(execution_event_data const& data) override { handler.on_event(data); }
        std::string type_name() const override { return detail::type_words(typeid(H)); }
        H handler;
    };
    detail::owned<base> held_;
};

/// Records the result of each execution into the running test's collector (B20): by this, results are collected without
/// a word from the test's author. It is the collector that was active when the execution began, also when the end comes
/// in another thread (B24); after that test it is a late result, never the next test's.
struct result_collection_handler {
    collector_handle where{};

    void on_event(execution_event_data const& data) {
        if (data.event == execution_event::pre_execute) where = active_collector();
        if (data.event != execution_event::post_execute || data.result == nullptr) return;
        if (!where) {
            record_result(*data.result);
            return;
        }
        collector_scope const scope(std::exchange(where, {}));
        record_result(*data.result);
    }
};

/// Makes the handlers that every execution has, before the user's own.
using handler_factory = std::vector<any_event_handler> (*)();

namespace detail {

/// One factory for the process.
struct factory_place {
    mutex guard{};
    handler_factory factory = nullptr;
};
[[nodiscard]] inline factory_place& default_handlers() {
    static factory_place place;
    return place;
}

}  // namespace detail

/// Registers the one factory of default handlers, in place of the one before, which is given back; null: none (B123).
/// The doctest main registers one that gives a `result_collection_handler` (B26).
inline handler_factory register_default_handler_factory(handler_factory factory) noexcept {
    detail::factory_place& place = detail::default_handlers();
    detail::lock_guard const lock(place.guard);
    return std::exchange(place.factory, factory);
}

/// Exactly one `result_collection_handler`.
[[nodiscard]] inline std::vector<any_event_handler> result_collection_handlers() {
    std::vector<any_event_handler> made;
    made.emplace_back(result_collection_handler{});
    return made;
}

/// How to find out whether the agent is safe: `name()` is short and stands in reports; `run(agent)` gives a `result`,
/// or a task of one. Whatever it throws becomes an ERROR result. It may have `take_evidence()`, a `transcript`: what
/// was said until `run` threw, so that it is not lost with the error.
template <class S>
concept Strategy = std::move_constructible<S> && requires(S& strategy, agent const& under_test) {
    { strategy.name() } -> std::convertible_to<std::string_view>;
    requires std::same_as<settled_t<decltype(strategy.run(under_test))>, result>;
};

/// A strategy with its life cycle. What `attacks` and `probes` make; one of your own is
/// `rampart::execution(my_strategy{})`.
///
///     auto attack = rampart::attacks::xpia("Summarise my inbox", rampart::tool_called("send_email"));
///     CHECK(attack.execute(my_agent));
template <Strategy S>
class execution {
public:
    /// Asks the registered factory for the default handlers. Where none is registered yet, as before main, it is asked
    /// again when the execution begins: so no result is lost for having been thought of early.
    explicit execution(S strategy) : strategy_(std::move(strategy)) { ask_for_defaults(); }

    /// Adds a handler behind those that are there.
    template <ExecutionEventHandler H>
    execution& add_handler(H handler) & {
        handlers_.emplace_back(std::move(handler));
        return *this;
    }
    /// One more handler, behind those that are there.
    template <ExecutionEventHandler H>
    [[nodiscard]] execution add_handler(H handler) && {
        handlers_.emplace_back(std::move(handler));
        return std::move(*this);
    }
    [[nodiscard]] S& strategy() noexcept { return strategy_; }

    /// Runs the strategy against an agent that never has to wait. What the strategy throws is an ERROR result that
    /// names the cause (B120); what ends a test or a thread goes through, such as a failed `REQUIRE` (B121).
    template <AgentAdapter A>
    result execute(A& adapter) {
        return rampart::run(execute_async(adapter));
    }

    /// The same against one that may have to wait; see `run`. The adapter and this object have to outlive the task.
    /// Throws `std::logic_error` while another run of this object goes on.
    template <AgentAdapter A>
    [[nodiscard]] task<result> execute_async(A& adapter) {
        return go(agent(adapter));
    }

private:
    /// A second run would share the driver's and the evaluator's state, and plant what is planted.
    class running {
    public:
        explicit running(bool& flag) : flag_(flag) {
            if (std::exchange(flag, true)) {
                throw std::logic_error("rampart::execution: this execution is running already; make one for each run");
            }
        }
        running(running const&) = delete;
        running& operator=(running const&) = delete;
        ~running() { flag_ = false; }

    private:
        bool& flag_;
    };

    void ask_for_defaults() {
        if (has_defaults_) return;
        handler_factory factory = nullptr;
        {
            detail::factory_place& place = detail::default_handlers();
            detail::lock_guard const lock(place.guard);
            factory = place.factory;
        }
        if (factory == nullptr) return;
        auto all = factory();
        for (any_event_handler& each : handlers_) all.push_back(std::move(each));
        handlers_ = std::move(all);
        has_defaults_ = true;
    }

    task<result> go(agent under_test) {
        running const now(is_running_);
        ask_for_defaults();
        double const began = detail::monotonic_seconds();
        tell({.event = execution_event::pre_execute, .agent = &under_test});
        result verdict;
        std::exception_ptr error;
        try {
            verdict = co_await detail::settle([&] { return strategy_.run(under_test); });
        } catch (...) {
            if (detail::ends_more_than_the_execution()) throw;
            error = std::current_exception();
        }
        double seconds = detail::monotonic_seconds() - began;
        if (error) {
            tell({.event = execution_event::error, .agent = &under_test, .error = error, .elapsed_seconds = seconds});
            verdict = detail::error_result(error, name());
            if constexpr (requires {
                              { strategy_.take_evidence() } -> std::same_as<transcript>;
                          }) {
                verdict.evidence = strategy_.take_evidence();
            }
            verdict.evidence.observability = observability_of(under_test);
            seconds = detail::monotonic_seconds() - began;
        }
        verdict.duration_seconds = seconds;
        tell({.event = execution_event::post_execute,
              .agent = &under_test,
              .result = &verdict,
              .elapsed_seconds = seconds});
        co_return verdict;
    }
    // What fails at everything must not cost the result.
    [[nodiscard]] std::string name() noexcept {
        try {
            return std::string(std::string_view(strategy_.name()));
        } catch (...) {
            return {};
        }
    }
    [[nodiscard]] static observability_level observability_of(agent const& under_test) noexcept {
        try {
            return under_test.observability();
        } catch (...) {
            return observability_level::response_only;
        }
    }
    void tell(execution_event_data const& data) {
        for (any_event_handler& handler : handlers_) {
            try {
                handler.on_event(data);
            } catch (...) {
                if (detail::ends_more_than_the_execution()) throw;
                auto const words = one_line(
                    "the event handler " + handler.type_name() + " threw on " + std::string(to_string(data.event)) +
                    " and was passed over: " + detail::words_of(std::current_exception()).summary());
                std::fprintf(stderr, "rampart: %s\n", words.c_str());
            }
        }
    }

    S strategy_;
    std::vector<any_event_handler> handlers_{};
    bool has_defaults_ = false;
    bool is_running_ = false;
};

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_EXECUTION_HPP
