// <rampart/sinks/sqlite.hpp> of rampart 0.1.0 in one file. single_include/make.sh writes it from include/: change it there.
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

#ifndef RAMPART_SINKS_SQLITE_HPP
#define RAMPART_SINKS_SQLITE_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sqlite3.h>

// ---- rampart/base/stable_hash.hpp
#ifndef RAMPART_BASE_STABLE_HASH_HPP
#define RAMPART_BASE_STABLE_HASH_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rampart::inline v1 {

/// The beginning of a hash that is made step by step.
inline constexpr std::uint64_t stable_hash_seed = 0xCBF29CE484222325U;

/// FNV-1a, 64 bits: the same on every machine, in every process and in every version, so that it may stand in a file or
/// decide which machine runs a test. (std::hash and Boost's promise nothing of the kind, and this floor takes no
/// library.) It is no defence against texts that were made to collide.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text,
                                                  std::uint64_t from = stable_hash_seed) noexcept {
    for (char const c : text) {
        from ^= static_cast<unsigned char>(c);
        from *= 0x100000001B3U;
    }
    return from;
}

/// 16 lower-case hexadecimal digits.
[[nodiscard]] inline std::string hash_text(std::uint64_t hash) {
    std::string text(16, '0');
    for (std::size_t i = text.size(); hash != 0; hash >>= 4U) text[--i] = "0123456789abcdef"[hash & 0xFU];
    return text;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/sinks/sqlite.hpp, again
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

// ---- rampart/core/result.hpp
#ifndef RAMPART_CORE_RESULT_HPP
#define RAMPART_CORE_RESULT_HPP

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
// ---- rampart/base/growing_text.hpp, again

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
// ---- rampart/base/utf8.hpp
#ifndef RAMPART_BASE_UTF8_HPP
#define RAMPART_BASE_UTF8_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>


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
// ---- rampart/core/result.hpp, again
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
// ---- rampart/json/convert.hpp, again
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
// ---- rampart/json/convert.hpp, again
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
// ---- rampart/json/build.hpp, again

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
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/report/report.hpp
#ifndef RAMPART_REPORT_REPORT_HPP
#define RAMPART_REPORT_REPORT_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// ---- rampart/report/group.hpp
#ifndef RAMPART_REPORT_GROUP_HPP
#define RAMPART_REPORT_GROUP_HPP

#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// ---- rampart/session/record.hpp
#ifndef RAMPART_SESSION_RECORD_HPP
#define RAMPART_SESSION_RECORD_HPP


#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace rampart::inline v1 {

/// A result in its envelope. The result stays as the test recorded it (text policy aside); what rampart knows about it
/// stands around it.
template <Result R>
struct basic_record {
    test_id test{};
    std::string test_name{};      ///< the test's own name, for people (B32)
    std::uint32_t index = 0;      ///< among the results of this test and attempt, from 0
    std::uint32_t attempt = 1;    ///< from 1; a test that ran again keeps its earlier records (B33)
    std::string worker{};         ///< empty: this process
    std::string harm_category{};  ///< the result's own, else the test's mark; empty: none
    R value;
};

/// Report order: test id, index, attempt, worker, as UTF-8 bytes (B41, wire format B10).
template <Result R>
bool report_order(basic_record<R> const& a, basic_record<R> const& b) noexcept {
    return std::tie(a.test, a.index, a.attempt, a.worker) < std::tie(b.test, b.index, b.attempt, b.worker);
}

/// How a test ended, apart from what it recorded.
enum class test_outcome : unsigned char {
    unknown,  ///< nobody told: a payload from Python, or a session filled by hand
    passed,
    failed,  ///< an assertion failed, or an exception left the test
    skipped,
    crashed,
    timeout,
    not_run,
};

constexpr std::string_view to_string(test_outcome o) noexcept {
    constexpr std::string_view names[] = {"unknown", "passed", "failed", "skipped", "crashed", "timeout", "not_run"};
    return names[static_cast<unsigned char>(o)];
}

constexpr std::optional<test_outcome> parse_test_outcome(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(test_outcome::not_run); ++i) {
        if (to_string(static_cast<test_outcome>(i)) == text) return static_cast<test_outcome>(i);
    }
    return std::nullopt;
}

/// What a runner knows of a test that ran, beside its marks and its results.
struct test_facts {
    std::string name{};  ///< the test's own name; empty: guessed from the id
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::string file{};  ///< where the test stands, relative as in its id; may be empty
    unsigned line = 0;
    std::string detail{};  ///< why, where it did not end by itself: how its process died, what it printed last
    /// Of a trial: guarded resources that it declares and did not use. Its group is at fault only when no trial did.
    std::vector<std::string> unused{};
    friend bool operator==(test_facts const&, test_facts const&) = default;
};

/// One test, one attempt, one worker: it is accounted for, also when it recorded nothing.
struct test_entry {
    test_id test{};
    std::uint32_t attempt = 1;
    std::string worker{};
    std::uint32_t results = 0;  ///< how many it recorded, lost ones included
    test_facts facts{};
    friend bool operator==(test_entry const&, test_entry const&) = default;
};

