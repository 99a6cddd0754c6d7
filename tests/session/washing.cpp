#include "rampart/session/washing.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
namespace detail = rampart::detail;
using rp::text_policy;

std::string const foreign = "a\x1b[1mb";
std::string const escaped = "a\\x1b[1mb";

}  // namespace

TEST_CASE("a policy reaches every text of what a session takes in [B7]") {
    rp::fault f{rp::fault_kind::incomplete, foreign, foreign};
    detail::wash(text_policy::escape, f);
    CHECK(f == rp::fault{rp::fault_kind::incomplete, escaped, escaped});

    rp::trial_spec s{rp::test_id(foreign), rp::test_id(foreign), 0.5};
    detail::wash(text_policy::escape, s);
    CHECK(s == rp::trial_spec{rp::test_id(escaped), rp::test_id(escaped), 0.5});

    rp::test_entry t{rp::test_id(foreign),
                     2,
                     foreign,
                     3,
                     {.name = foreign, .file = foreign, .detail = foreign, .unused = {foreign}}};
    detail::wash(text_policy::escape, t);
    CHECK(t == rp::test_entry{rp::test_id(escaped),
                              2,
                              escaped,
                              3,
                              {.name = escaped, .file = escaped, .detail = escaped, .unused = {escaped}}});

    rp::shard_plan p{.run = foreign, .worker = foreign, .list_hash = foreign, .tests = {rp::test_id(foreign)}};
    p.process = p.source = foreign;
    p.running = p.tests;
    detail::wash(text_policy::escape, p);
    rp::shard_plan wanted{.run = escaped, .worker = escaped, .list_hash = escaped, .tests = {rp::test_id(escaped)}};
    wanted.process = wanted.source = escaped;
    wanted.running = wanted.tests;
    CHECK(p == wanted);

    rp::basic_record<rp::result> r{rp::test_id(foreign), foreign, 0, 1, foreign, foreign, {.summary = foreign}};
    r.value.meta.set(foreign, foreign);
    detail::wash_head(text_policy::escape, r);
    CHECK(r.test.str() == escaped);
    CHECK(r.test_name == escaped);
    CHECK(r.worker == escaped);
    CHECK(r.harm_category == escaped);
    CHECK(r.value.summary == foreign);
    detail::wash_value(text_policy::escape, r.value);
    CHECK(r.value.summary == escaped);
    CHECK(r.value.meta == rp::metadata{{escaped, escaped}});
}

TEST_CASE("what is to be kept stays as it came, and stripping removes [B7]") {
    rp::test_id id(foreign);
    detail::wash(text_policy::keep, id);
    CHECK(id.str() == foreign);
    detail::wash(text_policy::strip, id);
    CHECK(id.str() == "ab");
    rp::result r{.summary = foreign};
    detail::wash_value(text_policy::keep, r);
    CHECK(r.summary == foreign);
}
