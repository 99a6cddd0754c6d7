#include "rampart/guards/program.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "guards/running.hpp"

using rampart::find_program;
using rampart::guard_folder;
using rampart::guard_use;
using rampart::program_guards;
using running::exists;
using running::run;
using running::scratch;
using running::script;
using running::variable;

namespace {

using words = std::vector<std::string>;

constexpr char const* a_case = "case-0-1-1";

bool holds(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

std::string path_now() {
    char const* const path = std::getenv("PATH");
    return path == nullptr ? "(unset)" : path;
}

/// A folder of programs in front of PATH, whose path needs every quote there is.
struct programs {
    programs() { std::filesystem::create_directory(folder); }
    scratch place{"it's \"a\" $HOME `b` \\c *"};
    std::string const folder = place / "pro grams";
    variable const path{"PATH", folder + ":" + path_now()};
    variable const test{"RAMPART_CASE_DIR", ""};

    std::string operator/(std::string const& name) const { return folder + "/" + name; }
};

/// The shells that may be /bin/sh somewhere, as the beginning of a command; a skipped one is said so.
struct shell {
    std::string name;
    words command;
};
std::vector<shell> shells(scratch const& place) {
    std::vector<shell> all{{"/bin/sh", {}}};
    for (char const* const name : {"dash", "bash", "busybox"}) {
        auto const program = find_program(name, path_now(), "");
        if (program.empty()) {
            MESSAGE("SKIPPED: the wrappers in " << name << ", which is not installed");
            continue;
        }
        // Each behaves differently under the name that a wrapper's first line gives it.
        std::filesystem::create_directory(place / name);
        std::filesystem::create_symlink(program, place / (std::string(name) + "/sh"));
        all.push_back({name, {place / (std::string(name) + "/sh")}});
    }
    return all;
}

words operator+(words left, words const& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

words lines_of(std::string const& text, char end = '\n') {
    words lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line, end);) lines.push_back(line);
    return lines;
}

/// Runs `check(command, folder)` in every shell, for a program of these lines: `command` starts its wrapper, for a test
/// that declares it.
template <class Check>
void in_every_shell(std::string_view lines, Check const& check) {
    programs const own;
    script(own / "tool", lines);
    for (shell const& one : shells(own.place)) {
        CAPTURE(one.name);
        guard_folder folder;
        program_guards const guards(folder, {"tool"});
        folder.allow(a_case, {"tool"});
        variable const test("RAMPART_CASE_DIR", folder.case_dir(a_case));
        check(one.command + words{folder.bin() + "/tool"}, folder);
    }
}

}  // namespace

TEST_CASE("a program is looked up on PATH as execvp does") {
    scratch const place;
    std::filesystem::create_directories(place / "a/tool");
    std::filesystem::create_directories(place / "b");
    std::filesystem::create_directories(place / "c");
    std::filesystem::create_directories(place / "d");
    running::write(place / "b/tool", "no program", 0644);
    script(place / "c/tool", "");
    script(place / "d/tool", "");
    auto const path = place / "missing" + ":" + place / "a" + ":" + place / "b" + ":" + place / "c" + ":" + place / "d";
    CHECK(find_program("tool", path, "") == place / "c/tool");
    CHECK(find_program("tool", path, place / "c") == place / "d/tool");
    CHECK(find_program("tool", path, place / "d/../c/") == place / "d/tool");
    CHECK(find_program("tool", place / "c/", "") == place / "c/tool");
    CHECK(find_program("other", path, "") == "");
    CHECK(find_program("", path, "") == "");
    CHECK(find_program("c/tool", place.path(), "") == "");
    std::filesystem::create_symlink(place / "c", place / "link");
    CHECK(find_program("tool", place / "link" + ":" + place / "d", place / "c") == place / "d/tool");
    std::filesystem::create_symlink(place / "d/tool", place / "b/linked");
    CHECK(find_program("linked", path, "") == place / "b/linked");

    auto const before = std::filesystem::current_path();
    std::filesystem::current_path(place / "c");
    for (char const* const here : {"", ".", ":/usr/bin", "/missing:", "/missing::/usr/bin", "./", "../c"}) {
        CAPTURE(here);
        auto const found = find_program("tool", here, "");
        CHECK(found.starts_with('/'));
        CHECK(rampart::detail::is_same_folder(found, place / "c/tool"));
    }
    CHECK(find_program("tool", "", "") == place / "c/tool");
    CHECK(find_program("tool", ":" + place / "d", place / "c") == place / "d/tool");
    std::filesystem::create_directory(place / "gone");
    std::filesystem::current_path(place / "gone");
    std::filesystem::remove(place / "gone");
    CHECK(find_program("tool", ":.:" + place / "d", "") == place / "d/tool");
    std::filesystem::current_path(before);
}

