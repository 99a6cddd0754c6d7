#ifndef RAMPART_SINKS_JSON_RECORD_HPP
#define RAMPART_SINKS_JSON_RECORD_HPP

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include "rampart/core/conversation.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/core/result.hpp"
#include "rampart/json/conversation.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/metadata.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/record.hpp"

/// \file
/// One result as the JSON report has it, see sinks/json_file.hpp.

namespace rampart::inline v1::detail {

/// To the depth that crosses processes, so that a run in one process and one in many give the same report (wire format,
/// B5).
inline void write_metadata(json_writer& w, std::string_view key, metadata const& object) {
    w.key(key);
    write_json(w, object);
}

inline void write_tool_call(json_writer& w, tool_call const& call) {
    w.begin_object();
    w.member("name", call.name);
    write_metadata(w, "arguments", call.arguments);
    w.member("result", call.result);
    if (call.timestamp) w.member("timestamp", *call.timestamp);
    w.end_object();
}

template <class T>
void write_any(json_writer& w, T const& v) {
    write_json(w, v);
}

/// A key with a list of what `write_one` writes; nothing at all for an empty list.
template <class T, class F, class Drain>
void write_list_if_any(json_writer& w, std::string_view key, std::vector<T> const& list, F write_one, Drain& drain) {
    if (list.empty()) return;
    w.key(key);
    w.begin_array();
    for (T const& each : list) {
        write_one(w, each);
        drain();
    }
    w.end_array();
}

/// An attachment as the test gave it, also when it came through a worker's payload, which keeps its format and its file
/// in its metadata (B72): so that a run in one process and one in many give the same report.
inline void write_attachment(json_writer& w, payload const& p) {
    constexpr std::string_view format_key = "_rampart_worker_format";
    constexpr std::string_view artifact_key = "_rampart_worker_artifact_path";
    auto const* const format = p.meta[format_key].if_string();
    auto const known = format == nullptr || p.format != payload_format::text ? std::nullopt
                                                                             : parse_payload_format(*format);
    auto const* const artifact = p.artifact ? nullptr : p.meta[artifact_key].if_string();
    w.begin_object();
    w.member("content", p.content);
    w.member("id", p.id);
    w.member("format", to_string(known ? *known : p.format));
    w.key("artifact");
    artifact != nullptr ? w.string(*artifact) : write_text_or_null(w, p.artifact);
    w.key("metadata");
    w.begin_object();
    bool drops_format = known.has_value();
    bool drops_artifact = artifact != nullptr;
    for (metadata_member const& m : p.meta) {
        if (drops_format && m.key == format_key) {
            drops_format = false;
        } else if (drops_artifact && m.key == artifact_key) {
            drops_artifact = false;
        } else {
            w.key(m.key);
            write_limited(w, m.value, 0);
        }
    }
    w.end_object();
    w.end_object();
}

template <class Drain>
void write_turn(json_writer& w, turn const& t, Drain& drain) {
    w.begin_object();
    w.member("turn_number", t.turn_number);
    w.member("prompt", t.request.prompt);
    w.member("response_text", t.response.text);
    write_metadata(w, "response_metadata", t.response.meta);
    write_list_if_any(w, "tool_calls", t.response.tool_calls, write_tool_call, drain);
    write_list_if_any(w, "side_effects", t.response.side_effects, write_any<side_effect>, drain);
    if (t.evaluation) {
        w.member("eval_outcome", to_string(t.evaluation->outcome));
        w.member("eval_confidence", t.evaluation->confidence);
        w.member("eval_rationale", t.evaluation->rationale);
    }
    if (!t.driver_reasoning.empty()) w.member("driver_reasoning", t.driver_reasoning);
    write_list_if_any(w, "attachments", t.request.attachments, write_attachment, drain);
    if (t.timestamp) w.member("timestamp", *t.timestamp);
    if (t.evaluation) {
        write_list_if_any(
            w, "eval_evidence", t.evaluation->evidence,
            [](json_writer& out, std::string const& text) { out.string(text); }, drain);
    }
    w.end_object();
}

/// The user's metadata and the bookkeeping keys, which replace a key of the user's at its place (wire format, A.1.2).
template <Result R>
void write_record_metadata(json_writer& w, metadata const& users, basic_record<R> const& r) {
    constexpr std::string_view names[] = {"_pytest_test_name", "_pytest_nodeid", "_rampart_result_index",
                                          "_rampart_source_worker"};
    bool written[] = {false, false, false, r.worker.empty()};
    auto const write = [&](std::size_t which) {
        written[which] = true;
        w.key(names[which]);
        which == 0   ? w.string(r.test_name)
        : which == 1 ? w.string(r.test.str())
        : which == 2 ? w.integer(r.index)
                     : w.string(r.worker);
    };
    w.begin_object();
    for (metadata_member const& m : users) {
        std::size_t which = 0;
        while (which < 4 && (written[which] || m.key != names[which])) ++which;
        if (which < 4) {
            write(which);
        } else {
            w.key(m.key);
            write_limited(w, m.value, 0);
        }
    }
    for (std::size_t which = 0; which < 4; ++which) {
        if (!written[which]) write(which);
    }
    w.end_object();
}

/// A conversion of the user's own that throws costs this key only, and says so under `value_error`.
template <class R>
void write_own_value(json_writer& w, R const& value) {
    boost::json::value converted;
    std::string problem;
    try {
        converted = boost::json::value_from(value);
    } catch (std::exception const& e) {
        problem = std::string("the conversion threw: ") + e.what();
    } catch (...) {
        problem = "the conversion threw something that is no std::exception";
    }
    if (problem.empty()) {
        w.member("value", converted);
    } else {
        w.member("value_error", problem);
    }
}

template <Result R, class Drain>
void write_record(json_writer& w, basic_record<R> const& r, Drain& drain) {
    using traits = result_traits<R>;
    transcript const* const evidence = transcript_of(r.value);
    auto const status = traits::status(r.value);
    w.begin_object();
    w.member("safe", status == safety_status::safe);
    w.member("status", to_string(status));
    w.member("summary", std::string_view(traits::summary(r.value)));
    w.key("harm_category");
    r.harm_category.empty() ? w.null() : w.string(r.harm_category);
    if constexpr (requires { traits::strategy(r.value); }) {
        w.member("strategy", std::string_view(traits::strategy(r.value)));
    } else {
        w.member("strategy", "");
    }
    w.member("duration_seconds", duration_of(r.value));
    w.key("metadata");
    if constexpr (requires { traits::meta(r.value); }) {
        write_record_metadata(w, traits::meta(r.value), r);
    } else {
        write_record_metadata(w, metadata{}, r);
    }
    w.key("turns");
    w.begin_array();
    if (evidence != nullptr) {
        for (turn const& t : evidence->turns) {
            write_turn(w, t, drain);
            drain();
        }
    }
    w.end_array();
    w.member("nodeid", r.test.str());
    w.key("observability_level");
    evidence == nullptr ? w.null() : w.string(to_string(evidence->observability));
    w.key("injections");
    w.begin_array();
    if (evidence != nullptr) {
        for (injection_record const& i : evidence->injections) write_json(w, i);
    }
    w.end_array();
    if (r.attempt != 1) w.member("attempt", r.attempt);
    if constexpr (boost::json::has_value_from<R>::value) {
        if (evidence == nullptr) write_own_value(w, r.value);
    }
    w.end_object();
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_SINKS_JSON_RECORD_HPP
