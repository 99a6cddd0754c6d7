#ifndef RAMPART_GUARDS_STRICT_PROGRAM_HPP
#define RAMPART_GUARDS_STRICT_PROGRAM_HPP

#include "rampart/guards/strict_process.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef RAMPART_DETAIL_STRICT
# include <algorithm>
# include <climits>
# include <cstdlib>
# include <iterator>

# include <sys/stat.h>
#endif

/// \file
/// Which guarded program a file is, however it is reached.

namespace rampart::inline v1 {

/// A program that tests may only start if they declare `name`.
struct strict_program {
    std::string name{};
    std::string path{};  ///< where the real one lies, not a wrapper
};

#ifdef RAMPART_DETAIL_STRICT

namespace detail {

inline std::string_view strict_base(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The guarded programs, as files. A program is known by its file (device and inode: symbolic and hard links are seen)
/// and by where it lies (a file put in its place is seen); a copy is not.
///
/// A file that is several programs, as busybox is and others with many links, says which by the name it is called by.
class strict_programs {
public:
    /// What lies under `root` are wrappers, which are scripts for /bin/sh and no use of that.
    strict_programs(std::vector<strict_program> const& programs, std::string root) : root_(std::move(root)) {
        for (strict_program const& p : programs) {
            if (p.path.empty()) continue;
            known one{p.name, std::string(strict_base(p.path)), p.path, 0, 0, false, false};
            char resolved[PATH_MAX];
            struct ::stat info {};
            if (::realpath(p.path.c_str(), resolved) != nullptr) one.path = resolved;
            if (::stat(p.path.c_str(), &info) == 0) {
                one.has_file = true;
                one.device = info.st_dev;
                one.inode = info.st_ino;
                // "python3" that is python3.11 is one program, "wget" that is busybox is one of many.
                one.is_one_of_many = info.st_nlink > 1 || !strict_base(one.path).starts_with(one.base);
            }
            all_.push_back(std::move(one));
        }
    }

    /// The name of the guarded program that starts when a thread executes this file with such words; null when there
    /// is none. Also the interpreter of a script and what a loader (`ld.so PROGRAM`) is to start.
    [[nodiscard]] std::string const* match(::pid_t thread, strict_file const& file, std::string_view called,
                                           std::vector<std::string> const& words, int depth = 0) const {
        struct ::stat info {};
        if (!file.facts(info) || !S_ISREG(info.st_mode)) return nullptr;
        auto const path = file.path();
        if (auto const* const found = named(info, path, called, words)) return found;
        if (depth == 4) return nullptr;  // Linux follows no more
        if (is_loader(path)) {
            auto const program = loaded(words);
            if (program == words.size()) return nullptr;
            return match(thread, strict_open_as(thread, AT_FDCWD, words[program]), words[program],
                         {words.begin() + static_cast<std::ptrdiff_t>(program), words.end()}, depth + 1);
        }
        if (!root_.empty() && path.starts_with(root_ + "/")) return nullptr;
        auto const interpreter = interpreter_of(file);
        if (interpreter.empty()) return nullptr;
        return match(thread, strict_open_as(thread, AT_FDCWD, interpreter), interpreter, {interpreter}, depth + 1);
    }

private:
    struct known {
        std::string name;
        std::string base;  // the last part of the path that was given
        std::string path;  // without symbolic links
        ::dev_t device;
        ::ino_t inode;
        bool has_file;
        bool is_one_of_many;
    };

    std::string const* named(struct ::stat const& info, std::string const& path, std::string_view called,
                             std::vector<std::string> const& words) const {
        std::string_view const first = words.empty() ? std::string_view() : strict_base(words[0]);
        std::string const* found = nullptr;
        for (known const& one : all_) {
            bool const is_file = one.has_file && one.device == info.st_dev && one.inode == info.st_ino;
            if (!is_file && one.path != path) continue;
            // Words may say anything; a login shell's begin with a dash.
            bool const is_called = strict_base(called) == one.base || first == one.base ||
                                   (first.starts_with('-') && first.substr(1) == one.base);
            if (is_called) return &one.name;
            bool const is_applet = words.size() > 1 && words[1] == one.base && first == strict_base(path);
            if (found == nullptr && (!one.is_one_of_many || is_applet)) found = &one.name;
        }
        return found;
    }

    static bool is_loader(std::string const& path) {
        auto const base = strict_base(path);
        return (base.starts_with("ld-") || base.starts_with("ld.so") || base.starts_with("ld64.so")) &&
               base.find(".so") != std::string_view::npos;
    }
    /// Which of a loader's words is the program; their number when none is.
    static std::size_t loaded(std::vector<std::string> const& words) {
        static constexpr std::string_view with_value[] = {
            "--library-path",         "--inhibit-rpath",    "--audit", "--preload", "--argv0",
            "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask"};
        std::size_t at = 1;
        while (at < words.size() && words[at].starts_with("--")) {
            at += std::find(std::begin(with_value), std::end(with_value), words[at]) != std::end(with_value) ? 2U : 1U;
        }
        return std::min(at, words.size());
    }
    static std::string interpreter_of(strict_file const& file) {
        auto const start = file.readable().text(256);
        if (!start.starts_with("#!")) return {};
        auto const line = std::string_view(start).substr(2, start.find('\n') - 2);
        auto const from = line.find_first_not_of(" \t");
        if (from == std::string_view::npos) return {};
        return std::string(line.substr(from, line.find_first_of(" \t", from) - from));
    }

    std::string root_;
    std::vector<known> all_{};
};

}  // namespace detail

#endif  // RAMPART_DETAIL_STRICT

}  // namespace rampart::inline v1

#endif  // RAMPART_GUARDS_STRICT_PROGRAM_HPP
