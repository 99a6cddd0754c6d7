#ifndef RAMPART_DOCTEST_REGISTRY_HPP
#define RAMPART_DOCTEST_REGISTRY_HPP

/// The one file that touches what doctest keeps to itself: its set of registered tests, and the state of the run. It
/// needs doctest's implementation in the same file. Works with doctest 2.4.9 to 2.5.2; should a name go away, the build
/// stops.

#include <doctest/doctest.h>

#if defined(DOCTEST_CONFIG_DISABLE)
# error "with DOCTEST_CONFIG_DISABLE there are no tests to run; leave rampart's main and listener out of such a program"
#elif !defined(DOCTEST_LIBRARY_IMPLEMENTATION)
# error "the listener belongs into the file that has doctest's implementation, after <doctest/doctest.h>"
#endif

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doctest::detail {

// These stand in an unnamed namespace in some versions: only an unqualified name from in here finds them in all.

inline bool rampart_matches(char const* text, std::vector<String> const& filters, bool when_empty) {
    return matchesAny(text, filters, when_empty, g_cs->case_sensitive);
}
inline void rampart_reset_signals() { FatalConditionHandler::reset(); }

}  // namespace doctest::detail

namespace rampart::inline v1::detail {

using doctest_case = doctest::TestCaseData;

/// A test to be replaced by others with the same body, which stand at its place.
struct replacement {
    doctest_case const* original = nullptr;
    std::vector<std::string> clones{};  // these may fail: their group decides
    std::string verdict{};              // stands behind the clones
};

/// One registered test.
struct registered_case {
    doctest_case const* data = nullptr;
    void (*body)() = nullptr;
    int template_id = -1;
    std::string_view type{};  // of a templated test
};

inline registered_case describe(doctest::detail::TestCase const& tc) {
    return {&tc, tc.m_test, tc.m_template_id, tc.m_type.c_str()};
}

/// All registered tests, ordered by file, line and template instance, as doctest runs them.
inline std::vector<registered_case> registered_cases() {
    auto const& registry = doctest::detail::getRegisteredTests();
    std::vector<registered_case> all;
    all.reserve(registry.size());
    for (auto const& tc : registry) all.push_back(describe(tc));
    auto const before = [](registered_case const& a, registered_case const& b) {
        if (int const file = std::strcmp(a.data->m_file.c_str(), b.data->m_file.c_str()); file != 0) return file < 0;
        if (a.data->m_line != b.data->m_line) return a.data->m_line < b.data->m_line;
        if (a.template_id != b.template_id) return a.template_id < b.template_id;
        return std::strcmp(a.data->m_name, b.data->m_name) < 0;
    };
    // The registry is in order of lines, so the tests of one file are sorted already.
    if (!std::is_sorted(all.begin(), all.end(), before)) std::sort(all.begin(), all.end(), before);
    return all;
}

/// Registers the clones and the verdict of each replacement instead of its original, and gives the new tests, the
/// verdict last. Pointers to tests on the lines concerned are invalid afterwards, but for those given back.
///
/// doctest sorts by (file, line, template id), so the tests of one line are numbered anew from 0, in their old order.
/// An id other than -1 also makes doctest's copies keep their name in themselves.
inline std::vector<std::vector<doctest_case const*>> replace_cases(std::vector<replacement> const& wanted) {
    if (wanted.empty()) return {};
    auto& registry = doctest::detail::getRegisteredTests();
    using test_case = doctest::detail::TestCase;

    std::map<doctest_case const*, std::size_t> by_original;
    std::set<std::pair<std::string, unsigned>> lines;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        by_original[wanted[i].original] = i;
        lines.emplace(wanted[i].original->m_file.c_str(), wanted[i].original->m_line);
    }
    std::vector<std::vector<doctest_case const*>> made(wanted.size());
    std::pair<std::string, unsigned> line{};
    int next = 0;
    for (registered_case const& old : registered_cases()) {
        std::pair<std::string, unsigned> const here{old.data->m_file.c_str(), old.data->m_line};
        if (!lines.contains(here)) continue;
        if (here != line) next = 0;
        line = here;

        auto node = registry.extract(static_cast<test_case const&>(*old.data));
        auto const found = by_original.find(old.data);
        auto const put = [&](test_case& tc, std::string const& name) {
            tc.m_full_name = doctest::String(name.c_str());
            tc.m_name = tc.m_full_name.c_str();
            tc.m_template_id = next++;
        };
        if (found == by_original.end()) {
            put(node.value(), std::string(old.data->m_name));
            registry.insert(std::move(node));
            continue;
        }
        replacement const& by = wanted[found->second];
        auto const add = [&](test_case tc, std::string const& name) {
            put(tc, name);
            made[found->second].push_back(&*registry.insert(tc).first);
        };
        for (std::string const& name : by.clones) {
            test_case clone = node.value();
            clone.m_may_fail = true;
            add(clone, name);
        }
        test_case last = node.value();
        last.m_timeout = 0;
        add(last, by.verdict);
    }
    return made;
}

