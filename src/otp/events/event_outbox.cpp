#include "events/event_outbox.hpp"

namespace otpd::otp {

boost::asio::awaitable<void> event_outbox::reserve(outbox_place& place) const {
    if (place.slot) co_return;
    random_.fill(place.id);
    place.slot = co_await journal_->reserve(place.id);
}

std::string event_outbox::text_of(outbox_place& place,
                                  std::optional<verification_event> event) const {
    if (!event) return {};
    event->entry.id = place.id;
    auto text = webhooks_->text_of(*event);
    if (text.empty()) return {};
    auto written = journal_->entry(
        *place.slot, {journal_kind::webhook, place.id, std::move(text), webhooks_kept_for});
    place.at = event->at;
    place.is_written = true;
    return std::move(written.text);
}

void event_outbox::hand_over(outbox_place& place, verification_event& event) noexcept {
    if (!place.slot) return;
    event.entry.id = place.id;
    if (!place.is_written) return;
    event.at = place.at; // the webhooks say the same as the entry
    if (place.is_doubtful) return;
    event.entry.ticket = place.slot->ticket;
    place.slot.reset();
}

void event_outbox::end(outbox_place& place) const noexcept {
    if (!place.slot) return;
    if (place.is_written || place.is_doubtful)
        journal_->erase(place.slot->ticket);
    else
        journal_->free(place.slot->ticket);
    place = {};
}

void event_outbox::read_back(outbox_place& place) const noexcept {
    if (!place.slot) return;
    journal_->read_back(place.slot->ticket);
    place = {};
}

} // namespace otpd::otp
