#ifndef RAMPART_TRANSPORT_RECORD_WRITE_HPP
#define RAMPART_TRANSPORT_RECORD_WRITE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include "rampart/base/text.hpp"
#include "rampart/core/result.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"
#include "rampart/transport/wire_format.hpp"

/// \file
/// What the three formats have in common when they are written: one record, one fault, one plan.

namespace rampart::inline v1 {

namespace detail {

/// Whether a tree has at most this many levels. It looks no deeper than that.
[[nodiscard]] inline bool fits_depth(boost::json::value const& v, std::size_t levels) noexcept {
    if (!v.is_structured()) {
        return true;
    }
    if (levels == 0) {
        return false;
    }
    if (auto const* const list = v.if_array()) {
        return std::all_of(list->begin(), list->end(), [&](auto const& e) { return fits_depth(e, levels - 1); });
    }
    auto const& object = v.get_object();
    return std::all_of(object.begin(), object.end(), [&](auto const& m) { return fits_depth(m.value(), levels - 1); });
}

/// The last members of a test's entry, in a payload and in the end line of a journal.
inline void write_last_facts(json_writer& w, test_facts const& f) {
    if (!f.detail.empty()) w.member("detail", f.detail);
    if (f.unused.empty()) return;
    w.key("unused");
    w.begin_array();
    for (std::string const& name : f.unused) w.string(name);
    w.end_array();
}

/// Writes records as the members of `results`, in a payload, an envelope or a journal. A record that is over its cap,
/// or whose conversion throws, is replaced by an ERROR record and leaves a fault here (wire format, A.3, B2 and B6).
template <PortableResult R>
class record_writer {
public:
    using record = basic_record<R>;

    /// `levels_around`: how many arrays and objects of the document a record stands in.
    record_writer(wire_limits const& limits, std::size_t levels_around)
        : max_record_bytes_(std::max(limits.max_record_bytes, min_record_bytes)),
          value_levels_(std::min<std::size_t>(limits.max_depth, 4096) -
                        std::min<std::size_t>(limits.max_depth, levels_around)) {}

    /// Writes the record. `position` is its place in the list, which is its index where nothing else is said. The
    /// writer has the style `python`.
    void write(json_writer& w, record const& r, std::size_t position) {
        auto const before = w.here();
        std::string problem;
        try {
            auto const own = own_value(r.value);
            if (own && !fits_depth(*own, value_levels_)) {
                problem = "its value is nested deeper than the limit";
            } else {
                write_whole_record(w, r, position, own ? &*own : nullptr);
            }
        } catch (std::exception const& e) {
            problem = std::string("its conversion to JSON threw: ") + e.what();
        } catch (...) {
            problem = "its conversion to JSON threw something that is no std::exception";
        }
        if (!problem.empty()) {
            w.take_back(before);
            write_marker(w, r, position, "this result could not be written: " + clip(one_line(problem), 200), 0);
            faults.push_back({fault_kind::bad_record, r.test.str(),
                              "result " + std::to_string(r.index) + " could not be written: " + problem});
        } else if (std::size_t const size = w.bytes_since(before); size > max_record_bytes_) {
            w.take_back(before);
            write_marker(w, r, position, "this result was over the transport's size limit; its content was truncated",
                         size);
            faults.push_back({fault_kind::truncated, r.test.str(),
                              "result " + std::to_string(r.index) + " was truncated: it has " + std::to_string(size) +
                                  " bytes, over the limit of " + std::to_string(max_record_bytes_)});
        }
    }

    std::vector<fault> faults{};

private:
    /// What is needed beyond Python's members to read this very type again: nothing for `result`.
    [[nodiscard]] std::optional<boost::json::value> own_value(R const& value) const {
        if constexpr (std::same_as<R, result>) {
            return std::nullopt;
        } else if constexpr (is_basic_result<R>) {
            return boost::json::value_from(value.evidence);
        } else {
            return boost::json::value_from(value);
        }
    }

    /// The strategy where it stands, or as a text of its own that a trait made.
    [[nodiscard]] static decltype(auto) strategy_in(R const& value) {
        if constexpr (requires { result_traits<R>::strategy(value); }) {
            return result_traits<R>::strategy(value);
        } else {
            return std::string_view{};
        }
    }

    void write_whole_record(json_writer& w, record const& r, std::size_t position, boost::json::value const* own) {
        using traits = result_traits<R>;
        // Bound by reference: a trait may give a std::string of its own, which then lives as long as its name.
        auto const& summary = traits::summary(r.value);
        auto const& strategy = strategy_in(r.value);
        w.begin_object();
        write_result_members(w,
                             {traits::status(r.value), std::string_view(summary), transcript_of(r.value),
                              duration_of(r.value), r.harm_category, std::string_view(strategy)},
                             [&] {
                                 if constexpr (requires { traits::meta(r.value); }) {
                                     write_metadata(w, traits::meta(r.value), r, position);
                                 } else {
                                     write_metadata(w, metadata{}, r, position);
                                 }
                             });
        write_place(w, r, position);
        if (own != nullptr) {
            w.member(is_basic_result<R> ? "rampart_evidence" : "rampart_value", *own);
        }
        w.end_object();
    }

