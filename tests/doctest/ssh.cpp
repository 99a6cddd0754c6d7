// Workers on another machine, as far as one machine can show it: an sshd of the test's own on the loopback interface,
// on a high port, with keys that live as long as the test. Skipped by name where there is no sshd.
#include "rampart/dist/spec.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctest/run_program.hpp"
#include "support/processes.hpp"

namespace {

std::string program_in(std::vector<std::string> const& folders, std::string const& name) {
    for (std::string const& folder : folders) {
        if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder + "/" + name;
    }
    return {};
}

::sockaddr_in loopback(std::uint16_t port) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
std::uint16_t free_port() {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    ::socklen_t size = sizeof address;
    bool const good = ::bind(fd, reinterpret_cast<::sockaddr*>(&address), size) == 0 &&
                      ::getsockname(fd, reinterpret_cast<::sockaddr*>(&address), &size) == 0;
    ::close(fd);
    return good ? ntohs(address.sin_port) : 0;
}
bool answers(std::uint16_t port) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const address = loopback(port);
    bool const good = ::connect(fd, reinterpret_cast<::sockaddr const*>(&address), sizeof address) == 0;
    ::close(fd);
    return good;
}

/// An sshd that lets in who runs this test, and nobody else.
class ssh_server {
public:
    explicit ssh_server(std::string const& sshd) {
        std::filesystem::permissions(folder_ / ".", std::filesystem::perms::owner_all);
        for (char const* const name : {"host", "user"}) {
            auto const made = run_program("ssh-keygen -q -t ed25519 -N '' -f '" + (folder_ / name) + "' < /dev/null");
            if (made.status != 0) throw std::runtime_error("ssh-keygen: " + made.out);
        }
        if (::getuid() == 0) std::filesystem::create_directories("/run/sshd");  // sshd's own, emptied at each boot
        port_ = free_port();
        std::ofstream(folder_ / "config")
            << "Port " << port_ << "\nListenAddress 127.0.0.1\nHostKey " << (folder_ / "host")
            << "\nAuthorizedKeysFile " << (folder_ / "user.pub") << "\nPidFile none\n"
            << "StrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            << "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n";
        server_ =
            std::make_unique<processes::watched>(std::vector<std::string>{sshd, "-D", "-e", "-f", folder_ / "config"});
        if (!processes::within(10.0, [this] { return answers(port_) || !server_->runs(); }) || !server_->runs()) {
            throw std::runtime_error("sshd does not answer: " + server_->out());
        }
    }

    /// As it stands in a spec.
    std::string spec(std::string const& rest = {}) const {
        auto const* const me = ::getpwuid(::getuid());
        return "ssh=-q -p " + std::to_string(port_) + " -i " + (folder_ / "user") +
               " -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null " + me->pw_name +
               "@127.0.0.1" + rest;
    }
    /// Whether somebody is let in at all: an account may be locked, or have no shell.
    bool lets_in() const {
        auto const specs = rampart::dist::parse_worker_specs(spec()).specs;
        std::string command = "ssh -T -o BatchMode=yes";
        for (std::string const& word : specs.at(0).ssh) command += " '" + word + "'";
        return run_program(command + " true < /dev/null").status == 0;
    }

private:
    scratch_folder folder_{};
    std::uint16_t port_ = 0;
    std::unique_ptr<processes::watched> server_{};
};

/// None, and a line that says why, where it cannot be had.
ssh_server const* server() {
    static std::unique_ptr<ssh_server> const made = []() -> std::unique_ptr<ssh_server> {
        auto const sshd = program_in({"/usr/sbin", "/usr/local/sbin", "/sbin"}, "sshd");
        auto const ssh = program_in({"/usr/bin", "/usr/local/bin", "/bin"}, "ssh");
        if (sshd.empty() || ssh.empty()) {
            std::cout << "SKIPPED: workers over ssh (there is no " << (ssh.empty() ? "ssh" : "sshd") << ")\n";
            return nullptr;
        }
        auto started = std::make_unique<ssh_server>(sshd);
        if (!started->lets_in()) {
            std::cout << "SKIPPED: workers over ssh (sshd lets this account not in)\n";
            return nullptr;
        }
        return started;
    }();
    return made.get();
}

