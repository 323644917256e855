#pragma once

/// Text forms of bytes.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace otpd {

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::span<std::byte const> bytes);

/// Fills `out` from hexadecimal of either case; false unless `text` is exactly twice as long as
/// `out` and made of hexadecimal digits.
[[nodiscard]] bool from_hex(std::string_view text, std::span<std::byte> out) noexcept;

/// True when every character is one of ASCII 0-9 (std::isdigit depends on the locale, and the
/// reference's str.isdigit accepts other scripts' digits: two spellings of one phone).
[[nodiscard]] constexpr bool is_ascii_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool all_ascii_digits(std::string_view text) noexcept {
    for (char c : text)
        if (!is_ascii_digit(c)) return false;
    return true;
}

/// Without leading and trailing ASCII white space.
[[nodiscard]] std::string_view trim_ascii(std::string_view text) noexcept;

} // namespace otpd
