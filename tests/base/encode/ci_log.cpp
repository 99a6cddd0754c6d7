#include "rampart/base/encode/ci_log.hpp"

#include <string>

#include <doctest/doctest.h>

#include "support/foreign.hpp"

namespace rp = rampart;

TEST_CASE("no CI system finds a command in a line, wherever it stands") {
    for (std::string const& one : foreign::attacks()) {
        for (std::string const two : {"", "[error]x", "CTestMeasurement>"}) {
            for (std::string const before : {"", "  ", "#", "note "}) {
                auto const line = before + rp::ci_log_text(one) + two;
                CAPTURE(line);
                CHECK(foreign::is_visible(line, false));
                CHECK(!foreign::is_github_v2(line));
                CHECK(foreign::other_command(line) == "");
            }
        }
    }
}

TEST_CASE("any two attacks, one behind the other, make no command either") {
    for (std::string const& one : foreign::attacks()) {
        for (std::string const& two : foreign::attacks()) {
            for (auto const& line : {rp::ci_log_text(one + two), rp::ci_log_text(one) + rp::ci_log_text(two)}) {
                bool const silent = !foreign::is_github_v2(line) && foreign::other_command(line).empty();
                if (!silent) FAIL_CHECK("a command: " << line);
            }
        }
    }
}

TEST_CASE("what would be a command is visible text, what is none stays") {
    CHECK(rp::ci_log_text("::error::x") == "\\x3a:error::x");
    CHECK(rp::ci_log_text("##[error]x") == "\\x23\\x23[error]x");
    CHECK(rp::ci_log_text("a ##vso[b]") == "a #\\x23vso[b]");
    CHECK(rp::ci_log_text("<CTestDetails>") == "\\x3cCTestDetails>");
    CHECK(rp::ci_log_text("mail.cpp::inbox::forwards #12 <b> 3:4") == "mail.cpp::inbox::forwards #12 <b> 3:4");
    CHECK(rp::ci_log_text("a\n::b\x1b") == "a\\n\\x3a:b\\x1b");
}

TEST_CASE("a workflow command's text and properties are those of GitHub's toolkit") {
    CHECK(rp::github_data("100%\nnext\rline") == "100%25%0Anext\\x0dline");
    CHECK(rp::github_data("a:b,c") == "a:b,c");
    CHECK(rp::github_property("a:b,c%") == "a%3Ab%2Cc%25");
    CHECK(rp::github_property("a\nb") == "a\\nb");
    CHECK(rp::github_data("%0A") == "%250A");
    CHECK(rp::github_data("x\n::error::y") == "x%0A\\x3a:error::y");
    for (std::string const& text : foreign::attacks()) {
        auto const line = "::error title=" + rp::github_property(text) + "::" + rp::github_data(text);
        CAPTURE(line);
        CHECK(foreign::is_visible(line, true));
        CHECK(!foreign::has(line, "\n"));
        CHECK(foreign::other_command(line) == "");
        // The first `::` behind the name is ours.
        CHECK(line.find("::", 2) == 14 + rp::github_property(text).size());
        CHECK(rp::github_property(text).find_first_of(":,\n") == std::string::npos);
    }
}
