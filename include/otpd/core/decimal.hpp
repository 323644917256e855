#pragma once

/// Amounts of money as text.

#include "otpd/core/money.hpp"

#include <string>

namespace otpd {

/// Returns the exact amount without an exponent: `0.094`, `12`, `-0.051`. It is a valid JSON
/// number.
[[nodiscard]] std::string to_decimal(money amount);

} // namespace otpd
