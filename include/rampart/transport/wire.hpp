#ifndef RAMPART_TRANSPORT_WIRE_HPP
#define RAMPART_TRANSPORT_WIRE_HPP

#include <string>
#include <string_view>
#include <utility>

#include "rampart/base/text.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/read.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/session/washing.hpp"
#include "rampart/transport/plain_read.hpp"
#include "rampart/transport/wire_format.hpp"
#include "rampart/transport/wire_read.hpp"
#include "rampart/transport/wire_write.hpp"

/// \file
/// What one process learnt, as bytes: the payload `rampart.xdist.v1`, which the Python package writes and reads too.
/// How the bytes travel is the runner's business: a file, a pipe, a CI artefact.

namespace rampart::inline v1 {

namespace detail {

/// Puts every text of a shard through a policy, as a session does when it takes one in.
template <Result R>
void apply_policy(text_policy policy, basic_shard<R>& to) {
    if (policy == text_policy::keep) return;
    for (auto& r : to.records) {
        wash_head(policy, r);
        wash_value(policy, r.value);
    }
    for (test_entry& t : to.tests) wash(policy, t);
    for (trial_spec& s : to.trial_specs) wash(policy, s);
    wash(policy, to.worker);
    for (shard_plan& p : to.plans) wash(policy, p);
    for (fault& f : to.faults) wash(policy, f);
}

/// `deserialize_worker_data` with a text policy of the caller's choice.
template <PortableResult R>
[[nodiscard]] expected<basic_shard<R>> read_payload(std::string_view bytes, wire_limits const& limits,
                                                    text_policy policy) {
    basic_shard<R> made;
    if (read_plain_payload(made, bytes, limits)) {
        apply_policy(policy, made);
        return made;
    }
    auto document = read_json(bytes, {limits.max_bytes, limits.max_depth}, "results_by_nodeid");
    if (!document) {
        return std::move(document).error();
    }
    payload_reader<R> reader(made, limits);
    if (!reader.read(document->root())) {
        return std::move(reader.error);
    }
    for (fault& note : document->notes) {
        made.faults.push_back(std::move(note));
    }
    apply_policy(policy, made);
    return made;
}

}  // namespace detail

/// Writes what a session knows (wire format, A.1).
///
/// Tests stand in the byte order of their ids, a test without results as an empty array, further attempts behind the
/// earlier ones. For a session that Python could have filled the bytes are Python's own; what its format has no place
/// for (outcomes, attempts, faults, a result type of the user's own) stands under keys that begin with `rampart_` and
/// that Python passes over (wire format, B13).
///
/// A result over `max_record_bytes`, or one whose conversion throws, is replaced by an ERROR record, and a fault in the
/// payload names its test. A payload over `max_bytes` gives the error `payload_too_large`: carry `truncation_marker`
/// then, or call `serialize_or_marker` at once.
template <PortableResult R>
[[nodiscard]] expected<std::string> serialize_worker_data(basic_session<R> const& from, wire_limits limits = {}) {
    std::string text = detail::payload_writer<R>(from, limits).write();
    if (text.size() > limits.max_bytes) {
        return shard_error{shard_errc::payload_too_large,
                           {},
                           "the payload has " + std::to_string(text.size()) + " bytes, over the limit of " +
                               std::to_string(limits.max_bytes)};
    }
    return text;
}

/// Writes what a session knows, or the truncation marker when that is over `max_bytes` (B76): always bytes to carry,
/// and whoever merges the marker learns what was lost.
template <PortableResult R>
[[nodiscard]] std::string serialize_or_marker(basic_session<R> const& from, wire_limits limits = {}) {
    std::string text = detail::payload_writer<R>(from, limits).write();
    return text.size() > limits.max_bytes ? truncation_marker(text.size(), limits.max_bytes) : text;
}

/// Reads a payload from anywhere, without trust in it (wire format, A.1.7 and B1 to B7).
///
/// Escape sequences and control characters are stripped from every text. The shard's worker is what the payload says;
/// most say nothing, and the caller names it. A record that cannot be read becomes a fault with its JSON Pointer and,
/// for a `basic_result`, an ERROR record at its place; its siblings are kept. Duplicate keys and repaired text leave a
/// fault each.
///
/// Errors: no JSON, over a limit, a truncation marker, no or an unknown schema, another outer shape.
template <PortableResult R = result>
[[nodiscard]] expected<basic_shard<R>> deserialize_worker_data(std::string_view bytes, wire_limits limits = {}) {
    return detail::read_payload<R>(bytes, limits, text_policy::strip);
}

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_HPP
