#ifndef RAMPART_GUARD_LEDGER_HPP
#define RAMPART_GUARD_LEDGER_HPP

#include "rampart/base/mutex.hpp"
#include "rampart/base/text.hpp"
#include "rampart/guard/evidence.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
# include <unistd.h>
#endif

namespace rampart::inline v1 {

/// What is wrong about a use, or about its absence.
enum class breach_kind : unsigned char {
    undeclared,    ///< used, and not declared
    unregistered,  ///< used, and no guard of that name is registered
    unmarked,      ///< a scope that the test entered declares it, the test does not
    unused,        ///< declared, and never used
    late,          ///< used after the test had ended, and not declared
    left_open,     ///< a scope of the test was still open when the test ended
    unknowable,    ///< what the test used cannot be known, because it changed what guards its uses; `how` says what
};

/// One way in which what a test or a scope declares and what it used do not agree.
struct guard_breach {
    breach_kind kind = breach_kind::undeclared;
    std::string resource{};
    std::string scope{};  ///< the scope that it happened in; empty: the test itself
    std::string how{};    ///< of the first use: `git status -s`
    std::string by{};     ///< who did it; may be empty
    friend bool operator==(guard_breach const&, guard_breach const&) = default;
};

/// What is wrong, and the two ways out, in one sentence.
template <class = void>
std::string to_string(guard_breach const& b) {
    std::string const name = "'" + b.resource + "'";
    std::string const mark = "rampart::uses(\"" + b.resource + "\")";
    std::string const who = b.scope.empty() ? std::string("the test") : b.scope;
    std::string evidence = b.how;
    if (!b.by.empty()) evidence += (evidence.empty() ? "" : ", ") + std::string("by ") + b.by;
    if (!evidence.empty()) evidence = " (" + evidence + ")";
    switch (b.kind) {
    case breach_kind::undeclared:
        return who + " used " + name + evidence + " without " +
               (b.scope.empty() ? mark + ": add it" : "declaring it: declare it there") + ", or remove the use";
    case breach_kind::unregistered:
        return who + " used " + name + evidence + ", and no guard of that name is registered: add it to RAMPART_GUARDS";
    case breach_kind::unmarked:
        return who + " uses " + name + ", and the test that stands on it is without " + mark +
               ": add it, or do without the scope";
    case breach_kind::unused:
        return who + " declares " + name + " and never used it: remove " + (b.scope.empty() ? mark : "it there") +
               ", or exercise it";
    case breach_kind::late:
        return who + " used " + name + evidence + " after the test had ended, without " + mark +
               ": end what the test starts before the test ends";
    case breach_kind::left_open:
        return who + " was still open when its test ended: end the scope inside the test";
    case breach_kind::unknowable:
        return "what " + who + " used cannot be known: " + b.how;
    }
    return {};
}

/// All that is wrong with one test, in one line.
template <class = void>
std::string to_string(std::vector<guard_breach> const& breaches) {
    std::string text;
    for (guard_breach const& b : breaches) text += (text.empty() ? "RESOURCE GUARD: " : "; ") + to_string(b);
    return one_line(text);
}

namespace detail {

template <class = void>
bool contains(std::vector<std::string> const& names, std::string_view name) {
    for (std::string const& each : names) {
        if (each == name) return true;
    }
    return false;
}
template <class = void>
void add_once(std::vector<std::string>& names, std::string_view name) {
    if (!contains(names, name)) names.emplace_back(name);
}

/// What a scope declares and has used so far; shared by all entries of a `shared_uses`.
struct guard_scope_state {
    std::string what{};  // `scope_uses at fixture.cpp:12`
    std::vector<std::string> declared{};
    std::vector<std::string> used{};
};

}  // namespace detail

/// What a test did with guarded resources.
struct guard_account {
    std::string test{};
    std::vector<std::string> declared{};
    std::vector<std::string> used{};  ///< declared ones, by the test or by a scope that it entered
    std::vector<guard_breach>
        breaches{};  ///< of its own and of its scopes, each resource once a scope; none is `unused`
};
/// A breach that came when its test had ended, or of no test.
struct late_breach {
    std::string test{};  ///< empty: it belongs to none
    guard_breach breach{};
};

/// Names the test that is running, to be handed to a thread that works for it.
struct guard_handle {
    std::uint64_t ordinal = 0;  ///< 0: no test
    std::string test{};
    std::vector<std::string> declared{};
};

/// Is told where uses that other processes make have to be written down, while scopes come and go. Called under the
/// ledger's lock: it must not ask the ledger.
class guard_places {
public:
    guard_places() = default;
    guard_places(guard_places const&) = delete;
    guard_places& operator=(guard_places const&) = delete;
    /// From now on uses belong to this scope.
    virtual void enter(std::uint64_t scope, std::vector<std::string> const& declared) = 0;
    /// A scope has ended. Gives what other processes used in it. From now on uses belong to the scope `then`; 0: to the
    /// test that is running, or to nobody.
    virtual std::vector<guard_use> leave(std::uint64_t scope, std::uint64_t then) = 0;
    /// This process used something that it may not use, where uses belong now; the first time for each test and scope.
    /// The ledger knows it already: this is for who asks when the process has died.
    virtual void refused(guard_use const& use) = 0;

protected:
    ~guard_places() = default;
};

/// Which resources this process's tests may use and did use. One for each process: a runner opens it, and says when a
/// test begins and ends; whatever notices a use asks it. Any thread may ask.
template <class = void>
class basic_guard_ledger {
public:
    /// Never destroyed: a detached thread may still use something while the process ends.
    static basic_guard_ledger& instance() {
        static basic_guard_ledger* const ledger = new basic_guard_ledger;
        return *ledger;
    }

