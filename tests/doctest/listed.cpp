#include "doctest/run_program.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

program_end listed(std::string const& arguments, std::string const& environment = "") {
    return run_program(environment + " '" RAMPART_SUITE_LISTED "' " + arguments);
}
/// The list that the suite writes, told apart from what else it prints.
boost::json::value list_of(std::string const& arguments, std::string const& environment = "") {
    scratch_folder const dir;
    auto const file = dir / "list.json";
    auto const end = listed("--rampart-list='" + file + "' " + arguments, environment);
    CAPTURE(end.out);
    REQUIRE(end.status == 0);
    CHECK_FALSE(end.says("test cases:"));
    return json_file(file);
}
std::vector<std::string> names_of(boost::json::value const& list) {
    std::vector<std::string> names;
    for (auto const& t : list.at("tests").as_array()) names.emplace_back(t.at("name").as_string());
    return names;
}
boost::json::value test_of(boost::json::value const& list, std::string const& name) {
    for (auto const& t : list.at("tests").as_array()) {
        if (t.at("name").as_string() == name) return t;
    }
    FAIL("no test " << name);
    return {};
}
std::string test(std::string const& id) { return "--rampart-test='" + id + "' "; }

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a list of the tests has their ids, places and marks, and runs none") {
    auto const list = list_of("-sf='*listed.cpp'");
    CHECK(list.at("format") == "rampart.list.v1");
    CHECK(names_of(list) == names{"sends nothing on", "builds in a container", "holds", "needs nothing",
                                  "needs what only sounds like it", "one of two", "two of two", "not yet", "fails",
                                  "takes a type<int>", "takes a type<std::string>"});
    CHECK(test_of(list, "needs nothing") ==
          boost::json::parse(R"({"id": "listed.cpp::needs nothing", "name": "needs nothing", "suite": null,
              "file": "listed.cpp", "line": 24, "description": null, "group": null, "harm_category": null, "uses": [],
              "trials": null, "skip": false})"));
    CHECK(test_of(list, "builds in a container") ==
          boost::json::parse(R"({"id": "listed.cpp::mail::builds in a container", "name": "builds in a container",
              "suite": "mail", "file": "listed.cpp", "line": 19, "description": null, "group": null,
              "harm_category": "code_execution", "uses": ["smtp", "docker", "git"], "trials": null, "skip": false})"));
    auto const shared = test_of(list, "one of two");
    CHECK(shared.at("group") == "one model");
    CHECK(shared.at("description") == "they share a model");
    CHECK(test_of(list, "not yet").at("skip") == true);
}

TEST_CASE("a test with trials stands in the list once, with their number and threshold") {
    auto const holds = test_of(list_of(""), "holds");
    CHECK(holds.at("id") == "listed.cpp::mail::holds");
    CHECK(holds.at("trials") == boost::json::parse(R"({"n": 4, "threshold": 0.75})"));
    CHECK(test_of(list_of("--rampart-trials=9"), "holds").at("trials").at("n") == 9);
}

TEST_CASE("a list is that of the filters, of the part and of what a journal leaves to do; workers change nothing") {
    CHECK(names_of(list_of("-ts=mail")) == names{"sends nothing on", "builds in a container", "holds"});
    CHECK(names_of(list_of("-ts=mail -tce=holds --rampart-workers=2 --rampart-timeout=9")) ==
          names{"sends nothing on", "builds in a container"});
    CHECK(names_of(list_of("-ts=mail -tce=holds", "RAMPART_TOTAL_SHARDS=2 RAMPART_SHARD_INDEX=1")) ==
          names{"sends nothing on"});
    scratch_folder const dir;
    auto const journal = "-ts=mail --rampart-resume='" + dir / "j" + "'";
    std::filesystem::create_directory(dir / "j");
    CHECK(listed(journal + " --rampart-maxfail=1").status == 0);
    CHECK(names_of(list_of(journal)).empty());
    CHECK(names_of(list_of("-tc='no such test'")).empty());
}

TEST_CASE("a list goes to stdout for '-', alone") {
    auto const end = listed("-tc='needs nothing' --rampart-list=-");
    CHECK(end.status == 0);
    CHECK(names_of(boost::json::parse(end.out)) == names{"needs nothing"});
}

TEST_CASE("a list that cannot be written, and one beside another question, are usage errors") {
    auto const nowhere = listed("--rampart-list=/dev/null/list.json");
    CHECK(nowhere.status == 2);
    CHECK(nowhere.says("--rampart-list: cannot write '/dev/null/list.json'"));
    auto const two = listed("--rampart-list=- --list-test-cases");
    CHECK(two.status == 2);
    CHECK(two.says("ask one of them"));
    auto const marks = run_program("'" RAMPART_SUITE_BAD_MARKS "' --rampart-list=-");
    CHECK(marks.status == 2);
    CHECK(marks.says("trial n must be >= 1"));
    CHECK_FALSE(marks.says("rampart.list.v1"));
}

