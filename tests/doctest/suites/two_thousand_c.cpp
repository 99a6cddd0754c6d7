#include "doctest/suites/two_thousand.hpp"

HUNDRED(20)
HUNDRED(21)
HUNDRED(22)
HUNDRED(23)
HUNDRED(24)
