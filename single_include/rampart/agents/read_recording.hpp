// <rampart/agents/read_recording.hpp> of rampart 0.1.0 in one file. single_include/make.sh writes it from include/: change it there.
//
// Copy the folder single_include to where you like, and:
//     tests.cpp   #include <rampart/doctest.hpp>
//     main.cpp    #define RAMPART_DOCTEST_MAIN, then #include <rampart/doctest_main.hpp>
//     g++ -std=c++20 -I single_include tests.cpp main.cpp -pthread
// It needs Boost 1.81 (headers) and doctest 2.4.9, or newer.
//
// MIT License
//
// Copyright (c) 2026 rampart contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#ifndef RAMPART_AGENTS_READ_RECORDING_HPP
#define RAMPART_AGENTS_READ_RECORDING_HPP

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

// ---- rampart/agents/recording.hpp
#ifndef RAMPART_AGENTS_RECORDING_HPP
#define RAMPART_AGENTS_RECORDING_HPP

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// ---- rampart/base/utf8.hpp
#ifndef RAMPART_BASE_UTF8_HPP
#define RAMPART_BASE_UTF8_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

// ---- rampart/base/scan.hpp
#ifndef RAMPART_BASE_SCAN_HPP
#define RAMPART_BASE_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

/// \file
/// How far a text is clean: the loop that all have in common that look at every byte of foreign text.
///
/// Own code, because the standard library looks for one character or one set of them at the speed of a byte a step, and
/// nearly all text is clean: looking at it must not cost more than copying it. Sixteen bytes a step, in the vectors
/// that g++ and clang++ have for every machine; without them, and in constant expressions, byte by byte.

namespace rampart::inline v1::detail {

/// What a scan stops at is said once, for a byte and for sixteen alike: a type with
///
///     static constexpr std::size_t look_behind;        // so many bytes before the one in question matter, 0 to 3
///     constexpr auto operator()(auto const& w) const;  // whether to stop at w(0); w(1) is the byte before, and so on
///
/// that uses `==`, `>=`, `<`, `&`, `|` and `^` only, on `w(n)` and numbers from 0 to 255. Before the place where a scan
/// begins stand zeros.
/// One byte and those before it.
struct byte_window {
    char const* at;
    std::size_t before;  ///< so many bytes may be looked at
    [[nodiscard]] constexpr unsigned char operator()(std::size_t back) const noexcept {
        return back > before ? static_cast<unsigned char>(0) : static_cast<unsigned char>(*(at - back));
    }
};

template <class Stop>
[[nodiscard]] constexpr std::size_t first_stop_bytewise(std::string_view text, std::size_t from, std::size_t at,
                                                        Stop const& stop) noexcept {
    while (at < text.size() && !stop(byte_window{text.data() + at, at - from})) ++at;
    return at;
}

#if defined(__GNUC__) && defined(__BYTE_ORDER__)

using byte_block = unsigned char __attribute__((vector_size(16)));
using byte_half_block = unsigned char __attribute__((vector_size(8)));

/// As many bytes at once, and those that stand 1 to 3 places before each.
template <class Block>
struct block_window {
    char const* at;
    [[nodiscard]] Block operator()(std::size_t back) const noexcept {
        Block block;
        std::memcpy(&block, at - back, sizeof block);
        return block;
    }
};

/// Where the first byte of 8 stands that is not 0; one of them is not.
[[nodiscard]] inline std::size_t first_set_byte(std::uint64_t bytes) noexcept {
# if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return static_cast<std::size_t>(__builtin_ctzll(bytes)) / 8;
# else
    return static_cast<std::size_t>(__builtin_clzll(bytes)) / 8;
# endif
}

/// The marks of a block, 0 or 255 a byte, as words.
template <class Block>
struct block_marks {
    std::uint64_t words[sizeof(Block) / 8];
    template <class Marks>
    explicit block_marks(Marks const& marks) noexcept {
        static_assert(sizeof marks == sizeof words);
        std::memcpy(words, &marks, sizeof words);
    }
    [[nodiscard]] bool any() const noexcept {
        if constexpr (sizeof(Block) == 16) return (words[0] | words[1]) != 0;
        return words[0] != 0;
    }
    /// Where the first mark stands, when there is one.
    [[nodiscard]] std::size_t first() const noexcept {
        if constexpr (sizeof(Block) == 16) {
            if (words[0] == 0) return 8 + first_set_byte(words[1]);
        }
        return first_set_byte(words[0]);
    }
};

/// What a scan does with bytes that it looks at: nothing.
struct pass_over {
    static constexpr bool looks_only = true;
    template <class Size>
    void operator()(std::size_t, Size) const noexcept {}
    [[nodiscard]] pass_over from(std::size_t) const noexcept { return {}; }
};
/// Or copies them.
struct pass_copy {
    static constexpr bool looks_only = false;
    char* to;
    char const* data;
    template <class Size>
    void operator()(std::size_t at, Size) const noexcept {
        std::memcpy(to + at, data + at, Size::value);
    }
    [[nodiscard]] pass_copy from(std::size_t at) const noexcept { return {to + at, data + at}; }
};

/// Looks at `count` bytes in whole blocks, of which the last may overlap the one before, and calls `pass(at, size)` for
/// each that it looks at. At least one block, and what `stop` looks back at has to be there. Gives the place of the
/// first stop, or `count`.
template <class Block, class Stop, class Pass>
[[nodiscard]] inline std::size_t first_stop_blockwise(char const* data, std::size_t count, Stop const& stop,
                                                      Pass const& pass) noexcept {
    constexpr std::size_t size = sizeof(Block);
    std::size_t at = 0;
    if constexpr (size == 16 && Pass::looks_only) {
        // Four at once, because asking "any?" costs as much as looking at a block.
        for (; at + 4 * size <= count; at += 4 * size) {
            auto const marks = stop(block_window<Block>{data + at}) | stop(block_window<Block>{data + at + size}) |
                               stop(block_window<Block>{data + at + 2 * size}) |
                               stop(block_window<Block>{data + at + 3 * size});
            if (block_marks<Block>(marks).any()) break;
        }
    }
    for (; at + size <= count; at += size) {
        block_marks<Block> const marks(stop(block_window<Block>{data + at}));
        pass(at, std::integral_constant<std::size_t, size>{});
        if (marks.any()) return at + marks.first();
    }
    if (at < count) {
        at = count - size;
        block_marks<Block> const marks(stop(block_window<Block>{data + at}));
        pass(at, std::integral_constant<std::size_t, size>{});
        if (marks.any()) return at + marks.first();
    }
    return count;
}

/// Up to 8 bytes as a word, in the order of memory, with zeros behind them.
[[nodiscard]] inline std::uint64_t word_of(char const* data, std::size_t count) noexcept {
    std::uint64_t word = 0;
# if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    // A memcpy of no fixed size is a call, which takes longer than all of this.
    if (count >= 8) {
        std::memcpy(&word, data, 8);
    } else if (count >= 4) {
        std::uint32_t front = 0;
        std::uint32_t back = 0;
        std::memcpy(&front, data, 4);
        std::memcpy(&back, data + count - 4, 4);
        word = front | static_cast<std::uint64_t>(back) << (8 * (count - 4));
    } else {
        for (std::size_t at = count; at > 0; --at) word = word << 8U | static_cast<unsigned char>(data[at - 1]);
    }
# else
    if (count > 0) std::memcpy(&word, data, count < 8 ? count : 8);
# endif
    return word;
}

/// The first bytes of a scan: before them stand zeros.
struct first_window {
    std::uint64_t word;
    [[nodiscard]] byte_half_block operator()(std::size_t back) const noexcept {
# if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        std::uint64_t const moved = word << (8 * back);
# else
        std::uint64_t const moved = word >> (8 * back);
# endif
        byte_half_block block;
        std::memcpy(&block, &moved, sizeof block);
        return block;
    }
};

/// The same for any number of bytes, before which nothing stands.
template <class Stop, class Pass>
[[nodiscard]] inline std::size_t first_stop_of_any(char const* data, std::size_t count, Stop const& stop,
                                                   Pass const& pass) noexcept {
    constexpr std::size_t word = sizeof(byte_half_block);
    constexpr std::size_t back = Stop::look_behind;
    if (count < word) {
        if (count >= 4) {
            pass(0, std::integral_constant<std::size_t, 4>{});
            pass(count - 4, std::integral_constant<std::size_t, 4>{});
        } else {
            for (std::size_t at = 0; at < count; ++at) pass(at, std::integral_constant<std::size_t, 1>{});
        }
        block_marks<byte_half_block> const marks(stop(first_window{word_of(data, count)}));
        return marks.any() && marks.first() < count ? marks.first() : count;
    }
    if constexpr (back == 0) {
        return count < 2 * word ? first_stop_blockwise<byte_half_block>(data, count, stop, pass)
                                : first_stop_blockwise<byte_block>(data, count, stop, pass);
    } else {
        pass(0, std::integral_constant<std::size_t, word>{});
        block_marks<byte_half_block> const marks(stop(first_window{word_of(data, word)}));
        if (marks.any()) return marks.first();
        if (count < word + back) {
            for (std::size_t at = word; at < count; ++at) {
                if (stop(byte_window{data + at, at})) return at;
                pass(at, std::integral_constant<std::size_t, 1>{});
            }
            return count;
        }
        // From the first place on that has enough before it: bytes may be looked at twice.
        Pass const behind = pass.from(back);
        return back + (count < 2 * word + back
                           ? first_stop_blockwise<byte_half_block>(data + back, count - back, stop, behind)
                           : first_stop_blockwise<byte_block>(data + back, count - back, stop, behind));
    }
}

/// The first place at or after `from` that `stop` stops at, or the text's size.
template <class Stop>
[[nodiscard]] constexpr std::size_t first_stop(std::string_view text, std::size_t from, Stop const& stop) noexcept {
    if (std::is_constant_evaluated()) return first_stop_bytewise(text, from, from, stop);
    return from + first_stop_of_any(text.data() + from, text.size() - from, stop, pass_over{});
}

/// The same, and what stands before that place is copied to `to` in the same pass. There has to be room for all of the
/// text from `from` on: what is behind the copy is undefined.
template <class Stop>
[[nodiscard]] inline std::size_t copy_to_stop(char* to, std::string_view text, std::size_t from,
                                              Stop const& stop) noexcept {
    char const* const data = text.data() + from;
    return from + first_stop_of_any(data, text.size() - from, stop, pass_copy{to, data});
}

/// So many bytes are a short text.
inline constexpr std::size_t short_text_bytes = 32;

/// Copies a short text when `stop`, which looks at nothing behind it, stops nowhere in it. `to` has room for
/// `short_text_bytes` whatever the text's size is: most texts and keys are short, and then finding out how short takes
/// longer than copying.
template <class Stop>
[[nodiscard]] inline bool copy_short_if_clean(char* to, std::string_view text, Stop const& stop) noexcept {
    static_assert(Stop::look_behind == 0);
    std::size_t const count = text.size();
    char const* const data = text.data();
    if (count >= sizeof(byte_block)) {
        std::size_t const last = count - sizeof(byte_block);
        std::memcpy(to, data, sizeof(byte_block));
        std::memcpy(to + last, data + last, sizeof(byte_block));
        return !block_marks<byte_block>(stop(block_window<byte_block>{data}) |
                                        stop(block_window<byte_block>{data + last}))
                    .any();
    }
    if (count >= sizeof(byte_half_block)) {
        std::size_t const last = count - sizeof(byte_half_block);
        std::memcpy(to, data, sizeof(byte_half_block));
        std::memcpy(to + last, data + last, sizeof(byte_half_block));
        return !block_marks<byte_half_block>(stop(block_window<byte_half_block>{data}) |
                                             stop(block_window<byte_half_block>{data + last}))
                    .any();
    }
    std::uint64_t const word = word_of(data, count);
    std::memcpy(to, &word, sizeof word);
    block_marks<byte_half_block> const marks(stop(first_window{word}));
    return !marks.any() || marks.first() >= count;
}

#else

template <class Stop>
[[nodiscard]] constexpr std::size_t first_stop(std::string_view text, std::size_t from, Stop const& stop) noexcept {
    return first_stop_bytewise(text, from, from, stop);
}
template <class Stop>
[[nodiscard]] inline std::size_t copy_to_stop(char* to, std::string_view text, std::size_t from,
                                              Stop const& stop) noexcept {
    std::size_t const end = first_stop(text, from, stop);
    if (end > from) std::memcpy(to, text.data() + from, end - from);
    return end;
}
inline constexpr std::size_t short_text_bytes = 32;
template <class Stop>
[[nodiscard]] inline bool copy_short_if_clean(char* to, std::string_view text, Stop const& stop) noexcept {
    return copy_to_stop(to, text, 0, stop) == text.size();
}

#endif

// ---- what scans stop at ----

/// Any byte that is not ASCII.
struct stop_at_non_ascii {
    static constexpr std::size_t look_behind = 0;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        return w(0) >= 0x80;
    }
};

/// A control character other than TAB, LF and, when `keep_cr`, CR: C0 and DEL at the byte itself, C1 at its second
/// byte. Only C2 and one of 80..9F are C1, so letters beyond ASCII stop nothing.
template <bool KeepCr>
struct stop_at_control {
    static constexpr std::size_t look_behind = 1;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const before = w(1);
        auto const group = byte & 0xE0;
        auto kept = (byte == '\t') | (byte == '\n');
        if constexpr (KeepCr) kept = kept | (byte == '\r');
        // What is kept is one of group 0, so "and not" is "exclusive or".
        return ((group == 0) ^ kept) | (byte == 0x7F) | ((group == 0x80) & (before == 0xC2));
    }
};

/// What a JSON text has to escape: all but printable ASCII, and quote and backslash.
struct stop_at_json_escape {
    static constexpr std::size_t look_behind = 0;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        return (byte < 0x20) | (byte >= 0x7F) | (byte == '"') | (byte == '\\');
    }
};

/// The byte that shows that UTF-8 is ill-formed (Unicode Standard, table 3-7): the first that cannot stand where it
/// stands. What is ill-formed begins there or up to 3 bytes before it.
struct stop_at_ill_formed {
    static constexpr std::size_t look_behind = 3;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const before = w(1);
        auto const second_before = w(2);
        auto const third_before = w(3);
        auto const is_tail = (byte & 0xC0) == 0x80;
        auto const is_due = (before >= 0xC0) | (second_before >= 0xE0) | (third_before >= 0xF0);
        auto const never = ((byte & 0xFE) == 0xC0) | (byte >= 0xF5);
        // Overlong forms, surrogates and numbers above U+10FFFF show in the second byte.
        auto const low_half = (byte & 0xE0) == 0x80;
        auto const low_quarter = (byte & 0xF0) == 0x80;
        auto const second = ((before == 0xE0) & low_half) | ((before == 0xED) & (low_half ^ is_tail)) |
                            ((before == 0xF0) & low_quarter) | ((before == 0xF4) & (low_quarter ^ is_tail));
        return (is_tail ^ is_due) | never | second;
    }
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_BASE_SCAN_HPP
// ---- rampart/base/utf8.hpp, again

/// \file
/// UTF-8 as the Unicode Standard defines it (chapter 3, table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF. Ill-formed text is never an error here: it is foreign text, so it is named, counted or repaired.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] constexpr unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

/// What stands at one place of a text: a code point, or a maximal ill-formed part.
struct utf8_part {
    char32_t code = 0xFFFD;  ///< the code point; U+FFFD where the bytes are ill-formed
    std::size_t size = 1;    ///< bytes, at least 1
    bool well_formed = false;
};

/// Reads the part that begins at `at`, which must be inside `text`.
///
/// An ill-formed part is as long as the "maximal subpart" practice of the Unicode Standard (section 3.9) and of the
/// WHATWG decoder says: the longest beginning of a code point, else one byte.
[[nodiscard]] constexpr utf8_part utf8_part_at(std::string_view text, std::size_t at) noexcept {
    unsigned const lead = byte_at(text, at);
    if (lead < 0x80) {
        return {static_cast<char32_t>(lead), 1, true};
    }
    std::size_t size = 0;
    char32_t code = 0;
    // Only the second byte's range depends on the lead; this is where overlong forms, surrogates and numbers
    // above U+10FFFF are kept out.
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
        code = lead & 0x1FU;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        code = lead & 0x0FU;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        code = lead & 0x07U;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        return {};
    }
    for (std::size_t done = 1; done < size; ++done) {
        if (at + done >= text.size()) {
            return {0xFFFD, done, false};
        }
        unsigned const tail = byte_at(text, at + done);
        if (tail < low || tail > high) {
            return {0xFFFD, done, false};
        }
        code = (code << 6U) | (tail & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    return {code, size, true};
}

/// Where the code point or ill-formed part begins in which `stop_at_ill_formed` stopped at `at`, or in whose middle the
/// text ends there: `at` itself, or up to 3 bytes before it. What stands from `from` to there is well-formed.
[[nodiscard]] constexpr std::size_t end_of_well_formed(std::string_view text, std::size_t from,
                                                       std::size_t at) noexcept {
    for (std::size_t back = 1; back <= 3 && from + back <= at; ++back) {
        unsigned const byte = byte_at(text, at - back);
        if ((byte & 0xC0U) == 0x80) continue;
        std::size_t const size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
        return size > back ? at - back : at;
    }
    return at;
}

/// The place of the first ill-formed part at or after `from`, or the text's size. `from` is where a code point begins.
[[nodiscard]] constexpr std::size_t first_ill_formed(std::string_view text, std::size_t from = 0) noexcept {
    std::size_t at = first_stop(text, from, stop_at_non_ascii{});
    if (!std::is_constant_evaluated() && text.size() - at >= 16) {
        return end_of_well_formed(text, at, first_stop(text, at, stop_at_ill_formed{}));
    }
    while (at < text.size()) {
        if (byte_at(text, at) < 0x80) {
            ++at;
            continue;
        }
        utf8_part const part = utf8_part_at(text, at);
        if (!part.well_formed) {
            break;
        }
        at += part.size;
    }
    return at;
}

}  // namespace detail

/// True when the text is well-formed UTF-8. An empty text is; U+0000 is a code point like any other.
[[nodiscard]] constexpr bool is_valid_utf8(std::string_view text) noexcept {
    return detail::first_ill_formed(text) == text.size();
}

/// The text with each maximal ill-formed part replaced by one U+FFFD (wire format, B4).
///
/// Well-formed text comes back as it is; the result is always well-formed. A caller that must note the repair asks
/// `is_valid_utf8` first.
[[nodiscard]] inline std::string repair_utf8(std::string_view text) {
    std::size_t bad = detail::first_ill_formed(text);
    if (bad == text.size()) {
        return std::string(text);
    }
    std::string out;
    out.reserve(text.size() + 16);
    std::size_t kept = 0;
    while (bad < text.size()) {
        out.append(text.substr(kept, bad - kept));
        out.append("\xEF\xBF\xBD");
        kept = bad + detail::utf8_part_at(text, bad).size;
        bad = detail::first_ill_formed(text, kept);
    }
    out.append(text.substr(kept));
    return out;
}

