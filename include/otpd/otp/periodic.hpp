#pragma once

/// Repeated background work.

#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace otpd::otp {

/// Runs a task repeatedly, on its own strand, until it is stopped.
class periodic {
public:
    /// Returns the pause before the next run. It is shortened by up to an eighth, so that instances
    /// that were started together do not run at the same times for ever.
    using task = std::function<boost::asio::awaitable<steady_time::duration>()>;

    /// All arguments must outlive the last run. `failed_event` is logged if a task throws; it runs
    /// again after a second.
    periodic(boost::asio::any_io_executor const& executor, std::string failed_event,
             random_source& random, telemetry::logger& log);

    /// Call once. The task lives until the last run has ended.
    void start(task task);
    /// Ends the current pause, if there is one. Thread-safe.
    void wake();
    /// Cancels the current run; soon afterwards the executor has no work of it left. Thread-safe.
    void stop();
    [[nodiscard]] bool is_stopped() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace otpd::otp
