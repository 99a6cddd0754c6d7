#ifndef RAMPART_TRANSPORT_JOURNAL_FILE_HPP
#define RAMPART_TRANSPORT_JOURNAL_FILE_HPP

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "rampart/session/plan.hpp"

namespace rampart::inline v1 {

/// When a journal's bytes are forced to the disk. A process that dies loses nothing that it had written, whatever the
/// policy; a machine that dies may.
enum class journal_sync : unsigned char {
    none,       ///< the system writes when it likes
    each_test,  ///< after each test, and the folder when the file is made: survives a power cut
    at_end,     ///< once, when the journal is closed
};

namespace detail {

/// A text as a part of a file's name: letters, digits, `.`, `-` and `_`; others become `_`.
[[nodiscard]] inline std::string as_file_name(std::string_view text) {
    std::string name(text.substr(0, 100));
    for (char& c : name) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '-' || c == '_';
        if (!plain) c = '_';
    }
    if (name.starts_with('.')) name.front() = '_';  // neither hidden nor `..`
    return name;
}

}  // namespace detail

/// Where a journal lies in its folder: `[RUN/]shard-I-of-N.attempt-A.HOST.PID.jsonl`, I from 1.
[[nodiscard]] inline std::filesystem::path journal_file_name(shard_plan const& plan, std::string_view host,
                                                             std::int64_t pid) {
    std::filesystem::path const name = "shard-" + std::to_string(plan.index + 1) + "-of-" + std::to_string(plan.count) +
                                       ".attempt-" + std::to_string(plan.attempt) + "." + detail::as_file_name(host) +
                                       "." + std::to_string(pid) + ".jsonl";
    return plan.run.empty() ? name : std::filesystem::path(detail::as_file_name(plan.run)) / name;
}

/// A file that only grows, by whole lines, those of one event in one write. A child that was forked writes nothing: two
/// processes would tell of one test.
///
/// Own code, because a stream of the standard library neither makes a file anew or not at all, nor writes a line in one
/// call, nor says what the disk said.
class journal_file {
public:
    /// Makes `folder / name`, or the same with `-2`, `-3`, ... before its extension where that is taken. A failure
    /// comes with the first `append`.
    journal_file(std::filesystem::path const& folder, std::filesystem::path const& name, journal_sync sync)
        : path_(folder / name), sync_(sync), owner_(::getpid()) {
        std::error_code failure;
        std::filesystem::create_directories(path_.parent_path(), failure);
        auto const stem = path_.stem().string();
        for (unsigned number = 2; !failure; ++number) {
            file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
            if (file_ >= 0) break;
            if (errno != EEXIST || number == 10000) {
                failure = last_error();
            } else {
                path_.replace_filename(stem + "-" + std::to_string(number) + path_.extension().string());
            }
        }
        broken_ = failure;
        if (!broken_ && sync_ == journal_sync::each_test) {
            int const parent = ::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (parent < 0 || ::fsync(parent) != 0) broken_ = last_error();
            if (parent >= 0) ::close(parent);
        }
    }
    journal_file(journal_file const&) = delete;
    journal_file& operator=(journal_file const&) = delete;
    ~journal_file() {
        if (file_ >= 0) ::close(file_);
    }

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
    /// Whether there is a file to write to.
    [[nodiscard]] bool is_open() const noexcept { return file_ >= 0; }

    /// Appends lines, their ends included. After a failure the file ends with the last whole line, as far as the disk
    /// allows, and the next call tries again.
    [[nodiscard]] std::error_code append(std::string_view lines) {
        if (::getpid() != owner_) return {};
        if (file_ < 0) return broken_ ? broken_ : std::make_error_code(std::errc::bad_file_descriptor);
        // What failed before may have left a part of a line.
        if (torn_ && ::ftruncate(file_, good_) != 0) return last_error();
        torn_ = false;
        for (std::string_view rest = lines; !rest.empty();) {
            ::ssize_t const written = ::write(file_, rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) {
                auto const failure = written < 0 ? last_error() : std::make_error_code(std::errc::no_space_on_device);
                torn_ = rest.size() != lines.size();
                if (torn_ && ::ftruncate(file_, good_) == 0) torn_ = false;
                return failure;
            }
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        good_ += static_cast<::off_t>(lines.size());
        return std::exchange(broken_, {});
    }

    /// Forces what was written to the disk, if the policy says so. A failure comes with the next `append` or `close`.
    void after_test() {
        if (sync_ == journal_sync::each_test) sync();
    }

    [[nodiscard]] std::error_code close() {
        if (file_ < 0 || ::getpid() != owner_) return {};
        if (sync_ != journal_sync::none) sync();
        if (::close(std::exchange(file_, -1)) != 0 && !broken_) broken_ = last_error();
        return std::exchange(broken_, {});
    }

private:
    static std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

    void sync() {
        if (file_ < 0 || ::getpid() != owner_) return;
        // A pipe or a socket has nothing to sync and says EINVAL.
        if (::fdatasync(file_) != 0 && errno != EINVAL && errno != ENOTSUP && !broken_) broken_ = last_error();
    }

    std::filesystem::path path_;
    journal_sync sync_;
    ::pid_t owner_;
    int file_ = -1;
    ::off_t good_ = 0;   // so many bytes are whole lines
    bool torn_ = false;  // and behind them stands a part of one
    std::error_code broken_{};
};

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_JOURNAL_FILE_HPP
