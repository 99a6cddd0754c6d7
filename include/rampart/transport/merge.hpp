#ifndef RAMPART_TRANSPORT_MERGE_HPP
#define RAMPART_TRANSPORT_MERGE_HPP

#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/value_from.hpp>

#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/document.hpp"
#include "rampart/transport/wire.hpp"

namespace rampart::inline v1 {

/// The kind of fault that a failed merge leaves.
[[nodiscard]] constexpr fault_kind fault_of(shard_errc code) noexcept {
    switch (code) {
    case shard_errc::too_large:
    case shard_errc::too_deep:
        return fault_kind::over_limit;
    case shard_errc::truncated:
    case shard_errc::payload_too_large:
        return fault_kind::truncated;
    case shard_errc::missing_schema:
    case shard_errc::unknown_schema:
        return fault_kind::unknown_schema;
    case shard_errc::missing_output:
        return fault_kind::missing_worker;
    default:
        return fault_kind::bad_document;
    }
}

/// Notes that a worker's output never came, and why: it died, its file is not there (B80, B81). Always gives the error
/// that it notes, so that a runner can pass it on.
template <Result R>
expected<void> merge_missing(basic_session<R>& into, std::string_view worker, std::string_view why) {
    shard_error error{shard_errc::missing_output, {}, std::string(why.empty() ? "its output never came" : why)};
    into.merge_fault({fault_kind::missing_worker, place_in_worker(worker), error.detail});
    return error;
}

namespace detail {

/// Merges a shard that came as bytes. Results that claim
/// one place are compared as they are written, where their type has no `==`.
template <PortableResult R>
void merge_shard(basic_session<R>& into, basic_shard<R> from, values_are values = values_are::as_they_came) {
    auto const same = [](R const& a, R const& b) {
        if constexpr (std::equality_comparable<R>) {
            return a == b;
        } else {
            return to_compact_json(boost::json::value_from(a)) == to_compact_json(boost::json::value_from(b));
        }
    };
    into.merge_worker_results(std::move(from), same, values);
}

}  // namespace detail

/// Takes what a worker learnt into a session (B79, B82): a payload, a stream of envelopes or a journal; its schema
/// tells. An empty `worker` leaves the names that the bytes say.
///
/// Never throws for foreign bytes. A failure takes nothing in, leaves exactly one fault that names the worker
/// (`worker gw2: ...`), and gives the error (B81, B83). Success can leave faults too: of bad records or lines in an
/// otherwise good document, and those that the worker brought along; `is_incomplete` asks about all of them, and about
/// planned tests of which nothing came. Texts go through the session's own text policy.
///
/// The order of merges does not matter, and the same bytes once more change nothing (wire format, C).
template <PortableResult R>
expected<void> merge(basic_session<R>& into, std::string_view worker, std::string_view bytes, wire_limits limits = {}) {
    shard_error error;
    try {
        auto read = detail::read_document<R>(bytes, limits, {}, {.text = into.text_policy()});
        if (read) {
            if (!worker.empty()) read->worker = std::string(worker);
            detail::merge_shard(into, std::move(*read), values_are::washed);
            return {};
        }
        error = std::move(read).error();
    } catch (std::exception const& e) {
        // Memory ran out, or a text is longer than Boost.JSON takes: both come from limits that are set too wide.
        error = {shard_errc::too_large, {}, std::string("the payload cannot be held: ") + e.what()};
    }
    into.merge_fault({fault_of(error.code), place_in_worker(worker), error.message()});
    return error;
}

/// The same for a shard that has been read already; its worker becomes `worker`.
template <Result R>
void merge(basic_session<R>& into, std::string_view worker, basic_shard<R> from) {
    from.worker = std::string(worker);
    into.merge_worker_results(std::move(from));
}

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_MERGE_HPP
