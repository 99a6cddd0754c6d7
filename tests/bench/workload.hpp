#ifndef RAMPART_TESTS_BENCH_WORKLOAD_HPP
#define RAMPART_TESTS_BENCH_WORKLOAD_HPP

#include "rampart/session/session.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Made-up results, exact to the byte, so that programs in different languages measure the same work. `checksum` proves
/// it: tests/transport/workload.cpp holds its values.

namespace workload {

namespace rp = rampart;

/// All integers are unsigned with 64 bits, and wrap around.
using u64 = std::uint64_t;

/// How much of it: results, turns of each, bytes of text in a turn, tool calls in a turn.
struct sizes {
    u64 results = 20000;
    u64 turns = 2;
    u64 text = 512;
    u64 calls = 1;
};
inline constexpr sizes usual{};
inline constexpr sizes long_transcripts{2000, 10, 4096, 3};

inline constexpr u64 seed = 20260819;

constexpr u64 mix(u64 x) noexcept {
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31U);
}
constexpr u64 hash(u64 i, u64 j, u64 c) noexcept { return mix(seed + i * 1000003U + j * 1009U + c); }

/// The text that all others are cut from: 65536 bytes, ASCII, with what JSON has to escape.
inline std::string const& pool() {
    static std::string const text = [] {
        constexpr std::string_view words[] = {
            "agent",  "tool",   "call",    "email",   "report", "budget",   "quarter",    "secret",      "token",
            "policy", "user",   "system",  "prompt",  "inject", "refuse",   "comply",     "search",      "file",
            "folder", "share",  "link",    "click",   "send",   "forward",  "attach",     "draft",       "reply",
            "inbox",  "calendar", "meeting", "invite", "delete", "update",  "create",     "append",      "verify",
            "check",  "audit",  "trace",   "score",   "judge",  "safe",     "unsafe",     "error",       "retry",
            "timeout", "network", "gateway", "worker", "shard", "merge",    "order",      "stable",      "total",
            "count",  "limit",  "nested",  "\"quoted\"", "back\\slash", "a/b/c", "don't", "100%",        "$5",
            "x=1;"};
        static_assert(std::size(words) == 64);
        std::string made;
        for (u64 n = 0; made.size() < 65536; ++n) {
            made += words[mix(seed ^ (n + 1)) & 63U];
            made += n % 16 == 15 ? '\n' : ' ';
        }
        made.resize(65536);
        return made;
    }();
    return text;
}
inline std::string_view cut(u64 r, u64 length) {
    return std::string_view(pool()).substr(static_cast<std::size_t>(r % (65536U - length)),
                                           static_cast<std::size_t>(length));
}

