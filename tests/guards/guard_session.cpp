#include "rampart/guards/guard_session.hpp"

#include "rampart/guard/guard.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "guards/running.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace rp = rampart;
using rp::breach_kind;
using names = std::vector<std::string>;

/// Two programs, `first` and `second`, which write their words into a file; and a run that guards them and `smtp`.
class guarded_run {
public:
    explicit guarded_run(names const& programs = {"first", "second"}, rp::guard_options const& options = {}) {
        for (char const* const name : {"first", "second"}) {
            running::script(folder_ / name, "echo " + std::string(name) + " \"$@\" >>'" + log() + "'");
        }
        path_.set(folder_.path() + ":" + std::getenv("PATH"));
        rp::guard_list guards;
        for (std::string const& name : programs) guards.program(name);
        guards.sdk("smtp");
        session_.emplace(std::move(guards), options);
    }
    rp::guard_session& operator*() { return *session_; }
    rp::guard_session* operator->() { return &*session_; }
    void stop() { session_.reset(); }
    std::string log() const { return folder_ / "log"; }
    std::string started() const { return running::text_of(log()); }

    /// One test, from its beginning to its end. Gives all that it did wrong, one line for each, without who did it.
    template <class Body>
    std::string test(names declared, Body const& body, bool passed = true) {
        session_->begin_test("a.cpp::test", std::move(declared), "case-" + std::to_string(++number_));
        body();
        return words(session_->end_test(passed));
    }
    static std::string words(rp::guard_verdict const& verdict) {
        std::string text;
        for (auto b : verdict.breaches) {
            if (b.kind != breach_kind::unknowable) b.how.clear();
            b.by.clear();
            text += to_string(b) + "\n";
        }
        return text;
    }

private:
    running::scratch folder_{};
    running::variable path_{"PATH", std::getenv("PATH")};
    running::variable tmp_{"TMPDIR", folder_.path()};
    std::optional<rp::guard_session> session_{};
    int number_ = 0;
};

int run(std::string const& command) { return running::run({"sh", "-c", command}).status; }
std::string undeclared(std::string const& name) {
    return "the test used '" + name + "' without rampart::uses(\"" + name + "\"): add it, or remove the use\n";
}
std::string unused(std::string const& name) {
    return "the test declares '" + name + "' and never used it: remove rampart::uses(\"" + name +
           "\"), or exercise it\n";
}
std::string case_dir() { return rp::detail::case_dir_of_environment(); }

}  // namespace

TEST_CASE("a test that uses what it declares, and one that does neither, did nothing wrong [G4, G10, G55, G75]") {
    guarded_run it;
    CHECK(it.test({"first"}, [] { CHECK(run("first a b") == 0); }).empty());
    CHECK(it.test({}, [] {}).empty());
    CHECK(it.started() == "first a b\n");
}

TEST_CASE("a use without the mark is refused and told, also where the test goes on [G6, G7, G52]") {
    guarded_run it;
    CHECK(it.test({}, [] { CHECK(run("first a b") == 127); }) == undeclared("first"));
    CHECK(it.started().empty());
}

TEST_CASE("a mark without a use is told when the test passed, and only then [G8, G54, G56, G72, G73]") {
    guarded_run it;
    CHECK(it.test({"first"}, [] {}) == unused("first"));
    CHECK(it.test(
                {"first"}, [] {}, false)
              .empty());
    CHECK(it.test({"smtp"}, [] {}) == unused("smtp"));
    CHECK(it.test({"smtp"}, [] { rp::enforce("smtp"); }).empty());
}

TEST_CASE("a use without the mark is told of a test that failed, too [G9, G53]") {
    guarded_run it;
    CHECK(it.test(
              {}, [] { run("first"); }, false) == undeclared("first"));
}

TEST_CASE("all that is wrong is told at once, each resource once, in order [G62, G63]") {
    guarded_run it;
    CHECK(it.test({"smtp"}, [] { run("second; first; second; first x"); }) ==
          undeclared("first") + undeclared("second") + unused("smtp"));
}

