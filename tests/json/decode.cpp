#include "rampart/json/decode.hpp"

#include "rampart/json/convert.hpp"
#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "transport/samples.hpp"

namespace {

namespace detail = rampart::detail;

bool none(std::string_view) { return false; }

/// What the decoder makes of a result's text.
std::optional<rampart::result> decoded(std::string_view text) {
    detail::json_cursor at(text);
    rampart::result made;
    std::uint32_t attempt = 1;
    std::uint32_t index = 0;
    if (!detail::decoder<true>(at).read(made, attempt, index, none) || !at.at_end()) return std::nullopt;
    return made;
}
bool passed_over(std::string_view text, rampart::result& head) {
    detail::json_cursor at(text);
    std::uint32_t attempt = 1;
    std::uint32_t index = 0;
    return detail::decoder<false>(at).read(head, attempt, index, none) && at.at_end();
}

std::string json_of(rampart::result const& r) {
    std::string text;
    rampart::json_writer w(text);
    detail::write_json(w, r);
    return text;
}

/// The same by the readers of trees; nothing when they have something to say about it.
std::optional<rampart::result> by_tree(std::string_view text) {
    auto const document = rampart::read_json(text);
    if (!document || !document->notes.empty()) return std::nullopt;
    auto read = rampart::from_json<rampart::result>(document->root());
    if (!read) return std::nullopt;
    return std::move(*read);
}

}  // namespace

TEST_CASE("what our writer writes is plain, and decoded as the reader of trees reads it [A.1.7]") {
    wire_samples::generator make(8);
    int plain = 0;
    for (int round = 0; round < 2000; ++round) {
        std::string const text = json_of(make.result());
        CAPTURE(text);
        auto const tree = by_tree(text);
        REQUIRE(tree.has_value());
        auto const direct = decoded(text);
        rampart::result head;
        REQUIRE(passed_over(text, head) == direct.has_value());
        if (!direct) continue;  // a double below all normal ones is left to the tree
        ++plain;
        REQUIRE(*direct == *tree);
        REQUIRE(head.status == tree->status);
        REQUIRE(head.harm_category == tree->harm_category);
        REQUIRE(head.evidence.turns.empty());
        REQUIRE(head.meta.empty());
    }
    CHECK(plain > 1950);
}

TEST_CASE("a result that was damaged is refused, or read as the reader of trees reads it [B2]") {
    wire_samples::generator make(9);
    std::mt19937_64 random(10);
    std::vector<std::string> texts;
    for (int i = 0; i < 40; ++i) texts.push_back(json_of(make.result()));
    int taken = 0;
    for (int round = 0; round < 30000; ++round) {
        std::string text = texts[random() % texts.size()];
        for (auto changes = 1 + random() % 2; changes-- > 0;) {
            std::size_t const at = random() % text.size();
            static constexpr std::string_view bytes = "{}[],:\"\\ 0179.eE+-truefalsn/ud\n\x80\xc3\xa9\x01";
            switch (random() % 4) {
            case 0:
                text[at] = bytes[random() % bytes.size()];
                break;
            case 1:
                text.erase(at, 1 + random() % 12);
                break;
            case 2:
                text.insert(at, 1, bytes[random() % bytes.size()]);
                break;
            default: {
                // A piece of it stands twice: keys, too.
                auto const piece = text.substr(at, 1 + random() % 60);
                text.insert(random() % text.size(), piece);
            }
            }
        }
        CAPTURE(text);
        auto const direct = decoded(text);
        rampart::result head;
        REQUIRE(passed_over(text, head) == direct.has_value());
        if (!direct) continue;
        ++taken;
        auto const tree = by_tree(text);
        REQUIRE(tree.has_value());
        REQUIRE(*direct == *tree);
    }
    CHECK(taken > 1000);
}

TEST_CASE("a part that has to be there, a key that is unknown or stands twice, and odd values are left to the tree") {
    std::string const good = R"({"status": "safe", "observability_level": "tool_only"})";
    REQUIRE(decoded(good).has_value());
    for (
        std::string_view const bad :
        {R"({"status": "safe"})", R"({"observability_level": "tool_only"})",
         R"({"status": "fine", "observability_level": "tool_only"})",
         R"({"status": "safe", "status": "unsafe", "observability_level": "tool_only"})",
         R"({"status": "safe", "observability_level": "tool_only", "new": 1})",
         R"({"status": "safe", "observability_level": "tool_only", "summary": null})",
         R"({"status": "safe", "observability_level": "tool_only", "metadata": {"a": 1, "a": 2}})",
         R"({"status": "safe", "observability_level": "tool_only", "metadata": {"a": {"b": 1, "b": 2}}})",
         R"({"status": "safe", "observability_level": "tool_only", "metadata": {"\u0061": 1, "a": 2}})",
         R"({"status": "safe", "observability_level": "tool_only", "metadata": {"a": [[[[[[[[1]]]]]]]]}})",
         R"({"status": "safe", "observability_level": "tool_only", "turns": [{"request": {}}]})",
         R"({"status": "safe", "observability_level": "tool_only", "turns": [{"request": {}, "response": {}, "timestamp": "soon"}]})",
         R"({"status": "safe", "observability_level": "tool_only", "turns": [{"request": {}, "response": {}, "turn_number": 2147483648}]})",
         R"({"status": "safe", "observability_level": "tool_only", "turns": [{"request": {}, "response": {}, "eval_result": {}}]})"}) {
        CAPTURE(bad);
        CHECK_FALSE(decoded(bad).has_value());
        rampart::result head;
        CHECK_FALSE(passed_over(bad, head));
    }
}

TEST_CASE("numbers that Python writes where a double is meant are read as everywhere [B3]") {
    auto const seconds = [](std::string const& number) {
        auto const r =
            decoded(R"({"status": "safe", "observability_level": "tool_only", "duration_seconds": )" + number + "}");
        return r ? r->duration_seconds : -1.0;
    };
    CHECK(seconds("null") == 0.0);
    CHECK(seconds("true") == 1.0);
    CHECK(seconds("false") == 0.0);
    CHECK(seconds("3") == 3.0);
    CHECK(seconds("18446744073709551615") == 18446744073709551615.0);
    CHECK(seconds("0.25") == 0.25);
    CHECK(seconds("123456789012345678901") == -1.0);  // left to the tree
    CHECK(seconds("nul") == -1.0);
    CHECK(seconds("\"1\"") == -1.0);
}

TEST_CASE("passing over keeps the members that are asked for, and no others") {
    std::string const text =
        R"({"status": "unsafe", "observability_level": "tool_only", "metadata": {"x": {"mine": 1}, "mine": "kept", "y": [1]}})";
    detail::json_cursor at(text);
    rampart::result head;
    std::uint32_t attempt = 1;
    std::uint32_t index = 0;
    REQUIRE(detail::decoder<false>(at).read(head, attempt, index, [](std::string_view key) { return key == "mine"; }));
    CHECK(head.meta == rampart::metadata{{"mine", "kept"}});
}
