#ifndef RAMPART_JSON_FIELDS_HPP
#define RAMPART_JSON_FIELDS_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include "rampart/base/text.hpp"
#include "rampart/core/timestamp.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/read.hpp"

namespace rampart::inline v1 {

namespace detail {

/// What a value is, for a message: "a text", "an object".
[[nodiscard]] inline std::string_view kind_name(boost::json::value const& v) noexcept {
    switch (v.kind()) {
    case boost::json::kind::null:
        return "null";
    case boost::json::kind::bool_:
        return "a bool";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
        return "an integer";
    case boost::json::kind::double_:
        return "a number";
    case boost::json::kind::string:
        return "a text";
    case boost::json::kind::array:
        return "an array";
    case boost::json::kind::object:
        break;
    }
    return is_big_integer(v) ? "an integer" : "an object";
}

/// Foreign text inside a message: on one line, and not long.
[[nodiscard]] inline std::string quoted(std::string_view text) { return "'" + clip(one_line(text), 80) + "'"; }

[[nodiscard]] inline std::string_view view(boost::json::string const& s) noexcept { return {s.data(), s.size()}; }

/// Reads fields of a tree without coercion (wire format, B3), knows where it stands, and keeps the first error.
///
/// Every function gives false when it failed; then `error` says why, with a JSON Pointer. Nothing is read after that.
class field_reader {
public:
    explicit field_reader(std::string base = {}) : base_(std::move(base)) {}

    shard_error error{};

    bool fail(shard_errc code, std::string words) {
        error = {code, pointer(), std::move(words)};
        return false;
    }
    bool wrong_type(std::string_view wanted, boost::json::value const& found) {
        return fail(shard_errc::wrong_type,
                    std::string(wanted) + " is expected here, not " + std::string(kind_name(found)));
    }
    [[nodiscard]] std::string pointer() const {
        std::string made = base_;
        for (step const& s : path_) {
            append_pointer(made, s.key.data() == nullptr ? std::to_string(s.index) : std::string(s.key));
        }
        return made;
    }

    /// The value as an object, or null and an error.
    boost::json::object const* object(boost::json::value const& v) {
        auto const* const found = is_big_integer(v) ? nullptr : v.if_object();
        if (found == nullptr) {
            wrong_type("an object", v);
        }
        return found;
    }

    /// Calls `f(value)` one step deeper when the key is there; a key that is not there is fine.
    template <class F>
    bool if_there(boost::json::object const& o, std::string_view key, F f) {
        auto const* const found = o.if_contains(key);
        if (found == nullptr) {
            return true;
        }
        path_.push_back({key, 0});
        bool const good = f(*found);
        path_.pop_back();
        return good;
    }
    /// The same for a field without a default.
    template <class F>
    bool required(boost::json::object const& o, std::string_view key, F f) {
        if (!o.contains(key)) {
            return fail(shard_errc::missing_field, "there is no '" + std::string(key) + "'");
        }
        return if_there(o, key, f);
    }
    /// Calls `f(element)` for each element of an array.
    template <class F>
    bool each(boost::json::value const& v, F f) {
        auto const* const list = v.if_array();
        if (list == nullptr) {
            return wrong_type("an array", v);
        }
        for (std::size_t i = 0; i < list->size(); ++i) {
            path_.push_back({{}, i});
            bool const good = f((*list)[i]);
            path_.pop_back();
            if (!good) {
                return false;
            }
        }
        return true;
    }

