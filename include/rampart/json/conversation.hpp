#ifndef RAMPART_JSON_CONVERSATION_HPP
#define RAMPART_JSON_CONVERSATION_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/core/conversation.hpp"
#include "rampart/core/evaluation.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/status.hpp"
#include "rampart/core/timestamp.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/json/metadata.hpp"

/// \file
/// How each part of a conversation is written and read (wire format, A.1.1 and A.1.7). `write_json(w, part)` takes a
/// `json_writer` or a `json_builder`; `read_json_value(reader, value, part)` is its counterpart. They are used through
/// json/convert.hpp.

namespace rampart::inline v1 {

namespace detail {

// ---- lists and names ----

// Declared before the lists, whose templates would not find them later: the types stand in another namespace.
template <class W>
void write_json(W& w, payload const& v);
template <class W>
void write_json(W& w, tool_call const& v);
template <class W>
void write_json(W& w, side_effect const& v);
template <class W>
void write_json(W& w, turn const& v);
template <class W>
void write_json(W& w, injection_record const& v);
template <class W>
void write_json(W& w, trial_spec const& v);
inline bool read_json_value(field_reader& r, boost::json::value const& v, std::string& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, payload& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, tool_call& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, side_effect& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, turn& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, injection_record& out);

template <class W>
void write_json(W& w, std::string const& v) {
    w.string(v);
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, std::string& out) { return r.text(v, out); }

template <class W, class T>
void write_list(W& w, std::vector<T> const& list) {
    w.begin_array();
    for (T const& each : list) {
        write_json(w, each);
    }
    w.end_array();
}
/// A list that is not there is empty; what stands in its place has to be an array.
template <class T>
bool read_list(field_reader& r, boost::json::object const& o, std::string_view key, std::vector<T>& out) {
    return r.if_there(o, key, [&](auto const& list) {
        return r.each(list, [&](auto const& v) { return read_json_value(r, v, out.emplace_back()); });
    });
}
template <class T>
bool read_field(field_reader& r, boost::json::object const& o, std::string_view key, T& out) {
    return r.if_there(o, key, [&](auto const& v) { return read_json_value(r, v, out); });
}

template <class W>
void write_json(W& w, safety_status v) {
    w.string(to_string(v));
}
template <class W>
void write_json(W& w, observability_level v) {
    w.string(to_string(v));
}
template <class W>
void write_json(W& w, eval_outcome v) {
    w.string(to_string(v));
}
template <class W>
void write_json(W& w, payload_format v) {
    w.string(to_string(v));
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, safety_status& out) {
    return r.name(v, out, parse_safety_status, "safety status");
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, observability_level& out) {
    return r.name(v, out, parse_observability_level, "observability level");
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, eval_outcome& out) {
    return r.name(v, out, parse_eval_outcome, "evaluation outcome");
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, payload_format& out) {
    return r.name(v, out, parse_payload_format, "payload format");
}

template <class W>
void write_text_or_null(W& w, std::optional<std::string> const& text) {
    if (text) {
        w.string(*text);
    } else {
        w.null();
    }
}
/// `timestamp` holds only what a Python reader takes, because a bad one costs it the whole payload;
/// `write_odd_timestamp` writes any other text under a key that Python passes over.
template <class W>
void write_timestamp(W& w, std::optional<std::string> const& text, bool is_odd) {
    w.known_key("timestamp");
    if (text && !is_odd) {
        w.string(*text);
    } else {
        w.null();
    }
}
template <class W>
void write_odd_timestamp(W& w, std::optional<std::string> const& text, bool is_odd) {
    if (is_odd) {
        w.known_key("rampart_timestamp");
        w.string(*text);
    }
}
[[nodiscard]] inline bool is_odd_timestamp(std::optional<std::string> const& text) {
    return text && !is_timestamp(*text);
}

// ---- the parts of a turn ----

template <class W>
void write_json(W& w, payload const& v) {
    w.begin_object();
    w.known_key("content");
    w.string(v.content);
    w.known_key("id");
    w.string(v.id);
    w.known_key("format");
    w.string(to_string(v.format));
    w.known_key("artifact");
    write_text_or_null(w, v.artifact);
    w.known_key("metadata");
    write_json(w, v.meta);
    w.end_object();
}
/// An attachment is rebuilt as plain text without a file, because its file belongs to the machine of the worker. What
/// it was stands in its metadata: `_rampart_worker_format` when that was not `text`, and
/// `_rampart_worker_artifact_path` (B72). Such keys that are there already stay.
inline void note_origin(payload& out, std::string const& format, std::optional<std::string> const& artifact) {
    if (format != "text" && !out.meta.contains("_rampart_worker_format")) {
        out.meta.set("_rampart_worker_format", format);
    }
    if (artifact && !out.meta.contains("_rampart_worker_artifact_path")) {
        out.meta.set("_rampart_worker_artifact_path", *artifact);
    }
    out.format = payload_format::text;
    out.artifact.reset();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, payload& out) {
    auto const* const o = r.object(v);
    out.id.clear();
    std::string format = "text";
    std::optional<std::string> artifact;
    if (o == nullptr || !r.text_field(*o, "content", out.content) || !r.text_field(*o, "id", out.id) ||
        !r.text_field(*o, "format", format) || !r.text_field(*o, "artifact", artifact) ||
        !read_field(r, *o, "metadata", out.meta)) {
        return false;
    }
    note_origin(out, format, artifact);
    return true;
}

template <class W>
void write_json(W& w, tool_call const& v) {
    w.begin_object();
    w.known_key("name");
    w.string(v.name);
    w.known_key("arguments");
    write_json(w, v.arguments);
    w.known_key("result");
    write_text_or_null(w, v.result);
    bool const is_odd = is_odd_timestamp(v.timestamp);
    write_timestamp(w, v.timestamp, is_odd);
    write_odd_timestamp(w, v.timestamp, is_odd);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, tool_call& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && read_field(r, *o, "arguments", out.arguments) &&
           r.text_field(*o, "result", out.result) && r.timestamp(*o, out.timestamp);
}

template <class W>
void write_json(W& w, side_effect const& v) {
    w.begin_object();
    w.known_key("kind");
    w.string(v.kind);
    w.known_key("details");
    write_json(w, v.details);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, side_effect& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "kind", out.kind) && read_field(r, *o, "details", out.details);
}

template <class W>
void write_json(W& w, request const& v) {
    w.begin_object();
    w.known_key("prompt");
    write_text_or_null(w, v.prompt);
    w.known_key("attachments");
    write_list(w, v.attachments);
    w.end_object();
}
/// A request has a prompt or an attachment: with neither, the prompt becomes an empty text (wire format, A.1.7).
inline bool read_json_value(field_reader& r, boost::json::value const& v, request& out) {
    auto const* const o = r.object(v);
    if (o == nullptr || !r.text_field(*o, "prompt", out.prompt) || !read_list(r, *o, "attachments", out.attachments)) {
        return false;
    }
    if (!out.prompt && out.attachments.empty()) {
        out.prompt.emplace();
    }
    return true;
}

template <class W>
void write_json(W& w, response const& v) {
    w.begin_object();
    w.known_key("text");
    w.string(v.text);
    w.known_key("tool_calls");
    write_list(w, v.tool_calls);
    w.known_key("side_effects");
    write_list(w, v.side_effects);
    w.known_key("metadata");
    write_json(w, v.meta);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, response& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "text", out.text) && read_list(r, *o, "tool_calls", out.tool_calls) &&
           read_list(r, *o, "side_effects", out.side_effects) && read_field(r, *o, "metadata", out.meta);
}

