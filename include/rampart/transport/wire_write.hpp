#ifndef RAMPART_TRANSPORT_WIRE_WRITE_HPP
#define RAMPART_TRANSPORT_WIRE_WRITE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
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
        json_writer w(text_);
        w.begin_object();
        w.member("schema", wire_schema);
        w.key("results_by_nodeid");
        write_results(w);
        write_extras(w);
        w.end_object();
        return std::move(text_);
    }

    /// The same as a stream of envelopes, one a line.
    [[nodiscard]] std::string write_stream() {
        std::size_t count = 0;
        each_test([&](test_id const& id, auto first, auto last) {
            auto const results = static_cast<std::size_t>(last - first);
            std::shared_ptr<record const> now;
            write_envelopes(
                text_, records_, id, results,
                [&now, first, this](std::size_t i) -> record const& {
                    now = session_->records().load(first[static_cast<std::ptrdiff_t>(i)]);
                    return *now;
                },
                numbered::through, max_line_, [this](std::size_t) { text_ += '\n'; });
            if (count < sample_ && count + results >= sample_) expect(text_.size(), count + results);
            count += results;
        });
        json_writer w(text_);
        w.begin_object();
        w.member("schema", stream_schema);
        w.member("streamed_result_count", count);
        write_extras(w);
        w.end_object();
        text_ += '\n';
        return std::move(text_);
    }

private:
    using record = basic_record<R>;
    static constexpr std::size_t sample_ = 256;

    /// A test of the payload: its entries (one for each attempt and worker) and its records, as ranges of `entries_`
    /// and `places_`.
    struct test_part {
        test_id const* id = nullptr;
        std::size_t first_entry = 0;
        std::size_t last_entry = 0;
        std::size_t first_place = 0;
        std::size_t last_place = 0;
    };

    /// The tests in order of their ids; the records of each attempt after attempt, so that a reader without attempts
    /// has the order in which things happened. Sorted once, and by tests: sorting records takes as long as writing
    /// them.
    void put_in_order() {
        struct run {
            test_id const* id;
            test_entry const* entry;
            std::size_t first;
            std::size_t last;
        };
        auto const& list = session_->records();
        std::vector<run> runs;
        runs.reserve(session_->tests().size());
        std::size_t next = 0;
        auto const add = [&](test_id const& id, test_entry const* entry) {
            std::size_t const first = next;
            while (next < list.size() && list.test(next) == id) ++next;
            runs.push_back({&id, entry, first, next});
        };
        for (test_entry const& t : session_->tests()) add(t.test, &t);
        while (next < list.size()) add(list.test(next), nullptr);
        std::stable_sort(runs.begin(), runs.end(), [](run const& a, run const& b) { return *a.id < *b.id; });
        places_.reserve(list.size());
        entries_.reserve(session_->tests().size());
        parts_.reserve(runs.size());
        for (run const& r : runs) {
            bool const is_new = parts_.empty() || *parts_.back().id != *r.id;
            if (is_new) parts_.push_back({r.id, entries_.size(), entries_.size(), places_.size(), places_.size()});
            test_part& part = parts_.back();
            if (r.entry != nullptr) entries_.push_back(r.entry);
            for (std::size_t place = r.first; place < r.last; ++place) places_.push_back(place);
            part.last_entry = entries_.size();
            part.last_place = places_.size();
        }
        auto const key = [&list](std::size_t place) {
            return std::tuple(list.attempt(place), list.index(place), list.worker(place));
        };
        for (test_part const& part : parts_) {
            if (part.last_place - part.first_place < 2) continue;
            std::stable_sort(begin_of(places_, part.first_place), begin_of(places_, part.last_place),
                             [&key](std::size_t a, std::size_t b) { return key(a) < key(b); });
        }
    }
    template <class List>
    static auto begin_of(List& list, std::size_t at) {
        return list.begin() + static_cast<std::ptrdiff_t>(at);
    }

    /// Calls `f(id, first, last)` for each test with the places of its records.
    template <class F>
    void each_test(F f) {
        put_in_order();
        for (test_part const& p : parts_) f(*p.id, begin_of(places_, p.first_place), begin_of(places_, p.last_place));
    }

    template <class Iterator>
    void write_records(json_writer& w, Iterator first, Iterator last) {
        w.begin_array();
        for (std::size_t position = 0; first != last; ++first, ++position) {
            records_.write(w, *session_->records().load(*first), position);
            if (++written_ == sample_) expect(w.size(), written_);
        }
        w.end_array();
    }

    /// Takes memory for the whole payload when a part of the records says how much that may be: growing step by step
    /// would ask the system for twice as much, which takes as long as writing.
    void expect(std::size_t bytes, std::size_t written) {
        constexpr std::size_t at_most = std::size_t{1} << 30U;  // a guess is not to be what memory fails at
        text_.reserve(std::min(at_most, bytes / written * (session_->records().size() * 9 / 8 + sample_)));
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
        test_facts plain;
        for (test_entry const& t : session_->tests()) {
            plain.name = short_name(t.test);
            if (t.attempt != 1 || !t.worker.empty() || t.facts != plain) {
                return false;
            }
        }
        return std::all_of(parts_.begin(), parts_.end(), [this](test_part const& part) {
            std::size_t const entries = part.last_entry - part.first_entry;
            return entries == 0 || (entries == 1 && entries_[part.first_entry]->results == count_at(part, 1, {}));
        });
    }

    /// How many records a test has of this attempt and worker.
    [[nodiscard]] std::uint32_t count_at(test_part const& part, std::uint32_t attempt, std::string_view worker) const {
        auto const& list = session_->records();
        auto const is_one = [&](std::size_t at) { return list.attempt(at) == attempt && list.worker(at) == worker; };
        return static_cast<std::uint32_t>(
            std::count_if(begin_of(places_, part.first_place), begin_of(places_, part.last_place), is_one));
    }

    void write_tests(json_writer& w) const {
        std::unordered_map<test_entry const*, std::uint32_t> held;
        for (test_part const& part : parts_) {
            for (std::size_t i = part.first_entry; i < part.last_entry; ++i) {
                held.emplace(entries_[i], count_at(part, entries_[i]->attempt, entries_[i]->worker));
            }
        }
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
            // What went missing on the way here has its fault; whoever reads this need not find it again.
            if (auto const count = held.at(t); count != t->results) w.member("held", count);
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
            shard_plan mine = counted_plan(*session_);
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
        if (plan.tally) {
            w.key("tally");
            write_tally(w, *plan.tally);
        }
        w.end_object();
    }

    basic_session<R> const* session_;
    record_writer<R> records_;
    std::size_t max_line_;
    std::vector<test_part> parts_{};
    std::vector<test_entry const*> entries_{};
    std::vector<std::size_t> places_{};
    std::string text_{};
    std::size_t written_ = 0;
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_WIRE_WRITE_HPP
