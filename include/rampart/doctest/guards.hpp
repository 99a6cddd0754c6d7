#ifndef RAMPART_DOCTEST_GUARDS_HPP
#define RAMPART_DOCTEST_GUARDS_HPP

#include "rampart/base/text.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/doctest/registry.hpp"
#include "rampart/guard/guard_list.hpp"
#include "rampart/guards/guard_session.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/trial_groups.hpp"
#include "rampart/transport/engine.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1::detail {

/// The variable by which a worker finds the guard folder of the process that started it. Only workers look at it.
inline constexpr char guard_dir_variable[] = "RAMPART_GUARD_DIR";

/// What a suite's tests are called in its guard folder, whoever runs them. The number is the test's among the run's.
inline std::string case_name(std::string_view worker, std::size_t number, std::uint32_t attempt) {
    return "case-" + std::string(worker) + "-" + std::to_string(number) + "-" + std::to_string(attempt);
}
inline std::optional<std::size_t> number_in_case_name(std::string_view name) {
    auto const last = name.rfind('-');
    auto const before = last == std::string_view::npos || last == 0 ? last : name.rfind('-', last - 1);
    if (before == std::string_view::npos || before == last) return std::nullopt;
    return whole_number<std::size_t>(name.substr(before + 1, last - before - 1));
}

inline fault guard_fault(std::string_view test, std::string text) {
    return {fault_kind::guard_violation, test.empty() ? std::string("outside of tests") : "test " + std::string(test),
            std::move(text)};
}
inline std::vector<fault> guard_faults(std::vector<late_breach> late) {
    std::vector<fault> faults;
    for (late_breach& each : late)
        faults.push_back(guard_fault(each.test, to_string(std::vector{std::move(each.breach)})));
    return faults;
}

/// The resources that the suite registers, as RAMPART_GUARDS says. What makes no sense, and marks that name what nobody
/// registers, go to `errors`.
inline guard_list suite_guard_list(suite_cases const& cases, std::vector<std::string>& errors) {
    guard_list guards;
    for (guards_function const function : guards_functions()) {
        try {
            function(guards);
        } catch (std::exception const& e) {
            errors.push_back(std::string("RAMPART_GUARDS threw: ") + one_line(e.what()));
        } catch (...) {
            errors.push_back("RAMPART_GUARDS threw something that is no std::exception");
        }
    }
    for (std::string const& error : guards.errors()) errors.push_back("RAMPART_GUARDS: " + one_line(error));
    std::string registered;
    for (std::string const& name : guards.names()) registered += (registered.empty() ? "" : ", ") + name;
    for (suite_case const& c : cases.all()) {
        if (c.kind == case_kind::verdict || (c.kind == case_kind::clone && c.trial > 0)) continue;
        for (std::string const& name : c.marks.uses) {
            if (contains(guards.names(), name)) continue;
            errors.push_back(c.file + ":" + std::to_string(c.line) + ": test '" + one_line(c.name) + "': uses(\"" +
                             one_line(name) + "\") names a resource that nobody guards; RAMPART_GUARDS registers " +
                             (registered.empty() ? "none" : registered));
        }
    }
    return guards;
}

/// How a breach stands in doctest's reports.
inline void fail_for_guards(suite_case const& c, std::string const& text) {
    fail_ended_test(c.data->m_file.c_str(), c.line, "the test declares exactly the resources that it uses", text);
}

/// The guards of one process of the suite.
class suite_guards {
public:
    /// Puts them in their places. Gives what stands in the way, or nothing. `worker`: its name, for its cases.
    std::string start(guard_list guards, bool strict, std::string worker, bool is_worker) {
        worker_ = std::move(worker);
        try {
            guard_options options{.strict = strict, .inherited = {}};
            if (is_worker) options.inherited = environment(guard_dir_variable).value_or("");
            session_ = std::make_unique<guard_session>(std::move(guards), options);
        } catch (std::exception const& e) {
            return "the resource guards cannot be put in their places: " + one_line(e.what());
        }
        return {};
    }
    bool is_on() const noexcept { return session_ != nullptr; }
    /// Whether `begin` has to be told the right number and attempt.
    bool names_cases() const noexcept { return session_ != nullptr && session_->has_folder(); }
    std::vector<std::string> take_remarks() { return session_ ? session_->take_remarks() : std::vector<std::string>(); }

