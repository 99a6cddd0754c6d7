#include "rampart/collect/marks.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("a test says nothing of itself unless it does") {
    rp::test_marks const none;
    CHECK(none.harm_category.empty());
    CHECK_FALSE(none.trial.has_value());
    CHECK(none.group.empty());
    CHECK(none.uses.empty());
}

TEST_CASE("two tests are marked alike when every mark is the same") {
    rp::test_marks const marks{
        .harm_category = "jailbreak", .trial = {{.n = 10, .threshold = 0.8}}, .group = "mail", .uses = {"smtp"}};
    CHECK(marks.trial->n == 10);
    CHECK(marks.uses == std::vector<std::string>{"smtp"});
    auto other = marks;
    CHECK(other == marks);
    other.trial->threshold = 0.9;
    CHECK(other != marks);
}
