#ifndef RAMPART_DIST_POLICIES_HPP
#define RAMPART_DIST_POLICIES_HPP

#include "rampart/dist/events.hpp"
#include "rampart/dist/ledger.hpp"
#include "rampart/dist/scheduler.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// \file
/// The schedulers that come with rampart; they have xdist's names. All of them hand out one test at a time, and none of
/// them ever splits a unit between two living workers:
///
/// | name        | unit                                           | which unit next                               |
/// | ----------- | ---------------------------------------------- | --------------------------------------------- |
/// | load        | a test                                         | longest first, from one queue                 |
/// | worksteal   | a test                                         | an even share each, later half of another's   |
/// | loadscope   | a suite, of a test without one its file        | longest first                                 |
/// | loadfile    | a file                                         | longest first                                 |
/// | loadgroup   | the trials of a test; else a test              | longest first                                 |
/// | each        | (every slot runs every test, in the run's order)                                               |
///
/// Everywhere but in `each`, tests with one `group` mark are in one unit, which joins the units that they would be in
/// otherwise. A suite is known by its name alone, so that one that spans files is one unit. Within a unit the run's
/// order holds. Longest first: units with a test that nobody timed before all others, those with more tests first.
///
/// When a worker dies, what is left of its unit goes to whoever is free next. A test that gets another attempt comes
/// last.

namespace rampart::inline v1::dist {

namespace detail {

using unit_number = std::uint32_t;

/// Tests that are run one after the other by one worker.
struct unit {
    std::uint32_t first = 0;  ///< what is left of it: places in the list of all tests by unit
    std::uint32_t last = 0;
    [[nodiscard]] bool empty() const noexcept { return first == last; }
    [[nodiscard]] std::uint32_t size() const noexcept { return last - first; }
};

/// The tests of a run, by units, and which unit each worker has in hand.
class unit_list {
public:
    /// `home_of`: what a test stays together with beside its group; an empty text is nobody's but its own.
    template <class HomeOf>
    unit_list(ledger const& books, HomeOf home_of) {
        auto const& order = books.order();
        auto const count = static_cast<std::uint32_t>(order.size());
        // Each place in the order begins as a unit of its own; the first place of a unit stands for it.
        std::vector<std::uint32_t> parent(count);
        std::iota(parent.begin(), parent.end(), 0U);
        auto const root = [&parent](std::uint32_t at) {
            while (parent[at] != at) at = parent[at] = parent[parent[at]];
            return at;
        };
        std::unordered_map<std::string_view, std::uint32_t> homes;
        std::unordered_map<std::string_view, std::uint32_t> groups;
        auto const join = [&](auto& known, std::string_view name, std::uint32_t at) {
            if (name.empty()) return;
            std::uint32_t const a = root(known.try_emplace(name, at).first->second);
            std::uint32_t const b = root(at);
            parent[std::max(a, b)] = std::min(a, b);
        };
        for (std::uint32_t at = 0; at < count; ++at) {
            planned_test const& test = books.test(order[at]);
            join(homes, home_of(test), at);
            join(groups, test.group, at);
        }

        constexpr auto none = static_cast<unit_number>(-1);
        std::vector<unit_number> number(count, none);  // by root
        unit_of_.assign(books.tests().size(), none);
        for (std::uint32_t at = 0; at < count; ++at) {
            unit_number& n = number[root(at)];
            if (n == none) {
                n = static_cast<unit_number>(units_.size());
                units_.emplace_back();
            }
            ++units_[n].last;
            unit_of_[order[at]] = n;
        }
        std::uint32_t end = 0;
        for (unit& u : units_) {
            std::uint32_t const size = u.last;
            u.first = u.last = end;
            end += size;
        }
        tests_.resize(count);
        for (test_number const t : order) tests_[units_[unit_of_[t]].last++] = t;
    }
    unit_list() = default;

    [[nodiscard]] std::size_t size() const noexcept { return units_.size(); }
    [[nodiscard]] unit const& operator[](unit_number u) const noexcept { return units_[u]; }

