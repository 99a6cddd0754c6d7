#ifndef RAMPART_TESTS_DIST_RUN_SCRIPT_HPP
#define RAMPART_TESTS_DIST_RUN_SCRIPT_HPP

#include "rampart/dist/controller.hpp"

#include <cstddef>
#include <initializer_list>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// Distributed runs in memory: events go in by hand, what the controller does about them comes out as text.

namespace dist_test {

namespace rd = rampart::dist;

/// Tests whose ids are these names.
inline std::vector<rd::planned_test> tests_named(std::initializer_list<char const*> names) {
    std::vector<rd::planned_test> tests;
    for (char const* name : names) {
        tests.push_back({.id = rampart::test_id(name), .name = name, .file = "mail.cpp"});
    }
    return tests;
}
inline std::vector<rd::test_number> in_order(std::size_t count) {
    std::vector<rd::test_number> order(count);
    std::iota(order.begin(), order.end(), rd::test_number{0});
    return order;
}

inline rd::worker_death exited(int status) {
    return {.number = status, .words = "exited with status " + std::to_string(status)};
}
inline rd::worker_death killed(std::string output = {}) {
    return {rd::worker_death::how_it_was::signalled, 9, "died by SIGKILL (Killed)", std::move(output)};
}

/// A controller and all that it has said so far.
template <rd::Scheduler S = rd::load>
class script {
public:
    script(std::vector<rd::planned_test> tests, rd::run_rules rules, S s = S())
        : script(std::move(tests), {}, std::move(rules), std::move(s)) {}
    script(std::vector<rd::planned_test> tests, std::vector<rd::test_number> order, rd::run_rules rules, S s = S())
        : tests_(tests.size()), controller(std::move(tests), order.empty() ? in_order(tests_) : std::move(order),
                                           std::move(rules), std::move(s)) {}

    std::string begin() { return take(controller.begin()); }
    /// The commands that follow from an event: `run gw0 a; finish gw1`.
    std::string on(rd::event e) { return take(controller.on(std::move(e))); }
    std::string ready(rd::worker_number w) { return on(rd::worker_ready{w, {}, tests_, 100}); }
    std::string start(rd::worker_number w, rd::test_number t) { return on(rd::test_started{w, t}); }
    std::string end(rd::worker_number w, rd::test_number t, rampart::test_outcome o = rampart::test_outcome::passed) {
        return on(rd::test_finished{w, t, o, 0.5, 1, "printed"});
    }
    std::string lose(rd::worker_number w, rd::worker_death death) {
        return on(rd::worker_lost{w, std::move(death), 0.314, 0});
    }
    /// As a worker does that is told to finish.
    std::string leave(rd::worker_number w) {
        std::string const first = on(rd::worker_finished{w});
        return first + lose(w, exited(0));
    }

    /// All accounts since the last call: `a passed gw0; b crashed gw1 again; c not_run`.
    std::string accounts() {
        std::string text;
        for (auto const& n : ended_) {
            text += (text.empty() ? "" : "; ") + n.test.str() + " " + std::string(to_string(n.outcome)) +
                    (n.worker.empty() ? "" : " " + n.worker) +
                    (n.attempt == 1 ? "" : " attempt " + std::to_string(n.attempt)) + (n.again ? " again" : "");
        }
        last_ = ended_;
        ended_.clear();
        return text;
    }
    /// The detail of one of those that `accounts` told last.
    std::string detail(std::size_t i = 0) const { return last_.at(i).detail; }
    rd::notice::test_ended const& account(std::size_t i = 0) const { return last_.at(i); }
    /// All faults since the last call: `worker_died: worker gw1: died by ...`, one on a line.
    std::string faults() { return std::exchange(faults_, {}); }
    std::string remarks() { return std::exchange(remarks_, {}); }
    std::string ends() { return std::exchange(ends_, {}); }

private:
    std::size_t tests_;
    std::vector<rd::notice::test_ended> ended_{};
    std::vector<rd::notice::test_ended> last_{};
    std::string faults_{};
    std::string remarks_{};
    std::string ends_{};

    std::string text_of(rd::command const& c) const {
        if (auto const* start = std::get_if<rd::start_worker>(&c)) {
            return "start " + rd::worker_name(start->worker) + " in " + std::to_string(start->slot) +
                   (start->after_seconds > 0 ? " later" : "");
        }
        if (auto const* list = std::get_if<rd::list_tests>(&c)) return "list " + rd::worker_name(list->worker);
        if (auto const* finish = std::get_if<rd::finish_worker>(&c)) return "finish " + rd::worker_name(finish->worker);
        if (auto const* end = std::get_if<rd::end_worker>(&c)) {
            return (end->at_once ? "kill " : "end ") + rd::worker_name(end->worker);
        }
        auto const& run = std::get<rd::run_test>(c);
        return "run " + rd::worker_name(run.worker) + " " + controller.books().test(run.test).id.str() +
               (run.attempt == 1 ? "" : " attempt " + std::to_string(run.attempt));
    }
    std::string take(rd::answer const& answer) {
        std::string text;
        for (rd::command const& c : answer.commands) text += (text.empty() ? "" : "; ") + text_of(c);
        for (rd::any_notice const& n : answer.notices) {
            if (auto const* ended = std::get_if<rd::notice::test_ended>(&n)) ended_.push_back(*ended);
            if (auto const* left = std::get_if<rd::notice::fault_left>(&n)) {
                faults_ += std::string(to_string(left->what.kind)) + ": " + reason(left->what) + "\n";
            }
            if (auto const* remark = std::get_if<rd::notice::remark>(&n)) remarks_ += remark->words + "\n";
            if (auto const* ended = std::get_if<rd::notice::worker_ended>(&n)) {
                ends_ += ended->worker + (ended->as_told ? " as told" : " " + ended->words) + "\n";
            }
        }
        return text;
    }

public:
    rd::basic_controller<S> controller;
};

}  // namespace dist_test

#endif
