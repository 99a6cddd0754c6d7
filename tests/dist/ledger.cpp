#include "rampart/dist/ledger.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace rd = rampart::dist;
using rampart::test_outcome;

namespace {

std::vector<rd::planned_test> three() {
    std::vector<rd::planned_test> tests(3);
    for (std::size_t i = 0; i < tests.size(); ++i) tests[i].id = rampart::test_id(std::string(1, "abc"[i]));
    tests[2].attempt = 4;
    return tests;
}

}  // namespace

TEST_CASE("the books begin with every test of the order waiting, and the others left out") {
    rd::ledger const books(three(), {2, 0}, 2);
    CHECK(books.tests().size() == 3);
    CHECK(books.order() == std::vector<rd::test_number>{2, 0});
    CHECK(books.slots() == 2);
    CHECK_FALSE(books.each_slot());
    CHECK(books.accounts() == 2);
    CHECK(books.waiting() == 2);
    CHECK(books.waiting_in(1) == 2);
    CHECK(books.in_flight() == 0);
    CHECK(books.ended() == 0);
    CHECK(books.account(0).state == rd::test_state::waiting);
    CHECK(books.account(1).state == rd::test_state::left_out);
    CHECK(books.account(2).attempt == 4);
    CHECK(books.test(2).id.str() == "c");
}

TEST_CASE("a test goes from waiting over sent and started to its end, and the books count along") {
    rd::ledger books(three(), {0, 1, 2}, 2);
    auto const w = books.add_worker(1);
    CHECK(w == 0);
    CHECK(books.slot_of(w) == 1);
    CHECK(books.worker(w).state == rd::worker_state::starting);
    CHECK(books.can_send(w, 1));
    books.send(w, 1);
    CHECK_FALSE(books.can_send(w, 1));
    CHECK(books.account(1).state == rd::test_state::sent);
    CHECK(books.worker(w).test == 1);
    CHECK(books.workers_that_are(rd::worker_state::busy) == 1);
    CHECK(books.waiting() == 2);
    CHECK(books.in_flight() == 1);
    books.start(w);
    CHECK(books.account(1).state == rd::test_state::started);
    books.end(w, test_outcome::failed);
    books.become(w, rd::worker_state::idle);
    CHECK(books.account(1).state == rd::test_state::ended);
    CHECK(books.account(1).outcome == test_outcome::failed);
    CHECK_FALSE(books.worker(w).test.has_value());
    CHECK(books.in_flight() == 0);
    CHECK(books.ended() == 1);
    CHECK(books.ended(test_outcome::failed) == 1);
    books.pass_over(0, 0);
    CHECK(books.ended(test_outcome::not_run) == 1);
    CHECK(books.waiting() == 1);
    CHECK_FALSE(books.can_send(w, 0));
    CHECK_FALSE(books.can_send(w, 3));
}

TEST_CASE("a test that is given back waits again; only a further attempt counts as one") {
    rd::ledger books(three(), {2}, 1);
    auto const first = books.add_worker(0);
    books.send(first, 2);
    books.give_back(first, false);
    CHECK(books.account(2).state == rd::test_state::waiting);
    CHECK(books.account(2).returned == 1);
    CHECK(books.account(2).retries == 0);
    CHECK(books.account(2).attempt == 4);
    books.become(first, rd::worker_state::gone);
    auto const second = books.add_worker(0);
    CHECK(second == 1);
    CHECK(books.workers_alive() == 1);
    books.send(second, 2);
    books.start(second);
    books.give_back(second, true);
    CHECK(books.account(2).returned == 0);
    CHECK(books.account(2).retries == 1);
    CHECK(books.account(2).attempt == 5);
    CHECK(books.waiting() == 1);
    CHECK(books.in_flight() == 0);
    CHECK(books.ended() == 0);
}

TEST_CASE("where each slot runs everything, each has its own accounts") {
    rd::ledger books(three(), {0, 2}, 3, true);
    CHECK(books.each_slot());
    CHECK(books.accounts() == 6);
    CHECK(books.waiting_in(2) == 2);
    auto const w = books.add_worker(2);
    books.send(w, 0);
    books.end(w, test_outcome::passed);
    CHECK(books.account(0, 2).state == rd::test_state::ended);
    CHECK(books.account(0, 1).state == rd::test_state::waiting);
    CHECK(books.waiting_in(2) == 1);
    CHECK(books.waiting_in(1) == 2);
    CHECK(books.waiting() == 5);
    books.pass_over(2, 1);
    CHECK(books.account(2, 1).outcome == test_outcome::not_run);
    CHECK(books.waiting_in(1) == 1);
    CHECK(rd::ledger(three(), {0}, 1, true).each_slot());
}

TEST_CASE("an order that names a test twice or one that is none, and a run without workers, are misuses") {
    CHECK_THROWS_WITH_AS(rd::ledger(three(), {0, 1, 0}, 1),
                         "rampart: the order of a distributed run names test 0 twice", std::invalid_argument);
    CHECK_THROWS_WITH_AS(rd::ledger(three(), {3}, 1),
                         "rampart: the order of a distributed run names test 3, and there is none of that number",
                         std::invalid_argument);
    CHECK_THROWS_AS(rd::ledger(three(), {0}, 0), std::invalid_argument);
    CHECK_THROWS_AS(rd::ledger({}, {}, 0, true), std::invalid_argument);
}
