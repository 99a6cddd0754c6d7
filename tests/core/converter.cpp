#include "rampart/core/converter.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

namespace {

namespace rp = rampart;

/// Puts a word behind the text; forgets the id, as converters do.
struct append {
    std::string word{};
    int calls = 0;
    rp::payload convert(rp::payload const& from) {
        ++calls;
        return {.content = from.content + word, .meta = from.meta};
    }
};
/// Makes a file of it.
struct print {
    std::string path{};
    std::string description{};
    rp::payload convert(rp::payload const& from) const {
        std::ofstream(path) << from.content;
        return {.content = description, .format = rp::payload_format::pdf, .artifact = path, .meta = from.meta};
    }
};
struct broken {
    rp::payload convert(rp::payload const&) const { return {.format = rp::payload_format::pdf}; }
};
struct failing {
    rp::payload convert(rp::payload const&) const { throw std::runtime_error("no translator"); }
};
struct without_convert {};
struct makes_text {
    std::string convert(rp::payload const& from) { return from.content; }
};
struct wants_to_change {
    rp::payload convert(rp::payload& from) { return from; }
};

// B18: a class with the right members conforms, one without is rejected.
static_assert(rp::PayloadConverter<append> && rp::PayloadConverter<print> && rp::PayloadConverter<print const>);
static_assert(!rp::PayloadConverter<append const>);
static_assert(!rp::PayloadConverter<without_convert> && !rp::PayloadConverter<makes_text>);
static_assert(!rp::PayloadConverter<wants_to_change> && !rp::PayloadConverter<int>);

}  // namespace

TEST_CASE("a converter makes a new payload, which keeps the id [B17]") {
    rp::payload const from{.content = "a", .id = "p-1", .meta = {{"origin", "here"}}};
    auto const made = rp::convert(from, append{"b"});
    CHECK(made.content == "ab");
    CHECK(made.id == "p-1");
    CHECK(made.meta["origin"] == "here");
    CHECK(from.content == "a");
}

TEST_CASE("converters are applied one after the other, in the order in which they stand [B17]") {
    rp::payload const from{.content = "a", .id = "p-1"};
    append b{"b"};
    CHECK(rp::convert(from, b, append{"c"}, append{"d"}).content == "abcd");
    CHECK(rp::convert(from, append{"d"}, b).content == "adb");
    CHECK(b.calls == 2);  // the user's own object, not a copy
    CHECK(rp::convert(from, b, append{"c"}).id == "p-1");
    CHECK(rp::convert(from) == from);
}

TEST_CASE("a converter that makes a file keeps the text it was made of [B17]") {
    auto const path = std::filesystem::temp_directory_path() / ("rampart-converter-" + std::to_string(::getpid()));
    rp::payload const from{.content = "secret order", .id = "p-1"};
    auto const made = rp::convert(from, append{"!"}, print{path.string(), ""});
    CHECK(made.content == "secret order!");
    CHECK(made.format == rp::payload_format::pdf);
    CHECK(made.artifact == path.string());
    CHECK(made.id == "p-1");
    CHECK(rp::convert(from, print{path.string(), "its own words"}).content == "its own words");
    std::filesystem::remove(path);
}

TEST_CASE("what a converter throws reaches the caller, and a payload that cannot be is refused [B17, B2]") {
    rp::payload const from{.content = "a", .id = "p-1"};
    CHECK_THROWS_WITH_AS(rp::convert(from, failing{}), "no translator", std::runtime_error);
    CHECK_THROWS_WITH_AS(rp::convert(from, broken{}),
                         "rampart::payload 'p-1': format pdf is binary and needs an artifact, the path of its file",
                         std::invalid_argument);
    append never{"x"};
    CHECK_THROWS_AS(rp::convert(from, failing{}, never), std::runtime_error);
    CHECK(never.calls == 0);
}
