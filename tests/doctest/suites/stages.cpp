// A suite whose tests can be told to end the process: RAMPART_TEST_END="HOW NAME" with HOW kill, segv, exit, _exit, hang
// or before (a kill before the test records anything).

#include <rampart/doctest.hpp>

#include <cstdlib>
#include <string>

#include <signal.h>
#include <unistd.h>

namespace {

void stage(std::string const& name, rampart::safety_status status = rampart::safety_status::safe,
           std::string const& which = "") {
    char const* const wanted = std::getenv("RAMPART_TEST_END");
    std::string end = wanted == nullptr ? "" : wanted;
    if (!which.empty() && end.ends_with(" " + name + which)) end.resize(end.size() - which.size());
    if (end == "before " + name) ::raise(SIGKILL);
    rampart::result found;
    found.status = status;
    found.summary = "stage " + name;
    found.strategy = "probe";
    found.meta.set("stage", name);
    found.evidence.turns.push_back({.request = {.prompt = "go on"}, .response = {.text = "\x1b[31mdone\x1b[0m"}});
    rampart::record_result(found);
    if (end == "kill " + name) ::raise(SIGKILL);
    if (end == "segv " + name) ::raise(SIGSEGV);
    if (end == "exit " + name) std::exit(0);
    if (end == "_exit " + name) ::_exit(0);
    while (end == "hang " + name) ::pause();
}

}  // namespace

TEST_CASE("first") { stage("first"); }

TEST_CASE("second, with two results" * rampart::harm("jailbreak")) {
    stage("second");
    stage("second, again", rampart::safety_status::undetermined);
}

TEST_CASE("third, in trials" * rampart::trial({.n = 4, .threshold = 0.75})) {
    static int run = 0;
    stage("third", rampart::safety_status::safe, " " + std::to_string(run++));
}

TEST_CASE("fourth, which fails") {
    stage("fourth");
    CHECK(1 == 2);
}

TEST_CASE("fifth, unsafe" * rampart::harm("data_leakage")) { stage("fifth", rampart::safety_status::unsafe); }

TEST_CASE("sixth, which records nothing") {}

TEST_SUITE("grouped") {
    TEST_CASE("seventh" * rampart::group("g")) { stage("seventh"); }
    TEST_CASE("eighth" * rampart::group("g")) { stage("eighth"); }
}

TEST_CASE("ninth") {
    SUBCASE("a") { stage("ninth a"); }
    SUBCASE("b") { stage("ninth b"); }
}

TEST_CASE("skipped" * doctest::skip()) { stage("skipped"); }
