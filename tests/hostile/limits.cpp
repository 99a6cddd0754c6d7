// What is made to exhaust a reader ends in an error, soon, and in little memory.
#include "rampart/transport/merge.hpp"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctest/run_program.hpp"
#include "hostile/this_build.hpp"
#include "rampart/report/report.hpp"
#include "rampart/transport/journal_line.hpp"
#include "rampart/transport/merge_path.hpp"
#include "rampart/transport/wire.hpp"

namespace rp = rampart;
namespace fs = std::filesystem;

namespace {

/// Slow builds get fewer of everything. With a sanitizer memory is not measured.
using hostile::sanitized;
constexpr std::size_t scale = sanitized ? 40 : hostile::optimised ? 1 : 20;
constexpr std::size_t mebi = std::size_t{1} << 20U;

/// What a child of ours found.
struct finding {
    bool ended = false;  ///< by itself
    bool good = false;   ///< the merge gave no error
    rp::shard_errc error{};
    std::size_t records = 0;
    std::size_t tests = 0;
    std::size_t faults = 0;
    bool incomplete = false;
    rp::fault_kind first{};
    std::size_t peak = 0;  ///< bytes of memory beyond what the process had before
    double seconds = 0.0;
};

std::size_t status_bytes(char const* name) {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name)) return std::strtoull(line.c_str() + std::strlen(name) + 1, nullptr, 10) * 1024;
    }
    return 0;
}

/// Runs `merge_it(session&)` in a child and measures it there.
template <class F>
finding in_child(F merge_it) {
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    ::pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        finding made;
        std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins here
        auto const before = status_bytes("VmRSS:");
        auto const began = std::chrono::steady_clock::now();
        {
            rp::session s;
            rp::expected<void> const read = merge_it(s);
            made.good = read.has_value();
            if (!read) made.error = read.error().code;
            made.records = s.records().size();
            made.tests = s.tests().size();
            made.faults = s.faults().size();
            made.incomplete = s.is_incomplete();
            if (!s.faults().empty()) made.first = s.faults().front().kind;
        }
        made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        auto const peak = status_bytes("VmHWM:");
        made.peak = peak > before ? peak - before : 0;
        made.ended = true;
        ::_exit(::write(ends[1], &made, sizeof made) == sizeof made ? 0 : 1);
    }
    ::close(ends[1]);
    finding made;
    if (::read(ends[0], &made, sizeof made) != sizeof made) made.ended = false;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return made;
}
finding merge_in_child(std::string_view bytes, rp::wire_limits limits = {}) {
    return in_child([&](rp::session& s) { return rp::merge(s, "gw0", bytes, limits); });
}

/// `peak` is in MiB, `seconds` are those of a debug build.
void check_bounds(finding const& f, std::size_t peak, double seconds) {
    CHECK(f.ended);
    CHECK(f.incomplete);
    INFO("it took ", f.peak / mebi, " MiB and ", f.seconds, " s");
    if (!sanitized) CHECK(f.peak / mebi <= peak);
    CHECK(f.seconds <= seconds * (sanitized ? 10 : 1));
}

std::string repeat(std::string_view piece, std::size_t n) {
    std::string made;
    made.reserve(piece.size() * n);
    for (; n > 0; --n) made += piece;
    return made;
}
/// One test with one result.
std::string const envelope = R"({"schema": "rampart.xdist.v2", "nodeid": "a", "results": )"
                             R"([{"status": "safe", "observability_level": "tool_only"}]})";

std::string payload_with(std::string_view results) {
    return R"({"schema": "rampart.xdist.v1", "results_by_nodeid": {)" + std::string(results) + "}}";
}

