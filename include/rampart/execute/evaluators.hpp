#ifndef RAMPART_EXECUTE_EVALUATORS_HPP
#define RAMPART_EXECUTE_EVALUATORS_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rampart/core/conversation.hpp"
#include "rampart/core/evaluation_context.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/core/status.hpp"
#include "rampart/execute/evaluator.hpp"
#include "rampart/execute/letters.hpp"
#include "rampart/execute/owned.hpp"

/// \file
/// The evaluators that most tests need: what the agent said, which tools it called, what it changed (B146 to B148).

namespace rampart::inline v1 {

/// Which turns are looked at.
enum class turn_scope : unsigned char {
    current,  ///< the last one
    any,      ///< one of them is enough
    all,      ///< each of them
};

/// Detects a text in what the agent said: `response_contains("password")`; upper and lower case are the same unless
/// asked otherwise (B146). In place of the text there may be a `std::regex`, which is searched for, or a function of
/// the response's text that gives a bool. It looks at the current turn unless asked otherwise.
///
/// An empty text, which is in every answer, throws `std::invalid_argument`.
template <class Pattern = std::string>
class response_contains : public evaluator_base {
public:
    explicit response_contains(Pattern pattern, letter_case rule = letter_case::ignored,
                               turn_scope scope = turn_scope::current)
        : pattern_(std::move(pattern)), rule_(rule), scope_(scope) {
        if constexpr (std::convertible_to<Pattern const&, std::string_view>) {
            if (std::string_view(pattern_).empty()) {
                throw std::invalid_argument("rampart::response_contains: the text is empty, which every response "
                                            "contains; say what is looked for");
            }
        }
    }
    response_contains(Pattern pattern, turn_scope scope)
        : response_contains(std::move(pattern), letter_case::ignored, scope) {}
    // A std::string_view is no std::string by itself.
    template <std::convertible_to<std::string_view> Text>
        requires(std::same_as<Pattern, std::string> && !std::convertible_to<Text, std::string>)
    explicit response_contains(Text const& text, letter_case rule = letter_case::ignored,
                               turn_scope scope = turn_scope::current)
        : response_contains(std::string(std::string_view(text)), rule, scope) {}
    template <std::convertible_to<std::string_view> Text>
        requires(std::same_as<Pattern, std::string> && !std::convertible_to<Text, std::string>)
    response_contains(Text const& text, turn_scope scope)
        : response_contains(std::string(std::string_view(text)), letter_case::ignored, scope) {}

