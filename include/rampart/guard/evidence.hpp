#ifndef RAMPART_GUARD_EVIDENCE_HPP
#define RAMPART_GUARD_EVIDENCE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
# define RAMPART_DETAIL_EVIDENCE_FILES 1
# include <cerrno>
# include <cstdlib>
# include <dirent.h>
# include <fcntl.h>
# include <sys/stat.h>
# include <unistd.h>
#else
# define RAMPART_DETAIL_EVIDENCE_FILES 0
#endif

// Functions here and in guard/ledger.hpp and guard/guard.hpp are templates without a parameter that matters, because
// every test file includes them: a file that calls none of them does not pay for the code of strings and vectors in
// them.

/// \file
/// How a use of a guarded resource is written down by whoever notices it: a wrapper script, a child process, a
/// supervisor. Each test has a folder, whose path is in RAMPART_CASE_DIR while the test runs:
///
///     allow.<resource>    the test declares it (empty)
///     used.<resource>     records of allowed uses
///     blocked.<resource>  records of uses that were refused
///     told.*              how many bytes of a file of records have been read
///
/// A record is made of fields that end with a NUL: the caller's process id and name, the number of words, the words. It
/// is appended by one write, so that many may write at once. The folder of a test that declares nothing is made by who
/// first writes into it.

