#ifndef RAMPART_JSON_REPAIR_HPP
#define RAMPART_JSON_REPAIR_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/utf8.hpp"

namespace rampart::inline v1 {

namespace detail {

/// A text that a strict reader takes, and what was done to get it.
struct repaired_json {
    std::string_view text{};     ///< the original where nothing was wrong, else `storage`
    std::string storage{};       ///< do not move this away from `text`
    std::size_t ill_formed = 0;  ///< UTF-8 parts that became U+FFFD
    std::size_t surrogates = 0;  ///< `\ud800` escapes without a partner that became `\ufffd`
    std::size_t first = 0;       ///< byte of the first repair, in the text that came in
};

/// The UTF-16 unit of the `\u` escape that begins at `at`, or a number above FFFF where there is none.
[[nodiscard]] constexpr unsigned escaped_unit(std::string_view text, std::size_t at) noexcept {
    constexpr unsigned none = 0x10000;
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') {
        return none;
    }
    unsigned unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
        char const c = text[i];
        unsigned digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<unsigned>(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<unsigned>(c - 'A') + 10;
        } else {
            return none;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/// The place of the first surrogate escape without a partner at or after `from`, or the text's size. `from` must not
/// stand inside an escape.
[[nodiscard]] constexpr std::size_t first_lone_surrogate(std::string_view text, std::size_t from) noexcept {
    std::size_t at = text.find('\\', from);
    while (at < text.size()) {
        unsigned const unit = escaped_unit(text, at);
        if (unit >= 0xDC00 && unit <= 0xDFFF) {
            return at;
        }
        if (unit >= 0xD800 && unit <= 0xDBFF) {
            unsigned const next = escaped_unit(text, at + 6);
            if (next < 0xDC00 || next > 0xDFFF) {
                return at;
            }
            at += 6;
        }
        // A backslash takes the next byte with it, so that the second of two does not begin an escape.
        at = text.find('\\', at + 2);
    }
    return text.size();
}

/// Replaces ill-formed UTF-8 and lone surrogate escapes by U+FFFD (wire format, B4). A backslash outside of a string is
/// an error whatever follows it, so strings need not be told apart.
inline void repair_json(std::string_view text, repaired_json& out) {
    out.text = text;
    out.first = text.size();
    if (std::size_t bad = first_ill_formed(text); bad != text.size()) {
        out.first = bad;
        while (bad < text.size()) {
            ++out.ill_formed;
            bad = first_ill_formed(text, bad + utf8_part_at(text, bad).size);
        }
        out.storage = repair_utf8(text);
        out.text = out.storage;
    }
    std::size_t lone = first_lone_surrogate(out.text, 0);
    if (lone == out.text.size()) {
        return;
    }
    out.first = lone < out.first ? lone : out.first;
    if (out.ill_formed == 0) {
        out.storage = text;
        out.text = out.storage;
    }
    while (lone < out.storage.size()) {
        ++out.surrogates;
        out.storage.replace(lone, 6, "\\ufffd");
        lone = first_lone_surrogate(out.storage, lone + 6);
    }
    out.text = out.storage;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_REPAIR_HPP
