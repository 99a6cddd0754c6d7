#ifndef RAMPART_CORE_METADATA_HPP
#define RAMPART_CORE_METADATA_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

class metadata_value;
struct metadata_member;

/// An integer beyond 64 bits, as its decimal digits (`-` allowed in front). Python has such integers and writes them
/// into its metadata; they are carried, not rounded.
struct big_integer {
    std::string digits{};  ///< decimal
    friend bool operator==(big_integer const&, big_integer const&) = default;
};

/// Free-form facts beside a result: a small JSON-shaped object without a JSON library.
///
///     r.meta = {{"scenario", "mail-001"}, {"attempt", 2}, {"tags", metadata::array{"a", "b"}}};
///     r.meta["score"] = 0.5;
///
/// Keys keep the order of insertion and are unique; in an initializer the later value of a key wins, at the place of
/// the earlier one (wire format, A.1.3). Looking a key up is a linear search: objects of this kind are small.
///
/// Two objects are equal when they hold the same keys in the same order, and values are equal when they are of one
/// kind: 2 is not 2.0. Arrays are spelt out, `metadata::array{"a", "b"}`; a bare `{"a"}` is the string, `{{"a", "b"}}`
/// an object and `{}` null. `metadata::array{list}` is the copy of a list with clang++ 14 and holds it as its one
/// element with g++: copy with `=`.
class metadata {
public:
    /// A value.
    using value = metadata_value;
    /// A key and its value.
    using member = metadata_member;
    /// A list of values.
    using array = std::vector<metadata_value>;

    // Declared here and defaulted below, because metadata_member is not complete yet.
    metadata() noexcept;
    metadata(metadata const&);
    metadata(metadata&&) noexcept;
    metadata& operator=(metadata const&);
    metadata& operator=(metadata&&) noexcept;
    ~metadata();
    metadata(std::initializer_list<metadata_member> members);

    /// Takes members whose keys the caller knows to be unique, without comparing them.
    static metadata from_unique(std::vector<metadata_member> members) noexcept;

    /// The value of `key`; a null is put in first where there is none. A key that is put in moves the others:
    /// references to their values end, so copy one with `m.set("new", m["old"])` and not by `m["new"] = m["old"]`.
    metadata_value& operator[](std::string_view key);
    /// The value of `key`; a null where there is none.
    metadata_value const& operator[](std::string_view key) const noexcept;
    /// `m[0]` would read a null pointer.
    metadata_value& operator[](std::nullptr_t) = delete;
    metadata_value const& operator[](std::nullptr_t) const = delete;
    metadata_value* find(std::string_view key) noexcept;
    metadata_value const* find(std::string_view key) const noexcept;
    bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
    /// Sets `key`, at its old place where it exists.
    void set(std::string_view key, metadata_value v);
    /// Whether there was such a key.
    bool erase(std::string_view key);
    /// Puts every key through `f(std::string&)`. Keys that become equal by it stay apart, so that no value is lost: a
    /// key that `f` left alone keeps its text, and one that `f` changed into a taken text gets ` (2)`, ` (3)`, ...
    /// behind it, the first that is free.
    template <class F>
    void transform_keys(F&& f);

    std::size_t size() const noexcept;
    bool empty() const noexcept;
    /// Members in order. Who changes a key here keeps it unique; `transform_keys` does so by itself.
    metadata_member* begin() noexcept;
    metadata_member* end() noexcept;
    metadata_member const* begin() const noexcept;
    metadata_member const* end() const noexcept;

    friend bool operator==(metadata const& a, metadata const& b);

private:
    // A template, so that only who changes keys pays for it.
    template <class = void>
    void keep_apart(std::vector<std::size_t> const& changed);

    std::vector<metadata_member> members_;
};

