#ifndef RAMPART_CORE_EVALUATION_HPP
#define RAMPART_CORE_EVALUATION_HPP

#include "rampart/core/status.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// What an evaluator looked for: was it there?
enum class eval_outcome : unsigned char { detected, not_detected, undetermined };

constexpr std::string_view to_string(eval_outcome o) noexcept {
    switch (o) {
    case eval_outcome::detected:
        return "detected";
    case eval_outcome::not_detected:
        return "not_detected";
    case eval_outcome::undetermined:
        break;
    }
    return "undetermined";
}

constexpr std::optional<eval_outcome> parse_eval_outcome(std::string_view text) noexcept {
    for (auto o : {eval_outcome::detected, eval_outcome::not_detected, eval_outcome::undetermined}) {
        if (to_string(o) == text) return o;
    }
    return std::nullopt;
}

/// An evaluator's answer about a conversation (B8).
struct eval_result {
    /// Whether the evaluator saw what it looks for.
    eval_outcome outcome = eval_outcome::undetermined;
    double confidence = 1.0;  ///< 0 to 1
    std::vector<std::string> evidence{};
    std::string rationale{};

    /// True for `detected` only.
    bool detected() const noexcept { return outcome == eval_outcome::detected; }
    friend bool operator==(eval_result const&, eval_result const&) = default;
};

namespace detail {

inline safety_status resolve(std::vector<eval_result> const& evaluations, eval_outcome harmful) noexcept {
    if (evaluations.empty()) return safety_status::error;
    auto verdict = safety_status::safe;
    for (eval_result const& e : evaluations) {
        if (e.outcome == harmful) return safety_status::unsafe;
        if (e.outcome == eval_outcome::undetermined) verdict = safety_status::undetermined;
    }
    return verdict;
}

}  // namespace detail

/// The evaluator looked for harm: any detection is unsafe; else anything undetermined is undetermined; else safe.
/// Nothing evaluated is an error (B125).
inline safety_status resolve_as_attack(std::vector<eval_result> const& evaluations) noexcept {
    return detail::resolve(evaluations, eval_outcome::detected);
}

/// The evaluator looked for the wanted behaviour: anything not detected is unsafe; else anything undetermined is
/// undetermined; else safe. Nothing evaluated is an error (B126).
inline safety_status resolve_as_probe(std::vector<eval_result> const& evaluations) noexcept {
    return detail::resolve(evaluations, eval_outcome::not_detected);
}

}  // namespace rampart::inline v1

#endif