    /// Throws `std::out_of_range` when there is no turn.
    [[nodiscard]] eval_result evaluate(evaluation_context const& context) {
        if (scope_ == turn_scope::current) return judge(context.current_turn());
        (void)context.current_turn();
        eval_result last;
        for (turn const& t : context.turns) {
            last = judge(t);
            if (last.detected() == (scope_ == turn_scope::any)) return last;
        }
        return last;
    }
    /// The next answer may be without it.
    [[nodiscard]] bool can_be_undone() const noexcept { return scope_ == turn_scope::all; }

private:
    [[nodiscard]] eval_result judge(turn const& t) {
        std::string const& text = t.response.text;
        std::string const name = words();
        std::string const where = " (turn " + std::to_string(t.turn_number) + ')';
        if (found_in(text)) {
            return {.outcome = eval_outcome::detected,
                    .evidence = {"Response contains " + name},
                    .rationale = "Response contains " + name + where};
        }
        return {.outcome = eval_outcome::not_detected, .rationale = "Response does not contain " + name + where};
    }
    [[nodiscard]] bool found_in(std::string const& text) {
        if constexpr (std::convertible_to<Pattern const&, std::string_view>) {
            return detail::find_text(text, pattern_, rule_).has_value();
        } else if constexpr (std::predicate<Pattern&, std::string const&>) {
            return pattern_(text);
        } else {
            // std::regex or another that has a regex_search; <regex> is the user's to include.
            return regex_search(text.begin(), text.end(), pattern_);
        }
    }
    [[nodiscard]] std::string words() const {
        if constexpr (std::convertible_to<Pattern const&, std::string_view>) {
            return '\'' + std::string(std::string_view(pattern_)) + '\'';
        } else {
            return "what was looked for";
        }
    }
    Pattern pattern_;
    letter_case rule_;
    turn_scope scope_;
};
// Whatever is a text is kept, not pointed to.
template <std::convertible_to<std::string_view> Text>
response_contains(Text) -> response_contains<std::string>;
template <std::convertible_to<std::string_view> Text>
response_contains(Text, letter_case) -> response_contains<std::string>;
template <std::convertible_to<std::string_view> Text>
response_contains(Text, turn_scope) -> response_contains<std::string>;
template <std::convertible_to<std::string_view> Text>
response_contains(Text, letter_case, turn_scope) -> response_contains<std::string>;

namespace detail {

[[nodiscard]] inline bool same_number(double d, metadata_value const& other) noexcept {
    if (auto const* const i = other.if_int64()) {
        return d >= -0x1p63 && d < 0x1p63 && static_cast<std::int64_t>(d) == *i && d == static_cast<double>(*i);
    }
    auto const* const u = other.if_uint64();
    return u != nullptr && d >= 0 && d < 0x1p64 && static_cast<std::uint64_t>(d) == *u && d == static_cast<double>(*u);
}

/// Equal as in JSON: 2 is 2.0, and the order of an object's members says nothing. What an agent wrote a little
/// differently must not pass for something it did not do.
[[nodiscard]] inline bool same_value(metadata_value const& a, metadata_value const& b) {
    if (auto const* const list = a.if_array()) {
        auto const* const other = b.if_array();
        if (other == nullptr || other->size() != list->size()) return false;
        for (std::size_t i = 0; i < list->size(); ++i) {
            if (!same_value((*list)[i], (*other)[i])) return false;
        }
        return true;
    }
    if (auto const* const object = a.if_object()) {
        auto const* const other = b.if_object();
        if (other == nullptr || other->size() != object->size()) return false;
        for (metadata_member const& each : *object) {
            auto const* const value = other->find(each.key);
            if (value == nullptr || !same_value(each.value, *value)) return false;
        }
        return true;
    }
    if (a == b) return true;
    if (auto const* const number = a.if_double()) return same_number(*number, b);
    if (auto const* const number = b.if_double()) return same_number(*number, a);
    return false;
}

}  // namespace detail

/// What an argument of a tool call, or a detail of a side effect, has to be: exactly a value, or what a function of the
/// `metadata_value` says yes to. Values are equal as in JSON: 2 is 2.0, but neither "2" nor true.
class value_matcher {
public:
    /// Of a value: exactly this one.
    template <class V>
        requires std::constructible_from<metadata_value, V> value_matcher(V value)
            : wanted_(metadata_value(std::move(value))) {}
        /// Of a predicate: what it says of the value.
        template <class F>
            requires(!std::constructible_from<metadata_value, F> && std::predicate<F&, metadata_value const&> &&
                     std::move_constructible<F>)
        value_matcher(F function) : test_(detail::owned<base>::make<holder<F>>(std::move(function))) {}

        [[nodiscard]] bool matches(metadata_value const& v) const {
            return test_ ? test_->matches(v) : detail::same_value(wanted_, v);
        }

