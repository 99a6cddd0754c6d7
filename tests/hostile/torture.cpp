// A suite whose tests crash, hang, leave daemons and write where they should not, with every policy: each is blamed for
// what it did, and nothing else gets lost, hangs or stays behind.
//
//     rampart_hostile_torture [--rounds=1]
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "doctest/run_program.hpp"
#include "hostile/this_build.hpp"
#include "support/processes.hpp"

namespace fs = std::filesystem;

namespace {

std::size_t rounds = 1;

/// A sanitizer has words and a status of its own for some deaths.
constexpr bool plain = !hostile::sanitized;

std::vector<std::string> const policies = {"load", "loadscope", "loadfile", "loadgroup", "worksteal", "each"};

/// How a test has to end.
struct expected {
    std::string outcome = "passed";
    std::size_t results = 1;
    /// Any of these in its detail; none: nothing is asked.
    std::vector<std::string> words{};
};
using expectations = std::map<std::string, expected>;

expectations deaths() {
    std::vector<std::string> const lost = {"control channel", "exited with status 0"};
    auto const by = [](std::string const& words) {
        return plain ? std::vector<std::string>{words} : std::vector<std::string>{};
    };
    expectations e;
    e["reads from nowhere"] = {"crashed", 1, by("SIGSEGV")};
    e["aborts"] = {"crashed", 1, by("SIGABRT")};
    e["overflows its stack"] = {"crashed", 1, by("SIGSEGV")};
    e["divides by nothing"] = {"crashed", 1, by("SIGFPE")};
    e["leaves by _exit(0)"] = {"crashed", 1, {"exited with status 0"}};
    e["leaves by _exit(7)"] = {"crashed", 1, {"exited with status 7"}};
    e["leaves by exit(0)"] = {"crashed", 1, {"exit"}};
    e["leaves by quick_exit(0)"] = {"crashed", 1, {"exit"}};
    e["kills itself"] = {"crashed", 1, {"SIGKILL"}};
    e["kills its whole group"] = {"crashed", 1, {"SIGKILL"}};
    e["ends itself with SIGTERM"] = {"crashed", 1, by("SIGTERM")};
    e["throws where nothing may be thrown"] = {"crashed", 1, by("SIGABRT")};
    e["crashes in a thread"] = {"crashed", 1, by("SIGSEGV")};
    e["leaves a daemon and aborts"] = {"crashed", 1, by("SIGABRT")};
    e["closes every descriptor above 2"] = {"crashed", 1, {"control channel"}};
    e["closes every descriptor"] = {"crashed", 1, {"control channel", "exited with status 1"}};
    e["closes every descriptor and waits for ever"] = {"crashed", 1, {"control channel"}};
    e["writes text to every descriptor above 2"] = {"crashed", 1, {"control channel"}};
    e["writes one byte to every descriptor above 2"] = {"crashed", 1, {"control channel"}};
    e["becomes a program that ends well"] = {"crashed", 1, lost};
    e["leaves a child and becomes a program that sleeps"] = {"crashed", 1, {"control channel"}};
    e["becomes a program that sleeps"] = {"crashed", 1, {"control channel"}};
    if (plain) {
        e["frees twice"] = {"crashed", 1, {"SIGABRT"}};
        e["smashes the heap"] = {"crashed", 1, {"SIGABRT", "SIGSEGV"}};
    }
    return e;
}

expectations survivors() {
    expectations e;
    e["throws"] = {"failed"};
    e["fails a check"] = {"failed"};
    e["leaves a daemon"] = {};
    e["leaves a child"] = {};
    e["has a child that returns from the test"] = {};
    e["has a child that throws out of the test"] = {};
    e["has a child that leaves by exit"] = {};
    e["closes its stdin, stdout and stderr"] = {};
    e["prints 100 MB"] = {};
    return e;
}

expectations groups() {
    expectations e;
    e["group a 1"] = {};
    e["group a 2, which aborts"] = {"crashed", 1, {}};
    e["group a 3"] = {};
    e["group a 4, which leaves"] = {"crashed", 1, {"exited with status 0"}};
    e["group a 5"] = {};
    for (char const n : {'0', '2', '3'}) e[std::string("crashes in one trial[trial-") + n + "]"] = {};
    e["crashes in one trial[trial-1]"] = {"crashed", 1, {}};
    return e;
}

expectations hangs() {
    expectations e;
    e["waits for ever"] = {"timeout", 1, {"gw"}};
    e["waits for ever and blocks what can be blocked"] = {"timeout", 1, {"gw"}};
    e["stops itself"] = {"timeout", 1, {"gw"}};
    e["waits for ever with a daemon and a child"] = {"timeout", 1, {"gw"}};
    return e;
}

expectations good_tests() {
    expectations e;
    for (int n = 10; n < 50; ++n) e["good " + std::to_string(n)] = {"passed", static_cast<std::size_t>(n % 4), {}};
    for (int n = 0; n < 5; ++n) e["good trials[trial-" + std::to_string(n) + "]"] = {};
    return e;
}
expectations leaking_trials() {
    expectations e;
    for (int n = 0; n < 4; ++n) e["leaks in one trial[trial-" + std::to_string(n) + "]"] = {};
    return e;
}

template <class... More>
expectations together(expectations first, More... more) {
    (first.merge(more), ...);
    return first;
}

bool is_any_in(std::vector<std::string> const& words, std::string const& text) {
    return words.empty() ||
           std::any_of(words.begin(), words.end(), [&](auto const& w) { return text.find(w) != std::string::npos; });
}

std::size_t times_in(std::string const& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

std::string text_of(boost::json::value const& v) { return std::string(v.as_string()); }

/// What a JSON report says of each test, by its name.
struct told {
    std::string outcome{};
    std::string detail{};
    std::string worker{};
    std::size_t results = 0;
};
using tellings = std::multimap<std::string, told>;

tellings tests_of(boost::json::value const& report) {
    tellings found;
    for (auto const& t : report.at("tests").as_array()) {
        auto const& o = t.as_object();
        auto const maybe = [&o](char const* key) { return o.contains(key) ? text_of(o.at(key)) : std::string(); };
        found.emplace(text_of(o.at("name")), told{text_of(o.at("outcome")), maybe("detail"), maybe("worker"),
                                                  o.at("results").to_number<std::size_t>()});
    }
    return found;
}

/// How many results are in the report, by the name of their test.
std::map<std::string, std::size_t> results_of(boost::json::value const& report) {
    std::map<std::string, std::size_t> found;
    for (auto const& category : report.at("by_harm_category").as_object()) {
        for (auto const& r : category.value().as_array()) ++found[text_of(r.at("metadata").at("test"))];
    }
    return found;
}

std::string faults_of(boost::json::value const& report) {
    std::string text;
    for (auto const& f : report.at("faults").as_array()) {
        if (f.at("loses").as_bool()) text += text_of(f.at("kind")) + ": " + text_of(f.at("what")) + "\n";
    }
    return text;
}

void check_report(boost::json::value const& report, expectations const& wanted, std::size_t copies) {
    auto const tests = tests_of(report);
    auto const results = results_of(report);
    CHECK(tests.size() == wanted.size() * copies);
    for (auto const& each : wanted) {
        auto const& name = each.first;
        auto const& want = each.second;
        CAPTURE(name);
        CHECK(tests.count(name) == copies);
        auto const [first, last] = tests.equal_range(name);
        std::set<std::string> workers;
        for (auto it = first; it != last; ++it) {
            told const& t = it->second;
            CAPTURE(t.detail);
            workers.insert(t.worker);
            CHECK(t.outcome == want.outcome);
            CHECK(t.results == want.results);
            CHECK(is_any_in(want.words, t.detail));
            if (want.outcome == "crashed" || want.outcome == "timeout") {
                // Who, and the end of its own output, and of nobody else's.
                CHECK(t.detail.find("gw") != std::string::npos);
                bool const reported = !plain && t.detail.ends_with("ABORTING");  // a long report is all of the end
                CHECK((reported || t.detail.find("last words of " + name) != std::string::npos));
                CHECK(times_in(t.detail, "last words of ") == (reported ? 0 : 1));
            } else if (want.outcome == "passed") {
                CHECK(t.detail == "");
            }
        }
        CHECK(workers.size() == copies);
        auto const found = results.find(name);
        CHECK((found == results.end() ? 0 : found->second) == want.results * copies);
    }
    CHECK(faults_of(report) == "");
}

/// Each test ends once in the stream of events too.
void check_events(std::string const& file, expectations const& wanted, std::size_t copies) {
    std::map<std::string, std::map<std::string, std::size_t>> ended;
    std::istringstream lines(file_text(file));
    for (std::string line; std::getline(lines, line);) {
        auto const event = boost::json::parse(line).as_object();
        if (event.at("event") != "test_ended") continue;
        auto const id = text_of(event.at("test"));
        ++ended[id.substr(id.rfind("::") + 2)][text_of(event.at("outcome"))];
    }
    CHECK(ended.size() == wanted.size());
    for (auto const& each : wanted) {
        auto const& name = each.first;
        auto const& want = each.second;
        CAPTURE(name);
        CHECK(ended[name].size() == 1);
        CHECK(ended[name][want.outcome] == copies);
    }
}

struct torture {
    std::string policy = "load";
    int workers = 2;
    std::string tests{};  ///< doctest's filter
    std::string timeout = "30";
    expectations wanted{};
    int status = 1;
    double limit = 60.0;  ///< seconds for all of it
    std::vector<std::string> environment{};
};

double longest = 0.0;
double longest_left = 0.0;

void suffer(torture const& t) {
    CAPTURE(t.policy);
    CAPTURE(t.tests);
    scratch_folder const dir;
    std::vector<std::string> command = {RAMPART_TORTURE_SUITE,
                                        "--rampart-workers=" + std::to_string(t.workers),
                                        "--rampart-dist=" + t.policy,
                                        "--rampart-timeout=" + t.timeout,
                                        "--rampart-max-worker-restart=200",
                                        "--rampart-progress=none",
                                        "--rampart-json=" + dir / "report.json",
                                        "--rampart-events=" + dir / "events"};
    // A journal has one place for each test.
    if (t.policy != "each") command.push_back("--rampart-journal=" + dir / "journal");
    if (!t.tests.empty()) command.push_back(t.tests);
    processes::watched run(command, t.environment);
    auto const end = run.end(t.limit);
    longest = std::max(longest, end.seconds);
    auto const began = std::chrono::steady_clock::now();
    bool const clean = run.none_left_within(5.0);
    longest_left = std::max(longest_left, processes::since(began));
    {
        CAPTURE(end.out);
        CAPTURE(run.left_in_words());
        CHECK(clean);
        REQUIRE(end.in_time);
        CHECK(end.status == t.status);
        CHECK(end.out.size() < (4U << 20U));
        REQUIRE(fs::exists(dir / "report.json"));
    }
    auto const report = json_file(dir / "report.json");
    std::size_t const copies = t.policy == "each" ? static_cast<std::size_t>(t.workers) : 1;
    check_report(report, t.wanted, copies);
    check_events(dir / "events", t.wanted, copies);

    if (copies != 1) return;
    // The journal was written as it happened, and says the same.
    auto const merged = processes::run(
        {RAMPART_TORTURE_SUITE, "--rampart-merge=" + dir / "journal", "--rampart-json=" + dir / "merged.json"});
    {
        CAPTURE(merged.out);
        CHECK(merged.status == t.status);
        REQUIRE(fs::exists(dir / "merged.json"));
    }
    auto const from_journal = json_file(dir / "merged.json");
    CHECK(results_of(from_journal) == results_of(report));
    auto const in_run = tests_of(report);
    auto const in_journal = tests_of(from_journal);
    CHECK(in_journal.size() == in_run.size());
    for (auto const& each : t.wanted) {
        auto const& name = each.first;
        auto const& want = each.second;
        auto const [first, last] = in_journal.equal_range(name);
        for (auto it = first; it != last; ++it) {
            CAPTURE(name);
            CHECK(it->second.outcome == want.outcome);
            CHECK(it->second.detail == in_run.find(name)->second.detail);
        }
    }
}

std::string which_round(std::size_t round) {
    return "round " + std::to_string(round + 1) + " of " + std::to_string(rounds);
}

}  // namespace

TEST_CASE("tests that crash in every way are blamed by name, and nothing else is lost or left behind") {
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::string const& policy : policies) {
            INFO(which_round(round));
            suffer({.policy = policy,
                    .tests = "-tse=hangs",
                    .wanted = together(deaths(), survivors(), groups(), good_tests(), leaking_trials())});
        }
    }
}

