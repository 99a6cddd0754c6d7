#ifndef RAMPART_BASE_GROWING_TEXT_HPP
#define RAMPART_BASE_GROWING_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "rampart/base/scan.hpp"

namespace rampart::inline v1::detail {

/// A string that is written piece by piece.
///
/// Own code, because each call of `std::string::append` costs more than copying the few bytes between two characters
/// that are escaped, and nothing can be written behind a string's end.
class growing_text {
public:
    /// Has room for `expected` bytes.
    explicit growing_text(std::size_t expected) { text_.resize(expected); }

    /// Where the next bytes go, and room for `count` of them.
    [[nodiscard]] char* room(std::size_t count) {
        if (text_.size() - used_ < count) text_.resize(2 * text_.size() + count);
        return text_.data() + used_;
    }
    /// So many bytes were written into the room.
    void wrote(std::size_t count) noexcept { used_ += count; }
    /// Removes the last bytes.
    void take_back(std::size_t count) noexcept { used_ -= count; }

    void put(char c) {
        *room(1) = c;
        ++used_;
    }
    void put(std::string_view piece) {
        if (piece.empty()) return;
        std::memcpy(room(piece.size()), piece.data(), piece.size());
        used_ += piece.size();
    }

    [[nodiscard]] std::string take() {
        text_.resize(used_);
        return std::move(text_);
    }

private:
    std::string text_{};
    std::size_t used_ = 0;
};

/// Appends the text from `from` to where `stop` stops, and gives that place.
template <class Stop>
[[nodiscard]] inline std::size_t put_to_stop(growing_text& out, std::string_view text, std::size_t from,
                                             Stop const& stop) {
    std::size_t const end = copy_to_stop(out.room(text.size() - from), text, from, stop);
    out.wrote(end - from);
    return end;
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_BASE_GROWING_TEXT_HPP
