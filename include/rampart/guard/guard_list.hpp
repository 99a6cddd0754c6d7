#ifndef RAMPART_GUARD_GUARD_LIST_HPP
#define RAMPART_GUARD_GUARD_LIST_HPP

#include "rampart/guard/evidence.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// Watches one resource in this process. `name()` is the resource's; `install()` puts the watch in its place, where it
/// calls `enforce` for each use; `remove()` takes it out again. Both may throw. Removed in the reverse order of
/// installing.
template <class G>
concept ResourceGuard = std::move_constructible<G> && requires(G& guard, G const& same) {
    { same.name() } -> std::convertible_to<std::string_view>;
    guard.install();
    guard.remove();
};

/// Any ResourceGuard.
class any_guard {
public:
    template <class G>
        requires(!std::same_as<G, any_guard>)
    &&ResourceGuard<G> any_guard(G guard) : object_(new G(std::move(guard))), does_(&actions_of<G>) {}
    any_guard(any_guard&& other) noexcept : object_(std::exchange(other.object_, nullptr)), does_(other.does_) {}
    any_guard& operator=(any_guard&& other) noexcept {
        std::swap(object_, other.object_);
        std::swap(does_, other.does_);
        return *this;
    }
    ~any_guard() {
        if (object_ != nullptr) does_->destroy(object_);
    }
    std::string name() const { return does_->name(object_); }
    void install() { does_->install(object_); }
    void remove() { does_->remove(object_); }

private:
    struct actions {
        std::string (*name)(void*);
        void (*install)(void*);
        void (*remove)(void*);
        void (*destroy)(void*);
    };
    template <class G>
    static constexpr actions actions_of{
        [](void* g) { return std::string(std::string_view(static_cast<G const*>(g)->name())); },
        [](void* g) { static_cast<G*>(g)->install(); }, [](void* g) { static_cast<G*>(g)->remove(); },
        [](void* g) { delete static_cast<G*>(g); }};

    void* object_;
    actions const* does_;
};

namespace detail {

/// A pair of functions as a guard.
template <class Install, class Remove>
struct install_pair {
    std::string resource;
    Install put;
    Remove take;
    std::string const& name() const { return resource; }
    void install() { put(); }
    void remove() { take(); }
};

}  // namespace detail

/// Where a resource on the net is: what strict mode looks for in calls of connect.
struct guarded_address {
    std::string name{};   ///< of the resource
    std::string where{};  ///< `host:port`, `[::1]:80`, `*:25` for any host, `unix:/path`
};

/// The resources that a suite guards, registered in one place for the whole suite. A name may have several guards, as
/// a tool that is also a library: one mark covers all of them. Names are made of letters, digits and `._+-`, and begin
/// with none of `.-`; what is wrong with one is told when the run starts, and nothing runs.
///
///     RAMPART_GUARDS(guards) {
///         guards.program("git");
///         guards.sdk("smtp", [] { smtp::set_hook(...); }, [] { smtp::set_hook(nullptr); });
///         guards.sdk("my_sdk");  // its client calls rampart::enforce("my_sdk") by itself
///         guards.net("database", "localhost:5432");
///     }
template <class = void>
class basic_guard_list {
public:
    /// A program that is found on PATH. Twice is once.
    void program(std::string_view name) {
        if (!add_name(name, "program", false)) return;
        for (std::string const& have : programs_) {
            if (have == name) return;
        }
        programs_.emplace_back(name);
    }
    /// A client library whose choke point calls `enforce` anyhow.
    void sdk(std::string_view name) { add_name(name, "sdk", false); }
    /// A client library. `install` puts a call of `enforce` where all uses come through, `remove` takes it out.
    template <class Install, class Remove>
        requires std::invocable<Install&> && std::invocable<Remove&>
    void sdk(std::string_view name, Install install, Remove remove) {
        add(detail::install_pair<Install, Remove>{std::string(name), std::move(install), std::move(remove)});
    }
    /// A guard of your own kind. A second one of the same name is installed too.
    template <ResourceGuard G>
    void add(G guard) {
        any_guard any(std::move(guard));
        if (add_name(any.name(), "sdk", false)) hooks_.push_back(std::move(any));
    }
    /// Connections to an address. Only strict mode sees them: without it such a resource may be declared, and nothing
    /// is said about its uses.
    void net(std::string_view name, std::string_view where) {
        if (!add_name(name, "net", true)) return;
        addresses_.push_back({std::string(name), std::string(where)});
    }
    /// The same, under its address as the name.
    void net(std::string_view where) { net(where, where); }

    /// Names of all guarded resources.
    std::vector<std::string> const& names() const noexcept { return names_; }
    /// Names of guarded programs.
    std::vector<std::string> const& programs() const noexcept { return programs_; }
    std::vector<guarded_address> const& addresses() const noexcept { return addresses_; }
    /// Guards that were written for the suite.
    std::vector<any_guard>& hooks() noexcept { return hooks_; }
    std::vector<std::string> const& errors() const noexcept { return errors_; }
    /// Whether anything would notice a use: something but an address, which only strict mode sees.
    bool is_watched(std::string_view name, bool strict) const {
        for (std::string const& each : watched_) {
            if (each == name) return true;
        }
        for (guarded_address const& each : addresses_) {
            if (strict && each.name == name) return true;
        }
        return false;
    }

private:
    bool add_name(std::string_view name, std::string_view kind, bool is_address) {
        if (!detail::is_guard_name(name, is_address)) {
            errors_.push_back("guards." + std::string(kind) + "(\"" + std::string(name) +
                              "\"): a resource's name is made of letters, digits and ._+-, and begins with none of .-" +
                              (is_address ? "; give the address a name: guards.net(\"name\", \"address\")" : ""));
            return false;
        }
        add_once(names_, name);
        if (!is_address) add_once(watched_, name);
        return true;
    }
    static void add_once(std::vector<std::string>& names, std::string_view name) {
        for (std::string const& have : names) {
            if (have == name) return;
        }
        names.emplace_back(name);
    }

    std::vector<std::string> names_{};
    std::vector<std::string> watched_{};
    std::vector<std::string> programs_{};
    std::vector<guarded_address> addresses_{};
    std::vector<any_guard> hooks_{};
    std::vector<std::string> errors_{};
};
/// What a suite says.
using guard_list = basic_guard_list<>;

namespace detail {

using guards_function = void (*)(guard_list&);

template <class = void>
std::vector<guards_function>& guards_functions() {
    static std::vector<guards_function> functions;
    return functions;
}

struct guards_registration {
    template <class = void>
    explicit guards_registration(guards_function f) {
        guards_functions().push_back(f);
    }
};

}  // namespace detail

}  // namespace rampart::inline v1

/// Defines what the suite guards. Called once in every process that runs tests, and in the one that starts them.
///
///     RAMPART_GUARDS(guards) { guards.program("git"); }
#define RAMPART_GUARDS(guards)                                                                         \
 static void rampart_suite_guards(::rampart::guard_list& guards);                                      \
 [[maybe_unused]] static ::rampart::detail::guards_registration const rampart_suite_guards_registered{ \
     &rampart_suite_guards};                                                                           \
 static void rampart_suite_guards([[maybe_unused]] ::rampart::guard_list& guards)

#endif
