#ifndef RAMPART_TRANSPORT_WIRE_READ_HPP
#define RAMPART_TRANSPORT_WIRE_READ_HPP

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
#include "rampart/session/shard.hpp"
#include "rampart/transport/wire_format.hpp"

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] inline std::optional<fault_kind> parse_fault_kind(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(fault_kind::repaired_text); ++i) {
        if (to_string(static_cast<fault_kind>(i)) == text) return static_cast<fault_kind>(i);
    }
    return std::nullopt;
}

/// Python's idea of truth, which decides whether a payload is a truncation marker (wire format, A.1.6).
[[nodiscard]] inline bool is_truthy(boost::json::value const& v) noexcept {
    switch (v.kind()) {
    case boost::json::kind::null:
        return false;
    case boost::json::kind::bool_:
        return v.get_bool();
    case boost::json::kind::int64:
        return v.get_int64() != 0;
    case boost::json::kind::uint64:
        return v.get_uint64() != 0;
    case boost::json::kind::double_:
        return v.get_double() != 0.0;
    case boost::json::kind::string:
        return !v.get_string().empty();
    case boost::json::kind::array:
        return !v.get_array().empty();
    case boost::json::kind::object:
        break;
    }
    return !v.get_object().empty();
}

/// A value for a message: short, on one line.
[[nodiscard]] inline std::string shown(boost::json::value const& v) {
    return v.is_structured() && !is_big_integer(v) ? std::string(kind_name(v)) : clip(to_compact_json(v), 80);
}

/// Reads the tree of a payload into a shard. What is wrong with one record stays with that record (wire format, B2).
template <PortableResult R>
class payload_reader {
public:
    explicit payload_reader(basic_shard<R>& to) : shard_(&to) {}

    /// False when this is no payload, see `error`; then the shard is as it was.
    [[nodiscard]] bool read(boost::json::value const& root) {
        auto const* const document = is_big_integer(root) ? nullptr : root.if_object();
        if (document == nullptr) {
            return fail(shard_errc::wrong_shape, {}, "a payload is an object, not " + std::string(kind_name(root)));
        }
        if (auto const* const mark = document->if_contains("rampart_truncated"); mark != nullptr && is_truthy(*mark)) {
            auto const number = [document](std::string_view key) {
                auto const* const v = document->if_contains(key);
                return v == nullptr ? std::string("an unknown number of") : shown(*v);
            };
            return fail(shard_errc::truncated, {},
                        "the payload was truncated by its writer: it had " + number("size_bytes") +
                            " bytes, over the limit of " + number("limit_bytes"));
        }
        auto const* const schema = document->if_contains("schema");
        if (schema == nullptr || schema->is_null()) {
            return fail(shard_errc::missing_schema, {},
                        std::string("there is no schema; a payload says \"schema\": \"") + wire_schema + "\"");
        }
        if (!schema->is_string() || view(schema->get_string()) != wire_schema) {
            return fail(shard_errc::unknown_schema, "/schema",
                        "the schema " + shown(*schema) + " does not match \"" + wire_schema + "\"");
        }
        boost::json::object const none;
        boost::json::object const* results = &none;
        if (auto const* const found = document->if_contains("results_by_nodeid")) {
            results = is_big_integer(*found) ? nullptr : found->if_object();
            if (results == nullptr) {
                return fail(shard_errc::wrong_shape, "/results_by_nodeid",
                            "an object is expected here, not " + std::string(kind_name(*found)));
            }
        }
        read_faults(*document);
        for (boost::json::key_value_pair const& member : *results) {
            read_test(std::string_view(member.key()), member.value());
        }
        read_trial_specs(*document);
        read_tests(*document);
        if (unnamed_ > 0) {
            shard_->faults.push_back({fault_kind::bad_record,
                                      {},
                                      std::to_string(unnamed_) + " more parts of this payload could not be read"});
        }
        return true;
    }

    shard_error error{};

private:
    // A payload of nothing but bad records would otherwise take many times its size in faults and markers.
    static constexpr std::size_t max_bad = 1000;
    struct place {
        std::string test;
        std::uint32_t attempt;
        std::string worker;
        friend auto operator<=>(place const&, place const&) = default;
    };

    bool fail(shard_errc code, std::string pointer, std::string words) {
        error = {code, std::move(pointer), std::move(words)};
        return false;
    }
    /// Leaves a fault. False when there are so many that this one is only counted.
    bool bad(shard_error const& e) {
        if (bad_ == max_bad) {
            ++unnamed_;
            return false;
        }
        ++bad_;
        shard_->faults.push_back({fault_kind::bad_record, clip(e.pointer, 400), e.detail});
        return true;
    }

    void read_test(std::string_view id, boost::json::value const& list) {
        std::string pointer = "/results_by_nodeid";
        append_pointer(pointer, id);
        auto const* const records = list.if_array();
        if (records == nullptr) {
            field_reader reader(pointer);
            reader.wrong_type("an array of results", list);
            bad_record(id, 0, reader.error, list);
            return;
        }
        if (records->empty()) {
            found_.try_emplace(place{std::string(id), 1, {}}, 0);
        }
        std::size_t const base = pointer.size();
        for (std::size_t i = 0; i < records->size(); ++i) {
            pointer.resize(base);
            append_pointer(pointer, std::to_string(i));
            read_record(id, static_cast<std::uint32_t>(i), (*records)[i], pointer);
        }
    }