namespace rampart::inline v1 {

/// One use of a guarded resource, as its guard saw it.
struct guard_use {
    std::string resource{};
    bool allowed = false;
    std::string how{};  ///< what was done, for people: `git status -s`
    std::string by{};   ///< who did it: `sh (pid 123)`; may be empty
    friend bool operator==(guard_use const&, guard_use const&) = default;
};

namespace detail {

/// Whether a resource may be called so: the name becomes part of a file's name, of a script and of a label.
constexpr bool is_guard_name(std::string_view name, bool is_address = false) noexcept {
    if (name.empty() || name.size() > 200 || name.front() == '-' || name.front() == '.') return false;
    for (char const c : name) {
        bool const good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                          c == '_' || c == '+' || c == '-' || (is_address && c == ':');
        if (!good) return false;
    }
    return true;
}

/// Records stay below this, so that one write appends them whole.
inline constexpr std::size_t evidence_words = 16;
inline constexpr std::size_t evidence_word_bytes = 200;

/// What the records in the bytes of one file say. A record that is cut off at the end counts all the same: that the
/// resource was used is known.
template <class = void>
std::vector<guard_use> read_evidence(std::string_view resource, bool allowed, std::string_view bytes) {
    std::vector<guard_use> uses;
    auto const field = [&bytes] {
        auto const end = bytes.find('\0');
        auto const text = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        return std::string(text);
    };
    while (!bytes.empty()) {
        guard_use use{.resource = std::string(resource), .allowed = allowed, .how = {}, .by = {}};
        std::string const pid = field();
        std::string const name = field();
        if (!pid.empty()) use.by = (name.empty() ? "pid " : name + " (pid ") + pid + (name.empty() ? "" : ")");
        std::size_t words = 0;
        for (char const c : field()) {
            if (c >= '0' && c <= '9' && words <= evidence_words) words = words * 10 + static_cast<std::size_t>(c - '0');
        }
        for (std::size_t i = 0; i < words && i < evidence_words && !bytes.empty(); ++i) {
            if (i != 0) use.how += ' ';
            use.how += field();
        }
        uses.push_back(std::move(use));
    }
    // An empty file: whoever wanted to write could not, but the use is a fact.
    if (uses.empty()) uses.push_back({.resource = std::string(resource), .allowed = allowed, .how = {}, .by = {}});
    return uses;
}

#if RAMPART_DETAIL_EVIDENCE_FILES

template <class = void>
bool is_allowed(std::string const& case_dir, std::string_view resource) {
    return ::access((case_dir + "/allow." + std::string(resource)).c_str(), F_OK) == 0;
}

/// The name of a process; empty where the system does not tell.
template <class = void>
std::string name_of_process(long pid) {
    std::string name;
    int const file = ::open(("/proc/" + std::to_string(pid) + "/comm").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return name;
    char buffer[64];
    auto const n = ::read(file, buffer, sizeof buffer);
    ::close(file);
    if (n > 0) name.assign(buffer, static_cast<std::size_t>(n));
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
}

/// Appends one record, and makes the folder where there is none yet. False when it could not be written: the use must
/// be refused then, or it would be lost.
template <class = void>
bool write_evidence(std::string const& case_dir, std::string_view resource, bool allowed,
                    std::vector<std::string> const& words, long caller) {
    int const before = errno;
    std::string record = std::to_string(caller);
    record += '\0';
    record += name_of_process(caller).substr(0, evidence_word_bytes);
    record += '\0';
    std::size_t const count = words.size() < evidence_words ? words.size() : evidence_words;
    record += std::to_string(count);
    record += '\0';
    for (std::size_t i = 0; i < count; ++i) {
        auto const word = std::string_view(words[i]).substr(0, evidence_word_bytes);
        record += word.substr(0, word.find('\0'));
        record += '\0';
    }
    auto const path = case_dir + (allowed ? "/used." : "/blocked.") + std::string(resource);
    int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 && errno == ENOENT && (::mkdir(case_dir.c_str(), 0700) == 0 || errno == EEXIST)) {
        file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    bool written = false;
    if (file >= 0) {
        written = ::write(file, record.data(), record.size()) == static_cast<::ssize_t>(record.size());
        written = ::close(file) == 0 && written;
    }
    errno = before;
    return written;
}

template <class = void>
std::string read_file(std::string const& path) {
    std::string bytes;
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char buffer[4096];
    for (::ssize_t n = 0; file >= 0 && (n = ::read(file, buffer, sizeof buffer)) > 0;) {
        bytes.append(buffer, static_cast<std::size_t>(n));
    }
    if (file >= 0) ::close(file);
    return bytes;
}

/// What has been written into a test's folder since the last call. Nothing when there is no folder.
template <class = void>
std::vector<guard_use> take_evidence(std::string const& case_dir) {
    std::vector<guard_use> uses;
    ::DIR* const folder = ::opendir(case_dir.c_str());
    if (folder == nullptr) return uses;
    std::vector<std::string> names;
    while (auto const* const entry = ::readdir(folder)) names.emplace_back(entry->d_name);
    ::closedir(folder);
    for (std::string const& name : names) {
        bool const allowed = name.starts_with("used.");
        if (!allowed && !name.starts_with("blocked.")) continue;
        auto const told = case_dir + "/told." + name;
        auto const before = read_file(told);
        std::size_t from = 0;
        for (char const c : before) from = c >= '0' && c <= '9' ? from * 10 + static_cast<std::size_t>(c - '0') : from;
        auto const bytes = read_file(case_dir + "/" + name);
        // An empty file says as much as one whose record comes a moment later.
        if (!before.empty() && bytes.size() <= from) continue;
        int const mark = ::open(told.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        auto const count = std::to_string(bytes.size());
        if (mark >= 0) {
            (void)!::write(mark, count.data(), count.size());  // at worst it is told twice
            ::close(mark);
        }
        auto const resource = std::string_view(name).substr(name.find('.') + 1);
        auto const fresh = std::string_view(bytes).substr(from < bytes.size() ? from : bytes.size());
        for (guard_use& use : read_evidence(resource, allowed, fresh)) uses.push_back(std::move(use));
    }
    return uses;
}

/// The folder of the test under which this process runs; empty where there is none.
template <class = void>
std::string case_dir_of_environment() {
    char const* const value = std::getenv("RAMPART_CASE_DIR");
    return value == nullptr ? std::string() : std::string(value);
}

#else

// Without files there is what the process itself notices, and nothing else.
inline bool is_allowed(std::string const&, std::string_view) { return false; }
inline bool write_evidence(std::string const&, std::string_view, bool, std::vector<std::string> const&, long) {
    return false;
}
inline std::vector<guard_use> take_evidence(std::string const&) { return {}; }
inline std::string case_dir_of_environment() { return {}; }

#endif

}  // namespace detail

}  // namespace rampart::inline v1

#undef RAMPART_DETAIL_EVIDENCE_FILES

#endif
