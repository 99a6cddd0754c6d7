#ifndef RAMPART_TRANSPORT_RECORD_READ_HPP
#define RAMPART_TRANSPORT_RECORD_READ_HPP

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/base/text.hpp"
#include "rampart/core/result.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/wire_format.hpp"

/// \file
/// What the three formats have in common when they are read: records, trial specs, faults, plans. What is wrong with
/// one of them stays with it: a fault with its place, and the rest is taken (wire format, B2).

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

/// Reads the parts of one document into a shard. Its own faults name the document's file, where it has one.
template <PortableResult R>
class record_reader {
public:
    /// A test as its records name it.
    struct place {
        std::string test;
        std::uint32_t attempt;
        std::string worker;
        friend auto operator<=>(place const&, place const&) = default;
    };

    record_reader(basic_shard<R>& to, wire_limits const& limits, std::string source)
        : shard_(&to), max_records_(limits.max_records), source_(std::move(source)) {}

    /// The place of what comes next, for formats of lines.
    void at_line(std::size_t number) {
        line_ = "line " + std::to_string(number);
        records_ = 0;
    }
    /// What comes next is about the whole document.
    void at_end() { line_.clear(); }

    /// The document's file; may be empty.
    [[nodiscard]] std::string const& source() const noexcept { return source_; }
    /// Where a fault of this document's stands: its file, line and pointer, as far as there are any.
    [[nodiscard]] std::string where(std::string_view pointer = {}) const {
        std::string text = source_;
        for (std::string_view const part : {std::string_view(line_), pointer}) {
            if (!text.empty() && !part.empty()) text += ", ";
            text += part;
        }
        return text;
    }

    /// Leaves a fault. False when there are so many that this one is only counted.
    bool bad(fault_kind kind, std::string_view pointer, std::string words) {
        if (bad_ == max_bad) {
            ++unnamed_;
            return false;
        }
        ++bad_;
        shard_->faults.push_back({kind, where(clip(pointer, 400)), std::move(words)});
        return true;
    }
    bool bad(shard_error const& e) { return bad(fault_kind::bad_record, e.pointer, e.detail); }
    /// To be called at the document's end.
    void finish() {
        at_end();
        // Our own writer says so in a fault as well; Python's newer one only marks the record.
        for (auto const& [id, index] : truncated_) {
            if (told_truncated_.contains(id)) continue;
            shard_->faults.push_back(
                {fault_kind::truncated, where(id), "result " + std::to_string(index) + " was truncated by its writer"});
        }
        truncated_.clear();
        if (unnamed_ == 0) return;
        shard_->faults.push_back({fault_kind::bad_record, where(),
                                  std::to_string(unnamed_) + " more parts of this document could not be read"});
        unnamed_ = 0;
    }

    /// The results of one test. `first` is the index of the first of them, where a record does not say its own.
    void read_results(std::string_view id, boost::json::value const& list, std::string pointer,
                      std::uint32_t first = 0) {
        auto const* const records = list.if_array();
        if (records == nullptr) {
            field_reader reader(pointer);
            reader.wrong_type("an array of results", list);
            bad_record(id, first, reader.error, list);
            return;
        }
        if (records->empty()) {
            if (!counts(pointer)) return;
            found.try_emplace(place{std::string(id), 1, {}}, 0);
        }
        std::size_t const base = pointer.size();
        for (std::size_t i = 0; i < records->size(); ++i) {
            pointer.resize(base);
            append_pointer(pointer, std::to_string(i));
            read_record(id, first + static_cast<std::uint32_t>(i), (*records)[i], pointer);
        }
    }

    void read_trial_specs(boost::json::object const& document) {
        each_of(document, "trial_specs", [&](field_reader& reader, boost::json::value const& v) {
            trial_spec spec;
            if (!read_json_value(reader, v, spec)) return false;
            shard_->trial_specs.push_back(std::move(spec));
            return true;
        });
    }

    /// Takes a fault that the document's writer left.
    bool take_fault(field_reader& reader, boost::json::value const& v) {
        fault f;
        if (!read_fault(reader, v, f)) return false;
        if (f.kind == fault_kind::truncated) told_truncated_.insert(f.where);
        shard_->faults.push_back(std::move(f));
        return true;
    }

    /// Calls `f(reader, element)` for each element of a list under the document; a list that is not there is empty, and
    /// each element that cannot be read leaves a fault.
    template <class F>
    void each_of(boost::json::object const& document, std::string_view key, F f) {
        auto const* const list = document.if_contains(key);
        if (list == nullptr) return;
        std::string pointer = "/" + std::string(key);
        auto const* const elements = list->if_array();
        if (elements == nullptr) {
            field_reader reader(pointer);
            reader.wrong_type("an array", *list);
            bad(reader.error);
            return;
        }
        std::size_t const base = pointer.size();
        for (std::size_t i = 0; i < elements->size(); ++i) {
            pointer.resize(base);
            append_pointer(pointer, std::to_string(i));
            if (i == max_records_) {
                bad(fault_kind::over_limit, pointer, too_many());
                return;
            }
            field_reader reader(pointer);
            if (!f(reader, (*elements)[i])) bad(reader.error);
        }
    }

    /// Adds an entry for a test of which only its results tell.
    void add_entry(place const& where, std::uint32_t results, test_outcome outcome = test_outcome::unknown) {
        test_id const id{where.test};
        shard_->tests.push_back(
            {id, where.attempt, where.worker, results, {.name = std::string(short_name(id)), .outcome = outcome}});
    }

