#include "rampart/base/source_site.hpp"

#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

unsigned line_of_call(rp::source_site site = rp::source_site::current()) { return site.line; }

}  // namespace

TEST_CASE("a source site names the line of the call, also through a default argument") {
    rp::source_site const here = rp::source_site::current();
    CHECK(here.line == __LINE__ - 1);
    CHECK(std::string_view(here.file) == __FILE__);
    CHECK(line_of_call() == __LINE__);
}

TEST_CASE("a source site that nobody filled in is empty and not null") {
    constexpr rp::source_site nowhere;
    static_assert(nowhere.line == 0);
    CHECK(std::string_view(nowhere.file).empty());
}
