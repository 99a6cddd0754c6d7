#include "rampart/dist/cpus.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <sched.h>
#include <unistd.h>

namespace {

using namespace rampart::dist;

/// A folder with what Linux would have in /proc and /sys.
class machine {
public:
    machine() : root_(std::filesystem::temp_directory_path() / ("rampart-cpus-" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(root_);
    }
    machine(machine const&) = delete;
    machine& operator=(machine const&) = delete;
    ~machine() { std::filesystem::remove_all(root_); }

    machine& with(std::string const& path, std::string const& text) {
        auto const file = root_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text << '\n';
        return *this;
    }
    std::optional<std::size_t> quota() const { return detail::cgroup_cpus(root_.string()); }

private:
    std::filesystem::path root_;
};

}  // namespace

TEST_SUITE_BEGIN("cpus");

TEST_CASE("a quota is rounded up to whole processors; no limit and nonsense are none") {
    CHECK(detail::cpu_max("200000 100000") == 2U);
    CHECK(detail::cpu_max("150000 100000") == 2U);
    CHECK(detail::cpu_max("1000 100000") == 1U);
    CHECK_FALSE(detail::cpu_max("max 100000"));
    for (char const* const bad : {"", "200000", "0 100000", "-1 100000", "200000 0", "two one"}) {
        CHECK_FALSE(detail::cpu_max(bad));
    }
}

TEST_CASE("control groups v2: the smallest quota from the own group to the top counts") {
    machine m;
    CHECK_FALSE(m.quota());
    m.with("proc/self/cgroup", "0::/user.slice/job");
    CHECK_FALSE(m.quota());
    m.with("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000");
    CHECK_FALSE(m.quota());
    m.with("sys/fs/cgroup/user.slice/cpu.max", "300000 100000");
    CHECK(m.quota() == 3U);
    m.with("sys/fs/cgroup/user.slice/job/cpu.max", "120000 100000");
    CHECK(m.quota() == 2U);
}

TEST_CASE("in a container whose path is that outside, the quota at the mount's top counts") {
    CHECK(machine().with("proc/self/cgroup", "0::/docker/0123").with("sys/fs/cgroup/cpu.max", "50000 100000").quota() ==
          1U);
}

TEST_CASE("control groups v1: quota and period of the controller cpu, alone or with cpuacct") {
    machine m;
    m.with("proc/self/cgroup", "9:cpuset:/x\n4:cpu,cpuacct:/ci/job\n0::/");
    m.with("sys/fs/cgroup/cpu,cpuacct/ci/job/cpu.cfs_period_us", "100000");
    m.with("sys/fs/cgroup/cpu,cpuacct/ci/job/cpu.cfs_quota_us", "-1");
    CHECK_FALSE(m.quota());
    m.with("sys/fs/cgroup/cpu,cpuacct/ci/job/cpu.cfs_quota_us", "250000");
    CHECK(m.quota() == 3U);
    // Not that of another controller.
    m.with("proc/self/cgroup", "9:cpuset:/ci/job");
    CHECK_FALSE(m.quota());
}

TEST_CASE("RAMPART_AUTO_WORKERS wins, the quota bounds the processors, and there is always one worker") {
    CHECK(detail::workers_for("7", 2, 1).workers == 7);
    CHECK(detail::workers_for(std::nullopt, 64, 2).workers == 2);
    CHECK(detail::workers_for(std::nullopt, 4, 9).workers == 4);
    CHECK(detail::workers_for(std::nullopt, 4, std::nullopt).workers == 4);
    CHECK(detail::workers_for(std::nullopt, 0, std::nullopt).workers == 1);
    for (std::string const bad : {"", "0", "-1", "many", "2 ", "1025", "99999999999999999999"}) {
        CAPTURE(bad);
        auto const found = detail::workers_for(bad, 4, std::nullopt);
        CHECK(found.error.find("RAMPART_AUTO_WORKERS='" + bad + "' has to be a number from 1 to 1024") == 0);
    }
}

TEST_CASE("the affinity of the process bounds the number") {
    ::unsetenv("RAMPART_AUTO_WORKERS");
    cpu_set_t before;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    CHECK(detail::usable_cpus() == static_cast<std::size_t>(CPU_COUNT(&before)));
    int first = 0;
    while (!CPU_ISSET(first, &before)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(count_auto_workers().workers == 1);
    REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}

TEST_SUITE_END();
