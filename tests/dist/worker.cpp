#include "rampart/dist/worker.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace dist = rampart::dist;

namespace {

/// Two tests, of which the second fails.
struct two_tests {
    std::vector<std::string> log{};

    dist::hello_message hello() { return {.list_hash = "abc", .tests = 2, .pid = 1}; }
    std::vector<std::string> ids() { return {"f::a", "f::b"}; }
    template <class Started>
    dist::end_message run(dist::run_message const& which, Started started) {
        log.push_back("before " + std::to_string(which.test));
        started();
        log.push_back("body " + std::to_string(which.test) + " attempt " + std::to_string(which.attempt));
        return {.test = which.test,
                .outcome = which.test == 1 ? rampart::test_outcome::failed : rampart::test_outcome::passed};
    }
    dist::bye_message finish() { return {.faults = {}, .output = {{"tests", log.size()}}}; }
};
static_assert(dist::WorkerSuite<two_tests>);

struct sent_frames {
    std::vector<dist::frame> all{};
    std::string kinds() const {
        std::string text;
        for (auto const& f : all) text += static_cast<char>(f.kind);
        return text;
    }
};

}  // namespace

TEST_CASE("a worker says hello, begins and ends each test, and says goodbye when it is told to") {
    two_tests suite;
    sent_frames sent;
    dist::worker work(suite, [&sent](dist::frame const& f) { sent.all.push_back(f); });
    work.greet();
    CHECK(work.take(dist::to_frame(dist::run_message{1, 1})));
    CHECK(work.take(dist::to_frame(dist::run_message{0, 2})));
    CHECK_FALSE(work.take({dist::frame_kind::finish, {}}));
    CHECK(work.why() == "");
    CHECK(sent.kinds() == "HSESEB");
    CHECK(suite.log == std::vector<std::string>{"before 1", "body 1 attempt 1", "before 0", "body 0 attempt 2"});
    dist::end_message end;
    REQUIRE(dist::read_frame(sent.all[2], end) == "");
    CHECK(end.test == 1);
    CHECK(end.outcome == rampart::test_outcome::failed);
}

TEST_CASE("a worker lists its tests when it is asked for them") {
    two_tests suite;
    sent_frames sent;
    dist::worker work(suite, [&sent](dist::frame const& f) { sent.all.push_back(f); });
    CHECK(work.take({dist::frame_kind::list, {}}));
    dist::ids_message ids;
    REQUIRE(sent.all.size() == 1);
    REQUIRE(dist::read_frame(sent.all[0], ids) == "");
    CHECK(ids.ids == suite.ids());
}

TEST_CASE("a worker ends at a frame that makes no sense, and says why") {
    two_tests suite;
    sent_frames sent;
    auto const send = [&sent](dist::frame const& f) { sent.all.push_back(f); };
    for (auto const& [f, words] : {std::pair<dist::frame, std::string>{{dist::frame_kind::run, "{}"}, "test"},
                                   {{dist::frame_kind::bye, "{}"}, "only a worker"}}) {
        dist::worker work(suite, send);
        CHECK_FALSE(work.take(f));
        CHECK(work.why().find(words) != std::string::npos);
    }
    CHECK(sent.all.empty());
    CHECK(suite.log.empty());
}