TEST_CASE("a declared program gets its words as they were") {
    in_every_shell(R"(printf '%s\0' "$@")", [](words const& command, guard_folder&) {
        words odd{"",
                  "a b",
                  "",
                  "it's",
                  "\"",
                  "$HOME `id` \\n %s *",
                  "two\nlines\n",
                  "\n",
                  "-n",
                  "--",
                  "caf\xc3\xa9",
                  "\xff\xfe",
                  "tab\t",
                  std::string(100000, 'x'),
                  ""};
        CHECK(lines_of(run(command + odd).out, '\0') == odd);
        CHECK(lines_of(run(command).out, '\0') == words{""});
        words many;
        for (int i = 0; i < 5000; ++i) many.push_back("word " + std::to_string(i) + (i % 7 == 0 ? "\n" : ""));
        CHECK(lines_of(run(command + many).out, '\0') == many);
    });
}

TEST_CASE("a declared program has its own input, output, errors and exit status") {
    in_every_shell("cat; echo problem >&2; exit ${1-0}", [](words const& command, guard_folder&) {
        auto const end = run(command + words{"42"}, "what is\nread");
        CHECK(end.status == 42);
        CHECK(end.out == "what is\nread");
        CHECK(end.err == "problem\n");
        CHECK(run(command).status == 0);
    });
}

TEST_CASE("the signal that ends a declared program is seen by its caller") {
    in_every_shell("kill -$1 $$", [](words const& command, guard_folder&) {
        CHECK(run(command + words{"TERM"}).status == 1000 + SIGTERM);
        CHECK(run(command + words{"KILL"}).status == 1000 + SIGKILL);
        CHECK(run(command + words{"INT"}).status == 1000 + SIGINT);
    });
}

TEST_CASE("a declared program has the signals, descriptors and variables that it was given") {
    if (!exists("/proc/self/status")) {
        MESSAGE("SKIPPED: there is no /proc");
        return;
    }
    // No shell in between: what is compared is what the system says about the process that was started.
    programs const own;
    for (char const* const name : {"grep", "ls", "env"}) {
        std::filesystem::create_symlink(find_program(name, path_now(), ""), own / (std::string("real") + name));
    }
    // The names of variables that a wrapper could have in use, too.
    variable const a("w", "1");
    variable const b("n", "2");
    variable const c("name", "3");
    variable const d("LC_ALL", std::nullopt);
    variable const here("PWD", std::filesystem::current_path().string());
    auto const variables = [](std::string const& text) {
        std::set<std::string> all;
        for (std::string const& line : lines_of(text)) {
            auto const name = line.substr(0, line.find('='));
            // What shells set: "_" is the path of what was started last.
            if (name != "SHLVL" && name != "_" && name != "OLDPWD") all.insert(line);
        }
        return all;
    };
    for (shell const& one : shells(own.place)) {
        CAPTURE(one.name);
        guard_folder folder;
        program_guards const guards(folder, {"realgrep", "realls", "realenv"});
        folder.allow(a_case, {"realgrep", "realls", "realenv"});
        variable const test("RAMPART_CASE_DIR", folder.case_dir(a_case));
        auto const compared = [&](char const* name, words const& rest) {
            return std::pair(run(words{own / name} + rest).out,
                             run(one.command + words{folder.bin() + "/" + name} + rest).out);
        };
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGINT, SIG_IGN);
        ::sigset_t blocked;
        ::sigemptyset(&blocked);
        ::sigaddset(&blocked, SIGUSR1);
        ::sigset_t before;
        ::sigprocmask(SIG_BLOCK, &blocked, &before);
        auto const [signals, same_signals] = compared("realgrep", {"-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"});
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        ::signal(SIGINT, SIG_DFL);
        ::signal(SIGPIPE, SIG_DFL);
        CHECK(lines_of(signals).size() == 3);
        CHECK(signals == same_signals);
        int const open = ::open("/dev/null", O_RDONLY);
        int const high = ::fcntl(open, F_DUPFD, 20);
        auto const [files, same_files] = compared("realls", {"/proc/self/fd"});
        ::close(open);
        ::close(high);
        CHECK(holds(files, "20"));
        CHECK(files == same_files);
        auto const [values, same_values] = compared("realenv", {});
        CHECK(variables(values).count("w=1") == 1);
        CHECK(variables(values) == variables(same_values));
        CHECK(folder.take(a_case).size() == 3);
    }
}

TEST_CASE("closed descriptors stay closed, and take no evidence in") {
    if (!exists("/proc/self/fd")) {
        MESSAGE("SKIPPED: there is no /proc");
        return;
    }
    programs const own;
    script(own / "tool", R"(exec 9>"$1"; for n in 0 1 2; do if [ -e /proc/$$/fd/$n ]; then printf $n >&9; fi; done)");
    script(own / "closed", R"(exec "$@" <&- >&- 2>&-)");
    script(own / "no_output", R"(exec "$@" >&-)");
    for (shell const& one : shells(own.place)) {
        CAPTURE(one.name);
        guard_folder folder;
        program_guards const guards(folder, {"tool"});
        folder.allow(a_case, {"tool"});
        variable const test("RAMPART_CASE_DIR", folder.case_dir(a_case));
        auto const wrapped = one.command + words{folder.bin() + "/tool", own / "out"};
        CHECK(run(wrapped).status == 0);
        CHECK(running::text_of(own / "out") == "012");
        CHECK(run(words{own / "no_output"} + wrapped).status == 0);
        CHECK(running::text_of(own / "out") == "02");
        CHECK(run(words{own / "closed"} + wrapped).status == 0);
        CHECK(running::text_of(own / "out").empty());
        auto const uses = folder.take(a_case);
        REQUIRE(uses.size() == 3);
        for (guard_use const& use : uses) CHECK(use.how == "tool " + own / "out");
    }
}