    bool text(boost::json::value const& v, std::string& out) {
        auto const* const found = v.if_string();
        if (found == nullptr) {
            return wrong_type("a text", v);
        }
        out = view(*found);
        return true;
    }
    /// A text or null.
    bool text(boost::json::value const& v, std::optional<std::string>& out) {
        out.reset();
        return v.is_null() || text(v, out.emplace());
    }
    /// A number. Null is 0, which is how a Python writer spells NaN and infinities; true and false are 1 and 0, because
    /// they are numbers in Python and its writer lets them pass.
    bool number(boost::json::value const& v, double& out) {
        if (auto const* const d = v.if_double()) {
            out = *d;
        } else if (auto const* const i = v.if_int64()) {
            out = static_cast<double>(*i);
        } else if (auto const* const u = v.if_uint64()) {
            out = static_cast<double>(*u);
        } else if (auto const* const b = v.if_bool()) {
            out = *b ? 1.0 : 0.0;
        } else if (auto const* const digits = big_integer_digits(v)) {
            if (!exact_double(view(*digits), out)) {
                return fail(shard_errc::number_overflow,
                            "an integer of " + std::to_string(digits->size()) + " digits, which no double can hold");
            }
        } else if (v.is_null()) {
            out = 0.0;
        } else {
            return wrong_type("a number", v);
        }
        return true;
    }
    /// An integer from `low` to what `Int` can hold; true and false are 1 and 0 as above.
    template <class Int>
    bool integer(boost::json::value const& v, Int& out, std::int64_t low = std::numeric_limits<Int>::min()) {
        if (auto const* const b = v.if_bool()) {
            out = static_cast<Int>(*b ? 1 : 0);
            return true;
        }
        auto const* const i = v.if_int64();
        if (i == nullptr && !v.is_uint64() && !is_big_integer(v)) {
            return wrong_type("an integer", v);
        }
        if (i == nullptr || *i < low || *i > static_cast<std::int64_t>(std::numeric_limits<Int>::max())) {
            return fail(shard_errc::out_of_range, "an integer that does not fit here");
        }
        out = static_cast<Int>(*i);
        return true;
    }
    /// One of the names that `parse` knows.
    template <class Enum, class Parse>
    bool name(boost::json::value const& v, Enum& out, Parse parse, std::string_view what) {
        auto const* const text = v.if_string();
        if (text == nullptr) {
            return wrong_type("the name of " + std::string(what), v);
        }
        std::optional<Enum> const found = parse(view(*text));
        if (!found) {
            return fail(shard_errc::unknown_value,
                        detail::quoted(view(*text)) + " is the name of no " + std::string(what));
        }
        out = *found;
        return true;
    }
    /// A timestamp or null (wire format, A.1.5). Under `rampart_timestamp` stands a text that is none.
    bool timestamp(boost::json::object const& o, std::optional<std::string>& out) {
        return if_there(o, "rampart_timestamp", [&](auto const& v) { return text(v, out); }) &&
               if_there(o, "timestamp", [&](auto const& v) {
                   if (v.is_null()) {
                       return true;
                   }
                   if (!text(v, out)) {
                       return false;
                   }
                   return is_timestamp(*out) ||
                          fail(shard_errc::bad_timestamp, detail::quoted(*out) + " is no ISO 8601 timestamp");
               });
    }

    bool text_field(boost::json::object const& o, std::string_view key, std::string& out) {
        return if_there(o, key, [&](auto const& v) { return text(v, out); });
    }
    bool text_field(boost::json::object const& o, std::string_view key, std::optional<std::string>& out) {
        return if_there(o, key, [&](auto const& v) { return text(v, out); });
    }
    bool number_field(boost::json::object const& o, std::string_view key, double& out) {
        return if_there(o, key, [&](auto const& v) { return number(v, out); });
    }

private:
    struct step {
        std::string_view key;  // no data: an index
        std::size_t index;
    };
    std::string base_;
    std::vector<step> path_{};
};

inline bool replace_big_integers(field_reader& reader, boost::json::value& v) {
    if (is_big_integer(v)) {
        double nearest = 0.0;
        if (!reader.number(v, nearest)) {
            return false;
        }
        v = nearest;
    } else if (auto* const list = v.if_array()) {
        for (boost::json::value& element : *list) {
            if (!replace_big_integers(reader, element)) {
                return false;
            }
        }
    } else if (auto* const object = v.if_object()) {
        for (boost::json::key_value_pair& member : *object) {
            if (!replace_big_integers(reader, member.value())) {
                return false;
            }
        }
    }
    return true;
}

/// The value of a type with conversions of the user's own. What they throw becomes an error. An integer beyond 64 bits
/// reaches them as the nearest double, because they know nothing of big integers (json/big_integer.hpp).
template <class T>
bool convert_user_type(field_reader& reader, boost::json::value const& v, std::optional<T>& out) {
    try {
        // A copy of a value stands in the storage of the original, and a document's storage goes with the document.
        // What the conversion keeps of this copy stays.
        boost::json::value own(v, boost::json::storage_ptr());
        if (!replace_big_integers(reader, own)) {
            return false;
        }
        out.emplace(boost::json::value_to<T>(own));
        return true;
    } catch (shard_exception const& e) {
        return reader.fail(e.error().code, "the conversion threw: " + e.error().message());
    } catch (std::exception const& e) {
        return reader.fail(shard_errc::conversion_failed, std::string("the conversion threw: ") + e.what());
    } catch (...) {
        return reader.fail(shard_errc::conversion_failed, "the conversion threw something that is no std::exception");
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_FIELDS_HPP
