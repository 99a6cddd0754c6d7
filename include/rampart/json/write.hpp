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

#include "rampart/base/utf8.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/json/big_integer.hpp"
#include "rampart/json/number.hpp"

namespace rampart::inline v1 {

/// How the text is laid out.
enum class json_style : unsigned char {
    python,    ///< one line, `", "` and `": "`: what Python's `json.dumps` writes
    indented,  ///< two blanks a level, as Python's `indent=2`; empty containers stay `[]` and `{}`
    compact,   ///< one line without blanks
};

namespace detail {

/// A byte that stands in a JSON text as it is.
[[nodiscard]] constexpr bool is_plain_json(unsigned char c) noexcept {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// Where the run of plain bytes that begins at `from` ends. Eight bytes a step, because nearly all text is plain.
[[nodiscard]] inline std::size_t end_of_plain_run(std::string_view text, std::size_t from) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = 0x8080808080808080U;
    std::size_t at = from;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        std::uint64_t const quote = word ^ (ones * '"');
        std::uint64_t const slash = word ^ (ones * '\\');
        std::uint64_t const del = word ^ (ones * 0x7F);
        // A borrow can only flag a byte above one that is flagged rightly, so "any flag" is exact.
        std::uint64_t const flags = word | ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                                    ((slash - ones) & ~slash) | ((del - ones) & ~del);
        if ((flags & tops) != 0) {
            break;
        }
    }
    while (at < text.size() && is_plain_json(static_cast<unsigned char>(text[at]))) {
        ++at;
    }
    return at;
}

inline void append_hex_escape(std::string& out, char32_t unit) {
    constexpr char digits[] = "0123456789abcdef";
    char const text[] = {'\\',
                         'u',
                         digits[(unit >> 12U) & 0xFU],
                         digits[(unit >> 8U) & 0xFU],
                         digits[(unit >> 4U) & 0xFU],
                         digits[unit & 0xFU]};
    out.append(text, sizeof text);
}

/// Appends the text as a JSON string, ASCII only (wire format, A.1.4). Each ill-formed part becomes U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = end_of_plain_run(text, at);
        out.append(text.data() + at, end - at);
        at = end;
        if (at == text.size()) {
            break;
        }
        utf8_part const part = utf8_part_at(text, at);
        at += part.size;
        switch (part.code) {
        case U'"':
            out += "\\\"";
            break;
        case U'\\':
            out += "\\\\";
            break;
        case U'\b':
            out += "\\b";
            break;
        case U'\f':
            out += "\\f";
            break;
        case U'\n':
            out += "\\n";
            break;
        case U'\r':
            out += "\\r";
            break;
        case U'\t':
            out += "\\t";
            break;
        default:
            if (part.code > 0xFFFF) {
                char32_t const rest = part.code - 0x10000;
                append_hex_escape(out, 0xD800 + (rest >> 10U));
                append_hex_escape(out, 0xDC00 + (rest & 0x3FFU));
            } else {
                append_hex_escape(out, part.code);
            }
        }
    }
    out += '"';
}

}  // namespace detail

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
class json_writer {
public:
    explicit json_writer(std::string& out, json_style style = json_style::python) : out_(&out), style_(style) {}

    void begin_object() { begin('{'); }
    void end_object() { end('}'); }
    void begin_array() { begin('['); }
    void end_array() { end(']'); }

    /// The key of the value that comes next.
    void key(std::string_view name) {
        separate();
        detail::append_json_string(*out_, name);
        *out_ += style_ == json_style::compact ? ":" : ": ";
        after_key_ = true;
    }

    /// ASCII only; ill-formed UTF-8 becomes U+FFFD.
    void string(std::string_view text) {
        before_value();
        detail::append_json_string(*out_, text);
    }
    void null() { raw("null"); }
    void boolean(bool b) { raw(b ? "true" : "false"); }
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    void integer(T i) {
        char buffer[24];
        auto const done = std::to_chars(buffer, buffer + sizeof buffer, i);
        raw(std::string_view(buffer, static_cast<std::size_t>(done.ptr - buffer)));
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
    void number(double d) {
        before_value();
        detail::append_json_number(*out_, d);
    }
    /// A text that is JSON already, as it is.
    void raw(std::string_view json) {
        before_value();
        *out_ += json;
    }

    void value(metadata_value const& v) {
        std::visit([this](auto const& each) { put(each); }, v.data());
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

    void before_value() {
        if (after_key_) {
            after_key_ = false;
        } else if (!levels_.empty()) {
            separate();
        }
    }
    void separate() {
        bool const first = levels_.back() == empty;
        levels_.back() = used;
        if (!first) {
            *out_ += style_ == json_style::python ? ", " : ",";
        }
        new_line();
    }
    void begin(char bracket) {
        before_value();
        *out_ += bracket;
        levels_ += empty;
    }
    void end(char bracket) {
        bool const had_members = levels_.back() == used;
        levels_.pop_back();
        if (had_members) {
            new_line();
        }
        *out_ += bracket;
    }
    void new_line() {
        if (style_ == json_style::indented) {
            *out_ += '\n';
            out_->append(2 * levels_.size(), ' ');
        }
    }

    static constexpr char empty = 0;
    static constexpr char used = 1;
    std::string* out_;
    json_style style_;
    std::string levels_{};  // one for each open container: has it members yet?
    bool after_key_ = false;
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
