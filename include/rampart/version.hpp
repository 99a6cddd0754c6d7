#ifndef RAMPART_VERSION_HPP
#define RAMPART_VERSION_HPP

/// The version of these headers, by semantic versioning. The build reads it from here too, so it stands in one place.
#define RAMPART_VERSION_MAJOR 0
#define RAMPART_VERSION_MINOR 1
#define RAMPART_VERSION_PATCH 0

/// The three numbers as a string literal, for messages and reports.
#define RAMPART_VERSION "0.1.0"

#endif  // RAMPART_VERSION_HPP
