#include "rampart/guards/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __linux__
# include <sched.h>
# include <sys/mount.h>
#endif

#include <doctest/doctest.h>

#include "guards/running.hpp"

using rampart::guard_folder;
using running::exists;
using running::scratch;
using running::variable;

namespace {

unsigned mode_of(std::string const& path) {
    struct ::stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
}

bool begins(std::string const& text, std::string const& with) { return text.starts_with(with); }
bool holds(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

/// What is thrown when a folder is made now; "" when nothing is.
std::string failure_to_make() {
    try {
        guard_folder const folder;
        return "";
    } catch (std::runtime_error const& failure) {
        return failure.what();
    }
}

std::string failure_of_take(guard_folder& folder, std::string const& name) {
    try {
        static_cast<void>(folder.take(name));
        return "";
    } catch (std::runtime_error const& failure) {
        return failure.what();
    }
}

/// Adopts, and says why not.
std::string why_not(std::string const& root) {
    std::string reason;
    auto const folder = guard_folder::adopt(root, &reason);
    return folder != nullptr && reason.empty() ? "adopted" : reason;
}

/// The limit on the size of files is 0 bytes: a disk that has room for names, but for nothing in them.
class no_bytes {
public:
    no_bytes() {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        ::rlimit none = before_;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    no_bytes(no_bytes const&) = delete;
    no_bytes& operator=(no_bytes const&) = delete;
    ~no_bytes() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, SIG_DFL);
    }

private:
    ::rlimit before_{};
};

}  // namespace

TEST_CASE("a guard folder is private, has a folder for programs, and is gone at the end") {
    scratch const place;
    variable const tmpdir("TMPDIR", place.path());
    std::string root;
    {
        guard_folder const folder;
        root = folder.root();
        CHECK(begins(root, place / "rampart-guards-"));
        CHECK(folder.bin() == root + "/bin");
        CHECK(folder.is_owner());
        CHECK(mode_of(root) == 0700U);
        CHECK(mode_of(folder.bin()) == 0700U);
        CHECK(std::filesystem::is_empty(folder.bin()));
        CHECK(folder.cases().empty());
        CHECK(folder.damage().empty());
    }
    CHECK(!exists(root));
    CHECK(std::filesystem::is_empty(place.path()));
}

TEST_CASE("the umask does not make a guard folder unusable") {
    scratch const place;
    variable const tmpdir("TMPDIR", place.path());
    ::mode_t const before = ::umask(0777);
    guard_folder folder;
    folder.allow("case-0-1-1", {"git"});
    ::umask(before);
    CHECK(mode_of(folder.root()) == 0700U);
    CHECK(mode_of(folder.bin()) == 0700U);
    CHECK(mode_of(folder.case_dir("case-0-1-1")) == 0700U);
    CHECK(mode_of(folder.case_dir("case-0-1-1") + "/allow.git") == 0600U);
    CHECK(folder.damage("case-0-1-1").empty());
    CHECK(why_not(folder.root()) == "adopted");
}

TEST_CASE("two folders have nothing in common") {
    guard_folder first;
    guard_folder second;
    first.allow("case-0-1-1", {"git"});
    CHECK(first.root() != second.root());
    CHECK(second.cases().empty());
}

TEST_CASE("a TMPDIR that cannot be used is passed over") {
    scratch const place;
    running::write(place / "file", "");
    std::filesystem::create_directory(place / "with:colon");
    std::filesystem::create_directory(place / "with\nbreak");
    for (std::string const& bad :
         {place / "missing", place / "file", place / "with:colon", place / "with\nbreak", std::string("/proc")}) {
        CAPTURE(bad);
        variable const tmpdir("TMPDIR", bad);
        guard_folder const folder;
        CHECK(!begins(folder.root(), bad + "/"));
        CHECK(exists(folder.bin()));
    }
}

