#include "journal_entries.hpp"

#include "otpd/otp/followed_text.hpp"

#include <utility>

namespace otpd::app {

bool journal_entries::taken_over(otp::journal_ticket ticket, otp::journal_content entry) noexcept {
    try {
        if (entry.kind == otp::journal_kind::message) return follow(ticket, entry);
        return entry.kind == otp::journal_kind::webhook &&
               hooks_.take_over(ticket, entry.id, entry.text);
    } catch (std::exception const&) { // no memory for it
        return false;
    }
}

bool journal_entries::follow(otp::journal_ticket ticket, otp::journal_content const& entry) {
    auto message = otp::followed_message_of(entry.id, entry.text, now_.wall());
    if (!message) return false; // of another version
    message->event.verification_id = keys_.seal(message->address);
    message->ticket = ticket;
    message->is_adopted = true;
    return deliveries_.take_over(*std::move(message));
}

} // namespace otpd::app
