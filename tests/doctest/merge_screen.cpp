#include "rampart/doctest/merge_screen.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;
using rp::progress_style;

double clock_now = 0.0;

/// What a merge of three files shows, which take so many seconds each.
std::string shown(progress_style style, bool is_terminal, double seconds) {
    std::ostringstream out;
    {
        rp::detail::merge_screen screen(style, 3, out, is_terminal, [] { return clock_now; });
        for (int i = 0; i < 3; ++i) {
            clock_now += seconds;
            screen.note(2'000'000);
        }
    }
    return out.str();
}

}  // namespace

TEST_CASE("a merge shows on a terminal a line that changes and goes away") {
    for (auto const style : {progress_style::automatic, progress_style::bar}) {
        CHECK(shown(style, true, 0.0625) == "\rmerging: 2 of 3 files, 4.0 MB\x1b[K\r\x1b[K");
        CHECK(shown(style, true, 1.0) == "\rmerging: 1 of 3 files, 2.0 MB\x1b[K\rmerging: 2 of 3 files, 4.0 MB\x1b[K"
                                         "\rmerging: 3 of 3 files, 6.0 MB\x1b[K\r\x1b[K");
        CHECK(shown(style, true, 0.01).empty());
    }
    CHECK(shown(progress_style::bar, false, 1.0) == shown(progress_style::bar, true, 1.0));
}

TEST_CASE("elsewhere it shows a line every five seconds, and nothing of a quick merge") {
    CHECK(shown(progress_style::automatic, false, 4.0) == "rampart: merging: 2 of 3 files, 4.0 MB\n");
    CHECK(shown(progress_style::lines, true, 5.0) ==
          "rampart: merging: 1 of 3 files, 2.0 MB\nrampart: merging: 2 of 3 files, 4.0 MB\n"
          "rampart: merging: 3 of 3 files, 6.0 MB\n");
    CHECK(shown(progress_style::automatic, false, 1.5).empty());
}

TEST_CASE("where no progress is asked for it shows none") {
    CHECK(shown(progress_style::none, true, 60.0).empty());
    CHECK(shown(progress_style::none, false, 60.0).empty());
}