TEST_CASE("without a TMPDIR, or with an empty one, the folder is in /tmp") {
    auto const tmp = std::filesystem::canonical("/tmp").string() + "/rampart-guards-";
    variable const tmpdir("TMPDIR", std::nullopt);
    CHECK(begins(guard_folder().root(), tmp));
    tmpdir.set("");
    CHECK(begins(guard_folder().root(), tmp));
}

TEST_CASE("a relative TMPDIR and one behind a link make an absolute root without links") {
    scratch const place;
    std::filesystem::create_directory(place / "real");
    std::filesystem::create_symlink(place / "real", place / "link");
    auto const before = std::filesystem::current_path();
    std::filesystem::current_path(place.path());
    variable const tmpdir("TMPDIR", "link/../link");
    {
        guard_folder const folder;
        std::filesystem::current_path(before);
        CHECK(begins(folder.root(), place / "real/rampart-guards-"));
        CHECK(exists(folder.bin()));
    }
    CHECK(std::filesystem::is_empty(place / "real"));
}

TEST_CASE("a folder that its user may not write to is passed over") {
    scratch const place;
    std::filesystem::permissions(place.path(), std::filesystem::perms(0555));
    variable const tmpdir("TMPDIR", place.path());
    CHECK(running::as_mere_user([&] { return begins(guard_folder().root(), place.path()) ? 1 : 0; }) == 0);
}

TEST_CASE("a folder on which nothing may be executed is passed over") {
#ifdef __linux__
    scratch const place;
    int const status = running::in_child([&place] {
        if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", place.path().c_str(), "tmpfs", MS_NOEXEC, nullptr) != 0) {
            return 77;
        }
        ::setenv("TMPDIR", place.path().c_str(), 1);
        bool const elsewhere = !begins(guard_folder().root(), place.path());
        if (!elsewhere || !std::filesystem::is_empty(place.path())) return 1;
        // A reason is given where there is no better place.
        for (char const* const other : {"/tmp", "/var/tmp", "/dev/shm"}) {
            if (::mount("tmpfs", other, "tmpfs", MS_NOEXEC, nullptr) != 0) return 77;
        }
        return holds(failure_to_make(), "'/tmp': a script there cannot be run: Permission denied") ? 0 : 2;
    });
    if (status == 77) {
        MESSAGE("SKIPPED: nothing can be mounted here");
    } else {
        CHECK(status == 0);
    }
#else
    MESSAGE("SKIPPED: nothing can be mounted here");
#endif
}

TEST_CASE("a full disk everywhere is an error that names each place, and leaves nothing behind") {
    scratch const place;
    variable const tmpdir("TMPDIR", place.path());
    std::string text;
    {
        no_bytes const limit;
        text = failure_to_make();
    }
    CHECK(begins(text, "resource guards: no folder for the wrapper scripts can be made. '" + place.path() + "': "));
    CHECK(holds(text, "File too large"));
    CHECK(holds(text, "; '/tmp': "));
    CHECK(holds(text, "; '/dev/shm': "));
    CHECK(holds(text, "Set TMPDIR to a folder in which files can be written and executed"));
    CHECK(std::filesystem::is_empty(place.path()));
}

TEST_CASE("a forked child removes nothing, and its parent does") {
    auto folder = std::make_unique<guard_folder>();
    std::string const root = folder->root();
    CHECK(running::in_child([&] {
              folder.reset();
              return exists(root + "/bin") ? 0 : 1;
          }) == 0);
    CHECK(exists(root + "/bin"));
    folder.reset();
    CHECK(!exists(root));
}

TEST_CASE("a process that is killed leaves its folder, which disturbs no later one") {
    scratch const place;
    variable const tmpdir("TMPDIR", place.path());
    CHECK(running::in_child([] {
              guard_folder folder;
              folder.allow("case-0-1-1", {"git"});
              ::kill(::getpid(), SIGKILL);
              return 0;
          }) == 1000 + SIGKILL);
    CHECK(!std::filesystem::is_empty(place.path()));
    guard_folder const folder;
    CHECK(folder.cases().empty());
    CHECK(folder.damage().empty());
}

