#include "send/followup.hpp"

#include "otpd/otp/timeline.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// As the event of its admission states it; empty: unknown.
std::string country_of(store::verification const& found) {
    if (found.events.empty()) return {};
    for (auto& [name, value] : read_details(found.events.front().details))
        if (auto* const text = std::get_if<std::string>(&value);
            text != nullptr && name == "country")
            return std::move(*text);
    return {};
}

} // namespace

asio::awaitable<void> followup::follow(send_state const& send,
                                       verification_event const& event) const {
    follow_message(send, event);
    if (auto const* const accepted = send.accepted())
        co_await remember_owner(*send.draft.request.caller.client, accepted->bx_message_id);
}

void followup::follow_message(send_state const& send, verification_event const& event) const {
    auto const* const accepted = send.accepted();
    if (send.draft.is_test || (accepted == nullptr && send.unknown() == nullptr)) return;
    followed_message message;
    message.address = send.draft.address;
    message.event = event;
    message.event.at = now_.wall(); // the tracker measures by this process's clock
    message.event.steps.clear();
    message.admitted_at = send.draft.began_at;
    message.asked_at = send.asked_at;
    message.follow_for = send.draft.rules.ttl;
    message.expected = send.routes().taken.expected;
    if (accepted == nullptr) {
        message.to = send.draft.request.to;
        for (auto const& each : send.routes().taken.reservations)
            message.booked.push_back(each.budget);
    } else if (accepted->balance_after) {
        on_balance_(*accepted->balance_after);
    }
    deliveries_.follow(std::move(message));
}

asio::awaitable<void> followup::found(caller const& caller, store::verification_address at,
                                      std::string sealed, store::verification found) const {
    co_await follow_again(caller, at, std::move(sealed), found);
    if (found.sent) co_await remember_owner(*caller.client, found.sent->bx_message_id);
}

asio::awaitable<void> followup::follow_again(caller const& caller, store::verification_address at,
                                             std::string sealed,
                                             store::verification const& found) const {
    auto const purpose = purpose_of(found.scope);
    auto const ttl = rules_.for_scope(*caller.client, purpose).ttl;
    bool const open = found.message == store::delivery::accepted && found.sent &&
                      !found.sent->bx_message_id.empty() && found.age < ttl;
    if (!open) co_return;
    auto const known = co_await deliveries_.last_report(found.sent->bx_message_id);
    if (known) co_return;
    followed_message message;
    message.address = at;
    message.event.type = event_type::accepted;
    message.event.verification_id = std::move(sealed);
    message.event.request_id = caller.request_id;
    message.event.client = caller.client->name;
    message.event.purpose = purpose;
    message.event.reference = found.reference;
    message.event.country = country_of(found);
    message.event.route_id = found.sent->route_id;
    message.event.order_id = found.sent->order_id;
    message.event.bx_message_id = found.sent->bx_message_id;
    message.event.cost = found.sent->cost;
    message.admitted_at = now_.wall() - found.age;
    message.asked_at = message.admitted_at;
    message.event.at = message.admitted_at;
    message.follow_for = std::chrono::ceil<std::chrono::seconds>(ttl - found.age);
    deliveries_.follow(std::move(message));
}

asio::awaitable<void> followup::remember_owner(client const& client,
                                               std::optional<std::string> bx_message_id) const {
    if (!client.is_tenant || owners_ == nullptr || !bx_message_id || bx_message_id->empty())
        co_return;
    co_await owners_->remember(client.name, *std::move(bx_message_id));
}

} // namespace otpd::otp
