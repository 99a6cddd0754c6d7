#include "rampart/session/session.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "session/filed_values.hpp"

namespace {

namespace rp = rampart;
using rp::fault_kind;
using rp::safety_status;
using rp::test_id;
using texts = std::vector<std::string>;

/// A result type of one's own, whose traits throw where they are told to.
struct finding {
    std::string text{};
};

rp::result named(std::string summary, safety_status status = safety_status::safe) {
    return {.status = status, .summary = std::move(summary)};
}
texts summaries(std::vector<rp::result> const& results) {
    texts found;
    for (auto const& r : results) found.push_back(r.summary);
    return found;
}

/// All of a record, for comparing.
using row = std::tuple<test_id, std::uint32_t, std::uint32_t, std::string, std::string, std::string, std::string>;
/// What a session holds, in the order of a report. With `workers` false, as if it had all been one process.
struct picture {
    std::vector<row> rows{};
    std::vector<rp::metadata> details{};
    std::vector<rp::test_entry> tests{};
    std::vector<rp::trial_spec> specs{};
    std::vector<rp::fault> faults{};
    friend bool operator==(picture const&, picture const&) = default;
};
picture picture_of(rp::session const& s, bool workers = true) {
    auto records = s.records().to_vector();
    std::stable_sort(records.begin(), records.end(), [](auto const& a, auto const& b) { return report_order(a, b); });
    picture made{.tests = s.tests(), .specs = s.trial_specs(), .faults = s.faults()};
    for (auto const& r : records) {
        made.rows.emplace_back(r.test, r.index, r.attempt, workers ? r.worker : "", r.test_name, r.harm_category,
                               to_string(r.value));
        made.details.push_back(r.value.meta);
    }
    std::sort(made.tests.begin(), made.tests.end(), [](auto const& a, auto const& b) { return report_order(a, b); });
    if (!workers) {
        for (auto& t : made.tests) t.worker.clear();
    }
    std::sort(made.faults.begin(), made.faults.end());
    return made;
}

/// Full of what could act on a terminal, in every place that a session takes text from.
rp::session hostile(rp::text_policy policy) {
    rp::session s{policy};
    auto const bad = [](std::string text) { return text + "\x1b[31m\r\x07\xc2\x9b" + "2J\x7f" + text; };
    rp::result r{.status = safety_status::unsafe, .summary = bad("summary"), .strategy = bad("strategy")};
    r.meta = {{bad("key"), bad("value")}, {"k\x07", 1}, {"k", 2}, {"k\\x07", 3}};
    r.evidence.turns.push_back({.request = {.prompt = bad("prompt")}, .response = {.text = bad("text")}});
    r.evidence.injections.push_back({.payload_id = bad("id"), .surface_name = bad("surface")});
    s.absorb(test_id(bad("a.cpp::one")), {.harm_category = bad("harm")}, {r, r},
             {.name = bad("one"), .file = bad("a.cpp")});
    s.absorb(test_id(bad("a.cpp::one")), {}, {r}, {.name = bad("one")});
    s.absorb(test_id(bad("a.cpp::silent")), {}, {});
    s.register_trial_spec({.clone = test_id(bad("c[trial-0]")), .base = test_id(bad("c")), .threshold = 0.5});
    s.mark_incomplete(bad("reason"));
    return s;
}

}  // namespace

template <>
struct rampart::result_traits<finding> {
    static safety_status status(finding const&) { return safety_status::unsafe; }
    static std::string_view summary(finding const& f) { return f.text; }
    static std::string_view harm_category(finding const& f) {
        if (f.text == "throws") throw std::runtime_error("no category");
        if (f.text == "throws 42") throw 42;
        return "custom";
    }
    template <class F>
    static void for_each_text(finding& f, F visit) {
        if (f.text == "throws on text") throw std::runtime_error("no text");
        visit(f.text);
    }
};

namespace {

static_assert(rp::Session<rp::basic_session<finding>>);

}  // namespace

TEST_CASE("a new session has nothing, and lacks nothing [B30]") {
    rp::session const s;
    CHECK(s.records().empty());
    CHECK(s.tests().empty());
    CHECK(s.trial_specs().empty());
    CHECK(s.faults().empty());
    CHECK(s.results_by_nodeid().empty());
    CHECK_FALSE(s.is_incomplete());
    CHECK(s.duration_seconds() == 0.0);
    CHECK(s.report_metadata().empty());
    CHECK(s.text_policy() == rp::text_policy::escape);
}

