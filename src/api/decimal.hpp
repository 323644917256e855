#pragma once

/// Parses amounts of money in requests exactly. Binary floating point would change 0.09.

#include "otpd/core/money.hpp"

#include <optional>
#include <string_view>

namespace otpd::api {

/// Parses a JSON number (`0.09`, `9e-2`). Returns nullopt if it is invalid, not above 0, above
/// money::max_units, or not an integer number of micro-units (six decimals).
[[nodiscard]] std::optional<money> parse_amount(std::string_view text);

} // namespace otpd::api
