#ifndef RAMPART_TESTS_HOSTILE_GENERATORS_HPP
#define RAMPART_TESTS_HOSTILE_GENERATORS_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/base/utf8.hpp"
#include "rampart/core/result.hpp"
#include "rampart/session/session.hpp"

/// \file
/// Random results, sessions and documents, with every field and with the worst that a field can hold. The same seed
/// makes the same ones.

namespace hostile {

/// The seed of a test: RAMPART_TEST_SEED, else a new one. To be printed when something fails.
inline std::uint64_t seed_of_this_run() {
    static std::uint64_t const seed = [] {
        char const* const wanted = std::getenv("RAMPART_TEST_SEED");
        if (wanted != nullptr && *wanted != '\0') return std::strtoull(wanted, nullptr, 10);
        return static_cast<unsigned long long>(std::random_device{}());
    }();
    return seed;
}

class generator {
public:
    explicit generator(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    bool coin() { return below(2) == 0; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <class T>
    T const& pick(std::vector<T> const& from) {
        return from[below(from.size())];
    }

    /// Quotes and brackets, control characters, sequences for terminals, invisible and broken code points.
    std::string text() {
        static constexpr std::string_view pieces[] = {
            "a", "word ", "\"", "\\", "/", "\n", "\t", "\r", "\b", "\f", "::", "\x01", "\x7f", "\x1b[31m",
            "\x1b]0;t\x07", "\x1b", "\xc2\x9b",
            "\xc2\x9d"
            "x",
            "\xc3\xa9", "\xe2\x80\xa8", "\xe2\x80\xae", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xef\xbb\xbf",
            "{\"k\": 1}", "[[]]", "null", "\\u0041", "\\ud800",
            // ill-formed: lone tails and leads, overlong, surrogates, beyond the last code point
            "\xff", "\x80", "\xc2", "\xe2\x82", "\xf0\x9f\x98", "\xc0\x80", "\xed\xa0\x80", "\xed\xb0\x80",
            "\xf4\x90\x80\x80"};
        std::string made;
        for (auto left = below(8); left > 0; --left) made += pieces[below(std::size(pieces))];
        if (one_in(20)) made += std::string("nul\0here", 8);
        if (one_in(30)) made += std::string(300, 'x');
        if (one_in(10)) {
            for (auto left = below(12); left > 0; --left) made += static_cast<char>(random_());
        }
        return made;
    }
    std::optional<std::string> maybe() { return coin() ? std::optional(text()) : std::nullopt; }

    double number() {
        using limits = std::numeric_limits<double>;
        static constexpr double odd[] = {0.0,
                                         -0.0,
                                         1.0,
                                         0.1,
                                         1e16,
                                         1e-5,
                                         9007199254740993.0,
                                         limits::max(),
                                         -limits::max(),
                                         limits::min(),
                                         limits::denorm_min(),
                                         limits::epsilon(),
                                         limits::infinity(),
                                         -limits::infinity(),
                                         limits::quiet_NaN()};
        return coin() ? odd[below(std::size(odd))] : std::bit_cast<double>(random_());
    }
    double finite() {
        double const d = number();
        return std::isfinite(d) ? d : 0.5;
    }

    rampart::metadata_value value(int depth) {
        switch (below(depth > 0 ? 9 : 7)) {
        case 0:
            return nullptr;
        case 1:
            return coin();
        case 2:
            return static_cast<std::int64_t>(random_());
        case 3:
            return random_() | 0x8000000000000000U;
        case 4:
            return number();
        case 5:
            return text();
        case 6:
            return rampart::big_integer{(coin() ? "-1" : "1") + std::string(20 + below(400), '7')};
        case 7: {
            rampart::metadata::array list;
            for (auto left = below(4); left > 0; --left) list.push_back(value(depth - 1));
            return list;
        }
        default:
            return object(depth - 1);
        }
    }
    rampart::metadata object(int depth) {
        rampart::metadata made;
        // Well-formed keys: two that are not may be one when they arrive, which is a fault.
        for (auto left = below(4); left > 0; --left) made.set(rampart::repair_utf8(text()), value(depth));
        return made;
    }
    std::optional<std::string> timestamp() {
        static constexpr std::string_view known[] = {"2026-03-19T21:30:05.250000+00:00",
                                                     "2026-W12-4 21:30Z",
                                                     "20260319",
                                                     "no timestamp",
                                                     "2026-03-19\x01"
                                                     "21:30",
                                                     ""};
        auto const which = below(std::size(known) + 2);
        return which < std::size(known) ? std::optional(std::string(known[which])) : std::nullopt;
    }

    rampart::turn turn() {
        rampart::turn made;
        made.request.prompt = maybe();
        for (auto left = below(3); left > 0; --left) made.request.attachments.push_back(attachment());
        made.response.text = text();
        for (auto left = below(3); left > 0; --left) {
            made.response.tool_calls.push_back({text(), object(8), maybe(), timestamp()});
        }
        for (auto left = below(3); left > 0; --left) made.response.side_effects.push_back({text(), object(8)});
        made.response.meta = object(2);
        if (coin()) {
            made.evaluation = rampart::eval_result{static_cast<rampart::eval_outcome>(below(3)), number(), {}, text()};
            for (auto left = below(3); left > 0; --left) made.evaluation->evidence.push_back(text());
        }
        made.turn_number = static_cast<int>(random_());
        made.timestamp = timestamp();
        made.driver_reasoning = text();
        return made;
    }
    rampart::payload attachment() {
        rampart::payload made{
            .content = text(), .id = text(), .format = static_cast<rampart::payload_format>(below(8))};
        made.artifact = maybe();
        made.meta = object(8);
        if (one_in(4)) made.meta.set("_rampart_worker_format", value(1));
        return made;
    }
    rampart::result result() {
        rampart::result made;
        made.status = static_cast<rampart::safety_status>(below(4));
        made.summary = text();
        made.harm_category = text();
        made.strategy = text();
        made.duration_seconds = number();
        made.meta = object(9);
        static constexpr std::string_view taken[] = {"_pytest_nodeid", "_pytest_test_name", "_rampart_result_index",
                                                     "_rampart_source_worker", "_rampart_transport_truncated"};
        if (one_in(4)) made.meta.set(taken[below(std::size(taken))], value(1));
        made.evidence.observability = static_cast<rampart::observability_level>(below(3));
        for (auto left = below(3); left > 0; --left) made.evidence.turns.push_back(turn());
        for (auto left = below(3); left > 0; --left) made.evidence.injections.push_back({maybe(), text()});
        return made;
    }
    rampart::test_facts facts() {
        return {.name = coin() ? text() : std::string(),
                .outcome = static_cast<rampart::test_outcome>(below(7)),
                .seconds = finite(),
                .file = text(),
                .line = static_cast<unsigned>(random_()),
                .detail = text()};
    }

    /// A few ids, so that tests meet under one id. Well-formed: two that are not may be one when they arrive.
    rampart::test_id id() {
        static constexpr std::string_view known[] = {"a.cpp::one", "a.cpp::two", "a.cpp::one [trial 2]", "",
                                                     "a\x01"
                                                     "b"};
        return rampart::test_id(one_in(4) ? rampart::repair_utf8(text()) : std::string(known[below(std::size(known))]));
    }
    /// A test's whole life: further attempts, marks, no result at all. `plan`: it promises what it runs.
    rampart::session session(bool plan = false) {
        rampart::session made;
        std::vector<rampart::test_id> ids;
        for (auto left = below(5); left > 0; --left) {
            ids.push_back(id());
            std::vector<rampart::result> results;
            for (auto more = below(4); more > 0; --more) results.push_back(result());
            rampart::test_marks marks;
            if (one_in(3)) marks.harm_category = text();
            made.absorb(ids.back(), marks, std::move(results), facts());
        }
        for (auto left = below(3); left > 0; --left) {
            // What registration takes: a name, and a part of the trials.
            auto const named = [this] { return rampart::test_id("t" + id().str()); };
            made.register_trial_spec({named(), named(), static_cast<double>(below(5)) / 4.0});
        }
        for (auto left = below(3); left > 0; --left) {
            made.add_fault({static_cast<rampart::fault_kind>(below(fault_kinds)), text(), text()});
        }
        if (plan) {
            rampart::shard_plan mine;
            mine.run = coin() ? "r" : text();
            mine.count = static_cast<std::uint32_t>(1 + below(3));
            mine.index = static_cast<std::uint32_t>(below(mine.count));
            mine.attempt = static_cast<std::uint32_t>(1 + below(2));
            mine.list_hash = coin() ? "" : text();
            mine.tests = ids;
            if (coin()) mine.tests.push_back(id());
            mine.process = text();
            mine.closed = coin();
            mine.torn = !mine.closed && coin();
            if (!mine.closed && coin()) mine.running.push_back(id());
            made.set_plan(std::move(mine));
        }
        return made;
    }

    /// One random change of bytes: a bit, a byte, a part doubled, lost or moved.
    std::string damaged(std::string bytes) {
        if (bytes.empty()) return bytes;
        std::size_t const at = below(bytes.size());
        std::size_t const size = std::min(1 + below(one_in(3) ? 200 : 3), bytes.size() - at);
        switch (below(6)) {
        case 0:
            bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << below(8)));
            break;
        case 1:
            bytes[at] = static_cast<char>(random_());
            break;
        case 2:
            bytes.erase(at, size);
            break;
        case 3:
            bytes.insert(at, bytes.substr(at, size));
            break;
        case 4:
            bytes.insert(below(bytes.size()), bytes.substr(at, size));
            break;
        default:
            bytes.resize(at);
        }
        return bytes;
    }

private:
    static constexpr std::size_t fault_kinds = static_cast<std::size_t>(rampart::fault_kind::repaired_text) + 1;
    std::mt19937_64 random_;
};

/// What a failure says, so that it can be run again.
inline std::string again(std::uint64_t seed, std::size_t round) {
    return "run again with RAMPART_TEST_SEED=" + std::to_string(seed) + " (round " + std::to_string(round) + ")";
}

}  // namespace hostile

#endif
