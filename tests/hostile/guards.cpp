// Random suites of tests that declare resources and use some: what the guards say of each test, in one process and with
// four workers, is what a model says, and nobody is blamed for another.
//
//     rampart_hostile_guards [--rounds=40] [--strict]
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "doctest/run_program.hpp"
#include "hostile/guards_plan.hpp"
#include "support/processes.hpp"

namespace fs = std::filesystem;
using hostile::form;
using hostile::means;

namespace {

std::size_t rounds = 40;
bool strict = false;

/// What is said of a run: of each test how it ended and what its guards found, and what was found apart from tests.
struct verdicts {
    std::map<std::string, std::string> tests{};
    std::multiset<std::string> apart{};
    friend bool operator==(verdicts const&, verdicts const&) = default;
};
std::ostream& operator<<(std::ostream& out, verdicts const& v) {
    for (auto const& [name, words] : v.tests) out << "  " << name << ": " << words << '\n';
    for (auto const& words : v.apart) out << "  apart: " << words << '\n';
    return out;
}

/// What has to be said of the suite of this seed.
verdicts model(std::uint32_t seed) {
    verdicts made;
    auto const plan = hostile::plan_of(seed);
    for (std::size_t i = 0; i < hostile::tests; ++i) {
        hostile::planned_test const& t = plan[i];
        auto const name = "test " + std::to_string(i);
        bool const has_trials = t.is == form::trials;
        std::size_t bad_trials = 0;
        std::string in_vain;
        for (std::size_t k = 0; k < (has_trials ? hostile::trials : 1); ++k) {
            auto const own = has_trials ? name + "[trial-" + std::to_string(k) + "]" : name;
            // doctest says what a test that may fail, or should, has come to.
            bool const passes = t.is != form::plain || !t.fails;
            std::string undeclared;
            std::string unused;
            for (std::size_t r = 0; r < hostile::resources.size(); ++r) {
                auto const& u = t.uses[r];
                bool const here = !has_trials || u.in_trial == k;
                bool const in_time = here && u.how != means::none && u.how != means::late;
                std::string const resource = std::string(" ") + hostile::resources[r];
                if (in_time && !u.declared) undeclared += " undeclared" + resource;
                if (!in_time && u.declared && passes && !has_trials) unused += " unused" + resource;
                if (here && u.how == means::late && !u.declared) made.apart.insert(own + " late" + resource);
                if (has_trials && k == 0 && u.declared && (u.how == means::none || u.how == means::late)) {
                    in_vain += " unused" + resource;
                }
            }
            made.tests[own] =
                (passes && undeclared.empty() && unused.empty() ? "passed" : "failed") + undeclared + unused;
            if (!has_trials || undeclared.empty()) continue;
            made.apart.insert(own + undeclared);
            ++bad_trials;
        }
        // With all of its trials bad the group has failed, and what it did not use is not asked.
        if (bad_trials < hostile::trials && !in_vain.empty()) made.apart.insert(name + in_vain);
    }
    return made;
}

/// The same, as a report says it.
std::string findings(std::string const& words) {
    std::map<std::string, std::string> found[3];
    static constexpr char const* kinds[] = {" undeclared ", " unused ", " late "};
    for (std::size_t at = 0; at < words.size();) {
        auto const end = std::min(words.find("; ", at), words.size());
        auto const sentence = words.substr(at, end - at);
        auto const quote = sentence.find('\'');
        auto const resource = sentence.substr(quote + 1, sentence.find('\'', quote + 1) - quote - 1);
        std::size_t const kind = sentence.find("never used it") != std::string::npos              ? 1
                                 : sentence.find("after the test had ended") != std::string::npos ? 2
                                                                                                  : 0;
        if (quote != std::string::npos) found[kind][resource] = kinds[kind] + resource;
        at = end + 2;
    }
    std::string text;
    for (auto const& of_kind : found) {
        for (char const* const resource : hostile::resources) {
            auto const at = of_kind.find(resource);
            if (at != of_kind.end()) text += at->second;
        }
    }
    return text;
}
verdicts read(std::string const& file) {
    verdicts made;
    auto const report = json_file(file);
    auto const name_of = [](boost::json::value const& id) {
        auto const text = std::string(id.as_string());
        return text.substr(text.rfind("::") + 2);
    };
    for (auto const& t : report.at("tests").as_array()) {
        auto const* const detail = t.as_object().if_contains("detail");
        made.tests[name_of(t.at("nodeid"))] = std::string(t.at("outcome").as_string()) +
                                              (detail == nullptr ? "" : findings(std::string(detail->as_string())));
    }
    for (auto const& f : report.at("faults").as_array()) {
        auto const kind = std::string(f.at("kind").as_string());
        auto const words = kind == "guard_violation" ? findings(std::string(f.at("what").as_string()))
                                                     : " " + kind + " " + std::string(f.at("what").as_string());
        made.apart.insert(name_of(f.at("where")) + words);
    }
    return made;
}
/// A run is red when a test that is no trial failed, or when something was found apart from tests.
int status_of(verdicts const& v) {
    for (auto const& [name, words] : v.tests) {
        if (!words.starts_with("passed") && name.find('[') == std::string::npos) return 1;
    }
    return v.apart.empty() ? 0 : 1;
}

/// The tools that the suites guard.
void make_tools(std::string const& folder) {
    fs::create_directories(folder);
    for (std::size_t r = 0; r < hostile::is_client; ++r) {
        auto const path = fs::path(folder) / hostile::resources[r];
        std::ofstream(path) << "#!/bin/sh\nexit 0\n";
        fs::permissions(path, fs::perms::owner_all);
    }
}

}  // namespace

TEST_CASE("what the guards say of a random suite is what a model says, in one process and with four workers") {
    scratch_folder const scratch;
    make_tools(scratch / "bin");
    std::string const path = "PATH=" + (scratch / "bin") + ":" + std::getenv("PATH");
    char const* const given = std::getenv("RAMPART_TEST_SEED");
    std::uint32_t seed = given == nullptr ? std::random_device()() : static_cast<std::uint32_t>(std::atol(given));
    std::size_t breaches = 0;
    std::size_t green = 0;
    for (std::size_t round = 0; round < rounds; ++round, ++seed) {
        auto const expected = model(seed);
        for (auto const& tests : expected.tests) breaches += tests.second.find(' ') != std::string::npos ? 1 : 0;
        green += status_of(expected) == 0 ? 1 : 0;
        for (char const* const workers : {"--rampart-workers=0", "--rampart-workers=4"}) {
            auto const report = scratch / "report.json";
            fs::remove(report);
            auto const end = processes::run({RAMPART_GUARDS_SUITE, "--rampart-json=" + report, workers,
                                             strict ? "--rampart-guards=strict" : "--rampart-guards=on"},
                                            {"RAMPART_TEST_PLAN=" + std::to_string(seed), path});
            INFO("seed " << seed << ", " << workers << "\n" << end.out);
            REQUIRE(end.in_time);
            auto const seen = read(report);
            CHECK(seen == expected);
            CHECK(end.status == status_of(expected));
            if (seen != expected) std::cerr << "seed " << seed << "\nmodel:\n" << expected << "seen:\n" << seen;
        }
    }
    std::cout << rounds << " suites, " << green << " of them green; tests with findings: " << breaches << '\n';
    // A plan that never goes wrong would show nothing.
    CHECK((breaches > 0 || rounds < 10));
}

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::string const word = argv[i];
        if (word.starts_with("--rounds=")) rounds = static_cast<std::size_t>(std::atol(word.c_str() + 9));
        if (word == "--strict") strict = true;
    }
    return doctest::Context(argc, argv).run();
}
