#include "rampart/transport/document.hpp"

#include <cstddef>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "rampart/transport/merge.hpp"
#include "rampart/transport/wire.hpp"
#include "transport/journals.hpp"

namespace {

namespace rp = rampart;
using namespace wire_samples;
using rp::fault_kind;
using rp::shard_errc;
using rp::test_id;
using rp::detail::file_lines;
using rp::detail::memory_lines;

rp::shard read(std::string_view bytes, rp::wire_limits limits = {}) {
    auto made = rp::detail::read_document<rp::result>(bytes, limits, "the file");
    CAPTURE(std::string(bytes.substr(0, 200)));
    REQUIRE(made.has_value());
    return *made;
}
rp::shard_error refused(std::string_view bytes, rp::wire_limits limits = {}) {
    auto made = rp::detail::read_document<rp::result>(bytes, limits, "the file");
    CAPTURE(std::string(bytes.substr(0, 200)));
    REQUIRE(made.has_error());
    return made.error();
}
/// The same through a file of which one line is held at a time.
rp::expected<rp::shard> read_long(std::string const& bytes, rp::wire_limits limits) {
    REQUIRE(bytes.size() > limits.max_bytes);
    std::istringstream in(bytes);
    return rp::detail::read_long_document<rp::result>(in, std::string_view(bytes).substr(0, limits.max_bytes + 1),
                                                      limits, "the file");
}
std::set<fault_kind> kinds_of(rp::shard const& s) {
    std::set<fault_kind> found;
    for (auto const& f : s.faults) found.insert(f.kind);
    return found;
}
std::string faults_of(rp::shard const& s) {
    std::string text;
    for (auto const& f : s.faults) text += std::string(to_string(f.kind)) + " " + reason(f) + "\n";
    return text;
}
bool same(rp::shard const& a, rp::shard const& b) {
    if (a.records.size() != b.records.size()) return false;
    for (std::size_t i = 0; i < a.records.size(); ++i) {
        if (a.records[i].test != b.records[i].test || a.records[i].index != b.records[i].index ||
            a.records[i].value != b.records[i].value) {
            return false;
        }
    }
    return a.worker == b.worker && a.tests == b.tests && a.faults == b.faults && a.plans == b.plans;
}
std::string payload() {
    rp::session s;
    s.absorb(test_id("t"), {}, {{.summary = "payload"}});
    return *rp::serialize_worker_data(s);
}
std::string stream() { return plain_envelope("t", {"stream"}) + "\n" + plain_close(1) + "\n"; }
std::string journal(std::size_t tests = 2) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < tests; ++i) ids.push_back("t" + std::to_string(i));
    std::string text = begin_line(ids);
    for (auto const& id : ids) text += test_lines(id, {"journal"});
    return closed(text, tests);
}

}  // namespace

TEST_CASE("a payload, a stream of lines, of an array or of one object, and a journal are told apart by their schemas "
          "[A.1, A.3, C]") {
    CHECK(read(payload()).records.at(0).value.summary == "payload");
    CHECK(read(stream()).records.at(0).value.summary == "stream");
    CHECK(read("[" + plain_envelope("t", {"stream"}) + "," + plain_close(1) + "]").records.at(0).value.summary ==
          "stream");
    CHECK(read(" \n[\n" + plain_envelope("t", {"stream"}) + "\n,\n" + plain_close(1) + "\n]\n").faults.empty());
    CHECK(read(plain_envelope("t", {"stream"})).records.at(0).value.summary == "stream");
    CHECK(read(plain_close(0)).faults.empty());
    CHECK(read(journal()).records.at(1).value.summary == "journal");
    CHECK(read(journal()).plans.size() == 1);
    // A payload may be laid out over lines.
    std::string laid_out = payload();
    for (std::size_t at = laid_out.find(", "); at != std::string::npos; at = laid_out.find(", ", at + 2)) {
        laid_out[at + 1] = '\n';
    }
    CHECK(read(laid_out).records.size() == 1);
}

TEST_CASE("a journal of which one of the first two lines is damaged is still a journal [C]") {
    std::string const text = journal();
    std::size_t const second = text.find('\n') + 1;
    for (std::size_t const at : {std::size_t{3}, second + 3, second - 3, text.find('\n', second) - 3}) {
        CAPTURE(at);
        std::string damaged = text;
        damaged[at] = '#';
        auto const s = read(damaged);
        CHECK(s.records.size() == 2);
        CHECK(kinds_of(s).contains(fault_kind::bad_checksum));
    }
    // Nothing but its first line, or that without its end: the process died before its first test.
    CHECK(read(text.substr(0, second)).plans.size() == 1);
    CHECK(read(text.substr(0, second - 1)).plans.size() == 1);
    CHECK(refused(text.substr(0, second - 2)).code == shard_errc::not_json);
}

