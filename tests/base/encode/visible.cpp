#include "rampart/base/encode/visible.hpp"

#include <string>

#include <doctest/doctest.h>

#include "support/foreign.hpp"

namespace rp = rampart;

TEST_CASE("whatever comes in, what comes out can be seen and is well-formed UTF-8") {
    for (std::string const& text : foreign::attacks()) {
        CAPTURE(text);
        CHECK(foreign::is_visible(rp::visible(text), true));
        CHECK(foreign::is_visible(rp::visible(text, rp::line_ends::show), false));
        CHECK(rp::visible(rp::visible(text)) == rp::visible(text));
    }
}

TEST_CASE("on one line it is what a terminal gets, beside the noncharacters") {
    for (std::string const& text : foreign::attacks()) {
        if (rp::visible(text, rp::line_ends::show).find("\\ufffe") != std::string::npos) continue;
        CAPTURE(text);
        bool has_noncharacter = false;
        for (std::size_t at = 0; at < text.size();) {
            auto const part = rp::detail::utf8_part_at(text, at);
            has_noncharacter = has_noncharacter || rp::detail::is_noncharacter(part.code);
            at += part.size;
        }
        CHECK((has_noncharacter || rp::visible(text, rp::line_ends::show) == rp::one_line(text)));
    }
}

TEST_CASE("lines stay or are shown, everything else that is not seen has a name") {
    CHECK(rp::visible("a\tb\nc\r\x1b") == "a\tb\nc\\x0d\\x1b");
    CHECK(rp::visible("a\tb\nc", rp::line_ends::show) == "a\\tb\\nc");
    CHECK(rp::visible("\xe2\x80\xae\xc2\x9b\xef\xbf\xbe\xf3\xa0\x81\xa1\xff") ==
          "\\u202e\\x9b\\ufffe\\U000e0061\xef\xbf\xbd");
    CHECK(rp::visible(std::string("a\0b", 3)) == "a\\x00b");
    CHECK(rp::visible("\xf0\x9f\xbf\xbf\xef\xb7\x90") == "\\U0001ffff\\ufdd0");
}
