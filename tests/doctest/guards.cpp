#include "doctest/run_program.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using parts = std::vector<std::string>;

/// The programs that the suite guards, in a folder of their own. They write their words into a file.
class tools {
public:
    tools() {
        fs::create_directories(folder_ / "bin");
        for (char const* const name : {"tool", "other", "my-tool"}) {
            std::string const file = folder_ / "bin/" + name;
            std::ofstream(file) << "#!/bin/sh\necho " << name << " \"$@\" >>'" << log() << "'\n";
            fs::permissions(file, fs::perms::owner_all);
        }
    }
    std::string log() const { return folder_ / "log"; }
    std::string environment() const { return "PATH='" + folder_ / "bin'" + ":\"$PATH\" "; }
    static tools& there() {
        static tools it;
        return it;
    }

private:
    scratch_folder folder_{};
};

program_end start(std::string const& program, std::string const& arguments, std::string const& environment = "") {
    return run_program(tools::there().environment() + environment + " timeout 120 '" + program + "' " + arguments);
}
program_end guarded(std::string const& arguments, std::string const& environment = "") {
    return start(RAMPART_SUITE_GUARDS, arguments, environment);
}
/// A filter that takes just this test: a comma would begin another one.
std::string only(std::string name) {
    std::replace(name.begin(), name.end(), ',', '?');
    return "-tc='" + name + "' ";
}
std::string const in_workers = "--rampart-workers=2 --rampart-progress=none ";

struct told {
    std::string outcome{};
    std::string detail{};
};
struct told_run {
    int status = -1;
    std::string out{};
    std::map<std::string, told> tests{};  // by name; the last attempt
    std::string faults{};                 // one line for each
};
told_run read_run(program_end const& end, std::string const& file) {
    told_run run{end.status, end.out, {}, {}};
    CAPTURE(end.out);
    REQUIRE(fs::exists(file));
    auto const report = json_file(file);
    for (auto const& t : report.at("tests").as_array()) {
        auto const& o = t.as_object();
        run.tests[std::string(o.at("name").as_string())] = {
            std::string(o.at("outcome").as_string()),
            o.contains("detail") ? std::string(o.at("detail").as_string()) : std::string()};
    }
    for (auto const& f : report.at("faults").as_array()) {
        auto const& o = f.as_object();
        auto const where = o.contains("where") ? std::string(o.at("where").as_string()) : std::string();
        run.faults += std::string(o.at("kind").as_string()) + " | " + where + " | " +
                      std::string(o.at("what").as_string()) + "\n";
    }
    return run;
}
told_run report_of(std::string const& arguments, std::string const& environment = "") {
    scratch_folder const dir;
    return read_run(guarded(arguments + " --rampart-json='" + dir / "r.json'", environment), dir / "r.json");
}

/// The whole suite, told in every way.
struct whole_suite {
    told_run here{};
    told_run workers{};
    std::string xml{};
    std::string junit{};
};
whole_suite const& whole() {
    static whole_suite const it = [] {
        scratch_folder const dir;
        whole_suite all;
        all.here = report_of("");
        all.workers = report_of("--rampart-workers=3 --rampart-progress=none");
        guarded("-r=xml -o='" + dir / "r.xml'");
        guarded("-r=junit -o='" + dir / "r.junit'");
        all.xml = file_text(dir / "r.xml");
        all.junit = file_text(dir / "r.junit");
        return all;
    }();
    return it;
}
/// From one mark to the next.
std::string between(std::string const& text, std::string const& from, std::string const& to) {
    auto const begin = text.find(from);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find(to, begin) - begin);
}
std::string in_attribute(std::string const& name) {
    std::string text;
    for (char const c : name) text += c == '<' ? "&lt;" : std::string(1, c);
    return text;
}
std::string in_xml(std::string const& name) {
    return between(whole().xml, "<TestCase name=\"" + in_attribute(name) + "\"", "</TestCase>");
}
/// doctest tells each path through subcases as a test: all of them.
std::string in_junit(std::string const& name) {
    std::string found;
    for (std::string const end : {"\"", "/"}) {
        auto const mark = " name=\"" + in_attribute(name) + end;
        for (auto at = whole().junit.find(mark); at != std::string::npos; at = whole().junit.find(mark, at + 1)) {
            found += between(whole().junit.substr(at), mark, "<testcase ");
        }
    }
    return found;
}

