#ifndef RAMPART_DIST_FRAME_HPP
#define RAMPART_DIST_FRAME_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// How controller and worker talk: frames over a stream of bytes. A frame is `RPT`, a letter for its kind, the length
/// of what follows the header as 32 bits, and 32 bits that are 0, least byte first; then that many bytes of JSON. A
/// test that writes into the stream by accident is seen by that, and the stream ends there.

namespace rampart::inline v1::dist {

/// What a frame says, and who sends it. The values are bytes of the protocol.
enum class frame_kind : char {
    hello = 'H',   ///< worker: its tests are found
    ids = 'I',     ///< worker: the ids of its tests
    start = 'S',   ///< worker: a test begins
    result = 'R',  ///< worker: one result, as it is recorded
    end = 'E',     ///< worker: the test has ended
    bye = 'B',     ///< worker: nothing more comes
    list = 'L',    ///< controller: send the ids
    run = 'T',     ///< controller: run this test
    finish = 'F',  ///< controller: say goodbye
};

/// One message between a worker and the controller.
struct frame {
    frame_kind kind{};
    std::string payload{};  ///< JSON of the message; see messages.hpp
    friend bool operator==(frame const&, frame const&) = default;
};

inline constexpr std::size_t frame_header_bytes = 12;  ///< `RPT`, the kind, the payload's length and four zeros
inline constexpr std::size_t max_frame_bytes = std::size_t{256} << 20U;  ///< what claims to be longer is no frame

/// The bytes of a frame.
[[nodiscard]] inline std::string encode(frame const& f) {
    std::string bytes = "RPT";
    bytes.reserve(frame_header_bytes + f.payload.size());
    bytes += static_cast<char>(f.kind);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(f.payload.size() >> shift & 0xFFU);
    bytes.append(4, '\0');
    bytes += f.payload;
    return bytes;
}

/// Cuts a stream of bytes into frames.
class frame_reader {
public:
    /// Takes bytes as they came, in pieces of any length.
    void feed(std::string_view bytes) {
        if (broken()) return;
        if (at_ != 0) buffer_.erase(0, std::exchange(at_, 0));
        buffer_ += bytes;
    }

    /// The next whole frame, if it is there.
    [[nodiscard]] std::optional<frame> next() {
        if (broken()) return std::nullopt;
        std::string_view const rest = std::string_view(buffer_).substr(at_);
        if (!std::string_view("RPT").starts_with(rest.substr(0, 3))) return fail("no frame begins");
        if (rest.size() > 3 && !is_kind(rest[3])) return fail("a frame is of an unknown kind");
        if (rest.size() < frame_header_bytes) return std::nullopt;
        std::size_t const length = number(rest.substr(4));
        if (number(rest.substr(8)) != 0 || length > max_frame_bytes) return fail("a frame's header makes no sense");
        if (rest.size() - frame_header_bytes < length) return std::nullopt;
        at_ += frame_header_bytes + length;
        return frame{static_cast<frame_kind>(rest[3]), std::string(rest.substr(frame_header_bytes, length))};
    }

    /// Whether the stream holds what is no frame; then nothing more is read from it.
    [[nodiscard]] bool broken() const noexcept { return !why_.empty(); }
    /// What is wrong with the stream; empty: nothing.
    [[nodiscard]] std::string const& why() const noexcept { return why_; }
    /// Whether the stream, if it ended here, would end inside a frame.
    [[nodiscard]] bool inside() const noexcept { return at_ != buffer_.size(); }

private:
    static bool is_kind(char c) noexcept { return std::string_view("HISREBLTF").find(c) != std::string_view::npos; }
    static std::uint32_t number(std::string_view bytes) noexcept {
        std::uint32_t n = 0;
        for (unsigned i = 0; i < 4; ++i) n |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
        return n;
    }
    std::optional<frame> fail(std::string words) {
        why_ = std::move(words);
        return std::nullopt;
    }

    std::string buffer_{};
    std::size_t at_ = 0;
    std::string why_{};
};

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_FRAME_HPP
