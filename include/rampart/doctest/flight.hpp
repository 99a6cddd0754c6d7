#ifndef RAMPART_DOCTEST_FLIGHT_HPP
#define RAMPART_DOCTEST_FLIGHT_HPP

#include "rampart/core/test_id.hpp"
#include "rampart/dist/events.hpp"
#include "rampart/dist/frame.hpp"
#include "rampart/dist/messages.hpp"
#include "rampart/doctest/sinks.hpp"
#include "rampart/json/read.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/wire_format.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rampart::inline v1::detail {

inline double seconds_since(std::chrono::steady_clock::time_point then) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

/// What has come of the test that a worker runs.
struct flight {
    basic_shard<suite_result> shard{};
    dist::test_number test = 0;
    std::uint32_t results = 0;
    std::chrono::steady_clock::time_point sent{};
    bool running = false;
    std::vector<std::string> unused{};  ///< of a trial: see dist::end_message

    /// Takes a result. Gives what is wrong with it, or nothing.
    std::string take_result(dist::frame const& f, test_id const& id, wire_limits const& limits) {
        auto const document = read_json(f.payload, {dist::max_frame_bytes, limits.max_depth});
        if (!document) return document.error().message();
        auto const* const envelope = document->root().if_object();
        if (envelope == nullptr) return "a result that is no object";
        std::size_t const before = shard.records.size();
        stream_reader<suite_result> reader(shard, limits);
        if (!reader.take_envelope(*envelope, {}, numbered::anew)) return reader.error.message();
        for (std::size_t i = before; i < shard.records.size(); ++i) {
            if (shard.records[i].test == id) continue;
            shard.records.erase(shard.records.begin() + static_cast<std::ptrdiff_t>(before), shard.records.end());
            return "a result of a test that is not running";
        }
        results += static_cast<std::uint32_t>(reader.streamed());
        return {};
    }

    /// Takes what the worker says of the whole test.
    void take_end(dist::end_message& m, test_id const& id, std::string const& worker) {
        for (fault& each : m.faults) shard.faults.push_back(std::move(each));
        unused = std::move(m.unused);
        if (m.results == results) return;
        shard.faults.push_back({fault_kind::short_count, "test " + id.str(),
                                "recorded " + std::to_string(m.results) + " results, but " + std::to_string(results) +
                                    " came from worker " + worker});
    }
};

}  // namespace rampart::inline v1::detail

#endif
