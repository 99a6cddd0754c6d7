#ifndef RAMPART_GUARDS_FOLDER_HPP
#define RAMPART_GUARDS_FOLDER_HPP

#include "rampart/guard/evidence.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/// \file
/// The folder through which the processes of a run agree about guarded resources (POSIX only). Its root is private:
///
///     bin/                 wrapper scripts, first on PATH
///     rampart-outer-case   one line: the case folder of the test that started this run; an empty line without one
///     case-<...>/          one per test, see rampart/guard/evidence.hpp; made only for who has something to say
///
/// A process that is killed leaves its folder behind. Nobody else uses it: every run makes one of its own.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] inline std::string guard_error(int error) { return std::generic_category().message(error); }

/// A new file, or new contents of one that is there. Throws std::runtime_error.
inline void write_guard_file(std::string const& path, std::string_view text, ::mode_t mode) {
    int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    int error = file < 0 ? errno : 0;
    // The umask has its say in open().
    if (error == 0 && ::fchmod(file, mode) != 0) error = errno;
    while (error == 0 && !text.empty()) {
        ::ssize_t const written = ::write(file, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    if (file >= 0 && ::close(file) != 0 && error == 0) error = errno;
    if (error == 0) return;
    throw std::runtime_error("resource guards: cannot write '" + path + "': " + guard_error(error) +
                             "; make room or give access there, or set TMPDIR to another folder");
}

/// Makes a folder 0700, whatever the umask is. An errno; 0 is success. One that is there already is an error.
[[nodiscard]] inline int make_guard_folder(std::string const& path) noexcept {
    return ::mkdir(path.c_str(), 0700) != 0 || ::chmod(path.c_str(), 0700) != 0 ? errno : 0;
}

/// Removes everything, also what a test made unreadable. Links are removed, never followed.
inline void remove_guard_tree(std::string const& path) {
    struct ::stat info {};
    if (::lstat(path.c_str(), &info) != 0) return;
    if (!S_ISDIR(info.st_mode)) {
        ::unlink(path.c_str());
        return;
    }
    ::chmod(path.c_str(), 0700);
    std::vector<std::string> names;
    if (::DIR* const folder = ::opendir(path.c_str())) {
        while (auto const* const entry = ::readdir(folder)) names.emplace_back(entry->d_name);
        ::closedir(folder);
    }
    for (std::string const& name : names) {
        if (name != "." && name != "..") remove_guard_tree(path + "/" + name);
    }
    ::rmdir(path.c_str());
}

inline constexpr char const* outer_case_file = "/rampart-outer-case";

/// What the root of a guard folder says about the test around its run: nothing, when this is no root of one.
[[nodiscard]] inline std::optional<std::string> outer_case_of(std::string const& root) {
    int const file = ::open((root + outer_case_file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return std::nullopt;
    std::string text;
    char buffer[1024];
    for (::ssize_t n = 0; text.size() < 16384 && (n = ::read(file, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(file);
    if (text.empty() || text.find('\n') != text.size() - 1) return std::nullopt;
    text.pop_back();
    return text;
}

/// The test under which this process was started. One of a run that is gone, or that is no case folder, counts as none:
/// nobody would look at the evidence.
[[nodiscard]] inline std::string outer_case_of_environment() {
    std::string path = case_dir_of_environment();
    auto const slash = path.rfind('/');
    bool const good = path.starts_with('/') && path.find('\n') == std::string::npos &&
                      std::string_view(path).substr(slash + 1).starts_with("case-") &&
                      outer_case_of(path.substr(0, slash)).has_value();
    return good ? path : std::string();
}

/// Runs a script in `folder`, as the wrappers will be run. Empty, or why that cannot be done.
[[nodiscard]] inline std::string why_no_script_runs(std::string const& folder) {
    std::string const path = folder + "/try";
    write_guard_file(path, "#!/bin/sh\nexit 7\n", 0700);
    char name[] = "try";
    char* const words[] = {name, nullptr};
    char* const environment[] = {nullptr};
    ::pid_t pid = 0;
    int error = ::posix_spawn(&pid, path.c_str(), nullptr, nullptr, words, environment);
    // Another thread that forks at the wrong moment holds the new file open for writing, until it execs.
    for (int tries = 0; error == ETXTBSY && tries < 500; ++tries) {
        ::timespec const a_moment{0, 2000000};
        ::nanosleep(&a_moment, nullptr);
        error = ::posix_spawn(&pid, path.c_str(), nullptr, nullptr, words, environment);
    }
    int status = 0;
    ::pid_t waited = -1;
    if (error == 0) {
        while ((waited = ::waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
        }
    }
    ::unlink(path.c_str());
    if (error != 0) return "a script there cannot be run: " + guard_error(error) + " (is it mounted noexec?)";
    // Where somebody else waits for all children, the status is lost, but the script was started.
    bool const ran = waited < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return ran ? "" : "/bin/sh does not run a script there";
}

}  // namespace detail

/// The guard folder of this process, or that of its controller.
class guard_folder {
public:
    /// Makes a folder in the first of $TMPDIR, /tmp, /var/tmp and /dev/shm where programs may be executed. Throws
    /// std::runtime_error that says what is wrong with each of them when there is none.
    explicit guard_folder() : is_owner_(true), creator_(::getpid()), outer_case_(detail::outer_case_of_environment()) {
        std::vector<std::string> places;
        char const* const wanted = std::getenv("TMPDIR");
        if (wanted != nullptr && *wanted != '\0') places.emplace_back(wanted);
        for (char const* const place : {"/tmp", "/var/tmp", "/dev/shm"}) places.emplace_back(place);
        std::string reasons;
        for (std::string const& place : places) {
            std::string const reason = make(place);
            if (reason.empty()) return;
            reasons += (reasons.empty() ? " '" : "; '") + place + "': " + reason;
        }
        throw std::runtime_error("resource guards: no folder for the wrapper scripts can be made." + reasons +
                                 ". Set TMPDIR to a folder in which files can be written and executed");
    }

    /// The folder that another process of this user made; it stays that process's. Null where it is not a usable guard
    /// folder; `why_not`, if given, then says why.
    [[nodiscard]] static std::unique_ptr<guard_folder> adopt(std::string root, std::string* why_not = nullptr) {
        std::unique_ptr<guard_folder> folder(new guard_folder(std::move(root)));
        std::string reason = folder->settle();
        if (reason.empty()) return folder;
        if (why_not != nullptr) *why_not = std::move(reason);
        return nullptr;
    }

    guard_folder(guard_folder const&) = delete;
    guard_folder& operator=(guard_folder const&) = delete;

    /// Removes the folder, if this object made it and lives in the process that did: a forked child removes nothing.
    ~guard_folder() {
        if (!is_owner_ || ::getpid() != creator_) return;
        struct ::stat info {};
        // What stands there instead, when a test moved or removed the folder, is not ours.
        if (::lstat(root_.c_str(), &info) != 0 || !is_same(info, root_id_)) return;
        try {
            detail::remove_guard_tree(root_);
        } catch (...) {  // no memory: the folder stays
        }
    }

    /// Absolute and without links.
    [[nodiscard]] std::string const& root() const noexcept { return root_; }
    /// Where the wrappers of programs are; it goes to the front of PATH.
    [[nodiscard]] std::string bin() const { return root_ + "/bin"; }
    /// Whether this process made the folder, and removes it.
    [[nodiscard]] bool is_owner() const noexcept { return is_owner_; }

    /// The value that RAMPART_CASE_DIR has to have between the tests: the case folder of the test that started this
    /// run; "" if none did, or its run is over. Uses that no test here answers for are that test's.
    [[nodiscard]] std::string const& outer_case() const noexcept { return outer_case_; }

    /// The path of a case folder, which need not be there. Throws std::invalid_argument for a name that is not
    /// `case-` and letters, digits, `.`, `_`, `-`.
    [[nodiscard]] std::string case_dir(std::string_view case_name) const {
        bool good = case_name.starts_with("case-") && case_name.size() > 5 && case_name.size() <= 200;
        for (char const c : case_name) {
            good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                            c == '_' || c == '-');
        }
        if (!good) {
            throw std::invalid_argument("resource guards: '" + std::string(case_name) +
                                        "' cannot name a test's folder: write case-, then letters, digits, . _ -");
        }
        return root_ + "/" + std::string(case_name);
    }

    /// Makes the folder of a test, if there is none yet, and lets the test use these resources. Throws
    /// std::invalid_argument for a name that no guard may have, and std::runtime_error.
    void allow(std::string_view case_name, std::vector<std::string> const& names) {
        std::string const path = case_dir(case_name);
        int const error = detail::make_guard_folder(path);
        if (error != 0 && error != EEXIST) {
            throw std::runtime_error("resource guards: cannot make '" + path + "': " + detail::guard_error(error) +
                                     (error == ENOENT ? "; the guard folder was removed while the tests ran" : ""));
        }
        for (std::string const& name : names) detail::write_guard_file(path + "/allow." + checked(name), "", 0600);
    }

    /// The uses that have been noted for a test since the last call; none, if nothing was. Throws std::runtime_error
    /// where they cannot be known, because the folder is gone or is something else now.
    [[nodiscard]] std::vector<guard_use> take(std::string_view case_name) {
        std::string const path = case_dir(case_name);
        struct ::stat info {};
        if (::lstat(path.c_str(), &info) != 0 && errno == ENOENT) {
            if (::lstat(root_.c_str(), &info) == 0 && is_same(info, root_id_)) return {};
            errno = ENOENT;
        } else if (mend(path)) {
            return detail::take_evidence(path);
        }
        int const error = errno;
        throw std::runtime_error("resource guards: which uses there were cannot be read from '" + path +
                                 "': " + detail::guard_error(error) + "; tests must leave the guard folder alone");
    }

    /// The names of the case folders that there are, in order. Throws std::runtime_error.
    [[nodiscard]] std::vector<std::string> cases() const {
        ::DIR* const folder = ::opendir(root_.c_str());
        if (folder == nullptr) {
            throw std::runtime_error("resource guards: cannot read '" + root_ + "': " + detail::guard_error(errno));
        }
        std::vector<std::string> names;
        while (auto const* const entry = ::readdir(folder)) {
            if (std::string_view(entry->d_name).starts_with("case-")) names.emplace_back(entry->d_name);
        }
        ::closedir(folder);
        std::sort(names.begin(), names.end());
        return names;
    }

    /// What somebody did to the folder since it was made, or to the folder of one test: a sentence; empty while all is
    /// well. When the folder is gone, programs are found where they really are, and nobody notices: so this has to be
    /// asked after each test (three lstat).
    [[nodiscard]] std::string damage(std::string_view case_name = {}) const {
        std::string found = damage_of(root_, &root_id_);
        if (found.empty()) found = damage_of(bin(), &bin_id_);
        struct ::stat info {};
        if (found.empty() && !case_name.empty() && ::lstat(case_dir(case_name).c_str(), &info) == 0) {
            found = damage_of(case_dir(case_name), nullptr);
        }
        return found;
    }

private:
    struct file_id {
        ::dev_t device{};
        ::ino_t inode{};
    };

    explicit guard_folder(std::string root) : root_(std::move(root)), is_owner_(false), creator_(::getpid()) {}

    static bool is_same(struct ::stat const& info, file_id const& id) noexcept {
        return info.st_dev == id.device && info.st_ino == id.inode;
    }

    static std::string checked(std::string_view name) {
        if (detail::is_guard_name(name, true)) return std::string(name);
        throw std::invalid_argument("resource guards: '" + std::string(name) +
                                    "' cannot name a resource: letters, "
                                    "digits, . _ + - are allowed, and no - or . first");
    }

    static std::string damage_of(std::string const& path, file_id const* id) {
        struct ::stat info {};
        std::string wrong;
        if (::lstat(path.c_str(), &info) != 0) {
            wrong = detail::guard_error(errno);
        } else if (!S_ISDIR(info.st_mode)) {
            wrong = "it is no folder any more";
        } else if (id != nullptr && !is_same(info, *id)) {
            wrong = "it is another folder than before";
        } else if (info.st_uid != ::geteuid() || (info.st_mode & 0777U) != 0700U) {
            wrong = "it is not this user's alone (mode 0700)";
        }
        return wrong.empty() ? wrong : "the guard folder '" + path + "' was changed: " + wrong;
    }

    /// Makes everything at this place. Empty, or why that cannot be done; then nothing is left.
    std::string make(std::string const& place) {
        char* const real = ::realpath(place.c_str(), nullptr);
        if (real == nullptr) return detail::guard_error(errno);
        root_ = real;
        std::free(real);
        if (root_.find_first_of(":\n") != std::string::npos) return "PATH cannot hold a path with ':' or a line break";
        // mkdtemp puts six other letters there.
        root_ += (root_.back() == '/' ? "rampart-guards-" : "/rampart-guards-") + std::string(6, 'X');
        if (::mkdtemp(root_.data()) == nullptr) return detail::guard_error(errno);
        std::string reason;
        try {
            int error = ::chmod(root_.c_str(), 0700) != 0 ? errno : detail::make_guard_folder(bin());
            reason = error != 0 ? detail::guard_error(error) : detail::why_no_script_runs(bin());
            if (reason.empty()) detail::write_guard_file(root_ + detail::outer_case_file, outer_case_ + "\n", 0600);
            if (reason.empty()) reason = settle();
        } catch (std::runtime_error const& failure) {
            reason = failure.what();
        }
        if (!reason.empty()) detail::remove_guard_tree(root_);
        return reason;
    }

    /// Looks whether root_ is a guard folder of this user. Empty, or why not.
    std::string settle() {
        if (!root_.starts_with('/') || root_.find_first_of(":\n") != std::string::npos) {
            return "'" + root_ + "' is no absolute path that can stand on PATH";
        }
        while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
        auto const look = [](std::string const& path, file_id& id) {
            struct ::stat info {};
            if (::lstat(path.c_str(), &info) != 0) return "'" + path + "': " + detail::guard_error(errno);
            if (!S_ISDIR(info.st_mode)) return "'" + path + "' is no folder";
            if (info.st_uid != ::geteuid()) return "'" + path + "' belongs to another user";
            if ((info.st_mode & 0777U) != 0700U) return "'" + path + "' is not private (mode 0700)";
            id = {info.st_dev, info.st_ino};
            return std::string();
        };
        std::string reason = look(root_, root_id_);
        if (reason.empty()) reason = look(bin(), bin_id_);
        if (!reason.empty()) return reason;
        auto outer = detail::outer_case_of(root_);
        if (!outer) return "'" + root_ + "' is no guard folder: it has no file" + detail::outer_case_file;
        outer_case_ = *std::move(outer);
        return reason;
    }

    /// Makes readable what a test or an odd umask made unreadable. False, with errno, where the folder is not readable.
    static bool mend(std::string const& path) {
        struct ::stat info {};
        if (::stat(path.c_str(), &info) != 0) return false;
        if ((info.st_mode & 0700U) != 0700U) static_cast<void>(::chmod(path.c_str(), 0700));
        ::DIR* const folder = ::opendir(path.c_str());
        if (folder == nullptr) return false;
        while (auto const* const entry = ::readdir(folder)) {
            if (::fstatat(::dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
                (info.st_mode & 0600U) != 0600U) {
                static_cast<void>(::fchmodat(::dirfd(folder), entry->d_name, 0600, 0));
            }
        }
        ::closedir(folder);
        return true;
    }

    std::string root_{};
    bool is_owner_;
    ::pid_t creator_;
    std::string outer_case_{};
    file_id root_id_{};
    file_id bin_id_{};
};

}  // namespace rampart::inline v1

#endif  // RAMPART_GUARDS_FOLDER_HPP
