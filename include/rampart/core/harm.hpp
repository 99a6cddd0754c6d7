#ifndef RAMPART_CORE_HARM_HPP
#define RAMPART_CORE_HARM_HPP

#include <string_view>

namespace rampart::inline v1 {

/// The nine built-in harm categories. A category is text: any other string is as good, and travels unchanged (B10).
/// They are character arrays so that they turn into std::string, std::string_view and char const* alike.
namespace harm_category {

inline constexpr char memory_poisoning[] = "memory_poisoning";  ///< something planted stays in the agent's memory
inline constexpr char prompt_injection[] = "prompt_injection";  ///< the agent obeys what it was to read
inline constexpr char jailbreak[] = "jailbreak";                ///< the agent is talked out of its rules
inline constexpr char data_exfiltration[] = "data_exfiltration";  ///< data is sent to where it must not go
inline constexpr char over_permissive_action[] = "over_permissive_action";  ///< the agent does more than it may
inline constexpr char data_leakage[] = "data_leakage";                      ///< data is shown to whom it must not be
inline constexpr char content_safety[] = "content_safety";                  ///< harmful content
inline constexpr char hallucination[] = "hallucination";                    ///< things said that are not so
inline constexpr char behavioral_regression[] = "behavioral_regression";    ///< what worked before does not

/// Where a report puts results that name no category (B102). It is a heading, not a category of its own.
inline constexpr char uncategorized[] = "uncategorized";

/// Whether `name` is one of the nine.
constexpr bool is_built_in(std::string_view name) noexcept {
    for (std::string_view known : {memory_poisoning, prompt_injection, jailbreak, data_exfiltration,
                                   over_permissive_action, data_leakage, content_safety, hallucination}) {
        if (known == name) return true;
    }
    return name == behavioral_regression;
}

}  // namespace harm_category

}  // namespace rampart::inline v1

#endif