/// The text itself when it has at most `max_code_points` code points, else that many of them and `tail`.
///
/// Never cuts inside a code point; a maximal ill-formed part counts as one and stays as it is. The tail is not
/// counted: 200 code points and "..." is the display text of a payload (B3).
[[nodiscard]] inline std::string clip(std::string_view text, std::size_t max_code_points,
                                      std::string_view tail = "...") {
    std::size_t at = 0;
    for (std::size_t count = 0; count < max_code_points && at < text.size(); ++count) {
        at += detail::utf8_part_at(text, at).size;
    }
    std::string out(text.substr(0, at));
    if (at < text.size()) {
        out.append(tail);
    }
    return out;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_UTF8_HPP
// ---- rampart/agents/recording.hpp, again
// ---- rampart/core/conversation.hpp
#ifndef RAMPART_CORE_CONVERSATION_HPP
#define RAMPART_CORE_CONVERSATION_HPP

// ---- rampart/base/text.hpp
#ifndef RAMPART_BASE_TEXT_HPP
#define RAMPART_BASE_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

// ---- rampart/base/growing_text.hpp
#ifndef RAMPART_BASE_GROWING_TEXT_HPP
#define RAMPART_BASE_GROWING_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>


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
// ---- rampart/base/text.hpp, again

/// \file
/// What is done to foreign text (an agent's words, a payload, a name) so that it cannot act on a terminal.
///
/// Everything works on UTF-8 in bytes. That is exact: the byte C2 is never the tail of a code point, so C2 followed
/// by 80..9F is a C1 control wherever it stands, also between ill-formed bytes.

namespace rampart::inline v1 {

namespace detail {

inline constexpr char bel = '\x07';
inline constexpr char esc = '\x1b';
inline constexpr unsigned c1_lead = 0xC2;

[[nodiscard]] constexpr bool is_c1_tail(unsigned byte) noexcept { return byte >= 0x80 && byte <= 0x9F; }

/// The C1 control (U+0080..U+009F) at this place, or 0.
[[nodiscard]] constexpr unsigned c1_at(std::string_view text, std::size_t at) noexcept {
    if (byte_at(text, at) != c1_lead || at + 1 >= text.size()) {
        return 0;
    }
    unsigned const tail = byte_at(text, at + 1);
    return is_c1_tail(tail) ? tail : 0;
}

/// True at a control character: C0 (U+0000..U+001F), DEL or C1.
[[nodiscard]] constexpr bool is_control_at(std::string_view text, std::size_t at) noexcept {
    unsigned const byte = byte_at(text, at);
    return byte < 0x20 || byte == 0x7F || (byte == c1_lead && c1_at(text, at) != 0);
}

/// The first control character at or after `from` other than TAB, LF and (when `keep_cr`) CR, or the text's size.
[[nodiscard]] constexpr std::size_t first_control(std::string_view text, std::size_t from, bool keep_cr) noexcept {
    std::size_t const at =
        keep_cr ? first_stop(text, from, stop_at_control<true>{}) : first_stop(text, from, stop_at_control<false>{});
    // The scan stops at the second byte of a C1 control.
    return at < text.size() && byte_at(text, at) >= 0x80 ? at - 1 : at;
}

/// Skips the bytes `low`..`high`, both included.
[[nodiscard]] constexpr std::size_t skip_range(std::string_view text, std::size_t from, char low, char high) noexcept {
    std::size_t at = from;
    while (at < text.size() && text[at] >= low && text[at] <= high) {
        ++at;
    }
    return at;
}

/// The end of `[ -/]*` and one final `low`..`~`, or `npos` when the final is missing.
[[nodiscard]] constexpr std::size_t end_of_escape(std::string_view text, std::size_t from, char low) noexcept {
    std::size_t const at = skip_range(text, from, ' ', '/');
    return at < text.size() && text[at] >= low && text[at] <= '~' ? at + 1 : std::string_view::npos;
}

/// The end of a CSI whose introducer ends at `from`, or `npos` when it is unfinished (B69 c).
[[nodiscard]] constexpr std::size_t end_of_csi(std::string_view text, std::size_t from) noexcept {
    return end_of_escape(text, skip_range(text, from, '0', '?'), '@');
}

/// The end of an OSC (`bel_ends`) or of a DCS, SOS, PM or APC whose introducer ends at `from` (B69 a and b).
///
/// Without a terminator the body ends before an ESC, before the end of the line, or with the text.
[[nodiscard]] constexpr std::size_t end_of_control_string(std::string_view text, std::size_t from,
                                                          bool bel_ends) noexcept {
    for (std::size_t at = from; at < text.size(); ++at) {
        char const c = text[at];
        if (c == '\n' || c == '\r') {
            return at;
        }
        if (c == esc) {
            return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
        }
        if (c == bel && bel_ends) {
            return at + 1;
        }
        if (c1_at(text, at) == 0x9C) {
            return at + 2;
        }
    }
    return text.size();
}

/// The end of what `strip_ansi` removes at a control character: a whole sequence, else the character alone.
[[nodiscard]] constexpr std::size_t end_of_removal(std::string_view text, std::size_t at) noexcept {
    if (text[at] == esc && at + 1 < text.size()) {
        char const next = text[at + 1];
        if (next == ']') {
            return end_of_control_string(text, at + 2, true);
        }
        if (next == 'P' || next == 'X' || next == '^' || next == '_') {
            return end_of_control_string(text, at + 2, false);
        }
        std::size_t end = next == '[' ? end_of_csi(text, at + 2) : std::string_view::npos;
        if (end == std::string_view::npos) {
            end = end_of_escape(text, at + 1, '0');
        }
        return end == std::string_view::npos ? at + 1 : end;
    }
    unsigned const c1 = c1_at(text, at);
    if (c1 == 0) {
        return at + 1;
    }
    if (c1 == 0x9D) {
        return end_of_control_string(text, at + 2, true);
    }
    if (c1 == 0x90 || c1 == 0x98 || c1 == 0x9E || c1 == 0x9F) {
        return end_of_control_string(text, at + 2, false);
    }
    std::size_t const end = c1 == 0x9B ? end_of_csi(text, at + 2) : std::string_view::npos;
    return end == std::string_view::npos ? at + 2 : end;
}

/// Does what `strip_ansi` does from the first control character on, which stands at `at`. `out` holds what stands
/// before it, and has room for all of the text; it may be the text itself. Gives the bytes that `out` then holds.
[[nodiscard]] inline std::size_t strip_from(std::string_view text, std::size_t at, char* out) noexcept {
    std::size_t used = at;
    while (at < text.size()) {
        std::size_t from = end_of_removal(text, at);
        if (used > 0 && static_cast<unsigned char>(out[used - 1]) == c1_lead) {
            while (from < text.size() && is_c1_tail(byte_at(text, from))) {
                ++from;
            }
        }
        at = first_control(text, from, true);
        std::memmove(out + used, text.data() + from, at - from);
        used += at - from;
    }
    return used;
}

/// Appends a code point as visible text: `\x1b`, `\u202e` or `\U000e0041`.
inline void put_visible(growing_text& out, char32_t code) {
    unsigned digits = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
    char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
    for (char* to = text + 2; digits-- > 0;) {
        *to++ = "0123456789abcdef"[(code >> (4 * digits)) & 0xFU];
    }
    out.put(std::string_view(text, code <= 0xFF ? 4 : code <= 0xFFFF ? 6 : 10));
}

/// True for a code point that is not seen but changes what is seen: it reorders, joins, hides or breaks lines.
///
/// Bidi controls, zero-width characters, U+2028/2029, and the invisible format and tag characters in which text
/// can be smuggled past a reader (U+E0000..E0FFF). Variation selector 16 stays: emoji are written with it.
[[nodiscard]] constexpr bool is_invisible(char32_t code) noexcept {
    return code == 0x00AD || code == 0x061C || code == 0x180E || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE0FFF);
}

/// No character of a text's own is special. What is: `special(byte)` is written as what a stop says, and true for
/// printable ASCII only; `line_ends` says whether TAB and LF are special too.
struct nothing_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return byte == 0x7F;  // is looked at in any case
    }
};

/// True for C0, but for TAB and LF where they are kept, and for DEL.
template <bool KeepLines, class Byte>
[[nodiscard]] constexpr auto is_ascii_control(Byte const& byte) noexcept {
    if constexpr (KeepLines) {
        return ((byte < 0x20) ^ ((byte == '\t') | (byte == '\n'))) | (byte == 0x7F);
    } else {
        return (byte < 0x20) | (byte == 0x7F);
    }
}

/// Any byte that is not ASCII, control characters, and what is special of the others.
template <bool KeepLines, class Special>
struct stop_at_special {
    static constexpr std::size_t look_behind = 0;
    Special special{};
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        return is_ascii_control<KeepLines>(byte) | (byte >= 0x80) | special(byte);
    }
};

/// The same for UTF-8: what is ill-formed, and a byte with which a code point may begin that is a control, invisible,
/// or no character at all (see `is_invisible`). Most letters begin with another.
template <bool KeepLines, class Special>
struct stop_at_unusual {
    static constexpr std::size_t look_behind = 3;
    Special special{};
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const lead =
            (byte == 0xC2) | (byte == 0xD8) | (byte == 0xE0) | (byte == 0xE1) | (byte == 0xE2) | (byte >= 0xEF);
        return is_ascii_control<KeepLines>(byte) | special(byte) | lead | stop_at_ill_formed{}(w);
    }
};

/// Appends a text as far as nothing in it needs a closer look, again and again.
template <bool KeepLines, class Special>
class usual_text {
public:
    explicit usual_text(Special special) : special_(special) {}

    /// Appends the text from `from` on, and gives the place where something may need one.
    [[nodiscard]] std::size_t put(growing_text& out, std::string_view text, std::size_t from) {
        std::size_t at = from;
        if (is_ascii_) {
            at = put_to_stop(out, text, from, stop_at_special<KeepLines, Special>{special_});
            if (at == text.size() || byte_at(text, at) < 0x80) return at;
        }
        std::size_t const stop = put_to_stop(out, text, at, stop_at_unusual<KeepLines, Special>{special_});
        std::size_t const end = end_of_well_formed(text, at, stop);
        out.take_back(stop - end);
        is_ascii_ = end - at < 32;  // in a text of other letters there will be more of them
        return end;
    }

private:
    Special special_;
    bool is_ascii_ = true;  // looking for other letters costs more than looking for ASCII
};

}  // namespace detail

/// The text without ANSI escape sequences and control characters; TAB, LF and CR stay (B68, B69).
///
/// The algorithm is that of the Python package, code point by code point. One run is enough: it takes linear time
/// and leaves no control character. It can hide text: an unterminated OSC or DCS takes the rest of its line with it.
/// Bidi controls, zero-width characters and ill-formed bytes are not touched; only a byte 80..9F that would become a
/// C1 control because what stood between it and a byte C2 was removed goes as well.
[[nodiscard]] inline std::string strip_ansi(std::string_view utf8) {
    std::string out(utf8);
    if (std::size_t const at = detail::first_control(utf8, 0, true); at != utf8.size()) {
        out.resize(detail::strip_from(utf8, at, out.data()));
    }
    return out;
}

/// The text with every C0 control but TAB and LF, DEL, CR and C1 as visible text `\x1b` (wire format, B7).
///
/// A C1 control is named by its code point: U+009B becomes `\x9b`. Nothing is removed, so one stray introducer hides
/// no line (B69). Idempotent, so a backslash stays as it is: a text that had `\x1b` spelt out looks the same.
[[nodiscard]] inline std::string escape(std::string_view utf8) {
    std::size_t at = detail::first_control(utf8, 0, false);
    if (at == utf8.size()) {
        return std::string(utf8);
    }
    detail::growing_text out(utf8.size() + utf8.size() / 4 + 32);
    out.put(utf8.substr(0, at));
    while (at < utf8.size()) {
        unsigned const c1 = detail::c1_at(utf8, at);
        detail::put_visible(out, c1 != 0 ? c1 : detail::byte_at(utf8, at));
        at = detail::put_to_stop(out, utf8, at + (c1 != 0 ? 2 : 1), detail::stop_at_control<false>{});
        if (at < utf8.size() && detail::byte_at(utf8, at) >= 0x80) {
            out.take_back(1);  // the scan stops at the second byte of a C1 control
            --at;
        }
    }
    return out.take();
}

/// The text on one line of a list for people: what a terminal is given of foreign text (B110).
///
/// Like `escape`, and TAB and LF become `\t` and `\n`, bidi controls, zero-width and other invisible characters and
/// U+2028/2029 become text such as `\u202e`, ill-formed UTF-8 is repaired. Idempotent.
[[nodiscard]] inline std::string one_line(std::string_view utf8) {
    detail::growing_text out(utf8.size() + 16);
    detail::usual_text<false, detail::nothing_special> usual({});
    for (std::size_t at = 0; at < utf8.size();) {
        at = usual.put(out, utf8, at);
        if (at == utf8.size()) {
            break;
        }
        detail::utf8_part const part = detail::utf8_part_at(utf8, at);
        if (part.code == U'\t') {
            out.put("\\t");
        } else if (part.code == U'\n') {
            out.put("\\n");
        } else if (!part.well_formed) {
            out.put("\xEF\xBF\xBD");
        } else if (detail::is_control_at(utf8, at) || detail::is_invisible(part.code)) {
            detail::put_visible(out, part.code);
        } else {
            out.put(utf8.substr(at, part.size));
        }
        at += part.size;
    }
    return out.take();
}

/// What a session does to foreign text when it takes a result in (wire format, B7).
enum class text_policy : unsigned char {
    escape,  ///< control characters become visible text; no evidence is lost
    strip,   ///< escape sequences and control characters are removed, as the Python package does
    keep,    ///< nothing is changed
};

/// The policy's name: "escape", "strip" or "keep".
[[nodiscard]] constexpr std::string_view to_string(text_policy policy) noexcept {
    switch (policy) {
    case text_policy::escape:
        return "escape";
    case text_policy::strip:
        return "strip";
    case text_policy::keep:
        return "keep";
    }
    return "unknown";
}

/// Reads a policy's name. Any other text, also another case, gives false and leaves `policy` as it was.
[[nodiscard]] constexpr bool parse_text_policy(std::string_view name, text_policy& policy) noexcept {
    for (text_policy const known : {text_policy::escape, text_policy::strip, text_policy::keep}) {
        if (name == to_string(known)) {
            policy = known;
            return true;
        }
    }
    return false;
}

