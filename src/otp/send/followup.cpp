#include "send/followup.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<void> followup::follow(send_state const& send, occurrence told) const {
    follow_message(send, std::move(told));
    if (auto const* const accepted = send.accepted())
        co_await remember_owner(*send.draft.request.who.from, accepted->bx_message_id);
}

void followup::follow_message(send_state const& send, occurrence told) const {
    auto const* const accepted = send.accepted();
    if (send.draft.is_test || (accepted == nullptr && send.unknown() == nullptr)) return;
    followed_message what;
    what.at = send.draft.at;
    what.told = std::move(told);
    what.admitted_at = send.draft.began_at;
    what.asked_at = send.asked_at;
    what.follow_for = rules_.ttl;
    what.expected = send.routes().taken.expected;
    if (accepted == nullptr) {
        what.to = send.draft.request.to;
        for (auto const& each : send.routes().taken.reservations)
            what.booked.push_back(each.from);
    } else if (accepted->balance_after) {
        saw_balance_(*accepted->balance_after);
    }
    deliveries_.follow(std::move(what));
}

asio::awaitable<void> followup::found(caller const& who, store::verification_address at,
                                      std::string sealed, store::verification found) const {
    co_await follow_again(who, at, std::move(sealed), found);
    if (found.sent) co_await remember_owner(*who.from, found.sent->bx_message_id);
}

asio::awaitable<void> followup::follow_again(caller const& who, store::verification_address at,
                                             std::string sealed,
                                             store::verification const& found) const {
    bool const open = found.message == store::delivery::accepted && found.sent &&
                      !found.sent->bx_message_id.empty() && found.age < rules_.ttl;
    if (!open) co_return;
    auto const known = co_await deliveries_.last_report(found.sent->bx_message_id);
    if (known) co_return;
    followed_message what;
    what.at = at;
    what.told.what = occurrence_kind::accepted;
    what.told.verification_id = std::move(sealed);
    what.told.request_id = who.request_id;
    what.told.client = who.from->name;
    what.told.purpose = found.slot.substr(found.slot.find(':') + 1);
    what.told.route_id = found.sent->route_id;
    what.told.order_id = found.sent->order_id;
    what.told.bx_message_id = found.sent->bx_message_id;
    what.told.cost = found.sent->cost;
    what.admitted_at = now_.wall() - found.age;
    what.asked_at = what.admitted_at;
    what.told.at = what.admitted_at;
    what.follow_for = std::chrono::ceil<std::chrono::seconds>(rules_.ttl - found.age);
    deliveries_.follow(std::move(what));
}

asio::awaitable<void> followup::remember_owner(client const& from,
                                               std::optional<std::string> bx_message_id) const {
    if (!from.is_tenant || owners_ == nullptr || !bx_message_id || bx_message_id->empty())
        co_return;
    co_await owners_->remember(from.name, *std::move(bx_message_id));
}

} // namespace otpd::otp