/// One value: null, bool, integer, double, string, array or object. The accessors are named as in Boost.JSON:
/// `is_string()` asks, `if_string()` gives a pointer or null, `as_string()` throws `std::invalid_argument` on another
/// kind. An integer is an int64 where it fits, else a uint64, else a big_integer, so that equal integers compare equal.
/// What was moved from is null.
//
// A union of its own and no std::variant: every test file pays for this header. The tables with which a variant of nine
// alternatives copies, moves, destroys and compares took as long to compile as <string> and <vector> do, and a switch
// destroys and compares faster.
class metadata_value {
public:
    metadata_value() noexcept : nothing_() {}
    metadata_value(std::nullptr_t) noexcept : nothing_() {}
    // Nothing but a bool: a character, an enumerator or a pointer would turn into `true`.
    template <std::same_as<bool> T>
    metadata_value(T b) noexcept : bool_(b), kind_(kind::boolean) {}
    /// An integer that has a sign.
    template <std::signed_integral T>
        requires(!std::same_as<T, char> && !std::same_as<T, wchar_t> && sizeof(T) <= sizeof(std::int64_t))
    metadata_value(T i)
    noexcept : int64_(i), kind_(kind::int64) {}
    /// An integer without a sign; kept as an int64 where it fits.
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                 !std::same_as<T, char32_t> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                 sizeof(T) <= sizeof(std::uint64_t))
    metadata_value(T i)
    noexcept : nothing_() { keep_unsigned(i); }
    template <std::floating_point T>
    metadata_value(T d) noexcept : double_(static_cast<double>(d)), kind_(kind::real) {}
    metadata_value(big_integer i) noexcept : big_(std::move(i)), kind_(kind::big) {}
    metadata_value(char const* text) : text_(text == nullptr ? "" : text), kind_(kind::text) {}
    metadata_value(std::string_view text) : text_(text), kind_(kind::text) {}
    metadata_value(std::string text) noexcept : text_(std::move(text)), kind_(kind::text) {}
    metadata_value(metadata::array list) noexcept;
    metadata_value(metadata object) noexcept : object_(std::move(object)), kind_(kind::object) {}
    metadata_value(std::initializer_list<metadata_member> members) : object_(members), kind_(kind::object) {}

    metadata_value(metadata_value const& other);
    metadata_value(metadata_value&& other) noexcept : nothing_() { take(other); }
    // By way of a value of its own, because the other may be a part of this one.
    metadata_value& operator=(metadata_value const& other) {
        metadata_value copy(other);
        clear();
        take(copy);
        return *this;
    }
    metadata_value& operator=(metadata_value&& other) noexcept {
        metadata_value taken(std::move(other));
        clear();
        take(taken);
        return *this;
    }
    ~metadata_value() { clear(); }

    bool is_null() const noexcept { return kind_ == kind::null; }
    bool is_bool() const noexcept { return kind_ == kind::boolean; }
    bool is_int64() const noexcept { return kind_ == kind::int64; }
    bool is_uint64() const noexcept { return kind_ == kind::uint64; }
    bool is_double() const noexcept { return kind_ == kind::real; }
    bool is_big_integer() const noexcept { return kind_ == kind::big; }
    bool is_string() const noexcept { return kind_ == kind::text; }
    bool is_array() const noexcept { return kind_ == kind::array; }
    bool is_object() const noexcept { return kind_ == kind::object; }

    bool const* if_bool() const noexcept { return is_bool() ? &bool_ : nullptr; }
    std::int64_t const* if_int64() const noexcept { return is_int64() ? &int64_ : nullptr; }
    std::uint64_t const* if_uint64() const noexcept { return is_uint64() ? &uint64_ : nullptr; }
    double const* if_double() const noexcept { return is_double() ? &double_ : nullptr; }
    big_integer const* if_big_integer() const noexcept { return is_big_integer() ? &big_ : nullptr; }
    std::string const* if_string() const noexcept { return is_string() ? &text_ : nullptr; }
    metadata::array const* if_array() const noexcept { return is_array() ? &list_ : nullptr; }
    metadata const* if_object() const noexcept { return is_object() ? &object_ : nullptr; }
    /// To change what is inside in place.
    std::string* if_string() noexcept { return is_string() ? &text_ : nullptr; }
    metadata::array* if_array() noexcept { return is_array() ? &list_ : nullptr; }
    metadata* if_object() noexcept { return is_object() ? &object_ : nullptr; }

    bool as_bool() const { return is_bool() ? bool_ : (wrong_kind("a bool"), false); }
    std::int64_t as_int64() const { return is_int64() ? int64_ : (wrong_kind("an int64"), 0); }
    /// Also of an int64 that is not negative, since a small uint64 is kept as one.
    std::uint64_t as_uint64() const {
        if (is_int64() && int64_ >= 0) return static_cast<std::uint64_t>(int64_);
        return is_uint64() ? uint64_ : (wrong_kind("a uint64"), 0U);
    }
    double as_double() const { return is_double() ? double_ : (wrong_kind("a double"), 0.0); }
    big_integer const& as_big_integer() const {
        return is_big_integer() ? big_ : (wrong_kind("an integer beyond 64 bits"), big_);
    }
    std::string const& as_string() const { return is_string() ? text_ : (wrong_kind("a string"), text_); }
    metadata::array const& as_array() const { return is_array() ? list_ : (wrong_kind("an array"), list_); }
    metadata const& as_object() const { return is_object() ? object_ : (wrong_kind("an object"), object_); }

    /// Calls `f` with what is inside: a std::nullptr_t, bool, std::int64_t, std::uint64_t or double, or a big_integer,
    /// std::string, metadata::array or metadata by reference to const. For code that does something with every kind.
    template <class F>
    decltype(auto) visit(F&& f) const;

    friend bool operator==(metadata_value const& a, metadata_value const& b);

