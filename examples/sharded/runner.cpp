// A runner of one's own: it starts the worker twice, each for half of the suite, merges what they wrote, and reports.
// With `--kill` the second worker is killed on the way: nothing of the first is lost, and the run cannot end green.
//
//     runner path/to/worker            status 0
//     runner path/to/worker --kill     status 3, incomplete
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rampart/rampart.hpp>

/// What a command writes, and the status it ends with.
static std::pair<std::string, int> run(std::string const& command) {
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return {{}, -1};
    std::string bytes;
    char buffer[4096];
    while (std::size_t const got = std::fread(buffer, 1, sizeof buffer, pipe)) bytes.append(buffer, got);
    return {bytes, pclose(pipe)};
}

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: runner WORKER [--kill]\n";
        return 2;
    }
    bool const kill = argc > 2 && std::string_view(argv[2]) == "--kill";

    rampart::session hub;
    for (int i = 0; i < 2; ++i) {
        auto const name = "gw" + std::to_string(i);
        auto const words = " " + std::to_string(i) + "/2" + (kill && i == 1 ? " --die" : "");
        auto const [bytes, status] = run("'" + std::string(argv[1]) + "'" + words);
        // What is missing or broken leaves a fault in the hub by itself, so there is nothing to ask here.
        if (status == 0) {
            std::cout << name << " ran its half of the suite\n";
            (void)rampart::merge(hub, name, bytes);
        } else {
            std::cout << name << " did not end well\n";
            (void)rampart::merge_missing(hub, name, "the process did not end well");
        }
    }
    auto const report = rampart::build_report(std::move(hub));

    std::vector<rampart::any_sink> sinks;
    sinks.emplace_back(rampart::terminal_report_sink{std::cout});
    return rampart::exit_code(report, rampart::emit_all(report, sinks));
}
