#include "rampart/dist/captured.hpp"

#include <doctest/doctest.h>

#include "rampart/base/utf8.hpp"

#include <string>
#include <string_view>

using rampart::dist::captured_output;

namespace {

std::string taken(std::string_view text, std::size_t piece, rampart::dist::capture_limits limits) {
    captured_output output(limits);
    for (std::size_t at = 0; at < text.size(); at += piece) output.append(text.substr(at, piece));
    CHECK(output.total() == text.size());
    return output.take();
}

}  // namespace

TEST_SUITE_BEGIN("captured");

TEST_CASE("what fits is kept whole") {
    std::string const text = "0123456789abcdef";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK(taken(text, piece, {6, 10}) == text);
    CHECK(taken(text, 3, {0, 16}) == text);
    CHECK(taken(text, 3, {16, 0}) == text);
    CHECK(captured_output().take().empty());
}

TEST_CASE("of what does not fit the beginning and the end stay, with the number of bytes between") {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += static_cast<char>('a' + i % 26);
    for (std::size_t const piece : {1U, 3U, 7U, 10U, 11U, 500U, 1000U}) {
        CAPTURE(piece);
        CHECK(taken(text, piece, {6, 10}) == "abcdef\n... 984 bytes left out ...\n" + text.substr(990));
        CHECK(taken(text, piece, {6, 0}) == "abcdef\n... 994 bytes left out ...\n");
        CHECK(taken(text, piece, {0, 10}) == "... 990 bytes left out ...\n" + text.substr(990));
    }
    CHECK(taken("ab\ncdefgh", 2, {3, 2}) == "ab\n... 4 bytes left out ...\ngh");
}

TEST_CASE("no code point is cut") {
    std::string const euro = "\xE2\x82\xAC";
    std::string text;
    for (int i = 0; i < 20; ++i) text += euro;
    for (std::size_t head = 0; head < 8; ++head) {
        for (std::size_t tail = 0; tail < 8; ++tail) {
            std::string const got = taken(text, 5, {head, tail});
            CAPTURE(got);
            CHECK(rampart::is_valid_utf8(got));
            std::size_t const kept = head / 3 + tail / 3;
            CHECK(got.find("... " + std::to_string(60 - 3 * kept) + " bytes left out ...") != std::string::npos);
        }
    }
}

TEST_CASE("each test begins anew") {
    captured_output output({2, 2});
    output.append("of the first");
    CHECK(output.take() == "of\n... 8 bytes left out ...\nst");
    CHECK(output.total() == 0);
    output.append("2nd");
    CHECK(output.take() == "2nd");
    CHECK(output.take().empty());
}

TEST_SUITE_END();
