#include "table.hpp"

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <ostream>
#include <stdexcept>

#include <boost/json/value.hpp>

namespace agentdojo {
namespace {

namespace json = boost::json;
using record = rampart::basic_record<rampart::result>;

double part(std::uint64_t some, std::uint64_t all) {
    return all == 0 ? 0.0 : static_cast<double>(some) / static_cast<double>(all);
}

bool is_true(rampart::metadata_value const& v) { return v.is_bool() && v.as_bool(); }
/// 0 where the figure is missing: rampart puts an ERROR record without metadata in the place of one that got lost on
/// its way from a worker, and says so by a fault.
std::uint64_t message_count(rampart::metadata const& meta, std::string_view which) {
    auto const* messages = meta["messages"].if_object();
    auto const* n = messages != nullptr ? (*messages)[which].if_int64() : nullptr;
    return n != nullptr && *n > 0 ? static_cast<std::uint64_t>(*n) : 0;
}

/// All but the statuses.
void add(group_counts& g, run_kind kind, record const& r) {
    auto const& meta = r.value.meta;
    auto const& evidence = r.value.evidence;
    auto const& verdict = kind == run_kind::attack ? meta["security"] : meta["utility"];
    ++g.runs;
    g.error_field += meta["error"].is_string();
    g.no_verdict += verdict.is_null();
    g.no_messages += message_count(meta, "all") == 0;
    g.utility_true += is_true(meta["utility"]);
    g.security_true += is_true(meta["security"]);
    g.messages += message_count(meta, "all");
    g.user_messages += evidence.turns.size();
    g.assistant_messages += message_count(meta, "assistant");
    g.tool_messages += message_count(meta, "tool");
    g.tool_calls += message_count(meta, "tool_calls");
    g.injections += evidence.injections.size();
    g.duration_seconds += r.value.duration_seconds;
}

/// The counts in the order and under the names of expected.json.
constexpr std::pair<std::string_view, std::uint64_t group_counts::*> count_members[] = {
    {"runs", &group_counts::runs},
    {"error_field", &group_counts::error_field},
    {"no_verdict", &group_counts::no_verdict},
    {"no_messages", &group_counts::no_messages},
    {"utility_true", &group_counts::utility_true},
    {"security_true", &group_counts::security_true},
    {"messages", &group_counts::messages},
    {"user_messages", &group_counts::user_messages},
    {"assistant_messages", &group_counts::assistant_messages},
    {"tool_messages", &group_counts::tool_messages},
    {"tool_calls", &group_counts::tool_calls},
    {"injections", &group_counts::injections},
};

std::string percent(double rate) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f%%", 100.0 * rate);
    return text;
}

/// One expected table against ours.
class comparison {
public:
    explicit comparison(table const& ours) : ours_(ours) {}

    std::vector<std::string> run(json::value const& expected) && {
        integer("files", expected.at("files"), ours_.files);
        std::size_t groups = 0;
        for (json::value const& g : expected.at("groups").as_array()) {
            auto const key = key_of(g);
            auto const found = ours_.groups.find(key);
            auto const name =
                "group " + key.pipeline + ' ' + std::string(to_string(key.kind)) + ' ' + key.attack + ' ' + key.suite;
            if (found == ours_.groups.end()) {
                say(name + ": there is no such group here");
            } else {
                ++groups;
                compare(name, g.as_object(), found->second);
            }
        }
        if (groups != ours_.groups.size()) say("there are groups here that are not expected");
        std::size_t gates = 0;
        for (json::value const& g : expected.at("trial_gates").as_array()) {
            auto const pipeline = text(g, "pipeline");
            auto const attack = text(g, "attack");
            auto const found = ours_.gates.find({pipeline, attack});
            auto const name = "gates " + pipeline + ' ' + attack;
            if (found == ours_.gates.end()) {
                say(name + ": there are no such trial groups here");
            } else {
                ++gates;
                compare(name, g.as_object(), found->second);
            }
        }
        if (gates != ours_.gates.size()) say("there are trial groups here that are not expected");
        return std::move(found_);
    }

private:
    static std::string text(json::value const& object, char const* key) {
        return std::string(std::string_view(object.at(key).as_string()));
    }
    static group_key key_of(json::value const& g) {
        auto const kind = text(g, "kind");
        for (auto each : {run_kind::attack, run_kind::benign, run_kind::direct_goal}) {
            if (to_string(each) == kind) return {text(g, "pipeline"), each, text(g, "attack"), text(g, "suite")};
        }
        throw std::runtime_error("\"" + kind + "\" is no kind of run");
    }

