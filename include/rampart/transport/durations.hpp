#ifndef RAMPART_TRANSPORT_DURATIONS_HPP
#define RAMPART_TRANSPORT_DURATIONS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "rampart/core/result.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/json/read.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/merge_path.hpp"
#include "rampart/transport/wire_format.hpp"

/// \file
/// How long tests took in an earlier run, for `deal_by_duration`: from a JSON report, a payload or a journal.

namespace rampart::inline v1 {

/// How long each test took, in seconds. Of a test that ran several times the longest.
using test_durations = std::map<test_id, double>;

namespace detail {

/// Only a test that came to its own end says how long it takes.
inline void add_duration(test_durations& to, test_id const& test, test_outcome outcome, double seconds) {
    if (outcome != test_outcome::passed && outcome != test_outcome::failed) return;
    if (!std::isfinite(seconds) || seconds < 0) return;
    auto const [at, is_new] = to.emplace(test, seconds);
    if (!is_new) at->second = std::max(at->second, seconds);
}

/// A member that a report has, ours or the Python package's, and that the other documents have not.
inline constexpr std::string_view report_member = "by_harm_category";

[[nodiscard]] inline expected<test_durations> durations_in(boost::json::value const& root) {
    test_durations found;
    field_reader r;
    auto const* const report = r.object(root);
    if (report == nullptr) return r.error;
    std::string schema;
    if (!report->contains("schema") || !report->contains("tests")) {
        return shard_error{shard_errc::missing_schema,
                           {},
                           "this report has no list of tests with their seconds; a JSON report of rampart for C++ has"};
    }
    if (!r.text_field(*report, "schema", schema)) return r.error;
    if (schema != "rampart.report.v1") {
        return shard_error{shard_errc::unknown_schema, "/schema", detail::quoted(schema) + " is not rampart.report.v1"};
    }
    bool const good = r.if_there(*report, "tests", [&](auto const& tests) {
        return r.each(tests, [&](auto const& test) {
            auto const* const o = r.object(test);
            std::string id;
            test_outcome outcome{};
            double seconds = 0;
            if (o == nullptr || !r.required(*o, "nodeid", [&](auto const& v) { return r.text(v, id); }) ||
                !r.required(*o, "outcome",
                            [&](auto const& v) { return r.name(v, outcome, parse_test_outcome, "test outcome"); }) ||
                !r.number_field(*o, "seconds", seconds)) {
                return false;
            }
            // Null is how the writer spells what is no number.
            auto const* const number = o->if_contains("seconds");
            if (number != nullptr && !number->is_null()) add_duration(found, test_id(id), outcome, seconds);
            return true;
        });
    });
    if (!good) return r.error;
    return found;
}

/// The text of a file that may be a report; nothing for another or a longer one. Only a regular file is looked into: of
/// a pipe the bytes would be gone.
[[nodiscard]] inline std::optional<std::string> text_of_report(std::filesystem::path const& file,
                                                               wire_limits const& limits) {
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure)) return std::nullopt;
    auto const size = std::filesystem::file_size(file, failure);
    if (failure || size > limits.max_bytes) return std::nullopt;
    std::ifstream in(file, std::ios::binary);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (!in || bytes.find(report_member) == std::string::npos) return std::nullopt;
    return bytes;
}

}  // namespace detail

/// How long the tests of a session took: of each test that passed or failed the longest of its attempts.
template <class S>
[[nodiscard]] test_durations durations_of(S const& from) {
    test_durations found;
    for (test_entry const& t : from.tests()) {
        detail::add_duration(found, t.test, t.facts.outcome, t.facts.seconds);
    }
    return found;
}

/// The same from the text of a JSON report (`rampart.report.v1`). Errors: no JSON, over a limit, another shape, a
/// report of the Python package, which does not list its tests.
[[nodiscard]] inline expected<test_durations> durations_of_report(std::string_view bytes, read_limits limits = {}) {
    auto const document = read_json(bytes, limits);
    if (!document) return document.error();
    return detail::durations_in(document->root());
}

namespace detail {

template <PortableResult R>
[[nodiscard]] expected<test_durations> durations_in_file(std::filesystem::path const& file, wire_limits const& limits) {
    if (auto const text = text_of_report(file, limits)) {
        auto const document = read_json(*text, {limits.max_bytes, limits.max_depth});
        auto const* const root = document ? document->root().if_object() : nullptr;
        if (root != nullptr && root->contains(report_member)) {
            auto found = durations_in(document->root());
            if (!found) return shard_error{found.error().code, {}, file.string() + ": " + found.error().message()};
            return found;
        }
    }
    basic_session<R> read(text_policy::keep);
    if (auto const merged = merge_file(read, file, limits); !merged) return merged.error();
    return durations_of(read);
}

}  // namespace detail

/// How long tests took in an earlier run: from a JSON report, a payload, a stream or a journal, or a folder of them.
/// Records of a type `R` are read on the way; what is wrong with single ones does not matter here.
///
/// Errors, each with the file's name: it is not there or cannot be read, a file is none of these or over a limit, or
/// nothing in it says how long a test took. Then nobody should guess: a process that did would deal otherwise than its
/// siblings.
template <PortableResult R = result>
[[nodiscard]] expected<test_durations> recorded_durations(std::filesystem::path const& path, wire_limits limits = {}) {
    namespace fs = std::filesystem;
    auto const failed = [&path](shard_errc code, std::string const& words) {
        return shard_error{code, {}, path.string() + words};
    };
    std::error_code failure;
    if (!fs::exists(path, failure)) return failed(shard_errc::missing_output, " does not exist");
    std::vector<fs::path> files{path};
    if (fs::is_directory(path, failure)) {
        files = detail::files_below(path, failure);
        if (failure) return failed(shard_errc::missing_output, " cannot be read: " + failure.message());
    }
    test_durations found;
    for (fs::path const& file : files) {
        auto const more = detail::durations_in_file<R>(file, limits);
        if (!more) return more.error();
        for (auto const& [test, seconds] : *more) detail::add_duration(found, test, test_outcome::passed, seconds);
    }
    if (found.empty()) {
        return failed(shard_errc::missing_field, " holds no test that passed or failed, so that it says no duration");
    }
    return found;
}

}  // namespace rampart::inline v1

#endif
