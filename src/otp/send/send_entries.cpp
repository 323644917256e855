#include "send/send_entries.hpp"

#include "otpd/otp/followed_text.hpp"

#include <utility>

namespace otpd::otp {

namespace {

/// A sealed number is kept no longer, even if the upstream does not tell what became of the send.
constexpr std::chrono::hours unknown_max{24};

} // namespace

boost::asio::awaitable<void> send_entries::reserve(send_state& send) const {
    if (journal_ != nullptr && !send.draft.is_test && !send.slot)
        send.slot = co_await journal_->reserve(send.draft.address.id);
    if (outbox_.wants(event_type::accepted) || outbox_.wants(event_type::blocked) ||
        (send.is_hedge && outbox_.wants(event_type::failed)))
        co_await outbox_.reserve(send.outbox);
}

std::optional<store::journal_write> send_entries::write(send_state const& send) const noexcept try {
    if (!send.slot) return std::nullopt;
    auto const& id = send.draft.address.id;
    auto const message = message_of(send, reports_.event_of_transmission(send, send.settled_at));
    if (!message) return journal::erasure(*send.slot, id);
    return journal_->entry(*send.slot, {journal_kind::message, id, text_of(*message, now_.wall()),
                                        message->follow_for});
} catch (std::exception const&) { // no memory for it
    return std::nullopt;
}

store::outbox_for<store::admit_outcome> send_entries::blocked(send_state& send,
                                                              blocked_event const& event_of) const {
    if (!outbox_.wants(event_type::blocked)) return nullptr;
    return outbox_.entry<store::admit_outcome>(send.outbox, event_of);
}

store::outbox_for<store::settle_outcome> send_entries::settled(send_state& send) const {
    if (send.accepted() == nullptr && !send.is_hedge) return nullptr;
    auto event_of =
        [this, &send](store::settle_outcome const& answer) -> std::optional<verification_event> {
        if (send.accepted() != nullptr) return reports_.event_of_transmission(send, answer.at);
        if (answer != store::settle_outcome::failed) return std::nullopt;
        return reports_.event_of_failure(send, answer.at);
    };
    return outbox_.entry<store::settle_outcome>(send.outbox, event_of);
}

void send_entries::end(send_state const& send) const noexcept {
    if (!send.slot) return;
    if (send.is_entered)
        journal_->erase(send.slot->ticket);
    else
        journal_->free(send.slot->ticket);
}

std::optional<followed_message> send_entries::message_of(send_state const& send,
                                                         verification_event const& event) const {
    auto const* const accepted = send.accepted();
    bool const is_unknown = !send.message || send.unknown() != nullptr;
    if (send.draft.is_test || (accepted == nullptr && !is_unknown)) return std::nullopt;
    std::optional<followed_message> found(std::in_place);
    auto& message = *found;
    message.address = send.draft.address;
    message.is_hedge = send.is_hedge;
    message.event = event;
    message.event.at = now_.wall(); // the tracker measures by this process's clock
    message.event.steps.clear();
    message.admitted_at = send.draft.began_at;
    message.asked_at = send.message ? send.asked_at : now_.wall();
    message.follow_for = send.draft.rules.ttl;
    message.expected = send.routes().taken.expected;
    if (send.slot) message.ticket = send.slot->ticket;
    if (accepted != nullptr) return found;
    if (send.slot) message.follow_for = unknown_max;
    message.to = send.draft.request.to;
    for (auto const& reservation : send.routes().taken.reservations)
        message.booked.push_back(reservation.budget);
    return found;
}

} // namespace otpd::otp
