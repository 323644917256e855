// Money in integer millionths of a euro, so that sums and comparisons are exact. Only text has a
// decimal point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bridgexapi_stub {

// 1 EUR = 1'000'000. Signed, because a test may start an account below zero.
using micro_euros = std::int64_t;

inline constexpr micro_euros one_euro = 1'000'000;

// Parses "158.46" or "-0.5" with at most six decimals. Returns nullopt for other text and on
// overflow.
std::optional<micro_euros> parse_euros(std::string_view text);

// Returns the shortest decimal form with at least one decimal, like the upstream's floats: 87000 ->
// "0.087", 5000000 -> "5.0".
std::string format_euros(micro_euros amount);

// For JSON numbers: the double nearest to the decimal, so that printing it gives the same decimal.
double to_euros(micro_euros amount);

// The inverse, for JSON numbers; rounds to the nearest millionth.
micro_euros from_euros(double euros);

} // namespace bridgexapi_stub
