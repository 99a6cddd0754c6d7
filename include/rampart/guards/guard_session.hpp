#ifndef RAMPART_GUARDS_GUARD_SESSION_HPP
#define RAMPART_GUARDS_GUARD_SESSION_HPP

#include "rampart/guard/guard_list.hpp"
#include "rampart/guard/ledger.hpp"
#include "rampart/guards/case_variable.hpp"
#include "rampart/guards/folder.hpp"
#include "rampart/guards/folder_changes.hpp"
#include "rampart/guards/hook.hpp"
#include "rampart/guards/program.hpp"
#include "rampart/guards/strict.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

namespace rampart::inline v1 {

/// How a process guards what its tests use.
struct guard_options {
    bool strict = false;      ///< also look at the calls of the system themselves, where that is possible
    std::string inherited{};  ///< the guard folder of the process that started this one; empty or not there: make one
};

/// How a test stands to the resources that it declares.
struct guard_verdict {
    std::vector<guard_breach> breaches{};  ///< all of them, sorted; with one the test has failed
    /// Of a trial: what it declares and did not use. Its group is at fault only when no trial used it.
    std::vector<std::string> unused{};
};

/// The folders of the tests, read once more when all tests are over: what came after its test had ended. `test_of`
/// gives the test that a case name stands for.
inline std::vector<late_breach> late_evidence(guard_folder& folder,
                                              std::function<std::string(std::string_view)> const& test_of) try {
    std::vector<late_breach> late;
    for (std::string const& name : folder.cases()) {
        auto uses = folder.take(name);
        std::erase_if(uses, [](guard_use const& u) { return u.allowed; });
        std::ranges::stable_sort(uses, {}, &guard_use::resource);
        std::string_view last;
        for (guard_use& u : uses) {
            if (u.resource == last) continue;
            // A scope's folder is called after its test: `case-gw0-7-1.scope-2`.
            auto const test = std::string_view(name).substr(0, name.rfind(".scope-"));
            late.push_back({test_of(test), {breach_kind::late, u.resource, {}, u.how, u.by}});
            last = u.resource;
        }
    }
    return late;
} catch (std::runtime_error const& e) {
    // A test took the folder away: what else came late nobody knows.
    return {{{}, {breach_kind::unknowable, {}, "some test", e.what(), {}}}};
}

/// The guards of a process that runs tests: wrappers on PATH, hooks in client libraries, the ledger and, if asked for,
/// strict mode. A runner says when a test begins and ends, and is told what the test did wrong. One at a time in a
/// process.
///
///     rampart::guard_list guards;  guards.program("git");
///     rampart::guard_session session(std::move(guards));
///     session.begin_test("mail.cpp::a", {"git"}, "case-0");  body();  auto const verdict = session.end_test(passed);
class guard_session final : guard_places {
public:
    /// Throws `std::runtime_error` when something cannot be put in its place; then nothing is.
    explicit guard_session(guard_list guards, guard_options const& options = {}) : guards_(std::move(guards)) {
        if (!guards_.errors().empty()) throw std::runtime_error(guards_.errors().front());
        if (!guards_.names().empty()) {
            if (!options.inherited.empty()) folder_ = guard_folder::adopt(options.inherited);
            if (!folder_) folder_ = std::make_unique<guard_folder>();
            variable_.emplace();
            variable_->set(folder_->outer_case());
        }
        if (!guards_.programs().empty()) programs_.emplace(*folder_, guards_.programs());
        std::vector<hook> hooks;
        for (any_guard& g : guards_.hooks()) {
            hooks.push_back({g.name(), [&g] { g.install(); }, [&g] { g.remove(); }});
        }
        hooks_.emplace(std::move(hooks));
        if (folder_) changes_.emplace(std::vector<std::string>{folder_->root(), folder_->bin()});
        if (folder_) watch(options.strict);
        guard_ledger::instance().open(guards_.names(), this);
    }
    guard_session(guard_session const&) = delete;
    guard_session& operator=(guard_session const&) = delete;
    ~guard_session() {
        // A forked child has no thread that watches, and leaves everything as it is.
        if (::getpid() != owner_) {
            (void)strict_.release();
            return;
        }
        strict_.reset();
        guard_ledger::instance().close();
    }

    /// Whether uses by other processes are written down, so that each test needs a name for its folder.
    bool has_folder() const noexcept { return folder_ != nullptr; }

