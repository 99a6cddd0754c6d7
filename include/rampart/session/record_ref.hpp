#ifndef RAMPART_SESSION_RECORD_REF_HPP
#define RAMPART_SESSION_RECORD_REF_HPP

#include "rampart/core/status.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/session/record.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

/// \file
/// Records of a `record_list`, one or several, by their places.

namespace rampart::inline v1 {

template <Result R>
class record_list;

/// One record of a list, by its place: two words, to be copied and kept as long as the list does not change.
template <Result R>
class record_ref {
public:
    record_ref() = default;
    record_ref(record_list<R> const& list, std::size_t position) noexcept : list_(&list), position_(position) {}

    /// False for one that was made of nothing, which must not be asked anything else.
    explicit operator bool() const noexcept { return list_ != nullptr; }
    /// Its place in the list.
    std::size_t position() const noexcept { return position_; }
    test_id const& test() const noexcept { return list_->test(position_); }
    std::string_view test_name() const noexcept { return list_->test_name(position_); }
    std::string_view worker() const noexcept { return list_->worker(position_); }
    std::string_view harm_category() const noexcept { return list_->harm_category(position_); }
    std::uint32_t index() const noexcept { return list_->index(position_); }
    std::uint32_t attempt() const noexcept { return list_->attempt(position_); }
    safety_status status() const { return list_->status(position_); }
    /// See `record_list::load`.
    std::shared_ptr<basic_record<R> const> load() const { return list_->load(position_); }

    friend bool operator==(record_ref const&, record_ref const&) = default;
    /// By place; of two lists the order says nothing.
    friend std::strong_ordering operator<=>(record_ref const& a, record_ref const& b) noexcept {
        if (a.list_ == b.list_) return a.position_ <=> b.position_;
        return std::compare_three_way()(a.list_, b.list_);
    }

private:
    record_list<R> const* list_ = nullptr;
    std::size_t position_ = 0;
};

namespace detail {

/// Goes through places of a list: through `numbers`, or, where that is null, through all from `at` on.
template <Result R>
class ref_iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = record_ref<R>;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    ref_iterator() = default;
    ref_iterator(record_list<R> const* list, std::uint32_t const* numbers, std::size_t at) noexcept
        : list_(list), numbers_(numbers), at_(at) {}
    reference operator*() const noexcept { return {*list_, numbers_ == nullptr ? at_ : numbers_[at_]}; }
    ref_iterator& operator++() noexcept {
        ++at_;
        return *this;
    }
    ref_iterator operator++(int) noexcept { return {list_, numbers_, at_++}; }
    friend bool operator==(ref_iterator const& a, ref_iterator const& b) noexcept { return a.at_ == b.at_; }

private:
    record_list<R> const* list_ = nullptr;
    std::uint32_t const* numbers_ = nullptr;
    std::size_t at_ = 0;
};

}  // namespace detail

/// Records of a list that stand one after the other, as `record_ref`s.
template <Result R>
class record_range {
public:
    record_range() = default;
    record_range(record_list<R> const& list, std::size_t first, std::size_t last) noexcept
        : list_(&list), first_(first), last_(last) {}

    std::size_t size() const noexcept { return last_ - first_; }
    bool empty() const noexcept { return first_ == last_; }
    /// One of them, from 0.
    record_ref<R> operator[](std::size_t i) const noexcept { return {*list_, first_ + i}; }
    record_ref<R> front() const noexcept { return (*this)[0]; }
    detail::ref_iterator<R> begin() const noexcept { return {list_, nullptr, first_}; }
    detail::ref_iterator<R> end() const noexcept { return {list_, nullptr, last_}; }

private:
    record_list<R> const* list_ = nullptr;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

/// Some records of a list, as `record_ref`s in the order in which they were added. Four bytes each.
template <Result R>
class record_selection {
public:
    record_selection() = default;
    explicit record_selection(record_list<R> const& list) noexcept : list_(&list) {}

    /// Selects the record at this place of the list.
    void push_back(std::size_t position) { positions_.push_back(static_cast<std::uint32_t>(position)); }
    std::size_t size() const noexcept { return positions_.size(); }
    bool empty() const noexcept { return positions_.empty(); }
    /// One of them, from 0.
    record_ref<R> operator[](std::size_t i) const noexcept { return {*list_, positions_[i]}; }
    record_ref<R> front() const noexcept { return (*this)[0]; }
    record_ref<R> back() const noexcept { return (*this)[size() - 1]; }
    detail::ref_iterator<R> begin() const noexcept { return {list_, positions_.data(), 0}; }
    detail::ref_iterator<R> end() const noexcept { return {list_, positions_.data(), size()}; }

    /// Where they stand in the list.
    std::vector<std::uint32_t>& positions() noexcept { return positions_; }
    /// Their places in the list.
    std::vector<std::uint32_t> const& positions() const noexcept { return positions_; }

private:
    record_list<R> const* list_ = nullptr;
    std::vector<std::uint32_t> positions_{};
};

}  // namespace rampart::inline v1

#endif
