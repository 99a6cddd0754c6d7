#ifndef RAMPART_TRANSPORT_WIRE_WRITE_HPP
#define RAMPART_TRANSPORT_WIRE_WRITE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "rampart/core/result.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/record_write.hpp"
#include "rampart/transport/wire_format.hpp"

namespace rampart::inline v1 {

namespace detail {

/// Writes what a session knows as a payload.
template <PortableResult R>
class payload_writer {
public:
    payload_writer(basic_session<R> const& from, wire_limits const& limits)
        // The value of a record stands inside the document, the map, a list and the record.
        : session_(&from), records_(limits, 4), max_line_(max_line_bytes(limits)) {}

    [[nodiscard]] std::string write() {
        std::string text;
        json_writer w(text);
        w.begin_object();
        w.member("schema", wire_schema);
        w.key("results_by_nodeid");
        write_results(w);
        write_extras(w);
        w.end_object();
        return text;
    }

    /// The same as a stream of envelopes, one a line.
    [[nodiscard]] std::string write_stream() {
        std::string text;
        std::size_t count = 0;
        each_test([&](test_id const& id, auto first, auto last) {
            auto const results = static_cast<std::size_t>(last - first);
            write_envelopes(
                records_, id, results,
                [first](std::size_t i) -> record const& { return *first[static_cast<std::ptrdiff_t>(i)]; },
                numbered::through, max_line_, [&text](std::string const& line) { text.append(line).append(1, '\n'); });
            count += results;
        });
        json_writer w(text);
        w.begin_object();
        w.member("schema", stream_schema);
        w.member("streamed_result_count", count);
        write_extras(w);
        w.end_object();
        text += '\n';
        return text;
    }

private:
    using record = basic_record<R>;

    /// Calls `f(id, first, last)` for each test in order of the ids, with its records, attempts one after the other, so
    /// that a reader without attempts has the order in which things happened.
    template <class F>
    void each_test(F f) {
        std::vector<record const*> records;
        records.reserve(session_->records().size());
        for (record const& r : session_->records()) records.push_back(&r);
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
        auto next = records.cbegin();
        for (test_id const* id : ids) {
            auto const first = next;
            while (next != records.cend() && (*next)->test == *id) ++next;
            f(*id, first, next);
        }
    }

    template <class Iterator>
    void write_records(json_writer& w, Iterator first, Iterator last) {
        w.begin_array();
        for (std::size_t position = 0; first != last; ++first, ++position) {
            record_text_.clear();
            records_.write(record_text_, **first, position);
            w.raw(record_text_);
        }
        w.end_array();
    }

    void write_results(json_writer& w) {
        w.begin_object();
        each_test([&](test_id const& id, auto first, auto last) {
            w.key(id.str());
            write_records(w, first, last);
        });
        w.end_object();
    }

    /// What a worker says beside its results.
    void write_extras(json_writer& w) {
        w.key("trial_specs");
        write_list(w, session_->trial_specs());
        if (!tests_are_plain()) {
            w.key("rampart_tests");
            write_tests(w);
        }
        write_plans(w);
        if (!session_->faults().empty() || !records_.faults.empty()) {
            w.key("rampart_faults");
            w.begin_array();
            for (fault const& f : session_->faults()) write_fault(w, f);
            for (fault const& f : records_.faults) write_fault(w, f);
            w.end_array();
        }
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
        auto const same = [](test_id const* a, test_id const* b) { return *a == *b; };
        if (std::adjacent_find(ids.begin(), ids.end(), same) != ids.end()) return false;
        auto const held = count_records();
        return std::all_of(session_->tests().begin(), session_->tests().end(),
                           [&held](test_entry const& t) { return t.results == count_at(held, t); });
    }

    /// How many records stand under each test, attempt and worker.
    using place = std::tuple<std::string_view, std::uint32_t, std::string_view>;
    [[nodiscard]] std::map<place, std::uint32_t> count_records() const {
        std::map<place, std::uint32_t> held;
        for (record const& r : session_->records()) ++held[place(r.test.str(), r.attempt, r.worker)];
        return held;
    }
    [[nodiscard]] static std::uint32_t count_at(std::map<place, std::uint32_t> const& held, test_entry const& t) {
        auto const here = held.find(place(t.test.str(), t.attempt, t.worker));
        return here == held.end() ? 0 : here->second;
    }

    void write_tests(json_writer& w) const {
        std::vector<test_entry const*> tests;
        for (test_entry const& t : session_->tests()) tests.push_back(&t);
        std::stable_sort(tests.begin(), tests.end(),
                         [](test_entry const* a, test_entry const* b) { return report_order(*a, *b); });
        auto const held = count_records();
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
            // What went missing on the way here has its fault; whoever reads this need not find it again.
            if (auto const count = count_at(held, *t); count != t->results) w.member("held", count);
            if (!t->worker.empty()) {
                w.member("worker", t->worker);
            }
            write_last_facts(w, t->facts);
            w.end_object();
        }
        w.end_array();
    }
    /// This process's own plan stands under the payload's name; those that were merged keep theirs.
    void write_plans(json_writer& w) const {
        auto const& own = session_->plan();
        if (own && !own->worker.empty()) w.member("rampart_worker", own->worker);
        if (!own && session_->plans().empty()) return;
        w.key("rampart_plans");
        w.begin_array();
        if (own) {
            shard_plan mine = *own;
            mine.worker.clear();
            mine.closed = true;
            write_plan(w, mine);
        }
        for (shard_plan const& plan : session_->plans()) write_plan(w, plan);
        w.end_array();
    }
    static void write_plan(json_writer& w, shard_plan const& plan) {
        w.begin_object();
        write_plan_members(w, plan);
        w.member("process", plan.process);
        w.member("closed", plan.closed);
        if (plan.torn) w.member("torn", true);
        if (!plan.running.empty()) write_ids(w, "running", plan.running);
        w.end_object();
    }

    basic_session<R> const* session_;
    record_writer<R> records_;
    std::size_t max_line_;
    std::string record_text_{};
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_WRITE_HPP