TEST_CASE("all is removed, also what cannot be read, and nothing behind a link") {
    scratch const place;
    std::filesystem::permissions(place.path(), std::filesystem::perms(0777));
    scratch const other;
    running::write(other / "kept", "");
    variable const tmpdir("TMPDIR", place.path());
    CHECK(running::as_mere_user([&] {
              guard_folder folder;
              folder.allow("case-0-1-1", {"git"});
              auto const dir = folder.case_dir("case-0-1-1");
              std::filesystem::create_directories(dir + "/deep/deeper");
              std::filesystem::create_symlink(other.path(), dir + "/link");
              return ::chmod((dir + "/deep/deeper").c_str(), 0) + ::chmod((dir + "/deep").c_str(), 0) +
                     ::chmod(dir.c_str(), 0) + ::chmod(folder.root().c_str(), 0500);
          }) == 0);
    CHECK(std::filesystem::is_empty(place.path()));
    CHECK(exists(other / "kept"));
}

TEST_CASE("what took the place of the folder is not removed") {
    scratch const place;
    variable const tmpdir("TMPDIR", place.path());
    std::string root;
    {
        guard_folder const folder;
        root = folder.root();
        std::filesystem::rename(root, place / "moved");
        std::filesystem::create_directory(root);
        running::write(root + "/kept", "");
        CHECK(holds(folder.damage(), "it is another folder than before"));
    }
    CHECK(exists(root + "/kept"));
}

TEST_CASE("a worker adopts its controller's folder and leaves it where it is") {
    guard_folder folder;
    folder.allow("case-1-2-1", {"git"});
    {
        auto const adopted = guard_folder::adopt(folder.root() + "/");
        REQUIRE(adopted != nullptr);
        CHECK(adopted->root() == folder.root());
        CHECK(!adopted->is_owner());
        CHECK(adopted->cases() == std::vector<std::string>{"case-1-2-1"});
        CHECK(adopted->outer_case() == folder.outer_case());
        adopted->allow("case-1-3-1", {"smtp"});
    }
    CHECK(folder.cases() == std::vector<std::string>{"case-1-2-1", "case-1-3-1"});
    CHECK(exists(folder.case_dir("case-1-3-1") + "/allow.smtp"));
}

TEST_CASE("what is no guard folder of this user is not adopted") {
    scratch const place;
    CHECK(holds(why_not(""), "is no absolute path"));
    CHECK(holds(why_not("rampart-guards-1"), "is no absolute path"));
    CHECK(holds(why_not(place / "missing"), "No such file or directory"));
    CHECK(holds(why_not(place.path()), "is not private (mode 0700)"));
    std::filesystem::permissions(place.path(), std::filesystem::perms(0700));
    CHECK(holds(why_not(place.path()), "/bin': No such file or directory"));
    running::write(place / "bin", "");
    CHECK(holds(why_not(place.path()), "/bin' is no folder"));
    std::filesystem::remove(place / "bin");
    std::filesystem::create_directory(place / "bin");
    std::filesystem::permissions(place / "bin", std::filesystem::perms(0700));
    CHECK(holds(why_not(place.path()), "is no guard folder"));
    running::write(place / "rampart-outer-case", "no line");
    CHECK(holds(why_not(place.path()), "is no guard folder"));
    running::write(place / "rampart-outer-case", "\n");
    CHECK(why_not(place.path()) == "adopted");
    scratch const other;
    std::filesystem::create_symlink(place.path(), other / "link");
    CHECK(holds(why_not(other / "link"), "is no folder"));
    if (::chown(place.path().c_str(), ::geteuid() + 1, static_cast<::gid_t>(-1)) == 0) {
        CHECK(holds(why_not(place.path()), "belongs to another user"));
    } else {
        MESSAGE("SKIPPED: folders cannot be given away here");
    }
}

