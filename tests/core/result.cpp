#include "rampart/core/result.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::safety_status;

/// The least that a foreign type needs.
struct finding {
    int severity = 0;
    std::string text{};
};
/// One whose traits have everything.
struct rich {
    std::string how{};
    double seconds = 0.0;
    rp::metadata facts{};
    rp::transcript talk{};
};
struct without_traits {};
struct wrong_status {};
struct without_summary {};
struct move_only {
    move_only() = default;
    move_only(move_only&&) = default;
    move_only& operator=(move_only&&) = default;
};

}  // namespace

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const& f) {
        return f.severity > 0 ? safety_status::unsafe : safety_status::safe;
    }
    static std::string summary(finding const& f) { return "severity " + std::to_string(f.severity); }
    static std::string_view harm_category(finding const&) { return "custom_product_risk"; }
};
template <>
struct rampart::result_traits<rich> {
    static safety_status status(rich const&) { return safety_status::error; }
    static std::string_view summary(rich const&) { return ""; }
    static std::string_view harm_category(rich const&) { return ""; }
    static std::string_view strategy(rich const& r) { return r.how; }
    static double duration_seconds(rich const& r) { return r.seconds; }
    static metadata const& meta(rich const& r) { return r.facts; }
    static transcript const& evidence(rich const& r) { return r.talk; }
};
template <>
struct rampart::result_traits<wrong_status> {
    static int status(wrong_status const&) { return 0; }
    static std::string_view summary(wrong_status const&) { return ""; }
    static std::string_view harm_category(wrong_status const&) { return ""; }
};
template <>
struct rampart::result_traits<without_summary> {
    static safety_status status(without_summary const&) { return safety_status::safe; }
    static std::string_view harm_category(without_summary const&) { return ""; }
};
template <>
struct rampart::result_traits<move_only> {
    static safety_status status(move_only const&) { return safety_status::safe; }
    static std::string_view summary(move_only const&) { return ""; }
    static std::string_view harm_category(move_only const&) { return ""; }
};

namespace evidence_of_their_own {
struct log_lines {
    std::vector<std::string> lines{};
    friend bool operator==(log_lines const&, log_lines const&) = default;
};
template <class F>
void for_each_text(log_lines& log, F& f) {
    for (auto& line : log.lines) f(line);
}
struct opaque {};
}  // namespace evidence_of_their_own

namespace {

// B18: a class with the right members conforms, one without is rejected.
static_assert(rp::Result<rp::result>);
static_assert(rp::Result<rp::basic_result<evidence_of_their_own::log_lines>>);
static_assert(rp::Result<rp::basic_result<evidence_of_their_own::opaque>>);
static_assert(rp::Result<finding> && rp::Result<rich>);
static_assert(!rp::Result<int> && !rp::Result<without_traits> && !rp::Result<wrong_status>);
static_assert(!rp::Result<without_summary> && !rp::Result<move_only>);
static_assert(!rp::Result<rp::result const> && !rp::Result<rp::result&>);

// B13: an assertion takes it for a truth value, arithmetic does not.
static_assert(std::constructible_from<bool, rp::result> && !std::convertible_to<rp::result, bool>);

template <class R>
std::vector<std::string> texts_of(R& r) {
    std::vector<std::string> seen;
    rp::result_traits<R>::for_each_text(r, [&seen](std::string& text) {
        seen.push_back(text);
        text += "!";
    });
    return seen;
}

}  // namespace

TEST_CASE("a result has seen nothing and proves nothing unless it says so [B12]") {
    rp::result const r;
    CHECK(r.status == safety_status::undetermined);
    CHECK(r.summary.empty());
    CHECK(r.evidence.turns.empty());
    CHECK(r.duration_seconds == 0.0);
    CHECK(r.harm_category.empty());
    CHECK(r.strategy.empty());
    CHECK(r.evidence.observability == rp::observability_level::response_only);
    CHECK(r.evidence.injections.empty());
    CHECK(r.meta.empty());
}

