#ifndef RAMPART_JSON_NUMBER_HPP
#define RAMPART_JSON_NUMBER_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

/// Appends a double as Python's `repr` spells it (wire format, A.1.4): the shortest text that reads back as the same
/// number, `.0` when it is integral, exponent form below 1e-4 and from 1e16. NaN and infinities, which JSON has not,
/// are null.
inline void append_json_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    // Always in exponent form first: "-1.25e+02". It gives the digits and the place of the point.
    char buffer[32];
    auto const done = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    std::string_view text(buffer, static_cast<std::size_t>(done.ptr - buffer));
    std::size_t const mark = text.find('e');
    int exponent = 0;
    bool const negative = text[mark + 1] == '-';
    std::from_chars(text.data() + mark + 2, done.ptr, exponent);
    exponent = negative ? -exponent : exponent;
    if (exponent < -4 || exponent >= 16) {
        out += text;
        return;
    }
    text = text.substr(0, mark);
    if (text.front() == '-') {
        out += '-';
        text.remove_prefix(1);
    }
    std::string_view const tail = text.size() > 2 ? text.substr(2) : std::string_view{};
    if (exponent < 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-exponent - 1), '0');
        out += text.front();
        out += tail;
        return;
    }
    auto const whole = static_cast<std::size_t>(exponent);
    out += text.front();
    out += tail.substr(0, whole < tail.size() ? whole : tail.size());
    if (whole < tail.size()) {
        out += '.';
        out += tail.substr(whole);
    } else {
        out.append(whole - tail.size(), '0');
        out += ".0";
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_NUMBER_HPP
