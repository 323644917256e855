#pragma once

#include "otpd/otp/delivery.hpp"
#include "otpd/otp/message_owners.hpp"
#include "send/send_entries.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>

namespace otpd::otp {

/// Follows a message after its transmission: requests its deliveries and stores which client it
/// belongs to. Thread-safe.
class followup {
public:
    /// All arguments must outlive it. Without `owners`, tenants must name the verification.
    followup(send_entries const& entries, delivery_follower& deliveries, message_owners* owners,
             std::function<void(money)> on_balance)
        : entries_(entries), deliveries_(deliveries), owners_(owners),
          on_balance_(std::move(on_balance)) {}

    /// `event` is that of its transmission.
    boost::asio::awaitable<void> follow(send_state const& send,
                                        verification_event const& event) const;
    /// The client has looked up a verification.
    boost::asio::awaitable<void> found(caller const& caller,
                                       store::verification const& found) const;
    /// The send was not transmitted.
    void end(send_state const& send) const noexcept { entries_.end(send); }

private:
    boost::asio::awaitable<void> remember_owner(client const& client,
                                                std::optional<std::string> bx_message_id) const;

    send_entries const& entries_;
    delivery_follower& deliveries_;
    message_owners* owners_;
    std::function<void(money)> on_balance_;
};

} // namespace otpd::otp
