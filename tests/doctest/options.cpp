#include "rampart/doctest/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "doctest/no_engine.hpp"

namespace rp = rampart;

TEST_CASE("options have the meaning and the defaults that the documentation says") {
    auto const none = rp::parse_options({"-tc=x", "--success"});
    CHECK(none.errors.empty());
    CHECK(none.config.report_dir == "rampart-report");
    CHECK_FALSE(none.config.report_dir_given);
    CHECK_FALSE(none.config.shard);
    CHECK_FALSE(none.config.partition);
    CHECK_FALSE(none.config.durations);
    CHECK(none.config.attempt == 1);
    CHECK(none.config.run.empty());
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
    CHECK(all.config.tests.empty());
    CHECK_FALSE(all.config.list_file);
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

namespace {

/// What an engine says, for one test.
class engine {
public:
    engine(std::initializer_list<std::pair<char const*, char const*>> set) {
        leave_engine();
        for (auto const& [name, value] : set) ::setenv(name, value, 1);
    }
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;
    ~engine() { leave_engine(); }
};
[[maybe_unused]] bool const no_engine_at_first = leave_engine();

}  // namespace

TEST_CASE("a part that the command line names is taken, and the engine's variables are not looked at") {
    engine const bad{{"RAMPART_TOTAL_SHARDS", "nonsense"}, {"SLURM_NTASKS", "9"}};
    auto const parsed = rp::parse_options({"--rampart-shard=2/5"});
    CHECK(parsed.errors.empty());
    CHECK(parsed.config.shard == rp::shard_part{1, 5});
    CHECK(parsed.config.shard_source.empty());
    // A bad part on the command line is one error, not two.
    CHECK(rp::parse_options({"--rampart-shard=6/5"}).errors.size() == 1);
    CHECK(rp::parse_options({}).errors.size() == 1);
}

TEST_CASE("without a part on the command line the engine's is taken, and it is told where it came from") {
    engine const gitlab{{"CI_NODE_TOTAL", "4"}, {"CI_NODE_INDEX", "2"}};
    auto const parsed = rp::parse_options({});
    CHECK(parsed.errors.empty());
    CHECK(parsed.config.shard == rp::shard_part{1, 4});
    CHECK(parsed.config.shard_source == "CI_NODE_INDEX and CI_NODE_TOTAL");
}

TEST_CASE("help and merges run no test, so that they ask for no part") {
    engine const bad{{"RAMPART_SHARD_INDEX", "0"}};
    CHECK(rp::parse_options({"--rampart-help"}).errors.empty());
    CHECK(rp::parse_options({"--rampart-merge=a", "--rampart-partition=hash"}).errors.empty());
    CHECK(rp::parse_options({}).errors.size() == 1);
}

TEST_CASE("attempt and run come from the environment, whatever the command line says of parts") {
    engine const slurm{{"SLURM_RESTART_COUNT", "2"}, {"RAMPART_TESTRUNUID", "nightly"}};
    for (char const* const argument : {"--rampart-shard=1/2", "--rampart-merge=a", "-s"}) {
        auto const parsed = rp::parse_options({argument});
        CHECK(parsed.config.attempt == 3);
        CHECK(parsed.config.run == "nightly");
    }
    engine const bad{{"RAMPART_ATTEMPT", "none"}};
    REQUIRE(rp::parse_options({}).errors.size() == 1);
    CHECK(rp::parse_options({}).errors[0].find("RAMPART_ATTEMPT='none'") != std::string::npos);
}

TEST_CASE("how to cut the tests: by stride, by hash or by durations, and only for a part") {
    engine const none{};
    auto const errors = [](std::vector<std::string> const& arguments) {
        std::string all;
        for (std::string const& error : rp::parse_options(arguments).errors) all += error + "\n";
        return all;
    };
    auto const hash = rp::parse_options({"--rampart-shard=1/2", "--rampart-partition=hash"});
    CHECK(hash.errors.empty());
    CHECK(hash.config.partition == rp::shard_partition::hash);
    auto const stride = rp::parse_options({"--rampart-shard=1/2", "--rampart-partition=stride"});
    CHECK(stride.config.partition == rp::shard_partition::stride);
    auto const durations = rp::parse_options({"--rampart-shard=1/1", "--rampart-durations=r.json"});
    CHECK(durations.errors.empty());
    CHECK(durations.config.durations == "r.json");
    CHECK(errors({"--rampart-shard=1/2", "--rampart-partition=luck"}) ==
          "--rampart-partition takes stride|hash, not 'luck'\n");
    CHECK(errors({"--rampart-shard=1/2", "--rampart-durations="}).find("takes a value") != std::string::npos);
    CHECK(errors({"--rampart-shard=1/2", "--rampart-partition=hash", "--rampart-durations=r"})
              .find("--rampart-partition and --rampart-durations are two ways") != std::string::npos);
    CHECK(errors({"--rampart-partition=hash"}).find("--rampart-partition says how to cut") != std::string::npos);
    CHECK(errors({"--rampart-durations=r"}).find("--rampart-durations says how to cut") != std::string::npos);
    engine const part{{"TEST_TOTAL_SHARDS", "2"}, {"TEST_SHARD_INDEX", "0"}};
    CHECK(errors({"--rampart-partition=hash"}).empty());
}

TEST_CASE("tests are named again and again, a list once, and neither beside a merge") {
    auto const parsed = rp::parse_options({"--rampart-test=a.cpp::b, c", "--rampart-test=a=b", "--rampart-list=-"});
    CHECK(parsed.errors.empty());
    CHECK(parsed.config.tests == std::vector<std::string>{"a.cpp::b, c", "a=b"});
    CHECK(parsed.config.list_file == "-");
    CHECK(rp::parse_options({"--rampart-test="}).errors.size() == 1);
    CHECK(rp::parse_options({"--rampart-list=a", "--rampart-list=b"}).errors.size() == 1);
    for (char const* const argument : {"--rampart-test=a", "--rampart-list=a"}) {
        auto const both = rp::parse_options({argument, "--rampart-merge=m"});
        REQUIRE(both.errors.size() == 1);
        CHECK(both.errors[0].find("--rampart-merge runs none") != std::string::npos);
    }
}

TEST_CASE("every error of a command line is told, not only the first") {
    auto const parsed = rp::parse_options({"--rampart-shard=x", "--rampart-what", "--rampart-text=loud"});
    REQUIRE(parsed.errors.size() == 3);
    CHECK(parsed.errors[0] == "--rampart-shard takes I/N with I from 1 to N, not 'x'");
    CHECK(parsed.errors[1] == "--rampart-what is no option of this version; --rampart-help lists them");
    CHECK(parsed.errors[2] == "--rampart-text takes escape|strip|keep, not 'loud'");
}

TEST_CASE("an option that is nearly one of ours is told with that one") {
    for (std::string const near : {"--rampart-worker=2", "--rampart-workerss=2"}) {
        auto const parsed = rp::parse_options({near});
        REQUIRE(parsed.errors.size() == 1);
        CHECK(parsed.errors[0].find("did you mean --rampart-workers? --rampart-help lists them") != std::string::npos);
    }
}

TEST_CASE("how a journal reaches the disk is a question of a journal") {
    auto const parsed = rp::parse_options({"--rampart-journal-sync=none"});
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors[0].find("give --rampart-journal too") != std::string::npos);
    CHECK(rp::parse_options({"--rampart-journal-sync=none", "--rampart-resume=d"}).errors.empty());
}

