#ifndef RAMPART_BASE_STABLE_HASH_HPP
#define RAMPART_BASE_STABLE_HASH_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rampart::inline v1 {

/// The beginning of a hash that is made step by step.
inline constexpr std::uint64_t stable_hash_seed = 0xCBF29CE484222325U;

/// FNV-1a, 64 bits: the same on every machine, in every process and in every version, so that it may stand in a file or
/// decide which machine runs a test. (std::hash and Boost's promise nothing of the kind, and this floor takes no
/// library.) It is no defence against texts that were made to collide.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text,
                                                  std::uint64_t from = stable_hash_seed) noexcept {
    for (char const c : text) {
        from ^= static_cast<unsigned char>(c);
        from *= 0x100000001B3U;
    }
    return from;
}

/// 16 lower-case hexadecimal digits.
[[nodiscard]] inline std::string hash_text(std::uint64_t hash) {
    std::string text(16, '0');
    for (std::size_t i = text.size(); hash != 0; hash >>= 4U) text[--i] = "0123456789abcdef"[hash & 0xFU];
    return text;
}

}  // namespace rampart::inline v1

#endif
