#ifndef RAMPART_DOCTEST_RUN_CONFIG_HPP
#define RAMPART_DOCTEST_RUN_CONFIG_HPP

#include "rampart/base/text.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/transport/journal_file.hpp"
#include "rampart/transport/partition.hpp"
#include "rampart/transport/wire_format.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rampart::inline v1 {

/// `automatic` asks what stands behind the stream: a terminal or not.
enum class progress_style : unsigned char { automatic, bar, lines, none };
/// `automatic` colours a terminal only, and heeds NO_COLOR.
enum class color_choice : unsigned char { automatic, always, never };
/// What becomes of what tests print in a worker: shown with the tests that failed, with all, or not kept but printed as
/// it comes.
enum class output_choice : unsigned char { failed, all, live };

/// What the command line and the environment ask of a run. The names are those of the options.
struct run_config {
    std::filesystem::path report_dir = "rampart-report";  ///< folder of the JSON report
    bool report_dir_given = false;                     ///< then a JSON report is wanted there
    std::optional<std::filesystem::path> json_file{};  ///< a JSON report to this file
    std::optional<std::filesystem::path> junit_file{};  ///< absent: no JUnit report
    std::optional<std::filesystem::path> html_file{};   ///< absent: no HTML report
    std::optional<std::filesystem::path> markdown_file{};  ///< absent: no Markdown report
    std::optional<std::filesystem::path> sarif_file{};     ///< absent: no SARIF report
    std::optional<std::filesystem::path> ctrf_file{};      ///< absent: no CTRF report
    std::optional<std::filesystem::path> sqlite_file{};    ///< absent: no SQLite history
    bool github = false;  ///< annotations and step summary
    std::optional<std::filesystem::path>
        payload_file{};                                  ///< this process's rampart.xdist.v1 payload, for a later merge
    std::optional<std::filesystem::path> journal_dir{};  ///< a journal of this process goes there
    rampart::journal_sync journal_sync = rampart::journal_sync::at_end;  ///< when the journal is forced to the disk
    std::optional<std::filesystem::path> resume{};     ///< tests that a journal there accounts for are not run again
    std::vector<std::filesystem::path> merge{};        ///< run nothing, merge these
    std::vector<std::string> tests{};                  ///< run these alone, by their ids; empty: all
    std::string engine_filter{};  ///< run what this selects, as the environment says; empty: all
    std::optional<std::filesystem::path> list_file{};  ///< run nothing, write what there is; `-`: to stdout
    std::optional<shard_part> shard{};
    std::string shard_source{};                  ///< the environment variables that name the part; empty: an option
    std::optional<shard_partition> partition{};  ///< how the tests are cut into parts; not given: by stride
    std::optional<std::filesystem::path> durations{};  ///< cut them by how long they took, which stands there
    std::uint32_t attempt = 1;                         ///< of this process, as the environment says
    std::string run{};                                 ///< the run's id, as the environment says; empty: none
    std::optional<std::string> workers{};  ///< how many worker processes: a number or `auto`; not given: as `tx` says
    std::optional<std::string> dist{};     ///< how tests are given to workers: the name of a scheduler, or `no`
    std::vector<std::string> tx{};         ///< worker specs
    std::optional<std::size_t> max_worker_restart{};  ///< not given: 4 for each worker
    std::optional<double> timeout{};                  ///< seconds that a test may take
    std::size_t maxfail = 0;                          ///< so many failures end the run; 0: none does
    std::optional<unsigned> retry_crashed{};          ///< so often a test that crashed is run again
    std::optional<output_choice> output{};
    std::optional<std::filesystem::path> events_file{};  ///< absent: no file of events
    std::optional<int> trials{};                         ///< instead of every test's own number of trials
    bool strict_guards = false;  ///< notice uses of guarded resources by the calls of the system too
    rampart::text_policy text = rampart::text_policy::escape;
    progress_style progress = progress_style::automatic;  ///< how progress is shown
    color_choice color = color_choice::automatic;
    metadata meta{};
    wire_limits limits{};
    bool help = false;  ///< rampart's options were asked for
};

/// What was asked, and what of it makes no sense. With an error nothing runs, and the status is 2.
struct parsed_options {
    run_config config{};
    std::vector<std::string> errors{};
};

}  // namespace rampart::inline v1

#endif