void check_holds(std::string const& text, parts const& wanted) {
    CAPTURE(text);
    for (std::string const& each : wanted) {
        CAPTURE(each);
        CHECK(text.find(each) != std::string::npos);
    }
}

/// The test fails for this, in one process and in workers, by every report and by the status of a run of its own.
void fails(std::string const& name, parts const& wanted, std::size_t breaches = 1) {
    CAPTURE(name);
    for (auto const* const run : {&whole().here, &whole().workers}) {
        REQUIRE(run->tests.contains(name));
        told const& t = run->tests.at(name);
        CHECK(t.outcome == "failed");
        check_holds(t.detail, wanted);
        CHECK(t.detail.starts_with("RESOURCE GUARD: "));
        CHECK(static_cast<std::size_t>(std::count(t.detail.begin(), t.detail.end(), ';')) + 1 == breaches);
        CHECK(run->status == 1);
    }
    check_holds(in_xml(name), {"test_case_success=\"false\""});
    check_holds(in_xml(name), wanted);
    check_holds(in_junit(name), {"<failure message=\""});
    check_holds(in_junit(name), wanted);
    auto const alone = guarded(only(name));
    CHECK(alone.status == 1);
    check_holds(alone.out, {"[doctest] test cases: 1 | 0 passed | 1 failed", "Status: FAILURE!"});
    check_holds(alone.out, wanted);
    CHECK(guarded(only(name) + in_workers).status == 1);
}

/// Nothing is said of the test, and a run of its own is green.
void passes(std::string const& name) {
    CAPTURE(name);
    for (auto const* const run : {&whole().here, &whole().workers}) {
        REQUIRE(run->tests.contains(name));
        CHECK(run->tests.at(name).outcome == "passed");
        CHECK(run->tests.at(name).detail.empty());
        CHECK(run->faults.find(name) == std::string::npos);
    }
    check_holds(in_xml(name), {"test_case_success=\"true\""});
    CHECK(in_junit(name).find("<failure") == std::string::npos);
    auto const alone = guarded(only(name));
    CAPTURE(alone.out);
    CHECK(alone.status == 0);
    CHECK_FALSE(alone.says("RESOURCE GUARD"));
    CHECK(guarded(only(name) + in_workers).status == 0);
}

/// A run that ends with a crash, and is taken up again: what it told of these tests before is told again.
enum class in_parts { one_process, workers };
void check_resumed(std::string const& test, in_parts how) {
    CAPTURE(test);
    scratch_folder const dir;
    auto const tests = "-ns -tc='" + test + ",crashes once' --rampart-journal='" + dir / "j' " +
                       (how == in_parts::workers ? in_workers : "");
    // A process that dies leaves its guard folder behind.
    CHECK(guarded(tests, "TMPDIR='" + dir / "" + "'").status != 0);
    auto const resumed = report_of(tests + "--rampart-resume='" + dir / "j'", "GUARDS_CALM=1");
    CAPTURE(resumed.out);
    CHECK(resumed.status == 1);
    CHECK(resumed.tests.at("crashes once").outcome == "passed");
    CHECK(resumed.out.find("RESOURCE GUARD: ") != std::string::npos);
}

std::string used(std::string const& name) { return "the test used '" + name + "'"; }
std::string in_vain(std::string const& name) { return "the test declares '" + name + "' and never used it"; }
std::string unmarked(std::string const& who, std::string const& name) {
    return who + " uses '" + name + "', and the test that stands on it is without rampart::uses(";
}

}  // namespace

// ---- one test ------------------------------------------------------------------------------------------------------

TEST_CASE("a test that uses what it declares is fine, and so is one that does neither [G4, G5, G10]") {
    passes("declares and uses");
    passes("does neither");
    CHECK(file_text(tools::there().log()).find("tool a\n") != std::string::npos);
}

TEST_CASE("a use without the mark fails the test, with what was started and both ways out [G5, G6]") {
    fails("uses without the mark", {used("tool"), "(tool --version, by sh (pid ", "add it, or remove the use"});
    CHECK(whole().here.tests.at("uses without the mark").detail.find("without rampart::uses(\"tool\"): add it") !=
          std::string::npos);
}

