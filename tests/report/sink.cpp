#include "rampart/report/sink.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "report/samples.hpp"

namespace {

namespace rp = rampart;

struct noting_sink {
    std::vector<std::string>* seen;
    std::string text;
    std::unique_ptr<int> only_movable = std::make_unique<int>(0);
    void emit(rp::test_run_report const& report) { seen->push_back(text + std::to_string(report.total_runs)); }
};

template <class Thrown>
struct throwing_sink {
    Thrown thrown;
    std::string name() const { return "thrower"; }
    void emit(rp::test_run_report const&) { throw thrown; }
};

struct any_result_sink {
    int* calls;
    template <rp::Result R>
    void emit(rp::basic_test_run_report<R> const&) {
        ++*calls;
    }
};

struct wrong_return {
    int emit(rp::test_run_report const&) { return 0; }
};

static_assert(rp::ReportSink<noting_sink> && rp::ReportSink<throwing_sink<int>>);
static_assert(rp::ReportSink<any_result_sink> && rp::ReportSink<any_result_sink, samples::finding>);
static_assert(!rp::ReportSink<noting_sink, samples::finding> && !rp::ReportSink<wrong_return>);
static_assert(!std::constructible_from<rp::any_sink, int> && !std::constructible_from<rp::any_sink, wrong_return>);
static_assert(rp::ReportSink<rp::basic_any_sink<samples::finding>, samples::finding>);

rp::test_run_report report_of(int runs) {
    rp::session s;
    s.absorb(samples::id("t"), {}, std::vector<rp::result>(static_cast<std::size_t>(runs), samples::safe()));
    return rp::build_report(s);
}

}  // namespace

TEST_CASE("without sinks nothing happens and nothing fails [B92]") {
    std::vector<rp::any_sink> none;
    CHECK(rp::emit_all(report_of(1), none).empty());
}

TEST_CASE("sinks get the report once each, in the order in which they were added [B40, B93]") {
    std::vector<std::string> seen;
    std::vector<rp::any_sink> sinks;
    sinks.emplace_back(noting_sink{&seen, "first "});
    sinks.emplace_back(noting_sink{&seen, "second "});
    sinks.insert(sinks.begin(), noting_sink{&seen, "zeroth "});
    CHECK(rp::emit_all(report_of(3), sinks).empty());
    CHECK(seen == std::vector<std::string>{"zeroth 3", "first 3", "second 3"});
}

TEST_CASE("a sink that throws is named with its words, whatever it throws, and the others get the report [B92]") {
    std::vector<std::string> seen;
    std::vector<rp::any_sink> sinks;
    sinks.emplace_back(throwing_sink<std::runtime_error>{std::runtime_error("disk on fire")});
    sinks.emplace_back(noting_sink{&seen, "a"});
    sinks.emplace_back(throwing_sink<std::string>{"a thrown text"});
    sinks.emplace_back(throwing_sink<char const*>{"a literal"});
    sinks.emplace_back(throwing_sink<char const*>{nullptr});
    sinks.emplace_back(throwing_sink<int>{7});
    sinks.emplace_back(noting_sink{&seen, "b"});
    auto const failures = rp::emit_all(report_of(1), sinks);
    CHECK(seen == std::vector<std::string>{"a1", "b1"});
    CHECK(failures == std::vector<rp::sink_failure>{{"thrower", "disk on fire"},
                                                    {"thrower", "a thrown text"},
                                                    {"thrower", "a literal"},
                                                    {"thrower", "a null pointer was thrown"},
                                                    {"thrower", "something was thrown that is no std::exception"}});
    CHECK(rp::to_string(failures.front()) == "the report sink 'thrower' failed: disk on fire");
}

TEST_CASE("a sink without a name is named after its type [B92]") {
    std::vector<std::string> seen;
    rp::any_sink const sink{noting_sink{&seen, ""}};
    CAPTURE(sink.name());
    CHECK(sink.name().ends_with("noting_sink"));
    CHECK(rp::any_sink(any_result_sink{nullptr}).name().ends_with("any_result_sink"));
}

TEST_CASE("a sink that was moved away fails by name instead of losing the report in silence [B92]") {
    std::vector<std::string> seen;
    std::vector<rp::any_sink> sinks;
    sinks.emplace_back(noting_sink{&seen, ""});
    rp::any_sink const taken = std::move(sinks.front());
    auto const failures = rp::emit_all(report_of(1), sinks);
    REQUIRE(failures.size() == 1);
    CHECK(failures.front().what.find("moved from") != std::string::npos);
    CHECK(seen.empty());
}

TEST_CASE("one sink serves results of any type") {
    int calls = 0;
    rp::basic_session<samples::finding> s;
    std::vector<rp::basic_any_sink<samples::finding>> own;
    own.emplace_back(any_result_sink{&calls});
    std::vector<rp::any_sink> usual;
    usual.emplace_back(any_result_sink{&calls});
    CHECK(rp::emit_all(rp::build_report(s), own).empty());
    CHECK(rp::emit_all(report_of(1), usual).empty());
    CHECK(calls == 2);
}
