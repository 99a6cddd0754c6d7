#include "rampart/base/encode/csv.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/foreign.hpp"

namespace {

namespace rp = rampart;

/// The fields of a line as RFC 4180 writes them, or nothing when it is not such a line.
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields;
    for (std::size_t at = 0; at < line.size();) {
        if (line[at++] != '"') return {};
        std::string field;
        for (;; ++at) {
            if (at >= line.size()) return {};
            if (line[at] == '"' && (at + 1 == line.size() || line[at + 1] != '"')) break;
            if (line[at] == '"') ++at;
            field += line[at];
        }
        fields.push_back(field);
        ++at;
        if (at == line.size()) return fields;
        if (line[at++] != ',') return {};
    }
    return {};
}

}  // namespace

TEST_CASE("quotes stand around a field and are doubled inside, a formula gets an apostrophe") {
    CHECK(rp::csv_field("a,b") == "\"a,b\"");
    CHECK(rp::csv_field("say \"x\"") == "\"say \"\"x\"\"\"");
    CHECK(rp::csv_field("") == "\"\"");
    CHECK(rp::csv_field("a\nb\tc\r") == "\"a\\nb\\tc\\x0d\"");
    for (std::string_view const sign :
         {"=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}) {
        CHECK(rp::csv_field(std::string(sign) + "1") == "\"'" + std::string(sign) + "1\"");
        CHECK(rp::csv_field("  " + std::string(sign)) == "\"'  " + std::string(sign) + "\"");
    }
    CHECK(rp::csv_field("a=1") == "\"a=1\"");
}

TEST_CASE("a reader gets the text back, as visible text, and no cell is a formula") {
    std::string line;
    for (std::string const& text : foreign::attacks()) line += (line.empty() ? "" : ",") + rp::csv_field(text);
    CHECK(foreign::is_visible(line, false));
    auto const fields = fields_of(line);
    REQUIRE(fields.size() == foreign::attacks().size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        auto field = fields[i];
        CAPTURE(field);
        auto const first = field.find_first_not_of(' ');
        CHECK((first == std::string::npos || !foreign::has("=+-@", field.substr(first, 1))));
        auto const wanted = rp::visible(foreign::attacks()[i], rp::line_ends::show);
        CHECK((field == wanted || field == "'" + wanted));
    }
}