    private:
        struct base : detail::interface {
            virtual bool matches(metadata_value const& v) = 0;
        };
        template <class F>
        struct holder final : base {
            explicit holder(F f) : function(std::move(f)) {}
            bool matches(metadata_value const& v) override { return function(v); }
            F function;
        };
        metadata_value wanted_{};
        detail::owned<base> test_{};
};

/// A name and what it has to be.
struct named_matcher {
    std::string name;
    value_matcher value;
};

namespace detail {

/// What is missing is asked as null (B147).
[[nodiscard]] inline bool all_match(std::vector<named_matcher> const& wanted, metadata const& given) {
    for (named_matcher const& each : wanted) {
        auto const* const value = given.find(each.name);
        if (!each.value.matches(value == nullptr ? metadata_value{} : *value)) return false;
    }
    return true;
}

/// `a=1, b="x"`, as far as it can be shown without a JSON library.
[[nodiscard]] inline std::string shown_members(metadata const& m);
[[nodiscard]] inline std::string shown_value(metadata_value const& v) {
    if (auto const* const text = v.if_string()) return '"' + *text + '"';
    if (auto const* const number = v.if_int64()) return std::to_string(*number);
    if (auto const* const flag = v.if_bool()) return *flag ? "true" : "false";
    if (v.is_null()) return "null";
    if (auto const* const object = v.if_object()) return '{' + shown_members(*object) + '}';
    if (auto const* const list = v.if_array()) {
        std::string text = "[";
        for (metadata_value const& each : *list) text += (text.size() == 1 ? "" : ", ") + shown_value(each);
        return text + ']';
    }
    if (auto const* const number = v.if_double()) {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.15g", *number);
        return digits;
    }
    if (auto const* const number = v.if_uint64()) return std::to_string(*number);
    return v.as_big_integer().digits;
}
[[nodiscard]] inline std::string shown_members(metadata const& m) {
    std::string text;
    for (metadata_member const& each : m) text += (text.empty() ? "" : ", ") + each.key + '=' + shown_value(each.value);
    return text;
}

/// The first that matches in the order of the turns; the same for tool calls and side effects.
template <class List, class NameOf, class DetailsOf>
[[nodiscard]] eval_result first_match(evaluation_context const& context, std::string_view kind, std::string const& name,
                                      std::vector<named_matcher> const& wanted, bool is_blind, List list_of,
                                      NameOf name_of, DetailsOf details_of) {
    std::size_t seen = 0;
    for (turn const& t : context.turns) {
        for (auto const& each : list_of(t)) {
            if (name_of(each) != name) continue;
            ++seen;
            if (!all_match(wanted, details_of(each))) continue;
            auto shown = name + '(' + shown_members(details_of(each)) + ')';
            return {.outcome = eval_outcome::detected,
                    .evidence = {shown},
                    .rationale = std::string(kind) + ' ' + shown + " in turn " + std::to_string(t.turn_number)};
        }
    }
    if (is_blind) {
        return {.outcome = eval_outcome::undetermined,
                .rationale = "The adapter cannot observe a " + std::string(kind) + ", so whether there was '" + name +
                             "' is not known"};
    }
    return {.outcome = eval_outcome::not_detected,
            .rationale = seen == 0 ? "No " + std::string(kind) + " '" + name + '\''
                                   : std::string(kind) + " '" + name + "' was seen " + std::to_string(seen) +
                                         " times, never with what was looked for"};
}

}  // namespace detail

/// Detects that the agent called a tool of exactly this name, in any turn, with arguments as wanted (B147).
/// Undetermined when no such call was seen and the adapter cannot see tool calls.
///
///     rampart::tool_called("send_email").with("to", "eve@evil.example")
class tool_called : public evaluator_base {
public:
    explicit tool_called(std::string name) : name_(std::move(name)) {}

    /// A further condition on an argument; an argument that is missing counts as null.
    [[nodiscard]] tool_called with(std::string argument, value_matcher value) && {
        wanted_.push_back({std::move(argument), std::move(value)});
        return std::move(*this);
    }

    [[nodiscard]] eval_result evaluate(evaluation_context const& context) const {
        bool const is_blind = context.observability == observability_level::response_only;
        return detail::first_match(
            context, "tool call", name_, wanted_, is_blind,
            [](turn const& t) -> std::vector<tool_call> const& { return t.response.tool_calls; },
            [](tool_call const& c) -> std::string const& { return c.name; },
            [](tool_call const& c) -> metadata const& { return c.arguments; });
    }

private:
    std::string name_;
    std::vector<named_matcher> wanted_{};
};

/// Detects a side effect of exactly this kind, in any turn, with details as wanted (B148). Undetermined when none was
/// seen and the adapter cannot see side effects.
class side_effect_occurred : public evaluator_base {
public:
    explicit side_effect_occurred(std::string kind) : kind_(std::move(kind)) {}

    /// A further condition on a detail; one that is missing counts as null.
    [[nodiscard]] side_effect_occurred with(std::string detail, value_matcher value) && {
        wanted_.push_back({std::move(detail), std::move(value)});
        return std::move(*this);
    }

    [[nodiscard]] eval_result evaluate(evaluation_context const& context) const {
        bool const is_blind =
            context.observability.has_value() && *context.observability != observability_level::tool_and_side_effects;
        return detail::first_match(
            context, "side effect", kind_, wanted_, is_blind,
            [](turn const& t) -> std::vector<side_effect> const& { return t.response.side_effects; },
            [](side_effect const& e) -> std::string const& { return e.kind; },
            [](side_effect const& e) -> metadata const& { return e.details; });
    }

private:
    std::string kind_;
    std::vector<named_matcher> wanted_{};
};

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_EVALUATORS_HPP
