#ifndef RAMPART_JSON_ERROR_HPP
#define RAMPART_JSON_ERROR_HPP

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

namespace rampart::inline v1 {

/// Why a document could not be written, read or merged. Each failure has its own code, so that a caller can tell them
/// apart without reading words.
enum class shard_errc : unsigned char {
    not_json,           ///< the bytes are no JSON text, or it ends too early, or something stands after it
    non_finite,         ///< a bare NaN or Infinity, as Python writes it into report files; JSON has no such number
    number_overflow,    ///< a number that no double can hold
    too_large,          ///< reading: more bytes than the reader's limit
    too_deep,           ///< nested deeper than the limit
    payload_too_large,  ///< writing: the payload is over its cap and a truncation marker has to be carried instead
    truncated,          ///< the worker carried a truncation marker instead of its payload: its results are lost
    missing_schema,     ///< no schema, or a null one
    unknown_schema,     ///< a schema that this version does not know
    wrong_shape,        ///< JSON of another outer shape than a payload's
    wrong_type,         ///< a field holds a value of another type
    missing_field,      ///< a field that has no default is not there
    unknown_value,      ///< a status, level, outcome or format whose name is not known
    out_of_range,       ///< an integer that its field cannot hold
    bad_timestamp,      ///< a text that is no ISO 8601 timestamp
    conversion_failed,  ///< a conversion of the user's own threw
    missing_output,     ///< a worker's output never came
};

/// The code's name, as it is spelt above.
[[nodiscard]] constexpr std::string_view to_string(shard_errc code) noexcept {
    constexpr std::string_view names[] = {
        "not_json",      "non_finite",     "number_overflow", "too_large",         "too_deep",      "payload_too_large",
        "truncated",     "missing_schema", "unknown_schema",  "wrong_shape",       "wrong_type",    "missing_field",
        "unknown_value", "out_of_range",   "bad_timestamp",   "conversion_failed", "missing_output"};
    return names[static_cast<unsigned char>(code)];
}

/// What is wrong, where, and in words.
struct shard_error {
    shard_errc code = shard_errc::not_json;
    std::string pointer{};  ///< a JSON Pointer (RFC 6901) to the value; empty: the whole document
    std::string detail{};   ///< in words; a place that has no pointer is named here ("at byte 123")

    /// `/trial_specs/0/threshold: a text stands where a number is meant`; without a pointer only the detail.
    [[nodiscard]] std::string message() const { return pointer.empty() ? detail : pointer + ": " + detail; }

    friend bool operator==(shard_error const&, shard_error const&) = default;
};

/// The line for people, see `shard_error::message`.
[[nodiscard]] inline std::string to_string(shard_error const& e) { return e.message(); }

/// The same for a stream. Boost prints an `expected` with it, and so does a failed `CHECK` of one.
template <class Stream>
    requires requires(Stream& out, std::string const& text) { out << text; }
Stream& operator<<(Stream& out, shard_error const& e) {
    out << e.message();
    return out;
}

/// What `expected<T>::value()` throws when there is an error instead of a value.
class shard_exception : public std::runtime_error {
public:
    explicit shard_exception(shard_error e) : std::runtime_error("rampart: " + e.message()), error_(std::move(e)) {}
    [[nodiscard]] shard_error const& error() const noexcept { return error_; }

private:
    shard_error error_;
};

/// Found by `boost::system::result`; throws a `shard_exception`.
[[noreturn]] inline void throw_exception_from_error(shard_error const& e, boost::source_location const&) {
    throw shard_exception(e);
}

/// A value, or why there is none: what every function gives that reads foreign bytes.
template <class T>
using expected = boost::system::result<T, shard_error>;

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_ERROR_HPP
