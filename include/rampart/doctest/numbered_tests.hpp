#ifndef RAMPART_DOCTEST_NUMBERED_TESTS_HPP
#define RAMPART_DOCTEST_NUMBERED_TESTS_HPP

#include "rampart/core/test_id.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/options.hpp"
#include "rampart/doctest/selection.hpp"
#include "rampart/session/plan.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rampart::inline v1::detail {

/// The tests of a run as all its processes number them: by their ids, sorted. A worker knows nothing of parts and of
/// journals, so that all tests count that the filters select; the controller hands out those that are this run's.
struct numbered_tests {
    std::string hash{};                         ///< of all of them
    std::vector<dist::planned_test> planned{};  ///< by number; of tests that are not this run's nothing but the id
    std::vector<suite_case const*> cases{};     ///< by number; null: not this run's
    std::vector<dist::test_number> order{};     ///< those of this run, as doctest would run them

    /// Empty where this run has no such test.
    std::string id_of(std::size_t number) const {
        return number < cases.size() && cases[number] != nullptr ? cases[number]->id.str() : std::string();
    }

    /// To be called before the tests are cut into parts, inside doctest's run.
    void list(suite_cases const& all) {
        auto const ids = all.selected_ids();
        hash = list_hash(ids);
        std::vector<std::string_view> sorted(ids.begin(), ids.end());
        std::sort(sorted.begin(), sorted.end());
        for (std::string_view const id : sorted) planned.push_back({.id = test_id{std::string(id)}});
        cases.assign(planned.size(), nullptr);
    }

    /// To be called when it is known what is this process's part and what is done already.
    void plan(suite_selection const& chosen, run_config const& config) {
        std::unordered_map<std::string_view, dist::test_number> numbers;
        for (std::size_t i = 0; i < planned.size(); ++i) {
            numbers[planned[i].id.str()] = static_cast<dist::test_number>(i);
        }
        for (suite_case const& c : chosen.cases.all()) {
            auto const number = numbers.find(c.id.str());
            if (c.kind == case_kind::verdict || number == numbers.end()) continue;
            auto& test = planned[number->second];
            test.name = c.name;
            test.file = c.file;
            test.line = c.line;
            test.suite = c.data->m_test_suite;
            test.group = c.marks.group;
            if (c.kind == case_kind::clone) test.base = c.base;
            test.attempt = chosen.journal.next_attempt(config, c.id);
            if (auto const known = chosen.durations.find(c.id); known != chosen.durations.end()) {
                test.seconds = known->second;
            }
            cases[number->second] = &c;
            if (chosen.journal.accounted(c) == nullptr) order.push_back(number->second);
        }
    }
};

}  // namespace rampart::inline v1::detail

#endif
