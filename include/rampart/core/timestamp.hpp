#ifndef RAMPART_CORE_TIMESTAMP_HPP
#define RAMPART_CORE_TIMESTAMP_HPP

#include <cstddef>
#include <string_view>

#include "rampart/base/utf8.hpp"

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
