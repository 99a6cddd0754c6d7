#ifndef RAMPART_BASE_ENCODE_URL_HPP
#define RAMPART_BASE_ENCODE_URL_HPP

#include <string>
#include <string_view>

#include "rampart/base/encode/visible.hpp"

namespace rampart::inline v1 {

/// One component of an address: a segment of its path, or a name or value of its query. Letters, digits and `-._~` stay
/// (RFC 3986, section 2.3), every other byte of the UTF-8 becomes `%XX` (section 2.1), a blank too.
///
/// What cannot be seen is made visible first, see `visible`: whoever decodes the address gets no line end that splits a
/// header, and no NUL that ends a string. A whole segment `.` or `..` stays what it is, and means the folder.
[[nodiscard]] inline std::string url_component(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + 16);
    for (char const c : visible(text, line_ends::show)) {
        bool const stays = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (stays) {
            out += c;
            continue;
        }
        unsigned const byte = static_cast<unsigned char>(c);
        out += '%';
        out += hex[byte >> 4U];
        out += hex[byte & 0xFU];
    }
    return out;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_ENCODE_URL_HPP
