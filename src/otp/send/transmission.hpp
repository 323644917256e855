#pragma once

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"
#include "send/send_state.hpp"

#include <boost/asio/awaitable.hpp>

namespace otpd::telemetry {
class logger;
} // namespace otpd::telemetry

namespace otpd::otp {

/// Sends a message to the upstream by the taken route. From any executor.
class transmission {
public:
    /// All must outlive it.
    transmission(policy const& rules, messages const& texts, bridgexapi::gateway& gateway,
                 telemetry::logger& log)
        : rules_(rules), texts_(texts), gateway_(gateway), log_(log) {}

    /// An unexpected failure is an unknown outcome.
    boost::asio::awaitable<bridgexapi::send_outcome> transmit(send_state const& send,
                                                              deadline until) const;

private:
    [[nodiscard]] bridgexapi::sms message_of(send_state const& send) const;

    policy const& rules_;
    messages const& texts_;
    bridgexapi::gateway& gateway_;
    telemetry::logger& log_;
};

} // namespace otpd::otp
