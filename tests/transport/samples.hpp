#ifndef RAMPART_TESTS_TRANSPORT_SAMPLES_HPP
#define RAMPART_TESTS_TRANSPORT_SAMPLES_HPP

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "rampart/core/result.hpp"
#include "rampart/session/session.hpp"

/// \file
/// Files and random results that the tests of json/ and transport/ start from.

namespace wire_samples {

inline std::string read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The text of a file of the Python package's samples; empty, and a line that says so, where they are not at hand.
inline std::string shared_golden(std::string const& name, std::string_view test) {
    char const* const root = std::getenv("RAMPART_SHARED_DIR");
    if (root == nullptr || *root == '\0') {
        std::cout << "SKIPPED: " << test << " (" << name << "): RAMPART_SHARED_DIR is not set\n";
        return {};
    }
    return read_file(std::string(root) + "/golden/" + name);
}

/// The path of a file in tests/golden.
inline std::string own_golden(std::string const& name) {
    std::string const here = __FILE__;
    return here.substr(0, here.find_last_of('/')) + "/../golden/" + name;
}

/// Makes results of every shape. The same seed makes the same ones.
class generator {
public:
    explicit generator(unsigned seed) : random_(seed) {}

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    bool coin() { return below(2) == 0; }

    std::string text() {
        static constexpr std::string_view pieces[] = {"a",
                                                      "word ",
                                                      "\"",
                                                      "\\",
                                                      "/",
                                                      "\n",
                                                      "\t",
                                                      "\r",
                                                      "\x01",
                                                      "\x7f",
                                                      "\x1b[31m",
                                                      "\xc2\x9b",
                                                      "\xc3\xa9",
                                                      "\xe2\x80\xa8",
                                                      "\xf0\x9f\x98\x80",
                                                      "\xef\xbf\xbd",
                                                      "\xef\xbb\xbf",
                                                      "{\"k\": 1}",
                                                      "[[]]",
                                                      "null",
                                                      "\\u0041"};
        std::string made;
        for (auto left = below(8); left > 0; --left) made += pieces[below(std::size(pieces))];
        if (below(20) == 0) made += std::string("nul\0here", 8);
        if (below(20) == 0) made += std::string(200, 'x');
        return made;
    }
    double number() {
        switch (below(4)) {
        case 0:
            return static_cast<double>(below(1000)) / 8.0;
        case 1:
            return static_cast<double>(random_()) / 18446744073709551616.0;
        case 2:
            return -static_cast<double>(below(1000000)) * 1e10;
        default:
            break;
        }
        for (;;) {
            double const d = std::bit_cast<double>(random_());
            if (std::isfinite(d)) return d;
        }
    }
    rampart::metadata_value value(int depth) {
        switch (below(depth > 0 ? 9 : 7)) {
        case 0:
            return nullptr;
        case 1:
            return coin();
        case 2:
            return static_cast<std::int64_t>(random_());
        case 3:
            return random_() | 0x8000000000000000U;
        case 4:
            return number();
        case 5:
            return text();
        case 6:
            return rampart::big_integer{(coin() ? "-1" : "1") + std::string(20 + below(80), '7')};
        case 7: {
            rampart::metadata::array list;
            for (auto left = below(4); left > 0; --left) list.push_back(value(depth - 1));
            return list;
        }
        default:
            return object(depth - 1);
        }
    }
    rampart::metadata object(int depth) {
        rampart::metadata made;
        for (auto left = below(4); left > 0; --left) made.set(text(), value(depth));
        return made;
    }
    std::optional<std::string> maybe() { return coin() ? std::optional(text()) : std::nullopt; }
    std::optional<std::string> timestamp() {
        switch (below(4)) {
        case 0:
            return "2026-03-19T21:30:05.250000+00:00";
        case 1:
            return "2026-W12-4 21:30Z";
        case 2:
            return "no timestamp";
        default:
            return std::nullopt;
        }
    }
    rampart::turn turn() {
        rampart::turn made;
        made.request.prompt = maybe();
        for (auto left = below(3); left > 0; --left) {
            made.request.attachments.push_back({.content = text(), .id = text(), .meta = object(2)});
        }
        if (!made.request.prompt && made.request.attachments.empty()) made.request.prompt = "";
        made.response.text = text();
        for (auto left = below(3); left > 0; --left) {
            made.response.tool_calls.push_back({text(), object(3), maybe(), timestamp()});
        }
        for (auto left = below(3); left > 0; --left) made.response.side_effects.push_back({text(), object(3)});
        made.response.meta = object(2);
        if (coin()) {
            made.evaluation = rampart::eval_result{static_cast<rampart::eval_outcome>(below(3)), number(), {}, text()};
            for (auto left = below(3); left > 0; --left) made.evaluation->evidence.push_back(text());
        }
        made.turn_number = static_cast<int>(random_());
        made.timestamp = timestamp();
        made.driver_reasoning = text();
        return made;
    }
    rampart::result result() {
        rampart::result made;
        made.status = static_cast<rampart::safety_status>(below(4));
        made.summary = text();
        made.harm_category = text();
        made.strategy = text();
        made.duration_seconds = number();
        made.meta = object(6);
        made.evidence.observability = static_cast<rampart::observability_level>(below(3));
        for (auto left = below(3); left > 0; --left) made.evidence.turns.push_back(turn());
        for (auto left = below(3); left > 0; --left) made.evidence.injections.push_back({maybe(), text()});
        return made;
    }

private:
    std::mt19937_64 random_;
};

}  // namespace wire_samples

#endif  // RAMPART_TESTS_TRANSPORT_SAMPLES_HPP
