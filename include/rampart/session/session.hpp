#ifndef RAMPART_SESSION_SESSION_HPP
#define RAMPART_SESSION_SESSION_HPP

#include "rampart/base/text.hpp"
#include "rampart/collect/marks.hpp"
#include "rampart/session/accounts.hpp"
#include "rampart/session/places.hpp"
#include "rampart/session/shard.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What one process learnt, or what a controller gathered from many: records, trial specs, and faults.
///
/// Text that comes in is put through the session's text policy, at absorb and at merge alike, so that the same run
/// gives the same report in one process and in many (wire format, B7). Merging is independent of the order of the
/// shards, and of how often each comes: whatever a session lists in order of arrival, the report sorts (wire format,
/// C).
///
/// A session is used by one thread at a time.
template <Result R>
class basic_session {
public:
    using result_type = R;

    basic_session() = default;
    explicit basic_session(rampart::text_policy text) : text_(text) {}

    rampart::text_policy text_policy() const noexcept { return text_; }

    /// Takes what a test recorded, also when that is nothing (B29, B31). A second call for the same test is a further
    /// attempt; the earlier one is kept (B33). Does not throw for what `result_traits` of a foreign type throws: that
    /// one result is lost, which a fault says, and its siblings are kept (B34).
    void absorb(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts = {}) {
        auto const id = clean(test.str());
        auto const where = [&id] { return id; };
        auto const attempt = ++attempts_[id];
        if (facts.name.empty()) facts.name = std::string(short_name(test));
        std::uint32_t index = 0;
        for (R& r : results) {
            auto lost = guarded(where, index, [&] {
                std::string harm{std::string_view(result_traits<R>::harm_category(r))};
                if (harm.empty()) harm = marks.harm_category;
                basic_record<R> made{test, facts.name, index, attempt, {}, std::move(harm), std::move(r)};
                wash(made);
                records_.push_back(std::move(made));
            });
            if (lost) add_fault(std::move(*lost));
            ++index;
        }
        tests_.push_back({test, attempt, {}, index, std::move(facts)});
        wash(tests_.back());
    }

    /// Says which attempt the next `absorb` of this test is, where other processes have run it before.
    void expect_attempt(test_id const& test, std::uint32_t next) { attempts_[clean(test.str())] = next - 1; }

