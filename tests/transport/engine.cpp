#include "rampart/transport/engine.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rp = rampart;

namespace {

using variables = std::map<std::string, std::string>;

rp::engine_shard shard(variables const& set) {
    return rp::shard_of_engine([&set](char const* name) {
        auto const found = set.find(name);
        return found == set.end() ? std::nullopt : std::optional(found->second);
    });
}
rp::engine_process process(variables const& set) {
    return rp::process_of_engine([&set](char const* name) {
        auto const found = set.find(name);
        return found == set.end() ? std::nullopt : std::optional(found->second);
    });
}
/// "1/4" (from 0), "all", or "refused".
std::string part(variables const& set) {
    auto const found = shard(set);
    CHECK((found.part ? 1 : 0) + (found.error.empty() ? 0 : 1) <= 1);
    CHECK(found.source.empty() == !found.part);
    if (!found.error.empty()) return "refused";
    if (!found.part) return "all";
    return std::to_string(found.part->index) + "/" + std::to_string(found.part->count);
}
bool says(std::string const& text, std::vector<std::string> const& words) {
    for (std::string const& word : words) {
        if (text.find(word) != std::string::npos) continue;
        MESSAGE("'", word, "' is missing in: ", text);
        return false;
    }
    return true;
}

variables slurm_array(char const* id, char const* count, char const* min, char const* max, char const* step) {
    return {{"SLURM_ARRAY_TASK_ID", id},     {"SLURM_ARRAY_TASK_COUNT", count},
            {"SLURM_ARRAY_TASK_MIN", min},   {"SLURM_ARRAY_TASK_MAX", max},
            {"SLURM_ARRAY_TASK_STEP", step}, {"SLURM_ARRAY_JOB_ID", "41"},
            {"SLURM_JOB_ID", "42"},          {"SLURM_PROCID", "0"}};
}
variables with(variables set, variables const& more) {
    for (auto const& [name, value] : more) set[name] = value;
    return set;
}

}  // namespace

TEST_CASE("no engine means no part: all tests") {
    CHECK(part({}) == "all");
    CHECK(part({{"HOME", "/"}, {"CI", "true"}}) == "all");
}

TEST_CASE("rampart's own variables come first, and are judged alone") {
    CHECK(part({{"RAMPART_TOTAL_SHARDS", "4"}, {"RAMPART_SHARD_INDEX", "0"}}) == "0/4");
    CHECK(part({{"RAMPART_TOTAL_SHARDS", "4"}, {"RAMPART_SHARD_INDEX", "3"}}) == "3/4");
    CHECK(part({{"RAMPART_TOTAL_SHARDS", "1"}, {"RAMPART_SHARD_INDEX", "0"}}) == "0/1");
    variables const others{{"TEST_TOTAL_SHARDS", "x"},      {"TEST_SHARD_INDEX", "y"}, {"GTEST_TOTAL_SHARDS", ""},
                           {"SLURM_ARRAY_TASK_ID", "17"},   {"SLURM_NTASKS", "many"},  {"CI_NODE_TOTAL", "0"},
                           {"OMPI_COMM_WORLD_RANK", "none"}};
    CHECK(part(with(others, {{"RAMPART_TOTAL_SHARDS", "2"}, {"RAMPART_SHARD_INDEX", "1"}})) == "1/2");
    CHECK(shard({{"RAMPART_TOTAL_SHARDS", "4"}, {"RAMPART_SHARD_INDEX", "0"}}).source ==
          "RAMPART_SHARD_INDEX and RAMPART_TOTAL_SHARDS");
}

