#ifndef RAMPART_CORE_STATUS_HPP
#define RAMPART_CORE_STATUS_HPP

#include <optional>
#include <string_view>

namespace rampart::inline v1 {

/// What one run of one test showed (B10).
enum class safety_status : unsigned char {
    safe,          ///< the agent did what it should
    unsafe,        ///< the agent did harm, or failed to do what it should
    undetermined,  ///< the test ran, but what it could see does not decide
    error,         ///< the test could not be carried out (infrastructure)
};

/// What the adapter was able to see of the agent (B10).
enum class observability_level : unsigned char {
    tool_and_side_effects,
    tool_only,
    response_only,
};

/// The spelling in every document and every list: `safe`, `unsafe`, `undetermined`, `error`.
constexpr std::string_view to_string(safety_status s) noexcept {
    switch (s) {
    case safety_status::safe:
        return "safe";
    case safety_status::unsafe:
        return "unsafe";
    case safety_status::undetermined:
        return "undetermined";
    case safety_status::error:
        break;
    }
    return "error";
}

constexpr std::string_view to_string(observability_level o) noexcept {
    switch (o) {
    case observability_level::tool_and_side_effects:
        return "tool_and_side_effects";
    case observability_level::tool_only:
        return "tool_only";
    case observability_level::response_only:
        break;
    }
    return "response_only";
}

/// Nothing for a text that is no status; the comparison is exact.
constexpr std::optional<safety_status> parse_safety_status(std::string_view text) noexcept {
    for (auto s : {safety_status::safe, safety_status::unsafe, safety_status::undetermined, safety_status::error}) {
        if (to_string(s) == text) return s;
    }
    return std::nullopt;
}

constexpr std::optional<observability_level> parse_observability_level(std::string_view text) noexcept {
    for (auto o : {observability_level::tool_and_side_effects, observability_level::tool_only,
                   observability_level::response_only}) {
        if (to_string(o) == text) return o;
    }
    return std::nullopt;
}

}  // namespace rampart::inline v1

#endif
