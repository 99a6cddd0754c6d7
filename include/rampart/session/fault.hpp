#ifndef RAMPART_SESSION_FAULT_HPP
#define RAMPART_SESSION_FAULT_HPP

#include <compare>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::inline v1 {

/// What can go missing or wrong on a result's way to the report.
enum class fault_kind : unsigned char {
    incomplete,        ///< somebody said so: `session.mark_incomplete`
    late_result,       ///< recorded after its test had ended
    unclaimed_result,  ///< recorded inside a run while no test was running
    early_exit,        ///< the process ended inside the run
    missing_worker,    ///< a worker's output never came
    bad_document,      ///< bytes that are no document of ours: no JSON, another outer shape
    unknown_schema,    ///< JSON with no schema, or one that this version does not know
    truncated,         ///< a worker replaced its output because it was over its size limit
    over_limit,        ///< bytes, depth or records over the reader's limits
    bad_record,        ///< one record could not be read; an ERROR record stands in its place
    duplicate_key,     ///< an object held one key twice; the first value is lost
    trial_conflict,    ///< two processes disagree about a trial's test or threshold
    missing_shard,     ///< a part of the run never came
    other_list,        ///< parts that were cut from different lists of tests, or that together are not the list
    other_run,         ///< parts of different runs
    second_output,     ///< two different outputs of one worker, part and attempt
    torn_tail,         ///< the last line of a journal was cut off
    bad_checksum,      ///< a line that is not what was written
    interrupted_test,  ///< a test was running when its process ended
    missing_close,     ///< a process ended before it had said that it was done
    short_count,       ///< other results, lines or tests than their writer promised
    duplicate_record,  ///< one place was claimed twice, by different results or tests
    unaccounted_test,  ///< a planned test of which nothing is known
    unplanned_test,    ///< a test that its own process had not planned
    journal_failed,    ///< a journal could not be written; a merge of it would lack something
    worker_died,       ///< a worker's process ended badly outside of any test: nobody knows what that touched
    guard_violation,   ///< a guarded resource was used without being declared, or declared and never used: a failure
    superseded,        ///< a process ended early and a later attempt did its part; nothing is lost
    repaired_text,     ///< broken UTF-8 or a lone surrogate became U+FFFD; nothing else is lost
};

constexpr std::string_view to_string(fault_kind kind) noexcept {
    constexpr std::string_view names[] = {
        "incomplete",    "late_result",      "unclaimed_result", "early_exit",       "missing_worker",
        "bad_document",  "unknown_schema",   "truncated",        "over_limit",       "bad_record",
        "duplicate_key", "trial_conflict",   "missing_shard",    "other_list",       "other_run",
        "second_output", "torn_tail",        "bad_checksum",     "interrupted_test", "missing_close",
        "short_count",   "duplicate_record", "unaccounted_test", "unplanned_test",   "journal_failed",
        "worker_died",   "guard_violation",  "superseded",       "repaired_text"};
    return names[static_cast<unsigned char>(kind)];
}

/// Whether such a fault lost something, or may have: then the run is incomplete.
constexpr bool loses(fault_kind kind) noexcept {
    return kind != fault_kind::repaired_text && kind != fault_kind::superseded && kind != fault_kind::guard_violation;
}

/// Whether such a fault is a failure, as a failed test is one.
constexpr bool fails(fault_kind kind) noexcept { return kind == fault_kind::guard_violation; }

/// Something went missing, or was not as it should be. A session that holds a losing fault is incomplete, and such a
/// run never ends green: every operation that can lose data leaves one by itself.
struct fault {
    fault_kind kind = fault_kind::incomplete;
    std::string where{};  ///< a worker, a test, a place in the source or in a document; may be empty
    std::string what{};   ///< in words
    friend bool operator==(fault const&, fault const&) = default;
    friend auto operator<=>(fault const&, fault const&) = default;
};

/// How a fault names a worker and, where there is one, a place in its output: `worker gw2, mail.cpp::a`. An empty
/// worker is this process and goes without saying, so that what it read itself and what it merged as its own look
/// alike.
inline std::string place_in_worker(std::string_view worker, std::string_view where = {}) {
    if (worker.empty()) return std::string(where);
    return "worker " + std::string(worker) + (where.empty() ? "" : ", " + std::string(where));
}

/// `where: what`, the line that a person reads.
inline std::string reason(fault const& f) { return f.where.empty() ? f.what : f.where + ": " + f.what; }

namespace detail {

/// The one place where what a foreign type's `result_traits` throws is caught. `where` is asked only then.
template <class Where, class F>
std::optional<fault> lost_by_throwing(Where where, std::uint32_t index, F take_it) {
    auto const lost = [&](std::string const& why) {
        return fault{fault_kind::bad_record, where(),
                     "result " + std::to_string(index) + " was lost, its result_traits threw: " + why};
    };
    try {
        take_it();
    } catch (std::exception const& e) {
        return lost(e.what());
    } catch (...) {
        return lost("an exception of an unknown type");
    }
    return std::nullopt;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
