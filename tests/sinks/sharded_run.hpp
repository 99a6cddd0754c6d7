#ifndef RAMPART_TESTS_SINKS_SHARDED_RUN_HPP
#define RAMPART_TESTS_SINKS_SHARDED_RUN_HPP

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "rampart/report/report.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/merge_path.hpp"
#include "support/scratch.hpp"

/// \file
/// Runs of several processes that left journals, as they are after deaths and node losses.

namespace samples {

/// A process that runs `tests` of its part until it has run `ends` of them; then it is done, or dies in the next.
struct shard_process {
    std::uint32_t index = 0;
    std::uint32_t count = 4;
    std::uint32_t attempt = 1;
    std::string host{};
    std::int64_t pid = 0;
    std::vector<std::string> tests{};
    std::size_t from = 0;  ///< those before it were run by an earlier attempt
    std::size_t ends = 0;
    bool dies = false;
    double seconds = 0.5;  ///< that each test takes
};

/// Writes its journal, and gives the file. Of the tests every third fails with an UNSAFE result.
inline std::filesystem::path write_journal(std::filesystem::path const& folder, shard_process const& p) {
    auto const part = std::to_string(p.index + 1) + "-of-" + std::to_string(p.count);
    rampart::shard_plan plan{
        .run = "night", .worker = "shard-" + part, .attempt = p.attempt, .index = p.index, .count = p.count};
    for (auto const& id : p.tests) plan.tests.emplace_back(id);
    rampart::journal<rampart::result> pages(folder, plan, {}, {p.pid, p.host, "2026-11-21T08:30:00+00:00"});
    for (std::size_t i = p.from; i < p.ends; ++i) {
        rampart::test_id const test(p.tests[i]);
        bool const bad = i % 3 == 2;
        rampart::basic_record<rampart::result> const record{
            test,
            p.tests[i],
            0,
            1,
            {},
            {},
            {.status = bad ? rampart::safety_status::unsafe : rampart::safety_status::safe}};
        pages.start(test);
        pages.end({.test = test,
                   .results = 1,
                   .facts = {.name = p.tests[i],
                             .outcome = bad ? rampart::test_outcome::failed : rampart::test_outcome::passed,
                             .seconds = p.seconds}},
                  std::vector{record});
    }
    if (!p.dies) {
        pages.close({});
    } else if (p.ends < p.tests.size()) {
        pages.start(rampart::test_id(p.tests[p.ends]));
    }
    return pages.path();
}

/// Four parts. The first finished; the second died on `east` and its second attempt finished on `west`; the third never
/// began; the last line of the fourth was cut off.
inline std::vector<std::filesystem::path> write_sharded_run(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> files{
        write_journal(
            folder, {.index = 0, .host = "east", .pid = 11, .tests = {"a.cpp::a", "a.cpp::b", "a.cpp::c"}, .ends = 3}),
        write_journal(
            folder,
            {.index = 1, .host = "east", .pid = 12, .tests = {"a.cpp::d", "a.cpp::e"}, .ends = 1, .dies = true}),
        write_journal(folder, {.index = 1,
                               .attempt = 2,
                               .host = "west",
                               .pid = 21,
                               .tests = {"a.cpp::d", "a.cpp::e"},
                               .from = 1,
                               .ends = 2}),
        write_journal(folder, {.index = 3,
                               .host = "west",
                               .pid = 22,
                               .tests = {"a.cpp::f", "a.cpp::g", "a.cpp::h"},
                               .ends = 1,
                               .dies = true})};
    std::filesystem::resize_file(files.back(), std::filesystem::file_size(files.back()) - 9);
    return files;
}

/// The report of the run above.
inline rampart::test_run_report sharded_report() {
    scratch::folder const dir;
    (void)write_sharded_run(dir / "journals");
    rampart::session hub;
    rampart::merge_path(hub, dir / "journals");
    return rampart::build_report(std::move(hub));
}

/// A run of a thousand parts of two tests. Of these `died` ended early, and part 500 never began; part n takes n ms.
inline rampart::test_run_report thousand_shards(std::size_t died) {
    constexpr std::uint32_t count = 1000;
    rampart::session hub;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (i == 499) continue;
        auto const name = std::to_string(1000 + i);
        rampart::test_id const test("a.cpp::" + name);
        bool const is_dead = i % 3 == 0 && i / 3 < died;
        rampart::basic_shard<rampart::result> shard{.worker = "shard-" + name};
        shard.tests.push_back({.test = test, .facts = {.name = name, .outcome = rampart::test_outcome::passed}});
        shard.plans.push_back({.run = "r",
                               .index = i,
                               .count = count,
                               .tests = {test},
                               .process = "node" + std::to_string(i % 7) + " " + name + " then",
                               .closed = !is_dead,
                               .tally = rampart::shard_tally{.ran = 1, .seconds = (i + 1) / 1000.0}});
        hub.merge_worker_results(std::move(shard));
    }
    return rampart::build_report(std::move(hub));
}

}  // namespace samples

#endif  // RAMPART_TESTS_SINKS_SHARDED_RUN_HPP