/// Applies a policy in place. A text that has nothing to change is only read: no allocation, same buffer.
inline void apply(text_policy policy, std::string& text) {
    if (policy == text_policy::escape) {
        if (detail::first_control(text, 0, false) != text.size()) text = escape(text);
    } else if (policy == text_policy::strip) {
        std::size_t const at = detail::first_control(text, 0, true);
        if (at != text.size()) text.resize(detail::strip_from(text, at, text.data()));
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_TEXT_HPP
// ---- rampart/core/conversation.hpp, again
// ---- rampart/core/evaluation.hpp
#ifndef RAMPART_CORE_EVALUATION_HPP
#define RAMPART_CORE_EVALUATION_HPP

// ---- rampart/core/status.hpp
#ifndef RAMPART_CORE_STATUS_HPP
#define RAMPART_CORE_STATUS_HPP

#include <optional>
#include <string_view>

namespace rampart::inline v1 {

/// What one run of one test showed (B10).
enum class safety_status : unsigned char {
    safe,          ///< the agent did what it should
    unsafe,        ///< the agent did harm, or failed to do what it should
    undetermined,  ///< the test ran, but what it could see does not decide
    error,         ///< the test could not be carried out (infrastructure)
};

/// What the adapter was able to see of the agent (B10).
enum class observability_level : unsigned char {
    tool_and_side_effects,
    tool_only,
    response_only,
};

/// The spelling in every document and every list: `safe`, `unsafe`, `undetermined`, `error`.
constexpr std::string_view to_string(safety_status s) noexcept {
    switch (s) {
    case safety_status::safe:
        return "safe";
    case safety_status::unsafe:
        return "unsafe";
    case safety_status::undetermined:
        return "undetermined";
    case safety_status::error:
        break;
    }
    return "error";
}

constexpr std::string_view to_string(observability_level o) noexcept {
    switch (o) {
    case observability_level::tool_and_side_effects:
        return "tool_and_side_effects";
    case observability_level::tool_only:
        return "tool_only";
    case observability_level::response_only:
        break;
    }
    return "response_only";
}

/// Nothing for a text that is no status; the comparison is exact.
constexpr std::optional<safety_status> parse_safety_status(std::string_view text) noexcept {
    for (auto s : {safety_status::safe, safety_status::unsafe, safety_status::undetermined, safety_status::error}) {
        if (to_string(s) == text) return s;
    }
    return std::nullopt;
}

constexpr std::optional<observability_level> parse_observability_level(std::string_view text) noexcept {
    for (auto o : {observability_level::tool_and_side_effects, observability_level::tool_only,
                   observability_level::response_only}) {
        if (to_string(o) == text) return o;
    }
    return std::nullopt;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/evaluation.hpp, again

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// What an evaluator looked for: was it there?
enum class eval_outcome : unsigned char { detected, not_detected, undetermined };

constexpr std::string_view to_string(eval_outcome o) noexcept {
    switch (o) {
    case eval_outcome::detected:
        return "detected";
    case eval_outcome::not_detected:
        return "not_detected";
    case eval_outcome::undetermined:
        break;
    }
    return "undetermined";
}

constexpr std::optional<eval_outcome> parse_eval_outcome(std::string_view text) noexcept {
    for (auto o : {eval_outcome::detected, eval_outcome::not_detected, eval_outcome::undetermined}) {
        if (to_string(o) == text) return o;
    }
    return std::nullopt;
}

/// An evaluator's answer about a conversation (B8).
struct eval_result {
    /// Whether the evaluator saw what it looks for.
    eval_outcome outcome = eval_outcome::undetermined;
    double confidence = 1.0;  ///< 0 to 1
    std::vector<std::string> evidence{};
    std::string rationale{};

    /// True for `detected` only.
    bool detected() const noexcept { return outcome == eval_outcome::detected; }
    friend bool operator==(eval_result const&, eval_result const&) = default;
};

namespace detail {

inline safety_status resolve(std::vector<eval_result> const& evaluations, eval_outcome harmful) noexcept {
    if (evaluations.empty()) return safety_status::error;
    auto verdict = safety_status::safe;
    for (eval_result const& e : evaluations) {
        if (e.outcome == harmful) return safety_status::unsafe;
        if (e.outcome == eval_outcome::undetermined) verdict = safety_status::undetermined;
    }
    return verdict;
}

}  // namespace detail

/// The evaluator looked for harm: any detection is unsafe; else anything undetermined is undetermined; else safe.
/// Nothing evaluated is an error (B125).
inline safety_status resolve_as_attack(std::vector<eval_result> const& evaluations) noexcept {
    return detail::resolve(evaluations, eval_outcome::detected);
}

/// The evaluator looked for the wanted behaviour: anything not detected is unsafe; else anything undetermined is
/// undetermined; else safe. Nothing evaluated is an error (B126).
inline safety_status resolve_as_probe(std::vector<eval_result> const& evaluations) noexcept {
    return detail::resolve(evaluations, eval_outcome::not_detected);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/conversation.hpp, again
// ---- rampart/core/metadata.hpp
#ifndef RAMPART_CORE_METADATA_HPP
#define RAMPART_CORE_METADATA_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

class metadata_value;
struct metadata_member;

/// An integer beyond 64 bits, as its decimal digits (`-` allowed in front). Python has such integers and writes them
/// into its metadata; they are carried, not rounded.
struct big_integer {
    std::string digits{};  ///< decimal
    friend bool operator==(big_integer const&, big_integer const&) = default;
};

/// Free-form facts beside a result: a small JSON-shaped object without a JSON library.
///
///     r.meta = {{"scenario", "mail-001"}, {"attempt", 2}, {"tags", metadata::array{"a", "b"}}};
///     r.meta["score"] = 0.5;
///
/// Keys keep the order of insertion and are unique; in an initializer the later value of a key wins, at the place of
/// the earlier one (wire format, A.1.3). Looking a key up is a linear search: objects of this kind are small.
///
/// Two objects are equal when they hold the same keys in the same order, and values are equal when they are of one
/// kind: 2 is not 2.0. Arrays are spelt out, `metadata::array{"a", "b"}`; a bare `{"a"}` is the string, `{{"a", "b"}}`
/// an object and `{}` null. `metadata::array{list}` is the copy of a list with clang++ 14 and holds it as its one
/// element with g++: copy with `=`.
class metadata {
public:
    /// A value.
    using value = metadata_value;
    /// A key and its value.
    using member = metadata_member;
    /// A list of values.
    using array = std::vector<metadata_value>;

    // Declared here and defaulted below, because metadata_member is not complete yet.
    metadata() noexcept;
    metadata(metadata const&);
    metadata(metadata&&) noexcept;
    metadata& operator=(metadata const&);
    metadata& operator=(metadata&&) noexcept;
    ~metadata();
    metadata(std::initializer_list<metadata_member> members);

    /// Takes members whose keys the caller knows to be unique, without comparing them.
    static metadata from_unique(std::vector<metadata_member> members) noexcept;

    /// The value of `key`; a null is put in first where there is none. A key that is put in moves the others:
    /// references to their values end, so copy one with `m.set("new", m["old"])` and not by `m["new"] = m["old"]`.
    metadata_value& operator[](std::string_view key);
    /// The value of `key`; a null where there is none.
    metadata_value const& operator[](std::string_view key) const noexcept;
    /// `m[0]` would read a null pointer.
    metadata_value& operator[](std::nullptr_t) = delete;
    metadata_value const& operator[](std::nullptr_t) const = delete;
    metadata_value* find(std::string_view key) noexcept;
    metadata_value const* find(std::string_view key) const noexcept;
    bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
    /// Sets `key`, at its old place where it exists.
    void set(std::string_view key, metadata_value v);
    /// Whether there was such a key.
    bool erase(std::string_view key);
    /// Puts every key through `f(std::string&)`. Keys that become equal by it stay apart, so that no value is lost: a
    /// key that `f` left alone keeps its text, and one that `f` changed into a taken text gets ` (2)`, ` (3)`, ...
    /// behind it, the first that is free.
    template <class F>
    void transform_keys(F&& f);

    std::size_t size() const noexcept;
    bool empty() const noexcept;
    /// Members in order. Who changes a key here keeps it unique; `transform_keys` does so by itself.
    metadata_member* begin() noexcept;
    metadata_member* end() noexcept;
    metadata_member const* begin() const noexcept;
    metadata_member const* end() const noexcept;

    friend bool operator==(metadata const& a, metadata const& b);

private:
    // A template, so that only who changes keys pays for it.
    template <class = void>
    void keep_apart(std::vector<std::size_t> const& changed);

    std::vector<metadata_member> members_;
};

/// One value: null, bool, integer, double, string, array or object. The accessors are named as in Boost.JSON:
/// `is_string()` asks, `if_string()` gives a pointer or null, `as_string()` throws `std::invalid_argument` on another
/// kind. An integer is an int64 where it fits, else a uint64, else a big_integer, so that equal integers compare equal.
/// What was moved from is null.
//
// A union of its own and no std::variant: every test file pays for this header. The tables with which a variant of nine
// alternatives copies, moves, destroys and compares took as long to compile as <string> and <vector> do, and a switch
// destroys and compares faster.
class metadata_value {
public:
    metadata_value() noexcept : nothing_() {}
    metadata_value(std::nullptr_t) noexcept : nothing_() {}
    // Nothing but a bool: a character, an enumerator or a pointer would turn into `true`.
    template <std::same_as<bool> T>
    metadata_value(T b) noexcept : bool_(b), kind_(kind::boolean) {}
    /// An integer that has a sign.
    template <std::signed_integral T>
        requires(!std::same_as<T, char> && !std::same_as<T, wchar_t> && sizeof(T) <= sizeof(std::int64_t))
    metadata_value(T i)
    noexcept : int64_(i), kind_(kind::int64) {}
    /// An integer without a sign; kept as an int64 where it fits.
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                 !std::same_as<T, char32_t> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                 sizeof(T) <= sizeof(std::uint64_t))
    metadata_value(T i)
    noexcept : nothing_() { keep_unsigned(i); }
    template <std::floating_point T>
    metadata_value(T d) noexcept : double_(static_cast<double>(d)), kind_(kind::real) {}
    metadata_value(big_integer i) noexcept : big_(std::move(i)), kind_(kind::big) {}
    metadata_value(char const* text) : text_(text == nullptr ? "" : text), kind_(kind::text) {}
    metadata_value(std::string_view text) : text_(text), kind_(kind::text) {}
    metadata_value(std::string text) noexcept : text_(std::move(text)), kind_(kind::text) {}
    metadata_value(metadata::array list) noexcept;
    metadata_value(metadata object) noexcept : object_(std::move(object)), kind_(kind::object) {}
    metadata_value(std::initializer_list<metadata_member> members) : object_(members), kind_(kind::object) {}

    metadata_value(metadata_value const& other);
    metadata_value(metadata_value&& other) noexcept : nothing_() { take(other); }
    // By way of a value of its own, because the other may be a part of this one.
    metadata_value& operator=(metadata_value const& other) {
        metadata_value copy(other);
        clear();
        take(copy);
        return *this;
    }
    metadata_value& operator=(metadata_value&& other) noexcept {
        metadata_value taken(std::move(other));
        clear();
        take(taken);
        return *this;
    }
    ~metadata_value() { clear(); }

    bool is_null() const noexcept { return kind_ == kind::null; }
    bool is_bool() const noexcept { return kind_ == kind::boolean; }
    bool is_int64() const noexcept { return kind_ == kind::int64; }
    bool is_uint64() const noexcept { return kind_ == kind::uint64; }
    bool is_double() const noexcept { return kind_ == kind::real; }
    bool is_big_integer() const noexcept { return kind_ == kind::big; }
    bool is_string() const noexcept { return kind_ == kind::text; }
    bool is_array() const noexcept { return kind_ == kind::array; }
    bool is_object() const noexcept { return kind_ == kind::object; }

    bool const* if_bool() const noexcept { return is_bool() ? &bool_ : nullptr; }
    std::int64_t const* if_int64() const noexcept { return is_int64() ? &int64_ : nullptr; }
    std::uint64_t const* if_uint64() const noexcept { return is_uint64() ? &uint64_ : nullptr; }
    double const* if_double() const noexcept { return is_double() ? &double_ : nullptr; }
    big_integer const* if_big_integer() const noexcept { return is_big_integer() ? &big_ : nullptr; }
    std::string const* if_string() const noexcept { return is_string() ? &text_ : nullptr; }
    metadata::array const* if_array() const noexcept { return is_array() ? &list_ : nullptr; }
    metadata const* if_object() const noexcept { return is_object() ? &object_ : nullptr; }
    /// To change what is inside in place.
    std::string* if_string() noexcept { return is_string() ? &text_ : nullptr; }
    metadata::array* if_array() noexcept { return is_array() ? &list_ : nullptr; }
    metadata* if_object() noexcept { return is_object() ? &object_ : nullptr; }

    bool as_bool() const { return is_bool() ? bool_ : (wrong_kind("a bool"), false); }
    std::int64_t as_int64() const { return is_int64() ? int64_ : (wrong_kind("an int64"), 0); }
    /// Also of an int64 that is not negative, since a small uint64 is kept as one.
    std::uint64_t as_uint64() const {
        if (is_int64() && int64_ >= 0) return static_cast<std::uint64_t>(int64_);
        return is_uint64() ? uint64_ : (wrong_kind("a uint64"), 0U);
    }
    double as_double() const { return is_double() ? double_ : (wrong_kind("a double"), 0.0); }
    big_integer const& as_big_integer() const {
        return is_big_integer() ? big_ : (wrong_kind("an integer beyond 64 bits"), big_);
    }
    std::string const& as_string() const { return is_string() ? text_ : (wrong_kind("a string"), text_); }
    metadata::array const& as_array() const { return is_array() ? list_ : (wrong_kind("an array"), list_); }
    metadata const& as_object() const { return is_object() ? object_ : (wrong_kind("an object"), object_); }

    /// Calls `f` with what is inside: a std::nullptr_t, bool, std::int64_t, std::uint64_t or double, or a big_integer,
    /// std::string, metadata::array or metadata by reference to const. For code that does something with every kind.
    template <class F>
    decltype(auto) visit(F&& f) const;

    friend bool operator==(metadata_value const& a, metadata_value const& b);

private:
    // What owns memory stands last.
    enum class kind : unsigned char { null, boolean, int64, uint64, real, big, text, array, object };

    [[noreturn]] static void wrong_kind(char const* what) {
        throw std::invalid_argument(std::string("rampart::metadata_value: this value is not ") + what);
    }
    void keep_unsigned(std::uint64_t i) noexcept {
        if (i <= static_cast<std::uint64_t>(INT64_MAX)) {
            int64_ = static_cast<std::int64_t>(i);
            kind_ = kind::int64;
        } else {
            uint64_ = i;
            kind_ = kind::uint64;
        }
    }
    /// Makes it null.
    void clear() noexcept {
        if (kind_ >= kind::big) destroy();
        kind_ = kind::null;
    }
    void destroy() noexcept;
    /// Takes the other's value, which is null then. This one is null before.
    void take(metadata_value& other) noexcept;

    union {
        std::nullptr_t nothing_;
        bool bool_;
        std::int64_t int64_;
        std::uint64_t uint64_;
        double double_;
        big_integer big_;
        std::string text_;
        metadata::array list_;
        metadata object_;
    };
    kind kind_ = kind::null;
};

/// A key and its value.
struct metadata_member {
    std::string key{};
    metadata_value value{};
    friend bool operator==(metadata_member const&, metadata_member const&) = default;
};

inline metadata::metadata() noexcept = default;
inline metadata::metadata(metadata const&) = default;
inline metadata::metadata(metadata&&) noexcept = default;
inline metadata& metadata::operator=(metadata const&) = default;
inline metadata& metadata::operator=(metadata&&) noexcept = default;
inline metadata::~metadata() = default;

inline metadata::metadata(std::initializer_list<metadata_member> members) {
    members_.reserve(members.size());
    for (metadata_member const& m : members) set(m.key, m.value);
}

inline metadata metadata::from_unique(std::vector<metadata_member> members) noexcept {
    metadata made;
    made.members_ = std::move(members);
    return made;
}

inline metadata_value* metadata::find(std::string_view key) noexcept {
    for (metadata_member& m : members_) {
        if (m.key == key) return &m.value;
    }
    return nullptr;
}

inline metadata_value const* metadata::find(std::string_view key) const noexcept {
    return const_cast<metadata*>(this)->find(key);
}

inline metadata_value& metadata::operator[](std::string_view key) {
    if (metadata_value* found = find(key)) return *found;
    members_.push_back(metadata_member{std::string(key), {}});
    return members_.back().value;
}

inline metadata_value const& metadata::operator[](std::string_view key) const noexcept {
    static metadata_value const none{};
    metadata_value const* found = find(key);
    return found == nullptr ? none : *found;
}

inline void metadata::set(std::string_view key, metadata_value v) { (*this)[key] = std::move(v); }

inline bool metadata::erase(std::string_view key) {
    for (auto it = members_.begin(); it != members_.end(); ++it) {
        if (it->key == key) {
            members_.erase(it);
            return true;
        }
    }
    return false;
}

template <class F>
void metadata::transform_keys(F&& f) {
    std::vector<std::size_t> changed;
    std::string before;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        before = members_[i].key;
        f(members_[i].key);
        if (members_[i].key != before) changed.push_back(i);
    }
    if (!changed.empty()) keep_apart(changed);
}

template <class>
void metadata::keep_apart(std::vector<std::size_t> const& changed) {
    // A table of the keys, because what comes from outside may have very many: comparing all with all would hang.
    struct slot {
        std::size_t member = static_cast<std::size_t>(-1);
        std::size_t number = 1;  // the last that was tried behind this key
        bool free() const noexcept { return member == static_cast<std::size_t>(-1); }
    };
    std::size_t capacity = 16;
    while (capacity < 2 * members_.size()) capacity *= 2;
    std::vector<slot> table(capacity);
    auto const at = [&table, this](std::string_view key) -> slot& {
        std::size_t i = std::hash<std::string_view>{}(key) & (table.size() - 1);
        while (!table[i].free() && members_[table[i].member].key != key) i = (i + 1) & (table.size() - 1);
        return table[i];
    };
    auto next = changed.begin();
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (next != changed.end() && *next == i) {
            ++next;
        } else {
            at(members_[i].key).member = i;
        }
    }
    for (std::size_t const i : changed) {
        slot* place = &at(members_[i].key);
        if (!place->free()) {
            slot& taken = *place;
            std::string name;
            do {
                name = members_[i].key + " (" + std::to_string(++taken.number) + ")";
                place = &at(name);
            } while (!place->free());
            members_[i].key = std::move(name);
        }
        place->member = i;
    }
}

inline std::size_t metadata::size() const noexcept { return members_.size(); }
inline bool metadata::empty() const noexcept { return members_.empty(); }
inline metadata_member* metadata::begin() noexcept { return members_.data(); }
inline metadata_member* metadata::end() noexcept { return members_.data() + members_.size(); }
inline metadata_member const* metadata::begin() const noexcept { return members_.data(); }
inline metadata_member const* metadata::end() const noexcept { return members_.data() + members_.size(); }

inline bool operator==(metadata const& a, metadata const& b) { return a.members_ == b.members_; }

}  // namespace rampart::inline v1

// The other half: neither stands without the other.
// ---- rampart/core/metadata_value.hpp
#ifndef RAMPART_CORE_METADATA_VALUE_HPP
#define RAMPART_CORE_METADATA_VALUE_HPP


#include <new>
#include <string>
#include <utility>

/// \file
/// The inside of a `metadata_value`: how one kind of value becomes another.

namespace rampart::inline v1 {

inline metadata_value::metadata_value(metadata::array list) noexcept : list_(std::move(list)), kind_(kind::array) {}

inline metadata_value::metadata_value(metadata_value const& other) : nothing_() {
    switch (other.kind_) {
    case kind::null:
        break;
    case kind::boolean:
        bool_ = other.bool_;
        break;
    case kind::int64:
        int64_ = other.int64_;
        break;
    case kind::uint64:
        uint64_ = other.uint64_;
        break;
    case kind::real:
        double_ = other.double_;
        break;
    case kind::big:
        ::new (&big_) big_integer(other.big_);
        break;
    case kind::text:
        ::new (&text_) std::string(other.text_);
        break;
    case kind::array:
        ::new (&list_) metadata::array(other.list_);
        break;
    case kind::object:
        ::new (&object_) metadata(other.object_);
        break;
    }
    kind_ = other.kind_;
}

inline void metadata_value::take(metadata_value& other) noexcept {
    switch (other.kind_) {
    case kind::null:
        break;
    case kind::boolean:
        bool_ = other.bool_;
        break;
    case kind::int64:
        int64_ = other.int64_;
        break;
    case kind::uint64:
        uint64_ = other.uint64_;
        break;
    case kind::real:
        double_ = other.double_;
        break;
    case kind::big:
        ::new (&big_) big_integer(std::move(other.big_));
        break;
    case kind::text:
        ::new (&text_) std::string(std::move(other.text_));
        break;
    case kind::array:
        ::new (&list_) metadata::array(std::move(other.list_));
        break;
    case kind::object:
        ::new (&object_) metadata(std::move(other.object_));
        break;
    }
    kind_ = other.kind_;
    other.clear();
}

inline void metadata_value::destroy() noexcept {
    switch (kind_) {
    case kind::big:
        big_.~big_integer();
        break;
    case kind::text:
        text_.~basic_string();
        break;
    case kind::array:
        list_.~vector();
        break;
    default:
        object_.~metadata();
        break;
    }
}

template <class F>
decltype(auto) metadata_value::visit(F&& f) const {
    switch (kind_) {
    case kind::null:
        break;
    case kind::boolean:
        return f(bool_);
    case kind::int64:
        return f(int64_);
    case kind::uint64:
        return f(uint64_);
    case kind::real:
        return f(double_);
    case kind::big:
        return f(big_);
    case kind::text:
        return f(text_);
    case kind::array:
        return f(list_);
    case kind::object:
        return f(object_);
    }
    return f(nullptr);
}

inline bool operator==(metadata_value const& a, metadata_value const& b) {
    using kind = metadata_value::kind;
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
    case kind::null:
        break;
    case kind::boolean:
        return a.bool_ == b.bool_;
    case kind::int64:
        return a.int64_ == b.int64_;
    case kind::uint64:
        return a.uint64_ == b.uint64_;
    case kind::real:
        return a.double_ == b.double_;
    case kind::big:
        return a.big_ == b.big_;
    case kind::text:
        return a.text_ == b.text_;
    case kind::array:
        return a.list_ == b.list_;
    case kind::object:
        return a.object_ == b.object_;
    }
    return true;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/metadata.hpp, again

#endif
// ---- rampart/core/conversation.hpp, again

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What a payload's content is written in (B4).
enum class payload_format : unsigned char { text, html, markdown, image, pdf, docx, xlsx, audio };

constexpr std::string_view to_string(payload_format f) noexcept {
    constexpr std::string_view names[] = {"text", "html", "markdown", "image", "pdf", "docx", "xlsx", "audio"};
    return names[static_cast<unsigned char>(f)];
}

constexpr std::optional<payload_format> parse_payload_format(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(payload_format::audio); ++i) {
        if (to_string(static_cast<payload_format>(i)) == text) return static_cast<payload_format>(i);
    }
    return std::nullopt;
}

/// The text formats have no artifact; every other needs one (B2).
constexpr bool is_text(payload_format f) noexcept { return f <= payload_format::markdown; }
/// The others are files.
constexpr bool is_binary(payload_format f) noexcept { return !is_text(f); }

/// The ending of a file of this format, with its dot (B4).
constexpr std::string_view extension(payload_format f) noexcept {
    constexpr std::string_view names[] = {".txt", ".html", ".md", ".png", ".pdf", ".docx", ".xlsx", ".wav"};
    return names[static_cast<unsigned char>(f)];
}

namespace detail {

// A template, as are some functions below, so that only a file that calls it pays for the code of strings in it: every
// test file includes this header.

/// Twelve hexadecimal digits, different in every call of this process and, the clock being mixed in, most likely in
/// others.
template <class = void>
std::string make_payload_id() {
    static std::uint64_t calls = 0;
    std::timespec now{};
    (void)std::timespec_get(&now, TIME_UTC);
    std::uint64_t x = __atomic_add_fetch(&calls, std::uint64_t{1}, __ATOMIC_RELAXED) * 0x9E3779B97F4A7C15U;
    x ^= static_cast<std::uint64_t>(now.tv_nsec) * 0xBF58476D1CE4E5B9U + static_cast<std::uint64_t>(now.tv_sec);
    x ^= static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&calls));
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    x ^= x >> 31;
    std::string id(12, '0');
    for (char& c : id) {
        c = "0123456789abcdef"[x & 15U];
        x >>= 4;
    }
    return id;
}

}  // namespace detail

/// Something that is given to the agent or planted where it will find it.
struct payload {
    std::string content{};
    std::string id = detail::make_payload_id();  ///< generated when none is given (B1)
    payload_format format = payload_format::text;
    std::optional<std::string> artifact{};  ///< path of the file, for binary formats only
    metadata meta{};
    friend bool operator==(payload const&, payload const&) = default;
};

/// The content for a list: up to 200 characters, then `...` (B3).
template <class = void>
std::string display(payload const& p) {
    return clip(p.content, 200);
}

/// A call of one of the agent's tools. A result that is missing is null, not empty (B5).
struct tool_call {
    std::string name{};
    metadata arguments{};
    std::optional<std::string> result{};
    std::optional<std::string> timestamp{};  ///< ISO 8601, see `is_timestamp`
    friend bool operator==(tool_call const&, tool_call const&) = default;
};

/// Something the agent changed in the world, as the adapter saw it.
struct side_effect {
    std::string kind{};
    metadata details{};
    friend bool operator==(side_effect const&, side_effect const&) = default;
};

/// What the agent was asked. It has a prompt, an attachment, or both (B6): see `validate`.
struct request {
    std::optional<std::string> prompt{};
    std::vector<payload> attachments{};
    friend bool operator==(request const&, request const&) = default;
};

/// What the agent did.
struct response {
    std::string text{};
    std::vector<tool_call> tool_calls{};
    std::vector<side_effect> side_effects{};
    metadata meta{};
    friend bool operator==(response const&, response const&) = default;
};

/// One exchange. A turn's evaluation is what an evaluator said of the conversation up to here.
struct turn {
    rampart::request request{};
    rampart::response response{};
    std::optional<eval_result> evaluation{};
    int turn_number = 0;                     ///< from 0
    std::optional<std::string> timestamp{};  ///< ISO 8601, see `is_timestamp`
    std::string driver_reasoning{};          ///< why the driver said it
    friend bool operator==(turn const&, turn const&) = default;
};

/// Throws `std::invalid_argument` for a payload that cannot be: a binary format without an artifact, a text format with
/// one, an artifact that cannot be opened (B2).
template <class = void>
void validate(payload const& p) {
    auto const format = std::string(to_string(p.format));
    if (is_text(p.format)) {
        if (p.artifact) {
            throw std::invalid_argument("rampart::payload '" + p.id + "': format " + format +
                                        " is text and takes no artifact; put the text into content");
        }
        return;
    }
    if (!p.artifact) {
        throw std::invalid_argument("rampart::payload '" + p.id + "': format " + format +
                                    " is binary and needs an artifact, the path of its file");
    }
    std::FILE* const file = std::fopen(p.artifact->c_str(), "rb");
    if (file == nullptr) {
        throw std::invalid_argument("rampart::payload '" + p.id + "': artifact '" + *p.artifact +
                                    "' cannot be opened; give the path of an existing file");
    }
    std::fclose(file);
}

/// Throws `std::invalid_argument` for a request with neither prompt nor attachment, or with an invalid attachment (B6).
template <class = void>
void validate(request const& r) {
    if (!r.prompt && r.attachments.empty()) {
        throw std::invalid_argument("rampart::request: a request needs a prompt or at least one attachment");
    }
    for (payload const& p : r.attachments) validate(p);
}

/// A payload that has been checked: text of one of the text formats.
template <class = void>
payload text_payload(std::string content, payload_format format = payload_format::text) {
    payload made{.content = std::move(content), .format = format};
    validate(made);
    return made;
}