processes::process_end over_ssh(std::vector<std::string> more, std::string const& spec) {
    std::vector<std::string> command{RAMPART_SUITE_DISTRIBUTED, "--rampart-tx=" + spec};
    command.insert(command.end(), more.begin(), more.end());
    return processes::run(std::move(command), {}, 60.0);
}

}  // namespace

TEST_CASE("workers over ssh run tests where their spec says, and their results come back") {
    auto const* const sshd = server();
    if (sshd == nullptr) return;
    scratch_folder const folder;
    auto const end = over_ssh({"-tc=tells where it is,timed*", "--rampart-json=" + (folder / "r.json")},
                              sshd->spec("//chdir=" + (folder / ".") + "//env:RAMPART_TESTS_OWN=of its own//nice=3"));
    INFO(end.out);
    REQUIRE(end.status == 0);
    auto const report = json_file(folder / "r.json");
    CHECK(report.at("tests").as_array().size() == 7);
    auto const results = results_by_id(report);
    REQUIRE(results.size() == 1);
    auto const& seen = results.begin()->value().at("metadata").as_object();
    CHECK(seen.at("RAMPART_WORKER").as_string() == "gw0");
    CHECK(seen.at("RAMPART_TESTS_OWN").as_string() == "of its own");
    CHECK(std::filesystem::equivalent(seen.at("folder").as_string().c_str(), folder / "."));
    CHECK(seen.at("stdin").as_string() == "/dev/null");
}

TEST_CASE("a test that fails, crashes or takes too long over ssh is told like any other") {
    auto const* const sshd = server();
    if (sshd == nullptr) return;
    scratch_folder const folder;
    auto const end = over_ssh({"-tc=prints and fails,crashes each time,takes a minute,takes no time",
                               "--rampart-timeout=3", "--rampart-json=" + (folder / "r.json")},
                              "2*" + sshd->spec());
    INFO(end.out);
    CHECK(end.status == 1);
    CHECK(end.says("printed by the one that fails"));
    std::string outcomes;
    auto const report = json_file(folder / "r.json");
    for (auto const& test : report.at("tests").as_array()) {
        outcomes += std::string(test.at("name").as_string()) + ":" + std::string(test.at("outcome").as_string()) + " ";
    }
    CHECK(outcomes == "crashes each time:crashed prints and fails:failed takes a minute:timeout takes no time:passed ");
}

TEST_CASE("a worker over ssh ends when its controller is killed in the middle of a test") {
    auto const* const sshd = server();
    if (sshd == nullptr) return;
    // sshd gives its children an environment of its own; the run's id goes along with a worker.
    auto const run = "over-ssh-" + std::to_string(::getpid());
    processes::watched controller({RAMPART_SUITE_DISTRIBUTED, "-tc=takes a minute", "--rampart-tx=" + sshd->spec(),
                                   "--rampart-events=/dev/stderr"},
                                  {"RAMPART_TESTRUNUID=" + run});
    auto const of_the_run = [&run] {
        std::size_t count = 0;
        for (auto const& entry : std::filesystem::directory_iterator("/proc")) {
            auto const pid = static_cast<::pid_t>(std::strtol(entry.path().filename().c_str(), nullptr, 10));
            if (pid > 0 && processes::variable_of(pid, "RAMPART_TESTRUNUID") == run && processes::lives(pid)) ++count;
        }
        return count;
    };
    REQUIRE(processes::within(20.0, [&] { return controller.out().find("test_started") != std::string::npos; }));
    CHECK(of_the_run() >= 2);  // the controller and the worker at least
    controller.signal(SIGKILL);
    controller.end(10.0);
    CHECK(processes::within(10.0, [&] { return of_the_run() == 0; }));
}

TEST_CASE("a host that cannot be reached stops the run, and says so") {
    auto const* const sshd = server();
    if (sshd == nullptr) return;
    auto const end = over_ssh({"-tc=takes no time"}, "ssh=-q -p 1 -o ConnectTimeout=5 nobody@127.0.0.1");
    INFO(end.out);
    CHECK(end.status == 3);
    CHECK(end.says("ssh could not connect"));
}
