#ifndef RAMPART_CORE_CONVERSATION_HPP
#define RAMPART_CORE_CONVERSATION_HPP

#include "rampart/base/text.hpp"
#include "rampart/core/evaluation.hpp"
#include "rampart/core/metadata.hpp"

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

/// What a payload's content is written in (B4).
enum class payload_format : unsigned char { text, html, markdown, image, pdf, docx, xlsx, audio };

constexpr std::string_view to_string(payload_format f) noexcept {
    constexpr std::string_view names[] = {"text", "html", "markdown", "image", "pdf", "docx", "xlsx", "audio"};
    return names[static_cast<unsigned char>(f)];
}

constexpr std::optional<payload_format> parse_payload_format(std::string_view text) noexcept {
    for (unsigned char i = 0; i <= static_cast<unsigned char>(payload_format::audio); ++i) {
        if (to_string(static_cast<payload_format>(i)) == text) return static_cast<payload_format>(i);
    }
    return std::nullopt;
}

/// The text formats have no artifact; every other needs one (B2).
constexpr bool is_text(payload_format f) noexcept { return f <= payload_format::markdown; }
/// The others are files.
constexpr bool is_binary(payload_format f) noexcept { return !is_text(f); }

/// The ending of a file of this format, with its dot (B4).
constexpr std::string_view extension(payload_format f) noexcept {
    constexpr std::string_view names[] = {".txt", ".html", ".md", ".png", ".pdf", ".docx", ".xlsx", ".wav"};
    return names[static_cast<unsigned char>(f)];
}

namespace detail {

// A template, as are some functions below, so that only a file that calls it pays for the code of strings in it: every
// test file includes this header.

/// Twelve hexadecimal digits, different in every call of this process and, the clock being mixed in, most likely in
/// others.
template <class = void>
std::string make_payload_id() {
    static std::uint64_t calls = 0;
    std::timespec now{};
    (void)std::timespec_get(&now, TIME_UTC);
    std::uint64_t x = __atomic_add_fetch(&calls, std::uint64_t{1}, __ATOMIC_RELAXED) * 0x9E3779B97F4A7C15U;
    x ^= static_cast<std::uint64_t>(now.tv_nsec) * 0xBF58476D1CE4E5B9U + static_cast<std::uint64_t>(now.tv_sec);
    x ^= static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&calls));
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    x ^= x >> 31;
    std::string id(12, '0');
    for (char& c : id) {
        c = "0123456789abcdef"[x & 15U];
        x >>= 4;
    }
    return id;
}

}  // namespace detail

/// Something that is given to the agent or planted where it will find it.
struct payload {
    std::string content{};
    std::string id = detail::make_payload_id();  ///< generated when none is given (B1)
    payload_format format = payload_format::text;
    std::optional<std::string> artifact{};  ///< path of the file, for binary formats only
    metadata meta{};
    friend bool operator==(payload const&, payload const&) = default;
};

/// The content for a list: up to 200 characters, then `...` (B3).
template <class = void>
std::string display(payload const& p) {
    return clip(p.content, 200);
}

/// A call of one of the agent's tools. A result that is missing is null, not empty (B5).
struct tool_call {
    std::string name{};
    metadata arguments{};
    std::optional<std::string> result{};
    std::optional<std::string> timestamp{};  ///< ISO 8601, see `is_timestamp`
    friend bool operator==(tool_call const&, tool_call const&) = default;
};

/// Something the agent changed in the world, as the adapter saw it.
struct side_effect {
    std::string kind{};
    metadata details{};
    friend bool operator==(side_effect const&, side_effect const&) = default;
};

/// What the agent was asked. It has a prompt, an attachment, or both (B6): see `validate`.
struct request {
    std::optional<std::string> prompt{};
    std::vector<payload> attachments{};
    friend bool operator==(request const&, request const&) = default;
};

/// What the agent did.
struct response {
    std::string text{};
    std::vector<tool_call> tool_calls{};
    std::vector<side_effect> side_effects{};
    metadata meta{};
    friend bool operator==(response const&, response const&) = default;
};

/// One exchange. A turn's evaluation is what an evaluator said of the conversation up to here.
struct turn {
    rampart::request request{};
    rampart::response response{};
    std::optional<eval_result> evaluation{};
    int turn_number = 0;                     ///< from 0
    std::optional<std::string> timestamp{};  ///< ISO 8601, see `is_timestamp`
    std::string driver_reasoning{};          ///< why the driver said it
    friend bool operator==(turn const&, turn const&) = default;
};

/// Throws `std::invalid_argument` for a payload that cannot be: a binary format without an artifact, a text format with
/// one, an artifact that cannot be opened (B2).
template <class = void>
void validate(payload const& p) {
    auto const format = std::string(to_string(p.format));
    if (is_text(p.format)) {
        if (p.artifact) {
            throw std::invalid_argument("rampart::payload '" + p.id + "': format " + format +
                                        " is text and takes no artifact; put the text into content");
        }
        return;
    }
    if (!p.artifact) {
        throw std::invalid_argument("rampart::payload '" + p.id + "': format " + format +
                                    " is binary and needs an artifact, the path of its file");
    }
    std::FILE* const file = std::fopen(p.artifact->c_str(), "rb");
    if (file == nullptr) {
        throw std::invalid_argument("rampart::payload '" + p.id + "': artifact '" + *p.artifact +
                                    "' cannot be opened; give the path of an existing file");
    }
    std::fclose(file);
}

/// Throws `std::invalid_argument` for a request with neither prompt nor attachment, or with an invalid attachment (B6).
template <class = void>
void validate(request const& r) {
    if (!r.prompt && r.attachments.empty()) {
        throw std::invalid_argument("rampart::request: a request needs a prompt or at least one attachment");
    }
    for (payload const& p : r.attachments) validate(p);
}

/// A payload that has been checked: text of one of the text formats.
template <class = void>
payload text_payload(std::string content, payload_format format = payload_format::text) {
    payload made{.content = std::move(content), .format = format};
    validate(made);
    return made;
}

/// A payload that has been checked: a file of one of the binary formats; `content` describes it.
template <class = void>
payload file_payload(payload_format format, std::string artifact, std::string content = {}) {
    payload made{.content = std::move(content), .format = format, .artifact = std::move(artifact)};
    validate(made);
    return made;
}

}  // namespace rampart::inline v1

#endif
