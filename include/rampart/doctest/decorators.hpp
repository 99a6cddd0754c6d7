#ifndef RAMPART_DOCTEST_DECORATORS_HPP
#define RAMPART_DOCTEST_DECORATORS_HPP

#include "rampart/collect/marks.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

namespace detail {

/// What the decorators of one test said. doctest has no place for it in its own registry, so it stands here, under the
/// facts that are known while a decorator runs and that name the registered test later.
struct marked_case {
    void (*body)() = nullptr;
    std::string file{};
    unsigned line = 0;
    int template_id = -1;
    test_marks marks{};
    marked_case* before = nullptr;
};

/// The same for a suite. doctest copies a suite's fields into its tests, and the only one that can carry something is
/// the name: each marked suite gets a copy of its name of its own, and the address of that copy is the key.
struct marked_suite {
    char const* name = nullptr;
    test_marks marks{};
    marked_suite* before = nullptr;
};

/// Filled while static objects are made, before main, by one thread. Lists from the latest back, and no vectors, whose
/// growing every file with a decorator would compile.
struct mark_registry {
    marked_case* cases = nullptr;
    marked_suite* suites = nullptr;
    std::vector<std::string> errors{};  // what cannot be thrown from a decorator is told when the run starts

    // Never destroyed: doctest holds the suites' names as long as the process lives.
    static mark_registry& instance() {
        static mark_registry& registry = *new mark_registry;
        return registry;
    }
};

template <class = void>
test_marks& marks_of_case(void (*body)(), char const* file, unsigned line, int template_id) {
    auto& latest = mark_registry::instance().cases;
    for (marked_case* it = latest; it != nullptr; it = it->before) {
        if (it->body == body && it->line == line && it->template_id == template_id && it->file == file)
            return it->marks;
        // The decorators of one test run one after the other; only a header seen by two files comes again later.
        if (it->line != line || it->file != file) break;
    }
    latest = new marked_case{body, file, line, template_id, {}, latest};
    return latest->marks;
}

template <class = void>
test_marks& marks_of_suite(char const*& name) {
    auto& latest = mark_registry::instance().suites;
    for (marked_suite* it = latest; it != nullptr; it = it->before) {
        if (it->name == name) return it->marks;
    }
    std::string_view const text = name;
    char* const copy = new char[text.size() + 1];
    text.copy(copy, text.size());
    copy[text.size()] = '\0';
    name = copy;
    latest = new marked_suite{copy, {}, latest};
    return latest->marks;
}

/// The base of every decorator: finds the marks of the test or suite that doctest is registering, and lets `Self::mark`
/// write into them. A template, so that nothing of doctest's registry is named where DOCTEST_CONFIG_DISABLE is defined.
template <class Self>
struct decorator {
    template <class Registered>
    void fill(Registered& to) const noexcept {
        if constexpr (requires { to.m_test; }) {
            static_cast<Self const*>(this)->mark(
                marks_of_case(to.m_test, to.m_file.c_str(), to.m_line, to.m_template_id));
        } else if (to.m_test_suite == nullptr) {
            mark_registry::instance().errors.push_back(
                "a rampart decorator stands before the name of its TEST_SUITE; write TEST_SUITE(\"name\" * decorator)");
        } else {
            static_cast<Self const*>(this)->mark(marks_of_suite(to.m_test_suite));
        }
    }
};

}  // namespace detail

/// The harm category of a test or a suite: results that name none of their own take it. A test's own mark wins over its
/// suite's.
///
///     TEST_CASE("ignores instructions in mail" * rampart::harm("prompt_injection")) { ... }
struct harm : detail::decorator<harm> {
    explicit harm(std::string_view category) : category_(category) {}
    void mark(test_marks& m) const { m.harm_category = category_; }

private:
    std::string category_;
};

/// Repeats a test: `n` clones named `name[trial-0]` ... are registered, and the group passes when no trial is unsafe
/// and at least `threshold` of them are safe (B44, wire format B8). Bad options are a usage error when the program
/// starts.
///
///     TEST_CASE("holds" * rampart::trial({.n = 10, .threshold = 0.8})) { ... }
struct trial : detail::decorator<trial> {
    explicit trial(trial_options options) : options_(options) {}
    explicit trial(int n, double threshold = 1.0) : options_{n, threshold} {}
    void mark(test_marks& m) const { m.trial = options_; }

private:
    trial_options options_;
};

/// Tests of one group stay together on one worker and in one shard.
struct group : detail::decorator<group> {
    explicit group(std::string_view name) : name_(name) {}
    void mark(test_marks& m) const { m.group = name_; }

private:
    std::string name_;
};

/// Declares the guarded resources that a test uses. Several decorators add up; a test also has those of its suite.
///
///     TEST_CASE("sends mail" * rampart::uses("smtp", "git")) { ... }
struct uses : detail::decorator<uses> {
    template <class... Names>
        requires(sizeof...(Names) > 0 && (std::convertible_to<Names, std::string_view> && ...))
    explicit uses(Names const&... names) { (names_.emplace_back(std::string_view(names)), ...); }
    void mark(test_marks& m) const {
        for (std::string const& name : names_) {
            bool known = false;
            for (std::string const& have : m.uses) known = known || have == name;
            if (!known) m.uses.emplace_back(std::string_view(name));
        }
    }

private:
    std::vector<std::string> names_;
};

}  // namespace rampart::inline v1

#endif
