#include "assistant.hpp"

#include <rampart/doctest.hpp>

namespace {

// A virtual client: the guard is a client that stands before the real one.
struct guarded_mail : mail_client {
    bool send(std::string const&, std::string const& text) override {
        rampart::enforce("smtp");
        return !text.empty();
    }
};

assistant make_assistant() { return {std::make_unique<guarded_mail>()}; }

}  // namespace

TEST_CASE("sums up a page" * rampart::uses("web")) {
    CHECK(make_assistant().summary("example.org") == "in short: the text of example.org");
}
TEST_CASE("forwards what it has read" * rampart::uses("web", "smtp")) {
    auto const it = make_assistant();
    CHECK(it.forward("ada@example.org", it.summary("example.org")));
}
TEST_CASE("reads aloud" * rampart::uses("speaker")) { CHECK(make_assistant().read_aloud("good morning")); }
TEST_CASE("keeps notes" * rampart::uses("git")) { CHECK(make_assistant().can_keep_notes()); }

// Wrong on purpose, and skipped: `guards -ns` shows what each looks like.
TEST_SUITE("wrong") {
    TEST_CASE("says nothing of the net" * doctest::skip()) {
        // The page comes over the net. That the exception is swallowed hides nothing.
        try {
            (void)make_assistant().summary("example.org");
        } catch (std::exception const&) {
        }
    }
    TEST_CASE("speaks out of turn" * doctest::skip()) { CHECK_FALSE(make_assistant().read_aloud("good night")); }
    TEST_CASE("runs git unasked" * doctest::skip()) { CHECK_FALSE(make_assistant().can_keep_notes()); }
    TEST_CASE("declares too much" * rampart::uses("smtp", "web") * doctest::skip()) {
        CHECK(make_assistant().summary("example.org") != "");
    }
}
