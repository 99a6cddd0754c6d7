#include "rampart/dist/controller.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// Random runs: workers that live and die as they like, played against the controller. Whatever they do, each test is
/// accounted for once, and the run comes to its end.

namespace rd = rampart::dist;
using rampart::test_outcome;

namespace {

/// A worker as the world knows it; the controller has to find out.
struct process {
    enum class phase : unsigned char { starting, ready, leaving, gone };
    std::size_t slot = 0;
    phase at = phase::starting;
    std::optional<rd::test_number> test{};
    bool begun = false;
    bool overdue = false;
    bool listing = false;
    bool ended = false;  // somebody ends it
    bool at_once = false;
    bool said_goodbye = false;
};

struct plan {
    std::vector<rd::planned_test> tests{};
    std::vector<rd::test_number> order{};
    rd::run_rules rules{};
    std::string policy{};
    unsigned trouble = 0;  // of 1000 steps so many are bad
    bool other_lists = false;
    bool stops = false;
};

class world {
public:
    world(plan p, std::uint32_t seed)
        : plan_(std::move(p)), random_(seed),
          controller_(plan_.tests, plan_.order, plan_.rules, *rd::scheduler_named(plan_.policy)) {}

    /// What is wrong; empty: nothing.
    std::string run() {
        obey(controller_.begin());
        for (std::size_t steps = 0; error_.empty() && !controller_.done(); ++steps) {
            if (steps > 50000) fail("the run comes to no end");
            step();
        }
        if (error_.empty()) check_end();
        return error_;
    }
    rd::ledger const& books() const { return controller_.books(); }
    bool clean() const {
        return faults_ == 0 && std::none_of(ends_.begin(), ends_.end(), [](auto const& e) {
                   return e.second.back().outcome != test_outcome::passed;
               });
    }

private:
    void fail(std::string words) {
        if (error_.empty()) error_ = std::move(words);
    }
    unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }
    bool bad() { return roll(1000) < plan_.trouble; }

    // ---- the controller speaks ------------------------------------------------------------------------------------

    void obey(rd::answer const& a) {
        for (rd::any_notice const& n : a.notices) {
            if (auto const* e = std::get_if<rd::notice::test_ended>(&n)) note(*e);
            if (auto const* f = std::get_if<rd::notice::fault_left>(&n)) faults_ += loses(f->what.kind) ? 1 : 0;
        }
        for (rd::command const& c : a.commands) {
            std::visit([this](auto const& what) { this->obey(what); }, c);
        }
    }
    /// One that lives, or a complaint.
    process* at(rd::worker_number w, char const* what) {
        if (w >= processes_.size() || processes_[w].at == process::phase::gone) {
            fail(std::string("a command to a worker that is not there: ") + what);
            return nullptr;
        }
        return &processes_[w];
    }
    void obey(rd::start_worker const& c) {
        if (c.worker != processes_.size()) fail("a worker without a number of its own");
        for (process const& p : processes_) {
            if (p.slot == c.slot && p.at != process::phase::gone) fail("two workers in one slot");
        }
        restarts_ += !opened_.insert(c.slot).second;
        if (stopped_) fail("a start when the run stops");
        processes_.push_back({.slot = c.slot});
    }
    void obey(rd::list_tests const& c) {
        if (process* p = at(c.worker, "list")) p->listing = true;
    }
    void obey(rd::run_test const& c) {
        process* p = at(c.worker, "run");
        if (p == nullptr) return;
        if (p->at != process::phase::ready || p->ended || p->listing) fail("a test for a worker that is not for tests");
        if (p->test) fail("two tests in flight on one worker");
        if (stopped_ || (plan_.rules.max_failures != 0 && failures_ >= plan_.rules.max_failures)) {
            fail("a test is handed out when the run stops");
        }
        p->test = c.test;
        p->begun = p->overdue = false;
        auto const& seen = ends_[{c.test, copy_of(p->slot)}];
        auto const first = plan_.tests[c.test].attempt;
        if (c.attempt != first + seen.size()) fail("an attempt is counted wrong");
        if (!seen.empty() && !seen.back().again) fail("a test is run that has ended");
        if (plan_.policy == "each") return;
        for (process const& other : processes_) {
            if (&other == p || other.at == process::phase::gone || !other.test) continue;
            if (belong_together(plan_.tests[c.test], plan_.tests[*other.test])) fail("a unit is on two workers");
        }
    }
    void obey(rd::finish_worker const& c) {
        process* p = at(c.worker, "finish");
        if (p == nullptr) return;
        if (p->test || p->at != process::phase::ready || p->ended) fail("a worker is told to finish out of turn");
        p->at = process::phase::leaving;
        p->listing = false;
    }
    void obey(rd::end_worker const& c) {
        process* p = at(c.worker, "end");
        if (p == nullptr) return;
        p->ended = true;
        p->at_once = p->at_once || c.at_once;
    }

