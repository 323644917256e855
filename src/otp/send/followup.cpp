#include "send/followup.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<void> followup::follow(send_state const& send,
                                       verification_event const& event) const {
    auto const* const accepted = send.accepted();
    auto message = entries_.message_of(send, event);
    if (message && accepted != nullptr && accepted->balance_after)
        on_balance_(*accepted->balance_after);
    if (message)
        deliveries_.follow(*std::move(message));
    else
        entries_.end(send);
    return remember_owner(*send.draft.request.caller.client,
                          accepted != nullptr ? accepted->bx_message_id : std::nullopt);
}

asio::awaitable<void> followup::found(caller const& caller,
                                      store::verification const& found) const {
    if (found.sent) co_await remember_owner(*caller.client, found.sent->bx_message_id);
}

asio::awaitable<void> followup::remember_owner(client const& client,
                                               std::optional<std::string> bx_message_id) const {
    if (!client.is_tenant || owners_ == nullptr || !bx_message_id || bx_message_id->empty())
        co_return;
    co_await owners_->remember(client.name, *std::move(bx_message_id));
}

} // namespace otpd::otp
