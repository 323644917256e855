#pragma once

/// A server's clock as far as it is known here, between what it says with its answers. On one strand.

#include "otpd/core/clock.hpp"
#include "store_time.hpp"

#include <algorithm>

namespace otpd::store {

class server_clock {
public:
    [[nodiscard]] store_time at(steady_time when) const noexcept {
        return store_time(std::chrono::floor<counter_time>(when.time_since_epoch() + ahead_));
    }
    /// The server said `told` at some moment between the two. By how much that was wrong which was known
    /// here: negative when the server's clock is behind it.
    counter_time follow(steady_time sent, steady_time received, store_time told) noexcept {
        auto const said = steady_time::duration(told.time_since_epoch());
        auto const before = ahead_;
        ahead_ =
            std::clamp(before, said - received.time_since_epoch(), said - sent.time_since_epoch());
        return std::chrono::floor<counter_time>(ahead_ - before);
    }

private:
    steady_time::duration ahead_{0}; ///< of the steady clock
};

} // namespace otpd::store