    struct end {
        std::uint32_t attempt = 0;
        test_outcome outcome = test_outcome::unknown;
        bool again = false;
        std::string worker{};
    };
    void note(rd::notice::test_ended const& n) {
        if (n.number >= plan_.tests.size() || plan_.tests[n.number].id != n.test) return fail("an account of no test");
        std::size_t copy = 0;
        if (plan_.policy == "each") {
            if (n.worker.size() < 3) return fail("an account that names no copy");
            copy = processes_.at(std::stoul(n.worker.substr(2))).slot;
        }
        auto& seen = ends_[{n.number, copy}];
        if (!seen.empty() && !seen.back().again) fail("a test is accounted for twice");
        if (n.attempt != plan_.tests[n.number].attempt + seen.size()) fail("an account of a wrong attempt");
        seen.push_back({n.attempt, n.outcome, n.again, n.worker});
        if (seen.size() > plan_.rules.retry_crashed + std::size_t{1}) fail("too many attempts");
        bool const failed = n.outcome == test_outcome::failed || n.outcome == test_outcome::crashed ||
                            n.outcome == test_outcome::timeout;
        failures_ += failed && !n.again && plan_.tests[n.number].base.empty() ? 1 : 0;
        if (n.outcome == test_outcome::not_run && n.detail.empty()) fail("nobody says why a test did not run");
        if (n.detail.find("scheduler") != std::string::npos) fail("the policy has forgotten a test");
    }

    std::size_t copy_of(std::size_t slot) const { return plan_.policy == "each" ? slot : 0; }
    bool belong_together(rd::planned_test const& a, rd::planned_test const& b) const {
        auto const scope = [](rd::planned_test const& t) { return t.suite.empty() ? t.file : t.suite; };
        return (!a.group.empty() && a.group == b.group) || (plan_.policy == "loadfile" && a.file == b.file) ||
               (plan_.policy == "loadscope" && scope(a) == scope(b)) ||
               (plan_.policy == "loadgroup" && !a.base.empty() && a.base == b.base);
    }

    // ---- the workers live -----------------------------------------------------------------------------------------

    void step() {
        if (plan_.stops && roll(40) == 0) {
            ++signals_;
            stopped_ = true;
            return obey(controller_.on(rd::stop_asked{"SIGINT", signals_}));
        }
        std::vector<rd::worker_number> busy;
        for (rd::worker_number w = 0; w < processes_.size(); ++w) {
            process const& p = processes_[w];
            if (p.at == process::phase::gone) continue;
            if (p.at != process::phase::ready || p.test || p.listing || p.ended || bad()) busy.push_back(w);
        }
        if (busy.empty()) {
            if (std::all_of(processes_.begin(), processes_.end(),
                            [](process const& p) {
                                return p.at == process::phase::gone ||
                                       (p.at == process::phase::ready && !p.test && !p.listing);
                            }) &&
                plan_.trouble == 0) {
                fail("everybody waits for everybody");
            }
            if (++waits_ > 5000) fail("everybody waits for everybody");
            return;
        }
        waits_ = 0;
        live(busy[roll(static_cast<unsigned>(busy.size()))]);
    }

