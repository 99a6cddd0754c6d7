#ifndef RAMPART_TESTS_REPORT_SAMPLES_HPP
#define RAMPART_TESTS_REPORT_SAMPLES_HPP

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/session/session.hpp"

/// \file
/// Results, sessions and files that the tests of reports and sinks start from.

namespace samples {

inline rampart::result make(rampart::safety_status status, std::string summary = {}, std::string harm = {}) {
    rampart::result r{.status = status, .summary = std::move(summary)};
    r.harm_category = std::move(harm);
    return r;
}
inline rampart::result safe(std::string harm = {}) {
    return make(rampart::safety_status::safe, "safe", std::move(harm));
}
inline rampart::result unsafe(std::string harm = {}) {
    return make(rampart::safety_status::unsafe, "unsafe", std::move(harm));
}
inline rampart::result undetermined(std::string harm = {}) {
    return make(rampart::safety_status::undetermined, "undetermined", std::move(harm));
}
inline rampart::result error(std::string harm = {}) {
    return make(rampart::safety_status::error, "error", std::move(harm));
}

inline rampart::test_id id(std::string_view text) { return rampart::test_id{text}; }

/// One trial of `base` that recorded these results.
inline void add_trial(rampart::session& s, std::string const& base, int number, double threshold,
                      std::vector<rampart::result> results,
                      rampart::test_outcome outcome = rampart::test_outcome::passed) {
    rampart::test_id const clone{base + "[trial-" + std::to_string(number) + "]"};
    s.register_trial_spec({.clone = clone, .base = rampart::test_id{base}, .threshold = threshold});
    s.absorb(clone, {}, std::move(results), {.outcome = outcome});
}

/// A result of a user's own type, without a transcript.
struct finding {
    int severity = 0;
    std::string text{};
    friend bool operator==(finding const&, finding const&) = default;
};

inline std::string read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A path below the folder of samples that other projects share with us; empty, and said so, where there is none.
inline std::string shared_file(std::string const& name, std::string_view test) {
    char const* const shared = std::getenv("RAMPART_SHARED_DIR");
    if (shared == nullptr || *shared == '\0') {
        std::cout << "SKIPPED: " << test << ": RAMPART_SHARED_DIR is not set\n";
        return {};
    }
    return std::string(shared) + "/" + name;
}

}  // namespace samples

template <>
struct rampart::result_traits<samples::finding> {
    static safety_status status(samples::finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string_view summary(samples::finding const& f) { return f.text; }
    static std::string_view harm_category(samples::finding const&) { return "custom_product_risk"; }
};

#endif  // RAMPART_TESTS_REPORT_SAMPLES_HPP
