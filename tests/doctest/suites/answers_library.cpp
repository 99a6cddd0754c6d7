// Loaded by dlopen: it has a ledger of its own, which no run has opened.
#include "rampart/guard/guard.hpp"

#include <cstdlib>

extern "C" int answers_call_client() { return rampart::touch("client") ? 0 : 1; }
extern "C" int answers_run(char const* command) { return std::system(command); }