    /// What the person who runs the suite should know: strict mode that cannot be, calls that nobody could look at.
    std::vector<std::string> take_remarks() {
        if (strict_ && strict_->unreadable() > told_unreadable_) {
            told_unreadable_ = strict_->unreadable();
            remarks_.push_back("strict mode could not look at " + std::to_string(told_unreadable_) +
                               " calls of exec or connect, which were let through");
        }
        if (strict_ && strict_->unjudged() > 0) {
            remarks_.push_back("strict mode refused calls of exec or connect because it could not judge them");
        }
        return std::exchange(remarks_, {});
    }

    /// `case_name` is the test's in this run, of letters, digits and `-`.
    void begin_test(std::string test, std::vector<std::string> declared, std::string case_name) {
        {
            std::lock_guard const hold(mutex_);
            case_ = std::move(case_name);
            if (folder_) {
                variable_->set(folder_->case_dir(case_));
                try {
                    if (!declared.empty()) folder_->allow(case_, declared);
                } catch (std::runtime_error const& e) {
                    trouble_ = e.what();
                }
            }
        }
        guard_ledger::instance().begin_test(std::move(test), std::move(declared));
    }
    /// `passed`: without looking at guards. One that failed may not have come to the use of what it declares.
    /// `is_trial`: then what it did not use is for its group.
    guard_verdict end_test(bool passed, bool is_trial = false) {
        auto account = guard_ledger::instance().end_test();
        bool is_known = true;
        if (folder_) {
            for (guard_use& u : leave_case()) {
                if (u.allowed) {
                    detail::add_once(account.used, u.resource);
                } else {
                    bool const known = detail::contains(guards_.names(), u.resource);
                    account.breaches.push_back({known ? breach_kind::undeclared : breach_kind::unregistered,
                                                std::move(u.resource),
                                                {},
                                                std::move(u.how),
                                                std::move(u.by)});
                }
            }
            if (auto words = take_trouble(); !words.empty()) {
                account.breaches.push_back({breach_kind::unknowable, {}, {}, std::move(words), {}});
                is_known = false;
            }
            bool const touched = programs_ && !programs_->is_path_untouched();
            if (touched && !programs_->are_on_path()) {
                account.breaches.push_back(
                    {breach_kind::unknowable, {}, {}, "it took the wrappers off PATH and did not put them back", {}});
                is_known = false;
            }
            // A test may put something before them, as a program of its own that stands for another.
            if (touched) (void)programs_->put_first();
        }
        guard_verdict verdict{std::move(account.breaches), {}};
        for (std::string const& name : account.declared) {
            if (detail::contains(account.used, name) || !guards_.is_watched(name, strict_ != nullptr)) continue;
            if (!is_known) continue;
            if (is_trial) {
                verdict.unused.push_back(name);
            } else if (passed) {
                verdict.breaches.push_back({breach_kind::unused, name, {}, {}, {}});
            }
        }
        // The first use of each resource is enough.
        auto const what = [](guard_breach const& b) { return std::tie(b.kind, b.resource, b.scope); };
        std::ranges::stable_sort(verdict.breaches, {}, what);
        verdict.breaches.erase(
            std::unique(verdict.breaches.begin(), verdict.breaches.end(),
                        [&](guard_breach const& x, guard_breach const& y) { return what(x) == what(y); }),
            verdict.breaches.end());
        return verdict;
    }
    /// What came late from this process, since the last call.
    static std::vector<late_breach> take_late() { return guard_ledger::instance().take_late(); }
    /// What came late from others, when all tests are over. Nothing where another process owns the folder: it will
    /// look.
    std::vector<late_breach> sweep(std::function<std::string(std::string_view)> const& test_of) {
        return folder_ && folder_->is_owner() ? late_evidence(*folder_, test_of) : std::vector<late_breach>();
    }
    /// Takes the hooks out. Gives what went wrong, each in a sentence.
    std::vector<std::string> remove_hooks() { return hooks_->remove(); }

private:
    /// From here on uses belong to the scopes that were open before the test, or to nobody. Gives what others did.
    std::vector<guard_use> leave_case() {
        std::lock_guard const hold(mutex_);
        variable_->set(scopes_.empty() ? folder_->outer_case() : folder_->case_dir(scopes_.rbegin()->second));
        auto const name = std::exchange(case_, {});
        return changes_->any() ? take(name) : std::vector<guard_use>();
    }
    /// A destructor may ask: what goes wrong is told at the test's end.
    std::vector<guard_use> take(std::string const& name) {
        try {
            auto words = folder_->damage(name);
            if (words.empty() && programs_) words = programs_->damage();
            if (trouble_.empty()) trouble_ = std::move(words);
            return folder_->take(name);
        } catch (std::runtime_error const& e) {
            if (trouble_.empty()) trouble_ = e.what();
            return {};
        }
    }
    std::string take_trouble() {
        std::lock_guard const hold(mutex_);
        return std::exchange(trouble_, {});
    }
    void enter(std::uint64_t scope, std::vector<std::string> const& declared) override {
        if (!folder_) return;
        std::lock_guard const hold(mutex_);
        // Workers share the folder: scopes outside of tests are told apart by the process.
        auto name =
            (case_.empty() ? "case-outside-" + std::to_string(owner_) : case_) + ".scope-" + std::to_string(scope);
        folder_->allow(name, declared);
        variable_->set(folder_->case_dir(name));
        scopes_[scope] = std::move(name);
    }
    void refused(guard_use const& use) override {
        auto const folder = variable_ ? variable_->value() : std::string();
        if (!folder.empty()) (void)detail::write_evidence(folder, use.resource, false, {use.how}, owner_);
    }
    std::vector<guard_use> leave(std::uint64_t scope, std::uint64_t then) override {
        std::lock_guard const hold(mutex_);
        auto const found = scopes_.find(scope);
        if (found == scopes_.end()) return {};
        auto const name = std::move(found->second);
        scopes_.erase(found);
        auto const next = scopes_.find(then);
        variable_->set(next != scopes_.end() ? folder_->case_dir(next->second)
                       : case_.empty()       ? folder_->outer_case()
                                             : folder_->case_dir(case_));
        return take(name);
    }

