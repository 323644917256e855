#pragma once

/// The two clocks of the service, behind one interface so that tests can control them.

#include <chrono>

namespace otpd {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

/// Thread-safe.
class clock {
public:
    virtual ~clock() = default;
    /// Monotonic. Everything that expires is measured with this clock.
    [[nodiscard]] virtual steady_time now() const noexcept = 0;
    /// UTC. For display, for ends that instances must agree on (of budgets and challenges), and for
    /// a store to recover its time after a restart; never for other arithmetic.
    [[nodiscard]] virtual wall_time wall() const noexcept = 0;
};

/// The clocks of std::chrono.
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
