#ifndef RAMPART_TRANSPORT_MERGE_PATH_HPP
#define RAMPART_TRANSPORT_MERGE_PATH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/session.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/document.hpp"
#include "rampart/transport/merge.hpp"
#include "rampart/transport/record_value.hpp"
#include "rampart/transport/shard_files.hpp"
#include "rampart/transport/wire_format.hpp"

namespace rampart::inline v1 {

namespace detail {

/// Whether something in a shard says which worker it is from. Then it is a hub's, or a journal's, and keeps its names.
template <Result R>
[[nodiscard]] bool names_workers(basic_shard<R> const& shard) {
    auto const named = [](auto const& each) { return !each.worker.empty(); };
    auto const filed = shard.filed.refs();
    return !shard.worker.empty() || std::ranges::any_of(shard.records, named) ||
           std::any_of(filed.begin(), filed.end(), [](auto const& r) { return !r.worker().empty(); }) ||
           std::ranges::any_of(shard.tests, named) || std::ranges::any_of(shard.plans, named);
}

/// All files of a folder and of the folders in it, sorted; hidden ones are passed over. `failure` says that the list
/// may not be whole.
[[nodiscard]] inline std::vector<std::filesystem::path> files_below(std::filesystem::path const& folder,
                                                                    std::error_code& failure) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
        bool const hidden = it->path().filename().string().starts_with('.');
        std::error_code ignored;
        // A link to a folder is not followed, as it may lead back here. It is listed, because it may hold something.
        if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
            if (hidden) it.disable_recursion_pending();
        } else if (!hidden) {
            files.push_back(it->path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// How a file is read that is merged into the session: results may stay in it.
template <PortableResult R>
[[nodiscard]] reading<R> reading_of(basic_session<R>& into, std::filesystem::path const& file) {
    reading<R> how;
    how.text = into.text_policy();
    if constexpr (PlainlyReadable<R>) {
        auto& [room, source] = into.file_room();
        auto files = std::dynamic_pointer_cast<shard_files<R>>(source);
        if (files == nullptr) source = files = std::make_shared<shard_files<R>>();
        if (files->add(file, how.file)) {
            how.source = std::move(files);
            how.room = &room;
        }
    }
    return how;
}

/// Reads a file, which is a payload, a stream or a journal. Its faults name the file.
template <PortableResult R>
[[nodiscard]] expected<basic_shard<R>> read_file(std::filesystem::path const& file, wire_limits const& limits,
                                                 reading<R> const& how = {}) {
    try {
        std::error_code failure;
        bool const is_folder = std::filesystem::is_directory(file, failure);
        std::ifstream in(file, std::ios::binary);
        auto const unreadable = [&] {
            return shard_error{shard_errc::missing_output, {}, file.string() + " cannot be read"};
        };
        if (is_folder || !in) return unreadable();
        // One byte more than a whole document may have. The size is only a guess: the file may be a pipe, or grow.
        std::size_t const most = limits.max_bytes + (limits.max_bytes + 1 == 0 ? 0 : 1);
        auto const guess = std::filesystem::file_size(file, failure);
        std::size_t room =
            std::min(most, std::max<std::size_t>(65536, failure ? 0 : static_cast<std::size_t>(guess) + 1));
        std::size_t size = 0;
        std::unique_ptr<char[]> buffer(new char[room]);  // not a text, which would be filled with zeros first
        while (in && size < most) {
            if (size == room) {
                room = std::min(most, room + room / 2 + 1);
                std::unique_ptr<char[]> more(new char[room]);
                std::copy_n(buffer.get(), size, more.get());
                buffer = std::move(more);
            }
            in.read(buffer.get() + size, static_cast<std::streamsize>(room - size));
            size += static_cast<std::size_t>(in.gcount());
        }
        std::string_view const bytes(buffer.get(), size);
        if (in.bad()) return unreadable();
        auto read = [&]() -> expected<basic_shard<R>> {
            if (bytes.size() <= limits.max_bytes) return read_document<R>(bytes, limits, file.string(), how);
            in.clear();
            in.seekg(0);
            if (!in) {
                return shard_error{shard_errc::too_large,
                                   {},
                                   "it is over the limit of " + std::to_string(limits.max_bytes) +
                                       " bytes, and cannot be read again from its beginning"};
            }
            return read_long_document<R>(in, bytes, limits, file.string(), how);
        }();
        if (in.bad()) return unreadable();
        if (!read && read.error().code != shard_errc::missing_output) {
            shard_error named = read.error();
            named.detail = file.string() + ": " + named.message();
            named.pointer.clear();
            return named;
        }
        return read;
    } catch (std::exception const& e) {
        return shard_error{shard_errc::too_large, {}, file.string() + " cannot be held: " + e.what()};
    }
}

}  // namespace detail

/// Takes a file into a session: a payload, a stream or a journal. Many or long results may stay in the file, see
/// `basic_session::hold_at_most`. Its worker's name is the one that it says itself,
/// else `name`, else the file's stem (wire format, B14). What went wrong is a fault that names the file.
template <PortableResult R>
expected<void> merge_file(basic_session<R>& into, std::filesystem::path const& file, wire_limits limits = {},
                          std::string name = {}) {
    if (name.empty()) name = file.stem().string();
    auto read = detail::read_file<R>(file, limits, detail::reading_of(into, file));
    if (!read) {
        auto const kind = fault_of(read.error().code);
        into.merge_fault({kind, place_in_worker(name), read.error().message()});
        return read.error();
    }
    if (!detail::names_workers(*read)) read->worker = std::move(name);
    detail::merge_shard(into, std::move(*read), values_are::washed);
    return {};
}

/// Is told of each file when it has been read, with its size in bytes.
using merge_watch = std::function<void(std::filesystem::path const& file, std::uint64_t bytes)>;

/// How many files `merge_path` would read. What cannot be listed counts as none.
[[nodiscard]] inline std::size_t files_to_merge(std::filesystem::path const& path) {
    std::error_code failure;
    return std::filesystem::is_directory(path, failure) ? detail::files_below(path, failure).size() : 1;
}

/// Takes a file, or all files of a folder and of the folders in it, in the order of their names; hidden ones are passed
/// over. A file that names no worker is named after its place in the folder, such as `night/gw0`: two files of one name
/// are two workers. A folder without a file is a fault: something should be there.
template <PortableResult R>
void merge_path(basic_session<R>& into, std::filesystem::path const& path, wire_limits limits = {},
                merge_watch const& watch = {}) {
    std::error_code failure;
    auto const was_read = [&watch](std::filesystem::path const& file) {
        if (!watch) return;
        std::error_code unknown;
        auto const size = std::filesystem::file_size(file, unknown);
        watch(file, unknown ? 0 : size);
    };
    if (!std::filesystem::is_directory(path, failure)) {
        (void)merge_file(into, path, limits);
        was_read(path);
        return;
    }
    auto const files = detail::files_below(path, failure);
    if (failure) {
        into.merge_fault(
            {fault_kind::missing_worker, path.string(), "the folder cannot be read: " + failure.message()});
    } else if (files.empty()) {
        into.merge_fault({fault_kind::missing_worker, path.string(), "the folder holds no payload and no journal"});
    }
    for (std::filesystem::path const& file : files) {
        std::error_code ignored;
        auto const status = std::filesystem::status(file, ignored);
        if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) {
            auto const place = file.lexically_relative(path);
            (void)merge_file(into, file, limits, (place.parent_path() / place.stem()).generic_string());
        } else {
            // A pipe that happens to lie here would be waited for without end.
            into.merge_fault({fault_kind::missing_worker, place_in_worker(file.stem().string()),
                              file.string() + " is no regular file and was passed over"});
        }
        was_read(file);
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_MERGE_PATH_HPP
