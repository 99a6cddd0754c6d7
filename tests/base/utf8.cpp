#include "rampart/base/utf8.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using namespace std::string_literals;
using namespace std::string_view_literals;

/// The textbook encoding, surrogates included, to hold the reader against.
std::string encode(std::uint32_t code) {
    auto const byte = [](std::uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
    if (code < 0x80) {
        return {byte(code)};
    }
    if (code < 0x800) {
        return {byte(0xC0U | (code >> 6U)), byte(0x80U | (code & 0x3FU))};
    }
    if (code < 0x10000) {
        return {byte(0xE0U | (code >> 12U)), byte(0x80U | ((code >> 6U) & 0x3FU)), byte(0x80U | (code & 0x3FU))};
    }
    return {byte(0xF0U | (code >> 18U)), byte(0x80U | ((code >> 12U) & 0x3FU)), byte(0x80U | ((code >> 6U) & 0x3FU)),
            byte(0x80U | (code & 0x3FU))};
}

std::string fffd(int count) {
    std::string out;
    while (count-- > 0) {
        out += "\xEF\xBF\xBD";
    }
    return out;
}

/// Bytes that begin, continue or break code points, each about as often.
std::string random_bytes(std::mt19937& random) {
    static constexpr std::string_view alphabet =
        "aZ\n\x1b\x7f\x80\x8f\x90\x9b\x9f\xa0\xbf\xc0\xc2\xdf\xe0\xe2\xed\xef\xf0\xf1\xf4\xf5\xff";
    std::string out(random() % 24, ' ');
    for (char& c : out) {
        c = alphabet[random() % alphabet.size()];
    }
    return out;
}

}  // namespace

TEST_CASE("every code point is valid and every surrogate is not") {
    int wrong = 0;
    for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
        bool const surrogate = code >= 0xD800 && code <= 0xDFFF;
        std::string const text = encode(code);
        wrong += rp::is_valid_utf8(text) == surrogate ? 1 : 0;
        rp::detail::utf8_part const part = rp::detail::utf8_part_at(text, 0);
        wrong += !surrogate && (part.code != code || part.size != text.size()) ? 1 : 0;
    }
    CHECK(wrong == 0);
}

TEST_CASE("overlong forms, numbers above U+10FFFF, stray and cut bytes are not valid UTF-8") {
    CHECK(rp::is_valid_utf8(""));
    CHECK(rp::is_valid_utf8("nul \0 inside"s));
    for (std::string_view const bad :
         {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
          "\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "ok\xC3"}) {
        CAPTURE(bad.size());
        CHECK_FALSE(rp::is_valid_utf8(bad));
    }
}

TEST_CASE("one replacement character stands for each maximal ill-formed part") {
    // Tables 3-8 to 3-11 of the Unicode Standard.
    CHECK(rp::repair_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == fffd(8) + "A");
    CHECK(rp::repair_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == fffd(8) + "A");
    CHECK(rp::repair_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == fffd(5) + "A" + fffd(2) + "B");
    CHECK(rp::repair_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == fffd(4) + "A");
    CHECK(rp::repair_utf8("caf\xC3\xA9 \xE2\x82") == "caf\xC3\xA9 " + fffd(1));
    CHECK(rp::repair_utf8("\xFFz") == fffd(1) + "z");
}

TEST_CASE("repair gives valid text, changes no valid text, and is done in one run") {
    std::mt19937 random(69);
    int valid = 0;
    int wrong = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string const text = random_bytes(random);
        std::string const repaired = rp::repair_utf8(text);
        wrong += rp::is_valid_utf8(repaired) ? 0 : 1;
        wrong += rp::repair_utf8(repaired) == repaired ? 0 : 1;
        if (rp::is_valid_utf8(text)) {
            ++valid;
            wrong += repaired == text ? 0 : 1;
        }
    }
    CHECK(wrong == 0);
    CHECK(valid > 100);
}

TEST_CASE("what is ill-formed is found wherever it stands, at any length") {
    auto const model = [](std::string_view text) {
        std::size_t at = 0;
        while (at < text.size() && rp::detail::utf8_part_at(text, at).well_formed) {
            at += rp::detail::utf8_part_at(text, at).size;
        }
        return at;
    };
    int wrong = 0;
    for (std::string const piece : {"a", "\u00e9", "\u6f22", "\U0001f600"}) {
        for (std::size_t count = 0; count <= 200 / piece.size(); count += 1 + count / 16) {
            std::string text;
            for (std::size_t i = 0; i < count; ++i) text += piece;
            wrong += rp::is_valid_utf8(text) ? 0 : 1;
            for (std::size_t place = 0; place < text.size(); ++place) {
                char const was = text[place];
                for (char const value :
                     "a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xe6\xed\xef\xf0\xf1\xf4\xf5\xff"sv) {
                    text[place] = value;
                    wrong += rp::detail::first_ill_formed(text) == model(text) ? 0 : 1;
                }
                text[place] = was;
                wrong += rp::detail::first_ill_formed(text.substr(0, place)) == model(text.substr(0, place)) ? 0 : 1;
            }
        }
    }
    CHECK(wrong == 0);
    std::mt19937 random(2);
    for (int round = 0; round < 10000; ++round) {
        std::string text;
        for (auto parts = random() % 8; parts > 0; --parts) {
            text += random() % 4 == 0
                        ? random_bytes(random)
                        : encode(static_cast<std::uint32_t>(random() % 0xD800)) + std::string(random() % 20, 'a');
        }
        wrong += rp::detail::first_ill_formed(text) == model(text) ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("a text of 200 code points is shown whole, one more is cut to 200 and three dots [B3]") {
    std::string const exact(200, 'x');
    CHECK(rp::clip(exact, 200) == exact);
    CHECK(rp::clip(exact + "y", 200) == exact + "...");
    CHECK(rp::clip(exact + "y", 200).size() == 203);
}

TEST_CASE("clipping counts code points and never cuts inside one [B3]") {
    std::string const grin = "\xF0\x9F\x98\x80";
    CHECK(rp::clip(grin + grin + grin, 3) == grin + grin + grin);
    CHECK(rp::clip(grin + grin + grin, 2) == grin + grin + "...");
    CHECK(rp::clip("\xC3\xA9\xC3\xA8", 1, "") == "\xC3\xA9");
    CHECK(rp::clip("abc", 0) == "...");
    CHECK(rp::clip("", 0).empty());
    CHECK(rp::clip("abcdef", 2, " [more]") == "ab [more]");
    // A cut-off sequence counts as one, and what is kept is kept as it came.
    CHECK(rp::clip("\xE2\x82"
                   "ab",
                   2) == "\xE2\x82"
                         "a...");
    for (std::size_t most = 0; most < 8; ++most) {
        CHECK(rp::is_valid_utf8(rp::clip("a\xC3\xA9\xE6\xBC\xA2" + grin + "z\xE2\x82\xAC", most)));
    }
}
