#include "rampart/base/shell_word.hpp"

#include <cstdio>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

namespace {

using rampart::detail::shell_word;

/// What a shell makes of a word.
std::string by_the_shell(std::string const& word) {
    std::FILE* const pipe = ::popen(("printf %s " + word).c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no shell");
    std::string text;
    char buffer[256];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    ::pclose(pipe);
    return text;
}

}  // namespace

TEST_CASE("what needs no quotes has none, and anything else comes out of a shell as it went in") {
    CHECK(shell_word("git") == "git");
    CHECK(shell_word("/usr/bin/g++-12") == "/usr/bin/g++-12");
    CHECK(shell_word("") == "''");
    CHECK(shell_word("it's") == "'it'\\''s'");
    for (std::string const word :
         {"a b", "it's", "''", "$HOME", "`id`", "a\\b", "a\nb", "*", "~", "!x", "#x", "\"", ";"}) {
        CAPTURE(word);
        CHECK(by_the_shell(shell_word(word)) == word);
    }
}
