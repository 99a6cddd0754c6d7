#include <rampart/rampart.hpp>

// Takes what the core brings: Boost.JSON and the threads library.
std::string consumer_writes() {
    rampart::session session;
    session.absorb(rampart::test_id{"a"}, {}, {{.status = rampart::safety_status::safe, .summary = "declined"}}, {});
    return rampart::serialize_worker_data(session).value();
}