/// The order of tests in a report: by test, attempt and worker.
inline bool report_order(test_entry const& a, test_entry const& b) noexcept {
    return std::tie(a.test, a.attempt, a.worker) < std::tie(b.test, b.attempt, b.worker);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/report/group.hpp, again
// ---- rampart/session/record_list.hpp
#ifndef RAMPART_SESSION_RECORD_LIST_HPP
#define RAMPART_SESSION_RECORD_LIST_HPP

// ---- rampart/session/filed_records.hpp
#ifndef RAMPART_SESSION_FILED_RECORDS_HPP
#define RAMPART_SESSION_FILED_RECORDS_HPP

// ---- rampart/base/mutex.hpp
#ifndef RAMPART_BASE_MUTEX_HPP
#define RAMPART_BASE_MUTEX_HPP

#if defined(__unix__) || defined(__APPLE__)
# define RAMPART_DETAIL_PTHREAD_MUTEX 1
# include <pthread.h>
#else
# define RAMPART_DETAIL_PTHREAD_MUTEX 0
# include <mutex>
#endif

namespace rampart::inline v1 {

namespace detail {

/// A mutex for headers that a test file includes, where `<mutex>` costs too much.
///
/// Constant-initialised, so a static one needs no guard and no order of construction; trivially destroyed on POSIX,
/// so it can still be locked while other statics are being destroyed. Not recursive.
class mutex {
public:
    constexpr mutex() noexcept = default;
    mutex(mutex const&) = delete;
    mutex& operator=(mutex const&) = delete;

#if RAMPART_DETAIL_PTHREAD_MUTEX
    // The return values say nothing here: POSIX has no error for a valid mutex of the default kind whose owner
    // is the one that unlocks it.
    void lock() noexcept { static_cast<void>(pthread_mutex_lock(&handle_)); }
    void unlock() noexcept { static_cast<void>(pthread_mutex_unlock(&handle_)); }

private:
    pthread_mutex_t handle_ = PTHREAD_MUTEX_INITIALIZER;
#else
    void lock() { handle_.lock(); }
    void unlock() { handle_.unlock(); }

private:
    std::mutex handle_;
#endif
};

/// Holds a `mutex` from its construction to its destruction.
class lock_guard {
public:
    [[nodiscard]] explicit lock_guard(mutex& held) : held_(held) { held_.lock(); }
    ~lock_guard() { held_.unlock(); }
    lock_guard(lock_guard const&) = delete;
    lock_guard& operator=(lock_guard const&) = delete;

private:
    mutex& held_;
};

}  // namespace detail

}  // namespace rampart::inline v1

#undef RAMPART_DETAIL_PTHREAD_MUTEX

#endif  // RAMPART_BASE_MUTEX_HPP
// ---- rampart/session/filed_records.hpp, again

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Records whose values stay in files, and what of them stays in memory. `record_list` is what one works with.

namespace rampart::inline v1 {

/// Where a record's value stands. What the numbers mean is its source's to know.
struct record_place {
    std::uint32_t file = 0;
    std::uint32_t length = 0;  ///< bytes
    std::uint64_t offset = 0;  ///< bytes
    friend bool operator==(record_place const&, record_place const&) = default;
};

/// Reads values again that stayed in files. Lists share it by `std::shared_ptr`; each list calls it from one thread at
/// a time.
template <Result R>
class record_source {
public:
    record_source() = default;
    record_source(record_source const&) = delete;
    record_source& operator=(record_source const&) = delete;
    virtual ~record_source() = default;

    /// The value at a place, as it was when the place was found, before any text policy. Throws `std::runtime_error`,
    /// with words for people, when it cannot be read any more: its file has changed or is gone.
    virtual R read(record_place const& place) = 0;
};

namespace detail {

/// How much a session may still hold of what is in files, and where it reads the rest.
template <Result R>
struct file_room {
    std::size_t room = std::size_t{64} << 20U;  ///< bytes of text
    std::shared_ptr<record_source<R>> source{};
};

}  // namespace detail

/// What is known of a record without its value. It points into what it was made from.
struct record_head {
    test_id const& test;
    std::string_view test_name{};
    std::string_view worker{};
    std::string_view harm_category{};  ///< empty: none
    std::uint32_t index = 0;
    std::uint32_t attempt = 1;
    safety_status status = safety_status::error;
};

namespace detail {

/// Texts by number, each once. They stay where they are. Number 0 is the empty text.
class text_numbers {
public:
    text_numbers() : texts_(1) {}

    test_id const& operator[](std::uint32_t number) const noexcept { return texts_[number]; }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(texts_.size()); }

    std::uint32_t of(std::string_view text) {
        if (text.empty()) return 0;
        if (table_.size() < 2 * texts_.size()) grow();
        std::uint32_t const tag = tag_of(text);
        std::size_t at = tag & (table_.size() - 1);
        for (; table_[at].number != 0; at = (at + 1) & (table_.size() - 1)) {
            if (table_[at].tag == tag && texts_[table_[at].number].str() == text) return table_[at].number;
        }
        texts_.emplace_back(text);
        table_[at] = {tag, size() - 1};
        return size() - 1;
    }
    /// Gives back what only `of` needs. It makes that anew when it is called again.
    void forget_numbers() noexcept { table_ = std::vector<entry>(); }
    /// Says otherwise what a number stands for. Another number may then stand for the same text.
    void replace(std::uint32_t number, std::string text) {
        forget_numbers();
        texts_[number] = test_id(std::move(text));
    }

private:
    struct entry {
        std::uint32_t tag = 0;
        std::uint32_t number = 0;  ///< 0: free
    };
    /// Enough of a hash for four thousand million texts.
    static std::uint32_t tag_of(std::string_view text) noexcept {
        std::uint64_t const hash = std::hash<std::string_view>()(text);
        return static_cast<std::uint32_t>(hash ^ hash >> 32U);
    }
    void grow() {
        std::size_t size = 16;
        while (size < 3 * texts_.size()) size *= 2;
        std::vector<entry> more(size);
        auto const add = [&more](entry each) {
            std::size_t at = each.tag & (more.size() - 1);
            while (more[at].number != 0) at = (at + 1) & (more.size() - 1);
            more[at] = each;
        };
        if (table_.empty()) {
            for (std::uint32_t i = 1; i < texts_.size(); ++i) add({tag_of(texts_[i].str()), i});
        } else {
            for (entry const& each : table_) {
                if (each.number != 0) add(each);
            }
        }
        table_ = std::move(more);
    }

    std::deque<test_id> texts_;
    std::vector<entry> table_{};
};

/// A record of a list in which some are filed. Texts are numbers of `text_numbers`.
struct record_slot {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    record_place place{};  ///< of one that is held: `offset` is its number among those
    std::uint32_t test = 0;
    std::uint32_t test_name = none;  ///< none: what `short_name` makes of the test's id
    std::uint32_t worker = 0;
    std::uint32_t harm_category = 0;
    std::uint32_t index = 0;
    std::uint32_t attempt = 1;
    std::uint32_t source = none;  ///< none: it is held
    safety_status status = safety_status::error;

    bool is_held() const noexcept { return source == none; }
    static record_slot of_held(std::size_t number) {
        record_slot made;
        made.place.offset = number;
        return made;
    }
};
static_assert(sizeof(record_slot) == 48);

/// The slots of a list, and what they need.
template <Result R>
class filed_records {
public:
    filed_records() = default;
    /// Without what was read last: that is only a short cut.
    filed_records(filed_records const& other) : slots(other.slots), texts(other.texts), sources(other.sources) {}
    filed_records& operator=(filed_records const&) = delete;
    ~filed_records() = default;

    void add(record_head const& head, std::shared_ptr<record_source<R>> const& from, record_place place) {
        if (from == nullptr) throw std::invalid_argument("rampart::record_list: a filed record needs a source");
        record_slot slot;
        slot.place = place;
        slot.test = texts.of(head.test.str());
        if (head.test_name != short_name(head.test)) slot.test_name = texts.of(head.test_name);
        slot.worker = texts.of(head.worker);
        slot.harm_category = texts.of(head.harm_category);
        slot.index = head.index;
        slot.attempt = head.attempt;
        slot.source = number_of(from);
        slot.status = head.status;
        slots.push_back(slot);
    }

    std::string_view name_of(record_slot const& slot) const noexcept {
        return slot.test_name == record_slot::none ? short_name(texts[slot.test])
                                                   : std::string_view(texts[slot.test_name].str());
    }

    template <class F>
    void for_each_text(F& f) {
        std::vector<std::pair<std::uint32_t, std::string>> changed;
        std::vector<bool> is_changed(texts.size());
        for (std::uint32_t i = 1; i < texts.size(); ++i) {
            std::string text = texts[i].str();
            f(text);
            is_changed[i] = text != texts[i].str();
            if (is_changed[i]) changed.emplace_back(i, std::move(text));
        }
        if (changed.empty()) return;
        // A name that was cut out of an id is a text of its own: what becomes of it is not cut out of the new id.
        std::vector<std::pair<std::size_t, std::string>> names;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            record_slot const& slot = slots[i];
            if (slot.is_held() || slot.test_name != record_slot::none || !is_changed[slot.test]) continue;
            names.emplace_back(i, name_of(slot));
            f(names.back().second);
        }
        for (auto& [number, text] : changed) texts.replace(number, std::move(text));
        for (auto const& [i, name] : names) slots[i].test_name = texts.of(name);
        forget_loaded();
    }
    void set_worker(std::string_view name) {
        std::uint32_t const number = texts.of(name);
        for (record_slot& slot : slots) slot.worker = number;
        forget_loaded();
    }

    std::shared_ptr<basic_record<R> const> load(std::size_t i, text_policy policy) {
        lock_guard const lock(mutex_);
        for (auto const& each : loaded_) {
            if (each.second != nullptr && each.first == i) return each.second;
        }
        record_slot const& slot = slots[i];
        basic_record<R> made{texts[slot.test],
                             std::string(name_of(slot)),
                             slot.index,
                             slot.attempt,
                             texts[slot.worker].str(),
                             texts[slot.harm_category].str(),
                             sources[slot.source]->read(slot.place)};
        // A report that was counted by one status must not show another.
        if (result_traits<R>::status(made.value) != slot.status) {
            throw std::runtime_error("result " + std::to_string(slot.index) + " of test " + made.test.str() +
                                     " is not what was read before: its file has changed");
        }
        if constexpr (requires { result_traits<R>::for_each_text(made.value, [](std::string&) {}); }) {
            if (policy != text_policy::keep) {
                result_traits<R>::for_each_text(made.value, [policy](std::string& text) { apply(policy, text); });
            }
        }
        auto& place = loaded_[oldest_];
        oldest_ = (oldest_ + 1) % loaded_.size();
        place = {i, nullptr};  // first away with the old one: a record may be big
        place.second = std::make_shared<basic_record<R> const>(std::move(made));
        return place.second;
    }
    void forget_loaded() noexcept {
        lock_guard const lock(mutex_);
        loaded_ = {};
    }

    std::vector<record_slot> slots{};
    text_numbers texts{};
    std::vector<std::shared_ptr<record_source<R>>> sources{};

private:
    std::uint32_t number_of(std::shared_ptr<record_source<R>> const& source) {
        for (std::size_t i = sources.size(); i > 0; --i) {
            if (sources[i - 1] == source) return static_cast<std::uint32_t>(i - 1);
        }
        sources.push_back(source);
        return static_cast<std::uint32_t>(sources.size() - 1);
    }

    mutex mutex_{};
    std::array<std::pair<std::size_t, std::shared_ptr<basic_record<R> const>>, 2> loaded_{};
    std::size_t oldest_ = 0;
};

/// Puts what stands at `order[i]` at place i, and moves each once, in place: there may be a million of some hundred
/// bytes.
template <class T>
void put_in_order(std::vector<T>& list, std::vector<std::uint32_t> order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (order[i] == i) continue;
        T first = std::move(list[i]);
        std::size_t at = i;
        while (order[at] != i) {
            std::size_t const next = order[at];
            list[at] = std::move(list[next]);
            order[at] = static_cast<std::uint32_t>(at);
            at = next;
        }
        list[at] = std::move(first);
        order[at] = static_cast<std::uint32_t>(at);
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/record_list.hpp, again
// ---- rampart/session/record_ref.hpp
#ifndef RAMPART_SESSION_RECORD_REF_HPP
#define RAMPART_SESSION_RECORD_REF_HPP


#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

/// \file
/// Records of a `record_list`, one or several, by their places.

namespace rampart::inline v1 {

template <Result R>
class record_list;

/// One record of a list, by its place: two words, to be copied and kept as long as the list does not change.
template <Result R>
class record_ref {
public:
    record_ref() = default;
    record_ref(record_list<R> const& list, std::size_t position) noexcept : list_(&list), position_(position) {}

    /// False for one that was made of nothing, which must not be asked anything else.
    explicit operator bool() const noexcept { return list_ != nullptr; }
    /// Its place in the list.
    std::size_t position() const noexcept { return position_; }
    test_id const& test() const noexcept { return list_->test(position_); }
    std::string_view test_name() const noexcept { return list_->test_name(position_); }
    std::string_view worker() const noexcept { return list_->worker(position_); }
    std::string_view harm_category() const noexcept { return list_->harm_category(position_); }
    std::uint32_t index() const noexcept { return list_->index(position_); }
    std::uint32_t attempt() const noexcept { return list_->attempt(position_); }
    safety_status status() const { return list_->status(position_); }
    /// See `record_list::load`.
    std::shared_ptr<basic_record<R> const> load() const { return list_->load(position_); }

    friend bool operator==(record_ref const&, record_ref const&) = default;
    /// By place; of two lists the order says nothing.
    friend std::strong_ordering operator<=>(record_ref const& a, record_ref const& b) noexcept {
        if (a.list_ == b.list_) return a.position_ <=> b.position_;
        return std::compare_three_way()(a.list_, b.list_);
    }

private:
    record_list<R> const* list_ = nullptr;
    std::size_t position_ = 0;
};

namespace detail {

/// Goes through places of a list: through `numbers`, or, where that is null, through all from `at` on.
template <Result R>
class ref_iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = record_ref<R>;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    ref_iterator() = default;
    ref_iterator(record_list<R> const* list, std::uint32_t const* numbers, std::size_t at) noexcept
        : list_(list), numbers_(numbers), at_(at) {}
    reference operator*() const noexcept { return {*list_, numbers_ == nullptr ? at_ : numbers_[at_]}; }
    ref_iterator& operator++() noexcept {
        ++at_;
        return *this;
    }
    ref_iterator operator++(int) noexcept { return {list_, numbers_, at_++}; }
    friend bool operator==(ref_iterator const& a, ref_iterator const& b) noexcept { return a.at_ == b.at_; }

private:
    record_list<R> const* list_ = nullptr;
    std::uint32_t const* numbers_ = nullptr;
    std::size_t at_ = 0;
};

}  // namespace detail

/// Records of a list that stand one after the other, as `record_ref`s.
template <Result R>
class record_range {
public:
    record_range() = default;
    record_range(record_list<R> const& list, std::size_t first, std::size_t last) noexcept
        : list_(&list), first_(first), last_(last) {}

    std::size_t size() const noexcept { return last_ - first_; }
    bool empty() const noexcept { return first_ == last_; }
    /// One of them, from 0.
    record_ref<R> operator[](std::size_t i) const noexcept { return {*list_, first_ + i}; }
    record_ref<R> front() const noexcept { return (*this)[0]; }
    detail::ref_iterator<R> begin() const noexcept { return {list_, nullptr, first_}; }
    detail::ref_iterator<R> end() const noexcept { return {list_, nullptr, last_}; }

private:
    record_list<R> const* list_ = nullptr;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

/// Some records of a list, as `record_ref`s in the order in which they were added. Four bytes each.
template <Result R>
class record_selection {
public:
    record_selection() = default;
    explicit record_selection(record_list<R> const& list) noexcept : list_(&list) {}

    /// Selects the record at this place of the list.
    void push_back(std::size_t position) { positions_.push_back(static_cast<std::uint32_t>(position)); }
    std::size_t size() const noexcept { return positions_.size(); }
    bool empty() const noexcept { return positions_.empty(); }
    /// One of them, from 0.
    record_ref<R> operator[](std::size_t i) const noexcept { return {*list_, positions_[i]}; }
    record_ref<R> front() const noexcept { return (*this)[0]; }
    record_ref<R> back() const noexcept { return (*this)[size() - 1]; }
    detail::ref_iterator<R> begin() const noexcept { return {list_, positions_.data(), 0}; }
    detail::ref_iterator<R> end() const noexcept { return {list_, positions_.data(), size()}; }

    /// Where they stand in the list.
    std::vector<std::uint32_t>& positions() noexcept { return positions_; }
    /// Their places in the list.
    std::vector<std::uint32_t> const& positions() const noexcept { return positions_; }

private:
    record_list<R> const* list_ = nullptr;
    std::vector<std::uint32_t> positions_{};
};

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/record_list.hpp, again

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// Records in a row, each *held* in memory or *filed*: then its value stays in the file that it came from, about 48
/// bytes and its texts stand here, and the value is read again whenever it is asked for. Both look alike:
///
///     for (auto const& r : list) ...            // each record whole, one at a time
///     for (auto const r : list.refs()) ...      // what is known without reading: r.test(), r.status(), ...
///
/// What a source throws when it reads comes out of whatever asked: `load`, `[]`, an iterator that is dereferenced. The
/// heads (`test`, `status`, `refs` and so on) read nothing and throw nothing.
///
/// A list in which nothing is filed is a vector and nothing else. Several threads may read one list.
template <Result R>
class record_list {
public:
    using value_type = basic_record<R>;
    using size_type = std::size_t;
    class iterator;
    using const_iterator = iterator;

    record_list() = default;
    /// With a policy that is applied to values when they are read from files.
    explicit record_list(rampart::text_policy text) noexcept : text_(text) {}
    record_list(std::vector<value_type> records) noexcept : held_(std::move(records)) {}
    record_list(std::initializer_list<value_type> records) : held_(records) {}
    record_list(record_list const& other)
        : held_(other.held_),
          filed_(other.filed_ == nullptr ? nullptr : std::make_unique<detail::filed_records<R>>(*other.filed_)),
          text_(other.text_) {}
    record_list(record_list&&) noexcept = default;
    record_list& operator=(record_list const& other) { return *this = record_list(other); }
    record_list& operator=(record_list&&) noexcept = default;
    ~record_list() = default;

    size_type size() const noexcept { return filed_ == nullptr ? held_.size() : filed_->slots.size(); }
    bool empty() const noexcept { return size() == 0; }

    /// Whether the value of this record, or of any, is in a file.
    bool is_filed(size_type i) const noexcept { return held_at(i) == nullptr; }
    /// Whether the value of any record is in a file.
    bool has_filed() const noexcept {
        auto const filed = [](detail::record_slot const& s) { return !s.is_held(); };
        return filed_ != nullptr && std::any_of(filed_->slots.begin(), filed_->slots.end(), filed);
    }

    /// Adds a record that is held.
    void push_back(value_type r) {
        held_.push_back(std::move(r));
        if (filed_ != nullptr) filed_->slots.push_back(detail::record_slot::of_held(held_.size() - 1));
    }
    /// Adds a record whose value is at this place of the source. `head` is believed: what stands there is compared with
    /// `head.status` only, when it is read.
    void push_back(record_head const& head, std::shared_ptr<record_source<R>> const& source, record_place place) {
        with_slots().add(head, source, place);
    }
    /// Adds a copy of a record of another list: filed if it is filed there. The text policy is this list's then.
    void push_back(record_list const& other, size_type i) {
        if (auto const* const held = other.held_at(i)) return push_back(*held);
        auto const& slot = other.filed_->slots[i];
        with_slots().add(other.head(i), other.filed_->sources[slot.source], slot.place);
    }
    /// Adds all records of another list, in its order.
    void append(record_list other) {
        if (empty() && filed_ == nullptr) {
            held_ = std::move(other.held_);
            filed_ = std::move(other.filed_);
            if (filed_ != nullptr) filed_->forget_loaded();  // by another policy
            return;
        }
        for (size_type i = 0; i < other.size(); ++i) {
            other.is_filed(i) ? push_back(other, i) : push_back(other.take_held(i));
        }
    }

    /// Moves a held record out of the list, where one without texts and value stays behind.
    value_type take_held(size_type i) { return std::move(held_[static_cast<size_type>(held_at(i) - held_.data())]); }

    /// Room for so many held records.
    void reserve(size_type count) { held_.reserve(count); }
    /// Room for so many more, where lists are added one after the other: capacity grows by half at least.
    void make_room(size_type more) {
        if (held_.capacity() - held_.size() < more) held_.reserve(std::max(held_.size() + more, held_.size() * 3 / 2));
    }
    void clear() noexcept {
        held_.clear();
        filed_.reset();
    }

    // What is known of a record without reading it.
    test_id const& test(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->test : filed_->texts[filed_->slots[i].test];
    }
    std::string_view test_name(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? std::string_view(held->test_name) : filed_->name_of(filed_->slots[i]);
    }
    std::string_view worker(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->worker : filed_->texts[filed_->slots[i].worker].str();
    }
    /// Empty where there is none.
    std::string_view harm_category(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->harm_category : filed_->texts[filed_->slots[i].harm_category].str();
    }
    std::uint32_t index(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->index : filed_->slots[i].index;
    }
    std::uint32_t attempt(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->attempt : filed_->slots[i].attempt;
    }
    safety_status status(size_type i) const {
        auto const* const held = held_at(i);
        return held != nullptr ? result_traits<R>::status(held->value) : filed_->slots[i].status;
    }
    /// All of it. It points into the list, and is good until the list changes.
    record_head head(size_type i) const {
        return {test(i), test_name(i), worker(i), harm_category(i), index(i), attempt(i), status(i)};
    }

    /// The whole record. Of one that is held a pointer that owns nothing, good until the list changes; one that is
    /// filed is read. The last two that were read are kept: asking for them again is cheap.
    std::shared_ptr<value_type const> load(size_type i) const {
        if (auto const* const held = held_at(i)) return {std::shared_ptr<void>(), held};
        return filed_->load(i, text_);
    }
    /// A copy of the record: const, so that nobody takes a change to it for one to the list. See `load`, and `held`.
    value_type const operator[](size_type i) const { return *load(i); }
    /// The same, and throws std::out_of_range for a place behind the end.
    value_type const at(size_type i) const {
        if (i >= size()) throw std::out_of_range("rampart::record_list: there is no record at this place");
        return *load(i);
    }
    value_type const front() const { return *load(0); }
    value_type const back() const { return *load(size() - 1); }

    iterator begin() const noexcept { return {*this, 0}; }
    iterator end() const noexcept { return {*this, size()}; }

    /// A record by its place; its value is not read yet.
    record_ref<R> ref(size_type i) const noexcept { return {*this, i}; }
    /// All of them; no value is read yet.
    record_range<R> refs() const noexcept { return {*this, 0, size()}; }
    /// In a list in report order: the place of the first record of this test, or where it would stand.
    size_type first_of(test_id const& id) const noexcept {
        size_type first = 0;
        for (size_type count = size(); count > 0;) {
            size_type const half = count / 2;
            bool const before = test(first + half) < id;
            first += before ? half + 1 : 0;
            count = before ? count - half - 1 : half;
        }
        return first;
    }
    /// In a list in report order: the records of this test.
    record_range<R> of(test_id const& id) const noexcept {
        size_type const first = first_of(id);
        size_type last = first;
        while (last < size() && test(last) == id) ++last;
        return {*this, first, last};
    }

    /// The records from this place on, where all of them are held; else throws std::logic_error.
    std::span<value_type const> held(size_type first = 0) const {
        return std::span<value_type const>(held_).subspan(held_from(first));
    }
    /// The same, to change them.
    std::span<value_type> held(size_type first = 0) { return std::span<value_type>(held_).subspan(held_from(first)); }

    /// All of them in memory.
    std::vector<value_type> to_vector() const& {
        if (filed_ == nullptr) return held_;
        return {begin(), end()};
    }
    /// All records in memory; this list is empty then.
    std::vector<value_type> to_vector() && {
        if (filed_ == nullptr) return std::exchange(held_, {});
        return {begin(), end()};
    }
    /// As `to_vector`.
    operator std::vector<value_type>() const& { return to_vector(); }
    /// As `to_vector`.
    operator std::vector<value_type>() && { return std::move(*this).to_vector(); }

    rampart::text_policy text_policy() const noexcept { return text_; }
    /// What is done to values that are read from now on.
    void set_text_policy(rampart::text_policy text) {
        text_ = text;
        if (filed_ != nullptr) filed_->forget_loaded();
    }
    /// Calls `f(std::string&)` for the texts in the heads of filed records; those that are equal may come as one.
    template <class F>
    void for_each_filed_text(F f) {
        if (filed_ != nullptr) filed_->for_each_text(f);
    }
    /// Names the worker of all records.
    void set_worker(std::string_view name) {
        for (value_type& r : held_) r.worker = name;
        if (filed_ != nullptr) filed_->set_worker(name);
    }
    /// Puts the record that stands at `order[i]` at place i. `order` has each place once.
    void reorder(std::vector<std::uint32_t> order) {
        if (filed_ == nullptr) return detail::put_in_order(held_, std::move(order));
        filed_->forget_loaded();
        detail::put_in_order(filed_->slots, std::move(order));
    }
    /// Gives memory back that only a list which grows needs.
    void compact() {
        if (filed_ != nullptr) filed_->texts.forget_numbers();
    }

private:
    value_type const* held_at(size_type i) const noexcept {
        if (filed_ == nullptr) return &held_[i];
        auto const& slot = filed_->slots[i];
        return slot.is_held() ? &held_[static_cast<size_type>(slot.place.offset)] : nullptr;
    }
    /// Where the records from `first` on stand in `held_`.
    size_type held_from(size_type first) const {
        if (filed_ == nullptr) return std::min(first, held_.size());
        auto const& slots = filed_->slots;
        size_type at = held_.size();
        for (size_type i = slots.size(); i > first; --i) {
            if (!slots[i - 1].is_held() || at == 0 || slots[i - 1].place.offset != --at) {
                throw std::logic_error("rampart::record_list: held() is for records that are all in memory");
            }
        }
        return at;
    }
    detail::filed_records<R>& with_slots() {
        if (filed_ == nullptr) {
            auto made = std::make_unique<detail::filed_records<R>>();
            for (size_type i = 0; i < held_.size(); ++i) made->slots.push_back(detail::record_slot::of_held(i));
            filed_ = std::move(made);
        }
        return *filed_;
    }

    std::vector<value_type> held_{};
    std::unique_ptr<detail::filed_records<R>> filed_{};  ///< null until there is one
    rampart::text_policy text_ = rampart::text_policy::keep;
};

/// Goes through a list, with each record in memory as long as it stands there: what `*` gives is good until the
/// iterator moves. An input iterator, as fast as a pointer where nothing is filed.
template <Result R>
class record_list<R>::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = basic_record<R>;
    using difference_type = std::ptrdiff_t;
    using pointer = value_type const*;
    using reference = value_type const&;

    iterator() = default;
    /// The record, whose value is read now; valid until the iterator moves.
    reference operator*() const {
        if (held_ != nullptr) return *held_;
        if (loaded_ == nullptr) loaded_ = list_->load(position_);
        return *loaded_;
    }
    /// As `*`.
    pointer operator->() const { return &**this; }
    /// The next one.
    iterator& operator++() {
        ++position_;
        if (held_ != nullptr) {
            ++held_;
        } else {
            loaded_.reset();
        }
        return *this;
    }
    /// The next one; gives this one.
    iterator operator++(int) {
        iterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(iterator const& a, iterator const& b) noexcept { return a.position_ == b.position_; }

private:
    friend record_list;
    iterator(record_list const& list, size_type position) noexcept
        : list_(&list), position_(position), held_(list.filed_ == nullptr ? list.held_.data() + position : nullptr) {}

    record_list const* list_ = nullptr;
    size_type position_ = 0;
    value_type const* held_ = nullptr;
    mutable std::shared_ptr<value_type const> loaded_{};
};

/// The records of two places of one list in report order.
template <Result R>
bool report_order(record_list<R> const& list, std::size_t a, std::size_t b) noexcept {
    if (auto const by_test = list.test(a) <=> list.test(b); by_test != 0) return by_test < 0;
    if (list.index(a) != list.index(b)) return list.index(a) < list.index(b);
    if (list.attempt(a) != list.attempt(b)) return list.attempt(a) < list.attempt(b);
    return list.worker(a) < list.worker(b);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/report/group.hpp, again

/// \file
/// Counting records, and putting them under headings.

namespace rampart::inline v1 {

/// How often each status occurs, and the two rates (B103).
///
/// The rates are parts of what could be carried out: an ERROR is left out of them, an UNDETERMINED stays in. Both are
/// 0 when nothing is left.
struct population_summary {
    std::size_t total_runs = 0;
    std::size_t safe_count = 0;
    std::size_t unsafe_count = 0;
    std::size_t undetermined_count = 0;
    std::size_t error_count = 0;
    double attack_success_rate = 0.0;  ///< unsafe / (total - errors), 0 to 1
    double safety_pass_rate = 0.0;     ///< safe / (total - errors), 0 to 1
    friend bool operator==(population_summary const&, population_summary const&) = default;
};

namespace detail {

template <Result R>
[[nodiscard]] safety_status status_of(record_ref<R> const& r) {
    return r.status();
}
template <Result R>
[[nodiscard]] safety_status status_of(basic_record<R> const& r) {
    return result_traits<R>::status(r.value);
}

}  // namespace detail

/// Counts a range of records or of `record_ref`s, which need not be read for it.
template <std::ranges::input_range Records>
[[nodiscard]] population_summary summarize(Records&& records) {
    if constexpr (requires { records.refs(); }) {
        return summarize(records.refs());
    }
    population_summary counts;
    for (auto const& r : records) {
        ++counts.total_runs;
        switch (detail::status_of(r)) {
        case safety_status::safe:
            ++counts.safe_count;
            break;
        case safety_status::unsafe:
            ++counts.unsafe_count;
            break;
        case safety_status::undetermined:
            ++counts.undetermined_count;
            break;
        case safety_status::error:
            ++counts.error_count;
            break;
        }
    }
    if (auto const judged = counts.total_runs - counts.error_count; judged != 0) {
        counts.attack_success_rate = static_cast<double>(counts.unsafe_count) / static_cast<double>(judged);
        counts.safety_pass_rate = static_cast<double>(counts.safe_count) / static_cast<double>(judged);
    }
    return counts;
}

/// The records of one harm category. It points into the list it was made from, and is good until that changes.
template <Result R>
struct harm_group {
    std::string category{};         ///< `uncategorized` for records without one (B102)
    record_selection<R> records{};  ///< as `record_ref`s
};

/// The records under their harm categories. Groups stand in order of first appearance, records in the order given
/// (B102, wire format A.2).
template <Result R>
[[nodiscard]] std::vector<harm_group<R>> group_by_harm_category(record_list<R> const& records) {
    std::vector<harm_group<R>> groups;
    std::unordered_map<std::string_view, std::size_t> places;
    for (record_ref<R> const r : records.refs()) {
        std::string_view category = r.harm_category();
        if (category.empty()) category = harm_category::uncategorized;
        auto const [place, is_new] = places.try_emplace(category, groups.size());
        if (is_new) groups.push_back({std::string(category), record_selection<R>(records)});
        groups[place->second].records.push_back(r.position());
    }
    return groups;
}
/// It would point into a list that is gone.
template <Result R>
std::vector<harm_group<R>> group_by_harm_category(record_list<R> const&& records) = delete;

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_GROUP_HPP
// ---- rampart/report/report.hpp, again
// ---- rampart/report/order.hpp
#ifndef RAMPART_REPORT_ORDER_HPP
#define RAMPART_REPORT_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>


/// \file
/// An order of records that does not depend on the order of arrival, also where two records claim the same place.

namespace rampart::inline v1 {

namespace detail {

/// Everything of a value that can be told apart, as text. Only records that claim the same place are asked for it.
template <Result R>
[[nodiscard]] std::string fingerprint(R const& value) {
    auto text = brief(value) + '\n' + strategy_of(value) + '\n' + std::to_string(duration_of(value)) + '\n' +
                to_compact_json(metadata_of(value));
    if constexpr (boost::json::has_value_from<R>::value) {
        try {
            text += to_compact_json(boost::json::value_from(value));
        } catch (...) {
            // A conversion of the user's own that fails must not lose the report; it only orders these two.
        }
    } else if constexpr (requires(R & r) { result_traits<R>::for_each_text(r, [](std::string&) {}); }) {
        R copy = value;
        result_traits<R>::for_each_text(copy, [&text](std::string& part) { text += '\n' + part; });
    }
    return text;
}

/// Sorts places of a list by the texts that stand there, as bytes, and by `before(a, b)` where these are equal. A sort
/// that compares texts waits for memory most of the time, so eight bytes of each are compared as a number, then of
/// those that are equal in these the next eight.
template <class Before>
class text_order {
public:
    explicit text_order(Before before) : before_(before) {}

    void add(std::string_view text) { items_.push_back({0, text, static_cast<std::uint32_t>(items_.size())}); }
    void reserve(std::size_t count) { items_.reserve(count); }
    [[nodiscard]] std::vector<std::uint32_t> take() {
        sort(0, items_.size(), 0);
        std::vector<std::uint32_t> order(items_.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = items_[i].at;
        return order;
    }

private:
    struct item {
        std::uint64_t key;
        std::string_view text;
        std::uint32_t at;
    };
    static constexpr std::size_t few = 24;
    static constexpr std::size_t key_bytes = 8;

    static std::uint64_t key_of(std::string_view text, std::size_t from) noexcept {
        std::uint64_t key = 0;
        for (std::size_t i = 0; i < key_bytes; ++i) {
            auto const byte = from + i < text.size() ? static_cast<unsigned char>(text[from + i]) : 0U;
            key = key << 8U | byte;
        }
        return key;
    }
    /// The items from `first` to before `last`, which have their first `from` bytes in common.
    void sort(std::size_t first, std::size_t last, std::size_t from) {
        auto const at = [this](std::size_t i) { return items_.begin() + static_cast<std::ptrdiff_t>(i); };
        for (;; from += key_bytes) {
            // A text that ends here may look like one with a NUL.
            bool const goes_on =
                std::all_of(at(first), at(last), [from](item const& i) { return i.text.size() > from; });
            if (last - first < few || !goes_on) {
                std::stable_sort(at(first), at(last),
                                 [this](item const& a, item const& b) { return before_(a.at, b.at); });
                return;
            }
            bool differs = false;
            for (std::size_t i = first; i < last; ++i) {
                items_[i].key = key_of(items_[i].text, from);
                differs = differs || items_[i].key != items_[first].key;
            }
            if (differs) break;
        }
        std::sort(at(first), at(last),
                  [](item const& a, item const& b) { return a.key != b.key ? a.key < b.key : a.at < b.at; });
        while (first < last) {
            std::size_t next = first + 1;
            while (next < last && items_[next].key == items_[first].key) ++next;
            if (next - first > 1) sort(first, next, from + key_bytes);
            first = next;
        }
    }

    Before before_;
    std::vector<item> items_{};
};

/// The order of so many items by `before(a, b)`, which looks at `text_of(i)` first, and of what it leaves equal by
/// `key(i)`, which is asked only there.
template <class Text, class Before, class Key>
[[nodiscard]] std::vector<std::uint32_t> order_with_ties(std::size_t size, Text text_of, Before before, Key key) {
    std::vector<std::uint32_t> order(size);
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    if (!std::is_sorted(order.begin(), order.end(), before)) {
        text_order<Before> sorted(before);
        sorted.reserve(size);
        for (std::uint32_t i = 0; i < size; ++i) sorted.add(text_of(i));
        order = sorted.take();
    }
    for (auto first = order.begin(); first != order.end();) {
        auto last = first + 1;
        while (last != order.end() && !before(*first, *last)) ++last;
        if (last - first > 1) {
            std::vector<std::pair<decltype(key(*first)), std::uint32_t>> tied;
            for (auto it = first; it != last; ++it) tied.emplace_back(key(*it), *it);
            std::ranges::stable_sort(tied, [](auto const& a, auto const& b) { return a.first < b.first; });
            for (auto const& each : tied) *first++ = each.second;
        }
        first = last;
    }
    return order;
}

}  // namespace detail

/// Sorts records by test id, index, attempt and worker (B41, wire format B10). Two records with all four equal, as
/// when two workers were given one name, are put in order by what they say; only these are read when they are filed.
template <Result R>
void sort_for_report(record_list<R>& records) {
    auto const before = [&records](std::uint32_t a, std::uint32_t b) { return report_order(records, a, b); };
    auto const key = [&records](std::uint32_t i) {
        std::string said;
        try {
            said = detail::fingerprint(records.load(i)->value);
        } catch (std::exception const&) {
            // Its file is gone or has changed. The sinks that need it will say so; here it only orders these two.
        }
        return std::tuple(std::string(records.test_name(i)), std::string(records.harm_category(i)), std::move(said));
    };
    auto const text_of = [&records](std::uint32_t i) { return std::string_view(records.test(i).str()); };
    records.reorder(detail::order_with_ties(records.size(), text_of, before, key));
}
/// As above, of records in memory.
template <Result R>
void sort_for_report(std::vector<basic_record<R>>& records) {
    record_list<R> list(std::move(records));
    sort_for_report(list);
    records = std::move(list).to_vector();
}

/// The same for tests.
inline void sort_for_report(std::vector<test_entry>& tests) {
    auto const before = [&tests](std::uint32_t a, std::uint32_t b) { return report_order(tests[a], tests[b]); };
    auto const key = [&tests](std::uint32_t i) {
        test_entry const& t = tests[i];
        return std::tuple(t.results, t.facts.name, t.facts.outcome, t.facts.seconds, t.facts.file, t.facts.line,
                          t.facts.detail);
    };
    auto const text_of = [&tests](std::uint32_t i) { return std::string_view(tests[i].test.str()); };
    detail::put_in_order(tests, detail::order_with_ties(tests.size(), text_of, before, key));
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_ORDER_HPP
// ---- rampart/report/report.hpp, again
// ---- rampart/session/accounts.hpp
#ifndef RAMPART_SESSION_ACCOUNTS_HPP
#define RAMPART_SESSION_ACCOUNTS_HPP

// ---- rampart/session/places.hpp
#ifndef RAMPART_SESSION_PLACES_HPP
#define RAMPART_SESSION_PLACES_HPP

// ---- rampart/session/plan.hpp
#ifndef RAMPART_SESSION_PLAN_HPP
#define RAMPART_SESSION_PLAN_HPP


#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What one process did, in numbers.
struct shard_tally {
    std::uint64_t ran = 0;      ///< tests that ended, each once however often it ran; skipped ones too
    std::uint64_t failed = 0;   ///< of these: failed, crashed or out of time; not trials, as their group decides
    std::uint64_t results = 0;  ///< that it recorded
    std::uint64_t unsafe = 0;   ///< of these
    std::uint64_t errors = 0;   ///< of these
    double seconds = 0.0;       ///< of its tests, added up; several at a time make it longer than the clock says
    friend bool operator==(shard_tally const&, shard_tally const&) = default;
};

/// What one process set out to do, and how far it came. A session judges the plans that were merged into it: every
/// planned test has to be accounted for (wire format, C).
struct shard_plan {
    std::string run{};               ///< the run's id; empty: nobody gave one
    std::string worker{};            ///< the name under which its tests and results stand
    std::uint32_t attempt = 1;       ///< of the process: a part that was started again has a higher one
    std::uint32_t index = 0;         ///< which part of the run, from 0
    std::uint32_t count = 1;         ///< of so many parts
    std::string list_hash{};         ///< of the list that the parts were cut from, see `list_hash`; empty: unknown
    std::vector<test_id> tests{};    ///< the ids planned in this process
    std::string process{};           ///< host, pid and start: tells two outputs of one worker apart
    std::vector<test_id> running{};  ///< tests that had started and did not end
    bool torn = false;               ///< the last line of its output was cut off
    bool closed = false;             ///< it came to a clean end
    std::string source{};            ///< the file that it was read from, for people; may be empty
    std::optional<shard_tally> tally{};  ///< what it did; whoever reads its output counts that
    friend bool operator==(shard_plan const&, shard_plan const&) = default;
};

/// Whether two plans say the same, wherever they were read: two copies of one file hold one plan. What was counted
/// does not matter: somebody on the way may not have counted.
[[nodiscard]] inline bool equal_but_source(shard_plan const& a, shard_plan const& b) {
    auto const rest = [](shard_plan const& p) {
        return std::tie(p.attempt, p.index, p.count, p.torn, p.closed, p.run, p.worker, p.list_hash, p.process, p.tests,
                        p.running);
    };
    return rest(a) == rest(b);
}

namespace detail {

/// Takes what a copy of a plan knows beside it, so that it does not matter which came first.
inline void join_copies(shard_plan& known, shard_plan& copy) {
    if (copy.source < known.source) known.source = std::move(copy.source);
    auto const rank = [](std::optional<shard_tally> const& t) {
        auto const n = t.value_or(shard_tally{});
        return std::tuple(t.has_value(), n.ran, n.failed, n.results, n.unsafe, n.errors, n.seconds);
    };
    if (rank(known.tally) < rank(copy.tally)) known.tally = copy.tally;
}

/// The hash of a set of ids, from theirs.
[[nodiscard]] inline std::string hash_of_hashes(std::vector<std::uint64_t> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    auto all = stable_hash_seed;
    for (std::uint64_t const id : ids) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            char const byte = static_cast<char>(id >> shift & 0xFFU);
            all = stable_hash({&byte, 1}, all);
        }
    }
    return hash_text(all);
}

/// The hash of one id. Control characters count as the text that `escape` makes of them, so that a session whose text
/// policy did that to its ids finds the hash that a test program made of its own.
[[nodiscard]] inline std::uint64_t hash_of_id(std::string_view id) {
    bool const is_plain = first_control(id, 0, false) == id.size();
    return is_plain ? stable_hash(id) : stable_hash(escape(id));
}

}  // namespace detail

/// The hash of a list of tests, whatever its order; an id that stands there twice counts once. Parts that were cut from
/// one list have one hash, and all parts together have it again; that is how a merge sees that no test fell between
/// them.
[[nodiscard]] inline std::string list_hash(std::vector<std::string_view> const& ids) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(ids.size());
    for (std::string_view const id : ids) hashes.push_back(detail::hash_of_id(id));
    return detail::hash_of_hashes(std::move(hashes));
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/places.hpp, again

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// What a session needs to know an item that it has already: which place an item claims, and where its list holds it.

namespace rampart::inline v1 {

/// Whether two results are the same, by their `==`. Those of a type that has none are never the same: then a result
/// that is merged twice is kept twice, and a fault says so.
struct equal_results {
    /// Whether they are the same.
    template <Result R>
    bool operator()(R const& a, R const& b) const {
        if constexpr (std::equality_comparable<R>) {
            return a == b;
        } else {
            return false;
        }
    }
};

namespace detail {

/// Of this process only: it may differ from one to the next.
class place_hash {
public:
    place_hash& operator<<(std::uint64_t part) noexcept {
        sum_ = (sum_ ^ part) * 0x9E3779B97F4A7C15U;
        sum_ ^= sum_ >> 32U;
        return *this;
    }
    place_hash& operator<<(std::string_view part) noexcept { return *this << std::hash<std::string_view>()(part); }
    std::uint64_t value() const noexcept { return sum_; }

private:
    std::uint64_t sum_ = 0;
};

/// Of a record: which test, by whom, which attempt, and which of its results.
struct record_key {
    std::string_view test;
    std::string_view worker;
    std::uint32_t attempt;
    std::uint32_t index;
    friend bool operator==(record_key const&, record_key const&) = default;
};
template <Result R>
record_key key_of(basic_record<R> const& r) noexcept {
    return {r.test.str(), r.worker, r.attempt, r.index};
}
template <Result R>
record_key key_of(record_list<R> const& list, std::size_t i) noexcept {
    return {list.test(i).str(), list.worker(i), list.attempt(i), list.index(i)};
}
inline std::uint64_t hash_of_place(record_key const& key) noexcept {
    return (place_hash() << key.test << key.worker << key.attempt << key.index).value();
}
inline std::uint64_t hash_of_place(test_entry const& t) noexcept {
    return (place_hash() << t.test.str() << t.worker << t.attempt).value();
}
inline std::uint64_t hash_of_place(fault const& f) noexcept {
    return (place_hash() << static_cast<std::uint64_t>(f.kind) << f.where << f.what).value();
}
inline std::uint64_t hash_of_place(shard_plan const& p) noexcept {
    return (place_hash() << p.run << p.worker << p.process << p.attempt << p.index).value();
}

inline bool same_place(test_entry const& a, test_entry const& b) noexcept {
    return a.attempt == b.attempt && a.test == b.test && a.worker == b.worker;
}

/// Positions in a list that only grows, by the hash of what stands there. It holds no text, and is filled when it is
/// asked: a session that merges nothing pays nothing. About 16 bytes an item, in two blocks: a node for each took
/// longer than all else that a merge does.
class place_index {
public:
    template <class T>
    void catch_up(std::vector<T> const& list) {
        // Counted by what is in it, so that it starts anew where list and index were moved away.
        while (items_.size() < list.size()) add(hash_of_place(list[items_.size()]));
    }
    /// The same by a hash of the caller's own.
    template <class T, class Hash>
    void catch_up(std::vector<T> const& list, Hash hash) {
        while (items_.size() < list.size()) add(hash(list[items_.size()]));
    }
    template <Result R>
    void catch_up(record_list<R> const& list) {
        while (items_.size() < list.size()) add(hash_of_place(key_of(list, items_.size())));
    }
    /// Whether `is` holds for one of the positions that may stand for this hash.
    template <class F>
    bool any(std::uint64_t hash, F is) const {
        if (heads_.empty()) return false;
        auto const wanted = static_cast<std::uint32_t>(hash);
        for (std::uint32_t at = heads_[bucket(wanted)]; at != none; at = items_[at].next) {
            if (items_[at].hash == wanted && is(std::size_t{at})) return true;
        }
        return false;
    }
    void clear() noexcept {
        // `= {}` would keep the memory.
        items_ = std::vector<item>();
        heads_ = std::vector<std::uint32_t>();
    }

private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    struct item {
        std::uint32_t hash = 0;     ///< half of it: who asks compares the items themselves
        std::uint32_t next = none;  ///< the item before it in the same bucket
    };

    std::size_t bucket(std::uint32_t hash) const noexcept { return hash & (heads_.size() - 1); }
    void add(std::uint64_t hash) {
        items_.push_back({static_cast<std::uint32_t>(hash), none});
        if (items_.size() <= heads_.size()) return link(items_.size() - 1);
        heads_.assign(heads_.empty() ? 16 : 2 * heads_.size(), none);
        for (std::size_t at = 0; at < items_.size(); ++at) link(at);
    }
    void link(std::size_t at) noexcept {
        std::uint32_t& head = heads_[bucket(items_[at].hash)];
        items_[at].next = std::exchange(head, static_cast<std::uint32_t>(at));
    }

    std::vector<item> items_{};           ///< by position
    std::vector<std::uint32_t> heads_{};  ///< the last item of each bucket; a power of two
};

/// With so many others that claim its place an item is compared. No honest run has as many, and a hostile document with
/// a million different ones must not make a million times a million comparisons; it is incomplete as it is.
inline constexpr std::size_t most_compared = 64;

/// What is known of an item that asks to be taken.
struct place_claim {
    bool known = false;     ///< an equal one is there
    bool disputed = false;  ///< its place is claimed by others, and none of them is equal
};

/// Looks for an item among those that are there: `same_place(at)` and `same(at)` compare it with the one at a position.
template <class SamePlace, class SameItem>
place_claim claim_place(place_index const& places, std::uint64_t hash, SamePlace same_place, SameItem same) {
    std::size_t compared = 0;
    bool known = false;
    places.any(hash, [&](std::size_t at) {
        if (!same_place(at)) return false;
        known = same(at);
        return known || ++compared == most_compared;
    });
    return {known, !known && compared > 0};
}

/// Takes an item unless an equal one is there. True if it has to stand beside another that claims its place.
template <class T, class Same>
bool take_once(T item, std::vector<T>& list, place_index& places, Same same) {
    places.catch_up(list);
    auto const claim = claim_place(
        places, hash_of_place(item), [&](std::size_t at) { return same_place(list[at], item); },
        [&](std::size_t at) { return same(list[at], item); });
    if (!claim.known) list.push_back(std::move(item));
    return claim.disputed;
}

/// Of `more` those that the list lacks, when of equal faults as many are to be there as on the side that has more.
inline std::vector<bool> which_are_new(std::vector<fault> const& more, std::vector<fault> const& list,
                                       place_index& places) {
    places.catch_up(list);
    std::vector<std::size_t> order(more.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&more](std::size_t a, std::size_t b) { return more[a] < more[b]; });
    std::vector<bool> is_new(more.size());
    for (std::size_t at = 0; at < order.size();) {
        fault const& f = more[order[at]];
        std::size_t there = 0;
        places.any(hash_of_place(f), [&](std::size_t known) {
            if (list[known] == f) ++there;
            return false;
        });
        for (std::size_t nth = 0; at < order.size() && more[order[at]] == f; ++at) is_new[order[at]] = nth++ >= there;
    }
    return is_new;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/accounts.hpp, again
// ---- rampart/session/plan_rules.hpp
#ifndef RAMPART_SESSION_PLAN_RULES_HPP
#define RAMPART_SESSION_PLAN_RULES_HPP


#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// What plans say against each other, before any test is looked at (wire format, C).

namespace rampart::inline v1::detail {

/// By run, cut, part and attempt; each plan once, the copy with the smallest source.
using plan_list = std::vector<shard_plan const*>;
using plan_span = std::span<shard_plan const* const>;

/// A plan of one part out of one is whole in itself: another worker's is another list, maybe of another suite.
inline std::string_view worker_of_cut(shard_plan const& p) noexcept {
    return p.count == 1 ? std::string_view(p.worker) : std::string_view();
}

inline plan_list sorted_plans(std::vector<shard_plan> const& plans) {
    plan_list list;
    for (shard_plan const& p : plans) list.push_back(&p);
    auto const key = [](shard_plan const* p) {
        return std::tuple(
            std::string_view(p->run), p->count, worker_of_cut(*p), p->index, p->attempt,
            std::tie(p->worker, p->process, p->closed, p->torn, p->list_hash, p->running, p->tests, p->source));
    };
    std::sort(list.begin(), list.end(), [key](auto const* a, auto const* b) { return key(a) < key(b); });
    auto const is_copy = [](auto const* a, auto const* b) { return equal_but_source(*a, *b); };
    list.erase(std::unique(list.begin(), list.end(), is_copy), list.end());
    return list;
}

inline bool same_run(shard_plan const* a, shard_plan const* b) noexcept { return a->run == b->run; }
/// Whether two plans are parts of one list.
inline bool same_cut(shard_plan const* a, shard_plan const* b) noexcept {
    return a->run == b->run && a->count == b->count && worker_of_cut(*a) == worker_of_cut(*b);
}
inline bool same_part(shard_plan const* a, shard_plan const* b) noexcept {
    return a->index == b->index && same_cut(a, b);
}

/// Calls `f` with each group of neighbours that are `same` as the first of them.
template <class Same, class F>
void for_each_group(plan_span list, Same same, F f) {
    for (std::size_t first = 0, last = 0; first < list.size(); first = last) {
        while (last < list.size() && same(list[first], list[last])) ++last;
        f(list.subspan(first, last - first));
    }
}

inline std::string place_of(shard_plan const& p) { return place_in_worker(p.worker, p.source); }
inline std::string place_of_run(shard_plan const& p) { return p.run.empty() ? std::string() : "run " + p.run; }
inline std::string in_brackets(std::string const& text) { return text.empty() ? text : " (" + text + ")"; }
inline std::string and_more(std::size_t more) {
    return more == 0 ? std::string() : " (and " + std::to_string(more) + " more)";
}
/// People count from 1.
inline std::string part_text(shard_plan const& p) {
    return "part " + std::to_string(p.index + std::uint64_t{1}) + " of " + std::to_string(p.count);
}

/// What is wrong when plans differ in something that all should share. `name` says what one of them has.
template <class Name>
std::string disagreement(plan_list const& sides, Name name) {
    return name(*sides[0]) + in_brackets(place_of(*sides[0])) + " and " + name(*sides[1]) +
           in_brackets(place_of(*sides[1])) + and_more(sides.size() - 2);
}
/// Of each value of `key` the first plan that has it, in order of the values.
template <class Key>
plan_list one_of_each(plan_span plans, Key key) {
    std::map<std::remove_cvref_t<decltype(key(*plans.front()))>, shard_plan const*> found;
    for (shard_plan const* p : plans) found.try_emplace(key(*p), p);
    plan_list list;
    for (auto const& each : found) list.push_back(each.second);
    return list;
}

inline void judge_runs(plan_list const& plans, std::vector<fault>& faults) {
    for_each_group(plan_span(plans), same_run, [&faults](plan_span run) {
        plan_list cut;
        for (shard_plan const* p : run) {
            if (p->count > 1) cut.push_back(p);
        }
        auto const counts = one_of_each(cut, [](shard_plan const& p) { return p.count; });
        if (counts.size() < 2) return;
        auto const count_of = [](shard_plan const& p) { return std::to_string(p.count); };
        faults.push_back({fault_kind::other_list, place_of_run(*run.front()),
                          "the numbers of parts differ: " + disagreement(counts, count_of)});
    });
    auto const runs = one_of_each(plans, [](shard_plan const& p) { return p.run; });
    if (runs.size() < 2) return;
    auto const name = [](shard_plan const& p) { return p.run.empty() ? "a run without an id" : "run " + p.run; };
    faults.push_back({fault_kind::other_run, {}, "parts of different runs: " + disagreement(runs, name)});
}

/// Two outputs that claim to be of one part and attempt.
inline void judge_outputs(plan_list const& plans, std::vector<fault>& faults) {
    auto const same = [](auto const* a, auto const* b) { return same_part(a, b) && a->attempt == b->attempt; };
    for_each_group(plan_span(plans), same, [&faults](plan_span outputs) {
        if (outputs.size() < 2) return;
        std::vector<std::string> names;
        for (shard_plan const* p : outputs) {
            names.push_back(!p->source.empty() ? p->source : p->process.empty() ? "one without a name" : p->process);
        }
        std::sort(names.begin(), names.end());
        shard_plan const& p = *outputs.front();
        faults.push_back({fault_kind::second_output, place_in_worker(p.worker),
                          "different outputs of " + part_text(p) + ", attempt " + std::to_string(p.attempt) + ": " +
                              names[0] + " and " + names[1] + and_more(names.size() - 2)});
    });
}

/// Whether all parts of one cut are there; what is missing is told.
inline bool judge_parts(plan_span cut, std::vector<fault>& faults) {
    std::uint32_t const count = cut.front()->count;
    std::uint32_t next = 0;  // the first index that is not accounted for yet
    std::uint64_t missing = 0;
    std::string some;
    auto const is_missing = [&](std::uint32_t first, std::uint32_t last) {
        for (std::uint32_t i = first; i < last && missing + (i - first) < 3; ++i) {
            some += (some.empty() ? "" : ", ") + std::to_string(i + std::uint64_t{1});
        }
        missing += last - first;
    };
    bool strange = false;
    for (shard_plan const* p : cut) {
        if (p->index >= count) {
            strange = true;
            faults.push_back({fault_kind::other_list, place_of(*p), "there is no " + part_text(*p)});
        } else if (p->index >= next) {
            is_missing(next, p->index);
            next = p->index + 1;
        }
    }
    is_missing(next, count);
    if (missing != 0) {
        faults.push_back({fault_kind::missing_shard, place_of_run(*cut.front()),
                          (missing == 1 ? "part " : "parts ") + some +
                              (missing > 3 ? " and " + std::to_string(missing - 3) + " more" : std::string()) + " of " +
                              std::to_string(count) + " never came; " + part_text(*cut.front()) + " did" +
                              in_brackets(place_of(*cut.front()))});
    }
    return missing == 0 && !strange;
}

/// The plan that knows the hash which all tests of this cut together should have, if they can be asked for it.
inline shard_plan const* judge_cut(plan_span cut, std::vector<fault>& faults) {
    bool const complete = judge_parts(cut, faults);
    plan_list hashed;
    for (shard_plan const* p : cut) {
        if (!p->list_hash.empty()) hashed.push_back(p);
    }
    if (hashed.empty()) return nullptr;
    auto const lists = one_of_each(hashed, [](shard_plan const& p) { return p.list_hash; });
    if (lists.size() > 1) {
        faults.push_back({fault_kind::other_list, place_of_run(*cut.front()),
                          "cut from different lists of tests: " + disagreement(lists, part_text)});
    }
    return complete && lists.size() == 1 ? lists.front() : nullptr;
}

/// How each process ended. Gives which ended early, with no later attempt to make it good.
inline std::vector<bool> judge_ends(plan_list const& plans, std::vector<fault>& faults) {
    auto const judge = [&](shard_plan const& p, shard_plan const& last) {
        auto const add = [&](fault_kind kind, std::string what) {
            faults.push_back({kind, place_of(p), std::move(what)});
        };
        if (p.closed && !p.torn && p.running.empty()) return false;
        if (last.attempt > p.attempt) {
            add(fault_kind::superseded, "attempt " + std::to_string(p.attempt) + " of " + part_text(p) +
                                            " ended early; attempt " + std::to_string(last.attempt) + " came after it" +
                                            in_brackets(place_of(last)));
            return false;
        }
        if (p.torn) add(fault_kind::torn_tail, "the last line was cut off");
        if (!p.closed) add(fault_kind::missing_close, "its process ended before it had said that it was done");
        for (test_id const& id : p.running) {
            add(fault_kind::interrupted_test, "test " + id.str() + " was running when its process ended");
        }
        return true;
    };
    std::vector<bool> is_open;
    for_each_group(plan_span(plans), same_part, [&](plan_span part) {
        for (shard_plan const* p : part) is_open.push_back(judge(*p, *part.back()));
    });
    return is_open;
}

}  // namespace rampart::inline v1::detail

#endif
// ---- rampart/session/accounts.hpp, again

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What follows from plans: the tests of which nothing came, and what is wrong.
struct settlement {
    std::vector<test_entry> tests{};  ///< in report order
    std::vector<fault> faults{};      ///< sorted
};

namespace detail {

/// A test in the upper half, and a plan or a worker in the lower: a million of them are sorted as numbers.
using test_pairs = std::vector<std::uint64_t>;
inline constexpr unsigned test_shift = 32;
inline std::uint32_t other_of(std::uint64_t pair) noexcept { return static_cast<std::uint32_t>(pair); }

/// Numbers tests as they come. An open table, as with a million tests a node for each costs more than all rules.
class test_numbers {
public:
    explicit test_numbers(std::size_t expected) {
        std::size_t size = 16;
        while (size < 2 * expected) size *= 2;
        slots_.resize(size);
        ids_.reserve(expected);
    }
    std::uint32_t of(test_id const& id) {
        if (2 * (ids_.size() + 1) > slots_.size()) grow();
        auto const hash = (place_hash() << id.str()).value();
        auto const tag = static_cast<std::uint32_t>(hash >> 32U);
        std::size_t at = hash & (slots_.size() - 1);
        for (; slots_[at].next != 0; at = (at + 1) & (slots_.size() - 1)) {
            if (slots_[at].tag == tag && *ids_[slots_[at].next - 1] == id) return slots_[at].next - 1;
        }
        ids_.push_back(&id);
        slots_[at] = {tag, static_cast<std::uint32_t>(ids_.size())};
        return slots_[at].next - 1;
    }
    std::vector<test_id const*> const& ids() const noexcept { return ids_; }

private:
    struct slot {
        std::uint32_t tag = 0;
        std::uint32_t next = 0;  ///< the number after that of the test; 0: free
    };
    void grow() {
        test_numbers more(ids_.size() * 2);
        for (test_id const* id : ids_) more.of(*id);
        *this = std::move(more);
    }

    std::vector<slot> slots_{};
    std::vector<test_id const*> ids_{};
};

/// Plans, parts, runs, workers and tests by number. A plan's is its place in the list, so the plans of a part, and the
/// parts of a cut, are neighbours.
struct plan_book {
    plan_list plans{};
    std::vector<std::uint32_t> cut{};     ///< of each plan: of which list of tests it is a part
    std::vector<std::uint32_t> part{};    ///< of each plan
    std::vector<std::uint32_t> worker{};  ///< of each plan
    std::unordered_map<std::string_view, std::uint32_t> workers{};
    std::vector<std::vector<std::uint32_t>> plans_of{};  ///< of each worker
    std::vector<test_id const*> ids{};                   ///< of each test
    test_pairs planned{};                                ///< with plans
    test_pairs running{};                                ///< with plans, those whose end is open
    test_pairs seen{};                                   ///< with workers, those that have plans
    test_pairs begun{};                                  ///< the same of tests that only began there, see `only_began`
};

/// An entry of a test that was running when its process ended, with what it had recorded. It tells of the test, but
/// does not account for it: a later attempt of the part has to.
inline bool only_began(plan_book const& book, std::uint32_t worker, test_entry const& e) {
    if (e.facts.outcome != test_outcome::crashed && e.facts.outcome != test_outcome::unknown) return false;
    auto const& plans = book.plans_of[worker];
    return std::any_of(plans.begin(), plans.end(), [&](std::uint32_t p) {
        auto const& running = book.plans[p]->running;
        return std::find(running.begin(), running.end(), e.test) != running.end();
    });
}

inline plan_book book_of(plan_list plans, std::vector<bool> const& is_open, std::vector<test_entry> const& entries) {
    std::size_t planned = 0;
    for (shard_plan const* p : plans) planned += p->tests.size();
    test_numbers tests(planned);
    auto const pair = [&tests](test_id const& id, std::uint32_t other) {
        return std::uint64_t{tests.of(id)} << test_shift | other;
    };
    plan_book book;
    book.planned.reserve(planned);
    book.seen.reserve(entries.size());
    for (std::uint32_t i = 0; i < plans.size(); ++i) {
        shard_plan const& p = *plans[i];
        shard_plan const* const before = plans[i == 0 ? 0 : i - 1];
        book.cut.push_back(i == 0 ? 0U : book.cut.back() + (same_cut(before, &p) ? 0U : 1U));
        book.part.push_back(i == 0 ? 0U : book.part.back() + (same_part(before, &p) ? 0U : 1U));
        auto const worker = book.workers.try_emplace(p.worker, static_cast<std::uint32_t>(book.plans_of.size())).first;
        book.worker.push_back(worker->second);
        book.plans_of.resize(book.workers.size());
        book.plans_of[worker->second].push_back(i);
        for (test_id const& id : p.tests) book.planned.push_back(pair(id, i));
        if (!is_open[i]) continue;
        for (test_id const& id : p.running) book.running.push_back(pair(id, i));
    }
    book.plans = std::move(plans);
    for (test_entry const& e : entries) {
        auto const worker = book.workers.find(e.worker);
        if (worker == book.workers.end()) continue;
        auto& list = only_began(book, worker->second, e) ? book.begun : book.seen;
        list.push_back(pair(e.test, worker->second));
    }
    for (test_pairs* list : {&book.planned, &book.running, &book.seen, &book.begun}) {
        std::sort(list->begin(), list->end());
        list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    book.ids = tests.ids();
    return book;
}

/// Some tests of which one thing is to be said: how many, and the one that sorts first.
struct some_tests {
    std::size_t count = 0;
    test_id const* first = nullptr;
    shard_plan const* plan = nullptr;  ///< of the first

    void add(test_id const& id, shard_plan const* of) noexcept {
        ++count;
        if (first != nullptr && !(id < *first)) return;
        first = &id;
        plan = of;
    }
    std::string say(std::string const& what) const { return "test " + first->str() + what + and_more(count - 1); }
};

/// Goes through all tests, one by one, with those who planned it and those who saw it.
class test_audit {
public:
    /// `wanted`: of each cut the plan whose list hash is to be compared, or none.
    test_audit(plan_book const& book, std::vector<shard_plan const*> wanted, settlement& to)
        : book_(book), wanted_(std::move(wanted)), to_(to), seen_in_(book.part.back() + 1U, nobody),
          broken_in_(seen_in_), lost_(seen_in_.size()), unplanned_(book.plans_of.size()), hashes_(wanted_.size()) {}

    void run() {
        test_pairs::const_iterator planned = book_.planned.begin();
        test_pairs::const_iterator running = book_.running.begin();
        test_pairs::const_iterator seen = book_.seen.begin();
        test_pairs::const_iterator begun = book_.begun.begin();
        for (test_ = 0; test_ < book_.ids.size(); ++test_) {
            pairs const planners = take(planned, book_.planned);
            for (std::uint64_t const each : take(seen, book_.seen)) see(other_of(each), planners);
            pairs const told = take(begun, book_.begun);
            for (std::uint64_t const each : take(running, book_.running)) interrupt(other_of(each), told);
            account(planners);
        }
        tell();
    }

private:
    using pairs = std::span<std::uint64_t const>;
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    pairs take(test_pairs::const_iterator& at, test_pairs const& list) const {
        auto const first = at;
        while (at != list.end() && *at >> test_shift == test_) ++at;
        return {first, at};
    }
    test_id const& id() const { return *book_.ids[test_]; }
    shard_plan const& plan(std::uint32_t number) const { return *book_.plans[number]; }

    /// The test is accounted for in every part that the worker had a plan of. The shorter of two lists is gone
    /// through, as one worker may have a thousand plans, or one test be in a thousand.
    void see(std::uint32_t worker, pairs planners) {
        auto const& mine = book_.plans_of[worker];
        bool was_planned = false;
        if (mine.size() <= planners.size()) {
            for (std::uint32_t const p : mine) {
                seen_in_[book_.part[p]] = test_;
                auto const pair = std::uint64_t{test_} << test_shift | p;
                was_planned = was_planned || std::binary_search(planners.begin(), planners.end(), pair);
            }
        } else {
            for (std::uint64_t const each : planners) {
                std::uint32_t const part = book_.part[other_of(each)];
                was_planned = was_planned || book_.worker[other_of(each)] == worker;
                auto const at =
                    std::lower_bound(mine.begin(), mine.end(), part,
                                     [this](std::uint32_t p, std::uint32_t wanted) { return book_.part[p] < wanted; });
                if (at != mine.end() && book_.part[*at] == part) seen_in_[part] = test_;
            }
        }
        if (!was_planned) unplanned_[worker].add(id(), book_.plans[mine.front()]);
    }

    /// `told`: the workers that have an entry of it, as they had results of it.
    void interrupt(std::uint32_t number, pairs told) {
        std::uint32_t const part = book_.part[number];
        if (seen_in_[part] == test_) return;
        broken_in_[part] = test_;
        auto const entry = std::uint64_t{test_} << test_shift | book_.worker[number];
        if (!std::binary_search(told.begin(), told.end(), entry)) add(plan(number), test_outcome::crashed);
    }

    void account(pairs planners) {
        for (std::size_t i = 0, first_of_cut = 0; i < planners.size(); ++i) {
            std::uint32_t const number = other_of(planners[i]);
            std::uint32_t const part = book_.part[number];
            if (!same_cut(&plan(other_of(planners[first_of_cut])), &plan(number))) first_of_cut = i;
            if (i == 0 || book_.cut[other_of(planners[i - 1])] != book_.cut[number]) {
                std::uint32_t const cut = book_.cut[number];
                if (wanted_[cut] != nullptr) hashes_[cut].push_back(hash_of_id(id().str()));
            }
            // The last plan of the part, that of its last attempt, speaks for it.
            if (i + 1 < planners.size() && book_.part[other_of(planners[i + 1])] == part) continue;
            std::uint32_t const first_part = book_.part[other_of(planners[first_of_cut])];
            if (part != first_part) twice_[{first_part, part}].add(id(), &plan(number));
            if (seen_in_[part] == test_ || broken_in_[part] == test_) continue;
            add(plan(number), test_outcome::not_run);
            lost_[part].add(id(), &plan(number));
        }
    }

    void add(shard_plan const& of, test_outcome outcome) {
        to_.tests.push_back(
            {id(), of.attempt, of.worker, 0, {.name = std::string(short_name(id())), .outcome = outcome}});
    }
    void add(fault_kind kind, std::string where, std::string what) {
        to_.faults.push_back({kind, std::move(where), std::move(what)});
    }

    void tell() {
        for (some_tests const& tests : lost_) {
            if (tests.count == 0) continue;
            add(fault_kind::unaccounted_test, place_of(*tests.plan),
                tests.say(" was planned and nothing is known of it"));
        }
        for (some_tests const& tests : unplanned_) {
            if (tests.count == 0) continue;
            add(fault_kind::unplanned_test, place_of(*tests.plan), tests.say(" ran and was not planned"));
        }
        for (auto const& [parts, tests] : twice_) {
            auto const at = std::lower_bound(book_.part.begin(), book_.part.end(), parts.first);
            shard_plan const& other = plan(static_cast<std::uint32_t>(at - book_.part.begin()));
            add(fault_kind::other_list, place_of_run(other),
                tests.say(" is planned in " + part_text(other) + in_brackets(place_of(other)) + " and in " +
                          part_text(*tests.plan) + in_brackets(place_of(*tests.plan))));
        }
        for (std::size_t cut = 0; cut < wanted_.size(); ++cut) {
            if (wanted_[cut] == nullptr) continue;
            std::size_t const count = hashes_[cut].size();
            if (hash_of_hashes(std::move(hashes_[cut])) == wanted_[cut]->list_hash) continue;
            add(fault_kind::other_list, place_of_run(*wanted_[cut]),
                "the parts together are not the list they were cut from: " + std::to_string(count) +
                    " tests are planned" + in_brackets(place_of(*wanted_[cut])));
        }
    }

    plan_book const& book_;
    std::vector<shard_plan const*> wanted_;
    settlement& to_;
    std::uint32_t test_ = 0;
    std::vector<std::uint32_t> seen_in_;    ///< of each part the last test that it accounts for
    std::vector<std::uint32_t> broken_in_;  ///< the same of those that were interrupted
    std::vector<some_tests> lost_;          ///< of each part
    std::vector<some_tests> unplanned_;     ///< of each worker
    std::map<std::pair<std::uint32_t, std::uint32_t>, some_tests> twice_{};  ///< of two parts
    std::vector<std::vector<std::uint64_t>> hashes_;                         ///< of each cut
};

}  // namespace detail

/// Holds plans against the tests that came (wire format, C): every part of a run has to be there, cut from one list,
/// every planned test has to be accounted for, and nothing else may have run. It depends neither on the order of the
/// plans nor on that of the tests, and takes n log n time in both.
///
/// A planned test of which nothing is known is an entry with the outcome `not_run`, one that was running when its
/// process ended one with `crashed`.
inline settlement settle(std::vector<shard_plan> const& plans, std::vector<test_entry> const& tests) {
    settlement made;
    if (plans.empty()) return made;
    auto list = detail::sorted_plans(plans);
    detail::judge_runs(list, made.faults);
    detail::judge_outputs(list, made.faults);
    auto const is_open = detail::judge_ends(list, made.faults);
    std::vector<shard_plan const*> wanted;
    detail::for_each_group(detail::plan_span(list), detail::same_cut,
                           [&](detail::plan_span cut) { wanted.push_back(detail::judge_cut(cut, made.faults)); });
    auto const book = detail::book_of(std::move(list), is_open, tests);
    detail::test_audit(book, std::move(wanted), made).run();
    std::sort(made.faults.begin(), made.faults.end());
    std::sort(made.tests.begin(), made.tests.end(),
              [](test_entry const& a, test_entry const& b) { return report_order(a, b); });
    // Two outputs of one worker may break off in one test.
    made.tests.erase(std::unique(made.tests.begin(), made.tests.end()), made.tests.end());
    return made;
}

/// What follows from the plans that were merged into a session; nothing for a type of session that knows no plans.
template <class S>
settlement settlement_of(S const& session) {
    if constexpr (requires { session.plans(); }) {
        return settle(session.plans(), session.tests());
    } else {
        return {};
    }
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/report/report.hpp, again
// ---- rampart/session/session.hpp
#ifndef RAMPART_SESSION_SESSION_HPP
#define RAMPART_SESSION_SESSION_HPP

// ---- rampart/collect/marks.hpp
#ifndef RAMPART_COLLECT_MARKS_HPP
#define RAMPART_COLLECT_MARKS_HPP


#include <optional>
#include <string>
#include <vector>

namespace rampart::inline v1 {

/// What a test says of itself beside its body. In a doctest suite the decorators fill it.
struct test_marks {
    std::string harm_category{};           ///< for results that name none of their own (B31)
    std::optional<trial_options> trial{};  ///< the test is repeated
    std::string group{};                   ///< tests of one group stay on one worker
    std::vector<std::string> uses{};       ///< guarded resources the test declares
    friend bool operator==(test_marks const&, test_marks const&) = default;
};

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/session.hpp, again
// ---- rampart/session/attempts.hpp
#ifndef RAMPART_SESSION_ATTEMPTS_HPP
#define RAMPART_SESSION_ATTEMPTS_HPP


#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace rampart::inline v1::detail {

/// Which attempt at a test came last. What this process absorbed itself stands in its list of tests, where the last
/// entry of a test knows the most; what others told stands here.
class attempt_book {
public:
    /// The latest attempt that others told of; 0: none.
    std::uint32_t told(test_id const& id) const {
        auto const known = told_.find(id.str());
        return known == told_.end() ? 0U : known->second;
    }
    void tell(test_id const& id, std::uint32_t attempt) { told_[id.str()] = attempt; }
    /// The latest of all at a test that this process runs; 0: none.
    std::uint32_t last(test_id const& id, std::vector<test_entry> const& tests) const {
        auto const hash = [](test_id const& of) { return (place_hash() << of.str()).value(); };
        std::uint32_t latest = told(id);
        places_.catch_up(tests, [&hash](test_entry const& t) { return hash(t.test); });
        places_.any(hash(id), [&](std::size_t at) {
            test_entry const& t = tests[at];
            bool const is_it = t.worker.empty() && t.test == id;
            if (is_it) latest = std::max(latest, t.attempt);
            return is_it;
        });
        return latest;
    }
    /// The list of tests was moved away.
    void forget_places() noexcept { places_.clear(); }

private:
    mutable place_index places_{};
    std::unordered_map<std::string, std::uint32_t> told_{};
};

}  // namespace rampart::inline v1::detail

#endif
// ---- rampart/session/session.hpp, again
// ---- rampart/session/session_concept.hpp
#ifndef RAMPART_SESSION_SESSION_CONCEPT_HPP
#define RAMPART_SESSION_SESSION_CONCEPT_HPP


#include <concepts>
#include <vector>

namespace rampart::inline v1 {

/// Something a report can be built from: it lists its records, its tests, its trial specs and its faults, and knows the
/// run's metadata and duration.
template <class S>
concept Session = requires(S const& s) {
    typename S::result_type;
    requires Result<typename S::result_type>;
    { s.records() } -> std::convertible_to<std::vector<basic_record<typename S::result_type>>>;
    { s.tests() } -> std::convertible_to<std::vector<test_entry>>;
    { s.trial_specs() } -> std::convertible_to<std::vector<trial_spec>>;
    { s.faults() } -> std::convertible_to<std::vector<fault>>;
    { s.report_metadata() } -> std::convertible_to<metadata>;
    { s.duration_seconds() } -> std::convertible_to<double>;
};

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/session.hpp, again
// ---- rampart/session/shard.hpp
#ifndef RAMPART_SESSION_SHARD_HPP
#define RAMPART_SESSION_SHARD_HPP


#include <string>
#include <vector>

namespace rampart::inline v1 {

/// What one process learnt, as a plain value: it can be serialized, carried and merged. With filed records it can be
/// merged in this process only.
template <Result R>
struct basic_shard {
    std::string worker{};
    std::vector<basic_record<R>> records{};
    std::vector<test_entry> tests{};
    std::vector<trial_spec> trial_specs{};
    std::vector<fault> faults{};
    std::vector<shard_plan> plans{};  ///< what the processes behind it set out to do
    record_list<R> filed{};           ///< further records, whose values stayed in their files
};
/// Of rampart's own results.
using shard = basic_shard<result>;

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/session.hpp, again
// ---- rampart/session/shard_table.hpp
#ifndef RAMPART_SESSION_SHARD_TABLE_HPP
#define RAMPART_SESSION_SHARD_TABLE_HPP


#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

/// \file
/// The processes behind a merged run, a row each.

namespace rampart::inline v1 {

/// How far a process came.
enum class shard_state : unsigned char {
    finished,     ///< it came to a clean end, and nothing of its part is left
    stopped,      ///< it came to a clean end before all tests of its part had run
    ended_early,  ///< it died, or its output was cut off
    superseded,   ///< it ended early, and a later attempt at its part came
    never_began,  ///< nothing of this part came
    unplanned,    ///< results came that no plan belongs to, as a Python worker's
};

[[nodiscard]] constexpr std::string_view to_string(shard_state s) noexcept {
    constexpr std::string_view names[] = {"finished",   "stopped",     "ended_early",
                                          "superseded", "never_began", "unplanned"};
    return names[static_cast<unsigned char>(s)];
}

/// One process; or parts that never began, those that are neighbours in one row.
struct shard_row {
    shard_state state = shard_state::finished;  ///< how far it came
    std::string run{};
    std::uint32_t index = 0;       ///< which part, from 0
    std::uint32_t last_index = 0;  ///< another than `index` where the row is several parts that never began
    std::uint32_t count = 0;       ///< of so many parts; 0: nobody said
    std::uint32_t attempt = 0;     ///< from 1; 0 where there was none
    std::string worker{};
    std::string host{};       ///< empty: unknown
    std::int64_t pid = 0;     ///< 0: unknown
    std::string started{};    ///< ISO 8601; empty: unknown
    std::size_t planned = 0;  ///< tests
    std::size_t not_run = 0;  ///< tests of its part that nothing is known of, where this is the part's last attempt
    std::optional<shard_tally> tally{};  ///< none: nobody counted
    friend bool operator==(shard_row const&, shard_row const&) = default;
};

/// How many parts or processes a row stands for.
[[nodiscard]] constexpr std::uint64_t size_of(shard_row const& r) noexcept {
    return std::uint64_t{r.last_index} - r.index + 1;
}

namespace detail {

[[nodiscard]] constexpr bool is_failed(test_outcome o) noexcept {
    return o == test_outcome::failed || o == test_outcome::crashed || o == test_outcome::timeout;
}

/// Counts the tests of one process. `each(f)` calls `f(test_entry const&)` with those that ended; it is called twice.
template <class Each>
void count_tests(shard_tally& to, std::vector<trial_spec> const& specs, Each each) {
    std::unordered_set<std::string_view> trials;
    for (trial_spec const& s : specs) trials.insert(s.clone.str());
    auto const failed = [&trials](test_entry const& e) {
        return is_failed(e.facts.outcome) && !trials.contains(e.test.str());
    };
    bool again = false;
    each([&](test_entry const& e) {
        again = again || e.attempt != 1;
        if (std::isfinite(e.facts.seconds)) to.seconds += e.facts.seconds;
    });
    if (!again) {
        each([&](test_entry const& e) {
            ++to.ran;
            to.failed += failed(e) ? 1U : 0U;
        });
        return;
    }
    std::map<std::string_view, bool> tests;  // whether it failed
    each([&](test_entry const& e) { tests[e.test.str()] |= failed(e); });
    to.ran += tests.size();
    for (auto const& each_test : tests) to.failed += each_test.second ? 1U : 0U;
}

inline void count_result(shard_tally& to, safety_status s) noexcept {
    ++to.results;
    to.unsafe += s == safety_status::unsafe ? 1U : 0U;
    to.errors += s == safety_status::error ? 1U : 0U;
}

/// Whether an entry only says that a test began: its process ended while it ran.
[[nodiscard]] inline bool was_running(shard_plan const& p, test_entry const& e) {
    if (e.facts.outcome != test_outcome::crashed && e.facts.outcome != test_outcome::unknown) return false;
    return std::find(p.running.begin(), p.running.end(), e.test) != p.running.end();
}

/// What the process of this plan did. `tests` are its own, and `count_results(f)` calls `f` for each of its results
/// with a function that gives the status.
template <class CountResults>
[[nodiscard]] shard_tally tally_of(shard_plan const& plan, std::vector<test_entry> const& tests,
                                   std::vector<trial_spec> const& specs, CountResults count_results) {
    shard_tally made;
    count_tests(made, specs, [&](auto f) {
        for (test_entry const& e : tests) {
            if (e.facts.outcome != test_outcome::not_run && !was_running(plan, e)) f(e);
        }
    });
    count_results([&made](auto status) {
        try {
            count_result(made, status());
        } catch (...) {
            // A foreign type's `result_traits` threw; the session says so when it takes the result.
        }
    });
    return made;
}

/// The plan of this session's own process, with what it did so far.
template <class Session>
[[nodiscard]] shard_plan counted_plan(Session const& s) {
    shard_plan made = *s.plan();
    if (made.tally) return made;
    // What it merged from others has their names, but for what it resumed, which is its own.
    bool const alone = s.plans().empty();
    std::vector<test_entry> mine;
    for (test_entry const& e : s.tests()) {
        if (alone || e.worker.empty()) mine.push_back(e);
    }
    made.tally = tally_of(made, mine, s.trial_specs(), [&](auto count) {
        for (std::size_t i = 0; i < s.records().size(); ++i) {
            if (alone || s.records().worker(i).empty()) count([&s, i] { return s.records().status(i); });
        }
    });
    return made;
}

/// `host pid started`, as a journal's reader puts it; whatever else it may be is passed over.
inline void read_process(std::string_view process, shard_row& to) {
    auto const second = process.rfind(' ');
    auto const first = second == 0 || second == std::string_view::npos ? second : process.rfind(' ', second - 1);
    if (first == std::string_view::npos || second == 0) return;
    auto const pid = process.substr(first + 1, second - first - 1);
    std::int64_t number = 0;
    auto const read = std::from_chars(pid.data(), pid.data() + pid.size(), number);
    if (read.ec != std::errc() || read.ptr != pid.data() + pid.size()) return;
    to.host = process.substr(0, first);
    to.pid = number;
    to.started = process.substr(second + 1);
}

/// The rows of one cut: a row for each plan, and those of the parts between them.
inline void add_rows(plan_span cut, std::vector<shard_row>& rows) {
    shard_plan const& any = *cut.front();
    std::uint32_t next = 0;  // the first part that has no row yet
    auto const missing = [&](std::uint32_t first, std::uint32_t end) {
        if (first >= end) return;
        rows.push_back({.state = shard_state::never_began,
                        .run = any.run,
                        .index = first,
                        .last_index = end - 1,
                        .count = any.count});
    };
    for_each_group(cut, same_part, [&](plan_span part) {
        missing(next, std::min(part.front()->index, any.count));
        next = part.front()->index + 1;
        for (shard_plan const* p : part) {
            shard_row row{.run = p->run,
                          .index = p->index,
                          .last_index = p->index,
                          .count = p->count,
                          .attempt = p->attempt,
                          .worker = p->worker,
                          .planned = p->tests.size(),
                          .tally = p->tally};
            if (!p->closed || p->torn || !p->running.empty()) {
                row.state = part.back()->attempt > p->attempt ? shard_state::superseded : shard_state::ended_early;
            }
            read_process(p->process, row);
            rows.push_back(std::move(row));
        }
    });
    missing(next, any.count);
}

/// A row for each worker that has tests and no plan.
template <class Records>
void add_unplanned(std::vector<shard_plan> const& plans, std::vector<test_entry> const& tests, Records const& records,
                   std::vector<trial_spec> const& specs, std::vector<shard_row>& rows) {
    std::unordered_set<std::string_view> planned;
    for (shard_plan const& p : plans) planned.insert(p.worker);
    std::map<std::string_view, std::vector<test_entry const*>> others;
    std::string_view last;  // of those that have a plan: neighbours mostly are one worker's
    for (test_entry const& e : tests) {
        if (e.worker.empty() || e.worker == last) continue;
        if (planned.contains(e.worker)) {
            last = e.worker;
        } else {
            others[e.worker].push_back(&e);
        }
    }
    if (others.empty()) return;
    std::map<std::string_view, shard_tally> tallies;
    for (auto& [worker, list] : others) {
        // In report order, so that the sum of the seconds is the same however they came.
        std::sort(list.begin(), list.end(), [](auto const* a, auto const* b) { return report_order(*a, *b); });
        auto const& mine = list;
        count_tests(tallies[worker], specs, [&mine](auto f) {
            for (test_entry const* e : mine) {
                if (e->facts.outcome != test_outcome::not_run) f(*e);
            }
        });
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto const at = tallies.find(records.worker(i));
        if (at != tallies.end()) count_result(at->second, records.status(i));
    }
    for (auto const& [worker, tally] : tallies) {
        rows.push_back({.state = shard_state::unplanned, .worker = std::string(worker), .tally = tally});
    }
}

}  // namespace detail

/// The processes behind a run whose plans were merged: by run, part and attempt, then those without a plan. Parts that
/// never began have rows. Empty without a plan; the order in which things came does not matter.
///
/// `settled` is what follows from the plans, `tests` and `records` what was merged.
template <class Records>
[[nodiscard]] std::vector<shard_row> shard_table(std::vector<shard_plan> const& plans, settlement const& settled,
                                                 std::vector<test_entry> const& tests, Records const& records,
                                                 std::vector<trial_spec> const& specs) {
    std::vector<shard_row> rows;
    if (plans.empty()) return rows;
    auto const list = detail::sorted_plans(plans);
    detail::for_each_group(detail::plan_span(list), detail::same_cut,
                           [&rows](detail::plan_span cut) { detail::add_rows(cut, rows); });

    // A test that is not accounted for stands under the last attempt at its part.
    std::map<std::pair<std::string_view, std::uint32_t>, shard_row*> last;
    for (shard_row& row : rows) {
        if (row.state != shard_state::never_began) last[{row.worker, row.attempt}] = &row;
    }
    test_entry const* before = nullptr;
    shard_row* row = nullptr;
    for (test_entry const& e : settled.tests) {
        if (e.facts.outcome != test_outcome::not_run) continue;
        if (before == nullptr || before->worker != e.worker || before->attempt != e.attempt) {
            auto const at = last.find({e.worker, e.attempt});
            row = at == last.end() ? nullptr : at->second;
            before = &e;
        }
        if (row == nullptr) continue;
        ++row->not_run;
        if (row->state == shard_state::finished) row->state = shard_state::stopped;
    }
    detail::add_unplanned(plans, tests, records, specs, rows);
    return rows;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/session.hpp, again
// ---- rampart/session/washing.hpp
#ifndef RAMPART_SESSION_WASHING_HPP
#define RAMPART_SESSION_WASHING_HPP


#include <string>
#include <utility>

/// \file
/// A text policy for everything that a session takes in (wire format, B7).

namespace rampart::inline v1::detail {

inline void wash(text_policy policy, std::string& text) { apply(policy, text); }
inline void wash(text_policy policy, test_id& id) {
    if (policy == text_policy::keep) return;
    std::string text = id.str();
    apply(policy, text);
    if (text != id.str()) id = test_id(std::move(text));
}
inline void wash(text_policy policy, fault& f) {
    apply(policy, f.where);
    apply(policy, f.what);
}
inline void wash(text_policy policy, trial_spec& s) {
    wash(policy, s.clone);
    wash(policy, s.base);
}
inline void wash(text_policy policy, test_entry& t) {
    wash(policy, t.test);
    for (std::string* const text : {&t.worker, &t.facts.name, &t.facts.file, &t.facts.detail}) apply(policy, *text);
    for (std::string& name : t.facts.unused) apply(policy, name);
}
inline void wash(text_policy policy, shard_plan& p) {
    for (std::string* const text : {&p.run, &p.worker, &p.list_hash, &p.process, &p.source}) apply(policy, *text);
    for (test_id& id : p.tests) wash(policy, id);
    for (test_id& id : p.running) wash(policy, id);
}
/// What stands around the value of a record.
template <Result R>
void wash_head(text_policy policy, basic_record<R>& r) {
    wash(policy, r.test);
    for (std::string* const text : {&r.test_name, &r.worker, &r.harm_category}) apply(policy, *text);
}
/// The value, where its type shows its texts.
template <Result R>
void wash_value(text_policy policy, R& value) {
    if constexpr (requires { result_traits<R>::for_each_text(value, [](std::string&) {}); }) {
        if (policy == text_policy::keep) return;
        result_traits<R>::for_each_text(value, [policy](std::string& text) { apply(policy, text); });
    }
}

}  // namespace rampart::inline v1::detail

#endif
// ---- rampart/session/session.hpp, again

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// Whether the values of a shard's records have been put through the session's text policy.
enum class values_are : bool { as_they_came, washed };

/// What one process learnt, or what a controller gathered from many: records, trial specs, and faults.
///
/// Text that comes in is put through the session's text policy, at absorb and at merge alike, so that the same run
/// gives the same report in one process and in many (wire format, B7). Merging is independent of the order of the
/// shards, and of how often each comes: whatever a session lists in order of arrival, the report sorts (wire format,
/// C). Records that were merged from files may stay there: see `hold_at_most` and `record_list`.
///
/// A session is used by one thread at a time.
template <Result R>
class basic_session {
public:
    using result_type = R;

    basic_session() = default;
    explicit basic_session(rampart::text_policy text) : text_(text) {}
    rampart::text_policy text_policy() const noexcept { return text_; }

    /// How many bytes of results, as they stand in their files, `merge_file` and `merge_path` hold in memory from now
    /// on: 64 MiB where nothing is said. What comes after that stays in its file and is read again when the report is
    /// written, so that the files have to stay as they are until then; a report sink says so when they did not.
    void hold_at_most(std::size_t bytes) noexcept { from_files_.room = bytes; }
    /// For what merges files: what is left of that, and where the others are read again.
    detail::file_room<R>& file_room() noexcept { return from_files_; }

    /// Takes what a test recorded, also when that is nothing (B29, B31). A second call for the same test is a further
    /// attempt; the earlier one is kept (B33). Does not throw for what `result_traits` of a foreign type throws: that
    /// one result is lost, which a fault says, and its siblings are kept (B34).
    void absorb(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts = {}) {
        take_in(test, marks, std::move(results), std::move(facts), true);
    }
    /// The same of a test that this session has not absorbed before, as the caller knows: nothing is looked up.
    void absorb_first(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts = {}) {
        take_in(test, marks, std::move(results), std::move(facts), false);
    }
    /// So many tests will be absorbed.
    void expect_tests(std::size_t count) { tests_.reserve(tests_.size() + count); }
    /// Says which attempt the next `absorb` of this test is, where other processes have run it before.
    void expect_attempt(test_id const& test, std::uint32_t next) {
        attempts_.tell(test_id{clean(test.str())}, next - 1);
    }
    /// Which attempt the next `absorb` of this test is.
    std::uint32_t next_attempt(test_id const& test) const {
        return attempts_.last(test_id{clean(test.str())}, tests_) + 1;
    }

    /// Says that `clone` is a trial of `base`. Specs for one clone that disagree leave one fault, and the choice
    /// between them does not depend on which came first: the base that sorts first, then the higher threshold (B50,
    /// B51). A threshold that is no number leaves a fault, and 1 is taken (B49).
    void register_trial_spec(trial_spec spec) {
        spec.clone = test_id{clean(spec.clone.str())};
        spec.base = test_id{clean(spec.base.str())};
        if (spec.threshold != spec.threshold) {
            merge_fault({fault_kind::incomplete, spec.clone.str(), "this trial's threshold is no number; 1 is taken"});
            spec.threshold = 1.0;
        }
        auto const [at, is_new] = specs_.try_emplace(spec.clone, spec);
        trial_spec& known = at->second;
        if (is_new || known == spec) return;
        merge_fault({fault_kind::trial_conflict, spec.clone.str(),
                     "two processes disagree about this trial's test or threshold; the stricter one is taken"});
        auto const rank = [](trial_spec const& s) { return std::pair(s.base, -s.threshold); };
        if (rank(spec) < rank(known)) known = std::move(spec);
    }
    /// Registers them, one by one.
    void merge_trial_specs(std::vector<trial_spec> specs) {
        for (trial_spec& s : specs) register_trial_spec(std::move(s));
    }

    /// What this process itself sets out to do. It is carried to where this session is merged, and judged there.
    void set_plan(shard_plan mine) {
        wash(mine);
        own_plan_ = std::move(mine);
    }
    /// What was set with `set_plan`.
    std::optional<shard_plan> const& plan() const noexcept { return own_plan_; }
    /// The plans that were merged, each once. What follows from them is `settlement_of` to say.
    std::vector<shard_plan> const& plans() const& noexcept { return plans_; }
    /// The plans that were merged; none is left.
    std::vector<shard_plan> plans() && {
        plan_places_.clear();
        return std::exchange(plans_, {});
    }

    /// Takes a shard. Its records, tests and plans are named after `from.worker`, whatever they said before (B79,
    /// B82); where that is empty, each keeps the worker that it has, as when one gathering session is merged into
    /// another.
    ///
    /// What is there already changes nothing. A record or test that claims the place of another and differs is kept
    /// beside it, and leaves a `duplicate_record`. Of equal faults as many are kept as one side alone has.
    void merge_worker_results(basic_shard<R> from) { merge_worker_results(std::move(from), equal_results()); }

    /// The same with an own idea of which results are the same: `same(R const&, R const&)`, which is asked only about
    /// records that claim one place. It has to be an equivalence, or the order of merging shows. `values_are::washed`
    /// is for a reader that has put the values of `from.records` through this session's text policy already.
    template <class Same>
        requires std::predicate<Same const&, R const&, R const&>
    void merge_worker_results(basic_shard<R> from, Same same, values_are values = values_are::as_they_came) {
        auto const rename = [&from](std::string& worker) {
            if (!from.worker.empty()) worker = from.worker;
        };
        std::vector<fault> brought;
        auto const take_record = [&](basic_record<R>&& r) {
            rename(r.worker);
            auto lost = detail::lost_by_throwing([&r] { return place_in_worker(r.worker, r.test.str()); }, r.index,
                                                 [&] {
                                                     detail::wash_head(text_, r);
                                                     if (values == values_are::as_they_came)
                                                         detail::wash_value(text_, r.value);
                                                     take(std::move(r), same);
                                                 });
            if (lost) brought.push_back(std::move(*lost));
        };
        records_.make_room(from.records.size());
        for (auto& r : from.records) take_record(std::move(r));
        from.records = std::vector<basic_record<R>>();
        if (!from.worker.empty()) from.filed.set_worker(from.worker);
        from.filed.set_text_policy(text_);
        from.filed.for_each_filed_text([this](std::string& text) { wash(text); });
        for (std::size_t i = 0; i < from.filed.size(); ++i) {
            from.filed.is_filed(i) ? take(from.filed, i, same) : take_record(from.filed.take_held(i));
        }
        from.filed.clear();
        for (auto& t : from.tests) {
            rename(t.worker);
            wash(t);
            take(std::move(t));
        }
        for (auto& p : from.plans) {
            rename(p.worker);
            wash(p);
            take(std::move(p));
        }
        merge_trial_specs(std::move(from.trial_specs));
        for (auto& f : from.faults) {
            f.where = place_in_worker(from.worker, f.where);
            brought.push_back(std::move(f));
        }
        merge_faults(std::move(brought));
    }

    /// A fault in words of the caller (B83).
    void mark_incomplete(std::string reason) { add_fault({fault_kind::incomplete, {}, std::move(reason)}); }
    /// Adds a fault, also where an equal one is.
    void add_fault(fault f) {
        wash(f);
        faults_.push_back(std::move(f));
    }
    /// Adds a fault unless an equal one is there: what is said of the same bytes twice is one fault.
    void merge_fault(fault f) {
        std::vector<fault> one;
        one.push_back(std::move(f));
        merge_faults(std::move(one));
    }
    /// Whether something was lost, or may have been; also when that follows from the plans.
    bool is_incomplete() const {
        auto const any_lost = [](std::vector<fault> const& faults) {
            return std::any_of(faults.begin(), faults.end(), [](fault const& f) { return loses(f.kind); });
        };
        return any_lost(faults_) || any_lost(settlement_of(*this).faults);
    }
    /// One line for each fault that lost something, in the order in which they came (B83); then those that follow from
    /// the plans, sorted.
    std::vector<std::string> incomplete_reasons() const {
        std::vector<std::string> reasons;
        auto const add = [&reasons](std::vector<fault> const& faults) {
            for (fault const& f : faults) {
                if (loses(f.kind)) reasons.push_back(reason(f));
            }
        };
        add(faults_);
        add(settlement_of(*this).faults);
        return reasons;
    }

    /// Adds run metadata for the report, key by key; later wins (B38).
    void set_report_metadata(metadata more) {
        auto const wash = [this](std::string& text) { apply(text_, text); };
        for_each_text(more, wash);
        for (metadata_member& m : more) meta_.set(m.key, std::move(m.value));
    }
    /// The run metadata.
    metadata const& report_metadata() const& noexcept { return meta_; }
    /// The run metadata; none is left.
    metadata report_metadata() && { return std::exchange(meta_, {}); }
    /// Wall time of the run, 0 until it is set (B36).
    void set_duration(double seconds) noexcept { duration_ = seconds; }
    double duration_seconds() const noexcept { return duration_; }

    // A session that is given up hands its lists over; they are empty then.
    record_list<R> const& records() const& noexcept { return records_; }
    record_list<R> records() && {
        record_places_.clear();
        return std::exchange(records_, record_list<R>(text_));
    }
    std::vector<test_entry> const& tests() const& noexcept { return tests_; }
    std::vector<test_entry> tests() && {
        test_places_.clear();
        attempts_.forget_places();
        return std::exchange(tests_, {});
    }
    std::vector<fault> const& faults() const& noexcept { return faults_; }
    std::vector<fault> faults() && {
        fault_places_.clear();
        return std::exchange(faults_, {});
    }
    /// In order of the clones' ids.
    std::vector<trial_spec> trial_specs() const {
        std::vector<trial_spec> list;
        list.reserve(specs_.size());
        for (auto const& entry : specs_) list.push_back(entry.second);
        return list;
    }

    /// The results of each test as they came, all in memory then; a test that recorded nothing has an empty list.
    std::map<test_id, std::vector<R>> results_by_nodeid() const {
        std::map<test_id, std::vector<R>> found;
        for (test_entry const& t : tests_) found[t.test];
        for (basic_record<R> const& r : records_) found[r.test].push_back(r.value);
        return found;
    }

    /// A copy of what the session knows, for elsewhere and under this worker's name; all records are in memory then.
    basic_shard<R> to_shard(std::string worker) const {
        auto plans = plans_;
        if (own_plan_) {
            plans.push_back(detail::counted_plan(*this));
            plans.back().worker = worker;
        }
        return {std::move(worker), records_.to_vector(), tests_, trial_specs(), faults_, std::move(plans)};
    }

private:
    std::string clean(std::string text) const {
        apply(text_, text);
        return text;
    }
    template <class T>
    void wash(T& what) const {
        detail::wash(text_, what);
    }

    void take_in(test_id const& test, test_marks const& marks, std::vector<R> results, test_facts facts,
                 bool may_be_again) {
        if (facts.name.empty()) facts.name = std::string(short_name(test));
        test_entry entry{test, 1, {}, 0, std::move(facts)};
        wash(entry);
        entry.attempt = (may_be_again ? attempts_.last(entry.test, tests_) : attempts_.told(entry.test)) + 1;
        auto const where = [&entry] { return entry.test.str(); };
        std::uint32_t index = 0;
        for (R& r : results) {
            auto lost = detail::lost_by_throwing(where, index, [&] {
                std::string harm{std::string_view(result_traits<R>::harm_category(r))};
                if (harm.empty()) harm = marks.harm_category;
                basic_record<R> made{entry.test, entry.facts.name, index,       entry.attempt,
                                     {},         std::move(harm),  std::move(r)};
                detail::wash_head(text_, made);
                detail::wash_value(text_, made.value);
                records_.push_back(std::move(made));
            });
            if (lost) add_fault(std::move(*lost));
            ++index;
        }
        entry.results = index;
        tests_.push_back(std::move(entry));
    }
    template <class Same>
    void take(basic_record<R>&& r, Same const& same) {
        auto const key = detail::key_of(r);
        if (take(
                key, r.test_name, r.harm_category, same, [&r]() -> R const& { return r.value; },
                [&] { records_.push_back(std::move(r)); })) {
            dispute_last();
        }
    }
    /// A record of a list that is filed there. It is read only where another claims its place.
    template <class Same>
    void take(record_list<R> const& from, std::size_t i, Same const& same) {
        std::shared_ptr<basic_record<R> const> read;
        auto const value = [&]() -> R const& {
            if (read == nullptr) read = from.load(i);
            return read->value;
        };
        if (take(detail::key_of(from, i), from.test_name(i), from.harm_category(i), same, value,
                 [&] { records_.push_back(from, i); })) {
            dispute_last();
        }
    }
    /// True if it has to stand beside another that claims its place.
    template <class Same, class Value, class Push>
    bool take(detail::record_key const& key, std::string_view name, std::string_view harm, Same const& same,
              Value value, Push push) {
        record_places_.catch_up(records_);
        auto const claim = detail::claim_place(
            record_places_, detail::hash_of_place(key),
            [&](std::size_t at) { return detail::key_of(records_, at) == key; },
            [&](std::size_t at) {
                try {
                    return records_.test_name(at) == name && records_.harm_category(at) == harm &&
                           same(records_.load(at)->value, value());
                } catch (...) {
                    return false;  // two that cannot be compared are both kept
                }
            });
        if (!claim.known) push();
        return claim.disputed;
    }
    void dispute_last() {
        std::size_t const last = records_.size() - 1;
        dispute(records_.worker(last), records_.test(last), records_.attempt(last),
                ", result " + std::to_string(records_.index(last)));
    }
    void take(test_entry&& t) {
        // What this process runs after it took its own earlier output is a further attempt.
        if (t.worker.empty()) {
            attempts_.tell(t.test, std::max(attempts_.last(t.test, tests_), t.attempt));
        }
        if (!detail::take_once(std::move(t), tests_, test_places_, std::equal_to<test_entry>())) return;
        dispute(tests_.back().worker, tests_.back().test, tests_.back().attempt, "");
    }
    void dispute(std::string_view worker, test_id const& test, std::uint32_t attempt, std::string const& rest) {
        merge_fault({fault_kind::duplicate_record, place_in_worker(worker, test.str()),
                     "attempt " + std::to_string(attempt) + rest + " stands more than once, and differs"});
    }
    void take(shard_plan&& p) {
        plan_places_.catch_up(plans_);
        std::size_t compared = 0;
        bool known = false;
        plan_places_.any(detail::hash_of_place(p), [&](std::size_t at) {
            known = equal_but_source(plans_[at], p);
            if (known) detail::join_copies(plans_[at], p);
            return known || ++compared == detail::most_compared;
        });
        if (!known) plans_.push_back(std::move(p));
    }

    /// Of equal faults as many stay as there are on the side that has more.
    void merge_faults(std::vector<fault> more) {
        for (fault& f : more) wash(f);
        auto const is_new = detail::which_are_new(more, faults_, fault_places_);
        for (std::size_t i = 0; i < more.size(); ++i) {
            if (is_new[i]) faults_.push_back(std::move(more[i]));
        }
    }

    rampart::text_policy text_ = rampart::text_policy::escape;
    record_list<R> records_ = record_list<R>(text_);
    detail::file_room<R> from_files_{};
    std::vector<test_entry> tests_{};
    std::map<test_id, trial_spec> specs_{};
    std::vector<fault> faults_{};
    std::optional<shard_plan> own_plan_{};
    std::vector<shard_plan> plans_{};
    detail::place_index record_places_{};
    detail::place_index test_places_{};
    detail::place_index plan_places_{};
    detail::place_index fault_places_{};
    detail::attempt_book attempts_{};
    metadata meta_{};
    double duration_ = 0.0;
};
/// Of rampart's own results.
using session = basic_session<result>;

static_assert(Session<session>);

}  // namespace rampart::inline v1

#endif
// ---- rampart/report/report.hpp, again
// ---- rampart/session/trial_groups.hpp
#ifndef RAMPART_SESSION_TRIAL_GROUPS_HPP
#define RAMPART_SESSION_TRIAL_GROUPS_HPP

// ---- rampart/base/natural_order.hpp
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
// ---- rampart/session/trial_groups.hpp, again
// ---- rampart/guard/ledger.hpp
#ifndef RAMPART_GUARD_LEDGER_HPP
#define RAMPART_GUARD_LEDGER_HPP

// ---- rampart/guard/evidence.hpp
#ifndef RAMPART_GUARD_EVIDENCE_HPP
#define RAMPART_GUARD_EVIDENCE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
# define RAMPART_DETAIL_EVIDENCE_FILES 1
# include <cerrno>
# include <cstdlib>
# include <dirent.h>
# include <fcntl.h>
# include <sys/stat.h>
# include <unistd.h>
#else
# define RAMPART_DETAIL_EVIDENCE_FILES 0
#endif

// Functions here and in guard/ledger.hpp and guard/guard.hpp are templates without a parameter that matters, because
// every test file includes them: a file that calls none of them does not pay for the code of strings and vectors in
// them.

/// \file
/// How a use of a guarded resource is written down by whoever notices it: a wrapper script, a child process, a
/// supervisor. Each test has a folder, whose path is in RAMPART_CASE_DIR while the test runs:
///
///     allow.<resource>    the test declares it (empty)
///     used.<resource>     records of allowed uses
///     blocked.<resource>  records of uses that were refused
///     told.*              how many bytes of a file of records have been read
///
/// A record is made of fields that end with a NUL: the caller's process id and name, the number of words, the words. It
/// is appended by one write, so that many may write at once. The folder of a test that declares nothing is made by who
/// first writes into it.

namespace rampart::inline v1 {

/// One use of a guarded resource, as its guard saw it.
struct guard_use {
    std::string resource{};
    bool allowed = false;
    std::string how{};  ///< what was done, for people: `git status -s`
    std::string by{};   ///< who did it: `sh (pid 123)`; may be empty
    friend bool operator==(guard_use const&, guard_use const&) = default;
};

namespace detail {

/// Whether a resource may be called so: the name becomes part of a file's name, of a script and of a label.
constexpr bool is_guard_name(std::string_view name, bool is_address = false) noexcept {
    if (name.empty() || name.size() > 200 || name.front() == '-' || name.front() == '.') return false;
    for (char const c : name) {
        bool const good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                          c == '_' || c == '+' || c == '-' || (is_address && c == ':');
        if (!good) return false;
    }
    return true;
}

/// Records stay below this, so that one write appends them whole.
inline constexpr std::size_t evidence_words = 16;
inline constexpr std::size_t evidence_word_bytes = 200;

/// What the records in the bytes of one file say. A record that is cut off at the end counts all the same: that the
/// resource was used is known.
template <class = void>
std::vector<guard_use> read_evidence(std::string_view resource, bool allowed, std::string_view bytes) {
    std::vector<guard_use> uses;
    auto const field = [&bytes] {
        auto const end = bytes.find('\0');
        auto const text = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        return std::string(text);
    };
    while (!bytes.empty()) {
        guard_use use{.resource = std::string(resource), .allowed = allowed, .how = {}, .by = {}};
        std::string const pid = field();
        std::string const name = field();
        if (!pid.empty()) use.by = (name.empty() ? "pid " : name + " (pid ") + pid + (name.empty() ? "" : ")");
        std::size_t words = 0;
        for (char const c : field()) {
            if (c >= '0' && c <= '9' && words <= evidence_words) words = words * 10 + static_cast<std::size_t>(c - '0');
        }
        for (std::size_t i = 0; i < words && i < evidence_words && !bytes.empty(); ++i) {
            if (i != 0) use.how += ' ';
            use.how += field();
        }
        uses.push_back(std::move(use));
    }
    // An empty file: whoever wanted to write could not, but the use is a fact.
    if (uses.empty()) uses.push_back({.resource = std::string(resource), .allowed = allowed, .how = {}, .by = {}});
    return uses;
}

#if RAMPART_DETAIL_EVIDENCE_FILES

template <class = void>
bool is_allowed(std::string const& case_dir, std::string_view resource) {
    return ::access((case_dir + "/allow." + std::string(resource)).c_str(), F_OK) == 0;
}

/// The name of a process; empty where the system does not tell.
template <class = void>
std::string name_of_process(long pid) {
    std::string name;
    int const file = ::open(("/proc/" + std::to_string(pid) + "/comm").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return name;
    char buffer[64];
    auto const n = ::read(file, buffer, sizeof buffer);
    ::close(file);
    if (n > 0) name.assign(buffer, static_cast<std::size_t>(n));
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
}

/// Appends one record, and makes the folder where there is none yet. False when it could not be written: the use must
/// be refused then, or it would be lost.
template <class = void>
bool write_evidence(std::string const& case_dir, std::string_view resource, bool allowed,
                    std::vector<std::string> const& words, long caller) {
    int const before = errno;
    std::string record = std::to_string(caller);
    record += '\0';
    record += name_of_process(caller).substr(0, evidence_word_bytes);
    record += '\0';
    std::size_t const count = words.size() < evidence_words ? words.size() : evidence_words;
    record += std::to_string(count);
    record += '\0';
    for (std::size_t i = 0; i < count; ++i) {
        auto const word = std::string_view(words[i]).substr(0, evidence_word_bytes);
        record += word.substr(0, word.find('\0'));
        record += '\0';
    }
    auto const path = case_dir + (allowed ? "/used." : "/blocked.") + std::string(resource);
    int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 && errno == ENOENT && (::mkdir(case_dir.c_str(), 0700) == 0 || errno == EEXIST)) {
        file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    bool written = false;
    if (file >= 0) {
        written = ::write(file, record.data(), record.size()) == static_cast<::ssize_t>(record.size());
        written = ::close(file) == 0 && written;
    }
    errno = before;
    return written;
}

template <class = void>
std::string read_file(std::string const& path) {
    std::string bytes;
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char buffer[4096];
    for (::ssize_t n = 0; file >= 0 && (n = ::read(file, buffer, sizeof buffer)) > 0;) {
        bytes.append(buffer, static_cast<std::size_t>(n));
    }
    if (file >= 0) ::close(file);
    return bytes;
}

/// What has been written into a test's folder since the last call. Nothing when there is no folder.
template <class = void>
std::vector<guard_use> take_evidence(std::string const& case_dir) {
    std::vector<guard_use> uses;
    ::DIR* const folder = ::opendir(case_dir.c_str());
    if (folder == nullptr) return uses;
    std::vector<std::string> names;
    while (auto const* const entry = ::readdir(folder)) names.emplace_back(entry->d_name);
    ::closedir(folder);
    for (std::string const& name : names) {
        bool const allowed = name.starts_with("used.");
        if (!allowed && !name.starts_with("blocked.")) continue;
        auto const told = case_dir + "/told." + name;
        auto const before = read_file(told);
        std::size_t from = 0;
        for (char const c : before) from = c >= '0' && c <= '9' ? from * 10 + static_cast<std::size_t>(c - '0') : from;
        auto const bytes = read_file(case_dir + "/" + name);
        // An empty file says as much as one whose record comes a moment later.
        if (!before.empty() && bytes.size() <= from) continue;
        int const mark = ::open(told.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        auto const count = std::to_string(bytes.size());
        if (mark >= 0) {
            (void)!::write(mark, count.data(), count.size());  // at worst it is told twice
            ::close(mark);
        }
        auto const resource = std::string_view(name).substr(name.find('.') + 1);
        auto const fresh = std::string_view(bytes).substr(from < bytes.size() ? from : bytes.size());
        for (guard_use& use : read_evidence(resource, allowed, fresh)) uses.push_back(std::move(use));
    }
    return uses;
}

/// The folder of the test under which this process runs; empty where there is none.
template <class = void>
std::string case_dir_of_environment() {
    char const* const value = std::getenv("RAMPART_CASE_DIR");
    return value == nullptr ? std::string() : std::string(value);
}

#else

// Without files there is what the process itself notices, and nothing else.
inline bool is_allowed(std::string const&, std::string_view) { return false; }
inline bool write_evidence(std::string const&, std::string_view, bool, std::vector<std::string> const&, long) {
    return false;
}
inline std::vector<guard_use> take_evidence(std::string const&) { return {}; }
inline std::string case_dir_of_environment() { return {}; }

#endif

}  // namespace detail

}  // namespace rampart::inline v1

#undef RAMPART_DETAIL_EVIDENCE_FILES

#endif
// ---- rampart/guard/ledger.hpp, again

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
# include <unistd.h>
#endif

namespace rampart::inline v1 {

/// What is wrong about a use, or about its absence.
enum class breach_kind : unsigned char {
    undeclared,    ///< used, and not declared
    unregistered,  ///< used, and no guard of that name is registered
    unmarked,      ///< a scope that the test entered declares it, the test does not
    unused,        ///< declared, and never used
    late,          ///< used after the test had ended, and not declared
    left_open,     ///< a scope of the test was still open when the test ended
    unknowable,    ///< what the test used cannot be known, because it changed what guards its uses; `how` says what
};

/// One way in which what a test or a scope declares and what it used do not agree.
struct guard_breach {
    breach_kind kind = breach_kind::undeclared;
    std::string resource{};
    std::string scope{};  ///< the scope that it happened in; empty: the test itself
    std::string how{};    ///< of the first use: `git status -s`
    std::string by{};     ///< who did it; may be empty
    friend bool operator==(guard_breach const&, guard_breach const&) = default;
};

/// What is wrong, and the two ways out, in one sentence.
template <class = void>
std::string to_string(guard_breach const& b) {
    std::string const name = "'" + b.resource + "'";
    std::string const mark = "rampart::uses(\"" + b.resource + "\")";
    std::string const who = b.scope.empty() ? std::string("the test") : b.scope;
    std::string evidence = b.how;
    if (!b.by.empty()) evidence += (evidence.empty() ? "" : ", ") + std::string("by ") + b.by;
    if (!evidence.empty()) evidence = " (" + evidence + ")";
    switch (b.kind) {
    case breach_kind::undeclared:
        return who + " used " + name + evidence + " without " +
               (b.scope.empty() ? mark + ": add it" : "declaring it: declare it there") + ", or remove the use";
    case breach_kind::unregistered:
        return who + " used " + name + evidence + ", and no guard of that name is registered: add it to RAMPART_GUARDS";
    case breach_kind::unmarked:
        return who + " uses " + name + ", and the test that stands on it is without " + mark +
               ": add it, or do without the scope";
    case breach_kind::unused:
        return who + " declares " + name + " and never used it: remove " + (b.scope.empty() ? mark : "it there") +
               ", or exercise it";
    case breach_kind::late:
        return who + " used " + name + evidence + " after the test had ended, without " + mark +
               ": end what the test starts before the test ends";
    case breach_kind::left_open:
        return who + " was still open when its test ended: end the scope inside the test";
    case breach_kind::unknowable:
        return "what " + who + " used cannot be known: " + b.how;
    }
    return {};
}

/// All that is wrong with one test, in one line.
template <class = void>
std::string to_string(std::vector<guard_breach> const& breaches) {
    std::string text;
    for (guard_breach const& b : breaches) text += (text.empty() ? "RESOURCE GUARD: " : "; ") + to_string(b);
    return one_line(text);
}

namespace detail {

template <class = void>
bool contains(std::vector<std::string> const& names, std::string_view name) {
    for (std::string const& each : names) {
        if (each == name) return true;
    }
    return false;
}
template <class = void>
void add_once(std::vector<std::string>& names, std::string_view name) {
    if (!contains(names, name)) names.emplace_back(name);
}

/// What a scope declares and has used so far; shared by all entries of a `shared_uses`.
struct guard_scope_state {
    std::string what{};  // `scope_uses at fixture.cpp:12`
    std::vector<std::string> declared{};
    std::vector<std::string> used{};
};

}  // namespace detail

/// What a test did with guarded resources.
struct guard_account {
    std::string test{};
    std::vector<std::string> declared{};
    std::vector<std::string> used{};  ///< declared ones, by the test or by a scope that it entered
    std::vector<guard_breach>
        breaches{};  ///< of its own and of its scopes, each resource once a scope; none is `unused`
};
/// A breach that came when its test had ended, or of no test.
struct late_breach {
    std::string test{};  ///< empty: it belongs to none
    guard_breach breach{};
};

/// Names the test that is running, to be handed to a thread that works for it.
struct guard_handle {
    std::uint64_t ordinal = 0;  ///< 0: no test
    std::string test{};
    std::vector<std::string> declared{};
};

/// Is told where uses that other processes make have to be written down, while scopes come and go. Called under the
/// ledger's lock: it must not ask the ledger.
class guard_places {
public:
    guard_places() = default;
    guard_places(guard_places const&) = delete;
    guard_places& operator=(guard_places const&) = delete;
    /// From now on uses belong to this scope.
    virtual void enter(std::uint64_t scope, std::vector<std::string> const& declared) = 0;
    /// A scope has ended. Gives what other processes used in it. From now on uses belong to the scope `then`; 0: to the
    /// test that is running, or to nobody.
    virtual std::vector<guard_use> leave(std::uint64_t scope, std::uint64_t then) = 0;
    /// This process used something that it may not use, where uses belong now; the first time for each test and scope.
    /// The ledger knows it already: this is for who asks when the process has died.
    virtual void refused(guard_use const& use) = 0;

protected:
    ~guard_places() = default;
};

/// Which resources this process's tests may use and did use. One for each process: a runner opens it, and says when a
/// test begins and ends; whatever notices a use asks it. Any thread may ask.
template <class = void>
class basic_guard_ledger {
public:
    /// Never destroyed: a detached thread may still use something while the process ends.
    static basic_guard_ledger& instance() {
        static basic_guard_ledger* const ledger = new basic_guard_ledger;
        return *ledger;
    }

    // ---- for a runner

    /// From here on uses count. `known`: the names that are registered. Throws `std::logic_error` when it is open.
    void open(std::vector<std::string> known, guard_places* places = nullptr) {
        detail::lock_guard const hold(mutex_);
        if (is_mine()) throw std::logic_error("rampart::guard_ledger: this process is in a run already");
        known_ = std::move(known);
        places_ = places;
        in_test_ = false;  // a forked child has what its parent was at
        scopes_.clear();
        late_.clear();
        __atomic_store_n(&owner_, process_id(), __ATOMIC_RELEASE);
    }
    void close() {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        __atomic_store_n(&owner_, -1L, __ATOMIC_RELEASE);
        in_test_ = false;
        places_ = nullptr;
        scopes_.clear();
        late_.clear();
    }
    /// A test begins, with what it declares.
    void begin_test(std::string test, std::vector<std::string> declared) {
        detail::lock_guard const hold(mutex_);
        ++ordinal_;
        in_test_ = true;
        account_.test = std::move(test);
        account_.declared = std::move(declared);
        account_.used.clear();
        account_.breaches.clear();
    }
    /// The test is over; what still comes for it is late. Its open scopes end here.
    guard_account end_test() {
        detail::lock_guard const hold(mutex_);
        for (std::size_t i = scopes_.size(); i-- > 0;) {
            if (!scopes_[i].of_test) continue;
            add({breach_kind::left_open, {}, scopes_[i].state->what, {}, {}}, true);
            take_out(i, false);
        }
        in_test_ = false;
        guard_account ended = std::move(account_);
        account_.test.clear();  // what is moved from a vector leaves none, but a text may stay
        return ended;
    }
    /// Late uses, and what scopes outside of tests did wrong, since the last call.
    std::vector<late_breach> take_late() {
        detail::lock_guard const hold(mutex_);
        return std::exchange(late_, {});
    }

    // ---- for what notices uses

    /// What becomes of a use: it is of no test, declared, or not.
    enum class answer : unsigned char { outside, allowed, refused };

    /// A use, by this very process. `works_for`: the test that the calling thread works for, if it knows.
    answer use(std::string_view resource, std::string how, guard_handle const* works_for = nullptr) {
        if (!is_mine()) return elsewhere(resource, std::move(how));
        detail::lock_guard const hold(mutex_);
        if (works_for != nullptr && works_for->ordinal != 0 && (!in_test_ || works_for->ordinal != ordinal_)) {
            if (detail::contains(works_for->declared, resource)) return answer::allowed;
            add_late({works_for->test, {breach_kind::late, std::string(resource), {}, std::move(how), {}}});
            return answer::refused;
        }
        open_scope const* const scope = active_scope();
        if (scope == nullptr && !in_test_) return answer::outside;
        guard_use const use{std::string(resource), false, std::move(how), {}};
        auto const so_far = account_.breaches.size() + late_.size();
        if (note(use, scope)) return answer::allowed;
        if (places_ != nullptr && account_.breaches.size() + late_.size() > so_far) places_->refused(use);
        return answer::refused;
    }
    /// The running test, to be handed to a thread that works for it.
    guard_handle running() {
        if (!is_mine()) return {};
        detail::lock_guard const hold(mutex_);
        return in_test_ ? guard_handle{ordinal_, account_.test, account_.declared} : guard_handle{};
    }

    // ---- for scopes

    /// Gives the entry's number, to leave it by; 0 when no run is on.
    std::uint64_t enter(detail::guard_scope_state& state) {
        if (!is_mine()) return 0;
        detail::lock_guard const hold(mutex_);
        stand_on(state);
        // First, as it may throw: then there is no scope.
        if (places_ != nullptr) places_->enter(entries_ + 1, state.declared);
        scopes_.push_back({++entries_, in_test_, &state});
        return entries_;
    }
    /// The test that is running stands on this scope: its marks have to say so.
    void consume(detail::guard_scope_state const& state) {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        stand_on(state);
    }
    /// `judge`: whether what the scope declares has to have been used by now.
    void leave(std::uint64_t entry, bool judge) {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        for (std::size_t i = scopes_.size(); i-- > 0;) {
            if (scopes_[i].entry == entry) return take_out(i, judge);
        }
        // Not there: its test has ended before it, and it with the test.
    }
    /// The end of a `shared_uses`.
    void judge(detail::guard_scope_state const& state) {
        if (!is_mine()) return;
        detail::lock_guard const hold(mutex_);
        find_unused(state, in_test_);
    }

private:
    struct open_scope {
        std::uint64_t entry = 0;
        bool of_test = false;  // of the running one; others sleep while a test runs
        detail::guard_scope_state* state = nullptr;
    };

    basic_guard_ledger() = default;

    static long process_id() noexcept {
#if defined(__unix__) || defined(__APPLE__)
        return ::getpid();
#else
        return 0;
#endif
    }
    /// Asked before the lock is taken: in a forked child another thread may have held it for ever.
    bool is_mine() const noexcept { return __atomic_load_n(&owner_, __ATOMIC_ACQUIRE) == process_id(); }

    /// A use in a process that has no run of its own: forked by a test, started by one; or by code that a test has
    /// loaded and that has a ledger of its own. What is true of it stands in the folder of the test.
    static answer elsewhere(std::string_view resource, std::string how) {
        auto const folder = detail::case_dir_of_environment();
        if (folder.empty()) return answer::outside;
        bool const allowed = detail::is_allowed(folder, resource);
        bool const written = detail::write_evidence(folder, resource, allowed, {std::move(how)}, process_id());
        return allowed && written ? answer::allowed : answer::refused;
    }

    open_scope const* active_scope() const noexcept {
        bool const any = !scopes_.empty() && scopes_.back().of_test == in_test_;
        return any ? &scopes_.back() : nullptr;
    }
    bool note(guard_use use, open_scope const* scope) {
        auto const& declared = scope != nullptr ? scope->state->declared : account_.declared;
        if (detail::contains(declared, use.resource)) {
            detail::add_once(scope != nullptr ? scope->state->used : account_.used, use.resource);
            return true;
        }
        add({detail::contains(known_, use.resource) ? breach_kind::undeclared : breach_kind::unregistered,
             std::move(use.resource), scope != nullptr ? scope->state->what : std::string(), std::move(use.how),
             std::move(use.by)},
            scope == nullptr || scope->of_test);
        return false;
    }
    /// To the test that is running, or to nobody's. The first of its kind is enough.
    void add(guard_breach b, bool of_test) {
        if (!of_test) return add_late({{}, std::move(b)});
        for (guard_breach const& have : account_.breaches) {
            if (have.kind == b.kind && have.resource == b.resource && have.scope == b.scope) return;
        }
        account_.breaches.push_back(std::move(b));
    }
    void add_late(late_breach b) {
        for (late_breach const& have : late_) {
            if (have.test == b.test && have.breach.kind == b.breach.kind && have.breach.resource == b.breach.resource &&
                have.breach.scope == b.breach.scope) {
                return;
            }
        }
        late_.push_back(std::move(b));
    }
    void stand_on(detail::guard_scope_state const& state) {
        if (!in_test_) return;
        for (std::string const& name : state.declared) {
            if (detail::contains(account_.declared, name)) {
                detail::add_once(account_.used, name);
            } else {
                add({detail::contains(known_, name) ? breach_kind::unmarked : breach_kind::unregistered,
                     name,
                     state.what,
                     {},
                     {}},
                    true);
            }
        }
    }
    void take_out(std::size_t at, bool judge) {
        open_scope const ended = scopes_[at];
        scopes_.erase(scopes_.begin() + static_cast<std::ptrdiff_t>(at));
        if (places_ != nullptr) {
            open_scope const* const now = active_scope();
            for (guard_use& use : places_->leave(ended.entry, now != nullptr ? now->entry : 0)) {
                note(std::move(use), &ended);
            }
        }
        if (judge) find_unused(*ended.state, ended.of_test);
    }
    void find_unused(detail::guard_scope_state const& state, bool of_test) {
        for (std::string const& name : state.declared) {
            if (!detail::contains(state.used, name)) add({breach_kind::unused, name, state.what, {}, {}}, of_test);
        }
    }

    detail::mutex mutex_{};
    long owner_ = -1;  // the process that is in a run; a child forked from it is not
    bool in_test_ = false;
    std::uint64_t ordinal_ = 0;
    std::uint64_t entries_ = 0;
    guard_account account_{};
    std::vector<std::string> known_{};
    std::vector<open_scope> scopes_{};
    std::vector<late_breach> late_{};
    guard_places* places_ = nullptr;
};
/// What a suite says.
using guard_ledger = basic_guard_ledger<>;

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/trial_groups.hpp, again

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// The verdict of a group from its counts: passed means no unsafe trial, a pass rate of at least the threshold, and at
/// least one trial that was judged at all. A group whose trials all gave no result or an error fails, also at threshold
/// 0 (B53, wire format B8).
inline void judge(trial_group_result& g) noexcept {
    g.pass_rate = g.total == 0 ? 0.0 : static_cast<double>(g.safe) / g.total;
    g.passed = g.unsafe == 0 && g.safe + g.undetermined > 0 && g.pass_rate >= g.threshold;
    if (!g.all_ended) g.unused.clear();
}

/// What a group that passed declares in vain, in words; empty when nothing. A trial may do without a resource: an agent
/// does not always take its tools. When none of them uses it, the mark is superfluous.
inline std::string declared_in_vain(trial_group_result const& g) {
    if (!g.passed || g.unused.empty()) return {};
    std::vector<guard_breach> breaches;
    for (std::string const& name : g.unused) breaches.push_back({breach_kind::unused, name, {}, {}, {}});
    return to_string(breaches) + " (in none of its " + std::to_string(g.total) + " trials)";
}

namespace detail {

inline std::vector<std::string> in_both(std::vector<std::string> const& a, std::vector<std::string> const& b) {
    std::vector<std::string> found;
    for (std::string const& name : a) {
        if (contains(b, name)) found.push_back(name);
    }
    return found;
}

}  // namespace detail

/// What the runs of one clone showed, over all its results, attempts and workers.
struct clone_tally {
    bool seen[4] = {};    ///< by safety_status
    bool failed = false;  ///< an assertion failed, or it did not end
    bool ended = false;   ///< some attempt came to its end
    bool broke_off = false;             ///< some attempt did not
    std::vector<std::string> unused{};  ///< resources that it declares and used in no attempt

    /// Counts a result of the clone.
    void add(safety_status status) noexcept { seen[static_cast<int>(status)] = true; }
    /// Counts how an attempt ended.
    void add(test_facts const& f) {
        bool const broke = f.outcome == test_outcome::crashed || f.outcome == test_outcome::timeout;
        broke_off = broke_off || broke;
        failed = failed || broke || f.outcome == test_outcome::failed;
        if (f.outcome != test_outcome::passed && f.outcome != test_outcome::failed) return;
        unused = ended ? detail::in_both(unused, f.unused) : f.unused;
        ended = true;
    }
};

/// Counts one clone, with the worst it showed: unsafe, error, safe, undetermined (B52). A safe clone in which an
/// assertion failed counts as an error (wire format, B8).
inline void count(trial_group_result& g, clone_tally const& clone) {
    auto const has = [&clone](safety_status status) { return clone.seen[static_cast<int>(status)]; };
    g.unused = g.total == 0 ? clone.unused : detail::in_both(g.unused, clone.unused);
    g.all_ended = g.all_ended && clone.ended && !clone.broke_off;
    ++g.total;
    if (has(safety_status::unsafe)) {
        ++g.unsafe;
    } else if (has(safety_status::error)) {
        ++g.errors;
    } else if (has(safety_status::safe)) {
        ++(clone.failed ? g.errors : g.safe);
    } else if (has(safety_status::undetermined)) {
        ++g.undetermined;
    } else {
        ++g.no_result;
    }
}

namespace detail {

/// The records of any session as a list; a session that is given up hands its own over.
template <class S>
decltype(auto) records_of(S&& s) {
    using R = typename std::remove_cvref_t<S>::result_type;
    using given = decltype(std::forward<S>(s).records());
    if constexpr (std::is_same_v<given, record_list<R> const&>) {
        return std::forward<S>(s).records();
    } else if constexpr (std::convertible_to<given, record_list<R>>) {
        return record_list<R>(std::forward<S>(s).records());
    } else {
        return record_list<R>(static_cast<std::vector<basic_record<R>>>(std::forward<S>(s).records()));
    }
}

/// See `trial_groups`.
template <Result R>
std::vector<trial_group_result> trial_groups_of(record_list<R> const& records, std::vector<trial_spec> const& specs,
                                                std::vector<test_entry> const& tests, settlement const& settled) {
    struct clone_facts {
        trial_spec const* spec = nullptr;
        clone_tally tally{};
    };
    std::map<std::string_view, clone_facts> clones;
    for (trial_spec const& spec : specs) clones[spec.clone.str()].spec = &spec;
    if (clones.empty()) return {};
    for (auto const r : records.refs()) {
        auto const found = clones.find(r.test().str());
        if (found != clones.end()) found->second.tally.add(r.status());
    }
    auto const count_ends = [&clones](std::vector<test_entry> const& entries) {
        for (test_entry const& t : entries) {
            auto const found = clones.find(t.test.str());
            if (found != clones.end()) found->second.tally.add(t.facts);
        }
    };
    count_ends(tests);
    count_ends(settled.tests);

    struct group_facts {
        trial_group_result counts{};
        std::string_view first{};
    };
    std::map<test_id, group_facts> groups;
    for (auto const& [name, clone] : clones) {
        group_facts& g = groups[clone.spec->base];
        if (g.counts.total == 0 || natural_less(name, g.first)) {
            g.first = name;
            g.counts.threshold = clone.spec->threshold;
        }
        count(g.counts, clone.tally);
    }
    std::vector<trial_group_result> list;
    list.reserve(groups.size());
    for (auto& [base, g] : groups) {
        g.counts.base = base;
        judge(g.counts);
        list.push_back(g.counts);
    }
    return list;
}

}  // namespace detail

/// The trial groups of a session, in order of their base ids. Each clone counts once. A group's threshold is that of
/// its first clone, in the clones' natural order (B54). `settled` is what follows from the session's plans: a trial
/// that broke off counts as one.
template <Session S>
std::vector<trial_group_result> trial_groups(S const& s, settlement const& settled) {
    return detail::trial_groups_of<typename S::result_type>(detail::records_of(s), s.trial_specs(), s.tests(), settled);
}

/// The same with what follows from the session's own plans.
template <Session S>
std::vector<trial_group_result> trial_groups(S const& s) {
    return trial_groups(s, settlement_of(s));
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/report/report.hpp, again

namespace rampart::inline v1 {

/// What a run showed: a plain value, sorted and counted, the same whatever order its shards came in (B41). Results
/// that were merged from files may have stayed there: each is read when it is looked at, see `record_list`. No other
/// member reads any.
///
/// `total_runs` and the four counts beside it count results, not tests.
template <Result R>
struct basic_test_run_report {
    using result_type = R;

    std::size_t total_runs = 0;
    std::size_t passed = 0;  ///< SAFE
    std::size_t failed = 0;  ///< UNSAFE
    std::size_t undetermined = 0;
    std::size_t errors = 0;
    double duration_seconds = 0.0;                   ///< wall time of the run
    metadata meta{};                                 ///< of the run
    record_list<R> results{};                        ///< in report order; their values may be in files
    std::vector<test_entry> tests{};                 ///< in report order; also tests that recorded nothing
    std::vector<trial_spec> trial_specs{};           ///< in order of the clones' ids
    std::vector<trial_group_result> trial_groups{};  ///< in order of their base ids
    std::vector<fault> faults{};                     ///< sorted
    std::vector<shard_row> shards{};  ///< the processes behind a merged run, see `shard_table`; empty without plans

    /// Counts and rates over all results (B103).
    [[nodiscard]] rampart::population_summary population_summary() const { return summarize(results); }

    /// The same over the results of one harm category; all zeros when there are none. The category itself is
    /// compared, so the heading `uncategorized` finds nothing (B104); an empty text finds the results without a
    /// category.
    [[nodiscard]] rampart::population_summary population_summary(std::string_view category) const {
        std::vector<record_ref<R>> found;
        std::ranges::copy_if(results.refs(), std::back_inserter(found),
                             [category](record_ref<R> const& r) { return r.harm_category() == category; });
        return summarize(found);
    }

    /// The results under their harm categories, see `group_by_harm_category`. The groups point into this report.
    [[nodiscard]] std::vector<harm_group<R>> by_harm_category() const { return group_by_harm_category(results); }

    /// Any UNSAFE result (B105).
    [[nodiscard]] bool has_failures() const noexcept { return failed > 0; }

    /// No UNSAFE, no UNDETERMINED and no ERROR result; so an empty run is clean (B105). It says nothing of faults,
    /// trial groups or assertions: whether a run may end green is `exit_code`'s to say.
    [[nodiscard]] bool is_clean_run() const noexcept { return failed == 0 && undetermined == 0 && errors == 0; }

    /// Whether something was lost, or may have been.
    [[nodiscard]] bool is_incomplete() const noexcept {
        return std::ranges::any_of(faults, [](fault const& f) { return loses(f.kind); });
    }

    /// One line for each fault that lost something, sorted as bytes; equal ones stay (B83).
    [[nodiscard]] std::vector<std::string> incomplete_reasons() const {
        std::vector<std::string> reasons;
        for (fault const& f : faults) {
            if (loses(f.kind)) reasons.push_back(reason(f));
        }
        std::ranges::sort(reasons);
        return reasons;
    }

    /// Whether this test is a trial; then it counts through its group only (wire format, B8).
    [[nodiscard]] bool is_trial(test_id const& test) const noexcept {
        auto const at = std::lower_bound(trial_specs.begin(), trial_specs.end(), test,
                                         [](trial_spec const& s, test_id const& id) { return s.clone < id; });
        return at != trial_specs.end() && at->clone == test;
    }
};
/// Of rampart's own results.
using test_run_report = basic_test_run_report<result>;

/// Builds the report of a session, with what follows from its plans: the tests of which nothing came, and the faults
/// that this is, `settlement_of`. A session that is given up, `build_report(std::move(s))`, hands its lists over
/// instead of having them copied, and is empty then.
template <class S>
    requires Session<std::remove_cvref_t<S>>
[[nodiscard]] auto build_report(S&& s) {
    using R = typename std::remove_cvref_t<S>::result_type;
    basic_test_run_report<R> report;
    report.duration_seconds = s.duration_seconds();
    report.trial_specs = s.trial_specs();
    std::ranges::sort(report.trial_specs, {}, &trial_spec::clone);
    // Of a session that is given up each list is moved, and what only the session needs of it is gone, before there is
    // more: with a million tests each is some hundred MB.
    report.meta = std::forward<S>(s).report_metadata();
    report.results = detail::records_of(std::forward<S>(s));
    report.tests = std::forward<S>(s).tests();
    report.faults = std::forward<S>(s).faults();
    settlement settled;
    if constexpr (requires { s.plans(); }) {
        auto&& plans = std::forward<S>(s).plans();
        settled = settle(plans, report.tests);
        report.shards = shard_table(plans, settled, report.tests, report.results, report.trial_specs);
    }
    report.trial_groups = detail::trial_groups_of(report.results, report.trial_specs, report.tests, settled);
    report.tests.reserve(report.tests.size() + settled.tests.size());
    std::ranges::move(settled.tests, std::back_inserter(report.tests));
    sort_for_report(report.tests);
    std::ranges::move(settled.faults, std::back_inserter(report.faults));
    for (trial_group_result const& g : report.trial_groups) {
        auto words = declared_in_vain(g);
        if (!words.empty())
            report.faults.push_back({fault_kind::guard_violation, "test " + g.base.str(), std::move(words)});
    }
    std::ranges::sort(report.faults);
    report.results.compact();
    sort_for_report(report.results);

    auto const counts = summarize(report.results);
    report.total_runs = counts.total_runs;
    report.passed = counts.safe_count;
    report.failed = counts.unsafe_count;
    report.undetermined = counts.undetermined_count;
    report.errors = counts.error_count;
    return report;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_REPORT_HPP
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/report/sink.hpp
#ifndef RAMPART_REPORT_SINK_HPP
#define RAMPART_REPORT_SINK_HPP

#include <concepts>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace rampart::inline v1 {

/// Somewhere a finished report goes: a file, a terminal, a service. `emit` is called once a run, in the process that
/// holds the whole report, and has done its work when it returns; it throws when the report did not get out (B92,
/// B93).
///
/// A sink may have a member `name()`, convertible to a text; without one it is named after its type.
template <class S, class R = result>
concept ReportSink = Result<R> && std::movable<S> && requires(S& sink, basic_test_run_report<R> const& report) {
    { sink.emit(report) } -> std::same_as<void>;
};

namespace detail {

/// The type's name as the compiler spells it.
template <class T>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
    std::string_view text = __PRETTY_FUNCTION__;
    auto const begin = text.find("T = ");
    if (begin == std::string_view::npos) return "a sink";
    text.remove_prefix(begin + 4);
    // gcc names the return type after a semicolon; both end with a bracket.
    if (auto const end = text.find("; std::"); end != std::string_view::npos) return text.substr(0, end);
    return text.substr(0, text.size() - 1);
}

}  // namespace detail

/// Any sink for reports of `R`, owned. It can be moved, not copied, and is a `ReportSink` itself.
///
///     std::vector<rampart::any_sink> sinks;
///     sinks.emplace_back(rampart::json_file_report_sink{"reports"});
template <Result R>
class basic_any_sink {
public:
    // The first condition has to stand first: asked of this class itself, the concept would ask in a circle.
    template <class S>
        requires(!std::same_as<S, basic_any_sink> && ReportSink<S, R>)
    basic_any_sink(S sink) : name_(name_of(sink)), owned_(std::make_unique<holder<S>>(std::move(sink))) {}

    /// For messages.
    [[nodiscard]] std::string const& name() const noexcept { return name_; }

    /// The sink itself when it is an `S`, else null.
    template <class S>
    [[nodiscard]] S const* target() const noexcept {
        auto const* const held = dynamic_cast<holder<S> const*>(owned_.get());
        return held == nullptr ? nullptr : &held->sink;
    }

    /// Throws what the sink throws, and `std::logic_error` when it was moved from.
    void emit(basic_test_run_report<R> const& report) {
        if (!owned_) throw std::logic_error("rampart::any_sink: it was moved from and has no sink");
        owned_->emit(report);
    }

private:
    struct base {
        virtual ~base() = default;
        virtual void emit(basic_test_run_report<R> const&) = 0;
    };
    template <class S>
    struct holder final : base {
        explicit holder(S s) : sink(std::move(s)) {}
        void emit(basic_test_run_report<R> const& report) override { sink.emit(report); }
        S sink;
    };
    template <class S>
    static std::string name_of(S const& sink) {
        if constexpr (requires { std::string_view(sink.name()); }) {
            return std::string(std::string_view(sink.name()));
        } else {
            return std::string(detail::type_name<S>());
        }
    }

    std::string name_;
    std::unique_ptr<base> owned_;
};
/// Of rampart's own results.
using any_sink = basic_any_sink<result>;

/// A sink that did not get its report out, and what it said.
struct sink_failure {
    std::string sink{};  ///< its name
    std::string what{};
    friend bool operator==(sink_failure const&, sink_failure const&) = default;
};

/// `the report sink 'json file' failed: cannot write ...`
[[nodiscard]] inline std::string to_string(sink_failure const& f) {
    return "the report sink '" + f.sink + "' failed: " + f.what;
}

/// Gives the report to each sink in order, each to completion. A sink that throws, whatever it throws, is named with
/// its words, and the others still get the report (B92, B93). `exit_code` takes what comes back.
template <Result R>
[[nodiscard]] std::vector<sink_failure> emit_all(basic_test_run_report<R> const& report,
                                                 std::vector<basic_any_sink<R>>& sinks) {
    std::vector<sink_failure> failures;
    for (basic_any_sink<R>& sink : sinks) {
        try {
            sink.emit(report);
        } catch (std::exception const& e) {
            failures.push_back({sink.name(), e.what()});
        } catch (std::string const& text) {
            failures.push_back({sink.name(), text});
        } catch (char const* text) {
            failures.push_back({sink.name(), text == nullptr ? "a null pointer was thrown" : text});
        } catch (...) {
            failures.push_back({sink.name(), "something was thrown that is no std::exception"});
        }
    }
    return failures;
}

static_assert(ReportSink<any_sink>);
static_assert(!ReportSink<int>);
static_assert(std::movable<any_sink> && !std::copyable<any_sink>);

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_SINK_HPP
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/report/verdict.hpp
#ifndef RAMPART_REPORT_VERDICT_HPP
#define RAMPART_REPORT_VERDICT_HPP

#include <algorithm>
#include <vector>


namespace rampart::inline v1 {

/// The exit status of a suite's program (wire format, B9). A stronger one is never hidden by a weaker one.
enum class exit_status : int {
    good = 0,
    failed = 1,      ///< a test, a trial group or a report sink
    usage = 2,       ///< the command line, or nothing was selected: a runner's to find
    incomplete = 3,  ///< something was lost, or may have been
};

/// What makes a run fail, beside failed tests and failed trial groups.
struct verdict_policy {
    bool unsafe_is_failure = true;  ///< an UNSAFE result outside trials fails the run, asserted or not (B117)
    bool error_is_failure = true;   ///< the same for ERROR: a run in which nothing could be judged is not green
};

/// Whether a test did not end as it should. A test that was planned and never ran counts, so that it cannot hide.
[[nodiscard]] constexpr bool is_failure(test_outcome outcome) noexcept {
    switch (outcome) {
    case test_outcome::failed:
    case test_outcome::crashed:
    case test_outcome::timeout:
    case test_outcome::not_run:
        return true;
    case test_outcome::unknown:
    case test_outcome::passed:
    case test_outcome::skipped:
        break;
    }
    return false;
}

/// The tests that failed by themselves, in report order. A failed trial counts for its group and is not among them
/// (wire format, B8). Every attempt counts: a later one that passes does not undo a failure.
template <Result R>
[[nodiscard]] std::vector<test_entry const*> failed_tests(basic_test_run_report<R> const& report) {
    std::vector<test_entry const*> found;
    for (test_entry const& t : report.tests) {
        if (is_failure(t.facts.outcome) && !report.is_trial(t.test)) found.push_back(&t);
    }
    return found;
}

/// The run's verdict: incomplete before failed before good. A failed trial group, a failed test that is no trial, a
/// fault that is a failure, a sink whose report did not get out, and, as the policy says, an UNSAFE or ERROR result
/// outside trials fail the run.
///
/// An empty report is good: that nothing was selected is known to the runner only.
template <Result R>
[[nodiscard]] exit_status verdict(basic_test_run_report<R> const& report,
                                  std::vector<sink_failure> const& failures = {}, verdict_policy policy = {}) {
    if (report.is_incomplete()) return exit_status::incomplete;
    auto const counts_as_failure = [&](record_ref<R> const& r) {
        auto const status = r.status();
        bool const bad = (status == safety_status::unsafe && policy.unsafe_is_failure) ||
                         (status == safety_status::error && policy.error_is_failure);
        return bad && !report.is_trial(r.test());
    };
    bool const any_fault = std::ranges::any_of(report.faults, [](fault const& f) { return fails(f.kind); });
    bool const any_group =
        std::ranges::any_of(report.trial_groups, [](trial_group_result const& g) { return !g.passed; });
    bool const failed = !failures.empty() || !failed_tests(report).empty() || any_fault || any_group ||
                        std::ranges::any_of(report.results.refs(), counts_as_failure);
    return failed ? exit_status::failed : exit_status::good;
}

/// The verdict as the number that a program ends with: 0, 1 or 3.
///
///     return rampart::exit_code(report, rampart::emit_all(report, sinks));
template <Result R>
[[nodiscard]] int exit_code(basic_test_run_report<R> const& report, std::vector<sink_failure> const& failures = {},
                            verdict_policy policy = {}) {
    return static_cast<int>(verdict(report, failures, policy));
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_VERDICT_HPP
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/sinks/atomic_file.hpp
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
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/sinks/json_file.hpp
#ifndef RAMPART_SINKS_JSON_FILE_HPP
#define RAMPART_SINKS_JSON_FILE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

// ---- rampart/report/trials.hpp
#ifndef RAMPART_REPORT_TRIALS_HPP
#define RAMPART_REPORT_TRIALS_HPP

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>


namespace rampart::inline v1 {

/// What a trial group is called, and its trials.
struct trial_group_facts {
    std::string name{};             ///< the test's own name (B32); cut out of the id where no trial told its name
    std::vector<test_id> clones{};  ///< as bytes
};

namespace detail {

/// The base's name, when `clone` is called after its base with something at the end, and `name` has the same end.
[[nodiscard]] inline std::optional<std::string> name_of_base(trial_spec const& spec, std::string_view name) {
    std::string_view const clone = spec.clone.str();
    if (!clone.starts_with(spec.base.str())) return std::nullopt;
    auto const ending = clone.substr(spec.base.str().size());
    if (!name.ends_with(ending) || name.size() == ending.size()) return std::nullopt;
    return std::string(name.substr(0, name.size() - ending.size()));
}

}  // namespace detail

/// The facts of each trial group, under the groups' base ids. Every group of the report has an entry.
template <Result R>
[[nodiscard]] std::map<test_id, trial_group_facts> facts_of_trial_groups(basic_test_run_report<R> const& report) {
    std::map<test_id, trial_group_facts> groups;
    for (trial_group_result const& g : report.trial_groups) groups[g.base];
    auto const name_of_clone = [&report](test_id const& clone) -> std::string_view {
        auto const at = std::ranges::lower_bound(report.tests, clone, {}, &test_entry::test);
        if (at != report.tests.end() && at->test == clone && !at->facts.name.empty()) return at->facts.name;
        auto const first = report.results.first_of(clone);
        bool const found = first < report.results.size() && report.results.test(first) == clone;
        return found ? report.results.test_name(first) : std::string_view{};
    };
    for (trial_spec const& spec : report.trial_specs) {
        trial_group_facts& group = groups[spec.base];
        group.clones.push_back(spec.clone);
        if (!group.name.empty()) continue;
        if (auto const base = detail::name_of_base(spec, name_of_clone(spec.clone))) group.name = *base;
    }
    for (auto& [base, group] : groups) {
        if (group.name.empty()) group.name = std::string(short_name(base));
    }
    return groups;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_TRIALS_HPP
// ---- rampart/sinks/json_file.hpp, again
// ---- rampart/sinks/json_record.hpp
#ifndef RAMPART_SINKS_JSON_RECORD_HPP
#define RAMPART_SINKS_JSON_RECORD_HPP

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>


/// \file
/// One result as the JSON report has it, see sinks/json_file.hpp.

namespace rampart::inline v1::detail {

/// To the depth that crosses processes, so that a run in one process and one in many give the same report (wire format,
/// B5).
inline void write_metadata(json_writer& w, std::string_view key, metadata const& object) {
    w.key(key);
    write_json(w, object);
}

inline void write_tool_call(json_writer& w, tool_call const& call) {
    w.begin_object();
    w.member("name", call.name);
    write_metadata(w, "arguments", call.arguments);
    w.member("result", call.result);
    if (call.timestamp) w.member("timestamp", *call.timestamp);
    w.end_object();
}

template <class T>
void write_any(json_writer& w, T const& v) {
    write_json(w, v);
}

/// A key with a list of what `write_one` writes; nothing at all for an empty list.
template <class T, class F, class Drain>
void write_list_if_any(json_writer& w, std::string_view key, std::vector<T> const& list, F write_one, Drain& drain) {
    if (list.empty()) return;
    w.key(key);
    w.begin_array();
    for (T const& each : list) {
        write_one(w, each);
        drain();
    }
    w.end_array();
}

/// An attachment as the test gave it, also when it came through a worker's payload, which keeps its format and its file
/// in its metadata (B72): so that a run in one process and one in many give the same report.
inline void write_attachment(json_writer& w, payload const& p) {
    constexpr std::string_view format_key = "_rampart_worker_format";
    constexpr std::string_view artifact_key = "_rampart_worker_artifact_path";
    auto const* const format = p.meta[format_key].if_string();
    auto const known = format == nullptr || p.format != payload_format::text ? std::nullopt
                                                                             : parse_payload_format(*format);
    auto const* const artifact = p.artifact ? nullptr : p.meta[artifact_key].if_string();
    w.begin_object();
    w.member("content", p.content);
    w.member("id", p.id);
    w.member("format", to_string(known ? *known : p.format));
    w.key("artifact");
    artifact != nullptr ? w.string(*artifact) : write_text_or_null(w, p.artifact);
    w.key("metadata");
    w.begin_object();
    bool drops_format = known.has_value();
    bool drops_artifact = artifact != nullptr;
    for (metadata_member const& m : p.meta) {
        if (drops_format && m.key == format_key) {
            drops_format = false;
        } else if (drops_artifact && m.key == artifact_key) {
            drops_artifact = false;
        } else {
            w.key(m.key);
            write_limited(w, m.value, 0);
        }
    }
    w.end_object();
    w.end_object();
}

template <class Drain>
void write_turn(json_writer& w, turn const& t, Drain& drain) {
    w.begin_object();
    w.member("turn_number", t.turn_number);
    w.member("prompt", t.request.prompt);
    w.member("response_text", t.response.text);
    write_metadata(w, "response_metadata", t.response.meta);
    write_list_if_any(w, "tool_calls", t.response.tool_calls, write_tool_call, drain);
    write_list_if_any(w, "side_effects", t.response.side_effects, write_any<side_effect>, drain);
    if (t.evaluation) {
        w.member("eval_outcome", to_string(t.evaluation->outcome));
        w.member("eval_confidence", t.evaluation->confidence);
        w.member("eval_rationale", t.evaluation->rationale);
    }
    if (!t.driver_reasoning.empty()) w.member("driver_reasoning", t.driver_reasoning);
    write_list_if_any(w, "attachments", t.request.attachments, write_attachment, drain);
    if (t.timestamp) w.member("timestamp", *t.timestamp);
    if (t.evaluation) {
        write_list_if_any(
            w, "eval_evidence", t.evaluation->evidence,
            [](json_writer& out, std::string const& text) { out.string(text); }, drain);
    }
    w.end_object();
}

/// The user's metadata and the bookkeeping keys, which replace a key of the user's at its place (wire format, A.1.2).
template <Result R>
void write_record_metadata(json_writer& w, metadata const& users, basic_record<R> const& r) {
    constexpr std::string_view names[] = {"_pytest_test_name", "_pytest_nodeid", "_rampart_result_index",
                                          "_rampart_source_worker"};
    bool written[] = {false, false, false, r.worker.empty()};
    auto const write = [&](std::size_t which) {
        written[which] = true;
        w.key(names[which]);
        which == 0   ? w.string(r.test_name)
        : which == 1 ? w.string(r.test.str())
        : which == 2 ? w.integer(r.index)
                     : w.string(r.worker);
    };
    w.begin_object();
    for (metadata_member const& m : users) {
        std::size_t which = 0;
        while (which < 4 && (written[which] || m.key != names[which])) ++which;
        if (which < 4) {
            write(which);
        } else {
            w.key(m.key);
            write_limited(w, m.value, 0);
        }
    }
    for (std::size_t which = 0; which < 4; ++which) {
        if (!written[which]) write(which);
    }
    w.end_object();
}

/// A conversion of the user's own that throws costs this key only, and says so under `value_error`.
template <class R>
void write_own_value(json_writer& w, R const& value) {
    boost::json::value converted;
    std::string problem;
    try {
        converted = boost::json::value_from(value);
    } catch (std::exception const& e) {
        problem = std::string("the conversion threw: ") + e.what();
    } catch (...) {
        problem = "the conversion threw something that is no std::exception";
    }
    if (problem.empty()) {
        w.member("value", converted);
    } else {
        w.member("value_error", problem);
    }
}

template <Result R, class Drain>
void write_record(json_writer& w, basic_record<R> const& r, Drain& drain) {
    using traits = result_traits<R>;
    transcript const* const evidence = transcript_of(r.value);
    auto const status = traits::status(r.value);
    w.begin_object();
    w.member("safe", status == safety_status::safe);
    w.member("status", to_string(status));
    w.member("summary", std::string_view(traits::summary(r.value)));
    w.key("harm_category");
    r.harm_category.empty() ? w.null() : w.string(r.harm_category);
    if constexpr (requires { traits::strategy(r.value); }) {
        w.member("strategy", std::string_view(traits::strategy(r.value)));
    } else {
        w.member("strategy", "");
    }
    w.member("duration_seconds", duration_of(r.value));
    w.key("metadata");
    if constexpr (requires { traits::meta(r.value); }) {
        write_record_metadata(w, traits::meta(r.value), r);
    } else {
        write_record_metadata(w, metadata{}, r);
    }
    w.key("turns");
    w.begin_array();
    if (evidence != nullptr) {
        for (turn const& t : evidence->turns) {
            write_turn(w, t, drain);
            drain();
        }
    }
    w.end_array();
    w.member("nodeid", r.test.str());
    w.key("observability_level");
    evidence == nullptr ? w.null() : w.string(to_string(evidence->observability));
    w.key("injections");
    w.begin_array();
    if (evidence != nullptr) {
        for (injection_record const& i : evidence->injections) write_json(w, i);
    }
    w.end_array();
    if (r.attempt != 1) w.member("attempt", r.attempt);
    if constexpr (boost::json::has_value_from<R>::value) {
        if (evidence == nullptr) write_own_value(w, r.value);
    }
    w.end_object();
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_SINKS_JSON_RECORD_HPP
// ---- rampart/sinks/json_file.hpp, again
// ---- rampart/sinks/shard_words.hpp
#ifndef RAMPART_SINKS_SHARD_WORDS_HPP
#define RAMPART_SINKS_SHARD_WORDS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// ---- rampart/sinks/words.hpp
#ifndef RAMPART_SINKS_WORDS_HPP
#define RAMPART_SINKS_WORDS_HPP

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>


/// \file
/// What all sinks say in the same words: numbers, counts, verdicts, and what was left out.

namespace rampart::inline v1 {

namespace detail {

/// A number with a dot and that many decimals, whatever the locale; `0` for what is no finite number.
[[nodiscard]] inline std::string fixed(double number, int decimals) {
    char text[400];
    auto const done = std::to_chars(text, text + sizeof text, std::isfinite(number) ? number : 0.0,
                                    std::chars_format::fixed, decimals);
    return std::string(text, done.ptr);
}

/// Clipped, with a word on what was left out and where it is.
[[nodiscard]] inline std::string clip_for_report(std::string_view text, std::size_t most) {
    auto shown = clip(text, most, "");
    if (shown.size() == text.size()) return shown;
    auto const left = text.size() - shown.size();
    return shown + "... (" + std::to_string(left) + " more bytes; the JSON report has them)";
}

[[nodiscard]] inline std::string text_of(metadata_value const& v) {
    if (auto const* const text = v.if_string()) return *text;
    metadata wrapped;
    wrapped.set("", v);
    // {"":...}: the value without what stands around it.
    auto const json = to_compact_json(wrapped);
    auto const from = json.find(':') + 1;
    return json.substr(from, json.size() - from - 1);
}

[[nodiscard]] constexpr std::string_view word_of(exit_status status) noexcept {
    switch (status) {
    case exit_status::good:
        return "PASSED";
    case exit_status::incomplete:
        return "INCOMPLETE";
    case exit_status::failed:
    case exit_status::usage:
        break;
    }
    return "FAILED";
}

[[nodiscard]] inline std::string percent_words(double part) { return fixed(part * 100.0, 1) + " %"; }

/// `12 results: 7 safe, 2 unsafe (20.0 % attack success rate), 1 undetermined, 2 errors`
[[nodiscard]] inline std::string population_words(population_summary const& counts) {
    return std::to_string(counts.total_runs) + " results: " + std::to_string(counts.safe_count) + " safe, " +
           std::to_string(counts.unsafe_count) + " unsafe (" + percent_words(counts.attack_success_rate) +
           " attack success rate), " + std::to_string(counts.undetermined_count) + " undetermined, " +
           std::to_string(counts.error_count) + " errors";
}

}  // namespace detail

/// `9 of 10 safe, 1 without a result; pass rate 0.900, threshold 0.800`
[[nodiscard]] inline std::string group_words(trial_group_result const& g) {
    auto text = std::to_string(g.safe) + " of " + std::to_string(g.total) + " safe";
    auto const add = [&text](int count, std::string_view what) {
        if (count > 0) text += ", " + std::to_string(count) + std::string(what);
    };
    add(g.unsafe, " unsafe");
    add(g.errors, " errors");
    add(g.undetermined, " undetermined");
    add(g.no_result, " without a result");
    return text + "; pass rate " + detail::fixed(g.pass_rate, 3) + ", threshold " + detail::fixed(g.threshold, 3);
}

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_WORDS_HPP
// ---- rampart/sinks/shard_words.hpp, again

/// \file
/// What sinks for people say alike of the processes behind a merged run.

namespace rampart::inline v1::detail {

/// A run of one process has no table.
[[nodiscard]] inline bool has_shards(std::vector<shard_row> const& rows) noexcept { return rows.size() > 1; }

[[nodiscard]] constexpr std::string_view word_of(shard_state s) noexcept {
    constexpr std::string_view words[] = {"finished", "stopped", "ended early", "superseded", "never began", "no plan"};
    return words[static_cast<unsigned char>(s)];
}

/// `4 parts: 3 finished, 1 ended early, 1 superseded`
[[nodiscard]] inline std::string shard_totals(std::vector<shard_row> const& rows) {
    std::array<std::uint64_t, 6> by_state{};
    std::uint64_t parts = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        shard_row const& r = rows[i];
        by_state[static_cast<std::size_t>(r.state)] += size_of(r);
        if (r.state == shard_state::unplanned) continue;
        shard_row const* const before = i == 0 ? nullptr : &rows[i - 1];
        bool const again = before != nullptr && before->run == r.run && before->count == r.count &&
                           before->index == r.index && (r.count > 1 || before->worker == r.worker);
        if (!again) parts += size_of(r);
    }
    std::string text = std::to_string(parts) + (parts == 1 ? " part" : " parts");
    std::string_view between = ": ";
    for (std::size_t s = 0; s < by_state.size(); ++s) {
        if (by_state[s] == 0) continue;
        text += std::string(between) + std::to_string(by_state[s]) + ' ' +
                std::string(word_of(static_cast<shard_state>(s)));
        between = ", ";
    }
    return text;
}

/// `3 of 8`, `5 to 7 of 8`; people count from 1.
[[nodiscard]] inline std::string part_words(shard_row const& r) {
    if (r.count == 0) return "-";
    auto text = std::to_string(r.index + std::uint64_t{1});
    if (r.last_index != r.index) text += " to " + std::to_string(r.last_index + std::uint64_t{1});
    return text + " of " + std::to_string(r.count);
}
[[nodiscard]] inline std::string attempt_words(shard_row const& r) {
    return r.attempt == 0 ? "-" : std::to_string(r.attempt);
}
/// How many tests ended, of those that were planned.
[[nodiscard]] inline std::string tests_words(shard_row const& r) {
    if (r.state == shard_state::never_began) return "-";
    auto const ran = r.tally ? std::to_string(r.tally->ran) : "?";
    return r.count == 0 ? ran : ran + " of " + std::to_string(r.planned);
}
/// A number that was counted, or that nobody did.
template <class Number>
[[nodiscard]] std::string counted_words(shard_row const& r, Number shard_tally::*which) {
    if (!r.tally) return r.state == shard_state::never_began ? "-" : "?";
    if constexpr (std::is_floating_point_v<Number>) {
        return fixed(*r.tally.*which, 2);
    } else {
        return std::to_string(*r.tally.*which);
    }
}
/// `node7, pid 4711`, or the worker where the host is not known. Foreign text.
[[nodiscard]] inline std::string process_words(shard_row const& r) {
    if (r.host.empty()) return r.worker;
    return r.pid == 0 ? r.host : r.host + ", pid " + std::to_string(r.pid);
}

/// Which rows a short table has.
struct shown_shards {
    std::vector<shard_row const*> rows{};     ///< all of a few; else those that did not simply finish
    std::size_t left_out = 0;                 ///< so many more of these
    std::vector<shard_row const*> slowest{};  ///< some of the others
};

/// Up to 16 rows are shown. Of more, those that did not simply finish, up to `most` (0: all), and the slowest others.
[[nodiscard]] inline shown_shards choose_shards(std::vector<shard_row> const& rows, std::size_t most) {
    constexpr std::size_t few = 16;
    constexpr std::size_t most_slow = 10;
    shown_shards made;
    for (shard_row const& r : rows) {
        if (rows.size() <= few || r.state != shard_state::finished) {
            made.rows.push_back(&r);
        } else if (r.tally) {
            made.slowest.push_back(&r);
        }
    }
    if (rows.size() > few && most != 0 && made.rows.size() > most) {
        made.left_out = made.rows.size() - most;
        made.rows.resize(most);
    }
    std::ranges::stable_sort(made.slowest, std::ranges::greater{},
                             [](shard_row const* r) { return r->tally->seconds; });
    made.slowest.resize(std::min(made.slowest.size(), most_slow));
    return made;
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_SINKS_SHARD_WORDS_HPP
// ---- rampart/sinks/json_file.hpp, again

/// \file
/// The JSON report: the Python package's keys first, in its order and spelling, then keys of our own (wire format,
/// A.2 and B11). Of the run, after `by_harm_category`:
///
///     schema        "rampart.report.v1"
///     trial_groups  [{base_nodeid, total, safe, unsafe, errors, undetermined, no_result, threshold, pass_rate, passed,
///                     clone_nodeids}], by base_nodeid
///     faults        [{kind, where, what, loses}], sorted; with one that loses, the run's `metadata` has
///                     `incomplete` and `incomplete_reasons`
///     tests         [{nodeid, name, attempt, worker?, outcome, seconds, results, file?, line?, detail?}], also those
///                     that recorded nothing
///     shards?       [{state, part?, last_part?, parts?, attempt?, run?, worker?, host?, pid?, started?, planned?,
///                     not_run?, ran?, failed?, results?, unsafe?, errors?, seconds?}], of a run that was merged from
///                     several processes, by part and attempt; see `shard_row`. Parts count from 1, and `last_part` is
///                     there where a row is several that never began.
///
/// Of a result, after `turns`: `nodeid`, `observability_level` (null for a result without a transcript),
/// `injections`, `attempt` where it is not 1, and `value` for a result type without a transcript that Boost.JSON can
/// convert. Of a turn: `attachments`, `timestamp` and `eval_evidence` where there are any; of a tool call
/// `timestamp`. A `?` above also means: only where there is one.

namespace rampart::inline v1 {

namespace detail {

/// The faults, as reports in JSON have them; `drain` is called after each.
template <class Drain>
void write_reported_faults(json_writer& w, std::vector<fault> const& faults, Drain& drain) {
    w.key("faults");
    w.begin_array();
    for (fault const& f : faults) {
        w.begin_object();
        w.member("kind", to_string(f.kind));
        w.member("where", f.where);
        w.member("what", f.what);
        w.member("loses", loses(f.kind));
        w.end_object();
        drain();
    }
    w.end_array();
}

inline void write_population(json_writer& w, population_summary const& counts) {
    w.begin_object();
    w.member("total_runs", counts.total_runs);
    w.member("safe_count", counts.safe_count);
    w.member("unsafe_count", counts.unsafe_count);
    w.member("undetermined_count", counts.undetermined_count);
    w.member("error_count", counts.error_count);
    w.member("attack_success_rate", counts.attack_success_rate);
    w.member("safety_pass_rate", counts.safety_pass_rate);
    w.end_object();
}

inline void write_group(json_writer& w, trial_group_result const& g, std::vector<test_id> const& clones) {
    w.begin_object();
    w.member("base_nodeid", g.base.str());
    w.member("total", g.total);
    w.member("safe", g.safe);
    w.member("unsafe", g.unsafe);
    w.member("errors", g.errors);
    w.member("undetermined", g.undetermined);
    w.member("no_result", g.no_result);
    w.member("threshold", g.threshold);
    w.member("pass_rate", g.pass_rate);
    w.member("passed", g.passed);
    w.key("clone_nodeids");
    w.begin_array();
    for (test_id const& clone : clones) w.string(clone.str());
    w.end_array();
    w.end_object();
}

inline void write_test(json_writer& w, test_entry const& t) {
    w.begin_object();
    w.member("nodeid", t.test.str());
    w.member("name", t.facts.name);
    w.member("attempt", t.attempt);
    if (!t.worker.empty()) w.member("worker", t.worker);
    w.member("outcome", to_string(t.facts.outcome));
    w.member("seconds", t.facts.seconds);
    w.member("results", t.results);
    if (!t.facts.file.empty()) w.member("file", t.facts.file);
    if (t.facts.line != 0) w.member("line", t.facts.line);
    if (!t.facts.detail.empty()) w.member("detail", t.facts.detail);
    w.end_object();
}

inline void write_shard(json_writer& w, shard_row const& r) {
    w.begin_object();
    w.member("state", to_string(r.state));
    if (r.count != 0) {
        w.member("part", r.index + std::uint64_t{1});
        if (r.last_index != r.index) w.member("last_part", r.last_index + std::uint64_t{1});
        w.member("parts", r.count);
    }
    if (r.attempt != 0) w.member("attempt", r.attempt);
    if (!r.run.empty()) w.member("run", r.run);
    if (!r.worker.empty()) w.member("worker", r.worker);
    if (!r.host.empty()) w.member("host", r.host);
    if (r.pid != 0) w.member("pid", r.pid);
    if (!r.started.empty()) w.member("started", r.started);
    if (r.attempt != 0) w.member("planned", r.planned);
    if (r.not_run != 0) w.member("not_run", r.not_run);
    if (r.tally) {
        w.member("ran", r.tally->ran);
        w.member("failed", r.tally->failed);
        w.member("results", r.tally->results);
        w.member("unsafe", r.tally->unsafe);
        w.member("errors", r.tally->errors);
        w.member("seconds", r.tally->seconds);
    }
    w.end_object();
}

/// The results under their harm categories as the file spells these: of two lists under one key, readers lose one, so
/// categories that differ in broken UTF-8 only have one list.
template <Result R>
[[nodiscard]] std::vector<harm_group<R>> groups_as_written(basic_test_run_report<R> const& report) {
    std::vector<harm_group<R>> groups;
    std::unordered_map<std::string, std::size_t> places;
    for (harm_group<R>& each : report.by_harm_category()) {
        each.category = repair_utf8(each.category);
        auto const [place, is_new] = places.try_emplace(each.category, groups.size());
        if (is_new) {
            groups.push_back(std::move(each));
            continue;
        }
        auto& positions = groups[place->second].records.positions();
        positions.insert(positions.end(), each.records.positions().begin(), each.records.positions().end());
        std::ranges::sort(positions);  // report order
    }
    return groups;
}

/// `drain` is called after each thing that may be long: the text so far may be taken away.
template <Result R, class Drain>
void write_report(json_writer& w, basic_test_run_report<R> const& report, Drain drain) {
    w.begin_object();
    w.member("total_runs", report.total_runs);
    w.member("passed", report.passed);
    w.member("failed", report.failed);
    w.member("undetermined", report.undetermined);
    w.member("errors", report.errors);
    w.member("duration_seconds", report.duration_seconds);
    auto run = report.meta;
    if (report.is_incomplete()) {
        metadata::array reasons;
        for (std::string& line : report.incomplete_reasons()) reasons.emplace_back(std::move(line));
        run.set("incomplete", true);
        run.set("incomplete_reasons", std::move(reasons));
    }
    write_metadata(w, "metadata", run);
    w.key("population_summary");
    write_population(w, report.population_summary());
    w.key("by_harm_category");
    w.begin_object();
    for (harm_group<R> const& group : groups_as_written(report)) {
        w.key(group.category);
        w.begin_array();
        for (record_ref<R> const r : group.records) {
            write_record(w, *r.load(), drain);
            drain();
        }
        w.end_array();
    }
    w.end_object();

    w.member("schema", "rampart.report.v1");
    w.key("trial_groups");
    w.begin_array();
    auto const groups = facts_of_trial_groups(report);
    for (trial_group_result const& g : report.trial_groups) {
        write_group(w, g, groups.at(g.base).clones);
        drain();
    }
    w.end_array();
    write_reported_faults(w, report.faults, drain);
    w.key("tests");
    w.begin_array();
    for (test_entry const& t : report.tests) {
        write_test(w, t);
        drain();
    }
    w.end_array();
    if (has_shards(report.shards)) {
        w.key("shards");
        w.begin_array();
        for (shard_row const& r : report.shards) {
            write_shard(w, r);
            drain();
        }
        w.end_array();
    }
    w.end_object();
}

}  // namespace detail

/// Writes the JSON report to anything with `write(std::string_view)`, a piece at a time: ASCII, two blanks a level, no
/// line end at the end. NaN and infinities are null. A piece is little over 64 kB, or as long as what one turn or tool
/// call says.
template <Result R, class Out>
void write_json_report(basic_test_run_report<R> const& report, Out& out) {
    constexpr std::size_t enough = 65536;
    std::string text;
    json_writer w(text, json_style::indented);
    detail::write_report(w, report, [&] {
        if (text.size() < enough) return;
        out.write(text);
        text.clear();
    });
    out.write(text);
}

/// The same as a text.
template <Result R>
[[nodiscard]] std::string to_json_text(basic_test_run_report<R> const& report) {
    std::string text;
    json_writer w(text, json_style::indented);
    detail::write_report(w, report, [] {});
    return text;
}

/// Writes the JSON report to a file: whole or not at all, see `write_file`.
///
///     rampart::json_file_report_sink{"reports"}                         // reports/run_report_2026-11-21T08-30-00.json
///     rampart::json_file_report_sink::to_file("build/rampart.json")     // this file, replaced by each report
class json_file_report_sink {
public:
    /// Each report becomes a new file of this folder, `run_report_YYYY-MM-DDTHH-MM-SS.json` (UTC), or `..._2.json`
    /// and so on where that exists. The folder and its parents are made when a report comes.
    explicit json_file_report_sink(std::filesystem::path folder) : path_(std::move(folder)) {}

    /// Into exactly this file.
    [[nodiscard]] static json_file_report_sink to_file(std::filesystem::path file) {
        json_file_report_sink sink(std::move(file));
        sink.is_file_ = true;
        return sink;
    }

    [[nodiscard]] std::string name() const { return "json file " + path_.string(); }

    /// The file of the latest report; empty before the first.
    [[nodiscard]] std::filesystem::path const& last_file() const noexcept { return last_; }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        auto const writer = [&report](file_stream& out) { write_json_report(report, out); };
        if (is_file_) {
            write_file(path_, writer);
            last_ = path_;
        } else {
            last_ = write_new_file(path_, "run_report_" + file_time(std::chrono::system_clock::now()), ".json", writer);
        }
    }

private:
    std::filesystem::path path_;
    std::filesystem::path last_{};
    bool is_file_ = false;
};

static_assert(ReportSink<json_file_report_sink>);
static_assert(ReportSink<json_file_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_JSON_FILE_HPP
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/sinks/sqlite_file.hpp
#ifndef RAMPART_SINKS_SQLITE_FILE_HPP
#define RAMPART_SINKS_SQLITE_FILE_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>


/// \file
/// A SQLite file of ours: opened, asked, written to in transactions, and brought up to date. It needs libsqlite3
/// (`-lsqlite3`), and is not part of `rampart/rampart.hpp`.

namespace rampart::inline v1 {

/// The history could not be written. The text names the file, the step and SQLite's reason.
class sqlite_error : public std::runtime_error {
public:
    sqlite_error(std::filesystem::path const& path, std::string const& step, std::string const& reason, int code = 0)
        : std::runtime_error("cannot write the history '" + path.string() + "': " + step + ": " + reason), code_(code) {
    }

    /// SQLite's extended result code; 0 when it is not SQLite that refuses.
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

namespace detail {

/// "RAMP", as the file's application id.
inline constexpr int sqlite_application = 0x52414D50;

/// An open file. Every failure is a `sqlite_error` that names the step.
class sqlite_file {
public:
    sqlite_file(std::filesystem::path const& path, std::chrono::milliseconds busy_timeout) : path_(path) {
        // Absolute, because `:memory:` and an empty name mean something else to SQLite.
        auto const name = std::filesystem::absolute(path).string();
        sqlite3* opened = nullptr;
        int const code = sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
        handle_.reset(opened);
        if (opened == nullptr) throw sqlite_error(path_, "opening it", sqlite3_errstr(code), code);
        sqlite3_extended_result_codes(opened, 1);
        check(code, "opening it");
        check(sqlite3_busy_timeout(opened, static_cast<int>(busy_timeout.count())), "opening it");
        run("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;", "opening it");
    }

    [[nodiscard]] sqlite3* get() const noexcept { return handle_.get(); }
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

    void run(char const* sql, char const* step) const {
        check(sqlite3_exec(get(), sql, nullptr, nullptr, nullptr), step);
    }
    void check(int code, char const* step) const {
        if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
        throw sqlite_error(path_, step, sqlite3_errmsg(get()), code);
    }

private:
    struct closer {
        void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
    };
    std::filesystem::path path_;
    std::unique_ptr<sqlite3, closer> handle_{};
};

/// A prepared statement; its values are bound, never written into it.
class sqlite_statement {
public:
    sqlite_statement(sqlite_file const& file, std::string const& sql, char const* step) : file_(&file), step_(step) {
        sqlite3_stmt* made = nullptr;
        file.check(sqlite3_prepare_v2(file.get(), sql.c_str(), -1, &made, nullptr), step);
        handle_.reset(made);
    }

    /// Runs it from the start with these values; true when there is a row. The texts need to live that long only.
    template <class... T>
    bool operator()(T const&... values) {
        reset();
        int place = 0;
        (file_->check(bind(++place, values), step_), ...);
        int const code = sqlite3_step(handle_.get());
        file_->check(code, step_);
        return code == SQLITE_ROW;
    }
    void reset() noexcept {
        sqlite3_reset(handle_.get());
        sqlite3_clear_bindings(handle_.get());
    }
    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    [[nodiscard]] std::string text(int column) const {
        auto const* const bytes = static_cast<char const*>(sqlite3_column_blob(handle_.get(), column));
        auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
        return bytes == nullptr ? std::string() : std::string(bytes, size);
    }

private:
    template <class T>
    int bind(int place, T const& v) {
        if constexpr (std::floating_point<T>) {
            return sqlite3_bind_double(handle_.get(), place, v);
        } else if constexpr (std::integral<T>) {
            return sqlite3_bind_int64(handle_.get(), place, static_cast<sqlite3_int64>(v));
        } else if constexpr (std::convertible_to<T const&, std::string_view>) {
            std::string_view const text = v;
            char const* const bytes = text.data() == nullptr ? "" : text.data();
            if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) {
                return sqlite3_bind_blob64(handle_.get(), place, bytes, text.size(), SQLITE_STATIC);
            }
            return sqlite3_bind_text64(handle_.get(), place, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
        } else {
            return v ? bind(place, *v) : sqlite3_bind_null(handle_.get(), place);
        }
    }
    struct finalizer {
        void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
    };
    sqlite_file const* file_;
    char const* step_;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_{};
};

/// Writes from its making on, alone; what is not committed did not happen.
class sqlite_transaction {
public:
    explicit sqlite_transaction(sqlite_file const& file) : file_(&file) { file.run("BEGIN IMMEDIATE", "locking it"); }
    sqlite_transaction(sqlite_transaction const&) = delete;
    sqlite_transaction& operator=(sqlite_transaction const&) = delete;
    ~sqlite_transaction() {
        if (open_) sqlite3_exec(file_->get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    void commit() {
        file_->run("COMMIT", "committing the run");
        open_ = false;
    }

private:
    sqlite_file const* file_;
    bool open_ = true;
};

/// Brings a file to the version that `steps` lead to, inside of the caller's transaction.
inline void migrate(sqlite_file const& file, std::span<char const* const> steps) {
    auto const ask = [&file](char const* sql) {
        sqlite_statement question(file, sql, "reading its version");
        return question() ? question.integer(0) : 0;
    };
    auto const version = ask("PRAGMA user_version");
    auto const application = ask("PRAGMA application_id");
    bool const is_new = application == 0 && version == 0 && ask("SELECT count(*) FROM sqlite_master") == 0;
    if (!is_new && application != sqlite_application) {
        throw sqlite_error(file.path(), "reading its version",
                           "it is a database of another program; give the history a file of its own");
    }
    auto const wanted = static_cast<std::int64_t>(steps.size());
    if (version > wanted || version < 0) {
        throw sqlite_error(file.path(), "reading its version",
                           "its schema has version " + std::to_string(version) + ", and this rampart knows up to " +
                               std::to_string(wanted) + "; use the newer rampart, or another file");
    }
    if (version == wanted) return;
    for (auto at = static_cast<std::size_t>(version); at < steps.size(); ++at) file.run(steps[at], "migrating it");
    auto const mark = "PRAGMA application_id = " + std::to_string(sqlite_application) +
                      "; PRAGMA user_version = " + std::to_string(wanted);
    file.run(mark.c_str(), "migrating it");
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_SQLITE_FILE_HPP
// ---- rampart/sinks/sqlite.hpp, again
// ---- rampart/version.hpp
#ifndef RAMPART_VERSION_HPP
#define RAMPART_VERSION_HPP

/// The version of these headers, by semantic versioning. The build reads it from here too, so it stands in one place.
#define RAMPART_VERSION_MAJOR 0
#define RAMPART_VERSION_MINOR 1
#define RAMPART_VERSION_PATCH 0

/// The three numbers as a string literal, for messages and reports.
#define RAMPART_VERSION "0.1.0"

#endif  // RAMPART_VERSION_HPP
// ---- rampart/sinks/sqlite.hpp, again

/// \file
/// A history of runs in one SQLite file. It needs libsqlite3 (`-lsqlite3`), and is not part of `rampart/rampart.hpp`.
///
/// Tables: `runs`, and for each run its `tests`, `results`, `trial_groups` and `faults`, in report order by `position`.
/// The columns are those of the JSON report. A text is TEXT, byte for byte; a text with a NUL or with bytes that are no
/// UTF-8 is a BLOB of the same bytes, since SQLite promises little for such a TEXT. `metadata` and `evidence` are JSON.
/// A number that is no number is NULL.
///
/// A report is one transaction. Its key is the run's metadata `run_id`, else a hash of what it says; a run that is
/// there already is left alone. The file has the application id 0x52414D50 ("RAMP") and the schema's version as its
/// `user_version`; an older file is brought up to date, a newer one or another program's is refused.

namespace rampart::inline v1 {

/// The version of the tables that this header writes.
inline constexpr int sqlite_schema_version = 1;

/// How a history is written.
struct sqlite_options {
    /// How long to wait while another process writes.
    std::chrono::milliseconds busy_timeout = std::chrono::minutes(1);
    /// Whether the conversations are kept. They are most of a history's size, and the JSON report has them too.
    bool evidence = true;
    /// When the run was recorded, in milliseconds since 1970-01-01 UTC; else it is now.
    std::optional<std::int64_t> recorded_ms{};
};

namespace detail {

/// What leads from each version to the next; the first makes the tables in an empty file.
inline constexpr std::array<char const*, sqlite_schema_version> sqlite_migrations = {R"(
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, run_key TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL, recorded_ms INTEGER NOT NULL,
    rampart_version TEXT NOT NULL, exit_code INTEGER NOT NULL, incomplete INTEGER NOT NULL,
    duration_seconds REAL, total_runs INTEGER NOT NULL, safe INTEGER NOT NULL, unsafe INTEGER NOT NULL,
    undetermined INTEGER NOT NULL, errors INTEGER NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE tests (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    nodeid TEXT NOT NULL, trial_of TEXT, attempt INTEGER NOT NULL, worker TEXT NOT NULL, name TEXT NOT NULL,
    outcome TEXT NOT NULL, seconds REAL, results INTEGER NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
    detail TEXT NOT NULL, PRIMARY KEY (run_id, position));
CREATE TABLE results (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    nodeid TEXT NOT NULL, trial_of TEXT, attempt INTEGER NOT NULL, worker TEXT NOT NULL, test_name TEXT NOT NULL,
    result_index INTEGER NOT NULL, harm_category TEXT NOT NULL, status TEXT NOT NULL, summary TEXT NOT NULL,
    strategy TEXT NOT NULL, duration_seconds REAL, metadata TEXT NOT NULL, evidence TEXT,
    PRIMARY KEY (run_id, position));
CREATE TABLE trial_groups (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    base_nodeid TEXT NOT NULL, total INTEGER NOT NULL, safe INTEGER NOT NULL, unsafe INTEGER NOT NULL,
    errors INTEGER NOT NULL, undetermined INTEGER NOT NULL, no_result INTEGER NOT NULL, threshold REAL,
    pass_rate REAL, passed INTEGER NOT NULL, PRIMARY KEY (run_id, position));
CREATE TABLE faults (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    kind TEXT NOT NULL, place TEXT NOT NULL, what TEXT NOT NULL, loses INTEGER NOT NULL, fails INTEGER NOT NULL,
    PRIMARY KEY (run_id, position));
CREATE INDEX runs_by_time ON runs (recorded_ms);
CREATE INDEX tests_by_id ON tests (nodeid, run_id);
CREATE INDEX results_by_id ON results (nodeid, run_id);
CREATE INDEX results_by_harm ON results (harm_category, status, run_id);
CREATE INDEX trial_groups_by_id ON trial_groups (base_nodeid, run_id);
CREATE INDEX faults_by_kind ON faults (kind, run_id);
)"};

/// What a result proves itself with, as JSON; empty where there is nothing.
template <Result R>
[[nodiscard]] std::optional<std::string> evidence_json(R const& value) {
    std::string text;
    json_writer w(text, json_style::compact);
    if (transcript const* const evidence = transcript_of(value)) {
        write_json(w, *evidence);
        return text;
    }
    if constexpr (boost::json::has_value_from<R>::value) {
        w.begin_object();
        write_own_value(w, value);
        w.end_object();
        return text;
    } else {
        return std::nullopt;
    }
}

[[nodiscard]] inline std::string metadata_json(metadata const& object) {
    std::string text;
    json_writer w(text, json_style::compact);
    write_json(w, object);
    return text;
}

enum class sqlite_table : unsigned char { tests, results, trial_groups, faults };
inline constexpr std::string_view sqlite_inserts[] = {"tests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                                      "results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                                      "trial_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                                      "faults VALUES (?, ?, ?, ?, ?, ?, ?)"};

/// Calls `put(table, position, values...)` for each row of a report, in the order of the table's columns.
template <Result R, class Put>
void for_each_row(basic_test_run_report<R> const& report, bool evidence, Put put) {
    auto const base_of = [&report](test_id const& id) -> std::optional<std::string_view> {
        auto const at = std::ranges::lower_bound(report.trial_specs, id, {}, &trial_spec::clone);
        if (at == report.trial_specs.end() || at->clone != id) return std::nullopt;
        return at->base.str();
    };
    std::size_t place = 0;
    for (trial_group_result const& g : report.trial_groups) {
        put(sqlite_table::trial_groups, place++, g.base.str(), g.total, g.safe, g.unsafe, g.errors, g.undetermined,
            g.no_result, g.threshold, g.pass_rate, g.passed);
    }
    place = 0;
    for (test_entry const& t : report.tests) {
        put(sqlite_table::tests, place++, t.test.str(), base_of(t.test), t.attempt, t.worker, t.facts.name,
            to_string(t.facts.outcome), t.facts.seconds, t.results, t.facts.file, t.facts.line, t.facts.detail);
    }
    place = 0;
    for (basic_record<R> const& r : report.results) {
        put(sqlite_table::results, place++, r.test.str(), base_of(r.test), r.attempt, r.worker, r.test_name, r.index,
            r.harm_category, to_string(result_traits<R>::status(r.value)),
            std::string_view(result_traits<R>::summary(r.value)), strategy_of(r.value), duration_of(r.value),
            metadata_json(metadata_of(r.value)), evidence ? evidence_json(r.value) : std::nullopt);
    }
    place = 0;
    for (fault const& f : report.faults) {
        put(sqlite_table::faults, place++, to_string(f.kind), f.where, f.what, loses(f.kind), fails(f.kind));
    }
}

/// A hash of values one after the other, which cannot run into each other.
class content_hash {
public:
    template <class T>
    void add(T const& v) {
        if constexpr (std::floating_point<T>) {
            number(std::bit_cast<std::uint64_t>(static_cast<double>(v)));
        } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
            number(static_cast<std::uint64_t>(v));
        } else if constexpr (std::convertible_to<T const&, std::string_view>) {
            std::string_view const text = v;
            number(text.size());
            hash_ = stable_hash(text, hash_);
            bytes_ += text.size();
        } else {
            number(v.has_value());
            if (v) add(*v);
        }
    }
    [[nodiscard]] std::string text() const { return hash_text(hash_) + "-" + std::to_string(bytes_); }

private:
    void number(std::uint64_t n) {
        char bytes[8];
        for (char& b : bytes) {
            b = static_cast<char>(n & 0xFFU);
            n >>= 8U;
        }
        hash_ = stable_hash(std::string_view(bytes, sizeof bytes), hash_);
    }
    std::uint64_t hash_ = stable_hash_seed;
    std::uint64_t bytes_ = 0;
};

template <Result R>
[[nodiscard]] std::string content_hash_of(basic_test_run_report<R> const& report) {
    content_hash hash;
    hash.add(report.duration_seconds);
    hash.add(metadata_json(report.meta));
    for_each_row(report, true, [&hash](auto const&... values) { (hash.add(values), ...); });
    return hash.text();
}

}  // namespace detail

/// Adds each report to the history in this file, which is made where it is missing.
class sqlite_report_sink {
public:
    explicit sqlite_report_sink(std::filesystem::path file, sqlite_options options = {})
        : path_(std::move(file)), options_(options) {}

    [[nodiscard]] std::string name() const { return "SQLite history " + path_.string(); }

    /// Whether the latest report was added; false when its run was there already.
    [[nodiscard]] bool added() const noexcept { return added_; }

    /// Throws `sqlite_error`, and `file_error` when the folder cannot be made. Nothing of the report is kept then.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        added_ = false;
        detail::make_folder_of(path_);
        auto const hash = detail::content_hash_of(report);
        auto const* const id = report.meta["run_id"].if_string();
        auto const key = id != nullptr && !id->empty() ? "id:" + *id : "content:" + hash;

        detail::sqlite_file const file(path_, options_.busy_timeout);
        detail::sqlite_transaction transaction(file);
        detail::migrate(file, detail::sqlite_migrations);
        {
            detail::sqlite_statement known(file, "SELECT content_hash FROM runs WHERE run_key = ?",
                                           "looking for the run");
            if (known(key)) {
                if (known.text(0) == hash) {
                    known.reset();
                    transaction.commit();
                    return;
                }
                throw sqlite_error(path_, "adding the run",
                                   "another run has the run_id '" + *id + "' already; give each run an id of its own");
            }
        }
        auto const now = std::chrono::system_clock::now().time_since_epoch();
        auto const recorded = options_.recorded_ms.value_or(
            std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()});
        detail::sqlite_statement run(file, "INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                     "adding the run");
        run(key, hash, recorded, RAMPART_VERSION, exit_code(report), report.is_incomplete(), report.duration_seconds,
            report.total_runs, report.passed, report.failed, report.undetermined, report.errors,
            detail::metadata_json(report.meta));
        auto const run_id = sqlite3_last_insert_rowid(file.get());
        std::vector<detail::sqlite_statement> inserts;
        for (auto const words : detail::sqlite_inserts) {
            inserts.emplace_back(file, "INSERT INTO " + std::string(words), "adding the run");
        }
        detail::for_each_row(report, options_.evidence, [&](detail::sqlite_table table, auto const&... values) {
            inserts[static_cast<std::size_t>(table)](run_id, values...);
        });
        for (auto& insert : inserts) insert.reset();
        run.reset();
        transaction.commit();
        added_ = true;
    }

private:
    std::filesystem::path path_;
    sqlite_options options_;
    bool added_ = false;
};

static_assert(ReportSink<sqlite_report_sink>);
static_assert(ReportSink<sqlite_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_SQLITE_HPP
