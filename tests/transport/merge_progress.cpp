#include "rampart/transport/merge_progress.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/transport/merge_path.hpp"
#include "transport/journals.hpp"

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("a merge says how many files of how many it has read, and how many bytes they had") {
    rp::merge_progress progress(1000, 0.0, 0.0);
    CHECK(progress.line() == "merging: 0 of 1000 files, 0.0 MB");
    CHECK(progress.note(49'999, 0.0) == "merging: 1 of 1000 files, 0.0 MB");
    CHECK(progress.note(1'200'001, 0.0) == "merging: 2 of 1000 files, 1.2 MB");
    CHECK(progress.note(8'700'000, 0.0) == "merging: 3 of 1000 files, 9.9 MB");
    CHECK(progress.note(8'050'000, 0.0) == "merging: 4 of 1000 files, 18 MB");
    CHECK(progress.note(980'000'000, 0.0) == "merging: 5 of 1000 files, 998 MB");
    CHECK(progress.note(2'002'000'000, 0.0) == "merging: 6 of 1000 files, 3.0 GB");
    CHECK(progress.note(60'000'000'000, 0.0) == "merging: 7 of 1000 files, 63 GB");
}

TEST_CASE("a line comes when its time has come, and counts what was read between two") {
    rp::merge_progress progress(5, 100.0, 5.0);
    CHECK_FALSE(progress.note(1'000'000, 101.0));
    CHECK_FALSE(progress.note(1'000'000, 104.9));
    CHECK(progress.note(1'000'000, 105.0) == "merging: 3 of 5 files, 3.0 MB");
    CHECK_FALSE(progress.note(1'000'000, 109.9));
    CHECK(progress.note(1'000'000, 112.0) == "merging: 5 of 5 files, 5.0 MB");
}

TEST_CASE("a merge of a folder tells of each file that it read, those that are none of ours too") {
    wire_samples::folder const dir;
    auto const journal = [](std::string const& test) {
        return wire_samples::closed(wire_samples::begin_line({test}) + wire_samples::test_lines(test, {"x"}), 1);
    };
    auto const first = dir.file("run/a.jsonl", journal("a"));
    auto const second = dir.file("run/below/b.jsonl", journal("b"));
    auto const third = dir.file("run/c.json", "no JSON");
    dir.file("run/.hidden", "passed over");
    auto const folder = dir.path() / "run";
    CHECK(rp::files_to_merge(folder) == 3);
    CHECK(rp::files_to_merge(first) == 1);

    std::vector<std::filesystem::path> seen;
    std::uint64_t bytes = 0;
    auto const watch = [&](std::filesystem::path const& file, std::uint64_t size) {
        seen.push_back(file);
        bytes += size;
    };
    rp::session hub;
    rp::merge_path(hub, folder, {}, watch);
    CHECK(seen == std::vector{first, second, third});
    CHECK(bytes == journal("a").size() + journal("b").size() + 7);
    rp::merge_path(hub, first, {}, watch);
    CHECK(seen.back() == first);
    CHECK(seen.size() == 4);
}
