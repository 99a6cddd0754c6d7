#ifndef RAMPART_SINKS_ATOMIC_FILE_HPP
#define RAMPART_SINKS_ATOMIC_FILE_HPP

#include <atomic>
#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
# define RAMPART_DETAIL_POSIX_FILES 1
# include <fcntl.h>
# include <unistd.h>
#else
# define RAMPART_DETAIL_POSIX_FILES 0
#endif

/// \file
/// Files that are there whole or not at all: written aside, flushed to the disk, and only then given their name.

namespace rampart::inline v1 {

/// A file could not be written. The text names the file, the step and the system's reason.
class file_error : public std::runtime_error {
public:
    file_error(std::filesystem::path path, std::string const& step, std::error_code code)
        : std::runtime_error("cannot write '" + path.string() + "': " + step + ": " + code.message()),
          path_(std::move(path)), code_(code) {}

    /// The file that was to be written.
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
    [[nodiscard]] std::error_code code() const noexcept { return code_; }

private:
    std::filesystem::path path_;
    std::error_code code_;
};

namespace detail {

[[nodiscard]] inline std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

}  // namespace detail

/// Text on its way into a file, through a buffer: what a big report is written with, since it never stands in memory
/// as a whole. A writer appends to `text()` and calls `pass_on()` now and then, such as after each record.
class file_stream {
public:
    /// Takes the open file; failures are those of `target`.
    file_stream(std::FILE* file, std::filesystem::path target) : file_(file), target_(std::move(target)) {}
    file_stream(file_stream const&) = delete;
    file_stream& operator=(file_stream const&) = delete;
    ~file_stream() {
        if (file_ != nullptr) std::fclose(file_);
    }

    [[nodiscard]] std::string& text() noexcept { return text_; }

    /// Lets the file have the text when there is enough of it. Throws `file_error`.
    void pass_on() {
        if (text_.size() >= enough) pass_on_all();
    }
    /// Adds bytes behind the text so far. Throws `file_error`.
    void write(std::string_view bytes) {
        if (text_.size() + bytes.size() < enough) {
            text_ += bytes;
            return;
        }
        pass_on_all();
        put(bytes);
    }
    /// What is left is written, flushed to the disk, and the file closed. Throws `file_error`.
    void close() {
        pass_on_all();
        std::error_code failure;
        // Before fflush, fsync or fclose, errno may hold something old.
        if (std::fflush(file_) != 0) failure = detail::last_error();
#if RAMPART_DETAIL_POSIX_FILES
        // A pipe or a terminal has nothing to sync and says EINVAL.
        if (!failure && ::fsync(::fileno(file_)) != 0 && errno != EINVAL && errno != ENOTSUP) {
            failure = detail::last_error();
        }
#endif
        if (std::fclose(std::exchange(file_, nullptr)) != 0 && !failure) failure = detail::last_error();
        if (failure) fail(failure);
    }

private:
    void pass_on_all() {
        put(text_);
        text_.clear();
    }
    void put(std::string_view bytes) {
        written_ += bytes.size();
        if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail(detail::last_error());
    }
    [[noreturn]] void fail(std::error_code code) const {
        throw file_error(target_, "writing " + std::to_string(written_) + " bytes", code);
    }
    static constexpr std::size_t enough = 65536;
    std::FILE* file_;
    std::filesystem::path target_;
    std::string text_{};
    std::uintmax_t written_ = 0;
};

/// What gives a file its contents: it is called once, and appends to the output.
template <class F>
concept FileWriter = std::invocable<F&, file_stream&>;

namespace detail {

/// What is left of a file that did not get its name is removed.
class aside_file {
public:
    /// Writes all that `writer` gives to a new file of a name nobody has, beside `target`, and flushes it to the disk.
    template <FileWriter F>
    aside_file(std::filesystem::path const& target, F&& writer) : target_(target) {
        std::FILE* const file = make();
        try {
            fill(file, target_, writer);
        } catch (...) {
            remove();
            throw;
        }
    }
    aside_file(std::filesystem::path const& target, std::string_view bytes)
        : aside_file(target, [bytes](file_stream& out) { out.write(bytes); }) {}
    aside_file(aside_file const&) = delete;
    aside_file& operator=(aside_file const&) = delete;
    ~aside_file() { remove(); }

    /// Gives the file the target's name, whether a file of that name exists or not.
    void replace_target() {
        std::error_code failure;
        std::filesystem::rename(path_, target_, failure);
        if (failure) throw file_error(target_, "giving it its name", failure);
        path_.clear();
    }

    /// Gives the file this name, which must lie in the same folder. False when something has the name already.
    [[nodiscard]] bool take_name(std::filesystem::path const& name) {
        std::error_code failure;
        // A hard link is made or refused in one step, so of two processes only one gets the name.
        std::filesystem::create_hard_link(path_, name, failure);
        if (!failure) return true;
        if (failure == std::errc::file_exists) return false;
        return claim_name(name);
    }

    /// The same for a file system without hard links: an empty file claims the name, and is replaced.
    [[nodiscard]] bool claim_name(std::filesystem::path const& name) {
        std::FILE* const claim = std::fopen(name.string().c_str(), "wbx");
        if (claim == nullptr) {
            if (errno == EEXIST) return false;
            throw file_error(name, "claiming the name", last_error());
        }
        std::fclose(claim);
        std::error_code failure;
        std::filesystem::rename(path_, name, failure);
        if (failure) {
            std::error_code ignored;
            std::filesystem::remove(name, ignored);
            throw file_error(name, "giving it its name", failure);
        }
        path_.clear();
        return true;
    }

