#ifndef RAMPART_GUARDS_PROGRAM_HPP
#define RAMPART_GUARDS_PROGRAM_HPP

#include "rampart/base/shell_word.hpp"
#include "rampart/guard/evidence.hpp"
#include "rampart/guards/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/// \file
/// Guards for programs: wrapper scripts that stand first on PATH and look at what the running test declares (POSIX
/// only).
///
/// A wrapper sees who looks a program up on PATH. It does not see an absolute path, a PATH that was replaced, and other
/// users (they cannot enter the folder, and go on along PATH). The real program gets its words, descriptors, signals
/// and environment as they were, but for what every /bin/sh does: the word before the first is the program's path, PWD
/// is set (by bash SHLVL too), IFS is reset, and variables whose names are no shell names are dropped by dash and
/// busybox.

namespace rampart::inline v1 {

namespace detail {

/// Whether a folder on PATH holds the wrappers of a run, this or another one.
[[nodiscard]] inline bool is_wrapper_folder(std::string const& folder) {
    return outer_case_of(folder + "/..").has_value();
}

/// The entries of a PATH, absolute: an empty one and a relative one begin at the folder in which the process is.
[[nodiscard]] inline std::vector<std::string> folders_on(std::string_view path) {
    std::vector<std::string> folders;
    for (std::size_t begin = 0; begin <= path.size();) {
        auto const end = std::min(path.find(':', begin), path.size());
        std::string folder(path.substr(begin, end - begin));
        begin = end + 1;
        if (!folder.starts_with('/')) {
            char* const here = ::realpath(".", nullptr);
            // Nothing can be found in a working folder that was removed.
            if (here == nullptr) continue;
            folder = folder.empty() || folder == "." ? std::string(here) : std::string(here) + "/" + folder;
            std::free(here);
        }
        folders.push_back(std::move(folder));
    }
    return folders;
}

/// The first that the process may execute, in the folders that are not to be skipped.
template <class Skip>
[[nodiscard]] std::string first_program(std::string_view name, std::string_view path, Skip const& is_skipped) {
    if (name.empty() || name.find('/') != std::string_view::npos) return "";
    for (std::string const& folder : folders_on(path)) {
        std::string file = folder + (folder.ends_with('/') ? "" : "/") + std::string(name);
        struct ::stat info {};
        if (::stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
            ::faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) == 0 && !is_skipped(folder)) {
            return file;
        }
    }
    return "";
}

[[nodiscard]] inline bool is_same_folder(std::string const& left, std::string const& right) {
    struct ::stat a {};
    struct ::stat b {};
    return left == right || (::stat(left.c_str(), &a) == 0 && ::stat(right.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
                             a.st_ino == b.st_ino);
}

[[nodiscard]] inline std::optional<std::string> path_of_environment() {
    char const* const path = std::getenv("PATH");
    return path == nullptr ? std::nullopt : std::optional<std::string>(path);
}

/// Where programs are looked up while PATH is not set.
[[nodiscard]] inline std::string path_without_variable() {
    std::string path(::confstr(_CS_PATH, nullptr, 0), '\0');
    if (path.empty()) return "/usr/bin:/bin";
    ::confstr(_CS_PATH, path.data(), path.size());
    path.pop_back();  // the NUL
    return path;
}

/// A PATH without one of its entries; nothing, when it had no other.
[[nodiscard]] inline std::optional<std::string> path_without(std::string_view path, std::string_view entry) {
    std::optional<std::string> rest;
    for (std::size_t begin = 0; begin <= path.size();) {
        auto const end = std::min(path.find(':', begin), path.size());
        auto const one = path.substr(begin, end - begin);
        begin = end + 1;
        if (one == entry) continue;
        rest = rest ? *rest + ":" + std::string(one) : std::string(one);
    }
    return rest;
}

}  // namespace detail

/// The file that `name` means on `path`, by the rules of execvp: an empty entry is the working folder; what is no
/// regular file that this process may execute is passed over. `skip_dir`, however it is spelt there, is left out.
/// Absolute; "" if there is none.
[[nodiscard]] inline std::string find_program(std::string_view name, std::string_view path, std::string_view skip_dir) {
    std::string const skip(skip_dir);
    return detail::first_program(name, path, [&skip](std::string const& folder) {
        return !skip.empty() && detail::is_same_folder(folder, skip);
    });
}

/// The script that stands for a program. `root` is the guard folder's; `next` is what it starts when the use is all
/// right, the real program or the wrapper of a run around this one, "" if there is none; `mkdir` is that program's
/// path.
///
/// It uses what a shell has built in: mkdir is started for the first use by a test that declares nothing. Evidence goes
/// out in one write; bash writes line by line, so line breaks in words become blanks there. What cannot be noted is
/// refused.
///
/// RAMPART_CASE_DIR may name the test of a run inside one of our tests: then it is our test that answers for the use,
/// and the inner run's folder says which one that is.
[[nodiscard]] inline std::string program_wrapper_text(std::string_view name, std::string_view next,
                                                      std::string_view root, std::string_view mkdir) {
    constexpr std::string_view text = R"sh(#!/bin/sh
# Written by rampart for one run of tests: a test may start @NAME@ only if it declares so.
# The names of all variables begin with rampart_: the program may have been given any other.

rampart_refuse() {
    printf '%s\n' "rampart: '"@NAME@"' was not started: $1" >&2
    exit 127
}

rampart_start() {
    @START@
}

# rampart_record FILE WORD...
rampart_record() {
    rampart_file=$1
    shift
    rampart_total=$#
    rampart_count=0
    for rampart_word do
        rampart_count=$((rampart_count + 1))
        if [ "$rampart_count" -eq 1 ]; then set --; fi
        if [ "$rampart_count" -eq 16 ] && [ "$rampart_total" -gt 16 ]; then
            set -- "$@" '...'
            break
        fi
        case $rampart_word in
        *"$rampart_line"*)
            rampart_word=$(LC_ALL=C printf '%.200s' "$rampart_word")
            while :; do
                case $rampart_word in
                *"$rampart_line"*)
                    rampart_word=${rampart_word%%"$rampart_line"*}' '${rampart_word#*"$rampart_line"}
                    ;;
                *) break ;;
                esac
            done
            ;;
        esac
        set -- "$@" "$rampart_word"
    done
    IFS= read -r rampart_caller 2>/dev/null <"/proc/$PPID/comm" || rampart_caller=
    # The umask of the program is none of our business.
    if [ ! -e "$rampart_file" ]; then (umask 077 && : >>"$rampart_file") || return 1; fi
    LC_ALL=C printf '%.200s\000' "$PPID" "$rampart_caller" "$#" "$@" >>"$rampart_file"
}