TEST_CASE("evidence says what was started and by whom") {
    in_every_shell(":", [](words const& command, guard_folder& folder) {
        REQUIRE(run(command + words{"status", "", "-s", "a\nb\n\nc", "%s\\n"}).status == 0);
        auto uses = folder.take(a_case);
        REQUIRE(uses.size() == 1);
        CHECK(uses[0].resource == "tool");
        CHECK(uses[0].allowed);
        CHECK(uses[0].how == "tool status  -s a b  c %s\\n");
        auto const own_name = rampart::detail::name_of_process(::getpid());
        auto const own_pid = "pid " + std::to_string(::getpid());
        CHECK(uses[0].by == (own_name.empty() ? own_pid : own_name + " (" + own_pid + ")"));

        // With the program's name, 16 words are kept.
        words numbers;
        std::string all = "tool";
        for (int i = 1; i <= 15; ++i) {
            numbers.push_back(std::to_string(i));
            all += " " + numbers.back();
        }
        REQUIRE(run(command + numbers).status == 0);
        REQUIRE(run(command + numbers + words{"16"}).status == 0);
        uses = folder.take(a_case);
        REQUIRE(uses.size() == 2);
        CHECK(uses[0].how == all);
        CHECK(uses[1].how == "tool 1 2 3 4 5 6 7 8 9 10 11 12 13 14 ...");

        // Long words and long lists are cut, by bytes in every locale.
        variable const locale("LC_ALL", "C.UTF-8");
        words many(40, "x");
        many[0] = std::string(150, '\n') + std::string(100000, 'y');
        many[1] = std::string(100000, '\n');
        many[2].clear();
        for (int i = 0; i < 150; ++i) many[2] += "\xc3\xa9";
        REQUIRE(run(command + many).status == 0);
        uses = folder.take(a_case);
        REQUIRE(uses.size() == 1);
        std::string expected = "tool " + std::string(150, ' ') + std::string(50, 'y') + " ";
        CHECK(uses[0].how.starts_with(expected));
        CHECK(uses[0].how.ends_with(many[2].substr(0, 200) + " x x x x x x x x x x x ..."));
        CHECK(uses[0].how.size() < 1000);
    });
}

TEST_CASE("a program that a test does not declare is not started, and is noted") {
    in_every_shell("echo started >&2; touch \"$1\"", [](words const& command, guard_folder& folder) {
        auto const other = folder.case_dir("case-0-2-1");
        variable const test("RAMPART_CASE_DIR", other);
        auto const sign = folder.root() + "/started";
        // Whether it declares something else or nothing, in which case there is no folder yet.
        for (int i = 0; i < 3; ++i) {
            auto const end = run(command + words{sign, "two\nlines"}, "input");
            CHECK(end.status == 127);
            CHECK(end.out.empty());
            CHECK(end.err == "rampart: 'tool' was not started: the running test does not declare it\n"
                             "rampart: add rampart::uses(\"tool\") to the test, or remove the use\n");
            auto const uses = folder.take("case-0-2-1");
            REQUIRE(uses.size() == 1);
            CHECK(!uses[0].allowed);
            CHECK(uses[0].resource == "tool");
            CHECK(uses[0].how == "tool " + sign + " two lines");
            if (i == 0) folder.allow("case-0-2-1", {"tool2", "ool", "smtp"});
        }
        CHECK(!exists(sign));
        CHECK(folder.damage("case-0-2-1").empty());
        CHECK(folder.take(a_case).empty());
    });
}

TEST_CASE("outside a test every program is started, and nothing is noted") {
    in_every_shell("echo \"$@\"", [](words const& command, guard_folder& folder) {
        for (std::optional<std::string> const& none : {std::optional<std::string>(), std::optional<std::string>("")}) {
            variable const test("RAMPART_CASE_DIR", none);
            auto const end = run(command + words{"a"});
            CHECK(end.status == 0);
            CHECK(end.out == "a\n");
            CHECK(end.err.empty());
        }
        CHECK(folder.cases() == words{a_case});
        CHECK(folder.take(a_case).empty());
    });
}

