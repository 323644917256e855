#pragma once

/// When a message that was not taken is tried again.

#include "otpd/core/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace otpd::webhook {

/// The longest pause, jitter aside, and the longest that a receiver may ask for.
inline constexpr std::chrono::hours longest_pause{6};

struct retry_policy {
    std::uint32_t hurry = 1; ///< divides every pause; >= 1
};

/// The pause after the `tries`-th failed try (>= 1): 5 s, 30 s, 2 min, 10 min, 30 min, 2 h and 6 h,
/// each of them a fifth more or less, so that what failed together does not come back together;
/// what the receiver asked for if that is longer. Nothing: that was the last try.
[[nodiscard]] std::optional<std::chrono::milliseconds>
pause_after(unsigned tries, retry_policy policy, std::optional<std::chrono::seconds> retry_after,
            random_source& random);

} // namespace otpd::webhook
