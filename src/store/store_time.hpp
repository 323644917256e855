#pragma once

/// The clocks of stores.

#include "otpd/core/clock.hpp"
#include "otpd/store/limits.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::store {

/// Time since 1970 by the store's clock. A type of its own, so that it cannot be confused with the
/// process's clocks. In microseconds, because counters have that precision.
struct store_clock {
    using duration = counter_time;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<store_clock>;
};
using store_time = store_clock::time_point;

/// UTC at its construction, then driven by the steady clock, so that corrections of the wall clock
/// have no effect. For stores of a single process.
class local_clock {
public:
    /// `by` must outlive this object.
    explicit local_clock(clock const& by) noexcept
        : by_(by), ahead_(by.wall().time_since_epoch() - by.now().time_since_epoch()) {}
    [[nodiscard]] store_time now() const noexcept {
        return store_time(std::chrono::floor<counter_time>(by_.now().time_since_epoch() + ahead_));
    }

private:
    clock const& by_;
    steady_time::duration const ahead_; ///< of the steady clock
};

/// Rounded up, so that a client that waits this long is not refused again.
[[nodiscard]] inline duration until(store_time then, store_time now) noexcept {
    return std::max(duration(1), std::chrono::ceil<duration>(then - now));
}

} // namespace otpd::store
