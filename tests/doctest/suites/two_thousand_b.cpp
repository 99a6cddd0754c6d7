#include "doctest/suites/two_thousand.hpp"

HUNDRED(15)
HUNDRED(16)
HUNDRED(17)
HUNDRED(18)
HUNDRED(19)
