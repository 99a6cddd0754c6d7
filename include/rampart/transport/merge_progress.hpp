#ifndef RAMPART_TRANSPORT_MERGE_PROGRESS_HPP
#define RAMPART_TRANSPORT_MERGE_PROGRESS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace rampart::inline v1 {

/// How far a merge of many files is, as a line for people, and when it is time for one. It has neither a clock nor a
/// place to write to, and says nothing by itself.
///
///     merge_progress progress(files_to_merge(folder), now(), 5.0);
///     merge_path(session, folder, {}, [&](auto const&, std::uint64_t bytes) {
///         if (auto const line = progress.note(bytes, now())) std::cerr << *line << '\n';
///     });
class merge_progress {
public:
    /// `now`: seconds by any steady clock. There is a line whenever `interval` seconds have gone by since the last one,
    /// or the beginning.
    merge_progress(std::size_t files, double now, double interval) noexcept
        : files_(files), last_(now), interval_(interval) {}

    /// A file of so many bytes has been read.
    std::optional<std::string> note(std::uint64_t bytes, double now) {
        ++read_;
        bytes_ += bytes;
        if (now - last_ < interval_) return std::nullopt;
        last_ = now;
        return line();
    }

    /// `merging: 312 of 1000 files, 18 MB`
    [[nodiscard]] std::string line() const {
        return "merging: " + std::to_string(read_) + " of " + std::to_string(files_) + " files, " + size();
    }

private:
    /// A decimal below ten of a unit.
    [[nodiscard]] std::string size() const {
        bool const big = bytes_ >= 1'000'000'000;
        std::uint64_t const tenths = bytes_ / (big ? 100'000'000 : 100'000);
        auto text = std::to_string(tenths / 10);
        if (tenths < 100) text += '.' + std::to_string(tenths % 10);
        return text + (big ? " GB" : " MB");
    }

    std::size_t files_;
    double last_;
    double interval_;
    std::size_t read_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_MERGE_PROGRESS_HPP
