#ifndef RAMPART_SESSION_SHARD_HPP
#define RAMPART_SESSION_SHARD_HPP

#include "rampart/core/trial.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_list.hpp"

#include <string>
#include <vector>

namespace rampart::inline v1 {

/// What one process learnt, as a plain value: it can be serialized, carried and merged. With filed records it can be
/// merged in this process only.
template <Result R>
struct basic_shard {
    std::string worker{};
    std::vector<basic_record<R>> records{};
    std::vector<test_entry> tests{};
    std::vector<trial_spec> trial_specs{};
    std::vector<fault> faults{};
    std::vector<shard_plan> plans{};  ///< what the processes behind it set out to do
    record_list<R> filed{};           ///< further records, whose values stayed in their files
};
/// Of rampart's own results.
using shard = basic_shard<result>;

}  // namespace rampart::inline v1

#endif
