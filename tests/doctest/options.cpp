#include "rampart/doctest/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace rp = rampart;

TEST_CASE("options have the meaning and the defaults that the documentation says") {
    auto const none = rp::parse_options({"-tc=x", "--success"});
    CHECK(none.errors.empty());
    CHECK(none.config.report_dir == "rampart-report");
    CHECK_FALSE(none.config.report_dir_given);
    CHECK_FALSE(none.config.shard);
    CHECK_FALSE(none.config.trials);
    CHECK(none.config.text == rp::text_policy::escape);
    CHECK(none.config.progress == rp::progress_style::automatic);
    CHECK(none.config.color == rp::color_choice::automatic);
    CHECK(none.config.limits.max_record_bytes == 16777216);

    auto const all = rp::parse_options({"--rampart-shard=2/5", "--rampart-merge=a", "--rampart-merge=b",
                                        "--rampart-payload=p", "--rampart-trials=7", "--rampart-report-dir=d",
                                        "--rampart-json=j", "--rampart-max-result-bytes=4096", "--rampart-text=keep",
                                        "--rampart-progress=lines", "--rampart-color=always", "--rampart-metadata=k=v",
                                        "--rampart-workers=0", "--rampart-dist=no", "--rampart-help"});
    CHECK(all.errors.empty());
    CHECK(all.config.shard == rp::shard_part{1, 5});
    CHECK(all.config.merge == std::vector<std::filesystem::path>{"a", "b"});
    CHECK(all.config.payload_file == "p");
    CHECK(all.config.trials == 7);
    CHECK(all.config.report_dir == "d");
    CHECK(all.config.report_dir_given);
    CHECK(all.config.json_file == "j");
    CHECK(all.config.limits.max_record_bytes == 4096);
    CHECK(all.config.text == rp::text_policy::keep);
    CHECK(all.config.progress == rp::progress_style::lines);
    CHECK(all.config.color == rp::color_choice::always);
    CHECK(all.config.meta == rp::metadata{{"k", "v"}});
    CHECK(all.config.help);
}

TEST_CASE("every error of a command line is told, not only the first") {
    auto const parsed = rp::parse_options({"--rampart-shard=x", "--rampart-what", "--rampart-text=loud"});
    REQUIRE(parsed.errors.size() == 3);
    CHECK(parsed.errors[0] == "--rampart-shard takes I/N with I from 1 to N, not 'x'");
    CHECK(parsed.errors[1] == "--rampart-what is no option of this version; --rampart-help lists them");
    CHECK(parsed.errors[2] == "--rampart-text takes escape|strip|keep, not 'loud'");
}

TEST_CASE("foreign text of an option cannot act on the terminal") {
    auto const parsed = rp::parse_options({"--rampart-text=\x1b[2J"});
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors[0].find('\x1b') == std::string::npos);
    CHECK(parsed.errors[0].find("\\x1b[2J") != std::string::npos);
}

TEST_CASE("NO_COLOR and CLICOLOR_FORCE decide where the option says auto") {
    struct variable {
        explicit variable(char const* n, char const* value) : name(n) { ::setenv(name, value, 1); }
        ~variable() { ::unsetenv(name); }
        char const* name;
    };
    using enum rp::color_choice;
    ::unsetenv("NO_COLOR");
    ::unsetenv("CLICOLOR_FORCE");
    CHECK(rp::use_color(automatic, true));
    CHECK_FALSE(rp::use_color(automatic, false));
    {
        variable const no("NO_COLOR", "1");
        CHECK_FALSE(rp::use_color(automatic, true));
        CHECK(rp::use_color(always, false));
    }
    {
        variable const force("CLICOLOR_FORCE", "1");
        CHECK(rp::use_color(automatic, false));
        CHECK_FALSE(rp::use_color(never, true));
    }
}

TEST_CASE("the help names every option once, with what it takes") {
    auto const help = rp::options_help();
    for (auto const& row : rp::detail::option_table) {
        auto const name = "  --rampart-" + std::string(row.name) + (row.takes.empty() ? " " : "=");
        auto const at = help.find(name);
        CAPTURE(name);
        REQUIRE(at != std::string::npos);
        CHECK(help.find(name, at + 1) == std::string::npos);
    }
}
