#ifndef RAMPART_GUARDS_STRICT_PROCESS_HPP
#define RAMPART_GUARDS_STRICT_PROCESS_HPP

#include "rampart/guards/strict_filter.hpp"

#ifdef RAMPART_DETAIL_STRICT

# include <algorithm>
# include <array>
# include <cerrno>
# include <cstddef>
# include <cstdint>
# include <cstdlib>
# include <cstring>
# include <map>
# include <optional>
# include <string>
# include <string_view>
# include <utility>
# include <vector>

# include <fcntl.h>
# include <sys/stat.h>
# include <sys/types.h>
# include <sys/uio.h>

/// \file
/// What the supervisor reads of the process that made a call: its memory, its files, where it comes from. The caller
/// waits in the kernel meanwhile, so it does not change; it may die at any moment, and then there is nothing to read.
///
/// Files are opened by bare system calls: the supervisor's thread has a table of files of its own, and a tool that
/// watches open and close, as ThreadSanitizer does, would take its numbers for those of the process.

namespace rampart::inline v1::detail {

/// A file of the supervisor's thread.
class strict_file {
public:
    explicit strict_file(long fd = -1) noexcept : fd_(static_cast<int>(fd)) {}
    strict_file(strict_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    strict_file& operator=(strict_file&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~strict_file() {
        if (fd_ >= 0) ::syscall(SYS_close, fd_);
    }

    static strict_file open(std::string const& path, int flags, int at = AT_FDCWD) noexcept {
        return strict_file(::syscall(SYS_openat, at, path.c_str(), flags | O_CLOEXEC, 0));
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Up to so many bytes from its beginning.
    [[nodiscard]] std::string text(std::size_t limit) const {
        std::string all;
        while (all.size() < limit) {
            char buffer[4096];
            long const n = ::syscall(SYS_read, fd_, buffer, std::min(sizeof buffer, limit - all.size()));
            if (n <= 0) break;
            all.append(buffer, static_cast<std::size_t>(n));
        }
        return all;
    }
    /// Where it lies, without symbolic links; empty where nobody can say.
    [[nodiscard]] std::string path() const {
        char buffer[4096];
        // "self" would be the table of files of the whole process.
        auto const own = "/proc/thread-self/fd/" + std::to_string(fd_);
        long const n = ::syscall(SYS_readlinkat, AT_FDCWD, own.c_str(), buffer, sizeof buffer);
        return n < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(n));
    }
    [[nodiscard]] bool facts(struct ::stat& info) const noexcept {
        return fd_ >= 0 && ::syscall(SYS_newfstatat, fd_, "", &info, AT_EMPTY_PATH) == 0;
    }
    /// The same file, to be read. Nothing where that is not allowed.
    [[nodiscard]] strict_file readable() const noexcept {
        return open("/proc/thread-self/fd/" + std::to_string(fd_), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    }

private:
    int fd_;
};

inline constexpr std::size_t strict_no_limit = static_cast<std::size_t>(-1);

inline std::string strict_proc(::pid_t pid, std::string_view name) {
    return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}
inline std::string strict_proc_text(::pid_t pid, std::string_view name, std::size_t limit = strict_no_limit) {
    return strict_file::open(strict_proc(pid, name), O_RDONLY).text(limit);
}

/// The process of a thread; 0 when it is gone.
[[nodiscard]] inline ::pid_t strict_process_of(::pid_t thread) {
    auto const status = strict_proc_text(thread, "status", 4096);
    auto const at = status.find("\nTgid:");
    return at == std::string::npos ? 0 : static_cast<::pid_t>(std::strtol(status.c_str() + at + 6, nullptr, 10));
}

struct strict_origin {
    ::pid_t parent = 0;
    std::uint64_t began = 0;  ///< ticks since the machine's start: with the number, the identity of a process
    friend bool operator==(strict_origin const&, strict_origin const&) = default;
};

[[nodiscard]] inline std::optional<strict_origin> strict_origin_of(::pid_t pid) {
    auto const stat = strict_proc_text(pid, "stat", 4096);
    auto const name = stat.rfind(')');  // which may hold anything
    if (name == std::string::npos) return std::nullopt;
    strict_origin origin;
    char const* at = stat.c_str() + name + 1;
    for (int field = 3; field <= 22 && *at != '\0'; ++field) {
        ++at;
        if (field == 4) origin.parent = static_cast<::pid_t>(std::strtol(at, nullptr, 10));
        if (field == 22) origin.began = std::strtoull(at, nullptr, 10);
        at += std::strcspn(at, " ");
    }
    return origin;
}

/// The memory of a process, read by the page.
class strict_memory {
public:
    /// `pointer`: bytes of a pointer there.
    explicit strict_memory(::pid_t pid, unsigned pointer = sizeof(void*)) noexcept : pid_(pid), pointer_(pointer) {}

    [[nodiscard]] bool read(std::uint64_t address, void* to, std::size_t size) {
        auto* out = static_cast<char*>(to);
        while (size > 0) {
            auto const* const whole = page(address / page_size);
            if (whole == nullptr) return false;
            std::size_t const offset = address % page_size;
            std::size_t const part = std::min(size, page_size - offset);
            std::memcpy(out, whole->data() + offset, part);
            out += part;
            address += part;
            size -= part;
        }
        return true;
    }
    /// Up to its NUL, or to the limit.
    [[nodiscard]] std::optional<std::string> text(std::uint64_t address, std::size_t limit) {
        std::string all;
        while (all.size() < limit) {
            auto const* const whole = page(address / page_size);
            if (whole == nullptr) return std::nullopt;
            std::size_t const offset = address % page_size;
            std::size_t const part = std::min(limit - all.size(), page_size - offset);
            std::size_t const length = ::strnlen(whole->data() + offset, part);
            all.append(whole->data() + offset, length);
            if (length < part) break;
            address += part;
        }
        return all;
    }
    [[nodiscard]] std::optional<std::uint64_t> pointer(std::uint64_t address) {
        std::uint64_t value = 0;
        if (pointer_ == 4) {
            std::uint32_t half = 0;
            if (!read(address, &half, sizeof half)) return std::nullopt;
            value = half;
        } else if (!read(address, &value, sizeof value)) {
            return std::nullopt;
        }
        return value;
    }
    /// Calls for each address in an array that ends with a null one, until it says no. Linux takes no longer arrays.
    template <class Function>
    void each(std::uint64_t array, Function const& f) {
        for (unsigned i = 0; array != 0 && i < 1U << 18U; ++i, array += pointer_) {
            auto const element = pointer(array);
            if (!element || *element == 0 || !f(*element)) return;
        }
    }
    /// The first of these words, each cut where it is long.
    [[nodiscard]] std::vector<std::string> words(std::uint64_t array, std::size_t count, std::size_t bytes) {
        std::vector<std::string> all;
        each(array, [&](std::uint64_t at) {
            auto word = text(at, bytes);
            if (word) all.push_back(std::move(*word));
            return word && all.size() < count;
        });
        return all;
    }
    /// The value of `NAME=VALUE` in an array of an environment.
    [[nodiscard]] std::optional<std::string> variable(std::uint64_t array, std::string_view name) {
        std::optional<std::string> value;
        each(array, [&](std::uint64_t at) {
            auto const start = text(at, name.size() + 1);
            bool const is_it = start && start->size() > name.size() && start->starts_with(name) && start->back() == '=';
            if (!is_it) return true;
            value = text(at + start->size(), 4096);
            return false;
        });
        return value;
    }
    /// Whether the system kept us from looking: not a wrong address, which is the caller's business.
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

private:
    static constexpr std::size_t page_size = 4096;
    using one_page = std::array<char, page_size>;

    one_page const* page(std::uint64_t number) {
        auto const known = pages_.find(number);
        if (known != pages_.end()) return &known->second;
        if (pages_.size() >= 256) pages_.clear();
        one_page fresh;
        if (!load(number * page_size, fresh)) return nullptr;
        return &pages_.emplace(number, fresh).first->second;
    }
    bool load(std::uint64_t address, one_page& to) {
        ::iovec const here{to.data(), to.size()};
        ::iovec const there{reinterpret_cast<void*>(static_cast<std::uintptr_t>(address)), to.size()};
        if (!file_) {
            if (::process_vm_readv(pid_, &here, 1, &there, 1, 0) == static_cast<::ssize_t>(page_size)) return true;
            if (errno != EPERM && errno != EACCES && errno != ENOSYS) return false;
            // Some containers forbid that call, but not this file.
            file_ = strict_file::open(strict_proc(pid_, "mem"), O_RDONLY);
            if (!file_) is_closed_ = is_closed_ || errno == EPERM || errno == EACCES;
        }
        return file_ &&
               ::syscall(SYS_pread64, file_.get(), to.data(), to.size(), address) == static_cast<long>(page_size);
    }

    ::pid_t pid_;
    unsigned pointer_;
    bool is_closed_ = false;
    strict_file file_{};
    std::map<std::uint64_t, one_page> pages_{};
};

/// What the kernel gave a program at its start, and nobody else: 16 random bytes. A fork has those of its parent.
using strict_image = std::array<unsigned char, 16>;

[[nodiscard]] inline std::optional<strict_image> strict_image_of(::pid_t pid) {
    constexpr std::uint64_t random_bytes = 25;  // AT_RANDOM
    auto const vector = strict_proc_text(pid, "auxv", 8192);
    std::uint64_t first = 0;
    if (vector.size() < sizeof first) return std::nullopt;
    std::memcpy(&first, vector.data(), sizeof first);
    // Its keys are small: what looks large is a key and a value of 32 bits each.
    std::size_t const width = first > 0xFFFFFFFFU ? 4 : 8;
    for (std::size_t at = 0; at + 2 * width <= vector.size(); at += 2 * width) {
        std::uint64_t key = 0;
        std::uint64_t value = 0;
        std::memcpy(&key, vector.data() + at, width);  // both architectures are little-endian
        std::memcpy(&value, vector.data() + at + width, width);
        strict_image image{};
        if (key == random_bytes && strict_memory(pid).read(value, image.data(), image.size())) return image;
    }
    return std::nullopt;
}

/// A value in the environment that a process was started with.
[[nodiscard]] inline std::optional<std::string> strict_start_variable(::pid_t pid, std::string_view name) {
    auto const environment = strict_proc_text(pid, "environ");
    for (std::size_t at = 0; at < environment.size();) {
        auto const entry = std::string_view(environment).substr(at, environment.find('\0', at) - at);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
            return std::string(entry.substr(name.size() + 1));
        }
        at += entry.size() + 1;
    }
    return std::nullopt;
}

/// openat2(2), which not all headers know. Both architectures have the number.
[[nodiscard]] inline strict_file strict_open_in_root(int root, std::string const& path) noexcept {
    struct {
        std::uint64_t flags = O_PATH | O_CLOEXEC;
        std::uint64_t mode = 0;
        std::uint64_t resolve = 0x10;  // RESOLVE_IN_ROOT
    } const how{};
    return strict_file(::syscall(437, root, path.c_str(), &how, sizeof how));
}

/// Opens a file by a path as a thread of another process means it: with its root, its folder (or its file descriptor
/// `folder`) and its /proc/self. Only to look at (O_PATH).
[[nodiscard]] inline strict_file strict_open_as(::pid_t thread, int folder, std::string_view path) {
    if (!path.starts_with('/')) {
        auto base = strict_file::open(
            strict_proc(thread, folder == AT_FDCWD ? std::string("cwd") : "fd/" + std::to_string(folder)), O_PATH);
        if (path.empty() || !base) return base;
        return strict_file::open(std::string(path), O_PATH, base.get());
    }
    std::string plain;
    for (std::size_t at = 0; at < path.size();) {
        auto const from = path.find_first_not_of('/', at);
        if (from == std::string_view::npos) break;
        at = std::min(path.find('/', from), path.size());
        auto const name = path.substr(from, at - from);
        if (name != ".") plain += "/" + std::string(name);
    }
    static constexpr std::pair<std::string_view, std::string_view> own[] = {
        {"/proc/self", ""},      {"/proc/thread-self", ""}, {"/dev/fd", "/fd"},
        {"/dev/stdin", "/fd/0"}, {"/dev/stdout", "/fd/1"},  {"/dev/stderr", "/fd/2"}};
    for (auto const& [mine, theirs] : own) {
        if (!plain.starts_with(mine) || (plain.size() > mine.size() && plain[mine.size()] != '/')) continue;
        return strict_file::open("/proc/" + std::to_string(thread) + std::string(theirs) + plain.substr(mine.size()),
                                 O_PATH);
    }
    if (auto const root = strict_file::open(strict_proc(thread, "root"), O_PATH)) {
        auto file = strict_open_in_root(root.get(), plain.empty() ? "/" : plain);
        if (file || errno == ENOENT) return file;  // anything else is about this way to open it
    }
    return strict_file::open(plain, O_PATH);
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_DETAIL_STRICT

#endif  // RAMPART_GUARDS_STRICT_PROCESS_HPP
