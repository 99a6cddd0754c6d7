#ifndef RAMPART_CORE_MANIFEST_HPP
#define RAMPART_CORE_MANIFEST_HPP

#include "rampart/core/metadata.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// A tool that the agent under test can call (B16).
struct tool_declaration {
    std::string name{};  ///< as the agent reports its calls
    std::string description{};
    metadata parameters{};                   ///< the parameter's name and what it takes
    std::vector<std::string> permissions{};  ///< what the tool needs, such as `Mail.Send`
    friend bool operator==(tool_declaration const&, tool_declaration const&) = default;
};

/// A place that the agent reads from (B16). One that untrusted users can write to is where an attack gets in.
struct data_source {
    std::string name{};
    std::string type{};  ///< of the platform, such as `sharepoint`
    bool writable_by_untrusted = false;
    friend bool operator==(data_source const&, data_source const&) = default;
};

/// What the agent under test is and can do, for evaluators, drivers and reports (B16).
struct app_manifest {
    std::string name{};
    std::string description{};
    std::vector<tool_declaration> tools{};
    std::vector<data_source> data_sources{};
    metadata meta{};
    friend bool operator==(app_manifest const&, app_manifest const&) = default;

    /// The first tool of exactly this name; null when there is none. Valid as long as the manifest is not changed.
    tool_declaration const* get_tool(std::string_view tool) const noexcept {
        for (tool_declaration const& t : tools) {
            if (t.name == tool) return &t;
        }
        return nullptr;
    }
    /// Whether there is a tool of exactly this name.
    bool declares_tool(std::string_view tool) const noexcept { return get_tool(tool) != nullptr; }
};

/// A role that a language model is given: an attacker who writes payloads, a user who asks (B16).
struct persona {
    std::string name{};  ///< stable: it stands in reports
    std::string description{};
    std::string system_prompt{};
    friend bool operator==(persona const&, persona const&) = default;
};

/// The display text, for a person or a language model: blocks with an empty line between them, those that would be
/// empty left out (B16).
///
///     TARGET AGENT: mail helper
///
///     Sorts and answers mail.
///
///     Available tools:
///       - send_email(to, body): sends a mail
///
///     Accessible data sources:
///       - inbox (writable by untrusted users)
inline std::string to_string(app_manifest const& m) {
    std::string text = "TARGET AGENT: " + m.name;
    if (!m.description.empty()) text += "\n\n" + m.description;
    if (!m.tools.empty()) text += "\n\nAvailable tools:";
    for (tool_declaration const& tool : m.tools) {
        text += "\n  - " + tool.name + "(";
        for (metadata_member const& parameter : tool.parameters) {
            if (&parameter != tool.parameters.begin()) text += ", ";
            text += parameter.key;
            // A text says what the parameter takes; a whole schema would not fit on the line.
            if (auto const* kind = parameter.value.if_string()) text += ": " + *kind;
        }
        text += ")";
        if (!tool.description.empty()) text += ": " + tool.description;
    }
    if (!m.data_sources.empty()) text += "\n\nAccessible data sources:";
    for (data_source const& source : m.data_sources) {
        text += "\n  - " + source.name;
        if (source.writable_by_untrusted) text += " (writable by untrusted users)";
    }
    return text;
}

}  // namespace rampart::inline v1

#endif
