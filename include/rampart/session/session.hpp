#ifndef RAMPART_SESSION_SESSION_HPP
#define RAMPART_SESSION_SESSION_HPP

#include "rampart/base/text.hpp"
#include "rampart/collect/marks.hpp"
#include "rampart/session/attempts.hpp"
#include "rampart/session/places.hpp"
#include "rampart/session/record_list.hpp"
#include "rampart/session/session_concept.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/session/shard_table.hpp"
#include "rampart/session/washing.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// Whether the values of a shard's records have been put through the session's text policy.
enum class values_are : bool { as_they_came, washed };

/// What one process learnt, or what a controller gathered from many: records, trial specs, and faults.
///
/// Text that comes in is put through the session's text policy, at absorb and at merge alike, so that the same run
/// gives the same report in one process and in many (wire format, B7). Merging is independent of the order of the
/// shards, and of how often each comes: whatever a session lists in order of arrival, the report sorts (wire format,
/// C). Records that were merged from files may stay there: see `hold_at_most` and `record_list`.
///
/// A session is used by one thread at a time.
template <Result R>
class basic_session {
public:
    using result_type = R;

    basic_session() = default;
    explicit basic_session(rampart::text_policy text) : text_(text) {}
    rampart::text_policy text_policy() const noexcept { return text_; }

    /// How many bytes of results, as they stand in their files, `merge_file` and `merge_path` hold in memory from now
    /// on: 64 MiB where nothing is said. What comes after that stays in its file and is read again when the report is
    /// written, so that the files have to stay as they are until then; a report sink says so when they did not.
    void hold_at_most(std::size_t bytes) noexcept { from_files_.room = bytes; }
    /// For what merges files: what is left of that, and where the others are read again.
    detail::file_room<R>& file_room() noexcept { return from_files_; }

    /// Takes what a test recorded, also when that is nothing (B29, B31). A second call for the same test is a further
    /// attempt; the earlier one is kept (B33). Does not throw for what `result_traits` of a foreign type throws: that
    /// one result is lost, which a fault says, and its siblings are kept (B34).
    void absorb(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts = {}) {
        take_in(test, marks, std::move(results), std::move(facts), true);
    }
    /// The same of a test that this session has not absorbed before, as the caller knows: nothing is looked up.
    void absorb_first(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts = {}) {
        take_in(test, marks, std::move(results), std::move(facts), false);
    }
    /// So many tests will be absorbed.
    void expect_tests(std::size_t count) { tests_.reserve(tests_.size() + count); }
    /// Says which attempt the next `absorb` of this test is, where other processes have run it before.
    void expect_attempt(test_id const& test, std::uint32_t next) {
        attempts_.tell(test_id{clean(test.str())}, next - 1);
    }
    /// Which attempt the next `absorb` of this test is.
    std::uint32_t next_attempt(test_id const& test) const {
        return attempts_.last(test_id{clean(test.str())}, tests_) + 1;
    }

    /// Says that `clone` is a trial of `base`. Specs for one clone that disagree leave one fault, and the choice
    /// between them does not depend on which came first: the base that sorts first, then the higher threshold (B50,
    /// B51). A threshold that is no number leaves a fault, and 1 is taken (B49).
    void register_trial_spec(trial_spec spec) {
        spec.clone = test_id{clean(spec.clone.str())};
        spec.base = test_id{clean(spec.base.str())};
        if (spec.threshold != spec.threshold) {
            merge_fault({fault_kind::incomplete, spec.clone.str(), "this trial's threshold is no number; 1 is taken"});
            spec.threshold = 1.0;
        }
        auto const [at, is_new] = specs_.try_emplace(spec.clone, spec);
        trial_spec& known = at->second;
        if (is_new || known == spec) return;
        merge_fault({fault_kind::trial_conflict, spec.clone.str(),
                     "two processes disagree about this trial's test or threshold; the stricter one is taken"});
        auto const rank = [](trial_spec const& s) { return std::pair(s.base, -s.threshold); };
        if (rank(spec) < rank(known)) known = std::move(spec);
    }
    /// Registers them, one by one.
    void merge_trial_specs(std::vector<trial_spec> specs) {
        for (trial_spec& s : specs) register_trial_spec(std::move(s));
    }