TEST_CASE("a test that expects the program to fail is not fooled by the guard [G7]") {
    fails("expects the failure", {used("tool")});
}

TEST_CASE("a mark without a use fails the test [G8]") {
    fails("declares in vain", {in_vain("tool"), "or exercise it"});
}

TEST_CASE("of a test that failed by itself both failures are told [G9]") {
    fails("uses without the mark and fails", {used("tool")});
    auto const alone = guarded(only("uses without the mark and fails"));
    CHECK(alone.says("downstream failure"));
    CHECK(alone.says("assertions: 2 | 0 passed | 2 failed"));
}

TEST_CASE("a test that failed before its use is not blamed for the mark [G56]") {
    for (std::string const& more : {std::string(), in_workers}) {
        auto const alone = guarded(only("fails before its use") + more);
        CHECK(alone.status == 1);
        CHECK(alone.says("real failure"));
        CHECK_FALSE(alone.says("RESOURCE GUARD"));
    }
}

TEST_CASE("all that is wrong with a test is told at once [G62, G63]") {
    fails("everything is wrong", {used("other"), used("tool"), in_vain("queue"), in_vain("smtp")}, 4);
}

TEST_CASE("a name with a hyphen is guarded like any other") {
    passes("hyphen declared");
    fails("hyphen without the mark", {used("my-tool")});
}

TEST_CASE("a program that is not installed is guarded, and told apart from one that is blocked [G1, G34]") {
    passes("not installed");
    fails("not installed and without the mark", {used("not-to-be-found-anywhere")});
}

TEST_CASE("a client's choke point is guarded like a program, whoever catches what it throws "
          "[G100, G101, G102, G103, G104]") {
    passes("client declared");
    fails("client without the mark", {used("smtp")});
    CHECK(guarded(only("client without the mark")).says("'smtp' is used where it is not declared"));
    fails("client swallowed", {used("smtp"), "guards.cpp:"});
    fails("client in vain", {in_vain("smtp")});
    fails("client in a thread", {used("smtp")});
    fails("client in a child", {used("smtp"), ", by "});
}

TEST_CASE("a client that asks for a name that nobody registers is told where to add it") {
    fails("client not registered",
          {used("not registered"), "no guard of that name is registered: add it to RAMPART_GUARDS"});
}

TEST_CASE("what a destructor at the end of the body does is the test's") {
    passes("destructor declared");
    fails("destructor without the mark", {used("tool")});
}

TEST_CASE("an expected failure hides neither kind of breach") {
    for (std::string const how : {"may fail", "should fail", "expected failures"}) {
        fails(how, {used("tool")});
        fails(how + " in vain", {in_vain("tool")});
    }
}

TEST_CASE("a test with subcases is one test: a use in any of them is its use") {
    passes("subcase that uses it");
    fails("subcase without the mark", {used("tool")});
    fails("subcases in vain", {in_vain("tool")});
}

TEST_CASE("other marks of the same name are no resources [G74]") { passes("other marks"); }

TEST_CASE("a skipped test is not judged") {
    for (auto const* const run : {&whole().here, &whole().workers}) {
        CHECK_FALSE(run->tests.contains("skipped in vain"));
        CHECK_FALSE(run->tests.contains("skipped without the mark"));
    }
    CHECK(guarded("-ns " + only("skipped in vain")).status == 1);
    CHECK(guarded("-ns " + only("skipped without the mark")).status == 1);
}

TEST_CASE("the marks of a suite and all those of a case add up [G66]") {
    passes("suite and case");
    passes("only the suite");
    passes("several marks");
    fails("suite in vain", {in_vain("smtp")});
}

// ---- trials --------------------------------------------------------------------------------------------------------

