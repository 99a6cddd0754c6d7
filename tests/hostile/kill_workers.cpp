// Workers that somebody kills while they run two thousand tests: every test has exactly one account, none is run twice,
// nothing hangs. And the controller itself: killed, it leaves nobody behind; asked to stop, it says what it did not do.
//
//     rampart_hostile_kill_workers [--rounds=5]
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "doctest/run_program.hpp"
#include "hostile/generators.hpp"
#include "hostile/this_build.hpp"
#include "support/processes.hpp"

namespace fs = std::filesystem;
using hostile::again;

namespace {

std::size_t rounds = 5;

std::string text_of(boost::json::value const& v) { return std::string(v.as_string()); }

struct told {
    std::string outcome{};
    std::string detail{};
    std::size_t results = 0;
    std::size_t accounts = 0;
};

/// What a report says of each test, by its name, and how many results of it are there.
struct whole_report {
    std::map<std::string, told> tests{};
    std::map<std::string, std::size_t> results{};
    std::string faults{};
    std::set<std::string> fault_kinds{};  ///< of those that lose something
    bool incomplete = false;
    bool failed = false;

    std::size_t with(std::string_view outcome) const {
        return static_cast<std::size_t>(
            std::count_if(tests.begin(), tests.end(), [&](auto const& t) { return t.second.outcome == outcome; }));
    }
    /// What the program has to end with.
    int status() const { return incomplete ? 3 : failed ? 1 : 0; }
};

std::string name_of(std::string const& id) { return id.substr(id.rfind("::") + 2); }

whole_report read_report(std::string const& file) {
    auto const report = json_file(file);
    whole_report made;
    for (auto const& t : report.at("tests").as_array()) {
        auto const& o = t.as_object();
        told& entry = made.tests[name_of(text_of(o.at("nodeid")))];
        ++entry.accounts;
        entry.outcome = text_of(o.at("outcome"));
        if (o.contains("detail")) entry.detail = text_of(o.at("detail"));
        entry.results = o.at("results").to_number<std::size_t>();
        if (entry.outcome != "passed") made.failed = true;
    }
    for (auto const& category : report.at("by_harm_category").as_object()) {
        for (auto const& r : category.value().as_array()) ++made.results[name_of(text_of(r.at("nodeid")))];
    }
    for (auto const& f : report.at("faults").as_array()) {
        if (!f.at("loses").as_bool()) continue;
        made.fault_kinds.insert(text_of(f.at("kind")));
        made.faults += text_of(f.at("kind")) + ": " + text_of(f.at("what")) + "\n";
    }
    auto const* const incomplete = report.at("metadata").as_object().if_contains("incomplete");
    made.incomplete = incomplete != nullptr && incomplete->as_bool();
    return made;
}

std::vector<std::string> lines_of(std::string const& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::size_t bytes_of(std::string const& path) {
    std::error_code none;
    auto const size = fs::file_size(path, none);
    return none ? 0 : static_cast<std::size_t>(size);
}

/// Reads along in the stream of events which workers are ready.
class ready_workers {
public:
    explicit ready_workers(std::string const& file) : file_(file) {}

    std::vector<::pid_t> now() {
        std::ifstream in(file_);
        in.seekg(read_);
        for (std::string line; std::getline(in, line) && !in.eof();) {
            read_ += static_cast<std::streamoff>(line.size() + 1);
            if (line.find("\"worker_ready\"") == std::string::npos &&
                line.find("\"worker_ended\"") == std::string::npos)
                continue;
            auto const event = boost::json::parse(line).as_object();
            auto const worker = text_of(event.at("worker"));
            if (event.at("event") == "worker_ready") {
                ready_[worker] = static_cast<::pid_t>(event.at("pid").as_int64());
            } else {
                ready_.erase(worker);
            }
        }
        std::vector<::pid_t> pids;
        for (auto const& [worker, pid] : ready_) pids.push_back(pid);
        return pids;
    }

private:
    std::string file_;
    std::streamoff read_ = 0;
    std::map<std::string, ::pid_t> ready_{};
};

/// What the suite does when nobody disturbs it.
whole_report const& undisturbed() {
    static whole_report const report = [] {
        scratch_folder const dir;
        auto const end = processes::run({RAMPART_TWO_THOUSAND, "--rampart-json=" + dir / "r.json"});
        if (end.status != 1) throw std::runtime_error("the suite does not run by itself: " + end.out);
        return read_report(dir / "r.json");
    }();
    return report;
}

std::vector<std::string> command(scratch_folder const& dir, std::vector<std::string> const& more) {
    std::vector<std::string> words = {RAMPART_TWO_THOUSAND, "--rampart-workers=2", "--rampart-progress=none",
                                      "--rampart-json=" + dir / "report.json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}
std::vector<std::string> environment(scratch_folder const& dir, int microseconds) {
    return {"RAMPART_TWO_THOUSAND_LOG=" + dir / "log",
            "RAMPART_TWO_THOUSAND_MICROSECONDS=" + std::to_string(microseconds)};
}

/// Every test has one account, and those that came to their end have all they had undisturbed. So many `interrupted`
/// ones may also have what an earlier attempt left.
void check_accounts(whole_report const& report, std::size_t interrupted = 0) {
    whole_report const& whole = undisturbed();
    CHECK(report.tests.size() == whole.tests.size());
    std::size_t wrong = 0;
    std::size_t twice = 0;
    for (auto const& each : report.tests) {
        auto const& name = each.first;
        auto const& t = each.second;
        CAPTURE(name);
        auto const known = whole.tests.find(name);
        REQUIRE(known != whole.tests.end());
        auto const found = report.results.find(name);
        std::size_t const in_report = found == report.results.end() ? 0 : found->second;
        if (t.accounts == 2 && in_report >= known->second.results) {
            ++twice;
            continue;
        }
        if (t.accounts != 1 || t.results != in_report) ++wrong;
        if (t.outcome == "crashed") {
            CHECK(t.results <= known->second.results);
            CHECK(t.detail.find("gw") != std::string::npos);
        } else if (t.outcome == "not_run") {
            CHECK(t.results == 0);
        } else if (t.outcome != known->second.outcome || t.results != known->second.results) {
            ++wrong;
        }
    }
    CHECK(wrong == 0);
    CHECK(twice <= interrupted);
    // Results of tests that the list does not know would be from nowhere.
    for (auto const& [name, n] : report.results) CHECK(report.tests.contains(name));
}

/// The names of the tests that began, in their order; none twice.
std::set<std::string> began_once(scratch_folder const& dir) {
    auto const lines = lines_of(dir / "log");
    std::set<std::string> names(lines.begin(), lines.end());
    CHECK(names.size() == lines.size());
    return names;
}

}  // namespace

TEST_CASE("workers that are killed at any moment cost the tests that they were running, and nothing else") {
    auto const seed = hostile::seed_of_this_run();
    hostile::generator g(seed);
    std::vector<std::string> const policies = {"load", "worksteal", "loadscope", "loadfile", "loadgroup"};
    std::size_t kills = 0;
    std::size_t crashed = 0;
    std::size_t between = 0;
    std::size_t stopped = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        INFO(again(seed, round));
        scratch_folder const dir;
        auto const& policy = policies[round % policies.size()];
        CAPTURE(policy);
        processes::watched run(command(dir, {"--rampart-dist=" + policy, "--rampart-max-worker-restart=100000",
                                             "--rampart-events=" + dir / "events"}),
                               environment(dir, 300));
        // Most rounds spare workers that are not ready yet: two such deaths in a row stop the run.
        bool const any = g.one_in(5);
        double const pause = 0.001 * static_cast<double>(g.below(g.one_in(3) ? 20 : 150));
        std::size_t hit = 0;
        ready_workers ready(dir / "events");
        auto const began = std::chrono::steady_clock::now();
        // So long, as one that is replaced faster than it works would never come to its end.
        while (run.runs() && processes::since(began) < 4.0) {
            processes::within(pause, [&] { return !run.runs(); });
            auto const workers = any ? run.workers() : ready.now();
            if (workers.empty()) continue;
            auto const victim = workers[g.below(workers.size())];
            if (processes::lives(victim) && ::kill(victim, SIGKILL) == 0) ++hit;
        }
        auto const end = run.end(60.0);
        CHECK(run.none_left_within(5.0));
        REQUIRE(end.in_time);
        REQUIRE(fs::exists(dir / "report.json"));
        auto const report = read_report(dir / "report.json");
        CAPTURE(report.faults);
        check_accounts(report);
        auto const names = began_once(dir);
        auto const dead = report.with("crashed");
        CHECK(dead <= hit);
        CHECK(end.status == report.status());
        for (auto const& each : report.tests) {
            auto const& name = each.first;
            auto const& t = each.second;
            CAPTURE(name);
            CAPTURE(t.detail);
            if (t.outcome == "crashed") CHECK(t.detail.find("SIGKILL") != std::string::npos);
            // What never ran has a reason: no worker became ready any more.
            if (t.outcome == "not_run") CHECK(report.incomplete);
            // The body says so itself. One that crashed may have died before it, and was told to run.
            if (t.outcome != "crashed") CHECK(names.contains(name) == (t.outcome != "not_run"));
        }
        kills += hit;
        crashed += dead;
        between += report.fault_kinds.contains("worker_died") ? 1 : 0;
        stopped += report.with("not_run") > 0 ? 1 : 0;
    }
    MESSAGE(rounds << " runs, " << kills << " kills: " << crashed << " of them inside a test; " << between
                   << " runs in which a worker died outside of its tests, " << stopped
                   << " that stopped because two workers in a row were killed before they were ready");
    // Else this test has seen nothing.
    CHECK(kills > 0);
    CHECK(crashed > 0);
    CHECK(stopped < rounds);
}

TEST_CASE("a controller that is killed leaves no worker, and none of their children") {
    std::size_t const times = std::max<std::size_t>(3, rounds / 10);
    for (std::size_t round = 0; round < times; ++round) {
        CAPTURE(round);
        scratch_folder const dir;
        processes::watched run({RAMPART_TORTURE_SUITE, "-tc=*for ever with a daemon*,waits for ever and blocks*",
                                "--rampart-workers=2", "--rampart-events=" + dir / "events"});
        // Two workers, a child, a daemon: and whatever the controller has to keep them.
        REQUIRE(processes::within(20.0, [&] {
            std::size_t found = 0;
            for (::pid_t const pid : run.left()) {
                found += processes::variable_of(pid, "RAMPART_WORKER").starts_with("gw") ? 1U : 0U;
            }
            return found >= 4;
        }));
        run.signal(SIGKILL);
        auto const end = run.end(20.0);
        CHECK(end.signal == SIGKILL);
        bool const clean = run.none_left_within(10.0);
        CAPTURE(run.left_in_words());
        CHECK(clean);
    }
}

TEST_CASE("a controller that is killed in the middle of a run leaves a journal that is taken up again") {
    scratch_folder const dir;
    processes::watched run(command(dir, {"--rampart-journal=" + dir / "journal"}), environment(dir, 300));
    REQUIRE(processes::within(20.0, [&] { return bytes_of(dir / "log") > 3000 || !run.runs(); }));
    REQUIRE(run.runs());
    run.signal(SIGKILL);
    (void)run.end(20.0);
    CHECK(run.none_left_within(10.0));
    auto const began = lines_of(dir / "log").size();
    fs::rename(dir / "log", dir / "first_log");
    auto const resumed = processes::run(command(dir, {"--rampart-resume=" + dir / "journal"}), environment(dir, 0));
    CHECK(resumed.status == 1);
    auto const report = read_report(dir / "report.json");
    // What had ended did not run again; of the two workers each was running one test.
    check_accounts(report, 2);
    CHECK(began_once(dir).size() <= undisturbed().tests.size() - began + 2);
}

TEST_CASE("the first SIGINT, SIGTERM or SIGHUP lets the running tests end and reports; the rest did not run") {
    for (int const signal : {SIGINT, SIGTERM, SIGHUP}) {
        CAPTURE(signal);
        scratch_folder const dir;
        processes::watched run(command(dir, {}), environment(dir, 2000));
        REQUIRE(processes::within(20.0, [&] { return bytes_of(dir / "log") > 500 || !run.runs(); }));
        run.signal(signal);
        auto const end = run.end(30.0);
        CAPTURE(end.out);
        CHECK(run.none_left_within(5.0));
        REQUIRE(end.status == 3);
        auto const report = read_report(dir / "report.json");
        check_accounts(report);
        CHECK(report.with("crashed") == 0);
        CHECK(report.with("not_run") > 0);
        // All that began came to its end.
        auto const names = began_once(dir);
        CHECK(names.size() == report.tests.size() - report.with("not_run"));
        for (std::string const& each : names) CHECK(report.tests.at(each).outcome != "not_run");
        std::string const name = signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGHUP";
        CHECK((end.says(name) || report.faults.find(name) != std::string::npos));
    }
}

TEST_CASE("the second SIGINT ends the running tests too, and still reports") {
    scratch_folder const dir;
    processes::watched run({RAMPART_TORTURE_SUITE, "-tc=waits for ever*,good *", "--rampart-workers=2",
                            "--rampart-events=" + dir / "events", "--rampart-progress=none",
                            "--rampart-json=" + dir / "report.json"});
    REQUIRE(processes::within(20.0, [&] {
        auto const lines = lines_of(dir / "events");
        return 2 == std::count_if(lines.begin(), lines.end(), [](std::string const& line) {
                   return line.find("test_started") != std::string::npos &&
                          line.find("waits for ever") != std::string::npos;
               });
    }));
    run.signal(SIGINT);
    // Signals of one kind do not queue: the first has to have arrived.
    REQUIRE(processes::within(10.0, [&] { return !processes::is_pending(run.pid(), SIGINT); }));
    CHECK_FALSE(processes::within(0.5, [&] { return !run.runs(); }));
    run.signal(SIGINT);
    auto const end = run.end(20.0);
    CAPTURE(end.out);
    CHECK(run.none_left_within(5.0));
    REQUIRE(end.in_time);
    REQUIRE(end.status == 3);
    auto const report = read_report(dir / "report.json");
    CHECK(report.with("crashed") == 2);
    CHECK(report.with("timeout") == 0);
    CHECK(report.with("crashed") + report.with("passed") + report.with("not_run") == report.tests.size());
    for (auto const& [name, t] : report.tests) {
        if (t.outcome == "crashed") CHECK(t.detail.find("SIGINT") != std::string::npos);
    }
}

int main(int count, char** words) {
    for (int i = 1; i < count; ++i) {
        std::string_view const word = words[i];
        if (word.starts_with("--rounds=")) rounds = std::strtoull(words[i] + 9, nullptr, 10);
    }
    return doctest::Context(count, words).run();
}
