#include "rampart/json/repair.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

struct outcome {
    std::string text{};
    std::size_t ill_formed = 0;
    std::size_t surrogates = 0;
    std::size_t first = 0;
};
outcome repaired(std::string const& text) {
    rp::detail::repaired_json made;
    rp::detail::repair_json(text, made);
    return {std::string(made.text), made.ill_formed, made.surrogates, made.first};
}

}  // namespace

TEST_CASE("a text that is right is not copied") {
    std::string const text = R"("caf)"
                             "\xc3\xa9"
                             R"( \ud83d\ude00 \\ud800 \"")";
    rp::detail::repaired_json made;
    rp::detail::repair_json(text, made);
    CHECK(made.text.data() == text.data());
    CHECK(made.ill_formed + made.surrogates == 0);
}

TEST_CASE("a surrogate escape without its partner becomes U+FFFD [B4]") {
    CHECK(repaired(R"("\ud800")").text == R"("\ufffd")");
    CHECK(repaired(R"("\uDFFF")").text == R"("\ufffd")");
    CHECK(repaired(R"("\uD83D\uDE00")").text == R"("\uD83D\uDE00")");
    CHECK(repaired(R"("\uDE00\uD83D")").text == R"("\ufffd\ufffd")");
    CHECK(repaired(R"("\ud83d\ud83d\ude00")").text == R"("\ufffd\ud83d\ude00")");
    CHECK(repaired(R"("\ud83d\\ude00")").text == R"("\ufffd\\ude00")");
    CHECK(repaired(R"("\ud83dude00")").text == R"("\ufffdude00")");
    CHECK(repaired(R"("\\ud800 \\\ud800")").text == R"("\\ud800 \\\ufffd")");
    CHECK(repaired(R"("\ud83d)").text == R"("\ufffd)");
    CHECK(repaired(R"("\ud8)").text == R"("\ud8)");
    CHECK(repaired("\\").text == "\\");
    auto const two = repaired(R"(["\ud800", "\udc00"])");
    CHECK(two.surrogates == 2);
    CHECK(two.first == 2);
}

TEST_CASE("ill-formed UTF-8 becomes U+FFFD, one for each part [B4]") {
    auto const made = repaired("\"a\xff\xc3\" \"\xed\xa0\x80\"");
    CHECK(made.text == "\"a\xef\xbf\xbd\xef\xbf\xbd\" \"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    CHECK(made.ill_formed == 5);
    CHECK(made.first == 2);
    auto const both = repaired("\"\\udc00 \xff\"");
    CHECK(both.text == "\"\\ufffd \xef\xbf\xbd\"");
    CHECK(both.ill_formed == 1);
    CHECK(both.surrogates == 1);
    CHECK(both.first == 1);
}
