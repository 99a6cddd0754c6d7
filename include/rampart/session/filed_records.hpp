#ifndef RAMPART_SESSION_FILED_RECORDS_HPP
#define RAMPART_SESSION_FILED_RECORDS_HPP

#include "rampart/base/mutex.hpp"
#include "rampart/base/text.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/status.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/session/record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Records whose values stay in files, and what of them stays in memory. `record_list` is what one works with.

namespace rampart::inline v1 {

/// Where a record's value stands. What the numbers mean is its source's to know.
struct record_place {
    std::uint32_t file = 0;
    std::uint32_t length = 0;  ///< bytes
    std::uint64_t offset = 0;  ///< bytes
    friend bool operator==(record_place const&, record_place const&) = default;
};

/// Reads values again that stayed in files. Lists share it by `std::shared_ptr`; each list calls it from one thread at
/// a time.
template <Result R>
class record_source {
public:
    record_source() = default;
    record_source(record_source const&) = delete;
    record_source& operator=(record_source const&) = delete;
    virtual ~record_source() = default;

    /// The value at a place, as it was when the place was found, before any text policy. Throws `std::runtime_error`,
    /// with words for people, when it cannot be read any more: its file has changed or is gone.
    virtual R read(record_place const& place) = 0;
};

namespace detail {

/// How much a session may still hold of what is in files, and where it reads the rest.
template <Result R>
struct file_room {
    std::size_t room = std::size_t{64} << 20U;  ///< bytes of text
    std::shared_ptr<record_source<R>> source{};
};

}  // namespace detail

/// What is known of a record without its value. It points into what it was made from.
struct record_head {
    test_id const& test;
    std::string_view test_name{};
    std::string_view worker{};
    std::string_view harm_category{};  ///< empty: none
    std::uint32_t index = 0;
    std::uint32_t attempt = 1;
    safety_status status = safety_status::error;
};

namespace detail {

/// Texts by number, each once. They stay where they are. Number 0 is the empty text.
class text_numbers {
public:
    text_numbers() : texts_(1) {}

    test_id const& operator[](std::uint32_t number) const noexcept { return texts_[number]; }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(texts_.size()); }

    std::uint32_t of(std::string_view text) {
        if (text.empty()) return 0;
        if (table_.size() < 2 * texts_.size()) grow();
        std::uint32_t const tag = tag_of(text);
        std::size_t at = tag & (table_.size() - 1);
        for (; table_[at].number != 0; at = (at + 1) & (table_.size() - 1)) {
            if (table_[at].tag == tag && texts_[table_[at].number].str() == text) return table_[at].number;
        }
        texts_.emplace_back(text);
        table_[at] = {tag, size() - 1};
        return size() - 1;
    }
    /// Gives back what only `of` needs. It makes that anew when it is called again.
    void forget_numbers() noexcept { table_ = std::vector<entry>(); }
    /// Says otherwise what a number stands for. Another number may then stand for the same text.
    void replace(std::uint32_t number, std::string text) {
        forget_numbers();
        texts_[number] = test_id(std::move(text));
    }

private:
    struct entry {
        std::uint32_t tag = 0;
        std::uint32_t number = 0;  ///< 0: free
    };
    /// Enough of a hash for four thousand million texts.
    static std::uint32_t tag_of(std::string_view text) noexcept {
        std::uint64_t const hash = std::hash<std::string_view>()(text);
        return static_cast<std::uint32_t>(hash ^ hash >> 32U);
    }
    void grow() {
        std::size_t size = 16;
        while (size < 3 * texts_.size()) size *= 2;
        std::vector<entry> more(size);
        auto const add = [&more](entry each) {
            std::size_t at = each.tag & (more.size() - 1);
            while (more[at].number != 0) at = (at + 1) & (more.size() - 1);
            more[at] = each;
        };
        if (table_.empty()) {
            for (std::uint32_t i = 1; i < texts_.size(); ++i) add({tag_of(texts_[i].str()), i});
        } else {
            for (entry const& each : table_) {
                if (each.number != 0) add(each);
            }
        }
        table_ = std::move(more);
    }

    std::deque<test_id> texts_;
    std::vector<entry> table_{};
};

/// A record of a list in which some are filed. Texts are numbers of `text_numbers`.
struct record_slot {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    record_place place{};  ///< of one that is held: `offset` is its number among those
    std::uint32_t test = 0;
    std::uint32_t test_name = none;  ///< none: what `short_name` makes of the test's id
    std::uint32_t worker = 0;
    std::uint32_t harm_category = 0;
    std::uint32_t index = 0;
    std::uint32_t attempt = 1;
    std::uint32_t source = none;  ///< none: it is held
    safety_status status = safety_status::error;

    bool is_held() const noexcept { return source == none; }
    static record_slot of_held(std::size_t number) {
        record_slot made;
        made.place.offset = number;
        return made;
    }
};
static_assert(sizeof(record_slot) == 48);

/// The slots of a list, and what they need.
template <Result R>
class filed_records {
public:
    filed_records() = default;
    /// Without what was read last: that is only a short cut.
    filed_records(filed_records const& other) : slots(other.slots), texts(other.texts), sources(other.sources) {}
    filed_records& operator=(filed_records const&) = delete;
    ~filed_records() = default;

