#pragma once

/// Amounts of money as text.

#include "otpd/core/money.hpp"

#include <string>

namespace otpd {

/// Exact, and never with an exponent: `0.094`, `12`, `-0.051`. A JSON number, too.
[[nodiscard]] std::string to_decimal(money amount);

} // namespace otpd
