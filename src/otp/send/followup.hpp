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

/// After a message was transmitted: has its delivery followed, and remembers which client it
/// belongs to. From any executor.
class followup {
public:
    /// All must outlive it. Without `owners` tenants have to name the verification.
    followup(policy const& rules, delivery_follower& deliveries, message_owners* owners,
             std::function<void(money)> on_balance, clock const& now)
        : rules_(rules), deliveries_(deliveries), owners_(owners),
          on_balance_(std::move(on_balance)), now_(now) {}

    /// `told` is the event of its transmission.
    boost::asio::awaitable<void> follow(send_state const& send, verification_event event) const;
    /// After a restart nobody follows the messages that were under way. A request for one has it
    /// followed again.
    boost::asio::awaitable<void> found(caller const& caller, store::verification_address at,
                                       std::string sealed, store::verification found) const;

private:
    void follow_message(send_state const& send, verification_event event) const;
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
