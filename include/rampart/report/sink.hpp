#ifndef RAMPART_REPORT_SINK_HPP
#define RAMPART_REPORT_SINK_HPP

#include <concepts>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/report/report.hpp"

namespace rampart::inline v1 {

/// Somewhere a finished report goes: a file, a terminal, a service. `emit` is called once a run, in the process that
/// holds the whole report, and has done its work when it returns; it throws when the report did not get out (B92,
/// B93).
///
/// A sink may have a member `name()`, convertible to a text; without one it is named after its type.
template <class S, class R = result>
concept ReportSink = Result<R> && std::movable<S> && requires(S& sink, basic_test_run_report<R> const& report) {
    { sink.emit(report) } -> std::same_as<void>;
};

namespace detail {

/// The type's name as the compiler spells it.
template <class T>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
    std::string_view text = __PRETTY_FUNCTION__;
    auto const begin = text.find("T = ");
    if (begin == std::string_view::npos) return "a sink";
    text.remove_prefix(begin + 4);
    // gcc names the return type after a semicolon; both end with a bracket.
    if (auto const end = text.find("; std::"); end != std::string_view::npos) return text.substr(0, end);
    return text.substr(0, text.size() - 1);
}

}  // namespace detail

/// Any sink for reports of `R`, owned. It can be moved, not copied, and is a `ReportSink` itself.
///
///     std::vector<rampart::any_sink> sinks;
///     sinks.emplace_back(rampart::json_file_report_sink{"reports"});
template <Result R>
class basic_any_sink {
public:
    // The first condition has to stand first: asked of this class itself, the concept would ask in a circle.
    template <class S>
        requires(!std::same_as<S, basic_any_sink> && ReportSink<S, R>)
    basic_any_sink(S sink) : name_(name_of(sink)), owned_(std::make_unique<holder<S>>(std::move(sink))) {}

    /// For messages.
    [[nodiscard]] std::string const& name() const noexcept { return name_; }

    /// The sink itself when it is an `S`, else null.
    template <class S>
    [[nodiscard]] S const* target() const noexcept {
        auto const* const held = dynamic_cast<holder<S> const*>(owned_.get());
        return held == nullptr ? nullptr : &held->sink;
    }

    /// Throws what the sink throws, and `std::logic_error` when it was moved from.
    void emit(basic_test_run_report<R> const& report) {
        if (!owned_) throw std::logic_error("rampart::any_sink: it was moved from and has no sink");
        owned_->emit(report);
    }

private:
    struct base {
        virtual ~base() = default;
        virtual void emit(basic_test_run_report<R> const&) = 0;
    };
    template <class S>
    struct holder final : base {
        explicit holder(S s) : sink(std::move(s)) {}
        void emit(basic_test_run_report<R> const& report) override { sink.emit(report); }
        S sink;
    };
    template <class S>
    static std::string name_of(S const& sink) {
        if constexpr (requires { std::string_view(sink.name()); }) {
            return std::string(std::string_view(sink.name()));
        } else {
            return std::string(detail::type_name<S>());
        }
    }

    std::string name_;
    std::unique_ptr<base> owned_;
};
/// Of rampart's own results.
using any_sink = basic_any_sink<result>;

/// A sink that did not get its report out, and what it said.
struct sink_failure {
    std::string sink{};  ///< its name
    std::string what{};
    friend bool operator==(sink_failure const&, sink_failure const&) = default;
};

/// `the report sink 'json file' failed: cannot write ...`
[[nodiscard]] inline std::string to_string(sink_failure const& f) {
    return "the report sink '" + f.sink + "' failed: " + f.what;
}

/// Gives the report to each sink in order, each to completion. A sink that throws, whatever it throws, is named with
/// its words, and the others still get the report (B92, B93). `exit_code` takes what comes back.
template <Result R>
[[nodiscard]] std::vector<sink_failure> emit_all(basic_test_run_report<R> const& report,
                                                 std::vector<basic_any_sink<R>>& sinks) {
    std::vector<sink_failure> failures;
    for (basic_any_sink<R>& sink : sinks) {
        try {
            sink.emit(report);
        } catch (std::exception const& e) {
            failures.push_back({sink.name(), e.what()});
        } catch (std::string const& text) {
            failures.push_back({sink.name(), text});
        } catch (char const* text) {
            failures.push_back({sink.name(), text == nullptr ? "a null pointer was thrown" : text});
        } catch (...) {
            failures.push_back({sink.name(), "something was thrown that is no std::exception"});
        }
    }
    return failures;
}

static_assert(ReportSink<any_sink>);
static_assert(!ReportSink<int>);
static_assert(std::movable<any_sink> && !std::copyable<any_sink>);

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_SINK_HPP
