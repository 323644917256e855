#pragma once

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/telemetry/forward.hpp"
#include "send/send_state.hpp"

#include <boost/asio/awaitable.hpp>

namespace otpd::otp {

/// Sends a message to the upstream over the current route. Thread-safe.
class transmission {
public:
    /// All arguments must outlive it.
    transmission(policy const& rules, messages const& texts, bridgexapi::sms_sender& upstream,
                 telemetry::logger& log, clock const& now)
        : rules_(rules), texts_(texts), upstream_(upstream), log_(log), now_(now) {}

    /// When the last route of a send must have answered.
    [[nodiscard]] deadline end_of(deadline until) const {
        return until.within(rules_.send_timeout);
    }
    /// Sets the time of the call. An unexpected failure counts as an unknown outcome.
    boost::asio::awaitable<bridgexapi::send_outcome> transmit(send_state& send,
                                                              deadline until) const;

private:
    [[nodiscard]] bridgexapi::sms message_of(send_state const& send) const;

    policy const& rules_;
    messages const& texts_;
    bridgexapi::sms_sender& upstream_;
    telemetry::logger& log_;
    clock const& now_;
};

} // namespace otpd::otp