/// Lets doctest call another function for this test.
inline void set_body(doctest_case const* tc, void (*body)()) {
    // The function takes no part in the set's order.
    const_cast<doctest::detail::TestCase*>(static_cast<doctest::detail::TestCase const*>(tc))->m_test = body;
}

/// Takes tests out of doctest's sight. They stay alive, so that pointers to them stay good.
inline void hide_cases(std::vector<doctest_case const*> const& hidden) {
    static std::set<doctest::detail::TestCase> parked;
    for (doctest_case const* tc : hidden) {
        parked.insert(
            doctest::detail::getRegisteredTests().extract(static_cast<doctest::detail::TestCase const&>(*tc)));
    }
}

/// Tests out of doctest's sight, one of which at a time is put back to be run: microseconds, where a filter that names
/// one test walks through all of them.
class parked_cases {
public:
    /// Parks all tests but these, which get the numbers 0, 1, ... for `show`.
    void park(std::vector<doctest_case const*> const& numbered) {
        auto& registry = doctest::detail::getRegisteredTests();
        for (doctest_case const* tc : numbered) {
            nodes_.push_back(registry.extract(static_cast<doctest::detail::TestCase const&>(*tc)));
        }
        others_.swap(registry);
    }
    /// While `run` is called, doctest has this test and no other.
    template <class F>
    void show(std::size_t number, F run) {
        auto& registry = doctest::detail::getRegisteredTests();
        auto const at = registry.insert(std::move(nodes_[number])).position;
        run();
        nodes_[number] = registry.extract(at);
    }

private:
    using set = std::set<doctest::detail::TestCase>;
    std::vector<set::node_type> nodes_{};
    set others_{};
};

/// Whether the filters of the command line select this test, whatever its decorator `skip` says. Only while doctest
/// runs.
inline bool passes_name_filters(doctest_case const& tc) {
    auto const& f = doctest::detail::g_cs->filters;
    using doctest::detail::rampart_matches;
    return rampart_matches(tc.m_file.c_str(), f[0], true) && !rampart_matches(tc.m_file.c_str(), f[1], false) &&
           rampart_matches(tc.m_test_suite, f[2], true) && !rampart_matches(tc.m_test_suite, f[3], false) &&
           rampart_matches(tc.m_name, f[4], true) && !rampart_matches(tc.m_name, f[5], false);
}
/// Whether the command line selects this test, `--first` and `--last` aside. Only while doctest runs.
inline bool passes_filters(doctest_case const& tc) {
    return !(tc.m_skip && !doctest::detail::g_cs->no_skip) && passes_name_filters(tc);
}

/// Whether a pattern such as those of doctest's filters selects this text. Only while doctest runs.
inline bool matches_pattern(std::string const& text, std::vector<doctest::String> const& patterns) {
    return doctest::detail::rampart_matches(text.c_str(), patterns, false);
}

/// Makes a filter that names a test exactly also name what that test was replaced by.
inline void widen_name_filters(std::vector<std::string> const& endings) {
    for (std::size_t const which : {std::size_t{4}, std::size_t{5}}) {
        auto& patterns = doctest::detail::g_cs->filters[which];
        std::size_t const given = patterns.size();
        for (std::size_t i = 0; i < given; ++i) {
            for (std::string const& ending : endings) {
                patterns.push_back(patterns[i] + doctest::String(ending.c_str()));
            }
        }
    }
}