TEST_CASE("a result is true exactly when its status is safe [B13]") {
    rp::result r{.status = safety_status::safe};
    CHECK(r);
    CHECK(r.safe());
    for (auto s : {safety_status::unsafe, safety_status::undetermined, safety_status::error}) {
        r.status = s;
        CHECK_FALSE(r);
        CHECK_FALSE(r.safe());
    }
    r.status = safety_status::safe;
    CHECK(r.safe());
}

TEST_CASE("the display form names safe, the status and the summary [B13]") {
    CHECK(rp::to_string(rp::result{.status = safety_status::unsafe, .summary = "forwarded the inbox"}) ==
          "result(safe=false, status=unsafe, summary='forwarded the inbox')");
    CHECK(rp::to_string(rp::result{.status = safety_status::safe}) == "result(safe=true, status=safe, summary='')");
    CHECK(rp::brief(rp::result{.status = safety_status::unsafe, .summary = "forwarded"}) == "unsafe: forwarded");
    CHECK(rp::brief(rp::result{.status = safety_status::error}) == "error");
    CHECK(rp::brief(finding{2, "x"}) == "unsafe: severity 2");
}

TEST_CASE("the evaluations of a result are those of its turns, in order, without the turns that have none [B14]") {
    rp::result r;
    CHECK(rp::eval_results(r).empty());
    r.evidence.turns = {{.evaluation = rp::eval_result{.rationale = "first"}},
                        {},
                        {.evaluation = rp::eval_result{.rationale = "third"}}};
    auto const found = rp::eval_results(r);
    REQUIRE(found.size() == 2);
    CHECK(found[0].rationale == "first");
    CHECK(found[1].rationale == "third");
    r.evidence.turns.clear();
    CHECK(rp::eval_results(r).empty());
}

TEST_CASE("an injection record needs a surface, its payload may be unknown [B11]") {
    rp::injection_record const planted{.surface_name = "SharePoint"};
    CHECK_FALSE(planted.payload_id.has_value());
    CHECK(planted.surface_name == "SharePoint");
    CHECK(planted != rp::injection_record{.payload_id = "", .surface_name = "SharePoint"});
}

TEST_CASE("two results are equal when every part is") {
    rp::result const one{.status = safety_status::safe, .summary = "s", .harm_category = "h", .strategy = "t"};
    auto const differs = [&one](auto change) {
        rp::result other = one;
        change(other);
        return !(one == other);
    };
    CHECK(one == rp::result(one));
    CHECK(differs([](rp::result& r) { r.status = safety_status::error; }));
    CHECK(differs([](rp::result& r) { r.summary = ""; }));
    CHECK(differs([](rp::result& r) { r.harm_category = ""; }));
    CHECK(differs([](rp::result& r) { r.strategy = ""; }));
    CHECK(differs([](rp::result& r) { r.duration_seconds = 1; }));
    CHECK(differs([](rp::result& r) { r.meta["k"] = 1; }));
    CHECK(differs([](rp::result& r) { r.evidence.observability = rp::observability_level::tool_only; }));
}

TEST_CASE("what a foreign type's traits do not have is empty, and what they have is used [B18]") {
    finding const least{1, "x"};
    CHECK(rp::strategy_of(least).empty());
    CHECK(rp::duration_of(least) == 0.0);
    CHECK(rp::metadata_of(least).empty());
    CHECK(rp::transcript_of(least) == nullptr);
    rich const most{
        .how = "xpia", .seconds = 2.5, .facts = {{"k", 1}}, .talk = {.injections = {{.surface_name = "s"}}}};
    CHECK(rp::strategy_of(most) == "xpia");
    CHECK(rp::duration_of(most) == 2.5);
    CHECK(rp::metadata_of(most)["k"] == 1);
    REQUIRE(rp::transcript_of(most) != nullptr);
    CHECK(rp::transcript_of(most) == &most.talk);
    rp::result const own{.strategy = "probe", .duration_seconds = 1.5, .meta = {{"k", 2}}};
    CHECK(rp::strategy_of(own) == "probe");
    CHECK(rp::duration_of(own) == 1.5);
    CHECK(rp::metadata_of(own)["k"] == 2);
    CHECK(rp::transcript_of(own) == &own.evidence);
}

