#include "rampart/dist/controller.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dist/run_script.hpp"

namespace rd = rampart::dist;
using namespace dist_test;
using rampart::test_outcome;

TEST_CASE("one worker runs all tests, one after the other, and is told to finish") {
    script run(tests_named({"a", "b"}), {.workers = 1});
    CHECK(run.begin() == "start gw0 in 0");
    CHECK(run.ready(0) == "run gw0 a");
    CHECK(run.start(0, 0) == "");
    CHECK(run.end(0, 0) == "run gw0 b");
    CHECK(run.start(0, 1) == "");
    CHECK(run.end(0, 1, test_outcome::failed) == "finish gw0");
    CHECK_FALSE(run.controller.done());
    CHECK(run.on(rd::worker_finished{0}) == "");
    CHECK(run.lose(0, exited(0)) == "");
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a passed gw0; b failed gw0");
    CHECK(run.account().output == "printed");
    CHECK(run.account().seconds == 0.5);
    CHECK(run.account().results == 1);
    CHECK(run.account(1).number == 1);
    CHECK(run.ends() == "gw0 as told\n");
    CHECK(run.faults() == "");
}

TEST_CASE("a run begins with what it is, and each worker is told of as it comes") {
    rd::controller c(tests_named({"a", "b", "c"}), in_order(3),
                     {.workers = 2, .dist = "load", .run = "r1", .specs = {"popen", "ssh=h"}},
                     *rd::scheduler_named("load"));
    auto const first = c.begin();
    REQUIRE(first.notices.size() == 3);
    auto const& run = std::get<rd::notice::run_started>(first.notices[0]);
    CHECK(run.tests == 3);
    CHECK(run.workers == 2);
    CHECK(run.dist == "load");
    CHECK(run.run == "r1");
    CHECK(std::get<rd::notice::worker_started>(first.notices[2]).worker == "gw1");
    CHECK(std::get<rd::notice::worker_started>(first.notices[2]).spec == "ssh=h");
    auto const second = c.on(rd::worker_ready{1, "", 3, 4711});
    CHECK(std::get<rd::notice::worker_ready>(second.notices.at(0)).pid == 4711);
    auto const third = c.on(rd::test_started{1, 0});
    CHECK(std::get<rd::notice::test_started>(third.notices.at(0)).test.str() == "a");
    CHECK(std::get<rd::notice::test_started>(third.notices.at(0)).worker == "gw1");
    CHECK_THROWS_AS((void)c.begin(), std::logic_error);
}

TEST_CASE("a run without tests starts nobody and is done") {
    script run({}, {.workers = 3});
    CHECK(run.begin() == "");
    CHECK(run.controller.done());
    CHECK(run.faults() == "");
}

TEST_CASE("fewer tests than workers need fewer workers") {
    script run(tests_named({"a", "b"}), {.workers = 7});
    CHECK(run.begin() == "start gw0 in 0; start gw1 in 1");
}

TEST_CASE("tests that are not in the order are nobody's, and have no account") {
    script run(tests_named({"a", "b", "c"}), {2, 0}, {.workers = 1});
    (void)run.begin();
    CHECK(run.ready(0) == "run gw0 c");
    CHECK(run.end(0, 2) == "run gw0 a");
    CHECK(run.end(0, 0) == "finish gw0");
    (void)run.leave(0);
    CHECK(run.accounts() == "c passed gw0; a passed gw0");
}

TEST_CASE("a worker that has no test any more waits for those that others may leave") {
    script run(tests_named({"a", "b"}), {.workers = 2});
    (void)run.begin();
    CHECK(run.ready(1) == "run gw1 a");
    CHECK(run.ready(0) == "run gw0 b");
    CHECK(run.end(1, 0) == "");
    CHECK(run.lose(0, killed()) == "run gw1 b");
    CHECK(run.end(1, 1) == "finish gw1");
}

