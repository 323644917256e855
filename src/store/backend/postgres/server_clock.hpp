#pragma once

/// The server's time, followed from samples. Pure: the times are arguments.

#include "otpd/core/clock.hpp"
#include "store_time.hpp"

#include <chrono>

namespace otpd::store::postgres {

class server_clock {
public:
    /// How far this may be ahead of the server before it goes back.
    static constexpr std::chrono::milliseconds tolerance{100};

    /// The server had that time somewhere between `sent` and `received`. Forwards it is followed at
    /// once; backwards only when no delay explains the difference.
    void sample(store_time server, steady_time sent, steady_time received) noexcept {
        if (!is_known_ || server > at(received) || at(sent) > server + tolerance)
            offset_ = server.time_since_epoch() - since_epoch(received);
        is_known_ = true;
    }
    /// Right as long as there was a sample.
    [[nodiscard]] store_time at(steady_time now) const noexcept {
        return store_time(since_epoch(now) + offset_);
    }

private:
    static counter_time since_epoch(steady_time at) noexcept {
        return std::chrono::floor<counter_time>(at.time_since_epoch());
    }

    counter_time offset_{};
    bool is_known_ = false;
};

} // namespace otpd::store::postgres