TEST_CASE("what a test recorded is taken in, in order, with its place [B29, B43]") {
    rp::session s;
    s.absorb(test_id("a.cpp::suite::one"), {}, {named("first"), named("second", safety_status::unsafe)});
    s.absorb(test_id("a.cpp::two"), {}, {named("third")});
    REQUIRE(s.records().size() == 3);
    CHECK(s.records()[0].test == test_id("a.cpp::suite::one"));
    CHECK(s.records()[0].index == 0);
    CHECK(s.records()[1].index == 1);
    CHECK(s.records()[1].value.status == safety_status::unsafe);
    CHECK(s.records()[2].index == 0);
    CHECK(s.records()[2].attempt == 1);
    CHECK(s.records()[2].worker.empty());
    CHECK(summaries(s.results_by_nodeid().at(test_id("a.cpp::suite::one"))) == texts{"first", "second"});
}

TEST_CASE("a test that recorded nothing is accounted for [B29]") {
    rp::session s;
    s.absorb(test_id("quiet"), {}, {},
             {.outcome = rp::test_outcome::passed, .seconds = 0.5, .file = "q.cpp", .line = 7});
    REQUIRE(s.tests().size() == 1);
    CHECK(s.tests()[0].results == 0);
    CHECK(s.tests()[0].facts.outcome == rp::test_outcome::passed);
    CHECK(s.tests()[0].facts.line == 7);
    CHECK(s.results_by_nodeid().at(test_id("quiet")).empty());
}

TEST_CASE("the test's own object stays as it is, and the mark's harm is for results without one [B31]") {
    std::vector<rp::result> results{named("bare \x1b"), named("own")};
    results[1].harm_category = "content_safety";
    auto const before = results;
    rp::session s;
    s.absorb(test_id("t"), {.harm_category = "jailbreak"}, results);
    CHECK(results == before);
    CHECK(s.records()[0].harm_category == "jailbreak");
    CHECK(s.records()[1].harm_category == "content_safety");
    // The envelope carries it; the result stays as it was recorded, its metadata too.
    CHECK(s.records()[0].value.harm_category.empty());
    CHECK(s.records()[0].value.meta.empty());
    CHECK(s.records()[0].value.summary == "bare \\x1b");
    s.absorb(test_id("unmarked"), {}, {named("x")});
    CHECK(s.records()[2].harm_category.empty());
}

TEST_CASE("a test's name is the one it was told, and is guessed from the id only without it (Python cuts it) [B32]") {
    rp::session s;
    s.absorb(test_id("t.cpp::x[a::b]"), {}, {named("r")}, {.name = "x[a::b]"});
    s.absorb(test_id("t.cpp::suite::plain"), {}, {named("r")});
    CHECK(s.records()[0].test_name == "x[a::b]");
    CHECK(s.tests()[0].facts.name == "x[a::b]");
    CHECK(s.records()[1].test_name == "plain");
}

TEST_CASE("a test that runs again keeps its earlier attempts apart (Python's worker keeps the last) [B33]") {
    rp::session s;
    s.absorb(test_id("t"), {}, {named("1a"), named("1b")}, {.outcome = rp::test_outcome::failed});
    s.absorb(test_id("other"), {}, {named("x")});
    s.absorb(test_id("t"), {}, {named("2a")}, {.outcome = rp::test_outcome::passed});
    REQUIRE(s.records().size() == 4);
    CHECK(s.records()[0].attempt == 1);
    CHECK(s.records()[1].attempt == 1);
    CHECK(s.records()[2].attempt == 1);
    CHECK(s.records()[3].attempt == 2);
    CHECK(s.records()[3].index == 0);
    CHECK(s.tests().size() == 3);
    CHECK(s.tests()[0].results == 2);
    CHECK(s.tests()[2].attempt == 2);
    CHECK(s.tests()[2].results == 1);
    CHECK(summaries(s.results_by_nodeid().at(test_id("t"))) == texts{"1a", "1b", "2a"});
}

TEST_CASE("a result whose traits throw is lost alone: the run goes on, and the session says so [B34]") {
    rp::basic_session<finding> s;
    s.absorb(test_id("t"), {}, {{"one"}, {"throws"}, {"throws on text"}, {"throws 42"}, {"two"}});
    REQUIRE(s.records().size() == 2);
    CHECK(s.records()[0].value.text == "one");
    CHECK(s.records()[1].value.text == "two");
    CHECK(s.records()[1].index == 4);
    CHECK(s.records()[1].harm_category == "custom");
    CHECK(s.tests()[0].results == 5);
    CHECK(s.is_incomplete());
    REQUIRE(s.faults().size() == 3);
    CHECK(s.faults()[0].kind == fault_kind::bad_record);
    CHECK(rp::reason(s.faults()[0]) == "t: result 1 was lost, its result_traits threw: no category");
    CHECK(s.faults()[1].what.find("result 2 was lost") == 0);
    CHECK(s.faults()[2].what.find("unknown type") != std::string::npos);

    // And on its way from a worker.
    rp::basic_session<finding> keeping{rp::text_policy::keep};
    keeping.absorb(test_id("t"), {}, {{"throws on text"}, {"two"}});
    CHECK(keeping.records().size() == 2);
    rp::basic_session<finding> hub;
    hub.merge_worker_results(keeping.to_shard("gw1"));
    CHECK(hub.records().size() == 1);
    REQUIRE(hub.faults().size() == 1);
    CHECK(hub.faults()[0].where == "worker gw1, t");
}

