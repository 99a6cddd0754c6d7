#include "assistant.hpp"

extern "C" int speaker_say(char const* text) { return text == nullptr ? -1 : 0; }
