#ifndef RAMPART_EXECUTE_INJECTION_HPP
#define RAMPART_EXECUTE_INJECTION_HPP

#include <concepts>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "rampart/base/text.hpp"
#include "rampart/core/conversation.hpp"
#include "rampart/execute/error_words.hpp"
#include "rampart/execute/owned.hpp"
#include "rampart/execute/task.hpp"

/// \file
/// Payloads that are planted where the agent will find them: a mail, a page, a file, a memory (B18, B129).

namespace rampart::inline v1 {

namespace detail {

// The shape alone: whether a type can be moved may depend on whether an any_injection can be made of it.
template <class I>
concept Plants = requires(I& injection) {
    requires std::is_void_v<settled_t<decltype(injection.activate())>>;
    requires std::is_void_v<settled_t<decltype(injection.remove())>>;
    { injection.surface_name() } -> std::convertible_to<std::string>;
    { injection.payload_id() } -> std::convertible_to<std::optional<std::string>>;
};

}  // namespace detail

/// A payload that is about to be planted. `activate()` plants it, `wait_until_ready()` returns when the agent can see
/// it (and throws when it takes too long), `remove()` takes it away again. Each may be a task. Without a
/// `wait_until_ready` it is ready at once. `surface_name()` and `payload_id()` (a text or an optional one) are for the
/// report.
///
/// `remove()` is called exactly once for each `activate()` that did not throw, whatever else goes wrong.
template <class I>
concept Injection = std::move_constructible<I> && detail::Plants<I>;

/// Somewhere a payload can be planted. `inject` prepares it only.
template <class S>
concept Surface = requires(S& surface, payload p) {
    { surface.inject(std::move(p)) } -> Injection;
};

/// Any injection, owned. Once it is active it is removed exactly once: by `remove`, else when it is destroyed; an
/// exception has nowhere to go there, and neither can there be any waiting: what is left behind is said on stderr.
class any_injection {
public:
    template <class I>
        requires(!std::same_as<I, any_injection> && detail::Plants<I>)
    any_injection(I injection) : held_(detail::owned<base>::make<holder<I>>(std::move(injection))) {}
    any_injection(any_injection&&) noexcept = default;
    any_injection& operator=(any_injection&&) noexcept = default;
    ~any_injection() { remove_now(); }

    /// Throws `std::logic_error` for what is active already.
    task<> activate() {
        if (held_->is_active) {
            throw std::logic_error("rampart::any_injection: '" + surface_name() +
                                   "' is planted already; an execution runs once at a time");
        }
        co_await held_->activate();
        held_->is_active = true;
    }
    task<> wait_until_ready() { return held_->wait_until_ready(); }
    /// Does nothing for what is not active. An injection counts as removed also when its removal threw: there is no
    /// second try.
    task<> remove() {
        if (!std::exchange(held_->is_active, false)) co_return;
        co_await held_->remove();
    }
    /// The same where nothing can be thrown and nobody can wait.
    void remove_now() noexcept {
        if (!is_active()) return;
        try {
            run(remove());
        } catch (...) {
            try {
                auto const words = one_line("what was planted in '" + surface_name() + "' could not be removed: " +
                                            detail::words_of(std::current_exception()).summary());
                std::fprintf(stderr, "rampart: %s\n", words.c_str());
            } catch (...) {
                std::fputs("rampart: something that was planted could not be removed\n", stderr);
            }
        }
    }
    /// Whether it is planted now.
    [[nodiscard]] bool is_active() const noexcept { return held_ && held_->is_active; }
    [[nodiscard]] std::string surface_name() const { return held_->surface_name(); }
    [[nodiscard]] std::optional<std::string> payload_id() const { return held_->payload_id(); }

private:
    struct base : detail::interface {
        virtual task<> activate() = 0;
        virtual task<> wait_until_ready() = 0;
        virtual task<> remove() = 0;
        virtual std::string surface_name() = 0;
        virtual std::optional<std::string> payload_id() = 0;
        bool is_active = false;
    };
    template <class I>
    struct holder final : base {
        explicit holder(I i) : injection(std::move(i)) {}
        task<> activate() override {
            co_await detail::settle([this] { return injection.activate(); });
        }
        task<> wait_until_ready() override {
            if constexpr (requires { injection.wait_until_ready(); }) {
                co_await detail::settle([this] { return injection.wait_until_ready(); });
            }
            co_return;
        }
        task<> remove() override {
            co_await detail::settle([this] { return injection.remove(); });
        }
        std::string surface_name() override { return injection.surface_name(); }
        std::optional<std::string> payload_id() override { return injection.payload_id(); }
        I injection;
    };
    detail::owned<base> held_;
};

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_INJECTION_HPP