/// The number with so many digits, filled up with zeros.
inline std::string digits(u64 number, std::size_t width) {
    std::string text = std::to_string(number);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

inline bool is_trial(u64 i) noexcept { return i % 4 == 3; }
/// The id of the test whose trial number `i` is.
inline std::string base_id(u64 i) { return "tests/trials/test_group.py::test_trial_" + digits(i / 40, 5); }
inline std::string nodeid(u64 i) {
    if (is_trial(i)) return base_id(i) + "[trial-" + std::to_string(i / 4 % 10) + "]";
    return "tests/suite_" + digits(i / 100, 5) + "/test_case.py::test_agent[" + std::to_string(i) + "]";
}

inline rp::turn make_turn(u64 i, u64 j, sizes const& s, rp::safety_status status) {
    u64 const q = hash(i, j, 2);
    rp::turn made;
    made.request.prompt = std::string(cut(q, s.text / 4));
    std::string& text = made.response.text;
    text = cut(hash(i, j, 3), s.text);
    if (q % 8 == 0) text += " na\u00efve caf\u00e9 \u6f22\u5b57 \U0001f600.";
    if (q % 16 == 1) text = "\x1b[31m" + text + "\x1b[0m";
    for (u64 c = 0; c < s.calls; ++c) {
        constexpr char const* names[] = {"send_email", "search", "read_file"};
        rp::tool_call call{.name = names[c % 3]};
        call.arguments = {{"to", "user" + std::to_string(i) + "@example.com"},
                          {"count", c},
                          {"body", std::string(cut(hash(i, j, 10 + c), 64))}};
        if (c % 2 == 0) call.result = "ok";
        made.response.tool_calls.push_back(std::move(call));
    }
    if (j % 2 == 0) {
        made.response.side_effects.push_back(
            {.kind = "http_request",
             .details = {{"url", "https://example.com/" + std::to_string(i) + "/" + std::to_string(j)},
                         {"status", 200}}});
    }
    made.response.meta = {{"latency_ms", q % 5000}};
    bool const detected = status == rp::safety_status::unsafe && j + 1 == s.turns;
    made.evaluation = rp::eval_result{
        .outcome = detected ? rp::eval_outcome::detected : rp::eval_outcome::not_detected,
        .confidence = static_cast<double>(q % 101) / 100.0,
        .evidence = {std::string(cut(hash(i, j, 4), 32))},
        .rationale = std::string(cut(hash(i, j, 5), 48)),
    };
    made.turn_number = static_cast<int>(j);
    u64 const second = i * s.turns + j;  // since the beginning of 2026; the days of its months follow
    u64 day = second / 86400;
    u64 month = 0;
    for (constexpr u64 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}; month < 11 && day >= days[month];) {
        day -= days[month++];
    }
    made.timestamp = "2026-" + digits(month + 1, 2) + "-" + digits(day + 1, 2) + "T" + digits(second / 3600 % 24, 2) +
                     ":" + digits(second / 60 % 60, 2) + ":" + digits(second % 60, 2) + "+00:00";
    if (j % 2 != 0) made.driver_reasoning = cut(hash(i, j, 6), 24);
    return made;
}

/// Result number `i`, as its test recorded it.
inline rp::result make_result(u64 i, sizes const& s = usual) {
    u64 const r = hash(i, 0, 0);
    u64 const d = r % 10;
    constexpr char const* harms[] = {"prompt_injection", "data_exfiltration", "jailbreak", "custom_product_risk", ""};
    rp::result made;
    made.status = d < 7    ? rp::safety_status::safe
                  : d == 7 ? rp::safety_status::unsafe
                  : d == 8 ? rp::safety_status::undetermined
                           : rp::safety_status::error;
    made.summary = "case " + std::to_string(i) + ": " + std::string(cut(hash(i, 0, 1), 40));
    made.duration_seconds = static_cast<double>(r % 100000) / 1000.0;
    made.harm_category = harms[i % 5];
    made.strategy = i % 2 == 0 ? "xpia" : "probe";
    made.meta = {{"scenario_id", "scn-" + digits(i % 997, 3)},
                 {"attempt", i % 7},
                 {"score", static_cast<double>(r % 1000) / 1000.0},
                 {"tags", rp::metadata::array{"a", "b", std::to_string(i)}},
                 {"nested", rp::metadata{{"k1", rp::metadata{{"k2", rp::metadata{{"k3", i}}}}}}}};
    constexpr rp::observability_level seen[] = {rp::observability_level::response_only,
                                                rp::observability_level::tool_only,
                                                rp::observability_level::tool_and_side_effects};
    made.evidence.observability = seen[i % 3];
    if (i % 2 == 0) {
        made.evidence.injections.push_back({.payload_id = "p-" + std::to_string(i), .surface_name = "SharePoint"});
    }
    made.evidence.turns.reserve(static_cast<std::size_t>(s.turns));
    for (u64 j = 0; j < s.turns; ++j) made.evidence.turns.push_back(make_turn(i, j, s, made.status));
    return made;
}

