#ifndef RAMPART_SESSION_RECORD_LIST_HPP
#define RAMPART_SESSION_RECORD_LIST_HPP

#include "rampart/base/text.hpp"
#include "rampart/core/status.hpp"
#include "rampart/session/filed_records.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_ref.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// Records in a row, each *held* in memory or *filed*: then its value stays in the file that it came from, about 48
/// bytes and its texts stand here, and the value is read again whenever it is asked for. Both look alike:
///
///     for (auto const& r : list) ...            // each record whole, one at a time
///     for (auto const r : list.refs()) ...      // what is known without reading: r.test(), r.status(), ...
///
/// What a source throws when it reads comes out of whatever asked: `load`, `[]`, an iterator that is dereferenced. The
/// heads (`test`, `status`, `refs` and so on) read nothing and throw nothing.
///
/// A list in which nothing is filed is a vector and nothing else. Several threads may read one list.
template <Result R>
class record_list {
public:
    using value_type = basic_record<R>;
    using size_type = std::size_t;
    class iterator;
    using const_iterator = iterator;

    record_list() = default;
    /// With a policy that is applied to values when they are read from files.
    explicit record_list(rampart::text_policy text) noexcept : text_(text) {}
    record_list(std::vector<value_type> records) noexcept : held_(std::move(records)) {}
    record_list(std::initializer_list<value_type> records) : held_(records) {}
    record_list(record_list const& other)
        : held_(other.held_),
          filed_(other.filed_ == nullptr ? nullptr : std::make_unique<detail::filed_records<R>>(*other.filed_)),
          text_(other.text_) {}
    record_list(record_list&&) noexcept = default;
    record_list& operator=(record_list const& other) { return *this = record_list(other); }
    record_list& operator=(record_list&&) noexcept = default;
    ~record_list() = default;

    size_type size() const noexcept { return filed_ == nullptr ? held_.size() : filed_->slots.size(); }
    bool empty() const noexcept { return size() == 0; }

    /// Whether the value of this record, or of any, is in a file.
    bool is_filed(size_type i) const noexcept { return held_at(i) == nullptr; }
    /// Whether the value of any record is in a file.
    bool has_filed() const noexcept {
        auto const filed = [](detail::record_slot const& s) { return !s.is_held(); };
        return filed_ != nullptr && std::any_of(filed_->slots.begin(), filed_->slots.end(), filed);
    }

    /// Adds a record that is held.
    void push_back(value_type r) {
        held_.push_back(std::move(r));
        if (filed_ != nullptr) filed_->slots.push_back(detail::record_slot::of_held(held_.size() - 1));
    }
    /// Adds a record whose value is at this place of the source. `head` is believed: what stands there is compared with
    /// `head.status` only, when it is read.
    void push_back(record_head const& head, std::shared_ptr<record_source<R>> const& source, record_place place) {
        with_slots().add(head, source, place);
    }
    /// Adds a copy of a record of another list: filed if it is filed there. The text policy is this list's then.
    void push_back(record_list const& other, size_type i) {
        if (auto const* const held = other.held_at(i)) return push_back(*held);
        auto const& slot = other.filed_->slots[i];
        with_slots().add(other.head(i), other.filed_->sources[slot.source], slot.place);
    }
    /// Adds all records of another list, in its order.
    void append(record_list other) {
        if (empty() && filed_ == nullptr) {
            held_ = std::move(other.held_);
            filed_ = std::move(other.filed_);
            if (filed_ != nullptr) filed_->forget_loaded();  // by another policy
            return;
        }
        for (size_type i = 0; i < other.size(); ++i) {
            other.is_filed(i) ? push_back(other, i) : push_back(other.take_held(i));
        }
    }

    /// Moves a held record out of the list, where one without texts and value stays behind.
    value_type take_held(size_type i) { return std::move(held_[static_cast<size_type>(held_at(i) - held_.data())]); }

    /// Room for so many held records.
    void reserve(size_type count) { held_.reserve(count); }
    /// Room for so many more, where lists are added one after the other: capacity grows by half at least.
    void make_room(size_type more) {
        if (held_.capacity() - held_.size() < more) held_.reserve(std::max(held_.size() + more, held_.size() * 3 / 2));
    }
    void clear() noexcept {
        held_.clear();
        filed_.reset();
    }

