#pragma once

#include "events/event_outbox.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/otp/policy.hpp"
#include "send/send_reports.hpp"
#include "send/send_state.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>

namespace otpd::otp {

/// Returns the event of an admission that is refused; nothing for others.
using blocked_event = std::function<std::optional<verification_event>(store::admit_outcome const&)>;

/// Keeps an entry of each send in the journal, so that its message is followed after a crash, too:
/// as one of unknown outcome from its admission on, with the number; from its settlement on as what
/// it is. Another entry is that of the event which its admission or settlement causes. Thread-safe.
class send_entries {
public:
    /// All arguments must outlive it. `kept_in` is null if a restart forgets everything anyway.
    send_entries(journal* kept_in, send_reports const& reports, event_outbox const& outbox,
                 clock const& now)
        : journal_(kept_in), reports_(reports), outbox_(outbox), now_(now) {}

    /// Takes the slots, unless the send has them.
    boost::asio::awaitable<void> reserve(send_state& send) const;
    /// Returns what the next step of the store writes; nothing without a slot. An entry that cannot
    /// be made stops no send.
    [[nodiscard]] std::optional<store::journal_write> write(send_state const& send) const noexcept;
    /// The event that the admission or the settlement writes, if there is one.
    [[nodiscard]] store::outbox_for<store::admit_outcome>
    blocked(send_state& send, blocked_event const& event_of) const;
    [[nodiscard]] store::outbox_for<store::settle_outcome> settled(send_state& send) const;
    /// The send's event was passed on, or there is none.
    void end_event(send_state& send) const noexcept { outbox_.end(send.outbox); }
    /// The step that may have written it has no answer, and nothing was passed on.
    void read_event_back(send_state& send) const noexcept { outbox_.read_back(send.outbox); }
    /// Ends the entry of a send that nobody follows.
    void end(send_state const& send) const noexcept;

    /// The message to follow; nothing if there is none. Before the transmission, one of unknown
    /// outcome.
    [[nodiscard]] std::optional<followed_message> message_of(send_state const& send,
                                                             verification_event const& event) const;

private:
    journal* journal_;
    send_reports const& reports_;
    event_outbox const& outbox_;
    clock const& now_;
};

} // namespace otpd::otp