TEST_CASE("foreign text of an option cannot act on the terminal") {
    auto const parsed = rp::parse_options({"--rampart-text=\x1b[2J"});
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors[0].find('\x1b') == std::string::npos);
    CHECK(parsed.errors[0].find("\\x1b[2J") != std::string::npos);
}

TEST_CASE("NO_COLOR decides where the option says auto, then CLICOLOR_FORCE, then the terminal with CLICOLOR") {
    struct variable {
        variable(char const* n, char const* value) : name(n) { ::setenv(name, value, 1); }
        ~variable() { ::unsetenv(name); }
        char const* name;
    };
    using enum rp::color_choice;
    for (char const* name : {"NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"}) ::unsetenv(name);
    variable const kind("TERM", "xterm");
    CHECK(rp::use_color(automatic, true));
    CHECK_FALSE(rp::use_color(automatic, false));
    {
        variable const no("NO_COLOR", "0");  // whatever its value
        CHECK_FALSE(rp::use_color(automatic, true));
        CHECK(rp::use_color(always, false));
        variable const force("CLICOLOR_FORCE", "1");
        CHECK_FALSE(rp::use_color(automatic, true));
    }
    {
        variable const no("NO_COLOR", "");
        CHECK(rp::use_color(automatic, true));
        CHECK_FALSE(rp::use_color(automatic, false));
    }
    {
        variable const force("CLICOLOR_FORCE", "1");
        variable const off("CLICOLOR", "0");
        CHECK(rp::use_color(automatic, false));
        CHECK_FALSE(rp::use_color(never, true));
    }
    for (char const* value : {"", "0"}) {
        variable const force("CLICOLOR_FORCE", value);
        CHECK_FALSE(rp::use_color(automatic, false));
        CHECK(rp::use_color(automatic, true));
    }
    {
        variable const off("CLICOLOR", "0");
        CHECK_FALSE(rp::use_color(automatic, true));
        CHECK(rp::use_color(always, true));
    }
    {
        variable const on("CLICOLOR", "1");
        CHECK(rp::use_color(automatic, true));
        CHECK_FALSE(rp::use_color(automatic, false));
    }
    {
        variable const dumb("TERM", "dumb");
        CHECK_FALSE(rp::use_color(automatic, true));
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
