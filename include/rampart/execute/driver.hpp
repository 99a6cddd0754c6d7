#ifndef RAMPART_EXECUTE_DRIVER_HPP
#define RAMPART_EXECUTE_DRIVER_HPP

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rampart/core/conversation.hpp"
#include "rampart/execute/owned.hpp"
#include "rampart/execute/task.hpp"

/// \file
/// What the agent is asked, turn by turn (B137, B139).

namespace rampart::inline v1 {

/// The next request, and why: the reasoning is empty for fixed prompts.
struct prompt_decision {
    rampart::request request{};
    std::string reasoning{};  ///< why it says so; may be empty
    friend bool operator==(prompt_decision const&, prompt_decision const&) = default;
};

namespace detail {

// The shape alone: whether a type can be moved may depend on whether prompts can be made of it.
template <class D>
concept Prompts = requires(D& driver, std::vector<turn> const& history) {
    requires std::same_as<settled_t<decltype(driver.next_prompt(history))>, std::optional<prompt_decision>>;
};
template <class F>
concept GivesTexts = !Prompts<F> && requires(F & f, std::vector<turn> const& history) {
    { f(history) } -> std::same_as<std::optional<std::string>>;
};

}  // namespace detail

/// Decides what to ask next from the conversation so far; nothing: it is over. The answer may be a task.
template <class D>
concept PromptDriver = std::move_constructible<D> && detail::Prompts<D>;

/// Fixed prompts, one a turn: the number of the prompt is the length of the history, so it has no state and can be used
/// again (B139).
class static_driver {
public:
    explicit static_driver(std::vector<request> prompts) : prompts_(std::move(prompts)) {
        for (request const& r : prompts_) validate(r);
    }

    [[nodiscard]] std::optional<prompt_decision> next_prompt(std::vector<turn> const& history) const {
        if (history.size() >= prompts_.size()) return std::nullopt;
        return prompt_decision{prompts_[history.size()], {}};
    }

private:
    std::vector<request> prompts_;
};

/// Where prompts come from: a text, a list of texts, a request, a list of requests, a driver, or a function of the
/// history that gives an optional text. Exactly one of them, by its type (B137).
class prompts {
public:
    prompts(char const* text) : prompts(std::string(text)) {}
    prompts(std::nullptr_t) = delete;
    prompts(std::string text) : prompts(std::vector<std::string>{std::move(text)}) {}
    prompts(std::initializer_list<char const*> texts) : prompts(std::vector<std::string>(texts.begin(), texts.end())) {}
    prompts(std::initializer_list<std::string> texts) : prompts(std::vector<std::string>(texts)) {}
    prompts(std::vector<std::string> texts) : prompts(static_driver(requests_of(std::move(texts)))) {}
    prompts(request r) : prompts(std::vector<request>{std::move(r)}) {}
    prompts(std::vector<request> requests) : prompts(static_driver(std::move(requests))) {}
    template <class D>
        requires(!std::same_as<D, prompts> && detail::Prompts<D>)
    prompts(D driver) : held_(detail::owned<base>::make<holder<D>>(std::move(driver))) {}
    template <class F>
        requires(!std::same_as<F, prompts> && detail::GivesTexts<F>)
    prompts(F generator) : prompts(generated<F>{std::move(generator)}) {}

    [[nodiscard]] task<std::optional<prompt_decision>> next_prompt(std::vector<turn> const& history) {
        return held_->next_prompt(history);
    }

private:
    static std::vector<request> requests_of(std::vector<std::string> texts) {
        std::vector<request> made;
        for (std::string& text : texts) made.push_back(request{.prompt = std::move(text)});
        return made;
    }
    template <class F>
    struct generated {
        F next;
        std::optional<prompt_decision> next_prompt(std::vector<turn> const& history) {
            std::optional<std::string> text = next(history);
            if (!text) return std::nullopt;
            return prompt_decision{request{.prompt = std::move(*text)}, {}};
        }
    };
    struct base : detail::interface {
        virtual task<std::optional<prompt_decision>> next_prompt(std::vector<turn> const& history) = 0;
    };
    template <class D>
    struct holder final : base {
        explicit holder(D d) : driver(std::move(d)) {}
        task<std::optional<prompt_decision>> next_prompt(std::vector<turn> const& history) override {
            co_return co_await detail::settle([&] { return driver.next_prompt(history); });
        }
        D driver;
    };
    detail::owned<base> held_{};
};

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_DRIVER_HPP
