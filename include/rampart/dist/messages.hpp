#ifndef RAMPART_DIST_MESSAGES_HPP
#define RAMPART_DIST_MESSAGES_HPP

#include "rampart/core/metadata.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/frame.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/json/read.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/transport/record_read.hpp"
#include "rampart/transport/record_write.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// What the frames between controller and worker say. The payload of a `result` frame is an envelope of one result
/// (wire format, A.3), which is read where the session is; `list` and `finish` frames are empty.

namespace rampart::inline v1::dist {

/// A change of what the frames say changes this number: a worker over ssh may be of another build.
inline constexpr int protocol_version = 2;

/// A worker has found its tests.
struct hello_message {
    static constexpr frame_kind kind = frame_kind::hello;
    int version = protocol_version;  ///< the worker's protocol_version
    std::string list_hash{};
    std::uint32_t tests = 0;
    std::int64_t pid = 0;
    std::vector<std::string> remarks{};  ///< for the person at the controller
};
/// The ids of its tests, sorted.
struct ids_message {
    static constexpr frame_kind kind = frame_kind::ids;
    std::vector<std::string> ids{};
};
/// A worker begins a test.
struct start_message {
    static constexpr frame_kind kind = frame_kind::start;
    test_number test = 0;
};
/// A test has ended by itself.
struct end_message {
    static constexpr frame_kind kind = frame_kind::end;
    test_number test = 0;
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::uint32_t results = 0;
    std::vector<fault> faults{};        ///< what went missing since the last such message
    std::string detail{};               ///< why it failed, where no assertion tells
    std::vector<std::string> unused{};  ///< of a trial: resources that it declares and did not use
};
/// A worker says goodbye; nothing more comes from it.
struct bye_message {
    static constexpr frame_kind kind = frame_kind::bye;
    std::vector<fault> faults{};
    metadata output{};  ///< what the worker's set-up hook wants to hand to the controller
    std::vector<std::string> remarks{};  ///< for the person at the controller
};
/// The controller wants a test run.
struct run_message {
    static constexpr frame_kind kind = frame_kind::run;
    test_number test = 0;
    std::uint32_t attempt = 1;
};

namespace detail {

using namespace rampart::detail;  // the readers and writers of floors 4 and 5

inline void write_faults(json_writer& w, std::vector<fault> const& faults) {
    if (faults.empty()) return;
    w.key("faults");
    w.begin_array();
    for (fault const& f : faults) write_fault(w, f);
    w.end_array();
}
inline bool read_faults(field_reader& reader, boost::json::object const& o, std::vector<fault>& faults) {
    return reader.if_there(o, "faults", [&](auto const& list) {
        return reader.each(list, [&](auto const& v) { return read_fault(reader, v, faults.emplace_back()); });
    });
}
template <class Int>
bool read_integer(field_reader& reader, boost::json::object const& o, std::string_view key, Int& to) {
    return reader.required(o, key, [&](auto const& v) { return reader.integer(v, to, 0); });
}

inline void write_texts(json_writer& w, std::string_view key, std::vector<std::string> const& texts) {
    w.key(key);
    w.begin_array();
    for (std::string const& text : texts) w.string(text);
    w.end_array();
}
template <class Value>
bool read_texts(field_reader& reader, Value const& list, std::vector<std::string>& texts) {
    return reader.each(list, [&](auto const& v) { return reader.text(v, texts.emplace_back()); });
}

inline void write_members(json_writer& w, hello_message const& m) {
    w.member("version", m.version);
    w.member("list_hash", m.list_hash);
    w.member("tests", m.tests);
    w.member("pid", m.pid);
    if (!m.remarks.empty()) write_texts(w, "remarks", m.remarks);
}
inline bool read_members(field_reader& reader, boost::json::object const& o, hello_message& m) {
    if (!read_integer(reader, o, "version", m.version)) return false;
    if (m.version != protocol_version) {
        return reader.fail(shard_errc::unknown_value, "the worker speaks version " + std::to_string(m.version) +
                                                          " of this protocol, the controller version " +
                                                          std::to_string(protocol_version) +
                                                          ": they are of different builds");
    }
    return reader.text_field(o, "list_hash", m.list_hash) && read_integer(reader, o, "tests", m.tests) &&
           read_integer(reader, o, "pid", m.pid) &&
           reader.if_there(o, "remarks", [&](auto const& list) { return read_texts(reader, list, m.remarks); });
}

inline void write_members(json_writer& w, ids_message const& m) { write_texts(w, "ids", m.ids); }
inline bool read_members(field_reader& reader, boost::json::object const& o, ids_message& m) {
    return reader.required(o, "ids", [&](auto const& list) { return read_texts(reader, list, m.ids); });
}

inline void write_members(json_writer& w, start_message const& m) { w.member("test", m.test); }
inline bool read_members(field_reader& reader, boost::json::object const& o, start_message& m) {
    return read_integer(reader, o, "test", m.test);
}

inline void write_members(json_writer& w, end_message const& m) {
    w.member("test", m.test);
    w.member("outcome", to_string(m.outcome));
    w.member("seconds", m.seconds);
    w.member("results", m.results);
    write_faults(w, m.faults);
    if (!m.detail.empty()) w.member("detail", m.detail);
    if (!m.unused.empty()) write_texts(w, "unused", m.unused);
}
inline bool read_members(field_reader& reader, boost::json::object const& o, end_message& m) {
    return read_integer(reader, o, "test", m.test) && read_integer(reader, o, "results", m.results) &&
           reader.required(
               o, "outcome",
               [&](auto const& v) { return reader.name(v, m.outcome, parse_test_outcome, "test outcome"); }) &&
           reader.number_field(o, "seconds", m.seconds) && read_faults(reader, o, m.faults) &&
           reader.if_there(o, "detail", [&](auto const& v) { return reader.text(v, m.detail); }) &&
           reader.if_there(o, "unused", [&](auto const& list) { return read_texts(reader, list, m.unused); });
}

inline void write_members(json_writer& w, bye_message const& m) {
    write_faults(w, m.faults);
    w.key("output");
    write_json(w, m.output);
    if (!m.remarks.empty()) write_texts(w, "remarks", m.remarks);
}
inline bool read_members(field_reader& reader, boost::json::object const& o, bye_message& m) {
    return read_faults(reader, o, m.faults) &&
           reader.if_there(o, "output", [&](auto const& v) { return read_json_value(reader, v, m.output); }) &&
           reader.if_there(o, "remarks", [&](auto const& list) { return read_texts(reader, list, m.remarks); });
}

inline void write_members(json_writer& w, run_message const& m) {
    w.member("test", m.test);
    w.member("attempt", m.attempt);
}
inline bool read_members(field_reader& reader, boost::json::object const& o, run_message& m) {
    return read_integer(reader, o, "test", m.test) && read_integer(reader, o, "attempt", m.attempt);
}

}  // namespace detail

/// A message as a frame.
template <class Message>
[[nodiscard]] frame to_frame(Message const& m) {
    frame f{Message::kind, {}};
    json_writer w(f.payload, json_style::compact);
    w.begin_object();
    detail::write_members(w, m);
    w.end_object();
    return f;
}

/// Reads what a frame says. Gives what is wrong with it, or nothing.
template <class Message>
[[nodiscard]] std::string read_frame(frame const& f, Message& m) {
    auto const document = read_json(f.payload, {max_frame_bytes, 512});
    if (!document) return document.error().message();
    detail::field_reader reader;
    auto const* const object = reader.object(document->root());
    if (object == nullptr || !detail::read_members(reader, *object, m)) return reader.error.message();
    return {};
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_MESSAGES_HPP