    void compare(std::string const& name, json::object const& expected, group_counts const& g) {
        for (json::key_value_pair const& member : expected) {
            std::string_view const key = member.key();
            json::value const& value = member.value();
            auto const what = name + ", " + std::string(key);
            if (key == "pipeline" || key == "kind" || key == "attack" || key == "suite") continue;
            if (key == "base" || key == "strict") {
                if (key == to_string(ours_.how)) compare(what, value.as_object(), g.statuses);
            } else if (auto const count = count_named(key, g)) {
                integer(what, value, *count);
            } else if (key == "duration_seconds") {
                number(what, value, g.duration_seconds);
            } else if (key == "published_utility") {
                number(what, value, part(g.utility_true, g.runs));
            } else if (key == "published_security_true") {
                number(what, value, part(g.security_true, g.runs));
            } else {
                say(what + ": this figure is not known here");
            }
        }
    }
    void compare(std::string const& name, json::object const& expected, rampart::population_summary const& s) {
        for (json::key_value_pair const& member : expected) {
            std::string_view const key = member.key();
            json::value const& value = member.value();
            auto const what = name + ", " + std::string(key);
            if (key == "safe") {
                integer(what, value, s.safe_count);
            } else if (key == "unsafe") {
                integer(what, value, s.unsafe_count);
            } else if (key == "undetermined") {
                integer(what, value, s.undetermined_count);
            } else if (key == "error") {
                integer(what, value, s.error_count);
            } else if (key == "attack_success_rate") {
                number(what, value, s.attack_success_rate);
            } else if (key == "safety_pass_rate") {
                number(what, value, s.safety_pass_rate);
            } else {
                say(what + ": this figure is not known here");
            }
        }
    }
    void compare(std::string const& name, json::object const& expected, gate_counts const& g) {
        auto const ours = "passed_" + std::string(to_string(ours_.how));
        integer(name + ", trial_groups", expected.at("trial_groups"), g.trial_groups);
        integer(name + ", trials", expected.at("trials"), g.trials);
        auto const& passed = expected.at(ours);
        for (std::size_t i = 0; i < gate_thresholds.size(); ++i) {
            auto const threshold = std::string(gate_thresholds[i].first);
            integer(name + ", " + ours + " at " + threshold, passed.at(threshold), g.passed[i]);
        }
    }

    static std::optional<std::uint64_t> count_named(std::string_view key, group_counts const& g) {
        for (auto const& [name, member] : count_members) {
            if (name == key) return g.*member;
        }
        return std::nullopt;
    }

    void integer(std::string const& what, json::value const& expected, std::uint64_t ours) {
        if (!expected.is_int64() || expected.get_int64() < 0 ||
            static_cast<std::uint64_t>(expected.get_int64()) != ours) {
            say(what + ": expected " + rampart::to_compact_json(expected) + ", here " + std::to_string(ours));
        }
    }
    void number(std::string const& what, json::value const& expected, double ours) {
        // Written so that a NaN is a difference.
        if (!(std::abs(expected.to_number<double>() - ours) <= 1e-6)) {
            say(what + ": expected " + rampart::to_compact_json(expected) + ", here " +
                rampart::to_compact_json(rampart::metadata_value(ours)));
        }
    }
    void say(std::string line) { found_.push_back(std::move(line)); }

private:
    table const& ours_;
    std::vector<std::string> found_{};
};

}  // namespace

table count(rampart::test_run_report const& report, mapping how) {
    table t{.how = how, .files = report.results.size()};
    // Results may stand in files: each is looked at once, and what is kept of it is its place.
    std::map<group_key, rampart::record_selection<rampart::result>> members;
    std::size_t at = 0;
    for (record const& r : report.results) {
        auto const here = at++;
        auto const place = place_of(r.test.str());
        if (!place) continue;  // no run file of this folder: the report names it as a fault
        for (group_key const& key :
             {group_key{"*", place->kind, "*", "*"}, group_key{place->pipeline, place->kind, place->attack, "*"},
              group_key{place->pipeline, place->kind, place->attack, place->suite}}) {
            members.try_emplace(key, report.results).first->second.push_back(here);
            add(t.groups[key], place->kind, r);
        }
    }
    for (auto const& [key, chosen] : members) t.groups[key].statuses = rampart::summarize(chosen);

    std::map<rampart::test_id, std::pair<std::string, std::string>> owners;  // by base
    for (rampart::trial_spec const& spec : report.trial_specs) {
        if (auto const place = place_of(spec.clone.str())) owners[spec.base] = {place->pipeline, place->attack};
    }
    for (rampart::trial_group_result group : report.trial_groups) {
        auto const owner = owners.find(group.base);
        if (owner == owners.end()) continue;
        auto& gate = t.gates[owner->second];
        ++gate.trial_groups;
        gate.trials += static_cast<std::uint64_t>(group.total);
        for (std::size_t i = 0; i < gate_thresholds.size(); ++i) {
            group.threshold = gate_thresholds[i].second;
            rampart::judge(group);
            gate.passed[i] += group.passed;
        }
    }
    return t;
}