TEST_CASE("a group uses what one of its trials uses, and declares in vain what none of them does") {
    for (std::string const& more : {std::string(), in_workers}) {
        CHECK(guarded(only("one of three uses it*") + more).status == 0);
        auto const none = report_of(only("none of three uses it*") + more);
        CHECK(none.status == 1);
        CHECK(none.tests.at("none of three uses it[trial-1]").outcome == "passed");
        check_holds(none.faults, {"guard_violation | test guards.cpp::trials::none of three uses it | RESOURCE GUARD: ",
                                  in_vain("tool"), "(in none of its 3 trials)"});
        CHECK(std::count(none.faults.begin(), none.faults.end(), '\n') == 1);
    }
    CHECK(guarded(only("none of three uses it*")).says("Status: FAILURE!"));
    auto const xml = guarded(only("none of three uses it*") + "-r=xml").out;
    check_holds(xml, {"<OverallResultsTestCases successes=\"3\" failures=\"1\""});
}

TEST_CASE("doctest's own reports tell of a group that declares in vain") {
    for (std::string const reporter : {"console", "xml", "junit"}) {
        CAPTURE(reporter);
        auto const end = guarded(only("none of three uses it*") + "-r=" + reporter + " 2>&1");
        auto const its = end.out.substr(0, end.out.find("RAMPART Safety Summary"));
        check_holds(its, {in_vain("tool")});
    }
}

TEST_CASE("a use without the mark in one trial fails the run, whatever the threshold is") {
    for (std::string const& more : {std::string(), in_workers}) {
        auto const run = report_of(only("one of three without the mark*") + more);
        CHECK(run.status == 1);
        CHECK(run.tests.at("one of three without the mark[trial-1]").outcome == "failed");
        check_holds(run.tests.at("one of three without the mark[trial-1]").detail, {used("tool")});
        check_holds(run.faults, {"one of three without the mark[trial-1] | RESOURCE GUARD: " + used("tool")});
        CHECK(run.out.find("threshold: 50%] -- PASSED") != std::string::npos);
    }
    CHECK(guarded(only("one of three without the mark*")).says("Status: FAILURE!"));
    check_holds(guarded(only("one of three without the mark*") + "-r=junit").out, {"failures=\"1\"", used("tool")});
}

TEST_CASE("a group that failed is not blamed for its marks") {
    for (std::string const& more : {std::string(), in_workers}) {
        auto const run = report_of(only("failing group in vain*") + more);
        CHECK(run.status == 1);
        CHECK(run.faults.empty());
    }
}

// ---- fixtures ------------------------------------------------------------------------------------------------------

TEST_CASE("a fixture's use is its own, and its test needs the mark [G11, G12, G15, G16, G57, G59, G61]") {
    passes("set-up declared");
    passes("set-up and own use");
    fails("set-up without the mark", {unmarked("guard_fixtures.hpp:17", "tool")});
}

TEST_CASE("a fixture works for each type of a templated test [G30]") {
    passes("set-up of each type<int>");
    passes("set-up of each type<float>");
}

TEST_CASE("a fixture that declares in vain is told at its end [G13, G85]") {
    fails("fixture in vain", {"the empty fixture declares 'tool' and never used it: remove it there"});
}

TEST_CASE("a fixture that uses another resource is told, though the test declares that one [G14, G22, G80]") {
    fails("fixture uses another", {"the wrong fixture used 'tool'", "without declaring it: declare it there"});
}

TEST_CASE("a fixture may use it at its end only, or one resource at each end [G17, G18, G20, G91]") {
    passes("fixture uses it at its end");
    passes("fixture of two");
}

TEST_CASE("a fixture that uses another resource at its end is told [G19, G84]") {
    fails("fixture uses another at its end", {"the careless fixture used 'other'"});
}

TEST_CASE("of a fixture's two resources each has to be used, and marked [G21, G23, G24, G25, G88]") {
    fails("fixture of two, one use", {"the partial fixture declares 'other' and never used it"});
    fails("fixture of two, one mark", {unmarked("the split fixture", "other")});
}

TEST_CASE("a test that stands on two fixtures needs the marks of both [G26, G27, G28, G62, G67]") {
    passes("two fixtures");
    passes("nested fixtures");
    fails("two fixtures, one mark", {"uses 'smtp', and the test"});
    fails("two fixtures, no mark", {"uses 'smtp', and the test", "uses 'tool', and the test"}, 2);
}

TEST_CASE("a test's own use beside its fixture is told with the missing mark [G58, G60, G63]") {
    fails("use beside the fixture", {used("other"), "uses 'tool', and the test"}, 2);
}

