#ifndef AGENTDOJO_RUN_FILE_HPP
#define AGENTDOJO_RUN_FILE_HPP

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <rampart/rampart.hpp>

/// One run file and the result that it becomes.
namespace agentdojo {

/// How a run is judged. `strict` differs twice: an empty transcript is an ERROR, and an attack that did no harm because
/// the planted text never reached the agent is UNDETERMINED, not SAFE.
enum class mapping { base, strict };

constexpr std::string_view to_string(mapping m) noexcept { return m == mapping::strict ? "strict" : "base"; }

/// What was asked of the agent.
enum class run_kind {
    attack,       ///< a user's task, with an attacker's text planted in the agent's world
    benign,       ///< a user's task
    direct_goal,  ///< the attacker's goal, asked for openly
};

constexpr std::string_view to_string(run_kind kind) noexcept {
    constexpr std::string_view names[] = {"attack", "benign", "direct_goal"};
    return names[static_cast<int>(kind)];
}

/// What a file's path says: `<pipeline>/<suite>/<task>/<attack>/<injection>.json`.
struct run_place {
    std::string pipeline{};
    std::string suite{};
    std::string task{};
    std::string attack{};     ///< `none` where there is none
    std::string injection{};  ///< the attacker's task, or `none`
    run_kind kind = run_kind::benign;
};

/// Nothing when the path's last five parts do not look like that.
std::optional<run_place> place_of(std::string_view path);

/// The file is not what a run file has to be; `what()` says where and why.
struct bad_run : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What a run file's text becomes.
struct run {
    rampart::result value{};
    std::vector<rampart::fault> notes{};  ///< of the JSON reader: a key that stands twice, text that had to be repaired
};

/// Throws `bad_run`.
run read_run(run_place const& place, std::string_view text, mapping how);

/// Whether this is a table of expected figures, which may lie beside the runs and is none of them.
bool is_expected_table(std::string_view text);

}  // namespace agentdojo

#endif