TEST_CASE("the test that started this run is known, as long as its run lives") {
    auto outer = std::make_unique<guard_folder>();
    CHECK(outer->outer_case().empty());
    // The folder of a test that declares nothing need not be there.
    std::string const test = outer->case_dir("case-0-7-1");
    variable const current("RAMPART_CASE_DIR", test);
    guard_folder const inner;
    CHECK(inner.outer_case() == test);
    current.set(std::nullopt);
    auto const worker = guard_folder::adopt(inner.root());
    REQUIRE(worker != nullptr);
    CHECK(worker->outer_case() == test);
    for (std::string const& bad : {std::string(""), std::string("garbage"), std::string("/case-1"),
                                   std::string("case-1"), outer->bin(), outer->root(), outer->root() + "/case-1\n2"}) {
        CAPTURE(bad);
        current.set(bad);
        CHECK(guard_folder().outer_case().empty());
    }
    current.set(test);
    outer.reset();
    CHECK(guard_folder().outer_case().empty());
}

TEST_CASE("a policy is one empty file for each declared resource, and grows") {
    guard_folder folder;
    folder.allow("case-0-1-1", {"git", "smtp"});
    folder.allow("case-0-1-1", {"my-tool", "localhost:25"});
    auto const dir = folder.case_dir("case-0-1-1");
    CHECK(dir == folder.root() + "/case-0-1-1");
    for (char const* const name : {"git", "smtp", "my-tool", "localhost:25"}) {
        CHECK(exists(dir + "/allow." + name));
        CHECK(rampart::detail::is_allowed(dir, name));
    }
    CHECK(!rampart::detail::is_allowed(dir, "docker"));
    folder.allow("case-0-2-1", {});
    CHECK(std::filesystem::is_empty(folder.case_dir("case-0-2-1")));
}

TEST_CASE("names that cannot be names are refused") {
    guard_folder folder;
    for (char const* const name : {"", "a/b", "..", "-x", ".x", "a b", "a'b", "a\nb", "caf\xc3\xa9", "*"}) {
        CAPTURE(name);
        CHECK_THROWS_AS(folder.allow("case-1", {name}), std::invalid_argument);
    }
    for (char const* const name : {"", "bin", "case", "case-", "case-../x", "case-a/b", "case-a b", "1", "case-a:b"}) {
        CAPTURE(name);
        CHECK_THROWS_AS(static_cast<void>(folder.case_dir(name)), std::invalid_argument);
        CHECK_THROWS_AS(folder.allow(name, {}), std::invalid_argument);
        CHECK_THROWS_AS(static_cast<void>(folder.take(name)), std::invalid_argument);
    }
}

TEST_CASE("the case folders are listed in order, and nothing else is") {
    guard_folder folder;
    std::vector<std::string> expected;
    for (int const n : {5, 1, 9, 3, 7, 2, 8, 4, 6, 0}) folder.allow("case-" + std::to_string(n), {});
    for (int n = 0; n < 10; ++n) expected.push_back("case-" + std::to_string(n));
    CHECK(folder.cases() == expected);
}

TEST_CASE("evidence is taken once, and comes with the test it belongs to") {
    guard_folder folder;
    CHECK(folder.take("case-0-1-1").empty());
    auto const note = [&folder](char const* test, char const* name, bool allowed) {
        return rampart::detail::write_evidence(folder.case_dir(test), name, allowed, {name, "-v"}, ::getpid());
    };
    folder.allow("case-0-1-1", {"git"});
    REQUIRE(note("case-0-1-1", "git", true));
    REQUIRE(note("case-0-2-1", "docker", false));
    auto const first = folder.take("case-0-1-1");
    REQUIRE(first.size() == 1);
    CHECK(first[0].resource == "git");
    CHECK(first[0].allowed);
    CHECK(first[0].how == "git -v");
    CHECK(folder.take("case-0-1-1").empty());
    auto const second = folder.take("case-0-2-1");
    REQUIRE(second.size() == 1);
    CHECK(second[0].resource == "docker");
    CHECK(!second[0].allowed);
    REQUIRE(note("case-0-1-1", "git", true));
    CHECK(folder.take("case-0-1-1").size() == 1);
}

