#ifndef RAMPART_DOCTEST_TEST_LIST_HPP
#define RAMPART_DOCTEST_TEST_LIST_HPP

#include "rampart/base/text.hpp"
#include "rampart/doctest/cases.hpp"
#include "rampart/json/write.hpp"
#include "rampart/sinks/atomic_file.hpp"
#include "rampart/version.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace rampart::inline v1::detail {

/// Writes one test of a list. A test with trials is one test: `c` is any of them.
inline void write_listed_test(std::string& out, suite_case const& c) {
    // A trial's name is the test's, and an ending that the id has too.
    std::string_view name = c.name;
    test_id const& id = c.kind == case_kind::plain ? c.id : c.base;
    name.remove_suffix(c.id.str().size() - id.str().size());
    auto const or_null = [](std::string_view text) {
        return text.empty() ? std::optional<std::string_view>() : std::optional(text);
    };

    json_writer w(out);
    w.begin_object();
    w.member("id", id.str());
    w.member("name", name);
    w.member("suite", or_null(c.data->m_test_suite));
    w.member("file", c.file);
    w.member("line", c.line);
    w.member("description", or_null(c.data->m_description != nullptr ? c.data->m_description : ""));
    w.member("group", or_null(c.marks.group));
    w.member("harm_category", or_null(c.marks.harm_category));
    w.key("uses");
    w.begin_array();
    for (std::string const& resource : c.marks.uses) w.string(resource);
    w.end_array();
    w.key("trials");
    if (c.marks.trial) {
        w.begin_object();
        w.member("n", c.marks.trial->n);
        w.member("threshold", c.marks.trial->threshold);
        w.end_object();
    } else {
        w.null();
    }
    w.member("skip", c.data->m_skip);
    w.end_object();
}

/// The tests that the command line selects, and those that it would select but for doctest's `skip`, as one JSON
/// document of the format `rampart.list.v1`: ASCII, and each test on a line of its own, for readers without a JSON
/// parser to speak of. Those of which `is_done` is true are left out. Only while doctest runs.
template <class IsDone>
std::string list_to_json(suite_cases const& cases, IsDone is_done) {
    std::vector<suite_case const*> listed;
    for (suite_case const& c : cases.all()) {
        if (c.kind == case_kind::verdict || !passes_name_filters(*c.data) || is_done(c)) continue;
        // The trials of a test stand side by side.
        bool const is_known = c.kind == case_kind::clone && !listed.empty() && listed.back()->base == c.base;
        if (!is_known) listed.push_back(&c);
    }
    std::stable_sort(listed.begin(), listed.end(), [](suite_case const* a, suite_case const* b) {
        return std::tie(a->file, a->line) < std::tie(b->file, b->line);
    });
    std::string text = "{\"format\": \"rampart.list.v1\", \"rampart_version\": \"" RAMPART_VERSION "\", \"tests\": [";
    for (suite_case const* c : listed) {
        text += c == listed.front() ? "\n" : ",\n";
        write_listed_test(text, *c);
    }
    text += "\n]}\n";
    return text;
}

/// Writes a list to a file, or to stdout for `-`. What keeps it from that goes to `errors`.
inline void write_list(std::string_view text, std::filesystem::path const& file, std::vector<std::string>& errors) {
    if (file == "-") {
        std::cout << text << std::flush;
        if (!std::cout) errors.push_back("--rampart-list: stdout takes nothing");
        return;
    }
    try {
        write_file(file, text);
    } catch (std::exception const& e) {
        errors.push_back("--rampart-list: " + one_line(e.what()));
    }
}

}  // namespace rampart::inline v1::detail

#endif
