#include "rampart/session/fault.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::fault_kind;

constexpr auto last = fault_kind::repaired_text;

}  // namespace

TEST_CASE("every kind of fault has a name of its own") {
    std::set<std::string_view> names;
    for (unsigned char i = 0; i <= static_cast<unsigned char>(last); ++i) {
        auto const name = rp::to_string(static_cast<fault_kind>(i));
        CHECK_FALSE(name.empty());
        CHECK(names.insert(name).second);
    }
    CHECK(names.size() == static_cast<std::size_t>(last) + 1);
    CHECK(rp::to_string(fault_kind::incomplete) == "incomplete");
    CHECK(rp::to_string(fault_kind::truncated) == "truncated");
    CHECK(rp::to_string(fault_kind::bad_record) == "bad_record");
    CHECK(rp::to_string(fault_kind::repaired_text) == "repaired_text");
}

TEST_CASE("every fault may have lost something but a repaired text, an attempt made good and a guard's [B83]") {
    int harmless = 0;
    for (unsigned char i = 0; i <= static_cast<unsigned char>(last); ++i) {
        auto const kind = static_cast<fault_kind>(i);
        CHECK(rp::loses(kind) == (kind != fault_kind::repaired_text && kind != fault_kind::superseded &&
                                  kind != fault_kind::guard_violation));
        harmless += rp::loses(kind) ? 0 : 1;
    }
    CHECK(harmless == 3);
}

TEST_CASE("a fault that fails a run loses nothing, and there is one") {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(last); ++i) {
        auto const kind = static_cast<fault_kind>(i);
        CHECK(rp::fails(kind) == (kind == fault_kind::guard_violation));
        CHECK_FALSE((rp::fails(kind) && rp::loses(kind)));
    }
    CHECK(rp::to_string(fault_kind::guard_violation) == "guard_violation");
}

TEST_CASE("the kinds that a merge finds are called what they are [B83]") {
    CHECK(rp::to_string(fault_kind::trial_conflict) == "trial_conflict");
    CHECK(rp::to_string(fault_kind::missing_shard) == "missing_shard");
    CHECK(rp::to_string(fault_kind::other_list) == "other_list");
    CHECK(rp::to_string(fault_kind::other_run) == "other_run");
    CHECK(rp::to_string(fault_kind::second_output) == "second_output");
    CHECK(rp::to_string(fault_kind::torn_tail) == "torn_tail");
    CHECK(rp::to_string(fault_kind::bad_checksum) == "bad_checksum");
    CHECK(rp::to_string(fault_kind::interrupted_test) == "interrupted_test");
    CHECK(rp::to_string(fault_kind::missing_close) == "missing_close");
    CHECK(rp::to_string(fault_kind::short_count) == "short_count");
    CHECK(rp::to_string(fault_kind::duplicate_record) == "duplicate_record");
    CHECK(rp::to_string(fault_kind::unaccounted_test) == "unaccounted_test");
    CHECK(rp::to_string(fault_kind::unplanned_test) == "unplanned_test");
    CHECK(rp::to_string(fault_kind::journal_failed) == "journal_failed");
    CHECK(rp::to_string(fault_kind::superseded) == "superseded");
}

TEST_CASE("a fault is told as its place and its words, or its words alone [B83]") {
    CHECK(rp::reason({fault_kind::missing_worker, "worker gw2", "no output came"}) == "worker gw2: no output came");
    CHECK(rp::reason({fault_kind::incomplete, "", "the network was down"}) == "the network was down");
}

TEST_CASE("a fault names the worker it came with, and this process goes without saying [B83]") {
    CHECK(rp::place_in_worker("gw2") == "worker gw2");
    CHECK(rp::place_in_worker("gw2", "mail.cpp::a") == "worker gw2, mail.cpp::a");
    CHECK(rp::place_in_worker("", "mail.cpp::a") == "mail.cpp::a");
    CHECK(rp::place_in_worker("").empty());
}

TEST_CASE("faults have an order, by kind, place and words, so that a report can list them the same way") {
    rp::fault const a{fault_kind::incomplete, "b", "b"};
    CHECK(a < rp::fault{fault_kind::late_result, "a", "a"});
    CHECK(a < rp::fault{fault_kind::incomplete, "c", "a"});
    CHECK(a < rp::fault{fault_kind::incomplete, "b", "c"});
    CHECK(a == rp::fault(a));
}
