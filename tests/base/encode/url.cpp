#include "rampart/base/encode/url.hpp"

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "support/foreign.hpp"

namespace rp = rampart;

TEST_CASE("the unreserved characters stay, every other byte becomes a number") {
    CHECK(rp::url_component("AZaz09-._~") == "AZaz09-._~");
    CHECK(rp::url_component("a b/c?d=e&f#g%+") == "a%20b%2Fc%3Fd%3De%26f%23g%25%2B");
    CHECK(rp::url_component("\xc3\xbc") == "%C3%BC");
    CHECK(rp::url_component("\r\n") == "%5Cx0d%5Cn");
    CHECK(rp::url_component("\xff") == "%EF%BF%BD");
}

TEST_CASE("decoded, an address gives the text back, as visible text") {
    for (std::string const& text : foreign::attacks()) {
        auto const encoded = rp::url_component(text);
        CAPTURE(encoded);
        CHECK(encoded.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
              std::string::npos);
        std::string decoded;
        for (std::size_t at = 0; at < encoded.size(); ++at) {
            if (encoded[at] != '%') {
                decoded += encoded[at];
                continue;
            }
            decoded += static_cast<char>(std::strtol(encoded.substr(at + 1, 2).c_str(), nullptr, 16));
            at += 2;
        }
        CHECK(decoded == rp::visible(text, rp::line_ends::show));
    }
}
