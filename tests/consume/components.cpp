// What a program includes that asks for the components dist, ranges and sqlite.
#include <rampart/dist/process.hpp>
#if __has_include(<range/v3/version.hpp>)
# include <rampart/report/views.hpp>
#endif
#if defined(RAMPART_WITH_SQLITE)
# include <rampart/sinks/sqlite.hpp>
#endif
