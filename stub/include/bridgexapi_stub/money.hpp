// Money as whole millionths of a euro: sums and comparisons are exact, only text has a decimal
// point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bridgexapi_stub {

// 1 EUR = 1'000'000. Signed, because a test may start an account below zero.
using micro_euros = std::int64_t;

inline constexpr micro_euros one_euro = 1'000'000;

// Reads "158.46" or "-0.5"; at most six decimals. Empty when the text is anything else or does not
// fit.
std::optional<micro_euros> parse_euros(std::string_view text);

// The shortest decimal form, with at least one decimal as the upstream's floats have: 87000 ->
// "0.087", 5000000 -> "5.0".
std::string format_euros(micro_euros amount);

// For JSON numbers: the double that is nearest to the decimal, so that printing it gives that
// decimal again.
double to_euros(micro_euros amount);

// The inverse for numbers that came in as JSON; rounds to the nearest millionth.
micro_euros from_euros(double euros);

} // namespace bridgexapi_stub