    // What is known of a record without reading it.
    test_id const& test(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->test : filed_->texts[filed_->slots[i].test];
    }
    std::string_view test_name(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? std::string_view(held->test_name) : filed_->name_of(filed_->slots[i]);
    }
    std::string_view worker(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->worker : filed_->texts[filed_->slots[i].worker].str();
    }
    /// Empty where there is none.
    std::string_view harm_category(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->harm_category : filed_->texts[filed_->slots[i].harm_category].str();
    }
    std::uint32_t index(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->index : filed_->slots[i].index;
    }
    std::uint32_t attempt(size_type i) const noexcept {
        auto const* const held = held_at(i);
        return held != nullptr ? held->attempt : filed_->slots[i].attempt;
    }
    safety_status status(size_type i) const {
        auto const* const held = held_at(i);
        return held != nullptr ? result_traits<R>::status(held->value) : filed_->slots[i].status;
    }
    /// All of it. It points into the list, and is good until the list changes.
    record_head head(size_type i) const {
        return {test(i), test_name(i), worker(i), harm_category(i), index(i), attempt(i), status(i)};
    }

    /// The whole record. Of one that is held a pointer that owns nothing, good until the list changes; one that is
    /// filed is read. The last two that were read are kept: asking for them again is cheap.
    std::shared_ptr<value_type const> load(size_type i) const {
        if (auto const* const held = held_at(i)) return {std::shared_ptr<void>(), held};
        return filed_->load(i, text_);
    }
    /// A copy of the record: const, so that nobody takes a change to it for one to the list. See `load`, and `held`.
    value_type const operator[](size_type i) const { return *load(i); }
    /// The same, and throws std::out_of_range for a place behind the end.
    value_type const at(size_type i) const {
        if (i >= size()) throw std::out_of_range("rampart::record_list: there is no record at this place");
        return *load(i);
    }
    value_type const front() const { return *load(0); }
    value_type const back() const { return *load(size() - 1); }

    iterator begin() const noexcept { return {*this, 0}; }
    iterator end() const noexcept { return {*this, size()}; }

    /// A record by its place; its value is not read yet.
    record_ref<R> ref(size_type i) const noexcept { return {*this, i}; }
    /// All of them; no value is read yet.
    record_range<R> refs() const noexcept { return {*this, 0, size()}; }
    /// In a list in report order: the place of the first record of this test, or where it would stand.
    size_type first_of(test_id const& id) const noexcept {
        size_type first = 0;
        for (size_type count = size(); count > 0;) {
            size_type const half = count / 2;
            bool const before = test(first + half) < id;
            first += before ? half + 1 : 0;
            count = before ? count - half - 1 : half;
        }
        return first;
    }
    /// In a list in report order: the records of this test.
    record_range<R> of(test_id const& id) const noexcept {
        size_type const first = first_of(id);
        size_type last = first;
        while (last < size() && test(last) == id) ++last;
        return {*this, first, last};
    }

    /// The records from this place on, where all of them are held; else throws std::logic_error.
    std::span<value_type const> held(size_type first = 0) const {
        return std::span<value_type const>(held_).subspan(held_from(first));
    }
    /// The same, to change them.
    std::span<value_type> held(size_type first = 0) { return std::span<value_type>(held_).subspan(held_from(first)); }

    /// All of them in memory.
    std::vector<value_type> to_vector() const& {
        if (filed_ == nullptr) return held_;
        return {begin(), end()};
    }
    /// All records in memory; this list is empty then.
    std::vector<value_type> to_vector() && {
        if (filed_ == nullptr) return std::exchange(held_, {});
        return {begin(), end()};
    }
    /// As `to_vector`.
    operator std::vector<value_type>() const& { return to_vector(); }
    /// As `to_vector`.
    operator std::vector<value_type>() && { return std::move(*this).to_vector(); }

