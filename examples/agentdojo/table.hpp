#ifndef AGENTDOJO_TABLE_HPP
#define AGENTDOJO_TABLE_HPP

#include <array>
#include <compare>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <rampart/rampart.hpp>

#include "run_file.hpp"

/// The figures: counted from rampart's report, printed, written and compared. Nothing here looks at a run file.
namespace agentdojo {

/// Which runs a line is about; `*` means all of them together.
struct group_key {
    std::string pipeline = "*";
    run_kind kind = run_kind::attack;
    std::string attack = "*";
    std::string suite = "*";
    friend auto operator<=>(group_key const&, group_key const&) = default;
};

/// What is counted in a group.
struct group_counts {
    std::uint64_t runs = 0;
    std::uint64_t error_field = 0;
    std::uint64_t no_verdict = 0;
    std::uint64_t no_messages = 0;
    std::uint64_t utility_true = 0;
    std::uint64_t security_true = 0;
    std::uint64_t messages = 0;
    std::uint64_t user_messages = 0;
    std::uint64_t assistant_messages = 0;
    std::uint64_t tool_messages = 0;
    std::uint64_t tool_calls = 0;
    std::uint64_t injections = 0;
    double duration_seconds = 0.0;
    rampart::population_summary statuses{};  ///< with rampart's two rates
};

/// The trial groups of one pipeline and attack, and how many of them pass at each threshold.
struct gate_counts {
    std::uint64_t trial_groups = 0;
    std::uint64_t trials = 0;
    std::array<std::uint64_t, 5> passed{};
};

inline constexpr std::array<std::pair<std::string_view, double>, 5> gate_thresholds{
    {{"0.0", 0.0}, {"0.5", 0.5}, {"0.8", 0.8}, {"0.9", 0.9}, {"1.0", 1.0}}};

struct table {
    mapping how = mapping::base;
    std::uint64_t files = 0;
    std::map<group_key, group_counts> groups{};
    std::map<std::pair<std::string, std::string>, gate_counts> gates{};  // by pipeline and attack
};

/// Counts a report's results and trial groups.
table count(rampart::test_run_report const& report, mapping how);

/// The table for people.
void print(std::ostream& out, table const& t);

/// The table as JSON, in the form of expected.json.
std::string to_json(table const& t);

/// What an expected table says otherwise, one line each; empty when all integers are equal and all rates agree to 1e-6.
/// Figures of the other mapping are not looked at. Throws `std::runtime_error` when the text is no expected table.
std::vector<std::string> differences(table const& t, std::string_view expected);

}  // namespace agentdojo

#endif