    void watch(bool strict) {
        if (!strict) {
            for (guarded_address const& a : guards_.addresses()) {
                remarks_.push_back("the net resource '" + a.name +
                                   "' is only watched in strict mode (--rampart-guards=strict)");
            }
            return;
        }
        strict_rules rules{.programs = {}, .addresses = {}, .root = folder_->root()};
        if (programs_) {
            for (auto const& [name, path] : programs_->real()) {
                if (!path.empty()) rules.programs.push_back({name, path});
            }
        }
        for (guarded_address const& a : guards_.addresses()) rules.addresses.push_back({a.name, a.where});
        std::string why;
        strict_ = strict_watch::start(
            std::move(rules), [this](strict_call const& call) { return is_allowed(call); }, why);
        if (!strict_) {
            remarks_.push_back("strict mode is not on: " + why +
                               "; programs are guarded on PATH and clients by their hooks");
        }
    }
    /// A call that strict mode saw, written down where a wrapper would write it. Runs in strict mode's thread.
    bool is_allowed(strict_call const& call) const {
        std::string folder = call.case_dir.empty() ? variable_->value() : call.case_dir;
        if (folder.empty() && call.is_own) return true;  // between tests
        bool const allowed = !folder.empty() && detail::is_allowed(folder, call.resource);
        // Whose it is nobody can say: not a test's that may be another one.
        if (!allowed && call.case_dir.empty() && !call.is_own) folder = folder_->case_dir("case-unknown");
        return detail::write_evidence(folder, call.resource, allowed, call.words, call.pid) && allowed;
    }

    guard_list guards_;
    std::unique_ptr<guard_folder> folder_{};
    std::optional<case_variable> variable_{};
    std::optional<program_guards> programs_{};
    std::optional<folder_changes> changes_{};
    std::optional<hook_guards> hooks_{};
    std::unique_ptr<strict_watch> strict_{};
    std::vector<std::string> remarks_{};
    std::uint64_t told_unreadable_ = 0;
    ::pid_t owner_ = ::getpid();
    std::mutex mutex_{};  // of the three below; the ledger's lock is taken before it, never after
    std::string case_{};
    std::string trouble_{};                          // why the uses of the running test cannot be known
    std::map<std::uint64_t, std::string> scopes_{};  // open ones, by entry; each the case name of its folder
};

}  // namespace rampart::inline v1

#endif
