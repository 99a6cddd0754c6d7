#ifndef RAMPART_BASE_NATURAL_ORDER_HPP
#define RAMPART_BASE_NATURAL_ORDER_HPP

#include <cstddef>
#include <string_view>

namespace rampart::inline v1 {

/// The order of lists for people: runs of digits compare as numbers, so `gw2` stands before `gw10` and `trial-2` before
/// `trial-10` (wire format, B10). Texts that differ only in leading zeros compare by their bytes, so the order is
/// total. Documents use byte order instead.
inline bool natural_less(std::string_view a, std::string_view b) noexcept {
    auto const digit = [](char c) { return c >= '0' && c <= '9'; };
    auto const number_at = [&digit](std::string_view text, std::size_t at) {
        while (at < text.size() && text[at] == '0') ++at;
        std::size_t end = at;
        while (end < text.size() && digit(text[end])) ++end;
        return text.substr(at, end - at);
    };
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (digit(a[i]) && digit(b[j])) {
            auto const left = number_at(a, i);
            auto const right = number_at(b, j);
            if (left.size() != right.size()) return left.size() < right.size();
            if (int const order = left.compare(right)) return order < 0;
            while (i < a.size() && digit(a[i])) ++i;
            while (j < b.size() && digit(b[j])) ++j;
        } else {
            if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
            ++i;
            ++j;
        }
    }
    if ((i < a.size()) != (j < b.size())) return j < b.size();
    return a < b;
}

}  // namespace rampart::inline v1

#endif