TEST_CASE("a total of rampart's takes the index from the first engine that has one, and a bad one is an error") {
    struct row {
        char const* name;
        char const* value;
        char const* part;
    };
    // From the last in rank to the first: each row takes the place of those before.
    variables set{{"RAMPART_TOTAL_SHARDS", "8"}};
    for (row const& r : {row{"OMPI_COMM_WORLD_RANK", "6", "6/8"}, row{"SLURM_PROCID", "5", "5/8"},
                         row{"SLURM_ARRAY_TASK_ID", "4", "4/8"}, row{"GTEST_SHARD_INDEX", "3", "3/8"},
                         row{"TEST_SHARD_INDEX", "2", "2/8"}, row{"RAMPART_SHARD_INDEX", "1", "1/8"}}) {
        CAPTURE(r.name);
        set[r.name] = "";
        CHECK(part(set) == "refused");
        set[r.name] = "8";
        CHECK(part(set) == "refused");
        CHECK(says(shard(set).error, {std::string(r.name) + "='8'", "RAMPART_TOTAL_SHARDS='8'"}));
        set[r.name] = r.value;
        CHECK(part(set) == r.part);
    }
    // The array of one index that Slurm refuses by itself is fine with a total, and its index is raw.
    CHECK(part(with(slurm_array("2", "1", "2", "2", "1"), {{"RAMPART_TOTAL_SHARDS", "4"}})) == "2/4");
    // GitLab counts from 1: its index is no index here.
    CHECK(part({{"RAMPART_TOTAL_SHARDS", "4"}, {"CI_NODE_INDEX", "2"}, {"CI_NODE_TOTAL", "4"}}) == "refused");
}

