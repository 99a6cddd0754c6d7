#ifndef RAMPART_TESTS_HOSTILE_THIS_BUILD_HPP
#define RAMPART_TESTS_HOSTILE_THIS_BUILD_HPP

/// \file
/// How fast this build is, for tests that do a thing very often: with a sanitizer, and without optimisation, they do it
/// less often.

namespace hostile {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
# if __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
# else
inline constexpr bool sanitized = false;
# endif
#else
inline constexpr bool sanitized = false;
#endif

#if defined(__OPTIMIZE__)
inline constexpr bool optimised = true;
#else
inline constexpr bool optimised = false;
#endif

}  // namespace hostile

#endif
