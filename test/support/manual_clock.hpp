#pragma once

/// A clock that the test controls.

#include "otpd/core/clock.hpp"

#include <atomic>

namespace otpd::test {

class manual_clock final : public clock {
public:
    [[nodiscard]] steady_time now() const noexcept override {
        return steady_time(std::chrono::hours(1)) + elapsed_.load();
    }
    [[nodiscard]] wall_time wall() const noexcept override {
        return wall_time(std::chrono::hours(24 * 365 * 50)) + elapsed_.load();
    }
    void advance(std::chrono::nanoseconds by) noexcept { elapsed_ = elapsed_.load() + by; }

private:
    std::atomic<std::chrono::nanoseconds> elapsed_{std::chrono::nanoseconds::zero()};
};

} // namespace otpd::test