rampart_line='
'
rampart_case=${RAMPART_CASE_DIR-}
while :; do
    case $rampart_case in
    '') rampart_start "$@" ;;
    @ROOT@/*) break ;;
    esac
    # The test of another run: if ours is around it, its folder says which of our tests started it.
    rampart_file=${rampart_case%/*}/rampart-outer-case
    [ -r "$rampart_file" ] && IFS= read -r rampart_case <"$rampart_file" ||
        rampart_refuse "the run of '$rampart_case' is over, or its guard folder cannot be read"
done

if [ ! -d "$rampart_case" ]; then
    @MKDIR@ -m 700 -- "$rampart_case" 2>/dev/null || [ -d "$rampart_case" ] ||
        rampart_refuse "'$rampart_case' cannot be made: the run is over, or its guard folder is gone or closed"
fi
if [ -e "$rampart_case/allow."@NAME@ ]; then
    rampart_record "$rampart_case/used."@NAME@ @NAME@ "$@" ||
        rampart_refuse "its use could not be noted in '$rampart_case'"
    rampart_start "$@"
fi
rampart_record "$rampart_case/blocked."@NAME@ @NAME@ "$@" ||
    rampart_refuse "the running test does not declare it, and its use could not be noted in '$rampart_case'"
printf '%s\n' "rampart: '"@NAME@"' was not started: the running test does not declare it" \
    'rampart: add rampart::uses("'@NAME@'") to the test, or remove the use' >&2
exit 127
)sh";
    auto const start = next.empty() ? std::string("rampart_refuse 'it is not installed here'")
                                    : "exec " + detail::shell_word(next) + " \"$@\"";
    std::pair<std::string_view, std::string> const values[] = {{"@NAME@", detail::shell_word(name)},
                                                               {"@START@", start},
                                                               {"@ROOT@", detail::shell_word(root)},
                                                               {"@MKDIR@", detail::shell_word(mkdir)}};
    std::string script;
    for (std::size_t at = 0; at < text.size();) {
        auto const* const value = std::find_if(std::begin(values), std::end(values),
                                               [&](auto const& one) { return text.substr(at).starts_with(one.first); });
        if (value == std::end(values)) {
            script += text[at++];
        } else {
            script += value->second;
            at += value->first.size();
        }
    }
    return script;
}

/// The wrappers of a guard folder, first on PATH for as long as this lives. What a program really is is looked up once,
/// at the beginning, and from the working folder of that moment.
class program_guards {
public:
    /// Writes the wrappers (into a folder of its own; in that of a controller they have to be there already) and puts
    /// them first on PATH. To be made before there are threads, as it changes the environment.
    ///
    /// Throws std::invalid_argument for a name that no guard may have, and std::runtime_error where a wrapper cannot be
    /// written or is not there.
    program_guards(guard_folder& folder, std::vector<std::string> const& names)
        : bin_(folder.bin()), creator_(::getpid()), before_(detail::path_of_environment()) {
        std::string const path = before_ ? *before_ : detail::path_without_variable();
        auto const real_one = [&path](std::string_view name) {
            return detail::first_program(name, path, detail::is_wrapper_folder);
        };
        std::string mkdir = real_one("mkdir");
        if (mkdir.empty()) mkdir = "/bin/mkdir";
        for (std::string const& name : names) {
            if (!detail::is_guard_name(name)) {
                throw std::invalid_argument("resource guards: '" + name +
                                            "' cannot be guarded as a program: letters, "
                                            "digits, . _ + - are allowed in its name, and no - or . first");
            }
            auto const is_it = [&name](auto const& one) { return one.first == name; };
            if (std::find_if(real_.begin(), real_.end(), is_it) != real_.end()) continue;
            std::string const file = bin_ + "/" + name;
            if (folder.is_owner()) {
                auto const text = program_wrapper_text(name, find_program(name, path, bin_), folder.root(), mkdir);
                // A wrapper may be running: it is replaced, not written over.
                detail::write_guard_file(bin_ + "/.new", text, 0700);
                if (std::rename((bin_ + "/.new").c_str(), file.c_str()) != 0) {
                    throw std::runtime_error("resource guards: cannot write '" + file +
                                             "': " + detail::guard_error(errno));
                }
            }
            struct ::stat info {};
            if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & 0100U) == 0) {
                throw std::runtime_error("resource guards: there is no wrapper '" + file +
                                         "': the controller does not "
                                         "guard this program; run the same build of the tests everywhere");
            }
            real_.emplace_back(name, real_one(name));
            wrappers_.push_back({file, info.st_ino, info.st_size});
        }
        static_cast<void>(put_first());
    }

    program_guards(program_guards const&) = delete;
    program_guards& operator=(program_guards const&) = delete;

    /// Gives PATH back as it was. If somebody changed it meanwhile, only the folder is taken out. A forked child does
    /// nothing.
    ~program_guards() {
        if (::getpid() != creator_) return;
        try {
            auto const now = detail::path_of_environment();
            if (!now) return;
            if (*now == after_) {
                set_path(before_);
            } else if (auto rest = detail::path_without(*now, bin_); rest != now) {
                set_path(rest ? rest : before_);
            }
        } catch (...) {  // no memory: PATH keeps an entry that is soon gone
        }
    }

    /// Names, and the programs that they mean without the wrappers of any run ("" = not installed).
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& real() const noexcept { return real_; }

    /// Whether PATH is what it was after `put_first`: asked after each test, so it makes no strings.
    [[nodiscard]] bool is_path_untouched() const noexcept {
        char const* const now = std::getenv("PATH");
        return now != nullptr && now == last_;
    }
    /// Whether the wrappers are still on PATH, if not first.
    [[nodiscard]] bool are_on_path() const {
        auto const now = detail::path_of_environment();
        return now && detail::path_without(*now, bin_) != now;
    }

    /// Puts the wrappers first on PATH, if they are not. False if they had been taken away: a test changed PATH.
    [[nodiscard]] bool put_first() {
        auto const now = detail::path_of_environment();
        if (now && (*now == bin_ || now->starts_with(bin_ + ":"))) {
            if (after_.empty()) after_ = *now;
            last_ = *now;
            return true;
        }
        auto const rest = now ? detail::path_without(*now, bin_) : detail::path_without_variable();
        std::string const path = rest ? bin_ + ":" + *rest : bin_;
        if (after_.empty()) after_ = path;
        last_ = path;
        set_path(path);
        return false;
    }

    /// Which wrapper somebody removed or changed: a sentence; empty while all is well. To be asked after each test,
    /// together with guard_folder::damage (one stat for each program).
    [[nodiscard]] std::string damage() const {
        for (auto const& [file, inode, size] : wrappers_) {
            struct ::stat info {};
            bool const good = ::stat(file.c_str(), &info) == 0 && info.st_ino == inode && info.st_size == size &&
                              S_ISREG(info.st_mode) && (info.st_mode & 0777U) == 0700U;
            if (!good) return "the wrapper '" + file + "' was removed or changed";
        }
        return "";
    }

private:
    struct wrapper {
        std::string file{};
        ::ino_t inode{};
        ::off_t size{};
    };

    static void set_path(std::optional<std::string> const& path) {
        int const failed = path ? ::setenv("PATH", path->c_str(), 1) : ::unsetenv("PATH");
        if (failed != 0) throw std::runtime_error("resource guards: cannot set PATH: " + detail::guard_error(errno));
    }

    std::string bin_;
    ::pid_t creator_;
    std::optional<std::string> before_;
    std::string after_{};  // what PATH was when the wrappers came
    std::string last_{};   // what it was when they were last put first
    std::vector<std::pair<std::string, std::string>> real_{};
    std::vector<wrapper> wrappers_{};
};

}  // namespace rampart::inline v1

#endif  // RAMPART_GUARDS_PROGRAM_HPP