    /// Which attempt the next `absorb` of this test is.
    std::uint32_t next_attempt(test_id const& test) const {
        auto const known = attempts_.find(clean(test.str()));
        return known == attempts_.end() ? 1U : known->second + 1;
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
    void merge_trial_specs(std::vector<trial_spec> specs) {
        for (trial_spec& s : specs) register_trial_spec(std::move(s));
    }

    /// What this process itself sets out to do. It is carried to where this session is merged, and judged there.
    void set_plan(shard_plan mine) {
        wash(mine);
        own_plan_ = std::move(mine);
    }
    std::optional<shard_plan> const& plan() const noexcept { return own_plan_; }
    /// The plans that were merged, each once. What follows from them is `settlement_of` to say.
    std::vector<shard_plan> const& plans() const noexcept { return plans_; }

    /// Takes a shard. Its records, tests and plans are named after `from.worker`, whatever they said before (B79,
    /// B82); where that is empty, each keeps the worker that it has, as when one gathering session is merged into
    /// another.
    ///
    /// What is there already changes nothing. A record or test that claims the place of another and differs is kept
    /// beside it, and leaves a `duplicate_record`. Of equal faults as many are kept as one side alone has.
    void merge_worker_results(basic_shard<R> from) { merge_worker_results(std::move(from), equal_results()); }

    /// The same with an own idea of which results are the same: `same(R const&, R const&)`, which is asked only about
    /// records that claim one place. It has to be an equivalence, or the order of merging shows.
    template <class Same>
        requires std::predicate<Same const&, R const&, R const&>
    void merge_worker_results(basic_shard<R> from, Same same) {
        auto const rename = [&from](std::string& worker) {
            if (!from.worker.empty()) worker = from.worker;
        };
        std::vector<fault> brought;
        for (auto& r : from.records) {
            rename(r.worker);
            auto lost = guarded([&r] { return place_in_worker(r.worker, r.test.str()); }, r.index,
                                [&] {
                                    wash(r);
                                    take(std::move(r), same);
                                });
            if (lost) brought.push_back(std::move(*lost));
        }
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
    metadata const& report_metadata() const noexcept { return meta_; }

    /// Wall time of the run, 0 until it is set (B36).
    void set_duration(double seconds) noexcept { duration_ = seconds; }
    double duration_seconds() const noexcept { return duration_; }

    std::vector<basic_record<R>> const& records() const& noexcept { return records_; }
    /// A session that is given up hands its records over.
    std::vector<basic_record<R>> records() && noexcept {
        record_places_.clear();
        return std::exchange(records_, {});
    }
    std::vector<test_entry> const& tests() const noexcept { return tests_; }
    std::vector<fault> const& faults() const noexcept { return faults_; }
    /// In order of the clones' ids.
    std::vector<trial_spec> trial_specs() const {
        std::vector<trial_spec> list;
        list.reserve(specs_.size());
        for (auto const& entry : specs_) list.push_back(entry.second);
        return list;
    }

    /// The results of each test in the order in which they came; a test that recorded nothing has an empty list.
    std::map<test_id, std::vector<R>> results_by_nodeid() const {
        std::map<test_id, std::vector<R>> found;
        for (test_entry const& t : tests_) found[t.test];
        for (basic_record<R> const& r : records_) found[r.test].push_back(r.value);
        return found;
    }

    /// A copy of what the session knows, to be carried elsewhere under this worker's name.
    basic_shard<R> to_shard(std::string worker) const {
        auto plans = plans_;
        if (own_plan_) {
            plans.push_back(*own_plan_);
            plans.back().worker = worker;
        }
        return {std::move(worker), records_, tests_, trial_specs(), faults_, std::move(plans)};
    }

private:
    std::string clean(std::string text) const {
        apply(text_, text);
        return text;
    }
    void wash(std::string& text) const { apply(text_, text); }
    void wash(test_id& id) const {
        if (text_ != rampart::text_policy::keep) id = test_id{clean(id.str())};
    }
    void wash(fault& f) const {
        wash(f.where);
        wash(f.what);
    }
    void wash(basic_record<R>& r) const {
        wash(r.test);
        wash(r.test_name);
        wash(r.worker);
        wash(r.harm_category);
        if constexpr (requires { result_traits<R>::for_each_text(r.value, [](std::string&) {}); }) {
            if (text_ != rampart::text_policy::keep) {
                result_traits<R>::for_each_text(r.value, [this](std::string& text) { wash(text); });
            }
        }
    }
    void wash(test_entry& t) const {
        wash(t.test);
        wash(t.worker);
        wash(t.facts.name);
        wash(t.facts.file);
        wash(t.facts.detail);
        for (std::string& name : t.facts.unused) wash(name);
    }
    void wash(shard_plan& p) const {
        for (std::string* text : {&p.run, &p.worker, &p.list_hash, &p.process, &p.source}) wash(*text);
        for (test_id& id : p.tests) wash(id);
        for (test_id& id : p.running) wash(id);
    }

    /// The one place where what a foreign type's `result_traits` throws is caught. `where` is asked only then.
    template <class Where, class F>
    std::optional<fault> guarded(Where where, std::uint32_t index, F take_it) {
        auto const lost = [&](std::string const& why) {
            return fault{fault_kind::bad_record, where(),
                         "result " + std::to_string(index) + " was lost, its result_traits threw: " + why};
        };
        try {
            take_it();
        } catch (std::exception const& e) {
            return lost(e.what());
        } catch (...) {
            return lost("an exception of an unknown type");
        }
        return std::nullopt;
    }

    template <class Same>
    void take(basic_record<R>&& r, Same const& same) {
        auto const same_record = [&same](basic_record<R> const& a, basic_record<R> const& b) {
            try {
                return a.test_name == b.test_name && a.harm_category == b.harm_category && same(a.value, b.value);
            } catch (...) {
                return false;  // two that cannot be compared are both kept
            }
        };
        if (!detail::take_once(std::move(r), records_, record_places_, same_record)) return;
        basic_record<R> const& kept = records_.back();
        dispute(kept.worker, kept.test, kept.attempt, ", result " + std::to_string(kept.index));
    }
    void take(test_entry&& t) {
        // What this process runs after it took its own earlier output is a further attempt.
        if (t.worker.empty()) {
            auto& attempt = attempts_[t.test.str()];
            attempt = std::max(attempt, t.attempt);
        }
        if (!detail::take_once(std::move(t), tests_, test_places_, std::equal_to<test_entry>())) return;
        dispute(tests_.back().worker, tests_.back().test, tests_.back().attempt, "");
    }
    void dispute(std::string const& worker, test_id const& test, std::uint32_t attempt, std::string const& rest) {
        merge_fault({fault_kind::duplicate_record, place_in_worker(worker, test.str()),
                     "attempt " + std::to_string(attempt) + rest + " stands more than once, and differs"});
    }
    void take(shard_plan&& p) {
        plan_places_.catch_up(plans_);
        std::size_t compared = 0;
        bool known = false;
        plan_places_.any(detail::hash_of_place(p), [&](std::size_t at) {
            known = equal_but_source(plans_[at], p);
            if (known && p.source < plans_[at].source) plans_[at].source = p.source;
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
    std::vector<basic_record<R>> records_{};
    std::vector<test_entry> tests_{};
    std::map<test_id, trial_spec> specs_{};
    std::vector<fault> faults_{};
    std::optional<shard_plan> own_plan_{};
    std::vector<shard_plan> plans_{};
    detail::place_index record_places_{};
    detail::place_index test_places_{};
    detail::place_index plan_places_{};
    detail::place_index fault_places_{};
    std::unordered_map<std::string, std::uint32_t> attempts_{};
    metadata meta_{};
    double duration_ = 0.0;
};
using session = basic_session<result>;

/// Something a report can be built from: it lists its records, its tests, its trial specs and its faults, and knows the
/// run's metadata and duration.
template <class S>
concept Session = requires(S const& s) {
    typename S::result_type;
    requires Result<typename S::result_type>;
    { s.records() } -> std::convertible_to<std::vector<basic_record<typename S::result_type>>>;
    { s.tests() } -> std::convertible_to<std::vector<test_entry>>;
    { s.trial_specs() } -> std::convertible_to<std::vector<trial_spec>>;
    { s.faults() } -> std::convertible_to<std::vector<fault>>;
    { s.report_metadata() } -> std::convertible_to<metadata>;
    { s.duration_seconds() } -> std::convertible_to<double>;
};
static_assert(Session<session>);

}  // namespace rampart::inline v1

#endif
