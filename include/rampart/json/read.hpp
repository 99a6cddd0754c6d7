#ifndef RAMPART_JSON_READ_HPP
#define RAMPART_JSON_READ_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "rampart/json/big_integer.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/number.hpp"
#include "rampart/json/repair.hpp"
#include "rampart/session/fault.hpp"

namespace rampart::inline v1 {

/// How much a reader takes on.
struct read_limits {
    std::size_t max_bytes = 67108864;  ///< of the document
    std::size_t max_depth = 512;  ///< arrays and objects inside each other; more than 4096 counts as 4096
};

/// A document in memory. Its values stand in storage that belongs to the document, and so does a plain copy of a value:
/// what shall live longer is copied as `boost::json::value(v, boost::json::storage_ptr())`.
class json_document {
public:
    json_document() : storage_(std::make_unique<boost::json::monotonic_resource>()), root_(storage_.get()) {}
    json_document(json_document&&) noexcept = default;
    json_document& operator=(json_document&&) = delete;

    [[nodiscard]] boost::json::value const& root() const noexcept { return root_; }
    [[nodiscard]] boost::json::value& root() noexcept { return root_; }
    [[nodiscard]] boost::json::storage_ptr storage() const noexcept { return {storage_.get()}; }

    /// What is worth knowing about a document that could be read: duplicate keys, repaired text.
    std::vector<fault> notes{};

private:
    std::unique_ptr<boost::json::monotonic_resource> storage_;
    boost::json::value root_;
};

namespace detail {

/// Appends one step of a JSON Pointer (RFC 6901).
inline void append_pointer(std::string& pointer, std::string_view step) {
    pointer += '/';
    for (char const c : step) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
}

/// Builds the tree from the parser's events.
///
/// An own handler and not Boost.JSON's, because that one rounds one double in ten wrongly, takes 1e400 for infinity,
/// turns long integers into doubles, and forgets that a key was there twice.
class tree_handler {
public:
    using error_code = boost::json::error_code;
    using text = boost::json::string_view;

    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    /// A document can hold more duplicate keys than a person reads; the rest is counted.
    static constexpr std::size_t max_notes = 100;

    tree_handler(boost::json::storage_ptr storage, std::string_view kept_both)
        : storage_(std::move(storage)), kept_both_(kept_both) {}

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return open(); }
    bool on_object_begin(error_code&) { return open(); }
    bool on_array_end(std::size_t, error_code&) {
        std::size_t const first = frames_.back().values;
        boost::json::array made(storage_);
        made.reserve(values_.size() - first);
        for (std::size_t i = first; i < values_.size(); ++i) {
            made.emplace_back(std::move(values_[i]));
        }
        close(first);
        values_.emplace_back(std::move(made));
        return true;
    }
    bool on_object_end(std::size_t, error_code&) {
        frame const top = frames_.back();
        boost::json::object made(storage_);
        made.reserve(values_.size() - top.values);
        for (std::size_t i = top.values; i < values_.size(); ++i) {
            std::string_view const name = key_at(top.keys + (i - top.values));
            auto const [at, is_new] = made.emplace(name, std::move(values_[i]));
            if (!is_new) {
                duplicate(name, at->value(), std::move(values_[i]));
            }
        }
        close(top.values);
        key_text_.resize(top.keys == 0 ? 0 : key_ends_[top.keys - 1]);
        key_ends_.resize(top.keys);
        values_.emplace_back(std::move(made));
        return true;
    }
    bool on_key_part(text s, std::size_t, error_code&) {
        key_text_.append(s.data(), s.size());
        return true;
    }
    bool on_key(text s, std::size_t, error_code&) {
        key_text_.append(s.data(), s.size());
        key_ends_.push_back(key_text_.size());
        return true;
    }
    bool on_string_part(text s, std::size_t, error_code&) {
        partial_.append(s.data(), s.size());
        return true;
    }
    bool on_string(text s, std::size_t, error_code&) {
        std::string_view const whole = joined(s);
        values_.emplace_back(boost::json::string(whole, storage_));
        partial_.clear();
        return true;
    }
    bool on_number_part(text s, error_code&) {
        partial_.append(s.data(), s.size());
        return true;
    }
    bool on_int64(std::int64_t, text s, error_code& ec) { return number(s, ec); }
    bool on_uint64(std::uint64_t, text s, error_code& ec) { return number(s, ec); }
    bool on_double(double, text s, error_code& ec) { return number(s, ec); }
    bool on_bool(bool b, error_code&) {
        values_.emplace_back(b, storage_);
        return true;
    }
    bool on_null(error_code&) {
        values_.emplace_back(nullptr, storage_);
        return true;
    }
    bool on_comment_part(text, error_code&) { return true; }
    bool on_comment(text, error_code&) { return true; }