TEST_CASE("the records of 200 uses at once do not mix") {
    in_every_shell(":", [](words const& command, guard_folder& folder) {
        std::set<std::string> expected;
        std::vector<::pid_t> running_now;
        int failed = 0;
        for (int i = 0; i < 200; ++i) {
            // Up to 3 KB each, with line breaks, at which some shells would write what they have.
            words own{std::to_string(i), "a\nb\n"};
            for (int k = 0; k < i % 14; ++k) own.push_back(std::string(190, static_cast<char>('a' + i % 26)));
            std::string how = "tool " + own[0] + " a b";
            for (std::size_t k = 2; k < own.size() && k < 15; ++k) how += " " + own[k];
            expected.insert(how);
            running_now.push_back(running::start(command + own));
        }
        for (::pid_t const pid : running_now) failed += running::waited(pid) != 0;
        CHECK(failed == 0);
        auto const uses = folder.take(a_case);
        CHECK(uses.size() == 200);
        std::set<std::string> found;
        for (guard_use const& use : uses) found.insert(use.how);
        CHECK(found == expected);
    });
}

TEST_CASE("200 uses at once by a test that declares nothing are all refused and noted") {
    in_every_shell(":", [](words const& command, guard_folder& folder) {
        variable const test("RAMPART_CASE_DIR", folder.case_dir("case-0-2-1"));
        std::vector<::pid_t> running_now;
        int refused = 0;
        for (int i = 0; i < 200; ++i) running_now.push_back(running::start(command));
        for (::pid_t const pid : running_now) refused += running::waited(pid) == 127;
        CHECK(refused == 200);
        CHECK(folder.take("case-0-2-1").size() == 200);
    });
}

TEST_CASE("the umask of a program is its own, and evidence is readable whatever it is") {
    in_every_shell("umask", [](words const& command, guard_folder& folder) {
        variable const test("RAMPART_CASE_DIR", folder.case_dir("case-0-2-1"));
        ::mode_t const before = ::umask(0777);
        ::pid_t const blocked = running::start(command);
        ::umask(before);
        CHECK(running::waited(blocked) == 127);
        struct ::stat info {};
        REQUIRE(::stat((folder.case_dir("case-0-2-1") + "/blocked.tool").c_str(), &info) == 0);
        CHECK((info.st_mode & 0777U) == 0600U);
        CHECK(folder.damage("case-0-2-1").empty());
        test.set(folder.case_dir(a_case));
        scratch const place;
        running::write(place / "out", "");
        ::umask(0417);
        ::pid_t const allowed = running::start(command, place / "out");
        ::umask(before);
        CHECK(running::waited(allowed) == 0);
        CHECK(running::text_of(place / "out") == "0417\n");
    });
}

TEST_CASE("a program that is not installed is said to be so, and its use counts") {
    programs const own;
    for (shell const& one : shells(own.place)) {
        CAPTURE(one.name);
        guard_folder folder;
        program_guards const guards(folder, {"no-such-tool"});
        CHECK(guards.real() == std::vector<std::pair<std::string, std::string>>{{"no-such-tool", ""}});
        auto const command = one.command + words{folder.bin() + "/no-such-tool", "-v"};
        folder.allow(a_case, {"no-such-tool"});
        std::string const missing = "rampart: 'no-such-tool' was not started: it is not installed here\n";
        {
            variable const test("RAMPART_CASE_DIR", "");
            auto const end = run(command);
            CHECK(end.status == 127);
            CHECK(end.err == missing);
        }
        {
            variable const test("RAMPART_CASE_DIR", folder.case_dir(a_case));
            auto const end = run(command);
            CHECK(end.status == 127);
            CHECK(end.err == missing);
            auto const uses = folder.take(a_case);
            REQUIRE(uses.size() == 1);
            CHECK(uses[0].allowed);
        }
        variable const test("RAMPART_CASE_DIR", folder.case_dir("case-0-2-1"));
        auto const end = run(command);
        CHECK(end.status == 127);
        CHECK(holds(end.err, "does not declare it"));
        CHECK(folder.take("case-0-2-1").size() == 1);
    }
}

TEST_CASE("a program whose evidence cannot be written is not started") {
    if (!exists("/dev/full")) {
        MESSAGE("SKIPPED: there is no /dev/full");
        return;
    }
    in_every_shell("echo started", [](words const& command, guard_folder& folder) {
        auto const dir = folder.case_dir(a_case);
        std::filesystem::create_symlink("/dev/full", dir + "/used.tool");
        auto end = run(command);
        CHECK(end.status == 127);
        CHECK(end.out.empty());
        CHECK(holds(end.err, "rampart: 'tool' was not started: its use could not be noted in '" + dir + "'\n"));

        folder.allow("case-0-2-1", {});
        auto const other = folder.case_dir("case-0-2-1");
        variable const test("RAMPART_CASE_DIR", other);
        std::filesystem::create_directory(other + "/blocked.tool");
        end = run(command);
        CHECK(end.status == 127);
        CHECK(end.out.empty());
        CHECK(holds(end.err, "does not declare it, and its use could not be noted in '" + other + "'\n"));
    });
}