TEST_CASE(
    "a stream of lines of which one of the first two is damaged, or blank lines stand before, is still one [A.3]") {
    for (std::string const before : {"no JSON\n", "{\"schema\": 7}\n", "\n\n", " \r\n", "{}\n"}) {
        CAPTURE(before);
        auto const s = read(before + stream());
        CHECK(s.records.size() == 1);
        CHECK(s.faults.size() == (rp::detail::is_blank(before) ? 0 : 1));
    }
    CHECK(read("no JSON\n" + plain_envelope("t", {"stream"})).records.size() == 1);
    CHECK(refused("no JSON\nno JSON\n" + stream()).code == shard_errc::not_json);
}

TEST_CASE("an array is a stream if one of its elements is, and an empty one lacks its end [A.3]") {
    CHECK(faults_of(read("[]")) ==
          "missing_close the file: the stream ends before its worker had said that it was done\n");
    CHECK(refused("[7]").message() == "/0: an envelope is an object, not an integer");
    CHECK(refused("[" + payload() + "]").code == shard_errc::unknown_schema);
    CHECK(refused("[{}, {}]").code == shard_errc::missing_schema);
    auto const s = read("[7, " + plain_envelope("t", {"x"}) + ", " + plain_close(1) + "]");
    CHECK(s.records.size() == 1);
    CHECK(faults_of(s) == "bad_record the file, /0: an envelope is an object, not an integer\n");
}

TEST_CASE("what is none of the three is an error and takes nothing in [B2, B4]") {
    for (std::string const bytes : {"", " ", "\n", "\n\n\n", "Segmentation fault\n", "{", "\"\n\"", "{}\n{}\n", "null",
                                    "\xef\xbb\xbf{}", "\x1f\x8b\x08", "PK\x03\x04"}) {
        static_cast<void>(refused(bytes));
    }
    CHECK(refused(R"({"schema": "rampart.journal.v1"})").code == shard_errc::unknown_schema);
    CHECK(refused(R"({"schema": "rampart.report.v1"})").code == shard_errc::unknown_schema);
    std::mt19937 random(20260102);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes;
        for (auto left = random() % 200; left > 0; --left) {
            bytes += random() % 4 == 0 ? "\n{}[]\",: \t"[random() % 10] : static_cast<char>(random() % 256);
        }
        auto const made = rp::detail::read_document<rp::result>(bytes, {}, "");
        if (made.has_value()) {
            REQUIRE_FALSE(made->faults.empty());
            REQUIRE(made->records.empty());
        } else {
            REQUIRE_FALSE(made.error().message().empty());
        }
    }
}

TEST_CASE("a limit of bytes holds for a document, and for each line of a stream or a journal [B4]") {
    CHECK(refused(payload(), {.max_bytes = 100}).code == shard_errc::too_large);
    CHECK(refused("[" + plain_envelope("t", {"x"}) + "]", {.max_bytes = 50}).code == shard_errc::too_large);
    CHECK(read(journal(50), {.max_bytes = 600}).faults.empty());
    std::string lines;
    for (int i = 0; i < 50; ++i) lines += plain_envelope("t" + std::to_string(i), {"x"}) + "\n";
    CHECK(read(lines + plain_close(50), {.max_bytes = 200}).faults.empty());
    auto const s =
        read(lines + plain_envelope("long", {std::string(500, 'x')}) + "\n" + plain_close(51), {.max_bytes = 200});
    CHECK(s.records.size() == 50);
    CHECK(kinds_of(s) == std::set{fault_kind::over_limit, fault_kind::short_count});
    CHECK(s.faults.at(0) ==
          rp::fault{fault_kind::over_limit, "the file, line 51", "this line is over the limit of 200 bytes"});
}

