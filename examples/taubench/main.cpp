// Repeated trials of a real agent (tau-bench) through rampart: a run that solved its task is SAFE, the runs of one task
// are a trial group. The safety pass rate is tau-bench's Pass^1; the part of the groups that pass at threshold 1, where
// every trial has to be safe, is its Pass^k for k trials.
//
//     taubench --file gpt-4o-airline.json [--threshold T]
//
// The file is a JSON array of runs; unpack one that ends with .zst with `zstd -d`.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <rampart/rampart.hpp>

namespace {

namespace json = boost::json;

struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct options {
    bool help = false;
    std::string file{};
    double threshold = 1.0;
};

constexpr std::string_view help_text = R"(taubench --file FILE [--threshold T]

Reads recorded tau-bench runs, a JSON array, and prints Pass^1 and how many tasks pass when all of their trials count.

  --file FILE      the runs; unpack a .zst with `zstd -d` first
  --threshold T    the part of a task's trials that has to be solved, 0 to 1 (default 1). A trial that is not solved is
                   UNSAFE, and an UNSAFE trial fails its group at every threshold
  --help           this text

Status: 0 every run was read; 1 the figures could not be written; 2 usage; 3 incomplete: the file, or a run in it, could
not be read.
)";

options parse_options(int argc, char const* const* argv) {
    options o;
    for (int i = 1; i < argc; ++i) {
        std::string_view name = argv[i];
        std::optional<std::string_view> value;
        if (auto const equals = name.find('='); equals != std::string_view::npos) {
            value = name.substr(equals + 1);
            name = name.substr(0, equals);
        }
        if (name == "--help" && !value) {
            o.help = true;
            return o;
        }
        if (name != "--file" && name != "--threshold") throw usage_error("'" + std::string(argv[i]) + "' is no option");
        if (!value && i + 1 < argc) value = argv[++i];
        if (!value || value->empty()) throw usage_error(std::string(name) + " takes a value");
        if (name == "--file") {
            o.file = *value;
            continue;
        }
        auto const end = value->data() + value->size();
        auto const [stop, error] = std::from_chars(value->data(), end, o.threshold);
        // Written so that a NaN is refused too.
        if (error != std::errc{} || stop != end || !(o.threshold >= 0 && o.threshold <= 1)) {
            throw usage_error("--threshold takes a number from 0 to 1, not '" + std::string(*value) + "'");
        }
    }
    if (o.file.empty()) throw usage_error("--file FILE is missing");
    return o;
}

std::string read_file(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in || std::filesystem::is_directory(path)) throw std::runtime_error("it cannot be read");
    return text;
}

/// A member of an object, as the kind it has to be. Throws in words when it is missing or of another kind.
json::value const& member(json::value const& object, std::string_view key) {
    auto const* members = object.if_object();
    if (members == nullptr) throw std::runtime_error("an object with a member '" + std::string(key) + "' is expected");
    if (auto const* found = members->if_contains(key)) return *found;
    throw std::runtime_error("the member '" + std::string(key) + "' is missing");
}
[[noreturn]] void refuse(std::string_view key, std::string const& kind) {
    throw std::runtime_error("the member '" + std::string(key) + "' is not " + kind);
}
std::string text(json::value const& object, std::string_view key) {
    if (auto const* found = member(object, key).if_string()) return std::string(std::string_view(*found));
    refuse(key, "a text");
}
std::int64_t integer(json::value const& object, std::string_view key) {
    if (auto const* found = member(object, key).if_int64()) return *found;
    refuse(key, "an integer");
}
double number(json::value const& object, std::string_view key) {
    auto const& found = member(object, key);
    if (!found.is_number()) refuse(key, "a number");
    return found.to_number<double>();
}
json::array const& array(json::value const& object, std::string_view key) {
    if (auto const* found = member(object, key).if_array()) return *found;
    refuse(key, "an array");
}
/// Whether there is such a member, and it is not null.
bool has(json::value const& object, std::string_view key) {
    auto const* found = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return found != nullptr && !found->is_null();
}

/// A call's arguments are JSON inside a string, as the model wrote it; what is no object is kept as that text.
rampart::metadata arguments_of(std::string const& written) {
    auto const parsed = rampart::read_json(written);
    if (parsed && parsed->root().is_object()) return json::value_to<rampart::metadata>(parsed->root());
    return {{"text", written}};
}

