#ifndef RAMPART_TRANSPORT_JOURNAL_HPP
#define RAMPART_TRANSPORT_JOURNAL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

#include "rampart/core/test_id.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal_file.hpp"
#include "rampart/transport/journal_line.hpp"
#include "rampart/transport/record_write.hpp"
#include "rampart/transport/wire_format.hpp"

namespace rampart::inline v1 {

/// Who writes a journal, beside its plan.
struct journal_writer_facts {
    std::int64_t pid = 0;
    std::string host{};
    std::string started{};  ///< ISO 8601, UTC
};

/// This process, now.
[[nodiscard]] inline journal_writer_facts this_process() {
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    std::time_t const now = std::time(nullptr);
    std::tm utc{};
    char started[64] = {};
    if (::gmtime_r(&now, &utc) != nullptr) std::strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%S+00:00", &utc);
    return {.pid = ::getpid(), .host = host, .started = started};
}

/// The journal of one process: what it set out to do, and each test as it starts and ends (wire format, C). A process
/// that is killed leaves a file that can be read, merged and resumed, and loses the test that was running.
///
///     journal<result> pages(folder, plan, specs, this_process());
///     pages.start(entry.test);
///     pages.end(entry, records);
///     pages.close(specs);
///
/// Nothing throws. What could not be written becomes a fault, see `take_faults`: a run whose journal lacks something is
/// incomplete, whatever became of its report.
template <PortableResult R>
class journal {
public:
    /// Makes a new file in the folder, which is made where it is missing; a file that is there is never touched.
    journal(std::filesystem::path const& folder, shard_plan plan, std::vector<trial_spec> const& specs,
            journal_writer_facts const& by, journal_sync sync = journal_sync::at_end, wire_limits limits = {})
        : file_(folder, journal_file_name(plan, by.host, by.pid), sync), limits_(for_lines(limits)) {
        json_writer w(lines_text_);
        w.begin_object();
        w.member("schema", journal_schema);
        detail::write_plan_members(w, plan);
        w.key("trial_specs");
        detail::write_list(w, specs);
        w.member("pid", by.pid);
        w.member("host", by.host);
        w.member("started", by.started);
        w.end_object();
        write("its first line");
    }

    /// A test begins.
    void start(test_id const& test) {
        lines_text_.clear();
        json_writer w(lines_text_);
        w.begin_object();
        w.member("start", test.str());
        w.end_object();
        write("the start of test ", test.str());
    }

    /// A test has ended. With the policy `each_test` its results are on the disk when this returns. Results and end go
    /// out in one write, so that a kill between them, which would run the test again after a resume, is as good as
    /// impossible. Without records, those that `test.results` counts were kept before, each as it came.
    void end(test_entry const& test, std::span<basic_record<R> const> records) {
        lines_text_.clear();
        bool const kept = records.empty() && test.results > 0;
        if (!kept) add_envelopes(test.test, records);

        std::size_t const from = lines_text_.size();
        json_writer w(lines_text_);
        w.begin_object();
        w.member("end", test.test.str());
        w.member("outcome", to_string(test.facts.outcome));
        w.member("seconds", test.facts.seconds);
        w.member("name", test.facts.name);
        if (test.attempt != 1) w.member("attempt", test.attempt);
        w.member("results", test.results);
        if (!test.facts.file.empty()) {
            w.member("file", test.facts.file);
            w.member("line", test.facts.line);
        }
        if (!test.worker.empty()) w.member("worker", test.worker);
        detail::write_last_facts(w, test.facts);
        w.end_object();
        detail::seal(lines_text_, from);
        append(1, "the results of test ", test.test.str());
        file_.after_test();
    }

    /// What a test has recorded so far, when its process has to end, or as it comes. As long as nothing says that the
    /// test ended, it has to run again.
    void keep(test_entry const& test, std::span<basic_record<R> const> records) {
        if (records.empty()) return;
        lines_text_.clear();
        add_envelopes(test.test, records);
        append(0, "the results of test ", test.test.str());
        file_.after_test();
    }

    /// Something went missing before it could be written here.
    void note(fault const& f) {
        lines_text_.clear();
        json_writer w(lines_text_);
        w.begin_object();
        w.key("fault");
        detail::write_fault(w, f);
        w.end_object();
        write("a fault");
    }

    /// A clean end. Without it a merge knows that the process did not come that far.
    void close(std::vector<trial_spec> const& specs) {
        lines_text_.clear();
        json_writer w(lines_text_);
        w.begin_object();
        w.member("schema", stream_schema);
        w.member("streamed_result_count", streamed_);
        w.key("trial_specs");
        detail::write_list(w, specs);
        w.member("rampart_lines", lines_ + 1);
        w.end_object();
        write("its last line");
        if (auto const failure = file_.close()) failed("flushing it", failure);
    }

    /// What could not be written since the last call.
    [[nodiscard]] std::vector<fault> take_faults() { return std::exchange(faults_, {}); }

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return file_.path(); }

private:
    /// A line with one result has to be one that a reader takes.
    [[nodiscard]] static wire_limits for_lines(wire_limits limits) noexcept {
        limits.max_record_bytes = std::min(limits.max_record_bytes, detail::max_line_bytes(limits));
        return limits;
    }

    /// Adds the results of a test as lines. Counts them.
    void add_envelopes(test_id const& test, std::span<basic_record<R> const> records) {
        writer_.faults.clear();
        detail::write_envelopes(
            lines_text_, writer_, test, records.size(), [records](std::size_t i) -> auto const& { return records[i]; },
            detail::numbered::anew, detail::max_line_bytes(limits_),
            [this](std::size_t from) {
                detail::seal(lines_text_, from);
                ++lines_;
            });
        if (!writer_.faults.empty()) {
            // They stand before the results that they are about.
            std::string results = std::exchange(lines_text_, {});
            for (fault const& f : writer_.faults) note(f);
            lines_text_ = std::move(results);
        }
        streamed_ += records.size();
    }
    /// Makes a line of the object that was written, and appends it to the file.
    void write(std::string_view what, std::string_view name = {}) {
        detail::seal(lines_text_, 0);
        append(1, what, name);
    }
    /// Appends the lines that were made.
    void append(unsigned count, std::string_view what, std::string_view name) {
        lines_ += count;
        if (auto const failure = file_.append(lines_text_)) {
            failed("writing " + std::string(what) + std::string(name), failure);
        }
        // One that was very long is not held for ever.
        if (lines_text_.capacity() > kept_bytes) lines_text_ = {};
    }
    void failed(std::string const& step, std::error_code failure) {
        if (!file_.is_open() && failures_ > 0) return;
        // A full disk fails for every line that is left. Each is worth a name, but not without end.
        constexpr std::size_t named = 20;
        if (++failures_ > named + 1) return;
        faults_.push_back({fault_kind::journal_failed, file_.path().string(),
                           failures_ > named ? "more could not be written" : step + " failed: " + failure.message()});
    }

    static constexpr std::size_t kept_bytes = 1048576;

    journal_file file_;
    wire_limits limits_;
    detail::record_writer<R> writer_{limits_, 3};
    std::string lines_text_{};  // of one event; its memory serves the next one too
    std::uint64_t streamed_ = 0;
    std::uint64_t lines_ = 0;
    std::size_t failures_ = 0;
    std::vector<fault> faults_{};
};

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_JOURNAL_HPP
