#ifndef RAMPART_JSON_BUILD_HPP
#define RAMPART_JSON_BUILD_HPP

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "rampart/core/metadata.hpp"
#include "rampart/json/big_integer.hpp"

namespace rampart::inline v1 {

namespace detail {

/// Takes the same calls as a `json_writer` and makes a tree of them, so that there is one description of each type for
/// text and for trees.
class json_builder {
public:
    explicit json_builder(boost::json::storage_ptr storage = {}) : storage_(std::move(storage)), made_(storage_) {}

    void begin_object() { open_.push_back({std::move(key_), boost::json::object(storage_)}); }
    void begin_array() { open_.push_back({std::move(key_), boost::json::array(storage_)}); }
    void end_object() { end(); }
    void end_array() { end(); }
    void key(std::string_view name) { key_ = name; }
    void known_key(std::string_view name) { key_ = name; }
    void string(std::string_view text) { put(boost::json::value(text, storage_)); }
    void null() { put(boost::json::value(nullptr, storage_)); }
    void boolean(bool b) { put(boost::json::value(b, storage_)); }
    void number(double d) {
        if (std::isfinite(d)) {
            put(boost::json::value(d, storage_));
        } else {
            null();
        }
    }
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    void integer(T i) { put(boost::json::value(i, storage_)); }
    void integer(big_integer const& i) {
        if (is_integer_text(i.digits)) {
            put(make_big_integer(i.digits, storage_));
        } else {
            string(i.digits);
        }
    }
    void value(boost::json::value const& v) { put(boost::json::value(v, storage_)); }

    [[nodiscard]] boost::json::value take() { return std::move(made_); }

private:
    struct container {
        std::string key;
        boost::json::value value;
    };

    void put(boost::json::value v) {
        if (open_.empty()) {
            made_ = std::move(v);
        } else if (auto* const list = open_.back().value.if_array()) {
            list->push_back(std::move(v));
        } else {
            open_.back().value.get_object().insert_or_assign(key_, std::move(v));
        }
    }
    void end() {
        container done = std::move(open_.back());
        open_.pop_back();
        key_ = std::move(done.key);
        put(std::move(done.value));
    }

    boost::json::storage_ptr storage_;
    boost::json::value made_;
    std::vector<container> open_{};
    std::string key_{};
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_JSON_BUILD_HPP