TEST_CASE("a list comes from a program with doctest's own main too, and no test runs") {
    auto const end = run_program("'" RAMPART_SUITE_STANDALONE "' -tc='fails without a result' --rampart-list=-");
    CHECK(end.status == 0);
    CHECK(names_of(boost::json::parse(end.out)) == names{"fails without a result"});
}

TEST_CASE("tests are picked by their ids, and no other runs") {
    auto const one = listed(test("listed.cpp::needs nothing") + "--rampart-progress=lines");
    CHECK(one.status == 0);
    CHECK(one.says("[1/1]"));
    CHECK(one.says("1 passed | 0 failed"));
    auto const two = listed(test("listed.cpp::needs nothing") + test("listed.cpp::fails"));
    CHECK(two.status == 1);
    CHECK(two.says("test cases: 2 | 1 passed | 1 failed"));
    // As a pattern of doctest's this would be two tests, or none.
    CHECK(listed(test("listed_names.cpp::commas, a*b, c?")).says("test cases: 1 | 1 passed"));
    CHECK(listed(test("listed_names.cpp::two\nlines\r\nand\ta tab")).says("test cases: 1 | 1 passed"));
    CHECK(listed(test("listed_names.cpp::twin#2") + "--rampart-progress=lines").says("twin#2"));
}

TEST_CASE("the id of a test with trials is all of them and their verdict; that of a trial is this one") {
    auto const all = listed(test("listed.cpp::mail::holds"));
    CHECK(all.status == 0);
    CHECK(all.says("4/4 safe"));
    CHECK(all.says("test cases: 5 | 5 passed"));
    CHECK(listed(test("listed.cpp::takes a type<std::string>")).says("[2/2 safe"));
    auto const one = listed(test("listed.cpp::mail::holds[trial-2]"));
    CHECK(one.status == 0);
    CHECK(one.says("test cases: 1 | 1 passed"));
}

TEST_CASE("an id that no test has is a usage error that names it, and nothing runs") {
    for (std::string const workers : {"", "--rampart-workers=2"}) {
        auto const end = listed(test("listed.cpp::needs nothing") + test("listed.cpp::gone") +
                                test("listed.cpp::mail::holds [trials]") + test("listed.cpp::gone") + workers);
        CHECK(end.status == 2);
        CHECK(end.says("--rampart-test: there is no test 'listed.cpp::gone'; --rampart-list=- tells the ids of all"));
        CHECK(end.says("'listed.cpp::mail::holds [trials]'"));
        CHECK(end.out.find("'listed.cpp::gone'") == end.out.rfind("'listed.cpp::gone'"));
        CHECK_FALSE(end.says("test cases:"));
    }
}

TEST_CASE("an id and doctest's filters have to agree, and a part is one of what they leave") {
    CHECK(listed(test("listed.cpp::needs nothing") + "-tc='needs*'").status == 0);
    CHECK(listed(test("listed.cpp::needs nothing") + "-tc='fails'").status == 2);
    CHECK(listed(test("listed.cpp::not yet")).status == 2);
    CHECK(listed(test("listed.cpp::not yet") + "--no-skip").status == 1);
    CHECK(names_of(list_of(test("listed.cpp::needs nothing") + test("listed.cpp::fails"))) ==
          names{"needs nothing", "fails"});
    auto const part = listed(test("listed.cpp::needs nothing") + test("listed.cpp::fails") + "--rampart-shard=2/2");
    CHECK(part.status == 0);
    CHECK(part.says("test cases: 1 | 1 passed"));
    auto const listing = listed("--list-test-cases " + test("listed.cpp::needs nothing"));
    CHECK(listing.says("needs nothing"));
    CHECK_FALSE(listing.says("fails"));
}

TEST_CASE("workers run the tests of the ids, and journals account for them") {
    scratch_folder const dir;
    auto const ids = test("listed.cpp::mail::holds") + test("listed_names.cpp::semicolons; a;b;;c");
    auto const end = listed(ids + "--rampart-workers=2 --rampart-json='" + dir / "r.json" + "'");
    CHECK(end.status == 0);
    CHECK(end.says("4/4 safe"));
    CHECK(results_by_id(json_file(dir / "r.json")).size() == 5);
    auto const run = ids + "--rampart-journal='" + dir / "j" + "'";
    CHECK(listed(run).status == 0);
    CHECK(listed("--rampart-merge='" + dir / "j" + "'").status == 0);
    auto const again = listed(ids + "--rampart-resume='" + dir / "j" + "'");
    CHECK(again.status == 0);
    CHECK(again.says("4/4 safe"));
}
