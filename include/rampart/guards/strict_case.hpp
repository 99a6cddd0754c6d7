#ifndef RAMPART_GUARDS_STRICT_CASE_HPP
#define RAMPART_GUARDS_STRICT_CASE_HPP

#include "rampart/guards/strict_process.hpp"

#ifdef RAMPART_DETAIL_STRICT

# include <cstddef>
# include <cstdint>
# include <cstdlib>
# include <cstring>
# include <map>
# include <optional>
# include <string>
# include <string_view>
# include <utility>

# include <sys/auxv.h>
# include <unistd.h>

/// \file
/// Of which test a process is. RAMPART_CASE_DIR tells it, for as long as it is handed on; where it is not (`env -i`),
/// the supervisor remembers.

namespace rampart::inline v1::detail {

inline constexpr std::string_view strict_variable = "RAMPART_CASE_DIR";

/// What a forked child was told when it was forked, for one that forgets its environment before it executes a program.
/// Empty in the process that is watched.
inline char strict_forked_case[4096] = "";

/// Called in each child that is forked with fork(), where it may do no more than copy.
inline void strict_note_fork() noexcept {
    char const* const told = std::getenv("RAMPART_CASE_DIR");
    if (told == nullptr || *told == '\0') return;
    std::size_t const size = ::strnlen(told, sizeof strict_forked_case - 1);
    std::memcpy(strict_forked_case, told, size);
    strict_forked_case[size] = '\0';
}

/// Remembers the newest so many thousand entries, and forgets older ones that nobody asked for.
template <class Key, class Value, std::size_t Limit = 16384>
class strict_recent {
public:
    void put(Key const& key, Value value) {
        if (young_.size() >= Limit) {
            old_ = std::move(young_);
            young_.clear();
        }
        young_.insert_or_assign(key, std::move(value));
    }
    [[nodiscard]] Value const* find(Key const& key) {
        auto const found = young_.find(key);
        if (found != young_.end()) return &found->second;
        auto const older = old_.find(key);
        if (older == old_.end()) return nullptr;
        put(key, Value(older->second));
        return &young_.find(key)->second;
    }
    [[nodiscard]] bool empty() const noexcept { return young_.empty() && old_.empty(); }

private:
    std::map<Key, Value> young_{};
    std::map<Key, Value> old_{};
};

/// Finds the case folder of a process, "" where nobody knows it. In this order: what a forked child of ours, which has
/// our memory, finds in it; what a program was started with; what is remembered of it; its parents by the same rules.
class strict_cases {
public:
    /// `root`: the folder whose folders are cases. A value that lies elsewhere belongs to a run inside of this one, and
    /// says nothing here.
    explicit strict_cases(std::string root) : root_(std::move(root)) {
        while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
        auto const* const random = reinterpret_cast<unsigned char const*>(::getauxval(AT_RANDOM));
        if (random != nullptr) {
            image_.emplace();
            std::memcpy(image_->data(), random, image_->size());
        }
        if (auto const origin = strict_origin_of(own_)) began_ = origin->began;
    }

    /// For a program that is about to be started with that environment, which is where it is looked for first.
    [[nodiscard]] std::string of_start(::pid_t process, strict_memory& memory, std::uint64_t environment) {
        if (auto const told = memory.variable(environment, strict_variable); told && is_case(*told)) return *told;
        auto found = of_process(process);
        // The new program would not know it any more.
        if (!found.empty()) {
            if (auto const origin = strict_origin_of(process)) processes_.put(process, {origin->began, found});
        }
        return found;
    }

    /// For a process other than this one.
    [[nodiscard]] std::string of_process(::pid_t process) {
        for (int level = 0; level < 256 && process > 1 && process != own_; ++level) {
            auto const origin = strict_origin_of(process);
            // A process from before is none of ours: an orphan's new parent.
            if (!origin || origin->began < began_) break;
            auto found = of_one(process, origin->began);
            if (!found.empty()) return found;
            process = origin->parent;
        }
        return {};
    }

    /// A new program runs in the process: whoever is forked off it has its image.
    void started(::pid_t process) {
        if (processes_.empty()) return;
        auto const* const known = processes_.find(process);
        if (known == nullptr) return;
        auto const origin = strict_origin_of(process);
        if (!origin || origin->began != known->began) return;
        if (auto const image = strict_image_of(process)) images_.put(*image, known->folder);
    }

private:
    struct remembered {
        std::uint64_t began = 0;
        std::string folder{};
    };

    [[nodiscard]] bool is_case(std::string_view value) const {
        return value.size() > root_.size() + 1 && value.starts_with(root_) && value[root_.size()] == '/' &&
               value.find('/', root_.size() + 1) == std::string_view::npos;
    }

    std::string of_one(::pid_t process, std::uint64_t began) {
        auto const image = strict_image_of(process);
        if (image && image == image_) {
            // Our own memory, as it was when it was forked: the variable lies where ours does.
            strict_memory memory(process);
            auto const address = reinterpret_cast<std::uintptr_t>(&::environ);
            if (auto const array = memory.pointer(address)) {
                if (auto const told = memory.variable(*array, strict_variable); told && is_case(*told)) return *told;
            }
            auto const noted = reinterpret_cast<std::uintptr_t>(&strict_forked_case[0]);
            auto const told = memory.text(noted, sizeof strict_forked_case);
            if (told && is_case(*told)) return *told;
        } else {
            if (auto const told = strict_start_variable(process, strict_variable); told && is_case(*told)) return *told;
            if (auto const* const known = image ? images_.find(*image) : nullptr) return *known;
        }
        auto const* const known = processes_.find(process);
        return known != nullptr && known->began == began ? known->folder : std::string();
    }

    std::string root_;
    ::pid_t own_ = ::getpid();
    std::uint64_t began_ = 0;
    std::optional<strict_image> image_{};
    strict_recent<::pid_t, remembered> processes_{};
    strict_recent<strict_image, std::string> images_{};
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_DETAIL_STRICT

#endif  // RAMPART_GUARDS_STRICT_CASE_HPP
