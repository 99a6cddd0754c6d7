#define RAMPART_DOCTEST_MAIN
#include <rampart/doctest_main.hpp>
