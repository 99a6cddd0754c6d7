#ifndef RAMPART_JSON_CONVERT_HPP
#define RAMPART_JSON_CONVERT_HPP

#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include "rampart/core/result.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/json/build.hpp"
#include "rampart/json/conversation.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"

/// \file
/// The core's types as JSON, through Boost.JSON's own customisation points: `boost::json::value_from(result)` and
/// `boost::json::value_to<rampart::result>(value)` work, and a result type of the user's own crosses processes when the
/// same two work for it.

namespace rampart::inline v1 {

/// Evidence that can be written as JSON and read back.
template <class E>
concept PortableEvidence =
    std::copyable<E> && boost::json::has_value_from<E>::value && boost::json::has_value_to<E>::value;

namespace detail {

template <class T>
inline constexpr bool is_basic_result = false;
template <class E>
inline constexpr bool is_basic_result<basic_result<E>> = true;

/// The types that this header converts. A closed list: an open one would also take what merely converts to one of them.
template <class T>
concept CoreType = std::same_as<T, metadata> || std::same_as<T, metadata_value> || std::same_as<T, payload> ||
    std::same_as<T, tool_call> || std::same_as<T, side_effect> || std::same_as<T, request> ||
    std::same_as<T, response> || std::same_as<T, turn> || std::same_as<T, eval_result> ||
    std::same_as<T, injection_record> || std::same_as<T, transcript> || std::same_as<T, test_id> ||
    std::same_as<T, trial_spec> || std::same_as<T, safety_status> || std::same_as<T, observability_level> ||
    std::same_as<T, eval_outcome> || std::same_as<T, payload_format>;

template <class W>
void write_json(W& w, test_id const& v) {
    w.string(v.str());
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, test_id& out) {
    std::string text;
    if (!r.text(v, text)) {
        return false;
    }
    out = test_id(std::move(text));
    return true;
}

template <class W>
void write_json(W& w, trial_spec const& v) {
    w.begin_object();
    w.known_key("clone_nodeid");
    w.string(v.clone.str());
    w.known_key("base_nodeid");
    w.string(v.base.str());
    w.known_key("threshold");
    // Python writes 0.0 for a threshold that is no number (wire format, A.1.1).
    w.number(std::isfinite(v.threshold) ? v.threshold : 0.0);
    w.end_object();
}
/// Both ids have to be there and not empty; a missing threshold is 0 (wire format, A.1.7).
inline bool read_json_value(field_reader& r, boost::json::value const& v, trial_spec& out) {
    auto const* const o = r.object(v);
    auto const id = [&](test_id& to) {
        return [&](boost::json::value const& field) {
            return read_json_value(r, field, to) &&
                   (!to.empty() || r.fail(shard_errc::unknown_value, "the id of a test is not empty"));
        };
    };
    out.threshold = 0.0;
    return o != nullptr && r.required(*o, "clone_nodeid", id(out.clone)) &&
           r.required(*o, "base_nodeid", id(out.base)) && r.number_field(*o, "threshold", out.threshold);
}

/// The parts of a result, as references to wherever they stand: the wire form of every result type has the same
/// members.
struct result_view {
    safety_status status;
    std::string_view summary;
    transcript const* evidence;  ///< null: written as one without turns
    double duration_seconds;
    std::string_view harm_category;  ///< empty: null
    std::string_view strategy;
};

/// The members of a result up to the last one of Python's, `metadata`, whose value `write_metadata()` writes.
template <class W, class F>
void write_result_members(W& w, result_view const& v, F write_metadata) {
    transcript const none{};
    transcript const& evidence = v.evidence == nullptr ? none : *v.evidence;
    w.known_key("safe");
    w.boolean(v.status == safety_status::safe);
    w.known_key("status");
    w.string(to_string(v.status));
    w.known_key("summary");
    w.string(v.summary);
    w.known_key("turns");
    write_list(w, evidence.turns);
    w.known_key("duration_seconds");
    w.number(v.duration_seconds);
    w.known_key("harm_category");
    if (v.harm_category.empty()) {
        w.null();
    } else {
        w.string(v.harm_category);
    }
    w.known_key("strategy");
    w.string(v.strategy);
    w.known_key("observability_level");
    w.string(to_string(evidence.observability));
    w.known_key("injections");
    write_list(w, evidence.injections);
    w.known_key("metadata");
    write_metadata();
}

/// The conversation part of a result's members; as an object of its own it has just these.
template <class W>
void write_json(W& w, transcript const& v) {
    w.begin_object();
    w.known_key("turns");
    write_list(w, v.turns);
    w.known_key("observability_level");
    w.string(to_string(v.observability));
    w.known_key("injections");
    write_list(w, v.injections);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, transcript& out) {
    auto const* const o = r.object(v);
    return o != nullptr && read_list(r, *o, "turns", out.turns) &&
           r.required(*o, "observability_level",
                      [&](auto const& field) { return read_json_value(r, field, out.observability); }) &&
           read_list(r, *o, "injections", out.injections);
}

template <class W, class E>
void write_json(W& w, basic_result<E> const& v) {
    transcript const* evidence = nullptr;
    if constexpr (std::same_as<E, transcript>) {
        evidence = &v.evidence;
    }
    w.begin_object();
    write_result_members(w, {v.status, v.summary, evidence, v.duration_seconds, v.harm_category, v.strategy},
                         [&] { write_json(w, v.meta); });
    if constexpr (!std::same_as<E, transcript>) {
        w.known_key("rampart_evidence");
        w.value(boost::json::value_from(v.evidence));
    }
    w.end_object();
}

/// A record that the writer replaced because it was over its cap (wire format, A.3).
[[nodiscard]] inline bool is_truncated_record(boost::json::value const& v) noexcept {
    auto const* const o = v.if_object();
    auto const* const mark = o == nullptr ? nullptr : o->if_contains("rampart_truncated");
    return mark != nullptr && mark->is_bool() && mark->get_bool();
}

template <class E>
bool read_json_value(field_reader& r, boost::json::value const& v, basic_result<E>& out) {
    auto const* const o = r.object(v);
    bool good =
        o != nullptr && r.required(*o, "status", [&](auto const& f) { return read_json_value(r, f, out.status); }) &&
        r.text_field(*o, "summary", out.summary) && r.number_field(*o, "duration_seconds", out.duration_seconds) &&
        r.if_there(*o, "harm_category", [&](auto const& f) { return f.is_null() || r.text(f, out.harm_category); }) &&
        r.text_field(*o, "strategy", out.strategy) &&
        r.if_there(*o, "metadata", [&](auto const& f) { return read_json_value(r, f, out.meta); });
    if constexpr (std::same_as<E, transcript>) {
        return good && read_json_value(r, v, out.evidence);
    } else {
        if (good && o->contains("rampart_evidence")) {
            std::optional<E> evidence;
            good = r.if_there(*o, "rampart_evidence", [&](auto const& f) { return convert_user_type(r, f, evidence); });
            if (good) {
                out.evidence = std::move(*evidence);
            }
            return good;
        }
        return good &&
               (is_truncated_record(v) ||
                r.fail(shard_errc::missing_field, "there is no 'rampart_evidence', which this result type needs"));
    }
}

}  // namespace detail

/// Boost.JSON's customisation points for the core's types. Reading throws a `shard_exception` for a value of another
/// shape; `from_json` gives an error instead.
template <detail::CoreType T>
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, T const& v) {
    detail::json_builder builder(out.storage());
    detail::write_json(builder, v);
    out = builder.take();
}
template <detail::CoreType T>
T tag_invoke(boost::json::value_to_tag<T>, boost::json::value const& v) {
    T made{};
    detail::field_reader reader;
    if (!detail::read_json_value(reader, v, made)) {
        throw shard_exception(std::move(reader.error));
    }
    return made;
}
template <class E>
    requires(std::same_as<E, transcript> || PortableEvidence<E>)
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, basic_result<E> const& v) {
    detail::json_builder builder(out.storage());
    detail::write_json(builder, v);
    out = builder.take();
}
template <class E>
    requires(std::same_as<E, transcript> || PortableEvidence<E>)
