#pragma once

/// Durations in responses: whole seconds, rounded up, so that a client that waits as told is never
/// early.

#include "otpd/core/clock.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::otp {

/// The pause before another request to a store or an upstream that does not answer, or before
/// another send, since the running one may end at any moment.
inline constexpr std::chrono::seconds retry_soon{1};

/// Returns at least one second, because `Retry-After: 0` invites a loop.
template <class Rep, class Period>
std::chrono::seconds whole_seconds(std::chrono::duration<Rep, Period> wait) {
    return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
}

/// Returns the rest of `total` after `spent`; never negative.
inline std::chrono::seconds seconds_left(std::chrono::milliseconds total,
                                         steady_time::duration spent) {
    return std::max(std::chrono::seconds(0),
                    std::chrono::ceil<std::chrono::seconds>(total - spent));
}

} // namespace otpd::otp
