#include "doctest/run_program.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "hostile/this_build.hpp"
#include "support/processes.hpp"

namespace {

namespace fs = std::filesystem;

using words = std::vector<std::string>;
using processes::process_end;

words const policies = {"load", "worksteal", "loadscope", "loadfile", "loadgroup"};

process_end start(std::string const& program, words const& arguments, words const& environment = {}) {
    words command = {program};
    command.insert(command.end(), arguments.begin(), arguments.end());
    processes::watched run(std::move(command), environment);
    auto end = run.end(120.0);
    CAPTURE(end.out);
    CHECK(end.in_time);
    bool const clean = run.none_left_within(5.0);
    CAPTURE(run.left_in_words());
    CHECK(clean);
    return end;
}
process_end distributed(words const& arguments, words const& environment = {}) {
    return start(RAMPART_SUITE_DISTRIBUTED, arguments, environment);
}

/// A report without its times: that of the run, and that of each test. What the tests themselves recorded stays.
std::string timeless(std::string const& file) {
    std::istringstream lines(file_text(file));
    std::string text;
    bool in_tests = false;
    for (std::string line; std::getline(lines, line); text += line + "\n") {
        // Two blanks a level: these are members of the report, and of what its `tests` hold.
        in_tests = in_tests || line.starts_with("  \"tests\": [");
        for (std::string_view const time : {"  \"duration_seconds\": ", "      \"seconds\": "}) {
            if (time.starts_with("    ") != in_tests || !line.starts_with(time)) continue;
            line = std::string(time) + "0" + (line.ends_with(",") ? "," : "");
        }
    }
    return text;
}

/// Where two texts part, for a failure's text.
std::string difference(std::string const& a, std::string const& b) {
    auto const at = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
    auto const from = at < 300 ? 0 : at - 300;
    return "one has\n" + a.substr(from, 600) + "\nthe other has\n" + b.substr(from, 600);
}

std::string text_of(boost::json::value const& v) { return std::string(v.as_string()); }

struct told {
    std::string outcome{};
    std::string worker{};
    std::string detail{};
    std::int64_t attempt = 1;
};
/// The tests of a report by their names.
std::multimap<std::string, told> tests_in(std::string const& file) {
    std::multimap<std::string, told> found;
    auto const report = json_file(file);
    for (auto const& t : report.at("tests").as_array()) {
        auto const& o = t.as_object();
        auto const maybe = [&o](char const* key) { return o.contains(key) ? text_of(o.at(key)) : std::string(); };
        found.emplace(text_of(o.at("name")), told{text_of(o.at("outcome")), maybe("worker"), maybe("detail"),
                                                  o.at("attempt").to_number<std::int64_t>()});
    }
    return found;
}
std::size_t with(std::multimap<std::string, told> const& tests, std::string_view outcome) {
    return static_cast<std::size_t>(
        std::count_if(tests.begin(), tests.end(), [&](auto const& t) { return t.second.outcome == outcome; }));
}
std::string faults_in(std::string const& file) {
    std::string text;
    auto const report = json_file(file);
    for (auto const& f : report.at("faults").as_array())
        text += text_of(f.at("kind")) + ": " + text_of(f.at("what")) + "\n";
    return text;
}
std::vector<boost::json::object> events_in(std::string const& file) {
    std::vector<boost::json::object> events;
    std::istringstream lines(file_text(file));
    for (std::string line; std::getline(lines, line);) events.push_back(boost::json::parse(line).as_object());
    return events;
}
std::size_t times_in(std::string const& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

/// The report of a suite in one process, and with workers: the same, to the byte.
void check_same(std::string const& program, words const& more = {}, words const& numbers = {"1", "2", "7"}) {
    scratch_folder const dir;
    auto const report = [&](std::string const& name, words arguments) {
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.push_back("--rampart-progress=none");
        arguments.push_back("--rampart-json=" + dir / name);
        auto const end = start(program, arguments);
        CAPTURE(end.out);
        REQUIRE(fs::exists(dir / name));
        return std::pair(end.status, timeless(dir / name));
    };
    auto const alone = report("alone.json", {"--rampart-workers=0"});
    CHECK(alone.second.size() > 200);
    for (std::string const& number : numbers) {
        for (std::string const& policy : policies) {
            CAPTURE(number);
            CAPTURE(policy);
            auto const shared = report("shared.json", {"--rampart-workers=" + number, "--rampart-dist=" + policy});
            CHECK(shared.first == alone.first);
            bool const same = shared.second == alone.second;
            CAPTURE(difference(alone.second, shared.second));
            CHECK(same);
        }
    }
}

}  // namespace

TEST_CASE("a suite gives the same report, to the byte, in one process and with any number of workers and any policy") {
    SUBCASE("hello") { check_same(RAMPART_SUITE_HELLO); }
    SUBCASE("stages") { check_same(RAMPART_SUITE_STAGES); }
    SUBCASE("two thousand tests") {
        check_same(RAMPART_SUITE_TWO_THOUSAND, {}, hostile::sanitized ? words{"2"} : words{"1", "2", "7"});
    }
    SUBCASE("what doctest's own options select") {
        check_same(RAMPART_SUITE_TWO_THOUSAND, {"-ts=suite 1*", "-tce=*7", "-tc=case*"}, {"2"});
        check_same(RAMPART_SUITE_DISTRIBUTED, {"-ts=filtered", "-sc=one"}, {"2"});
        check_same(RAMPART_SUITE_DISTRIBUTED, {"-ts=filtered", "--no-skip"}, {"2"});
        check_same(RAMPART_SUITE_STAGES, {"--rampart-trials=7", "--rampart-text=strip", "--rampart-metadata=a=b"},
                   {"2"});
    }
    SUBCASE("one test and more workers") { check_same(RAMPART_SUITE_STAGES, {"-tc=first"}, {"7"}); }
}

TEST_CASE("with `each` every worker runs every test, and its name tells the copies apart") {
    scratch_folder const dir;
    for (std::string const program : {RAMPART_SUITE_STAGES, RAMPART_SUITE_TWO_THOUSAND}) {
        CAPTURE(program);
        CHECK(start(program, {"--rampart-json=" + dir / "alone.json"}).status == 1);
        CHECK(start(program, {"--rampart-json=" + dir / "three.json", "--rampart-workers=3", "--rampart-dist=each"})
                  .status == 1);
        auto const alone = tests_in(dir / "alone.json");
        auto const three = tests_in(dir / "three.json");
        CHECK(three.size() == 3 * alone.size());
        std::size_t wrong = 0;
        for (auto const& [name, t] : alone) {
            std::set<std::string> workers;
            auto const [first, last] = three.equal_range(name);
            for (auto it = first; it != last; ++it) {
                workers.insert(it->second.worker);
                wrong += it->second.outcome == t.outcome ? 0 : 1;
            }
            wrong += workers == std::set<std::string>{"gw0", "gw1", "gw2"} ? 0 : 1;
        }
        CHECK(wrong == 0);
        auto const count = [](std::string const& file) { return json_file(file).at("total_runs").as_int64(); };
        CHECK(count(dir / "three.json") == 3 * count(dir / "alone.json"));
        // A trial counts once, however often it ran.
        CHECK(json_file(dir / "three.json").at("trial_groups").as_array().size() ==
              json_file(dir / "alone.json").at("trial_groups").as_array().size());
    }
}

TEST_CASE("a worker with another list of tests stops the run, and the difference is shown") {
    scratch_folder const dir;
    for (std::string const odd : {"gw0", "gw1"}) {
        CAPTURE(odd);
        // With `each` no other worker does the odd one's part before it says what it has.
        auto const end =
            distributed({"-ts=list", "--rampart-workers=2", "--rampart-dist=each", "--rampart-json=" + dir / "r.json"},
                        {"RAMPART_TESTS_ODD_WORKER=" + odd});
        CAPTURE(end.out);
        CHECK(end.status == 3);
        auto const told = end.out + faults_in(dir / "r.json");
        CHECK(faults_in(dir / "r.json").find("other_list: ") != std::string::npos);
        CHECK(told.find(odd) != std::string::npos);
        CHECK(told.find("-distributed.cpp::list::in the list") != std::string::npos);
        CHECK(told.find("+distributed.cpp::list::in another list") != std::string::npos);
        // Every test has its accounts all the same.
        CHECK(tests_in(dir / "r.json").size() == 4);
    }
}

TEST_CASE("a replacement with another list of tests stops the run too") {
    scratch_folder const dir;
    auto const end =
        distributed({"-ts=crashing,list,failing", "--rampart-workers=1", "--rampart-json=" + dir / "r.json"},
                    {"RAMPART_TESTS_ODD_WORKER=gw1", "RAMPART_TESTS_ONCE=" + dir / "once"});
    CAPTURE(end.out);
    CHECK(end.status == 3);
    CHECK(faults_in(dir / "r.json").find("other_list: ") != std::string::npos);
    auto const tests = tests_in(dir / "r.json");
    CHECK(tests.size() == 3 + 2 + 24);
    CHECK(with(tests, "crashed") == 1);
    CHECK(with(tests, "not_run") > 0);
}

TEST_CASE("a value that makes no sense is a usage error that names the option, and nothing runs") {
    scratch_folder const dir;
    for (std::string const option :
         {"--rampart-workers=-1", "--rampart-workers=many", "--rampart-workers=", "--rampart-workers=1.5",
          "--rampart-dist=fair", "--rampart-tx=bogus", "--rampart-tx=popen//frob=1", "--rampart-tx=0*popen",
          "--rampart-timeout=0", "--rampart-timeout=-1", "--rampart-timeout=soon", "--rampart-timeout=nan",
          "--rampart-maxfail=x", "--rampart-maxfail=-1", "--rampart-max-worker-restart=x", "--rampart-retry-crashed=x",
          "--rampart-retry-crashed=-1", "--rampart-output=some", "--rampart-progress=much"}) {
        CAPTURE(option);
        words arguments = {"-tc=tells where it is", "--rampart-json=" + dir / "r.json", option};
        if (!option.starts_with("--rampart-workers")) arguments.push_back("--rampart-workers=2");
        auto const end = distributed(arguments);
        CAPTURE(end.out);
        CHECK(end.status == 2);
        CHECK(end.says(option.substr(0, option.find('='))));
        CHECK(end.says("nothing was run"));
        CHECK_FALSE(fs::exists(dir / "r.json"));
    }
    // What only workers can do is not passed over without them.
    for (std::string const option : {"--rampart-timeout=5", "--rampart-retry-crashed=1", "--rampart-dist=load"}) {
        CAPTURE(option);
        auto const end = distributed({"-tc=tells where it is", option});
        CAPTURE(end.out);
        CHECK(end.status == 2);
        CHECK(end.says("--rampart-workers"));
    }
    CHECK(distributed({"-tc=no such test", "--rampart-workers=2"}).status == 2);
}

TEST_CASE("the tests' environment says which worker they are in, and nothing that is meant for the whole run") {
    scratch_folder const dir;
    auto const report = [&] {
        auto const results = results_by_id(json_file(dir / "r.json"));
        return boost::json::object(results.at("distributed.cpp::tells where it is").at("metadata").as_object());
    };
    words const only = {"-tc=tells where it is", "--rampart-json=" + dir / "r.json"};
    CHECK(distributed(only).status == 0);
    CHECK(report().at("RAMPART_WORKER") == "master");

    words workers = only;
    workers.push_back("--rampart-workers=3");
    words const engine = {"XML_OUTPUT_FILE=" + dir / "x.xml",
                          "TEST_TOTAL_SHARDS=1",
                          "TEST_SHARD_INDEX=0",
                          "TEST_SHARD_STATUS_FILE=" + dir / "status",
                          "GTEST_TOTAL_SHARDS=1",
                          "GTEST_SHARD_INDEX=0",
                          "TEST_PREMATURE_EXIT_FILE=" + dir / "premature",
                          "RAMPART_TESTS_OWN=mine"};
    auto const end = distributed(workers, engine);
    CAPTURE(end.out);
    REQUIRE(end.status == 0);
    auto const seen = report();
    CHECK(text_of(seen.at("RAMPART_WORKER")).starts_with("gw"));
    CHECK(seen.at("RAMPART_WORKER_COUNT") == "3");
    CHECK(text_of(seen.at("RAMPART_TESTRUNUID")).size() >= 8);
    for (char const* const name :
         {"XML_OUTPUT_FILE", "TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TEST_SHARD_STATUS_FILE", "GTEST_TOTAL_SHARDS",
          "GTEST_SHARD_INDEX", "TEST_PREMATURE_EXIT_FILE", "RAMPART_TOTAL_SHARDS", "RAMPART_SHARD_INDEX"}) {
        CAPTURE(name);
        CHECK(seen.at(name) == "(none)");
    }
    CHECK(seen.at("RAMPART_TESTS_OWN") == "mine");
    CHECK(seen.at("group") == "its own");
    CHECK(seen.at("stdin") == "/dev/null");
    CHECK(seen.at("signals") == "as usual");
    CHECK(text_of(seen.at("folder")) == fs::current_path().string());
    // Of the caller's and the controller's descriptors none; the channel is far away.
    CHECK(text_of(seen.at("open")) == "0 1 2 ");
    // The engine's own files are the controller's to make.
    CHECK(fs::exists(dir / "status"));
    CHECK_FALSE(fs::exists(dir / "premature"));

    // A run's id that somebody gave is everybody's.
    CHECK(distributed(workers, {"RAMPART_TESTRUNUID=night-7"}).status == 0);
    CHECK(report().at("RAMPART_TESTRUNUID") == "night-7");

    words spec = only;
    fs::create_directories(dir / "there");
    spec.push_back("--rampart-tx=2*popen//env:RAMPART_TESTS_OWN=from the spec//chdir=" + dir / "there" + "//nice=3");
    auto const by_spec = distributed(spec, {"RAMPART_TESTS_OWN=mine"});
    CAPTURE(by_spec.out);
    REQUIRE(by_spec.status == 0);
    CHECK(report().at("RAMPART_TESTS_OWN") == "from the spec");
    CHECK(text_of(report().at("folder")) == fs::canonical(dir / "there").string());
    CHECK(report().at("nice").as_int64() >= 3);
    CHECK(report().at("RAMPART_WORKER_COUNT") == "2");
}

TEST_CASE("a failing test's output is shown with it, a passing one's is not, unless it is asked for") {
    words const only = {"-ts=output", "--rampart-workers=2", "--rampart-progress=none"};
    auto const run = [&](std::string const& option) {
        words arguments = only;
        if (!option.empty()) arguments.push_back(option);
        auto end = distributed(arguments);
        CHECK(end.status == 1);
        return end;
    };
    for (std::string const option : {"", "--rampart-output=failed", "--rampart-output=all"}) {
        CAPTURE(option);
        auto const end = run(option);
        CAPTURE(end.out);
        CHECK(times_in(end.out, "printed by the one that fails") == 1);
        CHECK(times_in(end.out, "on stderr by the one that fails") == 1);
        CHECK(times_in(end.out, "and no end of the line") == 1);
        CHECK(times_in(end.out, "why it failed") == 1);
        CHECK(times_in(end.out, "printed by the one that passes") == (option == "--rampart-output=all" ? 1 : 0));
        // The beginning and the end of what is too long, and how much lies between.
        CHECK(times_in(end.out, "the first line") == 1);
        CHECK(times_in(end.out, "the last line") == 1);
        CHECK(end.says("bytes left out"));
        CHECK(end.out.size() < 200000);
        // The terminal is not the test's to steer.
        CHECK_FALSE(end.says("\x1b]0;taken over"));
    }
    auto const live = run("--rampart-output=live");
    CHECK(times_in(live.out, "printed by the one that passes") == 1);
    CHECK(times_in(live.out, "printed by the one that fails") == 1);
    CHECK(times_in(live.out, "of many") == 20000);
}

TEST_CASE("after so many failures nothing more is handed out, and what waits did not run") {
    scratch_folder const dir;
    auto const end =
        distributed({"-ts=failing", "--rampart-workers=2", "--rampart-maxfail=3", "--rampart-json=" + dir / "r.json"});
    CAPTURE(end.out);
    CHECK(end.status == 3);
    auto const tests = tests_in(dir / "r.json");
    CHECK(tests.size() == 24);
    auto const failed = with(tests, "failed");
    CHECK(failed >= 3);
    CHECK(failed <= 4);  // the other worker's may have been under way
    CHECK(with(tests, "not_run") == 24 - failed);
    CHECK(faults_in(dir / "r.json").find("maxfail") != std::string::npos);
    // With as many as there are it changes nothing.
    CHECK(distributed({"-ts=failing", "--rampart-workers=2", "--rampart-maxfail=25"}).status == 1);
}

TEST_CASE("a test that takes longer than it may is ended and named, and the others run") {
    scratch_folder const dir;
    auto const end =
        distributed({"-ts=slow", "--rampart-workers=1", "--rampart-timeout=1", "--rampart-json=" + dir / "r.json"});
    CAPTURE(end.out);
    CHECK(end.status == 1);
    CHECK(end.seconds < 20.0);
    auto const tests = tests_in(dir / "r.json");
    REQUIRE(tests.count("takes a minute") == 1);
    CHECK(tests.find("takes a minute")->second.outcome == "timeout");
    CHECK(tests.find("takes a minute")->second.detail.find("gw0") != std::string::npos);
    CHECK(with(tests, "passed") == 2);
    CHECK(end.says("takes a minute"));
}

TEST_CASE("a crashed test runs again only where that is asked for, and each attempt has its account") {
    scratch_folder const dir;
    words const only = {"-ts=crashing", "--rampart-workers=2", "--rampart-json=" + dir / "r.json"};
    CHECK(distributed(only, {"RAMPART_TESTS_ONCE=" + dir / "first"}).status == 1);
    auto const once = tests_in(dir / "r.json");
    CHECK(once.size() == 3);
    CHECK(with(once, "crashed") == 2);

    words again = only;
    again.push_back("--rampart-retry-crashed=2");
    auto const end = distributed(again, {"RAMPART_TESTS_ONCE=" + dir / "second"});
    CAPTURE(end.out);
    CHECK(end.status == 1);  // that it passed later does not undo it
    auto const tests = tests_in(dir / "r.json");
    std::vector<std::pair<std::int64_t, std::string>> attempts;
    auto const [first, last] = tests.equal_range("crashes the first time");
    for (auto it = first; it != last; ++it) attempts.emplace_back(it->second.attempt, it->second.outcome);
    std::sort(attempts.begin(), attempts.end());
    CHECK(attempts == std::vector<std::pair<std::int64_t, std::string>>{{1, "crashed"}, {2, "passed"}});
    CHECK(tests.count("crashes each time") == 3);
    CHECK(with(tests, "crashed") == 4);
    CHECK(with(tests, "passed") == 2);
    // The results of both attempts are kept.
    CHECK(json_file(dir / "r.json").at("total_runs") == 2);
}

TEST_CASE("report sinks run once, in the process that was started") {
    scratch_folder const dir;
    auto const log = dir / "log";
    CHECK(start(RAMPART_SUITE_STAGES, {"--rampart-workers=2"}, {"SCENARIO_SINK_LOG=" + log}).status == 1);
    auto const text = file_text(log);
    CHECK(text.starts_with("13 results in "));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    // One that fails makes the run fail, as ever.
    CHECK(start(RAMPART_SUITE_STAGES, {"-tc=first", "--rampart-workers=2"}, {"SCENARIO_SINK_FAILS=1"}).status == 1);
    CHECK(start(RAMPART_SUITE_STAGES, {"-tc=first", "--rampart-workers=2"}).status == 0);
    auto const left = start(RAMPART_SUITE_STAGES, {"-tc=first", "--rampart-workers=2"}, {"SCENARIO_SINK_EXITS=1"});
    CHECK(left.status == 3);
    CHECK(left.says("a report sink ended the process"));
}

TEST_CASE("the journal of a run with workers merges to the run's own report, and is resumed") {
    scratch_folder const dir;
    for (std::string const program : {RAMPART_SUITE_STAGES, RAMPART_SUITE_TWO_THOUSAND}) {
        CAPTURE(program);
        auto const journal = dir / fs::path(program).filename().string();
        CHECK(start(program, {"--rampart-json=" + dir / "alone.json"}).status == 1);
        auto const alone = timeless(dir / "alone.json");
        CHECK(start(program,
                    {"--rampart-workers=2", "--rampart-journal=" + journal, "--rampart-json=" + dir / "shared.json"})
                  .status == 1);
        CHECK(timeless(dir / "shared.json") == alone);
        auto const merged = start(program, {"--rampart-merge=" + journal, "--rampart-json=" + dir / "merged.json"});
        CAPTURE(merged.out);
        CHECK(merged.status == 1);
        // The merge knows the name of the process that wrote besides.
        auto text = std::regex_replace(timeless(dir / "merged.json"),
                                       std::regex(",\n *\"_rampart_source_worker\": \"master\"(?=\n)"), "");
        text = std::regex_replace(text, std::regex("\n *\"worker\": \"master\","), "");
        bool const same = text == alone;
        CAPTURE(difference(alone, text));
        CHECK(same);

        // It accounts for everything: nothing is left to run, with workers or without.
        for (std::string const workers : {"0", "2"}) {
            CAPTURE(workers);
            auto const resumed = start(program, {"--rampart-workers=" + workers, "--rampart-resume=" + journal,
                                                 "--rampart-json=" + dir / "resumed.json"});
            CAPTURE(resumed.out);
            CHECK(resumed.status == 1);
            CHECK(json_file(dir / "resumed.json").at("tests").as_array().size() ==
                  json_file(dir / "alone.json").at("tests").as_array().size());
            CHECK(json_file(dir / "resumed.json").at("total_runs") == json_file(dir / "alone.json").at("total_runs"));
        }
    }
}

TEST_CASE("a run that a crash made incomplete is taken up again with workers") {
    scratch_folder const dir;
    (void)start(RAMPART_SUITE_STAGES, {"--rampart-json=" + dir / "whole.json"});
    auto const killed =
        start(RAMPART_SUITE_STAGES, {"--rampart-journal=" + dir / "j"}, {"RAMPART_TEST_END=before fifth"});
    CHECK(killed.signal == 9);
    auto const end = start(RAMPART_SUITE_STAGES, {"--rampart-resume=" + dir / "j", "--rampart-workers=2",
                                                  "--rampart-json=" + dir / "resumed.json"});
    CAPTURE(end.out);
    CHECK(end.status == 1);
    auto const whole = json_file(dir / "whole.json");
    auto const resumed = json_file(dir / "resumed.json");
    CHECK(resumed.at("by_harm_category") == whole.at("by_harm_category"));
    CHECK(resumed.at("trial_groups") == whole.at("trial_groups"));
    CHECK(resumed.at("tests").as_array().size() == whole.at("tests").as_array().size());
    CHECK(resumed.at("faults").as_array().size() == whole.at("faults").as_array().size());
}

TEST_CASE("known durations put the longest tests first; a test of which nothing is known comes before them") {
    scratch_folder const dir;
    words const only = {"-ts=timed", "--rampart-workers=1", "--rampart-events=" + dir / "events"};
    words first = only;
    first.push_back("--rampart-json=" + dir / "r.json");
    CHECK(distributed(first).status == 0);
    auto report = json_file(dir / "r.json");
    std::map<std::string, double> const known = {
        {"timed 2", 0.5}, {"timed 3", 30.0}, {"timed 4", 2.0}, {"timed 5", 7.0}, {"timed 6", 0.25}};
    boost::json::array kept;
    for (auto& t : report.at("tests").as_array()) {
        auto const found = known.find(text_of(t.at("name")));
        if (found == known.end()) continue;
        t.as_object()["seconds"] = found->second;
        kept.push_back(t);
    }
    report.as_object()["tests"] = kept;
    std::ofstream(dir / "known.json") << boost::json::serialize(report);

    words second = only;
    second.push_back("--rampart-durations=" + dir / "known.json");
    auto const end = distributed(second);
    CAPTURE(end.out);
    CHECK(end.status == 0);
    std::string order;
    for (auto const& event : events_in(dir / "events")) {
        if (event.at("event") == "test_started") order += text_of(event.at("test")).back();
    }
    CHECK(order == "135426");
}

TEST_CASE("a part of a run may have workers of its own") {
    scratch_folder const dir;
    (void)start(RAMPART_SUITE_STAGES, {"--rampart-json=" + dir / "whole.json"});
    for (std::string const part : {"1", "2", "3"}) {
        auto const end = start(RAMPART_SUITE_STAGES,
                               {"--rampart-shard=" + part + "/3", "--rampart-workers=2",
                                "--rampart-journal=" + dir / "j", "--rampart-json=" + dir / ("part" + part + ".json")});
        CAPTURE(end.out);
        CHECK(end.status < 2);
        // The same part alone gives the same report.
        (void)start(RAMPART_SUITE_STAGES,
                    {"--rampart-shard=" + part + "/3", "--rampart-json=" + dir / ("alone" + part + ".json")});
        CHECK(timeless(dir / ("part" + part + ".json")) == timeless(dir / ("alone" + part + ".json")));
    }
    auto const merged =
        start(RAMPART_SUITE_STAGES, {"--rampart-merge=" + dir / "j", "--rampart-json=" + dir / "merged.json"});
    CAPTURE(merged.out);
    CHECK(merged.status == 1);
    auto const all = json_file(dir / "merged.json");
    auto const whole = json_file(dir / "whole.json");
    CHECK(all.at("population_summary") == whole.at("population_summary"));
    CHECK(all.at("trial_groups") == whole.at("trial_groups"));
    CHECK(all.at("tests").as_array().size() == whole.at("tests").as_array().size());
    CHECK(all.at("faults").as_array().empty());
}

TEST_CASE("the stream of events begins and ends with the run, and tells of each test in its order") {
    scratch_folder const dir;
    auto const end = start(RAMPART_SUITE_STAGES, {"--rampart-workers=2", "--rampart-events=" + dir / "events"});
    auto const events = events_in(dir / "events");
    REQUIRE(events.size() > 4);
    CHECK(events.front().at("event") == "run_started");
    CHECK(events.front().at("schema") == "rampart.events.v1");
    CHECK(events.back().at("event") == "run_ended");
    CHECK(events.back().at("status") == end.status);
    std::map<std::string, std::string> states;
    std::size_t results = 0;
    std::size_t ended = 0;
    for (auto const& event : events) {
        auto const kind = text_of(event.at("event"));
        if (kind == "result_recorded") ++results;
        if (kind != "test_started" && kind != "test_ended") continue;
        auto& state = states[text_of(event.at("test"))];
        CHECK(state == (kind == "test_started" ? "" : "test_started"));
        state = kind;
        ended += kind == "test_ended" ? 1 : 0;
    }
    CHECK(ended == 12);
    CHECK(results == 13);
    // What cannot be written makes the run incomplete or failed, never good.
    auto const full = start(RAMPART_SUITE_STAGES, {"-tc=first", "--rampart-workers=2", "--rampart-events=/dev/full"});
    CAPTURE(full.out);
    CHECK(full.status != 0);
    CHECK(full.says("/dev/full"));
}

TEST_CASE("a run needs no stdin, stdout or stderr, and not many descriptors") {
    scratch_folder const dir;
    CHECK(start(RAMPART_SUITE_STAGES, {"--rampart-json=" + dir / "alone.json"}).status == 1);
    auto const suite = std::string(RAMPART_SUITE_STAGES) + " --rampart-workers=3 --rampart-json=" + dir / "r.json";
    // The last one's status is that of its shell.
    std::vector<std::pair<std::string, int>> const lines = {
        {"exec " + suite + " <&- >&- 2>&-", 1},
        {"exec " + suite + " >&-", 1},
        {"ulimit -n 100; exec " + suite, 1},
        {"ulimit -n 64; exec " + suite, 1},
        {suite + " | head -c 1 > /dev/null; test -s " + dir / "r.json", 0}};
    for (auto const& each : lines) {
        auto const& line = each.first;
        CAPTURE(line);
        fs::remove(dir / "r.json");
        auto const end = start("/bin/sh", {"-c", line});
        CAPTURE(end.out);
        CHECK(end.status == each.second);
        REQUIRE(fs::exists(dir / "r.json"));
        CHECK(timeless(dir / "r.json") == timeless(dir / "alone.json"));
    }
}

TEST_CASE("doctest's own questions are answered without workers") {
    auto const list = distributed({"--list-test-cases", "-ts=list", "--rampart-workers=2"});
    CHECK(list.status == 0);
    CHECK(times_in(list.out, "beside it") == 1);
    auto const help = distributed({"--rampart-help", "--rampart-workers=2"});
    CHECK(help.status == 0);
    for (char const* const option :
         {"--rampart-workers", "--rampart-dist", "--rampart-tx", "--rampart-timeout", "--rampart-maxfail",
          "--rampart-max-worker-restart", "--rampart-retry-crashed", "--rampart-events", "--rampart-output"}) {
        CAPTURE(option);
        CHECK(help.says(option));
    }
}

TEST_CASE("the summary and doctest's verdict are printed once, as if there were no workers") {
    auto const lines_of = [](words const& more) {
        words arguments = {"--rampart-progress=none"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto const end = start(RAMPART_SUITE_STAGES, arguments);
        CHECK(end.status == 1);
        return end.out;
    };
    auto const alone = lines_of({});
    auto const shared = lines_of({"--rampart-workers=2"});
    CAPTURE(shared);
    // The lines of the summary that name trials and results.
    std::istringstream lines(alone);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("  PASS  ") && !line.starts_with("  FAIL  ") && !line.starts_with("PASS  ") &&
            !line.starts_with("FAIL  ")) {
            continue;
        }
        CAPTURE(line);
        CHECK(times_in(shared, line) == 1);
    }
    CHECK(times_in(shared, "Status: SUCCESS!") == 0);
}
