#ifndef RAMPART_SINKS_JUNIT_HPP
#define RAMPART_SINKS_JUNIT_HPP

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rampart/base/encode/xml.hpp"
#include "rampart/report/report.hpp"
#include "rampart/report/sink.hpp"
#include "rampart/report/verdict.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/sinks/evidence.hpp"
#include "rampart/sinks/test_cases.hpp"

/// \file
/// JUnit XML in the dialect of Jenkins (schema junit-10.xsd of its xUnit plug-in), which GitLab, Azure and the IDEs
/// read.
///
/// The suite `rampart` holds a case for each test and attempt, and, where there is something that no test shows (the
/// run is incomplete, planned tests did not run, a guard was violated), cases of the class `rampart` with an error: the
/// file never looks green when the run is not. Each trial group is a suite of one case, with its counts in
/// `<properties>`.
///
/// UNSAFE is `<failure type="unsafe">`, ERROR and crashes are `<error>`, UNDETERMINED is `<failure
/// type="undetermined">`, which the exit status does not know, and a test that did not run is `<skipped>`. The counts
/// of results and failed tests are properties of the suite `rampart`.

namespace rampart::inline v1 {

namespace detail {

/// `tests/mail.cpp::inbox::forwards nothing`: the class `tests.mail.inbox`, since Jenkins takes what stands before the
/// last dot for a package.
[[nodiscard]] inline std::string junit_class(test_id const& id) {
    std::string_view const whole = id.str();
    auto const name_at = whole.rfind("::");
    if (name_at == std::string_view::npos) return "tests";
    std::string_view const path = whole.substr(0, name_at);
    auto const file_end = std::min(path.find("::"), path.size());
    std::string_view file = path.substr(0, file_end);
    auto const slash = file.rfind('/');
    auto const dot = file.rfind('.');
    if (dot != std::string_view::npos && dot != 0 && (slash == std::string_view::npos || dot > slash + 1)) {
        file = file.substr(0, dot);
    }
    std::string name;
    for (char const c : file) name += c == '/' ? '.' : c;
    for (auto rest = path.substr(file_end); !rest.empty();) {
        rest.remove_prefix(2);
        auto const end = std::min(rest.find("::"), rest.size());
        name += '.';
        name += rest.substr(0, end);
        rest = rest.substr(end);
    }
    return name.empty() ? "tests" : name;
}

template <Result R, class Out>
class junit_writer {
public:
    junit_writer(basic_test_run_report<R> const& report, Out& out)
        : report_(report), out_(out), cases_(test_cases(report)) {}

    void write() {
        count_all();
        out_.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rampart\"");
        write_counts(all_, report_.duration_seconds, false);
        out_.write(">\n");
        write_tests();
        for (report_case const& c : cases_) {
            if (c.group != nullptr) write_group(c);
        }
        out_.write("</testsuites>\n");
    }

private:
    struct counts {
        std::size_t tests = 0;
        std::size_t failures = 0;
        std::size_t errors = 0;
        std::size_t skipped = 0;

        void add(case_verdict v) noexcept {
            ++tests;
            switch (v) {
            case case_verdict::unsafe:
            case case_verdict::failed:
            case case_verdict::undetermined:
                ++failures;
                break;
            case case_verdict::error:
            case case_verdict::crashed:
            case case_verdict::timeout:
                ++errors;
                break;
            case case_verdict::skipped:
            case case_verdict::not_run:
                ++skipped;
                break;
            case case_verdict::passed:
                break;
            }
        }
    };

    /// What no test shows.
    struct run_problem {
        std::string_view name;
        std::string_view type;
        std::string message;
        std::string text;
    };

    void count_all() {
        collect_problems();
        for (report_case const& c : cases_) {
            all_.add(c.verdict);
            if (c.group == nullptr) plain_.add(c.verdict);
        }
        for (counts* each : {&all_, &plain_}) {
            each->tests += problems_.size();
            each->errors += problems_.size();
        }
    }

    void collect_problems() {
        std::string text;
        auto const reasons = report_.incomplete_reasons();
        constexpr std::size_t most = 1000;
        for (std::size_t i = 0; i < reasons.size() && i < most; ++i) text += clip_for_report(reasons[i], 1000) + '\n';
        if (reasons.size() > most) text += "and " + std::to_string(reasons.size() - most) + " more\n";
        if (!reasons.empty()) {
            problems_.push_back({"the run is complete", "incomplete", "The run is incomplete: " + reasons[0], text});
        }
        auto const not_run = std::ranges::count(cases_, case_verdict::not_run, &report_case::verdict);
        if (not_run > 0) {
            problems_.push_back({"every planned test ran", "not_run",
                                 std::to_string(not_run) + " planned tests did not run", "They are skipped here.\n"});
        }
        std::size_t violations = 0;
        text.clear();
        for (fault const& f : report_.faults) {
            if (fails(f.kind) && violations++ < most) text += clip_for_report(reason(f), 1000) + '\n';
        }
        if (violations > most) text += "and " + std::to_string(violations - most) + " more\n";
        if (violations > 0) {
            auto const first = text.substr(0, text.find('\n'));
            problems_.push_back({"guarded resources are declared and used", "guard_violation", first, text});
        }
    }

