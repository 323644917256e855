#include "journal_entries.hpp"

#include "otpd/otp/followed_text.hpp"

#include <utility>

namespace otpd::app {

void journal_entries::taken_over(otp::journal_ticket ticket, otp::journal_content entry) noexcept {
    try {
        if (entry.kind == otp::journal_kind::message)
            follow(ticket, entry);
        else if (entry.kind == otp::journal_kind::webhook)
            hooks_.take_over(ticket, std::move(entry.text));
        else
            journal_.erase(ticket);
    } catch (std::exception const&) { // no memory for it; it ends by itself
        return;
    }
}

void journal_entries::follow(otp::journal_ticket ticket, otp::journal_content const& entry) {
    auto message = otp::followed_message_of(entry.id, entry.text, now_.wall());
    if (!message) return journal_.erase(ticket);
    message->event.verification_id = keys_.seal(message->address);
    message->ticket = ticket;
    message->is_adopted = true;
    deliveries_.follow(*std::move(message));
}

} // namespace otpd::app
