#include "doctest/suites/two_thousand.hpp"

HUNDRED(25)
HUNDRED(26)
HUNDRED(27)
HUNDRED(28)
HUNDRED(29)
