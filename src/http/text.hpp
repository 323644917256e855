#pragma once

/// Character classes of HTTP and a comparison that ignores ASCII case.

#include "otpd/core/encoding.hpp"

#include <array>
#include <string_view>

namespace otpd::http {

/// A set of characters. The tables are at namespace scope: as local variables, each look-up was a
/// function call.
class character_class {
public:
    explicit constexpr character_class(std::string_view members) noexcept {
        for (char const member : members)
            holds_[static_cast<unsigned char>(member)] = true;
    }
    [[nodiscard]] constexpr bool holds(char c) const noexcept {
        return holds_[static_cast<unsigned char>(c)];
    }
    [[nodiscard]] constexpr bool holds_all_of(std::string_view text) const noexcept {
        for (char const c : text)
            if (!holds(c)) return false;
        return true;
    }

private:
    std::array<bool, 256> holds_{};
};

/// RFC 9110 5.6.2 tchar.
inline constexpr character_class token_characters(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
/// RFC 3986 characters of a path and a query, and [ ], which browsers leave as they are.
inline constexpr character_class target_characters(
    "-._~!$&'()*+,;=:@/?%[]0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && token_characters.holds_all_of(text);
}

/// The characters that RFC 9110 5.5 forbids in a field value: control characters except the tab.
inline constexpr character_class
    control_characters({"\x00\x01\x02\x03\x04\x05\x06\x07\x08\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13"
                        "\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d"
                        "\x1e\x1f\x7f",
                        32});
[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return control_characters.holds(c);
}

/// Removes optional white space (SP, HTAB) from both ends.
[[nodiscard]] constexpr std::string_view trim_ows(std::string_view text) noexcept {
    auto const is_ows = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_ows(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_ows(text.back()))
        text.remove_suffix(1);
    return text;
}

} // namespace otpd::http
