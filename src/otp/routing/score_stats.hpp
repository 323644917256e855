#pragma once

/// Computes scores from counts, without clocks or threads.

#include "otpd/otp/scoreboard.hpp"

#include <span>

namespace otpd::otp {

/// The 95 % interval of a share by Wilson's score, for `part` of `whole` > 0.
[[nodiscard]] interval<double> wilson(double part, double whole) noexcept;

/// Returns the seconds below which `share` of those counted in buckets (store::score_bounds) are.
/// Requires a count.
[[nodiscard]] double quantile_of(std::span<std::int64_t const, store::score_buckets> counts,
                                 double share) noexcept;

} // namespace otpd::otp