    /// Inside doctest's run: a filter may leave out some of a test's trials, and the others tell nothing of its marks.
    void count_trials(suite_cases const& cases) {
        selected_.clear();
        for (suite_case const& c : cases.all()) {
            if (c.kind == case_kind::clone && !c.marks.uses.empty() && passes_filters(*c.data)) ++selected_[c.base];
        }
    }
    void begin(suite_case const& c, std::size_t number, std::uint32_t attempt) {
        if (!session_) return;
        session_->begin_test(c.id.str(), c.marks.uses,
                             session_->has_folder() ? case_name(worker_, number, attempt) : std::string());
    }
    struct findings {
        std::string words{};                ///< what the test did wrong; empty: nothing
        std::vector<std::string> unused{};  ///< of a trial whose group runs as a whole: see test_facts
    };
    findings end(suite_case const& c, bool passed) {
        if (!session_) return {};
        auto verdict = session_->end_test(passed, c.kind == case_kind::clone);
        auto const selected = selected_.find(c.base);
        bool const is_whole = selected != selected_.end() && selected->second == c.marks.trial->n;
        if (!is_whole) verdict.unused.clear();
        return {verdict.breaches.empty() ? std::string() : to_string(verdict.breaches), std::move(verdict.unused)};
    }
    /// What threads did too late, and scopes outside of tests, since the last call.
    static std::vector<fault> take_late() { return guard_faults(guard_session::take_late()); }
    /// After the last test: hooks that cannot be taken out, and what came late. `id_of`: by number.
    std::vector<fault> stop(std::function<std::string(std::size_t)> const& id_of) {
        if (!session_) return {};
        std::vector<fault> faults;
        for (std::string const& words : session_->remove_hooks()) faults.push_back(guard_fault({}, one_line(words)));
        for (fault& f : take_late()) faults.push_back(std::move(f));
        auto swept = guard_faults(session_->sweep([&id_of](std::string_view name) {
            auto const number = number_in_case_name(name);
            return number ? id_of(*number) : std::string();
        }));
        for (fault& f : swept) faults.push_back(std::move(f));
        session_.reset();
        return faults;
    }

private:
    std::unique_ptr<guard_session> session_{};
    std::map<test_id, int> selected_{};  // trials of a test
    std::string worker_{};
};

/// The guard folder and the wrappers, for a process that runs no tests itself but starts those that do.
class guards_for_workers {
public:
    /// Gives what stands in the way, or nothing.
    std::string start(guard_list const& guards) {
        if (guards.names().empty()) return {};
        try {
            folder_.emplace();
            if (!guards.programs().empty()) programs_.emplace(*folder_, guards.programs());
        } catch (std::exception const& e) {
            return "the resource guards cannot be put in their places: " + one_line(e.what());
        }
        ::setenv(guard_dir_variable, folder_->root().c_str(), 1);
        return {};
    }
    /// Of a test whose process died: what it had no time to tell.
    std::string of_lost_test(std::string const& name) {
        if (!folder_) return {};
        std::vector<guard_breach> breaches;
        auto const take = [&](std::string const& folder, std::string const& scope) {
            for (guard_use& u : folder_->take(folder)) {
                if (!u.allowed)
                    breaches.push_back({breach_kind::undeclared, std::move(u.resource), scope, u.how, u.by});
            }
        };
        try {
            take(name, {});
            for (std::string const& folder : folder_->cases()) {
                if (folder.starts_with(name + ".scope-")) take(folder, "a scope of the test");
            }
        } catch (std::runtime_error const& e) {
            breaches.push_back({breach_kind::unknowable, {}, {}, e.what(), {}});
        }
        return to_string(breaches);
    }
    /// When all workers have ended.
    std::vector<fault> stop(std::function<std::string(std::size_t)> const& id_of) {
        if (!folder_) return {};
        auto faults = guard_faults(late_evidence(*folder_, [&id_of](std::string_view name) {
            auto const number = number_in_case_name(name);
            return number ? id_of(*number) : std::string();
        }));
        ::unsetenv(guard_dir_variable);
        programs_.reset();
        folder_.reset();
        return faults;
    }

private:
    std::optional<guard_folder> folder_{};
    std::optional<program_guards> programs_{};
};

}  // namespace rampart::inline v1::detail

#endif
