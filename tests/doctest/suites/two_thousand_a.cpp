#include "doctest/suites/two_thousand.hpp"

HUNDRED(10)
HUNDRED(11)
HUNDRED(12)
HUNDRED(13)
HUNDRED(14)
