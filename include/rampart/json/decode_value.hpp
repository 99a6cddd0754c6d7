#ifndef RAMPART_JSON_DECODE_VALUE_HPP
#define RAMPART_JSON_DECODE_VALUE_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/core/metadata.hpp"
#include "rampart/core/timestamp.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/metadata.hpp"

/// \file
/// Texts, numbers, lists and metadata at a cursor, with the meaning that json/fields.hpp and json/metadata.hpp give
/// them. See json/decode.hpp.

namespace rampart::inline v1::detail {

/// Reads values at a cursor. With `Keep` false nothing is kept: the same text is looked at in the same way,
/// so that what was passed over once can be read later.
template <bool Keep>
class value_decoder {
public:
    explicit value_decoder(json_cursor& at) noexcept : at_(&at) {}

    bool text(std::string& out) {
        if constexpr (Keep) {
            return at_->text(out);
        } else {
            return at_->skip_text();
        }
    }
    bool text(std::optional<std::string>& out) {
        if constexpr (Keep) {
            return at_->null() || text(out ? *out : out.emplace());
        } else {
            return at_->null() || at_->skip_text();
        }
    }

    /// As `field_reader::number`.
    bool number(double& out) {
        switch (at_->peek()) {
        case 'n':
            out = 0.0;
            return at_->null() || at_->fail();
        case 't':
        case 'f': {
            bool b = false;
            bool const good = at_->boolean(b);
            out = b ? 1.0 : 0.0;
            return good;
        }
        default:
            break;
        }
        json_number n;
        if (!at_->number(n)) return false;
        switch (n.is) {
        case json_number::kind::int64:
            out = static_cast<double>(n.int64);
            return true;
        case json_number::kind::uint64:
            out = static_cast<double>(n.uint64);
            return true;
        case json_number::kind::real:
            out = n.real;
            return true;
        case json_number::kind::big:
            break;
        }
        return at_->fail();
    }
    /// As `field_reader::integer`, without bools.
    template <class Int>
    bool integer(Int& out, std::int64_t low = std::numeric_limits<Int>::min()) {
        json_number n;
        if (!at_->number(n) || n.is != json_number::kind::int64 || n.int64 < low ||
            n.int64 > static_cast<std::int64_t>(std::numeric_limits<Int>::max())) {
            return at_->fail();
        }
        out = static_cast<Int>(n.int64);
        return true;
    }
    bool boolean(bool& out) { return at_->boolean(out); }
    template <class Enum, class Parse>
    bool name(Enum& out, Parse parse) {
        std::string_view word;
        if (!at_->spelt_text(word)) return false;
        std::optional<Enum> const found = parse(word);
        out = found.value_or(out);
        return found.has_value() || at_->fail();
    }
    /// As `field_reader::timestamp`, of which this is one of the two keys.
    bool timestamp(std::optional<std::string>& out) {
        if (at_->null()) return true;
        std::string_view word;
        if (!at_->spelt_text(word) || !is_timestamp(word)) return at_->fail();
        if constexpr (Keep) out = word;
        return true;
    }
    bool odd_timestamp(std::optional<std::string>& out) {
        // Behind `timestamp`, as a writer puts it; that one counts when both are there.
        std::optional<std::string> odd;
        if (!text(odd)) return false;
        if (!out) out = std::move(odd);
        return true;
    }

    template <class T, class F>
    bool list(std::vector<T>& out, F element) {
        if constexpr (Keep) {
            return at_->array([&] { return element(out.emplace_back()); });
        } else {
            // One for all, and not on the stack: there g++ 12 takes its empty optionals for texts without a value.
            auto const passed = std::make_unique<T>();
            return at_->array([&] { return element(*passed); });
        }
    }

    bool read(metadata& out) {
        return members_of(
            out, [](std::string_view) { return false; }, 2);
    }
    /// Members whose keys `mine(key)` takes are kept also where others are not. `expected`: how many there may be.
    template <class Mine>
    bool members_of(metadata& out, Mine mine, [[maybe_unused]] std::size_t expected) {
        if constexpr (Keep) {
            return members(out, 0, expected);
        } else {
            std::vector<metadata_member> kept;
            bool const good = keys([&](std::string const& key) {
                if (mine(key)) {
                    kept.push_back({key, {}});
                    return value_decoder<true>(*at_).value(kept.back().value, 0);
                }
                return value(0);
            });
            out = metadata::from_unique(std::move(kept));
            return good;
        }
    }

    /// A value of metadata that stands in `depth` others.
    bool value(metadata_value& out, int depth) {
        switch (at_->peek()) {
        case '"':
            out = std::string();
            return text(*out.if_string());
        case 'n':
            out = nullptr;
            return at_->null() || at_->fail();
        case 't':
        case 'f': {
            bool b = false;
            bool const good = at_->boolean(b);
            out = b;
            return good;
        }
        case '[': {
            // What stands deeper becomes its own text (json/metadata.hpp).
            if (depth > max_metadata_depth) return at_->fail();
            metadata::array made;
            bool const good = at_->array([&] { return value(made.emplace_back(), depth + 1); });
            out = std::move(made);
            return good;
        }
        case '{': {
            if (depth > max_metadata_depth) return at_->fail();
            metadata made;
            bool const good = members(made, depth + 1, 2);
            out = std::move(made);
            return good;
        }
        default:
            break;
        }
        json_number n;
        if (!at_->number(n)) return false;
        switch (n.is) {
        case json_number::kind::int64:
            out = n.int64;
            return true;
        case json_number::kind::uint64:
            out = n.uint64;
            return true;
        case json_number::kind::real:
            out = n.real;
            return true;
        case json_number::kind::big:
            break;
        }
        out = big_integer{std::string(n.text)};
        return true;
    }

protected:
    json_cursor* at_;

private:
    /// The same, passed over.
    bool value(int depth) {
        switch (at_->peek()) {
        case '[':
            return depth > max_metadata_depth ? at_->fail() : at_->array([&] { return value(depth + 1); });
        case '{':
            return depth > max_metadata_depth ? at_->fail()
                                              : keys([&](std::string const&) { return value(depth + 1); });
        default:
            return at_->skip_value();
        }
    }

    bool members(metadata& out, int depth, std::size_t expected) {
        std::vector<metadata_member> made;
        bool const good = at_->object([&] {
            if (made.empty()) {
                made.reserve(expected);
            }
            metadata_member& m = made.emplace_back();
            if (!at_->key(m.key) || made.size() > most_keys) return at_->fail();
            for (std::size_t i = 0; i + 1 < made.size(); ++i) {
                if (made[i].key == m.key) return at_->fail();
            }
            return value(m.value, depth);
        });
        out = metadata::from_unique(std::move(made));
        return good;
    }
    /// Calls `member(key)` for each member of an object; the key is good until the member's value is read. A key that
    /// stands there twice is a failure.
    template <class F>
    bool keys(F member) {
        std::size_t const first = used_keys_;
        bool const good = at_->object([&] {
            if (used_keys_ == keys_.size()) {
                keys_.emplace_back();
            }
            std::size_t const mine = used_keys_++;
            if (!at_->key(keys_[mine]) || mine - first == most_keys) return at_->fail();
            for (std::size_t i = first; i < mine; ++i) {
                if (keys_[i] == keys_[mine]) return at_->fail();
            }
            return member(keys_[mine]);
        });
        used_keys_ = first;
        return good;
    }
    // Each key is compared with all before it.
    static constexpr std::size_t most_keys = 64;

    std::vector<std::string> keys_{};  // of the objects that are passed over just now
    std::size_t used_keys_ = 0;
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_JSON_DECODE_VALUE_HPP
