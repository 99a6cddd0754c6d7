#ifndef RAMPART_JSON_CURSOR_HPP
#define RAMPART_JSON_CURSOR_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "rampart/base/utf8.hpp"
#include "rampart/json/repair.hpp"
#include "rampart/json/spelling.hpp"

namespace rampart::inline v1::detail {

/// A number as it stands in a document.
struct json_number {
    enum class kind : unsigned char { int64, uint64, big, real } is = kind::int64;
    std::int64_t int64 = 0;
    std::uint64_t uint64 = 0;
    double real = 0.0;
    std::string_view text{};  ///< of a big integer its digits
};

/// Goes through a JSON text from front to back, value by value, without a tree.
///
/// An own reader beside Boost.JSON's parser for two reasons. A result is some sixty values: as the nodes of a tree they
/// cost more than their bytes. And it tells where a value begins and ends, which Boost's parser does not, so that a
/// record can be read again from its file.
///
/// It takes plain documents only, and never repairs: what is no JSON, or JSON that `read_json` would say something
/// about (ill-formed UTF-8, lone surrogates, numbers out of range, nesting over the limit), ends in `failed()`, and
/// then `read_json` is the judge. What it takes, it reads as `read_json` does.
///
/// Each function gives false when it failed; nothing is read after that. Positions are bytes from the text's beginning.
class json_cursor {
public:
    explicit json_cursor(std::string_view text, std::size_t max_depth = 512) noexcept { restart(text, max_depth); }
    json_cursor(json_cursor const&) = delete;
    json_cursor& operator=(json_cursor const&) = delete;

    /// Begins with another text.
    void restart(std::string_view text, std::size_t max_depth = 512) noexcept {
        begin_ = text.data();
        at_ = begin_;
        end_ = begin_ + text.size();
        levels_ = max_depth < 512 ? max_depth : 512;
        failed_ = false;
        odd_ = false;
    }

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Whether a text that was read since the last call may hold what a text policy changes.
    [[nodiscard]] bool met_odd_text() noexcept { return std::exchange(odd_, false); }
    bool fail() noexcept {
        failed_ = true;
        at_ = end_;
        return false;
    }
    /// Where the next value begins, or the end of what was read.
    [[nodiscard]] std::size_t position() noexcept {
        pass_blanks();
        return static_cast<std::size_t>(at_ - begin_);
    }
    /// Where what was read last has ended.
    [[nodiscard]] std::size_t end_position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
    [[nodiscard]] std::string_view text_from(std::size_t from) const noexcept {
        return {begin_ + from, end_position() - from};
    }
    /// The first byte of the next value; 0 at the end.
    [[nodiscard, gnu::always_inline]] char peek() noexcept {
        if (at_ != end_ && static_cast<unsigned char>(*at_) > ' ') return *at_;
        // One blank is what most writers put.
        if (end_ - at_ > 1 && *at_ == ' ' && static_cast<unsigned char>(at_[1]) > ' ') {
            return *++at_;
        }
        pass_blanks();
        return at_ == end_ ? '\0' : *at_;
    }
    /// Whether only blanks are left, and nothing failed.
    [[nodiscard]] bool at_end() noexcept { return peek() == '\0' && at_ == end_ && !failed_; }

    /// Reads an array: `element()` has to read one value.
    template <class F>
    bool array(F element) {
        if (!open('[')) return false;
        if (!take(']')) {
            do {
                if (!element()) return fail();
            } while (take(','));
            if (!take(']')) return fail();
        }
        ++levels_;
        return true;
    }
    /// Reads an object: `member()` has to read a key, by `key_is` or `key`, and its value.
    template <class F>
    bool object(F member) {
        if (!open('{')) {
            return false;
        }
        if (!take('}')) {
            do {
                if (peek() != '"' || !member()) return fail();
            } while (take(','));
            if (!take('}')) {
                return fail();
            }
        }
        ++levels_;
        return true;
    }
    /// Reads an object whose keys are known, in any order, each at most once: `member(n)` has to read the value of
    /// `names[n]`. `seen` gets a bit for each that was there.
    template <std::size_t N, class F>
    bool members(std::string_view const (&names)[N], std::uint32_t& seen, F member) {
        static_assert(N <= 32);
        seen = 0;
        std::size_t next = 0;
        return object([&] {
            std::size_t tries = 0;
            for (; tries < N && !key_is(names[next]); ++tries) {
                next = next + 1 == N ? 0 : next + 1;
            }
            std::uint32_t const bit = std::uint32_t{1} << next;
            if (tries == N || (seen & bit) != 0) return false;
            seen |= bit;
            std::size_t const found = next;
            next = next + 1 == N ? 0 : next + 1;
            return member(found);
        });
    }

