#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/otp/policy.hpp"
#include "send/send_reports.hpp"
#include "send/send_state.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace otpd::otp {

/// Keeps an entry of each send in the journal, so that its message is followed after a crash, too:
/// as one of unknown outcome from its admission on, with the number; from its settlement on as what
/// it is. Thread-safe.
class send_entries {
public:
    /// All arguments must outlive it. `kept_in` is null if a restart forgets everything anyway.
    send_entries(journal* kept_in, send_reports const& reports, clock const& now)
        : journal_(kept_in), reports_(reports), now_(now) {}

    /// Takes a slot, unless the send has one.
    boost::asio::awaitable<void> reserve(send_state& send) const;
    /// Returns what the next step of the store writes; nothing without a slot. An entry that cannot
    /// be made stops no send.
    [[nodiscard]] std::optional<store::journal_write> write(send_state const& send) const noexcept;
    /// Ends the entry of a send that nobody follows.
    void end(send_state const& send) const noexcept;

    /// The message to follow; nothing if there is none. Before the transmission, one of unknown
    /// outcome.
    [[nodiscard]] std::optional<followed_message> message_of(send_state const& send,
                                                             verification_event event) const;

private:
    journal* journal_;
    send_reports const& reports_;
    clock const& now_;
};

} // namespace otpd::otp