    /// Writes what `writer` gives and closes the file, which must have got through to the disk.
    template <FileWriter F>
    static void fill(std::FILE* file, std::filesystem::path const& target, F&& writer) {
        file_stream out(file, target);
        writer(out);
        out.close();
    }

private:
    [[nodiscard]] std::FILE* make() {
        static std::atomic<std::uint32_t> count{0};
        // A name is only taken when another process draws the same random number, so a second try is rare.
        for (int tries = 0;; ++tries) {
            auto const name = ".rampart-" + std::to_string(std::random_device{}()) + "-" + std::to_string(++count);
            path_ = target_.parent_path() / (name + ".tmp");
            if (std::FILE* const file = std::fopen(path_.string().c_str(), "wbx")) return file;
            if (errno == EEXIST && tries != 100) continue;
            auto const failure = last_error();
            auto const aside = path_.string();
            path_.clear();
            throw file_error(target_, "making '" + aside + "'", failure);
        }
    }
    void remove() noexcept {
        if (path_.empty()) return;
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    std::filesystem::path target_;
    std::filesystem::path path_{};
};

inline void make_folder_of(std::filesystem::path const& file) {
    auto const folder = file.parent_path();
    std::error_code failure;
    if (!folder.empty()) std::filesystem::create_directories(folder, failure);
    if (failure) throw file_error(file, "making the folder '" + folder.string() + "'", failure);
}

/// A new name survives a power cut only when the folder is flushed too. Some file systems cannot; the name stands
/// anyway.
inline void flush_folder([[maybe_unused]] std::filesystem::path const& folder) noexcept {
#if RAMPART_DETAIL_POSIX_FILES
    int const handle = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return;
    static_cast<void>(::fsync(handle));
    ::close(handle);
#endif
}

/// Where a file of this name is to be written, with its folder made: the file that a link names, or, `directly`, what
/// is no ordinary file.
struct file_place {
    std::filesystem::path target{};
    bool directly = false;
};

[[nodiscard]] inline file_place place_of(std::filesystem::path const& path) {
    std::error_code ignored;
    auto const kind = std::filesystem::status(path, ignored).type();
    if (kind == std::filesystem::file_type::directory) {
        throw file_error(path, "opening it", std::make_error_code(std::errc::is_a_directory));
    }
    if (kind != std::filesystem::file_type::not_found && kind != std::filesystem::file_type::regular &&
        kind != std::filesystem::file_type::none) {
        return {path, true};
    }
    make_folder_of(path);
    if (kind != std::filesystem::file_type::regular) return {path, false};
    std::error_code failure;
    auto target = std::filesystem::canonical(path, failure);
    if (failure) throw file_error(path, "following it", failure);
    return {std::move(target), false};
}

[[nodiscard]] inline std::FILE* open_directly(std::filesystem::path const& path) {
    std::FILE* const file = std::fopen(path.string().c_str(), "wb");
    if (file == nullptr) throw file_error(path, "opening it", last_error());
    return file;
}

}  // namespace detail

/// Writes a file of this name, instead of one that may be there. A reader sees the old file or the new one, never a
/// part; after a failure the old one is untouched and nothing else is left behind. Parent folders are made. A link is
/// followed; what is no ordinary file, such as `/dev/stdout`, is written to directly.
///
/// What is too large to be put together first is written a piece at a time. What `writer` throws goes on to the caller,
/// and counts as a failure: the old file stays.
///
///     rampart::write_file("report.txt", [](rampart::file_stream& out) { out.write("first"); });
///
/// Throws `file_error`.
template <FileWriter F>
void write_file(std::filesystem::path const& path, F&& writer) {
    auto const place = detail::place_of(path);
    if (place.directly) {
        detail::aside_file::fill(detail::open_directly(path), path, writer);
        return;
    }
    detail::aside_file file(place.target, writer);
    file.replace_target();
    detail::flush_folder(place.target.parent_path());
}

/// The same with bytes that are there already.
inline void write_file(std::filesystem::path const& path, std::string_view bytes) {
    write_file(path, [bytes](file_stream& out) { out.write(bytes); });
}

/// Writes a new file `STEM EXTENSION` into the folder, which is made where it is missing, and gives back its path. A
/// name that exists is never overwritten: the next is `STEM_2 EXTENSION`, also when other processes write at the same
/// time (wire format, B11).
///
/// Throws `file_error`, and what `writer` throws.
template <FileWriter F>
std::filesystem::path write_new_file(std::filesystem::path const& folder, std::string const& stem,
                                     std::string const& extension, F&& writer) {
    auto name = folder / (stem + extension);
    detail::make_folder_of(name);
    detail::aside_file file(name, writer);
    for (unsigned number = 2; !file.take_name(name); ++number) {
        name = folder / (stem + "_" + std::to_string(number) + extension);
    }
    detail::flush_folder(folder);
    return name;
}

/// The same with bytes that are there already.
inline std::filesystem::path write_new_file(std::filesystem::path const& folder, std::string const& stem,
                                            std::string const& extension, std::string_view bytes) {
    return write_new_file(folder, stem, extension, [bytes](file_stream& out) { out.write(bytes); });
}

/// A moment as part of a file's name, UTC: `2026-11-21T08-30-00`.
[[nodiscard]] inline std::string file_time(std::chrono::system_clock::time_point moment) {
    auto const day = std::chrono::floor<std::chrono::days>(moment);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const time{std::chrono::floor<std::chrono::seconds>(moment - day)};
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d-%02d-%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text;
}

}  // namespace rampart::inline v1

#undef RAMPART_DETAIL_POSIX_FILES

#endif  // RAMPART_SINKS_ATOMIC_FILE_HPP
