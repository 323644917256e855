#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/otp/policy.hpp"
#include "send/send_state.hpp"

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
    followup(policy const& rules, delivery_follower& deliveries, message_owners* owners,
             std::function<void(money)> on_balance, clock const& now)
        : rules_(rules), deliveries_(deliveries), owners_(owners),
          on_balance_(std::move(on_balance)), now_(now) {}

    /// `event` is that of its transmission.
    boost::asio::awaitable<void> follow(send_state const& send,
                                        verification_event const& event) const;
    /// After a restart, the open messages are not followed. A request for one follows it again.
    boost::asio::awaitable<void> found(caller const& caller, store::verification_address at,
                                       std::string sealed, store::verification found) const;

private:
    void follow_message(send_state const& send, verification_event const& event) const;
    boost::asio::awaitable<void> follow_again(caller const& caller, store::verification_address at,
                                              std::string sealed,
                                              store::verification const& found) const;
    boost::asio::awaitable<void> remember_owner(client const& client,
                                                std::optional<std::string> bx_message_id) const;

    policy const& rules_;
    delivery_follower& deliveries_;
    message_owners* owners_;
    std::function<void(money)> on_balance_;
    clock const& now_;
};

} // namespace otpd::otp