TEST_CASE("evidence says what was started, and by whom") {
    guarded_run it;
    it->begin_test("t", {}, "case-x");
    run("first a 'b c'");
    auto const verdict = it->end_test(true);
    REQUIRE(verdict.breaches.size() == 1);
    CHECK(verdict.breaches[0].how == "first a b c");
    CHECK(verdict.breaches[0].by.find("sh (pid ") == 0);
}

TEST_CASE("a test's folder says what it may use, and one variable says where it is [G51]") {
    guarded_run it;
    CHECK(case_dir().empty());
    it->begin_test("t", {"first"}, "case-x");
    CHECK(case_dir().ends_with("/case-x"));
    CHECK(running::exists(case_dir() + "/allow.first"));
    CHECK_FALSE(running::exists(case_dir() + "/allow.second"));
    it->end_test(false);
    CHECK(case_dir().empty());
    it->begin_test("t", {}, "case-y");
    CHECK_FALSE(running::exists(case_dir()));
    it->end_test(false);
}

TEST_CASE("a wrapper is a script for /bin/sh that starts the real program, or says what to do [G2, G3]") {
    guarded_run it;
    auto const bin = std::string(std::getenv("PATH")).substr(0, std::string(std::getenv("PATH")).find(':'));
    auto const text = running::text_of(bin + "/first");
    CHECK(text.find("#!/bin/sh\n") == 0);
    CHECK(text.find("/first \"$@\"") != std::string::npos);
    it->begin_test("t", {}, "case-x");
    CHECK(running::run({"first"}).err.find("add rampart::uses(\"first\") to the test, or remove the use") !=
          std::string::npos);
    it->end_test(true);
}

TEST_CASE("a program that is not installed is blocked like any other, and says so where it is allowed [G1, G34]") {
    guarded_run it({"no-such-program"});
    CHECK(it.test({}, [] { CHECK(run("no-such-program") == 127); }) == undeclared("no-such-program"));
    CHECK(it.test({"no-such-program"}, [] {
                auto const end = running::run({"no-such-program"});
                CHECK(end.status == 127);
                CHECK(end.err.find("not installed here") != std::string::npos);
            }).empty());
}

TEST_CASE("PATH, the folder and the variable are as before when the session ends [G33, G36]") {
    std::string const before = std::getenv("PATH");
    std::string root;
    {
        guarded_run it;
        std::string const path = std::getenv("PATH");
        root = path.substr(0, path.find("/bin:"));
        CHECK(running::exists(root + "/bin/first"));
        CHECK(running::exists(root + "/bin/second"));
        CHECK_FALSE(running::exists(root + "/bin/smtp"));
        it.stop();
        CHECK_FALSE(running::exists(root));
        CHECK(std::string(std::getenv("PATH")).find("rampart-guards-") == std::string::npos);
    }
    CHECK(std::getenv("PATH") == before);
    CHECK(case_dir().empty());
}

TEST_CASE("an inherited folder is used and not removed [G35]") {
    guarded_run outer;
    std::string const path = std::getenv("PATH");
    auto const root = path.substr(0, path.find("/bin:"));
    CHECK(running::in_child([&] {
              rp::guard_list guards;
              guards.program("first");
              {
                  rp::guard_session inner(std::move(guards), {.strict = false, .inherited = root});
                  inner.begin_test("t", {}, "case-worker");
                  if (case_dir() != root + "/case-worker" || run("first") != 127) return 1;
                  if (guarded_run::words(inner.end_test(true)) != undeclared("first")) return 2;
                  if (!inner.sweep([](std::string_view) { return "x"; }).empty()) return 3;
              }
              return running::exists(root + "/bin/first") ? 0 : 4;
          }) == 0);
    CHECK(running::exists(root));
}

