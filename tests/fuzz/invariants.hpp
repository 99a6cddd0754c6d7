#ifndef RAMPART_TESTS_FUZZ_INVARIANTS_HPP
#define RAMPART_TESTS_FUZZ_INVARIANTS_HPP

#include <stdexcept>
#include <string>
#include <string_view>

#include "rampart/session/session.hpp"
#include "rampart/transport/wire_format.hpp"

/// \file
/// What has to hold for any bytes that are merged. The fuzzers, their corpus as a test, and the tests in tests/hostile
/// ask the same questions. Compiled once a build, in invariants.cpp.

namespace invariants {

/// Something that must never be was. Nobody catches it in a fuzzer, so that it ends as a crash there.
class broken : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// Small, so that a fuzzer reaches them.
[[nodiscard]] rampart::wire_limits small_limits();

/// Wide enough for whatever was read within the small ones.
[[nodiscard]] rampart::wire_limits wide_limits();

/// Every name of an enumeration is known, every text is UTF-8 and as the text policy makes it, every number is one, and
/// what has to be there is.
void check_session(rampart::session const& session);

/// What comes of a merge of these bytes, as JSON: the report, and what the session holds beyond it.
[[nodiscard]] std::string outcome_of(rampart::session const& session);

/// Where two texts part, for people; empty when they are the same.
[[nodiscard]] std::string difference(std::string const& a, std::string const& b);

/// Merges the bytes. No exception; an error takes nothing in and leaves one fault; a complete session holds every
/// result that the bytes have; what came in is of its types. Gives the session.
[[nodiscard]] rampart::session check_merge(std::string_view bytes, std::string_view worker,
                                           rampart::wire_limits const& limits = small_limits());

/// The above, and: the same bytes once more change nothing, nor does the order of two workers; the report can be
/// written, and is JSON; the session can be carried on as a payload and as a stream, and arrives as it was; through
/// `deserialize_worker_data` no control character comes in.
void check_all(std::string_view bytes);

/// `check_merge` and one of these questions; the bytes decide which. A fuzzer that asks one of them gets to more
/// inputs.
void check_one(std::string_view bytes);

/// The lines with a right checksum each, so that a change gets past it.
[[nodiscard]] std::string sealed_anew(std::string_view journal);

}  // namespace invariants

#endif