    /// What this process itself sets out to do. It is carried to where this session is merged, and judged there.
    void set_plan(shard_plan mine) {
        wash(mine);
        own_plan_ = std::move(mine);
    }
    /// What was set with `set_plan`.
    std::optional<shard_plan> const& plan() const noexcept { return own_plan_; }
    /// The plans that were merged, each once. What follows from them is `settlement_of` to say.
    std::vector<shard_plan> const& plans() const& noexcept { return plans_; }
    /// The plans that were merged; none is left.
    std::vector<shard_plan> plans() && {
        plan_places_.clear();
        return std::exchange(plans_, {});
    }

    /// Takes a shard. Its records, tests and plans are named after `from.worker`, whatever they said before (B79,
    /// B82); where that is empty, each keeps the worker that it has, as when one gathering session is merged into
    /// another.
    ///
    /// What is there already changes nothing. A record or test that claims the place of another and differs is kept
    /// beside it, and leaves a `duplicate_record`. Of equal faults as many are kept as one side alone has.
    void merge_worker_results(basic_shard<R> from) { merge_worker_results(std::move(from), equal_results()); }

    /// The same with an own idea of which results are the same: `same(R const&, R const&)`, which is asked only about
    /// records that claim one place. It has to be an equivalence, or the order of merging shows. `values_are::washed`
    /// is for a reader that has put the values of `from.records` through this session's text policy already.
    template <class Same>
        requires std::predicate<Same const&, R const&, R const&>
    void merge_worker_results(basic_shard<R> from, Same same, values_are values = values_are::as_they_came) {
        auto const rename = [&from](std::string& worker) {
            if (!from.worker.empty()) worker = from.worker;
        };
        std::vector<fault> brought;
        auto const take_record = [&](basic_record<R>&& r) {
            rename(r.worker);
            auto lost = detail::lost_by_throwing([&r] { return place_in_worker(r.worker, r.test.str()); }, r.index,
                                                 [&] {
                                                     detail::wash_head(text_, r);
                                                     if (values == values_are::as_they_came)
                                                         detail::wash_value(text_, r.value);
                                                     take(std::move(r), same);
                                                 });
            if (lost) brought.push_back(std::move(*lost));
        };
        records_.make_room(from.records.size());
        for (auto& r : from.records) take_record(std::move(r));
        from.records = std::vector<basic_record<R>>();
        if (!from.worker.empty()) from.filed.set_worker(from.worker);
        from.filed.set_text_policy(text_);
        from.filed.for_each_filed_text([this](std::string& text) { wash(text); });
        for (std::size_t i = 0; i < from.filed.size(); ++i) {
            from.filed.is_filed(i) ? take(from.filed, i, same) : take_record(from.filed.take_held(i));
        }
        from.filed.clear();
        for (auto& t : from.tests) {
            rename(t.worker);
            wash(t);
            take(std::move(t));
        }
        for (auto& p : from.plans) {
            rename(p.worker);
            wash(p);
            take(std::move(p));
        }
        merge_trial_specs(std::move(from.trial_specs));
        for (auto& f : from.faults) {
            f.where = place_in_worker(from.worker, f.where);
            brought.push_back(std::move(f));
        }
        merge_faults(std::move(brought));
    }

    /// A fault in words of the caller (B83).
    void mark_incomplete(std::string reason) { add_fault({fault_kind::incomplete, {}, std::move(reason)}); }
    /// Adds a fault, also where an equal one is.
    void add_fault(fault f) {
        wash(f);
        faults_.push_back(std::move(f));
    }
    /// Adds a fault unless an equal one is there: what is said of the same bytes twice is one fault.
    void merge_fault(fault f) {
        std::vector<fault> one;
        one.push_back(std::move(f));
        merge_faults(std::move(one));
    }
    /// Whether something was lost, or may have been; also when that follows from the plans.
    bool is_incomplete() const {
        auto const any_lost = [](std::vector<fault> const& faults) {
            return std::any_of(faults.begin(), faults.end(), [](fault const& f) { return loses(f.kind); });
        };
        return any_lost(faults_) || any_lost(settlement_of(*this).faults);
    }
    /// One line for each fault that lost something, in the order in which they came (B83); then those that follow from
    /// the plans, sorted.
    std::vector<std::string> incomplete_reasons() const {
        std::vector<std::string> reasons;
        auto const add = [&reasons](std::vector<fault> const& faults) {
            for (fault const& f : faults) {
                if (loses(f.kind)) reasons.push_back(reason(f));
            }
        };
        add(faults_);
        add(settlement_of(*this).faults);
        return reasons;
    }

