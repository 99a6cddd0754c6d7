#ifndef RAMPART_TESTS_HOSTILE_SUITE_FILES_HPP
#define RAMPART_TESTS_HOSTILE_SUITE_FILES_HPP

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "doctest/run_program.hpp"

/// \file
/// What kill_suite.cpp does, and what a JSON report says of it.

namespace hostile {

/// What test `case N` records when it comes to its end.
inline std::size_t results_of_case(int n) { return static_cast<std::size_t>(n % 4); }
inline constexpr int first_case = 100;
inline constexpr int last_case = 399;
inline std::string name_of_case(int n) { return "case " + std::to_string(n); }

/// A report by the names of its tests.
struct seen_report {
    std::map<std::string, std::size_t> results{};
    std::map<std::string, std::string> outcomes{};
    std::set<std::string> fault_kinds{};
    std::string reasons{};  ///< all of them
    bool incomplete = false;
};

inline seen_report seen(boost::json::value const& report) {
    seen_report made;
    auto const text = [](boost::json::value const& v) { return std::string(v.as_string()); };
    auto const name = [](std::string const& id) { return id.substr(id.rfind("::") + 2); };
    for (auto const& category : report.at("by_harm_category").as_object()) {
        for (auto const& r : category.value().as_array()) ++made.results[name(text(r.at("nodeid")))];
    }
    for (auto const& t : report.at("tests").as_array())
        made.outcomes[name(text(t.at("nodeid")))] = text(t.at("outcome"));
    for (auto const& f : report.at("faults").as_array()) {
        made.fault_kinds.insert(text(f.at("kind")));
        made.reasons += text(f.at("where")) + ": " + text(f.at("what")) + "\n";
    }
    auto const* const incomplete = report.at("metadata").as_object().if_contains("incomplete");
    made.incomplete = incomplete != nullptr && incomplete->as_bool();
    return made;
}

}  // namespace hostile

#endif
