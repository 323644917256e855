#pragma once

/// The latest moment at which an answer is still of use. Made once when a request arrives and
/// handed down by value: a client waits for the smaller of its own limit and what is left.

#include "otpd/core/clock.hpp"

#include <algorithm>
#include <chrono>

namespace otpd {

/// A point of std::chrono::steady_clock, not of an injected clock: it bounds real waits.
class deadline {
public:
    using duration = std::chrono::steady_clock::duration;

    static deadline in(duration from_now) noexcept {
        return deadline(std::chrono::steady_clock::now() + from_now);
    }

    [[nodiscard]] steady_time at() const noexcept { return at_; }
    /// What is left; never negative.
    [[nodiscard]] duration remaining() const noexcept {
        return std::max(duration::zero(), at_ - std::chrono::steady_clock::now());
    }
    [[nodiscard]] bool expired() const noexcept { return remaining() == duration::zero(); }
    /// The earlier of this one and `limit` from now.
    [[nodiscard]] deadline within(duration limit) const noexcept {
        return deadline(std::min(at_, std::chrono::steady_clock::now() + limit));
    }

private:
    explicit deadline(steady_time at) noexcept : at_(at) {}
    steady_time at_;
};

} // namespace otpd
