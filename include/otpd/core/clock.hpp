#pragma once

/// The two clocks of the service, behind one interface so that tests can turn them by hand.

#include <chrono>

namespace otpd {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

/// Safe to call from any thread.
class clock {
public:
    virtual ~clock() = default;
    /// Never goes back and knows nothing of clock corrections: everything that expires is measured
    /// with it.
    [[nodiscard]] virtual steady_time now() const noexcept = 0;
    /// UTC. For people to read, and for a store to find its time again after a restart; never for
    /// other arithmetic.
    [[nodiscard]] virtual wall_time wall() const noexcept = 0;
};

/// std::chrono's own clocks.
class system_clock final : public clock {
public:
    [[nodiscard]] steady_time now() const noexcept override {
        return std::chrono::steady_clock::now();
    }
    [[nodiscard]] wall_time wall() const noexcept override {
        return std::chrono::system_clock::now();
    }
};

} // namespace otpd
