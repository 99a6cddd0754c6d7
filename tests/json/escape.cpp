#include "rampart/json/escape.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace detail = rampart::detail;

std::string escape_of(std::string_view text, std::size_t& at) {
    char bytes[detail::json_escape_bytes];
    return std::string(bytes, detail::put_json_escape(bytes, text, at));
}
std::string escape_of(std::string_view text) {
    std::size_t at = 0;
    auto made = escape_of(text, at);
    CHECK(at == text.size());
    return made;
}

}  // namespace

TEST_CASE("printable ASCII but the quote and the backslash stands as it is [A.1.4]") {
    for (unsigned byte = 0; byte < 256; ++byte) {
        bool const plain = byte >= 32 && byte <= 126 && byte != 34 && byte != 92;
        CHECK(detail::is_plain_json(static_cast<unsigned char>(byte)) == plain);
    }
}

TEST_CASE("all else is an escape: short where JSON has a letter, two units beyond U+FFFF, U+FFFD where it is "
          "ill-formed [A.1.4, B4]") {
    CHECK(escape_of("\"") == "\\\"");
    CHECK(escape_of("\\") == "\\\\");
    CHECK(escape_of("\b") == "\\b");
    CHECK(escape_of("\f") == "\\f");
    CHECK(escape_of("\n") == "\\n");
    CHECK(escape_of("\r") == "\\r");
    CHECK(escape_of("\t") == "\\t");
    CHECK(escape_of(std::string_view("\0", 1)) == "\\u0000");
    CHECK(escape_of("\x1f") == "\\u001f");
    CHECK(escape_of("\x7f") == "\\u007f");
    CHECK(escape_of("\xc3\xa9") == "\\u00e9");
    CHECK(escape_of("\xef\xbf\xbf") == "\\uffff");
    CHECK(escape_of("\xf0\x9f\x98\x80") == "\\ud83d\\ude00");
    CHECK(escape_of("\xff") == "\\ufffd");
    std::size_t at = 1;
    CHECK(escape_of("a\xe2\x82z", at) == "\\ufffd");
    CHECK(at == 3);
}
