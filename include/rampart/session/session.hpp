#ifndef RAMPART_SESSION_SESSION_HPP
#define RAMPART_SESSION_SESSION_HPP

#include "rampart/base/text.hpp"
#include "rampart/collect/marks.hpp"
#include "rampart/session/shard.hpp"

#include <concepts>
#include <cstdint>
#include <exception>
#include <map>
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
/// shards: whatever a session lists in order of arrival, the report sorts.
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
        auto const attempt = ++attempts_[id];
        if (facts.name.empty()) facts.name = std::string(short_name(test));
        std::uint32_t index = 0;
        for (R& r : results) {
            guarded(id, index, [&] {
                std::string harm{std::string_view(result_traits<R>::harm_category(r))};
                if (harm.empty()) harm = marks.harm_category;
                add(basic_record<R>{test, facts.name, index, attempt, {}, std::move(harm), std::move(r)});
            });
            ++index;
        }
        add(test_entry{test, attempt, {}, index, std::move(facts)});
    }

    /// Says that `clone` is a trial of `base`. Specs for one clone that disagree leave one fault, and the choice
    /// between them does not depend on which came first: the base that sorts first, then the higher threshold (B50,
    /// B51). A threshold that is no number leaves a fault, and 1 is taken (B49).
    void register_trial_spec(trial_spec spec) {
        spec.clone = test_id{clean(spec.clone.str())};
        spec.base = test_id{clean(spec.base.str())};
        if (spec.threshold != spec.threshold) {
            add_fault({fault_kind::incomplete, spec.clone.str(), "this trial's threshold is no number; 1 is taken"});
            spec.threshold = 1.0;
        }
        auto const [at, is_new] = specs_.try_emplace(spec.clone, known_spec{spec, false});
        known_spec& known = at->second;
        if (is_new || known.spec == spec) return;
        if (!std::exchange(known.disputed, true)) {
            add_fault({fault_kind::trial_conflict, spec.clone.str(),
                       "two processes disagree about this trial's test or threshold; the stricter one is taken"});
        }
        auto const rank = [](trial_spec const& s) { return std::pair(s.base, -s.threshold); };
        if (rank(spec) < rank(known.spec)) known.spec = std::move(spec);
    }
    void merge_trial_specs(std::vector<trial_spec> specs) {
        for (trial_spec& s : specs) register_trial_spec(std::move(s));
    }

    /// Takes a shard. Its records are named after `from.worker`, whatever they said before (B79, B82).
    void merge_worker_results(basic_shard<R> from) {
        for (auto& r : from.records) {
            r.worker = from.worker;
            std::string const where = place_in_worker(from.worker, clean(r.test.str()));
            guarded(where, r.index, [&] { add(std::move(r)); });
        }
        for (auto& t : from.tests) {
            t.worker = from.worker;
            add(std::move(t));
        }
        merge_trial_specs(std::move(from.trial_specs));
        for (auto& f : from.faults) {
            f.where = place_in_worker(from.worker, f.where);
            add_fault(std::move(f));
        }
    }

    /// A fault in words of the caller (B83).
    void mark_incomplete(std::string reason) { add_fault({fault_kind::incomplete, {}, std::move(reason)}); }
    void add_fault(fault f) {
        apply(text_, f.where);
        apply(text_, f.what);
        faults_.push_back(std::move(f));
    }
    /// Whether something was lost, or may have been.
    bool is_incomplete() const noexcept {
        for (fault const& f : faults_) {
            if (loses(f.kind)) return true;
        }
        return false;
    }
    /// One line for each fault that lost something, in the order in which they came (B83).
    std::vector<std::string> incomplete_reasons() const {
        std::vector<std::string> reasons;
        for (fault const& f : faults_) {
            if (loses(f.kind)) reasons.push_back(reason(f));
        }
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
    std::vector<basic_record<R>> records() && noexcept { return std::move(records_); }
    std::vector<test_entry> const& tests() const noexcept { return tests_; }
    std::vector<fault> const& faults() const noexcept { return faults_; }
    /// In order of the clones' ids.
    std::vector<trial_spec> trial_specs() const {
        std::vector<trial_spec> list;
        list.reserve(specs_.size());
        for (auto const& entry : specs_) list.push_back(entry.second.spec);
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
        return {std::move(worker), records_, tests_, trial_specs(), faults_};
    }

private:
    struct known_spec {
        trial_spec spec{};
        bool disputed = false;
    };

    std::string clean(std::string text) const {
        apply(text_, text);
        return text;
    }
    /// The one place where what a foreign type's `result_traits` throws is caught.
    template <class F>
    void guarded(std::string const& where, std::uint32_t index, F take) {
        auto const lost = [&](std::string const& why) {
            add_fault({fault_kind::bad_record, where,
                       "result " + std::to_string(index) + " was lost, its result_traits threw: " + why});
        };
        try {
            take();
        } catch (std::exception const& e) {
            lost(e.what());
        } catch (...) {
            lost("an exception of an unknown type");
        }
    }
    void add(basic_record<R> r) {
        r.test = test_id{clean(r.test.str())};
        apply(text_, r.test_name);
        apply(text_, r.worker);
        apply(text_, r.harm_category);
        if constexpr (requires { result_traits<R>::for_each_text(r.value, [](std::string&) {}); }) {
            if (text_ != rampart::text_policy::keep) {
                result_traits<R>::for_each_text(r.value, [this](std::string& text) { apply(text_, text); });
            }
        }
        records_.push_back(std::move(r));
    }
    void add(test_entry t) {
        t.test = test_id{clean(t.test.str())};
        apply(text_, t.worker);
        apply(text_, t.facts.name);
        apply(text_, t.facts.file);
        tests_.push_back(std::move(t));
    }

    rampart::text_policy text_ = rampart::text_policy::escape;
    std::vector<basic_record<R>> records_{};
    std::vector<test_entry> tests_{};
    std::map<test_id, known_spec> specs_{};
    std::vector<fault> faults_{};
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
