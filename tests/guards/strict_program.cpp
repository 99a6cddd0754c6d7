#include "rampart/guards/strict_program.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

TEST_SUITE_BEGIN("strict_program");

#ifdef RAMPART_DETAIL_STRICT

using namespace rampart::detail;

namespace {

/// Files in a folder, and what starting them means.
struct files {
    running::scratch folder{};

    std::string path(std::string const& name) const { return folder.path() + "/" + name; }
    std::string make(std::string const& name, std::string const& text = "\177ELF") const {
        std::ofstream(path(name)) << text;
        std::filesystem::permissions(path(name), std::filesystem::perms(0755));
        return path(name);
    }
    std::string link(std::string const& to, std::string const& name) const {
        std::filesystem::create_symlink(to, path(name));
        return path(name);
    }
    /// "" where it is no guarded program.
    static std::string started(strict_programs const& programs, std::string const& path,
                               std::vector<std::string> words = {}) {
        if (words.empty()) words = {path};
        auto const* const name = programs.match(::getpid(), strict_open_as(::getpid(), AT_FDCWD, path), path, words);
        return name == nullptr ? "" : *name;
    }
};

}  // namespace

TEST_CASE("a program is known by its file and by its place, not by its text or its name") {
    files const here;
    auto const tool = here.make("tool");
    std::filesystem::create_directory(here.path("other"));
    strict_programs const programs({{"tool", tool}}, "");
    CHECK(files::started(programs, tool) == "tool");
    CHECK(files::started(programs, here.link("tool", "soft")) == "tool");
    std::filesystem::create_hard_link(tool, here.path("hard"));
    CHECK(files::started(programs, here.path("hard")) == "tool");
    CHECK(files::started(programs, here.make("copy")) == "");
    CHECK(files::started(programs, here.make("other/tool")) == "");
    CHECK(files::started(programs, here.path("other")) == "");
    CHECK(files::started(programs, here.path("none")) == "");
    // An update puts another file there.
    here.make("new");
    std::filesystem::rename(here.path("new"), tool);
    CHECK(files::started(programs, tool) == "tool");
}

TEST_CASE("a program that is not installed is no rule; one that comes later is known by its place") {
    files const here;
    strict_programs const programs({{"none", ""}, {"later", here.path("later")}}, "");
    CHECK(files::started(programs, here.make("other")) == "");
    CHECK(files::started(programs, here.make("later")) == "later");
}

TEST_CASE("of a file that is many programs, only the name in use is the program") {
    files const here;
    here.make("busybox");
    auto const wget = here.link("busybox", "wget");
    auto const ls = here.link("busybox", "ls");
    strict_programs const programs({{"wget", wget}}, "");
    CHECK(files::started(programs, wget) == "wget");
    CHECK(files::started(programs, ls) == "");
    CHECK(files::started(programs, here.path("busybox")) == "");
    CHECK(files::started(programs, here.path("busybox"), {"busybox", "wget", "-q"}) == "wget");
    CHECK(files::started(programs, here.path("busybox"), {"busybox", "ls", "wget"}) == "");
    CHECK(files::started(programs, here.path("busybox"), {"wget"}) == "wget");
    CHECK(files::started(programs, here.path("busybox"), {"-wget"}) == "wget");

    here.make("rustup");
    std::filesystem::create_hard_link(here.path("rustup"), here.path("cargo"));
    std::filesystem::create_hard_link(here.path("rustup"), here.path("rustc"));
    strict_programs const hard({{"cargo", here.path("cargo")}}, "");
    CHECK(files::started(hard, here.path("cargo")) == "cargo");
    CHECK(files::started(hard, here.path("rustc")) == "");

    // A longer name of the same program is no other program.
    here.make("python3.11");
    strict_programs const python(
        {{"python", here.link("python3.11", "python")}, {"python3", here.link("python3.11", "python3")}}, "");
    CHECK(files::started(python, here.path("python3.11")) == "python");
    CHECK(files::started(python, here.path("python3")) == "python3");
    CHECK(files::started(python, here.path("python")) == "python");
    CHECK(files::started(python, here.path("python3.11"), {"python3"}) == "python3");
}

TEST_CASE("a script starts its interpreter too, unless it is a wrapper of the run") {
    files const here;
    auto const shell = here.make("shell");
    auto const folder = here.folder.path();
    std::filesystem::create_directory(here.path("root"));
    strict_programs const programs({{"shell", shell}}, here.path("root"));
    CHECK(files::started(programs, here.make("script", "#!" + shell + "\nexit\n")) == "shell");
    CHECK(files::started(programs, here.make("spaces", "#! \t " + shell + " -x y\n")) == "shell");
    CHECK(files::started(programs, here.make("endless", "#!" + shell)) == "shell");
    CHECK(files::started(programs, here.make("second", "#!" + here.path("script") + "\n")) == "shell");
    CHECK(files::started(programs, here.make("root/wrapper", "#!" + shell + "\n")) == "");
    CHECK(files::started(programs, here.make("none", "#!\n")) == "");
    CHECK(files::started(programs, here.make("empty", "")) == "");
    CHECK(files::started(programs, here.make("comment", "# " + shell + "\n")) == "");
    CHECK(files::started(programs, here.make("itself", "#!" + here.path("itself") + "\n")) == "");
}

TEST_CASE("a loader starts the first of its words that is no option") {
    files const here;
    auto const tool = here.make("tool");
    auto const loader = here.make("ld-linux-x86-64.so.2");
    strict_programs const programs({{"tool", tool}}, "");
    CHECK(files::started(programs, loader, {loader, tool}) == "tool");
    CHECK(files::started(programs, loader, {loader, "--library-path", "/x", "--verify", tool, "-x"}) == "tool");
    CHECK(files::started(programs, loader, {loader, "--preload", tool, "/bin/true"}) == "");
    CHECK(files::started(programs, loader, {loader, "/bin/true", tool}) == "");
    CHECK(files::started(programs, loader, {loader, "--argv0"}) == "");
    CHECK(files::started(programs, loader, {loader}) == "");
    CHECK(files::started(programs, loader, {loader, loader, tool}) == "tool");
    CHECK(files::started(programs, here.make("true"), {"true", tool}) == "");
}

#else

TEST_CASE("no programs are recognised on this system") { std::printf("SKIPPED: the programs of strict mode\n"); }

#endif

TEST_SUITE_END();