TEST_CASE("under a limit that leaves no room for evidence a program is not started, and its use is known") {
    in_every_shell("echo started", [](words const& command, guard_folder& folder) {
        scratch const place;
        running::write(place / "out", "");
        int const status = running::in_child([&] {
            ::rlimit const none{0, 0};
            ::setrlimit(RLIMIT_FSIZE, &none);
            return running::waited(running::start(command, place / "out")) == 0 ? 1 : 0;
        });
        CHECK(status == 0);
        CHECK(running::text_of(place / "out").empty());
        auto const uses = folder.take(a_case);
        REQUIRE(uses.size() == 1);
        CHECK(uses[0].resource == "tool");
    });
}

TEST_CASE("whatever a test does to its folder, a program is not started in silence") {
    in_every_shell("echo started", [](words const& command, guard_folder& folder) {
        auto const dir = folder.case_dir(a_case);
        // Removed: what the test declared is gone with it.
        std::filesystem::remove_all(dir);
        auto end = run(command);
        CHECK(end.status == 127);
        CHECK(end.out.empty());
        CHECK(folder.take(a_case).size() == 1);
        std::filesystem::remove_all(dir);
        running::write(dir, "a file");
        end = run(command);
        CHECK(end.status == 127);
        CHECK(end.out.empty());
        CHECK(holds(end.err, "'" + dir + "' cannot be made: the run is over, or its guard folder is gone or closed"));
        CHECK(!folder.damage(a_case).empty());
        std::filesystem::remove(dir);
        // The wrapper of a run that is over, which a late process found in time.
        auto const late = folder.root() + "-late";
        std::filesystem::copy_file(folder.bin() + "/tool", late);
        std::filesystem::remove_all(folder.root());
        auto gone = command;
        gone.back() = late;
        end = run(gone);
        CHECK(end.status == 127);
        CHECK(end.out.empty());
        CHECK(holds(end.err, "cannot be made: the run is over"));
        std::filesystem::remove(late);
    });
}

TEST_CASE("a folder that is closed to its user lets nothing through") {
    programs const own;
    std::filesystem::permissions(own.place.path(), std::filesystem::perms(0777));
    script(own / "tool", "echo started");
    variable const tmpdir("TMPDIR", own.place.path());
    bool const is_named = own.place.path().find(':') == std::string::npos;
    REQUIRE(is_named);
    CHECK(running::as_mere_user([] {
              guard_folder folder;
              program_guards const guards(folder, {"tool"});
              folder.allow(a_case, {"tool"});
              auto const dir = folder.case_dir(a_case);
              ::setenv("RAMPART_CASE_DIR", dir.c_str(), 1);
              if (run({"tool"}).out != "started\n" || folder.take(a_case).size() != 1) return 1;
              for (::mode_t const mode : {0000U, 0500U, 0600U, 0300U}) {
                  ::chmod(dir.c_str(), mode);
                  auto const end = run({"tool"});
                  // Search is enough for a wrapper that finds its file there already: the use is noted.
                  bool const can_note = mode == 0300U || mode == 0500U;
                  bool const good = can_note ? end.status == 0 : end.status == 127 && end.out.empty();
                  bool const told = can_note || holds(end.err, "rampart: 'tool' was not started: ");
                  if (!good || !told || folder.damage(a_case).empty()) return 2;
                  if (folder.take(a_case).size() != (can_note ? 1U : 0U)) return 3;
              }
              return 0;
          }) == 0);
}

TEST_CASE("wrappers stand first on PATH, which is given back") {
    programs const own;
    script(own / "tool", "echo real");
    std::string const before = path_now();
    guard_folder folder;
    {
        program_guards guards(folder, {"tool"});
        CHECK(path_now() == folder.bin() + ":" + before);
        CHECK(guards.real() == std::vector<std::pair<std::string, std::string>>{{"tool", own / "tool"}});
        CHECK(run({"tool"}).out == "real\n");
        CHECK(run({"/bin/sh", "-c", "command -v tool"}).out == folder.bin() + "/tool\n");
        CHECK(guards.put_first());
        CHECK(guards.damage().empty());
    }
    CHECK(path_now() == before);
}

TEST_CASE("a PATH that is not set, empty, or begins with the working folder is understood and given back") {
    programs const own;
    script(own / "tool", "echo real");
    auto const working_folder = std::filesystem::current_path();
    std::filesystem::current_path(own.folder);
    std::string const rest = path_now().substr(own.folder.size() + 1);
    for (std::string const& path : {std::string(""), std::string("."), ".:" + rest, ":" + rest, rest + ":",
                                    "x::" + rest, "../pro grams:" + rest}) {
        CAPTURE(path);
        variable const changed("PATH", path);
        guard_folder folder;
        {
            program_guards const guards(folder, {"tool"});
            CHECK(path_now() == folder.bin() + ":" + path);
            REQUIRE(guards.real().size() == 1);
            CHECK(guards.real()[0].second.starts_with('/'));
            CHECK(rampart::detail::is_same_folder(guards.real()[0].second, own / "tool"));
            // The one that was found at the beginning is started, wherever the test goes.
            std::filesystem::current_path("/");
            CHECK(run({"tool"}).out == "real\n");
            std::filesystem::current_path(own.folder);
        }
        CHECK(path_now() == path);
    }
    std::filesystem::current_path(working_folder);
    variable const none("PATH", std::nullopt);
    guard_folder folder;
    {
        program_guards const guards(folder, {"sh", "tool"});
        CHECK(path_now().starts_with(folder.bin() + ":/"));
        CHECK(!guards.real()[0].second.empty());
        CHECK(guards.real()[1].second.empty());
        CHECK(run({"sh", "-c", "echo real"}).out == "real\n");
    }
    CHECK(path_now() == "(unset)");
}