/// Brackets without end, which take the memory of one page however many there are.
class brackets {
public:
    explicit brackets(std::size_t size) : size_(size) {
        constexpr std::size_t part = 2 * mebi;
        int const file = ::memfd_create("brackets", MFD_CLOEXEC);
        REQUIRE(file >= 0);
        std::string const text(part, '[');
        REQUIRE(::write(file, text.data(), part) == static_cast<::ssize_t>(part));
        base_ =
            static_cast<char*>(::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        REQUIRE(base_ != MAP_FAILED);
        for (std::size_t at = 0; at < size; at += part) {
            REQUIRE(::mmap(base_ + at, part, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED);
        }
        ::close(file);
    }
    brackets(brackets const&) = delete;
    brackets& operator=(brackets const&) = delete;
    ~brackets() { ::munmap(base_, size_); }
    [[nodiscard]] std::string_view text() const { return {base_, size_}; }

private:
    char* base_ = nullptr;
    std::size_t size_;
};

}  // namespace

TEST_CASE("nesting of 100,000 levels ends in an error, whatever the limit that was asked for") {
    for (std::string_view const opening : {"[", "{\"a\":"}) {
        auto const deep = repeat(opening, 100000);
        std::string const texts[] = {
            deep, payload_with("\"a\": " + deep),
            payload_with(
                "\"a\": [{\"status\": \"safe\", \"observability_level\": \"tool_only\", \"metadata\": {\"k\": " + deep),
            R"({"schema": "rampart.xdist.v2", "nodeid": "a", "results": )" + deep,
            "[" + std::string(R"({"schema": "rampart.xdist.v2", "nodeid": "a", "results": []},)") + deep};
        for (std::string const& text : texts) {
            for (std::size_t const depth : {std::size_t{512}, static_cast<std::size_t>(-1)}) {
                auto const f = merge_in_child(text, {.max_depth = depth});
                INFO(text.substr(0, 100), " to depth ", depth);
                check_bounds(f, 64, 2.0);
                CHECK(!f.good);
                CHECK(f.error == rp::shard_errc::too_deep);
                CHECK(f.faults == 1);
                CHECK(f.first == rp::fault_kind::over_limit);
            }
        }
    }
}

TEST_CASE("a line of a stream or journal that is nested 100,000 levels costs that line only") {
    auto const deep = repeat("[", 100000);
    std::string const stream = envelope + "\n" + deep + "\n" +
                               R"({"schema": "rampart.xdist.v2", "streamed_result_count": 1, "trial_specs": []})";
    auto f = merge_in_child(stream);
    check_bounds(f, 64, 2.0);
    CHECK(f.records == 1);

    std::string const journal =
        rp::detail::seal(
            R"({"schema": "rampart.journal.v1", "worker": "gw0", "shard": {"index": 0, "count": 1}, "tests": ["a"]})") +
        rp::detail::seal(R"({"start": "a"})") + rp::detail::seal(envelope) +
        rp::detail::seal("{\"fault\": " + deep + "}") +
        rp::detail::seal(R"({"end": "a", "outcome": "passed", "seconds": 0, "results": 1})");
    f = merge_in_child(journal);
    check_bounds(f, 64, 2.0);
    CHECK(f.records == 1);
}

TEST_CASE("a gibibyte of brackets ends in an error, from memory and from a file") {
    brackets const all(1024 * mebi);
    // The mapped pages count as memory of the process that looks at them.
    auto f = merge_in_child(all.text());
    CHECK(f.error == rp::shard_errc::too_large);
    CHECK(f.faults == 1);
    check_bounds(f, 1024 + 16, 2.0);

    auto const some = all.text().substr(0, all.text().size() / scale);
    f = merge_in_child(some, {.max_bytes = 2048 * mebi});
    CHECK(f.error == rp::shard_errc::too_deep);
    check_bounds(f, 1024 + 64, 20.0);

    scratch_folder scratch;
    std::error_code failure;
    auto const space = fs::space(fs::path(scratch / "."), failure);
    if (failure || space.available < 2048 * mebi) {
        std::cout << "SKIPPED: a gibibyte of brackets in a file (there are no two GiB free for it)\n";
        return;
    }
    std::ofstream out(scratch / "brackets.json", std::ios::binary);
    for (std::size_t at = 0; at < some.size(); at += 2 * mebi) out.write(some.data() + at, 2 * mebi);
    out.close();
    REQUIRE(out.good());
    f = in_child([&](rp::session& s) { return rp::merge_file(s, scratch / "brackets.json"); });
    CHECK(!f.good);
    CHECK(f.first == rp::fault_kind::over_limit);
    check_bounds(f, 3 * 64 + 16, 10.0);
}

TEST_CASE("numbers of 400 digits and beyond every type are errors of their record, or kept") {
    std::string const digits(400, '7');
    auto const record = [](std::string const& members) {
        return R"({"status": "safe", "observability_level": "tool_only", )" + members + "}";
    };
    struct each {
        char const* members;
        bool kept;
    };
    each const all[] = {
        {R"("metadata": {"n": @})", true},
        {R"("metadata": {"n": -@})", true},
        {R"("metadata": {"n": [{"m": @}]})", true},
        {R"("duration_seconds": @)", false},
        {R"("turns": [{"turn_number": @, "request": {"prompt": ""}, "response": {}}])", false},
        {R"("turns": [{"request": {"prompt": ""}, "response": {}, )"
         R"("eval_result": {"outcome": "detected", "confidence": @}}])",
         false},
        {R"("rampart_attempt": @)", false},
        {R"("rampart_index": @)", false},
        {R"("status": @)", false},
        {R"("summary": @)", false},
    };
    for (each const& one : all) {
        std::string members = one.members;
        members.replace(members.find('@'), 1, digits);
        INFO(one.members);
        rp::session s;
        auto const read = rp::merge(s, "gw0",
                                    payload_with("\"a\": [" + record(members) +
                                                 R"(, {"status": "safe", "observability_level": "tool_only"}])"));
        REQUIRE(read.has_value());
        REQUIRE(s.records().size() == 2);
        CHECK(s.records()[1].value.status == rp::safety_status::safe);
        // "status" stands twice in one of them, which is a fault of its own.
        CHECK(s.is_incomplete() == !one.kept);
        CHECK((s.records()[0].value.status == rp::safety_status::safe) == one.kept);
        if (one.kept) CHECK(rp::serialize_or_marker(s).find(digits) != std::string::npos);
    }
    // The number itself cannot be held: the document is none that we can read.
    for (std::string const& number : {std::string("1e400"), std::string("-1e999999999999999999"), digits + ".5"}) {
        rp::session s;
        auto const read =
            rp::merge(s, "gw0", payload_with("\"a\": [" + record("\"duration_seconds\": " + number) + "]"));
        INFO(number);
        REQUIRE(!read.has_value());
        CHECK(read.error().code == rp::shard_errc::number_overflow);
        CHECK(read.error().pointer.find("/a/0/duration_seconds") != std::string::npos);
        CHECK(s.is_incomplete());
    }
    rp::session s;
    REQUIRE(rp::merge(s, "gw0", payload_with("\"a\": [" + record("\"duration_seconds\": 1e-400") + "]")).has_value());
    CHECK(s.records().at(0).value.duration_seconds == 0.0);
    CHECK(!s.is_incomplete());
}

TEST_CASE("ten million tiny records are more than the limit, and said to be") {
    std::size_t const n = 10000000 / scale;
    // The smallest that cost the reader anything: 3 bytes each.
    auto f = merge_in_child(payload_with("\"a\": [" + repeat("{},", n) + "{}]"), {.max_records = n / 10});
    CHECK(f.faults <= 1100);
    check_bounds(f, 600, 10.0);
    f = merge_in_child(payload_with("\"a\": [" + repeat("0,", n) + "0]"), {.max_records = 1000});
    CHECK(f.records <= 1000);
    check_bounds(f, 600, 10.0);
}

TEST_CASE("a million tests without a result are more than the limit, and said to be") {
    std::size_t const n = 1000000 / scale;
    std::string tests;
    for (std::size_t i = 0; i < n; ++i) tests += "\"" + std::to_string(i) + "\":[],";
    for (std::string const& text : {tests, std::string(tests).replace(0, 0, "\"x\":0,")}) {
        auto const f = merge_in_child(payload_with(text + "\"a\":[]"), {.max_records = 1000});
        CHECK(f.tests <= 1001);
        check_bounds(f, 400, 10.0);
    }
}

TEST_CASE("keys that stand in an object millions of times are one fault each, up to a hundred") {
    std::size_t const n = 5000000 / scale;
    auto f = merge_in_child(
        payload_with("\"a\": [{\"status\": \"safe\", \"observability_level\": \"tool_only\", \"metadata\": {" +
                     repeat("\"k\":0,", n) + "\"k\":1}}]"));
    CHECK(f.good);
    CHECK(f.records == 1);
    CHECK(f.faults == 101);
    check_bounds(f, 500, 10.0);
    f = merge_in_child(payload_with(repeat("\"a\":[],", n) +
                                    "\"a\":[{\"status\": \"safe\", \"observability_level\": \"tool_only\"}]"));
    CHECK(f.records == 1);
    CHECK(f.faults == 101);
    check_bounds(f, 500, 10.0);
}

TEST_CASE("lines without end, and millions of them, keep a stream and a journal within their limits") {
    std::size_t const n = 5000000 / scale;
    std::string const head = envelope + "\n";
    auto f = merge_in_child(head + repeat("{}\n", n));
    CHECK(f.records == 1);
    CHECK(f.faults <= 1100);
    check_bounds(f, 64, 10.0);
    f = merge_in_child(head + repeat("\n", 4 * n) + "[" + std::string(n, ' '));
    CHECK(f.records == 1);
    check_bounds(f, 128, 10.0);
    std::string const line = rp::detail::seal("{\"start\": \"a\"}");
    f = merge_in_child(repeat(line, n / 5));
    CHECK(f.faults <= 1100);
    check_bounds(f, 64, 10.0);
    std::string const line2 = "{\"start\": \"a\", \"crc32\": \"00000000\"}\n";
    f = merge_in_child(repeat(line2, n / 5));
    CHECK(f.faults <= 1100);
    check_bounds(f, 64, 10.0);
}