TEST_CASE("a test that its worker dies in has crashed; it is not run again, and the worker is replaced") {
    script run(tests_named({"a", "b", "c"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.on(rd::worker_lost{0,
                                 {rd::worker_death::how_it_was::signalled, 11, "died by SIGSEGV (Segmentation fault)",
                                  "line one\nlast words\n"},
                                 0.314,
                                 2}) == "start gw1 in 0");
    CHECK(run.accounts() == "a crashed gw0");
    CHECK(run.detail() == "gw0 died by SIGSEGV (Segmentation fault) 0.31 s into the test; the end of its output: "
                          "line one\nlast words");
    CHECK(run.account().output == "line one\nlast words\n");
    CHECK(run.account().results == 2);
    CHECK(run.account().seconds == 0.314);
    CHECK(run.ends() == "gw0 died by SIGSEGV (Segmentation fault)\n");
    CHECK(run.remarks() == "gw1 takes the place of gw0\n");
    CHECK(run.faults() == "");
    CHECK(run.ready(1) == "run gw1 b");
    (void)run.end(1, 1);
    (void)run.end(1, 2);
    (void)run.leave(1);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "b passed gw1; c passed gw1");
}

TEST_CASE("status 0 in the middle of a test is a crash too") {
    script run(tests_named({"a"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.lose(0, exited(0)) == "");
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a crashed gw0");
    CHECK(run.detail() == "gw0 exited with status 0 0.31 s into the test");
}

TEST_CASE("a result is a proof that its test had begun") {
    script run(tests_named({"a"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.on(rd::worker_lost{0, killed(), 0.1, 1});
    CHECK(run.accounts() == "a crashed gw0");
}

TEST_CASE("nobody is started when a worker dies in the last test") {
    script run(tests_named({"a", "b"}), {.workers = 2});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.ready(1);
    (void)run.start(0, 0);
    CHECK(run.lose(0, killed()) == "");
    CHECK(run.end(1, 1) == "finish gw1");
}

TEST_CASE("a test that had not begun when its worker died is run by another, twice; then it is to blame") {
    script run(tests_named({"a", "b"}), {.workers = 1});
    (void)run.begin();
    CHECK(run.ready(0) == "run gw0 a");
    CHECK(run.lose(0, killed()) == "start gw1 in 0");
    CHECK(run.accounts() == "");
    CHECK(run.faults() ==
          "worker_died: worker gw0: died by SIGKILL (Killed) before test a, which it had been given, had begun\n");
    CHECK(run.ready(1) == "run gw1 a");
    CHECK(run.lose(1, killed()) == "start gw2 in 0");
    CHECK(run.ready(2) == "run gw2 a");
    (void)run.faults();
    CHECK(run.lose(2, killed("oh")) == "start gw3 in 0");
    CHECK(run.faults() == "");
    CHECK(run.accounts() == "a crashed gw2");
    CHECK(run.detail() == "gw2 died by SIGKILL (Killed) before the test had begun, as two workers before it; the end "
                          "of its output: oh");
    CHECK(run.ready(3) == "run gw3 b");
}

TEST_CASE("a crashed test gets as many further attempts as the rules allow, after the others") {
    script run(tests_named({"a", "b"}), {.workers = 1, .retry_crashed = 2});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.lose(0, killed()) == "start gw1 in 0");
    CHECK(run.accounts() == "a crashed gw0 again");
    CHECK(run.ready(1) == "run gw1 b");
    CHECK(run.end(1, 1) == "run gw1 a attempt 2");
    (void)run.start(1, 0);
    CHECK(run.lose(1, killed()) == "start gw2 in 0");
    CHECK(run.accounts() == "b passed gw1; a crashed gw1 attempt 2 again");
    CHECK(run.ready(2) == "run gw2 a attempt 3");
    (void)run.start(2, 0);
    CHECK(run.lose(2, killed()) == "");
    CHECK(run.accounts() == "a crashed gw2 attempt 3");
    CHECK(run.controller.done());
}

TEST_CASE("attempts count on from where an earlier run came to") {
    auto tests = tests_named({"a"});
    tests[0].attempt = 3;
    script run(std::move(tests), {.workers = 1, .retry_crashed = 1});
    (void)run.begin();
    CHECK(run.ready(0) == "run gw0 a attempt 3");
    (void)run.start(0, 0);
    (void)run.lose(0, killed());
    CHECK(run.ready(1) == "run gw1 a attempt 4");
}

TEST_CASE("a test that had its time is ended with its worker, and named") {
    script run(tests_named({"a", "b"}), {.workers = 1, .timeout = 2.0});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.on(rd::test_overdue{0}) == "end gw0");
    CHECK(run.accounts() == "");
    CHECK(run.on(rd::test_overdue{0}) == "");
    CHECK(run.on(rd::worker_lost{0, killed(), 4.01, 0}) == "start gw1 in 0");
    CHECK(run.accounts() == "a timeout gw0");
    CHECK(run.detail() == "its time of 2 s was over: gw0 was ended and died by SIGKILL (Killed) 4.01 s into the test");
    CHECK(run.faults() == "");
    CHECK(run.ready(1) == "run gw1 b");
    CHECK(run.on(rd::test_overdue{1}) == "end gw1");  // it never said that it began
    (void)run.lose(1, killed());
    CHECK(run.accounts() == "b timeout gw1");
    CHECK(run.controller.done());
}

TEST_CASE("a test that comes to its end while it is being ended was too long all the same") {
    script run(tests_named({"a", "b"}), {.workers = 1, .timeout = 0.5});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    (void)run.on(rd::test_overdue{0});
    CHECK(run.end(0, 0) == "");  // nothing more for this worker
    CHECK(run.accounts() == "a timeout gw0");
    CHECK(run.detail() == "its time of 0.5 s was over before it came to its end");
    CHECK(run.lose(0, killed()) == "start gw1 in 0");
    CHECK(run.faults() == "");
}

TEST_CASE("a death that no test is to blame for is a fault, and the worker is replaced") {
    script run(tests_named({"a", "b", "c"}), {.workers = 2});
    (void)run.begin();
    (void)run.ready(0);
    CHECK(run.lose(1, {rd::worker_death::how_it_was::exited, 66, "exited with status 66", "LEAK\n"}) ==
          "start gw2 in 1 later");
    CHECK(run.faults() ==
          "worker_died: worker gw1: exited with status 66 before it was ready; the end of its output: LEAK\n");
    (void)run.ready(2);
    (void)run.end(0, 0);
    CHECK(run.end(2, 1) == "");
    CHECK(run.lose(2, killed()) == "");  // the last test is in good hands
    CHECK(run.faults() == "worker_died: worker gw2: died by SIGKILL (Killed) while no test was running\n");
}

TEST_CASE("a worker that ends badly when it was told to finish leaves a fault") {
    auto const faults_of = [](bool goodbye, rd::worker_death death) {
        script run(tests_named({"a"}), {.workers = 1});
        (void)run.begin();
        (void)run.ready(0);
        (void)run.end(0, 0);
        if (goodbye) (void)run.on(rd::worker_finished{0});
        (void)run.lose(0, std::move(death));
        CHECK(run.controller.done());
        CHECK(run.accounts() == "a passed gw0");
        return run.faults();
    };
    CHECK(faults_of(true, exited(0)) == "");
    CHECK(faults_of(true, exited(23)) == "worker_died: worker gw0: exited with status 23 after it had said goodbye\n");
    CHECK(faults_of(true, killed()) == "worker_died: worker gw0: died by SIGKILL (Killed) after it had said goodbye\n");
    CHECK(faults_of(false, exited(0)) == "worker_died: worker gw0: exited with status 0 before it had said goodbye\n");
}

TEST_CASE("two workers in a row that die before they are ready stop the run") {
    script run(tests_named({"a", "b", "c"}), {.workers = 1});
    (void)run.begin();
    CHECK(run.lose(0, {rd::worker_death::how_it_was::unstarted, 2, "could not be started: no such file", {}}) ==
          "start gw1 in 0 later");
    CHECK(run.faults() == "worker_died: worker gw0: could not be started: no such file\n");
    CHECK(run.lose(1, exited(127)) == "");
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a not_run; b not_run; c not_run");
    CHECK(run.detail() == "two workers in a row died before they were ready");
    CHECK(run.faults() ==
          "worker_died: worker gw1: exited with status 127 before it was ready\n"
          "incomplete: not run: test a did not run: two workers in a row died before they were ready (and 2 more)\n");
}

TEST_CASE("a worker that becomes ready in between makes the count begin anew") {
    script run(tests_named({"a", "b", "c"}), {.workers = 2});
    (void)run.begin();
    (void)run.lose(0, killed());
    (void)run.ready(1);
    CHECK(run.lose(2, killed()) == "start gw3 in 0 later");
    CHECK_FALSE(run.controller.stopping());
    CHECK(run.lose(3, killed()) == "");
    CHECK(run.controller.stopping());
    CHECK(run.end(1, 0) == "finish gw1");
    (void)run.leave(1);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "b not_run; c not_run; a passed gw1");
}

TEST_CASE("a start that takes too long counts as a death before it was ready") {
    script run(tests_named({"a"}), {.workers = 1});
    (void)run.begin();
    CHECK(run.on(rd::test_overdue{0}) == "end gw0");
    CHECK(run.lose(0, killed()) == "start gw1 in 0 later");
    CHECK(run.faults() ==
          "worker_died: worker gw0: took too long to be ready, was ended and died by SIGKILL (Killed)\n");
    (void)run.on(rd::test_overdue{1});
    (void)run.lose(1, killed());
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a not_run");
}

TEST_CASE("the limit of replacements: living workers go on, and what nobody can run is not run") {
    script run(tests_named({"a", "b", "c", "d", "e"}), {.workers = 2, .max_restarts = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.ready(1);
    (void)run.start(0, 0);
    (void)run.start(1, 1);
    CHECK(run.lose(0, killed()) == "start gw2 in 0");
    (void)run.remarks();
    CHECK(run.lose(1, killed()) == "");
    CHECK(run.remarks() == "gw1 is not replaced: the limit of 1 replacement for dead workers is used up "
                           "(--rampart-max-worker-restart=1)\n");
    CHECK(run.ready(2) == "run gw2 c");
    (void)run.start(2, 2);
    (void)run.lose(2, killed());
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a crashed gw0; b crashed gw1; c crashed gw2; d not_run; e not_run");
    CHECK(run.faults() == "incomplete: not run: test d did not run: no worker is left, and the limit of 1 replacement "
                          "for dead workers is used up (--rampart-max-worker-restart=1) (and 1 more)\n");
}

TEST_CASE("without replacements the first death of the only worker ends the run") {
    script run(tests_named({"a", "b"}), {.workers = 1, .max_restarts = 0});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.lose(0, killed()) == "");
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a crashed gw0; b not_run");
    CHECK(run.faults() == "incomplete: not run: test b did not run: no worker is left, and dead workers are not "
                          "replaced (--rampart-max-worker-restart=0)\n");
}

TEST_CASE("four replacements for each worker are the limit if none is given") {
    std::vector<rd::planned_test> tests(100);
    for (std::size_t i = 0; i < tests.size(); ++i) tests[i].id = rampart::test_id("t" + std::to_string(i));
    script run(std::move(tests), {.workers = 1});
    (void)run.begin();
    for (rd::worker_number w = 0; !run.controller.done(); ++w) {
        (void)run.ready(w);
        (void)run.start(w, w);
        (void)run.lose(w, killed());
    }
    CHECK(run.controller.books().workers().size() == 5);
    CHECK(run.controller.books().ended(test_outcome::crashed) == 5);
    CHECK(run.controller.books().ended(test_outcome::not_run) == 95);
}

TEST_CASE("a worker with other tests is asked for them, told apart, and the run stops") {
    script run(tests_named({"a", "b", "c"}), {.workers = 2, .list_hash = "1234"});
    (void)run.begin();
    CHECK(run.on(rd::worker_ready{0, "1234", 3, 1}) == "run gw0 a");
    CHECK(run.on(rd::worker_ready{1, "5678", 3, 1}) == "list gw1");
    CHECK(run.end(0, 0) == "finish gw0");
    CHECK(run.on(rd::tests_listed{1, {"a", "c", "d"}}) == "finish gw1");
    CHECK(run.faults() == "other_list: worker gw1: found other tests than the controller: 1 test is missing, 1 test is "
                          "not ours: -b +d\n");
    CHECK(run.remarks() ==
          "the run stops: gw1 found other tests than the controller; one test is still running\n"
          "gw1 found other tests than the controller:\n--- the controller, 3 tests\n+++ gw1, 3 tests\n-b\n+d\n");
    (void)run.leave(0);
    (void)run.leave(1);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "b not_run; c not_run; a passed gw0");
    CHECK(run.faults() ==
          "incomplete: not run: test b did not run: gw1 found other tests than the controller (and 1 more)\n");
}

TEST_CASE("a list of the same hash but another length is another list") {
    script run(tests_named({"a", "b"}), {.workers = 1});
    (void)run.begin();
    CHECK(run.on(rd::worker_ready{0, "", 3, 1}) == "list gw0");
    (void)run.on(rd::tests_listed{0, {"a", "b", "b"}});
    CHECK(run.faults() == "other_list: worker gw0: found other tests than the controller: the ids are the same, but "
                          "not how often each stands there: +b (stands there more often)\n");
}

TEST_CASE("further workers with other tests are named, and asked nothing") {
    script run(tests_named({"a", "b", "c"}), {.workers = 3, .list_hash = "1"});
    (void)run.begin();
    CHECK(run.on(rd::worker_ready{0, "2", 3, 1}) == "list gw0; end gw1; end gw2");
    // They were about to be ready.
    CHECK(run.on(rd::worker_ready{1, "2", 3, 1}) == "");
    (void)run.lose(1, killed());
    (void)run.lose(2, killed());
    (void)run.on(rd::tests_listed{0, {"a"}});
    (void)run.leave(0);
    CHECK(run.controller.done());

    script late(tests_named({"a", "b", "c"}), {.workers = 2, .list_hash = "1"});
    (void)late.begin();
    (void)late.on(rd::worker_ready{0, "1", 3, 1});
    (void)late.on(rd::worker_ready{1, "2", 3, 1});
    CHECK(late.faults() == "");
    CHECK(late.on(rd::test_overdue{1}) == "end gw1");
    (void)late.lose(1, killed());
    CHECK(late.faults() == "other_list: worker gw1: found other tests than the controller, and took too long to list "
                           "its tests, was ended and died by SIGKILL (Killed) before it had listed them\n");
}

TEST_CASE("a replacement's list is compared as well") {
    script run(tests_named({"a", "b"}), {.workers = 1, .list_hash = "1"});
    (void)run.begin();
    (void)run.on(rd::worker_ready{0, "1", 2, 1});
    (void)run.start(0, 0);
    (void)run.lose(0, killed());
    CHECK(run.on(rd::worker_ready{1, "2", 2, 1}) == "list gw1");
    CHECK(run.on(rd::tests_listed{1, {"a", "x"}}) == "finish gw1");
    (void)run.leave(1);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a crashed gw0; b not_run");
}

TEST_CASE("after so many failures nothing more is handed out; failed trials are their group's to judge") {
    auto tests = tests_named({"a", "b", "c", "d", "e"});
    tests[0].base = rampart::test_id("base");
    script run(std::move(tests), {.workers = 2, .max_failures = 2});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.ready(1);
    CHECK(run.end(0, 0, test_outcome::failed) == "run gw0 c");
    (void)run.start(1, 1);
    CHECK(run.lose(1, killed()) == "start gw2 in 1");
    CHECK(run.end(0, 2, test_outcome::failed) == "finish gw0; end gw2");
    (void)run.lose(2, killed());
    CHECK(run.faults() == "");
    (void)run.leave(0);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a failed gw0; b crashed gw1; c failed gw0; d not_run; e not_run");
    CHECK(run.account(0).is_trial);
    CHECK_FALSE(run.account(1).is_trial);
    CHECK(run.faults() ==
          "incomplete: not run: test d did not run: 2 tests failed (--rampart-maxfail=2) (and 1 more)\n");
}

TEST_CASE("an attempt that is made good by another is no failure yet") {
    script run(tests_named({"a", "b"}), {.workers = 1, .retry_crashed = 1, .max_failures = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.lose(0, killed()) == "start gw1 in 0");
    CHECK_FALSE(run.controller.stopping());
    (void)run.ready(1);
    (void)run.end(1, 1);
    (void)run.end(1, 0);
    (void)run.leave(1);
    CHECK(run.accounts() == "a crashed gw0 again; b passed gw1; a passed gw1 attempt 2");
}

TEST_CASE("the first request to stop lets the running tests end") {
    script run(tests_named({"a", "b", "c", "d"}), {.workers = 3});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.ready(1);
    CHECK(run.on(rd::stop_asked{"SIGINT", 1}) == "end gw2");
    CHECK(run.remarks() == "the run stops: the run was stopped by SIGINT; 2 tests are still running\n");
    CHECK(run.accounts() == "c not_run; d not_run");
    CHECK(run.lose(2, killed()) == "");
    CHECK(run.end(0, 0) == "finish gw0");
    (void)run.start(1, 1);
    CHECK(run.lose(1, killed()) == "");  // no replacement any more
    (void)run.leave(0);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a passed gw0; b crashed gw1");
    CHECK(run.faults() == "incomplete: not run: test c did not run: the run was stopped by SIGINT (and 1 more)\n");
}

TEST_CASE("the second request to stop ends them") {
    script run(tests_named({"a", "b", "c", "d"}), {.workers = 3, .retry_crashed = 5});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.ready(1);
    (void)run.ready(2);
    (void)run.start(0, 0);
    (void)run.start(2, 2);
    (void)run.on(rd::stop_asked{"SIGINT", 1});
    CHECK(run.on(rd::stop_asked{"SIGINT", 2}) == "kill gw0; kill gw1; kill gw2");
    (void)run.end(2, 2);  // was on its way
    (void)run.lose(0, killed());
    (void)run.lose(1, killed());
    (void)run.lose(2, killed());
    CHECK(run.controller.done());
    CHECK(run.accounts() == "d not_run; c passed gw2; a crashed gw0; b not_run");
    CHECK(run.detail(2) == "gw0 was ended by the second signal to stop (SIGINT) and died by SIGKILL (Killed) 0.31 s "
                           "into the test");
    CHECK(run.faults() == "incomplete: not run: test d did not run: the run was stopped by SIGINT (and 1 more)\n");
}

TEST_CASE("a request to stop before anybody is ready calls the starts off") {
    script run(tests_named({"a", "b"}), {.workers = 2});
    (void)run.begin();
    CHECK(run.on(rd::stop_asked{"SIGTERM", 1}) == "end gw0; end gw1");
    (void)run.lose(0, killed());
    (void)run.lose(1, killed());
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a not_run; b not_run");
    CHECK(run.faults() == "incomplete: not run: test a did not run: the run was stopped by SIGTERM (and 1 more)\n");
}

TEST_CASE("a worker that tells nonsense is ended, and what it had in flight is accounted for") {
    script run(tests_named({"a", "b", "c"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    SUBCASE("of a test that it does not have") {
        CHECK(run.end(0, 2) == "kill gw0");
        (void)run.lose(0, killed());
        CHECK(run.accounts() == "a crashed gw0");
        CHECK(run.detail() == "gw0 told of test number 2, which it had not been given, was ended and died by SIGKILL "
                              "(Killed) 0.31 s into the test");
    }
    SUBCASE("of a test that there is not") { CHECK(run.start(0, 4000000000U) == "kill gw0"); }
    SUBCASE("twice the same") { CHECK(run.start(0, 0) == "kill gw0"); }
    SUBCASE("that it is ready, again") { CHECK(run.ready(0) == "kill gw0"); }
    SUBCASE("a list that nobody asked for") { CHECK(run.on(rd::tests_listed{0, {}}) == "kill gw0"); }
    SUBCASE("goodbye in the middle of a test") {
        CHECK(run.on(rd::worker_finished{0}) == "kill gw0");
        (void)run.lose(0, exited(0));
        CHECK(run.accounts() == "a crashed gw0");
        CHECK(run.detail() == "gw0 said goodbye without having been told to, was ended and exited with status 0 0.31 s "
                              "into the test");
    }
}

TEST_CASE("a test that ran has an outcome: one that its worker cannot tell has failed") {
    script run(tests_named({"a", "b"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    CHECK(run.end(0, 0, test_outcome::unknown) == "run gw0 b");
    CHECK(run.end(0, 1, test_outcome::not_run) == "finish gw0");
    CHECK(run.accounts() == "a failed gw0; b failed gw0");
    CHECK(run.detail() == "gw0 ran it and told that it ended as unknown");
}

TEST_CASE("a worker that is being ended keeps its grace, whatever it tells") {
    script run(tests_named({"a"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    CHECK(run.on(rd::test_overdue{0}) == "end gw0");
    CHECK(run.start(0, 0) == "");
    (void)run.lose(0, killed());
    CHECK(run.accounts() == "a timeout gw0");
}

TEST_CASE("what is heard of a worker that is gone, or was never there, changes nothing and is a fault") {
    script run(tests_named({"a", "b"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.start(0, 0);
    (void)run.lose(0, killed());
    CHECK(run.end(0, 0) == "");
    CHECK(run.lose(7, killed()) == "");
    CHECK(run.accounts() == "a crashed gw0");
    CHECK(run.faults() == "incomplete: worker gw0: was heard of while there was no such worker\n"
                          "incomplete: worker gw7: was heard of while there was no such worker\n");
}

TEST_CASE("a worker that does not end when it was told to is ended, and that is a fault") {
    script run(tests_named({"a"}), {.workers = 1});
    (void)run.begin();
    (void)run.ready(0);
    CHECK(run.end(0, 0) == "finish gw0");
    CHECK(run.on(rd::test_overdue{0}) == "end gw0");
    (void)run.lose(0, killed());
    CHECK(run.controller.done());
    CHECK(run.faults() == "worker_died: worker gw0: took too long to end when it had been told to, was ended and died "
                          "by SIGKILL (Killed)\n");
}

TEST_CASE("with each, every slot has its own accounts, and a replacement goes on in its slot") {
    script run(tests_named({"a", "b"}), {.workers = 2, .max_restarts = 1}, rd::each{});
    CHECK(run.begin() == "start gw0 in 0; start gw1 in 1");
    CHECK(run.ready(0) == "run gw0 a");
    CHECK(run.ready(1) == "run gw1 a");
    CHECK(run.end(0, 0) == "run gw0 b");
    CHECK(run.end(0, 1) == "finish gw0");
    (void)run.leave(0);
    (void)run.start(1, 0);
    CHECK(run.lose(1, killed()) == "start gw2 in 1");
    CHECK(run.ready(2) == "run gw2 b");
    CHECK(run.end(2, 1) == "finish gw2");
    (void)run.leave(2);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a passed gw0; b passed gw0; a crashed gw1; b passed gw2");
}

TEST_CASE("with each, a slot that has lost its last worker is not run to its end, the others are") {
    script run(tests_named({"a", "b"}), {.workers = 2, .max_restarts = 0}, rd::each{});
    (void)run.begin();
    (void)run.ready(0);
    (void)run.ready(1);
    (void)run.start(1, 0);
    CHECK(run.lose(1, killed()) == "");
    CHECK(run.end(0, 0) == "run gw0 b");
    CHECK(run.end(0, 1) == "finish gw0");
    (void)run.leave(0);
    CHECK(run.controller.done());
    CHECK(run.accounts() == "a crashed gw1; b not_run gw1; a passed gw0; b passed gw0");
    CHECK(run.faults() == "incomplete: not run: test b did not run: dead workers are not replaced "
                          "(--rampart-max-worker-restart=0)\n");
}

namespace {

/// Gives what it is told to, whether that is sensible or not.
struct stubborn {
    std::vector<std::optional<rd::test_number>> gives{};
    std::size_t at = 0;
    void begin(rd::ledger const&) {}
    std::optional<rd::test_number> next(rd::ledger const&, rd::worker_number) {
        return at < gives.size() ? gives[at++] : std::nullopt;
    }
    void give_back(rd::ledger const&, rd::worker_number, rd::test_number) {}
    void lost(rd::ledger const&, rd::worker_number) {}
};

/// A test is run in the slot of its number only.
struct at_home {
    std::vector<rd::test_number> left{};
    void begin(rd::ledger const& books) { left = books.order(); }
    std::optional<rd::test_number> next(rd::ledger const& books, rd::worker_number w) {
        auto const mine = [&](rd::test_number t) { return t % books.slots() == books.slot_of(w); };
        auto const found = std::find_if(left.begin(), left.end(), mine);
        if (found == left.end()) return std::nullopt;
        rd::test_number const t = *found;
        left.erase(found);
        return t;
    }
    void give_back(rd::ledger const&, rd::worker_number, rd::test_number t) { left.push_back(t); }
    void lost(rd::ledger const&, rd::worker_number) {}
};

}  // namespace

TEST_CASE("a scheduler that gives what is not waiting, or nothing at all, stops the run with a fault") {
    auto const reason_of = [](std::vector<std::optional<rd::test_number>> gives) {
        script run(tests_named({"a", "b", "c"}), {.workers = 1}, stubborn{std::move(gives)});
        (void)run.begin();
        std::string command = run.ready(0);
        if (command == "run gw0 b") command = run.end(0, 1);
        CHECK(command == "finish gw0");
        (void)run.leave(0);
        CHECK(run.controller.done());
        CHECK(run.controller.books().ended() == 3);
        return run.faults();
    };
    CHECK(reason_of({1, 1}) == "incomplete: not run: test a did not run: the scheduler gave gw0 test number 1, which "
                               "is not waiting (and 1 more)\n");
    CHECK(reason_of({7}) == "incomplete: not run: test a did not run: the scheduler gave gw0 test number 7, which is "
                            "not waiting (and 2 more)\n");
    CHECK(reason_of({}) == "incomplete: not run: test a did not run: the scheduler has nothing for any worker, though "
                           "tests wait (and 2 more)\n");
}

TEST_CASE("a scheduler that has only one slot for a test gets a worker there") {
    // One test, two slots: the one that is started cannot run it.
    script run(tests_named({"a", "b"}), {1}, {.workers = 2}, at_home{});
    CHECK(run.begin() == "start gw0 in 0");
    CHECK(run.ready(0) == "start gw1 in 1");
    CHECK(run.ready(1) == "run gw1 b");
    CHECK(run.lose(1, killed()) == "start gw2 in 1");
    CHECK(run.ready(2) == "run gw2 b");
    CHECK(run.end(2, 1) == "finish gw0; finish gw2");
}

TEST_CASE("100,000 tests are as cheap each as a thousand") {
    auto const run_all = [](std::size_t count) {
        std::vector<rd::planned_test> tests(count);
        for (std::size_t i = 0; i < count; ++i) {
            tests[i].id = rampart::test_id("tests/some_file.cpp::suite::test number " + std::to_string(i));
        }
        rd::controller c(std::move(tests), in_order(count), {.workers = 2}, *rd::scheduler_named("load"));
        auto const from = std::chrono::steady_clock::now();
        (void)c.begin();
        std::vector<rd::command> pending;
        auto const obey = [&pending](rd::answer a) { pending.insert(pending.end(), a.commands.begin(), a.commands.end()); };
        obey(c.on(rd::worker_ready{0, "", count, 1}));
        obey(c.on(rd::worker_ready{1, "", count, 2}));
        for (std::size_t i = 0; i < pending.size(); ++i) {
            auto const* run = std::get_if<rd::run_test>(&pending[i]);
            if (run == nullptr) continue;
            auto const [w, t, attempt] = *run;
            obey(c.on(rd::test_started{w, t}));
            obey(c.on(rd::test_finished{w, t, test_outcome::passed, 0.0, 0, {}}));
        }
        CHECK(c.books().ended(test_outcome::passed) == count);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count() * 1e6 /
               static_cast<double>(count);
    };
    double const few = run_all(1000);
    double const many = run_all(100000);
    MESSAGE("microseconds for each test: ", few, " of 1,000, ", many, " of 100,000");
}
