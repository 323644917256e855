#pragma once

/// The latest time at which an answer is still useful. It is created once when a request arrives
/// and passed down by value. A client waits for its own limit or until the deadline, whichever
/// comes first.

#include "otpd/core/clock.hpp"

#include <algorithm>
#include <chrono>

namespace otpd {

/// A time of std::chrono::steady_clock, not of an injected clock, because it bounds real waits.
class deadline {
public:
    using duration = std::chrono::steady_clock::duration;

    static deadline in(duration from_now) noexcept {
        return deadline(std::chrono::steady_clock::now() + from_now);
    }

    [[nodiscard]] steady_time at() const noexcept { return at_; }
    /// Returns the time that is left; never negative.
    [[nodiscard]] duration remaining() const noexcept {
        return std::max(duration::zero(), at_ - std::chrono::steady_clock::now());
    }
    [[nodiscard]] bool expired() const noexcept { return remaining() == duration::zero(); }
    /// Returns this deadline or `limit` from now, whichever is earlier.
    [[nodiscard]] deadline within(duration limit) const noexcept {
        return deadline(std::min(at_, std::chrono::steady_clock::now() + limit));
    }

private:
    explicit deadline(steady_time at) noexcept : at_(at) {}
    steady_time at_;
};

} // namespace otpd