    // ---- for a runner

    /// From here on uses count. `known`: the names that are registered. Throws `std::logic_error` when it is open.
    void open(std::vector<std::string> known, guard_places* places = nullptr) {
        detail::lock_guard const hold(mutex_);
        if (is_mine()) throw std::logic_error("rampart::guard_ledger: this process is in a run already");
        known_ = std::move(known);
        places_ = places;
        in_test_ = false;  // a forked child has what its parent was at
        scopes_.clear();
        late_.clear();
        __atomic_store_n(&owner_, process_id(), __ATOMIC_RELEASE);
    }
    void close() {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        __atomic_store_n(&owner_, -1L, __ATOMIC_RELEASE);
        in_test_ = false;
        places_ = nullptr;
        scopes_.clear();
        late_.clear();
    }
    /// A test begins, with what it declares.
    void begin_test(std::string test, std::vector<std::string> declared) {
        detail::lock_guard const hold(mutex_);
        ++ordinal_;
        in_test_ = true;
        account_.test = std::move(test);
        account_.declared = std::move(declared);
        account_.used.clear();
        account_.breaches.clear();
    }
    /// The test is over; what still comes for it is late. Its open scopes end here.
    guard_account end_test() {
        detail::lock_guard const hold(mutex_);
        for (std::size_t i = scopes_.size(); i-- > 0;) {
            if (!scopes_[i].of_test) continue;
            add({breach_kind::left_open, {}, scopes_[i].state->what, {}, {}}, true);
            take_out(i, false);
        }
        in_test_ = false;
        guard_account ended = std::move(account_);
        account_.test.clear();  // what is moved from a vector leaves none, but a text may stay
        return ended;
    }
    /// Late uses, and what scopes outside of tests did wrong, since the last call.
    std::vector<late_breach> take_late() {
        detail::lock_guard const hold(mutex_);
        return std::exchange(late_, {});
    }

    // ---- for what notices uses

    /// What becomes of a use: it is of no test, declared, or not.
    enum class answer : unsigned char { outside, allowed, refused };

    /// A use, by this very process. `works_for`: the test that the calling thread works for, if it knows.
    answer use(std::string_view resource, std::string how, guard_handle const* works_for = nullptr) {
        if (!is_mine()) return elsewhere(resource, std::move(how));
        detail::lock_guard const hold(mutex_);
        if (works_for != nullptr && works_for->ordinal != 0 && (!in_test_ || works_for->ordinal != ordinal_)) {
            if (detail::contains(works_for->declared, resource)) return answer::allowed;
            add_late({works_for->test, {breach_kind::late, std::string(resource), {}, std::move(how), {}}});
            return answer::refused;
        }
        open_scope const* const scope = active_scope();
        if (scope == nullptr && !in_test_) return answer::outside;
        guard_use const use{std::string(resource), false, std::move(how), {}};
        auto const so_far = account_.breaches.size() + late_.size();
        if (note(use, scope)) return answer::allowed;
        if (places_ != nullptr && account_.breaches.size() + late_.size() > so_far) places_->refused(use);
        return answer::refused;
    }
    /// The running test, to be handed to a thread that works for it.
    guard_handle running() {
        if (!is_mine()) return {};
        detail::lock_guard const hold(mutex_);
        return in_test_ ? guard_handle{ordinal_, account_.test, account_.declared} : guard_handle{};
    }

    // ---- for scopes

