// The suite that kill.cpp kills and that disk.cpp starves: three hundred quick tests. Each says that it began in a file
// of its own, RAMPART_SUITE_ORACLE, before anything else: whoever kills the process knows from there which had ended.
#include <rampart/doctest.hpp>

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace rp = rampart;

static void say(std::string const& line) {
    static int const file = [] {
        char const* const path = std::getenv("RAMPART_SUITE_ORACLE");
        return path == nullptr ? -1 : ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }();
    // One write, as it has to be whole when the process dies.
    if (file >= 0 && ::write(file, line.data(), line.size()) < 0) std::abort();
}

/// Test n records n % 4 results, and every fiftieth one that is 200,000 bytes long, so that a kill can hit its line.
static void body(int n) {
    say("case " + std::to_string(n) + "\n");
    for (int i = 0; i < n % 4; ++i) {
        rp::result r{.status = rp::safety_status::safe, .summary = "result " + std::to_string(i)};
        r.meta = {{"pad", std::string(static_cast<std::size_t>(n) % 700, 'p')}};
        if (n % 50 == 1) r.meta.set("long", std::string(200000, 'x'));
        rp::record_result(std::move(r));
    }
    CHECK(n >= 100);
}

#define ONE(n) \
 TEST_CASE("case " #n) { body(n); }
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)

HUNDRED(1)
HUNDRED(2)
HUNDRED(3)
