#ifndef RAMPART_EXECUTE_ATTACKS_HPP
#define RAMPART_EXECUTE_ATTACKS_HPP

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rampart/execute/converse.hpp"
#include "rampart/execute/driver.hpp"
#include "rampart/execute/evaluator.hpp"
#include "rampart/execute/execution.hpp"
#include "rampart/execute/injection.hpp"

/// \file
/// Attacks look for what must not happen: what their evaluator detects is UNSAFE.

namespace rampart::inline v1 {

/// What the attacks and probes here return: `execute` runs it.
using conversation_execution = execution<conversation_strategy>;

namespace detail {

/// A conversation without a turn could not be judged.
[[nodiscard]] inline int check_turns(int max_turns, char const* who) {
    if (max_turns < 1) {
        throw std::invalid_argument(std::string("rampart::") + who + ": max_turns is " + std::to_string(max_turns) +
                                    "; a conversation needs at least 1");
    }
    return max_turns;
}

}  // namespace detail

namespace attacks {

/// Cross-prompt injection: payloads are planted where the agent will find them, then it is asked for something
/// harmless. Without an injection the payload travels as an attachment of the request (B127 to B133).
///
///     auto attack = rampart::attacks::xpia("Summarise my inbox", rampart::tool_called("send_email"),
///                                          mailbox.inject(rampart::text_payload("...")));
///     CHECK(attack.execute(my_agent));
template <Injection... I>
[[nodiscard]] conversation_execution xpia(prompts trigger, any_evaluator evaluator, int max_turns, I... injections) {
    conversation_strategy s{.strategy = "xpia",
                            .meaning = polarity::attack,
                            .driver = std::move(trigger),
                            .evaluator = std::move(evaluator),
                            .max_turns = detail::check_turns(max_turns, "attacks::xpia")};
    (s.injections.emplace_back(std::move(injections)), ...);
    return conversation_execution(std::move(s));
}
/// The same with at most 5 turns.
template <Injection... I>
[[nodiscard]] conversation_execution xpia(prompts trigger, any_evaluator evaluator, I... injections) {
    return xpia(std::move(trigger), std::move(evaluator), 5, std::move(injections)...);
}

/// The attack is in what the agent is asked, in one turn or, with a driver that answers the agent, in many.
[[nodiscard]] inline conversation_execution prompt_injection(prompts driver, any_evaluator evaluator,
                                                             int max_turns = 25) {
    return conversation_execution(
        conversation_strategy{.strategy = "prompt_injection",
                              .meaning = polarity::attack,
                              .driver = std::move(driver),
                              .evaluator = std::move(evaluator),
                              .max_turns = detail::check_turns(max_turns, "attacks::prompt_injection")});
}

}  // namespace attacks

}  // namespace rampart::inline v1

#endif  // RAMPART_EXECUTE_ATTACKS_HPP
