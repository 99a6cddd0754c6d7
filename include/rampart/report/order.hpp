#ifndef RAMPART_REPORT_ORDER_HPP
#define RAMPART_REPORT_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/record_list.hpp"

/// \file
/// An order of records that does not depend on the order of arrival, also where two records claim the same place.

namespace rampart::inline v1 {

namespace detail {

/// Everything of a value that can be told apart, as text. Only records that claim the same place are asked for it.
template <Result R>
[[nodiscard]] std::string fingerprint(R const& value) {
    auto text = brief(value) + '\n' + strategy_of(value) + '\n' + std::to_string(duration_of(value)) + '\n' +
                to_compact_json(metadata_of(value));
    if constexpr (boost::json::has_value_from<R>::value) {
        try {
            text += to_compact_json(boost::json::value_from(value));
        } catch (...) {
            // A conversion of the user's own that fails must not lose the report; it only orders these two.
        }
    } else if constexpr (requires(R & r) { result_traits<R>::for_each_text(r, [](std::string&) {}); }) {
        R copy = value;
        result_traits<R>::for_each_text(copy, [&text](std::string& part) { text += '\n' + part; });
    }
    return text;
}

/// Sorts places of a list by the texts that stand there, as bytes, and by `before(a, b)` where these are equal. A sort
/// that compares texts waits for memory most of the time, so eight bytes of each are compared as a number, then of
/// those that are equal in these the next eight.
template <class Before>
class text_order {
public:
    explicit text_order(Before before) : before_(before) {}

    void add(std::string_view text) { items_.push_back({0, text, static_cast<std::uint32_t>(items_.size())}); }
    void reserve(std::size_t count) { items_.reserve(count); }
    [[nodiscard]] std::vector<std::uint32_t> take() {
        sort(0, items_.size(), 0);
        std::vector<std::uint32_t> order(items_.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = items_[i].at;
        return order;
    }

private:
    struct item {
        std::uint64_t key;
        std::string_view text;
        std::uint32_t at;
    };
    static constexpr std::size_t few = 24;
    static constexpr std::size_t key_bytes = 8;

    static std::uint64_t key_of(std::string_view text, std::size_t from) noexcept {
        std::uint64_t key = 0;
        for (std::size_t i = 0; i < key_bytes; ++i) {
            auto const byte = from + i < text.size() ? static_cast<unsigned char>(text[from + i]) : 0U;
            key = key << 8U | byte;
        }
        return key;
    }
    /// The items from `first` to before `last`, which have their first `from` bytes in common.
    void sort(std::size_t first, std::size_t last, std::size_t from) {
        auto const at = [this](std::size_t i) { return items_.begin() + static_cast<std::ptrdiff_t>(i); };
        for (;; from += key_bytes) {
            // A text that ends here may look like one with a NUL.
            bool const goes_on =
                std::all_of(at(first), at(last), [from](item const& i) { return i.text.size() > from; });
            if (last - first < few || !goes_on) {
                std::stable_sort(at(first), at(last),
                                 [this](item const& a, item const& b) { return before_(a.at, b.at); });
                return;
            }
            bool differs = false;
            for (std::size_t i = first; i < last; ++i) {
                items_[i].key = key_of(items_[i].text, from);
                differs = differs || items_[i].key != items_[first].key;
            }
            if (differs) break;
        }
        std::sort(at(first), at(last),
                  [](item const& a, item const& b) { return a.key != b.key ? a.key < b.key : a.at < b.at; });
        while (first < last) {
            std::size_t next = first + 1;
            while (next < last && items_[next].key == items_[first].key) ++next;
            if (next - first > 1) sort(first, next, from + key_bytes);
            first = next;
        }
    }

    Before before_;
    std::vector<item> items_{};
};

/// The order of so many items by `before(a, b)`, which looks at `text_of(i)` first, and of what it leaves equal by
/// `key(i)`, which is asked only there.
template <class Text, class Before, class Key>
[[nodiscard]] std::vector<std::uint32_t> order_with_ties(std::size_t size, Text text_of, Before before, Key key) {
    std::vector<std::uint32_t> order(size);
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    if (!std::is_sorted(order.begin(), order.end(), before)) {
        text_order<Before> sorted(before);
        sorted.reserve(size);
        for (std::uint32_t i = 0; i < size; ++i) sorted.add(text_of(i));
        order = sorted.take();
    }
    for (auto first = order.begin(); first != order.end();) {
        auto last = first + 1;
        while (last != order.end() && !before(*first, *last)) ++last;
        if (last - first > 1) {
            std::vector<std::pair<decltype(key(*first)), std::uint32_t>> tied;
            for (auto it = first; it != last; ++it) tied.emplace_back(key(*it), *it);
            std::ranges::stable_sort(tied, [](auto const& a, auto const& b) { return a.first < b.first; });
            for (auto const& each : tied) *first++ = each.second;
        }
        first = last;
    }
    return order;
}

}  // namespace detail

/// Sorts records by test id, index, attempt and worker (B41, wire format B10). Two records with all four equal, as
/// when two workers were given one name, are put in order by what they say; only these are read when they are filed.
template <Result R>
void sort_for_report(record_list<R>& records) {
    auto const before = [&records](std::uint32_t a, std::uint32_t b) { return report_order(records, a, b); };
    auto const key = [&records](std::uint32_t i) {
        std::string said;
        try {
            said = detail::fingerprint(records.load(i)->value);
        } catch (std::exception const&) {
            // Its file is gone or has changed. The sinks that need it will say so; here it only orders these two.
        }
        return std::tuple(std::string(records.test_name(i)), std::string(records.harm_category(i)), std::move(said));
    };
    auto const text_of = [&records](std::uint32_t i) { return std::string_view(records.test(i).str()); };
    records.reorder(detail::order_with_ties(records.size(), text_of, before, key));
}
/// As above, of records in memory.
template <Result R>
void sort_for_report(std::vector<basic_record<R>>& records) {
    record_list<R> list(std::move(records));
    sort_for_report(list);
    records = std::move(list).to_vector();
}

/// The same for tests.
inline void sort_for_report(std::vector<test_entry>& tests) {
    auto const before = [&tests](std::uint32_t a, std::uint32_t b) { return report_order(tests[a], tests[b]); };
    auto const key = [&tests](std::uint32_t i) {
        test_entry const& t = tests[i];
        return std::tuple(t.results, t.facts.name, t.facts.outcome, t.facts.seconds, t.facts.file, t.facts.line,
                          t.facts.detail);
    };
    auto const text_of = [&tests](std::uint32_t i) { return std::string_view(tests[i].test.str()); };
    detail::put_in_order(tests, detail::order_with_ties(tests.size(), text_of, before, key));
}

}  // namespace rampart::inline v1

#endif  // RAMPART_REPORT_ORDER_HPP
