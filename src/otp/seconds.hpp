#pragma once

/// Times as callers are told them: whole seconds, rounded up, so that whoever waits as told is in
/// time.

#include "otpd/core/clock.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::otp {

/// A store or an upstream that does not answer is asked again no sooner than this; another send may
/// end any moment.
inline constexpr std::chrono::seconds retry_soon{1};

/// At least one: `Retry-After: 0` invites a loop.
template <class Rep, class Period>
std::chrono::seconds whole_seconds(std::chrono::duration<Rep, Period> wait) {
    return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
}

/// What is left of `total` when `spent` has passed; never negative.
inline std::chrono::seconds seconds_left(std::chrono::seconds total, steady_time::duration spent) {
    return std::max(std::chrono::seconds(0),
                    std::chrono::ceil<std::chrono::seconds>(total - spent));
}

} // namespace otpd::otp
