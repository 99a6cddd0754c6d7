#ifndef RAMPART_GUARDS_HOOK_HPP
#define RAMPART_GUARDS_HOOK_HPP

#include <cstddef>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
# include <unistd.h>
# define RAMPART_DETAIL_OWN_PID ::getpid()
#else
// There is no fork that could leave a copy of this process.
# define RAMPART_DETAIL_OWN_PID 0
#endif

/// \file
/// Guards for client libraries: each puts a choke point into a client (`rampart::enforce`) and takes it out again.

namespace rampart::inline v1 {

/// How a client library comes under guard. `install` puts `rampart::enforce(name)` into the client's way: into a
/// std::function or a pointer that the client calls through, or by setting a client object that asks first. `remove`
/// undoes it, and may be empty where there is nothing to undo.
struct hook {
    std::string name{};
    /// Puts it in place.
    std::function<void()> install{};
    /// Takes it away.
    std::function<void()> remove{};
};

namespace detail {

[[nodiscard]] inline std::string what_is_thrown() {
    try {
        throw;
    } catch (std::exception const& thrown) {
        return thrown.what();
    } catch (...) {
        return "something that is no std::exception was thrown";
    }
}

}  // namespace detail

/// Hooks that are installed, in this process.
class hook_guards {
public:
    /// Installs the hooks in order. If one throws, those before it are removed again, the last one first, and a
    /// std::runtime_error names the guard and says what could not be removed; what the hook threw is nested in it.
    /// Throws std::invalid_argument, before anything is installed, for a hook that has no install.
    explicit hook_guards(std::vector<hook> hooks) : hooks_(std::move(hooks)), creator_(RAMPART_DETAIL_OWN_PID) {
        for (hook const& one : hooks_) {
            if (!one.install) {
                throw std::invalid_argument("resource guards: guard '" + one.name + "' has nothing to install");
            }
        }
        for (; installed_ < hooks_.size(); ++installed_) {
            try {
                hooks_[installed_].install();
            } catch (...) {
                std::string text = "resource guards: guard '" + hooks_[installed_].name +
                                   "' could not be installed: " + detail::what_is_thrown();
                for (std::string const& failure : remove()) text += "; " + failure;
                std::throw_with_nested(std::runtime_error(text));
            }
        }
    }

    hook_guards(hook_guards const&) = delete;
    hook_guards& operator=(hook_guards const&) = delete;

    /// Removes what is still installed; what goes wrong then is not told. A forked child does nothing.
    ~hook_guards() {
        try {
            static_cast<void>(remove());
        } catch (...) {  // no memory for the list of failures
        }
    }

    /// Removes all that is installed, the last one first. One that throws does not keep the others from being removed.
    /// Gives a sentence for each that went wrong. In a forked child, and a second time, nothing is done.
    [[nodiscard]] std::vector<std::string> remove() {
        std::vector<std::string> failures;
        if (RAMPART_DETAIL_OWN_PID != creator_) return failures;
        while (installed_ > 0) {
            hook const& one = hooks_[--installed_];
            try {
                if (one.remove) one.remove();
            } catch (...) {
                failures.push_back("guard '" + one.name + "' could not be removed: " + detail::what_is_thrown());
            }
        }
        return failures;
    }

private:
    std::vector<hook> hooks_;
    std::size_t installed_ = 0;
    decltype(RAMPART_DETAIL_OWN_PID) creator_;
};

}  // namespace rampart::inline v1

#undef RAMPART_DETAIL_OWN_PID

#endif  // RAMPART_GUARDS_HOOK_HPP
