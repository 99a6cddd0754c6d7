#include "rampart/base/scan.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "rampart/base/utf8.hpp"

namespace {

using namespace rampart::detail;
using namespace std::string_view_literals;

unsigned at(std::string_view text, std::size_t place) { return static_cast<unsigned char>(text[place]); }

// What each scan is to stop at, once more and without any trick. `from` is where the scan begins.
struct plain_non_ascii {
    static bool stops(std::string_view t, std::size_t, std::size_t i) { return at(t, i) > 127; }
};
template <bool KeepCr>
struct plain_control {
    static bool stops(std::string_view t, std::size_t from, std::size_t i) {
        unsigned const c = at(t, i);
        if (c == 9 || c == 10 || (KeepCr && c == 13)) return false;
        return c < 32 || c == 127 || (c >= 128 && c <= 159 && i > from && at(t, i - 1) == 0xC2);
    }
};
struct plain_json {
    static bool stops(std::string_view t, std::size_t, std::size_t i) {
        return at(t, i) < 32 || at(t, i) > 126 || t[i] == '"' || t[i] == '\\';
    }
};

template <class Model>
std::size_t model_stop(std::string_view text, std::size_t from) {
    std::size_t i = from;
    while (i < text.size() && !Model::stops(text, from, i)) ++i;
    return i;
}

/// A text in memory of just its size, so that a sanitizer sees each byte that is read or written beyond it.
struct exact {
    explicit exact(std::string_view text) : size(text.size()), bytes(new char[size == 0 ? 1 : size]) {
        if (size > 0) std::memcpy(bytes.get(), text.data(), size);
    }
    std::string_view view() const { return {bytes.get(), size}; }
    std::size_t size;
    std::unique_ptr<char[]> bytes;
};

/// Whether scan and scanning copy do what the model does.
template <class Model, class Stop>
bool agrees(std::string_view text, std::size_t from) {
    std::size_t const wanted = model_stop<Model>(text, from);
    if (first_stop(text, from, Stop{}) != wanted) return false;
    exact const copy(std::string(text.size() - from, '?'));
    if (copy_to_stop(copy.bytes.get(), text, from, Stop{}) != wanted) return false;
    return copy.view().substr(0, wanted - from) == text.substr(from, wanted - from);
}

constexpr std::string_view edges =
    "\0\x01\x08\t\n\x0b\r\x1b\x1f \x21\"'\\az\x7e\x7f\x80\x8f\x90\x9b\x9f\xa0\xbf\xc1\xc2\xc3\xdf\xe0\xed\xef\xf0\xf4\xf5\xff"sv;

template <class Model, class Stop>
int disagreements() {
    int wrong = 0;
    for (std::size_t size = 0; size <= 200; ++size) {
        exact const text(std::string(size, 'a'));
        wrong += agrees<Model, Stop>(text.view(), 0) ? 0 : 1;
        for (std::size_t place = 0; place < size; ++place) {
            // Every byte at the lengths at which something else begins; else some, and others at each place.
            bool const all = size == 7 || size == 8 || size == 15 || size == 19 || size == 33 || size == 67;
            for (std::size_t value = all ? 0 : place % 5; value < (all ? 256 : edges.size()); value += all ? 1 : 5) {
                text.bytes[place] = all ? static_cast<char>(value) : edges[value];
                wrong += agrees<Model, Stop>(text.view(), 0) ? 0 : 1;
            }
            text.bytes[place] = 'a';
        }
    }
    std::mt19937 random(8);
    for (int round = 0; round < 5000; ++round) {
        exact const text(std::string(random() % 300, 'x'));
        for (std::size_t i = 0; i < text.size; ++i) {
            text.bytes[i] = random() % 16 != 0 ? 'x' : random() % 2 == 0 ? '\xc2' : edges[random() % edges.size()];
        }
        wrong += agrees<Model, Stop>(text.view(), text.size == 0 ? 0 : random() % text.size) ? 0 : 1;
    }
    return wrong;
}

}  // namespace

