#ifndef RAMPART_EXECUTE_AGENT_HPP
#define RAMPART_EXECUTE_AGENT_HPP

#include <concepts>
#include <utility>

#include "rampart/core/conversation.hpp"
#include "rampart/core/manifest.hpp"
#include "rampart/core/status.hpp"
#include "rampart/execute/owned.hpp"
#include "rampart/execute/task.hpp"

/// \file
/// The agent under test, as its team connects it (B18).

namespace rampart::inline v1 {

namespace detail {

// The shape alone: whether a type can be moved may depend on whether an any_session can be made of it.
template <class S>
concept Sends = requires(S& talk, request const& r) {
    requires std::same_as<settled_t<decltype(talk.send(r))>, response>;
};

}  // namespace detail

/// One conversation with the agent, without a memory of any other. `send` gives a `response` or a `task<response>`,
/// with the tool calls and side effects that the adapter could observe. The conversation ends with the object.
template <class S>
concept AgentSession = std::move_constructible<S> && detail::Sends<S>;

/// What knows how to talk to the agent: `create_session()` begins a new conversation (an `AgentSession`, or a task of
/// one), `observability()` says what the adapter can see of what the agent does. It may have a `manifest()`, which has
/// to be an `app_manifest const&` to what lives as long as the adapter. Where only the run shows
/// whether there is one, it may be a pointer to it or null. Whatever they throw is an infrastructure error:
/// the result is ERROR.
///
///     struct my_agent {
///         struct session { rampart::response send(rampart::request const& r); };
///         session create_session();
///         rampart::observability_level observability() const { return rampart::observability_level::tool_only; }
///     };
template <class A>
concept AgentAdapter = requires(A& adapter) {
    requires AgentSession<settled_t<decltype(adapter.create_session())>>;
    { adapter.observability() } -> std::convertible_to<observability_level>;
    // One by value would be gone before it is read, and is not passed over in silence either.
    requires !requires { adapter.manifest(); }
    || requires(app_manifest const*& at) { at = &adapter.manifest(); }
    || requires(app_manifest const*& at) { at = adapter.manifest(); };
};

/// Any conversation, owned.
class any_session {
public:
    template <class S>
        requires(!std::same_as<S, any_session> && detail::Sends<S>)
    any_session(S opened) : held_(detail::owned<base>::make<holder<S>>(std::move(opened))) {}

    task<response> send(request const& r) { return held_->send(r); }

private:
    struct base : detail::interface {
        virtual task<response> send(request const& r) = 0;
    };
    template <class S>
    struct holder final : base {
        explicit holder(S s) : talk(std::move(s)) {}
        task<response> send(request const& r) override {
            co_return co_await detail::settle([&] { return talk.send(r); });
        }
        S talk;
    };
    detail::owned<base> held_;
};

/// A view of an adapter, whatever its type; it lives no longer than the adapter.
class agent {
public:
    template <AgentAdapter A>
        requires(!std::same_as<std::remove_cv_t<A>, agent>)
    explicit agent(A& adapter)
        : adapter_(const_cast<void*>(static_cast<void const*>(&adapter))), create_([](void* at) -> task<any_session> {
              A& self = *static_cast<A*>(at);
              co_return any_session(co_await detail::settle([&] { return self.create_session(); }));
          }),
          observability_([](void* at) -> observability_level { return static_cast<A*>(at)->observability(); }),
          manifest_([]([[maybe_unused]] void* at) -> app_manifest const* {
              if constexpr (requires(A & self, app_manifest const*& to) { to = self.manifest(); }) {
                  return static_cast<A*>(at)->manifest();
              } else if constexpr (requires(A & self) { self.manifest(); }) {
                  return &static_cast<A*>(at)->manifest();
              } else {
                  return nullptr;
              }
          }) {}

    /// Opens a conversation.
    [[nodiscard]] task<any_session> create_session() const { return create_(adapter_); }
    /// How much of the agent can be seen.
    [[nodiscard]] observability_level observability() const { return observability_(adapter_); }
    /// Null where the adapter has none.
    [[nodiscard]] app_manifest const* manifest() const { return manifest_(adapter_); }

private:
    void* adapter_;
    task<any_session> (*create_)(void*);
    observability_level (*observability_)(void*);
    app_manifest const* (*manifest_)(void*);
};

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_AGENT_HPP
