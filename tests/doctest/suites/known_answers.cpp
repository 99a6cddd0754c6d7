// One test for each way in which a test may reach what is guarded: a program (`tool`), a client library (`client`), an
// address on the net (`server`). RAMPART_TEST_DECLARES names the resource that all of them declare. The folder
// RAMPART_TEST_TOOLS holds the programs. Run by tests/doctest/known_answers.cpp.
#include <rampart/doctest.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string variable(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}
std::string const tools = variable("RAMPART_TEST_TOOLS") + "/";

/// What the tests declare, as the one who runs them says.
struct as_told {
    template <class Registered>
    void fill(Registered& to) const {
        auto const name = variable("RAMPART_TEST_DECLARES");
        if (!name.empty()) rampart::uses(name).fill(to);
    }
};

void shell(std::string const& command) { (void)!std::system((command + " 2>/dev/null").c_str()); }
void wait_for(::pid_t child) { ::waitpid(child, nullptr, 0); }

/// Lets children go that wait for their test to be over.
struct late_child {
    int lock = -1;
    ::pid_t pid = 0;
    void let_go() {
        if (lock < 0) return;
        ::close(std::exchange(lock, -1));
        wait_for(pid);
    }
};
late_child late;

template <class F>
void in_late_child(F f) {
    int pipe[2];
    REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
    late.pid = ::fork();
    REQUIRE(late.pid >= 0);
    if (late.pid == 0) {
        ::close(pipe[1]);
        char nothing = 0;
        (void)!::read(pipe[0], &nothing, 1);
        f();
        ::_exit(0);
    }
    ::close(pipe[0]);
    late.lock = pipe[1];
}
/// The grandchild has a session of its own and is nobody's child by the time it does something.
template <class F>
void in_grandchild(F f) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (::fork() == 0) {
            ::setsid();
            ::pid_t const parent = ::getppid();
            while (::getppid() == parent && parent != 1) ::usleep(200);
            f();
        }
        ::_exit(0);
    }
    wait_for(child);
    ::close(pipe[1]);
    char nothing = 0;
    (void)!::read(pipe[0], &nothing, 1);  // until the grandchild is gone
    ::close(pipe[0]);
}
void exec(char const* name) {
    int const nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, 2);
    ::execlp(name, name, static_cast<char*>(nullptr));
    ::_exit(127);
}
void loaded(char const* function, char const* command) {
    void* const library = ::dlopen(variable("RAMPART_TEST_LIBRARY").c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    void* const found = ::dlsym(library, function);
    REQUIRE(found != nullptr);
    if (command == nullptr) {
        int (*call)() = nullptr;
        std::memcpy(&call, &found, sizeof call);
        call();
    } else {
        int (*call)(char const*) = nullptr;
        std::memcpy(&call, &found, sizeof call);
        call(command);
    }
}
void by_spawn(std::string const& name) {
    std::string word = name;
    char* words[] = {word.data(), nullptr};
    ::posix_spawn_file_actions_t quiet;
    ::posix_spawn_file_actions_init(&quiet);
    ::posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    ::pid_t pid = 0;
    if (::posix_spawnp(&pid, name.c_str(), &quiet, nullptr, words, environ) == 0) wait_for(pid);
    ::posix_spawn_file_actions_destroy(&quiet);
}
void by_socket() {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(variable("RAMPART_TEST_PORT").c_str())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(s >= 0);
    (void)!::connect(s, reinterpret_cast<::sockaddr*>(&address), sizeof address);
    ::close(s);
}

/// The program that is guarded, and the one that has the guarded client in it.
struct reached {
    char const* name;
};

void reach(std::string const& way, std::string const& name) {
    bool const is_client = name == "client";
    if (way == "system") return shell(name);
    if (way == "popen") {
        if (auto* const pipe = ::popen((name + " 2>/dev/null").c_str(), "r")) ::pclose(pipe);
        return;
    }
    if (way == "execvp") {
        ::pid_t const child = ::fork();
        if (child == 0) exec(name.c_str());
        return wait_for(child);
    }
    if (way == "posix_spawn") return by_spawn(name);
    if (way == "absolute path") return shell(tools + name);
    if (way == "symlink") return shell(tools + "link-to-" + name);
    if (way == "PATH reset") return shell("PATH=" + tools + ":/usr/bin:/bin; export PATH; " + name);
    if (way == "env -i") return shell("/usr/bin/env -i " + tools + name);
    if (way == "static caller") return shell(tools + (is_client ? "static-client" : "static-client " + name));
    if (way == "thread") {
        return std::thread([&] { is_client ? (void)rampart::touch("client") : shell(name); }).join();
    }
    if (way == "double fork") {
        return in_grandchild([&] { is_client ? (void)rampart::touch("client") : exec(name.c_str()); });
    }
    if (way == "swallowed error") {
        try {
            is_client ? rampart::enforce("client") : shell(name + " || true");
        } catch (...) {
        }
        return;
    }
    if (way == "late child") {
        return in_late_child([=] { is_client ? (void)rampart::touch("client") : exec(name.c_str()); });
    }
    if (way == "dlopened client") {
        return is_client ? loaded("answers_call_client", nullptr)
                         : loaded("answers_run", (name + " 2>/dev/null").c_str());
    }
    if (way == "raw socket") return by_socket();
    FAIL("no such way: " << way);
}

}  // namespace

RAMPART_GUARDS(guards) {
    guards.program("tool");
    guards.sdk(
        "client", [] {}, [] { late.let_go(); });
    guards.net("server", "127.0.0.1:" + (variable("RAMPART_TEST_PORT").empty() ? "9" : variable("RAMPART_TEST_PORT")));
}

TEST_CASE("reaches it" * as_told{}) { reach(variable("RAMPART_TEST_WAY"), variable("RAMPART_TEST_REACHES")); }
TEST_CASE("comes after it and does nothing") { CHECK(true); }
