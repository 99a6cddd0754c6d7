#ifndef RAMPART_DOCTEST_SINKS_HPP
#define RAMPART_DOCTEST_SINKS_HPP

#include "rampart/doctest/options.hpp"
#include "rampart/report/sink.hpp"

#include <utility>
#include <vector>

/// The result type that the suite's tests record. Define it before the main header for a type of your own; it has to be
/// a PortableResult.
#if !defined(RAMPART_DOCTEST_RESULT)
# define RAMPART_DOCTEST_RESULT ::rampart::result
#endif

namespace rampart::inline v1 {

/// The result type of this program's suite; RAMPART_DOCTEST_RESULT sets another one.
using suite_result = RAMPART_DOCTEST_RESULT;

/// What RAMPART_SINKS returns: `return {rampart::json_file_report_sink{config.report_dir}, my_sink{}};`
class sink_list {
public:
    template <class... Sinks>
        requires((ReportSink<Sinks, suite_result> && ...))
    sink_list(Sinks... sinks) { (sinks_.emplace_back(std::move(sinks)), ...); }
    /// The sinks, in the order in which they were given.
    std::vector<basic_any_sink<suite_result>>& sinks() noexcept { return sinks_; }

private:
    std::vector<basic_any_sink<suite_result>> sinks_{};
};

namespace detail {

using sink_function = sink_list (*)(run_config const&);

inline std::vector<sink_function>& sink_functions() {
    static std::vector<sink_function> functions;
    return functions;
}

struct sink_registration {
    explicit sink_registration(sink_function f) { sink_functions().push_back(f); }
};

}  // namespace detail

}  // namespace rampart::inline v1

/// Defines where the suite's report goes. Called once, after the run, and only in the process that holds the whole
/// report.
///
///     RAMPART_SINKS(config) { return {rampart::json_file_report_sink{config.report_dir}}; }
#define RAMPART_SINKS(config)                                                                       \
 static ::rampart::sink_list rampart_suite_sinks(::rampart::run_config const& config);              \
 [[maybe_unused]] static ::rampart::detail::sink_registration const rampart_suite_sinks_registered{ \
     &rampart_suite_sinks};                                                                         \
 static ::rampart::sink_list rampart_suite_sinks([[maybe_unused]] ::rampart::run_config const& config)

#endif