TEST_CASE("tests that never end are ended with all they started, and named") {
    for (std::size_t round = 0; round < rounds; ++round) {
        // They take seconds each, most of them of waiting; a round of many has all policies in turn.
        auto const& policy = policies[round % policies.size()];
        INFO(which_round(round));
        suffer({.policy = policy,
                .workers = 4,
                .tests = "-tc=*waits for ever*,stops itself,good 1*,good 2*,good 3*,good 4*,good trials",
                .timeout = "2",
                .wanted = together(hangs(), good_tests(),
                                   expectations{{"closes every descriptor and waits for ever",
                                                 {"crashed", 1, {"control channel"}}}})});
    }
}

TEST_CASE("what a test leaves running does not make a good run bad, and does not stay") {
    for (std::size_t round = 0; round < rounds; ++round) {
        auto const& policy = policies[round % policies.size()];
        INFO(which_round(round));
        auto wanted = together(survivors(), good_tests());
        wanted.erase("throws");
        wanted.erase("fails a check");
        suffer({.policy = policy,
                .tests = "-tc=leaves a daemon,leaves a child,has a child *,closes its *,prints *,good *",
                .wanted = std::move(wanted),
                .status = 0});
    }
}

TEST_CASE("one worker alone, and more workers than tests, bear the same") {
    suffer({.workers = 1,
            .tests = "-tse=hangs",
            .wanted = together(deaths(), survivors(), groups(), good_tests(), leaking_trials())});
    suffer({.workers = 9, .tests = "-ts=groups", .wanted = groups()});
}

