#ifndef RAMPART_DIST_OBSERVER_HPP
#define RAMPART_DIST_OBSERVER_HPP

#include "rampart/base/text.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/report/sink.hpp"

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// Who watches a run: types of anybody's with a handler for each notice that they care about.

namespace rampart::inline v1::dist {

/// `O` takes such a notice.
template <class O, class Notice>
concept Handles = requires(O& observer, Notice const& notice) {
    observer.on(notice);
};

namespace detail {

using namespace rampart::detail;  // type_name

template <class O, class Notice>
concept handles_changeable = requires(O& observer, Notice& notice) {
    observer.on(notice);
};

/// What is true of an observer's type and the kinds of notices.
template <class O, class Notices>
struct handlers_of;
template <class O, class... Notice>
struct handlers_of<O, std::variant<Notice...>> {
    static constexpr bool any = (Handles<O, Notice> || ...);
    /// A handler that wants to change its notice would be passed over in silence.
    static constexpr bool well_formed = ((Handles<O, Notice> || !handles_changeable<O, Notice>)&&...);
};

}  // namespace detail

/// Watches a run: any movable type with at least one member `on(notice::X const&)`. Notices that it has no handler for
/// are passed over. It is called in the controller, by one thread, in the order in which things happen, and should be
/// quick: the run waits. It may throw; then it is taken off and the run is not green.
///
/// An observer may have a member `name()`, convertible to a text; without one it is named after its type.
///
///     struct slow_tests {
///         void on(rampart::dist::notice::test_ended const& t) {
///             if (t.seconds > 1.0) std::cerr << t.test.str() << " is slow\n";
///         }
///     };
template <class O>
concept Observer = std::movable<O> && detail::handlers_of<O, any_notice>::any;

/// Any observer, owned. It can be moved, not copied.
class any_observer {
public:
    template <class O>
        requires(!std::same_as<O, any_observer> && Observer<O>)
    any_observer(O observer) : name_(name_of(observer)), owned_(std::make_unique<holder<O>>(std::move(observer))) {
        static_assert(detail::handlers_of<O, any_notice>::well_formed, "a handler takes its notice as const&");
    }

    /// For messages.
    [[nodiscard]] std::string const& name() const noexcept { return name_; }

    /// The observer itself when it is an `O`, else null.
    template <class O>
    [[nodiscard]] O* target() const noexcept {
        auto* const held = dynamic_cast<holder<O>*>(owned_.get());
        return held == nullptr ? nullptr : &held->observer;
    }

    /// Throws what the observer throws, and `std::logic_error` when it was moved from.
    void tell(any_notice const& notice) {
        if (!owned_) throw std::logic_error("rampart::dist::any_observer: it was moved from and has no observer");
        owned_->tell(notice);
    }

private:
    struct base {
        virtual ~base() = default;
        virtual void tell(any_notice const&) = 0;
    };
    template <class O>
    struct holder final : base {
        explicit holder(O o) : observer(std::move(o)) {}
        void tell(any_notice const& notice) override {
            std::visit(
                [this]<class Notice>(Notice const& each) {
                    if constexpr (Handles<O, Notice>) observer.on(each);
                },
                notice);
        }
        O observer;
    };
    template <class O>
    static std::string name_of(O const& observer) {
        if constexpr (requires { std::string_view(observer.name()); }) {
            return std::string(std::string_view(observer.name()));
        } else {
            return std::string(detail::type_name<O>());
        }
    }

    std::string name_;
    std::unique_ptr<base> owned_;
};

/// Watches through an observer that somebody else owns and outlives this.
template <Observer O>
class observer_ref {
public:
    explicit observer_ref(O& observer) noexcept : observer_(&observer) {}
    template <class Notice>
        requires Handles<O, Notice>
    void on(Notice const& notice) { observer_->on(notice); }
    [[nodiscard]] std::string name() const {
        if constexpr (requires { std::string_view(observer_->name()); }) {
            return std::string(std::string_view(observer_->name()));
        } else {
            return std::string(detail::type_name<O>());
        }
    }

private:
    O* observer_;
};

/// The observers of a run. Each is told everything, in the order in which they were added. One that throws is named
/// once with its words, told nothing more, and the others and the run go on; `failures` go into the run's verdict like
/// those of report sinks.
class observers {
public:
    /// `say` prints a line, without its end, for the person who runs the tests; without it that is stderr.
    explicit observers(std::function<void(std::string const&)> say = {}) : say_(std::move(say)) {}

    /// One more that is to be told.
    void add(any_observer observer) { all_.push_back(std::move(observer)); }
    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

    /// Never throws what an observer throws, whatever it is.
    void tell(any_notice const& notice) {
        // By number: a handler may add an observer. That one is told from the next notice on.
        for (std::size_t i = 0, count = all_.size(); i < count; ++i) {
            try {
                all_[i].tell(notice);
            } catch (std::exception const& e) {
                take_off(i--, count, e.what());
            } catch (std::string const& text) {
                take_off(i--, count, text);
            } catch (char const* text) {
                take_off(i--, count, text == nullptr ? "a null pointer was thrown" : text);
            } catch (...) {
                take_off(i--, count, "something was thrown that is no std::exception");
            }
        }
    }

    /// Those that were taken off, each with what it said; for `exit_code`.
    [[nodiscard]] std::vector<sink_failure> const& failures() const noexcept { return failures_; }

private:
    void take_off(std::size_t at, std::size_t& count, std::string what) {
        auto const text = "rampart: the observer '" + one_line(all_[at].name()) + "' failed: " + one_line(what) +
                          "; it is told nothing more, and the run is not green";
        failures_.push_back({all_[at].name(), std::move(what)});
        all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(at));
        --count;
        if (say_) {
            say_(text);
        } else {
            std::fprintf(stderr, "%s\n", text.c_str());
        }
    }

    std::function<void(std::string const&)> say_;
    std::vector<any_observer> all_{};
    std::vector<sink_failure> failures_{};
};

static_assert(std::movable<any_observer> && !std::copyable<any_observer>);
static_assert(!Observer<int>);

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_OBSERVER_HPP
