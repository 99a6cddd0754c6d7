#include "rampart/dist/spec.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace rampart::dist;

std::string error_of(std::string const& text) {
    auto const parsed = parse_worker_specs(text);
    CHECK(parsed.specs.empty() != parsed.error.empty());
    CHECK((parsed.error.empty() || parsed.error.find("the worker spec '") == 0));
    return parsed.error;
}
bool says(std::string const& text, std::string const& words) {
    std::string const error = error_of(text);
    CAPTURE(error);
    return error.find(words) != std::string::npos;
}

}  // namespace

TEST_SUITE_BEGIN("spec");

TEST_CASE("a worker of this machine, with all that can be said of it") {
    auto const parsed = parse_worker_specs("popen//env:LANG=C//env:EMPTY=//nice=5//chdir=some dir//id=one");
    REQUIRE(parsed.error == "");
    REQUIRE(parsed.specs.size() == 1);
    auto const& spec = parsed.specs[0];
    CHECK(spec.how == worker_spec::where::popen);
    CHECK(spec.env == std::vector<std::pair<std::string, std::string>>{{"LANG", "C"}, {"EMPTY", ""}});
    CHECK(spec.nice == 5);
    CHECK(spec.chdir == "some dir");
    CHECK(spec.id == "one");
    CHECK(spec.text == "popen//env:LANG=C//env:EMPTY=//nice=5//chdir=some dir//id=one");
}

TEST_CASE("N*spec is N of a kind") {
    auto const parsed = parse_worker_specs("3*popen//nice=-2");
    REQUIRE(parsed.specs.size() == 3);
    for (auto const& spec : parsed.specs) {
        CHECK(spec.nice == -2);
        CHECK(spec.text == "popen//nice=-2");
    }
    CHECK(parse_worker_specs("popen//env:GLOB=2*x").specs.size() == 1);
    CHECK(says("0*popen", "has to be from 1 to 1024"));
    CHECK(says("1025*popen", "has to be from 1 to 1024"));
    CHECK(says("99999999999999999999*popen", "has to be from 1 to 1024"));
    CHECK(says("x*popen", "there is no key 'x*popen'"));
    CHECK(says("2*popen//id=one", "one id cannot be that of 2 workers"));
}

TEST_CASE("what ssh is given is split as a shell does") {
    auto const parsed =
        parse_worker_specs(R"(2*ssh=-p 2222 -o "User Name" 'it''s' a\ b me@host//chdir=DIR//program=./tests)");
    REQUIRE(parsed.error == "");
    REQUIRE(parsed.specs.size() == 2);
    CHECK(parsed.specs[1].how == worker_spec::where::ssh);
    CHECK(parsed.specs[1].ssh == std::vector<std::string>{"-p", "2222", "-o", "User Name", "its", "a b", "me@host"});
    CHECK(parsed.specs[1].program == "./tests");
    CHECK(parse_worker_specs("ssh=a \"\" \"q\\\"b\\\\c\\d\" e").specs.at(0).ssh ==
          std::vector<std::string>{"a", "", "q\"b\\c\\d", "e"});
    CHECK(says("ssh='host", "has a quote or a backslash without its end"));
    CHECK(says("ssh=host\\", "has a quote or a backslash without its end"));
    CHECK(says("ssh=  ", "needs a host"));
}

TEST_CASE("an error names the key and what is known") {
    CHECK(says("popen//python=3",
               "there is no key 'python'; known are popen, ssh=, chdir=, nice=, id=, env:NAME=VALUE and program="));
    CHECK(says("popen//_private=1", "there is no key '_private'"));
    CHECK(says("popen//nice=1//nice=2", "'nice' stands in it twice"));
    CHECK(says("popen//env:A=1//env:A=1", "'env:A' stands in it twice"));
    CHECK(says("popen//popen", "'popen' stands in it twice"));
    CHECK(says("popen=python3", "'popen' takes no value"));
    CHECK(says("popen//ssh=host", "both popen and ssh"));
    CHECK(says("nice=1", "neither popen nor ssh=HOST"));
    CHECK(says("popen//program=x", "program= is for ssh"));
    CHECK(says("popen//nice=fast", "'nice' has to be a number"));
    CHECK(says("popen//nice=", "'nice' needs a value"));
    CHECK(says("popen//nice=1000", "'nice' has to be a number"));
    CHECK(says("popen//chdir", "'chdir' needs a value"));
    CHECK(says("popen//env:A", "env:NAME=VALUE"));
    CHECK(says("popen//env:=1", "env:NAME=VALUE"));
    CHECK(says("popen//env:RAMPART_CONTROL=9", "cannot be set"));
    CHECK(says("popen//id=a\x1b[2J", "cannot be printed"));
    CHECK(says(std::string("popen//chdir=a\0b", 16), "it contains a NUL"));
    for (char const* const empty : {"", "//popen", "popen//", "popen////nice=1", "3*"}) CHECK(says(empty, "nothing"));
    CHECK(error_of("pop\x1b[2Jen").find('\x1b') == std::string::npos);
}

TEST_CASE("specs of several texts come in their order; an id is one worker's") {
    auto const parsed = parse_worker_specs(std::vector<std::string>{"2*popen", "ssh=host//id=a", "popen//id=b"});
    REQUIRE(parsed.specs.size() == 4);
    CHECK(parsed.specs[2].how == worker_spec::where::ssh);
    CHECK(
        parse_worker_specs(std::vector<std::string>{"popen//id=a", "ssh=host//id=a"}).error.find("have the same id") !=
        std::string::npos);
    CHECK(parse_worker_specs(std::vector<std::string>{"popen", "bad"}).error.find("'bad'") != std::string::npos);
    CHECK(
        parse_worker_specs(std::vector<std::string>{"1000*popen", "1000*popen"}).error.find("more than 1024 workers") !=
        std::string::npos);
    CHECK(parse_worker_specs(std::vector<std::string>{}).specs.empty());
}

TEST_SUITE_END();
