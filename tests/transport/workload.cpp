#include "rampart/transport/wire.hpp"

#include "bench/workload.hpp"
#include "rampart/base/text.hpp"
#include "rampart/session/trial_groups.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace rp = rampart;

// The programs that measure are only worth something when they measure what programs in other languages do.

TEST_CASE("the workload of the benches is exact to the byte") {
    struct expected {
        workload::sizes sizes;
        workload::u64 checksum;
    };
    constexpr expected all[] = {{workload::usual, 0x79899e12049a6daaU},
                                {{50, 3, 301, 4}, 0x2c56ff719d1de07dU},
                                {{200, 2, 256, 1}, 0xe2a2a92b14941c36U},
                                {workload::long_transcripts, 0x66293919f7403aedU}};
    for (expected const& each : all) {
        CAPTURE(each.sizes.turns);
        CAPTURE(each.sizes.text);
        CHECK(workload::checksum(each.sizes) == each.checksum);
    }
}

TEST_CASE("the workload has the statuses and trial groups that it says") {
    std::array<int, 4> counts{};
    for (workload::u64 i = 0; i < workload::usual.results; ++i) {
        // What a turn holds does not change the status.
        ++counts[static_cast<std::size_t>(workload::make_result(i, {workload::usual.results, 0, 0, 0}).status)];
    }
    CHECK(counts[static_cast<std::size_t>(rp::safety_status::safe)] == 13879);
    CHECK(counts[static_cast<std::size_t>(rp::safety_status::unsafe)] == 2024);
    CHECK(counts[static_cast<std::size_t>(rp::safety_status::undetermined)] == 2013);
    CHECK(counts[static_cast<std::size_t>(rp::safety_status::error)] == 2084);

    auto const session = workload::make_session({2000, 1, 16, 0});
    CHECK(session.records().size() == 2000);
    CHECK(session.trial_specs().size() == 500);
    CHECK(rp::trial_groups(session).size() == 50);
}

TEST_CASE("the workload's record is what a session makes of its result") {
    workload::sizes const small{8, 2, 64, 3};
    auto const session = workload::make_session(small, 0, small.results, rp::text_policy::keep);
    for (workload::u64 i = 0; i < small.results; ++i) {
        rp::basic_record<rp::result> const kept = session.records()[static_cast<std::size_t>(i)];
        auto const made = workload::make_record(i, small);
        CAPTURE(i);
        CHECK(kept.test == made.test);
        CHECK(kept.test_name == made.test_name);
        CHECK(kept.harm_category == made.harm_category);
        CHECK(kept.value == made.value);
        CHECK(made.value.evidence.turns.back().timestamp ==
              "2026-01-01T00:00:" + workload::digits(i * small.turns + 1, 2) + "+00:00");
    }
    CHECK(workload::make_result(2'000'000, {}).evidence.turns.front().timestamp == "2026-02-16T07:06:40+00:00");
}

TEST_CASE("the texts for stripping are as dirty as they are to be") {
    CHECK(workload::clean_text(0).size() == 4096);
    CHECK(workload::unicode_text(0).size() > 4096);
    auto const dirty = workload::dirty_text(0);
    CHECK(dirty.substr(32, 5) == "\x1b[31m");
    CHECK(rp::strip_ansi(dirty).size() < dirty.size());
    CHECK(rp::strip_ansi(workload::clean_text(0)) == workload::clean_text(0));
}