    void live(rd::worker_number w) {
        process& p = processes_[w];
        if (p.at_once || (p.ended && roll(3) != 0)) return die(w, true);
        if (!p.ended && (p.at != process::phase::starting || roll(4) == 0) && bad()) return misbehave(w);
        if (p.at == process::phase::starting) {
            p.at = process::phase::ready;
            bool const other = plan_.other_lists && roll(4) == 0;
            other_seen_ = other_seen_ || (other && !p.ended);
            std::string const hash = other ? "other" : plan_.rules.list_hash;
            obey(controller_.on(rd::worker_ready{w, hash, plan_.tests.size(), 1}));
            if (other && !p.ended && !controller_.stopping()) fail("another list does not stop the run");
        } else if (p.listing) {
            p.listing = false;
            if (p.ended) return die(w, true);
            obey(controller_.on(rd::tests_listed{w, {"x", "y"}}));
        } else if (p.at == process::phase::leaving) {
            if (!p.said_goodbye) {
                p.said_goodbye = true;
                obey(controller_.on(rd::worker_finished{w}));
            } else {
                die(w, p.ended);
            }
        } else if (p.test && !p.begun && roll(20) != 0) {  // a few never say so
            p.begun = true;
            obey(controller_.on(rd::test_started{w, *p.test}));
        } else if (p.test) {
            finish(w);
        } else {
            die(w, p.ended);
        }
    }

    void finish(rd::worker_number w) {
        process& p = processes_[w];
        rd::test_number const t = *std::exchange(p.test, std::nullopt);
        bool const overdue = p.overdue;
        test_outcome const o = plan_.trouble != 0 && roll(5) == 0 ? test_outcome::failed : test_outcome::passed;
        obey(controller_.on(rd::test_finished{w, t, o, 0.1, 0, {}}));
        if (controller_.books().account(t, p.slot).outcome != (overdue ? test_outcome::timeout : o)) {
            fail("an outcome is lost");
        }
    }

    void die(rd::worker_number w, bool by_force) {
        process& p = processes_[w];
        p.at = process::phase::gone;
        auto const test = p.test;
        bool const begun = p.begun;
        bool const well = p.said_goodbye && !by_force;
        rd::worker_death death{.words = "exited with status 0"};
        if (!well) death = {rd::worker_death::how_it_was::signalled, 9, "died by SIGKILL", "output"};
        std::size_t const faults = faults_;
        obey(controller_.on(rd::worker_lost{w, death, 0.1, 0}));
        auto const expected = p.overdue ? test_outcome::timeout : test_outcome::crashed;
        bool const blamed =
            test && std::any_of(ends_[{*test, copy_of(p.slot)}].begin(), ends_[{*test, copy_of(p.slot)}].end(),
                                [&](end const& e) { return e.worker == rd::worker_name(w) && e.outcome == expected; });
        if (test && (begun || p.overdue) && !blamed) fail("a crash is not accounted for");
        if (!blamed && !well && !p.ended && faults == faults_) fail("a death leaves no trace");
    }

