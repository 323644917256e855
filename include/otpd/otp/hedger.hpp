#pragma once

/// Sends a second message when the first has no report, where the operator asked for it.

#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>

namespace otpd::otp {

class delivery_follower;
class hedge_operation;
struct send_state;

struct hedger_options {
    std::size_t waiting_max = 10'000; ///< messages whose report is awaited; further ones are not
    std::size_t running_max = 64;     ///< second messages under way; further ones are not sent
};

/// Waits in memory for the reports of the messages that this instance has sent, and starts a hedge
/// for one that has none in time. What ends the verification drops it, and so does the end of the
/// process: the store decides again, so nothing can make it two. Runs on its own strand;
/// thread-safe.
class hedger final : public observer {
public:
    /// The references, and the context of `executor`, must outlive it.
    struct dependencies {
        boost::asio::any_io_executor executor;
        route_score_source const& scores;
        delivery_follower const& reports;
        clock const& now;
        telemetry::logger& log;
    };
    hedger(dependencies deps, hedger_options options);
    ~hedger() override;

    /// For a send whose message was accepted. Does nothing if its plan does not hedge. The send's
    /// caller keeps `second_message` alive, so that a second message has the rules of the first.
    void watch(send_state const& send, hedge_operation const& second_message) noexcept;
    /// Drops all that wait. Messages under way are completed.
    void stop() noexcept;
    /// Stops, and waits for messages under way. Returns false if some are under way at `limit`.
    boost::asio::awaitable<bool> drain(deadline limit);

    /// Nothing while no message waits.
    [[nodiscard]] bool wants(event_type kind) const noexcept override;
    void on_event(verification_event const& event) noexcept override;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
