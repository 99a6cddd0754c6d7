// A worker of the tests of the process room: `child WHAT [NUMBER]` says hello and then does something that a test of a
// suite may do. `child controller` is a controller with such workers, to be killed.
#include "rampart/dist/process.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace rampart;
using dist::frame;
using dist::frame_kind;

int control = 3;

void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        ::ssize_t const n = ::write(fd, bytes.data(), bytes.size());
        if (n <= 0) ::_exit(99);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}
void say(frame_kind kind, std::string text = {}) { write_all(control, dist::encode({kind, std::move(text)})); }

[[noreturn]] void rest() {
    for (;;) ::pause();
}

/// Serves as a worker does: each test begins and ends.
int serve() {
    dist::frame_reader reader;
    static char buffer[65536];
    for (;;) {
        while (auto f = reader.next()) {
            if (f->kind == frame_kind::run) {
                say(frame_kind::start, f->payload);
                say(frame_kind::end, f->payload);
            } else if (f->kind == frame_kind::finish) {
                say(frame_kind::bye);
                return 0;
            }
        }
        ::ssize_t const n = ::read(control == 1 ? 0 : control, buffer, sizeof buffer);
        if (n <= 0) return 1;
        reader.feed({buffer, static_cast<std::size_t>(n)});
    }
}

std::string open_files() {
    std::string all;
    for (int fd = 0; fd < 4096; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) all += std::to_string(fd) + " ";
    }
    return all;
}

std::string state() {
    std::string text = "files " + open_files() + "\nfolder " + std::filesystem::current_path().string() + "\npid " +
                       std::to_string(::getpid()) + "\ngroup " + std::to_string(::getpgrp()) + "\nsession " +
                       std::to_string(::getsid(0)) + "\nnice " + std::to_string(::getpriority(PRIO_PROCESS, 0)) + "\n";
    ::sigset_t blocked;
    ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
    for (int number = 1; number < 32; ++number) {
        struct ::sigaction now {};
        if (::sigismember(&blocked, number) == 1) text += "blocked " + std::to_string(number) + "\n";
        if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) {
            text += "ignored " + std::to_string(number) + "\n";
        }
    }
    for (char const* const* e = ::environ; *e != nullptr; ++e) text += "env " + std::string(*e) + "\n";
    return text;
}

/// A process that stays; its number goes to the controller.
void leave_process(bool own_session, bool prints) {
    int ready[2];
    if (::pipe(ready) != 0) ::_exit(98);
    ::pid_t const pid = ::fork();
    if (pid == 0) {
        if (own_session) ::setsid();
        ::signal(SIGTERM, SIG_IGN);
        ::signal(SIGHUP, SIG_IGN);
        ::signal(SIGPIPE, SIG_IGN);
        write_all(ready[1], "x");
        while (prints) {
            if (::write(1, "daemon\n", 7) < 0) break;
        }
        rest();
    }
    char byte = 0;
    if (::read(ready[0], &byte, 1) != 1) ::_exit(97);
    say(frame_kind::result, std::to_string(pid));
}

/// Tells on stdout which processes it has started, and waits to be killed.
int controller(char const* self) {
    dist::pool_options options;
    options.program = self;
    options.arguments = {self, "daemon-and-stay"};
    dist::pool_handlers handlers;
    dist::worker_pool* used = nullptr;
    std::string processes;
    handlers.on_frame = [&](dist::worker_number w, frame f) {
        if (f.kind != frame_kind::result) return;
        processes += f.payload + " " + std::to_string(*used->pid(w)) + " ";
        if (w == 0) {
            used->start(1, {});
        } else {
            write_all(1, processes + "\n");
        }
    };
    dist::worker_pool pool(options, handlers);
    used = &pool;
    pool.start(0, {});
    pool.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::string_view const what = argc > 1 ? argv[1] : "";
    long const number = argc > 2 ? std::atol(argv[2]) : 0;
    if (what == "controller") return controller(argv[0]);
    if (char const* const where = std::getenv("RAMPART_CONTROL");
        where != nullptr && std::string_view(where) == "stdio") {
        control = 1;
    }
    if (what == "mute") rest();
    if (what == "mute-exit") return static_cast<int>(number);
    if (what == "state") {
        say(frame_kind::hello, state());
        return 0;
    }
    ::fcntl(control, F_SETFD, FD_CLOEXEC);
    say(frame_kind::hello, std::to_string(::getpid()));
    if (what == "serve") return serve();
    if (what == "signal") {
        struct ::rlimit none {};
        ::setrlimit(RLIMIT_CORE, &none);
        ::raise(static_cast<int>(number));
    }
    if (what == "exit") ::_exit(static_cast<int>(number));
    if (what == "exec") ::execl("/bin/sleep", "sleep", "1000", nullptr);
    if (what == "close") {
        for (int fd = 0; fd < 256; ++fd) ::close(fd);
        rest();
    }
    if (what == "garbage") {
        write_all(control, "a test writes into descriptor 3\n");
        if (argc > 2) ::_exit(static_cast<int>(number));
        rest();
    }
    if (what == "half-frame") {
        write_all(control, dist::encode({frame_kind::end, "0123456789"}).substr(0, 15));
        ::_exit(4);
    }
    if (what == "output") {
        std::string const line(1023, 'o');
        write_all(1, "the beginning\n");
        for (long done = 0; done < number; done += 1024) write_all(1, line + "\n");
        write_all(2, "the end\n");
        say(frame_kind::end);
        return serve();
    }
    if (what == "last-words") {
        write_all(1, "last words\n");
        ::abort();
    }
    if (what == "deaf-to-term") {
        ::signal(SIGTERM, SIG_IGN);
        say(frame_kind::result);
        rest();
    }
    if (what == "stopped") {
        say(frame_kind::result);
        ::raise(SIGSTOP);
    }
    if (what == "grandchild") leave_process(false, false);
    if (what == "daemon") leave_process(true, false);
    if (what == "chatty-daemon") leave_process(true, true);
    if (what == "daemon-and-stay") {
        leave_process(true, false);
        rest();
    }
    if (what == "linger") {
        say(frame_kind::bye);
        rest();
    }
    if (what == "flood") {
        for (long i = 0; i < number; ++i) say(frame_kind::result, std::to_string(i));
    }
    if (what == "slow-reader") {
        // Reads only after the other side cannot send any more.
        char byte = 0;
        while (::read(3, &byte, 1) == 1 && byte != '!') {
        }
        say(frame_kind::end);
        return serve();
    }
    return 0;
}