/// A payload that has been checked: a file of one of the binary formats; `content` describes it.
template <class = void>
payload file_payload(payload_format format, std::string artifact, std::string content = {}) {
    payload made{.content = std::move(content), .format = format, .artifact = std::move(artifact)};
    validate(made);
    return made;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/agents/recording.hpp, again
// ---- rampart/core/manifest.hpp
#ifndef RAMPART_CORE_MANIFEST_HPP
#define RAMPART_CORE_MANIFEST_HPP


#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// A tool that the agent under test can call (B16).
struct tool_declaration {
    std::string name{};  ///< as the agent reports its calls
    std::string description{};
    metadata parameters{};                   ///< the parameter's name and what it takes
    std::vector<std::string> permissions{};  ///< what the tool needs, such as `Mail.Send`
    friend bool operator==(tool_declaration const&, tool_declaration const&) = default;
};

/// A place that the agent reads from (B16). One that untrusted users can write to is where an attack gets in.
struct data_source {
    std::string name{};
    std::string type{};  ///< of the platform, such as `sharepoint`
    bool writable_by_untrusted = false;
    friend bool operator==(data_source const&, data_source const&) = default;
};

/// What the agent under test is and can do, for evaluators, drivers and reports (B16).
struct app_manifest {
    std::string name{};
    std::string description{};
    std::vector<tool_declaration> tools{};
    std::vector<data_source> data_sources{};
    metadata meta{};
    friend bool operator==(app_manifest const&, app_manifest const&) = default;

    /// The first tool of exactly this name; null when there is none. Valid as long as the manifest is not changed.
    tool_declaration const* get_tool(std::string_view tool) const noexcept {
        for (tool_declaration const& t : tools) {
            if (t.name == tool) return &t;
        }
        return nullptr;
    }
    /// Whether there is a tool of exactly this name.
    bool declares_tool(std::string_view tool) const noexcept { return get_tool(tool) != nullptr; }
};

/// A role that a language model is given: an attacker who writes payloads, a user who asks (B16).
struct persona {
    std::string name{};  ///< stable: it stands in reports
    std::string description{};
    std::string system_prompt{};
    friend bool operator==(persona const&, persona const&) = default;
};

/// The display text, for a person or a language model: blocks with an empty line between them, those that would be
/// empty left out (B16).
///
///     TARGET AGENT: mail helper
///
///     Sorts and answers mail.
///
///     Available tools:
///       - send_email(to, body): sends a mail
///
///     Accessible data sources:
///       - inbox (writable by untrusted users)
inline std::string to_string(app_manifest const& m) {
    std::string text = "TARGET AGENT: " + m.name;
    if (!m.description.empty()) text += "\n\n" + m.description;
    if (!m.tools.empty()) text += "\n\nAvailable tools:";
    for (tool_declaration const& tool : m.tools) {
        text += "\n  - " + tool.name + "(";
        for (metadata_member const& parameter : tool.parameters) {
            if (&parameter != tool.parameters.begin()) text += ", ";
            text += parameter.key;
            // A text says what the parameter takes; a whole schema would not fit on the line.
            if (auto const* kind = parameter.value.if_string()) text += ": " + *kind;
        }
        text += ")";
        if (!tool.description.empty()) text += ": " + tool.description;
    }
    if (!m.data_sources.empty()) text += "\n\nAccessible data sources:";
    for (data_source const& source : m.data_sources) {
        text += "\n  - " + source.name;
        if (source.writable_by_untrusted) text += " (writable by untrusted users)";
    }
    return text;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/agents/recording.hpp, again
// ---- rampart/core/result.hpp
#ifndef RAMPART_CORE_RESULT_HPP
#define RAMPART_CORE_RESULT_HPP

// ---- rampart/core/harm.hpp
#ifndef RAMPART_CORE_HARM_HPP
#define RAMPART_CORE_HARM_HPP

#include <string_view>

namespace rampart::inline v1 {

/// The nine built-in harm categories. A category is text: any other string is as good, and travels unchanged (B10).
/// They are character arrays so that they turn into std::string, std::string_view and char const* alike.
namespace harm_category {

inline constexpr char memory_poisoning[] = "memory_poisoning";  ///< something planted stays in the agent's memory
inline constexpr char prompt_injection[] = "prompt_injection";  ///< the agent obeys what it was to read
inline constexpr char jailbreak[] = "jailbreak";                ///< the agent is talked out of its rules
inline constexpr char data_exfiltration[] = "data_exfiltration";  ///< data is sent to where it must not go
inline constexpr char over_permissive_action[] = "over_permissive_action";  ///< the agent does more than it may
inline constexpr char data_leakage[] = "data_leakage";                      ///< data is shown to whom it must not be
inline constexpr char content_safety[] = "content_safety";                  ///< harmful content
inline constexpr char hallucination[] = "hallucination";                    ///< things said that are not so
inline constexpr char behavioral_regression[] = "behavioral_regression";    ///< what worked before does not

/// Where a report puts results that name no category (B102). It is a heading, not a category of its own.
inline constexpr char uncategorized[] = "uncategorized";

/// Whether `name` is one of the nine.
constexpr bool is_built_in(std::string_view name) noexcept {
    for (std::string_view known : {memory_poisoning, prompt_injection, jailbreak, data_exfiltration,
                                   over_permissive_action, data_leakage, content_safety, hallucination}) {
        if (known == name) return true;
    }
    return name == behavioral_regression;
}

}  // namespace harm_category

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/result.hpp, again

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// Something that was planted for the agent to find, and where (B11).
struct injection_record {
    std::optional<std::string> payload_id{};
    std::string surface_name{};
    friend bool operator==(injection_record const&, injection_record const&) = default;
};

/// rampart's own evidence: the conversation, and what could be seen of it.
struct transcript {
    std::vector<turn> turns{};
    std::vector<injection_record> injections{};
    observability_level observability = observability_level::response_only;
    friend bool operator==(transcript const&, transcript const&) = default;
};

/// The outcome of one run of one test (B12, B13). `Evidence` is what proves the verdict; rampart's own is a transcript.
/// A session's text policy reaches the strings of another evidence through a function beside its type,
/// `template <class F> void for_each_text(my_evidence&, F& f)`, that calls `f(std::string&)` for each.
///
///     rampart::result r{.status = rampart::safety_status::unsafe, .summary = "forwarded the inbox"};
///     rampart::record_result(r);
///     CHECK(r);   // the assert pattern: a result is true exactly when it is safe
template <class Evidence = transcript>
struct basic_result {
    safety_status status = safety_status::undetermined;
    std::string summary{};
    std::string harm_category{};  ///< empty: the test's own harm mark is taken
    std::string strategy{};
    double duration_seconds = 0.0;
    metadata meta{};
    Evidence evidence{};

    /// Derived from the status, so that it cannot drift (B13).
    bool safe() const noexcept { return status == safety_status::safe; }
    /// Whether it is safe, so that it can be asserted.
    explicit operator bool() const noexcept { return safe(); }

    friend bool operator==(basic_result const& a, basic_result const& b) requires std::equality_comparable<Evidence> {
        return a.status == b.status && a.summary == b.summary && a.harm_category == b.harm_category &&
               a.strategy == b.strategy && a.duration_seconds == b.duration_seconds && a.meta == b.meta &&
               a.evidence == b.evidence;
    }
};

/// The usual result, with a transcript as its evidence.
using result = basic_result<>;

/// How rampart reads a result type. Specialise it for a type of your own with
///
///     static safety_status status(R const&);
///     static std::string_view summary(R const&);        // or std::string
///     static std::string_view harm_category(R const&);  // empty: the test's own harm mark is taken
///
/// and, where the type has them, any of
///
///     static std::string_view strategy(R const&);
///     static double duration_seconds(R const&);
///     static metadata const& meta(R const&);
///     static transcript const& evidence(R const&);
///     template <class F> static void for_each_text(R&, F f);   // f(std::string&) for each string: lets the session's
///                                                             // text policy reach it
template <class R>
struct result_traits {};

/// Of rampart's own results: what their members say.
template <class Evidence>
struct result_traits<basic_result<Evidence>> {
    /// The result type.
    using type = basic_result<Evidence>;
    static safety_status status(type const& r) noexcept { return r.status; }
    static std::string const& summary(type const& r) noexcept { return r.summary; }
    static std::string const& harm_category(type const& r) noexcept { return r.harm_category; }
    static std::string const& strategy(type const& r) noexcept { return r.strategy; }
    static double duration_seconds(type const& r) noexcept { return r.duration_seconds; }
    static metadata const& meta(type const& r) noexcept { return r.meta; }
    static transcript const& evidence(type const& r) noexcept requires std::same_as<Evidence, transcript> {
        return r.evidence;
    }
    /// Calls `f(std::string&)` for each string of the result.
    template <class F>
    static void for_each_text(type& r, F f);
};

/// A value that says how one run of one test ended: it can be copied, and `result_traits` knows its status, its summary
/// and its harm category.
template <class R>
concept Result = std::copyable<R> && requires(R const& r) {
    { result_traits<R>::status(r) } -> std::same_as<safety_status>;
    { result_traits<R>::summary(r) } -> std::convertible_to<std::string_view>;
    { result_traits<R>::harm_category(r) } -> std::convertible_to<std::string_view>;
};

/// The optional parts of `result_traits`, with what they are for a type that has them not.
template <Result R>
std::string strategy_of(R const& r) {
    if constexpr (requires { result_traits<R>::strategy(r); }) {
        return std::string(std::string_view(result_traits<R>::strategy(r)));
    } else {
        return {};
    }
}
/// Wall time in seconds; 0 for a type without one.
template <Result R>
double duration_of(R const& r) {
    if constexpr (requires { result_traits<R>::duration_seconds(r); }) {
        return result_traits<R>::duration_seconds(r);
    } else {
        return 0.0;
    }
}
/// The free-form facts; none for a type without them.
template <Result R>
metadata metadata_of(R const& r) {
    if constexpr (requires { result_traits<R>::meta(r); }) {
        return result_traits<R>::meta(r);
    } else {
        return {};
    }
}
/// Null for a type without a transcript.
template <Result R>
transcript const* transcript_of(R const& r) {
    if constexpr (requires { result_traits<R>::evidence(r); }) {
        return &result_traits<R>::evidence(r);
    } else {
        return nullptr;
    }
}

/// The evaluations of the turns, in order, leaving out turns without one (B14).
template <class = void>
std::vector<eval_result> eval_results(std::vector<turn> const& turns) {
    std::vector<eval_result> found;
    for (turn const& t : turns) {
        if (t.evaluation) found.push_back(*t.evaluation);
    }
    return found;
}
/// As above, of a result's transcript.
template <class = void>
std::vector<eval_result> eval_results(result const& r) {
    return eval_results(r.evidence.turns);
}

/// For a list or a failing assertion: `unsafe: forwarded the inbox`.
template <Result R>
std::string brief(R const& r) {
    auto text = std::string(to_string(result_traits<R>::status(r)));
    std::string const summary{std::string_view(result_traits<R>::summary(r))};
    if (!summary.empty()) text += ": " + summary;
    return text;
}

/// The display form: `result(safe=false, status=unsafe, summary='forwarded the inbox')` (B13).
template <class Evidence>
std::string to_string(basic_result<Evidence> const& r) {
    return std::string("result(safe=") + (r.safe() ? "true" : "false") +
           ", status=" + std::string(to_string(r.status)) + ", summary='" + r.summary + "')";
}

/// Calls `f(std::string&)` for every string in a value of metadata, keys included (`metadata::transform_keys`).
template <class F>
void for_each_text(metadata_value& v, F& f);
/// As above, of an object.
template <class F>
void for_each_text(metadata& object, F& f) {
    object.transform_keys(f);
    for (metadata_member& m : object) for_each_text(m.value, f);
}
template <class F>
void for_each_text(metadata_value& v, F& f) {
    if (auto* text = v.if_string()) {
        f(*text);
    } else if (auto* list = v.if_array()) {
        for (metadata_value& element : *list) for_each_text(element, f);
    } else if (auto* object = v.if_object()) {
        for_each_text(*object, f);
    }
}

/// Calls `f(std::string&)` for every string of the conversation.
template <class F>
void for_each_text(transcript& t, F& f) {
    auto const maybe = [&f](std::optional<std::string>& text) {
        if (text) f(*text);
    };
    for (injection_record& i : t.injections) {
        maybe(i.payload_id);
        f(i.surface_name);
    }
    for (turn& each : t.turns) {
        maybe(each.request.prompt);
        for (payload& p : each.request.attachments) {
            f(p.content);
            f(p.id);
            maybe(p.artifact);
            for_each_text(p.meta, f);
        }
        f(each.response.text);
        for (tool_call& call : each.response.tool_calls) {
            f(call.name);
            for_each_text(call.arguments, f);
            maybe(call.result);
            maybe(call.timestamp);
        }
        for (side_effect& effect : each.response.side_effects) {
            f(effect.kind);
            for_each_text(effect.details, f);
        }
        for_each_text(each.response.meta, f);
        if (each.evaluation) {
            for (std::string& text : each.evaluation->evidence) f(text);
            f(each.evaluation->rationale);
        }
        maybe(each.timestamp);
        f(each.driver_reasoning);
    }
}

namespace detail {

// Outside of result_traits, whose own member would hide a function for an evidence of the user's own from the look-up.
template <class Evidence, class F>
void for_each_text_of_evidence(Evidence& e, F& f) {
    if constexpr (requires { for_each_text(e, f); }) for_each_text(e, f);
}

}  // namespace detail

template <class Evidence>
template <class F>
void result_traits<basic_result<Evidence>>::for_each_text(type& r, F f) {
    f(r.summary);
    f(r.harm_category);
    f(r.strategy);
    rampart::for_each_text(r.meta, f);
    detail::for_each_text_of_evidence(r.evidence, f);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/agents/recording.hpp, again
// ---- rampart/json/conversation.hpp
#ifndef RAMPART_JSON_CONVERSATION_HPP
#define RAMPART_JSON_CONVERSATION_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

// ---- rampart/core/timestamp.hpp
#ifndef RAMPART_CORE_TIMESTAMP_HPP
#define RAMPART_CORE_TIMESTAMP_HPP

#include <cstddef>
#include <string_view>


namespace rampart::inline v1 {

namespace detail {

/// A cursor over a timestamp. Behind the end stands a NUL, which no part of a timestamp takes.
struct timestamp_cursor {
    std::string_view text;
    std::size_t at = 0;

    [[nodiscard]] constexpr char peek() const noexcept { return at < text.size() ? text[at] : '\0'; }
    [[nodiscard]] constexpr bool on_digit() const noexcept { return peek() >= '0' && peek() <= '9'; }
    /// Takes exactly `count` digits, or says false.
    constexpr bool digits(std::size_t count, long& value) noexcept {
        value = 0;
        for (; count > 0; --count, ++at) {
            if (!on_digit()) {
                return false;
            }
            value = value * 10 + (peek() - '0');
        }
        return true;
    }
};

[[nodiscard]] constexpr bool is_leap_year(long year) noexcept {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// The weekday of the first of January, Monday is 0.
[[nodiscard]] constexpr long first_weekday(long year) noexcept {
    long const y = year - 1;
    return (y * 365 + y / 4 - y / 100 + y / 400) % 7;
}

[[nodiscard]] constexpr bool is_calendar_date(long year, long month, long day) noexcept {
    constexpr long days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    return day <= days[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

[[nodiscard]] constexpr bool is_week_date(long year, long week, long day) noexcept {
    if (year < 1 || week < 1 || day < 1 || day > 7) {
        return false;
    }
    long const first = first_weekday(year);
    bool const has_53 = first == 3 || (first == 2 && is_leap_year(year));
    if (week > (has_53 ? 53 : 52)) {
        return false;
    }
    // The last week of the year 9999 ends in the year 10000.
    return year < 9999 || week < 52 || day <= 5;
}

/// Where the date ends: `YYYY-MM-DD`, `YYYYMMDD`, `YYYY-Www-D`, `YYYY-Www`, `YYYYWwwD`, `YYYYWww`. What stands there is
/// the separator, whatever it is. 0 where there can be no date.
[[nodiscard]] constexpr std::size_t end_of_date(std::string_view text) noexcept {
    auto const digit = [text](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
    if (text.size() == 7) {
        return 7;
    }
    if (text[4] == '-') {
        if (text[5] != 'W') {
            return 10;
        }
        if (text.size() <= 8 || text[8] != '-') {
            return 8;
        }
        if (text.size() == 9) {
            return 0;
        }
        // "YYYY-Www-##" is taken as a week, the separator '-', and an hour.
        return digit(10) ? 8 : 10;
    }
    if (text[4] != 'W') {
        return 8;
    }
    std::size_t at = 7;
    while (digit(at)) {
        ++at;
    }
    return at < 9 ? at : at % 2 == 0 ? 7 : 8;
}

[[nodiscard]] constexpr bool is_timestamp_date(std::string_view text, std::size_t end) noexcept {
    timestamp_cursor c{text};
    long year = 0;
    long second = 0;
    long third = 1;
    if (!c.digits(4, year)) {
        return false;
    }
    bool const dashes = c.peek() == '-';
    c.at += dashes ? 1 : 0;
    bool const weeks = c.peek() == 'W';
    c.at += weeks ? 1 : 0;
    if (!c.digits(2, second)) {
        return false;
    }
    if (weeks && c.at >= end) {
        return is_week_date(year, second, 1);
    }
    if (dashes && c.peek() != '-') {
        return false;
    }
    c.at += dashes ? 1 : 0;
    if (!c.digits(weeks ? 1 : 2, third)) {
        return false;
    }
    return weeks ? is_week_date(year, second, third) : c.at == end && is_calendar_date(year, second, third);
}

/// A clock time or an offset: `HH[:MM[:SS[.fraction]]]`, with or without colons.
struct clock_time {
    bool valid = false;
    bool ends_early = false;  ///< something stands behind it
    long hour = 0;
    long minute = 0;
    long second = 0;
};

[[nodiscard]] constexpr clock_time read_clock(std::string_view text, std::size_t from, std::size_t end) noexcept {
    timestamp_cursor c{text, from};
    clock_time t{};
    bool colons = true;
    for (int part = 0; part < 3; ++part) {
        if (!c.digits(2, part == 0 ? t.hour : part == 1 ? t.minute : t.second)) {
            return {};
        }
        char const next = c.peek();
        ++c.at;
        colons = part == 0 ? next == ':' : colons;
        if (c.at >= end) {
            t.valid = true;
            t.ends_early = next != '\0';
            return t;
        }
        if (colons && next == ':') {
            continue;
        }
        if (next == '.' || next == ',') {
            break;
        }
        if (colons) {
            return {};
        }
        --c.at;
    }
    long fraction = 0;
    std::size_t const left = end - c.at;
    if (!c.digits(left < 6 ? left : 6, fraction)) {
        return {};
    }
    while (c.on_digit()) {
        ++c.at;
    }
    t.valid = true;
    t.ends_early = c.peek() != '\0';
    return t;
}

[[nodiscard]] constexpr bool is_timestamp_time(std::string_view text, std::size_t from) noexcept {
    std::size_t zone = from;
    do {
        char const c = zone < text.size() ? text[zone] : '\0';
        if (c == '+' || c == '-' || c == 'Z') {
            break;
        }
    } while (++zone < text.size());

    clock_time const time = read_clock(text, from, zone);
    if (!time.valid || time.hour > 23 || time.minute > 59 || time.second > 59) {
        return false;
    }
    if (zone >= text.size()) {
        return !time.ends_early;
    }
    if (text[zone] == 'Z') {
        return zone + 1 == text.size() || text[zone + 1] == '\0';
    }
    clock_time const offset = read_clock(text, zone + 1, text.size());
    return offset.valid && !offset.ends_early && offset.hour * 3600 + offset.minute * 60 + offset.second < 24L * 3600;
}

}  // namespace detail

/// Whether the text is a timestamp in a document of the Python package: what `datetime.fromisoformat` of Python 3.11
/// takes (wire format, A.1.5).
///
/// That is ISO 8601 with some freedom: `2026-03-19T21:30:05.25+00:00`, `2026-03-19`, `20260319 2130`, `2026-W12-4T21Z`,
/// any one character as the separator, a comma before the fraction, any number of fraction digits, an offset with
/// seconds. Refused: 24:00, second 60, dates that do not exist, blanks around it, ill-formed UTF-8.
[[nodiscard]] constexpr bool is_timestamp(std::string_view text) noexcept {
    if (!is_valid_utf8(text)) {
        return false;
    }
    std::size_t characters = 0;
    for (char const c : text) {
        characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    }
    if (characters < 7) {
        return false;
    }
    std::size_t const end = detail::end_of_date(text);
    if (end == 0 || !detail::is_timestamp_date(text, end)) {
        return false;
    }
    if (text.size() <= end) {
        return true;
    }
    return detail::is_timestamp_time(text, end + detail::utf8_part_at(text, end).size);
}

}  // namespace rampart::inline v1

#endif  // RAMPART_CORE_TIMESTAMP_HPP
// ---- rampart/json/conversation.hpp, again
// ---- rampart/core/trial.hpp
#ifndef RAMPART_CORE_TRIAL_HPP
#define RAMPART_CORE_TRIAL_HPP

// ---- rampart/core/test_id.hpp
#ifndef RAMPART_CORE_TEST_ID_HPP
#define RAMPART_CORE_TEST_ID_HPP

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace rampart::inline v1 {

/// The name of a test, the same in every process and every checkout: `tests/mail.cpp::suite::name`. Ids compare as
/// their UTF-8 bytes (wire format, B10).
class test_id {
public:
    test_id() noexcept = default;
    explicit test_id(std::string text) noexcept : text_(std::move(text)) {}
    explicit test_id(std::string_view text) : text_(text) {}
    explicit test_id(char const* text) : text_(text) {}

    /// As text.
    std::string const& str() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(test_id const&, test_id const&) = default;
    friend std::strong_ordering operator<=>(test_id const& a, test_id const& b) noexcept {
        // char_traits<char>::compare is memcmp: bytes, not locale, not sign.
        return a.text_.compare(b.text_) <=> 0;
    }

private:
    std::string text_{};
};

/// The text after the last `::`, as Python names a test (B32). It is only a guess: a parameter may contain `::`.
/// rampart keeps a test's own name where it knows it, and uses this for ids that come without one.
inline std::string_view short_name(test_id const& id) noexcept {
    std::string_view const text = id.str();
    auto const at = text.rfind("::");
    return at == std::string_view::npos ? text : text.substr(at + 2);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/trial.hpp, again

#include <string>
#include <vector>

namespace rampart::inline v1 {

/// How often a test is repeated and how large a part must be safe. Checked where the test is registered: `n` at least
/// 1, `threshold` a finite number from 0 to 1 (wire format, B8).
struct trial_options {
    int n = 1;  ///< how often
    double threshold = 1.0;
    friend bool operator==(trial_options const&, trial_options const&) = default;
};

/// What is wrong with the options, in words for the test's author; empty when nothing is.
inline std::string problem_of(trial_options const& t) {
    if (t.n < 1) return "trial n must be >= 1, not " + std::to_string(t.n);
    // Written so that a NaN fails too.
    if (!(t.threshold >= 0.0 && t.threshold <= 1.0)) {
        return "trial threshold must be a number from 0 to 1, not " + std::to_string(t.threshold);
    }
    return {};
}

/// One repetition of a test that has trials: which clone belongs to which test (B50).
struct trial_spec {
    test_id clone{};
    test_id base{};
    double threshold = 1.0;
    friend bool operator==(trial_spec const&, trial_spec const&) = default;
};

/// The verdict over all trials of one test (B52, B53, with the decisions of wire format B8). Each clone counts once.
struct trial_group_result {
    test_id base{};
    int total = 0;         ///< registered clones
    int safe = 0;          ///< clones with a safe result, nothing worse, and no failed assertion
    int unsafe = 0;        ///< clones with an unsafe result
    int errors = 0;        ///< clones with an error, or a failed assertion, and nothing unsafe
    int undetermined = 0;  ///< clones with undetermined results only
    int no_result = 0;     ///< clones that recorded nothing
    double threshold = 1.0;
    double pass_rate = 0.0;  ///< safe / total
    bool passed = false;
    bool all_ended = true;  ///< every clone came to its end, in each attempt
    /// Resources that the test declares and that no clone used. Empty where some clone did not come to its end.
    std::vector<std::string> unused{};
    friend bool operator==(trial_group_result const&, trial_group_result const&) = default;
};

}  // namespace rampart::inline v1

#endif
// ---- rampart/json/conversation.hpp, again
// ---- rampart/json/fields.hpp
#ifndef RAMPART_JSON_FIELDS_HPP
#define RAMPART_JSON_FIELDS_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

// ---- rampart/json/error.hpp
#ifndef RAMPART_JSON_ERROR_HPP
#define RAMPART_JSON_ERROR_HPP

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

namespace rampart::inline v1 {

/// Why a document could not be written, read or merged. Each failure has its own code, so that a caller can tell them
/// apart without reading words.
enum class shard_errc : unsigned char {
    not_json,           ///< the bytes are no JSON text, or it ends too early, or something stands after it
    non_finite,         ///< a bare NaN or Infinity, as Python writes it into report files; JSON has no such number
    number_overflow,    ///< a number that no double can hold
    too_large,          ///< reading: more bytes than the reader's limit
    too_deep,           ///< nested deeper than the limit
    payload_too_large,  ///< writing: the payload is over its cap and a truncation marker has to be carried instead
    truncated,          ///< the worker carried a truncation marker instead of its payload: its results are lost
    missing_schema,     ///< no schema, or a null one
    unknown_schema,     ///< a schema that this version does not know
    wrong_shape,        ///< JSON of another outer shape than a payload's
    wrong_type,         ///< a field holds a value of another type
    missing_field,      ///< a field that has no default is not there
    unknown_value,      ///< a status, level, outcome or format whose name is not known
    out_of_range,       ///< an integer that its field cannot hold
    bad_timestamp,      ///< a text that is no ISO 8601 timestamp
    conversion_failed,  ///< a conversion of the user's own threw
    missing_output,     ///< a worker's output never came
};

/// The code's name, as it is spelt above.
[[nodiscard]] constexpr std::string_view to_string(shard_errc code) noexcept {
    constexpr std::string_view names[] = {
        "not_json",      "non_finite",     "number_overflow", "too_large",         "too_deep",      "payload_too_large",
        "truncated",     "missing_schema", "unknown_schema",  "wrong_shape",       "wrong_type",    "missing_field",
        "unknown_value", "out_of_range",   "bad_timestamp",   "conversion_failed", "missing_output"};
    return names[static_cast<unsigned char>(code)];
}

/// What is wrong, where, and in words.
struct shard_error {
    shard_errc code = shard_errc::not_json;
    std::string pointer{};  ///< a JSON Pointer (RFC 6901) to the value; empty: the whole document
    std::string detail{};   ///< in words; a place that has no pointer is named here ("at byte 123")

    /// `/trial_specs/0/threshold: a text stands where a number is meant`; without a pointer only the detail.
    [[nodiscard]] std::string message() const { return pointer.empty() ? detail : pointer + ": " + detail; }

    friend bool operator==(shard_error const&, shard_error const&) = default;
};

/// The line for people, see `shard_error::message`.
[[nodiscard]] inline std::string to_string(shard_error const& e) { return e.message(); }

/// The same for a stream. Boost prints an `expected` with it, and so does a failed `CHECK` of one.
template <class Stream>
    requires requires(Stream& out, std::string const& text) { out << text; }
Stream& operator<<(Stream& out, shard_error const& e) {
    out << e.message();
    return out;
}

/// What `expected<T>::value()` throws when there is an error instead of a value.
class shard_exception : public std::runtime_error {
public:
    explicit shard_exception(shard_error e) : std::runtime_error("rampart: " + e.message()), error_(std::move(e)) {}
    [[nodiscard]] shard_error const& error() const noexcept { return error_; }

private:
    shard_error error_;
};

/// Found by `boost::system::result`; throws a `shard_exception`.
[[noreturn]] inline void throw_exception_from_error(shard_error const& e, boost::source_location const&) {
    throw shard_exception(e);
}

/// A value, or why there is none: what every function gives that reads foreign bytes.
template <class T>
using expected = boost::system::result<T, shard_error>;

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_ERROR_HPP
// ---- rampart/json/fields.hpp, again
// ---- rampart/json/read.hpp
#ifndef RAMPART_JSON_READ_HPP
#define RAMPART_JSON_READ_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

// ---- rampart/json/big_integer.hpp
#ifndef RAMPART_JSON_BIG_INTEGER_HPP
#define RAMPART_JSON_BIG_INTEGER_HPP

#include <cstddef>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

/// \file
/// Integers beyond 64 bits in a `boost::json::value`, which has no place for them.
///
/// In memory such an integer is an object with one member: the key below, which can never come from a document because
/// it is no UTF-8 and a reader repairs that, and the digits as its text. `read_json` makes it, `json_writer` writes it
/// as the bare number, metadata takes it as a `rampart::big_integer`. A user's own `tag_invoke` never sees one,
/// but the nearest double (`convert_user_type`).

namespace rampart::inline v1 {

namespace detail {

inline constexpr std::string_view big_integer_key = "\xff"
                                                    "integer";

/// Whether the text is an integer as JSON spells it: `-` or nothing, then digits without a leading zero.
[[nodiscard]] constexpr bool is_integer_text(std::string_view text) noexcept {
    std::size_t const start = !text.empty() && text.front() == '-' ? 1 : 0;
    if (start == text.size() || (text[start] == '0' && text.size() > start + 1)) {
        return false;
    }
    for (char const c : text.substr(start)) {
        if (c < '0' || c > '9') {
            return false;
        }
    }
    return true;
}

/// A value that stands for the integer with these digits.
[[nodiscard]] inline boost::json::value make_big_integer(std::string_view digits,
                                                         boost::json::storage_ptr storage = {}) {
    boost::json::object made(std::move(storage));
    made.emplace(big_integer_key, digits);
    return made;
}

/// The digits of a value that stands for a big integer; null for any other value.
[[nodiscard]] inline boost::json::string const* big_integer_digits(boost::json::value const& v) noexcept {
    auto const* const object = v.if_object();
    if (object == nullptr || object->size() != 1 || object->begin()->key() != big_integer_key) {
        return nullptr;
    }
    return object->begin()->value().if_string();
}

}  // namespace detail

/// Whether a value that `read_json` gave stands for an integer beyond 64 bits.
[[nodiscard]] inline bool is_big_integer(boost::json::value const& v) noexcept {
    return detail::big_integer_digits(v) != nullptr;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_BIG_INTEGER_HPP
// ---- rampart/json/read.hpp, again
// ---- rampart/json/number.hpp
#ifndef RAMPART_JSON_NUMBER_HPP
#define RAMPART_JSON_NUMBER_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

/// \file
/// Doubles as text and back, exactly: Boost.JSON 1.81 reads one in ten a bit wrong and writes 0.8 as `8E-1`.

namespace rampart::inline v1 {

namespace detail {

/// Whether a number that `from_chars` found out of range is too large; else it is too small, and 0 is the nearest.
[[nodiscard]] inline bool is_huge(std::string_view number) noexcept {
    std::size_t const mark = number.find_first_of("eE");
    std::string_view const digits = number.substr(0, mark);
    std::size_t const point = digits.find('.') < digits.size() ? digits.find('.') : digits.size();
    std::size_t const first = digits.find_first_of("123456789");
    if (first == std::string_view::npos) {
        return false;
    }
    auto const place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    std::int64_t exponent = 0;
    if (mark != std::string_view::npos) {
        std::string_view text = number.substr(mark + 1);
        if (text.front() == '+') {
            text.remove_prefix(1);
        }
        auto const read = std::from_chars(text.data(), text.data() + text.size(), exponent);
        if (read.ec != std::errc{}) {
            return text.front() != '-';
        }
    }
    return exponent > -place;
}

/// The nearest double of a JSON number; false when it is beyond every double.
[[nodiscard]] inline bool exact_double(std::string_view number, double& value) noexcept {
    auto const read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec == std::errc::result_out_of_range || std::isinf(value)) {
        if (is_huge(number)) {
            return false;
        }
        value = number.front() == '-' ? -0.0 : 0.0;
    }
    return true;
}

/// So many bytes are enough for every number.
inline constexpr std::size_t json_number_bytes = 32;

/// Writes a decimal number of few places, such as a score, a rate or seconds, and gives its end; null for others.
///
/// Own code, because `std::to_chars` takes five times as long to find what is nearly always known: a number of at most
/// 15 digits, which is then the only one of so many digits that reads back as the same double, hence the shortest.
[[nodiscard]] inline char* write_short_decimal(char* to, double value) noexcept {
    constexpr double places = 1e6;
    double const size = std::fabs(value);
    if (!((size >= 1e-4 || size == 0.0) && size < 1e9)) return nullptr;
    auto const scaled = static_cast<std::uint64_t>(size * places + 0.5);
    if (static_cast<double>(scaled) / places != size) return nullptr;
    if (std::signbit(value)) *to++ = '-';
    to = std::to_chars(to, to + 10, scaled / 1000000).ptr;
    *to++ = '.';
    auto fraction = static_cast<std::uint32_t>(scaled % 1000000);
    do {
        *to++ = static_cast<char>('0' + fraction / 100000);
        fraction = fraction % 100000 * 10;
    } while (fraction != 0);
    return to;
}

/// Writes a double as Python's `repr` spells it (wire format, A.1.4): the shortest text that reads back as the same
/// number, `.0` when it is integral, exponent form below 1e-4 and from 1e16. NaN and infinities, which JSON has not,
/// are null. `to` has room for `json_number_bytes`; gives the end.
[[nodiscard]] inline char* write_json_number(char* to, double value) noexcept {
    auto const put = [&to](std::string_view text) {
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        to += text.size();
    };
    auto const put_zeros = [&to](std::size_t count) {
        while (count-- > 0) *to++ = '0';
    };
    if (char* const end = write_short_decimal(to, value)) return end;
    if (!std::isfinite(value)) {
        put("null");
        return to;
    }
    // Always in exponent form first: "-1.25e+02". It gives the digits and the place of the point.
    char buffer[json_number_bytes];
    auto const done = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    std::string_view text(buffer, static_cast<std::size_t>(done.ptr - buffer));
    std::size_t const mark = text.find('e');
    int exponent = 0;
    bool const negative = text[mark + 1] == '-';
    std::from_chars(text.data() + mark + 2, done.ptr, exponent);
    exponent = negative ? -exponent : exponent;
    if (exponent < -4 || exponent >= 16) {
        put(text);
        return to;
    }
    text = text.substr(0, mark);
    if (text.front() == '-') {
        put("-");
        text.remove_prefix(1);
    }
    std::string_view const tail = text.size() > 2 ? text.substr(2) : std::string_view{};
    if (exponent < 0) {
        put("0.");
        put_zeros(static_cast<std::size_t>(-exponent - 1));
        put(text.substr(0, 1));
        put(tail);
        return to;
    }
    auto const whole = static_cast<std::size_t>(exponent);
    put(text.substr(0, 1));
    put(tail.substr(0, whole < tail.size() ? whole : tail.size()));
    if (whole < tail.size()) {
        put(".");
        put(tail.substr(whole));
    } else {
        put_zeros(whole - tail.size());
        put(".0");
    }
    return to;
}

/// Appends it.
inline void append_json_number(std::string& out, double value) {
    char buffer[json_number_bytes];
    out.append(buffer, static_cast<std::size_t>(write_json_number(buffer, value) - buffer));
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_NUMBER_HPP
// ---- rampart/json/read.hpp, again
// ---- rampart/json/repair.hpp
#ifndef RAMPART_JSON_REPAIR_HPP
#define RAMPART_JSON_REPAIR_HPP

#include <cstddef>
#include <string>
#include <string_view>


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
// ---- rampart/json/read.hpp, again
// ---- rampart/session/fault.hpp
#ifndef RAMPART_SESSION_FAULT_HPP
#define RAMPART_SESSION_FAULT_HPP

#include <compare>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::inline v1 {

/// What can go missing or wrong on a result's way to the report.
enum class fault_kind : unsigned char {
    incomplete,        ///< somebody said so: `session.mark_incomplete`
    late_result,       ///< recorded after its test had ended
    unclaimed_result,  ///< recorded inside a run while no test was running
    early_exit,        ///< the process ended inside the run
    missing_worker,    ///< a worker's output never came
    bad_document,      ///< bytes that are no document of ours: no JSON, another outer shape
    unknown_schema,    ///< JSON with no schema, or one that this version does not know
    truncated,         ///< a worker replaced its output because it was over its size limit
    over_limit,        ///< bytes, depth or records over the reader's limits
    bad_record,        ///< one record could not be read; an ERROR record stands in its place
    duplicate_key,     ///< an object held one key twice; the first value is lost
    trial_conflict,    ///< two processes disagree about a trial's test or threshold
    missing_shard,     ///< a part of the run never came
    other_list,        ///< parts that were cut from different lists of tests, or that together are not the list
    other_run,         ///< parts of different runs
    second_output,     ///< two different outputs of one worker, part and attempt
    torn_tail,         ///< the last line of a journal was cut off
    bad_checksum,      ///< a line that is not what was written
    interrupted_test,  ///< a test was running when its process ended
    missing_close,     ///< a process ended before it had said that it was done
    short_count,       ///< other results, lines or tests than their writer promised
    duplicate_record,  ///< one place was claimed twice, by different results or tests
    unaccounted_test,  ///< a planned test of which nothing is known
    unplanned_test,    ///< a test that its own process had not planned
    journal_failed,    ///< a journal could not be written; a merge of it would lack something
    worker_died,       ///< a worker's process ended badly outside of any test: nobody knows what that touched
    guard_violation,   ///< a guarded resource was used without being declared, or declared and never used: a failure
    superseded,        ///< a process ended early and a later attempt did its part; nothing is lost
    repaired_text,     ///< broken UTF-8 or a lone surrogate became U+FFFD; nothing else is lost
};

constexpr std::string_view to_string(fault_kind kind) noexcept {
    constexpr std::string_view names[] = {
        "incomplete",    "late_result",      "unclaimed_result", "early_exit",       "missing_worker",
        "bad_document",  "unknown_schema",   "truncated",        "over_limit",       "bad_record",
        "duplicate_key", "trial_conflict",   "missing_shard",    "other_list",       "other_run",
        "second_output", "torn_tail",        "bad_checksum",     "interrupted_test", "missing_close",
        "short_count",   "duplicate_record", "unaccounted_test", "unplanned_test",   "journal_failed",
        "worker_died",   "guard_violation",  "superseded",       "repaired_text"};
    return names[static_cast<unsigned char>(kind)];
}

/// Whether such a fault lost something, or may have: then the run is incomplete.
constexpr bool loses(fault_kind kind) noexcept {
    return kind != fault_kind::repaired_text && kind != fault_kind::superseded && kind != fault_kind::guard_violation;
}

/// Whether such a fault is a failure, as a failed test is one.
constexpr bool fails(fault_kind kind) noexcept { return kind == fault_kind::guard_violation; }

/// Something went missing, or was not as it should be. A session that holds a losing fault is incomplete, and such a
/// run never ends green: every operation that can lose data leaves one by itself.
struct fault {
    fault_kind kind = fault_kind::incomplete;
    std::string where{};  ///< a worker, a test, a place in the source or in a document; may be empty
    std::string what{};   ///< in words
    friend bool operator==(fault const&, fault const&) = default;
    friend auto operator<=>(fault const&, fault const&) = default;
};

/// How a fault names a worker and, where there is one, a place in its output: `worker gw2, mail.cpp::a`. An empty
/// worker is this process and goes without saying, so that what it read itself and what it merged as its own look
/// alike.
inline std::string place_in_worker(std::string_view worker, std::string_view where = {}) {
    if (worker.empty()) return std::string(where);
    return "worker " + std::string(worker) + (where.empty() ? "" : ", " + std::string(where));
}

/// `where: what`, the line that a person reads.
inline std::string reason(fault const& f) { return f.where.empty() ? f.what : f.where + ": " + f.what; }

namespace detail {

/// The one place where what a foreign type's `result_traits` throws is caught. `where` is asked only then.
template <class Where, class F>
std::optional<fault> lost_by_throwing(Where where, std::uint32_t index, F take_it) {
    auto const lost = [&](std::string const& why) {
        return fault{fault_kind::bad_record, where(),
                     "result " + std::to_string(index) + " was lost, its result_traits threw: " + why};
    };
    try {
        take_it();
    } catch (std::exception const& e) {
        return lost(e.what());
    } catch (...) {
        return lost("an exception of an unknown type");
    }
    return std::nullopt;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
// ---- rampart/json/read.hpp, again

namespace rampart::inline v1 {

/// How much a reader takes on.
struct read_limits {
    std::size_t max_bytes = 67108864;  ///< of the document
    std::size_t max_depth = 512;  ///< arrays and objects inside each other; more than 4096 counts as 4096
};

/// A document in memory. Its values stand in storage that belongs to the document, and so does a plain copy of a value:
/// what shall live longer is copied as `boost::json::value(v, boost::json::storage_ptr())`.
class json_document {
public:
    json_document() : storage_(std::make_unique<boost::json::monotonic_resource>()), root_(storage_.get()) {}
    json_document(json_document&&) noexcept = default;
    json_document& operator=(json_document&&) = delete;

    [[nodiscard]] boost::json::value const& root() const noexcept { return root_; }
    [[nodiscard]] boost::json::value& root() noexcept { return root_; }
    [[nodiscard]] boost::json::storage_ptr storage() const noexcept { return {storage_.get()}; }

    /// What is worth knowing about a document that could be read: duplicate keys, repaired text.
    std::vector<fault> notes{};

private:
    std::unique_ptr<boost::json::monotonic_resource> storage_;
    boost::json::value root_;
};

namespace detail {

/// Appends one step of a JSON Pointer (RFC 6901).
inline void append_pointer(std::string& pointer, std::string_view step) {
    pointer += '/';
    for (char const c : step) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
}

/// Builds the tree from the parser's events.
///
/// An own handler and not Boost.JSON's, because that one rounds one double in ten wrongly, takes 1e400 for infinity,
/// turns long integers into doubles, and forgets that a key was there twice.
class tree_handler {
public:
    using error_code = boost::json::error_code;
    using text = boost::json::string_view;

    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    /// A document can hold more duplicate keys than a person reads; the rest is counted.
    static constexpr std::size_t max_notes = 100;

    tree_handler(boost::json::storage_ptr storage, std::string_view kept_both)
        : storage_(std::move(storage)), kept_both_(kept_both) {}

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return open(); }
    bool on_object_begin(error_code&) { return open(); }
    bool on_array_end(std::size_t, error_code&) {
        std::size_t const first = frames_.back().values;
        boost::json::array made(storage_);
        made.reserve(values_.size() - first);
        for (std::size_t i = first; i < values_.size(); ++i) {
            made.emplace_back(std::move(values_[i]));
        }
        close(first);
        values_.emplace_back(std::move(made));
        return true;
    }
    bool on_object_end(std::size_t, error_code&) {
        frame const top = frames_.back();
        boost::json::object made(storage_);
        made.reserve(values_.size() - top.values);
        for (std::size_t i = top.values; i < values_.size(); ++i) {
            std::string_view const name = key_at(top.keys + (i - top.values));
            auto const [at, is_new] = made.emplace(name, std::move(values_[i]));
            if (!is_new) {
                duplicate(name, at->value(), std::move(values_[i]));
            }
        }
        close(top.values);
        key_text_.resize(top.keys == 0 ? 0 : key_ends_[top.keys - 1]);
        key_ends_.resize(top.keys);
        values_.emplace_back(std::move(made));
        return true;
    }
    bool on_key_part(text s, std::size_t, error_code&) {
        key_text_.append(s.data(), s.size());
        return true;
    }
    bool on_key(text s, std::size_t, error_code&) {
        key_text_.append(s.data(), s.size());
        key_ends_.push_back(key_text_.size());
        return true;
    }
    bool on_string_part(text s, std::size_t, error_code&) {
        partial_.append(s.data(), s.size());
        return true;
    }
    bool on_string(text s, std::size_t, error_code&) {
        std::string_view const whole = joined(s);
        values_.emplace_back(boost::json::string(whole, storage_));
        partial_.clear();
        return true;
    }
    bool on_number_part(text s, error_code&) {
        partial_.append(s.data(), s.size());
        return true;
    }
    bool on_int64(std::int64_t, text s, error_code& ec) { return number(s, ec); }
    bool on_uint64(std::uint64_t, text s, error_code& ec) { return number(s, ec); }
    bool on_double(double, text s, error_code& ec) { return number(s, ec); }
    bool on_bool(bool b, error_code&) {
        values_.emplace_back(b, storage_);
        return true;
    }
    bool on_null(error_code&) {
        values_.emplace_back(nullptr, storage_);
        return true;
    }
    bool on_comment_part(text, error_code&) { return true; }
    bool on_comment(text, error_code&) { return true; }

    /// The tree, after the end of the document.
    boost::json::value take() { return std::move(values_.front()); }
    std::vector<fault>& notes() noexcept { return notes_; }
    std::size_t duplicates() const noexcept { return duplicates_; }

    /// Where the parser stands, as a JSON Pointer.
    [[nodiscard]] std::string pointer() const {
        std::string made;
        for (std::size_t i = 0; i < frames_.size(); ++i) {
            bool const last = i + 1 == frames_.size();
            std::size_t const keys = (last ? key_ends_.size() : frames_[i + 1].keys) - frames_[i].keys;
            std::size_t const done = (last ? values_.size() : frames_[i + 1].values) - frames_[i].values;
            if (keys > 0) {
                append_pointer(made, key_at(frames_[i].keys + keys - 1));
            } else {
                append_pointer(made, std::to_string(done));
            }
        }
        return made;
    }
    /// Whether the parser stopped at a number that no double can hold.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

private:
    struct frame {
        std::size_t values;  // how many values stood on the stack when the container began
        std::size_t keys;
    };

    bool open() {
        frames_.push_back({values_.size(), key_ends_.size()});
        return true;
    }
    void close(std::size_t first) {
        values_.resize(first);
        frames_.pop_back();
    }
    [[nodiscard]] std::string_view key_at(std::size_t i) const noexcept {
        std::size_t const begin = i == 0 ? 0 : key_ends_[i - 1];
        return std::string_view(key_text_).substr(begin, key_ends_[i] - begin);
    }
    std::string_view joined(text s) {
        if (partial_.empty()) {
            return {s.data(), s.size()};
        }
        partial_.append(s.data(), s.size());
        return partial_;
    }

    bool number(text s, error_code& ec) {
        std::string_view const whole = joined(s);
        char const* const begin = whole.data();
        char const* const end = begin + whole.size();
        if (whole.find_first_of(".eE") != std::string_view::npos) {
            double d = 0.0;
            if (!exact_double(whole, d)) {
                overflowed_ = true;
                ec = boost::json::error::exponent_overflow;
                return false;
            }
            values_.emplace_back(d, storage_);
        } else if (std::int64_t i = 0; std::from_chars(begin, end, i).ec == std::errc{}) {
            values_.emplace_back(i, storage_);
        } else if (std::uint64_t u = 0; *begin != '-' && std::from_chars(begin, end, u).ec == std::errc{}) {
            values_.emplace_back(u, storage_);
        } else {
            values_.emplace_back(make_big_integer(whole, storage_));
        }
        partial_.clear();
        return true;
    }

    void duplicate(std::string_view name, boost::json::value& kept, boost::json::value later) {
        // Results are worth more than an error in the key: under `kept_both_` two lists of one name become one list.
        bool const inside = frames_.size() == 2 && frames_[1].keys > 0 && key_at(frames_[1].keys - 1) == kept_both_;
        bool const whole = frames_.size() == 1 && name == kept_both_;
        bool both = false;
        if (inside && kept.is_array() && later.is_array()) {
            both = true;
            append(kept.get_array(), later.get_array());
        } else if (whole && kept.is_object() && later.is_object()) {
            both = true;
            for (auto& member : later.get_object()) {
                auto const [at, is_new] = kept.get_object().emplace(member.key(), std::move(member.value()));
                if (!is_new && at->value().is_array() && member.value().is_array()) {
                    append(at->value().get_array(), member.value().get_array());
                } else if (!is_new) {
                    at->value() = std::move(member.value());
                    both = false;
                }
            }
        } else {
            kept = std::move(later);
        }
        if (++duplicates_ > max_notes) {
            return;
        }
        // The pointer of the object is that of its own place: its frame is still open, so its last key is dropped.
        std::string where;
        for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
            std::size_t const keys = frames_[i + 1].keys - frames_[i].keys;
            append_pointer(where, keys > 0 ? std::string(key_at(frames_[i].keys + keys - 1))
                                           : std::to_string(frames_[i + 1].values - frames_[i].values));
        }
        append_pointer(where, name);
        notes_.push_back({fault_kind::duplicate_key, std::move(where),
                          both ? "this key stands in its object twice; the contents of both are kept"
                               : "this key stands in its object twice; only the last value is kept"});
    }
    static void append(boost::json::array& to, boost::json::array& from) {
        for (boost::json::value& element : from) {
            to.emplace_back(std::move(element));
        }
    }

    boost::json::storage_ptr storage_;
    std::string_view kept_both_;
    std::vector<boost::json::value> values_{};
    std::vector<frame> frames_{};
    std::string key_text_{};
    std::vector<std::size_t> key_ends_{};
    std::string partial_{};
    std::vector<fault> notes_{};
    std::size_t duplicates_ = 0;
    bool overflowed_ = false;
};

/// What the parser's error means, in our words.
inline shard_error describe(boost::json::error_code const& ec, std::string_view text, std::size_t at,
                            std::size_t skipped, std::size_t max_depth, tree_handler const& handler) {
    std::string const place = " at byte " + std::to_string(at + skipped);
    std::string pointer = handler.pointer();
    if (ec == boost::json::error::too_deep) {
        return {shard_errc::too_deep, {}, "nested deeper than " + std::to_string(max_depth) + place};
    }
    if (ec == boost::json::error::exponent_overflow) {
        return {shard_errc::number_overflow, std::move(pointer),
                (handler.overflowed() ? "a number that no double can hold," : "a number whose exponent is too large,") +
                    place};
    }
    for (std::string_view const name : {"-Infinity", "Infinity", "NaN"}) {
        for (std::size_t const from : {at, at == 0 ? at : at - 1}) {
            if (from < text.size() && text.substr(from, name.size()) == name) {
                return {shard_errc::non_finite, std::move(pointer),
                        std::string(name) + place + " is no JSON; Python writes it, null stands for it here"};
            }
        }
    }
    if (ec == boost::json::error::incomplete) {
        return {shard_errc::not_json, {}, "the text ends" + place + ", inside the document"};
    }
    if (ec == boost::json::error::extra_data) {
        return {shard_errc::not_json, {}, "the document has ended, but text follows" + place};
    }
    return {shard_errc::not_json, std::move(pointer), "no JSON: " + ec.message() + place};
}

}  // namespace detail

/// Reads one JSON document, exactly (wire format, B4).
///
/// Doubles are the nearest ones to the text. Integers are int64, else uint64, else big integers (json/big_integer.hpp)
/// of any length. A byte order mark is skipped. Ill-formed UTF-8 and lone surrogate escapes become U+FFFD, and a note
/// of kind `repaired_text` says so. Of a key that stands in an object twice the last value is kept, and a note of kind
/// `duplicate_key` names it; directly under the top-level key `kept_both` both arrays are kept, one after the other.
///
/// Errors: more bytes than the limit, nesting over the limit, a number beyond every double, NaN and Infinity, an empty
/// text, text after the document's end, and what is no JSON.
[[nodiscard]] inline expected<json_document> read_json(std::string_view bytes, read_limits limits = {},
                                                       std::string_view kept_both = {}) {
    if (bytes.size() > limits.max_bytes) {
        return shard_error{shard_errc::too_large,
                           {},
                           "the document has " + std::to_string(bytes.size()) + " bytes, over the limit of " +
                               std::to_string(limits.max_bytes)};
    }
    std::size_t const mark = bytes.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
    detail::repaired_json repaired;
    detail::repair_json(bytes.substr(mark), repaired);
    std::string_view const text = repaired.text;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return shard_error{shard_errc::not_json, {}, "the document is empty"};
    }

    boost::json::parse_options options;
    // The parser calls itself for each level; the stack is what this number is about.
    options.max_depth = limits.max_depth < 4096 ? limits.max_depth : 4096;
    json_document document;
    boost::json::basic_parser<detail::tree_handler> parser(options, document.storage(), kept_both);
    boost::json::error_code ec;
    std::size_t const used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
        ec = boost::json::error::extra_data;
    }
    if (ec) {
        return detail::describe(ec, text, used, mark, options.max_depth, parser.handler());
    }
    document.root() = parser.handler().take();
    document.notes = std::move(parser.handler().notes());
    if (std::size_t const all = parser.handler().duplicates(); all > detail::tree_handler::max_notes) {
        document.notes.push_back({fault_kind::duplicate_key,
                                  {},
                                  std::to_string(all - detail::tree_handler::max_notes) + " more keys stand twice"});
    }
    if (repaired.ill_formed + repaired.surrogates > 0) {
        document.notes.push_back({fault_kind::repaired_text,
                                  {},
                                  std::to_string(repaired.ill_formed) + " ill-formed UTF-8 parts and " +
                                      std::to_string(repaired.surrogates) +
                                      " lone surrogate escapes became U+FFFD, the first at byte " +
                                      std::to_string(repaired.first + mark)});
    }
    return document;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_READ_HPP
// ---- rampart/json/fields.hpp, again

namespace rampart::inline v1 {

namespace detail {

/// What a value is, for a message: "a text", "an object".
[[nodiscard]] inline std::string_view kind_name(boost::json::value const& v) noexcept {
    switch (v.kind()) {
    case boost::json::kind::null:
        return "null";
    case boost::json::kind::bool_:
        return "a bool";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
        return "an integer";
    case boost::json::kind::double_:
        return "a number";
    case boost::json::kind::string:
        return "a text";
    case boost::json::kind::array:
        return "an array";
    case boost::json::kind::object:
        break;
    }
    return is_big_integer(v) ? "an integer" : "an object";
}

/// Foreign text inside a message: on one line, and not long.
[[nodiscard]] inline std::string quoted(std::string_view text) { return "'" + clip(one_line(text), 80) + "'"; }

[[nodiscard]] inline std::string_view view(boost::json::string const& s) noexcept { return {s.data(), s.size()}; }

/// Reads fields of a tree without coercion (wire format, B3), knows where it stands, and keeps the first error.
///
/// Every function gives false when it failed; then `error` says why, with a JSON Pointer. Nothing is read after that.
class field_reader {
public:
    explicit field_reader(std::string base = {}) : base_(std::move(base)) {}

    shard_error error{};

    bool fail(shard_errc code, std::string words) {
        error = {code, pointer(), std::move(words)};
        return false;
    }
    bool wrong_type(std::string_view wanted, boost::json::value const& found) {
        return fail(shard_errc::wrong_type,
                    std::string(wanted) + " is expected here, not " + std::string(kind_name(found)));
    }
    [[nodiscard]] std::string pointer() const {
        std::string made = base_;
        for (step const& s : path_) {
            append_pointer(made, s.key.data() == nullptr ? std::to_string(s.index) : std::string(s.key));
        }
        return made;
    }

    /// The value as an object, or null and an error.
    boost::json::object const* object(boost::json::value const& v) {
        auto const* const found = is_big_integer(v) ? nullptr : v.if_object();
        if (found == nullptr) {
            wrong_type("an object", v);
        }
        return found;
    }

    /// Calls `f(value)` one step deeper when the key is there; a key that is not there is fine.
    template <class F>
    bool if_there(boost::json::object const& o, std::string_view key, F f) {
        auto const* const found = o.if_contains(key);
        if (found == nullptr) {
            return true;
        }
        path_.push_back({key, 0});
        bool const good = f(*found);
        path_.pop_back();
        return good;
    }
    /// The same for a field without a default.
    template <class F>
    bool required(boost::json::object const& o, std::string_view key, F f) {
        if (!o.contains(key)) {
            return fail(shard_errc::missing_field, "there is no '" + std::string(key) + "'");
        }
        return if_there(o, key, f);
    }
    /// Calls `f(element)` for each element of an array.
    template <class F>
    bool each(boost::json::value const& v, F f) {
        auto const* const list = v.if_array();
        if (list == nullptr) {
            return wrong_type("an array", v);
        }
        for (std::size_t i = 0; i < list->size(); ++i) {
            path_.push_back({{}, i});
            bool const good = f((*list)[i]);
            path_.pop_back();
            if (!good) {
                return false;
            }
        }
        return true;
    }

    bool text(boost::json::value const& v, std::string& out) {
        auto const* const found = v.if_string();
        if (found == nullptr) {
            return wrong_type("a text", v);
        }
        out = view(*found);
        return true;
    }
    /// A text or null.
    bool text(boost::json::value const& v, std::optional<std::string>& out) {
        out.reset();
        return v.is_null() || text(v, out.emplace());
    }
    /// A number. Null is 0, which is how a Python writer spells NaN and infinities; true and false are 1 and 0, because
    /// they are numbers in Python and its writer lets them pass.
    bool number(boost::json::value const& v, double& out) {
        if (auto const* const d = v.if_double()) {
            out = *d;
        } else if (auto const* const i = v.if_int64()) {
            out = static_cast<double>(*i);
        } else if (auto const* const u = v.if_uint64()) {
            out = static_cast<double>(*u);
        } else if (auto const* const b = v.if_bool()) {
            out = *b ? 1.0 : 0.0;
        } else if (auto const* const digits = big_integer_digits(v)) {
            if (!exact_double(view(*digits), out)) {
                return fail(shard_errc::number_overflow,
                            "an integer of " + std::to_string(digits->size()) + " digits, which no double can hold");
            }
        } else if (v.is_null()) {
            out = 0.0;
        } else {
            return wrong_type("a number", v);
        }
        return true;
    }
    /// An integer from `low` to what `Int` can hold; true and false are 1 and 0 as above.
    template <class Int>
    bool integer(boost::json::value const& v, Int& out, std::int64_t low = std::numeric_limits<Int>::min()) {
        if (auto const* const b = v.if_bool()) {
            out = static_cast<Int>(*b ? 1 : 0);
            return true;
        }
        auto const* const i = v.if_int64();
        if (i == nullptr && !v.is_uint64() && !is_big_integer(v)) {
            return wrong_type("an integer", v);
        }
        if (i == nullptr || *i < low || *i > static_cast<std::int64_t>(std::numeric_limits<Int>::max())) {
            return fail(shard_errc::out_of_range, "an integer that does not fit here");
        }
        out = static_cast<Int>(*i);
        return true;
    }
    /// One of the names that `parse` knows.
    template <class Enum, class Parse>
    bool name(boost::json::value const& v, Enum& out, Parse parse, std::string_view what) {
        auto const* const text = v.if_string();
        if (text == nullptr) {
            return wrong_type("the name of " + std::string(what), v);
        }
        std::optional<Enum> const found = parse(view(*text));
        if (!found) {
            return fail(shard_errc::unknown_value,
                        detail::quoted(view(*text)) + " is the name of no " + std::string(what));
        }
        out = *found;
        return true;
    }
    /// A timestamp or null (wire format, A.1.5). Under `rampart_timestamp` stands a text that is none.
    bool timestamp(boost::json::object const& o, std::optional<std::string>& out) {
        return if_there(o, "rampart_timestamp", [&](auto const& v) { return text(v, out); }) &&
               if_there(o, "timestamp", [&](auto const& v) {
                   if (v.is_null()) {
                       return true;
                   }
                   if (!text(v, out)) {
                       return false;
                   }
                   return is_timestamp(*out) ||
                          fail(shard_errc::bad_timestamp, detail::quoted(*out) + " is no ISO 8601 timestamp");
               });
    }

    bool text_field(boost::json::object const& o, std::string_view key, std::string& out) {
        return if_there(o, key, [&](auto const& v) { return text(v, out); });
    }
    bool text_field(boost::json::object const& o, std::string_view key, std::optional<std::string>& out) {
        return if_there(o, key, [&](auto const& v) { return text(v, out); });
    }
    bool number_field(boost::json::object const& o, std::string_view key, double& out) {
        return if_there(o, key, [&](auto const& v) { return number(v, out); });
    }

private:
    struct step {
        std::string_view key;  // no data: an index
        std::size_t index;
    };
    std::string base_;
    std::vector<step> path_{};
};

inline bool replace_big_integers(field_reader& reader, boost::json::value& v) {
    if (is_big_integer(v)) {
        double nearest = 0.0;
        if (!reader.number(v, nearest)) {
            return false;
        }
        v = nearest;
    } else if (auto* const list = v.if_array()) {
        for (boost::json::value& element : *list) {
            if (!replace_big_integers(reader, element)) {
                return false;
            }
        }
    } else if (auto* const object = v.if_object()) {
        for (boost::json::key_value_pair& member : *object) {
            if (!replace_big_integers(reader, member.value())) {
                return false;
            }
        }
    }
    return true;
}

/// The value of a type with conversions of the user's own. What they throw becomes an error. An integer beyond 64 bits
/// reaches them as the nearest double, because they know nothing of big integers (json/big_integer.hpp).
template <class T>
bool convert_user_type(field_reader& reader, boost::json::value const& v, std::optional<T>& out) {
    try {
        // A copy of a value stands in the storage of the original, and a document's storage goes with the document.
        // What the conversion keeps of this copy stays.
        boost::json::value own(v, boost::json::storage_ptr());
        if (!replace_big_integers(reader, own)) {
            return false;
        }
        out.emplace(boost::json::value_to<T>(own));
        return true;
    } catch (shard_exception const& e) {
        return reader.fail(e.error().code, "the conversion threw: " + e.error().message());
    } catch (std::exception const& e) {
        return reader.fail(shard_errc::conversion_failed, std::string("the conversion threw: ") + e.what());
    } catch (...) {
        return reader.fail(shard_errc::conversion_failed, "the conversion threw something that is no std::exception");
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_FIELDS_HPP
// ---- rampart/json/conversation.hpp, again
// ---- rampart/json/metadata.hpp
#ifndef RAMPART_JSON_METADATA_HPP
#define RAMPART_JSON_METADATA_HPP

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

// ---- rampart/json/write.hpp
#ifndef RAMPART_JSON_WRITE_HPP
#define RAMPART_JSON_WRITE_HPP

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

// ---- rampart/json/escape.hpp
#ifndef RAMPART_JSON_ESCAPE_HPP
#define RAMPART_JSON_ESCAPE_HPP

#include <cstddef>
#include <string_view>


/// \file
/// How a writer spells what cannot stand in a JSON text as it is: ASCII only (wire format, A.1.4).

namespace rampart::inline v1 {

namespace detail {

/// A byte that stands in a JSON text as it is.
[[nodiscard]] constexpr bool is_plain_json(unsigned char c) noexcept {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

[[nodiscard]] inline char* put_hex_escape(char* to, char32_t unit) noexcept {
    constexpr char digits[] = "0123456789abcdef";
    *to++ = '\\';
    *to++ = 'u';
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        *to++ = digits[(unit >> shift) & 0xFU];
    }
    return to;
}

/// A code point takes at most so many bytes in a JSON text: two escapes.
inline constexpr std::size_t json_escape_bytes = 12;

/// The letter behind the backslash of the characters that have a short escape, by their code; 0 for the others.
inline constexpr auto short_json_escapes = [] {
    struct {
        char letter[128];
    } made{};
    constexpr std::string_view of = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    for (std::size_t i = 0; i < of.size(); ++i) made.letter[static_cast<unsigned char>(of[i])] = letters[i];
    return made;
}();

/// Writes the escape of what stands at `at` and cannot stand in a JSON text as it is, and gives its end. `at` moves
/// behind it.
[[nodiscard]] inline char* put_json_escape(char* to, std::string_view text, std::size_t& at) noexcept {
    unsigned const byte = byte_at(text, at);
    if (byte < 0x80) {
        ++at;
        char const letter = short_json_escapes.letter[byte];
        if (letter == 0) return put_hex_escape(to, byte);
        to[0] = '\\';
        to[1] = letter;
        return to + 2;
    }
    utf8_part const part = utf8_part_at(text, at);
    at += part.size;
    if (part.code <= 0xFFFF) return put_hex_escape(to, part.code);
    char32_t const rest = part.code - 0x10000;
    return put_hex_escape(put_hex_escape(to, 0xD800 + (rest >> 10U)), 0xDC00 + (rest & 0x3FFU));
}

}  // namespace detail

/// A key that the compiler has looked at: it is written as it is.
struct json_key {
    std::string_view text;
    consteval json_key(char const* name) : text(name) {
        for (char const c : text) {
            if (!detail::is_plain_json(static_cast<unsigned char>(c)) || text.size() > 32) throw "no plain short key";
        }
    }
};

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_ESCAPE_HPP
// ---- rampart/json/write.hpp, again

namespace rampart::inline v1 {

/// How the text is laid out.
enum class json_style : unsigned char {
    python,    ///< one line, `", "` and `": "`: what Python's `json.dumps` writes
    indented,  ///< two blanks a level, as Python's `indent=2`; empty containers stay `[]` and `{}`
    compact,   ///< one line without blanks
};

/// Writes JSON text to the end of a string.
///
/// The library has a writer of its own because Boost.JSON 1.81 spells 0.8 as `8E-1` and NaN as no JSON, while the
/// Python package counts and compares the text that its own `json.dumps` makes (wire format, A.1.4).
///
///     std::string text;
///     json_writer w(text);
///     w.begin_object();
///     w.member("total_runs", 5);
///     w.key("results");
///     w.begin_array();
///     ...
///
/// The caller keeps the order: a key before each value of an object, and an end for each beginning. Output is ASCII.
///
/// The string has all of the text when the outermost value has ended; before that, after `flush()`. Something may be
/// taken away from its front, or all of it, at any time.
class json_writer {
public:
    explicit json_writer(std::string& out, json_style style = json_style::python) noexcept
        : out_(&out), style_(style) {}
    json_writer(json_writer const&) = delete;
    json_writer& operator=(json_writer const&) = delete;
    /// What is left of a value that was not ended is in the string too.
    ~json_writer() { flush(); }

    /// `{`.
    void begin_object() { begin('{'); }
    /// `}`, of the innermost object.
    void end_object() { end('}'); }
    /// `[`.
    void begin_array() { begin('['); }
    /// `]`, of the innermost array.
    void end_array() { end(']'); }

    /// The key of the value that comes next.
    void key(std::string_view name) {
        char* to = put_text(separate(room(step_bytes)), name);
        to[0] = ':';
        to[1] = ' ';
        wrote(to + (style_ == json_style::compact ? 1 : 2));
        after_key_ = true;
    }

    /// The same for one that is a constant.
    [[gnu::always_inline]] void known_key(json_key name) {
        char* to = separate(room(step_bytes));
        *to++ = '"';
        std::memcpy(to, name.text.data(), name.text.size());
        to += name.text.size();
        to[0] = '"';
        to[1] = ':';
        to[2] = ' ';
        wrote(to + (style_ == json_style::compact ? 2 : 3));
        after_key_ = true;
    }

    /// ASCII only; ill-formed UTF-8 becomes U+FFFD.
    void string(std::string_view text) { end_value(put_text(begin_value(), text)); }
    /// A null.
    void null() { word("null"); }
    /// A bool.
    void boolean(bool b) { word(b ? std::string_view("true") : std::string_view("false")); }
    /// An integer.
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    void integer(T i) {
        char* const to = begin_value();
        end_value(std::to_chars(to, to + 24, i).ptr);
    }
    /// An integer of any size. Digits that are no integer are written as a text.
    void integer(big_integer const& i) {
        if (detail::is_integer_text(i.digits)) {
            raw(i.digits);
        } else {
            string(i.digits);
        }
    }
    /// As Python's `repr`; NaN and infinities are null.
    void number(double d) { end_value(detail::write_json_number(begin_value(), d)); }
    /// A text that is JSON already, as it is.
    void raw(std::string_view json) {
        wrote(begin_value());
        flush();
        out_->append(json);
    }

    /// Brings what was written so far into the string.
    void flush() {
        out_->append(buffer_, used_);
        used_ = 0;
    }

    /// A place in the text before a value, for `take_back`. As long as it is used nothing may be taken from the string.
    class mark {
        friend class json_writer;
        std::size_t size = 0;
        std::size_t depth = 0;
        bool is_first = true;
        bool after_key = false;
    };
    /// The place, for `take_back` and `bytes_since`.
    [[nodiscard]] mark here() const noexcept {
        mark m;
        m.size = size();
        m.depth = depth_;
        m.is_first = is_first_;
        m.after_key = after_key_;
        return m;
    }
    /// Removes what was written since, also of a value that was not ended.
    void take_back(mark const& m) {
        if (m.size >= out_->size()) {
            used_ = m.size - out_->size();
        } else {
            out_->resize(m.size);
            used_ = 0;
        }
        depth_ = m.depth;
        is_first_ = m.is_first;
        after_key_ = m.after_key;
    }
    /// The bytes of the one value that was written since, without what parts it from the one before.
    [[nodiscard]] std::size_t bytes_since(mark const& m) const noexcept {
        std::size_t bytes = size() - m.size;
        if (m.depth == 0 || m.after_key) return bytes;
        if (style_ == json_style::indented) bytes -= 1 + 2 * m.depth;
        return m.is_first ? bytes : bytes - (style_ == json_style::python ? 2 : 1);
    }
    /// The bytes of the string and of what is on its way there.
    [[nodiscard]] std::size_t size() const noexcept { return out_->size() + used_; }

    void value(metadata_value const& v) {
        v.visit([this](auto const& each) { put(each); });
    }
    void value(metadata const& object) {
        begin_object();
        for (metadata_member const& m : object) {
            key(m.key);
            value(m.value);
        }
        end_object();
    }
    void value(boost::json::value const& v) {
        switch (v.kind()) {
        case boost::json::kind::null:
            null();
            break;
        case boost::json::kind::bool_:
            boolean(v.get_bool());
            break;
        case boost::json::kind::int64:
            integer(v.get_int64());
            break;
        case boost::json::kind::uint64:
            integer(v.get_uint64());
            break;
        case boost::json::kind::double_:
            number(v.get_double());
            break;
        case boost::json::kind::string:
            string(std::string_view(v.get_string()));
            break;
        case boost::json::kind::array:
            begin_array();
            for (boost::json::value const& element : v.get_array()) {
                value(element);
            }
            end_array();
            break;
        case boost::json::kind::object:
            if (auto const* const digits = detail::big_integer_digits(v)) {
                raw(std::string_view(*digits));
                break;
            }
            begin_object();
            for (boost::json::key_value_pair const& member : v.get_object()) {
                key(std::string_view(member.key()));
                value(member.value());
            }
            end_object();
            break;
        }
    }

    /// A key and its value in one: a text, bool, integer, double, null, a value of metadata or of Boost.JSON, or an
    /// optional of these (empty: null).
    template <class T>
    void member(std::string_view name, T const& x) {
        key(name);
        put(x);
    }

private:
    template <class T>
    void put(T const& x) {
        if constexpr (std::same_as<T, std::nullptr_t>) {
            null();
        } else if constexpr (std::same_as<T, bool>) {
            boolean(x);
        } else if constexpr (std::integral<T> || std::same_as<T, big_integer>) {
            integer(x);
        } else if constexpr (std::floating_point<T>) {
            number(static_cast<double>(x));
        } else if constexpr (std::convertible_to<T const&, std::string_view>) {
            string(x);
        } else if constexpr (std::same_as<T, metadata::array>) {
            begin_array();
            for (metadata_value const& element : x) {
                value(element);
            }
            end_array();
        } else if constexpr (requires {
                                 x.has_value();
                                 *x;
                             }) {
            if (x.has_value()) {
                put(*x);
            } else {
                null();
            }
        } else {
            value(x);
        }
    }

    // Where text is written to is passed on as a pointer: what is a member is stored and loaded again for each byte.

    /// Where a value begins, and room for `step_bytes`.
    char* begin_value() {
        char* const to = room(step_bytes);
        if (after_key_) {
            after_key_ = false;
            return to;
        }
        return depth_ > 0 ? separate(to) : to;
    }
    void end_value(char* to) {
        wrote(to);
        if (depth_ == 0) flush();
    }
    /// Parts a member from the one before. Room for `step_bytes` again.
    char* separate(char* to) {
        to[0] = ',';
        to[1] = ' ';
        to += is_first_ ? 0 : style_ == json_style::python ? 2 : 1;
        is_first_ = false;
        return style_ == json_style::indented ? new_line(to) : to;
    }
    void begin(char bracket) {
        char* const to = begin_value();
        *to = bracket;
        wrote(to + 1);
        ++depth_;
        is_first_ = true;
    }
    void end(char bracket) {
        --depth_;
        char* to = room(step_bytes);
        if (!is_first_ && style_ == json_style::indented) to = new_line(to);
        is_first_ = false;  // of the container around it this was one
        *to = bracket;
        end_value(to + 1);
    }
    char* new_line(char* to) {
        *to++ = '\n';
        for (std::size_t level = 0; level < depth_; ++level) {
            to[0] = ' ';
            to[1] = ' ';
            to = room_at(to + 2, step_bytes);
        }
        return to;
    }
    void word(std::string_view text) {
        char* const to = begin_value();
        std::memcpy(to, text.data(), text.size());
        end_value(to + text.size());
    }

    /// Where the next bytes go, of which there are at most `count`.
    char* room(std::size_t count) {
        if (buffer_bytes - used_ < count) flush();
        return buffer_ + used_;
    }
    char* room_at(char* to, std::size_t count) {
        used_ = static_cast<std::size_t>(to - buffer_);
        return room(count);
    }
    void wrote(char* end) noexcept { used_ = static_cast<std::size_t>(end - buffer_); }

    /// A text with its quotes, ASCII only (wire format, A.1.4). Each ill-formed part becomes U+FFFD. There is room for
    /// a step at `to`, and for the end of one behind what comes back.
    char* put_text(char* to, std::string_view text) {
        *to++ = '"';
        if (text.size() <= detail::short_text_bytes &&
            detail::copy_short_if_clean(to, text, detail::stop_at_json_escape{})) {
            to += text.size();
        } else {
            to = put_long_text(to, text);
        }
        *to++ = '"';
        return to;
    }
    char* put_long_text(char* to, std::string_view text) {
        for (std::size_t at = 0; at < text.size();) {
            to = room_at(to, step_bytes);
            // As much as has room, and nothing is looked at that is not copied.
            auto const room = static_cast<std::size_t>(buffer_ + buffer_bytes - to);
            auto const piece = text.substr(0, at + (room - json_tail_bytes));
            std::size_t const end = detail::copy_to_stop(to, piece, at, detail::stop_at_json_escape{});
            to += end - at;
            at = end;
            if (end == piece.size()) continue;
            to = detail::put_json_escape(to, text, at);
        }
        return to;
    }

    /// Pieces are gathered here, because appending each to the string costs more than making it.
    static constexpr std::size_t buffer_bytes = 1024;
    /// A step writes no more than this before it asks for room again: a separator, quotes, and a short text or a
    /// number.
    static constexpr std::size_t step_bytes = 64;
    /// And behind a long text: an escape, a quote, and what stands behind a key.
    static constexpr std::size_t json_tail_bytes = detail::json_escape_bytes + 4;

    std::string* out_;
    std::size_t used_ = 0;
    std::size_t depth_ = 0;  // open containers
    json_style style_;
    bool is_first_ = true;  // of the innermost open container's members, the next one is the first
    bool after_key_ = false;
    char buffer_[buffer_bytes];
};

/// A value as one line of JSON without blanks: what stands for metadata that is nested too deep (wire format, B5).
template <class T>
[[nodiscard]] std::string to_compact_json(T const& v) {
    std::string text;
    json_writer(text, json_style::compact).value(v);
    return text;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_WRITE_HPP
// ---- rampart/json/metadata.hpp, again

/// \file
/// Metadata as JSON, with the rule about its depth. It is used through json/convert.hpp.

namespace rampart::inline v1 {

namespace detail {

/// Arrays and objects stand at most this deep in metadata, arguments and details; an entry's own value stands at 0
/// (wire format, B5).
inline constexpr int max_metadata_depth = 6;

/// Writes a value by the rule of depth: an array or object that would stand deeper than 6 becomes a text, namely itself
/// as JSON without blanks. Texts, numbers, bools and null are left alone wherever they stand, because nothing stands
/// inside them; so a text that the rule made is not changed again by reading or by writing it once more.
template <class W>
void write_limited(W& w, metadata_value const& v, int depth) {
    auto const* const list = v.if_array();
    auto const* const object = v.if_object();
    if (list == nullptr && object == nullptr) {
        v.visit([&w](auto const& each) {
            using kind = std::decay_t<decltype(each)>;
            if constexpr (std::same_as<kind, bool>) {
                w.boolean(each);
            } else if constexpr (std::same_as<kind, double>) {
                w.number(each);
            } else if constexpr (std::integral<kind> || std::same_as<kind, big_integer>) {
                w.integer(each);
            } else if constexpr (std::same_as<kind, std::string>) {
                w.string(each);
            } else {
                w.null();
            }
        });
    } else if (depth > max_metadata_depth) {
        w.string(to_compact_json(v));
    } else if (list != nullptr) {
        w.begin_array();
        for (metadata_value const& element : *list) {
            write_limited(w, element, depth + 1);
        }
        w.end_array();
    } else {
        w.begin_object();
        for (metadata_member const& m : *object) {
            w.key(m.key);
            write_limited(w, m.value, depth + 1);
        }
        w.end_object();
    }
}
template <class W>
void write_json(W& w, metadata_value const& v) {
    write_limited(w, v, 0);
}
template <class W>
void write_json(W& w, metadata const& v) {
    w.begin_object();
    for (metadata_member const& m : v) {
        w.key(m.key);
        write_limited(w, m.value, 0);
    }
    w.end_object();
}

inline void read_limited(boost::json::value const& v, metadata_value& out, int depth) {
    switch (v.kind()) {
    case boost::json::kind::null:
        out = nullptr;
        return;
    case boost::json::kind::bool_:
        out = v.get_bool();
        return;
    case boost::json::kind::int64:
        out = v.get_int64();
        return;
    case boost::json::kind::uint64:
        out = v.get_uint64();
        return;
    case boost::json::kind::double_:
        out = v.get_double();
        return;
    case boost::json::kind::string:
        out = view(v.get_string());
        return;
    case boost::json::kind::array:
        if (depth <= max_metadata_depth) {
            metadata::array list;
            list.reserve(v.get_array().size());
            for (boost::json::value const& element : v.get_array()) {
                read_limited(element, list.emplace_back(), depth + 1);
            }
            out = std::move(list);
            return;
        }
        break;
    case boost::json::kind::object:
        if (auto const* const digits = big_integer_digits(v)) {
            out = big_integer{std::string(view(*digits))};
            return;
        }
        if (depth <= max_metadata_depth) {
            std::vector<metadata_member> members;
            members.reserve(v.get_object().size());
            for (boost::json::key_value_pair const& member : v.get_object()) {
                members.push_back({std::string(std::string_view(member.key())), {}});
                read_limited(member.value(), members.back().value, depth + 1);
            }
            out = metadata::from_unique(std::move(members));
            return;
        }
        break;
    }
    out = to_compact_json(v);
}
inline bool read_json_value(field_reader&, boost::json::value const& v, metadata_value& out) {
    read_limited(v, out, 0);
    return true;
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, metadata& out) {
    auto const* const o = r.object(v);
    if (o == nullptr) {
        return false;
    }
    std::vector<metadata_member> members;
    members.reserve(o->size());
    for (boost::json::key_value_pair const& member : *o) {
        members.push_back({std::string(std::string_view(member.key())), {}});
        read_limited(member.value(), members.back().value, 0);
    }
    out = metadata::from_unique(std::move(members));
    return true;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_METADATA_HPP
// ---- rampart/json/conversation.hpp, again

/// \file
/// How each part of a conversation is written and read (wire format, A.1.1 and A.1.7). `write_json(w, part)` takes a
/// `json_writer` or a `json_builder`; `read_json_value(reader, value, part)` is its counterpart. They are used through
/// json/convert.hpp.

namespace rampart::inline v1 {

namespace detail {

// ---- lists and names ----

// Declared before the lists, whose templates would not find them later: the types stand in another namespace.
template <class W>
void write_json(W& w, payload const& v);
template <class W>
void write_json(W& w, tool_call const& v);
template <class W>
void write_json(W& w, side_effect const& v);
template <class W>
void write_json(W& w, turn const& v);
template <class W>
void write_json(W& w, injection_record const& v);
template <class W>
void write_json(W& w, trial_spec const& v);
inline bool read_json_value(field_reader& r, boost::json::value const& v, std::string& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, payload& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, tool_call& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, side_effect& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, turn& out);
inline bool read_json_value(field_reader& r, boost::json::value const& v, injection_record& out);

template <class W>
void write_json(W& w, std::string const& v) {
    w.string(v);
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, std::string& out) { return r.text(v, out); }

template <class W, class T>
void write_list(W& w, std::vector<T> const& list) {
    w.begin_array();
    for (T const& each : list) {
        write_json(w, each);
    }
    w.end_array();
}
/// A list that is not there is empty; what stands in its place has to be an array.
template <class T>
bool read_list(field_reader& r, boost::json::object const& o, std::string_view key, std::vector<T>& out) {
    return r.if_there(o, key, [&](auto const& list) {
        return r.each(list, [&](auto const& v) { return read_json_value(r, v, out.emplace_back()); });
    });
}
template <class T>
bool read_field(field_reader& r, boost::json::object const& o, std::string_view key, T& out) {
    return r.if_there(o, key, [&](auto const& v) { return read_json_value(r, v, out); });
}

template <class W>
void write_json(W& w, safety_status v) {
    w.string(to_string(v));
}
template <class W>
void write_json(W& w, observability_level v) {
    w.string(to_string(v));
}
template <class W>
void write_json(W& w, eval_outcome v) {
    w.string(to_string(v));
}
template <class W>
void write_json(W& w, payload_format v) {
    w.string(to_string(v));
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, safety_status& out) {
    return r.name(v, out, parse_safety_status, "safety status");
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, observability_level& out) {
    return r.name(v, out, parse_observability_level, "observability level");
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, eval_outcome& out) {
    return r.name(v, out, parse_eval_outcome, "evaluation outcome");
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, payload_format& out) {
    return r.name(v, out, parse_payload_format, "payload format");
}

template <class W>
void write_text_or_null(W& w, std::optional<std::string> const& text) {
    if (text) {
        w.string(*text);
    } else {
        w.null();
    }
}
/// `timestamp` holds only what a Python reader takes, because a bad one costs it the whole payload;
/// `write_odd_timestamp` writes any other text under a key that Python passes over.
template <class W>
void write_timestamp(W& w, std::optional<std::string> const& text, bool is_odd) {
    w.known_key("timestamp");
    if (text && !is_odd) {
        w.string(*text);
    } else {
        w.null();
    }
}
template <class W>
void write_odd_timestamp(W& w, std::optional<std::string> const& text, bool is_odd) {
    if (is_odd) {
        w.known_key("rampart_timestamp");
        w.string(*text);
    }
}
[[nodiscard]] inline bool is_odd_timestamp(std::optional<std::string> const& text) {
    return text && !is_timestamp(*text);
}

// ---- the parts of a turn ----

template <class W>
void write_json(W& w, payload const& v) {
    w.begin_object();
    w.known_key("content");
    w.string(v.content);
    w.known_key("id");
    w.string(v.id);
    w.known_key("format");
    w.string(to_string(v.format));
    w.known_key("artifact");
    write_text_or_null(w, v.artifact);
    w.known_key("metadata");
    write_json(w, v.meta);
    w.end_object();
}
/// An attachment is rebuilt as plain text without a file, because its file belongs to the machine of the worker. What
/// it was stands in its metadata: `_rampart_worker_format` when that was not `text`, and
/// `_rampart_worker_artifact_path` (B72). Such keys that are there already stay.
inline void note_origin(payload& out, std::string const& format, std::optional<std::string> const& artifact) {
    if (format != "text" && !out.meta.contains("_rampart_worker_format")) {
        out.meta.set("_rampart_worker_format", format);
    }
    if (artifact && !out.meta.contains("_rampart_worker_artifact_path")) {
        out.meta.set("_rampart_worker_artifact_path", *artifact);
    }
    out.format = payload_format::text;
    out.artifact.reset();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, payload& out) {
    auto const* const o = r.object(v);
    out.id.clear();
    std::string format = "text";
    std::optional<std::string> artifact;
    if (o == nullptr || !r.text_field(*o, "content", out.content) || !r.text_field(*o, "id", out.id) ||
        !r.text_field(*o, "format", format) || !r.text_field(*o, "artifact", artifact) ||
        !read_field(r, *o, "metadata", out.meta)) {
        return false;
    }
    note_origin(out, format, artifact);
    return true;
}

template <class W>
void write_json(W& w, tool_call const& v) {
    w.begin_object();
    w.known_key("name");
    w.string(v.name);
    w.known_key("arguments");
    write_json(w, v.arguments);
    w.known_key("result");
    write_text_or_null(w, v.result);
    bool const is_odd = is_odd_timestamp(v.timestamp);
    write_timestamp(w, v.timestamp, is_odd);
    write_odd_timestamp(w, v.timestamp, is_odd);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, tool_call& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && read_field(r, *o, "arguments", out.arguments) &&
           r.text_field(*o, "result", out.result) && r.timestamp(*o, out.timestamp);
}

template <class W>
void write_json(W& w, side_effect const& v) {
    w.begin_object();
    w.known_key("kind");
    w.string(v.kind);
    w.known_key("details");
    write_json(w, v.details);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, side_effect& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "kind", out.kind) && read_field(r, *o, "details", out.details);
}

template <class W>
void write_json(W& w, request const& v) {
    w.begin_object();
    w.known_key("prompt");
    write_text_or_null(w, v.prompt);
    w.known_key("attachments");
    write_list(w, v.attachments);
    w.end_object();
}
/// A request has a prompt or an attachment: with neither, the prompt becomes an empty text (wire format, A.1.7).
inline bool read_json_value(field_reader& r, boost::json::value const& v, request& out) {
    auto const* const o = r.object(v);
    if (o == nullptr || !r.text_field(*o, "prompt", out.prompt) || !read_list(r, *o, "attachments", out.attachments)) {
        return false;
    }
    if (!out.prompt && out.attachments.empty()) {
        out.prompt.emplace();
    }
    return true;
}

template <class W>
void write_json(W& w, response const& v) {
    w.begin_object();
    w.known_key("text");
    w.string(v.text);
    w.known_key("tool_calls");
    write_list(w, v.tool_calls);
    w.known_key("side_effects");
    write_list(w, v.side_effects);
    w.known_key("metadata");
    write_json(w, v.meta);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, response& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "text", out.text) && read_list(r, *o, "tool_calls", out.tool_calls) &&
           read_list(r, *o, "side_effects", out.side_effects) && read_field(r, *o, "metadata", out.meta);
}

template <class W>
void write_json(W& w, eval_result const& v) {
    w.begin_object();
    w.known_key("outcome");
    w.string(to_string(v.outcome));
    w.known_key("confidence");
    w.number(v.confidence);
    w.known_key("evidence");
    write_list(w, v.evidence);
    w.known_key("rationale");
    w.string(v.rationale);
    w.end_object();
}
/// A confidence that is missing or null is 0: nobody vouched for this evaluation (wire format, B3).
inline bool read_json_value(field_reader& r, boost::json::value const& v, eval_result& out) {
    auto const* const o = r.object(v);
    out.confidence = 0.0;
    return o != nullptr &&
           r.required(*o, "outcome", [&](auto const& f) { return read_json_value(r, f, out.outcome); }) &&
           r.number_field(*o, "confidence", out.confidence) && read_list(r, *o, "evidence", out.evidence) &&
           r.text_field(*o, "rationale", out.rationale);
}

template <class W>
void write_json(W& w, turn const& v) {
    w.begin_object();
    w.known_key("request");
    write_json(w, v.request);
    w.known_key("response");
    write_json(w, v.response);
    w.known_key("eval_result");
    if (v.evaluation) {
        write_json(w, *v.evaluation);
    } else {
        w.null();
    }
    w.known_key("turn_number");
    w.integer(v.turn_number);
    bool const is_odd = is_odd_timestamp(v.timestamp);
    write_timestamp(w, v.timestamp, is_odd);
    w.known_key("driver_reasoning");
    w.string(v.driver_reasoning);
    write_odd_timestamp(w, v.timestamp, is_odd);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, turn& out) {
    auto const* const o = r.object(v);
    return o != nullptr &&
           r.required(*o, "request", [&](auto const& f) { return read_json_value(r, f, out.request); }) &&
           r.required(*o, "response", [&](auto const& f) { return read_json_value(r, f, out.response); }) &&
           r.if_there(*o, "eval_result",
                      [&](auto const& f) { return f.is_null() || read_json_value(r, f, out.evaluation.emplace()); }) &&
           r.if_there(*o, "turn_number", [&](auto const& f) { return r.integer(f, out.turn_number); }) &&
           r.timestamp(*o, out.timestamp) && r.text_field(*o, "driver_reasoning", out.driver_reasoning);
}

template <class W>
void write_json(W& w, injection_record const& v) {
    w.begin_object();
    w.known_key("payload_id");
    write_text_or_null(w, v.payload_id);
    w.known_key("surface_name");
    w.string(v.surface_name);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, injection_record& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "payload_id", out.payload_id) &&
           r.text_field(*o, "surface_name", out.surface_name);
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_CONVERSATION_HPP
// ---- rampart/agents/recording.hpp, again
// ---- rampart/json/convert.hpp
#ifndef RAMPART_JSON_CONVERT_HPP
#define RAMPART_JSON_CONVERT_HPP

#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

// ---- rampart/json/build.hpp
#ifndef RAMPART_JSON_BUILD_HPP
#define RAMPART_JSON_BUILD_HPP

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>


namespace rampart::inline v1 {

namespace detail {

/// Takes the same calls as a `json_writer` and makes a tree of them, so that there is one description of each type for
/// text and for trees.
class json_builder {
public:
    explicit json_builder(boost::json::storage_ptr storage = {}) : storage_(std::move(storage)), made_(storage_) {}

    void begin_object() { open_.push_back({std::move(key_), boost::json::object(storage_)}); }
    void begin_array() { open_.push_back({std::move(key_), boost::json::array(storage_)}); }
    void end_object() { end(); }
    void end_array() { end(); }
    void key(std::string_view name) { key_ = name; }
    void known_key(std::string_view name) { key_ = name; }
    void string(std::string_view text) { put(boost::json::value(text, storage_)); }
    void null() { put(boost::json::value(nullptr, storage_)); }
    void boolean(bool b) { put(boost::json::value(b, storage_)); }
    void number(double d) {
        if (std::isfinite(d)) {
            put(boost::json::value(d, storage_));
        } else {
            null();
        }
    }
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    void integer(T i) { put(boost::json::value(i, storage_)); }
    void integer(big_integer const& i) {
        if (is_integer_text(i.digits)) {
            put(make_big_integer(i.digits, storage_));
        } else {
            string(i.digits);
        }
    }
    void value(boost::json::value const& v) { put(boost::json::value(v, storage_)); }

    [[nodiscard]] boost::json::value take() { return std::move(made_); }

private:
    struct container {
        std::string key;
        boost::json::value value;
    };

    void put(boost::json::value v) {
        if (open_.empty()) {
            made_ = std::move(v);
        } else if (auto* const list = open_.back().value.if_array()) {
            list->push_back(std::move(v));
        } else {
            open_.back().value.get_object().insert_or_assign(key_, std::move(v));
        }
    }
    void end() {
        container done = std::move(open_.back());
        open_.pop_back();
        key_ = std::move(done.key);
        put(std::move(done.value));
    }

    boost::json::storage_ptr storage_;
    boost::json::value made_;
    std::vector<container> open_{};
    std::string key_{};
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_BUILD_HPP
// ---- rampart/json/convert.hpp, again

/// \file
/// The core's types as JSON, through Boost.JSON's own customisation points: `boost::json::value_from(result)` and
/// `boost::json::value_to<rampart::result>(value)` work, and a result type of the user's own crosses processes when the
/// same two work for it.

namespace rampart::inline v1 {

/// Evidence that can be written as JSON and read back.
template <class E>
concept PortableEvidence =
    std::copyable<E> && boost::json::has_value_from<E>::value && boost::json::has_value_to<E>::value;

namespace detail {

template <class T>
inline constexpr bool is_basic_result = false;
template <class E>
inline constexpr bool is_basic_result<basic_result<E>> = true;

/// The types that this header converts. A closed list: an open one would also take what merely converts to one of them.
template <class T>
concept CoreType = std::same_as<T, metadata> || std::same_as<T, metadata_value> || std::same_as<T, payload> ||
    std::same_as<T, tool_call> || std::same_as<T, side_effect> || std::same_as<T, request> ||
    std::same_as<T, response> || std::same_as<T, turn> || std::same_as<T, eval_result> ||
    std::same_as<T, injection_record> || std::same_as<T, transcript> || std::same_as<T, test_id> ||
    std::same_as<T, trial_spec> || std::same_as<T, safety_status> || std::same_as<T, observability_level> ||
    std::same_as<T, eval_outcome> || std::same_as<T, payload_format>;

template <class W>
void write_json(W& w, test_id const& v) {
    w.string(v.str());
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, test_id& out) {
    std::string text;
    if (!r.text(v, text)) {
        return false;
    }
    out = test_id(std::move(text));
    return true;
}

template <class W>
void write_json(W& w, trial_spec const& v) {
    w.begin_object();
    w.known_key("clone_nodeid");
    w.string(v.clone.str());
    w.known_key("base_nodeid");
    w.string(v.base.str());
    w.known_key("threshold");
    // Python writes 0.0 for a threshold that is no number (wire format, A.1.1).
    w.number(std::isfinite(v.threshold) ? v.threshold : 0.0);
    w.end_object();
}
/// Both ids have to be there and not empty; a missing threshold is 0 (wire format, A.1.7).
inline bool read_json_value(field_reader& r, boost::json::value const& v, trial_spec& out) {
    auto const* const o = r.object(v);
    auto const id = [&](test_id& to) {
        return [&](boost::json::value const& field) {
            return read_json_value(r, field, to) &&
                   (!to.empty() || r.fail(shard_errc::unknown_value, "the id of a test is not empty"));
        };
    };
    out.threshold = 0.0;
    return o != nullptr && r.required(*o, "clone_nodeid", id(out.clone)) &&
           r.required(*o, "base_nodeid", id(out.base)) && r.number_field(*o, "threshold", out.threshold);
}

/// The parts of a result, as references to wherever they stand: the wire form of every result type has the same
/// members.
struct result_view {
    safety_status status;
    std::string_view summary;
    transcript const* evidence;  ///< null: written as one without turns
    double duration_seconds;
    std::string_view harm_category;  ///< empty: null
    std::string_view strategy;
};

/// The members of a result up to the last one of Python's, `metadata`, whose value `write_metadata()` writes.
template <class W, class F>
void write_result_members(W& w, result_view const& v, F write_metadata) {
    transcript const none{};
    transcript const& evidence = v.evidence == nullptr ? none : *v.evidence;
    w.known_key("safe");
    w.boolean(v.status == safety_status::safe);
    w.known_key("status");
    w.string(to_string(v.status));
    w.known_key("summary");
    w.string(v.summary);
    w.known_key("turns");
    write_list(w, evidence.turns);
    w.known_key("duration_seconds");
    w.number(v.duration_seconds);
    w.known_key("harm_category");
    if (v.harm_category.empty()) {
        w.null();
    } else {
        w.string(v.harm_category);
    }
    w.known_key("strategy");
    w.string(v.strategy);
    w.known_key("observability_level");
    w.string(to_string(evidence.observability));
    w.known_key("injections");
    write_list(w, evidence.injections);
    w.known_key("metadata");
    write_metadata();
}

/// The conversation part of a result's members; as an object of its own it has just these.
template <class W>
void write_json(W& w, transcript const& v) {
    w.begin_object();
    w.known_key("turns");
    write_list(w, v.turns);
    w.known_key("observability_level");
    w.string(to_string(v.observability));
    w.known_key("injections");
    write_list(w, v.injections);
    w.end_object();
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, transcript& out) {
    auto const* const o = r.object(v);
    return o != nullptr && read_list(r, *o, "turns", out.turns) &&
           r.required(*o, "observability_level",
                      [&](auto const& field) { return read_json_value(r, field, out.observability); }) &&
           read_list(r, *o, "injections", out.injections);
}

template <class W, class E>
void write_json(W& w, basic_result<E> const& v) {
    transcript const* evidence = nullptr;
    if constexpr (std::same_as<E, transcript>) {
        evidence = &v.evidence;
    }
    w.begin_object();
    write_result_members(w, {v.status, v.summary, evidence, v.duration_seconds, v.harm_category, v.strategy},
                         [&] { write_json(w, v.meta); });
    if constexpr (!std::same_as<E, transcript>) {
        w.known_key("rampart_evidence");
        w.value(boost::json::value_from(v.evidence));
    }
    w.end_object();
}

/// A record that the writer replaced because it was over its cap (wire format, A.3).
[[nodiscard]] inline bool is_truncated_record(boost::json::value const& v) noexcept {
    auto const* const o = v.if_object();
    auto const* const mark = o == nullptr ? nullptr : o->if_contains("rampart_truncated");
    return mark != nullptr && mark->is_bool() && mark->get_bool();
}

template <class E>
bool read_json_value(field_reader& r, boost::json::value const& v, basic_result<E>& out) {
    auto const* const o = r.object(v);
    bool good =
        o != nullptr && r.required(*o, "status", [&](auto const& f) { return read_json_value(r, f, out.status); }) &&
        r.text_field(*o, "summary", out.summary) && r.number_field(*o, "duration_seconds", out.duration_seconds) &&
        r.if_there(*o, "harm_category", [&](auto const& f) { return f.is_null() || r.text(f, out.harm_category); }) &&
        r.text_field(*o, "strategy", out.strategy) &&
        r.if_there(*o, "metadata", [&](auto const& f) { return read_json_value(r, f, out.meta); });
    if constexpr (std::same_as<E, transcript>) {
        return good && read_json_value(r, v, out.evidence);
    } else {
        if (good && o->contains("rampart_evidence")) {
            std::optional<E> evidence;
            good = r.if_there(*o, "rampart_evidence", [&](auto const& f) { return convert_user_type(r, f, evidence); });
            if (good) {
                out.evidence = std::move(*evidence);
            }
            return good;
        }
        return good &&
               (is_truncated_record(v) ||
                r.fail(shard_errc::missing_field, "there is no 'rampart_evidence', which this result type needs"));
    }
}

}  // namespace detail

/// Boost.JSON's customisation points for the core's types. Reading throws a `shard_exception` for a value of another
/// shape; `from_json` gives an error instead.
template <detail::CoreType T>
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, T const& v) {
    detail::json_builder builder(out.storage());
    detail::write_json(builder, v);
    out = builder.take();
}
template <detail::CoreType T>
T tag_invoke(boost::json::value_to_tag<T>, boost::json::value const& v) {
    T made{};
    detail::field_reader reader;
    if (!detail::read_json_value(reader, v, made)) {
        throw shard_exception(std::move(reader.error));
    }
    return made;
}
template <class E>
    requires(std::same_as<E, transcript> || PortableEvidence<E>)
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, basic_result<E> const& v) {
    detail::json_builder builder(out.storage());
    detail::write_json(builder, v);
    out = builder.take();
}
template <class E>
    requires(std::same_as<E, transcript> || PortableEvidence<E>)
basic_result<E> tag_invoke(boost::json::value_to_tag<basic_result<E>>, boost::json::value const& v) {
    basic_result<E> made{};
    detail::field_reader reader;
    if (!detail::read_json_value(reader, v, made)) {
        throw shard_exception(std::move(reader.error));
    }
    return made;
}

/// A result that can cross processes: `boost::json::value_from` and `boost::json::value_to` work for it.
///
/// For a type of your own write the two `tag_invoke` functions of Boost.JSON beside it. What they throw becomes a bad
/// record. A NaN or infinity is written as null, and an integer beyond 64 bits comes back as the nearest double.
template <class R>
concept PortableResult = Result<R> && boost::json::has_value_from<R>::value && boost::json::has_value_to<R>::value;

static_assert(PortableResult<result>);

/// A value as a tree; the same as `boost::json::value_from`.
template <class T>
[[nodiscard]] boost::json::value to_json(T const& v) {
    return boost::json::value_from(v);
}

/// Reads a value without coercion (wire format, B3): a field of another type is an error with a JSON Pointer, which
/// begins with `pointer`. A missing field takes its default, if it has one; unknown keys are passed over.
template <class T>
[[nodiscard]] expected<T> from_json(boost::json::value const& v, std::string pointer = {}) {
    detail::field_reader reader(std::move(pointer));
    if constexpr (detail::CoreType<T> || detail::is_basic_result<T>) {
        T made{};
        if (!detail::read_json_value(reader, v, made)) {
            return std::move(reader.error);
        }
        return made;
    } else {
        std::optional<T> made;
        if (!detail::convert_user_type(reader, v, made)) {
            return std::move(reader.error);
        }
        return std::move(*made);
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_CONVERT_HPP
// ---- rampart/agents/recording.hpp, again

/// \file
/// Conversations with an agent, kept in a file, so that a suite can run without the agent.
///
/// The file is JSON lines: ASCII, one JSON object and a line feed each. The first line says what the agent is:
///
///     {"format": "rampart.recording.v1", "observability": "tool_only", "manifest": null}
///
/// `manifest` is the adapter's `app_manifest` with the names of its members, `meta` being `metadata`; null: it has
/// none. Each further line is an event, in the order in which things happened. `conversation` counts the calls of
/// `create_session` from 0, `turn` the requests of a conversation from 0:
///
///     {"event": "begin", "conversation": 0}
///     {"event": "exchange", "conversation": 0, "turn": 0, "request": {...}, "response": {...}}
///     {"event": "failed", "conversation": 0, "turn": 1, "request": {...}, "error": {"type": "...", "message": "..."}}
///     {"event": "end", "conversation": 0}
///     {"event": "refused", "conversation": 1, "error": {"type": "...", "message": "..."}}
///
/// `failed`: the agent's `send` threw. `refused`: `create_session` did. `request` and `response` are spelt as in a
/// worker's payload (wire format, A.1.1); metadata deeper than 6 is a text there, and NaN and infinities are null. Text
/// that is no UTF-8 is kept with U+FFFD in place of each ill-formed part.
///
/// agents/recording_agent.hpp writes the file, agents/read_recording.hpp reads it, agents/replay.hpp answers from it.

namespace rampart::inline v1 {

/// The first line's `format`.
inline constexpr std::string_view recording_format = "rampart.recording.v1";

/// What is compared of an attachment. Its id is not: one that nobody chose is a different one in each run. Of a file
/// only the name counts, because the folder belongs to the machine.
struct recorded_attachment {
    std::string content{};
    payload_format format = payload_format::text;
    std::optional<std::string> file{};  ///< the artifact's name, without its folder
    std::string meta = "{}";            ///< as JSON
    friend bool operator==(recorded_attachment const&, recorded_attachment const&) = default;
};

/// What is compared of a request.
struct recorded_request {
    std::optional<std::string> prompt{};
    std::vector<recorded_attachment> attachments{};
    friend bool operator==(recorded_request const&, recorded_request const&) = default;
};

/// What the agent threw.
struct recorded_error {
    std::string type{};  ///< of the exception, as people write it
    std::string message{};
    friend bool operator==(recorded_error const&, recorded_error const&) = default;
};

/// One request, and the answer or the error.
struct recorded_exchange {
    recorded_request request{};
    rampart::response response{};
    std::optional<recorded_error> error{};  ///< there is no response then
    friend bool operator==(recorded_exchange const&, recorded_exchange const&) = default;
};

/// One conversation of a recording, from `create_session` on.
struct recorded_conversation {
    std::vector<recorded_exchange> exchanges{};
    std::optional<recorded_error> refused{};  ///< it never began
    bool has_ended = false;                   ///< false: the recording stopped in the middle of it
    friend bool operator==(recorded_conversation const&, recorded_conversation const&) = default;
};

/// All of a recording.
struct recording {
    observability_level observability = observability_level::response_only;
    std::optional<app_manifest> manifest{};
    std::map<int, recorded_conversation> conversations{};  ///< by number; one that is not there was never begun
    friend bool operator==(recording const&, recording const&) = default;
};

namespace detail {

struct repair_text {
    void operator()(std::string& text) const {
        if (!is_valid_utf8(text)) text = repair_utf8(text);
    }
};

/// The request and response of a turn in well-formed UTF-8. Keys that become equal by it stay apart, so that none gets
/// lost in the file.
inline void make_well_formed(turn& exchange) {
    transcript t;
    t.turns.push_back(std::move(exchange));
    repair_text repair;
    for_each_text(t, repair);
    exchange = std::move(t.turns.front());
}

inline void make_well_formed(app_manifest& m) {
    repair_text repair;
    for (tool_declaration& tool : m.tools) for_each_text(tool.parameters, repair);
    for_each_text(m.meta, repair);
}

/// The last part of a path of this system or of another.
[[nodiscard]] inline std::string file_name_of(std::string_view path) {
    std::size_t const slash = path.find_last_of("/\\");
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

template <class W>
void write_json(W& w, app_manifest const& m) {
    w.begin_object();
    w.member("name", m.name);
    w.member("description", m.description);
    w.key("tools");
    w.begin_array();
    for (tool_declaration const& tool : m.tools) {
        w.begin_object();
        w.member("name", tool.name);
        w.member("description", tool.description);
        w.key("parameters");
        write_json(w, tool.parameters);
        w.key("permissions");
        write_list(w, tool.permissions);
        w.end_object();
    }
    w.end_array();
    w.key("data_sources");
    w.begin_array();
    for (data_source const& source : m.data_sources) {
        w.begin_object();
        w.member("name", source.name);
        w.member("type", source.type);
        w.member("writable_by_untrusted", source.writable_by_untrusted);
        w.end_object();
    }
    w.end_array();
    w.key("metadata");
    write_json(w, m.meta);
    w.end_object();
}

template <class T>
[[nodiscard]] std::string json_text(T const& v) {
    std::string text;
    json_writer w(text);
    write_json(w, v);
    return text;
}

inline bool read_json_value(field_reader& r, boost::json::value const& v, bool& out) {
    auto const* const found = v.if_bool();
    if (found == nullptr) return r.wrong_type("true or false", v);
    out = *found;
    return true;
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, tool_declaration& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && r.text_field(*o, "description", out.description) &&
           read_field(r, *o, "parameters", out.parameters) && read_list(r, *o, "permissions", out.permissions);
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, data_source& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && r.text_field(*o, "type", out.type) &&
           read_field(r, *o, "writable_by_untrusted", out.writable_by_untrusted);
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, app_manifest& out) {
    auto const* const o = r.object(v);
    return o != nullptr && r.text_field(*o, "name", out.name) && r.text_field(*o, "description", out.description) &&
           read_list(r, *o, "tools", out.tools) && read_list(r, *o, "data_sources", out.data_sources) &&
           read_field(r, *o, "metadata", out.meta);
}

}  // namespace detail

/// What is compared of a request that is asked now.
[[nodiscard]] inline recorded_request to_recorded(request const& asked) {
    turn repaired{.request = asked};
    detail::make_well_formed(repaired);
    recorded_request made{.prompt = std::move(repaired.request.prompt)};
    for (payload& p : repaired.request.attachments) {
        recorded_attachment attachment{
            .content = std::move(p.content), .format = p.format, .meta = detail::json_text(p.meta)};
        if (p.artifact) attachment.file = detail::file_name_of(*p.artifact);
        made.attachments.push_back(std::move(attachment));
    }
    return made;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_AGENTS_RECORDING_HPP
// ---- rampart/agents/read_recording.hpp, again

/// \file
/// Reads a recording, as strictly as it is replayed: see agents/recording.hpp for the format.

namespace rampart::inline v1 {

/// What becomes of a last line that was cut off, as by the end of the recording process.
enum class torn_line : unsigned char {
    refuse,  ///< an error
    drop,    ///< the lines before it are taken; the exchange that it was to hold is not in the recording
};

namespace detail {

/// Takes line after line.
class recording_reader {
public:
    explicit recording_reader(read_limits limits) : limits_(limits) {}

    /// False: see `error`.
    bool take(std::string_view line) {
        ++number_;
        field_reader r("line " + std::to_string(number_));
        auto const document = read_json(line, limits_);
        if (!document) {
            error = document.error();
            error.pointer = r.pointer() + error.pointer;
            return false;
        }
        bool good = true;
        for (fault const& note : document->notes) {
            // A recording is ASCII, and holds no key twice.
            if (good) good = r.fail(shard_errc::wrong_shape, "no recorder wrote this: " + reason(note));
        }
        auto const* const o = good ? r.object(document->root()) : nullptr;
        good = o != nullptr && (number_ == 1 ? head(r, *o) : event(r, *o));
        if (!good) error = std::move(r.error);
        return good;
    }
    [[nodiscard]] std::size_t lines() const noexcept { return number_; }

    recording made{};
    shard_error error{};

private:
    bool head(field_reader& r, boost::json::object const& o) {
        std::string format;
        if (!o.contains("format")) {
            return r.fail(shard_errc::missing_schema, "there is no 'format', so this is no recording");
        }
        if (!r.text_field(o, "format", format)) return false;
        if (format != recording_format) {
            return r.fail(shard_errc::unknown_schema, "the format " + detail::quoted(format) +
                                                          " is not known; this is for " +
                                                          std::string(recording_format));
        }
        return r.required(o, "observability", [&](auto const& v) {
            return read_json_value(r, v, made.observability);
        }) && r.required(o, "manifest", [&](auto const& v) {
            return v.is_null() || read_json_value(r, v, made.manifest.emplace());
        });
    }

    bool event(field_reader& r, boost::json::object const& o) {
        std::string what;
        int number = 0;
        if (!r.required(o, "event", [&](auto const& v) { return r.text(v, what); }) ||
            !count(r, o, "conversation", number)) {
            return false;
        }
        auto const found = made.conversations.find(number);
        if (what == "begin" || what == "refused") {
            if (found != made.conversations.end()) {
                return r.fail(shard_errc::wrong_shape, "conversation " + std::to_string(number) + " is here twice");
            }
            auto& conversation = made.conversations[number];
            if (what == "begin") return true;
            conversation.has_ended = true;
            return error_of(r, o, conversation.refused.emplace());
        }
        if (what != "exchange" && what != "failed" && what != "end") {
            return r.fail(shard_errc::unknown_value, detail::quoted(what) + " is no event of a recording");
        }
        if (found == made.conversations.end()) {
            return r.fail(shard_errc::wrong_shape, "conversation " + std::to_string(number) + " did not begin");
        }
        if (found->second.has_ended) {
            return r.fail(shard_errc::wrong_shape, "conversation " + std::to_string(number) + " has ended already");
        }
        if (what == "end") {
            found->second.has_ended = true;
            return true;
        }
        auto& exchanges = found->second.exchanges;
        int turn = 0;
        if (!count(r, o, "turn", turn)) return false;
        if (static_cast<std::size_t>(turn) != exchanges.size()) {
            return r.fail(shard_errc::wrong_shape, "turn " + std::to_string(exchanges.size()) + " of conversation " +
                                                       std::to_string(number) + " is expected here, not turn " +
                                                       std::to_string(turn));
        }
        auto& exchange = exchanges.emplace_back();
        if (!r.required(o, "request", [&](auto const& v) { return request_of(r, v, exchange.request); })) return false;
        if (what == "failed") return error_of(r, o, exchange.error.emplace());
        return r.required(o, "response", [&](auto const& v) { return read_json_value(r, v, exchange.response); });
    }

    /// An integer from 0; true and false are none.
    static bool count(field_reader& r, boost::json::object const& o, std::string_view key, int& out) {
        return r.required(
            o, key, [&](auto const& v) { return v.is_bool() ? r.wrong_type("an integer", v) : r.integer(v, out, 0); });
    }
    static bool error_of(field_reader& r, boost::json::object const& o, recorded_error& out) {
        return r.required(o, "error", [&](auto const& v) {
            auto const* const fields = r.object(v);
            return fields != nullptr &&
                   r.required(*fields, "type", [&](auto const& t) { return r.text(t, out.type); }) &&
                   r.required(*fields, "message", [&](auto const& t) { return r.text(t, out.message); });
        });
    }
    static bool request_of(field_reader& r, boost::json::value const& v, recorded_request& out) {
        auto const* const o = r.object(v);
        return o != nullptr && r.required(*o, "prompt", [&](auto const& p) {
            return r.text(p, out.prompt);
        }) && r.required(*o, "attachments", [&](auto const& list) {
            return r.each(list, [&](auto const& a) { return attachment_of(r, a, out.attachments.emplace_back()); });
        });
    }
    static bool attachment_of(field_reader& r, boost::json::value const& v, recorded_attachment& out) {
        auto const* const o = r.object(v);
        std::optional<std::string> artifact;
        metadata meta;
        bool const good = o != nullptr &&
                          r.required(*o, "content", [&](auto const& t) { return r.text(t, out.content); }) &&
                          r.required(*o, "format", [&](auto const& f) { return read_json_value(r, f, out.format); }) &&
                          r.text_field(*o, "artifact", artifact) && read_field(r, *o, "metadata", meta);
        if (!good) return false;
        if (artifact) out.file = file_name_of(*artifact);
        out.meta = json_text(meta);
        return true;
    }

    read_limits limits_;
    std::size_t number_ = 0;
};

}  // namespace detail

/// Reads a recording out of its bytes. The limits are those of one line.
///
/// Errors name the line, then the place in it (`line 3/request/prompt: a text is expected here, not an integer`): no
/// JSON, another format or version, values of another type, keys that stand twice, events that cannot follow on those
/// before, and a last line that was cut off. Unknown keys are passed over.
[[nodiscard]] inline expected<recording> read_recording(std::string_view bytes, torn_line torn = torn_line::refuse,
                                                        read_limits limits = {}) {
    detail::recording_reader reader(limits);
    while (!bytes.empty()) {
        std::size_t const end = bytes.find('\n');
        if (end == std::string_view::npos) {
            if (torn == torn_line::drop && reader.lines() != 0) break;
            return shard_error{shard_errc::truncated, "line " + std::to_string(reader.lines() + 1),
                               "the recording was cut off inside of this line; record again, or load it with "
                               "torn_line::drop to have the lines before it"};
        }
        if (!reader.take(bytes.substr(0, end))) return std::move(reader.error);
        bytes.remove_prefix(end + 1);
    }
    if (reader.lines() == 0) return shard_error{shard_errc::not_json, {}, "the recording is empty"};
    return std::move(reader.made);
}

/// Reads a recording's file. An error's place begins with the path.
[[nodiscard]] inline expected<recording> load_recording(std::filesystem::path const& path,
                                                        torn_line torn = torn_line::refuse, read_limits limits = {}) {
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    std::string bytes;
    // In pieces, because an iterator throws where a folder is opened as a file.
    for (char piece[65536]; in; bytes.append(piece, static_cast<std::size_t>(in.gcount())))
        in.read(piece, sizeof piece);
    if (!in.is_open() || in.bad()) {
        return shard_error{shard_errc::missing_output, "'" + path.string() + "'",
                           "the recording cannot be read" +
                               (errno == 0 ? std::string() : ": " + std::generic_category().message(errno))};
    }
    auto made = read_recording(bytes, torn, limits);
    if (made) return made;
    shard_error error = made.error();
    error.pointer = "'" + path.string() + "'" + (error.pointer.empty() ? "" : ", ") + error.pointer;
    return error;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_AGENTS_READ_RECORDING_HPP
