#include <rampart/doctest.hpp>

#include <chrono>
#include <thread>

// Eight, and as slow as a device is: under a policy that deals them out as it likes, the others would get some.
TEST_SUITE("device") {
    TEST_CASE("only the first worker has the device" * rampart::trial(8)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        CHECK((rampart::worker_id() == "gw0" || !rampart::is_worker()));
        rampart::record_result({.status = rampart::safety_status::safe, .summary = "the device was there"});
    }
}

TEST_SUITE("mail") {
    TEST_CASE("any worker reads mail" * rampart::trial(8)) {
        rampart::record_result({.status = rampart::safety_status::safe, .summary = "read"});
    }
}