TEST_CASE("a set-up that throws keeps its own reason, and what it used is told once [G82, G86, G87, G92, G94]") {
    fails("set-up that fails", {"used 'other'", "without declaring it: declare it there"});
    CHECK(guarded(only("set-up that fails")).says("set-up's own failure"));
}

TEST_CASE("a scope that is left open is told") { fails("set-up left open", {"was still open when its test ended"}); }

TEST_CASE("fixtures and registrations of one file serve another [G29, G32, G45]") {
    passes("registered here");
    passes("registered there");
    passes("fixture of both files");
    fails("registered here, without the mark", {used("database")});
    auto const both = guarded("-tc='shared one,shared two'");
    CHECK(both.status == 0);
    CHECK(both.says("test cases: 2 | 2 passed"));
    passes("shared one");
    passes("shared two");
    fails("shared without the mark", {unmarked("the shared server", "tool")});
}

// ---- how tests and processes end
// ---------------------------------------------------------------------------------------

TEST_CASE("a test that dies in a worker tells what it had used by then") {
    auto const run = report_of("-ns -tc='crashes ?*' -tce='crashes once' " + in_workers);
    CHECK(run.status == 1);
    auto const crash = run.tests.at("crashes after a use");
    CHECK(crash.outcome == "crashed");
    check_holds(crash.detail, {"RESOURCE GUARD: ", used("tool"), used("smtp")});
    auto const scope = run.tests.at("crashes in a scope");
    CHECK(scope.outcome == "crashed");
    check_holds(scope.detail, {"a scope of the test used 'tool'", "without declaring it: declare it there"});
    CHECK(run.faults.find("after the test had ended") == std::string::npos);
}

TEST_CASE("a test that hangs in a worker tells what it had used by then") {
    auto const run = report_of("-ns " + only("hangs after a use") + in_workers + "--rampart-timeout=1");
    CHECK(run.status == 1);
    CHECK(run.tests.at("hangs after a use").outcome == "timeout");
    check_holds(run.tests.at("hangs after a use").detail, {used("tool")});
}

TEST_CASE("a test that ends the process with status 0 after a use ends no green run") {
    auto const here = report_of("-ns " + only("exits after a use"));
    CHECK(here.status == 3);
    CHECK(here.tests.at("exits after a use").outcome == "crashed");
    check_holds(here.tests.at("exits after a use").detail, {used("tool")});
    auto const workers = report_of("-ns " + only("exits after a use") + in_workers);
    CHECK(workers.status == 1);
    check_holds(workers.tests.at("exits after a use").detail, {used("tool")});
}

TEST_CASE("a child that acts after its test is blamed on that test, not on the one that runs then") {
    for (std::string const& more : {std::string(), in_workers + "--rampart-dist=loadgroup"}) {
        auto const run = report_of("-ns -tc='late*' " + more);
        CHECK(run.status == 1);
        CHECK(run.tests.at("late, and its test").outcome == "passed");
        CHECK(run.tests.at("late, and the next").outcome == "passed");
        check_holds(run.faults, {"guard_violation | test guards.cpp::ends::late, and its test | RESOURCE GUARD: " +
                                     used("tool") + " (tool late, by ",
                                 "after the test had ended"});
        CHECK(std::count(run.faults.begin(), run.faults.end(), '\n') == 1);
    }
    CHECK(guarded("-ns -tc='late*'").says("Status: FAILURE!"));
    CHECK(file_text(tools::there().log()).find("tool late") == std::string::npos);
}

TEST_CASE("a thread that acts after its test is blamed on that test") {
    for (std::string const& more : {std::string(), in_workers + "--rampart-dist=loadgroup"}) {
        auto const run = report_of("-ns -tc='thread*' " + more);
        CHECK(run.status == 1);
        CHECK(run.tests.at("thread, and the next").outcome == "passed");
        check_holds(run.faults, {"test guards.cpp::ends::thread, and its test | RESOURCE GUARD: " + used("smtp")});
        CHECK(std::count(run.faults.begin(), run.faults.end(), '\n') == 1);
    }
}

