// What the suite guards, in one place. Each resource has one choke point, where all uses come through.
#include "assistant.hpp"

#include <rampart/doctest.hpp>

#include <utility>

namespace {

// A function that is called through a variable: the guard stands before the function that was there.
std::function<std::string(std::string const&)> real_fetch;

void install_fetch() {
    real_fetch = assistant::fetch;
    assistant::fetch = [](std::string const& url) {
        rampart::enforce("web");
        return real_fetch(url);
    };
}
void remove_fetch() { assistant::fetch = std::exchange(real_fetch, nullptr); }

}  // namespace

// A symbol of a library that cannot be changed: the linker sends its callers here (-Wl,--wrap=speaker_say). C code
// cannot be thrown through, so it asks and refuses.
extern "C" int __real_speaker_say(char const* text);
extern "C" int __wrap_speaker_say(char const* text) {
    return rampart::touch("speaker") ? __real_speaker_say(text) : -1;
}

RAMPART_GUARDS(guards) {
    guards.program("git");
    guards.sdk("web", install_fetch, remove_fetch);
    guards.sdk("smtp");     // the tests' mail client calls enforce: see suite.cpp
    guards.sdk("speaker");  // wrapped above
}
