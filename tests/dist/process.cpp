#include "rampart/dist/process.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "dist/pool_run.hpp"

namespace {

using namespace pool_test;
using how = worker_death::how_it_was;

worker_death death_of(std::vector<std::string> words) {
    pool_run run(options_for(std::move(words)));
    return run.go(worker_spec{}).deaths.at(0);
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("a worker is served: frames both ways, goodbye, death with status 0") {
    pool_run run(options_for({"serve"}));
    run.on_frame = [](worker_pool& pool, worker_number w, frame const& f) {
        if (f.kind == frame_kind::hello) pool.send(w, {frame_kind::run, "seven"});
        if (f.kind == frame_kind::end) pool.send(w, {frame_kind::finish, {}});
    };
    auto const& seen = run.go(worker_spec{});
    std::string kinds;
    for (auto const& [w, f] : seen.frames) kinds += static_cast<char>(f.kind);
    CHECK(kinds == "HSEB");
    CHECK(seen.first(frame_kind::end) == "seven");
    CHECK(seen.deaths.at(0) == worker_death{how::exited, 0, "exited with status 0", ""});
    CHECK(run.pool().size() == 0);
}

TEST_CASE("the status and the signal of a death are told with their names") {
    CHECK(death_of({"exit", "3"}) == worker_death{how::exited, 3, "exited with status 3", ""});
    CHECK(death_of({"exit", "0"}) == worker_death{how::exited, 0, "exited with status 0", ""});
    CHECK(death_of({"mute-exit", "0"}) == worker_death{how::exited, 0, "exited with status 0", ""});
    CHECK(death_of({"signal", std::to_string(SIGKILL)}) ==
          worker_death{how::signalled, SIGKILL, "died by SIGKILL (Killed)", ""});
    CHECK(death_of({"signal", std::to_string(SIGTERM)}).words == "died by SIGTERM (Terminated)");
    CHECK(death_of({"last-words"}) ==
          worker_death{how::signalled, SIGABRT, "died by SIGABRT (Aborted)", "last words\n"});
}

TEST_CASE("a worker that executes another program, or closes its files, is unreachable and is ended") {
    for (std::string const what : {"exec", "close"}) {
        CAPTURE(what);
        auto const death = death_of({what});
        CHECK(death.how == how::unreachable);
        CHECK(death.words.find("closed its end of the control channel without ending") == 0);
    }
}

TEST_CASE("a worker that writes garbage into the channel is ended; one that also ends itself is told of with both") {
    auto const lives = death_of({"garbage"});
    CHECK(lives.how == how::unreachable);
    CHECK(lives.words == "wrote what is no frame into the control channel (no frame begins)");
    auto const ended = death_of({"garbage", "5"});
    CHECK(ended.how == how::exited);
    CHECK(ended.words ==
          "exited with status 5; before that it wrote what is no frame into the control channel (no frame begins)");
    CHECK(death_of({"half-frame"}).words == "exited with status 4");
}

TEST_CASE("frames that were sent before a death come before it, all of them") {
    pool_run run(options_for({"flood", "20000"}));
    auto const& seen = run.go(worker_spec{});
    REQUIRE(seen.frames.size() == 20001);
    CHECK(seen.frames.back().second.payload == "19999");
    CHECK(seen.deaths.at(0).words == "exited with status 0");
}

TEST_CASE("frames that wait unread when the death is noticed come before it too") {
    pool_run run(options_for({"flood", "100"}), 2);  // nobody reads yet: so many small frames fit into a socket
    auto const start_and_wait_for_its_end = [](worker_pool& pool, worker_number w) {
        pool.start(w, {});
        ::siginfo_t info{};
        while (::waitid(P_PID, static_cast<::id_t>(*pool.pid(w)), &info, WEXITED | WNOWAIT) != 0) {
            REQUIRE(errno == EINTR);
        }
    };
    // The second lives and ends while the loop is about to look for deaths, and before it looks at files again.
    run.on_frame = [&](worker_pool& pool, worker_number w, frame const& f) {
        if (w == 0 && f.kind == frame_kind::hello) start_and_wait_for_its_end(pool, 1);
    };
    start_and_wait_for_its_end(run.pool(), 0);
    CHECK(run.go().frames.size() == 2 * 101);
}

TEST_CASE("100 MB of output are read while the test runs, and its beginning and end are kept") {
    pool_run run(options_for({"output", "104857600"}));
    std::string output;
    run.on_frame = [&](worker_pool& pool, worker_number w, frame const& f) {
        if (f.kind != frame_kind::end) return;
        output = pool.take_output(w);
        CHECK(pool.take_output(w).empty());
        pool.send(w, {frame_kind::finish, {}});
    };
    CHECK(run.go(worker_spec{}).deaths.at(0).output.empty());
    CHECK(output.starts_with("the beginning\nooo"));
    CHECK(output.ends_with("ooo\nthe end\n"));
    // The beginning, 102400 lines and the end, without the 16 and 48 KiB that stay.
    CHECK(output.find("\n... " + std::to_string(14 + 104857600 + 8 - 65536) + " bytes left out ...\n") !=
          std::string::npos);
    CHECK(output.size() < 66000);
}

TEST_CASE("a deadline that passes is told once, and the end is SIGTERM, after the grace SIGKILL") {
    SUBCASE("SIGTERM is enough, also for one that is stopped") {
        pool_run run(options_for({"stopped"}));
        run.on_frame = [](worker_pool& pool, worker_number w, frame const& f) {
            if (f.kind == frame_kind::result) pool.deadline(w, 0.05);
        };
        run.on_overdue = [](worker_pool& pool, worker_number w) { pool.end(w, false); };
        auto const& seen = run.go(worker_spec{});
        CHECK(seen.overdue == std::vector<worker_number>{0});
        CHECK(seen.deaths.at(0).words == "died by SIGTERM (Terminated)");
    }
    SUBCASE("a worker that ignores SIGTERM") {
        auto options = options_for({"deaf-to-term"});
        options.grace = 0.05;
        pool_run run(options);
        run.on_frame = [](worker_pool& pool, worker_number w, frame const& f) {
            if (f.kind == frame_kind::result) pool.end(w, false);
        };
        CHECK(run.go(worker_spec{}).deaths.at(0).words == "died by SIGKILL (Killed)");
    }
    SUBCASE("a deadline that was taken back is not told") {
        pool_run run(options_for({"deaf-to-term"}), 2);
        run.on_frame = [](worker_pool& pool, worker_number w, frame const& f) {
            if (f.kind != frame_kind::result) return;
            pool.deadline(w, w == 0 ? 0.01 : 0.2);
            if (w == 0) pool.deadline(w, std::nullopt);
        };
        run.on_overdue = [](worker_pool& pool, worker_number) {
            pool.end(0, true);
            pool.end(1, true);
        };
        run.pool().start(0, {});
        run.pool().start(1, {});
        CHECK(run.go().overdue == std::vector<worker_number>{1});
    }
}

TEST_CASE("a worker that says nothing after its start is ended, and so is one that stays after its goodbye") {
    auto options = options_for({"mute"});
    options.start_limit = 0.05;
    pool_run mute(options);
    CHECK(mute.go(worker_spec{}).deaths.at(0).words ==
          "sent nothing within 0.05 s after its start, was ended and died by SIGTERM (Terminated)");
    options = options_for({"linger"});
    options.exit_limit = 0.05;
    pool_run lingers(options);
    CHECK(lingers.go(worker_spec{}).deaths.at(0).words ==
          "did not end within 0.05 s after its goodbye, was ended and died by SIGTERM (Terminated)");
}

TEST_CASE("what a worker leaves in its group ends with it; nobody waits for the end of the pipe that it holds") {
    pool_run run(options_for({"grandchild"}));
    auto const& seen = run.go(worker_spec{});
    CHECK(seen.deaths.at(0).words == "exited with status 0");
    long const left = std::stol(seen.first(frame_kind::result));
    CHECK(ends_within(left, 5000));
}

TEST_CASE("a daemon in a session of its own, printing for ever, holds nothing up and ends with the run") {
    pool_run run(options_for({"chatty-daemon"}));
    auto const& seen = run.go(worker_spec{});
    CHECK(seen.deaths.at(0).words == "exited with status 0");
    long const left = std::stol(seen.first(frame_kind::result));
    CHECK_FALSE(is_gone(left));
    CHECK(run.pool().close() >= 1);
    CHECK(is_gone(left));
}

TEST_CASE("a controller that is killed leaves no worker, no daemon and no keeper") {
    int out[2];
    REQUIRE(::pipe(out) == 0);
    ::pid_t const controller = ::fork();
    if (controller == 0) {
        ::dup2(out[1], 1);
        ::execl(RAMPART_DIST_CHILD, RAMPART_DIST_CHILD, "controller", nullptr);
        ::_exit(1);
    }
    ::close(out[1]);
    std::array<char, 256> text{};
    REQUIRE(::read(out[0], text.data(), text.size() - 1) > 0);
    std::istringstream numbers(text.data());
    std::vector<long> processes;
    for (long pid = 0; numbers >> pid;) processes.push_back(pid);
    REQUIRE(processes.size() == 4);
    for (long const pid : processes) CHECK_FALSE(is_gone(pid));
    ::kill(controller, SIGKILL);
    ::waitpid(controller, nullptr, 0);
    for (long const pid : processes) CHECK(ends_within(pid, 10000));
    // Neither the keeper nor a worker holds what the controller inherited.
    CHECK(::read(out[0], text.data(), text.size()) == 0);
    ::close(out[0]);
}

TEST_CASE("a worker has stdin, stdout, stderr and its channel open, and nothing that lay about here") {
    int const stray = ::open("/dev/null", O_RDONLY);  // without FD_CLOEXEC
    REQUIRE(::dup2(stray, 251) == 251);
    pool_run run(options_for({"state"}));
    auto const state = run.go(worker_spec{}).first(frame_kind::hello);
    ::close(251);
    ::close(stray);
    CHECK(state.find("files 0 1 2 3 \n") == 0);
    CHECK(state.find("blocked") == std::string::npos);
    CHECK(state.find("ignored") == std::string::npos);  // SIGPIPE is ignored here
}

TEST_CASE("a pool leaves files, signals and children as they were") {
    std::array const numbers{SIGCHLD, SIGPIPE, SIGINT, SIGTERM, SIGHUP};
    std::array<struct ::sigaction, 5> signals{};
    for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], nullptr, &signals[i]);
    std::size_t const before = open_files();
    for (int i = 0; i < 20; ++i) {
        pool_run run(options_for({i % 2 == 0 ? "serve" : "daemon"}), 2);
        run.on_frame = [](worker_pool& pool, worker_number, frame const&) { pool.stop_loop(); };
        run.pool().start(0, {});
        run.pool().start(1, {});
        run.go();
    }
    CHECK(open_files() == before);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no child, not even a zombie
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        CAPTURE(numbers[i]);
        struct ::sigaction now {};
        REQUIRE(::sigaction(numbers[i], nullptr, &now) == 0);
        CHECK((now.sa_handler == signals[i].sa_handler));
    }
}