    void read_record(std::string_view id, std::uint32_t position, boost::json::value const& v,
                     std::string const& pointer) {
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
            truncated(id, index);
            if (!value) {
                ++found_[place{std::string(id), attempt, {}}];
                return;
            }
        }
        basic_record<R> made{test_id(id), {}, index, attempt, {}, std::move(harm), std::move(*value)};
        take_bookkeeping(made, beside);
        ++found_[place{std::string(id), attempt, made.worker}];
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
        if (auto const* const v = meta->find(worker_key); v != nullptr && v->is_string()) {
            to.worker = v->as_string();
            meta->erase(worker_key);
        }
        for (auto const key : {test_name_key, node_id_key, index_key}) {
            meta->erase(key);
        }
    }

    void bad_record(std::string_view id, std::uint32_t position, shard_error const& e, boost::json::value const& v) {
        std::uint32_t attempt = 1;
        field_reader reader;
        if (auto const* const o = v.if_object()) {
            static_cast<void>(
                reader.if_there(*o, "rampart_attempt", [&](auto const& f) { return reader.integer(f, attempt, 1); }));
        }
        ++found_[place{std::string(id), attempt, {}}];
        if (!bad(e)) {
            return;
        }
        if constexpr (is_basic_result<R>) {
            R value{};
            value.status = safety_status::error;
            value.summary = "this record could not be read: " + clip(e.message(), 400);
            value.strategy = transport_strategy;
            std::string const name{short_name(test_id(id))};
            shard_->records.push_back({test_id(id), name, position, attempt, {}, {}, std::move(value)});
        }
    }

    void truncated(std::string_view id, std::uint32_t index) {
        // Our own writer says so under rampart_faults; Python's newer one only marks the record.
        if (!truncated_.insert(std::string(id)).second) return;
        shard_->faults.push_back({fault_kind::truncated, std::string(id),
                                  "result " + std::to_string(index) + " was truncated by its writer"});
    }

    void read_trial_specs(boost::json::object const& document) {
        each_of(document, "trial_specs", [&](field_reader& reader, boost::json::value const& v) {
            trial_spec spec;
            if (!read_json_value(reader, v, spec)) return false;
            shard_->trial_specs.push_back(std::move(spec));
            return true;
        });
    }

    void read_faults(boost::json::object const& document) {
        each_of(document, "rampart_faults", [&](field_reader& reader, boost::json::value const& v) {
            auto const* const o = reader.object(v);
            fault f;
            std::string kind;
            if (o == nullptr || !reader.text_field(*o, "kind", kind) || !reader.text_field(*o, "where", f.where) ||
                !reader.text_field(*o, "what", f.what)) {
                return false;
            }
            if (auto const known = parse_fault_kind(kind)) {
                f.kind = *known;
            } else {
                f.what = "(" + kind + ") " + f.what;  // of a newer version: kept, and counted as a loss
            }
            if (f.kind == fault_kind::truncated) truncated_.insert(f.where);
            shard_->faults.push_back(std::move(f));
            return true;
        });
    }

    void read_tests(boost::json::object const& document) {
        std::map<std::string, std::uint64_t> promised;
        each_of(document, "rampart_tests", [&](field_reader& reader, boost::json::value const& v) {
            auto const* const o = reader.object(v);
            test_entry t;
            if (o == nullptr ||
                !reader.required(*o, "nodeid", [&](auto const& f) { return read_json_value(reader, f, t.test); }) ||
                !reader.text_field(*o, "name", t.facts.name) ||
                !reader.if_there(*o, "attempt", [&](auto const& f) { return reader.integer(f, t.attempt, 1); }) ||
                !reader.if_there(*o, "outcome",
                                 [&](auto const& f) {
                                     return reader.name(f, t.facts.outcome, parse_test_outcome, "test outcome");
                                 }) ||
                !reader.number_field(*o, "seconds", t.facts.seconds) || !reader.text_field(*o, "file", t.facts.file) ||
                !reader.if_there(*o, "line", [&](auto const& f) { return reader.integer(f, t.facts.line, 0); }) ||
                !reader.if_there(*o, "results", [&](auto const& f) { return reader.integer(f, t.results, 0); }) ||
                !reader.text_field(*o, "worker", t.worker)) {
                return false;
            }
            if (t.facts.name.empty()) t.facts.name = std::string(short_name(t.test));
            promised[t.test.str()] += t.results;
            found_.erase(place{t.test.str(), t.attempt, t.worker});
            shard_->tests.push_back(std::move(t));
            return true;
        });
        compare(promised, document);
        // Tests of which only their results tell: all of them, in a payload from Python.
        for (auto const& [where, count] : found_) {
            test_entry t;
            t.test = test_id(where.test);
            t.attempt = where.attempt;
            t.worker = where.worker;
            t.results = count;
            t.facts.name = std::string(short_name(t.test));
            shard_->tests.push_back(std::move(t));
        }
    }

    /// A test whose entry promises more results than its list holds has lost some.
    void compare(std::map<std::string, std::uint64_t> const& promised, boost::json::object const& document) {
        auto const* const map = document.if_contains("results_by_nodeid");
        for (auto const& [id, count] : promised) {
            auto const* const list = map == nullptr ? nullptr : map->get_object().if_contains(id);
            std::size_t const held = list == nullptr || !list->is_array() ? 0 : list->get_array().size();
            if (held != count) {
                bad({shard_errc::wrong_shape, "/rampart_tests",
                     detail::quoted(id) + " recorded " + std::to_string(count) + " results, but " +
                         std::to_string(held) + " are here"});
            }
        }
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
            field_reader reader(pointer);
            if (!f(reader, (*elements)[i])) bad(reader.error);
        }
    }

    basic_shard<R>* shard_;
    std::map<place, std::uint32_t> found_{};
    std::set<std::string> truncated_{};  // tests that a fault of this kind names already
    std::size_t bad_ = 0;
    std::size_t unnamed_ = 0;
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_READ_HPP