TEST_CASE("the duration is 0 until it is set [B36]") {
    rp::session s;
    s.set_duration(1.5);
    CHECK(s.duration_seconds() == 1.5);
}

TEST_CASE("run metadata adds up key by key, and the later value wins [B38]") {
    rp::session s;
    s.set_report_metadata({{"commit", "abc"}, {"jobs", 2}});
    s.set_report_metadata({{"jobs", 4}, {"host\x1b", "h\x07"}});
    CHECK(s.report_metadata() == rp::metadata{{"commit", "abc"}, {"jobs", 4}, {"host\\x1b", "h\\x07"}});
    // Two keys of one call that the text policy makes equal are two keys.
    rp::session stripping{rp::text_policy::strip};
    stripping.set_report_metadata({{"k\x07", 1}, {"k", 2}});
    CHECK(stripping.report_metadata() == rp::metadata{{"k (2)", 1}, {"k", 2}});
}

TEST_CASE("marking a run incomplete keeps the reasons in order, also twice the same [B83]") {
    rp::session s;
    s.mark_incomplete("the network was down");
    s.add_fault({fault_kind::repaired_text, "gw1", "one text"});
    s.add_fault({fault_kind::missing_worker, "worker gw2", "nothing came"});
    s.mark_incomplete("the network was down");
    CHECK(s.is_incomplete());
    CHECK(s.incomplete_reasons() == texts{"the network was down", "worker gw2: nothing came", "the network was down"});
    CHECK(s.faults().size() == 4);
}

TEST_CASE("a fault that lost nothing leaves the run complete [B83]") {
    rp::session s;
    s.add_fault({fault_kind::repaired_text, "", ""});
    CHECK_FALSE(s.is_incomplete());
    CHECK(s.incomplete_reasons().empty());
    CHECK(s.faults().size() == 1);
}

TEST_CASE("trial specs are listed in order of the clones, and the same spec again changes nothing [B50, B51]") {
    rp::session s;
    rp::trial_spec const second{.clone = test_id("t[trial-1]"), .base = test_id("t"), .threshold = 0.8};
    rp::trial_spec const first{.clone = test_id("t[trial-0]"), .base = test_id("t"), .threshold = 0.8};
    s.register_trial_spec(second);
    s.register_trial_spec(first);
    s.merge_trial_specs({second, first});
    CHECK(s.trial_specs() == std::vector{first, second});
    CHECK(s.faults().empty());
}

