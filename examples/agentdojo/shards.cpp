#include "shards.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace agentdojo {
namespace {

namespace fs = std::filesystem;

/// Where the merged results come from. It is the same empty name for every shard, so that a report does not depend on
/// how many processes read the files: what was recorded is the runs' own, not the readers'.
constexpr std::string_view any_reader{};

std::string name_of(fs::path const& path, fs::path const& root) {
    return path.lexically_relative(root).generic_string();
}

void look_into(fs::path const& folder, run_list& list) {
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
        auto const& entry = *at;
        std::error_code unknown;  // a link to nowhere: opening it will say so
        if (entry.is_directory(unknown)) {
            // A linked folder could lead back to where it hangs.
            if (entry.is_symlink(unknown)) {
                list.faults.push_back({rampart::fault_kind::incomplete, name_of(entry.path(), list.root),
                                       "is a link to a folder, which is not followed"});
            } else {
                look_into(entry.path(), list);
            }
        } else if (entry.path().extension() == ".json") {
            list.files.push_back(name_of(entry.path(), list.root));
        }
    }
    if (failure) {
        list.faults.push_back({rampart::fault_kind::incomplete, name_of(folder, list.root),
                               "this folder cannot be looked into: " + failure.message()});
    }
}

void read_one(rampart::session& into, run_list const& runs, std::string const& file, mapping how) {
    rampart::test_id const id{file};
    rampart::test_facts facts{.file = file};
    auto const place = place_of(file);
    if (place && place->kind == run_kind::attack) {
        auto const folder = file.substr(0, file.rfind('/'));
        into.register_trial_spec({.clone = id, .base = rampart::test_id{folder}});
    }
    std::vector<rampart::result> results;
    std::string problem;
    try {
        auto const text = read_file(runs.root / file);
        if (place) {
            auto [result, notes] = read_run(*place, text, how);
            results.push_back(std::move(result));
            for (rampart::fault& note : notes) {
                note.where = note.where.empty() ? file : file + ' ' + note.where;
                into.add_fault(std::move(note));
            }
        } else if (is_expected_table(text)) {
            facts.outcome = rampart::test_outcome::skipped;
        } else {
            problem = "its path is not <pipeline>/<suite>/<task>/<attack>/<injection>.json";
        }
    } catch (std::exception const& e) {
        problem = e.what();
    }
    if (!problem.empty()) into.add_fault({rampart::fault_kind::bad_document, file, problem});
    into.absorb(id, {}, std::move(results), std::move(facts));
}

/// A folder of this process's own, removed with all that is in it.
class scratch_folder {
public:
    scratch_folder() {
        auto name = (fs::temp_directory_path() / "agentdojo-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "cannot make a folder '" + name + "'");
        }
        path_ = name;
    }
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;
    ~scratch_folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    fs::path const& path() const noexcept { return path_; }

private:
    fs::path path_{};
};

/// Starts a program. Throws `std::system_error`.
pid_t start(std::string program, std::vector<std::string> words) {
    words.insert(words.begin(), program);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t child = 0;
    if (int const error = ::posix_spawnp(&child, program.c_str(), nullptr, nullptr, argv.data(), environ)) {
        throw std::system_error(error, std::generic_category(), "cannot start '" + program + "'");
    }
    return child;
}

/// How a process ended, in words; empty when it ended well.
std::string wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return std::error_code(errno, std::generic_category()).message();
    }
    if (WIFSIGNALED(status)) return "it was killed by signal " + std::to_string(WTERMSIG(status));
    if (int const code = WEXITSTATUS(status); code != 0) return "it ended with status " + std::to_string(code);
    return {};
}

}  // namespace

std::string read_file(fs::path const& path) {
    auto const fail = [] {
        throw std::runtime_error("cannot be read: " + std::error_code(errno, std::generic_category()).message());
    };
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) fail();
    std::string text;
    char buffer[65536];
    while (std::size_t const got = std::fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, got);
    if (std::ferror(file.get()) != 0) fail();
    return text;
}

run_list list_runs(fs::path const& root) {
    run_list list{.root = root};
    look_into(root, list);
    std::sort(list.files.begin(), list.files.end());
    return list;
}

void read_part(rampart::session& into, run_list const& runs, std::size_t index, std::size_t count, mapping how) {
    for (std::size_t i = index; i < runs.files.size(); i += count) read_one(into, runs, runs.files[i], how);
}

void read_in_processes(rampart::session& into, std::string const& program, std::string const& runs_folder,
                       std::size_t jobs, mapping how) {
    scratch_folder const scratch;
    struct reader {
        std::string name{};
        fs::path out{};
        std::optional<pid_t> process{};
        std::string problem{};
    };
    std::error_code none;
    auto const link = fs::read_symlink("/proc/self/exe", none);
    auto const self = none ? program : link.string();  // where there is no such link, the way this program was called
    std::vector<reader> readers(jobs);
    for (std::size_t i = 0; i < jobs; ++i) {
        reader& r = readers[i];
        r.name = std::to_string(i + 1) + '/' + std::to_string(jobs);
        r.out = scratch.path() / (std::to_string(i + 1) + ".json");
        std::vector<std::string> words{"--runs=" + runs_folder, "--shard", r.name, "--out=" + r.out.string()};
        if (how == mapping::strict) words.emplace_back("--strict");
        try {
            r.process = start(self, std::move(words));
        } catch (std::exception const& e) {
            r.problem = e.what();
        }
    }
    for (reader& r : readers) {
        if (r.process) r.problem = wait_for(*r.process);
        if (r.problem.empty()) {
            merge_file(into, r.out);
        } else {
            into.add_fault({rampart::fault_kind::missing_worker, "reader " + r.name, r.problem});
        }
    }
}

void merge_file(rampart::session& into, fs::path const& file) {
    std::string bytes;
    try {
        bytes = read_file(file);
    } catch (std::exception const& e) {
        into.add_fault({rampart::fault_kind::missing_worker, file.generic_string(), e.what()});
        return;
    }
    if (auto const merged = rampart::merge(into, any_reader, bytes, limits); !merged) {
        // The merge has left a fault that says why; which file it was, only we know.
        into.add_fault(
            {rampart::fault_kind::missing_worker, file.generic_string(), "nothing could be taken from this shard"});
    }
}

void account_for(run_list const& runs, rampart::session& session, mapping how) {
    for (rampart::fault const& f : runs.faults) session.add_fault(f);

    std::map<std::string_view, std::size_t> times;
    for (auto const& file : runs.files) times[file] = 0;
    std::size_t strangers = 0;
    for (rampart::test_entry const& t : session.tests()) {
        auto const found = times.find(t.test.str());
        if (found == times.end()) {
            ++strangers;
        } else {
            ++found->second;
        }
    }
    std::size_t missing = 0;
    std::string example;
    for (auto const& [file, n] : times) {
        missing += n == 0;
        if (n == 0 && example.empty()) example = file;
    }
    auto const say = [&session](std::size_t n, std::string what) {
        if (n != 0) session.mark_incomplete(std::to_string(n) + std::move(what));
    };
    say(missing, " of " + std::to_string(runs.files.size()) + " run files were not read, such as " + example);
    say(strangers, " results are of files that are not below the folder");

    auto const other = rampart::metadata_value(to_string(how == mapping::strict ? mapping::base : mapping::strict));
    auto const of_another = std::count_if(session.records().begin(), session.records().end(),
                                          [&other](auto const& r) { return r.value.meta["mapping"] == other; });
    say(static_cast<std::size_t>(of_another),
        " results were judged by another mapping than " + std::string(to_string(how)));
}

}  // namespace agentdojo
