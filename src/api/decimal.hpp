#pragma once

/// Amounts of money in requests, exactly as they were written: binary floating point would make
/// another amount of 0.09.

#include "otpd/core/money.hpp"

#include <optional>
#include <string_view>

namespace otpd::api {

/// `text` is a JSON number (`0.09`, `9e-2`). Nothing when it is none, is not more than 0, is more
/// than money::max_units, or is no whole number of micro-units, which is what six decimals are.
[[nodiscard]] std::optional<money> parse_amount(std::string_view text);

} // namespace otpd::api