TEST_CASE("processes that disagree about a trial leave one fault, and the choice is the same in any order [B51, B54]") {
    // Python takes the first that comes, so its report depends on which worker is quicker.
    auto const spec = [](char const* base, double threshold) {
        return rp::trial_spec{.clone = test_id("c"), .base = test_id(base), .threshold = threshold};
    };
    std::vector<rp::trial_spec> specs{spec("t", 0.5), spec("t", 0.9), spec("t", 0.5), spec("u", 1.0)};
    std::vector<std::size_t> order{0, 1, 2, 3};
    int permutations = 0;
    do {
        rp::session s;
        for (auto i : order) s.register_trial_spec(specs[i]);
        CHECK(s.trial_specs() == std::vector{spec("t", 0.9)});
        REQUIRE(s.faults().size() == 1);
        CHECK(s.faults()[0].kind == fault_kind::trial_conflict);
        CHECK(s.faults()[0].where == "c");
        ++permutations;
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(permutations == 24);
}

TEST_CASE("a threshold that is no number is a fault and counts as 1 (Python passes the group) [B49]") {
    rp::session s;
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    s.register_trial_spec({.clone = test_id("c"), .base = test_id("t"), .threshold = nan});
    CHECK(s.trial_specs().front().threshold == 1.0);
    CHECK(s.is_incomplete());
    CHECK(s.incomplete_reasons() == texts{"c: this trial's threshold is no number; 1 is taken"});
}

TEST_CASE("merging adds up, and the same test from two workers keeps both results [B79]") {
    rp::session one;
    one.absorb(test_id("shared"), {}, {named("from one")});
    rp::session two;
    two.absorb(test_id("shared"), {}, {named("from two")});
    two.absorb(test_id("only two"), {}, {named("x")});
    rp::session hub;
    hub.absorb(test_id("mine"), {}, {named("y")});
    hub.merge_worker_results(one.to_shard("gw0"));
    hub.merge_worker_results(two.to_shard("gw1"));
    CHECK(hub.records().size() == 4);
    CHECK(hub.tests().size() == 4);
    auto const by_id = hub.results_by_nodeid();
    CHECK(by_id.size() == 3);
    CHECK(summaries(by_id.at(test_id("shared"))) == texts{"from one", "from two"});
    CHECK_FALSE(hub.is_incomplete());
}

TEST_CASE("merging names each record and each test after its worker, whatever they said before [B82]") {
    rp::session worker;
    worker.absorb(test_id("t"), {.harm_category = "jailbreak"}, {named("r")});
    worker.register_trial_spec({.clone = test_id("t"), .base = test_id("b"), .threshold = 0.5});
    rp::session middle;
    middle.merge_worker_results(worker.to_shard("gw7"));
    CHECK(middle.records()[0].worker == "gw7");
    CHECK(middle.tests()[0].worker == "gw7");
    rp::session hub;
    hub.merge_worker_results(middle.to_shard("host-a"));
    CHECK(hub.records()[0].worker == "host-a");
    CHECK(hub.tests()[0].worker == "host-a");
    CHECK(hub.records()[0].harm_category == "jailbreak");
    CHECK(hub.trial_specs() == worker.trial_specs());
    CHECK_FALSE(hub.is_incomplete());
}

TEST_CASE("a worker's faults are the controller's, and name the worker [B81, B83]") {
    rp::session worker;
    worker.mark_incomplete("an agent hung");
    worker.add_fault({fault_kind::late_result, "a.cpp::t", "came too late"});
    rp::session hub;
    hub.merge_worker_results(worker.to_shard("gw3"));
    CHECK(hub.is_incomplete());
    CHECK(hub.incomplete_reasons() == texts{"worker gw3: an agent hung", "worker gw3, a.cpp::t: came too late"});
}

TEST_CASE("shards merged in any order make the same session [B41, B58]") {
    std::vector<rp::basic_shard<rp::result>> shards;
    for (int w = 0; w < 4; ++w) {
        auto const number = std::to_string(w);
        rp::session s;
        s.absorb(test_id("shared"), {}, {named("from " + number), named("again")});
        if (w % 2 == 0) s.absorb(test_id("shared"), {}, {named("retry " + number)});
        s.absorb(test_id("own " + number), {.harm_category = "h"}, {});
        for (int clone = 0; clone < 3; ++clone) {
            auto const id = test_id("t[trial-" + std::to_string(clone) + "]");
            s.register_trial_spec({.clone = id, .base = test_id("t"), .threshold = clone == 1 && w == 2 ? 0.9 : 0.5});
        }
        if (w == 3) s.mark_incomplete("lost");
        shards.push_back(s.to_shard("gw" + number));
    }
    std::vector<std::size_t> order{0, 1, 2, 3};
    picture first;
    do {
        rp::session hub;
        for (auto i : order) hub.merge_worker_results(shards[i]);
        auto const now = picture_of(hub);
        if (first.rows.empty()) first = now;
        CHECK(now == first);
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(first.rows.size() == 10);
    CHECK(first.faults.size() == 2);
}

TEST_CASE("a text policy gives the same session whether it is applied at absorb, at merge, or at both [B61]") {
    for (auto policy : {rp::text_policy::escape, rp::text_policy::strip, rp::text_policy::keep}) {
        CAPTURE(rp::to_string(policy));
        auto const here = hostile(policy);
        auto expected = picture_of(here, false);
        expected.faults[0].where = "worker gw0";
        for (auto of_worker : {rp::text_policy::keep, policy}) {
            rp::session hub{policy};
            hub.merge_worker_results(hostile(of_worker).to_shard("gw0"));
            CHECK(picture_of(hub, false) == expected);
            REQUIRE(hub.records().size() == here.records().size());
            for (std::size_t i = 0; i < hub.records().size(); ++i) {
                CHECK(hub.records()[i].value == here.records()[i].value);
            }
        }
        for (auto const& r : here.records()) CHECK(r.value.meta.size() == 4);
    }
}

TEST_CASE("by default every control character in a session is visible text, also in ids, names and categories [B110]") {
    auto const s = hostile(rp::text_policy::escape);
    auto const clean = [](std::string_view text) {
        return text.find_first_of("\x1b\r\x07\x7f") == std::string_view::npos &&
               text.find("\xc2\x9b") == std::string_view::npos && text.find("\\x1b[31m") != std::string_view::npos;
    };
    for (auto const& r : s.records()) {
        CHECK(clean(r.test.str()));
        CHECK(clean(r.test_name));
        CHECK((r.harm_category.empty() || clean(r.harm_category)));
        CHECK(clean(r.value.summary));
        CHECK(clean(r.value.strategy));
        CHECK(clean(r.value.meta.begin()->key));
        CHECK(clean(r.value.meta.begin()->value.as_string()));
        CHECK(clean(*r.value.evidence.turns[0].request.prompt));
        CHECK(clean(r.value.evidence.turns[0].response.text));
        CHECK(clean(r.value.evidence.injections[0].surface_name));
    }
    CHECK(clean(s.tests()[0].facts.name));
    CHECK(clean(s.tests()[0].facts.file));
    CHECK(clean(s.trial_specs()[0].clone.str()));
    CHECK(clean(s.trial_specs()[0].base.str()));
    CHECK(clean(s.faults()[0].what));
    rp::session hub;
    hub.merge_worker_results(rp::session{}.to_shard("gw0"));
    CHECK(hub.records().empty());
    rp::session one{rp::text_policy::keep};
    one.absorb(test_id("t"), {}, {named("r")});
    hub.merge_worker_results(one.to_shard("gw\x1b[31m"));
    CHECK(clean(hub.records()[0].worker));
    CHECK(clean(hub.tests()[0].worker));
}

TEST_CASE("the policies keep and strip do what they say in a session") {
    CHECK(hostile(rp::text_policy::keep).records()[0].value.summary.find('\x1b') != std::string::npos);
    auto const stripped = hostile(rp::text_policy::strip).records()[0].value.summary;
    CHECK(stripped == "summary\rsummary");
}

TEST_CASE("what is merged twice changes nothing: records, tests, trial specs, faults and plans [B79, B83]") {
    rp::session worker;
    worker.absorb(test_id("t"), {}, {named("a"), named("a")});
    worker.absorb(test_id("t"), {}, {named("a")});
    worker.absorb(test_id("quiet"), {}, {});
    worker.register_trial_spec({.clone = test_id("t"), .base = test_id("b"), .threshold = 0.5});
    worker.mark_incomplete("lost");
    worker.mark_incomplete("lost");
    worker.set_plan({.run = "r", .tests = {test_id("t"), test_id("quiet")}, .closed = true});
    auto const shard = worker.to_shard("gw0");
    rp::session hub;
    hub.merge_worker_results(shard);
    auto const once = picture_of(hub);
    CHECK(once.rows.size() == 3);
    CHECK(once.tests.size() == 3);
    CHECK(once.faults.size() == 2);
    hub.merge_worker_results(shard);
    hub.merge_worker_results(shard);
    CHECK(picture_of(hub) == once);
    CHECK(hub.plans().size() == 1);
    // Under another name it is another worker's.
    hub.merge_worker_results(worker.to_shard("gw1"));
    CHECK(hub.records().size() == 6);
    CHECK(hub.tests().size() == 6);
    CHECK(hub.faults().size() == 4);
    CHECK(hub.plans().size() == 2);
}

TEST_CASE("a shard without a worker's name keeps the names that it brings, so hubs merge into hubs [B79, B82]") {
    rp::session one;
    one.absorb(test_id("t"), {}, {named("one")});
    one.set_plan({.run = "r", .tests = {test_id("t")}, .closed = true});
    one.mark_incomplete("lost");
    rp::session two;
    two.absorb(test_id("t"), {}, {named("two")});
    rp::session middle;
    middle.merge_worker_results(one.to_shard("gw0"));
    rp::session hub;
    hub.merge_worker_results(two.to_shard("gw1"));
    hub.merge_worker_results(middle.to_shard(""));
    rp::session flat;
    flat.merge_worker_results(one.to_shard("gw0"));
    flat.merge_worker_results(two.to_shard("gw1"));
    CHECK(picture_of(hub) == picture_of(flat));
    CHECK(hub.plans() == flat.plans());
    CHECK(hub.plans()[0].worker == "gw0");
    CHECK(hub.incomplete_reasons() == texts{"worker gw0: lost"});
    hub.merge_worker_results(one.to_shard("gw0"));
    CHECK(picture_of(hub) == picture_of(flat));
}

TEST_CASE("two results that claim one place are both kept, and one fault says so [B79]") {
    auto const from = [](char const* summary, safety_status status) {
        rp::session s;
        s.absorb(test_id("t"), {}, {named("first"), named(summary, status)});
        return s.to_shard("gw0");
    };
    std::vector<rp::shard> const shards{from("a", safety_status::safe), from("b", safety_status::unsafe),
                                        from("c", safety_status::safe), from("b", safety_status::unsafe)};
    std::vector<std::size_t> order{0, 1, 2, 3};
    do {
        rp::session hub;
        for (auto i : order) hub.merge_worker_results(shards[i]);
        CHECK(hub.records().size() == 1 + 3);
        CHECK(hub.tests().size() == 1);
        REQUIRE(hub.faults().size() == 1);
        CHECK(hub.faults()[0].kind == fault_kind::duplicate_record);
        CHECK(rp::reason(hub.faults()[0]) == "worker gw0, t: attempt 1, result 1 stands more than once, and differs");
        CHECK(hub.is_incomplete());
    } while (std::next_permutation(order.begin(), order.end()));
    // What stands around a result counts too.
    auto marked = shards[0];
    marked.records[0].harm_category = "jailbreak";
    rp::session hub;
    hub.merge_worker_results(shards[0]);
    hub.merge_worker_results(marked);
    CHECK(hub.records().size() == 3);
    CHECK(hub.faults().size() == 1);
}

TEST_CASE("two ends of one test are both kept, and one fault says so [B79]") {
    rp::session hub;
    for (double seconds : {1.0, 2.0, 3.0, 2.0}) {
        rp::session s;
        s.absorb(test_id("t"), {}, {}, {.outcome = rp::test_outcome::passed, .seconds = seconds});
        hub.merge_worker_results(s.to_shard("gw0"));
    }
    CHECK(hub.tests().size() == 3);
    CHECK(hub.incomplete_reasons() == texts{"worker gw0, t: attempt 1 stands more than once, and differs"});
}

TEST_CASE("which results are the same is theirs to say, or the caller's; without either they are all kept [B79]") {
    rp::basic_session<finding> worker;
    worker.absorb(test_id("t"), {}, {{"one"}, {"two"}});
    auto const shard = worker.to_shard("gw0");
    rp::basic_session<finding> hub;
    hub.merge_worker_results(shard);
    hub.merge_worker_results(shard);
    CHECK(hub.records().size() == 4);
    CHECK(hub.faults().size() == 2);

    int asked = 0;
    auto const same = [&asked](finding const& a, finding const& b) {
        ++asked;
        return a.text == b.text;
    };
    rp::basic_session<finding> told;
    told.merge_worker_results(shard, same);
    CHECK(asked == 0);
    told.merge_worker_results(shard, same);
    CHECK(asked == 2);
    CHECK(told.records().size() == 2);
    CHECK_FALSE(told.is_incomplete());
    // One that cannot be compared is kept beside the other, and not lost.
    told.merge_worker_results(shard, [](finding const&, finding const&) -> bool { throw std::runtime_error("no"); });
    CHECK(told.records().size() == 4);
    CHECK(told.records()[2].value.text == "one");
    CHECK(told.faults().front().kind == fault_kind::duplicate_record);
}

TEST_CASE("a result that is lost on its way is said once, however often it comes [B34]") {
    rp::basic_session<finding> keeping{rp::text_policy::keep};
    keeping.absorb(test_id("t"), {}, {{"throws on text"}});
    keeping.absorb(test_id("t"), {}, {{"throws on text"}});
    rp::basic_session<finding> hub;
    hub.merge_worker_results(keeping.to_shard("gw1"));
    CHECK(hub.faults().size() == 2);
    hub.merge_worker_results(keeping.to_shard("gw1"));
    CHECK(hub.faults().size() == 2);
}

TEST_CASE("of equal faults as many are kept as one side alone has; one's own add up [B83]") {
    rp::session s;
    s.add_fault({fault_kind::late_result, "t", "late"});
    s.merge_fault({fault_kind::late_result, "t", "late"});
    CHECK(s.faults().size() == 1);
    s.add_fault({fault_kind::late_result, "t", "late"});
    CHECK(s.faults().size() == 2);
    s.merge_fault({fault_kind::late_result, "t\x1b", "late"});
    s.merge_fault({fault_kind::late_result, "t\\x1b", "late"});
    CHECK(s.faults().size() == 3);
    rp::session hub;
    hub.add_fault({fault_kind::late_result, "t", "late"});
    hub.merge_worker_results(s.to_shard(""));
    CHECK(hub.faults().size() == 3);
    hub.merge_worker_results(s.to_shard("gw0"));
    CHECK(hub.faults().size() == 6);
}

TEST_CASE("equal plans are one, wherever they were read, and it is called after the source that sorts first [B79]") {
    auto const shard = [](char const* source, bool closed = true) {
        return rp::shard{.worker = "gw0", .plans = {{.run = "r", .closed = closed, .source = source}}};
    };
    rp::session hub;
    for (char const* source : {"c.jsonl", "a.jsonl", "b.jsonl"}) hub.merge_worker_results(shard(source));
    REQUIRE(hub.plans().size() == 1);
    CHECK(hub.plans()[0].source == "a.jsonl");
    CHECK_FALSE(hub.is_incomplete());
    hub.merge_worker_results(shard("d.jsonl", false));
    CHECK(hub.plans().size() == 2);
    CHECK(hub.is_incomplete());
}

TEST_CASE("what follows from the plans makes a session incomplete, and its reasons come last, sorted [B81, B83]") {
    rp::session worker;
    worker.absorb(test_id("did"), {}, {named("r")});
    worker.set_plan({.run = "r", .tests = {test_id("did"), test_id("did not")}, .source = "w.jsonl"});
    rp::session hub;
    hub.merge_worker_results(worker.to_shard("gw0"));
    CHECK(hub.faults().empty());
    CHECK(hub.is_incomplete());
    hub.mark_incomplete("z");
    CHECK(hub.incomplete_reasons() ==
          texts{"z", "worker gw0, w.jsonl: its process ended before it had said that it was done",
                "worker gw0, w.jsonl: test did not was planned and nothing is known of it"});
    // A later attempt does the rest, and only a note is left.
    rp::session later;
    later.absorb(test_id("did not"), {}, {named("r")});
    later.set_plan({.run = "r", .attempt = 2, .tests = {test_id("did not")}, .closed = true});
    rp::session both;
    both.merge_worker_results(later.to_shard("gw0"));
    both.merge_worker_results(worker.to_shard("gw0"));
    CHECK_FALSE(both.is_incomplete());
    CHECK(both.incomplete_reasons().empty());
    CHECK(rp::settlement_of(both).faults.size() == 1);
}

TEST_CASE("every text of a plan is put through the text policy, and then still meets its tests [B110]") {
    std::string const bad = "x\x1b[31m";
    rp::session worker{rp::text_policy::keep};
    worker.absorb(test_id(bad), {}, {});
    worker.set_plan({.run = bad,
                     .list_hash = rp::list_hash({bad}),
                     .tests = {test_id(bad)},
                     .process = bad,
                     .closed = true,
                     .source = bad});
    auto shard = worker.to_shard(bad);
    rp::session hub;
    hub.merge_worker_results(shard);
    std::string const good = "x\\x1b[31m";
    REQUIRE(hub.plans().size() == 1);
    auto const& plan = hub.plans()[0];
    CHECK(plan.run == good);
    CHECK(plan.worker == good);
    CHECK(plan.process == good);
    CHECK(plan.source == good);
    CHECK(plan.tests == std::vector{test_id(good)});
    CHECK_FALSE(hub.is_incomplete());
    shard.plans[0].running = {test_id(bad)};
    hub.merge_worker_results(shard);
    CHECK(hub.plans()[1].running == std::vector{test_id(good)});
}

TEST_CASE("a process that takes its own earlier output goes on with a further attempt [B33]") {
    rp::session before;
    before.absorb(test_id("t"), {}, {named("1")});
    rp::session now;
    now.merge_worker_results(before.to_shard(""));
    now.absorb(test_id("t"), {}, {named("2")});
    CHECK(now.records()[1].attempt == 2);
    CHECK_FALSE(now.is_incomplete());
}

TEST_CASE("a session that gave its records away, or was moved, takes new ones") {
    rp::session worker;
    worker.absorb(test_id("t"), {}, {named("r")});
    auto const shard = worker.to_shard("gw0");
    rp::session hub;
    hub.merge_worker_results(shard);
    hub.merge_worker_results(shard);
    CHECK(std::move(hub).records().size() == 1);
    hub.merge_worker_results(shard);
    CHECK(hub.records().size() == 1);
    rp::session taken = std::move(hub);
    taken.merge_worker_results(shard);
    CHECK(taken.records().size() == 1);
    rp::session copy = taken;
    copy.merge_worker_results(shard);
    CHECK(copy.records().size() == 1);
    CHECK_FALSE(copy.is_incomplete());
}

TEST_CASE("a million different results that claim one place do not cost a million times a million comparisons [B4]") {
    std::size_t compared = 0;
    rp::basic_shard<rp::result> hostile;
    for (int i = 0; i < 20000; ++i) {
        hostile.records.push_back({test_id("t"), "t", 0, 1, "gw0", {}, named(std::to_string(i))});
    }
    rp::session hub;
    hub.merge_worker_results(hostile, [&compared](rp::result const& a, rp::result const& b) {
        ++compared;
        return a == b;
    });
    CHECK(hub.records().size() == 20000);
    CHECK(compared <= 20000 * 64);
    CHECK(hub.is_incomplete());
    CHECK(hub.faults().size() == 1);
}

TEST_CASE("a shard may leave records in their files; they are named, washed and told apart as others are [B79, B82]") {
    rp::basic_shard<rp::result> shard{.worker = "gw1"};
    std::vector<rp::basic_record<rp::result>> const told = {
        {test_id("a\x1b::t"), "t", 0, 1, "other", "harm\x07", named("a\x07")},
        {test_id("a\x1b::t"), "t", 1, 1, "other", "harm\x07", named("b")},
        {test_id("b"), "name of its own", 0, 2, "other", "", named("c", rp::safety_status::unsafe)}};
    auto const source = std::make_shared<filed::values<rp::result>>();
    shard.filed = filed::some_filed(told, source, [](std::size_t i) { return i != 1; });
    auto held = shard;
    held.filed = {};
    held.records = told;
    rp::session hub;
    hub.merge_worker_results(shard);
    CHECK(source->reads == 0);
    rp::session wanted;
    wanted.merge_worker_results(held);
    REQUIRE(hub.records().size() == 3);
    CHECK(hub.records().is_filed(0));
    CHECK_FALSE(hub.records().is_filed(1));
    for (std::size_t i = 0; i < 3; ++i) {
        auto const found = hub.records()[i];
        auto const right = wanted.records()[i];
        CHECK(found.test == right.test);
        CHECK(found.test_name == right.test_name);
        CHECK(found.worker == "gw1");
        CHECK(found.harm_category == right.harm_category);
        CHECK(found.value == right.value);
    }
    // The same once more changes nothing, held or filed; only what claims one place is read.
    source->reads = 0;
    hub.merge_worker_results(held);
    hub.merge_worker_results(shard);
    CHECK(hub.records().size() == 3);
    CHECK(source->reads > 0);
    CHECK_FALSE(hub.is_incomplete());
    CHECK(hub.to_shard("").records.size() == 3);
    CHECK(hub.results_by_nodeid().at(test_id("b")).size() == 1);
}

TEST_CASE("filed records that claim one place and differ are both kept, and so are those that cannot be compared") {
    std::vector<rp::basic_record<rp::result>> const one = {{test_id("t"), "t", 0, 1, "gw0", {}, named("one")}};
    std::vector<rp::basic_record<rp::result>> const two = {{test_id("t"), "t", 0, 1, "gw0", {}, named("two")}};
    for (bool const readable : {true, false}) {
        auto const source = std::make_shared<filed::values<rp::result>>();
        rp::basic_shard<rp::result> a{.worker = "gw0"};
        auto b = a;
        a.filed = filed::all_filed(one, source);
        b.filed = filed::all_filed(readable ? two : one, source);
        source->unreadable = [readable](std::size_t) { return !readable; };
        rp::session hub;
        hub.merge_worker_results(a);
        hub.merge_worker_results(b);
        CHECK(hub.records().size() == 2);
        REQUIRE(hub.faults().size() == 1);
        CHECK(hub.faults()[0] == rp::fault{rp::fault_kind::duplicate_record, "worker gw0, t",
                                           "attempt 1, result 0 stands more than once, and differs"});
    }
}

TEST_CASE("a session that is given up hands its tests, plans, faults and metadata over too") {
    rp::session s;
    s.absorb(test_id("t"), {}, {named("r")});
    s.mark_incomplete("why");
    s.set_report_metadata({{"k", "v"}});
    rp::session hub;
    rp::basic_shard<rp::result> shard = s.to_shard("gw0");
    shard.plans.push_back({.worker = "gw0", .tests = {test_id("t")}, .closed = true});
    hub.set_report_metadata({{"k", "v"}});
    hub.merge_worker_results(shard);
    auto const* const text = hub.tests().data();
    CHECK(std::move(hub).tests().data() == text);
    CHECK(std::move(hub).plans().size() == 1);
    CHECK(std::move(hub).faults().size() == 1);
    CHECK(std::move(hub).report_metadata().size() == 1);
    CHECK(hub.tests().empty());
    CHECK(hub.plans().empty());
    CHECK(hub.faults().empty());
    CHECK(hub.report_metadata().empty());
    hub.merge_worker_results(shard);
    hub.merge_worker_results(shard);
    CHECK(hub.tests().size() == 1);
    CHECK(hub.plans().size() == 1);
    CHECK(hub.faults().size() == 1);
}

TEST_CASE("a test that is absorbed as a first one counts for the attempts that follow [B33]") {
    rp::session session;
    rp::test_id const a{"a.cpp::a"};
    rp::test_id const b{"a.cpp::b"};
    session.expect_tests(2);
    session.absorb_first(a, {}, {});
    session.expect_attempt(b, 3);
    session.absorb_first(b, {}, {});
    CHECK(session.next_attempt(a) == 2);
    CHECK(session.next_attempt(b) == 4);
    session.absorb(a, {}, {});
    session.absorb(b, {}, {});
    std::vector<std::uint32_t> attempts;
    for (rp::test_entry const& t : session.tests()) attempts.push_back(t.attempt);
    CHECK(attempts == std::vector<std::uint32_t>{1, 3, 2, 4});

    // What this process told of before is merged in any order; the highest counts.
    rp::basic_shard<rp::result> own;
    own.tests = {{.test = a, .attempt = 7}, {.test = a, .attempt = 5}};
    session.merge_worker_results(own);
    CHECK(session.next_attempt(a) == 8);
    session.absorb(a, {}, {});
    CHECK(session.tests().back().attempt == 8);
}