    void add(record_head const& head, std::shared_ptr<record_source<R>> const& from, record_place place) {
        if (from == nullptr) throw std::invalid_argument("rampart::record_list: a filed record needs a source");
        record_slot slot;
        slot.place = place;
        slot.test = texts.of(head.test.str());
        if (head.test_name != short_name(head.test)) slot.test_name = texts.of(head.test_name);
        slot.worker = texts.of(head.worker);
        slot.harm_category = texts.of(head.harm_category);
        slot.index = head.index;
        slot.attempt = head.attempt;
        slot.source = number_of(from);
        slot.status = head.status;
        slots.push_back(slot);
    }

    std::string_view name_of(record_slot const& slot) const noexcept {
        return slot.test_name == record_slot::none ? short_name(texts[slot.test])
                                                   : std::string_view(texts[slot.test_name].str());
    }

    template <class F>
    void for_each_text(F& f) {
        std::vector<std::pair<std::uint32_t, std::string>> changed;
        std::vector<bool> is_changed(texts.size());
        for (std::uint32_t i = 1; i < texts.size(); ++i) {
            std::string text = texts[i].str();
            f(text);
            is_changed[i] = text != texts[i].str();
            if (is_changed[i]) changed.emplace_back(i, std::move(text));
        }
        if (changed.empty()) return;
        // A name that was cut out of an id is a text of its own: what becomes of it is not cut out of the new id.
        std::vector<std::pair<std::size_t, std::string>> names;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            record_slot const& slot = slots[i];
            if (slot.is_held() || slot.test_name != record_slot::none || !is_changed[slot.test]) continue;
            names.emplace_back(i, name_of(slot));
            f(names.back().second);
        }
        for (auto& [number, text] : changed) texts.replace(number, std::move(text));
        for (auto const& [i, name] : names) slots[i].test_name = texts.of(name);
        forget_loaded();
    }
    void set_worker(std::string_view name) {
        std::uint32_t const number = texts.of(name);
        for (record_slot& slot : slots) slot.worker = number;
        forget_loaded();
    }

    std::shared_ptr<basic_record<R> const> load(std::size_t i, text_policy policy) {
        lock_guard const lock(mutex_);
        for (auto const& each : loaded_) {
            if (each.second != nullptr && each.first == i) return each.second;
        }
        record_slot const& slot = slots[i];
        basic_record<R> made{texts[slot.test],
                             std::string(name_of(slot)),
                             slot.index,
                             slot.attempt,
                             texts[slot.worker].str(),
                             texts[slot.harm_category].str(),
                             sources[slot.source]->read(slot.place)};
        // A report that was counted by one status must not show another.
        if (result_traits<R>::status(made.value) != slot.status) {
            throw std::runtime_error("result " + std::to_string(slot.index) + " of test " + made.test.str() +
                                     " is not what was read before: its file has changed");
        }
        if constexpr (requires { result_traits<R>::for_each_text(made.value, [](std::string&) {}); }) {
            if (policy != text_policy::keep) {
                result_traits<R>::for_each_text(made.value, [policy](std::string& text) { apply(policy, text); });
            }
        }
        auto& place = loaded_[oldest_];
        oldest_ = (oldest_ + 1) % loaded_.size();
        place = {i, nullptr};  // first away with the old one: a record may be big
        place.second = std::make_shared<basic_record<R> const>(std::move(made));
        return place.second;
    }
    void forget_loaded() noexcept {
        lock_guard const lock(mutex_);
        loaded_ = {};
    }

    std::vector<record_slot> slots{};
    text_numbers texts{};
    std::vector<std::shared_ptr<record_source<R>>> sources{};

private:
    std::uint32_t number_of(std::shared_ptr<record_source<R>> const& source) {
        for (std::size_t i = sources.size(); i > 0; --i) {
            if (sources[i - 1] == source) return static_cast<std::uint32_t>(i - 1);
        }
        sources.push_back(source);
        return static_cast<std::uint32_t>(sources.size() - 1);
    }

    mutex mutex_{};
    std::array<std::pair<std::size_t, std::shared_ptr<basic_record<R> const>>, 2> loaded_{};
    std::size_t oldest_ = 0;
};

/// Puts what stands at `order[i]` at place i, and moves each once, in place: there may be a million of some hundred
/// bytes.
template <class T>
void put_in_order(std::vector<T>& list, std::vector<std::uint32_t> order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (order[i] == i) continue;
        T first = std::move(list[i]);
        std::size_t at = i;
        while (order[at] != i) {
            std::size_t const next = order[at];
            list[at] = std::move(list[next]);
            order[at] = static_cast<std::uint32_t>(at);
            at = next;
        }
        list[at] = std::move(first);
        order[at] = static_cast<std::uint32_t>(at);
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