    /// How many results stand under each place, those that could not be read included.
    std::map<place, std::uint32_t> found{};

private:
    // A document of nothing but bad records would otherwise take many times its size in faults and markers.
    static constexpr std::size_t max_bad = 1000;

    [[nodiscard]] std::string too_many() const {
        return "there are more than " + std::to_string(max_records_) + " here; this one and the rest were not read";
    }

    /// Whether one more result, or test without a result, is within the limit.
    bool counts(std::string_view pointer) {
        if (++records_ <= max_records_) return true;
        if (records_ == max_records_ + 1) bad(fault_kind::over_limit, pointer, too_many());
        return false;
    }

    void read_record(std::string_view id, std::uint32_t position, boost::json::value const& v,
                     std::string const& pointer) {
        if (!counts(pointer)) {
            ++found[place{std::string(id), 1, {}}];
            return;
        }
        field_reader reader(pointer);
        std::optional<R> value;
        metadata beside;
        std::string harm;
        std::uint32_t attempt = 1;
        std::uint32_t index = position;
        auto const* const o = reader.object(v);
        if (o == nullptr ||
            !reader.if_there(*o, "rampart_attempt", [&](auto const& f) { return reader.integer(f, attempt, 1); }) ||
            !reader.if_there(*o, "rampart_index", [&](auto const& f) { return reader.integer(f, index, 0); }) ||
            !read_value(reader, *o, v, value, beside, harm)) {
            bad_record(id, position, reader.error, v);
            return;
        }
        if (is_truncated_record(v)) {
            truncated_.try_emplace(std::string(id), index);
            if (!value) {
                ++found[place{std::string(id), attempt, {}}];
                return;
            }
        }
        basic_record<R> made{test_id(id), {}, index, attempt, {}, std::move(harm), std::move(*value)};
        take_bookkeeping(made, beside);
        ++found[place{std::string(id), attempt, made.worker}];
        shard_->records.push_back(std::move(made));
    }

    /// The value of a record, and what stands beside it when the value is of the user's own type.
    bool read_value(field_reader& reader, boost::json::object const& o, boost::json::value const& v,
                    std::optional<R>& value, metadata& beside, std::string& harm) {
        if constexpr (is_basic_result<R>) {
            if (!read_json_value(reader, v, value.emplace())) {
                return false;
            }
            harm = value->harm_category;
            return true;
        } else {
            if (!reader.if_there(o, "metadata", [&](auto const& f) { return read_json_value(reader, f, beside); }) ||
                !reader.if_there(o, "harm_category",
                                 [&](auto const& f) { return f.is_null() || reader.text(f, harm); })) {
                return false;
            }
            if (is_truncated_record(v)) {
                return true;
            }
            return reader.required(o, "rampart_value",
                                   [&](auto const& f) { return convert_user_type(reader, f, value); });
        }
    }

    /// Moves out of the metadata what belongs to the record and not to the result (wire format, A.1.2).
    void take_bookkeeping(basic_record<R>& to, metadata& beside) {
        metadata* meta = &beside;
        if constexpr (is_basic_result<R>) {
            meta = &to.value.meta;
        }
        to.test_name = std::string(short_name(to.test));
        if (auto const* const v = meta->find(test_name_key); v != nullptr && v->is_string()) {
            to.test_name = v->as_string();
        }
        if (auto const* const v = meta->find(worker_key); v != nullptr) {
            if (v->is_string()) to.worker = v->as_string();
            meta->erase(worker_key);
        }
        for (auto const key : {test_name_key, node_id_key, index_key}) {
            meta->erase(key);
        }
    }

    void bad_record(std::string_view id, std::uint32_t position, shard_error const& e, boost::json::value const& v) {
        std::uint32_t attempt = 1;
        std::uint32_t index = position;
        std::string worker;
        field_reader reader;
        if (auto const* const o = v.if_object()) {
            static_cast<void>(
                reader.if_there(*o, "rampart_attempt", [&](auto const& f) { return reader.integer(f, attempt, 1); }) &&
                reader.if_there(*o, "rampart_index", [&](auto const& f) { return reader.integer(f, index, 0); }) &&
                reader.if_there(*o, "metadata", [&](auto const& f) {
                    auto const* const meta = reader.object(f);
                    return meta != nullptr && reader.text_field(*meta, worker_key, worker);
                }));
        }
        ++found[place{std::string(id), attempt, worker}];
        if (!bad(e)) {
            return;
        }
        if constexpr (is_basic_result<R>) {
            R value{};
            value.status = safety_status::error;
            value.summary = "this record could not be read: " + clip(e.message(), 400);
            value.strategy = transport_strategy;
            std::string const name{short_name(test_id(id))};
            shard_->records.push_back({test_id(id), name, index, attempt, std::move(worker), {}, std::move(value)});
        }
    }

    basic_shard<R>* shard_;
    std::size_t max_records_;
    std::string source_;
    std::string line_{};
    std::map<std::string, std::uint32_t> truncated_{};  // tests with such a result, and the first of them
    std::set<std::string> told_truncated_{};            // tests that a fault of this kind names already
    std::size_t records_ = 0;
    std::size_t bad_ = 0;
    std::size_t unnamed_ = 0;
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_RECORD_READ_HPP
