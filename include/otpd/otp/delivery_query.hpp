#pragma once

/// GET /deliveries/{id}: the delivery of one message.

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

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class delivery_query {
public:
    /// All arguments must outlive this object and its running calls. `timeout` bounds one request
    /// to the upstream.
    delivery_query(message_ownership const& owners, delivery_follower& deliveries,
                   bridgexapi::reader& upstream, clock const& now,
                   std::chrono::milliseconds timeout)
        : owners_(owners), deliveries_(deliveries), upstream_(upstream), now_(now),
          timeout_(timeout) {}

    /// Returns the last report. Asks the upstream when there is none or it is not final. For a
    /// tenant a message exists only if it is known here as its own (message_owners), or if it is
    /// that of the named verification.
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
