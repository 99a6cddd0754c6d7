#ifndef RAMPART_GUARD_GUARD_HPP
#define RAMPART_GUARD_GUARD_HPP

#include "rampart/base/source_site.hpp"
#include "rampart/guard/ledger.hpp"

#include <concepts>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// A guarded resource was used where it is not declared. The use has been recorded before this is thrown: who catches
/// it hides nothing.
class guard_violation : public std::logic_error {
public:
    guard_violation(std::string_view resource, std::string const& what) : std::logic_error(what), resource_(resource) {}
    std::string const& resource() const noexcept { return resource_; }

private:
    std::string resource_;
};

namespace detail {

inline guard_handle const*& thread_works_for() noexcept {
    static thread_local guard_handle const* handle = nullptr;
    return handle;
}
template <class = void>
std::string site_text(source_site site) {
    return std::string(site.file) + ":" + std::to_string(site.line);
}

/// A resource's name and the place where it was written down: a default argument cannot stand behind a list of any
/// length.
struct name_at {
    template <class Name>
        requires std::convertible_to<Name const&, std::string_view> name_at(Name const& resource,
                                                                            source_site where = source_site::current())
            : name(resource), site(where) {}
        std::string_view name;
        source_site site;
};

}  // namespace detail

/// Says that a guarded resource is being used, and whether that is allowed here. For choke points that must not throw,
/// such as a C callback; others call `enforce`.
template <class = void>
bool touch(std::string_view resource, source_site site = source_site::current()) {
    auto how = "at " + detail::site_text(site);
    return guard_ledger::instance().use(resource, std::move(how), detail::thread_works_for()) !=
           guard_ledger::answer::refused;
}

/// Stands at the choke point of a client, where all uses of a resource come through. Inside a test, or a scope, that
/// does not declare the resource it throws `guard_violation`; outside of tests, and in a program that runs none, it
/// does nothing. A child process of a test is held to that test's word.
///
///     void smtp_client::send(mail const& m) { rampart::enforce("smtp"); ... }
template <class = void>
void enforce(std::string_view resource, source_site site = source_site::current()) {
    if (touch(resource, site)) return;
    std::string const name(resource);
    throw guard_violation(resource, "'" + name + "' is used where it is not declared; add rampart::uses(\"" + name +
                                        "\") to the test, or remove the use (" + detail::site_text(site) + ")");
}

/// The test that is running, to be handed to another thread, so that what the thread does late is blamed on its own
/// test and not on a later one:
///
///     auto const here = rampart::active_guards();
///     std::thread([here] { rampart::guard_scope const scope{here}; ... });
template <class = void>
guard_handle active_guards() {
    if (detail::thread_works_for() != nullptr) return *detail::thread_works_for();
    return guard_ledger::instance().running();
}

/// While it lives, what this thread uses is on the account of the given test. Without one a thread's uses are the
/// running test's.
class guard_scope {
public:
    explicit guard_scope(guard_handle handle)
        : handle_(std::move(handle)), outer_(std::exchange(detail::thread_works_for(), &handle_)) {}
    guard_scope(guard_scope const&) = delete;
    guard_scope& operator=(guard_scope const&) = delete;
    ~guard_scope() { detail::thread_works_for() = outer_; }

private:
    guard_handle handle_;
    guard_handle const* outer_;
};

/// For code that tests share: while it lives, uses are the scope's, which declares what it may use, and not the test's.
/// What it does not declare it may not use, and what it declares it has to use before it ends, unless an exception ends
/// it. A test that enters one must declare the same resources, and has used them by that. Scopes nest, hold for the
/// whole process, and end before the test does.
///
///     mailbox make_mailbox() { rampart::scope_uses const smtp{"smtp"}; return mailbox::connect(); }
template <class = void>
class basic_scope_uses {
public:
    template <class... Names>
        requires(std::convertible_to<Names const&, std::string_view>&&...)
    explicit basic_scope_uses(detail::name_at first, Names const&... more)
        : own_{"scope_uses at " + detail::site_text(first.site),
               {std::string(first.name), std::string(std::string_view(more))...},
               {}},
          judged_(true), exceptions_(std::uncaught_exceptions()), entry_(guard_ledger::instance().enter(own_)) {}
    basic_scope_uses(basic_scope_uses const&) = delete;
    basic_scope_uses& operator=(basic_scope_uses const&) = delete;
    ~basic_scope_uses() {
        bool const threw = std::uncaught_exceptions() > exceptions_;
        if (threw && shared_failed_ != nullptr) *shared_failed_ = true;
        if (entry_ != 0) guard_ledger::instance().leave(entry_, judged_ && !threw);
    }

private:
    template <class>
    friend class basic_shared_uses;
    basic_scope_uses(detail::guard_scope_state& shared, bool& failed)
        : shared_failed_(&failed), exceptions_(std::uncaught_exceptions()),
          entry_(guard_ledger::instance().enter(shared)) {}

    detail::guard_scope_state own_{};
    bool* shared_failed_ = nullptr;
    bool judged_ = false;
    int exceptions_;
    std::uint64_t entry_;
};
/// What a suite says.
using scope_uses = basic_scope_uses<>;

/// What a fixture that lives longer than one test may use, as when its set-up runs in the first test that needs it and
/// its end much later. Its uses are its own; a test that stands on it needs the marks and is no longer asked to use the
/// resources itself. What it declares and never used is found when it ends: end it inside the run, as in the teardown
/// hook of a worker, because what ends after the run is not judged.
///
///     struct shared_server {
///         rampart::shared_uses guards{"the shared server", "docker"};
///         server it = [this] { auto const in = guards.enter(); return server::start(); }();
///         ~shared_server() { auto const in = guards.enter(); it.stop(); }
///     };
///     ... each test: the_server().guards.consume();
template <class = void>
class basic_shared_uses {
public:
    template <class... Names>
        requires(sizeof...(Names) > 0 && (std::convertible_to<Names const&, std::string_view> && ...))
    explicit basic_shared_uses(std::string_view what, Names const&... resources)
        : state_{std::string(what), {std::string(std::string_view(resources))...}, {}} {}
    basic_shared_uses(basic_shared_uses const&) = delete;
    basic_shared_uses& operator=(basic_shared_uses const&) = delete;
    ~basic_shared_uses() {
        // A set-up that failed had no chance to use everything.
        if (!failed_) guard_ledger::instance().judge(state_);
    }

    /// What is used until the given scope ends is the fixture's. The running test stands on it.
    [[nodiscard]] scope_uses enter() { return {state_, failed_}; }
    /// The running test stands on the fixture, which is there already.
    void consume() const { guard_ledger::instance().consume(state_); }

private:
    detail::guard_scope_state state_;
    bool failed_ = false;
};
/// What a suite says.
using shared_uses = basic_shared_uses<>;

}  // namespace rampart::inline v1

#endif