namespace {

struct edge_run {
    processes::process_end end{};
    boost::json::value report{};
    std::string faults{};
    bool clean = false;
};

edge_run run_at_the_edge(std::string const& variable, std::vector<std::string> const& more = {}) {
    scratch_folder const dir;
    std::vector<std::string> command = {RAMPART_TORTURE_SUITE, "-tc=good *", "--rampart-workers=2",
                                        "--rampart-progress=none", "--rampart-json=" + dir / "report.json"};
    command.insert(command.end(), more.begin(), more.end());
    processes::watched run(command, {variable});
    edge_run made;
    made.end = run.end(60.0);
    made.clean = run.none_left_within(5.0);
    if (fs::exists(dir / "report.json")) {
        made.report = json_file(dir / "report.json");
        made.faults = faults_of(made.report);
    }
    return made;
}

std::size_t with_outcome(boost::json::value const& report, std::string_view outcome) {
    std::size_t n = 0;
    for (auto const& [name, t] : tests_of(report)) n += t.outcome == outcome ? 1 : 0;
    return n;
}

}  // namespace

TEST_CASE("a worker that dies after its last test costs no result, but the run is not green") {
    auto const run = run_at_the_edge("RAMPART_TORTURE_END=all");
    CAPTURE(run.end.out);
    CHECK(run.clean);
    REQUIRE(run.end.status == 3);
    CHECK(run.faults.find("worker_died: ") != std::string::npos);
    if (plain) CHECK(run.faults.find("SIGABRT") != std::string::npos);
    CHECK(with_outcome(run.report, "passed") == 45);
}

