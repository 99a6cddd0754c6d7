#include "rampart/transport/journal_line.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/crc.hpp>
#include <doctest/doctest.h>

namespace {

using rampart::detail::is_sealed;
using rampart::detail::seal;
using rampart::detail::seal_holds;

std::string crc_text(std::string_view bytes) { return std::string(rampart::detail::crc_digits(bytes).view()); }

/// A sealed line without its end.
std::string line_of(std::string const& object) {
    std::string line = seal(object);
    REQUIRE(line.back() == '\n');
    line.pop_back();
    return line;
}

}  // namespace

TEST_CASE("the checksum is the CRC-32 of zip and Ethernet, in 8 lower-case digits [C]") {
    CHECK(crc_text("123456789") == "cbf43926");
    CHECK(crc_text("") == "00000000");
    CHECK(crc_text("a") == "e8b7be43");
    CHECK(crc_text(std::string(1, '\0')) == "d202ef8d");
    CHECK(crc_text("The quick brown fox jumps over the lazy dog") == "414fa339");
}

TEST_CASE("the checksum is Boost.CRC's, whatever the length, the place and the bytes [C]") {
    std::string bytes(300, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 + i / 7);
    for (std::size_t from = 0; from < 20; ++from) {
        for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
            boost::crc_32_type wanted;
            wanted.process_bytes(bytes.data() + from, size);
            REQUIRE(rampart::detail::crc32(std::string_view(bytes).substr(from, size)) == wanted.checksum());
        }
    }
}

TEST_CASE("a line is sealed over all bytes before its checksum, which is its last member [C]") {
    std::string const before = R"({"start": "a.cpp::one")";
    CHECK(seal(before + "}") == before + R"(, "crc32": ")" + crc_text(before) + "\"}\n");
    CHECK(seal_holds(line_of(R"({"start": "a.cpp::one"})")));
    CHECK(seal_holds(line_of(R"({"start": "with \", \"crc32\": \"00000000\"}"})")));
}

TEST_CASE("no byte of a line can be changed, removed, doubled or cut off without breaking its seal [C]") {
    std::string const line = line_of(R"({"end": "a.cpp::one", "outcome": "passed", "seconds": 0.5})");
    for (std::size_t at = 0; at < line.size(); ++at) {
        CAPTURE(at);
        for (int other = 0; other < 256; ++other) {
            std::string changed = line;
            changed[at] = static_cast<char>(other);
            if (changed == line) continue;
            REQUIRE_FALSE(seal_holds(changed));
        }
        REQUIRE_FALSE(seal_holds(std::string(line).erase(at, 1)));
        REQUIRE_FALSE(seal_holds(std::string(line).insert(at, 1, line[at])));
        REQUIRE_FALSE(seal_holds(std::string_view(line).substr(0, at)));
    }
    CHECK_FALSE(seal_holds(line + "\r"));
    CHECK_FALSE(seal_holds(line + line));
}

TEST_CASE("a seal has one spelling only, whatever JSON would allow [C]") {
    std::string const before = R"({"start": "a")";
    std::string const crc = crc_text(before);
    CHECK(seal_holds(before + R"(, "crc32": ")" + crc + "\"}"));
    CHECK_FALSE(seal_holds(before + R"(,"crc32": ")" + crc + "\"}"));
    CHECK_FALSE(seal_holds(before + R"(, "crc32":")" + crc + "\"}"));
    CHECK_FALSE(seal_holds(before + R"(, "CRC32": ")" + crc + "\"}"));
    CHECK_FALSE(seal_holds(before + R"(, "crc32": ")" + crc + "\" }"));
    CHECK_FALSE(seal_holds(before + R"(, "crc32": )" + crc + "}"));
    std::string upper = crc;
    for (char& c : upper) {
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    }
    REQUIRE(upper != crc);
    CHECK_FALSE(seal_holds(before + R"(, "crc32": ")" + upper + "\"}"));
}

TEST_CASE("a damaged line still looks like one of a journal, and other JSON does not [C]") {
    std::string line = line_of(R"({"start": "a"})");
    line[3] = 'X';
    CHECK(is_sealed(line));
    CHECK_FALSE(seal_holds(line));
    for (std::string const other : {"", "{}", R"({"schema": "rampart.xdist.v2"})", R"(, "crc32": "00000000"})",
                                    R"({"crc32": "00000000", "more": 1})"}) {
        CAPTURE(other);
        CHECK_FALSE(is_sealed(other));
        CHECK_FALSE(seal_holds(other));
    }
}
