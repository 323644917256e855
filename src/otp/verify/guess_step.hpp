#pragma once

#include "events/event_outbox.hpp"
#include "otpd/store/store.hpp"
#include "verify/guess_reports.hpp"

#include <boost/asio/awaitable.hpp>

namespace otpd::otp {

/// The step of a guess in the store, which also writes the event that the guess causes.
/// Thread-safe.
class guess_step {
public:
    /// All arguments must outlive it.
    guess_step(store::store& store, guess_reports const& reports, event_outbox const& outbox)
        : store_(store), reports_(reports), outbox_(outbox) {}

    /// Takes the guess's check. Call end_event() after the answer was reported.
    boost::asio::awaitable<store::result<store::check_outcome>> check(checked_guess& guess) const;
    void end_event(checked_guess& guess) const noexcept { outbox_.end(guess.outbox); }

private:
    boost::asio::awaitable<store::result<store::check_outcome>>
    check_with_event(checked_guess& guess) const;

    store::store& store_;
    guess_reports const& reports_;
    event_outbox const& outbox_;
};

} // namespace otpd::otp