    void misbehave(rd::worker_number w) {
        process& p = processes_[w];
        switch (roll(8)) {
        case 0:
        case 1:
            p.overdue = p.overdue || p.test.has_value();
            return obey(controller_.on(rd::test_overdue{w}));
        case 2:
            return claim(w, roll(60));
        case 3:
            p.said_goodbye = true;
            return obey(controller_.on(rd::worker_finished{w}));
        default:
            return die(w, false);
        }
    }
    void claim(rd::worker_number w, rd::test_number t) {
        if (processes_[w].test == t) return finish(w);
        obey(controller_.on(rd::test_finished{w, t, test_outcome::passed, 0.0, 0, {}}));
        if (!processes_[w].ended) fail("a false claim is believed");
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    void check_end() {
        for (process const& p : processes_) {
            if (p.at != process::phase::gone) fail("the run is done and a worker lives");
        }
        std::size_t const copies = plan_.policy == "each" ? plan_.rules.workers : 1;
        std::size_t not_run = 0;
        std::size_t finals = 0;
        for (rd::test_number const t : plan_.order) {
            for (std::size_t copy = 0; copy < copies; ++copy) {
                auto const found = ends_.find({t, copy});
                if (found == ends_.end() || found->second.empty()) return fail("a test is not accounted for");
                if (found->second.back().again) return fail("an attempt that was promised did not come");
                not_run += found->second.back().outcome == test_outcome::not_run ? 1 : 0;
                ++finals;
            }
        }
        std::size_t known = 0;
        for (auto const& [key, seen] : ends_) known += seen.empty() ? 0 : 1;
        if (known != finals) fail("a test is accounted for that was not of this run");
        if (books().ended() != finals || books().waiting() + books().in_flight() != 0) fail("the books are wrong");
        if (books().ended(test_outcome::not_run) != not_run) fail("the books count wrong");
        if (not_run != 0 && faults_ == 0) fail("tests did not run and nothing says so");
        if (other_seen_ && faults_ == 0) fail("another list leaves no fault");
        auto const limit = plan_.rules.max_restarts.value_or(4 * plan_.rules.workers);
        if (restarts_ > limit) fail("more replacements than are allowed");
    }

    plan plan_;
    std::mt19937 random_;
    rd::controller controller_;
    std::deque<process> processes_{};                                             // references hold when one is added
    std::map<std::pair<rd::test_number, std::size_t>, std::vector<end>> ends_{};  // by test and copy
    std::set<std::size_t> opened_{};
    std::string error_{};
    std::size_t faults_ = 0;
    std::size_t restarts_ = 0;
    std::size_t failures_ = 0;
    std::size_t waits_ = 0;
    unsigned signals_ = 0;
    bool stopped_ = false;
    bool other_seen_ = false;
};

plan random_plan(std::string policy, std::mt19937& random, unsigned trouble) {
    auto const roll = [&random](unsigned sides) { return static_cast<unsigned>(random() % sides); };
    plan p;
    p.policy = std::move(policy);
    p.trouble = trouble;
    unsigned const tests = roll(6) == 0 ? roll(3) : roll(30);
    bool const grouped = roll(2) == 0;
    for (unsigned i = 0; i < tests; ++i) {
        rd::planned_test t;
        t.id = rampart::test_id("test " + std::to_string(100 + i));
        t.file = "file " + std::to_string(roll(4));
        if (roll(2) == 0) t.suite = "suite " + std::to_string(roll(5));
        if (grouped && roll(3) == 0) t.group = "group " + std::to_string(roll(3));
        if (roll(4) == 0) t.base = rampart::test_id("base " + std::to_string(roll(3)));
        if (roll(2) == 0) t.seconds = roll(100) / 10.0;
        t.attempt = 1 + roll(2);
        p.tests.push_back(std::move(t));
        if (roll(6) != 0) p.order.push_back(i);
    }
    if (roll(2) == 0) std::shuffle(p.order.begin(), p.order.end(), random);
    p.rules.workers = 1 + roll(5);
    p.rules.list_hash = "hash";
    if (trouble == 0) return p;
    if (roll(2) == 0) p.rules.max_restarts = roll(4) == 0 ? 1000 : roll(6);
    p.rules.retry_crashed = roll(3);
    if (roll(4) == 0) p.rules.max_failures = 1 + roll(4);
    p.other_lists = roll(12) == 0;
    p.stops = roll(6) == 0;
    return p;
}

}  // namespace

TEST_CASE("whatever happens to the workers, each test is accounted for once and the run ends, with every policy") {
    for (std::string_view const policy : rd::scheduler_names) {
        CAPTURE(policy);
        std::size_t seen[static_cast<std::size_t>(test_outcome::not_run) + 1] = {};
        for (std::uint32_t seed = 1; seed <= 2000; ++seed) {
            std::mt19937 random(seed);
            unsigned const trouble[] = {10, 50, 150, 500};
            world w(random_plan(std::string(policy), random, trouble[seed % 4]), seed);
            std::string const error = w.run();
            if (!error.empty()) FAIL(policy, ", seed ", seed, ": ", error);
            for (std::size_t o = 0; o < std::size(seen); ++o) seen[o] += w.books().ended(static_cast<test_outcome>(o));
        }
        // The worlds were bad enough, and not too bad.
        for (auto const o : {test_outcome::passed, test_outcome::failed, test_outcome::crashed, test_outcome::timeout,
                             test_outcome::not_run}) {
            CHECK(seen[static_cast<std::size_t>(o)] > 300);
        }
    }
}

TEST_CASE("where nothing goes wrong, all tests run and there is nothing to complain of, with every policy") {
    for (std::string_view const policy : rd::scheduler_names) {
        std::size_t tests = 0;
        for (std::uint32_t seed = 1; seed <= 300; ++seed) {
            std::mt19937 random(seed);
            world w(random_plan(std::string(policy), random, 0), seed);
            std::string const error = w.run();
            if (!error.empty()) FAIL(policy, ", seed ", seed, ": ", error);
            if (!w.clean() || w.books().ended(test_outcome::passed) != w.books().accounts()) {
                FAIL(policy, ", seed ", seed, ": it should have been a clean run");
            }
            tests += w.books().accounts();
        }
        CHECK(tests > 1000);
    }
}