TEST_CASE("a folder and a file that are no programs are passed over") {
    programs const own;
    std::filesystem::create_directory(own / "tool");
    std::filesystem::create_directory(own.place / "more");
    script(own.place / "more/tool", "echo real");
    variable const path("PATH", own.folder + ":" + own.place / "more" + ":" + path_now());
    guard_folder folder;
    program_guards const guards(folder, {"tool"});
    CHECK(guards.real()[0].second == own.place / "more/tool");
    CHECK(run({"tool"}).out == "real\n");
}

TEST_CASE("what a test does to PATH is noticed, mended, and not lost") {
    programs const own;
    script(own / "tool", "echo real");
    std::string const before = path_now();
    guard_folder folder;
    {
        program_guards guards(folder, {"tool"});
        variable const changed("PATH", "/added:" + path_now());
        CHECK(!guards.put_first());
        CHECK(path_now() == folder.bin() + ":/added:" + before);
        CHECK(guards.put_first());
        changed.set("/other");
        CHECK(!guards.put_first());
        CHECK(path_now() == folder.bin() + ":/other");
        changed.set(std::nullopt);
        CHECK(!guards.put_first());
        CHECK(path_now().starts_with(folder.bin() + ":/"));
    }
    CHECK(path_now() == before);
    auto const changed_for_good = [&](std::optional<std::string> const& to) {
        variable const kept("PATH", path_now());
        {
            program_guards const guards(folder, {"tool"});
            to ? ::setenv("PATH", (*to + path_now()).c_str(), 1) : ::unsetenv("PATH");
        }
        return path_now();
    };
    CHECK(changed_for_good("/added:") == "/added:" + before);
    CHECK(changed_for_good("/added::") == "/added::" + before);
    CHECK(changed_for_good(std::nullopt) == "(unset)");
}

TEST_CASE("wrappers that are removed or changed are noticed") {
    programs const own;
    script(own / "tool", "echo real");
    guard_folder folder;
    program_guards const guards(folder, {"tool", "sh"});
    CHECK(guards.damage().empty());
    auto const file = folder.bin() + "/tool";
    ::chmod(file.c_str(), 0600);
    CHECK(guards.damage() == "the wrapper '" + file + "' was removed or changed");
    ::chmod(file.c_str(), 0700);
    CHECK(guards.damage().empty());
    auto const text = running::text_of(file);
    running::write(file, "#!/bin/sh\n", 0700);
    CHECK(!guards.damage().empty());
    running::write(file, text, 0700);
    CHECK(guards.damage().empty());
    std::filesystem::remove(folder.bin() + "/sh");
    CHECK(guards.damage() == "the wrapper '" + folder.bin() + "/sh' was removed or changed");
}

TEST_CASE("names are checked, and one that is given twice is guarded once") {
    guard_folder folder;
    for (char const* const name : {"", "a/b", "..", "-x", ".x", "a b", "a'b", "a\nb", "a:b", "$x"}) {
        CAPTURE(name);
        std::string const before = path_now();
        CHECK_THROWS_AS(program_guards(folder, {"sh", name}), std::invalid_argument);
        CHECK(path_now() == before);
    }
    program_guards const guards(folder, {"sh", "env", "sh"});
    CHECK(guards.real().size() == 2);
}

TEST_CASE("a name may hold whatever a guard's name may, and no name is part of another") {
    programs const own;
    words const names{"my-tool", "g++", "a.b_c", "tool", "tool.blocked", "used", "blocked_tool", "9"};
    for (std::string const& name : names) script(own / name, "printf '%s\\n' \"$0 $*\"");
    guard_folder folder;
    program_guards const guards(folder, names);
    for (std::size_t i = 0; i < names.size(); ++i) {
        CAPTURE(names[i]);
        auto const test = "case-0-" + std::to_string(i) + "-1";
        folder.allow(test, {names[i]});
        variable const current("RAMPART_CASE_DIR", folder.case_dir(test));
        for (std::string const& name : names) {
            CHECK(run({name, "x"}).out == (name == names[i] ? own / name + " x\n" : ""));
        }
        int allowed = 0;
        auto const uses = folder.take(test);
        for (guard_use const& use : uses) {
            allowed += use.allowed;
            CHECK(use.allowed == (use.resource == names[i]));
            CHECK(use.how == use.resource + " x");
        }
        CHECK(uses.size() == names.size());
        CHECK(allowed == 1);
    }
}

