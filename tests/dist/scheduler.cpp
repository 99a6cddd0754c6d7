#include "rampart/dist/scheduler.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace rd = rampart::dist;

namespace {

/// Writes down what it is asked.
struct diary {
    std::shared_ptr<std::string> text = std::make_shared<std::string>();
    bool everywhere = false;
    void begin(rd::ledger const& books) { *text += "begin " + std::to_string(books.accounts()) + "; "; }
    std::optional<rd::test_number> next(rd::ledger const&, rd::worker_number w) {
        *text += "next " + std::to_string(w) + "; ";
        return w == 7 ? std::optional<rd::test_number>(3) : std::nullopt;
    }
    void give_back(rd::ledger const&, rd::worker_number w, rd::test_number t) {
        *text += "give back " + std::to_string(w) + " " + std::to_string(t) + "; ";
    }
    void lost(rd::ledger const&, rd::worker_number w) { *text += "lost " + std::to_string(w) + "; "; }
    bool each_slot() const { return everywhere; }
};
struct plain {
    std::unique_ptr<int> moved_only{};
    void begin(rd::ledger const&) {}
    std::optional<rd::test_number> next(rd::ledger const&, rd::worker_number) { return std::nullopt; }
    void give_back(rd::ledger const&, rd::worker_number, rd::test_number) {}
    void lost(rd::ledger const&, rd::worker_number) {}
};
struct forgetful {
    void begin(rd::ledger const&) {}
    std::optional<rd::test_number> next(rd::ledger const&, rd::worker_number) { return std::nullopt; }
};
struct with_int {
    void begin(rd::ledger const&) {}
    int next(rd::ledger const&, rd::worker_number) { return 0; }
    void give_back(rd::ledger const&, rd::worker_number, rd::test_number) {}
    void lost(rd::ledger const&, rd::worker_number) {}
};

static_assert(rd::Scheduler<diary> && rd::Scheduler<plain> && rd::Scheduler<rd::any_scheduler>);
static_assert(!rd::Scheduler<forgetful> && !rd::Scheduler<with_int> && !rd::Scheduler<int>);

}  // namespace

TEST_CASE("any scheduler hands on what it is asked, and what it holds answers") {
    rd::ledger const books(std::vector<rd::planned_test>(5), {0, 1, 2, 3}, 2);
    diary d;
    auto const text = d.text;
    rd::any_scheduler any(std::move(d));
    any.begin(books);
    CHECK(any.next(books, 7) == 3);
    CHECK(any.next(books, 1) == std::nullopt);
    any.give_back(books, 7, 3);
    rd::any_scheduler moved = std::move(any);
    moved.lost(books, 7);
    CHECK(*text == "begin 4; next 7; next 1; give back 7 3; lost 7; ");
}

TEST_CASE("a scheduler says whether it runs everything in every slot; one that says nothing does not") {
    CHECK_FALSE(rd::runs_in_each_slot(plain{}));
    CHECK_FALSE(rd::runs_in_each_slot(diary{}));
    CHECK(rd::runs_in_each_slot(diary{.everywhere = true}));
    CHECK_FALSE(rd::any_scheduler(plain{}).each_slot());
    CHECK(rd::runs_in_each_slot(rd::any_scheduler(diary{.everywhere = true})));
}
