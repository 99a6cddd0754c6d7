#ifndef RAMPART_TRANSPORT_WIRE_WRITE_HPP
#define RAMPART_TRANSPORT_WIRE_WRITE_HPP

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include "rampart/core/result.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/wire_format.hpp"

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

/// Writes what a session knows as a payload.
template <PortableResult R>
class payload_writer {
public:
    payload_writer(basic_session<R> const& from, wire_limits const& limits)
        : session_(&from), max_record_bytes_(std::max(limits.max_record_bytes, min_record_bytes)),
          // The value of a record stands inside the document, the map, a list and the record.
          value_levels_(std::min<std::size_t>(limits.max_depth, 4096) - std::min<std::size_t>(limits.max_depth, 4)) {}

    [[nodiscard]] std::string write() {
        std::string text;
        json_writer w(text);
        w.begin_object();
        w.member("schema", wire_schema);
        w.key("results_by_nodeid");
        write_results(w);
        w.key("trial_specs");
        write_list(w, session_->trial_specs());
        if (!tests_are_plain()) {
            w.key("rampart_tests");
            write_tests(w);
        }
        if (!session_->faults().empty() || !faults_.empty()) {
            w.key("rampart_faults");
            w.begin_array();
            for (fault const& f : session_->faults()) write_fault(w, f);
            for (fault const& f : faults_) write_fault(w, f);
            w.end_array();
        }
        w.end_object();
        return text;
    }

private:
    using record = basic_record<R>;

    void write_results(json_writer& w) {
        std::vector<record const*> records;
        records.reserve(session_->records().size());
        for (record const& r : session_->records()) records.push_back(&r);
        // Attempts one after the other, so that a reader without attempts has the order in which things happened.
        std::stable_sort(records.begin(), records.end(), [](record const* a, record const* b) {
            return std::tie(a->test, a->attempt, a->index, a->worker) <
                   std::tie(b->test, b->attempt, b->index, b->worker);
        });
        std::vector<test_id const*> ids;
        for (test_entry const& t : session_->tests()) ids.push_back(&t.test);
        for (record const* r : records) ids.push_back(&r->test);
        std::sort(ids.begin(), ids.end(), [](test_id const* a, test_id const* b) { return *a < *b; });
        ids.erase(std::unique(ids.begin(), ids.end(), [](test_id const* a, test_id const* b) { return *a == *b; }),
                  ids.end());

        w.begin_object();
        auto next = records.begin();
        std::string text;
        for (test_id const* id : ids) {
            w.key(id->str());
            w.begin_array();
            for (std::size_t position = 0; next != records.end() && (*next)->test == *id; ++next, ++position) {
                text.clear();
                write_record(text, **next, position);
                w.raw(text);
            }
            w.end_array();
        }
        w.end_object();
    }

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

    void write_record(std::string& text, record const& r, std::size_t position) {
        std::string problem;
        try {
            auto const own = own_value(r.value);
            if (own && !fits_depth(*own, value_levels_)) {
                problem = "its value is nested deeper than the limit";
            } else {
                write_whole_record(text, r, position, own ? &*own : nullptr);
            }
        } catch (std::exception const& e) {
            problem = std::string("its conversion to JSON threw: ") + e.what();
        } catch (...) {
            problem = "its conversion to JSON threw something that is no std::exception";
        }
        if (!problem.empty()) {
            text.clear();
            write_marker(text, r, position, "this result could not be written: " + clip(one_line(problem), 200), 0);
            faults_.push_back({fault_kind::bad_record, r.test.str(),
                               "result " + std::to_string(r.index) + " could not be written: " + problem});
        } else if (std::size_t const size = text.size(); size > max_record_bytes_) {
            text.clear();
            write_marker(text, r, position,
                         "this result was over the transport's size limit; its content was truncated", size);
            faults_.push_back({fault_kind::truncated, r.test.str(),
                               "result " + std::to_string(r.index) + " was truncated: it has " + std::to_string(size) +
                                   " bytes, over the limit of " + std::to_string(max_record_bytes_)});
        }
    }

    void write_whole_record(std::string& text, record const& r, std::size_t position, boost::json::value const* own) {
        using traits = result_traits<R>;
        json_writer w(text);
        // Bound by reference: a trait may give a std::string of its own, which then lives as long as its name.
        auto const& summary = traits::summary(r.value);
        std::string const strategy = strategy_of(r.value);
        w.begin_object();
        write_result_members(w,
                             {traits::status(r.value), std::string_view(summary), transcript_of(r.value),
                              duration_of(r.value), r.harm_category, strategy},
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
            if (which < 3 || (which == 3 && !r.worker.empty())) {
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
    void write_marker(std::string& text, record const& r, std::size_t position, std::string_view summary,
                      std::size_t size) const {
        json_writer w(text);
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

    /// Whether the map of results says everything about the tests. Then the bytes are those of the Python package.
    [[nodiscard]] bool tests_are_plain() const {
        std::vector<test_id const*> ids;
        for (test_entry const& t : session_->tests()) {
            test_facts plain;
            plain.name = std::string(short_name(t.test));
            if (t.attempt != 1 || !t.worker.empty() || t.facts != plain) {
                return false;
            }
            ids.push_back(&t.test);
        }
        std::sort(ids.begin(), ids.end(), [](test_id const* a, test_id const* b) { return *a < *b; });
        return std::adjacent_find(ids.begin(), ids.end(),
                                  [](test_id const* a, test_id const* b) { return *a == *b; }) == ids.end();
    }
    void write_tests(json_writer& w) const {
        std::vector<test_entry const*> tests;
        for (test_entry const& t : session_->tests()) tests.push_back(&t);
        std::stable_sort(tests.begin(), tests.end(),
                         [](test_entry const* a, test_entry const* b) { return report_order(*a, *b); });
        w.begin_array();
        for (test_entry const* t : tests) {
            w.begin_object();
            w.member("nodeid", t->test.str());
            w.member("name", t->facts.name);
            w.member("attempt", t->attempt);
            w.member("outcome", to_string(t->facts.outcome));
            w.member("seconds", t->facts.seconds);
            w.member("file", t->facts.file);
            w.member("line", t->facts.line);
            w.member("results", t->results);
            if (!t->worker.empty()) {
                w.member("worker", t->worker);
            }
            w.end_object();
        }
        w.end_array();
    }
    static void write_fault(json_writer& w, fault const& f) {
        w.begin_object();
        w.member("kind", to_string(f.kind));
        w.member("where", f.where);
        w.member("what", f.what);
        w.end_object();
    }

    basic_session<R> const* session_;
    std::size_t max_record_bytes_;
    std::size_t value_levels_;
    std::vector<fault> faults_{};
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_WRITE_HPP