    void write_counts(counts const& c, double seconds, bool is_suite) {
        out_.write(" tests=\"" + std::to_string(c.tests) + "\" failures=\"" + std::to_string(c.failures) +
                   "\" errors=\"" + std::to_string(c.errors) + '"');
        if (is_suite) out_.write(" skipped=\"" + std::to_string(c.skipped) + '"');
        out_.write(" time=\"" + fixed(std::max(seconds, 0.0), 3) + '"');
    }

    void write_property(std::string_view name, std::string_view value) {
        out_.write("   <property name=\"" + xml_attribute(clip_for_report(name, 1000)) + "\" value=\"" +
                   xml_attribute(clip_for_report(value, 4000)) + "\"/>\n");
    }
    void write_property(std::string_view name, std::size_t value) { write_property(name, std::to_string(value)); }

    void write_tests() {
        out_.write(" <testsuite name=\"rampart\"");
        write_counts(plain_, report_.duration_seconds, true);
        out_.write(">\n  <properties>\n");
        auto const results = report_.population_summary();
        write_property("rampart.total_runs", results.total_runs);
        write_property("rampart.safe", results.safe_count);
        write_property("rampart.unsafe", results.unsafe_count);
        write_property("rampart.undetermined", results.undetermined_count);
        write_property("rampart.errors", results.error_count);
        write_property("rampart.attack_success_rate", fixed(results.attack_success_rate, 6));
        write_property("rampart.failed_tests", failed_tests(report_).size());
        write_property("rampart.trial_groups", report_.trial_groups.size());
        write_property("rampart.complete", report_.is_incomplete() ? "false" : "true");
        for (metadata_member const& m : report_.meta) write_property("metadata." + m.key, detail::text_of(m.value));
        out_.write("  </properties>\n");
        for (run_problem const& p : problems_) {
            begin_case("rampart", std::string(p.name), 0.0);
            write_element("error", p.type, p.message, p.text);
            end_case();
        }
        for (report_case const& c : cases_) {
            if (c.group == nullptr) write_case(c);
        }
        out_.write(" </testsuite>\n");
    }

    void write_group(report_case const& c) {
        trial_group_result const& g = *c.group;
        counts own;
        own.add(c.verdict);
        out_.write(" <testsuite name=\"" + xml_attribute(clip_for_report(c.test->str(), 1000)) + '"');
        write_counts(own, seconds_of(report_, c), true);
        out_.write(">\n  <properties>\n");
        write_property("trials.total", std::to_string(g.total));
        write_property("trials.safe", std::to_string(g.safe));
        write_property("trials.unsafe", std::to_string(g.unsafe));
        write_property("trials.errors", std::to_string(g.errors));
        write_property("trials.undetermined", std::to_string(g.undetermined));
        write_property("trials.no_result", std::to_string(g.no_result));
        write_property("trials.threshold", fixed(g.threshold, 6));
        write_property("trials.pass_rate", fixed(g.pass_rate, 6));
        write_property("trials.passed", g.passed ? "true" : "false");
        out_.write("  </properties>\n");
        write_case(c);
        out_.write(" </testsuite>\n");
    }

    void begin_case(std::string_view class_name, std::string const& name, double seconds) {
        auto const where = xml_attribute(clip(class_name, 1000));
        auto const stem = clip(name, 1000);
        auto own = xml_attribute(stem.empty() ? "(no name)" : stem);
        // As the file spells them: two names can look alike only here.
        for (std::size_t n = 2; !taken_.insert(where + '\n' + own).second; ++n) {
            own = xml_attribute(stem) + " #" + std::to_string(n);
        }
        out_.write("  <testcase classname=\"" + where + "\" name=\"" + own + "\" time=\"" + fixed(seconds, 3) +
                   "\">\n");
    }
    void end_case() { out_.write("  </testcase>\n"); }

    void write_element(std::string_view element, std::string_view type, std::string_view message,
                       std::string_view text) {
        open_element(element, type, message);
        out_.write(xml_text(text));
        close_element(element);
    }
    void open_element(std::string_view element, std::string_view type, std::string_view message) {
        out_.write("   <" + std::string(element) + " type=\"" + std::string(type) + "\" message=\"" +
                   xml_attribute(clip_for_report(message, 1000)) + "\">");
    }
    void close_element(std::string_view element) { out_.write("</" + std::string(element) + ">\n"); }