    /// The user's entries and then what is known of the record; a user's key of the same name is replaced at its place
    /// (wire format, A.1.2).
    static void write_metadata(json_writer& w, metadata const& users, record const& r, std::size_t position) {
        bool written[4] = {false, false, false, r.worker.empty()};
        auto const write = [&](std::size_t which) {
            written[which] = true;
            switch (which) {
            case 0:
                w.member(test_name_key, r.test_name);
                break;
            case 1:
                w.member(node_id_key, r.test.str());
                break;
            case 2:
                w.member(index_key, position);
                break;
            default:
                w.member(worker_key, r.worker);
            }
        };
        w.begin_object();
        for (metadata_member const& m : users) {
            std::size_t which = 0;
            for (auto const key : {test_name_key, node_id_key, index_key, worker_key}) {
                if (m.key == key) break;
                ++which;
            }
            if (which < 4) {
                if (!written[which]) write(which);
                continue;
            }
            w.key(m.key);
            write_limited(w, m.value, 0);
        }
        for (std::size_t which = 0; which < 4; ++which) {
            if (!written[which]) write(which);
        }
        w.end_object();
    }
    static void write_place(json_writer& w, record const& r, std::size_t position) {
        if (r.attempt != 1) {
            w.member("rampart_attempt", r.attempt);
        }
        if (r.index != position) {
            w.member("rampart_index", r.index);
        }
    }

    /// An ERROR that stands for a result (wire format, A.3). With a size it is the mark of a truncated one. Names are
    /// clipped, so that it fits into the smallest cap.
    void write_marker(json_writer& w, record const& r, std::size_t position, std::string_view summary,
                      std::size_t size) const {
        constexpr std::size_t name_bytes = 800;
        double const seconds = duration_of(r.value);
        w.begin_object();
        if (size != 0) {
            w.member("rampart_truncated", true);
        }
        write_result_members(w,
                             {safety_status::error, summary, nullptr, seconds,
                              clip_to_json_bytes(r.harm_category, name_bytes), transport_strategy},
                             [&] {
                                 w.begin_object();
                                 w.member(test_name_key, clip_to_json_bytes(r.test_name, name_bytes));
                                 w.member(node_id_key, clip_to_json_bytes(r.test.str(), name_bytes));
                                 w.member(index_key, position);
                                 if (!r.worker.empty()) {
                                     w.member(worker_key, clip_to_json_bytes(r.worker, name_bytes));
                                 }
                                 if (size != 0) {
                                     w.member("_rampart_transport_truncated", true);
                                     w.member("_rampart_original_size_bytes", size);
                                     w.member("_rampart_limit_bytes", max_record_bytes_);
                                 }
                                 w.end_object();
                             });
        write_place(w, r, position);
        w.end_object();
    }

    std::size_t max_record_bytes_;
    std::size_t value_levels_;
};

/// Where a reader counts the results of a further envelope of one test from: on from the last one, or anew.
enum class numbered : bool { through, anew };

/// Appends `count` results of one test, `at(0)` and so on, as envelopes (wire format, A.3), and calls `end_line(from)`
/// after each: `text` then holds it from `from` on, without its end. One is enough, unless it would grow over
/// `max_line` bytes, which a reader would not take.
template <PortableResult R, class At, class EndLine>
void write_envelopes(std::string& text, record_writer<R>& writer, test_id const& test, std::size_t count, At at,
                     numbered how, std::size_t max_line, EndLine end_line) {
    json_writer w(text);
    std::size_t from = 0;
    auto const begin = [&] {
        from = text.size();
        w.begin_object();
        w.member("schema", stream_schema);
        w.member("nodeid", test.str());
        w.key("results");
        w.begin_array();
    };
    auto const end = [&] {
        w.end_array();
        w.end_object();
        end_line(from);
    };
    begin();
    for (std::size_t position = 0, in_line = 0; position < count; ++position, ++in_line) {
        std::size_t const faults = writer.faults.size();
        auto const before = w.here();
        std::size_t const bytes_before = w.size() - from;
        auto const write = [&] { writer.write(w, at(position), how == numbered::through ? position : in_line); };
        write();
        if (in_line > 0 && bytes_before + w.bytes_since(before) > max_line) {
            w.take_back(before);
            end();
            begin();
            in_line = 0;
            writer.faults.resize(faults);  // the same once more, at its new position
            write();
        }
    }
    end();
}

inline void write_fault(json_writer& w, fault const& f) {
    w.begin_object();
    w.member("kind", to_string(f.kind));
    w.member("where", f.where);
    w.member("what", f.what);
    w.end_object();
}

inline void write_ids(json_writer& w, std::string_view key, std::vector<test_id> const& ids) {
    w.key(key);
    w.begin_array();
    for (test_id const& id : ids) w.string(id.str());
    w.end_array();
}

/// The members that say which part of which run a process has; the caller writes the object around them.
inline void write_plan_members(json_writer& w, shard_plan const& plan) {
    w.member("run", plan.run);
    w.member("worker", plan.worker);
    w.member("attempt", plan.attempt);
    w.key("shard");
    w.begin_object();
    w.member("index", plan.index);
    w.member("count", plan.count);
    w.end_object();
    w.member("list_hash", plan.list_hash);
    write_ids(w, "tests", plan.tests);
}

/// What a process did, as `read_tally` reads it.
inline void write_tally(json_writer& w, shard_tally const& t) {
    w.begin_object();
    w.member("ran", t.ran);
    w.member("failed", t.failed);
    w.member("results", t.results);
    w.member("unsafe", t.unsafe);
    w.member("errors", t.errors);
    w.member("seconds", t.seconds);
    w.end_object();
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_RECORD_WRITE_HPP