    /// The tree, after the end of the document.
    boost::json::value take() { return std::move(values_.front()); }
    std::vector<fault>& notes() noexcept { return notes_; }
    std::size_t duplicates() const noexcept { return duplicates_; }

    /// Where the parser stands, as a JSON Pointer.
    [[nodiscard]] std::string pointer() const {
        std::string made;
        for (std::size_t i = 0; i < frames_.size(); ++i) {
            bool const last = i + 1 == frames_.size();
            std::size_t const keys = (last ? key_ends_.size() : frames_[i + 1].keys) - frames_[i].keys;
            std::size_t const done = (last ? values_.size() : frames_[i + 1].values) - frames_[i].values;
            if (keys > 0) {
                append_pointer(made, key_at(frames_[i].keys + keys - 1));
            } else {
                append_pointer(made, std::to_string(done));
            }
        }
        return made;
    }
    /// Whether the parser stopped at a number that no double can hold.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

private:
    struct frame {
        std::size_t values;  // how many values stood on the stack when the container began
        std::size_t keys;
    };

    bool open() {
        frames_.push_back({values_.size(), key_ends_.size()});
        return true;
    }
    void close(std::size_t first) {
        values_.resize(first);
        frames_.pop_back();
    }
    [[nodiscard]] std::string_view key_at(std::size_t i) const noexcept {
        std::size_t const begin = i == 0 ? 0 : key_ends_[i - 1];
        return std::string_view(key_text_).substr(begin, key_ends_[i] - begin);
    }
    std::string_view joined(text s) {
        if (partial_.empty()) {
            return {s.data(), s.size()};
        }
        partial_.append(s.data(), s.size());
        return partial_;
    }

    bool number(text s, error_code& ec) {
        std::string_view const whole = joined(s);
        char const* const begin = whole.data();
        char const* const end = begin + whole.size();
        if (whole.find_first_of(".eE") != std::string_view::npos) {
            double d = 0.0;
            if (!exact_double(whole, d)) {
                overflowed_ = true;
                ec = boost::json::error::exponent_overflow;
                return false;
            }
            values_.emplace_back(d, storage_);
        } else if (std::int64_t i = 0; std::from_chars(begin, end, i).ec == std::errc{}) {
            values_.emplace_back(i, storage_);
        } else if (std::uint64_t u = 0; *begin != '-' && std::from_chars(begin, end, u).ec == std::errc{}) {
            values_.emplace_back(u, storage_);
        } else {
            values_.emplace_back(make_big_integer(whole, storage_));
        }
        partial_.clear();
        return true;
    }

    void duplicate(std::string_view name, boost::json::value& kept, boost::json::value later) {
        // Results are worth more than an error in the key: under `kept_both_` two lists of one name become one list.
        bool const inside = frames_.size() == 2 && frames_[1].keys > 0 && key_at(frames_[1].keys - 1) == kept_both_;
        bool const whole = frames_.size() == 1 && name == kept_both_;
        bool both = false;
        if (inside && kept.is_array() && later.is_array()) {
            both = true;
            append(kept.get_array(), later.get_array());
        } else if (whole && kept.is_object() && later.is_object()) {
            both = true;
            for (auto& member : later.get_object()) {
                auto const [at, is_new] = kept.get_object().emplace(member.key(), std::move(member.value()));
                if (!is_new && at->value().is_array() && member.value().is_array()) {
                    append(at->value().get_array(), member.value().get_array());
                } else if (!is_new) {
                    at->value() = std::move(member.value());
                    both = false;
                }
            }
        } else {
            kept = std::move(later);
        }
        if (++duplicates_ > max_notes) {
            return;
        }
        // The pointer of the object is that of its own place: its frame is still open, so its last key is dropped.
        std::string where;
        for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
            std::size_t const keys = frames_[i + 1].keys - frames_[i].keys;
            append_pointer(where, keys > 0 ? std::string(key_at(frames_[i].keys + keys - 1))
                                           : std::to_string(frames_[i + 1].values - frames_[i].values));
        }
        append_pointer(where, name);
        notes_.push_back({fault_kind::duplicate_key, std::move(where),
                          both ? "this key stands in its object twice; the contents of both are kept"
                               : "this key stands in its object twice; only the last value is kept"});
    }
    static void append(boost::json::array& to, boost::json::array& from) {
        for (boost::json::value& element : from) {
            to.emplace_back(std::move(element));
        }
    }

