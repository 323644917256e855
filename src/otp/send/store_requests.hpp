#pragma once

/// What the store is asked for a send: pure functions of its state.

#include "otpd/otp/policy.hpp"
#include "send/send_state.hpp"

#include <vector>

namespace otpd::otp {

[[nodiscard]] store::admission admission_of(send_draft const& draft, policy const& rules);
/// Nothing is counted and nothing set aside but what the store must refuse: it only looks at the idempotency
/// key.
[[nodiscard]] store::admission replay_of(send_draft const& draft, policy const& rules,
                                         store::reservation impossible);
/// Takes back an admission that was perhaps made.
[[nodiscard]] store::settlement undo_of(store::admission const& perhaps_made);
/// The money of the route before is given back in the same step in which that of the taken one is taken.
[[nodiscard]] store::rebooking rebooking_of(send_state const& send,
                                            std::vector<store::reservation> const& before,
                                            steady_time now);
/// Of a send that was transmitted.
[[nodiscard]] store::settlement settlement_of(send_state const& send, outcome<sent> const& result,
                                              policy const& rules, steady_time now);

/// What keeps a number from trying again at once when nothing was sent: nothing without a cooldown.
[[nodiscard]] std::chrono::seconds back_off(policy const& rules);

} // namespace otpd::otp
