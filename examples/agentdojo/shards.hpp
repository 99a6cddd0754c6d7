#ifndef AGENTDOJO_SHARDS_HPP
#define AGENTDOJO_SHARDS_HPP

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <rampart/rampart.hpp>

#include "run_file.hpp"

/// From a folder of run files to one session, in this process or in many.
namespace agentdojo {

/// A worker's payload may be 64 MiB by default, and is thrown away whole when it is more. The 4,722 recorded runs are
/// 31 MB of text, but which folder comes, and into how many parts it is cut, is the user's choice: a few times as many
/// runs are no reason to lose a shard. The reader holds one shard at a time, so this is what it may need in memory.
inline constexpr rampart::wire_limits limits{.max_bytes = std::size_t{1} << 30};

/// The files that have to be read, as paths below the folder, in byte order.
struct run_list {
    std::filesystem::path root{};
    std::vector<std::string> files{};
    std::vector<rampart::fault> faults{};  ///< folders that could not be looked into
};

/// Every *.json below `root`.
run_list list_runs(std::filesystem::path const& root);

/// Reads every `count`th file, from the one at `index` (from 0) on, into the session. A file's path is its test's id.
/// The attack runs of one user task are the trials of one trial group. A file that cannot be read leaves a fault and a
/// test without results, so that it is accounted for.
void read_part(rampart::session& into, run_list const& runs, std::size_t index, std::size_t count, mapping how);

/// Starts `jobs` processes of this program, each of which reads one part, and merges what they wrote. A process that
/// does not end well leaves a fault. `program` is the name this program was called by.
void read_in_processes(rampart::session& into, std::string const& program, std::string const& runs_folder,
                       std::size_t jobs, mapping how);

/// Merges the shard that a file holds; one that is not there or is broken leaves a fault.
void merge_file(rampart::session& into, std::filesystem::path const& file);

/// Adds a fault where the session does not hold each file of the list exactly once, or holds results of the other
/// mapping.
void account_for(run_list const& runs, rampart::session& session, mapping how);

/// The bytes of a file. Throws `std::runtime_error` with the system's reason.
std::string read_file(std::filesystem::path const& path);

}  // namespace agentdojo

#endif
