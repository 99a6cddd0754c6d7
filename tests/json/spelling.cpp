#include "rampart/json/spelling.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace detail = rampart::detail;

std::size_t run(std::string_view text, std::size_t from = 0) {
    return static_cast<std::size_t>(detail::end_of_json_run(text.data() + from, text.data() + text.size()) -
                                    text.data());
}

}  // namespace

TEST_CASE("a run ends at the first byte that does not stand for itself, at every place of a block") {
    for (int byte = 0; byte < 256; ++byte) {
        bool const plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
        for (std::size_t place = 0; place < 40; ++place) {
            std::string text(40, 'a');
            text[place] = static_cast<char>(byte);
            REQUIRE(run(text) == (plain ? 40 : place));
            REQUIRE(run(text, place) == (plain ? 40 : place));
            REQUIRE(run(std::string_view(text).substr(0, place)) == place);
            if (place < 39) REQUIRE(run(text, place + 1) == 40);
        }
    }
    CHECK(run("") == 0);
}

TEST_CASE("a code point becomes its UTF-8") {
    auto const utf8 = [](char32_t code) {
        char bytes[4];
        return std::string(bytes, detail::put_utf8(bytes, code));
    };
    CHECK(utf8(0) == std::string(1, '\0'));
    CHECK(utf8(0x7F) == "\x7f");
    CHECK(utf8(0x80) == "\xc2\x80");
    CHECK(utf8(0x7FF) == "\xdf\xbf");
    CHECK(utf8(0x800) == "\xe0\xa0\x80");
    CHECK(utf8(0xFFFF) == "\xef\xbf\xbf");
    CHECK(utf8(0x10000) == "\xf0\x90\x80\x80");
    CHECK(utf8(0x10FFFF) == "\xf4\x8f\xbf\xbf");
}

TEST_CASE("names are compared byte by byte, whatever their length") {
    std::string const text = "abcdefghijklmnopqrstuvwxyz";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        CHECK(detail::same_bytes(text.data(), std::string_view(text).substr(0, size)));
        for (std::size_t at = 0; at < size; ++at) {
            std::string other = text.substr(0, size);
            other[at] = '-';
            REQUIRE_FALSE(detail::same_bytes(text.data(), other));
        }
    }
}
