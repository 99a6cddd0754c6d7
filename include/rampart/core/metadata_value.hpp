#ifndef RAMPART_CORE_METADATA_VALUE_HPP
#define RAMPART_CORE_METADATA_VALUE_HPP

#include "rampart/core/metadata.hpp"

#include <new>
#include <string>
#include <utility>

/// \file
/// The inside of a `metadata_value`: how one kind of value becomes another.

namespace rampart::inline v1 {

inline metadata_value::metadata_value(metadata::array list) noexcept : list_(std::move(list)), kind_(kind::array) {}

inline metadata_value::metadata_value(metadata_value const& other) : nothing_() {
    switch (other.kind_) {
    case kind::null:
        break;
    case kind::boolean:
        bool_ = other.bool_;
        break;
    case kind::int64:
        int64_ = other.int64_;
        break;
    case kind::uint64:
        uint64_ = other.uint64_;
        break;
    case kind::real:
        double_ = other.double_;
        break;
    case kind::big:
        ::new (&big_) big_integer(other.big_);
        break;
    case kind::text:
        ::new (&text_) std::string(other.text_);
        break;
    case kind::array:
        ::new (&list_) metadata::array(other.list_);
        break;
    case kind::object:
        ::new (&object_) metadata(other.object_);
        break;
    }
    kind_ = other.kind_;
}

inline void metadata_value::take(metadata_value& other) noexcept {
    switch (other.kind_) {
    case kind::null:
        break;
    case kind::boolean:
        bool_ = other.bool_;
        break;
    case kind::int64:
        int64_ = other.int64_;
        break;
    case kind::uint64:
        uint64_ = other.uint64_;
        break;
    case kind::real:
        double_ = other.double_;
        break;
    case kind::big:
        ::new (&big_) big_integer(std::move(other.big_));
        break;
    case kind::text:
        ::new (&text_) std::string(std::move(other.text_));
        break;
    case kind::array:
        ::new (&list_) metadata::array(std::move(other.list_));
        break;
    case kind::object:
        ::new (&object_) metadata(std::move(other.object_));
        break;
    }
    kind_ = other.kind_;
    other.clear();
}

inline void metadata_value::destroy() noexcept {
    switch (kind_) {
    case kind::big:
        big_.~big_integer();
        break;
    case kind::text:
        text_.~basic_string();
        break;
    case kind::array:
        list_.~vector();
        break;
    default:
        object_.~metadata();
        break;
    }
}

template <class F>
decltype(auto) metadata_value::visit(F&& f) const {
    switch (kind_) {
    case kind::null:
        break;
    case kind::boolean:
        return f(bool_);
    case kind::int64:
        return f(int64_);
    case kind::uint64:
        return f(uint64_);
    case kind::real:
        return f(double_);
    case kind::big:
        return f(big_);
    case kind::text:
        return f(text_);
    case kind::array:
        return f(list_);
    case kind::object:
        return f(object_);
    }
    return f(nullptr);
}

inline bool operator==(metadata_value const& a, metadata_value const& b) {
    using kind = metadata_value::kind;
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
    case kind::null:
        break;
    case kind::boolean:
        return a.bool_ == b.bool_;
    case kind::int64:
        return a.int64_ == b.int64_;
    case kind::uint64:
        return a.uint64_ == b.uint64_;
    case kind::real:
        return a.double_ == b.double_;
    case kind::big:
        return a.big_ == b.big_;
    case kind::text:
        return a.text_ == b.text_;
    case kind::array:
        return a.list_ == b.list_;
    case kind::object:
        return a.object_ == b.object_;
    }
    return true;
}

}  // namespace rampart::inline v1

#endif
