#ifndef RAMPART_CORE_METADATA_HPP
#define RAMPART_CORE_METADATA_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rampart::inline v1 {

class metadata_value;
struct metadata_member;

/// An integer beyond 64 bits, as its decimal digits (`-` allowed in front). Python has such integers and writes them
/// into its metadata; they are carried, not rounded.
struct big_integer {
    std::string digits{};
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
/// an object and `{}` null. `metadata::array{list}` holds the list as its one element: copy with `=`.
class metadata {
public:
    using value = metadata_value;
    using member = metadata_member;
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
    void keep_apart(std::vector<std::size_t> const& changed);

    std::vector<metadata_member> members_;
};

/// One value: null, bool, integer, double, string, array or object. The accessors are named as in Boost.JSON:
/// `is_string()` asks, `if_string()` gives a pointer or null, `as_string()` throws `std::invalid_argument` on another
/// kind. An integer is an int64 where it fits, else a uint64, else a big_integer, so that equal integers compare equal.
class metadata_value {
public:
    using variant = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, big_integer, std::string,
                                 metadata::array, metadata>;

    metadata_value() noexcept = default;
    metadata_value(std::nullptr_t) noexcept {}
    // Nothing but a bool: a character, an enumerator or a pointer would turn into `true`.
    template <std::same_as<bool> T>
    metadata_value(T b) noexcept : data_(b) {}
    template <std::signed_integral T>
        requires(!std::same_as<T, char> && !std::same_as<T, wchar_t> && sizeof(T) <= sizeof(std::int64_t))
    metadata_value(T i)
    noexcept : data_(static_cast<std::int64_t>(i)) {}
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                 !std::same_as<T, char32_t> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                 sizeof(T) <= sizeof(std::uint64_t))
    metadata_value(T i)
    noexcept {
        auto const wide = static_cast<std::uint64_t>(i);
        if (wide <= static_cast<std::uint64_t>(INT64_MAX)) {
            data_ = static_cast<std::int64_t>(wide);
        } else {
            data_ = wide;
        }
    }
    template <std::floating_point T>
    metadata_value(T d) noexcept : data_(static_cast<double>(d)) {}
    metadata_value(big_integer i) noexcept : data_(std::move(i)) {}
    metadata_value(char const* text) : data_(std::string(text == nullptr ? "" : text)) {}
    metadata_value(std::string_view text) : data_(std::string(text)) {}
    metadata_value(std::string text) noexcept : data_(std::move(text)) {}
    metadata_value(metadata::array list) noexcept : data_(std::move(list)) {}
    metadata_value(metadata object) noexcept : data_(std::move(object)) {}
    metadata_value(std::initializer_list<metadata_member> members) : data_(metadata(members)) {}

    bool is_null() const noexcept { return data_.index() == 0; }
    bool is_bool() const noexcept { return if_bool() != nullptr; }
    bool is_int64() const noexcept { return if_int64() != nullptr; }
    bool is_uint64() const noexcept { return if_uint64() != nullptr; }
    bool is_double() const noexcept { return if_double() != nullptr; }
    bool is_big_integer() const noexcept { return if_big_integer() != nullptr; }
    bool is_string() const noexcept { return if_string() != nullptr; }
    bool is_array() const noexcept { return if_array() != nullptr; }
    bool is_object() const noexcept { return if_object() != nullptr; }

    bool const* if_bool() const noexcept { return std::get_if<bool>(&data_); }
    std::int64_t const* if_int64() const noexcept { return std::get_if<std::int64_t>(&data_); }
    std::uint64_t const* if_uint64() const noexcept { return std::get_if<std::uint64_t>(&data_); }
    double const* if_double() const noexcept { return std::get_if<double>(&data_); }
    big_integer const* if_big_integer() const noexcept { return std::get_if<big_integer>(&data_); }
    std::string const* if_string() const noexcept { return std::get_if<std::string>(&data_); }
    metadata::array const* if_array() const noexcept { return std::get_if<metadata::array>(&data_); }
    metadata const* if_object() const noexcept { return std::get_if<metadata>(&data_); }

    bool as_bool() const { return as<bool>("a bool"); }
    std::int64_t as_int64() const { return as<std::int64_t>("an int64"); }
    /// Also of an int64 that is not negative, since a small uint64 is kept as one.
    std::uint64_t as_uint64() const {
        if (auto const* small = if_int64(); small != nullptr && *small >= 0) return static_cast<std::uint64_t>(*small);
        return as<std::uint64_t>("a uint64");
    }
    double as_double() const { return as<double>("a double"); }
    big_integer const& as_big_integer() const { return as<big_integer>("an integer beyond 64 bits"); }
    std::string const& as_string() const { return as<std::string>("a string"); }
    metadata::array const& as_array() const { return as<metadata::array>("an array"); }
    metadata const& as_object() const { return as<metadata>("an object"); }

    /// The alternatives themselves, for code that visits every kind.
    variant const& data() const noexcept { return data_; }
    variant& data() noexcept { return data_; }

    friend bool operator==(metadata_value const& a, metadata_value const& b) { return a.data_ == b.data_; }

private:
    template <class T>
    T const& as(char const* what) const {
        if (T const* found = std::get_if<T>(&data_)) return *found;
        throw std::invalid_argument(std::string("rampart::metadata_value: this value is not ") + what);
    }

    variant data_{};
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

inline void metadata::keep_apart(std::vector<std::size_t> const& changed) {
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

#endif
