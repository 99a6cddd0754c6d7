// libFuzzer target: bytes that pretend to be a journal, `rampart.journal.v1`. Most mutations get right checksums again,
// so that they reach what stands behind them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/invariants.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    invariants::check_one({reinterpret_cast<char const*>(data), size});
    return 0;
}

namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find('\n', at), text.size() - 1) + 1;
        lines.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return lines;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    std::minstd_rand random(seed);
    auto const below = [&random](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    auto const kind = below(8);
    auto lines = lines_of({reinterpret_cast<char const*>(data), size});
    if (kind < 4 || lines.empty()) {
        size = LLVMFuzzerMutate(data, size, max_size);
        if (kind == 0) return size;  // as it is: a damaged line
        lines = lines_of({reinterpret_cast<char const*>(data), size});
    } else {
        // Whole lines lost, doubled, moved, cut off.
        auto const line = lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size()));
        if (kind == 4) {
            lines.erase(line);
        } else if (kind == 5) {
            auto const copy = *line;
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size() + 1)), copy);
        } else if (kind == 6) {
            std::swap(*line, lines[below(lines.size())]);
        } else {
            lines.back().resize(below(lines.back().size() + 1));
        }
    }
    std::string made;
    for (std::string const& line : lines) made += line;
    if (kind != 7) made = invariants::sealed_anew(made);
    made.resize(std::min(made.size(), max_size));
    std::copy(made.begin(), made.end(), data);
    return made.size();
}
