#pragma once

/// How much of an SMS a text takes. An SMS holds 160 septets in the GSM 7-bit default alphabet, but
/// only 70 characters if one character is not in that alphabet (3GPP TS 23.038 4 and 6.2.1, 3GPP TS
/// 23.040 9.2.3.16).

#include <cstddef>
#include <optional>
#include <string_view>

namespace otpd {

inline constexpr std::size_t septets_of_one_sms = 160;

/// Returns the septets of an ASCII text: two for `[`, `\`, `]`, `^`, `{`, `|`, `}` and `~`, one for
/// each other character. Returns nullopt when a character is not in the alphabet: the backtick, a
/// control character other than a line break, or anything that is not ASCII.
[[nodiscard]] std::optional<std::size_t> gsm_septets(std::string_view ascii) noexcept;

} // namespace otpd
