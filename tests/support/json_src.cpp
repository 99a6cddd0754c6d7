// Boost.JSON's code, compiled once for all programs of the build.
#include <boost/json/src.hpp>
