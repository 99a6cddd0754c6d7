// One of two test files that include every door, twice: the program links only when all of it may stand in many files.
#include "rampart/doctest.hpp"
#include "rampart/rampart.hpp"

bool record_in_the_second_file(char const* summary);

TEST_CASE("two test files share one active collector") {
    rampart::result_collector collector;
    {
        rampart::collector_scope const scope{collector};
        CHECK(record_in_the_second_file("from the other file"));
    }
    REQUIRE(collector.results().size() == 1);
    CHECK(collector.results().front().summary == "from the other file");
}

TEST_CASE("a test may have this name in two files") {
    rampart::record_result(rampart::result{.status = rampart::safety_status::safe});
    CHECK(true);
}