TEST_CASE("the programs that a wrapper itself is made of can be guarded") {
    guard_folder folder;
    program_guards const guards(folder, {"sh", "mkdir", "printf", "test", "env"});
    folder.allow(a_case, {"sh", "printf", "env"});
    variable const test("RAMPART_CASE_DIR", folder.case_dir(a_case));
    CHECK(run({"env", "sh", "-c", "env printf hello"}).out == "hello");
    CHECK(folder.take(a_case).size() == 4);
    test.set(folder.case_dir("case-0-2-1"));
    CHECK(run({"mkdir", folder.root() + "/x"}).status == 127);
    CHECK(run({"sh", "-c", ":"}).status == 127);
    CHECK(!exists(folder.root() + "/x"));
    CHECK(folder.take("case-0-2-1").size() == 2);
}

TEST_CASE("a late child is blamed on its own test, also after the folder of that test was read") {
    programs const own;
    script(own / "tool", ":");
    guard_folder folder;
    program_guards const guards(folder, {"tool"});
    auto const gate = own.place / "gate";
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    ::pid_t late = -1;
    {
        variable const test("RAMPART_CASE_DIR", folder.case_dir("case-0-1-1"));
        late = running::start({"/bin/sh", "-c", "read line <\"$0\"; tool late", gate});
    }
    CHECK(folder.take("case-0-1-1").empty());
    folder.allow("case-0-2-1", {"tool"});
    variable const test("RAMPART_CASE_DIR", folder.case_dir("case-0-2-1"));
    running::write(gate, "go\n", 0600);
    CHECK(running::waited(late) == 127);
    CHECK(folder.take("case-0-2-1").empty());
    auto const uses = folder.take("case-0-1-1");
    REQUIRE(uses.size() == 1);
    CHECK(!uses[0].allowed);
    CHECK(uses[0].how == "tool late");
}

TEST_CASE("a forked child gives nothing back") {
    programs const own;
    guard_folder folder;
    std::string const before = path_now();
    auto guards = std::make_unique<program_guards>(folder, words{"sh"});
    std::string const during = path_now();
    CHECK(running::in_child([&] {
              guards.reset();
              return path_now() == during ? 0 : 1;
          }) == 0);
    guards.reset();
    CHECK(path_now() == before);
}

TEST_CASE("a worker uses its controller's wrappers, wherever its PATH puts them") {
    programs const own;
    script(own / "tool", "echo real");
    std::string const before = path_now();
    guard_folder controllers;
    program_guards const guards(controllers, {"tool"});
    auto const text = running::text_of(controllers.bin() + "/tool");
    for (std::string const& path : {path_now(), before, before + ":" + controllers.bin()}) {
        CAPTURE(path);
        variable const changed("PATH", path);
        auto const folder = guard_folder::adopt(controllers.root());
        REQUIRE(folder != nullptr);
        {
            program_guards const own_guards(*folder, {"tool"});
            CHECK(path_now() == controllers.bin() + ":" + before);
            CHECK(own_guards.real()[0].second == own / "tool");
        }
        CHECK(path_now() == path);
        CHECK(running::text_of(controllers.bin() + "/tool") == text);
    }
    auto const folder = guard_folder::adopt(controllers.root());
    REQUIRE(folder != nullptr);
    CHECK_THROWS_WITH_AS(program_guards(*folder, {"tool", "sh"}),
                         doctest::Contains("bin/sh': the controller does not guard this program"), std::runtime_error);
    CHECK(path_now() == controllers.bin() + ":" + before);
}

TEST_CASE("wrappers that cannot be written are an error, and PATH stays as it was") {
    guard_folder folder;
    std::string const before = path_now();
    std::filesystem::create_directory(folder.bin() + "/sh");
    CHECK_THROWS_WITH_AS(program_guards(folder, {"sh"}), doctest::Contains("bin/sh': Is a directory"),
                         std::runtime_error);
    std::filesystem::remove_all(folder.bin());
    CHECK_THROWS_WITH_AS(program_guards(folder, {"sh"}), doctest::Contains("No such file or directory"),
                         std::runtime_error);
    CHECK(path_now() == before);
}

namespace {

/// A run inside a test of another run; both guard programs, and each has a test that runs.
struct nested_runs {
    explicit nested_runs(words const& outer_declares, words const& outer_names = {"tool"},
                         words const& inner_names = {"tool"})
        : outer_guards(outer, outer_names) {
        if (!outer_declares.empty()) outer.allow("case-0-5-1", outer_declares);
        test.set(outer.case_dir("case-0-5-1"));
        inner = std::make_unique<guard_folder>();
        inner_guards = std::make_unique<program_guards>(*inner, inner_names);
    }
    guard_folder outer{};
    program_guards outer_guards;
    variable const test{"RAMPART_CASE_DIR", ""};
    std::unique_ptr<guard_folder> inner{};
    std::unique_ptr<program_guards> inner_guards{};

