#include "rampart/transport/record_value.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::detail::read_plain_record;

rp::basic_record<rp::result> empty_record() { return {rp::test_id("f.cpp::suite::t"), {}, 7, 1, {}, {}, rp::result{}}; }

}  // namespace

TEST_CASE("bookkeeping leaves the metadata for the record, where it is what a writer makes [A.1.2]") {
    auto r = empty_record();
    rp::metadata meta{{"mine", 1},
                      {"_pytest_test_name", "t[0]"},
                      {"_pytest_nodeid", "x"},
                      {"_rampart_result_index", 3},
                      {"_rampart_source_worker", "gw1"}};
    rp::detail::take_bookkeeping(r, meta);
    CHECK(meta == rp::metadata{{"mine", 1}});
    CHECK(r.test_name == "t[0]");
    CHECK(r.worker == "gw1");
    CHECK(r.index == 7);

    auto odd = empty_record();
    rp::metadata other{{"_pytest_test_name", 5}, {"_rampart_source_worker", nullptr}};
    rp::detail::take_bookkeeping(odd, other);
    CHECK(other.empty());
    CHECK(odd.test_name == "t");
    CHECK(odd.worker.empty());
}

TEST_CASE("a record that is passed over tells its report's head, and the same one read tells all [A.1.2, B13]") {
    std::string const text =
        R"({"safe": false, "status": "unsafe", "summary": "sent it", "turns": [], "duration_seconds": 0.5, )"
        R"("harm_category": "jailbreak", "strategy": "xpia", "observability_level": "tool_only", "injections": [], )"
        R"("metadata": {"mine": 1, "_pytest_test_name": "n", "_rampart_source_worker": "gw1"}, )"
        R"("rampart_attempt": 2, "rampart_index": 4})";
    auto head = empty_record();
    rp::detail::result_cursor cursor;
    cursor.at.restart(text);
    REQUIRE(read_plain_record<false>(cursor, head));
    auto whole = empty_record();
    cursor.at.restart(text);
    REQUIRE(read_plain_record<true>(cursor, whole));
    for (auto const* r : {&head, &whole}) {
        CHECK(r->test_name == "n");
        CHECK(r->worker == "gw1");
        CHECK(r->attempt == 2);
        CHECK(r->index == 4);
        CHECK(r->harm_category == "jailbreak");
        CHECK(r->value.status == rp::safety_status::unsafe);
    }
    CHECK(head.value.summary.empty());
    CHECK(whole.value.summary == "sent it");
    CHECK(whole.value.meta == rp::metadata{{"mine", 1}});
    auto none = empty_record();
    cursor.at.restart("[]");
    CHECK_FALSE(read_plain_record<true>(cursor, none));
}
