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

#include "rampart/base/scan.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/json/big_integer.hpp"
#include "rampart/json/escape.hpp"
#include "rampart/json/number.hpp"

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
