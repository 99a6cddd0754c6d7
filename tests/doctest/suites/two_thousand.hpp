#ifndef RAMPART_TESTS_DOCTEST_SUITES_TWO_THOUSAND_HPP
#define RAMPART_TESTS_DOCTEST_SUITES_TWO_THOUSAND_HPP

#include <rampart/doctest.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "hostile/generators.hpp"

/// \file
/// The tests `case 1000` to `case 2999`, five hundred in each of four files, and twenty groups of five trials. They
/// record all sorts of results; some of them fail. RAMPART_TWO_THOUSAND_LOG is a file in which each says that it
/// begins; RAMPART_TWO_THOUSAND_MICROSECONDS is how long each takes at least.

namespace two_thousand {

inline std::string name_now() { return doctest::getContextOptions()->currentTest->m_name; }

inline void begin() {
    static int const file = [] {
        char const* const path = std::getenv("RAMPART_TWO_THOUSAND_LOG");
        return path == nullptr ? -1 : ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }();
    auto const line = name_now() + "\n";
    // One write, as it has to be whole when the process dies.
    if (file >= 0 && ::write(file, line.data(), line.size()) < 0) std::abort();
    static long const microseconds = [] {
        char const* const text = std::getenv("RAMPART_TWO_THOUSAND_MICROSECONDS");
        return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
    }();
    if (microseconds <= 0) return;
    ::timespec const time{microseconds / 1000000, microseconds % 1000000 * 1000};
    ::nanosleep(&time, nullptr);
}

inline rampart::result plain(int n, int i) {
    rampart::result r{.status = i == 2 ? rampart::safety_status::undetermined : rampart::safety_status::safe,
                      .summary = "result " + std::to_string(i),
                      .strategy = "probe",
                      .duration_seconds = n / 8.0};
    r.meta = {{"n", n}, {"half", n / 2.0}, {"text", std::string(static_cast<std::size_t>(n) % 300, 'x')}};
    r.evidence.turns.push_back({.request = {.prompt = "go on"}, .response = {.text = "\x1b[31mdone\x1b[0m \xc3\xa9"}});
    return r;
}

/// With every field and with odd text in it; without what crosses processes as something else: keys that rampart itself
/// writes into metadata, what is no number, no prompt, and a category that is no text.
inline rampart::result odd(hostile::generator& any) {
    auto r = any.result();
    for (char const* const key : {"_pytest_nodeid", "_pytest_test_name", "_rampart_result_index",
                                  "_rampart_source_worker", "_rampart_transport_truncated"}) {
        r.meta.erase(key);
    }
    if (!std::isfinite(r.duration_seconds)) r.duration_seconds = 0.25;
    r.harm_category = rampart::repair_utf8(r.harm_category);
    for (rampart::turn& t : r.evidence.turns) {
        t.request.prompt = t.request.prompt.value_or("none");
        if (t.evaluation && !std::isfinite(t.evaluation->confidence)) t.evaluation->confidence = 0.5;
        for (rampart::payload& p : t.request.attachments) p.meta.erase("_rampart_worker_format");
    }
    return r;
}

inline void body(int n) {
    bool go_on = n % 13 != 0;
    if (go_on) begin();
    if (!go_on) {
        SUBCASE("one") {
            begin();
            rampart::record_result({.status = rampart::safety_status::safe, .summary = "one"});
        }
        SUBCASE("two") {
            rampart::record_result({.status = rampart::safety_status::undetermined, .summary = "two"});
            go_on = true;
        }
    }
    if (!go_on) return;
    hostile::generator any(static_cast<std::uint64_t>(n));
    for (int i = 0; i < n % 4; ++i) {
        auto r = n % 10 == 1 ? odd(any) : plain(n, i);
        if (n % 97 != 0 && !r.safe()) r.status = rampart::safety_status::undetermined;
        rampart::record_result(std::move(r));
    }
    if (n % 97 == 0) rampart::record_result({.status = rampart::safety_status::unsafe, .summary = "leaked"});
    if (n % 71 == 0) std::puts(("printed by " + name_now()).c_str());
    if (n % 89 == 0) CHECK(n == 0);
    if (n % 83 == 0) throw std::runtime_error("thrown by " + name_now());
}

inline void trial() {
    begin();
    auto const name = name_now();
    auto const n = name[name.size() - 2] - '0';
    rampart::record_result(
        {.status = n == 3 ? rampart::safety_status::undetermined : rampart::safety_status::safe, .summary = name});
}

}  // namespace two_thousand

#define ONE(n) \
 TEST_CASE("case " #n) { two_thousand::body(n); }
#define HARMFUL(n) \
 TEST_CASE("case " #n* rampart::harm("harm " #n)) { two_thousand::body(n); }
#define GROUPED(n) \
 TEST_CASE("case " #n* rampart::group("group " + std::to_string(n / 100))) { two_thousand::body(n); }
#define TRIALS(n) \
 TEST_CASE("trials " #n* rampart::trial(5, 0.75)) { two_thousand::trial(); }
#define TEN(n) \
 ONE(n##0) ONE(n##1) ONE(n##2) HARMFUL(n##3) ONE(n##4) ONE(n##5) ONE(n##6) GROUPED(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n)                                                                                              \
 TEST_SUITE("suite " #n) {                                                                                      \
  TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9) TRIALS(n) \
 }

#endif