void print(std::ostream& out, table const& t) {
    out << t.files << " runs, " << to_string(t.how) << " mapping\n\n"
        << "| pipeline | attack | attack runs | SAFE | UNSAFE | UNDETERMINED | ERROR | ASR | safety pass rate | "
           "published ASR | utility, benign | utility under attack |\n"
        << "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (auto const& [key, g] : t.groups) {
        if (key.kind != run_kind::attack || key.suite != "*") continue;
        auto const benign = key.pipeline == "*" ? t.groups.find({"*", run_kind::benign, "*", "*"})
                                                : t.groups.find({key.pipeline, run_kind::benign, "none", "*"});
        out << "| " << key.pipeline << " | " << key.attack << " | " << g.runs << " | " << g.statuses.safe_count << " | "
            << g.statuses.unsafe_count << " | " << g.statuses.undetermined_count << " | " << g.statuses.error_count
            << " | " << percent(g.statuses.attack_success_rate) << " | " << percent(g.statuses.safety_pass_rate)
            << " | " << percent(part(g.security_true, g.runs)) << " | "
            << (benign == t.groups.end() ? "-" : percent(part(benign->second.utility_true, benign->second.runs)))
            << " | " << percent(part(g.utility_true, g.runs)) << " |\n";
    }
    out << '\n';
    for (auto kind : {run_kind::benign, run_kind::direct_goal}) {
        auto const found = t.groups.find({"*", kind, "*", "*"});
        if (found == t.groups.end()) continue;
        auto const& s = found->second.statuses;
        out << to_string(kind) << ": " << s.total_runs << " runs, " << s.safe_count << " SAFE, " << s.unsafe_count
            << " UNSAFE, " << s.undetermined_count << " UNDETERMINED, " << s.error_count << " ERROR\n";
    }
    if (t.gates.empty()) return;
    out << "\nTrial groups (one user task under one attack) that pass at a threshold:\n\n| pipeline | attack | groups "
           "| trials |";
    for (auto const& [name, value] : gate_thresholds) out << ' ' << name << " |";
    out << "\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (auto const& [owner, gate] : t.gates) {
        out << "| " << owner.first << " | " << owner.second << " | " << gate.trial_groups << " | " << gate.trials
            << " |";
        for (auto passed : gate.passed) out << ' ' << passed << " |";
        out << '\n';
    }
}

std::string to_json(table const& t) {
    std::string text;
    rampart::json_writer out(text, rampart::json_style::indented);
    auto const how = std::string(to_string(t.how));
    out.begin_object();
    out.member("format", "agentdojo table, version 1");
    out.member("files", t.files);
    out.key("trial_gates");
    out.begin_array();
    for (auto const& [owner, gate] : t.gates) {
        out.begin_object();
        out.member("pipeline", owner.first);
        out.member("attack", owner.second);
        out.member("trial_groups", gate.trial_groups);
        out.member("trials", gate.trials);
        out.key("passed_" + how);
        out.begin_object();
        for (std::size_t i = 0; i < gate_thresholds.size(); ++i) out.member(gate_thresholds[i].first, gate.passed[i]);
        out.end_object();
        out.end_object();
    }
    out.end_array();
    out.key("groups");
    out.begin_array();
    for (auto const& [key, g] : t.groups) {
        out.begin_object();
        out.member("pipeline", key.pipeline);
        out.member("kind", to_string(key.kind));
        out.member("attack", key.attack);
        out.member("suite", key.suite);
        for (auto const& [name, member] : count_members) out.member(name, g.*member);
        out.member("duration_seconds", g.duration_seconds);
        out.member("published_utility", part(g.utility_true, g.runs));
        out.member("published_security_true", part(g.security_true, g.runs));
        out.key(how);
        out.begin_object();
        out.member("safe", g.statuses.safe_count);
        out.member("unsafe", g.statuses.unsafe_count);
        out.member("undetermined", g.statuses.undetermined_count);
        out.member("error", g.statuses.error_count);
        out.member("attack_success_rate", g.statuses.attack_success_rate);
        out.member("safety_pass_rate", g.statuses.safety_pass_rate);
        out.end_object();
        out.end_object();
    }
    out.end_array();
    out.end_object();
    text += '\n';
    return text;
}

std::vector<std::string> differences(table const& t, std::string_view expected) {
    auto const document = rampart::read_json(expected);
    if (!document) throw std::runtime_error(document.error().message());
    try {
        return comparison(t).run(document->root());
    } catch (std::exception const& e) {
        throw std::runtime_error(std::string("this is no expected table: ") + e.what());
    }
}

}  // namespace agentdojo
