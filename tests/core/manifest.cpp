#include "rampart/core/manifest.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

}  // namespace

TEST_CASE("a tool is found by its exact name, the first of that name; none is null [B16]") {
    rp::app_manifest const m{.name = "helper",
                             .tools = {{.name = "send"},
                                       {.name = "read", .description = "first"},
                                       {.name = "read", .description = "second"}}};
    CHECK(m.declares_tool("send"));
    REQUIRE(m.get_tool("read") != nullptr);
    CHECK(m.get_tool("read")->description == "first");
    for (auto name : {"", "Send", "sen", "send "}) {
        CHECK_FALSE(m.declares_tool(name));
        CHECK(m.get_tool(name) == nullptr);
    }
    CHECK_FALSE(rp::app_manifest{}.declares_tool(""));
}

TEST_CASE("a tool, a data source and a persona begin empty, and nobody untrusted writes [B16]") {
    rp::tool_declaration const tool{.name = "send"};
    CHECK(tool.description.empty());
    CHECK(tool.parameters.empty());
    CHECK(tool.permissions.empty());
    rp::data_source const source{.name = "inbox"};
    CHECK(source.type.empty());
    CHECK_FALSE(source.writable_by_untrusted);
    rp::persona const somebody{.name = "clerk"};
    CHECK(somebody.description.empty());
    CHECK(somebody.system_prompt.empty());
}

TEST_CASE("the display text names the agent, its tools, and the sources that untrusted users write to [B16]") {
    rp::app_manifest const m{
        .name = "mail helper",
        .description = "Sorts and answers mail.",
        .tools = {{.name = "send_email",
                   .description = "sends a mail",
                   .parameters = {{"to", "string"}, {"schema", {{"type", "object"}}}},
                   .permissions = {"Mail.Send"}},
                  {.name = "list"}},
        .data_sources = {{.name = "inbox", .type = "exchange", .writable_by_untrusted = true}, {.name = "wiki"}}};
    CHECK(rp::to_string(m) == "TARGET AGENT: mail helper\n"
                              "\n"
                              "Sorts and answers mail.\n"
                              "\n"
                              "Available tools:\n"
                              "  - send_email(to: string, schema): sends a mail\n"
                              "  - list()\n"
                              "\n"
                              "Accessible data sources:\n"
                              "  - inbox (writable by untrusted users)\n"
                              "  - wiki");
    CHECK(rp::to_string(rp::app_manifest{.name = "bare"}) == "TARGET AGENT: bare");
}
