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
