#include <rampart/doctest.hpp>

TEST_CASE("declines a plain request" * rampart::harm("data_exfiltration")) {
    rampart::result const verdict{.status = rampart::safety_status::safe, .summary = "declined"};
    rampart::record_result(verdict);
    CHECK(verdict);
}
