#ifndef RAMPART_JSON_METADATA_HPP
#define RAMPART_JSON_METADATA_HPP

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/core/metadata.hpp"
#include "rampart/json/big_integer.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/json/write.hpp"

/// \file
/// Metadata as JSON, with the rule about its depth. It is used through json/convert.hpp.

namespace rampart::inline v1 {

namespace detail {

/// Arrays and objects stand at most this deep in metadata, arguments and details; an entry's own value stands at 0
/// (wire format, B5).
inline constexpr int max_metadata_depth = 6;

/// Writes a value by the rule of depth: an array or object that would stand deeper than 6 becomes a text, namely itself
/// as JSON without blanks. Texts, numbers, bools and null are left alone wherever they stand, because nothing stands
/// inside them; so a text that the rule made is not changed again by reading or by writing it once more.
template <class W>
void write_limited(W& w, metadata_value const& v, int depth) {
    auto const* const list = v.if_array();
    auto const* const object = v.if_object();
    if (list == nullptr && object == nullptr) {
        v.visit([&w](auto const& each) {
            using kind = std::decay_t<decltype(each)>;
            if constexpr (std::same_as<kind, bool>) {
                w.boolean(each);
            } else if constexpr (std::same_as<kind, double>) {
                w.number(each);
            } else if constexpr (std::integral<kind> || std::same_as<kind, big_integer>) {
                w.integer(each);
            } else if constexpr (std::same_as<kind, std::string>) {
                w.string(each);
            } else {
                w.null();
            }
        });
    } else if (depth > max_metadata_depth) {
        w.string(to_compact_json(v));
    } else if (list != nullptr) {
        w.begin_array();
        for (metadata_value const& element : *list) {
            write_limited(w, element, depth + 1);
        }
        w.end_array();
    } else {
        w.begin_object();
        for (metadata_member const& m : *object) {
            w.key(m.key);
            write_limited(w, m.value, depth + 1);
        }
        w.end_object();
    }
}
template <class W>
void write_json(W& w, metadata_value const& v) {
    write_limited(w, v, 0);
}
template <class W>
void write_json(W& w, metadata const& v) {
    w.begin_object();
    for (metadata_member const& m : v) {
        w.key(m.key);
        write_limited(w, m.value, 0);
    }
    w.end_object();
}

inline void read_limited(boost::json::value const& v, metadata_value& out, int depth) {
    switch (v.kind()) {
    case boost::json::kind::null:
        out = nullptr;
        return;
    case boost::json::kind::bool_:
        out = v.get_bool();
        return;
    case boost::json::kind::int64:
        out = v.get_int64();
        return;
    case boost::json::kind::uint64:
        out = v.get_uint64();
        return;
    case boost::json::kind::double_:
        out = v.get_double();
        return;
    case boost::json::kind::string:
        out = view(v.get_string());
        return;
    case boost::json::kind::array:
        if (depth <= max_metadata_depth) {
            metadata::array list;
            list.reserve(v.get_array().size());
            for (boost::json::value const& element : v.get_array()) {
                read_limited(element, list.emplace_back(), depth + 1);
            }
            out = std::move(list);
            return;
        }
        break;
    case boost::json::kind::object:
        if (auto const* const digits = big_integer_digits(v)) {
            out = big_integer{std::string(view(*digits))};
            return;
        }
        if (depth <= max_metadata_depth) {
            std::vector<metadata_member> members;
            members.reserve(v.get_object().size());
            for (boost::json::key_value_pair const& member : v.get_object()) {
                members.push_back({std::string(std::string_view(member.key())), {}});
                read_limited(member.value(), members.back().value, depth + 1);
            }
            out = metadata::from_unique(std::move(members));
            return;
        }
        break;
    }
    out = to_compact_json(v);
}
inline bool read_json_value(field_reader&, boost::json::value const& v, metadata_value& out) {
    read_limited(v, out, 0);
    return true;
}
inline bool read_json_value(field_reader& r, boost::json::value const& v, metadata& out) {
    auto const* const o = r.object(v);
    if (o == nullptr) {
        return false;
    }
    std::vector<metadata_member> members;
    members.reserve(o->size());
    for (boost::json::key_value_pair const& member : *o) {
        members.push_back({std::string(std::string_view(member.key())), {}});
        read_limited(member.value(), members.back().value, 0);
    }
    out = metadata::from_unique(std::move(members));
    return true;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_METADATA_HPP
