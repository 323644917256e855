#pragma once

/// A deadline that is moved for every phase of every request and hardly ever reached.

#include "otpd/core/clock.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace otpd::http {

/// Base of what is guarded; lives in a shared_ptr and is used on one strand.
///
/// Moving the deadline later costs one store: the timer underneath runs out at the earlier time,
/// sees that it is not yet due and waits on. A busy connection therefore does not touch the timer
/// queue, which all threads share, at all.
class watchdog : public std::enable_shared_from_this<watchdog> {
public:
    explicit watchdog(boost::asio::any_io_executor const& strand) : timer_(strand) {}
    watchdog(watchdog const&) = delete;
    watchdog& operator=(watchdog const&) = delete;

protected:
    virtual ~watchdog() = default;
    /// The deadline has come. Called once per `arm`, on the strand.
    virtual void on_expiry() = 0;

    /// Replaces the deadline.
    void arm(steady_time at);
    /// The same, unless it comes sooner as it is.
    void advance(steady_time at) {
        if (at < deadline_) arm(at);
    }
    /// The last deadline armed has come: what ended just now ended too late, whatever its result.
    [[nodiscard]] bool expired() const noexcept { return expired_; }
    /// No deadline, and the timer no longer keeps the object alive.
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
