#include "rampart/guards/strict_process.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "guards/strict_run.hpp"

TEST_SUITE_BEGIN("strict_process");

#ifdef RAMPART_DETAIL_STRICT

using namespace rampart::detail;
using namespace strict_run;

namespace {

std::uint64_t address_of(void const* p) { return reinterpret_cast<std::uintptr_t>(p); }

/// A child that lives as long as this.
class sleeper {
public:
    explicit sleeper(std::function<void()> const& first = {}) {
        int ready[2];
        REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::alarm(seconds);
            if (first) first();
            static_cast<void>(::write(ready[1], "x", 1));
            for (;;) ::pause();
        }
        ::close(ready[1]);
        char c = 0;
        CHECK(::read(ready[0], &c, 1) >= 0);
        ::close(ready[0]);
    }
    sleeper(sleeper const&) = delete;
    sleeper& operator=(sleeper const&) = delete;
    ~sleeper() {
        ::kill(pid_, SIGKILL);
        status_of(pid_);
    }
    ::pid_t pid() const { return pid_; }

private:
    ::pid_t pid_;
};

bool is_same(strict_file const& file, std::string const& path) {
    struct ::stat one {};
    struct ::stat other {};
    return file.facts(one) && ::stat(path.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

}  // namespace

TEST_CASE("memory is read across pages, up to what is mapped") {
    auto* const pages =
        static_cast<char*>(::mmap(nullptr, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(pages != MAP_FAILED);
    REQUIRE(::munmap(pages + 2 * 4096, 4096) == 0);
    std::memset(pages, 'x', 2 * 4096);
    std::memcpy(pages + 4090, "across the edge", 16);
    sleeper const child;
    strict_memory memory(child.pid());
    CHECK(memory.text(address_of(pages + 4090), 100) == "across the edge");
    CHECK(memory.text(address_of(pages + 4090), 9) == "across th");
    CHECK(memory.text(address_of(pages + 2 * 4096 - 5), 5) == "xxxxx");
    CHECK_FALSE(memory.text(address_of(pages + 2 * 4096 - 5), 6));
    CHECK_FALSE(memory.text(8, 6));
    CHECK_FALSE(memory.text(~std::uint64_t{0} - 2, 6));
    CHECK_FALSE(memory.is_closed());
    ::munmap(pages, 2 * 4096);
}

TEST_CASE("words and variables are found in arrays of both kinds, and cut where they are long") {
    char const* const words[] = {
        "one", "two", "A=1", "RAMPART_CASE_DIRS=no", "RAMPART_CASE_DIR=/a", "RAMPART_CASE_DIR=/b", nullptr};
    sleeper const child;
    strict_memory memory(child.pid());
    CHECK(memory.words(address_of(words), 2, 2) == std::vector<std::string>{"on", "tw"});
    CHECK(memory.words(address_of(words), 99, 99).size() == 6);
    CHECK(memory.words(0, 99, 99).empty());
    CHECK(memory.variable(address_of(words), "RAMPART_CASE_DIR") == "/a");
    CHECK_FALSE(memory.variable(address_of(words), "B"));
    void* const low = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(low != MAP_FAILED);
    static_cast<std::uint32_t*>(low)[0] = 0x12345678;
    sleeper const other;
    CHECK(strict_memory(other.pid(), 4).pointer(address_of(low)) == 0x12345678U);
    ::munmap(low, 4096);
}

TEST_CASE("an environment as long as Linux takes it is searched in little time") {
    std::vector<std::string> many;
    for (int i = 0; i < 20000; ++i) many.push_back("NAME_" + std::to_string(i) + "=" + std::string(50, 'v'));
    many.push_back("RAMPART_CASE_DIR=/last");
    std::vector<char const*> array;
    for (auto const& entry : many) array.push_back(entry.c_str());
    array.push_back(nullptr);
    sleeper const child;
    strict_memory memory(child.pid());
    CHECK(memory.variable(address_of(array.data()), "RAMPART_CASE_DIR") == "/last");
}

TEST_CASE("a process has an origin, threads a process, and those that are gone nothing") {
    sleeper const child;
    auto const origin = strict_origin_of(child.pid());
    REQUIRE(origin);
    CHECK(origin->parent == ::getpid());
    CHECK(origin->began >= strict_origin_of(::getpid())->began);
    CHECK(strict_process_of(child.pid()) == child.pid());
    ::pid_t process = 0;
    std::thread([&] { process = strict_process_of(static_cast<::pid_t>(::syscall(SYS_gettid))); }).join();
    CHECK(process == ::getpid());
    // A name that looks like the fields after it.
    sleeper const odd([] { ::prctl(PR_SET_NAME, ") R 1 1 1"); });
    CHECK(strict_origin_of(odd.pid())->parent == ::getpid());
    ::pid_t const gone = ::fork();
    if (gone == 0) ::_exit(0);
    status_of(gone);
    CHECK_FALSE(strict_origin_of(gone));
    CHECK(strict_process_of(gone) == 0);
    CHECK_FALSE(strict_image_of(gone));
    CHECK_FALSE(strict_start_variable(gone, "PATH"));
    CHECK_FALSE(strict_memory(gone).text(address_of(&gone), 4));
}

TEST_CASE("a fork has the image of its parent, another program has another") {
    sleeper const child;
    CHECK(strict_image_of(child.pid()) == strict_image_of(::getpid()));
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    ::pid_t const program = ::fork();
    if (program == 0) {
        ::dup2(ends[0], 0);
        ::execl("/bin/cat", "cat", nullptr);
        ::_exit(1);
    }
    auto const ours = strict_image_of(::getpid());
    auto const is_another = [&] {
        auto const image = strict_image_of(program);
        return image && image != ours;
    };
    // In the middle of its start it has none.
    while (!is_another() && strict_proc_text(program, "stat").find(") Z ") == std::string::npos) ::sched_yield();
    CHECK(is_another());
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(status_of(program) == 0);
}

TEST_CASE("a file is opened as another process means its path") {
    running::scratch const folder;
    auto const path = [&](std::string const& name) { return folder.path() + "/" + name; };
    std::ofstream(path("file")) << "text";
    std::filesystem::create_directory(path("jail"));
    std::ofstream(path("jail/file")) << "other";
    std::filesystem::create_symlink("/file", path("jail/link"));
    sleeper const child([&] {
        ::chdir(folder.path().c_str());
        ::dup2(::open(path("file").c_str(), O_RDONLY), 77);
        ::dup2(::open(path("jail").c_str(), O_RDONLY), 78);
        ::dup2(77, 0);
    });
    auto const opened = [&](std::string const& name, int at = AT_FDCWD) {
        return strict_open_as(child.pid(), at, name);
    };
    for (std::string const& name :
         {std::string("file"), path("file"), path("jail/../file"), "/" + path("./file"),
          std::string("/proc/self/fd/77"), std::string("/proc/thread-self/fd/77"), std::string("/dev/fd/77"),
          std::string("/dev/stdin"), std::string("/proc/self/cwd/file"),
          "/proc/" + std::to_string(child.pid()) + "/fd/77"}) {
        CAPTURE(name);
        CHECK(is_same(opened(name), path("file")));
    }
    CHECK(is_same(opened("", 77), path("file")));
    CHECK(is_same(opened("file", 78), path("jail/file")));
    CHECK_FALSE(opened("none"));
    CHECK_FALSE(opened("file", 99));
    CHECK_FALSE(is_same(opened("/proc/selfish/fd/77"), path("file")));
    CHECK(opened("file").path() == path("file"));
    CHECK(opened("file").readable().text(100) == "text");
    CHECK(opened("file").readable().text(2) == "te");
    if (::getuid() == 0) {
        sleeper const jailed([&] { static_cast<void>(::chroot(path("jail").c_str())); });
        CHECK(is_same(strict_open_as(jailed.pid(), AT_FDCWD, "/link"), path("jail/file")));
    } else {
        std::printf("SKIPPED: a file in a chroot (it takes root)\n");
    }
}

#else

TEST_CASE("nothing is read of processes on this system") { std::printf("SKIPPED: the processes of strict mode\n"); }

#endif

TEST_SUITE_END();
