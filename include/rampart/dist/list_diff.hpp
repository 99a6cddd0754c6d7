#ifndef RAMPART_DIST_LIST_DIFF_HPP
#define RAMPART_DIST_LIST_DIFF_HPP

#include "rampart/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// How two lists of tests differ that should be one.

namespace rampart::inline v1::dist {

/// The difference of two lists, in words.
struct list_difference {
    std::string brief{};  ///< on one line: `1 test is missing, 1 test is not ours: -mail.cpp::a +mail.cpp::b`
    std::string lines{};  ///< like a unified diff, at most `shown` lines of each sign
};

/// What `theirs`, the list of `name`, has less (`-`) and more (`+`) than `ours`. The order of the ids does not matter,
/// how often one stands there does. Lists without a difference give a text that says so.
[[nodiscard]] inline list_difference compare_lists(std::vector<std::string_view> ours, std::string_view name,
                                                   std::vector<std::string_view> theirs, std::size_t shown = 18) {
    auto const tests = [](std::size_t n) { return std::to_string(n) + (n == 1 ? " test" : " tests"); };
    list_difference result;
    result.lines =
        "--- the controller, " + tests(ours.size()) + "\n+++ " + std::string(name) + ", " + tests(theirs.size()) + "\n";
    bool const same_order = ours == theirs;
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());

    struct side {
        std::string sign;
        std::string note;
        std::size_t count = 0;
        std::size_t repeated = 0;  // of these, the other list has the id too, but less often
        std::string first{};
    };
    side less{"-", " (stands here more often)"};
    side more{"+", " (stands there more often)"};
    auto const note = [&](side& s, std::string_view id, bool repeated) {
        s.repeated += repeated ? 1 : 0;
        if (s.count++ >= shown) return;
        std::string const line = s.sign + one_line(id) + (repeated ? s.note : "");
        if (s.count == 1) s.first = " " + line;
        result.lines += line + "\n";
    };
    for (std::size_t i = 0, j = 0; i < ours.size() || j < theirs.size();) {
        if (j == theirs.size() || (i < ours.size() && ours[i] < theirs[j])) {
            note(less, ours[i], j > 0 && theirs[j - 1] == ours[i]);
            ++i;
        } else if (i == ours.size() || theirs[j] < ours[i]) {
            note(more, theirs[j], i > 0 && ours[i - 1] == theirs[j]);
            ++j;
        } else {
            ++i;
            ++j;
        }
    }
    for (side const* s : {&less, &more}) {
        if (s->count > shown) result.lines += s->sign + "... and " + std::to_string(s->count - shown) + " more\n";
    }

    if (less.count + more.count == 0) {
        result.brief = same_order ? "the ids are the same, yet their hash is not: is it the same program?"
                                  : "the ids are the same, in another order";
    } else {
        auto const say = [&](side const& s, std::string_view one, std::string_view many) {
            if (s.count == 0) return;
            result.brief +=
                (result.brief.empty() ? "" : ", ") + tests(s.count) + std::string(s.count == 1 ? one : many);
        };
        say(less, " is missing", " are missing");
        say(more, " is not ours", " are not ours");
        if (less.repeated + more.repeated == less.count + more.count) {
            result.brief = "the ids are the same, but not how often each stands there";
        }
        result.brief += ":" + less.first + more.first;
    }
    if (less.count + more.count == 0) result.lines += "(" + result.brief + ")\n";
    result.lines.pop_back();
    return result;
}

}  // namespace rampart::inline v1::dist

#endif