TEST_CASE("half of what names a part is an error that says what is missing, for every protocol") {
    CHECK(says(shard({{"RAMPART_TOTAL_SHARDS", "4"}}).error,
               {"RAMPART_TOTAL_SHARDS='4'", "set RAMPART_SHARD_INDEX", "SLURM_PROCID"}));
    CHECK(says(shard({{"RAMPART_SHARD_INDEX", "1"}}).error,
               {"RAMPART_SHARD_INDEX='1'", "RAMPART_TOTAL_SHARDS (not set)", "set RAMPART_TOTAL_SHARDS"}));
    for (std::string const name :
         {"TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "CI_NODE_INDEX"}) {
        CAPTURE(name);
        CHECK(part({{name, "1"}}) == "refused");
        CHECK(says(shard({{name, "1"}}).error, {name + "='1'", "(not set)", "--rampart-shard=I/N"}));
    }
    // A half pair is not made whole by another protocol.
    CHECK(part({{"TEST_TOTAL_SHARDS", "2"}, {"GTEST_TOTAL_SHARDS", "2"}, {"GTEST_SHARD_INDEX", "0"}}) == "refused");
}

TEST_CASE("numbers are plain decimals: no sign, no blank, not empty, and they fit; else nothing runs") {
    struct pair {
        char const* total;
        char const* index;
    };
    for (pair const& p :
         {pair{"RAMPART_TOTAL_SHARDS", "RAMPART_SHARD_INDEX"}, pair{"TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX"},
          pair{"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"}}) {
        CAPTURE(p.total);
        CHECK(part({{p.total, "3"}, {p.index, "2"}}) == "2/3");
        for (char const* const bad :
             {"", " ", "0x2", "2 ", " 2", "+2", "-2", "2.0", "two", "4294967296", "99999999999999999999999"}) {
            CAPTURE(bad);
            CHECK(part({{p.total, bad}, {p.index, "0"}}) == "refused");
            CHECK(part({{p.total, "5"}, {p.index, bad}}) == "refused");
        }
        CHECK(part({{p.total, "0"}, {p.index, "0"}}) == "refused");
        CHECK(part({{p.total, "2"}, {p.index, "2"}}) == "refused");
        CHECK(part({{p.total, "4294967295"}, {p.index, "4294967294"}}) == "4294967294/4294967295");
    }
}

TEST_CASE("what a variable holds cannot act on the terminal") {
    auto const error = shard({{"RAMPART_TOTAL_SHARDS", "\x1b[2J"}, {"RAMPART_SHARD_INDEX", "0"}}).error;
    CHECK(error.find('\x1b') == std::string::npos);
    CHECK(shard({{"RAMPART_TOTAL_SHARDS", std::string(100000, '9')}}).error.size() < 1000);
}

TEST_CASE("Bazel comes before GoogleTest, both before Slurm, Slurm before GitLab") {
    variables set{{"CI_NODE_TOTAL", "9"}, {"CI_NODE_INDEX", "9"}};
    CHECK(part(set) == "8/9");
    set = with(set, {{"SLURM_PROCID", "7"}, {"SLURM_NTASKS", "8"}});
    CHECK(part(set) == "7/8");
    set = with(set, {{"GTEST_TOTAL_SHARDS", "7"}, {"GTEST_SHARD_INDEX", "6"}});
    CHECK(part(set) == "6/7");
    set = with(set, {{"TEST_TOTAL_SHARDS", "6"}, {"TEST_SHARD_INDEX", "5"}});
    CHECK(part(set) == "5/6");
}

TEST_CASE("a whole Slurm array is a run: 0-N, also with a step") {
    CHECK(part(slurm_array("0", "4", "0", "3", "1")) == "0/4");
    CHECK(part(slurm_array("3", "4", "0", "3", "1")) == "3/4");
    CHECK(part(slurm_array("4", "4", "0", "6", "2")) == "2/4");
    CHECK(part(slurm_array("6", "4", "0", "7", "2")) == "3/4");
    CHECK(part(with(slurm_array("1", "2", "0", "1", "1"), {{"SLURM_NTASKS", "1"}})) == "1/2");
    auto without_step = slurm_array("1", "4", "0", "3", "1");
    without_step.erase("SLURM_ARRAY_TASK_STEP");
    CHECK(part(without_step) == "1/4");
}

TEST_CASE("a Slurm array that is not whole is refused: one index again, a list, or one that begins behind 0") {
    for (variables const& bad : {
             slurm_array("2", "1", "2", "2", "1"),  // -a 2: one index submitted again
             slurm_array("0", "1", "0", "0", "1"),  // -a 0: the first one submitted again, or an array of one
             slurm_array("3", "2", "0", "3", "1"),  // -a 0,3
             slurm_array("1", "3", "1", "3", "1"),  // -a 1-3
             slurm_array("2", "2", "2", "3", "1"),  // -a 2,3
             slurm_array("3", "4", "0", "6", "2"),  // an index that is no multiple of the step
             slurm_array("4", "4", "2", "6", "2"),  // -a 2,4,5,6 or the like
             slurm_array("8", "4", "0", "3", "1"),  // an index behind the last
             slurm_array("0", "5", "0", "3", "1"),  // more than there can be
             slurm_array("0", "4", "0", "3", "0"),  // no step
             slurm_array("x", "4", "0", "3", "1"),  // no number
             slurm_array("0", "", "0", "3", "1"),   // empty
             slurm_array("0", "0", "0", "4294967295", "1"),
         }) {
        auto const found = shard(bad);
        CHECK(part(bad) == "refused");
        CHECK(says(found.error, {"SLURM_ARRAY_TASK_ID='", "SLURM_ARRAY_TASK_COUNT='", "set RAMPART_TOTAL_SHARDS"}));
    }
    // A variable that is not there.
    for (char const* const name :
         {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"}) {
        auto torn = slurm_array("0", "4", "0", "3", "1");
        torn.erase(name);
        CHECK(part(torn) == "refused");
    }
}

TEST_CASE("the tasks of one Slurm step are parts; one task, or a batch job without any, is a whole run") {
    variables const step{{"SLURM_JOB_ID", "42"}, {"SLURM_STEP_ID", "0"}};
    CHECK(part(with(step, {{"SLURM_NTASKS", "2"}, {"SLURM_PROCID", "1"}})) == "1/2");
    CHECK(part({{"SLURM_NTASKS", "2"}, {"SLURM_PROCID", "0"}}) == "0/2");
    CHECK(part(with(step, {{"SLURM_NTASKS", "1"}, {"SLURM_PROCID", "0"}})) == "all");
    CHECK(part({{"SLURM_JOB_ID", "42"}, {"SLURM_PROCID", "0"}}) == "all");
    CHECK(part({{"SLURM_JOB_ID", "42"}, {"SLURM_NTASKS", "1"}}) == "all");
    for (variables const& bad :
         {variables{{"SLURM_NTASKS", "2"}}, variables{{"SLURM_NTASKS", "2"}, {"SLURM_PROCID", "2"}},
          variables{{"SLURM_NTASKS", "2"}, {"SLURM_PROCID", ""}},
          variables{{"SLURM_NTASKS", "0"}, {"SLURM_PROCID", "0"}},
          variables{{"SLURM_NTASKS", ""}, {"SLURM_PROCID", "0"}}, variables{{"SLURM_PROCID", "1"}},
          variables{{"SLURM_PROCID", ""}}, variables{{"SLURM_NTASKS", "1"}, {"SLURM_PROCID", "1"}}}) {
        CHECK(part(bad) == "refused");
        CHECK(says(shard(bad).error, {"SLURM_", "RAMPART_TOTAL_SHARDS"}));
    }
}

TEST_CASE("a Slurm batch script that asked for several tasks is task 0 of them by its variables only: refused") {
    auto const script = shard({{"SLURM_JOB_ID", "42"}, {"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}});
    CHECK_FALSE(script.part);
    CHECK(says(script.error, {"SLURM_NTASKS='4'", "SLURM_STEP_ID (not set)", "srun", "--rampart-shard=1/1"}));
}

TEST_CASE("a Slurm array of jobs with several tasks is refused, and asks for total and index") {
    auto const both = with(slurm_array("0", "2", "0", "1", "1"), {{"SLURM_NTASKS", "2"}, {"SLURM_STEP_ID", "0"}});
    CHECK(part(both) == "refused");
    CHECK(says(shard(both).error,
               {"SLURM_ARRAY_TASK_ID='0'", "SLURM_NTASKS='2'", "set RAMPART_TOTAL_SHARDS and RAMPART_SHARD_INDEX"}));
    CHECK(part(with(both, {{"RAMPART_TOTAL_SHARDS", "4"}, {"RAMPART_SHARD_INDEX", "3"}})) == "3/4");
}

TEST_CASE("GitLab counts from 1, and sets its total in every job") {
    CHECK(part({{"CI_NODE_TOTAL", "1"}}) == "all");
    CHECK(part({{"CI_NODE_TOTAL", "1"}, {"CI_NODE_INDEX", "1"}}) == "0/1");
    CHECK(part({{"CI_NODE_TOTAL", "4"}, {"CI_NODE_INDEX", "1"}}) == "0/4");
    CHECK(part({{"CI_NODE_TOTAL", "4"}, {"CI_NODE_INDEX", "4"}}) == "3/4");
    for (variables const& bad :
         {variables{{"CI_NODE_TOTAL", "4"}}, variables{{"CI_NODE_TOTAL", "4"}, {"CI_NODE_INDEX", "0"}},
          variables{{"CI_NODE_TOTAL", "4"}, {"CI_NODE_INDEX", "5"}}, variables{{"CI_NODE_TOTAL", ""}},
          variables{{"CI_NODE_TOTAL", "0"}}, variables{{"CI_NODE_TOTAL", "1"}, {"CI_NODE_INDEX", ""}},
          variables{{"CI_NODE_TOTAL", "x"}, {"CI_NODE_INDEX", "1"}}, variables{{"CI_NODE_INDEX", "1"}}}) {
        CHECK(part(bad) == "refused");
        CHECK(says(shard(bad).error, {"CI_NODE_TOTAL", "from 1", "RAMPART_TOTAL_SHARDS"}));
    }
}

TEST_CASE("MPI's ranks alone say nothing about tests") {
    CHECK(part({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}}) == "all");
    CHECK(part({{"OMPI_COMM_WORLD_RANK", "1"}, {"RAMPART_TOTAL_SHARDS", "4"}}) == "1/4");
}

TEST_CASE("the attempt comes from rampart's variable, else from Slurm's restarts, else from Bazel") {
    CHECK(process({}).attempt == 1);
    CHECK(process({{"SLURM_RESTART_COUNT", "0"}}).attempt == 1);
    CHECK(process({{"SLURM_RESTART_COUNT", "2"}}).attempt == 3);
    CHECK(process({{"TEST_RUN_NUMBER", "2"}}).attempt == 2);
    CHECK(process({{"TEST_RUN_NUMBER", "2"}, {"SLURM_RESTART_COUNT", "4"}}).attempt == 5);
    CHECK(process({{"TEST_RUN_NUMBER", "2"}, {"SLURM_RESTART_COUNT", "4"}, {"RAMPART_ATTEMPT", "9"}}).attempt == 9);
    CHECK(process({{"RAMPART_ATTEMPT", "9"}, {"SLURM_RESTART_COUNT", "x"}}).error.empty());
    for (variables const& bad :
         {variables{{"RAMPART_ATTEMPT", "0"}}, variables{{"RAMPART_ATTEMPT", ""}},
          variables{{"RAMPART_ATTEMPT", "-1"}, {"SLURM_RESTART_COUNT", "1"}}, variables{{"SLURM_RESTART_COUNT", ""}},
          variables{{"SLURM_RESTART_COUNT", "4294967295"}}, variables{{"SLURM_RESTART_COUNT", "one"}},
          variables{{"TEST_RUN_NUMBER", "0"}}, variables{{"TEST_RUN_NUMBER", "x"}}}) {
        auto const found = process(bad);
        CHECK(found.attempt == 1);
        CHECK(says(found.error, {"='", "set RAMPART_ATTEMPT"}));
    }
}

TEST_CASE("the run's id is what all parts were given; Slurm's job id is none") {
    CHECK(process({{"SLURM_JOB_ID", "7"}, {"SLURM_ARRAY_JOB_ID", "7"}}).run.empty());
    CHECK(process({{"RAMPART_TESTRUNUID", "nightly 12"}}).run == "nightly 12");
    CHECK(says(process({{"RAMPART_TESTRUNUID", ""}}).error, {"RAMPART_TESTRUNUID=''"}));
    CHECK(says(process({{"RAMPART_TESTRUNUID", ""}, {"RAMPART_ATTEMPT", "0"}}).error,
               {"RAMPART_TESTRUNUID=''", "RAMPART_ATTEMPT='0'"}));
}

TEST_CASE("Bazel's filter and its folder of outputs are taken as they stand; empty is none") {
    CHECK(process({}).filter.empty());
    CHECK(process({}).outputs_folder.empty());
    CHECK(process({{"TESTBRIDGE_TEST_ONLY", ""}, {"TEST_UNDECLARED_OUTPUTS_DIR", ""}}).error.empty());
    auto const found = process({{"TESTBRIDGE_TEST_ONLY", "mail*,a b"}, {"TEST_UNDECLARED_OUTPUTS_DIR", "/o u/t"}});
    CHECK(found.filter == "mail*,a b");
    CHECK(found.outputs_folder == "/o u/t");
    CHECK(found.error.empty());
}

TEST_CASE("the environment of the process is what is read") {
    ::setenv("RAMPART_TOTAL_SHARDS", "3", 1);
    ::setenv("RAMPART_SHARD_INDEX", "2", 1);
    ::setenv("RAMPART_ATTEMPT", "4", 1);
    CHECK(rp::shard_of_engine().part == rp::shard_part{2, 3});
    CHECK(rp::process_of_engine().attempt == 4);
    ::unsetenv("RAMPART_SHARD_INDEX");
    ::unsetenv("RAMPART_TOTAL_SHARDS");
    ::unsetenv("RAMPART_ATTEMPT");
}