private:
    // What owns memory stands last.
    enum class kind : unsigned char { null, boolean, int64, uint64, real, big, text, array, object };

    [[noreturn]] static void wrong_kind(char const* what) {
        throw std::invalid_argument(std::string("rampart::metadata_value: this value is not ") + what);
    }
    void keep_unsigned(std::uint64_t i) noexcept {
        if (i <= static_cast<std::uint64_t>(INT64_MAX)) {
            int64_ = static_cast<std::int64_t>(i);
            kind_ = kind::int64;
        } else {
            uint64_ = i;
            kind_ = kind::uint64;
        }
    }
    /// Makes it null.
    void clear() noexcept {
        if (kind_ >= kind::big) destroy();
        kind_ = kind::null;
    }
    void destroy() noexcept;
    /// Takes the other's value, which is null then. This one is null before.
    void take(metadata_value& other) noexcept;

    union {
        std::nullptr_t nothing_;
        bool bool_;
        std::int64_t int64_;
        std::uint64_t uint64_;
        double double_;
        big_integer big_;
        std::string text_;
        metadata::array list_;
        metadata object_;
    };
    kind kind_ = kind::null;
};

/// A key and its value.
struct metadata_member {
    std::string key{};
    metadata_value value{};
    friend bool operator==(metadata_member const&, metadata_member const&) = default;
};

inline metadata::metadata() noexcept = default;
inline metadata::metadata(metadata const&) = default;
inline metadata::metadata(metadata&&) noexcept = default;
inline metadata& metadata::operator=(metadata const&) = default;
inline metadata& metadata::operator=(metadata&&) noexcept = default;
inline metadata::~metadata() = default;

inline metadata::metadata(std::initializer_list<metadata_member> members) {
    members_.reserve(members.size());
    for (metadata_member const& m : members) set(m.key, m.value);
}

inline metadata metadata::from_unique(std::vector<metadata_member> members) noexcept {
    metadata made;
    made.members_ = std::move(members);
    return made;
}

inline metadata_value* metadata::find(std::string_view key) noexcept {
    for (metadata_member& m : members_) {
        if (m.key == key) return &m.value;
    }
    return nullptr;
}

inline metadata_value const* metadata::find(std::string_view key) const noexcept {
    return const_cast<metadata*>(this)->find(key);
}

inline metadata_value& metadata::operator[](std::string_view key) {
    if (metadata_value* found = find(key)) return *found;
    members_.push_back(metadata_member{std::string(key), {}});
    return members_.back().value;
}

inline metadata_value const& metadata::operator[](std::string_view key) const noexcept {
    static metadata_value const none{};
    metadata_value const* found = find(key);
    return found == nullptr ? none : *found;
}

inline void metadata::set(std::string_view key, metadata_value v) { (*this)[key] = std::move(v); }

inline bool metadata::erase(std::string_view key) {
    for (auto it = members_.begin(); it != members_.end(); ++it) {
        if (it->key == key) {
            members_.erase(it);
            return true;
        }
    }
    return false;
}

template <class F>
void metadata::transform_keys(F&& f) {
    std::vector<std::size_t> changed;
    std::string before;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        before = members_[i].key;
        f(members_[i].key);
        if (members_[i].key != before) changed.push_back(i);
    }
    if (!changed.empty()) keep_apart(changed);
}

template <class>
void metadata::keep_apart(std::vector<std::size_t> const& changed) {
    // A table of the keys, because what comes from outside may have very many: comparing all with all would hang.
    struct slot {
        std::size_t member = static_cast<std::size_t>(-1);
        std::size_t number = 1;  // the last that was tried behind this key
        bool free() const noexcept { return member == static_cast<std::size_t>(-1); }
    };
    std::size_t capacity = 16;
    while (capacity < 2 * members_.size()) capacity *= 2;
    std::vector<slot> table(capacity);
    auto const at = [&table, this](std::string_view key) -> slot& {
        std::size_t i = std::hash<std::string_view>{}(key) & (table.size() - 1);
        while (!table[i].free() && members_[table[i].member].key != key) i = (i + 1) & (table.size() - 1);
        return table[i];
    };
    auto next = changed.begin();
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (next != changed.end() && *next == i) {
            ++next;
        } else {
            at(members_[i].key).member = i;
        }
    }
    for (std::size_t const i : changed) {
        slot* place = &at(members_[i].key);
        if (!place->free()) {
            slot& taken = *place;
            std::string name;
            do {
                name = members_[i].key + " (" + std::to_string(++taken.number) + ")";
                place = &at(name);
            } while (!place->free());
            members_[i].key = std::move(name);
        }
        place->member = i;
    }
}

inline std::size_t metadata::size() const noexcept { return members_.size(); }
inline bool metadata::empty() const noexcept { return members_.empty(); }
inline metadata_member* metadata::begin() noexcept { return members_.data(); }
inline metadata_member* metadata::end() noexcept { return members_.data() + members_.size(); }
inline metadata_member const* metadata::begin() const noexcept { return members_.data(); }
inline metadata_member const* metadata::end() const noexcept { return members_.data() + members_.size(); }

inline bool operator==(metadata const& a, metadata const& b) { return a.members_ == b.members_; }

}  // namespace rampart::inline v1

// The other half: neither stands without the other.
#include "rampart/core/metadata_value.hpp"

#endif
