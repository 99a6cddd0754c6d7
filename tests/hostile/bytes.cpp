// Every byte changed, removed, doubled. A payload and a stream have no checksum: there the claim is that no rule of the
// types breaks. Of a journal it is that the damage changes nothing, or is said with the file's name.
//
//     rampart_hostile_bytes [--changes=200]    so many random changes of a large journal, and of a large payload
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doctest/run_program.hpp"
#include "fuzz/invariants.hpp"
#include "hostile/generators.hpp"
#include "hostile/this_build.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal.hpp"
#include "rampart/transport/merge.hpp"
#include "rampart/transport/merge_path.hpp"
#include "rampart/transport/wire.hpp"

namespace rp = rampart;

namespace {

std::size_t changes = hostile::sanitized ? 40 : 200;

/// Calls `f(damaged, what)` with every text that one changed, removed or doubled byte makes. A byte is changed in each
/// of its bits, and into what means something in JSON.
template <class F>
void for_each_damage(std::string const& bytes, F f) {
    // All of them take minutes with a sanitizer; another seventh each time, and all of them in the other builds.
    std::size_t const step = hostile::sanitized ? 7 : 1;
    for (std::size_t at = hostile::seed_of_this_run() % step; at < bytes.size(); at += step) {
        auto const place = " byte " + std::to_string(at);
        auto const was = static_cast<unsigned char>(bytes[at]);
        std::string changed = bytes;
        for (unsigned bit = 0; bit < 8; ++bit) {
            changed[at] = static_cast<char>(was ^ (1U << bit));
            f(changed, "bit " + std::to_string(bit) + " of" + place);
        }
        for (char const to : {'\0', ' ', '"', '\\', '0', '}', '\xff'}) {
            if (to == bytes[at]) continue;
            changed[at] = to;
            f(changed, "another" + place);
        }
        changed = bytes;
        changed.erase(at, 1);
        f(changed, "no" + place);
        changed = bytes;
        changed.insert(at, 1, bytes[at]);
        f(changed, "twice" + place);
    }
}

/// One random byte changed, removed or doubled, and which.
std::pair<std::string, std::string> one_byte_damaged(hostile::generator& g, std::string const& bytes) {
    std::string damaged = bytes;
    std::size_t const at = g.below(bytes.size());
    auto const kind = g.below(3);
    if (kind == 0) {
        damaged[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U + g.below(255)));
    } else if (kind == 1) {
        damaged.erase(at, 1);
    } else {
        damaged.insert(at, 1, bytes[at]);
    }
    static constexpr char const* names[] = {"another", "no", "twice"};
    return {std::move(damaged), std::string(names[kind]) + " byte " + std::to_string(at)};
}

rp::result full_result() {
    rp::result r{.status = rp::safety_status::unsafe, .summary = "sent \xc3\xa9", .harm_category = "jailbreak"};
    r.meta = {{"n", 12}, {"list", rp::metadata::array{1.5, true}}};
    rp::turn t;
    t.request.prompt = "go";
    t.response.tool_calls.push_back({"send", {{"to", "a"}}, "ok", "2026-03-19T21:30:05Z"});
    t.evaluation = rp::eval_result{rp::eval_outcome::detected, 0.75, {"e"}, "r"};
    r.evidence.turns.push_back(t);
    return r;
}

rp::session small_session() {
    rp::session s;
    s.absorb(rp::test_id("a::b"), {}, {full_result()}, {.outcome = rp::test_outcome::passed, .seconds = 1.0});
    s.absorb(rp::test_id("a::c"), {}, {});
    s.register_trial_spec({rp::test_id("a::b"), rp::test_id("a"), 0.5});
    return s;
}

/// Each test records n % 3 results. `closed`: its process came to its end; else it died in one more test.
std::string journal_of(int tests, bool closed) {
    scratch_folder scratch;
    rp::shard_plan plan{.run = "r", .worker = "gw0"};
    std::vector<std::string_view> ids;
    for (int n = 0; n <= tests; ++n) {
        if (n < tests || !closed) plan.tests.emplace_back("a.cpp::case " + std::to_string(n));
    }
    for (rp::test_id const& id : plan.tests) ids.push_back(id.str());
    plan.list_hash = rp::list_hash(ids);
    rp::journal<rp::result> book(scratch / "j", plan, {}, {1, "host", "2026-03-19T21:30:05Z"}, rp::journal_sync::none);
    for (int n = 0; n < tests; ++n) {
        rp::test_id const& id = plan.tests[static_cast<std::size_t>(n)];
        book.start(id);
        std::vector<rp::basic_record<rp::result>> records;
        for (int i = 0; i < n % 3; ++i) {
            records.push_back({id, "case", static_cast<std::uint32_t>(i), 1, {}, "jailbreak", full_result()});
        }
        rp::test_entry entry;
        entry.test = id;
        entry.results = static_cast<std::uint32_t>(records.size());
        entry.facts = {
            .name = "case", .outcome = rp::test_outcome::passed, .seconds = 0.25, .file = "a.cpp", .line = 3};
        book.end(entry, records);
    }
    if (closed) {
        book.close({});
    } else {
        book.start(plan.tests.back());
    }
    REQUIRE(book.take_faults().empty());
    return file_text(book.path().string());
}

/// Merges bytes as those of a file, and holds the outcome against that of the bytes that were written.
class journal_check {
public:
    explicit journal_check(std::string const& good) : wanted_(outcome(good)) {}