    rampart::text_policy text_policy() const noexcept { return text_; }
    /// What is done to values that are read from now on.
    void set_text_policy(rampart::text_policy text) {
        text_ = text;
        if (filed_ != nullptr) filed_->forget_loaded();
    }
    /// Calls `f(std::string&)` for the texts in the heads of filed records; those that are equal may come as one.
    template <class F>
    void for_each_filed_text(F f) {
        if (filed_ != nullptr) filed_->for_each_text(f);
    }
    /// Names the worker of all records.
    void set_worker(std::string_view name) {
        for (value_type& r : held_) r.worker = name;
        if (filed_ != nullptr) filed_->set_worker(name);
    }
    /// Puts the record that stands at `order[i]` at place i. `order` has each place once.
    void reorder(std::vector<std::uint32_t> order) {
        if (filed_ == nullptr) return detail::put_in_order(held_, std::move(order));
        filed_->forget_loaded();
        detail::put_in_order(filed_->slots, std::move(order));
    }
    /// Gives memory back that only a list which grows needs.
    void compact() {
        if (filed_ != nullptr) filed_->texts.forget_numbers();
    }

private:
    value_type const* held_at(size_type i) const noexcept {
        if (filed_ == nullptr) return &held_[i];
        auto const& slot = filed_->slots[i];
        return slot.is_held() ? &held_[static_cast<size_type>(slot.place.offset)] : nullptr;
    }
    /// Where the records from `first` on stand in `held_`.
    size_type held_from(size_type first) const {
        if (filed_ == nullptr) return std::min(first, held_.size());
        auto const& slots = filed_->slots;
        size_type at = held_.size();
        for (size_type i = slots.size(); i > first; --i) {
            if (!slots[i - 1].is_held() || at == 0 || slots[i - 1].place.offset != --at) {
                throw std::logic_error("rampart::record_list: held() is for records that are all in memory");
            }
        }
        return at;
    }
    detail::filed_records<R>& with_slots() {
        if (filed_ == nullptr) {
            auto made = std::make_unique<detail::filed_records<R>>();
            for (size_type i = 0; i < held_.size(); ++i) made->slots.push_back(detail::record_slot::of_held(i));
            filed_ = std::move(made);
        }
        return *filed_;
    }

    std::vector<value_type> held_{};
    std::unique_ptr<detail::filed_records<R>> filed_{};  ///< null until there is one
    rampart::text_policy text_ = rampart::text_policy::keep;
};

/// Goes through a list, with each record in memory as long as it stands there: what `*` gives is good until the
/// iterator moves. An input iterator, as fast as a pointer where nothing is filed.
template <Result R>
class record_list<R>::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = basic_record<R>;
    using difference_type = std::ptrdiff_t;
    using pointer = value_type const*;
    using reference = value_type const&;

    iterator() = default;
    /// The record, whose value is read now; valid until the iterator moves.
    reference operator*() const {
        if (held_ != nullptr) return *held_;
        if (loaded_ == nullptr) loaded_ = list_->load(position_);
        return *loaded_;
    }
    /// As `*`.
    pointer operator->() const { return &**this; }
    /// The next one.
    iterator& operator++() {
        ++position_;
        if (held_ != nullptr) {
            ++held_;
        } else {
            loaded_.reset();
        }
        return *this;
    }
    /// The next one; gives this one.
    iterator operator++(int) {
        iterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(iterator const& a, iterator const& b) noexcept { return a.position_ == b.position_; }

private:
    friend record_list;
    iterator(record_list const& list, size_type position) noexcept
        : list_(&list), position_(position), held_(list.filed_ == nullptr ? list.held_.data() + position : nullptr) {}

    record_list const* list_ = nullptr;
    size_type position_ = 0;
    value_type const* held_ = nullptr;
    mutable std::shared_ptr<value_type const> loaded_{};
};

/// The records of two places of one list in report order.
template <Result R>
bool report_order(record_list<R> const& list, std::size_t a, std::size_t b) noexcept {
    if (auto const by_test = list.test(a) <=> list.test(b); by_test != 0) return by_test < 0;
    if (list.index(a) != list.index(b)) return list.index(a) < list.index(b);
    if (list.attempt(a) != list.attempt(b)) return list.attempt(a) < list.attempt(b);
    return list.worker(a) < list.worker(b);
}

}  // namespace rampart::inline v1

#endif
