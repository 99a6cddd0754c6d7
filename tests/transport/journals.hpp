#ifndef RAMPART_TESTS_TRANSPORT_JOURNALS_HPP
#define RAMPART_TESTS_TRANSPORT_JOURNALS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <csignal>
#include <sys/resource.h>

#include "rampart/session/accounts.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/session.hpp"
#include "rampart/transport/journal_line.hpp"
#include "transport/samples.hpp"

/// \file
/// Journals line by line, folders that go away again, and what a session says is wrong.

namespace wire_samples {

/// A new folder, which goes away with everything in it.
class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "rampart-transport-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
        path_ = name;
    }
    folder(folder const&) = delete;
    folder& operator=(folder const&) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
    std::filesystem::path file(std::string const& name, std::string_view bytes) const {
        auto const path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream out(path, std::ios::binary);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
        return path;
    }

private:
    std::filesystem::path path_;
};

/// While it lives, this process's files may not grow beyond so many bytes; a write that does fails with EFBIG.
class file_size_limit {
public:
    explicit file_size_limit(::rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        ::rlimit const now{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    file_size_limit(file_size_limit const&) = delete;
    file_size_limit& operator=(file_size_limit const&) = delete;
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, signal_);
    }

private:
    ::rlimit before_{};
    void (*signal_)(int);
};

inline std::string spelt(std::string const& text) { return "\"" + text + "\""; }

// The lines of a journal. Ids and names are plain.
inline std::string begin_line(std::vector<std::string> const& tests, std::string const& worker = "gw0",
                              std::string const& more = R"("shard": {"index": 0, "count": 1}, "list_hash": "")") {
    std::string ids;
    for (auto const& id : tests) ids += (ids.empty() ? "" : ", ") + spelt(id);
    return rampart::detail::seal(R"({"schema": "rampart.journal.v1", "run": "r", "worker": ")" + worker +
                                 R"(", "attempt": 1, )" + more + R"(, "tests": [)" + ids +
                                 R"(], "trial_specs": [], "pid": 7, "host": "here", "started": "then"})");
}
inline std::string start_line(std::string const& id) { return rampart::detail::seal("{\"start\": " + spelt(id) + "}"); }
inline std::string plain_envelope(std::string const& id, std::vector<std::string> const& summaries) {
    std::string results;
    for (auto const& summary : summaries) {
        if (!results.empty()) results += ", ";
        results += R"({"status": "safe", "observability_level": "tool_only", "summary": )" + spelt(summary) + "}";
    }
    return R"({"schema": "rampart.xdist.v2", "nodeid": )" + spelt(id) + R"(, "results": [)" + results + "]}";
}
inline std::string envelope_line(std::string const& id, std::vector<std::string> const& summaries) {
    return rampart::detail::seal(plain_envelope(id, summaries));
}
inline std::string end_line(std::string const& id, std::size_t results) {
    return rampart::detail::seal(R"({"end": )" + spelt(id) + R"(, "outcome": "passed", "seconds": 0.5, "results": )" +
                                 std::to_string(results) + "}");
}
inline std::string test_lines(std::string const& id, std::vector<std::string> const& summaries) {
    return start_line(id) + envelope_line(id, summaries) + end_line(id, summaries.size());
}
inline std::string plain_close(std::size_t results, std::string const& more = {}) {
    return R"({"schema": "rampart.xdist.v2", "streamed_result_count": )" + std::to_string(results) +
           R"(, "trial_specs": [])" + more + "}";
}
/// The last line of a journal whose other lines are these.
inline std::string close_line(std::string const& before, std::size_t results) {
    auto const lines = std::count(before.begin(), before.end(), '\n') + 1;
    return rampart::detail::seal(plain_close(results, ", \"rampart_lines\": " + std::to_string(lines)));
}
inline std::string closed(std::string const& before, std::size_t results) {
    return before + close_line(before, results);
}

/// Every fault of a session, and those that follow from its plans.
inline std::vector<rampart::fault> all_faults(rampart::session const& s) {
    auto faults = s.faults();
    for (auto& f : rampart::settlement_of(s).faults) faults.push_back(std::move(f));
    return faults;
}
inline std::set<rampart::fault_kind> kinds(rampart::session const& s) {
    std::set<rampart::fault_kind> found;
    for (auto const& f : all_faults(s)) found.insert(f.kind);
    return found;
}
/// The reasons of a session's faults, one a line.
inline std::string reasons(rampart::session const& s) {
    std::string text;
    for (auto const& f : all_faults(s)) text += reason(f) + "\n";
    return text;
}

}  // namespace wire_samples

#endif  // RAMPART_TESTS_TRANSPORT_JOURNALS_HPP
