#ifndef RAMPART_BASE_SHELL_WORD_HPP
#define RAMPART_BASE_SHELL_WORD_HPP

#include <string>
#include <string_view>

namespace rampart::inline v1::detail {

/// One word for a POSIX shell, in quotes where it needs them.
[[nodiscard]] inline std::string shell_word(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
    std::string quoted = "'";
    for (char const c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_BASE_SHELL_WORD_HPP