    void write_case(report_case const& c) {
        begin_case(junit_class(*c.test), c.name, seconds_of(report_, c));
        switch (c.verdict) {
        case case_verdict::unsafe:
        case case_verdict::failed:
        case case_verdict::undetermined:
            write_evidence("failure", c);
            break;
        case case_verdict::error:
        case case_verdict::crashed:
        case case_verdict::timeout:
            write_evidence("error", c);
            break;
        case case_verdict::not_run:
        case case_verdict::skipped:
            write_element("skipped", to_string(c.verdict), why(report_, c), "");
            break;
        case case_verdict::passed:
            break;
        }
        out_.write("   <system-out>");
        out_.write(xml_text("id: " + clip_for_report(c.test->str(), 4000) + '\n'));
        if (c.entry != nullptr) {
            test_facts const& facts = c.entry->facts;
            if (!facts.file.empty()) {
                out_.write(
                    xml_text("at: " + clip_for_report(facts.file, 1000) + ':' + std::to_string(facts.line) + '\n'));
            }
            if (!facts.detail.empty()) out_.write(xml_text(clip_for_report(facts.detail, 4000) + '\n'));
        }
        write_lines(c);
        out_.write("</system-out>\n");
        end_case();
    }

    /// A line a result, the worst first; of a group also the trials without one. A parser refuses a text of more than
    /// 10 MB (libxml2), so there is an end.
    void write_lines(report_case const& c) {
        constexpr std::size_t most = 2000;
        std::size_t lines = 0;
        for (case_verdict const now :
             {case_verdict::unsafe, case_verdict::error, case_verdict::undetermined, case_verdict::passed}) {
            for_each_result(report_, c, [&](record_ref<R> const& r) {
                auto const status = r.status();
                if (verdict_of(status) != now || ++lines > most) return;
                std::string line(to_string(status));
                if (c.group != nullptr) line += ' ' + clip(short_name(r.test()), 300);
                auto const whole = r.load();
                line += ": " + clip_for_report(std::string_view(result_traits<R>::summary(whole->value)), 300) + '\n';
                out_.write(xml_text(line));
            });
        }
        for (test_id const& clone : c.clones) {
            bool has_any = false;
            for_each_result(report_, clone, [&has_any](record_ref<R> const&) { has_any = true; });
            if (!has_any && ++lines <= most) out_.write(xml_text("no result " + clip(short_name(clone), 300) + '\n'));
        }
        if (lines > most) out_.write("and " + std::to_string(lines - most) + " more results\n");
    }

    /// What the bad results show. GitLab reads files below 30 MB, so from 20 MB on only the words are left.
    void write_evidence(std::string_view element, report_case const& c) {
        open_element(element, to_string(c.verdict), why(report_, c));
        constexpr std::size_t most_of_file = 20'000'000;
        constexpr std::size_t most_of_case = 1'000'000;
        std::size_t written = 0;
        std::size_t left_out = 0;
        for_each_result(report_, c, [&](record_ref<R> const& r) {
            if (r.status() == safety_status::safe) return;
            if (written > most_of_case || evidence_ > most_of_file) {
                ++left_out;
                return;
            }
            auto const text = xml_text(evidence_text(*r.load()));
            written += text.size();
            evidence_ += text.size();
            out_.write(text);
            out_.write("\n");
        });
        if (left_out > 0) {
            out_.write("(for want of room the evidence of " + std::to_string(left_out) +
                       " more results is in the JSON report only)\n");
        }
        close_element(element);
    }

    basic_test_run_report<R> const& report_;
    Out& out_;
    std::vector<report_case> cases_;
    std::vector<run_problem> problems_{};
    counts all_{};
    counts plain_{};
    std::unordered_set<std::string> taken_{};
    std::size_t evidence_ = 0;
};

}  // namespace detail

/// Writes the report as JUnit XML to anything with `write(std::string_view)`, a piece at a time.
template <Result R, class Out>
void write_junit(basic_test_run_report<R> const& report, Out& out) {
    detail::junit_writer<R, Out>(report, out).write();
}

/// Writes the JUnit report to a file: whole or not at all, see `write_file`.
class junit_report_sink {
public:
    explicit junit_report_sink(std::filesystem::path file) : path_(std::move(file)) {}

    [[nodiscard]] std::string name() const { return "junit file " + path_.string(); }

    /// Throws `file_error`.
    template <Result R>
    void emit(basic_test_run_report<R> const& report) {
        write_file(path_, [&report](file_stream& out) { write_junit(report, out); });
    }

private:
    std::filesystem::path path_;
};

static_assert(ReportSink<junit_report_sink>);
static_assert(ReportSink<junit_report_sink, basic_result<int>>);

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_JUNIT_HPP
