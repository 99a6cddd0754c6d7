#ifndef RAMPART_CORE_TEST_ID_HPP
#define RAMPART_CORE_TEST_ID_HPP

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace rampart::inline v1 {

/// The name of a test, the same in every process and every checkout: `tests/mail.cpp::suite::name`. Ids compare as
/// their UTF-8 bytes (wire format, B10).
class test_id {
public:
    test_id() noexcept = default;
    explicit test_id(std::string text) noexcept : text_(std::move(text)) {}
    explicit test_id(std::string_view text) : text_(text) {}
    explicit test_id(char const* text) : text_(text) {}

    /// As text.
    std::string const& str() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(test_id const&, test_id const&) = default;
    friend std::strong_ordering operator<=>(test_id const& a, test_id const& b) noexcept {
        // char_traits<char>::compare is memcmp: bytes, not locale, not sign.
        return a.text_.compare(b.text_) <=> 0;
    }

private:
    std::string text_{};
};

/// The text after the last `::`, as Python names a test (B32). It is only a guess: a parameter may contain `::`.
/// rampart keeps a test's own name where it knows it, and uses this for ids that come without one.
inline std::string_view short_name(test_id const& id) noexcept {
    std::string_view const text = id.str();
    auto const at = text.rfind("::");
    return at == std::string_view::npos ? text : text.substr(at + 2);
}

}  // namespace rampart::inline v1

#endif
