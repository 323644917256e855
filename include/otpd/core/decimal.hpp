#pragma once

/// Numbers and amounts of money as text.

#include "otpd/core/money.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>

namespace otpd {

template <std::integral Number>
void append_integer(std::string& to, Number value) {
    std::array<char, 20> digits;
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    to.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// Returns the exact amount without an exponent: `0.094`, `12`, `-0.051`. It is a valid JSON
/// number.
[[nodiscard]] std::string to_decimal(money amount);

} // namespace otpd
