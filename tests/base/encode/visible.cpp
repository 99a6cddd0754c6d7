#include "rampart/base/encode/visible.hpp"

#include <cstddef>
#include <cstdio>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "rampart/base/encode/ci_log.hpp"
#include "rampart/base/encode/csv.hpp"
#include "rampart/base/encode/html.hpp"
#include "rampart/base/encode/markdown.hpp"
#include "rampart/base/encode/xml.hpp"
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

namespace {

/// What `encode` does, once more: character by character, with every one asked for.
template <class Replace>
std::string encode_model(std::string_view text, rp::line_ends lines, Replace replace) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        auto const part = rp::detail::utf8_part_at(text, at);
        bool const is_line_end = text[at] == '\t' || text[at] == '\n';
        if ((part.code >= 0x20 && part.code < 0x7F) || (is_line_end && lines == rp::line_ends::keep)) {
            std::string_view const instead = replace(text[at], at);
            out += instead.empty() ? text.substr(at, 1) : instead;
        } else if (is_line_end) {
            out += text[at] == '\t' ? "\\t" : "\\n";
        } else if (!part.well_formed) {
            out += "\xEF\xBF\xBD";
        } else if (rp::detail::is_control_at(text, at) || rp::detail::is_invisible(part.code) ||
                   rp::detail::is_noncharacter(part.code)) {
            char shown[16];
            std::snprintf(shown, sizeof shown,
                          part.code <= 0xFF     ? "\\x%02x"
                          : part.code <= 0xFFFF ? "\\u%04x"
                                                : "\\U%08x",
                          static_cast<unsigned>(part.code));
            out += shown;
        } else {
            out += text.substr(at, part.size);
        }
        at += part.size;
    }
    return out;
}

bool every_encoder_agrees(std::string const& text) {
    namespace d = rp::detail;
    using rp::line_ends;
    auto const none = [](char, std::size_t) { return std::string_view{}; };
    auto const xml = [](char c, std::size_t) { return d::xml_markup(c); };
    auto const xml_quoted = [](char c, std::size_t) { return d::xml_markup_or_quote(c); };
    auto const html_quoted = [](char c, std::size_t) { return d::html_markup_or_quote(c); };
    auto const csv = [](char c, std::size_t) { return std::string_view(c == '"' ? "\"\"" : ""); };
    auto const ci = [&text](char, std::size_t at) { return d::ci_safe(text, at); };
    auto const markdown = [&text](char, std::size_t at) { return d::markdown_safe(text, at); };
    auto const data = [&](char c, std::size_t at) -> std::string_view {
        return c == '%' ? "%25" : c == '\n' ? "%0A" : d::ci_safe(text, at);
    };
    auto const property = [&](char c, std::size_t at) -> std::string_view {
        auto const safe = data(c, at);
        return !safe.empty() ? safe : c == ':' ? "%3A" : c == ',' ? "%2C" : "";
    };
    auto const field = rp::csv_field(text);
    return rp::visible(text) == encode_model(text, line_ends::keep, none) &&
           rp::visible(text, line_ends::show) == encode_model(text, line_ends::show, none) &&
           rp::xml_text(text) == encode_model(text, line_ends::keep, xml) &&
           rp::html_text(text) == encode_model(text, line_ends::keep, xml) &&
           rp::xml_attribute(text) == encode_model(text, line_ends::keep, xml_quoted) &&
           rp::html_attribute(text) == encode_model(text, line_ends::keep, html_quoted) &&
           field.ends_with(encode_model(text, line_ends::show, csv) + '"') &&
           rp::ci_log_text(text) == encode_model(text, line_ends::show, ci) &&
           rp::github_data(text) == encode_model(text, line_ends::keep, data) &&
           rp::github_property(text) == encode_model(text, line_ends::show, property) &&
           rp::markdown_text(text) == encode_model(text, line_ends::show, markdown);
}

}  // namespace

TEST_CASE("every encoder does what it would do character by character, whatever stands where") {
    int wrong = 0;
    for (unsigned const size : {1U, 2U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 32U, 33U, 65U, 100U}) {
        std::string text(size, 'a');
        for (unsigned place = 0; place < size; ++place) {
            for (unsigned value = size > 17 ? place % 7 : 0; value<256; value += size> 17 ? 7 : 1) {
                text[place] = static_cast<char>(static_cast<unsigned char>(value));
                wrong += every_encoder_agrees(text) ? 0 : 1;
            }
            text[place] = 'a';
        }
    }
    std::mt19937 random(11);
    constexpr std::string_view pieces[] = {
        "plain text ", "caf\u00e9", "\u6f22\u5b57", "\U0001f600", "\u202e",       "\ufffe",
        "\U000e0041",  "\u00ad",    "\u061c",       "\u061b",     "\u180e",       "\ufdd0",
        "\u2019",      "<b>&\"'`",  "::name::",     "##[x]",      "- 1. # ",      "%,\t\n",
        " ",           "\x1b[0m",   "\xc2",         "\x9b",       "\xed\xa0\x80", "\xf0\x9f"};
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto parts = random() % 30; parts > 0; --parts) {
            std::string_view const piece = pieces[random() % std::size(pieces)];
            for (auto times = random() % 12 == 0 ? 12 : 1; times > 0; --times) text += piece;
        }
        wrong += every_encoder_agrees(text) ? 0 : 1;
    }
    CHECK(wrong == 0);
}
