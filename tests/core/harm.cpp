#include "rampart/core/harm.hpp"

#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

namespace harm = rampart::harm_category;

constexpr std::string_view built_in[] = {
    harm::memory_poisoning,       harm::prompt_injection, harm::jailbreak,
    harm::data_exfiltration,      harm::data_leakage,     harm::content_safety,
    harm::over_permissive_action, harm::hallucination,    harm::behavioral_regression};

}  // namespace

TEST_CASE("there are nine built-in harm categories, spelt as the constants are named [B10]") {
    CHECK(std::set<std::string_view>(std::begin(built_in), std::end(built_in)) ==
          std::set<std::string_view>{"memory_poisoning", "prompt_injection", "jailbreak", "data_exfiltration",
                                     "over_permissive_action", "data_leakage", "content_safety", "hallucination",
                                     "behavioral_regression"});
    for (auto name : built_in) CHECK(harm::is_built_in(name));
}

TEST_CASE("there is no category xpia, and a heading or a name of one's own is not built in [B10]") {
    for (auto name : {"xpia", "uncategorized", "", "Jailbreak", "jailbreak ", "custom_product_risk"}) {
        CAPTURE(name);
        CHECK_FALSE(harm::is_built_in(name));
    }
}

TEST_CASE("a category is a string wherever a string is, also as the key of a map [B10]") {
    std::map<std::string, int> counts;
    ++counts[harm::jailbreak];
    ++counts["jailbreak"];
    CHECK(counts.size() == 1);
    CHECK(counts.at("jailbreak") == 2);
    std::string const text = harm::jailbreak;
    std::string_view const view = harm::jailbreak;
    char const* const plain = harm::jailbreak;
    CHECK(text == view);
    CHECK(text == plain);
}
