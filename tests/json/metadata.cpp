#include "rampart/json/metadata.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "rampart/json/convert.hpp"
#include "transport/samples.hpp"

namespace {

namespace rp = rampart;

/// One way to text and back.
rp::metadata through(rp::metadata const& m) {
    std::string text;
    rp::json_writer w(text);
    rp::detail::write_json(w, m);
    auto const document = rp::read_json(text);
    REQUIRE(document.has_value());
    auto made = rp::from_json<rp::metadata>(document->root());
    REQUIRE(made.has_value());
    return *made;
}
/// `inner` inside so many arrays.
rp::metadata_value nested(int levels, rp::metadata_value inner) {
    for (; levels > 0; --levels) inner = rp::metadata::array{std::move(inner)};
    return inner;
}

}  // namespace

TEST_CASE("what nests no deeper than 6 comes back as it was [B5, B61, B66]") {
    wire_samples::generator random(5);
    for (int i = 0; i < 1000; ++i) {
        rp::metadata const m = random.object(6);
        REQUIRE(through(m) == m);
    }
}

TEST_CASE("an array or object deeper than 6 becomes its JSON text without blanks, a simple value stays [B5]") {
    auto const leaf = rp::metadata{{"k", rp::metadata::array{1, "\xc3\xa9", nullptr}}};
    CHECK(through({{"m", nested(6, rp::metadata::array{7, "x"})}}) ==
          rp::metadata{{"m", nested(6, rp::metadata::array{7, "x"})}});
    CHECK(through({{"m", nested(7, leaf)}}) == rp::metadata{{"m", nested(7, R"({"k":[1,"\u00e9",null]})")}});
    CHECK(through({{"m", nested(7, 5)}}) == rp::metadata{{"m", nested(7, 5)}});
    CHECK(through({{"m", nested(7, rp::metadata{})}}) == rp::metadata{{"m", nested(7, "{}")}});
    CHECK(through({{"m", nested(40, 1)}}) ==
          rp::metadata{{"m", nested(7, std::string(33, '[') + "1" + std::string(33, ']'))}});
}

TEST_CASE("the rule of depth changes nothing a second time [B5]") {
    wire_samples::generator random(6);
    bool deep = false;
    for (int i = 0; i < 1000; ++i) {
        rp::metadata m = random.object(4);
        m.set("deep", nested(static_cast<int>(random.below(9)), random.object(4)));
        rp::metadata const once = through(m);
        deep = deep || once != m;
        REQUIRE(through(once) == once);
    }
    CHECK(deep);
}

TEST_CASE("the rule of depth is the same in a tree that was read [B5]") {
    // A document from elsewhere need not keep to the rule.
    std::string const text = R"({"m": [[[[[[[{"a": [1.50, "x"]}]]]]]]]})";
    auto const document = rp::read_json(text);
    REQUIRE(document.has_value());
    auto const read = rp::from_json<rp::metadata>(document->root());
    CHECK(*read == rp::metadata{{"m", nested(7, R"({"a":[1.5,"x"]})")}});
    CHECK(through(*read) == *read);
}

TEST_CASE("what Python nested to its limit is read without loss [B5, B66]") {
    auto const text = wire_samples::shared_golden("nesting.payload.json", "what Python nested to its limit");
    if (text.empty()) return;
    auto const document = rp::read_json(text);
    REQUIRE(document.has_value());
    auto const& results = document->root().at("results_by_nodeid").at("t/test_deep.py::test_nesting");
    auto const& meta = results.at(0).at("metadata");
    auto const read = rp::from_json<rp::metadata>(meta);
    REQUIRE(read.has_value());
    std::string again;
    rp::json_writer w(again, rp::json_style::compact);
    w.value(*read);
    CHECK(again == rp::to_compact_json(meta));
}

TEST_CASE("NaN and infinities become null, integers keep their size, order stays [B62, B66, A.1.3]") {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    double const inf = std::numeric_limits<double>::infinity();
    rp::metadata const m{{"z", nan},
                         {"a", rp::metadata::array{inf, -inf, 1.0, 1}},
                         {"big", rp::big_integer{"-1180591620717411303424"}},
                         {"u", 18446744073709551615U},
                         {"yes", true}};
    CHECK(through(m) == rp::metadata{{"z", nullptr},
                                     {"a", rp::metadata::array{nullptr, nullptr, 1.0, 1}},
                                     {"big", rp::big_integer{"-1180591620717411303424"}},
                                     {"u", 18446744073709551615U},
                                     {"yes", true}});
}