TEST_CASE("evidence that a test made unreadable is read all the same") {
    scratch const place;
    std::filesystem::permissions(place.path(), std::filesystem::perms(0777));
    variable const tmpdir("TMPDIR", place.path());
    CHECK(running::as_mere_user([&] {
              guard_folder folder;
              auto const dir = folder.case_dir("case-0-1-1");
              if (!rampart::detail::write_evidence(dir, "git", false, {"git"}, ::getpid())) return 1;
              if (::chmod((dir + "/blocked.git").c_str(), 0) != 0 || ::chmod(dir.c_str(), 0) != 0) return 2;
              if (!holds(folder.damage("case-0-1-1"), "it is not this user's alone (mode 0700)")) return 3;
              auto const uses = folder.take("case-0-1-1");
              return uses.size() == 1 && uses[0].how == "git" ? 0 : 4;
          }) == 0);
}

TEST_CASE("where evidence cannot be read any more there is an error, and not an empty list") {
    guard_folder folder;
    folder.allow("case-0-1-1", {"git"});
    auto const dir = folder.case_dir("case-0-1-1");
    std::filesystem::remove_all(dir);
    CHECK(failure_of_take(folder, "case-0-1-1").empty());
    running::write(dir, "a file");
    CHECK(holds(failure_of_take(folder, "case-0-1-1"), "cannot be read from '" + dir + "': Not a directory"));
    CHECK(holds(folder.damage("case-0-1-1"), "it is no folder any more"));
    CHECK_THROWS_AS(folder.allow("case-0-1-1", {"git"}), std::runtime_error);
    std::filesystem::remove_all(folder.root());
    CHECK(holds(failure_of_take(folder, "case-0-1-1"), "tests must leave the guard folder alone"));
    CHECK(holds(folder.damage(), "'" + folder.root() + "' was changed: No such file or directory"));
    CHECK_THROWS_AS(folder.allow("case-0-2-1", {"git"}), std::runtime_error);
    CHECK_THROWS_AS(static_cast<void>(folder.cases()), std::runtime_error);
}

TEST_CASE("what a test does to the folder is noticed") {
    guard_folder const folder;
    CHECK(folder.damage("case-0-1-1").empty());
    ::chmod(folder.root().c_str(), 0755);
    CHECK(holds(folder.damage(), "it is not this user's alone (mode 0700)"));
    ::chmod(folder.root().c_str(), 0700);
    ::chmod(folder.bin().c_str(), 0000);
    CHECK(holds(folder.damage(), "bin' was changed: it is not this user's alone"));
    ::chmod(folder.bin().c_str(), 0700);
    CHECK(folder.damage().empty());
    std::filesystem::remove_all(folder.bin());
    CHECK(holds(folder.damage(), "bin' was changed: No such file or directory"));
}

TEST_CASE("a policy that cannot be written is an error") {
    guard_folder folder;
    folder.allow("case-0-1-1", {});
    std::filesystem::create_directory(folder.case_dir("case-0-1-1") + "/allow.tmux");
    CHECK_THROWS_WITH_AS(folder.allow("case-0-1-1", {"tmux"}),
                         doctest::Contains("allow.tmux': Is a directory; make room or give access there"),
                         std::runtime_error);
    std::filesystem::create_symlink("/dev/null", folder.case_dir("case-0-1-1") + "/allow.git");
    CHECK_THROWS_AS(folder.allow("case-0-1-1", {"git"}), std::runtime_error);
}