/// Whether doctest only lists, counts, or tells of itself.
inline bool is_query() {
    auto const* const run = doctest::detail::g_cs;
    return run->count || run->list_test_cases || run->list_test_suites || run->no_run || run->version || run->help ||
           run->list_reporters;
}
inline bool ignores_failures() { return doctest::detail::g_cs->no_exitcode; }
/// Whether the summary of ours may stand on stdout: doctest's own report there is for people.
inline bool stdout_is_for_people() {
    auto const* const run = doctest::detail::g_cs;
    for (auto const& reporter : run->filters[8]) {
        if (std::string_view(reporter.c_str()) != "console" && run->out.size() == 0) return false;
    }
    return !run->quiet;
}
/// Whether doctest's run ends before its first test.
inline void run_nothing(bool nothing = true) { doctest::detail::g_cs->no_run = nothing; }

/// What was asked of doctest that only one process can do; each as a sentence.
inline std::vector<std::string> not_for_workers() {
    auto const* const run = doctest::detail::g_cs;
    std::vector<std::string> found;
    auto const add = [&found](std::string words) { found.push_back(std::move(words) + ", or run without workers"); };
    for (auto const& reporter : run->filters[8]) {
        if (std::string_view(reporter.c_str()) == "console") continue;
        add("doctest's reporter '" + std::string(reporter.c_str()) +
            "' cannot tell of tests in other processes; leave --reporters out");
    }
    if (run->out.size() > 0) add("--out is for one process; send stdout there instead");
    if (run->first > 0 || run->last != UINT_MAX) add("--first and --last count in one process; use --test-case");
    if (run->abort_after > 0) add("--abort-after counts in one process; use --rampart-maxfail=N");
    if (std::string_view(run->order_by.c_str()) != "file") {
        add("--order-by is for one process; workers take tests as --rampart-dist says");
    }
    return found;
}

/// Ends doctest's run behind the test that is running.
inline void run_no_more() {
    auto* const run = doctest::detail::g_cs;
    run->abort_after = 1;
    run->numAssertsFailed = run->numAssertsFailed > 0 ? run->numAssertsFailed : 1;
}

/// Gives signals their own effect again for the rest of a test's body: a process that somebody watches dies at once.
/// (doctest's handler deadlocks when the heap is damaged and there are threads.)
inline void take_out_signal_handlers() { doctest::detail::rampart_reset_signals(); }

/// Failed assertions of the running test so far.
inline int failed_assertions_now() { return doctest::detail::g_cs->numAssertsFailedCurrentTest_atomic; }

/// Tells doctest of a check of the running test, as if it stood at `file:line`: counted, and in every doctest report
/// when it failed. (Some of doctest's reporters leave messages out, none leaves out a check.)
inline void check(bool passed, char const* file, unsigned line, char const* expression, std::string const& values) {
    doctest::detail::ResultBuilder made(doctest::assertType::DT_CHECK, file, static_cast<int>(line), expression);
    made.m_failed = !passed;
    made.m_decomp = doctest::String(values.c_str());
    made.log();
}

/// The same of a test whose end doctest is just telling its listeners. Its counts are settled by then, and may_fail and
/// should_fail have had their say: this failure they do not excuse. Reporters, which come after the listeners, see a
/// test that failed.
inline void fail_ended_test(char const* file, unsigned line, char const* expression, std::string const& values) {
    check(false, file, line, expression, values);
    auto* const run = doctest::detail::g_cs;
    ++run->numAsserts;
    ++run->numAssertsFailed;
    ++run->numAssertsCurrentTest;
    ++run->numAssertsFailedCurrentTest;
    namespace reason = doctest::TestCaseFailureReason;
    run->failure_flags &=
        ~(reason::ShouldHaveFailedAndDid | reason::CouldHaveFailedAndDid | reason::FailedExactlyNumTimes);
    run->failure_flags |= reason::AssertFailure;
    if (!run->testCaseSuccess) return;
    run->testCaseSuccess = false;
    ++run->numTestCasesFailed;
}

/// Makes doctest's own verdict a failure, after its last test.
inline void fail_run() { ++doctest::detail::g_cs->numTestCasesFailed; }

// In an unnamed namespace, because doctest's own class is in one.
namespace {

/// doctest's console for a worker: says what failed, without a header and a summary around each single test.
struct worker_console final : doctest::ConsoleReporter {
    explicit worker_console(doctest::ContextOptions const& in) : doctest::ConsoleReporter(in) {}
    void test_run_start() override {}
    void test_run_end(doctest::TestRunStats const&) override {}
};

}  // namespace

inline constexpr char worker_console_name[] = "rampart-worker";
template <class Console = worker_console>
void register_worker_console() {
    doctest::registerReporter<Console>(worker_console_name, 0, true);
}

}  // namespace rampart::inline v1::detail

#endif
