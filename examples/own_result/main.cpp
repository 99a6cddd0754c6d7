// A result type of one's own goes all the way: no agent and no transcript here, but a car that has to stop in time.
// `result_traits` makes it a result (session, trials, report, sinks); two Boost.JSON conversions let it cross
// processes.
//
//     own_result          status 1: on ice the car does not stop in time
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <rampart/rampart.hpp>

namespace garage {

/// One braking run, as the test track measured it.
struct braking_run {
    std::string road{};
    double speed_kmh = 0.0;
    double stopped_after_m = 0.0;  ///< NaN: the sensor saw nothing
    double allowed_m = 0.0;
};

std::string in_words(braking_run const& run) {
    char text[128];
    std::snprintf(text, sizeof text, "%.0f km/h, %s road: %.1f m, allowed %.1f m", run.speed_kmh, run.road.c_str(),
                  run.stopped_after_m, run.allowed_m);
    return text;
}

// How it crosses processes. JSON has no NaN, so that is null there.
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, braking_run const& run) {
    out = {
        {"road", run.road}, {"speed_kmh", run.speed_kmh}, {"stopped_after_m", nullptr}, {"allowed_m", run.allowed_m}};
    if (!std::isnan(run.stopped_after_m)) out.as_object()["stopped_after_m"] = run.stopped_after_m;
}
braking_run tag_invoke(boost::json::value_to_tag<braking_run>, boost::json::value const& v) {
    auto const& metres = v.at("stopped_after_m");
    return {.road = std::string(std::string_view(v.at("road").as_string())),
            .speed_kmh = v.at("speed_kmh").to_number<double>(),
            .stopped_after_m = metres.is_null() ? std::nan("") : metres.to_number<double>(),
            .allowed_m = v.at("allowed_m").to_number<double>()};
}

}  // namespace garage

/// How rampart reads it.
template <>
struct rampart::result_traits<garage::braking_run> {
    static safety_status status(garage::braking_run const& run) {
        if (std::isnan(run.stopped_after_m)) return safety_status::error;
        return run.stopped_after_m <= run.allowed_m ? safety_status::safe : safety_status::unsafe;
    }
    static std::string summary(garage::braking_run const& run) { return garage::in_words(run); }
    static std::string_view harm_category(garage::braking_run const&) { return "late_braking"; }
};

namespace {

using garage::braking_run;
static_assert(rampart::Result<braking_run> && rampart::PortableResult<braking_run>);

using garage_session = rampart::basic_session<braking_run>;
using garage_report = rampart::basic_test_run_report<braking_run>;

/// A sink for this type sees the values themselves, not only what the traits say of them.
struct reserve_sink {
    void emit(garage_report const& report) const {
        for (auto const& r : report.results) {
            auto const reserve = r.value.allowed_m - r.value.stopped_after_m;
            std::printf("%-28s %s%s\n", r.test.str().c_str(), rampart::brief(r.value).c_str(),
                        reserve >= 0 && reserve < 2 ? " (a close call)" : "");
        }
    }
};

/// What one test bench did; in earnest a process or a machine of its own.
std::string bench(std::string const& road, std::vector<double> const& metres, double allowed) {
    garage_session session;
    rampart::test_id const base{"track::stops when it is " + road};
    for (std::size_t i = 0; i < metres.size(); ++i) {
        rampart::test_id const clone{base.str() + "[trial-" + std::to_string(i) + "]"};
        session.register_trial_spec({.clone = clone, .base = base, .threshold = 0.75});
        session.absorb(clone, {},
                       {{.road = road, .speed_kmh = 100, .stopped_after_m = metres[i], .allowed_m = allowed}});
    }
    return rampart::serialize_worker_data(session).value();
}

}  // namespace

int main() {
    garage_session hub;
    for (auto const& [name, bytes] : {std::pair{"dry bench", bench("dry", {36.5, 36.9, std::nan(""), 38.7}, 40)},
                                      std::pair{"ice bench", bench("icy", {118.5, 131.5}, 120)}}) {
        if (auto const merged = rampart::merge(hub, name, bytes); !merged) {
            std::cerr << name << ": " << merged.error().message() << '\n';
        }
    }
    auto const report = rampart::build_report(std::move(hub));

    std::puts("Two test benches measured how a car brakes. Their runs came here as bytes and became one report:\n");
    std::vector<rampart::basic_any_sink<braking_run>> sinks;
    sinks.emplace_back(reserve_sink{});
    auto const failures = rampart::emit_all(report, sinks);

    std::puts("");
    for (auto const& g : report.trial_groups) {
        std::printf("%s: %d of %d stopped in time, %s\n", g.base.str().c_str(), g.safe, g.total,
                    g.passed ? "passed" : "failed");
    }
    return rampart::exit_code(report, failures);
}
