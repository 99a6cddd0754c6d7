#ifndef RAMPART_SESSION_PLAN_HPP
#define RAMPART_SESSION_PLAN_HPP

#include "rampart/base/stable_hash.hpp"
#include "rampart/base/text.hpp"
#include "rampart/core/test_id.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What one process did, in numbers.
struct shard_tally {
    std::uint64_t ran = 0;      ///< tests that ended, each once however often it ran; skipped ones too
    std::uint64_t failed = 0;   ///< of these: failed, crashed or out of time; not trials, as their group decides
    std::uint64_t results = 0;  ///< that it recorded
    std::uint64_t unsafe = 0;   ///< of these
    std::uint64_t errors = 0;   ///< of these
    double seconds = 0.0;       ///< of its tests, added up; several at a time make it longer than the clock says
    friend bool operator==(shard_tally const&, shard_tally const&) = default;
};

/// What one process set out to do, and how far it came. A session judges the plans that were merged into it: every
/// planned test has to be accounted for (wire format, C).
struct shard_plan {
    std::string run{};               ///< the run's id; empty: nobody gave one
    std::string worker{};            ///< the name under which its tests and results stand
    std::uint32_t attempt = 1;       ///< of the process: a part that was started again has a higher one
    std::uint32_t index = 0;         ///< which part of the run, from 0
    std::uint32_t count = 1;         ///< of so many parts
    std::string list_hash{};         ///< of the list that the parts were cut from, see `list_hash`; empty: unknown
    std::vector<test_id> tests{};    ///< the ids planned in this process
    std::string process{};           ///< host, pid and start: tells two outputs of one worker apart
    std::vector<test_id> running{};  ///< tests that had started and did not end
    bool torn = false;               ///< the last line of its output was cut off
    bool closed = false;             ///< it came to a clean end
    std::string source{};            ///< the file that it was read from, for people; may be empty
    std::optional<shard_tally> tally{};  ///< what it did; whoever reads its output counts that
    friend bool operator==(shard_plan const&, shard_plan const&) = default;
};

/// Whether two plans say the same, wherever they were read: two copies of one file hold one plan. What was counted
/// does not matter: somebody on the way may not have counted.
[[nodiscard]] inline bool equal_but_source(shard_plan const& a, shard_plan const& b) {
    auto const rest = [](shard_plan const& p) {
        return std::tie(p.attempt, p.index, p.count, p.torn, p.closed, p.run, p.worker, p.list_hash, p.process, p.tests,
                        p.running);
    };
    return rest(a) == rest(b);
}

namespace detail {

/// Takes what a copy of a plan knows beside it, so that it does not matter which came first.
inline void join_copies(shard_plan& known, shard_plan& copy) {
    if (copy.source < known.source) known.source = std::move(copy.source);
    auto const rank = [](std::optional<shard_tally> const& t) {
        auto const n = t.value_or(shard_tally{});
        return std::tuple(t.has_value(), n.ran, n.failed, n.results, n.unsafe, n.errors, n.seconds);
    };
    if (rank(known.tally) < rank(copy.tally)) known.tally = copy.tally;
}

/// The hash of a set of ids, from theirs.
[[nodiscard]] inline std::string hash_of_hashes(std::vector<std::uint64_t> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    auto all = stable_hash_seed;
    for (std::uint64_t const id : ids) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            char const byte = static_cast<char>(id >> shift & 0xFFU);
            all = stable_hash({&byte, 1}, all);
        }
    }
    return hash_text(all);
}

/// The hash of one id. Control characters count as the text that `escape` makes of them, so that a session whose text
/// policy did that to its ids finds the hash that a test program made of its own.
[[nodiscard]] inline std::uint64_t hash_of_id(std::string_view id) {
    bool const is_plain = first_control(id, 0, false) == id.size();
    return is_plain ? stable_hash(id) : stable_hash(escape(id));
}

}  // namespace detail

/// The hash of a list of tests, whatever its order; an id that stands there twice counts once. Parts that were cut from
/// one list have one hash, and all parts together have it again; that is how a merge sees that no test fell between
/// them.
[[nodiscard]] inline std::string list_hash(std::vector<std::string_view> const& ids) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(ids.size());
    for (std::string_view const id : ids) hashes.push_back(detail::hash_of_id(id));
    return detail::hash_of_hashes(std::move(hashes));
}

}  // namespace rampart::inline v1

#endif
