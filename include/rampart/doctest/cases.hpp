#ifndef RAMPART_DOCTEST_CASES_HPP
#define RAMPART_DOCTEST_CASES_HPP

#include "rampart/base/text.hpp"
#include "rampart/doctest/decorators.hpp"
#include "rampart/doctest/registry.hpp"
#include "rampart/doctest/test_ids.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/trial_groups.hpp"
#include "rampart/transport/durations.hpp"
#include "rampart/transport/partition.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rampart::inline v1::detail {

enum class case_kind : unsigned char {
    plain,
    clone,    // one trial
    verdict,  // the test that rampart puts behind the trials: it checks their group
};

enum class case_progress : unsigned char {
    waiting,
    running,
    finished,
    skipped,
    accounted,  // an earlier journal has it
};

/// One test of the suite, as doctest sees it after the trials have been registered.
struct suite_case {
    doctest_case const* data = nullptr;
    void (*body)() = nullptr;
    case_kind kind = case_kind::plain;
    case_progress progress = case_progress::waiting;
    test_id id{};
    test_id base{};         // of a clone or a verdict: the test that has trials
    std::size_t trial = 0;  // of a clone: which it is
    std::string name{};
    std::string file{};  // relative, as in the id
    unsigned line = 0;
    test_marks marks{};
    clone_tally tally{};
};

/// What a session is told of a test beside its marks and results.
inline test_facts facts_of(suite_case const& c, test_outcome outcome, double seconds = 0.0, std::string detail = {},
                           std::vector<std::string> unused = {}) {
    return {.name = c.name,
            .outcome = outcome,
            .seconds = seconds,
            .file = c.file,
            .line = c.line,
            .detail = std::move(detail),
            .unused = std::move(unused)};
}

/// What a session is told of a trial.
inline trial_spec spec_of(suite_case const& clone) {
    return {.clone = clone.id, .base = clone.base, .threshold = clone.marks.trial->threshold};
}

/// The suite's tests by what doctest hands to a listener.
class suite_cases {
public:
    /// Reads doctest's registry and the marks, and registers the trials. What makes no sense goes to `errors`, each
    /// with the test's name; then nothing should run. Once a process: clones are not cloned again. The text policy has
    /// its say in ids at once, so that a report's id is the one to ask for, and journals know no other.
    void collect(std::optional<int> trials, std::string_view root, text_policy text, std::vector<std::string>& errors);

    /// Hides the tests of other parts from doctest. Counts only what the command line selects, so that the parts are
    /// balanced; trials and groups stay whole. With `durations` these decide, else `how` does.
    void keep_only(shard_part part, shard_partition how, test_durations const* durations) {
        std::vector<std::string> units;
        std::vector<std::optional<double>> seconds;
        std::vector<suite_case const*> selected;
        for (suite_case const& c : cases_) {
            if (!passes_filters(*c.data)) continue;
            selected.push_back(&c);
            // A NUL tells the three kinds of unit apart whatever the names are.
            units.push_back(!c.marks.group.empty()       ? std::string("group\0", 6) + c.marks.group
                            : c.kind == case_kind::plain ? c.id.str()
                                                         : c.base.str());
            if (durations == nullptr) continue;
            auto const known = durations->find(c.id);
            if (c.kind == case_kind::verdict) {
                seconds.emplace_back(0.0);  // it only counts
            } else {
                seconds.push_back(known == durations->end() ? std::nullopt : std::optional(known->second));
            }
        }
        auto const mine = durations != nullptr           ? deal_by_duration(units, seconds, part)
                          : how == shard_partition::hash ? deal_by_hash(units, part)
                                                         : deal_by_stride(units, part);
        std::vector<doctest_case const*> others;
        for (std::size_t i = 0; i < selected.size(); ++i) {
            if (!mine[i]) others.push_back(selected[i]->data);
        }
        hide(others);
    }

