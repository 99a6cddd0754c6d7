#include "fuzz/invariants.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <set>
#include <utility>
#include <vector>

#include <boost/crc.hpp>
#include <boost/json/value.hpp>

#include "rampart/base/stable_hash.hpp"
#include "rampart/base/text.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/json/read.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/json_file.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/merge.hpp"
#include "rampart/transport/wire.hpp"

namespace rp = rampart;

namespace invariants {

namespace {

void require(bool holds, std::string const& what) {
    if (!holds) throw broken(what);
}
/// What came in is UTF-8, and as the session's policy makes it.
class text_check {
public:
    explicit text_check(rp::text_policy policy) : policy_(policy) {}
    void operator()(std::string const& text, char const* what) const {
        require(rp::is_valid_utf8(text), std::string("ill-formed UTF-8 in ") + what + ": " + rp::one_line(text));
        std::string again = text;
        rp::apply(policy_, again);
        require(again == text, std::string("the text policy is not applied to ") + what + ": " + rp::one_line(text));
    }

private:
    rp::text_policy policy_;
};
template <class T>
void require_named(T value, char const* what) {
    // A value beyond the last enumerator would read beyond the table of names.
    require(static_cast<unsigned>(value) < 64 && !to_string(value).empty(), std::string("an unnamed ") + what);
}

void check_texts(rp::result const& value, text_check const& require_text) {
    rp::result copy = value;
    rp::result_traits<rp::result>::for_each_text(copy,
                                                 [&](std::string& text) { require_text(text, "a result's text"); });
}

void check_numbers(rp::result const& r) {
    require(std::isfinite(r.duration_seconds), "a duration that is no number");
    for (rp::turn const& t : r.evidence.turns) {
        require(t.request.prompt || !t.request.attachments.empty(), "a request without prompt and attachment");
        if (t.evaluation) {
            require(std::isfinite(t.evaluation->confidence), "a confidence that is no number");
            require(t.evaluation->outcome <= rp::eval_outcome::undetermined, "an unnamed outcome");
        }
        for (rp::payload const& p : t.request.attachments) {
            require(p.format == rp::payload_format::text, "an attachment that came from outside is a text");
            require(!p.artifact, "an attachment that came from outside has no file");
        }
    }
}

/// What bytes say, read with nothing of the readers but the JSON in them.
struct claim {
    std::size_t results = 0;
    bool plain = true;  // no result has a place of its own choice, so that none can take another's
};

void count_results(boost::json::value const& v, claim& to) {
    auto const* const list = v.if_array();
    if (list == nullptr) return;
    to.results += list->size();
    for (boost::json::value const& each : *list) {
        auto const* const o = each.if_object();
        if (o == nullptr || o->contains("rampart_index") || o->contains("rampart_attempt")) to.plain = false;
    }
}
void count_object(boost::json::value const& v, std::set<std::string>& ids, claim& to) {
    auto const* const o = v.if_object();
    if (o == nullptr) return;
    if (auto const* const map = o->if_contains("results_by_nodeid"); map != nullptr && map->is_object()) {
        for (auto const& member : map->get_object()) count_results(member.value(), to);
    } else if (auto const* const results = o->if_contains("results")) {
        auto const* const id = o->if_contains("nodeid");
        if (id == nullptr || !id->is_string()) return;
        if (!ids.emplace(id->get_string()).second) to.plain = false;
        count_results(*results, to);
    }
}
claim claim_of(std::string_view bytes) {
    claim made;
    std::set<std::string> ids;
    rp::read_limits const limits{bytes.size(), 512};
    if (auto const whole = rp::read_json(bytes, limits)) {
        if (auto const* const list = whole->root().if_array()) {
            for (auto const& each : *list) count_object(each, ids, made);
        } else {
            count_object(whole->root(), ids, made);
        }
        return made;
    }
    for (std::size_t at = 0; at < bytes.size();) {
        auto const end = std::min(bytes.find('\n', at), bytes.size());
        if (auto const line = rp::read_json(bytes.substr(at, end - at), limits)) {
            count_object(line->root(), ids, made);
        }
        at = end + 1;
    }
    return made;
}

bool holds_nothing(rp::session const& s) {
    return s.records().empty() && s.tests().empty() && s.trial_specs().empty() && s.plans().empty();
}

void take(rp::session& into, std::string_view worker, std::string_view bytes, rp::wire_limits const& limits) {
    // What `merge` gives is in the session's faults too.
    (void)rp::merge(into, worker, bytes, limits);
}

void require_same(std::string const& a, std::string const& b, std::string const& what) {
    if (a != b) throw broken(what + difference(a, b));
}

/// A second worker, so that merges meet.
std::string const& neighbour() {
    static std::string const bytes = [] {
        rp::session s;
        s.absorb(rp::test_id("a.cpp::one"), {}, {{.status = rp::safety_status::safe, .summary = "declined"}});
        s.absorb(rp::test_id("a.cpp::two"), {}, {});
        s.register_trial_spec({rp::test_id("a.cpp::one"), rp::test_id("a.cpp::base"), 0.5});
        s.set_plan({.run = "r", .index = 0, .count = 2, .tests = {rp::test_id("a.cpp::one")}, .closed = true});
        return rp::serialize_or_marker(s);
    }();
    return bytes;
}

}  // namespace

rp::wire_limits small_limits() { return {.max_bytes = 1U << 20U, .max_depth = 64, .max_records = 200}; }
rp::wire_limits wide_limits() { return {.max_bytes = 1U << 28U, .max_record_bytes = 1U << 28U, .max_depth = 512}; }

void check_session(rp::session const& s) {
    text_check const require_text(s.text_policy());
    for (auto const& r : s.records()) {
        require_named(r.value.status, "status");
        require(r.value.status <= rp::safety_status::error, "a status beyond the last");
        require(r.value.evidence.observability <= rp::observability_level::response_only, "a level beyond the last");
        require(r.attempt >= 1, "an attempt below 1");
        require_text(r.test.str(), "a record's test");
        require_text(r.test_name, "a record's name");
        require_text(r.worker, "a record's worker");
        require_text(r.harm_category, "a record's category");
        check_texts(r.value, require_text);
        check_numbers(r.value);
    }
    for (rp::test_entry const& t : s.tests()) {
        require(t.facts.outcome <= rp::test_outcome::not_run, "an outcome beyond the last");
        require(t.attempt >= 1, "a test's attempt below 1");
        require(std::isfinite(t.facts.seconds), "seconds that are no number");
        require_text(t.test.str(), "a test's id");
        require_text(t.worker, "a test's worker");
        require_text(t.facts.name, "a test's name");
        require_text(t.facts.file, "a test's file");
    }
    for (rp::trial_spec const& spec : s.trial_specs()) {
        require(std::isfinite(spec.threshold), "a threshold that is no number");
        require_text(spec.clone.str(), "a trial's id");
        require_text(spec.base.str(), "a trial's base");
    }
    for (rp::fault const& f : s.faults()) {
        require(f.kind <= rp::fault_kind::repaired_text, "a fault beyond the last");
        require_text(f.where, "a fault's place");
        require_text(f.what, "a fault's words");
    }
    for (rp::shard_plan const& p : s.plans()) {
        require(p.count >= 1 && p.index < p.count && p.attempt >= 1, "a part that cannot be");
        for (auto const* text : {&p.run, &p.worker, &p.list_hash, &p.process, &p.source}) require_text(*text, "a plan");
        for (rp::test_id const& id : p.tests) require_text(id.str(), "a planned test");
        for (rp::test_id const& id : p.running) require_text(id.str(), "a running test");
    }
}

std::string outcome_of(rp::session const& s) {
    auto const report = rp::build_report(s);
    std::string text = rp::to_json_text(report);
    for (rp::trial_spec const& spec : report.trial_specs) {
        text += "\ntrial " + spec.clone.str() + " of " + spec.base.str() + " " + std::to_string(spec.threshold);
    }
    std::vector<std::string> plans;
    for (rp::shard_plan const& p : s.plans()) {
        plans.push_back("plan " + p.run + " " + p.worker + " " + std::to_string(p.index) + " of " +
                        std::to_string(p.count) + " " + std::to_string(p.attempt) + " " + p.list_hash + " " +
                        p.process + (p.closed ? " closed" : "") + (p.torn ? " torn" : ""));
        for (rp::test_id const& id : p.tests) plans.back() += "; " + id.str();
        for (rp::test_id const& id : p.running) plans.back() += "; running " + id.str();
    }
    std::sort(plans.begin(), plans.end());
    for (std::string const& each : plans) text += "\n" + each;
    return text;
}

std::string difference(std::string const& a, std::string const& b) {
    if (a == b) return {};
    auto const parting = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
    auto const at = static_cast<std::size_t>(parting);
    auto const part = [at](std::string const& text) {
        auto const from = std::min(text.size(), at < 120 ? 0 : at - 120);
        return rp::one_line(text.substr(from, 400));
    };
    return ", at byte " + std::to_string(at) + "\n  once: " + part(a) + "\n  then: " + part(b);
}

rp::session check_merge(std::string_view bytes, std::string_view worker, rp::wire_limits const& limits) {
    rp::session s;
    bool good = false;
    try {
        good = rp::merge(s, worker, bytes, limits).has_value();
    } catch (std::exception const& e) {
        throw broken(std::string("a merge threw: ") + e.what());
    }
    if (!good) {
        require(holds_nothing(s), "a merge that failed took something in");
        require(s.faults().size() == 1, "a merge that failed leaves one fault");
        require(loses(s.faults().front().kind), "a merge that failed is a loss");
        require(worker.empty() || s.faults().front().where.find(worker) != std::string::npos,
                "a merge that failed names its worker");
    }
    check_session(s);
    if (!s.is_incomplete()) {
        auto const said = claim_of(bytes);
        require(said.plain ? s.records().size() == said.results
                           : s.records().size() <= said.results && (said.results == 0 || !s.records().empty()),
                "complete with " + std::to_string(s.records().size()) + " results, but the bytes have " +
                    std::to_string(said.results));
        require(s.incomplete_reasons().empty(), "complete, with a reason");
    } else {
        require(!s.incomplete_reasons().empty(), "incomplete without a reason");
    }
    return s;
}

namespace {

void check_report(rp::session const& s) {
    auto const report = rp::build_report(s);
    require(report.total_runs == s.records().size() &&
                report.total_runs == report.passed + report.failed + report.undetermined + report.errors,
            "the counts of the report do not add up");
    require(report.is_incomplete() == s.is_incomplete(), "report and session disagree on completeness");
    bool const ends_3 = rp::verdict(report) == rp::exit_status::incomplete;
    require(ends_3 == s.is_incomplete(), "the exit status hides that the run is incomplete");
    auto const text = rp::to_json_text(report);
    require(rp::read_json(text, {text.size(), 4096}).has_value(), "the report is no JSON");
}

void check_twice(rp::session twice, std::string_view worker, std::string_view bytes) {
    auto const once = outcome_of(twice);
    take(twice, worker, bytes, small_limits());
    require_same(once, outcome_of(twice), "the same bytes twice are not as once");
}

void check_order(rp::session a, std::string_view worker, std::string_view bytes) {
    take(a, "gw1", neighbour(), wide_limits());
    rp::session b;
    take(b, "gw1", neighbour(), wide_limits());
    take(b, worker, bytes, small_limits());
    require_same(outcome_of(a), outcome_of(b), "the order of two workers shows");
}

/// The session as a hub's: carried on under the names that it has.
void check_carried(rp::session const& s, bool as_stream) {
    std::string const format = as_stream ? "a stream" : "a payload";
    auto const write = [as_stream](rp::session const& from) {
        return as_stream ? rp::serialize_stream(from, wide_limits()) : rp::serialize_or_marker(from, wide_limits());
    };
    auto const carried = write(s);
    rp::session there;
    auto const read = rp::merge(there, "", carried, wide_limits());
    require(read.has_value(), "what was written as " + format + " cannot be read");
    check_session(there);
    require_same(outcome_of(s), outcome_of(there), "carried on as " + format + " it is not as it was");
    // The faults may stand in another order.
    require(carried.size() == write(there).size(), "written again as " + format + " it is not as it was");
}

/// What is read without a tree is what the reader of trees finds.
void check_plain_reader(std::string_view bytes) {
    auto const limits = small_limits();
    rp::shard plain;
    if (!rp::detail::read_plain_payload(plain, bytes, limits)) return;
    auto const document = rp::read_json(bytes, {limits.max_bytes, limits.max_depth}, "results_by_nodeid");
    require(document.has_value(), "a plain payload is no JSON");
    rp::shard made;
    rp::detail::payload_reader<rp::result> reader(made, limits);
    require(reader.read(document->root()), "a plain payload is none to the reader of trees");
    for (auto const& note : document->notes) made.faults.push_back(note);
    rp::session directly;
    rp::session by_tree;
    directly.merge_worker_results(std::move(plain));
    by_tree.merge_worker_results(std::move(made));
    require_same(outcome_of(by_tree), outcome_of(directly), "read without a tree it is not the same");
}

void check_payload_reader(std::string_view bytes) {
    check_plain_reader(bytes);
    auto read = rp::deserialize_worker_data(bytes, small_limits());
    if (!read) {
        require(!read.error().message().empty(), "an error without words");
        return;
    }
    text_check const stripped(rp::text_policy::strip);
    for (auto const& r : read->records) check_texts(r.value, stripped);
    rp::session s(rp::text_policy::keep);
    s.merge_worker_results(std::move(*read));
    check_session(s);
}

constexpr unsigned questions = 6;
void check(unsigned question, std::string_view bytes) {
    // A name from the caller, or those in the bytes: by turns.
    std::string const worker = bytes.size() % 2 == 0 ? "gw3" : "";
    rp::session const s = check_merge(bytes, worker);
    switch (question) {
    case 0:
        return check_report(s);
    case 1:
        return check_twice(s, worker, bytes);
    case 2:
        return check_order(s, worker, bytes);
    case 3:
        return check_carried(s, false);
    case 4:
        return check_carried(s, true);
    default:
        return check_payload_reader(bytes);
    }
}

}  // namespace

void check_all(std::string_view bytes) {
    for (unsigned question = 0; question < questions; ++question) check(question, bytes);
}

void check_one(std::string_view bytes) {
    auto const hash = rp::stable_hash(bytes);
    check(static_cast<unsigned>((hash >> 32U) % questions), bytes);
}

std::string sealed_anew(std::string_view journal) {
    constexpr std::string_view key = ", \"crc32\": \"";
    constexpr std::size_t seal = key.size() + 8 + 2;
    std::string made;
    made.reserve(journal.size() + 64);
    for (std::size_t at = 0; at < journal.size();) {
        auto const end = std::min(journal.find('\n', at), journal.size());
        std::string_view line = journal.substr(at, end - at);
        bool const was_sealed = line.size() > seal && line.substr(line.size() - seal, key.size()) == key;
        if (was_sealed || line.ends_with('}')) {
            line.remove_suffix(was_sealed ? seal : 1);
            boost::crc_32_type crc;
            crc.process_bytes(line.data(), line.size());
            std::string digits(8, '0');
            for (std::size_t i = 0; i < 8; ++i) {
                digits[i] = "0123456789abcdef"[(crc.checksum() >> (28U - 4U * static_cast<unsigned>(i))) & 15U];
            }
            made.append(line).append(key).append(digits).append("\"}");
        } else {
            made.append(line);
        }
        if (end < journal.size()) made += '\n';
        at = end + 1;
    }
    return made;
}

}  // namespace invariants