TEST_CASE("a test that takes the guards away fails, and what comes after it is not green either") {
    for (std::string const more : {"", "--rampart-workers=1 --rampart-progress=none"}) {
        auto const run = report_of("-ns -tc='takes the guards away*' " + more);
        CHECK(run.status == 1);
        for (auto const& each : run.tests) {
            CHECK(each.second.outcome == "failed");
            check_holds(each.second.detail, {"what the test used cannot be known"});
        }
        CHECK(run.tests.size() == 2);
    }
}

TEST_CASE("a test that leaves the wrappers off PATH fails, and leaves the next one guarded") {
    for (std::string const& more : {std::string(), in_workers + "--rampart-dist=loadgroup"}) {
        auto const run = report_of("-ns -tc='changes PATH*' " + more);
        CHECK(run.status == 1);
        CHECK(run.tests.at("changes PATH").outcome == "failed");
        check_holds(run.tests.at("changes PATH").detail, {"took the wrappers off PATH"});
        check_holds(run.tests.at("changes PATH, and the next").detail, {used("tool")});
    }
}

// ---- whole runs ----------------------------------------------------------------------------------------------------

TEST_CASE("one process and workers say the same of every test") {
    auto const without_pids = [](std::string text) {
        for (auto at = text.find("by "); at != std::string::npos; at = text.find("by ", at + 1)) {
            text.erase(at, text.find(')', at) - at);
        }
        return text;
    };
    auto const& here = whole().here;
    auto const& workers = whole().workers;
    CHECK(here.status == 1);
    CHECK(workers.status == 1);
    REQUIRE(here.tests.size() == workers.tests.size());
    for (auto const& each : here.tests) {
        auto const& name = each.first;
        CAPTURE(name);
        REQUIRE(workers.tests.contains(name));
        CHECK(each.second.outcome == workers.tests.at(name).outcome);
        CHECK(without_pids(each.second.detail) == without_pids(workers.tests.at(name).detail));
    }
}

TEST_CASE("the programs of a test without the mark have not run") {
    (void)whole();
    CHECK(file_text(tools::there().log()).find("--version") == std::string::npos);
}

TEST_CASE("nothing is left of the guards when the run has ended [G33]") {
    scratch_folder const dir;
    for (std::string const& more : {std::string(), in_workers}) {
        CHECK(guarded(only("declares and uses") + more, "TMPDIR='" + dir / "" + "'").status == 0);
        CHECK(guarded(only("uses without the mark") + more, "TMPDIR='" + dir / "" + "'").status == 1);
        CHECK(fs::is_empty(dir / ""));
    }
}

TEST_CASE("guard violations count for --rampart-maxfail") {
    std::string const tests = "-tc='uses without the mark,declares in vain,client swallowed' --rampart-maxfail=2 ";
    for (std::string const more : {"", "--rampart-workers=1 --rampart-progress=none"}) {
        auto const run = report_of(tests + more);
        CHECK(run.tests.at("uses without the mark").outcome == "failed");
        CHECK(run.tests.at("declares in vain").outcome == "failed");
        CHECK(run.tests.at("client swallowed").outcome == "not_run");
    }
}

TEST_CASE("payloads and journals keep guard violations, and a merge of them is red") {
    for (std::string const test : {"uses without the mark", "declares in vain", "none of three uses it*",
                                   "one of three without the mark*", "late*"}) {
        for (std::string const& more : {std::string(), in_workers + "--rampart-dist=loadgroup"}) {
            CAPTURE(test);
            CAPTURE(more);
            scratch_folder const dir;
            auto const run = report_of("-ns " + only(test) + more + " --rampart-journal='" + dir / "j'" +
                                       " --rampart-payload='" + dir / "p.json'");
            CHECK(run.status == 1);
            for (std::string const from : {"j", "p.json"}) {
                auto const merged = report_of("--rampart-merge='" + dir / from + "'");
                CHECK(merged.status == 1);
                CHECK(merged.out.find("RESOURCE GUARD: ") != std::string::npos);
                for (auto const& [name, t] : run.tests) {
                    CHECK(merged.tests.at(name).outcome == t.outcome);
                    CHECK(merged.tests.at(name).detail == t.detail);
                }
            }
        }
    }
}