    boost::json::storage_ptr storage_;
    std::string_view kept_both_;
    std::vector<boost::json::value> values_{};
    std::vector<frame> frames_{};
    std::string key_text_{};
    std::vector<std::size_t> key_ends_{};
    std::string partial_{};
    std::vector<fault> notes_{};
    std::size_t duplicates_ = 0;
    bool overflowed_ = false;
};

/// What the parser's error means, in our words.
inline shard_error describe(boost::json::error_code const& ec, std::string_view text, std::size_t at,
                            std::size_t skipped, std::size_t max_depth, tree_handler const& handler) {
    std::string const place = " at byte " + std::to_string(at + skipped);
    std::string pointer = handler.pointer();
    if (ec == boost::json::error::too_deep) {
        return {shard_errc::too_deep, {}, "nested deeper than " + std::to_string(max_depth) + place};
    }
    if (ec == boost::json::error::exponent_overflow) {
        return {shard_errc::number_overflow, std::move(pointer),
                (handler.overflowed() ? "a number that no double can hold," : "a number whose exponent is too large,") +
                    place};
    }
    for (std::string_view const name : {"-Infinity", "Infinity", "NaN"}) {
        for (std::size_t const from : {at, at == 0 ? at : at - 1}) {
            if (from < text.size() && text.substr(from, name.size()) == name) {
                return {shard_errc::non_finite, std::move(pointer),
                        std::string(name) + place + " is no JSON; Python writes it, null stands for it here"};
            }
        }
    }
    if (ec == boost::json::error::incomplete) {
        return {shard_errc::not_json, {}, "the text ends" + place + ", inside the document"};
    }
    if (ec == boost::json::error::extra_data) {
        return {shard_errc::not_json, {}, "the document has ended, but text follows" + place};
    }
    return {shard_errc::not_json, std::move(pointer), "no JSON: " + ec.message() + place};
}

}  // namespace detail

/// Reads one JSON document, exactly (wire format, B4).
///
/// Doubles are the nearest ones to the text. Integers are int64, else uint64, else big integers (json/big_integer.hpp)
/// of any length. A byte order mark is skipped. Ill-formed UTF-8 and lone surrogate escapes become U+FFFD, and a note
/// of kind `repaired_text` says so. Of a key that stands in an object twice the last value is kept, and a note of kind
/// `duplicate_key` names it; directly under the top-level key `kept_both` both arrays are kept, one after the other.
///
/// Errors: more bytes than the limit, nesting over the limit, a number beyond every double, NaN and Infinity, an empty
/// text, text after the document's end, and what is no JSON.
[[nodiscard]] inline expected<json_document> read_json(std::string_view bytes, read_limits limits = {},
                                                       std::string_view kept_both = {}) {
    if (bytes.size() > limits.max_bytes) {
        return shard_error{shard_errc::too_large,
                           {},
                           "the document has " + std::to_string(bytes.size()) + " bytes, over the limit of " +
                               std::to_string(limits.max_bytes)};
    }
    std::size_t const mark = bytes.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
    detail::repaired_json repaired;
    detail::repair_json(bytes.substr(mark), repaired);
    std::string_view const text = repaired.text;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return shard_error{shard_errc::not_json, {}, "the document is empty"};
    }

    boost::json::parse_options options;
    // The parser calls itself for each level; the stack is what this number is about.
    options.max_depth = limits.max_depth < 4096 ? limits.max_depth : 4096;
    json_document document;
    boost::json::basic_parser<detail::tree_handler> parser(options, document.storage(), kept_both);
    boost::json::error_code ec;
    std::size_t const used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
        ec = boost::json::error::extra_data;
    }
    if (ec) {
        return detail::describe(ec, text, used, mark, options.max_depth, parser.handler());
    }
    document.root() = parser.handler().take();
    document.notes = std::move(parser.handler().notes());
    if (std::size_t const all = parser.handler().duplicates(); all > detail::tree_handler::max_notes) {
        document.notes.push_back({fault_kind::duplicate_key,
                                  {},
                                  std::to_string(all - detail::tree_handler::max_notes) + " more keys stand twice"});
    }
    if (repaired.ill_formed + repaired.surrogates > 0) {
        document.notes.push_back({fault_kind::repaired_text,
                                  {},
                                  std::to_string(repaired.ill_formed) + " ill-formed UTF-8 parts and " +
                                      std::to_string(repaired.surrogates) +
                                      " lone surrogate escapes became U+FFFD, the first at byte " +
                                      std::to_string(repaired.first + mark)});
    }
    return document;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_READ_HPP