TEST_CASE("a worker that dies before it is ready is replaced; the run is complete but not green") {
    auto const run = run_at_the_edge("RAMPART_TORTURE_START=gw1,");
    CAPTURE(run.end.out);
    CHECK(run.clean);
    REQUIRE(run.end.status == 3);
    CHECK(run.faults.find("worker_died: ") != std::string::npos);
    CHECK(with_outcome(run.report, "passed") == 45);
}

TEST_CASE("a suite whose workers cannot start stops at once, and accounts for every test") {
    auto const run = run_at_the_edge("RAMPART_TORTURE_START=all");
    CAPTURE(run.end.out);
    CHECK(run.clean);
    REQUIRE(run.end.status == 3);
    CHECK(run.end.seconds < 20.0);
    CHECK(with_outcome(run.report, "not_run") == 45);
    CHECK((run.end.says("last words before main") || run.faults.find("last words before main") != std::string::npos));
}

TEST_CASE("a limit of replacements leaves what waits not run, and says so") {
    for (std::string const limit : {"0", "1"}) {
        CAPTURE(limit);
        scratch_folder const dir;
        processes::watched run({RAMPART_TORTURE_SUITE, "-ts=deaths", "-tc=leaves by*,kills*", "--rampart-workers=2",
                                "--rampart-max-worker-restart=" + limit, "--rampart-json=" + dir / "report.json"});
        auto const end = run.end(60.0);
        CAPTURE(end.out);
        CHECK(run.none_left_within(5.0));
        REQUIRE(end.status == 3);
        auto const report = json_file(dir / "report.json");
        std::size_t const died = limit == "0" ? 2 : 3;
        CHECK(with_outcome(report, "crashed") == died);
        CHECK(with_outcome(report, "not_run") == 6 - died);
        CHECK(faults_of(report).find(limit) != std::string::npos);
    }
}

TEST_CASE("what the tests above hold a run to is what docs/distributed.md says") {
    if (!plain) {
        MESSAGE("SKIPPED: docs/distributed.md, because a sanitizer has words of its own for some deaths");
        return;
    }
    std::string table = "| a test that | outcome | said of it |\n| --- | --- | --- |\n";
    for (expectations const& some : {deaths(), hangs(), survivors()}) {
        for (auto const& [name, want] : some) {
            std::string said;
            for (std::string const& word : want.words) said += (said.empty() ? "" : " or ") + word;
            table += "| " + name + " | " + want.outcome + " | " + (want.outcome == "timeout" ? "" : said) + " |\n";
        }
    }
    INFO("the table is\n" << table);
    CHECK(file_text(RAMPART_DOCS_DISTRIBUTED).find(table) != std::string::npos);
}

int main(int count, char** words) {
    for (int i = 1; i < count; ++i) {
        std::string_view const word = words[i];
        if (word.starts_with("--rounds=")) rounds = std::strtoull(words[i] + 9, nullptr, 10);
    }
    int const status = doctest::Context(count, words).run();
    std::cout << "the longest run took " << longest << " s; after the end of a run all was gone within " << longest_left
              << " s\n";
    return status;
}