/// A user's message opens a turn; what follows up to the next is the agent's response.
std::vector<rampart::turn> turns_of(json::array const& messages) {
    std::vector<rampart::turn> turns;
    std::size_t answered = 0;  // of the last turn's calls
    for (json::value const& message : messages) {
        auto const role = text(message, "role");
        if (role == "system") continue;
        if (role == "user") {
            turns.push_back(
                {.request = {.prompt = text(message, "content")}, .turn_number = static_cast<int>(turns.size())});
            answered = 0;
            continue;
        }
        if (turns.empty()) throw std::runtime_error("a message of the agent before any of a user");
        auto& response = turns.back().response;
        if (role == "assistant") {
            if (has(message, "content")) response.text = text(message, "content");
            if (!has(message, "tool_calls")) continue;
            for (json::value const& call : array(message, "tool_calls")) {
                auto const& function = member(call, "function");
                response.tool_calls.push_back(
                    {.name = text(function, "name"), .arguments = arguments_of(text(function, "arguments"))});
            }
        } else if (role == "tool") {
            if (answered == response.tool_calls.size())
                throw std::runtime_error("a tool's result that answers no call");
            response.tool_calls[answered++].result = text(message, "content");
        } else {
            throw std::runtime_error("'" + role + "' is no role");
        }
    }
    return turns;
}

/// One recorded run. Throws when it has another shape.
rampart::result result_of(json::value const& run) {
    auto const reward = number(run, "reward");
    bool const solved = reward == 1.0;
    rampart::result r{.status = solved ? rampart::safety_status::safe : rampart::safety_status::unsafe,
                      .summary = solved ? "solved the task" : "did not solve the task",
                      .harm_category = rampart::harm_category::behavioral_regression,
                      .strategy = "probe",
                      .meta = {{"reward", reward}}};
    r.evidence.observability = rampart::observability_level::tool_only;
    r.evidence.turns = turns_of(array(run, "traj"));
    return r;
}

/// Puts every run of the file into the session; one that cannot be read leaves a fault.
void absorb_all(rampart::session& session, std::string const& file, double threshold) {
    auto const name = std::filesystem::path(file).stem().string();
    auto const add_fault = [&session](std::string where, std::string what) {
        session.add_fault({rampart::fault_kind::bad_record, std::move(where), std::move(what)});
    };
    auto const document = rampart::read_json(read_file(file));
    if (!document) throw std::runtime_error(document.error().message());
    for (rampart::fault const& note : document->notes) session.add_fault(note);
    if (!document->root().is_array()) throw std::runtime_error("it is no JSON array of runs");
    std::size_t position = 0;
    for (json::value const& run : document->root().get_array()) {
        auto const where = "/" + std::to_string(position++);
        try {
            rampart::test_id const base{name + "::task " + std::to_string(integer(run, "task_id"))};
            rampart::test_id const clone{base.str() + "[trial-" + std::to_string(integer(run, "trial")) + "]"};
            auto result = result_of(run);
            session.register_trial_spec({.clone = clone, .base = base, .threshold = threshold});
            session.absorb(clone, {}, {std::move(result)});
        } catch (std::exception const& e) {
            add_fault(where, e.what());
        }
    }
    // The same trial twice would count twice in the rate and once in its group.
    std::vector<std::string> ids;
    for (rampart::test_entry const& t : session.tests()) ids.push_back(t.test.str());
    std::sort(ids.begin(), ids.end());
    for (auto at = ids.begin(); (at = std::adjacent_find(at, ids.end())) != ids.end(); ++at) {
        add_fault(*at, "this trial is in the file more than once");
    }
}

int run(options const& o) {
    rampart::session session;
    try {
        absorb_all(session, o.file, o.threshold);
    } catch (std::exception const& e) {
        session.add_fault({rampart::fault_kind::bad_document, o.file, e.what()});
    }
    auto const report = rampart::build_report(std::move(session));
    auto const all = report.population_summary();
    auto const passed = std::count_if(report.trial_groups.begin(), report.trial_groups.end(),
                                      [](rampart::trial_group_result const& g) { return g.passed; });
    auto const tasks = report.trial_groups.size();
    std::printf("%zu runs of %zu tasks\n", all.total_runs, tasks);
    std::printf("Pass^1 (safety pass rate): %.4g, %zu of %zu runs\n", all.safety_pass_rate, all.safe_count,
                all.total_runs);
    std::printf("trial groups that pass at threshold %.4g: %td of %zu (%.4g)\n", o.threshold, passed, tasks,
                tasks == 0 ? 0.0 : static_cast<double>(passed) / static_cast<double>(tasks));
    bool const written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (!written) std::cerr << "taubench: the figures could not be written to standard output\n";
    for (auto const& reason : report.incomplete_reasons()) std::cerr << "taubench: incomplete: " << reason << '\n';
    // A task that was not solved is data here and fails nothing, so `rampart::exit_code` is not asked.
    if (report.is_incomplete()) return static_cast<int>(rampart::exit_status::incomplete);
    return static_cast<int>(written ? rampart::exit_status::good : rampart::exit_status::failed);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        auto const o = parse_options(argc, argv);
        if (o.help) {
            std::cout << help_text;
            return 0;
        }
        return run(o);
    } catch (usage_error const& e) {
        std::cerr << "taubench: " << e.what() << "\n`taubench --help` lists the options.\n";
        return static_cast<int>(rampart::exit_status::usage);
    }
}
