#ifndef RAMPART_DIST_CPUS_HPP
#define RAMPART_DIST_CPUS_HPP

#include "rampart/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#ifdef __linux__
# include <sched.h>
#endif

/// \file
/// How many workers `auto` means: as many as processors may be used, not as many as the machine has. A container with a
/// quota of two on a machine of 64 gets two (pytest-xdist starts 64 there).

namespace rampart::inline v1::dist {

/// More workers than this are a slip of the keyboard.
inline constexpr std::size_t max_workers = 1024;

/// How many workers `auto` is here, and why.
struct auto_workers {
    std::size_t workers = 1;
    std::string source{};  ///< what it was read from: `RAMPART_AUTO_WORKERS`, `cpu.max`, ...
    std::string error{};   ///< what makes no sense and what to do; then the number is 1
};

namespace detail {

[[nodiscard]] inline std::optional<long long> decimal(std::string_view text) {
    long long n = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failed != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return n;
}

[[nodiscard]] inline std::vector<std::string> lines_of(std::string const& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; lines.size() < 1000 && std::getline(file, line);) lines.push_back(std::move(line));
    return lines;
}

/// A quota as a number of processors, rounded up: half a processor still runs one worker. None for "no limit".
[[nodiscard]] inline std::optional<std::size_t> quota_cpus(std::string_view quota, std::string_view period) {
    auto const microseconds = decimal(quota);
    auto const of = decimal(period);
    if (!microseconds || !of || *microseconds <= 0 || *of <= 0) return std::nullopt;
    return static_cast<std::size_t>((*microseconds - 1) / *of + 1);
}

/// The text of `cpu.max` of cgroup v2: `200000 100000` or `max 100000`.
[[nodiscard]] inline std::optional<std::size_t> cpu_max(std::string_view line) {
    auto const blank = line.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return quota_cpus(line.substr(0, blank), line.substr(blank + 1));
}

inline void take_smaller(std::optional<std::size_t>& smallest, std::optional<std::size_t> n) {
    if (n && (!smallest || *n < *smallest)) smallest = n;
}

/// The smallest quota of this process's control group and of those around it, v1 or v2, where the system usually mounts
/// them. In a container the group's path may be that outside; then the container's own quota is at the mount's top,
/// where this ends too. `root` is put before all paths.
[[nodiscard]] inline std::optional<std::size_t> cgroup_cpus(std::string const& root = {}) {
    std::optional<std::size_t> smallest;
    for (std::string const& line : lines_of(root + "/proc/self/cgroup")) {  // `4:cpu,cpuacct:/path` or `0::/path`
        auto const first = line.find(':');
        auto const second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        std::string const controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        bool const v2 = controllers == ",,";
        if (!v2 && controllers.find(",cpu,") == std::string::npos) continue;
        for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
            if (path == "/") path.clear();
            for (char const* const mount : {"", "/unified", "/cpu", "/cpu,cpuacct"}) {
                std::string const folder = root + "/sys/fs/cgroup" + mount + path;
                if (v2) {
                    if (auto const max = lines_of(folder + "/cpu.max"); !max.empty()) {
                        take_smaller(smallest, cpu_max(max.front()));
                    }
                } else {
                    auto const quota = lines_of(folder + "/cpu.cfs_quota_us");
                    auto const period = lines_of(folder + "/cpu.cfs_period_us");
                    if (!quota.empty() && !period.empty()) {
                        take_smaller(smallest, quota_cpus(quota.front(), period.front()));
                    }
                }
            }
            if (path.find('/') == std::string::npos) break;
        }
    }
    return smallest;
}

/// How many processors this process may run on.
[[nodiscard]] inline std::size_t usable_cpus() {
#ifdef __linux__
    // A machine may have more than the 1024 of a plain cpu_set_t.
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
        cpu_set_t* const set = CPU_ALLOC(cpus);
        if (set == nullptr) break;
        std::size_t const size = CPU_ALLOC_SIZE(cpus);
        int const count = ::sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) return static_cast<std::size_t>(count);
    }
#endif
    return std::max(1U, std::thread::hardware_concurrency());
}

/// `asked`: the value of RAMPART_AUTO_WORKERS, if it is set.
[[nodiscard]] inline auto_workers workers_for(std::optional<std::string> const& asked, std::size_t cpus,
                                              std::optional<std::size_t> quota) {
    if (asked) {
        auto const n = decimal(*asked);
        if (n && *n >= 1 && *n <= static_cast<long long>(max_workers)) {
            return {static_cast<std::size_t>(*n), "RAMPART_AUTO_WORKERS", {}};
        }
        return {1, "RAMPART_AUTO_WORKERS",
                "RAMPART_AUTO_WORKERS='" + clip(one_line(*asked), 80) + "' has to be a number from 1 to " +
                    std::to_string(max_workers) + "; correct it, unset it, or give --rampart-workers=N"};
    }
    bool const by_quota = quota && *quota < cpus;
    std::size_t const n = by_quota ? *quota : cpus;
    return {
        std::clamp<std::size_t>(n, 1, max_workers), by_quota ? "the control group's quota" : "usable processors", {}};
}

}  // namespace detail

/// How many workers `--rampart-workers=auto` starts: RAMPART_AUTO_WORKERS, else the processors that this process may
/// use, by its affinity and by the quotas of its control groups (v1 and v2). At least 1.
[[nodiscard]] inline auto_workers count_auto_workers() {
    char const* const asked = std::getenv("RAMPART_AUTO_WORKERS");
    return detail::workers_for(asked == nullptr ? std::nullopt : std::optional<std::string>(asked),
                               detail::usable_cpus(), detail::cgroup_cpus());
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_CPUS_HPP
