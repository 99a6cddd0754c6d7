// The table of docs/guards.md: what each kind of guard sees of each way to reach a resource. Every cell is tried out:
// what is caught is blamed on its own test and on no other, and let through where it is declared.
#include "doctest/run_program.hpp"
#include "support/processes.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

/// Listens on a port of its own on this machine, and takes nothing.
class listener {
public:
    listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        ::sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::socklen_t size = sizeof address;
        REQUIRE(::bind(socket_, reinterpret_cast<::sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(socket_, 64) == 0);
        REQUIRE(::getsockname(socket_, reinterpret_cast<::sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;
    ~listener() { ::close(socket_); }
    int port() const { return port_; }

private:
    int socket_;
    int port_ = 0;
};

struct cell {
    bool can_be_tried = true;
    std::string answer{};  ///< `caught`, `caught, late`, `not caught`
};

class bench {
public:
    bench() {
        std::ofstream(tools_ / "tool") << "#!/bin/sh\nexit 0\n";
        fs::permissions(tools_ / "tool", fs::perms::owner_all);
        fs::copy_file(RAMPART_ANSWERS_CLIENT, tools_ / "client");
        fs::copy_file(RAMPART_ANSWERS_STATIC, tools_ / "static-client");
        fs::create_symlink(tools_ / "tool", tools_ / "link-to-tool");
        fs::create_symlink(tools_ / "client", tools_ / "link-to-client");
    }

    /// What comes of reaching a resource in this way, where the test declares it or does not.
    struct seen {
        int status = -1;
        std::set<std::string> failed{};  ///< tests
        std::set<std::string> blamed{};  ///< where faults say it happened
        bool strict_is_on = true;
        std::string out{};
    };
    seen run(std::string const& way, std::string const& reaches, std::string const& declares, bool strict) {
        auto const report = scratch_ / "report.json";
        fs::remove(report);
        std::vector<std::string> environment{"RAMPART_TEST_WAY=" + way,
                                             "RAMPART_TEST_REACHES=" + reaches,
                                             "RAMPART_TEST_DECLARES=" + declares,
                                             "RAMPART_TEST_TOOLS=" + tools_.string(),
                                             "RAMPART_TEST_LIBRARY=" RAMPART_ANSWERS_LIBRARY,
                                             "RAMPART_TEST_PORT=" + std::to_string(server_.port()),
                                             "PATH=" + tools_.string() + ":" + std::getenv("PATH")};
        auto const end = processes::run({RAMPART_SUITE_KNOWN_ANSWERS, "--rampart-json=" + report,
                                         strict ? "--rampart-guards=strict" : "--rampart-guards=on"},
                                        environment);
        INFO(way << ", " << reaches << ", declares '" << declares << "'\n" << end.out);
        REQUIRE(end.in_time);
        seen made{.status = end.status, .out = end.out};
        made.strict_is_on = !end.says("strict mode is not on");
        auto const text = json_file(report);
        auto const name = [](boost::json::value const& v) {
            auto const id = std::string(v.as_string());
            return id.substr(id.rfind("::") + 2);
        };
        for (auto const& t : text.at("tests").as_array()) {
            if (t.at("outcome").as_string() != "passed") made.failed.insert(name(t.at("nodeid")));
        }
        for (auto const& f : text.at("faults").as_array()) made.blamed.insert(name(f.at("where")));
        CHECK(made.failed.count("comes after it and does nothing") == 0);
        return made;
    }

    cell ask(std::string const& way, std::string const& reaches, std::string const& resource, bool strict) {
        cell made;
        std::set<std::string> const it{"reaches it"};
        auto const undeclared = run(way, reaches, "", strict);
        INFO(way << ", " << resource << (strict ? ", strict" : "") << "\n" << undeclared.out);
        if (!undeclared.strict_is_on) return {.can_be_tried = false};
        // Where it is declared it is let through, and it counts: if it were not seen, the mark would be superfluous.
        auto const declared = run(way, reaches, resource, strict);
        INFO("declared:\n" << declared.out);
        if (undeclared.status == 0) {
            made.answer = "not caught";
            CHECK(undeclared.failed.empty());
            CHECK(undeclared.blamed.empty());
        } else if (undeclared.failed.empty()) {
            made.answer = "caught, late";
            CHECK(undeclared.status == 1);
            CHECK(undeclared.blamed == it);
            CHECK(declared.blamed.empty());
        } else {
            made.answer = "caught";
            CHECK(undeclared.status == 1);
            CHECK(undeclared.failed == it);
            CHECK(undeclared.blamed.empty());
            CHECK(declared.status == 0);
        }
        return made;
    }

private:
    scratch_folder scratch_{};
    fs::path tools_ = [this] {
        fs::create_directories(scratch_ / "tools");
        return fs::canonical(scratch_ / "tools");
    }();
    listener server_{};
};

std::string const ways[] = {"system",      "popen",           "execvp",     "posix_spawn",     "absolute path",
                            "symlink",     "PATH reset",      "env -i",     "static caller",   "thread",
                            "double fork", "swallowed error", "late child", "dlopened client", "raw socket"};

}  // namespace

TEST_CASE("what guards see of each way to reach a resource is what docs/guards.md says") {
    bench b;
    std::string table = "| reached by | program guard | hook | strict mode |\n| --- | --- | --- | --- |\n";
    bool has_strict = true;
    for (std::string const& way : ways) {
        bool const is_socket = way == "raw socket";
        auto const program = b.ask(way, "tool", "tool", false);
        auto const hook = b.ask(way, "client", "client", false);
        auto const strict = b.ask(way, "tool", is_socket ? "server" : "tool", true);
        has_strict = has_strict && strict.can_be_tried;
        table += "| " + way + " | " + program.answer + " | " + hook.answer + " | " + strict.answer + " |\n";
    }
    if (!has_strict) {
        MESSAGE("SKIPPED: the table's column 'strict mode', which cannot be on here");
        return;
    }
    auto const page = file_text(RAMPART_DOCS_GUARDS);
    INFO("the table is\n" << table);
    CHECK(page.find(table) != std::string::npos);
}