TEST_CASE("a run that is resumed keeps the guard violations of its first part") {
    check_resumed("uses without the mark", in_parts::one_process);
    check_resumed("one of three without the mark*", in_parts::one_process);
    check_resumed("uses without the mark", in_parts::workers);
    check_resumed("one of three without the mark*", in_parts::workers);
}

TEST_CASE("a group that is resumed is judged by all its trials") {
    check_resumed("none of three uses it*", in_parts::one_process);
    check_resumed("none of three uses it*", in_parts::workers);
}

TEST_CASE("a program that keeps its own main is guarded as well [G105]") {
    auto const standalone = [](std::string const& arguments) {
        return start(RAMPART_SUITE_GUARDS_STANDALONE, arguments);
    };
    CHECK(standalone(only("declares and uses")).status == 0);
    CHECK(standalone(only("client declared")).status == 0);
    for (std::string const test : {"uses without the mark", "declares in vain", "client swallowed", "may fail"}) {
        CAPTURE(test);
        auto const end = standalone(only(test));
        CHECK(end.status == 1);
        CHECK(end.says("RESOURCE GUARD: "));
        CHECK(end.says("[doctest] test cases: 1 | 0 passed | 1 failed"));
    }
    CHECK(standalone(only("none of three uses it*")).status == 1);
    CHECK(standalone("-ns -tc='late*'").status == 1);
}

// ---- what is wrong with the registration
// -------------------------------------------------------------------------------

TEST_CASE("a mark that names what nobody guards is a usage error, with the test's place [G46]") {
    for (std::string const more : {"", "--rampart-workers=2", "--list-test-cases",
                                   "--list-test-cases --rampart-workers=2", "--rampart-list=-"}) {
        CAPTURE(more);
        auto const end = start(RAMPART_SUITE_GUARDS_FAULTY, more, "GUARDS_FAULT=unknown");
        CAPTURE(end.out);
        CHECK(end.status == 2);
        CHECK(end.says("guards_faulty.cpp:34: test 'sends': uses(\"smtp\") names a resource that nobody guards; "
                       "RAMPART_GUARDS registers hooked"));
        CHECK(end.says("guards_faulty.cpp:35: test 'sends often"));
    }
}

TEST_CASE("a registration that throws, and a name that nobody can bear, are usage errors") {
    std::map<std::string, parts> const faults = {
        {"throws", {"RAMPART_GUARDS threw: no licence\\nat all"}},
        {"throws an int", {"RAMPART_GUARDS threw something that is no std::exception"}},
        {"bad names",
         {"RAMPART_GUARDS: guards.program(\"../git\"): a resource's name is made of",
          "RAMPART_GUARDS: guards.sdk(\"-x\"): a resource's name is made of"}}};
    for (auto const& each : faults) {
        auto const& fault = each.first;
        for (std::string const more : {"", "--rampart-workers=2"}) {
            CAPTURE(fault);
            CAPTURE(more);
            auto const end = start(RAMPART_SUITE_GUARDS_FAULTY, more, "GUARDS_FAULT='" + fault + "'");
            CHECK(end.status == 2);
            check_holds(end.out, each.second);
            check_holds(end.out, {"nothing was run"});
        }
    }
}

TEST_CASE("a hook that cannot be put in keeps the run from being green, and is named [G40]") {
    auto const here = start(RAMPART_SUITE_GUARDS_FAULTY, "", "GUARDS_FAULT=install");
    CHECK(here.status == 2);
    CHECK(here.says("guard 'hooked' could not be installed: no seam"));
    CHECK(here.says("nothing was run"));
    auto const workers = start(RAMPART_SUITE_GUARDS_FAULTY, in_workers, "GUARDS_FAULT=install");
    CHECK(workers.status == 3);
    CHECK(workers.says("guard 'hooked' could not be installed: no seam"));
}

TEST_CASE("a hook that cannot be taken out again is told, and the run is not green [G41]") {
    for (std::string const& more : {std::string(), in_workers}) {
        auto const end = start(RAMPART_SUITE_GUARDS_FAULTY, more, "GUARDS_FAULT=remove");
        CHECK(end.status == 1);
        CHECK(end.says("guard 'hooked' could not be removed: the seam is gone"));
        CHECK(start(RAMPART_SUITE_GUARDS_FAULTY, more).status == 0);
    }
}
