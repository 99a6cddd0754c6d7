#include "rampart/sinks/json_file.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "rampart/json/read.hpp"
#include "rampart/transport/merge.hpp"
#include "report/samples.hpp"

namespace {

namespace rp = rampart;
using boost::json::value;

/// The keys that we add, by a key of Python's that tells the kind of object (wire format, B11).
bool may_add(boost::json::object const& python, std::string_view key) {
    auto const is_one_of = [key](auto... names) { return ((key == names) || ...); };
    if (python.contains("by_harm_category")) return is_one_of("schema", "trial_groups", "faults", "tests");
    if (python.contains("turns")) return is_one_of("nodeid", "observability_level", "injections");
    if (python.contains("response_text")) return is_one_of("attachments", "timestamp", "eval_evidence");
    if (python.contains("arguments")) return is_one_of("timestamp");
    return false;
}

/// Every difference but the added keys, one line each: the place by Python's keys, then Python's and ours.
void compare(value const& python, value const& ours, std::string const& at, std::vector<std::string>& found) {
    auto const note = [&] {
        found.push_back(at + ": " + rp::to_compact_json(python) + " -> " + rp::to_compact_json(ours));
    };
    if (python.is_object() && ours.is_object()) {
        auto const& theirs = python.get_object();
        auto other = ours.get_object().begin();
        for (auto const& member : theirs) {
            auto const place = at + '/' + std::string(std::string_view(member.key()));
            if (other == ours.get_object().end()) {
                found.push_back(place + ": missing");
                continue;
            }
            if (member.key() != other->key()) {
                found.push_back(place + ": key -> " + std::string(std::string_view(other->key())));
            }
            compare(member.value(), other->value(), place, found);
            ++other;
        }
        for (; other != ours.get_object().end(); ++other) {
            std::string_view const key = other->key();
            if (!may_add(theirs, key)) found.push_back(at + ": added " + std::string(key));
        }
    } else if (python.is_array() && ours.is_array()) {
        auto const& theirs = python.get_array();
        auto const& mine = ours.get_array();
        if (theirs.size() != mine.size()) return note();
        for (std::size_t i = 0; i < theirs.size(); ++i) {
            compare(theirs[i], mine[i], at + '/' + std::to_string(i), found);
        }
    } else if (python != ours) {
        note();
    }
}

/// Python's files spell NaN and infinities in a way that is no JSON; ours have null there.
std::string without_bare_nan(std::string text) {
    for (std::string_view const word : {"-Infinity", "Infinity", "NaN"}) {
        for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
            text.replace(at, word.size(), "null");
        }
    }
    return text;
}

/// What differs between Python's report of a run and ours of the same payload.
std::vector<std::string> differences(std::string const& folder, std::string const& name, std::string const& kind) {
    bool const serial = kind == "serial";
    rp::session hub(serial ? rp::text_policy::keep : rp::text_policy::strip);
    auto const merged = rp::merge(hub, serial ? "" : "gw0", samples::read_file(folder + "/" + name + ".payload.json"));
    REQUIRE_MESSAGE(merged.has_value(), merged.error().message());
    auto const theirs = rp::read_json(without_bare_nan(samples::read_file(folder + "/" + name + "." + kind + ".json")));
    REQUIRE_MESSAGE(theirs.has_value(), theirs.error().message());
    auto const ours = rp::read_json(rp::to_json_text(rp::build_report(hub)));
    REQUIRE(ours.has_value());
    std::vector<std::string> found;
    compare(theirs->root(), ours->root(), "", found);
    return found;
}

/// Whether every difference is one that `reasons` name, and every reason is met: a reason is a part of a line.
void check_differences(std::vector<std::string> const& found, std::vector<std::string> const& reasons) {
    for (std::string const& line : found) {
        bool const is_meant = std::any_of(reasons.begin(), reasons.end(), [&line](std::string const& reason) {
            return line.find(reason) != std::string::npos;
        });
        CHECK_MESSAGE(is_meant, "differs: " << line);
    }
    for (std::string const& reason : reasons) {
        bool const is_met = std::any_of(found.begin(), found.end(), [&reason](std::string const& line) {
            return line.find(reason) != std::string::npos;
        });
        CHECK_MESSAGE(is_met, "does not differ any more: " << reason);
    }
}

}  // namespace

TEST_CASE("a merged run's JSON report is the Python package's own, key by key, apart from our keys [B97, B98, B101]") {
    auto const folder = samples::shared_file("golden", "the Python package's merged reports [B97, B98, B101]");
    if (folder.empty()) return;
    SUBCASE("without any difference") {
        for (std::string const name : {"basic", "full", "trials", "empty", "coerced", "unicode"}) {
            CAPTURE(name);
            check_differences(differences(folder, name, "report"), {});
        }
    }
    SUBCASE("ids, keys, categories, strategies and names are stripped too (wire format, B7)") {
        check_differences(differences(folder, "ansi", "report"),
                          {"[0m: key -> harm RED", "/harm_category: ", "/strategy: ", "[0m: key -> key RED",
                           "[0m: key -> nested key RED", "[0m: key -> arg RED",
                           "/_pytest_nodeid: ", "/tool_calls/0/name: ", "/side_effects/0/kind: "});
    }
    SUBCASE("a confidence that is no number is 0, not full confidence (wire format, B3)") {
        check_differences(differences(folder, "numbers", "report"), {"/eval_confidence: 1.0 -> 0.0"});
    }
    SUBCASE("reading shortens nothing that writing left (wire format, B5)") {
        check_differences(differences(folder, "nesting", "report"), {"/d1/d2/d3/d4/d5/d6: ", "/0/0/0/0/0/0: "});
    }
}

TEST_CASE("a serial run's JSON report is the Python package's own, key by key, apart from our keys [B97, B98, B101]") {
    auto const folder = samples::shared_file("golden", "the Python package's serial reports [B97, B98, B101]");
    if (folder.empty()) return;
    SUBCASE("without any difference") {
        for (std::string const name : {"basic", "full", "trials", "empty", "ansi", "unicode"}) {
            CAPTURE(name);
            check_differences(differences(folder, name, "serial"), {});
        }
    }
    SUBCASE("the payload has null for what is no number, and a duration and a confidence are always doubles") {
        check_differences(differences(folder, "numbers", "serial"),
                          {"/duration_seconds: null -> 0.0", "/eval_confidence: null -> 0.0",
                           "/duration_seconds: 7 -> 7.0", "/eval_confidence: 1 -> 1.0",
                           "/duration_seconds: true -> 1.0"});
    }
}
