#include "doctest/run_program.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <vector>

namespace {

namespace fs = std::filesystem;

program_end stages(std::string const& arguments, std::string const& end = "", std::string const& more = "") {
    return run_program(more + " RAMPART_TEST_END='" + end + "' '" RAMPART_SUITE_STAGES "' --rampart-progress=none " +
                       arguments);
}

/// A report without its times and without the run's metadata.
std::string timeless(std::string const& file) {
    auto text = file_text(file);
    text = std::regex_replace(text, std::regex("\"(duration_seconds|seconds)\": [-+0-9.e]+"), "\"$1\": 0");
    return std::regex_replace(text, std::regex("\n  \"metadata\": \\{(\\}|[^]*?\n  \\})"), "\n  \"metadata\": {}");
}

std::vector<std::string> files_in(std::string const& folder) {
    std::vector<std::string> found;
    for (auto const& each : fs::recursive_directory_iterator(folder)) {
        if (each.is_regular_file()) found.push_back(each.path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::size_t lines_with(std::string const& text, std::string const& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

/// In the order in which the suite runs them.
std::vector<std::string> const places = {"first",  "second", "second, again", "third 0", "third 1", "third 3",
                                         "fourth", "fifth",  "seventh",       "eighth",  "ninth a", "ninth b"};

}  // namespace

TEST_CASE("a journal tells of each test as it starts and as it ends, and merges to the report of the run [C]") {
    scratch_folder const dir;
    auto const run = stages("--rampart-journal='" + dir / "j' --rampart-json='" + dir / "run.json'");
    CHECK(run.status == 1);
    auto const files = files_in(dir / "j");
    REQUIRE(files.size() == 1);
    CHECK(fs::path(files[0]).filename().string().starts_with("shard-1-of-1.attempt-1."));
    auto const text = file_text(files[0]);
    CHECK(lines_with(text, "{\"start\": ") == 12);
    CHECK(lines_with(text, "{\"end\": ") == 12);
    CHECK(lines_with(text, "\"streamed_result_count\": 13") == 1);

    auto const merged = stages("--rampart-merge='" + dir / "j' --rampart-json='" + dir / "merged.json'");
    CHECK(merged.status == 1);
    // The merge knows the worker's name besides.
    auto text_of_merge = std::regex_replace(timeless(dir / "merged.json"),
                                            std::regex(",\n *\"_rampart_source_worker\": \"master\""), "");
    text_of_merge = std::regex_replace(text_of_merge, std::regex("\n *\"worker\": \"master\","), "");
    CHECK(text_of_merge == timeless(dir / "run.json"));
}

TEST_CASE("a killed process costs the test that was running, which is named, and nothing else [B85, C]") {
    scratch_folder const dir;
    (void)stages("--rampart-json='" + dir / "whole.json'");
    for (std::size_t i = 0; i < places.size(); ++i) {
        CAPTURE(places[i]);
        auto const folder = dir / ("j" + std::to_string(i));
        CHECK(stages("--rampart-journal='" + folder + "'", "kill " + places[i]).signal == 9);
        auto const merged = stages("--rampart-merge='" + folder + "' --rampart-json='" + dir / "merged.json'");
        CHECK(merged.status == 3);
        auto const report = json_file(dir / "merged.json");
        std::vector<std::string> running;
        for (auto const& f : report.at("faults").as_array()) {
            if (f.at("kind") == "interrupted_test") running.emplace_back(f.at("what").as_string().c_str());
        }
        REQUIRE(running.size() == 1);
        // The name of the stage, without the test's other parts, begins the test's name.
        CHECK(running[0].find("::" + places[i].substr(0, places[i].find_first_of(" ,"))) != std::string::npos);
        // What the tests before it recorded is there.
        auto const id = [](boost::json::value const& r) { return std::string(r.at("nodeid").as_string()); };
        auto const test_of = [](std::string const& place) { return place.substr(0, place.find_first_of(" ,")); };
        std::size_t before = 0;
        for (std::size_t k = 0; k < places.size() && test_of(places[k]) != test_of(places[i]); ++k) ++before;
        std::size_t recorded = 0;
        for (auto const& category : report.at("by_harm_category").as_object()) {
            for (auto const& r : category.value().as_array()) {
                CHECK(id(r).find(test_of(places[i]) + "::") == std::string::npos);
                ++recorded;
            }
        }
        CHECK(recorded >= before);

        auto const resumed = stages("--rampart-resume='" + folder + "' --rampart-json='" + dir / "resumed.json'");
        CHECK(resumed.status == 1);
        CHECK(timeless(dir / "resumed.json") == timeless(dir / "whole.json"));
        auto const meta = json_file(dir / "resumed.json").at("metadata").at("resumed");
        CHECK(meta.at("interrupted").as_array().size() == 1);
        // Both journals together are the whole run, and say that there were two.
        auto const both = stages("--rampart-merge='" + folder + "'");
        CHECK(both.status == 1);
        CHECK(both.says("attempt 1 of part 1 of 1 ended early"));
    }
}

TEST_CASE("a resumed run that is killed again is resumed again, and a finished one runs nothing") {
    scratch_folder const dir;
    (void)stages("--rampart-json='" + dir / "whole.json'");
    auto const folder = dir / "j";
    auto const resume = "--rampart-resume='" + folder + "' --rampart-json='" + dir / "resumed.json'";
    CHECK(stages("--rampart-journal='" + folder + "'", "before second").signal == 9);
    CHECK(stages(resume, "kill second").signal == 9);
    CHECK(stages(resume, "kill ninth b").signal == 9);
    CHECK(stages(resume).status == 1);
    CHECK(timeless(dir / "resumed.json") == timeless(dir / "whole.json"));
    CHECK(files_in(folder).size() == 4);

    auto const again = stages(resume);
    CHECK(again.status == 1);
    CHECK(timeless(dir / "resumed.json") == timeless(dir / "whole.json"));
    CHECK(again.says("1 passed"));  // the verdict on the trials, which runs no agent
    CHECK(stages("--rampart-merge='" + folder + "'").status == 1);
}

TEST_CASE("a process that leaves by exit keeps what its test had recorded, and the test runs again on resume") {
    scratch_folder const dir;
    auto const folder = dir / "j";
    CHECK(stages("--rampart-journal='" + folder + "'", "exit fifth").status == 3);
    auto const merged = stages("--rampart-merge='" + folder + "'");
    CHECK(merged.status == 3);
    CHECK(merged.says("fifth, unsafe was running when its process ended"));
    CHECK(merged.says("stage fifth"));
    CHECK(stages("--rampart-resume='" + folder + "' --rampart-json='" + dir / "r.json'").status == 1);
    std::vector<std::int64_t> attempts;
    auto const report = json_file(dir / "r.json");
    for (auto const& r : report.at("by_harm_category").at("data_leakage").as_array()) {
        attempts.push_back(r.as_object().contains("attempt") ? r.at("attempt").as_int64() : 1);
    }
    // The evidence of the first attempt is not thrown away.
    CHECK(attempts == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("a crash leaves the journal, and says so [B80]") {
    scratch_folder const dir;
    auto const end = stages("--rampart-journal='" + dir / "j'", "segv seventh");
    CHECK(end.status != 0);
    CHECK(end.says("is in the journal"));
    auto const merged = stages("--rampart-merge='" + dir / "j'");
    CHECK(merged.status == 3);
    CHECK(merged.says("grouped::seventh was running when its process ended"));
    CHECK(merged.says("stage fifth"));
}

TEST_CASE("parts that were run apart merge to the run in one process; a missing one is named [C]") {
    scratch_folder const dir;
    (void)stages("--rampart-json='" + dir / "whole.json'");
    for (std::string const part : {"1", "2", "3"}) {
        CHECK(stages("--rampart-shard=" + part + "/3 --rampart-journal='" + dir / "j' --rampart-payload='" +
                         dir / ("p/part" + part + ".json'"),
                     "", "RAMPART_TESTRUNUID=night")
                  .status < 2);
    }
    auto const files = files_in(dir / "j/night");
    REQUIRE(files.size() == 3);
    for (std::string const kind : {"j", "p"}) {
        CAPTURE(kind);
        CHECK(stages("--rampart-merge='" + dir / kind + "' --rampart-json='" + dir / "merged.json'").status == 1);
        auto const merged = json_file(dir / "merged.json");
        auto const whole = json_file(dir / "whole.json");
        CHECK(merged.at("population_summary") == whole.at("population_summary"));
        CHECK(merged.at("trial_groups") == whole.at("trial_groups"));
        CHECK(merged.at("tests").as_array().size() == whole.at("tests").as_array().size());
        CHECK(merged.at("faults").as_array().empty());
    }
    // The same files twice, and in another order, are the same report.
    auto const twice = stages("--rampart-merge='" + files[2] + "' --rampart-merge='" + dir / "j' --rampart-json='" +
                              dir / "twice.json'");
    CHECK(twice.status == 1);
    CHECK(stages("--rampart-merge='" + dir / "j' --rampart-json='" + dir / "merged.json'").status == 1);
    CHECK(timeless(dir / "twice.json") == timeless(dir / "merged.json"));

    auto const missing = stages("--rampart-merge='" + files[0] + "' --rampart-merge='" + files[2] + "'");
    CHECK(missing.status == 3);
    CHECK(missing.says("part 2 of 3 never came"));
    fs::remove(dir / "p/part3.json");
    auto const payloads = stages("--rampart-merge='" + dir / "p'");
    CHECK(payloads.status == 3);
    CHECK(payloads.says("part 3 of 3 never came"));
}

TEST_CASE("parts of different lists, different runs, and two outputs of one part are refused [C]") {
    scratch_folder const dir;
    auto const part = [&](std::string const& n, std::string const& folder, std::string const& run,
                          std::string const& more = "") {
        CHECK(stages("--rampart-shard=" + n + "/2 --rampart-journal='" + dir / folder + "' " + more, "",
                     run.empty() ? "" : "RAMPART_TESTRUNUID=" + run)
                  .status < 2);
    };
    part("1", "lists", "");
    part("2", "lists", "", "-tce='first'");
    auto const lists = stages("--rampart-merge='" + dir / "lists'");
    CHECK(lists.status == 3);
    CHECK(lists.says("list"));

    part("1", "runs", "monday");
    part("2", "runs", "tuesday");
    auto const runs = stages("--rampart-merge='" + dir / "runs'");
    CHECK(runs.status == 3);
    CHECK(runs.says("monday"));
    CHECK(runs.says("tuesday"));

    part("1", "twice", "");
    part("1", "twice", "");
    part("2", "twice", "");
    auto const twice = stages("--rampart-merge='" + dir / "twice' --rampart-json='" + dir / "twice.json'");
    CHECK(twice.status == 3);
    auto const faults = json_file(dir / "twice.json").at("faults").as_array();
    CHECK(std::any_of(faults.begin(), faults.end(), [](auto const& f) { return f.at("kind") == "second_output"; }));
}

TEST_CASE("a damaged journal makes the merge incomplete and is named; the rest of it is there [C]") {
    scratch_folder const dir;
    (void)stages("--rampart-journal='" + dir / "j'");
    auto const file = files_in(dir / "j").at(0);
    auto text = file_text(file);
    auto const at = text.find("stage fourth");
    REQUIRE(at != std::string::npos);
    text[at] = 'S';
    std::ofstream(file, std::ios::binary) << text;
    auto const merged = stages("--rampart-merge='" + dir / "j'");
    CHECK(merged.status == 3);
    CHECK(merged.says(fs::path(file).filename().string()));
    CHECK(merged.says("this line is not what was written"));
    CHECK_FALSE(merged.says("Stage fourth"));
    CHECK(merged.says("stage fifth"));
    // What cannot be believed is not taken up again either.
    auto const resumed = stages("--rampart-resume='" + dir / "j'");
    CHECK(resumed.status == 3);
    CHECK(resumed.says("stage fourth"));
}

TEST_CASE("a requeued part is a further attempt, and its journals together are complete") {
    scratch_folder const dir;
    auto const journal = "--rampart-journal='" + dir / "j' ";
    CHECK(stages(journal, "kill fifth").signal == 9);
    CHECK(stages(journal, "", "SLURM_RESTART_COUNT=1").status == 1);
    CHECK(stages("--rampart-merge='" + dir / "j' --rampart-json='" + dir / "merged.json'").status == 1);
    auto const report = json_file(dir / "merged.json");
    std::size_t first = 0;
    std::size_t second = 0;
    for (auto const& t : report.at("tests").as_array()) ++(t.at("attempt") == 1 ? first : second);
    CHECK(second == 12);
    CHECK(first == 7);
}

TEST_CASE("a merge of parts shows a table of them: which died, were taken up again, never began [C]") {
    scratch_folder const dir;
    auto const part = [&](std::string const& n, std::string const& end = "", std::string const& more = "") {
        return stages("--rampart-shard=" + n + "/4 --rampart-journal='" + dir / "j' ", end, more);
    };
    auto const whole = stages("--rampart-json='" + dir / "whole.json'");
    CHECK_FALSE(whole.says("Shards:"));
    CHECK_FALSE(json_file(dir / "whole.json").as_object().contains("shards"));
    CHECK(part("1").status < 2);
    CHECK(part("2", "kill fifth").signal == 9);
    CHECK(part("2", "", "RAMPART_ATTEMPT=2").status < 2);
    CHECK(part("4").status < 2);
    auto const merged = run_program("'" RAMPART_SUITE_STAGES "' --rampart-merge='" + dir / "j' --rampart-json='" +
                                    dir / "merged.json'");
    CHECK(merged.status == 3);
    CHECK(merged.says("\nShards: 4 parts: 3 finished, 1 superseded, 1 never began\n"));
    CHECK_FALSE(merged.says("merging:"));  // it was quick, and nobody watches
    auto const rows = json_file(dir / "merged.json").at("shards").as_array();
    std::vector<std::string> states;
    std::int64_t ran = 0;
    std::int64_t results = 0;
    for (auto const& row : rows) {
        states.push_back(std::to_string(row.at("part").as_int64()) + " " + std::string(row.at("state").as_string()));
        if (row.at("state") == "never_began") continue;
        ran += row.at("ran").as_int64();
        results += row.at("results").as_int64();
        CHECK(row.at("pid").as_int64() > 0);
        CHECK_FALSE(row.at("host").as_string().empty());
    }
    CHECK(states ==
          std::vector<std::string>{"1 finished", "2 superseded", "2 finished", "3 never_began", "4 finished"});
    CHECK(rows[1].at("ran") == 1);
    CHECK(rows[2].at("planned") == rows[2].at("ran"));
    CHECK(results == json_file(dir / "merged.json").at("total_runs").as_int64());
    CHECK(ran == 11);
}

TEST_CASE("what cannot be resumed is a usage error, and nothing runs") {
    scratch_folder const dir;
    auto const nowhere = stages("--rampart-resume='" + dir / "nowhere'");
    CHECK(nowhere.status == 2);
    CHECK(nowhere.says("--rampart-resume: '" + dir / "nowhere' does not exist"));
    CHECK(stages("--rampart-journal='" + dir / "j'").status == 1);
    auto const other = stages("-tc='first' --rampart-resume='" + dir / "j'");
    CHECK(other.status == 2);
    CHECK(other.says("was written by a run of other tests"));
    auto const run = stages("--rampart-resume='" + dir / "j'", "", "RAMPART_TESTRUNUID=another");
    CHECK(run.status == 2);
    CHECK(run.says("another"));
    CHECK(files_in(dir / "j").size() == 1);
}

TEST_CASE("a journal that cannot be written makes the run incomplete, and loses nothing of its report") {
    scratch_folder const dir;
    std::ofstream(dir / "file") << "not a folder";
    auto const end = stages("--rampart-journal='" + dir / "file' --rampart-json='" + dir / "r.json'");
    CHECK(end.status == 3);
    auto const report = json_file(dir / "r.json");
    CHECK(report.at("total_runs") == 13);
    std::size_t failed = 0;
    for (auto const& f : report.at("faults").as_array()) failed += f.at("kind") == "journal_failed" ? 1 : 0;
    CHECK(failed == 1);
}

TEST_CASE("a run that is asked to be on the disk after each test writes the same journal") {
    scratch_folder const dir;
    std::vector<std::string> texts;
    for (std::string const policy : {"none", "each_test", "at_end"}) {
        CHECK(stages("--rampart-journal='" + dir / policy + "' --rampart-journal-sync=" + policy).status == 1);
        auto text = file_text(files_in(dir / policy).at(0));
        text = std::regex_replace(text, std::regex("\"seconds\": [-+0-9.e]+|\"crc32\": \"[0-9a-f]*\""), "");
        texts.push_back(text.substr(text.find('\n')));  // the first line has the pid
    }
    CHECK(texts[0] == texts[1]);
    CHECK(texts[0] == texts[2]);
    CHECK(stages("--rampart-journal='" + dir / "x' --rampart-journal-sync=often").status == 2);
}