basic_result<E> tag_invoke(boost::json::value_to_tag<basic_result<E>>, boost::json::value const& v) {
    basic_result<E> made{};
    detail::field_reader reader;
    if (!detail::read_json_value(reader, v, made)) {
        throw shard_exception(std::move(reader.error));
    }
    return made;
}

/// A result that can cross processes: `boost::json::value_from` and `boost::json::value_to` work for it.
///
/// For a type of your own write the two `tag_invoke` functions of Boost.JSON beside it. What they throw becomes a bad
/// record. A NaN or infinity is written as null, and an integer beyond 64 bits comes back as the nearest double.
template <class R>
concept PortableResult = Result<R> && boost::json::has_value_from<R>::value && boost::json::has_value_to<R>::value;

static_assert(PortableResult<result>);

/// A value as a tree; the same as `boost::json::value_from`.
template <class T>
[[nodiscard]] boost::json::value to_json(T const& v) {
    return boost::json::value_from(v);
}

/// Reads a value without coercion (wire format, B3): a field of another type is an error with a JSON Pointer, which
/// begins with `pointer`. A missing field takes its default, if it has one; unknown keys are passed over.
template <class T>
[[nodiscard]] expected<T> from_json(boost::json::value const& v, std::string pointer = {}) {
    detail::field_reader reader(std::move(pointer));
    if constexpr (detail::CoreType<T> || detail::is_basic_result<T>) {
        T made{};
        if (!detail::read_json_value(reader, v, made)) {
            return std::move(reader.error);
        }
        return made;
    } else {
        std::optional<T> made;
        if (!detail::convert_user_type(reader, v, made)) {
            return std::move(reader.error);
        }
        return std::move(*made);
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_CONVERT_HPP
