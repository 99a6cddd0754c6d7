#include "doctest/run_program.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// The lines of a report without what differs between one process and many: times, who wrote what, and the table of
/// shards.
std::vector<std::string> timeless(std::string const& file) {
    std::vector<std::string> kept;
    std::istringstream text(file_text(file));
    for (std::string line; std::getline(text, line) && line != "  \"shards\": [";) {
        if (line.ends_with(',')) line.pop_back();
        auto const begins = [&line](std::string_view key) {
            return std::string_view(line).substr(std::min(line.find('"'), line.size())).starts_with(key);
        };
        bool const differs = begins("\"worker\": \"shard-") || begins("\"_rampart_source_worker\": \"shard-") ||
                             begins("\"seconds\": ") || begins("\"duration_seconds\": ");
        if (!differs && line != "}") kept.push_back(line);
    }
    return kept;
}

std::string the_journal(std::string const& folder, std::string const& part) {
    for (auto const& each : fs::directory_iterator(folder)) {
        if (each.path().filename().string().starts_with("shard-" + part + "-of-60.")) return each.path().string();
    }
    return {};
}

std::string table_of(program_end const& end) {
    auto const from = end.out.find("\nShards: ");
    return from == std::string::npos ? std::string() : end.out.substr(from + 1);
}

}  // namespace

TEST_CASE("sixty shards, run eight at a time, merge to the report of one process, with a table that can be read [C]") {
    scratch_folder const dir;
    std::string const suite = "'" RAMPART_SUITE_TWO_THOUSAND "' --rampart-progress=none ";
    auto const whole = run_program(suite + "--rampart-json='" + dir / "whole.json'");
    auto const made =
        run_program("seq 1 60 | xargs -P 8 -I@ sh -c \"" + suite + "--rampart-shard=@/60 --rampart-journal='" +
                    dir / "j' > '" + dir / "printed-@' 2>&1; test \\$? -lt 2\"");
    CAPTURE(made.out);
    REQUIRE(made.status == 0);
    auto const merge = [&] {
        return run_program(suite + "--rampart-merge='" + dir / "j' --rampart-json='" + dir / "merged.json'");
    };
    auto const merged = merge();
    CHECK(merged.status == whole.status);
    auto const wanted = timeless(dir / "whole.json");
    CHECK(wanted.size() > 100000);
    CHECK((timeless(dir / "merged.json") == wanted));
    CHECK(merged.says("\nShards: 60 parts: 60 finished\n"));
    auto const all = table_of(merged);
    CHECK(std::count(all.begin(), all.end(), '\n') == 1 + 1 + 1 + 10 + 1);
    CHECK(json_file(dir / "merged.json").at("shards").as_array().size() == 60);

    // Two parts that never began, and one whose process was killed while it wrote.
    fs::remove(the_journal(dir / "j", "17"));
    fs::remove(the_journal(dir / "j", "40"));
    auto const torn = the_journal(dir / "j", "5");
    fs::resize_file(torn, fs::file_size(torn) / 2);
    auto const less = merge();
    CHECK(less.status == 3);
    auto const table = table_of(less);
    CHECK(table.starts_with("Shards: 60 parts: 57 finished, 1 ended early, 2 never began\n"));
    for (std::string const line :
         {"\n   5 of 60  ended early ", "\n  17 of 60  never began ", "\n  40 of 60  never began "}) {
        CAPTURE(line);
        CHECK(table.find(line) != std::string::npos);
    }
    CHECK(std::count(table.begin(), table.end(), '\n') == 1 + 1 + 3 + 1 + 10 + 1);
}
