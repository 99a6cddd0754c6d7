#ifndef RAMPART_TRANSPORT_WIRE_READ_HPP
#define RAMPART_TRANSPORT_WIRE_READ_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/json/convert.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/entry_read.hpp"
#include "rampart/transport/record_read.hpp"
#include "rampart/transport/wire_format.hpp"

namespace rampart::inline v1 {

namespace detail {

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

/// Reads what a worker says beside its results, and what becomes of a document of several parts at its end.
template <PortableResult R>
class extras_reader {
public:
    extras_reader(basic_shard<R>& to, wire_limits const& limits, std::string source)
        : shard_(&to), parts_(to, limits, std::move(source)) {}

    [[nodiscard]] record_reader<R>& parts() noexcept { return parts_; }

    /// After the results, which the tests' entries are compared with. `tests`: the text of the list of tests, where it
    /// is not in the document. False when that is not plain; then the shard is of no use.
    bool read(boost::json::object const& document, std::string_view tests = {}) {
        parts_.each_of(document, "rampart_faults",
                       [&](field_reader& reader, auto const& v) { return parts_.take_fault(reader, v); });
        parts_.read_trial_specs(document);
        if (!tests.empty()) {
            if (!read_plain_tests(tests)) return false;
        } else {
            read_tests(document);
        }
        compare();
        read_plans(document);
        return true;
    }

    /// To be called at the document's end.
    void finish() {
        // Tests of which only their results tell: all of them, in a payload from Python.
        auto told = promised_.cbegin();
        auto const& all = parts_.found();
        shard_->tests.reserve(shard_->tests.size() + all.size());
        for (auto const& [where, count] : all) {
            while (told != promised_.cend() && told->first < where) ++told;
            if (told != promised_.cend() && told->first == where) continue;
            // An empty list of results tells neither attempt nor worker; an entry of that test does.
            if (count == 0 && tells_of(where.test)) continue;
            parts_.add_entry(where, count);
        }
        parts_.finish();
    }

private:
    using place = typename record_reader<R>::place;
    using place_count = typename record_reader<R>::place_count;

    void read_tests(boost::json::object const& document) {
        parts_.each_of(document, "rampart_tests", [&](field_reader& reader, boost::json::value const& v) {
            auto const* const o = reader.object(v);
            test_entry t;
            if (o == nullptr || !read_test_entry(reader, *o, "nodeid", t)) return false;
            // A writer that knew of a loss, or of one place claimed twice, says how many results it had; and why.
            std::uint32_t held = t.results;
            if (!reader.if_there(*o, "held", [&](auto const& f) { return reader.integer(f, held, 0); })) return false;
            take(std::move(t), held);
            return true;
        });
    }
    bool read_plain_tests(std::string_view text) {
        json_cursor at(text);
        std::size_t count = 0;
        return at.array([&] {
            test_entry t;
            if (!read_plain_entry(at, "nodeid", {}, t) || ++count > parts_.max_records()) return false;
            auto const results = t.results;
            take(std::move(t), results);
            return true;
        });
    }
    void take(test_entry t, std::uint32_t held) {
        promised_.push_back({place{t.test.str(), t.attempt, t.worker}, held});
        shard_->tests.push_back(std::move(t));
    }
    /// Of several entries of one place the last counts.
    void sort_promised() {
        auto const before = [](place_count const& a, place_count const& b) { return a.first < b.first; };
        if (!std::is_sorted(promised_.begin(), promised_.end(), before)) {
            std::stable_sort(promised_.begin(), promised_.end(), before);
        }
        auto const same = [](place_count const& a, place_count const& b) { return a.first == b.first; };
        promised_.erase(promised_.begin(), std::unique(promised_.rbegin(), promised_.rend(), same).base());
    }
    [[nodiscard]] bool tells_of(std::string const& test) const {
        auto const at = std::lower_bound(promised_.begin(), promised_.end(), test,
                                         [](place_count const& p, std::string const& id) { return p.first.test < id; });
        return at != promised_.end() && at->first.test == test;
    }

    /// A test whose entry promises other results than there are has lost some.
    void compare() {
        sort_promised();
        auto const& all = parts_.found();
        auto here = all.begin();
        auto const end = all.end();
        for (auto const& [where, count] : promised_) {
            while (here != end && here->first < where) ++here;
            std::uint64_t const found = here != end && here->first == where ? here->second : 0;
            if (found == count) continue;
            parts_.bad(fault_kind::short_count, "/rampart_tests",
                       detail::quoted(where.test) + " recorded " + std::to_string(count) + " results, but " +
                           std::to_string(found) + " are here");
        }
    }

    /// Which part of which run this is, and those of the payloads that were merged into it.
    void read_plans(boost::json::object const& document) {
        if (auto const* const name = document.if_contains("rampart_worker")) {
            field_reader reader("/rampart_worker");
            if (!reader.text(*name, shard_->worker)) parts_.bad(reader.error);
        }
        parts_.each_of(document, "rampart_plans", [&](field_reader& reader, boost::json::value const& v) {
            auto const* const o = reader.object(v);
            shard_plan plan;
            if (o == nullptr || !read_plan_members(reader, *o, plan) ||
                !reader.text_field(*o, "process", plan.process) ||
                !reader.if_there(*o, "closed", [&](auto const& f) { return read_flag(reader, f, plan.closed); }) ||
                !reader.if_there(*o, "torn", [&](auto const& f) { return read_flag(reader, f, plan.torn); }) ||
                !read_ids(reader, *o, "running", plan.running) ||
                !reader.if_there(*o, "tally",
                                 [&](auto const& f) { return read_tally(reader, f, plan.tally.emplace()); })) {
                return false;
            }
            plan.source = parts_.source();
            shard_->plans.push_back(std::move(plan));
            return true;
        });
    }
    static bool read_flag(field_reader& reader, boost::json::value const& v, bool& to) {
        if (!v.is_bool()) return reader.wrong_type("true or false", v);
        to = v.get_bool();
        return true;
    }

    basic_shard<R>* shard_;
    record_reader<R> parts_;
    std::vector<place_count> promised_{};  // by the tests' entries
};

/// Reads the tree of a payload into a shard. What is wrong with one record stays with that record (wire format, B2).
template <PortableResult R>
class payload_reader {
public:
    explicit payload_reader(basic_shard<R>& to, wire_limits const& limits = {}, std::string source = {},
                            reading<R> how = {})
        : extras_(to, limits, std::move(source)) {
        extras_.parts().set_reading(std::move(how));
    }

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
        for (boost::json::key_value_pair const& member : *results) {
            std::string pointer = "/results_by_nodeid";
            append_pointer(pointer, std::string_view(member.key()));
            extras_.parts().read_results(std::string_view(member.key()), member.value(), std::move(pointer));
        }
        static_cast<void>(extras_.read(*document));
        extras_.finish();
        return true;
    }

    shard_error error{};

private:
    bool fail(shard_errc code, std::string pointer, std::string words) {
        error = {code, std::move(pointer), std::move(words)};
        return false;
    }

    extras_reader<R> extras_;
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_READ_HPP