    /// Takes the key with its colon if it is this one, spelt without escapes. Stands on the quote before and after.
    bool key_is(std::string_view name) noexcept {
        auto const left = static_cast<std::size_t>(end_ - at_);
        if (left < name.size() + 2 || at_[name.size() + 1] != '"' || !same_bytes(at_ + 1, name)) {
            return false;
        }
        char const* const before = at_;
        at_ += name.size() + 2;
        if (take(':')) return true;
        at_ = before;
        return false;
    }
    /// Reads any key with its colon.
    bool key(std::string& out) { return text(out) && (take(':') || fail()); }

    bool text(std::string& out) {
        char const* const first = begin_text();
        if (first == nullptr) return false;
        char const* const run = end_of_json_run(first, end_);
        if (run != end_ && *run == '"') {
            out.assign(first, run);
            at_ = run + 1;
            return true;
        }
        at_ = run;
        used_ = 0;
        put(first, run);
        if (!rest_of_text([this](char const* a, char const* b) { put(a, b); }, [this](char32_t code) { put(code); })) {
            return false;
        }
        out.assign(decoded_.data(), used_);
        return true;
    }
    /// A text as it stands there; one that cannot be read so, because it has escapes, is a failure.
    bool spelt_text(std::string_view& out) {
        char const* const first = begin_text();
        if (first == nullptr) return false;
        at_ = end_of_json_run(first, end_);
        if (at_ == end_ || *at_ != '"') return fail();
        out = {first, static_cast<std::size_t>(at_ - first)};
        ++at_;
        return true;
    }
    /// Passes over a text; it is looked at as closely as when it is read.
    bool skip_text() {
        char const* const first = begin_text();
        if (first == nullptr) return false;
        at_ = end_of_json_run(first, end_);
        if (at_ != end_ && *at_ == '"') {
            ++at_;
            return true;
        }
        return rest_of_text([](char const*, char const*) {}, [](char32_t) {});
    }

    /// Takes `null`; false, and nothing read, for any other value.
    bool null() noexcept { return peek() == 'n' && word("null"); }
    bool boolean(bool& out) noexcept {
        out = peek() == 't';
        return word(out ? "true" : "false") || fail();
    }

    bool number(json_number& out) {
        char const* const first = peek() == '\0' ? end_ : at_;
        at_ += at_ != end_ && *at_ == '-' ? 1 : 0;
        bool const zero = at_ != end_ && *at_ == '0';
        if (!digits() || (zero && at_ - first > (*first == '-' ? 2 : 1))) return fail();
        bool real = false;
        if (at_ != end_ && *at_ == '.') {
            real = true;
            ++at_;
            if (!digits()) return fail();
        }
        if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
            real = true;
            ++at_;
            at_ += at_ != end_ && (*at_ == '+' || *at_ == '-') ? 1 : 0;
            if (!digits()) return fail();
        }
        out.text = std::string_view(first, static_cast<std::size_t>(at_ - first));
        if (real) {
            out.is = json_number::kind::real;
            // What is beyond every double, or too near to 0 for one, is for `read_json` to say.
            return std::from_chars(first, at_, out.real).ec == std::errc{} || fail();
        }
        if (std::from_chars(first, at_, out.int64).ec == std::errc{}) {
            out.is = json_number::kind::int64;
        } else if (*first != '-' && std::from_chars(first, at_, out.uint64).ec == std::errc{}) {
            out.is = json_number::kind::uint64;
        } else {
            out.is = json_number::kind::big;
        }
        return true;
    }

