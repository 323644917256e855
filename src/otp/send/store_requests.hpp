#pragma once

/// The requests of a send to the store, as pure functions of its state.

#include "otpd/otp/policy.hpp"
#include "send/send_state.hpp"

#include <vector>

namespace otpd::otp {

[[nodiscard]] store::admission admission_of(send_draft const& draft, policy const& rules);
/// An admission that the store must refuse, so that it only reads the idempotency record: it counts
/// nothing, and `impossible` is its only reservation.
[[nodiscard]] store::admission replay_of(send_draft const& draft, policy const& rules,
                                         store::reservation impossible);
/// Takes back an admission that may have been made.
[[nodiscard]] store::settlement undo_of(store::admission const& perhaps_made);
/// Refunds the reservations of the previous route and makes those of the current one, in one step.
[[nodiscard]] store::reservation_replacement
reservation_replacement_of(send_state const& send, std::vector<store::reservation> const& before,
                           steady_time now);
/// For its second message, after its transmission. Before that, it takes back the reservations.
[[nodiscard]] store::settlement hedge_settlement_of(send_state const& send, steady_time now);
/// For a send that was transmitted.
[[nodiscard]] store::settlement settlement_of(send_state const& send, outcome<sent> const& result,
                                              policy const& rules, steady_time now);

/// The pause of a number after a refused send; zero without a cooldown.
[[nodiscard]] std::chrono::seconds back_off(send_draft const& draft, policy const& rules);

} // namespace otpd::otp
