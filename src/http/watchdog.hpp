#pragma once

/// A deadline that moves with each phase of each request and seldom expires.

#include "otpd/core/clock.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace otpd::http {

/// The base class of the guarded object, which is owned by a shared_ptr and used on one strand.
///
/// Moving the deadline later costs one store: the timer expires at the earlier time, sees that the
/// deadline is not due yet and waits again. A busy connection therefore does not touch the timer
/// queue, which all threads share.
class watchdog : public std::enable_shared_from_this<watchdog> {
public:
    explicit watchdog(boost::asio::any_io_executor const& strand) : timer_(strand) {}
    watchdog(watchdog const&) = delete;
    watchdog& operator=(watchdog const&) = delete;

protected:
    virtual ~watchdog() = default;
    /// Called when the deadline expires, once per `arm`, on the strand.
    virtual void on_expiry() = 0;

    /// Replaces the deadline.
    void arm(steady_time at);
    /// Replaces the deadline if `at` is sooner.
    void advance(steady_time at) {
        if (at < deadline_) arm(at);
    }
    /// Whether the last deadline has expired. The operation that just ended was then too late,
    /// whatever its result.
    [[nodiscard]] bool expired() const noexcept { return expired_; }
    /// Removes the deadline. The timer no longer keeps the object alive.
    void disarm();

private:
    void wait_until(steady_time at);
    void on_timer();

    boost::asio::steady_timer timer_;
    steady_time deadline_ = steady_time::max();
    steady_time timer_at_ =
        steady_time::max(); ///< when the pending wait ends; max: none is pending
    bool expired_ = false;
};

} // namespace otpd::http
