#include "assistant.hpp"

#include <cstdlib>

bool assistant::can_keep_notes() const { return std::system("git --version > /dev/null 2>&1") == 0; }
