#pragma once

/// /deliveries/{id}: what became of a message.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/failure.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace otpd::otp {

class message_ownership;

/// From any executor; calls continue on the caller's.
class delivery_query {
public:
    /// All must outlive it, and the calls that run. `timeout` is of a question to the upstream.
    delivery_query(message_ownership const& owners, delivery_follower& deliveries,
                   bridgexapi::reader& upstream, clock const& now,
                   std::chrono::milliseconds timeout)
        : owners_(owners), deliveries_(deliveries), upstream_(upstream), now_(now),
          timeout_(timeout) {}

    /// From the last report, or asked now when there is none or it is not final. To a tenant any
    /// message looks absent that is not known here to be its own (message_owners) and not that of
    /// the verification it names.
    boost::asio::awaitable<outcome<delivery_view>> find(caller caller, std::string bx_message_id,
                                                        std::optional<std::string> verification_id,
                                                        deadline until);

private:
    message_ownership const& owners_;
    delivery_follower& deliveries_;
    bridgexapi::reader& upstream_;
    clock const& now_;
    std::chrono::milliseconds const timeout_;
};

} // namespace otpd::otp
