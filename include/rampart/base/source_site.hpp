#ifndef RAMPART_BASE_SOURCE_SITE_HPP
#define RAMPART_BASE_SOURCE_SITE_HPP

namespace rampart::inline v1 {

/// A place in the user's source: file and line.
///
/// It stands in for `std::source_location`, which clang 14 does not have. As a default argument,
/// `source_site::current()` names the place of the call, also through a further default argument.
struct source_site {
    char const* file = "";  ///< as the compiler was given it, perhaps absolute; never null from `current`
    unsigned line = 0;      ///< from 1; 0 when the place is not known

    /// The place of the call.
    [[nodiscard]] static constexpr source_site current(char const* file = __builtin_FILE(),
                                                       unsigned line = __builtin_LINE()) noexcept {
        return {file, line};
    }
};

}  // namespace rampart::inline v1

#endif  // RAMPART_BASE_SOURCE_SITE_HPP
