#ifndef RAMPART_SESSION_SESSION_CONCEPT_HPP
#define RAMPART_SESSION_SESSION_CONCEPT_HPP

#include "rampart/core/metadata.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/record.hpp"

#include <concepts>
#include <vector>

namespace rampart::inline v1 {

/// Something a report can be built from: it lists its records, its tests, its trial specs and its faults, and knows the
/// run's metadata and duration.
template <class S>
concept Session = requires(S const& s) {
    typename S::result_type;
    requires Result<typename S::result_type>;
    { s.records() } -> std::convertible_to<std::vector<basic_record<typename S::result_type>>>;
    { s.tests() } -> std::convertible_to<std::vector<test_entry>>;
    { s.trial_specs() } -> std::convertible_to<std::vector<trial_spec>>;
    { s.faults() } -> std::convertible_to<std::vector<fault>>;
    { s.report_metadata() } -> std::convertible_to<metadata>;
    { s.duration_seconds() } -> std::convertible_to<double>;
};

}  // namespace rampart::inline v1

#endif
