#pragma once

/// Text forms of bytes and numbers.

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace otpd {

/// Returns lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::span<std::byte const> bytes);

/// Fills `out` from hexadecimal digits of either case. Returns false unless `text` consists of
/// exactly two hexadecimal digits for each byte of `out`.
[[nodiscard]] bool from_hex(std::string_view text, std::span<std::byte> out) noexcept;

/// Of ASCII letters, whatever the locale.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

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

/// Nothing unless the whole text is a decimal number of that type, without a plus sign.
template <std::integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) noexcept {
    Number value{};
    auto const* const end = text.data() + text.size();
    auto const [stop, fault] = std::from_chars(text.data(), end, value);
    if (fault != std::errc() || stop != end) return std::nullopt;
    return value;
}

/// The value of a hexadecimal digit of either case, -1 for anything else.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (is_ascii_digit(c)) return c - '0';
    auto const lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// RFC 4648 4, with padding.
[[nodiscard]] std::string to_base64(std::span<unsigned char const> bytes);
/// Nothing unless the text is what to_base64() would write: one text for each value.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Without leading and trailing ASCII white space.
[[nodiscard]] std::string_view trim_ascii(std::string_view text) noexcept;

} // namespace otpd
