#pragma once

/// The time of a store that keeps it itself.

#include "otpd/core/clock.hpp"
#include "otpd/store/limits.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::store {

/// Since 1970, as the store's clock has it. A type of its own, so that it is not mixed up with the
/// process's clocks; microseconds, because counters are kept in them.
struct store_clock {
    using duration = counter_time;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<store_clock>;
};
using store_time = store_clock::time_point;

/// UTC when it was made, and from there on by the steady clock: corrections of the wall clock move
/// nothing. For stores that one process has.
class local_clock {
public:
    /// `by` has to stay.
    explicit local_clock(clock const& by) noexcept
        : by_(by), ahead_(by.wall().time_since_epoch() - by.now().time_since_epoch()) {}
    [[nodiscard]] store_time now() const noexcept {
        return store_time(std::chrono::floor<counter_time>(by_.now().time_since_epoch() + ahead_));
    }

private:
    clock const& by_;
    steady_time::duration const ahead_; ///< of the steady clock
};

/// Rounded up: who waits as long as told is not refused again.
[[nodiscard]] inline duration until(store_time then, store_time now) noexcept {
    return std::max(duration(1), std::chrono::ceil<duration>(then - now));
}

} // namespace otpd::store