TEST_CASE("an inherited folder that is none is not used: the session makes one") {
    running::scratch const folder;
    guarded_run it({"first"}, {.strict = false, .inherited = folder.path()});
    CHECK(it.test({}, [&] {
        CHECK_FALSE(case_dir().starts_with(folder.path() + "/case"));
        run("first");
    }) == undeclared("first"));
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("hooks are put in when the session begins, and taken out when asked or at its end [G40, G41]") {
    names log;
    auto const list = [&log] {
        rp::guard_list guards;
        guards.sdk(
            "a", [&log] { log.emplace_back("+a"); }, [&log] { log.emplace_back("-a"); });
        guards.sdk(
            "b", [&log] { log.emplace_back("+b"); }, [&log] { log.emplace_back("-b"); });
        return guards;
    };
    {
        rp::guard_session session(list());
        CHECK(log == names{"+a", "+b"});
    }
    CHECK(log == names{"+a", "+b", "-b", "-a"});
    log.clear();
    {
        rp::guard_session session(list());
        CHECK(session.remove_hooks().empty());
        CHECK(log == names{"+a", "+b", "-b", "-a"});
    }
    CHECK(log.size() == 4);
}

TEST_CASE("what cannot be put in its place is told, and everything is as before") {
    std::string const path = std::getenv("PATH");
    bool removed = false;
    rp::guard_list guards;
    guards.program("git");
    guards.sdk(
        "a", [] {}, [&removed] { removed = true; });
    guards.sdk(
        "b", [] { throw std::runtime_error("no seam"); }, [] {});
    CHECK_THROWS_WITH_AS(rp::guard_session(std::move(guards)),
                         "resource guards: guard 'b' could not be installed: no seam", std::runtime_error);
    CHECK(removed);
    CHECK(std::getenv("PATH") == path);
    rp::guard_list bad;
    bad.program("../git");
    CHECK_THROWS_AS(rp::guard_session(std::move(bad)), std::runtime_error);
    rp::guard_session const another{rp::guard_list()};  // nothing was left on
}

TEST_CASE("a test that leaves PATH without the wrappers has failed, and the next test is guarded again") {
    guarded_run it;
    std::string const path = std::getenv("PATH");
    CHECK(it.test({}, [&] { ::setenv("PATH", path.substr(path.find(':') + 1).c_str(), 1); }).find("cannot be known") !=
          std::string::npos);
    CHECK(std::getenv("PATH") == path);
    CHECK(it.test({}, [] { run("first"); }) == undeclared("first"));
    // What is put before them, and left there, is no trouble.
    CHECK(it.test({}, [&] { ::setenv("PATH", ("/added:" + path).c_str(), 1); }).empty());
    CHECK(it.test({}, [] { run("first"); }) == undeclared("first"));
}

TEST_CASE("a second session in a process is refused, and the first one goes on as it was [G36, G37]") {
    guarded_run it;
    std::string const path = std::getenv("PATH");
    it->begin_test("t", {}, "case-x");
    auto const dir = case_dir();
    rp::guard_list guards;
    guards.program("first");
    CHECK_THROWS_AS(rp::guard_session(std::move(guards)), std::logic_error);
    CHECK(std::getenv("PATH") == path);
    CHECK(case_dir() == dir);
    CHECK(run("first") == 127);
    CHECK(guarded_run::words(it->end_test(true)) == undeclared("first"));
}

TEST_CASE("a client that is patched by its guard blocks, allows, and is itself again [G47]") {
    static int (*send)(int) = nullptr;
    static int (*const original)(int) = [](int x) { return 2 * x; };
    send = original;
    rp::guard_list guards;
    guards.sdk(
        "mail",
        [] {
            send = [](int x) {
                rp::enforce("mail");
                return original(x);
            };
        },
        [] { send = original; });
    {
        rp::guard_session session(std::move(guards));
        session.begin_test("t", {}, "case-1");
        CHECK_THROWS_AS(send(1), rp::guard_violation);
        CHECK(guarded_run::words(session.end_test(true)) == undeclared("mail"));
        session.begin_test("t", {"mail"}, "case-2");
        CHECK(send(1) == 2);
        CHECK(session.end_test(true).breaches.empty());
        CHECK(send(1) == 2);
    }
    CHECK((send == original));
}

TEST_CASE("a trial's unused resources are for its group to judge, also when the trial failed") {
    guarded_run it;
    it->begin_test("t", {"first", "smtp"}, "case-1");
    run("first; second");
    auto const verdict = it->end_test(false, true);
    CHECK(verdict.unused == names{"smtp"});
    CHECK(guarded_run::words(verdict) == undeclared("second"));
}

TEST_CASE("a scope's programs are its own, and the test is asked for its mark [G11, G12, G16, G23, G58, G60, G61]") {
    guarded_run it;
    auto const fixture = [] {
        rp::scope_uses const scope("first");
        CHECK(run("first a") == 0);
    };
    CHECK(it.test({"first"}, fixture).empty());
    auto const unmarked = it.test({}, fixture);
    CHECK(unmarked.find("uses 'first', and the test that stands on it is without rampart::uses(\"first\")") !=
          std::string::npos);
    CHECK(std::count(unmarked.begin(), unmarked.end(), '\n') == 1);
    auto const failing = it.test({}, fixture, false);
    CHECK(failing == unmarked);
    // Beside the fixture's, the test's own use without the mark is its own.
    CHECK(it.test({}, [&] {
                fixture();
                run("first b");
            }).find(undeclared("first")) == 0);
    CHECK(it.test({"first"}, [&] {
                fixture();
                CHECK(run("first c") == 0);
            }).empty());
    CHECK(it.started() == "first a\nfirst a\nfirst a\nfirst a\nfirst a\nfirst c\n");
}

TEST_CASE("a scope's folder is the variable's while it lives, and the test's before and after [G76, G77]") {
    guarded_run it;
    it->begin_test("t", {"first"}, "case-x");
    auto const mine = case_dir();
    {
        rp::scope_uses const outer("first");
        auto const outer_dir = case_dir();
        CHECK(outer_dir.starts_with(mine + ".scope-"));
        {
            rp::scope_uses const inner("first");
            CHECK(case_dir() != outer_dir);
            run("first");
        }
        CHECK(case_dir() == outer_dir);
        run("first");
    }
    CHECK(case_dir() == mine);
    CHECK(it->end_test(true).breaches.empty());
}

TEST_CASE("what a scope started without declaring it is told with the scope, once [G14, G22, G84]") {
    guarded_run it;
    auto const text = it.test({"first"}, [] {
        rp::scope_uses const scope("first");
        run("first; second; second");
    });
    CHECK(text.find("scope_uses at ") == 0);
    CHECK(text.find("used 'second' without declaring it: declare it there, or remove the use\n") != std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("a scope that is left open is told, and what was started in it still counts") {
    guarded_run it;
    std::unique_ptr<rp::scope_uses> scope;
    auto const text = it.test({"first"}, [&scope] {
        scope = std::make_unique<rp::scope_uses>("first");
        run("first; second");
    });
    CHECK(text.find("was still open when its test ended") != std::string::npos);
    CHECK(text.find("used 'second'") != std::string::npos);
    CHECK(case_dir().empty());
    CHECK(it.test({}, [&scope] {
        scope.reset();
        run("first");
    }) == undeclared("first"));
}

TEST_CASE("a scope outside of tests has its own folder, and what it did wrong is told as nobody's [G17, G32]") {
    guarded_run it;
    {
        rp::shared_uses server("the server", "first");
        {
            auto const start = server.enter();
            CHECK(run("first up; second") == 0 + 127);
        }
        CHECK(case_dir().empty());
        CHECK(it.test({"first"}, [&] { server.consume(); }).empty());
        auto const end = server.enter();
        CHECK(run("first down") == 0);
    }
    CHECK(it.started() == "first up\nfirst down\n");
    auto const late = rp::guard_session::take_late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].test.empty());
    CHECK(late[0].breach.resource == "second");
    CHECK(late[0].breach.scope == "the server");
}

TEST_CASE("a set-up in one test and an end in another are the fixture's, not the tests' [G17, G19]") {
    guarded_run it;
    std::optional<rp::shared_uses> server;
    CHECK(it.test({"first"}, [&] {
                server.emplace("the server", "first");
                auto const start = server->enter();
                run("first up");
            }).empty());
    auto const last = it.test({"first"}, [&] {
        {
            auto const end = server->enter();
            run("first down; second");
        }
        server.reset();
    });
    CHECK(last == "the server used 'second' without declaring it: declare it there, or remove the use\n");
}

/// A child that waits at the gate before it starts `first`.
static ::pid_t first_behind(int const (&gate)[2]) {
    ::pid_t const child = ::fork();
    if (child != 0) return child;
    char c = 0;
    ::close(gate[1]);
    (void)!::read(gate[0], &c, 1);
    ::execlp("first", "first", "late", nullptr);
    ::_exit(1);
}

TEST_CASE("a late child is blamed on its own test, and never on the one that runs then") {
    guarded_run it;
    int gate[2];
    REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
    ::pid_t child = 0;
    CHECK(it.test({"second"}, [&] {
                run("second");
                child = first_behind(gate);
            }).empty());
    CHECK(it.test({"first"}, [&] {
                run("first mine");
                ::close(gate[1]);
                CHECK(running::waited(child) == 127);
            }).empty());
    ::close(gate[0]);
    auto const late = it->sweep([](std::string_view name) { return "test of " + std::string(name); });
    REQUIRE(late.size() == 1);
    CHECK(late[0].test == "test of case-1");
    CHECK(late[0].breach.kind == breach_kind::late);
    CHECK(late[0].breach.resource == "first");
    CHECK(late[0].breach.how == "first late");
    CHECK(it->sweep([](std::string_view) { return ""; }).empty());
}

TEST_CASE("a late child may use what its own test declares, though the running one does not") {
    guarded_run it;
    int gate[2];
    REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
    ::pid_t child = 0;
    CHECK(it.test({"first"}, [&] {
                run("first");
                child = first_behind(gate);
            }).empty());
    CHECK(it.test({}, [&] {
                ::close(gate[1]);
                CHECK(running::waited(child) == 0);
            }).empty());
    ::close(gate[0]);
    CHECK(it->sweep([](std::string_view) { return "x"; }).empty());
    CHECK(it.started() == "first\nfirst late\n");
}

TEST_CASE("what a child of a scope does late is blamed on the scope's test") {
    guarded_run it;
    int gate[2];
    REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
    ::pid_t child = 0;
    it.test({"first"}, [&] {
        rp::scope_uses const scope("first");
        run("first");
        child = ::fork();
        if (child == 0) {
            char c = 0;
            ::close(gate[1]);
            (void)!::read(gate[0], &c, 1);
            ::execlp("second", "second", nullptr);
            ::_exit(1);
        }
    });
    ::close(gate[1]);
    CHECK(running::waited(child) == 127);
    ::close(gate[0]);
    auto const late = it->sweep([](std::string_view name) { return std::string(name); });
    REQUIRE(late.size() == 1);
    CHECK(late[0].test == "case-1");
    CHECK(late[0].breach.resource == "second");
}

TEST_CASE("a use that this process is refused is written down too, for who asks when it has died") {
    guarded_run it;
    it->begin_test("t", {}, "case-x");
    auto const dir = case_dir();
    CHECK_FALSE(rp::touch("smtp"));
    CHECK_FALSE(rp::touch("smtp"));
    auto const written = running::text_of(dir + "/blocked.smtp");
    CHECK(written.find("guard_session.cpp:") != std::string::npos);
    CHECK(rp::detail::read_evidence("smtp", false, written).size() == 1);
    auto const verdict = it->end_test(true);
    REQUIRE(verdict.breaches.size() == 1);
    CHECK(verdict.breaches[0].by.empty());
}

TEST_CASE("a forked child that uses a client is held to the test's word") {
    guarded_run it;
    auto const in_child = [] {
        CHECK(running::in_child([] {
                  try {
                      rp::enforce("smtp");
                      return 0;
                  } catch (rp::guard_violation const&) {
                      return 5;
                  }
              }) != 9);
    };
    CHECK(it.test({}, in_child) == undeclared("smtp"));
    CHECK(it.test({"smtp"}, in_child).empty());
    CHECK(it.test({"smtp"}, [] { std::thread([] { rp::enforce("smtp"); }).join(); }).empty());
}

TEST_CASE("a session that a forked child destroys stays whole for its parent") {
    guarded_run it;
    it->begin_test("t", {}, "case-x");
    CHECK(running::in_child([&] {
              it.stop();
              return 0;
          }) == 0);
    CHECK(run("first") == 127);
    CHECK(guarded_run::words(it->end_test(true)) == undeclared("first"));
}

TEST_CASE("a test that takes the guard folder away fails, and so does every test after it") {
    guarded_run it;
    auto const text = it.test({}, [] { std::filesystem::remove_all(std::filesystem::path(case_dir()).parent_path()); });
    CHECK(text.find("what the test used cannot be known: ") == 0);
    auto const next = it.test({"first"}, [] { run("first"); });
    CHECK(next.find("what the test used cannot be known: ") == 0);
    CHECK(std::count(next.begin(), next.end(), '\n') == 1);
    auto const scoped = it.test(
        {"first"}, [] { CHECK_THROWS_AS(rp::scope_uses("first"), std::runtime_error); }, false);
    CHECK(scoped.find("what the test used cannot be known: ") == 0);
    auto const late = it->sweep([](std::string_view) { return ""; });
    REQUIRE(late.size() == 1);
    CHECK(late[0].breach.kind == breach_kind::unknowable);
}

TEST_CASE("a scope that ends after its folder has gone ends the test's claim, not the process") {
    guarded_run it;
    auto const text = it.test({"first"}, [] {
        rp::scope_uses const scope("first");
        run("first");
        std::filesystem::remove_all(std::filesystem::path(case_dir()).parent_path());
    });
    CHECK(text.find("what the test used cannot be known: ") != std::string::npos);
}

TEST_CASE("a test that changes a wrapper fails") {
    guarded_run it;
    CHECK(it.test({}, [] {
                std::filesystem::remove(std::filesystem::path(case_dir()).parent_path() / "bin/first");
            }).find("what the test used cannot be known: ") == 0);
}

TEST_CASE("a test that leaves the wrappers off PATH fails, and the next one is guarded all the same") {
    guarded_run it;
    CHECK(it.test({}, [] {
                ::setenv("PATH", "/usr/bin:/bin", 1);
            }).find("what the test used cannot be known: it took the wrappers off PATH") == 0);
    CHECK(it.test({}, [] { CHECK(run("first") == 127); }) == undeclared("first"));
}

TEST_CASE("a test may put programs of its own before the wrappers; after it they are first again") {
    guarded_run it;
    CHECK(it.test({}, [] { ::setenv("PATH", ("/nowhere:" + std::string(std::getenv("PATH"))).c_str(), 1); }).empty());
    CHECK(std::string(std::getenv("PATH")).find("rampart-guards-") < std::string(std::getenv("PATH")).find(':'));
    CHECK(it.test({}, [] { CHECK(run("first") == 127); }) == undeclared("first"));
}

TEST_CASE("a run inside of a test is held to that test's word between its own tests") {
    guarded_run outer;
    outer->begin_test("outer", {}, "case-outer");
    CHECK(running::in_child([] {
              rp::guard_list guards;
              guards.program("first");
              rp::guard_session inner(std::move(guards));
              if (!case_dir().ends_with("/case-outer") || run("first between") != 127) return 1;
              inner.begin_test("inner", {"first"}, "case-inner");
              if (run("first inside") != 127) return 2;
              (void)inner.end_test(true);
              return case_dir().ends_with("/case-outer") ? 0 : 3;
          }) == 0);
    auto const verdict = outer->end_test(true);
    REQUIRE(verdict.breaches.size() == 1);
    CHECK(verdict.breaches[0].resource == "first");
}

TEST_CASE("an address is only told about, where nobody watches it") {
    rp::guard_list guards;
    guards.net("database", "localhost:5432");
    rp::guard_session session(std::move(guards));
    auto const remarks = session.take_remarks();
    REQUIRE(remarks.size() == 1);
    CHECK(remarks[0] == "the net resource 'database' is only watched in strict mode (--rampart-guards=strict)");
    session.begin_test("t", {"database"}, "case-1");
    CHECK(session.end_test(true).breaches.empty());
}

TEST_CASE("where nothing is registered there is no folder, and a client that asks is told of [G68]") {
    std::string const path = std::getenv("PATH");
    rp::guard_session session{rp::guard_list()};
    CHECK(std::getenv("PATH") == path);
    session.begin_test("t", {}, "case-1");
    CHECK_FALSE(rp::touch("smtp"));
    auto const verdict = session.end_test(true);
    REQUIRE(verdict.breaches.size() == 1);
    CHECK(verdict.breaches[0].kind == breach_kind::unregistered);
    CHECK(session.sweep([](std::string_view) { return ""; }).empty());
}