template <class W>
void write_json(W& w, eval_result const& v) {
    w.begin_object();
    w.known_key("outcome");
    w.string(to_string(v.outcome));
    w.known_key("confidence");
    w.number(v.confidence);
    w.known_key("evidence");
    write_list(w, v.evidence);
    w.known_key("rationale");
    w.string(v.rationale);
    w.end_object();
}
/// A confidence that is missing or null is 0: nobody vouched for this evaluation (wire format, B3).
inline bool read_json_value(field_reader& r, boost::json::value const& v, eval_result& out) {
    auto const* const o = r.object(v);
    out.confidence = 0.0;
    return o != nullptr &&
           r.required(*o, "outcome", [&](auto const& f) { return read_json_value(r, f, out.outcome); }) &&
           r.number_field(*o, "confidence", out.confidence) && read_list(r, *o, "evidence", out.evidence) &&
           r.text_field(*o, "rationale", out.rationale);
}

template <class W>
void write_json(W& w, turn const& v) {
    w.begin_object();
    w.known_key("request");
    write_json(w, v.request);
    w.known_key("response");
    write_json(w, v.response);
    w.known_key("eval_result");
    if (v.evaluation) {
        write_json(w, *v.evaluation);
    } else {
        w.null();
    }
    w.known_key("turn_number");
    w.integer(v.turn_number);
    bool const is_odd = is_odd_timestamp(v.timestamp);
    write_timestamp(w, v.timestamp, is_odd);
    w.known_key("driver_reasoning");
    w.string(v.driver_reasoning);
    write_odd_timestamp(w, v.timestamp, is_odd);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, turn& out) {
    auto const* const o = r.object(v);
    return o != nullptr &&
           r.required(*o, "request", [&](auto const& f) { return read_json_value(r, f, out.request); }) &&
           r.required(*o, "response", [&](auto const& f) { return read_json_value(r, f, out.response); }) &&
           r.if_there(*o, "eval_result",
                      [&](auto const& f) { return f.is_null() || read_json_value(r, f, out.evaluation.emplace()); }) &&
           r.if_there(*o, "turn_number", [&](auto const& f) { return r.integer(f, out.turn_number); }) &&
           r.timestamp(*o, out.timestamp) && r.text_field(*o, "driver_reasoning", out.driver_reasoning);
}

template <class W>
void write_json(W& w, injection_record const& v) {
    w.begin_object();
    w.known_key("payload_id");
    write_text_or_null(w, v.payload_id);
    w.known_key("surface_name");
    w.string(v.surface_name);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, injection_record& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "payload_id", out.payload_id) &&
           r.text_field(*o, "surface_name", out.surface_name);
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_CONVERSATION_HPP
