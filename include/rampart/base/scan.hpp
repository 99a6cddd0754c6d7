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