    /// Adds run metadata for the report, key by key; later wins (B38).
    void set_report_metadata(metadata more) {
        auto const wash = [this](std::string& text) { apply(text_, text); };
        for_each_text(more, wash);
        for (metadata_member& m : more) meta_.set(m.key, std::move(m.value));
    }
    /// The run metadata.
    metadata const& report_metadata() const& noexcept { return meta_; }
    /// The run metadata; none is left.
    metadata report_metadata() && { return std::exchange(meta_, {}); }
    /// Wall time of the run, 0 until it is set (B36).
    void set_duration(double seconds) noexcept { duration_ = seconds; }
    double duration_seconds() const noexcept { return duration_; }

    // A session that is given up hands its lists over; they are empty then.
    record_list<R> const& records() const& noexcept { return records_; }
    record_list<R> records() && {
        record_places_.clear();
        return std::exchange(records_, record_list<R>(text_));
    }
    std::vector<test_entry> const& tests() const& noexcept { return tests_; }
    std::vector<test_entry> tests() && {
        test_places_.clear();
        attempts_.forget_places();
        return std::exchange(tests_, {});
    }
    std::vector<fault> const& faults() const& noexcept { return faults_; }
    std::vector<fault> faults() && {
        fault_places_.clear();
        return std::exchange(faults_, {});
    }
    /// In order of the clones' ids.
    std::vector<trial_spec> trial_specs() const {
        std::vector<trial_spec> list;
        list.reserve(specs_.size());
        for (auto const& entry : specs_) list.push_back(entry.second);
        return list;
    }

    /// The results of each test as they came, all in memory then; a test that recorded nothing has an empty list.
    std::map<test_id, std::vector<R>> results_by_nodeid() const {
        std::map<test_id, std::vector<R>> found;
        for (test_entry const& t : tests_) found[t.test];
        for (basic_record<R> const& r : records_) found[r.test].push_back(r.value);
        return found;
    }

    /// A copy of what the session knows, for elsewhere and under this worker's name; all records are in memory then.
    basic_shard<R> to_shard(std::string worker) const {
        auto plans = plans_;
        if (own_plan_) {
            plans.push_back(detail::counted_plan(*this));
            plans.back().worker = worker;
        }
        return {std::move(worker), records_.to_vector(), tests_, trial_specs(), faults_, std::move(plans)};
    }

private:
    std::string clean(std::string text) const {
        apply(text_, text);
        return text;
    }
    template <class T>
    void wash(T& what) const {
        detail::wash(text_, what);
    }

