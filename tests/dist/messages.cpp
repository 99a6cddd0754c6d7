#include "rampart/dist/messages.hpp"

#include <doctest/doctest.h>

#include <string>

namespace dist = rampart::dist;

namespace {

/// What comes out of a frame that was made of `m`.
template <class Message>
Message through_a_frame(Message const& m) {
    auto const f = dist::to_frame(m);
    CHECK(f.kind == Message::kind);
    Message read;
    CHECK(dist::read_frame(f, read) == "");
    return read;
}
template <class Message>
std::string problem(std::string payload) {
    Message read;
    return dist::read_frame({Message::kind, std::move(payload)}, read);
}

}  // namespace

TEST_CASE("what a worker says of itself comes through a frame as it was") {
    auto const hello = through_a_frame(
        dist::hello_message{.list_hash = "00ff", .tests = 100000, .pid = 4711, .remarks = {"strict mode is not on"}});
    CHECK(hello.remarks == std::vector<std::string>{"strict mode is not on"});
    CHECK(hello.list_hash == "00ff");
    CHECK(hello.tests == 100000);
    CHECK(hello.pid == 4711);
    auto const ids = through_a_frame(dist::ids_message{{"a.cpp::\"quoted\"", "", "b.cpp::\xC3\xA9\n"}});
    CHECK(ids.ids == std::vector<std::string>{"a.cpp::\"quoted\"", "", "b.cpp::\xC3\xA9\n"});
    auto const bye =
        through_a_frame(dist::bye_message{.faults = {}, .output = {{"port", 8080}}, .remarks = {"a", "b"}});
    CHECK(bye.remarks == std::vector<std::string>{"a", "b"});
    REQUIRE(bye.output.find("port") != nullptr);
    CHECK(*bye.output.find("port") == rampart::metadata_value(8080));
}

TEST_CASE("the life of a test comes through frames as it was") {
    auto const run = through_a_frame(dist::run_message{.test = 7, .attempt = 3});
    CHECK(run.test == 7);
    CHECK(run.attempt == 3);
    CHECK(through_a_frame(dist::start_message{4294967295U}).test == 4294967295U);
    auto const end =
        through_a_frame(dist::end_message{.test = 7,
                                          .outcome = rampart::test_outcome::failed,
                                          .seconds = 0.1,
                                          .results = 2,
                                          .faults = {{rampart::fault_kind::late_result, "test a", "came late"}},
                                          .detail = "used 'git'",
                                          .unused = {"smtp", "docker"}});
    CHECK(end.detail == "used 'git'");
    CHECK(end.unused == std::vector<std::string>{"smtp", "docker"});
    CHECK(end.outcome == rampart::test_outcome::failed);
    CHECK(end.seconds == 0.1);
    CHECK(end.results == 2);
    REQUIRE(end.faults.size() == 1);
    CHECK(end.faults[0] == rampart::fault{rampart::fault_kind::late_result, "test a", "came late"});
}

TEST_CASE("a frame that says something else is told by what and where") {
    CHECK(problem<dist::start_message>("{") != "");
    CHECK(problem<dist::start_message>("[]").find("object") != std::string::npos);
    CHECK(problem<dist::start_message>("{}").find("'test'") != std::string::npos);
    CHECK(problem<dist::start_message>(R"({"test":-1})").find("/test") != std::string::npos);
    CHECK(problem<dist::start_message>(R"({"test":4294967296})").find("/test") != std::string::npos);
    CHECK(problem<dist::end_message>(R"({"test":1,"results":0,"outcome":"fine"})").find("fine") != std::string::npos);
    CHECK(problem<dist::ids_message>(R"({"ids":["a",1]})").find("/ids/1") != std::string::npos);
}

TEST_CASE("a worker of another build is told as such") {
    auto const words = problem<dist::hello_message>(R"({"version":99,"list_hash":"","tests":0,"pid":1})");
    CHECK(words.find("version 99") != std::string::npos);
    CHECK(words.find("different builds") != std::string::npos);
}
