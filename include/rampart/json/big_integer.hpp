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