    /// Keeps the tests of these ids, and hides the others from doctest. The id of a test with trials is all of them;
    /// that of a trial is this one. An id that no test has goes to `errors`.
    void keep_named(std::vector<std::string> const& ids, std::vector<std::string>& errors) {
        std::unordered_map<std::string_view, bool> known;
        for (std::string const& id : ids) known[id] = false;
        std::vector<doctest_case const*> others;
        for (suite_case const& c : cases_) {
            auto const itself = c.kind == case_kind::verdict ? known.end() : known.find(c.id.str());
            auto const all = c.kind == case_kind::plain ? known.end() : known.find(c.base.str());
            if (itself != known.end()) itself->second = true;
            if (all != known.end()) all->second = true;
            if (itself == known.end() && all == known.end()) others.push_back(c.data);
        }
        for (std::string const& id : ids) {
            if (std::exchange(known[id], true)) continue;
            errors.push_back("--rampart-test: there is no test '" + one_line(id) +
                             "'; --rampart-list=- tells the ids of all");
        }
        if (errors.empty()) hide(others);
    }
    /// Keeps the tests whose name or id one of these patterns selects, and hides the others. A test with trials is all
    /// of them. Commas stand between patterns, and `\,` for a comma in one, as in doctest's filters. Only while doctest
    /// runs.
    void keep_matching(std::string_view filter) {
        std::vector<doctest::String> patterns;
        std::string pattern;
        for (std::size_t i = 0; i <= filter.size(); ++i) {
            if (i == filter.size() || filter[i] == ',') {
                if (!pattern.empty()) patterns.emplace_back(std::exchange(pattern, {}).c_str());
            } else {
                if (filter[i] == '\\' && filter.substr(i + 1).starts_with(',')) ++i;
                pattern += filter[i];
            }
        }
        std::vector<doctest_case const*> others;
        for (suite_case const& c : cases_) {
            // What a trial's name and id have behind the test's is the same.
            auto const base_name = c.kind == case_kind::plain
                                       ? c.name
                                       : c.name.substr(0, c.name.size() + c.base.str().size() - c.id.str().size());
            bool const wanted = matches_pattern(c.name, patterns) || matches_pattern(c.id.str(), patterns) ||
                                (c.kind != case_kind::plain && (matches_pattern(base_name, patterns) ||
                                                                matches_pattern(c.base.str(), patterns)));
            if (!wanted) others.push_back(c.data);
        }
        hide(others);
    }
    /// Leaves doctest nothing to run.
    void hide_all() {
        std::vector<doctest_case const*> all;
        for (suite_case const& c : cases_) all.push_back(c.data);
        hide(all);
    }

    std::vector<suite_case>& all() noexcept { return cases_; }
    std::vector<suite_case> const& all() const noexcept { return cases_; }
    /// The ids of the tests that the command line selects. The verdicts on trials are no tests of their own.
    std::vector<std::string_view> selected_ids() const {
        std::vector<std::string_view> ids;
        for (suite_case const& c : cases_) {
            if (c.kind != case_kind::verdict && passes_filters(*c.data)) ids.emplace_back(c.id.str());
        }
        return ids;
    }
    /// How many of them are to run still.
    std::size_t count_waiting() const {
        return static_cast<std::size_t>(std::count_if(cases_.begin(), cases_.end(), [](suite_case const& c) {
            return c.progress == case_progress::waiting && c.kind != case_kind::verdict && passes_filters(*c.data);
        }));
    }
    suite_case* find(doctest_case const& tc) {
        // Unless another order is asked for, doctest goes through its tests as they stand here.
        if (next_ == cases_.size()) next_ = 0;
        if (next_ < cases_.size() && cases_[next_].data == &tc) return &cases_[next_++];
        if (by_data_.empty()) {
            by_data_.reserve(cases_.size());
            for (std::size_t i = 0; i < cases_.size(); ++i) by_data_[cases_[i].data] = i;
        }
        auto const found = by_data_.find(&tc);
        if (found == by_data_.end()) return nullptr;
        next_ = found->second + 1;
        return &cases_[found->second];
    }

private:
    /// Registers the trials of the tests that have any, which stand behind the others from then on.
    void register_trials(std::optional<int> trials, std::vector<std::string>& errors);
    void hide(std::vector<doctest_case const*> const& others) {
        hide_cases(others);
        std::unordered_set<doctest_case const*> const hidden(others.begin(), others.end());
        std::erase_if(cases_, [&hidden](suite_case const& c) { return hidden.contains(c.data); });
        by_data_.clear();
        next_ = 0;
    }

    std::vector<suite_case> cases_{};
    std::size_t next_ = 0;  // where the one that doctest asks for next most likely stands
    std::unordered_map<doctest_case const*, std::size_t> by_data_{};  // empty until it does not stand there
};

/// Finds the marks of registered tests.
class mark_index {
public:
    mark_index() {
        auto const& registry = mark_registry::instance();
        for (auto const* s = registry.suites; s != nullptr; s = s->before) suites_[s->name] = &s->marks;
        for (auto const* m = registry.cases; m != nullptr; m = m->before) cases_.emplace(m->line, m);
    }
    /// The suite's marks, then the test's own on top; declared resources add up.
    test_marks of(registered_case const& c) const {
        test_marks marks;
        if (auto const suite = suites_.find(c.data->m_test_suite); suite != suites_.end()) marks = *suite->second;
        auto const [first, last] = cases_.equal_range(c.data->m_line);
        for (auto it = first; it != last; ++it) {
            marked_case const& m = *it->second;
            if (m.body != c.body || m.template_id != c.template_id || m.file != c.data->m_file.c_str()) continue;
            if (!m.marks.harm_category.empty()) marks.harm_category = m.marks.harm_category;
            if (m.marks.trial) marks.trial = m.marks.trial;
            if (!m.marks.group.empty()) marks.group = m.marks.group;
            for (std::string const& name : m.marks.uses) {
                if (std::find(marks.uses.begin(), marks.uses.end(), name) == marks.uses.end())
                    marks.uses.push_back(name);
            }
        }
        return marks;
    }

private:
    std::unordered_map<char const*, test_marks const*> suites_{};  // by address: see marked_suite
    std::unordered_multimap<unsigned, marked_case const*> cases_{};
};

