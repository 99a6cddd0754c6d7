#ifndef RAMPART_TRANSPORT_SHARD_FILES_HPP
#define RAMPART_TRANSPORT_SHARD_FILES_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rampart/base/mutex.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/session/filed_records.hpp"
#include "rampart/session/record.hpp"
#include "rampart/transport/record_value.hpp"

namespace rampart::inline v1::detail {

/// The files of shards whose results stayed there, and how one is read again.
///
/// Read, not mapped: what is cut off a file under a mapping kills the process, and a mapping's pages count as its
/// memory.
template <Result R>
class shard_files final : public record_source<R> {
public:
    ~shard_files() override {
        for (entry& e : files_) shut(e);
    }

    /// Takes a file on, as it is now. False when it cannot be read twice: it is no regular file, or not there.
    bool add(std::filesystem::path const& path, std::uint32_t& number) {
        lock_guard const hold(mutex_);
        struct ::stat now {};
        if (::stat(path.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) return false;
        files_.push_back({path, now, -1});
        number = static_cast<std::uint32_t>(files_.size() - 1);
        return true;
    }

    /// Throws `std::runtime_error` when the file is not what it was when it was added.
    R read(record_place const& place) override {
        lock_guard const hold(mutex_);
        entry& from = files_.at(place.file);
        open(from);
        text_.resize(place.length);
        for (std::size_t done = 0; done < text_.size();) {
            auto const got = ::pread(from.descriptor, text_.data() + done, text_.size() - done,
                                     static_cast<::off_t>(place.offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) fail(from, got == 0 ? "it has become shorter" : std::strerror(errno));
            done += static_cast<std::size_t>(got);
        }
        basic_record<R> made{test_id(), {}, 0, 1, {}, {}, R{}};
        cursor_.at.restart(text_);
        if (!read_plain_record<true>(cursor_, made) || !cursor_.at.at_end())
            fail(from, "something else stands there now");
        return std::move(made.value);
    }

private:
    struct entry {
        std::filesystem::path path{};
        struct ::stat was {};
        int descriptor = -1;
    };

    static void shut(entry& e) noexcept {
        if (e.descriptor >= 0) ::close(std::exchange(e.descriptor, -1));
    }
    [[noreturn]] static void fail(entry const& e, std::string const& why) {
        throw std::runtime_error(e.path.string() +
                                 " changed after it was merged, and its results cannot be read again: " + why);
    }
    /// A report goes back and forth between the files, and a process may have a thousand descriptors.
    void open(entry& e) {
        if (e.descriptor >= 0) return;
        constexpr std::size_t most_open = 64;
        if (open_.size() == most_open) {
            shut(files_[open_[next_shut_]]);
        } else {
            open_.push_back(0);
            next_shut_ = open_.size() - 1;
        }
        e.descriptor = ::open(e.path.c_str(), O_RDONLY | O_CLOEXEC);
        struct ::stat now {};
        if (e.descriptor < 0 || ::fstat(e.descriptor, &now) != 0) fail(e, std::strerror(errno));
        open_[next_shut_] = static_cast<std::uint32_t>(&e - files_.data());
        next_shut_ = (next_shut_ + 1) % most_open;
        bool const same = now.st_dev == e.was.st_dev && now.st_ino == e.was.st_ino && now.st_size == e.was.st_size &&
                          now.st_mtim.tv_sec == e.was.st_mtim.tv_sec && now.st_mtim.tv_nsec == e.was.st_mtim.tv_nsec;
        if (!same) fail(e, "it is another file, or was written to");
    }

    mutex mutex_{};  // copies of a session share their files
    std::vector<entry> files_{};
    std::vector<std::uint32_t> open_{};  // numbers of files; the oldest is at next_shut_
    std::size_t next_shut_ = 0;
    std::string text_{};
    result_cursor cursor_{};
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_SHARD_FILES_HPP