    /// All units, the longest first.
    [[nodiscard]] std::vector<unit_number> longest_first(ledger const& books) const {
        struct rank {
            bool known = true;
            double seconds = 0.0;
            std::uint32_t tests = 0;
        };
        std::vector<rank> ranks(units_.size());
        for (std::size_t u = 0; u < units_.size(); ++u) {
            rank& r = ranks[u];
            r.tests = units_[u].size();
            for (std::uint32_t at = units_[u].first; at < units_[u].last; ++at) {
                auto const& seconds = books.test(tests_[at]).seconds;
                if (seconds && *seconds >= 0.0) {
                    r.seconds += *seconds;
                } else {
                    r.known = false;
                }
            }
        }
        std::vector<unit_number> sorted(units_.size());
        std::iota(sorted.begin(), sorted.end(), unit_number{0});
        std::stable_sort(sorted.begin(), sorted.end(), [&ranks](unit_number a, unit_number b) {
            rank const& x = ranks[a];
            rank const& y = ranks[b];
            if (x.known != y.known) return y.known;
            return x.known ? x.seconds > y.seconds : x.tests > y.tests;
        });
        return sorted;
    }

    /// The next test of the unit that the worker has in hand.
    [[nodiscard]] std::optional<test_number> next_of(worker_number w) {
        if (w >= in_hand_.size() || !in_hand_[w]) return std::nullopt;
        unit& u = units_[*in_hand_[w]];
        if (!u.empty()) return tests_[u.first++];
        in_hand_[w].reset();
        return std::nullopt;
    }
    /// The worker takes a unit in hand; gives its first test.
    [[nodiscard]] std::optional<test_number> take(worker_number w, unit_number u) {
        if (w >= in_hand_.size()) in_hand_.resize(w + std::size_t{1});
        in_hand_[w] = u;
        return next_of(w);
    }
    /// Puts a test back into its unit: it is the one that was taken from it last.
    void give_back(test_number t, bool to_the_end) {
        unit& u = units_[unit_of_[t]];
        tests_[--u.first] = t;
        if (to_the_end) std::rotate(place(u.first), place(u.first) + 1, place(u.last));
    }
    /// The worker has nothing in hand any more. Gives the unit that it had, if something of it is left.
    [[nodiscard]] std::optional<unit_number> release(worker_number w) {
        if (w >= in_hand_.size() || !in_hand_[w]) return std::nullopt;
        unit_number const u = *std::exchange(in_hand_[w], std::nullopt);
        return units_[u].empty() ? std::nullopt : std::optional(u);
    }
    /// Whether all that is left of a unit are further attempts, of tests that broke off.
    [[nodiscard]] bool only_retries(ledger const& books, unit_number u) const {
        return books.account(tests_[units_[u].first]).retries != 0;
    }

private:
    [[nodiscard]] std::vector<test_number>::iterator place(std::uint32_t at) {
        return tests_.begin() + static_cast<std::ptrdiff_t>(at);
    }

    std::vector<unit> units_{};
    std::vector<test_number> tests_{};    // by unit
    std::vector<unit_number> unit_of_{};  // by test
    std::vector<std::optional<unit_number>> in_hand_{};
};

/// One queue of units for all workers.
template <class HomeOf>
class one_queue {
public:
    void begin(ledger const& books) {
        units_ = unit_list(books, HomeOf{});
        auto const sorted = units_.longest_first(books);
        queue_.assign(sorted.begin(), sorted.end());
    }
    [[nodiscard]] std::optional<test_number> next(ledger const&, worker_number w) {
        if (auto const t = units_.next_of(w)) return t;
        if (queue_.empty()) return std::nullopt;
        unit_number const u = queue_.front();
        queue_.pop_front();
        return units_.take(w, u);
    }
    void give_back(ledger const& books, worker_number, test_number t) {
        units_.give_back(t, books.account(t).retries != 0);
    }
    void lost(ledger const& books, worker_number w) {
        auto const u = units_.release(w);
        if (!u) return;
        units_.only_retries(books, *u) ? queue_.push_back(*u) : queue_.push_front(*u);
    }

private:
    unit_list units_{};
    std::deque<unit_number> queue_{};
};

struct no_home {
    std::string_view operator()(planned_test const&) const noexcept { return {}; }
};
struct home_is_file {
    std::string_view operator()(planned_test const& t) const noexcept { return t.file; }
};
struct home_is_suite {
    std::string_view operator()(planned_test const& t) const noexcept { return t.suite.empty() ? t.file : t.suite; }
};
struct home_is_trial_base {
    std::string_view operator()(planned_test const& t) const noexcept { return t.base.str(); }
};

}  // namespace detail

/// One queue, the longest test first.
class load : public detail::one_queue<detail::no_home> {};
/// A suite is one worker's at a time; the tests of a file that are in no suite are, too.
class loadscope : public detail::one_queue<detail::home_is_suite> {};
/// A file is one worker's at a time.
class loadfile : public detail::one_queue<detail::home_is_file> {};
/// The trials of a test are one worker's at a time, and so are the tests of a group.
class loadgroup : public detail::one_queue<detail::home_is_trial_base> {};

/// Each slot has its share of the tests, in the run's order; a worker whose slot has none left takes the rear half of
/// the longest other share.
class worksteal {
public:
    void begin(ledger const& books) {
        units_ = detail::unit_list(books, detail::no_home{});
        shares_.assign(books.slots(), {});
        queued_ = units_.size();
        std::size_t before = 0;
        for (std::size_t u = 0; u < units_.size(); ++u) {
            auto const number = static_cast<detail::unit_number>(u);
            shares_[before * books.slots() / books.order().size()].push_back(number);
            before += units_[number].size();
        }
    }
    [[nodiscard]] std::optional<test_number> next(ledger const& books, worker_number w) {
        if (auto const t = units_.next_of(w)) return t;
        if (queued_ == 0) return std::nullopt;
        share& mine = shares_[books.slot_of(w)];
        if (mine.empty()) steal(mine);
        detail::unit_number const u = mine.front();
        mine.pop_front();
        --queued_;
        return units_.take(w, u);
    }
    void give_back(ledger const& books, worker_number, test_number t) {
        units_.give_back(t, books.account(t).retries != 0);
    }
    void lost(ledger const& books, worker_number w) {
        auto const u = units_.release(w);
        if (!u) return;
        share& mine = shares_[books.slot_of(w)];
        units_.only_retries(books, *u) ? mine.push_back(*u) : mine.push_front(*u);
        ++queued_;
    }

private:
    using share = std::deque<detail::unit_number>;

