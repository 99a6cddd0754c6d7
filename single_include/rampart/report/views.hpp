// <rampart/report/views.hpp> of rampart 0.1.0 in one file. single_include/make.sh writes it from include/: change it there.
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

#ifndef RAMPART_REPORT_VIEWS_HPP
#define RAMPART_REPORT_VIEWS_HPP

#include <string>
#include <utility>

#include <range/v3/range/concepts.hpp>
#include <range/v3/view/filter.hpp>

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
// ---- rampart/report/views.hpp, again
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
// ---- rampart/report/views.hpp, again
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
// ---- rampart/report/views.hpp, again
// ---- rampart/session/record_ref.hpp
#ifndef RAMPART_SESSION_RECORD_REF_HPP
#define RAMPART_SESSION_RECORD_REF_HPP

// ---- rampart/session/record.hpp
#ifndef RAMPART_SESSION_RECORD_HPP
#define RAMPART_SESSION_RECORD_HPP

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
// ---- rampart/session/record.hpp, again

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
// ---- rampart/session/record_ref.hpp, again

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
// ---- rampart/report/views.hpp, again

/// \file
/// Parts of a run's records as views of range-v3, for who counts or lists them in a sink or a tool of their own:
///
///     auto const all = report.results.refs();
///     auto bad = all | rampart::views::with_status(rampart::safety_status::unsafe);
///     auto s = rampart::summarize(bad | rampart::views::in_harm_category("jailbreak"));
///
/// Nothing is read or copied for that; a view is good until the list of records changes. The one header of rampart that
/// takes range-v3, and no other reaches it: link rampart::ranges.

// A range of references is two words and may be copied.
template <class R>
inline constexpr bool ranges::enable_view<rampart::v1::record_range<R>> = true;

namespace rampart::inline v1::views {

/// The records with this status.
[[nodiscard]] inline auto with_status(safety_status wanted) {
    return ::ranges::views::filter([wanted](auto const& r) { return r.status() == wanted; });
}

/// The records of this harm category; `uncategorized` are those that name none (B102).
[[nodiscard]] inline auto in_harm_category(std::string wanted) {
    return ::ranges::views::filter([wanted = std::move(wanted)](auto const& r) {
        auto const category = r.harm_category();
        return category.empty() ? wanted == harm_category::uncategorized : category == wanted;
    });
}

/// The records of this test, from all workers and attempts.
[[nodiscard]] inline auto of_test(test_id wanted) {
    return ::ranges::views::filter([wanted = std::move(wanted)](auto const& r) { return r.test() == wanted; });
}

}  // namespace rampart::inline v1::views

#endif  // RAMPART_REPORT_VIEWS_HPP
