#pragma once

/// How much of an SMS a text takes: 160 septets in the GSM 7 bit default alphabet, and only 70
/// characters as soon as one character is not in it (3GPP TS 23.038 4 and 6.2.1, 3GPP TS 23.040
/// 9.2.3.16).

#include <cstddef>
#include <optional>
#include <string_view>

namespace otpd {

inline constexpr std::size_t septets_of_one_sms = 160;

/// Of ASCII: one septet each, two for `[`, `\`, `]`, `^`, `{`, `|`, `}` and `~`. Nothing when a
/// character is not in the alphabet: the backtick, control characters other than line breaks, and
/// what is not ASCII.
[[nodiscard]] std::optional<std::size_t> gsm_septets(std::string_view ascii) noexcept;

} // namespace otpd