    void steal(share& mine) {
        auto const longest = std::max_element(shares_.begin(), shares_.end(),
                                              [](share const& a, share const& b) { return a.size() < b.size(); });
        auto const rear = longest->begin() + static_cast<std::ptrdiff_t>(longest->size() / 2);
        mine.assign(rear, longest->end());
        longest->erase(rear, longest->end());
    }

    detail::unit_list units_{};
    std::vector<share> shares_{};  // by slot
    std::size_t queued_ = 0;       // units in all shares
};

/// Every slot runs every test, in the run's order. A replacement goes on where the worker before it in its slot died.
class each {
public:
    [[nodiscard]] static constexpr bool each_slot() noexcept { return true; }
    void begin(ledger const& books) { to_run_.assign(books.slots(), {}); }
    [[nodiscard]] std::optional<test_number> next(ledger const& books, worker_number w) {
        slot_queue& q = to_run_[books.slot_of(w)];
        if (!q.unbegun.empty()) return take_last(q.unbegun);
        if (q.next < books.order().size()) return books.order()[q.next++];
        if (q.retries.empty()) return std::nullopt;
        test_number const t = q.retries.front();
        q.retries.pop_front();
        return t;
    }
    void give_back(ledger const& books, worker_number w, test_number t) {
        std::size_t const slot = books.slot_of(w);
        slot_queue& q = to_run_[slot];
        books.account(t, slot).retries != 0 ? q.retries.push_back(t) : q.unbegun.push_back(t);
    }
    void lost(ledger const&, worker_number) noexcept {}

private:
    struct slot_queue {
        std::vector<test_number> unbegun{};
        std::size_t next = 0;  // a place in the run's order
        std::deque<test_number> retries{};
    };
    static test_number take_last(std::vector<test_number>& from) {
        test_number const t = from.back();
        from.pop_back();
        return t;
    }

    std::vector<slot_queue> to_run_{};  // by slot
};

/// What `scheduler_named` knows, in the order of the table above.
inline constexpr std::array<std::string_view, 6> scheduler_names = {"load",     "worksteal", "loadscope",
                                                                    "loadfile", "loadgroup", "each"};

/// The scheduler of this name; none where there is no such one. (`no` is not one: it means no workers.)
[[nodiscard]] inline std::optional<any_scheduler> scheduler_named(std::string_view name) {
    if (name == "load") return any_scheduler(load{});
    if (name == "worksteal") return any_scheduler(worksteal{});
    if (name == "loadscope") return any_scheduler(loadscope{});
    if (name == "loadfile") return any_scheduler(loadfile{});
    if (name == "loadgroup") return any_scheduler(loadgroup{});
    if (name == "each") return any_scheduler(each{});
    return std::nullopt;
}

static_assert(Scheduler<load> && Scheduler<worksteal> && Scheduler<loadscope> && Scheduler<loadfile> &&
              Scheduler<loadgroup> && Scheduler<each>);

}  // namespace rampart::inline v1::dist

#endif
