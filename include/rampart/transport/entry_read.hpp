#ifndef RAMPART_TRANSPORT_ENTRY_READ_HPP
#define RAMPART_TRANSPORT_ENTRY_READ_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/base/text.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/decode.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"

/// \file
/// What stands beside the results in a payload, a stream or a journal: tests, faults, plans.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] inline std::optional<fault_kind> parse_fault_kind(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(fault_kind::repaired_text); ++i) {
        if (to_string(static_cast<fault_kind>(i)) == text) return static_cast<fault_kind>(i);
    }
    return std::nullopt;
}

/// A value for a message: short, on one line.
[[nodiscard]] inline std::string shown(boost::json::value const& v) {
    return v.is_structured() && !is_big_integer(v) ? std::string(kind_name(v)) : clip(to_compact_json(v), 80);
}

/// Reads a test's entry, as it stands in a payload and in the end line of a journal; `id_key` holds its id.
inline bool read_test_entry(field_reader& reader, boost::json::object const& o, std::string_view id_key,
                            test_entry& t) {
    if (!reader.required(o, id_key, [&](auto const& f) { return read_json_value(reader, f, t.test); }) ||
        !reader.text_field(o, "name", t.facts.name) ||
        !reader.if_there(o, "attempt", [&](auto const& f) { return reader.integer(f, t.attempt, 1); }) ||
        !reader.if_there(
            o, "outcome",
            [&](auto const& f) { return reader.name(f, t.facts.outcome, parse_test_outcome, "test outcome"); }) ||
        !reader.number_field(o, "seconds", t.facts.seconds) || !reader.text_field(o, "file", t.facts.file) ||
        !reader.if_there(o, "line", [&](auto const& f) { return reader.integer(f, t.facts.line, 0); }) ||
        !reader.if_there(o, "results", [&](auto const& f) { return reader.integer(f, t.results, 0); }) ||
        !reader.text_field(o, "worker", t.worker) || !reader.text_field(o, "detail", t.facts.detail) ||
        !reader.if_there(o, "unused", [&](auto const& list) {
            return reader.each(list, [&](auto const& v) { return reader.text(v, t.facts.unused.emplace_back()); });
        })) {
        return false;
    }
    if (t.facts.name.empty()) t.facts.name = std::string(short_name(t.test));
    return true;
}

/// The same at a cursor, for an entry that is plain. A text under the key `beside`, where that is not empty, is passed
/// over.
inline bool read_plain_entry(json_cursor& at, std::string_view id_key, std::string_view beside, test_entry& t) {
    std::string_view const names[] = {id_key, "outcome", "seconds", "name",   "attempt", "results", "file",
                                      "line", "worker",  "detail",  "unused", "held",    beside};
    decoder<true> reader(at);
    std::string id;
    std::uint32_t seen = 0;
    bool const good = at.members(names, seen, [&](std::size_t n) {
        switch (n) {
        case 0:
            return at.text(id);
        case 1:
            return reader.name(t.facts.outcome, parse_test_outcome);
        case 2:
            return reader.number(t.facts.seconds);
        case 3:
            return at.text(t.facts.name);
        case 4:
            return reader.integer(t.attempt, 1);
        case 5:
            return reader.integer(t.results, 0);
        case 6:
            return at.text(t.facts.file);
        case 7:
            return reader.integer(t.facts.line, 0);
        case 8:
            return at.text(t.worker);
        case 9:
            return at.text(t.facts.detail);
        case 10:
            return reader.list(t.facts.unused, [&](std::string& each) { return at.text(each); });
        case 11:
            return at.fail();  // its writer lost results: the tree's reader knows what that means
        default:
            return beside.empty() ? at.fail() : at.skip_text();
        }
    });
    if (!good || (seen & 1U) == 0) {
        return at.fail();
    }
    t.test = test_id(std::move(id));
    if (t.facts.name.empty()) t.facts.name = std::string(short_name(t.test));
    return true;
}

/// Reads a fault. One of a kind that only a newer version knows is kept, and counts as a loss.
inline bool read_fault(field_reader& reader, boost::json::value const& v, fault& f) {
    auto const* const o = reader.object(v);
    std::string kind;
    if (o == nullptr || !reader.text_field(*o, "kind", kind) || !reader.text_field(*o, "where", f.where) ||
        !reader.text_field(*o, "what", f.what)) {
        return false;
    }
    if (auto const known = parse_fault_kind(kind)) {
        f.kind = *known;
    } else {
        f.what = "(" + kind + ") " + f.what;
    }
    return true;
}

inline bool read_ids(field_reader& reader, boost::json::object const& o, std::string_view key,
                     std::vector<test_id>& ids) {
    return reader.if_there(o, key, [&](boost::json::value const& v) {
        auto const* const list = v.if_array();
        if (list == nullptr) return reader.wrong_type("an array of test ids", v);
        ids.reserve(list->size());
        for (boost::json::value const& each : *list) {
            if (!read_json_value(reader, each, ids.emplace_back())) return false;
        }
        return true;
    });
}

/// Reads what `write_plan_members` writes.
inline bool read_plan_members(field_reader& reader, boost::json::object const& o, shard_plan& plan) {
    return reader.text_field(o, "run", plan.run) && reader.text_field(o, "worker", plan.worker) &&
           reader.if_there(o, "attempt", [&](auto const& f) { return reader.integer(f, plan.attempt, 1); }) &&
           reader.required(
               o, "shard",
               [&](auto const& f) {
                   auto const* const part = reader.object(f);
                   return part != nullptr &&
                          reader.required(*part, "index",
                                          [&](auto const& n) { return reader.integer(n, plan.index, 0); }) &&
                          reader.required(*part, "count",
                                          [&](auto const& n) { return reader.integer(n, plan.count, 1); }) &&
                          (plan.index < plan.count ||
                           reader.fail(shard_errc::out_of_range, "the index of a part is below their count"));
               }) &&
           reader.text_field(o, "list_hash", plan.list_hash) && read_ids(reader, o, "tests", plan.tests);
}

/// Reads what `write_tally` writes. A time that is no number counts as none.
inline bool read_tally(field_reader& reader, boost::json::value const& v, shard_tally& t) {
    auto const* const o = reader.object(v);
    if (o == nullptr) return false;
    auto const count = [&](std::string_view key, std::uint64_t& to) {
        std::int64_t n = 0;
        bool const good = reader.if_there(*o, key, [&](auto const& f) { return reader.integer(f, n, 0); });
        to = static_cast<std::uint64_t>(n);
        return good;
    };
    if (!count("ran", t.ran) || !count("failed", t.failed) || !count("results", t.results) ||
        !count("unsafe", t.unsafe) || !count("errors", t.errors) || !reader.number_field(*o, "seconds", t.seconds)) {
        return false;
    }
    if (!std::isfinite(t.seconds)) t.seconds = 0.0;
    return true;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_ENTRY_READ_HPP
