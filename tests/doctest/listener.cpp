#include "doctest/run_program.hpp"

#include <doctest/doctest.h>

namespace {

program_end standalone(std::string const& arguments, std::string const& environment = "") {
    return run_program(environment + " '" RAMPART_SUITE_STANDALONE "' " + arguments);
}

}  // namespace

TEST_CASE("a program that keeps doctest's own main gets trials, verdicts and reports by the listener alone") {
    CHECK(standalone("-tc=safe").status == 0);
    CHECK(standalone("-tc='eight of ten'").status == 0);
    auto const seven = standalone("-tc='seven of ten'");
    CHECK(seven.status == 1);
    CHECK(seven.says("[7/10 safe, 70% pass rate, threshold: 80%] -- FAILED"));
    CHECK(seven.says("Status: FAILURE!"));
    CHECK(standalone("-tc='unsafe uncaught'").status == 1);
    CHECK(standalone("-tc='error only'").status == 1);
    CHECK(standalone("-tc='seven of ten' --order-by=rand --rand-seed=5").status == 1);
    CHECK(standalone("-tc='exit'").status == 3);
    auto const late = standalone("-tc='leaves a handle,uses the handle late'");
    CHECK(late.status == 1);
    CHECK(late.says("INCOMPLETE RUN"));
}

TEST_CASE("rampart's options work there too, from the command line and from RAMPART_ARGS") {
    scratch_folder const dir;
    CHECK(standalone("-tc=safe --rampart-json='" + dir / "a.json'").status == 0);
    CHECK(json_file(dir / "a.json").at("passed") == 1);
    CHECK(standalone("-tc=safe", "RAMPART_ARGS='--rampart-json=" + dir / "b.json'").status == 0);
    CHECK(json_file(dir / "b.json").at("passed") == 1);
    auto const bad = standalone("-tc=safe --rampart-shard=9/2");
    CHECK(bad.status == 2);
    CHECK(bad.says("--rampart-shard takes I/N"));
    CHECK(standalone("--rampart-help").says("--rampart-merge=PATH"));
    // A sink that cannot write fails the run.
    CHECK(standalone("-tc=safe --rampart-json='" RAMPART_SUITE_STANDALONE "/r.json'").status == 1);
}