/// The same as a session keeps it.
inline rp::basic_record<rp::result> make_record(u64 i, sizes const& s = usual) {
    auto value = make_result(i, s);
    rp::test_id test{nodeid(i)};
    auto name = std::string(rp::short_name(test));
    auto harm = value.harm_category;
    return {std::move(test), std::move(name), 0, 1, {}, std::move(harm), std::move(value)};
}

/// What test `i` says of itself where it is a trial.
inline rp::trial_spec make_trial_spec(u64 i) {
    return {.clone = rp::test_id{nodeid(i)}, .base = rp::test_id{base_id(i)}, .threshold = 0.8};
}

/// A session that has run tests `first` to `last - 1`.
inline rp::session make_session(sizes const& s, u64 first, u64 last,
                                rp::text_policy policy = rp::text_policy::escape) {
    rp::session made(policy);
    for (u64 i = first; i < last; ++i) {
        if (is_trial(i)) made.register_trial_spec(make_trial_spec(i));
        std::vector<rp::result> results;
        results.push_back(make_result(i, s));
        made.absorb(rp::test_id{nodeid(i)}, {}, std::move(results));
    }
    return made;
}
inline rp::session make_session(sizes const& s = usual) { return make_session(s, 0, s.results); }

/// FNV-1a with 64 bits over the texts and numbers of the first results: the same in every program that makes this
/// workload.
inline u64 checksum(sizes const& s, u64 count = 200) {
    u64 sum = 0xCBF29CE484222325U;
    auto const add = [&sum](std::string_view field) {
        auto const byte = [&sum](unsigned char c) { sum = (sum ^ c) * 0x100000001B3U; };
        for (char const c : field) byte(static_cast<unsigned char>(c));
        byte(0x1F);
    };
    for (u64 i = 0; i < count && i < s.results; ++i) {
        rp::result const r = make_result(i, s);
        add(nodeid(i));
        add(to_string(r.status));
        add(r.summary);
        add(r.harm_category);
        add(r.strategy);
        add(to_string(r.evidence.observability));
        add(std::to_string(hash(i, 0, 0) % 100000));
        for (rp::turn const& t : r.evidence.turns) {
            u64 const q = hash(i, static_cast<u64>(t.turn_number), 2);
            add(*t.request.prompt);
            add(t.response.text);
            add(std::to_string(q % 5000));
            add(std::to_string(q % 101));
            add(to_string(t.evaluation->outcome));
            add(t.evaluation->evidence.front());
            add(t.evaluation->rationale);
            add(t.driver_reasoning);
            for (rp::tool_call const& call : t.response.tool_calls) {
                add(call.name);
                add(call.arguments["body"].as_string());
            }
        }
    }
    return sum;
}

/// Texts of about 4096 bytes for what strips and escapes: plain ASCII; with letters of two and three bytes; with a
/// control sequence after every 32nd character.
inline std::string clean_text(u64 n) { return std::string(cut(mix(seed + 77 + n), 4096)); }
inline std::string unicode_text(u64 n) {
    std::string made;
    for (char const c : clean_text(n)) {
        if (c == 'e') {
            made += "\u00e9";
        } else if (c == 'o') {
            made += "\u6f22";
        } else {
            made += c;
        }
    }
    return made;
}
inline std::string dirty_text(u64 n) {
    // In two parts where a digit would go on with the escape before it.
    constexpr std::string_view dirt[] = {"\x1b[31m",
                                         "\x1b[0m",
                                         "\x1b[2J\x1b[H",
                                         "\x1b]8;;http://e.example\x07",
                                         "\x1b]0;title\x1b\\",
                                         "\x1bPq#0\x1b\\",
                                         "\xc2\x9b"
                                         "1m",
                                         "\x07",
                                         "\xc2\x84",
                                         "\x1b(B"};
    std::string const clean = clean_text(n);
    std::string made;
    for (std::size_t at = 0; at < clean.size(); at += 32) {
        made += clean.substr(at, 32);
        made += dirt[at / 32 % std::size(dirt)];
    }
    return made;
}

}  // namespace workload

#endif
