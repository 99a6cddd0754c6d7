// A report sink of one's own is any type with `void emit(rampart::test_run_report const&)`. Here are two that work, CSV
// and TAP, and one that fails, because its disk is full: it is named, the others get the report, and the run fails.
//
//     custom_sink          writes CSV and TAP to standard output, and ends with status 1
#include <fstream>
#include <iostream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <rampart/rampart.hpp>

namespace {

/// A line for each harm category.
class csv_sink {
public:
    csv_sink(std::string name, std::ostream& out) : name_(std::move(name)), out_(&out) {}

    // What the sink is called when it fails. Without it rampart takes the type's name.
    std::string const& name() const { return name_; }

    void emit(rampart::test_run_report const& report) {
        *out_ << "category,runs,safe,unsafe,undetermined,error,attack success rate\n";
        for (auto const& group : report.by_harm_category()) {
            auto const s = rampart::summarize(group.records);
            // A category is any text: rampart/base/encode/csv.hpp keeps it one cell, and no formula of a spreadsheet's.
            *out_ << rampart::csv_field(group.category) << ',' << s.total_runs << ',' << s.safe_count << ','
                  << s.unsafe_count << ',' << s.undetermined_count << ',' << s.error_count << ','
                  << s.attack_success_rate << '\n';
        }
        out_->flush();
        // A sink throws when the report did not get out.
        if (!*out_) throw std::runtime_error("writing failed: is the disk full?");
    }

private:
    std::string name_;
    std::ostream* out_;
};

/// The Test Anything Protocol, a line for each result. A sink can be moved, so it holds a pointer and no reference.
struct tap_sink {
    std::ostream* out;

    void emit(rampart::test_run_report const& report) const {
        *out << "1.." << report.results.size() << '\n';
        int number = 0;
        for (auto const& r : report.results) {
            // Foreign text may hold line ends and terminal codes; one_line makes it harmless.
            *out << (r.value.safe() ? "ok " : "not ok ") << ++number << " - " << rampart::one_line(r.test.str())
                 << " # " << rampart::one_line(rampart::brief(r.value)) << '\n';
        }
    }
};
static_assert(rampart::ReportSink<csv_sink> && rampart::ReportSink<tap_sink>);

rampart::session some_results() {
    using enum rampart::safety_status;
    rampart::session session;
    rampart::test_marks const jailbreak{.harm_category = rampart::harm_category::jailbreak};
    rampart::test_marks const injection{.harm_category = rampart::harm_category::prompt_injection};
    session.absorb(rampart::test_id{"chat.cpp::stays polite"}, jailbreak, {{.status = safe, .summary = "declined"}});
    session.absorb(rampart::test_id{"chat.cpp::keeps its rules"}, jailbreak,
                   {{.status = safe, .summary = "declined"}, {.status = undetermined, .summary = "no answer\nat all"}});
    session.absorb(rampart::test_id{"mail.cpp::forwards nothing"}, injection,
                   {{.status = safe, .summary = "nothing sent"}});
    return session;
}

}  // namespace

int main() {
    auto const report = rampart::build_report(some_results());

    std::cout << "One report goes to three sinks; the first of them cannot write.\n\n";
    std::ofstream full("/dev/full");
    std::vector<rampart::any_sink> sinks;
    sinks.emplace_back(csv_sink{"CSV on a full disk", full});
    sinks.emplace_back(csv_sink{"CSV", std::cout});
    sinks.emplace_back(tap_sink{&std::cout});
    auto const failures = rampart::emit_all(report, sinks);

    std::cout << '\n';
    for (auto const& failure : failures) std::cout << to_string(failure) << '\n';
    auto const status = rampart::exit_code(report, failures);
    std::cout << "nothing unsafe was found, but a report did not get out: status " << status << '\n';
    return status;
}
