#include "rampart/guards/case_variable.hpp"

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "guards/running.hpp"

namespace {

std::string now() {
    char const* const value = std::getenv("RAMPART_CASE_DIR");
    return value == nullptr ? "unset" : value;
}

}  // namespace

TEST_CASE("the variable has the test's folder while it runs, and is empty between tests") {
    running::variable const outer("RAMPART_CASE_DIR", std::nullopt);
    rampart::case_variable variable;
    CHECK(now().empty());
    variable.set("/x/case-1");
    CHECK(now() == "/x/case-1");
    CHECK(variable.value() == "/x/case-1");
    CHECK(running::run({"sh", "-c", "echo $RAMPART_CASE_DIR"}).out == "/x/case-1\n");
    variable.set("");
    CHECK(now().empty());
}

TEST_CASE("what stood there before stands there again [G33]") {
    running::variable const outer("RAMPART_CASE_DIR", "/outer/case-7");
    {
        rampart::case_variable variable;
        variable.set("/x/case-1");
    }
    CHECK(now() == "/outer/case-7");
    CHECK(running::run({"sh", "-c", "echo $RAMPART_CASE_DIR"}).out == "/outer/case-7\n");
}

TEST_CASE("it is never unset, so the environment does not move") {
    running::variable const outer("RAMPART_CASE_DIR", std::nullopt);
    { rampart::case_variable const variable; }
    CHECK(now().empty());
}

TEST_CASE("another thread may read it while it changes") {
    running::variable const outer("RAMPART_CASE_DIR", std::nullopt);
    rampart::case_variable variable;
    std::string const a(100, 'a');
    std::string const b(100, 'b');
    variable.set(a);
    bool good = true;
    std::thread reader([&] {
        for (int i = 0; i < 20000; ++i) {
            auto const seen = variable.value();
            good = good && (seen == a || seen == b);
        }
    });
    for (int i = 0; i < 20000; ++i) variable.set(i % 2 == 0 ? a : b);
    reader.join();
    CHECK(good);
    CHECK(now() == b);
}

TEST_CASE("a value that somebody took away is there again for the next test") {
    running::variable const outer("RAMPART_CASE_DIR", std::nullopt);
    rampart::case_variable variable;
    variable.set("/x/case-1");
    ::unsetenv("RAMPART_CASE_DIR");
    CHECK(now() == "unset");
    variable.set("/x/case-2");
    CHECK(now() == "/x/case-2");
}

TEST_CASE("a forked child stays its test's, also when it leaves main") {
    running::variable const outer("RAMPART_CASE_DIR", "/outer/case-7");
    CHECK(running::in_child([] {
              ::pid_t pid = 0;
              bool good = true;
              {
                  rampart::case_variable variable;
                  variable.set("/x/case-1");
                  pid = ::fork();
              }
              if (pid == 0) ::_exit(now() == "/x/case-1" ? 0 : 1);
              good = running::waited(pid) == 0 && now() == "/outer/case-7";
              return good ? 0 : 1;
          }) == 0);
}
