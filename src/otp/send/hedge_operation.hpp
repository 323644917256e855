#pragma once

#include "otpd/otp/hedger.hpp"
#include "send/followup.hpp"
#include "send/send_operation.hpp"

#include <boost/asio/awaitable.hpp>

namespace otpd::otp {

/// The second message of a send: the store books it, the next route of the plan gets it once, and
/// the store settles it. Like a send it must not be cancelled.
class hedge_operation {
public:
    /// All arguments must outlive it and its running calls. Without `by`, no send gets a second
    /// message.
    hedge_operation(send_parts const& parts, followup const& follow_up, hedger* by)
        : parts_(parts), follow_up_(follow_up), by_(by) {}

    /// For a send that has ended.
    void watch(send_state const& send) const noexcept {
        if (by_ != nullptr && send.accepted() != nullptr) by_->watch(send, *this);
    }
    /// `send`: after the first message was accepted. Sends nothing if the store books none.
    boost::asio::awaitable<void> run(send_state send) const;

private:
    static void begin(send_state& send);
    boost::asio::awaitable<bool> book(send_state& send) const;

    send_parts const& parts_;
    followup const& follow_up_;
    hedger* by_;
};

} // namespace otpd::otp