    void take_in(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts,
                 bool may_be_again) {
        if (facts.name.empty()) facts.name = std::string(short_name(test));
        test_entry entry{test, 1, {}, 0, std::move(facts)};
        wash(entry);
        entry.attempt = (may_be_again ? attempts_.last(entry.test, tests_) : attempts_.told(entry.test)) + 1;
        auto const where = [&entry] { return entry.test.str(); };
        std::uint32_t index = 0;
        for (R& r : results) {
            auto lost = detail::lost_by_throwing(where, index, [&] {
                std::string harm{std::string_view(result_traits<R>::harm_category(r))};
                if (harm.empty()) harm = marks.harm_category;
                basic_record<R> made{entry.test, entry.facts.name, index,       entry.attempt,
                                     {},         std::move(harm),  std::move(r)};
                detail::wash_head(text_, made);
                detail::wash_value(text_, made.value);
                records_.push_back(std::move(made));
            });
            if (lost) add_fault(std::move(*lost));
            ++index;
        }
        entry.results = index;
        tests_.push_back(std::move(entry));
    }
    template <class Same>
    void take(basic_record<R>&& r, Same const& same) {
        auto const key = detail::key_of(r);
        if (take(
                key, r.test_name, r.harm_category, same, [&r]() -> R const& { return r.value; },
                [&] { records_.push_back(std::move(r)); })) {
            dispute_last();
        }
    }
    /// A record of a list that is filed there. It is read only where another claims its place.
    template <class Same>
    void take(record_list<R> const& from, std::size_t i, Same const& same) {
        std::shared_ptr<basic_record<R> const> read;
        auto const value = [&]() -> R const& {
            if (read == nullptr) read = from.load(i);
            return read->value;
        };
        if (take(detail::key_of(from, i), from.test_name(i), from.harm_category(i), same, value,
                 [&] { records_.push_back(from, i); })) {
            dispute_last();
        }
    }
    /// True if it has to stand beside another that claims its place.
    template <class Same, class Value, class Push>
    bool take(detail::record_key const& key, std::string_view name, std::string_view harm, Same const& same,
              Value value, Push push) {
        record_places_.catch_up(records_);
        auto const claim = detail::claim_place(
            record_places_, detail::hash_of_place(key),
            [&](std::size_t at) { return detail::key_of(records_, at) == key; },
            [&](std::size_t at) {
                try {
                    return records_.test_name(at) == name && records_.harm_category(at) == harm &&
                           same(records_.load(at)->value, value());
                } catch (...) {
                    return false;  // two that cannot be compared are both kept
                }
            });
        if (!claim.known) push();
        return claim.disputed;
    }
    void dispute_last() {
        std::size_t const last = records_.size() - 1;
        dispute(records_.worker(last), records_.test(last), records_.attempt(last),
                ", result " + std::to_string(records_.index(last)));
    }
    void take(test_entry&& t) {
        // What this process runs after it took its own earlier output is a further attempt.
        if (t.worker.empty()) {
            attempts_.tell(t.test, std::max(attempts_.last(t.test, tests_), t.attempt));
        }
        if (!detail::take_once(std::move(t), tests_, test_places_, std::equal_to<test_entry>())) return;
        dispute(tests_.back().worker, tests_.back().test, tests_.back().attempt, "");
    }
    void dispute(std::string_view worker, test_id const& test, std::uint32_t attempt, std::string const& rest) {
        merge_fault({fault_kind::duplicate_record, place_in_worker(worker, test.str()),
                     "attempt " + std::to_string(attempt) + rest + " stands more than once, and differs"});
    }
    void take(shard_plan&& p) {
        plan_places_.catch_up(plans_);
        std::size_t compared = 0;
        bool known = false;
        plan_places_.any(detail::hash_of_place(p), [&](std::size_t at) {
            known = equal_but_source(plans_[at], p);
            if (known) detail::join_copies(plans_[at], p);
            return known || ++compared == detail::most_compared;
        });
        if (!known) plans_.push_back(std::move(p));
    }

    /// Of equal faults as many stay as there are on the side that has more.
    void merge_faults(std::vector<fault> more) {
        for (fault& f : more) wash(f);
        auto const is_new = detail::which_are_new(more, faults_, fault_places_);
        for (std::size_t i = 0; i < more.size(); ++i) {
            if (is_new[i]) faults_.push_back(std::move(more[i]));
        }
    }

    rampart::text_policy text_ = rampart::text_policy::escape;
    record_list<R> records_ = record_list<R>(text_);
    detail::file_room<R> from_files_{};
    std::vector<test_entry> tests_{};
    std::map<test_id, trial_spec> specs_{};
    std::vector<fault> faults_{};
    std::optional<shard_plan> own_plan_{};
    std::vector<shard_plan> plans_{};
    detail::place_index record_places_{};
    detail::place_index test_places_{};
    detail::place_index plan_places_{};
    detail::place_index fault_places_{};
    detail::attempt_book attempts_{};
    metadata meta_{};
    double duration_ = 0.0;
};
/// Of rampart's own results.
using session = basic_session<result>;

static_assert(Session<session>);

}  // namespace rampart::inline v1

#endif