/// What is wrong with a test's marks; empty when nothing is.
inline std::string problem_of(test_marks const& marks, doctest_case const& tc) {
    if (!marks.trial) return {};
    if (auto problem = rampart::problem_of(*marks.trial); !problem.empty()) return problem;
    if (tc.m_should_fail || tc.m_expected_failures > 0) {
        return "trial cannot be combined with should_fail or expected_failures: the group's verdict is the test's "
               "verdict";
    }
    return {};
}

inline void suite_cases::collect(std::optional<int> trials, std::string_view root, text_policy text,
                                 std::vector<std::string>& errors) {
    auto const found = registered_cases();
    std::vector<std::string> files;  // each once: the tests of a file stand together
    std::vector<std::size_t> ends;   // of each file's tests
    for (std::size_t i = 0; i < found.size(); ++i) {
        bool const is_new =
            i == 0 || std::strcmp(found[i].data->m_file.c_str(), found[i - 1].data->m_file.c_str()) != 0;
        if (is_new) {
            files.emplace_back(found[i].data->m_file.c_str());
            ends.push_back(i);
        }
        ends.back() = i + 1;
    }
    auto relative = relative_files(files, root);
    for (std::string& file : relative) apply(text, file);
    cases_.reserve(found.size());

    mark_index const marks;
    std::unordered_map<std::string_view, std::string> types;  // folding is slow, and types come again
    std::size_t file = 0;
    bool any_trials = false;
    for (registered_case const& f : found) {
        std::string name = f.data->m_name;
        if (!f.type.empty()) {
            auto const ending = "<" + std::string(f.type) + ">";
            if (name.ends_with(ending)) {
                auto const [at, is_new] = types.try_emplace(f.type);
                if (is_new) at->second = fold_type_spelling(std::string(f.type));
                name = name.substr(0, name.size() - ending.size()) + "<" + at->second + ">";
            }
        }
        apply(text, name);
        std::string suite = f.data->m_test_suite;
        apply(text, suite);
        if (cases_.size() == ends[file]) ++file;
        auto id = plain_test_id(relative[file], suite, name);
        cases_.push_back({.data = f.data,
                          .body = f.body,
                          .id = std::move(id),
                          .name = std::move(name),
                          .file = relative[file],
                          .line = f.data->m_line,
                          .marks = marks.of(f)});
        any_trials = any_trials || cases_.back().marks.trial;
    }
    tell_apart(cases_, [](suite_case& c) -> test_id& { return c.id; });
    errors.insert(errors.end(), mark_registry::instance().errors.begin(), mark_registry::instance().errors.end());
    if (any_trials) register_trials(trials, errors);
}

inline void suite_cases::register_trials(std::optional<int> trials, std::vector<std::string>& errors) {
    std::vector<replacement> wanted;
    std::vector<suite_case> templates;  // for each replacement
    std::vector<suite_case> others;
    others.reserve(cases_.size());
    for (suite_case& c : cases_) {
        if (auto const problem = problem_of(c.marks, *c.data); !problem.empty()) {
            errors.push_back(c.file + ":" + std::to_string(c.line) + ": test '" + one_line(c.name) + "': " + problem);
            c.marks.trial.reset();
        }
        if (!c.marks.trial) {
            others.push_back(std::move(c));
            continue;
        }
        if (trials) c.marks.trial->n = *trials;
        std::string const full = c.data->m_name;  // the type as the compiler spells it: what a filter must name
        replacement r{c.data, {}, full + " [trials]"};
        for (int k = 0; k < c.marks.trial->n; ++k) r.clones.push_back(full + "[trial-" + std::to_string(k) + "]");
        wanted.push_back(std::move(r));
        templates.push_back(std::move(c));
    }
    cases_ = std::move(others);
    auto const made = replace_cases(wanted);
    for (std::size_t i = 0; i < made.size(); ++i) {
        for (std::size_t k = 0; k < made[i].size(); ++k) {
            bool const last = k + 1 == made[i].size();
            std::string const ending = last ? " [trials]" : "[trial-" + std::to_string(k) + "]";
            suite_case c = templates[i];
            c.data = made[i][k];
            c.kind = last ? case_kind::verdict : case_kind::clone;
            c.base = c.id;
            c.id = test_id{c.base.str() + ending};
            c.name += ending;
            if (!last) c.trial = k;
            cases_.push_back(std::move(c));
        }
    }
    std::unordered_set<std::string_view> taken;
    for (suite_case const& c : cases_) {
        if (!taken.insert(c.id.str()).second) {
            errors.push_back(c.file + ":" + std::to_string(c.line) + ": two tests would be called '" +
                             one_line(c.name) + "'; one of them is a trial: give the other another name");
        }
    }
}

}  // namespace rampart::inline v1::detail

#endif
