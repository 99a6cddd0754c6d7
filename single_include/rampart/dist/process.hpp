// <rampart/dist/process.hpp> of rampart 0.1.0 in one file. single_include/make.sh writes it from include/: change it there.
//
// Copy the folder single_include to where you like, and:
//     tests.cpp   #include <rampart/doctest.hpp>
//     main.cpp    #define RAMPART_DOCTEST_MAIN, then #include <rampart/doctest_main.hpp>
//     g++ -std=c++20 -I single_include tests.cpp main.cpp -pthread
// It needs Boost 1.81 (headers) and doctest 2.4.9, or newer.
//
// MIT License
//
// Copyright (c) 2026 rampart contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#ifndef RAMPART_DIST_PROCESS_HPP
#define RAMPART_DIST_PROCESS_HPP

// ---- rampart/dist/events.hpp
#ifndef RAMPART_DIST_EVENTS_HPP
#define RAMPART_DIST_EVENTS_HPP

// ---- rampart/core/metadata.hpp
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
// ---- rampart/core/metadata_value.hpp
#ifndef RAMPART_CORE_METADATA_VALUE_HPP
#define RAMPART_CORE_METADATA_VALUE_HPP


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
// ---- rampart/core/metadata.hpp, again

#endif
// ---- rampart/dist/events.hpp, again
// ---- rampart/core/test_id.hpp
#ifndef RAMPART_CORE_TEST_ID_HPP
#define RAMPART_CORE_TEST_ID_HPP

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace rampart::inline v1 {

/// The name of a test, the same in every process and every checkout: `tests/mail.cpp::suite::name`. Ids compare as
/// their UTF-8 bytes (wire format, B10).
class test_id {
public:
    test_id() noexcept = default;
    explicit test_id(std::string text) noexcept : text_(std::move(text)) {}
    explicit test_id(std::string_view text) : text_(text) {}
    explicit test_id(char const* text) : text_(text) {}

    /// As text.
    std::string const& str() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(test_id const&, test_id const&) = default;
    friend std::strong_ordering operator<=>(test_id const& a, test_id const& b) noexcept {
        // char_traits<char>::compare is memcmp: bytes, not locale, not sign.
        return a.text_.compare(b.text_) <=> 0;
    }

private:
    std::string text_{};
};

/// The text after the last `::`, as Python names a test (B32). It is only a guess: a parameter may contain `::`.
/// rampart keeps a test's own name where it knows it, and uses this for ids that come without one.
inline std::string_view short_name(test_id const& id) noexcept {
    std::string_view const text = id.str();
    auto const at = text.rfind("::");
    return at == std::string_view::npos ? text : text.substr(at + 2);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/dist/events.hpp, again
// ---- rampart/session/fault.hpp
#ifndef RAMPART_SESSION_FAULT_HPP
#define RAMPART_SESSION_FAULT_HPP

#include <compare>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::inline v1 {

/// What can go missing or wrong on a result's way to the report.
enum class fault_kind : unsigned char {
    incomplete,        ///< somebody said so: `session.mark_incomplete`
    late_result,       ///< recorded after its test had ended
    unclaimed_result,  ///< recorded inside a run while no test was running
    early_exit,        ///< the process ended inside the run
    missing_worker,    ///< a worker's output never came
    bad_document,      ///< bytes that are no document of ours: no JSON, another outer shape
    unknown_schema,    ///< JSON with no schema, or one that this version does not know
    truncated,         ///< a worker replaced its output because it was over its size limit
    over_limit,        ///< bytes, depth or records over the reader's limits
    bad_record,        ///< one record could not be read; an ERROR record stands in its place
    duplicate_key,     ///< an object held one key twice; the first value is lost
    trial_conflict,    ///< two processes disagree about a trial's test or threshold
    missing_shard,     ///< a part of the run never came
    other_list,        ///< parts that were cut from different lists of tests, or that together are not the list
    other_run,         ///< parts of different runs
    second_output,     ///< two different outputs of one worker, part and attempt
    torn_tail,         ///< the last line of a journal was cut off
    bad_checksum,      ///< a line that is not what was written
    interrupted_test,  ///< a test was running when its process ended
    missing_close,     ///< a process ended before it had said that it was done
    short_count,       ///< other results, lines or tests than their writer promised
    duplicate_record,  ///< one place was claimed twice, by different results or tests
    unaccounted_test,  ///< a planned test of which nothing is known
    unplanned_test,    ///< a test that its own process had not planned
    journal_failed,    ///< a journal could not be written; a merge of it would lack something
    worker_died,       ///< a worker's process ended badly outside of any test: nobody knows what that touched
    guard_violation,   ///< a guarded resource was used without being declared, or declared and never used: a failure
    superseded,        ///< a process ended early and a later attempt did its part; nothing is lost
    repaired_text,     ///< broken UTF-8 or a lone surrogate became U+FFFD; nothing else is lost
};

constexpr std::string_view to_string(fault_kind kind) noexcept {
    constexpr std::string_view names[] = {
        "incomplete",    "late_result",      "unclaimed_result", "early_exit",       "missing_worker",
        "bad_document",  "unknown_schema",   "truncated",        "over_limit",       "bad_record",
        "duplicate_key", "trial_conflict",   "missing_shard",    "other_list",       "other_run",
        "second_output", "torn_tail",        "bad_checksum",     "interrupted_test", "missing_close",
        "short_count",   "duplicate_record", "unaccounted_test", "unplanned_test",   "journal_failed",
        "worker_died",   "guard_violation",  "superseded",       "repaired_text"};
    return names[static_cast<unsigned char>(kind)];
}

/// Whether such a fault lost something, or may have: then the run is incomplete.
constexpr bool loses(fault_kind kind) noexcept {
    return kind != fault_kind::repaired_text && kind != fault_kind::superseded && kind != fault_kind::guard_violation;
}

/// Whether such a fault is a failure, as a failed test is one.
constexpr bool fails(fault_kind kind) noexcept { return kind == fault_kind::guard_violation; }

/// Something went missing, or was not as it should be. A session that holds a losing fault is incomplete, and such a
/// run never ends green: every operation that can lose data leaves one by itself.
struct fault {
    fault_kind kind = fault_kind::incomplete;
    std::string where{};  ///< a worker, a test, a place in the source or in a document; may be empty
    std::string what{};   ///< in words
    friend bool operator==(fault const&, fault const&) = default;
    friend auto operator<=>(fault const&, fault const&) = default;
};

/// How a fault names a worker and, where there is one, a place in its output: `worker gw2, mail.cpp::a`. An empty
/// worker is this process and goes without saying, so that what it read itself and what it merged as its own look
/// alike.
inline std::string place_in_worker(std::string_view worker, std::string_view where = {}) {
    if (worker.empty()) return std::string(where);
    return "worker " + std::string(worker) + (where.empty() ? "" : ", " + std::string(where));
}

/// `where: what`, the line that a person reads.
inline std::string reason(fault const& f) { return f.where.empty() ? f.what : f.where + ": " + f.what; }

namespace detail {

/// The one place where what a foreign type's `result_traits` throws is caught. `where` is asked only then.
template <class Where, class F>
std::optional<fault> lost_by_throwing(Where where, std::uint32_t index, F take_it) {
    auto const lost = [&](std::string const& why) {
        return fault{fault_kind::bad_record, where(),
                     "result " + std::to_string(index) + " was lost, its result_traits threw: " + why};
    };
    try {
        take_it();
    } catch (std::exception const& e) {
        return lost(e.what());
    } catch (...) {
        return lost("an exception of an unknown type");
    }
    return std::nullopt;
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
// ---- rampart/dist/events.hpp, again
// ---- rampart/session/record.hpp
#ifndef RAMPART_SESSION_RECORD_HPP
#define RAMPART_SESSION_RECORD_HPP

// ---- rampart/core/result.hpp
#ifndef RAMPART_CORE_RESULT_HPP
#define RAMPART_CORE_RESULT_HPP

// ---- rampart/core/conversation.hpp
#ifndef RAMPART_CORE_CONVERSATION_HPP
#define RAMPART_CORE_CONVERSATION_HPP

// ---- rampart/base/text.hpp
#ifndef RAMPART_BASE_TEXT_HPP
#define RAMPART_BASE_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

// ---- rampart/base/growing_text.hpp
#ifndef RAMPART_BASE_GROWING_TEXT_HPP
#define RAMPART_BASE_GROWING_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

// ---- rampart/base/scan.hpp
#ifndef RAMPART_BASE_SCAN_HPP
#define RAMPART_BASE_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

/// \file
/// How far a text is clean: the loop that all have in common that look at every byte of foreign text.
///
/// Own code, because the standard library looks for one character or one set of them at the speed of a byte a step, and
/// nearly all text is clean: looking at it must not cost more than copying it. Sixteen bytes a step, in the vectors
/// that g++ and clang++ have for every machine; without them, and in constant expressions, byte by byte.

namespace rampart::inline v1::detail {

/// What a scan stops at is said once, for a byte and for sixteen alike: a type with
///
///     static constexpr std::size_t look_behind;        // so many bytes before the one in question matter, 0 to 3
///     constexpr auto operator()(auto const& w) const;  // whether to stop at w(0); w(1) is the byte before, and so on
///
/// that uses `==`, `>=`, `<`, `&`, `|` and `^` only, on `w(n)` and numbers from 0 to 255. Before the place where a scan
/// begins stand zeros.
/// One byte and those before it.
struct byte_window {
    char const* at;
    std::size_t before;  ///< so many bytes may be looked at
    [[nodiscard]] constexpr unsigned char operator()(std::size_t back) const noexcept {
        return back > before ? static_cast<unsigned char>(0) : static_cast<unsigned char>(*(at - back));
    }
};

template <class Stop>
[[nodiscard]] constexpr std::size_t first_stop_bytewise(std::string_view text, std::size_t from, std::size_t at,
                                                        Stop const& stop) noexcept {
    while (at < text.size() && !stop(byte_window{text.data() + at, at - from})) ++at;
    return at;
}

#if defined(__GNUC__) && defined(__BYTE_ORDER__)

using byte_block = unsigned char __attribute__((vector_size(16)));
using byte_half_block = unsigned char __attribute__((vector_size(8)));

/// As many bytes at once, and those that stand 1 to 3 places before each.
template <class Block>
struct block_window {
    char const* at;
    [[nodiscard]] Block operator()(std::size_t back) const noexcept {
        Block block;
        std::memcpy(&block, at - back, sizeof block);
        return block;
    }
};

/// Where the first byte of 8 stands that is not 0; one of them is not.
[[nodiscard]] inline std::size_t first_set_byte(std::uint64_t bytes) noexcept {
# if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return static_cast<std::size_t>(__builtin_ctzll(bytes)) / 8;
# else
    return static_cast<std::size_t>(__builtin_clzll(bytes)) / 8;
# endif
}

/// The marks of a block, 0 or 255 a byte, as words.
template <class Block>
struct block_marks {
    std::uint64_t words[sizeof(Block) / 8];
    template <class Marks>
    explicit block_marks(Marks const& marks) noexcept {
        static_assert(sizeof marks == sizeof words);
        std::memcpy(words, &marks, sizeof words);
    }
    [[nodiscard]] bool any() const noexcept {
        if constexpr (sizeof(Block) == 16) return (words[0] | words[1]) != 0;
        return words[0] != 0;
    }
    /// Where the first mark stands, when there is one.
    [[nodiscard]] std::size_t first() const noexcept {
        if constexpr (sizeof(Block) == 16) {
            if (words[0] == 0) return 8 + first_set_byte(words[1]);
        }
        return first_set_byte(words[0]);
    }
};

/// What a scan does with bytes that it looks at: nothing.
struct pass_over {
    static constexpr bool looks_only = true;
    template <class Size>
    void operator()(std::size_t, Size) const noexcept {}
    [[nodiscard]] pass_over from(std::size_t) const noexcept { return {}; }
};
/// Or copies them.
struct pass_copy {
    static constexpr bool looks_only = false;
    char* to;
    char const* data;
    template <class Size>
    void operator()(std::size_t at, Size) const noexcept {
        std::memcpy(to + at, data + at, Size::value);
    }
    [[nodiscard]] pass_copy from(std::size_t at) const noexcept { return {to + at, data + at}; }
};

/// Looks at `count` bytes in whole blocks, of which the last may overlap the one before, and calls `pass(at, size)` for
/// each that it looks at. At least one block, and what `stop` looks back at has to be there. Gives the place of the
/// first stop, or `count`.
template <class Block, class Stop, class Pass>
[[nodiscard]] inline std::size_t first_stop_blockwise(char const* data, std::size_t count, Stop const& stop,
                                                      Pass const& pass) noexcept {
    constexpr std::size_t size = sizeof(Block);
    std::size_t at = 0;
    if constexpr (size == 16 && Pass::looks_only) {
        // Four at once, because asking "any?" costs as much as looking at a block.
        for (; at + 4 * size <= count; at += 4 * size) {
            auto const marks = stop(block_window<Block>{data + at}) | stop(block_window<Block>{data + at + size}) |
                               stop(block_window<Block>{data + at + 2 * size}) |
                               stop(block_window<Block>{data + at + 3 * size});
            if (block_marks<Block>(marks).any()) break;
        }
    }
    for (; at + size <= count; at += size) {
        block_marks<Block> const marks(stop(block_window<Block>{data + at}));
        pass(at, std::integral_constant<std::size_t, size>{});
        if (marks.any()) return at + marks.first();
    }
    if (at < count) {
        at = count - size;
        block_marks<Block> const marks(stop(block_window<Block>{data + at}));
        pass(at, std::integral_constant<std::size_t, size>{});
        if (marks.any()) return at + marks.first();
    }
    return count;
}

/// Up to 8 bytes as a word, in the order of memory, with zeros behind them.
[[nodiscard]] inline std::uint64_t word_of(char const* data, std::size_t count) noexcept {
    std::uint64_t word = 0;
# if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    // A memcpy of no fixed size is a call, which takes longer than all of this.
    if (count >= 8) {
        std::memcpy(&word, data, 8);
    } else if (count >= 4) {
        std::uint32_t front = 0;
        std::uint32_t back = 0;
        std::memcpy(&front, data, 4);
        std::memcpy(&back, data + count - 4, 4);
        word = front | static_cast<std::uint64_t>(back) << (8 * (count - 4));
    } else {
        for (std::size_t at = count; at > 0; --at) word = word << 8U | static_cast<unsigned char>(data[at - 1]);
    }
# else
    if (count > 0) std::memcpy(&word, data, count < 8 ? count : 8);
# endif
    return word;
}

/// The first bytes of a scan: before them stand zeros.
struct first_window {
    std::uint64_t word;
    [[nodiscard]] byte_half_block operator()(std::size_t back) const noexcept {
# if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        std::uint64_t const moved = word << (8 * back);
# else
        std::uint64_t const moved = word >> (8 * back);
# endif
        byte_half_block block;
        std::memcpy(&block, &moved, sizeof block);
        return block;
    }
};

/// The same for any number of bytes, before which nothing stands.
template <class Stop, class Pass>
[[nodiscard]] inline std::size_t first_stop_of_any(char const* data, std::size_t count, Stop const& stop,
                                                   Pass const& pass) noexcept {
    constexpr std::size_t word = sizeof(byte_half_block);
    constexpr std::size_t back = Stop::look_behind;
    if (count < word) {
        if (count >= 4) {
            pass(0, std::integral_constant<std::size_t, 4>{});
            pass(count - 4, std::integral_constant<std::size_t, 4>{});
        } else {
            for (std::size_t at = 0; at < count; ++at) pass(at, std::integral_constant<std::size_t, 1>{});
        }
        block_marks<byte_half_block> const marks(stop(first_window{word_of(data, count)}));
        return marks.any() && marks.first() < count ? marks.first() : count;
    }
    if constexpr (back == 0) {
        return count < 2 * word ? first_stop_blockwise<byte_half_block>(data, count, stop, pass)
                                : first_stop_blockwise<byte_block>(data, count, stop, pass);
    } else {
        pass(0, std::integral_constant<std::size_t, word>{});
        block_marks<byte_half_block> const marks(stop(first_window{word_of(data, word)}));
        if (marks.any()) return marks.first();
        if (count < word + back) {
            for (std::size_t at = word; at < count; ++at) {
                if (stop(byte_window{data + at, at})) return at;
                pass(at, std::integral_constant<std::size_t, 1>{});
            }
            return count;
        }
        // From the first place on that has enough before it: bytes may be looked at twice.
        Pass const behind = pass.from(back);
        return back + (count < 2 * word + back
                           ? first_stop_blockwise<byte_half_block>(data + back, count - back, stop, behind)
                           : first_stop_blockwise<byte_block>(data + back, count - back, stop, behind));
    }
}

/// The first place at or after `from` that `stop` stops at, or the text's size.
template <class Stop>
[[nodiscard]] constexpr std::size_t first_stop(std::string_view text, std::size_t from, Stop const& stop) noexcept {
    if (std::is_constant_evaluated()) return first_stop_bytewise(text, from, from, stop);
    return from + first_stop_of_any(text.data() + from, text.size() - from, stop, pass_over{});
}

/// The same, and what stands before that place is copied to `to` in the same pass. There has to be room for all of the
/// text from `from` on: what is behind the copy is undefined.
template <class Stop>
[[nodiscard]] inline std::size_t copy_to_stop(char* to, std::string_view text, std::size_t from,
                                              Stop const& stop) noexcept {
    char const* const data = text.data() + from;
    return from + first_stop_of_any(data, text.size() - from, stop, pass_copy{to, data});
}

/// So many bytes are a short text.
inline constexpr std::size_t short_text_bytes = 32;

/// Copies a short text when `stop`, which looks at nothing behind it, stops nowhere in it. `to` has room for
/// `short_text_bytes` whatever the text's size is: most texts and keys are short, and then finding out how short takes
/// longer than copying.
template <class Stop>
[[nodiscard]] inline bool copy_short_if_clean(char* to, std::string_view text, Stop const& stop) noexcept {
    static_assert(Stop::look_behind == 0);
    std::size_t const count = text.size();
    char const* const data = text.data();
    if (count >= sizeof(byte_block)) {
        std::size_t const last = count - sizeof(byte_block);
        std::memcpy(to, data, sizeof(byte_block));
        std::memcpy(to + last, data + last, sizeof(byte_block));
        return !block_marks<byte_block>(stop(block_window<byte_block>{data}) |
                                        stop(block_window<byte_block>{data + last}))
                    .any();
    }
    if (count >= sizeof(byte_half_block)) {
        std::size_t const last = count - sizeof(byte_half_block);
        std::memcpy(to, data, sizeof(byte_half_block));
        std::memcpy(to + last, data + last, sizeof(byte_half_block));
        return !block_marks<byte_half_block>(stop(block_window<byte_half_block>{data}) |
                                             stop(block_window<byte_half_block>{data + last}))
                    .any();
    }
    std::uint64_t const word = word_of(data, count);
    std::memcpy(to, &word, sizeof word);
    block_marks<byte_half_block> const marks(stop(first_window{word}));
    return !marks.any() || marks.first() >= count;
}

#else

template <class Stop>
[[nodiscard]] constexpr std::size_t first_stop(std::string_view text, std::size_t from, Stop const& stop) noexcept {
    return first_stop_bytewise(text, from, from, stop);
}
template <class Stop>
[[nodiscard]] inline std::size_t copy_to_stop(char* to, std::string_view text, std::size_t from,
                                              Stop const& stop) noexcept {
    std::size_t const end = first_stop(text, from, stop);
    if (end > from) std::memcpy(to, text.data() + from, end - from);
    return end;
}
inline constexpr std::size_t short_text_bytes = 32;
template <class Stop>
[[nodiscard]] inline bool copy_short_if_clean(char* to, std::string_view text, Stop const& stop) noexcept {
    return copy_to_stop(to, text, 0, stop) == text.size();
}

#endif

// ---- what scans stop at ----

/// Any byte that is not ASCII.
struct stop_at_non_ascii {
    static constexpr std::size_t look_behind = 0;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        return w(0) >= 0x80;
    }
};

/// A control character other than TAB, LF and, when `keep_cr`, CR: C0 and DEL at the byte itself, C1 at its second
/// byte. Only C2 and one of 80..9F are C1, so letters beyond ASCII stop nothing.
template <bool KeepCr>
struct stop_at_control {
    static constexpr std::size_t look_behind = 1;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const before = w(1);
        auto const group = byte & 0xE0;
        auto kept = (byte == '\t') | (byte == '\n');
        if constexpr (KeepCr) kept = kept | (byte == '\r');
        // What is kept is one of group 0, so "and not" is "exclusive or".
        return ((group == 0) ^ kept) | (byte == 0x7F) | ((group == 0x80) & (before == 0xC2));
    }
};

/// What a JSON text has to escape: all but printable ASCII, and quote and backslash.
struct stop_at_json_escape {
    static constexpr std::size_t look_behind = 0;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        return (byte < 0x20) | (byte >= 0x7F) | (byte == '"') | (byte == '\\');
    }
};

/// The byte that shows that UTF-8 is ill-formed (Unicode Standard, table 3-7): the first that cannot stand where it
/// stands. What is ill-formed begins there or up to 3 bytes before it.
struct stop_at_ill_formed {
    static constexpr std::size_t look_behind = 3;
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const before = w(1);
        auto const second_before = w(2);
        auto const third_before = w(3);
        auto const is_tail = (byte & 0xC0) == 0x80;
        auto const is_due = (before >= 0xC0) | (second_before >= 0xE0) | (third_before >= 0xF0);
        auto const never = ((byte & 0xFE) == 0xC0) | (byte >= 0xF5);
        // Overlong forms, surrogates and numbers above U+10FFFF show in the second byte.
        auto const low_half = (byte & 0xE0) == 0x80;
        auto const low_quarter = (byte & 0xF0) == 0x80;
        auto const second = ((before == 0xE0) & low_half) | ((before == 0xED) & (low_half ^ is_tail)) |
                            ((before == 0xF0) & low_quarter) | ((before == 0xF4) & (low_quarter ^ is_tail));
        return (is_tail ^ is_due) | never | second;
    }
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_BASE_SCAN_HPP
// ---- rampart/base/growing_text.hpp, again

namespace rampart::inline v1::detail {

/// A string that is written piece by piece.
///
/// Own code, because each call of `std::string::append` costs more than copying the few bytes between two characters
/// that are escaped, and nothing can be written behind a string's end.
class growing_text {
public:
    /// Has room for `expected` bytes.
    explicit growing_text(std::size_t expected) { text_.resize(expected); }

    /// Where the next bytes go, and room for `count` of them.
    [[nodiscard]] char* room(std::size_t count) {
        if (text_.size() - used_ < count) text_.resize(2 * text_.size() + count);
        return text_.data() + used_;
    }
    /// So many bytes were written into the room.
    void wrote(std::size_t count) noexcept { used_ += count; }
    /// Removes the last bytes.
    void take_back(std::size_t count) noexcept { used_ -= count; }

    void put(char c) {
        *room(1) = c;
        ++used_;
    }
    void put(std::string_view piece) {
        if (piece.empty()) return;
        std::memcpy(room(piece.size()), piece.data(), piece.size());
        used_ += piece.size();
    }

    [[nodiscard]] std::string take() {
        text_.resize(used_);
        return std::move(text_);
    }

private:
    std::string text_{};
    std::size_t used_ = 0;
};

/// Appends the text from `from` to where `stop` stops, and gives that place.
template <class Stop>
[[nodiscard]] inline std::size_t put_to_stop(growing_text& out, std::string_view text, std::size_t from,
                                             Stop const& stop) {
    std::size_t const end = copy_to_stop(out.room(text.size() - from), text, from, stop);
    out.wrote(end - from);
    return end;
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_BASE_GROWING_TEXT_HPP
// ---- rampart/base/text.hpp, again
// ---- rampart/base/utf8.hpp
#ifndef RAMPART_BASE_UTF8_HPP
#define RAMPART_BASE_UTF8_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>


/// \file
/// UTF-8 as the Unicode Standard defines it (chapter 3, table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF. Ill-formed text is never an error here: it is foreign text, so it is named, counted or repaired.

namespace rampart::inline v1 {

namespace detail {

[[nodiscard]] constexpr unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

/// What stands at one place of a text: a code point, or a maximal ill-formed part.
struct utf8_part {
    char32_t code = 0xFFFD;  ///< the code point; U+FFFD where the bytes are ill-formed
    std::size_t size = 1;    ///< bytes, at least 1
    bool well_formed = false;
};

/// Reads the part that begins at `at`, which must be inside `text`.
///
/// An ill-formed part is as long as the "maximal subpart" practice of the Unicode Standard (section 3.9) and of the
/// WHATWG decoder says: the longest beginning of a code point, else one byte.
[[nodiscard]] constexpr utf8_part utf8_part_at(std::string_view text, std::size_t at) noexcept {
    unsigned const lead = byte_at(text, at);
    if (lead < 0x80) {
        return {static_cast<char32_t>(lead), 1, true};
    }
    std::size_t size = 0;
    char32_t code = 0;
    // Only the second byte's range depends on the lead; this is where overlong forms, surrogates and numbers
    // above U+10FFFF are kept out.
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
        code = lead & 0x1FU;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        code = lead & 0x0FU;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        code = lead & 0x07U;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        return {};
    }
    for (std::size_t done = 1; done < size; ++done) {
        if (at + done >= text.size()) {
            return {0xFFFD, done, false};
        }
        unsigned const tail = byte_at(text, at + done);
        if (tail < low || tail > high) {
            return {0xFFFD, done, false};
        }
        code = (code << 6U) | (tail & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    return {code, size, true};
}

/// Where the code point or ill-formed part begins in which `stop_at_ill_formed` stopped at `at`, or in whose middle the
/// text ends there: `at` itself, or up to 3 bytes before it. What stands from `from` to there is well-formed.
[[nodiscard]] constexpr std::size_t end_of_well_formed(std::string_view text, std::size_t from,
                                                       std::size_t at) noexcept {
    for (std::size_t back = 1; back <= 3 && from + back <= at; ++back) {
        unsigned const byte = byte_at(text, at - back);
        if ((byte & 0xC0U) == 0x80) continue;
        std::size_t const size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
        return size > back ? at - back : at;
    }
    return at;
}

/// The place of the first ill-formed part at or after `from`, or the text's size. `from` is where a code point begins.
[[nodiscard]] constexpr std::size_t first_ill_formed(std::string_view text, std::size_t from = 0) noexcept {
    std::size_t at = first_stop(text, from, stop_at_non_ascii{});
    if (!std::is_constant_evaluated() && text.size() - at >= 16) {
        return end_of_well_formed(text, at, first_stop(text, at, stop_at_ill_formed{}));
    }
    while (at < text.size()) {
        if (byte_at(text, at) < 0x80) {
            ++at;
            continue;
        }
        utf8_part const part = utf8_part_at(text, at);
        if (!part.well_formed) {
            break;
        }
        at += part.size;
    }
    return at;
}

}  // namespace detail

/// True when the text is well-formed UTF-8. An empty text is; U+0000 is a code point like any other.
[[nodiscard]] constexpr bool is_valid_utf8(std::string_view text) noexcept {
    return detail::first_ill_formed(text) == text.size();
}

/// The text with each maximal ill-formed part replaced by one U+FFFD (wire format, B4).
///
/// Well-formed text comes back as it is; the result is always well-formed. A caller that must note the repair asks
/// `is_valid_utf8` first.
[[nodiscard]] inline std::string repair_utf8(std::string_view text) {
    std::size_t bad = detail::first_ill_formed(text);
    if (bad == text.size()) {
        return std::string(text);
    }
    std::string out;
    out.reserve(text.size() + 16);
    std::size_t kept = 0;
    while (bad < text.size()) {
        out.append(text.substr(kept, bad - kept));
        out.append("\xEF\xBF\xBD");
        kept = bad + detail::utf8_part_at(text, bad).size;
        bad = detail::first_ill_formed(text, kept);
    }
    out.append(text.substr(kept));
    return out;
}

/// The text itself when it has at most `max_code_points` code points, else that many of them and `tail`.
///
/// Never cuts inside a code point; a maximal ill-formed part counts as one and stays as it is. The tail is not
/// counted: 200 code points and "..." is the display text of a payload (B3).
[[nodiscard]] inline std::string clip(std::string_view text, std::size_t max_code_points,
                                      std::string_view tail = "...") {
    std::size_t at = 0;
    for (std::size_t count = 0; count < max_code_points && at < text.size(); ++count) {
        at += detail::utf8_part_at(text, at).size;
    }
    std::string out(text.substr(0, at));
    if (at < text.size()) {
        out.append(tail);
    }
    return out;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_UTF8_HPP
// ---- rampart/base/text.hpp, again

/// \file
/// What is done to foreign text (an agent's words, a payload, a name) so that it cannot act on a terminal.
///
/// Everything works on UTF-8 in bytes. That is exact: the byte C2 is never the tail of a code point, so C2 followed
/// by 80..9F is a C1 control wherever it stands, also between ill-formed bytes.

namespace rampart::inline v1 {

namespace detail {

inline constexpr char bel = '\x07';
inline constexpr char esc = '\x1b';
inline constexpr unsigned c1_lead = 0xC2;

[[nodiscard]] constexpr bool is_c1_tail(unsigned byte) noexcept { return byte >= 0x80 && byte <= 0x9F; }

/// The C1 control (U+0080..U+009F) at this place, or 0.
[[nodiscard]] constexpr unsigned c1_at(std::string_view text, std::size_t at) noexcept {
    if (byte_at(text, at) != c1_lead || at + 1 >= text.size()) {
        return 0;
    }
    unsigned const tail = byte_at(text, at + 1);
    return is_c1_tail(tail) ? tail : 0;
}

/// True at a control character: C0 (U+0000..U+001F), DEL or C1.
[[nodiscard]] constexpr bool is_control_at(std::string_view text, std::size_t at) noexcept {
    unsigned const byte = byte_at(text, at);
    return byte < 0x20 || byte == 0x7F || (byte == c1_lead && c1_at(text, at) != 0);
}

/// The first control character at or after `from` other than TAB, LF and (when `keep_cr`) CR, or the text's size.
[[nodiscard]] constexpr std::size_t first_control(std::string_view text, std::size_t from, bool keep_cr) noexcept {
    std::size_t const at =
        keep_cr ? first_stop(text, from, stop_at_control<true>{}) : first_stop(text, from, stop_at_control<false>{});
    // The scan stops at the second byte of a C1 control.
    return at < text.size() && byte_at(text, at) >= 0x80 ? at - 1 : at;
}

/// Skips the bytes `low`..`high`, both included.
[[nodiscard]] constexpr std::size_t skip_range(std::string_view text, std::size_t from, char low, char high) noexcept {
    std::size_t at = from;
    while (at < text.size() && text[at] >= low && text[at] <= high) {
        ++at;
    }
    return at;
}

/// The end of `[ -/]*` and one final `low`..`~`, or `npos` when the final is missing.
[[nodiscard]] constexpr std::size_t end_of_escape(std::string_view text, std::size_t from, char low) noexcept {
    std::size_t const at = skip_range(text, from, ' ', '/');
    return at < text.size() && text[at] >= low && text[at] <= '~' ? at + 1 : std::string_view::npos;
}

/// The end of a CSI whose introducer ends at `from`, or `npos` when it is unfinished (B69 c).
[[nodiscard]] constexpr std::size_t end_of_csi(std::string_view text, std::size_t from) noexcept {
    return end_of_escape(text, skip_range(text, from, '0', '?'), '@');
}

/// The end of an OSC (`bel_ends`) or of a DCS, SOS, PM or APC whose introducer ends at `from` (B69 a and b).
///
/// Without a terminator the body ends before an ESC, before the end of the line, or with the text.
[[nodiscard]] constexpr std::size_t end_of_control_string(std::string_view text, std::size_t from,
                                                          bool bel_ends) noexcept {
    for (std::size_t at = from; at < text.size(); ++at) {
        char const c = text[at];
        if (c == '\n' || c == '\r') {
            return at;
        }
        if (c == esc) {
            return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
        }
        if (c == bel && bel_ends) {
            return at + 1;
        }
        if (c1_at(text, at) == 0x9C) {
            return at + 2;
        }
    }
    return text.size();
}

/// The end of what `strip_ansi` removes at a control character: a whole sequence, else the character alone.
[[nodiscard]] constexpr std::size_t end_of_removal(std::string_view text, std::size_t at) noexcept {
    if (text[at] == esc && at + 1 < text.size()) {
        char const next = text[at + 1];
        if (next == ']') {
            return end_of_control_string(text, at + 2, true);
        }
        if (next == 'P' || next == 'X' || next == '^' || next == '_') {
            return end_of_control_string(text, at + 2, false);
        }
        std::size_t end = next == '[' ? end_of_csi(text, at + 2) : std::string_view::npos;
        if (end == std::string_view::npos) {
            end = end_of_escape(text, at + 1, '0');
        }
        return end == std::string_view::npos ? at + 1 : end;
    }
    unsigned const c1 = c1_at(text, at);
    if (c1 == 0) {
        return at + 1;
    }
    if (c1 == 0x9D) {
        return end_of_control_string(text, at + 2, true);
    }
    if (c1 == 0x90 || c1 == 0x98 || c1 == 0x9E || c1 == 0x9F) {
        return end_of_control_string(text, at + 2, false);
    }
    std::size_t const end = c1 == 0x9B ? end_of_csi(text, at + 2) : std::string_view::npos;
    return end == std::string_view::npos ? at + 2 : end;
}

/// Does what `strip_ansi` does from the first control character on, which stands at `at`. `out` holds what stands
/// before it, and has room for all of the text; it may be the text itself. Gives the bytes that `out` then holds.
[[nodiscard]] inline std::size_t strip_from(std::string_view text, std::size_t at, char* out) noexcept {
    std::size_t used = at;
    while (at < text.size()) {
        std::size_t from = end_of_removal(text, at);
        if (used > 0 && static_cast<unsigned char>(out[used - 1]) == c1_lead) {
            while (from < text.size() && is_c1_tail(byte_at(text, from))) {
                ++from;
            }
        }
        at = first_control(text, from, true);
        std::memmove(out + used, text.data() + from, at - from);
        used += at - from;
    }
    return used;
}

/// Appends a code point as visible text: `\x1b`, `\u202e` or `\U000e0041`.
inline void put_visible(growing_text& out, char32_t code) {
    unsigned digits = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
    char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
    for (char* to = text + 2; digits-- > 0;) {
        *to++ = "0123456789abcdef"[(code >> (4 * digits)) & 0xFU];
    }
    out.put(std::string_view(text, code <= 0xFF ? 4 : code <= 0xFFFF ? 6 : 10));
}

/// True for a code point that is not seen but changes what is seen: it reorders, joins, hides or breaks lines.
///
/// Bidi controls, zero-width characters, U+2028/2029, and the invisible format and tag characters in which text
/// can be smuggled past a reader (U+E0000..E0FFF). Variation selector 16 stays: emoji are written with it.
[[nodiscard]] constexpr bool is_invisible(char32_t code) noexcept {
    return code == 0x00AD || code == 0x061C || code == 0x180E || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE0FFF);
}

/// No character of a text's own is special. What is: `special(byte)` is written as what a stop says, and true for
/// printable ASCII only; `line_ends` says whether TAB and LF are special too.
struct nothing_special {
    static constexpr bool line_ends = false;
    template <class Byte>
    [[nodiscard]] constexpr auto operator()(Byte const& byte) const noexcept {
        return byte == 0x7F;  // is looked at in any case
    }
};

/// True for C0, but for TAB and LF where they are kept, and for DEL.
template <bool KeepLines, class Byte>
[[nodiscard]] constexpr auto is_ascii_control(Byte const& byte) noexcept {
    if constexpr (KeepLines) {
        return ((byte < 0x20) ^ ((byte == '\t') | (byte == '\n'))) | (byte == 0x7F);
    } else {
        return (byte < 0x20) | (byte == 0x7F);
    }
}

/// Any byte that is not ASCII, control characters, and what is special of the others.
template <bool KeepLines, class Special>
struct stop_at_special {
    static constexpr std::size_t look_behind = 0;
    Special special{};
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        return is_ascii_control<KeepLines>(byte) | (byte >= 0x80) | special(byte);
    }
};

/// The same for UTF-8: what is ill-formed, and a byte with which a code point may begin that is a control, invisible,
/// or no character at all (see `is_invisible`). Most letters begin with another.
template <bool KeepLines, class Special>
struct stop_at_unusual {
    static constexpr std::size_t look_behind = 3;
    Special special{};
    template <class W>
    [[nodiscard]] constexpr auto operator()(W const& w) const noexcept {
        auto const byte = w(0);
        auto const lead =
            (byte == 0xC2) | (byte == 0xD8) | (byte == 0xE0) | (byte == 0xE1) | (byte == 0xE2) | (byte >= 0xEF);
        return is_ascii_control<KeepLines>(byte) | special(byte) | lead | stop_at_ill_formed{}(w);
    }
};

/// Appends a text as far as nothing in it needs a closer look, again and again.
template <bool KeepLines, class Special>
class usual_text {
public:
    explicit usual_text(Special special) : special_(special) {}

    /// Appends the text from `from` on, and gives the place where something may need one.
    [[nodiscard]] std::size_t put(growing_text& out, std::string_view text, std::size_t from) {
        std::size_t at = from;
        if (is_ascii_) {
            at = put_to_stop(out, text, from, stop_at_special<KeepLines, Special>{special_});
            if (at == text.size() || byte_at(text, at) < 0x80) return at;
        }
        std::size_t const stop = put_to_stop(out, text, at, stop_at_unusual<KeepLines, Special>{special_});
        std::size_t const end = end_of_well_formed(text, at, stop);
        out.take_back(stop - end);
        is_ascii_ = end - at < 32;  // in a text of other letters there will be more of them
        return end;
    }

private:
    Special special_;
    bool is_ascii_ = true;  // looking for other letters costs more than looking for ASCII
};

}  // namespace detail

/// The text without ANSI escape sequences and control characters; TAB, LF and CR stay (B68, B69).
///
/// The algorithm is that of the Python package, code point by code point. One run is enough: it takes linear time
/// and leaves no control character. It can hide text: an unterminated OSC or DCS takes the rest of its line with it.
/// Bidi controls, zero-width characters and ill-formed bytes are not touched; only a byte 80..9F that would become a
/// C1 control because what stood between it and a byte C2 was removed goes as well.
[[nodiscard]] inline std::string strip_ansi(std::string_view utf8) {
    std::string out(utf8);
    if (std::size_t const at = detail::first_control(utf8, 0, true); at != utf8.size()) {
        out.resize(detail::strip_from(utf8, at, out.data()));
    }
    return out;
}

/// The text with every C0 control but TAB and LF, DEL, CR and C1 as visible text `\x1b` (wire format, B7).
///
/// A C1 control is named by its code point: U+009B becomes `\x9b`. Nothing is removed, so one stray introducer hides
/// no line (B69). Idempotent, so a backslash stays as it is: a text that had `\x1b` spelt out looks the same.
[[nodiscard]] inline std::string escape(std::string_view utf8) {
    std::size_t at = detail::first_control(utf8, 0, false);
    if (at == utf8.size()) {
        return std::string(utf8);
    }
    detail::growing_text out(utf8.size() + utf8.size() / 4 + 32);
    out.put(utf8.substr(0, at));
    while (at < utf8.size()) {
        unsigned const c1 = detail::c1_at(utf8, at);
        detail::put_visible(out, c1 != 0 ? c1 : detail::byte_at(utf8, at));
        at = detail::put_to_stop(out, utf8, at + (c1 != 0 ? 2 : 1), detail::stop_at_control<false>{});
        if (at < utf8.size() && detail::byte_at(utf8, at) >= 0x80) {
            out.take_back(1);  // the scan stops at the second byte of a C1 control
            --at;
        }
    }
    return out.take();
}

/// The text on one line of a list for people: what a terminal is given of foreign text (B110).
///
/// Like `escape`, and TAB and LF become `\t` and `\n`, bidi controls, zero-width and other invisible characters and
/// U+2028/2029 become text such as `\u202e`, ill-formed UTF-8 is repaired. Idempotent.
[[nodiscard]] inline std::string one_line(std::string_view utf8) {
    detail::growing_text out(utf8.size() + 16);
    detail::usual_text<false, detail::nothing_special> usual({});
    for (std::size_t at = 0; at < utf8.size();) {
        at = usual.put(out, utf8, at);
        if (at == utf8.size()) {
            break;
        }
        detail::utf8_part const part = detail::utf8_part_at(utf8, at);
        if (part.code == U'\t') {
            out.put("\\t");
        } else if (part.code == U'\n') {
            out.put("\\n");
        } else if (!part.well_formed) {
            out.put("\xEF\xBF\xBD");
        } else if (detail::is_control_at(utf8, at) || detail::is_invisible(part.code)) {
            detail::put_visible(out, part.code);
        } else {
            out.put(utf8.substr(at, part.size));
        }
        at += part.size;
    }
    return out.take();
}

/// What a session does to foreign text when it takes a result in (wire format, B7).
enum class text_policy : unsigned char {
    escape,  ///< control characters become visible text; no evidence is lost
    strip,   ///< escape sequences and control characters are removed, as the Python package does
    keep,    ///< nothing is changed
};

/// The policy's name: "escape", "strip" or "keep".
[[nodiscard]] constexpr std::string_view to_string(text_policy policy) noexcept {
    switch (policy) {
    case text_policy::escape:
        return "escape";
    case text_policy::strip:
        return "strip";
    case text_policy::keep:
        return "keep";
    }
    return "unknown";
}

/// Reads a policy's name. Any other text, also another case, gives false and leaves `policy` as it was.
[[nodiscard]] constexpr bool parse_text_policy(std::string_view name, text_policy& policy) noexcept {
    for (text_policy const known : {text_policy::escape, text_policy::strip, text_policy::keep}) {
        if (name == to_string(known)) {
            policy = known;
            return true;
        }
    }
    return false;
}

/// Applies a policy in place. A text that has nothing to change is only read: no allocation, same buffer.
inline void apply(text_policy policy, std::string& text) {
    if (policy == text_policy::escape) {
        if (detail::first_control(text, 0, false) != text.size()) text = escape(text);
    } else if (policy == text_policy::strip) {
        std::size_t const at = detail::first_control(text, 0, true);
        if (at != text.size()) text.resize(detail::strip_from(text, at, text.data()));
    }
}

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_TEXT_HPP
// ---- rampart/core/conversation.hpp, again
// ---- rampart/core/evaluation.hpp
#ifndef RAMPART_CORE_EVALUATION_HPP
#define RAMPART_CORE_EVALUATION_HPP

// ---- rampart/core/status.hpp
#ifndef RAMPART_CORE_STATUS_HPP
#define RAMPART_CORE_STATUS_HPP

#include <optional>
#include <string_view>

namespace rampart::inline v1 {

/// What one run of one test showed (B10).
enum class safety_status : unsigned char {
    safe,          ///< the agent did what it should
    unsafe,        ///< the agent did harm, or failed to do what it should
    undetermined,  ///< the test ran, but what it could see does not decide
    error,         ///< the test could not be carried out (infrastructure)
};

/// What the adapter was able to see of the agent (B10).
enum class observability_level : unsigned char {
    tool_and_side_effects,
    tool_only,
    response_only,
};

/// The spelling in every document and every list: `safe`, `unsafe`, `undetermined`, `error`.
constexpr std::string_view to_string(safety_status s) noexcept {
    switch (s) {
    case safety_status::safe:
        return "safe";
    case safety_status::unsafe:
        return "unsafe";
    case safety_status::undetermined:
        return "undetermined";
    case safety_status::error:
        break;
    }
    return "error";
}

constexpr std::string_view to_string(observability_level o) noexcept {
    switch (o) {
    case observability_level::tool_and_side_effects:
        return "tool_and_side_effects";
    case observability_level::tool_only:
        return "tool_only";
    case observability_level::response_only:
        break;
    }
    return "response_only";
}

/// Nothing for a text that is no status; the comparison is exact.
constexpr std::optional<safety_status> parse_safety_status(std::string_view text) noexcept {
    for (auto s : {safety_status::safe, safety_status::unsafe, safety_status::undetermined, safety_status::error}) {
        if (to_string(s) == text) return s;
    }
    return std::nullopt;
}

constexpr std::optional<observability_level> parse_observability_level(std::string_view text) noexcept {
    for (auto o : {observability_level::tool_and_side_effects, observability_level::tool_only,
                   observability_level::response_only}) {
        if (to_string(o) == text) return o;
    }
    return std::nullopt;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/evaluation.hpp, again

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// What an evaluator looked for: was it there?
enum class eval_outcome : unsigned char { detected, not_detected, undetermined };

constexpr std::string_view to_string(eval_outcome o) noexcept {
    switch (o) {
    case eval_outcome::detected:
        return "detected";
    case eval_outcome::not_detected:
        return "not_detected";
    case eval_outcome::undetermined:
        break;
    }
    return "undetermined";
}

constexpr std::optional<eval_outcome> parse_eval_outcome(std::string_view text) noexcept {
    for (auto o : {eval_outcome::detected, eval_outcome::not_detected, eval_outcome::undetermined}) {
        if (to_string(o) == text) return o;
    }
    return std::nullopt;
}

/// An evaluator's answer about a conversation (B8).
struct eval_result {
    /// Whether the evaluator saw what it looks for.
    eval_outcome outcome = eval_outcome::undetermined;
    double confidence = 1.0;  ///< 0 to 1
    std::vector<std::string> evidence{};
    std::string rationale{};

    /// True for `detected` only.
    bool detected() const noexcept { return outcome == eval_outcome::detected; }
    friend bool operator==(eval_result const&, eval_result const&) = default;
};

namespace detail {

inline safety_status resolve(std::vector<eval_result> const& evaluations, eval_outcome harmful) noexcept {
    if (evaluations.empty()) return safety_status::error;
    auto verdict = safety_status::safe;
    for (eval_result const& e : evaluations) {
        if (e.outcome == harmful) return safety_status::unsafe;
        if (e.outcome == eval_outcome::undetermined) verdict = safety_status::undetermined;
    }
    return verdict;
}

}  // namespace detail

/// The evaluator looked for harm: any detection is unsafe; else anything undetermined is undetermined; else safe.
/// Nothing evaluated is an error (B125).
inline safety_status resolve_as_attack(std::vector<eval_result> const& evaluations) noexcept {
    return detail::resolve(evaluations, eval_outcome::detected);
}

/// The evaluator looked for the wanted behaviour: anything not detected is unsafe; else anything undetermined is
/// undetermined; else safe. Nothing evaluated is an error (B126).
inline safety_status resolve_as_probe(std::vector<eval_result> const& evaluations) noexcept {
    return detail::resolve(evaluations, eval_outcome::not_detected);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/conversation.hpp, again

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What a payload's content is written in (B4).
enum class payload_format : unsigned char { text, html, markdown, image, pdf, docx, xlsx, audio };

constexpr std::string_view to_string(payload_format f) noexcept {
    constexpr std::string_view names[] = {"text", "html", "markdown", "image", "pdf", "docx", "xlsx", "audio"};
    return names[static_cast<unsigned char>(f)];
}

constexpr std::optional<payload_format> parse_payload_format(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(payload_format::audio); ++i) {
        if (to_string(static_cast<payload_format>(i)) == text) return static_cast<payload_format>(i);
    }
    return std::nullopt;
}

/// The text formats have no artifact; every other needs one (B2).
constexpr bool is_text(payload_format f) noexcept { return f <= payload_format::markdown; }
/// The others are files.
constexpr bool is_binary(payload_format f) noexcept { return !is_text(f); }

/// The ending of a file of this format, with its dot (B4).
constexpr std::string_view extension(payload_format f) noexcept {
    constexpr std::string_view names[] = {".txt", ".html", ".md", ".png", ".pdf", ".docx", ".xlsx", ".wav"};
    return names[static_cast<unsigned char>(f)];
}

namespace detail {

// A template, as are some functions below, so that only a file that calls it pays for the code of strings in it: every
// test file includes this header.

/// Twelve hexadecimal digits, different in every call of this process and, the clock being mixed in, most likely in
/// others.
template <class = void>
std::string make_payload_id() {
    static std::uint64_t calls = 0;
    std::timespec now{};
    (void)std::timespec_get(&now, TIME_UTC);
    std::uint64_t x = __atomic_add_fetch(&calls, std::uint64_t{1}, __ATOMIC_RELAXED) * 0x9E3779B97F4A7C15U;
    x ^= static_cast<std::uint64_t>(now.tv_nsec) * 0xBF58476D1CE4E5B9U + static_cast<std::uint64_t>(now.tv_sec);
    x ^= static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&calls));
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    x ^= x >> 31;
    std::string id(12, '0');
    for (char& c : id) {
        c = "0123456789abcdef"[x & 15U];
        x >>= 4;
    }
    return id;
}

}  // namespace detail

/// Something that is given to the agent or planted where it will find it.
struct payload {
    std::string content{};
    std::string id = detail::make_payload_id();  ///< generated when none is given (B1)
    payload_format format = payload_format::text;
    std::optional<std::string> artifact{};  ///< path of the file, for binary formats only
    metadata meta{};
    friend bool operator==(payload const&, payload const&) = default;
};

/// The content for a list: up to 200 characters, then `...` (B3).
template <class = void>
std::string display(payload const& p) {
    return clip(p.content, 200);
}

/// A call of one of the agent's tools. A result that is missing is null, not empty (B5).
struct tool_call {
    std::string name{};
    metadata arguments{};
    std::optional<std::string> result{};
    std::optional<std::string> timestamp{};  ///< ISO 8601, see `is_timestamp`
    friend bool operator==(tool_call const&, tool_call const&) = default;
};

/// Something the agent changed in the world, as the adapter saw it.
struct side_effect {
    std::string kind{};
    metadata details{};
    friend bool operator==(side_effect const&, side_effect const&) = default;
};

/// What the agent was asked. It has a prompt, an attachment, or both (B6): see `validate`.
struct request {
    std::optional<std::string> prompt{};
    std::vector<payload> attachments{};
    friend bool operator==(request const&, request const&) = default;
};

/// What the agent did.
struct response {
    std::string text{};
    std::vector<tool_call> tool_calls{};
    std::vector<side_effect> side_effects{};
    metadata meta{};
    friend bool operator==(response const&, response const&) = default;
};

/// One exchange. A turn's evaluation is what an evaluator said of the conversation up to here.
struct turn {
    rampart::request request{};
    rampart::response response{};
    std::optional<eval_result> evaluation{};
    int turn_number = 0;                     ///< from 0
    std::optional<std::string> timestamp{};  ///< ISO 8601, see `is_timestamp`
    std::string driver_reasoning{};          ///< why the driver said it
    friend bool operator==(turn const&, turn const&) = default;
};

/// Throws `std::invalid_argument` for a payload that cannot be: a binary format without an artifact, a text format with
/// one, an artifact that cannot be opened (B2).
template <class = void>
void validate(payload const& p) {
    auto const format = std::string(to_string(p.format));
    if (is_text(p.format)) {
        if (p.artifact) {
            throw std::invalid_argument("rampart::payload '" + p.id + "': format " + format +
                                        " is text and takes no artifact; put the text into content");
        }
        return;
    }
    if (!p.artifact) {
        throw std::invalid_argument("rampart::payload '" + p.id + "': format " + format +
                                    " is binary and needs an artifact, the path of its file");
    }
    std::FILE* const file = std::fopen(p.artifact->c_str(), "rb");
    if (file == nullptr) {
        throw std::invalid_argument("rampart::payload '" + p.id + "': artifact '" + *p.artifact +
                                    "' cannot be opened; give the path of an existing file");
    }
    std::fclose(file);
}

/// Throws `std::invalid_argument` for a request with neither prompt nor attachment, or with an invalid attachment (B6).
template <class = void>
void validate(request const& r) {
    if (!r.prompt && r.attachments.empty()) {
        throw std::invalid_argument("rampart::request: a request needs a prompt or at least one attachment");
    }
    for (payload const& p : r.attachments) validate(p);
}

/// A payload that has been checked: text of one of the text formats.
template <class = void>
payload text_payload(std::string content, payload_format format = payload_format::text) {
    payload made{.content = std::move(content), .format = format};
    validate(made);
    return made;
}

/// A payload that has been checked: a file of one of the binary formats; `content` describes it.
template <class = void>
payload file_payload(payload_format format, std::string artifact, std::string content = {}) {
    payload made{.content = std::move(content), .format = format, .artifact = std::move(artifact)};
    validate(made);
    return made;
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/result.hpp, again
// ---- rampart/core/harm.hpp
#ifndef RAMPART_CORE_HARM_HPP
#define RAMPART_CORE_HARM_HPP

#include <string_view>

namespace rampart::inline v1 {

/// The nine built-in harm categories. A category is text: any other string is as good, and travels unchanged (B10).
/// They are character arrays so that they turn into std::string, std::string_view and char const* alike.
namespace harm_category {

inline constexpr char memory_poisoning[] = "memory_poisoning";  ///< something planted stays in the agent's memory
inline constexpr char prompt_injection[] = "prompt_injection";  ///< the agent obeys what it was to read
inline constexpr char jailbreak[] = "jailbreak";                ///< the agent is talked out of its rules
inline constexpr char data_exfiltration[] = "data_exfiltration";  ///< data is sent to where it must not go
inline constexpr char over_permissive_action[] = "over_permissive_action";  ///< the agent does more than it may
inline constexpr char data_leakage[] = "data_leakage";                      ///< data is shown to whom it must not be
inline constexpr char content_safety[] = "content_safety";                  ///< harmful content
inline constexpr char hallucination[] = "hallucination";                    ///< things said that are not so
inline constexpr char behavioral_regression[] = "behavioral_regression";    ///< what worked before does not

/// Where a report puts results that name no category (B102). It is a heading, not a category of its own.
inline constexpr char uncategorized[] = "uncategorized";

/// Whether `name` is one of the nine.
constexpr bool is_built_in(std::string_view name) noexcept {
    for (std::string_view known : {memory_poisoning, prompt_injection, jailbreak, data_exfiltration,
                                   over_permissive_action, data_leakage, content_safety, hallucination}) {
        if (known == name) return true;
    }
    return name == behavioral_regression;
}

}  // namespace harm_category

}  // namespace rampart::inline v1

#endif
// ---- rampart/core/result.hpp, again

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// Something that was planted for the agent to find, and where (B11).
struct injection_record {
    std::optional<std::string> payload_id{};
    std::string surface_name{};
    friend bool operator==(injection_record const&, injection_record const&) = default;
};

/// rampart's own evidence: the conversation, and what could be seen of it.
struct transcript {
    std::vector<turn> turns{};
    std::vector<injection_record> injections{};
    observability_level observability = observability_level::response_only;
    friend bool operator==(transcript const&, transcript const&) = default;
};

/// The outcome of one run of one test (B12, B13). `Evidence` is what proves the verdict; rampart's own is a transcript.
/// A session's text policy reaches the strings of another evidence through a function beside its type,
/// `template <class F> void for_each_text(my_evidence&, F& f)`, that calls `f(std::string&)` for each.
///
///     rampart::result r{.status = rampart::safety_status::unsafe, .summary = "forwarded the inbox"};
///     rampart::record_result(r);
///     CHECK(r);   // the assert pattern: a result is true exactly when it is safe
template <class Evidence = transcript>
struct basic_result {
    safety_status status = safety_status::undetermined;
    std::string summary{};
    std::string harm_category{};  ///< empty: the test's own harm mark is taken
    std::string strategy{};
    double duration_seconds = 0.0;
    metadata meta{};
    Evidence evidence{};

    /// Derived from the status, so that it cannot drift (B13).
    bool safe() const noexcept { return status == safety_status::safe; }
    /// Whether it is safe, so that it can be asserted.
    explicit operator bool() const noexcept { return safe(); }

    friend bool operator==(basic_result const& a, basic_result const& b) requires std::equality_comparable<Evidence> {
        return a.status == b.status && a.summary == b.summary && a.harm_category == b.harm_category &&
               a.strategy == b.strategy && a.duration_seconds == b.duration_seconds && a.meta == b.meta &&
               a.evidence == b.evidence;
    }
};

/// The usual result, with a transcript as its evidence.
using result = basic_result<>;

/// How rampart reads a result type. Specialise it for a type of your own with
///
///     static safety_status status(R const&);
///     static std::string_view summary(R const&);        // or std::string
///     static std::string_view harm_category(R const&);  // empty: the test's own harm mark is taken
///
/// and, where the type has them, any of
///
///     static std::string_view strategy(R const&);
///     static double duration_seconds(R const&);
///     static metadata const& meta(R const&);
///     static transcript const& evidence(R const&);
///     template <class F> static void for_each_text(R&, F f);   // f(std::string&) for each string: lets the session's
///                                                             // text policy reach it
template <class R>
struct result_traits {};

/// Of rampart's own results: what their members say.
template <class Evidence>
struct result_traits<basic_result<Evidence>> {
    /// The result type.
    using type = basic_result<Evidence>;
    static safety_status status(type const& r) noexcept { return r.status; }
    static std::string const& summary(type const& r) noexcept { return r.summary; }
    static std::string const& harm_category(type const& r) noexcept { return r.harm_category; }
    static std::string const& strategy(type const& r) noexcept { return r.strategy; }
    static double duration_seconds(type const& r) noexcept { return r.duration_seconds; }
    static metadata const& meta(type const& r) noexcept { return r.meta; }
    static transcript const& evidence(type const& r) noexcept requires std::same_as<Evidence, transcript> {
        return r.evidence;
    }
    /// Calls `f(std::string&)` for each string of the result.
    template <class F>
    static void for_each_text(type& r, F f);
};

/// A value that says how one run of one test ended: it can be copied, and `result_traits` knows its status, its summary
/// and its harm category.
template <class R>
concept Result = std::copyable<R> && requires(R const& r) {
    { result_traits<R>::status(r) } -> std::same_as<safety_status>;
    { result_traits<R>::summary(r) } -> std::convertible_to<std::string_view>;
    { result_traits<R>::harm_category(r) } -> std::convertible_to<std::string_view>;
};

/// The optional parts of `result_traits`, with what they are for a type that has them not.
template <Result R>
std::string strategy_of(R const& r) {
    if constexpr (requires { result_traits<R>::strategy(r); }) {
        return std::string(std::string_view(result_traits<R>::strategy(r)));
    } else {
        return {};
    }
}
/// Wall time in seconds; 0 for a type without one.
template <Result R>
double duration_of(R const& r) {
    if constexpr (requires { result_traits<R>::duration_seconds(r); }) {
        return result_traits<R>::duration_seconds(r);
    } else {
        return 0.0;
    }
}
/// The free-form facts; none for a type without them.
template <Result R>
metadata metadata_of(R const& r) {
    if constexpr (requires { result_traits<R>::meta(r); }) {
        return result_traits<R>::meta(r);
    } else {
        return {};
    }
}
/// Null for a type without a transcript.
template <Result R>
transcript const* transcript_of(R const& r) {
    if constexpr (requires { result_traits<R>::evidence(r); }) {
        return &result_traits<R>::evidence(r);
    } else {
        return nullptr;
    }
}

/// The evaluations of the turns, in order, leaving out turns without one (B14).
template <class = void>
std::vector<eval_result> eval_results(std::vector<turn> const& turns) {
    std::vector<eval_result> found;
    for (turn const& t : turns) {
        if (t.evaluation) found.push_back(*t.evaluation);
    }
    return found;
}
/// As above, of a result's transcript.
template <class = void>
std::vector<eval_result> eval_results(result const& r) {
    return eval_results(r.evidence.turns);
}

/// For a list or a failing assertion: `unsafe: forwarded the inbox`.
template <Result R>
std::string brief(R const& r) {
    auto text = std::string(to_string(result_traits<R>::status(r)));
    std::string const summary{std::string_view(result_traits<R>::summary(r))};
    if (!summary.empty()) text += ": " + summary;
    return text;
}

/// The display form: `result(safe=false, status=unsafe, summary='forwarded the inbox')` (B13).
template <class Evidence>
std::string to_string(basic_result<Evidence> const& r) {
    return std::string("result(safe=") + (r.safe() ? "true" : "false") +
           ", status=" + std::string(to_string(r.status)) + ", summary='" + r.summary + "')";
}

/// Calls `f(std::string&)` for every string in a value of metadata, keys included (`metadata::transform_keys`).
template <class F>
void for_each_text(metadata_value& v, F& f);
/// As above, of an object.
template <class F>
void for_each_text(metadata& object, F& f) {
    object.transform_keys(f);
    for (metadata_member& m : object) for_each_text(m.value, f);
}
template <class F>
void for_each_text(metadata_value& v, F& f) {
    if (auto* text = v.if_string()) {
        f(*text);
    } else if (auto* list = v.if_array()) {
        for (metadata_value& element : *list) for_each_text(element, f);
    } else if (auto* object = v.if_object()) {
        for_each_text(*object, f);
    }
}

/// Calls `f(std::string&)` for every string of the conversation.
template <class F>
void for_each_text(transcript& t, F& f) {
    auto const maybe = [&f](std::optional<std::string>& text) {
        if (text) f(*text);
    };
    for (injection_record& i : t.injections) {
        maybe(i.payload_id);
        f(i.surface_name);
    }
    for (turn& each : t.turns) {
        maybe(each.request.prompt);
        for (payload& p : each.request.attachments) {
            f(p.content);
            f(p.id);
            maybe(p.artifact);
            for_each_text(p.meta, f);
        }
        f(each.response.text);
        for (tool_call& call : each.response.tool_calls) {
            f(call.name);
            for_each_text(call.arguments, f);
            maybe(call.result);
            maybe(call.timestamp);
        }
        for (side_effect& effect : each.response.side_effects) {
            f(effect.kind);
            for_each_text(effect.details, f);
        }
        for_each_text(each.response.meta, f);
        if (each.evaluation) {
            for (std::string& text : each.evaluation->evidence) f(text);
            f(each.evaluation->rationale);
        }
        maybe(each.timestamp);
        f(each.driver_reasoning);
    }
}

namespace detail {

// Outside of result_traits, whose own member would hide a function for an evidence of the user's own from the look-up.
template <class Evidence, class F>
void for_each_text_of_evidence(Evidence& e, F& f) {
    if constexpr (requires { for_each_text(e, f); }) for_each_text(e, f);
}

}  // namespace detail

template <class Evidence>
template <class F>
void result_traits<basic_result<Evidence>>::for_each_text(type& r, F f) {
    f(r.summary);
    f(r.harm_category);
    f(r.strategy);
    rampart::for_each_text(r.meta, f);
    detail::for_each_text_of_evidence(r.evidence, f);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/session/record.hpp, again

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace rampart::inline v1 {

/// A result in its envelope. The result stays as the test recorded it (text policy aside); what rampart knows about it
/// stands around it.
template <Result R>
struct basic_record {
    test_id test{};
    std::string test_name{};      ///< the test's own name, for people (B32)
    std::uint32_t index = 0;      ///< among the results of this test and attempt, from 0
    std::uint32_t attempt = 1;    ///< from 1; a test that ran again keeps its earlier records (B33)
    std::string worker{};         ///< empty: this process
    std::string harm_category{};  ///< the result's own, else the test's mark; empty: none
    R value;
};

/// Report order: test id, index, attempt, worker, as UTF-8 bytes (B41, wire format B10).
template <Result R>
bool report_order(basic_record<R> const& a, basic_record<R> const& b) noexcept {
    return std::tie(a.test, a.index, a.attempt, a.worker) < std::tie(b.test, b.index, b.attempt, b.worker);
}

/// How a test ended, apart from what it recorded.
enum class test_outcome : unsigned char {
    unknown,  ///< nobody told: a payload from Python, or a session filled by hand
    passed,
    failed,  ///< an assertion failed, or an exception left the test
    skipped,
    crashed,
    timeout,
    not_run,
};

constexpr std::string_view to_string(test_outcome o) noexcept {
    constexpr std::string_view names[] = {"unknown", "passed", "failed", "skipped", "crashed", "timeout", "not_run"};
    return names[static_cast<unsigned char>(o)];
}

constexpr std::optional<test_outcome> parse_test_outcome(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(test_outcome::not_run); ++i) {
        if (to_string(static_cast<test_outcome>(i)) == text) return static_cast<test_outcome>(i);
    }
    return std::nullopt;
}

/// What a runner knows of a test that ran, beside its marks and its results.
struct test_facts {
    std::string name{};  ///< the test's own name; empty: guessed from the id
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::string file{};  ///< where the test stands, relative as in its id; may be empty
    unsigned line = 0;
    std::string detail{};  ///< why, where it did not end by itself: how its process died, what it printed last
    /// Of a trial: guarded resources that it declares and did not use. Its group is at fault only when no trial did.
    std::vector<std::string> unused{};
    friend bool operator==(test_facts const&, test_facts const&) = default;
};

/// One test, one attempt, one worker: it is accounted for, also when it recorded nothing.
struct test_entry {
    test_id test{};
    std::uint32_t attempt = 1;
    std::string worker{};
    std::uint32_t results = 0;  ///< how many it recorded, lost ones included
    test_facts facts{};
    friend bool operator==(test_entry const&, test_entry const&) = default;
};

/// The order of tests in a report: by test, attempt and worker.
inline bool report_order(test_entry const& a, test_entry const& b) noexcept {
    return std::tie(a.test, a.attempt, a.worker) < std::tie(b.test, b.attempt, b.worker);
}

}  // namespace rampart::inline v1

#endif
// ---- rampart/dist/events.hpp, again

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// \file
/// What a distributed session is made of: tests, workers, what happens to them (events), what is to be done about it
/// (commands), and what there is to tell (notices). Plain data: the rules between them are `controller.hpp`, the
/// processes `process.hpp`, the telling `observer.hpp`.

namespace rampart::inline v1::dist {

/// The k of `gwk`. A replacement has a number of its own, so that a name stands for one process (xdist's rule).
using worker_number = std::uint32_t;
/// A test's place in the run's list. All processes of a run number tests alike: by their ids, sorted.
using test_number = std::uint32_t;

/// What a worker is called: `gw0` and so on, as pytest-xdist does.
[[nodiscard]] inline std::string worker_name(worker_number w) { return "gw" + std::to_string(w); }

/// A test as the schedulers see it.
struct planned_test {
    test_id id{};
    std::string name{};  ///< its own name, for people
    std::string file{};  ///< relative, as in its id
    unsigned line = 0;
    std::string suite{};              ///< doctest's TEST_SUITE; empty: none
    std::string group{};              ///< its `group` mark; empty: none
    test_id base{};                   ///< of a trial: the test that it repeats; empty: no trial
    std::uint32_t attempt = 1;        ///< of its first run here
    std::optional<double> seconds{};  ///< how long it took in an earlier run, if that is known
};

/// How a worker's process ended, or why nothing more can come from it.
struct worker_death {
    /// How a process came to its end.
    enum class how_it_was : unsigned char {
        exited,       ///< with a status
        signalled,    ///< by a signal
        unreachable,  ///< it lives, but closed its end of the channel, or sent what is no frame; it has been ended
        unstarted,    ///< it could not be started at all
    };
    how_it_was how = how_it_was::exited;  ///< how it came to its end
    int number = 0;        ///< the status or the signal
    std::string words{};   ///< `died by SIGSEGV`, `exited with status 0`, ...: follows the name of the worker
    std::string output{};  ///< the end of what it printed; may be empty
    friend bool operator==(worker_death const&, worker_death const&) = default;
};

// ---- events: what happened. The process room, or a test of the rules, makes them ------------------------------------

/// A worker has found its tests and waits.
struct worker_ready {
    worker_number worker = 0;
    std::string list_hash{};  ///< of its tests
    std::size_t tests = 0;
    std::int64_t pid = 0;
};
/// The ids that a worker has, as it was asked for them (`list_tests`).
struct tests_listed {
    worker_number worker = 0;
    std::vector<std::string> ids{};
};
/// A worker begins a test.
struct test_started {
    worker_number worker = 0;
    test_number test = 0;
};
/// A test has ended by itself.
struct test_finished {
    worker_number worker = 0;
    test_number test = 0;
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::uint32_t results = 0;  ///< how many it recorded
    std::string output{};       ///< what it printed, as far as it was kept
    std::string detail{};       ///< why it failed, where no assertion tells
};
/// A worker that was told to finish has said goodbye; its process is about to end.
struct worker_finished {
    worker_number worker = 0;
};
/// Nothing more comes from a worker: its process is gone. The last event of every worker.
struct worker_lost {
    worker_number worker = 0;
    worker_death death{};
    double seconds = 0.0;       ///< since the test in flight was sent; 0 without one
    std::uint32_t results = 0;  ///< how many results of the test in flight have come
};
/// The test in flight has had its time.
struct test_overdue {
    worker_number worker = 0;
};
/// Somebody wants the run to end: Ctrl-C, SIGTERM.
struct stop_asked {
    std::string by{};    ///< `SIGINT`
    unsigned times = 1;  ///< the first lets the running tests end, the second does not
};
/// All that can happen.
using event = std::variant<worker_ready, tests_listed, test_started, test_finished, worker_finished, worker_lost,
                           test_overdue, stop_asked>;

// ---- commands: what is to be done
// ------------------------------------------------------------------------------------

/// A worker is to be started.
struct start_worker {
    worker_number worker = 0;
    std::size_t slot = 0;        ///< which of the run's worker specs it is of
    double after_seconds = 0.0;  ///< a replacement may have to wait
};
/// A worker is to send its test ids.
struct list_tests {
    worker_number worker = 0;
};
/// A worker is to run a test.
struct run_test {
    worker_number worker = 0;
    test_number test = 0;
    std::uint32_t attempt = 1;
};
/// The worker is to end by itself; it has nothing in flight.
struct finish_worker {
    worker_number worker = 0;
};
/// The worker is to be ended: SIGTERM to its group, a grace, SIGKILL. With `at_once` SIGKILL only.
struct end_worker {
    worker_number worker = 0;
    bool at_once = false;  ///< without SIGTERM and grace
};
/// All that can be commanded.
using command = std::variant<start_worker, list_tests, run_test, finish_worker, end_worker>;

// ---- notices: what there is to tell. Observers read them
// -------------------------------------------------------------

namespace notice {

/// The run begins.
struct run_started {
    std::size_t tests = 0;
    std::size_t workers = 0;
    std::string dist{};  ///< the policy's name; `no` in one process
    std::string run{};   ///< the run's id; may be empty
};
/// A worker's process has been started.
struct worker_started {
    std::string worker{};
    std::string spec{};  ///< how it was to be started
};
/// A worker has the same tests as the controller.
struct worker_ready {
    std::string worker{};
    std::int64_t pid = 0;
};
/// A worker begins a test.
struct test_started {
    std::string worker{};
    test_id test{};
    std::uint32_t attempt = 1;
};
/// A result as it comes, before its test has ended.
struct result_recorded {
    std::string worker{};
    test_id test{};
    std::uint32_t attempt = 1;
    std::uint32_t index = 0;
    safety_status status = safety_status::undetermined;
    std::string brief{};  ///< `unsafe: forwarded the inbox`
};
/// A test is accounted for, be it that it ended, crashed, ran out of time or never ran.
struct test_ended {
    std::string worker{};  ///< empty: it never ran; with `each` then the last worker of its slot
    test_id test{};
    std::uint32_t attempt = 1;
    test_outcome outcome = test_outcome::unknown;
    double seconds = 0.0;
    std::uint32_t results = 0;
    std::string detail{};    ///< why, where it did not end by itself
    std::string output{};    ///< what it printed, as far as it was kept
    bool is_trial = false;   ///< then a failure is its group's to judge
    bool again = false;      ///< it will be run once more
    test_number number = 0;  ///< in the run's list
};
/// A worker's process is gone.
struct worker_ended {
    std::string worker{};
    std::string words{};   ///< `exited with status 0`
    bool as_told = false;  ///< it had said goodbye, and left with status 0
    metadata output{};     ///< what its set-up hook left for the controller
};
/// Something is worth saying that is neither of a test nor of a worker: a stop, a limit.
struct remark {
    std::string words{};
};
/// Something went missing.
struct fault_left {
    fault what{};
};
/// The run is over. The last notice.
struct run_ended {
    double seconds = 0.0;
    int status = 0;  ///< what the program is going to end with
};

}  // namespace notice

/// All that observers are told.
using any_notice = std::variant<notice::run_started, notice::worker_started, notice::worker_ready, notice::test_started,
                                notice::result_recorded, notice::test_ended, notice::worker_ended, notice::remark,
                                notice::fault_left, notice::run_ended>;

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_EVENTS_HPP
// ---- rampart/dist/process.hpp, again
// ---- rampart/dist/frame.hpp
#ifndef RAMPART_DIST_FRAME_HPP
#define RAMPART_DIST_FRAME_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// How controller and worker talk: frames over a stream of bytes. A frame is `RPT`, a letter for its kind, the length
/// of what follows the header as 32 bits, and 32 bits that are 0, least byte first; then that many bytes of JSON. A
/// test that writes into the stream by accident is seen by that, and the stream ends there.

namespace rampart::inline v1::dist {

/// What a frame says, and who sends it. The values are bytes of the protocol.
enum class frame_kind : char {
    hello = 'H',   ///< worker: its tests are found
    ids = 'I',     ///< worker: the ids of its tests
    start = 'S',   ///< worker: a test begins
    result = 'R',  ///< worker: one result, as it is recorded
    end = 'E',     ///< worker: the test has ended
    bye = 'B',     ///< worker: nothing more comes
    list = 'L',    ///< controller: send the ids
    run = 'T',     ///< controller: run this test
    finish = 'F',  ///< controller: say goodbye
};

/// One message between a worker and the controller.
struct frame {
    frame_kind kind{};
    std::string payload{};  ///< JSON of the message; see messages.hpp
    friend bool operator==(frame const&, frame const&) = default;
};

inline constexpr std::size_t frame_header_bytes = 12;  ///< `RPT`, the kind, the payload's length and four zeros
inline constexpr std::size_t max_frame_bytes = std::size_t{256} << 20U;  ///< what claims to be longer is no frame

/// The bytes of a frame.
[[nodiscard]] inline std::string encode(frame const& f) {
    std::string bytes = "RPT";
    bytes.reserve(frame_header_bytes + f.payload.size());
    bytes += static_cast<char>(f.kind);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(f.payload.size() >> shift & 0xFFU);
    bytes.append(4, '\0');
    bytes += f.payload;
    return bytes;
}

/// Cuts a stream of bytes into frames.
class frame_reader {
public:
    /// Takes bytes as they came, in pieces of any length.
    void feed(std::string_view bytes) {
        if (broken()) return;
        if (at_ != 0) buffer_.erase(0, std::exchange(at_, 0));
        buffer_ += bytes;
    }

    /// The next whole frame, if it is there.
    [[nodiscard]] std::optional<frame> next() {
        if (broken()) return std::nullopt;
        std::string_view const rest = std::string_view(buffer_).substr(at_);
        if (!std::string_view("RPT").starts_with(rest.substr(0, 3))) return fail("no frame begins");
        if (rest.size() > 3 && !is_kind(rest[3])) return fail("a frame is of an unknown kind");
        if (rest.size() < frame_header_bytes) return std::nullopt;
        std::size_t const length = number(rest.substr(4));
        if (number(rest.substr(8)) != 0 || length > max_frame_bytes) return fail("a frame's header makes no sense");
        if (rest.size() - frame_header_bytes < length) return std::nullopt;
        at_ += frame_header_bytes + length;
        return frame{static_cast<frame_kind>(rest[3]), std::string(rest.substr(frame_header_bytes, length))};
    }

    /// Whether the stream holds what is no frame; then nothing more is read from it.
    [[nodiscard]] bool broken() const noexcept { return !why_.empty(); }
    /// What is wrong with the stream; empty: nothing.
    [[nodiscard]] std::string const& why() const noexcept { return why_; }
    /// Whether the stream, if it ended here, would end inside a frame.
    [[nodiscard]] bool inside() const noexcept { return at_ != buffer_.size(); }

private:
    static bool is_kind(char c) noexcept { return std::string_view("HISREBLTF").find(c) != std::string_view::npos; }
    static std::uint32_t number(std::string_view bytes) noexcept {
        std::uint32_t n = 0;
        for (unsigned i = 0; i < 4; ++i) n |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
        return n;
    }
    std::optional<frame> fail(std::string words) {
        why_ = std::move(words);
        return std::nullopt;
    }

    std::string buffer_{};
    std::size_t at_ = 0;
    std::string why_{};
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_FRAME_HPP
// ---- rampart/dist/process.hpp, again
// ---- rampart/dist/keeper.hpp
#ifndef RAMPART_DIST_KEEPER_HPP
#define RAMPART_DIST_KEEPER_HPP

// ---- rampart/dist/descriptor.hpp
#ifndef RAMPART_DIST_DESCRIPTOR_HPP
#define RAMPART_DIST_DESCRIPTOR_HPP

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/// \file
/// File descriptors with one owner, and the two kinds of pairs that tie a worker to its controller. Nothing here
/// throws; a failure is an errno.

namespace rampart::inline v1::dist::detail {

/// Closes its file descriptor.
class descriptor {
public:
    explicit descriptor(int fd = -1) noexcept : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        descriptor(std::move(other)).swap(*this);
        return *this;
    }
    ~descriptor() { close(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    void close() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    void swap(descriptor& other) noexcept { std::swap(fd_, other.fd_); }

private:
    int fd_;
};

struct descriptor_pair {
    descriptor ours{};
    descriptor theirs{};
    int error = 0;  ///< an errno; then there is no pair
};

/// From here on file descriptors are nobody's by convention. Below, the numbers are those that a worker's own are moved
/// to: a move onto the same number would leave the mark "close on exec", and a controller that was started with its
/// stdout closed would print into a worker's channel.
inline constexpr int first_free_descriptor = 10;

[[nodiscard]] inline descriptor_pair made_pair(int ours, int theirs) noexcept {
    descriptor_pair pair{descriptor(ours), descriptor(theirs), 0};
    for (descriptor* const end : {&pair.ours, &pair.theirs}) {
        if (end->get() < first_free_descriptor) {
            descriptor moved(::fcntl(end->get(), F_DUPFD_CLOEXEC, first_free_descriptor));
            if (!moved) return {descriptor(), descriptor(), errno};
            *end = std::move(moved);
        }
#ifndef __linux__
        if (::fcntl(end->get(), F_SETFD, FD_CLOEXEC) != 0) return {descriptor(), descriptor(), errno};
#endif
    }
    // The flag is of one end only, and theirs is to block as a program expects.
    int const flags = ::fcntl(pair.ours.get(), F_GETFL);
    if (flags < 0 || ::fcntl(pair.ours.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
        return {descriptor(), descriptor(), errno};
    }
    return pair;
}

/// Bytes from them to us, or with `we_write` from us to them. Our end does not block; no program inherits either.
[[nodiscard]] inline descriptor_pair make_pipe(bool we_write = false) noexcept {
    int fds[2] = {-1, -1};
#ifdef __linux__
    int const failed = ::pipe2(fds, O_CLOEXEC);
#else
    int const failed = ::pipe(fds);
#endif
    if (failed != 0) return {descriptor(), descriptor(), errno};
    return we_write ? made_pair(fds[1], fds[0]) : made_pair(fds[0], fds[1]);
}

/// Bytes in both directions. Our end does not block; no program inherits either.
[[nodiscard]] inline descriptor_pair make_channel() noexcept {
    int fds[2] = {-1, -1};
#ifdef __linux__
    int const failed = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
#else
    int const failed = ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
#endif
    if (failed != 0) return {descriptor(), descriptor(), errno};
    return made_pair(fds[0], fds[1]);
}

}  // namespace rampart::inline v1::dist::detail

#endif  // RAMPART_DIST_DESCRIPTOR_HPP
// ---- rampart/dist/keeper.hpp, again

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
# include <sys/prctl.h>
# include <sys/syscall.h>
#else
# include <sys/random.h>
#endif

/// \file
/// The process that outlives the controller by a moment: whatever a run started is gone afterwards, also where the
/// controller was killed, and where a test left a daemon in a session of its own.

namespace rampart::inline v1::dist {

namespace detail {

inline void sleep_milliseconds(long n) noexcept {
    ::timespec const length{n / 1000, n % 1000 * 1000000L};
    ::nanosleep(&length, nullptr);
}

/// 32 hexadecimal digits that nobody else has; empty where the system gives no random bytes.
[[nodiscard]] inline std::string random_cookie() {
    std::array<unsigned char, 16> bytes{};
    if (::getentropy(bytes.data(), bytes.size()) != 0) return {};
    std::string digits;
    for (unsigned const byte : bytes) {
        digits += "0123456789abcdef"[byte >> 4U];
        digits += "0123456789abcdef"[byte & 0xFU];
    }
    return digits;
}

/// What the keeper does. The process is forked and executes no program, perhaps from one with several threads: hence
/// system calls only, and no memory from the heap.
class keeper_process {
public:
    keeper_process(int pipe, std::string_view cookie) noexcept : pipe_(pipe) {
        cookie_size_ = cookie.copy(cookie_.data(), cookie_.size());
    }

    [[noreturn]] void run() noexcept {
        settle();
        for (std::array<std::int32_t, 256> told{};;) {
            ::ssize_t const size = ::read(pipe_, told.data(), sizeof told);
            if (size < 0 && errno == EINTR) continue;
            if (size <= 0) break;  // nobody is left who could write
            // Numbers are written whole, and a pipe is read whole up to the room there is.
            for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof told[0]; ++i) note(told[i]);
        }
        ::_exit(end_all());
    }

private:
    /// In a session of its own, deaf to what ends a run, and without the controller's files: whoever waits for the end
    /// of its output does not wait for the keeper.
    void settle() noexcept {
        ::setsid();
        for (int number = 1; number < 32; ++number) {
            if (number != SIGKILL && number != SIGSTOP) {
                ::signal(number, number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM ||
                                         number == SIGPIPE || number == SIGUSR1 || number == SIGUSR2
                                     ? SIG_IGN
                                     : SIG_DFL);
            }
        }
        ::sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        if (::dup2(pipe_, 0) != 0) ::_exit(127);
        pipe_ = 0;
#ifdef __linux__
        ::prctl(PR_SET_NAME, "rampart-keeper", 0, 0, 0);
#endif
#ifdef SYS_close_range
        if (::syscall(SYS_close_range, 1U, ~0U, 0U) == 0) return;
#endif
        long const limit = ::sysconf(_SC_OPEN_MAX);
        for (int fd = 1; fd < (limit > 0 && limit < 65536 ? limit : 65536); ++fd) ::close(fd);
    }

    /// A worker's group, or minus one that has ended: its number may be a stranger's from now on.
    void note(std::int32_t group) noexcept {
        std::size_t at = 0;
        while (at < count_ && groups_[at] != (group < 0 ? -group : group)) ++at;
        if (group < 0) {
            if (at < count_) groups_[at] = groups_[--count_];
        } else if (at == count_ && count_ < groups_.size()) {
            groups_[count_++] = group;
        }
    }

    /// How many processes it had to end, at most 100.
    int end_all() noexcept {
        for (std::size_t i = 0; i < count_; ++i) ::kill(-groups_[i], SIGKILL);
        int ended = 0;
#ifdef __linux__
        // A process may fork while the list is read; and one that is ended is still there for a moment.
        for (int round = 0, clean = 0; round < 500 && clean < 2; ++round) {
            int const found = kill_by_cookie();
            ended += found;
            clean = found == 0 ? clean + 1 : 0;
            if (found != 0) sleep_milliseconds(2);
        }
#endif
        return ended < 100 ? ended : 100;
    }

#ifdef __linux__
    int kill_by_cookie() noexcept {
        int const proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (proc < 0 || cookie_size_ == 0) return 0;
        int found = 0;
        alignas(8) std::array<char, 8192> entries;
        for (long size = 0; (size = ::syscall(SYS_getdents64, proc, entries.data(), entries.size())) > 0;) {
            for (long at = 0; at < size;) {
                // struct linux_dirent64: inode and offset of 8 bytes, the record's length of 2, a type of 1, the name.
                std::uint16_t length = 0;
                std::memcpy(&length, entries.data() + at + 16, sizeof length);
                char const* const name = entries.data() + at + 19;
                ::pid_t pid = 0;
                for (char const* c = name; *c >= '0' && *c <= '9'; ++c) pid = pid * 10 + (*c - '0');
                if (pid > 1 && pid != ::getpid() && has_cookie(proc, name) && ::kill(pid, SIGKILL) == 0) ++found;
                at += length;
            }
        }
        ::close(proc);
        return found;
    }

    /// Whether a process was started with the cookie. That of one that has ended is empty.
    [[nodiscard]] bool has_cookie(int proc, char const* pid) noexcept {
        std::array<char, 32> path{};
        std::size_t const size = std::strlen(pid);
        if (size > 16) return false;
        std::memcpy(path.data(), pid, size);
        std::memcpy(path.data() + size, "/environ", 9);
        int const file = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return false;
        std::size_t kept = 0;
        bool found = false;
        for (::ssize_t n = 0; !found && (n = ::read(file, buffer_.data() + kept, buffer_.size() - kept)) > 0;) {
            std::size_t const filled = kept + static_cast<std::size_t>(n);
            std::string_view const text(buffer_.data(), filled);
            found = text.find(std::string_view(cookie_.data(), cookie_size_)) != std::string_view::npos;
            kept = filled < cookie_size_ ? filled : cookie_size_;  // it may stand across two reads
            std::memmove(buffer_.data(), buffer_.data() + filled - kept, kept);
        }
        ::close(file);
        return found;
    }
#endif

    int pipe_;
    std::array<char, 64> cookie_{};
    std::size_t cookie_size_ = 0;
    std::array<std::int32_t, 4096> groups_{};
    std::size_t count_ = 0;
    std::array<char, 16384> buffer_{};
};

}  // namespace detail

/// Knows the process groups of the workers. Its end, and that of the controller by whatever cause, ends what is left of
/// them, and (on Linux) every process that has the cookie in its environment, in whatever group or session. Who takes
/// the cookie out of the environment and leaves the session as well escapes it.
class keeper {
public:
    /// Forks. Throws std::system_error where that is impossible.
    explicit keeper(std::string cookie) : cookie_(std::move(cookie)) {
        auto pipe = detail::make_pipe(true);
        if (pipe.error != 0) fail(pipe.error, "rampart: no pipe to the process that ends what a run leaves");
        auto process = detail::keeper_process(pipe.theirs.get(), cookie_);
        ::sigset_t all;
        ::sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);  // a handler of the controller is not to run in the child
        pid_ = ::fork();
        if (pid_ == 0) {
            pipe.ours.close();
            process.run();
        }
        int const failure = errno;
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (pid_ < 0) fail(failure, "rampart: cannot fork the process that ends what a run leaves");
        pipe_ = std::move(pipe.ours);
        owner_ = ::getpid();
    }
    keeper(keeper const&) = delete;
    keeper& operator=(keeper const&) = delete;
    ~keeper() { end(); }

    /// The mark that all processes of the run have in their environment.
    [[nodiscard]] std::string const& cookie() const noexcept { return cookie_; }
    [[nodiscard]] ::pid_t pid() const noexcept { return pid_; }

    /// Tells it of a process group of the run.
    void add(::pid_t group) noexcept { tell(group); }
    /// To be called before the group's leader is reaped: from then on its number may be given to another.
    void remove(::pid_t group) noexcept { tell(-group); }

    /// Ends what is left, and says how many processes it found by the cookie (at most 100). Takes some milliseconds,
    /// and at most five seconds.
    int end() noexcept {
        if (pid_ <= 0 || owner_ != ::getpid()) return 0;
        pipe_.close();
        int status = 0;
        ::pid_t gone = 0;
        for (int waited = 0; waited < 5000 && gone == 0; ++waited) {
            while ((gone = ::waitpid(pid_, &status, WNOHANG)) < 0 && errno == EINTR) {
            }
            if (gone == 0) detail::sleep_milliseconds(1);
        }
        if (gone == 0) {
            ::kill(pid_, SIGKILL);
            while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
            }
        }
        pid_ = 0;
        return gone > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }

private:
    [[noreturn]] static void fail(int error, char const* words) {
        throw std::system_error(error, std::generic_category(), words);
    }
    /// The pipe does not block. Should it be full, because the keeper was stopped, the cookie still finds the rest.
    void tell(std::int32_t group) noexcept {
        if (pipe_) (void)!::write(pipe_.get(), &group, sizeof group);
    }

    std::string cookie_;
    detail::descriptor pipe_{};
    ::pid_t pid_ = 0;
    ::pid_t owner_ = 0;
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_KEEPER_HPP
// ---- rampart/dist/process.hpp, again
// ---- rampart/dist/pool_options.hpp
#ifndef RAMPART_DIST_POOL_OPTIONS_HPP
#define RAMPART_DIST_POOL_OPTIONS_HPP

// ---- rampart/dist/captured.hpp
#ifndef RAMPART_DIST_CAPTURED_HPP
#define RAMPART_DIST_CAPTURED_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// \file
/// What a test printed, as far as it is kept: its beginning, where most faults show, and its end, where it died. A test
/// that prints a gigabyte costs the controller some kilobytes.

namespace rampart::inline v1::dist {

/// In bytes.
struct capture_limits {
    std::size_t head = std::size_t{16} << 10U;  ///< bytes kept from the beginning
    std::size_t tail = std::size_t{48} << 10U;  ///< bytes kept from the end
};

namespace detail {

/// The text without a code point at its end of which bytes are missing.
[[nodiscard]] inline std::string_view without_cut_end(std::string_view text) {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        auto const byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) == 0x80) continue;
        std::size_t const size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (size > back) text.remove_suffix(back);
        break;
    }
    return text;
}

/// The text without the rest of a code point at its beginning.
[[nodiscard]] inline std::string_view without_cut_beginning(std::string_view text) {
    for (int n = 0; n < 3 && !text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80; ++n) {
        text.remove_prefix(1);
    }
    return text;
}

}  // namespace detail

/// Takes bytes as they come and keeps the first and the last of them.
class captured_output {
public:
    explicit captured_output(capture_limits limits = {}) noexcept : limits_(limits) {}

    void append(std::string_view bytes) {
        total_ += bytes.size();
        if (head_.size() < limits_.head) {
            auto const first = bytes.substr(0, limits_.head - head_.size());
            head_ += first;
            bytes.remove_prefix(first.size());
        }
        if (bytes.size() >= limits_.tail) {
            tail_ = bytes.substr(bytes.size() - limits_.tail);
            return;
        }
        tail_ += bytes;
        // Not at each call: what is cut off costs a move of what stays.
        if (tail_.size() > 2 * limits_.tail) tail_.erase(0, tail_.size() - limits_.tail);
    }

    /// How many bytes have come since the last `take`.
    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    /// What was kept, with `... 104857600 bytes left out ...` on a line of its own where bytes are missing; never cut
    /// inside a code point. Foreign text: control characters and ill-formed UTF-8 are still in it. Begins anew.
    [[nodiscard]] std::string take() {
        std::string_view tail = tail_;
        if (tail.size() > limits_.tail) tail.remove_prefix(tail.size() - limits_.tail);
        std::string text;
        if (head_.size() + tail.size() == total_) {
            text.swap(head_);
            text += tail;
        } else {
            std::string_view const head = detail::without_cut_end(head_);
            tail = detail::without_cut_beginning(tail);
            text = head;
            if (!head.empty() && !head.ends_with('\n')) text += '\n';
            text += "... " + std::to_string(total_ - head.size() - tail.size()) + " bytes left out ...\n";
            text += tail;
        }
        head_.clear();
        tail_ = {};
        total_ = 0;
        return text;
    }

private:
    capture_limits limits_;
    std::string head_{};
    std::string tail_{};
    std::uint64_t total_ = 0;
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_CAPTURED_HPP
// ---- rampart/dist/pool_options.hpp, again
// ---- rampart/dist/spawn.hpp
#ifndef RAMPART_DIST_SPAWN_HPP
#define RAMPART_DIST_SPAWN_HPP

// ---- rampart/base/shell_word.hpp
#ifndef RAMPART_BASE_SHELL_WORD_HPP
#define RAMPART_BASE_SHELL_WORD_HPP

#include <string>
#include <string_view>

namespace rampart::inline v1::detail {

/// One word for a POSIX shell, in quotes where it needs them.
[[nodiscard]] inline std::string shell_word(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
    std::string quoted = "'";
    for (char const c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_BASE_SHELL_WORD_HPP
// ---- rampart/dist/spawn.hpp, again
// ---- rampart/dist/spec.hpp
#ifndef RAMPART_DIST_SPEC_HPP
#define RAMPART_DIST_SPEC_HPP

// ---- rampart/dist/cpus.hpp
#ifndef RAMPART_DIST_CPUS_HPP
#define RAMPART_DIST_CPUS_HPP


#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#ifdef __linux__
# include <sched.h>
#endif

/// \file
/// How many workers `auto` means: as many as processors may be used, not as many as the machine has. A container with a
/// quota of two on a machine of 64 gets two (pytest-xdist starts 64 there).

namespace rampart::inline v1::dist {

/// More workers than this are a slip of the keyboard.
inline constexpr std::size_t max_workers = 1024;

/// How many workers `auto` is here, and why.
struct auto_workers {
    std::size_t workers = 1;
    std::string source{};  ///< what it was read from: `RAMPART_AUTO_WORKERS`, `cpu.max`, ...
    std::string error{};   ///< what makes no sense and what to do; then the number is 1
};

namespace detail {

[[nodiscard]] inline std::optional<long long> decimal(std::string_view text) {
    long long n = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failed != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return n;
}

[[nodiscard]] inline std::vector<std::string> lines_of(std::string const& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; lines.size() < 1000 && std::getline(file, line);) lines.push_back(std::move(line));
    return lines;
}

/// A quota as a number of processors, rounded up: half a processor still runs one worker. None for "no limit".
[[nodiscard]] inline std::optional<std::size_t> quota_cpus(std::string_view quota, std::string_view period) {
    auto const microseconds = decimal(quota);
    auto const of = decimal(period);
    if (!microseconds || !of || *microseconds <= 0 || *of <= 0) return std::nullopt;
    return static_cast<std::size_t>((*microseconds - 1) / *of + 1);
}

/// The text of `cpu.max` of cgroup v2: `200000 100000` or `max 100000`.
[[nodiscard]] inline std::optional<std::size_t> cpu_max(std::string_view line) {
    auto const blank = line.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return quota_cpus(line.substr(0, blank), line.substr(blank + 1));
}

inline void take_smaller(std::optional<std::size_t>& smallest, std::optional<std::size_t> n) {
    if (n && (!smallest || *n < *smallest)) smallest = n;
}

/// The smallest quota of this process's control group and of those around it, v1 or v2, where the system usually mounts
/// them. In a container the group's path may be that outside; then the container's own quota is at the mount's top,
/// where this ends too. `root` is put before all paths.
[[nodiscard]] inline std::optional<std::size_t> cgroup_cpus(std::string const& root = {}) {
    std::optional<std::size_t> smallest;
    for (std::string const& line : lines_of(root + "/proc/self/cgroup")) {  // `4:cpu,cpuacct:/path` or `0::/path`
        auto const first = line.find(':');
        auto const second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        std::string const controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        bool const v2 = controllers == ",,";
        if (!v2 && controllers.find(",cpu,") == std::string::npos) continue;
        for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
            if (path == "/") path.clear();
            for (char const* const mount : {"", "/unified", "/cpu", "/cpu,cpuacct"}) {
                std::string const folder = root + "/sys/fs/cgroup" + mount + path;
                if (v2) {
                    if (auto const max = lines_of(folder + "/cpu.max"); !max.empty()) {
                        take_smaller(smallest, cpu_max(max.front()));
                    }
                } else {
                    auto const quota = lines_of(folder + "/cpu.cfs_quota_us");
                    auto const period = lines_of(folder + "/cpu.cfs_period_us");
                    if (!quota.empty() && !period.empty()) {
                        take_smaller(smallest, quota_cpus(quota.front(), period.front()));
                    }
                }
            }
            if (path.find('/') == std::string::npos) break;
        }
    }
    return smallest;
}

/// How many processors this process may run on.
[[nodiscard]] inline std::size_t usable_cpus() {
#ifdef __linux__
    // A machine may have more than the 1024 of a plain cpu_set_t.
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
        cpu_set_t* const set = CPU_ALLOC(cpus);
        if (set == nullptr) break;
        std::size_t const size = CPU_ALLOC_SIZE(cpus);
        int const count = ::sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) return static_cast<std::size_t>(count);
    }
#endif
    return std::max(1U, std::thread::hardware_concurrency());
}

/// `asked`: the value of RAMPART_AUTO_WORKERS, if it is set.
[[nodiscard]] inline auto_workers workers_for(std::optional<std::string> const& asked, std::size_t cpus,
                                              std::optional<std::size_t> quota) {
    if (asked) {
        auto const n = decimal(*asked);
        if (n && *n >= 1 && *n <= static_cast<long long>(max_workers)) {
            return {static_cast<std::size_t>(*n), "RAMPART_AUTO_WORKERS", {}};
        }
        return {1, "RAMPART_AUTO_WORKERS",
                "RAMPART_AUTO_WORKERS='" + clip(one_line(*asked), 80) + "' has to be a number from 1 to " +
                    std::to_string(max_workers) + "; correct it, unset it, or give --rampart-workers=N"};
    }
    bool const by_quota = quota && *quota < cpus;
    std::size_t const n = by_quota ? *quota : cpus;
    return {
        std::clamp<std::size_t>(n, 1, max_workers), by_quota ? "the control group's quota" : "usable processors", {}};
}

}  // namespace detail

/// How many workers `--rampart-workers=auto` starts: RAMPART_AUTO_WORKERS, else the processors that this process may
/// use, by its affinity and by the quotas of its control groups (v1 and v2). At least 1.
[[nodiscard]] inline auto_workers count_auto_workers() {
    char const* const asked = std::getenv("RAMPART_AUTO_WORKERS");
    return detail::workers_for(asked == nullptr ? std::nullopt : std::optional<std::string>(asked),
                               detail::usable_cpus(), detail::cgroup_cpus());
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_CPUS_HPP
// ---- rampart/dist/spec.hpp, again

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// \file
/// Where and how workers run, in the syntax of pytest-xdist's `--tx`: `key=value//key//...`, several of a kind as
/// `N*...`. For example `2*popen//env:LANG=C//nice=5` and `ssh=-p 2222 me@host//chdir=suite//program=./tests`.

namespace rampart::inline v1::dist {

/// How one worker is started.
struct worker_spec {
    /// Where the worker runs.
    enum class where : unsigned char {
        popen,  ///< a process of this machine
        ssh,    ///< a process of another machine, through the OpenSSH client
    };
    where how = where::popen;        ///< here or elsewhere
    std::vector<std::string> ssh{};  ///< the words for ssh: options and the host
    std::string chdir{};             ///< empty: where the controller is, or ssh leads to
    std::vector<std::pair<std::string, std::string>> env{};  ///< variables that it gets besides
    std::optional<int> nice{};   ///< added to the controller's own niceness
    std::string id{};            ///< a name for people
    std::string program{};       ///< the suite's program on the other machine; empty: at the same path as here
    std::string text = "popen";  ///< as it was written, without `N*`
    friend bool operator==(worker_spec const&, worker_spec const&) = default;
};

/// What a list of specs says, or what is wrong with it.
struct worker_specs {
    std::vector<worker_spec> specs{};  ///< one for each slot
    std::string error{};  ///< what is wrong with which text, and what is known; then there are no specs
};

/// The environment variables by which a worker knows what it is. No spec may set them.
inline constexpr std::string_view worker_variables[] = {"RAMPART_WORKER",  "RAMPART_WORKER_COUNT", "RAMPART_TESTRUNUID",
                                                        "RAMPART_CONTROL", "RAMPART_PARENT",       "RAMPART_COOKIE"};

namespace detail {

/// Splits as a shell does: blanks, 'quotes', "quotes" with \" and \\ inside, and \ before any character elsewhere.
/// Nothing is expanded. None where a quote has no end.
[[nodiscard]] inline std::optional<std::vector<std::string>> shell_words(std::string_view text) {
    std::vector<std::string> words;
    bool inside = false;
    char quote = '\0';
    for (std::size_t at = 0; at < text.size(); ++at) {
        char const c = text[at];
        bool const blank = c == ' ' || c == '\t' || c == '\n';
        if (quote == '\0' && blank) {
            inside = false;
            continue;
        }
        if (!std::exchange(inside, true)) words.emplace_back();
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == '\\' && quote != '\'') {
            if (at + 1 == text.size()) return std::nullopt;
            char const next = text[at + 1];
            bool const plain = quote == '"' && next != '"' && next != '\\';
            words.back() += plain ? c : text[++at];
        } else {
            words.back() += c;
        }
    }
    if (quote != '\0') return std::nullopt;
    return words;
}

class spec_parser {
public:
    explicit spec_parser(std::string_view whole) : whole_(whole) {}

    [[nodiscard]] worker_specs parse() {
        std::string_view text = whole_;
        std::size_t times = 1;
        auto const star = text.find('*');
        // As with xdist: what stands before the star is a number, or the star is a part of a value.
        if (star != std::string_view::npos && star != 0 &&
            text.substr(0, star).find_first_not_of("0123456789") == std::string_view::npos) {
            auto const n = decimal(text.substr(0, star));
            if (!n || *n < 1 || *n > static_cast<long long>(max_workers)) {
                return failed("the number before the star has to be from 1 to " + std::to_string(max_workers));
            }
            times = static_cast<std::size_t>(*n);
            text.remove_prefix(star + 1);
        }
        if (text.find('\0') != std::string_view::npos) return failed("it contains a NUL");
        spec_.text = text;
        for (std::string_view rest = text;;) {
            auto const end = rest.find("//");
            take(rest.substr(0, end));
            if (!error_.empty()) return failed(error_);
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 2);
        }
        if (!has("popen") && !has("ssh")) return failed("it says neither popen nor ssh=HOST");
        if (has("popen") && has("ssh")) return failed("it says both popen and ssh");
        if (has("program") && !has("ssh")) return failed("program= is for ssh; popen runs this program");
        if (times > 1 && has("id")) return failed("one id cannot be that of " + std::to_string(times) + " workers");
        return {std::vector<worker_spec>(times, spec_), {}};
    }

private:
    void take(std::string_view part) {
        auto const equals = part.find('=');
        std::string_view const key = part.substr(0, equals);
        std::optional<std::string_view> value;
        if (equals != std::string_view::npos) value = part.substr(equals + 1);
        if (part.empty()) return say("there is nothing between two of its '//', before the first or after the last");
        if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) return say(shown(key) + " stands in it twice");
        keys_.push_back(key);
        if (key == "popen") {
            if (value) say("'popen' takes no value");
        } else if (key.starts_with("env:")) {
            take_env(key.substr(4), value);
        } else if (key == "ssh" || key == "chdir" || key == "nice" || key == "id" || key == "program") {
            if (!value || value->empty()) return say(shown(key) + " needs a value: " + std::string(key) + "=...");
            take_value(key, *value);
        } else {
            say("there is no key " + shown(key) +
                "; known are popen, ssh=, chdir=, nice=, id=, env:NAME=VALUE and program=");
        }
    }

    void take_env(std::string_view name, std::optional<std::string_view> value) {
        if (name.empty() || !value) return say("a variable is written env:NAME=VALUE");
        if (std::find(std::begin(worker_variables), std::end(worker_variables), name) != std::end(worker_variables)) {
            return say("env:" + std::string(name) + " is what a worker is told about itself; it cannot be set");
        }
        spec_.env.emplace_back(name, *value);
    }

    void take_value(std::string_view key, std::string_view value) {
        if (key == "chdir") spec_.chdir = value;
        if (key == "program") spec_.program = value;
        if (key == "id") {
            spec_.id = value;
            if (one_line(value) != value) say("'id' contains what cannot be printed");
        }
        if (key == "nice") {
            auto const n = decimal(value.starts_with('+') ? value.substr(1) : value);
            if (!n || *n < -40 || *n > 39) return say("'nice' has to be a number from -40 to 39, such as nice=5");
            spec_.nice = static_cast<int>(*n);
        }
        if (key == "ssh") {
            spec_.how = worker_spec::where::ssh;
            auto words = shell_words(value);
            if (!words) return say("'ssh' has a quote or a backslash without its end");
            if (words->empty()) return say("'ssh' needs a host: ssh=HOST");
            spec_.ssh = std::move(*words);
        }
    }

    [[nodiscard]] bool has(std::string_view key) const {
        return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
    }
    static std::string shown(std::string_view foreign) { return "'" + clip(one_line(foreign), 80) + "'"; }
    void say(std::string words) { error_ = std::move(words); }
    [[nodiscard]] worker_specs failed(std::string const& words) const {
        return {{}, "the worker spec " + shown(whole_) + " makes no sense: " + words};
    }

    std::string_view whole_;
    worker_spec spec_{};
    std::vector<std::string_view> keys_{};
    std::string error_{};
};

}  // namespace detail

/// The specs that one text stands for, in its order.
[[nodiscard]] inline worker_specs parse_worker_specs(std::string_view text) {
    return detail::spec_parser(text).parse();
}

/// The specs of several texts, one after the other: `--rampart-tx` may be given again.
[[nodiscard]] inline worker_specs parse_worker_specs(std::vector<std::string> const& texts) {
    worker_specs all;
    for (std::string const& text : texts) {
        worker_specs some = parse_worker_specs(std::string_view(text));
        if (!some.error.empty()) return some;
        for (worker_spec& spec : some.specs) {
            for (worker_spec const& other : all.specs) {
                if (spec.id.empty() || spec.id != other.id) continue;
                return {{},
                        "the worker specs '" + one_line(other.text) + "' and '" + one_line(spec.text) +
                            "' have the same id"};
            }
            all.specs.push_back(std::move(spec));
        }
        if (all.specs.size() > max_workers) {
            return {{}, "the worker specs ask for more than " + std::to_string(max_workers) + " workers"};
        }
    }
    return all;
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_SPEC_HPP
// ---- rampart/dist/spawn.hpp, again

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __APPLE__
# include <crt_externs.h>
# include <cstdint>
# include <mach-o/dyld.h>
#endif

/// \file
/// Starts a program as a worker: in a session and a process group of its own, with signals as a program expects them, a
/// clean environment, and no file descriptor but those it is to have.
///
/// Own code on posix_spawn, because no library in a distribution does all of that (Boost.Process 1.81 closes the
/// child's stdio when it limits handles). The part for macOS is written after its manual and was never compiled there.

namespace rampart::inline v1::dist {

using environment_list = std::vector<std::pair<std::string, std::string>>;  ///< Variables and their values.

namespace detail {

/// What an engine tells the program that it started is not meant for that program's workers: they are no shards, and
/// the files are the controller's.
inline constexpr std::string_view controllers_variables[] = {"TEST_TOTAL_SHARDS",
                                                             "TEST_SHARD_INDEX",
                                                             "TEST_SHARD_STATUS_FILE",
                                                             "TEST_PREMATURE_EXIT_FILE",
                                                             "GTEST_TOTAL_SHARDS",
                                                             "GTEST_SHARD_INDEX",
                                                             "GTEST_SHARD_STATUS_FILE",
                                                             "XML_OUTPUT_FILE",
                                                             "RAMPART_TOTAL_SHARDS",
                                                             "RAMPART_SHARD_INDEX",
                                                             "RAMPART_ATTEMPT",
                                                             "GITHUB_STEP_SUMMARY",
                                                             "TEST_WARNINGS_OUTPUT_FILE",
                                                             "TEST_RUN_NUMBER",
                                                             "SLURM_ARRAY_TASK_ID",
                                                             "SLURM_ARRAY_TASK_COUNT",
                                                             "SLURM_ARRAY_TASK_MIN",
                                                             "SLURM_ARRAY_TASK_MAX",
                                                             "SLURM_ARRAY_TASK_STEP",
                                                             "SLURM_RESTART_COUNT",
                                                             "SLURM_PROCID",
                                                             "SLURM_NTASKS",
                                                             "CI_NODE_TOTAL",
                                                             "CI_NODE_INDEX"};

/// `NAME=VALUE` of each: the parent's, without what is not a worker's and what `own` sets, then `own`. Of two in `own`
/// the later one counts.
[[nodiscard]] inline std::vector<std::string> worker_environment(char const* const* parent,
                                                                 environment_list const& own) {
    std::vector<std::string> all;
    auto const is_in = [](auto const& names, std::string_view name) {
        return std::find(std::begin(names), std::end(names), name) != std::end(names);
    };
    auto const is_own = [&own](std::string_view name, std::size_t from) {
        for (; from < own.size(); ++from) {
            if (own[from].first == name) return true;
        }
        return false;
    };
    for (; parent != nullptr && *parent != nullptr; ++parent) {
        std::string_view const text = *parent;
        auto const name = text.substr(0, text.find('='));
        if (!is_in(controllers_variables, name) && !is_in(worker_variables, name) && !is_own(name, 0)) {
            all.emplace_back(text);
        }
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (!is_own(own[i].first, i + 1)) all.push_back(own[i].first + "=" + own[i].second);
    }
    return all;
}

/// A path for a shell: `~/` at its beginning is the home there, and no path is an option.
[[nodiscard]] inline std::string shell_path(std::string_view path) {
    if (path == "~") return "~";
    if (path.starts_with("~/"))
        return "~/" + (path.size() == 2 ? std::string() : rampart::detail::shell_word(path.substr(2)));
    return rampart::detail::shell_word(path.starts_with('-') ? "./" + std::string(path) : std::string(path));
}

/// The words that start a worker of an ssh spec. `arguments` are those of the program, without its name; of the
/// environment only `own` and the spec's goes along.
[[nodiscard]] inline std::vector<std::string> ssh_command(worker_spec const& spec, std::string const& program,
                                                          std::vector<std::string> const& arguments,
                                                          environment_list const& own) {
    std::string there;
    if (!spec.chdir.empty()) there += "cd " + shell_path(spec.chdir) + " && ";
    there += "exec ";
    if (spec.nice) there += "nice -n " + std::to_string(*spec.nice) + " ";
    there += "env";
    for (auto const& [name, value] : own) there += " " + rampart::detail::shell_word(name + "=" + value);
    for (auto const& [name, value] : spec.env) there += " " + rampart::detail::shell_word(name + "=" + value);
    // `env` would take such a path for a variable.
    if (program.find('=') != std::string::npos) there += R"( sh -c 'exec "$0" "$@"')";
    there += " " + shell_path(program);
    for (std::string const& argument : arguments) there += " " + rampart::detail::shell_word(argument);
    // No terminal, and no question for a password that nobody would answer.
    std::vector<std::string> words{"ssh", "-T", "-o", "BatchMode=yes"};
    words.insert(words.end(), spec.ssh.begin(), spec.ssh.end());
    words.push_back(std::move(there));
    return words;
}

[[nodiscard]] inline std::string error_words(int error) { return std::generic_category().message(error); }

/// The file of this process's program, to be started again: on Linux also where the file was replaced meanwhile.
[[nodiscard]] inline std::string own_program() {
#ifdef __APPLE__
    std::array<char, 4096> path{};
    auto size = static_cast<std::uint32_t>(path.size());
    return ::_NSGetExecutablePath(path.data(), &size) == 0 ? path.data() : "";
#else
    return "/proc/self/exe";
#endif
}

/// The path of this process's program, for people and other machines.
[[nodiscard]] inline std::string own_program_path() {
    std::string const program = own_program();
    std::array<char, 4096> path{};
    ::ssize_t const size = ::readlink(program.c_str(), path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : program;
}

[[nodiscard]] inline char const* const* own_environment() {
#ifdef __APPLE__
    return *::_NSGetEnviron();
#else
    return ::environ;
#endif
}

/// What is to be started.
struct launch {
    std::string program{};  ///< a path, or with `search` a name to be found in PATH
    bool search = false;
    std::vector<std::string> arguments{};    ///< its name included
    std::vector<std::string> environment{};  ///< NAME=VALUE
    std::string chdir{};
    std::optional<int> nice{};  ///< added to ours
    int control = -1;           ///< becomes fd 3, or with `on_stdio` fds 0 and 1
    int output = -1;            ///< becomes fds 1 and 2 (2 with `on_stdio`); -1: they are ours
    bool on_stdio = false;
};

struct launched {
    ::pid_t pid = 0;
    int error = 0;
    std::string words{};  ///< why there is no process
};

/// The attributes and actions of a posix_spawn. After a first failure nothing more is done.
class spawn_plan {
public:
    spawn_plan() {
        error_ = ::posix_spawnattr_init(&attributes_);
        has_attributes_ = error_ == 0;
        check(::posix_spawn_file_actions_init(&actions_));
        has_actions_ = error_ == 0;
    }
    spawn_plan(spawn_plan const&) = delete;
    spawn_plan& operator=(spawn_plan const&) = delete;
    ~spawn_plan() {
        if (has_actions_) ::posix_spawn_file_actions_destroy(&actions_);
        if (has_attributes_) ::posix_spawnattr_destroy(&attributes_);
    }

    void open_null(int fd, int flags) {
        act([&] { return ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", flags, 0); });
    }
    /// `from` is never `to`: see first_free_descriptor.
    void put(int from, int to) {
        act([&] { return ::posix_spawn_file_actions_adddup2(&actions_, from, to); });
    }
    void keep(int fd) {
#ifdef __APPLE__
        act([&] { return ::posix_spawn_file_actions_addinherit_np(&actions_, fd); });
#else
        (void)fd;
#endif
    }
    void change_directory(std::string const& to) {
        if (!to.empty()) act([&] { return ::posix_spawn_file_actions_addchdir_np(&actions_, to.c_str()); });
    }

    /// A session of its own is a process group of its own too, and has no terminal that could stop its processes.
    void detach(int first_closed) {
        ::sigset_t none;
        ::sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::sigdelset(&all, SIGKILL);
        ::sigdelset(&all, SIGSTOP);
        int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#ifdef POSIX_SPAWN_SETSID
        flags |= POSIX_SPAWN_SETSID;
#else
        flags |= POSIX_SPAWN_SETPGROUP;
        act([&] { return ::posix_spawnattr_setpgroup(&attributes_, 0); });
#endif
#ifdef __APPLE__
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
        (void)first_closed;
#elif defined(__GLIBC_PREREQ)
# if __GLIBC_PREREQ(2, 34)
        // What our own caller has left open by accident ends here.
        act([&] { return ::posix_spawn_file_actions_addclosefrom_np(&actions_, first_closed); });
# else
        (void)first_closed;
# endif
#else
        (void)first_closed;
#endif
        act([&] { return ::posix_spawnattr_setsigmask(&attributes_, &none); });
        act([&] { return ::posix_spawnattr_setsigdefault(&attributes_, &all); });
        act([&] { return ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags)); });
    }

    [[nodiscard]] int start(launch const& what, ::pid_t& pid) {
        if (error_ != 0) return error_;
        auto const pointers = [](std::vector<std::string> const& texts) {
            std::vector<char*> all;
            for (std::string const& text : texts) all.push_back(const_cast<char*>(text.c_str()));
            all.push_back(nullptr);
            return all;
        };
        auto const arguments = pointers(what.arguments);
        auto const environment = pointers(what.environment);
        auto const spawn = what.search ? ::posix_spawnp : ::posix_spawn;
        return spawn(&pid, what.program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
    }

private:
    template <class Step>
    void act(Step step) {
        if (error_ == 0) check(step());
    }
    void check(int error) {
        if (error_ == 0) error_ = error;
    }

    ::posix_spawnattr_t attributes_{};
    ::posix_spawn_file_actions_t actions_{};
    bool has_attributes_ = false;
    bool has_actions_ = false;
    int error_ = 0;
};

/// From the main thread: on Linux a worker may ask to end with the thread that started it.
[[nodiscard]] inline launched spawn(launch const& what) {
    spawn_plan plan;
    bool const stdio = what.on_stdio;
    if (stdio) {
        plan.put(what.control, 0);
        plan.put(what.control, 1);
    } else {
        plan.open_null(0, O_RDONLY);
        plan.put(what.control, 3);
    }
    for (int fd = stdio ? 2 : 1; fd <= 2; ++fd) {
        if (what.output >= 0) {
            plan.put(what.output, fd);
        } else if (::fcntl(fd, F_GETFD) < 0) {
            plan.open_null(fd, O_WRONLY);  // a closed one would become the first file that it opens
        } else {
            plan.keep(fd);
        }
    }
    plan.detach(stdio ? 3 : 4);
    plan.change_directory(what.chdir);
    launched result;
    result.error = plan.start(what, result.pid);
    if (result.error != 0) {
        result.pid = 0;
        descriptor const folder(what.chdir.empty() ? -1
                                                   : ::open(what.chdir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        bool const no_folder = !what.chdir.empty() && (!folder || ::access(what.chdir.c_str(), X_OK) != 0);
        std::string const& name = no_folder ? what.chdir : what.program;
        result.words = (no_folder ? "cannot change to the folder '" : "cannot start '") + one_line(name) +
                       "': " + error_words(result.error);
        return result;
    }
    if (what.nice) {
        errno = 0;
        int const ours = ::getpriority(PRIO_PROCESS, 0);
        int const nice = std::clamp(ours + *what.nice, -20, 19);
        // The whole group: it may have started another process already.
        if (::setpriority(PRIO_PGRP, static_cast<::id_t>(result.pid), nice) != 0) {
            result.error = errno;
            result.words = "cannot give it the niceness " + std::to_string(nice) + ": " + error_words(result.error);
            ::kill(-result.pid, SIGKILL);
            while (::waitpid(result.pid, nullptr, 0) < 0 && errno == EINTR) {
            }
            result.pid = 0;
        }
    }
    return result;
}

}  // namespace detail

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_SPAWN_HPP
// ---- rampart/dist/pool_options.hpp, again

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

/// \file
/// What a pool of workers is told: how they are started, how long they have, and who hears of them.

namespace rampart::inline v1::dist {

/// How workers are started, and how long they have for what. Lengths are in seconds.
struct pool_options {
    std::string program{};                 ///< of `popen`; empty: this process's own
    std::vector<std::string> arguments{};  ///< for the workers, the program's name first
    std::size_t workers = 1;               ///< RAMPART_WORKER_COUNT
    std::string run{};                     ///< RAMPART_TESTRUNUID
    environment_list environment{};        ///< more variables for all workers
    bool live_output = false;              ///< workers print where the controller does; nothing is captured
    capture_limits capture{};              ///< of what a worker prints during one test
    double start_limit = 120.0;  ///< for a worker's first frame
    double grace = 2.0;          ///< between SIGTERM and SIGKILL
    double exit_limit = 30.0;    ///< for the end of the process after its goodbye
    double silence_limit = 0.5;  ///< for the end of a process that closed its channel or broke it
    double kill_limit = 5.0;     ///< for the end after SIGKILL; then the process is given up
    double tick = 0.0;           ///< between two `on_tick`; 0: none
    bool stop_signals = true;    ///< whether SIGINT, SIGTERM and SIGHUP become `on_stop`
};

/// Who is told. What is empty is passed over; what one throws comes out of `run`. All are called from `run` only, and
/// may call the pool.
struct pool_handlers {
    /// A worker has sent a frame.
    std::function<void(worker_number, frame)> on_frame{};
    /// The last that is heard of a worker: the process is gone, and its frames have all been handed over.
    std::function<void(worker_number, worker_death)> on_death{};
    /// The deadline has passed; it is cleared. Nothing is done to the worker.
    std::function<void(worker_number)> on_overdue{};
    /// The signal's name, and how many have come.
    std::function<void(std::string const&, unsigned)> on_stop{};
    /// Every `tick` seconds.
    std::function<void()> on_tick{};
};

namespace detail {

/// How a worker of this spec is started, but for its channel. `cookie`: see keeper.hpp.
[[nodiscard]] inline launch planned_launch(pool_options const& options, worker_spec const& spec, worker_number number,
                                           std::string const& cookie) {
    launch plan;
    environment_list own = options.environment;
    own.emplace_back("RAMPART_WORKER", worker_name(number));
    own.emplace_back("RAMPART_WORKER_COUNT", std::to_string(options.workers));
    own.emplace_back("RAMPART_TESTRUNUID", options.run);
    own.emplace_back("RAMPART_COOKIE", cookie);
    if (spec.how == worker_spec::where::ssh) {
        own.emplace_back("RAMPART_CONTROL", "stdio");
        std::vector<std::string> words = options.arguments;
        if (!words.empty()) words.erase(words.begin());
        std::string const here = options.program.empty() ? own_program_path() : options.program;
        plan.program = "ssh";
        plan.search = true;
        plan.on_stdio = true;
        plan.arguments = ssh_command(spec, spec.program.empty() ? here : spec.program, words, own);
        own = {{"RAMPART_COOKIE", cookie}};  // of the client
    } else {
        own.emplace_back("RAMPART_CONTROL", "3");
        own.emplace_back("RAMPART_PARENT", std::to_string(::getpid()));
        own.insert(own.end(), spec.env.begin(), spec.env.end());
        plan.program = options.program.empty() ? own_program() : options.program;
        plan.arguments = options.arguments;
        if (plan.arguments.empty()) plan.arguments.push_back(plan.program);
        plan.chdir = spec.chdir;
        plan.nice = spec.nice;
    }
    plan.environment = worker_environment(own_environment(), own);
    return plan;
}

}  // namespace detail

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_POOL_OPTIONS_HPP
// ---- rampart/dist/process.hpp, again
// ---- rampart/dist/stop_signals.hpp
#ifndef RAMPART_DIST_STOP_SIGNALS_HPP
#define RAMPART_DIST_STOP_SIGNALS_HPP

// ---- rampart/dist/signal_words.hpp
#ifndef RAMPART_DIST_SIGNAL_WORDS_HPP
#define RAMPART_DIST_SIGNAL_WORDS_HPP

#include <string>
#include <string_view>

#include <signal.h>

/// \file
/// What a signal is called. `strsignal` depends on the locale and does not give the name that people search for.

namespace rampart::inline v1::dist {

namespace detail {

struct known_signal {
    int number;
    std::string_view name;
    std::string_view words;
};

inline constexpr known_signal known_signals[] = {
    {SIGHUP, "SIGHUP", "Hangup"},
    {SIGINT, "SIGINT", "Interrupt"},
    {SIGQUIT, "SIGQUIT", "Quit"},
    {SIGILL, "SIGILL", "Illegal instruction"},
    {SIGTRAP, "SIGTRAP", "Trace/breakpoint trap"},
    {SIGABRT, "SIGABRT", "Aborted"},
    {SIGBUS, "SIGBUS", "Bus error"},
    {SIGFPE, "SIGFPE", "Floating point exception"},
    {SIGKILL, "SIGKILL", "Killed"},
    {SIGUSR1, "SIGUSR1", "User defined signal 1"},
    {SIGSEGV, "SIGSEGV", "Segmentation fault"},
    {SIGUSR2, "SIGUSR2", "User defined signal 2"},
    {SIGPIPE, "SIGPIPE", "Broken pipe"},
    {SIGALRM, "SIGALRM", "Alarm clock"},
    {SIGTERM, "SIGTERM", "Terminated"},
    {SIGCHLD, "SIGCHLD", "Child exited"},
    {SIGCONT, "SIGCONT", "Continued"},
    {SIGSTOP, "SIGSTOP", "Stopped"},
    {SIGTSTP, "SIGTSTP", "Stopped from the terminal"},
    {SIGTTIN, "SIGTTIN", "Stopped for terminal input"},
    {SIGTTOU, "SIGTTOU", "Stopped for terminal output"},
    {SIGURG, "SIGURG", "Urgent I/O condition"},
    {SIGXCPU, "SIGXCPU", "CPU time limit exceeded"},
    {SIGXFSZ, "SIGXFSZ", "File size limit exceeded"},
    {SIGVTALRM, "SIGVTALRM", "Virtual timer expired"},
    {SIGPROF, "SIGPROF", "Profiling timer expired"},
    {SIGWINCH, "SIGWINCH", "Window changed"},
    {SIGIO, "SIGIO", "I/O possible"},
    {SIGSYS, "SIGSYS", "Bad system call"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "SIGSTKFLT", "Stack fault"},
#endif
#ifdef SIGPWR
    {SIGPWR, "SIGPWR", "Power failure"},
#endif
};

}  // namespace detail

/// `SIGSEGV`, `SIGRTMIN+2`, or `signal 77` for one without a name.
[[nodiscard]] inline std::string signal_name(int number) {
    for (auto const& known : detail::known_signals) {
        if (known.number == number) return std::string(known.name);
    }
#ifdef SIGRTMIN
    if (number >= SIGRTMIN && number <= SIGRTMAX) return "SIGRTMIN+" + std::to_string(number - SIGRTMIN);
#endif
    return "signal " + std::to_string(number);
}

/// `SIGSEGV (Segmentation fault)`.
[[nodiscard]] inline std::string signal_words(int number) {
    for (auto const& known : detail::known_signals) {
        if (known.number == number) return std::string(known.name) + " (" + std::string(known.words) + ")";
    }
    return signal_name(number);
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_SIGNAL_WORDS_HPP
// ---- rampart/dist/stop_signals.hpp, again

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

/// \file
/// The signals by which somebody wants a run to end, and the state of signals that a run changes and puts back.

namespace rampart::inline v1::dist::detail {

/// What the process did with the signals of a run before it. From here to its end SIGPIPE is ignored (a reader of our
/// output that goes away is an error of a write), and none of these is blocked: a caller that blocks SIGCHLD would hide
/// the deaths of workers.
class kept_signals {
public:
    kept_signals() {
        ::sigset_t some;
        ::sigemptyset(&some);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            ::sigaction(numbers[i], nullptr, &before_[i]);
            ::sigaddset(&some, numbers[i]);
        }
        ::pthread_sigmask(SIG_UNBLOCK, &some, &mask_);
        ::signal(SIGPIPE, SIG_IGN);
    }
    kept_signals(kept_signals const&) = delete;
    kept_signals& operator=(kept_signals const&) = delete;
    ~kept_signals() {
        for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }

private:
    static constexpr std::array<int, 5> numbers{SIGCHLD, SIGPIPE, SIGINT, SIGTERM, SIGHUP};
    std::array<struct ::sigaction, 5> before_{};
    ::sigset_t mask_{};
};

// Here and in the process room Asio's objects know their executor. With any executor, as by default, a main file takes
// a twentieth longer to compile.
using loop_signals = boost::asio::basic_signal_set<boost::asio::io_context::executor_type>;
using loop_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>;

/// Calls back for SIGINT, SIGTERM and SIGHUP with the name and how many have come, all together. After the second they
/// have their usual effect again: a third ends the controller. One that the caller ignores, as nohup does SIGHUP, stays
/// ignored.
class stop_signals {
public:
    /// `timeout` sends its signal to the program and to its group; two within this time are one.
    static constexpr std::chrono::milliseconds one_wish{50};

    stop_signals(boost::asio::io_context& io, std::function<void(std::string const&, unsigned)> on_stop)
        : signals_(io), on_stop_(std::move(on_stop)) {
        for (int const number : {SIGINT, SIGTERM, SIGHUP}) {
            struct ::sigaction now {};
            if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
            signals_.add(number);
        }
        wait();
    }

private:
    void wait() {
        signals_.async_wait([this](boost::system::error_code failed, int number) {
            if (failed) return;
            auto const now = std::chrono::steady_clock::now();
            if (times_ != 0 && now - last_ < one_wish) return wait();
            last_ = now;
            ++times_;
            if (times_ < 2) {
                wait();
            } else {
                signals_.clear();
            }
            on_stop_(signal_name(number), times_);
        });
    }

    loop_signals signals_;
    std::function<void(std::string const&, unsigned)> on_stop_;
    std::chrono::steady_clock::time_point last_{};
    unsigned times_ = 0;
};

}  // namespace rampart::inline v1::dist::detail

#endif  // RAMPART_DIST_STOP_SIGNALS_HPP
// ---- rampart/dist/process.hpp, again
// ---- rampart/dist/worker_process.hpp
#ifndef RAMPART_DIST_WORKER_PROCESS_HPP
#define RAMPART_DIST_WORKER_PROCESS_HPP


#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

/// \file
/// One worker as its pool sees it: a process, a channel, and a pipe with what it prints. Nothing here waits.

namespace rampart::inline v1::dist::detail {

using steady_time = std::chrono::steady_clock::time_point;
inline constexpr steady_time never = steady_time::max();

[[nodiscard]] inline steady_time seconds_from_now(double seconds) {
    // A century is no limit, and a number that is none does not become one.
    double const length = seconds > 0 ? seconds < 3e9 ? seconds : 3e9 : 0;
    return std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(length));
}
[[nodiscard]] inline std::string limit_text(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", seconds);
    return text.data();
}

/// What bytes are read into. One for all workers: what is read is copied at once.
using read_buffer = std::array<char, std::size_t{64} << 10U>;

/// As much as a pipe may hold, if nobody who has privileges has made it larger.
inline constexpr std::size_t most_pipe_bytes = std::size_t{1} << 20U;

/// What is waited for next.
enum class worker_stage : unsigned char {
    waiting,    ///< to be started
    unstarted,  ///< it will not be; its death is about to be told
    starting,   ///< for the first frame
    running,    ///< for nothing
    leaving,    ///< it said goodbye; for its end
    silent,     ///< nothing more can come from it; for its end
    ending,     ///< after SIGTERM
    killed,     ///< after SIGKILL
};

/// The ends of a channel and a pipe that a process is to get.
struct worker_ends {
    descriptor control{};
    descriptor output{};  ///< none where nothing is captured
    int error = 0;        ///< an errno, and what is missing
    std::string words{};
};

using loop_stream = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

struct worker_process {
    worker_process(boost::asio::io_context& io, worker_number n, worker_spec how, capture_limits limits)
        : number(n), spec(std::move(how)), control(io), output(io), captured(limits) {}

    worker_number number;
    worker_spec spec;
    worker_stage at = worker_stage::waiting;
    steady_time due = never;      ///< of what is waited for
    steady_time overdue = never;  ///< of the test in flight
    ::pid_t pid = 0;              ///< until it is reaped
    loop_stream control;
    loop_stream output;
    frame_reader frames{};
    captured_output captured;
    std::string unsent{};
    bool deaf = false;         ///< nobody reads what is sent
    bool unreachable = false;  ///< nothing could come from it, and it was ended for that
    std::string over_limit{};  ///< which limit it was ended for
    worker_death not_started{};

    /// Makes the channel and, where its output is captured, the pipe. A failure leaves nothing open.
    [[nodiscard]] worker_ends connect(bool captures) {
        auto channel = make_channel();
        if (channel.error != 0) return no_ends("no channel: ", channel.error);
        auto pipe = captures ? make_pipe() : descriptor_pair{};
        if (pipe.error != 0) return no_ends("no pipe: ", pipe.error);
        int error = watch(control, channel.ours);
        if (error == 0 && pipe.ours) error = watch(output, pipe.ours);
        if (error == 0) return {std::move(channel.theirs), std::move(pipe.theirs), 0, {}};
        close();
        return no_ends("its channel cannot be watched: ", error);
    }
    void close() {
        boost::system::error_code ignored;
        control.close(ignored);
        output.close(ignored);
    }

    /// Sends what there is room for. Gives how many bytes these are.
    std::size_t send_some(std::string_view bytes) {
#ifdef MSG_NOSIGNAL
        constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
        constexpr int flags = MSG_DONTWAIT;
#endif
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            ::ssize_t const n = ::send(control.native_handle(), bytes.data() + sent, bytes.size() - sent, flags);
            if (n < 0 && errno == EINTR) continue;
            // Its death, or the end of its channel, is told in its own time.
            if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) deaf = true;
            if (n <= 0) break;
            sent += static_cast<std::size_t>(n);
        }
        return sent;
    }

    enum class reading : unsigned char { more, nothing, ended };

    /// Reads from the channel once.
    reading read_control(read_buffer& buffer) {
        ::ssize_t n = 0;
        do {
            n = ::recv(control.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return reading::nothing;
        if (n <= 0) return reading::ended;
        auto const size = static_cast<std::size_t>(n);
        frames.feed({buffer.data(), size});
        return size == buffer.size() ? reading::more : reading::nothing;
    }

    /// Reads what has been printed; false when no more can come. Never waits for the end of the pipe: a process that a
    /// test left holds it open, and may write for ever, so there is a limit too.
    bool read_output(read_buffer& buffer, std::size_t most) {
        if (!output.is_open()) return false;
        for (std::size_t done = 0; done < most;) {
            ::ssize_t const n = ::read(output.native_handle(), buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
            if (n == 0) return false;
            auto const size = static_cast<std::size_t>(n);
            captured.append({buffer.data(), size});
            done += size;
            if (size < buffer.size()) break;  // that was all there is
        }
        return true;
    }

    /// To its process group. Only until it is reaped: afterwards the number may be another's.
    void signal_group(int signal) const noexcept {
        if (pid != 0 && ::kill(-pid, signal) != 0) ::kill(pid, signal);
    }

    /// Whether the process has ended. It stays a zombie, so that its number stays its own.
    [[nodiscard]] bool has_ended() const noexcept {
        ::siginfo_t info{};
        int failed = 0;
        do {
            failed = ::waitid(P_PID, static_cast<::id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
        } while (failed != 0 && errno == EINTR);
        return failed != 0 || info.si_pid != 0;
    }

    /// Takes the process from the system if it has ended. Its status as waitpid gives it.
    std::optional<int> reap() noexcept {
        int status = 0;
        ::pid_t done = 0;
        do {
            done = ::waitpid(pid, &status, WNOHANG);
        } while (done < 0 && errno == EINTR);
        pid = 0;
        return done > 0 ? std::optional(status) : std::nullopt;
    }

    /// How it ended, in words. `has_ended` and `status`: as asked before, and from `reap`.
    [[nodiscard]] worker_death death(bool had_ended, std::optional<int> status) const {
        using how_it_was = worker_death::how_it_was;
        std::string const broken = "wrote what is no frame into the control channel (" + frames.why() + ")";
        if (!status) {
            return {how_it_was::unreachable,
                    0,
                    had_ended ? "has ended, but something else in the controller's process took its status"
                              : "is still there after SIGKILL, and was given up",
                    {}};
        }
        if (unreachable) {
            return {how_it_was::unreachable,
                    0,
                    frames.broken() ? broken
                                    : "closed its end of the control channel without ending (it executes another "
                                      "program, or closed files that were not its own)",
                    {}};
        }
        worker_death told;
        if (WIFSIGNALED(*status)) {
            told.how = how_it_was::signalled;
            told.number = WTERMSIG(*status);
            told.words = "died by " + signal_words(told.number);
        } else {
            told.number = WEXITSTATUS(*status);
            told.words = "exited with status " + std::to_string(told.number);
            if (spec.how == worker_spec::where::ssh && told.number == 255) {
                told.words += " (ssh could not connect, or lost the connection)";
            }
        }
        if (!over_limit.empty()) told.words = over_limit + ", was ended and " + told.words;
        if (frames.broken()) told.words += "; before that it " + broken;
        return told;
    }

private:
    static int watch(loop_stream& stream, descriptor& end) {
        boost::system::error_code failed;
        (void)stream.assign(end.get(), failed);
        if (!failed) (void)end.release();
        return failed.value();
    }
    static worker_ends no_ends(std::string const& words, int error) {
        return {descriptor(), descriptor(), error, words + std::generic_category().message(error)};
    }
};

}  // namespace rampart::inline v1::dist::detail

#endif  // RAMPART_DIST_WORKER_PROCESS_HPP
// ---- rampart/dist/process.hpp, again

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/error_code.hpp>

/// \file
/// The one room that starts processes: the workers of a run, their channels, output, time limits and deaths. It has no
/// rules about tests; `controller.hpp` has these. Linux is what it is tested on; for macOS the same calls are compiled
/// where they exist, untested.

namespace rampart::inline v1::dist {

/// Worker processes and the loop that serves them. To be used from one thread, the program's first one where workers
/// end with their controller (Linux ends them with the thread that started them).
///
/// While it lives SIGPIPE is ignored, and SIGCHLD and the stop signals are its own; afterwards they are as before.
/// Children of the process that are not its own are left alone.
class worker_pool {
public:
    /// Throws std::system_error where the system has no room for another process or file.
    worker_pool(pool_options options, pool_handlers handlers)
        : options_(std::move(options)), handlers_(std::move(handlers)), keeper_(detail::random_cookie()), io_(1),
          children_(io_, SIGCHLD), timer_(io_) {
        cookie_ = keeper_.cookie();
        // A controller that is itself a worker is ended by its own controller's cookie.
        if (char const* const outer = std::getenv("RAMPART_COOKIE"); outer != nullptr && *outer != '\0') {
            cookie_ = outer + (":" + cookie_);
        }
        wait_for_children();
        if (options_.stop_signals) {
            stops_.emplace(io_, [this](std::string const& name, unsigned times) {
                if (handlers_.on_stop) handlers_.on_stop(name, times);
            });
        }
        if (options_.tick > 0) arm(next_tick_ = detail::seconds_from_now(options_.tick));
    }
    worker_pool(worker_pool const&) = delete;
    worker_pool& operator=(worker_pool const&) = delete;
    ~worker_pool() { close(); }

    /// Starts a worker, or does so in a while. Where that fails, `on_death` says why (`unstarted`). A number is a
    /// worker's for good: std::logic_error for one that is in use.
    void start(worker_number number, worker_spec spec, double after_seconds = 0.0) {
        auto const [at, is_new] = workers_.try_emplace(number, io_, number, std::move(spec), options_.capture);
        if (!is_new) throw std::logic_error("rampart: " + worker_name(number) + " is started twice");
        if (after_seconds > 0) {
            set_due(at->second, after_seconds);
        } else {
            launch(at->second);
        }
    }

    /// Sends what the worker's channel takes now, and the rest as it gets room. For a worker that is gone: nothing.
    void send(worker_number number, frame const& f) {
        worker* const w = find(number);
        if (w == nullptr || !w->control.is_open() || w->deaf) return;
        std::string bytes = encode(f);
        if (!w->unsent.empty()) {
            w->unsent += bytes;
            return;
        }
        std::size_t const sent = w->send_some(bytes);
        if (sent == bytes.size() || w->deaf) return;
        w->unsent.assign(bytes, sent);
        wait_for_room(*w);
    }

    /// `on_overdue` so many seconds from now, instead of any such order before; none: no more.
    void deadline(worker_number number, std::optional<double> seconds) {
        if (worker* const w = find(number)) {
            w->overdue = seconds ? detail::seconds_from_now(*seconds) : never;
            arm(w->overdue);
        }
    }

    /// Ends a worker and its process group: SIGTERM, the grace, SIGKILL; or SIGKILL `at_once`.
    void end(worker_number number, bool at_once) {
        if (worker* const w = find(number)) end(*w, at_once);
    }

    /// Ends a worker at once that sent a frame which makes no sense; `why` follows its name in the words of its death.
    void reject(worker_number number, std::string why) {
        worker* const w = find(number);
        if (w == nullptr || !w->over_limit.empty()) return;
        w->deaf = true;
        w->over_limit = std::move(why);
        end(*w, true);
    }

    /// What the worker has printed since the last time. Does not wait; what its processes have written so far is in it.
    [[nodiscard]] std::string take_output(worker_number number) {
        worker* const w = find(number);
        if (w == nullptr) return {};
        (void)w->read_output(buffer_, detail::most_pipe_bytes);
        return w->captured.take();
    }

    /// The process of a worker; none before its start and after its death.
    [[nodiscard]] std::optional<std::int64_t> pid(worker_number number) const {
        auto const at = workers_.find(number);
        if (at == workers_.end() || at->second.pid == 0) return std::nullopt;
        return at->second.pid;
    }
    /// How many workers there are whose death has not been told.
    [[nodiscard]] std::size_t size() const noexcept { return workers_.size(); }

    /// Serves workers until `stop_loop`. May be called again.
    void run() {
        io_.run();
        io_.restart();
    }
    /// Lets `run` return.
    void stop_loop() { io_.stop(); }

    /// Ends all workers at once without telling, and then whatever the run has left behind. Gives how many processes
    /// the latter were, as far as they are known by the cookie in their environment. The destructor does the same.
    int close() noexcept {
        if (owner_ != ::getpid()) return 0;  // a forked child's copy
        for (auto& [number, w] : workers_) {
            w.signal_group(SIGKILL);
        }
        for (auto& [number, w] : workers_) {
            for (int waited = 0; w.pid != 0 && !w.has_ended() && waited < 5000; ++waited) detail::sleep_milliseconds(1);
            w.signal_group(SIGKILL);
            if (w.pid != 0 && w.has_ended()) keeper_.remove(w.pid);
            if (w.pid != 0) (void)w.reap();
        }
        workers_.clear();
        return keeper_.end();
    }

private:
    using clock = std::chrono::steady_clock;
    using worker = detail::worker_process;
    using stage = detail::worker_stage;
    using descriptor = detail::loop_stream;
    static constexpr clock::time_point never = detail::never;

    // ---- start ------------------------------------------------------------------------------------------------------

    void launch(worker& w) {
        auto const ends = w.connect(!options_.live_output);
        if (ends.error != 0) return give_up(w, ends.error, ends.words);
        detail::launch what = detail::planned_launch(options_, w.spec, w.number, cookie_);
        what.control = ends.control.get();
        what.output = ends.output.get();
        detail::launched const process = detail::spawn(what);
        if (process.error != 0) return give_up(w, process.error, process.words);
        w.pid = process.pid;
        keeper_.add(w.pid);
        w.at = stage::starting;
        set_due(w, options_.start_limit);
        wait_for_frames(w);
        if (w.output.is_open()) wait_for_output(w);
    }

    /// The death is told from the loop, never from inside `start`.
    void give_up(worker& w, int error, std::string const& why) {
        w.close();
        w.at = stage::unstarted;
        w.due = never;
        w.not_started = {worker_death::how_it_was::unstarted, error,
                         "could not be started (" + one_line(w.spec.text) + "): " + why, ""};
        boost::asio::post(io_, [this, number = w.number] {
            worker* const found = find(number);
            if (found == nullptr) return;
            worker_death death = std::move(found->not_started);
            workers_.erase(number);
            if (handlers_.on_death) handlers_.on_death(number, std::move(death));
        });
    }

    // ---- the channel ------------------------------------------------------------------------------------------------

    void wait_for_frames(worker& w) {
        w.control.async_wait(descriptor::wait_read, [this, number = w.number](boost::system::error_code failed) {
            worker* const found = failed ? nullptr : find(number);
            if (found != nullptr && read_frames(*found, 16)) wait_for_frames(*found);
        });
    }

    /// Whether there may come more.
    bool read_frames(worker& w, int most_reads) {
        if (!w.control.is_open() || w.at == stage::silent || w.frames.broken()) return false;
        for (int reads = 0; reads < most_reads; ++reads) {
            auto const got = w.read_control(buffer_);
            while (auto f = w.frames.next()) take(w, std::move(*f));
            if (got == worker::reading::ended || w.frames.broken()) {
                lose(w);
                return false;
            }
            if (got == worker::reading::nothing) return true;
        }
        return true;
    }

    void take(worker& w, frame f) {
        if (w.at == stage::starting) {
            w.at = stage::running;
            w.due = never;
        }
        if (f.kind == frame_kind::bye && w.at == stage::running) {
            w.at = stage::leaving;
            set_due(w, options_.exit_limit);
        }
        if (handlers_.on_frame) handlers_.on_frame(w.number, std::move(f));
    }

    /// Nothing more can come from it. Most often it is about to end by itself, and its death says more.
    void lose(worker& w) {
        w.deaf = true;
        if (w.at != stage::starting && w.at != stage::running) return;
        w.at = stage::silent;
        set_due(w, options_.silence_limit);
    }

    void wait_for_room(worker& w) {
        w.control.async_wait(descriptor::wait_write, [this, number = w.number](boost::system::error_code failed) {
            worker* const found = failed ? nullptr : find(number);
            if (found == nullptr) return;
            found->unsent.erase(0, found->send_some(found->unsent));
            if (found->deaf) found->unsent.clear();
            if (!found->unsent.empty()) wait_for_room(*found);
        });
    }

    // ---- output -----------------------------------------------------------------------------------------------------

    void wait_for_output(worker& w) {
        w.output.async_wait(descriptor::wait_read, [this, number = w.number](boost::system::error_code failed) {
            worker* const found = failed ? nullptr : find(number);
            if (found != nullptr && found->read_output(buffer_, buffer_.size())) wait_for_output(*found);
        });
    }

    // ---- end --------------------------------------------------------------------------------------------------------

    void end(worker& w, bool at_once) {
        if (w.at == stage::waiting) return give_up(w, 0, "the run ended before");
        if (w.pid == 0 || w.at == stage::killed || (w.at == stage::ending && !at_once)) return;
        w.at = at_once ? stage::killed : stage::ending;
        set_due(w, at_once ? options_.kill_limit : options_.grace);
        w.signal_group(at_once ? SIGKILL : SIGTERM);
        if (!at_once) w.signal_group(SIGCONT);  // one that is stopped could not even end
    }

    void wait_for_children() {
        children_.async_wait([this](boost::system::error_code failed, int) {
            if (failed) return;
            wait_for_children();
            std::vector<worker_number> ended;
            for (auto const& [number, w] : workers_) {
                if (w.pid != 0 && w.has_ended()) ended.push_back(number);
            }
            for (worker_number const number : ended) bury(number);
        });
    }

    void bury(worker_number number) {
        worker* const w = find(number);
        if (w == nullptr) return;
        w->signal_group(SIGKILL);
        (void)read_frames(*w, 256);  // what it said before comes before its death
        (void)w->read_output(buffer_, detail::most_pipe_bytes);
        bool const has_ended = w->has_ended();
        if (has_ended) keeper_.remove(w->pid);
        auto const status = w->reap();
        worker_death death = w->death(has_ended, status);
        death.output = w->captured.take();
        workers_.erase(number);
        if (handlers_.on_death) handlers_.on_death(number, std::move(death));
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    void set_due(worker& w, double seconds) { arm(w.due = detail::seconds_from_now(seconds)); }

    /// One timer for all. It is set again only for what comes earlier, so that a deadline for each test costs nothing;
    /// when it goes off too early it is set anew.
    void arm(clock::time_point time) {
        if (time >= armed_) return;
        armed_ = time;
        timer_.expires_at(time);
        timer_.async_wait([this](boost::system::error_code failed) {
            if (!failed) on_time();
        });
    }

    void on_time() {
        armed_ = never;
        auto const now = clock::now();
        std::vector<worker_number> numbers;
        for (auto const& [number, w] : workers_) numbers.push_back(number);
        for (worker_number const number : numbers) {
            if (is_late(number, now, &worker::due)) step(*find(number));
            if (!is_late(number, now, &worker::overdue)) continue;
            // The end of the test may have come while we did other things.
            (void)read_frames(*find(number), 16);
            if (!is_late(number, now, &worker::overdue)) continue;
            find(number)->overdue = never;
            if (handlers_.on_overdue) handlers_.on_overdue(number);
        }
        if (next_tick_ <= now) {
            next_tick_ = detail::seconds_from_now(options_.tick);
            if (handlers_.on_tick) handlers_.on_tick();
        }
        auto earliest = next_tick_;
        for (auto const& [number, w] : workers_) earliest = std::min({earliest, w.due, w.overdue});
        arm(earliest);
    }

    [[nodiscard]] bool is_late(worker_number number, clock::time_point now, clock::time_point worker::*time) {
        worker* const w = find(number);
        return w != nullptr && w->*time <= now;
    }

    /// The time of what was waited for has passed.
    void step(worker& w) {
        w.due = never;
        if (w.pid != 0 && w.has_ended()) return bury(w.number);
        switch (w.at) {
        case stage::waiting:
            launch(w);
            break;
        case stage::starting:
            w.over_limit = "sent nothing within " + detail::limit_text(options_.start_limit) + " s after its start";
            end(w, false);
            break;
        case stage::leaving:
            w.over_limit = "did not end within " + detail::limit_text(options_.exit_limit) + " s after its goodbye";
            end(w, false);
            break;
        case stage::silent:
            w.unreachable = true;
            end(w, true);
            break;
        case stage::ending:
            end(w, true);
            break;
        case stage::killed:
            bury(w.number);
            break;
        case stage::unstarted:
        case stage::running:
            break;
        }
    }
    [[nodiscard]] worker* find(worker_number number) {
        auto const at = workers_.find(number);
        return at == workers_.end() ? nullptr : &at->second;
    }

    pool_options options_;
    pool_handlers handlers_;
    detail::kept_signals kept_{};
    keeper keeper_;
    std::string cookie_{};
    ::pid_t owner_ = ::getpid();
    boost::asio::io_context io_;
    detail::loop_signals children_;
    std::optional<detail::stop_signals> stops_{};
    detail::loop_timer timer_;
    clock::time_point armed_ = never;
    clock::time_point next_tick_ = never;
    std::map<worker_number, worker> workers_{};
    std::array<char, std::size_t{64} << 10U> buffer_{};
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_PROCESS_HPP