TEST_CASE("a worker that cannot be started is a death with the reason, told from the loop") {
    auto options = options_for({"serve"});
    SUBCASE("no such program") {
        options.program = "/nowhere/suite";
        pool_run run(options);
        auto const death = run.go(worker_spec{}).deaths.at(0);
        CHECK(death.how == how::unstarted);
        CHECK(death.number == ENOENT);
        CHECK(death.words == "could not be started (popen): cannot start '/nowhere/suite': No such file or directory");
    }
    SUBCASE("no such folder") {
        pool_run run(options);
        auto const death = run.go(parse_worker_specs("popen//chdir=/nowhere").specs.at(0)).deaths.at(0);
        CHECK(death.words == "could not be started (popen//chdir=/nowhere): cannot change to the folder '/nowhere': No "
                             "such file or directory");
    }
    SUBCASE("no file descriptor is left") {
        pool_run run(options, 4);
        std::size_t const before = open_files();
        ::rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        ::rlimit lower = limit;
        lower.rlim_cur = 64;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
        std::vector<int> filled;
        for (int fd = 0; (fd = ::fcntl(2, F_DUPFD_CLOEXEC, 3)) >= 0;) filled.push_back(fd);
        // One more is free each time: every step of a start fails once.
        for (worker_number n = 0; n < 4; ++n) {
            run.pool().start(n, {});
            ::close(filled.back());
            filled.pop_back();
        }
        for (int const fd : filled) ::close(fd);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        auto const& seen = run.go();
        for (worker_number n = 0; n < 4; ++n) {
            CAPTURE(n);
            CHECK(seen.deaths.at(n).how == how::unstarted);
            CHECK(seen.deaths.at(n).words.ends_with("Too many open files"));
        }
        CHECK(open_files() == before);
    }
    SUBCASE("it is no longer wanted when its time comes") {
        pool_run run(options);
        run.pool().start(0, {}, 100.0);
        run.pool().end(0, false);
        CHECK(run.go().deaths.at(0).words == "could not be started (popen): the run ended before");
    }
}

