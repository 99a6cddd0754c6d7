#ifndef RAMPART_TESTS_SUPPORT_PRECOMPILED_HPP
#define RAMPART_TESTS_SUPPORT_PRECOMPILED_HPP

// What most tests of the rooms include of others' libraries, compiled once for all of them. No header of rampart: a
// change there would compile every test again, and each test is to show that the header it is about stands alone
// (check/headers_stand_alone does, without this).

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#endif  // RAMPART_TESTS_SUPPORT_PRECOMPILED_HPP
