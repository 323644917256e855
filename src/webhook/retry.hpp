#pragma once

/// The pauses between the attempts to deliver a message.

#include "otpd/core/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace otpd::webhook {

/// The longest pause before jitter, and the longest that a receiver may request.
inline constexpr std::chrono::hours longest_pause{6};

struct retry_policy {
    std::uint32_t hurry = 1; ///< divides every pause; >= 1
};

/// Returns the pause after the `tries`-th failed attempt (>= 1): 5 s, 30 s, 2 min, 10 min, 30 min,
/// 2 h and 6 h. Each varies by a fifth, so that messages that failed together are not retried
/// together. A longer Retry-After of the receiver takes precedence. Returns nullopt after the last
/// attempt.
[[nodiscard]] std::optional<std::chrono::milliseconds>
pause_after(unsigned tries, retry_policy policy, std::optional<std::chrono::seconds> retry_after,
            random_source& random);

} // namespace otpd::webhook