TEST_CASE("a worker behind ssh has its frames on stdin and stdout, and its output is what ssh prints on stderr") {
    // The words for ssh are given to a shell, as sshd does; what is proven is our end of it.
    auto const folder = std::filesystem::temp_directory_path() / ("rampart-ssh-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "ssh") << "#!/bin/sh\nfor last; do :; done\necho of ssh >&2\n"
                                     "[ \"$4\" = lost ] && exit 255\nexec sh -c \"$last\"\n";
    std::filesystem::permissions(folder / "ssh", std::filesystem::perms::owner_all);
    std::string const path = std::getenv("PATH");
    ::setenv("PATH", (folder.string() + ":" + path).c_str(), 1);
    pool_run run(options_for({"serve"}), 2);
    std::string output;
    run.on_frame = [&](worker_pool& pool, worker_number w, frame const& f) {
        if (f.kind == frame_kind::hello) pool.send(w, {frame_kind::run, "1"});
        if (f.kind != frame_kind::end) return;
        output = pool.take_output(w);
        pool.send(w, {frame_kind::finish, {}});
    };
    run.pool().start(0, parse_worker_specs("ssh=host//chdir=/tmp//env:A=it's").specs.at(0));
    run.pool().start(1, parse_worker_specs("ssh=lost").specs.at(0));
    auto const& seen = run.go();
    ::setenv("PATH", path.c_str(), 1);
    std::filesystem::remove_all(folder);
    CHECK(seen.first(frame_kind::end) == "1");
    CHECK(output == "of ssh\n");
    CHECK(seen.deaths.at(0).words == "exited with status 0");
    CHECK(seen.deaths.at(1).words == "exited with status 255 (ssh could not connect, or lost the connection)");
}

TEST_CASE("with live output a worker prints where the controller does, and nothing is captured") {
    auto file = std::tmpfile();
    std::fflush(stdout);
    int const kept = ::fcntl(1, F_DUPFD_CLOEXEC, 100);
    ::dup2(::fileno(file), 1);
    auto options = options_for({"last-words"});
    options.live_output = true;
    worker_death death;
    {
        pool_run run(options);
        death = run.go(worker_spec{}).deaths.at(0);
    }
    ::dup2(kept, 1);
    ::close(kept);
    CHECK(death == worker_death{how::signalled, SIGABRT, "died by SIGABRT (Aborted)", ""});
    std::array<char, 64> text{};
    CHECK(::pread(::fileno(file), text.data(), text.size(), 0) == 11);
    CHECK(std::string(text.data()) == "last words\n");
    std::fclose(file);
}

TEST_CASE("workers that are killed at any moment are each told of once, and nobody else is") {
    constexpr worker_number all = 60;
    pool_run run(options_for({"serve"}), all);
    worker_number started = 3;
    unsigned served = 0;
    run.on_frame = [&](worker_pool& pool, worker_number w, frame const& f) {
        if (f.kind == frame_kind::start) return;
        if (++served % 7 == 0) {
            ::kill(static_cast<::pid_t>(*pool.pid(w)), SIGKILL);
            if (started < all) pool.start(started++, {});
        }
        pool.send(w, {frame_kind::run, "1"});
    };
    for (worker_number w = 0; w < 3; ++w) run.pool().start(w, {});
    auto const& seen = run.go();
    CHECK(seen.deaths.size() == all);
    for (auto const& [w, death] : seen.deaths) CHECK(death.words == "died by SIGKILL (Killed)");
    CHECK(run.pool().size() == 0);
}

TEST_CASE("a replacement may be started from inside a call-back, at once or later; a number is one worker's") {
    auto options = options_for({"exit", "1"});
    std::vector<worker_number> dead;
    worker_pool* used = nullptr;
    pool_handlers handlers;
    handlers.on_death = [&](worker_number w, worker_death const&) {
        dead.push_back(w);
        if (w == 2) return used->stop_loop();
        used->start(w + 1, {}, w == 0 ? 0.0 : 0.01);
        CHECK_THROWS_WITH_AS(used->start(w + 1, {}), doctest::Contains("is started twice"), std::logic_error);
    };
    worker_pool pool(options, handlers);
    used = &pool;
    pool.start(0, {});
    pool.run();
    CHECK(dead == std::vector<worker_number>{0, 1, 2});
    pool.send(9, {frame_kind::run, {}});  // nobody
    pool.end(9, true);
    CHECK(pool.take_output(9).empty());
}

TEST_CASE("what a worker does not read yet waits in a queue, in order") {
    pool_run run(options_for({"slow-reader"}));
    run.on_frame = [](worker_pool& pool, worker_number w, frame const& f) {
        if (f.kind == frame_kind::hello) {
            for (int i = 0; i < 40; ++i) pool.send(w, {frame_kind::list, std::string(50000, 'x')});
            pool.send(w, {frame_kind::list, "!"});
            pool.send(w, {frame_kind::run, "behind it"});
            pool.send(w, {frame_kind::finish, {}});
        }
    };
    auto const& seen = run.go(worker_spec{});
    CHECK(seen.first(frame_kind::start) == "behind it");
    CHECK(seen.deaths.at(0).words == "exited with status 0");
}

TEST_CASE("stop signals are counted; two at the same moment are one") {
    std::vector<std::string> asked;
    worker_pool* used = nullptr;
    pool_handlers handlers;
    handlers.on_stop = [&](std::string const& name, unsigned times) {
        asked.push_back(name + " " + std::to_string(times));
        if (times == 2) return used->stop_loop();
    };
    unsigned ticks = 0;
    handlers.on_tick = [&] {
        if (++ticks == 1) {
            ::raise(SIGINT);
            ::raise(SIGINT);
        }
        if (ticks == 3) ::raise(SIGTERM);
        if (ticks > 100) throw std::runtime_error("no signal came");
    };
    auto options = options_for({"serve"});
    options.tick = 0.1;
    worker_pool pool(options, handlers);
    used = &pool;
    pool.run();
    CHECK(asked == std::vector<std::string>{"SIGINT 1", "SIGTERM 2"});
}

TEST_CASE("an exception of a handler comes out of run, and nothing is left") {
    long worker = 0;
    {
        worker_pool* used = nullptr;
        pool_handlers handlers;
        handlers.on_frame = [&](worker_number w, frame const&) {
            worker = static_cast<long>(*used->pid(w));
            throw std::runtime_error("of a handler");
        };
        worker_pool pool(options_for({"serve"}), handlers);
        used = &pool;
        pool.start(0, {});
        CHECK_THROWS_WITH(pool.run(), "of a handler");
    }
    CHECK(is_gone(worker));
}

TEST_SUITE_END();