TEST_CASE("a limit of depth holds for a document, and for each line [B4]") {
    std::string deep = R"({"schema": "rampart.xdist.v2", "nodeid": "deep", "results": )";
    deep += std::string(100000, '[');
    CHECK(refused(deep).code == shard_errc::too_deep);
    auto const s = read(plain_envelope("t", {"x"}) + "\n" + deep + "\n" + plain_close(1));
    CHECK(s.records.size() == 1);
    CHECK(s.faults.size() == 1);
    auto const j = read(begin_line({"t"}) + rp::detail::seal(deep + "}") + test_lines("t", {"x"}));
    CHECK(j.records.size() == 1);
    CHECK(j.faults.size() == 1);
}

TEST_CASE("a limit of records holds for a document and for each line [B4]") {
    std::string const many = plain_envelope("t", {"0", "1", "2", "3", "4"});
    for (auto const& text : {"[" + many + "," + plain_close(5) + "]", many + "\n" + plain_close(5)}) {
        auto const s = read(text, {.max_records = 3});
        CHECK(s.records.size() == 3);
        CHECK(kinds_of(s) == std::set{fault_kind::over_limit});
        CHECK(s.tests.at(0).results == 5);
    }
    auto const j = read(closed(begin_line({"t"}) + start_line("t") + rp::detail::seal(many) + end_line("t", 5), 5),
                        {.max_records = 3});
    CHECK(j.records.size() == 3);
    CHECK(kinds_of(j) == std::set{fault_kind::over_limit});
}

TEST_CASE("the lines of a file are those of its bytes, wherever a block of it ends") {
    std::mt19937 random(7);
    std::vector<std::string> texts{"",
                                   "\n",
                                   "a",
                                   "a\n",
                                   "\n\na",
                                   std::string(65536, 'a'),
                                   std::string(65536, '\n'),
                                   std::string(65535, 'a') + "\n",
                                   std::string(65536, 'a') + "\nb",
                                   std::string(65535, 'a') + "\n\nb\n",
                                   std::string(200000, 'a') + "\nb"};
    for (int i = 0; i < 20; ++i) {
        texts.emplace_back();
        for (auto left = random() % 8; left > 0; --left) {
            texts.back() += std::string(random() % 70000, 'x') + (random() % 4 == 0 ? "" : "\n");
        }
    }
    for (auto const& text : texts) {
        for (std::size_t const limit : {std::size_t{1000000}, std::size_t{65536}, std::size_t{1}, std::size_t{0}}) {
            CAPTURE(text.size());
            CAPTURE(limit);
            std::istringstream in(text);
            memory_lines expected(text, limit);
            file_lines found(in, limit);
            std::string_view a;
            std::string_view b;
            for (bool whole_a = false, whole_b = false; expected.next(a, whole_a);) {
                REQUIRE(found.next(b, whole_b));
                REQUIRE(expected.too_long() == found.too_long());
                REQUIRE(whole_a == whole_b);
                if (!found.too_long()) REQUIRE(a == b);
                REQUIRE(b.size() <= limit);
            }
            bool whole = false;
            REQUIRE_FALSE(found.next(b, whole));
        }
    }
}

TEST_CASE(
    "a journal and a stream of lines may be longer than a document, a line held at a time, and say the same [B4, C]") {
    rp::wire_limits const limits{.max_bytes = 600};
    std::string const j = journal(50);
    auto const from_file = read_long(j, limits);
    REQUIRE(from_file.has_value());
    CHECK(same(*from_file, read(j)));
    auto const torn = read_long(j.substr(0, j.size() - 20), limits);
    REQUIRE(torn.has_value());
    CHECK(torn->plans.at(0).torn);
    CHECK(torn->records.size() == 50);

    std::string lines;
    for (int i = 0; i < 50; ++i) lines += plain_envelope("t" + std::to_string(i), {"x"}) + "\n";
    for (auto const& text : {lines + plain_close(50), "no JSON\n" + lines + plain_close(50), lines}) {
        auto const s = read_long(text, limits);
        REQUIRE(s.has_value());
        CHECK(same(*s, read(text)));
        CHECK(s->records.size() == 50);
    }
    auto const with_long =
        read_long(lines + plain_envelope("long", {std::string(100000, 'x')}) + "\n" + plain_close(51), limits);
    REQUIRE(with_long.has_value());
    CHECK(with_long->records.size() == 50);
    CHECK(kinds_of(*with_long) == std::set{fault_kind::over_limit, fault_kind::short_count});

    for (std::string const& other :
         {payload() + std::string(1000, ' '), std::string(1000, '['), std::string(1000, '\n')}) {
        auto const none = read_long(other, limits);
        REQUIRE(none.has_error());
        CHECK(none.error().code == shard_errc::too_large);
    }
}
