// merge_memory [--results=N] [--bytes=N] [--shards=N]: what a session and its report hold of N (200,000) results of
// N (10,000) bytes, one a test, that came in 100 shards and stayed in their files. Prints bytes a result (of a test's
// entry, its filed record, and all that belongs to them), at the peak of the merge, after the session became a report,
// and at the peak of writing that report as JSON. It ends with status 1 when the report holds more than 450 bytes a
// result. The values are made anew each time one is read, so that no file has to be written.

#include "rampart/sinks/json_file.hpp"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "rampart/json/write.hpp"

namespace {

namespace rp = rampart;

std::size_t live = 0;
std::size_t peak = 0;

void* counted(std::size_t size) {
    void* const at = std::malloc(size == 0 ? 1 : size);
    if (at == nullptr) throw std::bad_alloc();
    live += ::malloc_usable_size(at);
    peak = std::max(peak, live);
    return at;
}
void uncounted(void* at) noexcept {
    live -= ::malloc_usable_size(at);
    std::free(at);
}

}  // namespace

// One thread, and nothing that is over-aligned: these are all that is used.
void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* at) noexcept { uncounted(at); }
void operator delete[](void* at) noexcept { uncounted(at); }
void operator delete(void* at, std::size_t) noexcept { uncounted(at); }
void operator delete[](void* at, std::size_t) noexcept { uncounted(at); }

namespace {

double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class made_again final : public rp::record_source<rp::result> {
public:
    explicit made_again(std::size_t bytes) : bytes_(bytes) {}
    rp::result read(rp::record_place const& place) override {
        rp::result r{.status = rp::safety_status::safe, .summary = "result " + std::to_string(place.offset)};
        r.evidence.turns.push_back({.response = {.text = std::string(bytes_, 't')}});
        return r;
    }

private:
    std::size_t bytes_;
};

struct counting_out {
    std::size_t bytes = 0;
    void write(std::string_view text) { bytes += text.size(); }
};

std::size_t number(int argc, char** argv, std::string_view name, std::size_t otherwise) {
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        if (!word.starts_with(name)) continue;
        std::size_t value = 0;
        auto const digits = word.substr(name.size());
        auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (read.ec == std::errc() && read.ptr == digits.data() + digits.size() && value > 0) return value;
        std::fprintf(stderr, "%s wants a number\n", std::string(name).c_str());
        std::exit(2);
    }
    return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
    auto const results = number(argc, argv, "--results=", 200'000);
    auto const bytes = number(argc, argv, "--bytes=", 10'000);
    auto const shards = std::min(number(argc, argv, "--shards=", 100), results);
    auto const source = std::make_shared<made_again>(bytes);
    auto const begin = live;
    peak = live;
    auto const per_result = [&](std::size_t now) {
        return static_cast<double>(now - begin) / static_cast<double>(results);
    };

    double const start = seconds();
    rp::session session;
    for (std::size_t s = 0; s < shards; ++s) {
        rp::basic_shard<rp::result> shard;
        shard.worker = "worker-" + std::to_string(s);
        for (std::size_t i = s; i < results; i += shards) {
            char id[64];  // 45 characters
            std::snprintf(id, sizeof id, "tests/inbox/mail_%04zu.cpp::agent::case %07zu", i % 1000, i);
            rp::test_id const test(id);
            std::string const name(rp::short_name(test));
            shard.filed.push_back({test, name, {}, "data_exfiltration", 0, 1, rp::safety_status::safe}, source,
                                  {0, static_cast<std::uint32_t>(bytes), i});
            shard.tests.push_back({.test = test,
                                   .results = 1,
                                   .facts = {.name = name, .outcome = rp::test_outcome::passed, .seconds = 0.25}});
        }
        session.merge_worker_results(std::move(shard));
    }
    double const merged = seconds();
    auto const in_session = per_result(live);
    auto const merge_peak = per_result(peak);
    peak = live;
    auto const report = rp::build_report(std::move(session));
    double const built = seconds();
    auto const build_peak = per_result(peak);
    auto const in_report = per_result(live);
    peak = live;
    counting_out out;
    rp::write_json_report(report, out);
    double const written = seconds();
    auto const json_peak = per_result(peak);

    std::printf("%zu results of %zu bytes, one a test, in %zu shards; bytes a result\n", results, bytes, shards);
    std::string text;
    rp::json_writer w(text);
    w.begin_object();
    w.member("bench", "merge_memory");
    w.member("unit", "bytes a result");
    w.key("rows");
    w.begin_array();
    auto const row = [&w](char const* name, double value, double time) {
        std::printf("%-28s %8.1f %8.2f s\n", name, value, time);
        w.begin_object();
        w.member("name", name);
        w.member("median", value);
        w.member("seconds", time);
        w.end_object();
    };
    row("session", in_session, merged - start);
    row("peak of the merge", merge_peak, merged - start);
    row("peak of building the report", build_peak, built - merged);
    row("report", in_report, built - merged);
    row("peak of the JSON report", json_peak, written - built);
    w.end_array();
    w.member("report_bytes", out.bytes);
    w.end_object();
    std::printf("%s\n", text.c_str());
    if (report.total_runs != results || report.tests.size() != results) {
        std::fprintf(stderr, "results were lost\n");
        return 1;
    }
    return in_report <= 450.0 ? 0 : 1;
}
