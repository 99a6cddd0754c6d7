#ifndef RAMPART_DOCTEST_MAIN_HPP
#define RAMPART_DOCTEST_MAIN_HPP

/// For the one main file of a suite: doctest's implementation, Boost.JSON's, the whole of rampart, and `run_doctest`.
///
///     #define RAMPART_DOCTEST_MAIN
///     #include <rampart/doctest_main.hpp>
///
/// With RAMPART_DOCTEST_MAIN it also defines main(). With RAMPART_BOOST_JSON_LINKED Boost.JSON's implementation is left
/// out: the program links the library (or has the source in another file).

#if !defined(DOCTEST_CONFIG_IMPLEMENT)
# define DOCTEST_CONFIG_IMPLEMENT
#endif
#include <doctest/doctest.h>

#if !defined(RAMPART_BOOST_JSON_LINKED)
# include <boost/json/src.hpp>
#endif

#include "rampart/doctest.hpp"
#include "rampart/doctest/runner.hpp"
#include "rampart/rampart.hpp"

#if defined(RAMPART_DOCTEST_MAIN)
int main(int argc, char** argv) { return rampart::run_doctest(argc, argv); }
#endif

#endif
