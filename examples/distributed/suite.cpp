#include <rampart/doctest.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "workers.hpp"

namespace {

/// Something that all workers use and only one of them makes: the first to come makes it, the others wait for it. The
/// run's id tells this run's from that of another run on the same machine.
std::string knowledge_base() {
    auto const path = path_of_knowledge(rampart::testrun_uid());
    int const lock = ::open((path.string() + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ::flock(lock, LOCK_EX);
    if (!std::filesystem::exists(path)) std::ofstream(path) << "made by " << rampart::worker_id() << '\n';
    ::close(lock);  // gives the lock back
    std::string line;
    std::getline(std::ifstream(path), line);
    return line;
}

void answer(int question) {
    ++tests_of_worker();
    log_of_worker() << "question " << question << std::endl;
    rampart::record_result({.status = rampart::safety_status::safe, .summary = "answered " + std::to_string(question)});
}

}  // namespace

TEST_CASE("a worker knows its name" * rampart::harm("robustness")) {
    answer(1);
    if (rampart::is_worker()) {
        CHECK(rampart::worker_id().starts_with("gw"));
        CHECK(rampart::worker_count() > 0);
        CHECK_FALSE(rampart::testrun_uid().empty());
    } else {
        CHECK(rampart::worker_id() == "master");
    }
}

TEST_CASE("all workers share what one of them made" * rampart::harm("robustness") * rampart::trial({.n = 8})) {
    answer(2);
    CHECK(knowledge_base().starts_with("made by "));
}

TEST_SUITE("needs the one robot" * rampart::group("robot")) {
    TEST_CASE("stands up" * rampart::harm("robustness")) { answer(3); }
    TEST_CASE("walks" * rampart::harm("robustness")) { answer(4); }
}
