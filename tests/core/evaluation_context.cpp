#include "rampart/core/evaluation_context.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

rp::turn turn_with(std::string text, std::vector<rp::tool_call> calls, std::vector<rp::side_effect> effects) {
    return {.request = {.prompt = "p"},
            .response = {.text = std::move(text), .tool_calls = std::move(calls), .side_effects = std::move(effects)}};
}

}  // namespace

TEST_CASE("the current turn is the last one, and without a turn asking for it fails [B9]") {
    rp::evaluation_context context;
    CHECK(context.manifest == nullptr);
    CHECK_THROWS_AS(context.current_turn(), std::out_of_range);
    CHECK_THROWS_AS(context.text(), std::out_of_range);
    CHECK(context.all_tool_calls().empty());
    CHECK(context.all_side_effects().empty());
    context.turns.push_back(turn_with("first", {}, {}));
    context.turns.push_back(turn_with("second", {}, {}));
    CHECK(&context.current_turn() == &context.turns[1]);
    CHECK(context.text() == "second");
}

TEST_CASE("tool calls and side effects are those of all turns, in order [B9]") {
    rp::evaluation_context const context{.turns = {turn_with("", {{.name = "a"}, {.name = "b"}}, {{.kind = "x"}}),
                                                   turn_with("", {}, {}),
                                                   turn_with("", {{.name = "c"}}, {{.kind = "y"}, {.kind = "z"}})}};
    std::string names;
    for (auto const& call : context.all_tool_calls()) names += call.name;
    CHECK(names == "abc");
    std::string kinds;
    for (auto const& effect : context.all_side_effects()) kinds += effect.kind;
    CHECK(kinds == "xyz");
}

TEST_CASE("a context can be made of one response: an empty prompt and no manifest [B9]") {
    auto const context = rp::context_of({.text = "hi", .tool_calls = {{.name = "a"}}});
    CHECK(context.turns.size() == 1);
    CHECK(context.current_turn().request.prompt == "");
    CHECK(context.text() == "hi");
    CHECK(context.all_tool_calls().size() == 1);
    CHECK(context.manifest == nullptr);
    CHECK_NOTHROW(rp::validate(context.current_turn().request));
    CHECK(rp::context_of({}, "asked").current_turn().request.prompt == "asked");
}