    /// Passes over a value of any kind. Keys that stand in an object twice are not noticed.
    bool skip_value() {
        switch (peek()) {
        case '{':
            return object([this] { return skip_text() && (take(':') || fail()) && skip_value(); });
        case '[':
            return array([this] { return skip_value(); });
        case '"':
            return skip_text();
        case 't':
            return word("true") || fail();
        case 'f':
            return word("false") || fail();
        case 'n':
            return word("null") || fail();
        default:
            json_number any;
            return number(any);
        }
    }

private:
    [[gnu::noinline]] void pass_blanks() noexcept {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
            ++at_;
        }
    }
    [[gnu::always_inline]] bool take(char c) noexcept {
        if (peek() != c) return false;
        ++at_;  // c is no NUL, so this is not the end
        return true;
    }
    bool open(char c) noexcept {
        if (levels_ == 0 || !take(c)) return fail();
        --levels_;
        return true;
    }
    bool word(std::string_view w) noexcept {
        if (static_cast<std::size_t>(end_ - at_) < w.size() || std::memcmp(at_, w.data(), w.size()) != 0) {
            return false;
        }
        at_ += w.size();
        return true;
    }
    bool digits() noexcept {
        char const* const first = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
            ++at_;
        }
        return at_ != first;
    }
    /// The first byte of the text that begins here; null, and a failure, where none does.
    char const* begin_text() noexcept {
        if (peek() == '"') return at_ + 1;
        fail();
        return nullptr;
    }
    /// From the first byte of a text that is not plain to its end: `run(first, last)` is called for bytes that stand
    /// for themselves, `escape(code)` for each escape.
    template <class Run, class Escape>
    bool rest_of_text(Run run, Escape escape) {
        while (at_ != end_) {
            auto const byte = static_cast<unsigned char>(*at_);
            if (byte == '"') {
                ++at_;
                return true;
            }
            if (byte == '\\') {
                char32_t code = 0;
                if (!escaped(code)) return fail();
                odd_ = odd_ || (code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7F && code < 0xA0);
                escape(code);
                continue;
            }
            char const* const first = at_;
            if (byte < 0x20) return fail();
            while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) {
                if (static_cast<unsigned char>(*at_) < 0x7F) {
                    at_ = end_of_json_run(at_, end_);
                    continue;
                }
                odd_ = true;
                std::string_view const rest(at_, static_cast<std::size_t>(end_ - at_));
                utf8_part const part = utf8_part_at(rest, 0);
                if (!part.well_formed) return fail();
                at_ += part.size;
            }
            run(first, at_);
        }
        return fail();
    }
    void need(std::size_t more) {
        if (decoded_.size() - used_ < more) {
            decoded_.resize(2 * (used_ + more));
        }
    }
    void put(char const* first, char const* last) {
        auto const size = static_cast<std::size_t>(last - first);
        need(size);
        if (size != 0) {
            std::memcpy(decoded_.data() + used_, first, size);
        }
        used_ += size;
    }
    void put(char32_t code) {
        need(4);
        used_ = static_cast<std::size_t>(put_utf8(decoded_.data() + used_, code) - decoded_.data());
    }
    bool escaped(char32_t& code) noexcept {
        if (end_ - at_ < 2) return false;
        char const c = at_[1];
        if (c != 'u') {
            constexpr std::string_view letters = "\"\\/bfnrt";
            constexpr std::string_view means = "\"\\/\b\f\n\r\t";
            auto const which = letters.find(c);
            at_ += 2;
            if (which == std::string_view::npos) return false;
            code = static_cast<unsigned char>(means[which]);
            return true;
        }
        std::string_view const rest(at_, static_cast<std::size_t>(end_ - at_ < 12 ? end_ - at_ : 12));
        unsigned const unit = escaped_unit(rest, 0);
        if (unit > 0xFFFF || (unit >= 0xDC00 && unit <= 0xDFFF)) return false;
        at_ += 6;
        code = unit;
        if (unit < 0xD800 || unit > 0xDBFF) return true;
        unsigned const low = rest.size() < 12 ? 0U : escaped_unit(rest, 6);
        if (low < 0xDC00 || low > 0xDFFF) return false;
        at_ += 6;
        code = 0x10000 + ((unit - 0xD800U) << 10U) + (low - 0xDC00U);
        return true;
    }

    char const* begin_ = nullptr;
    char const* at_ = nullptr;
    char const* end_ = nullptr;
    std::size_t levels_ = 0;
    bool failed_ = false;
    bool odd_ = false;
    std::string decoded_{};  // of a text with escapes, the first `used_` bytes
    std::size_t used_ = 0;
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_JSON_CURSOR_HPP
