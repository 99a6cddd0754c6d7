#ifndef RAMPART_DIST_CAPTURED_HPP
#define RAMPART_DIST_CAPTURED_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// \file
/// What a test printed, as far as it is kept: its beginning, where most faults show, and its end, where it died. A test
/// that prints a gigabyte costs the controller some kilobytes.

namespace rampart::inline v1::dist {

/// In bytes.
struct capture_limits {
    std::size_t head = std::size_t{16} << 10U;  ///< bytes kept from the beginning
    std::size_t tail = std::size_t{48} << 10U;  ///< bytes kept from the end
};

namespace detail {

/// The text without a code point at its end of which bytes are missing.
[[nodiscard]] inline std::string_view without_cut_end(std::string_view text) {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        auto const byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) == 0x80) continue;
        std::size_t const size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (size > back) text.remove_suffix(back);
        break;
    }
    return text;
}

/// The text without the rest of a code point at its beginning.
[[nodiscard]] inline std::string_view without_cut_beginning(std::string_view text) {
    for (int n = 0; n < 3 && !text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80; ++n) {
        text.remove_prefix(1);
    }
    return text;
}

}  // namespace detail

/// Takes bytes as they come and keeps the first and the last of them.
class captured_output {
public:
    explicit captured_output(capture_limits limits = {}) noexcept : limits_(limits) {}

    void append(std::string_view bytes) {
        total_ += bytes.size();
        if (head_.size() < limits_.head) {
            auto const first = bytes.substr(0, limits_.head - head_.size());
            head_ += first;
            bytes.remove_prefix(first.size());
        }
        if (bytes.size() >= limits_.tail) {
            tail_ = bytes.substr(bytes.size() - limits_.tail);
            return;
        }
        tail_ += bytes;
        // Not at each call: what is cut off costs a move of what stays.
        if (tail_.size() > 2 * limits_.tail) tail_.erase(0, tail_.size() - limits_.tail);
    }

    /// How many bytes have come since the last `take`.
    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    /// What was kept, with `... 104857600 bytes left out ...` on a line of its own where bytes are missing; never cut
    /// inside a code point. Foreign text: control characters and ill-formed UTF-8 are still in it. Begins anew.
    [[nodiscard]] std::string take() {
        std::string_view tail = tail_;
        if (tail.size() > limits_.tail) tail.remove_prefix(tail.size() - limits_.tail);
        std::string text;
        if (head_.size() + tail.size() == total_) {
            text.swap(head_);
            text += tail;
        } else {
            std::string_view const head = detail::without_cut_end(head_);
            tail = detail::without_cut_beginning(tail);
            text = head;
            if (!head.empty() && !head.ends_with('\n')) text += '\n';
            text += "... " + std::to_string(total_ - head.size() - tail.size()) + " bytes left out ...\n";
            text += tail;
        }
        head_.clear();
        tail_ = {};
        total_ = 0;
        return text;
    }

private:
    capture_limits limits_;
    std::string head_{};
    std::string tail_{};
    std::uint64_t total_ = 0;
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_CAPTURED_HPP