TEST_CASE("a scan by blocks stops where one by bytes does, at any length and place, and reads nothing beyond") {
    CHECK(disagreements<plain_non_ascii, stop_at_non_ascii>() == 0);
    CHECK(disagreements<plain_control<false>, stop_at_control<false>>() == 0);
    CHECK(disagreements<plain_control<true>, stop_at_control<true>>() == 0);
    CHECK(disagreements<plain_json, stop_at_json_escape>() == 0);
}

TEST_CASE("of several stops in one block the first counts") {
    std::string text(64, 'a');
    for (std::size_t first = 0; first < text.size(); ++first) {
        for (std::size_t second = first; second < text.size(); ++second) {
            text[first] = text[second] = '\x1b';
            CHECK(first_stop(text, 0, stop_at_control<false>{}) == first);
            text[first] = text[second] = 'a';
        }
    }
}

TEST_CASE("a byte before the place where the scan begins does not count") {
    for (std::size_t size = 2; size < 40; ++size) {
        std::string const text = "\xc2\x9b" + std::string(size, 'a');
        CHECK(first_stop(text, 0, stop_at_control<false>{}) == 1);
        CHECK(first_stop(text, 1, stop_at_control<false>{}) == text.size());
    }
}

TEST_CASE("letters beyond ASCII stop no search for controls") {
    std::string text;
    while (text.size() < 200) text += "caf\u00e9 \u6f22\u5b57 \u00a0 \U0001f600 ";
    CHECK(first_stop(text, 0, stop_at_control<false>{}) == text.size());
    CHECK(first_stop(text + "\u009b", 0, stop_at_control<false>{}) == text.size() + 1);
}

TEST_CASE("a short text is copied whole when it is clean, and only then") {
    int wrong = 0;
    for (std::size_t size = 0; size <= short_text_bytes; ++size) {
        exact const text(std::string(size, 'k'));
        exact const room(std::string(short_text_bytes, '?'));
        wrong += copy_short_if_clean(room.bytes.get(), text.view(), stop_at_json_escape{}) ? 0 : 1;
        wrong += room.view().substr(0, size) == text.view() ? 0 : 1;
        for (std::size_t place = 0; place < size; ++place) {
            for (int value = 0; value < 256; ++value) {
                text.bytes[place] = static_cast<char>(value);
                bool const clean = !plain_json::stops(text.view(), 0, place);
                wrong += copy_short_if_clean(room.bytes.get(), text.view(), stop_at_json_escape{}) == clean ? 0 : 1;
            }
            text.bytes[place] = 'k';
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("ill-formed UTF-8 shows where a code point cannot go on, and nowhere else") {
    // All that can stand in three bytes, between what is well-formed.
    std::string const before(20, '-');
    int wrong = 0;
    for (unsigned first = 0x80; first < 256; ++first) {
        for (unsigned second = 0x70; second < 256; ++second) {
            for (char const third : "a\x80\x8f\x90\x9f\xa0\xbf\xc3\xf0"sv) {
                std::string text = before + static_cast<char>(first) + static_cast<char>(second) + third;
                text += "\xbf.................";
                std::size_t good = 0;
                while (good < text.size() && utf8_part_at(text, good).well_formed)
                    good += utf8_part_at(text, good).size;
                std::size_t const stop = first_stop(text, 0, stop_at_ill_formed{});
                wrong += stop >= good && stop < good + 4 && end_of_well_formed(text, 0, stop) == good ? 0 : 1;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a scan is a constant expression where it has to be") {
    static_assert(first_stop("plain text, long enough for a block of bytes"sv, 0, stop_at_control<false>{}) == 44);
    static_assert(first_stop("plain text, long enough for \x1b a block of bytes"sv, 0, stop_at_control<false>{}) == 28);
    static_assert(first_stop("c1 \xc2\x9b"sv, 0, stop_at_control<true>{}) == 4);
    CHECK(first_stop("c1 \xc2\x9b"sv, 0, stop_at_control<true>{}) == 4);
}
