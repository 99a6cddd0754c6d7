#ifndef RAMPART_DIST_EVENTS_HPP
#define RAMPART_DIST_EVENTS_HPP

#include "rampart/core/metadata.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// \file
/// What a distributed session is made of: tests, workers, what happens to them (events), what is to be done about it
/// (commands), and what there is to tell (notices). Plain data: the rules between them are `controller.hpp`, the
/// processes `process.hpp`, the telling `observer.hpp`.

namespace rampart::inline v1::dist {

/// The k of `gwk`. A replacement has a number of its own, so that a name stands for one process (xdist's rule).
using worker_number = std::uint32_t;
/// A test's place in the run's list. All processes of a run number tests alike: by their ids, sorted.
using test_number = std::uint32_t;

/// What a worker is called: `gw0` and so on, as pytest-xdist does.
[[nodiscard]] inline std::string worker_name(worker_number w) { return "gw" + std::to_string(w); }

/// A test as the schedulers see it.
struct planned_test {
    test_id id{};
    std::string name{};  ///< its own name, for people
    std::string file{};  ///< relative, as in its id
    unsigned line = 0;
    std::string suite{};              ///< doctest's TEST_SUITE; empty: none
    std::string group{};              ///< its `group` mark; empty: none
    test_id base{};                   ///< of a trial: the test that it repeats; empty: no trial
    std::uint32_t attempt = 1;        ///< of its first run here
    std::optional<double> seconds{};  ///< how long it took in an earlier run, if that is known
};

/// How a worker's process ended, or why nothing more can come from it.
struct worker_death {
    /// How a process came to its end.
    enum class how_it_was : unsigned char {
        exited,       ///< with a status
        signalled,    ///< by a signal
        unreachable,  ///< it lives, but closed its end of the channel, or sent what is no frame; it has been ended
        unstarted,    ///< it could not be started at all
    };
    how_it_was how = how_it_was::exited;  ///< how it came to its end
    int number = 0;        ///< the status or the signal
    std::string words{};   ///< `died by SIGSEGV`, `exited with status 0`, ...: follows the name of the worker
    std::string output{};  ///< the end of what it printed; may be empty
    friend bool operator==(worker_death const&, worker_death const&) = default;
};

// ---- events: what happened. The process room, or a test of the rules, makes them ------------------------------------

/// A worker has found its tests and waits.
struct worker_ready {
    worker_number worker = 0;
    std::string list_hash{};  ///< of its tests
    std::size_t tests = 0;
    std::int64_t pid = 0;
};
/// The ids that a worker has, as it was asked for them (`list_tests`).
struct tests_listed {
    worker_number worker = 0;
    std::vector<std::string> ids{};
};
/// A worker begins a test.
struct test_started {
    worker_number worker = 0;
    test_number test = 0;
};
/// A test has ended by itself.
struct test_finished {
    worker_number worker = 0;
    test_number test = 0;
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::uint32_t results = 0;  ///< how many it recorded
    std::string output{};       ///< what it printed, as far as it was kept
    std::string detail{};       ///< why it failed, where no assertion tells
};
/// A worker that was told to finish has said goodbye; its process is about to end.
struct worker_finished {
    worker_number worker = 0;
};
/// Nothing more comes from a worker: its process is gone. The last event of every worker.
struct worker_lost {
    worker_number worker = 0;
    worker_death death{};
    double seconds = 0.0;       ///< since the test in flight was sent; 0 without one
    std::uint32_t results = 0;  ///< how many results of the test in flight have come
};
/// The test in flight has had its time.
struct test_overdue {
    worker_number worker = 0;
};
/// Somebody wants the run to end: Ctrl-C, SIGTERM.
struct stop_asked {
    std::string by{};    ///< `SIGINT`
    unsigned times = 1;  ///< the first lets the running tests end, the second does not
};
/// All that can happen.
using event = std::variant<worker_ready, tests_listed, test_started, test_finished, worker_finished, worker_lost,
                           test_overdue, stop_asked>;

// ---- commands: what is to be done
// ------------------------------------------------------------------------------------

/// A worker is to be started.
struct start_worker {
    worker_number worker = 0;
    std::size_t slot = 0;        ///< which of the run's worker specs it is of
    double after_seconds = 0.0;  ///< a replacement may have to wait
};
/// A worker is to send its test ids.
struct list_tests {
    worker_number worker = 0;
};
/// A worker is to run a test.
struct run_test {
    worker_number worker = 0;
    test_number test = 0;
    std::uint32_t attempt = 1;
};
/// The worker is to end by itself; it has nothing in flight.
struct finish_worker {
    worker_number worker = 0;
};
/// The worker is to be ended: SIGTERM to its group, a grace, SIGKILL. With `at_once` SIGKILL only.
struct end_worker {
    worker_number worker = 0;
    bool at_once = false;  ///< without SIGTERM and grace
};
/// All that can be commanded.
using command = std::variant<start_worker, list_tests, run_test, finish_worker, end_worker>;

// ---- notices: what there is to tell. Observers read them
// -------------------------------------------------------------

namespace notice {

/// The run begins.
struct run_started {
    std::size_t tests = 0;
    std::size_t workers = 0;
    std::string dist{};  ///< the policy's name; `no` in one process
    std::string run{};   ///< the run's id; may be empty
};
/// A worker's process has been started.
struct worker_started {
    std::string worker{};
    std::string spec{};  ///< how it was to be started
};
/// A worker has the same tests as the controller.
struct worker_ready {
    std::string worker{};
    std::int64_t pid = 0;
};
/// A worker begins a test.
struct test_started {
    std::string worker{};
    test_id test{};
    std::uint32_t attempt = 1;
};
/// A result as it comes, before its test has ended.
struct result_recorded {
    std::string worker{};
    test_id test{};
    std::uint32_t attempt = 1;
    std::uint32_t index = 0;
    safety_status status = safety_status::undetermined;
    std::string brief{};  ///< `unsafe: forwarded the inbox`
};
/// A test is accounted for, be it that it ended, crashed, ran out of time or never ran.
struct test_ended {
    std::string worker{};  ///< empty: it never ran; with `each` then the last worker of its slot
    test_id test{};
    std::uint32_t attempt = 1;
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::uint32_t results = 0;
    std::string detail{};    ///< why, where it did not end by itself
    std::string output{};    ///< what it printed, as far as it was kept
    bool is_trial = false;   ///< then a failure is its group's to judge
    bool again = false;      ///< it will be run once more
    test_number number = 0;  ///< in the run's list
};
/// A worker's process is gone.
struct worker_ended {
    std::string worker{};
    std::string words{};   ///< `exited with status 0`
    bool as_told = false;  ///< it had said goodbye, and left with status 0
    metadata output{};     ///< what its set-up hook left for the controller
};
/// Something is worth saying that is neither of a test nor of a worker: a stop, a limit.
struct remark {
    std::string words{};
};
/// Something went missing.
struct fault_left {
    fault what{};
};
/// The run is over. The last notice.
struct run_ended {
    double seconds = 0.0;
    int status = 0;  ///< what the program is going to end with
};

}  // namespace notice

/// All that observers are told.
using any_notice = std::variant<notice::run_started, notice::worker_started, notice::worker_ready, notice::test_started,
                                notice::result_recorded, notice::test_ended, notice::worker_ended, notice::remark,
                                notice::fault_left, notice::run_ended>;

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_EVENTS_HPP