TEST_CASE("a text policy reaches every string of a result, each once") {
    // Each string names its place, so that one that is left out is missed by name.
    rp::result r{.summary = "summary", .harm_category = "harm", .strategy = "strategy"};
    r.meta = {{"meta key", "meta value"},
              {"list", rp::metadata::array{"in list", 1, rp::metadata{{"key in list", "object in list"}}}},
              {"deep", {{"deep key", rp::big_integer{"123"}}}}};
    r.evidence.injections = {{.payload_id = "payload id", .surface_name = "surface"}};
    r.evidence.turns.push_back(
        {.request = {.prompt = "prompt",
                     .attachments = {{.content = "content",
                                      .id = "id",
                                      .artifact = "artifact",
                                      .meta = {{"attachment key", "attachment value"}}}}},
         .response = {.text = "text",
                      .tool_calls = {{.name = "tool",
                                      .arguments = {{"argument key", "argument"}},
                                      .result = "tool result",
                                      .timestamp = "tool time"}},
                      .side_effects = {{.kind = "kind", .details = {{"detail key", "detail"}}}},
                      .meta = {{"response key", "response value"}}},
         .evaluation = rp::eval_result{.evidence = {"proof one", "proof two"}, .rationale = "rationale"},
         .timestamp = "turn time",
         .driver_reasoning = "reasoning"});
    r.evidence.turns.push_back({.response = {.text = "second turn"}});
    auto seen = texts_of(r);
    std::erase(seen, "");
    std::vector<std::string> wanted{
        "summary",          "harm",        "strategy",       "meta key",     "meta value",   "list",
        "in list",          "key in list", "object in list", "deep",         "deep key",     "payload id",
        "surface",          "prompt",      "content",        "id",           "artifact",     "attachment key",
        "attachment value", "text",        "tool",           "argument key", "argument",     "tool result",
        "tool time",        "kind",        "detail key",     "detail",       "response key", "response value",
        "proof one",        "proof two",   "rationale",      "turn time",    "reasoning",    "second turn"};
    for (auto const& text : wanted) {
        CAPTURE(text);
        CHECK(std::erase(seen, text) == 1);
    }
    CHECK(seen.empty());
    CHECK(r.summary == "summary!");
    CHECK(r.meta["list!"].as_array()[0] == "in list!");
    CHECK(r.evidence.turns[0].response.tool_calls[0].arguments["argument key!"] == "argument!");
    CHECK(r.evidence.turns[0].evaluation->evidence[1] == "proof two!");
}

TEST_CASE("a text policy reaches an evidence of one's own through a function beside its type") {
    rp::basic_result<evidence_of_their_own::log_lines> own{.summary = "s", .evidence = {{"one", "two"}}};
    CHECK(texts_of(own).size() == 5);
    CHECK(own.evidence.lines == std::vector<std::string>{"one!", "two!"});
    rp::basic_result<evidence_of_their_own::opaque> opaque{.summary = "s"};
    CHECK(texts_of(opaque).size() == 3);
}

TEST_CASE("two keys of one object that a text policy makes equal both stay") {
    rp::metadata m{{"k\x07", "first"}, {"k", {{"a\x07", 1}, {"a", 2}}}};
    auto strip = [](std::string& text) { std::erase(text, '\x07'); };
    rp::for_each_text(m, strip);
    CHECK(m == rp::metadata{{"k (2)", "first"}, {"k", {{"a (2)", 1}, {"a", 2}}}});
}
