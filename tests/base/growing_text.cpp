#include "rampart/base/growing_text.hpp"

#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

using namespace rampart::detail;

}  // namespace

TEST_CASE("pieces, characters and what is written into the room stand one after the other, however it grows") {
    std::mt19937 random(4);
    for (int round = 0; round < 500; ++round) {
        growing_text text(random() % 40);
        std::string wanted;
        for (auto left = random() % 30; left > 0; --left) {
            std::string const piece(random() % 50, static_cast<char>('a' + random() % 26));
            switch (random() % 4) {
            case 0:
                text.put(piece);
                wanted += piece;
                break;
            case 1:
                text.put('!');
                wanted += '!';
                break;
            case 2:
                std::memset(text.room(piece.size() + 9), '?', piece.size() + 9);
                text.wrote(piece.size());
                wanted.append(piece.size(), '?');
                break;
            default:
                if (!wanted.empty()) {
                    text.take_back(1);
                    wanted.pop_back();
                }
            }
        }
        REQUIRE(text.take() == wanted);
    }
}

TEST_CASE("a text is appended up to where the scan stops") {
    growing_text out(0);
    std::string const text = std::string(100, 'a') + "\x1b" + std::string(30, 'b');
    std::size_t const stop = put_to_stop(out, text, 1, stop_at_control<false>{});
    CHECK(stop == 100);
    CHECK(put_to_stop(out, text, stop + 1, stop_at_control<false>{}) == text.size());
    CHECK(out.take() == std::string(99, 'a') + std::string(30, 'b'));
}
