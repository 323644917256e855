#pragma once

/// Time advances only when the history says so.

#include "otpd/core/clock.hpp"

#include <atomic>
#include <chrono>

namespace otpd::simulation {

/// Time since the history began.
using instant = std::chrono::microseconds;

/// The thread of a store may also read it.
class virtual_clock final : public clock {
public:
    /// A midnight (UTC), so that a history's hours and days are those of the calendar.
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

/// The store's clock, which is changed in either direction now and then. Only the store uses it.
class turned_clock final : public clock {
public:
    explicit turned_clock(virtual_clock const& of) : of_(of) {}

    [[nodiscard]] steady_time now() const noexcept override { return of_.now() + ahead_.load(); }
    [[nodiscard]] wall_time wall() const noexcept override { return of_.wall() + ahead_.load(); }
    [[nodiscard]] instant elapsed() const noexcept { return of_.elapsed() + ahead_.load(); }
    /// Sets how far it is ahead of the history's clock; negative: behind.
    void turn(instant ahead) noexcept { ahead_ = ahead; }
    [[nodiscard]] instant ahead() const noexcept { return ahead_.load(); }

private:
    virtual_clock const& of_;
    std::atomic<instant> ahead_{instant::zero()};
};

} // namespace otpd::simulation
