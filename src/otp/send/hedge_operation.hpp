#pragma once

#include "send/followup.hpp"
#include "send/send_operation.hpp"

#include <boost/asio/awaitable.hpp>

namespace otpd::otp {

/// The second message of a send: the store books it, the next route of the plan gets it once, and
/// the store settles it. Like a send it must not be cancelled.
class hedge_operation {
public:
    /// All arguments must outlive it and its running calls.
    hedge_operation(send_parts const& parts, followup const& follow_up)
        : parts_(parts), follow_up_(follow_up) {}

    /// `send`: after the first message was accepted. Sends nothing if the store books none.
    boost::asio::awaitable<void> run(send_state send) const;

private:
    static void begin(send_state& send);
    boost::asio::awaitable<bool> book(send_state& send) const;

    send_parts const& parts_;
    followup const& follow_up_;
};

} // namespace otpd::otp