    /// Gives the entry's number, to leave it by; 0 when no run is on.
    std::uint64_t enter(detail::guard_scope_state& state) {
        if (!is_mine()) return 0;
        detail::lock_guard const hold(mutex_);
        stand_on(state);
        // First, as it may throw: then there is no scope.
        if (places_ != nullptr) places_->enter(entries_ + 1, state.declared);
        scopes_.push_back({++entries_, in_test_, &state});
        return entries_;
    }
    /// The test that is running stands on this scope: its marks have to say so.
    void consume(detail::guard_scope_state const& state) {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        stand_on(state);
    }
    /// `judge`: whether what the scope declares has to have been used by now.
    void leave(std::uint64_t entry, bool judge) {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        for (std::size_t i = scopes_.size(); i-- > 0;) {
            if (scopes_[i].entry == entry) return take_out(i, judge);
        }
        // Not there: its test has ended before it, and it with the test.
    }
    /// The end of a `shared_uses`.
    void judge(detail::guard_scope_state const& state) {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        find_unused(state, in_test_);
    }

private:
    struct open_scope {
        std::uint64_t entry = 0;
        bool of_test = false;  // of the running one; others sleep while a test runs
        detail::guard_scope_state* state = nullptr;
    };

    basic_guard_ledger() = default;

    static long process_id() noexcept {
#if defined(__unix__) || defined(__APPLE__)
        return ::getpid();
#else
        return 0;
#endif
    }
    /// Asked before the lock is taken: in a forked child another thread may have held it for ever.
    bool is_mine() const noexcept { return __atomic_load_n(&owner_, __ATOMIC_ACQUIRE) == process_id(); }

    /// A use in a process that has no run of its own: forked by a test, started by one; or by code that a test has
    /// loaded and that has a ledger of its own. What is true of it stands in the folder of the test.
    static answer elsewhere(std::string_view resource, std::string how) {
        auto const folder = detail::case_dir_of_environment();
        if (folder.empty()) return answer::outside;
        bool const allowed = detail::is_allowed(folder, resource);
        bool const written = detail::write_evidence(folder, resource, allowed, {std::move(how)}, process_id());
        return allowed && written ? answer::allowed : answer::refused;
    }

    open_scope const* active_scope() const noexcept {
        bool const any = !scopes_.empty() && scopes_.back().of_test == in_test_;
        return any ? &scopes_.back() : nullptr;
    }
    bool note(guard_use use, open_scope const* scope) {
        auto const& declared = scope != nullptr ? scope->state->declared : account_.declared;
        if (detail::contains(declared, use.resource)) {
            detail::add_once(scope != nullptr ? scope->state->used : account_.used, use.resource);
            return true;
        }
        add({detail::contains(known_, use.resource) ? breach_kind::undeclared : breach_kind::unregistered,
             std::move(use.resource), scope != nullptr ? scope->state->what : std::string(), std::move(use.how),
             std::move(use.by)},
            scope == nullptr || scope->of_test);
        return false;
    }
    /// To the test that is running, or to nobody's. The first of its kind is enough.
    void add(guard_breach b, bool of_test) {
        if (!of_test) return add_late({{}, std::move(b)});
        for (guard_breach const& have : account_.breaches) {
            if (have.kind == b.kind && have.resource == b.resource && have.scope == b.scope) return;
        }
        account_.breaches.push_back(std::move(b));
    }
    void add_late(late_breach b) {
        for (late_breach const& have : late_) {
            if (have.test == b.test && have.breach.kind == b.breach.kind && have.breach.resource == b.breach.resource &&
                have.breach.scope == b.breach.scope) {
                return;
            }
        }
        late_.push_back(std::move(b));
    }
    void stand_on(detail::guard_scope_state const& state) {
        if (!in_test_) return;
        for (std::string const& name : state.declared) {
            if (detail::contains(account_.declared, name)) {
                detail::add_once(account_.used, name);
            } else {
                add({detail::contains(known_, name) ? breach_kind::unmarked : breach_kind::unregistered,
                     name,
                     state.what,
                     {},
                     {}},
                    true);
            }
        }
    }
    void take_out(std::size_t at, bool judge) {
        open_scope const ended = scopes_[at];
        scopes_.erase(scopes_.begin() + static_cast<std::ptrdiff_t>(at));
        if (places_ != nullptr) {
            open_scope const* const now = active_scope();
            for (guard_use& use : places_->leave(ended.entry, now != nullptr ? now->entry : 0)) {
                note(std::move(use), &ended);
            }
        }
        if (judge) find_unused(*ended.state, ended.of_test);
    }
    void find_unused(detail::guard_scope_state const& state, bool of_test) {
        for (std::string const& name : state.declared) {
            if (!detail::contains(state.used, name)) add({breach_kind::unused, name, state.what, {}, {}}, of_test);
        }
    }

    detail::mutex mutex_{};
    long owner_ = -1;  // the process that is in a run; a child forked from it is not
    bool in_test_ = false;
    std::uint64_t ordinal_ = 0;
    std::uint64_t entries_ = 0;
    guard_account account_{};
    std::vector<std::string> known_{};
    std::vector<open_scope> scopes_{};
    std::vector<late_breach> late_{};
    guard_places* places_ = nullptr;
};
/// What a suite says.
using guard_ledger = basic_guard_ledger<>;

}  // namespace rampart::inline v1

#endif
