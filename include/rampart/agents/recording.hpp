#ifndef RAMPART_AGENTS_RECORDING_HPP
#define RAMPART_AGENTS_RECORDING_HPP

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/utf8.hpp"
#include "rampart/core/conversation.hpp"
#include "rampart/core/manifest.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/status.hpp"
#include "rampart/json/conversation.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"

/// \file
/// Conversations with an agent, kept in a file, so that a suite can run without the agent.
///
/// The file is JSON lines: ASCII, one JSON object and a line feed each. The first line says what the agent is:
///
///     {"format": "rampart.recording.v1", "observability": "tool_only", "manifest": null}
///
/// `manifest` is the adapter's `app_manifest` with the names of its members, `meta` being `metadata`; null: it has
/// none. Each further line is an event, in the order in which things happened. `conversation` counts the calls of
/// `create_session` from 0, `turn` the requests of a conversation from 0:
///
///     {"event": "begin", "conversation": 0}
///     {"event": "exchange", "conversation": 0, "turn": 0, "request": {...}, "response": {...}}
///     {"event": "failed", "conversation": 0, "turn": 1, "request": {...}, "error": {"type": "...", "message": "..."}}
///     {"event": "end", "conversation": 0}
///     {"event": "refused", "conversation": 1, "error": {"type": "...", "message": "..."}}
///
/// `failed`: the agent's `send` threw. `refused`: `create_session` did. `request` and `response` are spelt as in a
/// worker's payload (wire format, A.1.1); metadata deeper than 6 is a text there, and NaN and infinities are null. Text
/// that is no UTF-8 is kept with U+FFFD in place of each ill-formed part.
///
/// agents/recording_agent.hpp writes the file, agents/read_recording.hpp reads it, agents/replay.hpp answers from it.

namespace rampart::inline v1 {

/// The first line's `format`.
inline constexpr std::string_view recording_format = "rampart.recording.v1";

/// What is compared of an attachment. Its id is not: one that nobody chose is a different one in each run. Of a file
/// only the name counts, because the folder belongs to the machine.
struct recorded_attachment {
    std::string content{};
    payload_format format = payload_format::text;
    std::optional<std::string> file{};  ///< the artifact's name, without its folder
    std::string meta = "{}";            ///< as JSON
    friend bool operator==(recorded_attachment const&, recorded_attachment const&) = default;
};

/// What is compared of a request.
struct recorded_request {
    std::optional<std::string> prompt{};
    std::vector<recorded_attachment> attachments{};
    friend bool operator==(recorded_request const&, recorded_request const&) = default;
};

/// What the agent threw.
struct recorded_error {
    std::string type{};  ///< of the exception, as people write it
    std::string message{};
    friend bool operator==(recorded_error const&, recorded_error const&) = default;
};

/// One request, and the answer or the error.
struct recorded_exchange {
    recorded_request request{};
    rampart::response response{};
    std::optional<recorded_error> error{};  ///< there is no response then
    friend bool operator==(recorded_exchange const&, recorded_exchange const&) = default;
};

/// One conversation of a recording, from `create_session` on.
struct recorded_conversation {
    std::vector<recorded_exchange> exchanges{};
    std::optional<recorded_error> refused{};  ///< it never began
    bool has_ended = false;                   ///< false: the recording stopped in the middle of it
    friend bool operator==(recorded_conversation const&, recorded_conversation const&) = default;
};

/// All of a recording.
struct recording {
    observability_level observability = observability_level::response_only;
    std::optional<app_manifest> manifest{};
    std::map<int, recorded_conversation> conversations{};  ///< by number; one that is not there was never begun
    friend bool operator==(recording const&, recording const&) = default;
};

namespace detail {

struct repair_text {
    void operator()(std::string& text) const {
        if (!is_valid_utf8(text)) text = repair_utf8(text);
    }
};

/// The request and response of a turn in well-formed UTF-8. Keys that become equal by it stay apart, so that none gets
/// lost in the file.
inline void make_well_formed(turn& exchange) {
    transcript t;
    t.turns.push_back(std::move(exchange));
    repair_text repair;
    for_each_text(t, repair);
    exchange = std::move(t.turns.front());
}

inline void make_well_formed(app_manifest& m) {
    repair_text repair;
    for (tool_declaration& tool : m.tools) for_each_text(tool.parameters, repair);
    for_each_text(m.meta, repair);
}

/// The last part of a path of this system or of another.
[[nodiscard]] inline std::string file_name_of(std::string_view path) {
    std::size_t const slash = path.find_last_of("/\\");
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

template <class W>
void write_json(W& w, app_manifest const& m) {
    w.begin_object();
    w.member("name", m.name);
    w.member("description", m.description);
    w.key("tools");
    w.begin_array();
    for (tool_declaration const& tool : m.tools) {
        w.begin_object();
        w.member("name", tool.name);
        w.member("description", tool.description);
        w.key("parameters");
        write_json(w, tool.parameters);
        w.key("permissions");
        write_list(w, tool.permissions);
        w.end_object();
    }
    w.end_array();
    w.key("data_sources");
    w.begin_array();
    for (data_source const& source : m.data_sources) {
        w.begin_object();
        w.member("name", source.name);
        w.member("type", source.type);
        w.member("writable_by_untrusted", source.writable_by_untrusted);
        w.end_object();
    }
    w.end_array();
    w.key("metadata");
    write_json(w, m.meta);
    w.end_object();
}

template <class T>
[[nodiscard]] std::string json_text(T const& v) {
    std::string text;
    json_writer w(text);
    write_json(w, v);
    return text;
}

inline bool read_json_value(field_reader& r, boost::json::value const& v, bool& out) {
    auto const* const found = v.if_bool();
    if (found == nullptr) return r.wrong_type("true or false", v);
    out = *found;
    return true;
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, tool_declaration& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && r.text_field(*o, "description", out.description) &&
           read_field(r, *o, "parameters", out.parameters) && read_list(r, *o, "permissions", out.permissions);
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, data_source& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && r.text_field(*o, "type", out.type) &&
           read_field(r, *o, "writable_by_untrusted", out.writable_by_untrusted);
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, app_manifest& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && r.text_field(*o, "description", out.description) &&
           read_list(r, *o, "tools", out.tools) && read_list(r, *o, "data_sources", out.data_sources) &&
           read_field(r, *o, "metadata", out.meta);
}

}  // namespace detail

/// What is compared of a request that is asked now.
[[nodiscard]] inline recorded_request to_recorded(request const& asked) {
    turn repaired{.request = asked};
    detail::make_well_formed(repaired);
    recorded_request made{.prompt = std::move(repaired.request.prompt)};
    for (payload& p : repaired.request.attachments) {
        recorded_attachment attachment{
            .content = std::move(p.content), .format = p.format, .meta = detail::json_text(p.meta)};
        if (p.artifact) attachment.file = detail::file_name_of(*p.artifact);
        made.attachments.push_back(std::move(attachment));
    }
    return made;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_AGENTS_RECORDING_HPP
