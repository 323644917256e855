#pragma once

/// Time goes on only when the history says so.

#include "otpd/core/clock.hpp"

#include <atomic>
#include <chrono>

namespace otpd::simulation {

/// Since the history began.
using instant = std::chrono::microseconds;

/// Read by the thread of a store, too.
class virtual_clock final : public clock {
public:
    /// A midnight (UTC), so that hours and days of a history are those of the calendar.
    static constexpr std::chrono::hours begins_at{24 * 365 * 50};

    [[nodiscard]] steady_time now() const noexcept override {
        return steady_time(std::chrono::hours(1)) + elapsed();
    }
    [[nodiscard]] wall_time wall() const noexcept override {
        return wall_time(begins_at) + elapsed();
    }
    [[nodiscard]] instant elapsed() const noexcept { return elapsed_.load(); }
    void set(instant to) noexcept { elapsed_ = to; }

private:
    std::atomic<instant> elapsed_{instant::zero()};
};

} // namespace otpd::simulation