    /// What is wrong with a merge of damaged bytes; empty when nothing is.
    std::string problem_of(std::string const& damaged) {
        try {
            auto const found = outcome(damaged);
            if (found == wanted_) {
                ++unchanged;
                return {};
            }
            if (!session_.is_incomplete())
                return "complete, but another outcome" + invariants::difference(wanted_, found);
            for (std::string const& each : session_.incomplete_reasons()) {
                if (each.find("damaged.jsonl") != std::string::npos) {
                    ++said;
                    return {};
                }
            }
            return "no reason names the file: " + session_.incomplete_reasons().at(0);
        } catch (std::exception const& e) {
            return e.what();
        }
    }

    std::size_t unchanged = 0;
    std::size_t said = 0;

private:
    std::string outcome(std::string const& bytes) {
        session_ = rp::session();
        // A hundred thousand files take longer than all the rest: every fiftieth, and those that are no journal any
        // more.
        auto read = rp::detail::read_document<rp::result>(bytes, {}, "damaged.jsonl");
        if (read && ++merges_ % 50 != 0) {
            rp::detail::merge_shard(session_, std::move(*read));
        } else {
            std::ofstream(scratch_ / "damaged.jsonl", std::ios::binary) << bytes;
            (void)rp::merge_file(session_, scratch_ / "damaged.jsonl");
        }
        invariants::check_session(session_);
        return invariants::outcome_of(session_);
    }

    std::size_t merges_ = 0;
    scratch_folder scratch_{};
    rp::session session_{};
    std::string wanted_;
};

}  // namespace

TEST_CASE("one damaged byte of a payload or of a stream breaks no rule") {
    auto const session = small_session();
    for (auto const& bytes : {rp::serialize_or_marker(session), rp::serialize_stream(session)}) {
        REQUIRE_NOTHROW(invariants::check_all(bytes));
        std::size_t n = 0;
        std::size_t bad = 0;
        for_each_damage(bytes, [&](std::string const& damaged, std::string const& what) {
            std::string problem;
            try {
                // Everything costs some ten merges: not for all of them.
                if (++n % 32 == 0) {
                    invariants::check_all(damaged);
                } else {
                    (void)invariants::check_merge(damaged, "gw0");
                }
            } catch (std::exception const& e) {
                problem = e.what();
            }
            if (problem.empty() || ++bad > 20) return;
            FAIL_CHECK(what << ": " << problem << "\n" << damaged);
        });
        CHECK(n > bytes.size());
        CHECK(bad == 0);
    }
}

TEST_CASE("one damaged byte of a journal changes nothing, or is said with the file's name") {
    for (bool const closed : {true, false}) {
        auto const bytes = journal_of(2, closed);
        journal_check check(bytes);
        std::size_t bad = 0;
        for_each_damage(bytes, [&](std::string const& damaged, std::string const& what) {
            auto const problem = check.problem_of(damaged);
            if (problem.empty() || ++bad > 20) return;
            FAIL_CHECK(what << ": " << problem << "\n" << damaged);
        });
        CHECK(bad == 0);
        CHECK(check.said > bytes.size());
        MESSAGE(check.said << " damages said, " << check.unchanged << " without effect, in " << bytes.size()
                           << " bytes");
    }
}

TEST_CASE("random damage of a large journal changes nothing, or is said with the file's name") {
    auto const seed = hostile::seed_of_this_run();
    hostile::generator g(seed);
    auto const bytes = journal_of(200, true);
    journal_check check(bytes);
    std::size_t bad = 0;
    for (std::size_t round = 0; round < changes; ++round) {
        auto const [damaged, what] = one_byte_damaged(g, bytes);
        auto const problem = check.problem_of(damaged);
        if (problem.empty() || ++bad > 20) continue;
        FAIL_CHECK(what << ": " << problem << "\n" << hostile::again(seed, round));
    }
    CHECK(bad == 0);
    MESSAGE(check.said << " damages said, " << check.unchanged << " without effect, in " << bytes.size() << " bytes");
}

TEST_CASE("random damage of a large payload breaks no rule") {
    auto const seed = hostile::seed_of_this_run();
    hostile::generator g(seed);
    rp::session session;
    REQUIRE(rp::merge(session, "", journal_of(200, true)).has_value());
    auto const bytes = rp::serialize_or_marker(session);
    REQUIRE(!invariants::check_merge(bytes, "gw0", {}).is_incomplete());
    std::size_t bad = 0;
    std::size_t incomplete = 0;
    for (std::size_t round = 0; round < changes; ++round) {
        auto const [damaged, what] = one_byte_damaged(g, bytes);
        std::string problem;
        try {
            if (invariants::check_merge(damaged, "gw0", {}).is_incomplete()) ++incomplete;
        } catch (std::exception const& e) {
            problem = e.what();
        }
        if (problem.empty() || ++bad > 20) continue;
        FAIL_CHECK(what << ": " << problem << "\n" << hostile::again(seed, round));
    }
    CHECK(bad == 0);
    MESSAGE(incomplete << " of " << changes << " damages said, in " << bytes.size() << " bytes");
}

int main(int count, char** words) {
    for (int i = 1; i < count; ++i) {
        std::string_view const word = words[i];
        if (word.starts_with("--changes=")) changes = std::strtoull(words[i] + 10, nullptr, 10);
    }
    return doctest::Context(count, words).run();
}
