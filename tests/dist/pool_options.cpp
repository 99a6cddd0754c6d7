#include "rampart/dist/pool_options.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using namespace rampart::dist;

bool has(std::vector<std::string> const& all, std::string const& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

TEST_SUITE_BEGIN("pool_options");

TEST_CASE("a worker of this machine is told who it is, and its spec's variables") {
    pool_options options;
    options.arguments = {"suite", "-tc=x"};
    options.workers = 3;
    options.run = "run-1";
    options.environment = {{"MORE", "1"}};
    worker_spec spec;
    spec.env = {{"MORE", "2"}};
    spec.chdir = "there";
    spec.nice = 4;
    auto const plan = detail::planned_launch(options, spec, 5, "c00c1e");
    CHECK(plan.program == detail::own_program());
    CHECK_FALSE(plan.search);
    CHECK_FALSE(plan.on_stdio);
    CHECK(plan.arguments == options.arguments);
    CHECK(plan.chdir == "there");
    CHECK(plan.nice == 4);
    for (std::string const wanted : {"RAMPART_WORKER=gw5", "RAMPART_WORKER_COUNT=3", "RAMPART_TESTRUNUID=run-1",
                                     "RAMPART_CONTROL=3", "RAMPART_COOKIE=c00c1e", "MORE=2"}) {
        CAPTURE(wanted);
        CHECK(has(plan.environment, wanted));
    }
    CHECK(has(plan.environment, "RAMPART_PARENT=" + std::to_string(::getpid())));
    CHECK_FALSE(has(plan.environment, "MORE=1"));
}

TEST_CASE("a worker of another machine gets its variables with the command; the client here has only the cookie") {
    pool_options options;
    options.arguments = {"suite", "-tc=x y"};
    auto const spec = parse_worker_specs("ssh=host//env:A=1").specs.at(0);
    auto const plan = detail::planned_launch(options, spec, 0, "c00c1e");
    CHECK(plan.program == "ssh");
    CHECK(plan.search);
    CHECK(plan.on_stdio);
    CHECK(plan.chdir.empty());
    CHECK(has(plan.environment, "RAMPART_COOKIE=c00c1e"));
    CHECK_FALSE(has(plan.environment, "RAMPART_WORKER=gw0"));
    std::string const there = plan.arguments.back();
    CAPTURE(there);
    CHECK(there.find(" RAMPART_CONTROL=stdio ") != std::string::npos);
    CHECK(there.find("RAMPART_PARENT") == std::string::npos);
    CHECK(there.find(" A=1 ") != std::string::npos);
    CHECK(there.ends_with(" '-tc=x y'"));
    CHECK(there.find(detail::own_program_path()) != std::string::npos);
    CHECK(detail::own_program_path().find("/proc/") == std::string::npos);
}

TEST_SUITE_END();
