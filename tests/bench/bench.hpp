#ifndef RAMPART_TESTS_BENCH_BENCH_HPP
#define RAMPART_TESTS_BENCH_BENCH_HPP

#include "rampart/json/write.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <time.h>

/// \file
/// What the programs that measure have in common: subjects run in turns with their baseline, a table for people, and a
/// line of JSON for programs.

namespace bench {

/// The compiler has to make the value, and has to suppose that somebody read it and all of memory.
template <class T>
inline void do_not_optimize(T const& value) {
    asm volatile("" : : "m"(value) : "memory");
}
template <class T>
inline void do_not_optimize(T& value) {
    asm volatile("" : "+m"(value) : : "memory");
}

/// Seconds of processor time of this process: what others do on the machine disturbs it less than wall time.
inline double processor_seconds() {
    ::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

inline double median(std::vector<double> all) {
    if (all.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::ranges::sort(all);
    std::size_t const half = all.size() / 2;
    return all.size() % 2 == 1 ? all[half] : (all[half - 1] + all[half]) / 2;
}

/// The number behind `--name=` on the command line.
inline long option(int argc, char const* const* argv, std::string const& name, long otherwise) {
    std::string const start = "--" + name + "=";
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]).starts_with(start)) return std::strtol(argv[i] + start.size(), nullptr, 10);
    }
    return otherwise;
}

/// What a figure is: work in a second (`{"GB/s", 1e9, true}`), or time for a piece of work (`{"ns", 1e-9}`).
struct unit {
    std::string name{};
    double scale = 1.0;  ///< bytes, pieces or seconds in one of it
    bool per_second = false;
    double of(double seconds, double amount) const {
        return per_second ? amount / seconds / scale : seconds / amount / scale;
    }
};

/// Something to be measured. `amount` is the work that one call does: bytes, results, tests.
struct subject {
    std::string name{};
    double amount = 1.0;
    std::function<void()> work{};
    std::string baseline{};  ///< another's name; empty: the first subject of the race
};

/// Collects what one program measures, prints it as it comes, and as JSON at the end.
class table {
public:
    table(std::string bench, unit u) : bench_(std::move(bench)), unit_(std::move(u)) {}

    /// A heading for the rows that follow. Its words stand before their names in the JSON line.
    void heading(std::string text) {
        heading_ = std::move(text);
        std::printf("\n%s\n%-52s %12s %9s\n", heading_.c_str(), "", unit_.name.c_str(), "ratio");
    }

    /// Runs the subjects in turns, round after round, until `seconds` of processor time have gone by and each had at
    /// least `least` rounds. A subject that is short is called several times in a round. Of each the median counts, and
    /// the ratio is the median over the rounds of its ratio to the baseline of the same round: a machine that slows
    /// down for a while changes neither.
    void race(std::vector<subject> const& subjects, double seconds = 2.0, std::size_t least = 5) {
        std::vector<std::size_t> calls;
        for (subject const& s : subjects) calls.push_back(calls_for(s));
        std::vector<std::vector<double>> seen(subjects.size());
        double const began = processor_seconds();
        for (std::size_t round = 0; round < least || processor_seconds() - began < seconds; ++round) {
            for (std::size_t i = 0; i < subjects.size(); ++i) {
                double const start = processor_seconds();
                for (std::size_t n = 0; n < calls[i]; ++n) subjects[i].work();
                double const took = processor_seconds() - start;
                seen[i].push_back(unit_.of(took, subjects[i].amount * static_cast<double>(calls[i])));
            }
        }
        for (std::size_t i = 0; i < subjects.size(); ++i) {
            std::size_t const base = index_of(subjects, subjects[i].baseline);
            std::vector<double> ratios;
            for (std::size_t r = 0; r < seen[i].size(); ++r) ratios.push_back(seen[i][r] / seen[base][r]);
            row(subjects[i].name, median(seen[i]), median(std::move(ratios)), base == i ? "" : subjects[base].name);
        }
    }

    /// A figure that was measured in some other way; `baseline` is empty where it has none. Gives its ratio back.
    double row(std::string const& name, double value, double ratio = 1.0, std::string const& baseline = {}) {
        std::printf("  %-50s %12.4g %8.2fx%s\n", name.c_str(), value, ratio, baseline.empty() ? "  <- baseline" : "");
        std::fflush(stdout);
        auto const full = [this](std::string const& text) { return heading_.empty() ? text : heading_ + ": " + text; };
        rows_.push_back({full(name), value, ratio, baseline.empty() ? "" : full(baseline)});
        return ratio;
    }

    /// The ratio of a row of the latest heading.
    double ratio_of(std::string const& name) const {
        std::string const full = heading_.empty() ? name : heading_ + ": " + name;
        for (auto const& r : rows_) {
            if (r.name == full) return r.ratio;
        }
        std::fprintf(stderr, "%s: there is no row '%s'\n", bench_.c_str(), full.c_str());
        std::exit(1);
    }

    /// Prints the line of JSON. It has to be the last that the program prints.
    void print_json() const {
        std::string text;
        rampart::json_writer w(text);
        w.begin_object();
        w.member("bench", bench_);
        w.member("unit", unit_.name);
        w.key("rows");
        w.begin_array();
        for (auto const& r : rows_) {
            w.begin_object();
            w.member("name", r.name);
            w.member("median", r.value);
            w.member("ratio", r.ratio);
            if (r.baseline.empty()) {
                w.member("baseline", nullptr);
            } else {
                w.member("baseline", r.baseline);
            }
            w.end_object();
        }
        w.end_array();
        w.end_object();
        std::printf("\n%s\n", text.c_str());
        std::fflush(stdout);
    }

private:
    struct measured {
        std::string name{};
        double value = 0.0;
        double ratio = 1.0;
        std::string baseline{};
    };

    /// How many calls last 2 ms, which the clock's own steps do not show in. The first call, which warms up, is apart.
    static std::size_t calls_for(subject const& s) {
        s.work();
        for (std::size_t calls = 1;; calls *= 2) {
            double const start = processor_seconds();
            for (std::size_t n = 0; n < calls; ++n) s.work();
            if (processor_seconds() - start >= 2e-3) return calls;
        }
    }
    std::size_t index_of(std::vector<subject> const& subjects, std::string const& name) const {
        if (name.empty()) return 0;
        for (std::size_t i = 0; i < subjects.size(); ++i) {
            if (subjects[i].name == name) return i;
        }
        std::fprintf(stderr, "%s: there is no subject '%s' to compare with\n", bench_.c_str(), name.c_str());
        std::exit(1);
    }

    std::string bench_;
    unit unit_;
    std::string heading_{};
    std::vector<measured> rows_{};
};

}  // namespace bench

#endif
