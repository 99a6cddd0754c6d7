#include "rampart/dist/frame.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace rampart;
using dist::encode;
using dist::frame;
using dist::frame_kind;
using dist::frame_reader;

std::vector<frame> const samples = {{frame_kind::hello, R"({"pid":1})"},
                                    {frame_kind::ids, std::string(70000, 'i')},
                                    {frame_kind::start, ""},
                                    {frame_kind::result, std::string("\0RPT\xff", 5)},
                                    {frame_kind::end, "RPTE"},
                                    {frame_kind::bye, {}},
                                    {frame_kind::list, {}},
                                    {frame_kind::run, "17"},
                                    {frame_kind::finish, {}}};

std::string stream_of(std::vector<frame> const& frames) {
    std::string all;
    for (frame const& f : frames) all += encode(f);
    return all;
}
std::vector<frame> drain(frame_reader& reader) {
    std::vector<frame> got;
    while (auto f = reader.next()) got.push_back(std::move(*f));
    return got;
}
std::string why(std::string_view bytes) {
    frame_reader reader;
    reader.feed(bytes);
    (void)drain(reader);
    return reader.why();
}

}  // namespace

TEST_SUITE_BEGIN("frame");

TEST_CASE("a frame is RPT, its kind, the length and zeros, then the payload") {
    CHECK(encode({frame_kind::run, "ab"}) == std::string("RPTT\x02\0\0\0\0\0\0\0ab", 14));
    CHECK(encode({frame_kind::bye, std::string(0x010203, 'x')}).substr(4, 4) == std::string("\x03\x02\x01\0", 4));
}

TEST_CASE("frames of every kind come back as they were, however the stream is cut") {
    std::string const stream = stream_of(samples);
    for (std::size_t const piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{4096}, stream.size()}) {
        CAPTURE(piece);
        frame_reader reader;
        std::vector<frame> got;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            reader.feed(std::string_view(stream).substr(at, piece));
            for (frame& f : drain(reader)) got.push_back(std::move(f));
        }
        CHECK((got == samples));
        CHECK_FALSE(reader.broken());
        CHECK_FALSE(reader.inside());
    }
}

TEST_CASE("a stream that ends inside a frame gives the whole frames before it, and is no error") {
    std::string const stream = stream_of({{frame_kind::start, "1"}, {frame_kind::end, "2"}});
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        CAPTURE(size);
        frame_reader reader;
        reader.feed(std::string_view(stream).substr(0, size));
        CHECK(drain(reader).size() == size / (stream.size() / 2));
        CHECK_FALSE(reader.broken());
        CHECK(reader.inside() == (size % (stream.size() / 2) != 0));
    }
}

TEST_CASE("any change of a header is noticed, or changes only what the header says") {
    std::string const stream = encode({frame_kind::end, "0123456789"});
    for (std::size_t at = 0; at < dist::frame_header_bytes; ++at) {
        for (int value = 0; value < 256; ++value) {
            std::string changed = stream;
            changed[at] = static_cast<char>(value);
            if (changed == stream) continue;
            frame_reader reader;
            reader.feed(changed);
            auto const got = drain(reader);
            bool const is_kind =
                at == 3 && std::string_view("HISREBLTF").find(static_cast<char>(value)) != std::string_view::npos;
            bool const is_length = at >= 4 && at < 8;
            CAPTURE(at);
            CAPTURE(value);
            CHECK((reader.broken() || is_kind || is_length));
            CHECK_FALSE((is_length && got == std::vector<frame>{{frame_kind::end, "0123456789"}}));
        }
    }
}

TEST_CASE("what is no frame ends the stream at once, with the reason; the frames before it are good") {
    CHECK(why("h") == "no frame begins");
    CHECK(why("RPx") == "no frame begins");
    CHECK(why("RPTx") == "a frame is of an unknown kind");
    CHECK(why(std::string("RPTE\0\0\0\x7f\0\0\0\0", 12)) == "a frame's header makes no sense");
    CHECK(why(std::string("RPTE\0\0\0\0\0\0\0\1", 12)) == "a frame's header makes no sense");
    CHECK(why("RPT") == "");

    frame_reader reader;
    reader.feed(encode({frame_kind::start, "1"}) + "hello, world\n");
    REQUIRE(drain(reader).size() == 1);
    CHECK(reader.broken());
    reader.feed(encode({frame_kind::end, "1"}));
    CHECK(drain(reader).empty());
    CHECK(reader.why() == "no frame begins");
}

TEST_SUITE_END();
