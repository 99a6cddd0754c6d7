#include "rampart/session/record_ref.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/session/record_list.hpp"
#include "session/filed_values.hpp"

namespace {

namespace rp = rampart;
using list = rp::record_list<rp::result>;

std::vector<rp::basic_record<rp::result>> some_records(unsigned count) {
    std::vector<rp::basic_record<rp::result>> made;
    for (unsigned i = 0; i < count; ++i) {
        made.push_back({.test = rp::test_id("t" + std::to_string(i)),
                        .test_name = "t" + std::to_string(i),
                        .index = i,
                        .worker = "gw0",
                        .value = {.status = static_cast<rp::safety_status>(i % 4), .summary = std::to_string(i)}});
    }
    return made;
}

}  // namespace

TEST_CASE("a reference tells what is known of its record, and reads it when it is asked to") {
    auto const wanted = some_records(4);
    for (list const& l : {list(wanted), filed::all_filed(wanted)}) {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            auto const r = l.ref(i);
            CHECK(r.position() == i);
            CHECK(r.test() == wanted[i].test);
            CHECK(r.index() == i);
            CHECK(r.status() == wanted[i].value.status);
            CHECK(r.load()->value.summary == std::to_string(i));
        }
        CHECK(l.ref(1) < l.ref(2));
        CHECK(l.refs().size() == 4);
        CHECK(l.refs()[3] == l.ref(3));
        CHECK(l.of(rp::test_id("t2")).front() == l.ref(2));
    }
}

TEST_CASE("a selection is places of a list, in the order in which they were chosen") {
    auto const wanted = some_records(10);
    list const l = filed::all_filed(wanted);
    rp::record_selection<rp::result> chosen(l);
    CHECK(chosen.empty());
    for (std::size_t const at : {7U, 2U, 5U}) chosen.push_back(at);
    REQUIRE(chosen.size() == 3);
    CHECK(chosen.front() == l.ref(7));
    CHECK(chosen.back() > chosen[1]);
    std::vector<std::size_t> seen;
    for (auto const r : chosen) seen.push_back(r.position());
    CHECK(seen == std::vector<std::size_t>{7, 2, 5});
    CHECK_FALSE(rp::record_ref<rp::result>());
    CHECK(l.ref(0));
}