    /// Resource and whether it was allowed, for each use.
    static words told(guard_folder& folder, char const* name) {
        words all;
        for (guard_use const& use : folder.take(name)) all.push_back((use.allowed ? "+" : "-") + use.resource);
        std::sort(all.begin(), all.end());
        return all;
    }
};

}  // namespace

TEST_CASE("in a run inside a run, both tests have to declare a program") {
    programs const own;
    script(own / "tool", "echo \"$RAMPART_CASE_DIR\"");
    for (bool const outer_declares : {true, false}) {
        for (bool const inner_declares : {true, false}) {
            CAPTURE(outer_declares);
            CAPTURE(inner_declares);
            nested_runs runs(outer_declares ? words{"tool"} : words{});
            CHECK(runs.inner->outer_case() == runs.outer.case_dir("case-0-5-1"));
            CHECK(runs.inner_guards->real()[0].second == own / "tool");
            if (inner_declares) runs.inner->allow(a_case, {"tool"});
            runs.test.set(runs.inner->case_dir(a_case));
            auto const end = run({"tool"});
            // What the program starts is still the inner test's.
            CHECK(end.out == (inner_declares && outer_declares ? runs.inner->case_dir(a_case) + "\n" : ""));
            CHECK(end.status == (inner_declares && outer_declares ? 0 : 127));
            CHECK(runs.told(*runs.inner, a_case) == words{inner_declares ? "+tool" : "-tool"});
            // What the inner run has refused did not happen to the outer one.
            auto const outer = runs.told(runs.outer, "case-0-5-1");
            CHECK(outer == (!inner_declares ? words{} : words{outer_declares ? "+tool" : "-tool"}));
        }
    }
}

TEST_CASE("between the tests of an inner run, the outer test answers") {
    programs const own;
    script(own / "tool", ":");
    nested_runs runs({});
    runs.test.set(runs.inner->outer_case());
    CHECK(run({"tool"}).status == 127);
    CHECK(runs.told(runs.outer, "case-0-5-1") == words{"-tool"});
    CHECK(runs.inner->cases().empty());
}

TEST_CASE("a program that only the outer run guards is the outer test's, and what it starts the inner test's") {
    programs const own;
    script(own / "make", "tool");
    script(own / "tool", "echo real");
    nested_runs runs({"make"}, {"make"}, {"tool"});
    runs.test.set(runs.inner->case_dir(a_case));
    CHECK(run({"make"}).status == 127);
    CHECK(runs.told(runs.outer, "case-0-5-1") == words{"+make"});
    CHECK(runs.told(*runs.inner, a_case) == words{"-tool"});
    runs.inner->allow(a_case, {"tool"});
    CHECK(run({"make"}).out == "real\n");
    CHECK(runs.told(*runs.inner, a_case) == words{"+tool"});
}

TEST_CASE("three runs inside each other each get their evidence") {
    programs const own;
    script(own / "tool", "echo real");
    nested_runs runs({"tool"});
    runs.inner->allow(a_case, {"tool"});
    runs.test.set(runs.inner->case_dir(a_case));
    guard_folder third;
    program_guards const guards(third, {"tool"});
    third.allow("case-9", {"tool"});
    runs.test.set(third.case_dir("case-9"));
    CHECK(run({"tool"}).out == "real\n");
    CHECK(runs.told(third, "case-9") == words{"+tool"});
    CHECK(runs.told(*runs.inner, a_case) == words{"+tool"});
    CHECK(runs.told(runs.outer, "case-0-5-1") == words{"+tool"});
}

TEST_CASE("what is left of an inner run that is over is refused") {
    programs const own;
    script(own / "tool", "echo real");
    nested_runs runs({"tool"});
    auto const left = runs.inner->case_dir(a_case);
    runs.inner_guards.reset();
    runs.inner.reset();
    runs.test.set(left);
    auto const end = run({"tool"});
    CHECK(end.status == 127);
    CHECK(end.err ==
          "rampart: 'tool' was not started: the run of '" + left + "' is over, or its guard folder cannot be read\n");
    for (char const* const garbage : {"x", "/", "/x", "."}) {
        CAPTURE(garbage);
        runs.test.set(garbage);
        CHECK(run({"tool"}).status == 127);
    }
}

TEST_CASE("two runs that end in the order in which they began take only their own folder from PATH") {
    programs const own;
    std::string const before = path_now();
    guard_folder first_folder;
    guard_folder second_folder;
    auto first = std::make_unique<program_guards>(first_folder, words{"sh"});
    auto second = std::make_unique<program_guards>(second_folder, words{"sh"});
    first.reset();
    CHECK(path_now() == second_folder.bin() + ":" + before);
    second.reset();
    CHECK(!holds(path_now(), second_folder.bin()));
}
